//! Pictures on a chip: the photo, and on many cards the name and address.

use std::fmt;

use zeroize::{Zeroize, ZeroizeOnDrop};

/// How a picture is encoded.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Zeroize)]
pub enum PictureFormat {
    /// PNG, one bit grey.
    Png,
    /// JPEG 2000 in its file format (JP2).
    Jpeg2000,
    /// A bare JPEG 2000 codestream.
    Jpeg2000Codestream,
    /// TIFF; on residence cards one bit, CCITT group 4.
    Tiff,
}

/// A picture as the chip has it. Wiped when dropped, hidden in Debug.
#[derive(Clone, PartialEq, Eq, Zeroize, ZeroizeOnDrop)]
pub struct Picture {
    format: PictureFormat,
    bytes: Vec<u8>,
}

impl Picture {
    /// Recognises the format by its first bytes. A licence has a few bytes before the codestream,
    /// so that one is searched for; `None` when it is no picture.
    pub(crate) fn recognise(bytes: &[u8]) -> Option<Self> {
        const JP2: &[u8] = &[0, 0, 0, 0x0c, b'j', b'P', b' ', b' '];
        const CODESTREAM: &[u8] = &[0xff, 0x4f, 0xff, 0x51];
        let format = match bytes {
            [0x89, b'P', b'N', b'G', ..] => PictureFormat::Png,
            [b'I', b'I', 0x2a, 0x00, ..] | [b'M', b'M', 0x00, 0x2a, ..] => PictureFormat::Tiff,
            _ if bytes.starts_with(JP2) => PictureFormat::Jpeg2000,
            _ => PictureFormat::Jpeg2000Codestream,
        };
        let start = match format {
            PictureFormat::Jpeg2000Codestream => bytes
                .windows(CODESTREAM.len())
                .take(64)
                .position(|window| window == CODESTREAM)?,
            PictureFormat::Png | PictureFormat::Tiff | PictureFormat::Jpeg2000 => 0,
        };
        Some(Self {
            format,
            bytes: bytes.get(start..)?.to_vec(),
        })
    }

    /// How it is encoded.
    pub fn format(&self) -> PictureFormat {
        self.format
    }

    /// The encoded bytes.
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }
}

impl fmt::Debug for Picture {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Picture({:?}, hidden)", self.format)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_codestream_is_found_behind_a_few_bytes() {
        let picture = Picture::recognise(&[1, 2, 3, 0xff, 0x4f, 0xff, 0x51, 9]).unwrap();
        assert_eq!(picture.format(), PictureFormat::Jpeg2000Codestream);
        assert_eq!(picture.bytes(), [0xff, 0x4f, 0xff, 0x51, 9]);
        assert_eq!(
            format!("{picture:?}"),
            "Picture(Jpeg2000Codestream, hidden)"
        );
    }

    proptest! {
        #[test]
        fn random_bytes_never_panic(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
            if let Some(picture) = Picture::recognise(&bytes) {
                prop_assert!(picture.bytes().len() <= bytes.len());
            }
        }
    }
}
