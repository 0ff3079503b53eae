//! What is done with a case at the counter.

use counter_domain::case::{CaseEvent, CaseState, CaseStep, CaseSummary, fold};
use counter_domain::draft::{Draft, DraftField, FieldPath, FieldValue, Source};
use counter_domain::hlc::Hlc;
use counter_domain::ids::{BranchCode, CaseId, DeviceId, EventId, SnapshotHash, StaffId};
use counter_domain::snapshot::Snapshot;
use replica::{AuditAction, BlobKind, StoreError, Write};
use rusqlite::{Connection, OptionalExtension, named_params};

use crate::store::CounterStore;
use crate::succession::numbers_left_out;
use crate::{EditError, board, undo};

/// A reception to open.
#[derive(Debug, Clone)]
pub struct NewCase {
    /// Who opens it.
    pub by: StaffId,
    /// The branch that owns it.
    pub branch: BranchCode,
    /// The day the receipt number counts in, ISO 8601.
    pub day: String,
}

/// An opened reception.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StartedCase {
    /// Its id.
    pub case: CaseId,
    /// Receipt number (受付番号).
    pub receipt_number: String,
}

/// A field to set.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FieldEntry {
    /// Where.
    pub path: FieldPath,
    /// What.
    pub value: FieldValue,
    /// Where it came from.
    pub source: Source,
    /// Certainty in percent, for read documents.
    pub confidence: Option<u8>,
}

/// What the resident signed.
#[derive(Debug, Clone, Copy)]
pub struct SignedForm<'a> {
    /// Exactly what was shown.
    pub snapshot: &'a Snapshot,
    /// The strokes of the pen.
    pub strokes: &'a [u8],
    /// The form, PDF.
    pub form_pdf: &'a [u8],
}

/// A case with everything that is known of it here.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CaseRecord {
    /// Which.
    pub case: CaseId,
    /// Its history, folded.
    pub summary: CaseSummary,
    /// Its fields.
    pub draft: Draft,
    /// Its history, oldest first.
    pub events: Vec<CaseEvent>,
    /// When it was opened.
    pub started_at: Hlc,
    /// Head office has every record written here.
    pub at_head_office: bool,
    /// Somebody in it is under protection.
    pub protected: bool,
}

impl CounterStore {
    /// Opens a reception with the next receipt number of the day; `number` prints it.
    ///
    /// The sequence begins at 1, is never given twice and outlives a restart. When the day's
    /// numbers are gone (a replaced device) it goes on above those that cases of the day show.
    ///
    /// # Errors
    /// When the disk fails; the number is not used up then.
    pub fn start_case(
        &mut self,
        new: &NewCase,
        number: &dyn Fn(u32) -> String,
    ) -> Result<StartedCase, StoreError> {
        let floor = self
            .numbers
            .given(&new.day)
            .max(numbers_left_out(self.succession()?.as_ref()));
        let (started, sequence) = self.write(|write| {
            let sequence = next_sequence(write.connection(), &new.day, floor, number)?;
            let receipt_number = number(sequence);
            let case = write.new_case();
            let step = CaseStep::Started {
                branch: new.branch.clone(),
                receipt_number: receipt_number.clone(),
            };
            write.add_event(case, &new.by, step)?;
            write.audit(&new.by, AuditAction::CaseStarted, Some(case))?;
            let started = StartedCase {
                case,
                receipt_number,
            };
            Ok::<_, StoreError>((started, sequence))
        })?;
        self.numbers.give(&new.day, sequence);
        Ok(started)
    }

    /// Sets fields, all or none; one step of undo.
    ///
    /// # Errors
    /// When the case is not here or frozen, or the disk fails.
    pub fn set_fields(
        &mut self,
        case: CaseId,
        by: &StaffId,
        entries: &[FieldEntry],
    ) -> Result<(), EditError> {
        self.write_fields(case, by, entries, undo::remember)
    }

    /// Sets fields again that were set just before, as the same step of undo: one that is typed
    /// into is saved several times. When the last step was to other fields, it is a step of its own.
    ///
    /// # Errors
    /// As [`Self::set_fields`].
    pub fn amend_fields(
        &mut self,
        case: CaseId,
        by: &StaffId,
        entries: &[FieldEntry],
    ) -> Result<(), EditError> {
        self.write_fields(case, by, entries, undo::remember_unless_last)
    }

