//! What the files hold, looked at in copies while nobody runs.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, ensure};
use counter_domain::ids::DeviceId;
use counter_store::CounterStore;
use hub_store::HubStore;
use replica::{DatabaseKey, Replica, Surroundings};
use sync_engine::{Peer, PeerRole};
use sync_protocol::{CellValue, SiteId};

use crate::city::City;
use crate::reviewer::Decided;
use crate::screen::{Entry, PATH, Told};

/// Nothing is written to a copy that anybody goes on with.
fn around() -> Surroundings {
    Surroundings::new(|| 0, |bytes| bytes.fill(0))
}

fn copied(database: &Path, aside: &Path) -> Result<PathBuf> {
    let name = database.file_name().context("no database")?;
    for ending in ["", "-wal", ".key-check"] {
        let file = [&name.to_string_lossy(), ending].concat();
        let from = database.with_file_name(&file);
        if from.exists() {
            fs::copy(from, aside.join(&file))?;
        }
    }
    Ok(aside.join(name))
}

fn key(folder: &Path) -> Result<DatabaseKey> {
    let text = fs::read_to_string(folder.join("database.key"))?;
    DatabaseKey::from_hex(text.trim()).context("the key is damaged")
}

/// The counter's id, as its settings say it.
fn counter_device(city: &City) -> Result<DeviceId> {
    let text = fs::read_to_string(city.counter_data().join("counter.toml"))?;
    let line = text.lines().find_map(|line| line.strip_prefix("device = "));
    let quoted = line.context("the settings name no device")?;
    Ok(serde_json::from_str(quoted)?)
}

fn hub_device(city: &City) -> Result<DeviceId> {
    let about = fs::read(city.hub_data().join("hub.json"))?;
    let about: serde_json::Value = serde_json::from_slice(&about)?;
    let device = about.get("device").context("the hub names no device")?;
    Ok(serde_json::from_value(device.clone())?)
}

fn whole(replica: &Replica) -> Result<()> {
    let check = "PRAGMA integrity_check";
    let said: String = replica.reader().query_row(check, [], |row| row.get(0))?;
    ensure!(said == "ok", "the database is damaged");
    Ok(())
}

/// Everything the screen was told is done is on the counter's disk.
pub(crate) fn counter_has(city: &City, told: &Told) -> Result<()> {
    let (data, device) = (city.counter_data(), counter_device(city)?);
    let path = copied(&data.join("counter.db"), &city.aside()?)?;
    let key = key(&data)?;
    whole(&Replica::open(&path, &key, SiteId(device.0), around())?)?;
    let store = CounterStore::open(&path, &key, device, around())?;
    let mut texts = BTreeSet::new();
    let rows = store.board(usize::MAX)?;
    ensure!(rows.len() >= told.receptions.len(), "a reception is gone");
    let entries = by_text(told);
    for row in rows {
        let record = store.case(row.case)?.context("a case is gone")?;
        let Some(text) = record.draft.text(PATH) else {
            continue;
        };
        texts.insert(text.to_owned());
        let summary = &record.summary;
        let is_filed = !summary.submitted.is_empty();
        if let Some(entry) = entries.get(text) {
            let is_signed = summary.signed.is_some() || is_filed;
            ensure!(is_signed || !entry.signed, "a signature is gone");
            ensure!(is_filed || !entry.filed, "what was handed in is gone");
        }
        if is_filed {
            let flaws = store.filing_flaws(row.case)?;
            ensure!(flaws.is_empty(), "a filing is not whole: {flaws:?}");
        }
    }
    for entry in &told.receptions {
        // Only made-up names are entered.
        ensure!(
            is_in(&texts, entry),
            "{entry:?} was told to the screen and is gone"
        );
    }
    Ok(())
}

/// Receptions by what was entered last, or sent behind that.
fn by_text(told: &Told) -> BTreeMap<&str, &Entry> {
    let mut entries = BTreeMap::new();
    for entry in &told.receptions {
        for text in [&entry.done, &entry.sent].into_iter().flatten() {
            entries.insert(text.as_str(), entry);
        }
    }
    entries
}

/// Whether what was last told is there, or what was sent behind it.
fn is_in(texts: &BTreeSet<String>, entry: &Entry) -> bool {
    let is_there = |one: &String| texts.contains(one);
    match (&entry.done, &entry.sent) {
        (None, _) => true,
        (Some(done), sent) => is_there(done) || sent.as_ref().is_some_and(is_there),
    }
}

