//! What uv's variables and configuration files say of indexes
//! ([its documentation](https://docs.astral.sh/uv/concepts/indexes/)).

use super::{Layer, NamedUrl, SettingsError, Strategy, Surroundings};
use serde::Deserialize;
use std::fs;
use std::path::{Path, PathBuf};

pub(super) fn variables(surroundings: &Surroundings) -> Layer {
    let variable = |name| surroundings.variable(name);
    let named = variable("UV_INDEX").into_iter().flat_map(str::split_whitespace).map(named_url);
    let extra =
        variable("UV_EXTRA_INDEX_URL").into_iter().flat_map(str::split_whitespace).map(NamedUrl::plain);
    let links = variable("UV_FIND_LINKS").into_iter().flat_map(|list| list.split(','));
    Layer {
        said_by: "a variable UV_*".to_owned(),
        folder: surroundings.folder.clone(),
        default: variable("UV_DEFAULT_INDEX")
            .map(named_url)
            .or_else(|| variable("UV_INDEX_URL").map(NamedUrl::plain)),
        extra: named.chain(extra).collect(),
        find_links: links.map(|link| link.trim().to_owned()).filter(|link| !link.is_empty()).collect(),
        no_index: variable("UV_NO_INDEX").map(|value| ["1", "true"].contains(&value)),
        strategy: variable("UV_INDEX_STRATEGY").and_then(strategy),
        keyring: variable("UV_KEYRING_PROVIDER").map(|provider| provider == "subprocess"),
        rule: Some(Strategy::First),
        ..Layer::default()
    }
}

/// uv's name of a strategy.
pub(super) fn strategy(text: &str) -> Option<Strategy> {
    match text {
        "first-index" | "unsafe-first-match" => Some(Strategy::First),
        "unsafe-best-match" => Some(Strategy::Best),
        _ => None,
    }
}

/// `name=https://…`, or the address alone.
fn named_url(text: &str) -> NamedUrl {
    let is_name =
        |name: &str| name.chars().all(|letter| letter.is_ascii_alphanumeric() || "-_.".contains(letter));
    match text.split_once('=') {
        Some((name, url)) if is_name(name) => {
            NamedUrl { name: Some(name.to_owned()), ..NamedUrl::plain(url) }
        }
        _ => NamedUrl::plain(text),
    }
}

/// What of a `uv.toml`, or of `[tool.uv]`, is about indexes. Other keys are uv's business.
#[derive(Deserialize, Default)]
#[serde(rename_all = "kebab-case", default)]
struct Configuration {
    index: Vec<ConfiguredIndex>,
    index_url: Option<String>,
    extra_index_url: Vec<String>,
    find_links: Vec<String>,
    no_index: Option<bool>,
    index_strategy: Option<String>,
    keyring_provider: Option<String>,
    pip: Option<Box<Configuration>>,
}

#[derive(Deserialize)]
struct ConfiguredIndex {
    name: Option<String>,
    url: String,
    #[serde(default)]
    default: bool,
    #[serde(default)]
    explicit: bool,
    format: Option<String>,
}

/// A `pyproject.toml`, as far as it is uv's.
#[derive(Deserialize, Default)]
struct Project {
    #[serde(default)]
    tool: Tool,
}

#[derive(Deserialize, Default)]
struct Tool {
    uv: Option<Configuration>,
}

/// The project's configuration over the user's over the system's; lists of indexes follow each other in that order.
pub(super) fn files(surroundings: &Surroundings) -> Result<Layer, SettingsError> {
    let mut merged = Layer { rule: Some(Strategy::First), ..Layer::default() };
    for (path, configuration) in configurations(surroundings)? {
        let layer = layer(&path, configuration);
        if merged.said_by.is_empty() {
            merged.said_by.clone_from(&layer.said_by);
            merged.folder.clone_from(&layer.folder);
        }
        merged.default = merged.default.or(layer.default);
        merged.extra.extend(layer.extra);
        merged.find_links.extend(layer.find_links);
        merged.no_index = merged.no_index.or(layer.no_index);
        merged.strategy = merged.strategy.or(layer.strategy);
        merged.keyring = merged.keyring.or(layer.keyring);
    }
    Ok(merged)
}

