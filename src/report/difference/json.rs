//! For programs. Its structs are apart from the model's for the reason that [`crate::report::json`] gives.

use crate::model;
use crate::report::json::Tool;
use serde::Serialize;
use std::collections::BTreeMap;

/// The name of this schema.
const SCHEMA: &str = "ftaudit/diff/1";

/// Writes it, indented, with a line break at its end.
///
/// # Errors
/// Never with the structs as they are.
pub fn render(difference: &model::Difference) -> serde_json::Result<String> {
    serde_json::to_string_pretty(&Document::of(difference)).map(|text| text + "\n")
}

#[derive(Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
struct Document<'a> {
    #[cfg_attr(test, schemars(extend("const" = SCHEMA)))]
    schema: &'static str,
    tool: Tool,
    targets: &'a [String],
    changes: Vec<Change<'a>>,
    unread: &'a [String],
    remarks: &'a [String],
    summary: Summary,
}

#[derive(Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
struct Change<'a> {
    #[cfg_attr(test, schemars(extend("enum" = ["worse", "unclear", "new", "better", "gone"])))]
    direction: &'static str,
    #[cfg_attr(test, schemars(extend("enum" = ["nothing", "unsure", "worse"])))]
    weight: &'static str,
    distribution: &'a str,
    platform: Option<&'a str>,
    old_versions: &'a [String],
    new_versions: &'a [String],
    verdicts: BTreeMap<&'a str, Step<'a>>,
    modules: Vec<Module<'a>>,
    found: Vec<Found<'a>>,
    settled: Vec<Found<'a>>,
}

#[derive(Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
struct Step<'a> {
    old: Option<&'a str>,
    new: Option<&'a str>,
}

#[derive(Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
struct Module<'a> {
    name: &'a str,
    target: &'a str,
    old: Option<&'a str>,
    new: Option<&'a str>,
    message: Option<&'a str>,
}

#[derive(Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
struct Found<'a> {
    rule: &'a str,
    message: &'a str,
}

#[derive(Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
struct Summary {
    worse: usize,
    unclear: usize,
    new: usize,
    better: usize,
    gone: usize,
    unchanged: usize,
}

impl<'a> Document<'a> {
    fn of(difference: &'a model::Difference) -> Self {
        use model::Direction::{Better, Gone, New, Unclear, Worse};
        Self {
            schema: SCHEMA,
            tool: Tool::this(),
            targets: &difference.targets,
            changes: difference.changes.iter().map(Change::of).collect(),
            unread: &difference.unread,
            remarks: &difference.remarks,
            summary: Summary {
                worse: difference.count(Worse),
                unclear: difference.count(Unclear),
                new: difference.count(New),
                better: difference.count(Better),
                gone: difference.count(Gone),
                unchanged: difference.unchanged,
            },
        }
    }
}

impl<'a> Change<'a> {
    fn of(change: &'a model::Change) -> Self {
        let id = |known: &'a Option<model::VerdictId>| known.as_ref().map(model::VerdictId::id);
        let step = |step: &'a model::VerdictStep| Step { old: id(&step.old), new: id(&step.new) };
        let module = |module: &'a model::ModuleStep| Module {
            name: &module.module,
            target: &module.step.target,
            old: id(&module.step.old),
            new: id(&module.step.new),
            message: module.why.as_deref(),
        };
        let found = |found: &'a model::Found| Found { rule: &found.rule, message: &found.message };
        Self {
            direction: change.direction.id(),
            weight: match change.weight {
                model::ChangeWeight::Nothing => "nothing",
                model::ChangeWeight::Unsure => "unsure",
                model::ChangeWeight::Worse => "worse",
            },
            distribution: &change.distribution,
            platform: change.platform.as_deref(),
            old_versions: &change.old_versions,
            new_versions: &change.new_versions,
            verdicts: change.verdicts.iter().map(|one| (one.target.as_str(), step(one))).collect(),
            modules: change.modules.iter().map(module).collect(),
            found: change.found.iter().map(found).collect(),
            settled: change.settled.iter().map(found).collect(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing as made_up;
    use super::*;
    use crate::report::testing;

    #[test]
    fn every_field_is_documented_and_every_documented_field_is_there() {
        let document = serde_json::to_value(Document::of(&made_up::difference())).unwrap();
        assert_eq!(testing::fields(&document), testing::documented(testing::documentation(SCHEMA)));
    }

    #[test]
    fn the_schema_is_that_of_the_program() {
        testing::assert_schema::<Document<'_>>("diff.schema.json", SCHEMA);
    }

    #[test]
    fn every_direction() {
        testing::assert_written("diff.json", &render(&made_up::difference()).unwrap());
    }
}
