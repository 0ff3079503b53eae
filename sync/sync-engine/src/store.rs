//! What the conversation needs of a database.

use std::collections::BTreeMap;

use sync_protocol::{
    BlobPart, ChangeBatch, DatasetManifest, DatasetPart, Hello, Passed, SiteId, StreamEntry,
    VersionVector, WantedBlob,
};

use crate::CaseCopies;

/// Who is at the other end, as its certificate says; never as it says itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Peer {
    /// Its device and site.
    pub site: SiteId,
    /// Its branch, two digits; `00` is head office.
    pub branch: String,
    /// What it is.
    pub role: PeerRole,
}

/// What kind of device a peer is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PeerRole {
    /// A counter of a branch.
    Counter,
    /// The head office.
    Hub,
}

/// What became of a batch.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Applied {
    /// On disk; the vector now stands at `through` for the batch's site.
    Done {
        /// Changes that were new here.
        changed: usize,
    },
    /// Everything in it was here already.
    Known,
    /// The batch does not follow what is held; send from `have`.
    Gap {
        /// The version held.
        have: u64,
    },
    /// Kept aside with its reason; the rest of the conversation goes on.
    Quarantined {
        /// Why, in English, without personal data.
        reason: String,
    },
}

/// What a piece did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BlobProgress {
    /// Complete, hash checked, on disk.
    Complete,
    /// More to come from this offset.
    Partial(u64),
    /// The whole does not have the hash it is named by; thrown away.
    Corrupt,
    /// Nobody here asked for it.
    Unwanted,
}

/// A database that takes part in replication.
///
/// Every method that writes returns only after the write is on disk (`synchronous=FULL`).
/// All of them are idempotent. They block; callers run them off the async threads.
pub trait Store: CaseCopies<CopyError = <Self as Store>::Error> {
    /// Its error; an error means the disk or the database, never the peer.
    type Error: std::error::Error + Send + Sync + 'static;

    /// This database's own site.
    fn site(&self) -> SiteId;

    /// Version of the replicated schema.
    fn schema_version(&self) -> u32;

    /// What is held of each site, own one included.
    ///
    /// # Errors
    /// When the database cannot be read.
    fn vector(&self) -> Result<VersionVector, Self::Error>;

    /// The next transactions of `site` behind `after` that `peer` may see, at least one and about
    /// `bytes_max` bytes; `None` when there is nothing behind `after`.
    ///
    /// # Errors
    /// When the database cannot be read.
    fn changes(
        &self,
        peer: &Peer,
        site: SiteId,
        after: u64,
        bytes_max: usize,
    ) -> Result<Option<ChangeBatch>, Self::Error>;

    /// Checks and applies a batch in one transaction.
    ///
    /// # Errors
    /// When the database cannot be written; nothing was applied then.
    fn apply(&mut self, peer: &Peer, batch: &ChangeBatch) -> Result<Applied, Self::Error>;

    /// Notes the hybrid clock a peer told: what is written here from now on is later. Needs no disk,
    /// since every hello tells it again.
    fn heard_clock(&mut self, _hlc: u64) {}

    /// The same for batches without changes, all in one transaction; what became of each.
    ///
    /// # Errors
    /// When the database cannot be written.
    fn pass(&mut self, peer: &Peer, passed: &[Passed]) -> Result<Vec<Applied>, Self::Error> {
        let empty = |one: &Passed| ChangeBatch::from(*one);
        passed
            .iter()
            .map(|one| self.apply(peer, &empty(one)))
            .collect()
    }

    /// Hears what `peer` says of itself: its versions and how far it is. Nothing depends on it but
    /// what the people who look after the machines are shown.
    ///
    /// # Errors
    /// When the database cannot be written.
    fn heard_hello(&mut self, _peer: &Peer, _hello: &Hello) -> Result<(), Self::Error> {
        Ok(())
    }

    /// Notes that `peer` has `vector` on disk ("safe at head office").
    ///
    /// # Errors
    /// When the database cannot be written.
    fn acknowledged(&mut self, peer: &Peer, vector: &VersionVector) -> Result<(), Self::Error>;

    /// What was noted so of `peer`; the highest of each site.
    ///
    /// # Errors
    /// When the database cannot be read.
    fn noted_of(&self, peer: &Peer) -> Result<VersionVector, Self::Error>;

    /// Highest sequence held of each device's stream.
    ///
    /// # Errors
    /// When the database cannot be read.
    fn stream_heads(&self) -> Result<BTreeMap<SiteId, u64>, Self::Error>;

    /// Entries of `device` behind `after`, about `bytes_max` bytes; empty at the end.
    ///
    /// # Errors
    /// When the database cannot be read.
    fn stream_entries(
        &self,
        device: SiteId,
        after: u64,
        bytes_max: usize,
    ) -> Result<Vec<StreamEntry>, Self::Error>;

    /// Whether entries of the peer's own stream continue what is held of it, where they overlap or
    /// touch it. Those of a restored or cloned database do not.
    ///
    /// # Errors
    /// When the database cannot be read.
    fn stream_fits(&self, _peer: &Peer, _entries: &[StreamEntry]) -> Result<bool, Self::Error> {
        Ok(true)
    }

