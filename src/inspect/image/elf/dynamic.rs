//! What ELF's dynamic table leads to: symbols, relocations, needed libraries, initialisers.

use super::relocation::{Action, action};
use super::symbol_size;
use crate::inspect::image::error::{ImageError, MAX_FIXUPS, MAX_INITIALISERS, MAX_SYMBOLS, at_most};
use crate::inspect::image::memory::{Memory, text_at};
use crate::inspect::image::{Export, Fixup, Import, Tables, UNREADABLE_NAME, settle};
use goblin::container::Ctx;
use goblin::elf::dynamic::{
    DT_GNU_HASH, DT_HASH, DT_INIT, DT_INIT_ARRAY, DT_INIT_ARRAYSZ, DT_JMPREL, DT_NEEDED, DT_PLTREL,
    DT_PLTRELSZ, DT_REL, DT_RELA, DT_RELASZ, DT_RELSZ, DT_RPATH, DT_RUNPATH, DT_STRSZ, DT_STRTAB, DT_SYMTAB,
};
use goblin::elf::header::EM_S390;
use goblin::elf::reloc::{Reloc, RelocSection};
use goblin::elf::section_header::{SHN_ABS, SHN_UNDEF};
use goblin::elf::sym::{
    STB_LOCAL, STB_WEAK, STT_FILE, STT_GNU_IFUNC, STT_OBJECT, STT_SECTION, STT_TLS, STV_HIDDEN, STV_INTERNAL,
    Sym, Symtab,
};
use object::Endianness;
use object::elf::{FileHeader32, FileHeader64, Relr32, Relr64};
use object::pod::slice_from_all_bytes;
use object::read::elf::RelrIterator;

/// Packed relative relocations (generic ABI, "Relative relocation table"); goblin has no names for these.
const DT_RELRSZ: u64 = 35;
const DT_RELR: u64 = 36;

/// A dynamically linked file.
pub(super) struct Library<'data> {
    /// Tags and values of the dynamic table.
    pub(super) dynamic: Vec<(u64, u64)>,
    pub(super) ctx: Ctx,
    /// `e_machine`.
    pub(super) machine: u16,
    pub(super) memory: Memory<'data>,
}

/// What a symbol's references become.
#[derive(Debug, Clone, Copy)]
enum Meaning {
    Import(u32),
    Address(u64),
    Resolver(u64),
    ThreadLocal,
    Other,
}

