//! What a project asks an installer for: requirements files, lock files, `pyproject.toml`, scripts, environments of
//! another Python, and requirements on the command line, as [`Want`]s for each target and platform. Fetches nothing.
//!
//! A lock file is taken as it stands, by what its own tool would install of it. So is a requirements file where every
//! line has its version, and its hash or who asked for it, as pip-compile and uv write them. For all else a
//! [`Resolver`] is asked, with what is pinned as it is pinned.

mod error;
mod graph;
mod installed;
mod lines;
mod location;
mod lock;
mod lock_version;
mod marker;
mod pdm_lock;
mod pipfile_lock;
mod pixi_lock;
mod poetry_lock;
mod poetry_project;
mod pylock;
mod pyproject;
mod recognise;
mod requirement;
mod requirements;
mod resolver;
mod scope;
mod settle;
mod stated;
mod text;
mod uv;
mod uv_lock;

pub use error::{Cause, ProjectError};
pub use recognise::{Form, find, recognise};
pub use resolver::{Question, Resolution, ResolveError, Resolver};
pub use stated::Builds;
pub use uv::Uv;

use super::index::IndexOptions;
use crate::model::{Context, Note, Want};
use lock::Locked;
use scope::{Known, Scope};
use settle::Pending;
use stated::{Stated, Statements};
use std::path::{Path, PathBuf};
use text::Text;

/// What the user named.
#[derive(Clone, Default)]
pub struct Request {
    /// Requirements files (`-r`).
    pub requirements: Vec<PathBuf>,
    /// Constraints files (`-c`).
    pub constraints: Vec<PathBuf>,
    /// Requirements: a name, with extras and versions, a URL, or a path.
    pub arguments: Vec<String>,
    /// Files of any form, known by their content.
    pub files: Vec<PathBuf>,
    /// Environments of another Python.
    pub environments: Vec<PathBuf>,
    /// The extras of the project that count.
    pub extras: Vec<String>,
    /// The dependency groups that count beside those that the project's tool installs unasked; of `pixi.lock` the
    /// environments.
    pub groups: Vec<String>,
    /// Leaves out the groups that the project's tool installs unasked.
    pub no_default_groups: bool,
    /// Takes requirements as they stand, without what they need in turn.
    pub no_deps: bool,
    /// What the command line says of indexes, for the resolver.
    pub index: IndexOptions,
    /// The targets and platforms.
    pub contexts: Vec<Context>,
}

/// What has to be installed.
#[derive(Clone, Default)]
pub struct Project {
    /// Every distribution, sorted.
    pub wants: Vec<Want>,
    /// What the request and its files say of indexes.
    pub options: IndexOptions,
    /// What requirements files say of source archives and wheels.
    pub builds: Builds,
    /// What was found out, and what could not be read.
    pub notes: Vec<Note>,
}

/// Reads what the user named.
///
/// # Errors
/// Where something of it is not what it should be: nothing is said of the rest then, as an installer would stop too.
pub fn read(request: &Request, resolver: &dyn Resolver) -> Result<Project, ProjectError> {
    let Request { contexts, extras, groups, no_default_groups, .. } = request;
    let scope = Scope::new(contexts, extras, groups, *no_default_groups);
    let mut reader = Reader {
        request,
        scope,
        project: Project::default(),
        known: Known::default(),
        pending: Pending::default(),
    };
    reader.project.options = request.index.clone();
    for path in &request.constraints {
        requirements::read(path, true, &mut reader.pending.statements)?;
    }
    for path in &request.requirements {
        reader.requirements(path)?;
    }
    for path in &request.files {
        reader.file(path)?;
    }
    for argument in &request.arguments {
        reader.argument(argument)?;
    }
    for path in &request.environments {
        let (wants, notes) = installed::read(path, &reader.scope)?;
        reader.project.wants.extend(wants);
        reader.project.notes.extend(notes);
    }
    reader.finish(resolver)
}

struct Reader<'a> {
    request: &'a Request,
    scope: Scope,
    project: Project,
    known: Known,
    pending: Pending,
}

