//! What dyld writes into a Mach-O image: rebases and binds, as opcodes or as chains through the data itself.

use super::file::File;
use super::plain;
use crate::inspect::image::error::{ImageError, MAX_FIXUPS, MAX_SYMBOLS, at_most, slice};
use crate::inspect::image::memory::{Memory, text_at};
use crate::inspect::image::{Fixup, Import, Tables, UNREADABLE_NAME};
use object::Endianness;
use object::macho::{
    BIND_SPECIAL_DYLIB_MAIN_EXECUTABLE, BIND_SYMBOL_FLAGS_WEAK_IMPORT, BIND_TYPE_POINTER, BindDylib,
    BindSymbolFlags, DYLD_CHAINED_IMPORT, DYLD_CHAINED_IMPORT_ADDEND, DYLD_CHAINED_IMPORT_ADDEND64,
    DyldChainedFixupsHeader, DyldChainedImport32, DyldChainedImport64, DyldInfoCommand, REBASE_TYPE_POINTER,
};
use object::pod::from_bytes;
use object::read::macho::{Bind, DyldChainedFixups, DyldChainedSegment, Fixup as Chained};
use object::{I32, U32, U64};
use std::collections::HashMap;

/// Fills in imports and fixups.
pub(super) fn read<'data>(
    file: &File<'data>,
    memory: &Memory<'data>,
    tables: &mut Tables<'data>,
) -> Result<(), ImageError> {
    let mut binder = Binder { file, memory, tables, own: None, known: HashMap::new() };
    if let Some((offset, size)) = file.chained {
        let data = slice(file.data, "the chained fixups", offset, size)?;
        if !data.is_empty() {
            binder.chained(data)?;
        }
    }
    if let Some(opcodes) = file.opcodes {
        binder.opcodes(opcodes)?;
    }
    Ok(())
}

struct Binder<'a, 'data> {
    file: &'a File<'data>,
    memory: &'a Memory<'data>,
    tables: &'a mut Tables<'data>,
    /// Exports by name, once one is needed.
    own: Option<HashMap<&'data str, u64>>,
    /// Imports that opcodes have already named.
    known: HashMap<(&'data [u8], i32), u32>,
}

fn failed(why: object::Error) -> ImageError {
    ImageError::malformed("fixups", why.to_string())
}

impl<'data> Binder<'_, 'data> {
    fn push(&mut self, place: u64, fixup: Fixup) -> Result<(), ImageError> {
        at_most("fixups", self.tables.fixups.len() as u64 + 1, MAX_FIXUPS)?;
        self.tables.fixups.push((place, fixup));
        Ok(())
    }

