//! The objects inside a card's files.
//!
//! Every card family writes tags in its own way ([`TagStyle`]). Lengths are BER, but not DER: up to
//! 7F in one byte, anything longer as `82 hi lo` even where `81` would do. Both are accepted. After
//! the last object a file is padded with `FF` or `00`.

use crate::ReadCardError;

/// How long a tag is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum TagStyle {
    /// Two bytes, always: the files of the My Number card (`FF20`, `DF22`).
    TwoBytes,
    /// One byte, always: certificates, keys, the licence application of the My Number card.
    OneByte,
    /// One byte, also `1F` and `3F`; only `5F40` has two: the driver's licence.
    Licence,
    /// One byte; `DFxx` has two: the residence card.
    Residence,
}

impl TagStyle {
    /// Splits the tag off; `None` when the bytes end within it.
    fn split(self, bytes: &[u8]) -> Option<(u16, &[u8])> {
        let (first, rest) = bytes.split_first()?;
        let is_long = match self {
            Self::TwoBytes => true,
            Self::OneByte => false,
            Self::Licence => *first == 0x5f,
            Self::Residence => *first == 0xdf,
        };
        if !is_long {
            return Some((u16::from(*first), rest));
        }
        let (second, rest) = rest.split_first()?;
        Some((u16::from_be_bytes([*first, *second]), rest))
    }

    /// Whether only padding follows.
    fn is_padding(self, bytes: &[u8]) -> bool {
        match self {
            Self::TwoBytes => matches!(
                bytes,
                [] | [0x00 | 0xff] | [0x00, 0x00, ..] | [0xff, 0xff, ..]
            ),
            Self::OneByte | Self::Licence | Self::Residence => {
                matches!(bytes, [] | [0x00 | 0xff, ..])
            }
        }
    }
}

/// One object: its tag, its value, and its bytes as written, which signatures cover.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) struct Object<'a> {
    pub(crate) tag: u16,
    pub(crate) value: &'a [u8],
    pub(crate) whole: &'a [u8],
}

/// A tag and a length, and what follows them.
struct Header<'a> {
    tag: u16,
    length: usize,
    rest: &'a [u8],
}

/// Reads tag and length; `Ok(None)` when the bytes end before the header does.
fn header(style: TagStyle, bytes: &[u8]) -> Result<Option<Header<'_>>, ReadCardError> {
    let Some((tag, rest)) = style.split(bytes) else {
        return Ok(None);
    };
    let (length, rest) = match rest {
        [] | [0x81 | 0x82] | [0x82, _] => return Ok(None),
        [short @ 0x00..=0x7f, rest @ ..] => (usize::from(*short), rest),
        [0x81, length, rest @ ..] => (usize::from(*length), rest),
        [0x82, high, low, rest @ ..] => (usize::from(u16::from_be_bytes([*high, *low])), rest),
        [_, ..] => return Err(ReadCardError::Malformed),
    };
    Ok(Some(Header { tag, length, rest }))
}

/// Length of the whole first object, header included; `None` while the header is not complete.
pub(crate) fn total_length(style: TagStyle, bytes: &[u8]) -> Result<Option<usize>, ReadCardError> {
    Ok(header(style, bytes)?.map(|found| bytes.len() - found.rest.len() + found.length))
}

/// Length of all objects up to padding; `None` while the last one is not complete and no padding
/// is seen.
pub(crate) fn list_length(style: TagStyle, bytes: &[u8]) -> Result<Option<usize>, ReadCardError> {
    let mut end = 0;
    loop {
        let rest = bytes.get(end..).unwrap_or_default();
        if rest.is_empty() {
            return Ok(None);
        }
        if style.is_padding(rest) {
            return Ok(Some(end));
        }
        match total_length(style, rest)? {
            Some(total) if total <= rest.len() => end += total,
            Some(_) | None => return Ok(None),
        }
    }
}

/// The first object; whatever follows it is padding.
pub(crate) fn first(style: TagStyle, bytes: &[u8]) -> Result<Object<'_>, ReadCardError> {
    let found = header(style, bytes)?.ok_or(ReadCardError::Malformed)?;
    let value = found
        .rest
        .get(..found.length)
        .ok_or(ReadCardError::Malformed)?;
    let total = bytes.len() - found.rest.len() + found.length;
    let whole = bytes.get(..total).ok_or(ReadCardError::Malformed)?;
    Ok(Object {
        tag: found.tag,
        value,
        whole,
    })
}

