//! `JUnit`'s XML, as CI systems show it beside test results: a suite for each distribution, a case for each module.
//!
//! What is denied has failed, and what cannot be told is an error: neither passes. Times are left out, since the same
//! input gives the same bytes.

use super::place::by_distribution;
use super::visible::visible;
use crate::model::{Agreement, DistributionReport, Finding, Level, Report};
use quick_xml::Writer;
use quick_xml::events::{BytesDecl, BytesText, Event};
use std::io;

/// Writes the report.
///
/// # Errors
/// Never: it is written to memory.
pub fn render(report: &Report) -> io::Result<String> {
    let suites = suites(report);
    let mut writer = Writer::new_with_indent(Vec::new(), b' ', 2);
    writer.write_event(Event::Decl(BytesDecl::new("1.0", Some("UTF-8"), None)))?;
    let all = || suites.iter().flat_map(|suite| &suite.cases);
    let root = writer.create_element("testsuites").with_attributes([("name", "ftaudit")]);
    let counted = Counts::of(all());
    let root = counted.attributes().into_iter().fold(root, |root, (name, count)| match name {
        // The root element of Jenkins' schema has no such attribute.
        "skipped" => root,
        _ => root.with_attribute((name, count.as_str())),
    });
    root.write_inner_content(|writer| suites.iter().try_for_each(|suite| suite.write(writer)))?;
    let text = String::from_utf8(writer.into_inner()).map_err(io::Error::other)?;
    Ok(text + "\n")
}

/// What a distribution on one platform comes to.
struct Suite {
    name: String,
    source: String,
    cases: Vec<Case>,
}

/// What a module, or a distribution as a whole, comes to.
struct Case {
    name: String,
    class: String,
    outcome: Outcome,
    /// What is worth telling of it, however it ended.
    told: Vec<String>,
}

enum Outcome {
    Passed,
    /// It does not count, for this reason.
    Skipped(String),
    /// It cannot be told.
    Unsure(Trouble),
    Failed(Trouble),
}

struct Trouble {
    kind: String,
    message: String,
    /// All that is wrong, and what to do.
    text: String,
}

fn suites(report: &Report) -> Vec<Suite> {
    let findings = by_distribution(report);
    let distributions = report.distributions.iter().zip(&findings);
    let mut suites: Vec<Suite> = distributions.map(|(one, findings)| Suite::of(one, findings)).collect();
    let unread: Vec<&Finding> = report.untold.iter().filter(|one| one.distribution.is_empty()).collect();
    if !unread.is_empty() {
        suites.push(Suite::of_unread(&unread));
    }
    suites
}

impl Suite {
    fn of(report: &DistributionReport, findings: &[&Finding]) -> Self {
        let label = report.distribution.to_string();
        let whole: Vec<&Finding> = findings.iter().copied().filter(|one| one.member.is_none()).collect();
        let mut cases = Vec::new();
        if report.modules.is_empty() || !whole.is_empty() {
            let judged = report.verdicts.iter();
            let told =
                judged.map(|(target, judged)| format!("{target}: {}: {}", judged.verdict, judged.reason));
            cases.push(Case::new(label.clone(), label.clone(), &whole, None, told.collect()));
        }
        for module in &report.modules {
            let about: Vec<&Finding> = findings
                .iter()
                .copied()
                .filter(|one| one.member.as_deref() == Some(&module.member.path))
                .collect();
            let unconfirmed = module.runtime.iter().find(|(_, run)| run.agreement == Agreement::Unconfirmed);
            let unconfirmed =
                unconfirmed.map(|(target, run)| format!("{target}: {}", run.confirmation.with_hint()));
            let judged = module.verdicts.iter();
            let told =
                judged.map(|(target, judged)| format!("{target}: {}: {}", judged.verdict, judged.reason));
            let name = module.name.dotted.clone();
            cases.push(Case::new(name, label.clone(), &about, unconfirmed, told.collect()));
        }
        let platform = report.platform().map_or(String::new(), |platform| format!(" for {platform}"));
        Self { name: label + &platform, source: report.distribution.source.clone(), cases }
    }

