//! Which wheel an installer would take for what a project asks for, and that wheel's bytes.
//!
//! `settings` finds out which indexes there are, `pages` reads what they list (`page`), `choose` takes one of
//! it; `parts` and `whole` fetch it through `http`, and `cache` keeps it; `metadata` and `source` look into it. Credentials live in `address` and
//! in `http`, and leave neither.

mod address;
mod ask;
mod cache;
mod choose;
mod error;
mod http;
mod limits;
mod listing;
mod locked;
mod memo;
mod metadata;
mod options;
mod page;
mod pages;
mod parts;
mod settings;
mod source;
mod whole;

pub use address::{Address, AddressError};
pub use error::{Cause, IndexError};
pub use http::Network;
pub use options::IndexOptions;
pub use settings::{NamedIndex, Settings, SettingsError, Strategy, Surroundings};

use crate::model::{
    Choice, Considered, Context, Hash, IndexFile, Source, SourceHint, Taken, Want, WheelName, shown,
};
use cache::{Cache, Kept};
use http::Client;
use memo::Memo;
use pages::{Means, Offers, Pages};
use parts::Got;
use std::collections::BTreeMap;
use std::fs::File;
use std::path::{Path, PathBuf};
use tracing::debug;
use url::Url;

/// The indexes, and what was fetched from them.
///
/// Everything blocks, and may be called from any number of threads at once: what several ask for is fetched once.
/// Waiting takes no processor, so requests want far more threads than there are cores: a pool of its own with
/// [`Network::parallel`] threads. Neither method starts a thread.
#[derive(Debug)]
pub struct Index {
    settings: Settings,
    client: Client,
    cache: Cache,
    pages: Pages,
    fetched: Memo<(String, Vec<Hash>, bool), Result<Fetched, IndexError>>,
}

/// A file that was fetched.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fetched {
    /// Where it lies, under the name that the index has for it.
    pub path: PathBuf,
    /// Whether all of it is there. Of a wheel otherwise only what an audit reads is: reading anything else of it is an
    /// error. Where a member turns out damaged, the whole is worth a try.
    pub whole: bool,
    /// Whether its bytes were held against a hash. Parts never are: hold their members against `RECORD`
    /// (`verify_hashes`) where that matters.
    pub verified: bool,
}

/// One version of a project, and its files.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Release {
    /// The version, as its files spell it.
    pub version: String,
    /// Whether an installer takes it only where it is asked for.
    pub is_prerelease: bool,
    /// Whether all its files were yanked.
    pub is_yanked: bool,
    /// Its files.
    pub files: Vec<IndexFile>,
}

impl Index {
    /// Reads nothing yet.
    #[must_use]
    pub fn new(settings: Settings) -> Self {
        let addresses = || settings.indexes.iter().map(|index| &index.address).chain(&settings.find_links);
        for address in addresses() {
            debug!(%address, offline = settings.offline, "looks up wheels");
        }
        Self {
            client: Client::new(settings.network.clone(), addresses()),
            cache: Cache::new(settings.cache.clone()),
            pages: Pages::default(),
            fetched: Memo::default(),
            settings,
        }
    }

    /// The file that pip would take.
    #[must_use]
    pub fn choose(&self, want: &Want, context: Context) -> Choice {
        let (name, version) = (want.name.as_str(), want.version.as_deref());
        let chosen = |offers: Offers| match offers {
            Ok(Some(files)) => choose::choose(want, &files, context),
            Ok(None) => nothing("no index has a project of that name".to_owned()),
            Err(error) => Choice { taken: Taken::Unread(error.note()), considered: Vec::new() },
        };
        match &want.source {
            Source::Index => chosen(self.pages.offers(name, version, self.means())),
            Source::OneIndex(index) => chosen(self.pages.of_one(index, name, version, self.means())),
            Source::Listed(files) => self.choose_listed(want, files, context),
            Source::Url(url) => self.choose_direct(want, url, context),
            Source::Path(path) if path.is_dir() => project(shown(path)),
            Source::Path(path) => match pages::of_file(path) {
                Some(file) => choose::choose(want, &[file], context),
                None => nothing(format!("{} does not exist", shown(path))),
            },
            Source::Repository(address) => project(address.clone()),
        }
    }

