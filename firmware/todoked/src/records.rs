//! What the desk asks of the appliance's database.
//!
//! A seam of its own because the desk is tested with a disk that fills up, and because every
//! failure must arrive as one of the few things a person can do something about.

use case_archive::{ArchiveQuery, Found};
use counter_domain::character_choice::ChoiceMade;
use counter_domain::draft::{FieldPath, FieldValue, Source};
use counter_domain::ids::{BlobHash, BranchCode, CaseId, DeviceId, SnapshotHash, StaffId};
use counter_domain::prepared::UsedAt;
use counter_domain::protection::Digest;
use counter_domain::resident::ResidentQuery;
use counter_domain::snapshot::Snapshot;
use counter_store::{
    CaseRecord, CaseRow, FieldEntry, FoundResident, FoundResidents, ResidentCopy, Scan, Sending,
    SignedForm,
};
use jiff::civil::Date;
use thiserror::Error;

/// Why something was not stored or found. Nothing is lost by it.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum RecordsError {
    /// The disk is full.
    #[error("disk full")]
    DiskFull,
    /// The case is not where this is allowed.
    #[error("not allowed where the case stands")]
    NotAllowed,
    /// Another branch has the case; here it is only read.
    #[error("another branch has the case")]
    Elsewhere,
    /// There is no such case here.
    #[error("no such case")]
    NoCase,
    /// There is nothing to undo.
    #[error("nothing to undo")]
    NothingToUndo,
    /// The database is an older copy of what head office has; nothing is written.
    #[error("database is an older copy")]
    OlderCopy,
    /// The database does not work.
    #[error("database: {0}")]
    Broken(String),
}

/// Why somebody was not let in.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum NotLetIn {
    /// No such member of staff, or another password.
    #[error("unknown staff or wrong secret")]
    Wrong,
    /// Registered for other branches only.
    #[error("other branch")]
    OtherBranch,
    /// The staff dataset has not arrived.
    #[error("no staff dataset")]
    NoStaffYet,
    /// The database does not work.
    #[error("database: {0}")]
    Broken(String),
}

/// A member of staff who was let in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SignedIn {
    /// Id.
    pub id: StaffId,
    /// Name as shown.
    pub name: String,
    /// May stand in for head office where it cannot be asked: decides or runs the system there.
    pub may_supervise: bool,
}

/// How a change is taken back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum UndoStep {
    /// By itself.
    New,
    /// With the change before it, when that was to the same fields.
    Same,
}

/// One value to store.
#[derive(Debug, Clone)]
pub struct Entry {
    /// Where.
    pub path: FieldPath,
    /// What.
    pub value: FieldValue,
    /// Where it came from.
    pub source: Source,
}

impl Entry {
    /// A text; empty text empties the field.
    pub fn text(path: impl Into<String>, text: impl Into<String>, source: Source) -> Self {
        let text = text.into();
        let value = if text.is_empty() {
            FieldValue::Cleared
        } else {
            FieldValue::Text(text)
        };
        Self {
            path: FieldPath(path.into()),
            value,
            source,
        }
    }
}

/// Things the audit log records beside what the database notes by itself. They carry no personal data.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Deed {
    /// Signed out, or the screen locked itself.
    SignedOut,
    /// Opened a case.
    OpenedCase,
    /// Read a card's four basic items.
    ReadCard,
    /// Showed the form to the resident.
    Shown,
    /// Printed a receipt.
    PrintedReceipt,
    /// Printed a form of a case.
    PrintedForm,
    /// Searched the resident copy.
    SearchedResidents,
    /// Looked at a household of the resident copy.
    ViewedHousehold,
    /// Took somebody from the resident copy.
    TookResident,
    /// A supervisor allowed sign-in without head office.
    AllowedOffline,
    /// Looked through reservations and certificate data.
    SearchedPrepared,
    /// Took a reservation or certificate data.
    TookPrepared,
    /// Searched the archive.
    SearchedArchive,
}

/// The database as the desk sees it. Every write is on disk when the call returns.
pub trait Records {
    /// Lets a member of staff in; the audit log notes it either way.
    ///
    /// # Errors
    /// Why not.
    fn sign_in(
        &mut self,
        staff: &str,
        secret: &str,
        branch: &BranchCode,
    ) -> Result<SignedIn, NotLetIn>;

    /// Whether head office's list of staff has arrived. One that cannot be read counts as arrived:
    /// the sign-in then says what is wrong.
    fn has_staff(&self) -> bool;

    /// Whether head office still has this member of staff at this branch. A list that cannot be
    /// read ends nobody's work.
    fn works_here(&self, staff: &StaffId, branch: &BranchCode) -> bool;

    /// Opens a case with its receipt number, made from the day's sequence.
    ///
    /// # Errors
    /// When it cannot be stored.
    fn start_case(
        &mut self,
        by: &StaffId,
        branch: &BranchCode,
        day: Date,
        number: &dyn Fn(u32) -> String,
    ) -> Result<CaseId, RecordsError>;

