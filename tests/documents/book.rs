//! The pages of `docs` as a book: mdBook makes it, and every link in it that stays inside leads somewhere.

use crate::{document, printed, scripts, tell};
use html5gum::{Token, Tokenizer};
use std::collections::{BTreeMap, BTreeSet};
use std::convert::Infallible;
use std::fs;
use std::path::{Component, Path, PathBuf};
use std::process::Command;

/// What a page has that links can be about.
#[derive(Debug, Default)]
struct Page {
    anchors: BTreeSet<String>,
    links: Vec<String>,
}

#[test]
fn every_page_is_in_the_book_and_no_link_leads_nowhere() {
    if scripts::told_to_skip("FTAUDIT_TEST_SKIP_TOOLS") {
        tell("SKIPPED: no book is made of the pages, because FTAUDIT_TEST_SKIP_TOOLS=1");
        return;
    }
    let made = tempfile::tempdir().unwrap();
    let program = scripts::run("tests/support/mdbook.py", &[]);
    let mut mdbook = Command::new(program.trim());
    mdbook.arg("build").arg(scripts::in_repository("docs")).arg("--dest-dir").arg(made.path());
    let said = printed(&mut mdbook).concat();
    assert!(!said.contains("WARN") && !said.contains("ERROR"), "{said}");
    let pages = pages(made.path());
    let summary = document("docs/SUMMARY.md");
    for file in fs::read_dir(scripts::in_repository("docs")).unwrap() {
        let name = file.unwrap().file_name().into_string().unwrap();
        if let Some(stem) = name.strip_suffix(".md").filter(|stem| *stem != "SUMMARY") {
            assert!(summary.contains(&format!("({name})")), "{name} is in no chapter");
            assert!(pages.contains_key(Path::new(&format!("{stem}.html"))), "{name} became no page");
        }
    }
    let broken = broken(made.path(), &pages);
    assert!(broken.is_empty(), "{broken:#?}");
}

#[test]
fn a_link_that_leads_nowhere_is_found() {
    let made = tempfile::tempdir().unwrap();
    fs::write(made.path().join("a.html"), r#"<a id="x" href="b.html#y"></a><a href="c.html"></a>"#).unwrap();
    fs::write(made.path().join("b.html"), r##"<h1 id="z"><a href="a.html#x"></a><a href="#z"></a>"##)
        .unwrap();
    assert_eq!(broken(made.path(), &pages(made.path())), ["a.html: b.html#y", "a.html: c.html"]);
}

fn pages(folder: &Path) -> BTreeMap<PathBuf, Page> {
    let files = walkdir::WalkDir::new(folder).into_iter().map(|entry| entry.unwrap().into_path());
    let html = files.filter(|path| path.extension().is_some_and(|extension| extension == "html"));
    html.map(|path| (path.strip_prefix(folder).unwrap().to_owned(), page(&fs::read_to_string(path).unwrap())))
        .collect()
}

fn page(text: &str) -> Page {
    let mut page = Page::default();
    for token in Tokenizer::new(text) {
        let Ok::<_, Infallible>(Token::StartTag(tag)) = token else { continue };
        for (name, value) in &tag.attributes {
            let value = String::from_utf8_lossy(value).into_owned();
            match name.as_slice() {
                b"id" | b"name" => drop(page.anchors.insert(value)),
                b"href" | b"src" => page.links.push(value),
                _ => {}
            }
        }
    }
    page
}

/// Links to files that are not there, and to anchors that no page has.
fn broken(folder: &Path, pages: &BTreeMap<PathBuf, Page>) -> Vec<String> {
    let mut broken = Vec::new();
    for (path, page) in pages {
        for link in page.links.iter().filter(|link| !link.contains(':')) {
            let (file, anchor) = link.split_once('#').unwrap_or((link, ""));
            let base = path.parent().unwrap_or(Path::new(""));
            let target = if file.is_empty() { path.clone() } else { normal(&base.join(file)) };
            let has_anchor = || pages.get(&target).is_some_and(|page| page.anchors.contains(anchor));
            if !folder.join(&target).exists() || (!anchor.is_empty() && !has_anchor()) {
                broken.push(format!("{}: {link}", path.display()));
            }
        }
    }
    broken
}

/// A path without `..`, as a browser reads it.
fn normal(path: &Path) -> PathBuf {
    let mut normal = PathBuf::new();
    for part in path.components() {
        match part {
            Component::ParentDir => drop(normal.pop()),
            Component::Normal(name) => normal.push(name),
            _ => {}
        }
    }
    normal
}
