//! A server that fails, lies or stalls: what comes is right, or there is an error in time.

use crate::server::{Body, Reply, Request, Server};
use crate::setup::{LINUX, NAME, Place, archive, listing, noise, sha256, taken, unread, want, wheel};
use ftaudit::acquire::index::{Cause, Fetched, Index, IndexError};
use ftaudit::model::{Artifact, ArtifactKind, Hash, IndexFile, Taken};
use std::sync::Arc;
use std::time::{Duration, Instant};

/// A server of one wheel, whose requests for it are answered otherwise.
fn serving(bytes: Vec<u8>, file: impl Fn(&Request, &[u8]) -> Reply + Send + Sync + 'static) -> Server {
    let page = listing(&bytes);
    Server::new(move |request| {
        if request.path.starts_with("/files/") { file(request, &bytes) } else { Reply::html(page.clone()) }
    })
}

fn file(index: &Index) -> IndexFile {
    taken(&index.choose(&want("foo", "1.0"), LINUX))
}

fn fetch(server: &Server, whole: bool) -> Result<Fetched, IndexError> {
    let place = Place::new();
    let index = place.index(server);
    let fetched = index.fetch(&file(&index), &[], whole)?;
    check(&fetched);
    Ok(fetched)
}

/// That the module of the wheel is read as it is.
fn check(fetched: &Fetched) {
    let artifact = Artifact { path: fetched.path.clone(), kind: ArtifactKind::Wheel };
    let unpacked = ftaudit::unpack::open(&artifact).unwrap();
    let distribution = &unpacked.distributions[0];
    assert_eq!(distribution.to_string(), "foo 1.0");
    let bytes = unpacked.read(distribution, &distribution.members[0]).unwrap();
    assert_eq!(bytes[..], noise(50_000, 2)[..]);
}

#[test]
fn parts_come_in_few_requests() {
    let server = serving(wheel(), Reply::file);
    let fetched = fetch(&server, false).unwrap();
    assert_eq!((fetched.whole, fetched.verified), (false, false));
    // The page, the end of the wheel, and one range.
    assert_eq!(server.requests().len(), 3);
    assert!(server.sent() < 300_000, "{}", server.sent());
    let fetched = fetch(&server, true).unwrap();
    assert_eq!((fetched.whole, fetched.verified), (true, true));
}

#[test]
fn what_was_not_fetched_is_an_error_and_never_zeros() {
    let server = serving(wheel(), Reply::file);
    let place = Place::new();
    let index = place.index(&server);
    let fetched = index.fetch(&file(&index), &[], false).unwrap();
    let on_disk = std::fs::File::open(&fetched.path).unwrap();
    assert_eq!(on_disk.metadata().unwrap().len(), wheel().len() as u64);
    let mut archive = zip::ZipArchive::new(on_disk).unwrap();
    for name in ["foo/data/one.bin", "foo/data/two.bin"] {
        let read = archive.by_name(name).map(|mut member| std::io::copy(&mut member, &mut std::io::sink()));
        assert!(!matches!(read, Ok(Ok(_))), "{name}");
    }
}

#[test]
fn small_wheels_come_whole_and_are_verified() {
    let bytes = archive(&[
        ("foo/_x.so", noise(50_000, 2)),
        ("foo-1.0.dist-info/METADATA", b"Name: foo\nVersion: 1.0\n".to_vec()),
    ]);
    let server = serving(bytes, Reply::file);
    let fetched = fetch(&server, false).unwrap();
    assert!(fetched.whole && fetched.verified);
    assert_eq!(server.requests().len(), 2);
}

