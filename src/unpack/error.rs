//! Why an artifact, or one file of it, cannot be read. Each variant says whose fault it usually is.

/// Every variant names the file, and its message the cause; a hint stands on a line of its own.
#[derive(Debug, thiserror::Error)]
pub enum UnpackError {
    /// A member that this artifact does not have. The caller's fault: it mixed up artifacts.
    #[error("there is no such file in what was opened")]
    NotHere {
        /// The file, as a chain.
        file: String,
    },
}

impl UnpackError {
    /// What the report says of it: the file had to be audited, and was not.
    #[must_use]
    pub fn note(&self) -> crate::model::Note {
        let Self::NotHere { file } = self;
        crate::model::Note::unread(file, self.to_string())
    }
}
