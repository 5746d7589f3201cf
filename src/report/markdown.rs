//! Markdown for a comment on a pull request or the summary of a job: what is not ready as a table, all that was found in
//! folds. Names that anybody may have made stand where Markdown means nothing: escaped, in `<code>`, or in a block of text.

use super::environment::plural;
use super::human::choice::fixed_by;
use super::human::group::{Group, groups};
use super::human::table::{look, words};
use super::human::{self, Layout, sentence_for};
use super::issue;
use super::summary::unread;
use super::visible::visible;
use crate::model::{Report, Target, Verdict};
use std::collections::BTreeSet;

/// Bytes of the whole: GitHub refuses a comment of more than 65,536 characters, and what posts it may add some.
const LIMIT: usize = 60_000;
/// Distributions that the table lists: nobody reads a longer one in a comment.
const ROWS: usize = 50;
/// Characters of a name that are shown: it is still told from others.
const NAME: usize = 200;
/// The same of a sentence, which may hold a name.
const SENTENCE: usize = 1000;
/// Columns of text blocks: what a comment shows without scrolling.
pub(super) const WIDTH: usize = 100;

/// Writes the report.
#[must_use]
pub fn render(report: &Report) -> String {
    let mut page = Page::new("Free-threading audit");
    for target in &report.targets {
        page.gap();
        page.line(&escaped(&shortened(&sentence_for(report, *target), SENTENCE)));
    }
    remarks(report, &mut page);
    table(report, &mut page);
    let layout = Layout { width: WIDTH, ..Layout::plain() };
    let unread = unread(report);
    if unread > 0 {
        page.fold(&format!("Not read ({unread})"), &human::not_read(report, &layout));
    }
    page.fold("All that was found", &human::found(report, &layout));
    page.finish()
}

/// What takes the table for less than the whole truth.
fn remarks(report: &Report, page: &mut Page) {
    let unread = unread(report);
    if unread > 0 {
        let were = if unread == 1 { "was" } else { "were" };
        page.gap();
        page.line(&format!(
            "**{unread} {} {were} not read: this audit is not complete.**",
            plural(unread, "thing")
        ));
    }
    let suppressed = issue::suppressed(report);
    if suppressed > 0 {
        let verb = if suppressed == 1 { "does" } else { "do" };
        page.gap();
        page.line(&format!(
            "{suppressed} {} {verb} not count, by ignores or the baseline.",
            plural(suppressed, "finding")
        ));
    }
}

/// Those that are not ready, worst first.
fn table(report: &Report, page: &mut Page) {
    let mut groups = groups(report.distributions.iter());
    groups.sort_by_key(|group| std::cmp::Reverse(group.worst()));
    let (ready, others): (Vec<Group<'_>>, Vec<Group<'_>>) =
        groups.into_iter().partition(|group| group.worst() <= Verdict::GilFree);
    let targets: Vec<String> = report.targets.iter().map(|target| format!(" {target} |")).collect();
    let head = format!(
        "| distribution |{} what would do |\n| --- |{} --- |",
        targets.concat(),
        " --- |".repeat(targets.len())
    );
    let more = page.table(&head, others.iter().map(|group| row(group, report)));
    if more > 0 {
        page.gap();
        let are = if more == 1 { "is" } else { "are" };
        page.line(&format!("{more} more {are} not ready; the formats json and csv have all."));
    }
    if !ready.is_empty() {
        page.gap();
        let verb = if ready.len() == 1 { "is" } else { "are" };
        page.line(&format!("✓ {} {} {verb} ready.", ready.len(), plural(ready.len(), "distribution")));
    }
}

fn row(group: &Group<'_>, report: &Report) -> String {
    let cells = report.targets.iter().map(|target| format!(" {} |", cell(group, *target, report)));
    let fixes = group.reports.iter().filter_map(|one| one.chosen.as_ref()?.fix.as_ref().map(fixed_by));
    let fixes: BTreeSet<String> = fixes.map(|fix| escaped(&fix)).collect();
    let fixes: Vec<String> = fixes.into_iter().collect();
    format!("| {} |{} {} |", code(&group.label), cells.collect::<String>(), fixes.join("; "))
}

/// The worst that a target does with it anywhere, in a sign and in words.
fn cell(group: &Group<'_>, target: Target, report: &Report) -> String {
    let Some((_, judged)) = group.judged(target).max_by_key(|(_, judged)| judged.verdict) else {
        return "not asked".to_owned();
    };
    let (_, sign, _) = look(judged.verdict);
    let alike = group.judged(target).filter(|(_, one)| one.verdict == judged.verdict).count();
    let of = match (group.judged(target).count(), report.platforms.len()) {
        (all, 2..) if alike < all => format!(" on {alike} of {all} platforms"),
        _ => String::new(),
    };
    format!("{sign} {}{of}", words(judged))
}

/// A document that keeps within [`LIMIT`].
pub(super) struct Page(String);

