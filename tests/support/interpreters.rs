//! The free-threaded interpreters at hand, as `interpreters.py` finds them.

use crate::scripts;
use serde::Deserialize;

/// One installation.
#[derive(Debug, Clone, Deserialize)]
pub struct Interpreter {
    /// The program.
    pub executable: String,
    /// Full version (`3.14.7`, `3.15.0rc1`).
    pub version: String,
    /// Feature release: 13, 14 or 15.
    pub minor: u8,
}

impl Interpreter {
    /// The target that it stands for, as the command line spells it.
    pub fn target(&self) -> String {
        format!("3.{}t", self.minor)
    }
}

/// Every one at hand. None is a failure, unless the environment says that this is known.
pub fn found() -> Vec<Interpreter> {
    let skip = "FTAUDIT_TEST_SKIP_INTERPRETERS";
    if scripts::told_to_skip(skip) {
        crate::tell(&format!("SKIPPED: no interpreter is asked, because {skip}=1"));
        return Vec::new();
    }
    let listed = scripts::run("tests/support/interpreters.py", &["list"]);
    let interpreters: Vec<Interpreter> = serde_json::from_str(&listed).expect("interpreters.py writes JSON");
    assert!(
        !interpreters.is_empty(),
        "no free-threaded interpreter is at hand: `./test` provides one, FTAUDIT_TEST_PYTHONS names one, \
         {skip}=1 leaves out what needs one"
    );
    interpreters
}
