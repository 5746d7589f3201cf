//! What the tests of all formats share: one made-up report, and what `docs/json.md` says.

use super::Folders;
use crate::model::{
    Abi, Action, Answer, Chosen, Finding, Inspection, Level, ModuleName, OtherModule, Outcome, PathEnd,
    Place, Platform, Report, RuleText, Severity, SlotMeaning, Step, Target, Trace, TracedPath, Verdict,
    made_up,
};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};

const DOCUMENTATION: &str = include_str!("../../docs/json.md");

/// Two rules, as the program's own are told.
pub(super) const RULES: [RuleText; 2] = [
    RuleText {
        id: "gil-reenabled",
        severity: Severity::High,
        level: Level::Deny,
        explain: "Importing the module turns the GIL on\n\nA free-threaded Python starts without the GIL, and asks\n\
                  each module whether it needs it.\n\nAsk the maintainers for `Py_mod_gil`.\n\n\
                  https://docs.python.org/3/howto/free-threading-extensions.html",
    },
    RuleText {
        id: "undetermined",
        severity: Severity::Medium,
        level: Level::Unsure,
        explain: "What importing the module does could not be told\n\nNothing is known of it.",
    },
];

/// A folder of a checkout.
pub(super) fn folders() -> Folders {
    Folders { current: "/checkout/service".into(), checkout: "/checkout".into() }
}

/// The report that every format is written for: something of everything, and names that mean something to formats.
pub(super) fn report() -> Report {
    let mut report = made_up::report();
    report.targets = vec![Target::Py314t, Target::Py315t];
    report.platforms = vec![Platform::LinuxX86_64, Platform::WindowsArm64];
    for one in report.distributions.iter_mut().filter(|one| one.chosen.is_none()) {
        let source = &one.distribution.source;
        one.path = source.strip_suffix(".whl").map(|stem| format!("dist/{stem}.whl"));
    }
    for name in HOSTILE {
        let mut one = made_up::report_of(&[Verdict::RequiresGil]).distributions.remove(0);
        one.path = Some(format!("dist/{name}.whl"));
        one.distribution.name = Some(name.to_owned());
        one.distribution.source = format!("{name}.whl");
        for module in &mut one.modules {
            module.name.dotted = name.to_owned();
            module.member.path = format!("{name}.so");
        }
        report.findings.push(Finding {
            distribution: one.distribution.to_string(),
            source: one.distribution.source.clone(),
            member: Some(format!("{name}.so")),
            message: format!("importing {name} turns the GIL on under 3.14t"),
            ..made_up::finding("gil-reenabled")
        });
        report.distributions.push(one);
    }
    for (platform, verdict) in
        [(Platform::LinuxX86_64, Verdict::GilFree), (Platform::WindowsArm64, Verdict::NotAvailable)]
    {
        let mut one = made_up::chosen("gappy", platform, verdict);
        one.verdicts.insert(Target::Py315t, made_up::judgement(verdict));
        one.chosen = one.chosen.map(|chosen| Chosen { said_by: "requirements.txt:7".to_owned(), ..chosen });
        report.distributions.push(one);
    }
    let about = |rule, level, severity| Finding {
        distribution: "gappy 1.0".to_owned(),
        source: "gappy-1.0.whl".to_owned(),
        platforms: vec![Platform::WindowsArm64],
        member: None,
        level,
        severity,
        evidence: Vec::new(),
        message: format!("gappy 1.0 is what {rule} is about on windows-arm64"),
        ..made_up::finding(rule)
    };
    report.findings.push(about("no-free-threaded-wheel", Level::Deny, Severity::High));
    report.findings.push(about("platform-gap", Level::Warn, Severity::Low));
    let undetermined = Finding {
        distribution: "vector 1.0".to_owned(),
        source: "vector-1.0.whl".to_owned(),
        member: Some("vector/_\u{1b}[2J\u{202e}evil.cpython-314t-x86_64-linux-gnu.so".to_owned()),
        level: Level::Unsure,
        severity: Severity::Medium,
        ..made_up::finding("undetermined")
    };
    report.findings.push(undetermined);
    report.untold = vec![Finding {
        distribution: String::new(),
        source: "broken-1.0-cp314-cp314t-linux_x86_64.whl".to_owned(),
        member: None,
        level: Level::Unsure,
        severity: Severity::Medium,
        message: "not read: broken-1.0-cp314-cp314t-linux_x86_64.whl: is cut off".to_owned(),
        help: "download it again".to_owned(),
        ..made_up::finding("unread")
    }];
    report.sorted()
}

