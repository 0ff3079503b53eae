//! Forward-only steps of the schema, counted in `PRAGMA user_version`.
//!
//! A runner of our own: `rusqlite_migration` 2.6 stands at an older rusqlite, and two of them
//! cannot link one SQLite.

use rusqlite::{Connection, OptionalExtension, TransactionBehavior};

use crate::error::OpenError;

/// `PRAGMA application_id` of our files: "Todo" in ASCII.
pub(crate) const APPLICATION_ID: i32 = 0x546f_646f;

/// Version of the replicated tables; grows when a step changes them.
pub const SCHEMA_VERSION: u32 = 1;

/// The next step goes at the end, with the next number.
const STEPS: [&str; 5] = [
    include_str!("../migrations/0001-create-case-records.sql"),
    include_str!("../migrations/0002-create-local-tables.sql"),
    include_str!("../migrations/0003-index-blob-names-by-hash.sql"),
    include_str!("../migrations/0004-create-case-copies.sql"),
    include_str!("../migrations/0005-create-site-branch.sql"),
];

/// Runs the steps the file does not have yet, each in a transaction of its own.
pub(crate) fn run(connection: &mut Connection) -> Result<(), OpenError> {
    let found = user_version(connection)?;
    refuse_newer(found, STEPS.len())?;
    for (number, sql) in (1_i64..).zip(STEPS).filter(|(number, _)| *number > found) {
        let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
        transaction.execute_batch(sql)?;
        transaction.pragma_update(None, "user_version", number)?;
        transaction.pragma_update(None, "application_id", APPLICATION_ID)?;
        transaction.commit()?;
    }
    Ok(())
}

pub(crate) fn user_version(connection: &Connection) -> Result<i64, rusqlite::Error> {
    connection.pragma_query_value(None, "user_version", |row| row.get(0))
}

/// Refuses a file of a newer program before anything in it is changed.
pub(crate) fn refuse_newer_file(connection: &Connection) -> Result<(), OpenError> {
    refuse_newer(user_version(connection)?, STEPS.len())
}

/// Runs the steps of a room built on this one (`counter-store`, `hub-store`).
pub(crate) fn run_room(
    connection: &mut Connection,
    room: &str,
    steps: &[&str],
) -> Result<(), OpenError> {
    let found: i64 = connection
        .query_row(
            "SELECT version FROM room WHERE name = :name",
            [room],
            |row| row.get(0),
        )
        .optional()?
        .unwrap_or(0);
    refuse_newer(found, steps.len())?;
    for (number, sql) in (1_i64..).zip(steps).filter(|(number, _)| *number > found) {
        let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
        transaction.execute_batch(sql)?;
        transaction.execute(
            "INSERT INTO room (name, version) VALUES (:name, :version)
             ON CONFLICT (name) DO UPDATE SET version = excluded.version",
            rusqlite::named_params! { ":name": room, ":version": number },
        )?;
        transaction.commit()?;
    }
    Ok(())
}

fn refuse_newer(found: i64, steps: usize) -> Result<(), OpenError> {
    let known = i64::try_from(steps).unwrap_or(i64::MAX);
    if found > known {
        Err(OpenError::NewerSchema { found, known })
    } else {
        Ok(())
    }
}
