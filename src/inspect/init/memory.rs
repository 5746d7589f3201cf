//! The memory of one path: what code has written, over what the loader left.
//!
//! Pages are shared between paths until one of them writes (PEP 703 modules fork at every inlined reference
//! count), so taking both sides of a branch costs a copy of the page table only.

use super::space::Space;
use super::value::{self, Value, mask};
use rpds::RedBlackTreeMap;
use rustc_hash::FxHashMap;
use std::cell::Cell;
use std::collections::hash_map::Entry;
use std::rc::Rc;

/// Words in a page: what costs less, large tables of small pages or small tables of large pages, is even here.
const PAGE_WORDS: usize = 32;

/// Pages that one path may hold, 1.5 MB of them: no real init function at hand comes to it, and it bounds what a
/// hostile one can make the audit hold.
const MAX_PAGES: usize = 2048;

/// Pages that all paths of an evaluation may hold together: 100 MB.
const MAX_ALL_PAGES: usize = 1 << 17;

/// Entries that all their page tables may have together: 100 MB.
const MAX_ALL_ENTRIES: usize = 1 << 22;

/// Bytes of stack that functions have used that have returned.
const MAX_STACK: u64 = 1 << 24;

/// One word of memory.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Word {
    /// As the loader left it.
    Initial,
    /// Bytes, and which of them are known (a bit each).
    Bytes { bytes: u64, known: u8 },
    /// A value that is no number.
    Reference(Value),
}

impl Word {
    fn known(self) -> Option<u64> {
        match self {
            Self::Bytes { bytes, known } if known & 0xf == 0xf => Some(bytes),
            _ => None,
        }
    }
}

/// Counts itself among the pages of the evaluation.
struct Page<'s> {
    words: [Word; PAGE_WORDS],
    count: &'s Cell<usize>,
}

impl<'s> Page<'s> {
    fn new(words: &[Word; PAGE_WORDS], count: &'s Cell<usize>) -> Self {
        count.set(count.get() + 1);
        Self { words: *words, count }
    }
}

impl Clone for Page<'_> {
    fn clone(&self) -> Self {
        Self::new(&self.words, self.count)
    }
}

impl Drop for Page<'_> {
    fn drop(&mut self) {
        self.count.set(self.count.get() - 1);
    }
}

/// More was written than [`MAX_PAGES`], [`MAX_ALL_PAGES`] and [`MAX_ALL_ENTRIES`] let.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Full;

/// The memory of one path.
pub(super) struct Memory<'s, 'a, 'data> {
    pub space: &'s Space<'a, 'data>,
    pages: FxHashMap<u64, Rc<Page<'s>>>,
    /// Address ranges that an allocator gave zeroed: the end of each by its start.
    zeroed: RedBlackTreeMap<u64, u64>,
    /// The next free heap address.
    heap: u64,
    /// Whether what the loader left in writable data may have been written over ([`Memory::forget`]).
    forgotten: bool,
}

impl Clone for Memory<'_, '_, '_> {
    fn clone(&self) -> Self {
        let entries = &self.space.entries;
        entries.set(entries.get() + self.pages.len());
        Self {
            space: self.space,
            pages: self.pages.clone(),
            zeroed: self.zeroed.clone(),
            heap: self.heap,
            forgotten: self.forgotten,
        }
    }
}

impl Drop for Memory<'_, '_, '_> {
    fn drop(&mut self) {
        let entries = &self.space.entries;
        entries.set(entries.get() - self.pages.len());
    }
}

impl<'s, 'a, 'data> Memory<'s, 'a, 'data> {
    pub(super) fn new(space: &'s Space<'a, 'data>) -> Self {
        Self {
            space,
            pages: FxHashMap::default(),
            zeroed: RedBlackTreeMap::new(),
            heap: space.regions.heap,
            forgotten: false,
        }
    }

    /// Fresh heap memory of `size` bytes. Its content is unknown, or zero.
    pub(super) fn allocate(&mut self, size: u64, zeroed: bool) -> Value {
        let room = size.max(1).checked_next_multiple_of(16).and_then(|size| size.checked_add(64));
        let Some(end) = room.and_then(|room| self.heap.checked_add(room)) else { return Value::NonNull };
        if end > self.space.regions.heap_end {
            return Value::NonNull;
        }
        let start = self.heap;
        self.heap = end;
        if zeroed {
            self.zeroed.insert_mut(start, end);
        }
        Value::Known(start)
    }

