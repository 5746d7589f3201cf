//! Whole reports, made up of the facts beside this file.

use super::super::{
    Abi, Agreement, Audience, Basis, Bearing, Chosen, Confirmation, Considered, Database, Distribution,
    DistributionReport, Finding, Fix, ForeignEnvironment, Judgement, Known, KnownStatus, ModuleReport, Note,
    Platform, Reason, Record, Report, Runtime, Seen, SuppressedBy, Suppression, Target, Verdict,
};
use super::{Module, built_for, confirmation, distribution, finding, judgement, known};
use std::collections::BTreeMap;

/// A module with the same verdict for 3.14t.
pub(crate) fn module_report(path: &str, verdict: Verdict) -> ModuleReport {
    let Module { member, facts, verdicts, name, .. } = Module::judged(verdict).at(path);
    ModuleReport { name, member, facts: Some(facts), hashed: None, verdicts, runtime: BTreeMap::new() }
}

/// A distribution with the verdict of its worst module.
pub(crate) fn distribution_report(name: &str, modules: Vec<ModuleReport>) -> DistributionReport {
    let verdicts = modules.iter().flat_map(|module| module.verdicts.values()).map(|judged| judged.verdict);
    let verdict = verdicts.max().unwrap_or(Verdict::PurePython);
    let count = modules.iter().filter(|module| module.verdicts[&Target::Py314t].verdict == verdict).count();
    let reason = match modules.len() {
        0 => Reason::NoModules,
        total => Reason::WorstOf { count, total },
    };
    let judgement = Judgement { verdict, reason, evidence: Vec::new() };
    let verdicts = BTreeMap::from([(Target::Py314t, judgement)]);
    DistributionReport {
        distribution: distribution(name),
        chosen: None,
        path: None,
        verdicts,
        modules,
        known: Vec::new(),
        newest: None,
    }
}

/// A report with a distribution of one module for each verdict.
pub(crate) fn report_of(verdicts: &[Verdict]) -> Report {
    let distributions = verdicts.iter().map(|verdict| {
        let modules = match verdict {
            Verdict::PurePython | Verdict::NotAvailable | Verdict::SourceOnly => Vec::new(),
            _ => vec![module_report("foo/x.cpython-314t-x86_64-linux-gnu.so", *verdict)],
        };
        let mut report = distribution_report(verdict.id(), modules);
        if matches!(verdict, Verdict::NotAvailable | Verdict::SourceOnly) {
            report.verdicts.insert(Target::Py314t, judgement(*verdict));
        }
        report
    });
    Report { targets: vec![Target::Py314t], distributions: distributions.collect(), ..Report::default() }
}

/// The report that tells the most in the fewest lines: the example of `docs/json.md`.
pub(crate) fn example_report() -> Report {
    let mut module = module_report("lxml/x.cpython-314t-x86_64-linux-gnu.so", Verdict::RequiresGil);
    module.member.sha256 = Some("4f".repeat(32));
    if let Some(facts) = &mut module.facts {
        facts.slices[0].built_for = built_for(Some(Abi::FreeThreaded), Some(14));
    }
    let import_chain = vec!["lxml.x".to_owned(), "lxml".to_owned()];
    let confirmation = Confirmation { import_chain, ..confirmation(Seen::RequiresGil) };
    module.runtime.insert(Target::Py314t, Runtime { confirmation, agreement: Agreement::Confirmed });
    let mut lxml = distribution_report("lxml", vec![module]);
    let claim = known(KnownStatus::GilFree, Basis::Claim, Bearing::This);
    let note = Some("no wheel of it leaves the GIL off".to_owned());
    lxml.known = vec![Known { record: Record { note, ..claim.record }, belied: true, ..claim }];
    lxml.distribution.tags = vec!["cp314-cp314t-manylinux_2_28_x86_64".to_owned()];
    lxml.chosen = chosen("lxml", Platform::LinuxX86_64, Verdict::RequiresGil).chosen.map(|chosen| Chosen {
        fix: Some(Fix {
            nearest: Some("1.2".to_owned()),
            lowest: Some("1.2".to_owned()),
            newest: Some("2.0".to_owned()),
            looked_at: 3,
            incomplete: None,
        }),
        ..chosen
    });
    let finding = Finding {
        distribution: "lxml 1.0".to_owned(),
        source: "lxml-1.0.whl".to_owned(),
        member: Some("lxml/x.cpython-314t-x86_64-linux-gnu.so".to_owned()),
        message: "importing lxml.x turns the GIL on under 3.14t: it declares Py_MOD_GIL_USED in its Py_mod_gil slot".to_owned(),
        evidence: judgement(Verdict::RequiresGil).evidence,
        help: "ask upstream for: # cython: freethreading_compatible = True".to_owned(),
        platforms: vec![Platform::LinuxX86_64],
        suppressed: Some(Suppression {
            by: SuppressedBy::Ignore,
            reason: "used by one report, in a process of its own".to_owned(),
        }),
        ..finding("gil-reenabled")
    };
    Report {
        created: Some("2026-11-20T08:30:00Z".to_owned()),
        audience: Audience::User,
        targets: vec![Target::Py314t],
        platforms: vec![Platform::LinuxX86_64],
        databases: vec![Database {
            name: "embedded".to_owned(),
            version: "1a2b3c4d".to_owned(),
            date: "2026-11-21".to_owned(),
            packages: 215,
        }],
        distributions: vec![lxml],
        environments: Vec::new(),
        findings: vec![finding],
        untold: Vec::new(),
        notes: vec![Note::told("wheels", "is a folder of wheels: 1 is audited")],
    }
}

