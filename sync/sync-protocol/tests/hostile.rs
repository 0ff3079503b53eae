//! Foreign bytes never panic, never unpack beyond the limits, and are told apart clearly.
#![expect(clippy::unwrap_used, reason = "a test stops at the first surprise")]

use proptest::prelude::*;
use sync_protocol::limits::{BODY_BYTES_MAX, FRAMES_MAX, PAYLOAD_BYTES_MAX, UNPACKED_BYTES_MAX};
use sync_protocol::{
    BlobPart, CellValue, Change, ChangeBatch, DecodeError, EncodeError, Message, Remainder, SiteId,
    WantedBlob, decode, decode_all, encode, encode_all,
};

fn header(wire: u32, raw: u32) -> Vec<u8> {
    let mut bytes = vec![0xD7, 1];
    bytes.extend(wire.to_le_bytes());
    bytes.extend(raw.to_le_bytes());
    bytes
}

fn framed(packed: &[u8], raw: usize) -> Vec<u8> {
    let mut frame = header(packed.len().try_into().unwrap(), raw.try_into().unwrap());
    frame.extend(packed);
    frame
}

fn sample() -> Vec<Message> {
    let change = Change {
        table: "draft".to_owned(),
        key: vec![1; 20],
        column: "doc".to_owned(),
        value: CellValue::Text("架空　太郎".to_owned()),
        column_version: 1,
        version: 1,
        causal_length: 1,
        sequence: 0,
        at: "1".to_owned(),
    };
    vec![
        Message::Changes(ChangeBatch {
            site: SiteId([3; 16]),
            after: 0,
            through: 1,
            changes: vec![change; 5],
        }),
        Message::BlobWants(vec![WantedBlob {
            hash: [1; 32],
            have: 0,
        }]),
        Message::BlobPart(BlobPart {
            hash: [1; 32],
            offset: 0,
            length: 9,
            bytes: vec![4; 9],
        }),
        Message::Done(Remainder::Nothing),
    ]
}

#[test]
fn frames_follow_one_another() {
    let bytes = encode_all(&sample()).unwrap();
    assert_eq!(decode_all(&bytes), Ok(sample()));
}

#[test]
fn bomb_is_refused_before_it_unpacks() {
    let bomb = zstd::bulk::compress(&vec![0; PAYLOAD_BYTES_MAX * 4], 19).unwrap();
    assert!(bomb.len() < 10_000, "a small frame");
    assert_eq!(
        decode(&framed(&bomb, PAYLOAD_BYTES_MAX * 4)),
        Err(DecodeError::TooLarge {
            wire: bomb.len(),
            raw: PAYLOAD_BYTES_MAX * 4
        })
    );
    assert_eq!(
        decode(&framed(&bomb, 100)),
        Err(DecodeError::Unpack { raw: 100 })
    );
}

#[test]
fn many_small_bombs_are_refused_before_they_fill_the_memory() {
    let zeros = Message::BlobPart(BlobPart {
        hash: [1; 32],
        offset: 0,
        length: 1 << 23,
        bytes: vec![0; PAYLOAD_BYTES_MAX - 64],
    });
    let frame = encode(&zeros).unwrap();
    let allowed = UNPACKED_BYTES_MAX / PAYLOAD_BYTES_MAX;
    assert_eq!(decode_all(&frame.repeat(allowed)).unwrap().len(), allowed);
    let body = frame.repeat(FRAMES_MAX);
    assert!(body.len() < BODY_BYTES_MAX, "one request, 32 GiB unpacked");
    assert_eq!(decode_all(&body), Err(DecodeError::TooMuch));
}

#[test]
fn endless_frame_is_refused_by_its_header() {
    assert_eq!(
        decode(&header(u32::MAX, 10)),
        Err(DecodeError::TooLarge {
            wire: 0xFFFF_FFFF,
            raw: 10
        })
    );
}

