//! The state of one path: registers, memory, call stack, and what has happened to module objects.

use super::machine::Machine;
use super::memory::{Full, Memory};
use super::trace::{Recorded, STUB};
use super::value::Value;
use crate::model::{Evidence, EvidenceKind};
use rpds::HashTrieMap;
use rustc_hash::{FxBuildHasher, FxHasher};
use std::hash::{Hash, Hasher};
use std::rc::Rc;

/// A map that is shared between paths until one of them changes it.
type Shared<K, V> = HashTrieMap<K, V, archery::RcK, FxBuildHasher>;

/// Steps that a path keeps for people to read: more would hide the decision.
const MAX_TRAIL: usize = 200;

/// Bytes of the longest instruction of any machine.
const MAX_INSTRUCTION: u64 = 15;

/// Modules that one path may create: a package that makes its submodules in one init function has some dozens.
const MAX_MODULES: usize = 256;

/// How often a function may be on the call stack.
const MAX_RECURSION: usize = 3;

/// The steps of a path, newest first, shared with the paths that forked from it.
pub(super) type Trail = Option<Rc<TrailStep>>;

/// One step.
pub(super) struct TrailStep {
    evidence: Evidence,
    before: Trail,
    length: usize,
}

/// The steps, oldest first.
pub(super) fn steps(trail: &Trail) -> Vec<Evidence> {
    let mut steps = Vec::new();
    let mut next = trail.as_ref();
    while let Some(step) = next {
        steps.push(step.evidence.clone());
        next = step.before.as_ref();
    }
    steps.reverse();
    steps
}

/// What is known of an object.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) enum Thing {
    /// A module that this code created.
    Module(Module),
    /// The result of importing a module by name.
    Imported(String),
    /// An attribute of an imported module.
    Attribute { module: String, name: String },
    /// What a function of that module made.
    MadeBy(String),
    /// An object of a type that is no module.
    NoModule,
}

/// A module object that was created here.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default)]
pub(super) struct Module {
    /// The definition given, where it was known, and where that was.
    pub definition: Option<Initialised>,
    /// Whether it was made without a definition, which `PyInit` may not return.
    pub bare: bool,
    /// Whether the interpreter has read the definition's slots for it (`PyModule_FromDefAndSpec2`).
    pub from_slots: bool,
    /// Address and value of the last `PyUnstable_Module_SetGIL`.
    pub gil: Option<(u64, Value)>,
}

/// A definition that was handed to the interpreter.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct Initialised {
    /// Its address.
    pub address: u64,
    /// Address of the call.
    pub call: u64,
    /// The first word behind `ob_tid`: flags, mutex and local count of a free-threaded header, at the call.
    pub second: Value,
    /// The first word at the call.
    pub first: Value,
}

/// A call that has not returned.
#[derive(Clone)]
pub(super) struct Frame {
    pub function: u64,
    /// The call.
    site: u64,
    /// Stands for this call and all that it is in: the call sites, and the how-manieth call from each it is.
    key: u64,
    /// Undecided branches and calls of this function, and the visits of each.
    visits: Shared<u64, Visits>,
}

/// The visits of one path at one instruction, during one call of its function.
#[derive(Debug, Clone, Copy, Default)]
struct Visits {
    count: u32,
    /// Visits in a row without any decided branch between them.
    idle: u32,
    /// [`Machine::decided`] at the last visit.
    decided: u64,
}

/// One path.
#[derive(Clone)]
pub(super) struct Path<'s, 'a, 'data, M> {
    pub machine: M,
    pub memory: Memory<'s, 'a, 'data>,
    pub frames: Vec<Frame>,
    things: Shared<u32, Thing>,
    /// The modules among the things, the oldest first.
    modules: Rc<Vec<u32>>,
    /// Definitions that `PyModuleDef_Init` was given.
    pub definitions: Rc<Vec<Initialised>>,
    pub trail: Trail,
    /// An exception is set.
    pub raised: bool,
    /// `PyUnstable_Module_SetGIL` was called on an object that is not known.
    pub unknown_gil_call: Option<u64>,
    /// A module was handed to code that could not be followed.
    pub escaped: Option<u64>,
    /// A function of another library was given a module, or data of this image.
    pub handed_over: Option<u64>,
    /// The functions that the last `PyUnstable_Module_SetGIL` was called in, below the hook; none if it was not.
    pub declared_in: Option<Rc<[u64]>>,
    /// The same for the last module that was made.
    pub made_in: Option<Rc<[u64]>>,
    /// Its steps, where they are recorded.
    pub recorded: Option<Rc<Recorded>>,
    next: u32,
}

