//! A page in small cells of grey: few enough bytes to keep, fine enough that another letter shows.

use std::collections::BTreeSet;
use std::fmt;
use std::io::Cursor;

use counter_forms::Picture;

/// Points of the page that a cell covers, across and down; pixels of a picture of one pixel a point.
pub(crate) const CELL: usize = 2;
/// Levels of grey.
const LEVELS: usize = 64;
/// Levels two cells may lie apart: the rounding of another machine.
const SAME_WITHIN: u8 = 1;
/// Cells between two differences that are told as one place.
const GAP: usize = 6;

/// Grey cells, line by line from the top; level 0 is black, the highest white.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Cells {
    pub(crate) width: usize,
    pub(crate) height: usize,
    levels: Vec<u8>,
}

/// Where something differs, in cells; the right and the lower end do not belong to it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Place {
    pub(crate) top: usize,
    pub(crate) left: usize,
    pub(crate) bottom: usize,
    pub(crate) right: usize,
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let ends = [self.left, self.right, self.top, self.bottom];
        let [left, right, top, bottom] = ends.map(millimetres);
        write!(
            f,
            "{left:.0}-{right:.0} mm from the left, {top:.0}-{bottom:.0} mm from the top"
        )
    }
}

#[expect(clippy::cast_precision_loss, reason = "a page has few cells")]
fn millimetres(cells: usize) -> f64 {
    (cells * CELL) as f64 * 25.4 / 72.0
}

impl Cells {
    /// A page drawn with one pixel a point.
    pub(crate) fn of(page: &Picture) -> Self {
        let (width, height) = (page.width as usize / CELL, page.height as usize / CELL);
        let level = |cell: usize| {
            let (x, y) = (cell % width * CELL, cell / width * CELL);
            let lines = (y..y + CELL).map(|y| (y * page.width as usize + x) * 3);
            let sum: usize = lines
                .flat_map(|start| &page.rgb[start..start + CELL * 3])
                .map(|value| usize::from(*value))
                .sum();
            let most = CELL * CELL * 3 * 255;
            u8::try_from((sum * (LEVELS - 1) + most / 2) / most).expect("a level")
        };
        let levels = (0..width * height).map(level).collect();
        Self {
            width,
            height,
            levels,
        }
    }

    /// Pages side by side, white below the shorter ones.
    pub(crate) fn side_by_side(pages: &[Self]) -> Self {
        let width = pages.iter().map(|page| page.width).sum();
        let height = pages.iter().map(|page| page.height).max().unwrap_or(0);
        let white = u8::try_from(LEVELS - 1).expect("few levels");
        let levels = (0..height)
            .flat_map(|y| {
                pages.iter().flat_map(move |page| {
                    let line = page.levels.chunks_exact(page.width).nth(y);
                    line.map_or_else(|| vec![white; page.width], <[u8]>::to_vec)
                })
            })
            .collect();
        Self {
            width,
            height,
            levels,
        }
    }

    /// The columns from `left` on, those below `height` lines left out.
    pub(crate) fn part(&self, left: usize, (width, height): (usize, usize)) -> Self {
        let lines = self.levels.chunks_exact(self.width).take(height);
        let levels = lines.flat_map(|line| &line[left..left + width]).copied();
        Self {
            width,
            height,
            levels: levels.collect(),
        }
    }

    /// Writes them as a grey PNG.
    pub(crate) fn to_png(&self) -> Vec<u8> {
        let mut bytes = Vec::new();
        let size = [self.width, self.height].map(|side| u32::try_from(side).expect("a page"));
        let mut encoder = png::Encoder::new(&mut bytes, size[0], size[1]);
        encoder.set_color(png::ColorType::Grayscale);
        encoder.set_depth(png::BitDepth::Eight);
        encoder.set_compression(png::Compression::High);
        // The pages of a form stand side by side: what they share is found in each line.
        encoder.set_filter(png::Filter::NoFilter);
        let greys: Vec<u8> = self.levels.iter().map(|level| grey(*level)).collect();
        let mut writer = encoder.write_header().expect("a size");
        writer.write_image_data(&greys).expect("as many cells");
        writer.finish().expect("a PNG");
        bytes
    }

    /// Reads what [`Cells::to_png`] wrote.
    pub(crate) fn from_png(bytes: &[u8]) -> Self {
        let mut reader = png::Decoder::new(Cursor::new(bytes))
            .read_info()
            .expect("a PNG");
        let mut greys = vec![0; reader.output_buffer_size().expect("a size")];
        let info = reader.next_frame(&mut greys).expect("a whole PNG");
        let kind = (info.color_type, info.bit_depth);
        assert_eq!(kind, (png::ColorType::Grayscale, png::BitDepth::Eight));
        Self {
            width: info.width as usize,
            height: info.height as usize,
            levels: greys.iter().map(|grey| level(*grey)).collect(),
        }
    }

    /// Where `now` is not what this is, from the top; both of one size.
    pub(crate) fn differences(&self, now: &Self) -> Vec<Place> {
        let size = (self.width, self.height);
        assert_eq!(size, (now.width, now.height), "pages of one size");
        let pairs = self.levels.iter().zip(&now.levels).enumerate();
        let apart = pairs.filter(|(_, (a, b))| a.abs_diff(**b) > SAME_WITHIN);
        places(apart.map(|(cell, _)| (cell / self.width, cell % self.width)))
    }

    /// A picture with each cell `times` as wide and high.
    pub(crate) fn enlarged(&self, times: usize) -> Picture {
        let side = |cells: usize| u32::try_from(cells * times).expect("a page");
        let rgb = (0..self.height * times)
            .flat_map(|y| (0..self.width * times).map(move |x| (x / times, y / times)))
            .flat_map(|(x, y)| [grey(self.levels[y * self.width + x]); 3]);
        Picture {
            width: side(self.width),
            height: side(self.height),
            rgb: rgb.collect(),
        }
    }
}

/// A level as the grey of a pixel.
fn grey(level: u8) -> u8 {
    u8::try_from(usize::from(level) * 255 / (LEVELS - 1)).expect("a grey")
}

/// The level a grey was written for.
fn level(grey: u8) -> u8 {
    u8::try_from((usize::from(grey) * (LEVELS - 1) + 127) / 255).expect("a level")
}

/// Cells, each a line and a column, as few places.
fn places(cells: impl Iterator<Item = (usize, usize)>) -> Vec<Place> {
    let mut left: BTreeSet<(usize, usize)> = cells.collect();
    let mut found = Vec::new();
    while let Some(first) = left.pop_first() {
        let (mut place, mut reached) = (one(first), vec![first]);
        while let Some((y, x)) = reached.pop() {
            let lines = (y.saturating_sub(GAP), 0)..(y + GAP + 1, 0);
            let near = left.range(lines).copied();
            let near: Vec<_> = near.filter(|(_, other)| other.abs_diff(x) <= GAP).collect();
            for cell in near {
                left.remove(&cell);
                let other = one(cell);
                place.top = place.top.min(other.top);
                place.left = place.left.min(other.left);
                place.bottom = place.bottom.max(other.bottom);
                place.right = place.right.max(other.right);
                reached.push(cell);
            }
        }
        found.push(place);
    }
    found.sort_unstable();
    found
}

fn one((line, column): (usize, usize)) -> Place {
    Place {
        top: line,
        left: column,
        bottom: line + 1,
        right: column + 1,
    }
}
