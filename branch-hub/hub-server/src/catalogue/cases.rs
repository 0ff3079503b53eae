//! Real cases as facts without names.

use counter_domain::draft::{Draft, FieldValue};
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

impl RealCases {
    /// Reads the cases first handed in within `days` before `now_unix_ms`.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub(crate) fn read(store: &HubStore, now_unix_ms: u64, days: u64) -> Result<Self, StoreError> {
        let since = now_unix_ms.saturating_sub(days * 24 * 3_600_000);
        let mut found = Self::default();
        for row in store.cases(CASES_MAX)? {
            if row.protected {
                let handed_in = store
                    .case(row.case)?
                    .is_some_and(|one| is_since(&one, since));
                found.left_out += usize::from(handed_in);
                continue;
            }
            let Some(record) = store.case(row.case)?.filter(|one| is_since(one, since)) else {
                continue;
            };
            if is_protected(&record) {
                found.left_out += 1;
                continue;
            }
            let filed_on = record.draft.text("event.filed_on");
            let submitted = record
                .summary
                .submitted_at
                .map_or(now_unix_ms, counter_domain::hlc::Hlc::unix_ms);
            let day = filed_on.and_then(|text| text.parse().ok());
            if let Some(day) = day.or_else(|| day_in_japan(submitted).ok()) {
                found.facts.push(facts_from_draft(&record.draft, day));
            }
        }
        Ok(found)
    }
}

fn is_since(record: &CaseRecord, unix_ms: u64) -> bool {
    let submitted = record.summary.submitted_at;
    submitted.is_some_and(|at| at.unix_ms() >= unix_ms)
}

/// Whether anybody in the case is under protection, says the database, what was signed, or what
/// is being entered.
fn is_protected(record: &CaseRecord) -> bool {
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
