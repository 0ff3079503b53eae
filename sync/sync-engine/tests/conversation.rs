//! Two ends talk in lockstep; what each holds afterwards is compared.
#![expect(
    clippy::panic,
    clippy::unwrap_used,
    clippy::wildcard_enum_match_arm,
    reason = "a test stops at the first surprise"
)]

use sync_engine::memory::MemoryStore;
use sync_engine::{Ending, Limits, Moment, Peer, PeerRole, Session, Store as _};
use sync_protocol::{
    About, Hello, Message, Reason, Remainder, SiteId, VersionVector, encode_for, version,
};

const COUNTER: SiteId = SiteId([0x11; 16]);
const HUB: SiteId = SiteId([0xFF; 16]);
const NOON: Moment = Moment {
    unix_ms: 1_795_000_000_000,
    hlc: 1_795_000_000_000 << 16,
};

fn peer(site: SiteId, role: PeerRole) -> Peer {
    Peer {
        site,
        branch: "01".to_owned(),
        role,
    }
}

fn small() -> Limits {
    Limits {
        round_bytes: 600,
        batch_bytes: 200,
        part_bytes: 100,
        blobs_wanted: 2,
    }
}

fn counter_session(limits: Limits) -> Session {
    Session::new(peer(HUB, PeerRole::Hub), limits)
}

fn hub_session(limits: Limits) -> Session {
    Session::new(peer(COUNTER, PeerRole::Counter), limits)
}

/// What a stateless hub answers to a round.
fn answer(hub: &mut MemoryStore, limits: Limits, round: Vec<Message>) -> Vec<Message> {
    let mut session = hub_session(limits);
    for message in round {
        session.receive(hub, message, NOON).unwrap();
    }
    session.round(hub, NOON).unwrap().messages
}

/// Talks until there is no news; returns the rounds it took.
fn talk(counter: &mut MemoryStore, hub: &mut MemoryStore, limits: Limits) -> usize {
    let mut session = counter_session(limits);
    for rounds in 0..10_000 {
        let round = session.round(counter, NOON).unwrap();
        if !round.news {
            return rounds;
        }
        for message in answer(hub, limits, round.messages) {
            session.receive(counter, message, NOON).unwrap();
        }
    }
    panic!("the conversation does not end");
}

fn stores() -> (MemoryStore, MemoryStore) {
    (MemoryStore::new(COUNTER), MemoryStore::new(HUB))
}

#[test]
fn everything_arrives_both_ways() {
    let (mut counter, mut hub) = stores();
    counter.write(&["case 1", "case 1 again"]);
    counter.log(b"signed in");
    let signature = counter.write_blob(vec![7; 1000]);
    hub.write(&["remark"]);
    hub.publish("staff", vec![8; 950]);
    hub.publish("protection", vec![9; 10]);
    talk(&mut counter, &mut hub, small());
    assert_eq!(counter.texts(), hub.texts());
    assert_eq!(hub.blob(signature), Some(&[7; 1000][..]));
    assert!(counter.unconfirmed().is_empty(), "known to be there");
    assert_eq!(counter.dataset("staff"), Some(&[8; 950][..]));
    assert_eq!(counter.dataset("protection"), Some(&[9; 10][..]));
    assert_eq!(hub.stream(COUNTER), counter.stream(COUNTER));
    let all = VersionVector::from([(COUNTER, 2), (HUB, 1)]);
    assert_eq!(
        counter.acknowledged_by(HUB),
        Some(&all),
        "the hub has it on disk"
    );
    assert_eq!(hub.acknowledged_by(COUNTER), Some(&all));
}

#[test]
fn records_without_their_blob_are_not_the_whole_case() {
    let (mut counter, mut hub) = stores();
    counter.write_blob(vec![7; 1000]);
    let mut session = counter_session(Limits::default());
    for _ in 0..2 {
        let round = session.round(&mut counter, NOON).unwrap();
        let without_blobs = round
            .messages
            .into_iter()
            .filter(|message| !matches!(message, Message::BlobPart(_)));
        for message in answer(&mut hub, Limits::default(), without_blobs.collect()) {
            session.receive(&mut counter, message, NOON).unwrap();
        }
    }
    assert_eq!(
        counter.acknowledged_by(HUB),
        Some(&VersionVector::from([(COUNTER, 1)]))
    );
    assert_eq!(counter.unconfirmed().len(), 1);
    talk(&mut counter, &mut hub, Limits::default());
    assert!(counter.unconfirmed().is_empty());
}

