//! Protected persons (支援措置): the list in force, and which cases have one of them.
//!
//! Both ends keep the same tables in a room of their own. Whether a case is protected is asked of
//! the list at the moment of reading, so a list that arrives later covers what is here already.

use counter_domain::draft::Draft;
use counter_domain::ids::CaseId;
use counter_domain::protection::{Digest, PROTECTION, ProtectionList, digests_of, is_flagged};
use rusqlite::{Connection, OptionalExtension, named_params};

use crate::database::Replica;
use crate::dataset::dataset;
use crate::error::{OpenError, StoreError};
use crate::records;

const STEPS: [&str; 1] = [include_str!(
    "../migrations/protection/0001-create-protection.sql"
)];

impl Replica {
    /// Makes the tables where they are missing, and takes the newest list in.
    ///
    /// # Errors
    /// When the file was written by a newer program or the disk fails.
    pub fn open_protection(&mut self) -> Result<(), OpenError> {
        self.migrate_room("protection", &STEPS)?;
        self.project_missing()?;
        self.refresh_protection()?;
        Ok(())
    }

    /// Takes the installed list in; the old one holds until then, and for ever when the new one
    /// cannot be read. Returns whether it changed.
    ///
    /// # Errors
    /// When the disk fails.
    pub fn refresh_protection(&mut self) -> Result<bool, StoreError> {
        let Some(installed) = dataset(&self.connection, PROTECTION)? else {
            return Ok(false);
        };
        if protection_in_force(&self.connection)?
            .is_some_and(|now| now.version == installed.version)
        {
            return Ok(false);
        }
        let Ok(list) = serde_json::from_slice::<ProtectionList>(&installed.bytes) else {
            tracing::error!(version = installed.version, "protection list not readable");
            return Ok(false);
        };
        self.write_local(|write| put_list(write.connection(), installed.version, &list))?;
        Ok(true)
    }

    /// Cases written before these tables were made.
    fn project_missing(&mut self) -> Result<(), StoreError> {
        self.write_local(|write| {
            let connection = write.connection();
            let known = connection
                .prepare("SELECT 1 FROM case_digest UNION ALL SELECT 1 FROM case_flag LIMIT 1")?
                .exists([])?;
            if known {
                return Ok(());
            }
            let mut statement = connection.prepare("SELECT DISTINCT case_id FROM draft")?;
            let cases: Vec<CaseId> = statement
                .query_map([], |row| row.get(0).map(CaseId))?
                .collect::<Result<_, _>>()?;
            cases.into_iter().try_for_each(|case| {
                project_protection(connection, case, &records::draft(connection, case)?)
            })
        })
    }
}

/// The list in force.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProtectionInForce {
    /// Version of the dataset.
    pub version: u64,
    /// The day it stood so, ISO 8601.
    pub as_of: String,
}

/// The list in force; `None` before the first arrived.
///
/// # Errors
/// When the database cannot be read.
pub fn protection_in_force(
    connection: &Connection,
) -> Result<Option<ProtectionInForce>, StoreError> {
    let mut statement = connection
        .prepare_cached("SELECT version, as_of FROM protection_state WHERE only_row = 1")?;
    let in_force = statement.query_row([], |row| {
        Ok(ProtectionInForce {
            version: row.get(0)?,
            as_of: row.get(1)?,
        })
    });
    Ok(in_force.optional()?)
}

/// Keeps what the people of a case are recognised by; called in the transaction that changes it.
///
/// # Errors
/// When the disk fails.
pub fn project_protection(
    connection: &Connection,
    case: CaseId,
    draft: &Draft,
) -> Result<(), StoreError> {
    let key = named_params! { ":case": case.0 };
    let digests = digests_of(draft);
    // Most changes of a case leave its people as they are.
    if known_digests(connection, case)? != digests {
        connection
            .prepare_cached("DELETE FROM case_digest WHERE case_id = :case")?
            .execute(key)?;
        let mut insert = connection
            .prepare_cached("INSERT INTO case_digest (case_id, digest) VALUES (:case, :digest)")?;
        for digest in digests {
            insert.execute(named_params! { ":case": case.0, ":digest": digest.0 })?;
        }
    }
    let flag = if is_flagged(draft) {
        "INSERT INTO case_flag (case_id) VALUES (:case) ON CONFLICT (case_id) DO NOTHING"
    } else {
        "DELETE FROM case_flag WHERE case_id = :case"
    };
    connection.prepare_cached(flag)?.execute(key)?;
    Ok(())
}

/// Forgets what the people of a case are recognised by; the case is overwritten here.
///
/// # Errors
/// When the disk fails.
pub fn forget_protection(connection: &Connection, case: CaseId) -> Result<(), StoreError> {
    connection.execute("DELETE FROM case_digest WHERE case_id = :case", [case.0])?;
    connection.execute("DELETE FROM case_flag WHERE case_id = :case", [case.0])?;
    Ok(())
}

/// Whether somebody of the case is under protection: by the list in force, or by the flag.
///
/// # Errors
/// When the database cannot be read; whoever asks must then leave the address out.
pub fn is_case_protected(connection: &Connection, case: CaseId) -> Result<bool, StoreError> {
    let mut statement = connection.prepare_cached(
        "SELECT 1 FROM case_flag WHERE case_id = :case
         UNION ALL
         SELECT 1 FROM case_digest JOIN protected_digest USING (digest) WHERE case_id = :case
         LIMIT 1",
    )?;
    Ok(statement.exists(named_params! { ":case": case.0 })?)
}

/// Whether any of `digests` is on the list in force.
///
/// # Errors
/// When the database cannot be read; whoever asks must then leave the address out.
pub fn is_any_protected(connection: &Connection, digests: &[Digest]) -> Result<bool, StoreError> {
    let mut statement =
        connection.prepare_cached("SELECT 1 FROM protected_digest WHERE digest = :digest")?;
    for digest in digests {
        if statement.exists([digest.0])? {
            return Ok(true);
        }
    }
    Ok(false)
}

fn known_digests(connection: &Connection, case: CaseId) -> Result<Vec<Digest>, StoreError> {
    let mut statement = connection
        .prepare_cached("SELECT digest FROM case_digest WHERE case_id = :case ORDER BY digest")?;
    let digests = statement.query_map([case.0], |row| row.get(0).map(Digest))?;
    Ok(digests.collect::<Result<_, _>>()?)
}

fn put_list(
    connection: &Connection,
    version: u64,
    list: &ProtectionList,
) -> Result<(), StoreError> {
    connection.execute("DELETE FROM protected_digest", [])?;
    let mut insert = connection.prepare_cached(
        "INSERT INTO protected_digest (digest) VALUES (:digest) ON CONFLICT (digest) DO NOTHING",
    )?;
    for digest in list.persons.iter().flat_map(|person| &person.digests) {
        insert.execute([digest.0])?;
    }
    connection
        .prepare_cached(
            "INSERT INTO protection_state (only_row, version, as_of) VALUES (1, :version, :as_of)
             ON CONFLICT (only_row) DO UPDATE SET version = excluded.version, as_of = excluded.as_of",
        )?
        .execute(named_params! { ":version": version, ":as_of": list.as_of })?;
    Ok(())
}
