//! How much batches save: `ftaudit check --confirm` over an unpacked `site-packages` against the same with one
//! interpreter for each module, one right after the other. The ratio means the same on a machine of any speed;
//! nothing is asserted. The goal is 8.
//!
//! The tree is the one that the bench `speed` unpacks into the tests' cache; the interpreter is the first free-threaded
//! 3.14 that `ftaudit python list` finds, or the one that `FTAUDIT_BENCH_PYTHON` names.

use std::error::Error;
use std::path::PathBuf;
use std::process::{Command, ExitCode, Stdio};
use std::time::{Duration, Instant};

type Result<T> = std::result::Result<T, Box<dyn Error>>;

const FTAUDIT: &str = env!("CARGO_BIN_EXE_ftaudit");
/// Odd, so that the median is one of them; few, because one by one takes minutes.
const PAIRS: usize = 3;

fn main() -> ExitCode {
    measure().map_or_else(
        |error| {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        },
        |()| ExitCode::SUCCESS,
    )
}

fn measure() -> Result<()> {
    let tree = cache()?.join("bench").join("site-packages");
    if !tree.is_dir() {
        return Err(format!("{} is not there: run `cargo bench --bench speed` first", tree.display()).into());
    }
    let python = python()?;
    println!("| measured | goal | ratio | in batches | one by one |\n|---|---|---|---|---|");
    let mut ratios = Vec::new();
    for _ in 0..PAIRS {
        let together = confirm(&tree, &python, &[])?;
        let alone = confirm(&tree, &python, &["--one-by-one"])?;
        let ratio = alone.as_secs_f64() / together.as_secs_f64();
        println!(
            "| one by one / in batches | 8 | {ratio:.1} | {:.1} s | {:.1} s |",
            together.as_secs_f64(),
            alone.as_secs_f64()
        );
        ratios.push(ratio);
    }
    ratios.sort_by(f64::total_cmp);
    println!("| median | 8 | {:.1} | | |", ratios[PAIRS / 2]);
    Ok(())
}

fn confirm(tree: &PathBuf, python: &str, way: &[&str]) -> Result<Duration> {
    let started = Instant::now();
    let mut command = Command::new(FTAUDIT);
    command.args(["check", "--confirm", "--quiet", "--python", python]).arg(tree).args(way);
    let status = command.stdin(Stdio::null()).stdout(Stdio::null()).status()?;
    match status.code() {
        Some(0 | 1 | 3) => Ok(started.elapsed()),
        _ => Err(format!("ftaudit ended with {status}").into()),
    }
}

fn python() -> Result<String> {
    if let Ok(named) = std::env::var("FTAUDIT_BENCH_PYTHON") {
        return Ok(named);
    }
    let list = Command::new(FTAUDIT).args(["python", "list"]).output()?;
    let list = String::from_utf8_lossy(&list.stdout).into_owned();
    let found = list.lines().find(|line| line.starts_with("CPython 3.14."));
    let path = found.and_then(|line| line.split_once("  "));
    Ok(path.ok_or("no free-threaded Python 3.14 is found: name one in FTAUDIT_BENCH_PYTHON")?.1.to_owned())
}

/// The folder that the tests keep things in.
fn cache() -> Result<PathBuf> {
    let set = |name| std::env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from);
    let home = || set("HOME").map(|home| home.join(".cache"));
    let cache = || set("XDG_CACHE_HOME").or_else(home).map(|caches| caches.join("ftaudit"));
    Ok(set("FTAUDIT_TEST_CACHE").or_else(cache).ok_or("HOME is not set")?)
}
