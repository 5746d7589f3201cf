//! What a run keeps for the next one: it makes no difference to what is said.

use crate::index::{LINUX, NOT_USED, USED, pure, serve, wheel, wheel_of};
use crate::run::Place;
use std::fs::{self, File};
use std::path::PathBuf;
use walkdir::WalkDir;

/// Files of the cache with that ending.
fn kept(place: &Place, ending: &str) -> Vec<PathBuf> {
    let files =
        WalkDir::new(place.cache()).sort_by_file_name().into_iter().map(|entry| entry.unwrap().into_path());
    files.filter(|path| path.to_string_lossy().ends_with(ending)).collect()
}

/// Writes other bytes, and leaves size and time as they are.
fn overwrite(path: &PathBuf, change: impl Fn(&mut Vec<u8>)) {
    let modified = fs::metadata(path).unwrap().modified().unwrap();
    let mut bytes = fs::read(path).unwrap();
    change(&mut bytes);
    fs::write(path, bytes).unwrap();
    File::options().append(true).open(path).unwrap().set_modified(modified).unwrap();
}

#[test]
fn a_second_run_says_the_same() {
    let server = serve(vec![
        wheel("good", "1.0", LINUX, NOT_USED),
        wheel("bad", "1.0", LINUX, USED),
        pure("plain", "1.0"),
        wheel_of("broken", "1.0", LINUX, &[("module.abi3.so", b"no module".to_vec())]),
    ]);
    let pins = ["good==1.0", "bad==1.0", "plain==1.0", "broken==1.0", "missing==1.0"];
    for form in ["json", "human"] {
        let place = Place::new(&[]);
        let arguments = [&pins[..], &["--no-deps", "--format", form, "--verify-hashes"]].concat();
        let first = place.check(&server, &arguments);
        let again = place.check(&server, &arguments);
        let offline = place.check(&server, &[&arguments[..], &["--offline"]].concat());
        assert_eq!(first.status, 1);
        assert_eq!((first.status, &first.stdout), (again.status, &again.stdout));
        assert_eq!((first.status, &first.stdout), (offline.status, &offline.stdout));
        // Whole wheels and no parts: what cannot be read is not remembered, and pure Python has nothing to be.
        assert_eq!(kept(&place, "facts-3.14t.json").len(), 2);
    }
}

#[test]
fn what_was_read_once_is_not_read_again() {
    let server = serve(vec![wheel("good", "1.0", LINUX, NOT_USED)]);
    let place = Place::new(&[]);
    let check = |arguments: &[&str]| place.check(&server, &[&["good==1.0", "--no-deps"], arguments].concat());
    check(&[]).ends(0);
    let [wheel] = &kept(&place, ".whl")[..] else { panic!("one wheel is kept") };
    // The module's bytes, which stand behind its name.
    let damage = |bytes: &mut Vec<u8>| {
        let name = b"x86_64-linux-gnu.so";
        let at = bytes.windows(name.len()).position(|window| window == name).unwrap() + name.len();
        bytes[at + 40..at + 48].fill(0xff);
    };
    overwrite(wheel, damage);
    check(&["--offline"]).ends(0);
    // Nothing is remembered where what was kept is damaged.
    let [facts] = &kept(&place, "facts-3.14t.json")[..] else { panic!("one wheel was read") };
    overwrite(facts, |bytes| *bytes.last_mut().unwrap() = b' ');
    check(&["--offline"]).ends(3);
}

#[test]
fn versions_are_told_apart_in_what_is_kept_of_a_page() {
    let server = serve(vec![wheel("elm", "1.0", LINUX, USED), wheel("elm", "1.0.1", LINUX, NOT_USED)]);
    let place = Place::new(&[]);
    for arguments in [&["--no-deps"][..], &["--no-deps", "--offline"]] {
        for (pin, status) in [("elm==1.0", 1), ("elm==1", 1), ("elm==1.0.1", 0), ("elm==1.0.1.0", 0)] {
            place.check(&server, &[&[pin], arguments].concat()).ends(status);
        }
        place.check(&server, &[&["elm==1.1"], arguments].concat()).ends(1).says("no index has elm 1.1");
    }
}
