//! Which of the files on offer an installer takes, and why not the others: pip's order
//! ([`CandidateEvaluator`](https://github.com/pypa/pip/blob/main/src/pip/_internal/index/package_finder.py)) for a
//! version that is pinned exactly. Fetches nothing.

use crate::model::{Choice, Considered, Context, Hash, IndexFile, Taken, Want, WheelName, normalise, tags};
use pep440_rs::{Version, VersionSpecifiers};
use std::cmp::Reverse;

/// Patch releases that a target is tried with where a file says which it needs: it fits where it fits one of them, since
/// which one a user has is not known. No minor version of Python 3 has had more.
const PATCHES: u64 = 30;

/// The endings of source archives that pip takes.
const SOURCE_ENDINGS: [&str; 9] =
    [".tar.gz", ".tgz", ".zip", ".tar.bz2", ".tbz", ".tar.xz", ".txz", ".tar", ".tar.lzma"];

/// Takes one of the files for what is wanted.
pub(super) fn choose(want: &Want, files: &[IndexFile], context: Context) -> Choice {
    let (mut fitting, mut passed_over) = (Vec::new(), Vec::new());
    for file in files {
        match Candidate::of(want, file, context) {
            Found::Fits(candidate) => fitting.push(*candidate),
            Found::Misfit(why) => passed_over.push(Considered { file: file.name.clone(), why }),
            Found::Other => {}
        }
    }
    drop_unlike(&mut fitting, &mut passed_over, &want.hashes);
    // Where two are alike the one that was found first counts.
    fitting.sort_by(|one, other| other.preference.cmp(&one.preference));
    passed_over.sort_unstable();
    let taken =
        fitting.first().map_or_else(|| nothing(want, passed_over.len(), context), |best| best.take(want));
    let mut considered: Vec<Considered> =
        fitting.iter().enumerate().map(|(place, candidate)| candidate.considered(place, &taken)).collect();
    considered.extend(passed_over);
    Choice { taken, considered }
}

/// The version of a project that a file is of; none for a file of another project, or of no kind that is installed.
pub(super) fn version_of(file: &str, project: &str) -> Option<String> {
    if let Ok(wheel) = file.parse::<WheelName>() {
        return (normalise(&wheel.distribution) == project).then_some(wheel.version);
    }
    let stem = source_stem(file)?;
    // Names may hold hyphens as well as versions, so the name decides where it ends.
    let ends = stem.match_indices('-').map(|(at, _)| at);
    let at = ends.into_iter().find(|at| normalise(&stem[..*at]) == project)?;
    Some(stem[at + 1..].to_owned())
}

/// A source archive's name without its ending.
pub(super) fn source_stem(file: &str) -> Option<&str> {
    SOURCE_ENDINGS.iter().find_map(|ending| file.strip_suffix(ending))
}

/// A version as wheel names spell it, where an underscore may stand for the plus before a local part.
pub(super) fn parse_version(text: &str) -> Option<Version> {
    text.parse().ok().or_else(|| text.replacen('_', "+", 1).parse().ok())
}

/// A file that could be installed.
struct Candidate<'a> {
    file: &'a IndexFile,
    /// What of it fits: a tag, or that it is a source archive.
    tag: Option<String>,
    preference: Preference,
}

/// What pip compares candidates by, the most important first.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
struct Preference {
    has_allowed_hash: bool,
    is_not_yanked: bool,
    version: Option<Version>,
    /// Source archives come behind every wheel of the same version.
    rank: Option<Reverse<tags::Rank>>,
    build: Option<Build>,
}

/// A build tag: its number by length and digits, then what follows.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
struct Build(usize, String, String);

/// What comes of a look at a file.
enum Found<'a> {
    Fits(Box<Candidate<'a>>),
    Misfit(String),
    /// Another project's or another version's.
    Other,
}

