//! How this counter is: looked at once a minute, told to head office beside the conversation, kept
//! in `status.json` for `todoke status`, and given to monitoring. No personal data anywhere in it.

mod figures;
mod words;

use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::Duration;

use counter_store::{BlobsWaiting, CounterStore, StoreHealth};
use device_health::{DatasetHeld, DeviceReport, DiskSpace, KeptAside, Waiting, serve_figures};
use replica::{Outstanding, StoreError};
use serde::{Deserialize, Serialize};
use sync_transport::{DeviceIdentity, LinkRefusal, LinkState, LinkStatus, Report, Telling};
use tokio::net::TcpListener;
use tokio::sync::watch;

use crate::clock::{Clock as _, SystemClock};
use crate::line::Line;
use crate::settings::DataFolder;

pub use words::in_lines;

/// How often it is looked at.
const LOOK: Duration = Duration::from_mins(1);
/// What did not change is told again after this time: head office sees that it still holds.
const TELL_AGAIN_MS: u64 = 10 * 60_000;

/// What was seen last; cheap to clone.
#[derive(Clone)]
pub struct Health(Arc<Inner>);

struct Inner {
    store: Arc<Mutex<CounterStore>>,
    folder: DataFolder,
    line: OnceLock<Line>,
    memory: Mutex<Memory>,
    newest: watch::Sender<Option<Arc<Seen>>>,
}

/// What outlives a look.
#[derive(Default)]
struct Memory {
    told: Option<DeviceReport>,
    contact_unix_ms: Option<u64>,
    confirmed_unix_ms: Option<u64>,
}

/// One look.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Seen {
    /// What head office is told.
    pub report: DeviceReport,
    /// State of the line: `unset`, `connecting`, `connected`, `down` or `refused`.
    pub line: String,
    /// Why it is refused.
    pub refused_because: Option<String>,
    /// Since when it is down, milliseconds since 1970.
    pub down_since_unix_ms: Option<u64>,
    /// When head office was heard last, milliseconds since 1970.
    pub contact_unix_ms: Option<u64>,
}

impl fmt::Debug for Health {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Health")
    }
}

impl Health {
    /// Of the counter of a data folder. What is remembered of the last run is when head office was
    /// heard; anything else is looked at anew.
    pub fn new(folder: &DataFolder, store: Arc<Mutex<CounterStore>>) -> Self {
        let before = last_seen(folder);
        let memory = Memory {
            told: None,
            contact_unix_ms: before.as_ref().and_then(|seen| seen.contact_unix_ms),
            confirmed_unix_ms: before.and_then(|seen| seen.report.confirmed_unix_ms),
        };
        Self(Arc::new(Inner {
            store,
            folder: folder.clone(),
            line: OnceLock::new(),
            memory: Mutex::new(memory),
            newest: watch::Sender::new(None),
        }))
    }

    /// The line it tells about; to be said once, when there is one.
    pub fn attach(&self, line: Line) {
        self.0.line.set(line).ok();
    }

    /// What was seen last; changes with every look.
    pub fn seen(&self) -> watch::Receiver<Option<Arc<Seen>>> {
        self.0.newest.subscribe()
    }

    /// Looks once a minute until the daemon ends. News goes out at once.
    pub async fn keep_looking(self) {
        let mut tick = tokio::time::interval(LOOK);
        loop {
            tick.tick().await;
            let health = self.clone();
            let looked = tokio::task::spawn_blocking(move || health.look());
            if let Ok(Some(seen)) = looked.await
                && self.is_due(&seen.report)
                && let Some(line) = self.0.line.get()
            {
                line.wake();
            }
        }
    }

    /// What the line asks for something to tell. It asks when nothing else is left to be said,
    /// so head office has offered everything it has by then.
    pub fn reporter(&self) -> Report {
        let health = self.clone();
        Arc::new(move |telling| health.to_tell(telling))
    }

    fn to_tell(&self, telling: Telling) -> Option<Vec<u8>> {
        let now = SystemClock.unix_ms();
        {
            let mut memory = self.memory();
            memory.contact_unix_ms = Some(now);
            memory.confirmed_unix_ms = Some(now);
        }
        let newest = self.0.newest.borrow().clone();
        let seen = match (telling, newest) {
            (Telling::NewLine, _) | (Telling::Quiet, None) => self.look()?,
            (Telling::Quiet, Some(seen)) if self.is_due(&seen.report) => seen,
            (Telling::Quiet, Some(_)) => return None,
        };
        self.memory().told = Some(seen.report.clone());
        Some(seen.report.to_bytes())
    }

    fn is_due(&self, report: &DeviceReport) -> bool {
        let memory = self.memory();
        let Some(told) = &memory.told else {
            return true;
        };
        let emptied = report.to_send.is_empty() && !told.to_send.is_empty();
        emptied
            || report.is_news_after(told)
            || report.taken_unix_ms.saturating_sub(told.taken_unix_ms) >= TELL_AGAIN_MS
    }

