//! Cases that go from branch to branch, and copies that are overwritten.
#![expect(clippy::unwrap_used, reason = "a test stops at the first surprise")]

use std::path::Path;

use aes::Aes256;
use aes::cipher::{BlockDecrypt, KeyInit, generic_array::GenericArray};
use counter_domain::case::CaseState;
use counter_domain::ids::{BranchCode, CaseId, StaffId};
use counter_store::{CounterStore, EditError};
use hub_store::{CopyState, Move, ProtectionKnown, ReviewError};
use replica::StoreError;
use ring::rand::SystemRandom;
use sync_engine::{Dispatch, Limits, Moment, PeerRole, Presumed, Session, Store, answer};
use sync_protocol::{Message, version};

use crate::setting::{NOON, Office, PDF, approver, clerk, peer_of, set, sign, start};

const NOW: Moment = Moment {
    unix_ms: NOON,
    hlc: NOON << 16,
};

/// Small enough that a case comes in several parts.
pub(crate) const LIMITS: Limits = Limits {
    round_bytes: 32 << 10,
    batch_bytes: 512,
    part_bytes: 128 << 10,
    blobs_wanted: 8,
};

const NAME: &str = "架空　太郎左衛門";
const PLACE: &str = "架空市北町一丁目２番地の３";

/// A counter and head office talk until neither has news; returns what head office said.
pub(crate) fn converse(office: &mut Office, index: usize) -> Vec<Message> {
    let (counter, branch) = &mut office.counters[index];
    let there = peer_of(counter, branch, PeerRole::Counter);
    let here = peer_of(&office.hub, "00", PeerRole::Hub);
    let mut session = Session::new(here, LIMITS);
    let mut said = Vec::new();
    for _ in 0..300 {
        let round = session.round(counter, NOW).unwrap();
        if !round.news && session.peer_remainder() == sync_protocol::Remainder::Nothing {
            break;
        }
        let answer = answer(&mut office.hub, there.clone(), LIMITS, round.messages, NOW).unwrap();
        for message in answer.messages {
            said.push(message.clone());
            session.receive(counter, message, NOW).unwrap();
        }
        assert_eq!(session.ending(), None);
    }
    said
}

/// Two counters of branch 07 talk over their LAN.
fn talk(office: &mut Office) {
    let (first, rest) = office.counters.split_at_mut(1);
    let (one, other) = (&mut first[0].0, &mut rest[0].0);
    let session = |store: &CounterStore| {
        Session::new(peer_of(store, "07", PeerRole::Counter), LIMITS).between_counters()
    };
    let (mut here, mut there) = (session(other), session(one));
    for _ in 0..60 {
        let said = here.round(one, NOW).unwrap();
        for message in said.messages {
            there.receive(other, message, NOW).unwrap();
        }
        let answered = there.round(other, NOW).unwrap();
        for message in answered.messages {
            here.receive(one, message, NOW).unwrap();
        }
        if !said.news && !answered.news {
            return;
        }
    }
}

pub(crate) fn two_branches() -> Office {
    let mut office = Office::open();
    for (number, branch) in [(1_u8, "07"), (2, "07"), (3, "02")] {
        let code = office
            .hub
            .issue_enrolment_code(&BranchCode::from(branch), &format!("窓口{number}"), 60_000)
            .unwrap();
        let device = office.counters[usize::from(number) - 1].0.device();
        office
            .hub
            .redeem_enrolment_code(&code, device, [number; 32])
            .unwrap();
    }
    for (counter, branch) in &mut office.counters {
        counter.set_branch(BranchCode::from(*branch));
    }
    for index in 0..3 {
        converse(&mut office, index);
    }
    office
}

/// A signed case of branch 07 with an address.
pub(crate) fn signed_case(office: &mut Office) -> CaseId {
    let case = start(office.counter(0), "07").case;
    set(office.counter(0), case, "event.type", "move_in");
    set(office.counter(0), case, "member.1.name", NAME);
    set(office.counter(0), case, "new_address.text", PLACE);
    sign(office.counter(0), case);
    case
}

fn everybody(office: &mut Office) {
    for index in [0, 1, 2, 0, 1, 2] {
        converse(office, index);
    }
}

fn to(branch: &str, reason: &str) -> Move {
    Move {
        to: BranchCode::from(branch),
        reason: reason.to_owned(),
        protection: ProtectionKnown::Unsaid,
    }
}

