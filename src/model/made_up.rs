//! Made-up facts for the tests of the stages that conclude from facts: no binary is needed to test a rule.

use super::{
    Abi, Agreement, Arch, Audience, Basis, Bearing, BindingTool, BuiltFor, Chosen, Confidence, Confirmation,
    Considered, Creation, Database, Definition, Distribution, DistributionReport, Evidence, EvidenceKind,
    Facts, Finding, Fix, ForeignEnvironment, Format, GilCall, Head, Hook, HookKind, Init, Judgement, Known,
    KnownStatus, Level, MeasuredWheel, Member, ModuleName, ModuleReport, Note, Outcome, Platform, Proof,
    Protection, PythonVersion, Reason, Record, Report, Runtime, Seen, Severity, Slice, Slot, SlotArray,
    SlotValue, Subject, SuppressedBy, Suppression, Target, Usage, Verdict,
};
use std::collections::BTreeMap;

/// A slot with a known value. A create slot makes a module.
pub(crate) fn slot(id: u16, value: u64) -> Slot {
    let creates = matches!(id, 1 | 84).then_some(Creation::Module);
    let address = 0x3f00 + u64::from(id) * 16;
    Slot { address, id, flags: None, value: SlotValue::Known(value), depth: 0, creates }
}

/// An array that was read to its end.
pub(crate) fn array(slots: &[Slot]) -> SlotArray {
    SlotArray { address: 0x3f00, slots: slots.to_vec(), unread: None }
}

/// Multi-phase initialization, with a definition as 3.14t's headers make it.
pub(crate) fn multi_phase(slots: &[Slot]) -> Outcome {
    let head = Head { free_threaded: Some(true), flags: Some(4), zero: false };
    Outcome::MultiPhase(Definition { address: 0x4000, head, state_size: Some(0), slots: array(slots) })
}

/// Single-phase initialization, with the value that `PyUnstable_Module_SetGIL` gets.
pub(crate) fn single_phase(gil: Option<SlotValue>) -> Outcome {
    let Outcome::MultiPhase(definition) = multi_phase(&[]) else { unreachable!() };
    let gil = gil.map(|value| GilCall { address: 0x1150, value });
    Outcome::SinglePhase { definition: Some(definition), gil }
}

/// A hook of the name `x` and what it comes to.
pub(crate) fn init(outcome: Outcome) -> Init {
    let (kind, symbol) = match outcome {
        Outcome::Exported(_) => (HookKind::Export, "PyModExport_x"),
        _ => (HookKind::Init, "PyInit_x"),
    };
    let hook =
        (outcome != Outcome::NoHook).then(|| Hook { kind, symbol: symbol.to_owned(), address: 0x1139 });
    Init { hook, other_hooks: Vec::new(), outcome, trail: Vec::new(), trace: None, makes: None }
}

/// What a binary was built for, with evidence that says so.
pub(crate) fn built_for(abi: Option<Abi>, minor: Option<u8>) -> BuiltFor {
    let python = minor.map(|minor| PythonVersion { major: 3, minor });
    let evidence =
        abi.map(|abi| Evidence::new(EvidenceKind::Symbol, format!("made-up evidence of {abi}"))).into_iter();
    BuiltFor { python, abi, evidence: evidence.collect() }
}

/// An ELF file for one machine that does the same under every target.
pub(crate) fn facts(built_for: BuiltFor, outcome: &Outcome) -> Facts {
    let init = Target::ALL.into_iter().map(|target| (target, init(outcome.clone()))).collect();
    let slice = Slice { arch: Arch::X86_64, built_for, origin: None, init, usage: Usage::default() };
    Facts { format: Format::Elf, slices: vec![slice] }
}

/// A distribution without files or tags.
pub(crate) fn distribution(name: &str) -> Distribution {
    Distribution {
        name: Some(name.to_owned()),
        version: Some("1.0".to_owned()),
        source: format!("{name}-1.0.whl"),
        tags: Vec::new(),
        requires: Vec::new(),
        free_threading: None,
        members: Vec::new(),
        libraries: Vec::new(),
    }
}

/// A judgement with a reason that fits its verdict.
pub(crate) fn judgement(verdict: Verdict) -> Judgement {
    let slot = |value: u8, name: &str| {
        let text = format!(
            "Py_mod_gil (slot 4) = {value} ({name}) at 0x3f40, read when PyModuleDef_Init got the definition at 0x4000"
        );
        vec![Evidence::new(EvidenceKind::Slot, text).at(0x3f40).of("PyInit_x")]
    };
    let (reason, evidence) = match verdict {
        Verdict::PurePython => (Reason::NoModules, Vec::new()),
        Verdict::NotAnExtension => {
            (Reason::NoHook { expected: "PyInit_x".to_owned(), others: Vec::new() }, Vec::new())
        }
        Verdict::GilFree => (Reason::SlotNotUsed, slot(1, "Py_MOD_GIL_NOT_USED")),
        Verdict::Undetermined => {
            let why = "a loop that depends on an unknown value";
            let stop = Evidence::new(EvidenceKind::Stop, "the analysis of PyInit_x stopped at 0x1180");
            (Reason::CannotTell(why.to_owned()), vec![stop.at(0x1180)])
        }
        Verdict::SourceOnly => (Reason::SourceArchive("foo-1.0.tar.gz".to_owned()), Vec::new()),
        Verdict::NotAvailable => (Reason::NoFile("no file fits".to_owned()), Vec::new()),
        Verdict::RequiresGil => (Reason::SlotUsed, slot(0, "Py_MOD_GIL_USED")),
        Verdict::IncompatibleAbi => {
            let text = "it imports _Py_Dealloc, which only code for the GIL build calls";
            let evidence = Evidence::new(EvidenceKind::Symbol, text).of("_Py_Dealloc");
            (Reason::BuiltForGil(Target::Py314t), vec![evidence])
        }
    };
    Judgement { verdict, reason, evidence }
}

