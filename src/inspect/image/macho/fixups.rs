//! What dyld writes into a Mach-O image: rebases and binds, as opcodes or as chains through the data itself.

use super::file::File;
use super::plain;
use crate::inspect::image::error::{ImageError, MAX_FIXUPS, MAX_NAME, MAX_SYMBOLS, at_most, slice};
use crate::inspect::image::memory::{Memory, text_at};
use crate::inspect::image::{Fixup, Import, Tables, UNREADABLE_NAME};
use object::Endianness;
use object::macho::{
    BIND_SPECIAL_DYLIB_MAIN_EXECUTABLE, BIND_SYMBOL_FLAGS_WEAK_IMPORT, BIND_TYPE_POINTER, BindDylib,
    DYLD_CHAINED_IMPORT, DYLD_CHAINED_IMPORT_ADDEND, DYLD_CHAINED_IMPORT_ADDEND64, DyldChainedFixupsHeader,
    DyldChainedImport32, DyldChainedImport64, DyldInfoCommand, REBASE_TYPE_POINTER,
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
    let mut binder = Binder { file, memory, tables, own: None, known: HashMap::new(), last: None };
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
    known: HashMap<(&'data str, i32), u32>,
    /// The last bind by opcode: symbol, library and what it leads to.
    last: Option<(&'data [u8], BindDylib, Option<Fixup>)>,
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
            self.push(place, value.map_or(Fixup::Other, |value| Fixup::Address(address(value))))?;
        }
        for bind in command.binds(endian, data, width).map_err(failed)? {
            self.bind(&bind.map_err(failed)?, false)?;
        }
        self.last = None;
        for bind in command.weak_binds(endian, data, width).map_err(failed)? {
            self.bind(&bind.map_err(failed)?, true)?;
        }
        self.last = None;
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
        match self.target(bind, coalesced)? {
            None => Ok(()),
            Some(_) if bind.kind != BIND_TYPE_POINTER => self.push(place, Fixup::Other),
            Some(target) => self.push(place, self.shifted(target, bind.addend)),
        }
    }

    /// What a bind leads to without its addend. One name is often bound many times in a row.
    fn target(&mut self, bind: &Bind<'data>, coalesced: bool) -> Result<Option<Fixup>, ImageError> {
        if let Some((symbol, ordinal, target)) = self.last
            && std::ptr::eq(symbol, bind.symbol)
            && ordinal == bind.dylib
        {
            return Ok(target);
        }
        let name = std::str::from_utf8(bind.symbol).ok().filter(|name| name.len() <= MAX_NAME);
        let name = name.map_or(UNREADABLE_NAME, plain);
        let weak = bind.flags.contains(BIND_SYMBOL_FLAGS_WEAK_IMPORT);
        let target = match self.own(name, bind.dylib) {
            Some(address) => Some(Fixup::Address(address)),
            None if coalesced => None,
            None => Some(Fixup::Import { index: self.known(name, bind.dylib, weak)?, addend: 0 }),
        };
        self.last = Some((bind.symbol, bind.dylib, target));
        Ok(target)
    }

    fn known(&mut self, name: &'data str, ordinal: BindDylib, weak: bool) -> Result<u32, ImageError> {
        if let Some(index) = self.known.get(&(name, ordinal.0)) {
            return Ok(*index);
        }
        let index = self.import(name, ordinal, weak)?;
        self.known.insert((name, ordinal.0), index);
        Ok(index)
    }

    fn shifted(&self, target: Fixup, addend: i64) -> Fixup {
        match target {
            Fixup::Address(value) => Fixup::Address(self.memory.wrap(value.wrapping_add_signed(addend))),
            Fixup::Import { index, addend: own } => Fixup::Import { index, addend: own.wrapping_add(addend) },
            other => other,
        }
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
                Chained::Bind(bind) => {
                    let target = usize::try_from(bind.ordinal).ok().and_then(|index| targets.get(index));
                    self.shifted(*target.unwrap_or(&Fixup::Other), bind.addend.into())
                }
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
        match self.own(name, ordinal) {
            Some(address) => Ok(self.shifted(Fixup::Address(address), addend)),
            None => Ok(Fixup::Import { index: self.import(name, ordinal, weak)?, addend }),
        }
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

/// Without the pointer's highest byte, in which compilers for arm64 keep marks, because the hardware ignores it.
const fn address(pointer: u64) -> u64 {
    pointer & 0x00ff_ffff_ffff_ffff
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::inspect::image::parse;
    use crate::inspect::image::testing::{MACH_O_BASE as BASE, MachO};

    const DATA: u64 = BASE + 0x1000;

    fn fixups(file: &MachO) -> Vec<(u64, Fixup)> {
        let data = file.build();
        parse(&data).unwrap()[0].fixups().iter().map(|(at, fixup)| (at - DATA, *fixup)).collect()
    }

    /// Links of one chain: values that count their distances in `stride` bytes at bit `next`.
    fn chained(format: u16, next: u32, stride: u64, links: &[u64]) -> Vec<(u64, Fixup)> {
        let last = links.len() - 1;
        let link = |(index, link): (usize, &u64)| {
            let distance = if index == last { 0 } else { 8 / stride };
            (0x1000 + index * 8, link | distance << next)
        };
        let data = links.iter().enumerate().map(link).collect();
        fixups(&MachO { chains: Some((format, 0)), data, ..MachO::new() })
    }

    fn import(addend: i64) -> Fixup {
        Fixup::Import { index: 0, addend }
    }

    #[test]
    fn chains_of_plain_pointers() {
        const BIND: u64 = 1 << 63;
        let own = Fixup::Address(BASE + 0x810);
        // DYLD_CHAINED_PTR_64 has addresses, DYLD_CHAINED_PTR_64_OFFSET offsets; both have a mark in `high8`.
        for (format, target) in [(2, BASE + 0x820), (6, 0x820)] {
            let links = [target, target | 0x80 << 36, BIND, BIND | 16 << 24, BIND | 1];
            let expected =
                [Fixup::Address(BASE + 0x820), Fixup::Address(BASE + 0x820), import(0), import(16), own];
            assert_eq!(
                chained(format, 51, 4, &links),
                [0, 8, 16, 24, 32].into_iter().zip(expected).collect::<Vec<_>>()
            );
        }
    }

    #[test]
    fn chains_of_signed_pointers() {
        const BIND: u64 = 1 << 62;
        const SIGNED: u64 = 1 << 63 | 0x1234 << 32 | 2 << 49;
        // DYLD_CHAINED_PTR_ARM64E has addresses where they are not signed, the USERLAND ones offsets.
        for (format, target) in [(1, BASE + 0x820), (9, 0x820), (12, 0x820)] {
            let links = [target, SIGNED | 0x820, BIND, SIGNED | BIND, BIND | 8 << 32];
            let expected =
                [Fixup::Address(BASE + 0x820), Fixup::Address(BASE + 0x820), import(0), import(0), import(8)];
            assert_eq!(
                chained(format, 51, 8, &links),
                [0, 8, 16, 24, 32].into_iter().zip(expected).collect::<Vec<_>>()
            );
        }
    }

    #[test]
    fn imports_of_chains_name_their_library() {
        let data = MachO { chains: Some((6, 0)), ..MachO::new() }.build();
        let images = parse(&data).unwrap();
        let library = Some("/usr/lib/libSystem.B.dylib");
        assert_eq!(images[0].imports(), [Import { name: "PyModuleDef_Init", library, weak: false }]);
    }

    #[test]
    fn opcodes_rebase_and_bind() {
        // Type pointer, segment 1 at 0, two times.
        let rebases = vec![0x11, 0x21, 0, 0x52, 0];
        // Library 1, weak `_imp`, type pointer, segment 1 at 16, addend 4, bind; addend 0, twice with a gap of 8.
        let binds = [b"\x11\x41_imp\0\x51\x71\x10\x60\x04\x90\x60\0\xc0\x02\x08\0".as_slice()].concat();
        // Weak `_PyInit_x`, which the file has, at 8; and `_other`, which it has not.
        let weak = b"\x40_PyInit_x\0\x51\x71\x08\x90\x40_other\0\x71\0\x90\0".to_vec();
        // Flat lookup of `_lazy` at 64.
        let lazy = b"\x71\x40\x3e\x40_lazy\0\x90\0".to_vec();
        let data = vec![(0x1000, BASE + 0x820), (0x1008, BASE + 0x830)];
        let file = MachO { opcodes: Some([rebases, binds, weak, lazy]), data, ..MachO::new() };
        let expected = [
            (0, Fixup::Address(BASE + 0x820)),
            (8, Fixup::Address(BASE + 0x810)),
            (16, import(4)),
            (24, import(0)),
            (40, import(0)),
            (64, Fixup::Import { index: 1, addend: 0 }),
        ];
        assert_eq!(fixups(&file), expected);
        let data = file.build();
        let images = parse(&data).unwrap();
        let imports: Vec<_> = images[0].imports().iter().map(|it| (it.name, it.library, it.weak)).collect();
        assert_eq!(imports, [("imp", Some("/usr/lib/libSystem.B.dylib"), true), ("lazy", None, false)]);
    }

    #[test]
    fn hostile_opcodes_are_refused() {
        let refused = |rebases: &[u8]| {
            let opcodes = Some([rebases.to_vec(), Vec::new(), Vec::new(), Vec::new()]);
            let data = MachO { opcodes, ..MachO::new() }.build();
            parse(&data).unwrap_err()
        };
        // As many times as fit into a number; a segment that does not exist; an opcode that does not.
        let times = b"\x11\x21\0\x60\xff\xff\xff\xff\xff\xff\xff\xff\x7f";
        assert!(matches!(refused(times), ImageError::TooMany { .. }));
        assert!(matches!(refused(b"\x11\x29\0\x51"), ImageError::Malformed { .. }));
        assert!(matches!(refused(b"\xf0"), ImageError::Malformed { .. }));
    }
}