fn hand_to_02(office: &mut Office, case: CaseId) {
    let to = BranchCode::from("02");
    let reason = "続きを近くの支所で行うため";
    office
        .counter(0)
        .transfer(case, &clerk(), &to, reason)
        .unwrap();
}

pub(crate) fn revoke(office: &mut Office, case: CaseId, branch: &str) {
    let publisher = &office.publisher;
    let signed = |bytes: &[u8]| {
        let signature = publisher.sign(&SystemRandom::new(), bytes).unwrap();
        Some(signature.as_ref().to_vec())
    };
    let branch = BranchCode::from(branch);
    office
        .hub
        .revoke_copy(case, &approver(), (&branch, "引き継ぎ済みのため"), signed)
        .unwrap();
}

#[track_caller]
fn same_as_at_head_office(office: &mut Office, index: usize, case: CaseId) {
    let there = office.hub.case(case).unwrap().unwrap();
    let here = office.counter(index).case(case).unwrap().unwrap();
    assert_eq!(here.events, there.events);
    assert_eq!(here.draft, there.draft);
    assert_eq!(here.summary, there.summary);
    for (hash, snapshot) in &there.snapshots {
        let own = office.counter(index).snapshot(case, *hash).unwrap();
        assert_eq!(own.as_ref(), Some(snapshot));
    }
    for blob in &there.blobs {
        let own = office.counter(index).blob(blob.hash).unwrap();
        assert_eq!(own, office.hub.blob(blob.hash).unwrap());
        assert!(own.is_some());
    }
}

#[test]
fn handed_case_comes_whole_and_says_from_whom() {
    let mut office = two_branches();
    let case = signed_case(&mut office);
    office.counter(0).submit(case, &clerk()).unwrap();
    everybody(&mut office);
    assert_eq!(office.counter(2).case(case).unwrap(), None);
    hand_to_02(&mut office, case);
    everybody(&mut office);
    same_as_at_head_office(&mut office, 2, case);
    let board = office.counter(2).board(9).unwrap();
    let moved = board[0].moved.clone().unwrap();
    assert_eq!(board[0].persons, [NAME]);
    assert_eq!(board[0].branch.as_str(), "02");
    assert_eq!(moved.from, Some(BranchCode::from("07")));
    assert_eq!(moved.by, clerk());
    assert_eq!(moved.reason, "続きを近くの支所で行うため");
    // It works on: the other branch's work reaches head office, and not the giving branch.
    assert_eq!(board[0].state, CaseState::Submitted);
}

#[test]
fn only_the_branch_that_has_it_works_on_it() {
    let mut office = two_branches();
    let case = signed_case(&mut office);
    everybody(&mut office);
    hand_to_02(&mut office, case);
    everybody(&mut office);
    let entry = [crate::setting::entry("member.1.name", "架空　二郎")];
    for index in [0, 1] {
        let refused = office.counter(index).set_fields(case, &clerk(), &entry);
        assert!(matches!(
            refused,
            Err(EditError::Store(StoreError::Elsewhere))
        ));
        let refused = office.counter(index).submit(case, &clerk());
        assert!(matches!(
            refused,
            Err(EditError::Store(StoreError::Elsewhere))
        ));
    }
    office
        .counter(2)
        .set_fields(case, &StaffId::from("u0400"), &entry)
        .unwrap();
    everybody(&mut office);
    same_as_at_head_office(&mut office, 2, case);
    // Read-only, and as it was when it was handed on.
    let kept = office.counter(1).case(case).unwrap().unwrap();
    assert_eq!(kept.draft.text("member.1.name"), Some(NAME));
    assert_eq!(kept.summary.branch, Some(BranchCode::from("02")));
}

#[test]
fn taken_back_case_brings_what_was_done_meanwhile() {
    let mut office = two_branches();
    let case = signed_case(&mut office);
    everybody(&mut office);
    hand_to_02(&mut office, case);
    everybody(&mut office);
    set(office.counter(2), case, "phone", "00-0000-0000");
    everybody(&mut office);
    office
        .counter(1)
        .take_back(case, &clerk(), "住民が戻ったため")
        .unwrap();
    everybody(&mut office);
    for index in [0, 1] {
        same_as_at_head_office(&mut office, index, case);
    }
    set(office.counter(0), case, "phone", "00-0000-0001");
    let refused = office.counter(2).take_back(case, &clerk(), "");
    assert!(refused.is_err(), "the other branch did not hand it on");
}

