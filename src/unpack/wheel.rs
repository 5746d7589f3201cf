//! A wheel: from its table of contents and its three metadata files to a distribution.

use super::archive::{Directory, Entry};
use super::error::{Cause, UnpackError};
use super::{Bytes, inflate, limits, metadata, record};
use crate::model::{Distribution, FileKind, Member, Note, WheelName, normalise, shown};
use std::collections::{BTreeMap, HashMap};
use std::fs::File;
use std::path::{Path, PathBuf};

/// What is kept of a wheel to read its members later. The file is opened anew each time: any number of wheels
/// can be listed without running out of file handles, and threads share nothing.
#[derive(Debug)]
pub(super) struct Wheel {
    path: PathBuf,
    members: BTreeMap<String, Entry>,
}

/// A wheel's distribution, and what is needed to read its members.
pub(super) fn open(path: &Path) -> Result<(Distribution, Wheel, Vec<Note>), UnpackError> {
    let label = path.file_name().map_or_else(|| shown(path), |name| shown(Path::new(name)));
    let mut file = File::open(path).map_err(|error| Cause::from(error).of(&label))?;
    let directory = Directory::read(&mut file).map_err(|cause| cause.of(&label))?;
    let mut listing = Listing { file, label, notes: Vec::new() };
    listing.tell_odd_names(&directory);
    let about = listing.about(&directory);
    let (distribution, members) =
        listing.distribution(directory, about).map_err(|cause| cause.of(&listing.label))?;
    Ok((distribution, Wheel { path: path.to_owned(), members }, listing.notes))
}

impl Wheel {
    /// Reads one of its members.
    pub(super) fn read(&self, member: &str) -> Result<Bytes, Cause> {
        let entry = self.members.get(member).ok_or(Cause::NotHere)?;
        inflate::read(&mut File::open(&self.path)?, entry).map(Bytes::Owned)
    }
}

/// What name and metadata say of the distribution.
struct About {
    name: Option<String>,
    version: Option<String>,
    free_threading: Option<String>,
    tags: Vec<String>,
    requires: Vec<String>,
    hashes: HashMap<String, String>,
}

/// A wheel while it is being listed.
struct Listing {
    file: File,
    label: String,
    notes: Vec<Note>,
}

impl Listing {
    fn tell(&mut self, why: impl Into<String>) {
        self.notes.push(Note::told(&self.label, why));
    }

    /// Names that installers refuse or mix up.
    fn tell_odd_names(&mut self, directory: &Directory) {
        for (name, why) in directory.refused.iter().take(limits::NOTES) {
            let about = format!("{}: {name}", self.label);
            self.notes
                .push(Note::unread(about, format!("has {why}\nhint: do not install it; tell who built it")));
        }
        if let Some(more @ 1..) = directory.refused.len().checked_sub(limits::NOTES) {
            self.notes.push(Note::unread(&self.label, format!("has {more} more such names")));
        }
        if directory.prepended > 0 {
            self.tell(format!("{} bytes stand before the archive", directory.prepended));
        }
        self.tell_case_twins(directory);
    }

    /// Modules that overwrite each other where case does not count.
    fn tell_case_twins(&mut self, directory: &Directory) {
        let mut lower: HashMap<String, &str> = HashMap::new();
        let binaries = directory.files.iter().map(|(name, _)| name).filter(|name| kind(name).is_some());
        let twins = binaries.filter_map(|name| Some((name, lower.insert(name.to_lowercase(), name)?)));
        for (name, twin) in twins.take(limits::NOTES) {
            let why = format!(
                "differs from {twin} in case only, so where case does not count one overwrites the other\n\
                 hint: tell who built it"
            );
            self.notes.push(Note::unread(format!("{}: {name}", self.label), why));
        }
    }