    /// Hears that the database of `peer` is an older copy or a clone; `held` is what
    /// [`sync_protocol::Reason::RolledBack`] names. Nothing depends on it but what the people who
    /// look after the machines are shown.
    ///
    /// # Errors
    /// When the database cannot be written.
    fn heard_rolled_back(&mut self, _peer: &Peer, _held: u64) -> Result<(), Self::Error> {
        Ok(())
    }

    /// Is told the same of itself by head office.
    ///
    /// # Errors
    /// When the database cannot be written.
    fn told_rolled_back(&mut self, _held: u64) -> Result<(), Self::Error> {
        Ok(())
    }

    /// Appends entries of the peer's own stream; returns the head afterwards. Entries already held
    /// are skipped; a broken chain stops before the break and is logged.
    ///
    /// # Errors
    /// When the database cannot be written.
    fn append_stream(&mut self, peer: &Peer, entries: &[StreamEntry]) -> Result<u64, Self::Error>;

    /// Hears how far `peer` has this device's stream. Nothing depends on it but how much a courier
    /// file repeats.
    ///
    /// # Errors
    /// When the database cannot be written.
    fn stream_acknowledged(&mut self, _peer: &Peer, _head: u64) -> Result<(), Self::Error> {
        Ok(())
    }

    /// Installed datasets, newest version of each.
    ///
    /// # Errors
    /// When the database cannot be read.
    fn datasets(&self) -> Result<Vec<DatasetManifest>, Self::Error>;

    /// Bytes of an installed dataset from `offset`; `None` when that version is not here.
    ///
    /// # Errors
    /// When the database cannot be read.
    fn dataset_part(
        &self,
        name: &str,
        version: u64,
        offset: u64,
        bytes_max: usize,
    ) -> Result<Option<DatasetPart>, Self::Error>;

    /// How much of an offered dataset is staged already; staging restarts at 0 for a new version.
    /// `None` when it is not wanted (installed already, older, or not signed by our hub).
    ///
    /// # Errors
    /// When the database cannot be read.
    fn dataset_wanted(&mut self, offer: &DatasetManifest) -> Result<Option<u64>, Self::Error>;

    /// Stages a piece; on the last one checks the hash and installs it atomically. Returns the
    /// offset to go on from, or `None` when it is installed.
    ///
    /// # Errors
    /// When the database cannot be written.
    fn stage_dataset(
        &mut self,
        offer: &DatasetManifest,
        part: &DatasetPart,
    ) -> Result<Option<u64>, Self::Error>;

    /// Blobs that records here name and that are not complete, most urgent first.
    ///
    /// # Errors
    /// When the database cannot be read.
    fn blobs_wanted(&self, count_max: usize) -> Result<Vec<WantedBlob>, Self::Error>;

    /// Of those, the ones that `peer` may have and may give.
    ///
    /// # Errors
    /// When the database cannot be read.
    fn blobs_wanted_of(
        &self,
        _peer: &Peer,
        count_max: usize,
    ) -> Result<Vec<WantedBlob>, Self::Error> {
        self.blobs_wanted(count_max)
    }

    /// A piece of a blob that `peer` may see; `None` when it is not here.
    ///
    /// # Errors
    /// When the database cannot be read.
    fn blob_part(
        &self,
        peer: &Peer,
        hash: [u8; 32],
        offset: u64,
        bytes_max: usize,
    ) -> Result<Option<BlobPart>, Self::Error>;

    /// Stores a piece.
    ///
    /// # Errors
    /// When the database cannot be written.
    fn store_blob(&mut self, peer: &Peer, part: &BlobPart) -> Result<BlobProgress, Self::Error>;

    /// Own blobs that head office has not said it has, oldest first. A store that nobody waits for
    /// asks about none.
    ///
    /// # Errors
    /// When the database cannot be read.
    fn blobs_unconfirmed(&self, _count_max: usize) -> Result<Vec<[u8; 32]>, Self::Error> {
        Ok(Vec::new())
    }

    /// Which of `hashes` are complete on disk here and `peer`'s to know about.
    ///
    /// # Errors
    /// When the database cannot be read.
    fn blobs_held(&self, _peer: &Peer, _hashes: &[[u8; 32]]) -> Result<Vec<[u8; 32]>, Self::Error> {
        Ok(Vec::new())
    }

    /// Which of `hashes` no record here names. When everything their writer wrote is here, nobody
    /// will ever ask for them: their cases were deleted.
    ///
    /// # Errors
    /// When the database cannot be read.
    fn blobs_unnamed(&self, _hashes: &[[u8; 32]]) -> Result<Vec<[u8; 32]>, Self::Error> {
        Ok(Vec::new())
    }

    /// Hears that `peer` has these blobs not, whether it was asked for them or told of them.
    ///
    /// # Errors
    /// When the database cannot be written.
    fn blobs_refused(&mut self, _peer: &Peer, _hashes: &[[u8; 32]]) -> Result<(), Self::Error> {
        Ok(())
    }

    /// Notes that `peer` has these blobs on disk.
    ///
    /// # Errors
    /// When the database cannot be written.
    fn blobs_confirmed(&mut self, _peer: &Peer, _hashes: &[[u8; 32]]) -> Result<(), Self::Error> {
        Ok(())
    }
}
