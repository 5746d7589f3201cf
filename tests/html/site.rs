//! `ftaudit dashboard`: folders of reports in, a site and an exit status out.

use crate::browser;
use crate::reports::HOSTILE;
use assert_cmd::cargo::cargo_bin_cmd;
use serde_json::{Value, json};
use std::fs;
use std::path::Path;
use std::time::Instant;
use tempfile::TempDir;

/// What a run gave.
struct Run {
    status: i32,
    stderr: String,
}

fn dashboard(reports: &Path, site: &Path) -> Run {
    let output = cargo_bin_cmd!("ftaudit")
        .env_clear()
        .args(["dashboard", "--output"])
        .args([site, reports])
        .output()
        .expect("the program runs");
    assert!(output.stdout.is_empty(), "all of it is written to files");
    let stderr = String::from_utf8_lossy(&output.stderr).replace(&*reports.to_string_lossy(), "[reports]");
    Run { status: output.status.code().expect("it was not killed"), stderr }
}

fn put(folder: &Path, place: &str, content: impl AsRef<[u8]>) {
    let path = folder.join(place);
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(path, content).unwrap();
}

/// A report that gives these distributions these verdicts on 3.14t, and leaves 3.15t undetermined.
fn report(created: Option<&str>, verdicts: &[(&str, &str)]) -> Value {
    let distributions = verdicts.iter().map(|(name, verdict)| {
        json!({
            "name": name, "version": "1.0", "source": format!("{name}.whl"),
            "verdicts": {"3.14t": verdict, "3.15t": "undetermined"},
            "reasons": {"3.14t": format!("a reason for {verdict}"), "3.15t": "was not looked into"},
            "modules": [],
            "fix": if *verdict == "requires-gil" { json!({"nearest": "2.0"}) } else { Value::Null },
        })
    });
    json!({
        "schema": "ftaudit/report/1",
        "created": created,
        "targets": ["3.14t", "3.15t"],
        "platforms": [],
        "findings": [],
        "distributions": distributions.collect::<Vec<_>>(),
        "notes": [],
    })
}

/// Services that became ready, or did not, over three weeks; what is of no use; and what is hostile.
fn reports() -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    let at = folder.path();
    let [free, held, unsure] = ["gil-free", "requires-gil", "undetermined"];
    for (place, created, verdicts) in [
        ("payments/2026-11-01.json", None, vec![("lxml", held), ("numpy", held)]),
        ("payments/2026-11-08.json", None, vec![("lxml", held), ("numpy", free)]),
        ("payments/report.json", Some("2026-11-20T08:30:00Z"), vec![("lxml", free), ("numpy", free)]),
        ("search-2026-11-03.json", None, vec![("lxml", held), ("hiredis", unsure)]),
        ("search-2026-11-15.json", None, vec![("lxml", held), ("hiredis", unsure)]),
        ("shop/web-2026-11-10.json", None, vec![("lxml", held), ("idna", "pure-python")]),
        ("shop/mail-2026-11-10.json", None, vec![("hiredis", unsure), ("idna", "pure-python")]),
    ] {
        put(at, place, report(created, &verdicts).to_string());
    }
    put(at, "cut-off-2026-11-01.json", &report(None, &[("lxml", held)]).to_string()[..80]);
    put(at, "undated.json", report(None, &[("lxml", held)]).to_string());
    put(at, "other-2026-11-01.json", r#"{"schema": "ftaudit/inspect/1"}"#);
    put(at, "no text-2026-11-01.json", [0xff, 0xfe]);
    put(at, "notes.txt", "not a report, and not said to be one");
    let mut hostile = report(Some("2026-11-12T00:00:00Z"), &[(HOSTILE, held)]);
    let distribution = &mut hostile["distributions"][0];
    for field in ["version", "source"] {
        distribution[field] = json!(HOSTILE);
    }
    distribution["verdicts"]["3.14t"] = json!(HOSTILE);
    distribution["reasons"]["3.14t"] = json!(HOSTILE);
    distribution["fix"] = json!({"nearest": HOSTILE});
    put(at, "<img src=x onerror=pwned=1>\u{202e}/2026-11-12.json", hostile.to_string());
    put(at, "<img src=x onerror=pwned=1>\u{202e}2026-11-12-broken.json", "{");
    folder
}

#[test]
fn readers_can_do_with_it_what_they_have_to() {
    let (reports, site) = (reports(), tempfile::tempdir().unwrap());
    assert_eq!(dashboard(reports.path(), site.path()).status, 3);
    browser::has_nothing_against("site.mjs", site.path());
}

#[test]
fn it_is_valid() {
    let (reports, site) = (reports(), tempfile::tempdir().unwrap());
    dashboard(reports.path(), site.path());
    browser::has_nothing_against("validity.mjs", site.path());
}

