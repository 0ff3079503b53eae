//! The head office's part in replication.

use std::collections::{BTreeMap, BTreeSet};

use counter_domain::ids::BlobHash;
use replica::{SCHEMA_VERSION, StoreChange, StoreError};
use sync_engine::{
    Applied, BlobPart, BlobProgress, DatasetManifest, DatasetPart, Peer, Store, StreamEntry,
    WantedBlob,
};
use sync_protocol::{ChangeBatch, SiteId, VersionVector};

use crate::desk;
use crate::store::HubStore;

impl Store for HubStore {
    type Error = StoreError;

    fn site(&self) -> SiteId {
        self.replica.site()
    }

    fn schema_version(&self) -> u32 {
        SCHEMA_VERSION
    }

    fn vector(&self) -> Result<VersionVector, StoreError> {
        self.replica.vector()
    }

    fn changes(
        &self,
        peer: &Peer,
        site: SiteId,
        after: u64,
        bytes_max: usize,
    ) -> Result<Option<ChangeBatch>, StoreError> {
        self.replica.changes(peer, site, after, bytes_max)
    }

    fn apply(&mut self, peer: &Peer, batch: &ChangeBatch) -> Result<Applied, StoreError> {
        let mut received = BTreeSet::new();
        let applied = self.replica.apply(peer, batch, |connection, cases| {
            received.clone_from(cases);
            desk::project(connection, cases)
        })?;
        if !received.is_empty() {
            self.listener
                .tell(&StoreChange::Received { cases: received });
        }
        Ok(applied)
    }

    fn acknowledged(&mut self, peer: &Peer, vector: &VersionVector) -> Result<(), StoreError> {
        if self.replica.acknowledged(peer, vector)? {
            self.listener.tell(&StoreChange::Acknowledged);
        }
        Ok(())
    }

    fn stream_heads(&self) -> Result<BTreeMap<SiteId, u64>, StoreError> {
        self.replica.stream_heads()
    }

    fn stream_entries(
        &self,
        device: SiteId,
        after: u64,
        bytes_max: usize,
    ) -> Result<Vec<StreamEntry>, StoreError> {
        self.replica.stream_entries(device, after, bytes_max)
    }

    fn append_stream(&mut self, peer: &Peer, entries: &[StreamEntry]) -> Result<u64, StoreError> {
        self.replica.append_stream(peer, entries)
    }

    fn datasets(&self) -> Result<Vec<DatasetManifest>, StoreError> {
        self.replica.datasets()
    }

    fn dataset_part(
        &self,
        name: &str,
        version: u64,
        offset: u64,
        bytes_max: usize,
    ) -> Result<Option<DatasetPart>, StoreError> {
        self.replica.dataset_part(name, version, offset, bytes_max)
    }

    fn dataset_wanted(&mut self, offer: &DatasetManifest) -> Result<Option<u64>, StoreError> {
        self.replica.dataset_wanted(offer)
    }

    fn stage_dataset(
        &mut self,
        offer: &DatasetManifest,
        part: &DatasetPart,
    ) -> Result<Option<u64>, StoreError> {
        let next = self.replica.stage_dataset(offer, part)?;
        if next.is_none() {
            self.listener.tell(&StoreChange::Dataset {
                name: offer.name.clone(),
            });
        }
        Ok(next)
    }

    fn blobs_wanted(&self, count_max: usize) -> Result<Vec<WantedBlob>, StoreError> {
        self.replica.blobs_wanted(count_max)
    }

    fn blob_part(
        &self,
        peer: &Peer,
        hash: [u8; 32],
        offset: u64,
        bytes_max: usize,
    ) -> Result<Option<BlobPart>, StoreError> {
        self.replica.blob_part(peer, hash, offset, bytes_max)
    }

    fn store_blob(&mut self, _peer: &Peer, part: &BlobPart) -> Result<BlobProgress, StoreError> {
        let progress = self.replica.store_blob(part)?;
        if progress == BlobProgress::Complete {
            self.listener.tell(&StoreChange::Blob {
                hash: BlobHash(part.hash),
            });
        }
        Ok(progress)
    }

    fn blobs_held(&self, peer: &Peer, hashes: &[[u8; 32]]) -> Result<Vec<[u8; 32]>, StoreError> {
        self.replica.blobs_held(peer, hashes)
    }
}
