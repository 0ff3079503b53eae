//! The Unix socket of the screens (`counter-api`): whole views out, deeds in.
//!
//! A resident's screen is sent [`counter_api::ResidentView`] only, and what it sends is taken as
//! the resident's only. A second screen of a kind replaces the first.

use std::fs;
use std::io;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use counter_api::{DeviceState, Display, LINE_BYTES_MAX, ToDaemon, ToScreen, VERSION};
use serde::Serialize;
use tokio::io::{AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::unix::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{UnixListener, UnixStream};
use tokio::sync::{mpsc, oneshot, watch};

use crate::counter::{Counter, Input};
use crate::devices::Happened;
use crate::texts::{Code, notice};

/// The newest screen of each kind, by number.
#[derive(Debug, Clone)]
struct Newest {
    staff: watch::Sender<u64>,
    resident: watch::Sender<u64>,
}

impl Newest {
    fn of(&self, display: Display) -> &watch::Sender<u64> {
        match display {
            Display::Staff => &self.staff,
            Display::Resident => &self.resident,
        }
    }
}

/// Opens the socket, for this user only. A socket left by a killed daemon is replaced; the lock of
/// the data folder guarantees that none is running.
///
/// # Errors
/// When it cannot be opened.
pub fn listen(path: &Path) -> io::Result<UnixListener> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        Ok(()) | Err(_) => {}
    }
    let listener = UnixListener::bind(path)?;
    fs::set_permissions(path, fs::Permissions::from_mode(0o600))?;
    Ok(listener)
}

/// Serves screens until the daemon ends.
pub async fn serve(listener: UnixListener, counter: Counter) {
    let newest = Newest {
        staff: watch::Sender::new(0),
        resident: watch::Sender::new(0),
    };
    loop {
        match listener.accept().await {
            Ok((stream, _)) => {
                let (counter, newest) = (counter.clone(), newest.clone());
                tokio::spawn(async move {
                    if let Err(error) = screen(stream, &counter, &newest).await {
                        tracing::info!(%error, "screen left");
                    }
                });
            }
            Err(error) => {
                // Out of file handles: the next screen may be luckier.
                tracing::warn!(%error, "screen not taken");
                tokio::task::yield_now().await;
            }
        }
    }
}

async fn screen(stream: UnixStream, counter: &Counter, newest: &Newest) -> io::Result<()> {
    let (read, write) = stream.into_split();
    let mut lines = read_lines(read);
    let mut out = Out(write);
    let Some(Ok(ToDaemon::Hello { version, display })) = lines.recv().await else {
        return Err(io::Error::other("no hello"));
    };
    if version != VERSION {
        let notice = notice(Code::ScreenVersion);
        return out.line(&ToScreen::Refused { id: 0, notice }).await;
    }
    let mut number = 0;
    newest.of(display).send_modify(|newest| {
        *newest += 1;
        number = *newest;
    });
    let newer = newest.of(display).subscribe();
    let screen = display;
    tracing::info!(?screen, "screen connected");
    let served = match display {
        Display::Staff => staff(&mut lines, &mut out, counter, newer, number).await,
        Display::Resident => {
            counter.send(Input::Happened(Happened::ResidentDisplay(
                DeviceState::Ready,
            )));
            resident(&mut lines, &mut out, counter, newer, number).await
        }
    };
    let is_newest = *newest.of(display).borrow() == number;
    if display == Display::Resident && is_newest {
        counter.send(Input::Happened(Happened::ResidentDisplay(
            DeviceState::Missing,
        )));
    }
    served
}

type Lines = mpsc::Receiver<io::Result<ToDaemon>>;

