//! Ruled lines: found, taken out of the picture, and joined to the cells of tables.
//!
//! Long runs of ink in one direction are collected on a copy of half size, in which a line that wavers by
//! a pixel (fax machines, slight bends) still hangs together. Long runs are rules at once, shorter ones
//! only where both ends meet a rule of the other direction: strokes of large characters do not.

use crate::ink::Mask;
use crate::page::Rect;
use crate::pixels::{real, whole};
use crate::plane::Plane;

/// White pixels (of the half-size copy) that do not end a run.
const GAP_IN_RUN: usize = 2;
/// White pixels of the copy between two pieces of one broken rule.
const GAP_IN_RULE: f32 = 12.0;
/// Thickest rule, pixels of the copy.
const THICKEST: f32 = 9.0;
/// The same on the full picture.
const THICKEST_FULL: usize = 20;
/// Percent of a rule's length that must be a thin stroke on the full picture, for long and for short rules.
#[derive(Clone, Copy)]
struct Seen {
    long: usize,
    short: usize,
}

/// Rows of print look much like level rules.
const LEVEL_SEEN: Seen = Seen {
    long: 62,
    short: 78,
};
/// Nothing in print looks like an upright rule, but fax lines are shifted against each other.
const UPRIGHT_SEEN: Seen = Seen {
    long: 45,
    short: 60,
};
/// How far ends may stay away from the rule they meet, pixels of the copy.
const REACH: f32 = 6.0;
/// Smallest side of a cell, pixels of the copy.
const CELL_MIN: usize = 14;

/// A rule that is nearly level (or nearly upright, with x and y exchanged), pixels of the full picture.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Rule {
    /// Where it begins along its direction.
    pub(crate) start: f32,
    /// Where it ends along its direction.
    pub(crate) end: f32,
    /// Middle across its direction, at its beginning.
    pub(crate) at: f32,
    /// How much the middle moves per pixel along.
    pub(crate) slope: f32,
    /// Full width of the stroke.
    pub(crate) thickness: f32,
}

impl Rule {
    /// Middle across at a place along.
    pub(crate) fn across(&self, along: f32) -> f32 {
        self.at + (along - self.start) * self.slope
    }

    fn length(&self) -> f32 {
        self.end - self.start
    }

    fn scaled(&self, by: f32) -> Self {
        Self {
            start: self.start * by,
            end: self.end * by,
            at: self.at * by,
            slope: self.slope,
            thickness: self.thickness * by,
        }
    }
}

/// All rules of a page.
#[derive(Debug, Default)]
pub(crate) struct Rules {
    /// Left to right.
    pub(crate) level: Vec<Rule>,
    /// Top to bottom.
    pub(crate) upright: Vec<Rule>,
    /// Cells they enclose, top to bottom, then left to right.
    pub(crate) cells: Vec<Rect>,
}

/// Finds rules and cells in a mask of ink.
pub(crate) fn find(mask: &Mask) -> Rules {
    let half = mask.halved();
    let side = half.width.min(half.height);
    let shortest = (side / 20).max(24);
    let level = candidates(&half, shortest);
    let upright = candidates(&exchanged(&half), shortest * 3 / 5);
    let long = |rule: &Rule| rule.length() >= real(shortest) * 2.5;
    let (sure_level, short_level): (Vec<Rule>, Vec<Rule>) = level.into_iter().partition(long);
    let (sure_upright, short_upright): (Vec<Rule>, Vec<Rule>) = upright.into_iter().partition(long);
    let mut level = sure_level;
    let mut upright = sure_upright;
    // Twice: a short rule may hang between short ones.
    for _ in 0..2 {
        upright.extend(meeting(&short_upright, &level, &upright));
        level.extend(meeting(&short_level, &upright, &level));
    }
    let level = full(mask, &level, LEVEL_SEEN, |along, across| (along, across));
    let upright = full(mask, &upright, UPRIGHT_SEEN, |along, across| {
        (across, along)
    });
    let half_size =
        |rules: &[Rule]| -> Vec<Rule> { rules.iter().map(|rule| rule.scaled(0.5)).collect() };
    let cells = cells(&half, &half_size(&level), &half_size(&upright));
    Rules {
        level,
        upright,
        cells,
    }
}

