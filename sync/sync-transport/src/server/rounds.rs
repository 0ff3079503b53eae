//! `POST /sync/v1` and its wake.

use std::sync::{Arc, PoisonError};
use std::time::Duration;

use axum::Extension;
use axum::body::{Body, Bytes};
use axum::extract::{Query, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use http_body_util::{BodyExt as _, Limited};
use serde::Deserialize;
use sync_engine::{Ending, Session, Store};
use sync_protocol::limits::BODY_BYTES_MAX;
use sync_protocol::{About, DecodeError, Message, Reason, decode_all, encode_all, version};

use super::{Admission, Caller, End, Served};
use crate::certificate::Device;
use crate::frames::encode_round;

/// Header that tells the branch's count as of before the answer was made.
pub(crate) const NEWS: &str = "todoke-news";

const WAIT: Duration = Duration::from_secs(25);
const BODY: Duration = Duration::from_mins(1);

/// Whether a certificate whose time is over will do.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Expiry {
    /// To renew it.
    Allowed,
    /// For everything else.
    Refused,
}

/// A refusal as HTTP says it and as the conversation says it.
pub(super) struct Refusal {
    status: StatusCode,
    about: About,
    reason: Reason,
}

impl Refusal {
    fn conversation(status: StatusCode, reason: Reason) -> Self {
        Self {
            status,
            about: About::Conversation,
            reason,
        }
    }

    fn request(status: StatusCode, reason: Reason) -> Self {
        Self {
            status,
            about: About::Request,
            reason,
        }
    }

    pub(super) fn into_response(self) -> Response {
        let message = Message::Refused {
            about: self.about,
            reason: self.reason,
        };
        (self.status, encode_all(&[message]).unwrap_or_default()).into_response()
    }
}

/// What a round came to.
struct Answer {
    frames: Vec<u8>,
    news: u64,
}

pub(super) async fn round<S: Store + Send + 'static>(
    State(end): State<End<S>>,
    Extension(caller): Extension<Caller>,
    headers: HeaderMap,
    body: Body,
) -> Response {
    match answered(end, caller, &headers, body).await {
        Ok(answer) => ([(NEWS, answer.news.to_string())], answer.frames).into_response(),
        Err(refusal) => refusal.into_response(),
    }
}

async fn answered<S: Store + Send + 'static>(
    end: End<S>,
    caller: Caller,
    headers: &HeaderMap,
    body: Body,
) -> Result<Answer, Refusal> {
    let device = admitted(&end, caller, Expiry::Refused).await?;
    let unavailable = || Refusal::request(StatusCode::SERVICE_UNAVAILABLE, Reason::Unavailable);
    // Whoever sends no faster than its line allows must not keep the turn of somebody who is there.
    let arriving = end.arriving.enter(Some(device.peer.site));
    let arriving = arriving.ok_or_else(unavailable)?;
    let bytes = bounded(headers, body, &device).await?;
    let turn = Arc::clone(&end.rounds).acquire_owned().await;
    let turn = turn.map_err(|_| unavailable())?;
    let program = program(headers);
    let answering = tokio::task::spawn_blocking(move || {
        end.hub.authoriser.heard(&device, &program);
        let answer = answer(&end.hub, &device, &bytes);
        drop((turn, arriving));
        answer
    });
    answering.await.map_err(|_| unavailable())?
}

/// What the other end says its program is; empty when it does not.
fn program(headers: &HeaderMap) -> String {
    let agent = headers.get(header::USER_AGENT);
    let agent = agent.and_then(|value| value.to_str().ok()?.strip_prefix("todoke/"));
    agent.unwrap_or_default().to_owned()
}

pub(super) async fn admitted<S: Send + 'static>(
    end: &End<S>,
    caller: Caller,
    expiry: Expiry,
) -> Result<Device, Refusal> {
    let not_enrolled = || Refusal::conversation(StatusCode::UNAUTHORIZED, Reason::NotEnrolled);
    let Some(device) = caller.device else {
        tracing::warn!("request without a certificate refused");
        return Err(not_enrolled());
    };
    let now_s = i64::try_from(end.hub.clock.now().unix_ms / 1000).unwrap_or(i64::MAX);
    if expiry == Expiry::Refused && now_s > caller.until_s {
        tracing::warn!(site = %device.peer.site, "expired certificate refused");
        return Err(not_enrolled());
    }
    let authoriser = Arc::clone(&end.hub.authoriser);
    let asking = tokio::task::spawn_blocking(move || (authoriser.admit(&device), device));
    let Ok((admission, device)) = asking.await else {
        return Err(Refusal::request(
            StatusCode::SERVICE_UNAVAILABLE,
            Reason::Unavailable,
        ));
    };
    let reason = match admission {
        Admission::Granted => return Ok(device),
        Admission::Revoked => Reason::Revoked,
        Admission::Unknown => Reason::NotEnrolled,
    };
    tracing::warn!(site = %device.peer.site, ?reason, "device refused");
    Err(Refusal::conversation(StatusCode::FORBIDDEN, reason))
}

