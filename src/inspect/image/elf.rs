//! ELF: what `ld.so` uses, which is program headers and the dynamic table, never section headers.
//! `goblin` decodes the entries, `object` the packed relocations; tables are found through the segments.

mod dynamic;
mod relocation;

use super::error::{ImageError, MAX_ENTRIES, MAX_SEGMENTS, MAX_SYMBOLS, at_most, slice};
use super::memory::Memory;
use super::{Image, Segment};
use crate::model::{Arch, Format};
use dynamic::Library;
use goblin::container::{Container, Ctx, Endian};
use goblin::elf::header::{self, Header};
use goblin::elf::program_header::{PF_R, PF_W, PF_X, PT_DYNAMIC, PT_GNU_EH_FRAME, PT_LOAD, ProgramHeader};
use goblin::elf::section_header::{SHN_UNDEF, SHT_SYMTAB, SectionHeader};
use goblin::elf::sym::{STT_FILE, STT_SECTION, STT_TLS, Sym, Symtab};
use goblin::elf::{Dynamic, Elf};

/// Reads one ELF file.
pub(super) fn parse(data: &[u8]) -> Result<Image<'_>, ImageError> {
    let header =
        Elf::parse_header(data).map_err(|why| ImageError::malformed("ELF header", why.to_string()))?;
    refuse_unloadable(&header)?;
    let headers = program_headers(data, &header)?;
    let ctx = context(&header);
    let memory = memory(data, &headers, ctx)?;
    let library = Library { dynamic: dynamic(data, &headers, ctx)?, ctx, machine: header.e_machine, memory };
    let mut tables = library.tables()?;
    tables.data_slices = data_slices(&library.memory, &headers);
    Ok(Image::new(Format::Elf, arch(&header), library.memory, tables))
}

/// The full symbol table, for messages: addresses, and the string table from where each name starts. This one place
/// trusts section headers, and gives nothing where they are missing or wrong.
pub(super) fn symbols(data: &[u8]) -> Vec<(u64, &[u8])> {
    symbol_table(data).unwrap_or_default()
}

fn symbol_table(data: &[u8]) -> Option<Vec<(u64, &[u8])>> {
    let header = Elf::parse_header(data).ok()?;
    let ctx = context(&header);
    let count = usize::from(header.e_shnum);
    let offset = usize::try_from(header.e_shoff).ok()?;
    // A table that is cut off is refused here: its first bytes are at `offset`, its last before the end.
    slice(data, "section headers", header.e_shoff, count as u64 * SectionHeader::size(ctx) as u64).ok()?;
    let sections = SectionHeader::parse(data, offset, count, ctx).ok()?;
    let table = sections.iter().find(|section| section.sh_type == SHT_SYMTAB)?;
    let strings = sections.get(usize::try_from(table.sh_link).ok()?)?;
    let strings = slice(data, "string table", strings.sh_offset, strings.sh_size).ok()?;
    let bytes = slice(data, "symbol table", table.sh_offset, table.sh_size).ok()?;
    let count = (bytes.len() / symbol_size(ctx)).min(MAX_SYMBOLS);
    let named = Symtab::parse(bytes, 0, count, ctx).ok()?;
    let is_named = |symbol: &Sym| {
        symbol.st_shndx != SHN_UNDEF as usize
            && !matches!(symbol.st_type(), STT_SECTION | STT_FILE | STT_TLS)
            && symbol.st_name != 0
    };
    // Assemblers for Arm mark code and data with names such as `$x`, which name nothing.
    let name = |symbol: Sym| {
        let name = strings.get(symbol.st_name..).filter(|name| !name.starts_with(b"$"))?;
        Some((symbol.st_value, name))
    };
    Some(named.iter().filter(is_named).filter_map(name).collect())
}

