//! PE (DLLs, `.pyd`): what the Windows loader uses, from the PE format specification.
//! `goblin` decodes the headers and the export directory, `object` sections, import descriptors and base
//! relocations. goblin's own import reader is not used: it collects tables without a bound, leaves out the
//! delay-loaded ones, and skips entries, after which names no longer stand at their slots.
//!
//! An ARM64EC library names the machine x64 in its header and an ARM64X one ARM64; they are read as such, and
//! their second half is not looked at.

use super::error::{
    ImageError, MAX_FIXUPS, MAX_INITIALISERS, MAX_LIBRARIES, MAX_SEGMENTS, MAX_SYMBOLS, at_most, slice,
};
use super::memory::{Memory, text};
use super::{Export, Fixup, Image, Import, Segment, Tables, ThreadTemplate, UNREADABLE_NAME};
use crate::model::{Arch, Format};
use goblin::pe::data_directories::DataDirectory;
use goblin::pe::export::{ExportDirectoryTable, SIZEOF_EXPORT_DIRECTORY_TABLE};
use goblin::pe::header::{
    COFF_MACHINE_ARM, COFF_MACHINE_ARM64, COFF_MACHINE_ARMNT, COFF_MACHINE_X86, COFF_MACHINE_X86_64, Header,
    PE_MAGIC, SIZEOF_COFF_HEADER, SIZEOF_PE_MAGIC,
};
use goblin::pe::optional_header::{MAGIC_64, OptionalHeader};
use object::LittleEndian as LE;
use object::pe::{
    IMAGE_REL_BASED_ABSOLUTE, IMAGE_REL_BASED_DIR64, IMAGE_REL_BASED_HIGHLOW, IMAGE_SCN_CNT_INITIALIZED_DATA,
    IMAGE_SCN_MEM_DISCARDABLE, IMAGE_SCN_MEM_EXECUTE, IMAGE_SCN_MEM_READ, IMAGE_SCN_MEM_WRITE,
    ImageDelayloadDescriptor, ImageImportDescriptor, ImageSectionHeader,
};
use object::pod::{Pod, from_bytes, slice_from_all_bytes};
use object::read::pe::RelocationBlockIterator;
use std::sync::LazyLock;

/// Where the DOS header says at which offset the PE header is (`e_lfanew`).
const PE_OFFSET: u64 = 0x3c;
/// The loader maps sections from multiples of this offset, whatever their headers say.
const SECTOR: u64 = 0x200;
/// Size of a page, and the least alignment that sections have in memory.
const PAGE: u64 = 0x1000;

/// Reads one PE file.
pub(super) fn parse(data: &[u8]) -> Result<Image<'_>, ImageError> {
    let bytes = pe_header(data)?;
    let header = Header::parse_without_dos(bytes)
        .map_err(|why| ImageError::malformed("PE header", why.to_string()))?;
    let Some(optional) = header.optional_header else {
        return Err(ImageError::NotLoadable("a relocatable object file"));
    };
    let coff = header.coff_header;
    let count = at_most("sections", u64::from(coff.number_of_sections), MAX_SEGMENTS)? as u64;
    let skip = (SIZEOF_PE_MAGIC + SIZEOF_COFF_HEADER + usize::from(coff.size_of_optional_header)) as u64;
    let sections = slice(bytes, "section headers", skip, count * size_of::<ImageSectionHeader>() as u64)?;
    let sections = slice_from_all_bytes::<ImageSectionHeader>(sections)
        .map_err(|()| ImageError::malformed("section headers", "a part of one"))?;
    let memory = memory(data, &optional, sections)?;
    let data_slices = data_slices(&memory, sections);
    let library = Library { base: optional.windows_fields.image_base, optional, memory };
    let mut tables = library.tables()?;
    tables.data_slices = data_slices;
    Ok(Image::new(Format::Pe, arch(coff.machine), library.memory, tables))
}

/// The file from its PE header on.
fn pe_header(data: &[u8]) -> Result<&[u8], ImageError> {
    let offset = slice(data, "the DOS header", PE_OFFSET, 4)?;
    let offset = u64::from(u32::from_le_bytes(offset.try_into().unwrap_or_default()));
    let bytes = usize::try_from(offset).ok().and_then(|offset| data.get(offset..));
    let bytes =
        bytes.ok_or(ImageError::Truncated { what: "the PE header", offset, size: data.len() as u64 })?;
    if bytes.starts_with(&PE_MAGIC.to_le_bytes()) {
        Ok(bytes)
    } else {
        Err(ImageError::NotLoadable("a DOS program"))
    }
}

