//! The table of tags, held against `packaging` itself on real wheel names, for every target and platform.

use crate::scripts;
use ftaudit::model::{Context, Platform, Target, WheelName, tags};
use std::fs;

/// Names of real wheels: those that tests audit, and some that they never would.
fn names() -> Vec<WheelName> {
    let mut names = Vec::new();
    for list in ["tests/wheels.lock", "tests/platforms.lock", "tests/index/wheel-names.txt"] {
        let text = fs::read_to_string(scripts::in_repository(list)).unwrap();
        let lines = text.lines().filter(|line| !line.starts_with('#') && !line.is_empty());
        let last = lines.filter_map(|line| line.split_whitespace().next_back());
        names.extend(last.map(|name| name.parse::<WheelName>().unwrap()));
    }
    names
}

#[test]
fn the_order_is_packaging_s() {
    if scripts::told_to_skip("FTAUDIT_TEST_SKIP_WHEELS") {
        println!("SKIPPED: packaging is not fetched, because FTAUDIT_TEST_SKIP_WHEELS=1");
        return;
    }
    let names = names();
    assert!(names.len() >= 300, "{}", names.len());
    let folder = tempfile::tempdir().unwrap();
    let list = folder.path().join("names");
    let lines: Vec<String> = names.iter().map(WheelName::to_string).collect();
    fs::write(&list, lines.join("\n")).unwrap();
    let said = scripts::run("tests/index/packaging_order.py", &[list.to_str().unwrap()]);
    let mut compared = 0;
    for line in said.lines() {
        let mut words = line.split(' ');
        let target: Target = words.next().unwrap().parse().unwrap();
        let platform: Platform = words.next().unwrap().parse().unwrap();
        let context = Context { target, platform };
        let theirs: Vec<Option<usize>> = words.map(|word| word.parse().ok()).collect();
        assert_eq!(theirs.len(), names.len());
        let mine: Vec<_> = names.iter().map(|name| tags::best(name, context).map(|(rank, _)| rank)).collect();
        for (index, name) in names.iter().enumerate() {
            assert_eq!(mine[index].is_some(), theirs[index].is_some(), "{name} for {context}");
            for other in 0..index {
                if mine[index].is_some() && mine[other].is_some() {
                    let (ours, expected) = (mine[index].cmp(&mine[other]), theirs[index].cmp(&theirs[other]));
                    assert_eq!(ours, expected, "{name} and {} for {context}", names[other]);
                }
            }
        }
        compared += 1;
    }
    assert_eq!(compared, Target::ALL.len() * Platform::ALL.len());
}
