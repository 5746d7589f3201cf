//! Packages against targets and platforms: a line for each, a column for every place that wheels were chosen for. A sign
//! and a word in every cell, so that none of it hangs on a colour or on telling signs apart.

use super::Layout;
use super::group::{Group, groups};
use super::page::{Page, Tone, width};
use super::table::look;
use crate::model::{Platform, Report, Target, Verdict};

/// The widest name that the cells still wait for.
const NAME_WIDTH: usize = 34;
/// Columns between two cells.
const GUTTER: usize = 2;

/// A place that a package is judged for.
struct Column {
    target: Target,
    /// None where nothing was chosen for platforms.
    platform: Option<Platform>,
    /// What stands above it, line by line.
    head: Vec<String>,
}

/// Writes it in as many parts as it takes to fit: each with all packages, and with as many columns as there is room for.
pub(super) fn write(report: &Report, layout: &Layout, page: &mut Page) {
    let mut groups = groups(report.distributions.iter());
    groups.sort_by_key(|group| std::cmp::Reverse(group.worst()));
    if groups.is_empty() {
        return;
    }
    let names = groups.iter().map(|group| width(&group.label)).max().unwrap_or(0).min(NAME_WIDTH);
    let columns = columns(report);
    let titles = columns.iter().flat_map(|column| &column.head).map(|line| width(line));
    let cells = Verdict::ALL.into_iter().map(Some).chain([None]).map(|verdict| width(&words(verdict).1));
    let cell = titles.chain(cells).max().unwrap_or(0);
    let room = (layout.columns.saturating_sub(names + GUTTER) / (cell + GUTTER)).max(1);
    // Where not all have room, a part is about one target.
    let parts: Vec<&[Column]> = match columns.len() {
        all if all <= room => vec![&columns],
        _ => columns.chunk_by(|one, next| one.target == next.target).flat_map(|of| of.chunks(room)).collect(),
    };
    for part in parts {
        head(part, names, cell, page);
        for group in &groups {
            let cells: Vec<(Tone, String)> =
                part.iter().map(|column| words(verdict(group, column))).collect();
            let mut row = vec![(Tone::Strong, group.label.as_str(), names)];
            row.extend(cells.iter().map(|(tone, text)| (*tone, text.as_str(), cell)));
            let alike = groups.iter().filter(|other| other.label == group.label).count();
            row.extend(which(group).filter(|_| alike > 1).map(|which| (Tone::Faint, which, 0)));
            page.cells(&row);
        }
        page.gap();
    }
}

/// What tells it from another of the same name.
fn which<'a>(group: &Group<'a>) -> Option<&'a str> {
    let one = &group.reports.first()?.distribution;
    Some(one.tags.first().unwrap_or(&one.source))
}

fn columns(report: &Report) -> Vec<Column> {
    let platforms: Vec<Option<Platform>> = match report.platforms.as_slice() {
        [] => vec![None],
        some => some.iter().copied().map(Some).collect(),
    };
    let of_target = |target: &Target| {
        let target = *target;
        platforms.iter().map(move |platform| Column {
            target,
            platform: *platform,
            head: titles(target, *platform),
        })
    };
    report.targets.iter().flat_map(of_target).collect()
}

/// `3.14t`, and under it the platform's system and machine.
fn titles(target: Target, platform: Option<Platform>) -> Vec<String> {
    let (system, machine) = platform.and_then(|platform| platform.id().rsplit_once('-')).unwrap_or_default();
    let lines = [target.to_string(), system.to_owned(), machine.to_owned()];
    lines.into_iter().filter(|line| !line.is_empty()).collect()
}

fn head(columns: &[Column], names: usize, cell: usize, page: &mut Page) {
    let lines = columns.iter().map(|column| column.head.len()).max().unwrap_or(0);
    for line in 0..lines {
        let mut cells = vec![(Tone::Plain, "", names)];
        let titles = columns.iter().map(|column| column.head.get(line).map_or("", String::as_str));
        cells.extend(titles.map(|title| (Tone::Strong, title, cell)));
        page.cells(&cells);
    }
}

/// The worst of what it is there; none where it was not asked for.
fn verdict(group: &Group<'_>, column: &Column) -> Option<Verdict> {
    let here = group.judged(column.target).filter(|(report, _)| {
        // What was named itself was judged for the target, wherever that runs.
        report.platform().is_none() || column.platform.is_none() || report.platform() == column.platform
    });
    here.map(|(_, judgement)| judgement.verdict).max()
}

