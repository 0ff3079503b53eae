//! What an end says next.

use std::collections::BTreeSet;

use sync_protocol::limits::{BLOB_OFFERS_MAX, DETAIL_CHARS_MAX};
use sync_protocol::{
    About, DatasetWant, Hello, Message, Reason, Remainder, SiteId, VersionVector, version,
};

use crate::session::{Ending, Ends, Ours, Theirs};
use crate::{Moment, Peer, Round, Session, Store, copies};

/// The dataset that goes before everything else: whose address must not be shown (支援措置).
const PROTECTION: &str = "protection";

/// Most refusals repeated in one round.
const REFUSALS_MAX: usize = 256;

impl Session {
    /// Says what is to be said next, from what is on disk now.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub fn round<S: Store>(&mut self, store: &mut S, now: Moment) -> Result<Round, S::Error> {
        let mut messages = match self.ending() {
            Some(Ending::ByPeer(_)) => Vec::new(),
            Some(Ending::ByUs(reason)) => vec![
                Message::Refused {
                    about: About::Conversation,
                    reason: reason.clone(),
                },
                Message::Done(Remainder::Nothing),
            ],
            None => match self.grounds.question() {
                Some(question) => question,
                None => self.talk(store, now)?,
            },
        };
        let told: Vec<Message> = messages
            .iter()
            .filter(|message| !self.is_log_end(store.site(), message))
            .filter_map(news_in)
            .collect();
        let first_log_end = told.len() < messages.len()
            && !self.ours.log_end_told
            && messages
                .iter()
                .any(|message| self.is_log_end(store.site(), message));
        // Entries that follow from the beginning tell the history as well.
        let entries = |message: &Message| matches!(message, Message::StreamEntries(_));
        self.ours.log_end_told |= first_log_end || messages.iter().any(entries);
        let news = first_log_end || self.says_more(&told);
        self.ours.said = told;
        if news {
            self.ours.passed_over.clear();
        }
        self.shorten(&mut messages);
        Ok(Round { messages, news })
    }

    /// Whether a round says anything that the one before did not. To say less is no news: whoever
    /// answers keeps nothing of the round before.
    fn says_more(&self, told: &[Message]) -> bool {
        let counts = |message: &Message| self.without_passed_over(message);
        let said: Vec<Message> = self.ours.said.iter().map(counts).collect();
        told.iter().any(|message| !said.contains(&counts(message)))
    }

    /// A hello as it counts while the other end has no more to say: how far its site is of which
    /// nothing came but that there is nothing for us can wait for the next round. In a busy city
    /// there is always such a site.
    fn without_passed_over(&self, message: &Message) -> Message {
        let mut message = message.clone();
        if let Message::Hello(hello) = &mut message
            && self.remainder == Remainder::Nothing
        {
            let passed_over = &self.ours.passed_over;
            hello.vector.retain(|site, _| !passed_over.contains(site));
        }
        message
    }

    fn talk<S: Store>(&mut self, store: &mut S, now: Moment) -> Result<Vec<Message>, S::Error> {
        let vector = store.vector()?;
        let mut data = Data::new(self.limits.round_bytes);
        let mut spoken = vec![Message::Hello(self.hello(store, vector.clone(), now))];
        let records_come = self.has_more_records();
        self.tell_held(&mut spoken, store, &vector)?;
        if !records_come {
            self.tell_wants(&mut spoken, store)?;
        }
        self.tell_blobs_held(&mut spoken, store, &vector)?;
        self.tell_copies(&mut spoken, store)?;
        if let Some(theirs) = &self.theirs {
            let sender = Sender {
                peer: &self.peer,
                ends: self.ends,
                theirs,
                limits: self.limits,
            };
            sender.datasets(&mut data, store, Protection::Only)?;
            if self.peer_is_hub() && !self.ours.log_end_told {
                sender.log_end(&mut data, store)?;
            }
            // The log before the records: whatever head office has of this device, it has the log of
            // it too, and a log of another history is found before anything is taken.
            if self.peer_is_hub() && sender.stream(&mut data, store)? {
                self.tell_taken_in(&mut data, store)?;
            }
            sender.changes(&mut data, store, &vector)?;
            if self.ends == Ends::HubToCounter {
                let (wants, bytes) = (&theirs.case_wants, self.limits.batch_bytes);
                copies::cases(&mut data, store, &self.peer, wants, bytes)?;
            }
            sender.datasets(&mut data, store, Protection::Without)?;
            sender.blobs(&mut data, store, &mut self.ours)?;
        }
        self.ask_after_blobs(&mut spoken, store, &data)?;
        self.tell_refusals(&mut spoken);
        spoken.append(&mut data.messages);
        spoken.push(Message::Done(data.remainder));
        Ok(spoken)
    }

    /// Whether a counter is in the middle of its records: it has no room for papers then, and is asked
    /// for them when it has.
    fn has_more_records(&self) -> bool {
        self.ends == Ends::HubToCounter
            && self.remainder == Remainder::More
            && !self.ours.touched.is_empty()
    }

    /// An entry of the own log that head office has, so that it can compare.
    fn is_log_end(&self, own: SiteId, message: &Message) -> bool {
        let held = self.theirs.as_ref().and_then(|theirs| {
            let heads = theirs.stream_heads.as_ref()?;
            heads.get(&own).copied()
        });
        match (message, held) {
            (Message::StreamEntries(entries), Some(held)) => {
                entries.last().is_some_and(|last| last.sequence <= held)
            }
            (_, _) => false,
        }
    }

    fn hello<S: Store>(&self, store: &S, vector: VersionVector, now: Moment) -> Hello {
        Hello {
            version_min: version::MIN,
            version_current: version::CURRENT,
            schema_version: store.schema_version(),
            site: store.site(),
            vector,
            subscriptions: self.subscriptions.clone(),
            unix_ms: now.unix_ms,
            hlc: now.hlc,
        }
    }

    /// Acknowledgements, stream heads and offers.
    fn tell_held<S: Store>(
        &mut self,
        spoken: &mut Vec<Message>,
        store: &S,
        vector: &VersionVector,
    ) -> Result<(), S::Error> {
        let touched = std::mem::take(&mut self.ours.touched);
        if !touched.is_empty() {
            let held = |site: SiteId| (site, vector.get(&site).copied().unwrap_or(0));
            spoken.push(Message::Ack(touched.into_iter().map(held).collect()));
        }
        if self.peer_is_hub() {
            return Ok(());
        }
        if self.ends == Ends::HubToCounter {
            let heads = store.stream_heads()?;
            let head = heads.get(&self.peer.site).copied().unwrap_or(0);
            let of_peer = VersionVector::from([(self.peer.site, head)]);
            spoken.push(Message::StreamHeads(of_peer));
        }
        spoken.push(Message::DatasetOffers(store.datasets()?));
        Ok(())
    }

    fn tell_wants<S: Store>(
        &mut self,
        spoken: &mut Vec<Message>,
        store: &mut S,
    ) -> Result<(), S::Error> {
        let Some(theirs) = &self.theirs else {
            return self.tell_blob_wants(spoken, store);
        };
        let mut wants = Vec::new();
        for offer in &theirs.offers {
            if self
                .ours
                .datasets_spoilt
                .contains(&(offer.name.clone(), offer.version))
            {
                continue;
            }
            if let Some(offset) = store.dataset_wanted(offer)? {
                let (name, version) = (offer.name.clone(), offer.version);
                wants.push(DatasetWant {
                    name,
                    version,
                    offset,
                });
            }
        }
        if !wants.is_empty() {
            spoken.push(Message::DatasetWants(wants));
        }
        self.tell_blob_wants(spoken, store)
    }

    fn tell_blob_wants<S: Store>(
        &self,
        spoken: &mut Vec<Message>,
        store: &S,
    ) -> Result<(), S::Error> {
        let refused = self.theirs.as_ref().map(|theirs| &theirs.blobs_refused);
        let in_vain = refused.map_or(0, BTreeSet::len) + self.ours.blobs_spoilt.len();
        let count_max = self.limits.blobs_wanted + in_vain;
        let mut wants = store.blobs_wanted_of(&self.peer, count_max)?;
        wants.retain(|want| {
            !refused.is_some_and(|hashes| hashes.contains(&want.hash))
                && !self.ours.blobs_spoilt.contains(&want.hash)
        });
        wants.truncate(self.limits.blobs_wanted);
        if !wants.is_empty() {
            spoken.push(Message::BlobWants(wants));
        }
        Ok(())
    }

    /// Head office answers which of a counter's blobs are there. Only a whole blob on disk is ever
    /// said to be there, so a lost, late or repeated answer is never wrong. What nothing names there,
    /// although everything the counter wrote is there, is of a case that was deleted: it is refused.
    fn tell_blobs_held<S: Store>(
        &mut self,
        spoken: &mut Vec<Message>,
        store: &S,
        vector: &VersionVector,
    ) -> Result<(), S::Error> {
        // What is safe is said by head office alone.
        if self.ends != Ends::HubToCounter {
            return Ok(());
        }
        let Some(theirs) = &mut self.theirs else {
            return Ok(());
        };
        let asked = std::mem::take(&mut theirs.blob_offers);
        if asked.is_empty() {
            return Ok(());
        }
        let of_peer = |vector: &VersionVector| vector.get(&self.peer.site).copied().unwrap_or(0);
        if of_peer(vector) >= of_peer(&theirs.vector) {
            self.ours.blobs_refused.extend(store.blobs_unnamed(&asked)?);
        }
        let held = store.blobs_held(&self.peer, &asked)?;
        if !held.is_empty() && theirs.version >= version::BLOBS_CONFIRMED {
            spoken.push(Message::BlobsHeld(held));
        }
        Ok(())
    }

    /// A counter asks head office which of its blobs are there: those whose last piece goes with
    /// this round, because the answer is made after it was taken; and, once every record is said,
    /// some of the others, because an answer may have been lost. Each of these is asked about once
    /// until all were: a hash cannot be packed, and a long list would be told in every round.
    fn ask_after_blobs<S: Store>(
        &mut self,
        spoken: &mut Vec<Message>,
        store: &S,
        data: &Data,
    ) -> Result<(), S::Error> {
        let mut asks = std::mem::take(&mut self.ours.blobs_sent);
        if self.ends != Ends::CounterToHub || self.version() < version::BLOBS_CONFIRMED {
            return Ok(());
        }
        let room = self.limits.blobs_wanted.saturating_sub(asks.len());
        if room > 0 && !data.has_records() {
            let asked = &mut self.ours.blobs_asked;
            let mut others = store.blobs_unconfirmed(asked.len() + asks.len() + room)?;
            others.retain(|hash| !asked.contains(hash) && !asks.contains(hash));
            others.truncate(room);
            if others.is_empty() {
                asked.clear();
            }
            asked.extend(&others);
            asks.append(&mut others);
        }
        asks.truncate(BLOB_OFFERS_MAX);
        if !asks.is_empty() {
            spoken.push(Message::BlobOffers(asks));
        }
        Ok(())
    }

    fn tell_refusals(&self, spoken: &mut Vec<Message>) {
        for (&site, (after, reason)) in self.ours.batches_refused.iter().take(REFUSALS_MAX) {
            let about = About::Batch {
                site,
                after: *after,
            };
            let reason = Reason::Quarantined(shortened(reason));
            spoken.push(Message::Refused { about, reason });
        }
        if !self.ours.blobs_refused.is_empty() {
            let hashes = self.ours.blobs_refused.iter().copied().collect();
            spoken.push(Message::BlobRefusals(hashes));
        }
    }
}

