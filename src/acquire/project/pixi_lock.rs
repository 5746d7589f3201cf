//! The `PyPI` part of `pixi.lock`, by the format that `rattler_lock` documents. Pixi locks one file for each platform,
//! for the Python of its environment; conda packages have no wheels and are told as not covered.

use super::error::ProjectError;
use super::graph::{Edge, Graph, Node};
use super::location::{Location, below};
use super::lock::{self, Locked};
use super::marker::Marker;
use super::requirement::Requirement;
use super::scope::{Known, Scope};
use super::text::Text;
use crate::model::{Context, ListedFile, Note, Platform, Source, Want, normalise};
use serde::Deserialize;
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

#[derive(Deserialize)]
struct Version {
    version: u64,
}

#[derive(Deserialize)]
struct File {
    #[serde(default)]
    platforms: Vec<LockedPlatform>,
    #[serde(default)]
    environments: BTreeMap<String, Environment>,
    #[serde(default)]
    packages: Vec<Package>,
}

/// Since version 7 platforms have names of their own.
#[derive(Deserialize)]
struct LockedPlatform {
    name: String,
    subdir: Option<String>,
}

#[derive(Deserialize)]
struct Environment {
    #[serde(default)]
    indexes: Vec<String>,
    packages: BTreeMap<String, Vec<Selector>>,
}

/// One key, the kind of package, and where it is.
#[derive(Deserialize)]
struct Selector {
    pypi: Option<String>,
    conda: Option<String>,
    #[serde(alias = "source")]
    conda_source: Option<String>,
}

#[derive(Deserialize)]
struct Package {
    pypi: Option<String>,
    /// Up to version 5.
    kind: Option<String>,
    url: Option<String>,
    path: Option<String>,
    name: Option<String>,
    version: Option<serde_json::Value>,
    sha256: Option<String>,
    index: Option<String>,
    #[serde(default)]
    requires_dist: Vec<String>,
}

/// The environment that pixi installs unasked.
const DEFAULT: &str = "default";
const HINT: &str = "lock the project anew with `pixi lock`";
/// Names of conda packages that a note shows.
const SHOWN: usize = 5;

pub(super) fn read(text: &Text, scope: &Scope) -> Result<Locked, ProjectError> {
    let version: Version = yaml(text)?;
    let number = version.version;
    lock::expect_version(text, "pixi.lock", &number.to_string(), "4, 5, 6 and 7", (4..=7).contains(&number))?;
    let file: File = yaml(text)?;
    let mut known = Known::default();
    known.groups.extend(file.environments.keys().map(|name| normalise(name)));
    let chosen = scope.selected([DEFAULT]);
    let mut reader = Reader {
        text,
        packages: file.packages.iter().filter_map(|package| Some((package.place()?, package))).collect(),
        lines: lines(text),
        file: &file,
        graph: Graph::default(),
        wants: BTreeMap::new(),
        notes: Vec::new(),
    };
    for (name, environment) in &file.environments {
        if chosen.groups.contains(&normalise(name)) {
            reader.environment(name, environment, scope)?;
        }
    }
    reader.notes.extend(lock::left_out(text, &known, &chosen));
    let chains = reader.graph.chains();
    let mut walked = super::graph::Walked { wants: Vec::new(), notes: reader.notes };
    for mut want in reader.wants.into_values() {
        if let Some(chain) = chains.get(&want.name) {
            want.chain.clone_from(chain);
        }
        want.contexts.sort_unstable();
        want.contexts.dedup();
        walked.wants.push(want);
    }
    Ok(Locked { walked, known, ..Locked::default() })
}

fn yaml<'a, T: Deserialize<'a>>(text: &'a Text) -> Result<T, ProjectError> {
    // The limits against documents that grow as they are read are the crate's own.
    serde_saphyr::from_str(&text.content).map_err(|error| {
        let line = error.location().map_or(1, |location| location.line());
        let line = usize::try_from(line).unwrap_or(1);
        let what = error.without_snippet().to_string();
        let what: String = what.lines().next().unwrap_or_default().chars().take(200).collect();
        ProjectError::malformed(text.at(line), format!("{what}\nhint: {HINT}"))
    })
}

/// Where a place is the same file for several platforms it is one want.
type Key = (String, Option<String>, Source);

/// The last line that names each place: where the package itself stands.
fn lines(text: &Text) -> BTreeMap<&str, usize> {
    let keys = ["pypi: ", "url: ", "path: "];
    let numbered = text
        .content
        .lines()
        .enumerate()
        .map(|(number, line)| (line.trim_start_matches([' ', '-']), number + 1));
    let place = |line: &'_ str| keys.iter().find_map(|key| line.strip_prefix(key)).map(str::len);
    numbered.filter_map(|(line, number)| Some((&line[line.len() - place(line)?..], number))).collect()
}

struct Reader<'a> {
    text: &'a Text,
    packages: BTreeMap<&'a str, &'a Package>,
    lines: BTreeMap<&'a str, usize>,
    file: &'a File,
    graph: Graph,
    wants: BTreeMap<Key, Want>,
    notes: Vec<Note>,
}

