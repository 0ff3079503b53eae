//! From a picture to ink on white: coloured stamps are dropped, shadows and tinted cells evened out.
//!
//! Seals and receipt stamps are red or blue; in the brightest of the three channels they all but vanish,
//! while black print under them stays black. The picture as given keeps its colours for people to look at.

use crate::page::Rect;
use crate::picture::{Picture, spread};
use crate::pixels::{real, shade, whole};
use crate::plane::Plane;

/// How far the channels of a pixel must lie apart to be coloured ink.
const COLOURED: u8 = 40;
/// Side of the squares whose paper is measured.
const BLOCK: usize = 32;
/// Paper is never taken to be darker: that is a photograph or a black field.
const DARKEST_PAPER: u8 = 90;
/// Everything within this share of the paper's shade is paper.
const PAPER: f32 = 0.93;

/// Ink pixels that touch each other: their upright box.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Blob {
    pub(crate) left: usize,
    pub(crate) top: usize,
    pub(crate) width: usize,
    pub(crate) height: usize,
}

impl Blob {
    pub(crate) fn bounds(&self) -> Rect {
        Rect {
            x: real(self.left),
            y: real(self.top),
            width: real(self.width),
            height: real(self.height),
        }
    }

    fn around(group: &[usize], row: usize) -> Self {
        let (mut left, mut right, mut top, mut bottom) = (usize::MAX, 0, usize::MAX, 0);
        for at in group {
            let (x, y) = (at % row, at / row);
            (left, right) = (left.min(x), right.max(x));
            (top, bottom) = (top.min(y), bottom.max(y));
        }
        Self {
            left,
            top,
            width: (right + 1).saturating_sub(left),
            height: (bottom + 1).saturating_sub(top),
        }
    }
}

/// Which pixels are ink.
pub(crate) struct Mask {
    pub(crate) width: usize,
    pub(crate) height: usize,
    pub(crate) data: Vec<bool>,
}

impl Mask {
    /// Pixels darker than `limit`.
    pub(crate) fn of(plane: &Plane, limit: u8) -> Self {
        Self {
            width: plane.width(),
            height: plane.height(),
            data: plane.data().iter().map(|value| *value < limit).collect(),
        }
    }

    pub(crate) fn row(&self, y: usize) -> &[bool] {
        &self.data[y * self.width..(y + 1) * self.width]
    }

    pub(crate) fn at(&self, x: usize, y: usize) -> bool {
        x < self.width && y < self.height && self.data[y * self.width + x]
    }

    /// Half as large; a pixel is ink where any of its four is.
    pub(crate) fn halved(&self) -> Self {
        let (width, height) = (self.width.div_ceil(2), self.height.div_ceil(2));
        let mut data = vec![false; width * height];
        for y in 0..self.height {
            let out = &mut data[y / 2 * width..(y / 2 + 1) * width];
            for (x, ink) in self.row(y).iter().enumerate() {
                out[x / 2] |= ink;
            }
        }
        Self {
            width,
            height,
            data,
        }
    }

    /// Without specks: groups of touching ink pixels smaller than `least`. The groups that stay are
    /// told as well.
    pub(crate) fn without_specks(mut self, least: usize) -> (Self, Vec<Blob>) {
        let mut blobs = Vec::new();
        let mut seen = vec![false; self.data.len()];
        let mut group = Vec::new();
        for start in 0..self.data.len() {
            if !self.data[start] || seen[start] {
                continue;
            }
            group.clear();
            group.push(start);
            seen[start] = true;
            let mut next = 0;
            while let Some(at) = group.get(next).copied() {
                next += 1;
                for near in self.around(at) {
                    if self.data[near] && !seen[near] {
                        seen[near] = true;
                        group.push(near);
                    }
                }
            }
            if group.len() < least {
                for at in &group {
                    self.data[*at] = false;
                }
            } else {
                blobs.push(Blob::around(&group, self.width));
            }
        }
        (self, blobs)
    }

    /// The eight neighbours that lie on the page.
    fn around(&self, at: usize) -> impl Iterator<Item = usize> + use<> {
        let (width, height) = (self.width, self.height);
        let (x, y) = (at % width, at / width);
        (y.saturating_sub(1)..(y + 2).min(height)).flat_map(move |row| {
            (x.saturating_sub(1)..(x + 2).min(width)).map(move |column| row * width + column)
        })
    }
}

/// The shades that are read: coloured ink is dropped where the picture has colour.
pub(crate) fn without_colour(picture: &Picture) -> Plane {
    let Some(colour) = &picture.colour else {
        return picture.gray.clone();
    };
    let mut plane = picture.gray.clone();
    for (value, pixel) in plane.data_mut().iter_mut().zip(colour.0.chunks_exact(3)) {
        if spread(pixel) > COLOURED {
            *value = pixel.iter().copied().max().unwrap_or(*value);
        }
    }
    plane
}

