//! Records: a field saved crash-safe. How fast they enter head office: `todoke-sync-bench --only apply`.

use anyhow::Result;
use counter_domain::draft::{FieldPath, FieldValue, Source};
use counter_domain::ids::{BranchCode, CaseId, DeviceId, StaffId};
use counter_store::{CounterStore, FieldEntry, NewCase};
use replica::{DatabaseKey, Surroundings};

use crate::figure::{Figure, percentile, time};

const CASES: usize = 100;
/// What a household of four has on the screen.
const FIELDS: usize = 40;
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
