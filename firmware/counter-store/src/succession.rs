//! Going on for a device that was restored from an older copy, cloned or replaced.
//!
//! The successor has a site and a database of its own and gets the branch's cases from head office
//! like any counter. When there is a database that was set aside, everything in it that head office
//! never had is written again here, once head office has sent all it had of the old site. The
//! counter works meanwhile. The log begins with the device it goes on for; what was not yet at head
//! office of the old log is carried over behind that. Receipt numbers leave a hundred out for every
//! predecessor (`domain.md` D.12), because the predecessor may have printed some that nobody knows of.

use std::path::Path;

use counter_domain::ids::{BlobHash, CaseId, DeviceId, StaffId};
use replica::{DatabaseKey, OpenError, Replica, Rescued, StoreError, Surroundings};
use rusqlite::{Connection, named_params};
use serde::{Deserialize, Serialize};
use sync_engine::WantedBlob;
use sync_protocol::SiteId;

use crate::board;
use crate::store::CounterStore;

const SUCCESSION: &str = "succession";

/// Receipt numbers of a day left out for each predecessor.
const NUMBERS_LEFT_OUT: u32 = 100;
/// Numbers have four digits; after this many successions the same ones are left out again.
const SUCCESSIONS_APART_MAX: u32 = 50;

/// Blobs taken from the old database in one step.
const BLOBS_AT_ONCE: usize = 32;

/// Who acts when nobody does.
const BY: &str = "system";

/// How this device came to go on for another.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Succession {
    /// The device before.
    pub of: DeviceId,
    /// Transactions of it that head office holds; no more will come.
    pub held: u64,
    /// Devices that stood at this place before.
    pub generation: u32,
    /// The database that was set aside; `None` when the appliance is a new one.
    pub old: Option<SetAside>,
    /// What came of it, once everything is here.
    #[serde(default)]
    pub rescued: Option<Rescued>,
}

/// How a database that was set aside is compared with what head office has.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct SetAside {
    /// Its transactions that head office certainly had, of this very history.
    pub acknowledged: u64,
    /// The last entry of its log that head office has too.
    pub log_shared: u64,
    /// How far it was looked through.
    #[serde(default)]
    pub looked_through: u64,
    /// The last entry of its log that was carried over.
    #[serde(default)]
    pub log_carried: Option<u64>,
    /// What was written again so far.
    #[serde(default)]
    pub again: Rescued,
    /// Blobs that head office may have lacked, as far as they were taken over.
    #[serde(default)]
    pub unsent_blobs: u64,
}

/// What is still on its way to a counter that begins anew.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Arriving {
    /// Transactions that head office or another counter has and this one does not.
    pub records: u64,
    /// Signatures and forms that are named here and not here yet, counted up to a thousand.
    pub blobs: u64,
    /// What was found in the database that was set aside is not here yet.
    pub rescue: bool,
}

/// How a step of a rescue ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RescueStep {
    /// Head office has not sent everything of the old site yet.
    Waits,
    /// There is more to do at once.
    Goes,
    /// Nothing is left to do.
    Done,
}

/// Most blobs counted as on their way.
const BLOBS_COUNTED_MAX: usize = 1000;

/// A database that was set aside; nothing is ever written to it.
#[derive(Debug)]
pub struct OldDatabase(Replica);

impl OldDatabase {
    /// Opens it.
    ///
    /// # Errors
    /// See [`OpenError`].
    pub fn open(
        path: &Path,
        key: &DatabaseKey,
        device: DeviceId,
        around: Surroundings,
    ) -> Result<Self, OpenError> {
        Replica::open(path, key, SiteId(device.0), around).map(Self)
    }

