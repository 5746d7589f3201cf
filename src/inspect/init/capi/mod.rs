//! The model of the functions that init code imports: what each returns, and what it does to a module.
//!
//! The evaluation follows an import that succeeds: a function that returns a status succeeds, one that returns
//! an object gives a reference that is not null. A function that is not named here returns something unknown,
//! so that both ways behind it are taken.

mod exception;
mod memory;
mod module;
mod runtime;
mod stdcall;
mod table;
mod types;

use super::machine::Machine;
use super::memory::Full;
use super::path::Path;
use super::value::Value;

/// What calling an imported function comes to.
pub(super) enum Effect {
    /// It returns.
    Return(Value),
    /// It does not return: the import, or the process, ends.
    End(&'static str),
    /// It unwinds the stack to somebody who catches that.
    Throw,
    /// What it does depends on more than is followed here.
    Stop(&'static str),
    /// It calls this function, and returns when that does.
    Become { function: Value, arguments: Vec<Value> },
}

/// Calls an imported function whose arguments stand where the calling convention puts them.
pub(super) fn call<M: Machine>(name: &str, path: &mut Path<M>, site: u64) -> Result<Effect, Full> {
    let effect = answer(name, path, site)?;
    if let Effect::Return(_) = effect {
        let Some(words) = stdcall::words(name, path) else {
            return Ok(Effect::Stop(
                "calls a system function that takes nobody knows how much off the stack",
            ));
        };
        path.machine.discard_arguments(&mut path.memory, words)?;
    }
    Ok(effect)
}

fn answer<M: Machine>(name: &str, path: &mut Path<M>, site: u64) -> Result<Effect, Full> {
    if let Some(value) = module::call(name, path, site) {
        return Ok(Effect::Return(value));
    }
    if let Some(value) = exception::call(name, path)? {
        return Ok(Effect::Return(value));
    }
    if let Some(value) = memory::call(name, path)? {
        return Ok(Effect::Return(value));
    }
    if let Some(value) = types::call(name, path)? {
        return Ok(Effect::Return(value));
    }
    if let Some(effect) = runtime::call(name, path)? {
        return Ok(effect);
    }
    Ok(match () {
        () if table::ends(name) => Effect::End("calls a function that does not return"),
        () if table::throws(name) => Effect::Throw,
        () if table::succeeds(name) => Effect::Return(Value::ZERO),
        () if table::gives_object(name) => Effect::Return(path.object()),
        () => {
            if !name.starts_with("Py") && !name.starts_with("_Py") {
                path.hand_over(name, site);
            }
            Effect::Return(Value::Unknown)
        }
    })
}
