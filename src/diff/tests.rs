//! Pairs of reports, written as the program writes them, and what is said of them.

use super::*;
use crate::model::Verdict;
use crate::saved::{SavedNote, parse};
use serde_json::{Value, json};

fn report(distributions: Value, findings: Value) -> SavedReport {
    let mut report = json!({
        "schema": "ftaudit/report/1",
        "targets": ["3.14t"],
        "platforms": [],
        "notes": [],
    });
    report["distributions"] = distributions;
    report["findings"] = findings;
    parse(report.to_string().as_bytes()).unwrap()
}

/// A distribution whose only module has its verdict.
fn one(name: &str, version: &str, verdict: &str) -> Value {
    json!({
        "name": name,
        "version": version,
        "source": format!("{name}-{version}.whl"),
        "verdicts": {"3.14t": verdict},
        "reasons": {},
        "modules": [{
            "name": format!("{name}.x"),
            "verdicts": {"3.14t": {"verdict": verdict, "message": "declares something"}},
        }],
    })
}

fn finding(name: &str, rule: &str, level: &str, suppressed: bool) -> Value {
    let suppressed = suppressed.then(|| json!({"by": "ignore", "reason": "known"}));
    json!({
        "rule": rule,
        "severity": if rule == "fixed-in" { "info" } else { "high" },
        "level": level,
        "suppressed": suppressed,
        "distribution": format!("{name} 2.0"),
        "platforms": [],
        "module": format!("{name}.x"),
        "message": format!("{name}.x is what {rule} is about"),
    })
}

/// The direction and weight of the only change.
fn change(old: (Value, Value), new: (Value, Value)) -> Option<(Direction, ChangeWeight)> {
    let difference = compare(&report(old.0, old.1), &report(new.0, new.1)).unwrap();
    assert!(difference.changes.len() < 2, "{difference:?}");
    difference.changes.first().map(|change| (change.direction, change.weight))
}

#[test]
fn what_was_not_ready_and_is_counts_for_nothing_and_the_other_way_round_is_worse() {
    let wheel = |version, verdict| (json!([one("foo", version, verdict)]), json!([]));
    let ready = || wheel("1.0", "gil-free");
    let not = || wheel("2.0", "requires-gil");
    assert_eq!(change(ready(), ready()), None);
    assert_eq!(change(ready(), not()), Some((Direction::Worse, ChangeWeight::Worse)));
    assert_eq!(change(not(), ready()), Some((Direction::Better, ChangeWeight::Nothing)));
    let unknown = || wheel("2.0", "undetermined");
    assert_eq!(change(ready(), unknown()), Some((Direction::Worse, ChangeWeight::Worse)));
    assert_eq!(change(not(), unknown()), Some((Direction::Unclear, ChangeWeight::Unsure)));
}

#[test]
fn what_is_new_counts_as_far_as_it_is_not_ready() {
    let nothing = || (json!([]), json!([]));
    let new = |verdict| (json!([one("foo", "2.0", verdict)]), json!([]));
    assert_eq!(change(nothing(), new("gil-free")), Some((Direction::New, ChangeWeight::Nothing)));
    assert_eq!(change(nothing(), new("requires-gil")), Some((Direction::New, ChangeWeight::Worse)));
    assert_eq!(change(nothing(), new("undetermined")), Some((Direction::New, ChangeWeight::Unsure)));
    assert_eq!(change(nothing(), new("of-tomorrow")), Some((Direction::New, ChangeWeight::Unsure)));
    assert_eq!(change(new("requires-gil"), nothing()), Some((Direction::Gone, ChangeWeight::Nothing)));
}

#[test]
fn what_somebody_said_does_not_count_counts_for_nothing() {
    let old = || (json!([one("foo", "1.0", "gil-free")]), json!([]));
    let new = |level, suppressed| {
        let findings = json!([finding("foo", "gil-reenabled", level, suppressed)]);
        change(old(), (json!([one("foo", "2.0", "requires-gil")]), findings))
    };
    assert_eq!(new("deny", false), Some((Direction::Worse, ChangeWeight::Worse)));
    assert_eq!(new("deny", true), Some((Direction::Worse, ChangeWeight::Nothing)));
    assert_eq!(new("warn", false), Some((Direction::Worse, ChangeWeight::Nothing)));
    assert_eq!(new("unsure", false), Some((Direction::Worse, ChangeWeight::Worse)));
}

