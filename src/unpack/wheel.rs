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
    tags: Vec<String>,
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
        let mut lower: HashMap<String, &str> = HashMap::new();
        for (name, _) in directory.files.iter().filter(|(name, _)| kind(name).is_some()) {
            if let Some(other) = lower.insert(name.to_lowercase(), name) {
                let why = format!(
                    "differs from {other} in case only, so where case does not count one overwrites the other\n\
                     hint: tell who built it"
                );
                self.notes.push(Note::unread(format!("{}: {name}", self.label), why));
            }
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
            tags,
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
            Ok(bytes) => Some(String::from_utf8_lossy(&bytes).into_owned()),
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
