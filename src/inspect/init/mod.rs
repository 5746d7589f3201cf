//! The init evaluator: runs a module's init function on values that are known or unknown, and tells what the
//! interpreter would get from it.
//!
//! [`space`] lays out addresses, [`memory`] holds what a path has written (in [`pages`]), [`x86`] and [`arm64`] execute
//! instructions, [`capi`] answers calls that leave the file, [`explore`] follows every open path to its end ([`ends`];
//! [`hurry`] is for functions with too many, and [`sites`] for what it passes over), [`slots`] reads what was handed to
//! the interpreter, and [`outcome`] says what the paths have in common. [`trace`] tells people how, and [`makes`] follows
//! what a module does for others.
//! [`unevaluated`] says what can be told without running code.

mod arm64;
mod capi;
mod ends;
mod explore;
mod hook;
mod hurry;
mod machine;
mod makes;
mod meetings;
mod memory;
mod outcome;
mod pages;
mod path;
mod sites;
mod slots;
mod space;
#[cfg(test)]
mod tests;
mod threads;
mod trace;
mod unevaluated;
mod value;
mod x86;

use crate::inspect::image::Image;
use crate::model::{Arch, Evidence, Format, Hook, HookKind, Init, Outcome, Target, Trace};
use arm64::Arm64;
use ends::{End, Explored};
use explore::{Explorer, MAX_STEPS};
pub use hook::stem_of;
use machine::Machine;
use memory::Memory;
use path::Path;
pub(super) use space::{MAX_LIBRARIES, is_system};
use space::{Space, image_stride};
pub(super) use unevaluated::definitions;
use value::Value;
use x86::X86;

/// What to evaluate.
pub(crate) struct Request<'a, 'data> {
    /// The module.
    pub image: &'a Image<'data>,
    /// Libraries that it needs and that were found beside it, in the loader's order; none at first.
    pub libraries: &'a [Image<'data>],
    /// Their file names.
    pub library_names: &'a [String],
    /// Last component of the module's name.
    pub stem: &'a str,
    /// The interpreter that imports it.
    pub target: Target,
    /// Whether symbols say that it was built for a free-threaded Python: decides the layout of a definition
    /// that does not show it.
    pub free_threaded: Option<bool>,
    /// Whether the steps are recorded.
    pub is_traced: bool,
}

/// What an evaluation gives.
struct Evaluated {
    outcome: Outcome,
    trail: Vec<Evidence>,
    trace: Option<Trace>,
}

impl Evaluated {
    /// Nothing but why it could not be told.
    fn undetermined(why: impl Into<String>, hook: &Hook) -> Self {
        let outcome = Outcome::Undetermined { why: why.into(), address: Some(hook.address) };
        Self { outcome, trail: Vec::new(), trace: None }
    }
}

/// Instructions spent on the functions that the loader runs before the hook. Most modules have few and short ones;
/// those with many fill tables of texts and options, which no declaration hangs on.
const MAX_CONSTRUCTOR_STEPS: u32 = 50_000;

/// Evaluates the hook that the target calls.
pub(crate) fn evaluate(request: &Request) -> Init {
    let found = hook::find(request);
    let Evaluated { outcome, trail, trace } = match (&found.hook, &request.image.arch) {
        (None, _) => Evaluated { outcome: Outcome::NoHook, trail: Vec::new(), trace: None },
        (Some(hook), _) if !is_code(request, &hook.symbol) => Evaluated::undetermined(
            "the hook is data, or an indirect function that is chosen at load time",
            hook,
        ),
        (Some(hook), Arch::X86_64 | Arch::I686) => run::<X86>(request, hook),
        (Some(hook), Arch::Aarch64) => run::<Arm64>(request, hook),
        (Some(hook), Arch::Other(_)) => unevaluated::evaluate(request, hook),
    };
    let makes = makes::evaluate(request);
    Init { hook: found.hook, other_hooks: found.others, outcome, trail, trace, makes }
}

fn run<M: Machine>(request: &Request, hook: &Hook) -> Evaluated {
    let space = Space::new(request.image, request.libraries, request.target.minor());
    let Ok(start) = loaded::<M>(&space, request, hook) else {
        return Evaluated::undetermined("the evaluation's memory is too small for its stack", hook);
    };
    let conclude = |explored: Explored<'_, '_, '_, M>| {
        let trace = request.is_traced.then(|| trace::of(&explored, &space, hook, request));
        let (outcome, trail) = outcome::join(explored, hook, request);
        Evaluated { outcome, trail, trace }
    };
    let explored = Explorer::run(start.clone(), MAX_STEPS);
    let took_too_long = explored.hurried;
    let evaluated = conclude(explored);
    if took_too_long && matches!(evaluated.outcome, Outcome::Undetermined { .. }) {
        let outlined = conclude(Explorer::run_outline(start));
        if !matches!(outlined.outcome, Outcome::Undetermined { .. }) {
            return outlined;
        }
    }
    evaluated
}

/// Runs a `Py_mod_create` function, from the state that a path has left.
fn create<'s, 'a, 'data, M: Machine>(
    mut path: Path<'s, 'a, 'data, M>,
    function: u64,
    definition: u64,
) -> Result<Vec<End<'s, 'a, 'data, M>>, memory::Full> {
    let spec = path.object();
    let machine = M::enter(&mut path.memory, function, &[spec, Value::Known(definition)])?;
    path.machine = machine;
    Ok(Explorer::run(path, MAX_STEPS / 4).ends)
}

/// A path at the hook's entry, after the loader has run the image's own initialisers.
fn loaded<'s, 'a, 'data, M: Machine>(
    space: &'s Space<'a, 'data>,
    request: &Request,
    hook: &Hook,
) -> Result<Path<'s, 'a, 'data, M>, memory::Full> {
    let mut memory = Memory::new(space);
    let mut left = MAX_CONSTRUCTOR_STEPS;
    for constructor in request.image.initialisers() {
        let mut own = memory.clone();
        let machine = M::enter(&mut own, constructor, &constructor_arguments(request.image))?;
        let explored = Explorer::run_once(Path::new(machine, own), left);
        left = left.saturating_sub(explored.steps);
        let returned = explored.ends.into_iter().find_map(|end| match end {
            End::Returned(_, path) => Some(path.memory),
            _ => None,
        });
        if let Some(after) = returned {
            memory = after;
        }
    }
    let machine = M::enter(&mut memory, hook.address, &[])?;
    let mut path = Path::new(machine, memory);
    path.recorded = request.is_traced.then(trace::Recorded::start);
    Ok(path)
}

/// What the loader gives an initialiser. `DllMain`, and the callbacks for threads, get the library, why they are
/// called, and null where that is no start of the process; all others the program's arguments.
fn constructor_arguments(image: &Image) -> [Value; 3] {
    const DLL_PROCESS_ATTACH: u64 = 1;
    match image.format {
        Format::Pe => [Value::NonNull, Value::Known(DLL_PROCESS_ATTACH), Value::ZERO],
        Format::Elf | Format::MachO => [Value::Unknown; 3],
    }
}

/// Whether a hook is marked as a plain function, in whichever image has it.
fn is_code(request: &Request, symbol: &str) -> bool {
    let mut exports = std::iter::once(request.image).chain(request.libraries).flat_map(Image::exports);
    exports.find(|export| export.name == symbol).is_some_and(|export| export.is_code)
}

/// Whether a hook is looked up by this target.
const fn knows(target: Target, kind: HookKind) -> bool {
    matches!((kind, target), (HookKind::Init, _) | (HookKind::Export, Target::Py315t))
}
