//! Pictures of single characters from their outlines: the software renderer draws no paths, and the
//! screen's own fonts have other shapes than the form's.

use slint::{Image, Rgba8Pixel, SharedPixelBuffer};

/// Pixels of a side; the largest place on a screen has about as many.
const SIDE: u16 = 160;
/// The square an outline is drawn in.
const OUTLINE_SIDE: f32 = 1000.0;
/// Straight pieces that stand for one curve.
const PIECES: u8 = 8;
/// Longer outlines are none.
const PATH_BYTES_MAX: usize = 64 << 10;

type Place = (f32, f32);

/// The character in black on nothing; `None` when `path` is no outline of `counter-forms`: commands
/// M, L, Q, C and Z with absolute whole numbers.
pub(crate) fn picture(path: &str) -> Option<Image> {
    if path.is_empty() || path.len() > PATH_BYTES_MAX {
        return None;
    }
    let mut canvas = Canvas::default();
    canvas.draw(path)?;
    let mut buffer = SharedPixelBuffer::<Rgba8Pixel>::new(SIDE.into(), SIDE.into());
    let rows = buffer.make_mut_slice().chunks_mut(SIDE.into());
    for (row, cover) in rows.zip(canvas.cover.chunks(Canvas::WIDTH)) {
        let mut sum = 0.0_f32;
        for (pixel, change) in row.iter_mut().zip(cover) {
            sum += change;
            *pixel = Rgba8Pixel::new(0, 0, 0, shade(sum));
        }
    }
    Some(Image::from_rgba8(buffer))
}

/// How much of a pixel is covered; outlines that run the other way round cut holes.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "from 0 to 255 after clamping"
)]
fn shade(sum: f32) -> u8 {
    (sum.abs().min(1.0) * 255.0).round() as u8
}

/// Signed area by which the cover of a pixel differs from that of its left neighbour.
struct Canvas {
    cover: Vec<f32>,
    begun: Place,
    at: Place,
}

impl Default for Canvas {
    fn default() -> Self {
        Self {
            cover: vec![0.0; Self::WIDTH * usize::from(SIDE)],
            begun: (0.0, 0.0),
            at: (0.0, 0.0),
        }
    }
}

impl Canvas {
    /// One more than is shown, for what lies right of the last pixel.
    const WIDTH: usize = SIDE as usize + 1;

    fn draw(&mut self, path: &str) -> Option<()> {
        let mut rest = path;
        while let Some(command) = rest.chars().next() {
            let tail = rest.get(command.len_utf8()..)?;
            let end = tail
                .find(|c: char| c.is_ascii_alphabetic())
                .unwrap_or(tail.len());
            let (numbers, next) = tail.split_at_checked(end)?;
            let places = places(numbers)?;
            match (command, places.as_slice()) {
                ('M', [to]) => {
                    self.close();
                    (self.begun, self.at) = (*to, *to);
                }
                ('L', [to]) => self.line_to(*to),
                ('Q', [bend, to]) => self.curve(&[self.at, *bend, *to]),
                ('C', [first, second, to]) => self.curve(&[self.at, *first, *second, *to]),
                ('Z', []) => self.close(),
                _ => return None,
            }
            rest = next;
        }
        self.close();
        Some(())
    }

    fn close(&mut self) {
        self.line_to(self.begun);
    }

    fn curve(&mut self, bends: &[Place]) {
        for piece in 1..=PIECES {
            self.line_to(on(bends, f32::from(piece) / f32::from(PIECES)));
        }
    }

    fn line_to(&mut self, to: Place) {
        let from = std::mem::replace(&mut self.at, to);
        let ((x0, y0), (x1, y1), way) = if from.1 < to.1 {
            (from, to, 1.0)
        } else {
            (to, from, -1.0)
        };
        let slope = (x1 - x0) / (y1 - y0);
        if !slope.is_finite() {
            return;
        }
        for row in 0..SIDE {
            let (top, bottom) = (f32::from(row).max(y0), f32::from(row + 1).min(y1));
            if top < bottom {
                let (one, other) = (x0 + (top - y0) * slope, x0 + (bottom - y0) * slope);
                self.cover_row(row, (one.min(other), one.max(other)), way * (bottom - top));
            }
        }
    }