#[test]
fn two_offices_at_once_are_contested_until_a_person_settles() {
    let mut office = two_branches();
    let case = signed_case(&mut office);
    everybody(&mut office);
    // Without a line: the branch hands it to 02, head office takes it for itself.
    hand_to_02(&mut office, case);
    office
        .hub
        .transfer(case, &approver(), &to("00", "本庁で扱うため"))
        .unwrap();
    everybody(&mut office);
    assert!(office.hub.cases(9).unwrap()[0].to_check);
    assert!(office.counter(1).board(9).unwrap()[0].contested);
    let holder = office.hub.case(case).unwrap().unwrap().summary.branch;
    let seen = office.counter(1).case(case).unwrap().unwrap().summary;
    assert_eq!((seen.branch, seen.contested.len()), (holder, 1));
    let nobody = office
        .hub
        .settle_holder(case, &approver(), &BranchCode::from("11"));
    assert!(nobody.is_err(), "a branch that has nothing to do with it");
    office
        .hub
        .settle_holder(case, &approver(), &BranchCode::from("07"))
        .unwrap();
    everybody(&mut office);
    for index in [0, 1] {
        let row = &office.counter(index).board(9).unwrap()[0];
        assert!(!row.contested && !row.to_check);
        same_as_at_head_office(&mut office, index, case);
    }
    assert!(!office.hub.cases(9).unwrap()[0].to_check);
}

#[test]
fn work_of_who_had_not_heard_of_it_is_kept() {
    let mut office = two_branches();
    let case = signed_case(&mut office);
    everybody(&mut office);
    hand_to_02(&mut office, case);
    converse(&mut office, 0);
    converse(&mut office, 2);
    // The second counter of the branch had no line.
    set(office.counter(1), case, "phone", "00-0000-0009");
    everybody(&mut office);
    assert_eq!(office.hub.quarantine().unwrap(), []);
    same_as_at_head_office(&mut office, 2, case);
    let draft = office.counter(2).case(case).unwrap().unwrap().draft;
    assert_eq!(draft.text("phone"), Some("00-0000-0009"));
}

/// Every page of the file and of its log, decrypted: what whoever has disk and key could find.
fn decrypted_pages(path: &Path, key: [u8; 32]) -> Vec<u8> {
    const PAGE: usize = 4096;
    const RESERVE: usize = 80;
    let cipher = Aes256::new(GenericArray::from_slice(&key));
    let file = std::fs::read(path).unwrap();
    let mut log = path.as_os_str().to_owned();
    log.push("-wal");
    let log = std::fs::read(log).unwrap_or_default();
    let frames = log.get(32..).unwrap_or(&[]);
    let logged = frames.chunks_exact(24 + PAGE).map(|frame| &frame[24..]);
    let mut plain = Vec::new();
    for page in file.chunks_exact(PAGE).chain(logged) {
        // The first page begins with the salt; its last bytes are IV and checksum like any other's.
        let start = if plain.is_empty() { 16 } else { 0 };
        let mut before: [u8; 16] = page[PAGE - RESERVE..][..16].try_into().unwrap();
        for block in page[start..PAGE - RESERVE].chunks_exact(16) {
            let mut open = GenericArray::clone_from_slice(block);
            cipher.decrypt_block(&mut open);
            plain.extend(open.iter().zip(before).map(|(byte, mask)| byte ^ mask));
            before = block.try_into().unwrap();
        }
    }
    plain
}

fn holds(pages: &[u8], text: &[u8]) -> bool {
    pages.windows(text.len()).any(|window| window == text)
}

/// What of the case can be found in a counter's file and log: fields, names of the index, the form,
/// the strokes.
pub(crate) fn traces(office: &Office, number: u8) -> Vec<&'static str> {
    let path = office.folder.path().join(format!("counter-{number}.db"));
    traces_in(&path, number)
}

pub(crate) fn traces_at_head_office(office: &Office) -> Vec<&'static str> {
    traces_in(&office.folder.path().join("hub.db"), 200)
}

fn traces_in(path: &Path, key: u8) -> Vec<&'static str> {
    let pages = decrypted_pages(path, [key; 32]);
    assert!(holds(&pages, b"CREATE TABLE draft"), "the pages are plain");
    // 太郎, 左衛 as the index of the archive spells them.
    let tokens = format!("n{:x}x{:x}", u32::from('太'), u32::from('郎'));
    [
        ("name", NAME.as_bytes()),
        ("address", PLACE.as_bytes()),
        ("index", tokens.as_bytes()),
        ("form", &PDF[..200]),
        ("strokes", b"[[1,2]]"),
        ("path", b"member.1.name"),
    ]
    .into_iter()
    .filter(|(_, text)| holds(&pages, text))
    .map(|(what, _)| what)
    .collect()
}

