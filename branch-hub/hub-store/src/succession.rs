//! Counters that were restored from an older copy or cloned, and the devices that go on for them.
//!
//! A copy of a disk holds the device's key too, so no message can tell the true appliance from the
//! other. People tell: head office gives a one-time code to whoever stands before the true one.
//! The moment it is used the old identity is shut out, and every other copy with it.

use counter_domain::ids::DeviceId;
use replica::{OpenError, Replica, StoreError};
use rusqlite::{Connection, OptionalExtension, named_params};
use sync_protocol::{HISTORY_DIFFERS, SiteId};

use crate::enrolment::{self, EnrolError};
use crate::store::HubStore;

/// The sighting is written down again after this time.
const WRITE_AGAIN_MS: u64 = 60_000;

/// A device whose database is an older copy or a clone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RolledBack {
    /// When that was first seen.
    pub first_unix_ms: u64,
    /// When it was last seen; at most a minute old.
    pub last_unix_ms: u64,
    /// It wrote something else under the same numbers: it was worked at since, or there are two.
    pub differs: bool,
}

/// What a device must know of the one it goes on for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Predecessor {
    /// The device before.
    pub device: DeviceId,
    /// Transactions of it that are here; no more will come.
    pub held: u64,
    /// Devices that stood at this place before.
    pub generation: u32,
    /// What the entries of its log behind the asked one are called by those that follow.
    pub log: Vec<[u8; 32]>,
}

/// Adds the tables.
pub(crate) fn open(replica: &mut Replica) -> Result<(), OpenError> {
    let steps = [include_str!(
        "../migrations/succession/0001-create-succession.sql"
    )];
    replica.migrate_room("hub-succession", &steps)
}

impl HubStore {
    /// Makes a one-time code with which an appliance goes on at the place of `device`.
    ///
    /// # Errors
    /// [`EnrolError::Unknown`] when there is no such device; the disk's error.
    pub fn issue_succession_code(
        &mut self,
        device: DeviceId,
        valid_ms: u64,
    ) -> Result<String, EnrolError> {
        let known = self.device(device)?.ok_or(EnrolError::Unknown)?;
        let code = self.issue_enrolment_code(&known.branch, &known.name, valid_ms)?;
        self.write(|write| {
            let mut statement = write.connection().prepare_cached(
                "INSERT INTO succession_code (code_hash, replaces) VALUES (:hash, :device)",
            )?;
            let row = named_params! { ":hash": enrolment::hash_of(&code), ":device": device.0 };
            statement.execute(row)?;
            Ok::<(), StoreError>(())
        })?;
        Ok(code)
    }