/// Divides by the paper's own shade, so that shadows, tinted cells and gray paper become white.
pub(crate) fn flattened(plane: &Plane) -> Plane {
    let (columns, rows) = (
        plane.width().div_ceil(BLOCK),
        plane.height().div_ceil(BLOCK),
    );
    let paper = smoothed(&paper(plane, columns, rows), columns, rows);
    let mut out = plane.clone();
    let mut across = vec![0.0_f32; columns];
    for y in 0..plane.height() {
        let (row, part) = between_blocks(y, rows);
        let next = (row + 1).min(rows - 1);
        for (column, value) in across.iter_mut().enumerate() {
            *value = paper[row * columns + column] * (1.0 - part)
                + paper[next * columns + column] * part;
        }
        for (x, value) in out.row_mut(y).iter_mut().enumerate() {
            let (column, part) = between_blocks(x, columns);
            let next = (column + 1).min(columns - 1);
            let paper = across[column] * (1.0 - part) + across[next] * part;
            *value = shade(f32::from(*value) * 255.0 / (paper * PAPER) + 0.5);
        }
    }
    out
}

/// The block whose centre lies before a pixel, and how far on the way to the next one it is.
fn between_blocks(pixel: usize, blocks: usize) -> (usize, f32) {
    let place = (real(pixel) + 0.5) / real(BLOCK) - 0.5;
    let block = whole(place).min(blocks - 1);
    (block, (place - real(block)).clamp(0.0, 1.0))
}

/// The shade that four fifths of each block do not exceed.
fn paper(plane: &Plane, columns: usize, rows: usize) -> Vec<f32> {
    let mut out = Vec::with_capacity(columns * rows);
    for row in 0..rows {
        for column in 0..columns {
            let mut counts = [0_usize; 256];
            let mut total = 0;
            let end = ((column + 1) * BLOCK).min(plane.width());
            for y in row * BLOCK..((row + 1) * BLOCK).min(plane.height()) {
                for value in &plane.row(y)[column * BLOCK..end] {
                    counts[usize::from(*value)] += 1;
                    total += 1;
                }
            }
            let mut below = 0;
            let high = (0_u8..=255).find(|shade| {
                below += counts[usize::from(*shade)];
                below * 5 >= total * 4
            });
            out.push(f32::from(high.unwrap_or(255).max(DARKEST_PAPER)));
        }
    }
    out
}

/// Mean over a block and its neighbours.
fn smoothed(blocks: &[f32], columns: usize, rows: usize) -> Vec<f32> {
    let mut out = Vec::with_capacity(blocks.len());
    for row in 0..rows {
        for column in 0..columns {
            let (mut sum, mut count) = (0.0, 0);
            for y in row.saturating_sub(1)..(row + 2).min(rows) {
                for x in column.saturating_sub(1)..(column + 2).min(columns) {
                    sum += blocks[y * columns + x];
                    count += 1;
                }
            }
            out.push(sum / real(count));
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::picture::Colour;

    #[test]
    fn a_red_stamp_over_black_print_vanishes_and_the_print_stays() {
        let mut data = vec![255_u8; 64 * 64 * 3];
        for (place, pixel) in data.chunks_exact_mut(3).enumerate() {
            if place % 64 < 32 {
                pixel.copy_from_slice(&[230, 60, 50]);
            }
            if place / 64 == 10 {
                pixel.copy_from_slice(&[60, 10, 10]);
            }
        }
        let picture = Picture {
            gray: Plane::filled(64, 64, 100),
            colour: Some(Colour(data)),
        };
        let plane = without_colour(&picture);
        assert_eq!(plane.at(5, 30), 230);
        assert!(plane.at(5, 10) < 110);
    }

    #[test]
    fn gray_paper_becomes_white_and_ink_stays_dark() {
        let mut plane = Plane::filled(200, 200, 180);
        for y in 90..95 {
            plane.row_mut(y)[50..150].fill(30);
        }
        let flat = flattened(&plane);
        assert_eq!(flat.at(10, 10), 255);
        assert!(flat.at(100, 92) < 60);
    }

    #[test]
    fn specks_go_and_strokes_stay() {
        let mut plane = Plane::filled(40, 40, 255);
        plane.row_mut(5)[5..7].fill(0);
        plane.row_mut(20)[5..30].fill(0);
        let (mask, blobs) = Mask::of(&plane, 128).without_specks(4);
        assert!(!mask.at(5, 5));
        assert!(mask.at(10, 20));
        let told: Vec<(usize, usize, usize, usize)> = blobs
            .iter()
            .map(|blob| (blob.left, blob.top, blob.width, blob.height))
            .collect();
        assert_eq!(told, [(5, 20, 25, 1)]);
    }
}
