//! The report for people: a line for each distribution, worst first, under it what is not fine and what to do,
//! and at the end a sentence that says it all.

pub(super) mod choice;
pub(super) mod details;
mod explanation;
pub(super) mod group;
mod matrix;
pub(super) mod page;
mod runtime;
pub(super) mod table;

use super::environment::{plural, sentence};
use super::known::human::sentence as database_sentence;
use super::summary::unread;
use crate::model::{DistributionReport, Finding, Note, Reason, Report, RuleText, Target, Verdict};
use group::Group;
use page::{Page, Tone};
use std::collections::BTreeMap;
use std::collections::BTreeSet;

/// How the report looks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Layout {
    /// How much is told.
    pub detail: Detail,
    /// Whether colours are used. They only repeat what words and signs say.
    pub coloured: bool,
    /// Columns that a sentence may take.
    pub width: usize,
    /// How the distributions are shown.
    pub view: View,
    /// Columns that there are, for what is no sentence.
    pub columns: usize,
    /// Whether the rules are explained that found something.
    pub explains: bool,
}

impl Layout {
    /// What suits a file: no colours, 80 columns, and nothing that was not asked for.
    #[must_use]
    pub const fn plain() -> Self {
        Self {
            detail: Detail::Normal,
            coloured: false,
            width: 80,
            view: View::List,
            columns: 80,
            explains: false,
        }
    }
}

/// How distributions are shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum View {
    /// A line for each, and what is not fine under it.
    List,
    /// A line for each, with a column for every target and platform.
    Matrix,
}

/// How much is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Detail {
    /// The last sentence.
    Summary,
    /// A line for each distribution, and what is not fine in it.
    Normal,
    /// Every module with all evidence.
    Everything,
}

/// More pure-Python distributions than this get a line together.
const PURE_LISTED: usize = 5;

/// Writes the report. The rules are what it explains, where it is to explain any.
#[must_use]
pub fn render(report: &Report, layout: &Layout, rules: &[RuleText]) -> String {
    let mut page = Page::new(layout);
    if layout.detail > Detail::Summary {
        heading(report, &mut page);
        environments(report, layout, &mut page);
        match layout.view {
            View::List => distributions(report, layout, &mut page),
            View::Matrix => matrix::write(report, layout, &mut page),
        }
        notes(report, layout, &[true, false], &mut page);
        if layout.explains {
            explanation::write(report, rules, &mut page);
        }
    }
    summary(report, layout.detail, &mut page);
    for database in &report.databases {
        page.paragraph(0, Tone::Faint, &format!("With the {}.", database_sentence(database)));
    }
    page.finish()
}

/// Of the report, what was found.
pub(super) fn found(report: &Report, layout: &Layout) -> String {
    let mut page = Page::new(layout);
    environments(report, layout, &mut page);
    distributions(report, layout, &mut page);
    page.finish()
}

/// Of the report, what was not read.
pub(super) fn not_read(report: &Report, layout: &Layout) -> String {
    let mut page = Page::new(layout);
    notes(report, layout, &[true], &mut page);
    page.finish()
}

/// `target 3.14t · 4 distributions · 31 extension modules`
fn heading(report: &Report, page: &mut Page) {
    let targets: Vec<String> = report.targets.iter().map(ToString::to_string).collect();
    let groups = group::groups(report.distributions.iter());
    let (distributions, modules) = (groups.len(), groups.iter().map(Group::extensions).sum());
    let on = match report.platforms.as_slice() {
        [] => String::new(),
        [one] => format!(" on {one}"),
        several => format!(" on {} platforms", several.len()),
    };
    let judged_for = match targets.as_slice() {
        [] => "no target".to_owned(),
        targets => format!("{} {}", plural(targets.len(), "target"), targets.join(", ")),
    };
    // What was not judged was not told from libraries either.
    let modules = match targets.as_slice() {
        [] => String::new(),
        _ => format!(" · {modules} extension {}", plural(modules, "module")),
    };
    let distribution = plural(distributions, "distribution");
    let text = format!("{judged_for}{on} · {distributions} {distribution}{modules}");
    page.paragraph(0, Tone::Strong, &text);
    page.gap();
}

