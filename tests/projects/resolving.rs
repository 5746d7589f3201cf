//! What is unpinned: resolved, and said to be; refused without a resolver. The double answers as uv does, and one test
//! asks the real uv, of wheels in a folder.

use super::{Nobody, find, folder, lines, names, refusal, request, unread};
use ftaudit::acquire::index::IndexOptions;
use ftaudit::acquire::project::{self, Project, Question, Request, Resolution, ResolveError, Resolver, Uv};
use ftaudit::model::{Context, Platform, Source, Target};
use std::cell::RefCell;
use std::io::Write;
use std::path::Path;

/// Answers with these texts, one after the other, and keeps what it was asked.
struct Scripted {
    answers: RefCell<Vec<Result<Resolution, ResolveError>>>,
    asked: RefCell<Vec<Question>>,
}

impl Scripted {
    fn new(texts: &[&str]) -> Self {
        let answer = |text: &&str| {
            Ok(Resolution { by: "uv 1.2.3".to_owned(), text: (*text).to_owned(), caveat: None })
        };
        Self { answers: RefCell::new(texts.iter().rev().map(answer).collect()), asked: RefCell::default() }
    }
}

impl Resolver for Scripted {
    fn resolve(&self, question: &Question) -> Result<Resolution, ResolveError> {
        self.asked.borrow_mut().push(question.clone());
        self.answers.borrow_mut().pop().expect("no more answers")
    }
}

fn linux_and_windows() -> Vec<Context> {
    [Platform::LinuxX86_64, Platform::WindowsX86_64]
        .map(|platform| Context { target: Target::Py314t, platform })
        .into()
}

fn asked(arguments: &[&str]) -> Request {
    Request { arguments: names(arguments), contexts: linux_and_windows(), ..request() }
}

fn resolve(request: &Request, answers: &[&str]) -> (Project, Vec<Question>) {
    let resolver = Scripted::new(answers);
    let project = project::read(request, &resolver).unwrap_or_else(|error| panic!("{error}"));
    (project, resolver.asked.into_inner())
}

#[test]
fn what_is_unpinned_is_resolved_for_each_platform() {
    let linux = "alder==1.0\n    # via -r requirements.in\nbirch==1.5\n    # via alder\n";
    let windows = format!("{linux}cedar==1.0\n    # via birch\n");
    let (project, asked) = resolve(&asked(&["alder>=1", "birch==1.5"]), &[linux, &windows]);
    assert_eq!(
        lines(&project),
        [
            "alder 1.0 linux-x86_64,windows-x86_64 alder",
            "birch 1.5 linux-x86_64,windows-x86_64 alder>birch",
            "cedar 1.0 windows-x86_64 alder>birch>cedar",
        ]
    );
    assert_eq!(find(&project, "alder").said_by, "command line, resolved by uv 1.2.3");
    assert_eq!(find(&project, "birch").said_by, "command line");
    assert_eq!(find(&project, "cedar").said_by, "resolved by uv 1.2.3");
    assert_eq!(asked.len(), 2);
    assert_eq!(asked[1].requirements, "alder>=1\nbirch==1.5\n");
    assert_eq!(asked[1].context.platform, Platform::WindowsX86_64);
    assert!(unread(&project).is_empty());
}

#[test]
fn the_resolver_is_told_everything_that_counts() {
    let folder = folder(&[
        (
            "r.txt",
            "-i https://127.0.0.1/one\n--extra-index-url https://127.0.0.1/two\n--no-binary x\n--pre\n-c c.txt\nalder\n",
        ),
        ("c.txt", "birch==1\n"),
        (
            "pyproject.toml",
            "[project]\nname = \"p\"\ndependencies = [\"elm\"]\n[project.optional-dependencies]\nfast = []\n\
                            [dependency-groups]\ndev = [\"fir\"]\n",
        ),
    ]);
    let request = Request {
        requirements: vec![folder.path().join("r.txt")],
        files: vec![folder.path().join("pyproject.toml")],
        extras: names(&["fast"]),
        groups: names(&["dev"]),
        index: IndexOptions { find_links: names(&["/links"]), ..IndexOptions::default() },
        contexts: linux_and_windows()[..1].to_vec(),
        ..Request::default()
    };
    let (project, asked) = resolve(&request, &["alder==1\nelm==1\nfir==1\n"]);
    let pyproject = folder.path().join("pyproject.toml");
    assert_eq!(
        asked[0].requirements,
        "--index-url https://127.0.0.1/one\n--extra-index-url https://127.0.0.1/two\n--find-links /links\n\
         --no-binary x\nalder\n"
    );
    assert_eq!(asked[0].constraints, "birch==1\n");
    assert_eq!(asked[0].projects, std::slice::from_ref(&pyproject));
    assert_eq!(
        (asked[0].extras.clone(), asked[0].groups.clone()),
        (names(&["fast"]), vec![(pyproject, "dev".to_owned())])
    );
    assert!(asked[0].prereleases);
    assert_eq!(project.builds.no_binary, ["x"]);
    assert_eq!(project.options.index_url.as_deref(), Some("https://127.0.0.1/one"));
    assert!(find(&project, "elm").said_by.ends_with("pyproject.toml:3, resolved by uv 1.2.3"));
}

