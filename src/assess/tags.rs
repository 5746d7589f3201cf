//! Which wheel tags a target installs, platforms aside.
//!
//! The list is the one that `packaging` 26 makes for a free-threaded CPython (its own ABI, `abi3t` of every
//! version up to its own, `none`); `abi3` is not in it.

use crate::model::Target;

/// Whether an installer for the target takes a wheel with this tag (`cp314-cp314t-manylinux_2_28_x86_64`).
pub(super) fn installs(tag: &str, target: Target) -> bool {
    let mut parts = tag.splitn(3, '-');
    let (Some(python), Some(abi), Some(_platform)) = (parts.next(), parts.next(), parts.next()) else {
        return false;
    };
    let own = target.minor();
    let cpython = minor(python, "cp3");
    match abi {
        "none" => {
            cpython == Some(own) || python == "py3" || minor(python, "py3").is_some_and(|other| other <= own)
        }
        "abi3t" => cpython.is_some_and(|other| (2..=own).contains(&other)),
        full => cpython == Some(own) && is_own_abi(full, target),
    }
}

/// Whether an ABI tag is the target's own (`cp314t`).
pub(super) fn is_own_abi(abi: &str, target: Target) -> bool {
    abi.strip_suffix('t').and_then(|version| minor(version, "cp3")) == Some(target.minor())
}

/// The ABI part of a tag.
pub(super) fn abi(tag: &str) -> Option<&str> {
    tag.split('-').nth(1)
}

/// `14` of `cp314`.
fn minor(tag: &str, prefix: &str) -> Option<u8> {
    let digits = tag.strip_prefix(prefix)?;
    digits.bytes().all(|byte| byte.is_ascii_digit()).then(|| digits.parse().ok())?
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
}
