//! Filings kept for years (届出の保存, F26): every filing that was handed in, found by name in any
//! spelling, reading, date of birth, receipt number, address, kind, office, staff and period, on the
//! encrypted database of a counter (its own cases) or of head office (all).
//!
//! The records themselves stay where replication keeps them; this room holds a projection that is
//! kept in the same transaction and can be made anew, and the check that page, data, signature and
//! history of a filing belong together. Knows no network, no clock and no forms.
//!
//! ```text
//! open(&mut Replica) -> Result<(), OpenError>           // tables; makes the projection anew when its layout changed
//! project(&Connection, CaseId, &CaseSummary, Option<&BranchCode>) -> Result<(), StoreError>
//! keep(…) -> Result<i32, StoreError>, merge(&Connection, kept)   // the same for many cases in one transaction
//! forget(&Connection, CaseId) -> Result<(), StoreError>  // when the case is overwritten here
//! tidy(&Connection, pages) -> Result<bool, StoreError>    // afterwards, until it says false
//! find(&Connection, &ArchiveQuery) -> Result<Found { filings, next }, StoreError>
//! check(&Connection, CaseId) -> Result<Vec<Flaw>, StoreError>
//! prove(&Connection, &[Brought], Option<&str>) -> Result<Option<Proof>, StoreError>   // files that somebody brings
//! BroughtFiles::read(page, signature, content), .report(&CaseSummary, &Proof, FormsNamed) -> Report   // the same from and for a command line
//! ```

mod brought;
mod check;
mod find;
mod flawed;
mod keys;
mod project;
mod proof;
mod tokens;

pub use brought::{BroughtFiles, FormsNamed, Report, Unreadable};
pub use check::{Flaw, check};
pub use find::{ArchiveQuery, Filing, Found, all_cases, find};
pub use flawed::{Flawed, unless_damaged};
pub use project::{forget, keep, merge, open, project, tidy};
pub use proof::{Brought, Part, Proof, ProvedFile, Standing, prove};
