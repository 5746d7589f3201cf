//! What the README says about speed and memory, measured by `cargo bench`.
//!
//! Everything is a ratio of two runs that follow each other at once, A B A B …, so that it means the same on a
//! machine of any speed; nothing is asserted. The wheels are those of `tests/wheels.lock` where that file is
//! there, else all in the cache that the tests fill.
//!
//! - *wheels*: `ftaudit check` against this program called with `--inflate`, which only inflates the same members
//!   with the same inflater on as many threads (no checksums, each member into memory of its own).
//! - *site-packages*: `ftaudit check` of the unpacked wheels for 3.14t, warm, against `find` over the same tree.
//! - *memory*: the last `VmHWM` seen in `/proc/<pid>/status`, read every 2 ms. Mapped files count where touched.
//! - *evaluator*: `inspect` of a module whose bytes are in memory (those of its sister libraries too) against
//!   inflating it, on one thread, best of three.

mod evaluator;
mod members;

use data_encoding::HEXLOWER;
use ftaudit::model::{FileKind, WheelName};
use members::{Member, members};
use rayon::prelude::*;
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;
use std::error::Error;
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode, Stdio};
use std::time::{Duration, Instant};
use zip::ZipArchive;

type Result<T> = std::result::Result<T, Box<dyn Error + Send + Sync>>;

const FTAUDIT: &str = env!("CARGO_BIN_EXE_ftaudit");
const LOCK: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/wheels.lock");
const REPORT: &str = concat!(env!("CARGO_TARGET_TMPDIR"), "/speed.json");
const FEWEST_WHEELS: usize = 60;
const FEWEST_MODULES: usize = 500;
/// Odd, so that the median is one of them.
const PAIRS: usize = 9;

fn main() -> ExitCode {
    let mut arguments = std::env::args_os().skip(1).skip_while(|argument| argument != "--inflate");
    let done = match arguments.next() {
        Some(_) => inflate_all(&arguments.map(PathBuf::from).collect::<Vec<_>>()),
        None => measure(),
    };
    done.map_or_else(
        |error| {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        },
        |()| ExitCode::SUCCESS,
    )
}

fn measure() -> Result<()> {
    let cache = cache()?;
    let wheels = wheels(&cache.join("wheels"))?;
    let tree = Tree::of(&wheels, &cache.join("bench"))?;
    let members: Vec<Member> = wheels
        .iter()
        .map(|wheel| members(wheel))
        .collect::<Result<Vec<_>>>()?
        .into_iter()
        .flatten()
        .collect();
    let modules: Vec<&Member> = members.iter().filter(|member| member.kind == FileKind::Module).collect();
    println!(
        "{} wheels with {} modules, {} MB; site-packages: {} files, {} modules; {} threads\n",
        wheels.len(),
        modules.len(),
        modules.iter().map(|member| member.size).sum::<usize>() / 1_000_000,
        tree.files,
        tree.modules,
        rayon::current_num_threads(),
    );
    println!("| measured | goal | median | lowest | highest |\n|---|---|---|---|---|");
    let inflate = || {
        let mut command = Command::new(std::env::current_exe()?);
        Ok(command.arg("--inflate").args(&wheels).spawn()?)
    };
    let ratios = Ratios::of(|| check(&wheels), inflate)?;
    println!("| wheels / inflating them | 1.25 | {ratios} |");
    let find = || {
        let mut command = Command::new("find");
        Ok(command.arg(&tree.path).args(["-type", "f"]).stdout(Stdio::null()).spawn()?)
    };
    let ratios = Ratios::of(|| check(&[&tree.path]), find)?;
    println!("| site-packages / `find` | 4 | {ratios} |");
    let largest = modules.iter().max_by_key(|member| member.size).map_or(0, |member| member.size);
    let beside = format!("largest module: {} MB", largest / 1_000_000);
    println!("| memory, wheels | 200 MB | {} MB ({beside}) | | |", peak(check(&wheels)?)? / 1000);
    println!("| memory, site-packages | 200 MB | {} MB | | |", peak(check(&[&tree.path])?)? / 1000);
    evaluator::evaluator(&members)
}

/// The folder that the tests keep things in.
fn cache() -> Result<PathBuf> {
    let set = |name| std::env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from);
    let home = || set("HOME").map(|home| home.join(".cache"));
    let cache = || set("XDG_CACHE_HOME").or_else(home).map(|caches| caches.join("ftaudit"));
    Ok(set("FTAUDIT_TEST_CACHE").or_else(cache).ok_or("HOME is not set")?)
}