async fn bounded(headers: &HeaderMap, body: Body, device: &Device) -> Result<Bytes, Refusal> {
    let too_large = || {
        tracing::warn!(site = %device.peer.site, "oversized request refused");
        Refusal::request(StatusCode::PAYLOAD_TOO_LARGE, Reason::TooLarge)
    };
    let announced = headers
        .get(header::CONTENT_LENGTH)
        .and_then(|value| value.to_str().ok());
    let announced = announced.and_then(|text| text.parse::<usize>().ok());
    if announced.is_some_and(|bytes| bytes > BODY_BYTES_MAX) {
        return Err(too_large());
    }
    let reading = Limited::new(body, BODY_BYTES_MAX).collect();
    match tokio::time::timeout(BODY, reading).await {
        Ok(Ok(body)) => Ok(body.to_bytes()),
        Ok(Err(error)) if error.is::<http_body_util::LengthLimitError>() => Err(too_large()),
        Ok(Err(_)) | Err(_) => Err(Refusal::request(
            StatusCode::REQUEST_TIMEOUT,
            Reason::Unavailable,
        )),
    }
}

/// Takes a round and makes the answer. The store is locked message by message, so that nobody
/// waits for a whole round.
fn answer<S: Store>(hub: &Served<S>, device: &Device, bytes: &[u8]) -> Result<Answer, Refusal> {
    let peer = &device.peer;
    let messages = decode_all(bytes).map_err(|error| {
        tracing::warn!(site = %peer.site, %error, "malformed request refused");
        if let DecodeError::Version { .. } = error {
            let reason = Reason::Version {
                min: version::MIN,
                current: version::CURRENT,
            };
            return Refusal::conversation(StatusCode::BAD_REQUEST, reason);
        }
        Refusal::request(StatusCode::BAD_REQUEST, Reason::Malformed)
    })?;
    let in_trouble = |error: S::Error| {
        tracing::error!(site = %peer.site, %error, "store refused a round");
        Refusal::request(StatusCode::SERVICE_UNAVAILABLE, Reason::Unavailable)
    };
    let store = || hub.store.lock().unwrap_or_else(PoisonError::into_inner);
    let now = hub.clock.now();
    let mut session = Session::new(peer.clone(), hub.limits);
    if let Some(book) = &hub.book {
        session = session.between_counters();
        book.talks(peer.site);
    }
    for message in messages {
        let mut store = store();
        session
            .receive(&mut *store, message, now)
            .map_err(in_trouble)?;
    }
    if let Some(Ending::ByUs(reason @ Reason::RolledBack { .. })) = session.ending() {
        tracing::error!(site = %peer.site, ?reason, "device refused");
    }
    let effects = session.take_effects();
    for reason in &effects.quarantined {
        tracing::warn!(site = %peer.site, reason, "batch kept aside");
    }
    if effects.any() && hub.book.is_none() {
        hub.wake.branch(&peer.branch);
    }
    let news = hub.wake.news(&peer.branch);
    let round = session.round(&mut *store(), now).map_err(in_trouble)?;
    Ok(Answer {
        frames: encode_round(&round.messages, session.version()),
        news,
    })
}

/// What the caller has seen; nothing asks for the count at once.
#[derive(Deserialize)]
pub(super) struct Seen {
    seen: Option<u64>,
}

pub(super) async fn wait<S: Store + Send + 'static>(
    State(end): State<End<S>>,
    Extension(caller): Extension<Caller>,
    Query(Seen { seen }): Query<Seen>,
) -> Response {
    let device = match admitted(&end, caller, Expiry::Refused).await {
        Ok(device) => device,
        Err(refusal) => return refusal.into_response(),
    };
    let wake = &end.hub.wake;
    let news = match seen {
        Some(seen) => wake.wait(&device.peer.branch, seen, WAIT).await,
        None => wake.news(&device.peer.branch),
    };
    ([(NEWS, news.to_string())], StatusCode::NO_CONTENT).into_response()
}
