//! Allocators, and functions that move and compare blocks of memory.

use crate::inspect::init::machine::Machine;
use crate::inspect::init::memory::Full;
use crate::inspect::init::path::Path;
use crate::inspect::init::value::{self, Value};

/// Blocks that are copied, set or compared byte by byte at most: what an init function moves in one go is a
/// table of a few kilobytes. A larger block becomes unknown instead.
const MAX_BLOCK: u64 = 1 << 16;

/// From here on a size is not what the process would have: it was computed from data that a function filled in
/// which is not followed. It counts as unknown.
const INCREDIBLE: u64 = 1 << 31;

/// Calls a function of the C library, the C++ run time or the interpreter that acts on memory.
pub(super) fn call<M: Machine>(name: &str, path: &mut Path<M>) -> Result<Option<Value>, Full> {
    match allocate(name, path)? {
        Some(block) => Ok(Some(block)),
        None => transfer(name, path),
    }
}

fn allocate<M: Machine>(name: &str, path: &mut Path<M>) -> Result<Option<Value>, Full> {
    let [first, second, third] = [0, 1, 2].map(|index| path.argument(index));
    let size = |value: Value| value.known().unwrap_or(MAX_BLOCK);
    let block = match name {
        "malloc"
        | "valloc"
        | "_Znwm"
        | "_Znam"
        | "_Znwj"
        | "_Znaj"
        | "_ZnwmRKSt9nothrow_t"
        | "??2@YAPEAX_K@Z"
        | "??2@YAPAXI@Z"
        | "PyMem_Malloc"
        | "PyMem_RawMalloc"
        | "PyObject_Malloc"
        | "__cxa_allocate_exception" => path.memory.allocate(size(first), false),
        "calloc" | "PyMem_Calloc" | "PyMem_RawCalloc" | "PyObject_Calloc" => {
            path.memory.allocate(size(first).saturating_mul(size(second)), true)
        }
        "aligned_alloc" | "memalign" => path.memory.allocate(size(second), false),
        "posix_memalign" => {
            let block = path.memory.allocate(size(third), false);
            if let Value::Known(place) = first {
                path.memory.store(place, path.memory.space.pointer, block)?;
            }
            Value::ZERO
        }
        "realloc" | "PyMem_Realloc" | "PyMem_RawRealloc" | "PyObject_Realloc" => {
            let block = path.memory.allocate(size(second), false);
            if let (Value::Known(to), Value::Known(from @ 1..)) = (block, first) {
                path.memory.copy(to, from, size(second).min(MAX_BLOCK))?;
            }
            block
        }
        _ => return Ok(None),
    };
    Ok(Some(block))
}

fn transfer<M: Machine>(name: &str, path: &mut Path<M>) -> Result<Option<Value>, Full> {
    let [first, second, third] = [0, 1, 2].map(|index| path.argument(index));
    let value = match name {
        "memcpy" | "memmove" | "__memcpy_chk" | "__memmove_chk" => {
            copy(path, first, second, third)?;
            first
        }
        "memset" | "__memset_chk" => {
            fill(path, first, second, third)?;
            first
        }
        "bzero" | "__bzero" => {
            fill(path, first, Value::ZERO, second)?;
            Value::ZERO
        }
        "strlen" => text_at(path, first).map_or(Value::Unknown, |text| Value::Known(text.len() as u64)),
        "strcmp" | "strncmp" | "memcmp" | "bcmp" => compare(path, name, first, second, third),
        "strdup" | "__strdup" | "_strdup" => copied_text(path, first)?,
        _ => return Ok(None),
    };
    Ok(Some(value))
}

fn copy<M: Machine>(path: &mut Path<M>, to: Value, from: Value, size: Value) -> Result<(), Full> {
    match (to, from, size) {
        (Value::Known(to), Value::Known(from), Value::Known(size)) if size <= MAX_BLOCK => {
            path.memory.copy(to, from, size)
        }
        _ => fill(path, to, Value::Unknown, size),
    }
}

fn fill<M: Machine>(path: &mut Path<M>, to: Value, byte: Value, size: Value) -> Result<(), Full> {
    match (to, size) {
        (Value::Known(to), Value::Known(size)) if size <= MAX_BLOCK => {
            path.memory.fill(to, byte.known().map(value::byte), size)
        }
        (Value::Known(to), Value::Known(size)) if size < INCREDIBLE => path.memory.fill(to, None, MAX_BLOCK),
        _ => Ok(()),
    }
}

fn text_at<M: Machine>(path: &Path<M>, address: Value) -> Option<String> {
    path.memory.text(address.known()?, 4096)
}

fn compare<M: Machine>(path: &Path<M>, name: &str, first: Value, second: Value, count: Value) -> Value {
    let (Value::Known(first), Value::Known(second)) = (first, second) else { return Value::Unknown };
    let limit = match (name, count) {
        ("strcmp", _) => MAX_BLOCK,
        (_, Value::Known(count)) if count <= MAX_BLOCK => count,
        _ => return Value::Unknown,
    };
    for index in 0..limit {
        let bytes =
            (path.memory.byte(first.wrapping_add(index)), path.memory.byte(second.wrapping_add(index)));
        let (Some(left), Some(right)) = bytes else { return Value::Unknown };
        if left != right {
            return Value::Known(if left < right { 0xffff_ffff } else { 1 });
        }
        if left == 0 && name.starts_with("str") {
            break;
        }
    }
    Value::ZERO
}

fn copied_text<M: Machine>(path: &mut Path<M>, from: Value) -> Result<Value, Full> {
    let Some(text) = text_at(path, from) else { return Ok(Value::NonNull) };
    let size = text.len() as u64 + 1;
    let copy = path.memory.allocate(size, true);
    if let (Value::Known(to), Value::Known(from)) = (copy, from) {
        path.memory.copy(to, from, size)?;
    }
    Ok(copy)
}
