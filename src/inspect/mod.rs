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

use crate::model::{Facts, Format, ModuleName, Slice, Target};
use image::Image;
use std::collections::BTreeMap;

/// Reads a file that may be an extension module.
///
/// # Errors
///
/// The file is no shared library, or one that lies about itself.
pub fn inspect(bytes: &[u8], name: &ModuleName, targets: &[Target]) -> Result<Facts, InspectError> {
    let images = image::parse(bytes)?;
    let format = images.first().map_or(Format::Elf, |image| image.format);
    let slices = images.iter().map(|image| slice(image, name, targets)).collect();
    Ok(Facts { format, slices })
}

fn slice(image: &Image, name: &ModuleName, targets: &[Target]) -> Slice {
    let tables = abi::from_tables(image);
    let free_threaded = tables.abi.map(crate::model::Abi::is_free_threaded);
    let init: BTreeMap<Target, _> = targets
        .iter()
        .map(|&target| {
            let request = init::Request { image, libraries: &[], stem: &name.stem, target, free_threaded };
            (target, init::evaluate(&request))
        })
        .collect();
    let built_for = init.values().fold(tables, |built_for, init| abi::with_init(built_for, image, init));
    Slice { arch: image.arch.clone(), built_for, origin: origin::find(image), init }
}
