//! The counters, as the people who look after them see them: heard when, which versions, what is
//! still on its way, what was kept aside.

use std::collections::BTreeMap;

use counter_domain::ids::DeviceId;
use replica::{Outstanding, QuarantineRow, StoreError};
use rusqlite::{Connection, Row, named_params};
use sync_protocol::{Hello, SiteId};

use crate::enrolment::EnrolledDevice;
use crate::reports::{self, ToldHealth};
use crate::samples::{self, SLOT_MS};
use crate::store::HubStore;
use crate::succession::RolledBack;

/// A contact is written down again after this time; in between it is only remembered.
const WRITE_AGAIN_MS: u64 = 60_000;
/// A connected counter asks for news at least every 25 s.
const CONNECTED_MS: u64 = 45_000;
/// Longest program version kept.
const PROGRAM_CHARS_MAX: usize = 40;

/// What a device said of itself.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Contact {
    /// When it was last heard.
    pub unix_ms: u64,
    /// Version of its program.
    pub program: Option<String>,
    /// Newest version of the messages it speaks; 0 before a hello.
    pub protocol: u8,
    /// Version of its replicated schema; 0 before a hello.
    pub schema: u32,
    /// Its own transactions, as it said.
    pub head: u64,
    /// Its clock minus ours at its last hello, milliseconds; not written down with the rest.
    pub clock_ahead_ms: Option<i64>,
}

/// How the line to a counter is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CounterLine {
    /// Shut out.
    Revoked,
    /// Enrolled, and never heard since.
    Never,
    /// Heard within the last minute.
    Connected,
    /// Not heard for longer.
    Silent,
}

/// One counter.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CounterState {
    /// Its enrolment.
    pub device: EnrolledDevice,
    /// How its line is.
    pub line: CounterLine,
    /// What it said last.
    pub contact: Option<Contact>,
    /// Its transactions that are not here yet, as far as it has told.
    pub to_come: u64,
    /// What of it could not be applied.
    pub kept_aside: Option<QuarantineRow>,
    /// Its database is an older copy or a clone.
    pub rolled_back: Option<RolledBack>,
    /// The device that goes on for it.
    pub successor: Option<DeviceId>,
    /// What it told of itself last.
    pub report: Option<ToldHealth>,
    /// Its clock minus ours when it was heard last, milliseconds.
    pub clock_ahead_ms: Option<i64>,
    /// What is here and not there, at most a quarter of an hour old.
    pub to_go: Outstanding,
    /// In the quarter of an hour before this one the line was up and what waits there never ended.
    pub is_stuck: bool,
}

/// Contacts of this process, and when each was written down.
#[derive(Debug, Default)]
pub(crate) struct Contacts {
    heard: BTreeMap<DeviceId, (Contact, u64)>,
}

impl HubStore {
    /// Notes that a device was heard now, with its program's version where it told one. Written
    /// down at most once a minute.
    ///
    /// # Errors
    /// When the disk fails.
    pub fn note_contact(
        &mut self,
        device: DeviceId,
        program: Option<&str>,
    ) -> Result<(), StoreError> {
        self.heard(device, |contact| {
            if let Some(program) = program {
                contact.program = Some(program.chars().take(PROGRAM_CHARS_MAX).collect());
            }
        })
    }

    /// Notes what a device said of itself.
    pub(crate) fn note_hello(&mut self, site: SiteId, hello: &Hello) -> Result<(), StoreError> {
        self.refuse_to_be_older(hello)?;
        let head = hello.vector.get(&site).copied().unwrap_or(0).min(1 << 62);
        let ahead = ahead_ms(hello.unix_ms, self.replica.unix_ms());
        self.heard(DeviceId(site.0), |contact| {
            contact.protocol = hello.version_current;
            contact.schema = hello.schema_version;
            contact.head = head;
            contact.clock_ahead_ms = Some(ahead);
        })
    }

    /// A counter that holds more of head office than head office itself talked to a machine that
    /// goes on for this one, or this database was put back: what is decided here would get numbers
    /// that are taken, and never arrive. Only that counter is refused, because nothing proves it.
    fn refuse_to_be_older(&self, hello: &Hello) -> Result<(), StoreError> {
        let own_site = self.replica.site();
        let held = hello.vector.get(&own_site).copied().unwrap_or(0);
        let own = self.replica.vector()?.get(&own_site).copied().unwrap_or(0);
        if held > own {
            return Err(StoreError::Restored { own, held });
        }
        Ok(())
    }