fn context(header: &Header) -> Ctx {
    let is_64 = header.e_ident.get(header::EI_CLASS) == Some(&header::ELFCLASS64);
    let is_little = header.e_ident.get(header::EI_DATA) == Some(&header::ELFDATA2LSB);
    let container = if is_64 { Container::Big } else { Container::Little };
    Ctx::new(container, if is_little { Endian::Little } else { Endian::Big })
}

fn refuse_unloadable(header: &Header) -> Result<(), ImageError> {
    match header.e_type {
        header::ET_DYN | header::ET_EXEC => Ok(()),
        header::ET_REL => Err(ImageError::NotLoadable("a relocatable object file")),
        header::ET_CORE => Err(ImageError::NotLoadable("a core dump")),
        other => Err(ImageError::malformed("ELF header", format!("the unknown file type {other}"))),
    }
}

fn arch(header: &Header) -> Arch {
    let ctx = context(header);
    let by_size = |big: &str, little: &str| Arch::Other(if ctx.is_big() { big } else { little }.to_owned());
    match header.e_machine {
        header::EM_X86_64 if ctx.is_big() => Arch::X86_64,
        header::EM_X86_64 => Arch::Other("x32".to_owned()),
        header::EM_386 => Arch::I686,
        header::EM_AARCH64 => Arch::Aarch64,
        header::EM_ARM => Arch::Other("arm".to_owned()),
        header::EM_PPC64 if ctx.is_little_endian() => Arch::Other("ppc64le".to_owned()),
        header::EM_PPC64 => Arch::Other("ppc64".to_owned()),
        header::EM_S390 => by_size("s390x", "s390"),
        header::EM_RISCV => by_size("riscv64", "riscv32"),
        header::EM_LOONGARCH => by_size("loongarch64", "loongarch32"),
        header::EM_MIPS => by_size("mips64", "mips"),
        other => Arch::Other(format!("ELF machine {other}")),
    }
}

fn program_headers(data: &[u8], header: &Header) -> Result<Vec<ProgramHeader>, ImageError> {
    let ctx = context(header);
    let size = ProgramHeader::size(ctx);
    if usize::from(header.e_phentsize) != size {
        let why = format!("program headers of {} bytes, not {size}", header.e_phentsize);
        return Err(ImageError::malformed("ELF header", why));
    }
    let count = at_most("program headers", u64::from(header.e_phnum), MAX_SEGMENTS)?;
    let bytes = slice(data, "program headers", header.e_phoff, (count * size) as u64)?;
    ProgramHeader::parse(bytes, 0, count, ctx)
        .map_err(|why| ImageError::malformed("program headers", why.to_string()))
}

fn memory<'data>(
    data: &'data [u8],
    headers: &[ProgramHeader],
    ctx: Ctx,
) -> Result<Memory<'data>, ImageError> {
    let loaded = headers.iter().filter(|header| header.p_type == PT_LOAD);
    let segments = loaded.map(|header| Segment {
        address: header.p_vaddr,
        size: header.p_memsz,
        offset: header.p_offset,
        file_size: header.p_filesz,
        readable: header.p_flags & PF_R != 0,
        writable: header.p_flags & PF_W != 0,
        executable: header.p_flags & PF_X != 0,
    });
    let pointer_size = if ctx.is_big() { 8 } else { 4 };
    Memory::new(data, segments.collect(), pointer_size, !ctx.is_little_endian())
}

/// The dynamic table as (tag, value) pairs; empty in a static executable.
fn dynamic(data: &[u8], headers: &[ProgramHeader], ctx: Ctx) -> Result<Vec<(u64, u64)>, ImageError> {
    let Some(segment) = headers.iter().find(|header| header.p_type == PT_DYNAMIC) else {
        return Ok(Vec::new());
    };
    let entry = goblin::elf::dynamic::Dyn::size(ctx.container) as u64;
    at_most("dynamic entries", segment.p_filesz / entry, MAX_ENTRIES)?;
    slice(data, "the dynamic table", segment.p_offset, segment.p_filesz)?;
    let table = Dynamic::parse(data, headers, ctx)
        .map_err(|why| ImageError::malformed("dynamic table", why.to_string()))?;
    Ok(table
        .map(|table| table.dyns.iter().map(|entry| (entry.d_tag, entry.d_val)).collect())
        .unwrap_or_default())
}

