//! `--as-publisher`: the gate between a build and an upload, in front of real wheels, in cibuildwheel, and behind
//! `python -m build`.

use crate::install::wheel;
use crate::tools::{self, Ran, of_system, pinned, run};
use crate::{interpreters, scripts, snippets, wheels};
use std::fs;
use std::path::{Path, PathBuf};

#[track_caller]
fn gate(wheel: &Path) -> Ran {
    run(crate::ftaudit(Path::new("/")).args(["check", "--no-config", "--as-publisher"]).arg(wheel))
}

#[test]
fn real_wheels_are_judged_for_what_they_are_for() {
    let Some(lxml) = wheels::real("lxml-6.1.3-cp314-cp314t-") else { return };
    gate(&lxml)
        .ends(1)
        .says("your wheel says cp314-cp314t, so that 3.14t installs it:")
        .says("declare it once the code is ready, or stop shipping the wheel; what is missing: # cython:");
    let real = |start| wheels::real(start).expect("wheels are wanted");
    gate(&real("cryptography-50.0.2-cp315-abi3.abi3t-"))
        .ends(0)
        .says("On 3.15t, cryptography 50.0.2 leaves the GIL off.");
    gate(&real("markupsafe-3.0.4-cp314-cp314t-"))
        .ends(0)
        .says("classifier-missing: markupsafe 3.0.4 leaves the GIL off under 3.14t");
    for (with_gil, tag) in
        [("markupsafe-3.0.4-cp314-cp314-", "cp314-cp314"), ("bcrypt-5.0.0-cp39-abi3-", "cp39-abi3")]
    {
        gate(&real(with_gil))
            .ends(0)
            .says(&format!("is for Pythons with the GIL ({tag}): no free-threaded one installs it"))
            .says("none was judged");
    }
}

#[test]
fn a_wheel_that_was_renamed_is_found_out() {
    let Some(with_gil) = wheels::real("markupsafe-3.0.4-cp314-cp314-") else { return };
    let folder = tempfile::tempdir().unwrap();
    let renamed = folder.path().join("markupsafe-3.0.4-cp314-cp314t-manylinux_2_28_x86_64.whl");
    fs::copy(&with_gil, &renamed).unwrap();
    gate(&renamed)
        .ends(1)
        .says("tags-disagree: markupsafe-3.0.4-cp314-cp314t-manylinux_2_28_x86_64.whl is named for cp314-cp314t, and")
        .says("its WHEEL file says cp314-cp314");
    let unknown = folder.path().join("markupsafe-3.0.4-cp316-cp316t-manylinux_2_28_x86_64.whl");
    fs::copy(wheels::real("markupsafe-3.0.4-cp314-cp314t-").unwrap(), &unknown).unwrap();
    gate(&unknown).says("a free-threaded Python that is not known here").says("tags-disagree").ends(1);
}

/// A block of `docs/publishing.md`, in the folder of a project.
fn documented(start: &str) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("pyproject.toml"), snippets::of("publishing", "toml", start)).unwrap();
    folder
}

