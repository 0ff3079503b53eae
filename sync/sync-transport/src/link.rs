//! The counter's end: keeps the line to the hub, and says how it stands.
//!
//! **When the line is down** the hub is tried again after 0.2, 0.4, 0.8 and then every 1 s, less a
//! random part of up to half. One TCP SYN a second from each of 59 counters is nothing to anybody, and it
//! brings the line back within two seconds of the cable. **When the hub answers and refuses**, or
//! is in trouble itself, the pause grows to 30 s, because each try costs it a handshake.

mod ask;
mod line;
mod pause;
mod status;
mod talk;

use std::fmt;
use std::str::FromStr;
use std::sync::{Arc, Mutex};

use sync_engine::{Limits, Store};
use thiserror::Error;
use tokio::sync::{Notify, watch};
use tokio::task::JoinHandle;

use crate::clock::Clock;
use crate::identity::{DeviceIdentity, IdentityError};
use crate::renew::Renewal;
use crate::tls::{TlsSetupError, device_config};

pub use ask::{AskError, HubLine};
pub(crate) use line::{ConnectError, Line};
pub(crate) use pause::{Cause, Pause};
pub use status::{LinkRefusal, LinkState, LinkStatus};
pub(crate) use talk::{Stop, locked, receive_all, refused_by, stop_of};

/// Where the hub is: `https://host:port`, and where another one goes on for it should it be lost,
/// `https://host:port,https://other:port`. One of them answers at a time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HubAddress {
    pub(crate) host: String,
    pub(crate) port: u16,
    /// Further addresses, to be tried in turn.
    pub(crate) others: Vec<HubAddress>,
}

impl HubAddress {
    /// The address to be dialled at a turn; they are gone through in order, around and around.
    pub(crate) fn at_turn(&self, turn: usize) -> &Self {
        let place = turn % (self.others.len() + 1);
        let other = place.checked_sub(1);
        other.and_then(|at| self.others.get(at)).unwrap_or(self)
    }

    /// How many there are.
    pub(crate) fn count(&self) -> usize {
        self.others.len() + 1
    }
}

/// Not `https://host:port`, or several of them with commas between.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("hub address is not https://host:port, or several with commas between")]
pub struct ParseHubAddressError;

impl FromStr for HubAddress {
    type Err = ParseHubAddressError;

    fn from_str(text: &str) -> Result<Self, ParseHubAddressError> {
        let mut all = text.split(',').map(one_address);
        let mut first = all.next().ok_or(ParseHubAddressError)??;
        first.others = all.collect::<Result<_, _>>()?;
        Ok(first)
    }
}

fn one_address(text: &str) -> Result<HubAddress, ParseHubAddressError> {
    let rest = text
        .trim()
        .strip_prefix("https://")
        .ok_or(ParseHubAddressError)?;
    let (host, port) = rest
        .trim_end_matches('/')
        .rsplit_once(':')
        .ok_or(ParseHubAddressError)?;
    let host = host
        .strip_prefix('[')
        .and_then(|h| h.strip_suffix(']'))
        .unwrap_or(host);
    let port = port.parse().map_err(|_| ParseHubAddressError)?;
    if host.is_empty() || host.contains('/') {
        return Err(ParseHubAddressError);
    }
    Ok(HubAddress {
        host: host.to_owned(),
        port,
        others: Vec::new(),
    })
}

/// What a link needs.
#[derive(Clone)]
pub struct LinkConfig {
    /// Where the hub is.
    pub hub: HubAddress,
    /// Who we are.
    pub identity: DeviceIdentity,
    /// The time.
    pub clock: Clock,
    /// Random numbers, for pauses that differ from counter to counter.
    pub random: Arc<dyn Fn() -> u64 + Send + Sync>,
    /// How much one round may say.
    pub limits: Limits,
    /// Renews the certificate in time; without it, it is used to its end.
    pub renewal: Option<Renewal>,
}

impl fmt::Debug for LinkConfig {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "LinkConfig({:?})", self.hub)
    }
}

/// What a counter tells of its own state beside the conversation; asked on blocking threads.
/// Nothing is told while there is nothing to tell.
pub type Report = Arc<dyn Fn(Telling) -> Option<Vec<u8>> + Send + Sync>;

/// When a report could be told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Telling {
    /// The line is new: the hub may be another one, or may have forgotten.
    NewLine,
    /// The line is as before, and quiet.
    Quiet,
}

/// Why a link cannot start.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum LinkError {
    /// The identity.
    #[error(transparent)]
    Identity(#[from] IdentityError),
    /// The TLS stack.
    #[error(transparent)]
    Tls(#[from] TlsSetupError),
}

/// The running link; dropping it ends it.
#[derive(Debug)]
pub struct Link {
    status: watch::Receiver<LinkStatus>,
    arrivals: watch::Receiver<u64>,
    changed: Arc<Notify>,
    task: JoinHandle<()>,
}

impl Link {
    /// Starts the link on the current runtime. The store is locked message by message, on blocking
    /// threads.
    ///
    /// # Errors
    /// When the identity is damaged.
    pub fn start<S: Store + Send + 'static>(
        config: LinkConfig,
        store: Arc<Mutex<S>>,
    ) -> Result<Self, LinkError> {
        Self::start_reporting(config, store, None)
    }

    /// The same, and tells the hub how this counter is, at the beginning of each line and whenever
    /// `report` has something while the line is quiet: it is asked at every change here, and at
    /// least twice a minute.
    ///
    /// # Errors
    /// When the identity is damaged.
    pub fn start_reporting<S: Store + Send + 'static>(
        config: LinkConfig,
        store: Arc<Mutex<S>>,
        report: Option<Report>,
    ) -> Result<Self, LinkError> {
        let tls = device_config(&config.identity, &config.clock)?;
        let branch = config.identity.device()?.peer.branch;
        let (status_to, status) = watch::channel(LinkStatus::default());
        let (arrivals_to, arrivals) = watch::channel(0);
        let changed = Arc::new(Notify::new());
        let talk = talk::Talk {
            config,
            tls,
            branch,
            store,
            status: status_to,
            arrivals: arrivals_to,
            changed: Arc::clone(&changed),
            report,
        };
        let task = tokio::spawn(talk.run());
        Ok(Self {
            status,
            arrivals,
            changed,
            task,
        })
    }

    /// How the line stands; changes as it does.
    pub fn status(&self) -> watch::Receiver<LinkStatus> {
        self.status.clone()
    }

    /// Counts up whenever something from the hub is on disk here.
    pub fn arrivals(&self) -> watch::Receiver<u64> {
        self.arrivals.clone()
    }

    /// To be called after every commit at this counter: it is sent at once.
    pub fn local_change(&self) {
        self.changed.notify_one();
    }

    /// What [`Link::local_change`] notifies, for listeners that outlive a borrow.
    pub fn changed(&self) -> Arc<Notify> {
        Arc::clone(&self.changed)
    }
}

impl Drop for Link {
    fn drop(&mut self) {
        self.task.abort();
    }
}
