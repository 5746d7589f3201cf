//! The lines of a requirements file, as pip's `req_file.py` takes them apart: continuation, comments, environment
//! variables, options. And what pip-compile and uv note behind a requirement: who asked for it.

use super::error::ProjectError;
use super::text::Text;
use crate::model::normalise;
use std::collections::VecDeque;

/// A line with something on it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Line {
    /// Where it starts.
    pub number: usize,
    /// What stands before any option.
    pub requirement: String,
    /// The options, each with its value.
    pub options: Vec<(&'static str, String)>,
    /// Who asked for it, where a comment tells.
    pub via: Option<Via>,
}

/// What a `# via` comment says.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Via {
    /// Whether the project itself asks for it: a requirements file, or a `pyproject.toml`.
    pub project: bool,
    /// The distributions that ask for it; normalised.
    pub distributions: Vec<String>,
}

/// The options of a requirements file (pip's `SUPPORTED_OPTIONS` and `SUPPORTED_OPTIONS_REQ`), their short forms,
/// and whether a value follows. What stands here and is used nowhere changes nothing of what is installed where.
const OPTIONS: [(&str, &str, bool); 20] = [
    ("--requirement", "-r", true),
    ("--constraint", "-c", true),
    ("--editable", "-e", true),
    ("--index-url", "-i", true),
    ("--pypi-url", "", true),
    ("--extra-index-url", "", true),
    ("--find-links", "-f", true),
    ("--no-index", "", false),
    ("--no-binary", "", true),
    ("--only-binary", "", true),
    ("--prefer-binary", "", false),
    ("--require-hashes", "", false),
    ("--pre", "", false),
    ("--trusted-host", "", true),
    ("--use-feature", "", true),
    ("--hash", "", true),
    ("--config-settings", "-C", true),
    ("--config-setting", "", true),
    ("--global-option", "", true),
    ("--build-option", "", true),
];

/// Takes a file apart.
pub(super) fn lines(
    text: &Text,
    variable: &dyn Fn(&str) -> Option<String>,
) -> Result<Vec<Line>, ProjectError> {
    let mut lines: Vec<Line> = Vec::new();
    let mut in_via = false;
    for (number, joined) in join(&text.content) {
        let (content, comment) = split_comment(&joined);
        let content = expand(content.trim(), variable);
        if content.is_empty() {
            in_via = lines.last_mut().is_some_and(|line| note_via(line, comment, in_via));
            continue;
        }
        let (requirement, options) = split_options(&content);
        let options = read_options(&options).map_err(|why| {
            ProjectError::malformed(
                text.at(number),
                format!("{why}\nhint: pip would refuse this line as well"),
            )
        })?;
        let mut line = Line { number, requirement, options, via: None };
        in_via = note_via(&mut line, comment, false);
        lines.push(line);
    }
    Ok(lines)
}

/// Lines as Python's `splitlines` sees them, those that end with a backslash joined with the next; a line that is
/// a comment only is not continued.
fn join(content: &str) -> Vec<(usize, String)> {
    let breaks = ['\n', '\u{b}', '\u{c}', '\u{1c}', '\u{1d}', '\u{1e}', '\u{85}', '\u{2028}', '\u{2029}'];
    let mut joined = Vec::new();
    let mut open: Option<(usize, String)> = None;
    let mut number = 1;
    for line in content.replace("\r\n", "\n").replace('\r', "\n").split_inclusive(breaks) {
        let here = number;
        number += usize::from(line.ends_with('\n'));
        let line = line.trim_end_matches(breaks);
        let is_comment = line.trim_start().starts_with('#');
        let (start, mut whole) = open.take().unwrap_or((here, String::new()));
        if line.ends_with('\\') && !is_comment {
            whole += line.trim_end_matches('\\');
            open = Some((start, whole));
            continue;
        }
        // A space makes that the comment stays one, behind whatever stands before it.
        whole += if is_comment { " " } else { "" };
        whole += line;
        joined.push((start, whole));
    }
    joined.extend(open);
    joined
}