#[test]
fn overwritten_copy_leaves_no_trace_in_file_and_log() {
    let mut office = two_branches();
    let case = signed_case(&mut office);
    office.counter(0).submit(case, &clerk()).unwrap();
    let noted = format!("desk.step.{case}");
    office
        .counter(0)
        .set_note(&noted, Some(NAME.as_bytes()))
        .unwrap();
    everybody(&mut office);
    hand_to_02(&mut office, case);
    everybody(&mut office);
    let all = ["name", "address", "index", "form", "strokes", "path"];
    assert_eq!(traces(&office, 1), all, "the search can find something");
    assert_eq!(traces(&office, 2), all);
    revoke(&mut office, case, "07");
    everybody(&mut office);
    for (index, number) in [(0, 1), (1, 2)] {
        assert_eq!(traces(&office, number), [""; 0]);
        assert_eq!(office.counter(index).case(case).unwrap(), None);
        assert!(office.counter(index).board(9).unwrap().is_empty());
    }
    same_as_at_head_office(&mut office, 2, case);
    // The counter goes on: what it writes next has numbers nobody saw, also after a restart.
    let head = office.counter(0).vector().unwrap()[&office.counter(0).site()];
    let (store, branch) = office.counters.remove(0);
    store.close().unwrap();
    let mut store = crate::setting::counter(office.folder.path(), 1, &office.clock);
    store.set_branch(BranchCode::from(branch));
    office.counters.insert(0, (store, branch));
    let next = start(office.counter(0), "07").case;
    assert!(office.counter(0).vector().unwrap()[&office.counter(0).site()] > head);
    everybody(&mut office);
    same_as_at_head_office(&mut office, 1, next);
}

#[test]
fn page_shows_who_has_overwritten_and_orders_are_forgotten_at_the_end() {
    let mut office = two_branches();
    let case = signed_case(&mut office);
    everybody(&mut office);
    hand_to_02(&mut office, case);
    everybody(&mut office);
    revoke(&mut office, case, "07");
    converse(&mut office, 0);
    let states = |office: &Office| -> Vec<(String, CopyState)> {
        let copies = office.hub.copies(case).unwrap();
        let of_07 = copies.into_iter().find(|one| one.branch.as_str() == "07");
        let counters = of_07.unwrap().counters.into_iter();
        counters.map(|one| (one.name, one.state)).collect()
    };
    let [(_, first), (_, second)] = &states(&office)[..] else {
        panic!("two counters");
    };
    assert!(matches!(first, CopyState::Overwritten { .. }));
    assert_eq!(*second, CopyState::Ordered);
    assert!(
        !office.hub.copies(case).unwrap()[1]
            .order
            .as_ref()
            .unwrap()
            .closed
    );
    converse(&mut office, 1);
    assert!(
        office.hub.copies(case).unwrap()[1]
            .order
            .as_ref()
            .unwrap()
            .closed
    );
    everybody(&mut office);
    for index in [0, 1] {
        let peer = peer_of(office.counter(index), "07", PeerRole::Counter);
        assert_eq!(
            sync_engine::CaseCopies::purges_closed(&office.hub, &peer).unwrap(),
            []
        );
        assert_eq!(
            sync_engine::CaseCopies::purge_orders(office.counter(index), &peer).unwrap(),
            [],
            "the order itself is forgotten"
        );
    }
    // Nothing of the branch is told any more who has the case.
    hand_on_from_02(&mut office, case);
    everybody(&mut office);
    assert_eq!(office.counter(0).case(case).unwrap(), None);
}

/// It was followed again, and noted again, as often as the neighbour told it.
#[test]
fn order_that_a_neighbour_still_keeps_is_not_followed_again() {
    let mut office = two_branches();
    let case = signed_case(&mut office);
    everybody(&mut office);
    hand_to_02(&mut office, case);
    everybody(&mut office);
    revoke(&mut office, case, "07");
    // The second one to follow it closes it, and hears so at once.
    for index in [0, 1] {
        converse(&mut office, index);
    }
    let own = office.counter(1).site();
    let log = |office: &mut Office| office.counter(1).stream_heads().unwrap()[&own];
    let orders = |office: &mut Office, index: usize| {
        let peer = peer_of(office.counter(index), "07", PeerRole::Counter);
        sync_engine::CaseCopies::purge_orders(office.counter(index), &peer).unwrap()
    };
    let before = log(&mut office);
    assert_eq!(orders(&mut office, 1), [], "everybody followed it");
    assert_eq!(
        orders(&mut office, 0).len(),
        1,
        "the first did not hear that"
    );
    talk(&mut office);
    assert_eq!(orders(&mut office, 1), []);
    assert_eq!(log(&mut office), before);
}

