//! From boxes to strips: what the recogniser is shown, one run of characters each.
//!
//! A strip never crosses a rule and holds no wide white gap, because the recogniser fills gaps with
//! strokes of its own (the blank between family and given name came out as a long vowel mark). Ink in a ruled cell that no box covers becomes a
//! strip too: the detector overlooks single digits and words of one character.

use crate::detect::Found;
use crate::ink::Mask;
use crate::page::{Direction, Rect};
use crate::pixels::{real, whole};
use crate::rules::Rules;

/// White gap, in heights of the ink, that parts a strip.
const GAP: f32 = 0.8;
/// White gap up to which strips of one box stay one line.
const GAP_IN_LINE: f32 = 1.8;
/// White gap over which ink at the end of a box is followed.
const GAP_AT_END: f32 = 0.4;
/// Edge of a cell where crumbs of its rules lie.
const INSET: f32 = 9.0;
/// Least ink pixels of a strip.
const INK_MIN: usize = 12;
/// Least height of print.
const HEIGHT_MIN: f32 = 7.0;
/// Most strips of a page; more is a pattern, not text.
const STRIPS_MAX: usize = 1_500;

/// A run of characters without wide gaps.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Strip {
    /// Around its ink, for a sloping one at its middle.
    pub(crate) bounds: Rect,
    /// How much it sinks per pixel to the right.
    pub(crate) slope: f32,
    pub(crate) direction: Direction,
    /// Strips of one line have the same number.
    pub(crate) line: usize,
}

/// Cuts boxes into strips and adds those of cells that no box covers.
pub(crate) fn strips(found: &[Found], rules: &Rules, mask: &Mask) -> Vec<Strip> {
    let mut out: Vec<Strip> = Vec::new();
    let mut line = 0;
    let usual = median(found.iter().map(|one| one.bounds.height).collect());
    for found in found {
        let between = between_rules(found, rules);
        for piece in between
            .iter()
            .flat_map(|one| above_each_other(one, mask, usual))
        {
            let pieces = parted(&piece, mask);
            let mut end: Option<f32> = None;
            for (bounds, direction) in pieces {
                let near = end.is_some_and(|end| bounds.x - end < bounds.height * GAP_IN_LINE);
                if !near {
                    line += 1;
                }
                end = Some(bounds.right());
                out.push(Strip {
                    bounds,
                    slope: piece.slope,
                    direction,
                    line,
                });
            }
        }
    }
    let mut out = without_doubles(out);
    widen(&mut out, rules, mask);
    let out = without_doubles(out);
    let missed = overlooked(&out, rules, mask);
    out.into_iter()
        .chain(missed.into_iter().zip(1..).map(|(bounds, place)| Strip {
            bounds,
            slope: 0.0,
            direction: direction_of(&bounds),
            line: line + place,
        }))
        .take(STRIPS_MAX)
        .collect()
}

/// The usual height of print: the median of strips wider than high.
pub(crate) fn usual_height(strips: &[Strip]) -> f32 {
    median(
        strips
            .iter()
            .filter(|strip| strip.direction == Direction::Horizontal)
            .map(|strip| strip.bounds)
            .filter(|bounds| bounds.width > 1.8 * bounds.height)
            .map(|bounds| bounds.height)
            .collect(),
    )
}

fn median(mut heights: Vec<f32>) -> f32 {
    heights.sort_by(f32::total_cmp);
    heights.get(heights.len() / 2).copied().unwrap_or(40.0)
}

/// Cut where a rule runs through.
fn between_rules(found: &Found, rules: &Rules) -> Vec<Found> {
    let bounds = found.bounds;
    let (middle_x, middle_y) = bounds.centre();
    let inset_x = (bounds.height * 0.25).min(bounds.width * 0.25);
    let mut cuts: Vec<f32> = rules
        .upright
        .iter()
        .filter(|rule| {
            let shared = rule.end.min(bounds.bottom()) - rule.start.max(bounds.y);
            shared > bounds.height * 0.6
        })
        .map(|rule| rule.across(middle_y))
        .filter(|x| *x > bounds.x + inset_x && *x < bounds.right() - inset_x)
        .collect();
    cuts.sort_by(f32::total_cmp);
    let mut rows: Vec<f32> = rules
        .level
        .iter()
        .filter(|rule| {
            let shared = rule.end.min(bounds.right()) - rule.start.max(bounds.x);
            shared > bounds.width * 0.6
        })
        .map(|rule| rule.across(middle_x))
        .filter(|y| {
            *y > bounds.y + bounds.height * 0.2 && *y < bounds.bottom() - bounds.height * 0.2
        })
        .collect();
    rows.sort_by(f32::total_cmp);
    let mut out = Vec::new();
    for (left, right) in spans(bounds.x, bounds.right(), &cuts) {
        for (top, bottom) in spans(bounds.y, bounds.bottom(), &rows) {
            let x = f32::midpoint(left, right);
            let sink = (x - middle_x) * found.slope;
            out.push(Found {
                bounds: Rect {
                    x: left,
                    y: top + sink,
                    width: right - left,
                    height: bottom - top,
                },
                slope: found.slope,
            });
        }
    }
    out
}

