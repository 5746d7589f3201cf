//! What the imported code may do: as little as an import needs. The program starts itself anew with the hidden
//! command `__sandbox`, gives up what it can give up, and becomes the interpreter. Whatever is given up stays so.

#[cfg(target_os = "linux")]
mod landlock;
mod limits;
mod places;
#[cfg(target_os = "linux")]
mod syscalls;

pub(crate) use limits::{Excess, excess};
pub(super) use places::system_places;

use crate::model::Protection;
use std::convert::Infallible;
use std::ffi::OsString;
use std::io;
use std::path::PathBuf;
use std::process::{Command, ExitCode};

/// The name of the hidden command.
pub const COMMAND: &str = "__sandbox";
/// What a line of the sandbox itself starts with, where the interpreter's answers come later.
pub(super) const PROTECTED: &str = "protected by: ";
/// What it says where it cannot do what was asked.
pub(super) const REFUSED: &str = "no sandbox: ";

/// What a process is held to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Confinement {
    /// Files and folders that may be read and executed, with all that is below them.
    pub read: Vec<PathBuf>,
    /// The one folder that may be written.
    pub write: PathBuf,
}

impl Confinement {
    /// The hidden command with its options.
    pub(super) fn arguments(&self) -> Vec<OsString> {
        let mut arguments = vec![OsString::from(COMMAND)];
        for (option, path) in self.read.iter().map(|path| ("--read", path)).chain([("--write", &self.write)])
        {
            arguments.extend([OsString::from(option), path.clone().into_os_string()]);
        }
        let parent = std::process::id().to_string();
        arguments.extend([OsString::from("--parent"), OsString::from(parent)]);
        arguments
    }
}

/// Which protections the sandbox of this system has to have: without them nothing is run, unless the user types
/// `--no-sandbox`. Where a system has none of them, that is refused as well.
pub(super) const NEEDED: [Protection; 6] = [
    Protection::Files,
    Protection::Network,
    Protection::Processes,
    Protection::Signals,
    Protection::Limits,
    Protection::Parent,
];

/// Why there is no sandbox.
#[derive(Debug, thiserror::Error)]
pub enum SandboxError {
    /// The system has no such protection, or this program does not know how to ask for it.
    #[error("{0}")]
    Missing(String),
    /// The system has it and does not grant it.
    #[error("{what}: {why}")]
    Refused {
        /// Which one.
        what: &'static str,
        /// What the system says.
        why: String,
    },
    /// The program to become is not there, or cannot be run.
    #[error("{}: {source}", program.display())]
    Program {
        /// Its path.
        program: PathBuf,
        /// What the system says.
        source: io::Error,
    },
}

/// Gives up what can be given up, says what that was, and becomes the program. Comes back only where it does not: it
/// has said why where the interpreter would answer.
#[must_use]
pub fn become_program(
    confinement: &Confinement,
    parent: u32,
    program: &PathBuf,
    arguments: &[OsString],
) -> ExitCode {
    let Err(why) = enter(confinement, parent, program, arguments);
    println!("{REFUSED}{why}");
    ExitCode::from(2)
}

fn enter(
    confinement: &Confinement,
    parent: u32,
    program: &PathBuf,
    arguments: &[OsString],
) -> Result<Infallible, SandboxError> {
    let protections = protect(confinement, parent)?;
    let ids: Vec<&str> = protections.iter().map(|protection| protection.id()).collect();
    println!("{PROTECTED}{}", ids.join(" "));
    let mut command = Command::new(program);
    command.args(arguments);
    Err(SandboxError::Program { program: program.clone(), source: replace(command) })
}

#[cfg(unix)]
fn replace(mut command: Command) -> io::Error {
    std::os::unix::process::CommandExt::exec(&mut command)
}

#[cfg(not(unix))]
fn replace(_: Command) -> io::Error {
    io::ErrorKind::Unsupported.into()
}

#[cfg(target_os = "linux")]
fn protect(confinement: &Confinement, parent: u32) -> Result<Vec<Protection>, SandboxError> {
    limits::die_with(parent)?;
    limits::limit()?;
    limits::drop_privileges()?;
    landlock::restrict(confinement)?;
    syscalls::restrict()?;
    Ok(vec![
        Protection::Files,
        Protection::Network,
        Protection::Processes,
        Protection::Signals,
        Protection::Privileges,
        Protection::Limits,
        Protection::Parent,
    ])
}

#[cfg(not(target_os = "linux"))]
fn protect(_: &Confinement, _: u32) -> Result<Vec<Protection>, SandboxError> {
    Err(SandboxError::Missing(format!("there is no sandbox for {} yet", std::env::consts::OS)))
}