/// The order stayed here for ever and was told to every neighbour, before newer ones.
#[test]
fn order_is_forgotten_when_the_case_comes_back() {
    let mut office = two_branches();
    let case = signed_case(&mut office);
    everybody(&mut office);
    hand_to_02(&mut office, case);
    everybody(&mut office);
    revoke(&mut office, case, "07");
    converse(&mut office, 0);
    let back = BranchCode::from("07");
    office
        .counter(2)
        .transfer(case, &clerk(), &back, "")
        .unwrap();
    everybody(&mut office);
    same_as_at_head_office(&mut office, 0, case);
    let peer = peer_of(office.counter(1), "07", PeerRole::Counter);
    let kept = sync_engine::CaseCopies::purge_orders(office.counter(0), &peer).unwrap();
    assert_eq!(kept, []);
    // Once it is elsewhere again, the old order says nothing about what is here now.
    hand_to_02(&mut office, case);
    everybody(&mut office);
    let copies = office.hub.copies(case).unwrap();
    let of_07 = copies.iter().find(|copy| copy.branch.as_str() == "07");
    assert_eq!(of_07.unwrap().order, None);
    assert!(office.counter(0).case(case).unwrap().is_some());
}

/// A case that went on while it was half here was shown with half of its moves, and so as somebody
/// else's than everywhere else.
#[test]
fn case_that_is_half_here_has_no_beginning() {
    let mut office = two_branches();
    let case = signed_case(&mut office);
    everybody(&mut office);
    hand_to_02(&mut office, case);
    converse(&mut office, 0);
    let limits = Limits {
        round_bytes: 300,
        batch_bytes: 300,
        ..LIMITS
    };
    let here = peer_of(&office.hub, "00", PeerRole::Hub);
    let there = peer_of(office.counter(2), "02", PeerRole::Counter);
    let mut session = Session::new(here, limits);
    let mut halves = 0;
    for _ in 0..200 {
        let said = session.round(office.counter(2), NOW).unwrap().messages;
        let answered = answer(&mut office.hub, there.clone(), limits, said, NOW).unwrap();
        for message in answered.messages {
            session.receive(office.counter(2), message, NOW).unwrap();
        }
        let Some(part) = office.counter(2).case(case).unwrap() else {
            continue;
        };
        if part.summary.receipt_number.is_some() {
            let whole = office.hub.case(case).unwrap().unwrap();
            assert_eq!(part.events, whole.events);
            assert!(halves > 2, "it came in parts");
            return;
        }
        assert!(office.counter(2).board(9).unwrap().is_empty());
        halves += 1;
    }
    panic!("the case does not come");
}

fn hand_on_from_02(office: &mut Office, case: CaseId) {
    let to = BranchCode::from("00");
    office.counter(2).transfer(case, &clerk(), &to, "").unwrap();
}

#[test]
fn order_waits_until_head_office_has_what_only_this_counter_has() {
    let mut office = two_branches();
    let case = signed_case(&mut office);
    everybody(&mut office);
    set(office.counter(1), case, "phone", "00-0000-0007");
    office
        .hub
        .transfer(case, &approver(), &to("02", ""))
        .unwrap();
    revoke(&mut office, case, "07");
    // The order alone, as a neighbour or a file brings it.
    let peer = peer_of(office.counter(1), "07", PeerRole::Counter);
    let orders = sync_engine::CaseCopies::purge_orders(&office.hub, &peer).unwrap();
    let hub = peer_of(&office.hub, "00", PeerRole::Hub);
    sync_engine::CaseCopies::purge(office.counter(1), &hub, &orders).unwrap();
    assert!(office.counter(1).case(case).unwrap().is_some());
    everybody(&mut office);
    assert_eq!(office.counter(1).case(case).unwrap(), None);
    let draft = office.counter(2).case(case).unwrap().unwrap().draft;
    assert_eq!(draft.text("phone"), Some("00-0000-0007"));
}

