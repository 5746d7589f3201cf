//! A wheel's core metadata, with as little of the wheel as possible: what the index serves beside it (PEP 658), else what
//! stands in those parts of it that an audit reads anyway.

use super::error::{Cause, IndexError};
use super::http::Request;
use super::limits;
use super::pages::Means;
use super::whole;
use crate::model::{Hash, IndexFile};
use std::fs::File;
use std::io::Read;
use std::path::Path;
use url::Url;

/// The file beside the wheel; none where it is not there in spite of what the index says.
pub(super) fn beside(
    file: &IndexFile,
    hashes: &[Hash],
    means: Means<'_>,
) -> Result<Option<String>, IndexError> {
    let about = |cause: Cause| cause.of(format!("{}.metadata", file.name));
    let no_url = |_| about(Cause::Page("its address is no URL".to_owned()));
    let mut url: Url = file.url.parse().map_err(no_url)?;
    url.set_path(&format!("{}.metadata", url.path()));
    // What belongs to a file never changes, so what is kept needs no second look.
    let kept = means.cache.page_head(&url).and_then(|head| means.cache.page_text(&url, &head));
    let text = match kept {
        Some(text) => text,
        None if means.settings.offline => return Ok(None),
        None => {
            let asked = means.client.get(&Request::of(&url), |head, body| {
                let mut text = Vec::new();
                body.take(limits::METADATA + 1).read_to_end(&mut text)?;
                if text.len() as u64 > limits::METADATA {
                    return Err(Cause::TooLarge { limit: limits::METADATA });
                }
                Ok((head.status == 200).then(|| (super::pages::page_head(head, &text), text)))
            })?;
            let Some((head, text)) = asked else { return Ok(None) };
            means.cache.keep_page(&url, &head, Some(&text));
            text
        }
    };
    let found = whole::Digests::of(&mut &*text, hashes).map_err(|error| about(error.into()))?;
    if hashes.iter().all(|hash| whole::is_or_unknown(hash, &found)) {
        Ok(Some(String::from_utf8_lossy(&text).into_owned()))
    } else {
        Err(about(whole::differ(hashes, &found)))
    }
}

/// The member of a wheel that was fetched.
pub(super) fn inside(wheel: &Path) -> Result<String, Cause> {
    let damaged =
        |error: zip::result::ZipError| Cause::Page(format!("its metadata cannot be read ({error})"));
    let mut archive = zip::ZipArchive::new(File::open(wheel)?).map_err(damaged)?;
    let is_metadata = |name: &str| {
        name.split_once('/')
            .is_some_and(|(folder, file)| folder.ends_with(".dist-info") && file == "METADATA")
    };
    let name =
        archive.file_names().flatten().map(std::borrow::Cow::into_owned).find(|name| is_metadata(name));
    let name = name.ok_or_else(|| Cause::Page("it has no METADATA".to_owned()))?;
    let member = archive.by_name(&name).map_err(damaged)?;
    let mut text = Vec::new();
    member.take(limits::METADATA + 1).read_to_end(&mut text)?;
    if text.len() as u64 > limits::METADATA {
        return Err(Cause::TooLarge { limit: limits::METADATA });
    }
    Ok(String::from_utf8_lossy(&text).into_owned())
}
