//! What is stated and locked by nothing -> wants: as it stands, or with the versions that a resolver chooses.

use super::error::{Cause, ProjectError};
use super::graph;
use super::lines::{self, Via};
use super::requirement::Wanted;
use super::requirements;
use super::resolver::{Question, Resolution, ResolveError, Resolver};
use super::scope::Scope;
use super::stated::{Stated, Statements};
use super::text::Text;
use crate::model::{Context, Note, Source, Want, shown};
use pep440_rs::Version;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use tracing::debug;

/// Requirements that are to be installed together.
#[derive(Default)]
pub(super) struct Pending {
    /// What is stated, with its constraints and options.
    pub statements: Statements,
    /// Each `pyproject.toml` that some of it comes from.
    pub projects: Vec<PathBuf>,
    /// The extras and groups that these have.
    pub extras: BTreeSet<String>,
    pub groups: Vec<(PathBuf, String)>,
}

/// Whether requirements were written by a tool that locks: every one has its version, and its hash or who asked for it.
pub(super) fn is_lock(stated: &[Stated]) -> bool {
    let is_locked = |stated: &Stated| {
        stated.requirement.is_exact() && (!stated.hashes.is_empty() || stated.via.is_some())
    };
    !stated.is_empty() && stated.iter().all(is_locked)
}

/// Takes requirements as they stand. Constraints may pin them.
pub(super) fn as_they_stand(statements: &Statements, scope: &Scope) -> Result<Vec<Want>, ProjectError> {
    let chains = chains(
        statements.requirements.iter().map(|stated| (stated.requirement.name.as_str(), stated.via.as_ref())),
    );
    let pins = pins(statements);
    let mut wants: Vec<Want> = Vec::new();
    let mut seen: BTreeMap<(String, Context), (usize, String)> = BTreeMap::new();
    for stated in &statements.requirements {
        let name = &stated.requirement.name;
        if statements.require_hashes && stated.hashes.is_empty() {
            let what = format!("{name} has no hash, and --require-hashes is on\nhint: add `--hash=sha256:…`");
            return Err(ProjectError::malformed(stated.place.clone(), what));
        }
        let mut contexts = scope.contexts.clone();
        contexts.retain(|context| stated.requirement.marker.allows(*context, &scope.selected([])));
        let (version, source) = match &stated.requirement.wanted {
            Wanted::At(location) => (None, location.source().clone()),
            Wanted::Versions(_) => {
                let pin = stated.requirement.pin().or_else(|| pins.get(name.as_str()).cloned());
                let unpinned = || ProjectError::new(stated.place.clone(), Cause::Unpinned(name.clone()));
                (Some(pin.ok_or_else(unpinned)?.to_string()), Source::Index)
            }
        };
        let what = version.clone().unwrap_or_else(|| "a place".to_owned());
        let mut same = None;
        for context in &contexts {
            match seen.get(&(name.clone(), *context)) {
                Some((_, other)) if *other != what => {
                    let why = format!(
                        "{name} is required at {what} and at {other} for {context}\nhint: take one of the lines away"
                    );
                    return Err(ProjectError::malformed(stated.place.clone(), why));
                }
                Some((index, _)) => same = Some(*index),
                None => drop(seen.insert((name.clone(), *context), (wants.len(), what.clone()))),
            }
        }
        if let Some(known) = same.and_then(|index| wants.get_mut(index)) {
            known.contexts.extend(contexts);
            known.contexts.sort_unstable();
            known.contexts.dedup();
        } else if !contexts.is_empty() {
            wants.push(Want {
                name: name.clone(),
                version,
                source,
                hashes: stated.hashes.clone(),
                contexts,
                said_by: stated.place.clone(),
                chain: chains.get(name).cloned().unwrap_or_else(|| vec![name.clone()]),
            });
        }
    }
    Ok(wants)
}

/// The versions that constraints pin; the first of a name holds, as a second would contradict it.
fn pins(statements: &Statements) -> BTreeMap<&str, Version> {
    let mut pins = BTreeMap::new();
    for stated in &statements.constraints {
        if let Some(pin) = stated.requirement.pin() {
            pins.entry(stated.requirement.name.as_str()).or_insert(pin);
        }
    }
    pins
}

