//! The fixtures whose answer is not in the file, or hard to get out of it: the only list that is kept by hand.

/// What can be known of a fixture without running it, where that is not simply its answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Knowable {
    /// Its answer, with an effort that nobody has made yet: `undetermined` is accepted, a wrong answer is not.
    WithEffort(&'static str),
    /// Not whether the loader finds everything it needs: a verdict is accepted where the import fails.
    NotWhetherItLoads(&'static str),
    /// Nothing: every answer but `undetermined` is a guess.
    No(&'static str),
}

/// Fixtures that need not be decided, each with a part of the names of the ways of building that it is about.
const TABLE: &[(&str, &str, Knowable)] = &[
    ("changed/value_unknowable", "", Knowable::No("hangs on the machine it runs on")),
    ("changed/array_unknowable", "", Knowable::No("hangs on the machine it runs on")),
    ("single/single_branches_differ", "", Knowable::No("hangs on the machine it runs on")),
    ("single/single_one_branch_silent", "", Knowable::No("hangs on the machine it runs on")),
    ("abi/undefined_symbol", "", Knowable::NotWhetherItLoads("which symbols there are, the process says")),
    ("abi/missing_library", "", Knowable::NotWhetherItLoads("which libraries there are, the machine says")),
    (
        "abi/other_machine",
        "",
        Knowable::NotWhetherItLoads("its name is for another machine, and none was asked for"),
    ),
    (
        "create/create_raises",
        "",
        Knowable::WithEffort("that the create function always raises is not concluded"),
    ),
    (
        "changed/value_computed",
        "gcc-Os",
        Knowable::WithEffort("hangs on a byte-sized operation that is not followed"),
    ),
    ("flow/large_frame", "gcc-Os", Knowable::WithEffort("a block larger than the evaluation copies")),
    ("flow/recursion", "", Knowable::WithEffort("recursion is followed three calls deep")),
    (
        "flow/struct_by_value",
        "gcc-O0",
        Knowable::WithEffort("words that are known in part travel through vectors"),
    ),
    (
        "pybind11/pybind_denies_by_flag",
        "pybind11-2.13",
        Knowable::WithEffort("its body has more paths than an audit follows, and might declare something"),
    ),
    (
        "pybind11/pybind_silent",
        "pybind11-2.13",
        Knowable::WithEffort("its body has more paths than an audit follows, and might declare something"),
    ),
    ("hooks/loops_long", "", Knowable::WithEffort("takes more steps than an audit does")),
    ("single/single_long_body_declares", "", Knowable::WithEffort("what takes long is passed over")),
    ("single/single_long_body_declares_again", "", Knowable::WithEffort("what takes long is passed over")),
    ("single/single_long_body_replaces", "", Knowable::WithEffort("what takes long is passed over")),
    ("single/single_long_body_replaces_local", "", Knowable::WithEffort("what takes long is passed over")),
    (
        "single/single_long_body_replaces_reference",
        "",
        Knowable::WithEffort("what takes long is passed over"),
    ),
    ("single/single_long_body_returns_early", "", Knowable::WithEffort("what takes long is passed over")),
    ("single/single_long_body_sets_flag", "", Knowable::WithEffort("what takes long is passed over")),
    ("changed/changed_by_long_body", "", Knowable::WithEffort("what takes long is passed over")),
    ("hooks/recurses_for_ever", "", Knowable::WithEffort("ends when the stack does")),
    ("hooks/data_init", "", Knowable::WithEffort("is no code")),
    ("hooks/nonsense", "", Knowable::WithEffort("is no code")),
    ("hooks/into_nowhere", "", Knowable::WithEffort("goes where there is no code")),
    ("hooks/indirect_init", "", Knowable::WithEffort("its init function is what a resolver returns")),
    (
        "hooks/returns_other_module",
        "",
        Knowable::WithEffort("the answer lies in a module of the interpreter"),
    ),
    ("create/create_returns_other", "", Knowable::WithEffort("the object is what an import gives")),
    ("create/create_dict_subclass", "", Knowable::WithEffort("the object's type is made at run time")),
    ("create/create_module_subclass", "", Knowable::WithEffort("the object's type is made at run time")),
    ("create/create_namespace", "", Knowable::WithEffort("the object is what a Python function returns")),
    ("single/single_from_definition", "", Knowable::WithEffort("is multi-phase inside single-phase")),
    ("changed/thread_local", "", Knowable::WithEffort("the slots are thread-local")),
    ("cpp/call_once", "", Knowable::WithEffort("the function is called by pthread_once")),
    ("cpp/string_and_map", "", Knowable::WithEffort("the look-up is done by the C++ library")),
    ("cpp/thrown_and_caught", "", Knowable::WithEffort("the declaration stands behind an unwinding")),
    ("flow/setjmp", "", Knowable::WithEffort("the declaration stands behind a longjmp")),
    ("flow/floating_point", "", Knowable::WithEffort("hangs on floating-point arithmetic")),
    (
        "flow/jump_table_unknowable",
        "",
        Knowable::WithEffort("every entry of a jump table has to be followed"),
    ),
    ("nanobind/nanobind_split", "", Knowable::WithEffort("another module makes the definition")),
];

/// The line of the table that a fixture falls under, built in some way; most fall under none.
pub fn line_of(fixture: &str, way: &str) -> Option<&'static (&'static str, &'static str, Knowable)> {
    TABLE.iter().find(|(name, part, _)| *name == fixture && way.contains(part))
}

#[test]
fn table_names_fixtures_that_exist() {
    for (name, ..) in TABLE {
        let (folder, stem) = name.split_once('/').expect("a fixture is named by folder and stem");
        let places = [
            format!("fixtures/c/{folder}/{stem}.c"),
            format!("fixtures/c/{folder}/{stem}.S"),
            format!("fixtures/{folder}/{stem}.cpp"),
            // What a binding tool makes has no source of its name.
            format!("fixtures/builder/{folder}.py"),
        ];
        let exists = places.iter().any(|place| crate::scripts::in_repository(place).exists());
        assert!(exists, "{name} is in the table, but there is no such fixture");
    }
}
