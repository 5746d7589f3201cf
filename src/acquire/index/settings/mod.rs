//! Which indexes there are, in which order and by which rule: what the command line and requirements files say, then this
//! program's variables, uv's and pip's, then their configuration files, and at last what the installer at hand has
//! built in.
//!
//! Each setting is taken from the first of these that has it. Further indexes follow the rule of whose settings name
//! them, unless a strategy is set: uv takes the first index that has the name, pip the best version of all.

mod builtin;
mod pip;
mod surroundings;
mod uv;

pub use surroundings::Surroundings;

use super::IndexOptions;
use super::address::{Address, AddressError, Login};
use super::ask::{Ask, Programs};
use super::cache;
use super::http::Network;
use std::path::{Path, PathBuf};

/// Everything that is known before the first request.
#[derive(Debug, Clone)]
pub struct Settings {
    /// The indexes in the order in which they are looked into, the default one where its installer puts it.
    pub indexes: Vec<NamedIndex>,
    /// What counts where several indexes have a name.
    pub strategy: Strategy,
    /// Folders, pages and files that offer more.
    pub find_links: Vec<Address>,
    /// Whether the cache alone may be used.
    pub offline: bool,
    /// The cache's folder.
    pub cache: PathBuf,
    /// How requests are made.
    pub network: Network,
    /// Bytes of a page at most, inflated.
    pub largest_page: u64,
    /// Bytes of a file at most.
    pub largest_file: u64,
}

/// An index.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NamedIndex {
    /// The name that uv's configuration gives it.
    pub name: Option<String>,
    /// Where it is.
    pub address: Address,
    /// Whether it is only for what names it (`explicit` in uv's configuration).
    pub explicit: bool,
}

/// What counts where several indexes have a name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Strategy {
    /// The first index that has it (uv's): nobody can slip in a newer version elsewhere.
    First,
    /// The best version over all of them (pip's).
    Best,
}

/// Why there are no settings.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SettingsError {
    /// The caller's fault, or that of a machine without any installer.
    #[error(
        "there is no package index: no option, variable or configuration names one, and neither uv nor pip is found\n\
         hint: name it with --index-url, or install uv or pip"
    )]
    NoIndex,
    /// The caller's fault. The address is not shown: it may hold a password.
    #[error("{said_by}: the address {why}\nhint: correct it")]
    Address {
        /// Who says it.
        said_by: String,
        /// What is wrong.
        why: AddressError,
    },
    /// The caller's fault: a configuration file that uv or pip would refuse as well.
    #[error("{}: {why}\nhint: correct it", path.display())]
    Configuration {
        /// The file.
        path: PathBuf,
        /// What is wrong. Holds no value of the file.
        why: String,
    },
    /// The caller's fault.
    #[error("{}: the certificates cannot be used: {why}\nhint: name a file of PEM certificates", path.display())]
    Certificates {
        /// The file or folder.
        path: PathBuf,
        /// What is wrong.
        why: String,
    },
    /// The surroundings' fault.
    #[error("there is no folder for the cache\nhint: set FTAUDIT_CACHE_DIR")]
    NoCache,
}

/// What one source says. Nothing of it is printed: addresses may hold passwords.
#[derive(Clone, Default)]
struct Layer {
    said_by: String,
    folder: PathBuf,
    default: Option<NamedUrl>,
    extra: Vec<NamedUrl>,
    find_links: Vec<String>,
    no_index: Option<bool>,
    strategy: Option<Strategy>,
    keyring: Option<bool>,
    certificates: Option<PathBuf>,
    proxy: Option<String>,
    /// The rule where several indexes are named here and no strategy is set anywhere.
    rule: Option<Strategy>,
}

/// An address as configuration names it.
#[derive(Clone)]
struct NamedUrl {
    name: Option<String>,
    url: String,
    explicit: bool,
}

impl NamedUrl {
    fn plain(url: impl Into<String>) -> Self {
        Self { name: None, url: url.into(), explicit: false }
    }
}

impl Settings {
    /// Finds out. Asks the installer at hand only where nothing else names an index.
    ///
    /// # Errors
    /// When there is no index, or what names one cannot be read.
    pub fn resolve(
        options: &IndexOptions,
        offline: bool,
        surroundings: &Surroundings,
    ) -> Result<Self, SettingsError> {
        Self::resolve_asking(options, offline, surroundings, &Programs)
    }

    fn resolve_asking(
        options: &IndexOptions,
        offline: bool,
        surroundings: &Surroundings,
        installers: &dyn Ask,
    ) -> Result<Self, SettingsError> {
        let mut layers =
            vec![of_options(options, surroundings), own(surroundings), uv::variables(surroundings)];
        layers.push(pip::variables(surroundings));
        layers.push(uv::files(surroundings)?);
        layers.push(pip::files(surroundings)?);
        let cache = cache::folder(surroundings).ok_or(SettingsError::NoCache)?;
        let mut find_links = Vec::new();
        let with_links = layers.iter().find(|layer| !layer.find_links.is_empty());
        for (layer, text) in
            with_links.iter().flat_map(|layer| layer.find_links.iter().map(move |text| (layer, text)))
        {
            find_links.push(layer.address(text)?);
        }
        let with_extra = layers.iter().find(|layer| !layer.extra.is_empty());
        let rule = with_extra.and_then(|layer| layer.rule).unwrap_or(Strategy::Best);
        let settings = Self {
            indexes: indexes(&layers, with_extra, surroundings, installers, &cache)?,
            strategy: layers.iter().find_map(|layer| layer.strategy).unwrap_or(rule),
            find_links,
            offline,
            cache,
            network: network(&layers, surroundings)?,
            largest_page: super::limits::PAGE,
            largest_file: super::limits::FILE,
        };
        Ok(settings)
    }
}

