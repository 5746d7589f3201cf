//! Requests: what is asked is answered whole, or there is an error that says whose fault it is. Retries, redirects,
//! credentials, time and size limits are dealt with here, so that nobody above has to think of them.

mod body;
mod gate;
mod login;
mod network;

pub(super) use body::Head;
pub use network::Network;
pub(super) use network::{Proxies, read_roots};

use super::address::{Address, Login, redacted};
use super::error::{Cause, IndexError};
use super::limits;
use body::Body;
use data_encoding::BASE64;
use gate::Gate;
use login::Logins;
use std::io::Read;
use std::ops::Range;
use std::time::{Duration, Instant};
use tracing::debug;
use ureq::http::header;
use url::Url;

/// What is asked for.
#[derive(Debug, Clone)]
pub(super) struct Request<'a> {
    pub url: &'a Url,
    /// Media types, for pages; such answers may be compressed.
    pub accept: Option<&'static str>,
    pub part: Part,
    /// `ETag` and `Last-Modified` of what is known already.
    pub known: Option<(Option<&'a str>, Option<&'a str>)>,
}

/// Which bytes are asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Part {
    Whole,
    Last(u64),
    Range(Range<u64>),
}

impl<'a> Request<'a> {
    pub(super) fn of(url: &'a Url) -> Self {
        Self { url, accept: None, part: Part::Whole, known: None }
    }
}

/// Makes requests, from any number of threads.
#[derive(Debug)]
pub(super) struct Client {
    agent: ureq::Agent,
    network: Network,
    logins: Logins,
    gate: Gate,
}

impl Client {
    pub(super) fn new<'a>(network: Network, addresses: impl Iterator<Item = &'a Address>) -> Self {
        Self {
            agent: network.agent(),
            logins: Logins::new(addresses, &network),
            gate: Gate::new(network.parallel),
            network,
        }
    }

    /// Remembers the credentials of a URL, for it and what else is below it.
    pub(super) fn learn(&self, address: &Address) {
        self.logins.learn(address);
    }

    /// Asks, and asks again where that may help. `take` reads the answer, each time anew; what it returns with
    /// [`Cause::is_passing`] is asked for again.
    pub(super) fn get<T>(
        &self,
        request: &Request<'_>,
        mut take: impl FnMut(&Head, &mut dyn Read) -> Result<T, Cause>,
    ) -> Result<T, IndexError> {
        let mut attempt = 0;
        loop {
            let answered = {
                let _place = self.gate.enter();
                self.follow(request, &mut take)
            };
            let cause = match answered {
                Err(cause) if cause.is_passing() && attempt < self.network.retries => cause,
                answered => return answered.map_err(|cause| cause.of(redacted(request.url))),
            };
            let backoff = self.network.backoff.saturating_mul(1 << attempt.min(8));
            let wait = match cause {
                Cause::Busy { after: Some(after), .. } => after.max(backoff),
                _ => backoff,
            };
            std::thread::sleep(wait.min(limits::LONGEST_WAIT));
            attempt += 1;
        }
    }

    /// Follows redirects. Each address gets the credentials that are its own, and no other's.
    fn follow<T>(
        &self,
        request: &Request<'_>,
        take: &mut impl FnMut(&Head, &mut dyn Read) -> Result<T, Cause>,
    ) -> Result<T, Cause> {
        let mut address = Address::of(request.url.clone());
        for _ in 0..=limits::REDIRECTS {
            let (response, url) = self.ask(request, &address)?;
            let status = response.status().as_u16();
            if (300..400).contains(&status) && status != 304 {
                address = redirected(&response, &url)?;
                continue;
            }
            check_status(&response, status)?;
            let head = Head::of(&response, url);
            let mut body = Body::new(response, &self.network, request.accept.is_some());
            let taken = take(&head, &mut body);
            return body.failure().map_or(taken, Err);
        }
        Err(Cause::Redirect("without end"))
    }

    /// One request, and where the server wants other credentials than it got, one more with those of the keyring.
    fn ask(
        &self,
        request: &Request<'_>,
        address: &Address,
    ) -> Result<(ureq::http::Response<ureq::Body>, Url), Cause> {
        let url = address.url();
        let login = address.login().cloned().or_else(|| self.logins.find(url));
        let response = self.send(request, url, login.as_ref())?;
        if ![401, 403].contains(&response.status().as_u16()) {
            return Ok((response, url.clone()));
        }
        match self.logins.ask_keyring(url, login.as_ref()) {
            Some(login) => Ok((self.send(request, url, Some(&login))?, url.clone())),
            None => Ok((response, url.clone())),
        }
    }

    fn send(
        &self,
        request: &Request<'_>,
        url: &Url,
        login: Option<&Login>,
    ) -> Result<ureq::http::Response<ureq::Body>, Cause> {
        let mut call = self.agent.get(url.as_str());
        call = match request.accept {
            Some(accept) => call.header(header::ACCEPT, accept).header(header::ACCEPT_ENCODING, "gzip"),
            None => call.header(header::ACCEPT_ENCODING, "identity"),
        };
        call = match &request.part {
            Part::Whole => call,
            Part::Last(count) => call.header(header::RANGE, format!("bytes=-{count}")),
            Part::Range(range) => {
                call.header(header::RANGE, format!("bytes={}-{}", range.start, range.end.saturating_sub(1)))
            }
        };
        if let Some((etag, modified)) = request.known {
            call = etag.into_iter().fold(call, |call, etag| call.header(header::IF_NONE_MATCH, etag));
            call = modified.into_iter().fold(call, |call, date| call.header(header::IF_MODIFIED_SINCE, date));
        }
        if let Some(login) = login {
            let plain = format!("{}:{}", login.username, login.password.as_deref().unwrap_or_default());
            call = call.header(header::AUTHORIZATION, format!("Basic {}", BASE64.encode(plain.as_bytes())));
        }
        let call = call.config().proxy(self.network.proxy_for(url)?).build();
        let start = Instant::now();
        let answered = call.call().map_err(|error| cause_of(&error));
        let ms = elapsed(start).as_millis();
        match &answered {
            Ok(response) => {
                let status = response.status().as_u16();
                debug!(url = redacted(url), part = ?request.part, status, ms, "asked");
            }
            Err(why) => debug!(url = redacted(url), part = ?request.part, %why, ms, "asked in vain"),
        }
        answered
    }
}

