//! Whether a marker holds, as `packaging` decides it, with "cannot be told" as a third answer.

use super::{Comparison, Marker, Operator, Value, Variable, values};
use crate::model::{Context, normalise};
use pep440_rs::{Version, VersionSpecifier};
use std::collections::BTreeSet;
use std::str::FromStr;

/// The extras and groups that are installed; normalised names.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(in super::super) struct Selected {
    pub extras: BTreeSet<String>,
    pub groups: BTreeSet<String>,
}

impl Selected {
    /// With one more extra.
    pub(in super::super) fn with_extra(&self, extra: &str) -> Self {
        let mut selected = self.clone();
        selected.extras.insert(extra.to_owned());
        selected
    }
}

impl Marker {
    /// None where it hangs on something that only the machine tells: what such a marker guards may be installed.
    pub(in super::super) fn holds(&self, context: Context, selected: &Selected) -> Option<bool> {
        match self {
            Self::Comparison(comparison) => comparison.holds(context, selected),
            Self::All(parts) => decide(parts, false, |part| part.holds(context, selected)),
            Self::Any(parts) => decide(parts, true, |part| part.holds(context, selected)),
        }
    }

    /// Whether what it guards may be installed: everything but a clear no.
    pub(in super::super) fn allows(&self, context: Context, selected: &Selected) -> bool {
        self.holds(context, selected) != Some(false)
    }
}

/// What decides alone, wherever it stands; otherwise its contrary, unless something cannot be told.
fn decide(parts: &[Marker], decisive: bool, holds: impl Fn(&Marker) -> Option<bool>) -> Option<bool> {
    let mut unknown = false;
    for part in parts {
        match holds(part) {
            Some(answer) if answer == decisive => return Some(decisive),
            Some(_) => {}
            None => unknown = true,
        }
    }
    (!unknown).then_some(!decisive)
}

impl Comparison {
    fn holds(&self, context: Context, selected: &Selected) -> Option<bool> {
        if let Some(answer) = self.membership(selected) {
            return Some(answer);
        }
        let (left, right) = (possible(&self.left, context)?, possible(&self.right, context)?);
        let mut answers = left.iter().flat_map(|left| right.iter().map(move |right| (left, right)));
        let (first_left, first_right) = answers.next()?;
        let first = self.compare(first_left, first_right)?;
        answers.all(|(left, right)| self.compare(left, right) == Some(first)).then_some(first)
    }

    /// What asks for extras and groups: they are sets, whichever way they are written.
    fn membership(&self, selected: &Selected) -> Option<bool> {
        let (variable, text) = match (&self.left, &self.right) {
            (Value::Variable(variable), Value::Text(text))
            | (Value::Text(text), Value::Variable(variable)) => (variable, normalise(text)),
            _ => return None,
        };
        let set = match variable {
            Variable::Extra | Variable::Extras => &selected.extras,
            Variable::DependencyGroups => &selected.groups,
            _ => return None,
        };
        match self.operator {
            Operator::Equal | Operator::In | Operator::Identical => Some(set.contains(&text)),
            Operator::NotEqual | Operator::NotIn => Some(!set.contains(&text)),
            _ => None,
        }
    }

    /// None where the values have no order.
    fn compare(&self, left: &str, right: &str) -> Option<bool> {
        if self.is_of_versions()
            && let Some(answer) = compare_versions(left, self.operator, right)
        {
            return Some(answer);
        }
        match self.operator {
            Operator::Less => Some(left < right),
            Operator::AtMost => Some(left <= right),
            Operator::Equal => Some(left == right),
            Operator::NotEqual => Some(left != right),
            Operator::AtLeast => Some(left >= right),
            Operator::More => Some(left > right),
            Operator::In => Some(right.contains(left)),
            Operator::NotIn => Some(!right.contains(left)),
            Operator::Compatible | Operator::Identical => None,
        }
    }

    fn is_of_versions(&self) -> bool {
        [&self.left, &self.right].into_iter().any(|value| {
            matches!(
                value,
                Value::Variable(
                    Variable::PythonVersion | Variable::PythonFullVersion | Variable::ImplementationVersion
                )
            )
        })
    }
}

fn possible(value: &Value, context: Context) -> Option<Vec<String>> {
    match value {
        Value::Text(text) => Some(vec![text.clone()]),
        Value::Variable(variable) => values::possible(*variable, context),
    }
}

