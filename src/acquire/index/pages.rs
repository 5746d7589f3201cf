//! What the indexes and `--find-links` list of a project: each page is read once in a run, whoever asks, and kept for the
//! next run.

use super::NamedIndex;
use super::address::{Address, redacted};
use super::cache::{self, Cache, PageHead};
use super::choose;
use super::error::{Cause, IndexError};
use super::http::{Client, Head, Request};
use super::memo::Memo;
use super::page;
use super::settings::{Settings, Strategy};
use crate::model::IndexFile;
use std::fs;
use std::io::Read;
use std::path::Path;
use std::sync::Arc;
use url::Url;

/// Files of one project; none where there is no such page.
type Listed = Result<Option<Arc<Vec<IndexFile>>>, IndexError>;

/// The pages that were read.
#[derive(Debug, Default)]
pub(super) struct Pages {
    read: Memo<String, Listed>,
}

/// What reading a page takes.
#[derive(Clone, Copy)]
pub(super) struct Means<'a> {
    pub settings: &'a Settings,
    pub client: &'a Client,
    pub cache: &'a Cache,
}

impl Pages {
    /// What is on offer under a name, by the rule of precedence: what was found first stands first.
    pub(super) fn offers(&self, name: &str, means: Means<'_>) -> Result<Vec<IndexFile>, IndexError> {
        let mut offers = self.links(name, means)?;
        for index in means.settings.indexes.iter().filter(|index| !index.explicit) {
            let listed = self.of_index(&index.address, name, means)?;
            let has_it = listed.is_some();
            offers.extend(listed.iter().flat_map(|files| files.iter().cloned()));
            if has_it && means.settings.strategy == Strategy::First {
                break;
            }
        }
        Ok(offers)
    }

    /// What one index has under a name.
    pub(super) fn of_one(
        &self,
        index: &str,
        name: &str,
        means: Means<'_>,
    ) -> Result<Vec<IndexFile>, IndexError> {
        let plain = |url: &Url| url.as_str().trim_end_matches('/').to_owned();
        let address = Address::parse(index, Path::new(""))
            .map_err(|why| Cause::Page(why.to_string()).of("the index that a lock file names"))?;
        let is_it = |known: &&NamedIndex| plain(known.address.url()) == plain(address.url());
        let configured = means.settings.indexes.iter().find(is_it).map(|known| &known.address);
        let listed = self.of_index(configured.unwrap_or(&address), name, means)?;
        Ok(listed.map_or_else(Vec::new, |files| files.to_vec()))
    }

    fn of_index(&self, index: &Address, name: &str, means: Means<'_>) -> Listed {
        let mut url = index.url().clone();
        if let Ok(mut path) = url.path_segments_mut() {
            path.pop_if_empty().push(name).push("");
        }
        self.page(&url, means)
    }

    /// What `--find-links` offers under a name.
    fn links(&self, name: &str, means: Means<'_>) -> Result<Vec<IndexFile>, IndexError> {
        let mut offers = Vec::new();
        for address in &means.settings.find_links {
            let files = self.page(address.url(), means)?.unwrap_or_default();
            offers
                .extend(files.iter().filter(|file| choose::version_of(&file.name, name).is_some()).cloned());
        }
        Ok(offers)
    }

    fn page(&self, url: &Url, means: Means<'_>) -> Listed {
        self.read.get_or_make(url.to_string(), || {
            let listed = match url.to_file_path() {
                Ok(path) if url.scheme() == "file" => local(&path),
                _ => remote(url, means),
            };
            listed.map(|files| files.map(Arc::new))
        })
    }
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

/// A page from the cache where it is fresh, from the server where not.
fn remote(url: &Url, means: Means<'_>) -> Result<Option<Vec<IndexFile>>, IndexError> {
    let kept = means.cache.page(url);
    let fresh = kept.as_ref().is_some_and(|(head, _)| head.fresh_until > cache::now());
    let (head, text) = match kept {
        Some(kept) if fresh || means.settings.offline => kept,
        None if means.settings.offline => return Err(Cause::Offline.of(redacted(url))),
        kept => ask(url, kept, means)?,
    };
    if head.status == 404 {
        return Ok(None);
    }
    let read = |base: Url| page::read(&text, &head.content_type, &base);
    let base = head.url.parse().unwrap_or_else(|_| url.clone());
    read(base).map(Some).map_err(|cause| cause.of(redacted(url)))
}

/// Asks the server, and keeps what it says. Of a page that was kept it is asked whether it still counts.
fn ask(
    url: &Url,
    kept: Option<(PageHead, Vec<u8>)>,
    means: Means<'_>,
) -> Result<(PageHead, Vec<u8>), IndexError> {
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
        Ok((head.fresh_for(), Some((page_head(head, &text), text))))
    })?;
    let Some((mut head, text)) = answer.or(kept) else { return Err(Cause::Status(304).of(redacted(url))) };
    if let Some(fresh) = fresh {
        head.fresh_until = cache::now().saturating_add(fresh.as_secs());
        means.cache.keep_page(url, &head, &text);
    }
    Ok((head, text))
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
