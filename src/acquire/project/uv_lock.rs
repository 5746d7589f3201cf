//! `uv.lock`, of projects, workspaces and scripts. Its format is described by what uv writes
//! (`crates/uv-resolver/src/lock`): packages with exact edges, markers on the edges, forks as `resolution-markers`.

use super::error::ProjectError;
use super::graph::{Edge, Graph, Node};
use super::location::below;
use super::lock::{self, Locked};
use super::marker::{Marker, Selected};
use super::scope::{Known, Scope};
use super::text::Text;
use crate::model::{ListedFile, Note, Source, normalise};
use serde::Deserialize;
use std::collections::{BTreeMap, BTreeSet};
use toml::Spanned;

#[derive(Deserialize)]
#[serde(rename_all = "kebab-case")]
struct File {
    requires_python: Option<String>,
    #[serde(default)]
    supported_markers: Vec<String>,
    #[serde(default)]
    manifest: Manifest,
    #[serde(default, rename = "package")]
    packages: Vec<Package>,
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "kebab-case")]
struct Manifest {
    #[serde(default)]
    members: Vec<String>,
    #[serde(default)]
    requirements: Vec<Dependency>,
    #[serde(default)]
    dependency_groups: BTreeMap<String, Vec<Dependency>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "kebab-case")]
struct Package {
    name: Spanned<String>,
    version: Option<String>,
    source: PackageSource,
    #[serde(default)]
    resolution_markers: Vec<String>,
    #[serde(default)]
    dependencies: Vec<Dependency>,
    #[serde(default)]
    optional_dependencies: BTreeMap<String, Vec<Dependency>>,
    #[serde(default)]
    dev_dependencies: BTreeMap<String, Vec<Dependency>>,
    sdist: Option<PackageFile>,
    #[serde(default)]
    wheels: Vec<PackageFile>,
    #[serde(default)]
    metadata: Metadata,
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "kebab-case")]
struct Metadata {
    #[serde(default)]
    provides_extras: Vec<String>,
    #[serde(default)]
    requires_dev: BTreeMap<String, toml::Value>,
}

#[derive(Deserialize)]
struct Dependency {
    name: String,
    version: Option<String>,
    #[serde(default, alias = "extras")]
    extra: Vec<String>,
    marker: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "kebab-case")]
enum PackageSource {
    Registry(String),
    Git(String),
    Url(String),
    Path(String),
    Directory(String),
    Editable(String),
    Virtual(String),
}

#[derive(Deserialize)]
struct PackageFile {
    url: Option<String>,
    path: Option<String>,
    filename: Option<String>,
    hash: Option<String>,
    size: Option<u64>,
}

/// What uv syncs without being told otherwise.
const DEFAULT_GROUP: &str = "dev";

pub(super) fn read(text: &Text, scope: &Scope) -> Result<Locked, ProjectError> {
    let version: super::lock_version::Number = text.toml("lock the project anew with `uv lock`")?;
    lock::expect_version(text, "uv.lock", &version.version.to_string(), "1", version.version == 1)?;
    let file: File = text.toml("lock the project anew with `uv lock`")?;
    let mut notes = lock::excluded(text, file.requires_python.as_deref(), scope, "uv")?;
    let from_index = !notes.is_empty();
    let known = known(&file);
    let defaults = default_groups(text, &known)?;
    let selected = scope.selected(defaults.iter().map(String::as_str));
    let reader = Reader { text, from_index };
    let mut graph = Graph::default();
    for package in &file.packages {
        graph.push(reader.node(package, is_project(&file, package))?)?;
    }
    graph.roots = reader.roots(&file, &selected)?;
    if graph.roots.is_empty() && !file.packages.is_empty() {
        let why = "names no project of its own: cannot tell what is installed\nhint: lock the project anew";
        return Err(ProjectError::malformed(text.shown.clone(), why));
    }
    notes.extend(lock::left_out(text, &known, &selected));
    let active = with_conflicts(&file, selected);
    notes.extend(reader.unsupported(&file, scope, &active)?);
    let mut walked = graph.walk(&text.shown, scope, &active);
    walked.notes.extend(notes);
    Ok(Locked { walked, known, ..Locked::default() })
}

/// What uv syncs unasked: the group `dev`, unless the project says otherwise (`default-groups` of `[tool.uv]`).
fn default_groups(text: &Text, known: &Known) -> Result<Vec<String>, ProjectError> {
    let path = text.folder().join("pyproject.toml");
    let usual = || vec![DEFAULT_GROUP.to_owned()];
    if !path.exists() {
        return Ok(usual());
    }
    let table: toml::Table = Text::read(&path)?.toml("mend it, or take it away from beside uv.lock")?;
    let said = table.get("tool").and_then(|tool| tool.get("uv")).and_then(|uv| uv.get("default-groups"));
    Ok(match said {
        None => usual(),
        Some(toml::Value::Array(names)) => {
            names.iter().filter_map(toml::Value::as_str).map(str::to_owned).collect()
        }
        // `"all"`, and whatever else it may come to mean: nothing is left out.
        Some(_) => known.groups.iter().cloned().collect(),
    })
}

