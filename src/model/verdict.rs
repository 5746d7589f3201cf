//! The answers.

use super::{Evidence, Target};
use std::borrow::Cow;
use std::fmt;

/// The answer for a module or a distribution, best first: the worse of two is the greater.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Verdict {
    /// A distribution without any extension module.
    PurePython,
    /// The file has no init function of its name: no import statement loads it as an extension module.
    NotAnExtension,
    /// Importing it leaves the GIL off.
    GilFree,
    /// It could not be told; the reason says why.
    Undetermined,
    /// A distribution without a wheel for the target: its source archive would be compiled.
    SourceOnly,
    /// Importing it turns the GIL on, for the rest of the process.
    RequiresGil,
    /// A distribution that an installer finds no file of for the target.
    NotAvailable,
    /// The target does not load it, or loads it and crashes.
    IncompatibleAbi,
}

impl Verdict {
    /// Every verdict, best first.
    pub const ALL: [Self; 8] = [
        Self::PurePython,
        Self::NotAnExtension,
        Self::GilFree,
        Self::Undetermined,
        Self::SourceOnly,
        Self::RequiresGil,
        Self::NotAvailable,
        Self::IncompatibleAbi,
    ];

    /// The identifier used in reports.
    #[must_use]
    pub const fn id(self) -> &'static str {
        match self {
            Self::PurePython => "pure-python",
            Self::NotAnExtension => "not-an-extension",
            Self::GilFree => "gil-free",
            Self::Undetermined => "undetermined",
            Self::SourceOnly => "source-only",
            Self::RequiresGil => "requires-gil",
            Self::NotAvailable => "not-available",
            Self::IncompatibleAbi => "incompatible-abi",
        }
    }
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.id())
    }
}

/// A verdict, why, and what shows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Judgement {
    /// The answer.
    pub verdict: Verdict,
    /// Why.
    pub reason: Reason,
    /// What shows it, strongest first.
    pub evidence: Vec<Evidence>,
}

/// Why a verdict is what it is. Each value reads as a sentence whose subject is the module.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Reason {
    /// `Py_mod_gil` says `Py_MOD_GIL_NOT_USED`.
    SlotNotUsed,
    /// `PyUnstable_Module_SetGIL` says `Py_MOD_GIL_NOT_USED`.
    CallNotUsed,
    /// The wheel that it is in was not decoded: the very file was measured before, and every module of it left the GIL
    /// off.
    Measured {
        /// The day that this was checked on.
        checked: String,
    },
    /// `Py_mod_gil` says `Py_MOD_GIL_USED`.
    SlotUsed,
    /// `PyUnstable_Module_SetGIL` says `Py_MOD_GIL_USED`.
    CallUsed,
    /// `Py_mod_gil` has a value that this target takes for "used" (3.15 knows 0 and 1 only).
    SlotOddUsed(u64),
    /// `Py_mod_gil` has a value that this target takes for "not used" (3.13 and 3.14 compare with 0 only).
    SlotOddNotUsed(u64),
    /// `PyUnstable_Module_SetGIL` got a value that is neither 0 nor 1.
    CallOdd(u64),
    /// Multi-phase, without a `Py_mod_gil` slot.
    NoSlot,
    /// Single-phase, without `PyUnstable_Module_SetGIL`.
    SinglePhase,
    /// `Py_mod_create` returns something that is no module.
    CreatesNoModule,
    /// The module object, and the declaration with it, comes from another module.
    DelegatedNotUsed(String),
    /// The same, and that module declares the GIL used.
    DelegatedUsed(String),
    /// Its file name has a suffix that the target does not look for.
    SuffixNotLoaded {
        /// The suffix.
        suffix: String,
        /// The interpreter it is for, as far as the suffix tells.
        made_for: Option<String>,
        /// The target.
        target: Target,
    },
    /// Built with the object layout of the GIL build.
    BuiltForGil(Target),
    /// Built for the free-threaded build of another version.
    BuiltForOther {
        /// What it was built for.
        built_for: String,
        /// The target.
        target: Target,
    },
    /// A slot number that the target refuses with `SystemError`.
    SlotRefused {
        /// The number.
        id: u16,
        /// The target.
        target: Target,
    },
    /// Two slots of a kind that may stand once: `SystemError`.
    SlotTwice {
        /// The number.
        id: u16,
        /// The target.
        target: Target,
    },
    /// 3.15's guard in `PyModuleDef_Init` refuses the definition's header (gh-137956).
    HeadRefused {
        /// `ob_flags`.
        flags: u16,
    },
    /// 3.15 refuses a slot-array module without, or with an unfit, `Py_mod_abi`.
    AbiSlot(String),
    /// The wheel's tags: the target does not install it.
    TagNotInstallable {
        /// The tags, each once and without its platform.
        tags: String,
        /// The target.
        target: Target,
    },
    /// No wheel fits, and this source archive would be compiled.
    SourceArchive(String),
    /// An installer finds no file that fits.
    NoFile(String),
    /// The init function raises whatever happens.
    InitFails(String),
    /// No init function of its name; other names may have one.
    NoHook {
        /// The symbol that was looked for.
        expected: String,
        /// Hooks of other names in the file.
        others: Vec<String>,
    },
    /// Could not be told.
    CannotTell(String),
    /// Could not be read.
    Unread(String),
    /// The binary did not tell, and an interpreter showed it.
    SeenAtRunTime {
        /// What was seen, as a phrase.
        seen: String,
        /// The interpreter.
        python: String,
    },
    /// A distribution without compiled members.
    NoModules,
    /// Several slices or files disagree, or a distribution's verdict is that of its worst module.
    WorstOf {
        /// How many have this verdict.
        count: usize,
        /// Of how many.
        total: usize,
    },
}

