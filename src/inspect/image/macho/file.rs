//! What a Mach-O file's load commands say: segments, sections, libraries, and where the other tables are.

use super::{array, plain};
use crate::inspect::image::error::{
    ImageError, MAX_INITIALISERS, MAX_LIBRARIES, MAX_SEGMENTS, MAX_SYMBOLS, at_most, slice,
};
use crate::inspect::image::memory::{Memory, text_at};
use crate::inspect::image::{Fixup, Import, Segment, UNREADABLE_NAME};
use goblin::container::Endian;
use goblin::mach::load_command::{
    CommandVariant, LoadCommand, SIZEOF_SEGMENT_COMMAND_32, SIZEOF_SEGMENT_COMMAND_64,
};
use object::Endianness;
use object::macho::{
    DyldInfoCommand, Nlist32, Nlist64, S_ATTR_PURE_INSTRUCTIONS, S_ATTR_SOME_INSTRUCTIONS, S_GB_ZEROFILL,
    S_INIT_FUNC_OFFSETS, S_MOD_INIT_FUNC_POINTERS, S_THREAD_LOCAL_ZEROFILL, S_ZEROFILL, Section32, Section64,
    SectionFlags, VM_PROT_EXECUTE, VM_PROT_READ, VM_PROT_WRITE,
};
use object::pod::{from_bytes, slice_from_all_bytes};
use object::read::macho::{self, Nlist};

/// What the load commands say.
#[derive(Debug)]
pub(super) struct File<'data> {
    pub(super) data: &'data [u8],
    pub(super) endian: Endianness,
    pub(super) wide: bool,
    /// `cputype`.
    pub(super) machine: u32,
    /// `filetype`.
    pub(super) kind: u32,
    /// All segments in order, because fixups count them; also those that map nothing.
    pub(super) segments: Vec<Segment>,
    pub(super) sections: Vec<Section>,
    pub(super) libraries: Vec<&'data str>,
    pub(super) run_paths: Vec<&'data str>,
    /// `LC_ROUTINES`: an initialiser set with the linker's option `-init`.
    pub(super) routine: Option<u64>,
    /// Offset and count of the symbols, offset and size of their names.
    pub(super) symbol_table: Option<(u64, u64, u64, u64)>,
    pub(super) opcodes: Option<&'data DyldInfoCommand<Endianness>>,
    /// Offset and size.
    pub(super) chained: Option<(u64, u64)>,
    /// Offset and size.
    pub(super) export_trie: Option<(u64, u64)>,
}

#[derive(Debug, Clone, Copy)]
pub(super) struct Section {
    /// Index into the segments.
    pub(super) segment: usize,
    pub(super) address: u64,
    pub(super) size: u64,
    pub(super) flags: SectionFlags,
}

impl Section {
    pub(super) fn holds_code(&self) -> bool {
        self.flags.0 & (S_ATTR_PURE_INSTRUCTIONS.0 | S_ATTR_SOME_INSTRUCTIONS.0) != 0
    }

    pub(super) fn is_in_file(&self) -> bool {
        !matches!(self.flags.typ(), S_ZEROFILL | S_GB_ZEROFILL | S_THREAD_LOCAL_ZEROFILL)
    }

    pub(super) fn contains(&self, address: u64) -> bool {
        address.checked_sub(self.address).is_some_and(|offset| offset < self.size)
    }
}

/// A symbol table entry (`nlist`).
#[derive(Debug, Clone, Copy)]
pub(super) struct Symbol {
    /// Offset of the name.
    pub(super) name: u64,
    /// `n_type`.
    pub(super) kind: u8,
    /// `n_desc`.
    pub(super) description: u16,
    pub(super) value: u64,
}

impl Symbol {
    const fn is_debug(&self) -> bool {
        self.kind & 0xe0 != 0
    }

    /// In a section, as opposed to undefined, absolute or another name's alias.
    pub(super) const fn is_defined(&self) -> bool {
        self.kind & 0x0e == 0x0e
    }

    pub(super) const fn is_undefined(&self) -> bool {
        self.kind & 0x0e == 0
    }

    /// Visible to other libraries (`N_EXT` without `N_PEXT`).
    pub(super) const fn is_external(&self) -> bool {
        self.kind & 0x11 == 0x01
    }

    /// `N_WEAK_REF`.
    pub(super) const fn is_weak_reference(&self) -> bool {
        self.description & 0x40 != 0
    }
}

impl<'data> File<'data> {
    pub(super) fn parse(data: &'data [u8]) -> Result<Self, ImageError> {
        let magic = array::<4>(data, 0)?;
        let (wide, endian) = match magic {
            [0xfe, 0xed, 0xfa, last] => (last == 0xcf, Endianness::Big),
            [first, ..] => (first == 0xcf, Endianness::Little),
        };
        let number = if endian == Endianness::Big { u32::from_be_bytes } else { u32::from_le_bytes };
        let field = |offset| array(data, offset).map(number);
        let mut file = Self {
            data,
            endian,
            wide,
            machine: field(4)?,
            kind: field(12)?,
            segments: Vec::new(),
            sections: Vec::new(),
            libraries: Vec::new(),
            run_paths: Vec::new(),
            routine: None,
            symbol_table: None,
            opcodes: None,
            chained: None,
            export_trie: None,
        };
        let (count, size) = (field(16)?, field(20)?);
        let mut commands = slice(data, "the load commands", if wide { 32 } else { 28 }, size.into())?;
        for _ in 0..count {
            let size = array(commands, 4).map(number)?;
            let command = slice(commands, "a load command", 0, u64::from(size.max(8)))?;
            file.command(command)?;
            commands = commands.get(command.len()..).unwrap_or_default();
        }
        Ok(file)
    }

