//! What the system is not to be asked for, by seccomp: the network, other processes, and the ways round Landlock.
//!
//! A list of what is forbidden, not of what is allowed: an import may need any harmless call, and those that do harm
//! are known. Calls that only administrators may make are not listed: the right to them has been given up.

use super::SandboxError;
use seccompiler::{
    BpfProgram, SeccompAction, SeccompCmpArgLen::Dword, SeccompCmpOp, SeccompCondition, SeccompFilter,
    SeccompRule, TargetArch, apply_filter,
};
use std::collections::BTreeMap;

/// What is refused, always.
const FORBIDDEN: &[i64] = &[
    // The network. What `socketpair` still gives is connected, and stays so.
    libc::SYS_socket,
    libc::SYS_connect,
    libc::SYS_bind,
    libc::SYS_listen,
    libc::SYS_accept,
    libc::SYS_accept4,
    // Other processes.
    libc::SYS_tkill,
    libc::SYS_pidfd_open,
    libc::SYS_pidfd_send_signal,
    libc::SYS_pidfd_getfd,
    libc::SYS_ptrace,
    libc::SYS_process_vm_readv,
    libc::SYS_process_vm_writev,
    libc::SYS_process_madvise,
    libc::SYS_kcmp,
    libc::SYS_setpriority,
    libc::SYS_ioprio_set,
    libc::SYS_sched_setscheduler,
    libc::SYS_sched_setparam,
    libc::SYS_sched_setattr,
    libc::SYS_move_pages,
    libc::SYS_migrate_pages,
    // Rights and attributes of files, which Landlock does not know of: those of readable files could be changed.
    libc::SYS_fchmod,
    libc::SYS_fchmodat,
    libc::SYS_fchmodat2,
    libc::SYS_fchown,
    libc::SYS_fchownat,
    libc::SYS_setxattr,
    libc::SYS_lsetxattr,
    libc::SYS_fsetxattr,
    libc::SYS_removexattr,
    libc::SYS_lremovexattr,
    libc::SYS_fremovexattr,
    libc::SYS_utimensat,
    SETXATTRAT,
    REMOVEXATTRAT,
    FILE_SETATTR,
    // By a handle and not by a path.
    libc::SYS_open_by_handle_at,
    // By path: Landlock knows of it from its third version on.
    libc::SYS_truncate,
    // What would stay behind.
    libc::SYS_shmget,
    libc::SYS_msgget,
    libc::SYS_semget,
    libc::SYS_mq_open,
    libc::SYS_add_key,
    libc::SYS_request_key,
    libc::SYS_keyctl,
    // Ways to more rights, and parts of the kernel that are often at fault.
    libc::SYS_unshare,
    libc::SYS_setns,
    libc::SYS_bpf,
    libc::SYS_perf_event_open,
    libc::SYS_userfaultfd,
    libc::SYS_syslog,
    libc::SYS_fanotify_init,
];

/// The same under their older names.
#[cfg(target_arch = "x86_64")]
const FORBIDDEN_TOO: &[i64] = &[
    libc::SYS_fork,
    libc::SYS_vfork,
    libc::SYS_chmod,
    libc::SYS_chown,
    libc::SYS_lchown,
    libc::SYS_utime,
    libc::SYS_utimes,
    libc::SYS_futimesat,
];
#[cfg(not(target_arch = "x86_64"))]
const FORBIDDEN_TOO: &[i64] = &[];

/// What is said not to exist, so that callers take an older way that can be judged by its arguments.
const ABSENT: &[i64] = &[
    libc::SYS_clone3,
    libc::SYS_openat2,
    libc::SYS_io_uring_setup,
    libc::SYS_io_uring_enter,
    libc::SYS_io_uring_register,
    // Files in memory, which no limit counts.
    libc::SYS_memfd_create,
    libc::SYS_memfd_secret,
];

// Newer than the headers that the crate was made from (Linux 6.13 and 6.17); new numbers are the same everywhere.
const SETXATTRAT: i64 = 463;
const REMOVEXATTRAT: i64 = 466;
const FILE_SETATTR: i64 = 469;

/// Calls of `fcntl` by which signals reach other processes: the kernel sends them, not the caller.
const FCNTL: [libc::c_int; 3] = [libc::F_SETOWN, F_SETSIG, F_SETOWN_EX];
const F_SETSIG: libc::c_int = 10;
const F_SETOWN_EX: libc::c_int = 15;

/// The same by `ioctl`, what types on a terminal, and what changes the attributes of a file that is only read.
const IOCTL: [u64; 7] = [
    0x8901,      // FIOSETOWN
    0x8902,      // SIOCSPGRP
    0x5412,      // TIOCSTI
    0x541c,      // TIOCLINUX
    0x4008_6602, // FS_IOC_SETFLAGS
    0x4004_6602, // FS_IOC32_SETFLAGS
    0x401c_5820, // FS_IOC_FSSETXATTR
];

/// The bits that tell a socket's type; the others are flags.
const KIND: libc::c_int = 0xf;

/// Numbers of the x32 ABI are those of x86-64 with this bit.
const X32: i64 = 0x4000_0000;

