//! Real processes: started, listened to, held to their limits, and ended for good.

use super::leftovers;
use super::process::{Ended, How, Invocation, Processes};
use super::sandbox;
use std::io::{self, BufRead, BufReader, Read, Write};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::thread;
use std::time::{Duration, Instant};

/// How often limits are looked at: what a hostile module writes in this time does not fill a disk.
const TICK: Duration = Duration::from_millis(50);
/// How long the rest of the output is waited for when the process is gone: it is in the pipe already.
const LAST_WORDS: Duration = Duration::from_millis(500);
/// Bytes of standard error that are kept: the end of a long message tells the cause.
const ERRORS_KEPT: usize = 16 << 10;
/// Bytes of a line: an answer with a long message and a deep import chain has some ten thousand.
const LINE: u64 = 1 << 20;
/// Bytes of all lines: some thousand modules have some megabytes.
const OUTPUT: usize = 64 << 20;

/// Starts processes on this machine.
pub(crate) struct System {
    stop: Arc<AtomicBool>,
}

impl System {
    /// With a flag that ends every process once it is set.
    pub(crate) fn new(stop: Arc<AtomicBool>) -> Self {
        Self { stop }
    }
}

impl Processes for System {
    fn run(&self, invocation: &Invocation, on_line: &mut dyn FnMut(&str) -> Duration) -> io::Result<Ended> {
        let (mut child, _listed) = leftovers::spawn(&mut command(invocation)?)?;
        if let Some(mut input) = child.stdin.take() {
            let text = invocation.input.clone();
            // A process that does not read what it is given shows that in another way.
            thread::spawn(move || drop(input.write_all(text.as_bytes())));
        }
        let (sender, receiver) = channel();
        if let Some(output) = child.stdout.take() {
            let sender = sender.clone();
            thread::spawn(move || read_lines(output, &sender));
        }
        if let Some(errors) = child.stderr.take() {
            thread::spawn(move || drop(sender.send(Word::Errors(read_end(errors)))));
        }
        let silence = invocation.silence;
        let mut listener =
            Listener { receiver, on_line, silence, open: 2, written: 0, errors: String::new() };
        let how = self.wait(&mut child, invocation, &mut listener);
        let how = how.inspect_err(|_| drop(child.kill()))?;
        Ok(Ended { how, errors: listener.errors })
    }

    fn interrupted(&self) -> bool {
        self.stop.load(Ordering::Relaxed)
    }
}

impl System {
    /// Listens until the process ends or has to be ended.
    fn wait(&self, child: &mut Child, invocation: &Invocation, listener: &mut Listener) -> io::Result<How> {
        let started = Instant::now();
        let (mut heard, mut looked) = (started, started);
        loop {
            if listener.listen(TICK) {
                heard = Instant::now();
            }
            let now = Instant::now();
            if has_ended(child)? {
                end_group(child);
                let status = child.wait()?;
                listener.drain(now + LAST_WORDS);
                return Ok(how(status));
            }
            let over = if self.interrupted() {
                Some(How::Interrupted)
            } else if listener.written > OUTPUT {
                Some(How::Flooded)
            } else if now - heard > listener.silence || now - started > invocation.patience {
                Some(How::Slow)
            } else if now - looked >= TICK {
                looked = now;
                let folder = invocation.watched.as_deref();
                folder.and_then(|folder| sandbox::excess(child.id(), folder)).map(How::Exceeded)
            } else {
                None
            };
            if let Some(how) = over {
                end(child, how == How::Slow, listener)?;
                return Ok(how);
            }
        }
    }
}

/// What the threads that read have to say.
enum Word {
    Line(String),
    NoMoreLines,
    Errors(String),
}

/// The receiving end of a process's output.
struct Listener<'a> {
    receiver: Receiver<Word>,
    on_line: &'a mut dyn FnMut(&str) -> Duration,
    /// How long the next line may take.
    silence: Duration,
    /// How many of the two streams are still read.
    open: u8,
    written: usize,
    errors: String,
}

impl Listener<'_> {
    /// Waits for a word; whether it was a line.
    fn listen(&mut self, patience: Duration) -> bool {
        match self.receiver.recv_timeout(patience) {
            Ok(Word::Line(line)) => {
                self.written = self.written.saturating_add(line.len()).saturating_add(1);
                self.silence = (self.on_line)(&line);
                return true;
            }
            Ok(Word::NoMoreLines) => self.open = self.open.saturating_sub(1),
            Ok(Word::Errors(text)) => {
                self.open = self.open.saturating_sub(1);
                self.errors = text;
            }
            Err(RecvTimeoutError::Timeout) => {}
            // Both threads are through, and the process goes on without its streams.
            Err(RecvTimeoutError::Disconnected) => thread::sleep(patience),
        }
        false
    }

    /// Takes what is in the pipes. A process that got away may hold them open: nobody waits for it.
    fn drain(&mut self, until: Instant) {
        while self.open > 0 && self.written <= OUTPUT {
            let left = until.saturating_duration_since(Instant::now());
            if left.is_zero() {
                break;
            }
            self.listen(left);
        }
    }
}

