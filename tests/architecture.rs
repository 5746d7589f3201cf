//! The shape of the source, as far as it is worth keeping: who may name whom, where a crate is at home, and how
//! long things may grow. A rule that stands in the way is changed here, in sight.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

/// The stages. They hand each other types of `model`, and only `audit` joins them.
const STAGES: [&str; 7] = ["acquire", "unpack", "inspect", "assess", "db", "confirm", "report"];

/// What names every stage.
const JOINING: [&str; 3] = ["audit", "lib.rs", "main.rs"];

/// What stands around the stages, with the stages that it may name: the command line lists the rules and reads how
/// interpreters are named, and the plan holds the report's layout and how modules are confirmed.
const SURROUNDINGS: [(&str, &[&str]); 14] = [
    ("model", &[]),
    ("cli", &["confirm"]),
    ("cli.rs", &["assess", "confirm"]),
    ("config", &["acquire", "assess"]),
    ("dashboard", &["report"]),
    ("plan", &["acquire", "confirm", "report"]),
    ("log.rs", &["report"]),
    ("policy", &[]),
    ("progress.rs", &[]),
    ("deliver.rs", &[]),
    ("diff", &[]),
    ("interrupt.rs", &[]),
    ("saved.rs", &[]),
    ("error.rs", &["acquire", "confirm", "db", "unpack"]),
];

/// Each external crate and the only places that may name it: a path below `src`, or the start of one.
const HOMES: [(&str, &[&str]); 55] = [
    ("aho_corasick", &["inspect/"]),
    ("anstream", &["main.rs", "plan/"]),
    ("anstyle", &["main.rs", "report/human/page.rs"]),
    ("archery", &["inspect/"]),
    ("askama", &["report/html/", "dashboard/", "error.rs"]),
    ("clap", &["cli.rs", "cli/"]),
    ("clap_complete", &["cli.rs", "cli/completions.rs"]),
    ("clap_mangen", &["cli/manual.rs"]),
    ("configparser", &["acquire/index/"]),
    ("crc32fast", &["acquire/index/", "unpack/"]),
    ("csv", &["report/csv.rs"]),
    ("ctrlc", &["interrupt.rs"]),
    (
        "data_encoding",
        &["acquire/index/", "unpack/", "audit/", "report/html/", "report/issue.rs", "dashboard/"],
    ),
    ("etcetera", &["acquire/index/"]),
    ("flate2", &["acquire/index/", "db/", "unpack/"]),
    ("globset", &["config/", "policy/"]),
    ("goblin", &["inspect/"]),
    ("html5gum", &["acquire/index/"]),
    ("httpdate", &["acquire/index/"]),
    ("iced_x86", &["inspect/"]),
    ("indicatif", &["progress.rs"]),
    ("jiff", &["config/", "dashboard/", "db/", "policy/"]),
    ("landlock", &["confirm/sandbox/"]),
    ("libc", &["confirm/sandbox/"]),
    ("memchr", &["acquire/index/", "db/", "inspect/", "unpack/"]),
    ("memmap2", &["unpack/bytes.rs"]),
    ("object", &["inspect/"]),
    ("pep440_rs", &["acquire/", "db/", "policy/"]),
    ("percent_encoding", &["acquire/", "report/sarif.rs"]),
    ("punycode", &["inspect/"]),
    ("quick_xml", &["report/junit.rs"]),
    ("rayon", &["error.rs", "audit/"]),
    ("rpds", &["inspect/"]),
    ("rustc_hash", &["inspect/"]),
    ("rustix", &["confirm/"]),
    ("seccompiler", &["confirm/sandbox/"]),
    (
        "serde",
        &[
            "acquire/",
            "audit/memory.rs",
            "config/",
            "confirm/",
            "db/",
            "model/",
            "policy/",
            "report/",
            "saved.rs",
        ],
    ),
    ("serde_saphyr", &["acquire/project/"]),
    ("serde_ignored", &["config/"]),
    (
        "serde_json",
        &["acquire/", "audit/memory.rs", "confirm/", "policy/", "report/", "saved.rs", "error.rs"],
    ),
    ("sha2", &["acquire/index/", "audit/", "report/html/", "report/issue.rs", "dashboard/"]),
    ("shlex", &["acquire/project/"]),
    ("strsim", &["config/"]),
    ("tar", &["acquire/index/"]),
    ("tempfile", &["acquire/", "confirm/", "db/", "deliver.rs"]),
    ("textwrap", &["plan/", "report/human/page.rs"]),
    ("toml", &["acquire/", "config/", "db/"]),
    (
        "tracing",
        &["log.rs", "acquire/index/", "acquire/project/settle.rs", "audit/modules.rs", "confirm/session.rs"],
    ),
    ("tracing_subscriber", &["log.rs"]),
    ("ureq", &["acquire/index/"]),
    ("url", &["acquire/"]),
    ("walkdir", &["acquire/", "confirm/sandbox/limits.rs", "dashboard/", "unpack/"]),
    ("yaxpeax_arch", &["inspect/"]),
    ("yaxpeax_arm", &["inspect/"]),
    ("zip", &["acquire/index/", "unpack/"]),
];

