//! Append-only, hash-chained streams; today the audit log.

use std::collections::BTreeMap;

use counter_domain::hlc::Hlc;
use counter_domain::ids::{CaseId, DeviceId, StaffId};
use rusqlite::{Connection, OptionalExtension, named_params};
use serde::{Deserialize, Serialize};
use sync_engine::{Peer, PeerRole, StreamEntry};
use sync_protocol::SiteId;

use crate::database::{Replica, Write};
use crate::error::StoreError;

/// What somebody did; no personal data.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AuditAction {
    /// Signed in.
    SignedIn,
    /// A sign-in was refused.
    SignInRefused,
    /// Signed out.
    SignedOut,
    /// Started a case.
    CaseStarted,
    /// Looked at a case.
    CaseViewed,
    /// Changed fields.
    FieldsChanged,
    /// Read a card.
    CardRead,
    /// Read a paper and kept its pictures.
    PaperRead,
    /// Showed the form to the resident.
    ShownToResident,
    /// The resident signed.
    Signed,
    /// Handed the case in.
    Submitted,
    /// Took another step of a case.
    StepTaken,
    /// Printed a receipt.
    ReceiptPrinted,
    /// Looked at a document of a case.
    DocumentViewed,
    /// Opened a review.
    ReviewOpened,
    /// Returned a case.
    Returned,
    /// Accepted a case.
    Accepted,
    /// Refused a case.
    Refused,
    /// Wrote cases into a hand-over file.
    HandedOver,
    /// Took a hand-over file away.
    HandOverFileRead,
    /// Issued an enrolment code.
    EnrolmentIssued,
    /// Enrolled a device.
    DeviceEnrolled,
    /// Revoked a device.
    DeviceRevoked,
    /// Published a dataset.
    Published,
    /// A supervisor allowed sign-in at a counter that did not hear head office for too long.
    OfflineAllowed,
    /// Made a backup.
    BackedUp,
    /// Restored a backup: what happened after it is not in this log.
    Restored,
    /// Searched the resident copy.
    ResidentsSearched,
    /// Looked at a household of the resident copy.
    HouseholdViewed,
    /// Took somebody from the resident copy into a case.
    ResidentTaken,
    /// Asked for a protected case's addresses (支援措置の解除).
    ReleaseAsked,
    /// Approved that, as a second person.
    ReleaseApproved,
    /// Looked at a protected case's addresses.
    ReleaseUsed,
    /// Searched the archive of filings.
    ArchiveSearched,
    /// Wrote the archive into a folder of open formats.
    ArchiveExported,
    /// Looked through reservations and certificate data.
    PreparedSearched,
    /// Took a reservation or certificate data into a case.
    PreparedTaken,
    /// Wrote a courier file.
    CourierWritten,
    /// Took a courier file.
    CourierRead,
    /// Goes on for a device that was restored from an older copy, cloned or replaced.
    Recovered,
    /// Handed a case to another branch, took it back, or decided who has it.
    CaseMoved,
    /// This device took in a case that was handed to its branch.
    CaseArrived,
    /// Ordered a branch's copy of a case overwritten.
    CopyRevoked,
    /// This device overwrote its copy of a case on such an order.
    CopyOverwritten,
    /// This device was ordered to overwrite a case of which nothing was here.
    NothingToOverwrite,
    /// Decided how long filings are kept.
    RetentionChanged,
    /// Made a list of filings to delete.
    DeletionPrepared,
    /// Approved such a list, as one of two people.
    DeletionApproved,
    /// Gave such a list up.
    DeletionDropped,
    /// Deleted a filing whose time was over.
    CaseDeleted,
    /// Signed that everything of a list is deleted.
    DeletionCertified,
}

/// Body of an entry of the audit log.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AuditEntry {
    /// When.
    pub at: Hlc,
    /// Who.
    pub by: StaffId,
    /// What.
    pub action: AuditAction,
    /// On which case.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub case: Option<CaseId>,
    /// Where it stood before, when it is carried over from the log of the device this one goes on
    /// for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub carried: Option<Carried>,
    /// Chance, so that two copies of one database in which the same person does the same thing at
    /// the same reading of the clock still write different logs. Empty in entries of earlier
    /// programs.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub mark: String,
}

/// A place in another device's log.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Carried {
    /// Whose log.
    pub device: DeviceId,
    /// Its number there.
    pub sequence: u64,
}

/// Bytes of an entry that are ready to be chained.
pub(crate) struct StreamBody(pub(crate) Vec<u8>);

/// What checking one device's chain found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ChainReport {
    /// Whose.
    pub device: DeviceId,
    /// Entries held.
    pub entries: u64,
    /// The first entry that does not fit its predecessor.
    pub broken_at: Option<u64>,
}

