//! An index on loopback: pages as PEP 691 has them, and files; and wheels made by hand, as small as can be.

use crate::module::Module;
use crate::server::{Reply, Request, Server};
use sha2::{Digest, Sha256};
use std::fmt::Write as _;
use std::io::Write as _;
use std::sync::Arc;

/// A file on offer.
#[derive(Clone)]
pub struct File {
    pub name: String,
    pub bytes: Arc<Vec<u8>>,
    pub yanked: bool,
}

impl File {
    pub fn new(name: impl Into<String>, bytes: Vec<u8>) -> Self {
        Self { name: name.into(), bytes: Arc::new(bytes), yanked: false }
    }

    pub fn yanked(self) -> Self {
        Self { yanked: true, ..self }
    }

    pub fn sha256(&self) -> String {
        data_encoding::HEXLOWER.encode(&Sha256::digest(&*self.bytes))
    }

    /// The project that it is of, normalised.
    pub fn project(&self) -> String {
        ftaudit::model::normalise(self.name.split('-').next().unwrap())
    }

    pub fn version(&self) -> String {
        self.name.trim_end_matches(".tar.gz").split('-').nth(1).unwrap().to_owned()
    }
}

/// What a made module says of the GIL.
pub const USED: u64 = 0;
pub const NOT_USED: u64 = 1;

/// Tag of wheels for free-threaded 3.14 on the platform that most tests ask for.
pub const LINUX: &str = "cp314-cp314t-manylinux_2_28_x86_64";

/// An extension module for free-threaded 3.14.
pub fn module(gil: u64) -> Vec<u8> {
    Module { hooks: &["PyInit_module"], gil }.build()
}

/// A wheel with one extension module.
pub fn wheel(project: &str, version: &str, tag: &str, gil: u64) -> File {
    wheel_of(project, version, tag, &[("module.cpython-314t-x86_64-linux-gnu.so", module(gil))])
}

/// A wheel without any.
pub fn pure(project: &str, version: &str) -> File {
    wheel_of(project, version, "py3-none-any", &[("__init__.py", Vec::new())])
}

/// A wheel with these files in its package.
pub fn wheel_of(project: &str, version: &str, tag: &str, members: &[(&str, Vec<u8>)]) -> File {
    let about = format!("{project}-{version}.dist-info");
    let mut archive = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
    let mut add = |path: String, bytes: &[u8]| {
        archive.start_file(path, zip::write::SimpleFileOptions::default()).unwrap();
        archive.write_all(bytes).unwrap();
    };
    for (path, bytes) in members {
        add(format!("{project}/{path}"), bytes);
    }
    let metadata = format!("Metadata-Version: 2.1\nName: {project}\nVersion: {version}\n");
    add(format!("{about}/METADATA"), metadata.as_bytes());
    add(format!("{about}/WHEEL"), format!("Wheel-Version: 1.0\nTag: {tag}\n").as_bytes());
    add(format!("{about}/RECORD"), b"");
    File::new(format!("{project}-{version}-{tag}.whl"), archive.finish().unwrap().into_inner())
}

/// Serves these files.
pub fn serve(files: Vec<File>) -> Server {
    Server::new(move |request| answer(request, &files))
}

/// `/simple/NAME/` lists a project's files, `/files/NAME` is one.
pub fn answer(request: &Request, files: &[File]) -> Reply {
    let mut parts = request.path.trim_matches('/').split('/').skip_while(|part| !KINDS.contains(part));
    match (parts.next(), parts.next()) {
        (Some("simple"), Some(project)) => page(files.iter().filter(|file| file.project() == project)),
        (_, Some(name)) => match files.iter().find(|file| file.name == name) {
            Some(file) => Reply::file(request, &file.bytes),
            None => Reply::status(404),
        },
        _ => Reply::status(404),
    }
}

const KINDS: [&str; 2] = ["simple", "files"];

fn page<'a>(files: impl Iterator<Item = &'a File>) -> Reply {
    let mut listed = String::new();
    for file in files {
        let separator = if listed.is_empty() { "" } else { "," };
        let _ = write!(
            listed,
            r#"{separator}{{"filename":"{name}","url":"../../files/{name}","hashes":{{"sha256":"{}"}},"size":{},"yanked":{}}}"#,
            file.sha256(),
            file.bytes.len(),
            file.yanked,
            name = file.name,
        );
    }
    if listed.is_empty() {
        return Reply::status(404);
    }
    Reply::json(format!(r#"{{"meta":{{"api-version":"1.0"}},"name":"x","files":[{listed}]}}"#))
}