/// Rules of the copy laid over the full picture, each moved onto its ink; what turns out to be the upper or lower
/// edge of a row of print is dropped.
fn full(
    mask: &Mask,
    rules: &[Rule],
    seen: Seen,
    place: impl Fn(usize, usize) -> (usize, usize) + Copy,
) -> Vec<Rule> {
    rules
        .iter()
        .filter_map(|rule| verified(mask, &rule.scaled(2.0), seen, place))
        .collect()
}

fn verified(
    mask: &Mask,
    rule: &Rule,
    seen: Seen,
    place: impl Fn(usize, usize) -> (usize, usize),
) -> Option<Rule> {
    let mut looked = 0;
    let mut places: Vec<(f32, f32, f32)> = Vec::new();
    for along in (whole(rule.start)..whole(rule.end)).step_by(3) {
        looked += 1;
        let run = run_at(mask, rule, along, &place).filter(|run| run.1 - run.0 < THICKEST_FULL);
        if let Some((from, to)) = run {
            places.push((real(along), real(from + to) / 2.0, real(to + 1 - from)));
        }
    }
    let mut thickness: Vec<f32> = places.iter().map(|one| one.2).collect();
    thickness.sort_by(f32::total_cmp);
    let thickness = thickness.get(thickness.len() / 3).copied()?;
    // The edge of a row of print is crossed by its upright strokes all the time, a rule seldom.
    places.retain(|one| one.2 <= thickness * 1.5 + 2.0);
    let needed = if rule.length() > 700.0 {
        seen.long
    } else {
        seen.short
    };
    if places.len() * 100 < looked * needed {
        return None;
    }
    // Two middles of the halves make the line.
    let middle = |part: &[(f32, f32, f32)]| {
        let count = real(part.len().max(1));
        let sum = part
            .iter()
            .fold((0.0, 0.0), |sum, one| (sum.0 + one.0, sum.1 + one.1));
        (sum.0 / count, sum.1 / count)
    };
    let (first, second) = places.split_at(places.len() / 2);
    let (first, second) = (middle(first), middle(second));
    let slope = ((second.1 - first.1) / (second.0 - first.0).max(1.0)).clamp(-0.02, 0.02);
    Some(Rule {
        at: first.1 + (rule.start - first.0) * slope,
        slope,
        thickness,
        ..*rule
    })
}

/// First and last pixel of the ink across a rule at a place along it.
fn run_at(
    mask: &Mask,
    rule: &Rule,
    along: usize,
    place: &impl Fn(usize, usize) -> (usize, usize),
) -> Option<(usize, usize)> {
    let ink = |across: usize| {
        let (x, y) = place(along, across);
        mask.at(x, y)
    };
    let middle = whole(rule.across(real(along)).max(0.0));
    let reach = whole(rule.thickness / 2.0) + 3;
    let found = (0..=reach)
        .flat_map(|step| [middle + step, middle.saturating_sub(step)])
        .find(|across| ink(*across))?;
    let (mut from, mut to) = (found, found);
    while from > 0 && ink(from - 1) && found - from < THICKEST_FULL {
        from -= 1;
    }
    while ink(to + 1) && to - found < THICKEST_FULL {
        to += 1;
    }
    Some((from, to))
}

/// Those whose both ends meet a rule of the other direction and that are not among `known`.
fn meeting(short: &[Rule], others: &[Rule], known: &[Rule]) -> Vec<Rule> {
    let meets = |rule: &Rule, along: f32| {
        let across = rule.across(along);
        others.iter().any(|other| {
            (other.across(across) - along).abs() <= REACH
                && across >= other.start - REACH
                && across <= other.end + REACH
        })
    };
    short
        .iter()
        .filter(|rule| !known.contains(rule) && meets(rule, rule.start) && meets(rule, rule.end))
        .copied()
        .collect()
}

