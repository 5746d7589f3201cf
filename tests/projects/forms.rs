//! Each form of lock file, as its own tool wrote it: what is wanted is what that tool exports.

use super::{
    everywhere, find, fixture, folder, lines, listed, names, of_file, read, request, unread, wanted,
};
use ftaudit::acquire::project::Request;
use ftaudit::model::{Context, Platform, Source, Target, Want};

/// Holds a lock file against its tool's own export, on every platform.
fn is_exported(lock: &Request, export: &str) {
    let exported = Request { requirements: vec![fixture(export)], no_deps: true, ..request() };
    let (locked, exported) = (read(lock), read(&exported));
    assert_eq!(wanted(&locked), wanted(&exported), "{export}");
    assert!(!exported.wants.is_empty());
}

/// The line that a want points at.
fn said(want: &Want) -> String {
    let (file, line) = want.said_by.rsplit_once(':').unwrap();
    let text = std::fs::read_to_string(file).unwrap();
    text.lines().nth(line.parse::<usize>().unwrap() - 1).unwrap().trim().to_owned()
}

/// On one platform only, as tools that know no other lock it.
fn on_linux(request: Request) -> Request {
    Request { contexts: vec![Context { target: Target::Py314t, platform: Platform::LinuxX86_64 }], ..request }
}

#[test]
fn uv() {
    let lock = || of_file(fixture("uv/uv.lock"));
    is_exported(&lock(), "uv/export.txt");
    let docs = Request { extras: names(&["docs"]), no_default_groups: true, ..lock() };
    is_exported(&docs, "uv/export-docs.txt");
    let project = read(&lock());
    assert_eq!(
        lines(&project),
        [
            "alder 1.0 * alder",
            "birch 1.5 * alder>birch",
            "cedar 1.0 windows-x86_64,windows-arm64 alder>cedar",
            "elm 1.0 * alder>elm",
            "fir 1.0 windows-x86_64,windows-arm64 fir",
            "fir 2.0 linux-x86_64,linux-aarch64,linux-musl-x86_64,macos-arm64,macos-x86_64 fir",
            "ginkgo 1.0 * alder>elm>ginkgo",
            "ginkgo-tree-leaf 3.1 linux-x86_64,linux-aarch64,linux-musl-x86_64,macos-arm64,macos-x86_64 fir>ginkgo-tree-leaf",
            "juniper 1.0 * juniper",
        ]
    );
    let birch = find(&project, "birch");
    assert_eq!(said(birch), "name = \"birch\"");
    assert_eq!(listed(birch)[0], "birch-1.5.tar.gz");
    let Source::Listed(files) = &birch.source else { unreachable!() };
    assert!(
        files.iter().all(|file| file.url.as_deref().is_some_and(|url| url.starts_with("http://127.0.0.1:")))
    );
    assert!(files.iter().all(|file| file.size.is_some() && file.hashes[0].algorithm == "sha256"));
    assert!(project.notes.iter().any(|note| note.why == "not asked for, and not audited: extras docs"));
    assert_eq!(unread(&project), names(&[]));
}

#[test]
fn uv_groups_that_are_synced_unasked() {
    let lock = std::fs::read_to_string(fixture("uv/uv.lock")).unwrap();
    for (said, is_wanted) in [("", true), ("default-groups = []", false), ("default-groups = \"all\"", true)]
    {
        let project = format!("[project]\nname = \"orchard\"\n[tool.uv]\n{said}\n");
        let folder = folder(&[("uv.lock", &lock), ("pyproject.toml", &project)]);
        let project = read(&of_file(folder.path().join("uv.lock")));
        assert_eq!(project.wants.iter().any(|want| want.name == "juniper"), is_wanted, "{said}");
    }
}

#[test]
fn uv_extras_that_exclude_each_other() {
    for extra in ["docs", "new"] {
        let lock = Request { extras: names(&[extra]), ..of_file(fixture("uv-conflicts/uv.lock")) };
        is_exported(&lock, &format!("uv-conflicts/export-{extra}.txt"));
    }
}

