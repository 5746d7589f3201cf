//! What of the system an import may read: libraries, what libraries are configured by, and a few devices. Not the
//! users' homes, and nothing with a secret in it.

use std::path::PathBuf;

/// Files and folders of the system; those that are not there do no harm.
pub(in crate::confirm) fn system_places() -> impl Iterator<Item = PathBuf> {
    READ.into_iter().map(PathBuf::from)
}

const READ: [&str; 58] = [
    // Programs and libraries.
    "/usr",
    "/lib",
    "/lib32",
    "/lib64",
    "/bin",
    "/sbin",
    "/nix/store",
    "/gnu/store",
    // How libraries are found.
    "/etc/ld.so.cache",
    "/etc/ld.so.conf",
    "/etc/ld.so.conf.d",
    "/etc/ld.so.preload",
    "/etc/alternatives",
    // What they are configured by.
    "/etc/ca-certificates",
    "/etc/crypto-policies",
    "/etc/fonts",
    "/etc/gai.conf",
    "/etc/group",
    "/etc/host.conf",
    "/etc/hosts",
    "/etc/locale.alias",
    "/etc/locale.conf",
    "/etc/localtime",
    "/etc/magic",
    "/etc/mime.types",
    "/etc/nsswitch.conf",
    "/etc/openmpi",
    "/etc/OpenCL",
    "/etc/os-release",
    "/etc/passwd",
    "/etc/pki/tls",
    "/etc/pki/ca-trust",
    "/etc/protocols",
    "/etc/python3",
    "/etc/resolv.conf",
    "/etc/services",
    "/etc/ssl/certs",
    "/etc/ssl/openssl.cnf",
    "/etc/terminfo",
    "/etc/timezone",
    "/etc/vulkan",
    "/var/cache/fontconfig",
    // What the machine is like. Of processes, its own alone.
    "/proc/self",
    "/proc/cpuinfo",
    "/proc/filesystems",
    "/proc/loadavg",
    "/proc/meminfo",
    "/proc/mounts",
    "/proc/stat",
    "/proc/sys",
    "/proc/uptime",
    "/proc/version",
    "/sys/devices/system",
    "/sys/fs/cgroup",
    "/sys/kernel/mm",
    // Devices without content.
    "/dev/random",
    "/dev/urandom",
    "/dev/zero",
];
