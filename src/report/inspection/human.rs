//! The answer step by step, as plain lines that can be put into a bug report and checked with `objdump`.

use super::passed_over;
use crate::model::{
    Action, Answer, Definition, Evidence, Format, GilCall, HookKind, Init, Inspection, Outcome, Place, Slice,
    SlotArray, SlotMeaning, SlotValue, Step, Target, Trace, TracedPath,
};
use crate::report::human::Layout;
use crate::report::human::page::{Page, Tone};

/// Columns of a line of prose. Lines of a path or a table are never wrapped.
const WIDTH: usize = 110;

/// Steps of a path that are shown from its start, and from its end, besides those that decide.
const FIRST_STEPS: usize = 24;
const LAST_STEPS: usize = 16;

/// Characters of a symbol that are shown.
const MAX_SYMBOL: usize = 40;

/// Writes the report.
#[must_use]
pub fn render(inspection: &Inspection) -> String {
    let mut page = Page::new(&Layout { width: WIDTH, ..Layout::plain() });
    head(inspection, &mut page);
    for (slice, answers) in inspection.facts.slices.iter().zip(&inspection.answers) {
        page.gap();
        machine(slice, &mut page);
        for target in &inspection.targets {
            if let (Some(init), Some(answer)) = (slice.init.get(target), answers.get(target)) {
                page.gap();
                let title = format!("{} on {target}, {}", inspection.name.dotted, slice.arch);
                line(&mut page, 0, &title);
                on_target(inspection, init, answer, *target, &mut page);
            }
        }
    }
    others(inspection, &mut page);
    page.finish()
}

/// One line, however long.
fn line(page: &mut Page, column: usize, text: &str) {
    page.cells(&[(Tone::Plain, &format!("{}{text}", " ".repeat(column)), 0)]);
}

fn prose(page: &mut Page, column: usize, text: &str) {
    page.paragraph(column, Tone::Plain, text);
}

fn head(inspection: &Inspection, page: &mut Page) {
    let Inspection { source, member, name, size, sha256, facts, .. } = inspection;
    line(page, 0, &format!("{source}: {member}"));
    let machines: Vec<String> = facts.slices.iter().map(|slice| slice.arch.to_string()).collect();
    let format = match facts.format {
        Format::Elf => "ELF",
        Format::Pe => "PE",
        Format::MachO => "Mach-O",
    };
    line(page, 2, &format!("module   {}, by a file name that ends in {}", name.dotted, name.suffix));
    line(page, 2, &format!("file     {format} for {}, {size} bytes", machines.join(", ")));
    line(page, 2, &format!("sha256   {sha256}"));
    line(page, 2, &format!("read by  ftaudit {}", env!("CARGO_PKG_VERSION")));
    for (target, judgement) in &inspection.verdicts {
        prose(page, 2, &format!("{target}    {}: {}", judgement.verdict, judgement.reason));
    }
}

fn machine(slice: &Slice, page: &mut Page) {
    line(page, 0, &format!("the code for {}", slice.arch));
    let python = slice.built_for.python.map_or(String::new(), |python| format!(", Python {python}"));
    let abi = slice
        .built_for
        .abi
        .map_or_else(|| "nothing tells which build of Python".to_owned(), |abi| abi.to_string());
    line(page, 2, &format!("built for  {abi}{python}"));
    evidence(&slice.built_for.evidence, page);
    match &slice.origin {
        Some(tool) => {
            let version = tool.version.as_ref().map_or(String::new(), |version| format!(" {version}"));
            line(page, 2, &format!("made by    {}{version}", tool.name));
            evidence([&tool.evidence], page);
        }
        None => line(page, 2, "made by    no binding tool that is known"),
    }
}

fn evidence<'a>(all: impl IntoIterator<Item = &'a Evidence>, page: &mut Page) {
    for Evidence { text, address, .. } in all {
        let at = match address {
            Some(address) if !text.contains(&format!("{address:#x}")) => format!(" ({address:#x})"),
            _ => String::new(),
        };
        prose(page, 4, &format!("- {text}{at}"));
    }
}

