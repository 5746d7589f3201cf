//! For people: what is worse first, each with what changed of it, and a sentence that says it all.

use super::{details, name, remark, sentence};
use crate::model::{ChangeWeight, Difference, Direction};
use crate::report::human::page::{Page, Tone};
use crate::report::human::{Detail, Layout};

/// Writes it.
#[must_use]
pub fn render(difference: &Difference, layout: &Layout) -> String {
    let mut page = Page::new(layout);
    if layout.detail > Detail::Summary {
        changes(difference, &mut page);
        for unread in &difference.unread {
            page.paragraph(0, Tone::Bad, &format!("not read any more: {unread}"));
        }
        for remark in &difference.remarks {
            page.paragraph(0, Tone::Faint, remark);
        }
        if !difference.unread.is_empty() || !difference.remarks.is_empty() {
            page.gap();
        }
    }
    page.paragraph(0, Tone::Strong, &sentence(difference));
    page.finish()
}

fn changes(difference: &Difference, page: &mut Page) {
    for change in &difference.changes {
        let tone = match (change.direction, change.weight) {
            (_, ChangeWeight::Worse) => Tone::Bad,
            (_, ChangeWeight::Unsure) => Tone::Unknown,
            (Direction::Better, _) => Tone::Good,
            _ => Tone::Plain,
        };
        page.paragraph(0, tone, &format!("{}  {}", change.direction.id(), name(change)));
        for line in details(change) {
            page.paragraph(4, Tone::Plain, &line);
        }
        if let Some(remark) = remark(change) {
            page.paragraph(4, Tone::Faint, remark);
        }
    }
    if !difference.changes.is_empty() {
        page.gap();
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing;
    use super::*;

    #[test]
    fn every_direction() {
        insta::assert_snapshot!(render(&testing::difference(), &Layout::plain()), @r"
        worse  lxml 6.1.2 → 6.1.3 on linux-x86_64
            3.14t: ✓ GIL off → ● GIL on
            lxml.x 3.14t: ✓ GIL off → ● GIL on: declares Py_MOD_GIL_USED in its
              Py_mod_gil slot
            found hash-mismatch: lxml.x is what hash-mismatch is about
            settled crashes-on-import: lxml.x is what crashes-on-import is about
        worse  \u{3a}:error::<b>x</b> | @octocat \u{23}#[add-mask] 1
            3.14t: ✓ GIL off → ✗ no load
            does not count, by the policy of the newer report
        unclear  vector 1 → 2
            3.14t: ● GIL on → ? of-tomorrow, which this version does not know
        new  模块 1.0, 2.0
            3.14t: ? unknown
        better  numpy 2.0 → 2.4
            3.14t: ● GIL on → ✓ GIL off
        gone  idna 3.7
            3.14t: was · pure

        not read any more: broken.whl: is cut off
        not compared: targets of the newer report alone: 3.15t

        For 3.14t: 2 distributions are worse, 1 is unclear, 1 is better, 1 is new, 1 is
          gone, 38 are as they were.
        ");
        let summary = Layout { detail: Detail::Summary, ..Layout::plain() };
        let same = Difference { targets: vec!["3.14t".to_owned()], unchanged: 1, ..Difference::default() };
        insta::assert_snapshot!(render(&same, &summary), @"For 3.14t: no distribution is worse, 1 is as it was.");
    }
    #[test]
    fn of_very_many_modules_the_number_is_told() {
        let mut difference = testing::difference();
        difference.changes.truncate(1);
        difference.changes[0].modules = vec![difference.changes[0].modules[0].clone(); 12];
        let text = render(&difference, &Layout::plain());
        assert_eq!(text.matches("lxml.x 3.14t").count(), 10);
        assert!(text.contains("2 more modules; the json format has all"), "{text}");
    }
}
