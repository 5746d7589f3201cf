//! The address space of one evaluation: loaded images, and made-up regions for what lies outside them.
//!
//! Everything has a concrete address, so that spills, structures built on the stack and block copies need no
//! special case. Made-up regions lie where no image does.

use super::pages::Held;
use super::threads;
use super::value::Value;
use crate::inspect::image::{Fixup, Image};
use rustc_hash::FxHashMap;
use std::cell::Cell;

/// Where the made-up regions stand, for a pointer size.
#[derive(Debug, Clone, Copy)]
pub(super) struct Regions {
    /// The first address of a stack that grows downwards.
    pub stack: u64,
    /// Thread-local storage: where the thread pointer points.
    pub thread: u64,
    /// The heap's first address.
    pub heap: u64,
    /// Behind the heap's last address.
    pub heap_end: u64,
    /// The address of the first import; each has [`IMPORT_STRIDE`] bytes.
    pub imports: u64,
    /// The return address of the function that the evaluation starts with.
    pub exit: u64,
}

/// Room for each imported symbol: enough for the fields of a type object that inlined code looks at.
pub(super) const IMPORT_STRIDE: u64 = 0x1000;

impl Regions {
    const fn new(pointer: u8) -> Self {
        if pointer == 8 {
            Self {
                stack: 0x7fff_f000_0000,
                thread: 0x7ffe_0000_0000,
                heap: 0x6000_0000_0000,
                heap_end: 0x7000_0000_0000,
                imports: 0x5000_0000_0000,
                exit: 0x5fff_ffff_fff0,
            }
        } else {
            Self {
                stack: 0xfef0_0000,
                thread: 0xff00_0000,
                heap: 0xd000_0000,
                heap_end: 0xe000_0000,
                imports: 0xe000_0000,
                exit: 0xfdff_fff0,
            }
        }
    }
}

/// An image and where it is loaded, as a distance from the addresses that the file itself uses.
pub(super) struct Loaded<'a, 'data> {
    pub image: &'a Image<'data>,
    pub base: u64,
    /// Resolved address of each of its imports.
    imports: Vec<u64>,
}

/// The images and the imported names.
pub(super) struct Space<'a, 'data> {
    pub images: Vec<Loaded<'a, 'data>>,
    names: Vec<&'data str>,
    pub regions: Regions,
    pub pointer: u8,
    /// Minor version of the interpreter that imports the module.
    pub minor: u8,
    /// Whether the main image needs libraries that no system has, and that are not loaded here.
    pub needs_others: bool,
    /// What the memories of all paths hold.
    pub held: Held,
    /// Words of memory that were read or written and not yet paid for by steps.
    touched: Cell<u32>,
}

/// Where the fields of an object would stand that is null. Files that are loaded at 0 here have their headers there,
/// which code does not read: it follows a pointer that is null here, and would not be if every call was known.
const NULL_OBJECT: u64 = 0x200;

/// Words that can be read or written in the time of a step.
const WORDS_PER_STEP: u32 = 32;

/// How far apart images are loaded: the main one keeps the addresses that its own file uses.
pub(super) const fn image_stride(pointer: u8) -> u64 {
    if pointer == 8 { 0x0100_0000_0000 } else { 0x1000_0000 }
}

/// Images that fit below the made-up regions of 32 bits.
pub(in crate::inspect) const MAX_LIBRARIES: usize = 8;

/// Libraries that come with every system or with Python: the run times of C, C++, OpenMP and Fortran (wheels bring
/// copies of the last ones), and what Windows has.
const SYSTEM_LIBRARIES: [&str; 51] = [
    "libc.",
    "libm.",
    "libpthread",
    "libdl.",
    "librt.",
    "libutil.",
    "libstdc++",
    "libgomp",
    "libgfortran",
    "libquadmath",
    "libgcc_s",
    "libc++",
    "ld-",
    "libpython",
    "libsystem",
    "libobjc",
    "kernel32",
    "api-ms-",
    "ext-ms-",
    "vcruntime",
    "vcomp",
    "concrt",
    "msvcp",
    "ucrtbase",
    "msvcrt",
    "python",
    "advapi32.",
    "bcrypt.",
    "bcryptprimitives.",
    "comctl32.",
    "comdlg32.",
    "crypt32.",
    "dbghelp.",
    "gdi32.",
    "iphlpapi.",
    "ntdll.",
    "ole32.",
    "oleaut32.",
    "pdh.",
    "powrprof.",
    "psapi.",
    "rpcrt4.",
    "secur32.",
    "setupapi.",
    "shell32.",
    "shlwapi.",
    "user32.",
    "userenv.",
    "version.",
    "winmm.",
    "ws2_32.",
];