/// What the entry behind this one calls previous.
pub fn link(entry: &StreamEntry) -> [u8; 32] {
    entry.link()
}

impl Write<'_> {
    /// Appends to this device's audit log.
    ///
    /// # Errors
    /// When the disk fails.
    pub fn audit(
        &mut self,
        by: &StaffId,
        action: AuditAction,
        case: Option<CaseId>,
    ) -> Result<(), StoreError> {
        let mark = self.mark();
        let body = serde_json::to_vec(&AuditEntry {
            at: self.at,
            by: by.clone(),
            action,
            case,
            carried: None,
            mark,
        })?;
        self.append_body(StreamBody(body))
    }

    pub(crate) fn mark(&mut self) -> String {
        format!("{:08x}", u32::from_be_bytes(self.random()))
    }

    pub(crate) fn append_body(&mut self, StreamBody(body): StreamBody) -> Result<(), StoreError> {
        let (head, previous) = head(&self.transaction, self.site)?;
        let entry = StreamEntry {
            device: self.site,
            sequence: head + 1,
            previous,
            body,
        };
        append(&self.transaction, &entry)
    }
}

/// From device to device by the key: asked in every round, and the log of a city has millions of
/// entries of some sixty devices.
const HEADS: &str = "
    WITH RECURSIVE writer(device) AS (
        SELECT min(device) FROM stream_entry
        UNION ALL
        SELECT (SELECT min(device) FROM stream_entry e WHERE e.device > w.device)
        FROM writer w WHERE w.device IS NOT NULL)
    SELECT device, (SELECT max(sequence) FROM stream_entry e WHERE e.device = w.device)
    FROM writer w WHERE device IS NOT NULL";

impl Replica {
    /// Highest sequence held of each device's stream.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub fn stream_heads(&self) -> Result<BTreeMap<SiteId, u64>, StoreError> {
        let mut statement = self.connection.prepare_cached(HEADS)?;
        let rows = statement.query_map([], |row| Ok((SiteId(row.get(0)?), row.get(1)?)))?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    /// Entries of `device` behind `after`, about `bytes_max` bytes, at least one.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub fn stream_entries(
        &self,
        device: SiteId,
        after: u64,
        bytes_max: usize,
    ) -> Result<Vec<StreamEntry>, StoreError> {
        let mut statement = self.connection.prepare_cached(
            "SELECT sequence, previous, body FROM stream_entry
             WHERE device = :device AND sequence > :after ORDER BY sequence",
        )?;
        let mut rows = statement.query(named_params! { ":device": device.0, ":after": after })?;
        let mut entries: Vec<StreamEntry> = Vec::new();
        let mut bytes = 0;
        while let Some(row) = rows.next()? {
            let body: Vec<u8> = row.get(2)?;
            bytes += body.len() + 56;
            if !entries.is_empty() && bytes > bytes_max {
                break;
            }
            let (sequence, previous) = (row.get(0)?, row.get(1)?);
            entries.push(StreamEntry {
                device,
                sequence,
                previous,
                body,
            });
        }
        Ok(entries)
    }

    /// Whether entries of a counter's own log continue what is held of it, where they overlap or
    /// touch it. Those of a restored or cloned database do not: each entry names the one before.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub fn stream_fits(&self, peer: &Peer, entries: &[StreamEntry]) -> Result<bool, StoreError> {
        let (last, newest) = head(&self.connection, peer.site)?;
        let mut statement = self.connection.prepare_cached(
            "SELECT link FROM stream_entry WHERE device = :device AND sequence = :sequence",
        )?;
        for entry in entries.iter().filter(|entry| entry.device == peer.site) {
            let fits = if entry.sequence == last.saturating_add(1) {
                entry.previous == newest
            } else if entry.sequence <= last {
                let place = named_params! { ":device": peer.site.0, ":sequence": entry.sequence };
                let held: Option<[u8; 32]> =
                    statement.query_row(place, |row| row.get(0)).optional()?;
                held.is_none_or(|held| held == link(entry))
            } else {
                true
            };
            if !fits {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// What the entries of a device's log behind `after` are called by the ones that follow them,
    /// at most `count_max`.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub fn log_links(
        &self,
        device: SiteId,
        after: u64,
        count_max: u32,
    ) -> Result<Vec<[u8; 32]>, StoreError> {
        let mut statement = self.connection.prepare_cached(
            "SELECT link FROM stream_entry WHERE device = :device AND sequence > :after
             ORDER BY sequence LIMIT :count",
        )?;
        let range = named_params! { ":device": device.0, ":after": after, ":count": count_max };
        let links = statement.query_map(range, |row| row.get(0))?;
        Ok(links.collect::<Result<_, _>>()?)
    }

    /// Appends entries of the peer's stream (any device's, when the peer is head office); stops
    /// before a break of the chain. Returns the head of the peer's stream.
    ///
    /// # Errors
    /// When the database cannot be written.
    pub fn append_stream(
        &mut self,
        peer: &Peer,
        entries: &[StreamEntry],
    ) -> Result<u64, StoreError> {
        let own = self.site;
        self.write_local(|write| {
            for entry in entries {
                let theirs = peer.role == PeerRole::Hub || entry.device == peer.site;
                let (head, previous) = head(&write.transaction, entry.device)?;
                if entry.sequence <= head {
                    continue;
                }
                let fits = entry.sequence == head + 1 && entry.previous == previous;
                if !theirs || !fits || entry.device == own {
                    tracing::warn!(device = %entry.device, sequence = entry.sequence, "stream entry does not fit");
                    break;
                }
                append(&write.transaction, entry)?;
            }
            Ok(head(&write.transaction, peer.site)?.0)
        })
    }

    /// Checks every device's chain from its first entry.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub fn audit_verify(&self) -> Result<Vec<ChainReport>, StoreError> {
        let heads = self.stream_heads()?;
        heads
            .into_iter()
            .map(|(device, entries)| self.verify(device, entries))
            .collect()
    }

    fn verify(&self, device: SiteId, entries: u64) -> Result<ChainReport, StoreError> {
        let mut report = ChainReport {
            device: DeviceId(device.0),
            entries,
            broken_at: None,
        };
        let (mut sequence, mut previous) = (0, [0; 32]);
        while report.broken_at.is_none() && sequence < entries {
            for entry in self.stream_entries(device, sequence, 1 << 20)? {
                if entry.sequence != sequence + 1 || entry.previous != previous {
                    report.broken_at = Some(sequence + 1);
                    break;
                }
                sequence = entry.sequence;
                previous = link(&entry);
            }
        }
        if report.broken_at.is_none() && head(&self.connection, device)?.1 != previous {
            report.broken_at = Some(entries);
        }
        Ok(report)
    }
}

