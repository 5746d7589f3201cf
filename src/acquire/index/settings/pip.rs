//! What pip's variables and configuration files say of indexes
//! ([its documentation](https://pip.pypa.io/en/stable/topics/configuration/)).

use super::{Layer, NamedUrl, SettingsError, Strategy, Surroundings};
use configparser::ini::{Ini, IniDefault};
use std::collections::HashMap;
use std::fs;
use std::path::{Path, PathBuf};

pub(super) fn variables(surroundings: &Surroundings) -> Layer {
    let get = |key: &str| {
        let name = format!("PIP_{}", key.replace('-', "_").to_ascii_uppercase());
        surroundings.variable(&name).map(str::to_owned)
    };
    layer("a variable PIP_*".to_owned(), &surroundings.folder, get)
}

/// The sections that count when pip looks for a wheel, the least important first: a later one counts more wherever it
/// stands.
const SECTIONS: [&str; 3] = ["global", "download", "install"];

/// The files that count for this user, later ones over earlier ones.
pub(super) fn files(surroundings: &Surroundings) -> Result<Layer, SettingsError> {
    let mut sections: [HashMap<String, String>; SECTIONS.len()] = Default::default();
    let mut last = PathBuf::new();
    for path in paths(surroundings) {
        let Ok(text) = fs::read_to_string(&path) else { continue };
        for (section, values) in sections.iter_mut().zip(read(&path, text)?) {
            section.extend(values);
        }
        last = path;
    }
    let folder = last.parent().unwrap_or(Path::new("")).to_owned();
    let get = |key: &str| sections.iter().rev().find_map(|section| section.get(key)).cloned();
    Ok(layer(last.display().to_string(), &folder, get))
}

fn layer(said_by: String, folder: &Path, get: impl Fn(&str) -> Option<String>) -> Layer {
    let words = |key| {
        let words = get(key).unwrap_or_default();
        words.split_whitespace().map(str::to_owned).collect::<Vec<_>>()
    };
    let is_true = |text: String| {
        ["1", "true", "yes", "on", "y", "t"].contains(&text.trim().to_ascii_lowercase().as_str())
    };
    Layer {
        said_by,
        folder: folder.to_owned(),
        default: get("index-url").map(NamedUrl::plain),
        extra: words("extra-index-url").into_iter().map(NamedUrl::plain).collect(),
        find_links: words("find-links"),
        no_index: get("no-index").map(is_true),
        strategy: None,
        keyring: get("keyring-provider").map(|provider| provider == "subprocess"),
        certificates: get("cert").map(PathBuf::from),
        proxy: get("proxy"),
        rule: Some(Strategy::Best),
    }
}

/// Every file that pip would read, the least important first.
fn paths(surroundings: &Surroundings) -> Vec<PathBuf> {
    let name = if cfg!(windows) { "pip.ini" } else { "pip.conf" };
    let own = surroundings.path("PIP_CONFIG_FILE");
    // pip takes the null device for "none of them".
    if own.as_deref() == Some(Path::new(if cfg!(windows) { "nul" } else { "/dev/null" })) {
        return Vec::new();
    }
    let mut paths: Vec<PathBuf> = Vec::new();
    for folder in surroundings.system_folders() {
        let is_plain = folder == Path::new("/etc");
        paths.push(if is_plain { folder.join(name) } else { folder.join("pip").join(name) });
    }
    let home = surroundings.home.iter();
    paths.extend(home.map(|home| home.join(if cfg!(windows) { "pip" } else { ".pip" }).join(name)));
    let user = if cfg!(windows) {
        surroundings.path("APPDATA")
    } else {
        surroundings.below_home("XDG_CONFIG_HOME", ".config")
    };
    paths.extend(user.map(|user| user.join("pip").join(name)));
    if cfg!(target_os = "macos") {
        let library = surroundings.home.iter().map(|home| home.join("Library/Application Support/pip"));
        paths.extend(library.map(|folder| folder.join(name)));
    }
    paths.extend(surroundings.path("VIRTUAL_ENV").map(|environment| environment.join(name)));
    paths.extend(own);
    paths
}

/// The settings of one file, by section.
fn read(path: &Path, text: String) -> Result<Vec<HashMap<String, String>>, SettingsError> {
    // What Python's parser takes, with which pip reads them.
    let mut dialect = IniDefault::default();
    dialect.comment_symbols = vec!['#', ';'];
    dialect.inline_comment_symbols = Some(Vec::new());
    dialect.multiline = true;
    let mut file = Ini::new_from_defaults(dialect);
    // The parser's own message would repeat the line.
    let wrong = |_| SettingsError::Configuration {
        path: path.to_owned(),
        why: "is no configuration of pip".to_owned(),
    };
    let mut sections = file.read(text).map_err(wrong)?;
    let named = |(key, value): (String, Option<String>)| {
        Some((key.trim_start_matches("--").replace('_', "-"), value.filter(|value| !value.is_empty())?))
    };
    let section = |name| sections.remove(name).unwrap_or_default().into_iter().filter_map(named).collect();
    Ok(SECTIONS.into_iter().map(section).collect())
}
