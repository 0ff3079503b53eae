//! Pages as pictures, and what differs between two of them.

use std::io::Cursor;

use crate::error::RenderError;

/// A page in opaque colour.
#[derive(Clone, PartialEq, Eq)]
pub struct Picture {
    /// Pixels across.
    pub width: u32,
    /// Pixels down.
    pub height: u32,
    /// Red, green and blue, line by line from the top.
    pub rgb: Vec<u8>,
}

impl std::fmt::Debug for Picture {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Picture({} × {})", self.width, self.height)
    }
}

/// Two values of one colour that differ by more than this are another colour; less is the
/// rounding of another machine.
const SAME_WITHIN: u8 = 48;

impl Picture {
    /// Writes it as PNG.
    ///
    /// # Errors
    /// When its size and its pixels do not match.
    pub fn to_png(&self) -> Result<Vec<u8>, RenderError> {
        let mut bytes = Vec::new();
        let mut encoder = png::Encoder::new(&mut bytes, self.width, self.height);
        encoder.set_color(png::ColorType::Rgb);
        encoder.set_depth(png::BitDepth::Eight);
        let mut writer = encoder.write_header().map_err(|_| RenderError::Picture)?;
        writer
            .write_image_data(&self.rgb)
            .map_err(|_| RenderError::Picture)?;
        writer.finish().map_err(|_| RenderError::Picture)?;
        Ok(bytes)
    }

    /// Reads a PNG of eight bits in opaque colour, as [`Picture::to_png`] writes it.
    ///
    /// # Errors
    /// When it is another kind of file.
    pub fn from_png(bytes: &[u8]) -> Result<Self, RenderError> {
        let mut reader = png::Decoder::new(Cursor::new(bytes))
            .read_info()
            .map_err(|_| RenderError::Picture)?;
        let mut rgb = vec![0; reader.output_buffer_size().ok_or(RenderError::Picture)?];
        let info = reader
            .next_frame(&mut rgb)
            .map_err(|_| RenderError::Picture)?;
        if info.color_type != png::ColorType::Rgb {
            return Err(RenderError::Picture);
        }
        rgb.truncate(info.buffer_size());
        Ok(Self {
            width: info.width,
            height: info.height,
            rgb,
        })
    }

    fn row(&self, y: u32) -> &[u8] {
        let length = self.width as usize * 3;
        let from = y as usize * length;
        self.rgb.get(from..from + length).unwrap_or_default()
    }

    /// Colour values that differ from `other`; every one when the sizes differ.
    pub fn differing(&self, other: &Self) -> usize {
        if (self.width, self.height) != (other.width, other.height) {
            return self.rgb.len().max(other.rgb.len());
        }
        let differ = |(a, b): &(&u8, &u8)| a.abs_diff(**b) > SAME_WITHIN;
        self.rgb.iter().zip(&other.rgb).filter(differ).count()
    }

    /// `self`, `other`, and `other` faded with what differs in red, side by side.
    #[must_use]
    pub fn beside(&self, other: &Self) -> Self {
        let height = self.height.max(other.height);
        let width = self.width.max(other.width);
        let mut rgb = Vec::with_capacity(width as usize * height as usize * 9);
        for y in 0..height {
            let (left, right) = (padded(self.row(y), width), padded(other.row(y), width));
            rgb.extend_from_slice(&left);
            rgb.extend_from_slice(&right);
            rgb.extend(
                left.chunks_exact(3)
                    .zip(right.chunks_exact(3))
                    .flat_map(marked),
            );
        }
        Self {
            width: width * 3,
            height,
            rgb,
        }
    }
}

/// A row filled up with white.
fn padded(row: &[u8], width: u32) -> Vec<u8> {
    let mut row = row.to_vec();
    row.resize(width as usize * 3, 0xFF);
    row
}

fn marked((before, now): (&[u8], &[u8])) -> [u8; 3] {
    if before
        .iter()
        .zip(now)
        .any(|(a, b)| a.abs_diff(*b) > SAME_WITHIN)
    {
        return [0xD0, 0x10, 0x10];
    }
    let grey = |value: Option<&u8>| 0xC0 + value.copied().unwrap_or(0xFF) / 4;
    [grey(now.first()), grey(now.get(1)), grey(now.get(2))]
}