/// Which datasets a pass is for.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Protection {
    Only,
    Without,
}

/// Data of a round and what is left of its budget.
pub(crate) struct Data {
    messages: Vec<Message>,
    bytes_left: usize,
    remainder: Remainder,
}

impl Data {
    fn new(bytes_left: usize) -> Self {
        Self {
            messages: Vec::new(),
            bytes_left,
            remainder: Remainder::Nothing,
        }
    }

    pub(crate) fn push(&mut self, message: Message) {
        self.bytes_left = self.bytes_left.saturating_sub(message.weight());
        self.messages.push(message);
    }

    fn has_records(&self) -> bool {
        let is_batch = |message: &Message| matches!(message, Message::Changes(_));
        self.messages.iter().any(is_batch)
    }

    /// What one piece may have; `None` notes that something is left over.
    pub(crate) fn share(&mut self, bytes_max: usize) -> Option<usize> {
        if self.bytes_left == 0 {
            self.remainder = Remainder::More;
            return None;
        }
        Some(self.bytes_left.min(bytes_max).max(1))
    }
}

/// Reads what the other end lacks.
struct Sender<'a> {
    peer: &'a Peer,
    ends: Ends,
    theirs: &'a Theirs,
    limits: crate::Limits,
}

impl Sender<'_> {
    /// Batches of every site in turn, so that a long backlog of one does not hold up the others.
    fn changes<S: Store>(
        &self,
        data: &mut Data,
        store: &S,
        vector: &VersionVector,
    ) -> Result<(), S::Error> {
        let mut cursors = self.behind(vector);
        if self.ends == Ends::Counters {
            let own = store.site();
            cursors.retain(|(site, _, _)| *site == own);
        }
        while !cursors.is_empty() {
            let mut onward = Vec::with_capacity(cursors.len());
            let mut passed = Vec::new();
            for (site, after, held) in cursors {
                let Some(bytes) = data.share(self.limits.batch_bytes) else {
                    onward.clear();
                    break;
                };
                let Some(batch) = store.changes(self.peer, site, after, bytes)? else {
                    continue;
                };
                let through = batch.through;
                if batch.after != after || through <= after {
                    continue;
                }
                match batch.passed() {
                    Some(one) if self.theirs.version >= version::TERSE => passed.push(one),
                    _ => data.push(Message::Changes(batch)),
                }
                if through < held {
                    onward.push((site, through, held));
                }
            }
            if !passed.is_empty() {
                data.push(Message::Passed(passed));
            }
            cursors = onward;
        }
        Ok(())
    }

    /// Sites of which the peer holds less: (site, its version, ours). Never its own.
    fn behind(&self, vector: &VersionVector) -> Vec<(SiteId, u64, u64)> {
        vector
            .iter()
            .map(|(&site, &held)| {
                (
                    site,
                    self.theirs.vector.get(&site).copied().unwrap_or(0),
                    held,
                )
            })
            .filter(|&(site, after, held)| {
                site != self.peer.site
                    && after < held
                    && self.theirs.batches_refused.get(&site) != Some(&after)
            })
            .collect()
    }

    /// The last entry of the own log that head office says it has, before any record: when this
    /// database is an older copy that was written to since, the entry is another one, and head
    /// office refuses everything behind it.
    fn log_end<S: Store>(&self, data: &mut Data, store: &S) -> Result<(), S::Error> {
        let own = store.site();
        let held = self.theirs.stream_heads.as_ref();
        let held = held.and_then(|heads| heads.get(&own).copied()).unwrap_or(0);
        let Some(before) = held.checked_sub(1) else {
            return Ok(());
        };
        let mut entries = store.stream_entries(own, before, 1)?;
        entries.truncate(1);
        if entries.iter().any(|entry| entry.sequence == held) {
            data.push(Message::StreamEntries(entries));
        }
        Ok(())
    }

    /// The own log behind what the other end has; returns whether that is all of it.
    fn stream<S: Store>(&self, data: &mut Data, store: &S) -> Result<bool, S::Error> {
        let own = store.site();
        let Some(heads) = &self.theirs.stream_heads else {
            return Ok(false);
        };
        let mut after = heads.get(&own).copied().unwrap_or(0);
        let held = store.stream_heads()?.get(&own).copied().unwrap_or(0);
        while after < held {
            let Some(bytes) = data.share(self.limits.batch_bytes) else {
                return Ok(false);
            };
            let entries = store.stream_entries(own, after, bytes)?;
            let Some(last) = entries.last().map(|entry| entry.sequence) else {
                return Ok(false);
            };
            if last <= after {
                return Ok(false);
            }
            after = last;
            data.push(Message::StreamEntries(entries));
        }
        Ok(true)
    }

    fn datasets<S: Store>(
        &self,
        data: &mut Data,
        store: &S,
        pass: Protection,
    ) -> Result<(), S::Error> {
        for want in &self.theirs.dataset_wants {
            if (want.name == PROTECTION) != (pass == Protection::Only) {
                continue;
            }
            let mut offset = want.offset;
            loop {
                let Some(bytes) = data.share(self.limits.part_bytes) else {
                    return Ok(());
                };
                let part = store.dataset_part(&want.name, want.version, offset, bytes)?;
                let Some(part) = part.filter(|part| !part.bytes.is_empty()) else {
                    break;
                };
                offset = behind_part(part.offset, part.bytes.len());
                data.push(Message::DatasetPart(part));
            }
        }
        Ok(())
    }

    fn blobs<S: Store>(&self, data: &mut Data, store: &S, ours: &mut Ours) -> Result<(), S::Error> {
        for want in &self.theirs.blob_wants {
            if ours.blobs_refused.contains(&want.hash) {
                continue;
            }
            let mut offset = want.have;
            loop {
                let Some(bytes) = data.share(self.limits.part_bytes) else {
                    return Ok(());
                };
                let part = store.blob_part(self.peer, want.hash, offset, bytes)?;
                let Some(part) = part else {
                    if ours.blobs_refused.len() < REFUSALS_MAX {
                        ours.blobs_refused.insert(want.hash);
                    }
                    break;
                };
                let length = part.length;
                let end = behind_part(part.offset, part.bytes.len());
                let stuck = end <= offset && length > 0;
                if stuck {
                    break;
                }
                offset = end;
                data.push(Message::BlobPart(part));
                if offset >= length {
                    ours.blobs_sent.push(want.hash);
                    break;
                }
            }
        }
        Ok(())
    }
}

