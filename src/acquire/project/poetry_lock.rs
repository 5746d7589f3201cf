//! `poetry.lock`. Since version 2.1 of its format (Poetry 2.0) every package says of what groups it is and under which
//! markers; before that, only the `pyproject.toml` beside it tells what the project itself asks for.

use super::error::ProjectError;
use super::graph::{Edge, Graph, Node};
use super::location::below;
use super::lock::{self, Locked};
use super::marker::{Marker, Selected};
use super::requirement::Requirement;
use super::scope::{Known, Scope};
use super::text::Text;
use crate::model::{Hash, ListedFile, Note, Source, normalise};
use serde::Deserialize;
use std::collections::{BTreeMap, BTreeSet};
use toml::Spanned;

#[derive(Deserialize)]
struct File {
    #[serde(default)]
    package: Vec<Package>,
    #[serde(default)]
    extras: BTreeMap<String, Vec<String>>,
    #[serde(default)]
    metadata: Metadata,
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "kebab-case")]
struct Metadata {
    python_versions: Option<String>,
    /// Before version 2 the files stand here, by name.
    #[serde(default)]
    files: BTreeMap<String, Vec<PackageFile>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "kebab-case")]
struct Package {
    name: Spanned<String>,
    version: String,
    #[serde(default)]
    optional: bool,
    category: Option<String>,
    groups: Option<Vec<String>>,
    #[serde(alias = "marker")]
    markers: Option<Markers>,
    #[serde(default)]
    files: Vec<PackageFile>,
    #[serde(default)]
    dependencies: BTreeMap<String, toml::Value>,
    #[serde(default)]
    extras: BTreeMap<String, Vec<String>>,
    source: Option<PackageSource>,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Markers {
    One(String),
    ByGroup(BTreeMap<String, String>),
}

#[derive(Deserialize)]
struct PackageFile {
    file: String,
    hash: Option<String>,
}

#[derive(Deserialize)]
struct PackageSource {
    #[serde(rename = "type")]
    kind: Option<String>,
    url: Option<String>,
    resolved_reference: Option<String>,
    subdirectory: Option<String>,
}

/// The group of what stands under `[tool.poetry.dependencies]` or `[project]`.
const MAIN: &str = "main";
const HINT: &str = "lock the project anew with `poetry lock`";

pub(super) fn read(text: &Text, scope: &Scope) -> Result<Locked, ProjectError> {
    let version: super::lock_version::InMetadata = text.toml(HINT)?;
    let version = version.metadata.version.unwrap_or_else(|| "none".to_owned());
    let is_known = ["1.0", "1.1", "2.0", "2.1"].contains(&version.as_str());
    lock::expect_version(text, "poetry.lock", &version, "1.0, 1.1, 2.0 and 2.1", is_known)?;
    let file: File = text.toml(HINT)?;
    let project = super::poetry_project::read(text)?;
    let states_all = file.package.iter().all(|package| package.groups.is_some());
    let mut known = Known::default();
    known.extras.extend(file.extras.keys().map(|name| normalise(name)));
    known.groups.extend(
        file.package.iter().flat_map(|package| package.groups.iter().flatten()).map(|group| normalise(group)),
    );
    known.groups.extend(project.groups.keys().map(|group| normalise(group)));
    if file.package.iter().any(|package| package.category.as_deref() == Some("dev")) {
        known.groups.insert("dev".to_owned());
    }
    // Poetry installs every group that is not said to be optional.
    let all: Vec<String> =
        known.groups.iter().filter(|group| !project.optional.contains(*group)).cloned().collect();
    let mut selected = scope.selected(all.iter().map(String::as_str));
    selected.groups.insert(MAIN.to_owned());
    known.groups.insert(MAIN.to_owned());
    let mut notes = lock::excluded(text, file.metadata.python_versions.as_deref(), scope, "Poetry")?;
    let reader = Reader { text, file: &file, from_index: !notes.is_empty() };
    let mut graph = Graph::default();
    for package in &file.package {
        graph.push(reader.node(package, &selected)?)?;
    }
    graph.roots = project.roots(&selected);
    notes.extend(lock::left_out(text, &known, &selected));
    let mut walked = if states_all {
        graph.stated(scope, &selected)
    } else if project.is_there {
        graph.walk(&text.shown, scope, &selected)
    } else {
        notes.push(Note::told(
            text.shown.clone(),
            "does not say what the project itself asks for, and no pyproject.toml of Poetry is beside it: everything \
             that is locked and not optional is audited",
        ));
        reader.without_project(&mut graph, &selected);
        graph.walk(&text.shown, scope, &selected)
    };
    walked.notes.extend(notes);
    Ok(Locked { walked, known, ..Locked::default() })
}

struct Reader<'a> {
    text: &'a Text,
    file: &'a File,
    from_index: bool,
}

