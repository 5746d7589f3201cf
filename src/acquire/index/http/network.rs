//! How the network is reached: times, proxies, certificates.

use super::super::error::Cause;
use super::super::settings::SettingsError;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;
use ureq::tls::{Certificate, PemItem, RootCerts, TlsConfig, parse_pem};
use url::Url;

/// Settings of requests. Proxies may hold credentials and are never shown.
#[derive(Clone)]
pub struct Network {
    /// For a connection, for an answer to begin, and between two pieces of it.
    pub timeout: Duration,
    /// How often a request is repeated that failed for a reason that may pass.
    pub retries: u32,
    /// The wait before the first repetition; it doubles each time.
    pub backoff: Duration,
    /// Requests side by side.
    pub parallel: usize,
    /// The certificates to trust instead of the system's.
    pub(in super::super) roots: Option<Arc<Vec<Certificate<'static>>>>,
    pub(in super::super) proxies: Proxies,
    /// The content of the user's netrc file.
    pub(in super::super) netrc: Option<String>,
    /// Whether the `keyring` command may be asked for passwords.
    pub(in super::super) keyring: bool,
}

/// The proxies by scheme, and the hosts that are reached without.
#[derive(Clone, Default)]
pub(in super::super) struct Proxies {
    pub http: Option<String>,
    pub https: Option<String>,
    pub none_for: Vec<String>,
}

impl Default for Network {
    /// pip's timeout, and the number of downloads side by side that uv has.
    fn default() -> Self {
        Self {
            timeout: Duration::from_secs(15),
            retries: 3,
            backoff: Duration::from_millis(250),
            parallel: 50,
            roots: None,
            proxies: Proxies::default(),
            netrc: None,
            keyring: false,
        }
    }
}

impl std::fmt::Debug for Network {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Network")
            .field("timeout", &self.timeout)
            .field("retries", &self.retries)
            .field("parallel", &self.parallel)
            .finish_non_exhaustive()
    }
}

impl Network {
    pub(super) fn agent(&self) -> ureq::Agent {
        let roots = self.roots.clone().map_or(RootCerts::PlatformVerifier, RootCerts::Specific);
        ureq::Agent::config_builder()
            .http_status_as_error(false)
            .max_redirects(0)
            .max_redirects_will_error(false)
            .proxy(None)
            .timeout_connect(Some(self.timeout))
            .timeout_recv_response(Some(self.timeout))
            .timeout_per_read(Some(self.timeout))
            .max_idle_connections(self.parallel)
            .max_idle_connections_per_host(self.parallel)
            .user_agent(concat!("ftaudit/", env!("CARGO_PKG_VERSION")))
            .tls_config(TlsConfig::builder().root_certs(roots).build())
            .build()
            .new_agent()
    }

    pub(super) fn proxy_for(&self, url: &Url) -> Result<Option<ureq::Proxy>, Cause> {
        let proxies = &self.proxies;
        let proxy = if url.scheme() == "https" { &proxies.https } else { &proxies.http };
        let host = url.host_str().unwrap_or_default();
        let Some(proxy) = proxy.as_ref().filter(|_| !proxies.spares(host, url.port())) else {
            return Ok(None);
        };
        // The address is not shown: it may hold a password.
        let refused = |_| Cause::Unreachable("the proxy's address is no URL".to_owned());
        ureq::Proxy::new(proxy).map(Some).map_err(refused)
    }
}

impl Proxies {
    /// Whether a host is reached without a proxy: `NO_PROXY` lists hosts, domains with or without a leading dot, or `*`.
    fn spares(&self, host: &str, port: Option<u16>) -> bool {
        self.none_for.iter().any(|listed| {
            let (listed, only) = match listed.rsplit_once(':') {
                Some((name, digits)) if digits.parse::<u16>().is_ok() => (name, digits.parse::<u16>().ok()),
                _ => (listed.as_str(), None),
            };
            let domain = listed.trim_start_matches("*.").trim_start_matches('.').to_ascii_lowercase();
            let fits = listed == "*" || host == domain || host.ends_with(&format!(".{domain}"));
            fits && !domain.is_empty() && (only.is_none() || only == port)
        })
    }
}

/// The certificates of a bundle: a file, or a folder of them.
pub(in super::super) fn read_roots(bundle: &Path) -> Result<Arc<Vec<Certificate<'static>>>, SettingsError> {
    let unread = |why: String| SettingsError::Certificates { path: bundle.to_owned(), why };
    let files: Vec<PathBuf> = match fs::read_dir(bundle) {
        Ok(entries) => entries.flatten().map(|entry| entry.path()).filter(|path| path.is_file()).collect(),
        Err(_) => vec![bundle.to_owned()],
    };
    let mut roots = Vec::new();
    for file in files {
        let text = fs::read(&file).map_err(|error| unread(error.to_string()))?;
        roots.extend(parse_pem(&text).filter_map(|item| match item {
            Ok(PemItem::Certificate(certificate)) => Some(certificate),
            _ => None,
        }));
    }
    if roots.is_empty() { Err(unread("it holds no certificate".to_owned())) } else { Ok(Arc::new(roots)) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hosts_without_a_proxy() {
        let spares = |list: &str, host: &str, port| {
            let none_for = list.split(',').map(str::to_owned).collect();
            Proxies { none_for, ..Proxies::default() }.spares(host, port)
        };
        for list in ["*", "example.com", ".example.com", "*.example.com", "a,index.example.com"] {
            assert!(spares(list, "index.example.com", None), "{list}");
        }
        for list in ["", "ample.com", "example.com.org", ".", "example.com:81"] {
            assert!(!spares(list, "index.example.com", Some(80)), "{list}");
        }
        assert!(spares("localhost:8080", "localhost", Some(8080)));
    }

    #[test]
    fn a_bundle_without_certificates_is_told() {
        let folder = tempfile::tempdir().unwrap();
        let error = read_roots(folder.path()).unwrap_err().to_string();
        assert!(error.contains("holds no certificate"), "{error}");
    }
}
