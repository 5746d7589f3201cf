//! `pyproject.toml` ([dependency tables](https://packaging.python.org/en/latest/specifications/pyproject-toml/),
//! [dependency groups](https://packaging.python.org/en/latest/specifications/dependency-groups/)) and the block of a
//! script that says the same.

use super::error::{Cause, ProjectError};
use super::graph::Edge;
use super::lock;
use super::marker::Marker;
use super::requirement::Requirement;
use super::requirements;
use super::scope::{Known, Scope};
use super::stated::Stated;
use super::text::Text;
use crate::model::{Note, normalise};
use serde::Deserialize;
use std::collections::{BTreeMap, BTreeSet};

#[derive(Deserialize, Default)]
#[serde(rename_all = "kebab-case")]
struct File {
    project: Option<Project>,
    #[serde(default)]
    dependency_groups: BTreeMap<String, Vec<Member>>,
    #[serde(default)]
    tool: Tool,
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "kebab-case")]
struct Project {
    name: Option<String>,
    requires_python: Option<String>,
    #[serde(default)]
    dependencies: Vec<toml::Spanned<String>>,
    #[serde(default)]
    optional_dependencies: BTreeMap<String, Vec<toml::Spanned<String>>>,
    #[serde(default)]
    dynamic: Vec<String>,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Member {
    Requirement(String),
    Group {
        #[serde(rename = "include-group")]
        group: String,
    },
}

#[derive(Deserialize, Default)]
struct Tool {
    poetry: Option<toml::Table>,
}

/// What a `pyproject.toml` or a script asks for.
#[derive(Debug, Default)]
pub(super) struct Asked {
    pub stated: Vec<Stated>,
    pub notes: Vec<Note>,
    pub known: Known,
}

/// How deep extras and groups may include each other: people nest two or three.
const DEEPEST: usize = 64;
/// Bytes of a `pyproject.toml` that is searched for lines: the longest known have some ten thousand.
const SMALL: usize = 1 << 20;
const HINT: &str = "see the specification of pyproject.toml";

/// Reads a `pyproject.toml`.
pub(super) fn read(text: &Text, scope: &Scope) -> Result<Asked, ProjectError> {
    let file: File = text.toml(HINT)?;
    let malformed = |what: &str| ProjectError::malformed(text.shown.clone(), what);
    let is_poetry = file.tool.poetry.as_ref().is_some_and(|poetry| poetry.contains_key("dependencies"));
    let project = file.project.unwrap_or_default();
    if is_poetry && project.dependencies.is_empty() {
        return Err(malformed(
            "says what it needs in Poetry's own way, which is not read\nhint: name its poetry.lock, or make one with \
             `poetry lock`",
        ));
    }
    if let Some(what) = project.dynamic.iter().find(|what| what.ends_with("dependencies")) {
        let what = format!(
            "its {what} are dynamic: only building the project tells them\nhint: name a lock file, or the requirements \
             file that they come from"
        );
        return Err(malformed(&what));
    }
    let reader = Reader {
        text,
        name: project.name.as_deref().map(normalise),
        project: &project,
        groups: &file.dependency_groups,
    };
    let mut asked = Asked::default();
    asked.known.extras = project.optional_dependencies.keys().map(|name| normalise(name)).collect();
    asked.known.groups = file.dependency_groups.keys().map(|name| normalise(name)).collect();
    let selected = scope.selected([]);
    asked.notes.extend(lock::left_out(text, &asked.known, &selected));
    asked.notes.extend(lock::excluded(text, project.requires_python.as_deref(), scope, "an installer")?);
    reader.requirements(&project.dependencies, &mut Open::default(), &mut asked.stated)?;
    for extra in &selected.extras {
        reader.extra(extra, &mut Open::default(), &mut asked.stated)?;
    }
    for group in selected.groups.iter().filter(|group| asked.known.groups.contains(*group)) {
        reader.group(group, &mut Open::default(), &mut asked.stated)?;
    }
    Ok(asked)
}

struct Reader<'a> {
    text: &'a Text,
    name: Option<String>,
    project: &'a Project,
    groups: &'a BTreeMap<String, Vec<Member>>,
}

