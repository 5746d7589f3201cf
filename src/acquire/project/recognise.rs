//! What a file is, by what it holds and then by its name: a lock file is never read as requirements because somebody
//! named it so, and a dialect that is not read is refused by its name.

use super::error::{Cause, ProjectError};
use super::text::Text;
use std::fmt;
use std::path::Path;

/// The forms that are read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Form {
    /// `requirements.txt`, as pip reads it.
    Requirements,
    /// `pylock.toml` ([PEP 751](https://peps.python.org/pep-0751/)).
    Pylock,
    /// `uv.lock`, or a script's own.
    UvLock,
    /// `poetry.lock`.
    PoetryLock,
    /// `pdm.lock`.
    PdmLock,
    /// `Pipfile.lock`.
    PipfileLock,
    /// `pixi.lock`.
    PixiLock,
    /// `pyproject.toml`.
    Pyproject,
    /// A script with its requirements inside
    /// ([inline script metadata](https://packaging.python.org/en/latest/specifications/inline-script-metadata/)).
    Script,
}

impl Form {
    /// All of them, for messages.
    pub(super) const KNOWN: &str = "requirements files, pylock.toml, uv.lock, poetry.lock, pdm.lock, Pipfile.lock, \
                                    pixi.lock, pyproject.toml and scripts with a `# /// script` block";

    const fn described(self) -> &'static str {
        match self {
            Self::Requirements => "a requirements file",
            Self::Pylock => "a pylock.toml",
            Self::UvLock => "a uv.lock",
            Self::PoetryLock => "a poetry.lock",
            Self::PdmLock => "a pdm.lock",
            Self::PipfileLock => "a Pipfile.lock",
            Self::PixiLock => "a pixi.lock",
            Self::Pyproject => "a pyproject.toml",
            Self::Script => "a script",
        }
    }
}

impl fmt::Display for Form {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.described())
    }
}

/// Which form a file has; none where it has none of them. Needs the first 64 KiB or so.
#[must_use]
pub fn recognise(path: &Path, head: &[u8]) -> Option<Form> {
    let text = String::from_utf8_lossy(head);
    let text = text.strip_prefix('\u{feff}').unwrap_or(&text);
    of_text(path, text)
}

/// Looked at for what a file is: the start is telling in every form.
const HEAD: usize = 64 << 10;

/// What a file is, or why it is refused.
pub(super) fn of_file(text: &Text) -> Result<Form, ProjectError> {
    let head = head(&text.content);
    let refused = |cause| ProjectError::new(text.shown.clone(), cause);
    match of_text(&text.path, head) {
        Some(form) => Ok(form),
        None => Err(match foreign(&text.path, head) {
            Some((what, hint)) => refused(Cause::OtherForm(what, hint)),
            None => refused(Cause::UnknownForm),
        }),
    }
}

/// Refuses what was named as requirements and is something else.
pub(super) fn expect_requirements(text: &Text) -> Result<(), ProjectError> {
    let head = head(&text.content);
    let refused = |cause| Err(ProjectError::new(text.shown.clone(), cause));
    match by_content(&text.path, head) {
        Some(form) => refused(Cause::Mistaken(form.described(), "a requirements file", "-r or -c")),
        None => match foreign(&text.path, head) {
            Some((what, hint)) => refused(Cause::OtherForm(what, hint)),
            None => Ok(()),
        },
    }
}

fn head(content: &str) -> &str {
    let mut end = content.len().min(HEAD);
    while !content.is_char_boundary(end) {
        end -= 1;
    }
    &content[..end]
}

fn of_text(path: &Path, head: &str) -> Option<Form> {
    let by_name = || {
        let name = name(path);
        let looks_so = [".txt", ".in", ".pip"].iter().any(|end| name.ends_with(end));
        (looks_so && foreign(path, head).is_none()).then_some(Form::Requirements)
    };
    by_content(path, head).or_else(by_name)
}

fn name(path: &Path) -> String {
    path.file_name().map(|name| name.to_string_lossy().to_lowercase()).unwrap_or_default()
}

/// What only one form holds.
fn by_content(path: &Path, head: &str) -> Option<Form> {
    if head.lines().any(|line| line.trim_end() == "# /// script") {
        return Some(Form::Script);
    }
    if head.trim_start().starts_with('{') {
        return (head.contains("\"_meta\"") && head.contains("\"pipfile-spec\""))
            .then_some(Form::PipfileLock);
    }
    let outline = Outline::of(head);
    if outline.key("lock-version") {
        Some(Form::Pylock)
    } else if outline.generator("PDM")
        || outline.table("[metadata]") && outline.text.contains("\nlock_version =")
    {
        Some(Form::PdmLock)
    } else if outline.generator("Poetry") || outline.table("[[package]]") && outline.is_old_poetry() {
        Some(Form::PoetryLock)
    } else if outline.number("version") && outline.key("requires-python")
        || name(path) == "uv.lock" && outline.number("version")
    {
        Some(Form::UvLock)
    } else if outline.text.lines().any(|line| line.trim_end() == "environments:")
        && outline.text.lines().any(|line| line.starts_with("version:"))
    {
        Some(Form::PixiLock)
    } else {
        let project = ["[project]", "[build-system]", "[dependency-groups]"];
        let is_project = project.iter().any(|table| outline.table(table)) && !outline.table("[workspace]");
        let is_named = name(path) == "pyproject.toml";
        (is_named || is_project && !is_pixi_manifest(path)).then_some(Form::Pyproject)
    }
}

