//! Where text stands: the detector's map of probabilities, and the boxes in it.
//!
//! The model (differentiable binarization, Liao et al. 2020) marks the core of each line of text; a box is
//! a patch of the map grown by a fixed ratio of its area to its outline. It sees the page at most
//! [`SIDE`] pixels long and only bands with ink in them, because its cost goes by the pixel.

use rten::{RunOptions, ValueOrView};
use rten_tensor::NdTensor;

use crate::models::Models;
use crate::page::Rect;
use crate::pixels::{real, whole};
use crate::plane::Plane;

/// Longest side of the copy the detector sees.
pub(crate) const SIDE: usize = 1_120;
/// The network halves its input five times.
const STEP: usize = 32;
/// White rows of the copy that part two bands.
const BAND_GAP: usize = 64;
/// White left around each band.
const MARGIN: usize = 16;
/// Least probability of a pixel in a box.
const PIXEL: f32 = 0.3;
/// Least mean probability of a box.
const MEAN: f32 = 0.5;
/// How much a box grows, times area by outline.
const GROWTH: f32 = 1.5;
/// Mean and deviation of the pictures the model was trained on; blue, green, red.
const NORMAL: [(f32, f32); 3] = [(0.485, 0.229), (0.456, 0.224), (0.406, 0.225)];

/// A box around text, in pixels of the page.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Found {
    pub(crate) bounds: Rect,
    /// How much the text sinks per pixel to the right.
    pub(crate) slope: f32,
}

/// A part of the small copy with ink in it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Band {
    x: usize,
    y: usize,
    width: usize,
    height: usize,
}

/// Finds the lines of text of a page.
pub(crate) fn boxes(models: &Models, plane: &Plane) -> Result<Vec<Found>, rten::RunError> {
    let longest = plane.width().max(plane.height());
    let scale = (real(longest) / real(SIDE)).max(1.0);
    let small = plane.resized(
        whole(real(plane.width()) / scale).max(1),
        whole(real(plane.height()) / scale).max(1),
    );
    let mut out = Vec::new();
    for band in bands(&small) {
        let (map, width) = probabilities(models, &small, band)?;
        for mut found in patches(&map, width) {
            let bounds = &mut found.bounds;
            bounds.x = (bounds.x + real(band.x)) * scale;
            bounds.y = (bounds.y + real(band.y)) * scale;
            bounds.width *= scale;
            bounds.height *= scale;
            out.push(found);
        }
    }
    Ok(out)
}

/// Bands of ink from top to bottom, each as narrow as its ink.
fn bands(small: &Plane) -> Vec<Band> {
    let inked: Vec<Option<(usize, usize)>> =
        (0..small.height()).map(|y| extent(small.row(y))).collect();
    let mut out: Vec<Band> = Vec::new();
    let mut open: Option<(usize, usize, usize, usize)> = None;
    for (y, row) in inked.iter().enumerate() {
        let Some((left, right)) = *row else { continue };
        open = match open {
            Some((top, bottom, least, most)) if y - bottom <= BAND_GAP => {
                Some((top, y, least.min(left), most.max(right)))
            }
            closed => {
                out.extend(closed.map(|closed| banded(small, closed)));
                Some((y, y, left, right))
            }
        };
    }
    out.extend(open.map(|open| banded(small, open)));
    out
}

fn extent(row: &[u8]) -> Option<(usize, usize)> {
    let dark = |value: &u8| *value < 140;
    Some((row.iter().position(dark)?, row.iter().rposition(dark)?))
}

fn banded(small: &Plane, (top, bottom, left, right): (usize, usize, usize, usize)) -> Band {
    let (x, y) = (left.saturating_sub(MARGIN), top.saturating_sub(MARGIN));
    Band {
        x,
        y,
        width: (right + MARGIN).min(small.width()) - x,
        height: (bottom + MARGIN).min(small.height()) - y,
    }
}

/// The model's map of a band and the length of its rows.
fn probabilities(
    models: &Models,
    small: &Plane,
    band: Band,
) -> Result<(Vec<f32>, usize), rten::RunError> {
    let width = band.width.next_multiple_of(STEP);
    let height = band.height.next_multiple_of(STEP);
    let mut data = Vec::with_capacity(3 * width * height);
    for (mean, deviation) in NORMAL {
        for y in 0..height {
            data.extend((0..width).map(|x| {
                let inside = x < band.width && y < band.height;
                let value = if inside {
                    small.at(band.x + x, band.y + y)
                } else {
                    255
                };
                (f32::from(value) / 255.0 - mean) / deviation
            }));
        }
    }
    let input = NdTensor::from_data([1, 3, height, width], data);
    let options = RunOptions::default().with_thread_pool(Some(std::sync::Arc::clone(&models.all)));
    let output = models
        .detector
        .run_one(ValueOrView::from(input), Some(options))?;
    let map = output
        .into_shape_vec::<f32, 4>()
        .map_or_else(|_| Vec::new(), |(_, map)| map);
    Ok((map, width))
}

