//! Who pulls in what stands in the way: a tree from what was asked for down to each blocker.

use super::look::Look;
use crate::model::{Judgement, Verdict};
use crate::report::human::choice::fixed_by;
use crate::report::human::group::Group;
use askama::Template;
use std::collections::{BTreeMap, HashMap, HashSet, VecDeque};

/// One distribution, and below it what it pulls in.
#[derive(Template)]
#[template(path = "node.html")]
pub(super) struct Node {
    name: String,
    /// Its place in the page, where it was audited.
    index: Option<usize>,
    /// Only of what stands in the way.
    look: Option<Look>,
    fix: Option<String>,
    children: Vec<Node>,
}

/// A tree shows this many levels, which a reader can still follow and a browser can still nest; longer ways are
/// shortened in their middle. Real ones have less than ten.
const DEPTH: usize = 16;

/// A step of a way: the place of a distribution that was audited, or the name of what was not.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
enum Step {
    Named(String),
    Audited(usize),
}

/// The tree of steps.
#[derive(Default)]
struct Branch(BTreeMap<Step, Branch>);

/// The ways to all that is not known to leave the GIL off, joined where they begin alike.
pub(super) fn blockers(groups: &[Group<'_>]) -> Vec<Node> {
    let places = places(groups);
    let required = Required::of(groups, &places);
    let mut root = Branch::default();
    for (index, group) in groups.iter().enumerate().filter(|(_, group)| group.worst() > Verdict::GilFree) {
        let chains = group.reports.iter().filter_map(|report| report.chosen.as_ref());
        let mut ways: Vec<Vec<Step>> = chains
            .filter_map(|chosen| chosen.chain.split_last())
            .filter(|(_, above)| !above.is_empty())
            .map(|(_, above)| above.iter().map(|name| step(name, &places)).collect())
            .collect();
        if ways.is_empty() {
            ways.push(required.way(index));
        }
        for way in ways {
            root.add(shortened(way), Step::Audited(index));
        }
    }
    root.nodes(groups)
}

/// Where the distributions of a name are; the first, where there are several.
fn places<'a>(groups: &[Group<'a>]) -> HashMap<&'a str, usize> {
    let mut places = HashMap::new();
    for (index, group) in groups.iter().enumerate() {
        if let Some(name) = &group.reports[0].distribution.name {
            places.entry(name.as_str()).or_insert(index);
        }
    }
    places
}

fn step(name: &str, places: &HashMap<&str, usize>) -> Step {
    places.get(name).map_or_else(|| Step::Named(name.to_owned()), |index| Step::Audited(*index))
}

fn shortened(mut way: Vec<Step>) -> Vec<Step> {
    // One level is for what the way leads to.
    let most = DEPTH - 1;
    if way.len() > most {
        let left_out = way.len() - most + 1;
        way.splice(most / 2..most / 2 + left_out, [Step::Named(format!("… {left_out} more …"))]);
    }
    way
}

impl Branch {
    fn add(&mut self, way: Vec<Step>, last: Step) {
        let mut branch = self;
        for step in way.into_iter().chain([last]) {
            branch = branch.0.entry(step).or_default();
        }
    }

