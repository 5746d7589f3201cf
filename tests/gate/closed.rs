//! What lets other tools pass without having looked: here it never ends with status 0.

use crate::index::{self, LINUX, NOT_USED, USED, answer, module, pure, serve, wheel, wheel_of};
use crate::run::{Place, verdicts};
use crate::server::{Reply, Server};

/// `foo` 1.0 turns the GIL on, 2.0 does not.
fn mended_later() -> Server {
    serve(vec![wheel("foo", "1.0", LINUX, USED), wheel("foo", "2.0", LINUX, NOT_USED)])
}

/// A server that gives everything this answer.
fn always(reply: impl Fn() -> Reply + Send + Sync + 'static) -> Server {
    Server::new(move |_| reply())
}

const FOO: &[&str] = &["foo==1.0", "--no-deps"];

#[test]
fn what_is_fine_passes() {
    let server = serve(vec![wheel("foo", "1.0", LINUX, NOT_USED), pure("bar", "1.0")]);
    let place = Place::new(&[("requirements.txt", "foo==1.0\nbar==1.0\n")]);
    let run = place.check(&server, &["-r", "requirements.txt", "--no-deps", "--format", "json"]);
    assert_eq!(verdicts(&run.ends(0).json(), "3.14t"), ["bar 1.0 pure-python", "foo 1.0 gil-free"]);
}

#[test]
fn files_that_a_file_names_are_read() {
    let nested = [("requirements.txt", "-r more/all.txt\n"), ("more/all.txt", "foo==1.0\n")];
    let run = Place::new(&nested).check(&mended_later(), &["-r", "requirements.txt", "--no-deps"]);
    run.ends(1).says("all.txt:1");
    let missing = [("requirements.txt", "foo==2.0\n-r missing.txt\n")];
    let run = Place::new(&missing).check(&mended_later(), &["-r", "requirements.txt", "--no-deps"]);
    run.ends(2).says("missing.txt");
}

#[test]
fn the_pinned_version_is_judged_and_not_the_latest() {
    let server = mended_later();
    for (pin, status) in [("foo==1.0", 1), ("foo==2.0", 0), ("foo==3.0", 1), ("other==1.0", 1)] {
        Place::new(&[]).check(&server, &[pin, "--no-deps"]).ends(status);
    }
    let constrained = [("requirements.txt", "foo\n"), ("constraints.txt", "foo==1.0\n")];
    let arguments = ["-r", "requirements.txt", "-c", "constraints.txt", "--no-deps"];
    Place::new(&constrained).check(&server, &arguments).ends(1).says("foo 1.0");
}

#[test]
fn what_is_not_pinned_is_refused_where_nothing_resolves_it() {
    let place = Place::new(&[("requirements.txt", "bar==1.0\nfoo>=1\n")]);
    let run = place.check(&mended_later(), &["-r", "requirements.txt", "--no-deps"]);
    run.ends(2).says("requirements.txt:2").says("hint: ");
    // Without --no-deps an installer would be asked, and there is none.
    let run = place.check(&mended_later(), &["-r", "requirements.txt"]);
    run.ends(2).says("uv is not on the search path").says("hint: ");
}

#[test]
fn no_wheel_at_all_fails() {
    let other = [LINUX.replace("cp314t", "cp314"), LINUX.replace("x86_64", "aarch64")];
    let server = serve(other.iter().map(|tag| wheel("foo", "1.0", tag, NOT_USED)).collect());
    Place::new(&[]).check(&server, FOO).ends(1).says("none of the 2 files of foo 1.0 fits");
    let server = serve(vec![index::File::new("foo-1.0.tar.gz", b"sources".to_vec())]);
    Place::new(&[]).check(&server, FOO).ends(3).says("foo-1.0.tar.gz would be compiled");
}

#[test]
fn an_index_that_does_not_answer_is_never_a_pass() {
    // Nobody listens there any more.
    let gone = Server::new(|_| Reply::status(404)).url("/simple/");
    let arguments = [&["check", "--platform", "linux-x86_64", "--index-url", &gone], FOO].concat();
    Place::new(&[]).run(&[], &arguments).ends(3).says("1 thing was not read");
    for status in [401, 403, 500, 503] {
        Place::new(&[]).check(&always(move || Reply::status(status)), FOO).ends(3).says("not read");
    }
}

