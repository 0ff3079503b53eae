//! Last month's filings on an edited form: whether what people really filed fits in its boxes.
//!
//! Nothing of a filing leaves this module but its receipt number and what stood in its way; filings
//! of protected persons are not even read.

use counter_domain::ids::CaseId;
use counter_domain::snapshot::Snapshot;
use counter_forms::filing::{Filing, Said, filings, form_of, forms_of};
use counter_forms::procedure_request::REQUEST_FORM;
use counter_forms::resident_move::City;
use counter_forms::{Answers, FormFolder, FormMeta, Forms};
use hub_store::{CaseRecord, HubStore};
use replica::StoreError;

use crate::catalogue::{is_protected, is_since};

/// Sheets laid out, at most; each takes some 20 ms.
pub(crate) const SHEETS_MAX: usize = 500;
/// Faults shown, at most.
const FAULTS_MAX: usize = 50;
const DAY_MS: u64 = 24 * 3_600_000;

/// What was signed, with the answers of the interview.
pub(crate) struct RealFiling {
    snapshot: Snapshot,
    answers: Answers,
}

/// Filings read from the store, and how many were not looked at.
#[derive(Default)]
pub(crate) struct RealFilings {
    filings: Vec<RealFiling>,
    protected: usize,
}

/// What became of them.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct CaseTrial {
    /// Filings that stand on this form.
    pub cases: usize,
    /// Sheets laid out.
    pub sheets: usize,
    /// Filings not looked at, because somebody in them is under protection.
    pub protected: usize,
    /// There are more than could be looked at.
    pub more: bool,
    /// Receipt number, and what stood in the way.
    pub faults: Vec<(String, String)>,
    /// Sheets with a fault, those not shown among them.
    pub faulty: usize,
}

impl RealFilings {
    /// Reads those of `cases` that were handed in within `days` before `now_unix_ms`.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub(crate) fn read(
        store: &HubStore,
        cases: &[CaseId],
        now_unix_ms: u64,
        days: u64,
    ) -> Result<Self, StoreError> {
        let since = now_unix_ms.saturating_sub(days * DAY_MS);
        let mut found = Self::default();
        for case in cases {
            let record = store.case(*case)?;
            let Some(record) = record.filter(|one| is_since(one, since)) else {
                continue;
            };
            if is_protected(&record) {
                found.protected += 1;
            } else if let Some(filing) = newest(record) {
                found.filings.push(filing);
            }
        }
        Ok(found)
    }
}

fn newest(record: CaseRecord) -> Option<RealFiling> {
    let submitted = *record.summary.submitted.last()?;
    let answers = Answers::of_draft(&record.draft);
    let mut snapshots = record.snapshots.into_iter();
    let (_, snapshot) = snapshots.find(|(hash, _)| *hash == submitted)?;
    Some(RealFiling { snapshot, answers })
}

/// Lays real filings out on the edited form and keeps none of them.
pub(crate) fn try_cases(
    forms: &Forms,
    folder: &FormFolder,
    real: RealFilings,
    (city, mut trial): (&City, CaseTrial),
) -> CaseTrial {
    trial.protected += real.protected;
    let Ok(alone) = forms.alone(folder) else {
        return trial;
    };
    let Some(meta) = alone.list().first().map(|meta| (*meta).clone()) else {
        return trial;
    };
    for filing in real.filings {
        if trial.sheets >= SHEETS_MAX {
            trial.more = true;
            return trial;
        }
        let faults = faults_of(&alone, &meta, &filing, city);
        trial.cases += usize::from(!faults.is_empty());
        trial.sheets += faults.len();
        for text in faults.into_iter().flatten() {
            trial.faulty += 1;
            if trial.faults.len() < FAULTS_MAX {
                let number = filing.snapshot.receipt_number.clone();
                trial.faults.push((number, text));
            }
        }
    }
    trial
}

/// One entry for each sheet of the form that the filing fills: what stands in its way, if anything.
fn faults_of(
    alone: &Forms,
    meta: &FormMeta,
    filing: &RealFiling,
    city: &City,
) -> Vec<Option<String>> {
    let snapshot = &filing.snapshot;
    let of_form = |one: &Filing| one.form == meta.id;
    if form_of(snapshot) == REQUEST_FORM {
        let asked = alone.procedure_request(snapshot, city).unwrap_or_default();
        let asked = asked.iter().filter(|one| of_form(one));
        return asked
            .map(|one| alone.begun_fault(&meta.id, &one.data))
            .collect();
    }
    if forms_of(snapshot, &[]).contains(&meta.id) {
        let signed = filings(snapshot, city, &Said::default()).unwrap_or_default();
        let signed = signed.iter().filter(|one| of_form(one));
        return signed
            .map(|one| alone.case_fault(&meta.id, &one.data))
            .collect();
    }
    let further = alone.follow_ups(snapshot, city, &filing.answers);
    let further = further.unwrap_or_default().into_iter();
    further
        .map(|one| alone.begun_fault(&one.form, &one.data))
        .collect()
}
