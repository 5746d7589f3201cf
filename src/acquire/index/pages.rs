//! What the indexes and `--find-links` list of a project: each page is read once in a run, whoever asks, and kept for the
//! next run.

use super::NamedIndex;
use super::address::{Address, redacted};
use super::cache::{self, Cache, PageHead};
use super::choose;
use super::error::{Cause, IndexError};
use super::http::{Client, Head, Request};
use super::listing::{self, Listing};
use super::memo::Memo;
use super::page;
use super::settings::{Settings, Strategy};
use crate::model::IndexFile;
use std::fs;
use std::io::Read;
use std::path::Path;
use std::sync::Arc;
use tracing::debug;
use url::Url;

/// What a page lists; none where there is no such page.
type Listed = Result<Option<Arc<Listing>>, IndexError>;

/// The files on offer; none where nothing is under that name.
pub(super) type Offers = Result<Option<Arc<Vec<IndexFile>>>, IndexError>;

/// The pages that were read, and what is on offer of each version that was asked for.
#[derive(Debug, Default)]
pub(super) struct Pages {
    read: Memo<String, Listed>,
    offers: Memo<(String, Option<String>), Offers>,
}

/// What reading a page takes.
#[derive(Clone, Copy)]
pub(super) struct Means<'a> {
    pub settings: &'a Settings,
    pub client: &'a Client,
    pub cache: &'a Cache,
}

impl Pages {
    /// What is on offer under a name, of one version or of all, by the rule of precedence: what was found first stands
    /// first.
    pub(super) fn offers(&self, name: &str, version: Option<&str>, means: Means<'_>) -> Offers {
        let key = (name.to_owned(), version.map(str::to_owned));
        self.offers.get_or_make(key, || self.look_up(name, version, means))
    }

    fn look_up(&self, name: &str, version: Option<&str>, means: Means<'_>) -> Offers {
        let mut offers = self.links(name, means)?;
        let mut is_known = !offers.is_empty();
        for index in means.settings.indexes.iter().filter(|index| !index.explicit) {
            let Some(listed) = self.of_index(&index.address, name, means)? else { continue };
            offers.extend(files_of(&listed, version, name)?);
            is_known |= !listed.is_empty();
            if means.settings.strategy == Strategy::First {
                break;
            }
        }
        Ok(is_known.then(|| Arc::new(offers)))
    }

    /// What one index has under a name.
    pub(super) fn of_one(&self, index: &str, name: &str, version: Option<&str>, means: Means<'_>) -> Offers {
        let plain = |url: &Url| url.as_str().trim_end_matches('/').to_owned();
        let address = Address::parse(index, Path::new(""))
            .map_err(|why| Cause::Page(why.to_string()).of("the index that a lock file names"))?;
        let is_it = |known: &&NamedIndex| plain(known.address.url()) == plain(address.url());
        let configured = means.settings.indexes.iter().find(is_it).map(|known| &known.address);
        match self.of_index(configured.unwrap_or(&address), name, means)? {
            Some(listed) if !listed.is_empty() => Ok(Some(Arc::new(files_of(&listed, version, name)?))),
            _ => Ok(None),
        }
    }

    fn of_index(&self, index: &Address, name: &str, means: Means<'_>) -> Listed {
        let mut url = index.url().clone();
        if let Ok(mut path) = url.path_segments_mut() {
            path.pop_if_empty().push(name).push("");
        }
        self.page(&url, Some(name), means)
    }

    /// What `--find-links` offers under a name.
    fn links(&self, name: &str, means: Means<'_>) -> Result<Vec<IndexFile>, IndexError> {
        let mut offers = Vec::new();
        for address in &means.settings.find_links {
            let Some(listed) = self.page(address.url(), None, means)? else { continue };
            let files = files_of(&listed, None, name)?;
            offers.extend(files.into_iter().filter(|file| choose::version_of(&file.name, name).is_some()));
        }
        Ok(offers)
    }

    /// A page of one project, or of whatever `--find-links` has.
    fn page(&self, url: &Url, project: Option<&str>, means: Means<'_>) -> Listed {
        self.read.get_or_make(url.to_string(), || {
            let listed = match url.to_file_path() {
                Ok(path) if url.scheme() == "file" => local(&path).map(|files| files.map(Listing::Read)),
                _ => remote(url, project, means),
            };
            listed.map(|listing| listing.map(Arc::new))
        })
    }
}

fn files_of(listing: &Listing, version: Option<&str>, name: &str) -> Result<Vec<IndexFile>, IndexError> {
    let damaged = || Cause::Page("what the cache has of it is damaged".to_owned()).of(name);
    listing.files(version).ok_or_else(damaged)
}

