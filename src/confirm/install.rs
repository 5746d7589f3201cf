//! A temporary environment with exactly the audited wheels: put there by uv or pip, which know how, without anything
//! else and without a network. What does not go in is told wheel by wheel.

use super::interpreter::Interpreter;
use super::process::{How, Invocation, Processes};
use crate::model::Target;
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// How long one run of an installer may take: large wheels hold some thousand files.
const PATIENCE: Duration = Duration::from_mins(10);

/// Installs wheels into a folder that is imported from. Gives for each why it is not there, if it is not.
pub(super) fn install(
    wheels: &[PathBuf],
    interpreter: &Interpreter,
    target: Target,
    folder: &Path,
    processes: &dyn Processes,
) -> Vec<Option<String>> {
    // The first that says no says best why: the others are further from the interpreter.
    let mut refused = None;
    for installer in Installer::ALL {
        if installer == Installer::Own && !interpreter.pip {
            continue;
        }
        let all: Vec<&PathBuf> = wheels.iter().collect();
        match installer.run(&all, interpreter, target, folder, processes) {
            Ok(()) => return vec![None; wheels.len()],
            Err(Failure::NotThere) => {}
            Err(Failure::Refused(why)) if processes.interrupted() => return vec![Some(why); wheels.len()],
            Err(Failure::Refused(why)) if wheels.len() == 1 => drop(refused.get_or_insert(why)),
            Err(Failure::Refused(_)) => {
                // One that is not fit keeps all others out: each for itself tells which.
                let one = |wheel| match installer.run(&[wheel], interpreter, target, folder, processes) {
                    Ok(()) => None,
                    Err(Failure::Refused(why)) => Some(why),
                    Err(Failure::NotThere) => Some("the installer is gone".to_owned()),
                };
                return wheels.iter().map(one).collect();
            }
        }
    }
    let none = || "neither uv nor pip is at hand\nhint: pip install uv".to_owned();
    vec![Some(refused.unwrap_or_else(none)); wheels.len()]
}

/// Who installs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Installer {
    /// uv, the fastest.
    Uv,
    /// The interpreter's own pip.
    Own,
    /// That of any Python on PATH, which is told what the interpreter is.
    Other,
}

/// Why nothing was installed.
#[derive(Debug)]
enum Failure {
    /// There is no such installer.
    NotThere,
    /// It says no; the last lines of what it says.
    Refused(String),
}

impl Installer {
    const ALL: [Self; 3] = [Self::Uv, Self::Own, Self::Other];

    fn run(
        self,
        wheels: &[&PathBuf],
        interpreter: &Interpreter,
        target: Target,
        folder: &Path,
        processes: &dyn Processes,
    ) -> Result<(), Failure> {
        let invocation =
            self.invocation(interpreter, target, folder).with(["--"]).with(wheels.iter().copied());
        let Ok(ended) = processes.run(&invocation, &mut |_| PATIENCE) else { return Err(Failure::NotThere) };
        match ended.how {
            How::Exited(0) => Ok(()),
            How::Slow => Err(Failure::Refused("it takes too long to install".to_owned())),
            How::Interrupted => Err(Failure::Refused(super::INTERRUPTED.to_owned())),
            // A shim for a program that is not installed, and a Python without pip, look like this.
            _ if ended.errors.contains("No module named pip")
                || ended.errors.contains("command not found") =>
            {
                Err(Failure::NotThere)
            }
            _ => Err(Failure::Refused(said(&ended.errors))),
        }
    }

    fn invocation(self, interpreter: &Interpreter, target: Target, folder: &Path) -> Invocation {
        let program = match self {
            Self::Uv => PathBuf::from("uv"),
            Self::Own => interpreter.executable.clone(),
            Self::Other => PathBuf::from(if cfg!(windows) { "python" } else { "python3" }),
        };
        let invocation =
            Invocation { environment: Some(environment(folder)), ..Invocation::trusted(program, PATIENCE) };
        let options = ["--quiet", "--no-deps", "--no-index", "--target"];
        match self {
            Self::Uv => {
                let uv =
                    ["pip", "install", "--offline", "--no-config", "--no-cache", "--no-python-downloads"];
                let python = [OsString::from("--python"), interpreter.executable.clone().into_os_string()];
                invocation.with(uv).with(python).with(options).with([folder])
            }
            Self::Own => invocation.with(pip()).with(options).with([folder]),
            Self::Other => {
                invocation.with(pip()).with(foreign(interpreter, target)).with(options).with([folder])
            }
        }
    }
}

/// The user's, but for where temporary files go: what an installer that is ended leaves behind goes with the folder
/// that is installed to, and files can be moved there instead of being copied.
fn environment(folder: &Path) -> Vec<(OsString, OsString)> {
    let beside = folder.parent().unwrap_or(folder).as_os_str();
    let names = ["TMPDIR", "TEMP", "TMP"];
    let kept = std::env::vars_os().filter(|(name, _)| names.iter().all(|other| name != other));
    kept.chain(names.map(|name| (OsString::from(name), beside.to_owned()))).collect()
}