impl Page {
    pub(super) fn new(title: &str) -> Self {
        Self(format!("## {title}\n"))
    }

    pub(super) fn finish(self) -> String {
        self.0
    }

    /// A table of as many rows as there is room for, and how many are left out. Without rows there is none.
    pub(super) fn table(&mut self, head: &str, rows: impl ExactSizeIterator<Item = String>) -> usize {
        let (all, mut shown) = (rows.len(), 0);
        for row in rows.take(ROWS) {
            if self.0.len() + head.len() + row.len() > LIMIT / 2 {
                break;
            }
            if shown == 0 {
                self.gap();
                self.line(head);
            }
            self.line(&row);
            shown += 1;
        }
        all - shown
    }

    pub(super) fn line(&mut self, text: &str) {
        self.0.push_str(text);
        self.0.push('\n');
    }

    pub(super) fn gap(&mut self) {
        self.0.push('\n');
    }

    /// Text as it stands, folded away; as many lines as there is room for, and how many are left out.
    pub(super) fn fold(&mut self, title: &str, text: &str) {
        let text = text.trim_end();
        if text.is_empty() {
            return;
        }
        let fence = fence(text);
        let frame = title.len() + 2 * fence.len() + ROOM_FOR_FRAME;
        let room = LIMIT.saturating_sub(self.0.len() + frame);
        let (mut shown, mut left_out) = (String::new(), 0_usize);
        for line in text.lines() {
            if left_out > 0 || shown.len() + line.len() >= room {
                left_out += 1;
            } else {
                shown.push_str(line);
                shown.push('\n');
            }
        }
        self.line(&format!("\n<details>\n<summary>{title}</summary>\n\n{fence}text"));
        self.0.push_str(&shown);
        self.line(&format!("{fence}\n"));
        if left_out > 0 {
            self.line(&format!(
                "{left_out} {} left out, to keep within {LIMIT} bytes; the format json has all.\n",
                if left_out == 1 { "line is" } else { "lines are" }
            ));
        }
        self.line("</details>");
    }
}

/// More bytes than stand around a folded text.
const ROOM_FOR_FRAME: usize = 250;

/// Longer than any run of backticks in the text, which nothing in it can end therefore.
fn fence(text: &str) -> String {
    let longest = text.split(|c| c != '`').map(str::len).max().unwrap_or(0);
    "`".repeat(longest.max(2) + 1)
}

/// A name: neither Markdown nor a mention, a reference or a link.
pub(super) fn code(name: &str) -> String {
    format!("<code>{}</code>", escaped(&shortened(name, NAME)))
}

fn shortened(text: &str, limit: usize) -> String {
    match text.char_indices().nth(limit) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}

/// Text that is no Markdown. Punctuation stands as entities, which mean what they stand for and structure nothing
/// (<https://spec.commonmark.org/0.31.2/#entity-and-numeric-character-references>); empty comments keep code hosts from
/// finding mentions, references and addresses in it.
pub(super) fn escaped(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for character in visible(text).chars() {
        match character {
            ' ' | ',' | ';' | '.' | '-' | '(' | ')' => escaped.push(character),
            '@' | '#' | '!' | '$' | '%' | '&' | '~' | ':' => {
                escaped.extend([format!("&#{};", u32::from(character)), SEPARATOR.to_owned()]);
            }
            other if other.is_ascii_punctuation() => escaped.extend([format!("&#{};", u32::from(other))]),
            other => escaped.push(other),
        }
    }
    // The one address that is recognised by its name alone.
    escaped.replace("www.", "www&#46;")
}

/// Nothing to be seen, and the end of a word.
const SEPARATOR: &str = "<!-- -->";

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::made_up;
    use crate::report::testing;

    #[test]
    fn the_shared_report() {
        testing::assert_written("report.md", &render(&testing::report()));
    }

    #[test]
    fn it_keeps_within_its_limit_and_says_what_is_left_out() {
        let mut report = made_up::report_of(&[Verdict::RequiresGil; 1000]);
        for (index, one) in report.distributions.iter_mut().enumerate() {
            one.distribution.name = Some(format!("package-{index}"));
        }
        let text = render(&report);
        assert!(text.len() <= LIMIT, "{}", text.len());
        assert!(text.contains("950 more are not ready"), "{text}");
        assert!(text.contains("left out, to keep within 60000 bytes"), "{text}");
        assert!(text.ends_with("</details>\n"));
    }

    #[test]
    fn a_name_of_any_length_leaves_room_for_the_rest() {
        let mut report = made_up::report_of(&[Verdict::RequiresGil]);
        report.distributions[0].distribution.name = Some("|".repeat(100_000));
        let text = render(&report);
        assert!(text.len() <= LIMIT, "{}", text.len());
        assert!(text.contains("…") && text.contains("left out"), "{text}");
    }

    #[test]
    fn nothing_ends_a_block_of_text() {
        assert_eq!(fence("a"), "```");
        assert_eq!(fence("a ```` b"), "`````");
    }
}
