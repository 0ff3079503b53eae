//! Files from anywhere: whatever bytes arrive, the answer is a page or an error, within bounds.
#![expect(
    clippy::unwrap_used,
    reason = "a test says what it misses and ends at a surprise"
)]

use std::io::Write as _;

use document_reader::{Document, OpenPictureError};
use proptest::prelude::*;

fn opened(bytes: &[u8]) -> Result<(usize, usize), OpenPictureError> {
    let document = Document::open(bytes.to_vec())?;
    let picture = document.page(0)?;
    Ok((picture.gray.width(), picture.gray.height()))
}

fn png(width: u32, height: u32) -> Vec<u8> {
    let mut bytes = std::io::Cursor::new(Vec::new());
    image::GrayImage::from_pixel(width, height, image::Luma([200]))
        .write_to(&mut bytes, image::ImageFormat::Png)
        .unwrap();
    bytes.into_inner()
}

fn jpeg(width: u32, height: u32) -> Vec<u8> {
    let mut bytes = std::io::Cursor::new(Vec::new());
    image::RgbImage::from_pixel(width, height, image::Rgb([250, 40, 30]))
        .write_to(&mut bytes, image::ImageFormat::Jpeg)
        .unwrap();
    bytes.into_inner()
}

/// Two pages of gray.
fn tiff() -> Vec<u8> {
    let mut bytes = std::io::Cursor::new(Vec::new());
    let mut encoder = tiff::encoder::TiffEncoder::new(&mut bytes).unwrap();
    for side in [40_u32, 60] {
        let data = vec![180_u8; usize::try_from(side * side).unwrap()];
        encoder
            .write_image::<tiff::encoder::colortype::Gray8>(side, side, &data)
            .unwrap();
    }
    bytes.into_inner()
}

/// A page of one gray picture, uncompressed.
fn pdf(width: usize, height: usize, stream: &[u8], filter: &str) -> Vec<u8> {
    let mut out = b"%PDF-1.4\n".to_vec();
    let mut places = Vec::new();
    let mut object = |out: &mut Vec<u8>, body: &[u8]| {
        places.push(out.len());
        writeln!(out, "{} 0 obj", places.len()).unwrap();
        out.extend_from_slice(body);
        out.extend_from_slice(b"\nendobj\n");
    };
    object(&mut out, b"<< /Type /Catalog /Pages 2 0 R >>");
    object(&mut out, b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>");
    object(
        &mut out,
        b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 72 144] /Contents 4 0 R /Resources << /XObject << /P 5 0 R >> >> >>",
    );
    let drawing = b"q 72 0 0 144 0 0 cm /P Do Q";
    let mut contents = format!("<< /Length {} >>\nstream\n", drawing.len()).into_bytes();
    contents.extend_from_slice(drawing);
    contents.extend_from_slice(b"\nendstream");
    object(&mut out, &contents);
    let mut picture = format!(
        "<< /Type /XObject /Subtype /Image /Width {width} /Height {height} /ColorSpace /DeviceGray /BitsPerComponent 8 {filter} /Length {} >>\nstream\n",
        stream.len()
    )
    .into_bytes();
    picture.extend_from_slice(stream);
    picture.extend_from_slice(b"\nendstream");
    object(&mut out, &picture);
    let start = out.len();
    writeln!(out, "xref\n0 {}\n0000000000 65535 f ", places.len() + 1).unwrap();
    for place in &places {
        writeln!(out, "{place:010} 00000 n ").unwrap();
    }
    writeln!(
        out,
        "trailer\n<< /Size {} /Root 1 0 R >>\nstartxref\n{start}\n%%EOF",
        places.len() + 1
    )
    .unwrap();
    out
}

#[test]
fn each_format_gives_its_pages() {
    assert_eq!(opened(&png(50, 30)), Ok((50, 30)));
    assert_eq!(opened(&jpeg(50, 30)), Ok((50, 30)));
    let document = Document::open(tiff()).unwrap();
    assert_eq!(document.pages(), 2);
    assert_eq!(document.page(1).unwrap().gray.width(), 60);
    assert_eq!(document.page(2).unwrap_err(), OpenPictureError::NoSuchPage);
    let document = Document::open(pdf(8, 16, &[120; 128], "")).unwrap();
    let picture = document.page(0).unwrap();
    assert_eq!((picture.gray.width(), picture.gray.height()), (300, 600));
    assert!(picture.gray.at(150, 300).abs_diff(120) < 3);
}

