//! What the documents show, as it stands in them: a test runs what a reader copies.

use crate::scripts;
use std::fs;

/// The block of `docs/NAME.md` in this language that starts so.
#[track_caller]
pub fn of(document: &str, language: &str, start: &str) -> String {
    let path = scripts::in_repository(&format!("docs/{document}.md"));
    let text = fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    let fence = format!("```{language}\n");
    let mut blocks = text.split(&fence).skip(1).filter_map(|rest| rest.split("```").next());
    let found = blocks.find(|block| block.starts_with(start));
    found.unwrap_or_else(|| panic!("{document}.md has no {language} that starts with {start:?}")).to_owned()
}