fn behind_part(offset: u64, length: usize) -> u64 {
    offset.saturating_add(u64::try_from(length).unwrap_or(u64::MAX))
}

/// The message as it counts for news: clocks always move, and an acknowledgement repeats the hello.
fn news_in(message: &Message) -> Option<Message> {
    match message {
        Message::Hello(hello) => Some(Message::Hello(Hello {
            unix_ms: 0,
            hlc: 0,
            ..hello.clone()
        })),
        Message::Ack(_) => None,
        Message::Changes(_)
        | Message::StreamHeads(_)
        | Message::StreamEntries(_)
        | Message::DatasetOffers(_)
        | Message::DatasetWants(_)
        | Message::DatasetPart(_)
        | Message::BlobWants(_)
        | Message::BlobPart(_)
        | Message::BlobRefusals(_)
        | Message::Refused { .. }
        | Message::BlobOffers(_)
        | Message::BlobsHeld(_)
        | Message::CaseOffers(_)
        | Message::CaseWants(_)
        | Message::CasePart(_)
        | Message::CasesHeld(_)
        | Message::PurgeOrders(_)
        | Message::PurgesDone(_)
        | Message::PurgesClosed(_)
        | Message::HelloSince(_)
        | Message::HelloBack(_)
        | Message::SayWhole
        | Message::Passed(_)
        | Message::Done(_) => Some(message.clone()),
    }
}

fn shortened(reason: &str) -> String {
    reason.chars().take(DETAIL_CHARS_MAX).collect()
}