/// Crates that every part may use.
const AT_HOME_EVERYWHERE: [&str; 1] = ["thiserror"];

/// The one file with `unsafe`: it maps files into memory.
const UNSAFE: &str = "unpack/bytes.rs";

const LONGEST_FILE: usize = 400;
const LONGEST_FUNCTION: usize = 60;
const LONGEST_MAIN: usize = 40;

/// A source file without its comments and tests.
struct Source {
    /// Below `src`, with `/` between parts.
    path: String,
    lines: Vec<String>,
}

impl Source {
    /// The stage or the file around the stages that it belongs to.
    fn part(&self) -> &str {
        self.path.split('/').next().unwrap_or_default()
    }

    /// Whether it exists for tests only.
    fn is_for_tests(&self) -> bool {
        self.path.starts_with("model/made_up/")
            || ["/testing.rs", "/tests.rs"].iter().any(|end| self.path.ends_with(end))
    }

    /// Where lines are that satisfy `wrong`, with what is wrong about them.
    fn complaints(&self, what: &str, wrong: impl Fn(&str) -> bool) -> Vec<String> {
        let numbered = self.lines.iter().enumerate().filter(|(_, line)| wrong(line));
        numbered.map(|(number, _)| format!("src/{}:{}: {what}", self.path, number + 1)).collect()
    }
}

fn sources() -> Vec<Source> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut files = Vec::new();
    collect(&root, &mut files);
    files.sort();
    files.into_iter().map(|file| read(&root, &file)).collect()
}

fn collect(folder: &Path, files: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            collect(&path, files);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            files.push(path);
        }
    }
}

/// The module of tests goes, and the text behind `//`: prose may name anything.
fn read(root: &Path, file: &Path) -> Source {
    let text = fs::read_to_string(file).unwrap();
    let below = file.strip_prefix(root).unwrap().components();
    let parts: Vec<String> = below.map(|part| part.as_os_str().to_string_lossy().into_owned()).collect();
    let code = text.split("#[cfg(test)]\nmod tests").next().unwrap_or_default();
    let lines = code.lines().map(|line| match line.find("//") {
        Some(start) if line[..start].trim().is_empty() || line[..start].ends_with(' ') => {
            line[..start].trim_end().to_owned()
        }
        _ => line.to_owned(),
    });
    Source { path: parts.join("/"), lines: lines.collect() }
}

/// Whether a line holds a path that starts with this crate, or imports the crate itself.
fn names(line: &str, name: &str) -> bool {
    let starts_word = |at: usize| {
        !line[..at].ends_with(|before: char| before.is_alphanumeric() || before == '_' || before == ':')
    };
    let path = format!("{name}::");
    line.match_indices(&path).any(|(at, _)| starts_word(at)) || line.trim() == format!("use {name};")
}

/// Whether a line names a part of this crate.
fn names_part(line: &str, part: &str) -> bool {
    ["::", ";", "::{", " as "].iter().any(|end| line.contains(&format!("crate::{part}{end}")))
        || line.contains(&format!("crate::{{{part}"))
}

fn complain(wrong: &[String]) {
    assert!(wrong.is_empty(), "\n{}\n", wrong.join("\n"));
}

#[test]
fn stages_do_not_name_each_other() {
    let mut wrong = Vec::new();
    for source in sources() {
        let part = source.part();
        let around = SURROUNDINGS.iter().find(|(name, _)| *name == part);
        let allowed = around.map_or(&[][..], |(_, stages)| stages);
        if JOINING.contains(&part) {
            continue;
        }
        for stage in STAGES.iter().filter(|stage| **stage != part && !allowed.contains(*stage)) {
            let what = format!("names the stage {stage}");
            wrong.extend(source.complaints(&what, |line| names_part(line, stage)));
        }
    }
    complain(&wrong);
}

#[test]
fn every_part_is_a_stage_or_known_around_them() {
    let known: Vec<&str> =
        STAGES.into_iter().chain(SURROUNDINGS.map(|(name, _)| name)).chain(JOINING).collect();
    let sources = sources();
    let unknown = sources.iter().filter(|source| !known.contains(&source.part()));
    let what = |source: &Source| format!("src/{}: say in tests/architecture.rs what it is", source.path);
    complain(&unknown.map(what).collect::<Vec<_>>());
}

