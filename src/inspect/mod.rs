//! Stage 3: bytes -> facts. Reads a binary as the interpreter would; concludes nothing.
//!
//! [`image`] shows any format as segments, fixups, imports and exports; `init` evaluates the init function on
//! it; `abi` and `origin` say what it was built for and with, `usage` what of it threads may meet in.

mod abi;
pub mod image;
mod init;
mod layout;
mod origin;
mod usage;

pub use image::ImageError as InspectError;
pub use init::stem_of;

use crate::model::{
    Abi, Arch, Beside, Bytes, Facts, Format, Init, ModuleName, Outcome, Slice, Target, Usage,
};
use image::Image;
use std::collections::BTreeMap;

/// The most bytes of needed libraries that are read for one module: the largest real ones that an init function
/// lives in have 60 MB.
const MAX_LIBRARY_BYTES: usize = 256 << 20;

/// Entries of the tables of these libraries that are held at once: the largest real ones have below a million, and a
/// hostile one unfolds a few bytes into millions.
const MAX_LIBRARY_ENTRIES: usize = 1 << 22;

/// Reads a file that may be an extension module. `beside` gives the libraries that it needs, where they are
/// part of the same wheel or environment; it is asked only where the file alone does not decide.
///
/// # Errors
///
/// The file is no shared library, or one that lies about itself.
pub fn inspect(
    bytes: &[u8],
    name: &ModuleName,
    targets: &[Target],
    beside: &dyn Beside,
) -> Result<Facts, InspectError> {
    facts(&Question { bytes, name, targets, beside, is_traced: false })
}

/// The same, with every step of the evaluation.
///
/// # Errors
///
/// As [`inspect`].
pub fn trace(
    bytes: &[u8],
    name: &ModuleName,
    targets: &[Target],
    beside: &dyn Beside,
) -> Result<Facts, InspectError> {
    facts(&Question { bytes, name, targets, beside, is_traced: true })
}

/// What is asked about a file.
struct Question<'a> {
    bytes: &'a [u8],
    name: &'a ModuleName,
    targets: &'a [Target],
    beside: &'a dyn Beside,
    is_traced: bool,
}

fn facts(question: &Question) -> Result<Facts, InspectError> {
    let images = image::parse(question.bytes)?;
    let format = images.first().map_or(Format::Elf, |image| image.format);
    let slices = images.iter().enumerate().map(|(index, image)| {
        let alone = evaluate(image, &[], &[], question);
        let init = with_libraries(image, index, question, &alone).unwrap_or(alone);
        let mut built_for = abi::from_tables(image);
        if matches!(image.arch, Arch::Other(_)) {
            built_for = abi::with_static(built_for, image, &question.name.stem);
        }
        let built_for =
            init.values().fold(built_for, |built_for, init| abi::with_init(built_for, image, init));
        let is_module = init.values().any(|init| init.hook.is_some() || !init.other_hooks.is_empty());
        let origin = is_module.then(|| origin::find(image)).flatten();
        let usage = if is_module { usage::find(image) } else { Usage::default() };
        Slice { arch: image.arch.clone(), built_for, origin, init, usage }
    });
    Ok(Facts { format, slices: slices.collect() })
}

fn evaluate<'data>(
    image: &Image<'data>,
    libraries: &[Image<'data>],
    library_names: &[String],
    question: &Question,
) -> BTreeMap<Target, Init> {
    let free_threaded = abi::from_tables(image).abi.map(Abi::is_free_threaded);
    let stem = &question.name.stem;
    let one = |&target: &Target| {
        let is_traced = question.is_traced;
        let request =
            init::Request { image, libraries, library_names, stem, target, free_threaded, is_traced };
        (target, init::evaluate(&request))
    };
    question.targets.iter().map(one).collect()
}

/// Evaluates once more with the libraries that lie beside the file, where it could not be decided alone.
fn with_libraries(
    image: &Image,
    index: usize,
    question: &Question,
    alone: &BTreeMap<Target, Init>,
) -> Option<BTreeMap<Target, Init>> {
    if !alone.values().any(|init| matches!(init.outcome, Outcome::NoHook | Outcome::Undetermined { .. })) {
        return None;
    }
    let needed = needed(image, question.beside);
    if needed.is_empty() {
        return None;
    }
    // Parsed anew, as the images of one address space borrow for the same time.
    let image = image::parse(question.bytes).ok()?.into_iter().nth(index)?;
    let parsed = needed.iter().filter_map(|(name, bytes)| Some((name, image::parse(bytes).ok()?)));
    let libraries = parsed.flat_map(|(name, images)| images.into_iter().map(move |image| (name, image)));
    let mut entries = 0;
    let fits = |(_, library): &(&String, Image)| {
        entries += library.entries();
        entries <= MAX_LIBRARY_ENTRIES
    };
    let (names, libraries): (Vec<String>, Vec<Image>) = libraries
        .filter(|(_, library)| library.arch == image.arch)
        .take_while(fits)
        .map(|(name, library)| (name.clone(), library))
        .unzip();
    Some(evaluate(&image, &libraries, &names, question))
}

/// The libraries that a file needs, and those that these need, nearest first, with their names.
fn needed(image: &Image, beside: &dyn Beside) -> Vec<(String, Bytes)> {
    let mut names: Vec<String> = image.libraries().iter().map(|name| (*name).to_owned()).collect();
    let mut found: Vec<(String, Bytes)> = Vec::new();
    let mut index = 0;
    while let Some(name) = names.get(index)
        && found.len() < init::MAX_LIBRARIES
    {
        index += 1;
        if init::is_system(name) {
            continue;
        }
        let file = name.rsplit(['/', '\\']).next().unwrap_or(name).to_owned();
        let Some(bytes) = beside.library(&file) else { continue };
        if found.iter().map(|(_, bytes)| bytes.len()).sum::<usize>() + bytes.len() > MAX_LIBRARY_BYTES {
            break;
        }
        for further in image::parse(&bytes).iter().flatten().flat_map(Image::libraries) {
            if !names.iter().any(|known| known == further) {
                names.push((*further).to_owned());
            }
        }
        found.push((file, bytes));
    }
    found
}
