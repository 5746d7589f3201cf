//! A place that a requirement names instead of versions: a URL, a repository, a file or a folder.

use crate::model::{Source, normalise, shown};
use std::path::{Component, Path, PathBuf};
use url::Url;

/// Where something is, and what its address says of its name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Location {
    source: Source,
    /// Behind `#egg=`.
    egg: Option<String>,
}

/// What was given is no place that can be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(super) enum LocationError {
    #[error("`{0}` is no URL: {1}")]
    NoUrl(String, String),
    #[error("`{0}` cannot be fetched: https, http, file and git+, hg+, svn+, bzr+ are known")]
    Scheme(String),
    #[error("`{0}` does not say what it is\nhint: write `NAME @ {0}`")]
    Nameless(String),
}

/// The systems that pip installs from.
const SYSTEMS: [&str; 4] = ["git+", "hg+", "svn+", "bzr+"];
const ARCHIVES: [&str; 8] = [".whl", ".tar.gz", ".zip", ".tar.bz2", ".tar.xz", ".tgz", ".tar", ".tbz"];

impl Location {
    /// Reads one; a path starts from `folder`.
    pub(super) fn parse(text: &str, folder: &Path) -> Result<Self, LocationError> {
        let text = text.trim();
        if text.is_empty() {
            return Err(LocationError::NoUrl(String::new(), "nothing stands there".to_owned()));
        }
        let (bare, fragment) = text.split_once('#').unwrap_or((text, ""));
        let egg = fragment.split('&').find_map(|part| part.strip_prefix("egg="));
        let egg = egg.map(|egg| normalise(egg.split('[').next().unwrap_or(egg)));
        let wrong =
            |error: url::ParseError| LocationError::NoUrl(without_credentials(text), error.to_string());
        let source = if SYSTEMS.iter().any(|system| starts_with(text, system)) {
            Source::Repository(text.to_owned())
        } else if starts_with(text, "file:") {
            let url = Url::parse(bare).map_err(wrong)?;
            let path = url.to_file_path();
            Source::Path(path.map_err(|()| LocationError::Scheme(without_credentials(text)))?)
        } else if starts_with(text, "https://") || starts_with(text, "http://") {
            Url::parse(text).map_err(wrong)?;
            Source::Url(text.to_owned())
        } else if text.contains("://") {
            return Err(LocationError::Scheme(without_credentials(text)));
        } else {
            Source::Path(below(folder, bare))
        };
        Ok(Self { source, egg })
    }

    pub(super) fn source(&self) -> &Source {
        &self.source
    }

    /// The distribution, as far as the place itself tells: the fragment, the file's name, the project's own metadata.
    pub(super) fn name(&self) -> Option<String> {
        if self.egg.is_some() {
            return self.egg.clone();
        }
        match &self.source {
            Source::Url(url) => name_of_file(url.split(['?', '#']).next()?.rsplit('/').next()?),
            Source::Path(path) => {
                let file = path.file_name()?.to_string_lossy().into_owned();
                if is_archive(&file) { name_of_file(&file) } else { name_of_project(path) }
            }
            _ => None,
        }
    }

    /// For a message.
    pub(super) fn shown(&self) -> String {
        match &self.source {
            Source::Path(path) => shown(path),
            Source::Url(url) | Source::Repository(url) => without_credentials(url),
            Source::Index | Source::OneIndex(_) | Source::Listed(_) => String::new(),
        }
    }
}

/// Schemes have no case.
fn starts_with(text: &str, start: &str) -> bool {
    text.get(..start.len()).is_some_and(|head| head.eq_ignore_ascii_case(start))
}

/// Whether a requirement without a name is a place, by pip's rules: a URL, something that starts with a dot or holds
/// a separator, or the name of an archive.
pub(super) fn is_place(text: &str) -> bool {
    let bare = text.split('[').next().unwrap_or(text);
    let starts_with_url = bare.split_once("://").is_some_and(|(scheme, _)| {
        !scheme.is_empty()
            && scheme.chars().all(|next| next.is_ascii_alphanumeric() || ['+', '-', '.'].contains(&next))
    });
    let named = text
        .split_once('@')
        .is_some_and(|(name, _)| super::requirement::is_name(name.split('[').next().unwrap_or(name).trim()));
    starts_with_url
        || starts_with(bare, "file:")
        || bare.starts_with('.')
        || (!named && (bare.contains('/') || bare.contains(std::path::MAIN_SEPARATOR)))
        || (!named && is_archive(bare) && !bare.contains("=="))
}

fn is_archive(file: &str) -> bool {
    let file = file.to_ascii_lowercase();
    ARCHIVES.iter().any(|end| file.ends_with(end))
}

