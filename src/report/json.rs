//! The report for programs. Its structs are apart from the model's, so that the one can change and the other
//! stay what `docs/json.md` says. Fields are only ever added within a schema version; what is not known is `null`.

mod known;

use super::environment::sentence;
use super::known::json::Database;
use super::summary::{Summary, unread};
use crate::model;
use known::{Known, is_told};
use serde::Serialize;
use std::collections::BTreeMap;

/// The name of this schema.
const SCHEMA: &str = "ftaudit/report/1";

/// Writes the report, indented, with a line break at its end.
///
/// # Errors
/// Never with the structs as they are; JSON cannot hold every map, and these hold none of those.
pub fn render(report: &model::Report) -> serde_json::Result<String> {
    serde_json::to_string_pretty(&Document::of(report)).map(|text| text + "\n")
}

#[derive(Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(super) struct Document<'a> {
    #[cfg_attr(test, schemars(extend("const" = SCHEMA)))]
    pub(super) schema: &'static str,
    pub(super) tool: Tool,
    pub(super) created: Option<&'a str>,
    pub(super) targets: Vec<String>,
    pub(super) platforms: Vec<&'static str>,
    pub(super) databases: Vec<Database<'a>>,
    pub(super) distributions: Vec<Distribution<'a>>,
    pub(super) findings: Vec<Finding<'a>>,
    pub(super) notes: Vec<Note>,
    pub(super) summary: Totals,
}

#[derive(Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(super) struct Tool {
    name: &'static str,
    version: &'static str,
}

#[derive(Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(super) struct Distribution<'a> {
    name: Option<&'a str>,
    version: Option<&'a str>,
    source: &'a str,
    tags: &'a [String],
    platform: Option<&'static str>,
    wheel: Option<&'a str>,
    said_by: Option<&'a str>,
    chain: &'a [String],
    considered: Vec<Considered<'a>>,
    fix: Option<Fix<'a>>,
    verdicts: BTreeMap<String, &'static str>,
    reasons: BTreeMap<String, String>,
    known: Vec<Known<'a>>,
    modules: Vec<Module<'a>>,
}

#[derive(Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
struct Considered<'a> {
    file: &'a str,
    why: &'a str,
}

#[derive(Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
struct Fix<'a> {
    nearest: Option<&'a str>,
    lowest: Option<&'a str>,
    newest: Option<&'a str>,
    looked_at: usize,
    incomplete: Option<&'a str>,
}

#[derive(Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
struct Module<'a> {
    name: &'a str,
    member: &'a str,
    sha256: Option<&'a str>,
    format: Option<String>,
    arch: Vec<String>,
    built_for: Option<BuiltFor<'a>>,
    origin: Option<Origin<'a>>,
    verdicts: BTreeMap<String, Judgement<'a>>,
    runtime: BTreeMap<String, Runtime<'a>>,
}

#[derive(Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
struct Runtime<'a> {
    outcome: &'static str,
    #[cfg_attr(test, schemars(extend("enum" = ["confirmed", "settled", "unconfirmed", "contradicted"])))]
    agreement: &'static str,
    message: String,
    python: Option<&'a str>,
    needs_gil: Option<bool>,
    import_chain: &'a [String],
    stack: &'a [String],
    under_threads: Option<&'static str>,
    protections: Vec<&'static str>,
}

#[derive(Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(super) struct BuiltFor<'a> {
    python: Option<String>,
    free_threaded: Option<bool>,
    evidence: Vec<Evidence<'a>>,
}

#[derive(Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(super) struct Origin<'a> {
    tool: &'a str,
    version: Option<&'a str>,
    evidence: Evidence<'a>,
}

#[derive(Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(super) struct Judgement<'a> {
    verdict: &'static str,
    reason: &'static str,
    message: String,
    evidence: Vec<Evidence<'a>>,
}

#[derive(Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(super) struct Evidence<'a> {
    #[cfg_attr(test, schemars(with = "String"))]
    kind: model::EvidenceKind,
    text: &'a str,
    address: Option<String>,
    symbol: Option<&'a str>,
}

#[derive(Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(super) struct Finding<'a> {
    rule: &'static str,
    #[cfg_attr(test, schemars(extend("enum" = ["high", "medium", "low", "info"])))]
    severity: String,
    #[cfg_attr(test, schemars(extend("enum" = ["high", "medium", "low"])))]
    confidence: String,
    #[cfg_attr(test, schemars(extend("enum" = ["deny", "unsure", "warn", "allow"])))]
    level: &'static str,
    suppressed: Option<Suppressed<'a>>,
    distribution: &'a str,
    platforms: Vec<&'static str>,
    module: Option<String>,
    message: &'a str,
    evidence: Vec<Evidence<'a>>,
    help: &'a str,
}

#[derive(Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
struct Suppressed<'a> {
    #[cfg_attr(test, schemars(extend("enum" = ["ignore", "baseline"])))]
    by: &'static str,
    reason: &'a str,
}

#[derive(Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(super) struct Note {
    about: String,
    why: String,
    unread: bool,
}

