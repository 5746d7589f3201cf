//! `Pipfile.lock`. It has no edges: who pulls something in cannot be told.

use super::error::ProjectError;
use super::graph::{Graph, Node};
use super::location::Location;
use super::lock::{self, Locked};
use super::marker::MarkerError;
use super::scope::{Known, Scope};
use super::text::Text;
use crate::acquire::index::IndexOptions;
use crate::model::{Note, Source, normalise};
use serde::Deserialize;
use std::collections::{BTreeMap, BTreeSet};

#[derive(Deserialize)]
struct File {
    #[serde(rename = "_meta")]
    meta: Meta,
    #[serde(flatten)]
    categories: BTreeMap<String, BTreeMap<String, Entry>>,
}

#[derive(Deserialize)]
struct Meta {
    #[serde(rename = "pipfile-spec")]
    spec: u64,
    #[serde(default)]
    requires: BTreeMap<String, String>,
    #[serde(default)]
    sources: Vec<Index>,
}

#[derive(Deserialize)]
struct Index {
    name: String,
    url: String,
}

#[derive(Deserialize)]
struct Entry {
    version: Option<String>,
    #[serde(default)]
    hashes: Vec<String>,
    index: Option<String>,
    markers: Option<String>,
    git: Option<String>,
    hg: Option<String>,
    svn: Option<String>,
    #[serde(rename = "ref")]
    reference: Option<String>,
    subdirectory: Option<String>,
    file: Option<String>,
    path: Option<String>,
}

/// Installed always.
const DEFAULT: &str = "default";
const HINT: &str = "lock the project anew with `pipenv lock`";

pub(super) fn read(text: &Text, scope: &Scope) -> Result<Locked, ProjectError> {
    let malformed = |error: serde_json::Error| {
        ProjectError::malformed(text.at(error.line()), format!("{error}\nhint: {HINT}"))
    };
    let file: File = serde_json::from_str(&text.content).map_err(malformed)?;
    let spec = file.meta.spec;
    lock::expect_version(text, "Pipfile.lock (pipfile-spec)", &spec.to_string(), "6", spec == 6)?;
    let mut known = Known::default();
    known.groups.extend(file.categories.keys().map(|name| normalise(name)).filter(|name| name != DEFAULT));
    let mut selected = scope.selected([]);
    let left_out = lock::left_out(text, &known, &selected);
    selected.groups.insert(DEFAULT.to_owned());
    let mut graph = Graph::default();
    let reader = Reader { text, file: &file, lines: lines(text) };
    let categories = file.categories.iter().filter(|(name, _)| selected.groups.contains(&normalise(name)));
    let mut seen = BTreeSet::new();
    for (name, entry) in categories.flat_map(|(_, entries)| entries) {
        let node = reader.node(name, entry)?;
        if seen.insert((node.name.clone(), node.version.clone())) {
            graph.push(node)?;
        }
    }
    let mut walked = graph.stated(scope, &selected);
    walked.notes.extend(left_out);
    walked.notes.extend(other_python(text, &file, scope));
    let mut sources = file.meta.sources.into_iter().map(|source| source.url);
    let options = IndexOptions {
        index_url: sources.next(),
        extra_index_urls: sources.collect(),
        ..IndexOptions::default()
    };
    Ok(Locked { walked, known, options })
}

/// pipenv warns of another Python and goes on.
fn other_python(text: &Text, file: &File, scope: &Scope) -> Option<Note> {
    let wanted =
        file.meta.requires.get("python_version").or_else(|| file.meta.requires.get("python_full_version"))?;
    let is_other = scope.contexts.iter().find(|context| {
        let minor = format!("3.{}", context.target.minor());
        *wanted != minor && !wanted.starts_with(&format!("{minor}."))
    })?;
    let shown: String = wanted.chars().take(40).collect();
    let why =
        format!("is locked for Python {shown}, and audited for {} at the same versions", is_other.target);
    Some(Note::told(text.shown.clone(), why))
}

/// The line that each name is first a key on.
fn lines(text: &Text) -> BTreeMap<&str, usize> {
    let mut lines = BTreeMap::new();
    for (number, line) in text.content.lines().enumerate() {
        let key = line.trim().strip_suffix(": {").map(|key| key.trim_matches('"'));
        key.map(|key| lines.entry(key).or_insert(number + 1));
    }
    lines
}

struct Reader<'a> {
    text: &'a Text,
    file: &'a File,
    lines: BTreeMap<&'a str, usize>,
}

impl Reader<'_> {
    fn node(&self, name: &str, entry: &Entry) -> Result<Node, ProjectError> {
        let place = self.text.at(self.lines.get(name).copied().unwrap_or(1));
        let wrong = |what: String| ProjectError::malformed(place.clone(), what);
        let (version, source) =
            self.source(entry).map_err(|what| wrong(format!("{name} {what}\nhint: {HINT}")))?;
        let marker = entry.markers.as_deref().unwrap_or_default();
        let hashes = entry.hashes.iter().map(|hash| lock::hash_of(self.text, &place, hash));
        Ok(Node {
            name: normalise(name),
            version,
            source: Some(source),
            hashes: hashes.collect::<Result<_, _>>()?,
            marker: marker.parse().map_err(|error: MarkerError| wrong(error.to_string()))?,
            edges: Vec::new(),
            extras: BTreeMap::new(),
            place,
        })
    }

    fn source(&self, entry: &Entry) -> Result<(Option<String>, Source), String> {
        for (system, url) in [("git", &entry.git), ("hg", &entry.hg), ("svn", &entry.svn)] {
            if let Some(url) = url {
                let at = entry.reference.as_deref().map_or_else(String::new, |at| format!("@{at}"));
                let inside = entry.subdirectory.as_deref();
                let inside = inside.map_or_else(String::new, |inside| format!("#subdirectory={inside}"));
                return Ok((None, Source::Repository(format!("{system}+{url}{at}{inside}"))));
            }
        }
        if let Some(place) = entry.path.as_ref().or(entry.file.as_ref()) {
            let location = Location::parse(place, self.text.folder()).map_err(|error| error.to_string())?;
            return Ok((None, location.source().clone()));
        }
        let version = entry.version.as_deref().map(|version| version.trim_start_matches('=').trim());
        let version = version.filter(|version| version.parse::<pep440_rs::Version>().is_ok());
        let version = version.ok_or("has no exact version")?;
        Ok((Some(version.to_owned()), self.index(entry)?))
    }

    fn index(&self, entry: &Entry) -> Result<Source, String> {
        let sources = &self.file.meta.sources;
        match (&entry.index, &sources[..]) {
            (Some(name), _) => {
                let source = sources.iter().find(|source| source.name == *name);
                Ok(lock::index(&source.ok_or("comes from an index that the file does not name")?.url))
            }
            (None, [only]) => Ok(lock::index(&only.url)),
            (None, _) => Ok(Source::Index),
        }
    }
}
