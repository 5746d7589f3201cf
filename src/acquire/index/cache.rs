//! What was fetched before: pages by their address, files by their hash or address.
//!
//! Any number of processes may use one folder: what is written is written beside its place and then renamed, so that
//! nobody meets half a file, and two that fetch the same both end with a whole one. Nothing in it is trusted blindly:
//! a page stands with its hash, and a file with the size and time that it had when it was checked. No credentials are
//! in it. The folder may be deleted at any time.

use super::limits;
use super::settings::Surroundings;
use crate::model::Hash;
use data_encoding::HEXLOWER;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::OnceLock;
use std::time::{Duration, SystemTime, UNIX_EPOCH};
use url::Url;

/// The folder, as the system's conventions say, unless `FTAUDIT_CACHE_DIR` does.
pub(super) fn folder(surroundings: &Surroundings) -> Option<PathBuf> {
    let own = surroundings.path("FTAUDIT_CACHE_DIR").map(|path| surroundings.folder.join(path));
    own.or_else(|| {
        let base = if cfg!(windows) {
            surroundings.path("LOCALAPPDATA")
        } else if cfg!(target_os = "macos") {
            Some(surroundings.home.as_ref()?.join("Library/Caches"))
        } else {
            surroundings.below_home("XDG_CACHE_HOME", ".cache")
        };
        Some(base?.join("ftaudit").join("index"))
    })
}

/// The file of a [`PageHead`].
const HEAD: &str = "head.json";

/// A folder of what was fetched.
#[derive(Debug)]
pub(super) struct Cache {
    folder: PathBuf,
    trimmed: OnceLock<()>,
}

/// What is known of a page besides its text.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct PageHead {
    /// The HTTP status: that there is no such page is worth keeping too.
    pub status: u16,
    /// Where it came from in the end; links are relative to it. Without credentials and query.
    pub url: String,
    pub content_type: String,
    pub etag: Option<String>,
    pub last_modified: Option<String>,
    /// Seconds since 1970 until which it may be used without asking.
    pub fresh_until: u64,
    /// Of the text behind it.
    pub sha256: String,
}

/// A file that is still what it was when it was kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Kept {
    /// What it hashes to, where that was held against something.
    pub sha256: Option<String>,
}

impl Kept {
    /// None where there is no such file, or another one than was kept.
    pub(super) fn at(path: &Path) -> Option<Self> {
        let stamp: Stamp = serde_json::from_slice(&fs::read(stamp_path(path)).ok()?).ok()?;
        if Stamp::of(path, stamp.sha256.clone()).ok()? != stamp {
            return None;
        }
        // What was used last goes last.
        let _ = File::options()
            .append(true)
            .open(stamp_path(path))
            .and_then(|file| file.set_modified(SystemTime::now()));
        Some(Self { sha256: stamp.sha256 })
    }
}

/// What is known of a file besides its bytes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Stamp {
    size: u64,
    /// When it was written, in nanoseconds since 1970.
    modified: u128,
    /// What its bytes were held against.
    sha256: Option<String>,
}

impl Cache {
    pub(super) fn new(folder: PathBuf) -> Self {
        Self { folder, trimmed: OnceLock::new() }
    }

    /// What is known of a page; none where it is not there.
    pub(super) fn page_head(&self, url: &Url) -> Option<PageHead> {
        serde_json::from_slice(&fs::read(self.page_folder(url).join(HEAD)).ok()?).ok()
    }

    /// The text of a page; none where it is not the one that the head is of.
    pub(super) fn page_text(&self, url: &Url, head: &PageHead) -> Option<Vec<u8>> {
        let text = fs::read(self.page_folder(url).join("text")).ok()?;
        (sha256(&text) == head.sha256).then_some(text)
    }

    /// Keeps a page, its text only where that is new. That it could not be kept costs time only.
    pub(super) fn keep_page(&self, url: &Url, head: &PageHead, text: Option<&[u8]>) {
        let folder = self.page_folder(url);
        let Ok(head) = serde_json::to_vec(head) else { return };
        if text.is_none_or(|text| write(&folder.join("text"), text).is_ok()) {
            let _ = write(&folder.join(HEAD), &head);
        }
    }

