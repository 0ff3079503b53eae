//! Batches kept aside: what could not be applied, with its reason, until its sender offers better.

use rusqlite::{Connection, named_params};
use sync_engine::Peer;
use sync_protocol::{ChangeBatch, SiteId};

use crate::database::Replica;
use crate::error::StoreError;
use crate::validate::{Origin, Refusal};

/// A batch kept aside.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct QuarantineRow {
    /// Whose transactions they are.
    pub site: SiteId,
    /// Who delivered them.
    pub peer: SiteId,
    /// Why, in English, without personal data.
    pub reason: String,
    /// The version before the batch.
    pub after: u64,
    /// Its last version.
    pub through: u64,
    /// When it came.
    pub received_unix_ms: u64,
}

impl Replica {
    /// Batches kept aside, newest first.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub fn quarantine(&self) -> Result<Vec<QuarantineRow>, StoreError> {
        let mut statement = self.connection.prepare_cached(
            "SELECT site, peer, reason, after, through, received_unix_ms FROM quarantine
             ORDER BY received_unix_ms DESC",
        )?;
        let rows = statement.query_map([], |row| {
            Ok(QuarantineRow {
                site: SiteId(row.get(0)?),
                peer: SiteId(row.get(1)?),
                reason: row.get(2)?,
                after: row.get(3)?,
                through: row.get(4)?,
                received_unix_ms: row.get(5)?,
            })
        })?;
        Ok(rows.collect::<Result<_, _>>()?)
    }
}

pub(crate) fn set_aside(
    connection: &Connection,
    peer: &Peer,
    batch: &ChangeBatch,
    refusal: Refusal,
    origin: Origin,
) -> Result<(), StoreError> {
    let mut statement = connection.prepare_cached(
        "INSERT INTO quarantine (peer, site, after, through, reason, received_unix_ms, batch)
         VALUES (:peer, :site, :after, :through, :reason, :received, :batch)
         ON CONFLICT (site) DO UPDATE SET peer = excluded.peer, after = excluded.after,
             through = excluded.through, reason = excluded.reason,
             received_unix_ms = excluded.received_unix_ms, batch = excluded.batch",
    )?;
    statement.execute(named_params! {
        ":peer": peer.site.0, ":site": batch.site.0, ":after": batch.after,
        ":through": batch.through, ":reason": refusal.to_string(),
        ":received": origin.now_unix_ms, ":batch": postcard::to_stdvec(batch)?,
    })?;
    Ok(())
}

pub(crate) fn forget(connection: &Connection, site: SiteId) -> Result<(), StoreError> {
    let mut statement = connection.prepare_cached("DELETE FROM quarantine WHERE site = :site")?;
    statement.execute([site.0])?;
    Ok(())
}
