//! How fast changes enter a replica, beside the bare extension in the same run.
//!
//! `cargo run -p replica --example apply-rate [cases]`. Prints changes a second for: cr-sqlite alone,
//! the whole intake without lists, and the read at the sender. Counts processor time.

use std::path::Path;

use counter_domain::draft::{DraftField, FieldPath, FieldValue, Source};
use counter_domain::ids::StaffId;
use replica::{DatabaseKey, Replica, Surroundings};
use rusqlite::{Connection, params};
use sync_engine::{Applied, Peer, PeerRole};
use sync_protocol::{CellValue, ChangeBatch, SiteId};

const FIELDS: usize = 40;
const BATCH_BYTES: usize = 256 << 10;
const COUNTER: [u8; 16] = [7; 16];

type Failure = Box<dyn std::error::Error>;

#[expect(clippy::print_stdout, reason = "a measurement is printed")]
fn main() -> Result<(), Failure> {
    let cases = std::env::args()
        .nth(1)
        .map_or(Ok(200), |text| text.parse())?;
    let folder = tempfile::tempdir()?;
    let sender = written(folder.path(), cases)?;
    let (batches, reading) = timed(|| read(&sender))?;
    let changes: usize = batches.iter().map(|batch| batch.changes.len()).sum();
    println!("{changes} changes in {} batches", batches.len());
    let rate = |seconds: f64| f64::from(u32::try_from(changes).unwrap_or(u32::MAX)) / seconds;
    println!("read at the sender     {:>8.0} changes/s", rate(reading));
    for turn in 0..3 {
        let raw = raw(&folder.path().join(format!("raw-{turn}.db")), &batches)?;
        let ours = ours(&folder.path().join(format!("ours-{turn}.db")), &batches)?;
        println!(
            "raw {:>8.0}   ours {:>8.0} changes/s   {:.2}",
            rate(raw),
            rate(ours),
            raw / ours
        );
    }
    Ok(())
}

/// Seconds this thread was on a processor: other programs do not count.
fn timed<T>(work: impl FnOnce() -> Result<T, Failure>) -> Result<(T, f64), Failure> {
    let start = on_processor()?;
    let done = work()?;
    Ok((done, on_processor()? - start))
}

fn on_processor() -> Result<f64, Failure> {
    let stat = std::fs::read_to_string("/proc/thread-self/schedstat")?;
    let microseconds: u32 = stat
        .split(' ')
        .next()
        .map_or(Ok(0), str::parse)
        .map(|nanoseconds| u32::try_from(nanoseconds / 1000))??;
    Ok(f64::from(microseconds) / 1e6)
}

/// The time stands still, ids count up.
fn around() -> Surroundings {
    let mut state = 0_u64;
    Surroundings::new(
        || 1_795_219_200_000,
        move |bytes| {
            for chunk in bytes.chunks_mut(8) {
                state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
                for (byte, random) in chunk.iter_mut().zip(state.to_le_bytes()) {
                    *byte = random;
                }
            }
        },
    )
}

/// One transaction per field, as a clerk types.
fn written(folder: &Path, cases: usize) -> Result<Replica, Failure> {
    let path = folder.join("sender.db");
    let key = DatabaseKey::from_bytes([1; 32]);
    let mut replica = Replica::open(&path, &key, SiteId(COUNTER), around())?;
    for _ in 0..cases {
        let case = replica.write(|write| Ok::<_, replica::StoreError>(write.new_case()))?;
        for number in 0..FIELDS {
            replica.write(|write| {
                let field = DraftField {
                    value: FieldValue::Text(
                        "六会市架空町一丁目９番６号　架空ハイツ２０３号室".to_owned(),
                    ),
                    source: Source::Staff,
                    confidence: None,
                    by: StaffId::from("u0312"),
                    at: write.at(),
                    settles: None,
                };
                write.set_field(case, &FieldPath(format!("member.1.note{number}")), &field)
            })?;
        }
    }
    Ok(replica)
}

fn read(sender: &Replica) -> Result<Vec<ChangeBatch>, Failure> {
    let hub = Peer {
        site: SiteId([9; 16]),
        branch: "00".to_owned(),
        role: PeerRole::Hub,
    };
    let (mut batches, mut after) = (Vec::new(), 0);
    while let Some(batch) = sender.changes(&hub, SiteId(COUNTER), after, BATCH_BYTES)? {
        after = batch.through;
        batches.push(batch);
    }
    Ok(batches)
}

fn ours(path: &Path, batches: &[ChangeBatch]) -> Result<f64, Failure> {
    let key = DatabaseKey::from_bytes([2; 32]);
    let mut hub = Replica::open(path, &key, SiteId([9; 16]), around())?;
    let peer = Peer {
        site: SiteId(COUNTER),
        branch: "07".to_owned(),
        role: PeerRole::Counter,
    };
    let ((), seconds) = timed(|| {
        for batch in batches {
            let applied = hub.apply(&peer, batch, |_, _| Ok(()))?;
            if !matches!(applied, Applied::Done { .. }) {
                return Err(format!("not applied: {applied:?}").into());
            }
        }
        Ok(())
    })?;
    Ok(seconds)
}

/// The same settings, and nothing but cr-sqlite.
#[expect(clippy::disallowed_methods, reason = "the peer is the bare database")]
fn raw(path: &Path, batches: &[ChangeBatch]) -> Result<f64, Failure> {
    let mut connection = Connection::open(path)?;
    let key = "x'0303030303030303030303030303030303030303030303030303030303030303'";
    connection.pragma_update(None, "key", key)?;
    connection.pragma_update(None, "journal_mode", "wal")?;
    connection.pragma_update(None, "synchronous", "full")?;
    crsqlite::load(&connection)?;
    connection.execute_batch(include_str!("../migrations/0001-create-case-records.sql"))?;
    let ((), seconds) = timed(|| {
        for batch in batches {
            let transaction = connection.transaction()?;
            let mut insert = transaction.prepare_cached(
                "INSERT INTO crsql_changes
                 (\"table\", pk, cid, val, col_version, db_version, site_id, cl, seq, ts)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)",
            )?;
            for change in &batch.changes {
                let CellValue::Blob(value) = &change.value else {
                    return Err("a value is no blob".into());
                };
                insert.execute(params![
                    change.table,
                    change.key,
                    change.column,
                    value,
                    change.column_version,
                    change.version,
                    batch.site.0,
                    change.causal_length,
                    change.sequence,
                    change.at,
                ])?;
            }
            drop(insert);
            transaction.commit()?;
        }
        Ok(())
    })?;
    crsqlite::finalize(&connection)?;
    Ok(seconds)
}
