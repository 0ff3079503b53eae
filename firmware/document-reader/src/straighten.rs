//! A page made straight: cut out of a camera's picture, its perspective undone, turned upright.
//!
//! Two things are estimated on a small copy: the four corners of a bright sheet on a darker ground
//! (only when the picture shows ground on most of its edge), and the angle at which rows of ink
//! are sharpest. Then the full picture is looked up once through both. Which side is up is not
//! known here; the reader finds that out from the text itself.

use crate::ink;
use crate::page::Mapping;
use crate::picture::Picture;
use crate::pixels::{narrow, real, whole};
use crate::plane::Plane;

/// Longest side that is worked on: A4 at 300 dots per inch and a little.
const SIDE_WORKED: usize = 3_600;
/// Longest side of the copy that angles are measured on.
const SIDE_MEASURED: usize = 1_000;
/// Greatest skew that is looked for, in degrees.
const SKEW_MAX: f32 = 15.0;

/// A page made straight.
pub(crate) struct Straight {
    /// Ink on white paper.
    pub(crate) plane: Plane,
    /// Back to the picture as given.
    pub(crate) mapping: Mapping,
}

/// Makes a page straight and clean.
pub(crate) fn straightened(picture: &Picture) -> Straight {
    let mut plane = ink::without_colour(picture);
    let mut mapping = Mapping::IDENTITY;
    // 600 dots per inch and more: averaged first, so that looking up between pixels skips none.
    let longest = plane.width().max(plane.height());
    if longest > SIDE_WORKED + SIDE_WORKED / 4 {
        let scale = real(SIDE_WORKED) / real(longest);
        let size = |side: usize| whole(real(side) * scale).max(1);
        let (width, height) = (size(plane.width()), size(plane.height()));
        mapping = scaling(
            real(plane.width()) / real(width),
            real(plane.height()) / real(height),
        );
        plane = plane.resized(width, height);
    }
    let sheet = Sheet::find(&plane);
    let (width, height, cut) = match &sheet {
        Some(sheet) => (sheet.width, sheet.height, sheet.mapping),
        None => (plane.width(), plane.height(), Mapping::IDENTITY),
    };
    let angle = skew(&plane, &cut, width, height);
    if sheet.is_none() && angle.abs() < 0.02 {
        return Straight {
            plane: ink::flattened(&plane),
            mapping,
        };
    }
    let upright = cut.after(&turn(angle, width, height));
    Straight {
        plane: ink::flattened(&plane.mapped(&upright, width, height)),
        mapping: mapping.after(&upright),
    }
}

/// A quarter turn of the page clockwise, as often as said.
pub(crate) fn turned(straight: Straight, quarters: usize) -> Straight {
    let mut out = straight;
    for _ in 0..quarters % 4 {
        let (width, height) = (out.plane.height(), out.plane.width());
        // New (x, y) was old (y, old height - x).
        let quarter = Mapping {
            matrix: [
                0.0,
                1.0,
                0.0,
                -1.0,
                0.0,
                f64::from(real(width)),
                0.0,
                0.0,
                1.0,
            ],
        };
        let mut plane = Plane::filled(width, height, 255);
        for y in 0..height {
            for x in 0..width {
                plane.row_mut(y)[x] = out.plane.row(width - 1 - x)[y];
            }
        }
        out = Straight {
            plane,
            mapping: out.mapping.after(&quarter),
        };
    }
    out
}

fn scaling(across: f32, down: f32) -> Mapping {
    let (across, down) = (f64::from(across), f64::from(down));
    Mapping {
        matrix: [across, 0.0, 0.0, 0.0, down, 0.0, 0.0, 0.0, 1.0],
    }
}

/// Turns about the middle, so that rows that rise by `angle` degrees to the lower right become level.
fn turn(angle: f32, width: usize, height: usize) -> Mapping {
    let (sin, cos) = f64::from(angle).to_radians().sin_cos();
    let (x, y) = (f64::from(real(width)) / 2.0, f64::from(real(height)) / 2.0);
    Mapping {
        matrix: [
            cos,
            -sin,
            x - cos * x + sin * y,
            sin,
            cos,
            y - sin * x - cos * y,
            0.0,
            0.0,
            1.0,
        ],
    }
}

