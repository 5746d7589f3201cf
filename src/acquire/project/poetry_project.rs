//! What a project of Poetry asks for, from the `pyproject.toml` beside its lock file: names, extras, groups and
//! markers. Its version ranges are not read: the lock file has the versions.

use super::error::{Cause, ProjectError};
use super::graph::Edge;
use super::marker::{Marker, MarkerError, Selected};
use super::requirement::Requirement;
use super::text::Text;
use crate::model::normalise;
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

/// What the project itself asks for.
#[derive(Debug, Default)]
pub(super) struct PoetryProject {
    /// Whether there is such a file at all.
    pub is_there: bool,
    main: Vec<Edge>,
    /// By extra, what is installed with it.
    extras: BTreeMap<String, Vec<Edge>>,
    /// By group.
    pub groups: BTreeMap<String, Vec<Edge>>,
    /// Groups that are installed only where they are asked for.
    pub optional: BTreeSet<String>,
}

/// Reads the project of a lock file.
pub(super) fn read(lock: &Text) -> Result<PoetryProject, ProjectError> {
    let text = match Text::read(&lock.folder().join("pyproject.toml")) {
        Ok(text) => text,
        Err(ProjectError { cause: Cause::Missing, .. }) => return Ok(PoetryProject::default()),
        Err(error) => return Err(error),
    };
    let table: toml::Table = text.toml("mend it, or take it away from beside poetry.lock")?;
    let wrong = |what: String| ProjectError::malformed(text.shown.clone(), what);
    project(&table).map_err(wrong)
}

fn project(table: &toml::Table) -> Result<PoetryProject, String> {
    let mut found = PoetryProject::default();
    let poetry = table.get("tool").and_then(|tool| tool.get("poetry"));
    if let Some(project) = table.get("project") {
        found.is_there = true;
        found.main.extend(requirements(project.get("dependencies"))?);
        for (extra, list) in tables(project.get("optional-dependencies")) {
            found.extras.entry(normalise(extra)).or_default().extend(requirements(Some(list))?);
        }
    }
    for (group, list) in tables(table.get("dependency-groups")) {
        found.groups.entry(normalise(group)).or_default().extend(requirements(Some(list))?);
    }
    let Some(poetry) = poetry else { return Ok(found) };
    found.is_there = true;
    let mut optional = BTreeMap::new();
    for (edge, is_optional) in named(poetry.get("dependencies"))? {
        if is_optional {
            optional.insert(edge.name.clone(), edge);
        } else {
            found.main.push(edge);
        }
    }
    for (extra, list) in tables(poetry.get("extras")) {
        let names = list.as_array().into_iter().flatten().filter_map(toml::Value::as_str).map(normalise);
        let edges = names.filter_map(|name| optional.get(&name).cloned());
        found.extras.entry(normalise(extra)).or_default().extend(edges);
    }
    let dev = named(poetry.get("dev-dependencies"))?.into_iter().map(|(edge, _)| edge);
    let dev: Vec<Edge> = dev.collect();
    if !dev.is_empty() {
        found.groups.entry("dev".to_owned()).or_default().extend(dev);
    }
    for (group, content) in tables(poetry.get("group")) {
        let edges = named(content.get("dependencies"))?.into_iter().map(|(edge, _)| edge);
        found.groups.entry(normalise(group)).or_default().extend(edges);
        if content.get("optional").and_then(toml::Value::as_bool) == Some(true) {
            found.optional.insert(normalise(group));
        }
    }
    Ok(found)
}

impl PoetryProject {
    /// What is asked for with these extras and groups.
    pub(super) fn roots(&self, selected: &Selected) -> Vec<Edge> {
        let extras = self.extras.iter().filter(|(extra, _)| selected.extras.contains(*extra));
        let groups = self.groups.iter().filter(|(group, _)| selected.groups.contains(*group));
        let more = extras.chain(groups).flat_map(|(_, edges)| edges);
        self.main.iter().chain(more).cloned().collect()
    }
}

fn tables(value: Option<&toml::Value>) -> impl Iterator<Item = (&String, &toml::Value)> {
    value.and_then(toml::Value::as_table).into_iter().flatten()
}

