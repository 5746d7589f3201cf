//! What is asked of an index, how its answers are read, and when it is asked again.

use crate::server::{Reply, Request, Server};
use crate::setup::{LINUX, NAME, Place, listing, noise, taken, unread, want, wheel};
use ftaudit::acquire::index::{Index, Strategy};
use ftaudit::model::{Hash, ListedFile, Source, Taken};
use std::io::Write;

const JSON: &str = r#"{"meta": {"api-version": "1.1"}, "name": "foo", "files": [
    {"filename": "foo-1.0-py3-none-any.whl", "url": "../../files/a.whl", "hashes": {}},
    {"filename": "../../../foo-1.0-py3-none-any.whl", "url": "evil", "hashes": {}}]}"#;

#[test]
fn json_is_asked_for_and_html_is_taken() {
    let server = Server::new(|request| match request.path.as_str() {
        "/simple/foo/" => Reply::json(JSON),
        _ => Reply::html("<a href='bar-1.0-py3-none-any.whl'>bar</a>"),
    });
    let place = Place::new();
    let index = place.index(&server);
    let file = taken(&index.choose(&want("foo", "1.0"), LINUX));
    assert_eq!((file.name.as_str(), file.url), (NAME, server.url("/files/a.whl")));
    let file = taken(&index.choose(&want("bar", "1"), LINUX));
    assert_eq!(file.url, server.url("/simple/bar/bar-1.0-py3-none-any.whl"));
    let accept = server.requests()[0].header("accept").unwrap().to_owned();
    assert!(
        accept.starts_with("application/vnd.pypi.simple.v1+json") && accept.contains("text/html"),
        "{accept}"
    );
}

#[test]
fn a_page_is_read_once_however_many_ask() {
    let server = Server::slow(std::time::Duration::from_millis(50), |_| Reply::json(JSON));
    let place = Place::new();
    let index = place.index(&server);
    std::thread::scope(|scope| {
        for _ in 0..20 {
            scope.spawn(|| taken(&index.choose(&want("foo", "1.0"), LINUX)));
        }
    });
    assert_eq!(server.requests().len(), 1);
}

#[test]
fn pages_are_kept_as_long_as_the_server_says() {
    let tagged = |request: &Request| match request.header("if-none-match") {
        Some("\"one\"") => Reply::status(304).with("ETag", "\"one\""),
        _ => Reply::json(JSON).with("ETag", "\"one\""),
    };
    for (control, asked) in [("max-age=600", 1), ("max-age=0", 2), ("no-store", 2)] {
        let server = Server::new(move |request| tagged(request).with("Cache-Control", control));
        let place = Place::new();
        for _ in 0..2 {
            taken(&place.index(&server).choose(&want("foo", "1.0"), LINUX));
        }
        let requests = server.requests();
        assert_eq!(requests.len(), asked, "{control}");
        let kept = control == "max-age=0";
        assert_eq!(requests.last().unwrap().header("if-none-match").is_some(), kept, "{control}");
        let offline = place.offline(&server).choose(&want("foo", "1.0"), LINUX);
        assert_eq!(matches!(offline.taken, Taken::Unread(_)), control == "no-store", "{offline:?}");
    }
}

#[test]
fn what_is_missing_offline_is_unread() {
    let server = Server::new(|request| match request.path.as_str() {
        "/simple/foo/" => Reply::json(JSON),
        _ => Reply::status(404),
    });
    let place = Place::new();
    let why = unread(&place.offline(&server).choose(&want("foo", "1.0"), LINUX));
    assert!(why.contains("/simple/foo/: is not in the cache, and --offline forbids"), "{why}");
    for name in ["foo", "nowhere"] {
        let _ = place.index(&server).choose(&want(name, "1.0"), LINUX);
    }
    let before = server.requests().len();
    taken(&place.offline(&server).choose(&want("foo", "1.0"), LINUX));
    // That there is no such page is kept too.
    let nowhere = place.offline(&server).choose(&want("nowhere", "1.0"), LINUX);
    assert_eq!(nowhere.taken, Taken::Nothing("no index has a project of that name".to_owned()));
    assert_eq!(server.requests().len(), before);
}

