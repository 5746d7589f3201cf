//! Credentials: they reach the index that they are for, nobody else, no message and no file.

use crate::server::{Reply, Server};
use crate::setup::{LINUX, NAME, Place, taken, unread, want};
use ftaudit::acquire::index::Index;

/// `user:secret`, as basic authentication spells it.
const BASIC: &str = "Basic dXNlcjpzZWNyZXQ=";

/// A server that wants credentials, and leads to another place for its files.
fn guarded(files: &str) -> Server {
    let files = files.to_owned();
    Server::new(move |request| match request.header("authorization") {
        Some(BASIC) if request.path == "/simple/foo/" => Reply::html(format!("<a href='/files/{NAME}'></a>")),
        Some(BASIC) => Reply::status(302).with("Location", files.clone()),
        _ => Reply::status(401),
    })
}

/// An address with credentials in it.
fn with_login(address: &str, login: &str) -> String {
    address.replacen("http://", &format!("http://{login}@"), 1)
}

#[test]
fn credentials_do_not_follow_to_another_host() {
    let bytes = crate::setup::wheel();
    let copy = bytes.clone();
    let other = Server::new(move |request| Reply::file(request, &copy));
    // The same machine under another name and port: for credentials that is another host.
    for host in ["127.0.0.1", "localhost"] {
        let server = guarded(&other.at(host, &format!("/there/{NAME}?signature=token")));
        let place = Place::new();
        let url = with_login(&server.url("/simple/"), "user:secret");
        let index = Index::new(place.settings(&[("FTAUDIT_INDEX_URL", &url)]));
        let file = taken(&index.choose(&want("foo", "1.0"), LINUX));
        assert!(!file.url.contains("secret"), "{}", file.url);
        let fetched = index.fetch(&file, &[], true).unwrap();
        assert_eq!(std::fs::read(&fetched.path).unwrap(), bytes);
        assert!(server.requests().iter().all(|request| request.header("authorization") == Some(BASIC)));
        assert!(other.requests().iter().all(|request| request.header("authorization").is_none()));
        assert!(!held_by(place.path(), &["secret", "dXNlcjpzZWNyZXQ", "token"]));
    }
}

/// Whether any file below a folder holds one of these texts.
fn held_by(folder: &std::path::Path, texts: &[&str]) -> bool {
    walkdir::WalkDir::new(folder).into_iter().flatten().any(|entry| {
        let bytes = std::fs::read(entry.path()).unwrap_or_default();
        texts.iter().any(|text| bytes.windows(text.len()).any(|window| window == text.as_bytes()))
    })
}

#[test]
fn no_error_shows_them() {
    let server = Server::new(|_| Reply::status(401));
    let place = Place::new();
    let url = with_login(&server.url("/simple/"), "user:wrong-secret");
    let settings = place.settings(&[("FTAUDIT_INDEX_URL", &url)]);
    let index = Index::new(settings.clone());
    let why = unread(&index.choose(&want("foo", "1.0"), LINUX));
    assert!(why.contains("answers with status 401"), "{why}");
    for shown in [why, format!("{settings:?}"), format!("{index:?}")] {
        assert!(!shown.contains("wrong-secret") && !shown.contains("user:"), "{shown}");
    }
    // Nor where nobody listens.
    let url = with_login("http://127.0.0.1:1/", "user:wrong-secret");
    let why =
        unread(&Index::new(place.settings(&[("FTAUDIT_INDEX_URL", &url)])).choose(&want("foo", "1"), LINUX));
    assert!(why.contains("cannot be reached") && !why.contains("wrong-secret"), "{why}");
}

#[test]
fn netrc_tells_them_by_host() {
    let server = guarded("/nowhere");
    let place = Place::new();
    std::fs::write(place.path().join(".netrc"), "machine 127.0.0.1 login user password secret\n").unwrap();
    taken(&place.index(&server).choose(&want("foo", "1.0"), LINUX));
    let elsewhere = Index::new(place.settings(&[("FTAUDIT_INDEX_URL", &server.at("localhost", "/simple/"))]));
    let why = unread(&elsewhere.choose(&want("foo", "1.0"), LINUX));
    assert!(why.contains("answers with status 401"), "{why}");
}

#[test]
fn variables_of_uv_tell_them_by_the_index_s_name() {
    let server = guarded("/nowhere");
    let place = Place::new();
    let url = format!("my-own={}", server.url("/simple/"));
    let settings = place.settings(&[
        ("UV_DEFAULT_INDEX", &url),
        ("UV_INDEX_MY_OWN_USERNAME", "user"),
        ("UV_INDEX_MY_OWN_PASSWORD", "secret"),
    ]);
    taken(&Index::new(settings).choose(&want("foo", "1.0"), LINUX));
}

#[test]
fn requests_go_through_the_proxy_that_is_set() {
    let proxy = Server::new(|request| match request.path.as_str() {
        // What is asked of a proxy is a way through; what follows is for the index.
        "index.invalid:80" => Reply::new(200, "text/plain", ""),
        "/simple/foo/" => Reply::html(format!("<a href='/files/{NAME}'></a>")),
        other => panic!("{other}"),
    });
    let place = Place::new();
    let settings = place
        .settings(&[("FTAUDIT_INDEX_URL", "http://index.invalid/simple/"), ("HTTP_PROXY", &proxy.url(""))]);
    let file = taken(&Index::new(settings).choose(&want("foo", "1.0"), LINUX));
    assert_eq!(file.url, format!("http://index.invalid/files/{NAME}"));
    // And not for a host that is excepted.
    let server = Server::new(|_| Reply::html(format!("<a href='/files/{NAME}'></a>")));
    let settings = place.settings(&[
        ("FTAUDIT_INDEX_URL", &server.url("/simple/")),
        ("HTTP_PROXY", "http://127.0.0.1:1"),
        ("NO_PROXY", "localhost,127.0.0.1"),
    ]);
    taken(&Index::new(settings).choose(&want("foo", "1.0"), LINUX));
}