#[test]
fn uv_workspace() {
    is_exported(&of_file(fixture("uv-workspace/uv.lock")), "uv-workspace/export.txt");
}

#[test]
fn uv_script() {
    let project = read(&of_file(fixture("uv/script.py.lock")));
    assert_eq!(
        lines(&project),
        [
            "alder 1.0 * alder",
            "birch 1.5 * alder>birch",
            "cedar 1.0 windows-x86_64,windows-arm64 alder>cedar",
            "elm 1.0 * alder>elm",
            "ginkgo 1.0 * alder>elm>ginkgo",
        ]
    );
}

#[test]
fn uv_compiled_requirements_are_a_lock_with_chains() {
    let project = read(&Request { requirements: vec![fixture("uv/compiled.txt")], ..request() });
    let chains: Vec<String> = lines(&project);
    assert!(chains.contains(&"ginkgo 1.0 * alder>elm>ginkgo".to_owned()), "{chains:?}");
    assert!(chains.contains(&"cedar 1.0 windows-x86_64,windows-arm64 alder>cedar".to_owned()), "{chains:?}");
    assert_eq!(unread(&project), names(&[]));
}

#[test]
fn pylock_of_uv_pdm_and_pip() {
    let plain = |file| Request { no_default_groups: true, ..of_file(fixture(file)) };
    let uv = read(&plain("uv/pylock.toml"));
    assert_eq!(
        wanted(&uv),
        wanted(&read(&Request { no_default_groups: true, ..of_file(fixture("uv/uv.lock")) }))
    );
    // PDM exports what was chosen, without a marker for what each package was chosen for.
    let pdm = read(&plain("pdm/pylock.toml"));
    let all = Request { extras: names(&["docs"]), ..of_file(fixture("pdm/pdm.lock")) };
    assert_eq!(wanted(&pdm), wanted(&read(&all)));
    // pip locks for the machine that it runs on.
    let pip = read(&on_linux(of_file(fixture("pip/pylock.toml"))));
    let report = read(&on_linux(Request {
        requirements: vec![fixture("pip/report.txt")],
        no_deps: true,
        ..request()
    }));
    assert_eq!(wanted(&pip), wanted(&report));
    assert_eq!(listed(find(&pip, "birch")), ["birch-1.5-cp311-cp311-manylinux_2_17_x86_64.whl"]);
}

#[test]
fn pylock_without_the_project_itself() {
    let lock = "lock-version = \"1.0\"\ncreated-by = \"uv\"\n\
                [[packages]]\nname = \"orchard\"\ndirectory = { path = \".\", editable = true }\n\
                [[packages]]\nname = \"elm\"\ndirectory = { path = \"../elm\", editable = true }\n";
    let folder = folder(&[("app/pylock.toml", lock)]);
    let project = read(&of_file(folder.path().join("app/pylock.toml")));
    let found: Vec<(&str, &Source)> =
        project.wants.iter().map(|want| (want.name.as_str(), &want.source)).collect();
    assert_eq!(found, [("elm", &Source::Path(folder.path().join("elm")))]);
}

#[test]
fn poetry() {
    is_exported(&of_file(fixture("poetry/poetry.lock")), "poetry/export.txt");
    let docs = Request {
        extras: names(&["docs"]),
        no_default_groups: true,
        ..of_file(fixture("poetry/poetry.lock"))
    };
    is_exported(&docs, "poetry/export-docs.txt");
    let project = read(&of_file(fixture("poetry/poetry.lock")));
    let birch = find(&project, "birch");
    assert_eq!(birch.source, Source::OneIndex("http://127.0.0.1:38641/simple".to_owned()));
    assert_eq!(birch.hashes.len(), 4);
    assert_eq!(birch.chain, ["alder", "birch"]);
}

/// Poetry 1.x; hashes made up.
const OLD_POETRY: &str = r#"
[[package]]
name = "alder"
version = "1.0"
description = ""
category = "main"
optional = false
python-versions = ">=3.7"

