//! What people do at a counter and at head office.

use anyhow::{Result, bail};
use counter_domain::case::{CaseState, CaseStep, Remark, RemarkCategory};
use counter_domain::draft::{FieldPath, FieldValue, Source};
use counter_domain::ids::{BranchCode, CaseId, StaffId};
use counter_domain::snapshot::{Snapshot, SnapshotField};
use counter_store::{CaseRecord, CounterStore, EditError, FieldEntry, NewCase, SignedForm};
use hub_store::{HubStore, ReviewError};
use replica::StoreError;

use crate::chance::Chance;
use crate::template::{APPROVER, CLERK, Template};

/// Fields everybody fills in, so that two counters meet in one.
const PATHS: [&str; 5] = [
    "member.1.name",
    "member.1.kana",
    "member.2.name",
    "new_address.text",
    "phone",
];

/// What came of a piece of work.
#[derive(Debug)]
pub(crate) enum Outcome {
    /// Acknowledged, or nothing was to be done.
    Done,
    /// A receipt was printed.
    Started { number: String, case: CaseId },
    /// Refused because the disk is full.
    DiskFull,
    /// Refused because the database is an older copy.
    OlderCopy,
}

fn edited(result: Result<(), EditError>) -> Result<Outcome> {
    match result {
        Err(EditError::Store(StoreError::DiskFull)) => Ok(Outcome::DiskFull),
        Err(EditError::Store(StoreError::Restored { .. })) => Ok(Outcome::OlderCopy),
        // Another branch has it.
        Err(EditError::Store(StoreError::Elsewhere)) => Ok(Outcome::Done),
        Err(EditError::Store(error)) => Err(error.into()),
        Ok(()) | Err(_) => Ok(Outcome::Done),
    }
}

/// A clerk does something.
pub(crate) fn at_counter(store: &mut CounterStore, branch: &str, entropy: u64) -> Result<Outcome> {
    let mut chance = Chance::new(entropy);
    let by = StaffId::from(CLERK);
    let board = store.board(50)?;
    let Some(row) = chance.pick(&board).cloned() else {
        return start(store, branch, &by);
    };
    let case = row.case;
    match chance.below(100) {
        0..18 => start(store, branch, &by),
        18..58 => edited(fill(store, case, &by, &mut chance)),
        58..70 => edited(sign(store, case, &by, &mut chance)),
        70..82 => edited(store.submit(case, &by)),
        82..86 => edited(store.undo(case, &by).map(drop)),
        86..92 => edited(choose(store, case, &by, &mut chance)),
        _ => edited(step(store, case, &by, &mut chance)),
    }
}

/// A clerk goes on with a case.
pub(crate) fn without_starting(store: &mut CounterStore, entropy: u64) -> Result<Outcome> {
    let mut chance = Chance::new(entropy);
    let by = StaffId::from(CLERK);
    let Some(row) = chance.pick(&store.board(50)?).cloned() else {
        return Ok(Outcome::Done);
    };
    match chance.below(10) {
        0..6 => edited(fill(store, row.case, &by, &mut chance)),
        6..8 => edited(sign(store, row.case, &by, &mut chance)),
        8 => edited(store.submit(row.case, &by)),
        _ => edited(step(store, row.case, &by, &mut chance)),
    }
}

fn start(store: &mut CounterStore, branch: &str, by: &StaffId) -> Result<Outcome> {
    let new = NewCase {
        by: by.clone(),
        branch: BranchCode::from(branch),
        day: "2027-03-31".to_owned(),
    };
    let device = store.device();
    let counter = device.as_bytes().first().copied().unwrap_or_default();
    let number = move |sequence| format!("{counter:02}-270331-{sequence:04}");
    match store.start_case(&new, &number) {
        Ok(started) => Ok(Outcome::Started {
            number: started.receipt_number,
            case: started.case,
        }),
        Err(StoreError::DiskFull) => Ok(Outcome::DiskFull),
        Err(StoreError::Restored { .. }) => Ok(Outcome::OlderCopy),
        Err(error) => Err(error.into()),
    }
}

fn fill(
    store: &mut CounterStore,
    case: CaseId,
    by: &StaffId,
    chance: &mut Chance,
) -> Result<(), EditError> {
    let count = 1 + chance.index(3);
    let entries: Vec<FieldEntry> = (0..count)
        .map(|_| FieldEntry {
            path: FieldPath::from(chance.pick(&PATHS).copied().unwrap_or("phone")),
            value: FieldValue::Text(format!("架空　{}", chance.below(10_000))),
            source: Source::Staff,
            confidence: None,
        })
        .collect();
    store.set_fields(case, by, &entries)
}