impl<'a> Candidate<'a> {
    fn of(want: &Want, file: &'a IndexFile, context: Context) -> Found<'a> {
        let Some(text) = version_of(&file.name, &want.name) else { return Found::Other };
        let version = parse_version(&text);
        if want.version.as_ref().is_some_and(|wanted| !is_version(wanted, &text, version.as_ref())) {
            return Found::Other;
        }
        let wheel: Option<WheelName> = file.name.parse().ok();
        let best = wheel.as_ref().map(|wheel| tags::best(wheel, context));
        let (rank, tag) = match best {
            Some(None) => return Found::Misfit(format!("no tag of it fits {context}")),
            Some(Some((rank, tag))) => (Some(Reverse(rank)), Some(tag)),
            None => (None, None),
        };
        if let Some(needed) = file.requires_python.as_deref().filter(|needed| !runs_on(needed, context)) {
            return Found::Misfit(format!("it needs Python {}", needed.escape_debug()));
        }
        let preference = Preference {
            has_allowed_hash: hash_fits(&file.hashes, &want.hashes) == Some(true),
            is_not_yanked: file.yanked.is_none(),
            version,
            rank,
            build: wheel.and_then(|wheel| wheel.build).map(|build| Build::of(&build)),
        };
        Found::Fits(Box::new(Self { file, tag, preference }))
    }

    fn take(&self, want: &Want) -> Taken {
        if hash_fits(&self.file.hashes, &want.hashes) == Some(false) {
            let why = "its hash is none of those that are required";
            return Taken::Nothing(format!("{}: {why}", self.file.name));
        }
        let file = self.file.clone();
        if self.tag.is_some() { Taken::Wheel(file) } else { Taken::SourceArchive(file) }
    }

    fn considered(&self, place: usize, taken: &Taken) -> Considered {
        let fit = match &self.tag {
            Some(tag) => format!("{tag} fits"),
            None => "a source archive, which would be compiled".to_owned(),
        };
        let yanked = if self.file.yanked.is_some() { "; it was yanked" } else { "" };
        let why = match (place, taken) {
            (0, Taken::Nothing(_)) => {
                format!("refused: {fit}, but its hash is none of those that are required")
            }
            (0, _) => format!("taken: {fit}{yanked}"),
            _ => format!("passed over for a better one: {fit}{yanked}"),
        };
        Considered { file: self.file.name.clone(), why }
    }
}

impl Build {
    fn of(text: &str) -> Self {
        let digits = text.len() - text.trim_start_matches(|letter: char| letter.is_ascii_digit()).len();
        let (number, rest) = text.split_at(digits);
        let number = number.trim_start_matches('0');
        Self(number.len(), number.to_owned(), rest.to_owned())
    }
}

/// Whether a file's version is the wanted one: `1.0` is also `1.0.0` and `1.0+cpu`, as for `==` in a requirement.
fn is_version(wanted: &str, text: &str, version: Option<&Version>) -> bool {
    match (wanted.parse::<Version>(), version) {
        (Ok(wanted), Some(version)) if wanted.local().is_empty() => wanted == version.clone().without_local(),
        (Ok(wanted), Some(version)) => wanted == *version,
        _ => wanted == text,
    }
}

/// What no installer can read it ignores, and so does this.
fn runs_on(needed: &str, context: Context) -> bool {
    let Ok(needed) = needed.parse::<VersionSpecifiers>() else { return true };
    let minor = u64::from(context.target.minor());
    (0..=PATCHES).any(|patch| needed.contains(&Version::new([3, minor, patch])))
}

/// Whether what is said of a file's hashes is among those that are accepted; none where nothing compares.
pub(super) fn hash_fits(said: &[Hash], accepted: &[Hash]) -> Option<bool> {
    let compares = |hash: &&Hash| accepted.iter().any(|accepted| accepted.algorithm == hash.algorithm);
    let mut comparable = said.iter().filter(compares).peekable();
    comparable.peek()?;
    Some(comparable.all(|hash| accepted.contains(hash)))
}

/// pip passes over files with another hash where there is one with the right hash, and otherwise refuses what it would
/// take.
fn drop_unlike(fitting: &mut Vec<Candidate<'_>>, passed_over: &mut Vec<Considered>, accepted: &[Hash]) {
    if !fitting.iter().any(|candidate| candidate.preference.has_allowed_hash) {
        return;
    }
    let unlike = |candidate: &Candidate<'_>| hash_fits(&candidate.file.hashes, accepted) == Some(false);
    let why = "its hash is none of those that are required";
    let dropped = fitting.iter().filter(|candidate| unlike(candidate));
    passed_over.extend(
        dropped.map(|candidate| Considered { file: candidate.file.name.clone(), why: why.to_owned() }),
    );
    fitting.retain(|candidate| !unlike(candidate));
}

fn nothing(want: &Want, passed_over: usize, context: Context) -> Taken {
    let version = want.version.as_deref().unwrap_or("any version");
    let why = match passed_over {
        0 => format!("no index has {} {version}", want.name),
        count => format!("none of the {count} files of {} {version} fits {context}", want.name),
    };
    Taken::Nothing(why)
}

#[cfg(test)]
mod tests;