/// Two lines of print in one box, parted where white runs between them from side to side. `usual` is the
/// usual height of a box: characters with white across them (二, 言) do not make it higher.
fn above_each_other(found: &Found, mask: &Mask, usual: f32) -> Vec<Found> {
    let bounds = found.bounds;
    let is_upright = direction_of(&bounds) == Direction::Vertical;
    if bounds.height < 1.35 * usual || is_upright {
        return vec![*found];
    }
    // Letters above each other are two where each is as high as others, strokes of one letter are not.
    let least = if bounds.width < 1.2 * bounds.height {
        0.5 * usual
    } else {
        0.0
    };
    let columns = Columns::of(found, mask);
    let counts = columns.row_counts();
    let inked: Vec<usize> = (0..counts.len()).filter(|y| counts[*y] > 0).collect();
    let (Some(first), Some(last)) = (inked.first(), inked.last()) else {
        return vec![*found];
    };
    let total = real(last + 1 - first);
    // The longest white run with print of some height on both sides of it.
    let cut = inked
        .windows(2)
        .filter_map(|pair| match pair {
            [above, below] if below - above > 2 => Some((*above, *below)),
            _ => None,
        })
        .filter(|(above, below)| {
            let (upper, lower) = (real(above + 1 - first), real(last + 1 - below));
            let white = real(below - above - 1);
            upper.min(lower) > (0.27 * total).max(least) && white < 1.1 * upper.min(lower)
        })
        .max_by_key(|(above, below)| below - above);
    let Some((above, below)) = cut else {
        return vec![*found];
    };
    let middle = real(above + below + 1) / 2.0;
    let part = |from: f32, to: f32| Found {
        bounds: Rect {
            y: bounds.y + from,
            height: to - from,
            ..bounds
        },
        ..*found
    };
    vec![part(0.0, middle), part(middle, bounds.height)]
}

fn spans(start: f32, end: f32, cuts: &[f32]) -> Vec<(f32, f32)> {
    let mut out = Vec::new();
    let mut from = start;
    for cut in cuts {
        out.push((from, cut - 1.0));
        from = cut + 1.0;
    }
    out.push((from, end));
    out.retain(|(from, to)| to - from > 3.0);
    out
}

fn direction_of(bounds: &Rect) -> Direction {
    if bounds.height > bounds.width * 1.9 {
        Direction::Vertical
    } else {
        Direction::Horizontal
    }
}

/// Trimmed to its ink and parted at wide gaps.
fn parted(found: &Found, mask: &Mask) -> Vec<(Rect, Direction)> {
    let columns = Columns::of(found, mask);
    let Some((top, bottom)) = columns.rows() else {
        return Vec::new();
    };
    let size = real(bottom + 1 - top);
    if size < HEIGHT_MIN {
        return Vec::new();
    }
    let inked = columns.inked(top, bottom);
    // A box that is higher than wide is one column of characters or one character: its gaps are rows.
    let gap = if real(columns.counts.len()) < size * 1.2 {
        f32::MAX
    } else {
        size * GAP
    };
    let mut out = Vec::new();
    let mut open: Option<(usize, usize)> = None;
    for (x, ink) in inked.iter().enumerate() {
        if !ink {
            continue;
        }
        open = match open {
            Some((start, end)) if real(x - end) <= gap => Some((start, x)),
            closed => {
                out.extend(closed);
                Some((x, x))
            }
        };
    }
    out.extend(open);
    out.into_iter()
        .filter_map(|(start, end)| columns.piece(start, end, top, bottom))
        .map(|bounds| (bounds, direction_of(&bounds)))
        .collect()
}

