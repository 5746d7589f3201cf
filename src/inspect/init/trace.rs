//! The steps of a path, for people to read: recorded only where that was asked for. Apart from the evaluation,
//! which does not depend on it.

use super::capi::Effect;
use super::ends::{End, Explored};
use super::machine::Machine;
use super::outcome;
use super::path::{Path, Thing};
use super::space::Space;
use super::value::Value;
use super::{Request, value};
use crate::model::{Action, Hook, Outcome, PathEnd, Place, Step, Trace, TracedPath};
use std::rc::Rc;

/// Steps that one path keeps of calls that decide nothing. Real init functions that are made of thousands of these
/// repeat themselves.
const MAX_STEPS: usize = 2048;

/// Steps that one path keeps at all: a hostile function that declares without end fills no memory.
const MAX_KEPT: usize = 4096;

/// Bytes that are shown of a text argument.
const MAX_TEXT: usize = 60;

/// How far behind its start a stub of the procedure linkage table jumps on: its longest forms have 16 bytes.
pub(super) const STUB: u64 = 20;

/// How a path ends that says nothing of success.
const FAILS: &str = "fails: it returns NULL, or with an exception set";

/// The newest step of a path, with those before it: shared with the paths that forked from it.
pub(super) struct Recorded {
    act: Act,
    site: u64,
    depth: usize,
    before: Option<Rc<Recorded>>,
    kept: usize,
    left_out: usize,
}

/// What was done.
enum Act {
    Start,
    Enter(u64),
    /// A call of an import; whether it was a jump.
    Call {
        name: String,
        arguments: Vec<String>,
        answer: String,
        decides: bool,
        is_jump: bool,
    },
    Skip(&'static str),
    Branch(bool),
}

/// A call whose answer is not known yet.
pub(super) struct Open {
    arguments: Vec<String>,
}

impl Recorded {
    /// Of a path that is to be recorded from now on.
    pub(super) fn start() -> Rc<Self> {
        Rc::new(Self { act: Act::Start, site: 0, depth: 0, before: None, kept: 0, left_out: 0 })
    }
}

impl<M: Machine> Path<'_, '_, '_, M> {
    /// A function of an image is entered.
    pub(super) fn record_enter(&mut self, site: u64, function: u64) {
        self.record(site, 2, || Act::Enter(function));
    }

    /// A call is passed over.
    pub(super) fn record_skip(&mut self, site: u64, why: &'static str) {
        self.record(site, 2, || Act::Skip(why));
    }

    /// One side of an undecided branch is taken; another path takes the other one.
    pub(super) fn record_branch(&mut self, site: u64, taken: bool) {
        self.record(site, 1, || Act::Branch(taken));
    }

    /// An import is called: its arguments, as long as they stand where they were put.
    pub(super) fn record_call(&self, name: &str) -> Option<Open> {
        self.recorded.as_ref()?;
        let arguments = (0..shown_arguments(name)).map(|index| self.in_words(self.argument(index)));
        Some(Open { arguments: arguments.collect() })
    }

    /// And what it was taken to return.
    pub(super) fn record_answer(
        &mut self,
        open: Option<Open>,
        name: &str,
        effect: &Effect,
        site: u64,
        is_call: bool,
    ) {
        let Some(Open { arguments }) = open else { return };
        let answer = match effect {
            Effect::Return(value) => format!("returns {}", self.in_words(*value)),
            Effect::End(_) => "ends the process".to_owned(),
            Effect::Throw => "throws".to_owned(),
            Effect::Stop(why) => format!("cannot be followed: {why}"),
            Effect::Become { function, .. } => format!("calls {}", self.in_words(*function)),
        };
        let decides = decides(name);
        let act = || Act::Call { name: name.to_owned(), arguments, answer, decides, is_jump: !is_call };
        self.record(site, if is_call { 2 } else { 1 }, act);
    }