    fn command(&mut self, bytes: &'data [u8]) -> Result<(), ImageError> {
        let endian = if self.endian == Endianness::Big { Endian::Big } else { Endian::Little };
        let command = LoadCommand::parse(bytes, &mut 0, endian);
        let command = command.map_err(|why| ImageError::malformed("load command", why.to_string()))?;
        match command.command {
            CommandVariant::Segment32(segment) => {
                let place = (segment.vmaddr.into(), segment.vmsize.into());
                let file = (segment.fileoff.into(), segment.filesize.into());
                self.sections::<Section32<_>>(bytes, SIZEOF_SEGMENT_COMMAND_32, segment.nsects)?;
                self.segment(place, file, segment.initprot)?;
            }
            CommandVariant::Segment64(segment) => {
                let place = (segment.vmaddr, segment.vmsize);
                let file = (segment.fileoff, segment.filesize);
                self.sections::<Section64<_>>(bytes, SIZEOF_SEGMENT_COMMAND_64, segment.nsects)?;
                self.segment(place, file, segment.initprot)?;
            }
            CommandVariant::LoadDylib(command)
            | CommandVariant::LoadUpwardDylib(command)
            | CommandVariant::ReexportDylib(command)
            | CommandVariant::LoadWeakDylib(command)
            | CommandVariant::LazyLoadDylib(command) => {
                // Also an unreadable name counts: symbols name libraries by their number.
                at_most("libraries", self.libraries.len() as u64 + 1, MAX_LIBRARIES)?;
                let name = text_at(bytes, command.dylib.name.into());
                self.libraries.push(name.unwrap_or(UNREADABLE_NAME));
            }
            CommandVariant::Rpath(command) => self.run_paths.extend(text_at(bytes, command.path.into())),
            CommandVariant::Routines32(command) => self.routine = Some(command.init_address.into()),
            CommandVariant::Routines64(command) => self.routine = Some(command.init_address),
            CommandVariant::Symtab(table) => {
                let symbols = (table.symoff.into(), table.nsyms.into());
                self.symbol_table = Some((symbols.0, symbols.1, table.stroff.into(), table.strsize.into()));
            }
            CommandVariant::DyldInfo(command) | CommandVariant::DyldInfoOnly(command) => {
                self.opcodes = from_bytes(bytes).ok().map(|(command, _)| command);
                self.export_trie = Some((command.export_off.into(), command.export_size.into()));
            }
            CommandVariant::DyldChainedFixups(command) => {
                self.chained = Some((command.dataoff.into(), command.datasize.into()));
            }
            CommandVariant::DyldExportsTrie(command) => {
                self.export_trie = Some((command.dataoff.into(), command.datasize.into()));
            }
            _ => {}
        }
        Ok(())
    }

    fn segment(&mut self, place: (u64, u64), file: (u64, u64), protection: u32) -> Result<(), ImageError> {
        at_most("segments", self.segments.len() as u64 + 1, MAX_SEGMENTS)?;
        let ((address, size), (offset, file_size)) = (place, file);
        self.segments.push(Segment {
            address,
            size,
            offset,
            file_size,
            readable: protection & VM_PROT_READ.0 != 0,
            writable: protection & VM_PROT_WRITE.0 != 0,
            executable: protection & VM_PROT_EXECUTE.0 != 0,
        });
        Ok(())
    }

    fn sections<Entry: macho::Section<Endian = Endianness>>(
        &mut self,
        command: &[u8],
        skip: usize,
        count: u32,
    ) -> Result<(), ImageError> {
        let size = u64::from(count) * size_of::<Entry>() as u64;
        let bytes = slice(command, "section headers", skip as u64, size)?;
        let entries = slice_from_all_bytes::<Entry>(bytes);
        let entries = entries.map_err(|()| ImageError::malformed("section headers", "a part of one"))?;
        let segment = self.segments.len();
        self.sections.extend(entries.iter().map(|entry| Section {
            segment,
            address: entry.addr(self.endian).into(),
            size: entry.size(self.endian).into(),
            flags: entry.flags(self.endian),
        }));
        Ok(())
    }

