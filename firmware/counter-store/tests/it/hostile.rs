//! What a peer sends that must not be taken.
#![expect(clippy::unwrap_used, reason = "a test stops at what it did not expect")]

use counter_domain::ids::{CaseId, DeviceId};
use replica::{BlobKind, StoreError};
use sync_engine::{Applied, BlobProgress, Peer, PeerRole, Store};
use sync_protocol::{CellValue, Change, ChangeBatch, SiteId};

use crate::setting::{NOON, Office, peer_of, set, sign, start};

/// A good transaction of counter 1: a start of a case.
fn good(office: &mut Office) -> (Peer, ChangeBatch) {
    start(office.counter(0), "07");
    let there = peer_of(office.counter(0), "07", PeerRole::Counter);
    let here = peer_of(&office.hub, "00", PeerRole::Hub);
    let batch = office
        .counter(0)
        .changes(&here, there.site, 0, 1 << 20)
        .unwrap()
        .unwrap();
    (there, batch)
}

#[track_caller]
fn check(spoil: impl FnOnce(&mut Change), expected: &str) {
    let mut office = Office::open();
    let (there, batch) = good(&mut office);
    let mut spoilt = batch.clone();
    spoil(&mut spoilt.changes[0]);
    let applied = office.hub.apply(&there, &spoilt).unwrap();
    assert_eq!(
        applied,
        Applied::Quarantined {
            reason: expected.to_owned()
        }
    );
    assert_eq!(office.hub.quarantine().unwrap()[0].reason, expected);
    assert!(office.hub.cases(9).unwrap().is_empty());
    // The good one still goes in, and nothing stays aside.
    assert_eq!(
        office.hub.apply(&there, &batch).unwrap(),
        Applied::Done { changed: 1 }
    );
    assert!(office.hub.quarantine().unwrap().is_empty());
    assert_eq!(office.hub.queue().unwrap().len(), 0);
    assert_eq!(office.hub.cases(9).unwrap().len(), 1);
}

#[test]
fn malformed_keys_are_refused_and_the_process_lives() {
    for key in [
        &b""[..],
        b"\x01\x49\x00",
        b"\x02\x0c\x10abc",
        b"\x01\x0c\x01a",
        &[0xff; 40],
    ] {
        check(|change| change.key = key.to_vec(), "primary key malformed");
    }
}

#[test]
fn values_and_versions_out_of_bounds_are_refused() {
    check(
        |change| change.column_version = 1 << 40,
        "cell of this table is never rewritten",
    );
    check(
        |change| change.column_version = 0,
        "cell of this table is never rewritten",
    );
    check(
        |change| change.causal_length = 2,
        "rows of this table are never deleted",
    );
    check(
        |change| change.column = "-1".to_owned(),
        "rows of this table are never deleted",
    );
    check(
        |change| change.value = CellValue::Text("x".to_owned()),
        "value has another type than its column",
    );
    check(
        |change| change.value = CellValue::Blob(b"no json".to_vec()),
        "document malformed",
    );
    check(
        |change| change.value = CellValue::Blob(vec![b' '; 1 << 20]),
        "value too long",
    );
    check(
        |change| change.version = 9,
        "versions do not follow one another",
    );
    check(
        |change| change.at = (((NOON + (40 << 32)) << 16) | 1).to_string(),
        "clock too far ahead",
    );
    check(
        |change| change.table = "sqlite_master; --".to_owned(),
        "table or column name malformed",
    );
}

#[test]
fn counter_cannot_speak_for_head_office_or_another_counter() {
    let mut office = Office::open();
    let (there, batch) = good(&mut office);
    let liar = Peer {
        site: SiteId([3; 16]),
        ..there.clone()
    };
    let reason = "site is not the peer's".to_owned();
    assert_eq!(
        office.hub.apply(&liar, &batch).unwrap(),
        Applied::Quarantined { reason }
    );
    let mut accepted = batch.clone();
    let CellValue::Blob(doc) = &accepted.changes[0].value else {
        panic!("no document")
    };
    let mut event: serde_json::Value = serde_json::from_slice(doc).unwrap();
    event["what"] = serde_json::json!({ "kind": "completed" });
    accepted.changes[0].value = CellValue::Blob(serde_json::to_vec(&event).unwrap());
    let reason = "step is not this office's to take".to_owned();
    assert_eq!(
        office.hub.apply(&there, &accepted).unwrap(),
        Applied::Quarantined { reason }
    );
}

