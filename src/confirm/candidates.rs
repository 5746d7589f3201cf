//! Where free-threaded interpreters are found: the places that tools and systems put them at.

use crate::model::Target;
use std::collections::BTreeSet;
use std::env;
use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};

/// Environment variables by name.
type Variables = dyn Fn(&str) -> Option<OsString> + Send + Sync;

/// What the search goes by; of the process, or made up by a test.
pub(crate) struct Surroundings {
    variable: Box<Variables>,
    /// What an absolute path starts with: `/`, or a test's folder.
    root: PathBuf,
}

impl Surroundings {
    /// Those of this process.
    pub(crate) fn of_process() -> Self {
        Self {
            variable: Box::new(|name| env::var_os(name).filter(|value| !value.is_empty())),
            root: PathBuf::from("/"),
        }
    }

    /// A machine without anything.
    #[cfg(test)]
    pub(crate) fn none() -> Self {
        Self { variable: Box::new(|_| None), root: PathBuf::from("/nowhere") }
    }

    fn path(&self, name: &str) -> Option<PathBuf> {
        (self.variable)(name).map(PathBuf::from)
    }

    fn home(&self) -> Option<PathBuf> {
        self.path("HOME").or_else(|| self.path("USERPROFILE"))
    }

    /// Where answers of interpreters are kept.
    pub(crate) fn cache(&self) -> Option<PathBuf> {
        let folder = self
            .path("XDG_CACHE_HOME")
            .or_else(|| self.path("LOCALAPPDATA"))
            .or_else(|| self.home().map(|home| home.join(".cache")))?;
        Some(folder.join("ftaudit").join("interpreters.json"))
    }

    /// Every path at which a free-threaded interpreter may be, nearest first, each once. That there is a file is
    /// all that is known of them.
    pub(crate) fn candidates(&self) -> Vec<PathBuf> {
        let on_path = self.path("PATH").map(|path| env::split_paths(&path).collect::<Vec<_>>());
        let folders = on_path.unwrap_or_default().into_iter().chain(
            self.prefixes()
                .into_iter()
                .flat_map(|prefix| [prefix.join("bin"), prefix.clone(), prefix.join("install").join("bin")]),
        );
        let mut seen = BTreeSet::new();
        let mut found = Vec::new();
        for path in folders.flat_map(|folder| programs(&folder)) {
            // Two names for one file are one interpreter, but for virtual environments, which no one looks for here.
            if seen.insert(path.canonicalize().unwrap_or_else(|_| path.clone())) {
                found.push(path);
            }
        }
        found
    }

    /// Folders that interpreters are installed in.
    fn prefixes(&self) -> Vec<PathBuf> {
        let mut prefixes = Vec::new();
        let home = self.home();
        let in_home = |below: &str| home.as_ref().map(|home| home.join(below));
        // uv (`uv python dir`).
        let data = self.path("XDG_DATA_HOME").map(|data| data.join("uv/python"));
        let roaming = self.path("APPDATA").map(|data| data.join("uv").join("python"));
        let uv = self.path("UV_PYTHON_INSTALL_DIR").or(data).or(roaming);
        prefixes.extend(uv.or_else(|| in_home(".local/share/uv/python")).iter().flat_map(|it| children(it)));
        // pyenv, whose free-threaded versions are called `3.14.0t`.
        let pyenv = self.path("PYENV_ROOT").or_else(|| in_home(".pyenv"));
        prefixes.extend(pyenv.iter().flat_map(|root| children(&root.join("versions"))));
        // Homebrew, on macOS and Linux.
        prefixes.extend(self.path("HOMEBREW_PREFIX"));
        for folder in ["opt/homebrew", "home/linuxbrew/.linuxbrew", "usr/local", "usr"] {
            prefixes.push(self.root.join(folder));
        }
        // The installer of python.org on macOS.
        let framework = "Library/Frameworks/PythonT.framework/Versions";
        prefixes.extend(children(&self.root.join(framework)));
        prefixes.extend(in_home(framework).iter().flat_map(|versions| children(versions)));
        // What was built by hand, with its version in a folder of its own or without.
        for folder in children(&self.root.join("opt")) {
            prefixes.extend(children(&folder));
            prefixes.push(folder);
        }
        // conda, and the classic installer of Windows.
        prefixes.extend(self.path("CONDA_PREFIX"));
        prefixes.extend(
            self.path("LOCALAPPDATA").iter().flat_map(|data| children(&data.join("Programs").join("Python"))),
        );
        prefixes
    }
}

/// The interpreter of a virtual environment or an installation.
pub(crate) fn of_environment(root: &Path) -> Option<PathBuf> {
    let names = ["bin/python", "bin/python3", "Scripts/python.exe", "python.exe"];
    let plain = names.into_iter().map(|name| root.join(name));
    // An installation's plain name may be that of another build: the telling names come first.
    let told = programs(&root.join("bin")).into_iter().filter(|_| !root.join("pyvenv.cfg").exists());
    told.chain(plain).find(|path| path.is_file())
}

