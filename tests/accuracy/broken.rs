//! Files that are no proper ELF images, made from a good one: each gives a note or `undetermined`, none a verdict
//! that is good news, a panic or a hang.

use crate::{audit, wheels};
use std::fs;
use std::io::Read;
use std::path::Path;
use std::time::{Duration, Instant};

/// A module whose broken copies are audited.
const SAMPLE: &str = "markupsafe-3.0.4-cp314-cp314t-";
/// Offsets in the header of a 64-bit ELF file.
const PROGRAM_HEADERS: usize = 0x20;
const SECTION_HEADERS: usize = 0x28;
const PROGRAM_HEADER_SIZE: usize = 0x36;
const PROGRAM_HEADER_COUNT: usize = 0x38;
const PROGRAM_HEADER: usize = 56;

#[test]
fn hopeless_files_are_told_one_by_one() {
    let Some(image) = sample() else { return };
    let folder = tempfile::tempdir().expect("a folder can be made");
    let mut files = vec![("empty", Vec::new()), ("text", b"this is no module\n".to_vec())];
    for (name, length) in [("one_byte", 1), ("magic_only", 4), ("ident_only", 16), ("half_header", 40)] {
        files.push((name, image[..length].to_vec()));
    }
    files.push(("header_only", image[..64].to_vec()));
    // The loader would map it, and the interpreter would die of what is not there.
    files.push(("without_data", image[..last_segment(&image)].to_vec()));
    for (name, bytes) in &files {
        put(folder.path(), name, bytes);
    }
    let report = audit_quickly(folder.path());
    for (name, _) in &files {
        let file = format!("{name}/{FILE}");
        let noted = report.notes.iter().any(|note| note.about.contains(&file) && !note.why.is_empty());
        let judged = judged_badly(&report, &file);
        assert!(noted || judged, "nothing in the report says that {file} cannot be read");
    }
}

#[test]
fn a_hopeless_file_alone_is_not_fine() {
    let folder = tempfile::tempdir().expect("a folder can be made");
    for (name, bytes) in [("empty", &b""[..]), ("text", b"this is no module\n"), ("magic", b"\x7fELF")] {
        put(folder.path(), name, bytes);
        let output = audit::run("3.14t", [folder.path().join(name).join(FILE)]);
        assert!(
            matches!(output.status.code(), Some(1..=3)),
            "{name}: ended with {}, which does not tell that it could not be read",
            output.status
        );
    }
}

#[test]
fn cut_files_are_survived() {
    let Some(image) = sample() else { return };
    let folder = tempfile::tempdir().expect("a folder can be made");
    for step in 0..64 {
        put(folder.path(), &format!("cut_{step}"), &image[..image.len() * step / 64]);
    }
    put(folder.path(), "cut_last_byte", &image[..image.len() - 1]);
    audit_quickly(folder.path());
}

#[test]
fn wild_headers_are_survived() {
    let Some(image) = sample() else { return };
    let folder = tempfile::tempdir().expect("a folder can be made");
    for value in WILD {
        for (field, offset, width) in [
            ("program_headers", PROGRAM_HEADERS, 8),
            ("section_headers", SECTION_HEADERS, 8),
            ("header_size", PROGRAM_HEADER_SIZE, 2),
            ("header_count", PROGRAM_HEADER_COUNT, 2),
        ] {
            put(folder.path(), &format!("{field}_{value:x}"), &with(&image, offset, value, width));
        }
    }
    audit_quickly(folder.path());
}

#[test]
fn wild_segments_are_survived() {
    let Some(image) = sample() else { return };
    let folder = tempfile::tempdir().expect("a folder can be made");
    for value in WILD {
        for header in program_headers(&image) {
            // Offset, address, size in the file, size in memory, alignment.
            for field in [8, 16, 32, 40, 48] {
                let name = format!("segment_{header:x}_{field}_{value:x}");
                put(folder.path(), &name, &with(&image, header + field, value, 8));
            }
        }
    }
    audit_quickly(folder.path());
}

#[test]
fn wild_dynamic_entries_are_survived() {
    let Some(image) = sample() else { return };
    let folder = tempfile::tempdir().expect("a folder can be made");
    let (start, size) = dynamic_segment(&image);
    for value in WILD {
        for entry in (start..start + size).step_by(16) {
            put(folder.path(), &format!("dynamic_{entry:x}_{value:x}"), &with(&image, entry + 8, value, 8));
        }
    }
    audit_quickly(folder.path());
}