    /// How it is compared, after head office told the links of its log behind `after`.
    ///
    /// # Errors
    /// When it cannot be read.
    pub fn compared(
        &self,
        hub: Option<SiteId>,
        after: u64,
        links: &[[u8; 32]],
    ) -> Result<SetAside, StoreError> {
        let site = self.0.site();
        let acknowledged = match hub {
            Some(hub) => self.0.acked_by(hub, site)?,
            None => 0,
        };
        let count = u32::try_from(links.len()).unwrap_or(u32::MAX);
        let own = self.0.log_links(site, after, count)?;
        let same = own
            .iter()
            .zip(links)
            .take_while(|(one, other)| one == other);
        let log_shared = after.saturating_add(same.count() as u64);
        // What head office said it has when it noticed was another history's.
        let acknowledged = acknowledged.min(self.0.version_of_log(log_shared)?);
        Ok(SetAside {
            acknowledged,
            log_shared,
            looked_through: 0,
            log_carried: None,
            again: Rescued::default(),
            unsent_blobs: 0,
        })
    }
}

impl CounterStore {
    /// Notes that this device goes on for another, and takes from the database set aside what is
    /// not a record: the published datasets and the receipt numbers of the day.
    ///
    /// # Errors
    /// When a database fails.
    pub fn succeed(
        &mut self,
        succession: &Succession,
        old: Option<&OldDatabase>,
    ) -> Result<(), StoreError> {
        if self.succession()?.is_some() {
            return Ok(());
        }
        if let Some(old) = old {
            self.replica.take_datasets(&old.0)?;
            self.replica.refresh_protection()?;
            let mut numbers = Vec::new();
            for row in receipt_numbers(old.0.reader())? {
                numbers.push(row);
            }
            self.replica
                .write(|write| keep_numbers(write.connection(), &numbers))?;
            self.replica.heard_clock(old.0.clock()?.0);
        }
        let log_shared = succession.old.map_or(0, |old| old.log_shared);
        self.replica
            .write(|write| write.audit_succession(&StaffId::from(BY), succession.of, log_shared))?;
        self.keep_succession(succession)
    }