async fn staff(
    lines: &mut Lines,
    out: &mut Out,
    counter: &Counter,
    mut newer: watch::Receiver<u64>,
    number: u64,
) -> io::Result<()> {
    let mut views = counter.staff_views();
    views.mark_changed();
    loop {
        tokio::select! {
            biased;
            () = replaced(&mut newer, number) => return out.replaced().await,
            changed = views.changed() => {
                changed.map_err(io::Error::other)?;
                let view = views.borrow_and_update().as_ref().clone();
                out.line(&ToScreen::StaffView(Box::new(view))).await?;
            }
            line = lines.recv() => match line.transpose()? {
                None => return Ok(()),
                Some(ToDaemon::Staff { id, action }) => {
                    let (reply, answer) = oneshot::channel();
                    counter.send(Input::Staff(action, reply));
                    out.answer(id, answer).await?;
                }
                Some(ToDaemon::Hello { .. } | ToDaemon::Resident { .. }) => {
                    return Err(io::Error::other("not a deed of staff"));
                }
            },
        }
    }
}

async fn resident(
    lines: &mut Lines,
    out: &mut Out,
    counter: &Counter,
    mut newer: watch::Receiver<u64>,
    number: u64,
) -> io::Result<()> {
    let mut views = counter.resident_views();
    views.mark_changed();
    loop {
        tokio::select! {
            biased;
            () = replaced(&mut newer, number) => return out.replaced().await,
            changed = views.changed() => {
                changed.map_err(io::Error::other)?;
                let view = views.borrow_and_update().as_ref().clone();
                out.line(&ToScreen::ResidentView(Box::new(view))).await?;
            }
            line = lines.recv() => match line.transpose()? {
                None => return Ok(()),
                Some(ToDaemon::Resident { id, action }) => {
                    let (reply, answer) = oneshot::channel();
                    counter.send(Input::Resident(action, reply));
                    out.answer(id, answer).await?;
                }
                Some(ToDaemon::Hello { .. } | ToDaemon::Staff { .. }) => {
                    return Err(io::Error::other("not a deed of the resident"));
                }
            },
        }
    }
}

/// Waits until another screen of the same kind has come.
async fn replaced(newer: &mut watch::Receiver<u64>, number: u64) {
    // The sender lives as long as the server; the reading is let go before anything else waits.
    drop(newer.wait_for(|newest| *newest != number).await);
}

struct Out(OwnedWriteHalf);

impl Out {
    async fn line<T: Serialize + Sync>(&mut self, message: &T) -> io::Result<()> {
        let mut bytes = serde_json::to_vec(message).map_err(io::Error::other)?;
        bytes.push(b'\n');
        self.0.write_all(&bytes).await
    }

    async fn answer(
        &mut self,
        id: u64,
        answer: oneshot::Receiver<Result<(), counter_api::Notice>>,
    ) -> io::Result<()> {
        match answer.await {
            Ok(Ok(())) => self.line(&ToScreen::Done { id }).await,
            Ok(Err(notice)) => self.line(&ToScreen::Refused { id, notice }).await,
            Err(_) => Err(io::Error::other("the daemon is ending")),
        }
    }

    async fn replaced(&mut self) -> io::Result<()> {
        let notice = notice(Code::ScreenReplaced);
        self.line(&ToScreen::Refused { id: 0, notice }).await
    }
}

/// Reads bounded lines in a task of its own: a half-read line must not be lost to a view.
fn read_lines(read: OwnedReadHalf) -> Lines {
    let (sender, lines) = mpsc::channel(4);
    tokio::spawn(async move {
        let mut read = BufReader::new(read);
        loop {
            let line = match next_line(&mut read).await {
                Ok(None) => return,
                Ok(Some(line)) => Ok(line),
                Err(error) => Err(error),
            };
            let ends = line.is_err();
            if sender.send(line).await.is_err() || ends {
                return;
            }
        }
    });
    lines
}

async fn next_line(read: &mut BufReader<OwnedReadHalf>) -> io::Result<Option<ToDaemon>> {
    let mut line = zeroize::Zeroizing::new(Vec::new());
    let limit = u64::try_from(LINE_BYTES_MAX).unwrap_or(u64::MAX);
    let count = read.take(limit).read_until(b'\n', &mut line).await?;
    if count == 0 {
        return Ok(None);
    }
    if line.last() != Some(&b'\n') {
        return Err(io::Error::other("line too long or cut off"));
    }
    // The decoder's own words may quote what was typed.
    serde_json::from_slice(&line)
        .map(Some)
        .map_err(|_| io::Error::other("not a line we know"))
}
