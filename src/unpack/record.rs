//! `RECORD`: which files a distribution owns, and their checksums
//! ([PyPA specification](https://packaging.python.org/en/latest/specifications/recording-installed-packages/)).
//! Apart because an environment's come to megabytes: only lines about binaries are looked at closely.

use crate::model::FileKind;
use data_encoding::{BASE64URL_NOPAD, HEXLOWER};
use std::borrow::Cow;

/// What one line says of a module or a library.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Owned<'a> {
    /// The path as written, with `/` between parts.
    pub path: Cow<'a, str>,
    /// The checksum in lower-case hexadecimal, where there is one of that kind.
    pub sha256: Option<String>,
}

/// The lines about modules and libraries, in the order written.
pub(super) fn binaries(record: &str) -> impl Iterator<Item = Owned<'_>> {
    record.lines().filter_map(binary)
}

fn binary(line: &str) -> Option<Owned<'_>> {
    let (path, rest) = first_field(line)?;
    let file_name = path.rsplit(['/', '\\']).next()?;
    FileKind::of(file_name.as_bytes())?;
    let hash = rest.split(',').next().unwrap_or("");
    let path = if path.contains('\\') { Cow::Owned(path.replace('\\', "/")) } else { path };
    Some(Owned { path, sha256: hash.strip_prefix("sha256=").and_then(hexadecimal) })
}

/// The path, and what follows its comma. Paths with a comma or a quote stand in quotes, as in any CSV file.
fn first_field(line: &str) -> Option<(Cow<'_, str>, &str)> {
    let Some(quoted) = line.strip_prefix('"') else {
        let (path, rest) = line.split_once(',').unwrap_or((line, ""));
        return Some((Cow::Borrowed(path), rest));
    };
    let mut path = String::new();
    let mut rest = quoted;
    loop {
        let (text, behind) = rest.split_once('"')?;
        path.push_str(text);
        match behind.strip_prefix('"') {
            Some(more) => {
                path.push('"');
                rest = more;
            }
            None => return Some((Cow::Owned(path), behind.strip_prefix(',').unwrap_or(""))),
        }
    }
}

/// `RECORD` writes checksums in URL-safe Base64 without padding; everything else writes them in hexadecimal.
fn hexadecimal(base64: &str) -> Option<String> {
    let bytes = BASE64URL_NOPAD.decode(base64.trim_end_matches('=').as_bytes()).ok()?;
    (bytes.len() == 32).then(|| HEXLOWER.encode(&bytes))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// SHA-256 of nothing.
    const HASH: &str = "sha256=47DEQpj8HBSa-_TImW-5JCeuQeRkm5NMpJWZG3hSuFU";
    const HEX: &str = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";

    fn paths(record: &str) -> Vec<String> {
        binaries(record).map(|owned| owned.path.into_owned()).collect()
    }

    #[test]
    fn binaries_are_found_among_other_files() {
        let record =
            format!("a/__init__.py,{HASH},0\r\na/_x.so,{HASH},5\r\na.libs/libz.so.1,,\r\na/RECORD,,\r\n");
        let found: Vec<_> = binaries(&record).collect();
        assert_eq!(found.len(), 2);
        assert_eq!(found[0], Owned { path: "a/_x.so".into(), sha256: Some(HEX.into()) });
        assert_eq!(found[1], Owned { path: "a.libs/libz.so.1".into(), sha256: None });
    }

    #[test]
    fn quoted_paths_and_backslashes() {
        assert_eq!(
            paths("\"a,b/_x.so\",,\n\"a\"\"b.so\",,\na\\_y.pyd,,"),
            ["a,b/_x.so", "a\"b.so", "a/_y.pyd"]
        );
    }

    #[test]
    fn malformed_lines_are_passed_over() {
        assert_eq!(paths("\"open.so,,\n\n,,\n,"), [""; 0]);
        assert_eq!(paths("bare.so"), ["bare.so"]);
        for hash in ["sha256=", "sha256=short", "sha256=!!!", "md5=47DEQpj8HBSa-_TImW-5JA", "nothing"] {
            let line = format!("x.so,{hash},1");
            assert_eq!(binaries(&line).next().unwrap().sha256, None, "{hash}");
        }
    }

    #[test]
    fn padded_checksums_are_read() {
        let line = format!("x.so,{HASH}=,1");
        assert_eq!(binaries(&line).next().unwrap().sha256.as_deref(), Some(HEX));
    }
}