    /// What a URL leads to, by the name in it.
    fn choose_direct(&self, want: &Want, url: &str, context: Context) -> Choice {
        let unread =
            |error: IndexError| Choice { taken: Taken::Unread(error.note()), considered: Vec::new() };
        let address = match Address::parse(url, Path::new("")) {
            Ok(address) => address,
            Err(why) => return unread(Cause::Page(why.to_string()).of(&want.name)),
        };
        self.client.learn(&address);
        let last = address.url().path_segments().and_then(|mut parts| parts.next_back()).unwrap_or_default();
        let name = percent_encoding::percent_decode_str(last).decode_utf8_lossy().into_owned();
        if !page::is_plain(&name) {
            return unread(Cause::Name.of(&want.name));
        }
        let file = IndexFile {
            name,
            url: address.url().to_string(),
            size: None,
            hashes: Vec::new(),
            yanked: None,
            requires_python: None,
            metadata: None,
        };
        // An archive that is not named after a version (`main.zip`) is compiled all the same.
        if choose::source_stem(&file.name).is_some() && choose::version_of(&file.name, &want.name).is_none() {
            let considered =
                vec![Considered { file: file.name.clone(), why: "taken: an archive of sources".to_owned() }];
            return Choice { taken: Taken::SourceArchive(file), considered };
        }
        choose::choose(want, &[file], context)
    }

    /// Every version on offer, the lowest first.
    ///
    /// # Errors
    /// When an index cannot be read.
    pub fn versions(&self, name: &str) -> Result<Vec<Release>, IndexError> {
        let mut releases: BTreeMap<pep440_rs::Version, Release> = BTreeMap::new();
        let offers = self.pages.offers(name, None, self.means())?.unwrap_or_default();
        for file in offers.iter() {
            let Some(text) = choose::version_of(&file.name, name) else { continue };
            // What is no version cannot be put in order, and no installer takes it unless it is named.
            let Some(version) = choose::parse_version(&text) else { continue };
            let is_prerelease = version.any_prerelease();
            let release = releases.entry(version).or_insert_with(|| Release {
                version: text,
                is_prerelease,
                is_yanked: true,
                files: Vec::new(),
            });
            release.is_yanked &= file.yanked.is_some();
            release.files.push(file.clone());
        }
        Ok(releases.into_values().collect())
    }

    /// Brings a file here. Of a wheel only what an audit reads, unless the whole is asked for, the server can only give
    /// the whole, or the accepted hashes can be checked in no other way.
    ///
    /// # Errors
    /// When it cannot be had, or is not what the index or whoever accepts it says.
    pub fn fetch(&self, file: &IndexFile, accepted: &[Hash], whole: bool) -> Result<Fetched, IndexError> {
        let key = (file.url.clone(), whole::known(file, accepted), whole);
        self.fetched.get_or_make(key, || self.fetch_once(file, accepted, whole))
    }

    fn fetch_once(&self, file: &IndexFile, accepted: &[Hash], whole: bool) -> Result<Fetched, IndexError> {
        if !page::is_plain(&file.name) {
            return Err(Cause::Name.of(file.name.escape_debug().to_string()));
        }
        let fits = choose::hash_fits(&file.hashes, accepted);
        if fits == Some(false) {
            return Err(whole::differ(accepted, &file.hashes).of(&file.name));
        }
        let whole =
            whole || (!accepted.is_empty() && fits.is_none()) || file.name.parse::<WheelName>().is_err();
        let url: Url =
            file.url.parse().map_err(|_| Cause::Page("its address is no URL".to_owned()).of(&file.name))?;
        match url.to_file_path() {
            Ok(path) if url.scheme() == "file" => local(path, file, accepted),
            _ => self.remote(&url, file, accepted, whole),
        }
        .map_err(|error| error.about(&file.name))
    }

