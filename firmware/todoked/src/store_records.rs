//! [`Records`] on the appliance's real database.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use case_archive::{ArchiveQuery, Found};
use counter_domain::character_choice::ChoiceMade;
use counter_domain::draft::FieldPath;
use counter_domain::ids::{BlobHash, BranchCode, CaseId, DeviceId, SnapshotHash, StaffId};
use counter_domain::prepared::UsedAt;
use counter_domain::protection::Digest;
use counter_domain::resident::ResidentQuery;
use counter_domain::snapshot::Snapshot;
use counter_store::{
    CaseRecord, CaseRow, CounterStore, EditError, FieldEntry, FoundResident, FoundResidents,
    NewCase, ResidentCopy, Scan, Sending, SignInError, SignedForm,
};
use jiff::civil::Date;
use replica::staff::Role;
use replica::{AuditAction, StoreError};
use sync_engine::Store as _;

use crate::records::{Deed, Entry, NotLetIn, Records, RecordsError, SignedIn, UndoStep};

/// The database, shared with the line to head office.
#[derive(Debug, Clone)]
pub struct StoreRecords {
    store: Arc<Mutex<CounterStore>>,
}

impl StoreRecords {
    /// Works on this store.
    pub fn new(store: Arc<Mutex<CounterStore>>) -> Self {
        Self { store }
    }

    fn lock(&self) -> MutexGuard<'_, CounterStore> {
        // A panic elsewhere leaves no half-written record: the transaction was rolled back.
        self.store.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl From<StoreError> for RecordsError {
    #[expect(
        clippy::wildcard_enum_match_arm,
        reason = "every other failure is told alike, also one of a newer version"
    )]
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::DiskFull => Self::DiskFull,
            StoreError::Restored { .. } => Self::OlderCopy,
            StoreError::Elsewhere => Self::Elsewhere,
            _ => Self::Broken(error.to_string()),
        }
    }
}

impl From<EditError> for RecordsError {
    #[expect(
        clippy::wildcard_enum_match_arm,
        reason = "every other failure is told alike, also one of a newer version"
    )]
    fn from(error: EditError) -> Self {
        match error {
            EditError::UnknownCase => Self::NoCase,
            EditError::NothingToUndo => Self::NothingToUndo,
            EditError::Frozen(_) | EditError::NotAllowed(_) => Self::NotAllowed,
            EditError::Store(error) => error.into(),
            _ => Self::Broken(error.to_string()),
        }
    }
}

/// A list that cannot be read is shown empty; the log says why.
fn or_empty<T: Default>(what: &'static str, read: Result<T, StoreError>) -> T {
    read.unwrap_or_else(|error| {
        tracing::error!(%error, what, "not readable");
        T::default()
    })
}

impl Records for StoreRecords {
    fn sign_in(
        &mut self,
        staff: &str,
        secret: &str,
        branch: &BranchCode,
    ) -> Result<SignedIn, NotLetIn> {
        match self.lock().sign_in(staff, secret, branch) {
            Ok(member) => Ok(SignedIn {
                id: member.id.clone(),
                name: member.name.clone(),
                may_supervise: member.has_any(&[Role::Approver, Role::Administrator]),
            }),
            Err(SignInError::Wrong) => Err(NotLetIn::Wrong),
            Err(SignInError::OtherBranch) => Err(NotLetIn::OtherBranch),
            Err(SignInError::NoStaffYet) => Err(NotLetIn::NoStaffYet),
            Err(other) => Err(NotLetIn::Broken(other.to_string())),
        }
    }

    fn has_staff(&self) -> bool {
        match self.lock().dataset("staff") {
            Ok(list) => list.is_some(),
            Err(error) => {
                tracing::error!(%error, "staff cannot be read");
                true
            }
        }
    }

    fn works_here(&self, staff: &StaffId, branch: &BranchCode) -> bool {
        match self.lock().staff() {
            Ok(list) => list.iter().any(|one| {
                one.id == *staff
                    && !one.roles.is_empty()
                    && (one.branches.is_empty() || one.branches.contains(branch))
            }),
            Err(error) => {
                tracing::error!(%error, "staff cannot be read");
                true
            }
        }
    }

    fn start_case(
        &mut self,
        by: &StaffId,
        branch: &BranchCode,
        day: Date,
        number: &dyn Fn(u32) -> String,
    ) -> Result<CaseId, RecordsError> {
        let new = NewCase {
            by: by.clone(),
            branch: branch.clone(),
            day: day.to_string(),
        };
        Ok(self.lock().start_case(&new, number)?.case)
    }

    fn set_fields(
        &mut self,
        case: CaseId,
        by: &StaffId,
        entries: &[Entry],
        step: UndoStep,
    ) -> Result<(), RecordsError> {
        let entries: Vec<FieldEntry> = entries
            .iter()
            .map(|entry| FieldEntry {
                path: entry.path.clone(),
                value: entry.value.clone(),
                source: entry.source,
                confidence: None,
            })
            .collect();
        let mut store = self.lock();
        match step {
            UndoStep::New => store.set_fields(case, by, &entries)?,
            UndoStep::Same => store.amend_fields(case, by, &entries)?,
        }
        Ok(())
    }