/// The indexes in order: uv looks into the default one last, and pip's rule knows no order.
fn indexes(
    layers: &[Layer],
    with_extra: Option<&Layer>,
    surroundings: &Surroundings,
    installers: &dyn Ask,
    cache: &Path,
) -> Result<Vec<NamedIndex>, SettingsError> {
    if layers.iter().find_map(|layer| layer.no_index) == Some(true) {
        return Ok(Vec::new());
    }
    let mut indexes = Vec::new();
    for named in with_extra.iter().flat_map(|layer| &layer.extra) {
        indexes.extend(with_extra.map(|layer| layer.index(named, surroundings)).transpose()?);
    }
    let default = layers.iter().find_map(|layer| Some((layer, layer.default.as_ref()?)));
    if let Some((layer, named)) = default {
        indexes.push(layer.index(named, surroundings)?);
    } else {
        let url = builtin::ask(installers, cache).ok_or(SettingsError::NoIndex)?;
        let layer = Layer { said_by: "the installer at hand".to_owned(), ..Layer::default() };
        indexes.push(layer.index(&NamedUrl::plain(url), surroundings)?);
    }
    Ok(indexes)
}

impl Layer {
    fn address(&self, text: &str) -> Result<Address, SettingsError> {
        let wrong = |why| SettingsError::Address { said_by: self.said_by.clone(), why };
        Address::parse(text.trim(), &self.folder).map_err(wrong)
    }

    /// With the credentials that uv takes from variables for an index with a name.
    fn index(&self, named: &NamedUrl, surroundings: &Surroundings) -> Result<NamedIndex, SettingsError> {
        let login = named.name.as_ref().and_then(|name| {
            let upper =
                |letter: char| if letter.is_ascii_alphanumeric() { letter.to_ascii_uppercase() } else { '_' };
            let name: String = name.chars().map(upper).collect();
            let variable = |what: &str| surroundings.variable(&format!("UV_INDEX_{name}_{what}"));
            let username = variable("USERNAME").unwrap_or_default();
            let password = variable("PASSWORD").map(str::to_owned);
            (password.is_some() || !username.is_empty())
                .then(|| Login { username: username.to_owned(), password })
        });
        let address = self.address(&named.url)?.with_login(login);
        Ok(NamedIndex { name: named.name.clone(), address, explicit: named.explicit })
    }
}

fn of_options(options: &IndexOptions, surroundings: &Surroundings) -> Layer {
    Layer {
        said_by: "--index-url, --extra-index-url or --find-links".to_owned(),
        folder: surroundings.folder.clone(),
        default: options.index_url.clone().map(NamedUrl::plain),
        extra: options.extra_index_urls.iter().map(NamedUrl::plain).collect(),
        find_links: options.find_links.clone(),
        no_index: options.no_index.then_some(true),
        rule: Some(Strategy::Best),
        ..Layer::default()
    }
}

/// This program's own variables, named as pip's and uv's are.
fn own(surroundings: &Surroundings) -> Layer {
    let words = |name| surroundings.variable(name).into_iter().flat_map(str::split_whitespace);
    Layer {
        said_by: "a variable FTAUDIT_*".to_owned(),
        folder: surroundings.folder.clone(),
        default: surroundings.variable("FTAUDIT_INDEX_URL").map(NamedUrl::plain),
        extra: words("FTAUDIT_EXTRA_INDEX_URL").map(NamedUrl::plain).collect(),
        find_links: words("FTAUDIT_FIND_LINKS").map(str::to_owned).collect(),
        strategy: surroundings.variable("FTAUDIT_INDEX_STRATEGY").and_then(uv::strategy),
        keyring: surroundings.variable("FTAUDIT_KEYRING_PROVIDER").map(|provider| provider == "subprocess"),
        certificates: surroundings.variable("FTAUDIT_CERT").map(PathBuf::from),
        rule: Some(Strategy::Best),
        ..Layer::default()
    }
}

fn network(layers: &[Layer], surroundings: &Surroundings) -> Result<Network, SettingsError> {
    let variables = ["REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "SSL_CERT_FILE"];
    let common = || variables.iter().find_map(|name| surroundings.variable(name)).map(PathBuf::from);
    // Variables come before files, whoever reads them.
    let (first, files) = layers.split_at(layers.len().saturating_sub(2));
    let named = |layers: &[Layer]| layers.iter().find_map(|layer| layer.certificates.clone());
    let bundle = named(first).or_else(common).or_else(|| named(files));
    let proxy = layers.iter().find_map(|layer| layer.proxy.clone());
    Ok(Network {
        roots: bundle.map(|bundle| super::http::read_roots(&bundle)).transpose()?,
        proxies: surroundings.proxies(proxy.as_deref()),
        netrc: surroundings.netrc(),
        keyring: layers.iter().find_map(|layer| layer.keyring).unwrap_or(false),
        ..Network::default()
    })
}

#[cfg(test)]
mod tests;