    /// Which device this one goes on for; `None` when it is the first at its place.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub fn succession(&self) -> Result<Option<Succession>, StoreError> {
        let kept = self.replica.local_value(SUCCESSION)?;
        kept.map(|bytes| serde_json::from_slice(&bytes).map_err(StoreError::from))
            .transpose()
    }

    fn keep_succession(&mut self, succession: &Succession) -> Result<(), StoreError> {
        let bytes = serde_json::to_vec(succession)?;
        self.replica.keep_local_value(SUCCESSION, &bytes)
    }

    /// What is still on its way here.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub fn arriving(&self) -> Result<Arriving, StoreError> {
        let succession = self.succession()?;
        let rescue = succession
            .as_ref()
            .is_some_and(|one| one.old.is_some() && one.rescued.is_none());
        let mut records = self.replica.to_arrive()?;
        if let Some(succession) = &succession {
            let of = SiteId(succession.of.0);
            let here = self.replica.vector()?.get(&of).copied().unwrap_or(0);
            records = records.max(succession.held.saturating_sub(here));
        }
        Ok(Arriving {
            records,
            blobs: self.blobs_to_come(BLOBS_COUNTED_MAX)?.len() as u64,
            rescue,
        })
    }

    /// Blobs that are named here, not here yet, and the branch's to have.
    pub(crate) fn blobs_to_come(&self, count_max: usize) -> Result<Vec<WantedBlob>, StoreError> {
        match &self.branch {
            Some(branch) => self.replica.blobs_wanted_at(branch, count_max),
            None => self.replica.blobs_wanted(count_max),
        }
    }

    /// Whether everything has arrived at an appliance that came without an old database; noted, so
    /// that nobody is told again.
    ///
    /// # Errors
    /// When the database fails.
    pub fn note_all_here(&mut self) -> Result<bool, StoreError> {
        let arriving = self.arriving()?;
        if arriving.records > 0 || arriving.blobs > 0 || arriving.rescue {
            return Ok(false);
        }
        if let Some(mut succession) = self.succession()? {
            succession.rescued = Some(Rescued::default());
            self.keep_succession(&succession)?;
        }
        Ok(true)
    }

    /// Does a little of the rescue: to be called again until it says that it waits or is done. A
    /// power cut in between costs nothing, each step is one transaction and found again by content.
    ///
    /// # Errors
    /// When a database fails; what was written again stays.
    pub fn rescue(&mut self, old: &OldDatabase) -> Result<RescueStep, StoreError> {
        let Some((succession, aside)) = self.unfinished()? else {
            return Ok(RescueStep::Done);
        };
        let of = SiteId(succession.of.0);
        let here = self.replica.vector()?.get(&of).copied().unwrap_or(0);
        if here < succession.held {
            return Ok(RescueStep::Waits);
        }
        self.look_through(old, (succession, aside))
    }

    /// The whole rescue at once, of a database that is known to be an older copy itself: somebody put
    /// it back in the middle of the rescue. Nothing more of head office will come here, so some of
    /// what is written again was there; whoever goes on for this one finds that by content.
    ///
    /// # Errors
    /// When a database fails; to be called again then.
    pub fn rescue_into_older_copy(&mut self, old: &OldDatabase) -> Result<(), StoreError> {
        let known = self.replica.lift_restored();
        let done = self.rescue_to_the_end(old);
        self.replica.put_restored(known);
        done
    }

    fn rescue_to_the_end(&mut self, old: &OldDatabase) -> Result<(), StoreError> {
        while let Some(unfinished) = self.unfinished()? {
            self.look_through(old, unfinished)?;
        }
        Ok(())
    }

    /// Notes that the database that was set aside is not there any more, so that nothing is left to
    /// look through. It is removed when head office has everything of it: then this one is a copy
    /// that was put back from before.
    ///
    /// # Errors
    /// When the database fails.
    pub fn note_old_database_gone(&mut self) -> Result<(), StoreError> {
        if let Some((mut succession, aside)) = self.unfinished()? {
            succession.rescued = Some(aside.again);
            self.keep_succession(&succession)?;
        }
        Ok(())
    }

    /// The succession, while a database that was set aside is not looked through to its end.
    fn unfinished(&self) -> Result<Option<(Succession, SetAside)>, StoreError> {
        let succession = self.succession()?.filter(|one| one.rescued.is_none());
        Ok(succession.and_then(|one| one.old.map(|aside| (one, aside))))
    }

    fn look_through(
        &mut self,
        old: &OldDatabase,
        (mut succession, mut aside): (Succession, SetAside),
    ) -> Result<RescueStep, StoreError> {
        if let Some(found) = old.0.own_transactions(aside.looked_through)? {
            // What was written by the last log entry both have is the same in both, however little
            // the copy had heard of; head office may have been restored itself.
            let shared = old.0.version_of_log(aside.log_shared)?;
            let had = aside.acknowledged.max(shared).min(succession.held);
            for transaction in &found.transactions {
                aside.again.records += self.write_again(old, transaction, had)?;
            }
            aside.looked_through = found.through;
        } else if let Some(last) = self.carry_log(old, &mut aside)? {
            aside.log_carried = Some(last);
        } else if self.replica.take_blobs(&old.0, BLOBS_AT_ONCE)? == 0
            && self.keep_unsent(old, (&mut aside, succession.held))? == 0
        {
            succession.rescued = Some(aside.again);
        }
        succession.old = Some(aside);
        self.keep_succession(&succession)?;
        self.listener.tell(&replica::StoreChange::Acknowledged);
        Ok(match succession.rescued {
            Some(_) => RescueStep::Done,
            None => RescueStep::Goes,
        })
    }

    fn write_again(
        &mut self,
        old: &OldDatabase,
        transaction: &replica::OldTransaction,
        acknowledged: u64,
    ) -> Result<u64, StoreError> {
        let own = self.branch.as_ref();
        let lacking = self
            .replica
            .lacks(&old.0, transaction, (acknowledged, own))?;
        if lacking.is_empty() {
            return Ok(0);
        }
        // Also of a case that was handed on meanwhile: who had it may have worked on it.
        self.write_wherever(|write| write.write_again(&old.0, &lacking))?;
        Ok(lacking.records())
    }

    /// Takes over blobs that head office may have been told of without having them: also of cases
    /// that went to another branch since, because nobody else has their bytes. Returns how many
    /// were looked at.
    fn keep_unsent(
        &mut self,
        old: &OldDatabase,
        (aside, held): (&mut SetAside, u64),
    ) -> Result<u64, StoreError> {
        let told = old.0.version_of_log(aside.log_shared)?.min(held);
        let unsent = unsent_blobs(old.0.reader(), aside.unsent_blobs)?;
        for (hash, case, unix_ms) in &unsent {
            let blob = (*case, BlobHash(*hash));
            if self.replica.keep_unsent_blob(&old.0, blob, told)? {
                self.replica.write(|write| {
                    board::blob_unconfirmed(write.connection(), (*hash, *case), *unix_ms)
                })?;
            }
        }
        let looked_at = unsent.len() as u64;
        aside.unsent_blobs += looked_at;
        Ok(looked_at)
    }

    fn carry_log(
        &mut self,
        old: &OldDatabase,
        aside: &mut SetAside,
    ) -> Result<Option<u64>, StoreError> {
        let after = aside.log_carried.unwrap_or(aside.log_shared);
        let head = self.carried_through(old)?.unwrap_or(after).max(after);
        let carried = self.replica.write(|write| write.carry_log(&old.0, head))?;
        if let Some(last) = carried {
            aside.again.log_entries += last - head;
            self.listener.tell(&replica::StoreChange::Logged);
        }
        Ok(carried)
    }

    /// The last entry of the old log found in the own one: after a power cut it may be further than
    /// was noted.
    fn carried_through(&self, old: &OldDatabase) -> Result<Option<u64>, StoreError> {
        let own = self.replica.site();
        let head = self.replica.stream_heads()?.get(&own).copied().unwrap_or(0);
        let newest = self
            .replica
            .stream_entries(own, head.saturating_sub(256), 1 << 20)?;
        let of_old = newest.iter().filter_map(|entry| {
            let entry: replica::AuditEntry = serde_json::from_slice(&entry.body).ok()?;
            let carried = entry.carried?;
            (carried.device.0 == old.0.site().0).then_some(carried.sequence)
        });
        Ok(of_old.max())
    }
}

