//! An answer: its head, and its body with an eye on the clock.

use super::super::error::Cause;
use super::super::limits;
use super::{Network, elapsed};
use flate2::read::GzDecoder;
use std::io::{self, Read};
use std::ops::Range;
use std::time::{Duration, Instant};
use ureq::http::{HeaderMap, Response, header};
use url::Url;

/// What stands before an answer's body.
#[derive(Debug, Clone)]
pub(in super::super) struct Head {
    /// Where the answer came from in the end, without credentials.
    pub url: Url,
    /// The status.
    pub status: u16,
    headers: HeaderMap,
}

impl Head {
    pub(super) fn of(response: &Response<ureq::Body>, url: Url) -> Self {
        Self { url, status: response.status().as_u16(), headers: response.headers().clone() }
    }

    fn text(&self, name: &header::HeaderName) -> Option<&str> {
        self.headers.get(name).and_then(|value| value.to_str().ok())
    }

    pub(in super::super) fn content_type(&self) -> &str {
        self.text(&header::CONTENT_TYPE).unwrap_or_default()
    }

    pub(in super::super) fn etag(&self) -> Option<&str> {
        self.text(&header::ETAG)
    }

    pub(in super::super) fn last_modified(&self) -> Option<&str> {
        self.text(&header::LAST_MODIFIED)
    }

    pub(in super::super) fn length(&self) -> Option<u64> {
        self.text(&header::CONTENT_LENGTH)?.parse().ok()
    }

    pub(in super::super) fn is_encoded(&self) -> bool {
        self.text(&header::CONTENT_ENCODING)
            .is_some_and(|encoding| !encoding.eq_ignore_ascii_case("identity"))
    }

    /// How long the answer may be used without asking again; none where it must not be kept.
    pub(in super::super) fn fresh_for(&self) -> Option<Duration> {
        let control = self.text(&header::CACHE_CONTROL).unwrap_or_default().to_ascii_lowercase();
        let words = || control.split(',').map(str::trim);
        if words().any(|word| word == "no-store") {
            return None;
        }
        if words().any(|word| word == "no-cache") {
            return Some(Duration::ZERO);
        }
        let seconds = words().find_map(|word| word.strip_prefix("max-age=")?.parse().ok());
        Some(Duration::from_secs(seconds.unwrap_or(0)))
    }

    /// What `Content-Range` says: the bytes that came, and how many there are.
    pub(in super::super) fn range(&self) -> Option<(Range<u64>, u64)> {
        let (range, total) =
            self.text(&header::CONTENT_RANGE)?.trim().strip_prefix("bytes ")?.split_once('/')?;
        let (first, last) = range.split_once('-')?;
        let (first, last): (u64, u64) = (first.parse().ok()?, last.parse().ok()?);
        let total: u64 = total.parse().ok()?;
        (first <= last && last < total).then_some((first..last + 1, total))
    }
}

/// A body: what is compressed is inflated, and what comes too slowly ends with an error.
pub(super) enum Body {
    Plain(Timed),
    Compressed(Box<GzDecoder<Timed>>),
}

impl Body {
    pub(super) fn new(response: Response<ureq::Body>, network: &Network, inflates: bool) -> Self {
        let encoding = response.headers().get(header::CONTENT_ENCODING);
        let compressed =
            encoding.is_some_and(|encoding| ["gzip", "x-gzip"].iter().any(|gzip| encoding == gzip));
        let inner = response.into_body().into_reader();
        let timed = Timed { inner, start: Instant::now(), grace: network.timeout, read: 0, failure: None };
        if inflates && compressed {
            Self::Compressed(Box::new(GzDecoder::new(timed)))
        } else {
            Self::Plain(timed)
        }
    }

    /// What went wrong on the way here. Who reads cannot tell that from what goes wrong where it writes.
    pub(super) fn failure(&self) -> Option<Cause> {
        match self {
            Self::Plain(timed) => timed.failure.clone(),
            Self::Compressed(inflater) => inflater.get_ref().failure.clone(),
        }
    }
}

impl Read for Body {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        match self {
            Self::Plain(timed) => timed.read(buffer),
            Self::Compressed(inflater) => inflater.read(buffer),
        }
    }
}

/// Bytes as they come from the network.
pub(super) struct Timed {
    inner: ureq::BodyReader<'static>,
    start: Instant,
    grace: Duration,
    read: u64,
    failure: Option<Cause>,
}

impl Read for Timed {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = match self.inner.read(buffer) {
            Ok(read) => read,
            Err(error) => {
                self.failure = Some(Cause::Unreachable(format!("its answer breaks off ({error})")));
                return Err(error);
            }
        };
        self.read = self.read.saturating_add(read as u64);
        let elapsed = elapsed(self.start);
        if read > 0 && elapsed > self.grace && self.read / limits::SLOWEST < elapsed.as_secs().max(1) {
            self.failure = Some(Cause::Unreachable("its answer comes too slowly".to_owned()));
            return Err(io::ErrorKind::TimedOut.into());
        }
        Ok(read)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn head(name: header::HeaderName, value: &str) -> Head {
        let headers = HeaderMap::from_iter([(name, value.parse().unwrap())]);
        Head { url: "http://localhost/".parse().unwrap(), status: 200, headers }
    }

    #[test]
    fn ranges_that_make_no_sense_are_none() {
        let range = |text| head(header::CONTENT_RANGE, text).range();
        assert_eq!(range("bytes 5-9/10"), Some((5..10, 10)));
        for odd in
            ["bytes 5-10/10", "bytes 6-5/10", "bytes */10", "bytes 5-9/*", "items 5-9/10", "bytes 5-9", ""]
        {
            assert_eq!(range(odd), None, "{odd}");
        }
    }

    #[test]
    fn how_long_an_answer_is_fresh() {
        for (control, fresh) in [
            ("max-age=600, public", Some(600)),
            ("no-cache, max-age=600", Some(0)),
            ("No-Store", None),
            ("public", Some(0)),
            ("max-age=soon", Some(0)),
        ] {
            let found = head(header::CACHE_CONTROL, control).fresh_for();
            assert_eq!(found, fresh.map(Duration::from_secs), "{control}");
        }
    }
}
