//! Hand-made images for the tests: as small as the formats allow, each with one of everything.

/// Bytes that are written field by field, in the byte order and word size of the file.
pub(super) struct Bytes {
    pub(super) data: Vec<u8>,
    pub(super) big: bool,
    pub(super) wide: bool,
}

impl Bytes {
    pub(super) fn new(size: usize, wide: bool, big: bool) -> Self {
        Self { data: vec![0; size], big, wide }
    }

    pub(super) fn put(&mut self, offset: usize, bytes: &[u8]) {
        self.data[offset..offset + bytes.len()].copy_from_slice(bytes);
    }

    fn number(&mut self, offset: usize, value: u64, size: usize) {
        let bytes = if self.big { value.to_be_bytes() } else { value.to_le_bytes() };
        let bytes = if self.big { &bytes[8 - size..] } else { &bytes[..size] };
        self.put(offset, bytes);
    }

    pub(super) fn u16(&mut self, offset: usize, value: u16) {
        self.number(offset, value.into(), 2);
    }

    pub(super) fn u32(&mut self, offset: usize, value: u32) {
        self.number(offset, value.into(), 4);
    }

    pub(super) fn u64(&mut self, offset: usize, value: u64) {
        self.number(offset, value, 8);
    }

    /// Pointer-sized.
    pub(super) fn word(&mut self, offset: usize, value: u64) {
        self.number(offset, value, self.width());
    }

    /// Pointer-sized numbers in a row.
    pub(super) fn words(&mut self, offset: usize, values: &[u64]) {
        for (index, value) in values.iter().enumerate() {
            self.word(offset + index * self.width(), *value);
        }
    }

    pub(super) fn u32s(&mut self, offset: usize, values: &[u32]) {
        for (index, value) in values.iter().enumerate() {
            self.u32(offset + index * 4, *value);
        }
    }

    pub(super) fn width(&self) -> usize {
        if self.wide { 8 } else { 4 }
    }
}

