//! The answering end: TLS listener, who may speak, and the conversation over HTTP. The hub's, and
//! with the two conversation paths only, a counter's for its neighbours.
//!
//! | path | certificate | what |
//! |---|---|---|
//! | `POST /enrol` | none | one-time code and certificate request → certificate |
//! | `POST /sync/v1` | device's | frames of one round in, frames of the answer out |
//! | `POST /renew` | device's, also expired | certificate request for the same key → certificate |
//! | `POST /health` | device's | what the device tells of its own state |
//! | `POST /standby` | device's | what the machine asks that stands by for head office |
//! | `GET /sync/v1/wait?seen=N` | device's | returns when the branch's count is not N, at most 25 s |
//!
//! Every round stands by itself (`sync_engine`), so the server remembers nothing between requests.

mod callers;
mod enrol;
mod health;
mod rounds;
mod standby;

use std::fmt;
use std::future::Future;
use std::io;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::routing::{get, post};
use hyper::Request;
use hyper::body::Incoming;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto::Builder;
use rustls::ServerConfig;
use sync_engine::{Limits, Store};
use sync_protocol::SiteId;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;
use tokio::task::JoinSet;
use tokio_rustls::TlsAcceptor;
use tower::ServiceExt as _;

use crate::authority::Authority;
use crate::certificate::{Device, device_of, term_of};
use crate::clock::Clock;
use crate::courier::CourierRecipient;
use crate::enrolment::{EnrolRefusal, Predecessor};
use crate::neighbours::Book;
use crate::wake::Wake;

use callers::Callers;
pub(crate) use rounds::NEWS;

/// Most connections at a time: two for each counter of a large city.
const CONNECTIONS_MAX: usize = 512;

/// Most rounds worked on at a time; the others wait their turn once they are there, so that a slow
/// line holds up nobody but itself.
const ROUNDS_MAX: usize = 8;

/// Longest a connection without a certificate lives: to enrol is one request.
const STRANGER: Duration = Duration::from_mins(1);

const HANDSHAKE: Duration = Duration::from_secs(10);
/// The other end asks more often; this one only to give up the place of somebody who has gone.
const KEEP_ALIVE: Duration = Duration::from_secs(30);
const ANSWER: Duration = Duration::from_secs(10);
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);

/// Whether a device may speak.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Admission {
    /// It may.
    Granted,
    /// Its certificate was revoked.
    Revoked,
    /// It was never enrolled here, or with another key.
    Unknown,
}

/// Who may enrol and who may speak; what the hub's database knows. Methods block and are called
/// off the async threads.
pub trait Authoriser: Send + Sync + 'static {
    /// Redeems a one-time code for a device; returns its branch, two digits. `key` is the SHA-256
    /// of its public key. The same code with the same site and key may come again, because the
    /// reply can be lost; it is to be granted again then.
    ///
    /// # Errors
    /// Why the code is not redeemed.
    fn redeem(&self, code: &str, site: SiteId, key: [u8; 32]) -> Result<String, EnrolRefusal>;

    /// Whether a code is for an appliance that goes on for the device `replaces` with a copy of its
    /// database; asked before the code is redeemed, so that a wrong one is not used up.
    ///
    /// # Errors
    /// Why it is not.
    fn may_replace(&self, _code: &str, _replaces: SiteId) -> Result<(), EnrolRefusal> {
        Err(EnrolRefusal::OtherDevice)
    }

    /// The device an enrolled one goes on for, with the links of its log behind `log_after`, at most
    /// `links_max`; `None` when it is the first at its place.
    ///
    /// # Errors
    /// When that cannot be told now; the same code may be tried again.
    fn predecessor(
        &self,
        _site: SiteId,
        _log_after: u64,
        _links_max: u32,
    ) -> Result<Option<Predecessor>, EnrolRefusal> {
        Ok(None)
    }

    /// Whether the device its certificate names may speak; asked for every request.
    fn admit(&self, device: &Device) -> Admission;

    /// Hears whom courier files for a device are encrypted to, when it enrols or renews.
    fn courier_key(&self, _site: SiteId, _key: &CourierRecipient) {}

    /// Hears the version of the device's program at each round; nothing depends on it.
    fn heard(&self, _device: &Device, _program: &str) {}

    /// Hears what a device tells of its own state, as it came; nothing depends on it.
    fn health(&self, _device: &Device, _report: &[u8]) {}

    /// Answers what the machine asks that stands by for head office; `None` when this end answers
    /// no such thing, or not to this device.
    fn standby(&self, _device: &Device, _question: &[u8]) -> Option<Vec<u8>> {
        None
    }
}

