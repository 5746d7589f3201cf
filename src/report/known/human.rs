//! What is known, for people: claims and measurements side by side.

use crate::model::{Bearing, Database, Known, KnownStatus, Proof, Record, Refreshed, Verification};
use crate::report::environment::plural;
use crate::report::human::Layout;
use crate::report::human::page::{Page, Tone};

/// Columns of a line of prose. File names and hashes are never cut.
const WIDTH: usize = 110;

fn page() -> Page {
    Page::new(&Layout { width: WIDTH, ..Layout::plain() })
}

/// `database embedded: 215 packages, of 2026-11-21 (1a2b3c4d)`
pub(in crate::report) fn sentence(database: &Database) -> String {
    let Database { name, version, date, packages } = database;
    let of = if date.is_empty() { String::new() } else { format!(", of {date}") };
    format!("database {name}: {packages} {}{of} ({version})", plural(*packages, "package"))
}

/// Everything that is said of a package, what is about the version that was named first.
#[must_use]
pub fn show(package: &str, version: Option<&str>, known: &[Known], databases: &[Database]) -> String {
    let mut page = page();
    for database in databases {
        page.paragraph(0, Tone::Plain, &sentence(database));
    }
    page.gap();
    if known.is_empty() {
        page.paragraph(0, Tone::Plain, &format!("nothing is known of {package}"));
        return page.finish();
    }
    let Some(version) = version else {
        for known in known {
            one(package, known, &mut page);
        }
        return page.finish();
    };
    let (about, others): (Vec<&Known>, Vec<&Known>) =
        known.iter().partition(|known| known.bearing == Bearing::This);
    if about.is_empty() {
        page.paragraph(0, Tone::Plain, &format!("nothing is known of {package} {version} itself"));
        page.gap();
    }
    for known in about {
        one(package, known, &mut page);
    }
    if !others.is_empty() {
        page.paragraph(0, Tone::Plain, "of other versions, or without naming any:");
        page.gap();
    }
    for known in others {
        one(package, known, &mut page);
    }
    page.finish()
}

fn one(package: &str, known: &Known, page: &mut Page) {
    let Record { targets, platforms, basis, checked, note, proof, .. } = &known.record;
    let mut head = format!("{package} {}", known.record);
    for names in [listed(targets), listed(platforms)].iter().filter(|names| !names.is_empty()) {
        head.extend([", ", names]);
    }
    page.paragraph(0, Tone::Plain, &head);
    let belied = if known.belied { "; measured otherwise" } else { "" };
    page.paragraph(2, Tone::Plain, &format!("{basis}, checked on {checked}{belied}"));
    page.paragraph(2, Tone::Plain, &proof.to_string());
    if let Proof::Listing(files) = proof {
        for file in files {
            page.paragraph(4, Tone::Plain, file);
        }
    }
    if let Some(note) = note {
        page.paragraph(2, Tone::Plain, note);
    }
    page.gap();
}

fn listed<T: ToString>(items: &[T]) -> String {
    items.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ")
}

/// A line for each package, versions, status and basis, with the targets that it is about.
#[must_use]
pub fn list<'a>(records: impl Iterator<Item = (&'a str, &'a Record)>, status: Option<KnownStatus>) -> String {
    let mut rows: Vec<[String; 6]> = Vec::new();
    for (package, record) in records.filter(|(_, record)| status.is_none_or(|wanted| wanted == record.status))
    {
        let row = [
            package.to_owned(),
            record.versions.clone().unwrap_or_default(),
            record.status.to_string(),
            record.basis.to_string(),
            listed(&record.targets),
            record.checked.clone(),
        ];
        // Another platform's wheel says no more in this list.
        if rows.last() != Some(&row) {
            rows.push(row);
        }
    }
    rows.dedup();
    let width = |column: usize| rows.iter().map(|row| row[column].chars().count()).max().unwrap_or(0);
    let widths: [usize; 6] = std::array::from_fn(width);
    let mut page = page();
    for row in &rows {
        let cells: Vec<(Tone, &str, usize)> =
            row.iter().zip(widths).map(|(text, width)| (Tone::Plain, text.as_str(), width)).collect();
        page.cells(&cells);
    }
    page.finish()
}

