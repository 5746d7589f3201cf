//! The program as its users call it: arguments in, text and exit status out. The environment is empty, the
//! folder is temporary, and `[folder]` stands for it in what is compared.

use assert_cmd::Command;
use std::fs;
use std::io::Write;
use std::path::Path;
use std::process::Stdio;
use tempfile::TempDir;

#[path = "cli/diff.rs"]
mod diff;
#[path = "cli/inspect.rs"]
mod inspect;
#[path = "support/module.rs"]
mod module;
#[path = "support/schema.rs"]
mod schema;

/// What a run gave.
struct Run {
    status: i32,
    stdout: String,
    stderr: String,
}

fn program(folder: &Path) -> Command {
    let mut command = assert_cmd::cargo::cargo_bin_cmd!("ftaudit");
    // Reports say when they were made.
    command.env_clear().env("SOURCE_DATE_EPOCH", "1795163400").current_dir(folder);
    command
}

fn ftaudit(folder: &TempDir, arguments: &[&str]) -> Run {
    let output = program(folder.path()).args(arguments).output().unwrap();
    let text = |bytes: Vec<u8>| {
        let text = String::from_utf8(bytes).unwrap();
        steady(&text.replace(&*folder.path().to_string_lossy(), "[folder]"))
    };
    Run {
        status: output.status.code().expect("it was not killed"),
        stdout: text(output.stdout),
        stderr: text(output.stderr),
    }
}

/// A text without what changes while the program stays the same: its version, and which records there are.
fn steady(text: &str) -> String {
    let text = text.replace(env!("CARGO_PKG_VERSION"), "[version]");
    let is_database = |line: &&str| line.starts_with("With the database embedded: ");
    match text.lines().find(is_database).map(str::to_owned) {
        Some(line) => text.replace(&line, "With the database embedded: [records]."),
        None => text,
    }
}

/// A folder with these files.
fn folder(files: &[(&str, &[u8])]) -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    for (path, content) in files {
        let path = folder.path().join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, content).unwrap();
    }
    folder
}

/// A wheel of `foo` 1.0 with one tag and these members beside its metadata.
fn wheel(tag: &str, members: &[(&str, &[u8])], record: &str) -> (String, Vec<u8>) {
    let mut archive = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
    let metadata = [
        ("foo-1.0.dist-info/METADATA", "Metadata-Version: 2.1\nName: foo\nVersion: 1.0\n".to_owned()),
        ("foo-1.0.dist-info/WHEEL", format!("Wheel-Version: 1.0\nRoot-Is-Purelib: false\nTag: {tag}\n")),
        ("foo-1.0.dist-info/RECORD", record.to_owned()),
    ];
    let metadata = metadata.iter().map(|(path, text)| (*path, text.as_bytes()));
    for (path, content) in members.iter().copied().chain(metadata) {
        archive.start_file(path, zip::write::SimpleFileOptions::default()).unwrap();
        archive.write_all(content).unwrap();
    }
    (format!("foo-1.0-{tag}.whl"), archive.finish().unwrap().into_inner())
}

fn folder_with(wheel: &(String, Vec<u8>)) -> TempDir {
    folder(&[(&wheel.0, &wheel.1)])
}

fn pure() -> TempDir {
    folder_with(&wheel("py3-none-any", &[("foo/__init__.py", b"")], ""))
}

