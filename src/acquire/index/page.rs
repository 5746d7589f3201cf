//! The simple API: a page that lists a project's files, as JSON (PEP 691) or as HTML (PEP 503), with what PEP 592, 629, 658,
//! 700 and 714 add.

use super::error::Cause;
use crate::model::{Hash, IndexFile};
use html5gum::{Token, Tokenizer};
use serde::Deserialize;
use std::collections::BTreeMap;
use std::convert::Infallible;
use url::Url;

/// What is asked for: the versioned types first, and what old indexes know last.
pub(super) const ACCEPT: &str =
    "application/vnd.pypi.simple.v1+json, application/vnd.pypi.simple.v1+html;q=0.2, text/html;q=0.1";

/// The files that a page lists. What the server says of its type decides how it is read.
pub(super) fn read(text: &[u8], content_type: &str, base: &Url) -> Result<Vec<IndexFile>, Cause> {
    let kind = content_type.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    match kind.as_str() {
        "application/vnd.pypi.simple.v1+json"
        | "application/vnd.pypi.simple.latest+json"
        | "application/json" => read_json(text, base),
        "application/vnd.pypi.simple.v1+html"
        | "application/vnd.pypi.simple.latest+html"
        | "text/html"
        | "application/xhtml+xml"
        | "" => read_html(text, base),
        // The type is the server's text, and goes into a message.
        other => Err(Cause::Page(format!("its type is {}", other.escape_debug()))),
    }
}

/// A page as PEP 691 has it.
#[derive(Deserialize)]
struct Project {
    meta: Meta,
    files: Vec<File>,
}

#[derive(Deserialize)]
struct Meta {
    #[serde(rename = "api-version")]
    api_version: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "kebab-case")]
struct File {
    filename: String,
    url: String,
    #[serde(default)]
    hashes: BTreeMap<String, String>,
    requires_python: Option<String>,
    #[serde(default)]
    yanked: Flag,
    size: Option<u64>,
    #[serde(default)]
    core_metadata: Flag,
    #[serde(default)]
    dist_info_metadata: Flag,
}

/// Yes, no, or yes with more about it.
#[derive(Deserialize)]
#[serde(untagged)]
enum Flag {
    Plain(bool),
    Reason(String),
    Hashes(BTreeMap<String, String>),
    Nothing(()),
}

impl Default for Flag {
    fn default() -> Self {
        Self::Plain(false)
    }
}

impl Flag {
    /// What the metadata beside a file must hash to; none where there are none.
    fn metadata(self) -> Option<Vec<Hash>> {
        match self {
            Self::Plain(false) | Self::Nothing(()) => None,
            Self::Plain(true) | Self::Reason(_) => Some(Vec::new()),
            Self::Hashes(hashes) => {
                Some(hashes.into_iter().filter_map(|(name, digest)| Hash::of(&name, &digest)).collect())
            }
        }
    }
}

fn read_json(text: &[u8], base: &Url) -> Result<Vec<IndexFile>, Cause> {
    let damaged = |error: serde_json::Error| {
        Cause::Page(format!(
            "its JSON is not as PEP 691 says (line {}, column {})",
            error.line(),
            error.column()
        ))
    };
    let project: Project = serde_json::from_slice(text).map_err(damaged)?;
    check_version(&project.meta.api_version)?;
    Ok(project.files.into_iter().filter_map(|file| file.offered(base)).collect())
}

impl File {
    fn offered(self, base: &Url) -> Option<IndexFile> {
        let (url, _) = link(base, &self.url)?;
        let yanked = match self.yanked {
            Flag::Reason(reason) => Some(reason),
            Flag::Plain(true) | Flag::Hashes(_) => Some(String::new()),
            Flag::Plain(false) | Flag::Nothing(()) => None,
        };
        let hashes = self.hashes.into_iter().filter_map(|(algorithm, digest)| Hash::of(&algorithm, &digest));
        Some(IndexFile {
            name: is_plain(&self.filename).then_some(self.filename)?,
            url,
            size: self.size,
            hashes: hashes.collect(),
            yanked,
            requires_python: self.requires_python.filter(|text| !text.trim().is_empty()),
            metadata: self.core_metadata.metadata().or_else(|| self.dist_info_metadata.metadata()),
        })
    }
}