    fn heard(
        &mut self,
        device: DeviceId,
        tell: impl FnOnce(&mut Contact),
    ) -> Result<(), StoreError> {
        let now = self.replica.unix_ms();
        let known = self.contacts.heard.remove(&device);
        let (mut contact, written) = match known {
            Some(known) => known,
            None => (contact_of(self.replica.reader(), device)?, 0),
        };
        let before = contact.clone();
        tell(&mut contact);
        contact.unix_ms = now;
        let changed = (&contact.program, contact.protocol, contact.schema)
            != (&before.program, before.protocol, before.schema);
        let due = changed || now.saturating_sub(written) >= WRITE_AGAIN_MS;
        if due {
            self.replica
                .write(|write| put(write.connection(), device, &contact))?;
        }
        let written = if due { now } else { written };
        self.contacts.heard.insert(device, (contact, written));
        Ok(())
    }

    /// Every counter ever enrolled, by branch and name.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub fn fleet(&self) -> Result<Vec<CounterState>, StoreError> {
        let now = self.replica.unix_ms();
        let slot = now / SLOT_MS;
        let held = self.replica.vector()?;
        let mut aside: BTreeMap<SiteId, QuarantineRow> = self
            .quarantine()?
            .into_iter()
            .map(|row| (row.site, row))
            .collect();
        let mut fleet = Vec::new();
        for device in self.devices()? {
            let site = SiteId(device.device.0);
            let contact = self.contact(device.device)?;
            let told = contact.as_ref().map_or(0, |contact| contact.head);
            let connection = self.replica.reader();
            let last = samples::newest(connection, device.device)?;
            let before = samples::at_slot(connection, device.device, slot.saturating_sub(1))?;
            let heard = contact.as_ref().and_then(|one| one.clock_ahead_ms);
            let last_ahead = last.as_ref().and_then(|sample| sample.clock_ahead_ms);
            fleet.push(CounterState {
                report: reports::told(connection, device.device)?,
                clock_ahead_ms: heard.or(last_ahead),
                to_go: last.map_or_else(Outstanding::default, |sample| sample.to_go),
                is_stuck: before.is_some_and(|sample| sample.is_stuck()),
                line: line(&device, contact.as_ref(), now),
                to_come: told.saturating_sub(held.get(&site).copied().unwrap_or(0)),
                kept_aside: aside.remove(&site),
                rolled_back: self.rolled_back(device.device)?,
                successor: self.successor(device.device)?,
                contact,
                device,
            });
        }
        Ok(fleet)
    }

    /// The newest of what this process heard and what another wrote down.
    fn contact(&self, device: DeviceId) -> Result<Option<Contact>, StoreError> {
        let written = contact_of(self.replica.reader(), device)?;
        let heard = self.contacts.heard.get(&device).map(|(heard, _)| heard);
        let newest = heard.filter(|heard| heard.unix_ms >= written.unix_ms);
        Ok(Some(newest.cloned().unwrap_or(written)).filter(|contact| contact.unix_ms > 0))
    }
}

/// One clock minus another, milliseconds.
fn ahead_ms(theirs_unix_ms: u64, ours_unix_ms: u64) -> i64 {
    let difference = i64::try_from(theirs_unix_ms.abs_diff(ours_unix_ms)).unwrap_or(i64::MAX);
    if theirs_unix_ms < ours_unix_ms {
        -difference
    } else {
        difference
    }
}

fn line(device: &EnrolledDevice, contact: Option<&Contact>, now_unix_ms: u64) -> CounterLine {
    if device.revoked {
        return CounterLine::Revoked;
    }
    match contact {
        None => CounterLine::Never,
        Some(contact) if now_unix_ms.saturating_sub(contact.unix_ms) < CONNECTED_MS => {
            CounterLine::Connected
        }
        Some(_) => CounterLine::Silent,
    }
}

fn contact_of(connection: &Connection, device: DeviceId) -> Result<Contact, StoreError> {
    let mut statement = connection.prepare_cached(
        "SELECT unix_ms, program, protocol, schema, head FROM contact WHERE device = :device",
    )?;
    let mut rows = statement.query([device.0])?;
    Ok(match rows.next()? {
        Some(row) => read(row)?,
        None => Contact::default(),
    })
}

fn read(row: &Row<'_>) -> Result<Contact, rusqlite::Error> {
    Ok(Contact {
        unix_ms: row.get(0)?,
        program: row.get(1)?,
        protocol: row.get(2)?,
        schema: row.get(3)?,
        head: row.get(4)?,
        clock_ahead_ms: None,
    })
}

fn put(connection: &Connection, device: DeviceId, contact: &Contact) -> Result<(), StoreError> {
    let mut statement = connection.prepare_cached(
        "INSERT INTO contact (device, unix_ms, program, protocol, schema, head)
         VALUES (:device, :unix_ms, :program, :protocol, :schema, :head)
         ON CONFLICT (device) DO UPDATE SET unix_ms = excluded.unix_ms,
             program = excluded.program, protocol = excluded.protocol,
             schema = excluded.schema, head = excluded.head",
    )?;
    statement.execute(named_params! {
        ":device": device.0, ":unix_ms": contact.unix_ms, ":program": contact.program,
        ":protocol": contact.protocol, ":schema": contact.schema, ":head": contact.head,
    })?;
    Ok(())
}
