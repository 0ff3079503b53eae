//! The limit: changes entering head office's database, through every check, without its lists and
//! with them, beside bare cr-sqlite taking the same batches. Processor time of the thread, so that
//! other programs on the machine do not count.

use std::path::Path;

use anyhow::{Context as _, Result, ensure};
use counter_domain::ids::DeviceId;
use counter_store::CounterStore;
use hub_store::HubStore;
use replica::{DatabaseKey, Replica, StoreError};
use rusqlite::{Connection, params};
use sync_engine::{Applied, Limits, Peer, PeerRole, Store as _};
use sync_protocol::{
    CellValue, Change, ChangeBatch, EncodeError, Message, SiteId, encode_for, version,
};

use crate::clock::{around, thread_seconds, whole};
use crate::counter::scratch;
use crate::reception::{Papers, Receptions};
use crate::table::Table;

const COUNTER: [u8; 16] = [0x07; 16];
const HUB: [u8; 16] = [0x99; 16];
const TURNS: usize = 5;

pub(crate) fn measure(folder: &Path, cases: usize, table: &mut Table) -> Result<()> {
    let scratch = scratch()?;
    let store = written(scratch.path(), cases)?;
    let start = thread_seconds()?;
    let batches = changes(&store)?;
    let reading = thread_seconds()? - start;
    weigh(&store, &batches, cases, table)?;
    let changes: usize = batches.iter().map(|batch| batch.changes.len()).sum();
    let count = f64::from(u32::try_from(changes)?);
    let name = "changes read at the counter";
    table.plain(name, count / reading, "/s of processor");
    // Each way in turn, so that a slow moment of the machine is nobody's; the best of each counts.
    let mut best = [f64::INFINITY; 3];
    for turn in 0..TURNS {
        let at = |name: &str| folder.join(format!("{name}-{turn}.db"));
        let took = [
            bare(&at("bare"), &batches)?,
            checked(&at("checked"), &batches)?,
            applied(&at("hub"), &batches)?,
        ];
        for (best, took) in best.iter_mut().zip(took) {
            *best = best.min(took);
        }
    }
    let [bare, checked, listed] = best.map(|seconds| count / seconds);
    for (name, rate) in [
        ("changes checked and applied, without lists", checked),
        ("changes applied at the hub, typical cases", listed),
    ] {
        table.beside(name, (rate, "/s of processor"), ("bare cr-sqlite", bare));
    }
    Ok(())
}

fn written(folder: &Path, cases: usize) -> Result<CounterStore> {
    let mut store = CounterStore::open(
        &folder.join("counter.db"),
        &DatabaseKey::from_bytes([1; 32]),
        DeviceId(COUNTER),
        around(),
    )?;
    Receptions::new("07", 1, Papers::Token).take_in(&mut store, cases)?;
    Ok(store)
}

fn changes(store: &CounterStore) -> Result<Vec<ChangeBatch>> {
    let hub = Peer {
        site: SiteId(HUB),
        branch: "00".to_owned(),
        role: PeerRole::Hub,
    };
    let bytes = Limits::default().batch_bytes;
    let (mut batches, mut after) = (Vec::new(), 0);
    while let Some(batch) = store.changes(&hub, SiteId(COUNTER), after, bytes)? {
        after = batch.through;
        batches.push(batch);
    }
    Ok(batches)
}

/// What the messages of a long list weigh, packed as they travel.
fn weigh(store: &CounterStore, batches: &[ChangeBatch], cases: usize, table: &Table) -> Result<()> {
    let mut records = 0;
    for batch in batches {
        records += travelling(&Message::Changes(batch.clone()))?;
    }
    let (mut log, mut entries, mut after) = (0, 0, 0);
    let bytes = Limits::default().batch_bytes;
    loop {
        let part = store.stream_entries(SiteId(COUNTER), after, bytes)?;
        let Some(last) = part.last() else { break };
        after = last.sequence;
        entries += part.len();
        log += travelling(&Message::StreamEntries(part))?;
    }
    let of = |bytes: usize| whole(bytes) / whole(cases);
    let name = "of a case, packed: fields, steps and the signed content";
    table.beside(name, (of(records), "B"), ("budget", 2048.0));
    let name = format!("of a case, packed: audit log, {:.0} entries", of(entries));
    table.plain(&name, of(log), "B");
    Ok(())
}

fn travelling(message: &Message) -> Result<usize, EncodeError> {
    encode_for(message, version::CURRENT).map(|frame| frame.len())
}

/// The branch's counter, as its certificate would say.
fn sender() -> Peer {
    Peer {
        site: SiteId(COUNTER),
        branch: "07".to_owned(),
        role: PeerRole::Counter,
    }
}

fn took_it(applied: &Applied) -> Result<()> {
    let done = matches!(applied, Applied::Done { .. });
    ensure!(done, "a batch was not applied: {applied:?}");
    Ok(())
}

/// Through every check, with nothing kept beside the records.
fn checked(path: &Path, batches: &[ChangeBatch]) -> Result<f64> {
    let key = DatabaseKey::from_bytes([2; 32]);
    let mut replica = Replica::open(path, &key, SiteId(HUB), around())?;
    let start = thread_seconds()?;
    for batch in batches {
        took_it(&replica.apply(&sender(), batch, |_, _| Ok::<(), StoreError>(()))?)?;
    }
    Ok(thread_seconds()? - start)
}

fn applied(path: &Path, batches: &[ChangeBatch]) -> Result<f64> {
    let key = DatabaseKey::from_bytes([2; 32]);
    let mut hub = HubStore::open(path, &key, DeviceId(HUB), around())?;
    let start = thread_seconds()?;
    for batch in batches {
        took_it(&hub.apply(&sender(), batch)?)?;
    }
    Ok(thread_seconds()? - start)
}

/// What cr-sqlite does with the same changes when nobody checks or lists anything.
#[expect(clippy::disallowed_methods, reason = "the limit is the bare database")]
fn bare(path: &Path, batches: &[ChangeBatch]) -> Result<f64> {
    let mut connection = Connection::open(path)?;
    let key = "x'0303030303030303030303030303030303030303030303030303030303030303'";
    connection.pragma_update(None, "key", key)?;
    connection.pragma_update(None, "journal_mode", "wal")?;
    connection.pragma_update(None, "synchronous", "full")?;
    crsqlite::load(&connection)?;
    connection.execute_batch(include_str!(
        "../../../sync/replica/migrations/0001-create-case-records.sql"
    ))?;
    let start = thread_seconds()?;
    for batch in batches {
        let transaction = connection.transaction()?;
        {
            let mut insert = transaction.prepare_cached(
                "INSERT INTO crsql_changes
                 (\"table\", pk, cid, val, col_version, db_version, site_id, cl, seq, ts)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)",
            )?;
            for change in &batch.changes {
                insert.execute(params![
                    change.table,
                    change.key,
                    change.column,
                    document(change)?,
                    change.column_version,
                    change.version,
                    batch.site.0,
                    change.causal_length,
                    change.sequence,
                    change.at,
                ])?;
            }
        }
        transaction.commit()?;
    }
    let took = thread_seconds()? - start;
    crsqlite::finalize(&connection)?;
    connection
        .close()
        .map_err(|(_, error)| error)
        .context("closing the bare database")?;
    Ok(took)
}

fn document(change: &Change) -> Result<&[u8]> {
    match &change.value {
        CellValue::Blob(doc) => Ok(doc),
        CellValue::Null | CellValue::Integer(_) | CellValue::Text(_) => {
            anyhow::bail!("a replicated document is no blob")
        }
    }
}