/// Whether a package is the project, or a member of its workspace.
fn is_project(file: &File, package: &Package) -> bool {
    let members = &file.manifest.members;
    match &package.source {
        PackageSource::Editable(path) | PackageSource::Virtual(path) | PackageSource::Directory(path) => {
            if members.is_empty() {
                path == "."
            } else {
                members.contains(package.name.get_ref())
            }
        }
        _ => false,
    }
}

fn known(file: &File) -> Known {
    let mut known = Known::default();
    for package in file.packages.iter().filter(|package| is_project(file, package)) {
        let extras = package.optional_dependencies.keys().chain(&package.metadata.provides_extras);
        known.extras.extend(extras.map(|name| normalise(name)));
        let groups = package.dev_dependencies.keys().chain(package.metadata.requires_dev.keys());
        known.groups.extend(groups.map(|name| normalise(name)));
    }
    known.groups.extend(file.manifest.dependency_groups.keys().map(|name| normalise(name)));
    known
}

/// Where extras or groups exclude each other, uv writes markers that ask for `extra-7-project-cpu`: the name of the
/// project with its length, and of the extra (`crates/uv-pypi-types/src/conflicts.rs`). An extra counts as well when
/// another member of the workspace asks for it.
fn with_conflicts(file: &File, selected: Selected) -> Selected {
    let mut active: BTreeSet<(String, String, &str)> = BTreeSet::new();
    let projects: Vec<&Package> = file.packages.iter().filter(|package| is_project(file, package)).collect();
    for project in &projects {
        let name = normalise(project.name.get_ref());
        let extras = project.optional_dependencies.keys().map(|extra| normalise(extra));
        active.extend(
            extras
                .filter(|extra| selected.extras.contains(extra))
                .map(|extra| (name.clone(), extra, "extra")),
        );
        let groups = project.dev_dependencies.keys().map(|group| normalise(group));
        active.extend(
            groups
                .filter(|group| selected.groups.contains(group))
                .map(|group| (name.clone(), group, "group")),
        );
    }
    let dependencies = file.packages.iter().flat_map(|package| {
        package
            .dependencies
            .iter()
            .chain(package.optional_dependencies.values().flatten())
            .chain(package.dev_dependencies.values().flatten())
    });
    for dependency in dependencies {
        let name = normalise(&dependency.name);
        if projects.iter().any(|project| normalise(project.name.get_ref()) == name) {
            active.extend(dependency.extra.iter().map(|extra| (name.clone(), normalise(extra), "extra")));
        }
    }
    let mut selected = selected;
    for project in &projects {
        let name = normalise(project.name.get_ref());
        selected.extras.insert(format!("project-{}-{name}", name.len()));
    }
    selected
        .extras
        .extend(active.into_iter().map(|(name, item, kind)| format!("{kind}-{}-{name}-{item}", name.len())));
    selected
}

struct Reader<'a> {
    text: &'a Text,
    /// Whether the files listed are for other Pythons, so that the index is asked instead.
    from_index: bool,
}

