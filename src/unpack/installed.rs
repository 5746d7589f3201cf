//! A `site-packages`: which distributions are installed, and which modules and libraries belong to each.

use super::error::{Cause, UnpackError};
use super::walk::{Found, Scope, walk};
use super::{Files, limits, metadata, record};
use crate::model::{Distribution, Editable, FileKind, Note, normalise, shown};
use std::collections::{BTreeMap, HashMap, HashSet};
use std::fs::File;
use std::io::Read;
use std::path::Path;

/// Lists what is installed. Files that no distribution owns belong to one without a name.
pub(super) fn open(
    root: &Path,
    editables: &[Editable],
) -> Result<(Vec<Distribution>, Files, Vec<Note>), UnpackError> {
    let mut notes = Vec::new();
    let mut installed = Vec::new();
    for info in info_folders(root, &mut notes).map_err(|error| Cause::from(error).of(shown(root)))? {
        let new = Installed::read(root, &info, &mut notes);
        add(&mut installed, new, &mut notes);
    }
    let found = walk(root, "", Scope::All, &mut notes);
    let mut files = Files::default();
    let mut unowned = Installed::unowned(root);
    give(found, &mut installed, &mut unowned, &mut files, &mut notes);
    for editable in editables {
        follow(editable, &mut installed, &mut files, &mut notes);
    }
    installed.push(unowned);
    let mut distributions: Vec<_> = installed.into_iter().map(|installed| installed.distribution).collect();
    for distribution in &mut distributions {
        distribution.members.sort_unstable();
        distribution.libraries.sort_unstable();
    }
    Ok((distributions, files, notes))
}

/// One distribution while its files are being found.
struct Installed {
    distribution: Distribution,
    /// Modules and libraries by path, with checksums, as `RECORD` or its forerunners list them; none without such a list.
    owned: Option<HashMap<String, Option<String>>>,
    /// Top-level names that are its own where there is no list.
    top_level: Vec<String>,
}

impl Installed {
    fn unowned(root: &Path) -> Self {
        let distribution = Distribution {
            name: None,
            version: None,
            source: shown(root),
            tags: Vec::new(),
            requires: Vec::new(),
            free_threading: None,
            members: Vec::new(),
            libraries: Vec::new(),
        };
        Self { distribution, owned: None, top_level: Vec::new() }
    }

    fn read(root: &Path, info: &str, notes: &mut Vec<Note>) -> Self {
        let mut installed = Self::unowned(root);
        let folder = root.join(info);
        // Before folders became the custom, `.egg-info` was one file.
        let is_file = folder.is_file();
        let mut text = |file: &str, limit| {
            let path = if is_file { folder.clone() } else { folder.join(file) };
            read_text(&path, limit, notes)
        };
        let core = text("METADATA", limits::METADATA).or_else(|| text("PKG-INFO", limits::METADATA));
        let mut text = |file: &str, limit| if is_file { None } else { text(file, limit) };
        let first = |name| core.as_ref().and_then(|core| metadata::headers(core, name).next());
        let named = metadata::from_folder(info);
        let distribution = &mut installed.distribution;
        distribution.name =
            first("Name").or(named.map(|(name, _)| name.to_owned())).map(|name| normalise(&name));
        distribution.version = first("Version").or(named.and_then(|(_, version)| version).map(str::to_owned));
        distribution.requires = core.as_deref().map_or_else(Vec::new, metadata::requires);
        distribution.free_threading = core.as_deref().and_then(metadata::free_threading);
        if let Some(wheel) = text("WHEEL", limits::METADATA) {
            distribution.tags = metadata::headers(&wheel, "Tag").collect();
        }
        installed.owned = text("RECORD", limits::RECORD)
            .map(|record| owned(&record))
            .or_else(|| text("installed-files.txt", limits::RECORD).map(|list| listed(info, &list)));
        if installed.owned.is_none() {
            let listed = text("top_level.txt", limits::METADATA).unwrap_or_default();
            installed.top_level = listed.split_whitespace().map(str::to_owned).collect();
            installed
                .top_level
                .extend(installed.distribution.name.as_ref().map(|name| name.replace('-', "_")));
            installed.top_level.extend(named.map(|(name, _)| name.to_owned()));
        }
        installed
    }

