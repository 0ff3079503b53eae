//! Bytes of every message of version 1.
//!
//! DO NOT EDIT. Counters in the field speak these bytes. When this test fails, the change in
//! `src/` breaks them; append a new variant and pin it in a new `v02.rs` instead.
//!
//! Pinned are the bytes under the compression (postcard), because zstd may compress differently
//! from release to release; one whole frame is pinned for reading.
#![expect(clippy::unwrap_used, reason = "a test stops at the first surprise")]

use sync_protocol::{
    About, BlobPart, CellValue, Change, ChangeBatch, DatasetManifest, DatasetPart, DatasetWant,
    Hello, Message, Reason, Remainder, SiteId, StreamEntry, VersionVector, WantedBlob, decode,
    encode,
};

const SITE: SiteId = SiteId([0xA1; 16]);

fn vector() -> VersionVector {
    VersionVector::from([(SITE, 300), (SiteId([0xB2; 16]), 1)])
}

fn change(column: &str, value: CellValue) -> Change {
    Change {
        table: "draft".to_owned(),
        key: vec![1, 2, 3],
        column: column.to_owned(),
        value,
        column_version: 2,
        version: 7,
        causal_length: 1,
        sequence: 0,
        at: "99".to_owned(),
    }
}

#[track_caller]
fn check(message: Message, expected: &str) {
    let bytes = postcard::to_allocvec(&message).unwrap();
    let hex: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
    assert_eq!(hex, expected, "written");
    assert_eq!(
        postcard::from_bytes::<Message>(&bytes).unwrap(),
        message,
        "read"
    );
    let frame = encode(&message).unwrap();
    assert_eq!(decode(&frame), Ok((message, &[][..])), "through a frame");
}

#[test]
fn hello() {
    check(
        Message::Hello(Hello {
            version_min: 1,
            version_current: 1,
            schema_version: 4,
            site: SITE,
            vector: vector(),
            subscriptions: vec!["01".to_owned()],
            unix_ms: 1_700_000_000_000,
            hlc: 1_700_000_000_000 << 16,
        }),
        "00010104a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a102a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1ac02b2b2b2b2b2b2b2b2b2b2b2b2b2b2b2b2010102303180d095ffbc31808080c0d6fcf3c501",
    );
}

#[test]
fn changes() {
    let changes = vec![
        change("-1", CellValue::Null),
        change("doc", CellValue::Integer(-5)),
        change("doc", CellValue::Text("架空".to_owned())),
        change("doc", CellValue::Blob(vec![9, 8])),
    ];
    check(
        Message::Changes(ChangeBatch {
            site: SITE,
            after: 6,
            through: 7,
            changes,
        }),
        "01a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a106070405647261667403010203022d3100020701000239390564726166740301020303646f630109020701000239390564726166740301020303646f630206e69eb6e7a9ba020701000239390564726166740301020303646f630302090802070100023939",
    );
}

#[test]
fn ack() {
    check(
        Message::Ack(vector()),
        "0202a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1ac02b2b2b2b2b2b2b2b2b2b2b2b2b2b2b2b201",
    );
}

#[test]
fn streams() {
    check(
        Message::StreamHeads(vector()),
        "0302a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1ac02b2b2b2b2b2b2b2b2b2b2b2b2b2b2b2b201",
    );
    let entry = StreamEntry {
        device: SITE,
        sequence: 1,
        previous: [7; 32],
        body: vec![0x7B, 0x7D],
    };
    check(
        Message::StreamEntries(vec![entry]),
        "0401a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1010707070707070707070707070707070707070707070707070707070707070707027b7d",
    );
}

#[test]
fn datasets() {
    let manifest = DatasetManifest {
        name: "staff".to_owned(),
        version: 3,
        length: 1000,
        hash: [5; 32],
        signature: vec![0x30, 0x44],
    };
    check(
        Message::DatasetOffers(vec![manifest]),
        "050105737461666603e8070505050505050505050505050505050505050505050505050505050505050505023044",
    );
    let want = DatasetWant {
        name: "staff".to_owned(),
        version: 3,
        offset: 512,
    };
    check(Message::DatasetWants(vec![want]), "0601057374616666038004");
    let part = DatasetPart {
        name: "staff".to_owned(),
        version: 3,
        offset: 512,
        bytes: vec![1, 2, 3, 4],
    };
    check(Message::DatasetPart(part), "070573746166660380040401020304");
}

#[test]
fn blobs() {
    check(
        Message::BlobWants(vec![WantedBlob {
            hash: [6; 32],
            have: 128,
        }]),
        "080106060606060606060606060606060606060606060606060606060606060606068001",
    );
    let part = BlobPart {
        hash: [6; 32],
        offset: 128,
        length: 130,
        bytes: vec![0xFF, 0x00],
    };
    check(
        Message::BlobPart(part),
        "0906060606060606060606060606060606060606060606060606060606060606068001820102ff00",
    );
    check(
        Message::BlobRefusals(vec![[6; 32]]),
        "0a010606060606060606060606060606060606060606060606060606060606060606",
    );
}

#[test]
fn refusals() {
    let reasons = [
        Reason::Version { min: 1, current: 2 },
        Reason::Clock {
            ahead_ms: -86_400_001,
        },
        Reason::Revoked,
        Reason::NotEnrolled,
        Reason::NotYourSite,
        Reason::RolledBack { held: 300 },
        Reason::Malformed,
        Reason::TooLarge,
        Reason::Quarantined("key does not parse".to_owned()),
        Reason::Unavailable,
    ];
    let expected = [
        "0b00000102",
        "0b000181f0b252",
        "0b0002",
        "0b0003",
        "0b0004",
        "0b0005ac02",
        "0b0006",
        "0b0007",
        "0b0008126b657920646f6573206e6f74207061727365",
        "0b0009",
    ];
    for (reason, expected) in reasons.into_iter().zip(expected) {
        check(
            Message::Refused {
                about: About::Conversation,
                reason,
            },
            expected,
        );
    }
    check(
        Message::Refused {
            about: About::Request,
            reason: Reason::Malformed,
        },
        "0b0106",
    );
    let about = About::Batch {
        site: SITE,
        after: 6,
    };
    check(
        Message::Refused {
            about,
            reason: Reason::TooLarge,
        },
        "0b02a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a10607",
    );
}

#[test]
fn done() {
    check(Message::Done(Remainder::Nothing), "0c00");
    check(Message::Done(Remainder::More), "0c01");
}

#[test]
fn whole_frame() {
    let frame = FRAME;
    assert_eq!(decode(frame), Ok((Message::Done(Remainder::More), &[][..])));
}

const FRAME: &[u8] = &[
    0xD7, 0x01, 0x0B, 0x00, 0x00, 0x00, 0x02, 0x00, 0x00, 0x00, 0x28, 0xB5, 0x2F, 0xFD, 0x20, 0x02,
    0x11, 0x00, 0x00, 0x0C, 0x01,
];
