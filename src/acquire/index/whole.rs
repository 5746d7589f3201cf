//! A whole file, held against its size and every hash that is known of it.

use super::cache::Cache;
use super::choose::hash_fits;
use super::error::{Cause, IndexError};
use super::http::{Client, Request, copy};
use crate::model::{Hash, IndexFile};
use data_encoding::HEXLOWER;
use sha2::digest::DynDigest;
use std::io::{self, Read, Seek, Write};
use tempfile::NamedTempFile;
use url::Url;

/// Digests of one file, made while it is written.
pub(super) struct Digests(Vec<(&'static str, Box<dyn DynDigest>)>);

impl Digests {
    /// SHA-256, which the cache goes by, and of the others those that something is known of.
    fn new(known: &[Hash]) -> Self {
        let others = ["sha224", "sha384", "sha512"].into_iter();
        let wanted = others.filter(|name| known.iter().any(|hash| hash.algorithm == *name));
        let digest = |name: &str| -> Box<dyn DynDigest> {
            match name {
                "sha224" => Box::new(sha2::Sha224::default()),
                "sha384" => Box::new(sha2::Sha384::default()),
                "sha512" => Box::new(sha2::Sha512::default()),
                _ => Box::new(sha2::Sha256::default()),
            }
        };
        Self(std::iter::once("sha256").chain(wanted).map(|name| (name, digest(name))).collect())
    }

    fn finish(self) -> Vec<Hash> {
        let hash = |(name, digest): (&str, Box<dyn DynDigest>)| Hash {
            algorithm: name.to_owned(),
            digest: HEXLOWER.encode(&digest.finalize()),
        };
        self.0.into_iter().map(hash).collect()
    }

    /// The digests of a file that is there.
    pub(super) fn of(file: &mut impl Read, known: &[Hash]) -> io::Result<Vec<Hash>> {
        let mut writer = Hashing { digests: Self::new(known), inner: io::sink() };
        copy(file, &mut writer)?;
        Ok(writer.digests.finish())
    }
}

/// Hashes what is written.
struct Hashing<W> {
    digests: Digests,
    inner: W,
}

impl<W: Write> Write for Hashing<W> {
    fn write(&mut self, buffer: &[u8]) -> io::Result<usize> {
        let written = self.inner.write(buffer)?;
        let bytes = buffer.get(..written).unwrap_or_default();
        self.digests.0.iter_mut().for_each(|(_, digest)| digest.update(bytes));
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.inner.flush()
    }
}

/// Every hash that is known of a file, by whoever says it.
pub(super) fn known(file: &IndexFile, accepted: &[Hash]) -> Vec<Hash> {
    [&file.hashes, accepted].concat()
}

/// Holds what a file hashes to against what the index says, all of it, and against what is accepted, any of it.
/// Gives whether anything could be compared.
pub(super) fn check(found: &[Hash], file: &IndexFile, accepted: &[Hash]) -> Result<bool, Cause> {
    let said = hash_fits(found, &file.hashes);
    if said.is_some() && !file.hashes.iter().all(|hash| is_or_unknown(hash, found)) {
        return Err(differ(&file.hashes, found));
    }
    let comparable: Vec<&Hash> =
        accepted.iter().filter(|hash| found.iter().any(|found| found.algorithm == hash.algorithm)).collect();
    if !accepted.is_empty() && !comparable.iter().any(|hash| found.contains(hash)) {
        return Err(differ(accepted, found));
    }
    Ok(said.is_some() || !comparable.is_empty())
}

/// Two that should be the same and are not.
pub(super) fn differ(expected: &[Hash], found: &[Hash]) -> Cause {
    Cause::Hash { expected: listed(expected), found: listed(found) }
}

/// Whether a hash is among those that were found, or of a kind that was not looked for.
pub(super) fn is_or_unknown(hash: &Hash, found: &[Hash]) -> bool {
    found.iter().all(|found| found.algorithm != hash.algorithm || found == hash)
}

fn listed(hashes: &[Hash]) -> String {
    let listed: Vec<String> = hashes.iter().map(Hash::to_string).collect();
    listed.join(" or ")
}

/// Hashes a file that was written, and holds it against what is known.
pub(super) fn check_written(
    written: &mut NamedTempFile,
    file: &IndexFile,
    accepted: &[Hash],
) -> Result<(Vec<Hash>, bool), Cause> {
    written.as_file_mut().rewind()?;
    let found = Digests::of(written.as_file_mut(), &known(file, accepted))?;
    let verified = check(&found, file, accepted)?;
    Ok((found, verified))
}

/// Fetches a file; gives it with what it hashes to, and whether anything could be compared to that.
pub(super) fn fetch(
    client: &Client,
    cache: &Cache,
    url: &Url,
    file: &IndexFile,
    accepted: &[Hash],
    largest: u64,
) -> Result<(NamedTempFile, Vec<Hash>, bool), IndexError> {
    let largest = file.size.unwrap_or(largest).min(largest);
    client.get(&Request::of(url), |head, body| {
        if head.status != 200 {
            return Err(Cause::Status(head.status));
        }
        let too_large = |found| match file.size {
            Some(expected) => Cause::Size { expected, found },
            None => Cause::TooLarge { limit: largest },
        };
        if let Some(length) = head.length().filter(|length| *length > largest) {
            return Err(too_large(length));
        }
        let digests = Digests::new(&known(file, accepted));
        let mut writer = Hashing { digests, inner: cache.begin()? };
        let copied = copy(&mut body.take(largest.saturating_add(1)), &mut writer)?;
        if copied > largest {
            return Err(too_large(copied));
        }
        if let Some(expected) = file.size.filter(|size| *size != copied) {
            return Err(Cause::Size { expected, found: copied });
        }
        let found = writer.digests.finish();
        let verified = check(&found, file, accepted)?;
        Ok((writer.inner, found, verified))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hash(algorithm: &str, digest: &str) -> Hash {
        Hash { algorithm: algorithm.to_owned(), digest: digest.to_owned() }
    }

    fn file(hashes: &[Hash]) -> IndexFile {
        IndexFile {
            name: "foo-1-py3-none-any.whl".to_owned(),
            url: "http://localhost/foo-1-py3-none-any.whl".to_owned(),
            size: None,
            hashes: hashes.to_vec(),
            yanked: None,
            requires_python: None,
            metadata: None,
        }
    }

    #[test]
    fn digests_of_nothing() {
        let found = Digests::of(&mut io::empty(), &[hash("sha512", ""), hash("md5", "")]).unwrap();
        assert_eq!(found.len(), 2);
        assert!(found[0].to_string().starts_with("sha256:e3b0c442"));
        assert!(found[1].to_string().starts_with("sha512:cf83e135"));
    }

    #[test]
    fn what_is_said_must_all_fit_and_of_what_is_accepted_any() {
        let found = [hash("sha256", "aa"), hash("sha512", "bb")];
        let check = |said: &[Hash], accepted: &[Hash]| check(&found, &file(said), accepted).ok();
        let (good, bad, unknown) = (hash("sha256", "aa"), hash("sha256", "cc"), hash("md5", "dd"));
        assert_eq!(check(&[], &[]), Some(false));
        assert_eq!(check(std::slice::from_ref(&good), &[]), Some(true));
        assert_eq!(check(&[good.clone(), hash("sha512", "cc")], &[]), None);
        assert_eq!(check(std::slice::from_ref(&bad), std::slice::from_ref(&good)), None);
        assert_eq!(check(&[], &[bad.clone(), good.clone()]), Some(true));
        assert_eq!(check(&[], std::slice::from_ref(&bad)), None);
        assert_eq!(check(std::slice::from_ref(&unknown), &[]), Some(false));
        assert_eq!(check(&[good], &[unknown]), None);
    }
}
