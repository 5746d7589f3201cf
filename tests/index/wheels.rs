//! Real wheels, fetched in parts: an audit reads the same of them as of the whole.

use crate::scripts;
use crate::server::{Reply, Server};
use crate::setup::{LINUX, Place, sha256, taken, want};
use ftaudit::model::{Artifact, ArtifactKind, Taken, WheelName, normalise};
use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Larger ones take too long for what they add.
const LARGEST: u64 = 12 << 20;

/// The wheels of the lock file for 3.14t on Linux, by name and version.
fn cached() -> Option<BTreeMap<(String, String), PathBuf>> {
    if scripts::told_to_skip("FTAUDIT_TEST_SKIP_WHEELS") {
        println!("SKIPPED: no wheel is fetched, because FTAUDIT_TEST_SKIP_WHEELS=1");
        return None;
    }
    let lock = scripts::in_repository("tests/wheels.lock");
    let folder =
        PathBuf::from(scripts::run("tests/support/wheels.py", &[lock.to_str().unwrap(), "wheels"]).trim());
    let text = fs::read_to_string(lock).unwrap();
    let lines = text.lines().filter(|line| !line.starts_with('#')).filter_map(|line| line.split_once("  "));
    let wheels = lines.filter_map(|(_, file)| {
        let name: WheelName = file.parse().unwrap();
        let path = folder.join(file);
        let fits = file.contains("-cp314t-") && fs::metadata(&path).unwrap().len() <= LARGEST;
        fits.then(|| ((normalise(&name.distribution), name.version), path))
    });
    Some(wheels.collect())
}

/// Everything that an audit would read of a wheel: members with their hashes, and what it says of itself.
fn read(path: &Path) -> (String, Vec<(String, Option<String>, String)>) {
    let unpacked =
        ftaudit::unpack::open(&Artifact { path: path.to_owned(), kind: ArtifactKind::Wheel }).unwrap();
    let distribution = &unpacked.distributions[0];
    let members = distribution.members.iter().chain(&distribution.libraries).map(|member| {
        let bytes = unpacked.read(distribution, member).unwrap();
        (member.path.clone(), member.sha256.clone(), sha256(&bytes))
    });
    (format!("{distribution} {:?} {:?}", distribution.tags, unpacked.notes), members.collect())
}

#[test]
fn parts_of_real_wheels_are_audited_as_the_whole() {
    let Some(wheels) = cached() else { return };
    assert!(wheels.len() >= 30, "{}", wheels.len());
    let offered = Arc::new(wheels.clone());
    let server = Server::new(move |request| {
        let path = request.path.trim_start_matches("/simple/").trim_end_matches('/');
        let of_project = offered.iter().filter(|((name, _), _)| name == path);
        let link = |file: &PathBuf| format!("<a href='/files/{}'></a>", file.file_name().unwrap().display());
        let links: Vec<String> = of_project.map(|(_, file)| link(file)).collect();
        let name = request.path.trim_start_matches("/files/");
        match offered.values().find(|file| file.file_name().unwrap().to_str() == Some(name)) {
            Some(file) => Reply::file(request, &fs::read(file).unwrap()),
            None => Reply::html(links.concat()),
        }
    });
    let place = Place::new();
    let index = place.index(&server);
    let mut in_parts = 0;
    for ((name, version), whole) in &wheels {
        let choice = index.choose(&want(name, version), LINUX);
        assert!(matches!(choice.taken, Taken::Wheel(_)), "{name} {version}: {choice:?}");
        let file = taken(&choice);
        assert_eq!(whole.file_name().unwrap().to_str(), Some(file.name.as_str()));
        let fetched = index.fetch(&file, &[], false).unwrap();
        in_parts += usize::from(!fetched.whole);
        let (theirs, ours) = (read(whole), read(&fetched.path));
        assert_eq!(ours, theirs);
    }
    println!("{in_parts} of {} wheels came in parts, {} bytes", wheels.len(), server.sent());
    assert!(in_parts >= 5, "{in_parts}");
}
