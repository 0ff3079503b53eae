//! A counter that was put back to an older copy, or cloned, is noticed and goes on without losing
//! anything: real databases, the real conversation, head office's real register.
#![expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test stops at what it did not expect"
)]

use std::fs;
use std::path::{Path, PathBuf};

use counter_domain::ids::{BranchCode, CaseId, DeviceId};
use counter_store::{CounterStore, OldDatabase, RescueStep, Succession};
use replica::{AuditAction, AuditEntry, StoreError};
use ring::signature::KeyPair as _;
use sync_engine::{Limits, Moment, Peer, PeerRole, Session, Store, answer};
use sync_protocol::{Message, SiteId};

use crate::setting::{NOON, Office, approver, clerk, counter, key, peer_of, set, sign, start};

const OLD: DeviceId = DeviceId([1; 16]);

/// Talks as on a line until neither end has anything new; whether the counter was refused.
fn talk(office: &mut Office, index: usize) -> bool {
    let (counter, branch) = &mut office.counters[index];
    let here = peer_of(&office.hub, "00", PeerRole::Hub);
    let there = peer_of(counter, branch, PeerRole::Counter);
    let now = Moment::from_unix_ms(NOON + 60_000);
    let mut session = Session::new(here, Limits::default());
    for _ in 0..200 {
        let round = session.round(counter, now).unwrap();
        if !round.news {
            return false;
        }
        let peer: Peer = there.clone();
        let answer = answer(
            &mut office.hub,
            peer,
            Limits::default(),
            round.messages,
            now,
        );
        for message in answer.unwrap().messages {
            match session.receive(counter, message, now) {
                Ok(()) => {}
                Err(StoreError::Restored { .. }) => return true,
                Err(error) => panic!("{error}"),
            }
        }
        if session.ending().is_some() {
            return true;
        }
    }
    panic!("the conversation does not end");
}

/// A line that breaks off before any document has gone over it.
fn talk_of_records(office: &mut Office, index: usize) {
    let (counter, branch) = &mut office.counters[index];
    let here = peer_of(&office.hub, "00", PeerRole::Hub);
    let there = peer_of(counter, branch, PeerRole::Counter);
    let now = Moment::from_unix_ms(NOON + 60_000);
    let mut session = Session::new(here, Limits::default());
    for _ in 0..6 {
        let mut said = session.round(counter, now).unwrap().messages;
        said.retain(|message| !matches!(message, Message::BlobPart(_)));
        let answer = answer(&mut office.hub, there.clone(), Limits::default(), said, now);
        for message in answer.unwrap().messages {
            session.receive(counter, message, now).unwrap();
        }
    }
}

fn database(office: &Office) -> PathBuf {
    office.folder.path().join("counter-1.db")
}

/// Counter 1 stops; `with` does something to its closed file; it starts again.
fn while_off(office: &mut Office, with: impl FnOnce(&Path)) {
    while_off_as(office, 1, with);
}

/// The same of the device that stands at the place of counter 1 now.
fn while_off_as(office: &mut Office, number: u8, with: impl FnOnce(&Path)) {
    let path = office.folder.path().join(format!("counter-{number}.db"));
    let spare = counter(office.folder.path(), 90, &office.clock);
    let (counter_1, branch) = std::mem::replace(&mut office.counters[0], (spare, "07"));
    counter_1.close().unwrap();
    with(&path);
    let again = counter(office.folder.path(), number, &office.clock);
    office.counters[0] = (again, branch);
}

fn copy_aside(office: &mut Office) {
    while_off(office, |path| {
        fs::copy(path, path.with_extension("aside")).unwrap();
    });
}

fn put_back(office: &mut Office) {
    while_off(office, |path| {
        fs::copy(path.with_extension("aside"), path).unwrap();
    });
}

fn enrol_at_head_office(office: &mut Office, device: DeviceId) {
    let branch = BranchCode::from("07");
    let code = office
        .hub
        .issue_enrolment_code(&branch, "架空 1番窓口", 1 << 40);
    let code = code.unwrap();
    office
        .hub
        .redeem_enrolment_code(&code, device, [5; 32])
        .unwrap();
}