/// A comment starts with a `#` at the line's start or behind white space.
fn split_comment(line: &str) -> (&str, Option<&str>) {
    let mut before = None;
    for (at, character) in line.char_indices() {
        if character == '#' && before.is_none_or(char::is_whitespace) {
            return (&line[..at], Some(line[at + 1..].trim()));
        }
        before = Some(character);
    }
    (line, None)
}

/// `${NAME}`, where it is set; as it stands otherwise.
fn expand(line: &str, variable: &dyn Fn(&str) -> Option<String>) -> String {
    let mut expanded = String::new();
    let mut rest = line;
    while let Some(start) = rest.find("${") {
        let (head, tail) = rest.split_at(start);
        expanded += head;
        let name = tail[2..].split_once('}').map(|(name, _)| name).filter(|name| {
            !name.is_empty()
                && name.chars().all(|next| next.is_ascii_uppercase() || next.is_ascii_digit() || next == '_')
        });
        let value = name.and_then(variable).filter(|value| !value.is_empty());
        if let (Some(name), Some(value)) = (name, value) {
            expanded += &value;
            rest = &tail[name.len() + 3..];
        } else {
            expanded += "${";
            rest = &tail[2..];
        }
    }
    expanded + rest
}

/// What stands before the first word that starts with a dash, and the rest.
fn split_options(line: &str) -> (String, String) {
    let mut at = 0;
    for word in line.split(' ') {
        if word.starts_with('-') {
            return (line[..at].trim().to_owned(), line[at..].to_owned());
        }
        at += word.len() + 1;
    }
    (line.to_owned(), String::new())
}

fn read_options(text: &str) -> Result<Vec<(&'static str, String)>, String> {
    let words = shlex::split(text).ok_or("a quote is not closed")?;
    let mut words: VecDeque<String> = words.into();
    let mut options = Vec::new();
    while let Some(word) = words.pop_front() {
        let (given, glued) = match word.split_once('=') {
            Some((name, value)) if name.starts_with("--") => (name.to_owned(), Some(value.to_owned())),
            _ => (word, None),
        };
        let (name, takes_value, glued) = match named(&given) {
            Some((name, takes_value)) => (name, takes_value, glued),
            None => short(&given)
                .ok_or_else(|| format!("`{}` is no option of requirements files", shown(&given)))?,
        };
        let value = if takes_value {
            glued.or_else(|| words.pop_front()).ok_or_else(|| format!("`{name}` needs a value"))?
        } else {
            String::new()
        };
        options.push((name, value));
    }
    Ok(options)
}

/// An option may be shortened as long as it is clear which one is meant.
fn named(given: &str) -> Option<(&'static str, bool)> {
    let exact = OPTIONS.iter().find(|(name, short, _)| *name == given || *short == given);
    let starts = || OPTIONS.iter().filter(|(name, ..)| given.len() > 2 && name.starts_with(given));
    let unique = || starts().next().filter(|_| starts().count() == 1);
    exact.or_else(unique).map(|(name, _, takes_value)| (*name, *takes_value))
}

/// `-rfile`.
fn short(given: &str) -> Option<(&'static str, bool, Option<String>)> {
    let (name, short, _) = OPTIONS.iter().find(|(_, short, takes_value)| {
        *takes_value && !short.is_empty() && given.starts_with(short) && !given.starts_with("--")
    })?;
    Some((name, true, Some(given[short.len()..].trim_start_matches('=').to_owned())))
}

fn shown(word: &str) -> String {
    super::location::without_credentials(&word.chars().take(60).collect::<String>())
}