    fn about(&mut self, directory: &Directory) -> About {
        let named = self.label.parse::<WheelName>();
        if let Err(error) = &named {
            self.tell(format!("has no wheel's name ({error}), so its metadata alone tell what it is"));
        }
        let named = named.ok();
        let info = self.info_folder(directory, named.as_ref());
        let mut text =
            |file: &str, limit| info.as_ref().and_then(|info| self.text(directory, info, file, limit));
        let (core, wheel) = (text("METADATA", limits::METADATA), text("WHEEL", limits::METADATA));
        let hashes = text("RECORD", limits::RECORD).map_or_else(HashMap::new, |record| hashes(&record));
        let first = |name| core.as_ref().and_then(|core| metadata::headers(core, name).next());
        let (name, version) = (first("Name"), first("Version"));
        if let (Some(named), Some(name), Some(version)) = (&named, &name, &version) {
            self.compare(named, name, version);
        }
        let mut tags: Vec<_> =
            wheel.as_ref().map_or_else(Vec::new, |wheel| metadata::headers(wheel, "Tag").collect());
        if let (true, Some(named)) = (tags.is_empty(), &named) {
            tags = named.tags();
        }
        let (named_name, named_version) = named.map(|named| (named.distribution, named.version)).unzip();
        About {
            name: name.or(named_name).map(|name| normalise(&name)),
            version: version.or(named_version),
            free_threading: core.as_deref().and_then(metadata::free_threading),
            tags,
            requires: core.as_deref().map_or_else(Vec::new, metadata::requires),
            hashes,
        }
    }

    /// The metadata folder: the only one, or among several the one that the wheel is named after.
    fn info_folder(&mut self, directory: &Directory, named: Option<&WheelName>) -> Option<String> {
        let mut folders: Vec<&str> = directory
            .files
            .iter()
            .filter_map(|(name, _)| name.split_once('/'))
            .map(|(folder, _)| folder)
            .filter(|folder| folder.ends_with(".dist-info"))
            .collect();
        folders.sort_unstable();
        folders.dedup();
        let is_named = |folder: &&&str| {
            named.zip(metadata::from_folder(folder)).is_some_and(|(named, (name, version))| {
                normalise(name) == normalise(&named.distribution) && version == Some(&named.version)
            })
        };
        let chosen = match folders[..] {
            [] => None,
            [only] => Some(only),
            _ => folders.iter().find(is_named).copied(),
        };
        match (folders.len(), chosen) {
            (0, _) => self.tell("has no .dist-info folder, so its name alone tells what it is"),
            (1, _) => {}
            (_, Some(chosen)) => {
                self.tell(format!(
                    "has several .dist-info folders ({}); {chosen} is read",
                    folders.join(", ")
                ));
            }
            (_, None) => self.tell(format!(
                "has several .dist-info folders ({}), none with its name, so its name alone tells what it is",
                folders.join(", ")
            )),
        }
        chosen.map(str::to_owned)
    }

    /// A metadata file. Where it cannot be read the audit goes on without it, and that is told.
    fn text(&mut self, directory: &Directory, folder: &str, file: &str, limit: u64) -> Option<String> {
        let path = format!("{folder}/{file}");
        let Some((_, entry)) = directory.files.iter().find(|(name, _)| *name == path) else {
            self.tell(format!("has no {path}"));
            return None;
        };
        let read = if entry.size > limit {
            Err(Cause::Limit { what: "its size", limit })
        } else {
            inflate::read(&mut self.file, entry)
        };
        match read {
            Ok(bytes) => Some(metadata::text(bytes)),
            Err(cause) => {
                self.notes.push(cause.of(format!("{}: {path}", self.label)).note());
                None
            }
        }
    }

    fn compare(&mut self, named: &WheelName, name: &str, version: &str) {
        if normalise(name) != normalise(&named.distribution) {
            let theirs = &named.distribution;
            self.tell(format!(
                "is named after {theirs}, and its METADATA says {name}: the latter is believed"
            ));
        }
        // Wheel names spell the local version's `+` as `_`, and older ones an epoch's `!`.
        let plain = |version: &str| version.replace(['+', '!', '-'], "_");
        if plain(version) != plain(&named.version) {
            let theirs = &named.version;
            self.tell(format!("is named {theirs}, and its METADATA says {version}: the latter is believed"));
        }
    }

