//! Codes in a picture: what a camera or a page scanner gives.
//!
//! The finder is `rxing`. Foreign pictures go through a large foreign program here, so a panic of it
//! is taken for a picture without codes.

use std::collections::HashSet;
use std::panic::{AssertUnwindSafe, catch_unwind};

use rxing::{BarcodeFormat, DecodeHints};

/// The kinds that occur: QR codes, and the bar codes of notices and of separator sheets.
const FORMATS: [BarcodeFormat; 4] = [
    BarcodeFormat::QR_CODE,
    BarcodeFormat::CODE_128,
    BarcodeFormat::CODE_39,
    BarcodeFormat::ITF,
];
/// More pixels than a page at 600 dpi has.
const PIXELS_MAX: usize = 40_000_000;

/// The texts of all codes in a grey picture, row after row of `width` pixels, each once, in no
/// particular order. Empty when there are none, or the measures do not fit.
pub fn codes_in(grey: &[u8], width: u32, height: u32) -> Vec<String> {
    let pixels = usize::try_from(u64::from(width) * u64::from(height)).unwrap_or(usize::MAX);
    if pixels == 0 || pixels != grey.len() || pixels > PIXELS_MAX {
        return Vec::new();
    }
    let found = catch_unwind(AssertUnwindSafe(|| find(grey, width, height)));
    let mut texts = found.unwrap_or_default();
    texts.sort_unstable();
    texts.dedup();
    texts
}

fn find(grey: &[u8], width: u32, height: u32) -> Vec<String> {
    let hints = || DecodeHints {
        PossibleFormats: Some(HashSet::from(FORMATS)),
        TryHarder: Some(true),
        ..DecodeHints::default()
    };
    let several = rxing::helpers::detect_multiple_in_luma_with_hints(
        grey.to_vec(),
        width,
        height,
        &mut hints(),
    );
    let mut texts: Vec<String> = several
        .unwrap_or_default()
        .iter()
        .map(|one| one.getText().to_owned())
        .collect();
    if texts.is_empty() {
        let one = rxing::helpers::detect_in_luma_with_hints(
            grey.to_vec(),
            width,
            height,
            None,
            &mut hints(),
        );
        texts.extend(one.ok().map(|one| one.getText().to_owned()));
    }
    texts
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A page of these measures with the code of a text at a place, four pixels a module.
    fn page(text: &str, (width, height): (usize, usize), (left, top): (usize, usize)) -> Vec<u8> {
        const MODULE: usize = 4;
        let code = qrcode::QrCode::new(text).unwrap();
        let modules = code.width();
        let mut grey = vec![255; width * height];
        for (index, colour) in code.to_colors().into_iter().enumerate() {
            if colour == qrcode::Color::Dark {
                let (x, y) = (index % modules, index / modules);
                for row in 0..MODULE {
                    let start = (top + y * MODULE + row) * width + left + x * MODULE;
                    grey.iter_mut()
                        .skip(start)
                        .take(MODULE)
                        .for_each(|pixel| *pixel = 0);
                }
            }
        }
        grey
    }

    #[test]
    fn a_code_anywhere_on_a_page_is_found() {
        let grey = page("07-2-261121-0184-6", (600, 800), (380, 90));
        assert_eq!(codes_in(&grey, 600, 800), ["07-2-261121-0184-6"]);
    }

    #[test]
    fn two_codes_on_a_page_are_both_found() {
        let first = page("FIRST CODE 1", (900, 500), (60, 60));
        let second = page("SECOND CODE 2", (900, 500), (600, 300));
        let both: Vec<u8> = first.iter().zip(&second).map(|(a, b)| *a.min(b)).collect();
        assert_eq!(codes_in(&both, 900, 500), ["FIRST CODE 1", "SECOND CODE 2"]);
    }

    #[test]
    fn a_blank_page_and_wrong_measures_have_no_codes() {
        assert!(codes_in(&vec![255; 100 * 100], 100, 100).is_empty());
        assert!(codes_in(&[0; 10], 100, 100).is_empty());
        assert!(codes_in(&[], 0, 0).is_empty());
    }
}
