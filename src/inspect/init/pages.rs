//! The page table of one path's memory. Apart from what its words mean, since it is about what a fork costs.
//!
//! Pages are shared between paths until one of them writes (PEP 703 modules fork at every inlined reference count), and
//! so are groups of them: taking both sides of a branch costs a copy of the table of groups only.

use super::memory::Full;
use super::value::Value;
use rustc_hash::FxHashMap;
use std::cell::Cell;
use std::collections::hash_map::Entry;
use std::rc::Rc;

/// Words in a page: what costs less, large tables of small pages or small tables of large pages, is even here.
pub(super) const PAGE_WORDS: usize = 32;

/// Pages in a group: the table of a path that has written to many has some dozens of these.
const GROUP_PAGES: usize = 16;

/// Pages that one path may hold, 1.5 MB of them: no real init function at hand comes to it, and it bounds what a
/// hostile one can make the audit hold.
pub(super) const MAX_PAGES: usize = 2048;

/// Pages that all paths of an evaluation may hold together: 100 MB.
const MAX_ALL_PAGES: usize = 1 << 17;

/// Entries that all their tables may have together: 100 MB.
const MAX_ALL_ENTRIES: usize = 1 << 22;

/// One word of memory.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Word {
    /// As the loader left it.
    Initial,
    /// Bytes, and which of them are known (a bit each).
    Bytes { bytes: u64, known: u8 },
    /// A value that is no number.
    Reference(Value),
}

/// What all paths of an evaluation hold together.
#[derive(Default)]
pub(super) struct Held {
    pages: Cell<usize>,
    entries: Cell<usize>,
}

fn add(count: &Cell<usize>, number: usize) {
    count.set(count.get() + number);
}

fn take(count: &Cell<usize>, number: usize) {
    count.set(count.get() - number);
}

/// Words that stand one behind the other.
struct Page<'s> {
    words: [Word; PAGE_WORDS],
    held: &'s Held,
}

impl<'s> Page<'s> {
    fn new(words: &[Word; PAGE_WORDS], held: &'s Held) -> Self {
        add(&held.pages, 1);
        Self { words: *words, held }
    }
}

impl Clone for Page<'_> {
    fn clone(&self) -> Self {
        Self::new(&self.words, self.held)
    }
}

impl Drop for Page<'_> {
    fn drop(&mut self) {
        take(&self.held.pages, 1);
    }
}

/// Pages that stand one behind the other.
struct Group<'s> {
    pages: [Option<Rc<Page<'s>>>; GROUP_PAGES],
    held: &'s Held,
}

impl<'s> Group<'s> {
    fn new(pages: [Option<Rc<Page<'s>>>; GROUP_PAGES], held: &'s Held) -> Self {
        add(&held.entries, GROUP_PAGES);
        Self { pages, held }
    }
}

impl Clone for Group<'_> {
    fn clone(&self) -> Self {
        Self::new(self.pages.clone(), self.held)
    }
}

impl Drop for Group<'_> {
    fn drop(&mut self) {
        take(&self.held.entries, GROUP_PAGES);
    }
}

/// The pages of one path.
pub(super) struct Pages<'s> {
    groups: FxHashMap<u64, Rc<Group<'s>>>,
    /// How many pages there are.
    count: usize,
    held: &'s Held,
}

impl Clone for Pages<'_> {
    fn clone(&self) -> Self {
        add(&self.held.entries, self.groups.len());
        Self { groups: self.groups.clone(), count: self.count, held: self.held }
    }
}

impl Drop for Pages<'_> {
    fn drop(&mut self) {
        take(&self.held.entries, self.groups.len());
    }
}

impl<'s> Pages<'s> {
    pub(super) fn new(held: &'s Held) -> Self {
        Self { groups: FxHashMap::default(), count: 0, held }
    }

    /// A word, by its number: [`Word::Initial`] where nothing was written.
    pub(super) fn word(&self, number: u64) -> Word {
        let (group, page, word) = place(number);
        let page = self.groups.get(&group).and_then(|group| group.pages.get(page)?.as_ref());
        page.and_then(|page| page.words.get(word)).copied().unwrap_or(Word::Initial)
    }

    /// Writes a word.
    pub(super) fn put(&mut self, number: u64, word: Word) -> Result<(), Full> {
        let held = self.held;
        if held.pages.get() >= MAX_ALL_PAGES || held.entries.get() >= MAX_ALL_ENTRIES {
            return Err(Full);
        }
        let (group, page, index) = place(number);
        let group = match self.groups.entry(group) {
            Entry::Occupied(group) => group.into_mut(),
            Entry::Vacant(group) => {
                add(&held.entries, 1);
                group.insert(Rc::new(Group::new([const { None }; GROUP_PAGES], held)))
            }
        };
        let Some(page) = Rc::make_mut(group).pages.get_mut(page) else { return Ok(()) };
        if page.is_none() {
            if self.count >= MAX_PAGES {
                return Err(Full);
            }
            self.count += 1;
        }
        let page = page.get_or_insert_with(|| Rc::new(Page::new(&[Word::Initial; PAGE_WORDS], held)));
        if let Some(place) = Rc::make_mut(page).words.get_mut(index) {
            *place = word;
        }
        Ok(())
    }

    /// All words that were written, with their numbers, in no order.
    pub(super) fn words(&self) -> impl Iterator<Item = (u64, Word)> {
        self.groups.iter().flat_map(|(group, pages)| {
            let pages = (group * GROUP_PAGES as u64..).zip(&pages.pages);
            let pages = pages.filter_map(|(number, page)| Some((number, page.as_ref()?)));
            pages.flat_map(|(page, words)| (page * PAGE_WORDS as u64..).zip(words.words))
        })
    }
}

/// The group, the page in it, and the word in that.
fn place(number: u64) -> (u64, usize, usize) {
    let within = |number: u64, size: usize| usize::from(super::value::half(number % size as u64));
    let page = number / PAGE_WORDS as u64;
    (page / GROUP_PAGES as u64, within(page, GROUP_PAGES), within(number, PAGE_WORDS))
}
