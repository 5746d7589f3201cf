//! The memory of one path: what code has written, over what the loader left.

use super::pages::{MAX_PAGES, PAGE_WORDS, Pages, Word};
use super::space::Space;
use super::value::{self, Value, mask};
use rpds::RedBlackTreeMap;

/// Bytes of stack that functions have used that have returned.
const MAX_STACK: u64 = 1 << 24;

impl Word {
    fn known(self) -> Option<u64> {
        match self {
            Self::Bytes { bytes, known } if known & 0xf == 0xf => Some(bytes),
            _ => None,
        }
    }
}

/// More was written than the limits in [`super::pages`] let.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Full;

/// The memory of one path.
#[derive(Clone)]
pub(super) struct Memory<'s, 'a, 'data> {
    pub space: &'s Space<'a, 'data>,
    pages: Pages<'s>,
    /// Address ranges that an allocator gave zeroed: the end of each by its start.
    zeroed: RedBlackTreeMap<u64, u64>,
    /// The next free heap address.
    heap: u64,
    /// Whether what the loader left in writable data may have been written over ([`Memory::forget`]).
    forgotten: bool,
}

impl<'s, 'a, 'data> Memory<'s, 'a, 'data> {
    pub(super) fn new(space: &'s Space<'a, 'data>) -> Self {
        Self {
            space,
            pages: Pages::new(&space.held),
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

    /// Makes unknown what a function may have written that was not followed: all data outside of the stack, and what
    /// lies on the stack from the lowest place there that the function could find on, but for references to
    /// `modules`. It has been handed these values; what lies below `stack` nobody uses any more.
    pub(super) fn forget(&mut self, stack: u64, handed: &[Value], modules: &[u32]) -> Result<(), Full> {
        let (top, size) = (self.space.regions.stack, u64::from(self.space.pointer));
        let in_use = |address: u64| (stack..top).contains(&address);
        let is_stack = |address: u64| (stack.saturating_sub(MAX_STACK)..top).contains(&address);
        let words: Vec<(u64, Word)> =
            self.pages.words().map(|(number, word)| (number.wrapping_mul(size), word)).collect();
        let outside = words.iter().filter(|(address, _)| !is_stack(*address));
        let found = outside.filter_map(|(_, word)| word.known());
        let found =
            found.chain(handed.iter().filter_map(|value| value.known())).filter(|found| in_use(*found));
        let mut low = found.min().unwrap_or(top);
        let mut on_stack: Vec<_> = words.into_iter().filter(|(address, _)| in_use(*address)).collect();
        on_stack.sort_unstable_by_key(|(address, _)| std::cmp::Reverse(*address));
        // What lies above a place that was found may lead further down.
        let mut above = on_stack.iter().peekable();
        while let Some((_, word)) = above.next_if(|(address, _)| *address >= low) {
            low = word.known().filter(|found| in_use(*found)).map_or(low, |found| found.min(low));
        }
        let exit = Word::Bytes { bytes: self.space.regions.exit, known: 0xff };
        self.pages = Pages::new(&self.space.held);
        for (address, word) in on_stack {
            // No program writes over the address that its function returns to, and whether there are other modules
            // is asked apart from this.
            let is_kept = match word {
                Word::Reference(Value::Object(object)) => modules.contains(&object),
                word => word == exit,
            };
            if address < low || is_kept {
                self.pages.put(address / size, word)?;
            }
        }
        self.zeroed = RedBlackTreeMap::new();
        self.forgotten = true;
        Ok(())
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
        match self.pages.word(address / u64::from(self.space.pointer)) {
            Word::Initial => self.initial(address),
            word => word,
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
        self.pages.put(address / u64::from(self.space.pointer), word)
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