#[test]
fn wrong_usage_is_status_2_and_says_what_is_right() {
    let folder = folder(&[]);
    for arguments in [
        &["check", ".", "--target", "3.14"][..],
        &["check", ".", "--format", "xml"],
        &["check", ".", "--format", "xml=report.xml"],
        &["check", ".", "--format", "json="],
        &["check", ".", "--jobs", "0"],
        &["check", ".", "-q", "-v"],
        &["check", ".", "--python", "3.14t"],
        &["check", ".", "--no-sandbox"],
        &["explain", "nothing"],
        &["chekc"],
        &[],
    ] {
        let run = ftaudit(&folder, arguments);
        assert_eq!((run.status, run.stdout.as_str()), (2, ""), "{arguments:?}");
        assert!(run.stderr.contains("help"), "{arguments:?}: {}", run.stderr);
    }
    let run = ftaudit(&folder, &["check", ".", "--target", "3.14"]);
    insta::assert_snapshot!(run.stderr, @r"
    error: invalid value '3.14' for '--target <PYTHON>'
      [possible values: 3.13t, 3.14t, 3.15t]

      tip: a similar value exists: '3.14t'

    For more information, try '--help'.
    ");
}

#[test]
fn a_folder_without_requirements_says_so() {
    let folder = folder(&[]);
    for arguments in [&["check"][..], &["check", "-q"]] {
        let run = ftaudit(&folder, arguments);
        assert_eq!((run.status, run.stdout.as_str()), (2, ""), "{arguments:?}");
        assert!(run.stderr.contains("nothing was named") && run.stderr.contains("hint: "), "{}", run.stderr);
    }
}

#[test]
#[expect(clippy::too_many_lines, reason = "the text of the help, whole")]
fn help_tells_every_flag_and_status() {
    let run = ftaudit(&folder(&[]), &["check", "--help"]);
    assert_eq!((run.status, run.stderr.as_str()), (0, ""));
    insta::assert_snapshot!(run.stdout, @"
    Give every extension module a verdict: what does importing it do on a free-threaded Python?

    Usage: ftaudit check [OPTIONS] [INPUT]...

    Arguments:
      [INPUT]...
              A wheel, an extension module, or a folder: a virtual environment, a site-packages, wheels,
              an unpacked tree; a requirements or lock file; or a requirement (lxml==6.1.3). What it is,
              is found out. Without any: the lock or requirements file of this folder

    Options:
          --target <PYTHON>
              The free-threaded Pythons to judge for, separated by commas [default: 3.14t]. Each gives a
              column
              
              [possible values: 3.13t, 3.14t, 3.15t]

          --format <FORMAT[=FILE]>
              How the report is written [default: human], and the file that it is written to
              (json=report.json). May be repeated; one of them may be without a file. `json` is
              documented in docs/json.md

              Possible values:
              - human:    For people
              - json:     For programs
              - html:     One page for a browser, to filter and sort, with all evidence
              - ndjson:   The same, a record a line
              - sarif:    For code scanning (SARIF 2.1.0)
              - junit:    For the test results of a CI system (XML)
              - markdown: For a comment on a pull request, or the summary of a job
              - github:   Annotations in the log of a GitHub Actions job
              - gitlab:   `GitLab`'s code quality report
              - csv:      For spreadsheets
              - badge:    What a badge of shields.io says

          --output <FILE>
              Write the report whose format names no file to this one, instead of standard output (`-`).
              Existing files are replaced in one step

          --jobs <N>
              How many threads to use [default: one for each processor]

          --verify-hashes
              Compute the SHA-256 of every module and hold it against RECORD

          --confirm[=<HOW>]
              Import every module in a free-threaded Python too, and lay what happens beside the
              verdict. This runs the packages' code, in a sandbox. `stress` also lets many threads
              import each package at the same moment

              Possible values:
              - import: Import each once
              - stress: The same, and each package by many threads at the same moment. What that shows
                is a lead, no proof

          --python <PYTHON>
              The interpreter to confirm with: a path, or 3.14t for any of that version. An
              environment's own, or the newest that is found, where none is named

          --import-timeout <SECONDS>
              How long one import may take, in seconds
              
              [default: 60]

          --no-sandbox
              Confirm without a sandbox: the packages' code can do whatever you can

      -h, --help
              Print help (see a summary with '-h')

    Requirements:
      -r, --requirement <FILE>
              A requirements file, as pip reads it; also a lock file, a pyproject.toml or a script. May
              be repeated

      -c, --constraint <FILE>
              A constraints file, as pip reads it. May be repeated

          --platform <PLATFORM>
              The platforms to choose wheels for, separated by commas: linux-x86_64, linux-aarch64,
              linux-musl-x86_64, macos-arm64, macos-x86_64, windows-x86_64, windows-arm64, all, host
              [default: host]

          --no-deps
              Take requirements as they stand, without what they need in turn. Each has to be pinned

          --extra <NAME>
              An extra of a pyproject.toml or lock file to audit too. May be repeated

          --group <NAME>
              A dependency group of a pyproject.toml or lock file to audit too. May be repeated

          --no-default-groups
              Leave out the dependency groups that the project's own tool installs unasked (`dev`)

          --as-installed
              Audit the files of an environment of another Python as they are, instead of the wheels
              that the target would get at the same versions

          --explain-wheels
              List each file that an index offers, and why it was taken or passed over

          --no-suggest
              Do not look for versions that would do

          --fix-to <FILE>
              Write the versions that would do to this file, as constraints for pip and uv

    Index:
      -i, --index-url <URL>
              The index to look up wheels in, instead of the default one

          --extra-index-url <URL>
              A further index. May be repeated

      -f, --find-links <PLACE>
              A folder, a page or a file with wheels. May be repeated

          --no-index
              Look nowhere but where --find-links says

          --offline
              Ask no server: what is not in the cache counts as unread

          --cache-dir <FOLDER>
              The folder that wheels and answers of indexes are kept in [default: ftaudit in the user's
              cache folder]

    Policy:
          --as-publisher
              Speak to who is about to publish the wheels: hold what each says of itself (tags, file
              names, declarations, classifier, RECORD) against the others, for the targets that its own
              tags name

          --config <FILE>
              The configuration to go by [default: ftaudit.toml or pyproject.toml of this folder or one
              above]

          --no-config
              Go by no configuration

          --baseline <FILE>
              Findings that this file lists do not count

          --write-baseline <FILE>
              Write all that is found to this file, for --baseline

    Database:
          --db <PATH>
              A database to look into before the embedded one: a folder with a file for each package, or
              one such file. May be repeated

          --no-embedded-db
              Leave out the database that comes with this program

          --skip-measured
              Do not decode wheels whose very file a database has measured and found to be fine, by its
              SHA-256. One in ten is decoded all the same. The report says less of them

          --matrix
              A line for each package and a column for each target and platform, instead of what is
              wrong with each

          --summary
              Only the last sentences, which say it all

          --explain
              Explain the rules that found something, as `ftaudit explain` does

      -q, --quiet
              Only the summary, and no progress bar

      -v, --verbose...
              Every module with all evidence, also those that are fine. Twice (`-vv`): also tell on
              standard error what is asked, read, resolved, decoded and run; `FTAUDIT_LOG` does so for
              every command, with a filter as `RUST_LOG` has it

          --color <WHEN>
              When to use colours. `auto` does on a terminal, unless `NO_COLOR` is set

              Possible values:
              - auto:   On a terminal
              - always: Always
              - never:  Never
              
              [default: auto]

    Exit status:
      0  nothing wrong
      1  something needs the GIL, does not install or load, crashes, was changed, or belies its verdict
      2  wrong usage, or nothing could be audited
      3  nothing wrong seen, but something undetermined, unbuilt, unread, unconfirmed or known to race
    ");
}

#[test]
fn nothing_to_audit_is_status_2_with_the_cause_and_a_hint() {
    let folder = folder(&[("empty/.keep", b""), ("text/readme.txt", b"hello")]);
    fs::remove_file(folder.path().join("empty/.keep")).unwrap();
    for input in ["missing.whl", "empty", "text"] {
        let run = ftaudit(&folder, &["check", input]);
        assert_eq!((run.status, run.stdout.as_str()), (2, ""), "{input}");
        assert!(run.stderr.starts_with("error: nothing could be audited\n"), "{}", run.stderr);
        assert!(run.stderr.contains(input) && run.stderr.contains("hint: "), "{}", run.stderr);
    }
    insta::assert_snapshot!(ftaudit(&folder, &["check", "missing.whl"]).stderr, @r"
    error: nothing could be audited
      missing.whl: does not exist
      hint: check the spelling, and which folder it is relative to
    ");
}

#[test]
fn json_is_written_even_when_nothing_could_be_audited() {
    let run = ftaudit(&folder(&[]), &["check", "missing.whl", "--format", "json"]);
    assert_eq!(run.status, 2);
    let report = schema::valid(&run.stdout);
    assert_eq!(report["schema"], "ftaudit/report/1");
    assert_eq!(report["notes"][0]["unread"], true);
}

#[test]
fn a_pure_wheel_is_fine() {
    let run = ftaudit(&pure(), &["check", "."]);
    assert_eq!((run.status, run.stderr.as_str()), (0, ""));
    insta::assert_snapshot!(run.stdout, @"
    target 3.14t · 1 distribution · 0 extension modules

    · foo 1.0  pure Python

    note: .: a folder with 1 wheel

    On 3.14t, foo 1.0 is pure Python.
    With the database embedded: [records].
    ");
}

#[test]
fn a_tag_that_the_target_does_not_install_is_status_1() {
    let folder = folder_with(&wheel("cp312-cp312-linux_x86_64", &[], ""));
    let run = ftaudit(&folder, &["check", "."]);
    assert_eq!(run.status, 1);
    insta::assert_snapshot!(run.stdout, @"
    target 3.14t · 1 distribution · 0 extension modules

    ✗ foo 1.0  cannot be installed  tagged cp312-cp312

    note: .: a folder with 1 wheel

    On 3.14t, foo 1.0 does not load.
    With the database embedded: [records].
    ");
}

#[test]
fn a_file_that_cannot_be_read_is_status_3_and_never_0() {
    let folder = folder(&[("_x.so", b"INPUT(libx.so.1)\n"), ("_y.so", b"")]);
    let run = ftaudit(&folder, &["check", "_x.so", "_y.so"]);
    assert_eq!((run.status, run.stderr.as_str()), (3, ""), "{}", run.stdout);
    insta::assert_snapshot!(run.stdout, @"
    target 3.14t · 2 distributions · 2 extension modules

    ? _x.so  cannot be told       1 of 1 module
        from .
        _x  could not be read: not an ELF, PE or Mach-O file: starts with `INPUT(li`
        look at the file, or install the distribution again
    ? _y.so  cannot be told       1 of 1 module
        from .
        _y  could not be read: the file is empty
        look at the file, or install the distribution again

    On 3.14t, none of 2 distributions turns the GIL on, none leaves it off, 2 are
      undetermined.
    2 things were not read: this audit is not complete.
    With the database embedded: [records].
    ");
}

#[test]
fn one_unreadable_input_does_not_end_the_audit_of_others() {
    let folder = pure();
    let run = ftaudit(&folder, &["check", ".", "missing.whl"]);
    assert_eq!(run.status, 3);
    assert!(run.stdout.contains("not read: missing.whl"), "{}", run.stdout);
}

#[test]
fn hashes_are_held_against_record_when_asked() {
    let recorded = "foo/_x.so,sha256=47DEQpj8HBSa-_TImW-5JCeuQeRkm5NMpJWZG3hSuFU,8\n";
    let folder = folder_with(&wheel("cp314-cp314t-linux_x86_64", &[("foo/_x.so", b"no binary")], recorded));
    assert_eq!(ftaudit(&folder, &["check", "."]).status, 3);
    let run = ftaudit(&folder, &["check", ".", "--verify-hashes", "--format", "json"]);
    assert_eq!(run.status, 1);
    let report = schema::valid(&run.stdout);
    let rules: Vec<&str> = report["findings"]
        .as_array()
        .unwrap()
        .iter()
        .filter_map(|finding| finding["rule"].as_str())
        .collect();
    assert_eq!(rules, ["hash-mismatch", "unread"]);
}

#[test]
fn output_goes_to_the_file_and_nowhere_else() {
    let folder = pure();
    let run = ftaudit(&folder, &["check", ".", "--format", "json", "--output", "report.json"]);
    assert_eq!((run.status, run.stdout.as_str(), run.stderr.as_str()), (0, "", ""));
    let text = fs::read_to_string(folder.path().join("report.json")).unwrap();
    assert_eq!(schema::valid(&text)["schema"], "ftaudit/report/1");
    let run = ftaudit(&folder, &["check", ".", "--format", "json", "--output", "-"]);
    assert_eq!((run.status, run.stdout), (0, text.replace(env!("CARGO_PKG_VERSION"), "[version]")));
    let run = ftaudit(&folder, &["check", "report.json", "--output", "report.json"]);
    assert_eq!(run.status, 2);
    assert!(run.stderr.contains("would replace report.json, which is to be read"), "{}", run.stderr);
    let run = ftaudit(&folder, &["check", ".", "--output", "none/report.txt"]);
    assert_eq!((run.status, run.stdout.as_str()), (2, ""));
    insta::assert_snapshot!(run.stderr, @r"
    error: cannot write the report to none/report.txt: entity not found
    hint: create the folder none first
    ");
}

#[test]
fn several_reports_of_one_run_go_to_a_file_each() {
    let folder = pure();
    let run =
        ftaudit(&folder, &["check", ".", "--format", "json=report.json", "--format", "human=report.txt"]);
    assert_eq!((run.status, run.stdout.as_str(), run.stderr.as_str()), (0, "", ""));
    let read = |name: &str| fs::read_to_string(folder.path().join(name)).unwrap();
    assert_eq!(steady(&read("report.txt")), ftaudit(&folder, &["check", "."]).stdout);
    let run = ftaudit(&folder, &["check", ".", "--format", "human", "--format", "json=report.json"]);
    assert!(run.stdout.contains("On 3.14t, foo 1.0 is pure Python.\n"), "{}", run.stdout);
    assert!(read("report.json").contains("ftaudit/report/1"));
}

#[test]
fn reports_that_would_share_a_place_are_wrong_usage() {
    let folder = pure();
    let refused = |arguments: &[&str]| {
        let run = ftaudit(&folder, &[&["check", "."], arguments].concat());
        assert_eq!((run.status, run.stdout.as_str()), (2, ""), "{arguments:?}");
        run.stderr
    };
    insta::assert_snapshot!(refused(&["--format", "json", "--format", "human"]), @"
    error: the reports `json` and `human` would both be written to standard output
    hint: name a file for one of them: --format json=FILE
    ");
    insta::assert_snapshot!(refused(&["--format", "json=a", "--output", "b"]), @"
    error: --output is for a report whose format names no file, and every --format names one
    hint: leave --output out, or add a format to it: --format human
    ");
    insta::assert_snapshot!(refused(&["--format", "json=a", "--format", "human=./a"]), @"
    error: ./a would be written twice
    hint: name another file for one of the two
    ");
    insta::assert_snapshot!(refused(&["--format", "json="]), @"
    error: invalid value 'json=' for '--format <FORMAT[=FILE]>'

      tip: name a file behind the `=`, such as json=FILE

    For more information, try '--help'.
    ");
    insta::assert_snapshot!(refused(&["--format", "jsn=a"]), @"
    error: invalid value 'jsn' for '--format <FORMAT[=FILE]>'
      [possible values: human, json, html, ndjson, sarif, junit, markdown, github, gitlab, csv, badge]

      tip: a similar value exists: 'json'

    For more information, try '--help'.
    ");
    assert!(!folder.path().join("a").exists());
}

#[test]
fn colours_are_asked_for_or_seen_by_a_terminal() {
    let folder = pure();
    let has_colours = |arguments: &[&str]| ftaudit(&folder, arguments).stdout.contains('\u{1b}');
    assert!(has_colours(&["check", ".", "--color", "always"]));
    assert!(!has_colours(&["check", ".", "--color", "never"]));
    assert!(!has_colours(&["check", "."]), "a pipe is no terminal");
}

#[test]
fn quiet_is_the_summary_alone() {
    let run = ftaudit(&pure(), &["check", ".", "-q"]);
    insta::assert_snapshot!(run.stdout, @"
    On 3.14t, foo 1.0 is pure Python.
    With the database embedded: [records].
    ");
}

#[test]
fn the_same_input_gives_the_same_bytes() {
    let folder = folder(&[("a.so", b"a"), ("b.so", b"b"), ("sub/c.so", b"c"), ("d.pyd", b"d")]);
    let run = |jobs| ftaudit(&folder, &["check", ".", "--format", "json", "--jobs", jobs]).stdout;
    let first = run("1");
    for jobs in ["1", "2", "8"] {
        assert_eq!(run(jobs), first, "--jobs {jobs}");
    }
    let twice = ftaudit(&folder, &["check", ".", "./sub/..", "--format", "json"]).stdout;
    let modules = |text: &str| schema::valid(text)["summary"]["modules"].clone();
    assert_eq!(modules(&twice), modules(&first), "what is named twice is audited once");
}

#[test]
fn a_reader_that_has_had_enough_is_no_error() {
    let folder = pure();
    let mut child = std::process::Command::new(assert_cmd::cargo::cargo_bin!("ftaudit"))
        .args(["check", ".", "--format", "json"])
        .env_clear()
        .current_dir(folder.path())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    drop(child.stdout.take());
    let output = child.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(0));
    assert_eq!(String::from_utf8(output.stderr).unwrap(), "");
}

#[test]
fn rules_are_explained() {
    let run = ftaudit(&folder(&[]), &["explain", "odd-gil-value"]);
    assert_eq!((run.status, run.stderr.as_str()), (0, ""));
    insta::assert_snapshot!(run.stdout, @r#"
    odd-gil-value (low, warn)

    The GIL declaration is neither 0 nor 1

    `Py_MOD_GIL_USED` is 0 and `Py_MOD_GIL_NOT_USED` is 1. Any other value is taken
    for "not used" by 3.13 and 3.14, which compare with 0, and for "used" by 3.15,
    which compares with 1: the same binary leaves the GIL off in one version and
    turns it on in the next. Mostly this is a pointer to the value where the value
    itself belongs.

    Ask the maintainers to write `{Py_mod_gil, Py_MOD_GIL_NOT_USED}`.
    "#);
    for rule in ftaudit::assess::rules::RULES {
        let run = ftaudit(&folder(&[]), &["explain", rule.id]);
        assert!(run.status == 0 && run.stdout.contains(rule.explain), "{}", rule.id);
    }
}
