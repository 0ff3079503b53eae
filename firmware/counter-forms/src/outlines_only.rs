//! Fonts in a document without their hinting: programs that move outlines to the pixels of coarse
//! screens. Paper and today's screens draw the outlines as they are; in the subset of a Japanese font
//! the programs are a quarter of the bytes. Nor do names of glyphs and of the font stay: a
//! document has places of its own for them (ISO 32000-1, 9.9).
//!
//! What is drawn, its widths and its numbers stay as they are. A font laid out otherwise than
//! expected stays whole. Source: OpenType 1.9, "Organization of an OpenType font", "glyf", "loca".

/// Version of a font with TrueType outlines.
const TRUETYPE: &[u8] = &[0, 1, 0, 0];
/// Tables that hold or serve programs, or names, and nothing else.
const NOT_DRAWN: [&[u8; 4]; 5] = [b"cvt ", b"fpgm", b"prep", b"name", b"post"];
/// Bytes of a table's entry in the directory.
const ENTRY_BYTES: usize = 16;
/// What all words of a font add up to.
const MAGIC_SUM: u32 = 0xB1B0_AFBA;

/// A component of a glyph has words for numbers, has a scale, has more components behind it, and has
/// a program behind the last one.
const WORDS: u16 = 0x0001;
const SCALE: u16 = 0x0008;
const MORE: u16 = 0x0020;
const TWO_SCALES: u16 = 0x0040;
const MATRIX: u16 = 0x0080;
const PROGRAM: u16 = 0x0100;

/// The font without programs and names; `None` when it is none with TrueType outlines, or laid out otherwise.
pub(crate) fn outlines_only(font: &[u8]) -> Option<Vec<u8>> {
    if !font.starts_with(TRUETYPE) {
        return None;
    }
    let tables = tables(font)?;
    let table = |tag: &[u8; 4]| {
        tables
            .iter()
            .find(|(known, _)| known == tag)
            .map(|(_, t)| *t)
    };
    let (head, loca, glyf) = (table(b"head")?, table(b"loca")?, table(b"glyf")?);
    let is_long = word(head, 50)? == 1;
    let (glyf, loca) = glyphs(glyf, loca, is_long)?;
    let mut kept: Vec<([u8; 4], Vec<u8>)> = Vec::new();
    for (tag, content) in &tables {
        let content = match tag {
            b"glyf" => glyf.clone(),
            b"loca" => loca.clone(),
            _ if NOT_DRAWN.contains(&tag) => continue,
            _ => (*content).to_vec(),
        };
        kept.push((*tag, content));
    }
    assembled(kept)
}

fn tables(font: &[u8]) -> Option<Vec<([u8; 4], &[u8])>> {
    let count = usize::from(word(font, 4)?);
    (0..count)
        .map(|index| {
            let at = 12 + index * ENTRY_BYTES;
            let tag: [u8; 4] = font.get(at..at + 4)?.try_into().ok()?;
            let start = usize::try_from(long(font, at + 8)?).ok()?;
            let length = usize::try_from(long(font, at + 12)?).ok()?;
            Some((tag, font.get(start..start.checked_add(length)?)?))
        })
        .collect()
}

/// Outlines without programs, and where each begins.
fn glyphs(glyf: &[u8], loca: &[u8], is_long: bool) -> Option<(Vec<u8>, Vec<u8>)> {
    let step = if is_long { 4 } else { 2 };
    let place = |index: usize| {
        let at = index * step;
        if is_long {
            usize::try_from(long(loca, at)?).ok()
        } else {
            Some(usize::from(word(loca, at)?) * 2)
        }
    };
    let (mut out, mut places) = (Vec::with_capacity(glyf.len()), Vec::new());
    for index in 0..loca.len() / step {
        if is_long {
            places.extend(u32::try_from(out.len()).ok()?.to_be_bytes());
        } else {
            places.extend(u16::try_from(out.len() / 2).ok()?.to_be_bytes());
        }
        let (start, Some(end)) = (place(index)?, place(index + 1)) else {
            break;
        };
        let glyph = glyf.get(start..end)?;
        if !glyph.is_empty() {
            out.extend(glyph_without_program(glyph)?);
            out.resize(out.len().next_multiple_of(4), 0);
        }
    }
    Some((out, places))
}

fn glyph_without_program(glyph: &[u8]) -> Option<Vec<u8>> {
    // A negative number of contours: made of other glyphs.
    let contours = word(glyph, 0)?;
    if contours >= 0x8000 {
        return composite_without_program(glyph);
    }
    let length_at = 10 + 2 * usize::from(contours);
    if contours == 0 {
        return Some(glyph.to_vec());
    }
    let behind = length_at + 2 + usize::from(word(glyph, length_at)?);
    let (before, points) = (glyph.get(..length_at)?, glyph.get(behind..)?);
    Some([before, &[0, 0], points].concat())
}

fn composite_without_program(glyph: &[u8]) -> Option<Vec<u8>> {
    let mut out = glyph.get(..10)?.to_vec();
    let mut at = 10;
    loop {
        let flags = word(glyph, at)?;
        let mut length = if flags & WORDS == 0 { 6 } else { 8 };
        length += match flags & (SCALE | TWO_SCALES | MATRIX) {
            0 => 0,
            SCALE => 2,
            TWO_SCALES => 4,
            _ => 8,
        };
        out.extend((flags & !PROGRAM).to_be_bytes());
        out.extend(glyph.get(at + 2..at + length)?);
        at += length;
        if flags & MORE == 0 {
            return Some(out);
        }
    }
}

