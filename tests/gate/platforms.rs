//! Several platforms and targets: each has its own wheel and verdict, and none speaks for another.

use crate::index::{File, LINUX, NOT_USED, USED, pure, serve, wheel};
use crate::pinned;
use crate::run::Place;
use serde_json::Value;
use std::collections::BTreeMap;

const ALL: [&str; 7] = [
    "linux-x86_64",
    "linux-aarch64",
    "linux-musl-x86_64",
    "macos-arm64",
    "macos-x86_64",
    "windows-x86_64",
    "windows-arm64",
];

/// `PLATFORM VERDICT WHEEL` of one distribution, sorted.
fn matrix(report: &Value, name: &str, target: &str) -> Vec<String> {
    let text = |value: &Value| value.as_str().unwrap_or("-").to_owned();
    let of_it = report["distributions"].as_array().unwrap().iter().filter(|one| one["name"] == name);
    let mut lines: Vec<String> = of_it
        .filter(|one| !one["verdicts"][target].is_null())
        .map(|one| [text(&one["platform"]), text(&one["verdicts"][target]), text(&one["wheel"])].join(" "))
        .collect();
    lines.sort();
    lines
}

fn rules(report: &Value) -> BTreeMap<String, Vec<String>> {
    let mut rules: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for finding in report["findings"].as_array().unwrap() {
        let platforms = finding["platforms"].as_array().unwrap().iter();
        let rule = rules.entry(finding["rule"].as_str().unwrap().to_owned()).or_default();
        rule.extend(platforms.map(|platform| platform.as_str().unwrap().to_owned()));
    }
    rules
}

#[test]
fn each_platform_has_its_own_wheel_and_verdict() {
    let musl = "cp314-cp314t-musllinux_1_2_x86_64";
    let server = serve(vec![
        wheel("foo", "1.0", LINUX, NOT_USED),
        wheel("foo", "1.0", musl, USED),
        File::new("bar-1.0.tar.gz", b"sources".to_vec()),
        pure("baz", "1.0"),
    ]);
    let place = Place::new(&[("requirements.txt", "foo==1.0\nbar==1.0\nbaz==1.0\n")]);
    let arguments = ["-r", "requirements.txt", "--no-deps", "--platform", "all"];
    let run = place.check_for(&server, &[&arguments[..], &["--format", "json"]].concat());
    let report = run.ends(1).json();
    assert_eq!(report["platforms"].as_array().unwrap().len(), ALL.len());
    assert_eq!(
        matrix(&report, "foo", "3.14t"),
        [
            "linux-aarch64 not-available -".to_owned(),
            format!("linux-musl-x86_64 requires-gil foo-1.0-{musl}.whl"),
            format!("linux-x86_64 gil-free foo-1.0-{LINUX}.whl"),
            "macos-arm64 not-available -".to_owned(),
            "macos-x86_64 not-available -".to_owned(),
            "windows-arm64 not-available -".to_owned(),
            "windows-x86_64 not-available -".to_owned(),
        ]
    );
    for (name, verdict) in [("bar", "source-only"), ("baz", "pure-python")] {
        let lines = matrix(&report, name, "3.14t");
        assert!(lines.len() == ALL.len() && lines.iter().all(|line| line.contains(verdict)), "{lines:?}");
    }
    let rules = rules(&report);
    assert_eq!(rules["gil-reenabled"], ["linux-musl-x86_64"]);
    let others = ["linux-aarch64", "macos-arm64", "macos-x86_64", "windows-x86_64", "windows-arm64"];
    assert_eq!(rules["no-free-threaded-wheel"], others);
    assert_eq!(rules["source-only"], ALL);
    assert_eq!(rules["platform-gap"].len(), ALL.len() - 1);
    for one in report["distributions"].as_array().unwrap() {
        assert!(one["said_by"].as_str().unwrap().starts_with("requirements.txt:"), "{one}");
        assert_eq!(one["chain"], serde_json::json!([one["name"]]));
    }
    let run = place.check_for(&server, &arguments);
    run.ends(1).says("turns the GIL on on linux-musl-x86_64").says("leaves the GIL off on linux-x86_64");
    run.says("cannot be installed on all but linux-x86_64, linux-musl-x86_64");
}

