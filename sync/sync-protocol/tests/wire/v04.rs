//! Bytes of the messages that version 4 lays out anew.
//!
//! DO NOT EDIT. Counters in the field speak these bytes; see `v01.rs`.
#![expect(clippy::unwrap_used, reason = "a test stops at the first surprise")]

use sync_protocol::{
    CellValue, Change, ChangeBatch, HEADER_BYTES, Message, SiteId, StreamEntry, decode, encode_for,
};

const SITE: SiteId = SiteId([0xA1; 16]);

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[track_caller]
fn check(message: Message, expected: &str) {
    let frame = encode_for(&message, 4).unwrap();
    assert_eq!(frame[1], 4, "the frame names the version");
    let payload = zstd::bulk::decompress(&frame[HEADER_BYTES..], expected.len()).unwrap();
    assert_eq!(hex(&payload), expected, "written");
    assert_eq!(decode(&frame), Ok((message, &[][..])), "through a frame");
}

#[test]
fn rows_of_a_batch() {
    let clock = 117_651_406_848_000_000_u64;
    let row = |value: CellValue, sequence: u64| Change {
        table: "draft".to_owned(),
        key: vec![1, 2, 3],
        column: "doc".to_owned(),
        value,
        column_version: 2,
        version: 7,
        causal_length: 1,
        sequence,
        at: clock.to_string(),
    };
    let document = format!("{{{clock}}}!").into_bytes();
    let batch = ChangeBatch {
        site: SITE,
        after: 6,
        through: 7,
        changes: vec![
            row(CellValue::Blob(document), 0),
            row(CellValue::Integer(-1), 1),
        ],
    };
    let expected = [
        "01",
        &"a1".repeat(16),
        "06",
        "07",
        "02056472616674",
        "03646f63",
        "020000",
        "020101",
        "020003",
        "020300",
        "03010203",
        "020e00",
        "028080808899d5fda10300",
        "020202",
        "020101",
        "020001",
        "020301",
        "0101",
        "0103",
        "0103",
        "037b7d21",
    ];
    check(Message::Changes(batch), &expected.concat());
}

#[test]
fn entries_of_a_log() {
    let entry = |sequence, previous| StreamEntry {
        device: SITE,
        sequence,
        previous,
        body: vec![0x61; 32],
    };
    let first = entry(7, [9; 32]);
    let second = entry(8, first.link());
    let end = hex(&second.link());
    let (device, previous, body) = ("a1".repeat(16), "09".repeat(32), "61".repeat(32));
    check(
        Message::StreamEntries(vec![first, second]),
        &format!("00{device}07{previous}{end}0220{body}20{body}"),
    );
}