/// The programs in a folder that have the name of a free-threaded interpreter.
fn programs(folder: &Path) -> Vec<PathBuf> {
    let names = Target::ALL.into_iter().rev().flat_map(|target| {
        let minor = target.minor();
        // The second is that of the deadsnakes packages for Ubuntu.
        [format!("python3.{minor}t"), format!("python3.{minor}-nogil"), format!("python3.{minor}t.exe")]
    });
    let mut found: Vec<PathBuf> = names.map(|name| folder.join(name)).filter(|path| path.is_file()).collect();
    found.extend(by_details(folder));
    found
}

/// Some builds have no telling name beside the plain one, but say what they are in a file (PEP 739), or by the name of
/// the folder of their library. All of them are asked what they are in the end.
fn by_details(bin: &Path) -> Vec<PathBuf> {
    if bin.file_name().is_none_or(|name| name != "bin") {
        return Vec::new();
    }
    let Some(library) = bin.parent().map(|prefix| prefix.join("lib")) else { return Vec::new() };
    let standard = children(&library).into_iter().filter(|folder| {
        let name = folder.file_name().unwrap_or_default().to_string_lossy();
        name.strip_prefix("python3.").is_some_and(|version| version.ends_with('t'))
    });
    let standard: Vec<PathBuf> = standard.collect();
    // Where nothing says so in words, a library of that name may be for the program of the plain name.
    let plain = standard.iter().filter_map(|folder| {
        let name = folder.file_name()?.to_string_lossy();
        Some(bin.join(name.strip_suffix('t')?))
    });
    let details = standard.iter().flat_map(|folder| children(folder)).filter(|file| {
        let name = file.file_name().unwrap_or_default().to_string_lossy();
        name.starts_with("build-details") && name.ends_with(".json")
    });
    let program = |file: PathBuf| {
        let details: serde_json::Value = serde_json::from_str(&fs::read_to_string(file).ok()?).ok()?;
        let flags = details.get("abi")?.get("flags")?.as_array()?;
        let free_threaded = flags.iter().any(|flag| flag.as_str() == Some("t"));
        let program = PathBuf::from(details.get("base_interpreter")?.as_str()?);
        // Where the folder was moved, the program of the same name is meant.
        let moved = bin.join(program.file_name()?);
        free_threaded.then(|| if moved.is_file() { moved } else { program })
    };
    details.filter_map(program).chain(plain).filter(|path| path.is_file()).collect()
}

/// What is in a folder, sorted; nothing where it is none.
fn children(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).into_iter().flatten().filter_map(Result::ok);
    let mut found: Vec<PathBuf> = entries.map(|entry| entry.path()).collect();
    found.sort_unstable();
    found
}

