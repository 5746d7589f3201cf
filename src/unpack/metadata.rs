//! What a `.dist-info` or `.egg-info` folder says of its distribution: the headers of `METADATA` and `WHEEL`, and the
//! folder's own name.

use crate::model::normalise;

/// A metadata file as text, with what is none replaced.
pub(super) fn text(bytes: Vec<u8>) -> String {
    String::from_utf8(bytes).unwrap_or_else(|error| String::from_utf8_lossy(error.as_bytes()).into_owned())
}

/// The values of a header in the order written, unfolded. Headers end at the first empty line; names compare without
/// regard to case ([RFC 822](https://www.rfc-editor.org/rfc/rfc822), which core metadata follow).
pub(super) fn headers<'a>(text: &'a str, name: &'a str) -> impl Iterator<Item = String> + 'a {
    let mut lines =
        text.trim_start_matches('\u{feff}').lines().take_while(|line| !line.is_empty()).peekable();
    std::iter::from_fn(move || {
        loop {
            let (key, value) = lines.next()?.split_once(':').unwrap_or(("", ""));
            let mut value = value.trim().to_owned();
            while let Some(more) = lines.next_if(|line| line.starts_with([' ', '\t'])) {
                value = format!("{value} {}", more.trim());
            }
            if key.trim().eq_ignore_ascii_case(name) && !value.is_empty() {
                return Some(value);
            }
        }
    })
}

/// Normalised names of what `Requires-Dist` lists without a condition, each once, sorted
/// ([dependency specifiers](https://packaging.python.org/en/latest/specifications/dependency-specifiers/)).
pub(super) fn requires(text: &str) -> Vec<String> {
    let is_of_name = |c: char| c.is_ascii_alphanumeric() || "-_.".contains(c);
    let always = headers(text, "Requires-Dist").filter(|requirement| !requirement.contains(';'));
    let names = always.map(|requirement| {
        let end = requirement.find(|c| !is_of_name(c)).unwrap_or(requirement.len());
        normalise(&requirement[..end])
    });
    let mut names: Vec<String> = names.filter(|name| !name.is_empty()).collect();
    names.sort_unstable();
    names.dedup();
    names
}

/// What the free-threading classifier says, without the words that all such classifiers start with
/// (core metadata, "Classifier").
pub(super) fn free_threading(text: &str) -> Option<String> {
    const START: &str = "Programming Language :: Python :: Free Threading ::";
    headers(text, "Classifier").find_map(|line| Some(line.strip_prefix(START)?.trim().to_owned()))
}

/// Name and version as an installation's folder spells them: `lxml-6.1.3.dist-info`,
/// `lxml-6.1.3-py3.14.egg-info`, `lxml.egg-info`. None for any other name.
pub(super) fn from_folder(folder: &str) -> Option<(&str, Option<&str>)> {
    let stem = folder.strip_suffix(".dist-info").or_else(|| folder.strip_suffix(".egg-info"))?;
    let mut parts = stem.split('-');
    let name = parts.next().filter(|name| !name.is_empty())?;
    Some((name, parts.next().filter(|version| !version.is_empty())))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn all(text: &str, name: &str) -> Vec<String> {
        headers(text, name).collect()
    }

    #[test]
    fn bytes_that_are_no_text_are_replaced() {
        assert_eq!(text("Name: é".into()), "Name: é");
        assert_eq!(text(b"Name: \xff".to_vec()), "Name: \u{fffd}");
    }

    #[test]
    fn the_classifier_is_told_without_its_start() {
        let text = "Name: Foo\nClassifier: Programming Language :: Python :: 3\n\
                    Classifier: Programming Language :: Python :: Free Threading :: 3 - Stable\n";
        assert_eq!(free_threading(text).as_deref(), Some("3 - Stable"));
        assert_eq!(free_threading("Name: Foo\n"), None);
    }

    #[test]
    fn headers_end_at_the_empty_line() {
        let text = "Metadata-Version: 2.4\nName: Foo\nVersion: 1.0\n\nName: not this\n";
        assert_eq!(all(text, "name"), ["Foo"]);
        assert_eq!(all(text, "Version"), ["1.0"]);
        assert_eq!(all(text, "License"), [""; 0]);
    }

    #[test]
    fn repeated_and_folded_headers() {
        assert_eq!(all("Tag: a-b-c\r\nTag: d-e-f\r\n", "Tag"), ["a-b-c", "d-e-f"]);
        assert_eq!(all("License: one\n  two\n\tthree\nName: x", "License"), ["one two three"]);
        assert_eq!(all("License: a\n Name: folded\nName: x", "Name"), ["x"]);
    }

    #[test]
    fn what_is_required_on_a_condition_is_left_out() {
        let lines = [
            "attrs>=17.3.0",
            "Typing_Extensions (>=4.4)",
            "attrs",
            "foo[bar]>1",
            "a.b @ https://example.org/x",
            "async-timeout<6.0,>=4.0; python_version < \"3.11\"",
            ">=1",
            "é",
        ];
        let text = lines.map(|line| format!("Requires-Dist: {line}")).join("\n");
        assert_eq!(requires(&text), ["a-b", "attrs", "foo", "typing-extensions"]);
        assert_eq!(requires(""), [""; 0]);
    }

    #[test]
    fn odd_text_is_passed_over() {
        assert_eq!(all("\u{feff}Name: x", "Name"), ["x"]);
        assert_eq!(all("no colon\nName:\nName:   \n", "Name"), [""; 0]);
        assert_eq!(all("", "Name"), [""; 0]);
    }

    #[test]
    fn folder_names() {
        assert_eq!(from_folder("scikit_learn-1.9.1.dist-info"), Some(("scikit_learn", Some("1.9.1"))));
        assert_eq!(from_folder("foo-1.0-py3.14.egg-info"), Some(("foo", Some("1.0"))));
        assert_eq!(from_folder("foo.egg-info"), Some(("foo", None)));
        for other in ["foo", ".dist-info", "-1.0.dist-info", "dist-info", "foo.dist-info.bak"] {
            assert_eq!(from_folder(other), None, "{other}");
        }
    }
}