#[test]
fn scattered_noise_is_survived() {
    let Some(image) = sample() else { return };
    let folder = tempfile::tempdir().expect("a folder can be made");
    let mut state = 0x9e37_79b9_7f4a_7c15_u64;
    for round in 0..300 {
        let mut noisy = image.clone();
        for _ in 0..1 << (round % 8) {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            let place = usize::try_from(state >> 8).expect("it fits") % noisy.len();
            noisy[place] = state.to_le_bytes()[0];
        }
        put(folder.path(), &format!("noise_{round}"), &noisy);
    }
    audit_quickly(folder.path());
}

/// Numbers that are out of any file, or overflow when something is added to them.
const WILD: [u64; 5] = [0, 0x7fff_ffff, 0xffff_fff0, 0x7fff_ffff_ffff_f000, u64::MAX];

/// A good module out of the pinned wheels.
fn sample() -> Option<Vec<u8>> {
    let cached = wheels::cached()?;
    let wheel = cached.iter().find(|wheel| wheel.file.starts_with(SAMPLE)).expect("it is in wheels.lock");
    let file = fs::File::open(&wheel.path).expect("it is in the cache");
    let mut archive = zip::ZipArchive::new(file).expect("it is an archive");
    let mut image = Vec::new();
    for index in 0..archive.len() {
        let mut member = archive.by_index(index).expect("the archive is sound");
        if member.name().is_ok_and(|name| name.ends_with(".so")) {
            member.read_to_end(&mut image).expect("the archive is sound");
        }
    }
    Some(image)
}

/// The name that broken files have: one that 3.14t loads, and that the good file's init function fits.
const FILE: &str = "_speedups.cpython-314t-x86_64-linux-gnu.so";

/// Writes a broken file, in a folder of its own.
fn put(folder: &Path, case: &str, bytes: &[u8]) {
    fs::create_dir_all(folder.join(case)).expect("a folder can be made");
    fs::write(folder.join(case).join(FILE), bytes).expect("a file can be written");
}

/// Audits a folder of broken files: it must end by itself, soon, and not with a panic.
fn audit_quickly(folder: &Path) -> audit::Report {
    let start = Instant::now();
    let report = audit::check("3.14t", [folder]);
    assert!(start.elapsed() < Duration::from_mins(2), "took {:?}", start.elapsed());
    report
}

/// Whether a file has a verdict that does not pass.
fn judged_badly(report: &audit::Report, file: &str) -> bool {
    let mut modules = report.distributions.iter().flat_map(|distribution| &distribution.modules);
    modules.any(|module| {
        module.member.contains(file)
            && module
                .verdicts
                .values()
                .all(|said| matches!(said.verdict.as_str(), "undetermined" | "incompatible-abi"))
    })
}

/// A copy with a number written into it.
fn with(image: &[u8], offset: usize, value: u64, width: usize) -> Vec<u8> {
    let mut copy = image.to_vec();
    copy[offset..offset + width].copy_from_slice(&value.to_le_bytes()[..width]);
    copy
}

/// A number of an image.
fn number(image: &[u8], offset: usize, width: usize) -> u64 {
    image[offset..offset + width].iter().rev().fold(0, |sum, byte| sum << 8 | u64::from(*byte))
}

/// The program headers of an image, as offsets.
fn program_headers(image: &[u8]) -> impl DoubleEndedIterator<Item = usize> {
    let table = usize::try_from(number(image, PROGRAM_HEADERS, 8)).expect("it fits");
    let count = usize::try_from(number(image, PROGRAM_HEADER_COUNT, 2)).expect("it fits");
    (0..count).map(move |index| table + index * PROGRAM_HEADER)
}

/// Where the last segment that is loaded, which holds the definition, starts in the file.
fn last_segment(image: &[u8]) -> usize {
    const PT_LOAD: u64 = 1;
    let header = program_headers(image).rev().find(|header| number(image, *header, 4) == PT_LOAD);
    usize::try_from(number(image, header.expect("it is loaded") + 8, 8)).expect("it fits")
}

/// Where the dynamic segment stands in the file, and its size.
fn dynamic_segment(image: &[u8]) -> (usize, usize) {
    const PT_DYNAMIC: u64 = 2;
    let header = program_headers(image).find(|header| number(image, *header, 4) == PT_DYNAMIC);
    let header = header.expect("a shared library has a dynamic segment");
    let field = |offset| usize::try_from(number(image, header + offset, 8)).expect("it fits");
    (field(8), field(32))
}