/// The ink of a box, its slope taken out: for each column the rows with ink.
struct Columns<'a> {
    mask: &'a Mask,
    left: usize,
    top: f32,
    height: usize,
    /// How much each column is shifted down.
    sinks: Vec<f32>,
    /// Ink pixels of each column.
    counts: Vec<usize>,
}

impl<'a> Columns<'a> {
    fn of(found: &Found, mask: &'a Mask) -> Self {
        let bounds = found.bounds;
        let left = whole(bounds.x);
        let right = whole(bounds.right()).min(mask.width);
        let (middle, _) = bounds.centre();
        let sinks: Vec<f32> = (left..right.max(left))
            .map(|x| (real(x) + 0.5 - middle) * found.slope)
            .collect();
        let mut out = Self {
            mask,
            left,
            top: bounds.y,
            height: whole(bounds.height),
            sinks,
            counts: Vec::new(),
        };
        out.counts = (0..out.sinks.len())
            .map(|x| (0..out.height).filter(|y| out.ink(x, *y)).count())
            .collect();
        out
    }

    fn ink(&self, x: usize, y: usize) -> bool {
        let row = self.top + self.sinks[x] + real(y);
        row >= 0.0 && self.mask.at(self.left + x, whole(row))
    }

    /// Ink pixels of each row.
    fn row_counts(&self) -> Vec<usize> {
        (0..self.height)
            .map(|y| (0..self.sinks.len()).filter(|x| self.ink(*x, y)).count())
            .collect()
    }

    /// First and last row of the line's ink. Ink that only touches the box's upper or lower edge and
    /// is parted from the rest by white belongs to a neighbour.
    fn rows(&self) -> Option<(usize, usize)> {
        let counts = self.row_counts();
        let most = counts.iter().copied().max()?;
        if most == 0 {
            return None;
        }
        let inked = |y: usize| counts[y] > 0;
        // Only what runs on beyond the edge is a neighbour's: the dots of ツ or 冗 do not.
        let part = self.height / 3;
        let mut top = 0;
        let mut bottom = self.height - 1;
        if (0..2).any(inked) {
            top = (2..part).find(|y| !inked(*y)).unwrap_or(0);
        }
        if (self.height - 2..self.height).any(inked) {
            let white = (self.height - part..self.height - 2)
                .rev()
                .find(|y| !inked(*y));
            bottom = white.unwrap_or(bottom);
        }
        let first = (top..=bottom).find(|y| inked(*y))?;
        let last = (top..=bottom).rev().find(|y| inked(*y))?;
        Some((first, last))
    }

    fn inked(&self, top: usize, bottom: usize) -> Vec<bool> {
        (0..self.sinks.len())
            .map(|x| (top..=bottom).any(|y| self.ink(x, y)))
            .collect()
    }

    fn piece(&self, start: usize, end: usize, top: usize, bottom: usize) -> Option<Rect> {
        let ink: usize = self.counts[start..=end].iter().sum();
        if ink < INK_MIN {
            return None;
        }
        let middle = usize::midpoint(start, end);
        Some(Rect {
            x: real(self.left + start),
            y: self.top + self.sinks[middle] + real(top),
            width: real(end + 1 - start),
            height: real(bottom + 1 - top),
        })
    }
}

/// Boxes that cover each other's text: the larger one stays.
fn without_doubles(mut strips: Vec<Strip>) -> Vec<Strip> {
    strips.sort_by(|one, other| other.bounds.area().total_cmp(&one.bounds.area()));
    let mut out: Vec<Strip> = Vec::new();
    for strip in strips {
        let covered = out
            .iter()
            .any(|kept| kept.bounds.shared(&strip.bounds).area() > strip.bounds.area() * 0.6);
        if !covered {
            out.push(strip);
        }
    }
    out
}

/// The detector likes to leave out level strokes at the ends of a line (一, 三): ink that follows closely
/// is taken in, up to a rule or another strip.
fn widen(strips: &mut [Strip], rules: &Rules, mask: &Mask) {
    for place in 0..strips.len() {
        let strip = strips[place];
        if strip.direction != Direction::Horizontal {
            continue;
        }
        let (least, most) = room(strips, place, rules, real(mask.width));
        let right = followed(&strip, mask, (strip.bounds.right(), most), false);
        let left = followed(&strip, mask, (least, strip.bounds.x), true);
        let bounds = &mut strips[place].bounds;
        (bounds.width, bounds.x) = ((right - left).max(bounds.width), left.min(bounds.x));
    }
}

