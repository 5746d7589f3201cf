//! Reads a definition and its slot array, out of a path's memory or out of a file's data.

use super::memory::Memory;
use super::path::Initialised;
use super::value::{Value, half};
use crate::inspect::layout::{self, DefLayout, SlotId};
use crate::model::{Definition, Head, Slot, SlotArray};

/// Slots in one array: `CPython` 3.15 knows 20 kinds, of which one may repeat.
const MAX_SLOTS: u64 = 256;

/// Nesting of slot arrays: `_PySlot_MAX_NESTING` in `CPython` 3.15's `pycore_slots.h`.
const MAX_NESTING: u8 = 5;

/// What definitions and slots are read from.
pub(super) trait Content {
    /// Bytes in a pointer.
    fn pointer(&self) -> u8;
    /// A number of 1 to 8 bytes.
    fn load(&self, address: u64, size: u8) -> Value;
    /// A text that ends with a zero byte, of at most `limit` bytes.
    fn text(&self, address: u64, limit: u64) -> Option<String>;
}

impl Content for Memory<'_, '_, '_> {
    fn pointer(&self) -> u8 {
        self.space.pointer
    }

    fn load(&self, address: u64, size: u8) -> Value {
        self.load(address, size)
    }

    fn text(&self, address: u64, limit: u64) -> Option<String> {
        self.text(address, limit)
    }
}

/// The definition as it stands when the init function has returned, which is when the import system reads it
/// (`PyModule_FromDefAndSpec2`). Its header is the one that was handed to `PyModuleDef_Init`.
pub(super) fn definition(
    content: &impl Content,
    initialised: &Initialised,
    hint: Option<bool>,
) -> Definition {
    let pointer = content.pointer();
    let address = initialised.address;
    let word = |offset: u64| content.load(address.wrapping_add(offset), pointer);
    let is_text = |offset: u64| match word(offset) {
        Value::Known(text) if text != 0 => content.text(text, 256).is_some_and(|text| !text.is_empty()),
        _ => false,
    };
    let [gil, free_threaded] = [DefLayout::gil(pointer), DefLayout::free_threaded(pointer)];
    let by_name = match (is_text(gil.name), is_text(free_threaded.name)) {
        (true, false) => Some(false),
        (false, true) => Some(true),
        _ => None,
    };
    let zero = (initialised.first, initialised.second) == (Value::ZERO, Value::ZERO);
    let layout = if by_name.or(hint).unwrap_or(true) { free_threaded } else { gil };
    let flags = match by_name.or(hint) {
        Some(false) => None,
        // `ob_flags` is the low half of the word behind `ob_tid` on both 32 and 64 bits.
        _ => initialised.second.known().map(half),
    };
    Definition {
        address,
        head: Head { free_threaded: by_name, flags, zero },
        state_size: word(layout.size).known().map(|size| signed(size, pointer)),
        slots: array(content, word(layout.slots), false),
    }
}

/// A `Py_ssize_t` of this many bytes.
const fn signed(value: u64, pointer: u8) -> i64 {
    if pointer == 4 { (value << 32).cast_signed() >> 32 } else { value.cast_signed() }
}

/// An array of `PySlot` that an export hook returned.
pub(super) fn exported(content: &impl Content, address: Value) -> SlotArray {
    array(content, address, true)
}

fn array(content: &impl Content, address: Value, modern: bool) -> SlotArray {
    let Value::Known(start) = address else {
        let why = "the slot array's address is not known".to_owned();
        return SlotArray { address: 0, slots: Vec::new(), unread: Some(why) };
    };
    let mut array = SlotArray { address: start, slots: Vec::new(), unread: None };
    if start != 0 {
        array.unread = read(content, start, modern, 0, &mut array.slots).err();
    }
    array
}

/// Appends the slots of an array, and of the arrays nested in it, in the order of the interpreter.
fn read(
    content: &impl Content,
    start: u64,
    modern: bool,
    depth: u8,
    slots: &mut Vec<Slot>,
) -> Result<(), String> {
    if depth > MAX_NESTING {
        return Err(format!("slot arrays are nested deeper than {MAX_NESTING}"));
    }
    let stride = if modern { layout::PY_SLOT_SIZE } else { u64::from(content.pointer()) * 2 };
    for index in 0..MAX_SLOTS {
        let address = start.wrapping_add(index * stride);
        let slot =
            if modern { modern_slot(content, address, depth) } else { legacy_slot(content, address, depth) };
        let slot = slot.ok_or_else(|| format!("the slot at {address:#x} has an unknown number"))?;
        let is_modern = match SlotId::of(slot.0.id) {
            SlotId::End => return Ok(()),
            SlotId::SubSlots => Some(true),
            SlotId::ModSlots => Some(false),
            _ => None,
        };
        let raw = slot.1;
        slots.push(slot.0);
        if let Some(is_modern) = is_modern {
            match raw {
                Value::Known(0) => {}
                Value::Known(inner) => read(content, inner, is_modern, depth + 1, slots)?,
                _ => return Err(format!("the slot array nested at {address:#x} has an unknown address")),
            }
        }
    }
    Err(format!("no end within {MAX_SLOTS} slots"))
}

fn legacy_slot(content: &impl Content, address: u64, depth: u8) -> Option<(Slot, Value)> {
    let pointer = content.pointer();
    // `int slot`, then a pointer: the padding between them says nothing.
    let id = content.load(address, 4).known()?;
    let value = content.load(address.wrapping_add(u64::from(pointer)), pointer);
    // The interpreter compares whole ints: one that does not fit is none it knows.
    let id = u16::try_from(id).unwrap_or(u16::MAX);
    Some((Slot { address, id, flags: None, value: value.slot_value(), depth, creates: None }, value))
}

fn modern_slot(content: &impl Content, address: u64, depth: u8) -> Option<(Slot, Value)> {
    let id = half(content.load(address, 2).known()?);
    let flags = half(content.load(address.wrapping_add(2), 2).known()?);
    let wide = flags & layout::PY_SLOT_INTPTR == 0 && SlotId::of(id) == SlotId::Gil;
    let size = if wide { 8 } else { content.pointer() };
    let value = content.load(address.wrapping_add(8), size);
    Some((Slot { address, id, flags: Some(flags), value: value.slot_value(), depth, creates: None }, value))
}