/// Where a redirect leads. From `https` it never leads to `http`: what would come could be anybody's.
fn redirected(response: &ureq::http::Response<ureq::Body>, from: &Url) -> Result<Address, Cause> {
    let location = response.headers().get(header::LOCATION).and_then(|value| value.to_str().ok());
    let to = location.and_then(|location| from.join(location).ok()).ok_or(Cause::Redirect("to nowhere"))?;
    match (from.scheme(), to.scheme()) {
        (_, "https") | ("http", "http") => Ok(Address::of(to)),
        ("https", "http") => Err(Cause::Redirect("from https to http")),
        _ => Err(Cause::Redirect("to something that is no web address")),
    }
}

fn check_status(response: &ureq::http::Response<ureq::Body>, status: u16) -> Result<(), Cause> {
    match status {
        // What is not there, not modified or out of range is for the one who asked.
        200..=299 | 304 | 404 | 410 | 416 => Ok(()),
        401 | 403 | 407 => Err(Cause::Denied(status)),
        408 | 425 | 429 | 500..=599 => {
            let after = response
                .headers()
                .get(header::RETRY_AFTER)
                .and_then(|value| retry_after(value.to_str().ok()?));
            Err(Cause::Busy { status, after })
        }
        _ => Err(Cause::Status(status)),
    }
}

/// Seconds, or a date.
fn retry_after(text: &str) -> Option<Duration> {
    let seconds = || text.trim().parse().ok().map(Duration::from_secs);
    let date = || httpdate::parse_http_date(text).ok()?.duration_since(std::time::SystemTime::now()).ok();
    seconds().or_else(date)
}

/// Whose fault it is that there is no answer.
fn cause_of(error: &ureq::Error) -> Cause {
    match error {
        ureq::Error::Tls(why) => Cause::Tls((*why).to_owned()),
        ureq::Error::Rustls(why) => Cause::Tls(why.to_string()),
        ureq::Error::Io(io) if io.to_string().contains("certificate") => Cause::Tls(io.to_string()),
        ureq::Error::Http(_) | ureq::Error::BadUri(_) | ureq::Error::LargeResponseHeader(..) => {
            Cause::Page("its answer is no HTTP".to_owned())
        }
        // The text of the others holds no address.
        other => Cause::Unreachable(other.to_string()),
    }
}

/// Copies an answer in large pieces: `io::copy` takes small ones, and each costs a call into the system.
pub(super) fn copy(from: &mut dyn Read, to: &mut dyn std::io::Write) -> std::io::Result<u64> {
    let mut piece = vec![0; 256 << 10];
    let mut copied = 0;
    loop {
        let read = from.read(&mut piece)?;
        if read == 0 {
            return Ok(copied);
        }
        to.write_all(piece.get(..read).unwrap_or_default())?;
        copied += read as u64;
    }
}

/// How long something has taken.
fn elapsed(start: Instant) -> Duration {
    Instant::now().saturating_duration_since(start)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn retry_after_is_seconds_or_a_date() {
        assert_eq!(retry_after("7"), Some(Duration::from_secs(7)));
        let later = httpdate::fmt_http_date(std::time::SystemTime::now() + Duration::from_secs(90));
        assert!(retry_after(&later).is_some_and(|wait| (85..=90).contains(&wait.as_secs())));
        assert_eq!(retry_after("Sun, 06 Nov 1994 08:49:37 GMT"), None);
        assert_eq!(retry_after("soon"), None);
    }
}