#[test]
fn a_platform_that_is_not_asked_for_does_not_count() {
    let server = serve(vec![wheel("foo", "1.0", LINUX, NOT_USED)]);
    let both = ["foo==1.0", "--no-deps", "--platform", "linux-x86_64,windows-x86_64"];
    Place::new(&[]).check_for(&server, &both[..]).ends(1);
    Place::new(&[]).check_for(&server, &["foo==1.0", "--no-deps", "--platform", "linux-x86_64"]).ends(0);
}

#[test]
fn targets_take_different_wheels() {
    let server = serve(vec![wheel("foo", "1.0", LINUX, NOT_USED), pure("foo", "1.0")]);
    let targets = ["foo==1.0", "--no-deps", "--target", "3.14t", "--target", "3.15t", "--format", "json"];
    let report = Place::new(&[]).check(&server, &targets).ends(0).json();
    assert_eq!(matrix(&report, "foo", "3.14t"), [format!("linux-x86_64 gil-free foo-1.0-{LINUX}.whl")]);
    assert_eq!(matrix(&report, "foo", "3.15t"), ["linux-x86_64 pure-python foo-1.0-py3-none-any.whl"]);

    let Some(wheels) = pinned::wheels("wheels", &["hiredis-3.5.0-", "markupsafe-3.0.4-"]) else { return };
    let named = |project: &str, tag: &str| {
        let is_it = |file: &&File| file.project() == project && file.name.contains(tag);
        wheels.iter().find(is_it).expect("it is pinned").name.clone()
    };
    let server = serve(wheels.clone());
    let targets =
        ["hiredis==3.5.0", "markupsafe==3.0.4", "--no-deps", "--target", "3.14t", "--target", "3.15t"];
    let report =
        Place::new(&[]).check(&server, &[&targets[..], &["--format", "json"]].concat()).ends(1).json();
    for (target, tag) in [("3.14t", "-cp314t-"), ("3.15t", "-cp315t-")] {
        for (project, verdict) in [("hiredis", "requires-gil"), ("markupsafe", "gil-free")] {
            let expected = format!("linux-x86_64 {verdict} {}", named(project, tag));
            assert_eq!(matrix(&report, project, target), [expected]);
        }
    }
}

#[test]
fn bindings_of_cffi_are_settled_on_each_platform() {
    let Some(mut wheels) = pinned::wheels("platforms", &["pynacl-1.6.2-", "cffi-2.1.1-cp314-"]) else {
        return;
    };
    wheels.extend(pinned::wheels("wheels", &["pynacl-1.6.2-", "cffi-2.1.1-cp314-"]).unwrap());
    let both = ["pynacl==1.6.2", "cffi==2.1.1", "--no-deps", "--platform", "all", "--format", "json"];
    let report = Place::new(&[]).check_for(&serve(wheels.clone()), &both).ends(0).json();
    for name in ["pynacl", "cffi"] {
        let lines = matrix(&report, name, "3.14t");
        assert_eq!(lines.len(), ALL.len());
        assert!(lines.iter().all(|line| line.contains(" gil-free ")), "{lines:#?}");
    }
    // The cffi of one platform says nothing of another: without it there nothing is known.
    wheels.retain(|file| file.project() == "pynacl" || file.name.contains("manylinux"));
    let report = Place::new(&[]).check_for(&serve(wheels), &both).ends(1).json();
    for line in matrix(&report, "pynacl", "3.14t") {
        let settled = ["linux-x86_64", "linux-aarch64"].iter().any(|platform| line.starts_with(platform));
        let verdict = if settled { " gil-free " } else { " undetermined " };
        assert!(line.contains(verdict), "{line}");
    }
}