fn configurations(surroundings: &Surroundings) -> Result<Vec<(PathBuf, Configuration)>, SettingsError> {
    let mut found = Vec::new();
    if let Some(path) = surroundings.path("UV_CONFIG_FILE") {
        found.extend(read(&path)?.map(|configuration| (path, configuration)));
        return Ok(found);
    }
    if surroundings.variable("UV_NO_CONFIG").is_some_and(|value| ["1", "true"].contains(&value)) {
        return Ok(found);
    }
    for folder in surroundings.folder.ancestors() {
        let own = folder.join("uv.toml");
        let project = folder.join("pyproject.toml");
        let configuration = match read(&own)? {
            Some(configuration) => Some((own, configuration)),
            None => read_project(&project)?.map(|configuration| (project, configuration)),
        };
        if let Some(configuration) = configuration {
            found.push(configuration);
            break;
        }
    }
    let user = if cfg!(windows) {
        surroundings.path("APPDATA")
    } else {
        surroundings.below_home("XDG_CONFIG_HOME", ".config")
    };
    for folder in user.into_iter().chain(surroundings.system_folders()) {
        let path = folder.join("uv").join("uv.toml");
        found.extend(read(&path)?.map(|configuration| (path, configuration)));
    }
    Ok(found)
}

fn read(path: &Path) -> Result<Option<Configuration>, SettingsError> {
    let Ok(text) = fs::read_to_string(path) else { return Ok(None) };
    toml::from_str(&text).map(Some).map_err(|error| wrong(path, &text, &error))
}

fn read_project(path: &Path) -> Result<Option<Configuration>, SettingsError> {
    let Ok(text) = fs::read_to_string(path) else { return Ok(None) };
    let project: Project = toml::from_str(&text).map_err(|error| wrong(path, &text, &error))?;
    Ok(project.tool.uv)
}

/// The line's number alone: the error's own message repeats what stands there, and that may be a password.
fn wrong(path: &Path, text: &str, error: &toml::de::Error) -> SettingsError {
    let before = error.span().and_then(|span| text.get(..span.start)).unwrap_or_default();
    let why = format!("line {} is not what uv takes", before.matches('\n').count() + 1);
    SettingsError::Configuration { path: path.to_owned(), why }
}

fn layer(path: &Path, configuration: Configuration) -> Layer {
    let pip = configuration.pip.map(|pip| *pip).unwrap_or_default();
    let (flat, indexes): (Vec<_>, Vec<_>) = configuration
        .index
        .into_iter()
        .chain(pip.index)
        .partition(|index| index.format.as_deref() == Some("flat"));
    let (defaults, others): (Vec<_>, Vec<_>) = indexes.into_iter().partition(|index| index.default);
    let named =
        |index: ConfiguredIndex| NamedUrl { name: index.name, url: index.url, explicit: index.explicit };
    let plain = configuration.index_url.or(pip.index_url).map(NamedUrl::plain);
    let extra = configuration.extra_index_url.into_iter().chain(pip.extra_index_url).map(NamedUrl::plain);
    let links = configuration.find_links.into_iter().chain(pip.find_links);
    Layer {
        said_by: path.display().to_string(),
        folder: path.parent().unwrap_or(Path::new("")).to_owned(),
        default: defaults.into_iter().next().map(named).or(plain),
        extra: others.into_iter().map(named).chain(extra).collect(),
        find_links: links.chain(flat.into_iter().map(|index| index.url)).collect(),
        no_index: configuration.no_index.or(pip.no_index),
        strategy: configuration.index_strategy.or(pip.index_strategy).as_deref().and_then(strategy),
        keyring: configuration.keyring_provider.or(pip.keyring_provider).map(|name| name == "subprocess"),
        rule: Some(Strategy::First),
        ..Layer::default()
    }
}