fn in_version_1(messages: &mut [Message]) {
    for hello in messages.iter_mut().filter_map(Message::hello_mut) {
        hello.version_current = 1;
    }
}

#[test]
fn an_older_head_office_is_not_asked_what_it_cannot_read() {
    let (mut counter, mut hub) = stores();
    counter.write_blob(vec![7; 1000]);
    let mut session = counter_session(Limits::default());
    for _ in 0..3 {
        let mut round = session.round(&mut counter, NOON).unwrap().messages;
        assert!(round.iter().all(|message| message.since() == 1));
        in_version_1(&mut round);
        let mut answer = answer(&mut hub, Limits::default(), round);
        in_version_1(&mut answer);
        for message in answer {
            session.receive(&mut counter, message, NOON).unwrap();
        }
    }
    assert_eq!(counter.unconfirmed().len(), 1);
}

#[test]
fn submission_on_an_open_line_takes_one_round() {
    let (mut counter, mut hub) = stores();
    let mut session = counter_session(Limits::default());
    say(&mut session, &mut counter, &mut hub);
    counter.write(&["submitted"]);
    say(&mut session, &mut counter, &mut hub);
    assert_eq!(hub.texts(), [(COUNTER, 1, "submitted".to_owned())]);
    assert_eq!(
        session.acknowledged(),
        Some(&VersionVector::from([(COUNTER, 1)]))
    );
    let next = session.round(&mut counter, NOON).unwrap();
    assert!(!next.news, "there is less to say than before: {next:?}");
}

/// A counter and head office with records of 59 sites, who have talked.
fn busy_city() -> (MemoryStore, MemoryStore, Session) {
    let (mut counter, mut hub) = stores();
    for number in 1..60 {
        let mut other = MemoryStore::new(another(number));
        other.write(&["of another counter"]);
        talk_as(another(number), &mut other, &mut hub);
    }
    hub.publish("staff", vec![8; 100]);
    counter.write(&["case"]);
    let mut session = counter_session(Limits::default());
    while say(&mut session, &mut counter, &mut hub) {}
    assert_eq!(counter.texts(), hub.texts());
    (counter, hub, session)
}

/// A site as they are: by chance.
fn another(number: u8) -> SiteId {
    let chance = blake3::hash(&[number]);
    SiteId(*chance.as_bytes().first_chunk().unwrap())
}

fn talk_as(site: SiteId, counter: &mut MemoryStore, hub: &mut MemoryStore) {
    let mut session = counter_session(Limits::default());
    let mut there = Session::new(peer(site, PeerRole::Counter), Limits::default());
    for _ in 0..2 {
        for message in session.round(counter, NOON).unwrap().messages {
            there.receive(hub, message, NOON).unwrap();
        }
        for message in there.round(hub, NOON).unwrap().messages {
            session.receive(counter, message, NOON).unwrap();
        }
    }
}

/// Says a round and hears its answer; whether there was anything to say.
fn say(session: &mut Session, counter: &mut MemoryStore, hub: &mut MemoryStore) -> bool {
    let round = session.round(counter, NOON).unwrap();
    for message in answer(hub, Limits::default(), round.messages) {
        session.receive(counter, message, NOON).unwrap();
    }
    round.news
}

fn bytes(messages: &[Message]) -> usize {
    let frame = |message| encode_for(message, version::CURRENT).unwrap().len();
    messages.iter().map(frame).sum()
}

#[test]
fn next_round_names_only_what_is_new() {
    let (mut counter, mut hub, mut session) = busy_city();
    counter.write(&["a step"]);
    let asked = session.round(&mut counter, NOON).unwrap().messages;
    let Some(Message::HelloSince(short)) = asked.first() else {
        panic!("{asked:?}");
    };
    let own = VersionVector::from([(COUNTER, 2)]);
    assert_eq!(short.hello.vector, own);
    let told = answer(&mut hub, Limits::default(), asked.clone());
    let [
        Message::HelloBack(back),
        Message::StreamHeads(_),
        Message::Done(_),
    ] = told.as_slice()
    else {
        panic!("{told:?}");
    };
    assert_eq!(back.hello.vector, own);
    for message in told.clone() {
        session.receive(&mut counter, message, NOON).unwrap();
    }
    assert_eq!(session.acknowledged(), Some(&hub.vector().unwrap()));
    assert_eq!(counter.acknowledged_by(HUB), Some(&hub.vector().unwrap()));
    let whole = bytes(&[Message::Hello(hello(&counter))]);
    let both = bytes(&asked) + bytes(&told);
    assert!(both < 500 && whole > 600, "{both} B, a whole hello {whole}");
}

