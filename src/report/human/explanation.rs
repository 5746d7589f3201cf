//! What the rules mean that found something, for whoever reads the report without the program at hand.

use super::page::{Page, Tone};
use crate::model::{Level, Report, RuleText};

/// Each rule once, in the order of the rules.
pub(super) fn write(report: &Report, rules: &[RuleText], page: &mut Page) {
    let findings = || report.findings.iter().chain(&report.untold).filter(|one| one.level > Level::Allow);
    for rule in rules.iter().filter(|rule| findings().any(|finding| finding.rule == rule.id)) {
        page.paragraph(0, Tone::Strong, &format!("{}: {}", rule.id, rule.title()));
        rule.paragraphs().for_each(|paragraph| page.paragraph(4, Tone::Plain, &paragraph));
        page.gap();
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Layout, render};
    use crate::model::made_up;
    use crate::report::testing;

    #[test]
    fn only_rules_are_explained_that_found_something() {
        let mut report = made_up::report_of(&[]);
        report.findings.push(made_up::finding("gil-reenabled"));
        report.findings.push(made_up::finding("gil-reenabled"));
        let text = render(&report, &Layout { explains: true, ..Layout::plain() }, &testing::RULES);
        assert_eq!(text.matches("gil-reenabled: Importing the module turns the GIL on").count(), 1);
        assert!(!text.contains("undetermined:"), "{text}");
        assert!(!render(&report, &Layout::plain(), &testing::RULES).contains("gil-reenabled:"));
    }
}
