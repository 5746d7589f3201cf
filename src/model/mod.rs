//! The nouns that the stages hand to each other. Nothing here reads a file, decides or prints a report.

mod artifact;
mod audience;
mod beside;
mod confirmation;
mod difference;
mod distribution;
mod evidence;
mod facts;
mod file_kind;
mod finding;
mod init;
mod inspection;
mod known;
#[cfg(test)]
pub(crate) mod made_up;
mod measured;
mod named;
mod note;
mod platform;
mod report;
mod rule;
mod shown;
pub mod tags;
mod target;
mod trace;
mod usage;
mod verdict;
mod want;
mod wheel_name;

pub use artifact::{Artifact, ArtifactKind, Editable};
pub use audience::Audience;
pub use beside::{Alone, Beside, Bytes};
pub use confirmation::{Agreement, Confirmation, ImportCause, Protection, Runtime, Seen};
pub use difference::{
    Change, ChangeWeight, Difference, Direction, Found, ModuleStep, VerdictId, VerdictStep,
};
pub use distribution::{Distribution, Member, ModuleName};
pub use evidence::{Evidence, EvidenceKind};
pub use facts::{Abi, Arch, BindingTool, BuiltFor, Facts, Format, PythonVersion, Slice};
pub use file_kind::{FileKind, is_audited};
pub use finding::{Confidence, Finding, Level, Severity, Subject, SuppressedBy, Suppression};
pub use init::{
    Creation, Definition, GilCall, Head, Hook, HookKind, Init, Outcome, Slot, SlotArray, SlotValue,
};
pub use inspection::{Answer, Inspection, OtherModule, SlotMeaning};
pub use known::{Basis, Bearing, Database, Known, KnownStatus, MeasuredWheel, Proof, Record, STALE};
pub use measured::{Refreshed, Verification};
pub use named::{Named, ParseNamedError};
pub use note::Note;
pub use platform::{Context, ParsePlatformError, Platform};
pub use report::{Chosen, DistributionReport, Fix, ForeignEnvironment, ModuleReport, Report};
pub use rule::RuleText;
pub use shown::shown;
pub use target::{ParseTargetError, Target};
pub use trace::{Action, PathEnd, Place, Step, Trace, TracedPath};
pub use usage::{BORROWING, Usage, owning};
pub use verdict::{Judgement, Reason, Verdict};
pub use want::{Choice, Considered, Hash, IndexFile, ListedFile, Source, SourceHint, Taken, Want};
pub use wheel_name::{ParseWheelNameError, WheelName, normalise};