fn on_target(inspection: &Inspection, init: &Init, answer: &Answer, target: Target, page: &mut Page) {
    hook(inspection, init, target, page);
    if let Some(trace) = &init.trace {
        self::trace(trace, page);
    }
    outcome(init, answer, page);
    prose(page, 2, &format!("verdict  {}: {}", answer.judgement.verdict, answer.judgement.reason));
    // The path above has told the steps of the analysis.
    let told = |evidence: &&Evidence| init.trace.is_none() || !init.trail.contains(evidence);
    evidence(answer.judgement.evidence.iter().filter(told), page);
}

fn hook(inspection: &Inspection, init: &Init, target: Target, page: &mut Page) {
    match &init.hook {
        Some(hook) => {
            let kind = match hook.kind {
                HookKind::Init => "",
                HookKind::Export => ", an export hook, which gives a slot array",
            };
            line(page, 2, &format!("calls    {} at {:#x}{kind}", hook.symbol, hook.address));
        }
        None => line(page, 2, "calls    nothing: the file has no init function of its name"),
    }
    for passed in passed_over(init, &inspection.name.stem) {
        line(page, 4, &format!("- {passed} is there too; {target} does not call it"));
    }
}

fn trace(trace: &Trace, page: &mut Page) {
    let Trace { instructions, ends, merged, paths } = trace;
    prose(
        page,
        2,
        &format!(
            "paths    {instructions} instructions were followed; imported functions were not run, but assumed to \
             succeed with what stands behind them"
        ),
    );
    for end in ends {
        let at = end.place.as_ref().map_or(String::new(), |place| format!(" (at {place})"));
        prose(page, 4, &format!("- {} × {}{at}", end.count, end.what));
    }
    if *merged {
        prose(page, 4, "- others were given up where a path had been before in the same state");
    }
    for path in paths {
        self::path(path, page);
    }
}

fn path(path: &TracedPath, page: &mut Page) {
    prose(page, 2, &format!("a path   that {}", path.end));
    let steps = &path.steps;
    if steps.is_empty() {
        line(page, 4, "(without calls or undecided branches)");
    }
    let mut hidden = 0;
    for (index, step) in steps.iter().enumerate() {
        let is_shown = index < FIRST_STEPS
            || index + LAST_STEPS >= steps.len()
            || matches!(step.action, Action::Call { decides: true, .. });
        if !is_shown {
            hidden += 1;
            continue;
        }
        skipped(&mut hidden, page);
        line(page, 4, &in_words(step));
    }
    hidden += path.left_out;
    skipped(&mut hidden, page);
}

fn skipped(hidden: &mut usize, page: &mut Page) {
    if *hidden > 0 {
        let steps = if *hidden == 1 { "step that decides" } else { "steps that decide" };
        line(page, 4, &format!("… {hidden} {steps} nothing (--format json has them)"));
        *hidden = 0;
    }
}

/// `0x1a2b <PyInit_x+0x10>    PyModuleDef_Init(x (0x4040)): returns x (0x4040)`
fn in_words(Step { place, depth, action }: &Step) -> String {
    let what = match action {
        Action::Enter(function) => format!("calls {}, which is followed", shortened(function)),
        Action::Call { symbol, arguments, answer, .. } => {
            let arguments = if arguments.is_empty() { "…".to_owned() } else { arguments.join(", ") };
            format!("{symbol}({arguments}): {answer}")
        }
        Action::Skip(why) => format!("makes a call that is passed over: {why}"),
        Action::Branch { taken: true } => {
            "branches on something unknown: jumps here, another path does not".to_owned()
        }
        Action::Branch { taken: false } => {
            "branches on something unknown: goes on here, another path jumps".to_owned()
        }
    };
    format!("{:<40} {}{what}", shortened(place), "  ".repeat(*depth))
}

/// A place with no more of its symbol than tells it: mangled names have hundreds of letters, and the address says
/// all there is to check.
fn shortened(place: &Place) -> String {
    let symbol = place.symbol.as_ref().map(|(name, distance)| match name.char_indices().nth(MAX_SYMBOL) {
        Some((end, _)) => (format!("{}…", &name[..end]), *distance),
        None => (name.clone(), *distance),
    });
    Place { symbol, ..place.clone() }.to_string()
}

