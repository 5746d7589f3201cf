//! `pdm.lock`. With the strategy `inherit_metadata` (the default since PDM 2.11) every package says of what groups it
//! is and under which marker; without it, everything that is locked is taken.

use super::error::ProjectError;
use super::graph::{Edge, Graph, Node};
use super::location::below;
use super::lock::{self, Locked};
use super::marker::Marker;
use super::requirement::Requirement;
use super::scope::{Known, Scope};
use super::text::Text;
use crate::model::{Note, Source, normalise};
use serde::Deserialize;
use std::collections::{BTreeMap, BTreeSet};
use toml::Spanned;

#[derive(Deserialize)]
struct File {
    #[serde(default)]
    package: Vec<Package>,
    #[serde(default)]
    metadata: Metadata,
}

#[derive(Deserialize, Default)]
struct Metadata {
    #[serde(default)]
    groups: Vec<String>,
    #[serde(default)]
    targets: Vec<Target>,
}

#[derive(Deserialize)]
struct Target {
    requires_python: Option<String>,
}

#[derive(Deserialize)]
struct Package {
    name: Spanned<String>,
    version: String,
    groups: Option<Vec<String>>,
    marker: Option<String>,
    #[serde(default)]
    dependencies: Vec<String>,
    #[serde(default)]
    files: Vec<PackageFile>,
    git: Option<String>,
    hg: Option<String>,
    svn: Option<String>,
    revision: Option<String>,
    subdirectory: Option<String>,
    url: Option<String>,
    path: Option<String>,
}

#[derive(Deserialize)]
struct PackageFile {
    file: Option<String>,
    url: Option<String>,
    hash: Option<String>,
}

/// The group of `[project.dependencies]`.
const DEFAULT: &str = "default";
const HINT: &str = "lock the project anew with `pdm lock`";

pub(super) fn read(text: &Text, scope: &Scope) -> Result<Locked, ProjectError> {
    let version: super::lock_version::InMetadata = text.toml(HINT)?;
    let version = version.metadata.version.unwrap_or_else(|| "none".to_owned());
    let is_known = version == "4" || version.starts_with("4.");
    lock::expect_version(text, "pdm.lock", &version, "4 to 4.5", is_known)?;
    let file: File = text.toml(HINT)?;
    let project = super::pyproject::Names::beside(text)?;
    // What PDM locks are extras and groups alike, and it installs those of the development groups unasked.
    let mut known = Known::default();
    for group in file.metadata.groups.iter().map(|group| normalise(group)).filter(|group| group != DEFAULT) {
        if project.extras.contains(&group) {
            known.extras.insert(group)
        } else {
            known.groups.insert(group)
        };
    }
    let mut selected = scope.selected(known.groups.iter().map(String::as_str));
    let mut notes = Vec::new();
    let requires: Vec<&str> =
        file.metadata.targets.iter().filter_map(|target| target.requires_python.as_deref()).collect();
    if !requires.is_empty() && requires.len() == file.metadata.targets.len() {
        notes = lock::excluded(text, Some(&requires.join(" || ")), scope, "PDM")?;
    }
    notes.extend(lock::left_out(text, &known, &selected));
    let extras = selected.extras.clone();
    selected.groups.extend(extras);
    selected.groups.insert(DEFAULT.to_owned());
    if file.package.iter().any(|package| package.groups.is_none()) {
        notes.push(Note::told(
            text.shown.clone(),
            "does not say what its packages belong to (strategy `inherit_metadata`): everything that is locked is audited",
        ));
    }
    let reader = Reader { text, from_index: notes.iter().any(|note| note.unread) };
    let mut graph = Graph::default();
    graph.roots = project.roots;
    for package in &file.package {
        graph.push(reader.node(package, &selected.groups)?)?;
    }
    let mut walked = graph.stated(scope, &selected);
    merge_extras(&mut walked.wants);
    walked.notes.extend(notes);
    Ok(Locked { walked, known, ..Locked::default() })
}

/// PDM locks `a` and `a[extra]` apart, with the same files: one want is left of them.
fn merge_extras(wants: &mut Vec<crate::model::Want>) {
    let mut merged: BTreeMap<(String, Option<String>, Source), crate::model::Want> = BTreeMap::new();
    for want in wants.drain(..) {
        let key = (want.name.clone(), want.version.clone(), want.source.clone());
        match merged.get_mut(&key) {
            Some(known) => {
                known.contexts.extend(want.contexts);
                known.contexts.sort_unstable();
                known.contexts.dedup();
            }
            None => drop(merged.insert(key, want)),
        }
    }
    wants.extend(merged.into_values());
}

struct Reader<'a> {
    text: &'a Text,
    from_index: bool,
}

impl Reader<'_> {
    fn node(&self, package: &Package, groups: &BTreeSet<String>) -> Result<Node, ProjectError> {
        let offset = package.name.span().start;
        let wrong = |error: String| self.text.malformed(offset, error);
        let mut edges = Vec::new();
        for text in &package.dependencies {
            let found =
                Requirement::parse(text, self.text.folder()).map_err(|error| wrong(error.to_string()))?;
            edges.push(Edge { name: found.name, version: None, extras: found.extras, marker: found.marker });
        }
        let in_group = package
            .groups
            .as_ref()
            .is_none_or(|of| of.iter().any(|group| groups.contains(&normalise(group))));
        let marker = package.marker.as_deref().unwrap_or_default();
        let marker = marker.parse().map_err(|error: super::marker::MarkerError| wrong(error.to_string()))?;
        Ok(Node {
            name: normalise(package.name.get_ref()),
            version: Some(package.version.clone()),
            source: Some(self.source(package)?),
            hashes: Vec::new(),
            place: self.text.place(offset),
            marker: if in_group { marker } else { Marker::Any(Vec::new()) },
            edges,
            extras: BTreeMap::new(),
        })
    }

    fn source(&self, package: &Package) -> Result<Source, ProjectError> {
        for (system, url) in [("git", &package.git), ("hg", &package.hg), ("svn", &package.svn)] {
            if let Some(url) = url {
                let revision = package.revision.as_deref().map_or_else(String::new, |at| format!("@{at}"));
                let folder = package.subdirectory.as_deref();
                let folder = folder.map_or_else(String::new, |folder| format!("#subdirectory={folder}"));
                return Ok(Source::Repository(format!("{system}+{url}{revision}{folder}")));
            }
        }
        if let Some(path) = &package.path {
            return Ok(Source::Path(below(self.text.folder(), path)));
        }
        if let Some(url) = &package.url {
            return Ok(Source::Url(url.clone()));
        }
        let offset = package.name.span().start;
        let place = self.text.place(offset);
        let mut listed = Vec::new();
        for file in &package.files {
            let hash = file.hash.as_deref().map(|hash| lock::hash_of(self.text, &place, hash)).transpose()?;
            let found =
                lock::listed(file.file.as_deref(), file.url.as_deref(), None, hash.into_iter().collect());
            let nameless = || self.text.malformed(offset, "lists a file that has neither a name nor a place");
            listed.push(found.ok_or_else(nameless)?);
        }
        Ok(if listed.is_empty() || self.from_index { Source::Index } else { Source::Listed(listed) })
    }
}
