//! One sheet of shades, and how it is made smaller, turned and looked up.

use crate::page::Mapping;
use crate::pixels::{narrow, real, shade, whole};

/// A gray picture, row by row; 0 is black, 255 white.
#[derive(Clone, PartialEq, Eq)]
pub struct Plane {
    width: usize,
    height: usize,
    data: Vec<u8>,
}

impl std::fmt::Debug for Plane {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter
            .debug_struct("Plane")
            .field("width", &self.width)
            .field("height", &self.height)
            .finish_non_exhaustive()
    }
}

/// One output pixel's share of the input: where it begins and how much each pixel counts.
struct Share {
    start: usize,
    weights: Vec<f32>,
}

impl Plane {
    /// A sheet of one shade.
    pub fn filled(width: usize, height: usize, value: u8) -> Self {
        Self {
            width,
            height,
            data: vec![value; width * height],
        }
    }

    /// `None` when there are not exactly `width * height` shades.
    pub fn from_data(width: usize, height: usize, data: Vec<u8>) -> Option<Self> {
        (data.len() == width.checked_mul(height)?).then_some(Self {
            width,
            height,
            data,
        })
    }

    /// Pixels in a row.
    pub fn width(&self) -> usize {
        self.width
    }

    /// Rows.
    pub fn height(&self) -> usize {
        self.height
    }

    /// All shades, row by row.
    pub fn data(&self) -> &[u8] {
        &self.data
    }

    /// All shades, row by row.
    pub fn data_mut(&mut self) -> &mut [u8] {
        &mut self.data
    }

    /// One row.
    pub fn row(&self, y: usize) -> &[u8] {
        &self.data[y * self.width..(y + 1) * self.width]
    }

    /// One row.
    pub fn row_mut(&mut self, y: usize) -> &mut [u8] {
        &mut self.data[y * self.width..(y + 1) * self.width]
    }

    /// The shade of a pixel; white outside.
    pub fn at(&self, x: usize, y: usize) -> u8 {
        if x < self.width && y < self.height {
            self.data[y * self.width + x]
        } else {
            255
        }
    }

    /// The shade at a place between pixels; white outside. Pixel centres lie at halves.
    pub fn between(&self, x: f32, y: f32) -> f32 {
        let (x, y) = (x - 0.5, y - 0.5);
        if x < -1.0 || y < -1.0 || x > real(self.width) || y > real(self.height) {
            return 255.0;
        }
        let (left, top) = (x.floor(), y.floor());
        let (part_x, part_y) = (x - left, y - top);
        let look = |dx: f32, dy: f32| {
            let (column, row) = (left + dx, top + dy);
            if column < 0.0 || row < 0.0 {
                255.0
            } else {
                f32::from(self.at(whole(column), whole(row)))
            }
        };
        let upper = look(0.0, 0.0) * (1.0 - part_x) + look(1.0, 0.0) * part_x;
        let lower = look(0.0, 1.0) * (1.0 - part_x) + look(1.0, 1.0) * part_x;
        upper * (1.0 - part_y) + lower * part_y
    }

    /// The same picture in another size; what becomes smaller is averaged, what becomes larger smoothed.
    #[must_use]
    pub fn resized(&self, width: usize, height: usize) -> Self {
        let across = shares(self.width, width);
        let mut narrowed = vec![0.0_f32; width * self.height];
        for y in 0..self.height {
            let row = self.row(y);
            for (share, out) in across.iter().zip(&mut narrowed[y * width..(y + 1) * width]) {
                *out = row[share.start..]
                    .iter()
                    .zip(&share.weights)
                    .map(|(value, weight)| f32::from(*value) * weight)
                    .sum();
            }
        }
        let mut out = Self::filled(width, height, 255);
        let mut sum = vec![0.0_f32; width];
        for (y, share) in shares(self.height, height).iter().enumerate() {
            sum.fill(0.5);
            for (step, weight) in share.weights.iter().enumerate() {
                let row = &narrowed[(share.start + step) * width..(share.start + step + 1) * width];
                for (total, value) in sum.iter_mut().zip(row) {
                    *total += value * weight;
                }
            }
            for (out, total) in out.row_mut(y).iter_mut().zip(&sum) {
                *out = shade(*total);
            }
        }
        out
    }