    fn of_unread(unread: &[&Finding]) -> Self {
        let case = |finding: &&Finding| {
            Case::new(finding.source.clone(), "not read".to_owned(), &[finding], None, Vec::new())
        };
        Self {
            name: "not read".to_owned(),
            source: "what was named".to_owned(),
            cases: unread.iter().map(case).collect(),
        }
    }

    fn write(&self, writer: &mut Writer<Vec<u8>>) -> io::Result<()> {
        let suite = writer.create_element("testsuite").with_attribute(("name", visible(&self.name).as_str()));
        let counts = Counts::of(self.cases.iter()).attributes();
        let counts = counts.iter().map(|(name, count)| (*name, count.as_str()));
        suite.with_attributes(counts).write_inner_content(|writer| {
            writer.create_element("properties").write_inner_content(|writer| {
                let source = [("name", "source"), ("value", &visible(&self.source))];
                writer.create_element("property").with_attributes(source).write_empty().map(drop)
            })?;
            self.cases.iter().try_for_each(|case| case.write(writer))
        })?;
        Ok(())
    }
}

impl Case {
    fn new(
        name: String,
        class: String,
        findings: &[&Finding],
        unconfirmed: Option<String>,
        mut told: Vec<String>,
    ) -> Self {
        let counting: Vec<&Finding> =
            findings.iter().copied().filter(|one| one.suppressed.is_none()).collect();
        let of_level = |level: Level| counting.iter().any(|one| one.level == level);
        let trouble = |level: Level| Trouble::of(&counting, level);
        let mut suppressed = findings.iter().filter(|one| one.level >= Level::Unsure);
        let suppressed = suppressed.find_map(|one| one.suppressed.as_ref());
        let warned = counting.iter().filter(|one| one.level == Level::Warn);
        told.extend(warned.map(|one| format!("{}: {}", one.rule, one.message)));
        let outcome = match (unconfirmed, suppressed) {
            _ if of_level(Level::Deny) => Outcome::Failed(trouble(Level::Deny)),
            _ if of_level(Level::Unsure) => Outcome::Unsure(trouble(Level::Unsure)),
            (Some(why), _) => Outcome::Unsure(Trouble {
                kind: "unconfirmed".to_owned(),
                message: why.lines().next().unwrap_or_default().to_owned(),
                text: why,
            }),
            (None, Some(why)) => {
                Outcome::Skipped(format!("does not count ({}): {}", why.by.id(), why.reason))
            }
            (None, None) => Outcome::Passed,
        };
        Self { name, class, outcome, told }
    }

    fn write(&self, writer: &mut Writer<Vec<u8>>) -> io::Result<()> {
        let (name, class) = (visible(&self.name), visible(&self.class));
        let case = writer.create_element("testcase");
        let case = case.with_attributes([("name", name.as_str()), ("classname", class.as_str())]);
        if matches!(self.outcome, Outcome::Passed) && self.told.is_empty() {
            return case.write_empty().map(drop);
        }
        case.write_inner_content(|writer| {
            match &self.outcome {
                Outcome::Passed => {}
                Outcome::Skipped(why) => {
                    let why = visible(why);
                    let skipped = writer.create_element("skipped");
                    skipped.with_attribute(("message", why.as_str())).write_empty()?;
                }
                Outcome::Unsure(trouble) => trouble.write("error", writer)?,
                Outcome::Failed(trouble) => trouble.write("failure", writer)?,
            }
            if self.told.is_empty() {
                return Ok(());
            }
            let told = lines(&self.told.join("\n"));
            writer.create_element("system-out").write_text_content(BytesText::new(&told)).map(drop)
        })?;
        Ok(())
    }
}

