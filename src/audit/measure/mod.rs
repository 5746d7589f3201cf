//! Wheels -> records of a database: what an audit of a wheel by itself finds, and what an interpreter did with it.

mod refresh;
mod replace;
mod verify;

pub use refresh::refresh;
pub use verify::verify;

use super::audit;
use crate::Error;
use crate::confirm;
use crate::model::{
    Agreement, Basis, DistributionReport, Finding, KnownStatus, MeasuredWheel, ModuleReport, Platform, Proof,
    Record, Report, Runtime, Seen, Severity, Target, Verdict,
};
use crate::plan::Plan;
use std::num::NonZeroUsize;
use std::path::PathBuf;

/// Audits wheels, with nothing beside them and without what databases say of them.
fn audited(
    wheels: Vec<PathBuf>,
    targets: Vec<Target>,
    confirm: Option<confirm::Options>,
    jobs: Option<NonZeroUsize>,
) -> Result<Report, Error> {
    audit(&Plan::of_wheels(wheels, targets, confirm, jobs))
}

/// A file whose content was measured.
struct Measured<'a> {
    file: &'a str,
    sha256: String,
    /// Where an installer takes it.
    platforms: Vec<Platform>,
    checked: String,
}

/// What a record says of a wheel under a target.
#[derive(Debug, PartialEq, Eq)]
struct Said {
    status: KnownStatus,
    interpreter: Option<String>,
    clean: bool,
}

/// The records of a wheel: one for all targets of which it is the same.
fn records(report: &Report, measured: &Measured<'_>, version: &str) -> (Vec<Record>, Vec<String>) {
    let (mut said, mut left_out): (Vec<(Said, Vec<Target>)>, Vec<String>) = (Vec::new(), Vec::new());
    let Some(wheel) = report.distributions.iter().find(|one| one.distribution.source == measured.file) else {
        let why = report
            .notes
            .iter()
            .find(|note| note.unread)
            .map(|note| note.why.lines().next().unwrap_or_default());
        return (
            Vec::new(),
            vec![format!("{}: {}", measured.file, why.unwrap_or("it holds no distribution"))],
        );
    };
    for target in wheel.verdicts.keys() {
        match say(report, wheel, *target) {
            Ok(one) => match said.iter_mut().find(|(known, _)| *known == one) {
                Some((_, targets)) => targets.push(*target),
                None => said.push((one, vec![*target])),
            },
            Err(why) => left_out.push(format!("{} under {target}: {why}", measured.file)),
        }
    }
    let record = |(Said { status, interpreter, clean }, targets): (Said, Vec<Target>)| Record {
        versions: Some(format!("=={version}")),
        targets,
        platforms: measured.platforms.clone(),
        status,
        basis: Basis::Measured,
        proof: Proof::Wheel(MeasuredWheel {
            file: measured.file.to_owned(),
            sha256: measured.sha256.clone(),
            modules: wheel.modules.len(),
            tool: env!("CARGO_PKG_VERSION").to_owned(),
            interpreter,
            clean,
        }),
        checked: measured.checked.clone(),
        note: None,
    };
    (said.into_iter().map(record).collect(), left_out)
}

/// What is known of a wheel under a target; what is not is no record.
fn say(report: &Report, wheel: &DistributionReport, target: Target) -> Result<Said, String> {
    let runs = || wheel.modules.iter().filter_map(|module| Some((module, module.runtime.get(&target)?)));
    if let Some((module, _)) = runs().find(|(_, run)| run.agreement == Agreement::Contradicted) {
        return Err(format!("what {} did when it was imported is not what was read", module.name.dotted));
    }
    let crashed = runs().find(|(_, run)| matches!(run.confirmation.seen, Seen::Crashed { .. }));
    if let Some((_, run)) = crashed {
        let interpreter = run.confirmation.python.clone();
        return Ok(Said { status: KnownStatus::Crashes, interpreter, clean: false });
    }
    let judged = wheel.verdicts.get(&target).ok_or("it has no verdict")?;
    let status = match judged.verdict {
        Verdict::GilFree | Verdict::PurePython | Verdict::NotAnExtension => KnownStatus::GilFree,
        Verdict::RequiresGil => KnownStatus::RequiresGil,
        Verdict::Undetermined | Verdict::IncompatibleAbi | Verdict::SourceOnly | Verdict::NotAvailable => {
            return Err(format!("its verdict is {}", judged.verdict));
        }
    };
    if report.notes.iter().any(|note| note.unread && note.about.starts_with(&wheel.distribution.source)) {
        return Err("not all of it could be read".to_owned());
    }
    Ok(Said { status, interpreter: interpreter(wheel, target), clean: is_clean(report, wheel) })
}

