//! What a page of an index lists, so that one version's files are found without reading the others: popular projects have
//! thousands of files, and a pin wants a dozen.
//!
//! A kept listing is text: a line for each file, in the page's order, which is the version's [`key`], a tab, and the file
//! as JSON.

use super::choose;
use crate::model::IndexFile;

/// The files of one page.
#[derive(Debug)]
pub(super) enum Listing {
    /// All of them, read.
    Read(Vec<IndexFile>),
    /// As they were kept.
    Kept(Vec<u8>),
}

impl Listing {
    /// The files of one version, or of all, in the page's order. None where what was kept is no listing after all.
    pub(super) fn files(&self, version: Option<&str>) -> Option<Vec<IndexFile>> {
        match self {
            Self::Read(files) => Some(files.clone()),
            Self::Kept(text) => kept_files(text, version),
        }
    }

    /// Whether it lists nothing at all.
    pub(super) fn is_empty(&self) -> bool {
        match self {
            Self::Read(files) => files.is_empty(),
            Self::Kept(text) => text.is_empty(),
        }
    }
}

/// A listing as it is kept.
pub(super) fn text(files: &[IndexFile], project: &str) -> Option<Vec<u8>> {
    let mut text = Vec::new();
    for file in files {
        let version = choose::version_of(&file.name, project);
        text.extend(version.as_deref().map(key).unwrap_or_default().bytes());
        text.push(b'\t');
        serde_json::to_writer(&mut text, file).ok()?;
        text.push(b'\n');
    }
    Some(text)
}

fn kept_files(text: &[u8], version: Option<&str>) -> Option<Vec<IndexFile>> {
    let key = version.map(key);
    let mut files = Vec::new();
    let mut start = 0;
    for end in memchr::memchr_iter(b'\n', text) {
        let line = text.get(start..end)?;
        start = end + 1;
        let tab = memchr::memchr(b'\t', line)?;
        if key.as_ref().is_none_or(|key| key.as_bytes() == &line[..tab]) {
            files.push(serde_json::from_slice(&line[tab + 1..]).ok()?);
        }
    }
    Some(files)
}

/// What all spellings of a version have in common, with its local part or without: those that a pin may mean
/// ([`choose::choose`] looks closer). What is no version stands for itself, without white space.
fn key(version: &str) -> String {
    match choose::parse_version(version) {
        Some(version) => {
            let release = version.release();
            let zeros = release.iter().rev().take_while(|part| **part == 0).count();
            let release = release[..release.len() - zeros].to_vec();
            version.without_local().with_release(release.into_iter().chain([0])).to_string()
        }
        None => version.split_whitespace().collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(name: &str) -> IndexFile {
        IndexFile {
            name: name.to_owned(),
            url: format!("http://localhost/{name}"),
            size: None,
            hashes: Vec::new(),
            yanked: Some("line\nbreak\tand tab".to_owned()),
            requires_python: None,
            metadata: None,
        }
    }

    #[test]
    fn versions_are_found_in_every_spelling() {
        let names = [
            "elm-1.0-py3-none-any.whl",
            "elm-1.0.0+cpu-py3-none-any.whl",
            "elm-1.tar.gz",
            "elm-1.0.1.tar.gz",
            "elm-1.0rc1.tar.gz",
            "elm-1!1.0.tar.gz",
            "elm-0.tar.gz",
            "elm-2004d.tar.gz",
            "elm-1.0_local-py3-none-any.whl",
            "oak-1.0.tar.gz",
            "what is this",
        ];
        let kept = Listing::Kept(text(&names.map(file), "elm").unwrap());
        let found = |version: &str| -> Vec<String> {
            kept.files(Some(version)).unwrap().into_iter().map(|file| file.name).collect()
        };
        let one = [names[0], names[1], names[2], names[8]];
        for spelling in ["1", "1.0", "v1.0.0", "1.0+cpu"] {
            assert_eq!(found(spelling), one, "{spelling}");
        }
        assert_eq!(found("1.0.1"), [names[3]]);
        assert_eq!(found("1.0.0-rc.1"), [names[4]]);
        assert_eq!(found("1!1"), [names[5]]);
        assert_eq!(found("0.0"), [names[6]]);
        assert_eq!(found("2004d"), [names[7]]);
        assert_eq!(found("3"), Vec::<String>::new());
        assert_eq!(kept.files(None).unwrap(), names.map(file));
        assert!(!kept.is_empty());
    }

    #[test]
    fn what_is_no_listing_gives_nothing() {
        for text in ["no tab\n", "1\tno json\n"] {
            assert_eq!(Listing::Kept(text.into()).files(None), None, "{text}");
        }
    }
}