/// Two indexes, of which the second has a wheel that pip likes better.
fn two(strategy: Strategy) -> String {
    let server = Server::new(|request| match request.path.as_str() {
        "/one/foo/" => Reply::html("<a href='foo-1.0-py3-none-any.whl'></a>"),
        "/two/foo/" => Reply::html("<a href='foo-1.0-cp314-cp314t-linux_x86_64.whl'></a>"),
        _ => Reply::status(404),
    });
    let place = Place::new();
    let (one, two) = (server.url("/one/"), server.url("/two"));
    let mut settings = place.settings(&[("UV_INDEX", &one), ("UV_DEFAULT_INDEX", &two)]);
    assert_eq!(settings.strategy, Strategy::First);
    settings.strategy = strategy;
    taken(&Index::new(settings).choose(&want("foo", "1.0"), LINUX)).name
}

#[test]
fn several_indexes_by_either_rule() {
    assert_eq!(two(Strategy::First), "foo-1.0-py3-none-any.whl");
    assert_eq!(two(Strategy::Best), "foo-1.0-cp314-cp314t-linux_x86_64.whl");
}

#[test]
fn links_to_folders_pages_and_files() {
    let server = Server::new(|request| match request.path.as_str() {
        "/page.html" => {
            Reply::html("<a href='foo-1.0-cp314-cp314t-linux_x86_64.whl'></a><a href='bar-2.zip'></a>")
        }
        _ => Reply::status(404),
    });
    let place = Place::new();
    std::fs::create_dir(place.path().join("wheels")).unwrap();
    std::fs::write(place.path().join("wheels").join(NAME), wheel()).unwrap();
    std::fs::write(place.path().join("baz-3-py3-none-any.whl"), wheel()).unwrap();
    let links = format!("wheels {} baz-3-py3-none-any.whl not-there", server.url("/page.html"));
    let settings =
        place.settings(&[("FTAUDIT_INDEX_URL", &server.url("/simple/")), ("FTAUDIT_FIND_LINKS", &links)]);
    let index = Index::new(settings);
    let choice = index.choose(&want("foo", "1.0"), LINUX);
    assert_eq!(taken(&choice).name, "foo-1.0-cp314-cp314t-linux_x86_64.whl");
    assert_eq!(choice.considered[1].file, NAME);
    let file = taken(&index.choose(&want("baz", "3"), LINUX));
    let fetched = index.fetch(&file, &[], false).unwrap();
    assert_eq!(fetched.path, place.path().join("baz-3-py3-none-any.whl"));
    let archive = index.choose(&want("bar", "2"), LINUX);
    assert!(matches!(archive.taken, Taken::SourceArchive(file) if file.name == "bar-2.zip"));
}

#[test]
fn only_what_a_lock_file_lists_and_only_with_its_hash() {
    let bytes = wheel();
    let page = format!("{}<a href='foo-1.0-cp314-cp314t-linux_x86_64.whl'></a>", listing(&bytes));
    let server = Server::new(move |_| Reply::html(page.clone()));
    let place = Place::new();
    let index = place.index(&server);
    let listed = |digest: String, url: Option<String>| {
        let hashes = vec![Hash { algorithm: "sha256".to_owned(), digest }];
        let file = ListedFile { name: NAME.to_owned(), url, size: None, hashes };
        index
            .choose(&ftaudit::model::Want { source: Source::Listed(vec![file]), ..want("foo", "1.0") }, LINUX)
    };
    let good = crate::setup::sha256(&bytes);
    assert_eq!(taken(&listed(good.clone(), None)).url, server.url(&format!("/files/{NAME}")));
    assert_eq!(taken(&listed(good, Some(server.url("/elsewhere/x")))).url, server.url("/elsewhere/x"));
    // An installer refuses it.
    let Taken::Nothing(why) = listed("0".repeat(64), None).taken else { panic!("it has another hash") };
    assert!(why.contains(&format!("{NAME}: has the hash sha256:")), "{why}");
}

#[test]
fn direct_addresses_and_what_can_only_be_compiled() {
    let server = Server::new(|_| Reply::status(404));
    let place = Place::new();
    let index = place.index(&server);
    let choice = |source| {
        index.choose(&ftaudit::model::Want { source, version: None, ..want("foo", "") }, LINUX).taken
    };
    let url = |path: &str| Source::Url(server.url(path));
    assert!(
        matches!(choice(url("/foo-1-py3-none-any.whl")), Taken::Wheel(file) if file.name == "foo-1-py3-none-any.whl")
    );
    assert!(matches!(choice(url("/foo-1-cp314-cp314-win32.whl")), Taken::Nothing(_)));
    assert!(
        matches!(choice(url("/archive/main.zip")), Taken::SourceArchive(file) if file.name == "main.zip")
    );
    assert!(matches!(choice(url("/..%2Ffoo-1-py3-none-any.whl")), Taken::Unread(_)));
    assert!(matches!(choice(Source::Path(place.path().to_owned())), Taken::Project(_)));
    assert!(matches!(choice(Source::Path(place.path().join("no.whl"))), Taken::Nothing(_)));
    assert!(matches!(choice(Source::Repository("git+https://x".to_owned())), Taken::Project(_)));
}

