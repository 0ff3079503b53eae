//! The link's task: connect, talk, wait for news from either side, begin again.

use std::sync::{Arc, Mutex, PoisonError};

use hyper::StatusCode;
use rustls::ClientConfig;
use sync_engine::{Ending, Moment, Round, Session, Store};
use sync_protocol::{Message, decode_all};
use tokio::sync::{Notify, watch};

use super::line::Reply;
use super::pause::{Cause, Pause};
use super::status::{LinkRefusal, LinkState, LinkStatus, refusal_in_ending};
use super::{ConnectError, Line, LinkConfig, Report, Telling};
use crate::frames::encode_round;
use crate::renew;
use crate::tls::device_config;

pub(super) struct Talk<S> {
    pub(super) config: LinkConfig,
    pub(super) tls: Arc<ClientConfig>,
    pub(super) branch: String,
    pub(super) store: Arc<Mutex<S>>,
    pub(super) status: watch::Sender<LinkStatus>,
    pub(super) arrivals: watch::Sender<u64>,
    pub(super) changed: Arc<Notify>,
    pub(super) report: Option<Report>,
}

/// Why a conversation stopped.
pub(crate) enum Stop {
    Line,
    Refused(LinkRefusal),
    /// The hub's database, or ours, is in trouble.
    Trouble,
}

impl From<ConnectError> for Stop {
    fn from(error: ConnectError) -> Self {
        match error {
            ConnectError::Line => Self::Line,
            ConnectError::Refused(refusal) => Self::Refused(refusal),
        }
    }
}

impl<S: Store + Send + 'static> Talk<S> {
    pub(super) async fn run(mut self) {
        self.show(LinkState::Connecting);
        let mut pause = Pause::default();
        let mut turn = 0_usize;
        loop {
            let address = self.config.hub.at_turn(turn);
            let stop = match Line::to_hub(address, Arc::clone(&self.tls)).await {
                Ok(line) if self.renewed(&line).await => continue,
                Ok(line) => self.converse(&line, &mut pause).await,
                Err(error) => error.into(),
            };
            let cause = match stop {
                Stop::Line => {
                    self.show_down();
                    Cause::Line
                }
                Stop::Refused(refusal) => {
                    self.show(LinkState::Refused(refusal));
                    Cause::Hub
                }
                Stop::Trouble => {
                    self.show_down();
                    Cause::Hub
                }
            };
            // The hub it last talked to gets a second chance before another one is dialled.
            if pause.failures() > 0 {
                turn = turn.wrapping_add(1);
            }
            tokio::time::sleep(pause.next(cause, (self.config.random)())).await;
        }
    }

    /// Renews the certificate when it is time; the next line uses the new one. What goes wrong with
    /// it keeps nobody from talking, as long as the old one holds.
    async fn renewed(&mut self, line: &Line) -> bool {
        let now = self.config.clock.now().unix_ms;
        let Some(renewal) = &self.config.renewal else {
            return false;
        };
        if !renew::is_due(&self.config.identity, now) {
            return false;
        }
        let renewing = renew::renew(line, &self.config.identity, renewal).await;
        let renewed = renewing.map_err(|error| error.to_string()).and_then(|new| {
            let tls = device_config(&new, &self.config.clock).map_err(|error| error.to_string())?;
            Ok((new, tls))
        });
        match renewed {
            Ok((identity, tls)) if !renew::is_due(&identity, now) => {
                tracing::info!("certificate renewed");
                self.config.identity = identity;
                self.tls = tls;
                true
            }
            Ok(_) => {
                tracing::warn!("hub renews with an earlier kind of certificate");
                false
            }
            Err(error) => {
                tracing::warn!(error, "certificate not renewed");
                false
            }
        }
    }

    /// Talks on one connection until it ends.
    async fn converse(&self, line: &Line, pause: &mut Pause) -> Stop {
        let mut session = Session::new(line.device.peer.clone(), self.config.limits)
            .subscribed_to(vec![self.branch.clone()]);
        let mut seen = 0;
        let mut telling = Telling::NewLine;
        loop {
            session.try_again();
            session = match self.burst(line, session, &mut seen).await {
                Ok(session) => session,
                Err(stop) => return stop,
            };
            pause.reset();
            if let Err(stop) = self.tell_health(line, telling).await {
                return stop;
            }
            telling = Telling::Quiet;
            if let Err(stop) = self.until_news(line, seen).await {
                return stop;
            }
        }
    }

    /// Talks until neither end has news. `seen` becomes the hub's count that the last answer
    /// covers.
    async fn burst(
        &self,
        line: &Line,
        mut session: Session,
        seen: &mut u64,
    ) -> Result<Session, Stop> {
        loop {
            let (back, round) = self.next_round(session).await?;
            session = back;
            if !round.news {
                return Ok(session);
            }
            let frames = encode_round(&round.messages, session.version());
            let reply = line.post("/sync/v1", frames).await?;
            if let Some(news) = reply.news {
                *seen = news;
            }
            session = self.take_reply(session, reply).await?;
        }
    }

    /// Returns when this counter or the hub has something new.
    async fn until_news(&self, line: &Line, seen: u64) -> Result<(), Stop> {
        let path = format!("/sync/v1/wait?seen={seen}");
        loop {
            let reply = tokio::select! {
                () = self.changed.notified() => return Ok(()),
                reply = line.get(&path) => reply?,
            };
            match (reply.status, reply.news) {
                (StatusCode::NO_CONTENT, Some(news)) if news == seen => {
                    self.tell_health(line, Telling::Quiet).await?;
                }
                (StatusCode::NO_CONTENT, _) => return Ok(()),
                (_, _) => return Err(refused_by(&reply)),
            }
        }
    }

    /// Tells the hub how this counter is, when there is something to tell. A hub that does not
    /// listen to that is talked to all the same.
    async fn tell_health(&self, line: &Line, telling: Telling) -> Result<(), Stop> {
        let Some(report) = self.report.clone() else {
            return Ok(());
        };
        let making = tokio::task::spawn_blocking(move || report(telling));
        let Ok(Some(report)) = making.await else {
            return Ok(());
        };
        let reply = line.post("/health", report).await?;
        if !reply.status.is_success() {
            let status = reply.status.as_u16();
            tracing::debug!(status, "hub takes no health report");
        }
        Ok(())
    }

    async fn next_round(&self, mut session: Session) -> Result<(Session, Round), Stop> {
        let store = Arc::clone(&self.store);
        let now = self.config.clock.now();
        let working = tokio::task::spawn_blocking(move || {
            let round = locked(&store, |store| session.round(store, now));
            (session, round)
        });
        match working.await {
            Ok((session, Ok(round))) => Ok((session, round)),
            Ok((_, Err(error))) => Err(in_trouble(&error)),
            Err(_) => Err(Stop::Trouble),
        }
    }

    async fn take_reply(&self, session: Session, reply: Reply) -> Result<Session, Stop> {
        if reply.status != StatusCode::OK {
            return Err(refused_by(&reply));
        }
        let store = Arc::clone(&self.store);
        let now = self.config.clock.now();
        let working =
            tokio::task::spawn_blocking(move || receive_all(session, &store, &reply.body, now));
        let mut session = working.await.map_err(|_| Stop::Trouble)??;
        self.show_effects(&mut session);
        if let Some(ending) = session.ending() {
            return Err(stop_of(ending));
        }
        self.show_talking(&session, now).await?;
        Ok(session)
    }

    fn show_effects(&self, session: &mut Session) {
        let effects = session.take_effects();
        for reason in &effects.quarantined {
            tracing::warn!(reason, "batch kept aside");
        }
        if effects.any() {
            self.arrivals
                .send_modify(|count| *count = count.wrapping_add(1));
        }
    }

    async fn show_talking(&self, session: &Session, now: Moment) -> Result<(), Stop> {
        let store = Arc::clone(&self.store);
        let counting = tokio::task::spawn_blocking(move || {
            locked(&store, |store| {
                let site = store.site();
                Ok((site, store.vector()?.get(&site).copied().unwrap_or(0)))
            })
        });
        let counted = counting.await.map_err(|_| Stop::Trouble)?;
        let (site, own) = counted.map_err(|error: S::Error| in_trouble(&error))?;
        let there = session
            .acknowledged()
            .and_then(|vector| vector.get(&site).copied());
        let all_there = there.unwrap_or(0) >= own;
        let clock_ahead_ms = session.skew_ms().map(i64::saturating_neg);
        self.status.send_if_modified(|status| {
            let before = *status;
            status.state = LinkState::Connected;
            status.clock_ahead_ms = clock_ahead_ms;
            if all_there {
                status.acknowledged_unix_ms = Some(now.unix_ms);
            }
            *status != before
        });
        Ok(())
    }

    fn show(&self, state: LinkState) {
        self.status.send_if_modified(|status| {
            let before = std::mem::replace(&mut status.state, state);
            before != state
        });
    }

    /// Down since the first failure, not since the last.
    fn show_down(&self) {
        let since_unix_ms = self.config.clock.now().unix_ms;
        self.status.send_if_modified(|status| match status.state {
            LinkState::Down { .. } => false,
            LinkState::Unset
            | LinkState::Connecting
            | LinkState::Connected
            | LinkState::Refused(_) => {
                status.state = LinkState::Down { since_unix_ms };
                true
            }
        });
    }
}

