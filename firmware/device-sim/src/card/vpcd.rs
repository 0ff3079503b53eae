//! A virtual card on the reader that vsmartcard's `vpcd` driver adds to pcscd.
//!
//! The driver listens on a TCP port per slot; whoever connects is a card being put down, whoever
//! closes is a card being lifted. Messages are two bytes of length (big endian) and so many bytes;
//! a message of one byte from the driver is a control code: 0 power off, 1 power on, 2 reset, 4
//! asks for the ATR and is the only one that is answered. pcscd asks for the ATR every 0.4 s to see
//! whether the card is still there.
//! Source: vsmartcard `virtualsmartcard/src/vpcd/vpcd.c`, version 3.3.

use std::io::{self, Read, Write};
use std::net::{Ipv4Addr, Shutdown, TcpStream};
use std::sync::mpsc::{Receiver, channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

use rustix::net::sockopt::set_tcp_quickack;
use thiserror::Error;

use super::{Answer, VirtualCard};

/// What happened to a card on the reader.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LinkEvent {
    /// The reader noticed the card.
    Seen,
    /// The reader took the power away: a session is over.
    PoweredDown,
    /// The card lifted itself, as arranged by a fault.
    Pulled,
    /// The reader went away, or the card was removed.
    Ended,
}

/// Why a card cannot be put down.
#[derive(Debug, Error)]
pub enum InsertError {
    /// No vpcd listens there: pcscd is not running, or runs without the driver.
    #[error("no virtual reader listens on port {port}")]
    NoReader {
        /// Port asked for.
        port: u16,
        /// What the connection said.
        source: io::Error,
    },
}

/// A card lying on a virtual reader; lifted when dropped.
#[derive(Debug)]
pub struct InsertedCard {
    stream: TcpStream,
    events: Option<Receiver<LinkEvent>>,
    worker: Option<JoinHandle<()>>,
}

impl InsertedCard {
    /// Waits for the next event; `None` after [`LinkEvent::Ended`].
    pub fn next_event(&self) -> Option<LinkEvent> {
        self.events.as_ref()?.recv().ok()
    }

    /// Hands the events over to another thread, once; empty afterwards.
    pub fn take_events(&mut self) -> impl Iterator<Item = LinkEvent> + Send + 'static {
        self.events.take().into_iter().flatten()
    }
}

impl Drop for InsertedCard {
    fn drop(&mut self) {
        // An error means that the reader went first.
        drop(self.stream.shutdown(Shutdown::Both));
        if let Some(worker) = self.worker.take() {
            drop(worker.join());
        }
    }
}

/// Puts the card on the reader slot that listens on `port` of this machine.
///
/// # Errors
/// When nothing listens there.
pub fn insert(card: Arc<Mutex<VirtualCard>>, port: u16) -> Result<InsertedCard, InsertError> {
    let no_reader = |source| InsertError::NoReader { port, source };
    let stream = TcpStream::connect((Ipv4Addr::LOCALHOST, port)).map_err(no_reader)?;
    stream.set_nodelay(true).map_err(no_reader)?;
    let (send, events) = channel();
    let mut link = stream.try_clone().map_err(no_reader)?;
    let worker = std::thread::spawn(move || {
        // Whoever is not interested has dropped the other end.
        let report = |event| send.send(event).unwrap_or_default();
        // The connection closes on any error; there is nobody to tell but the reader.
        drop(serve(&mut link, &card, &report));
        drop(link.shutdown(Shutdown::Both));
        card.lock()
            .unwrap_or_else(PoisonError::into_inner)
            .power_off();
        report(LinkEvent::Ended);
    });
    Ok(InsertedCard {
        stream,
        events: Some(events),
        worker: Some(worker),
    })
}

fn serve(
    link: &mut TcpStream,
    card: &Mutex<VirtualCard>,
    report: &dyn Fn(LinkEvent),
) -> io::Result<()> {
    let mut seen = false;
    loop {
        let message = receive(link)?;
        if !std::mem::replace(&mut seen, true) {
            report(LinkEvent::Seen);
        }
        let mut card = card.lock().unwrap_or_else(PoisonError::into_inner);
        match message.as_slice() {
            [0x00] => {
                card.power_off();
                report(LinkEvent::PoweredDown);
            }
            [0x01] => card.power_on(),
            [0x02] => card.reset(),
            [0x04] => send(link, card.atr())?,
            [] | [_] => {}
            command => {
                let (answer, pause) = (card.answer(command), card.pause());
                drop(card);
                take_time(pause);
                match answer {
                    // vpcd 3.3 frees its buffer on a message of no bytes and hangs later; one byte
                    // is the shortest answer it survives, and no answer either.
                    Answer::Bytes(answer) if answer.is_empty() => send(link, &[0x00])?,
                    Answer::Bytes(answer) => send(link, &answer)?,
                    Answer::Pulled => {
                        report(LinkEvent::Pulled);
                        return Ok(());
                    }
                }
            }
        }
    }
}

/// Lets a chip take its time over an answer.
pub(super) fn take_time(pause: Duration) {
    if pause > Duration::ZERO {
        let (_kept, nothing) = channel::<()>();
        // Nothing ever comes: this is the pause.
        nothing.recv_timeout(pause).unwrap_or_default();
    }
}

fn receive(link: &mut TcpStream) -> io::Result<Vec<u8>> {
    let mut length = [0; 2];
    // vpcd 3.3 writes length and message apart with Nagle's algorithm on, so it holds the message
    // back until the length is acknowledged: 40 ms per command unless we do that at once.
    set_tcp_quickack(&*link, true)?;
    link.read_exact(&mut length)?;
    set_tcp_quickack(&*link, true)?;
    let mut message = vec![0; usize::from(u16::from_be_bytes(length))];
    link.read_exact(&mut message)?;
    Ok(message)
}

fn send(link: &mut TcpStream, message: &[u8]) -> io::Result<()> {
    let length = u16::try_from(message.len()).map_err(io::Error::other)?;
    let mut framed = length.to_be_bytes().to_vec();
    framed.extend(message);
    link.write_all(&framed)
}
