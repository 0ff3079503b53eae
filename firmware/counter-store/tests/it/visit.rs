//! A visit from the counter to acceptance.

use std::sync::{Arc, Mutex};

use counter_domain::case::{CaseState, NotAcceptable, Remark, RemarkCategory};
use counter_domain::draft::{FieldPath, FieldValue};
use counter_store::{EditError, SignInError, StoreChange};
use hub_store::{Actor, ReviewError};

use sync_engine::{PeerRole, Store};

use crate::setting::{Office, PDF, approver, clerk, entry, peer_of, set, sign, start};

/// Head office acknowledges every record, and has neither strokes nor form.
fn records_alone_are_not_the_case(office: &mut Office) {
    let here = peer_of(&office.hub, "00", PeerRole::Hub);
    let own = office.counter(0).vector().unwrap();
    office.counter(0).acknowledged(&here, &own).unwrap();
    assert_eq!(office.counter(0).sending().unwrap().waiting, 1);
    assert!(!office.counter(0).board(9).unwrap()[0].at_head_office);
    assert_eq!(office.counter(0).blobs_unconfirmed(9).unwrap().len(), 2);
}

#[test]
#[expect(
    clippy::too_many_lines,
    reason = "one case from its start to its acceptance, told in order"
)]
fn returned_case_is_corrected_and_accepted() {
    let mut office = Office::open();
    let case = start(office.counter(0), "07").case;
    set(office.counter(0), case, "member.1.name", "架空　太郎");
    set(office.counter(0), case, "address.new", "架空市架空町1-1");
    sign(office.counter(0), case);
    office.counter(0).submit(case, &clerk()).unwrap();
    assert_eq!(office.counter(0).sending().unwrap().waiting, 1);
    assert!(!office.counter(0).board(9).unwrap()[0].at_head_office);

    records_alone_are_not_the_case(&mut office);
    office.sync(0);
    assert_eq!(office.counter(0).sending().unwrap().waiting, 0);
    assert!(
        office
            .counter(0)
            .sending()
            .unwrap()
            .safe_until_unix_ms
            .is_some()
    );
    assert!(office.counter(0).board(9).unwrap()[0].at_head_office);
    let queue = office.hub.queue().unwrap();
    assert_eq!(queue.len(), 1);
    assert_eq!(queue[0].persons, ["架空　太郎"]);
    assert_eq!(queue[0].receipt_number, "01-270331-0001");
    let record = office.hub.case(case).unwrap().unwrap();
    assert_eq!(record.snapshots.len(), 1);
    assert!(record.blobs.iter().all(|blob| blob.complete) && record.blobs.len() == 2);
    let form = record
        .blobs
        .iter()
        .find(|blob| blob.what.length == PDF.len() as u64)
        .unwrap();
    assert_eq!(office.hub.blob(form.hash).unwrap().unwrap(), PDF);

    let remark = Remark {
        path: FieldPath::from("address.new"),
        category: RemarkCategory::Missing,
        text: "建物名".to_owned(),
    };
    office.hub.open_review(case, &approver()).unwrap();
    assert_eq!(office.hub.queue().unwrap()[0].claimed_by, Some(approver()));
    office
        .hub
        .give_back(case, &approver(), vec![remark.clone()])
        .unwrap();
    assert!(office.hub.queue().unwrap().is_empty());
    office.sync(0);
    let row = office.counter(0).board(9).unwrap().remove(0);
    assert_eq!((row.state, row.remarks), (CaseState::Returned, 1));
    assert_eq!(
        office
            .counter(0)
            .case(case)
            .unwrap()
            .unwrap()
            .summary
            .remarks,
        [remark]
    );

    set(
        office.counter(0),
        case,
        "address.new",
        "架空市架空町1-1　架空荘2",
    );
    sign(office.counter(0), case);
    office.counter(0).submit(case, &clerk()).unwrap();
    office.sync(0);
    let difference = office.hub.difference(case).unwrap();
    let paths: Vec<&str> = difference.iter().map(|field| field.path.as_str()).collect();
    assert_eq!(paths, ["address.new"]);
    assert!(office.hub.queue().unwrap()[0].resubmitted);

    office.hub.open_review(case, &approver()).unwrap();
    assert!(matches!(
        office.hub.accept(case, &clerk()),
        Err(ReviewError::NotAcceptable(NotAcceptable::SamePerson))
    ));
    office.hub.accept(case, &approver()).unwrap();
    let pending = office.hub.hand_over_pending().unwrap();
    assert_eq!(pending.len(), 1);
    assert_eq!(pending[0].accepted_by, approver());
    office
        .hub
        .handed_over(&[case], &Actor::Staff(approver()), "handover-1.csv")
        .unwrap();
    assert!(office.hub.hand_over_pending().unwrap().is_empty());
    assert!(
        office
            .hub
            .handed_over(&[case], &Actor::Staff(approver()), "handover-2.csv")
            .is_err()
    );
    office.sync(0);
    assert_eq!(
        office.counter(0).board(9).unwrap()[0].state,
        CaseState::HandedOver
    );
    assert!(
        office
            .hub
            .audit_verify()
            .unwrap()
            .iter()
            .all(|chain| chain.broken_at.is_none())
    );
}

