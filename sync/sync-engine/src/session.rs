//! One end of one conversation: what it has heard, and who may say what.

use std::collections::{BTreeMap, BTreeSet};

use sync_protocol::limits::BLOB_OFFERS_MAX;
use sync_protocol::{
    About, CaseTurn, CaseWant, DatasetManifest, DatasetWant, HISTORY_DIFFERS, Hello, Message,
    PurgeClosed, Reason, Remainder, SiteId, VersionVector, WantedBlob, version,
};

use crate::short_hello::Grounds;
use crate::{Peer, PeerRole, Store};

/// Clocks further apart than this are refused: legal dates and certificates would be wrong. An hour
/// less than a day, so that a clock set to the wrong date and the right time is always caught.
pub const CLOCK_REFUSED_MS: u64 = 23 * 60 * 60 * 1000;

/// Clocks further apart than this are worth a warning.
pub const CLOCK_WARNED_MS: u64 = 60 * 1000;

/// Schema versions two ends may be apart.
pub const SCHEMAS_APART_MAX: u32 = 1;

/// Most refused blobs remembered in one session.
const BLOB_REFUSALS_MAX: usize = 1024;

/// Most datasets, wants and stream entries one message is followed in.
pub(crate) const LIST_MAX: usize = 4096;

/// How much one round may say.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Data of one round, about, bytes.
    pub round_bytes: usize,
    /// One batch, about, bytes; what is applied in one transaction at the other end.
    pub batch_bytes: usize,
    /// One piece of a dataset or blob, bytes.
    pub part_bytes: usize,
    /// Blobs asked for at a time.
    pub blobs_wanted: usize,
}

impl Default for Limits {
    /// A round is at most a second on a 10 Mbit/s line.
    fn default() -> Self {
        Self {
            round_bytes: 1 << 20,
            batch_bytes: 256 << 10,
            part_bytes: 256 << 10,
            blobs_wanted: 64,
        }
    }
}

/// A reading of both clocks, passed in by whoever has them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Moment {
    /// Milliseconds since 1970.
    pub unix_ms: u64,
    /// Hybrid logical clock.
    pub hlc: u64,
}

impl Moment {
    /// A wall clock without a hybrid one.
    pub fn from_unix_ms(unix_ms: u64) -> Self {
        Self {
            unix_ms,
            hlc: unix_ms << 16,
        }
    }
}

/// What is to be said next.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Round {
    /// The messages, in order.
    pub messages: Vec<Message>,
    /// Whether it says anything the round before did not. A round without news need not be sent:
    /// the other end would answer as before.
    pub news: bool,
}

/// What has been received since it was last asked.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Effects {
    /// Changes of records that were new here.
    pub changed: usize,
    /// Batches kept aside, with their reasons.
    pub quarantined: Vec<String>,
    /// Batches that do not follow what is held; nothing of them was applied.
    pub gaps: usize,
    /// Whether a stream grew.
    pub stream_grew: bool,
    /// Datasets installed.
    pub installed: Vec<String>,
    /// Blobs that are complete now.
    pub blobs: usize,
}

impl Effects {
    /// Whether anything is on disk that was not before and that others may want to see.
    pub fn any(&self) -> bool {
        self.changed > 0 || self.stream_grew || self.blobs > 0 || !self.installed.is_empty()
    }
}

/// Why a conversation is over.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Ending {
    /// The other end refuses us.
    ByPeer(Reason),
    /// We refuse the other end.
    ByUs(Reason),
}

/// What the other end has told.
#[derive(Debug, Clone, Default)]
pub(crate) struct Theirs {
    pub(crate) vector: VersionVector,
    /// The vector that the store was told last.
    noted: VersionVector,
    pub(crate) stream_heads: Option<VersionVector>,
    pub(crate) offers: Vec<DatasetManifest>,
    pub(crate) dataset_wants: Vec<DatasetWant>,
    pub(crate) blob_wants: Vec<WantedBlob>,
    /// Batches they keep aside: not sent again in this session.
    pub(crate) batches_refused: BTreeMap<SiteId, u64>,
    /// Blobs they do not have: not asked for again in this session.
    pub(crate) blobs_refused: BTreeSet<[u8; 32]>,
    /// Blobs they ask about, until they are told.
    pub(crate) blob_offers: Vec<[u8; 32]>,
    /// Cases that came to this branch.
    pub(crate) case_offers: Vec<CaseTurn>,
    /// Cases they want whole.
    pub(crate) case_wants: Vec<CaseWant>,
    /// Orders to overwrite a case that they told.
    pub(crate) purges_told: Vec<CaseTurn>,
    /// Orders that every counter followed.
    pub(crate) purges_closed: Vec<PurgeClosed>,
    /// The version both speak.
    pub(crate) version: u8,
}