#[test]
fn new_site_is_named_to_whoever_has_less() {
    let (mut counter, mut hub, mut session) = busy_city();
    hub.write(&["remark"]);
    say(&mut session, &mut counter, &mut hub);
    assert!(
        say(&mut session, &mut counter, &mut hub),
        "it is told to be here"
    );
    assert_eq!(
        hub.acknowledged_by(COUNTER),
        Some(&counter.vector().unwrap())
    );
    assert_eq!(counter.acknowledged_by(HUB), Some(&hub.vector().unwrap()));
    assert!(!say(&mut session, &mut counter, &mut hub));
}

#[test]
fn head_office_that_noted_less_asks_for_the_whole() {
    let (mut counter, mut hub, mut session) = busy_city();
    let backup = hub.clone();
    counter.write(&["a step"]);
    say(&mut session, &mut counter, &mut hub);
    hub = backup;
    counter.write(&["another step"]);
    let asked = session.round(&mut counter, NOON).unwrap().messages;
    let told = answer(&mut hub, Limits::default(), asked);
    assert_eq!(told, [Message::SayWhole, Message::Done(Remainder::Nothing)]);
    for message in told {
        session.receive(&mut counter, message, NOON).unwrap();
    }
    assert_ne!(counter.texts(), hub.texts());
    while say(&mut session, &mut counter, &mut hub) {}
    assert_eq!(counter.texts(), hub.texts());
}

#[test]
fn answer_to_an_earlier_question_makes_nothing_safe() {
    let (mut counter, mut hub, mut session) = busy_city();
    counter.write(&["a step"]);
    let asked = session.round(&mut counter, NOON).unwrap().messages;
    let late = answer(&mut hub, Limits::default(), asked);
    counter.write(&["another step"]);
    // Lost on the way there.
    session.round(&mut counter, NOON).unwrap();
    for message in late {
        session.receive(&mut counter, message, NOON).unwrap();
    }
    let held = |vector: Option<&VersionVector>| vector.and_then(|v| v.get(&COUNTER).copied());
    assert!(held(counter.acknowledged_by(HUB)) < Some(3));
    session.try_again();
    while say(&mut session, &mut counter, &mut hub) {}
    assert_eq!(held(counter.acknowledged_by(HUB)), Some(3));
}

#[test]
fn that_others_have_something_that_is_not_for_us_is_no_news() {
    let (mut counter, mut hub, mut session) = busy_city();
    for number in [1, 2, 3] {
        hub.hide(another(number));
        let mut other = MemoryStore::new(another(number));
        other.write(&["of another counter"]);
        other.write(&["not for us"]);
        talk_as(another(number), &mut other, &mut hub);
    }
    let asked = session.round(&mut counter, NOON).unwrap().messages;
    let told = answer(&mut hub, Limits::default(), asked);
    let passed = |message: &Message| match message {
        Message::Passed(passed) => passed.len(),
        _ => 0,
    };
    assert_eq!(told.iter().map(passed).collect::<Vec<_>>(), [0, 0, 3, 0]);
    for message in told {
        session.receive(&mut counter, message, NOON).unwrap();
    }
    assert_eq!(counter.vector(), hub.vector());
    assert!(!session.round(&mut counter, NOON).unwrap().news);

    let mut other = MemoryStore::new(another(4));
    other.write(&["of another counter"]);
    other.write(&["for us"]);
    talk_as(another(4), &mut other, &mut hub);
    session.try_again();
    assert!(say(&mut session, &mut counter, &mut hub));
    assert!(say(&mut session, &mut counter, &mut hub), "it has come");
    assert_eq!(hub.acknowledged_by(COUNTER), Some(&hub.vector().unwrap()));
}

