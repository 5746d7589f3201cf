//! URLs whose credentials can be used and never shown. Apart, so that there is one place to get that right.

use std::fmt;
use std::path::Path;
use url::Url;

/// A URL of an index, a page or a file. Its user name and password are kept apart from it, and neither `Display` nor
/// `Debug` shows them, nor its query: that is where signed URLs keep theirs.
#[derive(Clone, PartialEq, Eq)]
pub struct Address {
    url: Url,
    login: Option<Login>,
}

/// A user name and a password, as HTTP's basic authentication takes them.
#[derive(Clone, PartialEq, Eq)]
pub(super) struct Login {
    pub username: String,
    pub password: Option<String>,
}

impl fmt::Debug for Login {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Login(not shown)")
    }
}

/// Why a text is no address. The text itself is not repeated: it may hold a password.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum AddressError {
    /// The caller's fault.
    #[error("is no URL: {0}")]
    Malformed(url::ParseError),
    /// The caller's fault.
    #[error("is no `https`, `http` or `file` URL")]
    Scheme,
    /// The surroundings' fault: the current folder has no absolute path.
    #[error("is a path that cannot be made absolute")]
    Path,
}

impl Address {
    /// A URL, or a path below `folder`.
    pub(super) fn parse(text: &str, folder: &Path) -> Result<Self, AddressError> {
        match Url::parse(text) {
            Ok(url) if ["https", "http", "file"].contains(&url.scheme()) => Ok(Self::of(url)),
            // One letter is a drive.
            Ok(url) if url.scheme().len() > 1 => Err(AddressError::Scheme),
            Err(error) if text.contains("://") => Err(AddressError::Malformed(error)),
            _ => Url::from_file_path(folder.join(text)).map(Self::of).map_err(|()| AddressError::Path),
        }
    }

    pub(super) fn of(mut url: Url) -> Self {
        let decoded =
            |text: &str| percent_encoding::percent_decode_str(text).decode_utf8_lossy().into_owned();
        let login = (!url.username().is_empty() || url.password().is_some())
            .then(|| Login { username: decoded(url.username()), password: url.password().map(decoded) });
        // Neither can fail for a URL that has a user name.
        let _ = url.set_username("");
        let _ = url.set_password(None);
        url.set_fragment(None);
        Self { url, login }
    }

    pub(super) fn with_login(mut self, login: Option<Login>) -> Self {
        self.login = login.or(self.login);
        self
    }

    /// Without credentials, and to be shown to nobody: a query may hold a signature.
    pub(super) fn url(&self) -> &Url {
        &self.url
    }

    pub(super) fn login(&self) -> Option<&Login> {
        self.login.as_ref()
    }
}

/// A URL as messages may show it.
pub(super) fn redacted(url: &Url) -> String {
    Address::of(url.clone()).to_string()
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut shown = self.url.clone();
        if shown.query().is_some() {
            shown.set_query(Some("..."));
        }
        f.write_str(shown.as_str())
    }
}

impl fmt::Debug for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn address(text: &str) -> Address {
        Address::parse(text, Path::new("/project")).unwrap()
    }

    #[test]
    fn credentials_are_kept_and_never_shown() {
        let address = address("https://user:p%40ss@index.example/simple/?token=s3cret#part");
        assert_eq!(
            address.login(),
            Some(&Login { username: "user".to_owned(), password: Some("p@ss".to_owned()) })
        );
        assert_eq!(address.url().as_str(), "https://index.example/simple/?token=s3cret");
        for shown in [address.to_string(), format!("{address:?}"), format!("{:?}", address.login())] {
            for secret in ["user", "p@ss", "p%40ss", "s3cret"] {
                assert!(!shown.contains(secret), "{shown}");
            }
        }
    }

    #[test]
    fn paths_are_files() {
        assert_eq!(address("wheels").to_string(), "file:///project/wheels");
        assert_eq!(address("/opt/wheels").to_string(), "file:///opt/wheels");
    }

    #[test]
    fn what_is_no_address_is_not_repeated() {
        for text in ["ftp://user:secret@host/", "https://user:secret@:x/"] {
            let error = Address::parse(text, Path::new("/")).unwrap_err().to_string();
            assert!(error.starts_with("is no") && !error.contains("secret"), "{error}");
        }
    }
}
