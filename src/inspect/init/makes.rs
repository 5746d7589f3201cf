//! What a module makes for others.
//!
//! The bindings that cffi generates hold no definition: their init function imports `_cffi_backend` and calls its
//! method `_init_cffi_1_0_external_module`, which creates the module and, in some versions, declares for it.

use super::explore::{Explorer, MAX_STEPS};
use super::machine::Machine;
use super::memory::Memory;
use super::path::Path;
use super::space::Space;
use super::value::Value;
use super::{Arm64, Request, X86, outcome};
use crate::inspect::image::{Fixup, Image};
use crate::model::{Arch, Hook, HookKind, Outcome};

/// The module, and its method as the table of methods has it.
const MAKER: (&str, &[u8]) = ("_cffi_backend", b"\0_init_cffi_1_0_external_module\0");

/// What the method of a module that makes others returns; none for every other module.
pub(super) fn evaluate(request: &Request) -> Option<Outcome> {
    let (stem, method) = MAKER;
    if request.stem != stem {
        return None;
    }
    let hook = Hook {
        kind: HookKind::Init,
        symbol: String::from_utf8_lossy(method).trim_matches('\0').to_owned(),
        address: function(request.image, method)?,
    };
    match request.image.arch {
        Arch::X86_64 | Arch::I686 => run::<X86>(request, &hook),
        Arch::Aarch64 => run::<Arm64>(request, &hook),
        Arch::Other(_) => None,
    }
}

/// The function of a method, which stands behind its name in a `PyMethodDef`.
fn function(image: &Image, method: &[u8]) -> Option<u64> {
    let name = Fixup::Address(image.find(method)? + 1);
    let (place, _) = image.fixups().iter().find(|(_, fixup)| *fixup == name)?;
    match image.fixup(place.checked_add(image.pointer_size.into())?)? {
        Fixup::Address(function) => Some(function),
        _ => None,
    }
}

fn run<M: Machine>(request: &Request, hook: &Hook) -> Option<Outcome> {
    let space = Space::new(request.image, request.libraries, request.target.minor());
    let mut memory = Memory::new(&space);
    // The module object, and the address of a table in the other module.
    let machine = M::enter(&mut memory, hook.address, &[Value::NonNull; 2]).ok()?;
    let explored = Explorer::run(Path::new(machine, memory), MAX_STEPS);
    Some(outcome::join(explored, hook, request).0)
}