fn outcome(init: &Init, answer: &Answer, page: &mut Page) {
    match &init.outcome {
        Outcome::NoHook => {}
        Outcome::MultiPhase(definition) => {
            line(page, 2, "result   a module definition: multi-phase initialization");
            self::definition(definition, page);
            slots(&definition.slots, &answer.slots, page);
        }
        Outcome::SinglePhase { definition, gil } => {
            line(page, 2, "result   a module object: single-phase initialization");
            if let Some(definition) = definition {
                self::definition(definition, page);
            }
            match gil {
                Some(GilCall { address, value }) => line(
                    page,
                    4,
                    &format!("- PyUnstable_Module_SetGIL at {address:#x} gets {}", value_in_words(*value)),
                ),
                None => line(page, 4, "- PyUnstable_Module_SetGIL is not called for it"),
            }
        }
        Outcome::Exported(array) => {
            line(page, 2, "result   a slot array");
            slots(array, &answer.slots, page);
        }
        Outcome::Delegated { to } => line(page, 2, &format!("result   what {to} makes")),
        Outcome::Fails { why } => prose(page, 2, &format!("result   none: {why}")),
        Outcome::Undetermined { why, address } => {
            let at = address.map_or(String::new(), |address| format!(" (at {address:#x})"));
            prose(page, 2, &format!("result   not known: {why}{at}"));
        }
    }
}

fn value_in_words(value: SlotValue) -> String {
    match value {
        SlotValue::Known(number) => number.to_string(),
        SlotValue::NonNull => "something that is not 0".to_owned(),
        SlotValue::Unknown => "an unknown value".to_owned(),
    }
}

fn definition(definition: &Definition, page: &mut Page) {
    let Definition { address, head, .. } = definition;
    let layout = match head.free_threaded {
        Some(true) => "laid out as free-threaded builds do",
        Some(false) => "laid out as builds with the GIL do",
        None => "in a layout that its fields do not tell",
    };
    let flags = head.flags.map_or(String::new(), |flags| format!(", ob_flags {flags:#x}"));
    let zero = if head.zero { ", its header all zero" } else { "" };
    line(page, 4, &format!("- PyModuleDef at {address:#x}, {layout}{flags}{zero}"));
}

fn slots(array: &SlotArray, meanings: &[SlotMeaning], page: &mut Page) {
    if array.address == 0 && array.unread.is_none() {
        return line(page, 4, "- no slots: the pointer to them is NULL");
    }
    line(page, 4, &format!("- slots at {:#x}", array.address));
    for SlotMeaning { slot, name, value, meaning } in meanings {
        let flags = slot.flags.map_or(String::new(), |flags| format!(" flags {flags}"));
        let nested = "  ".repeat(slot.depth.into());
        let text = format!("{nested}{:#x}  {:>3}{flags} {name} = {value}: {meaning}", slot.address, slot.id);
        line(page, 6, &text);
    }
    if let Some(why) = &array.unread {
        prose(page, 6, &format!("not read on: {why}"));
    }
}

