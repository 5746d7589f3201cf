//! Sizes, offsets and numbers of `CPython`'s structures, by build and word size.

/// Where the fields of a `PyModuleDef` stand, in bytes (`Include/moduleobject.h`).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct DefLayout {
    /// `m_name`.
    pub name: u64,
    /// `m_size`.
    pub size: u64,
    /// `m_slots`.
    pub slots: u64,
}

impl DefLayout {
    /// Builds with the GIL: `PyObject` is a reference count and a type, two words.
    pub(crate) const fn gil(pointer: u8) -> Self {
        // m_base is the object, m_init, m_index and m_copy; m_name follows, then m_doc, m_size, m_methods, m_slots.
        let word = pointer as u64;
        Self { name: 5 * word, size: 7 * word, slots: 9 * word }
    }

    /// Free-threaded builds: thread id, flags, mutex, two counts and a type; 32 bytes, or 20 on 32 bits
    /// (`Include/object.h`, `Py_GIL_DISABLED`).
    pub(crate) const fn free_threaded(pointer: u8) -> Self {
        let object = if pointer == 8 { 32 } else { 20 };
        let word = pointer as u64;
        Self { name: object + 3 * word, size: object + 5 * word, slots: object + 7 * word }
    }
}

/// Where the fields of a `PyTypeObject` of a free-threaded build stand, in bytes (`Include/cpython/object.h`).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct TypeLayout {
    /// `ob_type`.
    pub class: u64,
    /// `tp_name`, the first field behind the object's head.
    pub fields: u64,
    /// Size of the whole, without what is smaller than a pointer at its end.
    pub size: u64,
}

impl TypeLayout {
    /// 48 fields of a pointer's size, from `tp_name` to `tp_vectorcall`, behind a `PyVarObject`.
    pub(crate) const fn free_threaded(pointer: u8) -> Self {
        let object = if pointer == 8 { 32 } else { 20 };
        let word = pointer as u64;
        Self { class: object - word, fields: object + word, size: object + word + 48 * word }
    }
}

/// Size of a `PySlot`, the same on 32 and 64 bits (PEP 820, `Include/slots.h`).
pub(crate) const PY_SLOT_SIZE: u64 = 16;

/// `PySlot_INTPTR`: an integer value is as wide as a pointer, not 64 bits.
pub(crate) const PY_SLOT_INTPTR: u16 = 4;

/// Slot numbers of modules, by meaning (`Include/moduleobject.h`; 3.15's `slots_generated.h`).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum SlotId {
    /// `Py_slot_end`.
    End,
    /// `Py_mod_create`: 1, and 84 when compiled with 3.15's headers.
    Create,
    /// `Py_mod_exec`: 2 or 85.
    Exec,
    /// `Py_mod_multiple_interpreters`: 3 or 86.
    MultipleInterpreters,
    /// `Py_mod_gil`: 4 or 87.
    Gil,
    /// `Py_slot_subslots`: a nested `PySlot[]`.
    SubSlots,
    /// `Py_mod_slots`: a nested `PyModuleDef_Slot[]`.
    ModSlots,
    /// `Py_mod_abi`: a `PyABIInfo`.
    Abi,
    /// Any other.
    Other,
}

impl SlotId {
    /// The meaning of a number.
    pub(crate) const fn of(id: u16) -> Self {
        match id {
            0 => Self::End,
            1 | 84 => Self::Create,
            2 | 85 => Self::Exec,
            3 | 86 => Self::MultipleInterpreters,
            4 | 87 => Self::Gil,
            92 => Self::SubSlots,
            94 => Self::ModSlots,
            109 => Self::Abi,
            _ => Self::Other,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Measured by compiling against 3.13, 3.14 and 3.15 headers, both builds, 64 and 32 bits.
    #[test]
    fn offsets_are_those_of_the_headers() {
        assert_eq!(DefLayout::gil(8), DefLayout { name: 40, size: 56, slots: 72 });
        assert_eq!(DefLayout::free_threaded(8), DefLayout { name: 56, size: 72, slots: 88 });
        assert_eq!(DefLayout::gil(4), DefLayout { name: 20, size: 28, slots: 36 });
        assert_eq!(DefLayout::free_threaded(4), DefLayout { name: 32, size: 40, slots: 48 });
    }
}
