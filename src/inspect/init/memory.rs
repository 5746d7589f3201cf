//! The memory of one path: what code has written, over what the loader left.
//!
//! Pages are shared between paths until one of them writes (PEP 703 modules fork at every inlined reference
//! count), so taking both sides of a branch costs a copy of the page table only.

use super::space::Space;
use super::value::{self, Value, mask};
use rustc_hash::FxHashMap;
use std::rc::Rc;

/// Words in a page: small, because most paths write a few words in a few places.
const PAGE_WORDS: usize = 16;

/// Pages that one path may hold, 1 MiB of them: far above what any real init function writes (the largest
/// seen needs 400), and the bound on what a hostile one can make the audit hold.
const MAX_PAGES: usize = 4096;

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

type Page = [Word; PAGE_WORDS];

/// More was written than [`MAX_PAGES`] hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Full;

/// The memory of one path.
#[derive(Clone)]
pub(super) struct Memory<'s, 'a, 'data> {
    pub space: &'s Space<'a, 'data>,
    pages: FxHashMap<u64, Rc<Page>>,
    /// Address ranges that an allocator gave zeroed.
    zeroed: Rc<Vec<(u64, u64)>>,
    /// The next free heap address.
    heap: u64,
}

impl<'s, 'a, 'data> Memory<'s, 'a, 'data> {
    pub(super) fn new(space: &'s Space<'a, 'data>) -> Self {
        Self { space, pages: FxHashMap::default(), zeroed: Rc::default(), heap: space.regions.heap }
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
            Rc::make_mut(&mut self.zeroed).push((start, end));
        }
        Value::Known(start)
    }

    /// How many pages this path refers to.
    pub(super) fn pages(&self) -> usize {
        self.pages.len()
    }

    /// Reads `size` (1 to 8) bytes.
    pub(super) fn load(&self, address: u64, size: u8) -> Value {
        let pointer = self.space.pointer;
        if address.is_multiple_of(u64::from(pointer)) && size == pointer {
            return self.value(address);
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
        match self.word(address - within) {
            Word::Bytes { bytes, known } if known & (1 << within) != 0 => {
                Some(value::byte(bytes >> (within * 8)))
            }
            _ => None,
        }
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
        let (page, index) = self.place(address);
        match self.pages.get(&page).and_then(|page| page.get(index)) {
            Some(Word::Initial) | None => self.initial(address),
            Some(&word) => word,
        }
    }

    fn initial(&self, address: u64) -> Word {
        if self.zeroed.iter().any(|&(start, end)| (start..end).contains(&address)) {
            return Word::Bytes { bytes: 0, known: 0xff };
        }
        match self.space.initial_word(address) {
            Value::Known(bytes) => Word::Bytes { bytes, known: 0xff },
            Value::Unknown => Word::Bytes { bytes: 0, known: 0 },
            reference => Word::Reference(reference),
        }
    }

    fn put(&mut self, address: u64, word: Word) -> Result<(), Full> {
        let (page, index) = self.place(address);
        if self.pages.len() >= MAX_PAGES && !self.pages.contains_key(&page) {
            return Err(Full);
        }
        let page = self.pages.entry(page).or_insert_with(|| Rc::new([Word::Initial; PAGE_WORDS]));
        if let Some(place) = Rc::make_mut(page).get_mut(index) {
            *place = word;
        }
        Ok(())
    }

    fn place(&self, address: u64) -> (u64, usize) {
        let word = address / u64::from(self.space.pointer);
        (word / PAGE_WORDS as u64, usize::from(value::half(word % PAGE_WORDS as u64)))
    }
}
