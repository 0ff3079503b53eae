//! Filings whose time is over are deleted at head office and at every counter.
#![expect(clippy::unwrap_used, reason = "a test stops at the first surprise")]

use counter_domain::ids::{BranchCode, CaseId, StaffId};
use counter_store::Scan;
use hub_store::{
    CERTIFICATE_WORD, Deleting, DeletionError, DeletionStage, HubStore, RETENTION_YEARS,
};
use ring::rand::SystemRandom;
use ring::signature::{ECDSA_P256_SHA256_ASN1, KeyPair, UnparsedPublicKey};
use serde_json::Value;
use sync_engine::Store;

use crate::handing::{converse, signed_case, two_branches};
use crate::overwriting::{traces, traces_at_head_office};
use crate::setting::{Office, approver, clerk, key, start};

/// The last day on which a filing of fiscal 2026 is kept for five years, and the next.
const LAST_DAY: &str = "2032-03-31";
const DAY_AFTER: &str = "2032-04-01";
const PAPER: &[u8] = b"a picture of a paper";
/// More than ten years later, for the clock.
const LATER_MS: u64 = 11 * 366 * 86_400_000;

/// A case taken in at counter 1, accepted, and everywhere.
fn accepted(office: &mut Office) -> CaseId {
    let case = signed_case(office);
    accept(office, case);
    case
}

fn accept(office: &mut Office, case: CaseId) {
    office.counter(0).submit(case, &clerk()).unwrap();
    everybody(office);
    office.hub.open_review(case, &approver()).unwrap();
    office.hub.accept(case, &approver()).unwrap();
    everybody(office);
}

fn everybody(office: &mut Office) {
    for index in [0, 1, 2, 0, 1, 2] {
        converse(office, index);
    }
}

/// Carries out until nothing is left, `at_most` filings at a time; how often there was more to do.
fn carry_out(office: &mut Office, at_most: usize) -> usize {
    let publisher = &office.publisher;
    let signed = |bytes: &[u8]| {
        let signature = publisher.sign(&SystemRandom::new(), bytes).unwrap();
        Some(signature.as_ref().to_vec())
    };
    let mut times = 0;
    while office
        .hub
        .go_on_deleting("架空市", &signed, at_most)
        .unwrap()
        != Deleting::Nothing
    {
        times += 1;
        assert!(times < 1_000, "it never ends");
    }
    times
}

fn prepared(office: &mut Office) -> i64 {
    office.clock.forward(LATER_MS);
    office.hub.prepare_deletion(&clerk(), DAY_AFTER).unwrap()
}

fn list_hash(office: &Office, run: i64) -> [u8; 32] {
    let runs = office.hub.deletions().unwrap();
    runs.iter().find(|one| one.id == run).unwrap().list_hash
}

fn approve(office: &mut Office, run: i64, by: &StaffId) -> Result<DeletionStage, DeletionError> {
    let hash = list_hash(office, run);
    office.hub.approve_deletion(run, by, hash)
}

fn stage(office: &Office) -> DeletionStage {
    office.hub.deletions().unwrap()[0].stage
}

fn certificate(office: &Office, run: i64) -> (Value, bool) {
    let found = office.hub.deletion_certificate(run).unwrap().unwrap();
    let signed = [CERTIFICATE_WORD, &found.text].concat();
    UnparsedPublicKey::new(
        &ECDSA_P256_SHA256_ASN1,
        office.publisher.public_key().as_ref(),
    )
    .verify(&signed, &found.signature)
    .unwrap();
    (serde_json::from_slice(&found.text).unwrap(), found.closing)
}

