//! What shows a statement: what the table of evidence may hold, and what follows from it for the rest of the record. Apart
//! because a measurement says much of that itself: a record that belies its own file is refused.

use super::document::Evidence;
use super::limits;
use crate::model::{
    Basis, Context, KnownStatus, MeasuredWheel, Platform, Proof, Record, WheelName, normalise, tags,
};

/// Reads the table.
pub(super) fn of(package: &str, evidence: Evidence) -> Result<Proof, String> {
    let Evidence { url, source, file, sha256, modules, tool, interpreter, clean, files } = evidence;
    let of_wheel = sha256.is_some() || modules.is_some() || tool.is_some() || interpreter.is_some() || clean;
    if file.is_none() && of_wheel {
        return Err("evidence has what belongs to a `file`, and names none".to_owned());
    }
    match (url, source, file, files) {
        (Some(url), None, None, None) => address(url),
        (None, Some(text), None, None) => short("source", text).map(Proof::Said),
        (None, None, Some(file), None) => {
            let wheel = MeasuredWheel {
                file: short("file", file)?,
                sha256: sha256
                    .filter(|text| is_sha256(text))
                    .ok_or("`sha256` wants 64 digits in lower case")?,
                modules: modules.ok_or("a `file` wants its number of `modules`")?,
                tool: short("tool", tool.ok_or("a `file` wants the `tool` that read it")?)?,
                interpreter: interpreter.map(|text| short("interpreter", text)).transpose()?,
                clean,
            };
            wheel_of(package, &wheel.file).map(|_| Proof::Wheel(wheel))
        }
        (None, None, None, Some(files)) => {
            let names = files.into_iter().map(|name| short("files", name));
            names.collect::<Result<_, _>>().map(Proof::Listing)
        }
        _ => Err("evidence is one of `url`, `source`, `file` and `files`".to_owned()),
    }
}

fn is_sha256(text: &str) -> bool {
    text.len() == 64 && text.bytes().all(|byte| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte))
}

fn short(key: &str, text: String) -> Result<String, String> {
    let is_plain = !text.trim().is_empty() && !text.contains(char::is_control);
    if is_plain && text.len() <= limits::TEXT {
        Ok(text)
    } else {
        Err(format!("`{key}` is no text of one line"))
    }
}

fn address(url: String) -> Result<Proof, String> {
    let rest = url.strip_prefix("https://").unwrap_or_default();
    let is_plain = url.chars().all(|character| character.is_ascii_graphic()) && url.len() <= limits::TEXT;
    if rest.contains('.') && is_plain {
        Ok(Proof::Address(url))
    } else {
        Err(format!("`{url}` is no https address"))
    }
}

fn wheel_of(package: &str, file: &str) -> Result<WheelName, String> {
    let name: WheelName = file.parse().map_err(|error| format!("{error}"))?;
    if normalise(&name.distribution) == package {
        Ok(name)
    } else {
        Err(format!("{file} is no wheel of {package}"))
    }
}

/// Holds a record against what shows it.
pub(super) fn agree(package: &str, record: &Record) -> Result<(), String> {
    match (record.basis, &record.proof) {
        (Basis::Measured, Proof::Wheel(wheel)) => measured(package, record, wheel),
        (Basis::Measured, Proof::Listing(files)) => listed(package, record, files),
        (Basis::Measured, _) => {
            Err("what was measured names its `file`, or all `files` that do not fit".to_owned())
        }
        (Basis::Upstream | Basis::Tracker, Proof::Address(_))
        | (Basis::Classifier, Proof::Address(_) | Proof::Wheel(_))
        | (Basis::Claim, Proof::Address(_) | Proof::Said(_)) => Ok(()),
        (basis, _) => Err(format!("what shows it is not evidence of the basis `{basis}`")),
    }
}

fn measured(package: &str, record: &Record, wheel: &MeasuredWheel) -> Result<(), String> {
    use KnownStatus::{Crashes, GilFree, RequiresGil};
    if !matches!(record.status, GilFree | RequiresGil | Crashes) {
        return Err(format!("`{}` is nothing that a wheel is measured to be", record.status));
    }
    if wheel.clean && record.status != GilFree {
        return Err(format!("a wheel that {} is not `clean`", record.status.words()));
    }
    let name = wheel_of(package, &wheel.file)?;
    if record.versions.as_deref() != Some(&format!("=={}", name.version)) {
        return Err(format!("{} is `versions = \"=={}\"`", wheel.file, name.version));
    }
    if record.targets.is_empty() {
        return Err("what was measured names its `targets`".to_owned());
    }
    match contexts(record).find(|context| tags::best(&name, *context).is_none()) {
        Some(context) => Err(format!("{} is not for {context}", wheel.file)),
        None => Ok(()),
    }
}

/// A version has no wheel where none of its files fits.
fn listed(package: &str, record: &Record, files: &[String]) -> Result<(), String> {
    let version = record.versions.as_deref().and_then(|text| text.strip_prefix("=="));
    let (Some(version), KnownStatus::NoWheel, false) = (version, record.status, record.targets.is_empty())
    else {
        return Err(
            "`files` show that one version has `no-wheel` for the `targets` that are named".to_owned()
        );
    };
    for file in files.iter().filter(|file| file.strip_suffix(".whl").is_some()) {
        let name = wheel_of(package, file)?;
        if name.version != version {
            return Err(format!("{file} is no file of version {version}"));
        }
        if let Some(context) = contexts(record).find(|context| tags::best(&name, *context).is_some()) {
            return Err(format!("there is a wheel for {context}: {file}"));
        }
    }
    Ok(())
}

/// What a record is about; all platforms where none is named.
fn contexts(record: &Record) -> impl Iterator<Item = Context> {
    let platforms = if record.platforms.is_empty() { &Platform::ALL[..] } else { &record.platforms };
    let of = |target| platforms.iter().map(move |platform| Context { target, platform: *platform });
    record.targets.iter().copied().flat_map(of)
}