    fn nodes(self, groups: &[Group<'_>]) -> Vec<Node> {
        let nodes = self.0.into_iter().map(|(step, below)| {
            let children = below.nodes(groups);
            match step {
                Step::Named(name) => Node { name, index: None, look: None, fix: None, children },
                Step::Audited(index) => Node::audited(index, &groups[index], children),
            }
        });
        nodes.collect()
    }
}

impl Node {
    fn audited(index: usize, group: &Group<'_>, children: Vec<Self>) -> Self {
        let judged = group.reports.iter().flat_map(|report| report.verdicts.values());
        let worst: Option<&Judgement> = judged.max_by_key(|judgement| judgement.verdict);
        let stands_in_the_way = worst.filter(|judgement| judgement.verdict > Verdict::GilFree);
        let fixes = group.reports.iter().filter_map(|report| report.chosen.as_ref()?.fix.as_ref());
        Self {
            name: group.label.clone(),
            index: Some(index),
            look: stands_in_the_way.map(Look::of_judgement),
            fix: fixes.map(fixed_by).next().filter(|_| stands_in_the_way.is_some()),
            children,
        }
    }
}

/// What needs what, by the metadata of what was audited.
struct Required {
    /// The distribution before each on a shortest way from one that nothing needs.
    before: HashMap<usize, usize>,
}

impl Required {
    fn of(groups: &[Group<'_>], places: &HashMap<&str, usize>) -> Self {
        let needs = |index: usize| {
            let reports = groups[index].reports.iter();
            let names = reports.flat_map(|report| &report.distribution.requires);
            names.filter_map(|name| places.get(name.as_str()).copied()).filter(move |other| *other != index)
        };
        let needed: HashSet<usize> = (0..groups.len()).flat_map(needs).collect();
        let mut before = HashMap::new();
        let mut queue: VecDeque<usize> = (0..groups.len()).filter(|index| !needed.contains(index)).collect();
        while let Some(index) = queue.pop_front() {
            for other in needs(index).filter(|other| needed.contains(other)) {
                before.entry(other).or_insert_with(|| {
                    queue.push_back(other);
                    index
                });
            }
        }
        Self { before }
    }

    /// What stands before it, first to last. Nothing, where only a circle needs it.
    fn way(&self, index: usize) -> Vec<Step> {
        let mut way: Vec<Step> =
            std::iter::successors(self.before.get(&index), |above| self.before.get(above))
                .map(|above| Step::Audited(*above))
                .collect();
        way.reverse();
        way
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{DistributionReport, Platform, made_up};
    use crate::report::human::group::groups;

    /// The names, each behind as many dots as there are others above it.
    fn told(reports: &[DistributionReport]) -> String {
        fn write(nodes: &[Node], depth: usize, text: &mut String) {
            for Node { name, look, children, .. } in nodes {
                let blocks = if look.is_some() { " !" } else { "" };
                text.extend([".".repeat(depth).as_str(), name, blocks, "\n"]);
                write(children, depth + 1, text);
            }
        }
        let mut text = String::new();
        write(&blockers(&groups(reports.iter())), 0, &mut text);
        text
    }

    fn needing(name: &str, verdict: Verdict, requires: &[&str]) -> DistributionReport {
        let mut report = made_up::report_of(&[verdict]).distributions.remove(0);
        report.distribution = made_up::distribution(name);
        report.distribution.requires = requires.iter().map(|name| (*name).to_owned()).collect();
        report
    }

    #[test]
    fn ways_of_a_lock_file_are_joined_where_they_begin_alike() {
        let chained = |name: &str, chain: &[&str], verdict| {
            let mut report = made_up::chosen(name, Platform::LinuxX86_64, verdict);
            if let Some(chosen) = &mut report.chosen {
                chosen.chain = chain.iter().map(|name| (*name).to_owned()).collect();
            }
            report
        };
        let reports = [
            chained("b", &["app", "a", "b"], Verdict::RequiresGil),
            chained("c", &["app", "a", "c"], Verdict::Undetermined),
            chained("d", &["app", "a", "d"], Verdict::GilFree),
            chained("a", &["app", "a"], Verdict::GilFree),
            chained("e", &["e"], Verdict::SourceOnly),
        ];
        assert_eq!(told(&reports), "app\n.a 1.0\n..b 1.0 !\n..c 1.0 !\ne 1.0 !\n");
    }

    #[test]
    fn metadata_tell_where_there_is_no_lock_file() {
        let reports = [
            needing("app", Verdict::GilFree, &["far", "near"]),
            needing("far", Verdict::GilFree, &["near"]),
            needing("near", Verdict::RequiresGil, &["not-audited"]),
            needing("alone", Verdict::Undetermined, &[]),
        ];
        assert_eq!(told(&reports), "app 1.0\n.near 1.0 !\nalone 1.0 !\n");
    }

    #[test]
    fn circles_end() {
        let reports =
            [needing("a", Verdict::RequiresGil, &["b", "a"]), needing("b", Verdict::GilFree, &["a"])];
        assert_eq!(told(&reports), "a 1.0 !\n");
    }

    #[test]
    fn long_ways_are_shortened() {
        let name = |number: usize| format!("p{number:03}");
        let mut reports: Vec<DistributionReport> =
            (0..100).map(|number| needing(&name(number), Verdict::GilFree, &[&name(number + 1)])).collect();
        reports.push(needing(&name(100), Verdict::RequiresGil, &[]));
        let told = told(&reports);
        let lines: Vec<&str> = told.lines().collect();
        assert_eq!(lines.len(), DEPTH);
        assert_eq!(
            (lines[0], lines[7], lines[15]),
            ("p000 1.0", ".......… 86 more …", "...............p100 1.0 !")
        );
    }
}