fn arch(machine: u16) -> Arch {
    match machine {
        COFF_MACHINE_X86_64 => Arch::X86_64,
        COFF_MACHINE_X86 => Arch::I686,
        COFF_MACHINE_ARM64 => Arch::Aarch64,
        COFF_MACHINE_ARM | COFF_MACHINE_ARMNT => Arch::Other("arm".to_owned()),
        other => Arch::Other(format!("PE machine {other:#x}")),
    }
}

/// The headers and the sections. Sizes are rounded up to whole pages, as the loader does.
fn memory<'data>(
    data: &'data [u8],
    optional: &OptionalHeader,
    sections: &[ImageSectionHeader],
) -> Result<Memory<'data>, ImageError> {
    let fields = &optional.windows_fields;
    let headers = u64::from(fields.size_of_headers);
    let mut segments = vec![Segment {
        address: fields.image_base,
        size: headers,
        offset: 0,
        file_size: headers.min(data.len() as u64),
        readable: true,
        writable: false,
        executable: false,
    }];
    // Drivers have sections closer to each other than a page; there file and memory look the same.
    let is_paged = u64::from(fields.section_alignment) >= PAGE;
    for section in sections {
        segments.push(segment(section, fields.image_base, is_paged)?);
    }
    let pointer_size = if optional.standard_fields.magic == MAGIC_64 { 8 } else { 4 };
    Memory::new(data, segments, pointer_size, false)
}

fn segment(section: &ImageSectionHeader, base: u64, is_paged: bool) -> Result<Segment, ImageError> {
    let rva = u64::from(section.virtual_address.get(LE));
    let raw = u64::from(section.size_of_raw_data.get(LE));
    let offset = u64::from(section.pointer_to_raw_data.get(LE));
    let size = match u64::from(section.virtual_size.get(LE)) {
        0 => raw,
        size => size,
    };
    let size = if is_paged { size.next_multiple_of(PAGE) } else { size };
    let address = base.checked_add(rva);
    let address =
        address.ok_or_else(|| ImageError::malformed("section header", "beyond the address space"))?;
    let flags = section.characteristics.get(LE).0;
    Ok(Segment {
        address,
        size,
        offset: if is_paged { offset / SECTOR * SECTOR } else { offset },
        file_size: if offset == 0 { 0 } else { raw.min(size) },
        readable: flags & IMAGE_SCN_MEM_READ.0 != 0,
        writable: flags & IMAGE_SCN_MEM_WRITE.0 != 0,
        executable: flags & IMAGE_SCN_MEM_EXECUTE.0 != 0,
    })
}

/// Sections with data, also where the linker merged them with code; not what only debuggers or the loader read.
fn data_slices<'data>(memory: &Memory<'data>, sections: &[ImageSectionHeader]) -> Vec<&'data [u8]> {
    let holds_data = |section: &ImageSectionHeader| {
        let flags = section.characteristics.get(LE).0;
        let is_data =
            flags & (IMAGE_SCN_CNT_INITIALIZED_DATA.0 | IMAGE_SCN_MEM_EXECUTE.0) != IMAGE_SCN_MEM_EXECUTE.0;
        is_data && flags & IMAGE_SCN_MEM_DISCARDABLE.0 == 0
    };
    // The first segment is the headers.
    let segments = memory.segments().iter().skip(1).zip(sections);
    let segments = segments.filter(|(segment, section)| segment.file_size > 0 && holds_data(section));
    segments.filter_map(|(segment, _)| memory.content(segment)).collect()
}

struct Library<'data> {
    base: u64,
    optional: OptionalHeader,
    memory: Memory<'data>,
}

/// The columns that ordinary and delay-loaded import descriptors have in common, as RVAs.
struct Descriptor {
    library: u64,
    names: u64,
    slots: u64,
}

