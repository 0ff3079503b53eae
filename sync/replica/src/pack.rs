//! Primary keys as cr-sqlite packs them into one blob.
//!
//! One byte with the number of columns; then per column one byte (type in the low three bits, width
//! of the following number in the high five), the length big-endian in that width, and the bytes.
//! A malformed blob ends the whole process inside cr-sqlite, so nothing reaches it that does not
//! unpack here and pack again to the same bytes.

const TEXT: u8 = 3;
const BLOB: u8 = 4;
const COLUMNS_MAX: usize = 8;
const VALUE_BYTES_MAX: usize = 127;

/// One column of a packed key.
#[derive(Clone, PartialEq, Eq)]
pub(crate) enum KeyValue {
    Text(String),
    Blob(Vec<u8>),
}

/// Packs a key; `None` when it is outside what this module packs.
pub(crate) fn pack(values: &[KeyValue]) -> Option<Vec<u8>> {
    if values.is_empty() || values.len() > COLUMNS_MAX {
        return None;
    }
    let mut packed = vec![u8::try_from(values.len()).ok()?];
    for value in values {
        let (kind, bytes) = match value {
            KeyValue::Text(text) => (TEXT, text.as_bytes()),
            KeyValue::Blob(bytes) => (BLOB, bytes.as_slice()),
        };
        if bytes.is_empty() || bytes.len() > VALUE_BYTES_MAX {
            return None;
        }
        packed.push(1 << 3 | kind);
        packed.push(u8::try_from(bytes.len()).ok()?);
        packed.extend_from_slice(bytes);
    }
    Some(packed)
}

/// Unpacks a key; `None` when it is not exactly what [`pack`] makes.
pub(crate) fn unpack(packed: &[u8]) -> Option<Vec<KeyValue>> {
    let (count, mut rest) = packed.split_first()?;
    let mut values = Vec::new();
    for _ in 0..usize::from(*count).min(COLUMNS_MAX + 1) {
        let [head, length, tail @ ..] = rest else {
            return None;
        };
        let (bytes, tail) = tail.split_at_checked(usize::from(*length))?;
        values.push(match (head >> 3, head & 7) {
            (1, TEXT) => KeyValue::Text(std::str::from_utf8(bytes).ok()?.to_owned()),
            (1, BLOB) => KeyValue::Blob(bytes.to_vec()),
            _ => return None,
        });
        rest = tail;
    }
    (pack(&values)? == packed).then_some(values)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn whatever_unpacks_packs_to_the_same_bytes(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
            if let Some(values) = unpack(&bytes) {
                prop_assert_eq!(pack(&values), Some(bytes));
            }
        }

        #[test]
        fn packed_keys_unpack_to_themselves(case in any::<[u8; 16]>(), path in "[a-z.あ-ん]{1,30}") {
            let key = [KeyValue::Blob(case.to_vec()), KeyValue::Text(path)];
            let packed = pack(&key).unwrap();
            prop_assert!(unpack(&packed).unwrap() == key);
        }
    }

    #[test]
    fn keys_that_kill_the_extension_do_not_unpack() {
        for malformed in [
            &b""[..],
            b"\x00",
            b"\x01\x49\x00",
            b"\x01\x0c\x10abc",
            b"\x02\x0b\x01a",
        ] {
            assert!(unpack(malformed).is_none());
        }
    }
}