    /// Makes unknown what a function may have written that was not followed: all data outside of the stack, and what lies
    /// on the stack from the lowest place there that the function could find on. It has been handed these values; what
    /// lies below `stack` nobody uses any more.
    pub(super) fn forget(&mut self, stack: u64, handed: &[Value]) {
        let top = self.space.regions.stack;
        let in_use = |address: u64| (stack..top).contains(&address);
        let bytes = PAGE_WORDS as u64 * u64::from(self.space.pointer);
        let is_stack = |page: u64| (stack.saturating_sub(MAX_STACK)..top).contains(&(page * bytes));
        let words = |page: &Page| page.words.map(Word::known);
        let outside = self.pages.iter().filter(|(number, _)| !is_stack(**number));
        let found = outside.flat_map(|(_, page)| words(page)).flatten();
        let found =
            found.chain(handed.iter().filter_map(|value| value.known())).filter(|found| in_use(*found));
        let mut low = found.min().unwrap_or(top);
        let held = self.pages.len();
        self.pages.retain(|number, _| is_stack(*number));
        self.space.entries.set(self.space.entries.get() - (held - self.pages.len()));
        let found_from = |low: u64| {
            let reached = self.pages.iter().filter(|(number, _)| **number >= low / bytes);
            let found = reached.flat_map(|(_, page)| words(page)).flatten();
            found.filter(|found| in_use(*found)).min().unwrap_or(top).min(low)
        };
        while found_from(low) < low {
            low = found_from(low);
        }
        let exit = Word::Bytes { bytes: self.space.regions.exit, known: 0xff };
        for (number, page) in &mut self.pages {
            let start = number * bytes;
            if start.saturating_add(bytes) <= low {
                continue;
            }
            for (address, word) in
                (start..).step_by(self.space.pointer.into()).zip(&mut Rc::make_mut(page).words)
            {
                // No program writes over the address that its function returns to.
                if address >= low && *word != exit {
                    *word = Word::Bytes { bytes: 0, known: 0 };
                }
            }
        }
        self.zeroed = RedBlackTreeMap::new();
        self.forgotten = true;
    }

    /// Reads `size` (1 to 8) bytes.
    pub(super) fn load(&self, address: u64, size: u8) -> Value {
        let pointer = self.space.pointer;
        if address.is_multiple_of(u64::from(pointer)) && size == pointer {
            return self.value(address);
        }
        let within = address % u64::from(pointer);
        if within + u64::from(size) <= u64::from(pointer) {
            return part(self.word(address - within), within, size);
        }
        let mut number = 0;
        for index in 0..size {
            match self.byte(address.wrapping_add(u64::from(index))) {
                Some(byte) => number |= u64::from(byte) << (index * 8),
                None if index > 0 => return Value::Low { number, bytes: index },
                None => return Value::Unknown,
            }
        }
        Value::Known(number)
    }

    /// Writes the low `size` (1 to 8) bytes of `value`.
    pub(super) fn store(&mut self, address: u64, size: u8, value: Value) -> Result<(), Full> {
        let pointer = self.space.pointer;
        if address.is_multiple_of(u64::from(pointer)) && size == pointer {
            return self.put(
                address,
                match value {
                    Value::Known(bytes) => Word::Bytes { bytes: bytes & mask(pointer), known: 0xff },
                    Value::Low { number, bytes } => {
                        Word::Bytes { bytes: number, known: u8::MAX >> (8 - bytes.min(8)) }
                    }
                    Value::Unknown => Word::Bytes { bytes: 0, known: 0 },
                    reference => Word::Reference(reference),
                },
            );
        }
        for index in 0..size {
            let known = value.low(index + 1, pointer).known();
            let byte = known.map(|number| value::byte(number >> (index * 8)));
            self.store_byte(address.wrapping_add(u64::from(index)), byte)?;
        }
        Ok(())
    }

    /// A text that ends with a zero byte, of at most `limit` bytes.
    pub(super) fn text(&self, address: u64, limit: u64) -> Option<String> {
        let mut text = Vec::new();
        for index in 0..limit {
            match self.byte(address.wrapping_add(index))? {
                0 => return String::from_utf8(text).ok(),
                byte => text.push(byte),
            }
        }
        None
    }

    /// Copies `size` bytes, whole words where both sides are aligned, so that references survive.
    pub(super) fn copy(&mut self, to: u64, from: u64, size: u64) -> Result<(), Full> {
        let pointer = u64::from(self.space.pointer);
        if size > MAX_PAGES as u64 * PAGE_WORDS as u64 * pointer {
            return Err(Full);
        }
        let words = if (to | from).is_multiple_of(pointer) { size / pointer } else { 0 };
        let moved: Vec<Word> =
            (0..words).map(|index| self.word(from.wrapping_add(index * pointer))).collect();
        let rest: Vec<Option<u8>> =
            (words * pointer..size).map(|index| self.byte(from.wrapping_add(index))).collect();
        for (index, word) in (0..).zip(moved) {
            self.put(to.wrapping_add(index * pointer), word)?;
        }
        for (index, byte) in (words * pointer..).zip(rest) {
            self.store_byte(to.wrapping_add(index), byte)?;
        }
        Ok(())
    }

