//! The answering end of one round: what a server does with a request. It remembers nothing between
//! two.

use sync_protocol::Message;

use crate::{Effects, Limits, Moment, Peer, Session, Store};

/// What a request came to.
#[derive(Debug)]
pub struct Answer {
    /// What is said back.
    pub messages: Vec<Message>,
    /// What is on disk now that was not before.
    pub effects: Effects,
}

/// Takes the messages of one request of `peer`, and makes the answer.
///
/// # Errors
/// When the database failed; what was applied before stays applied.
pub fn answer<S: Store>(
    store: &mut S,
    peer: Peer,
    limits: Limits,
    messages: Vec<Message>,
    now: Moment,
) -> Result<Answer, S::Error> {
    let mut session = Session::new(peer, limits);
    for message in messages {
        session.receive(store, message, now)?;
    }
    finish(session, store, now)
}

/// As [`answer`], of a counter to another counter of its branch. A record of the one that asks may
/// have come here by way of head office first, so a small vector tells nothing here.
///
/// # Errors
/// As [`answer`].
pub fn answer_neighbour<S: Store>(
    store: &mut S,
    peer: Peer,
    limits: Limits,
    messages: Vec<Message>,
    now: Moment,
) -> Result<Answer, S::Error> {
    let mut session = Session::new(peer, limits).between_counters();
    for message in messages {
        session.receive(store, message, now)?;
    }
    finish(session, store, now)
}

fn finish<S: Store>(mut session: Session, store: &mut S, now: Moment) -> Result<Answer, S::Error> {
    let effects = session.take_effects();
    let messages = session.round(store, now)?.messages;
    Ok(Answer { messages, effects })
}
