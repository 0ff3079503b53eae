//! Fourteen days of how each device was, a row for each quarter of an hour.
//!
//! The running hub looks about once a minute; a row keeps how often it looked and how often the
//! device was connected then, so that a short cut of the line shows, and an hour in which head
//! office itself was off shows as nothing rather than as silence.

use std::collections::BTreeMap;

use counter_domain::ids::DeviceId;
use replica::{Outstanding, StoreError};
use rusqlite::{Connection, OptionalExtension, Row, named_params};
use sync_engine::{Peer, PeerRole};
use sync_protocol::{SiteId, VersionVector};

use crate::fleet::{CounterLine, CounterState};
use crate::store::HubStore;

/// Length of a row, milliseconds.
pub const SLOT_MS: u64 = 15 * 60_000;
/// How many rows a device has at most: 14 days.
pub const SLOTS: u64 = 14 * 24 * 4;

const COLUMNS: &str = "slot, looked, heard, to_come, to_come_least, to_come_bytes, to_go,
    to_go_bytes, to_go_more, clock_ahead_ms, disk_free_mib, kept_aside";

/// Looks a whole row has at least; fewer say nothing about the quarter of an hour.
const LOOKS_OF_A_WHOLE_SLOT: u64 = 10;

/// How a device was in a quarter of an hour.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct DeviceSample {
    /// Which, counted from 1970.
    pub slot: u64,
    /// How often head office looked.
    pub looked: u64,
    /// How often the device was connected then.
    pub heard: u64,
    /// Most of its transactions that were not here.
    pub to_come: u64,
    /// Fewest.
    pub to_come_least: u64,
    /// Most bytes it said it had to send.
    pub to_come_bytes: u64,
    /// What was here and not there, at the end.
    pub to_go: Outstanding,
    /// Its clock minus head office's, milliseconds, at the end.
    pub clock_ahead_ms: Option<i64>,
    /// Least room on its disk, MiB.
    pub disk_free_mib: Option<u64>,
    /// Most batches kept aside, here and there.
    pub kept_aside: u64,
}

impl DeviceSample {
    /// Connected at every look, and something of the device was not here at any of them.
    pub(crate) fn is_stuck(&self) -> bool {
        self.looked >= LOOKS_OF_A_WHOLE_SLOT && self.heard == self.looked && self.to_come_least > 0
    }
}

impl HubStore {
    /// Looks at every device once and keeps it; to be called about once a minute. Forgets what is
    /// older than the ring. Also notes since when datasets are published.
    ///
    /// # Errors
    /// When the database cannot be read or written.
    pub fn take_samples(&mut self) -> Result<(), StoreError> {
        self.replica.note_dataset_ages()?;
        let slot = self.replica.unix_ms() / SLOT_MS;
        let fleet = self.fleet()?;
        let held = self.replica.vector()?;
        let mut samples = Vec::new();
        for one in &fleet {
            if one.contact.is_some() && one.line != CounterLine::Revoked {
                samples.push((one.device.device, self.sample(one, &fleet, &held, slot)?));
            }
        }
        self.replica.write(|write| {
            let connection = write.connection();
            for (device, sample) in &samples {
                keep(connection, *device, sample)?;
            }
            connection
                .prepare_cached("DELETE FROM device_sample WHERE slot <= :oldest")?
                .execute([slot.saturating_sub(SLOTS)])?;
            Ok(())
        })
    }

    fn sample(
        &self,
        one: &CounterState,
        fleet: &[CounterState],
        held: &VersionVector,
        slot: u64,
    ) -> Result<DeviceSample, StoreError> {
        let heard = one.line == CounterLine::Connected;
        let report = one.report.as_ref().map(|told| &told.report);
        let there = report.map_or(0, |report| report.kept_aside.len());
        Ok(DeviceSample {
            slot,
            looked: 1,
            heard: u64::from(heard),
            to_come: one.to_come,
            to_come_least: one.to_come,
            to_come_bytes: report.map_or(0, |report| report.to_send.bytes()),
            to_go: self.to_go(one, fleet, held, slot)?,
            clock_ahead_ms: one.clock_ahead_ms.filter(|_| heard),
            disk_free_mib: report
                .and_then(|report| report.disk)
                .map(|disk| disk.free_bytes >> 20),
            kept_aside: u64::from(one.kept_aside.is_some())
                + u64::try_from(there).unwrap_or(u64::MAX),
        })
    }

    /// What waits here for a device: records of head office and of the branch's other counters.
    /// Counted once in a row, because it means reading them; nothing is known without reading.
    fn to_go(
        &self,
        one: &CounterState,
        fleet: &[CounterState],
        held: &VersionVector,
        slot: u64,
    ) -> Result<Outstanding, StoreError> {
        let device = one.device.device;
        let mut behind = Vec::new();
        for site in sites_for(one, fleet, self.replica.site()) {
            let after = self.replica.acked_by(SiteId(device.0), site)?;
            if after < held.get(&site).copied().unwrap_or(0) {
                behind.push((site, after));
            }
        }
        if behind.is_empty() {
            return Ok(Outstanding::default());
        }
        if let Some(known) = newest(self.replica.reader(), device)?.filter(|row| row.slot == slot) {
            return Ok(known.to_go);
        }
        let peer = Peer {
            site: SiteId(device.0),
            branch: one.device.branch.0.clone(),
            role: PeerRole::Counter,
        };
        let mut all = Outstanding::default();
        for (site, after) in behind {
            let part = self.replica.outstanding(&peer, site, after)?;
            all.transactions += part.transactions;
            all.bytes += part.bytes;
            all.at_least |= part.at_least;
        }
        Ok(all)
    }