impl Reader<'_> {
    fn environment(
        &mut self,
        name: &str,
        environment: &Environment,
        scope: &Scope,
    ) -> Result<(), ProjectError> {
        let mut conda = BTreeSet::new();
        for context in &scope.contexts {
            let Some(selectors) = self.selectors(environment, context.platform) else {
                let why = format!(
                    "its environment `{name}` is not locked for {}\nhint: add the platform and lock anew, or leave \
                     it out of the audit",
                    context.platform
                );
                self.notes.push(Note::unread(self.text.shown.clone(), why));
                continue;
            };
            let python =
                selectors.iter().filter_map(|selector| selector.conda.as_deref()).find_map(python_of);
            let is_target =
                python.is_some_and(|build| build.contains(&format!("cp3{}t", context.target.minor())));
            for selector in selectors {
                if let Some(place) = &selector.pypi {
                    self.package(place, environment, *context, is_target)?;
                } else {
                    let package = selector.conda.as_ref().or(selector.conda_source.as_ref());
                    conda.extend(package.map(|place| place.rsplit('/').next().unwrap_or(place).to_owned()));
                }
            }
        }
        if !conda.is_empty() {
            let some: Vec<&str> = conda.iter().take(SHOWN).map(String::as_str).collect();
            let more = if conda.len() > SHOWN { ", …" } else { "" };
            let why = format!(
                "its environment `{name}` has {} conda packages, which are not audited ({}{more})\nhint: audit the \
                 environment that pixi makes of it as well",
                conda.len(),
                some.join(", ")
            );
            self.notes.push(Note::unread(self.text.shown.clone(), why));
        }
        Ok(())
    }

    fn selectors<'b>(&self, environment: &'b Environment, platform: Platform) -> Option<&'b [Selector]> {
        let subdir = subdir(platform)?;
        let own =
            self.file.platforms.iter().find(|own| own.subdir.as_deref() == Some(subdir)).map(|own| &own.name);
        let selectors = environment.packages.get(subdir).or_else(|| environment.packages.get(own?))?;
        Some(selectors)
    }

    fn package(
        &mut self,
        place: &str,
        environment: &Environment,
        context: Context,
        is_target: bool,
    ) -> Result<(), ProjectError> {
        let said_by = self.text.at(self.lines.get(place).copied().unwrap_or(1));
        let wrong = |what: String| ProjectError::malformed(said_by.clone(), format!("{what}\nhint: {HINT}"));
        let found = self.packages.get(place).copied();
        let package =
            found.ok_or_else(|| wrong("an environment needs a package that is not listed".to_owned()))?;
        let location =
            Location::parse(place, self.text.folder()).map_err(|error| wrong(error.to_string()))?;
        let name = package.name.as_deref().map(normalise).or_else(|| location.name());
        let name = name.ok_or_else(|| wrong("a package has no name".to_owned()))?;
        let version = package.version.as_ref().map(|version| match version {
            serde_json::Value::String(text) => text.clone(),
            other => other.to_string(),
        });
        let source = match location.source() {
            Source::Url(url) => {
                let hash = package
                    .sha256
                    .as_deref()
                    .map(|digest| lock::hash_of(self.text, &said_by, &format!("sha256:{digest}")));
                let file = lock::listed(None, Some(url), None, hash.transpose()?.into_iter().collect());
                package.of_index(file, environment, is_target)
            }
            Source::Path(_) => Source::Path(below(self.text.folder(), place)),
            other => other.clone(),
        };
        let key = (name.clone(), version.clone(), source.clone());
        if let Some(known) = self.wants.get_mut(&key) {
            known.contexts.push(context);
            return Ok(());
        }
        self.graph.push(package.node(&name, &source, &said_by))?;
        let chain = vec![name.clone()];
        let contexts = vec![context];
        self.wants.insert(key, Want { name, version, source, hashes: Vec::new(), contexts, said_by, chain });
        Ok(())
    }
}

impl Package {
    /// The very file that is locked, where the environment has the target's Python; otherwise whatever the index has
    /// at that version, as pixi would lock another file for another Python.
    fn of_index(&self, file: Option<ListedFile>, environment: &Environment, is_target: bool) -> Source {
        match (file, self.index.as_ref().or(environment.indexes.first())) {
            (Some(file), _) if is_target || self.version.is_none() => Source::Listed(vec![file]),
            (_, Some(index)) => lock::index(index),
            (_, None) => Source::Index,
        }
    }

    /// For who pulls in what; where it is wanted is the environment's to say.
    fn node(&self, name: &str, source: &Source, place: &str) -> Node {
        let needed =
            self.requires_dist.iter().filter_map(|text| Requirement::parse(text, Path::new("")).ok());
        let edge = |found: Requirement| Edge {
            name: found.name,
            version: None,
            extras: Vec::new(),
            marker: Marker::ALWAYS,
        };
        Node {
            name: name.to_owned(),
            version: None,
            source: Some(source.clone()),
            hashes: Vec::new(),
            place: place.to_owned(),
            marker: Marker::ALWAYS,
            edges: needed.map(edge).collect(),
            extras: BTreeMap::new(),
        }
    }

    /// Where it is, of those that are no conda packages.
    fn place(&self) -> Option<&str> {
        let old = self.url.as_ref().or(self.path.as_ref()).filter(|_| self.kind.as_deref() == Some("pypi"));
        self.pypi.as_ref().or(old).map(String::as_str)
    }
}

/// The build of the `python` package in an environment: `python-3.14.0-h32b2ec7_1_cp314t`.
fn python_of(conda: &str) -> Option<&str> {
    let file = conda.rsplit('/').next()?;
    file.strip_prefix("python-").filter(|rest| rest.starts_with(|first: char| first.is_ascii_digit()))
}

/// conda's names of platforms; it has none for musl.
const fn subdir(platform: Platform) -> Option<&'static str> {
    Some(match platform {
        Platform::LinuxX86_64 => "linux-64",
        Platform::LinuxAarch64 => "linux-aarch64",
        Platform::LinuxMuslX86_64 => return None,
        Platform::MacosArm64 => "osx-arm64",
        Platform::MacosX86_64 => "osx-64",
        Platform::WindowsX86_64 => "win-64",
        Platform::WindowsArm64 => "win-arm64",
    })
}
