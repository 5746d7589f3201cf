//! Why an index, or a file of one, could not be read. Each cause says whose fault it usually is.

use crate::model::Note;
use std::time::Duration;

/// What could not be read, and why. Holds no credentials.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{about}: {cause}")]
pub struct IndexError {
    /// A file name, or an address without credentials.
    pub about: String,
    /// What is wrong.
    #[source]
    pub cause: Cause,
}

impl IndexError {
    /// What the report says of it: something that had to be audited was not.
    #[must_use]
    pub fn note(&self) -> Note {
        Note::unread(&self.about, self.cause.to_string())
    }
}

/// What can go wrong between this program and an index.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Cause {
    /// The network's or the server's fault; asked again a few times before it is told.
    #[error("cannot be reached: {0}\nhint: check the network, the proxy and the index's address")]
    Unreachable(String),
    /// The server's fault, and mostly a passing one; asked again a few times before it is told.
    #[error("answers with status {status}\nhint: the server is overloaded or broken; try again later")]
    Busy {
        /// HTTP status.
        status: u16,
        /// When the server wants to be asked again.
        after: Option<Duration>,
    },
    /// The caller's fault: credentials are missing or wrong.
    #[error(
        "answers with status {0}: it wants credentials\n\
         hint: put them into the index's URL or ~/.netrc, or set UV_KEYRING_PROVIDER=subprocess"
    )]
    Denied(u16),
    /// The caller's or the server's fault.
    #[error("answers with status {0}\nhint: check the index's address")]
    Status(u16),
    /// The server's fault, or that of a proxy that inspects connections.
    #[error(
        "its certificate is not accepted: {0}\nhint: name your organisation's bundle in SSL_CERT_FILE or PIP_CERT"
    )]
    Tls(String),
    /// The server's fault, or an attacker's.
    #[error("redirects {0}\nhint: check the index's address")]
    Redirect(&'static str),
    /// The server's fault, or an attacker's.
    #[error("has more than {limit} bytes, which is above this tool's limit\nhint: look into it")]
    TooLarge {
        /// What is allowed.
        limit: u64,
    },
    /// The server's fault: something else under that address, such as a login page.
    #[error("is no page of an index: {0}\nhint: check the index's address")]
    Page(String),
    /// The fault of whoever put another file there, which is how attacks look.
    #[error(
        "has the hash {found}, and {expected} is said of it\nhint: do not install it; tell who runs the index"
    )]
    Hash {
        /// What was said before.
        expected: String,
        /// What the bytes, or the index, say.
        found: String,
    },
    /// Damage on the way, or a server that lies.
    #[error(
        "has {found} bytes, and the index says {expected}\nhint: try again; if that does not help, tell who runs it"
    )]
    Size {
        /// What the index says.
        expected: u64,
        /// What came.
        found: u64,
    },
    /// The caller's wish.
    #[error("is not in the cache, and --offline forbids to fetch it\nhint: run once without --offline")]
    Offline,
    /// An attacker's fault.
    #[error("has a name that is no plain file name\nhint: do not install it; tell who runs the index")]
    Name,
    /// The surroundings' fault: permissions, a full disk.
    #[error("cannot be read or kept: {0}\nhint: check the cache folder, and that this user may write there")]
    Io(String),
}

impl IndexError {
    /// The same, about the file that an address belongs to: its name says more, and the address may change.
    pub(super) fn about(self, file: &str) -> Self {
        let about = if self.about.starts_with(file) { self.about } else { format!("{file}: {}", self.about) };
        Self { about, ..self }
    }
}

impl Cause {
    pub(super) fn of(self, about: impl Into<String>) -> IndexError {
        IndexError { about: about.into(), cause: self }
    }

    /// Whether asking again may help.
    pub(super) fn is_passing(&self) -> bool {
        matches!(self, Self::Unreachable(_) | Self::Busy { .. })
    }
}

impl From<std::io::Error> for Cause {
    fn from(error: std::io::Error) -> Self {
        Self::Io(error.to_string())
    }
}
