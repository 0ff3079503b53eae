//! What came back of what was handed over: the answers of the resident record system, by case and
//! version, and where they do not fit.
//!
//! An answer becomes a step of the case, so that the desk and every counter read it there. The same
//! answer again changes nothing. What does not fit (a key nobody handed over, an answer after
//! another one, a value that differs) is listed until somebody says that it is settled.

use counter_domain::case::{CaseState, CaseStep, CaseSummary, fold};
use counter_domain::ids::{CaseId, StaffId};
use replica::{AuditAction, OpenError, Replica, StoreError, Write};
use rusqlite::{Connection, OptionalExtension, Row, named_params};
use serde::{Deserialize, Serialize};

use crate::review::{
    Actor, HandOverRow, REVIEW, ReviewError, check_role, hand_over_row, take_step,
};
use crate::store::HubStore;

const STEPS: [&str; 1] = [include_str!(
    "../migrations/hand-over/0001-create-answer.sql"
)];

/// What the other system says of one case and version.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CoreAnswer {
    /// The case.
    pub case: CaseId,
    /// How many times it was submitted when it was handed over.
    pub version: usize,
    /// `None` when it was taken; the other system's words when it was refused.
    pub refused: Option<String>,
    /// The day the file says, ISO 8601; may be empty.
    pub answered_on: String,
    /// BLAKE3 of the file, hex.
    pub file: String,
    /// Line of the file, from 1.
    pub line: u64,
}

/// What became of an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AnswerTaken {
    /// The case says so now.
    Noted,
    /// It was known already.
    Known,
    /// It does not fit, and is listed.
    Listed,
}

/// How an answer does not fit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MismatchKind {
    /// No case here has this key.
    UnknownKey,
    /// The case was never in a hand-over file.
    NotHandedOver,
    /// Another version of the case is the accepted one.
    OtherVersion,
    /// Head office has gone on with the case meanwhile, or an earlier answer says the contrary.
    OtherState,
    /// A value came back that is not the one handed over.
    Value,
}

/// Where an answer does not fit.
#[derive(Clone, PartialEq, Eq)]
pub struct Mismatch {
    /// Which.
    pub id: i64,
    /// The case, if there is one.
    pub case: Option<CaseId>,
    /// Its version in the answer.
    pub version: usize,
    /// How.
    pub kind: MismatchKind,
    /// Column, or the key as the file has it.
    pub item: String,
    /// What we say: a value, or where the case stands.
    pub ours: String,
    /// What the answer says.
    pub theirs: String,
    /// Line of the file, from 1.
    pub line: u64,
    /// When it was found, milliseconds since 1970.
    pub found_unix_ms: u64,
}

impl std::fmt::Debug for Mismatch {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Mismatch({:?} in line {})", self.kind, self.line)
    }
}

/// Something that does not fit, before it is listed.
#[derive(Clone, PartialEq, Eq)]
pub struct NewMismatch {
    /// The case, if there is one.
    pub case: Option<CaseId>,
    /// Its version in the answer.
    pub version: usize,
    /// How.
    pub kind: MismatchKind,
    /// Column, or the key as the file has it.
    pub item: String,
    /// What we say.
    pub ours: String,
    /// What the answer says.
    pub theirs: String,
    /// BLAKE3 of the file, hex.
    pub file: String,
    /// Line of the file, from 1.
    pub line: u64,
}

impl std::fmt::Debug for NewMismatch {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "NewMismatch({:?} in line {})", self.kind, self.line)
    }
}

/// Makes the tables of this module.
pub(crate) fn open(replica: &mut Replica) -> Result<(), OpenError> {
    replica.migrate_room("hub-hand-over", &STEPS)
}

/// Forgets what came back of a case that is deleted.
pub(crate) fn forget(connection: &Connection, case: CaseId) -> Result<(), StoreError> {
    for list in [
        "DELETE FROM core_answer WHERE case_id = :case",
        "DELETE FROM core_mismatch WHERE case_id = :case",
    ] {
        connection.execute(list, [case.0])?;
    }
    Ok(())
}

