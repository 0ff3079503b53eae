//! What every replica must show after any order of batches.
#![expect(clippy::unwrap_used, reason = "a test stops at what it did not expect")]

use counter_domain::ids::CaseId;
use proptest::prelude::*;
use sync_engine::{Applied, PeerRole, Store};
use sync_protocol::{ChangeBatch, Message};

use crate::setting::{Office, clerk, peer_of, set, start};

#[test]
fn second_receive_changes_nothing() {
    let mut office = Office::open();
    start(office.counter(0), "07");
    let there = peer_of(office.counter(0), "07", PeerRole::Counter);
    let here = peer_of(&office.hub, "00", PeerRole::Hub);
    let batch = office
        .counter(0)
        .changes(&here, there.site, 0, 1 << 20)
        .unwrap()
        .unwrap();
    assert_eq!(
        office.hub.apply(&there, &batch).unwrap(),
        Applied::Done { changed: 1 }
    );
    assert_eq!(office.hub.apply(&there, &batch).unwrap(), Applied::Known);
    let later = ChangeBatch {
        after: 5,
        through: 6,
        ..batch
    };
    assert_eq!(
        office.hub.apply(&there, &later).unwrap(),
        Applied::Gap { have: 1 }
    );
}

#[test]
fn two_counters_values_stay_until_a_person_chooses() {
    let mut office = Office::open();
    let case = start(office.counter(0), "07").case;
    office.sync(0);
    office.sync(1);
    for edit in ["架空　一", "架空　二", "架空　三"] {
        set(office.counter(0), case, "member.1.name", edit);
    }
    // One later edit beats three earlier ones: the clock decides, not the count of edits.
    set(office.counter(1), case, "member.1.name", "架空　花子");
    settle(&mut office);
    for index in [0, 1] {
        let board = office.counter(index).board(9).unwrap();
        assert!(board[0].to_check);
        assert_eq!(board[0].persons, ["架空　花子"]);
    }
    assert!(office.hub.cases(9).unwrap()[0].to_check);
    let first = office.counter(0).device();
    let path = "member.1.name".into();
    office
        .counter(1)
        .choose_value(case, &clerk(), &path, first)
        .unwrap();
    settle(&mut office);
    for index in [0, 1] {
        let board = office.counter(index).board(9).unwrap();
        assert!(!board[0].to_check);
        assert_eq!(board[0].persons, ["架空　三"]);
    }
}

#[test]
fn another_branch_sees_nothing() {
    let mut office = Office::open();
    let case = start(office.counter(0), "07").case;
    set(office.counter(0), case, "member.1.name", "架空　太郎");
    crate::setting::sign(office.counter(0), case);
    for index in [0, 2, 1] {
        office.sync(index);
    }
    assert!(office.counter(2).case(case).unwrap().is_none());
    assert!(office.counter(2).blobs_wanted(9).unwrap().is_empty());
    // What it may not see counts as held, so it is not offered again.
    let first = office.counter(0).site();
    assert_eq!(
        office.counter(2).vector().unwrap()[&first],
        office.hub.vector().unwrap()[&first]
    );
    assert_eq!(
        office.counter(1).board(9).unwrap()[0].persons,
        ["架空　太郎"]
    );
    let stranger = peer_of(office.counter(2), "02", PeerRole::Counter);
    let form = office.hub.case(case).unwrap().unwrap().blobs[0].hash;
    assert!(
        office
            .hub
            .blob_part(&stranger, form.0, 0, 100)
            .unwrap()
            .is_none()
    );
}

/// Records of another branch are at head office, their papers not yet: its line may be down for days.
#[test]
fn a_branch_is_asked_for_its_own_papers_only() {
    let mut office = Office::open();
    for _ in 0..3 {
        let case = start(office.counter(0), "07").case;
        crate::setting::sign(office.counter(0), case);
    }
    let sender = peer_of(office.counter(0), "07", PeerRole::Counter);
    let head_office = peer_of(&office.hub, "00", PeerRole::Hub);
    let batch = office
        .counter(0)
        .changes(&head_office, sender.site, 0, 1 << 20);
    office.hub.apply(&sender, &batch.unwrap().unwrap()).unwrap();
    let case = start(office.counter(2), "02").case;
    crate::setting::sign(office.counter(2), case);
    let said = crate::handing::converse(&mut office, 2);
    let papers = office.hub.case(case).unwrap().unwrap().blobs;
    for message in said {
        if let Message::BlobWants(wants) = message {
            let is_own = |hash| papers.iter().any(|paper| paper.hash.0 == hash);
            assert!(wants.iter().all(|want| is_own(want.hash)));
        }
    }
    assert!(papers.iter().all(|paper| paper.complete));
    assert!(office.counter(2).blobs_unconfirmed(9).unwrap().is_empty());
}

