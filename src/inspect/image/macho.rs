//! Mach-O (dylibs, bundles), thin and universal: what dyld uses, from `<mach-o/loader.h>` and `<mach-o/fixup-chains.h>`.
//! `goblin` decodes universal headers and load commands, `object` sections, symbols, dyld's opcodes and
//! chained fixups. goblin's readers of opcodes and export tries are not used: they index without a check and
//! collect without a bound.

mod exports;
mod file;
mod fixups;

use super::error::{ImageError, slice};
use super::{Image, Tables, settle};
use crate::model::{Arch, Format};
use file::{File, Symbol};
use goblin::mach::constants::cputype::{
    CPU_TYPE_ARM, CPU_TYPE_ARM64, CPU_TYPE_ARM64_32, CPU_TYPE_POWERPC, CPU_TYPE_POWERPC64, CPU_TYPE_X86,
    CPU_TYPE_X86_64,
};
use goblin::mach::fat::{FatArch, SIZEOF_FAT_ARCH};
use goblin::mach::header::{MH_CORE, MH_DSYM, MH_DYLIB_STUB, MH_OBJECT};

/// Universal files name at least two machines and few more; from 45 on the number is a Java class file's version,
/// whose magic number is the same.
const MAX_MACHINES: u32 = 44;
/// Entry of a universal file with 64-bit offsets: `cputype`, `cpusubtype`, `offset`, `size`, `align`, `reserved`.
const SIZEOF_FAT_ARCH_64: usize = 32;

/// Whether the magic number is that of a thin file.
pub(super) const fn is_thin(magic: [u8; 4]) -> bool {
    matches!(magic, [0xfe, 0xed, 0xfa, 0xce | 0xcf] | [0xce | 0xcf, 0xfa, 0xed, 0xfe])
}

/// The parts of a universal file; none where the file is something else, such as a Java class.
pub(super) fn machines(data: &[u8]) -> Result<Option<Vec<&[u8]>>, ImageError> {
    let wide = match data {
        [0xca, 0xfe, 0xba, 0xbe, ..] => false,
        [0xca, 0xfe, 0xba, 0xbf, ..] => true,
        _ => return Ok(None),
    };
    let count = u32::from_be_bytes(array(data, 4)?);
    if count > MAX_MACHINES {
        return Ok(None);
    }
    let size = if wide { SIZEOF_FAT_ARCH_64 } else { SIZEOF_FAT_ARCH };
    let table = slice(data, "the table of machines", 8, u64::from(count) * size as u64)?;
    let part = |entry: &[u8]| {
        let (offset, size) = if wide {
            (u64::from_be_bytes(array(entry, 8)?), u64::from_be_bytes(array(entry, 16)?))
        } else {
            let entry = FatArch::parse(entry, 0);
            let entry = entry.map_err(|why| ImageError::malformed("table of machines", why.to_string()))?;
            (entry.offset.into(), entry.size.into())
        };
        slice(data, "the code for a machine", offset, size)
    };
    table.chunks_exact(size).map(part).collect::<Result<_, _>>().map(Some)
}

/// Bytes at an offset of a header.
fn array<const SIZE: usize>(data: &[u8], offset: usize) -> Result<[u8; SIZE], ImageError> {
    let bytes = slice(data, "the Mach-O header", offset as u64, SIZE as u64)?;
    bytes.try_into().map_err(|_| ImageError::malformed("Mach-O header", "a part of one"))
}

/// Reads the code for one machine.
pub(super) fn parse(data: &[u8]) -> Result<Image<'_>, ImageError> {
    let file = File::parse(data)?;
    refuse_unloadable(file.kind)?;
    let memory = file.memory()?;
    let mut tables = Tables::default();
    tables.libraries.clone_from(&file.libraries);
    tables.run_paths.clone_from(&file.run_paths);
    tables.exports = exports::read(&file)?;
    fixups::read(&file, &memory, &mut tables)?;
    settle(&mut tables.fixups);
    if tables.imports.is_empty() {
        tables.imports = file.undefined()?;
    }
    tables.initialisers = file.initialisers(&memory, &tables.fixups)?;
    tables.data_slices = file.data_slices(&memory);
    tables.zeroed = Some(file.zeroed());
    Ok(Image::new(Format::MachO, arch(file.machine), memory, tables))
}