#[derive(Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(super) struct Totals {
    distributions: usize,
    modules: usize,
    findings: usize,
    unread: usize,
    targets: BTreeMap<String, Counts>,
}

#[derive(Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
struct Counts {
    distributions: BTreeMap<&'static str, usize>,
    modules: BTreeMap<&'static str, usize>,
}

impl<'a> Document<'a> {
    pub(super) fn of(report: &'a model::Report) -> Self {
        let environments = report.environments.iter().map(|environment| Note {
            about: environment.source.clone(),
            why: sentence(environment, &report.targets),
            unread: false,
        });
        let notes = report.notes.iter().map(|note| Note {
            about: note.about.clone(),
            why: note.why.clone(),
            unread: note.unread,
        });
        Self {
            schema: SCHEMA,
            tool: Tool::this(),
            created: report.created.as_deref(),
            targets: report.targets.iter().map(ToString::to_string).collect(),
            platforms: report.platforms.iter().map(|platform| platform.id()).collect(),
            databases: report.databases.iter().map(Database::of).collect(),
            distributions: report.distributions.iter().map(Distribution::of).collect(),
            findings: report.findings.iter().map(Finding::of).collect(),
            notes: environments.chain(notes).collect(),
            summary: Totals::of(report),
        }
    }
}

impl Tool {
    pub(super) const fn this() -> Self {
        Self { name: env!("CARGO_PKG_NAME"), version: env!("CARGO_PKG_VERSION") }
    }
}

impl<'a> Distribution<'a> {
    fn of(report: &'a model::DistributionReport) -> Self {
        let model::Distribution { name, version, source, tags, .. } = &report.distribution;
        let verdicts = report.verdicts.iter();
        let reasons = report.verdicts.iter();
        let chosen = report.chosen.as_ref();
        let considered = chosen.map_or(&[][..], |chosen| &chosen.considered).iter();
        Self {
            name: name.as_deref(),
            version: version.as_deref(),
            source,
            tags,
            platform: report.platform().map(model::Platform::id),
            wheel: chosen.and_then(|chosen| chosen.file.as_deref()),
            said_by: chosen.map(|chosen| chosen.said_by.as_str()),
            chain: chosen.map_or(&[], |chosen| &chosen.chain),
            considered: considered.map(|one| Considered { file: &one.file, why: &one.why }).collect(),
            fix: chosen.and_then(|chosen| chosen.fix.as_ref()).map(Fix::of),
            verdicts: verdicts.map(|(target, judged)| (target.to_string(), judged.verdict.id())).collect(),
            reasons: reasons
                .map(|(target, judged)| (target.to_string(), judged.reason.to_string()))
                .collect(),
            known: report.known.iter().filter(|known| is_told(known)).map(Known::of).collect(),
            modules: report.modules.iter().map(Module::of).collect(),
        }
    }
}

impl<'a> Fix<'a> {
    fn of(fix: &'a model::Fix) -> Self {
        Self {
            nearest: fix.nearest.as_deref(),
            lowest: fix.lowest.as_deref(),
            newest: fix.newest.as_deref(),
            looked_at: fix.looked_at,
            incomplete: fix.incomplete.as_deref(),
        }
    }
}

impl<'a> Module<'a> {
    fn of(report: &'a model::ModuleReport) -> Self {
        let slices = report.facts.as_ref().map_or(&[][..], |facts| &facts.slices);
        let verdicts = report.verdicts.iter();
        Self {
            name: &report.name.dotted,
            member: &report.member.path,
            sha256: report.member.sha256.as_deref(),
            format: report.facts.as_ref().map(|facts| facts.format.to_string()),
            arch: slices.iter().map(|slice| slice.arch.to_string()).collect(),
            built_for: slices.first().map(|slice| BuiltFor::of(&slice.built_for)),
            origin: slices.iter().find_map(|slice| slice.origin.as_ref()).map(Origin::of),
            verdicts: verdicts.map(|(target, judged)| (target.to_string(), Judgement::of(judged))).collect(),
            runtime: report
                .runtime
                .iter()
                .map(|(target, ran)| (target.to_string(), Runtime::of(ran)))
                .collect(),
        }
    }
}

impl<'a> Runtime<'a> {
    fn of(runtime: &'a model::Runtime) -> Self {
        let ran = &runtime.confirmation;
        Self {
            outcome: ran.seen.id(),
            agreement: runtime.agreement.id(),
            message: ran.with_hint(),
            python: ran.python.as_deref(),
            needs_gil: ran.needs_gil,
            import_chain: &ran.import_chain,
            stack: ran.seen.stack(),
            under_threads: ran.under_threads.as_ref().map(model::Seen::id),
            protections: ran.protections.iter().map(|protection| protection.id()).collect(),
        }
    }
}

impl<'a> BuiltFor<'a> {
    pub(super) fn of(built_for: &'a model::BuiltFor) -> Self {
        Self {
            python: built_for.python.map(|python| python.to_string()),
            free_threaded: built_for.abi.map(model::Abi::is_free_threaded),
            evidence: built_for.evidence.iter().map(Evidence::of).collect(),
        }
    }
}

