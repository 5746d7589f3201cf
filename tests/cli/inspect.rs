//! `ftaudit inspect`, as its users call it.

use crate::module::Module;
use crate::{folder, folder_with, ftaudit, schema, wheel};

const TAG: &str = "cp314-cp314t-linux_x86_64";
const NAME: &str = "_x.cpython-314t-x86_64-linux-gnu.so";

fn module(gil: u64) -> Vec<u8> {
    Module { hooks: &["PyInit__x"], gil }.build()
}

#[test]
fn help_tells_every_flag_and_status() {
    let run = ftaudit(&folder(&[]), &["inspect", "--help"]);
    assert_eq!((run.status, run.stderr.as_str()), (0, ""));
    insta::assert_snapshot!(run.stdout, @"
    Show how one module's verdict comes about: the init function step by step, its slots, and all
    evidence

    Usage: ftaudit inspect [OPTIONS] <FILE>

    Arguments:
      <FILE>
              An extension module, or a wheel

    Options:
          --member <PATH>
              Which module of a wheel: its path in there, or its dotted name. Not needed where there is
              only one

          --target <PYTHON>
              The free-threaded Pythons to judge for, separated by commas. Several give a section each
              
              [default: 3.14t]
              [possible values: 3.13t, 3.14t, 3.15t]

          --format <FORMAT>
              How the report is written. `json` is documented in docs/json.md

              Possible values:
              - human: For people
              - json:  For programs
              
              [default: human]

      -h, --help
              Print help (see a summary with '-h')

    Exit status:
      0  the module was inspected, whatever its verdict
      2  wrong usage, or the file could not be read
    ");
}

#[test]
fn a_module_is_shown_step_by_step() {
    let folder = folder(&[(NAME, &module(1))]);
    let run = ftaudit(&folder, &["inspect", NAME, "--target", "3.14t", "--target", "3.15t"]);
    assert_eq!((run.status, run.stderr.as_str()), (0, ""));
    insta::assert_snapshot!(run.stdout, @r"
    .: _x.cpython-314t-x86_64-linux-gnu.so
      module   _x, by a file name that ends in .cpython-314t-x86_64-linux-gnu.so
      file     ELF for x86_64, 8448 bytes
      sha256   163de96f2943fccd6701059c5543024a827f6a92064a2865c4ce903c52dded58
      read by  ftaudit [version]
      3.14t    gil-free: declares Py_MOD_GIL_NOT_USED in its Py_mod_gil slot
      3.15t    incompatible-abi: is not loaded by 3.15t: the suffix .cpython-314t-x86_64-linux-gnu.so is for
        free-threaded CPython 3.14

    the code for x86_64
      built for  the free-threaded build
        - its PyModuleDef has the layout of free-threaded builds (ob_flags 0x4) (0x2000)
      made by    no binding tool that is known

    _x on 3.14t, x86_64
      calls    PyInit__x at 0x1000
      paths    2 instructions were followed; imported functions were not run, but assumed to succeed with what
        stands behind them
        - 1 × hands over the definition at 0x2000
      a path   that hands over the definition at 0x2000
        0x1007 <PyInit__x+0x7>                   PyModuleDef_Init(0x2000): returns 0x2000
      result   a module definition: multi-phase initialization
        - PyModuleDef at 0x2000, laid out as free-threaded builds do, ob_flags 0x4
        - slots at 0x20a0
          0x20a0    4 Py_mod_gil = 1 (Py_MOD_GIL_NOT_USED): the GIL stays off
      verdict  gil-free: declares Py_MOD_GIL_NOT_USED in its Py_mod_gil slot
        - Py_mod_gil (slot 4) = 1 (Py_MOD_GIL_NOT_USED) at 0x20a0, read when PyModuleDef_Init got the definition
          at 0x2000

    _x on 3.15t, x86_64
      calls    PyInit__x at 0x1000
      paths    2 instructions were followed; imported functions were not run, but assumed to succeed with what
        stands behind them
        - 1 × hands over the definition at 0x2000
      a path   that hands over the definition at 0x2000
        0x1007 <PyInit__x+0x7>                   PyModuleDef_Init(0x2000): returns 0x2000
      result   a module definition: multi-phase initialization
        - PyModuleDef at 0x2000, laid out as free-threaded builds do, ob_flags 0x4
        - slots at 0x20a0
          0x20a0    4 Py_mod_gil = 1 (Py_MOD_GIL_NOT_USED): the GIL stays off
      verdict  incompatible-abi: is not loaded by 3.15t: the suffix .cpython-314t-x86_64-linux-gnu.so is for
        free-threaded CPython 3.14
        - the file name ends in .cpython-314t-x86_64-linux-gnu.so, which 3.15t does not look for
        - Py_mod_gil (slot 4) = 1 (Py_MOD_GIL_NOT_USED) at 0x20a0, read when PyModuleDef_Init got the definition
          at 0x2000
    ");
}

#[test]
fn the_verdict_is_no_exit_status_here() {
    let folder = folder(&[(NAME, &module(0))]);
    let run = ftaudit(&folder, &["inspect", NAME]);
    assert_eq!(run.status, 0);
    assert!(run.stdout.contains("verdict  requires-gil: declares Py_MOD_GIL_USED"), "{}", run.stdout);
    assert_eq!(ftaudit(&folder, &["check", NAME]).status, 1);
}

#[test]
fn inspect_and_check_agree() {
    for gil in [0, 1, 2] {
        let folder = folder(&[(NAME, &module(gil))]);
        let json = |command| {
            let run = ftaudit(
                &folder,
                &[command, NAME, "--format", "json", "--target", "3.14t", "--target", "3.15t"],
            );
            schema::valid(&run.stdout)
        };
        let (inspected, checked) = (json("inspect"), json("check"));
        assert_eq!(inspected["schema"], "ftaudit/inspect/1");
        assert_eq!(inspected["verdicts"], checked["distributions"][0]["modules"][0]["verdicts"]);
    }
}

#[test]
fn the_name_picks_one_of_many_hooks_and_the_others_are_listed() {
    let hooks = &["PyInit__x", "PyInit_other", "PyModExport__x", "PyInitU_lanmt_2sa6t"];
    let folder = folder(&[(NAME, &Module { hooks, gil: 1 }.build())]);
    let run = ftaudit(&folder, &["inspect", NAME]);
    let (_, rest) = run.stdout.split_once("calls    ").unwrap();
    assert!(
        rest.starts_with("PyInit__x at 0x1000\n    - PyModExport__x is there too; 3.14t does not call it\n")
    );
    let (_, others) = run.stdout.split_once("other modules").unwrap();
    insta::assert_snapshot!(others, @r"
    that the file holds init functions for
     lančmít (PyInitU_lanmt_2sa6t): gil-free on 3.14t
     other (PyInit_other): gil-free on 3.14t
     No import of this file reaches them: its name picks the init function.
    ");
}

#[test]
fn a_wheel_with_one_module_needs_no_member() {
    let folder = folder_with(&wheel(TAG, &[(&format!("foo/{NAME}"), &module(1))], ""));
    let run = ftaudit(&folder, &["inspect", &format!("foo-1.0-{TAG}.whl")]);
    assert_eq!((run.status, run.stderr.as_str()), (0, ""));
    let start = format!("foo-1.0-{TAG}.whl: foo/{NAME}\n  module   foo._x, ");
    assert!(run.stdout.starts_with(&start), "{}", run.stdout);
}

#[test]
fn of_many_members_one_is_to_be_named() {
    let members: &[(&str, &[u8])] = &[("foo/_x.so", &module(1)), ("foo/b.so", &module(1))];
    let folder = folder_with(&wheel(TAG, members, ""));
    let file = format!("foo-1.0-{TAG}.whl");
    let run = ftaudit(&folder, &["inspect", &file]);
    assert_eq!((run.status, run.stdout.as_str()), (2, ""));
    insta::assert_snapshot!(run.stderr, @r"
    error: foo-1.0-cp314-cp314t-linux_x86_64.whl holds 2 extension modules
      foo/_x.so
      foo/b.so
    hint: name one with --member
    ");
    for member in ["foo/_x.so", "foo._x"] {
        let run = ftaudit(&folder, &["inspect", &file, "--member", member]);
        assert!(run.status == 0 && run.stdout.contains("module   foo._x,"), "{member}: {}", run.stderr);
    }
    let run = ftaudit(&folder, &["inspect", &file, "--member", "foo/c.so"]);
    assert_eq!((run.status, run.stdout.as_str()), (2, ""));
    insta::assert_snapshot!(run.stderr, @r#"
    error: foo-1.0-cp314-cp314t-linux_x86_64.whl holds no extension module "foo/c.so"; it has
      foo/_x.so
      foo/b.so
    hint: give a path as it is listed here, or the module's dotted name
    "#);
}

#[test]
fn what_cannot_be_inspected_is_status_2_with_the_cause() {
    let cut = &module(1)[..0x1800];
    let pure = wheel("py3-none-any", &[("foo/__init__.py", b"")], "");
    let folder = folder(&[
        ("text.so", b"INPUT(libx.so.1)\n"),
        ("cut.so", cut),
        ("empty.so", b""),
        ("readme.txt", b"hello"),
        ("pure/foo-1.0-py3-none-any.whl", &pure.1),
    ]);
    let files = [
        "text.so",
        "cut.so",
        "empty.so",
        "readme.txt",
        "missing.so",
        "pure",
        "pure/foo-1.0-py3-none-any.whl",
    ];
    let mut said = String::new();
    for file in files {
        let run = ftaudit(&folder, &["inspect", file]);
        assert_eq!((run.status, run.stdout.as_str()), (2, ""), "{file}");
        said += &run.stderr;
    }
    insta::assert_snapshot!(said, @r"
    error: .: text.so: not an ELF, PE or Mach-O file: starts with `INPUT(li`
    error: .: cut.so: truncated: a segment at offset 0x1000 reaches beyond the end of the file (0x1800 bytes)
    error: .: empty.so: the file is empty
    error: nothing could be audited
      readme.txt: is neither a wheel nor an extension module
      hint: name a .whl, a .so or .pyd, or a folder with some
    error: nothing could be audited
      missing.so: does not exist
      hint: check the spelling, and which folder it is relative to
    error: pure: is a folder, and one module is inspected at a time
    hint: name a module or a wheel in it
    error: foo-1.0-py3-none-any.whl holds no extension module
    ");
}
