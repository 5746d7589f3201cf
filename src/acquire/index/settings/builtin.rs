//! The default index of the installer at hand, which knows it without being asked for anything else. It is asked once:
//! the answer is kept in the cache.

use super::super::ask::Ask;
use super::super::cache;
use std::path::Path;
use url::Url;

/// Where the answer is kept.
const KEPT: &str = "default-index";

/// Calls whose output names the index, in the order tried: pip in the interpreter of an active environment, pip, uv.
const CALLS: [(&str, &[&str]); 4] = [
    ("python3", &["-m", "pip", "install", "--help"]),
    ("python", &["-m", "pip", "install", "--help"]),
    ("pip", &["install", "--help"]),
    (
        "uv",
        &["pip", "compile", "-", "--emit-index-url", "--offline", "--no-config", "--no-header", "--quiet"],
    ),
];

/// The index that pip or uv has built in; none where neither can be asked.
pub(super) fn ask(installers: &dyn Ask, cache: &Path) -> Option<String> {
    let kept = cache::read_text(&cache.join(KEPT)).filter(|text| is_address(text));
    kept.or_else(|| {
        let answer = |(program, arguments): (&str, &[&str])| index_in(&installers.ask(program, arguments)?);
        let found = CALLS.into_iter().find_map(answer)?;
        // What cannot be kept is asked for again.
        let _ = cache::write(&cache.join(KEPT), found.as_bytes());
        Some(found)
    })
}

/// The address behind `--index-url`: uv prints the option as it would stand in a requirements file, pip's help shows
/// the default in brackets behind it.
fn index_in(output: &str) -> Option<String> {
    let (_, behind) = output.split_once("--index-url")?;
    let option = behind.split("\n  -").next().unwrap_or(behind).split("--").next().unwrap_or(behind);
    let words =
        option.split_whitespace().map(|word| word.trim_start_matches('(').trim_end_matches([')', '.', ';']));
    words.map(|word| word.trim_end_matches(").")).find(|word| is_address(word)).map(str::to_owned)
}

/// Whether it is an address without credentials: those of others are never kept.
fn is_address(text: &str) -> bool {
    let is_web = |url: Url| {
        ["http", "https"].contains(&url.scheme()) && url.username().is_empty() && url.password().is_none()
    };
    Url::parse(text).is_ok_and(is_web)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_address_in_help_and_in_requirements() {
        let help = "  -i, --index-url <url>       Base URL of the index (default https://index.example/simple). This should\n  \
                    --extra-index-url <url> more https://other.example/";
        assert_eq!(index_in(help).as_deref(), Some("https://index.example/simple"));
        assert_eq!(
            index_in("--index-url https://index.example/simple\n").as_deref(),
            Some("https://index.example/simple")
        );
        assert_eq!(index_in("--index-url <url>  Base URL.\n  --other https://no.example/"), None);
        assert_eq!(index_in("--index-url https://user:password@index.example/simple"), None);
        assert_eq!(index_in(""), None);
    }
}
