//! A stack of papers, taken apart at its separator sheets.
//!
//! A sheet with the code of a kind says what follows, until the next one. It is not kept. What lies
//! before the first is a move-out certificate, as a paper alone is.

use counter_codes::{StackedPaper, codes_in};
use document_reader::Picture;
use image::GrayImage;
use image::imageops::thumbnail;

/// A code of a separator sheet is as wide as a hand; it is found in a small picture too.
const LOOK_SIDE: u32 = 1_800;

/// A page with the paper it belongs to.
pub(super) struct Part {
    pub(super) picture: Picture,
    pub(super) of: Paper,
}

/// Which paper of the stack.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Paper {
    pub(super) kind: StackedPaper,
    /// Papers of one kind may follow each other.
    pub(super) number: usize,
}

impl Paper {
    /// What lies before any separator sheet.
    pub(super) const FIRST: Self = Self {
        kind: StackedPaper::MoveOutCertificate,
        number: 0,
    };
}

/// Takes a stack apart. A sheet alone is no stack: nothing is looked for on it.
pub(super) fn separated(pictures: Vec<Picture>) -> Vec<Part> {
    let is_stack = pictures.len() > 1;
    let mut of = Paper::FIRST;
    let mut parts = Vec::new();
    for picture in pictures {
        match separator(&picture).filter(|_| is_stack) {
            Some(kind) => {
                of = Paper {
                    kind,
                    number: of.number + 1,
                };
            }
            None => parts.push(Part { picture, of }),
        }
    }
    parts
}

fn separator(picture: &Picture) -> Option<StackedPaper> {
    let side = |side: usize| u32::try_from(side).ok();
    let (width, height) = (side(picture.gray.width())?, side(picture.gray.height())?);
    let whole = GrayImage::from_raw(width, height, picture.gray.data().to_vec())?;
    let times = width.max(height).div_ceil(LOOK_SIDE).max(1);
    let small = thumbnail(&whole, (width / times).max(1), (height / times).max(1));
    let (width, height) = small.dimensions();
    let codes = codes_in(small.as_raw(), width, height);
    codes
        .iter()
        .find_map(|code| StackedPaper::announced_by(code))
}
