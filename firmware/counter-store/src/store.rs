//! The open store.

use std::collections::BTreeSet;
use std::path::Path;

use counter_domain::hlc::Hlc;
use counter_domain::ids::SnapshotHash;
use counter_domain::ids::{BlobHash, BranchCode, CaseId, DeviceId, StaffId};
use counter_domain::snapshot::Snapshot;
use replica::staff::{self, SignInError, StaffMember};
use replica::{
    AuditAction, DatabaseKey, Dataset, Listener, OpenError, Replica, StoreChange, StoreError,
    Surroundings, Write,
};
use rusqlite::named_params;
use sync_protocol::SiteId;

use crate::board;
use crate::numbers::Numbers;
use crate::residents::Residents;

const STEPS: [&str; 4] = [
    include_str!("../migrations/0001-create-board.sql"),
    include_str!("../migrations/0002-create-note.sql"),
    include_str!("../migrations/0003-create-unsent-blob.sql"),
    include_str!("../migrations/0004-add-moves-to-board.sql"),
];

/// The database of a counter.
#[derive(Debug)]
pub struct CounterStore {
    pub(crate) replica: Replica,
    pub(crate) residents: Residents,
    pub(crate) numbers: Numbers,
    pub(crate) listener: Listener,
    /// The branch of this counter, once it is told.
    pub(crate) branch: Option<BranchCode>,
}

impl CounterStore {
    /// Opens the database, or makes one when there is no file at all.
    ///
    /// # Errors
    /// See [`OpenError`]; the file is as it was before.
    pub fn open(
        path: &Path,
        key: &DatabaseKey,
        device: DeviceId,
        around: Surroundings,
    ) -> Result<Self, OpenError> {
        let mut replica = Replica::open(path, key, SiteId(device.0), around)?;
        replica.migrate_room("counter-store", &STEPS)?;
        replica.open_protection()?;
        case_archive::open(&mut replica)?;
        replica.open_prepared_uses()?;
        replica.open_character_choices()?;
        let unparked = replica.apply_parked()?;
        let mut store = Self {
            replica,
            residents: Residents::beside(path, key),
            numbers: Numbers::beside(path),
            listener: Listener::default(),
            branch: None,
        };
        if !unparked.is_empty() {
            store
                .replica
                .write(|write| board::project(write.connection(), &unparked))?;
        }
        Ok(store)
    }

    /// Calls `listener` after every commit, on the writing thread; it must not call the store.
    pub fn on_change(&mut self, listener: impl Fn(&StoreChange) + Send + 'static) {
        self.listener = Listener::new(listener);
    }

    /// This device.
    pub fn device(&self) -> DeviceId {
        self.replica.device()
    }

    /// Whether this database is known to be an older copy of itself, which writes and sends nothing
    /// until somebody goes on for it.
    pub fn is_restored(&self) -> bool {
        self.replica.is_restored()
    }