/// A device enrolled at head office, and the code with which another goes on for it, used.
fn replace_at_head_office(office: &mut Office, old: DeviceId, new: DeviceId) {
    if office.hub.device(old).unwrap().is_none() {
        enrol_at_head_office(office, old);
    }
    let code = office.hub.issue_succession_code(old, 1 << 40).unwrap();
    assert_eq!(office.hub.replaced_by_code(&code).unwrap(), Some(old));
    office
        .hub
        .redeem_enrolment_code(&code, new, [6; 32])
        .unwrap();
}

/// Counter 1 goes on as `new`; the database before is returned with its path.
fn go_on(office: &mut Office, new: u8) -> OldDatabase {
    let (old, log_after) = {
        let store = office.counter(0);
        (store.device(), store.log_acknowledged().unwrap())
    };
    let new_device = DeviceId([new; 16]);
    replace_at_head_office(office, old, new_device);
    let before = office.hub.predecessor(new_device, log_after, 8192);
    let before = before.unwrap().unwrap();
    assert_eq!(before.device, old);
    let spare = counter(office.folder.path(), 91, &office.clock);
    let (store, branch) = std::mem::replace(&mut office.counters[0], (spare, "07"));
    let number = old.as_bytes()[0];
    store.close().unwrap();
    let path = office.folder.path().join(format!("counter-{number}.db"));
    let database = OldDatabase::open(&path, &key(number), old, office.clock.around(92)).unwrap();
    let hub = Some(SiteId([200; 16]));
    let aside = database.compared(hub, log_after, &before.log).unwrap();
    let mut store = counter(office.folder.path(), new, &office.clock);
    store
        .set_publishing_key(office.publisher.public_key().as_ref())
        .unwrap();
    let succession = Succession {
        of: before.device,
        held: before.held,
        generation: before.generation,
        old: Some(aside),
        rescued: None,
    };
    store.succeed(&succession, Some(&database)).unwrap();
    office.counters[0] = (store, branch);
    database
}

/// Everything comes back, is rescued, and goes to head office.
fn bring_back(office: &mut Office, old: &OldDatabase) -> u64 {
    assert!(!talk(office, 0));
    for _ in 0..100 {
        if office.counter(0).rescue(old).unwrap() == RescueStep::Done {
            assert!(!talk(office, 0));
            assert_eq!(office.counter(0).sending().unwrap().waiting, 0);
            let succession = office.counter(0).succession().unwrap().unwrap();
            return succession.rescued.unwrap().records;
        }
    }
    panic!("the rescue does not end");
}

fn hub_shows(office: &Office, case: CaseId, path: &str, text: &str) {
    let record = office.hub.case(case).unwrap().unwrap();
    assert_eq!(record.draft.text(path), Some(text));
}

#[test]
fn copy_that_was_worked_on_longer_than_it_lost_is_noticed() {
    let mut office = Office::open();
    let case = start(office.counter(0), "07").case;
    assert!(!talk(&mut office, 0));
    copy_aside(&mut office);
    set(office.counter(0), case, "phone", "0466-00-0001");
    assert!(!talk(&mut office, 0));
    put_back(&mut office);
    // Three transactions where one was lost: the numbers alone look right.
    for text in ["1", "2", "3"] {
        set(office.counter(0), case, "member.1.name", text);
    }
    assert!(talk(&mut office, 0), "head office takes another history");
    assert!(office.counter(0).is_restored());
    let seen = office.hub.rolled_back(OLD).unwrap().unwrap();
    assert!(seen.differs);
    let aside = office.hub.case(case).unwrap().unwrap();
    assert_eq!(aside.draft.text("member.1.name"), None, "nothing was taken");
    let refused =
        office
            .counter(0)
            .set_fields(case, &clerk(), &[crate::setting::entry("phone", "4")]);
    assert!(refused.is_err(), "nor written");
}

#[test]
fn copy_that_was_worked_on_exactly_as_long_as_it_lost_is_noticed() {
    let mut office = Office::open();
    let case = start(office.counter(0), "07").case;
    assert!(!talk(&mut office, 0));
    copy_aside(&mut office);
    set(office.counter(0), case, "phone", "0466-00-0001");
    assert!(!talk(&mut office, 0));
    put_back(&mut office);
    set(office.counter(0), case, "phone", "0466-00-0002");
    assert!(talk(&mut office, 0));
    assert!(office.counter(0).is_restored());
}