    fn keep_scans(
        &mut self,
        case: CaseId,
        by: &StaffId,
        scans: &[Scan<'_>],
        entries: &[FieldEntry],
    ) -> Result<(), RecordsError> {
        Ok(self.lock().keep_scans(case, by, scans, entries)?)
    }

    fn blob(&self, hash: BlobHash) -> Option<Vec<u8>> {
        or_empty("blob", self.lock().blob(hash))
    }

    fn choose_value(
        &mut self,
        case: CaseId,
        by: &StaffId,
        path: &FieldPath,
        counter: DeviceId,
    ) -> Result<(), RecordsError> {
        Ok(self.lock().choose_value(case, by, path, counter)?)
    }

    fn undo(&mut self, case: CaseId, by: &StaffId) -> Result<(), RecordsError> {
        Ok(self.lock().undo(case, by).map(drop)?)
    }

    fn can_undo(&self, case: CaseId) -> bool {
        or_empty("undo", self.lock().can_undo(case))
    }

    fn sign(
        &mut self,
        case: CaseId,
        by: &StaffId,
        form: &SignedForm<'_>,
    ) -> Result<SnapshotHash, RecordsError> {
        Ok(self.lock().sign(case, by, form)?)
    }

    fn submit(&mut self, case: CaseId, by: &StaffId) -> Result<(), RecordsError> {
        Ok(self.lock().submit(case, by)?)
    }

    fn case(&self, case: CaseId) -> Result<CaseRecord, RecordsError> {
        self.lock().case(case)?.ok_or(RecordsError::NoCase)
    }

    fn snapshot(&self, case: CaseId, hash: SnapshotHash) -> Option<Snapshot> {
        or_empty("snapshot", self.lock().snapshot(case, hash))
    }

    fn board(&self, limit: usize) -> Vec<CaseRow> {
        or_empty("board", self.lock().board(limit))
    }

    fn sending(&self) -> Sending {
        self.lock().sending().unwrap_or_else(|error| {
            tracing::error!(%error, "not readable");
            Sending {
                waiting: 0,
                safe_until_unix_ms: None,
            }
        })
    }

    fn dataset(&self, name: &str) -> Option<(u64, Vec<u8>)> {
        let dataset = or_empty("dataset", self.lock().dataset(name))?;
        Some((dataset.version, dataset.bytes))
    }

    fn dataset_version(&self, name: &str) -> Option<u64> {
        let installed = or_empty("datasets", self.lock().datasets());
        let found = installed.iter().find(|one| one.name == name);
        found.map(|one| one.version)
    }

    fn prepared_uses(&self) -> Vec<UsedAt> {
        or_empty("prepared uses", self.lock().prepared_uses())
    }

    fn find_filings(&self, query: &ArchiveQuery) -> Result<Found, RecordsError> {
        Ok(self.lock().find_filings(query)?)
    }

    fn character_choices(&self) -> Vec<ChoiceMade> {
        or_empty("chosen characters", self.lock().character_choices())
    }

    fn is_any_protected(&self, digests: &[Digest]) -> bool {
        self.lock()
            .is_any_protected(digests)
            .unwrap_or_else(|error| {
                tracing::error!(%error, "protection list not readable");
                true
            })
    }

    fn link_cases(&mut self, one: CaseId, other: CaseId, by: &StaffId) -> Result<(), RecordsError> {
        Ok(self.lock().link_cases(one, other, by)?)
    }

    fn unlink_cases(
        &mut self,
        one: CaseId,
        other: CaseId,
        by: &StaffId,
    ) -> Result<(), RecordsError> {
        Ok(self.lock().unlink_cases(one, other, by)?)
    }

    fn resident_copy(&self) -> Option<ResidentCopy> {
        self.lock().resident_copy().cloned()
    }

    fn find_residents(&self, query: &ResidentQuery) -> Result<FoundResidents, RecordsError> {
        Ok(self.lock().find_residents(query)?)
    }

    fn resident_household(&self, household: &str) -> Result<Vec<FoundResident>, RecordsError> {
        Ok(self.lock().household(household)?)
    }

    fn left_household(&self, household: &str) -> Result<Vec<FoundResident>, RecordsError> {
        Ok(self.lock().left_household(household)?)
    }

    fn audit(&mut self, by: &StaffId, deed: Deed, case: Option<CaseId>) {
        let action = match deed {
            Deed::SignedOut => AuditAction::SignedOut,
            Deed::OpenedCase => AuditAction::CaseViewed,
            Deed::ReadCard => AuditAction::CardRead,
            Deed::Shown => AuditAction::ShownToResident,
            Deed::PrintedReceipt => AuditAction::ReceiptPrinted,
            Deed::PrintedForm => AuditAction::DocumentViewed,
            Deed::SearchedResidents => AuditAction::ResidentsSearched,
            Deed::ViewedHousehold => AuditAction::HouseholdViewed,
            Deed::TookResident => AuditAction::ResidentTaken,
            Deed::AllowedOffline => AuditAction::OfflineAllowed,
            Deed::SearchedPrepared => AuditAction::PreparedSearched,
            Deed::TookPrepared => AuditAction::PreparedTaken,
            Deed::SearchedArchive => AuditAction::ArchiveSearched,
        };
        if let Err(error) = self.lock().audit(by, action, case) {
            tracing::error!(%error, "audit log not written");
        }
    }

    fn note(&self, key: &str) -> Option<Vec<u8>> {
        or_empty("note", self.lock().note(key))
    }

    fn set_note(&mut self, key: &str, value: Option<&[u8]>) -> Result<(), RecordsError> {
        Ok(self.lock().set_note(key, value)?)
    }
}