    /// What this very program made of a page; none where it did not, or where that is not what was written.
    pub(super) fn page_files(&self, url: &Url, head: &PageHead) -> Option<Vec<u8>> {
        made(&self.page_folder(url).join("files"), &head.sha256)
    }

    /// Keeps what was made of a page.
    pub(super) fn keep_page_files(&self, url: &Url, head: &PageHead, files: &[u8]) {
        keep_made(&self.page_folder(url).join("files"), &head.sha256, files);
    }

    /// What this very program made of a file of the cache as it is now, under that name.
    pub(super) fn made_of(&self, file: &Path, name: &str) -> Option<Vec<u8>> {
        made(&file.with_file_name(name), &self.state(file)?)
    }

    /// Keeps what was made of a file, if that is one of the cache.
    pub(super) fn keep_made_of(&self, file: &Path, name: &str, made: &[u8]) {
        if let Some(state) = self.state(file) {
            keep_made(&file.with_file_name(name), &state, made);
        }
    }

    /// What changes with a file of the cache.
    fn state(&self, file: &Path) -> Option<String> {
        let stamp = file.starts_with(&self.folder).then(|| Stamp::of(file, None))?.ok()?;
        Some(format!("{} {}", stamp.size, stamp.modified))
    }

    fn page_folder(&self, url: &Url) -> PathBuf {
        self.folder.join("indexes").join(key(url.as_str()))
    }

    /// Where a file whose hash is known has its place, whoever offers it.
    pub(super) fn by_hash(&self, hash: &Hash, name: &str) -> PathBuf {
        self.folder.join("files").join(key(&hash.to_string())).join(name)
    }

    /// Where what came from an address, and was held against nothing, has its place. What is said of its hash belongs
    /// to it: nobody but that address vouches for it.
    pub(super) fn by_address(&self, kind: &str, url: &str, hashes: &[Hash], name: &str) -> PathBuf {
        let said: Vec<String> =
            std::iter::once(url.to_owned()).chain(hashes.iter().map(Hash::to_string)).collect();
        self.folder.join(kind).join(key(&said.join("\n"))).join(name)
    }

    /// A file to write into, on the same disk as its place.
    pub(super) fn begin(&self) -> io::Result<tempfile::NamedTempFile> {
        let folder = self.folder.join("begun");
        fs::create_dir_all(&folder)?;
        tempfile::NamedTempFile::new_in(folder)
    }

    /// Puts a file that was written to its place. It is not forced onto the disk, which takes longer than to fetch it: what a
    /// crash leaves of it fails its checksums.
    pub(super) fn keep_file(
        &self,
        file: tempfile::NamedTempFile,
        path: &Path,
        sha256: Option<String>,
    ) -> io::Result<()> {
        let folder = path.parent().ok_or(io::ErrorKind::InvalidInput)?;
        fs::create_dir_all(folder)?;
        file.persist(path).map_err(|error| error.error)?;
        let stamp = serde_json::to_vec(&Stamp::of(path, sha256)?)?;
        write(&stamp_path(path), &stamp)?;
        self.trimmed.get_or_init(|| self.trim(limits::CACHE));
        Ok(())
    }

    /// Deletes what processes began and were killed over: nobody fetches one file for that long.
    fn clear_unfinished(&self) {
        let day = Duration::from_hours(24);
        for file in fs::read_dir(self.folder.join("begun")).into_iter().flatten().flatten() {
            let written = file.metadata().and_then(|metadata| metadata.modified());
            let age = written.ok().and_then(|written| SystemTime::now().duration_since(written).ok());
            if age.is_some_and(|age| age > day) {
                let _ = fs::remove_file(file.path());
            }
        }
    }

