//! An HTTP server on loopback that can misbehave down to the TCP connection: no library would let it.

use std::collections::BTreeMap;
use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

/// A request as it came.
#[derive(Debug, Clone)]
pub struct Request {
    pub path: String,
    headers: BTreeMap<String, String>,
    /// How many came for this path before.
    pub nth: usize,
}

impl Request {
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).map(String::as_str)
    }

    /// What of so many bytes is asked for.
    pub fn range(&self, total: usize) -> Option<std::ops::Range<usize>> {
        let (first, last) = self.header("range")?.strip_prefix("bytes=")?.split_once('-')?;
        match (first.parse::<usize>(), last.parse::<usize>()) {
            (Ok(first), Ok(last)) => Some(first..(last + 1).min(total)),
            (Ok(first), Err(_)) => Some(first..total),
            (Err(_), Ok(count)) => Some(total.saturating_sub(count)..total),
            _ => None,
        }
    }
}

/// An answer.
pub struct Reply {
    pub status: u16,
    pub headers: Vec<(&'static str, String)>,
    pub body: Body,
}

pub enum Body {
    /// With its length.
    Bytes(Vec<u8>),
    /// The length is announced, this much is sent, and the connection is closed.
    Cut(Vec<u8>, usize),
    /// A byte at a time.
    Drip(Vec<u8>, Duration),
    /// Without a length and without end.
    Endless,
    /// Nothing is sent but the length.
    Announced(u64),
}

impl Reply {
    pub fn new(status: u16, content_type: &str, body: impl Into<Vec<u8>>) -> Self {
        let headers = vec![("Content-Type", content_type.to_owned())];
        Self { status, headers, body: Body::Bytes(body.into()) }
    }

    pub fn html(body: impl Into<String>) -> Self {
        Self::new(200, "text/html", body.into())
    }

    pub fn json(body: impl Into<String>) -> Self {
        Self::new(200, "application/vnd.pypi.simple.v1+json", body.into())
    }

    pub fn status(status: u16) -> Self {
        Self::new(status, "text/plain", "no")
    }

    pub fn with(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.headers.push((name, value.into()));
        self
    }

    /// A file, or the part of it that is asked for.
    pub fn file(request: &Request, bytes: &[u8]) -> Self {
        let kind = "application/octet-stream";
        match request.range(bytes.len()) {
            Some(range) => {
                let content = format!("bytes {}-{}/{}", range.start, range.end - 1, bytes.len());
                Self::new(206, kind, &bytes[range]).with("Content-Range", content)
            }
            None => Self::new(200, kind, bytes),
        }
    }
}

type Handler = dyn Fn(&Request) -> Reply + Send + Sync;

struct Shared {
    handler: Box<Handler>,
    latency: Duration,
    requests: Mutex<Vec<Request>>,
    sent: AtomicU64,
    stopped: AtomicBool,
}

/// Answers until it is dropped.
pub struct Server {
    address: SocketAddr,
    shared: Arc<Shared>,
}

impl Server {
    pub fn new(handler: impl Fn(&Request) -> Reply + Send + Sync + 'static) -> Self {
        Self::slow(Duration::ZERO, handler)
    }

    /// One that waits before each answer.
    pub fn slow(latency: Duration, handler: impl Fn(&Request) -> Reply + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("loopback can be listened on");
        let address = listener.local_addr().expect("it has an address");
        let shared = Arc::new(Shared {
            handler: Box::new(handler),
            latency,
            requests: Mutex::default(),
            sent: AtomicU64::new(0),
            stopped: AtomicBool::new(false),
        });
        let accepting = Arc::clone(&shared);
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                if accepting.stopped.load(Ordering::SeqCst) {
                    break;
                }
                let shared = Arc::clone(&accepting);
                std::thread::spawn(move || drop(serve(&stream, &shared)));
            }
        });
        Self { address, shared }
    }

    /// An address on this server, of a host by that name.
    pub fn at(&self, host: &str, path: &str) -> String {
        format!("http://{host}:{}{path}", self.address.port())
    }

    pub fn url(&self, path: &str) -> String {
        self.at("127.0.0.1", path)
    }

    pub fn requests(&self) -> Vec<Request> {
        self.shared.requests.lock().unwrap().clone()
    }

    /// Bytes of bodies that were sent.
    pub fn sent(&self) -> u64 {
        self.shared.sent.load(Ordering::SeqCst)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.shared.stopped.store(true, Ordering::SeqCst);
        // So that the listener wakes up and ends.
        drop(TcpStream::connect(self.address));
    }
}

