//! Whether code that no path has gone through can declare something: asked where calls were passed over. Apart from
//! the evaluation, since it looks at the file's bytes and not at what they do.

use super::Request;
use crate::inspect::image::{Fixup, Image};
use crate::model::Arch;

/// The function that declares.
const DECLARES: &str = "PyUnstable_Module_SetGIL";

/// Whether `PyUnstable_Module_SetGIL` cannot be called but by the way that leads through these functions: there is one
/// call of it, and one of each of them. Where references cannot be told from the bytes, it may.
pub(super) fn is_only_declaration(request: &Request, way: &[u64]) -> bool {
    let image = request.image;
    if !matches!(image.arch, Arch::X86_64 | Arch::I686) || request.libraries.iter().any(imports_it) {
        return false;
    }
    let mut slots = image.fixups().iter().filter(|(_, fixup)| match fixup {
        Fixup::Import { index, .. } => {
            image.imports().get(*index as usize).is_some_and(|import| import.name == DECLARES)
        }
        _ => false,
    });
    let (Some((slot, _)), None) = (slots.next(), slots.next()) else { return false };
    // More than the import's own name: it may be looked up.
    let names = image.data_slices().into_iter();
    let names = names.flat_map(|data| memchr::memmem::find_iter(data, DECLARES)).count();
    let targets: Vec<u64> = std::iter::once(*slot).chain(way.iter().copied()).collect();
    names <= 1 && references(image, &targets).into_iter().all(|count| count == 1)
}

/// Whether an image can call it.
pub(super) fn imports_it(image: &Image) -> bool {
    image.imports().iter().any(|import| import.name == DECLARES)
}

/// How often each address is referred to: by pointers, and by any four bytes of code that would lead there from where
/// they stand, whatever they are. That may count too many and never too few, but for code that computes addresses.
fn references(image: &Image, targets: &[u64]) -> Vec<usize> {
    let pointers =
        |target: u64| image.fixups().iter().filter(|(_, to)| *to == Fixup::Address(target)).count();
    let mut counts: Vec<usize> = targets.iter().map(|target| pointers(*target)).collect();
    let all = super::value::mask(image.pointer_size);
    for segment in image.segments().iter().filter(|segment| segment.executable) {
        let code = image.code(segment.address).unwrap_or_default();
        for (bytes, next) in code.array_windows().zip(segment.address.wrapping_add(4)..) {
            let to = next.wrapping_add_signed(i32::from_le_bytes(*bytes).into()) & all;
            for (target, count) in targets.iter().zip(&mut counts) {
                *count += usize::from(*target == to);
            }
        }
    }
    counts
}
