//! Why something is believed: a sentence, and where in the file to check it.

use serde::{Deserialize, Serialize};

/// One observation that a person can check with `objdump`, `readelf` or `unzip`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Evidence {
    /// Where it comes from.
    pub kind: EvidenceKind,
    /// A sentence.
    pub text: String,
    /// Virtual address in the image, as `objdump` prints it.
    pub address: Option<u64>,
    /// Symbol that it is about.
    pub symbol: Option<String>,
}

impl Evidence {
    /// Evidence that no address or symbol belongs to.
    pub fn new(kind: EvidenceKind, text: impl Into<String>) -> Self {
        Self { kind, text: text.into(), address: None, symbol: None }
    }

    /// The same with the virtual address it was seen at.
    #[must_use]
    pub fn at(self, address: u64) -> Self {
        Self { address: Some(address), ..self }
    }

    /// The same with the symbol it is about.
    #[must_use]
    pub fn of(self, symbol: impl Into<String>) -> Self {
        Self { symbol: Some(symbol.into()), ..self }
    }
}

/// Where an observation was made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum EvidenceKind {
    /// A wheel tag.
    WheelTag,
    /// The file's name.
    FileName,
    /// A library that the file names as needed.
    Library,
    /// An imported or exported symbol.
    Symbol,
    /// The first bytes of a `PyModuleDef`.
    DefinitionHead,
    /// A `PyABIInfo` record.
    AbiInfo,
    /// A module slot.
    Slot,
    /// A call that the init function makes.
    Call,
    /// A text found in the file.
    Text,
    /// Where an analysis ended.
    Stop,
    /// A checksum.
    Hash,
    /// A header of the distribution's metadata.
    Metadata,
    /// A line of a source archive: what a build makes of it is not known.
    Source,
    /// What an interpreter did.
    Run,
    /// A record of a database.
    Database,
}