/// Blobs that head office had not said it has, some at a time.
fn unsent_blobs(
    connection: &Connection,
    after: u64,
) -> Result<Vec<([u8; 32], CaseId, u64)>, StoreError> {
    let known = "SELECT 1 FROM sqlite_master WHERE name = 'unsent_blob'";
    // A program before 0003 left none.
    if !connection.prepare(known)?.exists([])? {
        return Ok(Vec::new());
    }
    let mut statement = connection.prepare(
        "SELECT hash, case_id, unix_ms FROM unsent_blob ORDER BY hash, case_id
         LIMIT :count OFFSET :after",
    )?;
    let count = i64::try_from(BLOBS_AT_ONCE).unwrap_or(i64::MAX);
    let rows = statement.query_map(named_params! { ":count": count, ":after": after }, |row| {
        Ok((row.get(0)?, row.get(1).map(CaseId)?, row.get(2)?))
    })?;
    Ok(rows.collect::<Result<_, _>>()?)
}

fn receipt_numbers(connection: &Connection) -> Result<Vec<(String, u32)>, StoreError> {
    let mut statement = connection.prepare("SELECT day, last FROM receipt_sequence")?;
    let rows = statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?;
    Ok(rows.collect::<Result<_, _>>()?)
}

fn keep_numbers(connection: &Connection, numbers: &[(String, u32)]) -> Result<(), StoreError> {
    let mut statement = connection.prepare_cached(
        "INSERT INTO receipt_sequence (day, last) VALUES (:day, :last)
         ON CONFLICT (day) DO UPDATE SET last = max(last, excluded.last)",
    )?;
    for (day, last) in numbers {
        statement.execute(named_params! { ":day": day, ":last": last })?;
    }
    Ok(())
}

/// Numbers up to this one are the predecessors'.
pub(crate) fn numbers_left_out(succession: Option<&Succession>) -> u32 {
    succession.map_or(0, |one| {
        (one.generation % SUCCESSIONS_APART_MAX) * NUMBERS_LEFT_OUT
    })
}