    /// Deletes the files that were not used for longest, until the others take no more than that.
    fn trim(&self, limit: u64) {
        self.clear_unfinished();
        let files = walkdir::WalkDir::new(&self.folder).min_depth(2).into_iter().flatten();
        let mut folders: Vec<(SystemTime, u64, PathBuf)> = Vec::new();
        for entry in files.filter(|entry| entry.file_type().is_dir()) {
            let inside = fs::read_dir(entry.path()).into_iter().flatten().flatten();
            let metadata: Vec<fs::Metadata> = inside.filter_map(|file| file.metadata().ok()).collect();
            let used = metadata.iter().filter_map(|file| file.modified().ok()).max();
            let size = metadata.iter().map(on_disk).fold(0, u64::saturating_add);
            folders.push((used.unwrap_or(UNIX_EPOCH), size, entry.into_path()));
        }
        folders.sort_unstable();
        let mut total = folders.iter().fold(0_u64, |total, (_, size, _)| total.saturating_add(*size));
        for (_, size, folder) in folders {
            if total <= limit {
                break;
            }
            let _ = fs::remove_dir_all(folder);
            total = total.saturating_sub(size);
        }
    }
}

/// Bytes that a file takes; one with holes takes fewer than its size.
#[cfg(unix)]
fn on_disk(file: &fs::Metadata) -> u64 {
    use std::os::unix::fs::MetadataExt;
    file.blocks().saturating_mul(512)
}

#[cfg(not(unix))]
fn on_disk(file: &fs::Metadata) -> u64 {
    file.len()
}

impl Stamp {
    fn of(path: &Path, sha256: Option<String>) -> io::Result<Self> {
        let metadata = fs::metadata(path)?;
        let since = metadata.modified()?.duration_since(UNIX_EPOCH).unwrap_or_default();
        Ok(Self { size: metadata.len(), modified: since.as_nanos(), sha256 })
    }
}

/// What was made of something in that state by this very code.
fn made(path: &Path, of: &str) -> Option<Vec<u8>> {
    let mut bytes = fs::read(path).ok()?;
    let end = memchr::memchr(b'\n', &bytes)?;
    if bytes.get(..end)? != mark(of, bytes.get(end + 1..)?).as_bytes() {
        return None;
    }
    bytes.drain(..=end);
    Some(bytes)
}

fn keep_made(path: &Path, of: &str, made: &[u8]) {
    let _ = write(path, &[mark(of, made).as_bytes(), b"\n", made].concat());
}

/// What stands before what was made of something: which code made it, of what, and a checksum, which is enough against
/// damage; whoever can write here can write what it was made of.
fn mark(of: &str, made: &[u8]) -> String {
    format!("{} {of} {:08x}", env!("FTAUDIT_CODE"), crc32fast::hash(made))
}

fn stamp_path(path: &Path) -> PathBuf {
    path.with_file_name("stamp.json")
}

/// A file's or a page's name in the cache.
fn key(text: &str) -> String {
    sha256(text.as_bytes())
}

pub(super) fn sha256(bytes: &[u8]) -> String {
    HEXLOWER.encode(&Sha256::digest(bytes))
}

/// Seconds since 1970.
pub(super) fn now() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or(Duration::ZERO).as_secs()
}

/// Writes a small file so that nobody meets half of it.
pub(super) fn write(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let folder = path.parent().ok_or(io::ErrorKind::InvalidInput)?;
    fs::create_dir_all(folder)?;
    let mut file = tempfile::NamedTempFile::new_in(folder)?;
    file.write_all(bytes)?;
    file.persist(path).map_err(|error| error.error)?;
    Ok(())
}