    /// The library that an ordinal names.
    fn library(&self, ordinal: BindDylib) -> Option<&'data str> {
        let index = usize::try_from(ordinal.index()?).ok()?.checked_sub(1)?;
        self.tables.libraries.get(index).copied()
    }

    /// The image's own definition of a symbol that dyld does not look up in one certain other library.
    fn own(&mut self, name: &str, ordinal: BindDylib) -> Option<u64> {
        if !ordinal.is_special() || ordinal == BIND_SPECIAL_DYLIB_MAIN_EXECUTABLE {
            return None;
        }
        let exports = &self.tables.exports;
        let own = self
            .own
            .get_or_insert_with(|| exports.iter().map(|export| (export.name, export.address)).collect());
        own.get(name).copied()
    }

    fn import(&mut self, name: &'data str, ordinal: BindDylib, weak: bool) -> Result<u32, ImageError> {
        let index = at_most("imports", self.tables.imports.len() as u64, MAX_SYMBOLS)?;
        let library = self.library(ordinal);
        self.tables.imports.push(Import { name, library, weak });
        Ok(u32::try_from(index).unwrap_or(u32::MAX))
    }

    /// The opcodes of `LC_DYLD_INFO`. Binds come after the rebases of the same places.
    fn opcodes(&mut self, command: &DyldInfoCommand<Endianness>) -> Result<(), ImageError> {
        let (endian, data, width) = (self.file.endian, self.file.data, self.memory.pointer_size);
        for rebase in command.rebases(endian, data, width).map_err(failed)? {
            let rebase = rebase.map_err(failed)?;
            let place = self.place(rebase.segment_index, rebase.segment_offset)?;
            let value = Some(place).filter(|_| rebase.kind == REBASE_TYPE_POINTER);
            let value = value.and_then(|place| self.memory.pointer(place));
            self.push(place, value.map_or(Fixup::Other, Fixup::Address))?;
        }
        for bind in command.binds(endian, data, width).map_err(failed)? {
            self.bind(&bind.map_err(failed)?, false)?;
        }
        for bind in command.weak_binds(endian, data, width).map_err(failed)? {
            self.bind(&bind.map_err(failed)?, true)?;
        }
        for bind in command.lazy_binds(endian, data, width).map_err(failed)? {
            self.bind(&bind.map_err(failed)?, false)?;
        }
        Ok(())
    }

    fn place(&self, segment: u8, offset: u64) -> Result<u64, ImageError> {
        let segment = self.file.segments.get(usize::from(segment));
        let segment =
            segment.ok_or_else(|| ImageError::malformed("fixups", "a segment that does not exist"))?;
        Ok(segment.address.wrapping_add(offset))
    }

    /// A weak bind replaces what an earlier one has written if any library defines the symbol; the image's own
    /// definition counts, as for ELF, and where it has none the earlier one stays.
    fn bind(&mut self, bind: &Bind<'data>, coalesced: bool) -> Result<(), ImageError> {
        let place = self.place(bind.segment_index, bind.segment_offset)?;
        let name = std::str::from_utf8(bind.symbol).map_or(UNREADABLE_NAME, plain);
        let fixup = if bind.kind != BIND_TYPE_POINTER {
            Fixup::Other
        } else if let Some(address) = self.own(name, bind.dylib) {
            Fixup::Address(self.memory.wrap(address.wrapping_add_signed(bind.addend)))
        } else if coalesced {
            return Ok(());
        } else {
            let index = self.known(bind.symbol, name, bind.dylib, bind.flags)?;
            Fixup::Import { index, addend: bind.addend }
        };
        self.push(place, fixup)
    }

    fn known(
        &mut self,
        symbol: &'data [u8],
        name: &'data str,
        ordinal: BindDylib,
        flags: BindSymbolFlags,
    ) -> Result<u32, ImageError> {
        if let Some(index) = self.known.get(&(symbol, ordinal.0)) {
            return Ok(*index);
        }
        let index = self.import(name, ordinal, flags.contains(BIND_SYMBOL_FLAGS_WEAK_IMPORT))?;
        self.known.insert((symbol, ordinal.0), index);
        Ok(index)
    }

    /// The chains of `LC_DYLD_CHAINED_FIXUPS`.
    fn chained(&mut self, data: &'data [u8]) -> Result<(), ImageError> {
        let endian = self.file.endian;
        let fixups = DyldChainedFixups::parse(endian, data).map_err(failed)?;
        let targets = self.chained_imports(fixups.header(), data)?;
        for segment in fixups.segments(endian).map_err(failed)? {
            self.chains(&segment.map_err(failed)?, &targets)?;
        }
        Ok(())
    }

    fn chains(
        &mut self,
        starts: &DyldChainedSegment<'data, Endianness>,
        targets: &[Fixup],
    ) -> Result<(), ImageError> {
        let index = usize::try_from(starts.index()).ok();
        let segment = index.and_then(|index| self.file.segments.get(index));
        let segment =
            *segment.ok_or_else(|| ImageError::malformed("fixups", "a segment that does not exist"))?;
        let base = self.file.base();
        let content = self.memory.content(&segment).unwrap_or_default();
        for link in starts.fixups(self.file.endian, base, content) {
            let (offset, link) = link.map_err(failed)?;
            let fixup = match link {
                Chained::Rebase(rebase) => Fixup::Address(address(base.wrapping_add(rebase.target_offset))),
                Chained::Bind(bind) => bound(targets, bind.ordinal, bind.addend),
                Chained::KernelCacheRebase(_) | Chained::SegmentedRebase(_) => Fixup::Other,
            };
            self.push(segment.address.wrapping_add(offset), fixup)?;
        }
        Ok(())
    }

    /// What a bind to each of the imports becomes, without the bind's own addend.
    fn chained_imports(
        &mut self,
        header: &DyldChainedFixupsHeader<Endianness>,
        data: &'data [u8],
    ) -> Result<Vec<Fixup>, ImageError> {
        let endian = self.file.endian;
        if header.symbols_format.get(endian) != 0 {
            return Err(ImageError::Unsupported("compressed names of chained fixups".to_owned()));
        }
        let names = usize::try_from(header.symbols_offset.get(endian)).ok();
        let names = names.and_then(|offset| data.get(offset..)).unwrap_or_default();
        let count = at_most("imports", header.imports_count.get(endian).into(), MAX_SYMBOLS)?;
        let width = match header.imports_format.get(endian) {
            DYLD_CHAINED_IMPORT => 4,
            DYLD_CHAINED_IMPORT_ADDEND => 8,
            DYLD_CHAINED_IMPORT_ADDEND64 => 16,
            other => return Err(ImageError::Unsupported(format!("format {} of chained imports", other.0))),
        };
        let offset = header.imports_offset.get(endian).into();
        let table = slice(data, "the chained imports", offset, count as u64 * width as u64)?;
        table.chunks_exact(width).map(|entry| self.chained_import(entry, names)).collect()
    }

    fn chained_import(&mut self, entry: &[u8], names: &'data [u8]) -> Result<Fixup, ImageError> {
        let fields = fields(entry, self.file.endian);
        let (ordinal, weak, name, addend) =
            fields.ok_or_else(|| ImageError::malformed("fixups", "an import"))?;
        let name = text_at(names, name.into()).map_or(UNREADABLE_NAME, plain);
        if let Some(address) = self.own(name, ordinal) {
            return Ok(Fixup::Address(self.memory.wrap(address.wrapping_add_signed(addend))));
        }
        let index = self.import(name, ordinal, weak)?;
        Ok(Fixup::Import { index, addend })
    }
}