impl<'data> Library<'data> {
    fn tables(&self) -> Result<Tables<'data>, ImageError> {
        let directories = &self.optional.data_directories;
        let mut tables = Tables::default();
        if let Some(&directory) = directories.get_export_table() {
            self.exports(directory, &mut tables.exports)?;
        }
        if let Some(&directory) = directories.get_base_relocation_table() {
            self.relocations(directory, &mut tables.fixups)?;
        }
        // After the relocations, because a delay-loaded slot first points to a stub in the image.
        if let Some(&directory) = directories.get_import_table() {
            self.imports(directory, columns, &mut tables)?;
        }
        if let Some(&directory) = directories.get_delay_import_descriptor() {
            let base = self.base;
            self.imports(directory, |descriptor| delayed_columns(descriptor, base), &mut tables)?;
        }
        if let Some(&directory) = directories.get_tls_table() {
            self.callbacks(directory, &mut tables.initialisers)?;
            tables.thread_template = self.thread_template(directory);
        }
        let entry = u64::from(self.optional.standard_fields.address_of_entry_point);
        tables.initialisers.extend((entry != 0).then(|| self.address(entry)));
        Ok(tables)
    }

    /// The virtual address of an RVA.
    fn address(&self, rva: u64) -> u64 {
        self.base.wrapping_add(rva)
    }

    fn bytes(&self, what: &'static str, rva: u64, length: u64) -> Result<&'data [u8], ImageError> {
        self.memory.bytes(what, self.address(rva), length)
    }

    fn text(&self, rva: u64) -> Option<&'data str> {
        text(self.memory.tail(self.address(rva))?)
    }

    fn exports(&self, directory: DataDirectory, exports: &mut Vec<Export<'data>>) -> Result<(), ImageError> {
        let rva = u64::from(directory.virtual_address);
        let bytes = self.bytes("the export directory", rva, SIZEOF_EXPORT_DIRECTORY_TABLE as u64)?;
        let table = ExportDirectoryTable::parse(bytes, 0)
            .map_err(|why| ImageError::malformed("export directory", why.to_string()))?;
        if table.number_of_name_pointers == 0 {
            return Ok(());
        }
        let count = u64::from(table.number_of_name_pointers);
        at_most("exports", count, MAX_SYMBOLS)?;
        let functions = u64::from(table.address_table_entries);
        let functions = self.bytes(
            "the export address table",
            table.export_address_table_rva.into(),
            functions.saturating_mul(4),
        )?;
        let functions = functions.as_chunks().0;
        let names = self.bytes("the export name table", table.name_pointer_rva.into(), count * 4)?;
        let ordinals = self.bytes("the export ordinal table", table.ordinal_table_rva.into(), count * 2)?;
        // An address inside the export directory is no function but the name of another library's export.
        let end = rva + u64::from(directory.size);
        let export = |(name, ordinal): (&[u8; 4], &[u8; 2])| {
            let target = functions.get(usize::from(u16::from_le_bytes(*ordinal)))?;
            let target = u64::from(u32::from_le_bytes(*target));
            let address = self.address(target);
            let name = self.text(u64::from(u32::from_le_bytes(*name)))?;
            let is_code = self.memory.segment(address).is_some_and(|segment| segment.executable);
            (target != 0 && !(rva..end).contains(&target)).then_some(Export { name, address, is_code })
        };
        exports.extend(names.as_chunks().0.iter().zip(ordinals.as_chunks().0).filter_map(export));
        Ok(())
    }

    /// Base relocations: values are already right for the preferred base. What is malformed ends the table
    /// without harm for that reason.
    fn relocations(
        &self,
        directory: DataDirectory,
        fixups: &mut Vec<(u64, Fixup)>,
    ) -> Result<(), ImageError> {
        let (rva, size) = (u64::from(directory.virtual_address), u64::from(directory.size));
        let bytes = self.bytes("the base relocation table", rva, size)?;
        at_most("base relocations", size / 2, MAX_FIXUPS)?;
        fixups.reserve(bytes.len() / 2);
        for block in RelocationBlockIterator::new(bytes).map_while(Result::ok) {
            for relocation in block.filter(|relocation| relocation.typ != IMAGE_REL_BASED_ABSOLUTE) {
                let place = self.address(relocation.virtual_address.into());
                let is_pointer = match self.memory.pointer_size {
                    4 => relocation.typ == IMAGE_REL_BASED_HIGHLOW,
                    _ => relocation.typ == IMAGE_REL_BASED_DIR64,
                };
                let value = is_pointer.then(|| self.memory.pointer(place)).flatten();
                fixups.push((place, value.map_or(Fixup::Other, Fixup::Address)));
            }
        }
        Ok(())
    }

    /// A table of descriptors up to the first one without names or slots.
    fn imports<T: Pod>(
        &self,
        directory: DataDirectory,
        columns: impl Fn(&T) -> Descriptor,
        tables: &mut Tables<'data>,
    ) -> Result<(), ImageError> {
        let mut rva = u64::from(directory.virtual_address);
        for _ in 0..MAX_LIBRARIES {
            let bytes = self.bytes("an import descriptor", rva, size_of::<T>() as u64)?;
            let (descriptor, _) = from_bytes(bytes)
                .map_err(|()| ImageError::malformed("import descriptor", "a part of one"))?;
            let descriptor = columns(descriptor);
            if descriptor.library == 0 || descriptor.slots == 0 {
                return Ok(());
            }
            self.import_library(&descriptor, tables)?;
            rva += size_of::<T>() as u64;
        }
        Err(ImageError::TooMany {
            what: "import descriptors",
            count: MAX_LIBRARIES as u64 + 1,
            limit: MAX_LIBRARIES as u64,
        })
    }

    fn import_library(&self, descriptor: &Descriptor, tables: &mut Tables<'data>) -> Result<(), ImageError> {
        let library = self.text(descriptor.library).unwrap_or(UNREADABLE_NAME);
        if !tables.libraries.contains(&library) {
            tables.libraries.push(library);
        }
        // Very old linkers leave only the slots, which hold the names until the loader overwrites them.
        let names = if descriptor.names == 0 { descriptor.slots } else { descriptor.names };
        let width = u64::from(self.memory.pointer_size);
        let what = "an import table";
        for entry in (0..).map(|index| index * width) {
            let address = self.address(names + entry);
            let name = self.memory.pointer(address).ok_or(ImageError::WildAddress { what, address })?;
            if name == 0 {
                break;
            }
            at_most("imports", tables.imports.len() as u64 + 1, MAX_SYMBOLS)?;
            let index = u32::try_from(tables.imports.len()).unwrap_or(u32::MAX);
            tables.imports.push(Import { name: self.import_name(name), library: Some(library), weak: false });
            let slot = self.address(descriptor.slots + entry);
            tables.fixups.push((slot, Fixup::Import { index, addend: 0 }));
        }
        Ok(())
    }

    /// An entry of the import lookup table: an ordinal where the highest bit is set, otherwise the RVA of a
    /// 16-bit hint and a name.
    fn import_name(&self, entry: u64) -> &'data str {
        let highest = u64::from(self.memory.pointer_size) * 8 - 1;
        if entry >> highest == 1 {
            return ordinal_name(entry);
        }
        self.text((entry & 0x7fff_ffff) + 2).unwrap_or(UNREADABLE_NAME)
    }

    /// The first three fields of the TLS directory.
    fn thread_template(&self, directory: DataDirectory) -> Option<ThreadTemplate> {
        let width = u64::from(self.memory.pointer_size);
        let start = self.address(u64::from(directory.virtual_address));
        let field = |index: u64| self.memory.pointer(start.wrapping_add(index * width));
        Some(ThreadTemplate { start: field(0)?, end: field(1)?, index: field(2)? })
    }

    /// The TLS directory's list of functions, which run before the entry point (PE format, "The .tls section").
    fn callbacks(&self, directory: DataDirectory, functions: &mut Vec<u64>) -> Result<(), ImageError> {
        let width = u64::from(self.memory.pointer_size);
        let field = self.address(u64::from(directory.virtual_address) + 3 * width);
        let what = "the TLS directory";
        let list = self.memory.pointer(field).ok_or(ImageError::WildAddress { what, address: field })?;
        if list == 0 {
            return Ok(());
        }
        for index in 0..MAX_INITIALISERS as u64 {
            match self.memory.pointer(list.wrapping_add(index * width)) {
                Some(0) | None => break,
                Some(function) => functions.push(function),
            }
        }
        Ok(())
    }
}