    /// A new sheet whose pixel centres are looked up through `mapping` in this one.
    #[must_use]
    pub fn mapped(&self, mapping: &Mapping, width: usize, height: usize) -> Self {
        let mut out = Self::filled(width, height, 255);
        let straight = mapping.matrix[6] == 0.0 && mapping.matrix[7] == 0.0;
        for y in 0..height {
            let row = out.row_mut(y);
            let middle = f64::from(real(y)) + 0.5;
            let start = mapping.point((0.5, middle));
            let next = mapping.point((1.5, middle));
            let step = (next.0 - start.0, next.1 - start.1);
            for (x, out) in row.iter_mut().enumerate() {
                let along = f64::from(real(x));
                let place = if straight {
                    (start.0 + step.0 * along, start.1 + step.1 * along)
                } else {
                    mapping.point((along + 0.5, middle))
                };
                *out = shade(self.between(narrow(place.0), narrow(place.1)) + 0.5);
            }
        }
        out
    }

    /// Where black and white part best: the shade that splits the histogram (Otsu 1979).
    pub fn threshold(&self) -> u8 {
        let mut counts = [0_u64; 256];
        for value in &self.data {
            counts[usize::from(*value)] += 1;
        }
        let total: u64 = counts.iter().sum();
        let all: u64 = (0_u64..)
            .zip(&counts)
            .map(|(shade, count)| shade * count)
            .sum();
        let (mut below, mut below_sum, mut best, mut best_spread) = (0_u64, 0_u64, 127_u8, 0.0_f64);
        for (shade, count) in (0_u8..=255).zip(&counts) {
            below += count;
            below_sum += u64::from(shade) * count;
            if below == 0 || below == total {
                continue;
            }
            let spread = between_classes(below, below_sum, total, all);
            if spread > best_spread {
                best_spread = spread;
                best = shade;
            }
        }
        best
    }
}

#[expect(
    clippy::cast_precision_loss,
    reason = "sums over a bounded picture stay below 2^53"
)]
fn between_classes(below: u64, below_sum: u64, total: u64, all: u64) -> f64 {
    let (low, high) = (below as f64, (total - below) as f64);
    let apart = below_sum as f64 / low - (all - below_sum) as f64 / high;
    low * high * apart * apart
}

/// Which input pixels make up each output pixel along one side.
fn shares(input: usize, output: usize) -> Vec<Share> {
    let scale = real(input) / real(output.max(1));
    let reach = scale.max(1.0);
    (0..output)
        .map(|place| {
            let centre = (real(place) + 0.5) * scale;
            let start = whole((centre - reach).max(0.0));
            let end = whole((centre + reach).ceil()).min(input).max(start + 1);
            let mut weights: Vec<f32> = (start..end)
                .map(|at| (1.0 - ((real(at) + 0.5 - centre) / reach).abs()).max(0.0))
                .collect();
            let total: f32 = weights.iter().sum();
            if total > 0.0 {
                for weight in &mut weights {
                    *weight /= total;
                }
            } else if let Some(first) = weights.first_mut() {
                *first = 1.0;
            }
            Share {
                start: start.min(input.saturating_sub(1)),
                weights,
            }
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_shade_stays_that_shade_in_any_size() {
        let plane = Plane::filled(37, 11, 90);
        for (width, height) in [(5, 3), (37, 11), (80, 90), (1, 1)] {
            let other = plane.resized(width, height);
            assert!(
                other.data().iter().all(|one| *one == 90),
                "{width} {height}"
            );
        }
    }

    #[test]
    fn the_identity_changes_nothing() {
        let data = (0..=255).collect();
        let plane = Plane::from_data(16, 16, data).unwrap();
        assert!(plane.mapped(&Mapping::IDENTITY, 16, 16) == plane);
    }

    #[test]
    fn the_threshold_lies_between_ink_and_paper() {
        let mut plane = Plane::filled(20, 20, 210);
        plane.row_mut(4).fill(40);
        assert!((40..210).contains(&plane.threshold()));
    }
}