/// The wheels to measure with. Checking their hashes brings them into the page cache.
fn wheels(folder: &Path) -> Result<Vec<PathBuf>> {
    let mut wheels = Vec::new();
    if let Ok(lock) = fs::read_to_string(LOCK) {
        for (sha256, name) in lock.lines().filter_map(|line| line.split_once("  ")) {
            let path = folder.join(name);
            if fs::read(&path).is_ok_and(|bytes| HEXLOWER.encode(&Sha256::digest(bytes)) == sha256) {
                wheels.push(path);
            } else if !name.starts_with('#') {
                eprintln!("{} is missing, or has another hash", path.display());
            }
        }
    } else if let Ok(entries) = fs::read_dir(folder) {
        wheels = entries.map(|entry| Ok(entry?.path())).collect::<Result<_>>()?;
    }
    wheels.retain(|path| {
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        name.ends_with(".whl") && name.contains("x86_64")
    });
    wheels.sort();
    if wheels.len() < FEWEST_WHEELS {
        let found = format!("{} holds {} of at least {FEWEST_WHEELS}", folder.display(), wheels.len());
        let hint = "python3 tests/support/wheels.py tests/wheels.lock wheels";
        return Err(format!("{found} wheels for x86-64\nhint: this fetches them: {hint}").into());
    }
    Ok(wheels)
}

/// Starts the audit of some inputs.
fn check(inputs: &[impl AsRef<Path>]) -> Result<std::process::Child> {
    let mut command = Command::new(FTAUDIT);
    command.arg("check").args(inputs.iter().map(AsRef::as_ref));
    command.args(["--target", "3.14t", "-q", "--format", "json", "--output", REPORT]);
    Ok(command.stderr(Stdio::null()).spawn()?)
}

/// How often a second process would have ended while the first ran.
struct Ratios(Vec<f64>);

impl Ratios {
    fn of(
        first: impl Fn() -> Result<std::process::Child>,
        second: impl Fn() -> Result<std::process::Child>,
    ) -> Result<Self> {
        let timed = |start: &dyn Fn() -> Result<std::process::Child>| -> Result<f64> {
            let started = Instant::now();
            let status = start()?.wait()?;
            let took = started.elapsed().as_secs_f64();
            // 1 and 3 are results of an audit.
            if matches!(status.code(), Some(0 | 1 | 3)) { Ok(took) } else { Err(status.to_string().into()) }
        };
        timed(&first)?;
        timed(&second)?;
        let pairs = (0..PAIRS).map(|_| Ok(timed(&first)? / timed(&second)?));
        let mut ratios = pairs.collect::<Result<Vec<f64>>>()?;
        ratios.sort_by(f64::total_cmp);
        Ok(Self(ratios))
    }
}

impl std::fmt::Display for Ratios {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{:.2} | {:.2} | {:.2}", self.0[PAIRS / 2], self.0[0], self.0[PAIRS - 1])
    }
}

/// The most memory that a process ever held, in kB as Linux counts them.
fn peak(mut process: std::process::Child) -> Result<u64> {
    let status = format!("/proc/{}/status", process.id());
    let mut peak = 0;
    while process.try_wait()?.is_none() {
        let text = fs::read_to_string(&status).unwrap_or_default();
        let line = text.lines().find_map(|line| line.strip_prefix("VmHWM:"));
        let number = line.and_then(|line| line.split_whitespace().next()?.parse().ok());
        peak = peak.max(number.unwrap_or(0) * 1024 / 1000);
        std::thread::sleep(Duration::from_millis(2));
    }
    Ok(peak)
}

/// A site-packages as an installer would have made it of the wheels for 3.14t.
struct Tree {
    path: PathBuf,
    files: usize,
    modules: usize,
}

impl Tree {
    /// Unpacks one wheel of each distribution, unless an earlier run has.
    fn of(wheels: &[PathBuf], folder: &Path) -> Result<Self> {
        let mut chosen = BTreeMap::new();
        for wheel in wheels {
            let name = wheel.file_name().unwrap_or_default().to_string_lossy();
            if name.contains("-cp314t-") {
                chosen.entry(name.parse::<WheelName>()?.distribution).or_insert((wheel, name));
            }
        }
        let mut tree = Self { path: folder.join("site-packages"), files: 0, modules: 0 };
        let made_of = folder.join("site-packages.txt");
        let wanted: String = chosen.values().flat_map(|(_, name)| [&**name, "\n"]).collect();
        let there = fs::read_to_string(&made_of).is_ok_and(|found| found == wanted);
        if !there && tree.path.exists() {
            fs::remove_dir_all(&tree.path)?;
        }
        for (wheel, _) in chosen.values() {
            let mut archive = ZipArchive::new(File::open(wheel)?)?;
            tree.files += archive.len();
            tree.modules += members(wheel)?.iter().filter(|member| member.kind == FileKind::Module).count();
            if !there {
                fs::create_dir_all(&tree.path)?;
                archive.extract(&tree.path)?;
            }
        }
        fs::write(made_of, wanted)?;
        if tree.modules < FEWEST_MODULES {
            return Err(format!("{} of at least {FEWEST_MODULES} modules", tree.modules).into());
        }
        Ok(tree)
    }
}

/// What the wheels' run is held against: all modules, inflated and dropped.
fn inflate_all(wheels: &[PathBuf]) -> Result<()> {
    let inflate = |member: &Member| match member.kind {
        FileKind::Module => member.read().map(|bytes| drop(std::hint::black_box(bytes))),
        FileKind::Library => Ok(()),
    };
    wheels
        .par_iter()
        .with_max_len(1)
        .try_for_each(|wheel| members(wheel)?.par_iter().with_max_len(1).try_for_each(inflate))
}
