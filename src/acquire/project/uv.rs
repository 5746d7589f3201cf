//! Asks uv: the one file here that starts processes. `uv pip compile` resolves for another Python and another platform
//! than its own, from metadata where there is some; where there is only a source archive it builds its metadata, as
//! installing it would.

use super::location::without_credentials;
use super::resolver::{Question, Resolution, ResolveError, Resolver};
use crate::model::Platform;
use std::ffi::OsString;
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, ExitStatus, Stdio};
use std::thread;
use std::time::{Duration, Instant};

/// How long it may take: with an empty cache, and source archives to be built, minutes are usual.
const PATIENCE: Duration = Duration::from_mins(15);
/// How often its end is looked for.
const TICK: Duration = Duration::from_millis(20);
/// Bytes of its answer: a line for each distribution, and a few for who asked for it.
const ANSWER: u64 = 16 << 20;
/// Bytes of what it says of an error that are shown.
const ERRORS: usize = 4_000;

/// uv, as the search path has it.
#[derive(Debug, Clone)]
pub struct Uv {
    program: PathBuf,
}

impl Default for Uv {
    fn default() -> Self {
        Self { program: "uv".into() }
    }
}

impl Resolver for Uv {
    fn resolve(&self, question: &Question) -> Result<Resolution, ResolveError> {
        let by = self.version()?;
        let target = question.context.target;
        let python = self.python(&target.to_string());
        let folder = tempfile::tempdir()
            .map_err(|error| none(&format!("no temporary folder can be made: {error}")))?;
        let arguments = arguments(question, folder.path(), python.as_deref())
            .map_err(|error| none(&format!("a temporary file cannot be written: {error}")))?;
        let ended =
            run(&self.program, &arguments).map_err(|error| none(&format!("uv cannot be run: {error}")))?;
        if !ended.status.is_some_and(|status| status.success()) {
            let words = arguments.iter().map(|argument| argument.to_string_lossy());
            let command = format!("uv {}", words.collect::<Vec<_>>().join(" "));
            return Err(ResolveError::Failed { by, why: ended.why(), command });
        }
        let caveat = python.is_none().then(|| {
            format!(
                "versions were chosen without a Python {target} at hand: where a version has wheels for the build with \
                 the GIL alone, an installer may take another\nhint: install one (`uv python install {target}`)"
            )
        });
        Ok(Resolution { by, text: ended.output, caveat })
    }
}

fn none(why: &str) -> ResolveError {
    ResolveError::None(why.to_owned())
}

impl Uv {
    fn version(&self) -> Result<String, ResolveError> {
        let ended = run(&self.program, &["--version".into()]);
        let ended = ended.map_err(|_| none("uv is not on the search path"))?;
        let mut words = ended.output.split_whitespace();
        match (words.next(), words.next()) {
            (Some("uv"), Some(version)) => Ok(format!("uv {version}")),
            _ => Err(none("`uv --version` does not answer as uv does")),
        }
    }

    /// A free-threaded interpreter of the target, which alone tells uv what wheels will do.
    fn python(&self, target: &str) -> Option<String> {
        let arguments = ["python", "find", "--no-python-downloads", "--no-project", target];
        let ended = run(&self.program, &arguments.map(OsString::from)).ok()?;
        let path = ended.output.trim().to_owned();
        (ended.status?.success() && !path.is_empty()).then_some(path)
    }
}

/// What uv calls a platform.
const fn platform(platform: Platform) -> &'static str {
    match platform {
        Platform::LinuxX86_64 => "x86_64-unknown-linux-gnu",
        Platform::LinuxAarch64 => "aarch64-unknown-linux-gnu",
        Platform::LinuxMuslX86_64 => "x86_64-unknown-linux-musl",
        Platform::MacosArm64 => "aarch64-apple-darwin",
        Platform::MacosX86_64 => "x86_64-apple-darwin",
        Platform::WindowsX86_64 => "x86_64-pc-windows-msvc",
        Platform::WindowsArm64 => "aarch64-pc-windows-msvc",
    }
}

