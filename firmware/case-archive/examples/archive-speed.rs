//! How fast filings are kept and found: `cargo run --release -p case-archive --example archive-speed [filings]`.
//!
//! Files invented families with their records in one encrypted database, many in a transaction as head
//! office takes them in after an outage, says every fiftieth of them how far it is, then hands in some
//! one by one as a counter does, and asks what people ask, warm and, with a small page cache emptied by
//! reopening, cold. Limits: 5 ms to keep one, 50 ms to find warm, 1 s cold, at a million filings.
//! Keeping is measured in time on a processor, finding by the clock.

#![expect(
    clippy::disallowed_methods,
    reason = "a measurement for a person to read"
)]

use std::error::Error;
use std::ops::Range;
use std::path::Path;
use std::time::{Duration, Instant};

use case_archive::{ArchiveQuery, find, keep, merge, open, project};
use counter_domain::case::{CaseStep, CaseSummary, fold};
use counter_domain::draft::{FieldPath, FieldValue, Source};
use counter_domain::ids::{BlobHash, BranchCode, CaseId, SnapshotHash, StaffId};
use counter_domain::snapshot::{Snapshot, SnapshotField};
use replica::{DatabaseKey, Replica, StoreError, Surroundings, Write};
use sync_protocol::SiteId;

const SURNAMES: [(&str, &str); 8] = [
    ("佐藤", "サトウ"),
    ("鈴木", "スズキ"),
    ("髙橋", "タカハシ"),
    ("田中", "タナカ"),
    ("渡邉", "ワタナベ"),
    ("林", "ハヤシ"),
    ("架空", "カクウ"),
    ("山﨑", "ヤマザキ"),
];
const GIVEN: [(&str, &str); 10] = [
    ("太郎", "タロウ"),
    ("花子", "ハナコ"),
    ("一", "ハジメ"),
    ("桜", "サクラ"),
    ("健", "ケン"),
    ("由美", "ユミ"),
    ("翔太", "ショウタ"),
    ("さくら", "サクラ"),
    ("誠", "マコト"),
    ("陽菜", "ヒナ"),
];
const QUERIES: [&str; 8] = [
    "佐藤",
    "サトウ",
    "渡辺 桜",
    "ヤマザキ 1971-03-05",
    "1980-07-14",
    "12-310042",
    "本町3-11",
    "林 一 S50.1.9",
];
/// Filings kept in one transaction.
const BATCH: u32 = 500;
/// How often it is said how far it is.
const PARTS: u32 = 50;
/// Filings kept alone at the end.
const ALONE: u32 = 2_000;

type Failure = Box<dyn Error>;