/// What the server serves. Cloning shares it.
pub struct Hub<S> {
    /// The hub's database.
    pub store: Arc<Mutex<S>>,
    /// Who may enrol and speak.
    pub authoriser: Arc<dyn Authoriser>,
    /// Signs certificates at enrolment.
    pub authority: Arc<Authority>,
    /// Counts what is new.
    pub wake: Wake,
    /// The time.
    pub clock: Clock,
    /// How much one answer may say.
    pub limits: Limits,
}

impl<S> fmt::Debug for Hub<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Hub")
    }
}

impl<S> Clone for Hub<S> {
    fn clone(&self) -> Self {
        Self {
            store: Arc::clone(&self.store),
            authoriser: Arc::clone(&self.authoriser),
            authority: Arc::clone(&self.authority),
            wake: self.wake.clone(),
            clock: self.clock.clone(),
            limits: self.limits,
        }
    }
}

/// What any end serves; the parts of [`Hub`] that a conversation needs.
pub(crate) struct Served<S> {
    pub(crate) store: Arc<Mutex<S>>,
    pub(crate) authoriser: Arc<dyn Authoriser>,
    pub(crate) wake: Wake,
    pub(crate) clock: Clock,
    pub(crate) limits: Limits,
    /// Who is talking, where counters serve one another; `None` at head office.
    pub(crate) book: Option<Arc<Book>>,
}

/// The server's shared state.
pub(crate) struct End<S> {
    pub(crate) hub: Arc<Served<S>>,
    /// Signs certificates; head office's only.
    pub(crate) authority: Option<Arc<Authority>>,
    rounds: Arc<Semaphore>,
    arriving: Arc<Callers>,
}

impl<S> Clone for End<S> {
    fn clone(&self) -> Self {
        Self {
            hub: Arc::clone(&self.hub),
            authority: self.authority.clone(),
            rounds: Arc::clone(&self.rounds),
            arriving: Arc::clone(&self.arriving),
        }
    }
}

impl<S> End<S> {
    pub(crate) fn new(served: Served<S>, authority: Option<Arc<Authority>>) -> Self {
        Self {
            hub: Arc::new(served),
            authority,
            rounds: Arc::new(Semaphore::new(ROUNDS_MAX)),
            arriving: Callers::arriving(),
        }
    }
}

/// Who sent a request, as the certificate says; `None` without one.
#[derive(Clone)]
pub(crate) struct Caller {
    pub(crate) device: Option<Device>,
    /// Until when its certificate holds, seconds since 1970.
    pub(crate) until_s: i64,
}

/// Serves until `shutdown` completes; connections still open are cut then, which loses nothing.
///
/// # Errors
/// Only when the listener's own socket is broken.
pub async fn serve<S: Store + Send + 'static>(
    listener: TcpListener,
    tls: Arc<ServerConfig>,
    hub: Hub<S>,
    shutdown: impl Future<Output = ()> + Send,
) -> io::Result<()> {
    let served = Served {
        store: hub.store,
        authoriser: hub.authoriser,
        wake: hub.wake,
        clock: hub.clock,
        limits: hub.limits,
        book: None,
    };
    let end = End::new(served, Some(hub.authority));
    let router = talking(end.clone()).merge(enrolling(end));
    answer_all(listener, tls, router, None, shutdown).await
}