#[test]
fn filing_is_due_after_its_years_and_only_when_nobody_works_on_it() {
    let mut office = two_branches();
    accepted(&mut office);
    let open = signed_case(&mut office);
    office.counter(0).submit(open, &clerk()).unwrap();
    everybody(&mut office);
    assert_eq!(office.hub.retention().unwrap().others, RETENTION_YEARS);
    let due = |office: &Office, day: &str| office.hub.deletion_due(day).unwrap();
    assert!(due(&office, LAST_DAY).filings.is_empty());
    let over = due(&office, DAY_AFTER);
    assert_eq!(over.filings.len(), 1);
    assert_eq!(over.unfinished[0].case, open);
    // Kept longer by a decision about its kind, and never less than two years.
    let by = approver();
    office.hub.set_retention(&by, Some("move_in"), 6).unwrap();
    assert!(due(&office, DAY_AFTER).filings.is_empty());
    office.hub.set_retention(&by, Some("move_in"), 2).unwrap();
    assert!(due(&office, "2029-03-31").filings.is_empty());
    assert_eq!(due(&office, "2029-04-01").filings.len(), 1);
    let refused = office.hub.set_retention(&by, None, 1);
    assert!(matches!(refused, Err(DeletionError::Years)));
}

#[test]
fn one_person_alone_deletes_nothing() {
    let mut office = two_branches();
    let case = accepted(&mut office);
    let run = prepared(&mut office);
    assert_eq!(carry_out(&mut office, 9), 0, "nobody approved");
    assert_eq!(
        approve(&mut office, run, &clerk()).unwrap(),
        DeletionStage::Prepared
    );
    let again = approve(&mut office, run, &clerk());
    assert!(matches!(again, Err(DeletionError::SamePerson)));
    for stranger in ["u9999", "system", ""] {
        let refused = approve(&mut office, run, &StaffId::from(stranger));
        assert!(
            matches!(refused, Err(DeletionError::RoleMissing)),
            "{stranger}"
        );
    }
    assert_eq!(carry_out(&mut office, 9), 0, "one approval is not enough");
    assert!(office.hub.case(case).unwrap().is_some());
    let other = office.hub.approve_deletion(run, &approver(), [0; 32]);
    assert!(matches!(other, Err(DeletionError::ListChanged)));
    let second = office.hub.prepare_deletion(&clerk(), DAY_AFTER);
    assert!(matches!(second, Err(DeletionError::RunOpen)));
    office.hub.drop_deletion(run, &clerk()).unwrap();
    let late = approve(&mut office, run, &approver());
    assert!(matches!(late, Err(DeletionError::NoRun)));
    assert_eq!(carry_out(&mut office, 9), 0);
    assert!(office.hub.case(case).unwrap().is_some());
}

#[test]
fn deleted_filing_leaves_no_trace_at_head_office_or_at_counters() {
    let mut office = two_branches();
    let case = accepted(&mut office);
    let all = ["name", "address", "index", "form", "strokes", "path"];
    assert_eq!(
        traces_at_head_office(&office),
        all,
        "the search can find something"
    );
    let run = prepared(&mut office);
    approve(&mut office, run, &clerk()).unwrap();
    assert_eq!(
        approve(&mut office, run, &approver()).unwrap(),
        DeletionStage::Approved
    );
    carry_out(&mut office, 9);
    assert_eq!(stage(&office), DeletionStage::Certified);
    assert_eq!(traces_at_head_office(&office), [""; 0]);
    assert_eq!(office.hub.case(case).unwrap(), None);
    assert!(office.hub.cases(9).unwrap().is_empty());
    let (first, closing) = certificate(&office, run);
    assert!(!closing);
    assert_eq!(first["deleted"][0]["receipt_number"], "01-270331-0001");
    assert_eq!(first["approved"][0]["staff"], "u0312");
    assert_eq!(first["approved"][1]["staff"], "u0021");
    assert_eq!(first["counters"]["copies_waiting"], 1);
    assert_eq!(traces(&office, 1), all, "not told yet");
    everybody(&mut office);
    for (index, number) in [(0, 1), (1, 2), (2, 3)] {
        assert_eq!(traces(&office, number), [""; 0], "counter {number}");
        assert_eq!(office.counter(index).case(case).unwrap(), None);
    }
    assert_eq!(carry_out(&mut office, 9), 1);
    assert_eq!(stage(&office), DeletionStage::Closed);
    let (last, closing) = certificate(&office, run);
    assert!(closing);
    assert_eq!(last["counters"]["copies_waiting"], 0);
    let text = last.to_string();
    assert!(
        !text.contains("架空　") && !text.contains("北町"),
        "it names nobody"
    );
}