impl Reader<'_> {
    fn requirements(
        &self,
        list: &[toml::Spanned<String>],
        open: &mut Open,
        into: &mut Vec<Stated>,
    ) -> Result<(), ProjectError> {
        list.iter().try_for_each(|text| self.requirement(text.get_ref(), text.span().start, open, into))
    }

    /// A requirement of the project itself stands for its extras.
    fn requirement(
        &self,
        written: &str,
        offset: usize,
        open: &mut Open,
        into: &mut Vec<Stated>,
    ) -> Result<(), ProjectError> {
        let found = state(self.text, written, offset)?;
        if Some(&found.requirement.name) == self.name.as_ref() {
            return found.requirement.extras.iter().try_for_each(|extra| self.extra(extra, open, into));
        }
        if into.len() >= requirements::REQUIREMENTS {
            let what = format!("there are more than {} requirements", requirements::REQUIREMENTS);
            return Err(ProjectError::new(found.place, Cause::Limit(what)));
        }
        into.push(found);
        Ok(())
    }

    fn extra(&self, extra: &str, open: &mut Open, into: &mut Vec<Stated>) -> Result<(), ProjectError> {
        open.once(self.text, extra.to_owned(), |open| {
            let lists =
                self.project.optional_dependencies.iter().filter(|(name, _)| normalise(name) == extra);
            lists.into_iter().try_for_each(|(_, list)| self.requirements(list, open, into))
        })
    }

    fn group(&self, group: &str, open: &mut Open, into: &mut Vec<Stated>) -> Result<(), ProjectError> {
        let found = self.groups.iter().find(|(name, _)| normalise(name) == group);
        let Some((_, members)) = found else {
            let what = format!("includes the group `{group}`, which it does not have\nhint: {HINT}");
            return Err(ProjectError::malformed(self.text.shown.clone(), what));
        };
        open.once(self.text, format!("group {group}"), |open| {
            members.iter().try_for_each(|member| match member {
                Member::Requirement(text) => {
                    let offset = self.offset(text);
                    self.requirement(text, offset, open, into)
                }
                Member::Group { group } => self.group(&normalise(group), open, into),
            })
        })
    }

    /// Where a requirement of a group stands; not looked for in a file that no person writes.
    fn offset(&self, written: &str) -> usize {
        let content = &self.text.content;
        if content.len() < SMALL { content.find(written).unwrap_or(0) } else { 0 }
    }
}

/// The extras and groups that were read on the way from one that was asked for.
#[derive(Default)]
struct Open {
    seen: BTreeSet<String>,
    depth: usize,
}

impl Open {
    /// Extras and groups may name each other, and in a circle too: each is read once, as what it asks for does not
    /// become more by asking twice.
    fn once(
        &mut self,
        text: &Text,
        name: String,
        work: impl FnOnce(&mut Self) -> Result<(), ProjectError>,
    ) -> Result<(), ProjectError> {
        if !self.seen.insert(name) {
            return Ok(());
        }
        if self.depth >= DEEPEST {
            let what = format!("extras or groups include each other more than {DEEPEST} deep");
            return Err(ProjectError::new(text.shown.clone(), Cause::Limit(what)));
        }
        self.depth += 1;
        work(self)?;
        self.depth -= 1;
        Ok(())
    }
}

fn state(text: &Text, written: &str, offset: usize) -> Result<Stated, ProjectError> {
    let requirement = Requirement::parse(written, text.folder())
        .map_err(|error| text.malformed(offset, format!("{error}\nhint: {HINT}")))?;
    Ok(Stated {
        text: requirements::written(written, &requirement),
        requirement,
        hashes: Vec::new(),
        via: None,
        place: text.place(offset),
    })
}

