//! A counter's part in replication.

use std::collections::BTreeSet;

use counter_domain::ids::{BlobHash, BranchCode, CaseId};
use counter_domain::protection::PROTECTION;
use replica::{StoreChange, StoreError};
use sync_engine::{
    Applied, BlobPart, BlobProgress, CaseCopies, CasePart, CaseTurn, CaseWant, DatasetManifest,
    DatasetPart, Peer, PeerRole, PurgeClosed, PurgeDone, PurgeOrder, Store, WantedBlob,
};
use sync_protocol::{ChangeBatch, SiteId, VersionVector};

use crate::board;
use crate::store::CounterStore;

impl CaseCopies for CounterStore {
    type CopyError = StoreError;

    fn cases_wanted(&self, offers: &[CaseTurn]) -> Result<Vec<CaseWant>, StoreError> {
        self.replica.cases_wanted(offers)
    }

    fn cases_whole(&self, offers: &[CaseTurn]) -> Result<Vec<CaseTurn>, StoreError> {
        self.replica.cases_whole(offers)
    }

    fn take_case(
        &mut self,
        peer: &Peer,
        part: &CasePart,
        held: &VersionVector,
    ) -> Result<usize, StoreError> {
        let taken = self.replica.take_case(peer, (part, held), board::project)?;
        if taken > 0 {
            self.listener.tell(&StoreChange::Received {
                cases: BTreeSet::from([CaseId(part.case)]),
            });
        }
        Ok(taken)
    }

    /// A neighbour of the branch hands orders on, so that one without a line follows them too.
    fn purge_orders(&self, peer: &Peer) -> Result<Vec<PurgeOrder>, StoreError> {
        self.replica.purge_orders(peer)
    }

    fn purge(&mut self, peer: &Peer, orders: &[PurgeOrder]) -> Result<(), StoreError> {
        self.replica.keep_purge_orders(peer, orders)?;
        self.follow_purges()
    }

    fn purges_done(&self, told: &[CaseTurn]) -> Result<Vec<PurgeDone>, StoreError> {
        self.replica.purges_done(told)
    }

    fn forget_purged(&mut self, closed: &[PurgeClosed]) -> Result<(), StoreError> {
        self.replica.forget_purged(closed)
    }

    fn purges_forgotten(&self, closed: &[PurgeClosed]) -> Result<Vec<PurgeDone>, StoreError> {
        self.replica.purges_forgotten(closed)
    }
}

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
        // A neighbour is of the same branch, so it may see whatever was written here; what is left
        // out because the case is elsewhere now would count as held, and be missing when it is back.
        let is_of_the_branch = |own: &BranchCode| own.as_str() == peer.branch;
        if self.branch.as_ref().is_some_and(is_of_the_branch) {
            if after < self.replica.overwritten_through()? {
                return Ok(None);
            }
            let all_seeing = Peer {
                role: PeerRole::Hub,
                ..peer.clone()
            };
            return self.replica.changes(&all_seeing, site, after, bytes_max);
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
            // What had to reach head office first may be there now.
            self.follow_purges()?;
        }
        Ok(())
    }

    fn told_rolled_back(&mut self, held: u64) -> Result<(), StoreError> {
        if self.replica.told_rolled_back(held)? {
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

    fn blobs_wanted_of(
        &self,
        _peer: &Peer,
        count_max: usize,
    ) -> Result<Vec<WantedBlob>, StoreError> {
        self.blobs_to_come(count_max)
    }

    fn blobs_unconfirmed(&self, count_max: usize) -> Result<Vec<[u8; 32]>, StoreError> {
        board::blobs_unconfirmed(self.replica.reader(), count_max)
    }

    fn blobs_held(&self, peer: &Peer, hashes: &[[u8; 32]]) -> Result<Vec<[u8; 32]>, StoreError> {
        self.replica.blobs_held(peer, hashes)
    }

    /// Head office refuses papers of a case that was deleted there; the order to overwrite it waits
    /// for them no longer. Of any other case papers are never given up.
    fn blobs_refused(&mut self, peer: &Peer, hashes: &[[u8; 32]]) -> Result<(), StoreError> {
        if peer.role != PeerRole::Hub || hashes.is_empty() {
            return Ok(());
        }
        let mut waiting = Vec::new();
        for (case, _) in self.replica.purges_to_follow()? {
            if !board::at_head_office(self.replica.reader(), case)? {
                waiting.push(case);
            }
        }
        if waiting.is_empty() {
            return Ok(());
        }
        self.replica.write(|write| {
            let given_up = |case: &CaseId| board::blobs_given_up(write.connection(), *case, hashes);
            waiting.iter().try_for_each(given_up)
        })?;
        self.follow_purges()
    }

    fn blobs_confirmed(&mut self, peer: &Peer, hashes: &[[u8; 32]]) -> Result<(), StoreError> {
        if peer.role != PeerRole::Hub || hashes.is_empty() {
            return Ok(());
        }
        let now = self.replica.unix_ms();
        self.replica
            .write(|write| board::blobs_confirmed(write.connection(), hashes, now))?;
        self.listener.tell(&StoreChange::Acknowledged);
        self.follow_purges()
    }
}