    fn remote(
        &self,
        url: &Url,
        file: &IndexFile,
        accepted: &[Hash],
        whole: bool,
    ) -> Result<Fetched, IndexError> {
        let known = whole::known(file, accepted);
        let place = |kind: &str| self.cache.by_address(kind, url.as_str(), &known, &file.name);
        let (unverified, parts) = (place("unverified"), place("parts"));
        if let Some(kept) = self.kept(file, accepted, whole, [&unverified, &parts]) {
            debug!(file = file.name, whole = kept.whole, "took the file from the cache");
            return Ok(kept);
        }
        if self.settings.offline {
            return Err(Cause::Offline.of(&file.name));
        }
        let fetched = self.download(url, file, accepted, whole, [&unverified, &parts])?;
        debug!(file = file.name, whole = fetched.whole, verified = fetched.verified, "fetched the file");
        Ok(fetched)
    }

    /// What the cache has of a file, as far as that will do.
    fn kept(
        &self,
        file: &IndexFile,
        accepted: &[Hash],
        whole: bool,
        [unverified, parts]: [&Path; 2],
    ) -> Option<Fetched> {
        let known = whole::known(file, accepted);
        let sha256s = known.iter().filter(|hash| hash.algorithm == "sha256");
        for path in sha256s.map(|hash| self.cache.by_hash(hash, &file.name)) {
            let kept = Kept::at(&path).and_then(|kept| kept.sha256).map(|digest| sha256(&digest));
            if kept.is_some_and(|hash| whole::check(&[hash], file, accepted).is_ok()) {
                return Some(Fetched { path, whole: true, verified: true });
            }
        }
        if let Some(kept) = Kept::at(unverified) {
            let path = unverified.to_owned();
            return Some(Fetched { path, whole: true, verified: kept.sha256.is_some() });
        }
        let parts = (!whole).then(|| Kept::at(parts).map(|_| parts.to_owned())).flatten();
        parts.map(|path| Fetched { path, whole: false, verified: false })
    }

    fn download(
        &self,
        url: &Url,
        file: &IndexFile,
        accepted: &[Hash],
        whole: bool,
        [unverified, parts]: [&Path; 2],
    ) -> Result<Fetched, IndexError> {
        let small = file.size.is_some_and(|size| size <= limits::SMALL);
        if !whole && !small {
            let got = parts::fetch(&self.client, &self.cache, url, file.size, self.settings.largest_file)?;
            match got {
                Got::Parts(written) => {
                    self.cache
                        .keep_file(written, parts, None)
                        .map_err(|error| Cause::from(error).of(&file.name))?;
                    return Ok(Fetched { path: parts.to_owned(), whole: false, verified: false });
                }
                Got::Whole(mut written) => {
                    // Where the parts of a moving file were put together, the whole in one piece may be right.
                    if let Ok((found, verified)) = whole::check_written(&mut written, file, accepted) {
                        return self.keep(written, &found, verified, file, unverified);
                    }
                }
                Got::Unable => {}
            }
        }
        let (written, found, verified) =
            whole::fetch(&self.client, &self.cache, url, file, accepted, self.settings.largest_file)?;
        self.keep(written, &found, verified, file, unverified)
    }

    /// Keeps a whole file by its hash where that was held against something, and else by its address.
    fn keep(
        &self,
        written: tempfile::NamedTempFile,
        found: &[Hash],
        verified: bool,
        file: &IndexFile,
        unverified: &Path,
    ) -> Result<Fetched, IndexError> {
        let own = found.iter().find(|hash| hash.algorithm == "sha256");
        let said = |hash: &&Hash| verified && file.hashes.contains(hash);
        let path = own
            .filter(said)
            .map_or_else(|| unverified.to_owned(), |hash| self.cache.by_hash(hash, &file.name));
        let digest = own.filter(|_| verified).map(|hash| hash.digest.clone());
        self.cache.keep_file(written, &path, digest).map_err(|error| Cause::from(error).of(&file.name))?;
        Ok(Fetched { path, whole: true, verified })
    }

