//! What it takes to choose and fetch the wheels of a project with 50 pins, measured by `cargo bench --bench index`.
//!
//! The index is a server on loopback that waits 20 ms before each answer, with wheels of `tests/wheels.lock` from the cache
//! that the tests fill; each is for free-threaded 3.14. Times are given in round trips of 20 ms, so that they mean
//! the same on machines whose processors differ, as far as waiting is what they consist of. Nothing is asserted.
//!
//! Twice: with the 50 smallest of these wheels, where waiting is most of it, and with the 50 largest, where this machine's
//! memory is, since the server's and the cache's copies all pass through it.
//!
//! - *slowest alone*: each wheel by itself with nothing in the cache, and the slowest of them.
//! - *all, cold*: all side by side, with nothing in the cache.
//! - *all, warm*: another run that has to ask whether the pages still count.
//! - *all, offline*: the cache alone.
//! - *the gate, …*: the same, and the program itself all the way from a requirements file to its report, as CI runs it.
//!   The goal for the last of these, warm and offline, is 150 ms.
//!
//! Each page lists 1,000 files of other versions besides, as those of popular projects do.
//!
//! - *bytes*: what the server sent of pages and wheels in the cold run, against the size of the wheels.

#[path = "../../tests/index/server.rs"]
#[expect(dead_code, reason = "the ways to misbehave are for the tests")]
mod server;

use ftaudit::acquire::index::{Index, IndexOptions, Settings, Surroundings};
use ftaudit::model::{Context, Platform, Source, Taken, Target, Want, WheelName, normalise};
use server::{Reply, Server};
use std::collections::BTreeMap;
use std::error::Error;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};

type Result<T> = std::result::Result<T, Box<dyn Error + Send + Sync>>;

const LOCK: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/wheels.lock");
const PINS: usize = 50;
const LATENCY: Duration = Duration::from_millis(20);
const CONTEXT: Context = Context { target: Target::Py314t, platform: Platform::LinuxX86_64 };
/// Files of other versions on each page.
const LISTED: usize = 1000;
/// What the gate may take when all is at hand.
const GOAL: Duration = Duration::from_millis(150);
/// Odd, so that the median is one of them.
const RUNS: usize = 5;

/// A pinned project and its wheel.
struct Pin {
    name: String,
    version: String,
    file: String,
    bytes: Arc<Vec<u8>>,
}

fn main() -> ExitCode {
    match measure() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}

fn measure() -> Result<()> {
    let mut pins = pins()?;
    pins.sort_by_key(|pin| pin.bytes.len());
    let most = PINS.min(pins.len());
    measure_all("smallest", &pins[..most])?;
    measure_all("largest", &pins[pins.len() - most..])
}

fn measure_all(which: &str, pins: &[Pin]) -> Result<()> {
    let size: usize = pins.iter().map(|pin| pin.bytes.len()).sum();
    println!(
        "the {} {which} wheels, {} MB; {} ms a request\n",
        pins.len(),
        size / 1_000_000,
        LATENCY.as_millis()
    );
    let offer = |pin: &Pin| (pin.name.clone(), (page(&pin.file), Arc::clone(&pin.bytes)));
    let offered: BTreeMap<String, (String, Arc<Vec<u8>>)> = pins.iter().map(offer).collect();
    let server = Server::slow(LATENCY, move |request| {
        let mut parts = request.path.trim_matches('/').split('/').skip(1);
        let found = parts.next().and_then(|name| offered.get(name));
        match (found, parts.next()) {
            (Some((_, bytes)), Some(_)) => Reply::file(request, bytes),
            (Some(_), None) if request.header("if-none-match").is_some() => {
                Reply::status(304).with("ETag", "\"1\"")
            }
            (Some((page, _)), None) => Reply::html(page.clone()).with("ETag", "\"1\""),
            (None, _) => Reply::status(404),
        }
    });
    println!("| measured | round trips | ms |\n|---|---|---|");
    let mut alone = Vec::new();
    for pin in pins {
        alone.push(median(|| {
            let place = tempfile::tempdir()?;
            run(std::slice::from_ref(pin), &server, place.path(), false)
        })?);
    }
    row("slowest alone, cold", alone.into_iter().max().unwrap_or_default());
    let before = server.sent();
    let mut cold = Vec::new();
    let mut place = tempfile::tempdir()?;
    for _ in 0..RUNS {
        place = tempfile::tempdir()?;
        cold.push(run(pins, &server, place.path(), false)?);
    }
    cold.sort_unstable();
    row("all, cold", cold[RUNS / 2]);
    let sent = (server.sent() - before) / RUNS as u64;
    row("all, warm", median(|| run(pins, &server, place.path(), false))?);
    row("all, offline", median(|| run(pins, &server, place.path(), true))?);
    let mut cold = Vec::new();
    for _ in 0..RUNS {
        place = tempfile::tempdir()?;
        cold.push(gate(pins, &server, place.path(), false)?);
    }
    cold.sort_unstable();
    row("the gate, cold", cold[RUNS / 2]);
    let offline = median(|| gate(pins, &server, place.path(), true))?;
    row("the gate, offline", offline);
    let ratio = offline.as_secs_f64() / GOAL.as_secs_f64();
    println!("\nthe gate, offline, against its goal of {} ms: {ratio:.2}", GOAL.as_millis());
    println!("\nbytes: {} of {} MB, {} %\n", sent / 1_000_000, size / 1_000_000, sent * 100 / size as u64);
    Ok(())
}