[package.dependencies]
birch = ">=1"
cedar = {version = "*", markers = "sys_platform == \"win32\""}
elm = {version = "*", optional = true, markers = "extra == \"fast\""}

[package.extras]
fast = ["elm (>=1)"]

[[package]]
name = "birch"
version = "1.5"
description = ""
category = "main"
optional = false
python-versions = "*"

[[package]]
name = "cedar"
version = "1.0"
description = ""
category = "main"
optional = false
python-versions = "*"

[[package]]
name = "elm"
version = "1.0"
description = ""
category = "main"
optional = true
python-versions = "*"

[[package]]
name = "juniper"
version = "1.0"
description = ""
category = "dev"
optional = false
python-versions = "*"

[extras]
quick = ["elm"]

[metadata]
lock-version = "1.1"
python-versions = "^3.7"
content-hash = "0"

[metadata.files]
alder = [
    {file = "alder-1.0-py3-none-any.whl", hash = "sha256:253df71aeb3913802a445b2abe4f084f8681970995c3dc61f3ff794bf972df5e"},
]
birch = []
"#;

#[test]
fn poetry_of_before_2() {
    // Poetry's own `^3.7` is no version specifier.
    let old = OLD_POETRY.replace("^3.7", ">=3.7,<4.0");
    let alone = folder(&[("poetry.lock", &old)]);
    let project = read(&of_file(alone.path().join("poetry.lock")));
    // Who asks for it cannot be told without the project, so nothing is left out but what is optional.
    let all = ["alder 1.0 * alder", "birch 1.5 * birch", "cedar 1.0 * cedar", "juniper 1.0 * juniper"];
    assert_eq!(lines(&project), all);
    assert!(project.notes.iter().any(|note| note.why.contains("everything that is locked and not optional")));
    assert_eq!(listed(find(&project, "alder")), ["alder-1.0-py3-none-any.whl"]);
    let quick = Request {
        extras: names(&["quick"]),
        no_default_groups: true,
        ..of_file(alone.path().join("poetry.lock"))
    };
    let found = ["alder 1.0 * alder", "birch 1.5 * birch", "cedar 1.0 * cedar", "elm 1.0 * elm"];
    assert_eq!(lines(&read(&quick)), found);

    let pyproject = "[tool.poetry.dependencies]\npython = \"^3.7\"\nalder = {version = \"^1\", extras = [\"fast\"]}\n\
                     [tool.poetry.group.dev.dependencies]\njuniper = \"*\"\n";
    let whole = folder(&[("poetry.lock", &old), ("pyproject.toml", pyproject)]);
    let project = read(&of_file(whole.path().join("poetry.lock")));
    let walked = [
        "alder 1.0 * alder",
        "birch 1.5 * alder>birch",
        "cedar 1.0 windows-x86_64,windows-arm64 alder>cedar",
        "juniper 1.0 * juniper",
    ];
    // The extra's own marker asks for the extra `fast`, which Poetry gives it and the walk knows by its edge.
    let found = lines(&project);
    assert!(walked.iter().all(|line| found.contains(&(*line).to_owned())), "{found:?}");
    assert!(found.contains(&"elm 1.0 * alder>elm".to_owned()), "{found:?}");
}

#[test]
fn pdm() {
    let lock = || of_file(fixture("pdm/pdm.lock"));
    is_exported(&lock(), "pdm/export.txt");
    let docs = Request { extras: names(&["docs"]), no_default_groups: true, ..lock() };
    is_exported(&docs, "pdm/export-docs.txt");
    let project = read(&lock());
    assert_eq!(find(&project, "ginkgo").chain, ["alder", "elm", "ginkgo"]);
    assert_eq!(listed(find(&project, "birch")).len(), 4);
}