/// Indexes may grow within a major version; another one means something else (PEP 629).
fn check_version(version: &str) -> Result<(), Cause> {
    match version.split('.').next() {
        Some("1") => Ok(()),
        _ => Err(Cause::Page(format!("its version {} is unknown", version.escape_debug()))),
    }
}

/// The links of a page of HTML, which may as well be one that somebody else made for `--find-links`.
pub(super) fn read_html(text: &[u8], base: &Url) -> Result<Vec<IndexFile>, Cause> {
    let mut base = base.clone();
    let mut files = Vec::new();
    for Ok::<_, Infallible>(token) in Tokenizer::new(text) {
        let Token::StartTag(tag) = token else { continue };
        let attribute = |name: &str| {
            tag.attributes.get(name.as_bytes()).map(|value| String::from_utf8_lossy(value).into_owned())
        };
        match &**tag.name {
            b"base" => {
                let href = attribute("href").and_then(|href| base.join(href.trim()).ok());
                base = href.unwrap_or(base);
            }
            b"meta" if attribute("name").as_deref() == Some("pypi:repository-version") => {
                check_version(&attribute("content").unwrap_or_default())?;
            }
            b"a" => files.extend(anchor(attribute, &base)),
            _ => {}
        }
    }
    Ok(files)
}

fn anchor(attribute: impl Fn(&str) -> Option<String>, base: &Url) -> Option<IndexFile> {
    let (url, fragment) = link(base, attribute("href")?.trim())?;
    let path = url.split(['?', '#']).next()?;
    let name =
        percent_encoding::percent_decode_str(path.rsplit('/').next()?).decode_utf8().ok()?.into_owned();
    // The fragment is `sha256=…`, alone or among others.
    let hashes = fragment.iter().flat_map(|fragment| fragment.split('&'));
    let hashes =
        hashes.filter_map(|part| part.split_once('=')).filter_map(|(name, digest)| Hash::of(name, digest));
    let beside = |name: &str| {
        let said = attribute(name).filter(|said| said != "false")?;
        Some(said.split_once('=').and_then(|(name, digest)| Hash::of(name, digest)).into_iter().collect())
    };
    Some(IndexFile {
        name: is_plain(&name).then_some(name)?,
        url: url.clone(),
        size: None,
        hashes: hashes.collect(),
        yanked: attribute("data-yanked"),
        requires_python: attribute("data-requires-python").filter(|text| !text.trim().is_empty()),
        metadata: beside("data-core-metadata").or_else(|| beside("data-dist-info-metadata")),
    })
}

/// An address on a page, without credentials and fragment; and the fragment.
fn link(base: &Url, href: &str) -> Option<(String, Option<String>)> {
    let url = base.join(href).ok()?;
    // A page from the network never leads to files of this machine.
    let known = match url.scheme() {
        "http" | "https" => true,
        "file" => base.scheme() == "file",
        _ => false,
    };
    let fragment = url.fragment().map(str::to_owned);
    known.then(|| (super::address::Address::of(url).url().to_string(), fragment))
}

/// Whether a name is that of a file in a folder, and of nothing else.
pub(super) fn is_plain(name: &str) -> bool {
    let odd = |letter: char| letter.is_control() || ['/', '\\', ':'].contains(&letter);
    // What file systems take at most.
    (1..=255).contains(&name.len()) && !name.starts_with('.') && !name.contains(odd)
}

#[cfg(test)]
mod tests {
    use super::*;

    const SHA256: &str = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";

    fn base() -> Url {
        "https://user:secret@index.example/simple/foo/".parse().unwrap()
    }