#[test]
fn what_a_counter_still_sends_does_not_bring_a_deleted_filing_back() {
    let mut office = two_branches();
    let case = accepted(&mut office);
    // Written at the counter while its cable is out, and sent after the deletion.
    let to = BranchCode::from("02");
    let reason = "近くの支所で見るため";
    office
        .counter(0)
        .transfer(case, &clerk(), &to, reason)
        .unwrap();
    let run = prepared(&mut office);
    approve(&mut office, run, &clerk()).unwrap();
    approve(&mut office, run, &approver()).unwrap();
    carry_out(&mut office, 9);
    everybody(&mut office);
    assert_eq!(office.hub.case(case).unwrap(), None);
    assert_eq!(traces_at_head_office(&office), [""; 0]);
    carry_out(&mut office, 9);
    assert_eq!(stage(&office), DeletionStage::Closed);
    // The counter goes on working with head office.
    let next = start(office.counter(0), "07").case;
    everybody(&mut office);
    assert!(office.hub.case(next).unwrap().is_some());
    assert_eq!(office.hub.quarantine().unwrap(), []);
}

/// Head office had nothing to say of papers it did not know, so the counter waited for its word, and
/// did not overwrite.
#[test]
fn papers_of_a_deleted_filing_that_were_never_sent_are_not_waited_for() {
    let mut office = two_branches();
    let case = signed_case(&mut office);
    everybody(&mut office);
    // Read at the second counter while its cable is out, and sent after the deletion.
    let paper = Scan {
        media_type: "image/png",
        bytes: PAPER,
    };
    office
        .counter(1)
        .keep_scans(case, &clerk(), &[paper], &[])
        .unwrap();
    office.counter(0).submit(case, &clerk()).unwrap();
    converse(&mut office, 0);
    office.hub.open_review(case, &approver()).unwrap();
    office.hub.accept(case, &approver()).unwrap();
    let run = prepared(&mut office);
    approve(&mut office, run, &clerk()).unwrap();
    approve(&mut office, run, &approver()).unwrap();
    carry_out(&mut office, 9);
    assert_eq!(office.counter(1).blobs_unconfirmed(9).unwrap().len(), 1);
    everybody(&mut office);
    assert_eq!(office.counter(1).sending().unwrap().waiting, 0);
    assert_eq!(office.counter(1).case(case).unwrap(), None);
    assert_eq!(traces(&office, 2), [""; 0]);
    let paper = office.counter(1).blob(paper.hash()).unwrap();
    assert_eq!(paper, None);
    carry_out(&mut office, 9);
    assert_eq!(stage(&office), DeletionStage::Closed);
}

