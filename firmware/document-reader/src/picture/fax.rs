//! Fax coding of TIFF strips (ITU-T T.4 and T.6): what fax servers and network scanners write.

use hayro_ccitt::{DecodeSettings, Decoder, DecoderContext, EncodingMode};

use super::OpenPictureError;

/// One strip as a TIFF has it.
#[derive(Debug, Clone, Copy)]
pub(super) struct Strip {
    /// Pixels in a row.
    pub(super) width: usize,
    /// Rows it should hold.
    pub(super) rows: usize,
    /// How it is coded.
    pub(super) coding: Coding,
    /// The first pixel is the lowest bit of a byte.
    pub(super) lowest_first: bool,
}

/// The three codings of fax machines.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Coding {
    /// One-dimensional without line ends (TIFF 2).
    Plain,
    /// T.4, one-dimensional.
    Group3,
    /// T.4, two-dimensional.
    Group3Both,
    /// T.6.
    Group4,
}

/// Collects rows; what would overflow a row or the strip is left out.
struct Rows {
    width: usize,
    height: usize,
    current: Vec<u8>,
    done: Vec<u8>,
}

impl Rows {
    fn push(&mut self, white: bool, count: usize) {
        let free = self.width.saturating_sub(self.current.len());
        let shade = if white { 255 } else { 0 };
        self.current
            .extend(std::iter::repeat_n(shade, count.min(free)));
    }
}

impl Decoder for Rows {
    fn push_pixel(&mut self, white: bool) {
        self.push(white, 1);
    }

    fn push_pixel_chunk(&mut self, white: bool, chunk_count: u32) {
        self.push(
            white,
            usize::try_from(chunk_count).unwrap_or(0).saturating_mul(8),
        );
    }

    fn next_line(&mut self) {
        self.current.resize(self.width, 255);
        if self.done.len() < self.width * self.height {
            self.done.append(&mut self.current);
        }
        self.current.clear();
    }
}

/// Decodes a strip to shades, one byte a pixel. A line with an error ends it: the rest is white, as a
/// fax machine would leave it, unless half or more would be missing.
pub(super) fn decode(bytes: &[u8], strip: Strip) -> Result<Vec<u8>, OpenPictureError> {
    let turned: Vec<u8>;
    let bytes = if strip.lowest_first {
        turned = bytes.iter().map(|one| one.reverse_bits()).collect();
        &turned
    } else {
        bytes
    };
    let side = |count: usize| u32::try_from(count).map_err(|_| OpenPictureError::TooLarge);
    let mut context = DecoderContext::new(DecodeSettings {
        columns: side(strip.width)?,
        rows: side(strip.rows)?,
        end_of_block: strip.coding != Coding::Plain,
        end_of_line: false,
        rows_are_byte_aligned: strip.coding == Coding::Plain,
        encoding: match strip.coding {
            Coding::Plain | Coding::Group3 => EncodingMode::Group3_1D,
            Coding::Group3Both => EncodingMode::Group3_2D { k: 4 },
            Coding::Group4 => EncodingMode::Group4,
        },
        invert_black: false,
    });
    let mut rows = Rows {
        width: strip.width,
        height: strip.rows,
        current: Vec::new(),
        done: Vec::new(),
    };
    let whole = hayro_ccitt::decode(bytes, &mut rows, &mut context).is_ok();
    let wanted = strip.width * strip.rows;
    if !whole && rows.done.len() * 2 < wanted {
        return Err(OpenPictureError::Damaged);
    }
    rows.done.resize(wanted, 255);
    Ok(rows.done)
}