/// The angle of the rows in degrees; positive when they sink towards the right.
fn skew(plane: &Plane, cut: &Mapping, width: usize, height: usize) -> f32 {
    let scale = (real(width.max(height)) / real(SIDE_MEASURED)).max(1.0);
    let (small_width, small_height) = (
        whole(real(width) / scale).max(1),
        whole(real(height) / scale).max(1),
    );
    let small = if *cut == Mapping::IDENTITY {
        plane.resized(small_width, small_height)
    } else {
        let up = scaling(
            real(width) / real(small_width),
            real(height) / real(small_height),
        );
        plane.mapped(&cut.after(&up), small_width, small_height)
    };
    let points = ink_points(&ink::flattened(&small));
    if points.len() < 200 {
        return 0.0;
    }
    let mut best = (0.0_f32, sharpness(&points, 0.0));
    for (step, reach) in [(0.5_f32, SKEW_MAX), (0.1, 0.5), (0.02, 0.1)] {
        let middle = best.0;
        let count = whole(reach / step + 0.5);
        for place in 0..=2 * count {
            let angle = middle + (real(place) - real(count)) * step;
            let sharp = sharpness(&points, angle);
            if sharp > best.1 {
                best = (angle, sharp);
            }
        }
    }
    best.0
}

/// Dark places of a small copy, at most some tens of thousands; its edge is left out, because a
/// scanner's lid leaves shadows there.
fn ink_points(small: &Plane) -> Vec<(f32, f32)> {
    let (edge_x, edge_y) = (small.width() / 40, small.height() / 40);
    let mut points = Vec::new();
    for y in edge_y..small.height() - edge_y {
        let row = small.row(y);
        for (x, value) in row.iter().enumerate() {
            if *value < 170 && x >= edge_x && x + edge_x < row.len() {
                points.push((real(x), real(y)));
            }
        }
    }
    let every = points.len() / 40_000 + 1;
    points.into_iter().step_by(every).collect()
}

/// How much the number of ink pixels changes from row to row when rows are laid at an angle.
fn sharpness(points: &[(f32, f32)], angle: f32) -> f32 {
    let slope = angle.to_radians().tan();
    let reach = real(SIDE_MEASURED) * SKEW_MAX.to_radians().tan() + 8.0;
    let mut rows = vec![0.0_f32; SIDE_MEASURED + 2 * whole(reach) + 16];
    for (x, y) in points {
        if let Some(row) = rows.get_mut(whole(y - x * slope + reach)) {
            *row += 1.0;
        }
    }
    rows.windows(2)
        .map(|pair| (pair[0] - pair[1]) * (pair[0] - pair[1]))
        .sum()
}

/// A bright sheet or card on a darker ground.
struct Sheet {
    width: usize,
    height: usize,
    mapping: Mapping,
}

impl Sheet {
    fn find(plane: &Plane) -> Option<Self> {
        let scale = (real(plane.width().max(plane.height())) / 400.0).max(1.0);
        let small = plane.resized(
            whole(real(plane.width()) / scale).max(1),
            whole(real(plane.height()) / scale).max(1),
        );
        let limit = small.threshold();
        if !ground_shows(&small, limit) {
            return None;
        }
        let corners = corners(&small, limit)?;
        let corners = corners.map(|(x, y)| {
            (
                f64::from((x * scale).clamp(0.0, real(plane.width()))),
                f64::from((y * scale).clamp(0.0, real(plane.height()))),
            )
        });
        let [upper_left, upper_right, lower_right, lower_left] = corners;
        let apart = |one: (f64, f64), other: (f64, f64)| (one.0 - other.0).hypot(one.1 - other.1);
        let width = f64::midpoint(
            apart(upper_left, upper_right),
            apart(lower_left, lower_right),
        );
        let height = f64::midpoint(
            apart(upper_left, lower_left),
            apart(upper_right, lower_right),
        );
        let mapping = square_to(corners)?.after(&scaling(
            1.0 / narrow(width.max(1.0)),
            1.0 / narrow(height.max(1.0)),
        ));
        Some(Self {
            width: whole(narrow(width)).max(1),
            height: whole(narrow(height)).max(1),
            mapping,
        })
    }
}

/// Whether most of the picture's edge is darker than the sheet.
fn ground_shows(small: &Plane, limit: u8) -> bool {
    let (width, height) = (small.width(), small.height());
    if width < 8 || height < 8 {
        return false;
    }
    let upper = small.row(1).iter().chain(small.row(height - 2));
    let sides = (0..height).flat_map(|y| [&small.row(y)[1], &small.row(y)[width - 2]]);
    let dark = upper.chain(sides).filter(|value| **value <= limit).count();
    dark * 10 > (width + height) * 2 * 7
}

/// The corners of the largest bright patch, from the upper left clockwise, when it is a quadrangle of
/// a fair size.
fn corners(small: &Plane, limit: u8) -> Option<[(f32, f32); 4]> {
    let patch = largest_patch(small, limit)?;
    let pixel = |at: usize| {
        (
            real(at % small.width()) + 0.5,
            real(at / small.width()) + 0.5,
        )
    };
    let furthest = |measure: fn((f32, f32)) -> f32| {
        patch
            .iter()
            .map(|at| pixel(*at))
            .max_by(|one, other| measure(*one).total_cmp(&measure(*other)))
    };
    let corners = [
        furthest(|(x, y)| -x - y)?,
        furthest(|(x, y)| x - y)?,
        furthest(|(x, y)| x + y)?,
        furthest(|(x, y)| y - x)?,
    ];
    let mut doubled = 0.0;
    for (one, next) in corners.iter().zip(corners.iter().cycle().skip(1)) {
        doubled += one.0 * next.1 - next.0 * one.1;
    }
    let area = doubled / 2.0;
    let all = real(small.width() * small.height());
    // The patch has holes where there is print, but is never much larger than its quadrangle.
    let fits =
        area > all * 0.15 && real(patch.len()) > area * 0.6 && real(patch.len()) < area * 1.1;
    fits.then_some(corners)
}