    /// A wheel's core metadata: what the index serves beside it, or else what is in those parts of it that an audit
    /// reads.
    ///
    /// # Errors
    /// When neither can be had.
    pub fn metadata(&self, file: &IndexFile) -> Result<String, IndexError> {
        if let Some(hashes) = &file.metadata
            && let Some(text) = metadata::beside(file, hashes, self.means())?
        {
            return Ok(text);
        }
        let fetched = self.fetch(file, &[], false)?;
        metadata::inside(&fetched.path).map_err(|cause| cause.of(&file.name))
    }

    /// The lines of a source archive that declare something of the GIL: for [`Taken::SourceArchive`], to be shown with low
    /// confidence. Brings the whole archive here.
    ///
    /// # Errors
    /// When it cannot be had or read.
    pub fn source_hints(&self, file: &IndexFile, accepted: &[Hash]) -> Result<Vec<SourceHint>, IndexError> {
        const KEPT: &str = "hints.json";
        let fetched = self.fetch(file, accepted, true)?;
        let kept = self.cache.made_of(&fetched.path, KEPT);
        if let Some(hints) = kept.and_then(|bytes| serde_json::from_slice(&bytes).ok()) {
            return Ok(hints);
        }
        let hints = source::hints(&fetched.path).map_err(|cause| cause.of(&file.name))?;
        if let Ok(bytes) = serde_json::to_vec(&hints) {
            self.cache.keep_made_of(&fetched.path, KEPT, &bytes);
        }
        Ok(hints)
    }

    /// What this very program kept of a fetched file under a name, where the file has not changed since. Files that are
    /// read where they lie, outside the cache, have nothing kept.
    #[must_use]
    pub fn made_of(&self, file: &Path, name: &str) -> Option<Vec<u8>> {
        self.cache.made_of(file, name)
    }

    /// Keeps what was made of a fetched file. That it could not be kept costs time only.
    pub fn keep_made_of(&self, file: &Path, name: &str, made: &[u8]) {
        self.cache.keep_made_of(file, name, made);
    }

    fn means(&self) -> Means<'_> {
        Means { settings: &self.settings, client: &self.client, cache: &self.cache }
    }
}

/// Where a whole file lies that was fetched before and held against this SHA-256; none where it is not kept. The folder is
/// the cache's, where it is not the usual one.
#[must_use]
pub fn kept(folder: Option<&Path>, name: &str, digest: &str) -> Option<PathBuf> {
    let usual = || cache::folder(&Surroundings::of_this_process());
    let folder = folder.map(Path::to_owned).or_else(usual)?;
    let path = Cache::new(folder).by_hash(&sha256(digest), name);
    Kept::at(&path).map(|_| path)
}

fn sha256(digest: &str) -> Hash {
    Hash { algorithm: "sha256".to_owned(), digest: digest.to_owned() }
}

fn nothing(why: String) -> Choice {
    Choice { taken: Taken::Nothing(why), considered: Vec::new() }
}

/// What can only be compiled.
fn project(place: String) -> Choice {
    Choice { taken: Taken::Project(place), considered: Vec::new() }
}

/// A file of this machine is read where it lies. Its bytes are hashed where there is something to hold them against.
fn local(path: PathBuf, file: &IndexFile, accepted: &[Hash]) -> Result<Fetched, IndexError> {
    let known = whole::known(file, accepted);
    let verified = if known.is_empty() {
        false
    } else {
        let found = File::open(&path).and_then(|mut bytes| whole::Digests::of(&mut bytes, &known));
        let found = found.map_err(|error| Cause::from(error).of(&file.name))?;
        whole::check(&found, file, accepted).map_err(|cause| cause.of(&file.name))?
    };
    Ok(Fetched { path, whole: true, verified })
}
