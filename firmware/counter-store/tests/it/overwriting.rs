//! Copies that a branch no longer needs: ordered by head office, overwritten, and not brought back.
#![expect(clippy::unwrap_used, reason = "a test stops at the first surprise")]

use std::path::Path;

use aes::Aes256;
use aes::cipher::{BlockDecrypt, KeyInit, generic_array::GenericArray};
use counter_domain::ids::{BranchCode, CaseId};
use hub_store::CopyState;
use ring::rand::SystemRandom;
use sync_engine::{Dispatch, PeerRole, Presumed, Session, Store, answer};
use sync_protocol::{Message, version};

use crate::handing::{
    LIMITS, NAME, NOW, PLACE, converse, courier, everybody, hand_to_02, handed, known_to_all,
    same_as_at_head_office, signed_case, talk, to, two_branches,
};
use crate::setting::{Office, PDF, approver, clerk, peer_of, set, start};

fn hand_on_from_02(office: &mut Office, case: CaseId) {
    let to = BranchCode::from("00");
    office.counter(2).transfer(case, &clerk(), &to, "").unwrap();
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
    let (mut office, case) = handed();
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

/// Seeds 1021, 1054 and 1090: it was followed again, and noted again, as often as the neighbour told
/// it, so that head office never had all of the log.
#[test]
fn order_that_a_neighbour_still_keeps_is_not_followed_again() {
    let (mut office, case) = handed();
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
    let (mut office, case) = handed();
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

#[test]
fn order_waits_until_head_office_has_what_only_this_counter_has() {
    let (mut office, case) = known_to_all();
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
    let (mut office, case) = known_to_all();
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
fn order_that_is_not_signed_is_not_given() {
    let (mut office, case) = handed();
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
    let (mut office, case) = handed();
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

/// An order that came before the moves it follows from was taken for void.
#[test]
fn order_that_comes_before_its_moves_is_followed() {
    let (mut office, case) = known_to_all();
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
    let (mut office, case) = known_to_all();
    for branch in ["11", "07"] {
        let there = to(branch, "");
        office.hub.transfer(case, &approver(), &there).unwrap();
    }
    revoke(&mut office, case, "11");
    let copies = office.hub.copies(case).unwrap();
    let of_11 = copies.iter().find(|copy| copy.branch.as_str() == "11");
    assert!(of_11.unwrap().order.as_ref().unwrap().closed);
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

#[test]
fn case_comes_back_whole_to_who_overwrote_it() {
    let (mut office, case) = handed();
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
    let (mut office, case) = known_to_all();
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

/// Seed 2188: what a neighbour told of a case counted as held and was left out, because the case was
/// overwritten here; then the order was forgotten before the case came back, so nobody asked again.
#[test]
fn neighbours_work_is_asked_for_again_although_the_order_is_forgotten() {
    let (mut office, case) = handed();
    revoke(&mut office, case, "07");
    // The second one to follow it closes it, and forgets it at once; the first does not hear so.
    for index in [0, 1] {
        converse(&mut office, index);
    }
    let back = to("07", "住民が戻ったため");
    office.hub.transfer(case, &approver(), &back).unwrap();
    converse(&mut office, 1);
    let on = BranchCode::from("02");
    office.counter(1).transfer(case, &clerk(), &on, "").unwrap();
    talk(&mut office);
    // Head office has not heard that it went on, and gives the case to the first.
    converse(&mut office, 0);
    assert!(office.counter(0).case(case).unwrap().is_some());
    everybody(&mut office);
    let branch = |office: &mut Office, index: usize| {
        let here = office.counter(index).case(case).unwrap().unwrap();
        here.summary.branch
    };
    assert_eq!(branch(&mut office, 1), Some(on.clone()));
    assert_eq!(branch(&mut office, 0), Some(on));
    assert_eq!(office.counter(0).blobs_wanted(9).unwrap(), []);
}

/// Seed 2188: a neighbour told its versions without what it had overwritten of them; they counted as
/// held, and the move among them never came.
#[test]
fn what_a_neighbour_overwrote_comes_from_head_office() {
    let mut office = two_branches();
    let case = signed_case(&mut office);
    talk(&mut office);
    converse(&mut office, 0);
    // The second counter has no line, and hands the case on before head office takes it.
    let on = BranchCode::from("02");
    office.counter(1).transfer(case, &clerk(), &on, "").unwrap();
    revoke(&mut office, case, "07");
    converse(&mut office, 0);
    assert_eq!(office.counter(0).case(case).unwrap(), None);
    talk(&mut office);
    let back = to("07", "住民が戻ったため");
    office.hub.transfer(case, &approver(), &back).unwrap();
    converse(&mut office, 0);
    assert!(office.counter(0).case(case).unwrap().is_some());
    // It follows the order its neighbour gave it, once head office has the move.
    converse(&mut office, 1);
    assert_eq!(office.counter(1).case(case).unwrap(), None);
    talk(&mut office);
    everybody(&mut office);
    let there = office.hub.case(case).unwrap().unwrap().summary;
    let here = office.counter(0).case(case).unwrap().unwrap().summary;
    assert_eq!(there.branch, Some(on.clone()));
    assert_eq!(here.branch, Some(on));
    assert_eq!(here.contested.len(), there.contested.len());
}

/// Everything head office has for a counter that it has not heard of, as a file carries it.
fn file_of_head_office(office: &mut Office, index: usize) -> Vec<Message> {
    let (counter, branch) = &office.counters[index];
    let session = Session::new(peer_of(counter, branch, PeerRole::Counter), LIMITS);
    let session = session.presuming(&office.hub, &Presumed::default());
    let mut dispatch = Dispatch::new(session, &office.hub).unwrap();
    let mut file = Vec::new();
    while let Some(part) = dispatch.next_part(&mut office.hub, NOW).unwrap() {
        file.extend(part);
    }
    file
}

/// The order was forgotten when everybody had followed it, and the file had been under way all the
/// time.
#[test]
fn file_from_before_an_order_brings_nothing_back_when_the_order_is_forgotten() {
    let (mut office, case) = handed();
    let back = to("07", "住民が戻ったため");
    office.hub.transfer(case, &approver(), &back).unwrap();
    let file = file_of_head_office(&mut office, 1);
    assert!(file.iter().any(|one| matches!(one, Message::CasePart(_))));
    let on = to("02", "近くの支所で見るため");
    office.hub.transfer(case, &approver(), &on).unwrap();
    revoke(&mut office, case, "07");
    everybody(&mut office);
    let peer = peer_of(office.counter(1), "07", PeerRole::Counter);
    let kept = sync_engine::CaseCopies::purges_closed(&office.hub, &peer).unwrap();
    assert_eq!(kept, [], "everybody followed and forgot it");
    let from = peer_of(&office.hub, "00", PeerRole::Hub);
    let mut session = Session::new(from, LIMITS).by_courier(NOW);
    for message in file {
        session.receive(office.counter(1), message, NOW).unwrap();
    }
    assert_eq!(office.counter(1).case(case).unwrap(), None);
    assert_eq!(traces(&office, 2), [""; 0]);
    // It comes when it is the branch's again.
    office.hub.transfer(case, &approver(), &back).unwrap();
    everybody(&mut office);
    same_as_at_head_office(&mut office, 1, case);
}

#[test]
fn counter_of_an_earlier_version_is_told_nothing_it_cannot_read() {
    let (mut office, case) = known_to_all();
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
