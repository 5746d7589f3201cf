//! Whether a wheel is for the machine at hand, by the platforms in its name. Installers refuse what is not, each in its
//! own words and once for each wheel; and told apart from other refusals it says what to do.

use super::interpreter::Interpreter;
use crate::model::WheelName;

/// What a platform tag, or an interpreter's own name for its platform, says.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Platform {
    system: &'static str,
    machine: String,
    /// Of Linux: whether its C library is musl, where that is told.
    musl: Option<bool>,
}

/// Why an interpreter has no use for a wheel of this file name; none where it may have. What cannot be told is left to
/// the installer.
pub(super) fn foreign(file: &str, interpreter: &Interpreter) -> Option<String> {
    let name: WheelName = file.parse().ok()?;
    let own = of_interpreter(interpreter)?;
    let wheels: Vec<Platform> = name.platforms.iter().map(|tag| of_tag(tag)).collect::<Option<_>>()?;
    if wheels.is_empty() || wheels.iter().any(|wheel| may_run(wheel, &own)) {
        return None;
    }
    let mut shown: Vec<String> = wheels.iter().map(Platform::shown).collect();
    shown.dedup();
    Some(format!("it is a wheel for {}, and {interpreter} is one for {}", shown.join(" or "), own.shown()))
}

impl Platform {
    fn new(system: &'static str, machine: &str, musl: Option<bool>) -> Self {
        // The same machine has another name with each system.
        let machine = match machine {
            "amd64" => "x86_64",
            "aarch64" => "arm64",
            "32" | "i386" => "i686",
            other => other,
        };
        Self { system, machine: machine.to_owned(), musl }
    }

    fn shown(&self) -> String {
        let machine = self.machine.replace("x86_64", "x86-64");
        let library = if self.musl == Some(true) { " with musl" } else { "" };
        format!("{} {machine}{library}", self.system)
    }
}

/// The platform of a tag; none where it is any, or is not known.
fn of_tag(tag: &str) -> Option<Platform> {
    let machine = |numbers: usize| tag.splitn(numbers + 2, '_').last();
    Some(if let Some(machine) = tag.strip_prefix("win") {
        Platform::new("Windows", machine.trim_start_matches('_'), None)
    } else if tag.starts_with("macosx_") {
        Platform::new("macOS", machine(2)?, None)
    } else if tag.starts_with("manylinux_") {
        Platform::new("Linux", machine(2)?, Some(false))
    } else if tag.starts_with("manylinux") {
        Platform::new("Linux", machine(0)?, Some(false))
    } else if tag.starts_with("musllinux_") {
        Platform::new("Linux", machine(2)?, Some(true))
    } else if tag.starts_with("linux_") {
        Platform::new("Linux", machine(0)?, None)
    } else {
        return None;
    })
}

/// The platform of an interpreter, from the likes of `linux-x86_64`, `macosx-11.0-arm64` and `win-amd64`.
fn of_interpreter(interpreter: &Interpreter) -> Option<Platform> {
    let own = &interpreter.platform;
    let (system, rest) = own.split_once('-').unwrap_or((own, ""));
    match system {
        "linux" => Some(Platform::new("Linux", rest, interpreter.musl)),
        "macosx" => Some(Platform::new("macOS", rest.split_once('-')?.1, None)),
        "win" => Some(Platform::new("Windows", rest, None)),
        "win32" => Some(Platform::new("Windows", "32", None)),
        _ => None,
    }
}

fn may_run(wheel: &Platform, own: &Platform) -> bool {
    // Machines that run each other's programs, or files for several: the installer knows.
    let both = |one: &str, other: &str| {
        let pair = [wheel.machine.as_str(), own.machine.as_str()];
        own.system == "Linux" && pair.contains(&one) && pair.contains(&other)
    };
    let several = |platform: &Platform| {
        platform.system == "macOS" && !["x86_64", "arm64"].contains(&platform.machine.as_str())
    };
    let machine = wheel.machine == own.machine
        || both("x86_64", "i686")
        || both("arm64", "armv7l")
        || several(wheel)
        || several(own);
    let library = wheel.musl.is_none() || own.musl.is_none() || wheel.musl == own.musl;
    wheel.system == own.system && machine && library
}

