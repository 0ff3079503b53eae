//! Primary keys as cr-sqlite packs them into one blob.
//!
//! One byte with the number of columns; then per column one byte (type in the low three bits, width
//! of the following number in the high five), the length big-endian in that width, and the bytes.
//! A malformed blob ends the whole process inside cr-sqlite, so nothing reaches it that does not
//! unpack here, and what unpacks has one packed form only.

const TEXT: u8 = 3;
const BLOB: u8 = 4;
const COLUMNS_MAX: usize = 8;
const VALUE_BYTES_MAX: u8 = 127;

/// One column of a packed key, borrowed from it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum KeyValue<'k> {
    Text(&'k str),
    Blob(&'k [u8]),
}

/// The columns of a packed key. Every incoming and outgoing change is unpacked, so nothing is
/// copied.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Key<'k> {
    values: [KeyValue<'k>; COLUMNS_MAX],
    count: usize,
}

impl<'k> Key<'k> {
    pub(crate) fn values(&self) -> &[KeyValue<'k>] {
        self.values.get(..self.count).unwrap_or(&[])
    }

    pub(crate) fn first(&self) -> Option<KeyValue<'k>> {
        self.values().first().copied()
    }

    pub(crate) fn last(&self) -> Option<KeyValue<'k>> {
        self.values().last().copied()
    }
}

/// Unpacks a key; `None` when cr-sqlite would not pack the same values to the same bytes.
pub(crate) fn unpack(packed: &[u8]) -> Option<Key<'_>> {
    let (count, mut rest) = packed.split_first()?;
    let count = usize::from(*count);
    let mut values = [KeyValue::Blob(&[]); COLUMNS_MAX];
    if count == 0 {
        return None;
    }
    for value in values.get_mut(..count)? {
        let [head, length, tail @ ..] = rest else {
            return None;
        };
        // One form only: a length in one byte, never empty, never above 127.
        if !(1..=VALUE_BYTES_MAX).contains(length) {
            return None;
        }
        let (bytes, tail) = tail.split_at_checked(usize::from(*length))?;
        *value = match (head >> 3, head & 7) {
            (1, TEXT) => KeyValue::Text(std::str::from_utf8(bytes).ok()?),
            (1, BLOB) => KeyValue::Blob(bytes),
            _ => return None,
        };
        rest = tail;
    }
    rest.is_empty().then_some(Key { values, count })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Packs as cr-sqlite does; the other half of what is checked here.
    fn pack(values: &[KeyValue<'_>]) -> Vec<u8> {
        let mut packed = vec![u8::try_from(values.len()).unwrap()];
        for value in values {
            let (kind, bytes) = match value {
                KeyValue::Text(text) => (TEXT, text.as_bytes()),
                KeyValue::Blob(bytes) => (BLOB, *bytes),
            };
            packed.push(1 << 3 | kind);
            packed.push(u8::try_from(bytes.len()).unwrap());
            packed.extend_from_slice(bytes);
        }
        packed
    }

    proptest! {
        #[test]
        fn whatever_unpacks_packs_to_the_same_bytes(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
            if let Some(key) = unpack(&bytes) {
                prop_assert_eq!(pack(key.values()), bytes);
            }
        }

        #[test]
        fn packed_keys_unpack_to_themselves(case in any::<[u8; 16]>(), path in "[a-z.あ-ん]{1,30}") {
            let values = [KeyValue::Blob(&case), KeyValue::Text(&path)];
            let packed = pack(&values);
            let key = unpack(&packed).unwrap();
            prop_assert_eq!(key.values(), &values[..]);
        }

        #[test]
        fn one_changed_byte_unpacks_to_itself_or_not_at_all(
            at in any::<prop::sample::Index>(), with in any::<u8>(),
        ) {
            let mut packed = pack(&[KeyValue::Blob(&[7; 16]), KeyValue::Text("a.b"), KeyValue::Blob(&[8; 16])]);
            let at = at.index(packed.len());
            packed[at] = with;
            if let Some(key) = unpack(&packed) {
                prop_assert_eq!(pack(key.values()), packed.clone());
            }
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
            b"\x01\x0b\x00",
            b"\x01\x0b\x80",
            b"\x01\x0b\x01ab",
            b"\x01\x13\x00\x01a",
            b"\x09",
        ] {
            assert!(unpack(malformed).is_none());
        }
    }
}