fn largest_patch(small: &Plane, limit: u8) -> Option<Vec<usize>> {
    let width = small.width();
    let data = small.data();
    let mut seen = vec![false; data.len()];
    let mut largest: Vec<usize> = Vec::new();
    for start in 0..data.len() {
        if seen[start] || data[start] <= limit {
            continue;
        }
        seen[start] = true;
        let mut patch = vec![start];
        let mut next = 0;
        while let Some(at) = patch.get(next).copied() {
            next += 1;
            let x = at % width;
            let near = [
                (x > 0).then(|| at - 1),
                (x + 1 < width).then_some(at + 1),
                at.checked_sub(width),
                Some(at + width).filter(|below| *below < data.len()),
            ];
            for at in near.into_iter().flatten() {
                if !seen[at] && data[at] > limit {
                    seen[at] = true;
                    patch.push(at);
                }
            }
        }
        if patch.len() > largest.len() {
            largest = patch;
        }
    }
    (!largest.is_empty()).then_some(largest)
}

/// The projective map from the unit square to a quadrangle (Heckbert 1989).
fn square_to(corners: [(f64, f64); 4]) -> Option<Mapping> {
    let [(x0, y0), (x1, y1), (x2, y2), (x3, y3)] = corners;
    let (sum_x, sum_y) = (x0 - x1 + x2 - x3, y0 - y1 + y2 - y3);
    let (dx1, dy1) = (x1 - x2, y1 - y2);
    let (dx2, dy2) = (x3 - x2, y3 - y2);
    let across = dx1 * dy2 - dx2 * dy1;
    if across.abs() < 1.0 {
        return None;
    }
    let g = (sum_x * dy2 - dx2 * sum_y) / across;
    let h = (dx1 * sum_y - sum_x * dy1) / across;
    Some(Mapping {
        matrix: [
            x1 - x0 + g * x1,
            x3 - x0 + h * x3,
            x0,
            y1 - y0 + g * y1,
            y3 - y0 + h * y3,
            y0,
            g,
            h,
            1.0,
        ],
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A page of black bars, seen through a map.
    fn bars(width: usize, height: usize, mapping: &Mapping) -> Plane {
        let mut page = Plane::filled(width, height, 255);
        for y in (height / 8..height * 7 / 8).filter(|y| y % 40 < 12) {
            page.row_mut(y)[width / 8..width * 7 / 8].fill(0);
        }
        page.mapped(mapping, width, height)
    }

    #[test]
    fn a_skewed_page_is_made_level() {
        for angle in [-4.3_f32, -0.7, 0.0, 1.9, 9.0] {
            let plane = bars(1200, 1000, &turn(-angle, 1200, 1000));
            let found = skew(&plane, &Mapping::IDENTITY, 1200, 1000);
            assert!((found - angle).abs() < 0.1, "{angle} was found as {found}");
        }
    }

    #[test]
    fn a_sheet_on_a_dark_desk_is_cut_out() {
        let mut plane = Plane::filled(800, 800, 40);
        for y in 100..700 {
            plane.row_mut(y)[150 + y / 20..650 - y / 20].fill(240);
        }
        let sheet = Sheet::find(&plane).unwrap();
        let (x, y) = sheet.mapping.point((0.0, 0.0));
        assert!(
            (x - 155.0).abs() < 6.0 && (y - 100.0).abs() < 6.0,
            "{x} {y}"
        );
        assert!(sheet.height.abs_diff(600) < 12);
    }

    #[test]
    fn a_scan_without_ground_is_not_cut() {
        let plane = bars(800, 1100, &Mapping::IDENTITY);
        assert!(Sheet::find(&plane).is_none());
    }

    #[test]
    fn four_quarter_turns_are_none() {
        let plane = bars(300, 200, &Mapping::IDENTITY);
        let start = Straight {
            plane: plane.clone(),
            mapping: Mapping::IDENTITY,
        };
        let once = turned(start, 1);
        assert_eq!((once.plane.width(), once.plane.height()), (200, 300));
        let (x, y) = once.mapping.point((0.5, 0.5));
        assert_eq!((x, y), (0.5, 199.5));
        let back = turned(once, 3);
        assert!(back.plane == plane);
        assert_eq!(back.mapping.point((10.0, 20.0)), (10.0, 20.0));
    }
}