#[test]
fn counter_that_lost_nothing_is_left_alone() {
    let mut office = Office::open();
    let case = start(office.counter(0), "07").case;
    assert!(!talk(&mut office, 0));
    copy_aside(&mut office);
    put_back(&mut office);
    set(office.counter(0), case, "phone", "0466-00-0001");
    assert!(!talk(&mut office, 0));
    hub_shows(&office, case, "phone", "0466-00-0001");
    assert!(office.hub.rolled_back(OLD).unwrap().is_none());
}

#[test]
fn restored_counter_gets_back_what_it_sent_and_sends_what_it_had_not() {
    let mut office = Office::open();
    let first = start(office.counter(0), "07").case;
    set(office.counter(0), first, "phone", "0466-00-0001");
    assert!(!talk(&mut office, 0));
    copy_aside(&mut office);
    // Sent, and then lost with the disk.
    set(office.counter(0), first, "phone", "0466-00-0002");
    let lost_here = start(office.counter(0), "07");
    assert!(!talk(&mut office, 0));
    put_back(&mut office);
    // Written on the copy before anybody noticed.
    let second = start(office.counter(0), "07");
    assert_ne!(second.receipt_number, lost_here.receipt_number);
    set(
        office.counter(0),
        second.case,
        "member.1.name",
        "架空　花子",
    );
    sign(office.counter(0), second.case);
    office.counter(0).submit(second.case, &clerk()).unwrap();
    let signed = office.counter(0).case(second.case).unwrap().unwrap();
    assert!(talk(&mut office, 0));

    let old = go_on(&mut office, 21);
    let records = bring_back(&mut office, &old);
    assert_eq!(
        records, 7,
        "start, field, snapshot, strokes, form, two steps"
    );

    let hub = office.hub.cases(9).unwrap();
    assert_eq!(hub.len(), 3);
    hub_shows(&office, first, "phone", "0466-00-0002");
    hub_shows(&office, second.case, "member.1.name", "架空　花子");
    let there = office.hub.case(second.case).unwrap().unwrap();
    let ids = |events: &[counter_domain::case::CaseEvent]| {
        events
            .iter()
            .map(|event| (event.id, event.at))
            .collect::<Vec<_>>()
    };
    assert_eq!(
        ids(&there.events),
        ids(&signed.events),
        "each step once, as it was"
    );
    assert!(
        there
            .events
            .iter()
            .all(|event| event.device == DeviceId([21; 16]))
    );
    assert_eq!(there.snapshots.len(), 1);
    assert!(there.blobs.iter().all(|blob| blob.complete));
    let here = office.counter(0).board(9).unwrap();
    assert_eq!(here.len(), 3, "what it had sent came back");
    assert!(here.iter().all(|row| row.at_head_office));
    assert!(!hub.iter().any(|row| row.to_check), "no value is doubted");
    // Nothing more is found in the old database, however often it is looked through.
    assert_eq!(office.counter(0).rescue(&old).unwrap(), RescueStep::Done);
    let next = start(office.counter(0), "07").receipt_number;
    assert_eq!(next, "21-270331-0101", "a hundred numbers are left out");
}

#[test]
fn new_log_names_the_old_one_and_carries_what_was_not_at_head_office() {
    let mut office = Office::open();
    let case = start(office.counter(0), "07").case;
    assert!(!talk(&mut office, 0));
    copy_aside(&mut office);
    set(office.counter(0), case, "phone", "0466-00-0001");
    assert!(!talk(&mut office, 0));
    put_back(&mut office);
    for text in ["1", "2"] {
        set(office.counter(0), case, "member.1.name", text);
    }
    assert!(talk(&mut office, 0));
    let old = go_on(&mut office, 21);
    bring_back(&mut office, &old);
    let log = office
        .hub
        .stream_entries(SiteId([21; 16]), 0, 1 << 20)
        .unwrap();
    let log: Vec<AuditEntry> = log
        .iter()
        .map(|entry| serde_json::from_slice(&entry.body).unwrap())
        .collect();
    let told: Vec<_> = log
        .iter()
        .map(|entry| (entry.action, entry.carried.map(|from| from.sequence)))
        .collect();
    assert_eq!(
        told,
        [
            (AuditAction::Recovered, Some(1)),
            (AuditAction::FieldsChanged, Some(2)),
            (AuditAction::FieldsChanged, Some(3)),
        ]
    );
    assert!(log.iter().all(|entry| entry.carried.unwrap().device == OLD));
    let chains = office.hub.audit_verify().unwrap();
    assert!(chains.iter().all(|chain| chain.broken_at.is_none()));
}

