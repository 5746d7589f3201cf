//! Which wheel tags a free-threaded Python installs, and which of two it prefers: one table for who chooses a wheel
//! and for who judges one.
//!
//! The order is the one that `packaging` 26 makes: the interpreter's own ABI, `abi3t` of its own version, `none`, `abi3t` of
//! older versions, then pure Python. `abi3` is not in it: free-threaded builds do not load it.
//! (`packaging.tags.cpython_tags` and `compatible_tags`; `tests/index` holds this table against them.)

use super::{Context, Platform, Target, WheelName};
use std::sync::OnceLock;

/// The glibc that a Linux platform is taken to have: 2.39, Ubuntu 24.04's, on which hosted CI runs by default. An older one
/// would call packages that are built for `manylinux_2_34` and later not available where they are.
const GLIBC_MINOR: u8 = 39;

/// The musl that a Linux platform is taken to have: 1.2, that of every supported Alpine.
const MUSL_MINOR: u8 = 2;

/// The macOS that a platform is taken to have: 15, the one before the newest, on which hosted CI runs by default. Wheels that
/// are built for macOS 14 and later are preferred by an installer there, so an older one would audit another wheel.
const MACOS_MAJOR: u8 = 15;

/// The first minor version of Python with a stable ABI, and so the first that an `abi3t` tag can name.
const FIRST_STABLE_ABI: u8 = 2;

/// How much an installer likes a tag: less is better.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Rank {
    interpreter: usize,
    platform: usize,
}

/// The most preferred of a wheel's tags in a context, and its rank; none where the wheel cannot be installed there.
#[must_use]
pub fn best(name: &WheelName, context: Context) -> Option<(Rank, String)> {
    let ranked = |tag: String| Some((rank(&tag, context)?, tag));
    name.tags().into_iter().filter_map(ranked).min()
}

/// The rank of one tag (`cp314-cp314t-manylinux_2_28_x86_64`); none where it does not fit.
fn rank(tag: &str, context: Context) -> Option<Rank> {
    let (python, abi, platform) = parts(tag)?;
    let any = platform == "any";
    let interpreter =
        interpreters(context.target).iter().position(|known| known.any == any && known.is(python, abi))?;
    let platforms = platforms(context.platform);
    let platform = if any { 0 } else { platforms.iter().position(|known| known == platform)? };
    Some(Rank { interpreter, platform })
}

/// Whether an installer for the target takes a wheel with this tag, platforms aside.
#[must_use]
pub fn installs(tag: &str, target: Target) -> bool {
    parts(tag).is_some_and(|(python, abi, _)| interpreters(target).iter().any(|known| known.is(python, abi)))
}

/// Whether a wheel with this tag is for a platform, whatever the interpreter.
#[must_use]
pub fn is_for(tag: &str, platform: Platform) -> bool {
    parts(tag)
        .is_some_and(|(_, _, part)| part == "any" || platforms(platform).iter().any(|known| known == part))
}

/// The targets that install a wheel with any of these tags, platforms aside, oldest first.
#[must_use]
pub fn targets(tags: &[String]) -> Vec<Target> {
    Target::ALL.into_iter().filter(|target| tags.iter().any(|tag| installs(tag, *target))).collect()
}

/// Whether a tag names an ABI of free-threaded Python, of whatever version.
#[must_use]
pub fn is_free_threaded(tag: &str) -> bool {
    let is_of_version = |abi: &str| abi.starts_with("cp") && abi.trim_end_matches('d').ends_with('t');
    abi(tag).is_some_and(|abi| abi == "abi3t" || is_of_version(abi))
}

/// The parts of tags that say which Pythons a wheel is for, each once: `cp315-abi3, cp315-abi3t`.
#[must_use]
pub fn without_platforms(tags: &[String]) -> String {
    let mut short: Vec<String> =
        tags.iter().map(|tag| tag.splitn(3, '-').take(2).collect::<Vec<_>>().join("-")).collect();
    short.sort_unstable();
    short.dedup();
    short.join(", ")
}

/// The ABI part of a tag.
#[must_use]
pub fn abi(tag: &str) -> Option<&str> {
    tag.split('-').nth(1)
}

fn parts(tag: &str) -> Option<(&str, &str, &str)> {
    let mut parts = tag.splitn(3, '-');
    Some((parts.next()?, parts.next()?, parts.next()?))
}

/// The first two parts of a tag.
struct InterpreterTag {
    python: String,
    abi: String,
    /// Whether it stands before `any`, instead of before each platform.
    any: bool,
}

