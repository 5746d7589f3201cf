//! The HTML report: of made-up results, of a real audit of what a hostile packager might make, and of very many modules.

use crate::module::Module;
use crate::{browser, made_up};
use assert_cmd::cargo::cargo_bin_cmd;
use ftaudit::assess::rules::RULES;
use ftaudit::model::{
    Agreement, Chosen, Confirmation, DistributionReport, Evidence, EvidenceKind, Fix, ImportCause,
    ModuleReport, Note, Platform, Report, Runtime, Seen, Target, Verdict,
};
use ftaudit::report::html;
use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use tempfile::TempDir;

/// What would be run if it became markup, reordered if it were left as it is, or end the script's element.
pub const HOSTILE: &str =
    "<img src=x onerror=pwned=1>\u{202e}</script><script>pwned=1</script>\" onclick='pwned=1'";

#[test]
fn readers_can_do_with_it_what_they_have_to() {
    let pages = pages();
    browser::has_nothing_against("report.mjs", pages.path());
}

#[test]
fn it_is_valid() {
    let pages = pages();
    browser::has_nothing_against("validity.mjs", pages.path());
}

#[test]
fn thousands_of_modules_are_no_burden() {
    let folder = tempfile::tempdir().unwrap();
    write(folder.path(), "small.html", &large(1, 1));
    write(folder.path(), "few-with-many.html", &large(250, 20));
    write(folder.path(), "many-with-one.html", &large(5000, 1));
    browser::has_nothing_against("large.mjs", folder.path());
}

/// Pages of every kind.
fn pages() -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    let fine = Report { platforms: vec![Platform::LinuxX86_64], ..made_up::report_of(&[Verdict::GilFree]) };
    for (name, report) in [
        ("report.html", with_runs(made_up::report())),
        ("hostile.html", hostile()),
        ("targets.html", targets()),
        ("fine.html", fine),
        ("empty.html", Report { targets: vec![Target::Py314t], ..Report::default() }),
    ] {
        write(folder.path(), name, &report);
    }
    audited(&folder.path().join("audited.html"));
    folder
}

fn write(folder: &Path, name: &str, report: &Report) {
    fs::write(
        folder.join(name),
        html::render(report, &RULES.map(|rule| rule.text())).expect("templates can be filled"),
    )
    .unwrap();
}

/// Something of everything, with runs that came to anything they can come to.
fn with_runs(mut report: Report) -> Report {
    let outcomes = [
        (Seen::GilFree, Agreement::Confirmed),
        (Seen::RequiresGil, Agreement::Contradicted),
        (
            Seen::NotRun { why: "no free-threaded Python 3.14 found\nhint: get one".to_owned() },
            Agreement::Unconfirmed,
        ),
        (
            Seen::Crashed { how: "signal 11 (SIGSEGV)".to_owned(), stack: vec!["in call".to_owned()] },
            Agreement::Contradicted,
        ),
    ];
    let fine = report.distributions.iter_mut().flat_map(|report| &mut report.modules);
    let fine =
        fine.filter(|module| module.verdicts.values().all(|judged| judged.verdict == Verdict::GilFree));
    for (module, (seen, agreement)) in fine.zip(outcomes) {
        let confirmation = made_up::confirmation(seen);
        module.runtime.insert(Target::Py314t, Runtime { confirmation, agreement });
    }
    let unsure = report.distributions.iter_mut().flat_map(|report| &mut report.modules);
    for module in unsure.filter(|module| module.verdicts[&Target::Py314t].verdict == Verdict::Undetermined) {
        let confirmation = Confirmation::not_run("it is for another platform");
        module.runtime.insert(Target::Py314t, Runtime { confirmation, agreement: Agreement::Unconfirmed });
    }
    report
}

/// Several targets and platforms.
fn targets() -> Report {
    let on = |name: &str, platform, of_14, of_15: Verdict| {
        let mut report = made_up::chosen(name, platform, of_14);
        report.verdicts.insert(Target::Py315t, made_up::judgement(of_15));
        for module in &mut report.modules {
            module.verdicts.insert(Target::Py315t, made_up::judgement(of_15));
        }
        report
    };
    let mut only_14 = made_up::chosen("only", Platform::LinuxX86_64, Verdict::SourceOnly);
    only_14.verdicts.retain(|target, _| *target == Target::Py314t);
    Report {
        targets: vec![Target::Py314t, Target::Py315t],
        platforms: vec![Platform::LinuxX86_64, Platform::MacosArm64],
        distributions: vec![
            on("new", Platform::LinuxX86_64, Verdict::GilFree, Verdict::GilFree),
            on("new", Platform::MacosArm64, Verdict::RequiresGil, Verdict::GilFree),
            on("old", Platform::LinuxX86_64, Verdict::GilFree, Verdict::RequiresGil),
            only_14,
        ],
        ..Report::default()
    }
}

