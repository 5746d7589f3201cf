//! Holds what `docs/json.md` says against the documents that are written.

use crate::model::{
    Abi, Action, Answer, Inspection, ModuleName, OtherModule, Outcome, PathEnd, Place, SlotMeaning, Step,
    Target, Trace, TracedPath, Verdict, made_up,
};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};

const DOCUMENTATION: &str = include_str!("../../docs/json.md");

/// The part of the documentation that is about one schema: from the heading that ends in its name on.
pub(super) fn documentation(schema: &str) -> &'static str {
    let ending = format!("`{schema}`");
    let is_about = |part: &&str| part.lines().next().is_some_and(|heading| heading.ends_with(&ending));
    let about = DOCUMENTATION.split("\n# ").find(is_about);
    about.unwrap_or_else(|| panic!("no heading of docs/json.md ends in {ending}"))
}

/// The fields that a part documents.
pub(super) fn documented(part: &str) -> BTreeSet<String> {
    let rows = part.lines().filter_map(|line| line.strip_prefix("| `"));
    rows.filter_map(|row| row.split('`').next()).map(str::to_owned).collect()
}

/// The first example of a part.
pub(super) fn example(part: &'static str) -> &'static str {
    let (_, rest) = part.split_once("```json\n").unwrap();
    rest.split_once("```").unwrap().0
}

/// The fields of a document, named as the tables of `docs/json.md` do: without the steps that are no fields of
/// their own.
pub(super) fn fields(document: &Value) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    paths(document, "", &mut found);
    found.into_iter().filter(|path| !path.ends_with("[]")).collect()
}

fn paths(value: &Value, path: &str, found: &mut BTreeSet<String>) {
    if !path.is_empty() {
        found.insert(path.to_owned());
    }
    match value {
        Value::Object(fields) => {
            for (name, value) in fields {
                paths(value, &key(path, name), found);
            }
        }
        Value::Array(items) => {
            for item in items.iter().filter(|item| item.is_object()) {
                paths(item, &format!("{path}[]"), found);
            }
        }
        _ => {}
    }
}

/// What the tables call the keys that are targets or verdicts.
fn key(path: &str, key: &str) -> String {
    let placeholder = match path.rsplit('.').next() {
        Some("verdicts" | "reasons" | "targets" | "answers" | "runtime") => "<target>",
        _ if path.starts_with("summary.targets.<target>.") => "<verdict>",
        _ => key,
    };
    if path.is_empty() { placeholder.to_owned() } else { format!("{path}.{placeholder}") }
}

/// An inspection that tells the most in the fewest lines: the example of `docs/json.md`.
pub(super) fn inspection() -> Inspection {
    let place = |address: u64, library: Option<&str>, symbol: Option<(&str, u64)>| Place {
        address,
        library: library.map(str::to_owned),
        symbol: symbol.map(|(name, distance)| (name.to_owned(), distance)),
    };
    let hook = |distance: u64| place(0x1139 + distance, None, Some(("PyInit_x", distance)));
    let steps = vec![
        Step { place: hook(4), depth: 0, action: Action::Enter(place(0x1180, Some("libx.so.1"), None)) },
        Step {
            place: place(0x1184, Some("libx.so.1"), Some(("make", 4))),
            depth: 1,
            action: Action::Skip("recursion"),
        },
        Step { place: hook(9), depth: 0, action: Action::Branch { taken: false } },
        Step {
            place: hook(0x10),
            depth: 0,
            action: Action::Call {
                symbol: "PyModuleDef_Init".to_owned(),
                arguments: vec!["def (0x4000)".to_owned()],
                answer: "returns def (0x4000)".to_owned(),
                decides: true,
            },
        },
    ];
    let end = "hands over the definition at 0x4000";
    let trace = Trace {
        instructions: 7,
        ends: vec![
            PathEnd { what: end.to_owned(), place: None, count: 1 },
            PathEnd { what: "throws".to_owned(), place: Some(hook(0x20)), count: 2 },
        ],
        merged: false,
        paths: vec![TracedPath { end: end.to_owned(), steps, left_out: 0 }],
    };
    let mut module = made_up::Module::judged(Verdict::GilFree);
    let slice = &mut module.facts.slices[0];
    slice.built_for = made_up::built_for(Some(Abi::FreeThreaded), Some(14));
    slice.init.retain(|target, _| *target == Target::Py314t);
    for init in slice.init.values_mut() {
        init.trace = Some(trace.clone());
        init.other_hooks = vec!["PyInit_y".to_owned(), "PyModExport_x".to_owned()];
    }
    let meaning = SlotMeaning {
        slot: made_up::slot(4, 1),
        name: "Py_mod_gil",
        value: "1 (Py_MOD_GIL_NOT_USED)".to_owned(),
        meaning: "the GIL stays off".to_owned(),
    };
    let answer = Answer { judgement: made_up::judgement(Verdict::GilFree), slots: vec![meaning] };
    let answers = BTreeMap::from([(Target::Py314t, answer)]);
    let verdict = |verdict| BTreeMap::from([(Target::Py314t, made_up::judgement(verdict))]);
    Inspection {
        source: "foo-1.0.whl".to_owned(),
        member: "foo/x.cpython-314t-x86_64-linux-gnu.so".to_owned(),
        name: ModuleName::of_member("foo/x.cpython-314t-x86_64-linux-gnu.so"),
        size: 4096,
        sha256: "4f".repeat(32),
        targets: vec![Target::Py314t],
        verdicts: verdict(Verdict::GilFree),
        facts: module.facts,
        answers: vec![answers],
        others: vec![OtherModule {
            stem: "y".to_owned(),
            hooks: vec!["PyInit_y".to_owned()],
            verdicts: verdict(Verdict::RequiresGil),
        }],
        others_left: 0,
    }
}

/// The same module, if its init function came to something else.
pub(super) fn with_outcome(outcome: &Outcome) -> Inspection {
    let mut inspection = inspection();
    for init in inspection.facts.slices.iter_mut().flat_map(|slice| slice.init.values_mut()) {
        init.outcome = outcome.clone();
    }
    for answer in inspection.answers.iter_mut().flat_map(|answers| answers.values_mut()) {
        answer.slots.clear();
    }
    inspection
}