/// Names that are a formula, a command, a tag, the end of a section, a mention, a link, a row, or as wide as two.
const HOSTILE: [&str; 8] = [
    "=cmd|' /C calc'!A0",
    "::error::x%0A##[add-mask]x",
    "<script>alert(1)</script>",
    "]]>&amp;",
    "@octocat #1 www.example.org https://example.org",
    "[x](https://example.org) ![y](z) `code` **b**",
    "a|b ``` c\n\n# d",
    "模块\u{ffff}{0}",
];

/// Holds a report against the file that was reviewed: what `tests/reports` then gives to validators.
/// `FTAUDIT_WRITE_REPORTS=1` writes the file, to be reviewed.
pub(super) fn assert_written(file: &str, text: &str) {
    let path = format!("{}/tests/reports/written/{file}", env!("CARGO_MANIFEST_DIR"));
    if std::env::var_os("FTAUDIT_WRITE_REPORTS").is_some() {
        std::fs::write(&path, text).unwrap();
    }
    let reviewed = std::fs::read_to_string(&path).unwrap_or_default();
    assert_eq!(reviewed, text, "FTAUDIT_WRITE_REPORTS=1 cargo test --lib writes {path}, to be reviewed");
}

/// Holds a JSON Schema in `docs` against the structs. What its fields hold is said by the tables of `docs/json.md`.
/// `FTAUDIT_WRITE_REPORTS=1` writes it.
pub(super) fn assert_schema<T: schemars::JsonSchema>(file: &str, schema: &str) {
    let settings = schemars::generate::SchemaSettings::draft2020_12().for_serialize();
    let mut written = settings.into_generator().into_root_schema_for::<T>().to_value();
    if let Some(document) = written.as_object_mut() {
        document.insert("title".to_owned(), schema.into());
    }
    for row in documentation(schema).lines().filter_map(|line| line.strip_prefix("| `")) {
        if let [path, _, holds] = row.splitn(3, " | ").collect::<Vec<_>>().as_slice() {
            let holds = holds.trim_end_matches('|').trim();
            if !holds.starts_with("as above") {
                describe(&mut written, path.trim_end_matches('`'), holds);
            }
        }
    }
    let written = serde_json::to_string_pretty(&written).unwrap() + "\n";
    let path = format!("{}/docs/{file}", env!("CARGO_MANIFEST_DIR"));
    if std::env::var_os("FTAUDIT_WRITE_REPORTS").is_some() {
        std::fs::write(&path, &written).unwrap();
    }
    let documented = std::fs::read_to_string(&path).unwrap_or_default();
    assert_eq!(documented, written, "FTAUDIT_WRITE_REPORTS=1 cargo test --lib writes {path}, to be reviewed");
}

/// Gives a field of a schema its description, unless it has one: what stands in several places is described by the first.
fn describe(schema: &mut Value, path: &str, holds: &str) {
    let mut at = String::new();
    for step in path.split('.') {
        at = following_references(schema, at);
        match step.trim_end_matches("[]") {
            "<target>" | "<verdict>" => at += "/additionalProperties",
            name => at.extend(["/properties/", name]),
        }
        if step.ends_with("[]") {
            at += "/items";
        }
    }
    let field = schema.pointer_mut(&at).unwrap_or_else(|| panic!("docs/json.md: the schema has no {path}"));
    if let Some(field) = field.as_object_mut() {
        field.entry("description").or_insert_with(|| holds.into());
    }
}

/// Where a schema stands that is referred to; that which is no `null` where there are two.
fn following_references(schema: &Value, mut at: String) -> String {
    while let Some(place) = schema.pointer(&at) {
        let either = place["anyOf"].as_array().and_then(|all| all.iter().find(|one| one["type"] != "null"));
        match either.unwrap_or(place)["$ref"].as_str() {
            Some(reference) => reference.trim_start_matches('#').clone_into(&mut at),
            None => break,
        }
    }
    at
}

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
