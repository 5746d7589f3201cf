//! One view of ELF, PE and Mach-O files: segments, relocations, imports, exports, as the dynamic loader
//! sees them. What the loader does not use (section headers, debug information) does not matter here, with
//! one exception: names in messages ([`Image::symbol_near`]).
//!
//! Everything borrows from the file's bytes, which are often a memory map: only headers and the tables that
//! the loader reads are touched. Sizes and addresses come from hostile files, so each is checked, and each
//! table has a limit (the constants in `error.rs`).
//!
//! Which crate reads what: `goblin` decodes ELF headers, dynamic tables, symbols and relocations; `object`
//! decodes ELF's packed relocations (`DT_RELR`). Where a table lies is decided here, through the segments.

mod elf;
mod error;
mod macho;
mod memory;
mod pe;

pub use error::ImageError;
pub use memory::Segment;

use crate::model::{Arch, Format};
use memory::Memory;
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
    symbols: OnceLock<Vec<(u64, &'data str)>>,
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
    data_slices: Vec<&'data [u8]>,
}

/// A symbol that other libraries may bind to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Export<'data> {
    /// Name, without symbol version and without Mach-O's leading underscore.
    pub name: &'data str,
    /// Virtual address. Of a 32-bit Arm function, bit 0 set means Thumb code.
    pub address: u64,
    /// Whether it lies in an executable segment and is not marked as data.
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

/// Stands for a name that is not UTF-8, does not end, or is longer than 8 KiB.
pub const UNREADABLE_NAME: &str = "\u{fffd}";

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
            Some(machines) => machines.into_iter().map(machine).collect(),
            None => Err(ImageError::NotAnImage(start_of(data))),
        },
    }
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

    /// The nearest named symbol at or before a virtual address and the distance to it in bytes, for messages:
    /// from the full symbol table where the file still has it, otherwise from the exports. None where the
    /// symbol would be in another segment.
    #[must_use]
    pub fn symbol_near(&self, address: u64) -> Option<(String, u64)> {
        let symbols = self.symbols.get_or_init(|| self.named());
        let index = symbols.partition_point(|(at, _)| *at <= address).checked_sub(1)?;
        let (at, name) = symbols.get(index)?;
        self.memory.segment(address)?.contains(*at).then(|| ((*name).to_owned(), address - at))
    }

    /// All names with addresses, by address; at one address the exported name is last, so that it is found.
    fn named(&self) -> Vec<(u64, &'data str)> {
        let mut symbols = match self.format {
            Format::Elf => elf::symbols(self.memory.data()),
            Format::MachO => macho::symbols(self.memory.data()),
            Format::Pe => Vec::new(),
        };
        symbols.extend(self.tables.exports.iter().map(|export| (export.address, export.name)));
        symbols.sort_by_key(|(address, _)| *address);
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
