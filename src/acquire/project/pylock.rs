//! `pylock.toml`, as [PEP 751](https://peps.python.org/pep-0751/) has it.

use super::error::ProjectError;
use super::graph::{Edge, Graph, Node};
use super::location::below;
use super::lock::{self, Locked};
use super::marker::{Marker, MarkerError, Selected};
use super::scope::{Known, Scope};
use super::text::Text;
use crate::model::{Context, Hash, ListedFile, Note, Source, Want, WheelName, normalise};
use serde::Deserialize;
use std::collections::BTreeMap;
use toml::Spanned;

#[derive(Deserialize)]
#[serde(rename_all = "kebab-case")]
struct File {
    #[serde(default)]
    environments: Vec<String>,
    requires_python: Option<String>,
    #[serde(default)]
    extras: Vec<String>,
    #[serde(default)]
    dependency_groups: Vec<String>,
    #[serde(default)]
    default_groups: Vec<String>,
    #[serde(default)]
    packages: Vec<Package>,
}

#[derive(Deserialize)]
#[serde(rename_all = "kebab-case")]
struct Package {
    name: Spanned<String>,
    version: Option<String>,
    marker: Option<String>,
    requires_python: Option<String>,
    #[serde(default)]
    dependencies: Vec<Dependency>,
    vcs: Option<Repository>,
    directory: Option<Directory>,
    archive: Option<PackageFile>,
    sdist: Option<PackageFile>,
    #[serde(default)]
    wheels: Vec<PackageFile>,
    index: Option<String>,
}

/// Whatever tells which package is meant; the name does, for who pulls it in.
#[derive(Deserialize)]
struct Dependency {
    name: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "kebab-case")]
struct Repository {
    #[serde(rename = "type")]
    kind: String,
    url: Option<String>,
    path: Option<String>,
    commit_id: Option<String>,
    subdirectory: Option<String>,
}

#[derive(Deserialize)]
struct Directory {
    path: String,
}

#[derive(Deserialize)]
struct PackageFile {
    name: Option<String>,
    url: Option<String>,
    path: Option<String>,
    size: Option<u64>,
    #[serde(default)]
    hashes: BTreeMap<String, String>,
}

const HINT: &str = "lock the project anew";

pub(super) fn read(text: &Text, scope: &Scope) -> Result<Locked, ProjectError> {
    let version: super::lock_version::Dashed = text.toml(HINT)?;
    // A newer minor version may be read, PEP 751 says, with a warning.
    let is_known = version.lock_version.split('.').next() == Some("1");
    lock::expect_version(text, "pylock.toml", &version.lock_version, "1.0", is_known)?;
    let file: File = text.toml(HINT)?;
    let set = |names: &[String]| names.iter().map(|name| normalise(name)).collect();
    let mut known = Known { extras: set(&file.extras), groups: set(&file.dependency_groups) };
    known.groups.extend(file.default_groups.iter().map(|group| normalise(group)));
    let selected = scope.selected(file.default_groups.iter().map(String::as_str));
    let mut notes = lock::excluded(text, file.requires_python.as_deref(), scope, "an installer")?;
    if version.lock_version != "1.0" {
        let why = format!(
            "is pylock.toml version {}: what is new in it since 1.0 is not read",
            version.lock_version
        );
        notes.push(Note::unread(text.shown.clone(), why));
    }
    let reader = Reader { text, from_index: notes.iter().any(|note| note.why.starts_with("is locked for")) };
    notes.extend(reader.outside(&file, scope, &selected)?);
    notes.extend(lock::left_out(text, &known, &selected));
    let mut graph = Graph::default();
    for package in &file.packages {
        // The project itself, which is what is being built.
        let itself =
            |directory: &Directory| below(text.folder(), &directory.path) == below(text.folder(), ".");
        if package.directory.as_ref().is_some_and(itself) {
            continue;
        }
        graph.push(reader.node(package)?)?;
        notes.extend(reader.excluded(package, scope, &selected)?);
    }
    let mut walked = graph.stated(scope, &selected);
    notes.extend(ambiguous(text, &walked.wants));
    walked.notes.extend(notes);
    Ok(Locked { walked, known, ..Locked::default() })
}

/// Two entries of one name that count in the same context are an error by the specification.
fn ambiguous(text: &Text, wants: &[Want]) -> Vec<Note> {
    let mut seen: BTreeMap<(&str, Context), &str> = BTreeMap::new();
    let mut notes = Vec::new();
    for want in wants {
        for context in &want.contexts {
            if let Some(first) = seen.insert((&want.name, *context), &want.said_by) {
                let why = format!(
                    "{} is locked twice for {context}, at {first} and {}: an installer would refuse that\n\
                     hint: lock the project anew",
                    want.name, want.said_by
                );
                notes.push(Note::unread(text.shown.clone(), why));
            }
        }
    }
    notes
}

struct Reader<'a> {
    text: &'a Text,
    from_index: bool,
}