    fn write_fields(
        &mut self,
        case: CaseId,
        by: &StaffId,
        entries: &[FieldEntry],
        remember: undo::Remember,
    ) -> Result<(), EditError> {
        let device = self.device();
        self.write(|write| {
            put_fields(write, (case, device), by, entries, remember)?;
            write.audit(by, AuditAction::FieldsChanged, Some(case))?;
            Ok(())
        })
    }

    /// Settles a field two counters entered differently: `counter`'s value is right.
    ///
    /// # Errors
    /// When there is no such value, the case is frozen or the disk fails.
    pub fn choose_value(
        &mut self,
        case: CaseId,
        by: &StaffId,
        path: &FieldPath,
        counter: DeviceId,
    ) -> Result<(), EditError> {
        let device = self.device();
        self.write(|write| {
            editable(write.connection(), case)?;
            let chosen = replica::field_of(write.connection(), case, path, counter)?
                .ok_or(EditError::NoSuchValue)?;
            undo::remember(write.connection(), case, device, &[path])?;
            let at = write.at();
            let field = DraftField {
                by: by.clone(),
                at,
                settles: Some(at),
                ..chosen
            };
            write.set_field(case, path, &field)?;
            write.audit(by, AuditAction::FieldsChanged, Some(case))?;
            Ok(())
        })
    }

    /// Takes back the last change made at this counter; returns the fields it touched.
    ///
    /// # Errors
    /// When there is nothing to undo, the case is frozen or the disk fails.
    pub fn undo(&mut self, case: CaseId, by: &StaffId) -> Result<Vec<FieldPath>, EditError> {
        self.write(|write| {
            editable(write.connection(), case)?;
            let before = undo::take(write.connection(), case)?;
            if before.is_empty() {
                return Err(EditError::NothingToUndo);
            }
            let at = write.at();
            for (path, field) in &before {
                let field = match field {
                    Some(field) => DraftField {
                        at,
                        ..field.clone()
                    },
                    None => cleared(by, at),
                };
                write.set_field(case, path, &field)?;
            }
            write.audit(by, AuditAction::FieldsChanged, Some(case))?;
            Ok(before.into_iter().map(|(path, _)| path).collect())
        })
    }

    /// Whether [`Self::undo`] has something to take back.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub fn can_undo(&self, case: CaseId) -> Result<bool, StoreError> {
        undo::any(self.replica.reader(), case)
    }

    /// Freezes what the resident signed: snapshot, strokes, form and the step, all or none.
    ///
    /// # Errors
    /// When the snapshot is of another case, the case is frozen or the disk fails.
    pub fn sign(
        &mut self,
        case: CaseId,
        by: &StaffId,
        form: &SignedForm<'_>,
    ) -> Result<SnapshotHash, EditError> {
        if form.snapshot.case_id != case {
            return Err(EditError::ForeignSnapshot);
        }
        self.write(|write| {
            editable(write.connection(), case)?;
            let snapshot = write.put_snapshot(case, form.snapshot)?;
            let strokes =
                write.put_blob(case, BlobKind::Signature, "application/json", form.strokes)?;
            let pdf = write.put_blob(case, BlobKind::Form, "application/pdf", form.form_pdf)?;
            let step = CaseStep::Signed {
                snapshot,
                strokes,
                form: pdf,
            };
            write.add_event(case, by, step)?;
            undo::forget(write.connection(), case)?;
            write.audit(by, AuditAction::Signed, Some(case))?;
            Ok(snapshot)
        })
    }

    /// Hands in what is signed.
    ///
    /// # Errors
    /// When nothing is signed, the case stands elsewhere or the disk fails.
    pub fn submit(&mut self, case: CaseId, by: &StaffId) -> Result<(), EditError> {
        self.write(|write| {
            let summary = editable(write.connection(), case)?;
            let snapshot = summary.signed.ok_or(EditError::NotAllowed(summary.state))?;
            step(write, case, by, CaseStep::Submitted { snapshot })?;
            undo::forget(write.connection(), case)?;
            write.audit(by, AuditAction::Submitted, Some(case))?;
            Ok(())
        })
    }

    /// Takes another step: withdraw, hold, release, ask to cancel.
    ///
    /// # Errors
    /// When the case does not allow it or the disk fails.
    pub fn record(
        &mut self,
        case: CaseId,
        by: &StaffId,
        what: CaseStep,
    ) -> Result<EventId, EditError> {
        self.write(|write| {
            let event = step(write, case, by, what)?;
            write.audit(by, AuditAction::StepTaken, Some(case))?;
            Ok(event)
        })
    }

    /// A case with its fields and history; `None` when it is not here.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub fn case(&self, case: CaseId) -> Result<Option<CaseRecord>, StoreError> {
        let connection = self.replica.reader();
        let events = replica::case_events(connection, case)?;
        let Some(started_at) = events.first().map(|event| event.at) else {
            return Ok(None);
        };
        Ok(Some(CaseRecord {
            case,
            summary: fold(&events),
            draft: replica::draft(connection, case)?,
            events,
            started_at,
            at_head_office: board::at_head_office(connection, case)?,
            protected: replica::is_case_protected(connection, case)?,
        }))
    }

    /// The case with that receipt number.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub fn find_case(&self, receipt_number: &str) -> Result<Option<CaseId>, StoreError> {
        let mut statement = self.replica.reader().prepare_cached(
            "SELECT case_id FROM case_row WHERE receipt_number = :number LIMIT 1",
        )?;
        let found = statement.query_row([receipt_number], |row| row.get(0).map(CaseId));
        Ok(found.optional()?)
    }
}