#[expect(clippy::print_stdout, reason = "a measurement is printed")]
fn main() -> Result<(), Failure> {
    let count: u32 = std::env::args()
        .nth(1)
        .map_or(Ok(100_000), |text| text.parse())?;
    let folder = tempfile::tempdir()?;
    let path = folder.path().join("archive.db");
    let mut replica = opened(&path)?;
    let start = Instant::now();
    let mut keeping = Duration::ZERO;
    for first in (0..count).step_by(usize::try_from(BATCH)?) {
        let numbers = first..count.min(first + BATCH);
        let done = numbers.end;
        // Each step of a case has a moment of its own, as at a counter.
        let begun = replica.write(|write| begin(write, numbers))?;
        let signed = replica.write(|write| sign(write, &begun))?;
        keeping += replica.write(|write| submit_together(write, &signed))?;
        if done % (count / PARTS).max(BATCH) < BATCH {
            println!(
                "{done} filings after {:.0} s",
                start.elapsed().as_secs_f64()
            );
        }
    }
    println!(
        "kept together: mean {:.3} ms",
        ms(keeping) / f64::from(count)
    );
    let alone: Vec<(f64, f64)> = (count..count + ALONE)
        .map(|number| one_alone(&mut replica, number))
        .collect::<Result<_, _>>()?;
    let (kept, whole): (Vec<f64>, Vec<f64>) = alone.into_iter().unzip();
    for (what, mut took) in [
        ("kept alone (limit 5)", kept),
        ("the same with its record and commit", whole),
    ] {
        took.sort_by(f64::total_cmp);
        println!(
            "{what}: mean {:.2} ms, 99 of 100 within {:.2} ms, worst {:.2} ms",
            took.iter().sum::<f64>() / f64::from(ALONE),
            took.get(took.len() * 99 / 100).copied().unwrap_or_default(),
            took.last().copied().unwrap_or_default()
        );
    }
    println!("database {} MiB", std::fs::metadata(&path)?.len() >> 20);
    drop(replica);
    for words in QUERIES {
        let replica = opened(&path)?;
        let (cold, found) = timed(&replica, words)?;
        let mut warm: Vec<f64> = (0..20)
            .map(|_| timed(&replica, words).map(|(ms, _)| ms))
            .collect::<Result<_, _>>()?;
        warm.sort_by(f64::total_cmp);
        let middle = warm.get(10).copied().unwrap_or_default();
        println!(
            "find: {found:>2} found, cold {cold:.1} ms (limit 1000), warm {middle:.2} ms (limit 50)  {words}"
        );
    }
    Ok(())
}

/// Time of this thread on a processor: what others on the same machine do is not in it.
fn on_processor() -> Duration {
    let told = std::fs::read_to_string("/proc/thread-self/schedstat").unwrap_or_default();
    let nanos = told.split(' ').next().and_then(|text| text.parse().ok());
    Duration::from_nanos(nanos.unwrap_or_default())
}

/// The last step of a filing in a transaction of its own: how long its projection takes, and how long
/// that with record and commit.
fn one_alone(replica: &mut Replica, number: u32) -> Result<(f64, f64), Failure> {
    let begun = replica.write(|write| begin(write, number..number + 1))?;
    let signed = replica.write(|write| sign(write, &begun))?;
    let start = on_processor();
    let kept = replica.write(|write| submit_alone(write, &signed))?;
    Ok((ms(kept), ms(on_processor().saturating_sub(start))))
}

fn ms(time: Duration) -> f64 {
    time.as_secs_f64() * 1e3
}

fn timed(replica: &Replica, words: &str) -> Result<(f64, usize), Failure> {
    let query = ArchiveQuery::new(words, 50)?;
    let start = Instant::now();
    let found = find(replica.reader(), &query)?;
    Ok((ms(start.elapsed()), found.filings.len()))
}

fn opened(path: &Path) -> Result<Replica, Failure> {
    let mut state = 1_u64;
    let around = Surroundings::new(
        || 1_795_219_200_000,
        move |bytes| {
            for byte in bytes {
                state = state
                    .wrapping_mul(6_364_136_223_846_793_005)
                    .wrapping_add(1);
                *byte = state.to_be_bytes()[0];
            }
        },
    );
    let key = DatabaseKey::from_bytes([9; 32]);
    let mut replica = Replica::open(path, &key, SiteId([7; 16]), around)?;
    replica.open_protection()?;
    open(&mut replica)?;
    Ok(replica)
}

fn begin(write: &mut Write<'_>, numbers: Range<u32>) -> Result<Vec<Snapshot>, StoreError> {
    numbers
        .map(|number| {
            let content = snapshot(write.new_case(), number);
            let step = CaseStep::Started {
                branch: BranchCode::from("12"),
                receipt_number: content.receipt_number.clone(),
            };
            write.add_event(content.case_id, &StaffId::from("u0312"), step)?;
            Ok(content)
        })
        .collect()
}