/// Where texts can be. Some linkers (gold, and GNU ld before 2.31) put headers, read-only data and code into
/// one executable segment; such a one starts with the ELF header or holds the table of unwind information,
/// which stands beside the read-only data.
fn data_slices<'data>(memory: &Memory<'data>, headers: &[ProgramHeader]) -> Vec<&'data [u8]> {
    let unwind = headers.iter().find(|header| header.p_type == PT_GNU_EH_FRAME).map(|header| header.p_vaddr);
    let is_plain = |segment: &Segment| !segment.executable && !segment.writable && segment.file_size > 0;
    let has_plain = memory.segments().iter().any(is_plain);
    let holds_data = |segment: &&Segment| {
        let is_mixed =
            segment.offset == 0 || unwind.is_some_and(|address| segment.contains(address)) || !has_plain;
        segment.file_size > 0 && (!segment.executable || is_mixed)
    };
    memory.segments().iter().filter(holds_data).filter_map(|segment| memory.content(segment)).collect()
}

fn symbol_size(ctx: Ctx) -> usize {
    if ctx.is_big() { 24 } else { 16 }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::inspect::image::parse;
    use crate::inspect::image::testing::Elf;

    #[test]
    fn machines_have_the_names_of_platform_tags() {
        let name = |machine, wide, big| {
            let data = Elf { machine, wide, big, ..Elf::x86_64() }.build();
            parse(&data).unwrap().first().unwrap().arch.to_string()
        };
        assert_eq!(name(62, true, false), "x86_64");
        assert_eq!(name(3, false, false), "i686");
        assert_eq!(name(183, true, false), "aarch64");
        assert_eq!(name(21, true, false), "ppc64le");
        assert_eq!(name(243, true, false), "riscv64");
        assert_eq!(name(258, true, false), "loongarch64");
        assert_eq!(name(0x1234, true, true), "ELF machine 4660");
    }

    #[test]
    fn texts_are_looked_for_beside_code_where_a_linker_mixed_them() {
        let mut data = Elf::x86_64().build();
        assert_eq!(
            parse(&data).unwrap()[0].data_slices().iter().map(|it| it.len()).collect::<Vec<_>>(),
            [0x1000, 0x100]
        );
        // The first segment, with all headers, becomes executable.
        data[0x44] = 5;
        assert_eq!(parse(&data).unwrap()[0].data_slices().len(), 3);
    }

    #[test]
    fn section_headers_do_not_matter() {
        let mut data = Elf::x86_64().build();
        data[40..48].fill(0xff);
        data[58..64].fill(0xff);
        let images = parse(&data).unwrap();
        assert_eq!(images[0].export("PyInit_x"), Some(0x1010));
        assert_eq!(images[0].symbol_near(0x1018), Some(("PyInit_x".to_owned(), 8)));
        assert_eq!(images[0].symbol_near(0x100f), None);
    }

    #[test]
    fn headers_that_lie_are_refused() {
        let with = |at: usize, bytes: &[u8]| {
            let mut data = Elf::x86_64().build();
            data[at..at + bytes.len()].copy_from_slice(bytes);
            parse(&data).unwrap_err()
        };
        assert!(matches!(with(54, &[1]), ImageError::Malformed { .. }));
        assert!(matches!(with(56, &[0xff, 0xff]), ImageError::TooMany { .. }));
        assert!(matches!(with(39, &[0xff]), ImageError::Truncated { what: "program headers", .. }));
        assert!(matches!(with(0x40 + 3 * 56 + 35, &[0xff]), ImageError::TooMany { .. }));
    }
}