/// Reads the block of a script.
pub(super) fn read_script(text: &Text, scope: &Scope) -> Result<Asked, ProjectError> {
    #[derive(Deserialize)]
    #[serde(rename_all = "kebab-case")]
    struct Block {
        requires_python: Option<String>,
        #[serde(default)]
        dependencies: Vec<toml::Spanned<String>>,
    }
    let block = text.with_content(script_block(text)?);
    let content: Block = block.toml("see the specification of inline script metadata")?;
    let mut asked = Asked {
        notes: lock::excluded(text, content.requires_python.as_deref(), scope, "an installer")?,
        ..Asked::default()
    };
    for requirement in &content.dependencies {
        asked.stated.push(state(&block, requirement.get_ref(), requirement.span().start)?);
    }
    Ok(asked)
}

/// The TOML inside, with empty lines for those before it, so that places are the file's.
fn script_block(text: &Text) -> Result<String, ProjectError> {
    let mut block = String::new();
    let mut found: Option<bool> = None;
    for (number, line) in text.content.lines().enumerate() {
        let line = line.trim_end();
        if line == "# /// script" {
            if found.is_some() {
                let what = "has a second `# /// script` block\nhint: make one of them";
                return Err(ProjectError::malformed(text.at(number + 1), what));
            }
            found = Some(true);
        } else if found == Some(true) && line == "# ///" {
            found = Some(false);
        } else if found == Some(true) {
            let inside = line.strip_prefix("# ").or_else(|| line.strip_prefix('#'));
            block += inside.ok_or_else(|| {
                let what = "the `# /// script` block has a line that is no comment\nhint: end the block with `# ///`";
                ProjectError::malformed(text.at(number + 1), what)
            })?;
        }
        block.push('\n');
    }
    match found {
        Some(false) => Ok(block),
        _ => Err(ProjectError::malformed(
            text.shown.clone(),
            "its `# /// script` block has no end\nhint: end the block with `# ///`",
        )),
    }
}

/// What the `pyproject.toml` beside a lock file says of names, for lock files that leave them out.
#[derive(Debug, Default)]
pub(super) struct Names {
    /// Its extras.
    pub extras: BTreeSet<String>,
    /// All that it asks for, in any extra and group.
    pub roots: Vec<Edge>,
}

impl Names {
    /// Nothing where there is none, or where it is none that can be read: it only tells who asks for what.
    pub(super) fn beside(lock: &Text) -> Result<Self, ProjectError> {
        let path = lock.folder().join("pyproject.toml");
        if !path.exists() {
            return Ok(Self::default());
        }
        let text = Text::read(&path)?;
        let file: File = text.toml(HINT)?;
        let project = file.project.unwrap_or_default();
        let optional = project.optional_dependencies.values().flatten();
        let listed = project.dependencies.iter().chain(optional).map(|text| text.get_ref().as_str());
        let grouped = file.dependency_groups.values().flatten().filter_map(|member| match member {
            Member::Requirement(text) => Some(text.as_str()),
            Member::Group { .. } => None,
        });
        let mut roots = Vec::new();
        for written in listed.chain(grouped) {
            let found = state(&text, written, 0)?.requirement;
            roots.push(Edge {
                name: found.name,
                version: None,
                extras: found.extras,
                marker: Marker::ALWAYS,
            });
        }
        let extras = project.optional_dependencies.keys().map(|extra| normalise(extra)).collect();
        Ok(Self { extras, roots })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Context, Platform, Target};

    fn asked(content: &str, extras: &[&str], groups: &[&str]) -> Result<Vec<String>, String> {
        let text =
            Text::new(std::path::Path::new("/p/pyproject.toml"), "pyproject.toml".into(), content.to_owned());
        let owned = |names: &[&str]| names.iter().map(ToString::to_string).collect::<Vec<_>>();
        let linux = Context { target: Target::Py314t, platform: Platform::LinuxX86_64 };
        let scope = Scope::new(&[linux], &owned(extras), &owned(groups), false);
        let read = if content.contains("# /// script") { read_script } else { read };
        let asked = read(&text, &scope).map_err(|error| error.to_string())?;
        Ok(asked.stated.into_iter().map(|stated| format!("{} {}", stated.place, stated.text)).collect())
    }