/// The name in a wheel's or a source archive's file name.
fn name_of_file(file: &str) -> Option<String> {
    let file = percent_encoding::percent_decode_str(file).decode_utf8().ok()?.into_owned();
    let lower = file.to_ascii_lowercase();
    let end = ARCHIVES.iter().find(|end| lower.ends_with(**end))?;
    let stem = file.get(..file.len() - end.len())?;
    let name = if *end == ".whl" {
        stem.split('-').next()?
    } else {
        stem.rsplit_once('-')
            .filter(|(_, version)| version.starts_with(|first: char| first.is_ascii_digit()))?
            .0
    };
    super::requirement::is_name(name).then(|| normalise(name))
}

/// What a project on this machine calls itself; its folder's name where it does not say.
fn name_of_project(folder: &Path) -> Option<String> {
    let says = || {
        let text = super::text::Text::read(&folder.join("pyproject.toml")).ok()?;
        let table: toml::Table = text.toml("").ok()?;
        let project = table.get("project").or_else(|| table.get("tool")?.get("poetry"))?;
        Some(normalise(project.get("name")?.as_str()?))
    };
    let by_folder = || {
        let name = folder.file_name()?.to_string_lossy().into_owned();
        super::requirement::is_name(&name).then(|| normalise(&name))
    };
    says().or_else(by_folder)
}

/// A path below a folder, without the `.` and `..` in it: what is meant shows in messages.
pub(super) fn below(folder: &Path, path: &str) -> PathBuf {
    let mut whole = PathBuf::new();
    for component in folder.join(path).components() {
        match component {
            Component::CurDir => {}
            Component::ParentDir if whole.file_name().is_some() => {
                whole.pop();
            }
            other => whole.push(other),
        }
    }
    if whole.as_os_str().is_empty() { PathBuf::from(".") } else { whole }
}

/// A text without what stands before the `@` of the URLs in it.
pub(super) fn without_credentials(text: &str) -> String {
    let mut shown = String::new();
    let mut rest = text;
    while let Some(at) = rest.find("://") {
        let (head, tail) = rest.split_at(at + 3);
        shown += head;
        let end = tail.find(['/', '?', '#', ' ', '"', '\'']).unwrap_or(tail.len());
        let start = tail[..end].rfind('@').map_or(0, |at| at + 1);
        // Nothing but a user's name, as in git+ssh://git@host, is no secret, but is of no use either.
        rest = &tail[start..];
    }
    shown + rest
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_without_a_name_is_the_current_one() {
        for (folder, path, expected) in [
            ("", ".", "."),
            ("", "./elm", "elm"),
            ("app", ".", "app"),
            ("app", "..", "."),
            ("app", "../elm", "elm"),
        ] {
            assert_eq!(below(Path::new(folder), path), Path::new(expected), "{folder} {path}");
        }
    }

    #[test]
    fn names_come_out_of_places() {
        for (text, name) in [
            ("https://127.0.0.1/a/Foo_Bar-1.0-py3-none-any.whl#sha256=0", Some("foo-bar")),
            ("https://127.0.0.1/a/foo-bar-1.0.tar.gz?x=y", Some("foo-bar")),
            ("https://127.0.0.1/foo%2B-1.0.tar.gz", None),
            ("https://127.0.0.1/archive/main.zip", None),
            ("git+https://127.0.0.1/x.git#egg=Foo_Bar[x]&subdirectory=y", Some("foo-bar")),
            ("git+https://127.0.0.1/x.git", None),
            ("../Some.Project/", Some("some-project")),
        ] {
            let location = Location::parse(text, Path::new("/nowhere/at")).unwrap();
            assert_eq!(location.name().as_deref(), name, "{text}");
        }
    }

    #[test]
    fn paths_start_from_the_folder() {
        assert_eq!(below(Path::new("/a/b"), "../c/./d"), Path::new("/a/c/d"));
        assert_eq!(below(Path::new("a"), "/c"), Path::new("/c"));
        assert_eq!(below(Path::new(""), "../../x"), Path::new("../../x"));
    }

    #[test]
    fn places_and_names_are_told_apart() {
        for text in
            ["./x", "..", ".[extra]", "a/b", "x-1.0.tar.gz", "git+ssh://h/x", "https://h/x", "file:x", "/a b"]
        {
            assert!(is_place(text), "{text}");
        }
        for text in ["x", "x==1", "x[a]>=1", "x @ https://h/x.zip", "x[a]@ file:///x"] {
            assert!(!is_place(text), "{text}");
        }
    }

    #[test]
    fn credentials_go() {
        for (text, shown) in [
            ("https://a:b@127.0.0.1/x@y", "https://127.0.0.1/x@y"),
            ("x https://a:b@h/ and git+https://c@h", "x https://h/ and git+https://h"),
            ("plain", "plain"),
            ("https://a:p@ss@h", "https://h"),
        ] {
            assert_eq!(without_credentials(text), shown);
        }
    }
}