/// A list of PEP 508 requirements; what else stands in it (`{include-group = …}`) is for the lock file to say.
fn requirements(list: Option<&toml::Value>) -> Result<Vec<Edge>, String> {
    let texts = list.and_then(toml::Value::as_array).into_iter().flatten().filter_map(toml::Value::as_str);
    let edge = |text| {
        let found = Requirement::parse(text, Path::new("")).map_err(|error| error.to_string())?;
        Ok(Edge { name: found.name, version: None, extras: found.extras, marker: found.marker })
    };
    texts.map(edge).collect()
}

/// Poetry's own tables: `name = ">=1"`, `name = {version = …, markers = …}`, or a list of those.
fn named(value: Option<&toml::Value>) -> Result<Vec<(Edge, bool)>, String> {
    let mut found = Vec::new();
    for (name, value) in tables(value).filter(|(name, _)| normalise(name) != "python") {
        found.extend(edges(name, value).map_err(|error| error.to_string())?);
    }
    Ok(found)
}

/// What one entry of such a table needs, and whether only an extra asks for it.
pub(super) fn edges(name: &str, value: &toml::Value) -> Result<Vec<(Edge, bool)>, MarkerError> {
    let one = |value: &toml::Value| {
        let text = |key: &str| value.get(key).and_then(toml::Value::as_str);
        let extras = value.get("extras").and_then(toml::Value::as_array).into_iter().flatten();
        let edge = Edge {
            name: normalise(name),
            version: None,
            extras: extras.filter_map(toml::Value::as_str).map(normalise).collect(),
            marker: python(text("python")).and(text("markers").unwrap_or_default().parse()?),
        };
        Ok((edge, value.get("optional").and_then(toml::Value::as_bool) == Some(true)))
    };
    match value.as_array() {
        Some(several) => several.iter().map(one).collect(),
        None => Ok(vec![one(value)?]),
    }
}

/// `python = "<3.9"` as a marker. Poetry's own operators (`^`, `~`) are not read: such an entry counts always, and the
/// lock file's own markers decide.
fn python(range: Option<&str>) -> Marker {
    let parts = range.unwrap_or_default().split(',').map(str::trim).filter(|part| !part.is_empty());
    let comparison = |part: &str| {
        let (operator, version) = part.split_at(part.find(|first: char| first.is_ascii_digit())?);
        let is_plain = version.chars().all(|next| next.is_ascii_alphanumeric() || ['.', '*'].contains(&next));
        is_plain.then(|| format!("python_full_version {operator} '{version}'").parse().ok())?
    };
    Marker::All(parts.filter_map(comparison).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn roots(content: &str, extras: &[&str], groups: &[&str]) -> Vec<String> {
        let table: toml::Table = content.parse().unwrap();
        let set = |names: &[&str]| names.iter().map(ToString::to_string).collect();
        let selected = Selected { extras: set(extras), groups: set(groups) };
        project(&table).unwrap().roots(&selected).into_iter().map(|edge| edge.name).collect()
    }

    #[test]
    fn tables_of_poetry_and_of_the_standard() {
        let content = r#"
            [tool.poetry.dependencies]
            python = "^3.9"
            A_b = ">=1"
            c = [{version = "1", markers = "os_name == 'nt'"}, {version = "2", python = "<3.9"}]
            d = {version = "1", optional = true}
            [tool.poetry.extras]
            Fast = ["d"]
            [tool.poetry.group.docs]
            optional = true
            [tool.poetry.group.docs.dependencies]
            e = "*"
            [tool.poetry.dev-dependencies]
            f = "*"
        "#;
        assert_eq!(roots(content, &[], &[]), ["a-b", "c", "c"]);
        assert_eq!(roots(content, &["fast"], &["docs", "dev"]), ["a-b", "c", "c", "d", "f", "e"]);
        let content = r#"
            [project]
            dependencies = ["a[x]>=1 ; os_name == 'nt'"]
            [project.optional-dependencies]
            fast = ["b"]
            [dependency-groups]
            dev = ["c", {include-group = "docs"}]
        "#;
        assert_eq!(roots(content, &["fast"], &["dev"]), ["a", "b", "c"]);
    }
}