#[test]
fn handed_in_case_is_frozen() {
    let mut office = Office::open();
    let case = start(office.counter(0), "07").case;
    set(office.counter(0), case, "member.1.name", "架空　太郎");
    assert!(matches!(
        office.counter(0).submit(case, &clerk()),
        Err(EditError::NotAllowed(CaseState::Draft))
    ));
    sign(office.counter(0), case);
    office.counter(0).submit(case, &clerk()).unwrap();
    let change = [entry("member.1.name", "架空　次郎")];
    assert!(matches!(
        office.counter(0).set_fields(case, &clerk(), &change),
        Err(EditError::Frozen(CaseState::Submitted))
    ));
}

#[test]
fn undo_takes_back_one_step_at_a_time() {
    let mut office = Office::open();
    let counter = office.counter(0);
    let case = start(counter, "07").case;
    set(counter, case, "member.1.name", "架空　太郎");
    let two = [
        entry("member.1.name", "架空　花子"),
        entry("member.1.kana", "カクウ　ハナコ"),
    ];
    counter.set_fields(case, &clerk(), &two).unwrap();
    assert_eq!(counter.undo(case, &clerk()).unwrap().len(), 2);
    let draft = counter.case(case).unwrap().unwrap().draft;
    assert_eq!(draft.text("member.1.name"), Some("架空　太郎"));
    assert_eq!(
        draft.field(&"member.1.kana".into()).unwrap().shown.value,
        FieldValue::Cleared
    );
    counter.undo(case, &clerk()).unwrap();
    assert!(!counter.can_undo(case).unwrap());
    assert!(matches!(
        counter.undo(case, &clerk()),
        Err(EditError::NothingToUndo)
    ));
}

#[test]
fn receipt_numbers_go_on_after_a_restart() {
    let mut office = Office::open();
    let first = start(office.counter(0), "07");
    let (store, _) = office.counters.remove(0);
    store.close().unwrap();
    let mut store = crate::setting::counter(office.folder.path(), 1, &office.clock);
    let second = start(&mut store, "07");
    assert_eq!(first.receipt_number, "01-270331-0001");
    assert_eq!(second.receipt_number, "01-270331-0002");
    assert_eq!(store.find_case("01-270331-0001").unwrap(), Some(first.case));
}

#[test]
fn staff_sign_in_offline_after_one_contact() {
    let mut office = Office::open();
    let branch = "07".into();
    let sign_in = |office: &mut Office, secret: &str, branch| {
        office.counter(0).sign_in("u0312", secret, branch)
    };
    assert!(matches!(
        sign_in(&mut office, "secret of u0312", &branch),
        Err(SignInError::NoStaffYet)
    ));
    office.sync_in_pieces(0, 100);
    assert_eq!(
        sign_in(&mut office, "secret of u0312", &branch)
            .unwrap()
            .name,
        "架空　受子"
    );
    assert!(matches!(
        sign_in(&mut office, "wrong", &branch),
        Err(SignInError::Wrong)
    ));
    assert!(matches!(
        sign_in(&mut office, "secret of u0312", &"02".into()),
        Err(SignInError::OtherBranch)
    ));
}

#[test]
fn listener_hears_writes_arrivals_and_acknowledgements() {
    let mut office = Office::open();
    let heard: Arc<Mutex<Vec<StoreChange>>> = Arc::default();
    let ear = Arc::clone(&heard);
    office
        .counter(0)
        .on_change(move |change| ear.lock().unwrap().push(change.clone()));
    let case = start(office.counter(0), "07").case;
    office.sync(0);
    let cases = [case].into();
    let heard = heard.lock().unwrap();
    assert!(heard.contains(&StoreChange::Written { cases }));
    assert!(heard.contains(&StoreChange::Acknowledged));
    assert!(heard.contains(&StoreChange::Dataset {
        name: "staff".to_owned()
    }));
}

#[test]
fn enrolment_code_works_once_and_in_time() {
    let mut office = Office::open();
    let device = counter_domain::ids::DeviceId([9; 16]);
    let hub = &mut office.hub;
    let code = hub
        .issue_enrolment_code(&"07".into(), "2番窓口", 60_000)
        .unwrap();
    assert_eq!(code.len(), 19);
    assert_eq!(
        hub.check_enrolment_code(&code.to_lowercase())
            .unwrap()
            .as_str(),
        "07"
    );
    let enrolled = hub.redeem_enrolment_code(&code, device, [1; 32]).unwrap();
    assert_eq!((enrolled.branch.as_str(), enrolled.revoked), ("07", false));
    let again = hub.redeem_enrolment_code(&code, device, [1; 32]);
    assert!(matches!(again, Err(hub_store::EnrolError::Used)));
    let late = hub
        .issue_enrolment_code(&"07".into(), "3番窓口", 60_000)
        .unwrap();
    office.clock.forward(60_000);
    let other = counter_domain::ids::DeviceId([8; 16]);
    let expired = office.hub.redeem_enrolment_code(&late, other, [2; 32]);
    assert!(matches!(expired, Err(hub_store::EnrolError::Expired)));
    assert!(office.hub.revoke(device).unwrap());
    assert!(office.hub.device(device).unwrap().unwrap().revoked);
}