#[test]
fn interrupted_run_goes_on_where_it_stood() {
    let mut office = two_branches();
    let cases: Vec<CaseId> = (0..3).map(|_| accepted(&mut office)).collect();
    let run = prepared(&mut office);
    approve(&mut office, run, &clerk()).unwrap();
    approve(&mut office, run, &approver()).unwrap();
    let publisher = &office.publisher;
    let signed = |bytes: &[u8]| {
        let signature = publisher.sign(&SystemRandom::new(), bytes).unwrap();
        Some(signature.as_ref().to_vec())
    };
    assert_eq!(
        office.hub.go_on_deleting("架空市", &signed, 1).unwrap(),
        Deleting::More
    );
    // The key is not there for a while: nothing is half deleted.
    let refused = office.hub.go_on_deleting("架空市", &|_| None, 1);
    assert!(matches!(refused, Err(DeletionError::NotSigned)));
    assert_eq!(office.hub.deletions().unwrap()[0].deleted, 1);
    let reopened = HubStore::open(
        &office.folder.path().join("hub.db"),
        &key(200),
        office.hub.device_id(),
        office.clock.around(201),
    )
    .unwrap();
    std::mem::replace(&mut office.hub, reopened)
        .close()
        .unwrap();
    let here = |office: &Office| {
        let here = cases
            .iter()
            .filter(|case| office.hub.case(**case).unwrap().is_some());
        here.count()
    };
    assert_eq!(here(&office), 2);
    carry_out(&mut office, 1);
    assert_eq!(here(&office), 0);
    assert_eq!(stage(&office), DeletionStage::Certified);
    let (text, _) = certificate(&office, run);
    assert_eq!(text["deleted"].as_array().unwrap().len(), 3);
    assert_eq!(traces_at_head_office(&office), [""; 0]);
}

#[test]
fn filing_touched_after_the_list_or_taken_off_it_stays() {
    let mut office = two_branches();
    let (kept, moved, gone) = (
        accepted(&mut office),
        accepted(&mut office),
        accepted(&mut office),
    );
    let number = |office: &Office, case: CaseId| {
        let record = office.hub.case(case).unwrap().unwrap();
        record.summary.receipt_number.unwrap()
    };
    let run = prepared(&mut office);
    approve(&mut office, run, &clerk()).unwrap();
    let taken_off = number(&office, kept);
    office
        .hub
        .keep_from_deletion(run, &clerk(), (&taken_off, "訴訟で使うため"))
        .unwrap();
    let runs = office.hub.deletions().unwrap();
    assert!(runs[0].approvals.is_empty(), "it is another list now");
    let reason = office
        .hub
        .keep_from_deletion(run, &clerk(), (&taken_off, " "));
    assert!(matches!(reason, Err(DeletionError::NoReason)));
    approve(&mut office, run, &clerk()).unwrap();
    approve(&mut office, run, &approver()).unwrap();
    // Somebody works on one of them before its turn comes.
    office
        .hub
        .handed_over(&[moved], &hub_store::Actor::System, "h.csv")
        .unwrap();
    carry_out(&mut office, 9);
    for (case, stays) in [(kept, true), (moved, true), (gone, false)] {
        assert_eq!(office.hub.case(case).unwrap().is_some(), stays);
    }
    let (text, _) = certificate(&office, run);
    let reasons: Vec<&str> = text["kept"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| one["because"].as_str().unwrap())
        .collect();
    assert_eq!(
        reasons,
        [
            "訴訟で使うため",
            "一覧を作ったあとに、届出に動きがありました。"
        ]
    );
    assert_eq!(text["deleted"].as_array().unwrap().len(), 1);
}

#[test]
fn whole_run_is_in_the_audit_log() {
    let mut office = two_branches();
    accepted(&mut office);
    let run = prepared(&mut office);
    approve(&mut office, run, &clerk()).unwrap();
    approve(&mut office, run, &approver()).unwrap();
    carry_out(&mut office, 9);
    let own = office.hub.site();
    let entries = office.hub.stream_entries(own, 0, usize::MAX).unwrap();
    let text: Vec<String> = entries
        .iter()
        .map(|entry| String::from_utf8_lossy(&entry.body).into_owned())
        .collect();
    for (action, by) in [
        ("deletion_prepared", "u0312"),
        ("deletion_approved", "u0312"),
        ("deletion_approved", "u0021"),
        ("case_deleted", "u0021"),
        ("deletion_certified", "system"),
    ] {
        let noted = text.iter().any(|body| {
            body.contains(&format!(r#""{action}""#)) && body.contains(&format!(r#""{by}""#))
        });
        assert!(noted, "{action} {by}");
    }
    let chains = office.hub.audit_verify().unwrap();
    assert!(chains.iter().all(|chain| chain.broken_at.is_none()));
}
