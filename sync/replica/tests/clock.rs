//! What a peer's clock does to ours.

use replica::{DatabaseKey, Replica, StoreError, Surroundings};
use sync_protocol::SiteId;

const NOON_MS: u64 = 1_806_000_000_000;

#[test]
fn what_is_written_after_a_hello_is_later_than_what_the_peer_wrote() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("1.db");
    let around = Surroundings::new(|| NOON_MS, |bytes| bytes.fill(7));
    let key = DatabaseKey::from_bytes([1; 32]);
    let mut replica = Replica::open(&path, &key, SiteId([1; 16]), around).unwrap();
    let an_hour_ahead = (NOON_MS + 3_600_000) << 16;
    replica.heard_clock(an_hour_ahead);
    let at = replica
        .write(|write| Ok::<_, StoreError>(write.at()))
        .unwrap();
    assert!(at.0 > an_hour_ahead);
    replica.heard_clock(NOON_MS << 16);
    let next = replica
        .write(|write| Ok::<_, StoreError>(write.at()))
        .unwrap();
    assert!(next > at, "an earlier clock changes nothing");
}