fn read_lines(output: impl Read, sender: &Sender<Word>) {
    let mut reader = BufReader::new(output);
    loop {
        let mut line = Vec::new();
        match reader.by_ref().take(LINE).read_until(b'\n', &mut line) {
            Ok(0) | Err(_) => break,
            Ok(_) => {
                let text = String::from_utf8_lossy(&line);
                if sender.send(Word::Line(text.trim_end_matches(['\n', '\r']).to_owned())).is_err() {
                    break;
                }
            }
        }
    }
    drop(sender.send(Word::NoMoreLines));
}

/// Reads to the end and keeps the end: a flood takes no memory.
fn read_end(mut errors: impl Read) -> String {
    let mut kept = Vec::new();
    let mut buffer = [0; 8 << 10];
    while let Ok(count @ 1..) = errors.read(&mut buffer) {
        kept.extend_from_slice(&buffer[..count]);
        if kept.len() > 2 * ERRORS_KEPT {
            kept.drain(..kept.len() - ERRORS_KEPT);
        }
    }
    String::from_utf8_lossy(&kept).into_owned()
}

/// The command line, behind this program's own sandbox where the invocation has one.
fn command(invocation: &Invocation) -> io::Result<Command> {
    let mut command = match &invocation.confinement {
        Some(confinement) => {
            let mut command = Command::new(std::env::current_exe()?);
            command.args(confinement.arguments()).arg("--").arg(&invocation.program);
            command
        }
        None => Command::new(&invocation.program),
    };
    command.args(&invocation.arguments).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    if let Some(environment) = &invocation.environment {
        command.env_clear().envs(environment.iter().map(|(name, value)| (name, value)));
    }
    if let Some(folder) = &invocation.folder {
        command.current_dir(folder);
    }
    // A group of its own: Ctrl-C on the terminal is for this program, which ends the group.
    #[cfg(unix)]
    std::os::unix::process::CommandExt::process_group(&mut command, 0);
    Ok(command)
}

/// Whether it has ended. Its number is not free for others before [`Child::wait`].
#[cfg(unix)]
fn has_ended(child: &Child) -> io::Result<bool> {
    use rustix::process::{WaitId, WaitIdOptions, waitid};
    let options = WaitIdOptions::EXITED | WaitIdOptions::NOHANG | WaitIdOptions::NOWAIT;
    let Some(pid) = pid(child) else { return Ok(true) };
    Ok(waitid(WaitId::Pid(pid), options)?.is_some())
}

#[cfg(not(unix))]
fn has_ended(child: &mut Child) -> io::Result<bool> {
    child.try_wait().map(|status| status.is_some())
}

#[cfg(unix)]
fn pid(child: &Child) -> Option<rustix::process::Pid> {
    i32::try_from(child.id()).ok().and_then(rustix::process::Pid::from_raw)
}

/// Ends what a process has left behind in its group.
#[cfg(unix)]
fn end_group(child: &Child) {
    if let Some(pid) = pid(child) {
        // That there is nobody left is the usual case.
        let _ = rustix::process::kill_process_group(pid, rustix::process::Signal::KILL);
    }
}

#[cfg(not(unix))]
fn end_group(_: &Child) {}

/// Ends a process and all of its group; one that hangs is asked for its Python stack first.
fn end(child: &mut Child, ask: bool, listener: &mut Listener) -> io::Result<()> {
    #[cfg(unix)]
    if ask && let Some(pid) = pid(child) {
        // The probe's faulthandler answers to this one.
        let _ = rustix::process::kill_process(pid, rustix::process::Signal::ABORT);
        listener.drain(Instant::now() + LAST_WORDS);
    }
    end_group(child);
    child.kill()?;
    child.wait()?;
    listener.drain(Instant::now() + LAST_WORDS);
    let _ = ask;
    Ok(())
}

#[cfg(unix)]
fn how(status: ExitStatus) -> How {
    use std::os::unix::process::ExitStatusExt;
    match (status.code(), status.signal()) {
        (Some(code), _) => How::Exited(code),
        (None, signal) => How::Signalled(signal.unwrap_or(0)),
    }
}

#[cfg(not(unix))]
fn how(status: ExitStatus) -> How {
    How::Exited(status.code().unwrap_or(-1))
}