/// Notes what a comment says behind a requirement; whether the next comment may go on with it.
fn note_via(line: &mut Line, comment: Option<&str>, in_via: bool) -> bool {
    let Some(comment) = comment else { return false };
    let items = match comment.strip_prefix("via") {
        Some(rest) if rest.is_empty() || rest.starts_with(char::is_whitespace) => {
            line.via.get_or_insert_default();
            rest
        }
        // The inline style has options before it, uv's an index.
        _ if in_via => comment,
        _ => return in_via,
    };
    let via = line.via.get_or_insert_default();
    for item in items.split(',').map(str::trim).filter(|item| !item.is_empty()) {
        if item.starts_with("-c ") {
            continue;
        }
        let name = item.split('[').next().unwrap_or(item);
        if item.contains([' ', '/', '\\', '(']) || !super::requirement::is_name(name) {
            via.project = true;
        } else {
            via.distributions.push(normalise(name));
        }
    }
    true
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(content: &str) -> Result<Vec<Line>, String> {
        let text = Text::new(std::path::Path::new("r.txt"), "r.txt".into(), content.to_owned());
        let variable = |name: &str| (name == "TOKEN").then(|| "s3cret".to_owned());
        lines(&text, &variable).map_err(|error| error.to_string())
    }

    fn requirements(content: &str) -> Vec<(usize, String)> {
        read(content).unwrap().into_iter().map(|line| (line.number, line.requirement)).collect()
    }

    #[test]
    fn continuation_and_comments() {
        for (content, expected) in [
            ("a\n\n# b\nc # d\n", vec![(1, "a"), (4, "c")]),
            ("a \\\n  ==1\nb", vec![(1, "a   ==1"), (3, "b")]),
            ("a\r\nb\rc", vec![(1, "a"), (2, "b"), (3, "c")]),
            ("x @ https://h/x.zip#egg=x # note", vec![(1, "x @ https://h/x.zip#egg=x")]),
            // A comment is not continued, and ends what was continued.
            ("a==1 \\\n# c \\\nb", vec![(1, "a==1"), (3, "b")]),
            ("a==1 \\", vec![(1, "a==1")]),
            ("a\u{c}b", vec![(1, "a"), (1, "b")]),
        ] {
            let expected: Vec<_> = expected.into_iter().map(|(line, text)| (line, text.to_owned())).collect();
            assert_eq!(requirements(content), expected, "{content:?}");
        }
    }

    #[test]
    fn options_in_all_their_forms() {
        for (content, expected) in [
            ("-r base.txt", vec![("--requirement", "base.txt")]),
            ("-rbase.txt", vec![("--requirement", "base.txt")]),
            ("--requirement=base.txt", vec![("--requirement", "base.txt")]),
            ("--requirem 'a b.txt'", vec![("--requirement", "a b.txt")]),
            (
                "-i https://h/${TOKEN}/${OTHER} --pre",
                vec![("--index-url", "https://h/s3cret/${OTHER}"), ("--pre", "")],
            ),
            (
                "a==1 --hash=sha256:00 \\\n --hash sha256:11",
                vec![("--hash", "sha256:00"), ("--hash", "sha256:11")],
            ),
        ] {
            let lines = read(content).unwrap();
            let options: Vec<_> =
                lines[0].options.iter().map(|(name, value)| (*name, value.as_str())).collect();
            assert_eq!(options, expected, "{content}");
        }
    }

    #[test]
    fn unknown_options_are_refused() {
        for content in
            ["--no", "--req x", "--frobnicate", "-x", "-r", "--index-url 'a", "a==1 --frob=https://u:pw@h/"]
        {
            let error = read(&format!("\n{content}")).unwrap_err();
            assert!(error.starts_with("r.txt:2: ") && error.contains("\nhint: "), "{error}");
            assert!(!error.contains("pw"), "{error}");
        }
    }

    #[test]
    fn who_asked_for_it() {
        let lines = read(
            "a==1 \\\n    --hash=sha256:00\n    # via\n    #   -r in.txt\n    #   B_c\nd==1  # via a, e\n\
             f==1\n    # via -c c.txt, project (pyproject.toml)\ng==1\n# other\nh==1\n    # from index\n    # via a",
        )
        .unwrap();
        let via = |project, names: &[&str]| {
            Some(Via { project, distributions: names.iter().map(ToString::to_string).collect() })
        };
        let found: Vec<_> = lines.into_iter().map(|line| line.via).collect();
        assert_eq!(
            found,
            [via(true, &["b-c"]), via(false, &["a", "e"]), via(true, &[]), None, via(false, &["a"])]
        );
    }

    proptest::proptest! {
        #[test]
        fn nothing_panics(content in "[-a-z=<>#\\\\ \"'\n\r${}A-Z;@:/é\u{85}]{0,120}") {
            let _ = read(&content);
        }
    }
}