/// Connected patches of a map, grown to boxes.
fn patches(map: &[f32], width: usize) -> Vec<Found> {
    let mut seen = vec![false; map.len()];
    let mut out = Vec::new();
    let mut patch = Vec::new();
    for start in 0..map.len() {
        if seen[start] || map[start] <= PIXEL {
            continue;
        }
        patch.clear();
        patch.push(start);
        seen[start] = true;
        let mut next = 0;
        while let Some(at) = patch.get(next).copied() {
            next += 1;
            let x = at % width;
            let near = [
                (x > 0).then(|| at - 1),
                (x + 1 < width).then_some(at + 1),
                at.checked_sub(width),
                Some(at + width).filter(|below| *below < map.len()),
            ];
            for at in near.into_iter().flatten() {
                if !seen[at] && map[at] > PIXEL {
                    seen[at] = true;
                    patch.push(at);
                }
            }
        }
        out.extend(grown(&patch, map, width));
    }
    out
}

fn grown(patch: &[usize], map: &[f32], width: usize) -> Option<Found> {
    let count = real(patch.len());
    let mean = patch.iter().map(|at| map[*at]).sum::<f32>() / count;
    let (mut left, mut right, mut top, mut bottom) = (usize::MAX, 0, usize::MAX, 0);
    let (mut sum_x, mut sum_y, mut sum_xx, mut sum_xy) = (0.0, 0.0, 0.0, 0.0);
    for at in patch {
        let (x, y) = (at % width, at / width);
        (left, right) = (left.min(x), right.max(x));
        (top, bottom) = (top.min(y), bottom.max(y));
        let (x, y) = (real(x), real(y));
        sum_x += x;
        sum_y += y;
        sum_xx += x * x;
        sum_xy += x * y;
    }
    let (across, down) = (real(right + 1 - left), real(bottom + 1 - top));
    if mean < MEAN || across.min(down) < 3.0 {
        return None;
    }
    let spread = sum_xx / count - (sum_x / count) * (sum_x / count);
    let slope = if across > down * 4.0 && spread > 1.0 {
        ((sum_xy / count - sum_x * sum_y / (count * count)) / spread).clamp(-0.05, 0.05)
    } else {
        0.0
    };
    // A sloping line's box is higher than the line.
    let down = (down - across * slope.abs()).max(3.0);
    let grow = across * down * GROWTH / (2.0 * (across + down));
    let (x, y) = (sum_x / count + 0.5, sum_y / count + 0.5);
    let middle = real(left + right + 1) / 2.0;
    Some(Found {
        bounds: Rect {
            x: real(left) - grow,
            y: y + (middle - x) * slope - down / 2.0 - grow,
            width: across + 2.0 * grow,
            height: down + 2.0 * grow,
        },
        slope,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_patch_grows_to_a_box_around_its_line() {
        let mut map = vec![0.0; 200 * 60];
        for y in 20..30 {
            map[y * 200 + 40..y * 200 + 140].fill(0.9);
        }
        let found = patches(&map, 200);
        assert_eq!(found.len(), 1);
        let bounds = found[0].bounds;
        assert!(
            (bounds.x - 33.2).abs() < 0.2 && (bounds.bottom() - 36.8).abs() < 0.3,
            "{bounds:?}"
        );
    }

    #[test]
    fn doubtful_patches_are_dropped() {
        let mut map = vec![0.0; 100 * 20];
        for y in 5..12 {
            map[y * 100 + 10..y * 100 + 60].fill(0.4);
        }
        assert!(patches(&map, 100).is_empty());
    }

    #[test]
    fn only_bands_with_ink_are_looked_at() {
        let mut small = Plane::filled(400, 600, 255);
        small.row_mut(100)[50..300].fill(0);
        small.row_mut(140)[80..120].fill(0);
        small.row_mut(500)[10..20].fill(0);
        let bands = bands(&small);
        assert_eq!(bands.len(), 2);
        assert_eq!((bands[0].x, bands[0].y, bands[0].height), (34, 84, 72));
        assert!(super::bands(&Plane::filled(40, 40, 255)).is_empty());
    }
}