#[test]
fn second_conversation_is_one_round() {
    let (mut counter, mut hub) = stores();
    counter.write(&["case"]);
    assert!(talk(&mut counter, &mut hub, small()) > 1);
    let before = (counter.clone(), hub.clone());
    assert!(
        talk(&mut counter, &mut hub, small()) <= 2,
        "hello, and the offers' silence"
    );
    assert_eq!((counter, hub), before);
}

#[test]
fn protection_comes_before_records_and_blobs_come_last() {
    let (mut counter, mut hub) = stores();
    hub.publish("protection", vec![1; 10]);
    hub.publish("staff", vec![2; 10]);
    hub.write(&["remark"]);
    let picture = hub.write_blob(vec![3; 10]);
    let round = [
        Message::Hello(hello(&counter)),
        Message::DatasetWants(vec![
            sync_protocol::DatasetWant {
                name: "staff".to_owned(),
                version: 1,
                offset: 0,
            },
            sync_protocol::DatasetWant {
                name: "protection".to_owned(),
                version: 1,
                offset: 0,
            },
        ]),
        Message::BlobWants(vec![sync_engine::WantedBlob {
            hash: picture,
            have: 0,
        }]),
    ];
    let kinds: Vec<&str> = answer(&mut hub, Limits::default(), round.to_vec())
        .iter()
        .filter_map(|message| match message {
            Message::DatasetPart(part) if part.name == "protection" => Some("protection"),
            Message::DatasetPart(_) => Some("dataset"),
            Message::Changes(_) => Some("records"),
            Message::BlobPart(_) => Some("blob"),
            _ => None,
        })
        .collect();
    assert_eq!(kinds, ["protection", "records", "dataset", "blob"]);
    talk(&mut counter, &mut hub, small());
}

#[test]
fn round_stays_within_its_budget() {
    let (mut counter, mut hub) = stores();
    for _ in 0..50 {
        counter.write(&[&"x".repeat(100)]);
    }
    let mut session = counter_session(small());
    let opening = session.round(&mut counter, NOON).unwrap();
    for message in answer(&mut hub, small(), opening.messages) {
        session.receive(&mut counter, message, NOON).unwrap();
    }
    let round = session.round(&mut counter, NOON).unwrap().messages;
    let weight: usize = round.iter().map(Message::weight).sum();
    assert!((600..900).contains(&weight), "{weight}");
    assert_eq!(round.last(), Some(&Message::Done(Remainder::More)));
}

#[test]
fn batch_kept_aside_is_not_sent_again_and_holds_up_nothing_else() {
    let (mut counter, mut hub) = stores();
    counter.write(&["poison"]);
    counter.log(b"entry");
    hub.write(&["remark"]);
    hub.refuse_text("poison");
    assert!(talk(&mut counter, &mut hub, small()) < 6);
    assert_eq!(hub.texts(), [(HUB, 1, "remark".to_owned())]);
    assert_eq!(hub.stream(COUNTER).len(), 1);
    assert_eq!(counter.texts().len(), 2);
}

#[test]
fn blob_the_peer_lacks_does_not_hold_up_the_others() {
    let (mut counter, mut hub) = stores();
    for filler in 0..5_u8 {
        let gone = format!("blob:{}", blake3::hash(&[filler]));
        hub.write(&[&gone]);
    }
    let here = counter.write_blob(vec![9; 400]);
    talk(&mut counter, &mut hub, small());
    assert_eq!(hub.blob(here), Some(&[9; 400][..]));
}

#[test]
fn dataset_resumes_in_the_middle() {
    let (mut counter, mut hub) = stores();
    hub.publish("staff", (0..=255).collect::<Vec<u8>>().repeat(8));
    let mut session = counter_session(small());
    for _ in 0..2 {
        let round = session.round(&mut counter, NOON).unwrap();
        for message in answer(&mut hub, small(), round.messages) {
            session.receive(&mut counter, message, NOON).unwrap();
        }
    }
    let staged = counter.staged_bytes("staff");
    assert!(
        (1..2048).contains(&staged),
        "cut in the middle, at {staged}"
    );
    let mut after_the_cut = counter_session(small());
    let hello = after_the_cut.round(&mut counter, NOON).unwrap();
    for message in answer(&mut hub, small(), hello.messages) {
        after_the_cut.receive(&mut counter, message, NOON).unwrap();
    }
    let wants = after_the_cut.round(&mut counter, NOON).unwrap().messages;
    let offset = wants.iter().find_map(|message| match message {
        Message::DatasetWants(wants) => wants.first().map(|want| want.offset),
        _ => None,
    });
    assert_eq!(offset, Some(staged.try_into().unwrap()));
    talk(&mut counter, &mut hub, small());
    assert_eq!(counter.dataset("staff"), hub.dataset("staff"));
}