fn choose(
    store: &mut CounterStore,
    case: CaseId,
    by: &StaffId,
    chance: &mut Chance,
) -> Result<(), EditError> {
    let Some(record) = store.case(case)? else {
        return Ok(());
    };
    let differing: Vec<_> = record
        .draft
        .fields()
        .flat_map(|(path, field)| {
            let others = field.others.into_iter();
            others.map(move |(counter, _)| (path.clone(), counter))
        })
        .collect();
    match chance.pick(&differing) {
        Some((path, counter)) => store.choose_value(case, by, path, *counter),
        None => Ok(()),
    }
}

fn sign(
    store: &mut CounterStore,
    case: CaseId,
    by: &StaffId,
    chance: &mut Chance,
) -> Result<(), EditError> {
    let Some(record) = store.case(case)? else {
        return Ok(());
    };
    let snapshot = snapshot_of(&record);
    let strokes = chance.number().to_string().into_bytes();
    let length = 1 + chance.index(30_000);
    let form_pdf: Vec<u8> = chance
        .number()
        .to_le_bytes()
        .into_iter()
        .cycle()
        .take(length)
        .collect();
    let form = SignedForm {
        snapshot: &snapshot,
        strokes: &strokes,
        form_pdf: &form_pdf,
    };
    store.sign(case, by, &form).map(drop)
}

fn snapshot_of(record: &CaseRecord) -> Snapshot {
    let field = |(path, field): (&FieldPath, counter_domain::draft::MergedField)| {
        let (value, source) = (field.shown.value, field.shown.source);
        (path.clone(), SnapshotField { value, source })
    };
    Snapshot {
        version: 1,
        case_id: record.case,
        receipt_number: record.summary.receipt_number.clone().unwrap_or_default(),
        form: "resident-move/1".to_owned(),
        forms: Vec::new(),
        filed_on: "2027-03-31".to_owned(),
        language: "ja".to_owned(),
        fields: record.draft.fields().map(field).collect(),
        procedures: Vec::new(),
    }
}

fn step(
    store: &mut CounterStore,
    case: CaseId,
    by: &StaffId,
    chance: &mut Chance,
) -> Result<(), EditError> {
    let reason = "架空".to_owned();
    let what = match chance.below(4) {
        0 => CaseStep::Withdrawn { reason },
        1 => CaseStep::Held { reason },
        2 => CaseStep::Released,
        _ => CaseStep::CancelRequested,
    };
    store.record(case, by, what).map(drop)
}

/// Somebody at head office does something.
pub(crate) fn at_hub(store: &mut HubStore, entropy: u64) -> Result<Outcome> {
    let mut chance = Chance::new(entropy);
    let by = StaffId::from(APPROVER);
    if chance.percent(4) {
        let content = chance.number().to_string().repeat(1 + chance.index(900));
        let template = Template::get()?;
        let published = store.publish("notices", content.as_bytes(), |bytes| template.sign(bytes));
        return match published {
            Err(StoreError::DiskFull) => Ok(Outcome::DiskFull),
            Err(error) => Err(error.into()),
            Ok(_) => Ok(Outcome::Done),
        };
    }
    let queue = store.queue()?;
    let Some(row) = chance.pick(&queue) else {
        return Ok(Outcome::Done);
    };
    let case = row.case;
    let result = match (row.state, chance.below(10)) {
        (CaseState::UnderReview, 0..4) => store.give_back(case, &by, vec![remark(&mut chance)]),
        (CaseState::UnderReview, 4..8) => store.accept(case, &by),
        (CaseState::UnderReview, _) => store.refuse(case, &by, "架空".to_owned()),
        (CaseState::CancelRequested, _) => store.record(case, &by, CaseStep::Cancelled),
        (_, 0) => store.record(case, &by, CaseStep::Completed),
        _ => store.open_review(case, &by),
    };
    match result {
        Err(ReviewError::Store(StoreError::DiskFull)) => Ok(Outcome::DiskFull),
        Err(ReviewError::Store(error)) => bail!(error),
        Ok(_) | Err(_) => Ok(Outcome::Done),
    }
}

fn remark(chance: &mut Chance) -> Remark {
    Remark {
        path: FieldPath::from(chance.pick(&PATHS).copied().unwrap_or("phone")),
        category: RemarkCategory::Missing,
        text: "架空".to_owned(),
    }
}
