//! What a binary shows, before anything is concluded from it.

use super::{Evidence, Init, Target, Usage};
use serde::{Deserialize, Serialize};
use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt;

/// What one file shows.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Facts {
    /// Container format.
    pub format: Format,
    /// One for each machine that the file holds code for; a universal Mach-O file has several.
    pub slices: Vec<Slice>,
}

/// What the code for one machine shows.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Slice {
    /// The machine.
    pub arch: Arch,
    /// The interpreter that it was built for.
    pub built_for: BuiltFor,
    /// The tool that wrote the glue between Python and native code.
    pub origin: Option<BindingTool>,
    /// What the init function does under each target asked for.
    pub init: BTreeMap<Target, Init>,
    /// What it uses that matters where several threads run its code; of a file without a hook nothing is told.
    pub usage: Usage,
}

/// Executable formats.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Format {
    /// System V ABI, "Object files".
    Elf,
    /// Microsoft PE/COFF.
    Pe,
    /// Apple Mach-O, thin or universal.
    MachO,
}

impl fmt::Display for Format {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Elf => "elf",
            Self::Pe => "pe",
            Self::MachO => "mach-o",
        })
    }
}

/// Machines, named as Python's platform tags name them.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Arch {
    /// AMD64.
    X86_64,
    /// 32-bit x86.
    I686,
    /// 64-bit Arm (A64).
    Aarch64,
    /// Any other, by its name or its number in the file's header.
    Other(String),
}

impl fmt::Display for Arch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::X86_64 => "x86_64",
            Self::I686 => "i686",
            Self::Aarch64 => "aarch64",
            Self::Other(name) => name,
        })
    }
}

/// A Python feature version (`3.14`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct PythonVersion {
    /// Always 3 for files that can be imported today.
    pub major: u8,
    /// Feature release.
    pub minor: u8,
}

impl fmt::Display for PythonVersion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.major, self.minor)
    }
}

/// Which of `CPython`'s binary interfaces a module uses.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Abi {
    /// That of builds with the GIL.
    Gil,
    /// That of free-threaded builds (PEP 703).
    FreeThreaded,
    /// The stable ABI of builds with the GIL, `abi3` (PEP 384).
    Abi3,
    /// The stable ABI of free-threaded builds, `abi3t` (PEP 803); a module may be good for both.
    Abi3t,
}

impl Abi {
    /// Whether a free-threaded interpreter can run such code at all.
    #[must_use]
    pub const fn is_free_threaded(self) -> bool {
        matches!(self, Self::FreeThreaded | Self::Abi3t)
    }
}

impl fmt::Display for Abi {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Gil => "the GIL build",
            Self::FreeThreaded => "the free-threaded build",
            Self::Abi3 => "the stable ABI of the GIL build (abi3)",
            Self::Abi3t => "the stable ABI of the free-threaded build (abi3t)",
        })
    }
}

/// The interpreter that a binary was built for, judged by the binary alone: neither its own name nor the
/// wheel's counts here.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct BuiltFor {
    /// Feature version, where something in the binary tells it.
    pub python: Option<PythonVersion>,
    /// Binary interface, where something in the binary tells it.
    pub abi: Option<Abi>,
    /// What tells, strongest first. Evidence against the conclusion is kept too.
    pub evidence: Vec<Evidence>,
}

/// The tool that generated a module.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct BindingTool {
    /// Its usual name: `Cython`, `pybind11`, `nanobind`, `PyO3`, `SWIG`, `cffi`, `mypyc`, `f2py`, `SIP` …
    pub name: Cow<'static, str>,
    /// Its version, where the binary tells it.
    pub version: Option<String>,
    /// What tells.
    pub evidence: Evidence,
    /// The one line to ask the module's maintainers for, once they have checked that their code is ready.
    pub declare_with: Cow<'static, str>,
}
