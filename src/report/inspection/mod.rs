//! The reports of `ftaudit inspect`, about one file: as text for a bug report, and as JSON.

pub mod human;
pub mod json;

use crate::model::{HookKind, Init, Outcome};

/// What an outcome is called.
const fn outcome(outcome: &Outcome) -> &'static str {
    match outcome {
        Outcome::NoHook => "no-hook",
        Outcome::MultiPhase(_) => "multi-phase",
        Outcome::SinglePhase { .. } => "single-phase",
        Outcome::Exported(_) => "exported",
        Outcome::Delegated { .. } => "delegated",
        Outcome::Fails { .. } => "fails",
        Outcome::Undetermined { .. } => "undetermined",
    }
}

/// What a protocol is called.
const fn protocol(kind: HookKind) -> &'static str {
    match kind {
        HookKind::Init => "init",
        HookKind::Export => "export",
    }
}

/// Init functions of the same name that the target does not call: it looks for one of the two first, or for one
/// of them only.
fn passed_over<'a>(init: &'a Init, stem: &'a str) -> impl Iterator<Item = &'a String> {
    let is_own = move |hook: &&String| {
        let (_, name) = hook.split_once('_').unwrap_or_default();
        name == stem
    };
    init.other_hooks.iter().filter(is_own)
}
