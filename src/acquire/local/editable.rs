//! Editable installs: where a `site-packages` sends imports that it does not hold itself. `.pth` files and
//! `direct_url.json` are read; code in them is never run.

use super::mapping;
use crate::model::{Editable, Note, normalise, shown};
use percent_encoding::percent_decode_str;
use serde::Deserialize;
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

/// What a `site-packages` leads to.
#[derive(Debug, Default)]
pub(super) struct Followed {
    /// Folders whose modules belong to it, sorted.
    pub editables: Vec<Editable>,
    /// Folders on its path that are a `site-packages` themselves.
    pub site_packages: Vec<PathBuf>,
    /// What was followed, and what could not be.
    pub notes: Vec<Note>,
}

/// Follows what the files in a `site-packages` with these names lead to.
pub(super) fn follow(site: &Path, names: &[String]) -> Followed {
    let mut followed = Follow { site, claimed: BTreeSet::new(), result: Followed::default() };
    for name in names {
        match name.rsplit_once('.') {
            Some((stem, "dist-info")) => followed.direct_url(name, stem),
            Some((stem, "egg-link")) => followed.egg_link(name, stem),
            _ => {}
        }
    }
    for name in names.iter().filter(|name| is_pth(name)) {
        if !followed.claimed.contains(name) {
            followed.unclaimed(name);
        }
    }
    let mut result = followed.result;
    result.editables.sort_unstable();
    result.editables.dedup();
    result
}

struct Follow<'a> {
    site: &'a Path,
    /// `.pth` files that a distribution owns.
    claimed: BTreeSet<String>,
    result: Followed,
}

/// [PyPA specification](https://packaging.python.org/en/latest/specifications/direct-url-data-structure/).
#[derive(Deserialize)]
struct DirectUrl {
    url: String,
    dir_info: Option<DirInfo>,
}

#[derive(Deserialize)]
struct DirInfo {
    #[serde(default)]
    editable: bool,
}

/// A line of a `.pth` file.
#[derive(Debug, PartialEq, Eq)]
enum Line {
    /// A folder, or another thing that goes on `sys.path`.
    Path(PathBuf),
    /// Code, of which only the name of the first module that it imports is looked at.
    Import(String),
}