impl Reader<'_> {
    /// A requirements file that locks stands for itself; what others ask for is settled together.
    fn requirements(&mut self, path: &Path) -> Result<(), ProjectError> {
        let mut statements = Statements::default();
        requirements::read(path, false, &mut statements)?;
        merge_options(&mut self.project.options, &statements.options);
        if settle::is_lock(&statements.requirements) {
            self.project.wants.extend(settle::as_they_stand(&statements, &self.scope)?);
            let why = "every line has its version, and its hash or who asked for it: taken as it stands. What only \
                       another Python or platform than that it was made for needs besides is not in it";
            self.project.notes.push(Note::told(crate::model::shown(path), why));
            merge_builds(&mut self.project.builds, statements.builds);
            return Ok(());
        }
        if statements.requirements.is_empty() {
            self.project.notes.push(Note::told(crate::model::shown(path), "requires nothing"));
        }
        let pending = &mut self.pending.statements;
        pending.requirements.append(&mut statements.requirements);
        pending.constraints.append(&mut statements.constraints);
        pending.require_hashes |= statements.require_hashes;
        merge_builds(&mut pending.builds, statements.builds);
        Ok(())
    }

    fn file(&mut self, path: &Path) -> Result<(), ProjectError> {
        let text = Text::read(path)?;
        let form = recognise::of_file(&text)?;
        let read: fn(&Text, &Scope) -> Result<Locked, ProjectError> = match form {
            Form::Requirements => return self.requirements(path),
            Form::Pyproject | Form::Script => return self.asked(&text, form),
            Form::Pylock => pylock::read,
            Form::UvLock => uv_lock::read,
            Form::PoetryLock => poetry_lock::read,
            Form::PdmLock => pdm_lock::read,
            Form::PipfileLock => pipfile_lock::read,
            Form::PixiLock => pixi_lock::read,
        };
        let locked = read(&text, &self.scope)?;
        let count = locked.walked.wants.len();
        self.project.notes.push(Note::told(text.shown, format!("{form}: {count} distributions")));
        self.project.wants.extend(locked.walked.wants);
        self.project.notes.extend(locked.walked.notes);
        merge_options(&mut self.project.options, &locked.options);
        self.know(locked.known);
        Ok(())
    }

    fn asked(&mut self, text: &Text, form: Form) -> Result<(), ProjectError> {
        let asked = if form == Form::Script {
            pyproject::read_script(text, &self.scope)?
        } else {
            let asked = pyproject::read(text, &self.scope)?;
            let absolute = std::path::absolute(&text.path).unwrap_or_else(|_| text.path.clone());
            self.pending.extras.extend(asked.known.extras.intersection(&self.scope.extras).cloned());
            let groups = asked.known.groups.intersection(&self.scope.groups);
            self.pending.groups.extend(groups.map(|group| (absolute.clone(), group.clone())));
            self.pending.projects.push(text.path.clone());
            asked
        };
        if asked.stated.is_empty() {
            self.project.notes.push(Note::told(text.shown.clone(), "requires nothing"));
        }
        self.pending.statements.requirements.extend(asked.stated);
        self.project.notes.extend(asked.notes);
        self.know(asked.known);
        Ok(())
    }

    fn argument(&mut self, argument: &str) -> Result<(), ProjectError> {
        let requirement = requirements::parse(argument, Path::new(""))
            .map_err(|error| ProjectError::malformed("command line", error.to_string()))?;
        self.pending.statements.requirements.push(Stated {
            text: requirements::written(argument, &requirement),
            requirement,
            hashes: Vec::new(),
            via: None,
            place: "command line".to_owned(),
        });
        Ok(())
    }

    fn know(&mut self, known: Known) {
        self.known.extras.extend(known.extras);
        self.known.groups.extend(known.groups);
    }

    fn finish(mut self, resolver: &dyn Resolver) -> Result<Project, ProjectError> {
        self.known.holds(&self.scope)?;
        let pending = &mut self.pending;
        merge_options(&mut self.project.options, &pending.statements.options);
        pending.statements.options = self.project.options.clone();
        if !pending.statements.requirements.is_empty() {
            let (wants, notes) = if self.request.no_deps {
                (settle::as_they_stand(&pending.statements, &self.scope)?, Vec::new())
            } else {
                settle::resolved(pending, &self.scope, resolver)?
            };
            self.project.wants.extend(wants);
            self.project.notes.extend(notes);
        }
        merge_builds(&mut self.project.builds, std::mem::take(&mut pending.statements.builds));
        self.project.wants.sort_unstable();
        self.project.wants.dedup();
        self.project.notes.sort_unstable();
        self.project.notes.dedup();
        Ok(self.project)
    }
}

/// What was said first holds, as the command line does against a file in pip.
fn merge_options(into: &mut IndexOptions, from: &IndexOptions) {
    if into.index_url.is_none() {
        into.index_url.clone_from(&from.index_url);
    }
    into.no_index |= from.no_index;
    for (into, from) in
        [(&mut into.extra_index_urls, &from.extra_index_urls), (&mut into.find_links, &from.find_links)]
    {
        for url in from {
            if !into.contains(url) {
                into.push(url.clone());
            }
        }
    }
}

fn merge_builds(into: &mut Builds, from: Builds) {
    for name in from.no_binary {
        into.control(false, &name);
    }
    for name in from.only_binary {
        into.control(true, &name);
    }
    into.prereleases |= from.prereleases;
}
