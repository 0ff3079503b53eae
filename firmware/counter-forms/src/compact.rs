//! A smaller file for the same document: what the exporter writes as plain dictionaries (mostly the
//! structure that makes the document readable aloud) goes into compressed object streams.
//!
//! Allowed in PDF/A-2 (ISO 19005-2, 6.1.4 and 6.1.7) and part of every PDF since 1.5 (ISO 32000-1,
//! 7.5.7 object streams, 7.5.8 cross-reference streams). Fonts lose their programs for coarse screens
//! (`outlines_only`). Pages and metadata are copied byte by byte; the catalogue stays plain. The same
//! document gives the same bytes. Measured over the samples of all forms it takes off a third.

use std::io::Write as _;
use std::ops::Range;

use crate::outlines_only::outlines_only;

/// Objects in one object stream. Readers unpack a whole stream for one object.
const OBJECTS_PER_STREAM: usize = 256;
/// Deflate's strongest level: a form is written once and kept for years.
const LEVEL: u8 = 9;
/// Outlines gain nothing from stronger ones, and they are most of the bytes.
const FONT_LEVEL: u8 = 6;
/// Bytes of one line of a cross-reference table.
const ENTRY_BYTES: usize = 20;

/// The document in fewer bytes. One that is not laid out as the exporter does it comes back as it
/// is: larger, but right.
pub(crate) fn compacted(pdf: Vec<u8>) -> Vec<u8> {
    let smaller = Document::read(&pdf).and_then(|document| document.write());
    smaller
        .filter(|smaller| smaller.len() < pdf.len())
        .unwrap_or(pdf)
}

/// A document with a plain cross-reference table, objects numbered from 1 without gaps.
struct Document<'p> {
    /// Version line and the comment that marks binary content.
    header: &'p [u8],
    /// Content of object `n` at `n - 1`, without `obj` and `endobj`.
    objects: Vec<&'p [u8]>,
    /// Entries of the trailer without its size.
    trailer: &'p [u8],
    /// Number of the catalogue.
    catalogue: usize,
}

impl<'p> Document<'p> {
    fn read(pdf: &'p [u8]) -> Option<Self> {
        let table = number_after(pdf, last(pdf, b"startxref\n")? + b"startxref\n".len())?;
        let (offsets, after) = offsets(pdf, table)?;
        let mut ends: Vec<usize> = offsets.iter().copied().chain([table]).collect();
        ends.sort_unstable();
        let objects = offsets.iter().enumerate().map(|(index, start)| {
            let end = ends.get(ends.partition_point(|end| end <= start))?;
            content(pdf.get(*start..*end)?, index + 1)
        });
        let objects = objects.collect::<Option<Vec<_>>>()?;
        let trailer = pdf.get(after..)?.strip_prefix(b"trailer\n<<")?;
        let trailer = trailer.get(..last(trailer, b">>")?)?;
        let trailer = trailer.strip_prefix(b"/Size ")?;
        let digits = trailer.iter().take_while(|byte| byte.is_ascii_digit());
        let trailer = trailer.get(digits.count()..)?;
        let root = last(trailer, b"/Root ")?;
        Some(Self {
            header: pdf.get(..*ends.first()?)?,
            objects,
            trailer,
            catalogue: number_after(trailer, root + b"/Root ".len())?,
        })
    }

    fn write(&self) -> Option<Vec<u8>> {
        let mut out = self.header.to_vec();
        let mut places = vec![Place::Free; self.objects.len() + 1];
        let mut packed = Vec::new();
        for (number, content) in (1..).zip(&self.objects) {
            if number == self.catalogue || content.ends_with(b"endstream") {
                *places.get_mut(number)? = Place::At(out.len());
                let font = font_without_programs(content);
                write_object(&mut out, number, font.as_deref().unwrap_or(content))?;
            } else {
                packed.push(number);
            }
        }
        for numbers in packed.chunks(OBJECTS_PER_STREAM) {
            let stream = places.len();
            places.push(Place::At(out.len()));
            for (index, number) in numbers.iter().enumerate() {
                *places.get_mut(*number)? = Place::In { stream, index };
            }
            let content = self.object_stream(numbers)?;
            write_object(&mut out, stream, &content)?;
        }
        let table = out.len();
        let number = places.len();
        places.push(Place::At(table));
        let content = self.cross_references(&places)?;
        write_object(&mut out, number, &content)?;
        write!(out, "startxref\n{table}\n%%EOF").ok()?;
        Some(out)
    }