/// What has to be told.
#[derive(Debug, Clone, Default)]
pub(crate) struct Ours {
    /// Sites of which batches arrived since the last round.
    pub(crate) touched: BTreeSet<SiteId>,
    /// Of those, the ones of which every batch since the last round with news was empty: their
    /// records are not for us.
    pub(crate) passed_over: BTreeSet<SiteId>,
    /// Batches kept aside here, by their `after`.
    pub(crate) batches_refused: BTreeMap<SiteId, (u64, String)>,
    /// Blobs they want that are not here.
    pub(crate) blobs_refused: BTreeSet<[u8; 32]>,
    /// Blobs and datasets that came out wrong: not asked for again in this session.
    pub(crate) blobs_spoilt: BTreeSet<[u8; 32]>,
    pub(crate) datasets_spoilt: BTreeSet<(String, u64)>,
    /// The end of the own log was told, so that head office can compare it.
    pub(crate) log_end_told: bool,
    /// Blobs whose last piece goes with this round.
    pub(crate) blobs_sent: Vec<[u8; 32]>,
    /// Other blobs asked about since they were all gone through.
    pub(crate) blobs_asked: BTreeSet<[u8; 32]>,
    /// The last round, to recognise one without news.
    pub(crate) said: Vec<Message>,
}

/// Which two ends talk: what goes between them depends on it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Ends {
    /// We are a counter, the other end is head office.
    CounterToHub,
    /// We are head office, the other end is a counter.
    HubToCounter,
    /// Two counters of one branch.
    Counters,
}

/// One end of one conversation with one peer.
#[derive(Debug)]
pub struct Session {
    pub(crate) peer: Peer,
    pub(crate) ends: Ends,
    /// When the messages were said, if they come in a courier file.
    said_at: Option<Moment>,
    pub(crate) limits: Limits,
    pub(crate) subscriptions: Vec<String>,
    pub(crate) theirs: Option<Theirs>,
    pub(crate) ours: Ours,
    pub(crate) grounds: Grounds,
    pub(crate) remainder: Remainder,
    pub(crate) effects: Effects,
    ending: Option<Ending>,
    skew_ms: Option<i64>,
    peer_hlc: Option<u64>,
}

impl Session {
    /// Opens a conversation with `peer`, who is what its certificate says.
    pub fn new(peer: Peer, limits: Limits) -> Self {
        let ends = match peer.role {
            PeerRole::Hub => Ends::CounterToHub,
            PeerRole::Counter => Ends::HubToCounter,
        };
        Self {
            peer,
            ends,
            said_at: None,
            limits,
            subscriptions: Vec::new(),
            theirs: None,
            ours: Ours::default(),
            grounds: Grounds::default(),
            remainder: Remainder::Nothing,
            effects: Effects::default(),
            ending: None,
            skew_ms: None,
            peer_hlc: None,
        }
    }

    /// Names the branches whose cases are wanted here.
    #[must_use]
    pub fn subscribed_to(mut self, branches: Vec<String>) -> Self {
        self.subscriptions = branches;
        self
    }

    /// Both ends are counters of one branch: each says what it wrote itself and nothing of others,
    /// because only the writer and head office can vouch for a record.
    #[must_use]
    pub fn between_counters(mut self) -> Self {
        self.ends = Ends::Counters;
        self
    }

    /// What is received was said at `moment` and came in a courier file: clocks are compared with
    /// that, and nobody is noted as being on the line.
    #[must_use]
    pub fn by_courier(mut self, moment: Moment) -> Self {
        self.said_at = Some(moment);
        self
    }

    /// Who is at the other end.
    pub fn peer(&self) -> &Peer {
        &self.peer
    }

    /// Why the conversation is over, once it is; nothing is received or sent then.
    pub fn ending(&self) -> Option<&Ending> {
        self.ending.as_ref()
    }