    fn distribution(
        &mut self,
        directory: Directory,
        mut about: About,
    ) -> Result<(Distribution, BTreeMap<String, Entry>), Cause> {
        let mut distribution = Distribution {
            name: about.name,
            version: about.version,
            source: self.label.clone(),
            tags: about.tags,
            requires: about.requires,
            free_threading: about.free_threading,
            members: Vec::new(),
            libraries: Vec::new(),
        };
        let mut entries = BTreeMap::new();
        let mut total = 0_u64;
        for (path, entry) in directory.files {
            let Some(kind) = kind(&path) else { continue };
            total = total.saturating_add(entry.size);
            let member = Member { size: entry.size, sha256: about.hashes.remove(&path), path: path.clone() };
            match kind {
                FileKind::Module => distribution.members.push(member),
                FileKind::Library => distribution.libraries.push(member),
            }
            entries.insert(path, entry);
        }
        if total > limits::WHEEL {
            return Err(Cause::Limit { what: "the size of its modules together", limit: limits::WHEEL });
        }
        distribution.members.sort_unstable();
        distribution.libraries.sort_unstable();
        self.tell_missing(about.hashes.into_keys().collect());
        Ok((distribution, entries))
    }

    fn tell_missing(&mut self, mut missing: Vec<String>) {
        missing.sort_unstable();
        if let Some(first) = missing.first() {
            let count = missing.len();
            self.tell(format!(
                "its RECORD lists {count} modules or libraries that it does not have, such as {first}"
            ));
        }
    }
}

/// What a member is. Files that are installed outside of `site-packages` cannot be imported.
fn kind(path: &str) -> Option<FileKind> {
    let (folder, file) = path.rsplit_once('/').unwrap_or(("", path));
    let kind = FileKind::of(file.as_bytes())?;
    let scheme = folder.split_once(".data/").filter(|(name, _)| !name.contains('/')).map(|(_, below)| below);
    match scheme.and_then(|below| below.split('/').next()) {
        Some("data" | "scripts" | "headers" | "include") => Some(FileKind::Library),
        _ => Some(kind),
    }
}

fn hashes(record: &str) -> HashMap<String, String> {
    record::binaries(record).filter_map(|owned| Some((owned.path.into_owned(), owned.sha256?))).collect()
}

#[cfg(test)]
mod tests {
    use super::super::samples::{self, METADATA, NAME};
    use super::*;

    struct Opened {
        distribution: Distribution,
        wheel: Wheel,
        notes: Vec<Note>,
        _folder: tempfile::TempDir,
    }

    fn try_open(name: &str, bytes: &[u8]) -> Result<Opened, UnpackError> {
        let folder = tempfile::tempdir().unwrap();
        let (distribution, wheel, notes) = open(&samples::put(folder.path(), name, bytes))?;
        Ok(Opened { distribution, wheel, notes, _folder: folder })
    }

    fn opened(name: &str, bytes: &[u8]) -> Opened {
        try_open(name, bytes).unwrap()
    }

    fn paths(members: &[Member]) -> Vec<&str> {
        members.iter().map(|member| &*member.path).collect()
    }

    /// What a wheel without those metadata files makes known.
    fn without(missing: &[&str]) -> Opened {
        let kept: Vec<(&str, &[u8])> = METADATA
            .iter()
            .filter(|(name, _)| !missing.iter().any(|missing| name.ends_with(missing)))
            .map(|(name, text)| (*name, text.as_bytes()))
            .chain([("foo/_x.so", &b"module"[..])])
            .collect();
        opened(NAME, &samples::archive(&kept))
    }

    fn told(opened: &Opened) -> Vec<String> {
        assert!(opened.notes.iter().all(|note| !note.unread), "{:?}", opened.notes);
        opened.notes.iter().map(|note| note.why.clone()).collect()
    }