fn words(verdict: Option<Verdict>) -> (Tone, String) {
    match verdict.map(look) {
        Some((tone, sign, word)) => (tone, format!("{sign} {word}")),
        None => (Tone::Faint, "· not asked".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::super::{View, render};
    use super::*;
    use crate::model::made_up;

    fn rendered(report: &Report, columns: usize) -> String {
        let layout = Layout { view: View::Matrix, columns, width: columns.min(120), ..Layout::plain() };
        render(report, &layout, &[])
    }

    fn report() -> Report {
        let mut report = made_up::on_platforms(&Platform::ALL);
        report.targets.push(Target::Py315t);
        let wide =
            Platform::ALL.map(|platform| made_up::chosen("模块-wide", platform, Verdict::Undetermined));
        report.distributions.extend(wide);
        for one in &mut report.distributions {
            let verdict = one.verdicts[&Target::Py314t].verdict;
            if verdict != Verdict::PurePython {
                one.verdicts.insert(Target::Py315t, made_up::judgement(verdict));
            }
        }
        report.sorted()
    }

    #[test]
    fn it_is_split_where_the_terminal_is_narrow() {
        insta::assert_snapshot!(rendered(&report(), 80), @"
        targets 3.14t, 3.15t on 7 platforms · 4 distributions · 3 extension modules

                       3.14t        3.14t        3.14t        3.14t        3.14t
                       linux        linux        linux-musl   macos        macos
                       x86_64       aarch64      x86_64       arm64        x86_64
        lxml 1.0       ● GIL on     ● GIL on     ● GIL on     ● GIL on     ● GIL on
        numpy 1.0      ✓ GIL off    ✓ GIL off    ✓ GIL off    ✓ GIL off    ✓ GIL off
        模块-wide 1.0  ? unknown    ? unknown    ? unknown    ? unknown    ? unknown
        idna 1.0       · pure       · pure       · pure       · pure       · pure

                       3.14t        3.14t
                       windows      windows
                       x86_64       arm64
        lxml 1.0       ● GIL on     ● GIL on
        numpy 1.0      ✓ GIL off    ? source
        模块-wide 1.0  ? unknown    ? unknown
        idna 1.0       · pure       · pure

                       3.15t        3.15t        3.15t        3.15t        3.15t
                       linux        linux        linux-musl   macos        macos
                       x86_64       aarch64      x86_64       arm64        x86_64
        lxml 1.0       ● GIL on     ● GIL on     ● GIL on     ● GIL on     ● GIL on
        numpy 1.0      ✓ GIL off    ✓ GIL off    ✓ GIL off    ✓ GIL off    ✓ GIL off
        模块-wide 1.0  ? unknown    ? unknown    ? unknown    ? unknown    ? unknown
        idna 1.0       · not asked  · not asked  · not asked  · not asked  · not asked

                       3.15t        3.15t
                       windows      windows
                       x86_64       arm64
        lxml 1.0       ● GIL on     ● GIL on
        numpy 1.0      ✓ GIL off    ? source
        模块-wide 1.0  ? unknown    ? unknown
        idna 1.0       · not asked  · not asked

        On 3.14t, at worst over 7 platforms, 1 of 4 distributions turns the GIL on, 1
          has no wheel, none leaves it off, 1 is pure Python, 1 is undetermined.
        On 3.15t, at worst over 7 platforms, 1 of 3 distributions turns the GIL on, 1
          has no wheel, none leaves it off, 1 is undetermined.
        ");
    }

    #[test]
    fn it_stands_in_one_where_there_is_room() {
        insta::assert_snapshot!(rendered(&report(), 200), @"
        targets 3.14t, 3.15t on 7 platforms · 4 distributions · 3 extension modules

                       3.14t        3.14t        3.14t        3.14t        3.14t        3.14t        3.14t        3.15t        3.15t        3.15t        3.15t        3.15t        3.15t        3.15t
                       linux        linux        linux-musl   macos        macos        windows      windows      linux        linux        linux-musl   macos        macos        windows      windows
                       x86_64       aarch64      x86_64       arm64        x86_64       x86_64       arm64        x86_64       aarch64      x86_64       arm64        x86_64       x86_64       arm64
        lxml 1.0       ● GIL on     ● GIL on     ● GIL on     ● GIL on     ● GIL on     ● GIL on     ● GIL on     ● GIL on     ● GIL on     ● GIL on     ● GIL on     ● GIL on     ● GIL on     ● GIL on
        numpy 1.0      ✓ GIL off    ✓ GIL off    ✓ GIL off    ✓ GIL off    ✓ GIL off    ✓ GIL off    ? source     ✓ GIL off    ✓ GIL off    ✓ GIL off    ✓ GIL off    ✓ GIL off    ✓ GIL off    ? source
        模块-wide 1.0  ? unknown    ? unknown    ? unknown    ? unknown    ? unknown    ? unknown    ? unknown    ? unknown    ? unknown    ? unknown    ? unknown    ? unknown    ? unknown    ? unknown
        idna 1.0       · pure       · pure       · pure       · pure       · pure       · pure       · pure       · not asked  · not asked  · not asked  · not asked  · not asked  · not asked  · not asked

        On 3.14t, at worst over 7 platforms, 1 of 4 distributions turns the GIL on, 1 has no wheel, none leaves it off, 1 is
          pure Python, 1 is undetermined.
        On 3.15t, at worst over 7 platforms, 1 of 3 distributions turns the GIL on, 1 has no wheel, none leaves it off, 1 is
          undetermined.
        ");
    }

    #[test]
    fn what_was_named_itself_has_a_column_for_each_target() {
        insta::assert_snapshot!(rendered(&made_up::report(), 80), @"
        target 3.14t · 7 distributions · 11 extension modules

        ✗ oldenv/lib/python3.12/site-packages is an environment of CPython 3.12 with the
          GIL: 3.14t can use none of its extension modules (1 in 1 distribution); none
          of them declares that it does not need the GIL, which says nothing, since most
          builds for a Python with the GIL leave that out
            audit an environment of 3.14t, or wheels for it (-v lists the modules)

                    3.14t
        gone 1.0    ✗ no load
        old 1.0     ✗ no load
        vector 1.0  ✗ no load
        lxml 1.0    ● GIL on
        numpy 1.0   ✓ GIL off
        x.so        · library
        idna 1.0    · pure

        not read: broken-1.0-cp314-cp314t-linux_x86_64.whl: is cut off: the central
          directory is missing
            hint: download it again
        note: wheels: is a folder of wheels: 1 is audited

        On 3.14t, 1 of 7 distributions turns the GIL on, 3 do not load, 1 leaves it off,
          1 has no extension modules, 1 is pure Python, none is undetermined.
        Imported under CPython 3.14.7t: 1 of 1 module did what was read.
        Protections in force: files, network.
        1 finding does not count, by ignores or the baseline.
        1 thing was not read: this audit is not complete.
        With the database embedded: 215 packages, of 2026-11-21 (1a2b3c4d).
        ");
    }
}
