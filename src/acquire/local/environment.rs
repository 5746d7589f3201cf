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

#[cfg(test)]
mod tests {
    use super::*;

    /// A folder with these files, each holding the text behind it.
    fn folder(files: &[(&str, &str)]) -> tempfile::TempDir {
        let folder = tempfile::tempdir().unwrap();
        for (name, text) in files {
            let path = folder.path().join(name);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        }
        folder
    }

    /// Title, site-packages with their Python, and folders of the standard library.
    type Summary = (String, Vec<Site>, Vec<String>);
    type Site = (String, Option<String>);

    fn found(files: &[(&str, &str)]) -> Summary {
        let folder = folder(files);
        let below = |path: &Path| crate::model::shown(path.strip_prefix(folder.path()).unwrap());
        let environment = read(folder.path()).unwrap();
        let site_packages =
            environment.site_packages.into_iter().map(|(path, python)| (below(&path), python));
        (
            environment.title,
            site_packages.collect(),
            environment.standard.iter().map(|path| below(path)).collect(),
        )
    }

    fn site(path: &str, python: &str) -> Site {
        (path.to_owned(), Some(python.to_owned()))
    }

    #[test]
    fn virtual_environments_of_each_tool() {
        for (config, folder, python) in [
            ("home = /usr/bin\nversion = 3.12.4\n", "python3.12", "3.12.4"),
            ("version_info = 3.12.4.final.0\r\nversion = 3.12\r\n", "python3.12", "3.12.4"),
            ("version_info = 3.14.0\n", "python3.14t", "3.14.0t"),
            ("home = /usr/bin\n", "python3.14t", "3.14t"),
            ("implementation = PyPy\n", "pypy3.10", "3.10"),
            ("version = soon\n", "python3.13", "3.13"),
        ] {
            let inside = format!("lib/{folder}/site-packages/x.py");
            let (title, sites, standard) = found(&[("pyvenv.cfg", config), (&inside, "")]);
            assert_eq!(title, format!("a virtual environment of Python {python}"));
            assert_eq!(sites, [site(&format!("lib/{folder}/site-packages"), python)]);
            assert!(standard.is_empty());
        }
    }

    #[test]
    fn virtual_environments_of_windows() {
        let config = "version = 3.14.0\nexecutable = C:\\Python\\python3.14t.exe\n";
        let (_, sites, _) = found(&[("pyvenv.cfg", config), ("Lib/site-packages/x.py", "")]);
        assert_eq!(sites, [site("Lib/site-packages", "3.14.0t")]);
    }

    #[test]
    fn system_packages_are_told() {
        let config = "home = /usr/bin\ninclude-system-site-packages = True\n";
        let folder = folder(&[("pyvenv.cfg", config)]);
        let environment = read(folder.path()).unwrap();
        assert_eq!(environment.also_imports.as_deref(), Some("/usr/bin"));
        assert_eq!(environment.title, "a virtual environment");
        assert!(environment.site_packages.is_empty());
    }

    #[cfg(unix)]
    #[test]
    fn lib64_is_often_lib() {
        let folder = folder(&[("pyvenv.cfg", "version = 3.12.4"), ("lib/python3.12/site-packages/x.py", "")]);
        std::os::unix::fs::symlink("lib", folder.path().join("lib64")).unwrap();
        let environment = read(folder.path()).unwrap();
        assert_eq!(environment.site_packages.len(), 1);
        assert!(environment.site_packages[0].0.ends_with("lib/python3.12/site-packages"));
    }

    #[test]
    fn installations() {
        let (title, sites, standard) = found(&[
            ("bin/python3.14", ""),
            ("lib/python3.14t/site-packages/x.py", ""),
            ("lib/python3.14t/lib-dynload/_x.so", ""),
        ]);
        assert_eq!(title, "an installation of Python 3.14t");
        assert_eq!(sites, [site("lib/python3.14t/site-packages", "3.14t")]);
        assert_eq!(standard, ["lib/python3.14t/lib-dynload"]);
        let (title, sites, _) = found(&[
            ("bin/python3", ""),
            ("lib/python3/dist-packages/x.py", ""),
            ("lib/python3.11/lib-dynload/_x.so", ""),
        ]);
        assert_eq!(title, "an installation of Python 3.11");
        assert_eq!(sites, [("lib/python3/dist-packages".to_owned(), None)]);
    }

    #[test]
    fn other_folders_are_no_environment() {
        for files in [
            &[("x.so", "")][..],
            &[("bin/python3", "")],
            &[("lib/python3.14/site-packages/x.py", "")],
            &[("bin/tool", ""), ("lib/python3.14/site-packages/x.py", "")],
        ] {
            assert_eq!(read(folder(files).path()), None, "{files:?}");
        }
    }

    #[test]
    fn folders_around_a_site_packages_tell_its_python() {
        let folder =
            folder(&[("pyvenv.cfg", "version = 3.14.1"), ("lib/python3.14t/site-packages/x.py", "")]);
        assert_eq!(
            python_of(&folder.path().join("lib/python3.14t/site-packages")).as_deref(),
            Some("3.14.1t")
        );
        assert_eq!(python_of(Path::new("/nowhere")), None);
    }
}
