//! The JSON report line by line, for programs that take one record after the other: first what the report is, then each
//! distribution, each finding and each note, and last the summary. The records are those of [`super::json`].

use super::json::{Distribution, Document, Finding, Note, Tool, Totals};
use crate::model;
use serde::Serialize;

/// The name of this schema.
pub(super) const SCHEMA: &str = "ftaudit/report-lines/1";

/// One line.
#[derive(Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(tag = "record", rename_all = "kebab-case")]
pub(super) enum Line<'a> {
    Report {
        #[cfg_attr(test, schemars(extend("const" = SCHEMA)))]
        schema: &'static str,
        tool: Tool,
        created: Option<&'a str>,
        targets: Vec<String>,
        platforms: Vec<&'static str>,
    },
    Distribution(Distribution<'a>),
    Finding(Finding<'a>),
    Note(Note),
    Summary(Totals),
}

/// Writes the lines.
///
/// # Errors
/// Never with the structs as they are.
pub fn render(report: &model::Report) -> serde_json::Result<String> {
    let mut text = String::new();
    for line in lines(report) {
        text += &serde_json::to_string(&line)?;
        text.push('\n');
    }
    Ok(text)
}

fn lines(report: &model::Report) -> Vec<Line<'_>> {
    let Document { tool, created, targets, platforms, distributions, findings, notes, summary, .. } =
        Document::of(report);
    let mut lines = vec![Line::Report { schema: SCHEMA, tool, created, targets, platforms }];
    lines.extend(distributions.into_iter().map(Line::Distribution));
    lines.extend(findings.into_iter().map(Line::Finding));
    lines.extend(notes.into_iter().map(Line::Note));
    lines.push(Line::Summary(summary));
    lines
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::{json, testing};
    use serde_json::Value;

    #[test]
    fn the_shared_report() {
        testing::assert_written("report.ndjson", &render(&testing::report()).unwrap());
    }

    #[test]
    fn the_schema_is_that_of_the_program() {
        testing::assert_schema::<Line<'_>>("report-lines.schema.json", SCHEMA);
    }

    #[test]
    fn the_lines_hold_what_the_document_does() {
        let report = testing::report();
        let text = render(&report).unwrap();
        let lines: Vec<Value> = text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
        let document: Value = serde_json::from_str(&json::render(&report).unwrap()).unwrap();
        for (record, list) in [("distribution", "distributions"), ("finding", "findings"), ("note", "notes")]
        {
            let of_kind = lines.iter().filter(|line| line["record"] == record);
            let without_kind = |line: &Value| {
                let mut fields = line.as_object().unwrap().clone();
                fields.remove("record");
                Value::Object(fields)
            };
            let all: Vec<Value> = of_kind.map(without_kind).collect();
            assert_eq!(Value::Array(all), document[list], "{list}");
        }
        assert_eq!(lines[0]["schema"], SCHEMA);
        assert_eq!(lines.last().unwrap()["modules"], document["summary"]["modules"]);
    }
}