    /// Ends the conversation; the next round tells the other end why.
    pub fn refuse(&mut self, reason: Reason) {
        self.ending.get_or_insert(Ending::ByUs(reason));
    }

    /// The peer's wall clock minus ours at its last hello, milliseconds; the time on the line
    /// counts against it.
    pub fn skew_ms(&self) -> Option<i64> {
        self.skew_ms
    }

    /// The peer's hybrid clock at its last hello.
    pub fn peer_hlc(&self) -> Option<u64> {
        self.peer_hlc
    }

    /// What the other end has on disk of each site, as far as it has told.
    pub fn acknowledged(&self) -> Option<&VersionVector> {
        self.theirs.as_ref().map(|theirs| &theirs.vector)
    }

    /// The version both ends speak; the oldest before the other one has told.
    pub fn version(&self) -> u8 {
        let told = self.theirs.as_ref().map(|theirs| theirs.version);
        told.unwrap_or(version::MIN).max(version::MIN)
    }

    /// Whether the other end's last round said all it had.
    pub fn peer_remainder(&self) -> Remainder {
        self.remainder
    }

    /// What has been received since this was last called.
    pub fn take_effects(&mut self) -> Effects {
        std::mem::take(&mut self.effects)
    }

    /// Forgets what either end did not have or could not take, so that it is tried again: to be
    /// called when something changed here or there, and at most once per such change.
    pub fn try_again(&mut self) {
        if let Some(theirs) = &mut self.theirs {
            theirs.batches_refused.clear();
            theirs.blobs_refused.clear();
        }
        let Ours {
            touched: _,
            passed_over: _,
            batches_refused,
            blobs_refused,
            blobs_spoilt,
            datasets_spoilt,
            log_end_told: _,
            blobs_sent: _,
            blobs_asked: _,
            said,
        } = &mut self.ours;
        batches_refused.clear();
        blobs_refused.clear();
        blobs_spoilt.clear();
        datasets_spoilt.clear();
        said.clear();
    }

    /// Takes one message. Messages before the first hello, and all after a refusal, are dropped:
    /// what they carried is sent again.
    ///
    /// # Errors
    /// When the database failed; the message was not applied, and the session may go on.
    pub fn receive<S: Store>(
        &mut self,
        store: &mut S,
        message: Message,
        now: Moment,
    ) -> Result<(), S::Error> {
        if self.ending.is_some() {
            return Ok(());
        }
        match message {
            Message::Hello(hello) => return self.receive_hello(store, hello, now),
            Message::HelloSince(short) => {
                let noted = store.noted_of(&self.peer)?;
                return match self.grounds.whole_since(&noted, short) {
                    Some(hello) => self.receive_hello(store, hello, now),
                    None => Ok(()),
                };
            }
            Message::HelloBack(short) => {
                return match self.grounds.whole_back(short) {
                    Some(hello) => self.receive_hello(store, hello, now),
                    None => Ok(()),
                };
            }
            Message::SayWhole => self.say_again(),
            Message::Refused { about, reason } => {
                self.hear_rolled_back(store, &about, &reason)?;
                self.receive_refusal(&about, reason);
                return Ok(());
            }
            _ if self.theirs.is_none() => return Ok(()),
            Message::Changes(batch) => self.receive_changes(store, &batch)?,
            Message::Passed(passed) => self.receive_passed(store, passed)?,
            Message::Ack(vector) => self.receive_ack(store, vector)?,
            Message::StreamEntries(entries) => self.receive_entries(store, &entries)?,
            Message::DatasetPart(part) => self.receive_dataset(store, &part)?,
            Message::BlobPart(part) => self.receive_blob(store, &part)?,
            Message::BlobsHeld(hashes) => store.blobs_confirmed(&self.peer, &hashes)?,
            Message::BlobRefusals(hashes) => {
                store.blobs_refused(&self.peer, &hashes)?;
                self.note(Message::BlobRefusals(hashes));
            }
            Message::StreamHeads(heads) => {
                if let Some(head) = heads.get(&store.site()).copied() {
                    if self.more_of_own_log(store, head)? {
                        store.told_rolled_back(HISTORY_DIFFERS)?;
                        self.refuse(Reason::RolledBack {
                            held: HISTORY_DIFFERS,
                        });
                        return Ok(());
                    }
                    // Another history's log may be as long; it is compared first.
                    if self.ours.log_end_told || self.said_at.is_some() {
                        store.stream_acknowledged(&self.peer, head)?;
                    }
                }
                self.note(Message::StreamHeads(heads));
            }
            Message::DatasetOffers(_)
            | Message::DatasetWants(_)
            | Message::BlobWants(_)
            | Message::BlobOffers(_)
            | Message::Done(_) => self.note(message),
            Message::CaseOffers(_)
            | Message::CaseWants(_)
            | Message::CasePart(_)
            | Message::CasesHeld(_)
            | Message::PurgeOrders(_)
            | Message::PurgesDone(_)
            | Message::PurgesClosed(_) => self.receive_copies(store, message)?,
        }
        Ok(())
    }

