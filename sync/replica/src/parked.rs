//! Changes of a newer schema: kept as they came, forwarded, applied after the update.

use std::collections::BTreeSet;

use counter_domain::ids::CaseId;
use rusqlite::{Connection, TransactionBehavior, named_params};
use sync_engine::PeerRole;
use sync_protocol::{Change, SiteId};

use crate::blob;
use crate::database::Replica;
use crate::error::StoreError;
use crate::incoming::insert_once;
use crate::validate::{Meaning, Origin, check};

/// Keeps a change whose table or column this program does not know.
pub(crate) fn park(
    connection: &Connection,
    site: SiteId,
    change: &Change,
) -> Result<(), StoreError> {
    let mut statement = connection.prepare_cached(
        "INSERT INTO parked_change (site, version, sequence, table_name, column_name, change)
         VALUES (:site, :version, :sequence, :table, :column, :change)
         ON CONFLICT (site, version, sequence) DO NOTHING",
    )?;
    statement.execute(named_params! {
        ":site": site.0, ":version": change.version, ":sequence": change.sequence,
        ":table": change.table, ":column": change.column,
        ":change": postcard::to_stdvec(change)?,
    })?;
    Ok(())
}

impl Replica {
    /// Applies parked changes whose tables this program knows by now; returns their cases, for the
    /// lists. Called once after opening.
    ///
    /// # Errors
    /// When the database cannot be written.
    pub fn apply_parked(&mut self) -> Result<BTreeSet<CaseId>, StoreError> {
        let now_unix_ms = self.around.unix_ms();
        let transaction = self
            .connection
            .transaction_with_behavior(TransactionBehavior::Immediate)?;
        let mut touched = BTreeSet::new();
        for (site, change) in parked(&transaction)? {
            let origin = Origin {
                site,
                role: PeerRole::Hub,
                now_unix_ms,
            };
            let Ok(checked) = check(&change, origin) else {
                continue;
            };
            if matches!(checked.meaning, Meaning::Parked) {
                continue;
            }
            insert_once(&transaction, site, &change)?;
            if let Meaning::Blob(hash, what) = &checked.meaning {
                blob::want(&transaction, *hash, what)?;
            }
            touched.insert(checked.case);
            transaction.execute(
                "DELETE FROM parked_change
                 WHERE site = :site AND version = :version AND sequence = :sequence",
                named_params! {
                    ":site": site.0, ":version": change.version, ":sequence": change.sequence,
                },
            )?;
        }
        transaction.commit()?;
        Ok(touched)
    }
}

/// Everything parked, in order.
pub(crate) fn parked(connection: &Connection) -> Result<Vec<(SiteId, Change)>, StoreError> {
    let mut statement = connection
        .prepare("SELECT site, change FROM parked_change ORDER BY site, version, sequence")?;
    let mut rows = statement.query([])?;
    let mut changes = Vec::new();
    while let Some(row) = rows.next()? {
        let change = postcard::from_bytes(row.get_ref(1)?.as_blob().unwrap_or(b""))?;
        changes.push((SiteId(row.get(0)?), change));
    }
    Ok(changes)
}