    #[test]
    fn a_good_wheel() {
        let members: &[(&str, &[u8])] = &[
            ("foo/_y.pyd", b"windows"),
            ("foo/_x.so", b"module"),
            ("foo/__init__.py", b""),
            ("foo.libs/libz.so.1", b"library"),
            ("foo-1.0.data/platlib/foo/_z.so", b"z"),
            ("foo-1.0.data/data/lib/q.so", b"no module"),
        ];
        let opened = opened(NAME, &samples::wheel(members));
        let distribution = &opened.distribution;
        assert_eq!(distribution.to_string(), "foo 1.0");
        assert_eq!(distribution.source, NAME);
        assert_eq!(distribution.tags, ["cp314-cp314t-linux_x86_64"]);
        assert_eq!(
            paths(&distribution.members),
            ["foo-1.0.data/platlib/foo/_z.so", "foo/_x.so", "foo/_y.pyd"]
        );
        assert_eq!(paths(&distribution.libraries), ["foo-1.0.data/data/lib/q.so", "foo.libs/libz.so.1"]);
        let hash = distribution.members[1].sha256.as_deref().unwrap();
        assert!(hash.starts_with("e3b0c442") && hash.len() == 64, "{hash}");
        assert_eq!(opened.wheel.read("foo/_x.so").unwrap()[..], *b"module");
        assert_eq!(opened.wheel.read("foo.libs/libz.so.1").unwrap()[..], *b"library");
        assert!(matches!(opened.wheel.read("foo/__init__.py"), Err(Cause::NotHere)));
        assert_eq!(opened.notes, []);
    }

    #[test]
    fn metadata_may_be_missing() {
        let opened = without(&["METADATA"]);
        assert_eq!(opened.distribution.to_string(), "foo 1.0");
        assert_eq!(told(&opened), ["has no foo-1.0.dist-info/METADATA"]);
        let opened = without(&["WHEEL"]);
        assert_eq!(opened.distribution.tags, ["cp314-cp314t-manylinux_2_28_x86_64"]);
        assert_eq!(told(&opened), ["has no foo-1.0.dist-info/WHEEL"]);
        let opened = without(&["RECORD"]);
        assert_eq!(opened.distribution.members[0].sha256, None);
        assert_eq!(told(&opened), ["has no foo-1.0.dist-info/RECORD"]);
        let opened = without(&["METADATA", "WHEEL", "RECORD"]);
        assert_eq!(
            (opened.distribution.to_string(), opened.distribution.members.len()),
            ("foo 1.0".to_owned(), 1)
        );
        assert_eq!(told(&opened), ["has no .dist-info folder, so its name alone tells what it is"]);
    }

    #[test]
    fn the_name_may_say_something_else() {
        let bytes = samples::wheel(&[("foo/_x.so", b"")]);
        let other = opened("bar-2.0-py3-none-any.whl", &bytes);
        assert_eq!(other.distribution.to_string(), "foo 1.0");
        assert_eq!(
            told(&other),
            [
                "is named after bar, and its METADATA says Foo: the latter is believed",
                "is named 2.0, and its METADATA says 1.0: the latter is believed"
            ]
        );
        let odd = opened("download.whl", &bytes);
        assert_eq!(odd.distribution.to_string(), "foo 1.0");
        assert!(
            told(&odd)[0].starts_with("has no wheel's name (`download.whl` has 1 parts"),
            "{:?}",
            odd.notes
        );
    }

    #[test]
    fn local_versions_are_spelled_differently_in_names() {
        let metadata = samples::archive(&[
            ("foo-1.0+cpu.dist-info/METADATA", b"Name: foo\nVersion: 1.0+cpu\n\n"),
            ("foo-1.0+cpu.dist-info/WHEEL", b""),
            ("foo-1.0+cpu.dist-info/RECORD", b""),
        ]);
        let opened = opened("foo-1.0_cpu-py3-none-any.whl", &metadata);
        assert_eq!(opened.distribution.version.as_deref(), Some("1.0+cpu"));
        assert_eq!(told(&opened), [""; 0]);
    }

    #[test]
    fn of_several_metadata_folders_the_named_one_is_read() {
        let bytes = samples::wheel(&[("bar-2.0.dist-info/METADATA", b"Name: bar\nVersion: 2.0\n")]);
        let named = opened(NAME, &bytes);
        assert_eq!(named.distribution.to_string(), "foo 1.0");
        assert!(
            told(&named)[0].ends_with("(bar-2.0.dist-info, foo-1.0.dist-info); foo-1.0.dist-info is read")
        );
        let neither = opened("baz-3-py3-none-any.whl", &bytes);
        assert_eq!(neither.distribution.to_string(), "baz 3");
        assert!(told(&neither)[0].contains("none with its name"));
    }

