//! What a lock file locks, as nodes and edges: which of it is installed in which context, and who pulls it in.

use super::error::{Cause, ProjectError};
use super::marker::{Marker, Selected};
use super::scope::Scope;
use crate::model::{Context, Hash, Note, Source, Want};
use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet, VecDeque};

/// Distributions of one lock file: the largest known have some thousand.
pub(super) const NODES: usize = 100_000;

/// Versions of one name: forks by platform and Python come to a handful, and an edge has to choose among them.
const FORKS: usize = 200;
/// Names of a chain: real ones have less than ten, and hostile ones must not fill the memory. Those next to the
/// distribution are kept.
const LONGEST_CHAIN: usize = 64;

/// A distribution that is locked.
#[derive(Debug, Clone)]
pub(super) struct Node {
    /// Normalised.
    pub name: String,
    pub version: Option<String>,
    /// None for the project itself, which is no dependency.
    pub source: Option<Source>,
    pub hashes: Vec<Hash>,
    pub place: String,
    /// When it can be installed at all.
    pub marker: Marker,
    /// What it needs.
    pub edges: Vec<Edge>,
    /// What it needs for its extras, by normalised name.
    pub extras: BTreeMap<String, Vec<Edge>>,
}

/// That something is needed.
#[derive(Debug, Clone)]
pub(super) struct Edge {
    /// Normalised.
    pub name: String,
    /// Where the lock file says which of several.
    pub version: Option<String>,
    /// Normalised.
    pub extras: Vec<String>,
    pub marker: Marker,
}

/// A lock file's content.
#[derive(Debug, Default)]
pub(super) struct Graph {
    pub nodes: Vec<Node>,
    /// What the project itself needs.
    pub roots: Vec<Edge>,
    /// How many nodes there are of each name.
    forks: BTreeMap<String, usize>,
}

/// What is installed of a graph.
#[derive(Debug, Default)]
pub(super) struct Walked {
    pub wants: Vec<Want>,
    pub notes: Vec<Note>,
}

impl Graph {
    /// Adds a node.
    pub(super) fn push(&mut self, node: Node) -> Result<(), ProjectError> {
        if self.nodes.len() >= NODES {
            let what = format!("locks more than {NODES} distributions");
            return Err(ProjectError::new(node.place, Cause::Limit(what)));
        }
        let forks = self.forks.entry(node.name.clone()).or_default();
        *forks += 1;
        if *forks > FORKS {
            let what = format!("locks {} more than {FORKS} times", node.name);
            return Err(ProjectError::new(node.place, Cause::Limit(what)));
        }
        self.nodes.push(node);
        Ok(())
    }

    /// What is reached from the roots. `selected` is asked anew in each context, with what its walk has shown so far.
    pub(super) fn walk(&self, file: &str, scope: &Scope, selected: &Selected) -> Walked {
        let by_name = self.by_name();
        let mut reached: BTreeMap<usize, (Vec<Context>, Vec<String>)> = BTreeMap::new();
        let mut notes = BTreeSet::new();
        for context in &scope.contexts {
            let walk = Walk { graph: self, by_name: &by_name, file, context: *context, selected };
            let (found, missing) = walk.run();
            notes.extend(missing);
            for (node, chain) in found {
                let entry = reached.entry(node).or_insert_with(|| (Vec::new(), chain.clone()));
                entry.0.push(*context);
                if (chain.len(), &chain) < (entry.1.len(), &entry.1) {
                    entry.1 = chain;
                }
            }
        }
        let wants =
            reached.into_iter().filter_map(|(node, (contexts, chain))| self.want(node, contexts, chain));
        Walked { wants: wants.collect(), notes: notes.into_iter().collect() }
    }

