//! What an end does with the data of a round.

use sync_protocol::{
    BlobPart, ChangeBatch, DatasetManifest, DatasetPart, HISTORY_DIFFERS, Passed, Reason,
    StreamEntry, VersionVector,
};

use crate::session::{Ends, LIST_MAX};
use crate::{Applied, BlobProgress, Session, Store};

/// Said of a batch that a counter sends for somebody else.
const FOREIGN_SITE: &str = "site is not the peer's";

impl Session {
    pub(crate) fn receive_changes<S: Store>(
        &mut self,
        store: &mut S,
        batch: &ChangeBatch,
    ) -> Result<(), S::Error> {
        let applied = if self.ends == Ends::Counters && batch.site != self.peer.site {
            Applied::Quarantined {
                reason: FOREIGN_SITE.to_owned(),
            }
        } else {
            store.apply(&self.peer, batch)?
        };
        self.note_applied(batch, applied);
        Ok(())
    }

    pub(crate) fn receive_passed<S: Store>(
        &mut self,
        store: &mut S,
        mut passed: Vec<Passed>,
    ) -> Result<(), S::Error> {
        passed.truncate(LIST_MAX);
        if self.ends == Ends::Counters {
            let mut batches = passed.into_iter().map(ChangeBatch::from);
            return batches.try_for_each(|batch| self.receive_changes(store, &batch));
        }
        let applied = store.pass(&self.peer, &passed)?;
        for (one, applied) in passed.into_iter().zip(applied) {
            self.note_applied(&one.into(), applied);
        }
        Ok(())
    }

    fn note_applied(&mut self, batch: &ChangeBatch, applied: Applied) {
        let is_first = self.ours.touched.insert(batch.site);
        if !batch.changes.is_empty() {
            self.ours.passed_over.remove(&batch.site);
        } else if is_first {
            self.ours.passed_over.insert(batch.site);
        }
        // Whoever sends it has it.
        if let Some(theirs) = &mut self.theirs {
            let held = theirs.vector.entry(batch.site).or_default();
            *held = (*held).max(batch.through);
        }
        match applied {
            Applied::Done { changed } => {
                self.ours.batches_refused.remove(&batch.site);
                self.effects.changed += changed;
            }
            Applied::Known => {}
            Applied::Gap { .. } => self.effects.gaps += 1,
            Applied::Quarantined { reason } => {
                self.effects.quarantined.push(reason.clone());
                self.ours
                    .batches_refused
                    .insert(batch.site, (batch.after, reason));
            }
        }
    }

    pub(crate) fn receive_ack<S: Store>(
        &mut self,
        store: &mut S,
        vector: VersionVector,
    ) -> Result<(), S::Error> {
        let Some(theirs) = &mut self.theirs else {
            return Ok(());
        };
        theirs.vector.extend(vector);
        self.note_acknowledged(store)
    }

    pub(crate) fn receive_entries<S: Store>(
        &mut self,
        store: &mut S,
        entries: &[StreamEntry],
    ) -> Result<(), S::Error> {
        // A device's log goes to head office; a neighbour has no use for it.
        if self.ends == Ends::Counters {
            return Ok(());
        }
        let Some(last) = entries.iter().map(|entry| entry.sequence).max() else {
            return Ok(());
        };
        if !store.stream_fits(&self.peer, entries)? {
            store.heard_rolled_back(&self.peer, HISTORY_DIFFERS)?;
            self.refuse(Reason::RolledBack {
                held: HISTORY_DIFFERS,
            });
            return Ok(());
        }
        let before = store
            .stream_heads()?
            .get(&self.peer.site)
            .copied()
            .unwrap_or(0);
        if last <= before {
            return Ok(());
        }
        let head = store.append_stream(&self.peer, entries)?;
        self.effects.stream_grew |= head > before;
        Ok(())
    }

    pub(crate) fn receive_dataset<S: Store>(
        &mut self,
        store: &mut S,
        part: &DatasetPart,
    ) -> Result<(), S::Error> {
        let Some(offer) = self.theirs.as_ref().and_then(|theirs| {
            theirs
                .offers
                .iter()
                .find(|o| o.name == part.name && o.version == part.version)
        }) else {
            return Ok(());
        };
        let key = (part.name.clone(), part.version);
        if self.ours.datasets_spoilt.contains(&key) || store.dataset_wanted(offer)?.is_none() {
            return Ok(());
        }
        match store.stage_dataset(offer, part)? {
            None => self.effects.installed.push(part.name.clone()),
            Some(0) if part.offset > 0 || covers(part, offer) => {
                self.ours.datasets_spoilt.insert(key);
            }
            Some(_) => {}
        }
        Ok(())
    }

    pub(crate) fn receive_blob<S: Store>(
        &mut self,
        store: &mut S,
        part: &BlobPart,
    ) -> Result<(), S::Error> {
        match store.store_blob(&self.peer, part)? {
            BlobProgress::Complete => self.effects.blobs += 1,
            BlobProgress::Corrupt => {
                self.ours.blobs_spoilt.insert(part.hash);
            }
            BlobProgress::Partial(_) | BlobProgress::Unwanted => {}
        }
        Ok(())
    }
}

fn covers(part: &DatasetPart, offer: &DatasetManifest) -> bool {
    u64::try_from(part.bytes.len()).is_ok_and(|length| length >= offer.length)
}