    /// The ring of a device, oldest first.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub fn samples(&self, device: DeviceId) -> Result<Vec<DeviceSample>, StoreError> {
        let mut statement = self.replica.reader().prepare_cached(&format!(
            "SELECT {COLUMNS} FROM device_sample
             WHERE device = :device AND slot > :oldest ORDER BY slot"
        ))?;
        let oldest = (self.replica.unix_ms() / SLOT_MS).saturating_sub(SLOTS);
        let rows = statement.query_map(
            named_params! { ":device": device.0, ":oldest": oldest },
            read,
        )?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    /// Signatures, forms and scans that records name and that are not complete here, by branch:
    /// how many, and the bytes still to come.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub fn blobs_missing(&self) -> Result<BTreeMap<String, (u64, u64)>, StoreError> {
        let mut statement = self.replica.reader().prepare_cached(
            "SELECT branch, count(*), sum(left_over) FROM (
                 SELECT DISTINCT b.hash, s.branch AS branch, b.length - b.have AS left_over
                 FROM blob b JOIN blob_ref r ON r.hash = b.hash
                     JOIN case_scope s ON s.case_id = r.case_id
                 WHERE b.held = 0)
             GROUP BY branch",
        )?;
        let rows = statement.query_map([], |row| Ok((row.get(0)?, (row.get(1)?, row.get(2)?))))?;
        Ok(rows.collect::<Result<_, _>>()?)
    }
}

/// Whose records a device of a branch may have: head office's and its neighbours'.
fn sites_for(one: &CounterState, fleet: &[CounterState], hub: SiteId) -> Vec<SiteId> {
    let neighbours = fleet.iter().filter(|other| {
        other.device.branch == one.device.branch && other.device.device != one.device.device
    });
    let mut sites = vec![hub];
    sites.extend(neighbours.map(|other| SiteId(other.device.device.0)));
    sites
}

/// The last row of a device.
pub(crate) fn newest(
    connection: &Connection,
    device: DeviceId,
) -> Result<Option<DeviceSample>, StoreError> {
    let mut statement = connection.prepare_cached(&format!(
        "SELECT {COLUMNS} FROM device_sample WHERE device = :device ORDER BY slot DESC LIMIT 1"
    ))?;
    Ok(statement.query_row([device.0], read).optional()?)
}

/// A row of a device.
pub(crate) fn at_slot(
    connection: &Connection,
    device: DeviceId,
    slot: u64,
) -> Result<Option<DeviceSample>, StoreError> {
    let mut statement = connection.prepare_cached(&format!(
        "SELECT {COLUMNS} FROM device_sample WHERE device = :device AND slot = :slot"
    ))?;
    let place = named_params! { ":device": device.0, ":slot": slot };
    Ok(statement.query_row(place, read).optional()?)
}

fn read(row: &Row<'_>) -> Result<DeviceSample, rusqlite::Error> {
    Ok(DeviceSample {
        slot: row.get(0)?,
        looked: row.get(1)?,
        heard: row.get(2)?,
        to_come: row.get(3)?,
        to_come_least: row.get(4)?,
        to_come_bytes: row.get(5)?,
        to_go: Outstanding {
            transactions: row.get(6)?,
            bytes: row.get(7)?,
            at_least: row.get(8)?,
        },
        clock_ahead_ms: row.get(9)?,
        disk_free_mib: row.get(10)?,
        kept_aside: row.get(11)?,
    })
}

/// Adds a look to its row.
fn keep(
    connection: &Connection,
    device: DeviceId,
    sample: &DeviceSample,
) -> Result<(), StoreError> {
    let mut statement = connection.prepare_cached(
        "INSERT INTO device_sample (device, slot, looked, heard, to_come, to_come_least,
             to_come_bytes, to_go, to_go_bytes, to_go_more, clock_ahead_ms, disk_free_mib,
             kept_aside)
         VALUES (:device, :slot, :looked, :heard, :to_come, :to_come_least, :to_come_bytes, :to_go,
             :to_go_bytes, :to_go_more, :clock_ahead_ms, :disk_free_mib, :kept_aside)
         ON CONFLICT (device, slot) DO UPDATE SET looked = looked + excluded.looked,
             heard = heard + excluded.heard, to_come = max(to_come, excluded.to_come),
             to_come_least = min(to_come_least, excluded.to_come_least),
             to_come_bytes = max(to_come_bytes, excluded.to_come_bytes),
             to_go = excluded.to_go, to_go_bytes = excluded.to_go_bytes,
             to_go_more = excluded.to_go_more,
             clock_ahead_ms = coalesce(excluded.clock_ahead_ms, clock_ahead_ms),
             disk_free_mib = CASE WHEN disk_free_mib IS NULL THEN excluded.disk_free_mib
                 ELSE min(disk_free_mib, coalesce(excluded.disk_free_mib, disk_free_mib)) END,
             kept_aside = max(kept_aside, excluded.kept_aside)",
    )?;
    statement.execute(named_params! {
        ":device": device.0, ":slot": sample.slot, ":looked": sample.looked,
        ":heard": sample.heard, ":to_come": sample.to_come,
        ":to_come_least": sample.to_come_least, ":to_come_bytes": sample.to_come_bytes,
        ":to_go": sample.to_go.transactions, ":to_go_bytes": sample.to_go.bytes,
        ":to_go_more": sample.to_go.at_least, ":clock_ahead_ms": sample.clock_ahead_ms,
        ":disk_free_mib": sample.disk_free_mib, ":kept_aside": sample.kept_aside,
    })?;
    Ok(())
}
