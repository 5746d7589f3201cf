//! Whether code that no path has gone through can make or declare modules: asked where calls were passed over. Apart
//! from the evaluation, since it looks at the file's bytes and not at what they do.

use super::Request;
use crate::inspect::image::{Fixup, Image};
use crate::model::Arch;

/// The function that declares.
const DECLARES: &str = "PyUnstable_Module_SetGIL";

/// Those that make module objects.
const CREATE: [&str; 5] = [
    "PyModule_Create2",
    "PyModule_Create2TraceRefs",
    "PyModule_FromDefAndSpec2",
    "PyModule_FromSlotsAndSpec",
    "PyModule_NewObject",
];

/// Whether `PyUnstable_Module_SetGIL` cannot be called but by the way that leads through these functions.
pub(super) fn is_only_declaration(request: &Request, way: &[u64]) -> bool {
    // More than the import's own name: it may be looked up.
    let names = request.image.data_slices().into_iter();
    let names = names.flat_map(|data| memchr::memmem::find_iter(data, DECLARES)).count();
    names <= 1 && is_only_call(request, &[DECLARES], way)
}

/// Whether no module object can be made but by the way that leads through these functions.
pub(super) fn is_only_creation(request: &Request, way: &[u64]) -> bool {
    is_only_call(request, &CREATE, way)
}

/// Whether an image can declare.
pub(super) fn imports_it(image: &Image) -> bool {
    image.imports().iter().any(|import| import.name == DECLARES)
}

/// Whether there is one call of any of these imports, and one of each function on the way there. Where references
/// cannot be told from the bytes, there may be more.
fn is_only_call(request: &Request, names: &[&str], way: &[u64]) -> bool {
    let image = request.image;
    let is_one =
        |index: u32| image.imports().get(index as usize).is_some_and(|import| names.contains(&import.name));
    let other = |library: &Image| library.imports().iter().any(|import| names.contains(&import.name));
    if !matches!(image.arch, Arch::X86_64 | Arch::I686) || request.libraries.iter().any(other) {
        return false;
    }
    let slots = image.fixups().iter().filter(|(_, fixup)| match fixup {
        Fixup::Import { index, .. } => is_one(*index),
        _ => false,
    });
    let slots: Vec<u64> = slots.map(|(slot, _)| *slot).collect();
    let targets: Vec<u64> = slots.iter().chain(way).copied().collect();
    slots.len() == 1 && references(image, &targets).into_iter().all(|count| count == 1)
}

/// How often each address is referred to: by pointers, and by bytes of code that would lead there from where they
/// stand if they were (part of) an instruction. That may count too many and never too few, but for code that computes
/// addresses.
fn references(image: &Image, targets: &[u64]) -> Vec<usize> {
    let pointers =
        |target: u64| image.fixups().iter().filter(|(_, to)| *to == Fixup::Address(target)).count();
    let mut counts: Vec<usize> = targets.iter().map(|target| pointers(*target)).collect();
    let all = super::value::mask(image.pointer_size);
    for segment in image.segments().iter().filter(|segment| segment.executable) {
        let code = image.code(segment.address).unwrap_or_default();
        for (index, [first, second, distance @ ..]) in code.array_windows::<6>().enumerate() {
            let behind = segment.address.wrapping_add(index as u64);
            let far = leads_far(*first, *second).then(|| (6, i32::from_le_bytes(*distance).into()));
            let near = leads_near(*first).then(|| (2, i64::from(second.cast_signed())));
            for (length, distance) in far.into_iter().chain(near) {
                let to = behind.wrapping_add(length).wrapping_add_signed(distance) & all;
                for (target, count) in targets.iter().zip(&mut counts) {
                    *count += usize::from(*target == to);
                }
            }
        }
    }
    counts
}

/// Whether a distance of four bytes follows: behind the opcodes of `call`, `jmp` and `jcc`, and behind a byte that stands
/// for an operand relative to the instruction pointer (SDM volume 2, 2.1.5 and 2.2.1.6).
const fn leads_far(first: u8, second: u8) -> bool {
    matches!(second, 0xe8 | 0xe9) || first == 0x0f && second & 0xf0 == 0x80 || second & 0xc7 == 5
}

/// Whether a distance of one byte follows: behind the short forms of `jmp` and `jcc`, which functions that stand close to
/// each other end with.
const fn leads_near(first: u8) -> bool {
    first == 0xeb || first & 0xf0 == 0x70
}
