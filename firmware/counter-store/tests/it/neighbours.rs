//! Counters of one branch without head office, and what a counter of another branch gets.
#![expect(clippy::unwrap_used, reason = "a test stops at the first surprise")]

use counter_store::CounterStore;
use sync_engine::{Limits, Moment, Peer, PeerRole, Session, Store};
use sync_protocol::{
    DatasetWant, Hello, Message, Remainder, SiteId, VersionVector, WantedBlob, version,
};

use crate::setting::{NOON, Office, peer_of, set, sign, start};

const NOW: Moment = Moment {
    unix_ms: NOON,
    hlc: NOON << 16,
};

/// Two counters of branch 07 talk until neither has news; returns what the first one heard.
fn talk(office: &mut Office) -> Vec<Message> {
    let (first, rest) = office.counters.split_at_mut(1);
    let (one, other) = (&mut first[0].0, &mut rest[0].0);
    let mut here =
        Session::new(peer_of(other, "07", PeerRole::Counter), Limits::default()).between_counters();
    let mut there =
        Session::new(peer_of(one, "07", PeerRole::Counter), Limits::default()).between_counters();
    let mut heard = Vec::new();
    for _ in 0..20 {
        let said = here.round(one, NOW).unwrap();
        said.messages
            .into_iter()
            .for_each(|message| there.receive(other, message, NOW).unwrap());
        let answered = there.round(other, NOW).unwrap();
        heard.extend(answered.messages.clone());
        answered
            .messages
            .into_iter()
            .for_each(|message| here.receive(one, message, NOW).unwrap());
        if !said.news && !answered.news {
            return heard;
        }
    }
    heard
}

#[test]
fn case_is_resumed_at_the_next_counter_without_head_office() {
    let mut office = Office::open();
    let started = start(office.counter(0), "07");
    set(
        office.counter(0),
        started.case,
        "member.1.name",
        "架空　太郎",
    );
    sign(office.counter(0), started.case);
    talk(&mut office);
    let board = office.counter(1).board(9).unwrap();
    assert_eq!(
        (board.len(), &board[0].persons[..]),
        (1, &["架空　太郎".to_owned()][..])
    );
    assert!(
        office.counter(1).blobs_wanted(9).unwrap().is_empty(),
        "form and signature too"
    );
    let beside = start(office.counter(1), "07");
    assert_ne!(beside.receipt_number, started.receipt_number);
    set(
        office.counter(1),
        started.case,
        "member.1.name",
        "架空　花子",
    );
    talk(&mut office);
    let board = office.counter(0).board(9).unwrap();
    assert_eq!(board.len(), 2);
    assert!(board.iter().any(|row| row.to_check), "both names are kept");
    let sending = office.counter(0).sending().unwrap();
    assert_eq!(
        (sending.waiting, sending.safe_until_unix_ms),
        (1, None),
        "a neighbour is no safe place"
    );
}

#[test]
fn head_office_gets_everything_once_from_its_writer() {
    let mut office = Office::open();
    let case = start(office.counter(0), "07").case;
    talk(&mut office);
    set(office.counter(1), case, "member.1.name", "架空　花子");
    talk(&mut office);
    office.sync(1);
    office.sync(0);
    let (hub, sites) = (
        office.hub.vector().unwrap(),
        [1, 2].map(|n| SiteId([n; 16])),
    );
    for (index, site) in sites.into_iter().enumerate() {
        let own = office.counter(index).vector().unwrap()[&site];
        assert_eq!(hub[&site], own);
    }
    // Neither counter lacks anything of the other, so head office has nothing to tell them.
    for index in [0, 1] {
        let held = office.counter(index).vector().unwrap();
        assert!(sites.iter().all(|site| held[site] == hub[site]));
    }
    assert!(
        talk(&mut office)
            .iter()
            .all(|message| !matches!(message, Message::Changes(_)))
    );
}

