//! The printer on the network.

use std::io::{self, Read, Write};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;

use paper_devices::{FontRaster, OpenFontError};
use thiserror::Error;

use super::command::{self, Command};
use super::paper::Paper;

/// What the printer is like right now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PrinterState {
    /// Ready to print.
    Ready,
    /// No paper.
    PaperEnd,
    /// Ready, runs out of paper after so many lines.
    PaperEndAfter(usize),
    /// The cover is open.
    CoverOpen,
    /// Connected, prints, never answers.
    Silent,
    /// Unplugged: the port refuses connections.
    Unplugged,
}

/// Why the simulated printer did not start.
#[derive(Debug, Error)]
pub enum StartPrinterError {
    /// Address in use, or folder not writable.
    #[error("address or folder of the printer cannot be used")]
    Prepare(#[from] io::Error),
    /// The font of its ROM is missing.
    #[error("font of the printer cannot be used")]
    Font(#[from] OpenFontError),
}

struct Shared {
    state: Mutex<PrinterState>,
    jobs: Mutex<usize>,
    out: PathBuf,
    font: FontRaster,
    printed: Mutex<Sender<PathBuf>>,
}

/// A receipt printer listening on TCP; stopped when dropped.
pub struct PrinterSim {
    address: SocketAddr,
    shared: Arc<Shared>,
    listening: Option<(Arc<Mutex<bool>>, JoinHandle<()>)>,
    printed: Option<Receiver<PathBuf>>,
}

impl std::fmt::Debug for PrinterSim {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("PrinterSim")
            .field("address", &self.address)
            .finish_non_exhaustive()
    }
}

impl PrinterSim {
    /// Starts a printer. Receipts are kept in `out` as `receipt-0001.bin` and `.png`, written before
    /// the printer confirms them. `font` stands for the characters in its ROM.
    ///
    /// # Errors
    /// When the address is taken, the folder cannot be made or the font cannot be read.
    pub fn start(listen: SocketAddr, out: &Path, font: &Path) -> Result<Self, StartPrinterError> {
        std::fs::create_dir_all(out)?;
        let (send, receive) = channel();
        let listener = TcpListener::bind(listen)?;
        let shared = Arc::new(Shared {
            state: Mutex::new(PrinterState::Ready),
            jobs: Mutex::new(0),
            out: out.to_owned(),
            font: FontRaster::open(&[font])?,
            printed: Mutex::new(send),
        });
        let mut sim = Self {
            address: listener.local_addr()?,
            shared,
            listening: None,
            printed: Some(receive),
        };
        sim.listen(listener);
        Ok(sim)
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Waits for the next receipt and returns its picture.
    pub fn next_receipt(&self) -> Option<PathBuf> {
        self.printed.as_ref()?.recv().ok()
    }

    /// Hands the pictures over to another thread, once; empty afterwards.
    pub fn take_receipts(&mut self) -> impl Iterator<Item = PathBuf> + Send + 'static {
        self.printed.take().into_iter().flatten()
    }

    /// Changes what the printer is like, also in the middle of a receipt.
    ///
    /// # Errors
    /// When it cannot be plugged in again because its port was taken meanwhile.
    pub fn set(&mut self, state: PrinterState) -> io::Result<()> {
        *self
            .shared
            .state
            .lock()
            .unwrap_or_else(PoisonError::into_inner) = state;
        if state == PrinterState::Unplugged {
            self.stop();
        } else if self.listening.is_none() {
            self.listen(TcpListener::bind(self.address)?);
        }
        Ok(())
    }

    fn listen(&mut self, listener: TcpListener) {
        let open = Arc::new(Mutex::new(true));
        let (is_open, shared) = (Arc::clone(&open), Arc::clone(&self.shared));
        let worker = std::thread::spawn(move || {
            for stream in listener.incoming() {
                if !*is_open.lock().unwrap_or_else(PoisonError::into_inner) {
                    return;
                }
                let Ok(stream) = stream else { continue };
                let shared = Arc::clone(&shared);
                // A connection that breaks is the client's business.
                std::thread::spawn(move || drop(serve(stream, &shared)));
            }
        });
        self.listening = Some((open, worker));
    }