    fn receive_hello<S: Store>(
        &mut self,
        store: &mut S,
        hello: Hello,
        now: Moment,
    ) -> Result<(), S::Error> {
        let now = self.said_at.unwrap_or(now);
        if let Err(reason) = self.check_hello(&hello, store.schema_version(), now) {
            self.refuse(reason);
            return Ok(());
        }
        let missing = match self.ends {
            Ends::CounterToHub => None,
            Ends::HubToCounter => self.their_records_missing(store, &hello)?,
            Ends::Counters => own_records_missing(store, &hello)?,
        };
        if let Some(reason) = missing {
            self.refuse(reason);
            return Ok(());
        }
        let is_question = match self.ends {
            Ends::CounterToHub => false,
            Ends::HubToCounter => true,
            Ends::Counters => self.grounds.have_said_nothing(),
        };
        self.grounds.heard(&hello, is_question);
        self.peer_hlc = Some(hello.hlc);
        // A hybrid clock that ran away would drag every other one with it.
        if hello.hlc >> 16 <= now.unix_ms.saturating_add(CLOCK_REFUSED_MS) {
            store.heard_clock(hello.hlc);
        }
        if self.said_at.is_none() {
            store.heard_hello(&self.peer, &hello)?;
        }
        let theirs = self.theirs.get_or_insert_default();
        theirs.version = version::CURRENT.min(hello.version_current);
        theirs.dataset_wants.clear();
        theirs.blob_wants.clear();
        theirs.case_offers.clear();
        theirs.case_wants.clear();
        theirs.purges_told.clear();
        theirs.purges_closed.clear();
        theirs.vector = hello.vector;
        self.note_acknowledged(store)
    }

    /// Notes what the other end has, if that is not noted yet.
    pub(crate) fn note_acknowledged<S: Store>(&mut self, store: &mut S) -> Result<(), S::Error> {
        if let Some(theirs) = &mut self.theirs
            && theirs.vector != theirs.noted
        {
            store.acknowledged(&self.peer, &theirs.vector)?;
            theirs.noted.clone_from(&theirs.vector);
        }
        Ok(())
    }

    /// A device that holds less of its own site than it sent before is a restored backup or a clone;
    /// its new transactions would reuse old version numbers and never leave it. A courier file may be
    /// older than what came since.
    fn their_records_missing<S: Store>(
        &self,
        store: &mut S,
        hello: &Hello,
    ) -> Result<Option<Reason>, S::Error> {
        let of_peer = |vector: &VersionVector| vector.get(&self.peer.site).copied().unwrap_or(0);
        let held = of_peer(&store.vector()?);
        if !self.is_on_a_line() || of_peer(&hello.vector) >= held {
            return Ok(None);
        }
        store.heard_rolled_back(&self.peer, held)?;
        Ok(Some(Reason::RolledBack { held }))
    }

    /// Schemas one step apart work together: what the older one does not know, it keeps and
    /// forwards. Further apart there was a release in between that one end never had.
    fn check_hello(&mut self, hello: &Hello, schema: u32, now: Moment) -> Result<(), Reason> {
        let spoken = version::agree(hello.version_min, hello.version_current);
        if spoken.is_none() || schema.abs_diff(hello.schema_version) > SCHEMAS_APART_MAX {
            return Err(Reason::Version {
                min: version::MIN,
                current: version::CURRENT,
            });
        }
        if hello.site != self.peer.site {
            return Err(Reason::NotYourSite);
        }
        let ahead = i128::from(hello.unix_ms) - i128::from(now.unix_ms);
        let ahead_ms = i64::try_from(ahead).unwrap_or(if ahead < 0 { i64::MIN } else { i64::MAX });
        self.skew_ms = Some(ahead_ms);
        if ahead_ms.unsigned_abs() > CLOCK_REFUSED_MS {
            return Err(Reason::Clock { ahead_ms });
        }
        Ok(())
    }

