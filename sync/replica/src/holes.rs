//! Own versions that are not whole any more, because a case in them was overwritten.
//!
//! Whoever lacks one of them gets it from head office, which had all of it before anything was
//! overwritten: what is left of it here would count at a neighbour as all there was.

use counter_domain::ids::CaseId;
use rusqlite::{Connection, named_params};

use crate::database::{Replica, meta, set_meta};
use crate::error::StoreError;

const OVERWRITTEN_THROUGH: &str = "overwritten_through";

/// The last version in which this site wrote what is here of a case.
const LAST_OWN_OF_CASE: &str = "
    SELECT max(version) FROM (
        SELECT c.db_version AS version, c.site_id AS writer FROM draft__crsql_pks p
        JOIN draft__crsql_clock c ON c.key = p.__crsql_key WHERE p.case_id = :case
        UNION ALL SELECT c.db_version, c.site_id FROM snapshot__crsql_pks p
        JOIN snapshot__crsql_clock c ON c.key = p.__crsql_key WHERE p.case_id = :case
        UNION ALL SELECT c.db_version, c.site_id FROM blob_ref__crsql_pks p
        JOIN blob_ref__crsql_clock c ON c.key = p.__crsql_key WHERE p.case_id = :case
        UNION ALL SELECT c.db_version, c.site_id FROM case_event__crsql_pks p
        JOIN case_event__crsql_clock c ON c.key = p.__crsql_key WHERE p.case_id = :case)
    JOIN crsql_site_id s ON s.ordinal = writer
    WHERE s.site_id = crsql_site_id()";

impl Replica {
    /// The last own version of which something was overwritten here; 0 for none.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub fn overwritten_through(&self) -> Result<u64, StoreError> {
        through(&self.connection)
    }
}

fn through(connection: &Connection) -> Result<u64, StoreError> {
    let noted = meta(connection, OVERWRITTEN_THROUGH)?;
    let noted = noted.and_then(|bytes| bytes.try_into().ok());
    Ok(noted.map_or(0, u64::from_be_bytes))
}

/// Notes what will be missing once the case is overwritten, in the same transaction.
pub(crate) fn note(connection: &Connection, case: CaseId) -> Result<(), StoreError> {
    let last: Option<u64> = connection
        .prepare_cached(LAST_OWN_OF_CASE)?
        .query_row(named_params! { ":case": case.0 }, |row| row.get(0))?;
    let last = last.unwrap_or(0);
    if last > through(connection)? {
        set_meta(connection, OVERWRITTEN_THROUGH, &last.to_be_bytes())?;
    }
    Ok(())
}
