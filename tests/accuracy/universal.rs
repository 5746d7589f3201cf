//! A universal file of macOS, put together here of two parts: nothing loads it, so what is right is written down.

use crate::{audit, scripts};
use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};

/// A machine: clang's name, and `cputype` in a universal header.
type Machine = (&'static str, u32);

const MACHINES: [Machine; 2] = [("x86_64", 0x0100_0007), ("arm64", 0x0100_000c)];

/// Parts begin at multiples of the larger machine's pages: 16 KiB, as a power of two.
const ALIGNMENT: u32 = 14;

#[test]
fn each_part_is_judged() {
    let skip = "FTAUDIT_TEST_SKIP_FIXTURES";
    if scripts::told_to_skip(skip) && !runs("clang") {
        return crate::tell(&format!("SKIPPED: no universal file is made, because of {skip}=1"));
    }
    for (declared, verdict, found) in [
        ([1, 1], "gil-free", vec![]),
        ([0, 0], "requires-gil", vec!["gil-reenabled"]),
        ([0, 1], "requires-gil", vec!["disagreeing-slices", "gil-reenabled"]),
        ([1, 0], "requires-gil", vec!["disagreeing-slices", "gil-reenabled"]),
    ] {
        let folder = tempfile::tempdir().expect("a folder can be made");
        let file = folder.path().join("universal.cpython-314t-darwin.so");
        let parts =
            [0, 1].map(|index| (MACHINES[index].1, part(folder.path(), MACHINES[index].0, declared[index])));
        fs::write(&file, universal(&parts)).expect("it can be written");
        let report = audit::check("3.14t", [&file]);
        let module = &report.distributions[0].modules[0];
        assert_eq!(module.verdicts["3.14t"].verdict, verdict, "{declared:?}");
        assert_eq!(module.arch, ["x86_64", "aarch64"]);
        let rules: Vec<&str> = report.findings.iter().map(|finding| finding.rule.as_str()).collect();
        assert_eq!(rules, found, "{declared:?}");
    }
}

fn runs(program: &str) -> bool {
    Command::new(program).arg("--version").stdout(Stdio::null()).status().is_ok()
}

/// The fixture's code for a machine. The linker needs nothing of macOS: Python's symbols are looked up at load.
fn part(folder: &Path, machine: &str, declares: u8) -> Vec<u8> {
    let [object, library] = ["o", "dylib"].map(|end| folder.join(format!("{machine}.{end}")));
    let source = scripts::in_repository("fixtures/macho/universal.c");
    let mut clang = Command::new("clang");
    clang.arg(format!("--target={machine}-apple-macos11")).arg(format!("-DDECLARES={declares}"));
    succeeds(clang.args(["-O2", "-c", "-o"]).args([&object, &source]));
    let mut linker = Command::new("lld");
    linker.args(["-flavor", "darwin", "-dylib", "-undefined", "dynamic_lookup", "-arch", machine]);
    linker.args(["-platform_version", "macos", "11.0", "11.0", "-o"]).args([&library, &object]);
    succeeds(&mut linker);
    fs::read(library).expect("the linker wrote it")
}

fn succeeds(command: &mut Command) {
    let output = command.stdin(Stdio::null()).output().expect("clang and lld are there: the tests need them");
    assert!(output.status.success(), "{command:?}:\n{}", String::from_utf8_lossy(&output.stderr));
}

/// `<mach-o/fat.h>`: a header in big-endian order, then the parts.
fn universal(parts: &[(u32, Vec<u8>)]) -> Vec<u8> {
    let start = |end: usize| end.next_multiple_of(1 << ALIGNMENT);
    let number = |number: usize| u32::try_from(number).expect("the parts are small");
    let mut header = vec![0xcafe_babe, number(parts.len())];
    let mut file = vec![0; start(1)];
    for (machine, part) in parts {
        header.extend([*machine, 0, number(file.len()), number(part.len()), ALIGNMENT]);
        file.extend(part);
        file.resize(start(file.len()), 0);
    }
    let header: Vec<u8> = header.into_iter().flat_map(u32::to_be_bytes).collect();
    file[..header.len()].copy_from_slice(&header);
    file
}
