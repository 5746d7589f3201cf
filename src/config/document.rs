//! The file as it is written: what `serde` reads, and how that becomes a [`Config`].

use super::{Config, ConfigError};
use crate::acquire::index::IndexOptions;
use crate::assess::rules::RULES;
use crate::model::{Level, Platform, Target, normalise};
use crate::policy::{End, Ignore, Policy};
use globset::Glob;
use jiff::civil::Date;
use serde::Deserialize;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::str::FromStr;
use toml::Spanned;
use toml::value::Datetime;

/// A `pyproject.toml`, as far as it is ours.
#[derive(Deserialize)]
struct Project {
    tool: Option<Tools>,
}

#[derive(Deserialize)]
struct Tools {
    ftaudit: Option<Document>,
}

/// The configuration of ftaudit.
#[derive(Default, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema), schemars(title = "ftaudit.toml"))]
#[serde(default, rename_all = "kebab-case")]
pub(super) struct Document {
    /// The free-threaded Pythons to judge for: `3.13t`, `3.14t`, `3.15t`.
    #[cfg_attr(test, schemars(with = "Vec<String>"))]
    targets: Vec<Spanned<String>>,
    /// The platforms to choose wheels for, by their names, or `all`, or `host`.
    #[cfg_attr(test, schemars(with = "Vec<String>"))]
    platforms: Vec<Spanned<String>>,
    /// What a rule's findings do: `deny` (exit status 1), `unsure` (3), `warn` (shown, 0), `allow` (not shown, 0).
    #[cfg_attr(test, schemars(with = "BTreeMap<String, String>"))]
    rules: BTreeMap<String, Spanned<String>>,
    /// Findings that do not count.
    #[cfg_attr(test, schemars(with = "Vec<IgnoreTable>"))]
    ignore: Vec<Spanned<IgnoreTable>>,
    /// A file that `--write-baseline` wrote, below this file's folder: what is in it does not count.
    baseline: Option<PathBuf>,
    /// Where wheels are looked up.
    index: IndexTable,
}

/// An ignore. Every condition that it names has to hold.
#[derive(Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
struct IgnoreTable {
    /// A distribution, with versions where not all are meant: `lxml`, `lxml<7`.
    package: Option<String>,
    /// A module's dotted name; `*` stands for anything.
    module: Option<String>,
    /// A rule.
    rule: Option<String>,
    /// The platforms; all where none are named.
    #[serde(default)]
    platforms: Vec<String>,
    /// Why this is no problem, or not now.
    reason: String,
    /// The last day that it holds on (`2027-01-31`, without quotes).
    #[cfg_attr(test, schemars(with = "Option<String>"))]
    until: Option<Datetime>,
    /// Whether it ends as soon as there is a version without the finding.
    #[serde(default)]
    until_fixed: bool,
}

/// Where wheels are looked up, as pip and uv name it.
#[derive(Default, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(default, rename_all = "kebab-case")]
struct IndexTable {
    /// Instead of the default index.
    index_url: Option<String>,
    /// Further indexes.
    extra_index_urls: Vec<String>,
    /// Folders or pages with files.
    find_links: Vec<String>,
    /// Whether only `find-links` counts.
    no_index: bool,
}

/// The keys of each table.
const KEYS: [(&str, &[&str]); 3] = [
    ("", &["targets", "platforms", "rules", "ignore", "baseline", "index"]),
    ("ignore", &["package", "module", "rule", "platforms", "reason", "until", "until-fixed"]),
    ("index", &["index-url", "extra-index-urls", "find-links", "no-index"]),
];

/// Reads a file's text; none where it is a `pyproject.toml` that is not about this program.
pub(super) fn read(path: &Path, text: &str) -> Result<Option<Config>, ConfigError> {
    let form = |error: toml::de::Error| ConfigError::Form { path: path.to_owned(), why: error.to_string() };
    let is_project = path.file_name().is_some_and(|name| name == "pyproject.toml");
    let mut unknown = Vec::new();
    let deserializer = toml::Deserializer::parse(text).map_err(form)?;
    let found = if is_project {
        let note = |key: serde_ignored::Path<'_>| {
            unknown.extend(key.to_string().strip_prefix("tool.?.ftaudit.?.").map(str::to_owned));
        };
        let project: Project = serde_ignored::deserialize(deserializer, note).map_err(form)?;
        project.tool.and_then(|tools| tools.ftaudit)
    } else {
        let note = |key: serde_ignored::Path<'_>| unknown.push(key.to_string());
        Some(serde_ignored::deserialize(deserializer, note).map_err(form)?)
    };
    let Some(document) = found else { return Ok(None) };
    if let Some(key) = unknown.first() {
        // What `toml` wraps a value in to remember its place.
        return Err(unknown_key(path, &key.replace("$__serde_spanned_private_value.", "")));
    }
    Reader { path, text }.config(document).map(Some)
}