/// How far a strip may reach to both sides: up to a rule or another strip.
pub(crate) fn room(strips: &[Strip], place: usize, rules: &Rules, width: f32) -> (f32, f32) {
    let own = strips[place].bounds;
    let (_, y) = own.centre();
    let (mut least, mut most) = (0.0_f32, width);
    let upright = rules
        .upright
        .iter()
        .filter(|rule| rule.start < y && rule.end > y);
    let walls = upright.map(|rule| (rule.across(y) - 3.0, rule.across(y) + 3.0));
    let beside = strips
        .iter()
        .enumerate()
        .filter(|(other, one)| {
            let shared = one.bounds.bottom().min(own.bottom()) - one.bounds.y.max(own.y);
            *other != place && shared > one.bounds.height.min(own.height) * 0.3
        })
        .map(|(_, one)| (one.bounds.x - 1.0, one.bounds.right() + 1.0));
    for (from, to) in walls.chain(beside) {
        if to <= own.x + 2.0 {
            least = least.max(to);
        } else if from >= own.right() - 2.0 {
            most = most.min(from);
        }
    }
    (least, most)
}

/// The last place with ink beside a strip that no gap of more than [`GAP_AT_END`] parts from it.
fn followed(strip: &Strip, mask: &Mask, (from, to): (f32, f32), leftward: bool) -> f32 {
    let gap = whole(strip.bounds.height * GAP_AT_END).max(2);
    let middle = strip.bounds.centre().0;
    let inked = |x: usize| {
        let sink = (real(x) - middle) * strip.slope;
        let top = whole(strip.bounds.y + sink);
        (top..whole(strip.bounds.bottom() + sink)).any(|y| mask.at(x, y))
    };
    let (from, to) = (whole(from.max(0.0)), whole(to.max(0.0)));
    let mut end = if leftward { to } else { from };
    let mut white = 0;
    for step in 0..to.saturating_sub(from) {
        let x = if leftward { to - 1 - step } else { from + step };
        if inked(x) {
            white = 0;
            end = if leftward { x } else { x + 1 };
        } else {
            white += 1;
            if white > gap {
                break;
            }
        }
    }
    real(end)
}

/// Ink of cells that no strip covers.
fn overlooked(strips: &[Strip], rules: &Rules, mask: &Mask) -> Vec<Rect> {
    let inset = INSET;
    let mut out = Vec::new();
    for cell in &rules.cells {
        let covered: Vec<Rect> = strips
            .iter()
            .map(|strip| strip.bounds)
            .filter(|bounds| bounds.shared(cell).area() > 0.0)
            .collect();
        let free = |x: usize, y: usize| {
            mask.at(x, y)
                && !covered.iter().any(|bounds| {
                    let reach = bounds.height * 0.25;
                    let (x, y) = (real(x), real(y));
                    x > bounds.x - reach
                        && x < bounds.right() + reach
                        && y > bounds.y - reach
                        && y < bounds.bottom() + reach
                })
        };
        let across = (whole(cell.x + inset), whole(cell.right() - inset));
        let down = (whole(cell.y + inset), whole(cell.bottom() - inset));
        for (top, bottom) in free_rows(across, down, &free) {
            let rest = sensible(across, (top, bottom), &free);
            // Crumbs on both sides of print that is read already are no text of their own.
            out.extend(rest.filter(|rest| {
                covered
                    .iter()
                    .all(|known| known.shared(rest).area() < rest.area() * 0.05)
            }));
        }
    }
    out
}

/// Runs of rows with ink; rows closer than three pixels belong together.
fn free_rows(
    (left, right): (usize, usize),
    (top, bottom): (usize, usize),
    free: &impl Fn(usize, usize) -> bool,
) -> Vec<(usize, usize)> {
    let mut out: Vec<(usize, usize)> = Vec::new();
    for y in top..bottom {
        if !(left..right).any(|x| free(x, y)) {
            continue;
        }
        match out.last_mut() {
            Some((_, end)) if y <= *end + 3 => *end = y + 1,
            _ => out.push((y, y + 1)),
        }
    }
    out
}

