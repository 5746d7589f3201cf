//! One view of ELF, PE and Mach-O files: segments, relocations, imports, exports, as the dynamic loader
//! sees them. What the loader does not use (section headers, debug information) does not matter here, with
//! one exception: names in messages ([`Image::symbol_near`]).
//!
//! Everything borrows from the file's bytes, which are often a memory map: only headers and the tables that
//! the loader reads are touched. Sizes and addresses come from hostile files, so each is checked, and each
//! table has a limit (the constants in `error.rs`).
//!
//! Which crate reads what, with reasons in each format's file:
//!
//! | | `goblin` | `object` | here |
//! |---|---|---|---|
//! | ELF | headers, dynamic table, symbols, relocations | packed relocations (`DT_RELR`) | hash tables |
//! | PE | headers, export directory | sections, import descriptors, base relocations | import tables, TLS callbacks |
//! | Mach-O | universal headers, load commands | sections, symbols, opcodes, chained fixups | export trie |
//!
//! Where a table lies is decided here, through the segments.

mod elf;
mod error;
mod macho;
mod memory;
mod pe;
#[cfg(test)]
pub(in crate::inspect) mod testing;

pub use error::ImageError;
pub use memory::Segment;

use crate::model::{Arch, Format};
use memory::{Memory, text_or_all};
use std::collections::HashMap;
use std::sync::OnceLock;

/// One shared library (or executable) for one machine. All addresses are the file's own virtual addresses,
/// as `objdump` prints them: for PE that is the preferred `ImageBase` plus RVA.
#[derive(Debug)]
pub struct Image<'data> {
    /// Container format.
    pub format: Format,
    /// Machine.
    pub arch: Arch,
    /// Bytes of a pointer: 4 or 8.
    pub pointer_size: u8,
    /// Byte order.
    pub big_endian: bool,
    memory: Memory<'data>,
    tables: Tables<'data>,
    export_index: OnceLock<HashMap<&'data str, u64>>,
    /// Addresses, and the bytes that each name is at the start of.
    symbols: OnceLock<Vec<(u64, &'data [u8])>>,
}

/// What the readers of the three formats fill in.
#[derive(Debug, Default)]
struct Tables<'data> {
    exports: Vec<Export<'data>>,
    imports: Vec<Import<'data>>,
    libraries: Vec<&'data str>,
    run_paths: Vec<&'data str>,
    /// Sorted by address, no address twice.
    fixups: Vec<(u64, Fixup)>,
    initialisers: Vec<u64>,
    thread_template: Option<ThreadTemplate>,
    data_slices: Vec<&'data [u8]>,
    /// See [`Image::zeroed`]; none where segments tell.
    zeroed: Option<u64>,
}

/// A symbol that other libraries may bind to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Export<'data> {
    /// Name, without symbol version and without Mach-O's leading underscore.
    pub name: &'data str,
    /// Virtual address. Of a 32-bit Arm function, bit 0 set means Thumb code.
    pub address: u64,
    /// Whether it lies in an executable segment and is marked neither as data nor as a function that chooses
    /// the one to call (`STT_GNU_IFUNC`).
    pub is_code: bool,
}

/// A symbol that the loader looks up in other libraries.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Import<'data> {
    /// Name as in [`Export::name`]; `#<ordinal>` for PE imports by number. [`UNREADABLE_NAME`] where the file
    /// has none that can be shown.
    pub name: &'data str,
    /// The library that must have it, as in [`Image::libraries`]. ELF never says, Mach-O does not for flat
    /// lookup.
    pub library: Option<&'data str>,
    /// May stay unresolved: it is null then.
    pub weak: bool,
}

/// Stands for a name that is not UTF-8, does not end, or is longer than 4 KiB.
pub const UNREADABLE_NAME: &str = "\u{fffd}";

/// What each thread's copy of a PE file's thread-local variables starts with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ThreadTemplate {
    /// Virtual address of the content.
    pub start: u64,
    /// Behind it. What zeros follow is not told.
    pub end: u64,
    /// Where the loader writes, in 32 bits, the number of this image's copy among those of a thread.
    pub index: u64,
}