/// Who pulls in what, by `# via` comments.
fn chains<'a>(stated: impl Iterator<Item = (&'a str, Option<&'a Via>)>) -> BTreeMap<String, Vec<String>> {
    let mut children: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    let mut roots = BTreeSet::new();
    let stated: Vec<_> = stated.collect();
    let names: BTreeSet<&str> = stated.iter().map(|(name, _)| *name).collect();
    for (name, via) in stated {
        let parents = via.map_or(&[][..], |via| &via.distributions);
        // The project may be named without being listed itself.
        let has_other = parents.iter().any(|parent| !names.contains(parent.as_str()));
        if parents.is_empty() || has_other || via.is_some_and(|via| via.project) {
            roots.insert(name);
        }
        for parent in parents {
            children.entry(parent).or_default().push(name);
        }
    }
    graph::shortest(roots, |name| children.get(name).cloned().unwrap_or_default())
}

/// Asks the resolver for every context; without one, takes what is pinned and says what is missing.
pub(super) fn resolved(
    pending: &Pending,
    scope: &Scope,
    resolver: &dyn Resolver,
) -> Result<(Vec<Want>, Vec<Note>), ProjectError> {
    let mut wants: BTreeMap<(String, Option<String>, Source), Want> = BTreeMap::new();
    let mut notes = BTreeSet::new();
    for context in &scope.contexts {
        let question = question(pending, *context);
        let resolution = match resolver.resolve(&question) {
            Ok(resolution) => resolution,
            Err(ResolveError::None(why)) => return without_resolver(pending, scope, &why),
            Err(ResolveError::Failed { by, why, command }) => {
                let cause = Cause::Unresolved { by, context: context.to_string(), why, command };
                return Err(ProjectError::new(first_place(pending), cause));
            }
        };
        let versions = resolution.text.lines().filter(|line| line.contains("==")).count();
        debug!(by = resolution.by, context = %context, versions, "resolved what is not pinned");
        notes.insert(Note::told(first_place(pending), format!("versions were chosen by {}", resolution.by)));
        notes.extend(resolution.caveat.clone().map(|caveat| Note::told(first_place(pending), caveat)));
        for want in of_context(pending, &resolution, *context, scope)? {
            let key = (want.name.clone(), want.version.clone(), want.source.clone());
            match wants.get_mut(&key) {
                Some(known) => known.contexts.push(*context),
                None => drop(wants.insert(key, want)),
            }
        }
    }
    Ok((wants.into_values().collect(), notes.into_iter().collect()))
}

fn first_place(pending: &Pending) -> String {
    let stated = pending.statements.requirements.first().map(|stated| stated.place.clone());
    stated.or_else(|| pending.projects.first().map(|path| shown(path))).unwrap_or_default()
}

fn question(pending: &Pending, context: Context) -> Question {
    let statements = &pending.statements;
    let mut text = String::new();
    let options = &statements.options;
    // What a resolver reads itself it must not be told again: it may know better where that is.
    let of_project = |stated: &&Stated| {
        pending.projects.iter().any(|path| stated.place.starts_with(&format!("{}:", shown(path))))
    };
    for (name, values) in [
        ("--index-url", options.index_url.as_slice()),
        ("--extra-index-url", &options.extra_index_urls),
        ("--find-links", &options.find_links),
        ("--no-binary", &statements.builds.no_binary),
        ("--only-binary", &statements.builds.only_binary),
    ] {
        for value in values {
            // A line break in a lock file's URL must not become a line.
            let value: String = value.chars().filter(|next| !next.is_control()).collect();
            let _ = writeln!(text, "{name} {value}");
        }
    }
    if options.no_index {
        text += "--no-index\n";
    }
    for stated in statements.requirements.iter().filter(|stated| !of_project(stated)) {
        text += &stated.text;
        text.push('\n');
    }
    let constraints: Vec<&str> = statements.constraints.iter().map(|stated| stated.text.as_str()).collect();
    Question {
        requirements: text,
        constraints: constraints.join("\n") + "\n",
        projects: pending.projects.clone(),
        extras: pending.extras.iter().cloned().collect(),
        groups: pending.groups.clone(),
        prereleases: statements.builds.prereleases,
        context,
    }
}

