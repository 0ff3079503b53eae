//! Bytes of the messages that version 3 added.
//!
//! DO NOT EDIT. Counters in the field speak these bytes; see `v01.rs`.
#![expect(clippy::unwrap_used, reason = "a test stops at the first surprise")]

use sync_protocol::{
    CasePart, CaseTurn, CaseWant, CellValue, Change, Message, PurgeClosed, PurgeDone, PurgeOrder,
    PurgeStage, SiteId, VersionVector, decode, encode,
};

const CASE: [u8; 16] = [0xC4; 16];
const SITE: SiteId = SiteId([0xA1; 16]);

#[track_caller]
fn check(message: Message, expected: &str) {
    let bytes = postcard::to_allocvec(&message).unwrap();
    let hex: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
    assert_eq!(hex, expected, "written");
    let frame = encode(&message).unwrap();
    assert_eq!(frame[1], 3, "the frame names the version");
    assert_eq!(decode(&frame), Ok((message, &[][..])), "through a frame");
}

#[test]
fn cases_offered_wanted_and_held() {
    let case = "c4".repeat(16);
    let turn = CaseTurn {
        case: CASE,
        turn: 300,
    };
    check(Message::CaseOffers(vec![turn]), &format!("0f01{case}ac02"));
    let want = CaseWant {
        case: CASE,
        turn: 300,
        after: vec![1, 9],
    };
    check(
        Message::CaseWants(vec![want]),
        &format!("1001{case}ac02020109"),
    );
    check(Message::CasesHeld(vec![turn]), &format!("1201{case}ac02"));
}

#[test]
fn rows_of_a_case() {
    let change = Change {
        table: "draft".to_owned(),
        key: vec![1, 2, 3],
        column: "doc".to_owned(),
        value: CellValue::Blob(vec![9, 8]),
        column_version: 2,
        version: 7,
        causal_length: 1,
        sequence: 0,
        at: "99".to_owned(),
    };
    let part = CasePart {
        case: CASE,
        turn: 300,
        rows: vec![(SITE, change)],
        next: vec![5],
    };
    let (case, site) = ("c4".repeat(16), "a1".repeat(16));
    check(
        Message::CasePart(part),
        &format!("11{case}ac0201{site}0564726166740301020303646f6303020908020701000239390105"),
    );
}

#[test]
fn orders_to_overwrite_a_case() {
    let (case, site) = ("c4".repeat(16), "a1".repeat(16));
    let order = PurgeOrder {
        case: CASE,
        turn: 300,
        branch: "07".to_owned(),
        signature: vec![0x30, 0x44],
    };
    check(
        Message::PurgeOrders(vec![order]),
        &format!("1301{case}ac02023037023044"),
    );
    let done = |stage| PurgeDone {
        case: CASE,
        turn: 300,
        through: 5,
        stage,
    };
    check(
        Message::PurgesDone(vec![
            done(PurgeStage::Overwritten),
            done(PurgeStage::Forgotten),
        ]),
        &format!("1402{case}ac020500{case}ac020501"),
    );
    let closed = PurgeClosed {
        case: CASE,
        turn: 300,
        through: VersionVector::from([(SITE, 5)]),
    };
    check(
        Message::PurgesClosed(vec![closed]),
        &format!("1501{case}ac0201{site}05"),
    );
}

#[test]
fn what_head_office_signs_of_an_order() {
    let signed = PurgeOrder::signed_bytes(CASE, 300, "07");
    let mut expected = b"todoke purge order 1\n".to_vec();
    expected.extend(CASE);
    expected.extend([0, 0, 0, 0, 0, 0, 1, 44]);
    expected.extend(b"07");
    assert_eq!(signed, expected);
}