/// Folders that only Apple puts libraries into.
const SYSTEM_FOLDERS: [&str; 2] = ["/usr/lib/", "/System/Library/"];

impl<'a, 'data> Space<'a, 'data> {
    /// Loads the main image, and libraries whose exports its imports are looked up in, in the order given.
    pub(super) fn new(main: &'a Image<'data>, libraries: &'a [Image<'data>], minor: u8) -> Self {
        let regions = Regions::new(main.pointer_size);
        let images: Vec<(&Image, u64)> = std::iter::once(main)
            .chain(libraries)
            .zip((0..).map(|index| index * image_stride(main.pointer_size)))
            .collect();
        // Known by name even where it is not imported: code can look it up.
        let mut names = vec!["PyUnstable_Module_SetGIL"];
        let mut known: FxHashMap<&str, u64> =
            FxHashMap::from_iter([("PyUnstable_Module_SetGIL", regions.imports)]);
        let mut loaded = Vec::new();
        for &(image, base) in &images {
            let mut imports = Vec::with_capacity(image.imports().len());
            for import in image.imports() {
                let address = *known.entry(import.name).or_insert_with(|| {
                    let exported = images
                        .iter()
                        .find_map(|(other, base)| Some(other.export(import.name)?.wrapping_add(*base)));
                    exported.unwrap_or_else(|| {
                        names.push(import.name);
                        regions.imports + (names.len() as u64 - 1) * IMPORT_STRIDE
                    })
                });
                imports.push(address);
            }
            loaded.push(Loaded { image, base, imports });
        }
        let needs_others = libraries.is_empty() && main.libraries().iter().any(|library| !is_system(library));
        Self {
            images: loaded,
            names,
            regions,
            pointer: main.pointer_size,
            minor,
            needs_others,
            held: Held::default(),
            touched: Cell::new(0),
        }
    }

    /// A word of memory was read or written.
    pub(super) fn touch(&self) {
        self.touched.set(self.touched.get() + 1);
    }

    /// The steps that pay for the words touched since the last call, so that the limit of steps is one of time
    /// also where one instruction moves a block.
    pub(super) fn paid(&self) -> u32 {
        let touched = self.touched.get();
        self.touched.set(touched % WORDS_PER_STEP);
        touched / WORDS_PER_STEP
    }

    /// The imported symbol at an address, and the distance from its start.
    pub(super) fn import_at(&self, address: u64) -> Option<(&'data str, u64)> {
        let distance = address.checked_sub(self.regions.imports)?;
        let name = self.names.get(usize::try_from(distance / IMPORT_STRIDE).ok()?)?;
        Some((name, distance % IMPORT_STRIDE))
    }

    /// The address of an imported symbol.
    pub(super) fn import(&self, name: &str) -> Option<u64> {
        let index = self.names.iter().position(|other| *other == name)?;
        Some(self.regions.imports + index as u64 * IMPORT_STRIDE)
    }

    /// Whether an address lies in data of an image that code can change.
    pub(super) fn is_writable(&self, address: u64) -> bool {
        self.image_at(address).is_some_and(|loaded| {
            let own = address.wrapping_sub(loaded.base);
            let segments = loaded.image.segments().iter();
            segments
                .filter(|segment| segment.writable)
                .any(|segment| own.wrapping_sub(segment.address) < segment.size)
        })
    }

    /// Whether the loader puts the address of an import there.
    pub(super) fn is_import(&self, address: u64) -> bool {
        let fixup =
            self.image_at(address).and_then(|loaded| loaded.image.fixup(address.wrapping_sub(loaded.base)));
        matches!(fixup, Some(Fixup::Import { .. } | Fixup::Resolver(_)))
    }

    /// The image that an address lies in.
    pub(super) fn image_at(&self, address: u64) -> Option<&Loaded<'a, 'data>> {
        self.images.iter().find(|loaded| {
            let own = address.wrapping_sub(loaded.base);
            loaded.image.segments().iter().any(|segment| own.wrapping_sub(segment.address) < segment.size)
        })
    }

    /// Code from an address to the end of its segment.
    pub(super) fn code(&self, address: u64) -> Option<&'data [u8]> {
        let loaded = self.image_at(address)?;
        loaded.image.code(address.wrapping_sub(loaded.base))
    }

    /// The word that the loader leaves at an address, before any code has run.
    pub(super) fn initial_word(&self, address: u64) -> Value {
        if address < NULL_OBJECT {
            return Value::Unknown;
        }
        let Some(loaded) = self.image_at(address) else { return self.made_up_word(address) };
        let own = address.wrapping_sub(loaded.base);
        let pointer = u64::from(self.pointer);
        let mut fixups =
            loaded.image.fixups_within(own.saturating_sub(pointer - 1), own.saturating_add(pointer));
        if let Some((at, fixup)) = fixups.next() {
            // Two half-overlapping fixups, or one that is not aligned: nothing that a compiler makes.
            return if at == own && fixups.next().is_none() { loaded.resolve(fixup) } else { Value::Unknown };
        }
        let mut bytes = [0; 8];
        let Some(part) = bytes.get_mut(..usize::from(self.pointer)) else { return Value::Unknown };
        if !loaded.image.read(own, part) {
            return Value::Unknown;
        }
        Value::Known(threads::with_number(self, loaded, own, u64::from_le_bytes(bytes)))
    }

    /// A word outside of every image.
    fn made_up_word(&self, address: u64) -> Value {
        match self.import_at(address) {
            // `PY_VERSION_HEX` of a final release; the patch number is not known.
            Some(("Py_Version", 0)) => Value::Known(0x0300_00f0 | u64::from(self.minor) << 16),
            Some(("__stack_chk_guard", 0)) => Value::Known(threads::CANARY),
            Some(_) => Value::Unknown,
            None => threads::word(self, address),
        }
    }

    /// A name for an address, for people: `symbol+0x10 (0x1234)`.
    pub(super) fn describe(&self, address: u64) -> String {
        if let Some((name, _)) = self.import_at(address) {
            return name.to_owned();
        }
        let named = self
            .image_at(address)
            .and_then(|loaded| loaded.image.symbol_near(address.wrapping_sub(loaded.base)));
        match named {
            Some((name, 0)) => format!("{name} ({address:#x})"),
            Some((name, offset)) => format!("{name}+{offset:#x} ({address:#x})"),
            None => format!("{address:#x}"),
        }
    }
}

impl Loaded<'_, '_> {
    fn resolve(&self, fixup: Fixup) -> Value {
        match fixup {
            Fixup::Address(address) => Value::Known(address.wrapping_add(self.base)),
            Fixup::Import { index, addend } => match self.imports.get(index as usize) {
                Some(address) => Value::Known(address.wrapping_add_signed(addend)),
                None => Value::Unknown,
            },
            Fixup::Resolver(_) => Value::NonNull,
            Fixup::ThreadLocal | Fixup::Other => Value::Unknown,
        }
    }
}

/// Whether a library is one of those that every system has, or Python itself.
pub(in crate::inspect) fn is_system(library: &str) -> bool {
    let file = library.rsplit(['/', '\\']).next().unwrap_or(library).to_ascii_lowercase();
    SYSTEM_FOLDERS.iter().any(|folder| library.starts_with(folder))
        || SYSTEM_LIBRARIES.iter().any(|prefix| file.starts_with(prefix))
}