/// None where they are no versions, and are compared as text.
fn compare_versions(left: &str, operator: Operator, right: &str) -> Option<bool> {
    let sign = match operator {
        Operator::Less => "<",
        Operator::AtMost => "<=",
        Operator::Equal => "==",
        Operator::NotEqual => "!=",
        Operator::AtLeast => ">=",
        Operator::More => ">",
        Operator::Compatible => "~=",
        Operator::Identical => "===",
        Operator::In | Operator::NotIn => return None,
    };
    let specifier = VersionSpecifier::from_str(&format!("{sign}{}", right.trim())).ok()?;
    Some(specifier.contains(&Version::from_str(left).ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Platform, Target};

    fn holds(marker: &str, platform: Platform) -> Option<bool> {
        let selected = Selected { extras: ["fast".to_owned()].into(), groups: ["dev".to_owned()].into() };
        marker.parse::<Marker>().unwrap().holds(Context { target: Target::Py314t, platform }, &selected)
    }

    #[test]
    fn as_packaging_decides() {
        for (marker, expected) in [
            ("", Some(true)),
            ("python_version >= '3.9'", Some(true)),
            ("python_version < '3.9'", Some(false)),
            ("python_version == '3.14.*'", Some(true)),
            ("python_version ~= '3.12'", Some(true)),
            ("'3.10' <= python_version", Some(true)),
            ("python_version in '3.13, 3.14'", Some(true)),
            ("python_version not in '3.13, 3.14'", Some(false)),
            ("python_full_version < '3.14'", Some(false)),
            ("python_full_version >= '3.14.0'", Some(true)),
            ("python_full_version >= '3.14.3'", None),
            ("python_full_version == '3.14.3'", None),
            ("python_full_version != '3.13.3'", Some(true)),
            ("platform_release == '6.1'", None),
            ("platform_release == '6.1' or os_name == 'posix'", Some(true)),
            ("platform_release == '6.1' and os_name == 'nt'", Some(false)),
            ("sys_platform == 'linux' and platform_machine == 'x86_64'", Some(true)),
            ("os_name=='nt'or(sys_platform!='win32')", Some(true)),
            ("os.name == 'posix' and python_implementation == 'CPython'", Some(true)),
            ("implementation_name == 'cpython' and platform_python_implementation == 'PyPy'", Some(false)),
            // Binds as in Python: `and` before `or`.
            ("os_name == 'posix' or os_name == 'nt' and sys_platform == 'nothing'", Some(true)),
            ("(os_name == 'posix' or os_name == 'nt') and sys_platform == 'nothing'", Some(false)),
            ("extra == 'Fast' and extra != 'slow'", Some(true)),
            ("'fast' in extras and 'dev' in dependency_groups", Some(true)),
            ("'slow' in extras or 'docs' in dependency_groups", Some(false)),
            ("'linux' in sys_platform", Some(true)),
            ("sys_platform >= 'l' and sys_platform < 'm'", Some(true)),
        ] {
            assert_eq!(holds(marker, Platform::LinuxX86_64), expected, "{marker}");
        }
    }

    #[test]
    fn platforms_differ() {
        let machines = Platform::ALL.map(|platform| {
            ["x86_64", "aarch64", "arm64", "AMD64", "ARM64"]
                .into_iter()
                .find(|machine| holds(&format!("platform_machine == '{machine}'"), platform) == Some(true))
        });
        let expected = ["x86_64", "aarch64", "x86_64", "arm64", "x86_64", "AMD64", "ARM64"];
        assert_eq!(machines, expected.map(Some));
        for (marker, count) in [
            ("sys_platform == 'linux' and platform_system == 'Linux' and os_name == 'posix'", 3),
            ("sys_platform == 'darwin' and platform_system == 'Darwin' and os_name == 'posix'", 2),
            ("sys_platform == 'win32' and platform_system == 'Windows' and os_name == 'nt'", 2),
        ] {
            let on = Platform::ALL.into_iter().filter(|platform| holds(marker, *platform) == Some(true));
            assert_eq!(on.count(), count, "{marker}");
        }
    }

    #[test]
    fn what_is_no_marker_is_refused() {
        let deep = format!("{}os_name == 'nt'{}", "(".repeat(100_000), ")".repeat(100_000));
        for marker in [
            "python_version",
            "python_version >",
            "python_version > 3.9",
            "'a' == 'b'",
            "os_name == 'posix' os_name == 'nt'",
            "os_name == 'posix",
            "(os_name == 'posix'",
            "os_name is 'posix'",
            "python == '3'",
            "orange == 'x'",
            &deep,
        ] {
            let error = marker.parse::<Marker>().unwrap_err().to_string();
            assert!(error.contains("is no marker: ") && error.len() < 500, "{error}");
        }
    }

    proptest::proptest! {
        #[test]
        fn nothing_panics(text in "[a-z_ ()'\"<>=!~.0-9é]{0,80}") {
            if let Ok(marker) = text.parse::<Marker>() {
                let context = Context { target: Target::Py314t, platform: Platform::LinuxX86_64 };
                let _ = marker.holds(context, &Selected::default());
            }
        }
    }
}