pub(crate) fn locked<S, T>(store: &Mutex<S>, work: impl FnOnce(&mut S) -> T) -> T {
    work(&mut store.lock().unwrap_or_else(PoisonError::into_inner))
}

pub(crate) fn receive_all<S: Store>(
    mut session: Session,
    store: &Mutex<S>,
    bytes: &[u8],
    now: Moment,
) -> Result<Session, Stop> {
    let messages = decode_all(bytes).map_err(|error| {
        tracing::warn!(%error, "hub's answer is malformed");
        Stop::Trouble
    })?;
    for message in messages {
        locked(store, |store| session.receive(store, message, now))
            .map_err(|error| in_trouble(&error))?;
    }
    Ok(session)
}

fn in_trouble(error: &impl std::error::Error) -> Stop {
    tracing::error!(%error, "store refused a round");
    Stop::Trouble
}

pub(crate) fn stop_of(ending: &Ending) -> Stop {
    refusal_in_ending(ending).map_or(Stop::Trouble, Stop::Refused)
}

/// What a reply other than 200 says.
pub(crate) fn refused_by(reply: &Reply) -> Stop {
    let messages = decode_all(&reply.body).unwrap_or_default();
    let reason = messages.into_iter().find_map(|message| {
        if let Message::Refused { reason, .. } = message {
            Some(reason)
        } else {
            None
        }
    });
    tracing::warn!(status = reply.status.as_u16(), ?reason, "hub refused");
    reason.map_or(Stop::Trouble, |reason| stop_of(&Ending::ByPeer(reason)))
}