/// What the loader writes over a pointer-sized location before any code of the image runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fixup {
    /// A final virtual address in this image.
    Address(u64),
    /// The address of an import.
    Import {
        /// Index into [`Image::imports`].
        index: u32,
        /// Bytes to add to it.
        addend: i64,
    },
    /// Something of the thread-local storage: a module number, an offset, a descriptor's word.
    ThreadLocal,
    /// What the function at this virtual address returns (ELF's IRELATIVE and `STT_GNU_IFUNC`).
    Resolver(u64),
    /// Nothing of these: a copy of another library's data, a value narrower than a pointer, an absolute
    /// number, a type unknown for this machine.
    Other,
}

/// Reads a file. A universal Mach-O file gives an image for each machine, everything else one.
///
/// # Errors
/// When the file is no ELF, PE or Mach-O file, is one that no loader maps, or contradicts itself.
pub fn parse(data: &[u8]) -> Result<Vec<Image<'_>>, ImageError> {
    match data {
        [] => Err(ImageError::Empty),
        [0x7f, b'E', b'L', b'F', ..] => Ok(vec![elf::parse(data)?]),
        [b'M', b'Z', ..] => Ok(vec![pe::parse(data)?]),
        [a, b, c, d, ..] if macho::is_thin([*a, *b, *c, *d]) => Ok(vec![macho::parse(data)?]),
        [b'!', b'<', b'a' | b't', ..] => Err(ImageError::NotLoadable("a static archive")),
        [b'B', b'C', 0xc0, 0xde, ..] => Err(ImageError::NotLoadable("LLVM bitcode")),
        _ => match macho::machines(data)? {
            Some(machines) => all_machines(machines),
            None => Err(ImageError::NotAnImage(start_of(data))),
        },
    }
}

/// All parts of a universal file. Together they may have no more entries than one may: each can unfold a few bytes
/// into millions of fixups, and there may be dozens.
fn all_machines(parts: Vec<&[u8]>) -> Result<Vec<Image<'_>>, ImageError> {
    let mut images = Vec::with_capacity(parts.len());
    let mut entries = 0;
    for part in parts {
        let image = machine(part)?;
        entries += image.entries();
        error::at_most("fixups and symbols of all machines", entries as u64, error::MAX_FIXUPS)?;
        images.push(image);
    }
    Ok(images)
}

/// One part of a universal file.
fn machine(data: &[u8]) -> Result<Image<'_>, ImageError> {
    match data {
        [a, b, c, d, ..] if macho::is_thin([*a, *b, *c, *d]) => macho::parse(data),
        [b'!', b'<', b'a' | b't', ..] => Err(ImageError::NotLoadable("a static archive")),
        _ => Err(ImageError::NotAnImage(start_of(data))),
    }
}

/// The first bytes for a message: as text where they are text, as hexadecimal numbers otherwise.
fn start_of(data: &[u8]) -> String {
    let start = data.get(..8).unwrap_or(data);
    if start.iter().all(|byte| byte.is_ascii_graphic() || *byte == b' ') {
        return format!("`{}`", String::from_utf8_lossy(start));
    }
    start.iter().map(|byte| format!("{byte:02x}")).collect::<Vec<_>>().join(" ")
}

impl<'data> Image<'data> {
    fn new(format: Format, arch: Arch, memory: Memory<'data>, mut tables: Tables<'data>) -> Self {
        settle(&mut tables.fixups);
        Self {
            format,
            arch,
            pointer_size: memory.pointer_size,
            big_endian: memory.big_endian,
            memory,
            tables,
            export_index: OnceLock::new(),
            symbols: OnceLock::new(),
        }
    }

    /// Defined symbols that other libraries can see, in the file's order. Forwarded PE exports and
    /// thread-local symbols are not among them: they have no address.
    #[must_use]
    pub fn exports(&self) -> &[Export<'data>] {
        &self.tables.exports
    }

    /// Virtual address of an export. Of several versions of one symbol the first.
    #[must_use]
    pub fn export(&self, name: &str) -> Option<u64> {
        let index = self.export_index.get_or_init(|| {
            self.tables.exports.iter().rev().map(|export| (export.name, export.address)).collect()
        });
        index.get(name).copied()
    }

    /// Symbols that other libraries must define.
    #[must_use]
    pub fn imports(&self) -> &[Import<'data>] {
        &self.tables.imports
    }