/// The answer for one context, held against what was asked.
fn of_context(
    pending: &Pending,
    resolution: &Resolution,
    context: Context,
    scope: &Scope,
) -> Result<Vec<Want>, ProjectError> {
    let by = &resolution.by;
    let text = Text::new(Path::new(""), format!("the answer of {by}"), resolution.text.clone());
    let mut found: BTreeMap<String, (Option<Version>, Source, Option<Via>)> = BTreeMap::new();
    for line in lines::lines(&text, &|_| None)? {
        let place = || text.at(line.number);
        let editable =
            line.options.iter().find(|(name, _)| *name == "--editable").map(|(_, value)| value.as_str());
        let written = editable.unwrap_or(&line.requirement);
        if written.is_empty() {
            continue;
        }
        let requirement = requirements::parse(written, Path::new(""))
            .map_err(|error| ProjectError::malformed(place(), error.to_string()))?;
        let (version, source) = match (&requirement.wanted, requirement.pin()) {
            (Wanted::At(location), _) => (None, location.source().clone()),
            (_, Some(version)) => (Some(version), Source::Index),
            _ => return Err(ProjectError::malformed(place(), "has no version")),
        };
        found.insert(requirement.name, (version, source, line.via));
    }
    let chains = chains(found.iter().map(|(name, (_, _, via))| (name.as_str(), via.as_ref())));
    let stated: Vec<&Stated> = pending
        .statements
        .requirements
        .iter()
        .filter(|stated| stated.requirement.marker.holds(context, &scope.selected([])) == Some(true))
        .collect();
    for stated in &stated {
        check(stated, &found, by, context)?;
    }
    let mut wants = Vec::new();
    for (name, (version, source, _)) in found {
        let own = stated.iter().find(|stated| stated.requirement.name == name);
        let said_by = match own {
            Some(stated) if stated.requirement.is_exact() => stated.place.clone(),
            Some(stated) => format!("{}, resolved by {by}", stated.place),
            None => format!("resolved by {by}"),
        };
        wants.push(Want {
            version: version.map(|version| version.to_string()),
            source,
            hashes: own.map(|stated| stated.hashes.clone()).unwrap_or_default(),
            contexts: vec![context],
            said_by,
            chain: chains.get(&name).cloned().unwrap_or_else(|| vec![name.clone()]),
            name,
        });
    }
    Ok(wants)
}

/// A resolver that leaves something out, or takes another version than was pinned, is not believed.
fn check(
    stated: &Stated,
    found: &BTreeMap<String, (Option<Version>, Source, Option<Via>)>,
    by: &str,
    context: Context,
) -> Result<(), ProjectError> {
    let name = &stated.requirement.name;
    let wrong = |what: String| {
        let what = format!("{by} {what} for {context}\nhint: run it yourself, or name a lock file");
        Err(ProjectError::malformed(stated.place.clone(), what))
    };
    match (found.get(name), stated.requirement.pin()) {
        (None, _) => wrong(format!("left {name} out")),
        (Some((Some(chosen), ..)), Some(pin)) if !is_same(chosen, &pin) => {
            wrong(format!("chose {name} {chosen} instead of {pin}"))
        }
        _ => Ok(()),
    }
}

/// `==1.0` takes `1.0+local` too.
fn is_same(chosen: &Version, pin: &Version) -> bool {
    chosen == pin || (pin.local().is_empty() && chosen.clone().without_local() == *pin)
}

/// What is pinned is audited; that dependencies were not looked for is said, and such a run does not pass.
fn without_resolver(
    pending: &Pending,
    scope: &Scope,
    why: &str,
) -> Result<(Vec<Want>, Vec<Note>), ProjectError> {
    let statements = &pending.statements;
    let pins = pins(statements);
    let is_pinned = |stated: &&Stated| {
        stated.requirement.is_exact() || pins.contains_key(stated.requirement.name.as_str())
    };
    if let Some(stated) = statements.requirements.iter().find(|stated| !is_pinned(stated)) {
        let cause = Cause::NoResolver(stated.requirement.name.clone(), why.to_owned());
        return Err(ProjectError::new(stated.place.clone(), cause));
    }
    let why = format!(
        "what these requirements need in turn was not looked at: {why}\nhint: install uv, name a lock file, or say with \
         --no-deps that the lines are all there is"
    );
    Ok((as_they_stand(statements, scope)?, vec![Note::unread(first_place(pending), why)]))
}
