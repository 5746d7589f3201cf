//! What is told of one module: the verdicts with their evidence, what it was built for and by, and what happened when
//! it was imported.

use super::look::Look;
use crate::model::{
    Agreement, BuiltFor, Facts, Judgement, ModuleReport, Protection, Reason, Runtime, Target, Verdict,
};
use crate::report::human::details::with_address;

/// One module.
pub(super) struct Module<'a> {
    /// What links to it name.
    pub(super) id: String,
    pub(super) name: &'a str,
    pub(super) path: &'a str,
    /// Its worst verdict.
    pub(super) look: Look,
    pub(super) answers: Vec<Answer<'a>>,
    pub(super) runs: Vec<Run<'a>>,
    /// Format, machines, and what it was built for; none where it could not be read.
    pub(super) file: Option<File>,
    /// The tool that made it, and what tells.
    pub(super) origin: Option<(String, String)>,
    pub(super) sha256: Option<&'a str>,
}

/// What some targets do with it.
pub(super) struct Answer<'a> {
    targets: Vec<String>,
    pub(super) look: Look,
    pub(super) message: String,
    pub(super) evidence: Vec<String>,
    judgement: &'a Judgement,
}

/// What the file is.
pub(super) struct File {
    pub(super) format: String,
    pub(super) machines: String,
    pub(super) built_for: String,
    pub(super) evidence: Vec<String>,
}

/// What came of importing it.
pub(super) struct Run<'a> {
    pub(super) target: Target,
    /// What was to be expected.
    pub(super) read: Look,
    /// A phrase whose subject is the module, and behind it what to do.
    pub(super) seen: Vec<String>,
    pub(super) agreement: Agreement,
    /// The same, as it looks.
    pub(super) look: Look,
    pub(super) python: Option<&'a str>,
    pub(super) import_chain: &'a [String],
    pub(super) stack: &'a [String],
    pub(super) under_threads: Option<String>,
    pub(super) protections: &'a [Protection],
}

impl<'a> Module<'a> {
    pub(super) fn of(report: &'a ModuleReport, targets: &[Target], id: String) -> Self {
        let worst = report.verdicts.values().max_by_key(|judgement| judgement.verdict);
        let slices = report.facts.iter().flat_map(|facts| &facts.slices);
        let origin = slices.clone().find_map(|slice| slice.origin.as_ref());
        let runs = targets.iter().filter_map(|target| {
            let read = report.verdicts.get(target)?;
            Some(Run::of(*target, read, report.runtime.get(target)?))
        });
        Self {
            id,
            name: &report.name.dotted,
            path: &report.member.path,
            look: worst.map_or(Look::of(Verdict::Undetermined), Look::of_module),
            answers: answers(report, targets),
            runs: runs.collect(),
            file: report.facts.as_ref().map(File::of),
            origin: origin.map(|tool| {
                let words = [Some(&*tool.name), tool.version.as_deref()];
                (words.into_iter().flatten().collect::<Vec<_>>().join(" "), with_address(&tool.evidence))
            }),
            sha256: report.hashed.as_deref().or(report.member.sha256.as_deref()),
        }
    }

    /// What the first answer that is as bad as the worst says.
    pub(super) fn message(&self) -> &str {
        let worst = self.answers.iter().find(|answer| answer.look.rank == self.look.rank);
        worst.map_or("", |answer| &answer.message)
    }
}

impl Answer<'_> {
    pub(super) fn targets(&self) -> String {
        self.targets.join(", ")
    }
}

/// In the order of targets; those of which the same is to be told have one together.
fn answers<'a>(report: &'a ModuleReport, targets: &[Target]) -> Vec<Answer<'a>> {
    let mut answers: Vec<Answer<'a>> = Vec::new();
    for target in targets {
        let Some(judgement) = report.verdicts.get(target) else { continue };
        if let Some(known) = answers.iter_mut().find(|answer| answer.judgement == judgement) {
            known.targets.push(target.to_string());
            continue;
        }
        answers.push(Answer {
            targets: vec![target.to_string()],
            look: Look::of_module(judgement),
            message: judgement.reason.to_string(),
            evidence: judgement.evidence.iter().map(with_address).collect(),
            judgement,
        });
    }
    answers
}

impl File {
    fn of(facts: &Facts) -> Self {
        let machines: Vec<String> = facts.slices.iter().map(|slice| slice.arch.to_string()).collect();
        let first = facts.slices.first().map(|slice| &slice.built_for);
        Self {
            format: facts.format.to_string(),
            machines: machines.join(", "),
            built_for: first.map_or_else(|| "not known".to_owned(), built_for),
            evidence: first.iter().flat_map(|first| &first.evidence).map(with_address).collect(),
        }
    }
}

/// `the free-threaded build of CPython 3.14`; what the code does not show is said to be not known.
fn built_for(BuiltFor { python, abi, .. }: &BuiltFor) -> String {
    match (abi, python) {
        (Some(abi), Some(python)) => format!("{abi} of CPython {python}"),
        (Some(abi), None) => format!("{abi}; the version is not known"),
        (None, Some(python)) => format!("CPython {python}; with or without the GIL is not known"),
        (None, None) => "not known".to_owned(),
    }
}

impl<'a> Run<'a> {
    fn of(target: Target, read: &Judgement, Runtime { confirmation, agreement }: &'a Runtime) -> Self {
        // Where the run gave the verdict, the binary had none.
        let seen_only = matches!(read.reason, Reason::SeenAtRunTime { .. });
        Self {
            target,
            read: if seen_only { Look::of(Verdict::Undetermined) } else { Look::of_module(read) },
            seen: confirmation.with_hint().lines().map(str::to_owned).collect(),
            agreement: *agreement,
            look: Look::from(*agreement),
            python: confirmation.python.as_deref(),
            import_chain: &confirmation.import_chain,
            stack: confirmation.seen.stack(),
            under_threads: confirmation.under_threads.as_ref().map(ToString::to_string),
            protections: &confirmation.protections,
        }
    }

    /// How it came to be loaded, where more than itself was asked for.
    pub(super) fn chain(&self) -> Option<String> {
        (self.import_chain.len() > 1).then(|| self.import_chain.join(" ← "))
    }

    pub(super) fn bounds(&self) -> String {
        self.protections.iter().map(|protection| protection.id()).collect::<Vec<_>>().join(", ")
    }
}
