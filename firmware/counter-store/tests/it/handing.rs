//! Cases that go from branch to branch, and copies that are overwritten.
#![expect(clippy::unwrap_used, reason = "a test stops at the first surprise")]

use counter_domain::case::CaseState;
use counter_domain::ids::{BranchCode, CaseId, StaffId};
use counter_store::{CounterStore, EditError};
use hub_store::{Move, ProtectionKnown, ReviewError};
use replica::StoreError;
use sync_engine::{
    Dispatch, Limits, Moment, Peer, PeerRole, Presumed, Session, Store as _, answer,
};
use sync_protocol::{Message, SiteId};

use crate::overwriting::revoke;
use crate::setting::{NOON, Office, approver, clerk, peer_of, set, sign, start};

pub(crate) const NOW: Moment = Moment {
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

pub(crate) const NAME: &str = "架空　太郎左衛門";
pub(crate) const PLACE: &str = "架空市北町一丁目２番地の３";

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
pub(crate) fn talk(office: &mut Office) {
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

pub(crate) fn everybody(office: &mut Office) {
    for index in [0, 1, 2, 0, 1, 2] {
        converse(office, index);
    }
}

pub(crate) fn to(branch: &str, reason: &str) -> Move {
    Move {
        to: BranchCode::from(branch),
        reason: reason.to_owned(),
        protection: ProtectionKnown::Unsaid,
    }
}

pub(crate) fn hand_to_02(office: &mut Office, case: CaseId) {
    let to = BranchCode::from("02");
    let reason = "続きを近くの支所で行うため";
    office
        .counter(0)
        .transfer(case, &clerk(), &to, reason)
        .unwrap();
}

/// A signed case of branch 07 that both branches and head office have heard of.
pub(crate) fn known_to_all() -> (Office, CaseId) {
    let mut office = two_branches();
    let case = signed_case(&mut office);
    everybody(&mut office);
    (office, case)
}

/// The same, handed to branch 02, as everybody knows.
pub(crate) fn handed() -> (Office, CaseId) {
    let (mut office, case) = known_to_all();
    hand_to_02(&mut office, case);
    everybody(&mut office);
    (office, case)
}

#[track_caller]
pub(crate) fn same_as_at_head_office(office: &mut Office, index: usize, case: CaseId) {
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
    let (mut office, case) = handed();
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
    let (mut office, case) = handed();
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
    let (mut office, case) = known_to_all();
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
    let (mut office, case) = known_to_all();
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

/// A case that went on while it was half here was shown with half of its moves, and so as somebody
/// else's than everywhere else.
#[test]
fn case_that_is_half_here_has_no_beginning() {
    let (mut office, case) = known_to_all();
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

#[test]
fn head_office_hands_on_and_takes_back() {
    let (mut office, case) = known_to_all();
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
    let (mut office, case) = known_to_all();
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

/// It was asked for for ever, before papers that could have come.
#[test]
fn papers_of_a_case_that_went_on_are_not_asked_for() {
    let mut office = two_branches();
    let case = signed_case(&mut office);
    // Its neighbour hears of the papers, and the line breaks off before they come.
    let from = peer_of(office.counter(0), "07", PeerRole::Counter);
    let told = courier(office.counter(0));
    let mut session = Session::new(from, LIMITS)
        .between_counters()
        .by_courier(NOW);
    for message in told {
        if !matches!(message, Message::BlobPart(_)) {
            session.receive(office.counter(1), message, NOW).unwrap();
        }
    }
    let hub = peer_of(&office.hub, "00", PeerRole::Hub);
    let asked = |office: &mut Office| office.counter(1).blobs_wanted_of(&hub, 9).unwrap().len();
    assert_eq!(asked(&mut office), 2);
    hand_to_02(&mut office, case);
    converse(&mut office, 0);
    converse(&mut office, 1);
    assert_eq!(asked(&mut office), 0);
    assert_eq!(office.counter(1).arriving().unwrap().blobs, 0);
    office
        .hub
        .transfer(case, &approver(), &to("07", ""))
        .unwrap();
    everybody(&mut office);
    same_as_at_head_office(&mut office, 1, case);
}

/// A branch that was only told who has a case showed an empty one as its own.
#[test]
fn branch_of_a_contested_move_shows_no_empty_case() {
    let (mut office, case) = known_to_all();
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

/// Everything a counter wrote, as a file for its neighbours carries it.
pub(crate) fn courier(store: &mut CounterStore) -> Vec<Message> {
    let to = Peer {
        site: SiteId([0xee; 16]),
        branch: "07".to_owned(),
        role: PeerRole::Counter,
    };
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