    /// The device a code is for going on for; `None` for a code of a new place.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub fn replaced_by_code(&self, code: &str) -> Result<Option<DeviceId>, StoreError> {
        replaced_by(self.replica.reader(), enrolment::hash_of(code))
    }

    /// What `device` must know of the one it goes on for, with the links of that one's log behind
    /// `log_after`, at most `links_max`; `None` when it is the first at its place.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub fn predecessor(
        &self,
        device: DeviceId,
        log_after: u64,
        links_max: u32,
    ) -> Result<Option<Predecessor>, StoreError> {
        let connection = self.replica.reader();
        let Some(before) = predecessor_of(connection, device)? else {
            return Ok(None);
        };
        let site = SiteId(before.0);
        Ok(Some(Predecessor {
            device: before,
            held: self.replica.vector()?.get(&site).copied().unwrap_or(0),
            generation: at_the_place_before(connection, device)?,
            log: self.replica.log_links(site, log_after, links_max)?,
        }))
    }

    /// Whose database is an older copy or a clone; `None` when nothing is known against it.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub fn rolled_back(&self, device: DeviceId) -> Result<Option<RolledBack>, StoreError> {
        let mut statement = self.replica.reader().prepare_cached(
            "SELECT first_unix_ms, last_unix_ms, differs FROM rolled_back WHERE device = :device",
        )?;
        let found = statement.query_row([device.0], |row| {
            Ok(RolledBack {
                first_unix_ms: row.get(0)?,
                last_unix_ms: row.get(1)?,
                differs: row.get(2)?,
            })
        });
        Ok(found.optional()?)
    }

    /// The device that goes on for `device`.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub fn successor(&self, device: DeviceId) -> Result<Option<DeviceId>, StoreError> {
        let mut statement = self
            .replica
            .reader()
            .prepare_cached("SELECT device FROM succession WHERE replaces = :device LIMIT 1")?;
        let found = statement.query_row([device.0], |row| row.get(0).map(DeviceId));
        Ok(found.optional()?)
    }

    /// Takes a sighting back that was none: somebody looked into it.
    ///
    /// # Errors
    /// When the disk fails.
    pub fn forget_rolled_back(&mut self, device: DeviceId) -> Result<bool, StoreError> {
        self.write(|write| {
            let mut statement = write
                .connection()
                .prepare_cached("DELETE FROM rolled_back WHERE device = :device")?;
            Ok(statement.execute([device.0])? > 0)
        })
    }

    pub(crate) fn goes_on_for_another(&self, site: SiteId) -> Result<bool, StoreError> {
        Ok(predecessor_of(self.replica.reader(), DeviceId(site.0))?.is_some())
    }

    pub(crate) fn note_rolled_back(&mut self, site: SiteId, held: u64) -> Result<(), StoreError> {
        let (device, now) = (DeviceId(site.0), self.replica.unix_ms());
        let differs = held == HISTORY_DIFFERS;
        if let Some(noted) = self.rolled_back(device)?
            && now.saturating_sub(noted.last_unix_ms) < WRITE_AGAIN_MS
            && (noted.differs || !differs)
        {
            return Ok(());
        }
        self.write(|write| {
            let mut statement = write.connection().prepare_cached(
                "INSERT INTO rolled_back (device, first_unix_ms, last_unix_ms, differs)
                 VALUES (:device, :now, :now, :differs)
                 ON CONFLICT (device) DO UPDATE SET last_unix_ms = excluded.last_unix_ms,
                     differs = max(differs, excluded.differs)",
            )?;
            let row = named_params! { ":device": device.0, ":now": now, ":differs": differs };
            statement.execute(row)?;
            Ok(())
        })
    }
}

/// Shuts the device out that `device` goes on for with a code; nothing for a code of a new place.
pub(crate) fn succeed(
    connection: &Connection,
    code_hash: [u8; 32],
    device: DeviceId,
) -> Result<(), StoreError> {
    let Some(before) = replaced_by(connection, code_hash)? else {
        return Ok(());
    };
    connection
        .prepare_cached("INSERT INTO succession (device, replaces) VALUES (:device, :before)")?
        .execute(named_params! { ":device": device.0, ":before": before.0 })?;
    connection
        .prepare_cached("UPDATE device SET revoked = 1 WHERE device = :before")?
        .execute([before.0])?;
    connection
        .prepare_cached("DELETE FROM rolled_back WHERE device = :before")?
        .execute([before.0])?;
    Ok(())
}

fn replaced_by(connection: &Connection, hash: [u8; 32]) -> Result<Option<DeviceId>, StoreError> {
    let mut statement = connection
        .prepare_cached("SELECT replaces FROM succession_code WHERE code_hash = :hash")?;
    let found = statement.query_row([hash], |row| row.get(0).map(DeviceId));
    Ok(found.optional()?)
}

fn predecessor_of(
    connection: &Connection,
    device: DeviceId,
) -> Result<Option<DeviceId>, StoreError> {
    let mut statement =
        connection.prepare_cached("SELECT replaces FROM succession WHERE device = :device")?;
    let found = statement.query_row([device.0], |row| row.get(0).map(DeviceId));
    Ok(found.optional()?)
}

/// Devices that were enrolled for the same place earlier: each may have printed receipts.
fn at_the_place_before(connection: &Connection, device: DeviceId) -> Result<u32, StoreError> {
    let mut statement = connection.prepare_cached(
        "SELECT count(*) FROM device d JOIN device own ON own.device = :device
         WHERE d.branch = own.branch AND d.name = own.name AND d.rowid < own.rowid",
    )?;
    Ok(statement.query_row([device.0], |row| row.get(0))?)
}