fn others(inspection: &Inspection, page: &mut Page) {
    if inspection.others.is_empty() {
        return;
    }
    page.gap();
    line(page, 0, "other modules that the file holds init functions for");
    for other in &inspection.others {
        let verdicts: Vec<String> = other
            .verdicts
            .iter()
            .map(|(target, judgement)| format!("{} on {target}", judgement.verdict))
            .collect();
        let hooks = other.hooks.join(", ");
        line(page, 2, &format!("{} ({hooks}): {}", other.stem, verdicts.join(", ")));
    }
    if inspection.others_left > 0 {
        line(page, 2, &format!("and {} more", inspection.others_left));
    }
    prose(page, 2, "No import of this file reaches them: its name picks the init function.");
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::testing;

    #[test]
    fn everything_is_told() {
        let text = render(&testing::inspection()).replace(env!("CARGO_PKG_VERSION"), "[version]");
        insta::assert_snapshot!(text, @r#"
    foo-1.0.whl: foo/x.cpython-314t-x86_64-linux-gnu.so
      module   foo.x, by a file name that ends in .cpython-314t-x86_64-linux-gnu.so
      file     ELF for x86_64, 4096 bytes
      sha256   4f4f4f4f4f4f4f4f4f4f4f4f4f4f4f4f4f4f4f4f4f4f4f4f4f4f4f4f4f4f4f4f
      read by  ftaudit [version]
      3.14t    gil-free: declares Py_MOD_GIL_NOT_USED in its Py_mod_gil slot

    the code for x86_64
      built for  the free-threaded build, Python 3.14
        - made-up evidence of the free-threaded build
      made by    Cython 3.1.4
        - it holds the text "cython_runtime"

    foo.x on 3.14t, x86_64
      calls    PyInit_x at 0x1139
        - PyModExport_x is there too; 3.14t does not call it
      paths    7 instructions were followed; imported functions were not run, but assumed to succeed with what
        stands behind them
        - 1 × hands over the definition at 0x4000
        - 2 × throws (at 0x1159 <PyInit_x+0x20>)
      a path   that hands over the definition at 0x4000
        0x113d <PyInit_x+0x4>                    calls libx.so.1: 0x1180, which is followed
        libx.so.1: 0x1184 <make+0x4>               makes a call that is passed over: recursion
        0x1142 <PyInit_x+0x9>                    branches on something unknown: goes on here, another path jumps
        0x1149 <PyInit_x+0x10>                   PyModuleDef_Init(def (0x4000)): returns def (0x4000)
      result   a module definition: multi-phase initialization
        - PyModuleDef at 0x4000, laid out as free-threaded builds do, ob_flags 0x4
        - slots at 0x3f00
          0x3f40    4 Py_mod_gil = 1 (Py_MOD_GIL_NOT_USED): the GIL stays off
      verdict  gil-free: declares Py_MOD_GIL_NOT_USED in its Py_mod_gil slot
        - Py_mod_gil (slot 4) = 1 (Py_MOD_GIL_NOT_USED) at 0x3f40, read when PyModuleDef_Init got the definition
          at 0x4000

    other modules that the file holds init functions for
      y (PyInit_y): requires-gil on 3.14t
      No import of this file reaches them: its name picks the init function.
    "#);
    }

    #[test]
    fn a_long_path_is_shown_by_its_ends_and_what_decides() {
        let mut inspection = testing::inspection();
        let init = inspection.facts.slices[0].init.get_mut(&Target::Py314t).unwrap();
        let path = &mut init.trace.as_mut().unwrap().paths[0];
        let (branch, call) = (path.steps[2].clone(), path.steps[3].clone());
        path.steps = [vec![branch.clone(); 50], vec![call], vec![branch; 50]].concat();
        let text = render(&inspection);
        assert_eq!(text.matches("branches on").count(), FIRST_STEPS + LAST_STEPS);
        assert_eq!(text.matches("PyModuleDef_Init(def (0x4000))").count(), 1);
        assert!(text.contains("… 26 steps") && text.contains("… 34 steps"), "{text}");
        inspection.facts.slices[0].init.get_mut(&Target::Py314t).unwrap().trace.as_mut().unwrap().paths[0]
            .steps
            .truncate(FIRST_STEPS + LAST_STEPS + 1);
        assert!(render(&inspection).contains("… 1 step that decides nothing"));
    }

    #[test]
    fn each_outcome_is_told() {
        let told = |outcome| render(&testing::with_outcome(&outcome));
        let undetermined = Outcome::Undetermined { why: "a loop".to_owned(), address: Some(0x1180) };
        assert!(told(undetermined).contains("result   not known: a loop (at 0x1180)"));
        let delegated = Outcome::Delegated { to: "_cffi_backend".to_owned() };
        assert!(told(delegated).contains("result   what _cffi_backend makes"));
        let gil = Some(GilCall { address: 0x1150, value: SlotValue::Unknown });
        let single = told(Outcome::SinglePhase { definition: None, gil });
        assert!(single.contains("PyUnstable_Module_SetGIL at 0x1150 gets an unknown value"));
        assert!(told(Outcome::SinglePhase { definition: None, gil: None }).contains("is not called for it"));
    }

    #[test]
    fn names_from_the_file_cannot_write_to_a_terminal() {
        let mut inspection = testing::inspection();
        inspection.others[0].stem = "y\u{1b}[2J".to_owned();
        inspection.member = "x\n.so".to_owned();
        let text = render(&inspection);
        assert!(!text.contains('\u{1b}') && text.starts_with("foo-1.0.whl: x\\u{a}.so\n"), "{text}");
    }
}