    fn object_stream(&self, numbers: &[usize]) -> Option<Vec<u8>> {
        let mut index = Vec::new();
        let mut contents = Vec::new();
        for number in numbers {
            write!(index, "{number} {} ", contents.len()).ok()?;
            contents.extend_from_slice(self.objects.get(number.checked_sub(1)?)?);
            contents.push(b'\n');
        }
        let entries = format!("/Type/ObjStm/N {}/First {}", numbers.len(), index.len());
        let content = [index, contents].concat();
        Some(stream(entries.as_bytes(), &content))
    }

    fn cross_references(&self, places: &[Place]) -> Option<Vec<u8>> {
        let mut table = Vec::new();
        for place in places {
            let (kind, second, third) = match place {
                Place::Free => (0, 0, u16::MAX),
                Place::At(offset) => (1, u32::try_from(*offset).ok()?, 0),
                Place::In { stream, index } => {
                    let stream = u32::try_from(*stream).ok()?;
                    (2, stream, u16::try_from(*index).ok()?)
                }
            };
            table.push(kind);
            table.extend_from_slice(&second.to_be_bytes());
            table.extend_from_slice(&third.to_be_bytes());
        }
        let entries = format!("/Type/XRef/Size {}/W[1 4 2]", places.len());
        let entries = [entries.as_bytes(), self.trailer].concat();
        Some(stream(&entries, &table))
    }
}

/// Where an object is.
#[derive(Clone, Copy)]
enum Place {
    Free,
    At(usize),
    In { stream: usize, index: usize },
}

/// An embedded font in fewer bytes; `None` for any other stream.
fn font_without_programs(content: &[u8]) -> Option<Vec<u8>> {
    let rest = content.strip_prefix(b"<</Length ")?;
    let length = number_after(rest, 0)?;
    let behind = rest.iter().position(|byte| !byte.is_ascii_digit())?;
    let body = rest.get(behind..)?;
    let packed = body.strip_prefix(b"/Filter/FlateDecode>>\nstream\n")?;
    let font = miniz_oxide::inflate::decompress_to_vec_zlib(packed.get(..length)?).ok()?;
    Some(stream_at(FONT_LEVEL, b"", &outlines_only(&font)?))
}

/// A compressed stream with its dictionary.
fn stream(entries: &[u8], content: &[u8]) -> Vec<u8> {
    stream_at(LEVEL, entries, content)
}

fn stream_at(level: u8, entries: &[u8], content: &[u8]) -> Vec<u8> {
    let packed = miniz_oxide::deflate::compress_to_vec_zlib(content, level);
    let length = format!("/Filter/FlateDecode/Length {}>>\nstream\n", packed.len());
    [
        b"<<".as_slice(),
        entries,
        length.as_bytes(),
        &packed,
        b"\nendstream",
    ]
    .concat()
}

fn write_object(out: &mut Vec<u8>, number: usize, content: &[u8]) -> Option<()> {
    writeln!(out, "{number} 0 obj").ok()?;
    // Data that ends with a carriage return and the line feed behind it look like one line end, and
    // a checker that measures the stream (ISO 19005-2, 6.1.7.1) would find it a byte short.
    if let Some(before) = content.strip_suffix(b"\r\nendstream") {
        out.extend_from_slice(before);
        out.extend_from_slice(b"\r\r\nendstream");
    } else {
        out.extend_from_slice(content);
    }
    out.extend_from_slice(b"\nendobj\n");
    Some(())
}

/// Offsets of the objects from 1 on, and where the table ends.
fn offsets(pdf: &[u8], table: usize) -> Option<(Vec<usize>, usize)> {
    let head = pdf.get(table..)?.strip_prefix(b"xref\n0 ")?;
    let count = number_after(head, 0)?;
    let first = table + b"xref\n0 ".len() + head.iter().position(|byte| *byte == b'\n')? + 1;
    let after = first.checked_add(count.checked_mul(ENTRY_BYTES)?)?;
    let entries = pdf
        .get(first + ENTRY_BYTES..after)?
        .chunks_exact(ENTRY_BYTES);
    let offset = |entry: &[u8]| match entry.get(17)? {
        b'n' => number_after(entry, 0),
        _ => None,
    };
    let offsets = entries.map(offset).collect::<Option<Vec<_>>>()?;
    Some((offsets, after))
}

/// What stands between `obj` and `endobj`.
fn content(object: &[u8], number: usize) -> Option<&[u8]> {
    let body = object.strip_prefix(format!("{number} 0 obj\n").as_bytes())?;
    let body = body.trim_ascii_end().strip_suffix(b"endobj")?;
    Some(body.strip_suffix(b"\n").unwrap_or(body))
}

/// The number that starts at `at`.
fn number_after(bytes: &[u8], at: usize) -> Option<usize> {
    let digits: Range<usize> = {
        let length = bytes
            .get(at..)?
            .iter()
            .take_while(|byte| byte.is_ascii_digit());
        at..at + length.count()
    };
    std::str::from_utf8(bytes.get(digits)?).ok()?.parse().ok()
}

