//! Records: a field saved crash-safe, and changes applied beside raw cr-sqlite in the same run.

use std::path::Path;

use anyhow::{Context, Result, ensure};
use counter_domain::draft::{FieldPath, FieldValue, Source};
use counter_domain::ids::{BranchCode, CaseId, DeviceId, StaffId};
use counter_store::{CounterStore, FieldEntry, NewCase};
use hub_store::HubStore;
use replica::{DatabaseKey, Surroundings};
use rusqlite::{Connection, params};
use sync_engine::{Applied, Peer, PeerRole, Store};
use sync_protocol::{CellValue, ChangeBatch, SiteId};

use crate::figure::{Figure, percentile, time};

const CASES: usize = 100;
/// What a household of four has on the screen.
const FIELDS: usize = 40;
const BATCH_BYTES: usize = 1 << 20;
const COUNTER: [u8; 16] = [0x07; 16];

pub(crate) fn measure() -> Result<Vec<Figure>> {
    let folder = tempfile::tempdir()?;
    let mut store = CounterStore::open(
        &folder.path().join("counter.db"),
        &DatabaseKey::from_bytes([1; 32]),
        DeviceId(COUNTER),
        surroundings(),
    )?;
    let by = StaffId::from("u0312");
    let new = NewCase {
        by: by.clone(),
        branch: BranchCode::from("07"),
        day: "2026-11-21".to_owned(),
    };
    let mut saved = Vec::with_capacity(CASES * FIELDS);
    for _ in 0..CASES {
        let case = store.start_case(&new, &receipt_number)?.case;
        for number in 0..FIELDS {
            let (result, took) = time(|| save(&mut store, case, &by, number));
            result?;
            saved.push(took);
        }
    }
    let batches = all_changes(&store)?;
    let changes: usize = batches.iter().map(|batch| batch.changes.len()).sum();
    let ours = rate(changes, || apply_ours(folder.path(), &batches))?;
    let raw = rate(changes, || apply_raw(folder.path(), &batches))?;
    Ok(vec![
        Figure::within(
            "field saved crash-safe, p50",
            percentile(&mut saved, 50),
            50.0,
        ),
        Figure::within(
            "field saved crash-safe, p99",
            percentile(&mut saved, 99),
            50.0,
        ),
        Figure::beside(
            "changes applied at the hub",
            ours,
            "/s",
            "raw cr-sqlite, same batches",
            raw,
        ),
    ])
}

fn receipt_number(sequence: u32) -> String {
    format!("07-2-261121-{sequence:04}-0")
}

/// Time stands still and randomness has a fixed seed: the same records in each run.
fn surroundings() -> Surroundings {
    let mut state = 0_u64;
    Surroundings::new(
        || 1_795_219_200_000,
        move |bytes: &mut [u8]| {
            for chunk in bytes.chunks_mut(8) {
                state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
                let mixed = (state ^ (state >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
                for (byte, mixed) in chunk.iter_mut().zip(mixed.to_be_bytes()) {
                    *byte = mixed;
                }
            }
        },
    )
}

fn save(store: &mut CounterStore, case: CaseId, by: &StaffId, number: usize) -> Result<()> {
    let entry = FieldEntry {
        path: FieldPath(format!("member.{}.note{number}", number % 8 + 1)),
        value: FieldValue::Text("六会市架空町一丁目９番６号　架空ハイツ２０３号室".to_owned()),
        source: Source::Staff,
        confidence: None,
    };
    store.set_fields(case, by, &[entry])?;
    Ok(())
}

fn hub_peer() -> Peer {
    Peer {
        site: SiteId([0x99; 16]),
        branch: "00".to_owned(),
        role: PeerRole::Hub,
    }
}

fn all_changes(store: &CounterStore) -> Result<Vec<ChangeBatch>> {
    let (mut batches, mut after) = (Vec::new(), 0);
    while let Some(batch) = store.changes(&hub_peer(), SiteId(COUNTER), after, BATCH_BYTES)? {
        after = batch.through;
        batches.push(batch);
    }
    Ok(batches)
}

fn rate(changes: usize, apply: impl FnOnce() -> Result<()>) -> Result<f64> {
    let (applied, took) = time(apply);
    applied?;
    let changes = u32::try_from(changes)?;
    Ok(f64::from(changes) / took.as_secs_f64())
}

fn apply_ours(folder: &Path, batches: &[ChangeBatch]) -> Result<()> {
    let key = DatabaseKey::from_bytes([2; 32]);
    let mut hub = HubStore::open(
        &folder.join("hub.db"),
        &key,
        DeviceId([0x99; 16]),
        surroundings(),
    )?;
    let peer = Peer {
        site: SiteId(COUNTER),
        branch: "07".to_owned(),
        role: PeerRole::Counter,
    };
    for batch in batches {
        let applied = hub.apply(&peer, batch)?;
        ensure!(
            matches!(applied, Applied::Done { .. }),
            "a batch was not applied: {applied:?}"
        );
    }
    Ok(())
}

/// What cr-sqlite does with the same changes when nobody checks or projects anything.
#[expect(clippy::disallowed_methods, reason = "the peer is the bare database")]
fn apply_raw(folder: &Path, batches: &[ChangeBatch]) -> Result<()> {
    let mut connection = Connection::open(folder.join("raw.db"))?;
    let key = "x'0303030303030303030303030303030303030303030303030303030303030303'";
    connection.pragma_update(None, "key", key)?;
    connection.pragma_update(None, "journal_mode", "wal")?;
    connection.pragma_update(None, "synchronous", "full")?;
    crsqlite::load(&connection)?;
    connection.execute_batch(include_str!(
        "../../../sync/replica/migrations/0001-create-case-records.sql"
    ))?;
    for batch in batches {
        let transaction = connection.transaction()?;
        {
            let mut insert = transaction.prepare_cached(
                "INSERT INTO crsql_changes
                 (\"table\", pk, cid, val, col_version, db_version, site_id, cl, seq, ts)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)",
            )?;
            for change in &batch.changes {
                let CellValue::Blob(value) = &change.value else {
                    insert_raw(&mut insert, batch, change, None)?;
                    continue;
                };
                insert_raw(&mut insert, batch, change, Some(value))?;
            }
        }
        transaction.commit()?;
    }
    crsqlite::finalize(&connection)?;
    connection
        .close()
        .map_err(|(_, error)| error)
        .context("closing the bare database")
}

fn insert_raw(
    insert: &mut rusqlite::CachedStatement<'_>,
    batch: &ChangeBatch,
    change: &sync_protocol::Change,
    value: Option<&Vec<u8>>,
) -> Result<()> {
    insert.execute(params![
        change.table,
        change.key,
        change.column,
        value,
        i64::try_from(change.column_version)?,
        i64::try_from(change.version)?,
        batch.site.0.as_slice(),
        i64::try_from(change.causal_length)?,
        i64::try_from(change.sequence)?,
        change.at,
    ])?;
    Ok(())
}