#[cfg(test)]
mod tests {
    use super::super::testing::made_up;
    use super::*;

    fn why(platforms: &str, own: &str, musl: Option<bool>) -> Option<String> {
        let interpreter = Interpreter { platform: own.to_owned(), musl, ..made_up(14) };
        foreign(&format!("foo-1.0-cp314-cp314t-{platforms}.whl"), &interpreter)
    }

    #[test]
    fn what_may_fit_is_left_to_the_installer() {
        for (wheel, own, musl) in [
            ("any", "linux-x86_64", Some(false)),
            ("manylinux2014_x86_64.manylinux_2_17_x86_64", "linux-x86_64", Some(false)),
            ("musllinux_1_2_x86_64", "linux-x86_64", Some(true)),
            ("musllinux_1_2_x86_64", "linux-x86_64", None),
            ("musllinux_1_2_x86_64.manylinux_2_28_x86_64", "linux-x86_64", Some(false)),
            ("linux_x86_64", "linux-x86_64", Some(true)),
            ("manylinux_2_28_i686", "linux-x86_64", Some(false)),
            ("manylinux_2_31_armv7l", "linux-aarch64", Some(false)),
            ("manylinux_2_28_aarch64", "linux-aarch64", Some(false)),
            ("macosx_11_0_universal2", "macosx-11.0-arm64", None),
            ("macosx_10_15_x86_64", "macosx-10.15-universal2", None),
            ("macosx_11_0_arm64", "macosx-14.0-arm64", None),
            ("win_amd64", "win-amd64", None),
            ("win32", "win32", None),
            ("emscripten_4_0_9_wasm32", "linux-x86_64", Some(false)),
            ("win_amd64", "cygwin-3.5-x86_64", None),
        ] {
            assert_eq!(why(wheel, own, musl), None, "{wheel} on {own}");
        }
        assert_eq!(foreign("foo.whl", &made_up(14)), None);
    }

    #[test]
    fn what_is_for_another_platform_is_said_to_be() {
        let told = [
            why("win_amd64", "linux-x86_64", Some(false)),
            why("win32", "win-amd64", None),
            why("win_arm64", "win-amd64", None),
            why("macosx_10_15_x86_64.macosx_11_0_arm64", "linux-x86_64", Some(false)),
            why("macosx_10_15_x86_64", "macosx-11.0-arm64", None),
            why("manylinux_2_27_aarch64.manylinux_2_28_aarch64", "linux-x86_64", Some(false)),
            why("musllinux_1_2_x86_64", "linux-x86_64", Some(false)),
            why("manylinux1_x86_64", "linux-x86_64", Some(true)),
            why("manylinux1_x86_64", "win-amd64", None),
        ];
        insta::assert_snapshot!(told.map(Option::unwrap_or_default).join("\n"), @r"
        it is a wheel for Windows x86-64, and CPython 3.14.7t is one for Linux x86-64
        it is a wheel for Windows i686, and CPython 3.14.7t is one for Windows x86-64
        it is a wheel for Windows arm64, and CPython 3.14.7t is one for Windows x86-64
        it is a wheel for macOS x86-64 or macOS arm64, and CPython 3.14.7t is one for Linux x86-64
        it is a wheel for macOS x86-64, and CPython 3.14.7t is one for macOS arm64
        it is a wheel for Linux arm64, and CPython 3.14.7t is one for Linux x86-64
        it is a wheel for Linux x86-64 with musl, and CPython 3.14.7t is one for Linux x86-64
        it is a wheel for Linux x86-64, and CPython 3.14.7t is one for Linux x86-64 with musl
        it is a wheel for Linux x86-64, and CPython 3.14.7t is one for Windows x86-64
        ");
    }
}