impl HubStore {
    /// Takes an answer: the case is completed, or refused by the resident record system.
    ///
    /// # Errors
    /// When whoever reads it has no right to, or the disk fails.
    pub fn take_answer(
        &mut self,
        answer: &CoreAnswer,
        by: &Actor,
    ) -> Result<AnswerTaken, ReviewError> {
        let id = by.id();
        let now = self.replica.unix_ms();
        self.write(|write| {
            may_act(write.connection(), by)?;
            let events = replica::case_events(write.connection(), answer.case)?;
            let handed = events
                .iter()
                .any(|event| matches!(event.what, CaseStep::HandedOver { .. }));
            let summary = fold(&events);
            let fits = match verdict(write.connection(), answer, &summary, handed)? {
                Verdict::Known => return Ok(AnswerTaken::Known),
                Verdict::Mismatch(kind) => Err(kind),
                Verdict::Step(step) => Ok(step),
            };
            match fits {
                Ok(step) => {
                    take_step(write, answer.case, &id, step)?;
                    write.audit(&id, AuditAction::StepTaken, Some(answer.case))?;
                    keep(write, answer, now)?;
                    Ok(AnswerTaken::Noted)
                }
                Err(kind) => {
                    list(write.connection(), &unfitting(answer, kind, &summary), now)?;
                    Ok(AnswerTaken::Listed)
                }
            }
        })
    }

    /// Lists something that does not fit; the same line of the same file is listed once.
    ///
    /// # Errors
    /// When whoever reads it has no right to, or the disk fails.
    pub fn list_mismatch(&mut self, new: &NewMismatch, by: &Actor) -> Result<(), ReviewError> {
        let now = self.replica.unix_ms();
        self.write(|write| {
            may_act(write.connection(), by)?;
            Ok(list(write.connection(), new, now)?)
        })
    }

