//! One line: a client that dials and a server that answers, with everything under way between them.

use anyhow::{Result, ensure};
use sync_engine::{Limits, Session};
use sync_protocol::{Message, encode_for, version};

use crate::chance::Chance;

/// Who answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Server {
    Hub,
    /// Another counter of the same branch.
    Counter(usize),
}

/// Which end something is on the way to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum To {
    Client,
    Server,
}

/// A request or an answer under way.
#[derive(Debug)]
pub(crate) struct Body {
    pub(crate) due_ms: u64,
    pub(crate) to: To,
    pub(crate) bytes: Vec<u8>,
    /// What becomes of the answer.
    pub(crate) entropy: u64,
}

/// One line.
#[derive(Debug)]
pub(crate) struct Line {
    /// The counter that dials.
    pub(crate) client: usize,
    pub(crate) server: Server,
    pub(crate) up: bool,
    pub(crate) session: Option<Session>,
    /// Newest version that the older program of both ends speaks.
    pub(crate) newest: u8,
    /// Bytes it carries a second; 0 for as many as there are.
    pub(crate) bytes_a_second: u64,
    /// Until when it is busy with what was handed to it.
    busy_until_ms: u64,
    under_way: Vec<Body>,
}

/// The version that whoever answers these messages speaks with who said them.
pub(crate) fn spoken_with(messages: &[Message]) -> u8 {
    let mut messages = messages.iter().cloned();
    let newest = messages.find_map(|mut message| Some(message.hello_mut()?.version_current));
    newest.map_or(version::MIN, |newest| newest.min(version::CURRENT))
}

/// Small, so that a backlog takes several rounds.
pub(crate) const LIMITS: Limits = Limits {
    round_bytes: 24 << 10,
    batch_bytes: 6 << 10,
    part_bytes: 4 << 10,
    blobs_wanted: 3,
};

impl Line {
    pub(crate) fn new(client: usize, server: Server, newest: u8) -> Self {
        Self {
            client,
            server,
            up: true,
            session: None,
            newest,
            bytes_a_second: 0,
            busy_until_ms: 0,
            under_way: Vec::new(),
        }
    }

    pub(crate) fn cut(&mut self) {
        self.up = false;
        self.busy_until_ms = 0;
        self.under_way.clear();
    }

    /// Hands something to the line; it may be lost, late, doubled or cut short on the way.
    pub(crate) fn carry(&mut self, to: To, mut bytes: Vec<u8>, now_ms: u64, entropy: u64) {
        let mut chance = Chance::new(entropy);
        if !self.up || chance.percent(8) {
            return;
        }
        // TLS lets nothing through that was changed; a body may end early.
        if chance.percent(3) {
            bytes.truncate(chance.index(bytes.len()));
        }
        let late = if chance.percent(15) { 30_000 } else { 400 };
        let copies = if chance.percent(6) { 2 } else { 1 };
        for _ in 0..copies {
            let sent_ms = self.time_to_send(bytes.len(), now_ms);
            self.under_way.push(Body {
                due_ms: sent_ms + chance.below(late),
                to,
                bytes: bytes.clone(),
                entropy: chance.number(),
            });
        }
    }

    /// A round as it goes over this line between two ends that speak `spoken` with each other.
    pub(crate) fn in_bytes(&self, messages: &[Message], spoken: u8) -> Result<Vec<u8>> {
        let mut bytes = Vec::new();
        for message in messages {
            let readable = message.since() <= spoken;
            ensure!(readable, "an end is told what its program cannot read");
            let mut message = message.clone();
            if let Some(hello) = message.hello_mut() {
                hello.version_current = hello.version_current.min(self.newest);
            }
            bytes.extend(encode_for(&message, spoken)?);
        }
        Ok(bytes)
    }

    /// When the last byte is on its way.
    fn time_to_send(&mut self, bytes: usize, now_ms: u64) -> u64 {
        let bytes = u64::try_from(bytes).unwrap_or(u64::MAX);
        let takes_ms = bytes.saturating_mul(1000).checked_div(self.bytes_a_second);
        self.busy_until_ms = self.busy_until_ms.max(now_ms) + takes_ms.unwrap_or(0);
        self.busy_until_ms
    }

    /// Carries without any accident.
    pub(crate) fn carry_well(&mut self, to: To, bytes: Vec<u8>, now_ms: u64) {
        let due_ms = now_ms;
        self.under_way.push(Body {
            due_ms,
            to,
            bytes,
            entropy: 0,
        });
    }

    /// The earliest thing that is due by now.
    pub(crate) fn due(&mut self, now_ms: u64) -> Option<Body> {
        let (at, _) = self
            .under_way
            .iter()
            .enumerate()
            .filter(|(_, body)| body.due_ms <= now_ms)
            .min_by_key(|(_, body)| body.due_ms)?;
        Some(self.under_way.remove(at))
    }
}