fn environments(report: &Report, layout: &Layout, page: &mut Page) {
    for environment in &report.environments {
        let text = format!("✗ {}", sentence(environment, &report.targets));
        page.paragraph(0, Tone::Bad, &text);
        let targets: Vec<String> = report.targets.iter().map(ToString::to_string).collect();
        let mut help = format!("audit an environment of {}, or wheels for it", targets.join(" or "));
        if layout.detail < Detail::Everything {
            help += " (-v lists the modules)";
        }
        page.paragraph(4, Tone::Help, &help);
        page.gap();
    }
}

/// Those that have a line of their own, worst first, and how many pure ones share one.
fn listed<'a>(report: &'a Report, layout: &Layout) -> (Vec<Group<'a>>, usize) {
    let everything = layout.detail == Detail::Everything;
    let told_together = |distribution: &DistributionReport| {
        let source = &distribution.distribution.source;
        group::worst(distribution) == Verdict::IncompatibleAbi
            && report.environments.iter().any(|environment| environment.source == *source)
            && !details::has_more_to_tell(report, distribution)
    };
    let mut listed =
        group::groups(report.distributions.iter().filter(|one| everything || !told_together(one)));
    listed.sort_by_key(|group| std::cmp::Reverse(group.worst()));
    let is_pure = |group: &Group<'_>| group.is_judged() && group.worst() == Verdict::PurePython;
    let pure = listed.iter().filter(|one| is_pure(one)).count();
    if pure <= PURE_LISTED || everything {
        return (listed, 0);
    }
    listed.retain(|one| !is_pure(one));
    (listed, pure)
}

fn distributions(report: &Report, layout: &Layout, page: &mut Page) {
    let (listed, pure) = listed(report, layout);
    let table = table::Table::new(report, &listed);
    if !listed.is_empty() {
        table.head(page);
    }
    for group in &listed {
        table.rows(group, page);
        // The tags in the table tell one wheel from another.
        let names_source = table.is_ambiguous(group)
            && group.reports.iter().all(|report| report.distribution.tags.is_empty());
        details::write(report, group, names_source, layout.detail, page);
    }
    if pure > 0 {
        let text = format!("· {pure} distributions are pure Python (-v lists them)");
        page.paragraph(0, Tone::Faint, &text);
    }
    if !listed.is_empty() || pure > 0 {
        page.gap();
    }
}

/// What one reason is about is listed up to here.
const NOTES_SHOWN: usize = 5;

/// What was not read first, without the modules that were not and stand above.
fn notes(report: &Report, layout: &Layout, kinds: &[bool], page: &mut Page) {
    let (listed, _) = listed(report, layout);
    let listed = if layout.view == View::List { listed } else { Vec::new() };
    let shown = listed.iter().filter(|group| details::shows_modules(group, layout.detail));
    let shown = shown.flat_map(|group| group.reports.iter().copied());
    let told: BTreeSet<String> = shown.flat_map(unread_modules).collect();
    let notes: Vec<&Note> =
        report.notes.iter().filter(|note| !note.unread || !told.contains(&note.about)).collect();
    for unread in kinds.iter().copied() {
        let (title, tone) = if unread { ("not read", Tone::Bad) } else { ("note", Tone::Faint) };
        // A server that does not answer is one reason for many.
        let mut by_reason: Vec<(&str, Vec<&str>)> = Vec::new();
        for Note { about, why, .. } in notes.iter().filter(|note| note.unread == unread) {
            match by_reason.iter_mut().find(|(known, _)| known == why) {
                Some((_, all)) => all.push(about),
                None => by_reason.push((why, vec![about])),
            }
        }
        for (why, about) in by_reason {
            let mut lines = why.lines();
            let why = lines.next().unwrap_or("");
            let shown = if layout.detail == Detail::Everything { about.len() } else { NOTES_SHOWN };
            let more = about.len().saturating_sub(shown);
            let more = if more > 0 { format!(" and {more} more (-v lists them)") } else { String::new() };
            let about = about.iter().take(shown).copied().collect::<Vec<_>>().join(", ");
            page.paragraph(0, tone, &format!("{title}: {about}{more}: {why}"));
            for line in lines {
                page.paragraph(4, Tone::Help, line);
            }
        }
    }
    if !notes.is_empty() {
        page.gap();
    }
}

