//! What databases say of packages: each statement with where it comes from and when it was checked. Apart from findings,
//! which are what this program says itself.

use super::{Platform, Target};
use std::fmt;

/// A database, as reports name it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Database {
    /// `embedded`, or where it was read from.
    pub name: String,
    /// A checksum of its content in hexadecimal: two of the same version say the same.
    pub version: String,
    /// The day that its newest record was checked (`2026-11-21`); empty where it has none.
    pub date: String,
    /// How many packages it has records of.
    pub packages: usize,
}

/// One statement about versions of a package.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Record {
    /// The versions that it is about, as a specifier (`>=1.2`, PEP 440); none where nobody says, and it is about the newest
    /// one of the day that it was checked.
    pub versions: Option<String>,
    /// The targets that it is about; all where none are named.
    pub targets: Vec<Target>,
    /// The platforms that it is about; all where none are named.
    pub platforms: Vec<Platform>,
    /// What is said.
    pub status: KnownStatus,
    /// Who says it.
    pub basis: Basis,
    /// What shows it.
    pub proof: Proof,
    /// The day that it was checked on (`2026-11-21`).
    pub checked: String,
    /// What else there is to know.
    pub note: Option<String>,
}

impl Record {
    /// Whether it is about a target.
    #[must_use]
    pub fn is_about(&self, target: Target) -> bool {
        self.targets.is_empty() || self.targets.contains(&target)
    }

    /// The wheel that was measured, where one was.
    #[must_use]
    pub const fn wheel(&self) -> Option<&MeasuredWheel> {
        match &self.proof {
            Proof::Wheel(wheel) => Some(wheel),
            _ => None,
        }
    }
}

/// `lxml >=5.1 leaves the GIL off` without the name: reads behind one.
impl fmt::Display for Record {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(versions) = &self.versions {
            write!(f, "{versions} ")?;
        }
        f.write_str(self.status.words())
    }
}

/// What is said of a package.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum KnownStatus {
    /// Importing it leaves the GIL off, or it is said to support that.
    GilFree,
    /// Importing it turns the GIL on.
    RequiresGil,
    /// There is no wheel of it for these targets.
    NoWheel,
    /// It ends the interpreter.
    Crashes,
    /// It races without the GIL.
    Unsafe,
    /// Support is under way or not complete.
    Partial,
}

impl KnownStatus {
    /// Every status.
    pub const ALL: [Self; 6] =
        [Self::GilFree, Self::RequiresGil, Self::NoWheel, Self::Crashes, Self::Unsafe, Self::Partial];

    /// The identifier used in databases and reports.
    #[must_use]
    pub const fn id(self) -> &'static str {
        match self {
            Self::GilFree => "gil-free",
            Self::RequiresGil => "requires-gil",
            Self::NoWheel => "no-wheel",
            Self::Crashes => "crashes",
            Self::Unsafe => "unsafe",
            Self::Partial => "partial",
        }
    }

    /// As a predicate.
    #[must_use]
    pub const fn words(self) -> &'static str {
        match self {
            Self::GilFree => "leaves the GIL off",
            Self::RequiresGil => "turns the GIL on",
            Self::NoWheel => "has no wheel",
            Self::Crashes => "crashes",
            Self::Unsafe => "is not safe without the GIL",
            Self::Partial => "is not ready in full",
        }
    }
}

impl fmt::Display for KnownStatus {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.id())
    }
}

/// Who says something, the most trusted first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Basis {
    /// This program: it decoded the file, or ran it too.
    Measured,
    /// The project itself.
    Upstream,
    /// Somebody who keeps track of many projects.
    Tracker,
    /// The distribution's metadata.
    Classifier,
    /// Anybody.
    Claim,
}

impl Basis {
    /// Every basis.
    pub const ALL: [Self; 5] = [Self::Measured, Self::Upstream, Self::Tracker, Self::Classifier, Self::Claim];

    /// The identifier used in databases and reports.
    #[must_use]
    pub const fn id(self) -> &'static str {
        match self {
            Self::Measured => "measured",
            Self::Upstream => "upstream",
            Self::Tracker => "tracker",
            Self::Classifier => "classifier",
            Self::Claim => "claim",
        }
    }

    /// As the subject of a sentence.
    #[must_use]
    pub const fn words(self) -> &'static str {
        match self {
            Self::Measured => "a measurement",
            Self::Upstream => "the project",
            Self::Tracker => "a tracker",
            Self::Classifier => "the classifier",
            Self::Claim => "a claim",
        }
    }
}