#[test]
fn unpacked_shorter_than_announced_is_refused() {
    let packed = zstd::bulk::compress(&[12, 0], 3).unwrap();
    assert_eq!(
        decode(&framed(&packed, 2)),
        Ok((Message::Done(Remainder::Nothing), &[][..]))
    );
    assert_eq!(
        decode(&framed(&packed, 3)),
        Err(DecodeError::Unpack { raw: 3 })
    );
}

#[test]
fn bytes_behind_a_message_in_its_frame_are_refused() {
    let packed = zstd::bulk::compress(&[12, 0, 0], 3).unwrap();
    assert_eq!(
        decode(&framed(&packed, 3)),
        Err(DecodeError::Deserialise { raw: 3 })
    );
}

#[test]
fn list_that_announces_more_than_it_has_is_refused() {
    let claim = [8, 0xFF, 0xFF, 0xFF, 0xFF, 0x0F];
    let packed = zstd::bulk::compress(&claim, 3).unwrap();
    assert_eq!(
        decode(&framed(&packed, 6)),
        Err(DecodeError::Deserialise { raw: 6 })
    );
}

#[test]
fn other_magic_and_other_version_are_told_apart() {
    assert_eq!(
        decode(b"GET / HTTP/1.1"),
        Err(DecodeError::Magic { found: b'G' })
    );
    assert_eq!(decode(&[0xD7, 9]), Err(DecodeError::Version { found: 9 }));
    assert_eq!(decode(&[0xD7, 1]), Err(DecodeError::Truncated));
    assert_eq!(decode(&[]), Err(DecodeError::Truncated));
}

#[test]
fn endless_row_of_frames_is_refused() {
    let bytes = encode(&Message::Done(Remainder::Nothing))
        .unwrap()
        .repeat(FRAMES_MAX + 1);
    assert_eq!(decode_all(&bytes), Err(DecodeError::TooMany));
}

#[test]
fn message_longer_than_a_frame_does_not_leave() {
    let part = BlobPart {
        hash: [0; 32],
        offset: 0,
        length: 0,
        bytes: vec![0; PAYLOAD_BYTES_MAX],
    };
    assert!(matches!(
        encode(&Message::BlobPart(part)),
        Err(EncodeError::TooLarge { .. })
    ));
}

#[test]
fn debug_shows_no_content() {
    let text = format!("{:?}", sample());
    assert!(!text.contains("架空"), "{text}");
    assert!(!text.contains("[4, 4"), "{text}");
}

proptest! {
    #[test]
    fn random_bytes_never_panic(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
        let _ignored = decode_all(&bytes);
    }

    #[test]
    fn random_payload_never_panics(payload in proptest::collection::vec(any::<u8>(), 0..200)) {
        let packed = zstd::bulk::compress(&payload, 1).unwrap();
        let _ignored = decode(&framed(&packed, payload.len()));
    }

    #[test]
    fn mutated_frames_never_panic(at in any::<prop::sample::Index>(), with in any::<u8>()) {
        let mut bytes = encode_all(&sample()).unwrap();
        let at = at.index(bytes.len());
        bytes[at] = with;
        let _ignored = decode_all(&bytes);
    }

    #[test]
    fn mutated_payloads_never_panic(
        pick in any::<prop::sample::Index>(),
        at in any::<prop::sample::Index>(),
        with in any::<u8>(),
    ) {
        let messages = sample();
        let mut payload = postcard::to_allocvec(pick.get(&messages)).unwrap();
        let at = at.index(payload.len());
        payload[at] = with;
        let packed = zstd::bulk::compress(&payload, 1).unwrap();
        let _ignored = decode(&framed(&packed, payload.len()));
    }

    #[test]
    fn cut_frames_are_refused(cut in any::<prop::sample::Index>()) {
        let frame = encode(&sample()[0]).unwrap();
        let cut = cut.index(frame.len());
        prop_assert_eq!(decode(&frame[..cut]), Err(DecodeError::Truncated));
    }
}