    fn tell_missing(&self, seen: &HashSet<String>, notes: &mut Vec<Note>) {
        let listed = self.owned.iter().flat_map(HashMap::keys);
        let mut missing: Vec<&String> = listed.filter(|path| !seen.contains(*path)).collect();
        missing.sort_unstable();
        if let Some(first) = missing.first() {
            let (count, about) =
                (missing.len(), format!("{}: {}", self.distribution, self.distribution.source));
            notes.push(Note::told(
                about,
                format!("{count} modules or libraries that its RECORD lists are not there, such as {first}"),
            ));
        }
    }
}

/// Debian leaves two metadata folders for some distributions; an upgrade that failed leaves those of two versions.
fn add(installed: &mut Vec<Installed>, new: Installed, notes: &mut Vec<Note>) {
    let Some(known) = installed.iter_mut().find(|known| known.distribution.name == new.distribution.name)
    else {
        installed.push(new);
        return;
    };
    if known.distribution.version == new.distribution.version {
        known.owned = match (known.owned.take(), new.owned) {
            (Some(mut one), Some(other)) => {
                one.extend(other);
                Some(one)
            }
            (one, other) => one.or(other),
        };
        known.top_level.extend(new.top_level);
    } else {
        let why = format!("is installed a second time, as {}", known.distribution);
        notes.push(Note::told(format!("{}: {}", new.distribution, new.distribution.source), why));
        installed.push(new);
    }
}

/// The names of the metadata folders, sorted.
fn info_folders(root: &Path, notes: &mut Vec<Note>) -> std::io::Result<Vec<String>> {
    let mut folders = Vec::new();
    for entry in root.read_dir()? {
        let name = entry?.file_name();
        match name.to_str() {
            // What pip leaves behind when it is interrupted: `~umpy-2.0.dist-info`.
            Some(name) if name.starts_with('~') => {
                notes.push(Note::told(
                    shown(&root.join(name)),
                    "was left behind by an installation that failed",
                ));
            }
            Some(name) if metadata::from_folder(name).is_some() => folders.push(name.to_owned()),
            _ => {}
        }
    }
    folders.sort_unstable();
    Ok(folders)
}

/// What `RECORD` lists inside the folder; what it lists elsewhere (`../../bin/x`) no import statement finds.
fn owned(record: &str) -> HashMap<String, Option<String>> {
    record::binaries(record)
        .filter(|owned| !owned.path.starts_with('/') && !owned.path.starts_with("../"))
        .map(|owned| (owned.path.into_owned(), owned.sha256))
        .collect()
}

/// What `installed-files.txt` lists, relative to the metadata folder.
fn listed(info: &str, list: &str) -> HashMap<String, Option<String>> {
    let inside =
        |line: &str| line.strip_prefix("../").map_or_else(|| format!("{info}/{line}"), str::to_owned);
    let paths: Vec<String> = list.lines().map(inside).collect();
    paths.iter().flat_map(|path| owned(path)).collect()
}

/// A small text file; none where there is no such file. What else keeps it from being read is told.
fn read_text(path: &Path, limit: u64, notes: &mut Vec<Note>) -> Option<String> {
    let mut bytes = Vec::new();
    let read = File::open(path).and_then(|file| file.take(limit + 1).read_to_end(&mut bytes));
    let cause = match read {
        Ok(_) if bytes.len() as u64 <= limit => return Some(metadata::text(bytes)),
        Ok(_) => Cause::Limit { what: "its size", limit },
        Err(error) if is_absent(&error) => return None,
        Err(error) => Cause::Io(error),
    };
    notes.push(cause.of(shown(path)).note());
    None
}

/// A missing file, one below a plain file (`foo.egg-info/METADATA`), or a folder: there is nothing to read.
fn is_absent(error: &std::io::Error) -> bool {
    use std::io::ErrorKind;
    matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory | ErrorKind::IsADirectory)
}