#[test]
fn clone_with_work_of_its_own_goes_on_as_a_third_device() {
    let mut office = Office::open();
    let case = start(office.counter(0), "07").case;
    assert!(!talk(&mut office, 0));
    // The clone is a copy of the disk that somebody works at too.
    copy_aside(&mut office);
    set(office.counter(0), case, "phone", "0466-00-0001");
    assert!(!talk(&mut office, 0));
    while_off(&mut office, |path| {
        fs::copy(path, path.with_extension("true")).unwrap();
        fs::copy(path.with_extension("aside"), path).unwrap();
    });
    set(office.counter(0), case, "member.1.name", "架空　複子");
    assert!(talk(&mut office, 0), "the clone is refused");
    while_off(&mut office, |path| {
        fs::copy(path, path.with_extension("clone")).unwrap();
        fs::copy(path.with_extension("true"), path).unwrap();
    });
    // The true one took nothing amiss, and goes on under a new identity all the same.
    set(office.counter(0), case, "head.new", "架空　真");
    let old = go_on(&mut office, 21);
    assert!(office.hub.device(OLD).unwrap().unwrap().revoked);
    assert_eq!(office.hub.successor(OLD).unwrap(), Some(DeviceId([21; 16])));
    bring_back(&mut office, &old);
    hub_shows(&office, case, "head.new", "架空　真");
    drop(old);
    // Then the clone, with another code: what was typed there is not lost either.
    let clone = database(&office);
    fs::copy(clone.with_extension("clone"), &clone).unwrap();
    office.counters[0].0 = counter(office.folder.path(), 1, &office.clock);
    let old = go_on(&mut office, 41);
    bring_back(&mut office, &old);
    hub_shows(&office, case, "member.1.name", "架空　複子");
    hub_shows(&office, case, "phone", "0466-00-0001");
    let next = start(office.counter(0), "07").receipt_number;
    assert_eq!(next, "41-270331-0201", "two were at this place before");
}

/// The recovery that was under way when the copy was made could not end any more, because an older
/// copy writes nothing, and no other one could begin before it had ended.
#[test]
fn copy_put_back_in_the_middle_of_a_recovery_loses_nothing() {
    let mut office = Office::open();
    let case = start(office.counter(0), "07").case;
    assert!(!talk(&mut office, 0));
    copy_aside(&mut office);
    set(office.counter(0), case, "phone", "0466-00-0001");
    assert!(!talk(&mut office, 0));
    put_back(&mut office);
    for text in ["1", "2", "3"] {
        set(office.counter(0), case, "member.1.name", text);
    }
    assert!(talk(&mut office, 0));
    let old = go_on(&mut office, 21);
    assert!(!talk(&mut office, 0));
    while_off_as(&mut office, 21, |path| {
        fs::copy(path, path.with_extension("aside")).unwrap();
    });
    set(office.counter(0), case, "head.new", "架空　花子");
    assert!(!talk(&mut office, 0));
    while_off_as(&mut office, 21, |path| {
        fs::copy(path.with_extension("aside"), path).unwrap();
    });
    assert!(talk(&mut office, 0), "it is an older copy itself");
    assert!(office.counter(0).rescue(&old).is_err(), "it writes nothing");
    office.counter(0).rescue_into_older_copy(&old).unwrap();
    assert!(office.counter(0).is_restored());
    drop(old);
    let old = go_on(&mut office, 41);
    bring_back(&mut office, &old);
    hub_shows(&office, case, "member.1.name", "3");
    hub_shows(&office, case, "head.new", "架空　花子");
    hub_shows(&office, case, "phone", "0466-00-0001");
}

