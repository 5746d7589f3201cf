//! What the user named, told apart: what lies on this machine and is audited as it is, and what a project asks for.

use crate::Error;
use crate::acquire::project::{self, Request};
use crate::acquire::{self, Discovery};
use crate::model::{Artifact, ArtifactKind, Context, Note, Target, shown};
use crate::plan::Plan;
use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};

/// What is to be audited.
pub(super) struct Inputs {
    /// What lies on this machine.
    pub artifacts: Vec<Artifact>,
    /// What a project asks for; none where nothing of that kind was named.
    pub request: Option<Request>,
    /// What was found out.
    pub notes: Vec<Note>,
}

/// Tells inputs apart.
///
/// # Errors
/// When nothing was named, and the current folder holds nothing that says what is wanted.
pub(super) fn inputs(plan: &Plan) -> Result<Inputs, Error> {
    let mut request = request(plan);
    let mut notes = Vec::new();
    let mut local: Vec<PathBuf> = Vec::new();
    for input in &plan.inputs {
        match sort(input) {
            Kind::Local => local.push(input.clone()),
            Kind::Project => request.files.push(input.clone()),
            Kind::Requirement(text) => request.arguments.push(text),
        }
    }
    if plan.inputs.is_empty() && request.requirements.is_empty() {
        let (file, why) = project::find(Path::new(".")).ok_or(Error::NothingNamed)?;
        notes.push(Note::told(shown(&file), why));
        request.files.push(file);
    }
    let Discovery { mut artifacts, notes: more } = acquire::discover(&local);
    notes.extend(more);
    if !plan.project.as_installed {
        artifacts.retain(|artifact| {
            let is_another = is_of_another_python(artifact, &plan.targets);
            if is_another {
                request.environments.push(artifact.path.clone());
            }
            !is_another
        });
    }
    let is_empty = request.requirements.is_empty()
        && request.files.is_empty()
        && request.arguments.is_empty()
        && request.environments.is_empty();
    Ok(Inputs { artifacts, request: (!is_empty).then_some(request), notes })
}

/// Without what inputs add to it.
fn request(plan: &Plan) -> Request {
    let project = &plan.project;
    let contexts = plan.targets.iter().flat_map(|target| {
        project.platforms.iter().map(|platform| Context { target: *target, platform: *platform })
    });
    Request {
        requirements: project.requirements.clone(),
        constraints: project.constraints.clone(),
        extras: project.extras.clone(),
        groups: project.groups.clone(),
        no_default_groups: project.no_default_groups,
        no_deps: project.no_deps,
        index: plan.index.options.clone(),
        contexts: contexts.collect(),
        ..Request::default()
    }
}

/// What an input is.
enum Kind {
    Local,
    Project,
    Requirement(String),
}

/// What is there counts as what it is; what is not may be a requirement.
fn sort(input: &Path) -> Kind {
    if input.is_file() {
        return if is_project(input) { Kind::Project } else { Kind::Local };
    }
    match input.to_str() {
        Some(text) if !input.exists() && is_requirement(text) => Kind::Requirement(text.to_owned()),
        _ => Kind::Local,
    }
}

/// Bytes that tell what a file is.
const HEAD: u64 = 64 << 10;

/// Whether a file is read as a requirements or lock file: because it is one, or because its name says that somebody takes
/// it for one, who then hears what it is.
fn is_project(file: &Path) -> bool {
    let ending = file.extension().and_then(|ending| ending.to_str()).unwrap_or_default();
    let mut head = Vec::new();
    let read = File::open(file).and_then(|file| file.take(HEAD).read_to_end(&mut head));
    ["txt", "in", "toml", "lock", "json", "yaml", "yml", "cfg", "py"].contains(&ending)
        || read.is_ok() && project::recognise(file, &head).is_some()
}

/// A name, with extras and versions behind it, or a URL: no path that is misspelt.
fn is_requirement(text: &str) -> bool {
    let name = text.split(['=', '<', '>', '!', '~', '[', ';', '@', ' ']).next().unwrap_or_default();
    let is_name = !name.is_empty()
        && name.starts_with(|first: char| first.is_ascii_alphanumeric())
        && name.chars().all(|character| character.is_ascii_alphanumeric() || "-_.".contains(character));
    let is_file = [".whl", ".so", ".pyd", ".txt", ".lock", ".toml", ".in", ".py", ".json"];
    text.contains("://") || is_name && !is_file.iter().any(|end| text.ends_with(end))
}

/// Whether an environment is that of a Python that is none of the targets.
fn is_of_another_python(artifact: &Artifact, targets: &[Target]) -> bool {
    let ArtifactKind::SitePackages { python: Some(python), .. } = &artifact.kind else { return false };
    let is_for = |target: &Target| {
        let name = target.to_string();
        let (version, free_threaded) = (name.trim_end_matches('t'), python.ends_with('t'));
        let of_version = |rest: &str| rest.is_empty() || rest.starts_with(['.', 't']);
        free_threaded && python.strip_prefix(version).is_some_and(of_version)
    };
    !targets.iter().any(is_for)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn requirements_are_no_paths() {
        for text in ["lxml", "lxml==6.1.3", "lxml[html]>=6", "a_b.c", "lxml @ http://localhost/lxml.whl"] {
            assert!(is_requirement(text), "{text}");
        }
        for text in ["", "dist/", "./lxml", "foo.whl", "requirements.txt", "uv.lock", "-r", "/tmp/x", "a/b"] {
            assert!(!is_requirement(text), "{text}");
        }
    }

    #[test]
    fn an_environment_is_that_of_a_target_by_version_and_build() {
        let of_another = |python: Option<&str>| {
            let kind =
                ArtifactKind::SitePackages { python: python.map(str::to_owned), editables: Vec::new() };
            is_of_another_python(&Artifact { path: PathBuf::from("venv"), kind }, &[Target::Py314t])
        };
        for same in ["3.14t", "3.14.2t", "3.14.0t"] {
            assert!(!of_another(Some(same)), "{same}");
        }
        for other in ["3.14.2", "3.12.4", "3.13t", "3.1t", "3.145t"] {
            assert!(of_another(Some(other)), "{other}");
        }
        assert!(!of_another(None));
    }
}