/// As notes name them.
fn unread_modules(report: &DistributionReport) -> impl Iterator<Item = String> {
    let unread = report.modules.iter().filter(|module| {
        module.verdicts.values().any(|judgement| matches!(judgement.reason, Reason::Unread(_)))
    });
    unread.map(|module| format!("{}: {}", report.distribution.source, module.member.path))
}

fn summary(report: &Report, detail: Detail, page: &mut Page) {
    let unread = unread(report);
    for target in &report.targets {
        page.paragraph(0, Tone::Strong, &sentence_for(report, *target));
    }
    if report.targets.is_empty() {
        page.paragraph(
            0,
            Tone::Strong,
            "No wheel is for a free-threaded Python that is known: none was judged.",
        );
    }
    runtime::summary(report, page);
    let also = counted(report, |finding| finding.suppressed.is_none() && ALSO_WRONG.contains(&finding.rule));
    if !also.is_empty() {
        page.paragraph(0, Tone::Bad, &format!("Also found: {also}."));
    }
    let leads = counted(report, details::is_lead);
    if !leads.is_empty() {
        let where_to = if detail == Detail::Everything { "" } else { " (-v lists them)" };
        page.paragraph(0, Tone::Faint, &format!("Leads, which prove nothing: {leads}{where_to}."));
    }
    let suppressed = report.findings.iter().filter(|finding| finding.suppressed.is_some()).count();
    if suppressed > 0 {
        let (noun, verb) = if suppressed == 1 { ("finding", "does") } else { ("findings", "do") };
        page.paragraph(
            0,
            Tone::Faint,
            &format!("{suppressed} {noun} {verb} not count, by ignores or the baseline."),
        );
    }
    if unread > 0 {
        let (things, were) = if unread == 1 { ("thing", "was") } else { ("things", "were") };
        page.paragraph(
            0,
            Tone::Bad,
            &format!("{unread} {things} {were} not read: this audit is not complete."),
        );
    }
}

/// `2 × known-crash, 1 × known-unsafe`: the rules of these findings.
fn counted(report: &Report, which: impl Fn(&Finding) -> bool) -> String {
    let mut rules: BTreeMap<&str, usize> = BTreeMap::new();
    for finding in report.findings.iter().filter(|finding| which(finding)) {
        *rules.entry(finding.rule).or_default() += 1;
    }
    let rules: Vec<String> = rules.iter().map(|(rule, count)| format!("{count} × {rule}")).collect();
    rules.join(", ")
}

/// Rules whose findings no verdict shows.
const ALSO_WRONG: [&str; 5] =
    ["crashes-on-import", "hash-mismatch", "known-crash", "known-unsafe", "runtime-contradicts-static"];