#[test]
fn what_is_of_no_use_is_said_and_never_dropped() {
    let (reports, site) = (reports(), tempfile::tempdir().unwrap());
    let run = dashboard(reports.path(), site.path());
    assert_eq!((run.status, run.stderr.as_str()), (3, ""));
    let index = fs::read_to_string(site.path().join("index.html")).unwrap();
    for said in [
        "5 could not be read",
        "cut-off-2026-11-01.json",
        "does not say when it was made",
        "is of the schema ftaudit/inspect/1, and this version reads ftaudit/report/1",
        "no text-2026-11-01.json",
    ] {
        assert!(index.contains(said), "{said}");
    }
    assert!(!index.contains("notes.txt"));
}

#[test]
fn the_exit_status_says_whether_all_of_it_counts() {
    let (reports, site) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let run = dashboard(reports.path(), site.path());
    assert_eq!(run.status, 2);
    insta::assert_snapshot!(run.stderr, @r"
    error: no report could be read in [reports]
      hint: `ftaudit check --format json=FILE` writes one
    ");
    put(reports.path(), "a-2026-11-01.json", "{}");
    let run = dashboard(reports.path(), site.path());
    assert_eq!(run.status, 2);
    insta::assert_snapshot!(run.stderr, @r"
    error: no report could be read in [reports]
      a-2026-11-01.json: is no JSON report: it names no schema
      hint: `ftaudit check --format json=FILE` writes one
    ");
    assert_eq!(
        fs::read_dir(site.path()).unwrap().count(),
        0,
        "nothing is written where there is nothing to say"
    );
    put(reports.path(), "a-2026-11-01.json", report(None, &[("lxml", "gil-free")]).to_string());
    assert_eq!(dashboard(reports.path(), site.path()).status, 0);
    let run = dashboard(&reports.path().join("none"), site.path());
    assert_eq!(run.status, 2);
    insta::assert_snapshot!(run.stderr, @r"
    error: cannot list [reports]: No such file or directory (os error 2)
    hint: name a folder of reports that `ftaudit check --format json` wrote
    ");
    assert_eq!(dashboard(reports.path(), &reports.path().join("a-2026-11-01.json")).status, 2);
}

/// The same reports give the same bytes, and what else lies in the folder of the site stays.
#[test]
fn a_site_is_made_anew_in_its_place() {
    let (reports, site) = (reports(), tempfile::tempdir().unwrap());
    put(site.path(), "CNAME", "example.org");
    let pages = || {
        dashboard(reports.path(), site.path());
        let read = |path: &str| fs::read(site.path().join(path)).unwrap();
        [read("index.html"), read("services/payments.html"), read("CNAME")]
    };
    assert_eq!(pages(), pages());
}

/// The program's own report is what it reads.
#[test]
fn a_report_of_this_version_is_read() {
    let (folder, site) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    fs::create_dir(folder.path().join("audited")).unwrap();
    put(folder.path(), "audited/x.cpython-314t-x86_64-linux-gnu.so", "no binary");
    fs::create_dir_all(folder.path().join("reports")).unwrap();
    cargo_bin_cmd!("ftaudit")
        .env_clear()
        .env("SOURCE_DATE_EPOCH", "1795163400")
        .current_dir(folder.path())
        .args(["check", "audited", "--format", "json=reports/shop.json"])
        .assert()
        .code(3);
    assert_eq!(dashboard(&folder.path().join("reports"), site.path()).status, 0);
    let page = fs::read_dir(site.path().join("services")).unwrap().next().unwrap().unwrap().path();
    assert!(fs::read_to_string(page).unwrap().contains("2026-11-20 08:30 UTC"));
}

#[test]
fn hundreds_of_services_are_no_burden() {
    let (reports, site) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let names: Vec<String> = (0..60).map(|number| format!("package-{number}")).collect();
    for service in 0..300 {
        for week in 0..12 {
            let verdict = |number: usize| {
                if (number + service).is_multiple_of(week + 3) { "requires-gil" } else { "gil-free" }
            };
            let verdicts: Vec<(&str, &str)> =
                names.iter().enumerate().map(|(number, name)| (name.as_str(), verdict(number))).collect();
            let (month, day) = (9 + week / 4, 1 + week % 4 * 7);
            let name = format!("team-{}/service-{service}-2026-{month:02}-{day:02}.json", service % 20);
            put(reports.path(), &name, report(None, &verdicts).to_string());
        }
    }
    let start = Instant::now();
    assert_eq!(dashboard(reports.path(), site.path()).status, 0);
    crate::tell(&format!("a site of 300 services and 3,600 reports: {} ms", start.elapsed().as_millis()));
    assert_eq!(fs::read_dir(site.path().join("services")).unwrap().count(), 300);
    browser::has_nothing_against("large-site.mjs", site.path());
}
