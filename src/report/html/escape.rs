//! What every name goes through on its way into a page: a browser shows it as text, and a reader sees all of it.

use crate::report::visible::{is_deceptive, visible};
use askama::filters::{Escaper, Html};
use std::fmt::{self, Write};

/// Escapes what HTML gives a meaning to, and spells out what would hide or reorder text.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Visible;

impl Escaper for Visible {
    fn write_escaped_str<W: Write>(&self, dest: W, string: &str) -> fmt::Result {
        if string.contains(is_deceptive) {
            Html.write_escaped_str(dest, &visible(string))
        } else {
            Html.write_escaped_str(dest, string)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_stay_text() {
        let mut page = String::new();
        Visible.write_escaped_str(&mut page, "<img src='x' onerror=\"y\"> & \u{202e}gpj.\u{0}").unwrap();
        assert_eq!(page, "&#60;img src=&#39;x&#39; onerror=&#34;y&#34;&#62; &#38; \\u{202e}gpj.\\u{0}");
    }
}