impl<'s, 'a, 'data, M: Machine> Path<'s, 'a, 'data, M> {
    pub(super) fn new(machine: M, memory: Memory<'s, 'a, 'data>) -> Self {
        Self {
            machine,
            memory,
            frames: vec![Frame { function: 0, site: 0, key: 0, visits: Shared::default() }],
            things: Shared::default(),
            modules: Rc::default(),
            definitions: Rc::default(),
            trail: None,
            raised: false,
            unknown_gil_call: None,
            escaped: None,
            handed_over: None,
            declared_in: None,
            made_in: None,
            recorded: None,
            next: 0,
        }
    }

    /// A new object of which nothing is known.
    pub(super) fn object(&mut self) -> Value {
        self.next += 1;
        Value::Object(self.next)
    }

    /// A new object of which something is known.
    pub(super) fn thing(&mut self, thing: Thing) -> Value {
        let value = self.object();
        if matches!(thing, Thing::Module(_)) {
            Rc::make_mut(&mut self.modules).push(self.next);
        }
        self.things.insert_mut(self.next, thing);
        value
    }

    /// What is known of an object.
    pub(super) fn what(&self, value: Value) -> Option<&Thing> {
        let Value::Object(id) = value else { return None };
        self.things.get(&id)
    }

    fn modules(&self) -> impl Iterator<Item = &Module> {
        self.modules.iter().filter_map(|id| match self.things.get(id) {
            Some(Thing::Module(module)) => Some(module),
            _ => None,
        })
    }

    /// Whether it has created more modules, or initialised more definitions, than any init function does.
    pub(super) fn is_crowded(&self) -> bool {
        self.modules.len() > MAX_MODULES || self.definitions.len() > MAX_MODULES
    }

    /// What was declared so far for each module that was created here, and that the init function may return.
    pub(super) fn declared(&self) -> Vec<Option<Value>> {
        let returnable = self.modules().filter(|module| !module.bare);
        returnable.map(|module| module.gil.map(|(_, value)| value)).collect()
    }

    /// A module that was created here, to be changed.
    pub(super) fn module(&mut self, value: Value) -> Option<&mut Module> {
        let Value::Object(id) = value else { return None };
        match self.things.get_mut(&id) {
            Some(Thing::Module(module)) => Some(module),
            _ => None,
        }
    }

    pub(super) fn argument(&self, index: u8) -> Value {
        self.machine.argument(&self.memory, index)
    }

    /// A text argument.
    pub(super) fn text(&self, index: u8) -> Option<String> {
        self.memory.text(self.argument(index).known()?, 512)
    }

    /// Calls a function from an instruction.
    pub(super) fn enter_frame(&mut self, site: u64) {
        let visits = self.visit(site);
        let mut hasher = FxHasher::default();
        (self.frame_key(), site, visits.count).hash(&mut hasher);
        self.frames.push(Frame { function: 0, site, key: hasher.finish(), visits: Shared::default() });
    }

    /// The call that has led to a jump to an import, where that stands in a stub of the procedure linkage table: the
    /// call is what people look for.
    pub(super) fn call_behind(&self, jump: u64) -> u64 {
        let called = self.frames.last().filter(|frame| frame.function != 0);
        let stub = called.filter(|frame| jump.wrapping_sub(frame.function) < STUB);
        stub.map_or(jump, |frame| frame.site)
    }

    /// Returns from the function that is being entered.
    pub(super) fn leave(&mut self, result: Value) {
        self.frames.pop();
        self.machine.leave(&self.memory, result);
    }

    /// Passes over a call that cannot be followed.
    pub(super) fn skip(&mut self) {
        if (0..6).any(|index| matches!(self.what(self.argument(index)), Some(Thing::Module(_)))) {
            self.escaped = Some(self.machine.counter());
        }
        self.leave(Value::Unknown);
    }

