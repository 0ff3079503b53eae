//! Messages laid out to pack better are the same messages to whoever reads them, and an end of an
//! earlier version gets them as before.
#![expect(clippy::unwrap_used, reason = "a test stops at the first surprise")]

use proptest::prelude::*;
use sync_protocol::{
    CellValue, Change, ChangeBatch, DecodeError, Message, SiteId, StreamEntry, decode, decode_all,
    encode, encode_for, version,
};

const CLOCK: u64 = 117_651_406_848_000_000;

fn log(bodies: &[Vec<u8>]) -> Vec<StreamEntry> {
    let mut entries: Vec<StreamEntry> = Vec::new();
    for body in bodies {
        let last = entries.last();
        let (sequence, previous) = last.map_or((7, [9; 32]), |one| (one.sequence + 1, one.link()));
        entries.push(StreamEntry {
            device: SiteId([1; 16]),
            sequence,
            previous,
            body: body.clone(),
        });
    }
    entries
}

fn bodies(count: u64) -> Vec<Vec<u8>> {
    let body = |number: u64| {
        format!(
            r#"{{"at":{},"by":"u0312","action":"fields_changed","mark":"{number:08x}"}}"#,
            CLOCK + number * 65_536
        )
        .into_bytes()
    };
    (1..=count).map(body).collect()
}