    fn stop(&mut self) {
        if let Some((open, worker)) = self.listening.take() {
            *open.lock().unwrap_or_else(PoisonError::into_inner) = false;
            // Wakes the listener, which then sees that it is to end.
            if TcpStream::connect(self.address).is_ok() {
                drop(worker.join());
            }
        }
    }
}

impl Drop for PrinterSim {
    fn drop(&mut self) {
        self.stop();
    }
}

/// One connection: bytes come in, commands are done in order.
fn serve(mut stream: TcpStream, shared: &Shared) -> io::Result<()> {
    let mut job = Job {
        shared,
        paper: Paper::new(shared.font.clone()),
        raw: Vec::new(),
    };
    let (mut waiting, mut chunk) = (Vec::new(), [0; 4096]);
    loop {
        let length = stream.read(&mut chunk)?;
        if length == 0 {
            job.finish()?;
            return stream.shutdown(Shutdown::Both);
        }
        waiting.extend(chunk.iter().take(length));
        let mut done = 0;
        while let Some((command, length)) = command::next(waiting.get(done..).unwrap_or_default()) {
            let bytes = waiting.get(done..done + length).unwrap_or_default();
            if let Some(answer) = job.handle(&command, bytes)? {
                stream.write_all(&answer)?;
            }
            done += length;
        }
        waiting.drain(..done);
    }
}

struct Job<'a> {
    shared: &'a Shared,
    paper: Paper,
    raw: Vec<u8>,
}

impl Job<'_> {
    fn state(&self) -> PrinterState {
        let mut state = self
            .shared
            .state
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        if matches!(*state, PrinterState::PaperEndAfter(lines) if self.paper.lines() >= lines) {
            *state = PrinterState::PaperEnd;
        }
        *state
    }

    /// Does a command; returns the bytes to answer with.
    #[expect(
        clippy::wildcard_enum_match_arm,
        reason = "everything but a question about the state leaves a mark on the paper"
    )]
    fn handle(&mut self, command: &Command<'_>, bytes: &[u8]) -> io::Result<Option<Vec<u8>>> {
        let state = self.state();
        let can_print = matches!(
            state,
            PrinterState::Ready | PrinterState::PaperEndAfter(_) | PrinterState::Silent
        );
        match command {
            Command::RealTimeStatus(_) | Command::Status(_) | Command::Identity(_)
                if state == PrinterState::Silent =>
            {
                Ok(None)
            }
            Command::RealTimeStatus(n) => Ok(Some(vec![real_time_status(*n, state)])),
            Command::Identity(n) => Ok(identity(*n).filter(|_| can_print)),
            // Processed in order: an offline printer does not get there.
            Command::Status(_) => Ok(can_print.then(|| vec![0])),
            _ if !can_print => Ok(None),
            _ => {
                self.paper.apply(command);
                self.raw.extend(bytes);
                if *command == Command::Cut {
                    self.finish()?;
                }
                Ok(None)
            }
        }
    }

    /// Keeps the receipt, if there is one.
    fn finish(&mut self) -> io::Result<()> {
        let paper = std::mem::replace(&mut self.paper, Paper::new(self.shared.font.clone()));
        let raw = std::mem::take(&mut self.raw);
        if paper.is_blank() {
            return Ok(());
        }
        let mut jobs = self
            .shared
            .jobs
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        *jobs += 1;
        let picture = self.shared.out.join(format!("receipt-{:04}.png", *jobs));
        std::fs::write(picture.with_extension("bin"), raw)?;
        paper.write_png(&picture)?;
        let printed = self
            .shared
            .printed
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        // Nobody waits for pictures: the files are there all the same.
        drop(printed.send(picture));
        Ok(())
    }
}

/// GS I: firmware, maker and model of a printer that exists here only.
fn identity(which: u8) -> Option<Vec<u8>> {
    let text: &[u8] = match which {
        65 => b"1.20",
        66 => b"Kakuu",
        67 => b"TM-80",
        _ => return None,
    };
    Some([&[0x5f], text, &[0]].concat())
}

/// DLE EOT: bits 1 and 4 are always set.
fn real_time_status(request: u8, state: PrinterState) -> u8 {
    let paper_end = state == PrinterState::PaperEnd;
    let cover_open = state == PrinterState::CoverOpen;
    let bit = |on: bool, value: u8| if on { value } else { 0 };
    0x12 | match request {
        1 => bit(paper_end || cover_open, 0x08),
        2 => bit(cover_open, 0x04) | bit(paper_end, 0x20),
        4 => bit(paper_end, 0x6c),
        _ => 0,
    }
}