fn columns(descriptor: &ImageImportDescriptor) -> Descriptor {
    Descriptor {
        library: descriptor.name.get(LE).into(),
        names: descriptor.original_first_thunk.get(LE).into(),
        slots: descriptor.first_thunk.get(LE).into(),
    }
}

/// Delay-load descriptors of Visual C++ 6 hold virtual addresses; bit 0 of the attributes says that these do not.
fn delayed_columns(descriptor: &ImageDelayloadDescriptor, base: u64) -> Descriptor {
    let has_rvas = descriptor.attributes.get(LE) & 1 == 1;
    let rva = |value: u32| match u64::from(value) {
        0 => 0,
        value if has_rvas => value,
        value => value.wrapping_sub(base) & u64::from(u32::MAX),
    };
    Descriptor {
        library: rva(descriptor.dll_name_rva.get(LE)),
        names: rva(descriptor.import_name_table_rva.get(LE)),
        slots: rva(descriptor.import_address_table_rva.get(LE)),
    }
}

/// `#<ordinal>`. Names borrow from the file, but these do not stand in it, so all of them are written out
/// once, padded to one length.
fn ordinal_name(ordinal: u64) -> &'static str {
    const LENGTH: usize = 6;
    static NAMES: LazyLock<String> = LazyLock::new(|| {
        (0..=u16::MAX).fold(String::new(), |names, ordinal| names + &format!("#{ordinal:<5}"))
    });
    let start = usize::try_from(ordinal & 0xffff).unwrap_or(0) * LENGTH;
    NAMES.get(start..start + LENGTH).unwrap_or(UNREADABLE_NAME).trim_end()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::inspect::image::parse;
    use crate::inspect::image::testing::pe;

    const WIDE: u64 = 0x1_8000_0000;
    const NARROW: u64 = 0x1000_0000;

    #[test]
    fn exports_leave_out_forwarded_ones() {
        for (wide, base) in [(true, WIDE), (false, NARROW)] {
            let data = pe(wide);
            let images = parse(&data).unwrap();
            let expected = [Export { name: "PyInit_x", address: base + 0x1010, is_code: true }];
            assert_eq!(images[0].exports(), expected);
            assert_eq!(images[0].arch, if wide { Arch::X86_64 } else { Arch::I686 });
            assert_eq!(images[0].pointer_size, if wide { 8 } else { 4 });
            assert_eq!(images[0].symbol_near(base + 0x1015), Some(("PyInit_x".to_owned(), 5)));
        }
    }

    #[test]
    fn slots_of_imports_are_fixups() {
        for (wide, base) in [(true, WIDE), (false, NARROW)] {
            let data = pe(wide);
            let images = parse(&data).unwrap();
            let imports: Vec<_> = images[0].imports().iter().map(|it| (it.name, it.library)).collect();
            let python = Some("python314t.dll");
            assert_eq!(imports, [("PyModuleDef_Init", python), ("#115", python), ("Late", Some("late.dll"))]);
            assert_eq!(images[0].libraries(), ["python314t.dll", "late.dll"]);
            let import = |index| Fixup::Import { index, addend: 0 };
            let second = base + 0x3000 + u64::from(images[0].pointer_size);
            let expected = [
                (base + 0x3000, import(0)),
                (second, import(1)),
                (base + 0x3040, import(2)),
                (base + 0x3080, Fixup::Address(base + 0x1020)),
            ];
            assert_eq!(images[0].fixups(), expected);
        }
    }

    #[test]
    fn tls_callbacks_run_before_the_entry_point() {
        let data = pe(true);
        assert_eq!(parse(&data).unwrap()[0].initialisers(), [WIDE + 0x1040, WIDE + 0x1050]);
    }

    #[test]
    fn sections_are_segments() {
        let data = pe(true);
        let images = parse(&data).unwrap();
        let flags: Vec<_> =
            images[0].segments().iter().map(|it| (it.address - WIDE, it.writable, it.executable)).collect();
        assert_eq!(
            flags,
            [(0, false, false), (0x1000, false, true), (0x2000, false, false), (0x3000, true, false)]
        );
        assert_eq!(images[0].data_slices().len(), 2);
        assert_eq!(images[0].code(WIDE + 0x1ff0).map(<[u8]>::len), Some(16));
        assert_eq!(images[0].code(WIDE + 0x2000), None);
    }

    #[test]
    fn lies_are_refused() {
        let with = |at: usize, bytes: &[u8]| {
            let mut data = pe(true);
            data[at..at + bytes.len()].copy_from_slice(bytes);
            parse(&data).unwrap_err()
        };
        let directories = 0x98 + 0xf0 - 128;
        assert!(matches!(with(0x3c, &[0xff; 4]), ImageError::Truncated { what: "the PE header", .. }));
        assert!(matches!(with(0x86, &[0xff; 2]), ImageError::TooMany { .. }));
        assert!(matches!(with(0x98, &[0; 2]), ImageError::Malformed { .. }));
        assert!(matches!(with(directories, &[0xff; 4]), ImageError::WildAddress { .. }));
        assert!(matches!(with(directories + 8, &[0xff; 4]), ImageError::WildAddress { .. }));
        assert!(matches!(with(0x2018, &[0xff; 4]), ImageError::TooMany { what: "exports", .. }));
        // A section whose bytes are behind the file's end.
        assert!(matches!(with(0x98 + 0xf0 + 20, &[0, 0x40]), ImageError::Truncated { .. }));
    }

    #[test]
    fn ordinals_have_names() {
        for (ordinal, name) in [(0, "#0"), (7, "#7"), (0x8000_0000_0000_ffff, "#65535")] {
            assert_eq!(ordinal_name(ordinal), name);
        }
    }
}