    /// Spreads what an edge covers of a row over the pixels between `left` and `right`.
    fn cover_row(&mut self, row: u16, (left, right): Place, amount: f32) {
        let side = f32::from(SIDE);
        let (left, right) = (left.clamp(0.0, side), right.clamp(0.0, side));
        let width = right - left;
        for column in 0..SIDE {
            let (from, to) = (f32::from(column), f32::from(column + 1));
            if from > right || (to <= left && column + 1 < SIDE) {
                continue;
            }
            let (a, b) = (left.max(from), right.min(to));
            let part = if width > f32::EPSILON {
                amount * ((b - a) / width).max(0.0)
            } else if left < to || column + 1 == SIDE {
                amount
            } else {
                0.0
            };
            let rest = (f32::midpoint(a, b) - from).clamp(0.0, 1.0);
            self.add(row, column, part * (1.0 - rest));
            self.add(row, column + 1, part * rest);
            if width <= f32::EPSILON {
                return;
            }
        }
    }

    fn add(&mut self, row: u16, column: u16, by: f32) {
        let at = usize::from(row) * Self::WIDTH + usize::from(column);
        if let Some(cover) = self.cover.get_mut(at) {
            *cover += by;
        }
    }
}

fn places(numbers: &str) -> Option<Vec<Place>> {
    let scale = f32::from(SIDE) / OUTLINE_SIDE;
    let numbers: Vec<f32> = numbers
        .split_ascii_whitespace()
        .map(|number| Some(f32::from(number.parse::<i16>().ok()?) * scale))
        .collect::<Option<_>>()?;
    let (pairs, odd) = numbers.as_chunks::<2>();
    odd.is_empty()
        .then(|| pairs.iter().map(|[x, y]| (*x, *y)).collect())
}

/// A place on the curve of these points (de Casteljau).
fn on(bends: &[Place], at: f32) -> Place {
    let between = |two: &[Place]| match two {
        [one, other] => (
            one.0 + (other.0 - one.0) * at,
            one.1 + (other.1 - one.1) * at,
        ),
        _ => (0.0, 0.0),
    };
    match bends {
        [] => (0.0, 0.0),
        [only] => *only,
        more => on(&more.windows(2).map(between).collect::<Vec<_>>(), at),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// How dark the pixels of the middle row are: the first, two inside, the last.
    fn middle(path: &str) -> [u8; 4] {
        let image = picture(path).unwrap().to_rgba8().unwrap();
        let row = usize::from(SIDE) * usize::from(SIDE / 2);
        [0, 40, 80, 159].map(|column| image.as_slice()[row + column].a)
    }

    #[test]
    fn outlines_are_filled_and_holes_stay_empty() {
        // Columns 20 to 140 of 160, whichever way round.
        let square = "M125 125L875 125L875 875L125 875Z";
        assert_eq!(middle(square), [0, 255, 255, 0]);
        assert_eq!(
            middle("M125 125L125 875L875 875L875 125Z"),
            [0, 255, 255, 0]
        );
        let hole = "M375 375L375 625L625 625L625 375Z";
        assert_eq!(middle(&[square, hole].concat()), [0, 255, 0, 0]);
        // Half a pixel is half as dark; what lies outside is cut off.
        assert_eq!(
            middle("M253 0L1200 0L1200 1000L253 1000Z"),
            [0, 133, 255, 255]
        );
    }

    #[test]
    fn curves_bulge_to_their_ends_and_no_further() {
        for lens in [
            "M500 0Q1500 500 500 1000Q-500 500 500 0Z",
            "M500 0C1200 300 1200 700 500 1000C-200 700 -200 300 500 0Z",
        ] {
            let [first, inside, middle_of_all, last] = middle(lens);
            assert!(first > 100 && last > 100, "{first} {last}");
            assert_eq!([inside, middle_of_all], [255, 255]);
        }
    }

    #[test]
    fn what_is_no_outline_has_no_picture() {
        for broken in ["", "M1", "X1 1", "M1 1L2", "M1 1L99999 1", "🦆"] {
            assert!(picture(broken).is_none(), "{broken}");
        }
    }
}