impl Follow<'_> {
    fn tell(&mut self, about: &Path, why: impl Into<String>) {
        self.result.notes.push(Note::told(shown(about), why));
    }

    fn miss(&mut self, about: &Path, why: impl Into<String>) {
        self.result.notes.push(Note::unread(shown(about), why));
    }

    /// A distribution that was installed from a folder, and may still live there.
    fn direct_url(&mut self, info: &str, stem: &str) {
        let file = self.site.join(info).join("direct_url.json");
        let Ok(text) = super::read_text(&file) else { return };
        let direct: DirectUrl = match serde_json::from_str(&text) {
            Ok(direct) => direct,
            Err(error) => return self.tell(&file, format!("is no direct_url.json: {error}")),
        };
        if !direct.dir_info.is_some_and(|info| info.editable) {
            return;
        }
        let name = normalise(stem.split('-').next().unwrap_or(stem));
        match from_url(&direct.url) {
            Some(project) if project.is_dir() => self.project(info, &name, &project),
            _ => self.miss(
                &file,
                format!(
                    "says that {name} is installed from {}, where no folder is\nhint: install it anew",
                    direct.url
                ),
            ),
        }
    }

    /// The folders that an editable install puts on the path; the whole project where that is left to code.
    fn project(&mut self, info: &str, name: &str, project: &Path) {
        let folder = self.site.join(info);
        let record = super::read_text(&folder.join("RECORD")).unwrap_or_default();
        let files = record.lines().filter_map(|line| line.split(',').next()).filter(|file| is_pth(file));
        let mut led_somewhere = false;
        for file in files {
            for line in self.lines(file) {
                match line {
                    Line::Path(path) => {
                        self.editable(&self.site.join(file), Some(name), path, Some(String::new()));
                        led_somewhere = true;
                    }
                    Line::Import(module) => led_somewhere |= self.finder(Some(name), &module),
                }
            }
            self.claimed.insert(file.to_owned());
        }
        if led_somewhere {
            self.tell(&folder, format!("is an editable install of {}", shown(project)));
        } else {
            let why = "is an editable install whose import hook is code";
            self.tell(&folder, format!("{why}: all of {} is audited", shown(project)));
            self.editable(&folder, Some(name), project.to_owned(), None);
        }
    }

    /// `setup.py develop` leaves a link, and a line in `easy-install.pth`.
    fn egg_link(&mut self, file_name: &str, stem: &str) {
        let file = self.site.join(file_name);
        let text = super::read_text(&file).unwrap_or_default();
        let folder = self.site.join(text.lines().next().unwrap_or_default().trim());
        self.tell(&file, format!("is an editable install of {}", shown(&folder)));
        self.editable(&file, Some(&normalise(stem)), folder, Some(String::new()));
    }

    /// A `.pth` file that no editable install owns.
    fn unclaimed(&mut self, file: &str) {
        let path = self.site.join(file);
        for line in self.lines(file) {
            match line {
                Line::Path(folder) if self.is_known(&folder) => {}
                Line::Path(folder) if folder.is_dir() => {
                    self.tell(&path, format!("puts {} on the path, which is audited too", shown(&folder)));
                    if super::has_metadata(&super::names(&folder).unwrap_or_default()) {
                        self.result.site_packages.push(folder);
                    } else {
                        self.editable(&path, None, folder, Some(String::new()));
                    }
                }
                Line::Path(other) if other.is_file() => {
                    self.miss(
                        &path,
                        format!("puts {} on the path, which is no folder\nhint: unpack it", shown(&other)),
                    );
                }
                // Python passes over lines that lead nowhere.
                Line::Path(gone) => self.tell(&path, format!("names {}, which does not exist", shown(&gone))),
                Line::Import(module) if module.to_ascii_lowercase().contains("editable") => {
                    self.finder(None, &module);
                }
                // Other code is the rule: virtualenv, setuptools and coverage all have some.
                Line::Import(_) => {}
            }
        }
    }

    /// Whether a folder is audited anyway.
    fn is_known(&self, folder: &Path) -> bool {
        let real = |path: &Path| path.canonicalize().unwrap_or_else(|_| path.to_owned());
        let folder = real(folder);
        folder.starts_with(real(self.site))
            || self.result.editables.iter().any(|editable| real(&editable.path) == folder)
    }

    /// The import hook that setuptools writes keeps a table of packages; true where it could be read. Other tools'
    /// hooks are code: the project's folder stands in for them, where it is known.
    fn finder(&mut self, name: Option<&str>, module: &str) -> bool {
        let file = self.site.join(format!("{module}.py"));
        let mapping = super::read_text(&file).ok().and_then(|source| mapping::read(&source));
        let is_read = mapping.is_some();
        for (package, path) in mapping.unwrap_or_default() {
            self.editable(&file, name, PathBuf::from(path), Some(package.replace('.', "/")));
        }
        if !is_read && name.is_none() {
            self.miss(
                &file,
                "is an import hook for an editable install, and where it leads is code\n\
                 hint: name the project's folder too",
            );
        }
        is_read
    }

    /// Adds a folder, unless it is audited anyway.
    fn editable(&mut self, from: &Path, name: Option<&str>, path: PathBuf, package: Option<String>) {
        if !leads_somewhere(&path) {
            let why = format!("leads to {}, where nothing is\nhint: install it anew", shown(&path));
            self.miss(from, why);
        } else if !self.is_known(&path) {
            let editable = Editable { distribution: name.map(str::to_owned), path, package };
            self.result.editables.push(editable);
        }
    }

    fn lines(&self, file: &str) -> Vec<Line> {
        let text = super::read_text(&self.site.join(file)).unwrap_or_default();
        text.lines().filter_map(|line| parse(self.site, line)).collect()
    }
}

/// Whether there is a folder, or a module: those are written without a suffix.
fn leads_somewhere(path: &Path) -> bool {
    let (Some(folder), Some(stem)) = (path.parent(), path.file_name()) else { return path.is_dir() };
    let is_it = |name: &String| name.split('.').next().is_some_and(|start| stem == start);
    path.is_dir() || super::names(folder).is_ok_and(|names| names.iter().any(is_it))
}

fn is_pth(name: &str) -> bool {
    // Hidden files are passed over by Python too.
    Path::new(name).extension().is_some_and(|end| end == "pth")
        && !name.starts_with('.')
        && !name.contains('/')
}

/// What Python makes of a line ([`site`](https://docs.python.org/3/library/site.html)).
fn parse(site: &Path, line: &str) -> Option<Line> {
    let line = line.trim_start_matches('\u{feff}');
    let is_name = |character: char| character.is_alphanumeric() || character == '_';
    if let Some(code) = line.strip_prefix("import ").or_else(|| line.strip_prefix("import\t")) {
        let module: String = code.trim_start().chars().take_while(|&character| is_name(character)).collect();
        return Some(Line::Import(module));
    }
    let path = line.trim_end();
    (!path.is_empty() && !path.starts_with('#')).then(|| Line::Path(site.join(path)))
}

/// The folder that a `file:` URL names, on this machine.
fn from_url(url: &str) -> Option<PathBuf> {
    let path = url.strip_prefix("file://")?;
    let path = path.strip_prefix("localhost").unwrap_or(path);
    path.starts_with('/').then(|| to_path(percent_decode_str(path).collect()))
}