/// Sets fields of a case at this counter, with what they held before remembered for undo.
pub(crate) fn put_fields(
    write: &mut Write<'_>,
    (case, device): (CaseId, DeviceId),
    by: &StaffId,
    entries: &[FieldEntry],
    remember: undo::Remember,
) -> Result<(), EditError> {
    editable(write.connection(), case)?;
    let paths: Vec<&FieldPath> = entries.iter().map(|entry| &entry.path).collect();
    remember(write.connection(), case, device, &paths)?;
    for entry in entries {
        let field = DraftField {
            value: entry.value.clone(),
            source: entry.source,
            confidence: entry.confidence,
            by: by.clone(),
            at: write.at(),
            settles: None,
        };
        write.set_field(case, &entry.path, &field)?;
    }
    Ok(())
}

fn cleared(by: &StaffId, at: Hlc) -> DraftField {
    DraftField {
        value: FieldValue::Cleared,
        source: Source::Staff,
        confidence: None,
        by: by.clone(),
        at,
        settles: None,
    }
}

/// The case's summary, when its content may be changed.
fn editable(connection: &Connection, case: CaseId) -> Result<CaseSummary, EditError> {
    let events = replica::case_events(connection, case)?;
    if events.is_empty() {
        return Err(EditError::UnknownCase);
    }
    let summary = fold(&events);
    if summary.is_editable() {
        Ok(summary)
    } else {
        Err(EditError::Frozen(summary.state))
    }
}

/// Adds a step, unless the fold would overrule it.
fn step(
    write: &mut Write<'_>,
    case: CaseId,
    by: &StaffId,
    what: CaseStep,
) -> Result<EventId, EditError> {
    let state: CaseState = fold(&replica::case_events(write.connection(), case)?).state;
    let event = write.add_event(case, by, what)?;
    let after = fold(&replica::case_events(write.connection(), case)?);
    if after.overruled.contains(&event) {
        return Err(EditError::NotAllowed(state));
    }
    Ok(event)
}

/// The next sequence of the day whose printed number no case here shows.
fn next_sequence(
    connection: &Connection,
    day: &str,
    floor: u32,
    number: &dyn Fn(u32) -> String,
) -> Result<u32, StoreError> {
    let last: Option<u32> = connection
        .prepare_cached("SELECT last FROM receipt_sequence WHERE day = :day")?
        .query_row([day], |row| row.get(0))
        .optional()?;
    let mut next = last.unwrap_or(0).max(floor) + 1;
    let mut taken = connection
        .prepare_cached("SELECT 1 FROM case_row WHERE receipt_number = :number LIMIT 1")?;
    while taken.exists([number(next)])? {
        next += 1;
    }
    connection
        .prepare_cached(
            "INSERT INTO receipt_sequence (day, last) VALUES (:day, :last)
             ON CONFLICT (day) DO UPDATE SET last = excluded.last",
        )?
        .execute(named_params! { ":day": day, ":last": next })?;
    Ok(next)
}
