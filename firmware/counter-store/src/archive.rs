//! The archive of this counter: filings taken in here, also without a line.

use case_archive::{ArchiveQuery, Brought, Flaw, Found, Proof};
use counter_domain::ids::{BlobHash, CaseId};
use replica::StoreError;

use crate::store::CounterStore;

impl CounterStore {
    /// Filings that fit, newest first.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub fn find_filings(&self, query: &ArchiveQuery) -> Result<Found, StoreError> {
        case_archive::find(self.replica.reader(), query)
    }

    /// Every case here that was ever handed in, oldest first.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub fn filed_cases(&self) -> Result<Vec<CaseId>, StoreError> {
        case_archive::all_cases(self.replica.reader())
    }

    /// Everything that does not belong together in a filing.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub fn filing_flaws(&self, case: CaseId) -> Result<Vec<Flaw>, StoreError> {
        case_archive::check(self.replica.reader(), case)
    }

    /// Asks head office anew for the pages and signatures of a filing that are damaged or missing
    /// here; returns how many. They come with the next contact.
    ///
    /// # Errors
    /// When the database cannot be read or written.
    pub fn mend_filing(&mut self, case: CaseId) -> Result<usize, StoreError> {
        let flaws = self.filing_flaws(case)?;
        let blobs: Vec<BlobHash> = flaws.iter().filter_map(Flaw::blob).collect();
        Ok(self.replica.want_anew(&blobs)?.len())
    }

    /// Proves files that belong to one filing: the one of this receipt number, or the first that one of
    /// them was signed in. `None` when there is none such here.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub fn prove(
        &self,
        files: &[Brought<'_>],
        receipt: Option<&str>,
    ) -> Result<Option<Proof>, StoreError> {
        case_archive::prove(self.replica.reader(), files, receipt)
    }
}
