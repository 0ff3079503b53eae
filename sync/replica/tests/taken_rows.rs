//! What was written once stays: no other writer puts anything in its place, whatever cr-sqlite would
//! make of two writers of one row.
#![expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test stops at the first surprise"
)]

use counter_domain::case::{CaseEvent, CaseStep};
use counter_domain::ids::{BlobHash, CaseId, DeviceId, StaffId};
use replica::{BlobKind, BlobRef, DatabaseKey, Replica, StoreError, Surroundings, blob};
use sync_engine::{Applied, BlobPart, BlobProgress, Peer, PeerRole};
use sync_protocol::{CellValue, ChangeBatch, SiteId, VersionVector};
use tempfile::TempDir;

const CASE: CaseId = CaseId([9; 16]);
const OTHER_CASE: CaseId = CaseId([8; 16]);

fn open(folder: &TempDir, number: u8) -> Replica {
    let path = folder.path().join(format!("{number}.db"));
    let mut fill = number;
    let random = move |bytes: &mut [u8]| {
        fill = fill.wrapping_add(16);
        bytes.fill(fill);
    };
    let around = Surroundings::new(|| 1_806_000_000_000, random);
    let key = DatabaseKey::from_bytes([number; 32]);
    Replica::open(&path, &key, SiteId([number; 16]), around).unwrap()
}

fn counter(number: u8) -> Peer {
    Peer {
        site: SiteId([number; 16]),
        branch: "07".to_owned(),
        role: PeerRole::Counter,
    }
}

fn all_of(replica: &Replica) -> ChangeBatch {
    let hub = Peer {
        role: PeerRole::Hub,
        ..counter(9)
    };
    let batch = replica.changes(&hub, replica.site(), 0, 1 << 20);
    batch.unwrap().unwrap()
}

fn step(replica: &mut Replica) {
    let by = StaffId::from("u0312");
    let written: Result<_, StoreError> =
        replica.write(|write| write.add_event(CASE, &by, CaseStep::Released));
    written.unwrap();
}

fn name_blob(replica: &mut Replica, case: CaseId, bytes: &[u8]) -> BlobHash {
    let written: Result<_, StoreError> =
        replica.write(|write| write.put_blob(case, BlobKind::Signature, "image/png", bytes));
    written.unwrap()
}

fn doc(batch: &mut ChangeBatch) -> &mut Vec<u8> {
    match &mut batch.changes.first_mut().unwrap().value {
        CellValue::Blob(doc) => doc,
        CellValue::Null | CellValue::Integer(_) | CellValue::Text(_) => {
            panic!("documents are blobs")
        }
    }
}

/// The first counter's event, told again by the second one as its own with another clock reading:
/// one of the two readings makes cr-sqlite prefer it.
fn forged(true_one: &ChangeBatch, later: bool) -> ChangeBatch {
    let mut forged = true_one.clone();
    forged.site = counter(2).site;
    let doc = doc(&mut forged);
    let mut event: CaseEvent = serde_json::from_slice(doc).unwrap();
    event.device = DeviceId([2; 16]);
    event.by = StaffId::from(if later { "zzzz" } else { "0" });
    *doc = serde_json::to_vec(&event).unwrap();
    forged
}

#[test]
fn event_of_one_counter_is_not_replaced_by_another_one() {
    let folder = tempfile::tempdir().unwrap();
    let (mut hub, mut first) = (open(&folder, 0xF), open(&folder, 1));
    step(&mut first);
    let truth = all_of(&first);
    let taken = hub.apply(&counter(1), &truth, |_, _| Ok(())).unwrap();
    assert_eq!(taken, Applied::Done { changed: 1 });
    for later in [true, false] {
        let refused = hub
            .apply(&counter(2), &forged(&truth, later), |_, _| Ok(()))
            .unwrap();
        let reason = "row is here with other content".to_owned();
        assert_eq!(refused, Applied::Quarantined { reason });
        let events = replica::case_events(hub.reader(), CASE).unwrap();
        let writers: Vec<_> = events.iter().map(|event| event.device).collect();
        assert_eq!(writers, [DeviceId([1; 16])]);
    }
}

#[test]
fn event_that_only_another_device_writes_again_is_the_same() {
    let folder = tempfile::tempdir().unwrap();
    let (mut hub, mut first) = (open(&folder, 0xF), open(&folder, 1));
    step(&mut first);
    let truth = all_of(&first);
    hub.apply(&counter(1), &truth, |_, _| Ok(())).unwrap();
    let mut again = truth;
    again.site = counter(2).site;
    let doc = doc(&mut again);
    let mut event: CaseEvent = serde_json::from_slice(doc).unwrap();
    event.device = DeviceId([2; 16]);
    *doc = serde_json::to_vec(&event).unwrap();
    let taken = hub.apply(&counter(2), &again, |_, _| Ok(())).unwrap();
    assert_eq!(taken, Applied::Done { changed: 1 });
    let events = replica::case_events(hub.reader(), CASE).unwrap();
    assert_eq!(events.len(), 1);
}

#[test]
fn blob_named_with_a_wrong_length_before_still_arrives() {
    let folder = tempfile::tempdir().unwrap();
    let (mut hub, mut first, mut second) = (open(&folder, 0xF), open(&folder, 1), open(&folder, 2));
    let content = b"strokes of a pen";
    let hash = name_blob(&mut first, CASE, content);
    name_blob(&mut second, OTHER_CASE, content);
    let mut false_one = all_of(&second);
    let doc = doc(&mut false_one);
    let mut what: BlobRef = serde_json::from_slice(doc).unwrap();
    what.length = 1_000_000;
    *doc = serde_json::to_vec(&what).unwrap();
    for (from, batch) in [(counter(2), &false_one), (counter(1), &all_of(&first))] {
        let taken = hub.apply(&from, batch, |_, _| Ok(())).unwrap();
        assert_eq!(taken, Applied::Done { changed: 1 });
    }
    let part = BlobPart {
        hash: hash.0,
        offset: 0,
        length: 16,
        bytes: content.to_vec(),
    };
    assert_eq!(hub.store_blob(&part).unwrap(), BlobProgress::Complete);
    assert_eq!(blob(hub.reader(), hash).unwrap().unwrap(), content);
}

#[test]
fn sites_a_peer_makes_up_do_not_fill_the_disk() {
    let folder = tempfile::tempdir().unwrap();
    let (mut hub, mut first) = (open(&folder, 0xF), open(&folder, 1));
    step(&mut first);
    hub.apply(&counter(1), &all_of(&first), |_, _| Ok(()))
        .unwrap();
    for hello in 0..3_u128 {
        let made_up = (1..=1000).map(|n| SiteId((hello << 64 | n).to_be_bytes()));
        let mut told: VersionVector = made_up.map(|site| (site, 5)).collect();
        told.insert(SiteId([1; 16]), 1);
        hub.acknowledged(&counter(1), &told).unwrap();
    }
    let kept: u64 = hub
        .reader()
        .query_row("SELECT count(*) FROM acked", [], |row| row.get(0))
        .unwrap();
    assert!(kept < 1100, "{kept} kept of 3000");
    assert_eq!(hub.acked_by(SiteId([1; 16]), SiteId([1; 16])).unwrap(), 1);
}
