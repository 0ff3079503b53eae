//! Counters of one branch talk to each other directly, also while the line to head office is down.
//!
//! Every counter serves the conversation on the branch's LAN with its own device certificate, and
//! dials the others: those of a fixed list, and those found by multicast DNS ([`Discovery`]). Both
//! ends are known by their certificates: only counters **of the same branch** that the register of
//! devices does not call revoked are spoken to. Each tells what it wrote itself, nothing of others.
//!
//! **One line between two counters.** It carries both directions, because whoever is called wakes
//! the caller. Where both dial, the call of the lower site stays and the other hangs up; where one
//! cannot be dialled (a certificate of an earlier version), its own call does. So nothing is sent
//! twice because there are two lines.
//!
//! **Bounds.** At most [`NEIGHBOURS_MAX`] counters are dialled; after a failure the pause grows from
//! 0.2 to 1 s when nobody is there and to 30 s when somebody refuses, less up to half at random. A
//! counter found by multicast that has been gone for ten minutes is forgotten until it is found again.

mod book;
mod dial;
mod discover;

use std::fmt;
use std::io;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use sync_engine::{Limits, Peer, PeerRole, Store};
use sync_protocol::SiteId;
use thiserror::Error;
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::task::JoinSet;

use crate::certificate::{Device, term_of};
use crate::clock::Clock;
use crate::enrolment::EnrolRefusal;
use crate::identity::{DeviceIdentity, IdentityError};
use crate::link::HubAddress;
use crate::server::{Admission, Authoriser, End, Served, answer_all, talking};
use crate::tls::{TlsSetupError, certificate_from_pem, device_config, neighbour_config};
use crate::wake::Wake;

pub(crate) use book::Book;
pub use book::NeighboursStatus;

/// Most counters dialled at a time; a branch has fewer than ten.
pub const NEIGHBOURS_MAX: usize = 32;

/// What is known here about revoked devices. Methods block and are called off the async threads.
pub trait DeviceList: Send + Sync + 'static {
    /// Whether the device is shut out.
    fn is_revoked(&self, site: SiteId) -> bool;
}

/// Whether neighbours are looked for on the LAN.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Discovery {
    /// Only those of the fixed list are dialled, and nothing is announced.
    #[default]
    Off,
    /// By multicast DNS on every interface.
    Lan,
    /// By multicast DNS on this machine only.
    Loopback,
}

/// What neighbours need.
#[derive(Clone)]
pub struct NeighboursConfig {
    /// Who we are.
    pub identity: DeviceIdentity,
    /// Where to be reached; `None`: dials only.
    pub listen: Option<SocketAddr>,
    /// Counters to dial.
    pub addresses: Vec<HubAddress>,
    /// Whether to look for more.
    pub discovery: Discovery,
    /// Which devices are shut out.
    pub list: Arc<dyn DeviceList>,
    /// The time.
    pub clock: Clock,
    /// Random numbers, for pauses that differ from counter to counter.
    pub random: Arc<dyn Fn() -> u64 + Send + Sync>,
    /// How much one round may say.
    pub limits: Limits,
}

impl fmt::Debug for NeighboursConfig {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "NeighboursConfig({:?})", self.listen)
    }
}

/// Why neighbours cannot be spoken to.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum NeighboursError {
    /// The identity.
    #[error(transparent)]
    Identity(#[from] IdentityError),
    /// The TLS stack.
    #[error(transparent)]
    Tls(#[from] TlsSetupError),
    /// The address to be reached at.
    #[error("cannot be reached at {address}: {source}")]
    Listen {
        /// Which.
        address: SocketAddr,
        /// Why.
        source: io::Error,
    },
}

/// Who may talk to a counter: the counters of its branch.
pub(crate) struct SameBranch {
    own: Peer,
    list: Arc<dyn DeviceList>,
}

impl SameBranch {
    /// Why a device is not spoken to.
    pub(crate) fn refusal(&self, peer: &Peer) -> Option<Admission> {
        let neighbour = peer.role == PeerRole::Counter
            && peer.branch == self.own.branch
            && peer.site != self.own.site;
        if !neighbour {
            return Some(Admission::Unknown);
        }
        self.list
            .is_revoked(peer.site)
            .then_some(Admission::Revoked)
    }
}

impl Authoriser for SameBranch {
    /// A counter enrols nobody.
    fn redeem(&self, _: &str, _: SiteId, _: [u8; 32]) -> Result<String, EnrolRefusal> {
        Err(EnrolRefusal::Unknown)
    }

    fn admit(&self, device: &Device) -> Admission {
        self.refusal(&device.peer).unwrap_or(Admission::Granted)
    }
}

/// The neighbours of a counter; dropping it hangs up.
pub struct Neighbours {
    book: Arc<Book>,
    wake: Wake,
    branch: String,
    written: watch::Sender<u64>,
    address: Option<SocketAddr>,
    _tasks: JoinSet<()>,
    _announced: Option<discover::Announced>,
}

impl fmt::Debug for Neighbours {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Neighbours({:?})", self.address)
    }
}

