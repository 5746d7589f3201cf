//! Text that shows what it holds. Apart because every format prints names that anybody may have made.

/// Whether a character changes how other text is shown: control characters, among them the start of terminal
/// commands, and the characters that hide or reorder text (<https://trojansource.codes>).
pub(super) fn is_deceptive(character: char) -> bool {
    character.is_control()
        || matches!(character,
            '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e007f}')
}

/// The same text with everything spelt out that is deceptive.
pub(super) fn visible(text: &str) -> String {
    let mut visible = String::with_capacity(text.len());
    for character in text.chars() {
        if is_deceptive(character) {
            visible.extend(character.escape_unicode());
        } else {
            visible.push(character);
        }
    }
    visible
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_cannot_write_to_the_terminal() {
        assert_eq!(visible("a\u{1b}[31mb\nc\u{9b}d"), "a\\u{1b}[31mb\\u{a}c\\u{9b}d");
        assert_eq!(visible("x\u{202e}os.\u{200b}py"), "x\\u{202e}os.\\u{200b}py");
        assert_eq!(visible("naïve/模块.so"), "naïve/模块.so");
    }
}