#[test]
fn an_empty_cache_offline_is_never_a_pass() {
    let (place, server) = (Place::new(&[]), serve(vec![wheel("foo", "1.0", LINUX, NOT_USED)]));
    let offline = [FOO, &["--offline"]].concat();
    place.check(&server, &offline).ends(3).says("--offline forbids to fetch it");
    assert!(server.requests().is_empty(), "{:?}", server.requests());
    place.check(&server, FOO).ends(0);
    let asked = server.requests().len();
    place.check(&server, &offline).ends(0);
    assert_eq!(server.requests().len(), asked);
}

#[test]
fn garbage_instead_of_a_page_is_never_a_pass() {
    let garbage: [fn() -> Reply; 5] = [
        || Reply::json("{"),
        || Reply::json("[]"),
        || Reply::json(r#"{"meta":{"api-version":"9.0"},"files":[]}"#),
        || Reply::new(200, "image/png", b"\x89PNG".to_vec()),
        || Reply::html("<html><title>Sign in</title><form action=/login></form></html>"),
    ];
    for (number, reply) in garbage.into_iter().enumerate() {
        let run = Place::new(&[]).check(&always(reply), FOO);
        assert!([1, 3].contains(&run.status), "{number}: {}\n{}", run.stdout, run.stderr);
    }
}

#[test]
fn a_page_that_cannot_be_read_is_not_kept_as_an_empty_one() {
    let (place, files) = (Place::new(&[]), vec![wheel("foo", "1.0", LINUX, NOT_USED)]);
    place.check(&always(|| Reply::json("{")), FOO).ends(3);
    let server = Server::new(move |request| match (request.nth, request.path.starts_with("/simple/")) {
        (0, true) => Reply::status(404),
        _ => answer(request, &files),
    });
    // Not there today does not mean not there tomorrow.
    place.check(&server, FOO).ends(1);
    place.check(&server, FOO).ends(0);
}

#[test]
fn a_lock_file_is_no_list_of_requirements() {
    let lock = "version = 1\nrequires-python = \">=3.14\"\n\n[[package]]\nname = \"foo\"\nversion = \"1.0\"\n\
                source = { registry = \"https://index.example/simple\" }\n";
    let place = Place::new(&[("requirements.txt", lock)]);
    for arguments in [&["-r", "requirements.txt"][..], &["requirements.txt"], &[]] {
        let run = place.check(&mended_later(), arguments);
        assert_ne!(run.status, 0, "{arguments:?}: {}", run.stdout);
    }
}

#[test]
fn the_format_does_not_change_the_status() {
    let server = mended_later();
    for (pin, status) in [("foo==1.0", 1), ("foo==2.0", 0), ("other==1.0", 1)] {
        let place = Place::new(&[]);
        place.check(&server, &[pin, "--no-deps"]).ends(status);
        place.check(&server, &[pin, "--no-deps", "--format", "json"]).ends(status).json();
        place.check(&server, &[pin, "--no-deps", "--quiet"]).ends(status);
        place.check(&server, &[pin, "--no-deps", "--output", "report.txt"]).ends(status);
    }
}

#[test]
fn other_bytes_than_were_locked_are_never_a_pass() {
    let good = wheel("foo", "1.0", LINUX, NOT_USED);
    let evil = wheel_of("foo", "1.0", LINUX, &[("evil.py", Vec::new())]);
    assert_eq!(good.name, evil.name);
    // The index says another hash than the lock.
    let pinned = format!("foo==1.0 --hash=sha256:{}\n", good.sha256());
    let place = Place::new(&[("requirements.txt", &pinned)]);
    place.check(&serve(vec![good.clone()]), &["-r", "requirements.txt"]).ends(0);
    let place = Place::new(&[("requirements.txt", &pinned)]);
    place.check(&serve(vec![evil.clone()]), &["-r", "requirements.txt"]).ends(1);
    let lock = format!(
        "[[package]]\nname = \"foo\"\nversion = \"1.0\"\ndescription = \"\"\noptional = false\n\
         python-versions = \">=3.8\"\ngroups = [\"main\"]\n\
         files = [{{ file = \"{}\", hash = \"sha256:{}\" }}]\n\n\
         [metadata]\nlock-version = \"2.1\"\npython-versions = \">=3.8\"\ncontent-hash = \"\"\n",
        good.name,
        good.sha256()
    );
    let place = Place::new(&[("poetry.lock", &lock)]);
    place.check(&serve(vec![good.clone()]), &["poetry.lock"]).ends(0);
    let place = Place::new(&[("poetry.lock", &lock)]);
    place.check(&serve(vec![evil.clone()]), &["poetry.lock"]).ends(1).says("has the hash");
    // The index says the right one, and sends something else.
    let (said, sent) = (vec![good], vec![evil]);
    let server = Server::new(move |request| {
        answer(request, if request.path.starts_with("/files/") { &sent } else { &said })
    });
    let place = Place::new(&[("requirements.txt", &pinned)]);
    place.check(&server, &["-r", "requirements.txt"]).ends(3).says("hash");
    place.check(&server, &["-r", "requirements.txt", "--offline"]).ends(3);
}

#[test]
fn a_line_without_hash_among_others_with_is_refused() {
    let good = wheel("foo", "1.0", LINUX, NOT_USED);
    let lines = format!("--require-hashes\nfoo==1.0 --hash=sha256:{}\nbar==1.0\n", good.sha256());
    let place = Place::new(&[("requirements.txt", &lines)]);
    let run = place.check(&serve(vec![good, pure("bar", "1.0")]), &["-r", "requirements.txt", "--no-deps"]);
    run.ends(2).says("bar has no hash");
}

#[test]
fn a_yanked_version_that_is_pinned_is_judged() {
    let server = serve(vec![wheel("foo", "1.0", LINUX, USED).yanked(), wheel("foo", "2.0", LINUX, NOT_USED)]);
    Place::new(&[]).check(&server, FOO).ends(1).says("foo 1.0").says("turns the GIL on");
}

#[test]
fn modules_that_cannot_be_read_are_never_a_pass() {
    let place = "module.cpython-314t-x86_64-linux-gnu.so";
    let mut truncated = module(NOT_USED);
    truncated.truncate(600);
    for bytes in [Vec::new(), b"INPUT(libfoo.so)".to_vec(), truncated, b"\x7fELF".to_vec()] {
        let server = serve(vec![wheel_of("foo", "1.0", LINUX, &[(place, bytes)])]);
        let run = Place::new(&[]).check(&server, FOO);
        assert!([1, 3].contains(&run.status), "{}\n{}", run.stdout, run.stderr);
    }
    let broken = index::File::new(format!("foo-1.0-{LINUX}.whl"), b"no archive".to_vec());
    let server = serve(vec![broken, pure("bar", "1.0")]);
    for more in [&[][..], &["bar==1.0"]] {
        let run = Place::new(&[]).check(&server, &[FOO, more].concat());
        run.ends(3).says("? foo 1.0 cannot be told").says("is no wheel");
    }
}

#[test]
fn code_for_another_machine_is_never_a_pass() {
    for tag in ["py3-none-any", "cp314-cp314t-macosx_11_0_universal2", "cp314-cp314t-win_amd64"] {
        let server = serve(vec![wheel("foo", "1.0", tag, NOT_USED)]);
        let platform = if tag.ends_with("win_amd64") { "windows-x86_64" } else { "macos-arm64" };
        let run = Place::new(&[]).check_for(&server, &[FOO, &["--platform", platform]].concat());
        run.ends(3).says(&format!("elf for x86_64, which {platform} does not load"));
    }
}

#[test]
fn one_fault_among_what_is_fine_fails() {
    let server = serve(vec![wheel("foo", "1.0", LINUX, NOT_USED), wheel("bar", "1.0", LINUX, USED)]);
    let place = Place::new(&[("requirements.txt", "foo==1.0\nbar==1.0\n")]);
    place.check(&server, &["-r", "requirements.txt", "--no-deps"]).ends(1).says("1 of 2 distributions turns");
}

#[test]
fn nothing_to_audit_is_no_pass() {
    let server = mended_later();
    for text in ["", "# nothing yet\n", "foo==2.0; sys_platform == 'win32'\n"] {
        let place = Place::new(&[("requirements.txt", text)]);
        for format in ["human", "json"] {
            let arguments = ["-r", "requirements.txt", "--no-deps", "--format", format];
            place.check(&server, &arguments).ends(2).says("nothing could be audited");
        }
    }
    Place::new(&[]).check(&server, &[]).ends(2).says("hint: ");
    Place::new(&[]).check(&server, &["-r", "missing.txt"]).ends(2).says("missing.txt");
}
