//! How alike two characters look: their outlines filled in on a small grid, each stretched to its own
//! box, because two fonts set the same shape at different sizes.

/// Cells of a side.
const SIDE: u8 = 32;
/// Straight pieces that stand for one curve.
const PIECES: u8 = 4;

type Place = (f32, f32);

/// A filled outline, one bit a cell.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Shape {
    rows: Vec<u32>,
}

impl Shape {
    /// From an outline of `counter-forms`; `None` when it is none, or has no area.
    pub(super) fn of(path: &str) -> Option<Self> {
        let edges = edges(path)?;
        let all = || edges.iter().flat_map(|(from, to)| [*from, *to]);
        let least = |of: fn(Place) -> f32| all().map(of).fold(f32::INFINITY, f32::min);
        let most = |of: fn(Place) -> f32| all().map(of).fold(f32::NEG_INFINITY, f32::max);
        let (left, top) = (least(|at| at.0), least(|at| at.1));
        let (width, height) = (most(|at| at.0) - left, most(|at| at.1) - top);
        let has_area = width > 0.0 && height > 0.0;
        if !has_area {
            return None;
        }
        let middle = |cell: u8| (f32::from(cell) + 0.5) / f32::from(SIDE);
        let filled = |row: u8| {
            let y = top + height * middle(row);
            let crossings = crossings(&edges, y);
            (0..SIDE)
                .filter(|column| is_inside(&crossings, left + width * middle(*column)))
                .fold(0, |bits, column| bits | (1_u32 << column))
        };
        let rows: Vec<u32> = (0..SIDE).map(filled).collect();
        rows.iter().any(|row| *row != 0).then_some(Self { rows })
    }

    /// Cells both fill, of those either fills, in thousandths.
    pub(super) fn likeness(&self, other: &Self) -> u32 {
        let cells = |with: fn(u32, u32) -> u32| -> u32 {
            let pairs = self.rows.iter().zip(&other.rows);
            pairs.map(|(one, two)| with(*one, *two).count_ones()).sum()
        };
        let (both, either) = (cells(|a, b| a & b), cells(|a, b| a | b));
        (both * 1000).checked_div(either).unwrap_or(0)
    }
}

/// Where edges cross the height `y`, and which way round.
fn crossings(edges: &[(Place, Place)], y: f32) -> Vec<(f32, i32)> {
    let crossing = |((x0, y0), (x1, y1)): &(Place, Place)| {
        let way = match (*y0 <= y, *y1 <= y) {
            (true, false) => 1,
            (false, true) => -1,
            (true, true) | (false, false) => return None,
        };
        Some((x0 + (y - y0) * (x1 - x0) / (y1 - y0), way))
    };
    edges.iter().filter_map(crossing).collect()
}

fn is_inside(crossings: &[(f32, i32)], x: f32) -> bool {
    let left = crossings.iter().filter(|(at, _)| *at < x);
    left.map(|(_, way)| way).sum::<i32>() != 0
}

/// Straight edges of an outline: commands M, L, Q, C and Z with absolute whole numbers.
fn edges(path: &str) -> Option<Vec<(Place, Place)>> {
    let mut edges = Vec::new();
    let (mut begun, mut at) = ((0.0, 0.0), (0.0, 0.0));
    let mut rest = path;
    while let Some(command) = rest.chars().next() {
        let tail = rest.get(command.len_utf8()..)?;
        let end = tail
            .find(|c: char| c.is_ascii_alphabetic())
            .unwrap_or(tail.len());
        let (numbers, next) = tail.split_at_checked(end)?;
        let places = places(numbers)?;
        let mut bends = vec![at];
        bends.extend(&places);
        match (command, places.last()) {
            ('M', Some(to)) if places.len() == 1 => {
                edges.push((at, begun));
                begun = *to;
            }
            ('L', Some(_)) if places.len() == 1 => edges.push((at, on(&bends, 1.0))),
            ('Q' | 'C', Some(_)) if places.len() == 2 || places.len() == 3 => {
                let mut from = at;
                for piece in 1..=PIECES {
                    let to = on(&bends, f32::from(piece) / f32::from(PIECES));
                    edges.push((from, to));
                    from = to;
                }
            }
            ('Z', None) => edges.push((at, begun)),
            _ => return None,
        }
        at = places.last().copied().unwrap_or(begun);
        rest = next;
    }
    edges.push((at, begun));
    edges.retain(|(from, to)| from != to);
    Some(edges)
}

/// A place on the curve of these points (de Casteljau).
fn on(bends: &[Place], t: f32) -> Place {
    let between = |two: &[Place]| match two {
        [one, other] => (one.0 + (other.0 - one.0) * t, one.1 + (other.1 - one.1) * t),
        _ => (0.0, 0.0),
    };
    match bends {
        [] => (0.0, 0.0),
        [only] => *only,
        more => on(&more.windows(2).map(between).collect::<Vec<_>>(), t),
    }
}

fn places(numbers: &str) -> Option<Vec<Place>> {
    let numbers: Vec<f32> = numbers
        .split_ascii_whitespace()
        .map(|number| Some(f32::from(number.parse::<i16>().ok()?)))
        .collect::<Option<_>>()?;
    let (pairs, odd) = numbers.as_chunks::<2>();
    odd.is_empty()
        .then(|| pairs.iter().map(|[x, y]| (*x, *y)).collect())
}

#[cfg(test)]
mod tests {
    use super::Shape;

    const CROSS: &str = "M400 0L600 0L600 400L1000 400L1000 600L600 600L600 1000L400 1000L400 600L0 600L0 400L400 400Z";
    /// The same, smaller, elsewhere, and the other way round.
    const SMALL_CROSS: &str = "M250 100L250 200L150 200L150 250L250 250L250 350L300 350L300 250L400 250L400 200L300 200L300 100Z";
    const RING: &str = "M0 0L1000 0L1000 1000L0 1000ZM200 200L200 800L800 800L800 200Z";
    const DISC: &str = "M500 0Q1000 0 1000 500Q1000 1000 500 1000Q0 1000 0 500Q0 0 500 0Z";

    fn likeness(one: &str, other: &str) -> u32 {
        Shape::of(one).unwrap().likeness(&Shape::of(other).unwrap())
    }

    #[test]
    fn same_shape_is_alike_at_any_size_and_place() {
        assert_eq!(likeness(RING, RING), 1000);
        assert!(likeness(CROSS, SMALL_CROSS) > 900);
        assert!(likeness(CROSS, SMALL_CROSS) > likeness(CROSS, DISC));
        assert!(likeness(RING, DISC) < 700, "a hole is no area");
    }

    #[test]
    fn what_has_no_area_is_no_shape() {
        for path in ["", "M0 0L9 9Z", "M1", "L", "X1 1", "M0 0L1 2 3Z"] {
            assert!(Shape::of(path).is_none(), "{path}");
        }
    }
}