fn sign(
    write: &mut Write<'_>,
    begun: &[Snapshot],
) -> Result<Vec<(CaseId, SnapshotHash)>, StoreError> {
    begun
        .iter()
        .map(|content| {
            let snapshot = write.put_snapshot(content.case_id, content)?;
            let step = CaseStep::Signed {
                snapshot,
                strokes: BlobHash([0; 32]),
                form: BlobHash([0; 32]),
            };
            write.add_event(content.case_id, &StaffId::from("u0312"), step)?;
            Ok((content.case_id, snapshot))
        })
        .collect()
}

/// How long keeping took, as one filing in a transaction is kept.
fn submit_alone(
    write: &mut Write<'_>,
    signed: &[(CaseId, SnapshotHash)],
) -> Result<Duration, StoreError> {
    let mut sum = Duration::ZERO;
    for one in signed {
        let summary = submitted(write, one)?;
        let start = on_processor();
        project(write.connection(), one.0, &summary, Some(&office()))?;
        sum += on_processor().saturating_sub(start);
    }
    Ok(sum)
}

/// How long keeping took, as many filings in a transaction are kept.
fn submit_together(
    write: &mut Write<'_>,
    signed: &[(CaseId, SnapshotHash)],
) -> Result<Duration, StoreError> {
    let (mut sum, mut count) = (Duration::ZERO, 0);
    for one in signed {
        let summary = submitted(write, one)?;
        let start = on_processor();
        count += keep(write.connection(), one.0, &summary, Some(&office()))?;
        sum += on_processor().saturating_sub(start);
    }
    let start = on_processor();
    merge(write.connection(), count)?;
    Ok(sum + on_processor().saturating_sub(start))
}

fn submitted(
    write: &mut Write<'_>,
    (case, snapshot): &(CaseId, SnapshotHash),
) -> Result<CaseSummary, StoreError> {
    let step = CaseStep::Submitted {
        snapshot: *snapshot,
    };
    write.add_event(*case, &StaffId::from("u0312"), step)?;
    Ok(fold(&replica::case_events(write.connection(), *case)?))
}

fn office() -> BranchCode {
    BranchCode::from("12")
}

fn snapshot(case: CaseId, number: u32) -> Snapshot {
    let mut snapshot = Snapshot {
        version: 1,
        case_id: case,
        receipt_number: format!("12-{number:06}-{}", number % 10),
        form: "resident-move/1".to_owned(),
        forms: Vec::new(),
        filed_on: format!(
            "20{:02}-{:02}-{:02}",
            26 + number % 3,
            1 + number % 12,
            1 + number % 28
        ),
        language: "ja".to_owned(),
        fields: std::collections::BTreeMap::new(),
        procedures: Vec::new(),
    };
    let mut put = |path: String, text: String| {
        let value = FieldValue::Text(text);
        let source = Source::Staff;
        snapshot
            .fields
            .insert(FieldPath(path), SnapshotField { value, source });
    };
    put("event.type".to_owned(), "move_in".to_owned());
    put(
        "address.new".to_owned(),
        format!(
            "架空市本町{}丁目{}番{}号",
            1 + number % 5,
            1 + number % 90,
            1 + number % 40
        ),
    );
    let surname = pick(&SURNAMES, number / 7);
    for member in 0..=(number % 4) {
        let given = pick(&GIVEN, number / 11 + member * 3);
        let (year, day) = (1940 + (number / 13 + member * 20) % 80, 1 + number % 28);
        put(
            format!("member.{}.name", member + 1),
            format!("{}　{}", surname.0, given.0),
        );
        put(
            format!("member.{}.kana", member + 1),
            format!("{}　{}", surname.1, given.1),
        );
        put(
            format!("member.{}.birth_date", member + 1),
            format!("{year}-{:02}-{day:02}", 1 + number % 12),
        );
    }
    snapshot
}

fn pick<'t>(table: &'t [(&'t str, &'t str)], number: u32) -> (&'t str, &'t str) {
    let place = usize::try_from(number).unwrap_or(0) % table.len();
    table.get(place).copied().unwrap_or_default()
}
