//! The mapping in the import hook that setuptools writes for an editable install
//! (`__editable___foo_1_0_finder.py`). It is Python code, which is never run: one assignment is read, and only
//! where it is the literal that setuptools writes.

use std::iter::Peekable;
use std::str::Chars;

/// The `MAPPING` of a finder: what is imported, and where it is. None where there is none, or it is written otherwise.
pub(super) fn read(source: &str) -> Option<Vec<(String, String)>> {
    let assigned = source.lines().find_map(|line| {
        let rest = line.strip_prefix("MAPPING")?.trim_start();
        rest.strip_prefix(": dict[str, str]").unwrap_or(rest).trim_start().strip_prefix('=')
    })?;
    let mut text = assigned.chars().peekable();
    let mapping = dictionary(&mut text)?;
    let mut behind = text.skip_while(|character| character.is_whitespace());
    behind.next().is_none_or(|character| character == '#').then_some(mapping)
}

/// `{'name': 'path', …}` on one line, as `repr` writes it.
fn dictionary(text: &mut Peekable<Chars<'_>>) -> Option<Vec<(String, String)>> {
    let mut mapping = Vec::new();
    expect(text, '{')?;
    loop {
        if expect(text, '}').is_some() {
            return Some(mapping);
        }
        let name = string(text)?;
        expect(text, ':')?;
        mapping.push((name, string(text)?));
        if expect(text, ',').is_none() {
            expect(text, '}')?;
            return Some(mapping);
        }
    }
}

/// Takes a character, and the blanks before it.
fn expect(text: &mut Peekable<Chars<'_>>, wanted: char) -> Option<char> {
    while text.next_if(|character| character.is_whitespace()).is_some() {}
    text.next_if_eq(&wanted)
}

/// A string in either kind of quotes, with the escapes that `repr` uses.
fn string(text: &mut Peekable<Chars<'_>>) -> Option<String> {
    let quote = expect(text, '\'').or_else(|| expect(text, '"'))?;
    let mut string = String::new();
    loop {
        match text.next()? {
            end if end == quote => return Some(string),
            '\\' => string.push(escape(text)?),
            other => string.push(other),
        }
    }
}

fn escape(text: &mut Peekable<Chars<'_>>) -> Option<char> {
    match text.next()? {
        same @ ('\\' | '\'' | '"') => Some(same),
        'n' => Some('\n'),
        'r' => Some('\r'),
        't' => Some('\t'),
        'x' => code(text, 2),
        'u' => code(text, 4),
        'U' => code(text, 8),
        _ => None,
    }
}

fn code(text: &mut Peekable<Chars<'_>>, digits: usize) -> Option<char> {
    let mut code = 0;
    for _ in 0..digits {
        code = code * 16 + text.next()?.to_digit(16)?;
    }
    char::from_u32(code)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pairs(source: &str) -> Option<Vec<(String, String)>> {
        read(source)
    }

    fn pair(name: &str, path: &str) -> (String, String) {
        (name.to_owned(), path.to_owned())
    }

    #[test]
    fn what_setuptools_writes() {
        let source = "from __future__ import annotations\nimport sys\n\
            MAPPING: dict[str, str] = {'foo': '/p/src/foo', 'bar.baz': \"/p/it's\"}\nNAMESPACES = {}\n";
        assert_eq!(pairs(source), Some(vec![pair("foo", "/p/src/foo"), pair("bar.baz", "/p/it's")]));
        assert_eq!(pairs("MAPPING = {}"), Some(vec![]));
        assert_eq!(pairs("MAPPING={'a':'b',}  # made"), Some(vec![pair("a", "b")]));
    }

    #[test]
    fn escapes() {
        let source = r"MAPPING = {'a': 'C:\\p\\\x41\u00e9\U0001f40d\'\t'}";
        assert_eq!(pairs(source), Some(vec![pair("a", "C:\\p\\A\u{e9}\u{1f40d}'\t")]));
    }

    #[test]
    fn anything_else_is_refused() {
        for source in [
            "",
            "MAPPING: dict[str, str] = make()",
            "MAPPING = {'a': path}",
            "MAPPING = {'a': 'b'} | other",
            "MAPPING = {'a': 'b'",
            "MAPPING = {'a' 'b'}",
            "MAPPING = {'a': 'b' 'c'}",
            "MAPPING = {'a': f'b'}",
            "MAPPING = {'a': '\\q'}",
            "MAPPING = {'a': '\\ud800'}",
            "MAPPING = {'a': '\\xé'}",
            "MAPPING = {,}",
            "MAPPINGS = {'a': 'b'}",
            "  MAPPING = {'a': 'b'}",
        ] {
            assert_eq!(pairs(source), None, "{source}");
        }
    }

    proptest::proptest! {
        #[test]
        fn no_text_panics(text in "\\PC*") {
            let _ = read(&format!("MAPPING = {{{text}"));
        }

        #[test]
        fn round_trip(name in "[a-z.]{1,9}", path in "[^\\\\'\\n\\r]{0,20}") {
            let source = format!("MAPPING = {{'{name}': '{path}'}}");
            proptest::prop_assert_eq!(read(&source), Some(vec![(name, path)]));
        }
    }
}