/// A font of these tables, in their order, with its sums.
fn assembled(tables: Vec<([u8; 4], Vec<u8>)>) -> Option<Vec<u8>> {
    let count = u16::try_from(tables.len()).ok()?;
    // The directory is searched by halves: the largest power of two, and what is left.
    let power = count.checked_ilog2()?;
    let range = ENTRY_BYTES << power;
    let rest = usize::from(count) * ENTRY_BYTES - range;
    let mut out = TRUETYPE.to_vec();
    let power = usize::try_from(power).ok()?;
    for number in [usize::from(count), range, power, rest] {
        out.extend(u16::try_from(number).ok()?.to_be_bytes());
    }
    let mut at = 12 + tables.len() * ENTRY_BYTES;
    let mut contents = Vec::new();
    let mut head_at = None;
    for (tag, mut content) in tables {
        if &tag == b"head" {
            head_at = Some(at);
            content.get_mut(8..12)?.fill(0);
        }
        let length = content.len();
        content.resize(length.next_multiple_of(4), 0);
        out.extend(tag);
        for number in [
            sum(&content),
            u32::try_from(at).ok()?,
            u32::try_from(length).ok()?,
        ] {
            out.extend(number.to_be_bytes());
        }
        at += content.len();
        contents.extend(content);
    }
    out.extend(contents);
    let adjustment = MAGIC_SUM.wrapping_sub(sum(&out)).to_be_bytes();
    let head_at = head_at?;
    out.get_mut(head_at + 8..head_at + 12)?
        .copy_from_slice(&adjustment);
    Some(out)
}

/// Words of four bytes added up.
fn sum(bytes: &[u8]) -> u32 {
    let (words, _) = bytes.as_chunks::<4>();
    let words = words.iter().map(|word| u32::from_be_bytes(*word));
    words.fold(0, u32::wrapping_add)
}

fn word(bytes: &[u8], at: usize) -> Option<u16> {
    let two = bytes.get(at..at.checked_add(2)?)?;
    Some(u16::from_be_bytes(two.try_into().ok()?))
}

fn long(bytes: &[u8], at: usize) -> Option<u32> {
    let four = bytes.get(at..at.checked_add(4)?)?;
    Some(u32::from_be_bytes(four.try_into().ok()?))
}

#[cfg(test)]
mod tests {
    use ttf_parser::{Face, GlyphId, OutlineBuilder};

    use super::*;
    use crate::fonts::FontPaths;

    /// An outline, command by command.
    #[derive(Default, PartialEq, Debug)]
    struct Drawn(Vec<[f32; 6]>);

    impl OutlineBuilder for Drawn {
        fn move_to(&mut self, x: f32, y: f32) {
            self.0.push([x, y, 0.0, 0.0, 0.0, 0.0]);
        }

        fn line_to(&mut self, x: f32, y: f32) {
            self.0.push([x, y, 1.0, 0.0, 0.0, 0.0]);
        }

        fn quad_to(&mut self, x1: f32, y1: f32, x: f32, y: f32) {
            self.0.push([x1, y1, x, y, 2.0, 0.0]);
        }

        fn curve_to(&mut self, x1: f32, y1: f32, x2: f32, y2: f32, x: f32, y: f32) {
            self.0.push([x1, y1, x2, y2, x, y]);
        }

        fn close(&mut self) {
            self.0.push([3.0; 6]);
        }
    }

    #[test]
    fn every_outline_and_width_of_the_fonts_stays() {
        let paths = FontPaths::default();
        for path in [&paths.exact, &paths.label] {
            let whole = std::fs::read(path).unwrap();
            let bare = outlines_only(&whole).unwrap();
            assert!(bare.len() < whole.len());
            let (whole, bare) = (
                Face::parse(&whole, 0).unwrap(),
                Face::parse(&bare, 0).unwrap(),
            );
            assert_eq!(whole.number_of_glyphs(), bare.number_of_glyphs());
            for id in (0..whole.number_of_glyphs()).step_by(7).map(GlyphId) {
                let (mut one, mut other) = (Drawn::default(), Drawn::default());
                assert_eq!(
                    whole.outline_glyph(id, &mut one),
                    bare.outline_glyph(id, &mut other)
                );
                assert_eq!(one, other, "{id:?}");
                assert_eq!(whole.glyph_hor_advance(id), bare.glyph_hor_advance(id));
            }
            assert_eq!(outlines_only(&[TRUETYPE, &[0; 9]].concat()), None);
        }
    }

    #[test]
    fn sums_of_the_font_are_right() {
        let whole = std::fs::read(FontPaths::default().label).unwrap();
        let bare = outlines_only(&whole).unwrap();
        assert_eq!(sum(&bare), MAGIC_SUM);
        for (tag, content) in tables(&bare).unwrap() {
            assert!(!NOT_DRAWN.contains(&&tag), "{tag:?}");
            assert!(!content.is_empty());
        }
        for broken in [&bare[..40], b"OTTO", b"", &bare[..bare.len() / 2]] {
            assert_eq!(outlines_only(broken), None);
        }
    }
}