impl fmt::Display for Basis {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.id())
    }
}

/// What shows a statement.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Proof {
    /// A wheel, that anybody can measure again.
    Wheel(MeasuredWheel),
    /// The names of all files of a version: none of them fits.
    Listing(Vec<String>),
    /// Where it is said.
    Address(String),
    /// Who says it, where that has no address.
    Said(String),
}

impl Proof {
    /// Where to look, for the end of a sentence.
    #[must_use]
    pub fn place(&self) -> String {
        match self {
            Self::Wheel(wheel) => wheel.file.clone(),
            _ => self.to_string(),
        }
    }
}

impl fmt::Display for Proof {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Wheel(wheel) => wheel.fmt(f),
            Self::Listing(files) if files.is_empty() => f.write_str("there is no file at all"),
            Self::Listing(files) => write!(f, "none fits of its files ({})", files.len()),
            Self::Address(text) | Self::Said(text) => f.write_str(text),
        }
    }
}

/// A wheel that this program has measured.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct MeasuredWheel {
    /// Its name.
    pub file: String,
    /// Of the whole file, in lower-case hexadecimal.
    pub sha256: String,
    /// How many files it has with the name of an extension module.
    pub modules: usize,
    /// The version of this program.
    pub tool: String,
    /// The interpreter that confirmed every module (`CPython 3.14.7t`); none where the wheel was decoded only.
    pub interpreter: Option<String>,
    /// Whether every module leaves the GIL off, no rule found anything but leads ([`super::Severity::Info`]), and no module
    /// of it makes those of others: decoding it again would tell little but that.
    pub clean: bool,
}

impl fmt::Display for MeasuredWheel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { file, sha256, interpreter, tool, .. } = self;
        let run = interpreter.as_ref().map_or("not run".to_owned(), |python| format!("run by {python}"));
        write!(f, "{file}, sha256 {sha256}, decoded by ftaudit {tool}, {run}")
    }
}

/// A statement, and what it has to do with a version that is audited.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Known {
    /// The statement.
    pub record: Record,
    /// The database that has it, as [`Database::name`] says it.
    pub database: String,
    /// What it has to do with the version.
    pub bearing: Bearing,
    /// How many days ago it was checked.
    pub age: i64,
    /// Whether the file that was measured is the very file that is audited; none where that was not looked at, or is not
    /// known.
    pub same_file: Option<bool>,
    /// Whether the same database has measured otherwise: a wheel of a version, a target and a platform that it is about.
    pub belied: bool,
}

/// Days after which what is known counts as old: half a year, in which `CPython` goes from its first beta to the release.
pub const STALE: i64 = 180;

impl Known {
    /// `lxml >=5.1 leaves the GIL off (claim of 2026-11-21): an article`, behind the name.
    #[must_use]
    pub fn sentence(&self, package: &str) -> String {
        let Record { basis, checked, proof, .. } = &self.record;
        format!("{package} {} ({basis}, {checked}): {proof}", self.record)
    }

    /// `a claim says that >=5.1 leaves the GIL off (an article)`
    #[must_use]
    pub fn said(&self) -> String {
        format!("{} says that {} ({})", self.record.basis.words(), self.record, self.record.proof.place())
    }

    /// Whether it is about the version that is audited, under a target.
    #[must_use]
    pub fn applies(&self, target: Target) -> bool {
        self.bearing == Bearing::This && self.record.is_about(target)
    }
}

/// What a statement has to do with a version.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Bearing {
    /// It is about this one.
    This,
    /// It is about later ones, from this one on.
    Later(String),
    /// It is about earlier ones.
    Earlier,
    /// It names no version.
    Unsaid,
}

impl Bearing {
    /// The identifier used in reports.
    #[must_use]
    pub const fn id(&self) -> &'static str {
        match self {
            Self::This => "this",
            Self::Later(_) => "later",
            Self::Earlier => "earlier",
            Self::Unsaid => "unsaid",
        }
    }
}