#[test]
fn servers_without_ranges_and_liars_give_the_whole() {
    type Answer = fn(&Request, &[u8]) -> Reply;
    let answers: [(&str, Answer); 9] = [
        ("ranges are ignored", |_, bytes| Reply::new(200, "", bytes)),
        ("another range", |request, bytes| {
            let Some(range) = request.range(bytes.len()) else { return Reply::file(request, bytes) };
            let moved = format!("bytes {}-{}/{}", range.start.saturating_sub(7), range.end - 8, bytes.len());
            Reply::new(206, "", &bytes[range]).with("Content-Range", moved)
        }),
        ("other bytes than said", |request, bytes| {
            let Some(range) = request.range(bytes.len()) else { return Reply::file(request, bytes) };
            if range.end == bytes.len() {
                return Reply::file(request, bytes);
            }
            let content = format!("bytes {}-{}/{}", range.start, range.end - 1, bytes.len());
            Reply::new(206, "", &bytes[..range.len()]).with("Content-Range", content)
        }),
        ("no range is said", |request, bytes| match request.range(bytes.len()) {
            Some(range) => Reply::new(206, "", &bytes[range]),
            None => Reply::file(request, bytes),
        }),
        ("more than said", |request, bytes| match request.range(bytes.len()) {
            Some(range) => {
                let content = format!("bytes {}-{}/{}", range.start, range.end - 1, bytes.len());
                Reply::new(206, "", bytes).with("Content-Range", content)
            }
            None => Reply::file(request, bytes),
        }),
        ("another size", |request, bytes| match request.range(bytes.len()) {
            Some(range) => {
                let content = format!("bytes {}-{}/{}", range.start, range.end - 1, bytes.len() + 9);
                Reply::new(206, "", &bytes[range]).with("Content-Range", content)
            }
            None => Reply::file(request, bytes),
        }),
        ("replaced meanwhile", |request, bytes| {
            Reply::file(request, bytes).with("ETag", format!("\"{}\"", request.nth))
        }),
        ("ranges are refused", |request, bytes| match request.range(bytes.len()) {
            Some(_) => Reply::status(416),
            None => Reply::file(request, bytes),
        }),
        ("ranges are an error", |request, bytes| match request.range(bytes.len()) {
            Some(_) => Reply::status(400),
            None => Reply::file(request, bytes),
        }),
    ];
    for (what, answer) in answers {
        let fetched = fetch(&serving(wheel(), answer), false);
        let fetched = fetched.unwrap_or_else(|error| panic!("{what}: {error}"));
        assert_eq!((fetched.whole, fetched.verified), (true, true), "{what}");
    }
}

#[test]
fn passing_failures_are_asked_again() {
    type Answer = fn(&Request, &[u8]) -> Reply;
    let answers: [(&str, Answer); 4] = [
        ("500", |_, _| Reply::status(500)),
        ("503", |_, _| Reply::status(503).with("Retry-After", "0")),
        ("429", |_, _| Reply::status(429).with("Retry-After", "1")),
        ("cut", |request, bytes| {
            let Reply { status, headers, body: Body::Bytes(bytes) } = Reply::file(request, bytes) else {
                panic!()
            };
            let half = bytes.len() / 2;
            Reply { status, headers, body: Body::Cut(bytes, half) }
        }),
    ];
    for (what, answer) in answers {
        for whole in [true, false] {
            let server = serving(wheel(), move |request, bytes| {
                if request.nth == 0 { answer(request, bytes) } else { Reply::file(request, bytes) }
            });
            let start = Instant::now();
            let fetched = fetch(&server, whole).unwrap_or_else(|error| panic!("{what}: {error}"));
            assert_eq!(fetched.whole, whole, "{what}");
            assert_eq!(start.elapsed() >= Duration::from_secs(1), what == "429", "{what}");
        }
    }
}

#[test]
fn lasting_failures_are_told() {
    type Answer = fn(&Request, &[u8]) -> Reply;
    let answers: [(Answer, &str, usize); 6] = [
        (|_, _| Reply::status(500), "answers with status 500", 3),
        (|_, _| Reply::status(403), "it wants credentials", 1),
        (|_, _| Reply::status(404), "answers with status 404", 1),
        (
            |_, bytes| Reply { status: 200, headers: Vec::new(), body: Body::Cut(bytes.to_vec(), 1000) },
            "breaks off",
            3,
        ),
        (
            |_, bytes| Reply {
                status: 200,
                headers: Vec::new(),
                body: Body::Drip(bytes.to_vec(), Duration::from_millis(100)),
            },
            "its answer comes too slowly",
            3,
        ),
        (|_, _| Reply::status(302).with("Location", "/files/again"), "redirects without end", 11),
    ];
    for (answer, expected, asked) in answers {
        let server = serving(wheel(), answer);
        let start = Instant::now();
        let error = fetch(&server, true).unwrap_err().to_string();
        assert!(error.starts_with(NAME) && error.contains(expected), "{error}");
        assert_eq!(server.requests().len() - 1, asked, "{error}");
        assert!(start.elapsed() < Duration::from_secs(15), "{error}: {:?}", start.elapsed());
    }
}

