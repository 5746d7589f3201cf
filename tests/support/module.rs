//! A tiny extension module made by hand: it needs no compiler, and its addresses never change.

/// What the module declares in its `Py_mod_gil` slot.
pub struct Module {
    /// Its hooks, all of which hand over the same definition.
    pub hooks: &'static [&'static str],
    /// The value of the slot.
    pub gil: u64,
}

/// Where its parts are; offsets in the file are addresses.
const CODE: usize = 0x1000;
const DEFINITION: u64 = 0x2000;
const NAME: u64 = 0x2080;
const SLOTS: u64 = 0x20a0;
const SIZE: usize = 0x2100;
const PLACE_OF_INIT: u64 = 0x20f0;

impl Module {
    /// An ELF file for x86-64 and free-threaded 3.14, of which each hook is
    /// `lea rdi, [rip + definition]; jmp [rip + PyModuleDef_Init]`.
    pub fn build(&self) -> Vec<u8> {
        let mut file = vec![0; SIZE];
        let mut names = b"\0PyModuleDef_Init\0".to_vec();
        // Symbol 0 is null, symbol 1 the import.
        symbol(&mut file, 1, 1, 0, 0);
        for (index, hook) in self.hooks.iter().enumerate() {
            let address = CODE + index * 16;
            symbol(&mut file, index + 2, names.len(), 1, address as u64);
            names.extend_from_slice(hook.as_bytes());
            names.push(0);
            let distance = |to: u64, next: usize| u32::try_from(to).unwrap() - u32::try_from(next).unwrap();
            put(&mut file, address, &[0x48, 0x8d, 0x3d]);
            put(&mut file, address + 3, &distance(DEFINITION, address + 7).to_le_bytes());
            put(&mut file, address + 7, &[0xff, 0x25]);
            put(&mut file, address + 9, &distance(PLACE_OF_INIT, address + 13).to_le_bytes());
        }
        put(&mut file, 0x200, &names);
        // A hash table of one bucket, for the number of symbols.
        words32(&mut file, 0x800, &[1, u32::try_from(self.hooks.len()).unwrap() + 2]);
        headers(&mut file, names.len() as u64);
        // The head of a definition of 3.14t: ob_flags and the local reference count.
        words32(&mut file, 0x2008, &[4, u32::MAX]);
        put(&mut file, 0x2080, b"module\0");
        words(&mut file, usize::try_from(SLOTS).unwrap(), &[4, self.gil, 0, 0]);
        file
    }
}

fn headers(file: &mut [u8], names: u64) {
    put(file, 0, b"\x7fELF\x02\x01\x01");
    // ET_DYN for x86-64, with four program headers behind the header.
    words32(file, 16, &[62 << 16 | 3, 1]);
    words(file, 32, &[0x40]);
    words32(file, 52, &[56 << 16 | 64, 3]);
    for (index, (kind, flags, start, size)) in
        [(1, 4, 0, 0x1000), (1, 5, 0x1000, 0x1000), (1, 6, 0x2000, 0x100), (2, 4, 0xe00, 0xa0)]
            .into_iter()
            .enumerate()
    {
        let at = 0x40 + index * 56;
        words32(file, at, &[kind, flags]);
        words(file, at + 8, &[start, start, start, size, size, 0x1000]);
    }
    put(file, 56, &[4]);
    // Place, symbol and type, addend: RELATIVE, and GLOB_DAT of symbol 1.
    let relocations = [DEFINITION + 56, 8, NAME, DEFINITION + 88, 8, SLOTS, PLACE_OF_INIT, 1 << 32 | 6, 0];
    words(file, 0x900, &relocations);
    // DT_STRTAB, DT_STRSZ, DT_SYMTAB, DT_HASH, DT_RELA, DT_RELASZ.
    words(file, 0xe00, &[5, 0x200, 10, names, 6, 0x400, 4, 0x800, 7, 0x900, 8, 72, 0, 0]);
}

fn put(file: &mut [u8], at: usize, bytes: &[u8]) {
    file[at..at + bytes.len()].copy_from_slice(bytes);
}

fn words(file: &mut [u8], at: usize, values: &[u64]) {
    for (index, value) in values.iter().enumerate() {
        put(file, at + index * 8, &value.to_le_bytes());
    }
}

fn words32(file: &mut [u8], at: usize, values: &[u32]) {
    for (index, value) in values.iter().enumerate() {
        put(file, at + index * 4, &value.to_le_bytes());
    }
}

/// A global function, defined where it has a section.
fn symbol(file: &mut [u8], index: usize, name: usize, section: u16, address: u64) {
    let at = 0x400 + index * 24;
    words32(file, at, &[u32::try_from(name).unwrap(), u32::from(section) << 16 | 0x12]);
    words(file, at + 8, &[address]);
}