fn pip() -> Vec<&'static str> {
    let command = ["-I", "-m", "pip", "--isolated", "--disable-pip-version-check"];
    command.into_iter().chain(["install", "--no-compile", "--no-cache-dir"]).collect()
}

/// What another Python's pip is told of the interpreter that it installs for.
fn foreign(interpreter: &Interpreter, target: Target) -> Vec<String> {
    let minor = target.minor();
    let mut options = vec![
        "--only-binary=:all:".to_owned(),
        "--implementation=cp".to_owned(),
        format!("--python-version=3.{minor}"),
        format!("--abi=cp3{minor}t"),
        "--abi=abi3t".to_owned(),
        "--abi=none".to_owned(),
    ];
    options.extend(platforms(&interpreter.platform).into_iter().map(|tag| format!("--platform={tag}")));
    options
}

/// The platform tags that an interpreter may use; of Linux's, those that wheels have been seen to have.
fn platforms(platform: &str) -> Vec<String> {
    let own = platform.replace(['-', '.'], "_");
    let Some(machine) = own.strip_prefix("linux_") else { return vec![own] };
    let old = ["manylinux1", "manylinux2010", "manylinux2014"].map(|tag| format!("{tag}_{machine}"));
    let new = (5..=50).map(|minor| format!("manylinux_2_{minor}_{machine}"));
    let musl = (1..=5).map(|minor| format!("musllinux_1_{minor}_{machine}"));
    [own.clone()].into_iter().chain(old).chain(new).chain(musl).collect()
}

/// The end of what an installer says.
fn said(errors: &str) -> String {
    let lines: Vec<&str> = errors.lines().map(str::trim).filter(|line| !line.is_empty()).collect();
    let start = lines.len().saturating_sub(2);
    format!("it could not be installed: {}", lines[start..].join(" "))
}

#[cfg(test)]
mod tests {
    use super::super::testing::{ERROR, Script, made_up};
    use super::*;

    fn wheels() -> Vec<PathBuf> {
        ["a.whl", "b.whl"].map(PathBuf::from).to_vec()
    }

    fn run(script: &Script, pip: bool) -> Vec<Option<String>> {
        let interpreter = Interpreter { pip, ..made_up(14) };
        install(&wheels(), &interpreter, Target::Py314t, Path::new("/into"), script)
    }

    fn command(invocation: &Invocation) -> String {
        let words = invocation.arguments.iter().map(|word| word.to_string_lossy().into_owned());
        [invocation.program.to_string_lossy().into_owned()]
            .into_iter()
            .chain(words)
            .collect::<Vec<_>>()
            .join(" ")
    }

    #[test]
    fn all_at_once_and_nothing_else() {
        let script = Script::answering(&[""]);
        assert_eq!(run(&script, true), [None, None]);
        insta::assert_snapshot!(command(&script.asked()[0]), @"uv pip install --offline --no-config --no-cache --no-python-downloads --python /py/bin/python3.14t --quiet --no-deps --no-index --target /into -- a.whl b.whl");
    }

    #[test]
    fn what_does_not_go_in_is_named() {
        let play = |invocation: &Invocation| {
            let has_bad = invocation.arguments.iter().any(|word| word == "b.whl");
            (Vec::new(), How::Exited(i32::from(has_bad)))
        };
        let script = Script::playing(play);
        let found = run(&script, true);
        assert_eq!(found[0], None);
        assert!(found[1].as_ref().unwrap().starts_with("it could not be installed"));
        assert_eq!(script.asked().len(), 3);
    }

    #[test]
    fn the_first_that_refuses_says_why() {
        let play = |invocation: &Invocation| {
            let is_uv = invocation.program == Path::new("uv");
            (vec![format!("{ERROR}uv: {is_uv}")], How::Exited(1))
        };
        let script = Script::playing(play);
        let interpreter = made_up(14);
        let only = [PathBuf::from("a.whl")];
        let found = install(&only, &interpreter, Target::Py314t, Path::new("/into"), &script);
        assert_eq!(script.asked().len(), 3);
        assert!(found[0].as_ref().unwrap().contains("uv: true"), "{found:?}");
    }

    #[test]
    fn without_any_installer_that_is_said() {
        let found = run(&Script::of(Vec::new()), false);
        assert_eq!(found[0].as_deref(), Some("neither uv nor pip is at hand\nhint: pip install uv"));
    }

    #[test]
    fn the_pip_of_another_python_is_told_what_to_install_for() {
        let interpreter = made_up(13);
        let options = Installer::Other.invocation(&interpreter, Target::Py313t, Path::new("/into"));
        let command = command(&options);
        for option in ["--abi=cp313t", "--python-version=3.13", "--platform=manylinux_2_28_x86_64"] {
            assert!(command.contains(option), "{command}");
        }
        assert_eq!(platforms("macosx-11.0-arm64"), ["macosx_11_0_arm64"]);
    }
}