#[test]
fn large_and_endless_answers_are_cut_off() {
    let server = Server::new(|request| match request.path.as_str() {
        "/simple/foo/" => Reply::html(format!("<a href='/files/{NAME}'></a>")),
        "/simple/huge/" => Reply {
            status: 200,
            headers: vec![("Content-Type", "text/html".to_owned())],
            body: Body::Endless,
        },
        _ if request.nth == 0 => Reply { status: 200, headers: Vec::new(), body: Body::Announced(10 << 30) },
        _ => Reply { status: 200, headers: Vec::new(), body: Body::Endless },
    });
    let place = Place::new();
    let mut settings = place.settings(&[("FTAUDIT_INDEX_URL", &server.url("/simple/"))]);
    (settings.largest_page, settings.largest_file) = (1 << 20, 4 << 20);
    let start = Instant::now();
    let index = Index::new(settings.clone());
    let error = index.fetch(&file(&index), &[], true).unwrap_err();
    assert_eq!(error.cause, Cause::TooLarge { limit: 4 << 20 }, "announced");
    let error = Index::new(settings.clone()).fetch(&file(&index), &[], true).unwrap_err();
    assert_eq!(error.cause, Cause::TooLarge { limit: 4 << 20 }, "endless");
    let why = unread(&Index::new(settings).choose(&want("huge", "1"), LINUX));
    assert!(why.contains("has more than 1048576 bytes"), "{why}");
    assert!(start.elapsed() < Duration::from_secs(10), "{:?}", start.elapsed());
}

#[test]
fn another_hash_is_an_error_and_never_a_pass() {
    let bytes = wheel();
    let listed = listing(&bytes);
    let server = Server::new(move |request| {
        let mut other = bytes.clone();
        other[1000] ^= 1;
        if request.path.starts_with("/files/") {
            Reply::file(request, &other)
        } else {
            Reply::html(listed.clone())
        }
    });
    let place = Place::new();
    let index = place.index(&server);
    let file = file(&index);
    assert!(matches!(index.fetch(&file, &[], true).unwrap_err().cause, Cause::Hash { .. }));
    // What is required and what the index says: nothing needs to be fetched to see that they differ.
    let accepted = Hash { algorithm: "sha256".to_owned(), digest: "0".repeat(64) };
    let before = server.requests().len();
    let error = index.fetch(&file, std::slice::from_ref(&accepted), false).unwrap_err();
    assert!(matches!(error.cause, Cause::Hash { .. }), "{error}");
    assert_eq!(server.requests().len(), before);
    let required = ftaudit::model::Want { hashes: vec![accepted], ..want("foo", "1.0") };
    assert!(matches!(index.choose(&required, LINUX).taken, Taken::Nothing(why) if why.contains("hash")));
}

#[test]
fn a_required_hash_that_the_index_does_not_know_takes_the_whole() {
    let bytes = wheel();
    let copy = bytes.clone();
    let server = Server::new(move |request| {
        let page = format!("<a href='/files/{NAME}'></a>");
        if request.path.starts_with("/files/") { Reply::file(request, &copy) } else { Reply::html(page) }
    });
    let place = Place::new();
    let index = place.index(&server);
    let hash = |digest: String| Hash { algorithm: "sha256".to_owned(), digest };
    let fetched = index.fetch(&file(&index), &[hash(sha256(&bytes))], false).unwrap();
    assert!(fetched.whole && fetched.verified);
    // And what is in the cache is held against what is required the next time.
    let error = place.index(&server).fetch(&file(&index), &[hash("0".repeat(64))], false).unwrap_err();
    assert!(matches!(error.cause, Cause::Hash { .. }), "{error}");
}