impl Reader<'_> {
    fn marker(&self, offset: usize, marker: &str) -> Result<Marker, ProjectError> {
        marker
            .parse()
            .map_err(|error: super::marker::MarkerError| self.text.malformed(offset, error.to_string()))
    }

    fn edges(&self, offset: usize, dependencies: &[Dependency]) -> Result<Vec<Edge>, ProjectError> {
        let edge = |dependency: &Dependency| {
            Ok(Edge {
                name: normalise(&dependency.name),
                version: dependency.version.clone(),
                extras: dependency.extra.iter().map(|extra| normalise(extra)).collect(),
                marker: self.marker(offset, dependency.marker.as_deref().unwrap_or_default())?,
            })
        };
        dependencies.iter().map(edge).collect()
    }

    fn node(&self, package: &Package, is_project: bool) -> Result<Node, ProjectError> {
        let offset = package.name.span().start;
        let markers = package.resolution_markers.iter().map(|marker| self.marker(offset, marker));
        let mut extras = BTreeMap::new();
        for (extra, dependencies) in &package.optional_dependencies {
            extras.insert(normalise(extra), self.edges(offset, dependencies)?);
        }
        for (group, dependencies) in &package.dev_dependencies {
            extras.insert(group_key(group), self.edges(offset, dependencies)?);
        }
        let source = if is_project { None } else { self.source(package)? };
        let file = matches!(package.source, PackageSource::Url(_) | PackageSource::Path(_));
        let files = package.sdist.iter().chain(&package.wheels).filter(|_| file);
        let hashes = files.filter_map(|file| file.hash.as_deref());
        Ok(Node {
            name: normalise(package.name.get_ref()),
            version: package.version.clone(),
            source,
            hashes: hashes
                .map(|hash| lock::hash_of(self.text, &self.text.place(offset), hash))
                .collect::<Result<_, _>>()?,
            place: self.text.place(offset),
            marker: Marker::any_of(markers.collect::<Result<_, _>>()?),
            edges: self.edges(offset, &package.dependencies)?,
            extras,
        })
    }

    fn source(&self, package: &Package) -> Result<Option<Source>, ProjectError> {
        let folder = self.text.folder();
        Ok(Some(match &package.source {
            PackageSource::Registry(registry) => {
                if package.version.is_none() {
                    let what = "has no version, but comes from an index\nhint: lock the project anew";
                    return Err(self.text.malformed(package.name.span().start, what));
                }
                let files = self.files(package)?;
                if self.from_index || files.is_empty() {
                    if registry.contains("://") { lock::index(registry) } else { Source::Index }
                } else {
                    Source::Listed(files)
                }
            }
            PackageSource::Git(url) => Source::Repository(format!("git+{url}")),
            PackageSource::Url(url) => Source::Url(url.clone()),
            PackageSource::Path(path) | PackageSource::Directory(path) | PackageSource::Editable(path) => {
                Source::Path(below(folder, path))
            }
            // Only what it needs is installed.
            PackageSource::Virtual(_) => return Ok(None),
        }))
    }

    fn files(&self, package: &Package) -> Result<Vec<ListedFile>, ProjectError> {
        let PackageSource::Registry(registry) = &package.source else { return Ok(Vec::new()) };
        let offset = package.name.span().start;
        let wrong = || self.text.malformed(offset, "lists a file that has neither a name nor a place");
        let mut listed = Vec::new();
        for file in package.sdist.iter().chain(&package.wheels) {
            let hashes =
                file.hash.iter().map(|hash| lock::hash_of(self.text, &self.text.place(offset), hash));
            let local = file.path.as_ref().map(|path| below(&below(self.text.folder(), registry), path));
            let local = local.map(|path| std::path::absolute(&path).unwrap_or(path));
            let url = local.and_then(|path| url::Url::from_file_path(path).ok()).map(String::from);
            let url = file.url.clone().or(url);
            let hashes = hashes.collect::<Result<_, _>>()?;
            listed.push(
                lock::listed(file.filename.as_deref(), url.as_deref(), file.size, hashes)
                    .ok_or_else(wrong)?,
            );
        }
        Ok(listed)
    }

    /// The project, or every member of the workspace, or a script's requirements.
    fn roots(&self, file: &File, selected: &Selected) -> Result<Vec<Edge>, ProjectError> {
        let mut roots = self.edges(0, &file.manifest.requirements)?;
        for (group, dependencies) in &file.manifest.dependency_groups {
            if selected.groups.contains(&normalise(group)) {
                roots.extend(self.edges(0, dependencies)?);
            }
        }
        for package in file.packages.iter().filter(|package| is_project(file, package)) {
            let extras = package.optional_dependencies.keys().map(|extra| normalise(extra));
            let groups =
                package.dev_dependencies.keys().filter(|group| selected.groups.contains(&normalise(group)));
            roots.push(Edge {
                name: normalise(package.name.get_ref()),
                version: None,
                extras: extras
                    .filter(|extra| selected.extras.contains(extra))
                    .chain(groups.map(|group| group_key(group)))
                    .collect(),
                marker: Marker::ALWAYS,
            });
        }
        Ok(roots)
    }

    /// Contexts that the project was told not to be locked for.
    fn unsupported(
        &self,
        file: &File,
        scope: &Scope,
        selected: &Selected,
    ) -> Result<Vec<Note>, ProjectError> {
        let markers = file.supported_markers.iter().map(|marker| self.marker(0, marker));
        let supported = Marker::any_of(markers.collect::<Result<_, _>>()?);
        let outside = scope.contexts.iter().filter(|context| !supported.allows(**context, selected));
        let note = |context| {
            let why = format!(
                "is locked for other environments than {context} (`environments` of [tool.uv])\n\
                 hint: add it there and lock anew, or leave it out of the audit"
            );
            Note::unread(self.text.shown.clone(), why)
        };
        Ok(outside.map(note).collect())
    }
}

/// Groups stand among the extras of a node under a name that no extra can have.
fn group_key(group: &str) -> String {
    format!(":{}", normalise(group))
}