impl Trouble {
    /// The first of a level, and the text of all.
    fn of(findings: &[&Finding], level: Level) -> Self {
        let first = findings.iter().find(|one| one.level == level);
        let text = findings
            .iter()
            .filter(|one| one.level >= Level::Unsure)
            .map(|one| format!("{}: {}\n{}", one.rule, one.message, one.help));
        Self {
            kind: first.map_or("", |one| one.rule).to_owned(),
            message: first.map(|one| one.message.clone()).unwrap_or_default(),
            text: text.collect::<Vec<String>>().join("\n"),
        }
    }

    fn write(&self, element: &str, writer: &mut Writer<Vec<u8>>) -> io::Result<()> {
        let (kind, message, text) = (visible(&self.kind), visible(&self.message), lines(&self.text));
        let element = writer.create_element(element);
        let element = element.with_attributes([("type", kind.as_str()), ("message", message.as_str())]);
        element.write_text_content(BytesText::new(&text)).map(drop)
    }
}

/// How many cases ended how.
struct Counts {
    tests: usize,
    failures: usize,
    errors: usize,
    skipped: usize,
}

impl Counts {
    fn of<'a>(cases: impl Iterator<Item = &'a Case>) -> Self {
        let mut counts = Self { tests: 0, failures: 0, errors: 0, skipped: 0 };
        for case in cases {
            counts.tests += 1;
            match case.outcome {
                Outcome::Passed => {}
                Outcome::Skipped(_) => counts.skipped += 1,
                Outcome::Unsure(_) => counts.errors += 1,
                Outcome::Failed(_) => counts.failures += 1,
            }
        }
        counts
    }

    fn attributes(&self) -> [(&'static str, String); 4] {
        let Self { tests, failures, errors, skipped } = self;
        [("tests", tests), ("failures", failures), ("errors", errors), ("skipped", skipped)]
            .map(|(name, count)| (name, count.to_string()))
    }
}

/// Text of several lines, each without what XML cannot hold: control characters, and some that are none (XML 1.0,
/// section 2.2).
fn lines(text: &str) -> String {
    text.lines().map(visible).collect::<Vec<String>>().join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Confirmation, Runtime, SuppressedBy, Suppression, Target, Verdict, made_up};
    use crate::report::testing;

    #[test]
    fn the_shared_report() {
        testing::assert_written("report.junit.xml", &render(&testing::report()).unwrap());
    }

    /// The element that says how the only module ended.
    fn ending(verdict: Verdict, change: impl Fn(&mut Report)) -> String {
        let mut report = made_up::report_of(&[verdict]);
        let mut finding = made_up::finding("gil-reenabled");
        let distribution = &report.distributions[0].distribution;
        (finding.distribution, finding.source) = (distribution.to_string(), distribution.source.clone());
        report.findings.push(finding);
        change(&mut report);
        let text = render(&report).unwrap();
        let ending = ["<failure", "<error", "<skipped"].into_iter().find(|element| text.contains(element));
        ending.unwrap_or("passed").to_owned()
    }

    #[test]
    fn what_decides_the_exit_status_decides_how_a_case_ends() {
        let with_level = |level: Level| ending(Verdict::GilFree, |report| report.findings[0].level = level);
        assert_eq!(with_level(Level::Deny), "<failure");
        assert_eq!(with_level(Level::Unsure), "<error");
        assert_eq!(with_level(Level::Warn), "passed");
        assert_eq!(with_level(Level::Allow), "passed");
        let suppressed = ending(Verdict::RequiresGil, |report| {
            let reason = "known".to_owned();
            report.findings[0].suppressed = Some(Suppression { by: SuppressedBy::Baseline, reason });
        });
        assert_eq!(suppressed, "<skipped");
    }

    #[test]
    fn what_was_not_confirmed_does_not_pass() {
        let unconfirmed = ending(Verdict::GilFree, |report| {
            report.findings.clear();
            let confirmation = Confirmation::not_run("no interpreter");
            let run = Runtime { confirmation, agreement: Agreement::Unconfirmed };
            report.distributions[0].modules[0].runtime.insert(Target::Py314t, run);
        });
        assert_eq!(unconfirmed, "<error");
    }
}
