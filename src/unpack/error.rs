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