#[test]
fn colour_is_kept_where_there_is_some() {
    let coloured = Document::open(jpeg(64, 64)).unwrap().page(0).unwrap();
    assert!(coloured.colour.is_some());
    let gray = Document::open(png(64, 64)).unwrap().page(0).unwrap();
    assert!(gray.colour.is_none());
}

#[test]
fn a_fax_page_with_oblong_pixels_becomes_square() {
    // T.6: each of the 20 lines is one vertical mode code, "1": all white.
    let mut out = b"II*\0\x08\0\0\0".to_vec();
    let entries: [(u16, u16, u32); 11] = [
        (256, 4, 64),
        (257, 4, 20),
        (258, 3, 1),
        (259, 3, 4),
        (262, 3, 0),
        (273, 4, 200),
        (277, 3, 1),
        (278, 4, 20),
        (279, 4, 3),
        (282, 5, 180),
        (283, 5, 188),
    ];
    out.extend_from_slice(&11_u16.to_le_bytes());
    for (tag, kind, value) in entries {
        out.extend_from_slice(&tag.to_le_bytes());
        out.extend_from_slice(&kind.to_le_bytes());
        out.extend_from_slice(&1_u32.to_le_bytes());
        out.extend_from_slice(&value.to_le_bytes());
    }
    out.extend_from_slice(&0_u32.to_le_bytes());
    out.resize(180, 0);
    for number in [204_u32, 1, 98, 1] {
        out.extend_from_slice(&number.to_le_bytes());
    }
    out.resize(200, 0);
    out.extend_from_slice(&[0xff, 0xff, 0xf0]);
    assert_eq!(opened(&out), Ok((64, 41)));
}

#[test]
fn what_is_no_picture_is_said_to_be_none() {
    assert_eq!(opened(b""), Err(OpenPictureError::UnknownFormat));
    assert_eq!(opened(b"hello"), Err(OpenPictureError::UnknownFormat));
    assert_eq!(opened(&png(50, 30)[..60]), Err(OpenPictureError::Damaged));
    assert_eq!(opened(&png(4, 4)), Err(OpenPictureError::TooSmall));
}

#[test]
fn a_picture_that_claims_a_huge_size_is_refused_before_memory_is_taken() {
    let mut bytes = png(50, 30);
    // Width and height of the header, and its checksum.
    bytes[16..24].copy_from_slice(&[0, 0, 0x75, 0x30, 0, 0, 0x75, 0x30]);
    let mut crc = !0_u32;
    for byte in &bytes[12..29] {
        crc ^= u32::from(*byte);
        for _ in 0..8 {
            crc = if crc & 1 == 1 {
                (crc >> 1) ^ 0xedb8_8320
            } else {
                crc >> 1
            };
        }
    }
    bytes[29..33].copy_from_slice(&(!crc).to_be_bytes());
    assert_eq!(opened(&bytes), Err(OpenPictureError::TooLarge));
}

#[test]
fn a_pdf_that_unpacks_to_gigabytes_is_refused() {
    let zeros = vec![0_u8; 300 << 20];
    let packed = miniz_oxide::deflate::compress_to_vec_zlib(&zeros, 1);
    assert!(packed.len() < 4 << 20);
    drop(zeros);
    assert_eq!(
        opened(&pdf(8, 8, &packed, "/Filter /FlateDecode")),
        Err(OpenPictureError::TooLarge)
    );
    let twice = miniz_oxide::deflate::compress_to_vec_zlib(&packed, 1);
    assert_eq!(
        opened(&pdf(8, 8, &twice, "/Filter [/FlateDecode /FlateDecode]")),
        Err(OpenPictureError::TooLarge)
    );
    assert_eq!(
        opened(&pdf(100_000, 100_000, &[0; 8], "")),
        Err(OpenPictureError::TooLarge)
    );
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// The answer may be a page or an error; what matters is that there is one.
    #[test]
    fn a_spoilt_file_is_answered(
        which in 0_usize..4,
        spoilt in proptest::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..12),
        cut in any::<prop::sample::Index>(),
        shorter in any::<bool>(),
    ) {
        let mut bytes = match which {
            0 => png(40, 30),
            1 => jpeg(40, 30),
            2 => tiff(),
            _ => pdf(8, 8, &[120; 64], ""),
        };
        for (place, value) in &spoilt {
            let place = place.index(bytes.len());
            bytes[place] = *value;
        }
        if shorter {
            bytes.truncate(cut.index(bytes.len()));
        }
        if let Ok((width, height)) = opened(&bytes) {
            prop_assert!(width * height <= document_reader::picture::PIXELS_MAX);
        }
    }
}
