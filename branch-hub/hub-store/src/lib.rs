//! The head office's database: cases, queue, masters, hand-over.
//!
//! Everything the hub does with a change goes through here. Every write is one transaction that is
//! on disk when the call returns; the queue is a projection kept in that same transaction. Knows no
//! HTTP, no clock and no randomness. A `HubStore` is `Send`; the server keeps one behind a mutex.
//!
//! # Public surface
//!
//! ```text
//! use replica::{DatabaseKey, OpenError, StoreError, Surroundings};
//!
//! HubStore::open(path: &Path, key: &DatabaseKey, device: DeviceId, around: Surroundings)
//!     -> Result<HubStore, OpenError>
//! store.on_change(listener: impl Fn(&StoreChange) + Send + 'static)   // same StoreChange as counters
//!
//! // review desk
//! store.queue() -> Result<Vec<QueueRow>, StoreError>      // longest waiting first; only what waits for us
//!     // QueueRow { case, receipt_number, branch, state, event_type, event_flow, persons: Vec<String>,
//!     //            waiting_since_unix_ms, claimed_by: Option<StaffId>, to_check, resubmitted: bool }
//! store.clock() -> Result<Hlc, StoreError>                // last reading on disk, for hello
//! store.cases(limit) -> Result<Vec<QueueRow>, StoreError> // all states, newest change first
//! store.case(case) -> Result<Option<CaseRecord>, StoreError>
//!     // CaseRecord { case, branch, summary, draft: Draft, events, snapshots: Vec<(SnapshotHash, Snapshot)>
//!     //              oldest first, in force last; blobs: Vec<BlobView { hash, kind, media_type, length, complete }> }
//! store.blob(hash) -> Result<Option<Vec<u8>>, StoreError> // None while incomplete
//! store.difference(case) -> Result<Vec<FieldDifference>, StoreError>  // last two submitted snapshots
//! hub_store::difference(before: &Snapshot, after: &Snapshot) -> Vec<FieldDifference>
//!     // FieldDifference { path, before: Option<SnapshotField>, after: Option<SnapshotField> }
//! store.open_review(case, by: &StaffId)    -> Result<EventId, ReviewError>
//! store.give_back(case, by, Vec<Remark>)   -> Result<EventId, ReviewError>
//! store.accept(case, by)                   -> Result<EventId, ReviewError> // four eyes; roles checked
//! store.refuse(case, by, reason: String)   -> Result<EventId, ReviewError>
//! store.hand_over_pending() -> Result<Vec<HandOverRow>, StoreError>   // accepted, not yet written
//!     // HandOverRow { case, receipt_number, branch, snapshot_hash, snapshot: Snapshot, accepted_by, accepted_unix_ms }
//! store.handed_over(cases: &[CaseId], by: &Actor, file: &str) -> Result<(), ReviewError>
//! store.handed_over_in(file) · store.handed_over_case(case) -> HandOverRow   // to write it again
//! store.take_answer(&CoreAnswer, by: &Actor) -> Result<AnswerTaken, ReviewError>  // taken or refused there
//! store.unanswered() · store.core_refused() · store.mismatches() · store.settle_mismatch(id, by)
//! store.record(case, by, step: CaseStep)    -> Result<EventId, ReviewError> // completed, core rejected …
//! store.transfer(case, by, &Move { to, reason, protection }) -> Result<EventId, ReviewError>
//! store.take_back(case, by, (reason, protection)) -> Result<EventId, ReviewError>
//! store.settle_holder(case, by, branch: &BranchCode) -> Result<EventId, ReviewError>
//! store.revoke_copy(case, by, branch, reason, sign) -> Result<(), ReviewError>   // a signed purge order
//! store.copies(case) -> Result<Vec<BranchCopy { branch, holds, order, counters }>, StoreError>
//!
//! // people of the desk (dataset `staff`)
//! store.sign_in(staff_id, secret) -> Result<StaffMember, SignInError>
//! store.staff() -> Result<Vec<StaffMember>, StoreError>
//!
//! // enrolment and devices
//! store.issue_enrolment_code(branch: &BranchCode, name: &str, valid_ms: u64) -> Result<String, StoreError>
//!     // shown once, 16 characters XXXX-XXXX-XXXX-XXXX; only its hash is stored
//! store.redeem_enrolment_code(code: &str, device: DeviceId, fingerprint: [u8; 32])
//!     -> Result<EnrolledDevice, EnrolError>       // Unknown | Expired | Used | DeviceKnown | Store
//! store.devices() -> Result<Vec<EnrolledDevice>, StoreError>
//! store.device(device) -> Result<Option<EnrolledDevice>, StoreError>
//!     // EnrolledDevice { device, branch, name, fingerprint, enrolled_unix_ms, revoked: bool }
//! store.replace_fingerprint(device, fingerprint) -> Result<(), StoreError>  // renewed certificate
//! store.revoke(device) -> Result<bool, StoreError>
//!
//! // publishing
//! store.publish(name: &str, bytes: &[u8], sign: impl FnOnce(&[u8]) -> Vec<u8>) -> Result<u64, StoreError>
//!     // ECDSA_P256_SHA256_ASN1 over the bytes handed in; returns the version; same bytes: same version
//! store.dataset(name) -> Result<Option<Dataset { version, bytes }>, StoreError>
//! store.prepared_uses() -> Result<Vec<UsedAt>, StoreError>    // reservations and certificate data in use
//!
//! // devices restored from an older copy, cloned or replaced
//! store.rolled_back(device) -> Result<Option<RolledBack { first_unix_ms, last_unix_ms, differs }>, StoreError>
//! store.issue_succession_code(device, valid_ms) -> Result<String, EnrolError>   // redeemed as any code
//! store.predecessor(device, log_after, links_max) -> Result<Option<Predecessor>, StoreError>
//!
//! // filings whose time is over
//! store.retention() · store.set_retention(by, kind, years) · store.deletion_due(today)
//! store.prepare_deletion(by, today) -> Result<i64, DeletionError>     // a frozen list
//! store.approve_deletion(run, by, list_hash) · store.keep_from_deletion(..) · store.drop_deletion(run, by)
//! store.go_on_deleting(city, sign, at_most) -> Result<Deleting, DeletionError>   // resumes what was cut off
//! store.deletions() · store.deletion_items(run, limit) · store.deletion_certificate(run)
//!
//! // audit, operations
//! store.audit(by, action: AuditAction, case: Option<CaseId>) -> Result<(), StoreError>
//! store.audit_verify() -> Result<Vec<ChainReport { device, entries: u64, broken_at: Option<u64> }>, StoreError>
//! store.fleet() -> Result<Vec<CounterState>, StoreError>  // line, last contact, versions, kept aside
//! store.note_report(device, &DeviceReport)                // what a device tells of itself
//! store.take_samples()                                    // about once a minute: a ring of 14 days
//! store.samples(device) · store.blobs_missing() · store.published() · alerts(&fleet, standard)
//! store.copy_to(path, key) · store.holdings() · store.faults() · store.live_on(sign)   // backups
//! store.quarantine() -> Result<Vec<QuarantineRow { site, peer, reason, after, through, received_unix_ms }>, StoreError>
//!
//! // plus the whole of sync_engine::Store
//! ```