    /// `frames` of the call stack do not count for the depth: that of the caller of the hook, and that of the
    /// function that is being entered.
    fn record(&mut self, site: u64, frames: usize, act: impl FnOnce() -> Act) {
        let Some(newest) = &mut self.recorded else { return };
        let act = act();
        let is_kept = newest.kept < MAX_STEPS
            || newest.kept < MAX_KEPT && matches!(act, Act::Call { decides: true, .. });
        if !is_kept {
            if let Some(newest) = Rc::get_mut(newest) {
                newest.left_out += 1;
            }
            return;
        }
        let depth = self.frames.len().saturating_sub(frames);
        let (kept, left_out) = (newest.kept + 1, newest.left_out);
        let before = Some(Rc::clone(newest));
        self.recorded = Some(Rc::new(Recorded { act, site, depth, before, kept, left_out }));
    }

    fn in_words(&self, value: Value) -> String {
        let known = match self.what(value) {
            Some(Thing::Module(_)) => Some("a module object".to_owned()),
            Some(Thing::Imported(name)) => Some(format!("the imported module {name:?}")),
            Some(Thing::Attribute { module, name }) => Some(format!("{module}.{name}")),
            Some(Thing::MadeBy(module)) => Some(format!("what {module} made")),
            Some(Thing::NoModule) => Some("an object that is no module".to_owned()),
            None => None,
        };
        match (known, value) {
            (Some(known), _) => known,
            (None, Value::Known(number)) if number < 0x1000 => number.to_string(),
            (None, Value::Known(address)) => {
                self.quoted(address).unwrap_or_else(|| self.memory.space.describe(address))
            }
            (None, Value::Object(_)) => "an object".to_owned(),
            (None, Value::NonNull) => "something not NULL".to_owned(),
            (None, Value::Low { number, bytes }) => {
                format!("something that ends in {:#x}", number & value::mask(bytes))
            }
            (None, Value::Unknown) => "something unknown".to_owned(),
        }
    }

    /// The printable text at an address.
    fn quoted(&self, address: u64) -> Option<String> {
        let text = self.memory.text(address, 512).filter(|text| text.len() > 1)?;
        if !text.chars().all(|character| character == ' ' || character.is_ascii_graphic()) {
            return None;
        }
        Some(match text.get(..MAX_TEXT) {
            Some(start) if start.len() < text.len() => format!("{start:?}…"),
            _ => format!("{text:?}"),
        })
    }
}

/// How many arguments of a function are shown: those that its answer, or what it does to a module, depends on.
fn shown_arguments(name: &str) -> u8 {
    match name {
        "PyModuleDef_Init"
        | "PyImport_ImportModule"
        | "PyImport_AddModule"
        | "PyImport_AddModuleRef"
        | "PyModule_New"
        | "PyType_Ready"
        | "PyUnicode_FromString"
        | "PyUnicode_InternFromString"
        | "malloc"
        | "PyMem_Malloc"
        | "PyObject_Malloc"
        | "_Znwm"
        | "strlen" => 1,
        "PyModule_Create2"
        | "PyModule_FromDefAndSpec2"
        | "PyModule_FromSlotsAndSpec"
        | "PyUnstable_Module_SetGIL"
        | "PyObject_GetAttrString"
        | "PyObject_CallMethod"
        | "_PyObject_CallMethod_SizeT"
        | "PyErr_SetString"
        | "PyErr_Format"
        | "PyModule_AddObject"
        | "PyModule_AddObjectRef"
        | "PyModule_Add"
        | "PyModule_AddType"
        | "PyModule_AddFunctions"
        | "calloc"
        | "PyMem_Calloc"
        | "PyCapsule_GetPointer"
        | "PyCapsule_Import"
        | "strcmp" => 2,
        "PyModule_AddIntConstant"
        | "PyModule_AddStringConstant"
        | "PyObject_SetAttrString"
        | "PyDict_SetItemString"
        | "memcpy"
        | "memmove"
        | "memset"
        | "strncmp"
        | "memcmp" => 3,
        _ => 0,
    }
}

/// Whether a function makes, declares or hands over a module.
fn decides(name: &str) -> bool {
    matches!(
        name,
        "PyModuleDef_Init"
            | "PyModule_Create2"
            | "PyModule_Create2TraceRefs"
            | "PyModule_FromDefAndSpec2"
            | "PyModule_FromSlotsAndSpec"
            | "PyModule_NewObject"
            | "PyModule_New"
            | "PyUnstable_Module_SetGIL"
            | "PyImport_ImportModule"
            | "PyObject_CallMethod"
            | "_PyObject_CallMethod_SizeT"
            | "PyCapsule_GetPointer"
            | "PyCapsule_Import"
    )
}

