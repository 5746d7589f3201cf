//! What thread-local storage holds when the evaluation starts: there is one thread, and its thread pointer
//! points to a made-up region.

use super::space::{Loaded, Space};
use super::value::Value;
use crate::inspect::image::{Fixup, ThreadTemplate};
use crate::model::Format;

/// The stack protector's secret: read on entry of a function, compared on return.
pub(super) const CANARY: u64 = 0x5afe_c0de;

/// Distance from the thread pointer of the array of pointers to the copies of Windows' thread templates, and
/// of the copies. All lies below the variables.
const ARRAY: u64 = 0x1000;
const COPIES: u64 = 0x2000;
/// Room for one copy. A larger one is left unknown.
const COPY: u64 = 0x1800;
/// As many as there is room for.
const MAX_COPIES: u64 = 9;

/// Distance from the thread pointer of the variables that ELF and Mach-O files reach through an entry.
const VARIABLES: u64 = 0x1_0000;
/// An entry has at least 16 bytes, which gives each variable a kilobyte.
const ROOM: u64 = 64;

/// The place of the variable that a descriptor (or an entry of the global offset table) at this address names,
/// as a distance from the thread pointer.
pub(super) const fn variable(entry: u64) -> u64 {
    VARIABLES + (entry & 0xff_ffff) * ROOM
}

/// The same, if there is an ELF thread-local descriptor.
pub(super) fn described_variable(space: &Space, descriptor: u64) -> Option<u64> {
    let loaded = space.image_at(descriptor)?;
    let fixup = loaded.image.fixup(descriptor.wrapping_sub(loaded.base))?;
    (fixup == Fixup::ThreadLocal).then(|| variable(descriptor))
}

/// A word of thread-local storage.
pub(super) fn word(space: &Space, address: u64) -> Value {
    let Some(offset) = address.checked_sub(space.regions.thread) else { return Value::Unknown };
    let is_windows = space.images.first().is_some_and(|loaded| loaded.image.format == Format::Pe);
    if is_windows { block_word(space, offset) } else { control_word(space, offset) }
}

/// Its own address (x86-64 psABI, "Thread-Local Storage"), and the canary.
fn control_word(space: &Space, offset: u64) -> Value {
    let canary = if space.pointer == 8 { 0x28 } else { 0x14 };
    match offset {
        0 => Value::Known(space.regions.thread),
        _ if offset == canary => Value::Known(CANARY),
        _ => Value::Unknown,
    }
}

/// The thread environment block, whose `ThreadLocalStoragePointer` leads to the copies of the templates.
fn block_word(space: &Space, offset: u64) -> Value {
    let pointer = u64::from(space.pointer);
    let (array, own) = if pointer == 8 { (0x58, 0x30) } else { (0x2c, 0x18) };
    if offset == array {
        return Value::Known(space.regions.thread + ARRAY);
    }
    if offset == own {
        return Value::Known(space.regions.thread);
    }
    if let Some(index) = offset.checked_sub(ARRAY).map(|distance| distance / pointer)
        && index < MAX_COPIES
    {
        let known = template(space, index).is_some();
        let copy = space.regions.thread + COPIES + index * COPY;
        return if known { Value::Known(copy) } else { Value::Unknown };
    }
    let Some(distance) = offset.checked_sub(COPIES) else { return Value::Unknown };
    match template(space, distance / COPY) {
        Some((loaded, template)) if distance % COPY < template.end.wrapping_sub(template.start) => {
            space.initial_word(loaded.base.wrapping_add(template.start).wrapping_add(distance % COPY))
        }
        _ => Value::Unknown,
    }
}

/// The image whose template has this number, if there is room for its copy.
fn template<'s, 'a, 'data>(
    space: &'s Space<'a, 'data>,
    index: u64,
) -> Option<(&'s Loaded<'a, 'data>, ThreadTemplate)> {
    let loaded = space.images.get(usize::try_from(index).ok()?)?;
    let template = loaded.image.thread_template()?;
    let fits = template.end.checked_sub(template.start)? <= COPY;
    (fits && index < MAX_COPIES).then_some((loaded, template))
}

/// What the loader makes of a word of an image that its own number may be in.
pub(super) fn with_number(space: &Space, loaded: &Loaded, own: u64, word: u64) -> u64 {
    let Some(template) = loaded.image.thread_template() else { return word };
    let within = template.index.wrapping_sub(own);
    let number = space.images.iter().position(|other| other.base == loaded.base).unwrap_or(0) as u64;
    if within <= u64::from(space.pointer - 4) {
        let shift = within * 8;
        word & !(0xffff_ffff << shift) | number << shift
    } else {
        word
    }
}