/// Gives each file to the distribution that lists it, else to one that has no list but its top-level name.
fn give(
    found: Vec<Found>,
    installed: &mut [Installed],
    unowned: &mut Installed,
    files: &mut Files,
    notes: &mut Vec<Note>,
) {
    let mut owners: HashMap<String, (usize, Option<String>)> = HashMap::new();
    let mut guesses: BTreeMap<String, usize> = BTreeMap::new();
    for (index, installed) in installed.iter().enumerate() {
        for (path, sha256) in installed.owned.iter().flatten() {
            owners.entry(path.clone()).or_insert_with(|| (index, sha256.clone()));
        }
        for name in &installed.top_level {
            guesses.entry(name.clone()).or_insert(index);
        }
    }
    let mut seen = HashSet::new();
    for found in found {
        let owner = owners.remove(&found.path);
        let guess = || guesses.get(found.path.split(['/', '.']).next()?).map(|&index| (index, None));
        let owner =
            owner.or_else(guess).and_then(|(index, sha256)| Some((installed.get_mut(index)?, sha256)));
        let (owner, sha256) = owner.unwrap_or((&mut *unowned, None));
        seen.insert(found.path.clone());
        files.add(&mut owner.distribution, found, sha256, notes);
    }
    for installed in &*installed {
        installed.tell_missing(&seen, notes);
    }
}

/// Adds what lies in a developer's folder.
fn follow(editable: &Editable, installed: &mut Vec<Installed>, files: &mut Files, notes: &mut Vec<Note>) {
    let Some(owner) = owner_of(editable, installed) else { return };
    let distribution = &mut owner.distribution;
    if distribution.members.is_empty() && distribution.libraries.is_empty() {
        distribution.source = shown(&editable.path);
    }
    let package = editable.package.as_deref().unwrap_or_default();
    let prefix = if package.is_empty() { String::new() } else { format!("{package}/") };
    let scope = if editable.package.is_some() { Scope::Packages } else { Scope::Project };
    let found = if editable.path.is_dir() {
        walk(&editable.path, &prefix, scope, notes)
    } else {
        single_module(&editable.path, package)
    };
    for found in found {
        files.add(distribution, found, None, notes);
    }
}

/// The distribution that a developer's folder belongs to; a new one where it has left no metadata folder.
fn owner_of<'a>(editable: &Editable, installed: &'a mut Vec<Installed>) -> Option<&'a mut Installed> {
    let is_owner = |installed: &Installed| {
        editable.distribution.is_some() && installed.distribution.name == editable.distribution
    };
    let index = installed.iter().position(is_owner).unwrap_or(installed.len());
    if index == installed.len() {
        let mut owner = Installed::unowned(&editable.path);
        owner.distribution.name.clone_from(&editable.distribution);
        installed.push(owner);
    }
    installed.get_mut(index)
}