/// The paths that an outcome rests on, and how the others ended.
pub(super) fn of<M: Machine>(
    explored: &Explored<'_, '_, '_, M>,
    space: &Space,
    hook: &Hook,
    request: &Request,
) -> Trace {
    let mut choice = Choice::default();
    let mut trace = Trace { instructions: explored.steps, merged: explored.merged, ..Trace::default() };
    let mut failed = None;
    for end in &explored.ends {
        let (what, address, shown) = choice.of(end, hook, request);
        match (shown, end) {
            (Some(recorded), _) => trace.paths.push(steps(recorded, space, request, what.clone())),
            (None, End::Failed { recorded }) => failed = failed.or(recorded.as_ref()),
            (None, _) => {}
        }
        if let Some(known) = trace.ends.iter_mut().find(|known| known.what == what) {
            known.count += 1;
        } else {
            let place = address.map(|address| place(space, request, address));
            trace.ends.push(PathEnd { what, place, count: 1 });
        }
    }
    if let (true, Some(recorded)) = (trace.paths.is_empty(), failed) {
        trace.paths.push(steps(recorded, space, request, FAILS.to_owned()));
    }
    if !explored.left.is_empty() {
        let what = "was left open when others had succeeded".to_owned();
        trace.ends.push(PathEnd { what, place: None, count: explored.left.len() });
    }
    trace
}

/// Which paths are shown.
#[derive(Default)]
struct Choice {
    /// What the first path that succeeds comes to.
    first: Option<Outcome>,
    is_contradicted: bool,
    is_stopped: bool,
}

impl Choice {
    /// What a path does at its end, where, and its steps if they are to be shown.
    fn of<'e, M: Machine>(
        &mut self,
        end: &'e End<'_, '_, '_, M>,
        hook: &Hook,
        request: &Request,
    ) -> (String, Option<u64>, Option<&'e Rc<Recorded>>) {
        match end {
            End::Failed { .. } => (FAILS.to_owned(), None, None),
            End::Returned(value, path) => {
                let seen = outcome::observe(*value, path, hook, request);
                let what = match &seen {
                    Outcome::Undetermined { why, .. } => format!("comes to nothing known: {why}"),
                    known => outcome::in_words(known),
                };
                let shown = self.is_shown(seen).then_some(path.recorded.as_ref());
                (what, None, shown.flatten())
            }
            End::Died { why, address } => ((*why).to_owned(), Some(*address), None),
            End::Thrown { address } => ("throws".to_owned(), Some(*address), None),
            End::Stopped { why, address, recorded, .. } => {
                let is_first = !std::mem::replace(&mut self.is_stopped, true);
                let shown = if is_first { recorded.as_ref() } else { None };
                (format!("could not be followed on: {why}"), Some(*address), shown)
            }
        }
    }

    fn is_shown(&mut self, seen: Outcome) -> bool {
        match &self.first {
            None => {
                self.first = Some(seen);
                true
            }
            Some(first) => {
                let contradicts = !self.is_contradicted && !outcome::means_the_same(first, &seen);
                self.is_contradicted |= contradicts;
                contradicts
            }
        }
    }
}

/// The steps of one path, oldest first. A stub that only jumps on to an import is told as a call of that.
fn steps(newest: &Rc<Recorded>, space: &Space, request: &Request, end: String) -> TracedPath {
    let mut recorded = Vec::new();
    let mut next = Some(newest);
    while let Some(step) = next {
        recorded.push(&**step);
        next = step.before.as_ref();
    }
    let mut steps: Vec<(u64, usize, &Act)> = Vec::with_capacity(recorded.len());
    for step in recorded.into_iter().rev() {
        match steps.last_mut() {
            Some((_, _, last)) if jumps_on(last, step) => *last = &step.act,
            _ => steps.push((step.site, step.depth, &step.act)),
        }
    }
    let steps = steps.into_iter().filter_map(|(site, depth, act)| {
        let action = match act {
            Act::Start => return None,
            Act::Enter(function) => Action::Enter(place(space, request, *function)),
            Act::Skip(why) => Action::Skip(why),
            Act::Branch(taken) => Action::Branch { taken: *taken },
            Act::Call { name, arguments, answer, decides, .. } => Action::Call {
                symbol: name.clone(),
                arguments: arguments.clone(),
                answer: answer.clone(),
                decides: *decides,
            },
        };
        Some(Step { place: place(space, request, site), depth, action })
    });
    TracedPath { end, steps: steps.collect(), left_out: newest.left_out }
}

