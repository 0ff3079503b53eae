//! Real cases as facts without names.

use counter_domain::draft::{Draft, FieldValue};
use counter_domain::ids::CaseId;
use counter_guide::{Facts, facts_from_draft};
use hub_store::{CaseRecord, HubStore};
use replica::StoreError;

use super::day_in_japan;

/// How far back real cases are looked at.
pub(crate) const CASE_DAYS: u64 = 31;
/// Cases looked at, at most.
const CASES_MAX: usize = 5_000;

/// The facts of real cases, and how many were not looked at.
#[derive(Debug, Default)]
pub(crate) struct RealCases {
    /// One for each case that was handed in.
    pub facts: Vec<Facts>,
    /// Cases with a protected person.
    pub left_out: usize,
}

/// Cases read while the store is held; a page lets go of it in between.
pub(crate) const CASES_AT_ONCE: usize = 50;

impl RealCases {
    /// Every case that may count, newest first.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub(crate) fn ids(store: &HubStore) -> Result<Vec<CaseId>, StoreError> {
        let rows = store.cases(CASES_MAX)?.into_iter();
        Ok(rows.map(|row| row.case).collect())
    }

    /// Reads the cases first handed in within `days` before `now_unix_ms`.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub(crate) fn read(store: &HubStore, now_unix_ms: u64, days: u64) -> Result<Self, StoreError> {
        let mut found = Self::default();
        found.take(store, &Self::ids(store)?, now_unix_ms, days)?;
        Ok(found)
    }

    /// Reads some of them.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub(crate) fn take(
        &mut self,
        store: &HubStore,
        cases: &[CaseId],
        now_unix_ms: u64,
        days: u64,
    ) -> Result<(), StoreError> {
        let since = now_unix_ms.saturating_sub(days * 24 * 3_600_000);
        for case in cases {
            let Some(record) = store.case(*case)?.filter(|one| is_since(one, since)) else {
                continue;
            };
            if is_protected(&record) {
                self.left_out += 1;
                continue;
            }
            let filed_on = record.draft.text("event.filed_on");
            let submitted = record
                .summary
                .submitted_at
                .map_or(now_unix_ms, counter_domain::hlc::Hlc::unix_ms);
            let day = filed_on.and_then(|text| text.parse().ok());
            if let Some(day) = day.or_else(|| day_in_japan(submitted).ok()) {
                self.facts.push(facts_from_draft(&record.draft, day));
            }
        }
        Ok(())
    }
}

/// Whether a case was handed in at that time or later.
pub(crate) fn is_since(record: &CaseRecord, unix_ms: u64) -> bool {
    let submitted = record.summary.submitted_at;
    submitted.is_some_and(|at| at.unix_ms() >= unix_ms)
}

/// Whether anybody in the case is under protection, says the database, what was signed, or what
/// is being entered.
pub(crate) fn is_protected(record: &CaseRecord) -> bool {
    let mut snapshots = record.snapshots.iter();
    record.protected
        || snapshots.any(|(_, snapshot)| crate::hand_over::is_protected(snapshot))
        || has_flag(&record.draft)
}

fn has_flag(draft: &Draft) -> bool {
    draft.fields().any(|(path, field)| {
        path.as_str().rsplit('.').next() == Some("protected")
            && field.shown.value == FieldValue::Flag(true)
    })
}