    /// Sets `size` bytes.
    pub(super) fn fill(&mut self, to: u64, byte: Option<u8>, size: u64) -> Result<(), Full> {
        let pointer = u64::from(self.space.pointer);
        let word = match byte {
            Some(byte) => Value::Known(u64::from_ne_bytes([byte; 8])),
            None => Value::Unknown,
        };
        let mut index = 0;
        while index < size {
            let at = to.wrapping_add(index);
            if at % pointer == 0 && size - index >= pointer {
                self.store(at, self.space.pointer, word)?;
                index += pointer;
            } else {
                self.store_byte(at, byte)?;
                index += 1;
            }
        }
        Ok(())
    }

    /// One byte, where it is known.
    pub(super) fn byte(&self, address: u64) -> Option<u8> {
        let pointer = u64::from(self.space.pointer);
        let within = address % pointer;
        part(self.word(address - within), within, 1).known().map(value::byte)
    }

    fn store_byte(&mut self, address: u64, byte: Option<u8>) -> Result<(), Full> {
        let pointer = u64::from(self.space.pointer);
        let within = address % pointer;
        let at = address - within;
        let (bytes, known) = match self.word(at) {
            Word::Bytes { bytes, known } => (bytes, known),
            Word::Initial | Word::Reference(_) => (0, 0),
        };
        let bytes = bytes & !(0xff << (within * 8));
        self.put(
            at,
            match byte {
                Some(byte) => {
                    Word::Bytes { bytes: bytes | u64::from(byte) << (within * 8), known: known | 1 << within }
                }
                None => Word::Bytes { bytes, known: known & !(1 << within) },
            },
        )
    }

    fn value(&self, address: u64) -> Value {
        let whole = u8::MAX >> (8 - self.space.pointer);
        match self.word(address) {
            Word::Bytes { bytes, known } if known & whole == whole => {
                Value::Known(bytes & mask(self.space.pointer))
            }
            Word::Reference(value) => value,
            Word::Bytes { bytes, known } if known & 1 != 0 => {
                let low = known.trailing_ones().min(7);
                Value::Low { number: bytes & mask(value::byte(low.into())), bytes: value::byte(low.into()) }
            }
            Word::Bytes { .. } | Word::Initial => Value::Unknown,
        }
    }

    /// The word at an aligned address, never [`Word::Initial`].
    fn word(&self, address: u64) -> Word {
        self.space.touch();
        let (page, index) = self.place(address);
        match self.pages.get(&page).and_then(|page| page.words.get(index)) {
            Some(Word::Initial) | None => self.initial(address),
            Some(&word) => word,
        }
    }

    fn initial(&self, address: u64) -> Word {
        let in_heap = (self.space.regions.heap..self.heap).contains(&address);
        if in_heap && self.zeroed.range(..=address).next_back().is_some_and(|(_, end)| address < *end) {
            return Word::Bytes { bytes: 0, known: 0xff };
        }
        if self.forgotten && self.space.is_writable(address) && !self.space.is_import(address) {
            return Word::Bytes { bytes: 0, known: 0 };
        }
        match self.space.initial_word(address) {
            Value::Known(bytes) => Word::Bytes { bytes, known: 0xff },
            Value::Unknown => Word::Bytes { bytes: 0, known: 0 },
            reference => Word::Reference(reference),
        }
    }

    fn put(&mut self, address: u64, word: Word) -> Result<(), Full> {
        self.space.touch();
        let (pages, entries) = (&self.space.pages, &self.space.entries);
        if pages.get() >= MAX_ALL_PAGES || entries.get() >= MAX_ALL_ENTRIES {
            return Err(Full);
        }
        let (number, index) = self.place(address);
        let held = self.pages.len();
        let page = match self.pages.entry(number) {
            Entry::Occupied(page) => page.into_mut(),
            Entry::Vacant(_) if held >= MAX_PAGES => return Err(Full),
            Entry::Vacant(page) => {
                entries.set(entries.get() + 1);
                page.insert(Rc::new(Page::new(&[Word::Initial; PAGE_WORDS], pages)))
            }
        };
        if let Some(place) = Rc::make_mut(page).words.get_mut(index) {
            *place = word;
        }
        Ok(())
    }

    fn place(&self, address: u64) -> (u64, usize) {
        let word = address / u64::from(self.space.pointer);
        (word / PAGE_WORDS as u64, usize::from(value::half(word % PAGE_WORDS as u64)))
    }
}

/// The `size` bytes that start `within` a word.
fn part(word: Word, within: u64, size: u8) -> Value {
    let Word::Bytes { bytes, known } = word else { return Value::Unknown };
    let (bytes, known) = (bytes >> (within * 8), known >> within);
    match value::byte(known.trailing_ones().into()) {
        0 => Value::Unknown,
        there if there >= size => Value::Known(bytes & mask(size)),
        there => Value::Low { number: bytes & mask(there), bytes: there },
    }
}
