//! What a Mach-O file exports: the trie that dyld searches, or the symbol table where there is none.

use super::file::File;
use super::plain;
use crate::inspect::image::error::{ImageError, MAX_NAME, MAX_SYMBOLS, at_most, slice};
use crate::inspect::image::memory::text_at;
use crate::inspect::image::{Export, UNREADABLE_NAME};
use goblin::mach::exports::{
    EXPORT_SYMBOL_FLAGS_KIND_MASK, EXPORT_SYMBOL_FLAGS_KIND_REGULAR, EXPORT_SYMBOL_FLAGS_REEXPORT,
};
use std::collections::{HashMap, HashSet};
use std::sync::{LazyLock, Mutex};

/// Bytes of names per file that stand in no single place of it. Only fully stripped libraries have such names.
const MAX_INTERNED: usize = 1 << 20;
/// Bytes of names in a trie, all together: a million exports with mangled names have about half.
const MAX_NAMES: usize = 1 << 28;

/// Exported symbols with an address, in the order of the trie.
pub(super) fn read<'data>(file: &File<'data>) -> Result<Vec<Export<'data>>, ImageError> {
    let symbols = named(file)?;
    let export = |name, address| Export { name: plain(name), address, is_code: file.is_code(address) };
    let Some((offset, size)) = file.export_trie.filter(|(_, size)| *size > 0) else {
        return Ok(symbols.iter().map(|(name, address)| export(name, *address)).collect());
    };
    let trie = slice(file.data, "the export trie", offset, size)?;
    let names: HashMap<&[u8], &'data str> =
        symbols.iter().map(|(name, _)| (name.as_bytes(), *name)).collect();
    let base = file.base();
    let mut exports = Vec::new();
    let mut interned = 0;
    walk(trie, |name, offset| {
        let known = names.get(name).copied();
        let name = known.or_else(|| {
            interned += name.len();
            (interned <= MAX_INTERNED).then(|| intern(name))
        });
        exports.extend(name.map(|name| export(name, base.wrapping_add(offset))));
    })?;
    Ok(exports)
}

/// Symbols that other libraries can see, in the order of the symbol table.
fn named<'data>(file: &File<'data>) -> Result<Vec<(&'data str, u64)>, ImageError> {
    let strings = file.strings()?;
    let symbols = file.symbols(|symbol| symbol.is_defined() && symbol.is_external())?;
    Ok(symbols.iter().filter_map(|symbol| Some((text_at(strings, symbol.name)?, symbol.value))).collect())
}

/// A trie spreads names over its edges, so one that the symbol table lacks borrows from nothing. Each such name
/// is kept once for as long as the program runs.
fn intern(name: &[u8]) -> &'static str {
    static NAMES: LazyLock<Mutex<HashSet<&'static str>>> = LazyLock::new(Mutex::default);
    let Ok(name) = std::str::from_utf8(name) else { return UNREADABLE_NAME };
    let mut names = NAMES.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
    if let Some(known) = names.get(name) {
        return known;
    }
    let kept: &'static str = Box::leak(name.into());
    names.insert(kept);
    kept
}

/// A node whose edges are being followed.
struct Node {
    /// Offset of the next edge.
    edge: usize,
    edges_left: u8,
    /// Length of the name up to this node.
    name: usize,
}

/// Calls `found` with the name and the offset of each export that is not another library's and not thread-local.
/// Nodes are met once in a real trie, so that their number is bounded by the trie's size; a hostile one may
/// share or repeat them.
fn walk(trie: &[u8], mut found: impl FnMut(&[u8], u64)) -> Result<(), ImageError> {
    let mut name = Vec::new();
    let mut nodes = vec![node(trie, 0, &name, &mut found).ok_or_else(malformed)?];
    let (mut visited, mut length) = (0, 0);
    while let Some(node_here) = nodes.last_mut() {
        name.truncate(node_here.name);
        if node_here.edges_left == 0 {
            nodes.pop();
            continue;
        }
        node_here.edges_left -= 1;
        visited += 1;
        at_most("nodes of an export trie", visited, trie.len().min(2 * MAX_SYMBOLS))?;
        let (text, child, next) = edge(trie, node_here.edge).ok_or_else(malformed)?;
        node_here.edge = next;
        name.extend_from_slice(text);
        length += at_most("bytes of a name", name.len() as u64, MAX_NAME)?;
        at_most("bytes of names in an export trie", length as u64, MAX_NAMES)?;
        nodes.push(node(trie, child, &name, &mut found).ok_or_else(malformed)?);
    }
    Ok(())
}

