//! The text of a marker -> [`Marker`].

use super::{Comparison, Marker, Operator, Value, Variable};
use std::str::FromStr;

/// How deep brackets may stand in each other: tools write three or four.
const DEEPEST: usize = 64;

/// What was given is no marker.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{text}` is no marker: {why}")]
pub(in super::super) struct MarkerError {
    text: String,
    why: String,
}

impl FromStr for Marker {
    type Err = MarkerError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        if text.trim().is_empty() {
            return Ok(Self::ALWAYS);
        }
        let mut parser = Parser { rest: text };
        let parsed = parser.any(0).and_then(|marker| match parser.rest.trim_start() {
            "" => Ok(marker),
            rest => Err(format!("`{}` is too much", cut(rest))),
        });
        parsed.map_err(|why| MarkerError { text: cut(text.trim()), why })
    }
}

/// The start of a text, for a message.
fn cut(text: &str) -> String {
    let short: String = text.chars().take(120).collect();
    if short.len() < text.len() { short + "…" } else { short }
}

struct Parser<'a> {
    rest: &'a str,
}

impl Parser<'_> {
    fn any(&mut self, depth: usize) -> Result<Marker, String> {
        let mut parts = vec![self.all(depth)?];
        while self.word("or") {
            parts.push(self.all(depth)?);
        }
        Ok(Marker::any_of(parts))
    }

    fn all(&mut self, depth: usize) -> Result<Marker, String> {
        let mut parts = vec![self.one(depth)?];
        while self.word("and") {
            parts.push(self.one(depth)?);
        }
        Ok(if parts.len() == 1 { parts.remove(0) } else { Marker::All(parts) })
    }

    fn one(&mut self, depth: usize) -> Result<Marker, String> {
        if !self.sign("(") {
            return self.comparison().map(Marker::Comparison);
        }
        if depth >= DEEPEST {
            return Err(format!("more than {DEEPEST} brackets stand in each other"));
        }
        let inner = self.any(depth + 1)?;
        if self.sign(")") { Ok(inner) } else { Err("a bracket is not closed".to_owned()) }
    }

    fn comparison(&mut self) -> Result<Comparison, String> {
        let left = self.value()?;
        let operator = self.operator()?;
        let right = self.value()?;
        if !matches!((&left, &right), (Value::Variable(_), _) | (_, Value::Variable(_))) {
            return Err("a comparison needs a variable".to_owned());
        }
        Ok(Comparison { left, operator, right })
    }

    fn value(&mut self) -> Result<Value, String> {
        self.rest = self.rest.trim_start();
        if let Some(quote) = self.rest.chars().next().filter(|first| ['"', '\''].contains(first)) {
            let inside = &self.rest[1..];
            let end = inside.find(quote).ok_or("a quote is not closed")?;
            let text = inside[..end].to_owned();
            self.rest = &inside[end + 1..];
            return Ok(Value::Text(text));
        }
        let is_name = |character: char| character.is_ascii_alphanumeric() || ['_', '.'].contains(&character);
        let end = self.rest.find(|character| !is_name(character)).unwrap_or(self.rest.len());
        let (name, rest) = self.rest.split_at(end);
        let variable = Variable::named(name).ok_or_else(|| match name {
            "" => format!("a value is missing before `{}`", cut(rest)),
            _ => format!("`{}` is no variable", cut(name)),
        })?;
        self.rest = rest;
        Ok(Value::Variable(variable))
    }

    fn operator(&mut self) -> Result<Operator, String> {
        // The longer ones first: `<=` starts with `<`.
        for (sign, operator) in [
            ("===", Operator::Identical),
            ("==", Operator::Equal),
            ("!=", Operator::NotEqual),
            ("<=", Operator::AtMost),
            (">=", Operator::AtLeast),
            ("~=", Operator::Compatible),
            ("<", Operator::Less),
            (">", Operator::More),
        ] {
            if self.sign(sign) {
                return Ok(operator);
            }
        }
        if self.word("in") {
            return Ok(Operator::In);
        }
        if self.word("not") && self.word("in") {
            return Ok(Operator::NotIn);
        }
        Err(format!("an operator is missing before `{}`", cut(self.rest)))
    }

    fn sign(&mut self, sign: &str) -> bool {
        let rest = self.rest.trim_start().strip_prefix(sign);
        rest.is_some_and(|rest| {
            self.rest = rest;
            true
        })
    }

    /// A whole word.
    fn word(&mut self, word: &str) -> bool {
        let rest = self.rest.trim_start().strip_prefix(word);
        let rest = rest.filter(|rest| !rest.starts_with(|next: char| next.is_alphanumeric() || next == '_'));
        rest.is_some_and(|rest| {
            self.rest = rest;
            true
        })
    }
}

impl Variable {
    /// With the names of before PEP 508, which `packaging` still takes.
    fn named(name: &str) -> Option<Self> {
        Some(match name {
            "os_name" | "os.name" => Self::OsName,
            "sys_platform" | "sys.platform" => Self::SysPlatform,
            "platform_machine" | "platform.machine" => Self::PlatformMachine,
            "platform_python_implementation" | "platform.python_implementation" | "python_implementation" => {
                Self::PlatformPythonImplementation
            }
            "platform_release" => Self::PlatformRelease,
            "platform_system" => Self::PlatformSystem,
            "platform_version" | "platform.version" => Self::PlatformVersion,
            "python_version" => Self::PythonVersion,
            "python_full_version" => Self::PythonFullVersion,
            "implementation_name" => Self::ImplementationName,
            "implementation_version" => Self::ImplementationVersion,
            "extra" => Self::Extra,
            "extras" => Self::Extras,
            "dependency_groups" => Self::DependencyGroups,
            _ => return None,
        })
    }
}