/// Whether a function that is entered only jumps on to an import.
fn jumps_on(entered: &Act, step: &Recorded) -> bool {
    match (entered, &step.act) {
        (Act::Enter(stub), Act::Call { is_jump: true, .. }) => step.site.wrapping_sub(*stub) < STUB,
        _ => false,
    }
}

/// A place as the file that it is in calls it.
fn place(space: &Space, request: &Request, address: u64) -> Place {
    let Some(loaded) = space.image_at(address) else {
        return Place { address, library: None, symbol: None };
    };
    let index = space.images.iter().position(|other| other.base == loaded.base).unwrap_or(0);
    let own = address.wrapping_sub(loaded.base);
    let library =
        index.checked_sub(1).map(|index| request.library_names.get(index).cloned().unwrap_or_default());
    Place { address: own, library, symbol: loaded.image.symbol_near(own) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::inspect::image::testing::Elf;
    use crate::inspect::{inspect, trace};
    use crate::model::{Alone, ModuleName, Target};

    /// A module whose init function tests its argument, calls a local function on one side, and then
    /// `PyModuleDef_Init` through a stub.
    fn sample() -> Vec<u8> {
        // GLOB_DAT of PyModuleDef_Init.
        let mut file = Elf { relocations: vec![(0x2048, 6, 1, 0)], ..Elf::x86_64() }.build();
        let mut put = |at: usize, code: &[u8]| file[at..at + code.len()].copy_from_slice(code);
        put(0x1010, &[0x85, 0xff]); // test edi, edi
        put(0x1012, &[0x74, 0x05]); // je 0x1019
        put(0x1014, &[0xe8, 0x17, 0, 0, 0]); // call 0x1030
        put(0x1019, &[0x48, 0x8d, 0x3d, 0xe0, 0x0f, 0, 0]); // lea rdi, [0x2000]
        put(0x1020, &[0xe8, 0x1b, 0, 0, 0]); // call 0x1040
        put(0x1025, &[0xc3, 0xcc]); // ret
        put(0x1030, &[0xc3]); // ret
        put(0x1040, &[0xff, 0x25, 0x02, 0x10, 0, 0]); // jmp [0x2048]
        file
    }

    #[test]
    fn steps_are_told_as_they_are_done() {
        let facts = trace(&sample(), &ModuleName::of_member("x.so"), &[Target::Py314t], &Alone).unwrap();
        let trace = facts.slices[0].init[&Target::Py314t].trace.as_ref().unwrap();
        let told = |step: &Step| format!("{} {} {:?}", step.place, step.depth, step.action);
        let [path] = trace.paths.as_slice() else { panic!("{:?}", trace.paths) };
        insta::assert_snapshot!(path.steps.iter().map(told).collect::<Vec<_>>().join("\n"), @r#"
        0x1012 <PyInit_x+0x2> 0 Branch { taken: false }
        0x1014 <PyInit_x+0x4> 0 Enter(Place { address: 4144, library: None, symbol: Some(("PyInit_x", 32)) })
        0x1020 <PyInit_x+0x10> 0 Call { symbol: "PyModuleDef_Init", arguments: ["0x2000"], answer: "returns 0x2000", decides: true }
        "#);
        assert_eq!(trace.ends.iter().map(|end| end.count).collect::<Vec<_>>(), [2], "{:?}", trace.ends);
    }

    #[test]
    fn nothing_is_recorded_unless_asked_for() {
        let facts = inspect(&sample(), &ModuleName::of_member("x.so"), &[Target::Py314t], &Alone).unwrap();
        assert_eq!(facts.slices[0].init[&Target::Py314t].trace, None);
    }
}
