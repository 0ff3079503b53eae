//! A disk that fills up in the middle of a merge. Found by the simulator: cr-sqlite stopped tracking
//! what was written afterwards, and nobody ever got it.
#![expect(clippy::unwrap_used, reason = "a test stops at the first surprise")]

use counter_domain::draft::{DraftField, FieldPath, FieldValue, Source};
use counter_domain::ids::{CaseId, StaffId};
use replica::{DatabaseKey, Replica, StoreError, Surroundings};
use sync_engine::{Peer, PeerRole};
use sync_protocol::SiteId;

fn replica(folder: &std::path::Path, number: u8) -> Replica {
    let path = folder.join(format!("{number}.db"));
    let around = Surroundings::new(|| 1_806_000_000_000, |bytes| bytes.fill(7));
    let key = DatabaseKey::from_bytes([number; 32]);
    Replica::open(&path, &key, SiteId([number; 16]), around).unwrap()
}

fn peer(number: u8, role: PeerRole) -> Peer {
    Peer {
        site: SiteId([number; 16]),
        branch: "07".to_owned(),
        role,
    }
}

fn save(replica: &mut Replica, path: &str, length: usize) {
    let written: Result<(), StoreError> = replica.write(|write| {
        let field = DraftField {
            value: FieldValue::Text("架".repeat(length)),
            source: Source::Staff,
            confidence: None,
            by: StaffId::from("u0312"),
            at: write.at(),
            settles: None,
        };
        write.set_field(CaseId([9; 16]), &FieldPath::from(path), &field)
    });
    written.unwrap();
}

#[test]
fn records_written_after_a_merge_failed_on_a_full_disk_still_leave() {
    let folder = tempfile::tempdir().unwrap();
    let (mut here, mut there) = (replica(folder.path(), 1), replica(folder.path(), 2));
    save(&mut there, "member.1.name", 20_000);
    let batch = there
        .changes(&peer(1, PeerRole::Hub), SiteId([2; 16]), 0, 1 << 20)
        .unwrap()
        .unwrap();
    here.limit_pages(Some(0)).unwrap();
    let full = here.apply(&peer(2, PeerRole::Counter), &batch, |_, _| Ok(()));
    assert!(matches!(full, Err(StoreError::DiskFull)), "{full:?}");
    here.limit_pages(Some(1 << 20)).unwrap();
    save(&mut here, "phone", 10);
    let batch = here
        .changes(&peer(9, PeerRole::Hub), SiteId([1; 16]), 0, 1 << 20)
        .unwrap()
        .unwrap();
    assert_eq!(batch.changes.len(), 1);
}

#[test]
fn transaction_that_could_not_travel_is_not_written() {
    let folder = tempfile::tempdir().unwrap();
    let mut here = replica(folder.path(), 1);
    let field = |at| DraftField {
        value: FieldValue::Text("架".repeat(20_000)),
        source: Source::Staff,
        confidence: None,
        by: StaffId::from("u0312"),
        at,
        settles: None,
    };
    let written: Result<(), StoreError> = here.write(|write| {
        for number in 0..80 {
            let path = FieldPath(format!("note.{number}"));
            write.set_field(CaseId([9; 16]), &path, &field(write.at()))?;
        }
        Ok(())
    });
    assert!(
        matches!(written, Err(StoreError::TransactionTooLong { .. })),
        "{written:?}"
    );
    assert_eq!(here.own_version().unwrap(), 0);
}
