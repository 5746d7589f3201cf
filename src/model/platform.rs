//! The platforms that a wheel can be chosen for, and the pair of a target and a platform.

use super::{Arch, Format, Target};
use std::fmt;
use std::str::FromStr;

/// Where a target runs: an operating system, its C library where there are two, and a machine.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Platform {
    /// Linux with glibc on x86-64 (`manylinux_*_x86_64`).
    LinuxX86_64,
    /// Linux with glibc on `AArch64` (`manylinux_*_aarch64`).
    LinuxAarch64,
    /// Linux with musl on x86-64 (`musllinux_*_x86_64`).
    LinuxMuslX86_64,
    /// macOS on Apple silicon (`macosx_*_arm64`, `macosx_*_universal2`).
    MacosArm64,
    /// macOS on Intel (`macosx_*_x86_64`, `macosx_*_universal2`).
    MacosX86_64,
    /// Windows on x86-64 (`win_amd64`).
    WindowsX86_64,
    /// Windows on Arm64 (`win_arm64`).
    WindowsArm64,
}

impl Platform {
    /// Every platform, in the order that lists show them.
    pub const ALL: [Self; 7] = [
        Self::LinuxX86_64,
        Self::LinuxAarch64,
        Self::LinuxMuslX86_64,
        Self::MacosArm64,
        Self::MacosX86_64,
        Self::WindowsX86_64,
        Self::WindowsArm64,
    ];

    /// The identifier used on the command line and in reports.
    #[must_use]
    pub const fn id(self) -> &'static str {
        match self {
            Self::LinuxX86_64 => "linux-x86_64",
            Self::LinuxAarch64 => "linux-aarch64",
            Self::LinuxMuslX86_64 => "linux-musl-x86_64",
            Self::MacosArm64 => "macos-arm64",
            Self::MacosX86_64 => "macos-x86_64",
            Self::WindowsX86_64 => "windows-x86_64",
            Self::WindowsArm64 => "windows-arm64",
        }
    }

    /// What a name on the command line stands for: one platform, `all`, or `host`.
    ///
    /// # Errors
    /// When the name is not known, or is `host` on a machine that is none of [`Self::ALL`].
    pub fn several(name: &str) -> Result<Vec<Self>, ParsePlatformError> {
        match name {
            "all" => Ok(Self::ALL.to_vec()),
            "host" => Self::host().map(|host| vec![host]).ok_or_else(|| ParsePlatformError(name.to_owned())),
            name => name.parse().map(|platform| vec![platform]),
        }
    }

    /// The platform that this program was built for; none where it is no platform of this list.
    #[must_use]
    pub const fn host() -> Option<Self> {
        if cfg!(all(target_os = "linux", target_arch = "x86_64", target_env = "musl")) {
            Some(Self::LinuxMuslX86_64)
        } else if cfg!(all(target_os = "linux", target_arch = "x86_64")) {
            Some(Self::LinuxX86_64)
        } else if cfg!(all(target_os = "linux", target_arch = "aarch64")) {
            Some(Self::LinuxAarch64)
        } else if cfg!(all(target_os = "macos", target_arch = "aarch64")) {
            Some(Self::MacosArm64)
        } else if cfg!(all(target_os = "macos", target_arch = "x86_64")) {
            Some(Self::MacosX86_64)
        } else if cfg!(all(target_os = "windows", target_arch = "x86_64")) {
            Some(Self::WindowsX86_64)
        } else if cfg!(all(target_os = "windows", target_arch = "aarch64")) {
            Some(Self::WindowsArm64)
        } else {
            None
        }
    }

    /// Whether its Python loads code of this format for this machine.
    #[must_use]
    pub fn loads(self, format: Format, arch: &Arch) -> bool {
        let (own_format, own_arch) = match self {
            Self::LinuxX86_64 | Self::LinuxMuslX86_64 => (Format::Elf, Arch::X86_64),
            Self::LinuxAarch64 => (Format::Elf, Arch::Aarch64),
            Self::MacosX86_64 => (Format::MachO, Arch::X86_64),
            Self::MacosArm64 => (Format::MachO, Arch::Aarch64),
            Self::WindowsX86_64 => (Format::Pe, Arch::X86_64),
            Self::WindowsArm64 => (Format::Pe, Arch::Aarch64),
        };
        (format, arch) == (own_format, &own_arch)
    }
}

impl fmt::Display for Platform {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.id())
    }
}

/// What was given is no platform that this version knows.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is no platform: known are {known}, and all and host", known = Platform::ALL.map(Platform::id).join(", "))]
pub struct ParsePlatformError(String);

impl FromStr for Platform {
    type Err = ParsePlatformError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let known = Self::ALL.into_iter().find(|platform| platform.id() == text);
        known.ok_or_else(|| ParsePlatformError(text.to_owned()))
    }
}

/// What a wheel is chosen for: a free-threaded Python on a platform.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Context {
    /// The interpreter.
    pub target: Target,
    /// Where it runs.
    pub platform: Platform,
}

impl fmt::Display for Context {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} on {}", self.target, self.platform)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn round_trip() {
        for platform in Platform::ALL {
            assert_eq!(platform.to_string().parse(), Ok(platform));
        }
    }

    #[test]
    fn another_name_is_refused_with_the_known_ones() {
        let error = "manylinux".parse::<Platform>().unwrap_err().to_string();
        assert!(error.contains("`manylinux`") && error.contains("linux-musl-x86_64"), "{error}");
    }
}