    /// Every node whose own marker says so, for lock files that write the whole condition down; the edges only tell
    /// who pulls it in.
    pub(super) fn stated(&self, scope: &Scope, selected: &Selected) -> Walked {
        let mut wants = Vec::new();
        let chains = self.chains();
        for (index, node) in self.nodes.iter().enumerate() {
            let contexts: Vec<Context> = scope
                .contexts
                .iter()
                .copied()
                .filter(|context| node.marker.allows(*context, selected))
                .collect();
            if !contexts.is_empty() {
                let chain =
                    chains.get(node.name.as_str()).cloned().unwrap_or_else(|| vec![node.name.clone()]);
                wants.extend(self.want(index, contexts, chain));
            }
        }
        Walked { wants, notes: Vec::new() }
    }

    fn want(&self, index: usize, contexts: Vec<Context>, chain: Vec<String>) -> Option<Want> {
        let node = self.nodes.get(index)?;
        Some(Want {
            name: node.name.clone(),
            version: node.version.clone(),
            source: node.source.clone()?,
            hashes: node.hashes.clone(),
            contexts,
            said_by: node.place.clone(),
            chain,
        })
    }

    fn by_name(&self) -> BTreeMap<&str, Vec<usize>> {
        let mut by_name: BTreeMap<&str, Vec<usize>> = BTreeMap::new();
        for (index, node) in self.nodes.iter().enumerate() {
            by_name.entry(&node.name).or_default().push(index);
        }
        by_name
    }

    /// A shortest way to each name by the names of the edges, whatever their markers. From the roots, or where none
    /// are known from whatever nothing else needs.
    pub(super) fn chains(&self) -> BTreeMap<String, Vec<String>> {
        let mut children: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
        for node in &self.nodes {
            let edges = node.edges.iter().chain(node.extras.values().flatten());
            let names = edges.map(|edge| edge.name.as_str()).filter(|name| *name != node.name);
            children.entry(&node.name).or_default().extend(names);
        }
        let roots: BTreeSet<&str> = if self.roots.is_empty() {
            let needed: BTreeSet<&str> = children.values().flatten().copied().collect();
            self.nodes.iter().map(|node| node.name.as_str()).filter(|name| !needed.contains(name)).collect()
        } else {
            self.roots.iter().map(|edge| edge.name.as_str()).collect()
        };
        shortest(roots, |name| children.get(name).into_iter().flatten().copied().collect())
    }
}

/// A shortest way from any root to each name that is reached.
pub(super) fn shortest<'a>(
    roots: impl IntoIterator<Item = &'a str>,
    children: impl Fn(&str) -> Vec<&'a str>,
) -> BTreeMap<String, Vec<String>> {
    let mut parents: BTreeMap<&str, Option<&str>> = BTreeMap::new();
    let mut queue: VecDeque<&str> = VecDeque::new();
    for root in roots {
        if parents.insert(root, None).is_none() {
            queue.push_back(root);
        }
    }
    while let Some(name) = queue.pop_front() {
        for child in children(name) {
            parents.entry(child).or_insert_with(|| {
                queue.push_back(child);
                Some(name)
            });
        }
    }
    let chain = |name: &&str| {
        let mut chain: Vec<String> =
            std::iter::successors(Some(*name), |name| parents.get(name).copied().flatten())
                .take(LONGEST_CHAIN)
                .map(str::to_owned)
                .collect();
        chain.reverse();
        (name.to_string(), chain)
    };
    parents.keys().map(chain).collect()
}

/// One walk from the roots, in one context.
struct Walk<'a> {
    graph: &'a Graph,
    by_name: &'a BTreeMap<&'a str, Vec<usize>>,
    file: &'a str,
    context: Context,
    selected: &'a Selected,
}

/// A node, with none or one of its extras.
type State<'a> = (usize, Option<&'a str>);