/// The interpreter that confirmed every module; none where one was not confirmed, or there is none.
fn interpreter(wheel: &DistributionReport, target: Target) -> Option<String> {
    let is_module = |module: &&ModuleReport| {
        module.verdicts.get(&target).is_some_and(|judged| judged.verdict != Verdict::NotAnExtension)
    };
    let confirmed = |run: &Runtime| {
        let is_confirmed = matches!(run.agreement, Agreement::Confirmed | Agreement::Settled);
        run.confirmation.python.clone().filter(|_| is_confirmed)
    };
    let mut pythons =
        wheel.modules.iter().filter(is_module).map(|module| module.runtime.get(&target).and_then(confirmed));
    let first = pythons.next()??;
    pythons.all(|python| python.as_ref() == Some(&first)).then_some(first)
}

/// See [`MeasuredWheel::clean`].
fn is_clean(report: &Report, wheel: &DistributionReport) -> bool {
    let makes_others = |module: &ModuleReport| {
        let mut slices = module.facts.iter().flat_map(|facts| &facts.slices);
        slices.any(|slice| slice.init.values().any(|init| init.makes.is_some()))
    };
    let is_free = |module: &ModuleReport| {
        module.facts.is_some()
            && module.verdicts.values().all(|judged| judged.verdict == Verdict::GilFree)
            && !makes_others(module)
    };
    let is_about =
        |finding: &Finding| finding.source == wheel.distribution.source && finding.severity > Severity::Info;
    !report.findings.iter().any(is_about) && wheel.modules.iter().all(is_free)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::made_up::{self, confirmation};
    use crate::model::{ImportCause, Note};

    const FILE: &str = "gil-free-1.0.whl";

    /// A report of one wheel with one module.
    fn report(verdict: Verdict) -> Report {
        let mut report = made_up::report_of(&[verdict]);
        FILE.clone_into(&mut report.distributions[0].distribution.source);
        report
    }

    fn ran(mut report: Report, seen: Seen, agreement: Agreement) -> Report {
        let runtime = Runtime { confirmation: confirmation(seen), agreement };
        report.distributions[0].modules[0].runtime.insert(Target::Py314t, runtime);
        report
    }

    fn said(report: &Report) -> Result<Said, String> {
        say(report, &report.distributions[0], Target::Py314t)
    }

    #[test]
    fn what_was_run_names_the_interpreter_and_what_was_not_does_not() {
        let free = Said { status: KnownStatus::GilFree, interpreter: None, clean: true };
        assert_eq!(said(&report(Verdict::GilFree)).unwrap(), free);
        let run = ran(report(Verdict::GilFree), Seen::GilFree, Agreement::Confirmed);
        let python = Some("CPython 3.14.7t".to_owned());
        assert_eq!(said(&run).unwrap(), Said { interpreter: python.clone(), ..free });
        let error = Seen::ImportError {
            cause: ImportCause::MissingModule("numpy".to_owned()),
            exception: String::new(),
            message: String::new(),
            at: None,
        };
        let run = ran(report(Verdict::RequiresGil), error, Agreement::Unconfirmed);
        assert_eq!(
            said(&run).unwrap(),
            Said { status: KnownStatus::RequiresGil, interpreter: None, clean: false }
        );
        let crash = Seen::Crashed { how: "signal 11".to_owned(), stack: Vec::new() };
        let run = ran(report(Verdict::GilFree), crash, Agreement::Unconfirmed);
        assert_eq!(
            said(&run).unwrap(),
            Said { status: KnownStatus::Crashes, interpreter: python, clean: false }
        );
    }

    #[test]
    fn what_is_not_known_is_left_out() {
        for verdict in [Verdict::Undetermined, Verdict::IncompatibleAbi] {
            assert!(said(&report(verdict)).is_err(), "{verdict}");
        }
        assert!(said(&ran(report(Verdict::GilFree), Seen::RequiresGil, Agreement::Contradicted)).is_err());
        let unread = Note::unread(format!("{FILE}: foo/y.so"), "is cut off");
        assert!(said(&Report { notes: vec![unread], ..report(Verdict::GilFree) }).is_err());
    }

    #[test]
    fn a_wheel_of_which_there_is_more_to_tell_is_not_clean() {
        let is_clean = |report: &Report| said(report).unwrap().clean;
        let mut odd = report(Verdict::GilFree);
        assert!(is_clean(&odd));
        odd.findings = vec![made_up::finding("odd-gil-value")];
        assert!(is_clean(&odd), "it is about another file");
        FILE.clone_into(&mut odd.findings[0].source);
        assert!(!is_clean(&odd));
        odd.findings[0].severity = Severity::Info;
        assert!(is_clean(&odd), "it is a lead");
        let mut maker = report(Verdict::GilFree);
        let facts = maker.distributions[0].modules[0].facts.as_mut().unwrap();
        for init in facts.slices[0].init.values_mut() {
            init.makes = Some(made_up::single_phase(None));
        }
        assert!(!is_clean(&maker));
    }
}