    /// What does not fit and nobody has settled, newest first.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub fn mismatches(&self) -> Result<Vec<Mismatch>, StoreError> {
        let mut statement = self.replica.reader().prepare_cached(
            "SELECT id, case_id, version, kind, item, ours, theirs, line, found_unix_ms
             FROM core_mismatch WHERE settled_by IS NULL ORDER BY id DESC LIMIT 1000",
        )?;
        let mut rows = statement.query([])?;
        let mut found = Vec::new();
        while let Some(row) = rows.next()? {
            found.push(mismatch(row)?);
        }
        Ok(found)
    }

    /// Notes that somebody looked at what does not fit and put it right; `false` when it is settled
    /// already.
    ///
    /// # Errors
    /// When whoever does it has no right to, or the disk fails.
    pub fn settle_mismatch(&mut self, id: i64, by: &StaffId) -> Result<bool, ReviewError> {
        let now = self.replica.unix_ms();
        self.write(|write| {
            check_role(write.connection(), by, &REVIEW)?;
            let settled = settle(write.connection(), id, by, now)?;
            if let Some(settled) = &settled {
                write.audit(by, AuditAction::StepTaken, settled.case)?;
            }
            Ok(settled.is_some())
        })
    }

    /// Cases that were written into the hand-over file `file` and are still accepted, for writing
    /// them again.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub fn handed_over_in(&self, file: &str) -> Result<Vec<HandOverRow>, StoreError> {
        let connection = self.replica.reader();
        let cases = "SELECT case_id FROM desk_row
            WHERE state IN ('handed_over', 'completed', 'core_rejected') ORDER BY receipt_number";
        let is_it =
            |step: &CaseStep| matches!(step, CaseStep::HandedOver { file: name } if name == file);
        let mut found = Vec::new();
        for case in cases_in(connection, cases)? {
            let events = replica::case_events(connection, case)?;
            if events.iter().any(|event| is_it(&event.what)) {
                found.extend(hand_over_row(connection, case)?);
            }
        }
        Ok(found)
    }

    /// A case that is in a hand-over file and still accepted.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub fn handed_over_case(&self, case: CaseId) -> Result<Option<HandOverRow>, StoreError> {
        let connection = self.replica.reader();
        let events = replica::case_events(connection, case)?;
        let written = |state| {
            matches!(
                state,
                CaseState::HandedOver | CaseState::Completed | CaseState::CoreRejected
            )
        };
        if written(fold(&events).state) {
            hand_over_row(connection, case)
        } else {
            Ok(None)
        }
    }

    /// The case with this receipt number.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub fn case_of_receipt(&self, receipt_number: &str) -> Result<Option<CaseId>, StoreError> {
        let mut statement = self
            .replica
            .reader()
            .prepare_cached("SELECT case_id FROM desk_row WHERE receipt_number = :number")?;
        let found = statement.query_row([receipt_number], |row| row.get(0).map(CaseId));
        Ok(found.optional()?)
    }

    /// Cases in a hand-over file that nobody answered, with the moment they were written, longest
    /// waiting first.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub fn unanswered(&self) -> Result<Vec<(HandOverRow, u64)>, StoreError> {
        let connection = self.replica.reader();
        let mut waiting = Vec::new();
        for case in cases_in(
            connection,
            "SELECT case_id FROM desk_row WHERE state = 'handed_over'",
        )? {
            let events = replica::case_events(connection, case)?;
            let written = events
                .iter()
                .filter(|event| matches!(event.what, CaseStep::HandedOver { .. }))
                .map(|event| event.at.unix_ms())
                .max();
            let row = hand_over_row(connection, case)?;
            waiting.extend(row.zip(written));
        }
        waiting.sort_by_key(|(row, written)| (*written, row.case));
        Ok(waiting)
    }

    /// Cases the resident record system refused and nobody has opened since, with its words.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub fn core_refused(&self) -> Result<Vec<(HandOverRow, String)>, StoreError> {
        let connection = self.replica.reader();
        let mut refused = Vec::new();
        let cases = "SELECT case_id FROM desk_row WHERE state = 'core_rejected'";
        for case in cases_in(connection, cases)? {
            let reason = fold(&replica::case_events(connection, case)?).reason;
            let row = hand_over_row(connection, case)?;
            refused.extend(row.map(|row| (row, reason.unwrap_or_default())));
        }
        Ok(refused)
    }
}

/// A mismatch that was settled just now.
struct Settled {
    case: Option<CaseId>,
}

/// Marks a mismatch as settled; `None` when it is settled already.
fn settle(
    connection: &Connection,
    id: i64,
    by: &StaffId,
    now: u64,
) -> Result<Option<Settled>, StoreError> {
    let mut statement = connection.prepare_cached(
        "UPDATE core_mismatch SET settled_by = :by, settled_unix_ms = :now
         WHERE id = :id AND settled_by IS NULL RETURNING case_id",
    )?;
    let values = named_params! { ":by": by.as_str(), ":now": now, ":id": id };
    let settled = statement.query_row(values, |row| {
        let case: Option<[u8; 16]> = row.get(0)?;
        Ok(Settled {
            case: case.map(CaseId),
        })
    });
    Ok(settled.optional()?)
}

/// What an answer means for its case.
enum Verdict {
    Step(CaseStep),
    Known,
    Mismatch(MismatchKind),
}

fn verdict(
    connection: &Connection,
    answer: &CoreAnswer,
    summary: &CaseSummary,
    handed: bool,
) -> Result<Verdict, StoreError> {
    if !handed {
        return Ok(Verdict::Mismatch(MismatchKind::NotHandedOver));
    }
    let known: Option<bool> = connection
        .prepare_cached(
            "SELECT taken FROM core_answer WHERE case_id = :case AND version = :version",
        )?
        .query_row(
            named_params! { ":case": answer.case.0, ":version": answer.version },
            |row| row.get(0),
        )
        .optional()?;
    let taken = answer.refused.is_none();
    let accepted = summary.accepted.and_then(|hash| {
        let place = summary.submitted.iter().position(|one| *one == hash);
        place.map(|place| place + 1)
    });
    Ok(match (&answer.refused, summary.state) {
        // Handed over again after a refusal, the same version may be answered anew.
        (refused, CaseState::HandedOver) if accepted == Some(answer.version) => {
            Verdict::Step(match refused {
                None => CaseStep::Completed,
                Some(reason) => CaseStep::CoreRejected {
                    reason: reason.clone(),
                },
            })
        }
        _ if known == Some(taken) => Verdict::Known,
        _ if accepted.is_some_and(|version| version != answer.version) => {
            Verdict::Mismatch(MismatchKind::OtherVersion)
        }
        _ => Verdict::Mismatch(MismatchKind::OtherState),
    })
}