/// The question as files in a folder that only this user can read, and a command line without any URL.
fn arguments(question: &Question, folder: &Path, python: Option<&str>) -> io::Result<Vec<OsString>> {
    let write = |name: &str, text: &str| {
        let path = folder.join(name);
        std::fs::File::create_new(&path)?.write_all(text.as_bytes())?;
        Ok::<_, io::Error>(path)
    };
    let requirements = write("requirements.in", &question.requirements)?;
    let constraints = write("constraints.txt", &question.constraints)?;
    let mut arguments: Vec<OsString> = [
        "pip",
        "compile",
        "--no-header",
        "--no-progress",
        "--no-python-downloads",
        "--annotation-style",
        "split",
    ]
    .map(OsString::from)
    .into();
    let mut option = |name: &str, value: OsString| arguments.extend([OsString::from(name), value]);
    option("--color", "never".into());
    option("--python-version", format!("3.{}", question.context.target.minor()).into());
    option("--python-platform", platform(question.context.platform).into());
    if let Some(python) = python {
        option("--python", python.into());
    }
    if question.prereleases {
        option("--prerelease", "allow".into());
    }
    option("--constraints", constraints.into());
    for extra in &question.extras {
        option("--extra", extra.into());
    }
    for (file, group) in &question.groups {
        let mut value = file.clone().into_os_string();
        value.push(format!(":{group}"));
        option("--group", value);
    }
    arguments.push(requirements.into());
    for project in &question.projects {
        arguments.push(std::path::absolute(project)?.into());
    }
    Ok(arguments)
}

/// How a process ended, and what it wrote.
struct Ended {
    /// None where it took too long.
    status: Option<ExitStatus>,
    output: String,
    errors: String,
}

impl Ended {
    /// The end of what it wrote to its standard error, without what may be secret.
    fn why(&self) -> String {
        if self.status.is_none() {
            return format!("took more than {} s", PATIENCE.as_secs());
        }
        let from = self.errors.len().saturating_sub(ERRORS);
        let from = (from..=self.errors.len()).find(|at| self.errors.is_char_boundary(*at)).unwrap_or(0);
        let text = without_credentials(self.errors[from..].trim());
        text.chars().filter(|next| !next.is_control() || *next == '\n').collect()
    }
}

fn run(program: &Path, arguments: &[OsString]) -> io::Result<Ended> {
    let mut child = Command::new(program)
        .args(arguments)
        .env("UV_PYTHON_DOWNLOADS", "never")
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()?;
    let (output, errors) = (child.stdout.take(), child.stderr.take());
    let output = thread::spawn(move || read(output));
    let errors = thread::spawn(move || read(errors));
    let started = Instant::now();
    let status = loop {
        match child.try_wait()? {
            Some(status) => break Some(status),
            None if started.elapsed() > PATIENCE => {
                child.kill()?;
                child.wait()?;
                break None;
            }
            None => thread::sleep(TICK),
        }
    };
    let text = |thread: thread::JoinHandle<String>| thread.join().unwrap_or_default();
    Ok(Ended { status, output: text(output), errors: text(errors) })
}

/// Reads to the end; what is more than the limit is thrown away, so that the process can end.
fn read(from: Option<impl Read>) -> String {
    let mut bytes = Vec::new();
    if let Some(mut from) = from {
        // What cannot be read is missing in the answer, which is held against what was asked.
        let _ = from.by_ref().take(ANSWER).read_to_end(&mut bytes);
        let _ = io::copy(&mut from, &mut io::sink());
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Context, Target};

    fn question() -> Question {
        Question {
            requirements: "--index-url https://user:secret@127.0.0.1/simple\na\n".to_owned(),
            constraints: "b==1\n".to_owned(),
            projects: vec!["/p/pyproject.toml".into()],
            extras: vec!["fast".to_owned()],
            groups: vec![("/p/pyproject.toml".into(), "dev".to_owned())],
            prereleases: true,
            context: Context { target: Target::Py315t, platform: Platform::WindowsArm64 },
        }
    }

    #[test]
    fn the_command_line_has_the_target_and_no_secrets() {
        let folder = tempfile::tempdir().unwrap();
        let arguments = arguments(&question(), folder.path(), Some("/x/python3.15t")).unwrap();
        let line: Vec<_> = arguments.iter().map(|argument| argument.to_string_lossy()).collect();
        let line = line.join(" ").replace(&folder.path().display().to_string(), "T");
        assert!(!line.contains("secret"), "{line}");
        let end = "--color never --python-version 3.15 --python-platform aarch64-pc-windows-msvc --python \
                   /x/python3.15t --prerelease allow --constraints T/constraints.txt --extra fast --group \
                   /p/pyproject.toml:dev T/requirements.in /p/pyproject.toml";
        assert!(line.ends_with(end), "{line}");
        let written = std::fs::read_to_string(folder.path().join("requirements.in")).unwrap();
        assert_eq!(written, question().requirements);
    }

    #[test]
    fn no_uv_is_said() {
        let uv = Uv { program: "/nowhere/uv".into() };
        assert_eq!(uv.resolve(&question()), Err(none("uv is not on the search path")));
    }

    #[cfg(unix)]
    #[test]
    fn another_program_of_that_name_is_not_believed() {
        let uv = Uv { program: "/bin/echo".into() };
        assert_eq!(uv.resolve(&question()), Err(none("`uv --version` does not answer as uv does")));
    }
}