#[test]
fn pipenv() {
    let lock = || of_file(fixture("pipenv/Pipfile.lock"));
    is_exported(&lock(), "pipenv/export.txt");
    is_exported(&Request { groups: names(&["develop"]), ..lock() }, "pipenv/export-dev.txt");
    let project = read(&lock());
    assert_eq!(find(&project, "birch").source, Source::OneIndex("http://127.0.0.1:38641/simple/".to_owned()));
    assert_eq!(find(&project, "birch").hashes.len(), 4);
    assert_eq!(said(find(&project, "birch")), "\"birch\": {");
}

#[test]
fn pip_tools() {
    let compiled = |name: &str| {
        read(&Request { requirements: vec![fixture(&format!("pip-tools/{name}.txt"))], ..request() })
    };
    let plain = compiled("plain");
    assert_eq!(wanted(&plain), wanted(&compiled("hashes")));
    assert_eq!(wanted(&plain), wanted(&compiled("line")));
    for name in ["plain", "hashes", "line"] {
        assert_eq!(find(&compiled(name), "ginkgo").chain, ["alder", "elm", "ginkgo"], "{name}");
    }
    assert_eq!(find(&compiled("hashes"), "birch").hashes.len(), 4);
}

/// As `rattler_lock` documents it; no pixi was at hand.
const PIXI: &str = r"version: 6
environments:
  default:
    channels:
    - url: https://127.0.0.1/conda/
    indexes:
    - http://127.0.0.1:38641/simple
    packages:
      linux-64:
      - conda: https://127.0.0.1/conda/linux-64/python-3.12.4-h194c7f8_0_cpython.conda
      - pypi: http://127.0.0.1:38641/files/alder-1.0-py3-none-any.whl
      - pypi: http://127.0.0.1:38641/files/birch-1.5-cp312-cp312-manylinux_2_28_x86_64.whl
      - pypi: ./orchard
      win-64:
      - conda: https://127.0.0.1/conda/win-64/python-3.14.0-h1_1_cp314t.conda
      - pypi: http://127.0.0.1:38641/files/birch-1.5-cp314-cp314t-win_amd64.whl
  docs:
    channels: []
    packages:
      linux-64: []
packages:
- conda: https://127.0.0.1/conda/linux-64/python-3.12.4-h194c7f8_0_cpython.conda
  sha256: '00'
- conda: https://127.0.0.1/conda/win-64/python-3.14.0-h1_1_cp314t.conda
- pypi: http://127.0.0.1:38641/files/alder-1.0-py3-none-any.whl
  name: alder
  version: '1.0'
  sha256: 253df71aeb3913802a445b2abe4f084f8681970995c3dc61f3ff794bf972df5e
  requires_dist:
  - birch>=1
- pypi: http://127.0.0.1:38641/files/birch-1.5-cp312-cp312-manylinux_2_28_x86_64.whl
  name: birch
  version: '1.5'
- pypi: http://127.0.0.1:38641/files/birch-1.5-cp314-cp314t-win_amd64.whl
  name: birch
  version: '1.5'
- pypi: ./orchard
  name: orchard
  version: 0.1.0
  requires_dist:
  - alder
  editable: true
";

#[test]
fn pixi() {
    let folder = folder(&[("pixi.lock", PIXI)]);
    let project = read(&of_file(folder.path().join("pixi.lock")));
    assert_eq!(
        lines(&project),
        [
            "alder 1.0 linux-x86_64 orchard>alder",
            "birch 1.5 linux-x86_64 orchard>alder>birch",
            "birch 1.5 windows-x86_64 orchard>alder>birch",
            "orchard 0.1.0 linux-x86_64 orchard",
        ]
    );
    let sources: Vec<&Source> = project.wants.iter().map(|want| &want.source).collect();
    assert_eq!(*sources[1], Source::OneIndex("http://127.0.0.1:38641/simple".to_owned()));
    // Locked for the target itself: this file and no other.
    assert_eq!(listed(&project.wants[2]), ["birch-1.5-cp314-cp314t-win_amd64.whl"]);
    assert_eq!(*sources[3], Source::Path(folder.path().join("orchard")));
    let unread = unread(&project);
    assert_eq!(unread.iter().filter(|note| note.contains("is not locked for")).count(), 5, "{unread:?}");
    assert!(unread.iter().any(|note| note.contains("2 conda packages, which are not audited")), "{unread:?}");
}