#[test]
fn findings_that_no_verdict_shows_are_compared() {
    let with = |findings: Value| (json!([one("foo", "2.0", "gil-free")]), findings);
    let crashes = |level, suppressed| json!([finding("foo", "crashes-on-import", level, suppressed)]);
    let came = change(with(json!([])), with(crashes("deny", false)));
    assert_eq!(came, Some((Direction::Worse, ChangeWeight::Worse)));
    let warned = change(with(json!([])), with(crashes("warn", false)));
    assert_eq!(warned, Some((Direction::Worse, ChangeWeight::Nothing)));
    let went = change(with(crashes("deny", false)), with(json!([])));
    assert_eq!(went, Some((Direction::Better, ChangeWeight::Nothing)));
    assert_eq!(change(with(crashes("deny", false)), with(crashes("deny", true))), None);
    let fixed_in = json!([finding("foo", "fixed-in", "warn", false)]);
    assert_eq!(change(with(json!([])), with(fixed_in)), None);
}

#[test]
fn a_module_that_became_worse_is_seen_behind_a_verdict_that_did_not_change() {
    let distribution = |second: &str| {
        let mut one = one("foo", "1.0", "requires-gil");
        let judged = json!({"3.14t": {"verdict": second, "message": "declares nothing"}});
        one["modules"].as_array_mut().unwrap().push(json!({"name": "foo.y", "verdicts": judged}));
        report(json!([one]), json!([]))
    };
    let difference = compare(&distribution("gil-free"), &distribution("requires-gil")).unwrap();
    let [change] = difference.changes.as_slice() else { panic!("{difference:?}") };
    assert_eq!((change.direction, change.verdicts.len()), (Direction::Worse, 0));
    let [module] = change.modules.as_slice() else { panic!("{change:?}") };
    assert_eq!((module.module.as_str(), module.why.as_deref()), ("foo.y", Some("declares nothing")));
    assert_eq!(module.step.old, Some(VerdictId::Known(Verdict::GilFree)));
}

#[test]
fn several_versions_are_taken_together_at_their_worst() {
    let both = |first, second| json!([one("foo", "1.0", first), one("foo", "2.0", second)]);
    let difference = compare(
        &report(both("gil-free", "gil-free"), json!([])),
        &report(both("requires-gil", "gil-free"), json!([])),
    );
    let change = difference.unwrap().changes.remove(0);
    assert_eq!(change.new_versions, ["1.0", "2.0"]);
    assert_eq!(change.verdicts[0].new, Some(VerdictId::Known(Verdict::RequiresGil)));
}

#[test]
fn only_what_both_are_about_is_compared() {
    let mut old = report(json!([one("foo", "1.0", "gil-free")]), json!([]));
    let mut new = report(json!([one("foo", "1.0", "requires-gil")]), json!([]));
    for (report, platform) in [(&mut old, "linux-x86_64"), (&mut new, "windows-arm64")] {
        report.platforms = vec![platform.to_owned()];
        report.distributions[0].platform = Some(platform.to_owned());
    }
    let difference = compare(&old, &new).unwrap();
    assert!(difference.changes.is_empty());
    assert_eq!(
        difference.remarks,
        [
            "not compared: platforms of the older report alone: linux-x86_64",
            "not compared: platforms of the newer report alone: windows-arm64"
        ]
    );
    new.targets = vec!["3.15t".to_owned()];
    insta::assert_snapshot!(compare(&old, &new).unwrap_err(), @"
    the reports have no target in common: the older one is about 3.14t, the newer one about 3.15t
    hint: audit for the same --target both times
    ");
}

#[test]
fn what_is_not_read_any_more_makes_it_unsure() {
    let with = |about: &[&str]| {
        let mut report = report(json!([one("foo", "1.0", "gil-free")]), json!([]));
        report.notes = about
            .iter()
            .map(|about| SavedNote {
                about: (*about).to_owned(),
                why: "is cut off\nhint: download it again".to_owned(),
                unread: true,
            })
            .collect();
        report
    };
    let difference = compare(&with(&["a.whl"]), &with(&["a.whl", "b.whl"])).unwrap();
    assert_eq!(difference.unread, ["b.whl: is cut off"]);
    assert_eq!(difference.weight(), ChangeWeight::Unsure);
    assert_eq!(compare(&with(&["a.whl"]), &with(&[])).unwrap().weight(), ChangeWeight::Nothing);
}
