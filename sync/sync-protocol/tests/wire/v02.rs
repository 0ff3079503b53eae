//! Bytes of the messages that version 2 added.
//!
//! DO NOT EDIT. Counters in the field speak these bytes; see `v01.rs`.
#![expect(clippy::unwrap_used, reason = "a test stops at the first surprise")]

use sync_protocol::{Message, decode, encode};

#[track_caller]
fn check(message: Message, expected: &str) {
    let bytes = postcard::to_allocvec(&message).unwrap();
    let hex: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
    assert_eq!(hex, expected, "written");
    let frame = encode(&message).unwrap();
    assert_eq!(frame[1], 2, "the frame names the version");
    assert_eq!(decode(&frame), Ok((message, &[][..])), "through a frame");
}

#[test]
fn blobs_asked_about_and_held() {
    let hash = "c3".repeat(32);
    check(
        Message::BlobOffers(vec![[0xC3; 32]]),
        &format!("0d01{hash}"),
    );
    check(Message::BlobsHeld(vec![[0xC3; 32]]), &format!("0e01{hash}"));
    check(Message::BlobsHeld(Vec::new()), "0e00");
}