/// The paths in what the launcher of Windows (`py -0p`) lists, and in what `reg query` prints of PEP 514's keys.
pub(crate) fn listed_on_windows(text: &str) -> Vec<PathBuf> {
    let path = |line: &str| {
        let start = line.find(":\\").and_then(|colon| colon.checked_sub(1))?;
        let path = line.get(start..)?.trim();
        path.to_ascii_lowercase().ends_with(".exe").then(|| PathBuf::from(path))
    };
    text.lines().filter_map(path).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn put(root: &Path, path: &str, text: &str) {
        let path = root.join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }

    /// What is found below a root, without variables.
    fn found(root: &Path) -> Vec<String> {
        found_with(root, &[])
    }

    /// The same with variables, whose values are paths below the root.
    fn found_with(root: &Path, variables: &'static [(&str, &str)]) -> Vec<String> {
        let base = root.to_owned();
        let variable = move |name: &str| {
            let (_, below) = variables.iter().find(|(known, _)| *known == name)?;
            Some(base.join(below).into_os_string())
        };
        let surroundings = Surroundings { variable: Box::new(variable), root: root.to_owned() };
        let below = |path: PathBuf| path.strip_prefix(root).unwrap().to_string_lossy().into_owned();
        surroundings.candidates().into_iter().map(below).collect()
    }

    #[test]
    fn every_place_is_looked_at() {
        let folder = tempfile::tempdir().unwrap();
        let places = [
            "opt/homebrew/bin/python3.14t",
            "usr/local/bin/python3.15t",
            "usr/bin/python3.13-nogil",
            "Library/Frameworks/PythonT.framework/Versions/3.15/bin/python3.15t",
            "opt/python/bin/python3.14t",
            "opt/pythons/3.13.5/bin/python3.13t",
        ];
        for place in places {
            put(folder.path(), place, place);
        }
        for other in ["usr/bin/python3.14", "usr/bin/python3.12t", "opt/python/bin/python3.14t-config"] {
            put(folder.path(), other, other);
        }
        let mut expected = places.to_vec();
        expected.sort_unstable();
        let mut found = found(folder.path());
        found.sort_unstable();
        assert_eq!(found, expected);
    }

    /// Where each tool puts its interpreters, by the variables that tell of it.
    #[test]
    fn every_tool_is_known() {
        type Row = (&'static str, &'static [(&'static str, &'static str)]);
        let rows: [Row; 14] = [
            ("bin/python3.14t", &[("PATH", "bin")]),
            // uv
            (
                "me/.local/share/uv/python/cpython-3.14.7+freethreaded-linux/bin/python3.14t",
                &[("HOME", "me")],
            ),
            ("data/uv/python/cpython-3.15.0+freethreaded/bin/python3.15t", &[("XDG_DATA_HOME", "data")]),
            ("uv/cpython-3.13.5+freethreaded/bin/python3.13t", &[("UV_PYTHON_INSTALL_DIR", "uv")]),
            ("roaming/uv/python/cpython-3.14.7/python3.14t.exe", &[("APPDATA", "roaming")]),
            // python-build-standalone, as uv unpacked it at first
            ("uv/cpython-3.13.0/install/bin/python3.13t", &[("UV_PYTHON_INSTALL_DIR", "uv")]),
            // pyenv
            ("me/.pyenv/versions/3.14.7t/bin/python3.14t", &[("HOME", "me")]),
            ("pyenv/versions/3.15.0t/bin/python3.15t", &[("PYENV_ROOT", "pyenv")]),
            // deadsnakes
            ("usr/bin/python3.13-nogil", &[]),
            // Homebrew
            ("brew/bin/python3.14t", &[("HOMEBREW_PREFIX", "brew")]),
            ("home/linuxbrew/.linuxbrew/bin/python3.14t", &[]),
            // python.org: macOS, for one user; Windows
            ("me/Library/Frameworks/PythonT.framework/Versions/3.14/bin/python3.14t", &[("HOME", "me")]),
            ("local/Programs/Python/Python314/python3.14t.exe", &[("LOCALAPPDATA", "local")]),
            ("conda/bin/python3.14t", &[("CONDA_PREFIX", "conda")]),
        ];
        for (place, variables) in rows {
            let folder = tempfile::tempdir().unwrap();
            put(folder.path(), place, "");
            assert_eq!(found_with(folder.path(), variables), [place], "{variables:?}");
        }
    }

    #[test]
    fn builds_without_a_telling_name_say_what_they_are() {
        let folder = tempfile::tempdir().unwrap();
        put(folder.path(), "opt/a/bin/python3.14", "3.14");
        let plain = ["opt/a/bin/python3.14"];
        fs::create_dir_all(folder.path().join("opt/a/lib/python3.14")).unwrap();
        assert!(found(folder.path()).is_empty());
        fs::create_dir_all(folder.path().join("opt/a/lib/python3.14t")).unwrap();
        assert_eq!(found(folder.path()), plain);
        let details = |flags: &str| {
            format!(r#"{{"abi": {{"flags": {flags}}}, "base_interpreter": "/build/bin/python3"}}"#)
        };
        let file = "opt/a/lib/python3.14t/build-details..x86_64-linux-gnu.json";
        put(folder.path(), "opt/a/bin/python3", "3");
        put(folder.path(), file, &details("[]"));
        assert_eq!(found(folder.path()), plain);
        put(folder.path(), file, &details(r#"["t"]"#));
        assert_eq!(found(folder.path()), ["opt/a/bin/python3", "opt/a/bin/python3.14"]);
        put(folder.path(), file, "{");
        assert_eq!(found(folder.path()), plain);
    }

    #[test]
    fn an_environment_has_an_interpreter() {
        let folder = tempfile::tempdir().unwrap();
        assert_eq!(of_environment(folder.path()), None);
        put(folder.path(), "bin/python", "");
        put(folder.path(), "bin/python3.14t", "");
        assert_eq!(of_environment(folder.path()), Some(folder.path().join("bin/python3.14t")));
        put(folder.path(), "pyvenv.cfg", "");
        assert_eq!(of_environment(folder.path()), Some(folder.path().join("bin/python")));
    }

    #[test]
    fn lists_of_windows_are_read() {
        let listed = listed_on_windows(
            " -V:3.14t *       C:\\Python 314\\python3.14t.exe\r\n\
             \x20   ExecutablePath    REG_SZ    D:\\py\\python3.13t.exe\r\n\
             HKEY_CURRENT_USER\\Software\\Python\r\n -V:3.9 <none>\r\n",
        );
        assert_eq!(listed, ["C:\\Python 314\\python3.14t.exe", "D:\\py\\python3.13t.exe"].map(PathBuf::from));
    }
}