/// Everything a counter may say, from one that has nothing and wants everything.
fn greedy(from: SiteId, blob: [u8; 32]) -> Vec<Message> {
    let nothing = VersionVector::new();
    vec![
        Message::Hello(Hello {
            version_min: version::MIN,
            version_current: version::CURRENT,
            schema_version: replica::SCHEMA_VERSION,
            site: from,
            vector: nothing.clone(),
            subscriptions: vec!["07".to_owned()],
            unix_ms: NOON,
            hlc: NOON << 16,
        }),
        Message::Ack(nothing),
        Message::StreamHeads(VersionVector::from([(SiteId([1; 16]), 0)])),
        Message::DatasetWants(vec![DatasetWant {
            name: "staff".to_owned(),
            version: 1,
            offset: 0,
        }]),
        Message::BlobWants(vec![WantedBlob {
            hash: blob,
            have: 0,
        }]),
        Message::BlobOffers(vec![blob]),
        Message::Done(Remainder::Nothing),
    ]
}

fn answer_to(store: &mut CounterStore, peer: Peer, said: Vec<Message>) -> Vec<Message> {
    let mut session = Session::new(peer, Limits::default()).between_counters();
    for message in said {
        session.receive(store, message, NOW).unwrap();
    }
    session.round(store, NOW).unwrap().messages
}

/// The transport refuses such a peer before it says a word; the store gives it nothing either.
#[test]
fn counter_of_another_branch_gets_nothing_by_any_message() {
    let mut office = Office::open();
    let case = start(office.counter(0), "07").case;
    set(office.counter(0), case, "member.1.name", "架空　太郎");
    sign(office.counter(0), case);
    let blob = office.counter(0).blobs_unconfirmed(9).unwrap()[0];
    let stranger = peer_of(office.counter(2), "02", PeerRole::Counter);
    let neighbour = peer_of(office.counter(1), "07", PeerRole::Counter);
    let told = |office: &mut Office, peer: &Peer| {
        let said = greedy(peer.site, blob);
        let answer = answer_to(office.counter(0), peer.clone(), said);
        let changes: usize = answer.iter().map(changes_in).sum();
        let blobs = answer.iter().any(|one| matches!(one, Message::BlobPart(_)));
        let held = answer
            .iter()
            .any(|one| matches!(one, Message::BlobsHeld(_)));
        let logs = answer
            .iter()
            .any(|one| matches!(one, Message::StreamEntries(_)));
        (changes > 0, blobs, held, logs)
    };
    assert_eq!(told(&mut office, &stranger), (false, false, false, false));
    assert_eq!(
        told(&mut office, &neighbour),
        (true, true, false, false),
        "logs are head office's"
    );
}

fn changes_in(message: &Message) -> usize {
    if let Message::Changes(batch) = message {
        batch.changes.len()
    } else {
        0
    }
}

#[test]
fn counter_cannot_write_for_another_one_or_into_another_branch() {
    let mut office = Office::open();
    let case = start(office.counter(0), "07").case;
    talk(&mut office);
    let hub = peer_of(&office.hub, "00", PeerRole::Hub);
    let site = SiteId([1; 16]);
    set(office.counter(0), case, "member.1.name", "架空　太郎");
    let held = office.counter(1).vector().unwrap()[&site];
    let batch = office
        .counter(0)
        .changes(&hub, site, held, 1 << 20)
        .unwrap()
        .unwrap();
    for (number, branch) in [(3, "07"), (1, "02")] {
        let peer = Peer {
            site: SiteId([number; 16]),
            branch: branch.to_owned(),
            role: PeerRole::Counter,
        };
        let mut said = greedy(peer.site, [0; 32]);
        said.insert(1, Message::Changes(batch.clone()));
        let answer = answer_to(office.counter(1), peer, said);
        assert!(
            answer
                .iter()
                .any(|one| matches!(one, Message::Refused { .. })),
            "{number} {branch}"
        );
        assert_eq!(office.counter(1).vector().unwrap()[&site], held);
    }
}