    /// Libraries that are loaded with this one, in order: `DT_NEEDED`, PE's (also delay-loaded) import
    /// directory, `LC_LOAD_DYLIB` and its relatives.
    #[must_use]
    pub fn libraries(&self) -> &[&'data str] {
        &self.tables.libraries
    }

    /// Folders to look for these in, as the file says them (`$ORIGIN/../x.libs`, `@loader_path/.dylibs`):
    /// `DT_RUNPATH`, or `DT_RPATH` where there is none; `LC_RPATH`.
    #[must_use]
    pub fn run_paths(&self) -> Vec<String> {
        self.tables.run_paths.iter().map(|path| (*path).to_owned()).collect()
    }

    /// What the loader writes at exactly this virtual address.
    #[must_use]
    pub fn fixup(&self, address: u64) -> Option<Fixup> {
        let fixups = &self.tables.fixups;
        let index = fixups.binary_search_by_key(&address, |(at, _)| *at).ok()?;
        fixups.get(index).map(|(_, fixup)| *fixup)
    }

    /// The fixups whose locations start at `from` or behind it and before `to`, by address. One that starts
    /// up to `pointer_size - 1` bytes before `from` reaches into the range too.
    pub fn fixups_within(&self, from: u64, to: u64) -> impl Iterator<Item = (u64, Fixup)> {
        let fixups = &self.tables.fixups;
        let start = fixups.partition_point(|(at, _)| *at < from);
        fixups.iter().skip(start).take_while(move |(at, _)| *at < to).copied()
    }

    /// How many entries its tables hold, which is what its size in memory comes to.
    pub(in crate::inspect) fn entries(&self) -> usize {
        let Tables { exports, imports, fixups, .. } = &self.tables;
        exports.len() + imports.len() + fixups.len()
    }

    /// Every fixup, by address.
    #[must_use]
    pub fn fixups(&self) -> &[(u64, Fixup)] {
        &self.tables.fixups
    }

    /// Fills the buffer with the initial content of memory: the file's bytes, zeros behind them. Fixups are
    /// not applied. False where some of it is not mapped; the buffer is then partly written.
    pub fn read(&self, address: u64, buffer: &mut [u8]) -> bool {
        self.memory.read(address, buffer)
    }

    /// The virtual address of the first of these bytes that come from the file.
    #[must_use]
    pub fn find(&self, bytes: &[u8]) -> Option<u64> {
        self.memory.segments().iter().find_map(|segment| {
            let offset = memchr::memmem::find(self.memory.content(segment)?, bytes)?;
            segment.address.checked_add(offset as u64)
        })
    }

    /// The bytes of an executable segment from a virtual address to the segment's end in the file.
    #[must_use]
    pub fn code(&self, address: u64) -> Option<&'data [u8]> {
        self.memory.segment(address).filter(|segment| segment.executable)?;
        self.memory.tail(address).filter(|code| !code.is_empty())
    }

    /// What the loader maps, in the file's order. Of overlapping ones the first counts.
    #[must_use]
    pub fn segments(&self) -> &[Segment] {
        self.memory.segments()
    }

    /// Bytes of writable memory that the file has no content for: `.bss` and its like. Mach-O rounds its segments up to
    /// whole pages in the file too, so that there its sections are asked.
    #[must_use]
    pub fn zeroed(&self) -> u64 {
        let writable = self.segments().iter().filter(|segment| segment.writable);
        let sum = || writable.map(|segment| segment.size - segment.file_size).fold(0, u64::saturating_add);
        self.tables.zeroed.unwrap_or_else(sum)
    }

    /// The file's bytes that texts and tables can be in: all mapped, file-backed ones that are not only code.
    #[must_use]
    pub fn data_slices(&self) -> Vec<&'data [u8]> {
        self.tables.data_slices.clone()
    }

    /// Functions that the loader runs at load, by virtual address and in order: `DT_INIT` and `DT_INIT_ARRAY`;
    /// `__mod_init_func` and `__init_offsets`; TLS callbacks and the entry point of a DLL.
    #[must_use]
    pub fn initialisers(&self) -> Vec<u64> {
        self.tables.initialisers.clone()
    }

    /// The thread-local variables of a PE file. ELF and Mach-O files reach theirs through fixups.
    #[must_use]
    pub fn thread_template(&self) -> Option<ThreadTemplate> {
        self.tables.thread_template
    }

    /// The nearest named symbol at or before a virtual address and the distance to it in bytes, for messages:
    /// from the full symbol table where the file still has it, otherwise from the exports. None where the
    /// symbol would be in another segment.
    #[must_use]
    pub fn symbol_near(&self, address: u64) -> Option<(String, u64)> {
        let symbols = self.symbols.get_or_init(|| self.named());
        // Few addresses are asked for: to look at all symbols for each takes less than to sort them.
        let before = symbols.iter().filter(|(at, _)| *at <= address);
        let (at, name) = before.max_by_key(|(at, _)| *at)?;
        let name = text_or_all(name)?;
        self.memory.segment(address)?.contains(*at).then(|| (name.to_owned(), address - at))
    }

    /// All names with addresses. The exported names are last: of several at one address the last one is told.
    fn named(&self) -> Vec<(u64, &'data [u8])> {
        let mut symbols = match self.format {
            Format::Elf => elf::symbols(self.memory.data()),
            Format::MachO => macho::symbols(self.memory.data()),
            Format::Pe => Vec::new(),
        };
        symbols.extend(self.tables.exports.iter().map(|export| (export.address, export.name.as_bytes())));
        symbols
    }
}