/// `On 3.14t, 1 of 4 distributions turns the GIL on, 3 leave it off, none is undetermined.`
pub(super) fn sentence_for(report: &Report, target: Target) -> String {
    let groups = group::groups(report.distributions.iter());
    let on = match report.platforms.as_slice() {
        [] => String::new(),
        [one] => format!(" on {one}"),
        several => format!(", at worst over {} platforms", several.len()),
    };
    if let [only] = groups.as_slice()
        && let Some(verdict) = only.worst_for(target)
    {
        return format!("On {target}{on}, {} {}.", only.label, alone(verdict));
    }
    let mut counts: BTreeMap<Verdict, usize> = BTreeMap::new();
    for verdict in groups.iter().filter_map(|group| group.worst_for(target)) {
        *counts.entry(verdict).or_default() += 1;
    }
    let count = |verdict| counts.get(&verdict).copied().unwrap_or(0);
    let part = |verdict, one: &str, many: &str| match count(verdict) {
        0 => format!("none {one}"),
        1 => format!("1 {one}"),
        several => format!("{several} {many}"),
    };
    // What is not for this target is none of those that it says something of.
    let total: usize = counts.values().sum();
    let of = format!("of {total} {} ", plural(total, "distribution"));
    let mut parts =
        vec![part(Verdict::RequiresGil, &format!("{of}turns the GIL on"), &format!("{of}turn the GIL on"))];
    if count(Verdict::NotAvailable) > 0 {
        parts.push(part(Verdict::NotAvailable, "cannot be installed", "cannot be installed"));
    }
    if count(Verdict::SourceOnly) > 0 {
        parts.push(part(Verdict::SourceOnly, "has no wheel", "have no wheel"));
    }
    if count(Verdict::IncompatibleAbi) > 0 {
        parts.push(part(Verdict::IncompatibleAbi, "does not load", "do not load"));
    }
    parts.push(part(Verdict::GilFree, "leaves it off", "leave it off"));
    if count(Verdict::NotAnExtension) > 0 {
        parts.push(part(Verdict::NotAnExtension, "has no extension modules", "have no extension modules"));
    }
    if count(Verdict::PurePython) > 0 {
        parts.push(part(Verdict::PurePython, "is pure Python", "are pure Python"));
    }
    parts.push(part(Verdict::Undetermined, "is undetermined", "are undetermined"));
    format!("On {target}{on}, {}.", parts.join(", "))
}