impl Reader<'_> {
    fn node(&self, package: &Package, selected: &Selected) -> Result<Node, ProjectError> {
        let offset = package.name.span().start;
        let mut edges = Vec::new();
        let mut optional = BTreeMap::new();
        for (name, value) in &package.dependencies {
            let found = super::poetry_project::edges(name, value)
                .map_err(|error| self.text.malformed(offset, error.to_string()))?;
            for (edge, is_optional) in found {
                if is_optional {
                    optional.insert(edge.name.clone(), edge);
                } else {
                    edges.push(edge);
                }
            }
        }
        let mut extras = BTreeMap::new();
        for (extra, requirements) in &package.extras {
            let names = requirements.iter().filter_map(|text| {
                let name = text.split([' ', '[', '(', ';', '=', '<', '>', '!', '~']).next()?;
                optional.get(&normalise(name)).cloned()
            });
            extras.insert(normalise(extra), names.collect());
        }
        Ok(Node {
            name: normalise(package.name.get_ref()),
            version: Some(package.version.clone()),
            hashes: self.hashes(package)?,
            source: Some(self.source(package)?),
            place: self.text.place(offset),
            marker: self.marker(package, selected)?,
            edges,
            extras,
        })
    }

    /// When it is installed: with any of its groups, under that group's marker.
    fn marker(&self, package: &Package, selected: &Selected) -> Result<Marker, ProjectError> {
        let Some(groups) = &package.groups else { return Ok(Marker::ALWAYS) };
        let never = || Marker::Any(Vec::new());
        let mut markers = Vec::new();
        for group in groups.iter().filter(|group| selected.groups.contains(&normalise(group))) {
            let marker = match &package.markers {
                None => "",
                Some(Markers::One(marker)) => marker,
                Some(Markers::ByGroup(by_group)) => by_group.get(group).map_or("", String::as_str),
            };
            markers.push(marker.parse().map_err(|error: super::marker::MarkerError| {
                self.text.malformed(package.name.span().start, error.to_string())
            })?);
        }
        Ok(if markers.is_empty() { never() } else { Marker::any_of(markers) })
    }

    fn source(&self, package: &Package) -> Result<Source, ProjectError> {
        let offset = package.name.span().start;
        let Some(source) = &package.source else { return self.files(package, Source::Index) };
        let url = source.url.as_deref().unwrap_or_default();
        Ok(match source.kind.as_deref() {
            Some("git") => {
                let reference =
                    source.resolved_reference.as_deref().map_or_else(String::new, |at| format!("@{at}"));
                let folder = source.subdirectory.as_deref();
                let folder = folder.map_or_else(String::new, |folder| format!("#subdirectory={folder}"));
                Source::Repository(format!("git+{url}{reference}{folder}"))
            }
            Some("url") => Source::Url(url.to_owned()),
            Some("file" | "directory") => Source::Path(below(self.text.folder(), url)),
            None | Some("legacy") => return self.files(package, lock::index(url)),
            Some(other) => {
                let other: String = other.chars().take(40).collect();
                let what =
                    format!("comes from `{other}`, which is not known\nhint: look for a newer ftaudit");
                return Err(self.text.malformed(offset, what));
            }
        })
    }

    /// Where the files come from an index of their own, or from a URL: one of these has to fit.
    fn hashes(&self, package: &Package) -> Result<Vec<Hash>, ProjectError> {
        let kind = package.source.as_ref().and_then(|source| source.kind.as_deref());
        if self.from_index || !matches!(kind, Some("legacy" | "url" | "file")) {
            return Ok(Vec::new());
        }
        let place = self.text.place(package.name.span().start);
        let hashes = package.files.iter().filter_map(|file| file.hash.as_deref());
        hashes.map(|hash| lock::hash_of(self.text, &place, hash)).collect()
    }

    /// The lock file lists names and hashes and leaves the places to the index; only where that is the default one
    /// can the list stand for it.
    fn files(&self, package: &Package, index: Source) -> Result<Source, ProjectError> {
        let place = self.text.place(package.name.span().start);
        let name = package.name.get_ref();
        let old = self.file.metadata.files.get(name);
        let files = package.files.iter().chain(old.into_iter().flatten());
        let listed = files.map(|file| {
            let hash = file.hash.as_deref().map(|hash| lock::hash_of(self.text, &place, hash)).transpose()?;
            Ok(ListedFile {
                name: file.file.clone(),
                url: None,
                size: None,
                hashes: hash.into_iter().collect(),
            })
        });
        let listed = listed.collect::<Result<Vec<_>, ProjectError>>()?;
        Ok(if listed.is_empty() || self.from_index || index != Source::Index {
            index
        } else {
            Source::Listed(listed)
        })
    }

    /// Without a project every package that is not optional is a root, and those that the chosen extras name.
    fn without_project(&self, graph: &mut Graph, selected: &Selected) {
        let chosen = self.file.extras.iter().filter(|(extra, _)| selected.extras.contains(&normalise(extra)));
        let chosen: BTreeSet<String> = chosen
            .flat_map(|(_, names)| names)
            .filter_map(|text| Requirement::parse(text, self.text.folder()).ok())
            .map(|requirement| requirement.name)
            .collect();
        let is_root = |package: &&Package| {
            let dev = package.category.as_deref() == Some("dev") && !selected.groups.contains("dev");
            (!package.optional && !dev) || chosen.contains(&normalise(package.name.get_ref()))
        };
        let root = |package: &Package| Edge {
            name: normalise(package.name.get_ref()),
            version: Some(package.version.clone()),
            extras: Vec::new(),
            marker: Marker::ALWAYS,
        };
        graph.roots = self.file.package.iter().filter(is_root).map(root).collect();
    }
}
