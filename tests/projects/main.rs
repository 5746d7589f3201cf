//! Inputs as people have them -> what has to be installed. The lock files in `fixtures/` were written by the tools
//! themselves (`make.py` makes them anew); what is read of them is held against what each tool exports of its own.

mod forms;
mod refused;
mod resolving;

use ftaudit::acquire::project::{self, Project, Question, Request, Resolution, ResolveError, Resolver};
use ftaudit::model::{Context, Platform, Source, Target, Want};
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

fn fixture(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/projects/fixtures").join(name)
}

fn everywhere() -> Vec<Context> {
    Platform::ALL.into_iter().map(|platform| Context { target: Target::Py314t, platform }).collect()
}

/// A request for every platform.
fn request() -> Request {
    Request { contexts: everywhere(), ..Request::default() }
}

fn of_file(path: PathBuf) -> Request {
    Request { files: vec![path], ..request() }
}

fn names(names: &[&str]) -> Vec<String> {
    names.iter().map(ToString::to_string).collect()
}

/// No resolver on this machine.
struct Nobody;

impl Resolver for Nobody {
    fn resolve(&self, _: &Question) -> Result<Resolution, ResolveError> {
        Err(ResolveError::None("uv is not on the search path".to_owned()))
    }
}

fn read(request: &Request) -> Project {
    project::read(request, &Nobody).unwrap_or_else(|error| panic!("{error}"))
}

fn refusal(request: &Request) -> String {
    project::read(request, &Nobody).err().expect("an error").to_string()
}

/// What is wanted where, without what the forms say in different ways.
fn wanted(project: &Project) -> BTreeSet<(String, Option<String>, Vec<Context>)> {
    let one = |want: &Want| (want.name.clone(), want.version.clone(), want.contexts.clone());
    project.wants.iter().map(one).collect()
}

/// `name version platforms chain`, a line each; all platforms as `*`.
fn lines(project: &Project) -> Vec<String> {
    let line = |want: &Want| {
        let platforms: Vec<&str> = want.contexts.iter().map(|context| context.platform.id()).collect();
        let platforms =
            if platforms.len() == Platform::ALL.len() { "*".to_owned() } else { platforms.join(",") };
        let version = want.version.as_deref().unwrap_or("?");
        format!("{} {version} {platforms} {}", want.name, want.chain.join(">"))
    };
    project.wants.iter().map(line).collect()
}

/// Why the project as a whole does not pass.
fn unread(project: &Project) -> Vec<String> {
    project.notes.iter().filter(|note| note.unread).map(ToString::to_string).collect()
}

fn find<'a>(project: &'a Project, name: &str) -> &'a Want {
    project.wants.iter().find(|want| want.name == name).unwrap_or_else(|| panic!("{name} is not wanted"))
}

fn listed(want: &Want) -> Vec<&str> {
    match &want.source {
        Source::Listed(files) => files.iter().map(|file| file.name.as_str()).collect(),
        other => panic!("{other:?}"),
    }
}

/// A folder with these files.
fn folder(files: &[(&str, &str)]) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    for (name, text) in files {
        let path = folder.path().join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }
    folder
}