/// A small text file.
pub(super) fn read_text(path: &Path) -> Option<String> {
    fs::read_to_string(path).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cache() -> (tempfile::TempDir, Cache) {
        let folder = tempfile::tempdir().unwrap();
        let cache = Cache::new(folder.path().to_owned());
        (folder, cache)
    }

    fn head(text: &[u8]) -> PageHead {
        PageHead {
            status: 200,
            url: "http://localhost/".to_owned(),
            content_type: "text/html".to_owned(),
            etag: None,
            last_modified: None,
            fresh_until: 0,
            sha256: sha256(text),
        }
    }

    #[test]
    fn pages_are_found_again_and_damage_is_noticed() {
        let (_folder, cache) = cache();
        let url: Url = "http://localhost/simple/foo/".parse().unwrap();
        let page = head(b"text\nmore");
        assert_eq!(cache.page_head(&url), None);
        cache.keep_page(&url, &page, Some(b"text\nmore"));
        cache.keep_page(&url, &PageHead { fresh_until: 9, ..page.clone() }, None);
        assert_eq!(cache.page_head(&url).map(|head| head.fresh_until), Some(9));
        assert_eq!(cache.page_text(&url, &page), Some(b"text\nmore".to_vec()));
        assert_eq!(cache.page_files(&url, &page), None);
        cache.keep_page_files(&url, &page, b"made of it");
        assert_eq!(cache.page_files(&url, &page), Some(b"made of it".to_vec()));
        assert_eq!(cache.page_files(&url, &head(b"another text")), None);
        for name in ["text", "files"] {
            let path = cache.page_folder(&url).join(name);
            let mut bytes = fs::read(&path).unwrap();
            *bytes.last_mut().unwrap() = b'x';
            fs::write(&path, bytes).unwrap();
        }
        assert_eq!(cache.page_text(&url, &page), None);
        assert_eq!(cache.page_files(&url, &page), None);
    }

    fn keep(cache: &Cache, path: &Path, bytes: &[u8]) {
        let mut file = cache.begin().unwrap();
        file.write_all(bytes).unwrap();
        cache.keep_file(file, path, Some(sha256(bytes))).unwrap();
    }

    #[test]
    fn files_that_were_changed_are_not_found() {
        let (_folder, cache) = cache();
        let path = cache.by_address("files", "http://localhost/foo.whl", &[], "foo.whl");
        assert_eq!(Kept::at(&path), None);
        keep(&cache, &path, b"bytes");
        assert_eq!(Kept::at(&path), Some(Kept { sha256: Some(sha256(b"bytes")) }));
        cache.keep_made_of(&path, "facts", b"made of it");
        assert_eq!(cache.made_of(&path, "facts"), Some(b"made of it".to_vec()));
        assert_eq!(cache.made_of(&path, "other"), None);
        fs::write(&path, b"other").unwrap();
        assert_eq!(Kept::at(&path), None);
        assert_eq!(cache.made_of(&path, "facts"), None);
        let elsewhere = tempfile::NamedTempFile::new().unwrap();
        cache.keep_made_of(elsewhere.path(), "facts", b"made of it");
        assert!(!elsewhere.path().with_file_name("facts").exists());
        keep(&cache, &path, b"bytes");
        File::options().write(true).open(&path).unwrap().set_len(3).unwrap();
        assert_eq!(Kept::at(&path), None);
    }

    #[test]
    fn what_was_not_used_for_longest_goes_first() {
        let (_folder, cache) = cache();
        let paths = ["old", "new"].map(|name| cache.by_address("files", name, &[], name));
        for path in &paths {
            keep(&cache, path, &vec![1; 100_000]);
        }
        let used = SystemTime::now() - Duration::from_secs(1000);
        for file in [paths[0].clone(), stamp_path(&paths[0])] {
            File::options().write(true).open(file).unwrap().set_modified(used).unwrap();
        }
        let [left, fresh] = ["left", "fresh"].map(|name| cache.folder.join("begun").join(name));
        for path in [&left, &fresh] {
            fs::write(path, b"").unwrap();
        }
        let days_ago = SystemTime::now() - Duration::from_hours(50);
        File::options().write(true).open(&left).unwrap().set_modified(days_ago).unwrap();
        cache.trim(150_000);
        assert!(!paths[0].exists() && paths[1].exists());
        assert!(!left.exists() && fresh.exists());
    }
}