    /// The last clock reading on disk.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub fn clock(&self) -> Result<Hlc, StoreError> {
        self.replica.clock()
    }

    /// Keeps the key that head office signs datasets with (uncompressed P-256 point).
    ///
    /// # Errors
    /// When it is no such point or the disk fails.
    pub fn set_publishing_key(&mut self, key: &[u8]) -> Result<(), StoreError> {
        self.replica.set_publishing_key(key)
    }

    /// Closes the file.
    ///
    /// # Errors
    /// When the database refuses; everything acknowledged is on disk all the same.
    pub fn close(self) -> Result<(), StoreError> {
        self.replica.close()
    }

    /// Notes who did what, in this device's hash chain.
    ///
    /// # Errors
    /// When the disk fails.
    pub fn audit(
        &mut self,
        by: &StaffId,
        action: AuditAction,
        case: Option<CaseId>,
    ) -> Result<(), StoreError> {
        self.replica.write(|write| write.audit(by, action, case))?;
        self.listener.tell(&StoreChange::Logged);
        Ok(())
    }

    /// Everybody in the staff dataset; empty before it arrived.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub fn staff(&self) -> Result<Vec<StaffMember>, StoreError> {
        Ok(staff::staff(self.replica.reader())?.unwrap_or_default())
    }

    /// Checks a sign-in, without a line. The audit log notes it either way.
    ///
    /// # Errors
    /// See [`SignInError`].
    pub fn sign_in(
        &mut self,
        staff_id: &str,
        secret: &str,
        branch: &BranchCode,
    ) -> Result<StaffMember, SignInError> {
        let outcome = staff::sign_in(self.replica.reader(), staff_id, secret).and_then(|member| {
            if member.branches.is_empty() || member.branches.contains(branch) {
                Ok(member)
            } else {
                Err(SignInError::OtherBranch)
            }
        });
        match &outcome {
            Ok(member) => self.audit(&member.id, AuditAction::SignedIn, None)?,
            // What was typed as an id may be anything, so it is not kept.
            Err(_) => self.audit(&StaffId::from("-"), AuditAction::SignInRefused, None)?,
        }
        outcome
    }

    /// An installed dataset.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub fn dataset(&self, name: &str) -> Result<Option<Dataset>, StoreError> {
        replica::dataset(self.replica.reader(), name)
    }

    /// A complete blob; `None` while it is not.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub fn blob(&self, hash: BlobHash) -> Result<Option<Vec<u8>>, StoreError> {
        replica::blob(self.replica.reader(), hash)
    }

    /// A snapshot of a case.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub fn snapshot(
        &self,
        case: CaseId,
        hash: SnapshotHash,
    ) -> Result<Option<Snapshot>, StoreError> {
        replica::snapshot(self.replica.reader(), case, hash)
    }

    /// Limits how many pages of 4 KiB the file may have, at least what it has now; `None` changes
    /// nothing. Returns the limit in force. A quota for small disks, and how a test fills one.
    ///
    /// # Errors
    /// When the database refuses.
    pub fn limit_pages(&self, pages: Option<u32>) -> Result<u32, StoreError> {
        self.replica.limit_pages(pages)
    }

    /// One transaction of records, its lists and its note of what is unsent. Undone when it touched
    /// a case that another branch has.
    pub(crate) fn write<T, E: From<StoreError>>(
        &mut self,
        work: impl FnOnce(&mut Write<'_>) -> Result<T, E>,
    ) -> Result<T, E> {
        let own = self.branch.clone();
        self.write_wherever(|write| {
            let done = work(write)?;
            if let Some(own) = own {
                check_held(write, &own)?;
            }
            Ok(done)
        })
    }

    /// As [`Self::write`], whichever branch has the case: for what moves it.
    pub(crate) fn write_wherever<T, E: From<StoreError>>(
        &mut self,
        work: impl FnOnce(&mut Write<'_>) -> Result<T, E>,
    ) -> Result<T, E> {
        let mut cases = BTreeSet::new();
        let done = self.replica.write(|write| {
            let done = work(write)?;
            cases.clone_from(write.touched());
            note_unsent(write, &cases)?;
            board::project(write.connection(), &cases)?;
            Ok::<T, E>(done)
        })?;
        if !cases.is_empty() {
            self.listener.tell(&StoreChange::Written { cases });
        }
        Ok(done)
    }
}

fn check_held(write: &Write<'_>, own: &BranchCode) -> Result<(), StoreError> {
    for case in write.touched() {
        let holder = replica::branch_of(write.connection(), *case)?;
        if holder.is_some_and(|holder| holder != *own) {
            return Err(StoreError::Elsewhere);
        }
    }
    Ok(())
}

fn note_unsent(write: &Write<'_>, cases: &BTreeSet<CaseId>) -> Result<(), StoreError> {
    if cases.is_empty() {
        return Ok(());
    }
    let version = write.version()?;
    let mut statement = write.connection().prepare_cached(
        "INSERT INTO unsent (version, case_id, unix_ms) VALUES (:version, :case, :unix_ms)
         ON CONFLICT (version, case_id) DO NOTHING",
    )?;
    for case in cases {
        statement.execute(named_params! {
            ":version": version, ":case": case.0, ":unix_ms": write.at().unix_ms(),
        })?;
    }
    let mut statement = write.connection().prepare_cached(
        "INSERT INTO unsent_blob (hash, case_id, unix_ms) VALUES (:hash, :case, :unix_ms)
         ON CONFLICT (hash, case_id) DO NOTHING",
    )?;
    for (case, hash) in write.blobs() {
        statement.execute(named_params! {
            ":hash": hash.0, ":case": case.0, ":unix_ms": write.at().unix_ms(),
        })?;
    }
    Ok(())
}