fn is_pixi_manifest(path: &Path) -> bool {
    name(path) == "pixi.toml"
}

/// Top-level keys and tables of what may be TOML, without reading it as such: it may be anything.
struct Outline<'a> {
    text: &'a str,
    top: Vec<&'a str>,
}

impl<'a> Outline<'a> {
    fn of(text: &'a str) -> Self {
        let top = text.lines().take_while(|line| !line.starts_with('[')).collect();
        Self { text, top }
    }

    fn value(&self, key: &str) -> Option<&'a str> {
        self.top.iter().find_map(|line| {
            let (name, value) = line.split_once('=')?;
            (name.trim() == key).then_some(value.trim())
        })
    }

    fn key(&self, key: &str) -> bool {
        self.value(key).is_some()
    }

    fn number(&self, key: &str) -> bool {
        self.value(key).is_some_and(|value| value.starts_with(|first: char| first.is_ascii_digit()))
    }

    fn table(&self, table: &str) -> bool {
        self.text.lines().any(|line| line.trim_end() == table)
    }

    /// A comment in the first lines that names the tool.
    fn generator(&self, tool: &str) -> bool {
        let comments = self.top.iter().take(5).filter(|line| line.starts_with('#'));
        comments.into_iter().any(|line| line.contains("@generated") && line.contains(tool))
    }

    /// Poetry signs since 1.3 only; before that every package says whether it is optional, and of what category.
    fn is_old_poetry(&self) -> bool {
        self.top.iter().all(|line| line.trim().is_empty() || line.starts_with('#'))
            && self.text.contains("\noptional = ")
            && self.text.contains("\npython-versions = ")
    }
}

/// Files that are often named by mistake, with what to do.
fn foreign(path: &Path, head: &str) -> Option<(&'static str, &'static str)> {
    let outline = Outline::of(head);
    let has = |line: &str| head.lines().any(|found| found.trim_end() == line);
    let name = name(path);
    Some(match () {
        () if outline.generator("Cargo") => ("a Cargo.lock", "name the lock file of the Python project"),
        () if has("[packages]") || name == "pipfile" => ("a Pipfile", "name the Pipfile.lock beside it"),
        () if has("[workspace]") || is_pixi_manifest(path) => {
            ("a pixi.toml", "name the pixi.lock beside it, or run `pixi lock` first")
        }
        () if has("dependencies:") => (
            "a conda environment file",
            "conda packages are not audited; name the environment made from it, or a file for pip",
        ),
        () if has("metadata:") && has("package:") => {
            ("a conda-lock file", "conda packages are not audited; name the environment made from it")
        }
        () if has("[metadata]") || has("[options]") || name == "setup.cfg" => {
            ("a setup.cfg", "resolve it to a requirements file first (`uv pip compile setup.cfg`)")
        }
        () if path.extension().is_some_and(|end| end.eq_ignore_ascii_case("py")) => (
            "a Python file without a `# /// script` block",
            "name a requirements or lock file, or the project's folder",
        ),
        () if head.trim_start().starts_with('{') => {
            ("JSON, but no Pipfile.lock", "name a requirements or lock file, or the environment itself")
        }
        () if head.trim_start().starts_with('<') => ("a web page", "download the file itself"),
        () if head.lines().any(|line| line.starts_with("[[")) => (
            "TOML of another tool",
            "name a requirements file, or a lock file of one of the tools that are read",
        ),
        () => return None,
    })
}

/// Lock files by name, the ones that say most first.
const LOCKS: [&str; 6] = ["uv.lock", "poetry.lock", "pdm.lock", "pylock.toml", "Pipfile.lock", "pixi.lock"];
const OTHERS: [&str; 2] = ["requirements.txt", "pyproject.toml"];

/// Which file of a folder says what the project needs, and why that one. None where there is none.
#[must_use]
pub fn find(folder: &Path) -> Option<(std::path::PathBuf, String)> {
    let is_there = |name: &&&str| folder.join(name).is_file();
    let mut found: Vec<String> = LOCKS.iter().filter(is_there).map(ToString::to_string).collect();
    let entries = std::fs::read_dir(folder).into_iter().flatten().filter_map(Result::ok);
    let mut named: Vec<String> = entries
        .filter_map(|entry| entry.file_name().into_string().ok())
        .filter(|name| is_named_pylock(name) && folder.join(name).is_file())
        .collect();
    named.sort();
    found.extend(named);
    let is_lock = !found.is_empty();
    found.extend(OTHERS.iter().filter(is_there).map(ToString::to_string));
    let first = found.first()?.clone();
    let why = match found.get(1..) {
        Some(rest) if !rest.is_empty() => format!("; {} not looked at", rest.join(", ")),
        _ => String::new(),
    };
    let what = if is_lock { "the lock file of this folder" } else { "this folder has no lock file" };
    Some((folder.join(&first), format!("{what}{why}")))
}