/// What a database might say, of version 1.0 and later where it names any.
pub(crate) fn known(status: KnownStatus, basis: Basis, bearing: Bearing) -> Known {
    let versions = match &bearing {
        Bearing::This => Some(">=1.0".to_owned()),
        Bearing::Later(version) => Some(format!(">={version}")),
        Bearing::Earlier => Some("==0.9".to_owned()),
        Bearing::Unsaid => None,
    };
    let record = Record {
        versions,
        targets: Vec::new(),
        platforms: Vec::new(),
        status,
        basis,
        proof: Proof::Said("an article".to_owned()),
        checked: "2026-11-21".to_owned(),
        note: None,
    };
    let database = "embedded".to_owned();
    Known { record, database, bearing, age: 0, same_file: None, belied: false }
}

/// A wheel of `lxml` that was measured.
pub(crate) fn measured() -> Known {
    let known = known(KnownStatus::RequiresGil, Basis::Measured, Bearing::This);
    let wheel = MeasuredWheel {
        file: "lxml-1.0-cp314-cp314t-manylinux_2_28_x86_64.whl".to_owned(),
        sha256: "5e".repeat(32),
        modules: 1,
        tool: "0.1.0".to_owned(),
        interpreter: Some("CPython 3.14.7t".to_owned()),
        clean: false,
    };
    let record = Record {
        versions: Some("==1.0".to_owned()),
        targets: vec![Target::Py314t],
        platforms: vec![Platform::LinuxX86_64],
        proof: Proof::Wheel(wheel),
        ..known.record
    };
    Known { record, ..known }
}

/// A run of 3.14t in the sandbox.
pub(crate) fn confirmation(seen: Seen) -> Confirmation {
    Confirmation {
        needs_gil: match seen {
            Seen::GilFree => Some(false),
            Seen::RequiresGil => Some(true),
            _ => None,
        },
        seen,
        python: Some("CPython 3.14.7t".to_owned()),
        import_chain: vec!["foo.x".to_owned(), "foo".to_owned()],
        protections: vec![Protection::Files, Protection::Network],
        under_threads: None,
        hint: None,
    }
}

/// All that a [`Subject`] borrows: module `foo.x` of `foo 1.0`, built by Cython for 3.14t.
pub(crate) struct Module {
    pub(crate) distribution: Distribution,
    pub(crate) member: Member,
    pub(crate) facts: Facts,
    pub(crate) verdicts: BTreeMap<Target, Judgement>,
    pub(crate) sha256: Option<String>,
    pub(crate) audience: Audience,
    runtime: BTreeMap<Target, Runtime>,
    name: ModuleName,
}

impl Module {
    /// With a judgement for 3.14t.
    pub(crate) fn judged(verdict: Verdict) -> Self {
        let mut facts = facts(built_for(None, None), &multi_phase(&[slot(4, 1)]));
        facts.slices[0].origin = Some(BindingTool {
            name: "Cython".into(),
            version: Some("3.1.4".to_owned()),
            evidence: Evidence::new(EvidenceKind::Text, "it holds the text \"cython_runtime\""),
            declare_with: "# cython: freethreading_compatible = True".into(),
        });
        let module = Self {
            distribution: distribution("foo"),
            member: Member { path: String::new(), size: 4096, sha256: None },
            facts,
            verdicts: BTreeMap::from([(Target::Py314t, judgement(verdict))]),
            sha256: None,
            audience: Audience::User,
            runtime: BTreeMap::new(),
            name: ModuleName::of_member(""),
        };
        module.at("foo/x.cpython-314t-x86_64-linux-gnu.so")
    }

    /// The same under another path.
    pub(crate) fn at(mut self, path: &str) -> Self {
        path.clone_into(&mut self.member.path);
        self.name = ModuleName::of_member(path);
        self
    }

    /// The same in a wheel with these tags.
    pub(crate) fn tagged(mut self, tags: &[&str]) -> Self {
        self.distribution.tags = tags.iter().map(|tag| (*tag).to_owned()).collect();
        self
    }

    /// The same with a run under 3.14t.
    pub(crate) fn ran(mut self, confirmation: Confirmation, agreement: Agreement) -> Self {
        self.runtime.insert(Target::Py314t, Runtime { confirmation, agreement });
        self
    }

    pub(crate) fn subject(&self) -> Subject<'_> {
        Subject {
            distribution: &self.distribution,
            member: &self.member,
            platform: None,
            name: &self.name,
            facts: Some(&self.facts),
            verdicts: &self.verdicts,
            runtime: &self.runtime,
            sha256: self.sha256.as_deref(),
            audience: self.audience,
        }
    }
}

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

/// What a rule might say of `foo.x`.
pub(crate) fn finding(rule: &'static str) -> Finding {
    Finding {
        rule,
        severity: Severity::High,
        confidence: Confidence::High,
        level: Level::Deny,
        suppressed: None,
        distribution: "foo 1.0".to_owned(),
        source: "foo-1.0.whl".to_owned(),
        platforms: Vec::new(),
        member: Some("foo/x.cpython-314t-x86_64-linux-gnu.so".to_owned()),
        message: format!("foo.x is what {rule} is about"),
        evidence: vec![Evidence::new(EvidenceKind::Symbol, "it exports PyInit_x").at(0x1139).of("PyInit_x")],
        help: "ask upstream".to_owned(),
    }
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