/// A report with something of everything, hostile names included.
pub(crate) fn report() -> Report {
    let module =
        |path: &str, verdict| module_report(&format!("{path}.cpython-314t-x86_64-linux-gnu.so"), verdict);
    let mut lxml = example_report();
    for name in ["lxml/builder", "lxml/etree", "lxml/html/diff"] {
        lxml.distributions[0].modules.push(module(name, Verdict::RequiresGil));
    }
    let reason = Reason::WorstOf { count: 4, total: 4 };
    let worst = Judgement { verdict: Verdict::RequiresGil, reason, evidence: Vec::new() };
    lxml.distributions[0].verdicts.insert(Target::Py314t, worst);
    let mut old = distribution_report(
        "old",
        vec![module_report("old/x.cpython-312-darwin.so", Verdict::IncompatibleAbi)],
    );
    old.distribution.tags = vec!["cp312-cp312-macosx_11_0_arm64".to_owned()];
    let reason = Reason::TagNotInstallable { tags: "cp312-cp312".to_owned(), target: Target::Py314t };
    let verdict = Judgement { verdict: Verdict::IncompatibleAbi, reason, evidence: Vec::new() };
    old.verdicts.insert(Target::Py314t, verdict);
    let mut unowned = distribution_report("", vec![module_report("x.so", Verdict::NotAnExtension)]);
    unowned.distribution = Distribution {
        name: None,
        version: None,
        source: "venv/lib/python3.14t/site-packages".to_owned(),
        ..unowned.distribution
    };
    let mut installed = distribution_report("gone", vec![module_report("g.so", Verdict::IncompatibleAbi)]);
    "oldenv/lib/python3.12/site-packages".clone_into(&mut installed.distribution.source);
    let numpy = ["numpy/_core/_multiarray_umath", "numpy/fft/_pocketfft_umath"];
    let numpy = numpy.map(|path| module(path, Verdict::GilFree)).to_vec();
    let mixed = vec![
        module("vector/_\u{1b}[2J\u{202e}evil", Verdict::Undetermined),
        module("vector/core", Verdict::GilFree),
        module("vector/gui", Verdict::IncompatibleAbi),
    ];
    let mut odd = finding("mislabelled-binary");
    "vector 1.0".clone_into(&mut odd.distribution);
    "vector-1.0.whl".clone_into(&mut odd.source);
    let environment = ForeignEnvironment {
        source: "oldenv/lib/python3.12/site-packages".to_owned(),
        python: "CPython 3.12 with the GIL".to_owned(),
        distributions: 1,
        modules: 1,
        declared_not_used: 0,
    };
    let unread = "is cut off: the central directory is missing\nhint: download it again";
    Report {
        created: lxml.created,
        audience: Audience::User,
        targets: vec![Target::Py314t],
        platforms: Vec::new(),
        databases: lxml.databases,
        distributions: vec![
            lxml.distributions.remove(0),
            old,
            unowned,
            installed,
            distribution_report("numpy", numpy),
            distribution_report("idna", Vec::new()),
            distribution_report("vector", mixed),
        ],
        environments: vec![environment],
        findings: [lxml.findings, vec![odd]].concat(),
        untold: Vec::new(),
        notes: [lxml.notes, vec![Note::unread("broken-1.0-cp314-cp314t-linux_x86_64.whl", unread)]].concat(),
    }
    .sorted()
}

/// A distribution that was chosen for a platform.
pub(crate) fn chosen(name: &str, platform: Platform, verdict: Verdict) -> DistributionReport {
    let mut report = report_of(&[verdict]).distributions.remove(0);
    report.distribution = distribution(name);
    report.chosen = Some(Chosen {
        platform,
        file: Some(report.distribution.source.clone()),
        said_by: "requirements.txt:3".to_owned(),
        chain: vec!["app".to_owned(), name.to_owned()],
        considered: vec![Considered {
            file: report.distribution.source.clone(),
            why: "its tag fits best".to_owned(),
        }],
        fix: None,
        sha256: Some("5e".repeat(32)),
    });
    report
}

/// Of all that is asked for on these platforms: numpy, which Windows on Arm has no wheel of, lxml, which turns the GIL on,
/// and idna, which is pure Python.
pub(crate) fn on_platforms(platforms: &[Platform]) -> Report {
    let on = |platform: &Platform| {
        let lacking = match platform {
            Platform::WindowsArm64 => Verdict::SourceOnly,
            _ => Verdict::GilFree,
        };
        [
            chosen("numpy", *platform, lacking),
            chosen("lxml", *platform, Verdict::RequiresGil),
            chosen("idna", *platform, Verdict::PurePython),
        ]
    };
    Report {
        targets: vec![Target::Py314t],
        platforms: platforms.to_vec(),
        distributions: platforms.iter().flat_map(on).collect(),
        ..Report::default()
    }
    .sorted()
}