impl Neighbours {
    /// Starts serving and dialling on the current runtime. A counter whose certificate is not for
    /// being dialled dials only, until it is renewed.
    ///
    /// # Errors
    /// When the identity is damaged or the address is taken.
    pub async fn start<S: Store + Send + 'static>(
        config: NeighboursConfig,
        store: Arc<Mutex<S>>,
    ) -> Result<Self, NeighboursError> {
        let own = config.identity.device()?.peer;
        let branch = own.branch.clone();
        let book = Arc::new(Book::new(own.site));
        let gate = Arc::new(SameBranch {
            own: own.clone(),
            list: Arc::clone(&config.list),
        });
        let wake = Wake::new();
        let written = watch::Sender::new(0);
        let mut tasks = JoinSet::new();
        let address = match listening(&config).await? {
            Some(listener) => {
                let address = listener.local_addr().ok();
                let served = Served {
                    store: Arc::clone(&store),
                    authoriser: Arc::clone(&gate) as Arc<dyn Authoriser>,
                    wake: wake.clone(),
                    clock: config.clock.clone(),
                    limits: config.limits,
                    book: Some(Arc::clone(&book)),
                };
                let tls = neighbour_config(&config.identity, &config.clock)?;
                let router = talking(End::new(served, None));
                let book = Arc::clone(&book);
                tasks.spawn(async move {
                    let never = std::future::pending();
                    let served = answer_all(listener, tls, router, Some(book), never).await;
                    if let Err(error) = served {
                        tracing::error!(%error, "neighbours' socket is broken");
                    }
                });
                address
            }
            None => None,
        };
        let dialler = Arc::new(dial::Dialler {
            own,
            gate,
            book: Arc::clone(&book),
            tls: device_config(&config.identity, &config.clock)?,
            clock: config.clock.clone(),
            random: Arc::clone(&config.random),
            limits: config.limits,
            store,
            written: written.subscribe(),
        });
        for address in config.addresses.iter().take(NEIGHBOURS_MAX).cloned() {
            tasks.spawn(Arc::clone(&dialler).call(address));
        }
        let announced = discover::start(&dialler, config.discovery, address, &mut tasks);
        Ok(Self {
            book,
            wake,
            branch,
            written,
            address,
            _tasks: tasks,
            _announced: announced,
        })
    }

    /// To be called after every commit at this counter: it is told at once.
    pub fn local_change(&self) {
        self.written
            .send_modify(|count| *count = count.wrapping_add(1));
        self.wake.branch(&self.branch);
    }

    /// Who is connected; changes as they come and go.
    pub fn status(&self) -> watch::Receiver<NeighboursStatus> {
        self.book.status()
    }

    /// Where this counter is reached, if it is.
    pub fn address(&self) -> Option<SocketAddr> {
        self.address
    }
}

/// Opens the address, where there is one and the certificate is for it.
async fn listening(config: &NeighboursConfig) -> Result<Option<TcpListener>, NeighboursError> {
    let Some(address) = config.listen else {
        return Ok(None);
    };
    let leaf = certificate_from_pem(&config.identity.certificate_pem)?;
    if !term_of(&leaf).is_ok_and(|term| term.serves_neighbours) {
        tracing::info!("neighbours cannot dial this counter before its certificate is renewed");
        return Ok(None);
    }
    match TcpListener::bind(address).await {
        Ok(listener) => Ok(Some(listener)),
        Err(source) => Err(NeighboursError::Listen { address, source }),
    }
}
