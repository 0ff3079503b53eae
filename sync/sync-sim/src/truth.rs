//! What was acknowledged, kept beside the databases: what they must never lose.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::{Result, ensure};
use counter_domain::ids::{BranchCode, CaseId};
use sync_engine::{Peer, PeerRole, Store};
use sync_protocol::{CellValue, Change, ChangeBatch, Message, SiteId};

/// Cells by table and packed key.
pub(crate) type Cells = BTreeMap<(String, Vec<u8>), CellValue>;

/// Everything that was acknowledged at one site.
#[derive(Debug, Default, Clone)]
pub(crate) struct Site {
    pub(crate) cells: Cells,
    pub(crate) through: u64,
}

/// Everything that was acknowledged anywhere.
#[derive(Debug, Default)]
pub(crate) struct Truth {
    pub(crate) sites: BTreeMap<SiteId, Site>,
    pub(crate) branches: BTreeMap<CaseId, String>,
    /// Branches of cases that nobody has any more.
    gone: BTreeMap<CaseId, String>,
    pub(crate) receipts: BTreeMap<String, CaseId>,
    /// Branches a case went to.
    named: BTreeMap<CaseId, BTreeSet<String>>,
    /// Copies that were ordered overwritten at some time.
    revoked: BTreeSet<(CaseId, String)>,
    /// Blobs that were only on a disk that is gone.
    pub(crate) lost_blobs: BTreeSet<[u8; 32]>,
    /// Cases that name a blob.
    blobs: BTreeMap<[u8; 32], BTreeSet<CaseId>>,
}

/// Sees everything, as head office does.
pub(crate) fn all_seeing() -> Peer {
    Peer {
        site: SiteId([0xee; 16]),
        branch: "00".to_owned(),
        role: PeerRole::Hub,
    }
}

/// A site's changes behind a version.
pub(crate) fn behind<S: Store>(store: &S, site: SiteId, after: u64) -> Result<Option<ChangeBatch>>
where
    S::Error: Send + Sync + 'static,
{
    Ok(store.changes(&all_seeing(), site, after, usize::MAX)?)
}

/// Every cell of a site as a store holds it.
pub(crate) fn cells_of<S: Store>(store: &S, site: SiteId) -> Result<Cells>
where
    S::Error: Send + Sync + 'static,
{
    let batch = behind(store, site, 0)?;
    Ok(batch.map_or_else(Cells::new, |batch| {
        batch.changes.into_iter().map(cell).collect()
    }))
}

fn cell(change: Change) -> ((String, Vec<u8>), CellValue) {
    ((change.table, change.key), change.value)
}

/// The case a packed key begins with: one byte of count, type, length, then sixteen of the case.
pub(crate) fn case_of(key: &[u8]) -> Option<CaseId> {
    key.get(3..19).and_then(CaseId::from_slice)
}

impl Truth {
    /// Notes what a store has acknowledged since it was last asked.
    pub(crate) fn note<S: Store>(&mut self, store: &S) -> Result<()>
    where
        S::Error: Send + Sync + 'static,
    {
        let site = store.site();
        let through = self.sites.get(&site).map_or(0, |known| known.through);
        let Some(batch) = behind(store, site, through)? else {
            return Ok(());
        };
        for change in &batch.changes {
            self.note_blob(change);
        }
        let known = self.sites.entry(site).or_default();
        known.through = batch.through;
        known.cells.extend(batch.changes.into_iter().map(cell));
        Ok(())
    }

    /// Notes which cases name the blobs a store wrote, and nothing else of it.
    pub(crate) fn note_blobs<S: Store>(&mut self, store: &S) -> Result<()>
    where
        S::Error: Send + Sync + 'static,
    {
        let batch = behind(store, store.site(), 0)?;
        for change in batch.iter().flat_map(|batch| &batch.changes) {
            self.note_blob(change);
        }
        Ok(())
    }

    fn note_blob(&mut self, change: &Change) {
        let hash = change.key.last_chunk::<32>();
        let case = case_of(&change.key);
        if let ("blob_ref", Some(hash), Some(case)) = (change.table.as_str(), hash, case) {
            self.blobs.entry(*hash).or_default().insert(case);
        }
    }

    /// A case went to these branches, or may have.
    pub(crate) fn name(&mut self, case: CaseId, branches: impl IntoIterator<Item = String>) {
        self.named.entry(case).or_default().extend(branches);
    }

    /// A branch was ordered to overwrite its copy.
    pub(crate) fn revoke(&mut self, case: CaseId, branch: &BranchCode) {
        self.revoked.insert((case, branch.0.clone()));
    }

