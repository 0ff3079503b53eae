//! The objects inside a card's files.
//!
//! Tags are two bytes on the My Number card (`FF20`, `DF22`). Lengths are BER, but not DER: up to 7F
//! in one byte, anything longer as `82 hi lo` even where `81` would do. Both are accepted. After the
//! object a file is padded with `FF` or `00`.

use crate::ReadCardError;

/// One object: its tag and its value.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) struct Object<'a> {
    pub(crate) tag: u16,
    pub(crate) value: &'a [u8],
}

/// Reads tag and length; `Ok(None)` when the bytes end before the header does.
fn header(bytes: &[u8]) -> Result<Option<(u16, usize, &[u8])>, ReadCardError> {
    let Some((tag, rest)) = bytes.split_first_chunk::<2>() else {
        return Ok(None);
    };
    let (length, rest) = match rest {
        [] | [0x81] | [0x82] | [0x82, _] => return Ok(None),
        [short @ 0x00..=0x7f, rest @ ..] => (usize::from(*short), rest),
        [0x81, length, rest @ ..] => (usize::from(*length), rest),
        [0x82, high, low, rest @ ..] => (usize::from(u16::from_be_bytes([*high, *low])), rest),
        [_, ..] => return Err(ReadCardError::Malformed),
    };
    Ok(Some((u16::from_be_bytes(*tag), length, rest)))
}

/// Length of the whole first object, header included; `None` while the header is not complete.
pub(crate) fn total_length(bytes: &[u8]) -> Result<Option<usize>, ReadCardError> {
    let Some((_, length, rest)) = header(bytes)? else {
        return Ok(None);
    };
    Ok(Some(bytes.len() - rest.len() + length))
}

/// The first object; whatever follows it is padding.
pub(crate) fn first(bytes: &[u8]) -> Result<Object<'_>, ReadCardError> {
    let (tag, length, rest) = header(bytes)?.ok_or(ReadCardError::Malformed)?;
    let value = rest.get(..length).ok_or(ReadCardError::Malformed)?;
    Ok(Object { tag, value })
}

/// All objects of a constructed value, up to padding.
pub(crate) fn objects(mut bytes: &[u8]) -> Result<Vec<Object<'_>>, ReadCardError> {
    let mut found = Vec::new();
    while !matches!(
        bytes,
        [] | [0x00 | 0xff] | [0x00, 0x00, ..] | [0xff, 0xff, ..]
    ) {
        let object = first(bytes)?;
        let total = total_length(bytes)?.ok_or(ReadCardError::Malformed)?;
        bytes = bytes.get(total..).unwrap_or_default();
        found.push(object);
    }
    Ok(found)
}

/// The value of the object with this tag.
pub(crate) fn value<'a>(objects: &[Object<'a>], tag: u16) -> Result<&'a [u8], ReadCardError> {
    objects
        .iter()
        .find(|object| object.tag == tag)
        .map(|object| object.value)
        .ok_or(ReadCardError::Malformed)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn long_form_is_accepted_for_short_lengths() {
        for bytes in [
            &[0xdf, 0x22, 0x82, 0, 1, 9][..],
            &[0xdf, 0x22, 0x81, 1, 9],
            &[0xdf, 0x22, 1, 9],
        ] {
            let object = first(bytes).unwrap();
            assert_eq!((object.tag, object.value), (0xdf22, &[9][..]));
        }
    }

    #[test]
    fn a_length_past_the_end_is_refused() {
        assert!(first(&[0xdf, 0x22, 0x82, 0xff, 0xff, 1]).is_err());
        assert!(first(&[0xdf, 0x22, 0x80]).is_err());
        assert!(first(&[0xdf]).is_err());
    }

    #[test]
    fn padding_ends_the_list() {
        let list = objects(&[0xdf, 0x24, 1, 7, 0xff, 0xff, 0xff]).unwrap();
        assert_eq!(list.len(), 1);
        assert_eq!(objects(&[0xdf, 0x24, 1, 7, 0, 0]).unwrap().len(), 1);
    }

    proptest! {
        #[test]
        fn random_bytes_never_panic(bytes in proptest::collection::vec(any::<u8>(), 0..600)) {
            let parsed = objects(&bytes).map(|list| list.len());
            let total = total_length(&bytes);
            prop_assert!(parsed.is_ok() || parsed.is_err());
            if let (Ok(object), Ok(Some(total))) = (first(&bytes), total) {
                prop_assert!(total <= bytes.len());
                prop_assert!(object.value.len() < total);
            }
        }

        #[test]
        fn what_is_written_is_read(values in proptest::collection::vec(proptest::collection::vec(any::<u8>(), 0..200), 1..6)) {
            let mut bytes = Vec::new();
            for value in &values {
                bytes.extend([0xdf, 0x22]);
                if value.len() < 0x80 {
                    bytes.push(u8::try_from(value.len()).unwrap());
                } else {
                    bytes.push(0x82);
                    bytes.extend(u16::try_from(value.len()).unwrap().to_be_bytes());
                }
                bytes.extend(value);
            }
            bytes.extend([0xff; 5]);
            let read: Vec<Vec<u8>> = objects(&bytes).unwrap().iter().map(|o| o.value.to_vec()).collect();
            prop_assert_eq!(read, values);
        }
    }
}