/// The files that a mapping to one module means: its path is written without a suffix.
fn single_module(path: &Path, package: &str) -> Vec<Found> {
    let (Some(folder), Some(stem)) = (path.parent(), path.file_name()) else { return Vec::new() };
    let parents = package
        .trim_end_matches('/')
        .rsplit_once('/')
        .map_or(String::new(), |(above, _)| format!("{above}/"));
    let mut found = Vec::new();
    for entry in folder.read_dir().into_iter().flatten().filter_map(Result::ok) {
        let (name, real) = (entry.file_name(), entry.path());
        let same_stem =
            name.as_encoded_bytes().split(|&byte| byte == b'.').next() == Some(stem.as_encoded_bytes());
        let (Some(kind), Ok(metadata)) = (FileKind::of(name.as_encoded_bytes()), real.metadata()) else {
            continue;
        };
        if same_stem && metadata.is_file() {
            found.push(Found {
                path: parents.clone() + &shown(Path::new(&name)),
                real,
                kind,
                size: metadata.len(),
            });
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::super::samples::put;
    use super::*;
    use std::path::PathBuf;

    struct Opened {
        distributions: Vec<Distribution>,
        files: Files,
        notes: Vec<Note>,
    }

    impl Opened {
        fn get(&self, name: &str) -> &Distribution {
            let name = (name != "unowned").then(|| name.to_owned());
            self.distributions.iter().find(|distribution| distribution.name == name).unwrap()
        }

        fn members(&self, name: &str) -> Vec<&str> {
            self.get(name).members.iter().map(|member| &*member.path).collect()
        }
    }

    /// A folder with these files, each holding the text behind it.
    fn folder(files: &[(&str, &str)]) -> tempfile::TempDir {
        let folder = tempfile::tempdir().unwrap();
        for (name, text) in files {
            put(folder.path(), name, text);
        }
        folder
    }

    fn opened(folder: &tempfile::TempDir, editables: &[Editable]) -> Opened {
        let (distributions, files, notes) = open(folder.path(), editables).unwrap();
        Opened { distributions, files, notes }
    }

    const FOO: [(&str, &str); 5] = [
        ("foo-1.0.dist-info/METADATA", "Name: Foo\nVersion: 1.0\n\n"),
        ("foo-1.0.dist-info/WHEEL", "Tag: cp314-cp314t-linux_x86_64\n"),
        (
            "foo-1.0.dist-info/RECORD",
            "../../bin/foo,,\nfoo/_x.so,sha256=47DEQpj8HBSa-_TImW-5JCeuQeRkm5NMpJWZG3hSuFU,1\nfoo.libs/z.so.1,,\n",
        ),
        ("foo/_x.so", "module"),
        ("foo.libs/z.so.1", "library"),
    ];

    #[test]
    fn files_belong_to_whose_record_lists_them() {
        let folder = folder(
            &[&FOO[..], &[("other/_y.so", ""), ("bar-2.dist-info/METADATA", "Name: bar\nVersion: 2\n")]]
                .concat(),
        );
        let opened = opened(&folder, &[]);
        let foo = opened.get("foo");
        assert_eq!(foo.to_string(), "foo 1.0");
        assert_eq!(foo.tags, ["cp314-cp314t-linux_x86_64"]);
        assert_eq!(foo.source, shown(folder.path()));
        assert_eq!(opened.members("foo"), ["foo/_x.so"]);
        assert!(foo.members[0].sha256.as_deref().unwrap().starts_with("e3b0c442"));
        assert_eq!(foo.libraries[0].path, "foo.libs/z.so.1");
        assert_eq!(opened.files.read(foo, &foo.members[0]).unwrap()[..], *b"module");
        assert_eq!(opened.members("bar"), [""; 0]);
        assert_eq!(opened.members("unowned"), ["other/_y.so"]);
        assert_eq!(opened.notes, []);
    }

    #[test]
    fn nothing_may_be_unowned() {
        let opened = opened(&folder(&FOO), &[]);
        assert_eq!(opened.members("unowned"), [""; 0]);
    }

    #[test]
    fn without_a_record_top_level_names_tell() {
        let opened = opened(
            &folder(&[
                ("py_foo-1.dist-info/top_level.txt", "foo\n_foo\n"),
                ("foo/_x.so", ""),
                ("_foo.abi3.so", ""),
                ("bar_baz-1.dist-info/METADATA", ""),
                ("bar_baz/_y.so", ""),
                ("foobar/_z.so", ""),
            ]),
            &[],
        );
        assert_eq!(opened.members("py-foo"), ["_foo.abi3.so", "foo/_x.so"]);
        assert_eq!(opened.members("bar-baz"), ["bar_baz/_y.so"]);
        assert_eq!(opened.members("unowned"), ["foobar/_z.so"]);
    }

    #[test]
    fn eggs_are_distributions_too() {
        let opened = opened(
            &folder(&[
                ("foo-1.0-py3.11.egg-info/PKG-INFO", "Name: foo\nVersion: 1.0\n"),
                (
                    "foo-1.0-py3.11.egg-info/installed-files.txt",
                    "../foo/_x.so\n../foo/__init__.py\ntop_level.txt\n",
                ),
                ("foo/_x.so", ""),
                ("foo/_other.so", ""),
                ("bar-2.0.egg-info", "Name: Bar\nVersion: 2.0\n"),
                ("bar/_y.so", ""),
            ]),
            &[],
        );
        assert_eq!(opened.get("foo").to_string(), "foo 1.0");
        assert_eq!(opened.members("foo"), ["foo/_x.so"]);
        assert_eq!(opened.get("bar").to_string(), "bar 2.0");
        assert_eq!(opened.members("bar"), ["bar/_y.so"]);
        assert_eq!(opened.members("unowned"), ["foo/_other.so"]);
        assert_eq!(opened.notes, []);
    }

    #[test]
    fn metadata_folders_of_one_version_are_one_distribution() {
        let opened =
            opened(&folder(&[&FOO[..], &[("Foo-1.0.egg-info", "Name: foo\nVersion: 1.0\n")]].concat()), &[]);
        let named = opened.distributions.iter().filter(|distribution| distribution.name.is_some());
        assert_eq!(named.count(), 1);
        assert_eq!(opened.members("foo"), ["foo/_x.so"]);
        assert_eq!(opened.notes, []);
    }

    #[test]
    fn two_versions_and_leftovers_are_told() {
        let folder = folder(
            &[
                &FOO[..],
                &[("foo-0.9.dist-info/METADATA", "Name: foo\nVersion: 0.9\n"), ("~oo-0.8.dist-info/x", "")],
            ]
            .concat(),
        );
        let opened = opened(&folder, &[]);
        assert_eq!(opened.distributions.len(), 3);
        let whys: Vec<_> = opened.notes.iter().map(|note| note.why.as_str()).collect();
        assert_eq!(
            whys,
            ["was left behind by an installation that failed", "is installed a second time, as foo 0.9"]
        );
    }

    #[test]
    fn what_record_lists_and_is_missing_is_told() {
        let folder = folder(&FOO[..3]);
        let opened = opened(&folder, &[]);
        assert_eq!(opened.notes.len(), 1);
        let note = &opened.notes[0];
        assert_eq!(note.about, format!("foo 1.0: {}", shown(folder.path())));
        assert!(
            !note.unread && note.why.starts_with("2 modules or libraries that its RECORD lists"),
            "{note}"
        );
    }

    fn editable(name: Option<&str>, path: PathBuf, package: Option<&str>) -> Editable {
        Editable { distribution: name.map(str::to_owned), path, package: package.map(str::to_owned) }
    }

    #[test]
    fn editable_folders_are_audited_as_their_distribution() {
        let site = folder(&[("foo-1.0.dist-info/METADATA", "Name: foo\nVersion: 1.0\n")]);
        let project = folder(&[
            ("src/foo/_x.so", "module"),
            ("src/.venv/_v.so", ""),
            ("build/lib.linux/_b.so", ""),
            ("single.cpython-314t.so", "s"),
            ("single_other.so", ""),
        ]);
        let at = |path: &str| project.path().join(path);
        let opened = opened(
            &site,
            &[
                editable(Some("foo"), at("src"), Some("")),
                editable(Some("foo"), at("src/foo"), Some("a/b")),
                editable(Some("foo"), at("single"), Some("c/single")),
            ],
        );
        let foo = opened.get("foo");
        assert_eq!(opened.members("foo"), ["a/b/_x.so", "c/single.cpython-314t.so", "foo/_x.so"]);
        assert_eq!(foo.source, shown(&at("src")));
        assert_eq!(opened.files.read(foo, &foo.members[1]).unwrap()[..], *b"s");
        assert_eq!(opened.notes, []);
    }

    #[test]
    fn a_whole_project_is_audited_where_its_hook_is_code() {
        let site = folder(&[("foo-1.0.dist-info/METADATA", "Name: foo\nVersion: 1.0\n")]);
        let project = folder(&[
            ("build/cp314-cp314t/_x.so", ""),
            (".git/_y.so", ""),
            ("env/pyvenv.cfg", ""),
            ("env/_z.so", ""),
        ]);
        let opened = opened(&site, &[editable(Some("foo"), project.path().to_owned(), None)]);
        assert_eq!(opened.members("foo"), ["build/cp314-cp314t/_x.so"]);
    }

    #[test]
    fn editables_may_have_no_metadata_or_no_name() {
        let project = folder(&[("_x.so", "")]);
        let at = || project.path().to_owned();
        let empty = folder(&[]);
        let opened = opened(&empty, &[editable(Some("foo"), at(), Some("")), editable(None, at(), Some(""))]);
        assert_eq!(opened.members("foo"), ["_x.so"]);
        assert_eq!(opened.members("unowned"), ["_x.so"]);
    }

    #[test]
    fn a_file_of_the_same_name_in_two_places_is_told() {
        let site = folder(&FOO);
        let project = folder(&[("foo/_x.so", "")]);
        let opened = opened(&site, &[editable(Some("foo"), project.path().to_owned(), Some(""))]);
        assert_eq!(opened.members("foo"), ["foo/_x.so"]);
        assert!(opened.notes[0].unread && opened.notes[0].why.contains("two files"), "{:?}", opened.notes);
    }

    #[test]
    fn a_folder_that_is_gone_is_an_error() {
        assert!(open(Path::new("/nowhere"), &[]).is_err());
    }
}
