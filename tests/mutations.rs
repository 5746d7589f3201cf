//! Modules with something changed, by the thousand: none may make the audit panic, take a second or half a gigabyte.
//! Apart from the other tests, as memory is measured for the whole process.
//!
//! `FTAUDIT_TEST_MUTATION_SECONDS` makes the run longer than what `./test` has time for, and
//! `FTAUDIT_TEST_MUTATION_SEED` another one. An input that fails is kept below `target/mutations`.

#[path = "support/module.rs"]
mod module;
#[path = "support/scripts.rs"]
mod scripts;

use ftaudit::assess;
use ftaudit::inspect::{self, image};
use ftaudit::model::{Alone, ModuleName, Target};
use module::Module;
use peak_alloc::PeakAlloc;
use std::fs;
use std::io::Read;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::sync::LazyLock;
use std::time::{Duration, Instant};

#[global_allocator]
static MEMORY: PeakAlloc = PeakAlloc;

const MAX_TIME: Duration = Duration::from_secs(1);
const MAX_MEGABYTES: f32 = 512.0;
/// Time that `./test` has for this.
const SECONDS: u64 = 25;
/// Modules of wheels that are changed: small ones, so that changes hit what is read.
const MAX_MODULE: u64 = 120_000;
const MAX_MODULES: usize = 40;

/// Values that break arithmetic.
const WILD: [u64; 12] = [
    0,
    1,
    4,
    0x7f,
    0x80,
    0xff,
    0xffff,
    0x7fff_ffff,
    0x8000_0000,
    0xffff_ffff,
    i64::MAX.cast_unsigned(),
    u64::MAX,
];

/// xorshift64*: the same run for the same start.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        self.0.wrapping_mul(0x2545_f491_4f6c_dd1d) >> 16
    }

    fn below(&mut self, limit: usize) -> usize {
        usize::try_from(self.next()).unwrap() % limit.max(1)
    }
}

/// A module to be changed.
struct Sample {
    name: String,
    bytes: Vec<u8>,
    /// Stretches of the file that the audit reads first: headers, and code from the hook on.
    read: Vec<(usize, usize)>,
}

impl Sample {
    fn new(name: &str, bytes: Vec<u8>) -> Self {
        let mut read = vec![(0, 0x400.min(bytes.len()))];
        let stem = ModuleName::of_member(name).stem;
        for image in image::parse(&bytes).unwrap_or_default() {
            let Some(hook) = image.export(&format!("PyInit_{stem}")) else { continue };
            for segment in image.segments() {
                let start = usize::try_from(segment.offset).unwrap();
                let size = usize::try_from(segment.file_size).unwrap();
                if segment.contains(hook) {
                    let within = usize::try_from(hook - segment.address).unwrap();
                    read.push((start + within, start + (within + 0x200).min(size)));
                } else if segment.writable {
                    read.push((start, start + size));
                }
            }
        }
        Self { name: name.to_owned(), bytes, read }
    }
}

fn samples() -> Vec<Sample> {
    let name = "_x.cpython-314t-x86_64-linux-gnu.so";
    let hooks = &["PyInit__x", "PyModExport__x"];
    let mut samples = vec![Sample::new(name, Module { hooks, gil: 1 }.build())];
    if !scripts::told_to_skip("FTAUDIT_TEST_SKIP_WHEELS") {
        let lock = scripts::in_repository("tests/wheels.lock");
        let folder = scripts::run("tests/support/wheels.py", &[lock.to_str().unwrap(), "wheels"]);
        let text = fs::read_to_string(lock).unwrap();
        let wheels = text.lines().filter_map(|line| line.split_once("  ")).map(|(_, file)| file);
        for wheel in wheels {
            if samples.len() < MAX_MODULES {
                samples.extend(first_module(&Path::new(folder.trim()).join(wheel)));
            }
        }
    }
    samples
}

/// The first small module of a wheel.
fn first_module(wheel: &Path) -> Option<Sample> {
    let mut archive = zip::ZipArchive::new(fs::File::open(wheel).unwrap()).unwrap();
    for index in 0..archive.len() {
        let mut member = archive.by_index(index).unwrap();
        let name = member.name().unwrap().into_owned();
        if Path::new(&name).extension().is_some_and(|kind| kind == "so")
            && !name.contains(".libs/")
            && member.size() < MAX_MODULE
        {
            let mut bytes = Vec::new();
            member.read_to_end(&mut bytes).unwrap();
            return Some(Sample::new(&name, bytes));
        }
    }
    None
}

fn changed(samples: &[Sample], sample: &Sample, random: &mut Random) -> Vec<u8> {
    let mut bytes = sample.bytes.clone();
    for _ in 0..1 << random.below(6) {
        let (start, end) = match random.below(4) {
            0 => (0, bytes.len()),
            _ => sample.read[random.below(sample.read.len())],
        };
        let at = start + random.below(end.saturating_sub(start));
        match random.below(8) {
            0 | 1 => put(&mut bytes, at, &random.next().to_le_bytes()[..1]),
            2 | 3 => {
                if let Some(byte) = bytes.get_mut(at) {
                    *byte ^= 1 << random.below(8);
                }
            }
            4 | 5 => {
                let width = 1 << random.below(4);
                let value = WILD[random.below(WILD.len())];
                put(&mut bytes, at & !(width - 1), &value.to_le_bytes()[..width]);
            }
            6 => {
                let other = &samples[random.below(samples.len())];
                let from = other.read[random.below(other.read.len())].0;
                let length = random.below(64);
                put(&mut bytes, at, other.bytes.get(from..from + length).unwrap_or_default());
            }
            _ if random.below(16) == 0 => bytes.truncate(at),
            _ => {}
        }
    }
    bytes
}