impl InterpreterTag {
    fn is(&self, python: &str, abi: &str) -> bool {
        self.python == python && self.abi == abi
    }
}

/// What a target installs, the most preferred first.
fn interpreters(target: Target) -> &'static [InterpreterTag] {
    static TABLES: [OnceLock<Vec<InterpreterTag>>; Target::ALL.len()] =
        [const { OnceLock::new() }; Target::ALL.len()];
    let table = Target::ALL.iter().position(|known| *known == target).and_then(|index| TABLES.get(index));
    table.map_or(&[], |table| table.get_or_init(|| interpreter_table(target.minor())))
}

fn interpreter_table(minor: u8) -> Vec<InterpreterTag> {
    let tag = |python: String, abi: &str, any| InterpreterTag { python, abi: abi.to_owned(), any };
    let cpython = |minor: u8| format!("cp3{minor}");
    let generic: Vec<String> = std::iter::once(format!("py3{minor}"))
        .chain(std::iter::once("py3".to_owned()))
        .chain((0..minor).rev().map(|older| format!("py3{older}")))
        .collect();
    let mut table = vec![
        tag(cpython(minor), &format!("cp3{minor}t"), false),
        tag(cpython(minor), "abi3t", false),
        tag(cpython(minor), "none", false),
    ];
    table.extend((FIRST_STABLE_ABI..minor).rev().map(|older| tag(cpython(older), "abi3t", false)));
    table.extend(generic.iter().map(|python| tag(python.clone(), "none", false)));
    table.push(tag(cpython(minor), "none", true));
    table.extend(generic.into_iter().map(|python| tag(python, "none", true)));
    table
}

/// The platform tags of a platform, the most preferred first.
fn platforms(platform: Platform) -> &'static [String] {
    static TABLES: [OnceLock<Vec<String>>; Platform::ALL.len()] =
        [const { OnceLock::new() }; Platform::ALL.len()];
    let table = Platform::ALL.iter().position(|known| *known == platform).and_then(|index| TABLES.get(index));
    table.map_or(&[], |table| table.get_or_init(|| platform_table(platform)))
}

fn platform_table(platform: Platform) -> Vec<String> {
    match platform {
        Platform::LinuxX86_64 => manylinux("x86_64", 5),
        Platform::LinuxAarch64 => manylinux("aarch64", 17),
        Platform::LinuxMuslX86_64 => {
            let musl = (0..=MUSL_MINOR).rev().map(|minor| format!("musllinux_1_{minor}_x86_64"));
            musl.chain(["linux_x86_64".to_owned()]).collect()
        }
        Platform::MacosArm64 => {
            let current = macos(11..=MACOS_MAJOR, &["arm64", "universal2"], |major| format!("{major}_0"));
            current.chain(macos(4..=16, &["universal2"], |minor| format!("10_{minor}"))).collect()
        }
        Platform::MacosX86_64 => {
            let formats = &["x86_64", "intel", "fat64", "fat32", "universal2", "universal"];
            let current = macos(11..=MACOS_MAJOR, formats, |major| format!("{major}_0"));
            current.chain(macos(4..=16, formats, |minor| format!("10_{minor}"))).collect()
        }
        Platform::WindowsX86_64 => vec!["win_amd64".to_owned()],
        Platform::WindowsArm64 => vec!["win_arm64".to_owned()],
    }
}

/// From the newest glibc to the oldest that any wheel of that machine is built for; those that had a name before
/// [PEP 600](https://peps.python.org/pep-0600/#legacy-manylinux-tags) under both.
fn manylinux(machine: &str, oldest: u8) -> Vec<String> {
    let mut tags = Vec::new();
    for minor in (oldest..=GLIBC_MINOR).rev() {
        tags.push(format!("manylinux_2_{minor}_{machine}"));
        let legacy = match minor {
            17 => "manylinux2014",
            12 => "manylinux2010",
            5 => "manylinux1",
            _ => continue,
        };
        tags.push(format!("{legacy}_{machine}"));
    }
    tags.push(format!("linux_{machine}"));
    tags
}