#[test]
fn names_that_leave_the_cache_are_refused() {
    let server = serving(wheel(), Reply::file);
    let place = Place::new();
    let index = place.index(&server);
    for name in ["../x-1-py3-none-any.whl", "/etc/x-1-py3-none-any.whl", "..", "a\\x-1-py3-none-any.whl"] {
        let file = IndexFile { name: name.to_owned(), ..file(&index) };
        assert_eq!(index.fetch(&file, &[], true).unwrap_err().cause, Cause::Name, "{name}");
    }
}

#[test]
fn damage_in_the_cache_is_noticed() {
    let server = serving(wheel(), Reply::file);
    let place = Place::new();
    for whole in [false, true] {
        let fetch = || {
            let index = place.index(&server);
            index.fetch(&file(&index), &[], whole).unwrap()
        };
        let fetched = fetch();
        std::fs::write(&fetched.path, b"something else").unwrap();
        let again = fetch();
        assert_eq!(again, fetched);
        check(&again);
        let before = server.requests().len();
        check(&fetch());
        // Only the page is asked for: it may not be kept without asking.
        assert_eq!(server.requests().len(), before + 1);
        check(&place.offline(&server).fetch(&file(&place.index(&server)), &[], whole).unwrap());
    }
}

#[test]
fn what_is_not_in_the_cache_is_an_error_offline() {
    let server = serving(wheel(), Reply::file);
    let place = Place::new();
    let file = file(&place.index(&server));
    let error = place.offline(&server).fetch(&file, &[], false).unwrap_err();
    assert_eq!(error.cause, Cause::Offline);
    assert!(error.note().unread && error.note().why.contains("\nhint: "), "{error}");
}

/// How a process of [`several_processes_share_a_cache`] learns of the server and the cache.
const SHARED: [&str; 2] = ["FTAUDIT_TEST_SHARED_INDEX", "FTAUDIT_TEST_SHARED_CACHE"];

#[test]
#[ignore = "one of the processes that several_processes_share_a_cache starts"]
fn one_of_several_processes() {
    let [url, folder] = SHARED.map(|name| std::env::var(name).expect("it is started by another test"));
    let place = Place::new();
    let settings = place.settings(&[("FTAUDIT_INDEX_URL", &url), ("FTAUDIT_CACHE_DIR", &folder)]);
    for turn in 0..20 {
        let index = Index::new(settings.clone());
        check(&index.fetch(&file(&index), &[], turn % 2 == 0).unwrap());
    }
}

#[test]
fn several_processes_share_a_cache() {
    let server = serving(wheel(), Reply::file);
    let folder = tempfile::tempdir().unwrap();
    let start = |_| {
        std::process::Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "failures::one_of_several_processes", "--ignored"])
            .env(SHARED[0], server.url("/simple/"))
            .env(SHARED[1], folder.path())
            .stdout(std::process::Stdio::piped())
            .spawn()
            .unwrap()
    };
    let processes: Vec<_> = (0..4).map(start).collect();
    for process in processes {
        let output = process.wait_with_output().unwrap();
        let text = String::from_utf8_lossy(&output.stdout);
        assert!(output.status.success() && text.contains("1 passed"), "{text}");
    }
    assert_eq!(std::fs::read_dir(folder.path().join("begun")).unwrap().count(), 0);
}

#[test]
fn no_more_requests_side_by_side_than_allowed() {
    let inside = Arc::new(std::sync::Mutex::new((0_usize, 0_usize)));
    let counting = Arc::clone(&inside);
    let server = Server::new(move |_| {
        let mut count = counting.lock().unwrap();
        count.0 += 1;
        count.1 = count.1.max(count.0);
        drop(count);
        std::thread::sleep(Duration::from_millis(20));
        counting.lock().unwrap().0 -= 1;
        Reply::status(404)
    });
    let place = Place::new();
    let mut settings = place.settings(&[("FTAUDIT_INDEX_URL", &server.url("/simple/"))]);
    settings.network.parallel = 4;
    let index = Index::new(settings);
    std::thread::scope(|scope| {
        for number in 0..24 {
            let index = &index;
            scope.spawn(move || index.choose(&want(&format!("p{number}"), "1"), LINUX));
        }
    });
    let most = inside.lock().unwrap().1;
    assert!((2..=4).contains(&most), "{most}");
}