#[test]
fn forged_order_overwrites_nothing() {
    let mut office = two_branches();
    let case = signed_case(&mut office);
    everybody(&mut office);
    hand_to_02(&mut office, case);
    revoke_later(&mut office, case);
    let peer = peer_of(office.counter(1), "07", PeerRole::Counter);
    let mut orders = sync_engine::CaseCopies::purge_orders(&office.hub, &peer).unwrap();
    orders[0].turn += 1;
    let hub = peer_of(&office.hub, "00", PeerRole::Hub);
    sync_engine::CaseCopies::purge(office.counter(1), &hub, &orders).unwrap();
    assert!(office.counter(1).case(case).unwrap().is_some());
}

#[test]
fn head_office_hands_on_and_takes_back() {
    let mut office = two_branches();
    let case = signed_case(&mut office);
    everybody(&mut office);
    let by = approver();
    let unsaid = ("住民が戻ったため", ProtectionKnown::Unsaid);
    assert!(
        office.hub.take_back(case, &by, unsaid).is_err(),
        "nobody handed it on"
    );
    office
        .hub
        .transfer(case, &by, &to("02", "近いため"))
        .unwrap();
    assert!(
        office.hub.transfer(case, &by, &to("02", "")).is_err(),
        "it is there"
    );
    everybody(&mut office);
    same_as_at_head_office(&mut office, 2, case);
    office.hub.take_back(case, &by, unsaid).unwrap();
    everybody(&mut office);
    for index in [0, 1] {
        same_as_at_head_office(&mut office, index, case);
        set(office.counter(index), case, "phone", "00-0000-0004");
    }
    assert!(office.hub.take_back(case, &by, unsaid).is_err(), "once");
    let intake = StaffId::from("u0400");
    let nobody = office.hub.transfer(case, &intake, &to("02", ""));
    assert!(matches!(nobody, Err(ReviewError::RoleMissing)));
}

#[test]
fn protected_case_is_moved_knowingly_and_at_head_office_only() {
    let mut office = two_branches();
    let case = signed_case(&mut office);
    let entry = counter_store::FieldEntry {
        path: "member.1.protected".into(),
        value: counter_domain::draft::FieldValue::Flag(true),
        source: counter_domain::draft::Source::Staff,
        confidence: None,
    };
    office
        .counter(0)
        .set_fields(case, &clerk(), &[entry])
        .unwrap();
    everybody(&mut office);
    let at_counter = office
        .counter(0)
        .transfer(case, &clerk(), &BranchCode::from("02"), "");
    assert!(matches!(at_counter, Err(EditError::NotAllowed(_))));
    let mut there = to("02", "引越し先に近いため");
    let unsaid = office.hub.transfer(case, &approver(), &there);
    assert!(matches!(unsaid, Err(ReviewError::Protected)));
    everybody(&mut office);
    assert_eq!(office.counter(2).case(case).unwrap(), None);
    there.protection = ProtectionKnown::Said;
    office.hub.transfer(case, &approver(), &there).unwrap();
    everybody(&mut office);
    assert!(office.counter(2).case(case).unwrap().unwrap().protected);
    let board = office.counter(2).board(9).unwrap();
    assert!(board[0].protected && board[0].persons.is_empty());
}

#[test]
fn order_that_is_not_signed_is_not_given() {
    let mut office = two_branches();
    let case = signed_case(&mut office);
    everybody(&mut office);
    hand_to_02(&mut office, case);
    everybody(&mut office);
    let branch = BranchCode::from("07");
    let given = office
        .hub
        .revoke_copy(case, &approver(), (&branch, ""), |_| None);
    assert!(given.is_err());
    let copies = office.hub.copies(case).unwrap();
    assert!(copies.iter().all(|copy| copy.order.is_none()));
}

#[test]
fn order_waits_for_no_counter_that_is_shut_out() {
    let mut office = two_branches();
    let case = signed_case(&mut office);
    everybody(&mut office);
    hand_to_02(&mut office, case);
    everybody(&mut office);
    revoke(&mut office, case, "07");
    converse(&mut office, 0);
    let lost = office.counter(1).device();
    assert!(office.hub.revoke(lost).unwrap());
    let copies = office.hub.copies(case).unwrap();
    let of_07 = copies.iter().find(|one| one.branch.as_str() == "07");
    let of_07 = of_07.unwrap();
    assert!(of_07.order.as_ref().unwrap().closed);
    let state = of_07.counters.iter().find(|one| one.device == lost);
    assert_eq!(state.unwrap().state, CopyState::ShutOut);
}

