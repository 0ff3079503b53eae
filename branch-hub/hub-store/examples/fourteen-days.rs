//! Fills a hub's folder, made with `todoke-hub init`, with a made-up fortnight of seven counters:
//! `cargo run -p hub-store --example fourteen-days -- DIR`. For looking at the operations pages and
//! for training; everything in it is invented.
#![expect(clippy::unwrap_used, reason = "an example stops at the first surprise")]

use std::error::Error;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use counter_domain::ids::{BranchCode, DeviceId};
use device_health::{DatasetHeld, DeviceReport, DiskSpace, KeptAside, Waiting};
use hub_store::{HubStore, SLOT_MS, SLOTS};
use replica::{DatabaseKey, Surroundings};
use sync_engine::{Peer, PeerRole, Store as _};
use sync_protocol::{Hello, SiteId};

const HOUR_MS: u64 = 3_600_000;
const COUNTERS: [(&str, &str); 7] = [
    ("01", "1番窓口"),
    ("01", "2番窓口"),
    ("05", "1番窓口"),
    ("07", "1番窓口"),
    ("07", "2番窓口"),
    ("09", "1番窓口"),
    ("12", "1番窓口"),
];

fn device(at: usize) -> DeviceId {
    DeviceId([u8::try_from(at + 1).unwrap(); 16])
}

/// Whether a counter is heard at a moment: office hours, with the faults a fortnight has.
fn is_heard(at: usize, slot: u64, slots_ago: u64) -> bool {
    let hour = (slot * SLOT_MS / HOUR_MS + 9) % 24;
    let weekday = (slot * SLOT_MS / (24 * HOUR_MS) + 4) % 7;
    let open = (8..18).contains(&hour) && weekday != 0 && weekday != 6;
    match at {
        // The line of branch 07 was down for two days, counter 2 works badly ever since.
        3 | 4 if (400..590).contains(&slots_ago) => false,
        4 => open && !slot.is_multiple_of(3),
        // Never switched off.
        0 => true,
        // Not heard since the day before yesterday.
        5 => open && slots_ago > 200,
        _ => open || slots_ago == 0,
    }
}

fn report(at: usize, now_ms: u64) -> DeviceReport {
    let waiting = |records, blobs, blob_bytes| Waiting {
        records,
        record_bytes: records * 700,
        blobs,
        blob_bytes,
        at_least: false,
    };
    let held = |name: &str, version| DatasetHeld {
        name: name.to_owned(),
        version,
        since_unix_ms: Some(now_ms - 40 * HOUR_MS),
    };
    DeviceReport {
        to_send: match at {
            4 => waiting(131, 44, 38_400_000),
            5 => waiting(12, 2, 1_260_000),
            _ => waiting(0, 0, 0),
        },
        kept_aside: if at == 4 {
            vec![KeptAside {
                reason: "document malformed".to_owned(),
                since_unix_ms: now_ms - 5 * HOUR_MS,
                records: 3,
            }]
        } else {
            Vec::new()
        },
        datasets: vec![held("staff", 1), held("settings", 2)],
        disk: Some(DiskSpace {
            free_bytes: if at == 2 { 150 << 20 } else { 41_300_000_000 },
            total_bytes: 60_000_000_000,
        }),
        database_bytes: 412_000_000,
        clock_ahead_ms: Some(if at == 3 { -125_000 } else { 180 }),
        certificate_until_unix_ms: Some(now_ms + 90 * 24 * HOUR_MS),
        confirmed_unix_ms: Some(now_ms - 60_000),
        neighbours: u16::from(at < 2),
        ..DeviceReport::default()
    }
}

fn hear(hub: &mut HubStore, at: usize, now_ms: u64, head: u64) {
    let site = SiteId(device(at).0);
    let ahead: i64 = if at == 3 { -125_000 } else { 180 };
    let hello = Hello {
        version_min: 1,
        version_current: 3,
        schema_version: replica::SCHEMA_VERSION,
        site,
        vector: [(site, head)].into(),
        subscriptions: Vec::new(),
        unix_ms: now_ms.saturating_add_signed(ahead),
        hlc: 0,
    };
    let peer = Peer {
        site,
        branch: COUNTERS[at].0.to_owned(),
        role: PeerRole::Counter,
    };
    hub.note_contact(device(at), Some("0.1.0")).unwrap();
    hub.heard_hello(&peer, &hello).unwrap();
}

fn main() -> Result<(), Box<dyn Error>> {
    let folder = std::env::args().nth(1).ok_or("which folder?")?;
    let folder = Path::new(&folder);
    let about: serde_json::Value =
        serde_json::from_slice(&std::fs::read(folder.join("hub.json"))?)?;
    let own: DeviceId = serde_json::from_value(about["device"].clone())?;
    let key = DatabaseKey::from_hex(std::fs::read_to_string(folder.join("database.key"))?.trim())?;
    let end_ms: u64 = std::env::args().nth(2).ok_or("until when?")?.parse()?;
    let now = Arc::new(AtomicU64::new(end_ms));
    let clock = Arc::clone(&now);
    let mut count = 0_u64;
    let around = Surroundings::new(
        move || clock.load(Ordering::Relaxed),
        move |bytes| {
            count += 1;
            let mut hasher = blake3::Hasher::new();
            hasher.update(&count.to_be_bytes());
            hasher.finalize_xof().fill(bytes);
        },
    );
    let mut hub = HubStore::open(&folder.join("hub.sqlite"), &key, own, around)?;
    let first = end_ms / SLOT_MS + 1 - SLOTS;
    now.store(first * SLOT_MS, Ordering::Relaxed);
    for (at, (branch, name)) in COUNTERS.iter().enumerate() {
        let code = hub.issue_enrolment_code(&BranchCode::from(*branch), name, HOUR_MS)?;
        hub.redeem_enrolment_code(&code, device(at), [5; 32])?;
    }
    for slot in first..=end_ms / SLOT_MS {
        let slots_ago = end_ms / SLOT_MS - slot;
        let moment = if slots_ago == 0 {
            end_ms
        } else {
            slot * SLOT_MS
        };
        now.store(moment, Ordering::Relaxed);
        // Head office itself was off for a night.
        if (700..730).contains(&slots_ago) {
            continue;
        }
        for at in 0..COUNTERS.len() {
            if is_heard(at, slot, slots_ago) {
                let waiting = if at == 4 {
                    131_u64.saturating_sub(slots_ago)
                } else {
                    slot % 7
                };
                hear(&mut hub, at, moment, waiting);
                hub.note_report(device(at), &report(at, moment))?;
            }
        }
        hub.take_samples()?;
    }
    hub.close()?;
    Ok(())
}