#[test]
fn restored_backup_stops_instead_of_losing_records() {
    let mut office = Office::open();
    let path = office.folder.path().join("counter-1.db");
    let case = start(office.counter(0), "07").case;
    let (store, branch) = office.counters.remove(0);
    store.close().unwrap();
    let backup = std::fs::read(&path).unwrap();
    let store = crate::setting::counter(office.folder.path(), 1, &office.clock);
    office.counters.insert(0, (store, branch));
    set(office.counter(0), case, "member.1.name", "架空　太郎");
    office.sync(0);
    let (store, _) = office.counters.remove(0);
    store.close().unwrap();
    std::fs::write(&path, backup).unwrap();

    let mut store = crate::setting::counter(office.folder.path(), 1, &office.clock);
    let here = peer_of(&office.hub, "00", PeerRole::Hub);
    let held = office.hub.vector().unwrap();
    assert!(store.acknowledged(&here, &held).is_err());
    let change = [crate::setting::entry("member.1.name", "架空　次郎")];
    let refused = store.set_fields(case, &clerk(), &change).unwrap_err();
    assert!(refused.to_string().contains("older than"), "{refused}");
}

/// Until nobody has anything new.
fn settle(office: &mut Office) {
    for _ in 0..2 {
        for index in [0, 1, 2] {
            office.sync(index);
        }
    }
}

#[derive(Debug, Clone)]
enum Step {
    Start(usize),
    Set(usize, usize, &'static str, String),
    /// Sends some transactions to the hub, maybe old ones again.
    Push(usize, u64),
    /// Fetches some transactions of some site from the hub, maybe out of turn.
    Pull(usize, u8, u64),
}

fn step() -> impl Strategy<Value = Step> {
    let path = prop::sample::select(vec!["member.1.name", "member.2.name", "event.type"]);
    prop_oneof![
        1 => (0..2_usize).prop_map(Step::Start),
        4 => (0..2_usize, 0..3_usize, path, "[あ-ん]{1,4}").prop_map(|(c, n, p, v)| Step::Set(c, n, p, v)),
        3 => (0..2_usize, 0..6_u64).prop_map(|(c, back)| Step::Push(c, back)),
        3 => (0..2_usize, 1..3_u8, 0..6_u64).prop_map(|(c, site, back)| Step::Pull(c, site, back)),
    ]
}

fn play(office: &mut Office, steps: &[Step]) {
    let mut cases: Vec<CaseId> = Vec::new();
    let hub_peer = peer_of(&office.hub, "00", PeerRole::Hub);
    for step in steps {
        match step {
            Step::Start(counter) => cases.push(start(office.counter(*counter), "07").case),
            Step::Set(counter, nth, path, value) => {
                let known = cases.get(*nth).copied();
                let counter = office.counter(*counter);
                if let Some(case) = known.filter(|case| counter.case(*case).unwrap().is_some()) {
                    set(counter, case, path, value);
                }
            }
            Step::Push(index, back) => {
                let (counter, branch) = &mut office.counters[*index];
                let site = counter.site();
                let have = office
                    .hub
                    .vector()
                    .unwrap()
                    .get(&site)
                    .copied()
                    .unwrap_or(0);
                let after = (have + 2).saturating_sub(*back);
                if let Some(batch) = counter.changes(&hub_peer, site, after, 400).unwrap() {
                    let peer = peer_of(counter, branch, PeerRole::Counter);
                    office.hub.apply(&peer, &batch).unwrap();
                }
            }
            Step::Pull(index, site, back) => {
                let (counter, branch) = &mut office.counters[*index];
                let peer = peer_of(counter, branch, PeerRole::Counter);
                let site = sync_protocol::SiteId([*site; 16]);
                let have = counter.vector().unwrap().get(&site).copied().unwrap_or(0);
                let after = (have + 2).saturating_sub(*back);
                if let Some(batch) = office.hub.changes(&peer, site, after, 400).unwrap() {
                    counter.apply(&hub_peer, &batch).unwrap();
                }
            }
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 12, ..ProptestConfig::default() })]

    #[test]
    fn any_order_of_batches_gives_the_same_lists(steps in prop::collection::vec(step(), 1..40)) {
        let mut office = Office::open();
        play(&mut office, &steps);
        settle(&mut office);
        let at = |index: usize, office: &mut Office| {
            let rows = office.counter(index).board(100).unwrap();
            rows.into_iter()
                .map(|row| (row.case, row.receipt_number, row.state, row.persons, row.event_type, row.to_check))
                .collect::<Vec<_>>()
        };
        let hub: Vec<_> = office.hub.cases(100).unwrap().into_iter()
            .map(|row| (row.case, row.receipt_number, row.state, row.persons, row.event_type, row.to_check))
            .collect();
        let (mut first, mut second, mut hub) = (at(0, &mut office), at(1, &mut office), hub);
        for rows in [&mut first, &mut second, &mut hub] {
            rows.sort_by_key(|row| row.0);
        }
        prop_assert_eq!(&first, &second);
        prop_assert_eq!(&first, &hub);
        prop_assert!(office.hub.quarantine().unwrap().is_empty());
        prop_assert_eq!(office.counter(0).sending().unwrap().waiting, 0);
    }
}