    /// Whether a row that is missing at a counter of this branch may be: its copy was overwritten.
    pub(crate) fn may_be_gone(&self, key: &[u8], branch: &str) -> bool {
        case_of(key).is_some_and(|case| self.revoked.contains(&(case, branch.to_owned())))
    }

    /// Whether the branch has or had the case.
    pub(crate) fn concerns(&self, case: CaseId, branch: &str) -> bool {
        // Also a case that is gone: a database that was set aside may bring it back.
        let known = self.branches.get(&case).or_else(|| self.gone.get(&case));
        let began = known.is_some_and(|one| one == branch);
        began
            || self
                .named
                .get(&case)
                .is_some_and(|named| named.contains(branch))
    }

    /// Keeps the cases somebody has; the others are gone with a disk.
    pub(crate) fn keep_cases(
        &mut self,
        mut is_somewhere: impl FnMut(CaseId) -> Result<bool>,
    ) -> Result<()> {
        // A copy from before may bring back what a disk lost.
        let mut known = std::mem::take(&mut self.gone);
        known.append(&mut self.branches);
        for (case, branch) in known {
            let place = if is_somewhere(case)? {
                &mut self.branches
            } else {
                &mut self.gone
            };
            place.insert(case, branch);
        }
        Ok(())
    }

    /// A receipt was printed.
    pub(crate) fn note_start(&mut self, number: String, case: CaseId, branch: &str) -> Result<()> {
        self.branches.insert(case, branch.to_owned());
        let before = self.receipts.insert(number, case);
        ensure!(before.is_none(), "a receipt number was given out twice");
        Ok(())
    }

    /// Checks that a message is nothing `to` may not see.
    pub(crate) fn check_scope(&self, message: &Message, to: &Peer) -> Result<()> {
        if to.role == PeerRole::Hub {
            return Ok(());
        }
        match message {
            Message::Changes(batch) => {
                for change in &batch.changes {
                    let case = case_of(&change.key);
                    let concerns = case.is_some_and(|case| self.concerns(case, &to.branch));
                    ensure!(concerns, "a row of another branch was sent");
                }
            }
            Message::BlobPart(part) => self.check_blob(part.hash, to)?,
            Message::BlobsHeld(hashes) => {
                for hash in hashes {
                    self.check_blob(*hash, to)?;
                }
            }
            Message::StreamEntries(_) => {
                ensure!(false, "a counter was sent entries of an audit log");
            }
            Message::StreamHeads(heads) => {
                let own = heads.keys().all(|device| *device == to.site);
                ensure!(own, "a counter was told another counter's audit head");
            }
            Message::CasePart(part) => {
                self.check_case(part.case, to)?;
                let own = |change: &Change| case_of(&change.key) == Some(CaseId(part.case));
                let all_own = part.rows.iter().all(|(_, change)| own(change));
                ensure!(all_own, "a row of another case came with a case");
            }
            Message::CaseOffers(cases) | Message::CasesHeld(cases) => {
                for one in cases {
                    self.check_case(one.case, to)?;
                }
            }
            Message::PurgeOrders(orders) => {
                for order in orders {
                    ensure!(
                        order.branch == to.branch,
                        "an order for another branch was sent"
                    );
                    self.check_case(order.case, to)?;
                }
            }
            Message::PurgesClosed(closed) => {
                for one in closed {
                    self.check_case(one.case, to)?;
                }
            }
            Message::CaseWants(_) | Message::PurgesDone(_) => {
                ensure!(false, "a counter was asked what only head office is asked");
            }
            // What is published is for everybody; the rest names no case.
            Message::Hello(_)
            | Message::Ack(_)
            | Message::DatasetOffers(_)
            | Message::DatasetWants(_)
            | Message::DatasetPart(_)
            | Message::BlobWants(_)
            | Message::BlobRefusals(_)
            | Message::BlobOffers(_)
            | Message::Refused { .. }
            | Message::HelloSince(_)
            | Message::HelloBack(_)
            | Message::SayWhole
            | Message::Passed(_)
            | Message::Done(_) => {}
        }
        Ok(())
    }

    fn check_case(&self, case: [u8; 16], to: &Peer) -> Result<()> {
        ensure!(
            self.concerns(CaseId(case), &to.branch),
            "a case of another branch was sent or told of"
        );
        Ok(())
    }

    fn check_blob(&self, hash: [u8; 32], to: &Peer) -> Result<()> {
        let named_by = self.blobs.get(&hash);
        let seen = named_by.is_some_and(|cases| {
            let mut cases = cases.iter();
            cases.any(|case| self.concerns(*case, &to.branch))
        });
        ensure!(seen, "a blob of another branch was sent or told of");
        Ok(())
    }
}
