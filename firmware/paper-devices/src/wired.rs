//! A printer on a wire of its own: USB (`/dev/usb/lp0`, the kernel's usblp) or a serial line.
//!
//! Both are device files that carry bytes both ways. They are opened without waiting, and every read
//! and write is bounded by `poll`, because a printer without paper takes no bytes and a blocking
//! write would hold the counter for as long. A serial line is set up by `stty` (coreutils) each time
//! it is opened: its speed is lost with the plug.

use std::fs::{File, OpenOptions};
use std::io::{self, Read as _, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use escpos::driver::Driver;
use escpos::errors::{PrinterError, Result};
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::fs::OFlags;

/// An open device file.
#[derive(Clone)]
pub(crate) struct WiredDriver {
    file: Arc<File>,
    timeout: Duration,
    /// The crate collects small writes; the wire gets them at the flush.
    waiting: Arc<Mutex<Vec<u8>>>,
}

impl WiredDriver {
    /// Opens a device. `baud` is the speed of a serial line; USB has none.
    pub(crate) fn open(path: &Path, baud: Option<u32>, timeout: Duration) -> io::Result<Self> {
        let flags = OFlags::NONBLOCK | OFlags::NOCTTY;
        let file = OpenOptions::new()
            .read(true)
            .write(true)
            .custom_flags(i32::try_from(flags.bits()).map_err(io::Error::other)?)
            .open(path)?;
        if let Some(baud) = baud {
            set_up_line(path, baud)?;
        }
        Ok(Self::over(file, timeout))
    }

    /// Over a file that is open for both ways.
    pub(crate) fn over(file: File, timeout: Duration) -> Self {
        Self {
            file: Arc::new(file),
            timeout,
            waiting: Arc::default(),
        }
    }

    /// Whether the file takes or has bytes in time.
    fn await_ready(&self, what: PollFlags) -> io::Result<()> {
        let timeout = Timespec::try_from(self.timeout).map_err(io::Error::other)?;
        let mut files = [PollFd::new(&*self.file, what)];
        let ready = poll(&mut files, Some(&timeout))?;
        let gone = PollFlags::ERR | PollFlags::NVAL;
        let [file] = &files;
        if ready == 0 {
            Err(io::ErrorKind::TimedOut.into())
        } else if file.revents().intersects(gone) {
            Err(io::ErrorKind::BrokenPipe.into())
        } else {
            Ok(())
        }
    }

    fn send(&self, mut bytes: &[u8]) -> io::Result<()> {
        while !bytes.is_empty() {
            self.await_ready(PollFlags::OUT)?;
            match (&*self.file).write(bytes) {
                Ok(0) => return Err(io::ErrorKind::WriteZero.into()),
                Ok(sent) => bytes = bytes.get(sent..).unwrap_or_default(),
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }
}

/// Raw bytes at this speed, eight bits, no parity, the handshake of the line itself.
fn set_up_line(path: &Path, baud: u32) -> io::Result<()> {
    let status = Command::new("stty")
        .arg("-F")
        .arg(path)
        .arg(baud.to_string())
        .args([
            "raw", "-echo", "cs8", "-parenb", "-cstopb", "clocal", "crtscts",
        ])
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status()?;
    if status.success() {
        Ok(())
    } else {
        Err(io::ErrorKind::InvalidInput.into())
    }
}

fn in_words(error: &io::Error) -> PrinterError {
    PrinterError::Io(error.to_string())
}

impl Driver for WiredDriver {
    fn name(&self) -> String {
        "wired".to_owned()
    }

    fn write(&self, data: &[u8]) -> Result<()> {
        let mut waiting = self.waiting.lock().unwrap_or_else(PoisonError::into_inner);
        waiting.extend_from_slice(data);
        Ok(())
    }

    fn read(&self, buffer: &mut [u8]) -> Result<usize> {
        self.flush()?;
        self.await_ready(PollFlags::IN)
            .and_then(|()| (&*self.file).read(buffer))
            .map_err(|error| in_words(&error))
    }

    fn flush(&self) -> Result<()> {
        let bytes = {
            let mut waiting = self.waiting.lock().unwrap_or_else(PoisonError::into_inner);
            std::mem::take(&mut *waiting)
        };
        self.send(&bytes).map_err(|error| in_words(&error))
    }
}