#[test]
fn what_is_documented_fits_cibuildwheels_own_schema() {
    if !tools::wanted() {
        return;
    }
    let project = documented("[tool.cibuildwheel]");
    let text = fs::read_to_string(project.path().join("pyproject.toml")).unwrap();
    let parsed: toml::Value = toml::from_str(&text).unwrap();
    let table = serde_json::to_string(&parsed["tool"]["cibuildwheel"]).unwrap();
    fs::write(project.path().join("table.json"), table).unwrap();
    let mut python = pinned("python", project.path());
    python.args(["-c", "import cibuildwheel.util.resources as found; print(found.CIBUILDWHEEL_SCHEMA)"]);
    let schema = PathBuf::from(run(&mut python).ends(0).stdout.trim());
    let check = |file: &str| {
        run(pinned("check-jsonschema", project.path()).arg("--schemafile").arg(&schema).arg(file))
    };
    check("table.json").ends(0);
    fs::write(project.path().join("wrong.json"), r#"{"audit-comand": "ftaudit"}"#).unwrap();
    check("wrong.json").ends(1);
}

/// All of cibuildwheel but the container that the wheel would come out of.
#[test]
fn cibuildwheel_ends_a_build_by_it() {
    if !tools::wanted() {
        return;
    }
    let (Some(lxml), Some(ready)) =
        (wheels::real("lxml-6.1.3-cp314-cp314t-"), wheels::real("markupsafe-3.0.4-cp314-cp314t-"))
    else {
        return;
    };
    let project = documented("[tool.cibuildwheel]");
    let work = tempfile::tempdir().unwrap();
    // What else is documented comes from an index, and is not for these wheels.
    let file = project.path().join("pyproject.toml");
    let text = fs::read_to_string(&file).unwrap();
    let without =
        text.replace("\"abi3audit\", ", "").replace("\"abi3audit --strict --report {abi3_wheel}\", ", "");
    assert!(!without.contains("abi3audit"), "{without}");
    fs::write(&file, without).unwrap();
    let audit = |of: &Path| {
        let mut python = pinned("python", work.path());
        python.arg(scripts::in_repository("tests/support/cibuildwheel_audit.py"));
        python.args([project.path(), work.path(), of]);
        python.env("PIP_NO_INDEX", "1").env("PIP_FIND_LINKS", wheel().parent().unwrap());
        run(&mut python)
    };
    audit(&ready).ends(0).says("On 3.14t, markupsafe 3.0.4 leaves the GIL off.");
    let failed = audit(&lxml).says("stop shipping the wheel").says("Audit command failed");
    assert_ne!(failed.status, 0, "{}", failed.stdout);
}

/// A project with an extension module of the fixtures, built as its maintainer would.
fn build(python: &str, module: &str, classifiers: &str) -> tempfile::TempDir {
    let project = tempfile::tempdir().unwrap();
    let fixtures = scripts::in_repository("fixtures/c");
    for (from, to) in
        [(fixtures.join(format!("slots/{module}.c")), "_x.c"), (fixtures.join("module.h"), "module.h")]
    {
        fs::copy(from, project.path().join(to)).unwrap();
    }
    let macros = r#"define_macros=[("NAME", '"_x"'), ("HOOK", "PyInit__x")]"#;
    let setup = format!(
        "from setuptools import Extension, setup\n\
         setup(name=\"tiny\", version=\"1.0\", classifiers=[{classifiers}], packages=[\"tiny\"],\n    \
         ext_modules=[Extension(\"tiny._x\", [\"_x.c\"], depends=[\"module.h\"], {macros})])\n"
    );
    fs::write(project.path().join("setup.py"), setup).unwrap();
    fs::write(project.path().join("MANIFEST.in"), "include module.h\n").unwrap();
    fs::create_dir(project.path().join("tiny")).unwrap();
    fs::write(project.path().join("tiny/__init__.py"), "").unwrap();
    // `build` and what it needs are pure Python, and at hand in the environment of the tools.
    let mut build = of_system(python, project.path());
    build.args(["-m", "build", "--no-isolation"]).env("PYTHONPATH", tools::packages());
    run(&mut build).ends(0);
    project
}

#[test]
fn dist_after_python_m_build() {
    if !tools::wanted() {
        return;
    }
    let Some(python) = interpreters::found().pop() else { return };
    crate::tell(&format!("tiny wheels are built with {}", python.version));
    let tag = format!("cp3{0}-cp3{0}t", python.minor);
    let ready = build(&python.executable, "slot_not_used", "");
    gate(&ready.path().join("dist"))
        .ends(0)
        .says(&format!("On {}, tiny 1.0 leaves the GIL off.", python.target()))
        .says("classifier-missing: tiny 1.0");
    let promised = r#""Programming Language :: Python :: Free Threading :: 3 - Stable""#;
    let lagging = build(&python.executable, "slot_used", promised);
    gate(&lagging.path().join("dist"))
        .ends(1)
        .says(&format!("your wheel says {tag}, so that {} installs it:", python.target()))
        .says("tiny._x declares Py_MOD_GIL_USED")
        .says("or stop shipping the wheel; what is missing: a {Py_mod_gil, Py_MOD_GIL_NOT_USED} slot")
        .says("classifier-contradicts-binary: tiny 1.0 has the Free Threading classifier 3 - Stable")
        .says("declare in the modules what the classifier promises, or take the classifier back");
}
