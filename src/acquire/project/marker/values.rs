//! What the variables of markers are worth on each platform.
//!
//! `sys.platform` and `os.name` are as the documentation of the `sys` and `os` modules has them; `platform.system()`
//! and `platform.machine()` are what `uname` gives (`Linux`, `Darwin`; `x86_64`, `aarch64`, on macOS `arm64`) and on
//! Windows what `PROCESSOR_ARCHITECTURE` says (`AMD64`, `ARM64`). They are the values that the examples of the
//! specification show, and that `uv pip compile --python-platform` assumes. glibc and musl are alike in all of them.

use super::Variable;
use crate::model::{Context, Platform};

/// Patch versions that a Python of a minor version may have: the longest line, 3.9's, went to 25.
const PATCHES: u32 = 40;

/// Every value that a variable may have in a context: one, or several where only the machine itself tells which.
/// None where nothing tells.
pub(super) fn possible(variable: Variable, context: Context) -> Option<Vec<String>> {
    let minor = context.target.minor();
    let (os, sys, system) = match context.platform {
        Platform::LinuxX86_64 | Platform::LinuxAarch64 | Platform::LinuxMuslX86_64 => {
            ("posix", "linux", "Linux")
        }
        Platform::MacosArm64 | Platform::MacosX86_64 => ("posix", "darwin", "Darwin"),
        Platform::WindowsX86_64 | Platform::WindowsArm64 => ("nt", "win32", "Windows"),
    };
    let machine = match context.platform {
        Platform::LinuxX86_64 | Platform::LinuxMuslX86_64 | Platform::MacosX86_64 => "x86_64",
        Platform::LinuxAarch64 => "aarch64",
        Platform::MacosArm64 => "arm64",
        Platform::WindowsX86_64 => "AMD64",
        Platform::WindowsArm64 => "ARM64",
    };
    let one = |text: &str| Some(vec![text.to_owned()]);
    match variable {
        Variable::OsName => one(os),
        Variable::SysPlatform => one(sys),
        Variable::PlatformSystem => one(system),
        Variable::PlatformMachine => one(machine),
        Variable::PlatformPythonImplementation => one("CPython"),
        Variable::ImplementationName => one("cpython"),
        Variable::PythonVersion => Some(vec![format!("3.{minor}")]),
        Variable::PythonFullVersion | Variable::ImplementationVersion => {
            Some((0..PATCHES).map(|patch| format!("3.{minor}.{patch}")).collect())
        }
        Variable::PlatformRelease
        | Variable::PlatformVersion
        | Variable::Extra
        | Variable::Extras
        | Variable::DependencyGroups => None,
    }
}