#[test]
fn every_crate_stays_at_home() {
    let mut wrong = Vec::new();
    for source in sources().iter().filter(|source| !source.is_for_tests()) {
        for (name, homes) in HOMES {
            if !homes.iter().any(|home| source.path.starts_with(home)) {
                let what = format!("{name} is at home in {}", homes.join(", "));
                wrong.extend(source.complaints(&what, |line| names(line, name)));
            }
        }
    }
    complain(&wrong);
}

#[test]
fn every_dependency_has_a_home_and_is_used() {
    let manifest = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("Cargo.toml")).unwrap();
    // Those of one system only are no less at home somewhere.
    let sections = manifest.split("\n[").filter_map(|section| section.split_once(']'));
    let sections = sections.filter(|(head, _)| head.ends_with("dependencies") && !head.starts_with("dev-"));
    let dependencies: Vec<String> = sections
        .flat_map(|(_, body)| body.lines())
        .filter_map(|line| line.split_once(" = "))
        .map(|(name, _)| name.replace('-', "_"))
        .filter(|name| !AT_HOME_EVERYWHERE.contains(&name.as_str()))
        .collect();
    let homes: BTreeMap<&str, &[&str]> = HOMES.into_iter().collect();
    let sources = sources();
    let mut wrong = Vec::new();
    for name in &dependencies {
        if !homes.contains_key(name.as_str()) {
            wrong.push(format!("Cargo.toml: {name} has no home in tests/architecture.rs"));
        }
        if !sources.iter().flat_map(|source| &source.lines).any(|line| names(line, name)) {
            wrong.push(format!("Cargo.toml: {name} is named nowhere in src"));
        }
    }
    for name in homes.keys().filter(|name| !dependencies.contains(&(**name).to_owned())) {
        wrong.push(format!("tests/architecture.rs: {name} is no dependency"));
    }
    complain(&wrong);
}

#[test]
fn files_and_functions_stay_short() {
    let mut wrong = Vec::new();
    for source in sources().iter().filter(|source| !source.is_for_tests()) {
        let Source { path, lines } = source;
        let longest = if path == "main.rs" { LONGEST_MAIN } else { LONGEST_FILE };
        if lines.len() > longest {
            wrong.push(format!("src/{path}: {} lines before its tests, more than {longest}", lines.len()));
        }
        let functions = functions(lines).into_iter().filter(|(_, length)| *length > LONGEST_FUNCTION);
        let what = |(start, length)| format!("src/{path}:{start}: a function of {length} lines");
        wrong.extend(functions.map(what));
    }
    complain(&wrong);
}

/// Where each function starts and how many lines it has. Formatted code closes a function with a brace in the
/// column where its first line starts.
fn functions(lines: &[String]) -> Vec<(usize, usize)> {
    let mut found = Vec::new();
    for (start, line) in lines.iter().enumerate() {
        let words = line.trim_start();
        // `pub(super) fn` has a parenthesis before its own.
        let words_of_head = words.strip_prefix("pub(").and_then(|rest| rest.split_once(')'));
        let head = words_of_head.map_or(words, |(_, rest)| rest).split('(').next().unwrap_or_default();
        let is_function = head.split_whitespace().any(|word| word == "fn") && !head.contains(['=', '"']);
        let end = format!("{}}}", &line[..line.len() - words.len()]);
        if is_function
            && !words.ends_with([';', '}'])
            && let Some(length) = lines[start..].iter().position(|line| *line == end)
        {
            found.push((start + 1, length + 1));
        }
    }
    found
}

#[test]
fn unsafe_code_stands_in_one_file() {
    // A hyphen makes another word of it, such as one of uv's settings (`unsafe-best-match`), and a quote a status.
    let is_word = |c: char| c.is_alphanumeric() || "_-'`\"".contains(c);
    let is_unsafe = |line: &str| line.split(|c: char| !is_word(c)).any(|word| word == "unsafe");
    let sources = sources();
    let wrong = sources
        .iter()
        .filter(|source| source.path != UNSAFE)
        .flat_map(|source| source.complaints(&format!("unsafe belongs into {UNSAFE}"), is_unsafe));
    complain(&wrong.collect::<Vec<_>>());
}

#[test]
fn lints_are_expected_with_a_reason() {
    let allows = |line: &str| line.contains("[allow(");
    let sources = sources();
    let wrong = sources
        .iter()
        .flat_map(|source| source.complaints("write #[expect(lint, reason = \"...\")] instead", allows));
    complain(&wrong.collect::<Vec<_>>());
}

#[test]
fn every_file_says_what_it_holds() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let says = |path: &str| fs::read_to_string(root.join(path)).unwrap().starts_with("//! ");
    let silent = sources().into_iter().filter(|source| !says(&source.path));
    complain(&silent.map(|source| format!("src/{}: starts without //!", source.path)).collect::<Vec<_>>());
}