    /// Head office has entries of this device's log that the device itself does not have.
    fn more_of_own_log<S: Store>(&self, store: &S, head: u64) -> Result<bool, S::Error> {
        if self.ends != Ends::CounterToHub {
            return Ok(false);
        }
        let own = store.stream_heads()?.get(&store.site()).copied();
        Ok(head > own.unwrap_or(0))
    }

    /// Only head office knows what this device sent before.
    fn hear_rolled_back<S: Store>(
        &self,
        store: &mut S,
        about: &About,
        reason: &Reason,
    ) -> Result<(), S::Error> {
        match (self.ends, about, reason) {
            (Ends::CounterToHub, About::Conversation, Reason::RolledBack { held }) => {
                store.told_rolled_back(*held)
            }
            (_, _, _) => Ok(()),
        }
    }

    fn receive_refusal(&mut self, about: &About, reason: Reason) {
        match about {
            About::Conversation | About::Request => {
                self.ending = Some(Ending::ByPeer(reason));
            }
            About::Batch { site, after } => {
                if let Some(theirs) = &mut self.theirs {
                    theirs.batches_refused.insert(*site, *after);
                }
            }
        }
    }

    /// Nothing of the last round was taken.
    fn say_again(&mut self) {
        self.grounds.missed();
        self.ours.said.clear();
        self.ours.blobs_asked.clear();
        self.ours.log_end_told = false;
    }

    /// Whether what is received was said just now, not in a courier file.
    pub(crate) fn is_on_a_line(&self) -> bool {
        self.said_at.is_none()
    }

    /// Keeps what the other end tells about itself.
    fn note(&mut self, message: Message) {
        let Some(theirs) = &mut self.theirs else {
            return;
        };
        match message {
            Message::StreamHeads(heads) => theirs.stream_heads = Some(heads),
            Message::DatasetOffers(mut offers) => {
                offers.truncate(LIST_MAX);
                theirs.offers = offers;
            }
            Message::DatasetWants(mut wants) => {
                wants.truncate(LIST_MAX);
                theirs.dataset_wants = wants;
            }
            Message::BlobWants(mut wants) => {
                wants.truncate(LIST_MAX);
                theirs.blob_wants = wants;
            }
            Message::BlobRefusals(hashes) => {
                let room = BLOB_REFUSALS_MAX.saturating_sub(theirs.blobs_refused.len());
                theirs.blobs_refused.extend(hashes.into_iter().take(room));
            }
            Message::BlobOffers(mut hashes) => {
                hashes.truncate(BLOB_OFFERS_MAX);
                theirs.blob_offers = hashes;
            }
            Message::Done(remainder) => self.remainder = remainder,
            Message::Hello(_)
            | Message::Changes(_)
            | Message::Ack(_)
            | Message::StreamEntries(_)
            | Message::DatasetPart(_)
            | Message::BlobPart(_)
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
            | Message::Refused { .. } => {}
        }
    }

    /// Counts records that were new here.
    pub(crate) fn note_changed(&mut self, changes: usize) {
        self.effects.changed += changes;
    }

    /// Whether data goes to this peer as to head office: it keeps every device's stream.
    pub(crate) fn peer_is_hub(&self) -> bool {
        match self.peer.role {
            PeerRole::Hub => true,
            PeerRole::Counter => false,
        }
    }
}

/// A neighbour that holds more of this counter's own records than the counter itself tells that
/// this database is an older copy: what it writes next would get used numbers. Head office finds
/// that by itself; between counters only this way round is sure, because a record may reach the
/// neighbour by way of head office before the hello that tells of it.
fn own_records_missing<S: Store>(store: &S, hello: &Hello) -> Result<Option<Reason>, S::Error> {
    let own = store.site();
    let held = hello.vector.get(&own).copied().unwrap_or(0);
    let here = store.vector()?.get(&own).copied().unwrap_or(0);
    Ok((held > here).then_some(Reason::RolledBack { held }))
}
