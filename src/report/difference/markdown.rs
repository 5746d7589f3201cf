//! Markdown for a comment on a pull request: what changed as a table, why in a fold.

use super::{human, name, remark, sentence, step};
use crate::model::Difference;
use crate::report::human::Layout;
use crate::report::markdown::{Page, WIDTH, code, escaped};

/// Writes it.
#[must_use]
pub fn render(difference: &Difference) -> String {
    let mut page = Page::new("Free-threading: what changed");
    page.gap();
    page.line(&escaped(&sentence(difference)));
    let rows = difference.changes.iter().map(|change| {
        let steps: Vec<String> = change.verdicts.iter().map(step).collect();
        let steps: Vec<String> =
            steps.iter().map(String::as_str).chain(remark(change)).map(escaped).collect();
        format!("| {} | {} | {} |", change.direction.id(), code(&name(change)), steps.join("; "))
    });
    let more = page.table("| | distribution | verdict |\n| --- | --- | --- |", rows);
    if more > 0 {
        page.gap();
        page.line(&format!("{more} more changed; the format json has all."));
    }
    if !difference.changes.is_empty() || !difference.unread.is_empty() || !difference.remarks.is_empty() {
        let layout = Layout { width: WIDTH, ..Layout::plain() };
        page.fold("What changed", &human::render(difference, &layout));
    }
    page.finish()
}

#[cfg(test)]
mod tests {
    use super::super::testing;
    use super::*;
    use crate::report::testing::assert_written;

    #[test]
    fn every_direction() {
        assert_written("diff.md", &render(&testing::difference()));
    }
}
