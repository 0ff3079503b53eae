//! What is said to an end that cannot answer: the messages of a courier file.
//!
//! The same session says the same messages in the same order as on a line; only what the other end
//! has is presumed, from what it said last, instead of heard. A [`Dispatch`] gives them round by
//! round, so that a file of any length needs the memory of one.
//!
//! **Nothing becomes safe by being dispatched.** What was acknowledged is known only when the other
//! end's own hello comes back, by file or by line.

use sync_protocol::limits::BLOB_OFFERS_MAX;
use sync_protocol::{
    BlobPart, CasePart, CaseTurn, CaseWant, DatasetManifest, DatasetWant, Message, StreamEntry,
    VersionVector, WantedBlob, version,
};

use crate::session::Ends;
use crate::{Moment, Session, Store};

/// Blobs sent in one dispatch; those above wait for the next one.
const BLOBS_MAX: usize = 4096;

/// What the other end is taken to have.
#[derive(Debug, Clone, Default)]
pub struct Presumed {
    /// Versions it holds of each site.
    pub vector: VersionVector,
    /// The last entry it holds of our stream.
    pub stream_head: u64,
}

impl Session {
    /// Takes the other end to have what `presumed` says. What it said itself in this session counts
    /// where it is more.
    #[must_use]
    pub fn presuming<S: Store>(mut self, store: &S, presumed: &Presumed) -> Self {
        let theirs = self.theirs.get_or_insert_default();
        // What it said itself counts: a file with messages it cannot read is refused as a whole.
        if theirs.version == 0 {
            theirs.version = version::CURRENT;
        }
        for (site, through) in &presumed.vector {
            let held = theirs.vector.entry(*site).or_default();
            *held = (*held).max(*through);
        }
        let heads = theirs.stream_heads.get_or_insert_default();
        let head = heads.entry(store.site()).or_default();
        *head = (*head).max(presumed.stream_head);
        self
    }
}

/// Messages for an end that cannot answer.
#[derive(Debug)]
pub struct Dispatch {
    session: Session,
    rounds: u64,
    over: bool,
}

impl Dispatch {
    /// Says everything the other end of `session` lacks, after what it has said or is presumed to
    /// have. Blobs: those it asked for, and those of ours it has not confirmed.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub fn new<S: Store>(mut session: Session, store: &S) -> Result<Self, S::Error> {
        let unconfirmed = match session.ends {
            Ends::CounterToHub => store.blobs_unconfirmed(BLOBS_MAX)?,
            Ends::HubToCounter | Ends::Counters => Vec::new(),
        };
        let offers = match session.ends {
            Ends::HubToCounter => store.case_offers(&session.peer)?,
            Ends::CounterToHub | Ends::Counters => Vec::new(),
        };
        let theirs = session.theirs.get_or_insert_default();
        let moved = theirs.version >= version::CASES_MOVED;
        for CaseTurn { case, turn } in offers.into_iter().filter(|_| moved) {
            if theirs.case_wants.iter().all(|want| want.case != case) {
                let after = Vec::new();
                theirs.case_wants.push(CaseWant { case, turn, after });
            }
        }
        for hash in unconfirmed {
            if theirs.blob_wants.iter().all(|want| want.hash != hash) {
                theirs.blob_wants.push(WantedBlob { hash, have: 0 });
            }
        }
        Ok(Self {
            session,
            rounds: 0,
            over: false,
        })
    }

    /// Also sends the datasets that are newer here than the other end said it has, as long as each
    /// has at most `bytes_max` bytes. Returns those that are longer and stay behind.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub fn with_datasets<S: Store>(
        &mut self,
        store: &S,
        bytes_max: u64,
    ) -> Result<Vec<DatasetManifest>, S::Error> {
        let theirs = self.session.theirs.get_or_insert_default();
        let newer: Vec<DatasetManifest> = store
            .datasets()?
            .into_iter()
            .filter(|ours| {
                let same = theirs.offers.iter().find(|theirs| theirs.name == ours.name);
                same.is_none_or(|theirs| theirs.version < ours.version)
            })
            .collect();
        let (fit, left): (Vec<_>, Vec<_>) =
            newer.into_iter().partition(|one| one.length <= bytes_max);
        theirs.dataset_wants = fit
            .into_iter()
            .map(|one| DatasetWant {
                name: one.name,
                version: one.version,
                offset: 0,
            })
            .collect();
        Ok(left)
    }

    /// The next messages, in order; `None` when everything is said. The first ones begin with the
    /// hello that tells what is on disk here.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub fn next_part<S: Store>(
        &mut self,
        store: &mut S,
        now: Moment,
    ) -> Result<Option<Vec<Message>>, S::Error> {
        if self.over {
            return Ok(None);
        }
        let mut said = self.session.round(store, now)?.messages;
        let data = said.iter().any(Message::carries_data);
        self.session.presume_received(&said);
        let first = self.rounds == 0;
        self.rounds += 1;
        if first {
            self.tell_datasets(&mut said, store)?;
            self.ask_after_all_blobs(&mut said, store)?;
            said.retain(|message| !matches!(message, Message::Done(_)));
        } else {
            said.retain(|message| message.carries_data() || tells_what_was_taken_in(message));
        }
        self.over = !data;
        Ok((!said.is_empty()).then_some(said))
    }

    /// A counter asks after all its blobs at once: the answer comes back in one file.
    fn ask_after_all_blobs<S: Store>(
        &self,
        said: &mut Vec<Message>,
        store: &S,
    ) -> Result<(), S::Error> {
        said.retain(|message| !matches!(message, Message::BlobOffers(_)));
        if self.session.ends == Ends::CounterToHub
            && self.session.version() >= version::BLOBS_CONFIRMED
        {
            let all = store.blobs_unconfirmed(BLOB_OFFERS_MAX)?;
            said.extend((!all.is_empty()).then_some(Message::BlobOffers(all)));
        }
        Ok(())
    }

    /// A counter tells which datasets it has: on a line it would be asked.
    fn tell_datasets<S: Store>(&self, said: &mut Vec<Message>, store: &S) -> Result<(), S::Error> {
        if self.session.ends == Ends::CounterToHub {
            said.push(Message::DatasetOffers(store.datasets()?));
        }
        Ok(())
    }
}

