//! Which characters staff chose in the cases that are here.
//!
//! Both ends keep the same table in a room of their own, computed from the rows `character.…` of
//! the drafts in the transaction that changes them. A choice counts once its case was handed in:
//! until then it may be undone.

use counter_domain::case::CaseSummary;
use counter_domain::character_choice::{ChoiceMade, ChoiceSubject, choices_of};
use counter_domain::draft::Draft;
use counter_domain::ids::{CaseId, StaffId};
use rusqlite::{Connection, named_params};

use crate::database::Replica;
use crate::error::{OpenError, StoreError};

const STEPS: [&str; 1] = [include_str!(
    "../migrations/characters/0001-create-character-choice.sql"
)];

impl Replica {
    /// Makes the table where it is missing.
    ///
    /// # Errors
    /// When the file was written by a newer program or the disk fails.
    pub fn open_character_choices(&mut self) -> Result<(), OpenError> {
        self.migrate_room("characters", &STEPS)
    }
}

/// Keeps what was chosen in a case; called in the transaction that changes it.
///
/// # Errors
/// When the disk fails.
pub fn project_character_choices(
    connection: &Connection,
    case: CaseId,
    draft: &Draft,
    summary: &CaseSummary,
) -> Result<(), StoreError> {
    if summary.submitted.is_empty() {
        return Ok(());
    }
    connection
        .prepare_cached("DELETE FROM character_choice WHERE case_id = :case")?
        .execute([case.0])?;
    for made in choices_of(draft) {
        let mut statement = connection.prepare_cached(
            "INSERT INTO character_choice (case_id, system, written, chosen, chosen_by, at_unix_ms)
             VALUES (:case, :system, :written, :chosen, :by, :at)",
        )?;
        statement.execute(named_params! {
            ":case": case.0, ":system": made.subject.system, ":written": made.subject.written,
            ":chosen": made.chosen, ":by": made.by.as_str(), ":at": made.at_unix_ms,
        })?;
    }
    Ok(())
}

/// Forgets the characters chosen in a case; the case is overwritten here.
///
/// # Errors
/// When the disk fails.
pub fn forget_character_choices(connection: &Connection, case: CaseId) -> Result<(), StoreError> {
    connection.execute(
        "DELETE FROM character_choice WHERE case_id = :case",
        [case.0],
    )?;
    Ok(())
}

/// What was chosen in the cases here: who did so first, and in how many.
///
/// # Errors
/// When the database cannot be read.
pub fn character_choices(connection: &Connection) -> Result<Vec<ChoiceMade>, StoreError> {
    // `chosen_by` is that of the row with the least time (SQLite, "Bare columns in an aggregate").
    let mut statement = connection.prepare_cached(
        "SELECT system, written, chosen, chosen_by, min(at_unix_ms), count(*) FROM character_choice
         GROUP BY system, written, chosen ORDER BY system, written, chosen",
    )?;
    let rows = statement.query_map([], |row| {
        Ok(ChoiceMade {
            subject: ChoiceSubject::in_system(row.get::<_, String>(0)?, row.get::<_, String>(1)?),
            chosen: row.get(2)?,
            by: StaffId(row.get(3)?),
            at_unix_ms: row.get(4)?,
            cases: row.get(5)?,
        })
    })?;
    Ok(rows.collect::<Result<_, _>>()?)
}