type Rules = BTreeMap<i64, Vec<SeccompRule>>;

/// Holds this process, and whatever it becomes, to what is not forbidden.
pub(super) fn restrict() -> Result<(), SandboxError> {
    let refused =
        |error: &dyn std::fmt::Display| SandboxError::Refused { what: "seccomp", why: error.to_string() };
    let architecture: TargetArch = std::env::consts::ARCH.try_into().map_err(|_| {
        SandboxError::Missing(format!("there is no sandbox for {} yet", std::env::consts::ARCH))
    })?;
    let own = u64::from(std::process::id());
    let forbidden = forbidden(own).map_err(|error| refused(&error))?;
    let absent: Rules = ABSENT.iter().map(|number| (*number, Vec::new())).collect();
    for (rules, error) in [(forbidden, libc::EPERM), (absent, libc::ENOSYS)] {
        let action = SeccompAction::Errno(u32::try_from(error).unwrap_or(1));
        let filter = SeccompFilter::new(with_x32(rules), SeccompAction::Allow, action, architecture);
        let program: BpfProgram = filter.and_then(TryInto::try_into).map_err(|error| refused(&error))?;
        apply_filter(&program).map_err(|error| refused(&error))?;
    }
    Ok(())
}

/// What is refused to the process of this number; it keeps it when it becomes another program.
fn forbidden(own: u64) -> Result<Rules, seccompiler::BackendError> {
    let always = FORBIDDEN.iter().chain(FORBIDDEN_TOO).map(|number| (*number, Vec::new()));
    let mut rules: Rules = always.collect();
    let other = |argument| is(argument, SeccompCmpOp::Ne, own);
    for number in [libc::SYS_kill, libc::SYS_tgkill, libc::SYS_rt_sigqueueinfo, libc::SYS_rt_tgsigqueueinfo] {
        rules.insert(number, vec![SeccompRule::new(vec![other(0)?])?]);
    }
    // 0 stands for the caller.
    let somebody_else = vec![other(0)?, is(0, SeccompCmpOp::Ne, 0)?];
    rules.insert(libc::SYS_prlimit64, vec![SeccompRule::new(somebody_else)?]);
    // A thread, and no process.
    let thread = constant(libc::CLONE_THREAD);
    let no_thread = is(0, SeccompCmpOp::MaskedEq(thread), 0)?;
    rules.insert(libc::SYS_clone, vec![SeccompRule::new(vec![no_thread])?]);
    // Otherwise the process could choose to outlive its parent, or hide from it what it takes.
    let one_of = |argument, values: &[u64]| -> Result<Vec<SeccompRule>, seccompiler::BackendError> {
        values.iter().map(|value| SeccompRule::new(vec![is(argument, SeccompCmpOp::Eq, *value)?])).collect()
    };
    let hiding = [libc::PR_SET_PDEATHSIG, libc::PR_SET_DUMPABLE].map(constant);
    rules.insert(libc::SYS_prctl, one_of(0, &hiding)?);
    rules.insert(libc::SYS_fcntl, one_of(1, &FCNTL.map(constant))?);
    rules.insert(libc::SYS_ioctl, one_of(1, &IOCTL)?);
    let somebody_elses = vec![other(0)?, is(0, SeccompCmpOp::Ne, 0)?];
    rules.insert(libc::SYS_sched_setaffinity, vec![SeccompRule::new(somebody_elses)?]);
    // Datagrams of a pair can be sent to others, by the address of their socket.
    let no_pair = is(0, SeccompCmpOp::Ne, constant(libc::AF_UNIX))?;
    let kind = SeccompCmpOp::MaskedEq(constant(KIND));
    let mut pairs = vec![SeccompRule::new(vec![no_pair])?];
    for other in (0..=KIND).filter(|kind| *kind != libc::SOCK_STREAM) {
        pairs.push(SeccompRule::new(vec![is(1, kind.clone(), constant(other))?])?);
    }
    rules.insert(libc::SYS_socketpair, pairs);
    // Cuts off a file that was opened for reading, which early versions of Landlock allow.
    let mask = constant(libc::O_ACCMODE | libc::O_TRUNC);
    let cuts = |argument| is(argument, SeccompCmpOp::MaskedEq(mask), constant(libc::O_TRUNC));
    rules.insert(libc::SYS_openat, vec![SeccompRule::new(vec![cuts(2)?])?]);
    #[cfg(target_arch = "x86_64")]
    rules.insert(libc::SYS_open, vec![SeccompRule::new(vec![cuts(1)?])?]);
    Ok(rules)
}

fn is(
    argument: u8,
    operator: SeccompCmpOp,
    value: u64,
) -> Result<SeccompCondition, seccompiler::BackendError> {
    SeccompCondition::new(argument, Dword, operator, value)
}

fn constant(value: libc::c_int) -> u64 {
    u64::try_from(value).unwrap_or(0)
}

fn with_x32(rules: Rules) -> Rules {
    let mut all = rules.clone();
    if cfg!(target_arch = "x86_64") {
        all.extend(rules.into_iter().map(|(number, rules)| (number | X32, rules)));
    }
    all
}