fn exchanged(mask: &Mask) -> Mask {
    let mut data = vec![false; mask.data.len()];
    for y in 0..mask.height {
        for (x, ink) in mask.row(y).iter().enumerate() {
            data[x * mask.height + y] = *ink;
        }
    }
    Mask {
        width: mask.height,
        height: mask.width,
        data,
    }
}

/// A run of ink in one row.
#[derive(Clone, Copy)]
struct Run {
    y: usize,
    start: usize,
    end: usize,
}

/// Rules that are nearly level, in pixels of the copy.
fn candidates(half: &Mask, shortest: usize) -> Vec<Rule> {
    let mut open: Vec<Vec<Run>> = Vec::new();
    let mut done: Vec<Vec<Run>> = Vec::new();
    let mut thick = vec![false; half.width];
    for y in 0..half.height {
        // A run may waver by a pixel, so a row is looked at together with the one above.
        for (x, ink) in thick.iter_mut().enumerate() {
            *ink = half.at(x, y) || (y > 0 && half.at(x, y - 1));
        }
        let runs = runs(&thick, y, shortest);
        let (stay, ended): (Vec<_>, Vec<_>) = open
            .into_iter()
            .partition(|rows: &Vec<Run>| rows.last().is_some_and(|last| last.y + 2 >= y));
        done.extend(ended);
        open = stay;
        for run in runs {
            let touched = open.iter_mut().find(|rows| {
                rows.iter().rev().take(4).any(|last| {
                    last.y + 2 >= run.y && last.start <= run.end + 4 && run.start <= last.end + 4
                })
            });
            match touched {
                Some(rows) => rows.push(run),
                None => open.push(vec![run]),
            }
        }
    }
    done.extend(open);
    let rules: Vec<Rule> = done.iter().filter_map(|rows| fitted(rows)).collect();
    joined(rules)
}

fn runs(row: &[bool], y: usize, shortest: usize) -> Vec<Run> {
    let mut out = Vec::new();
    let mut start: Option<usize> = None;
    let mut last = 0;
    let mut ink_count = 0;
    for (x, ink) in row.iter().chain(&[false; GAP_IN_RUN + 2]).enumerate() {
        if *ink {
            if start.is_none() {
                start = Some(x);
                ink_count = 0;
            }
            last = x;
            ink_count += 1;
        } else if let Some(begin) = start
            && x > last + GAP_IN_RUN
        {
            let length = last + 1 - begin;
            if length >= shortest && ink_count * 10 >= length * 9 {
                out.push(Run {
                    y,
                    start: begin,
                    end: last + 1,
                });
            }
            start = None;
        }
    }
    out
}

/// A straight line through the runs; `None` when they are too thick for a rule.
fn fitted(rows: &[Run]) -> Option<Rule> {
    let start = real(rows.iter().map(|run| run.start).min()?);
    let end = real(rows.iter().map(|run| run.end).max()?);
    let (mut weight, mut sum_x, mut sum_y, mut sum_xx, mut sum_xy) = (0.0, 0.0, 0.0, 0.0, 0.0);
    for run in rows {
        let length = real(run.end - run.start);
        let (x, y) = (real(run.start + run.end) / 2.0 - start, real(run.y));
        weight += length;
        sum_x += length * x;
        sum_y += length * y;
        // All pixels of the run, not its middle alone: else a crumb beside runs that lie above each
        // other tips the line.
        sum_xx += length * (x * x + length * length / 12.0);
        sum_xy += length * x * y;
    }
    let spread = weight * sum_xx - sum_x * sum_x;
    let slope = ((weight * sum_xy - sum_x * sum_y) / spread.max(1.0)).clamp(-0.02, 0.02);
    // Each row was looked at with the one above: half a pixel up, one row thinner.
    let at = (sum_y - slope * sum_x) / weight;
    let thickness = (weight / (end - start) - 1.0).max(1.0);
    (thickness <= THICKEST).then_some(Rule {
        start,
        end,
        at,
        slope,
        thickness,
    })
}