/// A symbol of an ELF file: name, `st_value`, `st_info`, `st_shndx`.
pub(in crate::inspect) type ElfSymbol = (&'static str, u64, u8, u16);

/// What an ELF file is made of. Offsets are addresses: headers and tables below 0x1000 (read-only), code there
/// up to 0x1100, data from 0x2000 to 0x2100 and zeros behind it up to 0x2200.
#[expect(clippy::struct_excessive_bools, reason = "each is one property of the file, set by name")]
pub(in crate::inspect) struct Elf {
    pub(in crate::inspect) machine: u16,
    pub(in crate::inspect) wide: bool,
    pub(in crate::inspect) big: bool,
    pub(in crate::inspect) symbols: Vec<ElfSymbol>,
    /// Place, type, symbol, addend; without addends in the table they are written to the places.
    pub(in crate::inspect) relocations: Vec<(u64, u32, u32, i64)>,
    pub(in crate::inspect) has_addends: bool,
    /// Packed relocations.
    pub(in crate::inspect) packed: Vec<u64>,
    /// Words of the data segment: address and value.
    pub(in crate::inspect) data: Vec<(usize, u64)>,
    pub(in crate::inspect) gnu_hash: bool,
}

impl Elf {
    /// x86-64 with an exported function, an exported variable, an import and a weak import (symbols 1 to 4).
    pub(in crate::inspect) fn x86_64() -> Self {
        Self {
            machine: 62,
            wide: true,
            big: false,
            symbols: vec![
                ("PyModuleDef_Init", 0, 0x12, 0),
                ("_ITM_registerTMCloneTable", 0, 0x20, 0),
                ("PyInit_x", 0x1010, 0x12, 1),
                ("variable", 0x2010, 0x11, 2),
            ],
            relocations: Vec::new(),
            has_addends: true,
            packed: Vec::new(),
            data: Vec::new(),
            gnu_hash: false,
        }
    }

    pub(in crate::inspect) fn build(&self) -> Vec<u8> {
        let mut bytes = Bytes::new(0x2100, self.wide, self.big);
        self.header(&mut bytes);
        let names = self.strings(&mut bytes);
        self.symbols(&mut bytes, &names);
        self.hash(&mut bytes);
        for (address, value) in &self.data {
            bytes.word(*address, *value);
        }
        let size = self.relocations(&mut bytes);
        bytes.words(0xd00, &self.packed);
        let (table, table_size) = if self.has_addends { (7, 8) } else { (17, 18) };
        let packed_size = (self.packed.len() * bytes.width()) as u64;
        let hash = if self.gnu_hash { 0x6fff_fef5 } else { 4 };
        #[rustfmt::skip]
        let dynamic = [
            1, 1, 29, 11, 5, 0x200, 10, 0x200, 6, 0x400, hash, 0x800, table, 0x900, table_size, size,
            36, 0xd00, 35, packed_size, 12, 0x1000, 25, 0x2080, 27, 2 * bytes.width() as u64, 0, 0,
        ];
        bytes.words(0xe00, &dynamic);
        bytes.data
    }

    fn header(&self, bytes: &mut Bytes) {
        bytes.put(0, &[0x7f, b'E', b'L', b'F', 1 + u8::from(self.wide), 1 + u8::from(self.big), 1]);
        bytes.u16(16, 3);
        bytes.u16(18, self.machine);
        bytes.u32(20, 1);
        bytes.word(24 + bytes.width(), 0x40);
        let counts = if self.wide { 54 } else { 42 };
        bytes.u16(counts, if self.wide { 56 } else { 32 });
        bytes.u16(counts + 2, 4);
        let segments = [
            (1, 4, 0, 0x1000, 0x1000),
            (1, 5, 0x1000, 0x100, 0x100),
            (1, 6, 0x2000, 0x100, 0x200),
            (2, 6, 0xe00, 0x1c0, 0x1c0),
        ];
        for (index, (kind, flags, offset, file_size, size)) in segments.into_iter().enumerate() {
            if self.wide {
                let at = 0x40 + index * 56;
                bytes.u32s(at, &[kind, flags]);
                bytes.words(at + 8, &[offset, offset, offset, file_size, size, 0x1000]);
            } else {
                let at = 0x40 + index * 32;
                bytes.u32(at, kind);
                bytes.words(at + 4, &[offset, offset, offset, file_size, size]);
                bytes.u32(at + 24, flags);
            }
        }
    }

    /// Writes the string table and gives the offset of each symbol's name.
    fn strings(&self, bytes: &mut Bytes) -> Vec<u32> {
        let mut table = b"\0libc.so.6\0$ORIGIN/a:/b\0".to_vec();
        let mut names = Vec::new();
        for (name, ..) in &self.symbols {
            names.push(u32::try_from(table.len()).unwrap());
            table.extend_from_slice(name.as_bytes());
            table.push(0);
        }
        bytes.put(0x200, &table);
        names
    }

    fn symbols(&self, bytes: &mut Bytes, names: &[u32]) {
        for (index, ((_, value, info, section), name)) in self.symbols.iter().zip(names).enumerate() {
            let at = 0x400 + (index + 1) * if self.wide { 24 } else { 16 };
            bytes.u32(at, *name);
            let (info_at, value_at) = if self.wide { (at + 4, at + 8) } else { (at + 12, at + 4) };
            bytes.put(info_at, &[*info]);
            bytes.u16(info_at + 2, *section);
            bytes.word(value_at, *value);
        }
    }

    fn hash(&self, bytes: &mut Bytes) {
        let count = u32::try_from(self.symbols.len() + 1).unwrap();
        if self.gnu_hash {
            // One bucket whose chain starts with symbol 3 and ends with the last one.
            bytes.u32s(0x800, &[1, 3, 1, 0]);
            let buckets = 0x810 + bytes.width();
            bytes.u32(buckets, 3);
            bytes.u32(buckets + 4 + (self.symbols.len() - 3) * 4, 1);
        } else if self.machine == 22 && self.wide {
            bytes.words(0x800, &[1, count.into()]);
        } else {
            bytes.u32s(0x800, &[1, count]);
        }
    }

    fn relocations(&self, bytes: &mut Bytes) -> u64 {
        let entry = bytes.width() * if self.has_addends { 3 } else { 2 };
        for (index, (place, kind, symbol, addend)) in self.relocations.iter().enumerate() {
            let (kind, symbol) = (u64::from(*kind), u64::from(*symbol));
            let info = if self.wide { symbol << 32 | kind } else { symbol << 8 | kind };
            let addend = addend.cast_unsigned();
            let at = 0x900 + index * entry;
            if self.has_addends {
                bytes.words(at, &[*place, info, addend]);
            } else {
                bytes.words(at, &[*place, info]);
                bytes.word(usize::try_from(*place).unwrap(), addend);
            }
        }
        (self.relocations.len() * entry) as u64
    }
}

/// A PE file whose offsets are its RVAs: code at 0x1000, tables at 0x2000, data at 0x3000, up to 0x4000.
/// `PyInit_x` is at 0x1010, the export `forwarded` is another library's.
pub(in crate::inspect) fn pe(wide: bool) -> Vec<u8> {
    let base: u64 = if wide { 0x1_8000_0000 } else { 0x1000_0000 };
    let mut bytes = Bytes::new(0x4000, wide, false);
    pe_headers(&mut bytes, base);
    // Exports: two names, of which the second leads into the directory itself.
    bytes.u32s(0x2000, &[0, 0, 0, 0, 1, 2, 2, 0x2040, 0x2050, 0x2060]);
    bytes.u32s(0x2040, &[0x1010, 0x2090]);
    bytes.u32s(0x2050, &[0x2070, 0x2080]);
    bytes.u16(0x2062, 1);
    bytes.put(0x2070, b"PyInit_x\0");
    bytes.put(0x2080, b"forwarded\0");
    bytes.put(0x2090, b"other.symbol\0");
    // Imports by name and by number, then a delay-loaded one.
    bytes.u32s(0x2100, &[0x2140, 0, 0, 0x2180, 0x3000]);
    bytes.put(0x2180, b"python314t.dll\0");
    bytes.put(0x2190, b"\0\0PyModuleDef_Init\0");
    let ordinal = if wide { 1 << 63 | 0x73 } else { 1 << 31 | 0x73 };
    bytes.words(0x2140, &[0x2190, ordinal]);
    bytes.u32s(0x2200, &[1, 0x2280, 0, 0x3040, 0x2260, 0, 0, 0]);
    bytes.words(0x2260, &[0x2290]);
    bytes.put(0x2280, b"late.dll\0");
    bytes.put(0x2290, b"\0\0Late\0");
    // Relocations: a pointer to code, the slot of the delayed import, padding.
    bytes.u32s(0x2300, &[0x3000, 16]);
    let kind = if wide { 0xa000 } else { 0x3000 };
    bytes.u16(0x2308, kind | 0x80);
    bytes.u16(0x230a, kind | 0x40);
    bytes.word(0x3080, base + 0x1020);
    bytes.word(0x3040, base + 0x1030);
    // One TLS callback.
    let callbacks = 0x2400 + 3 * bytes.width();
    bytes.word(callbacks, base + 0x3090);
    bytes.word(0x3090, base + 0x1040);
    bytes.data
}

fn pe_headers(bytes: &mut Bytes, base: u64) {
    bytes.put(0, b"MZ");
    bytes.u32(0x3c, 0x80);
    bytes.put(0x80, b"PE\0\0");
    bytes.u16(0x84, if bytes.wide { 0x8664 } else { 0x14c });
    bytes.u16(0x86, 3);
    let size = if bytes.wide { 0xf0 } else { 0xe0 };
    bytes.u16(0x94, size);
    bytes.u16(0x96, 0x2022);
    let optional = 0x98;
    bytes.u16(optional, if bytes.wide { 0x20b } else { 0x10b });
    bytes.u32(optional + 16, 0x1050);
    bytes.word(optional + if bytes.wide { 24 } else { 28 }, base);
    bytes.u32s(optional + 32, &[0x1000, 0x200]);
    bytes.u32s(optional + 56, &[0x4000, 0x400]);
    let directories = optional + usize::from(size) - 16 * 8;
    bytes.u32(directories - 4, 16);
    let entries = [(0, 0x2000, 0x100), (1, 0x2100, 40), (5, 0x2300, 16), (9, 0x2400, 40), (13, 0x2200, 64)];
    for (index, rva, size) in entries {
        bytes.u32s(directories + index * 8, &[rva, size]);
    }
    let flags = [0x6000_0020, 0x4000_0040, 0xc000_0040];
    for (index, (flags, rva)) in flags.into_iter().zip([0x1000, 0x2000, 0x3000]).enumerate() {
        let at = optional + usize::from(size) + index * 40;
        bytes.u32s(at + 8, &[0x1000, rva, 0x1000, rva]);
        bytes.u32(at + 36, flags);
    }
}

/// What a 64-bit Mach-O file is made of. Offsets count from its base: code at 0x800, a text at 0xc00, data from
/// 0x1000 to 0x2000 with an initialiser's slot at 0x1100, tables from 0x2000 to 0x3000.
pub(super) struct MachO {
    /// Symbols: name, `n_type`, value.
    pub(super) symbols: Vec<(&'static str, u8, u64)>,
    pub(super) trie: Vec<u8>,
    /// Opcodes of rebases, binds, weak binds and lazy binds.
    pub(super) opcodes: Option<[Vec<u8>; 4]>,
    /// Pointer format and offset of the first link in the data segment.
    pub(super) chains: Option<(u16, u16)>,
    /// Words of the data segment: offset from the base and value.
    pub(super) data: Vec<(usize, u64)>,
}

pub(super) const MACH_O_BASE: u64 = 0x1_0000_0000;

/// A trie of one edge: `_PyInit_x` at offset 0x810.
pub(super) fn trie_of_one() -> Vec<u8> {
    [b"\0\x01_PyInit_x\0\x0d".as_slice(), b"\x03\0\x90\x10\0"].concat()
}

impl MachO {
    pub(super) fn new() -> Self {
        let symbols = vec![("_PyInit_x", 0x0f, MACH_O_BASE + 0x810), ("_PyModuleDef_Init", 0x01, 0)];
        Self { symbols, trie: trie_of_one(), opcodes: None, chains: None, data: Vec::new() }
    }

    pub(super) fn build(&self) -> Vec<u8> {
        let mut bytes = Bytes::new(0x3000, true, false);
        let (mut at, mut count) = (32, 0);
        let mut command = |bytes: &mut Bytes, fields: &[u32], size: usize| {
            count += 1;
            bytes.u32s(at, fields);
            bytes.u32(at + 4, u32::try_from(size).unwrap());
            at += size;
            at - size
        };
        mach_o_segments(&mut bytes, &mut command);
        for (kind, text) in [(0xc, "/usr/lib/libSystem.B.dylib"), (0x8000_001c, "@loader_path/.dylibs")] {
            let name = if kind == 0xc { 24 } else { 12 };
            let start = command(&mut bytes, &[kind, 0, name], 64);
            bytes.put(start + name as usize, text.as_bytes());
        }
        let symbols = u32::try_from(self.symbols.len()).unwrap();
        command(&mut bytes, &[0x2, 0, 0x2000, symbols, 0x2200, 0x200], 24);
        if let Some(opcodes) = &self.opcodes {
            let start = command(&mut bytes, &[0x8000_0022, 0], 48);
            for (index, (offset, stream)) in (0x2600..).step_by(0x80).zip(opcodes).enumerate() {
                bytes.put(offset, stream);
                let place = [u32::try_from(offset).unwrap(), u32::try_from(stream.len()).unwrap()];
                bytes.u32s(start + 8 + index * 8, &place);
            }
            bytes.u32s(start + 40, &[0x2400, u32::try_from(self.trie.len()).unwrap()]);
        } else {
            command(&mut bytes, &[0x8000_0033, 0, 0x2400, u32::try_from(self.trie.len()).unwrap()], 16);
        }
        if let Some((format, start)) = self.chains {
            command(&mut bytes, &[0x8000_0034, 0, 0x2800, 0x200], 16);
            mach_o_chains(&mut bytes, format, start);
        }
        bytes.u32s(0, &[0xfeed_facf, 0x0100_000c, 0, 6, count, u32::try_from(at - 32).unwrap()]);
        self.tables(&mut bytes);
        bytes.data
    }

    fn tables(&self, bytes: &mut Bytes) {
        let mut strings = vec![0];
        for (index, (name, kind, value)) in self.symbols.iter().enumerate() {
            let at = 0x2000 + index * 16;
            bytes.u32(at, u32::try_from(strings.len()).unwrap());
            bytes.put(at + 4, &[*kind, 1]);
            bytes.u64(at + 8, *value);
            strings.extend_from_slice(name.as_bytes());
            strings.push(0);
        }
        bytes.put(0x2200, &strings);
        bytes.put(0x2400, &self.trie);
        bytes.put(0xc00, b"some text");
        for (offset, value) in &self.data {
            bytes.u64(*offset, *value);
        }
    }
}

/// Address, size and flags of a section.
type Section = (u64, u64, u32);

fn mach_o_segments(bytes: &mut Bytes, command: &mut impl FnMut(&mut Bytes, &[u32], usize) -> usize) {
    let text: [Section; 2] = [(0x800, 0x100, 0x8000_0400), (0xc00, 16, 2)];
    let data: [Section; 1] = [(0x1100, 8, 9)];
    let segments: [(u64, u32, &[Section]); 3] = [(0, 5, &text), (0x1000, 3, &data), (0x2000, 1, &[])];
    for (offset, protection, sections) in segments {
        let start = command(bytes, &[0x19, 0], 72 + sections.len() * 80);
        bytes.words(start + 24, &[MACH_O_BASE + offset, 0x1000, offset, 0x1000]);
        bytes.u32s(start + 56, &[protection, protection, u32::try_from(sections.len()).unwrap()]);
        for (index, (offset, size, flags)) in sections.iter().enumerate() {
            let at = start + 72 + index * 80;
            bytes.words(at + 32, &[MACH_O_BASE + offset, *size]);
            bytes.u32(at + 64, *flags);
        }
    }
}

/// Chained fixups of the second segment with one page, and the imports `_PyModuleDef_Init` (of the first library)
/// and `_PyInit_x` (looked up everywhere).
fn mach_o_chains(bytes: &mut Bytes, format: u16, start: u16) {
    bytes.u32s(0x2800, &[0, 0x20, 0x60, 0x70, 2, 1, 0]);
    bytes.u32s(0x2820, &[3, 0, 0x10, 0]);
    bytes.u32(0x2830, 24);
    bytes.u16(0x2834, 0x1000);
    bytes.u16(0x2836, format);
    bytes.u64(0x2838, 0x1000);
    bytes.u16(0x2844, 1);
    bytes.u16(0x2846, start);
    bytes.u32s(0x2860, &[1 << 9 | 1, 19 << 9 | 0xfe]);
    bytes.put(0x2870, b"\0_PyModuleDef_Init\0_PyInit_x\0");
}