/// Head office told only the branch that has a case of its signatures, so the giving one waited for
/// ever.
#[test]
fn signature_handed_on_before_it_was_sent_is_confirmed_all_the_same() {
    let mut office = two_branches();
    let case = signed_case(&mut office);
    hand_to_02(&mut office, case);
    everybody(&mut office);
    assert_eq!(office.counter(0).sending().unwrap().waiting, 0);
    revoke(&mut office, case, "07");
    everybody(&mut office);
    assert_eq!(office.counter(0).case(case).unwrap(), None);
}

/// A neighbour counted what was left out as held, and never got it.
#[test]
fn neighbours_leave_nothing_out_while_a_case_is_elsewhere() {
    let mut office = two_branches();
    let case = signed_case(&mut office);
    everybody(&mut office);
    set(office.counter(1), case, "phone", "00-0000-0011");
    hand_to_02(&mut office, case);
    let from = peer_of(office.counter(0), "07", PeerRole::Counter);
    let moved = courier(office.counter(0));
    let mut session = Session::new(from, LIMITS)
        .between_counters()
        .by_courier(NOW);
    for message in moved {
        session.receive(office.counter(1), message, NOW).unwrap();
    }
    talk(&mut office);
    office
        .counter(1)
        .take_back(case, &clerk(), "住民が戻ったため")
        .unwrap();
    talk(&mut office);
    let here = office.counter(0).case(case).unwrap().unwrap();
    assert_eq!(here.draft.text("phone"), Some("00-0000-0011"));
}

/// An order that came before the moves it follows from was taken for void.
#[test]
fn order_that_comes_before_its_moves_is_followed() {
    let mut office = two_branches();
    let case = signed_case(&mut office);
    everybody(&mut office);
    set(office.counter(1), case, "phone", "00-0000-0012");
    for (branch, reason) in [("02", "あ"), ("07", "い"), ("00", "う")] {
        let there = to(branch, &reason.repeat(180));
        office.hub.transfer(case, &approver(), &there).unwrap();
    }
    revoke(&mut office, case, "07");
    let peer = peer_of(office.counter(1), "07", PeerRole::Counter);
    let orders = sync_engine::CaseCopies::purge_orders(&office.hub, &peer).unwrap();
    let hub = peer_of(&office.hub, "00", PeerRole::Hub);
    sync_engine::CaseCopies::purge(office.counter(1), &hub, &orders).unwrap();
    everybody(&mut office);
    for index in [0, 1] {
        assert_eq!(office.counter(index).case(case).unwrap(), None);
    }
}

/// It would stay open: nobody is there to follow it.
#[test]
fn order_for_a_branch_without_counters_is_closed_at_once() {
    let mut office = two_branches();
    let case = signed_case(&mut office);
    everybody(&mut office);
    for branch in ["11", "07"] {
        let there = to(branch, "");
        office.hub.transfer(case, &approver(), &there).unwrap();
    }
    revoke(&mut office, case, "11");
    let copies = office.hub.copies(case).unwrap();
    let of_11 = copies.iter().find(|copy| copy.branch.as_str() == "11");
    assert!(of_11.unwrap().order.as_ref().unwrap().closed);
}

/// A branch that was only told who has a case showed an empty one as its own.
#[test]
fn branch_of_a_contested_move_shows_no_empty_case() {
    let mut office = two_branches();
    let case = signed_case(&mut office);
    everybody(&mut office);
    office
        .hub
        .transfer(case, &approver(), &to("00", "本庁で扱うため"))
        .unwrap();
    converse(&mut office, 2);
    hand_to_02(&mut office, case);
    everybody(&mut office);
    assert!(
        office
            .hub
            .case(case)
            .unwrap()
            .unwrap()
            .summary
            .contested
            .len()
            == 1
    );
    assert!(office.counter(2).board(9).unwrap().is_empty());
}

fn revoke_later(office: &mut Office, case: CaseId) {
    converse(office, 0);
    revoke(office, case, "07");
}