/// Pieces of one broken rule become one.
fn joined(mut rules: Vec<Rule>) -> Vec<Rule> {
    rules.sort_by(|one, other| one.start.total_cmp(&other.start));
    let mut out: Vec<Rule> = Vec::new();
    for rule in rules {
        let before = out.iter_mut().find(|known| {
            rule.start - known.end <= GAP_IN_RULE
                && rule.start >= known.start
                && (known.across(rule.start) - rule.at).abs() <= 2.5
        });
        match before {
            Some(known) => {
                let end_at = if rule.end > known.end {
                    rule.across(rule.end)
                } else {
                    known.across(known.end)
                };
                known.end = known.end.max(rule.end);
                known.slope = ((end_at - known.at) / known.length().max(1.0)).clamp(-0.02, 0.02);
                known.thickness = known.thickness.max(rule.thickness);
            }
            None => out.push(rule),
        }
    }
    out
}

/// White fields that are closed on all sides and nearly rectangular.
fn cells(half: &Mask, level: &[Rule], upright: &[Rule]) -> Vec<Rect> {
    let (width, height) = (half.width, half.height);
    let mut walls = vec![false; width * height];
    let mut draw = |x: f32, y: f32| {
        if x >= 0.0 && y >= 0.0 && whole(x) < width && whole(y) < height {
            walls[whole(y) * width + whole(x)] = true;
        }
    };
    for rule in level {
        for step in 0..=whole(rule.length() + 2.0 * REACH) {
            let x = rule.start - REACH + real(step);
            let y = rule.across(x);
            draw(x, y);
            draw(x, y + 1.0);
        }
    }
    for rule in upright {
        for step in 0..=whole(rule.length() + 2.0 * REACH) {
            let y = rule.start - REACH + real(step);
            let x = rule.across(y);
            draw(x, y);
            draw(x + 1.0, y);
        }
    }
    let mut cells = enclosed(&mut walls, width, height);
    cells.sort_by(|one, other| {
        let rows = whole(one.y / 16.0).cmp(&whole(other.y / 16.0));
        rows.then(one.x.total_cmp(&other.x))
    });
    cells
}

/// Fills every field once; `walls` is used up.
fn enclosed(walls: &mut [bool], width: usize, height: usize) -> Vec<Rect> {
    let mut cells = Vec::new();
    let mut queue = Vec::new();
    for seed in 0..walls.len() {
        if walls[seed] {
            continue;
        }
        walls[seed] = true;
        queue.push(seed);
        let mut count = 0;
        let (mut left, mut right, mut top, mut bottom) = (width, 0, height, 0);
        while let Some(at) = queue.pop() {
            count += 1;
            let (x, y) = (at % width, at / width);
            (left, right) = (left.min(x), right.max(x));
            (top, bottom) = (top.min(y), bottom.max(y));
            let near = [
                (x > 0).then(|| at - 1),
                (x + 1 < width).then_some(at + 1),
                at.checked_sub(width),
                (y + 1 < height).then_some(at + width),
            ];
            for at in near.into_iter().flatten() {
                if !walls[at] {
                    walls[at] = true;
                    queue.push(at);
                }
            }
        }
        let on_edge = left == 0 || top == 0 || right + 1 == width || bottom + 1 == height;
        let (across, down) = (right + 1 - left, bottom + 1 - top);
        if !on_edge && across.min(down) >= CELL_MIN && count * 100 >= across * down * 82 {
            cells.push(Rect {
                x: real(left * 2),
                y: real(top * 2),
                width: real(across * 2),
                height: real(down * 2),
            });
        }
    }
    cells
}

/// Takes the rules out: where a rule is crossed by print, the print stays.
pub(crate) fn erase(plane: &mut Plane, mask: &Mask, rules: &Rules) {
    for rule in &rules.level {
        erase_one(plane, mask, rule, |along, across| (along, across));
    }
    for rule in &rules.upright {
        erase_one(plane, mask, rule, |along, across| (across, along));
    }
}

