//! What an input turned out to be.

use std::path::PathBuf;

/// One thing on disk that can be unpacked.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Artifact {
    /// Where it is.
    pub path: PathBuf,
    /// What it is.
    pub kind: ArtifactKind,
}

/// The kinds of artifact.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum ArtifactKind {
    /// A `.whl` file.
    Wheel,
    /// A folder with installed distributions (`*.dist-info`, `*.egg-info`): a `site-packages`.
    SitePackages {
        /// The Python that it belongs to, as `pyvenv.cfg` or the folder's own path tells it
        /// (`3.12.4`, `3.14.0t`, `3.14t`); none where neither does.
        python: Option<String>,
        /// What its distributions have elsewhere, sorted.
        editables: Vec<Editable>,
    },
    /// A folder of files without any installation metadata, such as an unpacked wheel's content.
    Tree {
        /// Folders below it that are artifacts of their own, sorted.
        without: Vec<PathBuf>,
    },
    /// A single extension module.
    Module,
}

/// A folder outside of a `site-packages` that makes modules importable there: an editable install, or a line of a
/// `.pth` file.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Editable {
    /// Normalised name of the distribution that owns it; none where nothing tells.
    pub distribution: Option<String>,
    /// The folder; where a single module is mapped, its file's path without the suffix.
    pub path: PathBuf,
    /// What it is imported as: the package's path with `/` between parts, empty for a folder of top-level
    /// modules; none where that cannot be told, and the folder is the project's.
    pub package: Option<String>,
}