    /// Stores values in one transaction.
    ///
    /// # Errors
    /// When they cannot be stored; none of them is then.
    fn set_fields(
        &mut self,
        case: CaseId,
        by: &StaffId,
        entries: &[Entry],
        step: UndoStep,
    ) -> Result<(), RecordsError>;

    /// Keeps pictures of papers and what was read from them, in one transaction and one step of undo.
    ///
    /// # Errors
    /// When they cannot be stored; nothing is then.
    fn keep_scans(
        &mut self,
        case: CaseId,
        by: &StaffId,
        scans: &[Scan<'_>],
        entries: &[FieldEntry],
    ) -> Result<(), RecordsError>;

    /// The bytes of a blob, once all of it is here.
    fn blob(&self, hash: BlobHash) -> Option<Vec<u8>>;

    /// Chooses between two counters' values.
    ///
    /// # Errors
    /// When it cannot be stored.
    fn choose_value(
        &mut self,
        case: CaseId,
        by: &StaffId,
        path: &FieldPath,
        counter: DeviceId,
    ) -> Result<(), RecordsError>;

    /// Takes the last change back.
    ///
    /// # Errors
    /// When there is none, or it cannot be stored.
    fn undo(&mut self, case: CaseId, by: &StaffId) -> Result<(), RecordsError>;

    /// Whether there is something to undo.
    fn can_undo(&self, case: CaseId) -> bool;

    /// Freezes what was signed: snapshot, strokes, form and event at once.
    ///
    /// # Errors
    /// When it cannot be stored.
    fn sign(
        &mut self,
        case: CaseId,
        by: &StaffId,
        form: &SignedForm<'_>,
    ) -> Result<SnapshotHash, RecordsError>;

    /// Hands the signed case in.
    ///
    /// # Errors
    /// When it is not signed, or cannot be stored.
    fn submit(&mut self, case: CaseId, by: &StaffId) -> Result<(), RecordsError>;

    /// The case.
    ///
    /// # Errors
    /// When there is none, or it cannot be read.
    fn case(&self, case: CaseId) -> Result<CaseRecord, RecordsError>;

    /// A snapshot of the case.
    fn snapshot(&self, case: CaseId, hash: SnapshotHash) -> Option<Snapshot>;

    /// Cases, newest change first.
    fn board(&self, limit: usize) -> Vec<CaseRow>;

    /// What head office does not have yet.
    fn sending(&self) -> Sending;

    /// The bytes and version of a dataset.
    fn dataset(&self, name: &str) -> Option<(u64, Vec<u8>)>;

    /// The version of a dataset.
    fn dataset_version(&self, name: &str) -> Option<u64> {
        self.dataset(name).map(|(version, _)| version)
    }

    /// Which reservations and certificate data the cases here use.
    fn prepared_uses(&self) -> Vec<UsedAt> {
        Vec::new()
    }

    /// Filings of this counter that fit, newest first.
    ///
    /// # Errors
    /// When the archive cannot be read.
    fn find_filings(&self, _query: &ArchiveQuery) -> Result<Found, RecordsError> {
        Ok(Found::default())
    }

    /// Characters chosen in the cases here.
    fn character_choices(&self) -> Vec<ChoiceMade> {
        Vec::new()
    }

    /// Whether anybody recognised by `digests` is under protection; yes when it cannot be told.
    fn is_any_protected(&self, _digests: &[Digest]) -> bool {
        false
    }

    /// Notes in both cases that they belong together.
    ///
    /// # Errors
    /// When one is not here, or it cannot be stored.
    fn link_cases(&mut self, one: CaseId, other: CaseId, by: &StaffId) -> Result<(), RecordsError>;

    /// Notes in both that they do not.
    ///
    /// # Errors
    /// When one is not here, or it cannot be stored.
    fn unlink_cases(
        &mut self,
        one: CaseId,
        other: CaseId,
        by: &StaffId,
    ) -> Result<(), RecordsError>;

    /// The resident copy that can be searched.
    fn resident_copy(&self) -> Option<ResidentCopy> {
        None
    }

    /// Finds people in the resident copy; of those under protection never where they live.
    ///
    /// # Errors
    /// When it cannot be read.
    fn find_residents(&self, _query: &ResidentQuery) -> Result<FoundResidents, RecordsError> {
        Ok(FoundResidents::default())
    }

    /// Who lives in a household, by its number in the resident record system.
    ///
    /// # Errors
    /// When it cannot be read.
    fn resident_household(&self, _household: &str) -> Result<Vec<FoundResident>, RecordsError> {
        Ok(Vec::new())
    }

    /// Who left a household, by its number in the resident record system.
    ///
    /// # Errors
    /// When it cannot be read.
    fn left_household(&self, _household: &str) -> Result<Vec<FoundResident>, RecordsError> {
        Ok(Vec::new())
    }

    /// Writes the audit log.
    fn audit(&mut self, by: &StaffId, deed: Deed, case: Option<CaseId>);

    /// A note of this counter that is not replicated.
    fn note(&self, key: &str) -> Option<Vec<u8>>;

    /// Writes or removes a note of this counter.
    ///
    /// # Errors
    /// When it cannot be stored.
    fn set_note(&mut self, key: &str, value: Option<&[u8]>) -> Result<(), RecordsError>;
}
