//! The line to the daemon: JSON lines over a Unix socket, on threads of their own.
//!
//! Reading and reconnecting happen on one thread, writing on another; the thread that draws only
//! puts lines into a bounded queue. Losing the daemon is an event, not an error.

use std::io::{self, BufRead, BufReader, Read, Write};
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::sync::mpsc::{self, Receiver, RecvTimeoutError, SyncSender};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::Duration;

use counter_api::{Display, LINE_BYTES_MAX, ToDaemon, ToScreen, VERSION};

/// Lines that wait for the socket; more than a person can cause.
const QUEUE_LINES_MAX: usize = 256;
const BACKOFF_FIRST: Duration = Duration::from_millis(100);
const BACKOFF_MAX: Duration = Duration::from_secs(2);

/// What the line tells the screen.
#[derive(Debug, Clone)]
pub enum LinkEvent {
    /// The daemon answers; a view follows.
    Connected,
    /// The daemon is away; it is looked for again by itself.
    Lost,
    /// A message of the daemon.
    Message(ToScreen),
}

/// The writing end, for the thread that draws. Dropping it ends the threads.
#[derive(Debug)]
pub struct Link {
    lines: SyncSender<String>,
    _stop: mpsc::Sender<()>,
}

type Socket = Arc<Mutex<Option<UnixStream>>>;

impl Link {
    /// Starts connecting to `socket`; `tell` is called on the link's own thread.
    ///
    /// # Errors
    /// When the threads cannot be started.
    pub fn open(
        socket: PathBuf,
        display: Display,
        tell: impl FnMut(LinkEvent) + Send + 'static,
    ) -> io::Result<Self> {
        let (lines, queue) = mpsc::sync_channel(QUEUE_LINES_MAX);
        let (stop, stopped) = mpsc::channel();
        let current = Socket::default();
        let writer = Arc::clone(&current);
        thread::Builder::new()
            .name("link-write".into())
            .spawn(move || write(&queue, &writer))?;
        thread::Builder::new()
            .name("link-read".into())
            .spawn(move || keep_connected(&socket, display, &current, &stopped, tell))?;
        Ok(Self { lines, _stop: stop })
    }

    /// Puts a message into the queue; `false` when it is full or does not serialise.
    pub fn send(&self, message: &ToDaemon) -> bool {
        serde_json::to_string(message).is_ok_and(|line| self.lines.try_send(line + "\n").is_ok())
    }
}

fn write(queue: &Receiver<String>, socket: &Socket) {
    while let Ok(line) = queue.recv() {
        let mut current = socket.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(stream) = current.as_mut()
            && stream.write_all(line.as_bytes()).is_err()
        {
            // The reader sees the end and reconnects; what was unanswered is sent again.
            hang_up(&mut current);
        }
    }
    hang_up(&mut socket.lock().unwrap_or_else(PoisonError::into_inner));
}

fn hang_up(socket: &mut Option<UnixStream>) {
    if let Some(stream) = socket.take() {
        // Already closed by the other side is as good.
        drop(stream.shutdown(std::net::Shutdown::Both));
    }
}

fn keep_connected(
    path: &Path,
    display: Display,
    socket: &Socket,
    stopped: &Receiver<()>,
    mut tell: impl FnMut(LinkEvent),
) {
    let mut wait = BACKOFF_FIRST;
    let mut told_lost = false;
    loop {
        if let Ok(reader) = connect(path, display, socket) {
            wait = BACKOFF_FIRST;
            told_lost = false;
            tell(LinkEvent::Connected);
            read(reader, &mut tell);
            hang_up(&mut socket.lock().unwrap_or_else(PoisonError::into_inner));
        }
        if !told_lost {
            told_lost = true;
            tell(LinkEvent::Lost);
        }
        match stopped.recv_timeout(wait) {
            Err(RecvTimeoutError::Timeout) => wait = (wait * 2).min(BACKOFF_MAX),
            Ok(()) | Err(RecvTimeoutError::Disconnected) => return,
        }
    }
}

fn connect(path: &Path, display: Display, socket: &Socket) -> io::Result<UnixStream> {
    let mut stream = UnixStream::connect(path)?;
    let reader = stream.try_clone()?;
    let hello = serde_json::to_string(&ToDaemon::Hello {
        version: VERSION,
        display,
    })?;
    stream.write_all(hello.as_bytes())?;
    stream.write_all(b"\n")?;
    *socket.lock().unwrap_or_else(PoisonError::into_inner) = Some(stream);
    Ok(reader)
}

/// Reads until the end, or until a line is too long or not a message: both mean the other side
/// is not the daemon this screen was built for, and connecting again is the only cure.
fn read(stream: UnixStream, tell: &mut impl FnMut(LinkEvent)) {
    let limit = u64::try_from(LINE_BYTES_MAX).unwrap_or(u64::MAX);
    let mut reader = BufReader::new(stream);
    let mut line = String::new();
    loop {
        line.clear();
        match reader.by_ref().take(limit).read_line(&mut line) {
            Ok(0) | Err(_) => return,
            Ok(_) if !line.ends_with('\n') => return,
            Ok(_) => match serde_json::from_str(&line) {
                Ok(message) => tell(LinkEvent::Message(message)),
                Err(_) => return,
            },
        }
    }
}