/// Sequence and link of the last entry; zeros when there is none.
fn head(connection: &Connection, device: SiteId) -> Result<(u64, [u8; 32]), StoreError> {
    let mut statement = connection.prepare_cached(
        "SELECT sequence, link FROM stream_entry WHERE device = :device
         ORDER BY sequence DESC LIMIT 1",
    )?;
    let head = statement.query_row([device.0], |row| Ok((row.get(0)?, row.get(1)?)));
    Ok(head.optional()?.unwrap_or((0, [0; 32])))
}

fn append(connection: &Connection, entry: &StreamEntry) -> Result<(), StoreError> {
    let mut statement = connection.prepare_cached(
        "INSERT INTO stream_entry (device, sequence, previous, body, link)
         VALUES (:device, :sequence, :previous, :body, :link)",
    )?;
    statement.execute(named_params! {
        ":device": entry.device.0, ":sequence": entry.sequence, ":previous": entry.previous,
        ":body": entry.body, ":link": link(entry),
    })?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use rusqlite::StatementStatus;

    use super::*;
    use crate::{DatabaseKey, Surroundings};

    /// What a round costs must not grow with the log.
    #[test]
    fn heads_are_found_without_a_walk_through_the_log() {
        let folder = tempfile::tempdir().unwrap();
        let around = Surroundings::new(|| 1_806_000_000_000, |bytes| bytes.fill(1));
        let path = folder.path().join("counter.db");
        let key = DatabaseKey::from_bytes([1; 32]);
        let replica = Replica::open(&path, &key, SiteId([1; 16]), around).unwrap();
        let written = "
            WITH RECURSIVE number(n) AS (VALUES (1) UNION ALL SELECT n + 1 FROM number WHERE n < 5000)
            INSERT INTO stream_entry (device, sequence, previous, body, link)
            SELECT unhex(printf('%032X', 2 + n % 3)), n / 3 + 1, x'', x'', x'' FROM number";
        replica.connection.execute(written, []).unwrap();
        let heads = replica.stream_heads().unwrap();
        let walked: BTreeMap<SiteId, u64> = replica
            .connection
            .prepare("SELECT device, max(sequence) FROM stream_entry GROUP BY device")
            .unwrap()
            .query_map([], |row| Ok((SiteId(row.get(0)?), row.get(1)?)))
            .unwrap()
            .collect::<Result<_, _>>()
            .unwrap();
        assert_eq!(heads, walked);
        assert_eq!(heads.len(), 3);
        let mut statement = replica.connection.prepare(HEADS).unwrap();
        let rows = statement.query_map([], |_| Ok(())).unwrap().count();
        assert_eq!(rows, 3);
        assert!(statement.get_status(StatementStatus::VmStep) < 500);
    }
}