pub(super) fn alone(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::PurePython => "is pure Python",
        Verdict::NotAnExtension => "has no extension modules",
        Verdict::GilFree => "leaves the GIL off",
        Verdict::Undetermined => "is undetermined",
        Verdict::SourceOnly => "has no wheel, and would be compiled",
        Verdict::NotAvailable => "cannot be installed",
        Verdict::RequiresGil => "turns the GIL on",
        Verdict::IncompatibleAbi => "does not load",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Platform, made_up};

    fn rendered(report: &Report, detail: Detail) -> String {
        render(report, &Layout { detail, ..Layout::plain() }, &[])
    }

    #[test]
    fn something_of_everything() {
        insta::assert_snapshot!(rendered(&made_up::report(), Detail::Normal), @r"
        target 3.14t · 7 distributions · 11 extension modules

        ✗ oldenv/lib/python3.12/site-packages is an environment of CPython 3.12 with the
          GIL: 3.14t can use none of its extension modules (1 in 1 distribution); none
          of them declares that it does not need the GIL, which says nothing, since most
          builds for a Python with the GIL leave that out
            audit an environment of 3.14t, or wheels for it (-v lists the modules)

        ✗ old 1.0     cannot be installed  1 module, tagged cp312-cp312
        ✗ vector 1.0  does not load        1 of 3 modules
            vector.gui  was built for Python with the GIL: 3.14t has another object
              layout, and fails to import it or crashes; built by Cython 3.1.4
              it imports _Py_Dealloc, which only code for the GIL build calls
            vector._\u{1b}[2J\u{202e}evil  cannot be told: a loop that depends on an
              unknown value; built by Cython 3.1.4
              the analysis of PyInit_x stopped at 0x1180
            mislabelled-binary: foo.x is what mislabelled-binary is about
            ask upstream
        ● lxml 1.0    turns the GIL on     4 of 4 modules
            pulled in by app (requirements.txt:3)
            fixed in 1.2
            lxml-1.0.whl: its tag fits best
            lxml.builder  declares Py_MOD_GIL_USED in its Py_mod_gil slot; built by
              Cython 3.1.4
              Py_mod_gil (slot 4) = 0 (Py_MOD_GIL_USED) at 0x3f40, read when
                PyModuleDef_Init got the definition at 0x4000
            … and 3 more, same reason (-v lists them)
            does not count (gil-reenabled): used by one report, in a process of its own
        ✓ numpy 1.0   leaves the GIL off   2 modules
        · x.so        no extension module  1 file
            from venv/lib/python3.14t/site-packages
        · idna 1.0    pure Python

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

    #[test]
    fn leads_are_counted_and_listed_where_everything_is() {
        let mut report = made_up::report_of(&[Verdict::GilFree]);
        let mut lead = made_up::finding("shared-state");
        lead.distribution = report.distributions[0].distribution.to_string();
        lead.source.clone_from(&report.distributions[0].distribution.source);
        lead.level = crate::model::Level::Warn;
        report.findings = vec![lead];
        let normal = rendered(&report, Detail::Normal);
        assert!(normal.contains("Leads, which prove nothing: 1 × shared-state (-v lists them)."), "{normal}");
        assert!(!normal.contains("shared-state: "), "{normal}");
        let everything = rendered(&report, Detail::Everything);
        assert!(everything.contains("    shared-state: "), "{everything}");
        // Who makes it count wants to see it.
        report.findings[0].level = crate::model::Level::Deny;
        let counting = rendered(&report, Detail::Normal);
        assert!(counting.contains("    shared-state: ") && !counting.contains("Leads"), "{counting}");
    }

    #[test]
    fn everything_of_everything() {
        insta::assert_snapshot!(rendered(&made_up::report(), Detail::Everything), @r"
        target 3.14t · 7 distributions · 11 extension modules

        ✗ oldenv/lib/python3.12/site-packages is an environment of CPython 3.12 with the
          GIL: 3.14t can use none of its extension modules (1 in 1 distribution); none
          of them declares that it does not need the GIL, which says nothing, since most
          builds for a Python with the GIL leave that out
            audit an environment of 3.14t, or wheels for it

        ✗ gone 1.0    does not load        1 of 1 module
            from oldenv/lib/python3.12/site-packages
            g  was built for Python with the GIL: 3.14t has another object layout, and
              fails to import it or crashes; built by Cython 3.1.4
              it imports _Py_Dealloc, which only code for the GIL build calls
              g.so
        ✗ old 1.0     cannot be installed  1 module, tagged cp312-cp312
            from old-1.0.whl
            old.x  was built for Python with the GIL: 3.14t has another object layout,
              and fails to import it or crashes; built by Cython 3.1.4
              it imports _Py_Dealloc, which only code for the GIL build calls
              old/x.cpython-312-darwin.so
        ✗ vector 1.0  does not load        1 of 3 modules
            from vector-1.0.whl
            vector.gui  was built for Python with the GIL: 3.14t has another object
              layout, and fails to import it or crashes; built by Cython 3.1.4
              it imports _Py_Dealloc, which only code for the GIL build calls
              vector/gui.cpython-314t-x86_64-linux-gnu.so
            vector._\u{1b}[2J\u{202e}evil  cannot be told: a loop that depends on an
              unknown value; built by Cython 3.1.4
              the analysis of PyInit_x stopped at 0x1180
              vector/_\u{1b}[2J\u{202e}evil.cpython-314t-x86_64-linux-gnu.so
            vector.core  declares Py_MOD_GIL_NOT_USED in its Py_mod_gil slot; built by
              Cython 3.1.4
              Py_mod_gil (slot 4) = 1 (Py_MOD_GIL_NOT_USED) at 0x3f40, read when
                PyModuleDef_Init got the definition at 0x4000
              vector/core.cpython-314t-x86_64-linux-gnu.so
            mislabelled-binary: foo.x is what mislabelled-binary is about
            ask upstream
        ● lxml 1.0    turns the GIL on     4 of 4 modules
            from lxml-1.0.whl for linux-x86_64
            pulled in by app (requirements.txt:3)
            fixed in 1.2
            lxml-1.0.whl: its tag fits best
            lxml.builder  declares Py_MOD_GIL_USED in its Py_mod_gil slot; built by
              Cython 3.1.4
              Py_mod_gil (slot 4) = 0 (Py_MOD_GIL_USED) at 0x3f40, read when
                PyModuleDef_Init got the definition at 0x4000
              lxml/builder.cpython-314t-x86_64-linux-gnu.so
            lxml.etree  declares Py_MOD_GIL_USED in its Py_mod_gil slot; built by Cython
              3.1.4
              Py_mod_gil (slot 4) = 0 (Py_MOD_GIL_USED) at 0x3f40, read when
                PyModuleDef_Init got the definition at 0x4000
              lxml/etree.cpython-314t-x86_64-linux-gnu.so
            lxml.html.diff  declares Py_MOD_GIL_USED in its Py_mod_gil slot; built by
              Cython 3.1.4
              Py_mod_gil (slot 4) = 0 (Py_MOD_GIL_USED) at 0x3f40, read when
                PyModuleDef_Init got the definition at 0x4000
              lxml/html/diff.cpython-314t-x86_64-linux-gnu.so
            lxml.x  declares Py_MOD_GIL_USED in its Py_mod_gil slot; built by Cython
              3.1.4
              Py_mod_gil (slot 4) = 0 (Py_MOD_GIL_USED) at 0x3f40, read when
                PyModuleDef_Init got the definition at 0x4000
              lxml/x.cpython-314t-x86_64-linux-gnu.so
            confirmed on 3.14t: lxml.x was imported and turned the GIL on
              lxml.x ← lxml
            does not count (gil-reenabled): used by one report, in a process of its own
        ✓ numpy 1.0   leaves the GIL off   2 modules
            from numpy-1.0.whl
            numpy._core._multiarray_umath  declares Py_MOD_GIL_NOT_USED in its
              Py_mod_gil slot; built by Cython 3.1.4
              Py_mod_gil (slot 4) = 1 (Py_MOD_GIL_NOT_USED) at 0x3f40, read when
                PyModuleDef_Init got the definition at 0x4000
              numpy/_core/_multiarray_umath.cpython-314t-x86_64-linux-gnu.so
            numpy.fft._pocketfft_umath  declares Py_MOD_GIL_NOT_USED in its Py_mod_gil
              slot; built by Cython 3.1.4
              Py_mod_gil (slot 4) = 1 (Py_MOD_GIL_NOT_USED) at 0x3f40, read when
                PyModuleDef_Init got the definition at 0x4000
              numpy/fft/_pocketfft_umath.cpython-314t-x86_64-linux-gnu.so
        · x.so        no extension module  1 file
            from venv/lib/python3.14t/site-packages
            x  has no PyInit_x; built by Cython 3.1.4
              x.so
        · idna 1.0    pure Python
            from idna-1.0.whl

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

    #[test]
    fn several_targets_have_a_column_each() {
        let mut report = made_up::report();
        report.targets = vec![Target::Py314t, Target::Py315t];
        report.environments.clear();
        for distribution in &mut report.distributions {
            let tags =
                matches!(distribution.verdicts[&Target::Py314t].reason, Reason::TagNotInstallable { .. });
            let verdict = if tags { Verdict::IncompatibleAbi } else { Verdict::GilFree };
            distribution.verdicts.insert(Target::Py315t, made_up::judgement(verdict));
            for module in &mut distribution.modules {
                module.verdicts.insert(Target::Py315t, made_up::judgement(Verdict::GilFree));
            }
        }
        insta::assert_snapshot!(rendered(&report, Detail::Normal), @r"
        targets 3.14t, 3.15t · 7 distributions · 12 extension modules

                    3.14t      3.15t
        gone 1.0    ✗ no load  ✓ GIL off
            g  was built for Python with the GIL: 3.14t has another object layout, and
              fails to import it or crashes; built by Cython 3.1.4
              it imports _Py_Dealloc, which only code for the GIL build calls
        old 1.0     ✗ no load  ✗ no load
            cannot be installed on 3.14t: its wheel is tagged cp312-cp312
        vector 1.0  ✗ no load  ✓ GIL off
            vector.gui  was built for Python with the GIL: 3.14t has another object
              layout, and fails to import it or crashes; built by Cython 3.1.4
              it imports _Py_Dealloc, which only code for the GIL build calls
            vector._\u{1b}[2J\u{202e}evil  3.14t: cannot be told: a loop that depends on
              an unknown value; built by Cython 3.1.4
              the analysis of PyInit_x stopped at 0x1180
            mislabelled-binary: foo.x is what mislabelled-binary is about
            ask upstream
        lxml 1.0    ● GIL on   ✓ GIL off
            pulled in by app (requirements.txt:3)
            fixed in 1.2
            lxml-1.0.whl: its tag fits best
            lxml.builder  3.14t: declares Py_MOD_GIL_USED in its Py_mod_gil slot; built
              by Cython 3.1.4
              Py_mod_gil (slot 4) = 0 (Py_MOD_GIL_USED) at 0x3f40, read when
                PyModuleDef_Init got the definition at 0x4000
            … and 3 more, same reason (-v lists them)
            does not count (gil-reenabled): used by one report, in a process of its own
        x.so        · library  ✓ GIL off
            from venv/lib/python3.14t/site-packages
        idna 1.0    · pure     ✓ GIL off
        numpy 1.0   ✓ GIL off  ✓ GIL off

        not read: broken-1.0-cp314-cp314t-linux_x86_64.whl: is cut off: the central
          directory is missing
            hint: download it again
        note: wheels: is a folder of wheels: 1 is audited

        On 3.14t, 1 of 7 distributions turns the GIL on, 3 do not load, 1 leaves it off,
          1 has no extension modules, 1 is pure Python, none is undetermined.
        On 3.15t, none of 7 distributions turns the GIL on, 1 does not load, 6 leave it
          off, none is undetermined.
        Imported under CPython 3.14.7t: 1 of 1 module did what was read.
        Protections in force: files, network.
        1 finding does not count, by ignores or the baseline.
        1 thing was not read: this audit is not complete.
        With the database embedded: 215 packages, of 2026-11-21 (1a2b3c4d).
        ");
    }

    #[test]
    fn several_platforms_have_a_line_for_each_verdict() {
        use Platform::{LinuxX86_64, MacosArm64, WindowsArm64};
        let report = made_up::on_platforms(&[LinuxX86_64, MacosArm64, WindowsArm64]);
        insta::assert_snapshot!(rendered(&report, Detail::Normal), @"
        target 3.14t on 3 platforms · 3 distributions · 2 extension modules

        ● lxml 1.0   turns the GIL on     on all 3 platforms
            pulled in by app (requirements.txt:3)
            files for linux-x86_64:
            lxml-1.0.whl: its tag fits best
            files for macos-arm64:
            lxml-1.0.whl: its tag fits best
            files for windows-arm64:
            lxml-1.0.whl: its tag fits best
            foo.x  declares Py_MOD_GIL_USED in its Py_mod_gil slot; built by Cython
              3.1.4
              Py_mod_gil (slot 4) = 0 (Py_MOD_GIL_USED) at 0x3f40, read when
                PyModuleDef_Init got the definition at 0x4000
        ? numpy 1.0  has no wheel         on windows-arm64
        ✓            leaves the GIL off   on all but windows-arm64
            has no wheel that fits: foo-1.0.tar.gz would be compiled
            pulled in by app (requirements.txt:3)
            files for linux-x86_64:
            numpy-1.0.whl: its tag fits best
            files for macos-arm64:
            numpy-1.0.whl: its tag fits best
            files for windows-arm64:
            numpy-1.0.whl: its tag fits best
        · idna 1.0   pure Python          on all 3 platforms
            files for linux-x86_64:
            idna-1.0.whl: its tag fits best
            files for macos-arm64:
            idna-1.0.whl: its tag fits best
            files for windows-arm64:
            idna-1.0.whl: its tag fits best

        On 3.14t, at worst over 3 platforms, 1 of 3 distributions turns the GIL on, 1
          has no wheel, none leaves it off, 1 is pure Python, none is undetermined.
        ");
        insta::assert_snapshot!(rendered(&report, Detail::Summary), @"
        On 3.14t, at worst over 3 platforms, 1 of 3 distributions turns the GIL on, 1
          has no wheel, none leaves it off, 1 is pure Python, none is undetermined.
        ");
    }

    #[test]
    fn the_summary_can_be_understood_alone() {
        insta::assert_snapshot!(rendered(&made_up::report(), Detail::Summary), @"
        On 3.14t, 1 of 7 distributions turns the GIL on, 3 do not load, 1 leaves it off,
          1 has no extension modules, 1 is pure Python, none is undetermined.
        Imported under CPython 3.14.7t: 1 of 1 module did what was read.
        Protections in force: files, network.
        1 finding does not count, by ignores or the baseline.
        1 thing was not read: this audit is not complete.
        With the database embedded: 215 packages, of 2026-11-21 (1a2b3c4d).
        ");
        let fine = made_up::report_of(&[Verdict::GilFree; 4]);
        insta::assert_snapshot!(rendered(&fine, Detail::Summary), @r"
        On 3.14t, none of 4 distributions turns the GIL on, 4 leave it off, none is
          undetermined.
        ");
    }

    #[test]
    fn what_rules_find_is_told_of_an_environment_too() {
        let mut report = made_up::report();
        let mut finding = made_up::finding("hash-mismatch");
        finding.distribution = "gone 1.0".to_owned();
        report.environments[0].source.clone_into(&mut finding.source);
        assert!(!rendered(&report, Detail::Normal).contains("gone 1.0"));
        report.findings.push(finding);
        assert!(rendered(&report, Detail::Normal).contains("hash-mismatch: foo.x is what"));
    }

    #[test]
    fn what_was_not_read_is_told_even_where_its_distribution_is_not() {
        let mut report = made_up::report();
        let environment = report.environments[0].source.clone();
        report.notes.push(Note::unread(format!("{environment}: g.so"), "is empty"));
        assert!(rendered(&report, Detail::Normal).contains("site-packages: g.so: is empty"));
    }

    #[test]
    fn many_pure_distributions_take_a_line() {
        let report = made_up::report_of(&[Verdict::PurePython; 6]);
        insta::assert_snapshot!(rendered(&report, Detail::Normal), @r"
        target 3.14t · 6 distributions · 0 extension modules

        · 6 distributions are pure Python (-v lists them)

        On 3.14t, none of 6 distributions turns the GIL on, none leaves it off, 6 are
          pure Python, none is undetermined.
        ");
    }

    #[test]
    fn colours_only_repeat_what_words_say() {
        let report = made_up::report();
        let layout = Layout { coloured: true, ..Layout::plain() };
        let coloured = render(&report, &layout, &[]);
        let stripped = anstream::adapter::strip_str(&coloured).to_string();
        assert_ne!(coloured, stripped);
        assert_eq!(stripped, rendered(&report, Detail::Normal));
    }

    #[test]
    fn lines_fit_in_80_columns() {
        let text = rendered(&made_up::report(), Detail::Everything);
        for line in text.lines() {
            assert!(page::width(line) <= 80, "{line}");
        }
    }
}