/// Every text that a page shows and that somebody else may have written is hostile.
fn hostile() -> Report {
    let text = || HOSTILE.to_owned();
    let mut report = made_up::report();
    for one in &mut report.distributions {
        one.distribution.name = Some(text());
        one.distribution.version = Some(text());
        one.distribution.tags = vec![text()];
        one.distribution.source = format!("{}{HOSTILE}", "long".repeat(200));
        one.chosen = Some(Chosen {
            platform: Platform::LinuxX86_64,
            file: Some(text()),
            sha256: Some(text()),
            said_by: text(),
            chain: vec![text(), "x".repeat(3000), text()],
            considered: vec![ftaudit::model::Considered { file: text(), why: text() }],
            fix: Some(Fix {
                nearest: Some(text()),
                lowest: None,
                newest: None,
                looked_at: 1,
                incomplete: Some(text()),
            }),
        });
        one.modules.iter_mut().for_each(spoil);
    }
    for finding in &mut report.findings {
        (finding.message, finding.help) = (text(), text());
        (finding.distribution, finding.source) = (
            report.distributions[0].distribution.to_string(),
            report.distributions[0].distribution.source.clone(),
        );
        finding.evidence = vec![evidence()];
        if let Some(suppressed) = &mut finding.suppressed {
            suppressed.reason = text();
        }
    }
    report.notes = vec![Note::unread(text(), format!("{HOSTILE}\n{HOSTILE}")), Note::told(text(), text())];
    for environment in &mut report.environments {
        (environment.source, environment.python) = (text(), text());
    }
    report
}

fn evidence() -> Evidence {
    Evidence::new(EvidenceKind::Text, HOSTILE).at(0x1234).of(HOSTILE)
}

fn spoil(module: &mut ModuleReport) {
    let text = || HOSTILE.to_owned();
    module.name.dotted = text();
    module.member.path = text();
    module.member.sha256 = Some(text());
    for judgement in module.verdicts.values_mut() {
        judgement.evidence = vec![evidence()];
        judgement.reason = ftaudit::model::Reason::CannotTell(text());
    }
    for slice in module.facts.iter_mut().flat_map(|facts| &mut facts.slices) {
        slice.arch = ftaudit::model::Arch::Other(text());
        slice.built_for.evidence = vec![evidence()];
        if let Some(tool) = &mut slice.origin {
            (tool.version, tool.evidence) = (Some(text()), evidence());
        }
    }
    let seen = Seen::ImportError {
        cause: ImportCause::Other,
        exception: text(),
        message: format!("{HOSTILE}\n{HOSTILE}"),
        at: Some(text()),
    };
    let mut confirmation = made_up::confirmation(seen);
    (confirmation.python, confirmation.hint) = (Some(text()), Some(text()));
    confirmation.import_chain = vec![text(), text()];
    confirmation.under_threads = Some(Seen::Crashed { how: text(), stack: vec![text()] });
    let runtime = Runtime { confirmation, agreement: Agreement::Unconfirmed };
    module.runtime = BTreeMap::from([(Target::Py314t, runtime)]);
}

/// So many distributions of so many modules, with as much evidence as real ones have.
fn large(distributions: usize, modules: usize) -> Report {
    let verdicts = [Verdict::GilFree, Verdict::RequiresGil, Verdict::Undetermined, Verdict::IncompatibleAbi];
    let distribution = |number: usize| -> DistributionReport {
        let module = |index: usize| {
            let number = number * modules + index;
            let path = format!("package/part/module_{number}.cpython-314t-x86_64-linux-gnu.so");
            let mut module = made_up::module_report(&path, verdicts[number % verdicts.len()]);
            for judgement in module.verdicts.values_mut() {
                let step =
                    "PyInit_x calls a local function, which reads a slot and hands over the definition";
                judgement.evidence.extend((0..5).map(|at| Evidence::new(EvidenceKind::Call, step).at(at)));
            }
            module.verdicts.insert(Target::Py315t, made_up::judgement(Verdict::Undetermined));
            module
        };
        let mut report = made_up::distribution_report(
            &format!("distribution-{number}"),
            (0..modules).map(module).collect(),
        );
        report.verdicts.insert(Target::Py315t, made_up::judgement(Verdict::Undetermined));
        report
    };
    Report {
        targets: vec![Target::Py314t, Target::Py315t],
        distributions: (0..distributions).map(distribution).collect(),
        ..Report::default()
    }
}

/// The program itself, over an environment whose names are hostile as far as files and metadata let them be, and a
/// wheel that is none.
fn audited(page: &Path) {
    let folder = tempfile::tempdir().unwrap();
    let site = folder.path().join("lib/python3.14t/site-packages");
    let put = |path: &str, content: &[u8]| {
        let path = site.join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, content).unwrap();
    };
    let suffix = "cpython-314t-x86_64-linux-gnu.so";
    let module = Module { hooks: &["PyInit_<img src=x onerror=pwned=1>"], gil: 0 };
    let file = format!("\u{202e}<img src=x onerror=pwned=1>.{suffix}");
    put(&file, &module.build());
    put(&format!("<img src=x onerror=pwned=1>.{suffix}"), &module.build());
    let long = "x".repeat(4000);
    put(
        "hostile-1.dist-info/METADATA",
        format!("Metadata-Version: 2.1\nName: <img src=x onerror=pwned=1>{long}\nVersion: </script><script>pwned=1</script>\n")
            .as_bytes(),
    );
    put(
        "hostile-1.dist-info/RECORD",
        format!("{file},,\n<img src=x onerror=pwned=1>.{suffix},,\n").as_bytes(),
    );
    let broken = folder.path().join("\"><script>pwned=1<-1.0-cp314-cp314t-any.whl");
    fs::write(&broken, "no archive").unwrap();
    let status = cargo_bin_cmd!("ftaudit")
        .env_clear()
        .current_dir(folder.path())
        .args(["check", "--as-installed", "--format"])
        .arg(format!("html={}", page.display()))
        .arg(&site)
        .arg(&broken)
        .output()
        .unwrap();
    assert_eq!(status.status.code(), Some(1), "{}", String::from_utf8_lossy(&status.stderr));
}
