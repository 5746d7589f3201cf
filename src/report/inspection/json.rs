//! One module, step by step, for programs. Its structs are apart from the model's for the reason that
//! [`crate::report::json`] gives, and its schema has a name of its own.

use super::{outcome, passed_over, protocol};
use crate::model;
use crate::report::json::{BuiltFor, Judgement, Origin, Tool};
use serde::Serialize;
use std::collections::BTreeMap;

/// The name of this schema.
const SCHEMA: &str = "ftaudit/inspect/1";

/// Writes the report, indented, with a line break at its end.
///
/// # Errors
/// Never with the structs as they are; JSON cannot hold every map, and these hold none of those.
pub fn render(inspection: &model::Inspection) -> serde_json::Result<String> {
    serde_json::to_string_pretty(&Document::of(inspection)).map(|text| text + "\n")
}

#[derive(Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
struct Document<'a> {
    #[cfg_attr(test, schemars(extend("const" = SCHEMA)))]
    schema: &'static str,
    tool: Tool,
    source: &'a str,
    member: &'a str,
    name: &'a str,
    suffix: &'a str,
    size: usize,
    sha256: &'a str,
    format: String,
    targets: Vec<String>,
    verdicts: BTreeMap<String, Judgement<'a>>,
    slices: Vec<Slice<'a>>,
    others: Vec<Other<'a>>,
    others_left: usize,
}

#[derive(Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
struct Slice<'a> {
    arch: String,
    built_for: BuiltFor<'a>,
    origin: Option<Origin<'a>>,
    answers: BTreeMap<String, Answer<'a>>,
}

#[derive(Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
struct Answer<'a> {
    hook: Option<Hook<'a>>,
    passed_over: Vec<&'a str>,
    trace: Option<Trace<'a>>,
    outcome: &'static str,
    definition: Option<Definition>,
    slots: Option<Slots<'a>>,
    set_gil: Option<SetGil>,
    delegated_to: Option<&'a str>,
    why: Option<&'a str>,
    address: Option<String>,
    verdict: Judgement<'a>,
}

#[derive(Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
struct Hook<'a> {
    protocol: &'static str,
    symbol: &'a str,
    address: String,
}

#[derive(Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
struct Trace<'a> {
    instructions: u32,
    merged: bool,
    ends: Vec<End<'a>>,
    paths: Vec<Path<'a>>,
}

#[derive(Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
struct End<'a> {
    what: &'a str,
    count: usize,
    place: Option<Place<'a>>,
}

#[derive(Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
struct Path<'a> {
    end: &'a str,
    left_out: usize,
    steps: Vec<Step<'a>>,
}

#[derive(Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
struct Step<'a> {
    address: String,
    library: Option<&'a str>,
    symbol: Option<&'a str>,
    offset: Option<u64>,
    depth: usize,
    kind: &'static str,
    function: Option<Place<'a>>,
    call: Option<Call<'a>>,
    taken: Option<bool>,
    why: Option<&'a str>,
}

#[derive(Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
struct Place<'a> {
    address: String,
    library: Option<&'a str>,
    symbol: Option<&'a str>,
    offset: Option<u64>,
}

#[derive(Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
struct Call<'a> {
    symbol: &'a str,
    arguments: &'a [String],
    answer: &'a str,
    decides: bool,
}

#[derive(Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
struct Definition {
    address: String,
    free_threaded: Option<bool>,
    ob_flags: Option<u16>,
    zero: bool,
}

#[derive(Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
struct Slots<'a> {
    address: Option<String>,
    unread: Option<&'a str>,
    items: Vec<Slot<'a>>,
}

#[derive(Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
struct Slot<'a> {
    address: String,
    id: u16,
    name: &'static str,
    flags: Option<u16>,
    depth: u8,
    value: Option<String>,
    shown: &'a str,
    meaning: &'a str,
}

#[derive(Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
struct SetGil {
    address: String,
    value: Option<String>,
}

#[derive(Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
struct Other<'a> {
    name: &'a str,
    hooks: &'a [String],
    verdicts: BTreeMap<String, Judgement<'a>>,
}

fn hexadecimal(number: u64) -> String {
    format!("{number:#x}")
}