#[cfg(unix)]
fn to_path(bytes: Vec<u8>) -> PathBuf {
    use std::os::unix::ffi::OsStringExt;
    PathBuf::from(std::ffi::OsString::from_vec(bytes))
}

/// Before a drive letter stands a slash that belongs to the URL.
#[cfg(not(unix))]
fn to_path(bytes: Vec<u8>) -> PathBuf {
    let path = String::from_utf8_lossy(&bytes);
    let has_drive = path.as_bytes().get(2) == Some(&b':');
    PathBuf::from(if has_drive { path.get(1..).unwrap_or_default() } else { &path })
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;

    /// A site-packages beside a project.
    struct Sample {
        _folder: tempfile::TempDir,
        site: PathBuf,
        project: PathBuf,
    }

    impl Sample {
        /// In the texts, `PROJECT` stands for the project's folder.
        fn new(site_files: &[(&str, &str)], project_files: &[&str]) -> Self {
            let folder = tempfile::tempdir().unwrap();
            let (site, project) = (folder.path().join("site"), folder.path().join("pro ject"));
            fs::create_dir_all(&site).unwrap();
            fs::create_dir_all(&project).unwrap();
            for (name, text) in site_files {
                put(&site.join(name), &text.replace("PROJECT", project.to_str().unwrap()));
            }
            for name in project_files {
                put(&project.join(name), "");
            }
            Self { _folder: folder, site, project }
        }

        fn followed(&self) -> Followed {
            follow(&self.site, &super::super::names(&self.site).unwrap())
        }

        fn editable(&self, name: Option<&str>, below: &str, package: Option<&str>) -> Editable {
            let path = if below.is_empty() { self.project.clone() } else { self.project.join(below) };
            Editable { distribution: name.map(str::to_owned), path, package: package.map(str::to_owned) }
        }

        fn url(&self) -> String {
            let path = self.project.to_str().unwrap().replace(' ', "%20");
            format!(r#"{{"url": "file://{path}", "dir_info": {{"editable": true}}}}"#)
        }

        /// Marks a distribution as an editable install of the project, which owns those files.
        fn install(&self, info: &str, owned: &[&str]) {
            put(&self.site.join(info).join("direct_url.json"), &self.url());
            put(&self.site.join(info).join("RECORD"), &(owned.join(",,\n") + ",,\n"));
        }
    }

    fn put(path: &Path, text: &str) {
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }

    fn whys(followed: &Followed) -> Vec<&str> {
        followed.notes.iter().map(|note| note.why.split('\n').next().unwrap()).collect()
    }

    const INFO: &str = "Foo_bar-1.0.dist-info";

    #[test]
    fn a_path_line_of_an_editable_install() {
        let sample = Sample::new(&[("__editable__.foo_bar-1.0.pth", "PROJECT/src\n")], &["src/foo/_x.so"]);
        sample.install(INFO, &["__editable__.foo_bar-1.0.pth", "../../bin/foo"]);
        let followed = sample.followed();
        assert_eq!(followed.editables, [sample.editable(Some("foo-bar"), "src", Some(""))]);
        assert_eq!(whys(&followed), [format!("is an editable install of {}", shown(&sample.project))]);
    }

    #[test]
    fn the_table_of_a_setuptools_finder() {
        let finder = "__editable___foo_bar_1_0_finder";
        let sample = Sample::new(
            &[
                ("__editable__.foo_bar-1.0.pth", &format!("import {finder}; {finder}.install()")),
                (
                    &format!("{finder}.py"),
                    "MAPPING: dict[str, str] = {'foo': 'PROJECT/lib/foo', 'a.single': 'PROJECT/lib/single'}\n",
                ),
            ],
            &["lib/foo/_x.so", "lib/single.abi3.so"],
        );
        sample.install(INFO, &["__editable__.foo_bar-1.0.pth"]);
        let followed = sample.followed();
        assert_eq!(
            followed.editables,
            [
                sample.editable(Some("foo-bar"), "lib/foo", Some("foo")),
                sample.editable(Some("foo-bar"), "lib/single", Some("a/single")),
            ]
        );
        assert!(followed.notes.iter().all(|note| !note.unread));
    }

    #[test]
    fn behind_a_hook_that_is_code_stands_the_project() {
        for (file, text) in [
            ("_foo_editable.pth", "import _foo_editable"),
            ("foo-editable.pth", "import _foo_editable_loader"),
            ("__editable__.foo_bar-1.0.pth", "import __editable___foo_finder; x()"),
        ] {
            let sample = Sample::new(
                &[(file, text), ("__editable___foo_finder.py", "MAPPING = compute()")],
                &["build/_x.so"],
            );
            sample.install(INFO, &[file]);
            let followed = sample.followed();
            assert_eq!(followed.editables, [sample.editable(Some("foo-bar"), "", None)]);
            assert!(whys(&followed)[0].starts_with("is an editable install whose import hook is code"));
        }
    }

    #[test]
    fn installs_from_a_folder_need_not_be_editable() {
        let sample = Sample::new(&[], &["foo/_x.so"]);
        put(&sample.site.join(INFO).join("direct_url.json"), &sample.url().replace("true", "false"));
        put(&sample.site.join("a-1.dist-info/direct_url.json"), r#"{"url": "file:///x", "dir_info": {}}"#);
        put(&sample.site.join("b-1.dist-info/direct_url.json"), r#"{"url": "git://x", "vcs_info": {}}"#);
        let followed = sample.followed();
        assert_eq!((followed.editables, followed.notes), (vec![], vec![]));
    }

    #[test]
    fn urls_that_lead_nowhere_are_unread() {
        let sample = Sample::new(&[], &[]);
        for (info, url) in [("a-1", "file:///nowhere/x"), ("b-1", "ssh://host/x"), ("c-1", "file:x")] {
            let text = format!(r#"{{"url": "{url}", "dir_info": {{"editable": true}}}}"#);
            put(&sample.site.join(format!("{info}.dist-info/direct_url.json")), &text);
        }
        put(&sample.site.join("d-1.dist-info/direct_url.json"), "{");
        let followed = sample.followed();
        assert_eq!(followed.editables, []);
        assert_eq!(
            followed.notes.iter().map(|note| note.unread).collect::<Vec<_>>(),
            [true, true, true, false]
        );
    }

    #[test]
    fn develop_leaves_links() {
        let sample = Sample::new(
            &[
                ("foo-bar.egg-link", "PROJECT/src\n.."),
                ("easy-install.pth", "PROJECT/src\n"),
                ("gone.egg-link", "/nowhere\n"),
            ],
            &["src/foo/_x.so"],
        );
        let followed = sample.followed();
        assert_eq!(followed.editables, [sample.editable(Some("foo-bar"), "src", Some(""))]);
        assert_eq!(followed.notes.iter().filter(|note| note.unread).count(), 1);
    }

    #[test]
    fn lines_that_no_distribution_owns() {
        let sample = Sample::new(
            &[
                ("a.pth", "# comment\n\nPROJECT/one\nsub\nPROJECT/gone\nimport os; os.system('x')\n"),
                ("b.pth", "PROJECT/two\nPROJECT/three.egg\n"),
                ("c.pth", "import __editable___x_finder; __editable___x_finder.install()"),
                (".hidden.pth", "PROJECT/hidden"),
                ("sub/x.py", ""),
            ],
            &["one/_x.so", "two/bar-1.dist-info/METADATA", "three.egg", "hidden/_y.so"],
        );
        let followed = sample.followed();
        assert_eq!(followed.editables, [sample.editable(None, "one", Some(""))]);
        assert_eq!(followed.site_packages, [sample.project.join("two")]);
        let unread: Vec<_> =
            followed.notes.iter().filter(|note| note.unread).map(|note| note.why.as_str()).collect();
        assert_eq!(unread.len(), 2, "{unread:?}");
        assert!(unread[0].contains("three.egg on the path, which is no folder"), "{unread:?}");
        assert!(unread[1].starts_with("is an import hook for an editable install"), "{unread:?}");
        assert!(
            whys(&followed)
                .contains(&&*format!("names {}, which does not exist", shown(&sample.project.join("gone"))))
        );
    }

    #[test]
    fn file_urls() {
        #[cfg(unix)]
        assert_eq!(from_url("file:///a%20b/%C3%A9"), Some(PathBuf::from("/a b/\u{e9}")));
        #[cfg(unix)]
        assert_eq!(from_url("file://localhost/a"), Some(PathBuf::from("/a")));
        for other in ["", "/a", "file:/a", "file://", "file://host/a", "https://x/a"] {
            assert_eq!(from_url(other), None, "{other}");
        }
    }

    #[test]
    fn lines_as_python_reads_them() {
        let read = |line: &str| parse(Path::new("/site"), line);
        assert_eq!(read("sub  "), Some(Line::Path(PathBuf::from("/site/sub"))));
        assert_eq!(read("/abs"), Some(Line::Path(PathBuf::from("/abs"))));
        assert_eq!(read("\u{feff}import\ta_b; x"), Some(Line::Import("a_b".to_owned())));
        assert_eq!(read("import ../../etc/passwd"), Some(Line::Import(String::new())));
        assert_eq!(read("important"), Some(Line::Path(PathBuf::from("/site/important"))));
        assert_eq!((read(""), read("# x"), read("   ")), (None, None, None));
    }
}