    #[test]
    fn names_that_leave_the_archive_are_unread_and_the_rest_is_audited() {
        let bytes = samples::wheel(&[("nn/nn/nn/evil.so", b""), ("foo/_x.so", b"module")]);
        let opened = opened(NAME, &samples::replace(&bytes, b"nn/nn/nn/evil.so", b"../../../evil.so"));
        assert_eq!(paths(&opened.distribution.members), ["foo/_x.so"]);
        assert_eq!(opened.notes.len(), 1);
        let note = &opened.notes[0];
        assert!(note.unread && note.about.ends_with(": ../../../evil.so"), "{note}");
        assert!(note.why.starts_with("has a path that leaves the archive\nhint:"), "{note}");
    }

    #[test]
    fn a_flood_of_odd_names_is_counted() {
        let names: Vec<String> = (0..50).map(|index| format!("nn{index}.so")).collect();
        let members: Vec<(&str, &[u8])> = names.iter().map(|name| (&**name, &b""[..])).collect();
        let opened = opened(NAME, &samples::replace(&samples::wheel(&members), b"nn", b"n\\"));
        let unread: Vec<_> = opened.notes.iter().filter(|note| note.unread).collect();
        assert_eq!(unread.len(), limits::NOTES + 1);
        assert_eq!(unread[limits::NOTES].why, "has 30 more such names");
    }

    #[test]
    fn duplicates_are_listed_once_and_not_read() {
        let bytes = samples::wheel(&[("foo/_x.so", b"one"), ("foo/_y.so", b"two")]);
        let opened = opened(NAME, &samples::replace(&bytes, b"foo/_y.so", b"foo/_x.so"));
        assert_eq!(paths(&opened.distribution.members), ["foo/_x.so"]);
        assert!(matches!(opened.wheel.read("foo/_x.so"), Err(Cause::Duplicate)));
    }

    #[test]
    fn names_that_differ_in_case_only_are_told() {
        let opened = opened(NAME, &samples::wheel(&[("foo/_x.so", b"1"), ("Foo/_X.so", b"2")]));
        assert_eq!(opened.distribution.members.len(), 2);
        assert_eq!(opened.notes.len(), 1);
        assert!(
            opened.notes[0].unread && opened.notes[0].why.starts_with("differs from foo/_x.so in case only")
        );
    }

    #[test]
    fn metadata_that_cannot_be_read_are_told() {
        let mut bytes = samples::wheel(&[("foo/_x.so", b"module")]);
        let name = "foo-1.0.dist-info/METADATA";
        samples::patch(&mut bytes, name, samples::CRC, &[1, 2, 3, 4], samples::Places::Both);
        let opened = opened(NAME, &bytes);
        assert_eq!(opened.distribution.to_string(), "foo 1.0");
        assert!(opened.notes[0].unread && opened.notes[0].why.contains("checksum"), "{:?}", opened.notes);
    }

    #[test]
    fn record_may_list_what_is_not_there() {
        let opened = opened(NAME, &samples::wheel(&[]));
        assert_eq!(
            told(&opened),
            ["its RECORD lists 1 modules or libraries that it does not have, such as foo/_x.so"]
        );
    }

    #[test]
    fn what_is_no_wheel_names_file_and_cause() {
        for (bytes, cause) in [
            (&b""[..], "is empty"),
            (b"<html>", "is no wheel: it looks like a page of HTML or XML"),
            (&samples::wheel(&[])[..200], "is cut off: the table of contents at its end is missing"),
        ] {
            let error = try_open(NAME, bytes).map(|_| ()).unwrap_err();
            assert_eq!(error.file, NAME);
            assert!(error.note().unread && error.note().why.starts_with(cause), "{error}");
            assert!(error.note().why.contains("\nhint: "), "{error}");
        }
        assert!(matches!(open(Path::new("/nowhere/x.whl")).map(|_| ()).unwrap_err().cause, Cause::Io(_)));
    }
}