/// Sorts by address. Where the loader writes twice, the last write counts.
fn settle(fixups: &mut Vec<(u64, Fixup)>) {
    if !fixups.is_sorted_by_key(|(address, _)| *address) {
        fixups.sort_by_key(|(address, _)| *address);
    }
    fixups.dedup_by(|later, kept| {
        let same = later.0 == kept.0;
        if same {
            *kept = *later;
        }
        same
    });
}

#[cfg(test)]
mod tests {
    use super::testing::{Elf, MachO, pe, trie_of_one};
    use super::*;
    use proptest::prelude::*;

    fn refused(data: &[u8]) -> String {
        parse(data).unwrap_err().to_string()
    }

    /// Asks everything there is to ask.
    fn use_all(data: &[u8]) {
        for image in parse(data).unwrap_or_default() {
            let mut buffer = [0; 40];
            for segment in image.segments() {
                let end = segment.address.wrapping_add(segment.size);
                for address in [segment.address, end.wrapping_sub(20), end, u64::MAX] {
                    image.read(address, &mut buffer);
                    let _ = (image.code(address), image.fixup(address), image.symbol_near(address));
                    assert!(image.fixups_within(address, end).count() <= image.fixups().len());
                }
            }
            assert!(image.fixups().is_sorted_by(|left, right| left.0 < right.0));
            for (_, fixup) in image.fixups() {
                if let Fixup::Import { index, .. } = fixup {
                    assert!(image.imports().get(*index as usize).is_some());
                }
            }
            let _ = (image.export("PyInit_x"), image.run_paths(), image.initialisers(), image.data_slices());
        }
    }

    fn samples() -> Vec<Vec<u8>> {
        let relocations = vec![(0x2000, 8, 0, 0x1000), (0x2008, 1, 1, 4), (0x2010, 36, 0, 0)];
        let elf = Elf { relocations, packed: vec![0x2040, 0b111], gnu_hash: true, ..Elf::x86_64() };
        let chains = MachO { chains: Some((6, 0)), data: vec![(0x1000, 1 << 63)], ..MachO::new() };
        let opcodes = [vec![0x11, 0x21, 0, 0x52, 0], vec![0x11, 0x40, b'_', b'x', 0, 0x51, 0x71, 8, 0x90, 0]];
        let [rebases, binds] = opcodes;
        let opcodes = MachO { opcodes: Some([rebases, binds, Vec::new(), Vec::new()]), ..MachO::new() };
        vec![elf.build(), pe(true), pe(false), chains.build(), opcodes.build()]
    }

    #[test]
    fn other_files_are_named() {
        assert_eq!(refused(b""), "the file is empty");
        assert_eq!(refused(b"#!/bin/sh\n"), "not an ELF, PE or Mach-O file: starts with `#!/bin/s`");
        assert_eq!(refused(b"PK\x03\x04"), "not an ELF, PE or Mach-O file: starts with 50 4b 03 04");
        assert_eq!(refused(b"!<arch>\n"), "not a shared library but a static archive");
        assert_eq!(refused(b"BC\xc0\xde"), "not a shared library but LLVM bitcode");
        assert!(refused(b"\x7fELF").starts_with("malformed ELF header"));
        assert!(refused(b"MZ").starts_with("truncated: the DOS header at offset 0x3c"));
    }

