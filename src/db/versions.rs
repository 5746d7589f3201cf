//! What a specifier has to do with a version.

use crate::model::Bearing;
use pep440_rs::{Operator, Version, VersionSpecifiers};

/// Without a version, or with one that is none, nothing can be told.
pub(super) fn bearing(specifier: Option<&str>, version: Option<&str>) -> Bearing {
    let specifier: Option<VersionSpecifiers> = specifier.and_then(|text| text.parse().ok());
    let version: Option<Version> = version.and_then(|text| text.parse().ok());
    let (Some(specifier), Some(version)) = (specifier, version) else { return Bearing::Unsaid };
    if specifier.contains(&version) {
        return Bearing::This;
    }
    match lowest(&specifier) {
        Some(lowest) if *lowest > version => Bearing::Later(lowest.to_string()),
        _ => Bearing::Earlier,
    }
}

/// The lowest version that can satisfy a specifier, where it names it.
fn lowest(specifier: &VersionSpecifiers) -> Option<&Version> {
    let named = |operator| {
        use Operator::{Equal, EqualStar, ExactEqual, GreaterThanEqual, TildeEqual};
        matches!(operator, Equal | EqualStar | ExactEqual | GreaterThanEqual | TildeEqual)
    };
    specifier.iter().filter(|one| named(*one.operator())).map(pep440_rs::VersionSpecifier::version).max()
}

/// The lowest version that a specifier names, for putting records in order.
pub(super) fn key(specifier: Option<&str>) -> Option<Version> {
    let specifier: VersionSpecifiers = specifier?.parse().ok()?;
    specifier.iter().map(pep440_rs::VersionSpecifier::version).min().cloned()
}

/// The later of two versions; one that is none comes before all others.
#[must_use]
pub fn is_later(one: &str, other: &str) -> bool {
    let parse = |text: &str| text.parse::<Version>().ok();
    parse(one) > parse(other)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_record_is_about_this_version_or_later_or_earlier_ones() {
        for (specifier, version, expected) in [
            ("==1.2", "1.2", Bearing::This),
            ("==1.2", "1.2.0", Bearing::This),
            ("==1.2", "1.2+cpu", Bearing::This),
            ("==1.2", "1.3", Bearing::Earlier),
            ("==1.2", "1.1", Bearing::Later("1.2".to_owned())),
            (">=1.2", "1.10", Bearing::This),
            (">=1.2", "1.2rc1", Bearing::Later("1.2".to_owned())),
            (">=1.2,<2", "1.0", Bearing::Later("1.2".to_owned())),
            (">=1.2,<2", "2.1", Bearing::Earlier),
            ("<1.2", "1.1.9", Bearing::This),
            ("<1.2", "1.2", Bearing::Earlier),
            // Where it starts is not said.
            (">1.2", "1.1", Bearing::Earlier),
        ] {
            assert_eq!(bearing(Some(specifier), Some(version)), expected, "{specifier} {version}");
        }
        assert_eq!(bearing(None, Some("1.0")), Bearing::Unsaid);
        assert_eq!(bearing(Some(">=1"), None), Bearing::Unsaid);
        assert_eq!(bearing(Some(">=1"), Some("of today")), Bearing::Unsaid);
    }

    #[test]
    fn later_is_by_number() {
        assert!(is_later("1.10", "1.9") && !is_later("1.9", "1.10") && !is_later("1.0", "1.0.0"));
        assert!(is_later("1.0", "of today"));
    }
}