fn row(number: u64) -> Change {
    let at = CLOCK + (number / 3) * 65_536 * 977;
    Change {
        table: "draft".to_owned(),
        key: format!(
            "\u{3}\u{c}\u{10}case-of-sixteen-\u{b}\u{8}member.{}",
            number % 7
        )
        .into_bytes(),
        column: "doc".to_owned(),
        value: CellValue::Blob(
            format!(r#"{{"value":"架空","by":"u0312","at":{at},"settles":null}}"#).into_bytes(),
        ),
        column_version: 1,
        version: number / 3 + 1,
        causal_length: 1,
        sequence: number % 3,
        at: at.to_string(),
    }
}

fn batch(changes: Vec<Change>) -> ChangeBatch {
    ChangeBatch {
        site: SiteId([3; 16]),
        after: 0,
        through: changes.last().map_or(0, |change| change.version),
        changes,
    }
}

/// The frame an end of the newest version gets.
#[track_caller]
fn check_same(message: &Message) -> Vec<u8> {
    let frame = encode_for(message, version::CURRENT).unwrap();
    let (read, rest) = decode(&frame).unwrap();
    assert!(read == *message && rest.is_empty(), "another message");
    for older in version::MIN..version::PACKED {
        let before = encode_for(message, older).unwrap();
        assert_eq!(before, encode(message).unwrap(), "bytes an older end knows");
    }
    frame
}

#[test]
fn log_goes_without_its_hashes() {
    let message = Message::StreamEntries(log(&bodies(28)));
    let frame = check_same(&message);
    assert_eq!(frame[1], version::PACKED);
    let before = encode(&message).unwrap().len();
    assert!(
        before - frame.len() > 27 * 30,
        "{} of {before}",
        frame.len()
    );
}

#[test]
fn rows_go_column_by_column() {
    let message = Message::Changes(batch((0..600).map(row).collect()));
    let frame = check_same(&message);
    assert_eq!(frame[1], version::PACKED);
    let before = encode(&message).unwrap().len();
    assert!(frame.len() * 2 < before, "{} of {before}", frame.len());
}

#[test]
fn what_does_not_fit_goes_as_before() {
    let mut torn = log(&bodies(3));
    torn[2].previous = [0; 32];
    let mut skipped = log(&bodies(3));
    skipped[1].sequence += 5;
    let mut of_two = log(&bodies(2));
    of_two[1].device = SiteId([2; 16]);
    for entries in [
        torn,
        skipped,
        of_two,
        log(&bodies(1)),
        log(&[vec![1], vec![2]]),
    ] {
        let frame = check_same(&Message::StreamEntries(entries));
        assert_eq!(frame[1], version::MIN);
    }
    let strange_clock = Change {
        at: "007".to_owned(),
        ..row(1)
    };
    let long_name = Change {
        table: "t".repeat(40),
        ..row(1)
    };
    for changes in [vec![strange_clock], vec![long_name], Vec::new()] {
        let frame = check_same(&Message::Changes(batch(changes)));
        assert_eq!(frame[1], version::MIN);
    }
}

#[test]
fn every_kind_of_value_comes_back() {
    let text = |at: &str, text: String| Change {
        value: CellValue::Text(text),
        at: at.to_owned(),
        ..row(4)
    };
    let clock = CLOCK.to_string();
    let valued = |value: CellValue| Change { value, ..row(5) };
    check_same(&Message::Changes(batch(vec![
        valued(CellValue::Null),
        valued(CellValue::Integer(-5)),
        text(&clock, clock.clone()),
        text(&clock, format!("{clock} and {clock}")),
        text(&clock, String::new()),
        text("1", "1 is no clock to be found by".to_owned()),
        valued(CellValue::Blob(Vec::new())),
    ])));
}

/// A log whose chain the reader does not come to the end of is no message: nobody changed an entry.
#[test]
fn changed_entry_is_noticed() {
    let frame = encode_for(&Message::StreamEntries(log(&bodies(5))), version::CURRENT).unwrap();
    let raw = u32::from_le_bytes(frame[6..10].try_into().unwrap());
    let raw = usize::try_from(raw).unwrap();
    let mut payload = zstd::bulk::decompress(&frame[10..], raw).unwrap();
    let last = payload.len() - 4;
    payload[last] ^= 1;
    assert_eq!(
        decode(&framed(&payload)),
        Err(DecodeError::Deserialise { raw })
    );
}

fn framed(payload: &[u8]) -> Vec<u8> {
    let packed = zstd::bulk::compress(payload, 1).unwrap();
    let mut frame = vec![0xD7, version::PACKED];
    frame.extend(u32::try_from(packed.len()).unwrap().to_le_bytes());
    frame.extend(u32::try_from(payload.len()).unwrap().to_le_bytes());
    frame.extend(packed);
    frame
}

fn any_change() -> impl Strategy<Value = Change> {
    let value = prop_oneof![
        Just(CellValue::Null),
        any::<i64>().prop_map(CellValue::Integer),
        ".{0,20}".prop_map(CellValue::Text),
        prop::collection::vec(any::<u8>(), 0..40).prop_map(CellValue::Blob),
    ];
    let numbers = (any::<u64>(), any::<u64>(), any::<u64>(), any::<u64>());
    let names = ("[a-z_]{0,40}", "[a-z-]{0,5}");
    let key = prop::collection::vec(0..3_u8, 0..300);
    (names, key, value, numbers, any::<u64>()).prop_map(|(names, key, value, numbers, at)| Change {
        table: names.0,
        key,
        column: names.1,
        value,
        column_version: numbers.0,
        version: numbers.1 >> (numbers.2 % 64),
        causal_length: numbers.2,
        sequence: numbers.3,
        at: (at >> (numbers.3 % 64)).to_string(),
    })
}

proptest! {
    #[test]
    fn any_rows_come_back(changes in prop::collection::vec(any_change(), 0..20)) {
        check_same(&Message::Changes(batch(changes)));
    }

    #[test]
    fn any_entries_come_back(
        bodies in prop::collection::vec(prop::collection::vec(any::<u8>(), 25..60), 0..9),
    ) {
        check_same(&Message::StreamEntries(log(&bodies)));
    }

    #[test]
    fn foreign_bytes_never_panic(payload in prop::collection::vec(any::<u8>(), 0..300)) {
        let _ignored = decode_all(&framed(&payload));
    }

    #[test]
    fn changed_bytes_never_panic(at in any::<prop::sample::Index>(), with in any::<u8>(), rows: bool) {
        let message = if rows {
            Message::Changes(batch((0..9).map(row).collect()))
        } else {
            Message::StreamEntries(log(&bodies(4)))
        };
        let frame = encode_for(&message, version::CURRENT).unwrap();
        let raw = usize::try_from(u32::from_le_bytes(frame[6..10].try_into().unwrap())).unwrap();
        let mut payload = zstd::bulk::decompress(&frame[10..], raw).unwrap();
        let at = at.index(payload.len());
        payload[at] = with;
        let _ignored = decode_all(&framed(&payload));
    }
}
