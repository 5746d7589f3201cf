//! What a browser would make of HTML, as far as these tests ask.

use html5gum::{Token, Tokenizer};

/// The elements that the Markdown is meant to become.
pub const EXPECTED: [&str; 14] = [
    "h2", "p", "table", "thead", "tbody", "tr", "th", "td", "code", "strong", "details", "summary", "pre",
    "br",
];

/// A document.
pub struct Page {
    /// The names of its elements, in order.
    pub elements: Vec<String>,
    /// Whether each was closed, in order.
    pub is_balanced: bool,
    /// What stands in each `<code>`.
    pub code: Vec<String>,
}

impl Page {
    pub fn of(html: &str) -> Self {
        let mut page = Self { elements: Vec::new(), is_balanced: true, code: Vec::new() };
        let mut open: Vec<String> = Vec::new();
        let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap();
        for token in Tokenizer::new(html) {
            match token.unwrap_or_else(|error| match error {}) {
                Token::StartTag(tag) => {
                    let name = text(&tag.name);
                    if name == "code" {
                        page.code.push(String::new());
                    }
                    if name != "br" && !tag.self_closing {
                        open.push(name.clone());
                    }
                    page.elements.push(name);
                }
                Token::EndTag(tag) => page.is_balanced &= open.pop() == Some(text(&tag.name)),
                Token::String(string) if open.iter().any(|name| name == "code") => {
                    if let Some(code) = page.code.last_mut() {
                        code.push_str(&text(&string));
                    }
                }
                _ => {}
            }
        }
        page.is_balanced &= open.is_empty();
        page
    }
}