/// From the newest macOS to the oldest, each with every binary format.
fn macos(
    versions: std::ops::RangeInclusive<u8>,
    formats: &[&str],
    shown: impl Fn(u8) -> String,
) -> impl Iterator<Item = String> {
    versions.rev().flat_map(move |version| {
        let version = shown(version);
        formats.iter().map(|format| format!("macosx_{version}_{format}")).collect::<Vec<_>>()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tags_by_target() {
        for (tag, installed_on) in [
            ("cp313-cp313t-linux_x86_64", "3.13t"),
            ("cp314-cp314t-manylinux_2_28_x86_64", "3.14t"),
            ("cp315-cp315t-win_amd64", "3.15t"),
            ("cp314-cp314-linux_x86_64", ""),
            ("cp314-cp313t-linux_x86_64", ""),
            ("cp314t-cp314t-linux_x86_64", ""),
            ("cp39-abi3-linux_x86_64", ""),
            ("cp315-abi3-linux_x86_64", ""),
            ("cp315-abi3t-linux_x86_64", "3.15t"),
            ("cp314-abi3t-linux_x86_64", "3.14t 3.15t"),
            ("cp32-abi3t-linux_x86_64", "3.13t 3.14t 3.15t"),
            ("cp31-abi3t-linux_x86_64", ""),
            ("cp316-abi3t-linux_x86_64", ""),
            ("cp314-none-win_amd64", "3.14t"),
            ("cp314-none-any", "3.14t"),
            ("py3-none-any", "3.13t 3.14t 3.15t"),
            ("py3-none-manylinux_2_17_x86_64", "3.13t 3.14t 3.15t"),
            ("py37-none-any", "3.13t 3.14t 3.15t"),
            ("py315-none-any", "3.15t"),
            ("py2-none-any", ""),
            ("pp311-pypy311_pp73-linux_x86_64", ""),
            ("cp314", ""),
            ("", ""),
            ("cp3-none-any", ""),
            ("cp3999-none-any", ""),
        ] {
            let on: Vec<String> = Target::ALL
                .into_iter()
                .filter(|target| installs(tag, *target))
                .map(|target| target.to_string())
                .collect();
            assert_eq!(on.join(" "), installed_on, "{tag}");
        }
    }

    #[test]
    fn a_free_threaded_abi_is_told_whatever_its_version() {
        for (tag, expected) in [
            ("cp314-cp314t-win_amd64", true),
            ("cp316-cp316t-win_amd64", true),
            ("cp314-cp314td-win_amd64", true),
            ("cp315-abi3t-win_amd64", true),
            ("cp314-cp314-win_amd64", false),
            ("cp314-cp314d-win_amd64", false),
            ("cp39-abi3-win_amd64", false),
            ("py3-none-any", false),
        ] {
            assert_eq!(is_free_threaded(tag), expected, "{tag}");
        }
    }

    /// The tags of a list that fit, in the order of their ranks.
    fn ordered(tags: &[&str], context: Context) -> Vec<String> {
        let mut ranked: Vec<(Rank, &str)> =
            tags.iter().filter_map(|tag| Some((rank(tag, context)?, *tag))).collect();
        ranked.sort_unstable();
        ranked.into_iter().map(|(_, tag)| tag.to_owned()).collect()
    }

    #[test]
    fn own_abi_then_stable_abi_then_none_then_pure() {
        let context = Context { target: Target::Py314t, platform: Platform::LinuxX86_64 };
        let tags = [
            "py3-none-any",
            "cp314-none-any",
            "py3-none-manylinux_2_17_x86_64",
            "cp313-abi3t-manylinux_2_28_x86_64",
            "cp314-none-manylinux_2_28_x86_64",
            "cp314-abi3t-linux_x86_64",
            "cp314-cp314t-manylinux2014_x86_64",
            "cp314-cp314t-manylinux_2_28_x86_64",
            "cp314-cp314t-manylinux_2_40_x86_64",
            "cp314-cp314t-musllinux_1_2_x86_64",
            "cp314-cp314t-any",
        ];
        let order: Vec<&str> = tags[..8].iter().rev().copied().collect();
        assert_eq!(ordered(&tags, context), order);
    }

    #[test]
    fn the_best_of_a_compressed_set_counts() {
        let name = "foo-1-py3.cp314-none.cp314t-manylinux2014_x86_64.manylinux_2_28_x86_64.whl";
        let context = Context { target: Target::Py314t, platform: Platform::LinuxX86_64 };
        let found = best(&name.parse().unwrap(), context).map(|(_, tag)| tag);
        assert_eq!(found.as_deref(), Some("cp314-cp314t-manylinux_2_28_x86_64"));
        let windows = Context { platform: Platform::WindowsArm64, ..context };
        assert_eq!(best(&name.parse().unwrap(), windows), None);
    }
}
