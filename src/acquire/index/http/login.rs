//! Whose credentials a request carries: those of the index that its address belongs to, those of the user's netrc file
//! for its host, or those that the `keyring` command knows.

use super::super::address::{Address, Login};
use super::super::ask::{Ask, Programs};
use super::Network;
use std::collections::HashMap;
use std::fmt;
use std::sync::{Mutex, PoisonError};
use url::{Origin, Url};

/// All credentials that are known.
pub(super) struct Logins {
    /// By where they may be sent, with the path that they were given for.
    by_origin: Mutex<HashMap<Origin, Vec<(String, Login)>>>,
    netrc: Vec<Machine>,
    keyring: Option<Box<dyn Ask>>,
    /// What the keyring said, so that it is asked once.
    asked: Mutex<HashMap<(Origin, String), Option<Login>>>,
}

impl fmt::Debug for Logins {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Logins(not shown)")
    }
}

impl Logins {
    pub(super) fn new<'a>(addresses: impl Iterator<Item = &'a Address>, network: &Network) -> Self {
        let logins = Self {
            by_origin: Mutex::default(),
            netrc: network.netrc.as_deref().map_or_else(Vec::new, machines),
            keyring: network.keyring.then(|| Box::new(Programs) as Box<dyn Ask>),
            asked: Mutex::default(),
        };
        addresses.for_each(|address| logins.learn(address));
        logins
    }

    pub(super) fn learn(&self, address: &Address) {
        let Some(login) = address.login() else { return };
        let mut known = self.by_origin.lock().unwrap_or_else(PoisonError::into_inner);
        let same = known.entry(address.url().origin()).or_default();
        let entry = (address.url().path().to_owned(), login.clone());
        if !same.contains(&entry) {
            same.push(entry);
        }
    }

    /// Those of the address on the same host, port and scheme that has most of its path in common.
    pub(super) fn find(&self, url: &Url) -> Option<Login> {
        let common =
            |path: &str| path.bytes().zip(url.path().bytes()).take_while(|(one, other)| one == other).count();
        let known = self.by_origin.lock().unwrap_or_else(PoisonError::into_inner);
        let same = known.get(&url.origin()).into_iter().flatten();
        let nearest = same.max_by_key(|(path, _)| common(path)).map(|(_, login)| login.clone());
        nearest.or_else(|| {
            let host = url.host_str()?;
            let named = self.netrc.iter().find(|machine| machine.host.as_deref() == Some(host));
            named.or_else(|| self.netrc.iter().find(|machine| machine.host.is_none()))?.login()
        })
    }

    /// The keyring's password for a user name, which was refused without one or with another. For the whole address,
    /// then for the host alone, as pip and uv ask.
    pub(super) fn ask_keyring(&self, url: &Url, refused: Option<&Login>) -> Option<Login> {
        let keyring = self.keyring.as_ref()?;
        let login = refused.filter(|login| login.password.is_none())?;
        let key = (url.origin(), login.username.clone());
        let mut asked = self.asked.lock().unwrap_or_else(PoisonError::into_inner);
        asked
            .entry(key)
            .or_insert_with(|| {
                let services = [url.as_str(), url.host_str()?];
                let ask = |service: &str| keyring.ask("keyring", &["get", service, &login.username]);
                let password = services.into_iter().find_map(ask)?;
                let password = password.trim_end_matches(['\r', '\n']).to_owned();
                Some(Login { username: login.username.clone(), password: Some(password) })
            })
            .clone()
    }
}

/// An entry of a netrc file; without a host it is the default.
#[derive(Default)]
struct Machine {
    host: Option<String>,
    username: Option<String>,
    password: Option<String>,
}

impl Machine {
    fn login(&self) -> Option<Login> {
        Some(Login { username: self.username.clone()?, password: self.password.clone() })
    }
}

