//! A table for spreadsheets: a line for each distribution and each module under each target, and for each thing that was
//! not read.

use super::place::by_distribution;
use super::visible::visible;
use crate::model::{DistributionReport, Finding, Judgement, Level, ModuleReport, Report, Runtime, Target};
use csv::Writer;
use std::io;

/// The names of the columns.
const COLUMNS: [&str; 15] = [
    "kind",
    "distribution",
    "version",
    "platform",
    "target",
    "module",
    "verdict",
    "reason",
    "message",
    "outcome",
    "agreement",
    "rules",
    "suppressed",
    "source",
    "member",
];

/// Writes the table.
///
/// # Errors
/// Never: it is written to memory.
pub fn render(report: &Report) -> io::Result<String> {
    let mut writer = Writer::from_writer(Vec::new());
    writer.write_record(COLUMNS)?;
    for (distribution, findings) in report.distributions.iter().zip(by_distribution(report)) {
        for row in rows(distribution, &findings) {
            row.write(&mut writer)?;
        }
    }
    for note in report.notes.iter().filter(|note| note.unread) {
        let why = note.why.lines().next().unwrap_or_default();
        let row = Row {
            kind: "unread",
            verdict: "undetermined",
            reason: "unread",
            message: why.to_owned(),
            rules: "unread".to_owned(),
            source: &note.about,
            ..Row::default()
        };
        row.write(&mut writer)?;
    }
    let bytes = writer.into_inner().map_err(|error| io::Error::other(error.to_string()))?;
    String::from_utf8(bytes).map_err(io::Error::other)
}

#[derive(Default)]
struct Row<'a> {
    kind: &'static str,
    distribution: &'a str,
    version: &'a str,
    platform: &'static str,
    target: String,
    module: &'a str,
    verdict: &'static str,
    reason: &'static str,
    message: String,
    outcome: &'static str,
    agreement: &'static str,
    rules: String,
    suppressed: String,
    source: &'a str,
    member: &'a str,
}

/// Those of a distribution: first what it is as a whole, then its modules.
fn rows<'a>(report: &'a DistributionReport, findings: &[&Finding]) -> Vec<Row<'a>> {
    let whole = report.verdicts.iter().map(|judged| row(report, None, judged, findings));
    let of_module = |module: &'a ModuleReport| {
        let rows = module.verdicts.iter().map(|judged| row(report, Some(module), judged, findings));
        rows.collect::<Vec<Row<'a>>>()
    };
    whole.chain(report.modules.iter().flat_map(of_module)).collect()
}

fn row<'a>(
    report: &'a DistributionReport,
    module: Option<&'a ModuleReport>,
    (target, judged): (&Target, &Judgement),
    findings: &[&Finding],
) -> Row<'a> {
    let member = module.map(|module| module.member.path.as_str());
    let about = findings.iter().filter(|one| one.member.as_deref() == member && one.level > Level::Allow);
    let (counting, suppressed): (Vec<&Finding>, Vec<&Finding>) =
        about.copied().partition(|finding| finding.suppressed.is_none());
    let run: Option<&Runtime> = module.and_then(|module| module.runtime.get(target));
    Row {
        kind: if module.is_some() { "module" } else { "distribution" },
        distribution: report.distribution.name.as_deref().unwrap_or_default(),
        version: report.distribution.version.as_deref().unwrap_or_default(),
        platform: report.platform().map_or("", |platform| platform.id()),
        target: target.to_string(),
        module: module.map_or("", |module| &module.name.dotted),
        verdict: judged.verdict.id(),
        reason: judged.reason.id(),
        message: judged.reason.to_string(),
        outcome: run.map_or("", |run| run.confirmation.seen.id()),
        agreement: run.map_or("", |run| run.agreement.id()),
        rules: rules(&counting),
        suppressed: rules(&suppressed),
        source: &report.distribution.source,
        member: member.unwrap_or_default(),
    }
}

fn rules(findings: &[&Finding]) -> String {
    findings.iter().map(|finding| finding.rule).collect::<Vec<&str>>().join(" ")
}

impl Row<'_> {
    fn write(&self, writer: &mut Writer<Vec<u8>>) -> csv::Result<()> {
        let cells = [
            self.kind,
            self.distribution,
            self.version,
            self.platform,
            &self.target,
            self.module,
            self.verdict,
            self.reason,
            &self.message,
            self.outcome,
            self.agreement,
            &self.rules,
            &self.suppressed,
            self.source,
            self.member,
        ];
        writer.write_record(cells.map(cell))
    }
}

/// Text that no spreadsheet takes for a formula: with these first it would
/// (<https://owasp.org/www-community/attacks/CSV_Injection>).
fn cell(text: &str) -> String {
    let text = visible(text);
    let starts_formula = text.trim_start().starts_with(['=', '+', '-', '@', '＝', '＋', '－', '＠']);
    if starts_formula { format!("'{text}") } else { text }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::testing;

    #[test]
    fn the_shared_report() {
        testing::assert_written("report.csv", &render(&testing::report()).unwrap());
    }

    #[test]
    fn no_cell_is_a_formula() {
        assert_eq!(cell("=cmd|' /C calc'!A0"), "'=cmd|' /C calc'!A0");
        assert_eq!(cell("\t@SUM(1)"), "\\u{9}@SUM(1)");
        assert_eq!(cell(" -1"), "' -1");
        assert_eq!(cell("lxml.etree"), "lxml.etree");
    }

    #[test]
    fn every_line_has_every_column() {
        let text = render(&testing::report()).unwrap();
        let mut reader = csv::Reader::from_reader(text.as_bytes());
        assert_eq!(reader.headers().unwrap(), COLUMNS.as_slice());
        let rows: Vec<csv::StringRecord> = reader.records().collect::<csv::Result<_>>().unwrap();
        let modules: usize = testing::report().distributions.iter().map(|one| one.modules.len()).sum();
        assert_eq!(rows.iter().filter(|row| &row[0] == "module").count(), modules);
    }
}
