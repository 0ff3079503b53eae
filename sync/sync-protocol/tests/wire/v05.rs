//! Bytes of the messages that came with version 5.
//!
//! DO NOT EDIT. Counters in the field speak these bytes; see `v01.rs`.
#![expect(clippy::unwrap_used, reason = "a test stops at the first surprise")]

use sync_protocol::{
    Digest, HEADER_BYTES, Hello, HelloBack, HelloSince, Message, Passed, SiteId, VersionVector,
    decode, encode,
};

const SITE: SiteId = SiteId([0xA1; 16]);
const OTHER: SiteId = SiteId([0xB2; 16]);

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[track_caller]
fn check(message: Message, expected: &str) {
    let frame = encode(&message).unwrap();
    assert_eq!(frame[1], 5, "the frame names the version");
    let payload = zstd::bulk::decompress(&frame[HEADER_BYTES..], expected.len()).unwrap();
    assert_eq!(hex(&payload), expected, "written");
    assert_eq!(decode(&frame), Ok((message, &[][..])), "through a frame");
}

fn hello() -> Hello {
    Hello {
        version_min: 1,
        version_current: 5,
        schema_version: 3,
        site: SITE,
        vector: VersionVector::from([(OTHER, 300)]),
        subscriptions: vec!["07".to_owned()],
        unix_ms: 1,
        hlc: 2,
    }
}

/// Of [`hello`].
fn hello_bytes() -> String {
    [
        "010503",
        &"a1".repeat(16),
        "01",
        &"b2".repeat(16),
        "ac02",
        "01023037",
        "01",
        "02",
    ]
    .concat()
}

#[test]
fn hello_that_builds_on_another() {
    let message = Message::HelloSince(HelloSince {
        since: Digest([7; 8]),
        offers: Digest([8; 8]),
        hello: hello(),
    });
    let expected = ["16", &"07".repeat(8), &"08".repeat(8), &hello_bytes()].concat();
    check(message, &expected);
}

#[test]
fn hello_of_whoever_answers() {
    let message = Message::HelloBack(HelloBack {
        to: Digest([7; 8]),
        hello: hello(),
    });
    check(message, &["17", &"07".repeat(8), &hello_bytes()].concat());
}

#[test]
fn what_is_to_be_said_whole() {
    check(Message::SayWhole, "18");
}

#[test]
fn versions_with_nothing_in_them() {
    let message = Message::Passed(vec![Passed {
        site: OTHER,
        after: 2,
        through: 300,
    }]);
    check(message, &["1901", &"b2".repeat(16), "02ac02"].concat());
}

#[test]
fn both_ends_name_a_vector_the_same() {
    let vector = VersionVector::from([(SITE, 1), (OTHER, 300)]);
    assert_eq!(hex(&Digest::of_vector(&vector).0), "1452c2bce2d44003");
    assert_eq!(hex(&Digest::of_offers(&[]).0), "2d3adedff11b61f1");
}
