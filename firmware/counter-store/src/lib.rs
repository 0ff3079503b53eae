//! The appliance's database: what is replicated plus local tables, lists and search.
//!
//! Every write is one transaction that is on disk (`synchronous=FULL`) when the call returns; the
//! board is a projection kept in that same transaction, whether the change was made here or came
//! from head office. Knows no network, no clock and no randomness: [`replica::Surroundings`] brings
//! the last two. A `CounterStore` is `Send`; the daemon keeps one behind a mutex and calls it from
//! blocking threads.
//!
//! # Public surface
//!
//! ```text
//! use replica::{DatabaseKey, OpenError, StoreError, Surroundings};
//! use counter_store::{CounterStore, EditError, FieldEntry, NewCase, SignedForm, StoreChange};
//!
//! // DatabaseKey::from_hex("64 hex digits") · DatabaseKey::from_bytes([u8; 32])
//! // Surroundings::new(unix_ms: impl Fn() -> u64 + Send + 'static,
//! //                   random: impl FnMut(&mut [u8]) + Send + 'static)
//! CounterStore::open(path: &Path, key: &DatabaseKey, device: DeviceId, around: Surroundings)
//!     -> Result<CounterStore, OpenError>          // creates the file only when there is none
//! store.on_change(listener: impl Fn(&StoreChange) + Send + 'static)   // after COMMIT, same thread
//! store.set_publishing_key(key: &[u8]) -> Result<(), StoreError>      // P-256 point, 65 bytes; kept
//! store.close() -> Result<(), StoreError>
//!
//! // cases
//! store.start_case(&NewCase { by, branch, day }, number: &dyn Fn(u32) -> String)
//!     -> Result<StartedCase { case, receipt_number }, StoreError>     // sequence of the day, from 1
//! store.set_fields(case, by: &StaffId, &[FieldEntry { path, value, source, confidence }])
//!     -> Result<(), EditError>                    // one transaction, one step of undo
//! store.amend_fields(case, by, &[FieldEntry]) -> Result<(), EditError> // the same step as before
//! store.choose_value(case, by, &path, counter: DeviceId) -> Result<(), EditError>
//! store.undo(case, by) -> Result<Vec<FieldPath>, EditError>
//! store.can_undo(case) -> Result<bool, StoreError>
//! store.sign(case, by, &SignedForm { snapshot: &Snapshot, strokes: &[u8], form_pdf: &[u8] })
//!     -> Result<SnapshotHash, EditError>          // freezes snapshot + blobs + event at once
//! store.submit(case, by) -> Result<(), EditError>                     // what is signed
//! store.record(case, by, step: CaseStep) -> Result<EventId, EditError> // withdraw, hold, release …
//! store.set_branch(BranchCode)                // from then on what another branch has is only read
//! store.transfer(case, by, to: &BranchCode, reason: &str) -> Result<EventId, EditError>
//! store.take_back(case, by, reason: &str) -> Result<EventId, EditError>
//!
//! // reading
//! store.case(case) -> Result<Option<CaseRecord>, StoreError>
//!     // CaseRecord { case, summary: CaseSummary, draft: Draft, events: Vec<CaseEvent>,
//!     //              started_at: Hlc, at_head_office: bool }
//! store.snapshot(case, hash) -> Result<Option<Snapshot>, StoreError>
//! store.blob(hash: BlobHash) -> Result<Option<Vec<u8>>, StoreError>
//! store.board(limit: usize) -> Result<Vec<CaseRow>, StoreError>       // newest change first
//!     // CaseRow { case, receipt_number, branch, state, event_type, event_flow, persons: Vec<String>,
//!     //           since_unix_ms, at_head_office, to_check, remarks: usize, moved: Option<CaseMove>,
//!     //           contested }
//! store.find_case(receipt_number: &str) -> Result<Option<CaseId>, StoreError>
//! store.sending() -> Result<Sending { waiting: u32, safe_until_unix_ms: Option<u64> }, StoreError>
//! store.clock() -> Result<Hlc, StoreError>                            // last reading on disk, for hello
//!
//! // people and datasets
//! store.staff() -> Result<Vec<StaffMember>, StoreError>               // dataset `staff`
//! store.sign_in(staff_id: &str, secret: &str, branch: &BranchCode)
//!     -> Result<StaffMember, SignInError>         // Wrong | OtherBranch | NoStaffYet | Store
//! replica::staff::{StaffMember { id, name, roles: Vec<Role>, branches, secret_hash }, hash_secret}
//! store.dataset(name: &str) -> Result<Option<Dataset { version, bytes }>, StoreError>
//!
//! // audit: who saw or did what, hash-chained; sent to head office by the conversation
//! store.audit(by: &StaffId, action: AuditAction, case: Option<CaseId>) -> Result<(), StoreError>
//!
//! // resident copy: made searchable beside the counter's work, from the dataset `resident-copy`
//! install_resident_copy(&Mutex<CounterStore>, tell: &mut dyn FnMut(Installing { version, percent }))
//!     -> Result<Option<ResidentCopy>, InstallError>
//! store.resident_copy() -> Option<&ResidentCopy { version, changes, as_of, city, persons }>
//! store.find_residents(&ResidentQuery) -> Result<FoundResidents { people, more }, StoreError>
//! store.household(household_no) -> Result<Vec<FoundResident { resident, protected }>, StoreError>
//! store.left_household(household_no) -> Result<Vec<FoundResident>, StoreError>
//! store.resident(person_no) -> Result<Option<FoundResident>, StoreError>
//!
//! // notes of this counter that are not replicated: open case, step shown
//! store.note(name: &str) -> Result<Option<Vec<u8>>, StoreError>
//! store.set_note(name: &str, value: Option<&[u8]>) -> Result<(), StoreError>
//!
//! // prepared data (reservations, certificate data) and cases of one visit
//! store.prepared_uses() -> Result<Vec<UsedAt { kind, number, receipt_number }>, StoreError>
//! store.is_any_protected(&[Digest]) -> Result<bool, StoreError>
//! store.link_cases(one, other, by) · store.unlink_cases(one, other, by) -> Result<(), EditError>
//!
//! // going on for a device that was restored, cloned or replaced
//! store.succeed(&Succession, Option<&OldDatabase>) · store.succession() · store.arriving()
//! store.rescue(&OldDatabase) -> Result<RescueStep, StoreError>     // a little at a time
//! store.is_restored() -> bool                                      // an older copy: nothing is written
//!
//! // plus the whole of sync_engine::Store
//! ```

mod archive;
mod board;
mod cases;
mod courier;
mod error;
mod health;
mod moves;
mod note;
mod numbers;
mod prepared;
mod residents;
mod scans;
mod store;
mod succession;
mod sync;
mod undo;

pub use board::{CaseRow, Sending};
pub use cases::{CaseRecord, FieldEntry, NewCase, SignedForm, StartedCase};
pub use error::EditError;
pub use health::{BlobsWaiting, StoreHealth};
pub use residents::{
    FOUND_MAX, FoundResident, FoundResidents, InstallError, Installing, ResidentCopy,
    install_resident_copy,
};
pub use scans::Scan;
pub use store::CounterStore;
pub use succession::{Arriving, OldDatabase, RescueStep, SetAside, Succession};

pub use replica::StoreChange;
pub use replica::staff::SignInError;