impl<'data> Library<'data> {
    pub(super) fn tables(&self) -> Result<Tables<'data>, ImageError> {
        let relocations = self.relocations()?;
        let mut tables = Tables::default();
        let strings = self.strings()?;
        let symbols = self.symbols(&relocations)?;
        let meanings = self.read_symbols(&symbols, strings, &mut tables);
        self.fixups(&relocations, &meanings, &mut tables.fixups)?;
        settle(&mut tables.fixups);
        tables.initialisers = self.initialisers(&tables.fixups)?;
        tables.libraries = self.texts(DT_NEEDED, strings).collect();
        let has_run_path = self.value(DT_RUNPATH).is_some();
        let run_paths = self.texts(if has_run_path { DT_RUNPATH } else { DT_RPATH }, strings);
        tables.run_paths =
            run_paths.flat_map(|path| path.split(':')).filter(|path| !path.is_empty()).collect();
        Ok(tables)
    }

    fn values(&self, tag: u64) -> impl Iterator<Item = u64> {
        self.dynamic.iter().filter(move |entry| entry.0 == tag).map(|entry| entry.1)
    }

    fn value(&self, tag: u64) -> Option<u64> {
        self.values(tag).next()
    }

    fn texts(&self, tag: u64, strings: &'data [u8]) -> impl Iterator<Item = &'data str> {
        self.values(tag).filter_map(move |offset| text_at(strings, offset))
    }

    /// A table given by two tags, its address and its size in bytes.
    fn table(&self, what: &'static str, address: u64, size: u64) -> Result<&'data [u8], ImageError> {
        match (self.value(address), self.value(size)) {
            (Some(address), Some(size)) if size > 0 => self.memory.bytes(what, address, size),
            _ => Ok(&[]),
        }
    }

    fn strings(&self) -> Result<&'data [u8], ImageError> {
        self.table("the dynamic string table", DT_STRTAB, DT_STRSZ)
    }

    /// In the order in which glibc applies them; the packed ones go before all of these.
    fn relocations(&self) -> Result<Vec<RelocSection<'data>>, ImageError> {
        let plt_has_addends = self.value(DT_PLTREL) == Some(DT_RELA);
        [
            (self.table("the relocation table", DT_RELA, DT_RELASZ)?, true),
            (self.table("the relocation table", DT_REL, DT_RELSZ)?, false),
            (self.table("the PLT's relocation table", DT_JMPREL, DT_PLTRELSZ)?, plt_has_addends),
        ]
        .into_iter()
        .map(|(bytes, has_addends)| {
            at_most("relocations", (bytes.len() / Reloc::size(has_addends, self.ctx)) as u64, MAX_FIXUPS)?;
            RelocSection::parse(bytes, 0, bytes.len(), has_addends, self.ctx)
                .map_err(|why| ImageError::malformed("relocation table", why.to_string()))
        })
        .collect()
    }

    fn symbols(&self, relocations: &[RelocSection<'data>]) -> Result<Symtab<'data>, ImageError> {
        let Some(address) = self.value(DT_SYMTAB) else { return Ok(Symtab::default()) };
        let count = at_most("symbols", self.symbol_count(relocations)?, MAX_SYMBOLS)?;
        if count == 0 {
            return Ok(Symtab::default());
        }
        let size = (count * symbol_size(self.ctx)) as u64;
        let bytes = self.memory.bytes("the dynamic symbol table", address, size)?;
        Symtab::parse(bytes, 0, count, self.ctx)
            .map_err(|why| ImageError::malformed("symbol table", why.to_string()))
    }

    /// Nothing in the dynamic table says how many symbols there are; the hash tables do. A GNU hash table of a
    /// library that exports nothing does not, and then what relocations refer to is all that matters.
    fn symbol_count(&self, relocations: &[RelocSection<'data>]) -> Result<u64, ImageError> {
        if let Some(address) = self.value(DT_HASH) {
            // Entries of s390x are 64 bits wide, against the generic ABI.
            let wide = self.machine == EM_S390 && self.ctx.is_big();
            let count = if wide {
                address.checked_add(8).and_then(|chains| self.memory.u64(chains))
            } else {
                address.checked_add(4).and_then(|chains| self.memory.u32(chains)).map(u64::from)
            };
            return count.ok_or(ImageError::WildAddress { what: "the symbol hash table", address });
        }
        if let Some(address) = self.value(DT_GNU_HASH) {
            let count = self.gnu_hash_count(address);
            let count =
                count.ok_or(ImageError::WildAddress { what: "the GNU symbol hash table", address })?;
            if count > 0 {
                return Ok(count);
            }
        }
        let highest =
            relocations.iter().flat_map(RelocSection::iter).map(|relocation| relocation.r_sym).max();
        Ok(highest.map_or(0, |highest| highest as u64 + 1))
    }

    /// The end of the last chain; 0 where all chains are empty.
    fn gnu_hash_count(&self, address: u64) -> Option<u64> {
        let field = |index: u64| self.memory.u32(address.checked_add(index * 4)?).map(u64::from);
        let (buckets, first, bloom) = (field(0)?, field(1)?, field(2)?);
        let words = bloom.checked_mul(u64::from(self.memory.pointer_size))?;
        let start = address.checked_add(16)?.checked_add(words)?;
        let table = self.memory.bytes("buckets", start, buckets * 4).ok()?;
        let last = table.as_chunks().0.iter().map(|bytes| u64::from(self.memory.to_u32(*bytes))).max()?;
        if last < first {
            return Some(0);
        }
        let chain = start.checked_add(buckets * 4)?.checked_add((last - first) * 4)?;
        let ends = |bytes: &[u8; 4]| self.memory.to_u32(*bytes) & 1 == 1;
        let length = self.memory.tail(chain)?.as_chunks().0.iter().position(ends)?;
        Some(last + length as u64 + 1)
    }

    /// Sorts the symbols into exports and imports, and says of each what a reference to it becomes.
    fn read_symbols(
        &self,
        symbols: &Symtab<'data>,
        strings: &'data [u8],
        tables: &mut Tables<'data>,
    ) -> Vec<Meaning> {
        let mut meanings = Vec::with_capacity(symbols.len());
        for (index, symbol) in symbols.iter().enumerate() {
            let meaning = if index == 0 {
                // The null symbol: relocations that mean "no symbol" name it, and its value is 0.
                Meaning::Address(0)
            } else if symbol.st_shndx == SHN_UNDEF as usize {
                let name = text_at(strings, symbol.st_name as u64).unwrap_or(UNREADABLE_NAME);
                let weak = symbol.st_bind() == STB_WEAK;
                tables.imports.push(Import { name, library: None, weak });
                u32::try_from(tables.imports.len() - 1).map_or(Meaning::Other, Meaning::Import)
            } else {
                self.defined(&symbol, strings, &mut tables.exports)
            };
            meanings.push(meaning);
        }
        meanings
    }

    /// References to a symbol that the image defines go to that definition: that another library might
    /// interpose its own is left out of account.
    fn defined(&self, symbol: &Sym, strings: &'data [u8], exports: &mut Vec<Export<'data>>) -> Meaning {
        let (kind, address) = (symbol.st_type(), symbol.st_value);
        if kind == STT_TLS {
            return Meaning::ThreadLocal;
        }
        if symbol.st_shndx == SHN_ABS as usize {
            return Meaning::Other;
        }
        let is_visible = symbol.st_bind() != STB_LOCAL
            && !matches!(symbol.st_visibility(), STV_HIDDEN | STV_INTERNAL)
            && !matches!(kind, STT_SECTION | STT_FILE);
        if let (true, Some(name)) = (is_visible, text_at(strings, symbol.st_name as u64)) {
            let is_executable = self.memory.segment(address).is_some_and(|segment| segment.executable);
            let is_code = is_executable && !matches!(kind, STT_OBJECT | STT_GNU_IFUNC);
            exports.push(Export { name, address, is_code });
        }
        if kind == STT_GNU_IFUNC { Meaning::Resolver(address) } else { Meaning::Address(address) }
    }

    fn fixups(
        &self,
        relocations: &[RelocSection<'data>],
        meanings: &[Meaning],
        fixups: &mut Vec<(u64, Fixup)>,
    ) -> Result<(), ImageError> {
        self.packed(fixups)?;
        let count = relocations.iter().map(RelocSection::len).sum::<usize>() + fixups.len();
        fixups.reserve(at_most("relocations", count as u64, MAX_FIXUPS)?);
        for relocation in relocations.iter().flat_map(RelocSection::iter) {
            let at = relocation.r_offset;
            let action = action(self.machine, relocation.r_type);
            fixups.push((at, self.fixup(&relocation, action, meanings)));
            if action == Action::Descriptor {
                fixups.push((at.wrapping_add(u64::from(self.memory.pointer_size)), Fixup::ThreadLocal));
            }
        }
        Ok(())
    }

    fn fixup(&self, relocation: &Reloc, action: Action, meanings: &[Meaning]) -> Fixup {
        // Tables without addends have them where the result goes.
        let addend = || relocation.r_addend.or_else(|| self.memory.signed(relocation.r_offset)).unwrap_or(0);
        match action {
            Action::Relative => Fixup::Address(self.memory.wrap(addend().cast_unsigned())),
            Action::Resolver => Fixup::Resolver(self.memory.wrap(addend().cast_unsigned())),
            Action::Absolute => self.reference(meanings.get(relocation.r_sym), addend()),
            Action::Slot => self.reference(meanings.get(relocation.r_sym), 0),
            Action::ThreadLocal | Action::Descriptor => Fixup::ThreadLocal,
            Action::Other => Fixup::Other,
        }
    }

    fn reference(&self, meaning: Option<&Meaning>, addend: i64) -> Fixup {
        match meaning {
            Some(Meaning::Import(index)) => Fixup::Import { index: *index, addend },
            Some(Meaning::Address(value)) => {
                Fixup::Address(self.memory.wrap(value.wrapping_add_signed(addend)))
            }
            Some(Meaning::Resolver(value)) => Fixup::Resolver(*value),
            Some(Meaning::ThreadLocal) => Fixup::ThreadLocal,
            Some(Meaning::Other) | None => Fixup::Other,
        }
    }

    /// Relative relocations packed as bit maps (`DT_RELR`): at each location the base is added to what is there.
    fn packed(&self, fixups: &mut Vec<(u64, Fixup)>) -> Result<(), ImageError> {
        let bytes = self.table("the packed relocation table", DT_RELR, DT_RELRSZ)?;
        let endian = if self.memory.big_endian { Endianness::Big } else { Endianness::Little };
        let malformed = |()| ImageError::malformed("packed relocation table", "a part of an entry");
        if self.ctx.is_big() {
            let entries = slice_from_all_bytes::<Relr64<Endianness>>(bytes).map_err(malformed)?;
            self.relative(RelrIterator::<FileHeader64<_>>::new(endian, entries), fixups)
        } else {
            let entries = slice_from_all_bytes::<Relr32<Endianness>>(bytes).map_err(malformed)?;
            self.relative(RelrIterator::<FileHeader32<_>>::new(endian, entries).map(u64::from), fixups)
        }
    }

    fn relative(
        &self,
        places: impl Iterator<Item = u64>,
        fixups: &mut Vec<(u64, Fixup)>,
    ) -> Result<(), ImageError> {
        for place in places {
            at_most("packed relocations", fixups.len() as u64 + 1, MAX_FIXUPS)?;
            fixups.push((place, self.memory.pointer(place).map_or(Fixup::Other, Fixup::Address)));
        }
        Ok(())
    }

    fn initialisers(&self, fixups: &[(u64, Fixup)]) -> Result<Vec<u64>, ImageError> {
        let mut functions: Vec<u64> =
            self.value(DT_INIT).filter(|address| *address != 0).into_iter().collect();
        let (Some(start), Some(size)) = (self.value(DT_INIT_ARRAY), self.value(DT_INIT_ARRAYSZ)) else {
            return Ok(functions);
        };
        let width = u64::from(self.memory.pointer_size);
        let count = at_most("initialisers", size / width, MAX_INITIALISERS)? as u64;
        let places = (0..count).map(|index| start.wrapping_add(index * width));
        functions.extend(places.filter_map(|place| self.memory.initialiser(place, fixups)));
        Ok(functions)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::inspect::image::testing::Elf;
    use crate::inspect::image::{Image, parse};

    fn with_image(elf: &Elf, check: impl Fn(&Image<'_>)) {
        let data = elf.build();
        let images = parse(&data).unwrap();
        check(images.first().unwrap());
    }

    const INIT: Fixup = Fixup::Import { index: 0, addend: 0 };

    #[test]
    fn relocations_become_fixups() {
        let relocations = vec![
            (0x2000, 8, 0, 0x1010),
            (0x2008, 1, 1, 24),
            (0x2010, 6, 1, 24),
            (0x2018, 1, 4, -8),
            (0x2020, 37, 0, 0x1020),
            (0x2028, 16, 0, 0),
            (0x2030, 36, 0, 0),
            (0x2040, 5, 4, 0),
            (0x2048, 1, 99, 0),
            (0x2050, 1, 0, 7),
        ];
        with_image(&Elf { relocations, ..Elf::x86_64() }, |image| {
            let expected = [
                (0x2000, Fixup::Address(0x1010)),
                (0x2008, Fixup::Import { index: 0, addend: 24 }),
                (0x2010, INIT),
                (0x2018, Fixup::Address(0x2008)),
                (0x2020, Fixup::Resolver(0x1020)),
                (0x2028, Fixup::ThreadLocal),
                (0x2030, Fixup::ThreadLocal),
                (0x2038, Fixup::ThreadLocal),
                (0x2040, Fixup::Other),
                (0x2048, Fixup::Other),
                (0x2050, Fixup::Address(7)),
            ];
            assert_eq!(image.fixups(), expected);
            assert_eq!(image.fixups_within(0x2001, 0x2018).count(), 2);
            assert_eq!((image.fixup(0x2008), image.fixup(0x2009)), (Some(expected[1].1), None));
        });
    }

    #[test]
    fn symbols_become_exports_and_imports() {
        let mut elf = Elf::x86_64();
        // Indirect, thread-local, absolute, local.
        elf.symbols.extend([
            ("f", 0x1040, 0x1a, 1),
            ("t", 0, 0x16, 1),
            ("a", 9, 0x10, 0xfff1),
            ("l", 0x2040, 1, 1),
        ]);
        elf.relocations =
            (5_u32..).zip([0x2000, 0x2008, 0x2010, 0x2018]).map(|(symbol, at)| (at, 1, symbol, 0)).collect();
        for gnu_hash in [false, true] {
            let elf = Elf {
                gnu_hash,
                symbols: elf.symbols.clone(),
                relocations: elf.relocations.clone(),
                ..Elf::x86_64()
            };
            with_image(&elf, |image| {
                let exports: Vec<_> =
                    image.exports().iter().map(|it| (it.name, it.address, it.is_code)).collect();
                assert_eq!(
                    exports,
                    [("PyInit_x", 0x1010, true), ("variable", 0x2010, false), ("f", 0x1040, false)]
                );
                assert_eq!((image.export("PyInit_x"), image.export("t")), (Some(0x1010), None));
                let imports: Vec<_> =
                    image.imports().iter().map(|import| (import.name, import.weak)).collect();
                assert_eq!(imports, [("PyModuleDef_Init", false), ("_ITM_registerTMCloneTable", true)]);
                let fixups: Vec<_> = image.fixups().iter().map(|(_, fixup)| *fixup).collect();
                assert_eq!(
                    fixups,
                    [Fixup::Resolver(0x1040), Fixup::ThreadLocal, Fixup::Other, Fixup::Address(0x2040)]
                );
                assert_eq!(image.libraries(), ["libc.so.6"]);
                assert_eq!(image.run_paths(), ["$ORIGIN/a", "/b"]);
            });
        }
    }

    #[test]
    fn packed_relocations_add_the_base_to_what_is_there() {
        // An address, then a bit map of the next 63 words, of which the first and the third.
        let data = vec![(0x2000, 0x1010), (0x2008, 0x1020), (0x2018, 0x1030)];
        with_image(&Elf { packed: vec![0x2000, 0b1011], data, ..Elf::x86_64() }, |image| {
            let expected = [(0x2000, 0x1010), (0x2008, 0x1020), (0x2018, 0x1030)];
            assert_eq!(image.fixups(), expected.map(|(at, address)| (at, Fixup::Address(address))));
        });
    }

    #[test]
    fn addends_in_place_have_a_sign() {
        let relocations =
            vec![(0x2000, 8, 0, 0x1010), (0x2004, 1, 1, -8), (0x2008, 7, 1, 0x1234), (0x200c, 1, 4, -8)];
        let elf = Elf { machine: 3, wide: false, has_addends: false, relocations, ..Elf::x86_64() };
        with_image(&elf, |image| {
            let expected = [
                (0x2000, Fixup::Address(0x1010)),
                (0x2004, Fixup::Import { index: 0, addend: -8 }),
                (0x2008, INIT),
                (0x200c, Fixup::Address(0x2008)),
            ];
            assert_eq!(image.fixups(), expected);
        });
    }

    #[test]
    fn initialisers_are_read_after_relocation() {
        // DT_INIT is 0x1000; of the array's two words the first is relocated and the second is not.
        let relocations = vec![(0x2080, 8, 0, 0x1020)];
        let data = vec![(0x2080, 0xbad), (0x2088, 0x1030)];
        with_image(&Elf { relocations, data, ..Elf::x86_64() }, |image| {
            assert_eq!(image.initialisers(), [0x1000, 0x1020, 0x1030]);
        });
    }

    #[test]
    fn wide_hash_tables_and_big_endian_files_are_read() {
        let relocations = vec![(0x2000, 12, 0, 0x1010), (0x2008, 22, 1, 0)];
        let elf = Elf { machine: 22, big: true, relocations, ..Elf::x86_64() };
        with_image(&elf, |image| {
            assert_eq!(image.fixups(), [(0x2000, Fixup::Address(0x1010)), (0x2008, INIT)]);
            assert_eq!((image.arch.to_string().as_str(), image.big_endian), ("s390x", true));
        });
    }

    #[test]
    fn without_exports_relocations_say_how_many_symbols_there_are() {
        let mut elf = Elf::x86_64();
        elf.symbols.truncate(2);
        elf.symbols.push(("PyErr_Occurred", 0, 0x12, 0));
        elf.relocations = vec![(0x2000, 6, 3, 0)];
        elf.gnu_hash = true;
        let mut data = elf.build();
        // An empty bucket.
        data[0x818] = 0;
        let images = parse(&data).unwrap();
        let names: Vec<_> = images[0].imports().iter().map(|import| import.name).collect();
        assert_eq!(names, ["PyModuleDef_Init", "_ITM_registerTMCloneTable", "PyErr_Occurred"]);
    }

    #[test]
    fn wild_tables_are_refused() {
        let data = Elf::x86_64().build();
        for (entry, tag) in [(2, "string table"), (4, "symbol table"), (5, "hash table")] {
            let mut data = data.clone();
            // The upper half of the address of the table.
            data[0xe00 + entry * 16 + 12] = 1;
            let why = parse(&data).unwrap_err().to_string();
            assert!(why.contains(tag) && why.contains("0x1000"), "{why}");
        }
        let mut data = data.clone();
        data[0x804..0x808].fill(0xff);
        assert!(matches!(parse(&data), Err(ImageError::TooMany { what: "symbols", .. })));
    }
}