impl Reader<'_> {
    fn marker(&self, offset: usize, marker: Option<&str>) -> Result<Marker, ProjectError> {
        let marker = marker.unwrap_or_default().parse();
        marker.map_err(|error: MarkerError| self.text.malformed(offset, error.to_string()))
    }

    /// Contexts that none of the `environments` holds for: the file says nothing of them.
    fn outside(&self, file: &File, scope: &Scope, selected: &Selected) -> Result<Vec<Note>, ProjectError> {
        let markers = file.environments.iter().map(|marker| self.marker(0, Some(marker)));
        let inside = Marker::any_of(markers.collect::<Result<_, _>>()?);
        let outside = scope.contexts.iter().filter(|context| !inside.allows(**context, selected));
        let note = |context| {
            let why = format!(
                "is locked for other environments than {context}: an installer would refuse it there\n\
                 hint: lock the project for it as well, or leave it out of the audit"
            );
            Note::unread(self.text.shown.clone(), why)
        };
        Ok(outside.map(note).collect())
    }

    /// A package that is wanted on a Python that it is not for.
    fn excluded(
        &self,
        package: &Package,
        scope: &Scope,
        selected: &Selected,
    ) -> Result<Option<Note>, ProjectError> {
        let Some(requires) = &package.requires_python else { return Ok(None) };
        let offset = package.name.span().start;
        let marker = self.marker(offset, package.marker.as_deref())?;
        for context in scope.contexts.iter().filter(|context| marker.allows(**context, selected)) {
            if lock::excludes(self.text, requires, context.target)? {
                let why = format!(
                    "{} is for Python {requires}, which excludes {}: an installer would refuse it there",
                    package.name.get_ref(),
                    context.target
                );
                return Ok(Some(Note::unread(self.text.place(offset), why)));
            }
        }
        Ok(None)
    }

    fn node(&self, package: &Package) -> Result<Node, ProjectError> {
        let offset = package.name.span().start;
        let edge = |name: &String| Edge {
            name: normalise(name),
            version: None,
            extras: Vec::new(),
            marker: Marker::ALWAYS,
        };
        let hashes = package.archive.as_ref().map(|file| self.hashes(offset, file)).transpose()?;
        Ok(Node {
            name: normalise(package.name.get_ref()),
            version: package.version.clone().or_else(|| version_of(&package.wheels)),
            source: Some(self.source(package)?),
            hashes: hashes.unwrap_or_default(),
            place: self.text.place(offset),
            marker: self.marker(offset, package.marker.as_deref())?,
            edges: package.dependencies.iter().filter_map(|needed| needed.name.as_ref()).map(edge).collect(),
            extras: BTreeMap::new(),
        })
    }

    fn hashes(&self, offset: usize, file: &PackageFile) -> Result<Vec<Hash>, ProjectError> {
        let place = self.text.place(offset);
        let hashes = file.hashes.iter().map(|(algorithm, digest)| format!("{algorithm}:{digest}"));
        hashes.map(|hash| lock::hash_of(self.text, &place, &hash)).collect()
    }

    fn source(&self, package: &Package) -> Result<Source, ProjectError> {
        let folder = self.text.folder();
        let offset = package.name.span().start;
        let placeless = |what: &str| self.text.malformed(offset, format!("{what}\nhint: {HINT}"));
        if let Some(repository) = &package.vcs {
            let local = repository.path.as_ref().map(|path| below(folder, path).display().to_string());
            let place = repository
                .url
                .clone()
                .or(local)
                .ok_or_else(|| placeless("its vcs has neither url nor path"))?;
            let commit = repository.commit_id.as_deref().map_or_else(String::new, |at| format!("@{at}"));
            let inside = repository.subdirectory.as_deref();
            let inside = inside.map_or_else(String::new, |inside| format!("#subdirectory={inside}"));
            return Ok(Source::Repository(format!("{}+{place}{commit}{inside}", repository.kind)));
        }
        if let Some(directory) = &package.directory {
            return Ok(Source::Path(below(folder, &directory.path)));
        }
        if let Some(file) = &package.archive {
            return match (&file.path, &file.url) {
                (Some(path), _) => Ok(Source::Path(below(folder, path))),
                (None, Some(url)) => Ok(Source::Url(url.clone())),
                (None, None) => Err(placeless("its archive has neither url nor path")),
            };
        }
        let files = package.sdist.iter().chain(&package.wheels).map(|file| self.listed(offset, file));
        let files = files.collect::<Result<Vec<_>, _>>()?;
        match &package.index {
            _ if files.is_empty() => Err(placeless("it has nothing to install")),
            Some(index) if self.from_index => Ok(lock::index(index)),
            None if self.from_index => Ok(Source::Index),
            _ => Ok(Source::Listed(files)),
        }
    }

    fn listed(&self, offset: usize, file: &PackageFile) -> Result<ListedFile, ProjectError> {
        let local = file.path.as_ref().map(|path| below(self.text.folder(), path));
        let local = local.map(|path| std::path::absolute(&path).unwrap_or(path));
        let local = local.and_then(|path| url::Url::from_file_path(path).ok()).map(String::from);
        let url = file.url.clone().or(local);
        let found = lock::listed(file.name.as_deref(), url.as_deref(), file.size, self.hashes(offset, file)?);
        let nameless =
            || self.text.malformed(offset, format!("lists a file without name, url and path\nhint: {HINT}"));
        found.ok_or_else(nameless)
    }
}

/// What the wheels call their version, where the package itself says none.
fn version_of(wheels: &[PackageFile]) -> Option<String> {
    wheels.iter().find_map(|file| {
        let listed = lock::listed(file.name.as_deref(), file.url.as_deref(), None, Vec::new())?;
        Some(listed.name.parse::<WheelName>().ok()?.version)
    })
}