/// One connection, with any number of requests.
fn serve(stream: &TcpStream, shared: &Shared) -> io::Result<()> {
    stream.set_nodelay(true)?;
    stream.set_read_timeout(Some(Duration::from_secs(30)))?;
    stream.set_write_timeout(Some(Duration::from_secs(30)))?;
    let mut reader = BufReader::new(stream);
    while let Some(request) = read(&mut reader, shared)? {
        std::thread::sleep(shared.latency);
        let reply = (shared.handler)(&request);
        if !write(stream, reply, shared)? {
            return stream.shutdown(Shutdown::Both);
        }
    }
    Ok(())
}

fn read(reader: &mut BufReader<&TcpStream>, shared: &Shared) -> io::Result<Option<Request>> {
    let mut line = String::new();
    if reader.by_ref().take(1 << 16).read_line(&mut line)? == 0 {
        return Ok(None);
    }
    let path = line.split(' ').nth(1).unwrap_or_default().to_owned();
    let mut headers = BTreeMap::new();
    loop {
        let mut line = String::new();
        reader.by_ref().take(1 << 16).read_line(&mut line)?;
        let Some((name, value)) = line.trim_end().split_once(": ") else { break };
        headers.insert(name.to_ascii_lowercase(), value.to_owned());
    }
    let mut requests = shared.requests.lock().unwrap();
    let nth = requests.iter().filter(|before| before.path == path).count();
    let request = Request { path, headers, nth };
    requests.push(request.clone());
    Ok(Some(request))
}

/// Whether the connection may be used again.
fn write(mut stream: &TcpStream, reply: Reply, shared: &Shared) -> io::Result<bool> {
    let mut head = format!("HTTP/1.1 {} Whatever\r\n", reply.status);
    for (name, value) in &reply.headers {
        head.extend([name, ": ", value, "\r\n"]);
    }
    let length = match &reply.body {
        Body::Bytes(bytes) | Body::Cut(bytes, _) | Body::Drip(bytes, _) => Some(bytes.len() as u64),
        Body::Announced(length) => Some(*length),
        Body::Endless => None,
    };
    // What was not modified has no body, and says no length.
    if let Some(length) = length.filter(|_| reply.status != 304) {
        head.extend(["Content-Length: ", &length.to_string(), "\r\n"]);
    }
    head += "\r\n";
    stream.write_all(head.as_bytes())?;
    let mut send = |bytes: &[u8]| {
        stream.write_all(bytes)?;
        shared.sent.fetch_add(bytes.len() as u64, Ordering::SeqCst);
        io::Result::Ok(())
    };
    match reply.body {
        Body::Bytes(_) if reply.status == 304 => Ok(true),
        Body::Bytes(bytes) => send(&bytes).map(|()| true),
        Body::Cut(bytes, length) => send(&bytes[..length]).map(|()| false),
        Body::Drip(bytes, pause) => {
            for byte in bytes {
                send(&[byte])?;
                std::thread::sleep(pause);
            }
            Ok(true)
        }
        Body::Endless => {
            let piece = vec![b'x'; 1 << 16];
            loop {
                send(&piece)?;
            }
        }
        Body::Announced(_) => {
            send(b"x")?;
            std::thread::sleep(Duration::from_secs(5));
            Ok(false)
        }
    }
}