#[test]
fn counter_cannot_write_to_another_branchs_case() {
    let mut office = Office::open();
    let case = start(office.counter(0), "07").case;
    office.sync(0);
    // Counter 3 of branch 02 gets hold of the case by other means.
    let other = start(office.counter(2), "02").case;
    set(office.counter(2), other, "member.1.name", "架空　太郎");
    let there = peer_of(office.counter(2), "02", PeerRole::Counter);
    let here = peer_of(&office.hub, "00", PeerRole::Hub);
    let mut batch = office
        .counter(2)
        .changes(&here, there.site, 0, 1 << 20)
        .unwrap()
        .unwrap();
    let draft = batch
        .changes
        .iter_mut()
        .find(|change| change.table == "draft")
        .unwrap();
    draft.key[3..19].copy_from_slice(case.as_bytes());
    let reason = "case belongs to another branch".to_owned();
    assert_eq!(
        office.hub.apply(&there, &batch).unwrap(),
        Applied::Quarantined { reason }
    );
    // What came before the refused transaction is in.
    assert!(office.hub.case(other).unwrap().is_some());
    assert_eq!(office.hub.vector().unwrap()[&there.site], 1);
}

#[test]
fn newer_schema_is_kept_and_forwarded() {
    let mut office = Office::open();
    let (there, mut batch) = good(&mut office);
    let mut newer = batch.changes[0].clone();
    newer.table = "case_note".to_owned();
    newer.column = "text".to_owned();
    newer.value = CellValue::Text("later".to_owned());
    newer.sequence += 1;
    batch.changes.push(newer.clone());
    assert_eq!(
        office.hub.apply(&there, &batch).unwrap(),
        Applied::Done { changed: 2 }
    );
    let second = peer_of(office.counter(1), "07", PeerRole::Counter);
    let forwarded = office
        .hub
        .changes(&second, there.site, 0, 1 << 20)
        .unwrap()
        .unwrap();
    assert!(forwarded.changes.contains(&newer));
    let here = peer_of(&office.hub, "00", PeerRole::Hub);
    assert_eq!(
        office.counter(1).apply(&here, &forwarded).unwrap(),
        Applied::Done { changed: 2 }
    );
}

#[test]
fn dataset_without_the_hubs_signature_is_not_wanted() {
    let mut office = Office::open();
    let mut offer = office.hub.datasets().unwrap().remove(0);
    assert_eq!(office.counter(0).dataset_wanted(&offer).unwrap(), Some(0));
    offer.version += 1;
    assert_eq!(office.counter(0).dataset_wanted(&offer).unwrap(), None);
}

#[test]
fn spoilt_blob_is_thrown_away_and_fetched_again() {
    let mut office = Office::open();
    let case = start(office.counter(0), "07").case;
    sign(office.counter(0), case);
    let there = peer_of(office.counter(0), "07", PeerRole::Counter);
    let here = peer_of(&office.hub, "00", PeerRole::Hub);
    let batch = office
        .counter(0)
        .changes(&here, there.site, 0, 1 << 20)
        .unwrap()
        .unwrap();
    office.hub.apply(&there, &batch).unwrap();
    let wanted = office.hub.blobs_wanted(9).unwrap();
    assert_eq!(wanted.len(), 2);
    let strokes = wanted[0].hash;
    let mut part = office
        .counter(0)
        .blob_part(&here, strokes, 0, 1 << 20)
        .unwrap()
        .unwrap();
    part.bytes[0] ^= 1;
    assert_eq!(
        office.hub.store_blob(&there, &part).unwrap(),
        BlobProgress::Corrupt
    );
    part.bytes[0] ^= 1;
    assert_eq!(
        office.hub.store_blob(&there, &part).unwrap(),
        BlobProgress::Complete
    );
    part.hash = [9; 32];
    assert_eq!(
        office.hub.store_blob(&there, &part).unwrap(),
        BlobProgress::Unwanted
    );
}

#[test]
fn broken_audit_chain_stops_before_the_break() {
    let mut office = Office::open();
    for _ in 0..3 {
        start(office.counter(0), "07");
    }
    let there = peer_of(office.counter(0), "07", PeerRole::Counter);
    let mut entries = office
        .counter(0)
        .stream_entries(there.site, 0, 1 << 20)
        .unwrap();
    let good = entries.clone();
    entries[1].body.push(b' ');
    assert_eq!(office.hub.append_stream(&there, &entries).unwrap(), 2);
    assert_eq!(office.hub.append_stream(&there, &good).unwrap(), 2);
    let report = office.hub.audit_verify().unwrap();
    let chain = report
        .iter()
        .find(|chain| chain.device == DeviceId([1; 16]))
        .unwrap();
    assert_eq!(chain.broken_at, None);
}

#[test]
fn unbounded_blob_is_refused_by_the_store() {
    let folder = tempfile::tempdir().unwrap();
    let clock = crate::setting::Clock::at(NOON);
    let path = folder.path().join("replica.db");
    let mut replica = replica::Replica::open(
        &path,
        &crate::setting::key(1),
        SiteId([1; 16]),
        clock.around(1),
    )
    .unwrap();
    let outcome = replica.write(|write| {
        write
            .put_blob(CaseId([1; 16]), BlobKind::Scan, "image/png", b"")
            .map(|_| ())
    });
    assert!(matches!(outcome, Err(StoreError::Bounds { .. })));
}
