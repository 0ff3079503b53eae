//! Calling a neighbour, and talking as long as the line holds.

use std::sync::{Arc, Mutex};

use hyper::StatusCode;
use rustls::ClientConfig;
use sync_engine::{Limits, Peer, Session, Store};
use tokio::sync::watch;

use super::{Book, SameBranch};
use crate::clock::Clock;
use crate::frames::encode_round;
use crate::link::{
    Cause, ConnectError, HubAddress, Line, Pause, Stop, locked, receive_all, refused_by, stop_of,
};
use crate::server::Admission;

/// Calls in vain, about one a second, after which a counter found by multicast is forgotten.
const CALLS_IN_VAIN_MAX: u32 = 600;

/// Calls neighbours; shared by all calls.
pub(super) struct Dialler<S> {
    pub(super) own: Peer,
    pub(super) gate: Arc<SameBranch>,
    pub(super) book: Arc<Book>,
    pub(super) tls: Arc<ClientConfig>,
    pub(super) clock: Clock,
    pub(super) random: Arc<dyn Fn() -> u64 + Send + Sync>,
    pub(super) limits: Limits,
    pub(super) store: Arc<Mutex<S>>,
    pub(super) written: watch::Receiver<u64>,
}

/// What one call came to.
enum Call {
    /// It is ourselves: never again.
    Own,
    /// They call us; ours is not needed while they do.
    Theirs(Peer),
    /// It ended; try again after a pause.
    Ended(Cause),
}

impl<S: Store + Send + 'static> Dialler<S> {
    /// Calls one address for ever.
    pub(super) async fn call(self: Arc<Self>, address: HubAddress) {
        let mut pause = Pause::default();
        while self.call_once(&address, &mut pause).await {}
    }

    /// As [`Self::call`], until nobody answers for ten minutes.
    pub(super) async fn call_while_there(self: Arc<Self>, address: HubAddress) {
        let mut pause = Pause::default();
        while pause.failures() < CALLS_IN_VAIN_MAX && self.call_once(&address, &mut pause).await {}
    }

    /// One call and the pause behind it; `false` when there is no sense in another.
    async fn call_once(&self, address: &HubAddress, pause: &mut Pause) -> bool {
        let call = match Line::to_counter(address, Arc::clone(&self.tls)).await {
            Ok(line) => self.talk(&line, pause).await,
            Err(ConnectError::Line) => Call::Ended(Cause::Line),
            Err(ConnectError::Refused(_)) => Call::Ended(Cause::Hub),
        };
        match call {
            Call::Own => return false,
            Call::Theirs(peer) => self.book.until_yielding(peer.site, false).await,
            Call::Ended(cause) => {
                tokio::time::sleep(pause.next(cause, (self.random)())).await;
            }
        }
        true
    }

    async fn talk(&self, line: &Line, pause: &mut Pause) -> Call {
        let peer = &line.device.peer;
        if peer.site == self.own.site {
            return Call::Own;
        }
        if self.book.yields_to(peer.site) {
            return Call::Theirs(peer.clone());
        }
        if let Some(admission) = self.refusal(peer).await {
            tracing::warn!(site = %peer.site, ?admission, "neighbour not spoken to");
            return Call::Ended(Cause::Hub);
        }
        tokio::select! {
            stop = self.converse(line, pause) => Call::Ended(match stop {
                Stop::Line => Cause::Line,
                Stop::Refused(_) | Stop::Trouble => Cause::Hub,
            }),
            () = self.book.until_yielding(peer.site, true) => Call::Theirs(peer.clone()),
        }
    }

    /// Asks the list off the async threads; when that fails nobody is spoken to.
    async fn refusal(&self, peer: &Peer) -> Option<Admission> {
        let (gate, peer) = (Arc::clone(&self.gate), peer.clone());
        let asking = tokio::task::spawn_blocking(move || gate.refusal(&peer));
        asking.await.unwrap_or(Some(Admission::Unknown))
    }

    /// Talks on one connection until it ends.
    async fn converse(&self, line: &Line, pause: &mut Pause) -> Stop {
        let peer = line.device.peer.clone();
        let mut session = Session::new(peer.clone(), self.limits)
            .between_counters()
            .subscribed_to(vec![self.own.branch.clone()]);
        let mut written = self.written.clone();
        let mut seen = 0;
        let mut entry = None;
        loop {
            if self.refusal(&peer).await.is_some() {
                tracing::warn!(site = %peer.site, "neighbour was revoked");
                return Stop::Trouble;
            }
            written.mark_unchanged();
            session.try_again();
            session = match self.burst(line, session, &mut seen).await {
                Ok(session) => session,
                Err(stop) => return stop,
            };
            pause.reset();
            entry.get_or_insert_with(|| self.book.called(peer.site));
            if let Err(stop) = until_news(line, &mut written, seen).await {
                return stop;
            }
        }
    }

    /// Talks until neither end has news.
    async fn burst(
        &self,
        line: &Line,
        mut session: Session,
        seen: &mut u64,
    ) -> Result<Session, Stop> {
        loop {
            let (store, now) = (Arc::clone(&self.store), self.clock.now());
            let working = tokio::task::spawn_blocking(move || {
                let round = locked(&store, |store| session.round(store, now));
                (session, round)
            });
            let (back, round) = working.await.map_err(|_| Stop::Trouble)?;
            session = back;
            let round = round.map_err(|error| {
                tracing::error!(%error, "store refused a round");
                Stop::Trouble
            })?;
            if !round.news {
                return Ok(session);
            }
            let frames = encode_round(&round.messages, session.version());
            let reply = line.post("/sync/v1", frames).await?;
            if let Some(news) = reply.news {
                *seen = news;
            }
            if reply.status != StatusCode::OK {
                return Err(refused_by(&reply));
            }
            let (store, now) = (Arc::clone(&self.store), self.clock.now());
            let working =
                tokio::task::spawn_blocking(move || receive_all(session, &store, &reply.body, now));
            session = working.await.map_err(|_| Stop::Trouble)??;
            for reason in &session.take_effects().quarantined {
                tracing::warn!(reason, "batch of a neighbour kept aside");
            }
            if let Some(ending) = session.ending() {
                return Err(stop_of(ending));
            }
        }
    }
}

/// Returns when this counter or the neighbour has something new.
async fn until_news(
    line: &Line,
    written: &mut watch::Receiver<u64>,
    seen: u64,
) -> Result<(), Stop> {
    let path = format!("/sync/v1/wait?seen={seen}");
    loop {
        let reply = tokio::select! {
            changed = written.changed() => return changed.map_err(|_| Stop::Line),
            reply = line.get(&path) => reply?,
        };
        match (reply.status, reply.news) {
            (StatusCode::NO_CONTENT, Some(news)) if news == seen => {}
            (StatusCode::NO_CONTENT, _) => return Ok(()),
            (_, _) => return Err(refused_by(&reply)),
        }
    }
}