impl Reason {
    /// The identifier used in reports.
    #[must_use]
    pub const fn id(&self) -> &'static str {
        match self {
            Self::SlotNotUsed => "slot-not-used",
            Self::CallNotUsed => "call-not-used",
            Self::SlotUsed => "slot-used",
            Self::CallUsed => "call-used",
            Self::SlotOddUsed(_) | Self::SlotOddNotUsed(_) => "slot-odd-value",
            Self::CallOdd(_) => "call-odd-value",
            Self::NoSlot => "no-slot",
            Self::SinglePhase => "single-phase",
            Self::Measured { .. } => "measured",
            Self::CreatesNoModule => "creates-no-module",
            Self::DelegatedNotUsed(_) => "delegated-not-used",
            Self::DelegatedUsed(_) => "delegated-used",
            Self::SuffixNotLoaded { .. } => "suffix-not-loaded",
            Self::BuiltForGil(_) => "built-for-gil",
            Self::BuiltForOther { .. } => "built-for-other",
            Self::SlotRefused { .. } => "slot-refused",
            Self::SlotTwice { .. } => "slot-twice",
            Self::HeadRefused { .. } => "head-refused",
            Self::AbiSlot(_) => "abi-slot",
            Self::TagNotInstallable { .. } => "tag-not-installable",
            Self::SourceArchive(_) => "source-archive",
            Self::NoFile(_) => "no-file",
            Self::InitFails(_) => "init-fails",
            Self::NoHook { .. } => "no-hook",
            Self::CannotTell(_) => "cannot-tell",
            Self::Unread(_) => "unread",
            Self::SeenAtRunTime { .. } => "seen-at-run-time",
            Self::NoModules => "no-modules",
            Self::WorstOf { .. } => "worst-of",
        }
    }
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text: Cow<'_, str> = match self {
            Self::SlotNotUsed => "declares Py_MOD_GIL_NOT_USED in its Py_mod_gil slot".into(),
            Self::CallNotUsed => "declares Py_MOD_GIL_NOT_USED through PyUnstable_Module_SetGIL".into(),
            Self::SlotUsed => "declares Py_MOD_GIL_USED in its Py_mod_gil slot".into(),
            Self::CallUsed => "declares Py_MOD_GIL_USED through PyUnstable_Module_SetGIL".into(),
            Self::SlotOddUsed(value) => return odd(f, *value, "used"),
            Self::SlotOddNotUsed(value) => return odd(f, *value, "not used"),
            Self::CallOdd(value) => {
                format!("passes {value:#x} to PyUnstable_Module_SetGIL, which is neither 0 nor 1").into()
            }
            Self::NoSlot => "declares nothing: multi-phase initialization without a Py_mod_gil slot".into(),
            Self::SinglePhase => {
                "declares nothing: single-phase initialization without PyUnstable_Module_SetGIL".into()
            }
            Self::CreatesNoModule => {
                "returns something that is no module from Py_mod_create, which turns the GIL on".into()
            }
            Self::Measured { checked } => {
                format!("was found to leave the GIL off when this very file was measured, on {checked}").into()
            }
            Self::DelegatedNotUsed(to) => {
                format!("is created by {to}, which declares Py_MOD_GIL_NOT_USED").into()
            }
            Self::DelegatedUsed(to) => {
                format!("is created by {to}, which does not declare Py_MOD_GIL_NOT_USED").into()
            }
            Self::SuffixNotLoaded { suffix, made_for, target } => {
                not_loaded(suffix, made_for.as_deref(), *target).into()
            }
            Self::BuiltForGil(target) => format!(
                "was built for Python with the GIL: {target} has another object layout, and fails to import it or crashes"
            )
            .into(),
            Self::BuiltForOther { built_for, target } => {
                format!("was built for {built_for}, not for {target}").into()
            }
            Self::SlotRefused { id, target } => format!("has slot {id}, which {target} refuses").into(),
            Self::SlotTwice { id, target } => format!("has slot {id} twice, which {target} refuses").into(),
            Self::HeadRefused { flags } => format!(
                "has a PyModuleDef that 3.15t refuses as built for Python with the GIL (ob_flags {flags:#x})"
            )
            .into(),
            Self::AbiSlot(why) => format!("is refused by 3.15t's ABI check: {why}").into(),
            Self::TagNotInstallable { tags, target } => {
                format!("cannot be installed on {target}: its wheel is tagged {tags}").into()
            }
            Self::SourceArchive(file) => format!("has no wheel that fits: {file} would be compiled").into(),
            Self::NoFile(why) => format!("cannot be installed: {why}").into(),
            Self::InitFails(why) => format!("cannot be imported: {why}").into(),
            Self::NoHook { expected, others } => return no_hook(f, expected, others),
            Self::CannotTell(why) => format!("cannot be told: {why}").into(),
            Self::Unread(why) => format!("could not be read: {why}").into(),
            Self::SeenAtRunTime { seen, python } => format!("{seen}, by {python}").into(),
            Self::NoModules => "has no compiled files".into(),
            Self::WorstOf { count, total: 1 } => format!("{count} of 1 module").into(),
            Self::WorstOf { count, total } => format!("{count} of {total} modules").into(),
        };
        f.write_str(&text)
    }
}

fn not_loaded(suffix: &str, made_for: Option<&str>, target: Target) -> String {
    match made_for {
        Some(made_for) => format!("is not loaded by {target}: the suffix {suffix} is for {made_for}"),
        None => format!("is not loaded by {target}, which does not look for the suffix {suffix}"),
    }
}

fn odd(f: &mut fmt::Formatter<'_>, value: u64, taken_for: &str) -> fmt::Result {
    write!(f, "has a Py_mod_gil slot of {value:#x}, which this Python takes for \"{taken_for}\"")
}

/// A library may have hooks of many names.
fn no_hook(f: &mut fmt::Formatter<'_>, expected: &str, others: &[String]) -> fmt::Result {
    match others {
        [] => write!(f, "has no {expected}"),
        [_] | [_, _] | [_, _, _] => write!(f, "has no {expected}, only {}", others.join(", ")),
        [first, ..] => write!(f, "has no {expected}, only {first} and {} others", others.len() - 1),
    }
}