fn unknown_key(path: &Path, key: &str) -> ConfigError {
    // `ignore.0.raeson`: the table is named by the first part.
    let (table, last) = key.rsplit_once('.').unwrap_or(("", key));
    let table = table.split('.').next().unwrap_or_default();
    let known = KEYS.iter().find(|(name, _)| *name == table).map_or(&[][..], |(_, keys)| keys);
    let nearest = nearest(last, known.iter().copied());
    ConfigError::UnknownKey { path: path.to_owned(), key: key.to_owned(), nearest }
}

/// The one that is spelt most like a text, if any is much like it.
fn nearest<'a>(text: &str, known: impl Iterator<Item = &'a str>) -> Option<String> {
    let likeness = |one: &str| strsim::jaro_winkler(text, one);
    let best = known.max_by(|one, other| likeness(one).total_cmp(&likeness(other)))?;
    (likeness(best) > 0.8).then(|| best.to_owned())
}

/// Makes a configuration of a document.
struct Reader<'a> {
    path: &'a Path,
    text: &'a str,
}

impl Reader<'_> {
    fn config(&self, document: Document) -> Result<Config, ConfigError> {
        let targets = document.targets.iter().map(|target| {
            let names = Target::ALL.map(|target| target.to_string());
            self.parsed(target, names.iter().map(String::as_str))
        });
        let mut platforms = Vec::new();
        for platform in &document.platforms {
            platforms.extend(self.platforms(platform)?);
        }
        platforms.dedup();
        let mut levels = BTreeMap::new();
        for (rule, level) in &document.rules {
            self.known_rule(rule, level.span().start)?;
            levels.insert(rule.clone(), self.level(level)?);
        }
        let ignores = document.ignore.into_iter().enumerate().map(|(index, ignore)| {
            let at = ignore.span().start;
            self.ignore(ignore.into_inner(), index, at)
        });
        let IndexTable { index_url, extra_index_urls, find_links, no_index } = document.index;
        let folder = self.path.parent().unwrap_or(Path::new(""));
        Ok(Config {
            path: Some(self.path.to_owned()),
            targets: targets.collect::<Result<_, _>>()?,
            platforms,
            policy: Policy { levels, ignores: ignores.collect::<Result<_, _>>()?, baseline: None },
            baseline: document.baseline.map(|file| folder.join(file)),
            index: IndexOptions { index_url, extra_index_urls, find_links, no_index },
        })
    }

    fn parsed<'b, T: FromStr<Err: ToString>>(
        &self,
        text: &Spanned<String>,
        known: impl Iterator<Item = &'b str>,
    ) -> Result<T, ConfigError> {
        let wrong =
            |error: T::Err| self.wrong(text.span().start, error.to_string(), nearest(text.get_ref(), known));
        text.get_ref().parse().map_err(wrong)
    }

    fn platforms(&self, text: &Spanned<String>) -> Result<Vec<Platform>, ConfigError> {
        Platform::several(text.get_ref()).map_err(|error| {
            let nearest = nearest(text.get_ref(), Platform::ALL.iter().map(|platform| platform.id()));
            self.wrong(text.span().start, error.to_string(), nearest)
        })
    }

    fn level(&self, text: &Spanned<String>) -> Result<Level, ConfigError> {
        let names = || Level::ALL.iter().map(|level| level.id());
        Level::ALL.into_iter().find(|level| level.id() == text.get_ref()).ok_or_else(|| {
            let why = format!(
                "`{}` is no level: known are {}",
                text.get_ref(),
                names().collect::<Vec<_>>().join(", ")
            );
            self.wrong(text.span().start, why, nearest(text.get_ref(), names()))
        })
    }

    fn known_rule(&self, rule: &str, at: usize) -> Result<(), ConfigError> {
        let names = || RULES.iter().map(|rule| rule.id);
        if names().any(|name| name == rule) {
            return Ok(());
        }
        Err(self.wrong(at, format!("there is no rule `{rule}`"), nearest(rule, names())))
    }

    fn ignore(&self, table: IgnoreTable, index: usize, at: usize) -> Result<Ignore, ConfigError> {
        let wrong = |why: &str| self.wrong(at, why.to_owned(), None);
        let IgnoreTable { package, module, rule, platforms, reason, until, until_fixed } = table;
        if reason.trim().is_empty() {
            return Err(wrong("an ignore wants a reason"));
        }
        if package.is_none() && module.is_none() && rule.is_none() {
            return Err(wrong("an ignore names a package, a module or a rule"));
        }
        if let Some(rule) = &rule {
            self.known_rule(rule, at)?;
        }
        let (package, versions) = match package {
            None => (None, None),
            Some(text) => {
                let end = text.find(['<', '>', '=', '!', '~']).unwrap_or(text.len());
                let (name, versions) = text.split_at(end);
                let parsed = (!versions.is_empty()).then(|| versions.parse()).transpose();
                let versions = parsed
                    .map_err(|error| wrong(&format!("`{versions}` is no version specifier: {error}")))?;
                (Some(normalise(name.trim())), versions)
            }
        };
        let module = module.map(|pattern| Glob::new(&pattern)).transpose();
        let module = module.map_err(|error| wrong(&format!("the module's pattern: {error}")))?;
        let end = match (until, until_fixed) {
            (Some(_), true) => return Err(wrong("an ignore has one end: until or until-fixed")),
            (Some(date), false) => {
                Some(End::Day(day(date).ok_or_else(|| wrong("`until` wants a day (2027-01-31)"))?))
            }
            (None, true) => Some(End::Fixed),
            (None, false) => None,
        };
        let parse = |name: &String| Platform::several(name).map_err(|error| wrong(&error.to_string()));
        let platforms: Vec<Vec<Platform>> = platforms.iter().map(parse).collect::<Result<_, _>>()?;
        Ok(Ignore {
            package,
            versions,
            module: module.map(|pattern| pattern.compile_matcher()),
            rule,
            platforms: platforms.concat(),
            reason,
            end,
            place: format!("{}: ignore {}", self.path.display(), index + 1),
        })
    }

    fn wrong(&self, at: usize, why: String, nearest: Option<String>) -> ConfigError {
        let before = self.text.get(..at).unwrap_or_default();
        let line = before.bytes().filter(|byte| *byte == b'\n').count() + 1;
        ConfigError::Value { path: self.path.to_owned(), line, why, nearest }
    }
}