#[test]
fn an_answer_that_does_not_fit_is_not_believed() {
    for (answer, expected) in [
        ("birch==1.5\n", "command line: uv 1.2.3 left alder out for 3.14t on linux-x86_64"),
        ("alder==1\nbirch==1.6\n", "command line: uv 1.2.3 chose birch 1.6 instead of 1.5 for 3.14t"),
        ("alder>=1\nbirch==1.5\n", "the answer of uv 1.2.3:1: has no version"),
        ("Resolved 2 packages\n", "the answer of uv 1.2.3:1: `Resolved 2 packages` is no requirement"),
        ("", "command line: uv 1.2.3 left alder out"),
    ] {
        let request = asked(&["alder", "birch==1.5"]);
        let error = project::read(&request, &Scripted::new(&[answer, answer])).err().unwrap().to_string();
        assert!(error.starts_with(expected), "{error}");
    }
}

#[test]
fn without_a_resolver_nothing_passes_unseen() {
    let error = refusal(&asked(&["alder>=1"]));
    assert!(
        error.starts_with("command line: `alder` has no exact version, and no resolver was found"),
        "{error}"
    );
    assert!(error.contains("uv is not on the search path\nhint: install uv"), "{error}");
    // What is pinned is audited, and that this is not all is said.
    let project = project::read(&asked(&["alder==1.0"]), &Nobody).unwrap_or_else(|error| panic!("{error}"));
    assert_eq!(lines(&project), ["alder 1.0 linux-x86_64,windows-x86_64 alder"]);
    assert!(unread(&project)[0].contains("what these requirements need in turn was not looked at"));
}

#[test]
fn a_failed_resolution_is_an_error_with_its_cause() {
    let failed = ResolveError::Failed {
        by: "uv 1.2.3".to_owned(),
        why: "no versions of alder".to_owned(),
        command: "uv pip compile x".to_owned(),
    };
    let resolver = Scripted { answers: RefCell::new(vec![Err(failed)]), asked: RefCell::default() };
    let error = project::read(&asked(&["alder>=9"]), &resolver).err().unwrap().to_string();
    let expected =
        "command line: uv 1.2.3 found no versions for 3.14t on linux-x86_64: no versions of alder\nhint: ";
    assert!(error.starts_with(expected), "{error}");
}

/// A wheel without modules.
fn wheel(folder: &Path, name: &str, version: &str, tag: &str, requires: &str) {
    let file = std::fs::File::create(folder.join(format!("{name}-{version}-{tag}.whl"))).unwrap();
    let mut archive = zip::ZipWriter::new(file);
    let info = format!("{name}-{version}.dist-info");
    for (member, text) in [
        ("METADATA", format!("Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n{requires}\n")),
        ("WHEEL", format!("Wheel-Version: 1.0\nGenerator: x\nRoot-Is-Purelib: true\nTag: {tag}\n")),
        ("RECORD", String::new()),
    ] {
        archive.start_file(format!("{info}/{member}"), zip::write::SimpleFileOptions::default()).unwrap();
        archive.write_all(text.as_bytes()).unwrap();
    }
    archive.finish().unwrap();
}

/// Needs uv, as `make.py` and the users of this do; no network.
#[test]
fn the_real_uv_resolves_for_the_target() {
    let links = tempfile::tempdir().unwrap();
    wheel(links.path(), "birch", "1.0", "py3-none-any", "");
    wheel(links.path(), "birch", "2.0", "py3-none-any", "");
    wheel(links.path(), "cedar", "1.0", "py3-none-any", "");
    let needs =
        "Requires-Dist: birch\nRequires-Dist: cedar ; sys_platform == 'win32' and python_version >= '3.14'\n";
    wheel(links.path(), "alder", "1.0", "py3-none-any", needs);
    let options = IndexOptions {
        find_links: vec![links.path().display().to_string()],
        no_index: true,
        ..IndexOptions::default()
    };
    let request = Request { index: options, ..asked(&["alder", "birch<2"]) };
    let project = project::read(&request, &Uv::default()).unwrap_or_else(|error| panic!("{error}"));
    assert_eq!(
        lines(&project),
        [
            "alder 1.0 linux-x86_64,windows-x86_64 alder",
            "birch 1.0 linux-x86_64,windows-x86_64 birch",
            "cedar 1.0 windows-x86_64 alder>cedar",
        ]
    );
    assert!(find(&project, "cedar").said_by.starts_with("resolved by uv "));
    assert_eq!(find(&project, "cedar").source, Source::Index);
    let impossible = Request { arguments: names(&["alder==9"]), ..request };
    let error = project::read(&impossible, &Uv::default()).err().unwrap().to_string();
    assert!(
        error.contains("found no versions for 3.14t on linux-x86_64") && error.contains("alder"),
        "{error}"
    );
}
