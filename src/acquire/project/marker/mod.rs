//! Markers: when a requirement counts. Written here, and not taken from a crate, because lock files need what the
//! crates for PEP 508 leave out: the sets `extras` and `dependency_groups` of PEP 751, and values that nobody knows
//! (a kernel's release, a patch version), which must not decide in silence. Evaluation is linear in the text, which
//! hostile files can rely on no more than we on theirs.

mod evaluate;
mod parse;
mod values;

pub(super) use evaluate::Selected;
pub(super) use parse::MarkerError;

/// A condition on where something is installed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Marker {
    /// All of them; none holds always.
    All(Vec<Marker>),
    /// Any of them.
    Any(Vec<Marker>),
    /// One comparison.
    Comparison(Comparison),
}

/// Two values and what is asked of them; one of them at least is a variable.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Comparison {
    left: Value,
    operator: Operator,
    right: Value,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Value {
    Text(String),
    Variable(Variable),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Operator {
    Less,
    AtMost,
    Equal,
    NotEqual,
    AtLeast,
    More,
    Compatible,
    Identical,
    In,
    NotIn,
}

/// What a marker can ask for
/// ([dependency specifiers](https://packaging.python.org/en/latest/specifications/dependency-specifiers/)).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Variable {
    OsName,
    SysPlatform,
    PlatformMachine,
    PlatformPythonImplementation,
    PlatformRelease,
    PlatformSystem,
    PlatformVersion,
    PythonVersion,
    PythonFullVersion,
    ImplementationName,
    ImplementationVersion,
    Extra,
    Extras,
    DependencyGroups,
}

impl Marker {
    /// Holds everywhere.
    pub(super) const ALWAYS: Self = Self::All(Vec::new());

    /// Both.
    pub(super) fn and(self, other: Self) -> Self {
        match (self, other) {
            (Self::All(none), other) | (other, Self::All(none)) if none.is_empty() => other,
            (one, other) => Self::All(vec![one, other]),
        }
    }

    /// Any of several; always where there is none.
    pub(super) fn any_of(mut markers: Vec<Self>) -> Self {
        match markers.len() {
            0 => Self::ALWAYS,
            1 => markers.remove(0),
            _ => Self::Any(markers),
        }
    }
}
