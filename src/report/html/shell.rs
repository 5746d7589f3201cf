//! What every page has around its content: the policy that a browser holds it to, the style and the script.

use data_encoding::BASE64;
use sha2::{Digest, Sha256};

/// What the template `shell.html` needs.
#[derive(Debug, Clone)]
pub(crate) struct Shell<'a> {
    /// The page's title.
    pub(crate) title: &'a str,
    /// The style, as it stands in the page.
    pub(crate) style: &'static str,
    /// The script, as it stands in the page.
    pub(crate) script: &'static str,
    /// The program that wrote the page.
    pub(crate) tool: &'static str,
}

impl<'a> Shell<'a> {
    /// A page of this title.
    pub(crate) fn new(title: &'a str) -> Self {
        Self {
            title,
            style: include_str!("style.css"),
            script: include_str!("script.js"),
            tool: concat!(env!("CARGO_PKG_NAME"), " ", env!("CARGO_PKG_VERSION")),
        }
    }

    /// The Content Security Policy: nothing is loaded from anywhere, no address is sent to, and only this style and
    /// this script count, whatever else a name might smuggle into the page.
    pub(crate) fn policy(&self) -> String {
        format!(
            "default-src 'none'; style-src '{}'; script-src '{}'; base-uri 'none'; form-action 'none'; \
             require-trusted-types-for 'script'; trusted-types 'none'",
            source(self.style),
            source(self.script),
        )
    }
}

/// How a policy names a text that may stand in the page ([CSP 3, "hash-source"](https://www.w3.org/TR/CSP3/)).
fn source(text: &str) -> String {
    format!("sha256-{}", BASE64.encode(&Sha256::digest(text.as_bytes())))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_that_is_embedded_ends_its_element() {
        let Shell { style, script, .. } = Shell::new("");
        for text in [style, script] {
            let text = text.to_ascii_lowercase();
            assert!(!text.contains("</") && !text.contains("<!--"), "{text}");
            assert!(!text.contains('\r'), "browsers hash it with other line breaks");
        }
    }

    #[test]
    fn the_policy_allows_no_inline_code_but_this() {
        let policy = Shell::new("").policy();
        assert!(policy.starts_with("default-src 'none'; style-src 'sha256-"), "{policy}");
        assert!(!policy.contains("unsafe"), "{policy}");
        assert_eq!(source(""), "sha256-47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=");
    }
}