/// The first object, which must have this tag.
pub(crate) fn only(style: TagStyle, tag: u16, bytes: &[u8]) -> Result<&[u8], ReadCardError> {
    let object = first(style, bytes)?;
    if object.tag == tag {
        Ok(object.value)
    } else {
        Err(ReadCardError::Malformed)
    }
}

/// All objects of a constructed value or of a file, up to padding.
pub(crate) fn objects(style: TagStyle, mut bytes: &[u8]) -> Result<Vec<Object<'_>>, ReadCardError> {
    let mut found = Vec::new();
    while !style.is_padding(bytes) {
        let object = first(style, bytes)?;
        bytes = bytes.get(object.whole.len()..).unwrap_or_default();
        found.push(object);
    }
    Ok(found)
}

/// The value of the object with this tag, if there is one.
pub(crate) fn find<'a>(objects: &[Object<'a>], tag: u16) -> Option<&'a [u8]> {
    objects
        .iter()
        .find(|object| object.tag == tag)
        .map(|object| object.value)
}

/// The value of the object with this tag.
pub(crate) fn value<'a>(objects: &[Object<'a>], tag: u16) -> Result<&'a [u8], ReadCardError> {
    find(objects, tag).ok_or(ReadCardError::Malformed)
}

/// The objects with these tags one after another, as written.
pub(crate) fn wholes(objects: &[Object<'_>], tags: &[u16]) -> Result<Vec<u8>, ReadCardError> {
    let mut bytes = Vec::new();
    for tag in tags {
        let object = objects.iter().find(|object| object.tag == *tag);
        bytes.extend_from_slice(object.ok_or(ReadCardError::Malformed)?.whole);
    }
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const STYLES: [TagStyle; 4] = [
        TagStyle::TwoBytes,
        TagStyle::OneByte,
        TagStyle::Licence,
        TagStyle::Residence,
    ];

    #[test]
    fn long_form_is_accepted_for_short_lengths() {
        for bytes in [
            &[0xdf, 0x22, 0x82, 0, 1, 9][..],
            &[0xdf, 0x22, 0x81, 1, 9],
            &[0xdf, 0x22, 1, 9],
        ] {
            let object = first(TagStyle::TwoBytes, bytes).unwrap();
            assert_eq!((object.tag, object.value), (0xdf22, &[9][..]));
            assert_eq!(object.whole, bytes);
        }
    }

    #[test]
    fn a_licence_has_plain_tags_that_look_like_long_ones() {
        let file = [0x1f, 1, 7, 0x3f, 0, 0x5f, 0x40, 1, 8, 0xff, 0x22];
        let list = objects(TagStyle::Licence, &file).unwrap();
        let tags: Vec<u16> = list.iter().map(|object| object.tag).collect();
        assert_eq!(tags, [0x1f, 0x3f, 0x5f40]);
        assert_eq!(list_length(TagStyle::Licence, &file).unwrap(), Some(9));
        assert_eq!(list_length(TagStyle::Licence, &file[..4]).unwrap(), None);
    }

    #[test]
    fn a_length_past_the_end_is_refused() {
        for bytes in [
            &[0xdf, 0x22, 0x82, 0xff, 0xff, 1][..],
            &[0xdf, 0x22, 0x80],
            &[0xdf],
        ] {
            assert!(first(TagStyle::TwoBytes, bytes).is_err());
        }
    }

    #[test]
    fn padding_ends_the_list() {
        for file in [
            &[0xdf, 0x24, 1, 7, 0xff, 0xff, 0xff][..],
            &[0xdf, 0x24, 1, 7, 0, 0],
        ] {
            assert_eq!(objects(TagStyle::TwoBytes, file).unwrap().len(), 1);
        }
    }

    proptest! {
        #[test]
        fn random_bytes_never_panic(bytes in proptest::collection::vec(any::<u8>(), 0..600)) {
            for style in STYLES {
                let total = total_length(style, &bytes);
                if let (Ok(object), Ok(Some(total))) = (first(style, &bytes), total) {
                    prop_assert_eq!(object.whole.len(), total);
                    prop_assert!(object.value.len() < total);
                }
                if let Ok(list) = objects(style, &bytes) {
                    let held: usize = list.iter().map(|object| object.whole.len()).sum();
                    prop_assert!(held <= bytes.len());
                }
                if let Ok(Some(length)) = list_length(style, &bytes) {
                    prop_assert!(length <= bytes.len());
                }
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
            for style in [TagStyle::TwoBytes, TagStyle::Residence] {
                let read: Vec<Vec<u8>> = objects(style, &bytes).unwrap().iter().map(|o| o.value.to_vec()).collect();
                prop_assert_eq!(&read, &values);
            }
        }
    }
}
