//! Runs the scripts of `tests/browser` over a folder of pages.

use crate::scripts;
use serde::Deserialize;
use std::path::Path;
use std::process::{Command, Stdio};

/// What leaves out every test that needs Node and Chromium.
const SKIP: &str = "FTAUDIT_TEST_SKIP_BROWSER";

/// What `browser.py` finds.
#[derive(Deserialize)]
struct Tools {
    modules: String,
    browser: String,
}

/// That a script has nothing against these pages; what it measured is shown.
pub fn has_nothing_against(script: &str, pages: &Path) {
    if scripts::told_to_skip(SKIP) {
        return crate::tell(&format!("SKIPPED: {script} was not run, because {SKIP}=1"));
    }
    let tools: Tools =
        serde_json::from_str(&scripts::run("tests/support/browser.py", &["show"])).expect("it writes JSON");
    let output = Command::new("node")
        .arg("--test-reporter=spec")
        .arg(scripts::in_repository("tests/browser").join(script))
        .env("FTAUDIT_MODULES", tools.modules)
        .env("FTAUDIT_BROWSER", tools.browser)
        .env("FTAUDIT_PAGES", pages)
        .env("NO_COLOR", "1")
        .stdin(Stdio::null())
        .output()
        .expect("node runs: `./test` provides it");
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    let (told, errors) = (text(&output.stdout), text(&output.stderr));
    assert!(output.status.success(), "{script} fails ({}):\n{told}\n{errors}", output.status);
    for measured in told.lines().filter(|line| line.contains(" ms")) {
        crate::tell(&format!("{script}: {}", measured.trim()));
    }
}