impl<'a> Walk<'a> {
    fn run(&self) -> (BTreeMap<usize, Vec<String>>, BTreeSet<Note>) {
        let mut parents: BTreeMap<State<'a>, Option<State<'a>>> = BTreeMap::new();
        let mut first: BTreeMap<usize, State<'a>> = BTreeMap::new();
        let mut notes = BTreeSet::new();
        let mut queue = VecDeque::new();
        let mut follow = |edges: &'a [Edge], from: Option<State<'a>>, queue: &mut VecDeque<State<'a>>| {
            // What stands under an extra may say so once more in its markers.
            let selected = match from {
                Some((_, Some(extra))) => Cow::Owned(self.selected.with_extra(extra)),
                _ => Cow::Borrowed(self.selected),
            };
            for edge in edges.iter().filter(|edge| edge.marker.allows(self.context, &selected)) {
                let targets = self.targets(edge);
                if targets.is_empty() {
                    let parent = from.and_then(|(node, _)| self.graph.nodes.get(node));
                    notes.insert(self.missing(edge, parent));
                }
                for target in targets {
                    for extra in
                        std::iter::once(None).chain(edge.extras.iter().map(|extra| Some(extra.as_str())))
                    {
                        parents.entry((target, extra)).or_insert_with(|| {
                            queue.push_back((target, extra));
                            first.entry(target).or_insert((target, extra));
                            from
                        });
                    }
                }
            }
        };
        follow(&self.graph.roots, None, &mut queue);
        while let Some(state) = queue.pop_front() {
            let Some(node) = self.graph.nodes.get(state.0) else { continue };
            let edges = match state.1 {
                None => &node.edges[..],
                Some(extra) => node.extras.get(extra).map_or(&[][..], Vec::as_slice),
            };
            follow(edges, Some(state), &mut queue);
        }
        let chains = first.iter().map(|(node, state)| (*node, self.chain(*state, &parents))).collect();
        (chains, notes)
    }

    /// What an edge leads to: by the version where it says one, and what its own marker allows here.
    fn targets(&self, edge: &Edge) -> Vec<usize> {
        let named = self.by_name.get(edge.name.as_str()).map_or(&[][..], Vec::as_slice);
        let fits = |index: &&usize| {
            self.graph.nodes.get(**index).is_some_and(|node| {
                (edge.version.is_none() || edge.version == node.version)
                    && node.marker.allows(self.context, self.selected)
            })
        };
        named.iter().filter(fits).copied().collect()
    }

    fn missing(&self, edge: &Edge, parent: Option<&Node>) -> Note {
        let who = parent.map_or("the project", |node| node.name.as_str());
        let version = edge.version.as_deref().map_or_else(String::new, |version| format!(" {version}"));
        let why = format!(
            "{who} needs {}{version} for {}, which is not locked\nhint: lock the project anew",
            edge.name, self.context
        );
        Note::unread(self.file, why)
    }

    /// The names from the project's own requirement to a state; a node that asks for an extra of its own stands once,
    /// and the project itself not at all.
    fn chain(&self, state: State<'a>, parents: &BTreeMap<State<'a>, Option<State<'a>>>) -> Vec<String> {
        let states = std::iter::successors(Some(state), |state| parents.get(state).copied().flatten());
        let nodes = states.take(LONGEST_CHAIN).filter_map(|(node, _)| self.graph.nodes.get(node));
        let nodes = nodes.filter(|node| node.source.is_some());
        let mut names: Vec<String> = nodes.map(|node| node.name.clone()).collect();
        names.dedup();
        names.reverse();
        names
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Platform, Target};

    fn edge(text: &str) -> Edge {
        let requirement =
            super::super::requirement::Requirement::parse(text, std::path::Path::new("")).unwrap();
        Edge {
            version: requirement.pin().map(|version| version.to_string()),
            name: requirement.name,
            extras: requirement.extras,
            marker: requirement.marker,
        }
    }

    fn node(name: &str, version: &str, marker: &str, edges: &[&str], extras: &[(&str, &[&str])]) -> Node {
        let read = |edges: &[&str]| edges.iter().map(|text| edge(text)).collect::<Vec<_>>();
        Node {
            name: name.to_owned(),
            version: Some(version.to_owned()),
            source: Some(Source::Index),
            hashes: Vec::new(),
            place: "x.lock:1".to_owned(),
            marker: marker.parse().unwrap(),
            edges: read(edges),
            extras: extras.iter().map(|(extra, edges)| ((*extra).to_owned(), read(edges))).collect(),
        }
    }

    fn scope() -> Scope {
        let context = |platform| Context { target: Target::Py314t, platform };
        Scope::new(&[context(Platform::LinuxX86_64), context(Platform::WindowsX86_64)], &[], &[], false)
    }

    fn summary(walked: &Walked) -> Vec<String> {
        let line = |want: &Want| {
            format!(
                "{} {} {} {}",
                want.name,
                want.version.as_deref().unwrap(),
                want.contexts.len(),
                want.chain.join(">")
            )
        };
        walked.wants.iter().map(line).collect()
    }

    #[test]
    fn markers_extras_and_forks_decide_what_is_reached() {
        let graph = Graph {
            nodes: vec![
                node("a", "1", "", &["b", "c[fast]"], &[]),
                node("b", "1", "os_name == 'nt'", &["d"], &[]),
                node("b", "2", "os_name != 'nt'", &["d", "a"], &[]),
                node("c", "1", "", &["e ; os_name == 'nt'"], &[("fast", &["f==1"]), ("slow", &["g"])]),
                node("d", "1", "", &[], &[]),
                node("e", "1", "", &[], &[]),
                node("f", "1", "", &[], &[]),
                node("g", "1", "", &[], &[]),
            ],
            roots: vec![edge("a"), edge("d ; os_name == 'nt'")],
            ..Graph::default()
        };
        let walked = graph.walk("x.lock", &scope(), &Selected::default());
        assert_eq!(
            summary(&walked),
            ["a 1 2 a", "b 1 1 a>b", "b 2 1 a>b", "c 1 2 a>c", "d 1 2 d", "e 1 1 a>c>e", "f 1 2 a>c>f"]
        );
        assert_eq!(walked.notes, []);
    }

    #[test]
    fn what_is_not_locked_is_said() {
        let graph = Graph {
            nodes: vec![node("a", "1", "", &["b==2"], &[]), node("b", "1", "", &[], &[])],
            roots: vec![edge("a")],
            ..Graph::default()
        };
        let walked = graph.walk("x.lock", &scope(), &Selected::default());
        assert_eq!(summary(&walked), ["a 1 2 a"]);
        assert_eq!(walked.notes.len(), 2);
        assert!(
            walked.notes[0].unread
                && walked.notes[0].why.starts_with("a needs b 2 for 3.14t on linux-x86_64")
        );
    }

    #[test]
    fn stated_conditions_count_and_edges_tell_who() {
        let graph = Graph {
            nodes: vec![
                node("a", "1", "", &["b"], &[]),
                node("b", "1", "os_name == 'nt'", &["c"], &[]),
                node("c", "1", "os_name == 'never'", &["a"], &[]),
                node("d", "1", "", &[], &[]),
            ],
            roots: Vec::new(),
            ..Graph::default()
        };
        let walked = graph.stated(&scope(), &Selected::default());
        // Where everything needs each other nothing tells who starts.
        assert_eq!(summary(&walked), ["a 1 2 a", "b 1 1 b", "d 1 2 d"]);
        let graph = Graph { roots: vec![edge("a")], ..graph };
        assert_eq!(
            summary(&graph.stated(&scope(), &Selected::default())),
            ["a 1 2 a", "b 1 1 a>b", "d 1 2 d"]
        );
    }

    #[test]
    fn long_chains_and_circles_end() {
        let count = 5_000;
        let nodes = (0..count).map(|at| {
            let next = format!("p{}", (at + 1) % count);
            node(&format!("p{at}"), "1", "", &[&next], &[])
        });
        let graph = Graph { nodes: nodes.collect(), roots: vec![edge("p0")], ..Graph::default() };
        let walked = graph.walk("x.lock", &scope(), &Selected::default());
        assert_eq!(walked.wants.len(), count);
        assert_eq!(walked.wants[count - 1].chain.len(), LONGEST_CHAIN);
    }
}
