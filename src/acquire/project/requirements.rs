//! Requirements and constraints files, with those that they include.

use super::error::{Cause, ProjectError};
use super::lines::{self, Line};
use super::location::{Location, below};
use super::requirement::{Requirement, RequirementError, Wanted};
use super::stated::{Stated, Statements};
use super::text::Text;
use crate::model::{Hash, Source};
use std::path::{Path, PathBuf};

/// How deep files may include each other: people nest two or three.
const DEEPEST: usize = 32;
/// Files in all, as a few that include each other twice make millions.
const FILES: usize = 1_000;
/// Requirements in all: the largest known projects have some thousand.
pub(super) const REQUIREMENTS: usize = 100_000;

/// Reads a requirements file, or a constraints file, into what is known already.
pub(super) fn read(path: &Path, constraint: bool, into: &mut Statements) -> Result<(), ProjectError> {
    Reader { into, stack: Vec::new(), files: 0 }.file(path, constraint)
}

struct Reader<'a> {
    into: &'a mut Statements,
    /// The files that are being read, each including the next.
    stack: Vec<PathBuf>,
    files: usize,
}

impl Reader<'_> {
    fn file(&mut self, path: &Path, constraint: bool) -> Result<(), ProjectError> {
        let text = Text::read(path)?;
        super::recognise::expect_requirements(&text)?;
        let real = path.canonicalize().unwrap_or_else(|_| path.to_owned());
        if self.stack.contains(&real) {
            return Err(ProjectError::malformed(
                text.shown.clone(),
                "includes itself\nhint: take one of the `-r` or `-c` lines out of the circle",
            ));
        }
        self.files += 1;
        if self.stack.len() >= DEEPEST || self.files > FILES {
            let what = format!("files include each other {DEEPEST} deep, or are more than {FILES}");
            return Err(ProjectError::new(text.shown.clone(), Cause::Limit(what)));
        }
        self.stack.push(real);
        for line in lines::lines(&text, &|name| std::env::var(name).ok())? {
            self.line(&text, line, constraint)?;
        }
        self.stack.pop();
        Ok(())
    }

    fn line(&mut self, text: &Text, line: Line, constraint: bool) -> Result<(), ProjectError> {
        let place = text.at(line.number);
        let mut hashes = Vec::new();
        for (name, value) in &line.options {
            match *name {
                "--requirement" => self.include(text, value, constraint, &place)?,
                "--constraint" => self.include(text, value, true, &place)?,
                "--editable" => {
                    let folder = relative_to(text, value);
                    let requirement = editable(value, folder)
                        .map_err(|error| ProjectError::malformed(place.clone(), error.to_string()))?;
                    let stated = Stated {
                        text: written(value, &requirement),
                        requirement,
                        hashes: Vec::new(),
                        via: line.via.clone(),
                        place: place.clone(),
                    };
                    self.push(stated, constraint)?;
                }
                "--hash" => hashes.push(hash(value).ok_or_else(|| {
                    ProjectError::malformed(
                        place.clone(),
                        "a hash is `ALGORITHM:DIGEST`, and its algorithm md5, sha1, sha224, sha256, sha384 or sha512",
                    )
                })?),
                _ => self.option(text, name, value),
            }
        }
        if line.requirement.is_empty() {
            return Ok(());
        }
        let requirement = parse(&line.requirement, relative_to(text, &line.requirement))
            .map_err(|error| ProjectError::malformed(place.clone(), error.to_string()))?;
        let written = written(&line.requirement, &requirement);
        self.push(Stated { requirement, text: written, hashes, via: line.via, place }, constraint)
    }

    fn push(&mut self, stated: Stated, constraint: bool) -> Result<(), ProjectError> {
        let list = if constraint { &mut self.into.constraints } else { &mut self.into.requirements };
        if list.len() >= REQUIREMENTS {
            let what = format!("there are more than {REQUIREMENTS} requirements");
            return Err(ProjectError::new(stated.place, Cause::Limit(what)));
        }
        list.push(stated);
        Ok(())
    }

    /// A file that another names; relative to that one.
    fn include(
        &mut self,
        text: &Text,
        name: &str,
        constraint: bool,
        place: &str,
    ) -> Result<(), ProjectError> {
        if name.contains("://") && !name.starts_with("file:") {
            return Err(ProjectError::malformed(
                place,
                "includes a file from the network, which is not fetched\nhint: download it, and include that",
            ));
        }
        let path = match name.strip_prefix("file:") {
            Some(_) => match Location::parse(name, text.folder()).map(|location| location.source().clone()) {
                Ok(Source::Path(path)) => path,
                _ => return Err(ProjectError::malformed(place, "is no file of this machine")),
            },
            None => below(text.folder(), name),
        };
        self.file(&path, constraint).map_err(|error| match error.cause {
            Cause::Missing => ProjectError::malformed(
                place,
                format!(
                    "includes {}, which does not exist\nhint: it is looked for beside this file",
                    error.place
                ),
            ),
            _ => error,
        })
    }

    fn option(&mut self, text: &Text, name: &str, value: &str) {
        let Statements { options, builds, require_hashes, .. } = &mut *self.into;
        match name {
            "--index-url" | "--pypi-url" => options.index_url = Some(value.to_owned()),
            "--extra-index-url" => options.extra_index_urls.push(value.to_owned()),
            "--find-links" => {
                // As pip: beside the file where there is something, and otherwise as it stands.
                let beside = below(text.folder(), value);
                let is_there = !value.contains("://") && beside.exists();
                options.find_links.push(if is_there {
                    beside.display().to_string()
                } else {
                    value.to_owned()
                });
            }
            "--no-index" => {
                options.no_index = true;
                options.index_url = None;
                options.extra_index_urls.clear();
            }
            "--no-binary" => builds.control(false, value),
            "--only-binary" => builds.control(true, value),
            "--pre" => builds.prereleases = true,
            "--require-hashes" => *require_hashes = true,
            // `--prefer-binary` among them: it chooses between versions, and pins leave no choice.
            _ => {}
        }
    }
}

