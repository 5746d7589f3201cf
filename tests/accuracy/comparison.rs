//! What came of comparing verdicts with what an interpreter did.

use crate::audit::Judgement;
use std::collections::BTreeMap;
use std::fmt::Write;

/// Counts and lists.
#[derive(Debug, Default)]
pub struct Comparison {
    right: usize,
    wrong: Lines,
    undetermined: Lines,
    /// Undetermined without an excuse.
    unexcused: Lines,
}

/// What is right for a module, and what it is to say nothing of it.
#[derive(Debug, Clone, Copy)]
pub struct Truth<'a> {
    /// The verdict that is right.
    pub verdict: &'a str,
    /// What was seen, as a predicate (`leaves the GIL off`).
    pub seen: &'a str,
    /// Whether `undetermined` is accepted as well.
    pub excused: bool,
}

impl Comparison {
    /// Enters one module, by its name and by what sets it apart from others of that name.
    pub fn enter(&mut self, module: &str, variant: &str, said: &Judgement, truth: Truth) {
        if said.verdict == truth.verdict {
            self.right += 1;
            return;
        }
        let list = match said.verdict.as_str() {
            "undetermined" if truth.excused => &mut self.undetermined,
            "undetermined" => &mut self.unexcused,
            _ => &mut self.wrong,
        };
        let line = format!("{module}: {}; in truth it {}", said.verdict, truth.seen);
        list.enter(line, variant, &said.message);
    }

    /// The share of modules that got a verdict, right or wrong.
    pub fn decided(&self) -> f64 {
        let number = |count: usize| u32::try_from(count).map_or(f64::INFINITY, f64::from);
        let decided = number(self.right + self.wrong.count);
        decided / (decided + number(self.undetermined.count + self.unexcused.count)).max(1.0)
    }

    /// Prints the counts, and tells what must not be, if anything.
    pub fn failures(&self, about: &str) -> String {
        let (wrong, unexcused) = (self.wrong.count, self.unexcused.count);
        let undetermined = self.undetermined.count + unexcused;
        crate::tell(&format!("{about}: {} right, {wrong} wrong, {undetermined} undetermined", self.right));
        print!("{}", self.undetermined.list("undetermined"));
        let mut failures = String::new();
        if wrong + unexcused > 0 {
            writeln!(failures, "{about}: {wrong} verdicts are wrong, {unexcused} are missing")
                .expect("it is text");
        }
        failures + &self.wrong.list("wrong") + &self.unexcused.list("undetermined, and should not be")
    }
}

/// Lines that differ in their variants only are shown as one.
#[derive(Debug, Default)]
struct Lines {
    count: usize,
    lines: BTreeMap<String, (Vec<String>, String)>,
}

impl Lines {
    fn enter(&mut self, line: String, variant: &str, message: &str) {
        self.count += 1;
        let (variants, _) = self.lines.entry(line).or_insert_with(|| (Vec::new(), message.to_owned()));
        variants.push(variant.to_owned());
    }

    fn list(&self, kind: &str) -> String {
        let mut list = String::new();
        for (line, (variants, message)) in &self.lines {
            writeln!(list, "{kind}: {line}\n    [{}] {message}", variants.join(" ")).expect("it is text");
        }
        list
    }
}