    /// Remembers that a function of a library that is not at hand was called with something that counts.
    pub(super) fn hand_over(&mut self, name: &str, site: u64) {
        let space = self.memory.space;
        if !space.needs_others
            || name.starts_with("_ZNS")
            || name.starts_with("_ZNKS")
            || name.starts_with("_ZS")
        {
            return;
        }
        let counts = |value: Value| match value {
            Value::Known(address) => space.is_writable(address),
            value => matches!(self.what(value), Some(Thing::Module(_))),
        };
        if (0..4).any(|index| counts(self.argument(index))) {
            self.handed_over = Some(site);
            self.note(
                name,
                format!("hands data of this module to {name}, a function of another library"),
                site,
            );
        }
    }

    /// Makes unknown what a function may have written that is passed over.
    pub(super) fn forget(&mut self, stack: u64, handed: &[Value]) -> Result<(), Full> {
        self.memory.forget(stack, handed, &self.modules)
    }

    /// The functions that have not returned, a stub of the procedure linkage table included.
    pub(super) fn way(&self) -> Rc<[u64]> {
        let functions = self.frames.iter().skip(1).map(|frame| frame.function);
        functions.filter(|function| *function != 0).collect()
    }

    /// Whether the function that is being entered is called by the hook itself.
    pub(super) fn is_called_by_hook(&self) -> bool {
        self.frames.len() == 2
    }

    /// The function, among those that have not returned, that the hook itself has called.
    pub(super) fn called_by_hook(&self) -> Option<u64> {
        self.frames.get(1).map(|frame| frame.function)
    }

    pub(super) fn recurses(&self, function: u64) -> bool {
        self.frames.iter().filter(|frame| frame.function == function).count() >= MAX_RECURSION
    }

    /// How often this path has been at an undecided branch before, during this call of its function, and how
    /// often in a row without any decided branch since.
    pub(super) fn round(&mut self, site: u64) -> (u32, u32) {
        let visits = self.visit(site);
        (visits.count, visits.idle)
    }

    /// Counts a visit; gives what was before.
    fn visit(&mut self, site: u64) -> Visits {
        let decided = self.machine.decided();
        let Some(frame) = self.frames.last_mut() else { return Visits::default() };
        let before = frame.visits.get(&site).copied().unwrap_or_default();
        let idle = if before.count > 0 && before.decided == decided { before.idle + 1 } else { 0 };
        frame.visits.insert_mut(site, Visits { count: before.count + 1, idle, decided });
        Visits { idle, ..before }
    }

    /// Whether the instruction at an address led elsewhere than to the next one.
    pub(super) fn has_jumped(&self, from: u64) -> bool {
        self.machine.counter().wrapping_sub(from) > MAX_INSTRUCTION
    }

    /// Stands for the calls that have not returned.
    pub(super) fn frame_key(&self) -> u64 {
        self.frames.last().map_or(0, |frame| frame.key)
    }

    /// Stands for the call stack and for what has happened to modules.
    pub(super) fn state(&self) -> u64 {
        let mut hasher = FxHasher::default();
        self.frame_key().hash(&mut hasher);
        self.hash_modules(&mut hasher);
        hasher.finish()
    }

    /// Stands for an instruction, the functions on the stack and what has happened to modules.
    pub(super) fn place(&self, site: u64) -> u64 {
        let mut hasher = FxHasher::default();
        site.hash(&mut hasher);
        for frame in &self.frames {
            frame.function.hash(&mut hasher);
        }
        self.hash_modules(&mut hasher);
        hasher.finish()
    }

    fn hash_modules(&self, hasher: &mut FxHasher) {
        self.modules().for_each(|module| module.hash(hasher));
        (self.raised, self.escaped.is_some(), self.handed_over.is_some(), self.unknown_gil_call).hash(hasher);
        self.definitions.len().hash(hasher);
    }

    /// Remembers a step for people to read.
    pub(super) fn note(&mut self, symbol: &str, text: String, address: u64) {
        let length = self.trail.as_ref().map_or(0, |step| step.length);
        if length < MAX_TRAIL {
            let evidence = Evidence::new(EvidenceKind::Call, text).at(address).of(symbol);
            self.trail = Some(Rc::new(TrailStep { evidence, before: self.trail.take(), length: length + 1 }));
        }
    }
}
