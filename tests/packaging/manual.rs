//! `ftaudit man`: what `man` and `mandoc` make of its pages.

use crate::tools::{self, of_system};
use std::fs;
use std::path::Path;

/// A page for the program and each of its commands, each without an error and readable.
#[test]
fn every_page_is_sound() {
    if !tools::wanted() {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let pages = folder.path().join("share/man1");
    crate::printed(&["man", "--out", pages.to_str().unwrap()]);
    let mut names: Vec<String> =
        fs::read_dir(&pages).unwrap().map(|file| file.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    let of_command = |name: &&String| name.starts_with("ftaudit-");
    let help = crate::printed(&["--help"]);
    for page in names.iter().filter(of_command).filter(|name| name.matches('-').count() == 1) {
        let command = page.trim_start_matches("ftaudit-").trim_end_matches(".1");
        assert!(help.contains(&format!("\n  {command} ")), "there is no command {command}");
    }
    let listed =
        help.lines().skip_while(|line| *line != "Commands:").skip(1).take_while(|line| !line.is_empty());
    let listed = listed.filter(|line| line.starts_with("  ") && !line.starts_with("   "));
    for command in listed.filter_map(|line| line.split_whitespace().next()).filter(|name| *name != "help") {
        assert!(names.contains(&format!("ftaudit-{command}.1")), "{command} has no page: {names:?}");
    }
    assert!(names.contains(&"ftaudit-python-list.1".to_owned()), "{names:?}");
    for name in &names {
        let page = pages.join(name);
        let lint = tools::run(of_system("mandoc", &pages).args(["-T", "lint", "-W", "error"]).arg(&page));
        assert_eq!((lint.status, lint.stdout.as_str()), (0, ""), "{name}");
        read(&page);
    }
}

/// What a reader sees.
#[track_caller]
fn read(page: &Path) -> String {
    let mut man = of_system("man", page.parent().unwrap());
    man.args(["--warnings", "-P", "cat", "-l"]).arg(page).env("MANWIDTH", "80").env("LC_ALL", "C.UTF-8");
    let ran = tools::run(&mut man).ends(0);
    assert_eq!(ran.stderr, "", "{}", page.display());
    ran.stdout
}

#[test]
fn a_page_has_what_the_help_has() {
    if !tools::wanted() {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let page = folder.path().join("ftaudit-check.1");
    fs::write(&page, crate::printed(&["man", "check"])).unwrap();
    let shown = read(&page);
    let words = shown.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(words.contains("ftaudit-check - Give every extension module a verdict"), "{shown}");
    for text in ["--verify-hashes", "EXIT STATUS\n", "\n         0  nothing wrong\n"] {
        assert!(shown.contains(text), "{text:?} is not in\n{shown}");
    }
    assert!(!shown.contains("one-by-one"), "{shown}");
}

#[test]
fn a_command_that_there_is_not_has_no_page() {
    let mut command = crate::ftaudit(Path::new("/"));
    tools::run(command.args(["man", "chekc"]))
        .ends(2)
        .says("error: ftaudit has no command `chekc` hint: `ftaudit --help` lists the commands");
}
