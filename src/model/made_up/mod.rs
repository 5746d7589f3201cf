//! Made-up facts for the tests of the stages that conclude from facts: no binary is needed to test a rule. Whole reports are
//! made of them in [`reports`], what databases say of packages in [`known`].

mod known;
mod reports;

pub(crate) use known::*;
pub(crate) use reports::*;

use super::{
    Abi, Agreement, Arch, Audience, BindingTool, BuiltFor, Confidence, Confirmation, Creation, Definition,
    Distribution, Evidence, EvidenceKind, Facts, Finding, Format, GilCall, Head, Hook, HookKind, Init,
    Judgement, Level, Member, ModuleName, Outcome, Protection, PythonVersion, Reason, Runtime, Seen,
    Severity, Slice, Slot, SlotArray, SlotValue, Subject, Target, Usage, Verdict,
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