fn erase_one(
    plane: &mut Plane,
    mask: &Mask,
    rule: &Rule,
    place: impl Fn(usize, usize) -> (usize, usize),
) {
    let thickest = whole(rule.thickness * 1.3 + 2.5);
    for along in whole(rule.start.max(2.0)) - 2..whole(rule.end) + 3 {
        let Some((from, to)) = run_at(mask, rule, along, &place) else {
            continue;
        };
        if to + 1 - from > thickest {
            continue;
        }
        for across in from.saturating_sub(2)..=to + 2 {
            let (x, y) = place(along, across);
            if x < plane.width() && y < plane.height() {
                plane.row_mut(y)[x] = 255;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn page(levels: &[(usize, usize, usize)], uprights: &[(usize, usize, usize)]) -> Plane {
        let mut plane = Plane::filled(1200, 900, 255);
        for (y, start, end) in levels {
            for y in *y..y + 4 {
                plane.row_mut(y)[*start..*end].fill(0);
            }
        }
        for (x, start, end) in uprights {
            for y in *start..*end {
                plane.row_mut(y)[*x..x + 4].fill(0);
            }
        }
        plane
    }

    /// Three rows, the first split in two, the last as wide as the table.
    fn table() -> Plane {
        page(
            &[
                (100, 100, 1100),
                (180, 100, 1100),
                (260, 100, 1100),
                (400, 100, 1100),
            ],
            &[(100, 100, 404), (1096, 100, 404), (500, 100, 184)],
        )
    }

    #[test]
    fn cells_of_a_table_are_found_with_the_merged_ones() {
        let rules = find(&Mask::of(&table(), 128));
        let widths: Vec<usize> = rules
            .cells
            .iter()
            .map(|cell| whole(cell.width / 50.0))
            .collect();
        assert_eq!(widths, [7, 11, 19, 19]);
    }

    #[test]
    fn a_skewed_table_is_still_one() {
        let slope = crate::page::Mapping {
            matrix: [1.0, 0.002, 0.0, -0.002, 1.0, 0.0, 0.0, 0.0, 1.0],
        };
        let plane = table().mapped(&slope, 1200, 900);
        assert_eq!(find(&Mask::of(&plane, 128)).cells.len(), 4);
    }

    #[test]
    fn a_crumb_does_not_tip_a_rule() {
        let run = |y: usize, start: usize, end: usize| Run { y, start, end };
        let rule = fitted(&[
            run(215, 62, 765),
            run(216, 62, 765),
            run(217, 64, 765),
            run(218, 160, 204),
        ])
        .unwrap();
        assert!(rule.slope.abs() < 0.001, "{}", rule.slope);
        assert!((rule.across(400.0) - 216.0).abs() < 0.3);
        let stairs = fitted(&[
            run(100, 0, 250),
            run(101, 180, 450),
            run(102, 400, 700),
            run(103, 640, 800),
        ])
        .unwrap();
        assert!((stairs.slope - 0.0047).abs() < 0.001, "{}", stairs.slope);
    }

    #[test]
    fn strokes_of_a_large_character_are_no_rules() {
        let plane = page(&[(300, 200, 290), (340, 200, 290)], &[(240, 280, 380)]);
        let rules = find(&Mask::of(&plane, 128));
        assert_eq!((rules.level.len(), rules.upright.len()), (0, 0));
    }

    #[test]
    fn print_across_an_erased_rule_stays() {
        let mut plane = table();
        for y in 150..220 {
            plane.row_mut(y)[700..706].fill(0);
        }
        let mask = Mask::of(&plane, 128);
        erase(&mut plane, &mask, &find(&mask));
        assert_eq!(plane.at(650, 181), 255);
        assert_eq!(plane.at(702, 181), 0);
        assert_eq!(plane.at(102, 300), 255);
    }
}
