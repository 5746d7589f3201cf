//! What is installed in an environment of another Python, as the same versions to be looked for on the target: the
//! audit before a migration. Reads the metadata that installers leave, never a module.

use super::error::{Cause, ProjectError};
use super::graph::{Edge, Graph, Node};
use super::marker::Marker;
use super::requirement::Requirement;
use super::scope::Scope;
use super::text::Text;
use crate::acquire::local;
use crate::model::{ArtifactKind, Note, Source, Want, normalise, shown};
use serde::Deserialize;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// How an installer notes what it did not take from an index
/// ([PEP 610](https://peps.python.org/pep-0610/)).
#[derive(Deserialize)]
struct DirectUrl {
    url: String,
    vcs_info: Option<Repository>,
    subdirectory: Option<String>,
}

#[derive(Deserialize)]
struct Repository {
    vcs: String,
    commit_id: Option<String>,
}

/// Reads an environment: a virtual one, an installation, or a `site-packages`.
pub(super) fn read(path: &Path, scope: &Scope) -> Result<(Vec<Want>, Vec<Note>), ProjectError> {
    let discovered = local::discover(&[path.to_owned()]);
    let mut folders = Vec::new();
    for artifact in discovered.artifacts {
        if let ArtifactKind::SitePackages { python, .. } = artifact.kind {
            folders.push((artifact.path, python));
        }
    }
    if folders.is_empty() {
        if !path.exists() {
            return Err(ProjectError::new(shown(path), Cause::Missing));
        }
        let what = "is no environment with installed distributions\nhint: name a virtual environment's folder, or a \
                    site-packages";
        return Err(ProjectError::malformed(shown(path), what));
    }
    let mut notes: Vec<Note> = discovered.notes.into_iter().filter(|note| note.unread).collect();
    let mut wants = Vec::new();
    for (folder, python) in folders {
        let mut site = Site { graph: Graph::default(), requested: Vec::new(), conda: 0, notes: Vec::new() };
        for entry in entries(&folder)? {
            site.distribution(&folder, &entry)?;
        }
        let of = python.map_or_else(String::new, |python| format!(" of Python {python}"));
        let count = site.graph.nodes.len();
        let why = format!(
            "an environment{of} with {count} distributions: audited are the wheels that the target would get of them, at \
             the same versions\nhint: --as-installed audits its files as they are"
        );
        notes.push(Note::told(shown(&folder), why));
        if site.conda > 0 {
            let why =
                format!("{} distributions come from conda: looked at is what the indexes have", site.conda);
            notes.push(Note::told(shown(&folder), why));
        }
        site.graph.roots = std::mem::take(&mut site.requested);
        wants.extend(site.graph.stated(scope, &scope.selected([])).wants);
        notes.append(&mut site.notes);
    }
    Ok((wants, notes))
}

/// The metadata in a `site-packages`, sorted.
fn entries(folder: &Path) -> Result<Vec<PathBuf>, ProjectError> {
    let unreadable = |error| ProjectError::new(shown(folder), Cause::Unreadable(error));
    let mut entries = Vec::new();
    for entry in folder.read_dir().map_err(unreadable)? {
        let path = entry.map_err(unreadable)?.path();
        if path.extension().is_some_and(|end| end == "dist-info" || end == "egg-info") {
            entries.push(path);
        }
    }
    entries.sort();
    Ok(entries)
}

struct Site {
    graph: Graph,
    requested: Vec<Edge>,
    conda: usize,
    notes: Vec<Note>,
}

impl Site {
    fn distribution(&mut self, folder: &Path, entry: &Path) -> Result<(), ProjectError> {
        let old = entry.extension().is_some_and(|end| end == "egg-info");
        let file = match (old, entry.is_dir()) {
            (true, false) => entry.to_owned(),
            (true, true) => entry.join("PKG-INFO"),
            (false, _) => entry.join("METADATA"),
        };
        let metadata = match Text::read(&file) {
            Ok(text) => Metadata::of(&text.content),
            Err(error) => {
                self.notes.push(Note::unread(error.place, error.cause.to_string()));
                return Ok(());
            }
        };
        let (Some(name), Some(version)) = (metadata.name, metadata.version) else {
            let why = "says no name or no version\nhint: install the distribution anew";
            self.notes.push(Note::unread(shown(&file), why));
            return Ok(());
        };
        let said = |name: &str| Text::read(&entry.join(name)).ok().map(|text| text.content);
        self.conda += usize::from(said("INSTALLER").is_some_and(|installer| installer.trim() == "conda"));
        let source = match said("direct_url.json") {
            None => Some(Source::Index),
            Some(direct) => serde_json::from_str(&direct).ok().and_then(|direct| source(folder, &direct)),
        };
        let Some(source) = source else {
            let why = format!("cannot tell where {name} comes from\nhint: install it anew");
            self.notes.push(Note::unread(shown(&entry.join("direct_url.json")), why));
            return Ok(());
        };
        let edge = |name: String| Edge { name, version: None, extras: Vec::new(), marker: Marker::ALWAYS };
        let name = normalise(&name);
        if entry.join("REQUESTED").exists() {
            self.requested.push(edge(name.clone()));
        }
        self.graph.push(Node {
            name,
            version: Some(version),
            source: Some(source),
            hashes: Vec::new(),
            place: shown(entry),
            marker: Marker::ALWAYS,
            edges: metadata.requires.into_iter().map(edge).collect(),
            extras: BTreeMap::new(),
        })
    }
}

fn source(folder: &Path, direct: &DirectUrl) -> Option<Source> {
    if let Some(repository) = &direct.vcs_info {
        let commit = repository.commit_id.as_deref().map_or_else(String::new, |at| format!("@{at}"));
        let inside = direct.subdirectory.as_deref();
        let inside = inside.map_or_else(String::new, |inside| format!("#subdirectory={inside}"));
        return Some(Source::Repository(format!("{}+{}{commit}{inside}", repository.vcs, direct.url)));
    }
    let location = super::location::Location::parse(&direct.url, folder).ok()?;
    Some(location.source().clone())
}

/// The few fields of core metadata that count here.
struct Metadata {
    name: Option<String>,
    version: Option<String>,
    requires: Vec<String>,
}

impl Metadata {
    /// The head ends at the first empty line; what follows is the description, which may hold anything.
    fn of(text: &str) -> Self {
        let head = text.lines().take_while(|line| !line.trim().is_empty());
        let mut found = Self { name: None, version: None, requires: Vec::new() };
        for (field, value) in head.filter_map(|line| line.split_once(':')) {
            let value = value.trim();
            match field.to_ascii_lowercase().as_str() {
                "name" => found.name = super::requirement::is_name(value).then(|| value.to_owned()),
                "version" => {
                    found.version = value.parse::<pep440_rs::Version>().is_ok().then(|| value.to_owned());
                }
                // What only an extra asks for may be there for another reason.
                "requires-dist" if !value.contains("extra ==") => {
                    let requirement = Requirement::parse(value, Path::new("")).ok();
                    found.requires.extend(requirement.map(|requirement| requirement.name));
                }
                _ => {}
            }
        }
        found
    }
}
