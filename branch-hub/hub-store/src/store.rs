//! The open store.

use std::collections::BTreeSet;
use std::path::Path;

use counter_domain::hlc::Hlc;
use counter_domain::ids::{BlobHash, CaseId, DeviceId, StaffId};
use counter_domain::protection::PROTECTION;
use replica::staff::{self, SignInError, StaffMember};
use replica::{
    AuditAction, ChainReport, DatabaseKey, Dataset, Listener, OpenError, QuarantineRow, Replica,
    StoreChange, StoreError, Surroundings, Write,
};
use sync_protocol::SiteId;

use crate::deletion;
use crate::desk;
use crate::fleet::Contacts;
use crate::{release, reports};

const STEPS: [&str; 2] = [
    include_str!("../migrations/0001-create-desk.sql"),
    include_str!("../migrations/0002-create-contact.sql"),
];

/// The database of head office.
#[derive(Debug)]
pub struct HubStore {
    pub(crate) replica: Replica,
    pub(crate) listener: Listener,
    pub(crate) contacts: Contacts,
}

impl HubStore {
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
        replica.migrate_room("hub-store", &STEPS)?;
        replica.open_protection()?;
        case_archive::open(&mut replica)?;
        replica.open_prepared_uses()?;
        replica.open_character_choices()?;
        release::open(&mut replica)?;
        deletion::open(&mut replica)?;
        crate::hand_over::open(&mut replica)?;
        crate::succession::open(&mut replica)?;
        reports::open(&mut replica)?;
        let unparked = replica.apply_parked()?;
        let mut store = Self {
            replica,
            listener: Listener::default(),
            contacts: Contacts::default(),
        };
        if !unparked.is_empty() {
            store
                .replica
                .write(|write| desk::project(write.connection(), &unparked))?;
        }
        Ok(store)
    }

    /// Calls `listener` after every commit, on the writing thread; it must not call the store.
    pub fn on_change(&mut self, listener: impl Fn(&StoreChange) + Send + 'static) {
        self.listener = Listener::new(listener);
    }

    /// This device.
    pub fn device_id(&self) -> DeviceId {
        self.replica.device()
    }

    /// The last clock reading on disk.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub fn clock(&self) -> Result<Hlc, StoreError> {
        self.replica.clock()
    }

    /// Limits how many pages of 4 KiB the file may have, at least what it has now; `None` changes
    /// nothing. Returns the limit in force. How a test fills the disk.
    ///
    /// # Errors
    /// When the database refuses.
    pub fn limit_pages(&self, pages: Option<u32>) -> Result<u32, StoreError> {
        self.replica.limit_pages(pages)
    }

    /// Closes the file.
    ///
    /// # Errors
    /// When the database refuses; everything acknowledged is on disk all the same.
    pub fn close(self) -> Result<(), StoreError> {
        self.replica.close()
    }

    /// Notes who did what, in the hub's hash chain.
    ///
    /// # Errors
    /// When the disk fails.
    pub fn audit(
        &mut self,
        by: &StaffId,
        action: AuditAction,
        case: Option<CaseId>,
    ) -> Result<(), StoreError> {
        self.replica.write(|write| write.audit(by, action, case))
    }

    /// Checks every device's audit log from its first entry.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub fn audit_verify(&self) -> Result<Vec<ChainReport>, StoreError> {
        self.replica.audit_verify()
    }

    /// Batches that could not be applied, newest first.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub fn quarantine(&self) -> Result<Vec<QuarantineRow>, StoreError> {
        self.replica.quarantine()
    }

    /// Everybody in the staff dataset; empty before one was published.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub fn staff(&self) -> Result<Vec<StaffMember>, StoreError> {
        Ok(staff::staff(self.replica.reader())?.unwrap_or_default())
    }

    /// Checks a sign-in at the desk. The audit log notes it either way.
    ///
    /// # Errors
    /// See [`SignInError`].
    pub fn sign_in(&mut self, staff_id: &str, secret: &str) -> Result<StaffMember, SignInError> {
        let outcome = staff::sign_in(self.replica.reader(), staff_id, secret);
        match &outcome {
            Ok(member) => self.audit(&member.id, AuditAction::SignedIn, None)?,
            // What was typed as an id may be anything, so it is not kept.
            Err(_) => self.audit(&StaffId::from("-"), AuditAction::SignInRefused, None)?,
        }
        outcome
    }

    /// Publishes a dataset; `sign` makes an ECDSA P-256 SHA-256 signature (ASN.1) over its
    /// argument. The same content keeps its version.
    ///
    /// # Errors
    /// When the name or length is out of bounds or the disk fails.
    pub fn publish(
        &mut self,
        name: &str,
        bytes: &[u8],
        sign: impl FnOnce(&[u8]) -> Vec<u8>,
    ) -> Result<u64, StoreError> {
        let version = self.replica.publish(name, bytes, sign)?;
        if name == PROTECTION {
            self.replica.refresh_protection()?;
        }
        self.listener.tell(&StoreChange::Dataset {
            name: name.to_owned(),
        });
        Ok(version)
    }

    /// A published dataset.
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

    /// One transaction of records and its lists.
    pub(crate) fn write<T, E: From<StoreError>>(
        &mut self,
        work: impl FnOnce(&mut Write<'_>) -> Result<T, E>,
    ) -> Result<T, E> {
        let mut cases = BTreeSet::new();
        let done = self.replica.write(|write| {
            let done = work(write)?;
            cases.clone_from(write.touched());
            desk::project(write.connection(), &cases)?;
            Ok::<T, E>(done)
        })?;
        if !cases.is_empty() {
            self.listener.tell(&StoreChange::Written { cases });
        }
        Ok(done)
    }
}