fn unfitting(answer: &CoreAnswer, kind: MismatchKind, summary: &CaseSummary) -> NewMismatch {
    let state = serde_json::to_value(summary.state).unwrap_or_default();
    NewMismatch {
        case: Some(answer.case),
        version: answer.version,
        kind,
        item: summary.receipt_number.clone().unwrap_or_default(),
        ours: state.as_str().unwrap_or_default().to_owned(),
        theirs: match &answer.refused {
            None => "taken".to_owned(),
            Some(reason) => reason.clone(),
        },
        file: answer.file.clone(),
        line: answer.line,
    }
}

fn may_act(connection: &Connection, by: &Actor) -> Result<(), ReviewError> {
    match by {
        Actor::Staff(id) => check_role(connection, id, &REVIEW),
        Actor::System => Ok(()),
    }
}

fn keep(write: &Write<'_>, answer: &CoreAnswer, now: u64) -> Result<(), StoreError> {
    write
        .connection()
        .prepare_cached(
            "INSERT INTO core_answer (case_id, version, taken, reason, answered_on, file,
                 received_unix_ms)
             VALUES (:case, :version, :taken, :reason, :day, :file, :now)
             ON CONFLICT (case_id, version) DO UPDATE SET taken = excluded.taken,
                 reason = excluded.reason, answered_on = excluded.answered_on,
                 file = excluded.file, received_unix_ms = excluded.received_unix_ms",
        )?
        .execute(named_params! {
            ":case": answer.case.0, ":version": answer.version,
            ":taken": answer.refused.is_none(),
            ":reason": answer.refused.as_deref().unwrap_or_default(),
            ":day": answer.answered_on, ":file": answer.file, ":now": now,
        })?;
    Ok(())
}

fn list(connection: &Connection, new: &NewMismatch, now: u64) -> Result<(), StoreError> {
    connection
        .prepare_cached(
            "INSERT INTO core_mismatch (case_id, version, kind, item, ours, theirs, file, line,
                 found_unix_ms)
             VALUES (:case, :version, :kind, :item, :ours, :theirs, :file, :line, :now)
             ON CONFLICT (file, line, kind, item) DO NOTHING",
        )?
        .execute(named_params! {
            ":case": new.case.map(|case| case.0), ":version": new.version,
            ":kind": serde_json::to_string(&new.kind)?, ":item": new.item, ":ours": new.ours,
            ":theirs": new.theirs, ":file": new.file, ":line": new.line, ":now": now,
        })?;
    Ok(())
}

fn mismatch(row: &Row<'_>) -> Result<Mismatch, StoreError> {
    Ok(Mismatch {
        id: row.get(0)?,
        case: row.get::<_, Option<[u8; 16]>>(1)?.map(CaseId),
        version: row.get(2)?,
        kind: serde_json::from_str(&row.get::<_, String>(3)?)?,
        item: row.get(4)?,
        ours: row.get(5)?,
        theirs: row.get(6)?,
        line: row.get(7)?,
        found_unix_ms: row.get(8)?,
    })
}

fn cases_in(connection: &Connection, question: &'static str) -> Result<Vec<CaseId>, StoreError> {
    let mut statement = connection.prepare_cached(question)?;
    let cases = statement.query_map([], |row| row.get(0).map(CaseId))?;
    Ok(cases.collect::<Result<_, _>>()?)
}
