//! The replicated tables, their migrations, streams, datasets and blobs; how changes leave and
//! enter a database.
//!
//! [`Replica::open`] gives an encrypted database with cr-sqlite on it; [`Replica::write`] is the
//! only way records are written. `counter-store` and `hub-store` add their own lists and implement
//! `sync_engine::Store` with the methods here. Knows no network and no wall clock.
//!
//! What holds, whatever a peer sends:
//! - a row is written by one device only (`draft`) or never changed (`case_event`, `snapshot`,
//!   `blob_ref`), so cr-sqlite's merge rule never decides between two people;
//! - nothing reaches `crsql_changes` that `validate` did not pass, because malformed keys end the
//!   process;
//! - a batch is applied in one transaction with the vector that says so;
//! - a transaction that cannot be applied is kept aside with its reason, and the vector of its site
//!   stays before it;
//! - what of a case a branch's counters may see is decided in one place, `scope`, and a case that was
//!   overwritten here comes back only whole and only from head office.

mod acked;
mod backup;
mod blob;
mod change_log;
mod character_choice;
mod copies;
mod database;
mod dataset;
mod dataset_age;
mod delegate;
mod error;
mod holes;
mod incoming;
mod key;
mod local;
mod migrate;
mod new_rows;
mod news;
mod open;
mod outgoing;
mod pack;
mod pages;
mod parked;
mod prepared_use;
mod protection;
mod purge;
mod quarantine;
mod records;
mod rescue;
mod rules;
mod scope;
mod side_file;
mod site_branch;
pub mod staff;
mod stream;
mod surroundings;
mod tables;
#[cfg(test)]
mod test_replica;
mod validate;

pub use blob::{BLOB_BYTES_MAX, blob, forget_unnamed_blob};
pub use character_choice::{
    character_choices, forget_character_choices, project_character_choices,
};
pub use copies::branches_of;
pub use database::{Replica, Write};
pub use dataset::{DATASET_BYTES_MAX, Dataset, dataset, is_signed, signed_bytes};
pub use dataset_age::DatasetAge;
pub use error::{OpenError, StoreError};
pub use incoming::all_cases;
pub use key::{DatabaseKey, ParseKeyError};
pub use migrate::SCHEMA_VERSION;
pub use news::{Listener, StoreChange};
pub use outgoing::Outstanding;
pub use pages::{
    BLOCK_BYTES, BLOCKS_MAX, FileBlocks, LogFrames, PageCopy, PageError, PagePlace, PageSource,
};
pub use prepared_use::{forget_prepared_uses, prepared_uses, project_prepared_uses};
pub use protection::{
    ProtectionInForce, forget_protection, is_any_protected, is_case_protected, project_protection,
    protection_in_force,
};
pub use purge::{PurgeRow, PurgedBy};
pub use quarantine::QuarantineRow;
pub use records::{
    BlobKind, BlobRef, BlobView, blobs_of, branch_of, case_events, draft, field_of, snapshot,
};
pub use rescue::{OldTransaction, OldTransactions, Rescued};
pub use side_file::{create_side_file, edit_side_file, finish_side_file, open_side_file};
pub use stream::{AuditAction, AuditEntry, Carried, ChainReport, link};
pub use surroundings::Surroundings;
