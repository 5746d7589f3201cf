//! Environments: virtual ones, installations of Python, and the folders of each that modules are imported from.

use std::fs;
use std::path::{Path, PathBuf};

/// A virtual environment, or an installation of Python.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Environment {
    /// What it is, for the user: `a virtual environment of Python 3.12.4`.
    pub title: String,
    /// The `site-packages` folders, with the Python each belongs to.
    pub site_packages: Vec<(PathBuf, Option<String>)>,
    /// Folders of the standard library's modules (`lib-dynload`, `DLLs`).
    pub standard: Vec<PathBuf>,
    /// Where the Python is that a virtual environment also imports packages from, if it does.
    pub also_imports: Option<String>,
}

/// Reads a folder as an environment. None where it is none.
pub(super) fn read(root: &Path) -> Option<Environment> {
    virtual_environment(root).or_else(|| installation(root))
}

/// The Python that a `site-packages` belongs to, as the folders around it tell.
pub(super) fn python_of(site_packages: &Path) -> Option<String> {
    let folder = site_packages.canonicalize().ok()?;
    let library = folder.parent()?;
    let config = library.ancestors().take(3).find_map(Config::read);
    python(config.as_ref(), library)
}

fn virtual_environment(root: &Path) -> Option<Environment> {
    let config = Config::read(root)?;
    let site_packages: Vec<_> = libraries(root)
        .into_iter()
        .map(|library| (library.join("site-packages"), python(Some(&config), &library)))
        .filter(|(folder, _)| folder.is_dir())
        .collect();
    let known = site_packages.iter().find_map(|(_, python)| python.clone()).or(config.version.clone());
    Some(Environment {
        title: titled("a virtual environment", known),
        site_packages: once_each(site_packages),
        standard: Vec::new(),
        also_imports: config.system.then_some(config.home),
    })
}

/// A folder with `bin/python3` and the standard library's folder, such as `/usr`.
fn installation(root: &Path) -> Option<Environment> {
    let has_python = |folder: &str| names(&root.join(folder)).iter().any(|name| name.starts_with("python"));
    if !has_python("bin") && !root.join("python.exe").is_file() {
        return None;
    }
    let mut site_packages = Vec::new();
    let mut standard = vec![root.join("DLLs")];
    for library in libraries(root) {
        for name in ["site-packages", "dist-packages"] {
            site_packages.push((library.join(name), python(None, &library)));
        }
        standard.push(library.join("lib-dynload"));
    }
    site_packages.retain(|(folder, _)| folder.is_dir());
    standard.retain(|folder| folder.is_dir());
    if site_packages.is_empty() && standard.is_empty() {
        return None;
    }
    let known = libraries(root).iter().find_map(|library| python(None, library));
    Some(Environment {
        title: titled("an installation", known),
        site_packages: once_each(site_packages),
        standard,
        also_imports: None,
    })
}

fn titled(what: &str, python: Option<String>) -> String {
    python.map_or_else(|| what.to_owned(), |python| format!("{what} of Python {python}"))
}

/// `lib64` is often a link to `lib`: what is the same folder is kept once, under its first name.
fn once_each(folders: Vec<(PathBuf, Option<String>)>) -> Vec<(PathBuf, Option<String>)> {
    let mut seen = Vec::new();
    let mut kept = folders;
    kept.retain(|(folder, _)| {
        let real = folder.canonicalize().unwrap_or_else(|_| folder.clone());
        let new = !seen.contains(&real);
        seen.push(real);
        new
    });
    kept
}

/// The folders that a `site-packages` can stand in: `lib/python3.14t` and the like, `Lib` on Windows.
fn libraries(root: &Path) -> Vec<PathBuf> {
    let mut libraries = Vec::new();
    for library in ["lib", "lib64"].map(|name| root.join(name)) {
        let pythons = names(&library).into_iter().filter(|name| version_in(name).is_some());
        libraries.extend(pythons.map(|name| library.join(name)));
    }
    libraries.push(root.join("Lib"));
    libraries
}

/// The version in a folder's name: `3.14t` in `python3.14t`, `3.10` in `pypy3.10`.
fn version_in(name: &str) -> Option<&str> {
    let version = name.strip_prefix("python").or_else(|| name.strip_prefix("pypy"))?;
    version.starts_with(|first: char| first.is_ascii_digit()).then_some(version)
}

/// What the configuration says is the more exact; that the build is free-threaded shows in the folder's name alone,
/// or on Windows in the interpreter's.
fn python(config: Option<&Config>, library: &Path) -> Option<String> {
    let name = library.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    // Debian's `python3` is shared by all versions.
    let folder = version_in(&name).filter(|version| version.contains('.'));
    let free_threaded = folder.is_some_and(|version| version.ends_with('t'))
        || config.is_some_and(|config| config.free_threaded);
    match config.and_then(|config| config.version.clone()) {
        Some(version) if free_threaded => Some(format!("{version}t")),
        Some(version) => Some(version),
        None => folder.map(str::to_owned),
    }
}

/// The file that makes a folder a virtual environment
/// ([PEP 405](https://peps.python.org/pep-0405/)).
struct Config {
    version: Option<String>,
    free_threaded: bool,
    system: bool,
    home: String,
}

impl Config {
    fn read(root: &Path) -> Option<Self> {
        let text = super::read_text(&root.join("pyvenv.cfg")).ok()?;
        let value = |key: &str| {
            text.lines().filter_map(|line| line.split_once('=')).find_map(|(name, value)| {
                name.trim().eq_ignore_ascii_case(key).then(|| value.trim().to_owned())
            })
        };
        // venv writes `version`, virtualenv and uv write `version_info`, some with a release level behind it.
        let version = value("version_info").or_else(|| value("version")).map(|version| plain(&version));
        let executable = value("executable").unwrap_or_default();
        let stem = executable.rsplit(['/', '\\']).next().unwrap_or("").trim_end_matches(".exe");
        Some(Self {
            version: version.filter(|version| !version.is_empty()),
            free_threaded: version_in(stem).is_some_and(|version| version.ends_with('t')),
            system: value("include-system-site-packages")
                .is_some_and(|value| value.eq_ignore_ascii_case("true")),
            home: value("home").unwrap_or_default(),
        })
    }
}

/// The numbers of `3.12.4.final.0`.
fn plain(version: &str) -> String {
    let numbers =
        version.split('.').take(3).take_while(|part| part.starts_with(|first: char| first.is_ascii_digit()));
    numbers.collect::<Vec<_>>().join(".")
}

/// The names in a folder that are text, sorted; none where it cannot be read.
fn names(folder: &Path) -> Vec<String> {
    let entries = fs::read_dir(folder).into_iter().flatten().filter_map(Result::ok);
    let mut names: Vec<_> = entries.filter_map(|entry| entry.file_name().into_string().ok()).collect();
    names.sort_unstable();
    names
}
