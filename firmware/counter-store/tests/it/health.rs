//! What the people who look after a counter are told of its database.

use sync_engine::{PeerRole, Store};

use crate::setting::{Office, peer_of, set, sign, start};

#[test]
fn everything_unsent_is_counted_until_head_office_has_it() {
    let mut office = Office::open();
    let nothing = office.counter(0).health().unwrap();
    assert_eq!(
        (nothing.unsent.transactions, nothing.unsent_blobs.count),
        (0, 0)
    );
    let counter = office.counter(0);
    let case = start(counter, "07").case;
    set(counter, case, "member.1.name", "架空　太郎");
    sign(counter, case);
    let here = counter.health().unwrap();
    assert!(here.unsent.transactions >= 3, "{:?}", here.unsent);
    assert!(here.unsent.bytes > 500, "{:?}", here.unsent);
    assert!(!here.unsent.at_least);
    assert_eq!(here.unsent_blobs.count, 2);
    assert!(here.unsent_blobs.bytes > 0 && here.database_bytes > 100_000);
    office.sync(0);
    let sent = office.counter(0).health().unwrap();
    assert_eq!(sent.unsent.transactions, 0);
    assert_eq!(sent.kept_aside, []);
}

#[test]
fn another_counters_blobs_are_missing_until_they_arrive() {
    let mut office = Office::open();
    let counter = office.counter(0);
    let case = start(counter, "07").case;
    sign(counter, case);
    office.sync(0);
    // Records come before what they name.
    let (hub, there) = (
        peer_of(&office.hub, "00", PeerRole::Hub),
        peer_of(office.counter(1), "07", PeerRole::Counter),
    );
    let site = office.counter(0).site();
    let batch = office.hub.changes(&there, site, 0, 1 << 20).unwrap();
    office.counter(1).apply(&hub, &batch.unwrap()).unwrap();
    let there = office.counter(1).health().unwrap();
    assert_eq!(there.missing_blobs.count, 2, "{there:?}");
    assert!(there.missing_blobs.bytes > 0);
    assert_eq!(there.unsent_blobs.count, 0, "not its own to send");
}

#[test]
fn version_of_a_dataset_is_as_old_as_its_first_look() {
    let mut office = Office::open();
    office.sync(0);
    let staff = |office: &mut Office| {
        let datasets = office.counter(0).health().unwrap().datasets;
        datasets.into_iter().find(|one| one.name == "staff")
    };
    let first = staff(&mut office).map(|one| (one.version, one.since_unix_ms));
    let (version, since) = first.unwrap();
    assert!(since.is_some());
    office.clock.forward(3_600_000);
    let again = staff(&mut office).map(|one| (one.version, one.since_unix_ms));
    assert_eq!(again, Some((version, since)), "looking changes nothing");
    office.publish("staff", b"[]");
    office.sync(0);
    let newer = staff(&mut office).unwrap();
    assert_eq!(newer.version, version + 1);
    assert!(newer.since_unix_ms > since.map(|ms| ms + 3_600_000));
}
