//! `ftaudit diff`, as its users call it: from the reports of two audits to an exit status.

use crate::module::Module;
use crate::{folder, ftaudit, schema};
use std::fs;
use tempfile::TempDir;

const NAME: &str = "_x.cpython-314t-x86_64-linux-gnu.so";

/// A folder with the report on a module that declares this, for each of these.
fn reports(gil: &[(&str, u64)]) -> TempDir {
    let folder = folder(&[]);
    for (report, gil) in gil {
        let module = Module { hooks: &["PyInit__x"], gil: *gil }.build();
        fs::write(folder.path().join(NAME), module).unwrap();
        let format = format!("json={report}");
        let run = ftaudit(&folder, &["check", NAME, "--format", &format]);
        assert!(matches!(run.status, 0 | 1), "{}", run.stderr);
    }
    folder
}

#[test]
fn worse_is_status_1_and_better_is_not() {
    let folder = reports(&[("ready.json", 1), ("not.json", 0)]);
    let diff = |old, new, more: &[&str]| ftaudit(&folder, &[&["diff", old, new], more].concat());
    let run = diff("ready.json", "not.json", &[]);
    assert_eq!((run.status, run.stderr.as_str()), (1, ""));
    insta::assert_snapshot!(run.stdout, @"
    worse  .
        3.14t: ✓ GIL off → ● GIL on
        _x 3.14t: ✓ GIL off → ● GIL on: declares Py_MOD_GIL_USED in its Py_mod_gil
          slot

    For 3.14t: 1 distribution is worse, none is as it was.
    ");
    assert_eq!(diff("not.json", "ready.json", &[]).status, 0);
    let same = diff("not.json", "not.json", &["-q"]);
    assert_eq!(same.status, 0);
    insta::assert_snapshot!(same.stdout, @"For 3.14t: no distribution is worse, 1 is as it was.");
}

#[test]
fn it_is_written_in_several_formats() {
    let folder = reports(&[("ready.json", 1), ("not.json", 0)]);
    let formats = ["--format", "json", "--format", "markdown=diff.md", "--format", "github=log.txt"];
    let run = ftaudit(&folder, &[&["diff", "ready.json", "not.json"][..], &formats].concat());
    let report = schema::valid(&run.stdout);
    assert_eq!(report["summary"]["worse"], 1);
    assert_eq!(report["changes"][0]["verdicts"]["3.14t"]["new"], "requires-gil");
    let read = |name: &str| fs::read_to_string(folder.path().join(name)).unwrap();
    assert!(read("diff.md").starts_with("## Free-threading: what changed\n"));
    assert!(read("log.txt").starts_with("::error title=ftaudit diff::worse: "));
}

#[test]
fn what_is_no_report_is_one_clear_error() {
    let folder = reports(&[("new.json", 1)]);
    let whole = fs::read_to_string(folder.path().join("new.json")).unwrap();
    for (name, content) in [
        ("cut.json", &whole[..whole.len() / 2]),
        ("other.json", "{\"schema\": \"ftaudit/report/9\"}"),
        ("text.json", "hello"),
    ] {
        fs::write(folder.path().join(name), content).unwrap();
    }
    let refused = |old: &str| {
        let run = ftaudit(&folder, &["diff", old, "new.json"]);
        assert_eq!((run.status, run.stdout.as_str()), (2, ""), "{old}");
        run.stderr
    };
    let cut = refused("cut.json");
    assert!(cut.starts_with("error: cut.json is cut off: EOF while parsing"), "{cut}");
    insta::assert_snapshot!(refused("other.json"), @"
    error: other.json is of the schema ftaudit/report/9, and this version reads ftaudit/report/1
    hint: a newer version of this program wrote it: use that one
    ");
    insta::assert_snapshot!(refused("text.json"), @"
    error: text.json is no JSON report: expected value at line 1 column 1
    hint: `ftaudit check --format json=FILE` writes one
    ");
    insta::assert_snapshot!(refused("none.json"), @"
    error: none.json cannot be read: entity not found
    hint: `ftaudit check --format json=FILE` writes one
    ");
    let run = ftaudit(&folder, &["diff", "new.json", "new.json", "--output", "new.json"]);
    assert_eq!(run.status, 2);
    assert!(run.stderr.contains("would replace new.json"), "{}", run.stderr);
}

#[test]
fn help_tells_every_flag_and_status() {
    let run = ftaudit(&folder(&[]), &["diff", "--help"]);
    assert_eq!((run.status, run.stderr.as_str()), (0, ""));
    insta::assert_snapshot!(run.stdout, @"
    Compare two JSON reports: what is worse, better, new and gone

    Usage: ftaudit diff [OPTIONS] <OLD> <NEW>

    Arguments:
      <OLD>
              The older report: a file of `ftaudit check --format json=FILE`

      <NEW>
              The newer one

    Options:
          --format <FORMAT[=FILE]>
              How it is written [default: human], and the file that it is written to (json=diff.json).
              May be repeated; one of them may be without a file. `json` is documented in docs/json.md

              Possible values:
              - human:    For people
              - json:     For programs
              - markdown: For a comment on a pull request, or the summary of a job
              - github:   Annotations in the log of a GitHub Actions job

          --output <FILE>
              Write the one whose format names no file to this one, instead of standard output (`-`)

      -q, --quiet
              Only the last sentence

          --color <WHEN>
              When to use colours. `auto` does on a terminal, unless `NO_COLOR` is set

              Possible values:
              - auto:   On a terminal
              - always: Always
              - never:  Never
              
              [default: auto]

      -h, --help
              Print help (see a summary with '-h')

    Exit status:
      0  nothing is worse
      1  something is worse, or new and not ready
      2  wrong usage, or the reports could not be read or compared
      3  nothing worse seen, but something is not known any more, new and undetermined, or unread
    ");
}