/// Where `needle` stands last.
fn last(bytes: &[u8], needle: &[u8]) -> Option<usize> {
    bytes
        .windows(needle.len())
        .rposition(|found| found == needle)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A document as the exporter lays it out, with objects enough to be worth packing.
    fn plain() -> Vec<u8> {
        let mut pdf = b"%PDF-1.7\n%\x80\x80\x80\x80\n\n".to_vec();
        let mut objects = vec!["<</Type/Catalog/Pages 2 0 R>>".to_owned()];
        objects.push("<</Type/Pages/Kids[]/Count 0>>".to_owned());
        objects.push("<</Length 6>>\nstream\nobj xx\nendstream".to_owned());
        objects.extend((0..400).map(|n| format!("<</Type/StructElem/S/Div/K[{n}]>>")));
        let mut table = format!("xref\n0 {}\n0000000000 65535 f\r\n", objects.len() + 1);
        for (number, object) in (1..).zip(&objects) {
            table.extend([format!("{:010} 00000 n\r\n", pdf.len())]);
            write_object(&mut pdf, number, object.as_bytes()).expect("memory");
        }
        let at = pdf.len();
        let size = objects.len() + 1;
        let trailer = format!("trailer\n<</Size {size}/Root 1 0 R>>\nstartxref\n{at}\n%%EOF");
        pdf.extend_from_slice(table.as_bytes());
        pdf.extend_from_slice(trailer.as_bytes());
        pdf
    }

    #[test]
    fn dictionaries_are_packed_and_streams_stay() {
        let pdf = plain();
        let smaller = compacted(pdf.clone());
        assert!(smaller.len() * 4 < pdf.len(), "{} bytes", smaller.len());
        let has = |needle: &[u8]| last(&smaller, needle).is_some();
        assert!(has(b"1 0 obj\n<</Type/Catalog/Pages 2 0 R>>\nendobj"));
        assert!(has(
            b"3 0 obj\n<</Length 6>>\nstream\nobj xx\nendstream\nendobj"
        ));
        assert!(!has(b"/StructElem") && !has(b"\nxref\n") && !has(b"trailer"));
        assert_eq!(compacted(pdf), smaller);
    }

    #[test]
    fn a_packed_object_is_found_by_its_number() {
        let pdf = plain();
        let smaller = compacted(pdf);
        let at = last(&smaller, b"/Type/ObjStm").expect("packed");
        let start = at
            + last(&smaller[at..], b"stream\n").map_or(0, |_| {
                let body = &smaller[at..];
                body.windows(7)
                    .position(|w| w == b"stream\n")
                    .expect("a stream")
                    + 7
            });
        let content =
            miniz_oxide::inflate::decompress_to_vec_zlib(&smaller[start..]).expect("whole");
        let text = String::from_utf8(content).expect("ASCII");
        let (index, rest) = text.split_once("<<").expect("an index");
        let pairs: Vec<usize> = index
            .split_whitespace()
            .map(|n| n.parse().expect("n"))
            .collect();
        let objects = ["<<", rest].concat();
        for pair in pairs.chunks_exact(2) {
            let expected = format!("<</Type/StructElem/S/Div/K[{}]>>", pair[0] - 4);
            assert!(
                objects
                    .get(pair[1]..)
                    .is_some_and(|rest| rest.starts_with(&expected)),
                "object {}",
                pair[0]
            );
        }
    }

    #[test]
    fn stream_that_ends_with_a_carriage_return_is_not_measured_short() {
        let mut out = Vec::new();
        for data in ["abc\r", "abc\n", "abc"] {
            out.clear();
            let content = format!("<</Length {}>>\nstream\n{data}\nendstream", data.len());
            write_object(&mut out, 1, content.as_bytes()).expect("memory");
            let start = last(&out, b"stream\nabc").expect("the data") + "stream\n".len();
            let end = last(&out, b"endstream").expect("its end");
            let measured = &out[start..end];
            // The line end before the word is CR LF, or LF alone.
            let measured = measured
                .strip_suffix(b"\r\n")
                .or(measured.strip_suffix(b"\n"));
            assert_eq!(measured, Some(data.as_bytes()));
        }
    }

    #[test]
    fn what_is_laid_out_otherwise_comes_back_as_it_is() {
        let pdf = plain();
        for broken in [
            Vec::new(),
            b"%PDF-1.7".to_vec(),
            pdf[..pdf.len() / 2].to_vec(),
            pdf.iter()
                .map(|byte| if *byte == b'n' { b'f' } else { *byte })
                .collect(),
        ] {
            assert_eq!(compacted(broken.clone()), broken);
        }
    }
}
