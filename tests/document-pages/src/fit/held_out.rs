//! What a calibration is worth on a layout it never saw.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use document_reader::fields::confidence::Calibration;

use super::{SURE_RIGHT, Sample, fitted, layouts};
use crate::score::SURE;

/// The most that is said of a sum below the one from which on fields are sure.
const NOT_SURE: f32 = 0.94;
/// How steep the curve is there.
const STEP: f32 = 0.001;

/// Keeps what is below [`SURE_RIGHT`] from being sure: `sums` come from weights that did not see the layout
/// of the field, rising.
pub(super) fn limit(calibration: &mut Calibration, sums: &[(f32, &Sample)]) {
    let from = sure_from(sums);
    let Some(from) = from else {
        for (_, to) in &mut calibration.curve {
            *to = to.min(NOT_SURE);
        }
        return;
    };
    let at_limit = at(&calibration.curve, from);
    let split = calibration.curve.partition_point(|(sum, _)| *sum < from);
    let above = calibration.curve.split_off(split);
    calibration.curve.retain(|(sum, _)| *sum < from - STEP);
    for (_, to) in &mut calibration.curve {
        *to = to.min(NOT_SURE);
    }
    calibration
        .curve
        .push((from - STEP, at_limit.min(NOT_SURE)));
    calibration.curve.push((from, at_limit));
    let above = above.into_iter().filter(|(sum, _)| *sum > from);
    calibration.curve.extend(above);
}

/// The curve at a sum, between two points on a straight line.
fn at(curve: &[(f32, f32)], sum: f32) -> f32 {
    let after = curve.partition_point(|(from, _)| *from <= sum);
    let before = after.checked_sub(1).and_then(|place| curve.get(place));
    match (before, curve.get(after)) {
        (Some((x0, y0)), Some((x1, y1))) => y0 + (y1 - y0) * (sum - x0) / (x1 - x0).max(1e-6),
        (Some((_, to)), None) | (None, Some((_, to))) => *to,
        (None, None) => 0.0,
    }
}

/// The least sum from which on enough are right in every condition.
fn sure_from(sums: &[(f32, &Sample)]) -> Option<f32> {
    let mut counts: BTreeMap<&str, Share> = BTreeMap::new();
    let mut from = None;
    for (sum, one) in sums.iter().rev().filter(|(_, one)| one.may_be_sure) {
        counts.entry(&one.condition).or_default().add(one.right);
        if counts.values().all(|share| share.right() >= SURE_RIGHT) {
            from = Some(*sum);
        }
    }
    from
}

/// Right and all.
#[derive(Debug, Clone, Copy, Default)]
struct Share {
    all: f32,
    right: f32,
}

impl Share {
    fn add(&mut self, is_right: bool) {
        self.all += 1.0;
        self.right += if is_right { 1.0 } else { 0.0 };
    }

    /// 1 for nothing.
    fn right(self) -> f32 {
        if self.all > 0.0 {
            self.right / self.all
        } else {
            1.0
        }
    }
}

/// What each layout, and all of a condition together, would have been called sure by a calibration fitted on all
/// layouts but that one, and how much of it is right.
pub fn by_layout(samples: &[Sample]) -> String {
    let all: Vec<&Sample> = samples.iter().collect();
    let mut rows: BTreeMap<(String, String), (f32, Share)> = BTreeMap::new();
    for layout in layouts(&all) {
        let (out, rest): (Vec<&Sample>, Vec<&Sample>) =
            all.iter().partition(|one| one.layout == layout);
        let calibration = fitted(&rest, "");
        for one in out {
            let is_sure = one.may_be_sure && calibration.confidence(&one.evidence) >= SURE;
            for name in [layout.as_str(), "all"] {
                let row = rows
                    .entry((one.condition.clone(), name.to_owned()))
                    .or_default();
                row.0 += 1.0;
                if is_sure {
                    row.1.add(one.right);
                }
            }
        }
    }
    let mut text = String::from(
        "| condition | layout left out | found | sure % | right of those % |\n|---|---|---|---|---|\n",
    );
    for ((condition, layout), (found, sure)) in &rows {
        writeln!(
            text,
            "| {condition} | {layout} | {found:.0} | {:.1} | {:.2} |",
            100.0 * sure.all / found.max(1.0),
            100.0 * sure.right()
        )
        .ok();
    }
    text
}