/// The old database is removed when head office has everything of it; a copy from before that looked
/// for it for ever.
#[test]
fn copy_from_before_the_end_of_a_recovery_does_not_wait_for_the_old_database() {
    let mut office = Office::open();
    let case = start(office.counter(0), "07").case;
    assert!(!talk(&mut office, 0));
    copy_aside(&mut office);
    set(office.counter(0), case, "phone", "0466-00-0001");
    assert!(!talk(&mut office, 0));
    put_back(&mut office);
    assert!(talk(&mut office, 0));
    let old = go_on(&mut office, 21);
    drop(old);
    assert!(!talk(&mut office, 0));
    assert!(office.counter(0).arriving().unwrap().rescue);
    office.counter(0).note_old_database_gone().unwrap();
    assert!(!office.counter(0).arriving().unwrap().rescue);
    assert!(!office.counter(0).is_restored());
    set(office.counter(0), case, "phone", "0466-00-0002");
    assert!(!talk(&mut office, 0));
    hub_shows(&office, case, "phone", "0466-00-0002");
}

#[test]
fn case_the_branch_must_not_have_does_not_come_back_with_an_old_copy() {
    let mut office = Office::open();
    enrol_at_head_office(&mut office, OLD);
    let (gone, handed) = (
        start(office.counter(0), "07").case,
        start(office.counter(0), "07").case,
    );
    for case in [gone, handed] {
        set(office.counter(0), case, "member.1.name", "架空　太郎");
        sign(office.counter(0), case);
    }
    assert!(!talk(&mut office, 0));
    copy_aside(&mut office);
    for case in [gone, handed] {
        let to = hub_store::Move {
            to: BranchCode::from("02"),
            reason: String::new(),
            protection: hub_store::ProtectionKnown::Unsaid,
        };
        office.hub.transfer(case, &approver(), &to).unwrap();
    }
    crate::overwriting::revoke(&mut office, gone, "07");
    for _ in 0..3 {
        assert!(!talk(&mut office, 0));
    }
    assert_eq!(office.counter(0).case(gone).unwrap(), None);
    let closed = office.hub.copies(gone).unwrap();
    assert!(
        closed
            .iter()
            .any(|copy| copy.order.as_ref().is_some_and(|order| order.closed))
    );
    put_back(&mut office);
    // The copy thinks that both are still its own.
    set(office.counter(0), gone, "phone", "0466-00-0001");
    set(office.counter(0), handed, "phone", "0466-00-0002");
    let new = start(office.counter(0), "07").case;
    assert!(talk(&mut office, 0));
    let old = go_on(&mut office, 21);
    office.counter(0).set_branch(BranchCode::from("07"));
    bring_back(&mut office, &old);
    assert_eq!(office.hub.quarantine().unwrap(), []);
    assert_eq!(office.counter(0).case(gone).unwrap(), None);
    let there = office.hub.case(gone).unwrap().unwrap();
    assert_eq!(there.draft.text("phone"), None);
    assert!(
        there
            .events
            .iter()
            .all(|event| event.device != DeviceId([21; 16]))
    );
    hub_shows(&office, handed, "phone", "0466-00-0002");
    assert!(office.hub.case(new).unwrap().is_some());
    let copies = office.hub.copies(gone).unwrap();
    let of_07 = copies.iter().find(|copy| copy.branch.as_str() == "07");
    let counters = &of_07.unwrap().counters;
    assert_eq!(counters.len(), 2);
    for one in counters {
        let followed = matches!(one.state, hub_store::CopyState::Overwritten { .. });
        assert!(followed, "the new one was told of the order too");
    }
    let refused =
        office
            .counter(0)
            .set_fields(handed, &clerk(), &[crate::setting::entry("phone", "4")]);
    assert!(refused.is_err(), "it is the other branch's now");
}

