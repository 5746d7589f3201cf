//! One module step by step: the flow of `ftaudit inspect`.

use super::modules::{BUG, Wheelmates, guarded};
use crate::acquire::{self, Discovery};
use crate::model::{self, Facts, Inspection, ModuleName, Note, OtherModule, Target};
use crate::plan::InspectPlan;
use crate::{Error, assess, inspect, unpack};
use data_encoding::HEXLOWER;
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;

/// The stages for one module, with every step.
///
/// # Errors
/// When there is no such module, or it cannot be read.
pub fn inspection(plan: &InspectPlan) -> Result<Inspection, Error> {
    if plan.file.is_dir() {
        let why = "is a folder, and one module is inspected at a time\nhint: name a module or a wheel in it";
        return Err(Error::Unread(Note::unread(model::shown(&plan.file), why)));
    }
    let Discovery { artifacts, notes } = acquire::discover(std::slice::from_ref(&plan.file));
    let Some(artifact) = artifacts.first() else { return Err(Error::Nothing(notes)) };
    let unpacked = unpack::open(artifact).map_err(|error| Error::Unread(error.note()))?;
    let (distribution, member) = unpacked.choose(plan.member.as_deref())?;
    let bytes = unpacked.read(distribution, member).map_err(|error| Error::Unread(error.note()))?;
    let name = ModuleName::of_member(&member.path);
    let beside = Wheelmates { unpacked: &unpacked, distribution };
    let about = || format!("{}: {}", distribution.source, member.path);
    let unread = |why: String| Error::Unread(Note::unread(about(), why));
    let facts = guarded(|| inspect::trace(&bytes, &name, &plan.targets, &beside))
        .ok_or_else(|| unread(BUG.to_owned()))?
        .map_err(|error| unread(error.to_string()))?;
    let judge = |target: &Target| (*target, assess::judge(&name, Ok(&facts), *target));
    let verdicts = plan.targets.iter().map(judge).collect();
    let answers = facts.slices.iter().map(|slice| {
        plan.targets.iter().map(|target| (*target, assess::answer(&name, slice, *target))).collect()
    });
    let answers = answers.collect();
    let (others, others_left) = other_modules(&bytes, &name, &facts, plan, &beside);
    Ok(Inspection {
        source: distribution.source.clone(),
        member: member.path.clone(),
        size: bytes.len(),
        sha256: HEXLOWER.encode(&Sha256::digest(&*bytes)),
        targets: plan.targets.clone(),
        verdicts,
        answers,
        others,
        others_left,
        name,
        facts,
    })
}

/// Modules of other names that are judged besides the one that is inspected: no real file has more than some
/// thirty, and each costs as much as the one asked for.
const MAX_OTHERS: usize = 64;

/// What the file would be if it had another name, and how many of these were not looked at.
fn other_modules(
    bytes: &[u8],
    name: &ModuleName,
    facts: &Facts,
    plan: &InspectPlan,
    beside: &Wheelmates<'_>,
) -> (Vec<OtherModule>, usize) {
    let inits = facts.slices.iter().flat_map(|slice| slice.init.values());
    let mut hooks: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for hook in inits.flat_map(|init| &init.other_hooks) {
        let Some(stem) = inspect::stem_of(hook).filter(|stem| *stem != name.stem.replace('-', "_")) else {
            continue;
        };
        let known = hooks.entry(stem).or_default();
        if !known.contains(hook) {
            known.push(hook.clone());
        }
    }
    let left = hooks.len().saturating_sub(MAX_OTHERS);
    let judge_one = |(stem, hooks): (String, Vec<String>)| {
        let other = ModuleName { stem: stem.clone(), ..name.clone() };
        let facts = guarded(|| inspect::inspect(bytes, &other, &plan.targets, beside))?.ok()?;
        let judge = |target: &Target| (*target, assess::judge(&other, Ok(&facts), *target));
        Some(OtherModule { stem, hooks, verdicts: plan.targets.iter().map(judge).collect() })
    };
    (hooks.into_iter().take(MAX_OTHERS).filter_map(judge_one).collect(), left)
}
