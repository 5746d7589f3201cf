//! The files that a lock file names for a version.

use super::address::Address;
use super::error::{Cause, IndexError};
use super::{Index, choose, nothing, page, whole};
use crate::model::{Choice, Context, IndexFile, ListedFile, Taken, Want};
use std::path::Path;

impl Index {
    /// One of the files of a lock file; where it does not say where they are, the index does.
    pub(super) fn choose_listed(&self, want: &Want, listed: &[ListedFile], context: Context) -> Choice {
        let offers = if listed.iter().any(|file| file.url.is_none()) {
            self.pages.offers(&want.name, want.version.as_deref(), self.means())
        } else {
            Ok(None)
        };
        let located = offers.and_then(|offers| {
            let offers = offers.unwrap_or_default();
            listed.iter().filter_map(|file| self.locate(file, &offers).transpose()).collect()
        });
        let files: Vec<IndexFile> = match located {
            Ok(files) => files,
            Err(error) => return Choice { taken: Taken::Unread(error.note()), considered: Vec::new() },
        };
        let choice = choose::choose(want, &files, context);
        let (Taken::Wheel(file) | Taken::SourceArchive(file)) = &choice.taken else { return choice };
        let locked = listed.iter().find(|listed| listed.name == file.name);
        match locked.map(|locked| (choose::hash_fits(&file.hashes, &locked.hashes), locked)) {
            // Where the index has another file under its name, an installer refuses it.
            Some((Some(false), locked)) => {
                nothing(format!("{}: {}", file.name, whole::differ(&locked.hashes, &file.hashes)))
            }
            _ => choice,
        }
    }

    /// Where a file of a lock file is to be had; none where the index does not have it.
    fn locate(&self, listed: &ListedFile, offers: &[IndexFile]) -> Result<Option<IndexFile>, IndexError> {
        if let Some(url) = &listed.url {
            let address = Address::parse(url, Path::new(""));
            let address = address.map_err(|why| Cause::Page(why.to_string()).of(&listed.name))?;
            self.client.learn(&address);
            return Ok(page::is_plain(&listed.name).then(|| IndexFile {
                name: listed.name.clone(),
                url: address.url().to_string(),
                size: listed.size,
                hashes: listed.hashes.clone(),
                yanked: None,
                requires_python: None,
                metadata: None,
            }));
        }
        let offer = offers.iter().find(|offer| offer.name == listed.name);
        Ok(offer.map(|offer| match choose::hash_fits(&offer.hashes, &listed.hashes) {
            Some(false) => offer.clone(),
            _ => IndexFile {
                hashes: whole::known(offer, &listed.hashes),
                size: listed.size.or(offer.size),
                ..offer.clone()
            },
        }))
    }
}