/// The number, where it is one.
fn known(value: model::SlotValue) -> Option<String> {
    match value {
        model::SlotValue::Known(number) => Some(hexadecimal(number)),
        model::SlotValue::NonNull | model::SlotValue::Unknown => None,
    }
}

fn by_target(verdicts: &BTreeMap<model::Target, model::Judgement>) -> BTreeMap<String, Judgement<'_>> {
    verdicts.iter().map(|(target, judgement)| (target.to_string(), Judgement::of(judgement))).collect()
}

impl<'a> Document<'a> {
    fn of(inspection: &'a model::Inspection) -> Self {
        let slices = inspection.facts.slices.iter().zip(&inspection.answers);
        let others = inspection.others.iter().map(|other| Other {
            name: &other.stem,
            hooks: &other.hooks,
            verdicts: by_target(&other.verdicts),
        });
        Self {
            schema: SCHEMA,
            tool: Tool::this(),
            source: &inspection.source,
            member: &inspection.member,
            name: &inspection.name.dotted,
            suffix: &inspection.name.suffix,
            size: inspection.size,
            sha256: &inspection.sha256,
            format: inspection.facts.format.to_string(),
            targets: inspection.targets.iter().map(ToString::to_string).collect(),
            verdicts: by_target(&inspection.verdicts),
            slices: slices.map(|(slice, answers)| Slice::of(slice, answers, &inspection.name.stem)).collect(),
            others: others.collect(),
            others_left: inspection.others_left,
        }
    }
}

impl<'a> Slice<'a> {
    fn of(
        slice: &'a model::Slice,
        answers: &'a BTreeMap<model::Target, model::Answer>,
        stem: &'a str,
    ) -> Self {
        let answers = answers.iter().filter_map(|(target, answer)| {
            Some((target.to_string(), Answer::of(slice.init.get(target)?, answer, stem)))
        });
        Self {
            arch: slice.arch.to_string(),
            built_for: BuiltFor::of(&slice.built_for),
            origin: slice.origin.as_ref().map(Origin::of),
            answers: answers.collect(),
        }
    }
}

impl<'a> Answer<'a> {
    fn of(init: &'a model::Init, answer: &'a model::Answer, stem: &'a str) -> Self {
        use model::Outcome;
        let mut this = Self {
            hook: init.hook.as_ref().map(Hook::of),
            passed_over: passed_over(init, stem).map(String::as_str).collect(),
            trace: init.trace.as_ref().map(Trace::of),
            outcome: outcome(&init.outcome),
            definition: None,
            slots: None,
            set_gil: None,
            delegated_to: None,
            why: None,
            address: None,
            verdict: Judgement::of(&answer.judgement),
        };
        match &init.outcome {
            Outcome::NoHook => {}
            Outcome::MultiPhase(definition) => {
                this.definition = Some(Definition::of(definition));
                this.slots = Some(Slots::of(&definition.slots, &answer.slots));
            }
            Outcome::SinglePhase { definition, gil } => {
                this.definition = definition.as_ref().map(Definition::of);
                this.set_gil =
                    gil.map(|call| SetGil { address: hexadecimal(call.address), value: known(call.value) });
            }
            Outcome::Exported(array) => this.slots = Some(Slots::of(array, &answer.slots)),
            Outcome::Delegated { to } => this.delegated_to = Some(to),
            Outcome::Fails { why } => this.why = Some(why),
            Outcome::Undetermined { why, address } => {
                this.why = Some(why);
                this.address = address.map(hexadecimal);
            }
        }
        this
    }
}

impl<'a> Hook<'a> {
    fn of(hook: &'a model::Hook) -> Self {
        let model::Hook { kind, symbol, address } = hook;
        Self { protocol: protocol(*kind), symbol, address: hexadecimal(*address) }
    }
}

impl<'a> Trace<'a> {
    fn of(trace: &'a model::Trace) -> Self {
        let ends = trace.ends.iter().map(|end| End {
            what: &end.what,
            count: end.count,
            place: end.place.as_ref().map(Place::of),
        });
        let paths = trace.paths.iter().map(|path| Path {
            end: &path.end,
            left_out: path.left_out,
            steps: path.steps.iter().map(Step::of).collect(),
        });
        Self {
            instructions: trace.instructions,
            merged: trace.merged,
            ends: ends.collect(),
            paths: paths.collect(),
        }
    }
}

