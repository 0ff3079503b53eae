//! A counter's part in replication.

use std::collections::BTreeSet;

use counter_domain::ids::BlobHash;
use counter_domain::protection::PROTECTION;
use replica::{StoreChange, StoreError};
use sync_engine::{
    Applied, BlobPart, BlobProgress, DatasetManifest, DatasetPart, Peer, PeerRole, Store,
};
use sync_protocol::{ChangeBatch, SiteId, VersionVector};

use crate::board;
use crate::store::CounterStore;

impl Store for CounterStore {
    replica::answered_by_replica!();

    fn changes(
        &self,
        peer: &Peer,
        site: SiteId,
        after: u64,
        bytes_max: usize,
    ) -> Result<Option<ChangeBatch>, StoreError> {
        // Everybody takes a counter's records from the counter itself or from head office, because
        // only they can vouch for them.
        if site != self.replica.site() {
            return Ok(None);
        }
        self.replica.changes(peer, site, after, bytes_max)
    }

    fn apply(&mut self, peer: &Peer, batch: &ChangeBatch) -> Result<Applied, StoreError> {
        let mut received = BTreeSet::new();
        let applied = self.replica.apply(peer, batch, |connection, cases| {
            received.clone_from(cases);
            board::project(connection, cases)
        })?;
        if !received.is_empty() {
            self.listener
                .tell(&StoreChange::Received { cases: received });
        }
        Ok(applied)
    }

    fn acknowledged(&mut self, peer: &Peer, vector: &VersionVector) -> Result<(), StoreError> {
        let news = self.replica.acknowledged(peer, vector)?;
        if peer.role == PeerRole::Hub && (news || self.sending()?.waiting > 0) {
            let through = vector.get(&self.replica.site()).copied().unwrap_or(0);
            let now = self.replica.unix_ms();
            self.replica
                .write(|write| board::acknowledged(write.connection(), through, now))?;
            self.listener.tell(&StoreChange::Acknowledged);
        }
        Ok(())
    }

    fn stage_dataset(
        &mut self,
        offer: &DatasetManifest,
        part: &DatasetPart,
    ) -> Result<Option<u64>, StoreError> {
        let next = self.replica.stage_dataset(offer, part)?;
        if next.is_none() {
            if offer.name == PROTECTION {
                self.replica.refresh_protection()?;
            }
            self.listener.tell(&StoreChange::Dataset {
                name: offer.name.clone(),
            });
        }
        Ok(next)
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

    fn stream_acknowledged(&mut self, peer: &Peer, head: u64) -> Result<(), StoreError> {
        if peer.role == PeerRole::Hub {
            self.note_log_acknowledged(head)?;
        }
        Ok(())
    }

    fn blobs_unconfirmed(&self, count_max: usize) -> Result<Vec<[u8; 32]>, StoreError> {
        board::blobs_unconfirmed(self.replica.reader(), count_max)
    }

    fn blobs_held(&self, peer: &Peer, hashes: &[[u8; 32]]) -> Result<Vec<[u8; 32]>, StoreError> {
        self.replica.blobs_held(peer, hashes)
    }

    fn blobs_confirmed(&mut self, peer: &Peer, hashes: &[[u8; 32]]) -> Result<(), StoreError> {
        if peer.role != PeerRole::Hub || hashes.is_empty() {
            return Ok(());
        }
        let now = self.replica.unix_ms();
        self.replica
            .write(|write| board::blobs_confirmed(write.connection(), hashes, now))?;
        self.listener.tell(&StoreChange::Acknowledged);
        Ok(())
    }
}