/// A day without a time.
fn day(date: Datetime) -> Option<Date> {
    let (Some(day), None) = (date.date, date.time) else { return None };
    Date::new(day.year.try_into().ok()?, day.month.try_into().ok()?, day.day.try_into().ok()?).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::TEMPLATE;

    fn config(text: &str) -> Result<Config, String> {
        let read = read(Path::new("ftaudit.toml"), text).map_err(|error| error.to_string())?;
        Ok(read.expect("a file of its own is always about this program"))
    }

    #[test]
    fn everything_is_read() {
        let config = config(
            r#"
            targets = ["3.14t", "3.15t"]
            platforms = ["linux-x86_64", "macos-arm64"]
            baseline = "known.json"
            rules = { source-only = "warn", undetermined = "deny" }
            [[ignore]]
            package = "LXML < 7"
            rule = "gil-reenabled"
            reason = "only the reports use it"
            until = 2027-01-31
            [[ignore]]
            module = "hiredis.*"
            platforms = ["windows-arm64"]
            reason = "nobody runs that"
            until-fixed = true
            [index]
            index-url = "http://localhost/simple"
            "#,
        )
        .unwrap();
        assert_eq!(config.targets, [Target::Py314t, Target::Py315t]);
        assert_eq!(config.platforms, [Platform::LinuxX86_64, Platform::MacosArm64]);
        assert_eq!(config.baseline, Some(PathBuf::from("known.json")));
        assert_eq!(config.policy.levels["source-only"], Level::Warn);
        let [first, second] = &config.policy.ignores[..] else { panic!("two ignores") };
        assert_eq!(first.to_string(), "gil-reenabled, lxml <7");
        assert_eq!(first.end, Some(End::Day(Date::constant(2027, 1, 31))));
        assert_eq!(second.to_string(), "module hiredis.*, windows-arm64");
        assert_eq!(second.end, Some(End::Fixed));
        assert_eq!(config.index.index_url.as_deref(), Some("http://localhost/simple"));
    }

    #[test]
    fn what_is_not_known_is_refused_with_what_was_meant() {
        for (text, expected) in [
            ("target = ['3.14t']", "there is no key `target`\nhint: did you mean `targets`?"),
            (
                "targets = ['3.14']",
                "ftaudit.toml:1: `3.14` is no target: known are 3.13t, 3.14t and 3.15t\nhint: did you mean `3.14t`?",
            ),
            ("\nplatforms = ['linux']", "ftaudit.toml:2: `linux` is no platform"),
            (
                "[rules]\nsorce-only = 'warn'",
                "ftaudit.toml:2: there is no rule `sorce-only`\nhint: did you mean `source-only`?",
            ),
            (
                "[rules]\nsource-only = 'wran'",
                "`wran` is no level: known are allow, warn, unsure, deny\nhint: did you mean `warn`?",
            ),
            ("[[ignore]]\npackage = 'a'", "missing field `reason`"),
            ("[[ignore]]\npackage = 'a'\nreason = ' '", "an ignore wants a reason"),
            ("[[ignore]]\nreason = 'because'", "an ignore names a package, a module or a rule"),
            (
                "[[ignore]]\npackage = 'a'\nraeson = 'b'\nreason = 'b'",
                "there is no key `ignore.0.raeson`\nhint: did you mean `reason`?",
            ),
            ("[[ignore]]\npackage = 'a<<1'\nreason = 'b'", "`<<1` is no version specifier"),
            ("[[ignore]]\npackage = 'a'\nreason = 'b'\nuntil = 2027-01-31T10:00:00", "`until` wants a day"),
            ("[[ignore]]\npackage = 'a'\nreason = 'b'\nuntil = 2027-01-31\nuntil-fixed = true", "one end"),
            ("[index]\nurl = 'x'", "there is no key `index.url`"),
            ("targets = '3.14t'", "invalid type"),
            ("targets = [", "TOML parse error at line 1"),
        ] {
            let error = config(text).err().unwrap_or_else(|| panic!("{text} is taken"));
            assert!(error.contains(expected), "{text}: {error}");
        }
    }

    #[test]
    fn unknown_keys_of_other_tools_are_theirs() {
        let read = |text| super::read(Path::new("pyproject.toml"), text);
        assert!(read("[tool.ruff]\nx = 1\n").unwrap().is_none());
        assert!(read("[tool.ftaudit]\n[tool.ruff]\nx = 1\n").unwrap().is_some());
        let error = read("[tool.ftaudit]\ntarget = []\n[tool.ruff]\nx = 1\n").err().unwrap().to_string();
        assert!(error.contains("no key `target`\nhint: did you mean `targets`?"), "{error}");
    }

    #[test]
    fn the_template_is_taken_as_it_is_and_with_everything_in_it() {
        assert!(config(TEMPLATE).unwrap().policy.ignores.is_empty());
        let uncommented: Vec<&str> = TEMPLATE
            .lines()
            .filter_map(|line| line.strip_prefix("#: ").or(Some(line).filter(|line| !line.starts_with('#'))))
            .collect();
        let config = config(&uncommented.join("\n")).unwrap();
        assert_eq!(config.policy.ignores.len(), 1);
        for (_, keys) in KEYS {
            for key in keys.iter().filter(|key| **key != "until-fixed") {
                assert!(TEMPLATE.contains(key), "the template does not show {key}");
            }
        }
    }

    #[test]
    fn the_schema_is_that_of_the_program() {
        let schema = schemars::schema_for!(Document);
        let written = serde_json::to_string_pretty(&schema).unwrap() + "\n";
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/configuration.schema.json");
        let documented = std::fs::read_to_string(path).unwrap_or_default();
        assert_eq!(documented, written, "put this into docs/configuration.schema.json:\n{written}");
        let properties = |schema: &serde_json::Value| -> Vec<String> {
            schema["properties"].as_object().map(|map| map.keys().cloned().collect()).unwrap_or_default()
        };
        let schema = serde_json::to_value(schema).unwrap();
        for (table, keys) in KEYS {
            let of_table = match table {
                "" => properties(&schema),
                "ignore" => properties(&schema["$defs"]["IgnoreTable"]),
                _ => properties(&schema["$defs"]["IndexTable"]),
            };
            let mut keys: Vec<&str> = keys.to_vec();
            keys.sort_unstable();
            let mut of_table: Vec<&str> = of_table.iter().map(String::as_str).collect();
            of_table.sort_unstable();
            assert_eq!(of_table, keys, "{table}");
        }
    }
}
