//! Packages that mean harm, or behave as if they did: none of them gets anywhere, each has an outcome, and those beside
//! them are confirmed all the same.

use crate::interpreters;
use crate::run::{Report, confirming, report};
use crate::site::{Module, Site};
use std::fs;
use std::net::TcpListener;
use std::os::unix::net::UnixDatagram;
use std::path::Path;
use std::process::{Command, Stdio};

/// A number that no other process has among its arguments.
const MARK: &str = "86754309";

/// A package, its module, the outcome, and a part of the message.
type Row = (&'static str, Module, &'static str, &'static str);

/// What is tried and what comes of it in the sandbox.
const HARM: [Row; 28] = [
    ("reads_the_home", Module::Good, "import-error", "PermissionError: [Errno 13]"),
    ("lists_the_home", Module::Good, "import-error", "PermissionError: [Errno 13]"),
    ("writes_to_the_home", Module::Good, "import-error", "PermissionError: [Errno 13]"),
    ("writes_to_its_package", Module::Good, "import-error", "PermissionError: [Errno 13]"),
    ("changes_rights", Module::Good, "import-error", "PermissionError: [Errno 1]"),
    ("empties_a_file", Module::Good, "import-error", "PermissionError: [Errno"),
    ("opens_a_socket", Module::Good, "import-error", "PermissionError: [Errno 1]"),
    ("forks_without_end", Module::Good, "import-error", "PermissionError: [Errno 1]"),
    ("starts_a_process", Module::Good, "import-error", "PermissionError: [Errno 1]"),
    ("fills_the_disk", Module::Good, "crashed", "wrote more than an import may"),
    ("writes_a_large_file", Module::Good, "import-error", "OSError: [Errno 27]"),
    ("takes_all_memory", Module::Good, "import-error", "MemoryError"),
    ("kills_its_parent", Module::Good, "import-error", "PermissionError: [Errno 1]"),
    ("kills_everybody", Module::Good, "import-error", "PermissionError: [Errno 1]"),
    ("looks_into_its_parent", Module::Good, "import-error", "PermissionError: [Errno 13]"),
    ("tells_its_environment", Module::Good, "import-error", "ImportError: "),
    (
        "tells_its_rights",
        Module::Good,
        "import-error",
        "CapPrm:\t0000000000000000 CapEff:\t0000000000000000 NoNewPrivs:\t1",
    ),
    ("fills_the_disk_unseen", Module::Good, "crashed", "wrote more than an import may"),
    ("hides_its_files", Module::Good, "crashed", "wrote more than an import may"),
    ("sends_a_datagram", Module::Good, "import-error", "PermissionError: [Errno 1]"),
    ("sends_to_a_name", Module::Good, "import-error", "PermissionError: [Errno 1]"),
    ("signals_by_a_pipe", Module::Good, "import-error", "PermissionError: [Errno 1]"),
    ("tells_its_descriptors", Module::Good, "import-error", "0 /dev/null, 1 pipe:"),
    ("uses_shared_memory", Module::Good, "import-error", "PermissionError: [Errno 13]"),
    ("looks_into_memory", Module::Good, "import-error", "PermissionError: [Errno 13]"),
    ("finds_a_way_round", Module::Good, "import-error", "PermissionError: [Errno 13]"),
    ("makes_system_calls", Module::Good, "import-error", CALLS),
    ("outlives_its_parent", Module::Good, "import-error", "PermissionError: [Errno 1]"),
];

/// What comes of calls that an import has no business to make.
const CALLS: &str = "ptrace=EPERM process_vm_readv=EPERM unshare=EPERM setns=EPERM add_key=EPERM keyctl=EPERM bpf=EPERM \
                     perf_event_open=EPERM userfaultfd=EPERM pidfd_open=EPERM setxattrat=EPERM file_setattr=EPERM \
                     TIOCSTI=EPERM FS_IOC_SETFLAGS=EPERM PR_SET_DUMPABLE=EPERM io_uring_setup=ENOSYS \
                     memfd_create=ENOSYS clone3=ENOSYS";

/// What modules do without meaning harm.
const ODDITIES: [Row; 14] = [
    ("ends_the_process", Module::Good, "crashed", "ended with status 0"),
    ("exits", Module::Good, "import-error", "SystemExit: this is a program"),
    ("floods", Module::Good, "gil-free", ""),
    ("closes_its_streams", Module::Culprit, "requires-gil", ""),
    ("closes_everything", Module::Good, "crashed", "closed the pipe"),
    ("tampers", Module::Culprit, "requires-gil", ""),
    ("turns_warnings_into_errors", Module::Culprit, "requires-gil", ""),
    ("leaves_threads", Module::Good, "gil-free", ""),
    ("sleeps", Module::Good, "timed-out", "still being imported"),
    ("needs_another", Module::Good, "import-error", "needs a_package_that_is_not_installed"),
    ("imports_the_culprit", Module::Good, "gil-free", ""),
    ("lies_about_the_outcome", Module::Good, "import-error", "Odd: <its message raises RuntimeError>"),
    ("plain", Module::Good, "gil-free", ""),
    ("culprit", Module::Culprit, "requires-gil", ""),
];

fn check(report: &Report, rows: &[Row], about: &str) {
    for (package, _, outcome, message) in rows {
        let run = report.run(&format!("{package}.x"));
        assert_eq!(run.outcome, *outcome, "{package} {about}: {}", run.message);
        assert!(run.message.contains(message), "{package} {about}: {}", run.message);
    }
}

#[test]
fn none_gets_anywhere() {
    for interpreter in interpreters::found() {
        let site = Site::new(&interpreter);
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port can be had");
        listener.set_nonblocking(true).expect("it can be asked without waiting");
        let port = listener.local_addr().expect("it has an address").port().to_string();
        let home = site.home();
        let socket = site.path().with_file_name("socket");
        let receiver = UnixDatagram::bind(&socket).expect("a socket can be had");
        receiver.set_nonblocking(true).expect("it can be asked without waiting");
        let replacements = [
            ("@HOME@", home.to_str().expect("it is text")),
            ("@SOCKET@", socket.to_str().expect("it is text")),
            ("@ABSTRACT@", "ftaudit-nobody-listens-here"),
            ("@PORT@", &port),
            ("@MARK@", MARK),
        ];
        for (package, module, ..) in HARM {
            site.add_package(package, module, &replacements);
        }
        site.add("zz_good", Module::Good, "");
        let before = content(&site.path());
        let mut command = confirming(&interpreter, &site.path());
        command = with_an_open_file(&command, &home.join(".ssh/id_ed25519"));
        command.env("HOME", site.home()).env("TMPDIR", site.temporary()).env("FTAUDIT_TEST_SECRET", "secret");
        let (report, _) = report(&mut command);

        let about = format!("under {}", interpreter.version);
        check(&report, &HARM, &about);
        check(&report, &[("zz_good", Module::Good, "gil-free", "")], &about);
        let environment = report.run("tells_its_environment.x").message;
        assert!(!environment.contains("SECRET") && environment.contains("TMPDIR"), "{environment}");
        let descriptors = report.run("tells_its_descriptors.x").message;
        assert!(!descriptors.contains("id_ed25519"), "{descriptors}");
        assert!(receiver.recv(&mut [0]).is_err(), "somebody has sent something");
        assert!(!Path::new("/dev/shm").join(format!("ftaudit-{MARK}")).exists());
        let protections = report.run("zz_good.x").protections;
        assert_eq!(
            protections,
            [
                "files",
                "network",
                "processes",
                "signals",
                "privileges",
                "environment",
                "limits",
                "disk",
                "parent"
            ]
        );
        assert_eq!(content(&site.path()), before, "the environment was changed");
        assert!(!site.home().join(".bashrc").exists());
        assert_eq!(content(&site.temporary()), Vec::<String>::new(), "something was left behind");
        assert!(listener.accept().is_err(), "somebody has called");
        assert!(!is_running(MARK), "a process has outlived the run");
    }
}

#[test]
fn oddities_have_outcomes_together_and_alone() {
    for interpreter in interpreters::found() {
        let site = Site::new(&interpreter);
        for (package, module, ..) in ODDITIES.iter().filter(|(package, ..)| *package != "culprit") {
            site.add_package(package, *module, &[]);
        }
        site.add("culprit", Module::Culprit, "");
        for way in [&["--import-timeout", "3"][..], &["--import-timeout", "3", "--one-by-one"]] {
            let (report, _) = report(confirming(&interpreter, &site.path()).args(way));
            check(&report, &ODDITIES, &format!("under {} {way:?}", interpreter.version));
        }
    }
}

#[test]
fn without_a_sandbox_a_fork_is_no_second_run() {
    for interpreter in interpreters::found() {
        let site = Site::new(&interpreter);
        site.add_package("forks_and_goes_on", Module::Good, &[]);
        site.add("zz_good", Module::Good, "");
        let (report, _) = report(confirming(&interpreter, &site.path()).arg("--no-sandbox"));
        let run = report.run("forks_and_goes_on.x");
        assert_eq!(run.outcome, "gil-free", "{}", run.message);
        assert_eq!(run.protections, ["environment", "disk"]);
        assert_eq!(report.run("zz_good.x").outcome, "gil-free");
        assert!(report.notes.iter().any(|note| note.about == "--confirm"), "it is said in the report");
    }
}

/// The same command, run by somebody who has left a file open.
fn with_an_open_file(command: &Command, file: &Path) -> Command {
    let mut shell = Command::new("sh");
    shell.args(["-c", "exec 7<\"$0\"; exec \"$@\""]).arg(file).arg(command.get_program());
    shell.args(command.get_args()).stdin(Stdio::null());
    for (name, value) in command.get_envs() {
        match value {
            Some(value) => shell.env(name, value),
            None => shell.env_remove(name),
        };
    }
    shell
}

/// Every file below a folder, with its size.
pub fn content(folder: &Path) -> Vec<String> {
    let mut found = Vec::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).expect("it can be read").flatten() {
            let metadata = entry.metadata().expect("it is there");
            let rights = metadata.permissions();
            found.push(format!("{} {} {rights:?}", entry.path().display(), metadata.len()));
            if metadata.is_dir() {
                folders.push(entry.path());
            }
        }
    }
    found.sort();
    found
}

/// Whether a process has this among its arguments.
fn is_running(mark: &str) -> bool {
    let processes = fs::read_dir("/proc").expect("this is Linux").flatten();
    processes
        .filter_map(|process| fs::read(process.path().join("cmdline")).ok())
        .any(|line| line.split(|byte| *byte == 0).any(|argument| argument == mark.as_bytes()))
}