    #[test]
    fn json() {
        let text = format!(
            r#"{{"meta": {{"api-version": "1.3", "x": 1}}, "name": "foo", "versions": ["1"], "files": [
                {{"filename": "foo-1-py3-none-any.whl", "url": "../../files/foo-1-py3-none-any.whl", "size": 7,
                  "hashes": {{"sha256": "{SHA256}", "blake2b": "00"}}, "requires-python": ">=3.9", "yanked": "broken",
                  "core-metadata": {{"sha256": "00"}}}},
                {{"filename": "foo-1.tar.gz", "url": "https://u:p@other.example/foo-1.tar.gz#x", "hashes": {{}},
                  "requires-python": null, "yanked": false}},
                {{"filename": "../evil-1-py3-none-any.whl", "url": "x.whl", "hashes": {{}}}},
                {{"filename": "evil-1-py3-none-any.whl", "url": "file:///etc/passwd", "hashes": {{}}}}]}}"#
        );
        let files = read(text.as_bytes(), "application/vnd.pypi.simple.v1+json", &base()).unwrap();
        let hash = Hash { algorithm: "sha256".to_owned(), digest: SHA256.to_owned() };
        assert_eq!(
            files,
            [
                IndexFile {
                    name: "foo-1-py3-none-any.whl".to_owned(),
                    url: "https://index.example/files/foo-1-py3-none-any.whl".to_owned(),
                    size: Some(7),
                    hashes: vec![hash],
                    yanked: Some("broken".to_owned()),
                    requires_python: Some(">=3.9".to_owned()),
                    metadata: Some(Vec::new()),
                },
                IndexFile {
                    name: "foo-1.tar.gz".to_owned(),
                    url: "https://other.example/foo-1.tar.gz".to_owned(),
                    size: None,
                    hashes: Vec::new(),
                    yanked: None,
                    requires_python: None,
                    metadata: None,
                }
            ]
        );
    }

    #[test]
    fn html() {
        let text = format!(
            "<!DOCTYPE html><html><head><meta name='pypi:repository-version' content='1.1'></head><body>
             <!-- <a href='comment-1.tar.gz'>no</a> -->
             <A HREF=\"../../files/foo-1%2Bcpu-py3-none-any.whl#sha256={SHA256}\" data-requires-python=\"&gt;=3.9,&lt;4\"
                data-yanked data-dist-info-metadata='sha256={SHA256}'>text that counts for nothing</a>
             <base href='https://files.example/'><a href=foo-2.zip>x</a><a>no</a><a href='..'>up</a>"
        );
        let files = read(text.as_bytes(), "text/html; charset=utf-8", &base()).unwrap();
        assert_eq!(files.len(), 2, "{files:?}");
        assert_eq!(files[0].name, "foo-1+cpu-py3-none-any.whl");
        assert_eq!(files[0].url, "https://index.example/files/foo-1%2Bcpu-py3-none-any.whl");
        assert_eq!(files[0].hashes[0].digest, SHA256);
        assert_eq!(files[0].requires_python.as_deref(), Some(">=3.9,<4"));
        assert_eq!(
            (files[0].yanked.as_deref(), files[0].metadata.as_ref().map(Vec::len)),
            (Some(""), Some(1))
        );
        assert_eq!(
            (files[1].name.as_str(), files[1].url.as_str()),
            ("foo-2.zip", "https://files.example/foo-2.zip")
        );
        assert_eq!((files[1].yanked.as_deref(), files[1].metadata.as_ref()), (None, None));
    }

    #[test]
    fn what_is_no_page_is_told() {
        for (text, content_type) in [
            ("<html>", "application/vnd.pypi.simple.v1+json"),
            (r#"{"meta": {"api-version": "2.0"}, "files": []}"#, "application/json"),
            (r#"{"files": []}"#, "application/json"),
            ("<meta name='pypi:repository-version' content='2.0'>", "text/html"),
            ("PK", "application/zip"),
        ] {
            assert!(matches!(read(text.as_bytes(), content_type, &base()), Err(Cause::Page(_))), "{text}");
        }
    }

    #[test]
    fn plain_names() {
        assert!(is_plain("foo-1.0-py3-none-any.whl"));
        for odd in ["", ".", "..", "a/b", "a\\b", "c:x", "a\nb", ".hidden", &"x".repeat(256)] {
            assert!(!is_plain(odd), "{odd:?}");
        }
    }
}