/// One requirement of a requirements file or a command line.
pub(super) fn parse(text: &str, folder: &Path) -> Result<Requirement, RequirementError> {
    Requirement::of_place(text, folder).unwrap_or_else(|| Requirement::parse(text, folder))
}

/// What stands behind `-e`: a place, or since pip 21 `NAME @ URL`.
fn editable(text: &str, folder: &Path) -> Result<Requirement, RequirementError> {
    match Requirement::of_place(text, folder) {
        Some(requirement) => requirement,
        None if text.contains('@') => Requirement::parse(text, folder),
        None => Requirement::at(text, "", folder),
    }
}

/// pip takes paths from the current folder; where there is nothing, from the file's, as people mean it.
fn relative_to<'a>(text: &'a Text, place: &str) -> &'a Path {
    let place = place.split(['[', ';']).next().unwrap_or(place).trim();
    let here = Path::new("");
    if here.join(place).exists() || !text.folder().join(place).exists() { here } else { text.folder() }
}

/// As a resolver that starts elsewhere has to read it.
pub(super) fn written(text: &str, requirement: &Requirement) -> String {
    let Wanted::At(location) = &requirement.wanted else { return text.to_owned() };
    let Source::Path(path) = location.source() else {
        let has_name = text.starts_with(|first: char| first.is_ascii_alphanumeric()) && text.contains(" @ ");
        return if has_name { text.to_owned() } else { named(requirement, text) };
    };
    let absolute = std::path::absolute(path).unwrap_or_else(|_| path.clone());
    let url =
        url::Url::from_file_path(&absolute).map_or_else(|()| absolute.display().to_string(), String::from);
    let marker = text.split_once(" ;").map_or("", |(_, marker)| marker);
    let end = if marker.is_empty() { String::new() } else { format!(" ; {}", marker.trim()) };
    format!("{}{end}", named(requirement, &url))
}

fn named(requirement: &Requirement, place: &str) -> String {
    let extras = requirement.extras.join(",");
    let extras = if extras.is_empty() { extras } else { format!("[{extras}]") };
    format!("{}{extras} @ {place}", requirement.name)
}

