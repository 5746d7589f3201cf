//! What ends the reading of a project. One error ends it all: what was read up to there is not what an installer
//! would install, so nothing is said of it.

use super::Form;
use std::io;

/// Why a project cannot be read: where, and what is wrong there.
#[derive(Debug, thiserror::Error)]
#[error("{place}: {cause}")]
pub struct ProjectError {
    /// The file, with the line where one is to blame (`requirements/base.txt:12`), or the argument.
    pub place: String,
    /// What is wrong, and a hint on its own line.
    pub cause: Cause,
}

impl ProjectError {
    pub(super) fn new(place: impl Into<String>, cause: Cause) -> Self {
        Self { place: place.into(), cause }
    }

    /// Something that the form's own documentation does not allow.
    pub(super) fn malformed(place: impl Into<String>, what: impl Into<String>) -> Self {
        Self::new(place, Cause::Malformed(what.into()))
    }
}

/// What is wrong with what the user named.
#[derive(Debug, thiserror::Error)]
pub enum Cause {
    /// The caller's fault, or that of the file that includes this one.
    #[error("does not exist\nhint: check the spelling, and which folder it is relative to")]
    Missing,
    /// The surroundings' fault: permissions, a failing disk, a folder where a file was expected.
    #[error("cannot be read: {0}\nhint: check that it is a file that this user may read")]
    Unreadable(io::Error),
    /// The fault of whoever made it.
    #[error("has more than {0} MiB: no file of this kind that people use has\nhint: check what it is")]
    TooLarge(u64),
    /// The fault of the editor that wrote it.
    #[error(
        "is no text: byte {0} is not UTF-8\nhint: save it as UTF-8, or start it with `# -*- coding: latin-1 -*-`"
    )]
    NotText(usize),
    /// The caller's fault: a file of another tool.
    #[error("is {0}, which is not read\nhint: {1}")]
    OtherForm(&'static str, &'static str),
    /// The caller's fault, or a form that is newer than this program.
    #[error(
        "is no requirements or lock file that this version knows\nhint: read are {known}; name a requirements file \
         with -r",
        known = Form::KNOWN
    )]
    UnknownForm,
    /// The caller's fault: the file was named as something else than it is.
    #[error("is {0}, not {1}\nhint: name it without {2}")]
    Mistaken(&'static str, &'static str, &'static str),
    /// The fault of whoever wrote or merged it.
    #[error("{0}")]
    Malformed(String),
    /// Nobody's fault: the file was written by a newer (or a very old) tool.
    #[error("is {what} version {found}: known are {known}\nhint: {hint}")]
    UnknownVersion {
        /// The form, as `uv.lock`.
        what: &'static str,
        /// What the file says.
        found: String,
        /// What is read.
        known: &'static str,
        /// What to do.
        hint: &'static str,
    },
    /// The fault of whoever made it: files that include each other without end, or hostile ones.
    #[error("{0}\nhint: this is more than any real project has; check what the file is")]
    Limit(String),
    /// The caller's wish, which the file cannot fulfil.
    #[error("{what} `{name}` is nowhere in what was named: known are {known}")]
    UnknownSelection {
        /// `extra` or `group`.
        what: &'static str,
        /// What was asked for.
        name: String,
        /// What there is.
        known: String,
    },
    /// The caller's wish: lines as they stand need a version each.
    #[error(
        "`{0}` has no exact version, and --no-deps takes the lines as they stand\n\
         hint: pin it with `==`, or leave --no-deps away so that a resolver is asked"
    )]
    Unpinned(String),
    /// The surroundings' fault: what is unpinned needs a resolver.
    #[error(
        "`{0}` has no exact version, and no resolver was found to choose one: {1}\n\
         hint: install uv, or name a lock file, or pin every requirement with `==` and use --no-deps"
    )]
    NoResolver(String, String),
    /// The project's fault mostly: requirements that do not go together on the target.
    #[error("{by} found no versions for {context}: {why}\nhint: run it yourself to see more: {command}")]
    Unresolved {
        /// The resolver, with its version.
        by: String,
        /// What it was asked for.
        context: String,
        /// The end of what it wrote.
        why: String,
        /// The command line, without credentials.
        command: String,
    },
}