    /// Looks now; blocks. `None` when the database cannot be read, which is logged.
    fn look(&self) -> Option<Arc<Seen>> {
        let found = {
            let mut store = self.0.store.lock().unwrap_or_else(PoisonError::into_inner);
            store.health()
        };
        match found {
            Ok(found) => Some(self.make(&found)),
            Err(error) => {
                say_unread(&error);
                None
            }
        }
    }

    fn make(&self, found: &StoreHealth) -> Arc<Seen> {
        let now = SystemClock.unix_ms();
        let status = self
            .0
            .line
            .get()
            .map_or_else(LinkStatus::default, Line::status);
        let neighbours = self.0.line.get().map_or(0, Line::neighbours);
        let certificate = DeviceIdentity::load(&self.0.folder.identity())
            .ok()
            .flatten()
            .and_then(|identity| identity.valid_until_unix_ms());
        let mut memory = self.memory();
        if status.state == LinkState::Connected {
            memory.contact_unix_ms = Some(now);
        }
        let report = DeviceReport {
            taken_unix_ms: now,
            to_send: waiting(found.unsent, found.unsent_blobs),
            to_receive: waiting(Outstanding::default(), found.missing_blobs),
            kept_aside: found.kept_aside.iter().map(kept_aside).collect(),
            datasets: found.datasets.iter().map(held).collect(),
            disk: DiskSpace::of(self.0.folder.path()).ok(),
            database_bytes: found.database_bytes,
            clock_ahead_ms: status.clock_ahead_ms,
            certificate_until_unix_ms: certificate,
            neighbours,
            confirmed_unix_ms: memory.confirmed_unix_ms,
        };
        let seen = Arc::new(Seen {
            report,
            line: line_in_words(status.state).to_owned(),
            refused_because: refusal_in_words(status.state).map(str::to_owned),
            down_since_unix_ms: down_since(status.state),
            contact_unix_ms: memory.contact_unix_ms,
        });
        drop(memory);
        self.0.newest.send_replace(Some(Arc::clone(&seen)));
        seen
    }

    fn memory(&self) -> MutexGuard<'_, Memory> {
        self.0.memory.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Gives the figures to monitoring on an address of its own, until the daemon ends.
pub async fn serve(listener: TcpListener, health: Health) {
    let seen = health.seen();
    let figures = Arc::new(move || Some(figures::page(seen.borrow().as_deref())));
    if let Err(error) = serve_figures(listener, figures).await {
        tracing::warn!(%error, "figures for monitoring are not served any more");
    }
}

/// What the last run left in `status.json`.
fn last_seen(folder: &DataFolder) -> Option<Seen> {
    #[derive(Deserialize)]
    struct Left {
        health: Option<Seen>,
    }
    let bytes = std::fs::read(folder.status()).ok()?;
    serde_json::from_slice::<Left>(&bytes).ok()?.health
}

fn say_unread(error: &StoreError) {
    tracing::warn!(%error, "this counter's state could not be looked at");
}

fn waiting(records: Outstanding, blobs: BlobsWaiting) -> Waiting {
    Waiting {
        records: records.transactions,
        record_bytes: records.bytes,
        blobs: blobs.count,
        blob_bytes: blobs.bytes,
        at_least: records.at_least,
    }
}

fn kept_aside(row: &replica::QuarantineRow) -> KeptAside {
    KeptAside {
        reason: row.reason.clone(),
        since_unix_ms: row.received_unix_ms,
        records: row.through.saturating_sub(row.after),
    }
}

fn held(age: &replica::DatasetAge) -> DatasetHeld {
    DatasetHeld {
        name: age.name.clone(),
        version: age.version,
        since_unix_ms: age.since_unix_ms,
    }
}

fn line_in_words(state: LinkState) -> &'static str {
    match state {
        LinkState::Unset => "unset",
        LinkState::Connecting => "connecting",
        LinkState::Connected => "connected",
        LinkState::Down { .. } => "down",
        LinkState::Refused(_) => "refused",
    }
}

fn refusal_in_words(state: LinkState) -> Option<&'static str> {
    let LinkState::Refused(refusal) = state else {
        return None;
    };
    Some(match refusal {
        LinkRefusal::CertificateNotOurs => {
            "the other end is not our head office, or does not know us"
        }
        LinkRefusal::Revoked => "head office shut this counter out",
        LinkRefusal::ClockWrong { .. } => "a clock is wrong by a day or more",
        LinkRefusal::Version => "versions are too far apart",
        LinkRefusal::RolledBack => "this database is older than what it once sent",
    })
}

fn down_since(state: LinkState) -> Option<u64> {
    match state {
        LinkState::Down { since_unix_ms } => Some(since_unix_ms),
        LinkState::Unset | LinkState::Connecting | LinkState::Connected | LinkState::Refused(_) => {
            None
        }
    }
}