impl<'a> Place<'a> {
    fn of(place: &'a model::Place) -> Self {
        Self {
            address: hexadecimal(place.address),
            library: place.library.as_deref(),
            symbol: place.symbol.as_ref().map(|(name, _)| name.as_str()),
            offset: place.symbol.as_ref().map(|(_, distance)| *distance),
        }
    }
}

impl<'a> Step<'a> {
    fn of(step: &'a model::Step) -> Self {
        use model::Action;
        let Place { address, library, symbol, offset } = Place::of(&step.place);
        let (kind, function, call, taken, why) = match &step.action {
            Action::Enter(function) => ("enter", Some(Place::of(function)), None, None, None),
            Action::Call { symbol, arguments, answer, decides } => {
                ("call", None, Some(Call { symbol, arguments, answer, decides: *decides }), None, None)
            }
            Action::Skip(why) => ("skip", None, None, None, Some(*why)),
            Action::Branch { taken } => ("branch", None, None, Some(*taken), None),
        };
        Self { address, library, symbol, offset, depth: step.depth, kind, function, call, taken, why }
    }
}

impl Definition {
    fn of(definition: &model::Definition) -> Self {
        let model::Definition { address, head, .. } = definition;
        Self {
            address: hexadecimal(*address),
            free_threaded: head.free_threaded,
            ob_flags: head.flags,
            zero: head.zero,
        }
    }
}

impl<'a> Slots<'a> {
    fn of(array: &'a model::SlotArray, meanings: &'a [model::SlotMeaning]) -> Self {
        let items = meanings.iter().map(|slot| Slot {
            address: hexadecimal(slot.slot.address),
            id: slot.slot.id,
            name: slot.name,
            flags: slot.slot.flags,
            depth: slot.slot.depth,
            value: known(slot.slot.value),
            shown: &slot.value,
            meaning: &slot.meaning,
        });
        Self {
            address: (array.address != 0).then(|| hexadecimal(array.address)),
            unread: array.unread.as_deref(),
            items: items.collect(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{GilCall, Outcome, SlotValue};
    use crate::report::testing;
    use serde_json::Value;

    fn document(inspection: &model::Inspection) -> Value {
        serde_json::to_value(Document::of(inspection)).unwrap()
    }

    fn single_phase(value: SlotValue) -> model::Inspection {
        let gil = Some(GilCall { address: 0x1150, value });
        testing::with_outcome(&Outcome::SinglePhase { definition: None, gil })
    }

    #[test]
    fn every_field_is_documented_and_every_documented_field_is_there() {
        let mut found = testing::fields(&document(&testing::inspection()));
        found.extend(testing::fields(&document(&single_phase(SlotValue::Known(1)))));
        assert_eq!(found, testing::documented(testing::documentation(SCHEMA)));
    }

    #[test]
    fn the_example_is_what_the_program_writes() {
        let written = render(&testing::inspection()).unwrap();
        let example = testing::example(testing::documentation(SCHEMA));
        assert_eq!(example, written, "put this into docs/json.md:\n{written}");
    }

    #[test]
    fn the_schema_is_that_of_the_program() {
        testing::assert_schema::<Document<'_>>("inspect.schema.json", SCHEMA);
    }

    #[test]
    fn an_outcome_fills_its_own_fields_only() {
        let answer =
            |outcome| document(&testing::with_outcome(&outcome))["slices"][0]["answers"]["3.14t"].clone();
        let delegated = answer(Outcome::Delegated { to: "_cffi_backend".to_owned() });
        assert_eq!(delegated["delegated_to"], "_cffi_backend");
        assert_eq!(delegated["definition"], Value::Null);
        let stopped = answer(Outcome::Undetermined { why: "a loop".to_owned(), address: Some(0x1180) });
        assert_eq!((&stopped["why"], &stopped["address"]), (&"a loop".into(), &"0x1180".into()));
        let called = document(&single_phase(SlotValue::NonNull))["slices"][0]["answers"]["3.14t"].clone();
        assert_eq!(called["set_gil"]["value"], Value::Null, "what is not known is no number");
    }
}