#[test]
fn an_environment_of_another_python() {
    let site = ".venv/lib/python3.12/site-packages";
    let info = |name: &str, version: &str, more: &str| {
        format!(
            "Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n{more}\nVersion: 9 in the description\n"
        )
    };
    let source = folder(&[("pyproject.toml", "")]);
    let url = url::Url::from_file_path(source.path()).unwrap();
    let direct = format!(r#"{{"url": "{url}", "dir_info": {{"editable": true}}}}"#);
    let repository = r#"{"url": "https://127.0.0.1/x.git", "vcs_info": {"vcs": "git", "commit_id": "abc"}}"#;
    let files = [
        (".venv/pyvenv.cfg".to_owned(), "home = /usr/bin\nversion = 3.12.4\n".to_owned()),
        (
            format!("{site}/alder-1.0.dist-info/METADATA"),
            info("Alder", "1.0", "Requires-Dist: birch>=1 ; os_name == 'x'\n"),
        ),
        (format!("{site}/alder-1.0.dist-info/REQUESTED"), String::new()),
        (format!("{site}/birch-1.5.dist-info/METADATA"), info("birch", "1.5", "")),
        (format!("{site}/orchard-0.1.0.dist-info/METADATA"), info("orchard", "0.1.0", "")),
        (format!("{site}/orchard-0.1.0.dist-info/direct_url.json"), direct),
        (format!("{site}/x-2.dist-info/METADATA"), info("x", "2", "")),
        (format!("{site}/x-2.dist-info/direct_url.json"), repository.to_owned()),
        (format!("{site}/old-3.egg-info"), info("old", "3", "")),
        (format!("{site}/broken-1.dist-info/METADATA"), "nothing".to_owned()),
        (format!("{site}/gone-1.dist-info/RECORD"), String::new()),
    ];
    let files: Vec<(&str, &str)> = files.iter().map(|(name, text)| (name.as_str(), text.as_str())).collect();
    let folder = folder(&files);
    let project = read(&Request { environments: vec![folder.path().join(".venv")], ..request() });
    assert_eq!(
        lines(&project),
        ["alder 1.0 * alder", "birch 1.5 * alder>birch", "old 3 * old", "orchard 0.1.0 * orchard", "x 2 * x"]
    );
    assert_eq!(find(&project, "alder").source, Source::Index);
    assert_eq!(find(&project, "orchard").source, Source::Path(source.path().to_owned()));
    assert_eq!(find(&project, "x").source, Source::Repository("git+https://127.0.0.1/x.git@abc".to_owned()));
    let unread = unread(&project);
    assert_eq!(unread.len(), 2, "{unread:?}");
    assert!(unread[0].contains("broken-1.dist-info/METADATA: says no name or no version"), "{unread:?}");
    assert!(unread[1].contains("gone-1.dist-info/METADATA: does not exist"), "{unread:?}");
    assert!(
        project
            .notes
            .iter()
            .any(|note| note.why.starts_with("an environment of Python 3.12.4 with 5 distributions"))
    );
}

#[test]
fn several_targets_are_told_apart() {
    let folder = folder(&[(
        "r.txt",
        "a==1 ; python_version >= '3.14' --hash=sha256:253df71aeb3913802a445b2abe4f084f8681970995c3dc61f3ff794bf972df5e",
    )]);
    let contexts = Target::ALL.map(|target| Context { target, platform: Platform::LinuxX86_64 });
    let project = read(&Request {
        requirements: vec![folder.path().join("r.txt")],
        contexts: contexts.into(),
        ..Request::default()
    });
    let targets: Vec<Target> = project.wants[0].contexts.iter().map(|context| context.target).collect();
    assert_eq!(targets, [Target::Py314t, Target::Py315t]);
    assert_eq!(everywhere().len(), 7);
}