impl Session {
    /// Takes what was just said to have arrived.
    fn presume_received(&mut self, said: &[Message]) {
        for message in said {
            match message {
                Message::Changes(_) | Message::Passed(_) => {
                    if let Some(theirs) = &mut self.theirs {
                        theirs.vector.extend(message.brings());
                    }
                }
                Message::StreamEntries(entries) => self.presume_entries(entries),
                Message::DatasetPart(part) => {
                    let end = behind(part.offset, part.bytes.len());
                    let wants = self.theirs.iter_mut().flat_map(|t| &mut t.dataset_wants);
                    wants
                        .filter(|want| want.name == part.name && want.version == part.version)
                        .for_each(|want| want.offset = end);
                }
                Message::BlobPart(part) => self.presume_blob(part),
                Message::CasePart(part) => self.presume_case(part),
                Message::Hello(_)
                | Message::Ack(_)
                | Message::StreamHeads(_)
                | Message::DatasetOffers(_)
                | Message::DatasetWants(_)
                | Message::BlobWants(_)
                | Message::BlobRefusals(_)
                | Message::Refused { .. }
                | Message::Done(_)
                | Message::BlobOffers(_)
                | Message::BlobsHeld(_)
                | Message::CaseOffers(_)
                | Message::CaseWants(_)
                | Message::CasesHeld(_)
                | Message::PurgeOrders(_)
                | Message::PurgesDone(_)
                | Message::PurgesClosed(_)
                | Message::HelloSince(_)
                | Message::HelloBack(_)
                | Message::SayWhole => {}
            }
        }
    }

    fn presume_entries(&mut self, entries: &[StreamEntry]) {
        if let Some(last) = entries.last()
            && let Some(theirs) = &mut self.theirs
        {
            let heads = theirs.stream_heads.get_or_insert_default();
            heads.insert(last.device, last.sequence);
        }
    }

    fn presume_case(&mut self, part: &CasePart) {
        let Some(theirs) = &mut self.theirs else {
            return;
        };
        for want in &mut theirs.case_wants {
            if want.case == part.case {
                want.after.clone_from(&part.next);
            }
        }
        theirs
            .case_wants
            .retain(|want| want.case != part.case || !part.next.is_empty());
    }

    fn presume_blob(&mut self, part: &BlobPart) {
        let Some(theirs) = &mut self.theirs else {
            return;
        };
        let end = behind(part.offset, part.bytes.len());
        for want in &mut theirs.blob_wants {
            if want.hash == part.hash {
                want.have = end;
            }
        }
        theirs
            .blob_wants
            .retain(|want| want.hash != part.hash || want.have < part.length);
    }
}

/// Said behind the end of the log, which may need several rounds.
fn tells_what_was_taken_in(message: &Message) -> bool {
    matches!(message, Message::CasesHeld(_) | Message::PurgesDone(_))
}

fn behind(offset: u64, length: usize) -> u64 {
    offset.saturating_add(u64::try_from(length).unwrap_or(u64::MAX))
}
