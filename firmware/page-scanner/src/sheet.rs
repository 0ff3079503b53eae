//! What is asked of a scanner, and what comes of it.

use std::fmt;

/// Where the paper lies.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum PaperWay {
    /// In the feeder; where there is none, or nothing in it, on the glass.
    #[default]
    Whichever,
    /// In the feeder.
    Feeder,
    /// On the glass.
    Glass,
}

/// Which sides of the paper are read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Sides {
    /// The front.
    One,
    /// Both, where the scanner offers it.
    #[default]
    Both,
}

/// Colour or not.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Shades {
    /// One byte a pixel.
    Gray,
    /// Red, green and blue: stamps can be told from text.
    #[default]
    Colour,
}

/// What becomes of sides nothing stands on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Blanks {
    /// Kept.
    Keep,
    /// Left out; the backs of most certificates.
    #[default]
    Drop,
}

/// How a scan is done. What a scanner does not offer is done as near as it can.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Order {
    /// Where the paper lies.
    pub way: PaperWay,
    /// Which sides.
    pub sides: Sides,
    /// Dots per inch, 75 to 600.
    pub dots: u16,
    /// Colour or not.
    pub shades: Shades,
    /// Blank sides.
    pub blanks: Blanks,
}

impl Default for Order {
    fn default() -> Self {
        Self {
            way: PaperWay::default(),
            sides: Sides::default(),
            dots: 300,
            shades: Shades::default(),
            blanks: Blanks::default(),
        }
    }
}

/// One side of a sheet. `Debug` shows no pixel.
#[derive(Clone, PartialEq, Eq)]
pub struct Sheet {
    /// Pixels in a row.
    pub width: usize,
    /// Rows.
    pub height: usize,
    /// Bytes a pixel: 1 gray, 3 red, green and blue.
    pub channels: usize,
    /// Row by row; exactly `width * height * channels`.
    pub pixels: Vec<u8>,
}

/// Darker than the paper by so much is ink.
const INK: u8 = 60;
/// So many of ten thousand pixels must be ink, or the side is blank. Dust and the shadow of the edge
/// stay below it; a single line of print does not.
const INK_SHARE: usize = 4;
/// Part of the sides left out at each edge, one in so many: shadows and punch holes.
const EDGE: usize = 20;

impl Sheet {
    /// Whether nothing stands on it.
    pub fn is_blank(&self) -> bool {
        let paper = self.paper();
        let (mut seen, mut inked) = (0_usize, 0_usize);
        for shade in self.inner() {
            seen += 1;
            inked += usize::from(shade.saturating_add(INK) < paper);
        }
        inked * 10_000 <= seen * INK_SHARE
    }

    /// How bright the paper is: the shade that nine tenths of the page do not exceed. A black page
    /// has black paper and is blank as well.
    fn paper(&self) -> u8 {
        let mut counts = [0_usize; 256];
        let mut seen = 0_usize;
        for shade in self.inner() {
            seen += 1;
            if let Some(count) = counts.get_mut(usize::from(shade)) {
                *count += 1;
            }
        }
        let mut below = 0;
        for (shade, count) in (0_u8..=255).zip(counts) {
            below += count;
            if below * 10 >= seen * 9 {
                return shade;
            }
        }
        255
    }

    /// The darkest channel of the pixels away from the edges.
    fn inner(&self) -> impl Iterator<Item = u8> + '_ {
        let (left, top) = (self.width / EDGE, self.height / EDGE);
        let columns = self.width.saturating_sub(2 * left);
        let rows = self
            .pixels
            .chunks_exact((self.width * self.channels).max(1))
            .skip(top)
            .take(self.height.saturating_sub(2 * top));
        rows.flat_map(move |row| {
            let pixels = row.chunks_exact(self.channels.max(1));
            let pixels = pixels.skip(left).take(columns);
            pixels.map(|pixel| pixel.iter().copied().min().unwrap_or(255))
        })
    }
}

impl fmt::Debug for Sheet {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Sheet")
            .field("width", &self.width)
            .field("height", &self.height)
            .field("channels", &self.channels)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn page(dot: impl Fn(usize, usize) -> u8) -> Sheet {
        let (width, height) = (400, 560);
        let pixels = (0..height)
            .flat_map(|y| (0..width).map(move |x| (x, y)))
            .map(|(x, y)| dot(x, y))
            .collect();
        Sheet {
            width,
            height,
            channels: 1,
            pixels,
        }
    }

    #[test]
    fn paper_of_any_shade_with_dust_is_blank() {
        assert!(page(|_, _| 255).is_blank());
        assert!(page(|_, _| 180).is_blank());
        let dusty = page(|x, y| {
            if (x * 7 + y * 13) % 5_000 == 0 {
                20
            } else {
                240
            }
        });
        assert!(dusty.is_blank());
        let shadowed = page(|x, _| if x < 12 { 10 } else { 250 });
        assert!(shadowed.is_blank());
    }

    #[test]
    fn one_line_of_print_is_not_blank() {
        let line =
            |x: usize, y: usize| (280..290).contains(&y) && (60..200).contains(&x) && x % 4 < 2;
        assert!(!page(|x, y| if line(x, y) { 30 } else { 245 }).is_blank());
    }

    #[test]
    fn debug_shows_no_pixel() {
        assert!(!format!("{:?}", page(|_, _| 77)).contains("77"));
    }
}