/// `sha256:…`, with an algorithm that `hashlib` has everywhere and a digest of its length.
pub(super) fn hash(text: &str) -> Option<Hash> {
    let (algorithm, digest) = text.split_once([':', '='])?;
    Hash::of(algorithm, digest)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;

    fn read_files(files: &[(&str, &str)]) -> Result<Statements, String> {
        let folder = tempfile::tempdir().unwrap();
        for (name, text) in files {
            let path = folder.path().join(name);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        }
        let mut statements = Statements::default();
        let shown = folder.path().display().to_string();
        read(&folder.path().join(files[0].0), false, &mut statements)
            .map_err(|error| error.to_string().replace(&shown, "."))?;
        Ok(statements)
    }

    fn names(stated: &[Stated]) -> Vec<&str> {
        stated.iter().map(|stated| stated.requirement.name.as_str()).collect()
    }

    #[test]
    fn files_include_each_other() {
        let statements = read_files(&[
            ("r.txt", "-r sub/a.txt\n-c c.txt\nz==1"),
            ("sub/a.txt", "-r ../b.txt\ny==1"),
            ("b.txt", "x==1"),
            ("c.txt", "-r b.txt\nw==1"),
        ])
        .unwrap();
        assert_eq!(names(&statements.requirements), ["x", "y", "z"]);
        // What a constraints file includes is no requirement either.
        assert_eq!(names(&statements.constraints), ["x", "w"]);
        assert!(statements.requirements[0].place.ends_with("b.txt:1"));
    }

    #[test]
    fn circles_bombs_and_what_is_missing() {
        for (files, expected) in [
            (&[("r.txt", "-r r.txt")][..], "./r.txt: includes itself"),
            (&[("r.txt", "-r b.txt"), ("b.txt", "-c r.txt")], "./r.txt: includes itself"),
            (&[("r.txt", "a==1\n-r b.txt")], "./r.txt:2: includes ./b.txt, which does not exist"),
            (&[("r.txt", "-r https://u:p@h/x.txt")], "./r.txt:1: includes a file from the network"),
            (&[("r.txt", "a==1\nb 1")], "./r.txt:2: `b 1` is no requirement"),
            (&[("r.txt", "a==1 --hash=sha256:zz")], "./r.txt:1: a hash is"),
            (&[("r.txt", "a; os_name = 'nt'")], "./r.txt:1: `os_name = 'nt'` is no marker"),
            (&[("r.txt", "-e git+https://u:p@h/x")], "./r.txt:1: `git+https://h/x` does not say what it is"),
        ] {
            let error = read_files(files).err().unwrap();
            assert!(error.starts_with(expected), "{error}");
        }
        let bomb: Vec<(String, String)> = (0..12)
            .map(|level| (format!("{level}.txt"), format!("-r {}.txt\n", level + 1).repeat(4)))
            .chain([("12.txt".to_owned(), String::new())])
            .collect();
        let bomb: Vec<(&str, &str)> =
            bomb.iter().map(|(name, text)| (name.as_str(), text.as_str())).collect();
        assert!(read_files(&bomb).err().unwrap().contains("more than 1000"));
    }

    #[test]
    fn options_of_indexes_and_builds() {
        let statements = read_files(&[
            (
                "r.txt",
                "-i https://h/simple\n--extra-index-url https://e/\n-f wheels\n--pre\n--no-binary a,B_c\n\
             --only-binary :all:\n--no-binary d\n--require-hashes\n--trusted-host h",
            ),
            ("wheels/x", ""),
        ])
        .unwrap();
        assert_eq!(statements.options.index_url.as_deref(), Some("https://h/simple"));
        assert_eq!(statements.options.extra_index_urls, ["https://e/"]);
        assert!(statements.options.find_links[0].ends_with("/wheels"));
        assert!(statements.require_hashes && statements.builds.prereleases);
        assert_eq!(statements.builds.no_binary, ["d"]);
        assert_eq!(statements.builds.only_binary, [":all:"]);
    }

    #[test]
    fn places_are_written_for_a_resolver_elsewhere() {
        let statements = read_files(&[
            (
                "r.txt",
                "./p[fast] ; os_name == 'posix'\n-e ./p\nhttps://h/x-1.0.zip\ny @ git+https://h/y\nz>1 # c",
            ),
            ("p/pyproject.toml", "[project]\nname = \"My.Project\""),
        ])
        .unwrap();
        assert_eq!(names(&statements.requirements), ["my-project", "my-project", "x", "y", "z"]);
        let written: Vec<&str> = statements.requirements.iter().map(|stated| stated.text.as_str()).collect();
        assert!(written[0].starts_with("my-project[fast] @ file:///"), "{}", written[0]);
        assert!(written[0].ends_with("/p ; os_name == 'posix'"), "{}", written[0]);
        assert!(written[1].starts_with("my-project @ file:///"), "{}", written[1]);
        assert_eq!(written[2..], ["x @ https://h/x-1.0.zip", "y @ git+https://h/y", "z>1"]);
    }

    #[test]
    fn other_lock_files_are_not_taken_for_requirements() {
        let uv = "version = 1\nrequires-python = \">=3.14\"\n\n[[package]]\nname = \"a\"\nversion = \"1\"\n";
        let error = read_files(&[("r.txt", uv)]).err().unwrap();
        assert!(error.starts_with("./r.txt: is a uv.lock, not a requirements file\nhint: "), "{error}");
    }
}
