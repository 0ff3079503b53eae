//! The line between counters and head office: real TCP through a relay that counts every byte, can
//! be slow and far, and can be cut.
//!
//! Counted is what the sockets carry: TLS records and everything in them, in both directions, without
//! the headers of TCP and IP. A slow line is a bucket that fills at its rate, shared by everything
//! that is on it, with at most [`QUEUE`] pieces waiting, as in a small router.

use std::net::SocketAddr;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use anyhow::Result;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{mpsc, watch};
use tokio::task::JoinHandle;

use crate::clock::instant;

/// Pieces on their way in one direction of one connection.
const QUEUE: usize = 64;
const PIECE: usize = 4 << 10;

/// How fast and how far.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Pace {
    /// Bits a second in each direction; `None` as fast as the machine.
    pub(crate) bits_per_second: Option<f64>,
    /// Time a byte takes to the other end.
    pub(crate) delay: Duration,
}

impl Pace {
    /// As fast as the machine.
    pub(crate) const FREE: Self = Self {
        bits_per_second: None,
        delay: Duration::ZERO,
    };

    /// A branch's line of the house plan: 10 Mbit/s, 40 ms to the other end.
    pub(crate) const BRANCH: Self = Self {
        bits_per_second: Some(10e6),
        delay: Duration::from_millis(40),
    };
}

/// Bytes so far.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Bytes {
    /// To head office.
    pub(crate) up: u64,
    /// From head office.
    pub(crate) down: u64,
}

impl Bytes {
    /// Both directions.
    pub(crate) fn all(self) -> u64 {
        self.up + self.down
    }

    /// What came since `before`.
    pub(crate) fn since(self, before: Self) -> Self {
        Self {
            up: self.up - before.up,
            down: self.down - before.down,
        }
    }
}

/// One direction of the line.
#[derive(Debug)]
struct Direction {
    bytes: AtomicU64,
    free_at: Mutex<Instant>,
    pace: Pace,
}

impl Direction {
    fn new(pace: Pace) -> Arc<Self> {
        Arc::new(Self {
            bytes: AtomicU64::new(0),
            free_at: Mutex::new(instant()),
            pace,
        })
    }

    /// Counts a piece; says when it is at the other end.
    fn carry(&self, length: usize) -> Instant {
        let now = instant();
        let length = u32::try_from(length).unwrap_or(u32::MAX);
        self.bytes.fetch_add(u64::from(length), Ordering::Relaxed);
        let Some(rate) = self.pace.bits_per_second else {
            return now + self.pace.delay;
        };
        let mut free_at = self.free_at.lock().unwrap_or_else(PoisonError::into_inner);
        let sent = (*free_at).max(now) + Duration::from_secs_f64(f64::from(length) * 8.0 / rate);
        *free_at = sent;
        sent + self.pace.delay
    }
}

/// A line from a port of its own to head office.
#[derive(Debug)]
pub(crate) struct Line {
    near: SocketAddr,
    up: Arc<Direction>,
    down: Arc<Direction>,
    joined: watch::Sender<bool>,
    task: JoinHandle<()>,
}

impl Drop for Line {
    fn drop(&mut self) {
        self.task.abort();
        self.cut();
    }
}

impl Line {
    /// Lays a line; joined.
    pub(crate) async fn lay(far: SocketAddr, pace: Pace) -> Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let near = listener.local_addr()?;
        let (up, down) = (Direction::new(pace), Direction::new(pace));
        let (joined, _) = watch::channel(true);
        let carrier = Carrier {
            far,
            up: Arc::clone(&up),
            down: Arc::clone(&down),
            joined: joined.subscribe(),
        };
        Ok(Self {
            near,
            up,
            down,
            joined,
            task: tokio::spawn(carrier.accept(listener)),
        })
    }

    /// Where the counters dial.
    pub(crate) fn near(&self) -> SocketAddr {
        self.near
    }

    /// Ends every connection and refuses new ones.
    pub(crate) fn cut(&self) {
        self.joined.send_replace(false);
    }

    /// Carries again.
    pub(crate) fn join(&self) {
        self.joined.send_replace(true);
    }

    /// Bytes carried so far.
    pub(crate) fn bytes(&self) -> Bytes {
        Bytes {
            up: self.up.bytes.load(Ordering::Relaxed),
            down: self.down.bytes.load(Ordering::Relaxed),
        }
    }
}

/// What carries the connections of a line.
#[derive(Clone)]
struct Carrier {
    far: SocketAddr,
    up: Arc<Direction>,
    down: Arc<Direction>,
    joined: watch::Receiver<bool>,
}

impl Carrier {
    async fn accept(self, listener: TcpListener) {
        while let Ok((near, _)) = listener.accept().await {
            if *self.joined.borrow() {
                tokio::spawn(self.clone().carry(near));
            }
        }
    }

    async fn carry(mut self, near: TcpStream) {
        // Dialling goes there and back once.
        tokio::time::sleep(self.up.pace.delay * 2).await;
        let Ok(far) = TcpStream::connect(self.far).await else {
            return;
        };
        if near.set_nodelay(true).is_err() || far.set_nodelay(true).is_err() {
            return;
        }
        let (from_near, to_near) = near.into_split();
        let (from_far, to_far) = far.into_split();
        let up = pump(from_near, to_far, Arc::clone(&self.up));
        let down = pump(from_far, to_near, Arc::clone(&self.down));
        tokio::select! {
            () = up => (),
            () = down => (),
            _ = self.joined.wait_for(|joined| !joined) => (),
        }
    }
}

/// Carries one way until either end closes.
async fn pump(mut from: OwnedReadHalf, mut to: OwnedWriteHalf, direction: Arc<Direction>) {
    let (send, mut carried) = mpsc::channel::<(Instant, Vec<u8>)>(QUEUE);
    let reading = async move {
        let mut piece = vec![0; PIECE];
        while let Ok(length @ 1..) = from.read(&mut piece).await {
            let bytes = piece.get(..length).unwrap_or_default().to_vec();
            if send.send((direction.carry(length), bytes)).await.is_err() {
                return;
            }
        }
    };
    let writing = async move {
        while let Some((at, bytes)) = carried.recv().await {
            tokio::time::sleep_until(at.into()).await;
            if to.write_all(&bytes).await.is_err() {
                return;
            }
        }
    };
    tokio::join!(reading, writing);
}