/// What a walk over records came to.
#[must_use]
pub fn verified(verification: &Verification) -> String {
    let Verification { records, agreeing, imported, absent, listed, differing } = verification;
    let mut page = page();
    for why in differing {
        page.paragraph(0, Tone::Plain, why);
    }
    let others = records.saturating_sub(agreeing + imported + absent + listed + differing.len());
    let text = format!(
        "{records} {}: {agreeing} measured again and found to be so, {} found to be otherwise, {imported} that only \
         an import tells, {absent} without their wheel at hand, {listed} shown by their own lists of files, {others} that others say.",
        plural(*records, "record"),
        differing.len()
    );
    page.paragraph(0, Tone::Plain, &text);
    page.finish()
}

/// What came of measuring one package.
#[must_use]
pub fn refreshed(refreshed: &Refreshed) -> String {
    let Refreshed { package, records, left_out } = refreshed;
    let mut page = page();
    let text = match records {
        None => format!("{package}: was measured on this day (--again measures it again)"),
        Some(0) => format!("{package}: nothing was written"),
        Some(count) => format!("{package}: {count} {}", plural(*count, "record")),
    };
    page.paragraph(0, Tone::Plain, &text);
    left_out.iter().flat_map(|why| why.lines()).for_each(|line| page.paragraph(2, Tone::Plain, line));
    page.finish()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Basis, made_up};

    fn known() -> Vec<Known> {
        made_up::example_report().distributions.remove(0).known
    }

    #[test]
    fn claims_and_measurements_stand_side_by_side() {
        let databases = made_up::example_report().databases;
        let later = made_up::known(KnownStatus::GilFree, Basis::Tracker, Bearing::Later("7.0".to_owned()));
        let known = [known(), vec![made_up::measured(), later]].concat();
        insta::assert_snapshot!(show("lxml", Some("1.0"), &known, &databases), @"
        database embedded: 215 packages, of 2026-11-21 (1a2b3c4d)

        lxml >=1.0 leaves the GIL off
          claim, checked on 2026-11-21; measured otherwise
          an article
          no wheel of it leaves the GIL off

        lxml ==1.0 turns the GIL on, 3.14t, linux-x86_64
          measured, checked on 2026-11-21
          lxml-1.0-cp314-cp314t-manylinux_2_28_x86_64.whl, sha256
            5e5e5e5e5e5e5e5e5e5e5e5e5e5e5e5e5e5e5e5e5e5e5e5e5e5e5e5e5e5e5e5e, decoded by ftaudit 0.1.0, run by CPython
            3.14.7t

        of other versions, or without naming any:

        lxml >=7.0 leaves the GIL off
          tracker, checked on 2026-11-21
          an article
        ");
        assert!(show("lxml", Some("2.0"), &[], &databases).ends_with("nothing is known of lxml\n"));
    }

    #[test]
    fn alike_records_have_one_line() {
        let record = made_up::measured().record;
        let other = Record { status: KnownStatus::Crashes, ..record.clone() };
        let records = [("lxml", &record), ("lxml", &record), ("zoo", &other)];
        insta::assert_snapshot!(list(records.into_iter(), None), @"
        lxml  ==1.0  requires-gil  measured  3.14t  2026-11-21
        zoo   ==1.0  crashes       measured  3.14t  2026-11-21
        ");
        assert!(!list(records.into_iter(), Some(KnownStatus::Crashes)).contains("lxml"));
    }

    #[test]
    fn what_was_verified_adds_up() {
        let differing = vec!["lxml: it is otherwise".to_owned()];
        let verification =
            Verification { records: 21, agreeing: 9, imported: 1, absent: 3, listed: 2, differing };
        insta::assert_snapshot!(verified(&verification), @"
        lxml: it is otherwise
        21 records: 9 measured again and found to be so, 1 found to be otherwise, 1 that only an import tells, 3
          without their wheel at hand, 2 shown by their own lists of files, 5 that others say.
        ");
    }
}
