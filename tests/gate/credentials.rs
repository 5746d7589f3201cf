//! Credentials of indexes: never said, never kept, whatever goes wrong.

use crate::index::{LINUX, USED, answer, wheel};
use crate::run::{Place, Run};
use crate::server::{Reply, Server};
use std::fs;
use std::path::Path;

const USER: &str = "somebody-7f3a";
const PASSWORD: &str = "hunter2-9c1e";
/// Both, as the header of a request has them.
const ENCODED: &str = "c29tZWJvZHktN2YzYTpodW50ZXIyLTljMWU=";

/// Every file below a folder that has it in its name or content.
fn files_with(folder: &Path, secret: &str) -> Vec<String> {
    let all = walkdir::WalkDir::new(folder).into_iter().map(Result::unwrap);
    let has_it = |path: &Path| {
        let name = path.file_name().unwrap().to_string_lossy().contains(secret);
        let content = fs::read(path).unwrap_or_default();
        name || content.windows(secret.len()).any(|window| window == secret.as_bytes())
    };
    all.filter(|entry| has_it(entry.path())).map(|entry| entry.path().display().to_string()).collect()
}

#[track_caller]
fn keeps_quiet(place: &Place, run: &Run) {
    for secret in [PASSWORD, ENCODED] {
        run.never_says(secret);
        let found = files_with(place.path(), secret);
        assert!(found.is_empty(), "{found:?}");
    }
    run.never_says(USER);
    assert_eq!(files_with(place.path(), USER), [""; 0]);
}

/// Serves those alone who say who they are.
fn guarded() -> Server {
    let files = vec![wheel("foo", "1.0", LINUX, USED)];
    Server::new(move |request| match request.header("authorization") {
        Some(said) if said == format!("Basic {ENCODED}") => answer(request, &files),
        _ => Reply::status(401),
    })
}

fn with_login(server: &Server, path: &str) -> String {
    server.url(path).replace("http://", &format!("http://{USER}:{PASSWORD}@"))
}

fn check(place: &Place, index: &str, more: &[&str]) -> Run {
    let words = ["check", "foo==1.0", "--no-deps", "--no-suggest", "--platform", "linux-x86_64"];
    place.run(&[], &[&words, &["--index-url", index][..], more].concat())
}

#[test]
fn in_the_address_of_an_index() {
    let (place, server) = (Place::new(&[]), guarded());
    let index = with_login(&server, "/simple/");
    for more in [&[][..], &["--format", "json"], &["--verbose", "--explain-wheels"], &["--offline"]] {
        let run = check(&place, &index, more);
        keeps_quiet(&place, run.ends(1));
    }
    assert!(!server.requests().is_empty());
}

/// What is told of a run names what was asked, and who asked never.
#[test]
fn in_what_is_told_of_a_run() {
    let (place, server) = (Place::new(&[]), guarded());
    let index = with_login(&server, "/simple/");
    let run = check(&place, &index, &["-vv"]);
    keeps_quiet(&place, run.ends(1));
    let page = server.url("/simple/foo/");
    for told in [
        format!("looks up wheels address={} offline=false", server.url("/simple/")),
        format!("asked url=\"{page}\" part=Whole status=200 ms="),
        format!("fetched the file file=\"foo-1.0-{LINUX}.whl\" whole="),
        "judged source=".to_owned(),
    ] {
        assert!(run.stderr.contains(&told), "{told:?} is not told:\n{}", run.stderr);
    }
    let words = ["check", "foo==1.0", "--no-deps", "--no-suggest", "--platform", "linux-x86_64"];
    let words = [&words, &["--offline", "--index-url", &index][..]].concat();
    for filter in ["trace", "ftaudit=trace,ureq=trace,rustls=trace"] {
        let run = place.run(&[("FTAUDIT_LOG", filter)], &words);
        keeps_quiet(&place, run.ends(1));
        assert!(run.stderr.contains("took the page from the cache url="), "{}", run.stderr);
        assert!(run.stderr.contains("took the file from the cache file="), "{}", run.stderr);
        let place = Place::new(&[]);
        let online = [&words[..6], &words[7..]].concat();
        let run = place.run(&[("FTAUDIT_LOG", filter)], &online);
        keeps_quiet(&place, run.ends(1));
    }
    let run = place.run(&[("FTAUDIT_LOG", "ftaudit=loud")], &words);
    assert!(
        run.ends(2).stderr.starts_with("error: FTAUDIT_LOG does not say what to tell: "),
        "{}",
        run.stderr
    );
    assert_eq!(place.run(&[("FTAUDIT_LOG", "")], &words).ends(1).stderr, "", "nothing was asked for");
}

#[test]
fn where_something_goes_wrong() {
    let wrong: [fn() -> Reply; 4] = [
        || Reply::status(401),
        || Reply::status(500),
        || Reply::json("{"),
        || Reply::status(302).with("Location", "http://127.0.0.1:1/elsewhere/"),
    ];
    for reply in wrong {
        let (place, server) = (Place::new(&[]), Server::new(move |_| reply()));
        for more in [&[][..], &["--format", "json"], &["-vv"], &["--offline"]] {
            let run = check(&place, &with_login(&server, "/simple/"), more);
            keeps_quiet(&place, run.ends(3));
        }
    }
    let place = Place::new(&[]);
    for index in [format!("ftp://{USER}:{PASSWORD}@127.0.0.1/"), format!("http://{USER}:{PASSWORD}@[::1/")] {
        let run = check(&place, &index, &[]);
        assert_ne!(run.status, 0);
        keeps_quiet(&place, &run);
    }
}

#[test]
fn in_the_address_of_a_wheel_that_a_lock_file_names() {
    let server = guarded();
    let url = with_login(&server, &format!("/files/foo-1.0-{LINUX}.whl"));
    let place = Place::new(&[]);
    let argument = format!("foo @ {url}");
    let words = ["check", "--no-deps", "--no-suggest", "--platform", "linux-x86_64", "--no-index", &argument];
    for format in ["human", "json"] {
        let run = place.run(&[], &[&words[..], &["--format", format]].concat());
        keeps_quiet(&place, run.ends(1));
    }
}