    #[test]
    fn kinds_that_no_loader_maps_are_named() {
        let kind = |at: usize, kind: u8, mut data: Vec<u8>| {
            data[at] = kind;
            refused(&data)
        };
        let elf = Elf::x86_64().build();
        assert_eq!(kind(16, 1, elf.clone()), "not a shared library but a relocatable object file");
        assert_eq!(kind(16, 4, elf), "not a shared library but a core dump");
        let mach_o = MachO::new().build();
        assert_eq!(kind(12, 1, mach_o.clone()), "not a shared library but a relocatable object file");
        assert_eq!(kind(12, 10, mach_o), "not a shared library but a file of debug information (dSYM)");
        assert_eq!(kind(0x80, 0, pe(true)), "not a shared library but a DOS program");
    }

    #[test]
    fn this_program_is_an_image() {
        let data = std::fs::read(std::env::current_exe().unwrap()).unwrap();
        let images = parse(&data).unwrap();
        let image = images.first().unwrap();
        assert!(!image.imports().is_empty() && !image.fixups().is_empty());
        let code = image.segments().iter().find(|segment| segment.executable).unwrap();
        let here = image.code(code.address).unwrap();
        assert_eq!(here.len() as u64, code.file_size);
        assert!(image.symbol_near(code.address + code.size / 2).is_some());
        use_all(&data);
    }

    #[test]
    fn universal_files_give_an_image_for_each_machine() {
        let part = MachO::new().build();
        let mut data = [0xcafe_babe, 2, 0x0100_000c, 0, 0x1000, 0x3000, 14, 7, 3, 0x4000, 0x3000, 14]
            .map(u32::to_be_bytes)
            .concat();
        data.resize(0x1000, 0);
        data.extend([part.clone(), part].concat());
        let images = parse(&data).unwrap();
        assert_eq!(
            images.iter().map(|image| image.export("PyInit_x").is_some()).collect::<Vec<_>>(),
            [true; 2]
        );
        assert!(matches!(parse(data.get(..0x5000).unwrap()), Err(ImageError::Truncated { .. })));
        let class = [0xca, 0xfe, 0xba, 0xbe, 0, 0, 0, 65];
        assert!(refused(&class).contains("starts with ca fe ba be"));
    }

    #[test]
    fn the_last_of_several_fixups_counts() {
        let mut fixups = vec![(8, Fixup::Other), (0, Fixup::Other), (8, Fixup::ThreadLocal)];
        settle(&mut fixups);
        assert_eq!(fixups, [(0, Fixup::Other), (8, Fixup::ThreadLocal)]);
    }

    #[test]
    fn cut_off_files_are_refused_or_read() {
        for sample in samples() {
            for length in (0..sample.len()).step_by(7) {
                use_all(&sample[..length]);
            }
        }
        use_all(&trie_of_one());
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(2000))]

        #[test]
        fn random_bytes_do_not_panic(magic in 0_usize..8, tail in proptest::collection::vec(any::<u8>(), 0..600)) {
            let magics: [&[u8]; 8] = [
                b"", b"\x7fELF\x02\x01\x01", b"\x7fELF\x01\x02\x01", b"MZ", b"\xcf\xfa\xed\xfe",
                b"\xfe\xed\xfa\xce", b"\xca\xfe\xba\xbe\0\0\0\x01", b"\xca\xfe\xba\xbf\0\0\0\x01",
            ];
            use_all(&[magics[magic], &tail].concat());
        }

        #[test]
        fn changed_images_do_not_panic(
            sample in 0_usize..5,
            changes in proptest::collection::vec((any::<prop::sample::Index>(), any::<u8>(), any::<bool>()), 1..12),
        ) {
            let mut data = samples().swap_remove(sample);
            // Most of a sample is zeros that nothing reads.
            let used: Vec<usize> = (0..data.len()).filter(|at| data[*at] != 0).collect();
            for (place, value, near) in changes {
                let at = used[place.index(used.len())] + usize::from(near);
                if let Some(byte) = data.get_mut(at) {
                    *byte = value;
                }
            }
            use_all(&data);
        }
    }
}
