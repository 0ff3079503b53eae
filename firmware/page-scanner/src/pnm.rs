//! Pages as scanimage writes them: PBM, PGM and PPM, binary, 1, 8 or 16 bits.
//!
//! The bytes come from a driver and are foreign: sizes are checked before memory is taken.

use crate::sheet::Sheet;

/// Longest side: A3 at 600 dpi and a little.
const SIDE_MAX: usize = 16_000;
/// Most pixels of a page, as the reader of pages takes them.
pub(crate) const PIXELS_MAX: usize = 70_000_000;
/// Most bytes of a page in this form.
pub(crate) const BYTES_MAX: usize = PIXELS_MAX * 6 + 4_096;

/// Why bytes are no page.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct NoPage;

/// What stands before the pixels.
struct Head {
    kind: u8,
    width: usize,
    height: usize,
    depth: usize,
}

/// Reads one page.
pub(crate) fn sheet(bytes: &[u8]) -> Result<Sheet, NoPage> {
    let (head, pixels) = head(bytes).ok_or(NoPage)?;
    let channels = if head.kind == b'6' { 3 } else { 1 };
    let samples = head.width * head.height * channels;
    let pixels = match (head.kind, head.depth) {
        (b'4', _) => bits(&head, pixels).ok_or(NoPage)?,
        (_, 255) => pixels.get(..samples).ok_or(NoPage)?.to_vec(),
        // Most significant byte first: the other one says nothing an eye could see.
        (_, 65_535) => {
            let wide = pixels.get(..samples * 2).ok_or(NoPage)?;
            wide.chunks_exact(2)
                .filter_map(|pair| pair.first().copied())
                .collect()
        }
        _ => return Err(NoPage),
    };
    Ok(Sheet {
        width: head.width,
        height: head.height,
        channels,
        pixels,
    })
}

/// One bit a pixel, 1 is black, rows padded to bytes.
fn bits(head: &Head, packed: &[u8]) -> Option<Vec<u8>> {
    let row_bytes = head.width.div_ceil(8);
    let packed = packed.get(..row_bytes * head.height)?;
    let mut pixels = Vec::with_capacity(head.width * head.height);
    for row in packed.chunks_exact(row_bytes.max(1)) {
        let dots = row
            .iter()
            .flat_map(|byte| (0..8).rev().map(move |bit| byte >> bit & 1));
        pixels.extend(
            dots.take(head.width)
                .map(|dot| if dot == 1 { 0 } else { 255 }),
        );
    }
    Some(pixels)
}

fn head(bytes: &[u8]) -> Option<(Head, &[u8])> {
    let (&kind, mut rest) = bytes.strip_prefix(b"P")?.split_first()?;
    if !(b'4'..=b'6').contains(&kind) {
        return None;
    }
    let width = number(&mut rest)?;
    let height = number(&mut rest)?;
    let depth = if kind == b'4' { 1 } else { number(&mut rest)? };
    // One blank, then the pixels.
    let (_, pixels) = rest.split_first()?;
    let fits = (1..=SIDE_MAX).contains(&width)
        && (1..=SIDE_MAX).contains(&height)
        && width * height <= PIXELS_MAX;
    fits.then_some((
        Head {
            kind,
            width,
            height,
            depth,
        },
        pixels,
    ))
}

/// The next number; blanks and comments before it are passed over.
fn number(rest: &mut &[u8]) -> Option<usize> {
    loop {
        let (first, after) = rest.split_first()?;
        if *first == b'#' {
            let end = rest.iter().position(|byte| *byte == b'\n')?;
            *rest = rest.get(end..)?;
        } else if first.is_ascii_whitespace() {
            *rest = after;
        } else {
            break;
        }
    }
    let length = rest.iter().take_while(|byte| byte.is_ascii_digit()).count();
    let (digits, after) = rest.split_at_checked(length)?;
    *rest = after;
    std::str::from_utf8(digits).ok()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn gray_colour_bits_and_wide_samples_are_read() {
        let gray = sheet(b"P5\n# SANE data follows\n2 1\n255\n\x10\xf0").unwrap();
        assert_eq!((gray.width, gray.height, gray.channels), (2, 1, 1));
        assert_eq!(gray.pixels, [0x10, 0xf0]);
        let colour = sheet(b"P6 1 1 255 \x01\x02\x03").unwrap();
        assert_eq!(
            (colour.channels, colour.pixels.as_slice()),
            (3, &[1, 2, 3][..])
        );
        let bits = sheet(b"P4 3 2 \xa0\x40").unwrap();
        assert_eq!(bits.pixels, [0, 255, 0, 255, 0, 255]);
        let wide = sheet(b"P5 2 1 65535\n\x10\xff\xf0\x00").unwrap();
        assert_eq!(wide.pixels, [0x10, 0xf0]);
    }

    #[test]
    fn a_page_cut_short_or_too_large_is_no_page() {
        assert_eq!(sheet(b"P5 2 2 255 \x10\xf0\x01"), Err(NoPage));
        assert_eq!(sheet(b"P5 999999 999999 255 "), Err(NoPage));
        assert_eq!(sheet(b"P5 0 4 255 "), Err(NoPage));
        assert_eq!(sheet(b""), Err(NoPage));
    }

    proptest! {
        #[test]
        fn any_bytes_are_a_whole_page_or_none(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
            let mut tried = b"P5 4 4 255 ".to_vec();
            tried.extend(&bytes);
            for given in [bytes.as_slice(), tried.as_slice()] {
                if let Ok(page) = sheet(given) {
                    prop_assert_eq!(page.pixels.len(), page.width * page.height * page.channels);
                }
            }
        }
    }
}