/// Head office has what it told the counter it has, and its database is whole.
pub(crate) fn hub_has_what_it_said(city: &City, decided: &Decided) -> Result<()> {
    let (hub_device, device) = (hub_device(city)?, counter_device(city)?);
    let aside = city.aside()?;
    let hub_path = copied(&city.hub_data().join("hub.sqlite"), &aside)?;
    let path = copied(&city.counter_data().join("counter.db"), &aside)?;
    let hub_key = key(&city.hub_data())?;
    let counter = Replica::open(
        &path,
        &key(&city.counter_data())?,
        SiteId(device.0),
        around(),
    )?;
    let hub = Replica::open(&hub_path, &hub_key, SiteId(hub_device.0), around())?;
    whole(&hub)?;
    let site = SiteId(device.0);
    let said = counter.acked_by(SiteId(hub_device.0), site)?;
    let held = hub.vector()?.get(&site).copied().unwrap_or(0);
    ensure!(held >= said, "it said {said} and has {held}");
    let there = cells(&hub, site)?;
    for (place, (version, value)) in cells(&counter, site)? {
        // What was written again since has a later version.
        let same = there.get(&place).is_some_and(|(_, there)| *there == value);
        ensure!(version > said || same, "a record it said it has is gone");
    }
    drop(hub);
    let hub = HubStore::open(&hub_path, &hub_key, hub_device, around())?;
    ensure!(has_decided(&hub, decided)?, "an acceptance is gone");
    Ok(())
}

fn has_decided(hub: &HubStore, decided: &Decided) -> Result<bool> {
    for case in &decided.accepted {
        let record = hub.case(*case)?.context("a case is gone")?;
        if record.summary.accepted.is_none() {
            return Ok(false);
        }
    }
    Ok(true)
}

/// Whether the counter, which runs, heard of everything that was accepted.
pub(crate) fn counter_heard(city: &City, decided: &Decided) -> Result<bool> {
    let (data, device) = (city.counter_data(), counter_device(city)?);
    let store = CounterStore::open(&data.join("counter.db"), &key(&data)?, device, around())?;
    for case in &decided.accepted {
        let record = store.case(*case)?.context("a case is gone")?;
        if record.summary.accepted.is_none() {
            return Ok(false);
        }
    }
    Ok(true)
}

type Cells = BTreeMap<(String, Vec<u8>), (u64, CellValue)>;

fn cells(replica: &Replica, site: SiteId) -> Result<Cells> {
    let all_seeing = Peer {
        site: SiteId([0xee; 16]),
        branch: "00".to_owned(),
        role: PeerRole::Hub,
    };
    let batch = replica.changes(&all_seeing, site, 0, usize::MAX)?;
    let changes = batch.map(|batch| batch.changes).unwrap_or_default();
    Ok(changes
        .into_iter()
        .map(|one| ((one.table, one.key), (one.version, one.value)))
        .collect())
}

/// Whether everything the screen was told is done is at head office, which runs.
pub(crate) fn has_all(city: &City, told: &Told, decided: &Decided) -> Result<bool> {
    let (path, key) = (city.hub_data().join("hub.sqlite"), key(&city.hub_data())?);
    let hub = HubStore::open(&path, &key, hub_device(city)?, around())?;
    let rows = hub.cases(usize::MAX)?;
    let numbers: BTreeSet<&String> = rows.iter().map(|row| &row.receipt_number).collect();
    ensure!(
        numbers.len() == rows.len(),
        "two cases have one receipt number"
    );
    let entries = by_text(told);
    let (mut texts, mut all_filed) = (BTreeSet::new(), true);
    for row in &rows {
        let record = hub.case(row.case)?.context("a case is gone")?;
        let Some(text) = record.draft.text(PATH) else {
            continue;
        };
        texts.insert(text.to_owned());
        if entries.get(text).is_some_and(|entry| entry.filed) {
            // Its page and signature come behind the records.
            let is_filed = !record.summary.submitted.is_empty();
            all_filed &= is_filed && hub.filing_flaws(row.case)?.is_empty();
        }
    }
    ensure!(
        hub.faults()?.is_empty(),
        "head office's database is damaged"
    );
    let all_there = told.receptions.iter().all(|entry| is_in(&texts, entry));
    let all = rows.len() >= told.receptions.len() && all_there && all_filed;
    Ok(all && has_decided(&hub, decided)?)
}