/// `pylock.NAME.toml`, as PEP 751 has it.
fn is_named_pylock(name: &str) -> bool {
    let inner = name.strip_prefix("pylock.").and_then(|rest| rest.strip_suffix(".toml"));
    inner.is_some_and(|inner| !inner.is_empty() && !inner.contains('.'))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn form(name: &str, head: &str) -> Option<Form> {
        recognise(Path::new(name), head.as_bytes())
    }

    #[test]
    fn forms_by_content_whatever_the_name() {
        for (head, expected) in [
            ("lock-version = \"1.0\"\ncreated-by = \"x\"\n[[packages]]\n", Form::Pylock),
            ("version = 1\nrevision = 3\nrequires-python = \">=3.9\"\n[[package]]\n", Form::UvLock),
            (
                "# This file is automatically @generated by Poetry 2.2 and should not\n[[package]]\n",
                Form::PoetryLock,
            ),
            (
                "[[package]]\nname = \"a\"\ncategory = \"main\"\noptional = false\npython-versions = \"*\"\n",
                Form::PoetryLock,
            ),
            ("# This file is @generated by PDM.\n[metadata]\n", Form::PdmLock),
            ("{\n \"_meta\": {\"pipfile-spec\": 6}}", Form::PipfileLock),
            ("version: 6\nenvironments:\n  default:\n", Form::PixiLock),
            ("[build-system]\nrequires = []\n", Form::Pyproject),
            ("#!/usr/bin/env python\n# /// script\n# dependencies = []\n# ///\n", Form::Script),
        ] {
            for name in ["x", "requirements.txt", "uv.lock.txt"] {
                assert_eq!(form(name, head), Some(expected), "{name}: {head}");
            }
        }
    }

    #[test]
    fn requirements_have_no_mark_but_their_name() {
        assert_eq!(form("requirements-dev.txt", "a==1"), Some(Form::Requirements));
        assert_eq!(form("x.in", "\u{feff}a"), Some(Form::Requirements));
        assert_eq!(form("x", "a==1"), None);
        assert_eq!(form("lib.so", "\u{7f}ELF"), None);
    }

    #[test]
    fn other_tools_files_are_refused_by_name() {
        for (name, head, expected) in [
            (
                "Cargo.lock",
                "# This file is automatically @generated by Cargo.\nversion = 4\n[[package]]\n",
                "a Cargo.lock",
            ),
            ("x.txt", "name: x\nchannels:\n  - c\ndependencies:\n  - python\n", "a conda environment file"),
            ("Pipfile", "[[source]]\n[packages]\n", "a Pipfile"),
            ("package-lock.json", "{\"lockfileVersion\": 3}", "JSON, but no Pipfile.lock"),
            ("setup.py", "from setuptools import setup", "a Python file without"),
            ("pixi.toml", "[project]\nchannels = []\n", "a pixi.toml"),
            ("x.lock", "[[thing]]\n", "TOML of another tool"),
            ("x.txt", "<!DOCTYPE html>", "a web page"),
        ] {
            let text = Text::new(std::path::Path::new(name), name.to_owned(), head.to_owned());
            let error = of_file(&text).unwrap_err().to_string();
            assert!(
                error.starts_with(&format!("{name}: is {expected}")) && error.contains("\nhint: "),
                "{error}"
            );
            assert!(expect_requirements(&text).is_err(), "{name}");
        }
        let text = Text::new(std::path::Path::new("x"), "x".into(), "hello".to_owned());
        assert!(of_file(&text).unwrap_err().to_string().contains("is no requirements or lock file"));
    }

    #[test]
    fn folders() {
        let folder = tempfile::tempdir().unwrap();
        let found = || {
            find(folder.path())
                .map(|(path, why)| (crate::model::shown(path.strip_prefix(folder.path()).unwrap()), why))
        };
        assert_eq!(found(), None);
        for (name, first, why) in [
            ("pyproject.toml", "pyproject.toml", "this folder has no lock file"),
            (
                "pylock.dev.toml",
                "pylock.dev.toml",
                "the lock file of this folder; pyproject.toml not looked at",
            ),
            (
                "uv.lock",
                "uv.lock",
                "the lock file of this folder; pylock.dev.toml, pyproject.toml not looked at",
            ),
        ] {
            std::fs::write(folder.path().join(name), "").unwrap();
            assert_eq!(found(), Some((first.to_owned(), why.to_owned())));
        }
    }

    proptest::proptest! {
        #[test]
        fn nothing_panics(head in proptest::collection::vec(proptest::num::u8::ANY, 0..200)) {
            let _ = recognise(Path::new("x.txt"), &head);
        }
    }
}