impl<'a> Origin<'a> {
    pub(super) fn of(tool: &'a model::BindingTool) -> Self {
        let version = tool.version.as_deref();
        Self { tool: &tool.name, version, evidence: Evidence::of(&tool.evidence) }
    }
}

impl<'a> Judgement<'a> {
    pub(super) fn of(judgement: &'a model::Judgement) -> Self {
        Self {
            verdict: judgement.verdict.id(),
            reason: judgement.reason.id(),
            message: judgement.reason.to_string(),
            evidence: judgement.evidence.iter().map(Evidence::of).collect(),
        }
    }
}

impl<'a> Evidence<'a> {
    fn of(evidence: &'a model::Evidence) -> Self {
        Self {
            kind: evidence.kind,
            text: &evidence.text,
            address: evidence.address.map(|address| format!("{address:#x}")),
            symbol: evidence.symbol.as_deref(),
        }
    }
}

impl<'a> Finding<'a> {
    fn of(finding: &'a model::Finding) -> Self {
        Self {
            rule: finding.rule,
            severity: finding.severity.to_string(),
            confidence: finding.confidence.to_string(),
            level: finding.level.id(),
            suppressed: finding
                .suppressed
                .as_ref()
                .map(|why| Suppressed { by: why.by.id(), reason: &why.reason }),
            distribution: &finding.distribution,
            platforms: finding.platforms.iter().map(|platform| platform.id()).collect(),
            module: finding.member.as_deref().map(|path| model::ModuleName::of_member(path).dotted),
            message: &finding.message,
            evidence: finding.evidence.iter().map(Evidence::of).collect(),
            help: &finding.help,
        }
    }
}

impl Totals {
    fn of(report: &model::Report) -> Self {
        let targets = report.targets.iter();
        Self {
            distributions: report.distributions.len(),
            modules: report.distributions.iter().map(|distribution| distribution.modules.len()).sum(),
            findings: report.findings.len(),
            unread: unread(report),
            targets: targets.map(|target| (target.to_string(), Counts::of(report, *target))).collect(),
        }
    }
}

impl Counts {
    fn of(report: &model::Report, target: model::Target) -> Self {
        let Summary { distributions, modules } = Summary::of(report, target);
        let by_id = |counts: BTreeMap<model::Verdict, usize>| {
            counts.into_iter().map(|(verdict, count)| (verdict.id(), count)).collect()
        };
        Self { distributions: by_id(distributions), modules: by_id(modules) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Facts, made_up};
    use crate::report::testing;
    use serde_json::Value;

    #[test]
    fn every_field_is_documented_and_every_documented_field_is_there() {
        let report = serde_json::to_value(Document::of(&made_up::example_report())).unwrap();
        assert_eq!(testing::fields(&report), testing::documented(testing::documentation(SCHEMA)));
    }

    #[test]
    fn the_example_is_what_the_program_writes() {
        let written = render(&made_up::example_report()).unwrap();
        let example = testing::example(testing::documentation(SCHEMA));
        assert_eq!(example, written, "put this into docs/json.md:\n{written}");
    }

    #[test]
    fn the_schema_is_that_of_the_program() {
        testing::assert_schema::<Document<'_>>("report.schema.json", SCHEMA);
    }

    #[test]
    fn the_shared_report() {
        testing::assert_written("report.json", &render(&testing::report()).unwrap());
    }

    #[test]
    fn what_is_not_known_is_null() {
        let mut report = made_up::example_report();
        let distribution = &mut report.distributions[0];
        (distribution.distribution.name, distribution.distribution.version) = (None, None);
        let module = &mut distribution.modules[0];
        module.member.sha256 = None;
        module.facts = None;
        let value = serde_json::to_value(Document::of(&report)).unwrap();
        let distribution = &value["distributions"][0];
        for field in ["name", "version"] {
            assert_eq!(distribution[field], Value::Null, "{field}");
        }
        for field in ["sha256", "format", "built_for", "origin"] {
            assert_eq!(distribution["modules"][0].get(field), Some(&Value::Null), "{field}");
        }
        assert_eq!(distribution["modules"][0]["arch"], Value::Array(Vec::new()));
    }

    #[test]
    fn addresses_are_written_as_objdump_does() {
        let value = serde_json::to_value(Document::of(&made_up::example_report())).unwrap();
        let evidence = &value["distributions"][0]["modules"][0]["verdicts"]["3.14t"]["evidence"][0];
        assert_eq!(evidence["address"], "0x3f40");
    }

    #[test]
    fn something_of_everything_can_be_written() {
        let report = made_up::report();
        let value: Value = serde_json::from_str(&render(&report).unwrap()).unwrap();
        assert_eq!(value["summary"]["distributions"], report.distributions.len());
        assert_eq!(value["summary"]["unread"], 1);
        assert_eq!(value["notes"][0]["about"], "oldenv/lib/python3.12/site-packages");
        let facts =
            report.distributions.iter().flat_map(|one| &one.modules).filter_map(|one| one.facts.as_ref());
        assert!(facts.flat_map(|Facts { slices, .. }| slices).count() > 0);
    }
}