fn put(bytes: &mut [u8], at: usize, new: &[u8]) {
    if let Some(place) = bytes.get_mut(at..at + new.len()) {
        place.copy_from_slice(new);
    }
}

/// All that an audit and an inspection do with a file.
fn audit(bytes: &[u8], name: &ModuleName, target: Target) {
    let Ok(facts) = inspect::trace(bytes, name, &[target], &Alone) else { return };
    std::hint::black_box(assess::judge(name, Ok(&facts), target));
    for slice in &facts.slices {
        std::hint::black_box(assess::answer(name, slice, target));
    }
}

/// Time that this thread has had a processor for, where the system tells; the time of day otherwise.
fn spent() -> Duration {
    static START: LazyLock<Instant> = LazyLock::new(Instant::now);
    let statistics = fs::read_to_string("/proc/thread-self/schedstat").ok();
    let nanoseconds = statistics.and_then(|text| text.split(' ').next()?.parse().ok());
    nanoseconds.map_or_else(|| START.elapsed(), Duration::from_nanos)
}

/// Why an input is refused, if it is.
fn complaint(bytes: &[u8], name: &ModuleName, target: Target) -> Option<String> {
    let mut fastest = Duration::MAX;
    // What shares the processor slows it down: three times is no chance.
    for _ in 0..3 {
        MEMORY.reset_peak_usage();
        let start = spent();
        if catch_unwind(AssertUnwindSafe(|| audit(bytes, name, target))).is_err() {
            return Some("panics".to_owned());
        }
        fastest = fastest.min(spent().saturating_sub(start));
        let peak = MEMORY.peak_usage_as_mb();
        if peak > MAX_MEGABYTES {
            return Some(format!("takes {peak} MB"));
        }
        if fastest < MAX_TIME {
            return None;
        }
    }
    Some(format!("takes {fastest:?}"))
}

/// A universal Mach-O file of many machines, all of which share the same 12 KB. Its rebase opcodes say in a few bytes
/// that each of four million words holds an address: 44 machines once took nine gigabytes and two minutes.
fn shared_among_machines(machines: u32) -> Vec<u8> {
    const WORDS: u64 = 4_194_000;
    let bytes = |values: &[u32]| values.iter().flat_map(|value| value.to_le_bytes()).collect::<Vec<u8>>();
    let segment = |name: &[u8], address: u64, size: u64, offset: u64| {
        let mut command = bytes(&[0x19, 72]);
        command.extend(name);
        command.resize(24, 0);
        for value in [address, size, offset, 0x1000] {
            command.extend(value.to_le_bytes());
        }
        command.extend(bytes(&[3, 3, 0, 0]));
        command
    };
    // Pointers, from the start of segment 1 on, so many times: a number in groups of seven bits.
    let opcodes = [0x11, 0x21, 0, 0x60, 0xd0, 0xfd, 0xff, 0x01, 0];
    let mut commands = segment(b"__TEXT", 0, 0x1000, 0);
    commands.extend(segment(b"__DATA", 0x1000, WORDS * 8 + 0x80, 0x1000));
    commands.extend(segment(b"__LINKEDIT", 0x1000_1000, 0x1000, 0x2000));
    commands.extend(bytes(&[0x8000_0022, 48, 0x2000, 9, 0, 0, 0, 0, 0, 0, 0, 0]));
    let length = u32::try_from(commands.len()).unwrap();
    let mut image = bytes(&[0xfeed_facf, 0x0100_0007, 3, 6, 4, length, 0x85, 0]);
    image.extend(commands);
    image.resize(0x2000, 0);
    image.extend(opcodes);
    image.resize(0x3000, 0);
    let mut file = 0xcafe_babe_u32.to_be_bytes().to_vec();
    file.extend(machines.to_be_bytes());
    for subtype in 0..machines {
        for value in [0x0100_0007, subtype, 0x1000, 0x3000, 12] {
            file.extend(value.to_be_bytes());
        }
    }
    file.resize(0x1000, 0);
    [file, image].concat()
}

fn number(variable: &str, otherwise: u64) -> u64 {
    std::env::var(variable).map_or(otherwise, |text| text.parse().expect("a number"))
}

#[test]
fn changed_modules_are_survived_within_limits() {
    let universal = shared_among_machines(44);
    let read = image::parse(&universal).map(|images| images.len()).map_err(|error| error.to_string());
    assert!(
        read.is_err_and(|why| why.contains("fixups and symbols of all machines")),
        "it is not what it was"
    );
    let name = ModuleName::of_member("x.so");
    assert_eq!(complaint(&universal, &name, Target::Py314t), None);
    let samples = samples();
    let until = Instant::now() + Duration::from_secs(number("FTAUDIT_TEST_MUTATION_SECONDS", SECONDS));
    let mut random = Random(number("FTAUDIT_TEST_MUTATION_SEED", 0x5eed));
    let mut count = 0;
    while Instant::now() < until {
        let sample = &samples[random.below(samples.len())];
        let bytes = changed(&samples, sample, &mut random);
        let target = Target::ALL[random.below(Target::ALL.len())];
        let name = ModuleName::of_member(&sample.name);
        if let Some(why) = complaint(&bytes, &name, target) {
            let folder = scripts::in_repository("target/mutations");
            fs::create_dir_all(&folder).unwrap();
            let file = folder.join(format!("{count}-{}", sample.name.replace('/', "_")));
            fs::write(&file, bytes).unwrap();
            panic!("{} on {target} {why}", file.display());
        }
        count += 1;
    }
    assert!(count > 100, "only {count} files were looked at");
    println!("{count} changed modules of {} were looked at", samples.len());
}