/// What head office has of an old copy's history is told by the log that both have: a record that
/// was there before its log entry was brought back a second time, also where the branch must not
/// have the case any more.
#[test]
fn head_office_has_no_record_without_the_log_of_it() {
    let mut office = Office::open();
    let site = office.counter(0).site();
    let case = start(office.counter(0), "07").case;
    let mut written = Vec::new();
    for number in 0..12 {
        set(
            office.counter(0),
            case,
            "phone",
            &format!("0466-00-{number:04}"),
        );
        let store = office.counter(0);
        let version = store.vector().unwrap()[&site];
        written.push((version, store.stream_heads().unwrap()[&site]));
    }
    let limits = Limits {
        round_bytes: 700,
        batch_bytes: 500,
        ..Limits::default()
    };
    let now = Moment::from_unix_ms(NOON + 60_000);
    let here = peer_of(&office.hub, "00", PeerRole::Hub);
    let there = peer_of(office.counter(0), "07", PeerRole::Counter);
    let mut session = Session::new(here, limits);
    for _ in 0..100 {
        let said = session.round(office.counter(0), now).unwrap().messages;
        let answered = answer(&mut office.hub, there.clone(), limits, said, now).unwrap();
        for message in answered.messages {
            session.receive(office.counter(0), message, now).unwrap();
        }
        let held = office.hub.vector().unwrap().get(&site).copied();
        let log = office.hub.stream_heads().unwrap().get(&site).copied();
        for (version, entry) in &written {
            assert!(held < Some(*version) || log >= Some(*entry));
        }
    }
    let last = written.last().unwrap();
    assert_eq!(office.hub.vector().unwrap()[&site], last.0);
}

/// Head office had been told of the documents, and the case is another branch's now: the old disk is
/// the only place where they are.
#[test]
fn documents_of_a_case_handed_on_since_reach_head_office_from_an_old_copy() {
    let mut office = Office::open();
    enrol_at_head_office(&mut office, OLD);
    let case = start(office.counter(0), "07").case;
    set(office.counter(0), case, "member.1.name", "架空　太郎");
    sign(office.counter(0), case);
    talk_of_records(&mut office, 0);
    assert!(!office.hub.blobs_missing().unwrap().is_empty());
    copy_aside(&mut office);
    let to = hub_store::Move {
        to: BranchCode::from("02"),
        reason: String::new(),
        protection: hub_store::ProtectionKnown::Unsaid,
    };
    office.hub.transfer(case, &approver(), &to).unwrap();
    start(office.counter(0), "07");
    talk_of_records(&mut office, 0);
    put_back(&mut office);
    assert!(talk(&mut office, 0));
    let old = go_on(&mut office, 21);
    office.counter(0).set_branch(BranchCode::from("07"));
    bring_back(&mut office, &old);
    assert!(office.hub.blobs_missing().unwrap().is_empty());
    for blob in office.hub.case(case).unwrap().unwrap().blobs {
        assert!(blob.complete);
        let here = office.counter(0).blob(blob.hash).unwrap();
        assert_eq!(here, None, "the branch must not keep it");
    }
}

#[test]
fn empty_appliance_gets_the_whole_branch_and_leaves_numbers_out() {
    let mut office = Office::open();
    let case = start(office.counter(0), "07").case;
    set(office.counter(0), case, "member.1.name", "架空　太郎");
    sign(office.counter(0), case);
    office.counter(0).submit(case, &clerk()).unwrap();
    assert!(!talk(&mut office, 0));
    let new = DeviceId([21; 16]);
    replace_at_head_office(&mut office, OLD, new);
    let before = office.hub.predecessor(new, 0, 8192).unwrap().unwrap();
    let mut store: CounterStore = counter(office.folder.path(), 21, &office.clock);
    store
        .set_publishing_key(office.publisher.public_key().as_ref())
        .unwrap();
    let succession = Succession {
        of: before.device,
        held: before.held,
        generation: before.generation,
        old: None,
        rescued: None,
    };
    store.succeed(&succession, None).unwrap();
    assert_eq!(store.arriving().unwrap().records, before.held);
    office.counters[0].0 = store;
    // It works before anything has arrived.
    let early = start(office.counter(0), "07");
    assert_eq!(early.receipt_number, "21-270331-0101");
    assert!(!office.counter(0).note_all_here().unwrap());
    assert!(!talk(&mut office, 0));
    assert!(office.counter(0).note_all_here().unwrap());
    assert_eq!(office.counter(0).board(9).unwrap().len(), 2);
    let back = office.counter(0).case(case).unwrap().unwrap();
    assert_eq!(back.draft.text("member.1.name"), Some("架空　太郎"));
    assert_eq!(office.hub.cases(9).unwrap().len(), 2);
}
