//! The Unix socket of the screens (`counter-api`): whole views out, deeds in.
//!
//! A resident's screen is sent [`counter_api::ResidentView`] only, and what it sends is taken as
//! the resident's only. A second screen of a kind replaces the first.

use std::fs;
use std::io;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::sync::Arc;

use counter_api::{
    DeviceState, Display, LINE_BYTES_MAX, ResidentView, StaffView, ToDaemon, ToScreen, VERSION,
};
use serde::Serialize;
use tokio::io::{AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::unix::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{UnixListener, UnixStream};
use tokio::sync::{mpsc, oneshot, watch};

use crate::counter::{Counter, Input, Reply};
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
    let mut wire = Wire {
        lines: read_lines(read),
        out: Out(write),
    };
    let Some(Ok(ToDaemon::Hello { version, display })) = wire.lines.recv().await else {
        return Err(io::Error::other("no hello"));
    };
    if version != VERSION {
        return wire.out.refused(Code::ScreenVersion).await;
    }
    let turn = Turn::take(newest.of(display));
    let screen = display;
    tracing::info!(?screen, "screen connected");
    match display {
        Display::Staff => wire.serve::<Staff>(counter, turn).await,
        Display::Resident => {
            counter.send(resident_display(DeviceState::Ready));
            let served = wire.serve::<Resident>(counter, turn.clone()).await;
            if turn.is_newest() {
                counter.send(resident_display(DeviceState::Missing));
            }
            served
        }
    }
}

fn resident_display(state: DeviceState) -> Input {
    Input::Happened(Happened::ResidentDisplay(state))
}

/// What one kind of screen is sent and may do. The types keep the two apart: nothing but a
/// [`ResidentView`] can reach the resident's screen.
trait Seat {
    type View: Clone + Send + Sync;

    fn views(counter: &Counter) -> watch::Receiver<Arc<Self::View>>;
    fn draw(view: Self::View) -> ToScreen;
    /// The number of the request and the deed; `None` when it is not this seat's.
    fn deed(message: ToDaemon, reply: Reply) -> Option<(u64, Input)>;
}

struct Staff;

impl Seat for Staff {
    type View = StaffView;

    fn views(counter: &Counter) -> watch::Receiver<Arc<StaffView>> {
        counter.staff_views()
    }

    fn draw(view: StaffView) -> ToScreen {
        ToScreen::StaffView(Box::new(view))
    }

    fn deed(message: ToDaemon, reply: Reply) -> Option<(u64, Input)> {
        match message {
            ToDaemon::Staff { id, action } => Some((id, Input::Staff(action, reply))),
            ToDaemon::Hello { .. } | ToDaemon::Resident { .. } => None,
        }
    }
}

struct Resident;

impl Seat for Resident {
    type View = ResidentView;

    fn views(counter: &Counter) -> watch::Receiver<Arc<ResidentView>> {
        counter.resident_views()
    }

    fn draw(view: ResidentView) -> ToScreen {
        ToScreen::ResidentView(Box::new(view))
    }

    fn deed(message: ToDaemon, reply: Reply) -> Option<(u64, Input)> {
        match message {
            ToDaemon::Resident { id, action } => Some((id, Input::Resident(action, reply))),
            ToDaemon::Hello { .. } | ToDaemon::Staff { .. } => None,
        }
    }
}

/// The place of one screen among those of its kind that came one after another.
#[derive(Debug, Clone)]
struct Turn {
    newest: watch::Receiver<u64>,
    number: u64,
}

impl Turn {
    fn take(newest: &watch::Sender<u64>) -> Self {
        let mut number = 0;
        newest.send_modify(|newest| {
            *newest += 1;
            number = *newest;
        });
        Self {
            newest: newest.subscribe(),
            number,
        }
    }

    fn is_newest(&self) -> bool {
        *self.newest.borrow() == self.number
    }

    /// Waits until another screen of the same kind has come.
    async fn is_over(&mut self) {
        let number = self.number;
        // The sender lives as long as the server; the reading is let go before anything else waits.
        drop(self.newest.wait_for(|newest| *newest != number).await);
    }
}

type Lines = mpsc::Receiver<io::Result<ToDaemon>>;

struct Wire {
    lines: Lines,
    out: Out,
}

impl Wire {
    async fn serve<S: Seat>(&mut self, counter: &Counter, mut turn: Turn) -> io::Result<()> {
        let mut views = S::views(counter);
        views.mark_changed();
        loop {
            tokio::select! {
                biased;
                () = turn.is_over() => return self.out.refused(Code::ScreenReplaced).await,
                changed = views.changed() => {
                    changed.map_err(io::Error::other)?;
                    self.show::<S>(&mut views).await?;
                }
                line = self.lines.recv() => {
                    let Some(message) = line.transpose()? else {
                        return Ok(());
                    };
                    let (reply, answer) = oneshot::channel();
                    let (id, input) = S::deed(message, reply)
                        .ok_or_else(|| io::Error::other("not a deed of this screen"))?;
                    counter.send(input);
                    self.answer::<S>(&mut views, id, answer).await?;
                }
            }
        }
    }

    async fn show<S: Seat>(&mut self, views: &mut watch::Receiver<Arc<S::View>>) -> io::Result<()> {
        let view = S::View::clone(&views.borrow_and_update());
        self.out.line(&S::draw(view)).await
    }

    /// What a deed changed is on the screen before it is called done; what a refusal changed comes
    /// after it, as the screen then marks what it still shows as not saved.
    async fn answer<S: Seat>(
        &mut self,
        views: &mut watch::Receiver<Arc<S::View>>,
        id: u64,
        answer: oneshot::Receiver<Result<(), counter_api::Notice>>,
    ) -> io::Result<()> {
        let answer = answer
            .await
            .map_err(|_| io::Error::other("the daemon is ending"))?;
        if let Err(notice) = answer {
            return self.out.line(&ToScreen::Refused { id, notice }).await;
        }
        if views.has_changed().map_err(io::Error::other)? {
            self.show::<S>(views).await?;
        }
        self.out.line(&ToScreen::Done { id }).await
    }
}

struct Out(OwnedWriteHalf);

impl Out {
    async fn line<T: Serialize + Sync>(&mut self, message: &T) -> io::Result<()> {
        let mut bytes = serde_json::to_vec(message).map_err(io::Error::other)?;
        bytes.push(b'\n');
        self.0.write_all(&bytes).await
    }

    async fn refused(&mut self, code: Code) -> io::Result<()> {
        let notice = notice(code);
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
