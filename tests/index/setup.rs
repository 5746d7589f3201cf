//! An index on a made server, with a cache of its own and little patience; made wheels.

use crate::server::Server;
use ftaudit::acquire::index::{Index, IndexOptions, Settings, Surroundings};
use ftaudit::model::{Choice, Context, IndexFile, Platform, Source, Taken, Target, Want};
use sha2::{Digest, Sha256};
use std::io::Write;
use std::time::Duration;
use zip::write::SimpleFileOptions;

pub const LINUX: Context = Context { target: Target::Py314t, platform: Platform::LinuxX86_64 };

/// A folder that is home, project and cache.
pub struct Place(tempfile::TempDir);

impl Place {
    pub fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    pub fn path(&self) -> &std::path::Path {
        self.0.path()
    }

    /// Settings from variables, for servers that are near and are not waited for.
    pub fn settings(&self, variables: &[(&str, &str)]) -> Settings {
        let nothing = self.path().display().to_string();
        let mut all = vec![("XDG_CONFIG_DIRS", nothing.as_str())];
        all.extend(variables);
        let surroundings = Surroundings::made_up(self.path(), &all);
        let mut settings = Settings::resolve(&IndexOptions::default(), false, &surroundings).unwrap();
        settings.network.timeout = Duration::from_secs(1);
        settings.network.backoff = Duration::from_millis(10);
        settings.network.retries = 2;
        settings
    }

    /// An index below `/simple/` of a server.
    pub fn index(&self, server: &Server) -> Index {
        Index::new(self.settings(&[("FTAUDIT_INDEX_URL", &server.url("/simple/"))]))
    }

    pub fn offline(&self, server: &Server) -> Index {
        let settings = self.settings(&[("FTAUDIT_INDEX_URL", &server.url("/simple/"))]);
        Index::new(Settings { offline: true, ..settings })
    }
}

pub fn want(name: &str, version: &str) -> Want {
    Want {
        name: name.to_owned(),
        version: Some(version.to_owned()),
        source: Source::Index,
        hashes: Vec::new(),
        contexts: vec![LINUX],
        said_by: "the test".to_owned(),
        chain: Vec::new(),
    }
}

/// The wheel that was taken.
pub fn taken(choice: &Choice) -> IndexFile {
    match &choice.taken {
        Taken::Wheel(file) => file.clone(),
        other => panic!("{other:?}"),
    }
}

/// Why nothing could be found out.
pub fn unread(choice: &Choice) -> String {
    match &choice.taken {
        Taken::Unread(note) => note.to_string(),
        other => panic!("{other:?}"),
    }
}

pub fn sha256(bytes: &[u8]) -> String {
    data_encoding::HEXLOWER.encode(&Sha256::digest(bytes))
}

/// Bytes that do not compress.
pub fn noise(length: usize, seed: u64) -> Vec<u8> {
    let mut state = seed.wrapping_add(0x9e37_79b9_7f4a_7c15);
    std::iter::repeat_with(|| {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state.to_be_bytes()[3]
    })
    .take(length)
    .collect()
}

/// A wheel of `foo` 1.0 with a module between much that no audit reads.
pub fn wheel() -> Vec<u8> {
    archive(&[
        ("foo/data/one.bin", noise(900_000, 1)),
        ("foo/_x.so", noise(50_000, 2)),
        ("foo/data/two.bin", noise(900_000, 3)),
        ("foo-1.0.dist-info/METADATA", b"Metadata-Version: 2.1\nName: foo\nVersion: 1.0\n".to_vec()),
        ("foo-1.0.dist-info/WHEEL", b"Wheel-Version: 1.0\nTag: py3-none-any\n".to_vec()),
        ("foo-1.0.dist-info/RECORD", b"foo/_x.so,,\n".to_vec()),
    ])
}

pub fn archive(members: &[(&str, Vec<u8>)]) -> Vec<u8> {
    let mut archive = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
    for (name, bytes) in members {
        archive.start_file(*name, SimpleFileOptions::default()).unwrap();
        archive.write_all(bytes).unwrap();
    }
    archive.finish().unwrap().into_inner()
}

pub const NAME: &str = "foo-1.0-py3-none-any.whl";

/// A page that lists that wheel.
pub fn listing(bytes: &[u8]) -> String {
    format!("<a href='/files/{NAME}#sha256={}'>{NAME}</a>", sha256(bytes))
}
