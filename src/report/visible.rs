//! Text that shows what it holds. Apart because every format prints names that anybody may have made.

/// Whether a character changes how other text is shown: control characters, among them the start of terminal
/// commands, and the characters that hide or reorder text (<https://trojansource.codes>), or are none at all.
pub(super) fn is_deceptive(character: char) -> bool {
    character.is_control()
        || matches!(character,
            '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}' | '\u{fffe}' | '\u{ffff}'
            | '\u{e0000}'..='\u{e007f}')
}

/// The same text with everything spelt out that is deceptive, or that a job's log on GitHub takes for a command: `##[`
/// anywhere, and `::` where a word starts, which may come to stand first in a line
/// (<https://github.com/actions/runner/blob/main/src/Runner.Common/ActionCommand.cs>).
pub(crate) fn visible(text: &str) -> String {
    let mut visible = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(start) = rest.find(['#', ':']) {
        let (before, from) = rest.split_at(start);
        push(before, &mut visible);
        let starts_word = visible.is_empty() || visible.ends_with(char::is_whitespace);
        let (is_command, name) = match from.as_bytes() {
            [b'#', b'#', b'[', ..] => (true, "\\u{23}"),
            [b':', b':', ..] => (starts_word, "\\u{3a}"),
            _ => (false, ""),
        };
        visible.push_str(if is_command { name } else { &from[..1] });
        rest = &from[1..];
    }
    push(rest, &mut visible);
    visible
}

fn push(text: &str, visible: &mut String) {
    for character in text.chars() {
        if is_deceptive(character) {
            visible.extend(character.escape_unicode());
        } else {
            visible.push(character);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_cannot_write_to_the_terminal() {
        assert_eq!(visible("a\u{1b}[31mb\nc\u{9b}d"), "a\\u{1b}[31mb\\u{a}c\\u{9b}d");
        assert_eq!(visible("x\u{202e}os.\u{200b}py"), "x\\u{202e}os.\\u{200b}py");
        assert_eq!(visible("naïve/模块.so"), "naïve/模块.so");
        assert_eq!(visible("\u{ffff}"), "\\u{ffff}");
    }

    #[test]
    fn names_cannot_command_the_runner_of_a_job() {
        assert_eq!(visible("::error::x"), "\\u{3a}:error::x");
        assert_eq!(visible("in ::stop-commands::x"), "in \\u{3a}:stop-commands::x");
        assert_eq!(visible("a##[add-mask]b"), "a\\u{23}#[add-mask]b");
        assert_eq!(visible("std::vector # 3:4"), "std::vector # 3:4");
    }
}