#[test]
fn versions_in_order() {
    let files = [
        "foo-1.10.tar.gz",
        "foo-1.9-py3-none-any.whl",
        "foo-2rc1.zip",
        "foo-odd-py3-none-any.whl",
        "bar-3.zip",
    ];
    let page: Vec<String> =
        files.iter().map(|file| format!("<a href='{file}' data-yanked=''></a>")).collect();
    let page = page.concat();
    let server = Server::new(move |_| Reply::html(page.replacen(" data-yanked=''", "", 1)));
    let place = Place::new();
    let releases = place.index(&server).versions("foo").unwrap();
    let shown: Vec<_> = releases
        .iter()
        .map(|release| (release.version.as_str(), release.is_prerelease, release.is_yanked))
        .collect();
    assert_eq!(shown, [("1.9", false, true), ("1.10", false, false), ("2rc1", true, true)]);
}

#[test]
fn compressed_pages_are_inflated_and_bombs_are_not() {
    let gzip = |bytes: &[u8]| {
        let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        encoder.write_all(bytes).unwrap();
        encoder.finish().unwrap()
    };
    let page = gzip(JSON.as_bytes());
    let bomb = gzip(&vec![b' '; 40 << 20]);
    let server = Server::new(move |request| {
        let kind = "application/vnd.pypi.simple.v1+json";
        match request.path.as_str() {
            "/simple/foo/" => Reply::new(200, kind, page.clone()).with("Content-Encoding", "gzip"),
            "/simple/bomb/" => Reply::new(200, kind, bomb.clone()).with("Content-Encoding", "gzip"),
            _ => Reply::new(200, kind, noise(5000, 1)).with("Content-Encoding", "gzip"),
        }
    });
    let place = Place::new();
    let mut settings = place.settings(&[("FTAUDIT_INDEX_URL", &server.url("/simple/"))]);
    settings.largest_page = 1 << 20;
    let index = Index::new(settings);
    taken(&index.choose(&want("foo", "1.0"), LINUX));
    let why = unread(&index.choose(&want("bomb", "1.0"), LINUX));
    assert!(why.contains("has more than 1048576 bytes"), "{why}");
    let why = unread(&index.choose(&want("noise", "1.0"), LINUX));
    assert!(why.contains("its answer is damaged"), "{why}");
}

#[test]
fn metadata_come_without_the_wheel_where_the_index_has_them() {
    let bytes = wheel();
    let text = "Metadata-Version: 2.1\nName: foo\nVersion: 1.0\n";
    for (said, served, expected) in [
        ("true".to_owned(), Reply::new as fn(u16, &str, &'static str) -> Reply, "beside"),
        (format!("sha256={}", crate::setup::sha256(b"beside")), Reply::new, "beside"),
        (format!("sha256={}", "0".repeat(64)), Reply::new, "an error"),
        ("true".to_owned(), |_, _, _| Reply::status(404), text),
        ("false".to_owned(), Reply::new, text),
    ] {
        let wheel = bytes.clone();
        let page = format!("<a href='/files/{NAME}' data-core-metadata='{said}'></a>");
        let server = Server::new(move |request| {
            if request.path.ends_with(".metadata") {
                served(200, "text/plain", "beside")
            } else if request.path.starts_with("/files/") {
                Reply::file(request, &wheel)
            } else {
                Reply::html(page.clone())
            }
        });
        let place = Place::new();
        let index = place.index(&server);
        let file = taken(&index.choose(&want("foo", "1.0"), LINUX));
        let found = index.metadata(&file).unwrap_or_else(|error| {
            assert!(error.to_string().contains("has the hash"), "{error}");
            "an error".to_owned()
        });
        assert_eq!(found, expected, "{said}");
        if expected == "beside" {
            assert_eq!(place.offline(&server).metadata(&file).unwrap(), "beside");
        }
    }
}