fn malformed() -> ImageError {
    ImageError::malformed("export trie", "an offset or a text beyond its end")
}

/// A node is the size of what it says of its own name, that, and its edges.
fn node(trie: &[u8], offset: usize, name: &[u8], found: &mut impl FnMut(&[u8], u64)) -> Option<Node> {
    let (size, start) = number(trie, offset)?;
    let end = start.checked_add(usize::try_from(size).ok()?)?;
    if size > 0 {
        let (flags, value) = number(trie, start)?;
        let is_regular = flags & EXPORT_SYMBOL_FLAGS_KIND_MASK == EXPORT_SYMBOL_FLAGS_KIND_REGULAR;
        if is_regular && flags & EXPORT_SYMBOL_FLAGS_REEXPORT == 0 {
            found(name, number(trie, value)?.0);
        }
    }
    Some(Node { edge: end.checked_add(1)?, edges_left: *trie.get(end)?, name: name.len() })
}

/// The text of an edge, the offset of the node it leads to, and that of the next edge.
fn edge(trie: &[u8], offset: usize) -> Option<(&[u8], usize, usize)> {
    let rest = trie.get(offset..)?;
    let text = rest.get(..memchr::memchr(0, rest)?)?;
    let (child, next) = number(trie, offset + text.len() + 1)?;
    Some((text, usize::try_from(child).ok()?, next))
}

/// A number in ULEB128 and the offset behind it.
fn number(bytes: &[u8], offset: usize) -> Option<(u64, usize)> {
    let mut number = 0;
    for (index, byte) in bytes.get(offset..)?.iter().take(10).enumerate() {
        number |= u64::from(byte & 0x7f) << (7 * index);
        if byte & 0x80 == 0 {
            return Some((number, offset + index + 1));
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::inspect::image::parse;
    use crate::inspect::image::testing::{MACH_O_BASE, MachO, trie_of_one};

    fn exports(file: &MachO) -> Vec<(String, u64, bool)> {
        let data = file.build();
        let images = parse(&data).unwrap();
        images[0]
            .exports()
            .iter()
            .map(|it| (it.name.to_owned(), it.address - MACH_O_BASE, it.is_code))
            .collect()
    }

    #[test]
    fn the_trie_counts_where_there_is_one() {
        let one = [("PyInit_x".to_owned(), 0x810, true)];
        assert_eq!(exports(&MachO::new()), one);
        // Stripped of its symbols: the name is in the trie alone.
        assert_eq!(exports(&MachO { symbols: Vec::new(), ..MachO::new() }), one);
        // And without a trie.
        assert_eq!(exports(&MachO { trie: Vec::new(), ..MachO::new() }), one);
    }

    #[test]
    fn branches_share_the_start_of_their_names() {
        // `_a` with children `_ab` and `_ac`; `_ab` is thread-local, `_ac` another library's.
        let trie = b"\0\x01_a\0\x06\x02\0\x08\x02b\0\x10c\0\x14\x02\x01\x05\0\x03\x08\x01\0\0".to_vec();
        assert_eq!(exports(&MachO { trie, ..MachO::new() }), [("a".to_owned(), 8, false)]);
    }

    #[test]
    fn hostile_tries_end() {
        let walk = |trie: &[u8]| walk(trie, |_, _| ());
        assert_eq!(walk(&trie_of_one()), Ok(()));
        // An edge back to the root, and a number without an end.
        assert!(matches!(walk(b"\0\x01\0\0"), Err(ImageError::TooMany { .. })));
        assert!(matches!(
            walk(b"\0\x01a\0\x80\x80\x80\x80\x80\x80\x80\x80\x80\x80\x80"),
            Err(ImageError::Malformed { .. })
        ));
        assert!(matches!(
            walk(b"\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01"),
            Err(ImageError::Malformed { .. })
        ));
        assert!(matches!(walk(b""), Err(ImageError::Malformed { .. })));
        // 15 nodes, each with two edges to the next one, and a last one: 2^15 names.
        let mut shared = Vec::new();
        for next in (8..=120).step_by(8) {
            shared.extend([0, 2, b'a', 0, next, b'b', 0, next]);
        }
        shared.extend([0, 0]);
        assert!(matches!(walk(&shared), Err(ImageError::TooMany { .. })));
    }
}
