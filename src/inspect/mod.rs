//! Stage 3: bytes -> facts. Reads a binary as the interpreter would; concludes nothing.
//!
//! [`image`] shows any format as segments, fixups, imports and exports; `init` evaluates the init function on
//! it; `abi` and `origin` say what it was built for and with.

mod abi;
pub mod image;
mod init;
mod layout;
mod origin;

pub use image::ImageError as InspectError;

use crate::model::{Abi, Beside, Bytes, Facts, Format, Init, ModuleName, Outcome, Slice, Target};
use image::Image;
use std::collections::BTreeMap;

/// The most bytes of needed libraries that are read for one module: the largest real ones that an init function
/// lives in have 60 MB.
const MAX_LIBRARY_BYTES: usize = 256 << 20;

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
    let images = image::parse(bytes)?;
    let format = images.first().map_or(Format::Elf, |image| image.format);
    let slices = images.iter().enumerate().map(|(index, image)| {
        let alone = evaluate(image, &[], name, targets);
        let init = with_libraries(bytes, index, name, targets, beside, &alone).unwrap_or(alone);
        let tables = abi::from_tables(image);
        let built_for = init.values().fold(tables, |built_for, init| abi::with_init(built_for, image, init));
        let is_module = init.values().any(|init| init.hook.is_some() || !init.other_hooks.is_empty());
        let origin = is_module.then(|| origin::find(image)).flatten();
        Slice { arch: image.arch.clone(), built_for, origin, init }
    });
    Ok(Facts { format, slices: slices.collect() })
}

fn evaluate<'data>(
    image: &Image<'data>,
    libraries: &[Image<'data>],
    name: &ModuleName,
    targets: &[Target],
) -> BTreeMap<Target, Init> {
    let free_threaded = abi::from_tables(image).abi.map(Abi::is_free_threaded);
    let one = |&target: &Target| {
        (target, init::evaluate(&init::Request { image, libraries, stem: &name.stem, target, free_threaded }))
    };
    targets.iter().map(one).collect()
}

/// Evaluates once more with the libraries that lie beside the file, where it could not be decided alone.
fn with_libraries(
    bytes: &[u8],
    index: usize,
    name: &ModuleName,
    targets: &[Target],
    beside: &dyn Beside,
    alone: &BTreeMap<Target, Init>,
) -> Option<BTreeMap<Target, Init>> {
    if !alone.values().any(|init| matches!(init.outcome, Outcome::NoHook | Outcome::Undetermined { .. })) {
        return None;
    }
    let needed = needed(image::parse(bytes).ok()?.get(index)?, beside);
    if needed.is_empty() {
        return None;
    }
    // Parsed anew, as the images of one address space borrow for the same time.
    let image = image::parse(bytes).ok()?.into_iter().nth(index)?;
    let libraries = needed.iter().filter_map(|bytes| image::parse(bytes).ok()).flatten();
    let libraries: Vec<Image> = libraries.filter(|library| library.arch == image.arch).collect();
    Some(evaluate(&image, &libraries, name, targets))
}

/// The libraries that a file needs, and those that these need, nearest first.
fn needed(image: &Image, beside: &dyn Beside) -> Vec<Bytes> {
    let mut names: Vec<String> = image.libraries().iter().map(|name| (*name).to_owned()).collect();
    let mut found: Vec<Bytes> = Vec::new();
    let mut index = 0;
    while let Some(name) = names.get(index)
        && found.len() < init::MAX_LIBRARIES
    {
        index += 1;
        if init::is_system(name) {
            continue;
        }
        let file = name.rsplit(['/', '\\']).next().unwrap_or(name);
        let Some(bytes) = beside.library(file) else { continue };
        if found.iter().map(|bytes| bytes.len()).sum::<usize>() + bytes.len() > MAX_LIBRARY_BYTES {
            break;
        }
        for further in image::parse(&bytes).iter().flatten().flat_map(Image::libraries) {
            if !names.iter().any(|known| known == further) {
                names.push((*further).to_owned());
            }
        }
        found.push(bytes);
    }
    found
}