/// Library ordinal, weakness, offset of the name and addend of an entry of the chained imports, whose length
/// tells its format.
fn fields(entry: &[u8], endian: Endianness) -> Option<(BindDylib, bool, u32, i64)> {
    if entry.len() == 16 {
        let (import, addend) = from_bytes::<U64<Endianness, DyldChainedImport64>>(entry).ok()?;
        let (import, addend) =
            (import.get(endian), from_bytes::<U64<Endianness>>(addend).ok()?.0.get(endian));
        return Some((import.dylib(), import.weak_import(), import.name_offset(), addend.cast_signed()));
    }
    let (import, addend) = from_bytes::<U32<Endianness, DyldChainedImport32>>(entry).ok()?;
    let import = import.get(endian);
    let addend = from_bytes::<I32<Endianness>>(addend).map_or(0, |(addend, _)| addend.get(endian));
    Some((import.dylib(), import.weak_import(), import.name_offset(), addend.into()))
}

fn bound(targets: &[Fixup], ordinal: u32, addend: i32) -> Fixup {
    let target = usize::try_from(ordinal).ok().and_then(|ordinal| targets.get(ordinal));
    match target {
        Some(Fixup::Import { index, addend: own }) => {
            Fixup::Import { index: *index, addend: own.wrapping_add(addend.into()) }
        }
        Some(Fixup::Address(own)) => Fixup::Address(own.wrapping_add_signed(addend.into())),
        _ => Fixup::Other,
    }
}

/// Without the pointer's highest byte, which chains may set (`high8`) and the hardware ignores.
const fn address(pointer: u64) -> u64 {
    pointer & 0x00ff_ffff_ffff_ffff
}
