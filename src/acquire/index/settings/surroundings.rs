//! What a process finds around it: variables, the current folder, the user's home. Apart, so that tests can make their
//! own.

use super::super::http::Proxies;
use std::collections::HashMap;
use std::fs;
use std::path::{Path, PathBuf};

/// Variables and folders. Variables may hold passwords and are never shown.
#[derive(Clone, Default)]
pub struct Surroundings {
    /// The current folder.
    pub folder: PathBuf,
    /// The user's home.
    pub home: Option<PathBuf>,
    variables: HashMap<String, String>,
}

impl Surroundings {
    /// Those of this process.
    #[must_use]
    pub fn of_this_process() -> Self {
        // Variables that are no text name nothing that is looked for here.
        let text = |(name, value): (std::ffi::OsString, std::ffi::OsString)| {
            Some((name.into_string().ok()?, value.into_string().ok()?))
        };
        Self {
            folder: std::env::current_dir().unwrap_or_default(),
            home: etcetera::home_dir().ok(),
            variables: std::env::vars_os().filter_map(text).collect(),
        }
    }

    /// Made-up ones: a folder that is the home as well, and variables.
    #[must_use]
    pub fn made_up(folder: &Path, variables: &[(&str, &str)]) -> Self {
        let owned = |(name, value): &(&str, &str)| ((*name).to_owned(), (*value).to_owned());
        Self {
            folder: folder.to_owned(),
            home: Some(folder.to_owned()),
            variables: variables.iter().map(owned).collect(),
        }
    }

    /// A variable that is set, and not to nothing.
    pub(in super::super) fn variable(&self, name: &str) -> Option<&str> {
        self.variables.get(name).map(String::as_str).filter(|value| !value.is_empty())
    }

    pub(in super::super) fn path(&self, name: &str) -> Option<PathBuf> {
        self.variable(name).map(PathBuf::from)
    }

    /// A folder of the user's, by its variable or below the home.
    pub(in super::super) fn below_home(&self, variable: &str, otherwise: &str) -> Option<PathBuf> {
        let set = self.path(variable).filter(|path| path.is_absolute());
        set.or_else(|| Some(self.home.as_ref()?.join(otherwise)))
    }

    /// The folders of settings that are the system's.
    pub(super) fn system_folders(&self) -> Vec<PathBuf> {
        if cfg!(windows) {
            return vec![self.path("PROGRAMDATA").unwrap_or_else(|| "C:\\ProgramData".into())];
        }
        if cfg!(target_os = "macos") {
            return vec!["/Library/Application Support".into(), "/etc".into()];
        }
        let listed = self.variable("XDG_CONFIG_DIRS").unwrap_or("/etc/xdg");
        listed
            .split(':')
            .filter(|folder| !folder.is_empty())
            .map(PathBuf::from)
            .chain(["/etc".into()])
            .collect()
    }

    /// The user's netrc file, as curl and `requests` look for it.
    pub(super) fn netrc(&self) -> Option<String> {
        let home = self.home.as_ref();
        let below_home = [".netrc", "_netrc"].into_iter().filter_map(|name| Some(home?.join(name)));
        let mut files = self.path("NETRC").into_iter().chain(below_home);
        files.find_map(|file| fs::read_to_string(file).ok())
    }

    /// The proxies that variables name, unless one is set for all.
    pub(super) fn proxies(&self, set: Option<&str>) -> Proxies {
        let either = |name: &str| {
            let name = self.variable(name).or_else(|| self.variable(&name.to_ascii_uppercase()));
            name.map(str::to_owned)
        };
        let proxy =
            |name: &str| set.map(str::to_owned).or_else(|| either(name)).or_else(|| either("all_proxy"));
        let none_for = either("no_proxy").unwrap_or_default();
        let none_for = none_for.split(',').map(str::trim).filter(|host| !host.is_empty());
        Proxies {
            http: proxy("http_proxy"),
            https: proxy("https_proxy"),
            none_for: none_for.map(str::to_owned).collect(),
        }
    }
}