/// Takes connections until `shutdown` completes.
pub(crate) async fn answer_all(
    listener: TcpListener,
    tls: Arc<ServerConfig>,
    router: Router,
    book: Option<Arc<Book>>,
    shutdown: impl Future<Output = ()> + Send,
) -> io::Result<()> {
    let acceptor = TlsAcceptor::from(tls);
    let room = Arc::new(Semaphore::new(CONNECTIONS_MAX));
    let callers = Callers::connections();
    let mut connections = JoinSet::new();
    let mut shutdown = std::pin::pin!(shutdown);
    listener.local_addr()?;
    loop {
        let accepted = tokio::select! {
            () = &mut shutdown => return Ok(()),
            Some(_) = connections.join_next() => continue,
            accepted = accept(&listener, &room) => accepted,
        };
        let Some((socket, permit)) = accepted else {
            continue;
        };
        let (acceptor, router) = (acceptor.clone(), router.clone());
        let (book, callers) = (book.clone(), Arc::clone(&callers));
        connections.spawn(async move {
            connection(socket, acceptor, router, book, callers).await;
            drop(permit);
        });
    }
}

async fn accept(
    listener: &TcpListener,
    room: &Arc<Semaphore>,
) -> Option<(TcpStream, tokio::sync::OwnedSemaphorePermit)> {
    let permit = Arc::clone(room).acquire_owned().await.ok()?;
    match listener.accept().await {
        Ok((socket, _)) => Some((socket, permit)),
        Err(error) => {
            tracing::warn!(%error, "connection not accepted");
            tokio::time::sleep(ACCEPT_PAUSE).await;
            None
        }
    }
}

/// The paths of head office alone.
fn enrolling<S: Store + Send + 'static>(end: End<S>) -> Router {
    Router::new()
        .route("/enrol", post(enrol::enrol::<S>))
        .route("/renew", post(enrol::renew::<S>))
        .route("/health", post(health::health::<S>))
        .route("/standby", post(standby::standby::<S>))
        .with_state(end)
}

/// The conversation's paths.
pub(crate) fn talking<S: Store + Send + 'static>(end: End<S>) -> Router {
    Router::new()
        .route("/sync/v1", post(rounds::round::<S>))
        .route("/sync/v1/wait", get(rounds::wait::<S>))
        .with_state(end)
}

async fn connection(
    socket: TcpStream,
    acceptor: TlsAcceptor,
    router: Router,
    book: Option<Arc<Book>>,
    callers: Arc<Callers>,
) {
    if let Err(error) = socket.set_nodelay(true) {
        tracing::debug!(%error, "socket option");
    }
    let stream = match tokio::time::timeout(HANDSHAKE, acceptor.accept(socket)).await {
        Ok(Ok(stream)) => stream,
        Ok(Err(error)) => return tracing::warn!(%error, "TLS handshake refused"),
        Err(_) => return tracing::debug!("TLS handshake took too long"),
    };
    let (_, tls) = stream.get_ref();
    let certificate = tls.peer_certificates().and_then(|chain| chain.first());
    let caller = Caller {
        device: certificate.and_then(|leaf| device_of(leaf).ok()),
        until_s: certificate.map_or(0, |leaf| term_of(leaf).map_or(0, |term| term.until_s)),
    };
    let site = caller.device.as_ref().map(|device| device.peer.site);
    let Some(_counted) = callers.enter(site) else {
        return tracing::warn!(?site, "too many connections of one caller");
    };
    let _open = match (&book, &caller.device) {
        (Some(book), Some(device)) => Some(book.opened(device.peer.site)),
        (_, _) => None,
    };
    let service = hyper::service::service_fn(move |mut request: Request<Incoming>| {
        request.extensions_mut().insert(caller.clone());
        router.clone().oneshot(request.map(Body::new))
    });
    let mut builder = Builder::new(TokioExecutor::new());
    builder
        .http1()
        .timer(TokioTimer::new())
        .header_read_timeout(HANDSHAKE);
    builder
        .http2()
        .timer(TokioTimer::new())
        .keep_alive_interval(KEEP_ALIVE)
        .keep_alive_timeout(ANSWER)
        .max_concurrent_streams(16);
    let serving = builder.serve_connection(TokioIo::new(stream), service);
    let ended = match site {
        Some(_) => serving.await,
        None => match tokio::time::timeout(STRANGER, serving).await {
            Ok(ended) => ended,
            Err(_) => return tracing::debug!("connection without a certificate cut"),
        },
    };
    if let Err(error) = ended {
        tracing::debug!(%error, "connection ended");
    }
}