mod alerts;
mod archive;
mod backup;
mod cases;
mod courier;
mod deletion;
mod desk;
mod difference;
mod enrolment;
mod fleet;
mod hand_over;
mod moves;
mod prepared;
mod release;
mod reports;
mod residents;
mod review;
mod samples;
mod store;
mod succession;
mod sync;

pub use alerts::{Alert, AlertKind, AlertLevel, CLOCK_LOOK_MS, REVOCATIONS, Standard, alerts};
pub use backup::Holdings;
pub use cases::CaseRecord;
pub use deletion::{
    APPROVALS, CERTIFICATE_WORD, Certificate, Deleting, DeletionError, DeletionItem, DeletionRun,
    DeletionStage, DueFiling, DueFilings, RETENTION_YEARS, RETENTION_YEARS_MAX,
    RETENTION_YEARS_MIN, Retention,
};
pub use desk::QueueRow;
pub use difference::{FieldDifference, difference};
pub use enrolment::{EnrolError, EnrolledDevice};
pub use fleet::{Contact, CounterLine, CounterState};
pub use hand_over::{AnswerTaken, CoreAnswer, Mismatch, MismatchKind, NewMismatch};
pub use moves::{
    BranchCopy, CopyState, CounterCopy, Move, ProtectionKnown, candidates, taken_back_to,
};
pub use release::{RELEASE_MINUTES, ReleaseError, ReleaseRequest};
pub use reports::{DatasetBehind, ToldHealth, datasets_behind};
pub use residents::{Difference, NewRegister, RegisterAbout, Registered, ResidentRegister};
pub use review::{Actor, HandOverRow, ReviewError};
pub use samples::{DeviceSample, SLOT_MS, SLOTS};
pub use store::HubStore;
pub use succession::{Predecessor, RolledBack};

pub use replica::staff::SignInError;
pub use replica::{
    AuditAction, BlobKind, BlobView, ChainReport, Dataset, QuarantineRow, StoreChange,
};