/// Names of the symbol table with their addresses, for messages.
pub(super) fn symbols(data: &[u8]) -> Vec<(u64, &[u8])> {
    let read = || {
        let file = File::parse(data).ok()?;
        let strings = file.strings().ok()?;
        let symbols = file.symbols(Symbol::is_defined).ok()?;
        let named = |symbol: &Symbol| {
            let name = strings.get(usize::try_from(symbol.name).ok()?..)?;
            Some((symbol.value, name.strip_prefix(b"_").unwrap_or(name)))
        };
        Some(symbols.iter().filter_map(named).collect())
    };
    read().unwrap_or_default()
}

/// A C name, to which Mach-O adds an underscore.
fn plain(name: &str) -> &str {
    name.strip_prefix('_').unwrap_or(name)
}

fn refuse_unloadable(kind: u32) -> Result<(), ImageError> {
    match kind {
        MH_OBJECT => Err(ImageError::NotLoadable("a relocatable object file")),
        MH_CORE => Err(ImageError::NotLoadable("a core dump")),
        MH_DSYM => Err(ImageError::NotLoadable("a file of debug information (dSYM)")),
        MH_DYLIB_STUB => Err(ImageError::NotLoadable("a stub for linking, without code")),
        _ => Ok(()),
    }
}

/// arm64e (pointer authentication) counts as arm64.
fn arch(machine: u32) -> Arch {
    match machine {
        CPU_TYPE_X86_64 => Arch::X86_64,
        CPU_TYPE_X86 => Arch::I686,
        CPU_TYPE_ARM64 => Arch::Aarch64,
        CPU_TYPE_ARM => Arch::Other("arm".to_owned()),
        CPU_TYPE_ARM64_32 => Arch::Other("arm64_32".to_owned()),
        CPU_TYPE_POWERPC => Arch::Other("ppc".to_owned()),
        CPU_TYPE_POWERPC64 => Arch::Other("ppc64".to_owned()),
        other => Arch::Other(format!("Mach-O machine {other:#x}")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::inspect::image::parse as parse_any;
    use crate::inspect::image::testing::{MACH_O_BASE, MachO};

    #[test]
    fn load_commands_are_read() {
        let data = MachO { data: vec![(0x1100, MACH_O_BASE + 0x820)], ..MachO::new() }.build();
        let images = parse_any(&data).unwrap();
        let image = &images[0];
        assert_eq!((image.format, &image.arch, image.pointer_size), (Format::MachO, &Arch::Aarch64, 8));
        assert_eq!(image.libraries(), ["/usr/lib/libSystem.B.dylib"]);
        assert_eq!(image.run_paths(), ["@loader_path/.dylibs"]);
        assert_eq!(image.segments().len(), 3);
        assert_eq!(image.initialisers(), [MACH_O_BASE + 0x820]);
        assert!(image.data_slices().contains(&b"some text\0\0\0\0\0\0\0".as_slice()));
        assert_eq!(image.symbol_near(MACH_O_BASE + 0x812), Some(("PyInit_x".to_owned(), 2)));
        assert_eq!(image.imports().iter().map(|it| it.name).collect::<Vec<_>>(), ["PyModuleDef_Init"]);
    }

    #[test]
    fn lies_are_refused() {
        let with = |at: usize, bytes: &[u8]| {
            let mut data = MachO::new().build();
            data[at..at + bytes.len()].copy_from_slice(bytes);
            parse_any(&data).unwrap_err()
        };
        assert!(matches!(with(16, &[0xff; 4]), ImageError::Truncated { .. }));
        assert!(matches!(with(20, &[0xff; 4]), ImageError::Truncated { what: "the load commands", .. }));
        assert!(matches!(with(36, &[0xff; 4]), ImageError::Truncated { what: "a load command", .. }));
        assert!(matches!(with(32 + 64, &[0xff; 4]), ImageError::Truncated { what: "section headers", .. }));
    }
}