/// The box of what may be text: as high as print, and not a few dots on much room.
fn sensible(
    (left, right): (usize, usize),
    (top, bottom): (usize, usize),
    free: &impl Fn(usize, usize) -> bool,
) -> Option<Rect> {
    let inked = |x: &usize| (top..bottom).any(|y| free(*x, y));
    let first = (left..right).find(inked)?;
    let last = (left..right).rev().find(inked)?;
    let count = (first..=last)
        .map(|x| (top..bottom).filter(|y| free(x, *y)).count())
        .sum::<usize>();
    let bounds = Rect {
        x: real(first),
        y: real(top),
        width: real(last + 1 - first),
        height: real(bottom - top),
    };
    let print = bounds.height.max(bounds.width) >= 2.0 * HEIGHT_MIN
        && bounds.height >= HEIGHT_MIN
        && bounds.height < 160.0;
    (print && count >= 3 * INK_MIN && real(count) > bounds.area() / 30.0).then_some(bounds)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plane::Plane;
    use crate::rules::Rule;

    fn page(blocks: &[(usize, usize, usize, usize)]) -> Mask {
        let mut plane = Plane::filled(600, 200, 255);
        for (x, y, width, height) in blocks {
            for row in *y..y + height {
                plane.row_mut(row)[*x..x + width].fill(0);
            }
        }
        Mask::of(&plane, 128)
    }

    fn found(x: f32, y: f32, width: f32, height: f32) -> Found {
        Found {
            bounds: Rect {
                x,
                y,
                width,
                height,
            },
            slope: 0.0,
        }
    }

    #[test]
    fn a_wide_gap_parts_a_line_into_strips_of_the_same_line() {
        let mask = page(&[
            (20, 50, 36, 40),
            (60, 50, 36, 40),
            (140, 50, 36, 40),
            (300, 50, 30, 40),
        ]);
        let strips = strips(&[found(10.0, 40.0, 340.0, 60.0)], &Rules::default(), &mask);
        let mut told: Vec<(f32, f32, usize)> = strips
            .iter()
            .map(|strip| (strip.bounds.x, strip.bounds.right(), strip.line))
            .collect();
        told.sort_by(|one, other| one.0.total_cmp(&other.0));
        assert_eq!(
            told,
            [(20.0, 96.0, 1), (140.0, 176.0, 1), (300.0, 330.0, 2)]
        );
    }

    #[test]
    fn a_rule_parts_label_and_value() {
        let mask = page(&[(20, 50, 80, 40), (120, 50, 80, 40)]);
        let rules = Rules {
            upright: vec![Rule {
                start: 0.0,
                end: 200.0,
                at: 110.0,
                slope: 0.0,
                thickness: 3.0,
            }],
            ..Rules::default()
        };
        let strips = strips(&[found(10.0, 40.0, 200.0, 60.0)], &rules, &mask);
        assert_eq!(strips.len(), 2);
        assert_ne!(strips[0].line, strips[1].line);
    }

    #[test]
    fn a_neighbours_ink_at_the_edge_is_left_out() {
        let mask = page(&[(20, 50, 200, 40), (20, 30, 200, 12)]);
        let strips = strips(&[found(10.0, 38.0, 230.0, 60.0)], &Rules::default(), &mask);
        assert_eq!(strips.len(), 1);
        assert!((strips[0].bounds.y - 50.0).abs() < 1.0);
    }

    #[test]
    fn two_lines_in_one_box_are_two_strips() {
        let mask = page(&[
            (20, 20, 160, 34),
            (20, 64, 80, 34),
            (300, 30, 160, 34),
            (300, 120, 160, 34),
        ]);
        let boxes = [
            found(14.0, 14.0, 172.0, 92.0),
            found(294.0, 22.0, 172.0, 50.0),
            found(294.0, 112.0, 172.0, 50.0),
        ];
        let mut told: Vec<(f32, f32, f32)> = strips(&boxes, &Rules::default(), &mask)
            .iter()
            .map(|strip| (strip.bounds.x, strip.bounds.y, strip.bounds.width))
            .collect();
        told.sort_by(|one, other| one.partial_cmp(other).unwrap());
        assert_eq!(
            told,
            [
                (20.0, 20.0, 160.0),
                (20.0, 64.0, 80.0),
                (300.0, 30.0, 160.0),
                (300.0, 120.0, 160.0)
            ]
        );
    }

    #[test]
    fn ink_of_a_cell_without_a_box_is_read_too() {
        let mask = page(&[(40, 60, 8, 40)]);
        let rules = Rules {
            cells: vec![Rect {
                x: 20.0,
                y: 40.0,
                width: 100.0,
                height: 90.0,
            }],
            ..Rules::default()
        };
        let strips = strips(&[], &rules, &mask);
        assert_eq!(strips.len(), 1);
        assert!((strips[0].bounds.x - 40.0).abs() < 1.0);
    }
}