#[test]
fn nothing_is_taken_before_a_hello() {
    let (mut counter, mut hub) = stores();
    counter.write(&["case"]);
    let mut session = counter_session(small());
    let opening = session.round(&mut counter, NOON).unwrap();
    for message in answer(&mut hub, small(), opening.messages) {
        session.receive(&mut counter, message, NOON).unwrap();
    }
    let mut round = session.round(&mut counter, NOON).unwrap().messages;
    assert!(round.iter().any(Message::carries_data));
    round.retain_mut(|message| message.hello_mut().is_none());
    answer(&mut hub, small(), round);
    assert_eq!(hub.texts(), []);
}

fn hello(store: &MemoryStore) -> Hello {
    let opening = counter_session(small())
        .round(&mut store.clone(), NOON)
        .unwrap()
        .messages;
    match opening.into_iter().next() {
        Some(Message::Hello(hello)) => hello,
        other => panic!("a round opens with a hello, not {other:?}"),
    }
}

#[track_caller]
fn refused(change: impl FnOnce(&mut Hello), reason: Reason) {
    let (counter, mut hub) = stores();
    let mut hello = hello(&counter);
    change(&mut hello);
    let reply = answer(&mut hub, small(), vec![Message::Hello(hello)]);
    let refusal = Message::Refused {
        about: About::Conversation,
        reason: reason.clone(),
    };
    assert_eq!(reply, [refusal.clone(), Message::Done(Remainder::Nothing)]);
    let mut session = counter_session(small());
    session
        .receive(&mut counter.clone(), refusal, NOON)
        .unwrap();
    assert_eq!(session.ending(), Some(&Ending::ByPeer(reason)));
    assert_eq!(
        session.round(&mut counter.clone(), NOON).unwrap().messages,
        []
    );
}

#[test]
fn hello_of_another_site_is_refused() {
    refused(|hello| hello.site = SiteId([0x22; 16]), Reason::NotYourSite);
}

#[test]
fn hello_without_a_common_version_is_refused() {
    let newer = |hello: &mut Hello| {
        (hello.version_min, hello.version_current) = (version::CURRENT + 1, version::CURRENT + 2);
    };
    let (min, current) = (version::MIN, version::CURRENT);
    refused(newer, Reason::Version { min, current });
}

#[test]
fn schema_two_steps_apart_is_refused_and_one_step_is_not() {
    refused(
        |hello| hello.schema_version += 2,
        Reason::Version {
            min: version::MIN,
            current: version::CURRENT,
        },
    );
    let (counter, mut hub) = stores();
    let mut hello = hello(&counter);
    hello.schema_version += 1;
    let mut session = hub_session(small());
    session
        .receive(&mut hub, Message::Hello(hello), NOON)
        .unwrap();
    assert_eq!(session.ending(), None);
}

#[test]
fn clock_wrong_by_a_day_is_refused() {
    refused(
        |hello| hello.unix_ms += 86_399_000,
        Reason::Clock {
            ahead_ms: 86_399_000,
        },
    );
    refused(
        |hello| hello.unix_ms -= 86_399_000,
        Reason::Clock {
            ahead_ms: -86_399_000,
        },
    );
    refused(
        |hello| hello.unix_ms = u64::MAX,
        Reason::Clock {
            ahead_ms: i64::try_from(i128::from(u64::MAX) - i128::from(NOON.unix_ms))
                .unwrap_or(i64::MAX),
        },
    );
}

#[test]
fn clock_wrong_by_an_hour_is_told() {
    let (counter, mut hub) = stores();
    let mut hello = hello(&counter);
    hello.unix_ms -= 3_600_000;
    let mut session = hub_session(small());
    session
        .receive(&mut hub, Message::Hello(hello), NOON)
        .unwrap();
    assert_eq!(session.ending(), None);
    assert_eq!(session.skew_ms(), Some(-3_600_000));
}