/// The entries of a netrc file: words, of which each names what the next one is. The crates that read them bring in
/// five others for it. A macro definition goes to the next empty line.
fn machines(text: &str) -> Vec<Machine> {
    let mut machines: Vec<Machine> = Vec::new();
    let mut in_macro = false;
    for line in text.lines() {
        in_macro &= !line.trim().is_empty();
        if in_macro || line.trim_start().starts_with('#') {
            continue;
        }
        let mut words = line.split_whitespace();
        while let Some(word) = words.next() {
            match word {
                "machine" => {
                    machines.push(Machine { host: words.next().map(str::to_owned), ..Machine::default() });
                }
                "default" => machines.push(Machine::default()),
                "login" | "user" => {
                    if let Some(last) = machines.last_mut() {
                        last.username = words.next().map(str::to_owned);
                    }
                }
                "password" => {
                    if let Some(last) = machines.last_mut() {
                        last.password = words.next().map(str::to_owned);
                    }
                }
                "macdef" => in_macro = true,
                _ => {}
            }
        }
    }
    machines
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::path::Path;

    fn url(text: &str) -> Url {
        text.parse().unwrap()
    }

    fn logins(netrc: &str, addresses: &[&str]) -> Logins {
        let addresses: Vec<Address> =
            addresses.iter().map(|text| Address::parse(text, Path::new("/")).unwrap()).collect();
        let network = Network { netrc: Some(netrc.to_owned()), ..Network::default() };
        Logins::new(addresses.iter(), &network)
    }

    /// What was found, as one text.
    fn shown(logins: &Logins, text: &str) -> String {
        let login = logins.find(&url(text));
        login.map_or("nobody".to_owned(), |login| {
            format!("{}:{}", login.username, login.password.unwrap_or_default())
        })
    }

    #[test]
    fn credentials_stay_with_their_host_port_and_scheme() {
        let logins =
            logins("", &["https://a:1@index.example/one/simple", "https://b:2@index.example/two/simple"]);
        assert_eq!(shown(&logins, "https://index.example/two/files/x.whl"), "b:2");
        assert_eq!(shown(&logins, "https://index.example/one/simple/x/"), "a:1");
        for other in
            ["http://index.example/one/", "https://index.example:444/one/", "https://other.example/one/"]
        {
            assert_eq!(shown(&logins, other), "nobody", "{other}");
        }
    }

    #[test]
    fn netrc_files() {
        let text = "# comment\nmachine one.example login a password 1\nmacdef init\nmachine no login x\n\nmachine two.example\n\
                    \tlogin b\n\tpassword 2\n";
        let known = logins(text, &[]);
        assert_eq!(shown(&known, "https://one.example/x"), "a:1");
        assert_eq!(shown(&known, "https://two.example/x"), "b:2");
        assert_eq!(shown(&known, "https://no/x"), "nobody");
        let with_default = logins("machine one.example login a password 1 default login d password 3", &[]);
        assert_eq!(shown(&with_default, "https://three.example/"), "d:3");
    }

    /// A keyring that knows one password, for the host alone.
    struct Keyring;

    impl Ask for Keyring {
        fn ask(&self, program: &str, arguments: &[&str]) -> Option<String> {
            (program == "keyring" && arguments == ["get", "index.example", "user"])
                .then(|| "secret\n".to_owned())
        }
    }

    #[test]
    fn the_keyring_is_asked_for_a_user_without_a_password() {
        let logins = Logins { keyring: Some(Box::new(Keyring)), ..logins("", &[]) };
        let ask = |username: &str, password: Option<&str>| {
            let refused = Login { username: username.to_owned(), password: password.map(str::to_owned) };
            let login = logins.ask_keyring(&url("https://index.example/simple/"), Some(&refused))?;
            login.password
        };
        assert_eq!(ask("user", None).as_deref(), Some("secret"));
        assert_eq!(ask("user", Some("wrong")), None);
        assert_eq!(ask("other", None), None);
    }
}