    /// All segments but those that reserve addresses without access, as `__PAGEZERO` does.
    pub(super) fn memory(&self) -> Result<Memory<'data>, ImageError> {
        let mapped = |segment: &&Segment| segment.readable || segment.writable || segment.executable;
        let segments = self.segments.iter().filter(mapped).copied().collect();
        Memory::new(self.data, segments, if self.wide { 8 } else { 4 }, self.endian == Endianness::Big)
    }

    /// Address of the file's first byte (of the segment `__TEXT`), which offsets in tables count from.
    pub(super) fn base(&self) -> u64 {
        let first = self.segments.iter().find(|segment| segment.offset == 0 && segment.file_size > 0);
        first.map_or(0, |segment| segment.address)
    }

    /// Bytes of the sections that hold zeros at first, without thread-local ones.
    pub(super) fn zeroed(&self) -> u64 {
        let zeroed = |section: &&Section| matches!(section.flags.typ(), S_ZEROFILL | S_GB_ZEROFILL);
        self.sections.iter().filter(zeroed).fold(0, |sum, section| sum.saturating_add(section.size))
    }

    pub(super) fn is_code(&self, address: u64) -> bool {
        self.sections.iter().any(|section| section.holds_code() && section.contains(address))
    }

    /// Those symbols that are not only for debuggers and that the caller wants: there may be very many.
    pub(super) fn symbols(&self, wanted: impl Fn(&Symbol) -> bool) -> Result<Vec<Symbol>, ImageError> {
        let Some((offset, count, ..)) = self.symbol_table else { return Ok(Vec::new()) };
        at_most("symbols", count, MAX_SYMBOLS)?;
        if self.wide {
            self.symbol_entries::<Nlist64<_>>(offset, count, wanted)
        } else {
            self.symbol_entries::<Nlist32<_>>(offset, count, wanted)
        }
    }

    fn symbol_entries<Entry: Nlist<Endian = Endianness>>(
        &self,
        offset: u64,
        count: u64,
        wanted: impl Fn(&Symbol) -> bool,
    ) -> Result<Vec<Symbol>, ImageError> {
        let bytes = slice(self.data, "the symbol table", offset, count * size_of::<Entry>() as u64)?;
        let entries = slice_from_all_bytes::<Entry>(bytes);
        let entries = entries.map_err(|()| ImageError::malformed("symbol table", "a part of an entry"))?;
        let symbol = |entry: &Entry| Symbol {
            name: entry.n_strx(self.endian).into(),
            kind: entry.n_type().0,
            description: entry.n_desc(self.endian).0,
            value: entry.n_value(self.endian).into(),
        };
        Ok(entries.iter().map(symbol).filter(|symbol| !symbol.is_debug() && wanted(symbol)).collect())
    }

    /// The texts that symbols name by offset.
    pub(super) fn strings(&self) -> Result<&'data [u8], ImageError> {
        let Some((.., offset, size)) = self.symbol_table else { return Ok(&[]) };
        slice(self.data, "the string table", offset, size)
    }

    /// Undefined symbols, for files too old to have fixups that name them.
    pub(super) fn undefined(&self) -> Result<Vec<Import<'data>>, ImageError> {
        let strings = self.strings()?;
        let wanted = |symbol: &Symbol| symbol.is_undefined() && symbol.is_external() && symbol.value == 0;
        let import = |symbol: &Symbol| Import {
            name: text_at(strings, symbol.name).map_or(UNREADABLE_NAME, plain),
            library: None,
            weak: symbol.is_weak_reference(),
        };
        Ok(self.symbols(wanted)?.iter().map(import).collect())
    }

    pub(super) fn initialisers(
        &self,
        memory: &Memory<'data>,
        fixups: &[(u64, Fixup)],
    ) -> Result<Vec<u64>, ImageError> {
        let mut functions: Vec<u64> = self.routine.into_iter().filter(|address| *address != 0).collect();
        for section in &self.sections {
            let width = match section.flags.typ() {
                S_MOD_INIT_FUNC_POINTERS => u64::from(memory.pointer_size),
                S_INIT_FUNC_OFFSETS => 4,
                _ => continue,
            };
            let count = section.size / width + functions.len() as u64;
            at_most("initialisers", count, MAX_INITIALISERS)?;
            for place in (0..section.size / width).map(|index| section.address.wrapping_add(index * width)) {
                functions.extend(if width == 4 && section.flags.typ() == S_INIT_FUNC_OFFSETS {
                    memory.u32(place).map(|offset| self.base().wrapping_add(offset.into()))
                } else {
                    memory.initialiser(place, fixups)
                });
            }
        }
        Ok(functions)
    }

    /// Data segments as a whole, and of executable ones the sections without code: texts stand beside it.
    pub(super) fn data_slices(&self, memory: &Memory<'data>) -> Vec<&'data [u8]> {
        let data = self.segments.iter().filter(|segment| segment.readable && !segment.executable);
        let data = data.filter(|segment| segment.file_size > 0).filter_map(|segment| memory.content(segment));
        let beside_code = self.sections.iter().filter(|section| {
            let segment = self.segments.get(section.segment);
            segment.is_some_and(|segment| segment.executable) && !section.holds_code() && section.is_in_file()
        });
        let beside_code = beside_code.filter(|section| section.size > 0);
        let bytes = |section: &Section| memory.bytes("a section", section.address, section.size).ok();
        data.chain(beside_code.filter_map(bytes)).collect()
    }
}