/// A folder with an `index.html`, a folder of files, a page, or a single file. What is not there offers nothing, as
/// installers take it.
fn local(path: &Path) -> Result<Option<Vec<IndexFile>>, IndexError> {
    let about = |error: std::io::Error| Cause::from(error).of(crate::model::shown(path));
    let page = path.join("index.html");
    if path.is_dir() && !page.is_file() {
        let mut files = Vec::new();
        for entry in fs::read_dir(path).map_err(about)?.flatten() {
            files.extend(of_file(&entry.path()));
        }
        files.sort_unstable();
        return Ok(Some(files));
    }
    let page = if path.is_dir() { page } else { path.to_owned() };
    if !page.is_file() {
        return Ok(None);
    }
    let is_page = page.extension().is_some_and(|ending| ["html", "htm"].iter().any(|html| ending == *html));
    let Some(base) = Url::from_file_path(&page).ok().filter(|_| is_page) else {
        return Ok(Some(of_file(&page).into_iter().collect()));
    };
    let text = fs::read(&page).map_err(about)?;
    page::read_html(&text, &base).map(Some).map_err(|cause| cause.of(crate::model::shown(path)))
}

/// A file of this machine, as an index would list it.
pub(super) fn of_file(path: &Path) -> Option<IndexFile> {
    let name = path.file_name()?.to_str()?.to_owned();
    let metadata = fs::metadata(path).ok().filter(fs::Metadata::is_file)?;
    Some(IndexFile {
        name: page::is_plain(&name).then_some(name)?,
        url: Url::from_file_path(path).ok()?.to_string(),
        size: Some(metadata.len()),
        hashes: Vec::new(),
        yanked: None,
        requires_python: None,
        metadata: None,
    })
}

/// What is at hand of a page.
enum Page {
    /// What an earlier run made of it.
    Made(Listing),
    /// Itself.
    Text(Vec<u8>),
}

/// A page from the cache where it is fresh, from the server where not.
fn remote(url: &Url, project: Option<&str>, means: Means<'_>) -> Result<Option<Listing>, IndexError> {
    let kept = kept(url, means.cache);
    let fresh = kept.as_ref().is_some_and(|(head, _)| head.fresh_until > cache::now());
    let (head, page) = match kept {
        Some(kept) if fresh || means.settings.offline => {
            debug!(url = redacted(url), fresh, "took the page from the cache");
            kept
        }
        None if means.settings.offline => return Err(Cause::Offline.of(redacted(url))),
        kept => ask(url, kept, means)?,
    };
    let text = match page {
        _ if head.status == 404 => return Ok(None),
        Page::Made(listing) => return Ok(Some(listing)),
        Page::Text(text) => text,
    };
    let base = head.url.parse().unwrap_or_else(|_| url.clone());
    let files = page::read(&text, &head.content_type, &base).map_err(|cause| cause.of(redacted(url)))?;
    if let Some(text) = project.and_then(|project| listing::text(&files, project)) {
        means.cache.keep_page_files(url, &head, &text);
    }
    Ok(Some(Listing::Read(files)))
}

fn kept(url: &Url, cache: &Cache) -> Option<(PageHead, Page)> {
    let head = cache.page_head(url)?;
    let made = cache.page_files(url, &head).map(|files| Page::Made(Listing::Kept(files)));
    let page = made.or_else(|| cache.page_text(url, &head).map(Page::Text))?;
    Some((head, page))
}

/// Asks the server, and keeps what it says. Of a page that was kept it is asked whether it still counts.
fn ask(url: &Url, kept: Option<(PageHead, Page)>, means: Means<'_>) -> Result<(PageHead, Page), IndexError> {
    let known = kept.as_ref().map(|(head, _)| (head.etag.as_deref(), head.last_modified.as_deref()));
    let limit = means.settings.largest_page;
    let request = Request { accept: Some(page::ACCEPT), known, ..Request::of(url) };
    let (fresh, answer) = means.client.get(&request, |head, body| {
        if head.status == 304 && kept.is_some() {
            return Ok((head.fresh_for(), None));
        }
        let mut text = Vec::new();
        if head.status == 200 {
            let damaged = |error: std::io::Error| Cause::Page(format!("its answer is damaged ({error})"));
            body.take(limit + 1).read_to_end(&mut text).map_err(damaged)?;
        } else if ![404, 410].contains(&head.status) {
            return Err(Cause::Status(head.status));
        }
        if text.len() as u64 > limit {
            return Err(Cause::TooLarge { limit });
        }
        Ok((head.fresh_for(), Some((page_head(head, &text), Page::Text(text)))))
    })?;
    let is_new = answer.is_some();
    let Some((mut head, page)) = answer.or(kept) else { return Err(Cause::Status(304).of(redacted(url))) };
    if let Some(fresh) = fresh {
        head.fresh_until = cache::now().saturating_add(fresh.as_secs());
        let text = match &page {
            Page::Text(text) if is_new => Some(text.as_slice()),
            _ => None,
        };
        means.cache.keep_page(url, &head, text);
    }
    Ok((head, page))
}

pub(super) fn page_head(head: &Head, text: &[u8]) -> PageHead {
    let mut url = head.url.clone();
    url.set_query(None);
    PageHead {
        status: if head.status == 200 { 200 } else { 404 },
        url: url.to_string(),
        content_type: head.content_type().to_owned(),
        etag: head.etag().map(str::to_owned),
        last_modified: head.last_modified().map(str::to_owned),
        fresh_until: 0,
        sha256: cache::sha256(text),
    }
}