    const PROJECT: &str = r#"
[project]
name = "My.App"
dependencies = ["a>=1", "b ; os_name == 'nt'"]
[project.optional-dependencies]
Fast = ["c==1", "my-app[other]"]
other = ["d"]
[dependency-groups]
dev = ["e", {include-group = "docs"}]
docs = ["f", "my-app[other]"]
"#;

    #[test]
    fn dependencies_extras_and_groups() {
        assert_eq!(
            asked(PROJECT, &[], &[]).unwrap(),
            ["pyproject.toml:4 a>=1", "pyproject.toml:4 b ; os_name == 'nt'"]
        );
        let all = asked(PROJECT, &["fast"], &["dev"]).unwrap();
        let names: Vec<&str> =
            all.iter().filter_map(|line| line.split_once(' ')).map(|(_, text)| text).collect();
        assert_eq!(names, ["a>=1", "b ; os_name == 'nt'", "c==1", "d", "e", "f", "d"]);
    }

    #[test]
    fn what_cannot_be_told_is_refused() {
        for (content, expected) in [
            (
                "[project]\nname = \"x\"\ndynamic = [\"dependencies\"]",
                "pyproject.toml: its dependencies are dynamic",
            ),
            (
                "[tool.poetry.dependencies]\na = \"^1\"",
                "pyproject.toml: says what it needs in Poetry's own way",
            ),
            ("[project]\ndependencies = [\n\"a b\"]", "pyproject.toml:3: `a b` is no requirement"),
            ("[project]\ndependencies = 3", "pyproject.toml:2: "),
            ("x = ", "pyproject.toml:1: "),
        ] {
            let error = asked(content, &[], &[]).unwrap_err();
            assert!(error.starts_with(expected) && error.contains("hint: "), "{error}");
        }
    }

    #[test]
    fn groups_in_a_circle_end() {
        let content =
            "[dependency-groups]\na = [\"x\", {include-group = \"b\"}]\nb = [\"y\", {include-group = \"a\"}]";
        assert_eq!(asked(content, &[], &["a"]).unwrap().len(), 2);
        let link = |at: usize| format!("g{at} = [{{include-group = \"g{}\"}}]", at + 1);
        let chain = (0..90).map(link).collect::<Vec<_>>().join("\n");
        let error = asked(&format!("[dependency-groups]\n{chain}\ng90 = []"), &[], &["g0"]).unwrap_err();
        assert!(error.contains("more than 64 deep"), "{error}");
        let error = asked("[dependency-groups]\na = [{include-group = \"b\"}]", &[], &["a"]).unwrap_err();
        assert!(error.contains("includes the group `b`"), "{error}");
    }

    #[test]
    fn scripts() {
        let script = "#!/usr/bin/env python\n# /// script\n# requires-python = \">=3.9\"\n# dependencies = [\n#   \"a\",\n#\n#   \"b==1\",\n# ]\n# ///\nimport a\n";
        assert_eq!(asked(script, &[], &[]).unwrap(), ["pyproject.toml:5 a", "pyproject.toml:7 b==1"]);
        for (script, expected) in [
            ("# /// script\n# dependencies = []\n", "pyproject.toml: its `# /// script` block has no end"),
            ("# /// script\nimport x\n# ///\n", "pyproject.toml:2: the `# /// script` block has a line"),
            ("# /// script\n# ///\n# /// script\n# ///\n", "pyproject.toml:3: has a second"),
        ] {
            let error = asked(script, &[], &[]).unwrap_err();
            assert!(error.starts_with(expected), "{error}");
        }
    }
}
