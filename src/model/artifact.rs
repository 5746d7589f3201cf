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
        /// (`3.12.4`, `3.14t`); none where neither does.
        python: Option<String>,
    },
    /// A folder of files without any installation metadata, such as an unpacked wheel's content.
    Tree,
    /// A single extension module.
    Module,
}
