//! Which binding tool made a module, and its version where the binary tells: held against the fixtures that binding
//! tools made.

use crate::fixtures::BUILT;
use ftaudit::inspect;
use ftaudit::model::{Alone, ModuleName, Target};
use std::collections::BTreeSet;
use std::fs;

/// How ways of building start, the tool that is to be named for them, and whether its version is told.
pub const TOOLS: [(&str, &str, bool); 9] = [
    ("cffi-", "cffi", false),
    // It writes its version into the names of types that modules share, and this fixture has none.
    ("cython-3.0", "Cython", false),
    ("cython-", "Cython", true),
    ("f2py-", "f2py", true),
    ("nanobind-", "nanobind", false),
    ("pybind11-", "pybind11", false),
    ("pyo3-", "PyO3", true),
    ("sip-", "SIP", false),
    ("swig-", "SWIG", false),
];

#[test]
fn is_named_for_each_fixture_of_a_tool() {
    let mut failures = BTreeSet::new();
    for (interpreter, folder, manifest) in BUILT.iter() {
        let target: Target = interpreter.target().parse().expect("interpreters at hand are targets");
        for built in &manifest.modules {
            let Some((_, tool, tells)) = TOOLS.iter().find(|(start, ..)| built.way.starts_with(start)) else {
                continue;
            };
            let bytes = fs::read(folder.join(&built.file)).expect("the fixture is there");
            let name = ModuleName::of_member(&built.file);
            let facts = inspect::inspect(&bytes, &name, &[target], &Alone).expect("a fixture is a library");
            let origin = facts.slices[0].origin.as_ref();
            let named = origin.is_some_and(|origin| origin.name == *tool);
            let version = origin.and_then(|origin| origin.version.as_deref());
            let right = version.is_none_or(|version| built.way.contains(&format!("-{version}-")));
            if !named || version.is_some() != *tells || !right {
                let found = origin.map(|origin| (&origin.name, version));
                failures.insert(format!("{} ({}): {found:?}", built.fixture, built.way));
            }
        }
    }
    assert!(failures.is_empty(), "{failures:#?}");
}