#[test]
fn neighbour_and_courier_file_do_not_bring_it_back() {
    let mut office = two_branches();
    let case = signed_case(&mut office);
    // The second counter never had a line; head office and 02 have everything of the first.
    converse(&mut office, 0);
    // A file the first counter wrote before, for its neighbour.
    let file = courier(office.counter(0));
    hand_to_02(&mut office, case);
    converse(&mut office, 0);
    revoke(&mut office, case, "07");
    converse(&mut office, 1);
    assert!(office.hub.copies(case).unwrap().iter().any(|copy| {
        copy.counters
            .iter()
            .filter(|one| one.state == CopyState::Ordered)
            .count()
            == 1
    }));
    // Neighbour and file tell everything they have.
    talk(&mut office);
    assert_eq!(office.counter(1).case(case).unwrap(), None, "by the LAN");
    assert_eq!(
        office.counter(0).case(case).unwrap(),
        None,
        "the neighbour brought the order to who had no line since"
    );
    let from = peer_of(office.counter(0), "07", PeerRole::Counter);
    let mut session = Session::new(from, LIMITS)
        .between_counters()
        .by_courier(NOW);
    for message in file {
        session.receive(office.counter(1), message, NOW).unwrap();
    }
    assert_eq!(office.counter(1).case(case).unwrap(), None, "by a file");
    everybody(&mut office);
    for message in courier(office.counter(0)) {
        session.receive(office.counter(1), message, NOW).unwrap();
    }
    assert_eq!(office.counter(1).case(case).unwrap(), None);
    assert_eq!(traces(&office, 2), [""; 0]);
}

/// Everything a counter wrote, as a file for its neighbours carries it.
fn courier(store: &mut CounterStore) -> Vec<Message> {
    let to = peer_of(store, "07", PeerRole::Counter);
    let session = Session::new(to, LIMITS)
        .between_counters()
        .presuming(store, &Presumed::default());
    let mut dispatch = Dispatch::new(session, store).unwrap();
    let mut file = Vec::new();
    while let Some(part) = dispatch.next_part(store, NOW).unwrap() {
        file.extend(part);
    }
    file
}

#[test]
fn case_comes_back_whole_to_who_overwrote_it() {
    let mut office = two_branches();
    let case = signed_case(&mut office);
    everybody(&mut office);
    hand_to_02(&mut office, case);
    everybody(&mut office);
    revoke(&mut office, case, "07");
    everybody(&mut office);
    set(office.counter(2), case, "phone", "00-0000-0005");
    let back = BranchCode::from("07");
    office
        .counter(2)
        .transfer(case, &clerk(), &back, "")
        .unwrap();
    everybody(&mut office);
    for index in [0, 1] {
        same_as_at_head_office(&mut office, index, case);
    }
    set(office.counter(0), case, "phone", "00-0000-0006");
    everybody(&mut office);
    same_as_at_head_office(&mut office, 1, case);
    assert_eq!(office.hub.quarantine().unwrap(), []);
}

/// It counted as held at the neighbour that had overwritten the case, and never came.
#[test]
fn neighbours_work_on_an_overwritten_case_comes_once_the_case_is_back() {
    let mut office = two_branches();
    let case = signed_case(&mut office);
    everybody(&mut office);
    hand_to_02(&mut office, case);
    converse(&mut office, 0);
    revoke(&mut office, case, "07");
    converse(&mut office, 0);
    assert_eq!(office.counter(0).case(case).unwrap(), None);
    // The second counter has no line, has not heard of it, and tells its neighbour what it does.
    set(office.counter(1), case, "phone", "00-0000-0013");
    talk(&mut office);
    office
        .hub
        .transfer(case, &approver(), &to("07", ""))
        .unwrap();
    converse(&mut office, 0);
    assert!(office.counter(0).case(case).unwrap().is_some());
    for index in [1, 0, 1, 0] {
        converse(&mut office, index);
    }
    for index in [0, 1] {
        same_as_at_head_office(&mut office, index, case);
    }
    let here = office.counter(0).case(case).unwrap().unwrap();
    assert_eq!(here.draft.text("phone"), Some("00-0000-0013"));
}

#[test]
fn counter_of_an_earlier_version_is_told_nothing_it_cannot_read() {
    let mut office = two_branches();
    let case = signed_case(&mut office);
    everybody(&mut office);
    hand_to_02(&mut office, case);
    converse(&mut office, 0);
    revoke(&mut office, case, "07");
    for index in [1, 2] {
        let (counter, branch) = &mut office.counters[index];
        let there = peer_of(counter, branch, PeerRole::Counter);
        let here = peer_of(&office.hub, "00", PeerRole::Hub);
        let mut said = Session::new(here, LIMITS)
            .round(counter, NOW)
            .unwrap()
            .messages;
        for message in &mut said {
            if let Message::Hello(hello) = message {
                hello.version_current = version::BLOBS_CONFIRMED;
            }
        }
        let answer = answer(&mut office.hub, there, LIMITS, said, NOW).unwrap();
        let newest = answer.messages.iter().map(Message::since).max();
        assert!(newest <= Some(version::BLOBS_CONFIRMED));
    }
}
