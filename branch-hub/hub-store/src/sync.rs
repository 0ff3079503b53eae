//! The head office's part in replication.

use std::collections::BTreeSet;

use counter_domain::ids::BlobHash;
use counter_domain::protection::PROTECTION;
use replica::{StoreChange, StoreError};
use sync_engine::{
    Applied, BlobPart, BlobProgress, CaseCopies, CasePart, CaseTurn, CaseWant, DatasetManifest,
    DatasetPart, Peer, PurgeClosed, PurgeDone, PurgeOrder, Store, WantedBlob,
};
use sync_protocol::{ChangeBatch, Hello, SiteId, VersionVector};

use crate::desk;
use crate::store::HubStore;

impl CaseCopies for HubStore {
    type CopyError = StoreError;

    fn case_offers(&self, peer: &Peer) -> Result<Vec<CaseTurn>, StoreError> {
        self.replica.case_offers(peer)
    }

    fn case_part(
        &self,
        peer: &Peer,
        want: &CaseWant,
        bytes_max: usize,
    ) -> Result<Option<CasePart>, StoreError> {
        self.replica.case_part(peer, want, bytes_max)
    }

    fn cases_held(&mut self, peer: &Peer, held: &[CaseTurn]) -> Result<(), StoreError> {
        self.replica.cases_held(peer, held)
    }

    fn purge_orders(&self, peer: &Peer) -> Result<Vec<PurgeOrder>, StoreError> {
        let mut orders = self.replica.purge_orders(peer)?;
        if self.goes_on_for_another(peer.site)? {
            orders.extend(self.replica.purge_orders_before(peer)?);
        }
        Ok(orders)
    }

    fn purged(&mut self, peer: &Peer, done: &[PurgeDone]) -> Result<(), StoreError> {
        self.note_purged(peer, done)
    }

    fn purges_closed(&self, peer: &Peer) -> Result<Vec<PurgeClosed>, StoreError> {
        self.replica.purges_closed(peer)
    }
}

impl Store for HubStore {
    replica::answered_by_replica!();

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

    fn heard_hello(&mut self, peer: &Peer, hello: &Hello) -> Result<(), StoreError> {
        self.note_hello(peer.site, hello)
    }

    fn heard_rolled_back(&mut self, peer: &Peer, held: u64) -> Result<(), StoreError> {
        self.note_rolled_back(peer.site, held)
    }

    fn acknowledged(&mut self, peer: &Peer, vector: &VersionVector) -> Result<(), StoreError> {
        if self.replica.acknowledged(peer, vector)? {
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

    fn blobs_wanted_of(
        &self,
        peer: &Peer,
        count_max: usize,
    ) -> Result<Vec<WantedBlob>, StoreError> {
        self.replica.blobs_wanted_of(peer, count_max)
    }

    fn blobs_held(&self, peer: &Peer, hashes: &[[u8; 32]]) -> Result<Vec<[u8; 32]>, StoreError> {
        self.replica.blobs_held(peer, hashes)
    }

    fn blobs_unnamed(&self, hashes: &[[u8; 32]]) -> Result<Vec<[u8; 32]>, StoreError> {
        self.replica.blobs_unnamed(hashes)
    }
}