/// A page that lists the wheel behind a thousand others, of versions that no project has.
fn page(file: &str) -> String {
    let other = |number: usize| {
        let (name, tags) = file.split_once('-').unwrap_or((file, ""));
        let tags = tags.split_once('-').map_or(tags, |(_, tags)| tags);
        let hash = format!("{number:064x}");
        format!(
            "<a href='{name}-0.0.0.{number}-{tags}#sha256={hash}' data-requires-python='&gt;=3.8'></a><br>\n"
        )
    };
    let mut page: String = (0..LISTED).map(other).collect();
    page.extend(["<a href='", file, "'></a>"]);
    page
}

/// The program, from a requirements file to its report.
fn gate(pins: &[Pin], server: &Server, folder: &Path, offline: bool) -> Result<Duration> {
    let lines: Vec<String> = pins.iter().map(|pin| format!("{}=={}\n", pin.name, pin.version)).collect();
    let requirements = folder.join("requirements.txt");
    std::fs::write(&requirements, lines.concat())?;
    let mut command = Command::new(env!("CARGO_BIN_EXE_ftaudit"));
    command
        .args(["check", "--no-deps", "--no-suggest", "--platform", "linux-x86_64", "-r"])
        .arg(requirements);
    command.args(offline.then_some("--offline")).stdout(Stdio::null()).stderr(Stdio::null());
    command.env_clear().env("HOME", folder).env("FTAUDIT_CACHE_DIR", folder.join("cache"));
    command.env("FTAUDIT_INDEX_URL", server.url("/simple/"));
    let start = Instant::now();
    let status = command.status()?.code();
    match status {
        Some(0 | 1) => Ok(start.elapsed()),
        other => Err(format!("the program ended with {other:?}").into()),
    }
}

fn row(what: &str, time: Duration) {
    println!("| {what} | {:.1} | {} |", time.as_secs_f64() / LATENCY.as_secs_f64(), time.as_millis());
}

fn median(mut run: impl FnMut() -> Result<Duration>) -> Result<Duration> {
    let mut times = (0..RUNS).map(|_| run()).collect::<Result<Vec<_>>>()?;
    times.sort_unstable();
    Ok(times[RUNS / 2])
}

/// Chooses and fetches all side by side, with a cache in that folder.
fn run(pins: &[Pin], server: &Server, folder: &Path, offline: bool) -> Result<Duration> {
    let url = server.url("/simple/");
    let start = Instant::now();
    let surroundings = Surroundings::made_up(folder, &[("FTAUDIT_INDEX_URL", &url)]);
    let index = Index::new(Settings::resolve(&IndexOptions::default(), offline, &surroundings)?);
    std::thread::scope(|scope| {
        let fetching: Vec<_> = pins.iter().map(|pin| scope.spawn(|| fetch(&index, pin))).collect();
        fetching.into_iter().try_for_each(|thread| thread.join().map_err(|_| "a thread panicked")?)
    })?;
    Ok(start.elapsed())
}

fn fetch(index: &Index, pin: &Pin) -> Result<()> {
    let want = Want {
        name: pin.name.clone(),
        version: Some(pin.version.clone()),
        source: Source::Index,
        hashes: Vec::new(),
        contexts: vec![CONTEXT],
        said_by: "the bench".to_owned(),
        chain: Vec::new(),
    };
    match index.choose(&want, CONTEXT).taken {
        Taken::Wheel(file) => drop(index.fetch(&file, &[], false)?),
        other => return Err(format!("{} {}: {other:?}", pin.name, pin.version).into()),
    }
    Ok(())
}

/// The wheels of the lock file for this target, one a project.
fn pins() -> Result<Vec<Pin>> {
    let base = std::env::var_os("FTAUDIT_TEST_CACHE").map(PathBuf::from);
    let home = || {
        std::env::var_os("XDG_CACHE_HOME")
            .map(PathBuf::from)
            .or_else(|| Some(etcetera::home_dir().ok()?.join(".cache")))
    };
    let folder =
        base.or_else(|| Some(home()?.join("ftaudit"))).ok_or("there is no cache folder")?.join("wheels");
    let lock = std::fs::read_to_string(LOCK)?;
    let mut pins: BTreeMap<String, Pin> = BTreeMap::new();
    for file in lock.lines().filter_map(|line| line.split_once("  ")).map(|(_, file)| file) {
        let parsed: WheelName = file.parse()?;
        let name = normalise(&parsed.distribution);
        if !file.contains("-cp314-cp314t-") || pins.contains_key(&name) {
            continue;
        }
        let bytes =
            std::fs::read(folder.join(file)).map_err(|error| format!("{file}: {error}; run ./test first"))?;
        let pin = Pin {
            name: name.clone(),
            version: parsed.version,
            file: file.to_owned(),
            bytes: Arc::new(bytes),
        };
        pins.insert(name, pin);
    }
    Ok(pins.into_values().collect())
}
