//! The calibration of confidence, fitted on documents whose truth is known: logistic weights for
//! each group of fields, then a rising curve from their sum to the share that was right.
//!
//! Layouts that were fitted on flatter the figures: the fields of one are wrong in the same way. So the curve, and the
//! sum from which on a field is sure, come from sums that weights fitted *without that layout* give, and
//! [`by_layout`] leaves each layout out of all of it.

mod held_out;

use document_reader::fields::confidence::{Calibration, Evidence, FEATURES, Group, Weights};

pub use held_out::by_layout;

/// Steps of the descent.
const STEPS: usize = 1500;
/// Speed of the descent.
const RATE: f32 = 0.2;
/// Pull of every weight towards zero, where all groups are weighed together.
const PULL: f32 = 0.002;
/// Samples whose word counts as much as that of all groups together, when one group is weighed.
const DOUBT: f32 = 400.0;
/// So many more wrong ones are reckoned with than were seen behind a point: where none was seen in n, one may
/// believe with 95 % that fewer than 3 in n are wrong (rule of three).
const UNSEEN: f32 = 3.0;
/// Least number of fields behind a point of the curve.
const BEHIND_POINT: usize = 60;
/// Least share of right ones among those called sure on layouts left out, in every condition: 99.5 % is
/// promised, and a layout nobody has drawn may be worse than the worst of these.
const SURE_RIGHT: f32 = 0.998;

/// A field that was found, with whether it is right.
#[derive(Debug, Clone)]
pub struct Sample {
    /// Name of the layout it was found on.
    pub layout: String,
    /// What was done to the picture.
    pub condition: String,
    /// What its confidence is reckoned from.
    pub evidence: Evidence,
    /// Whether nothing but the evidence keeps it from being sure.
    pub may_be_sure: bool,
    /// Whether its value is the one that stands there.
    pub right: bool,
}

/// Fits a calibration. One layout left out in turn gives the sums that the curve is drawn on.
pub fn fit(samples: &[Sample], about: &str) -> Calibration {
    let all: Vec<&Sample> = samples.iter().collect();
    fitted(&all, about)
}

fn fitted(samples: &[&Sample], about: &str) -> Calibration {
    let mut sums: Vec<(f32, &Sample)> = Vec::new();
    for layout in layouts(samples) {
        let (out, rest): (Vec<&Sample>, Vec<&Sample>) =
            samples.iter().partition(|one| one.layout == layout);
        let calibration = weighing(&rest, about);
        sums.extend(out.iter().map(|one| (calibration.sum(&one.evidence), *one)));
    }
    sums.sort_by(|one, other| one.0.total_cmp(&other.0));
    let mut calibration = weighing(samples, about);
    let judged: Vec<(f32, bool)> = sums.iter().map(|(sum, one)| (*sum, one.right)).collect();
    calibration.curve = curve(&judged);
    held_out::limit(&mut calibration, &sums);
    calibration
}

fn layouts(samples: &[&Sample]) -> Vec<String> {
    let mut layouts: Vec<String> = samples.iter().map(|one| one.layout.clone()).collect();
    layouts.sort();
    layouts.dedup();
    layouts
}

/// Weights without a curve. A group with few samples leans on what holds for all of them.
fn weighing(samples: &[&Sample], about: &str) -> Calibration {
    let all = weights(samples.iter().copied(), &[0.0; FEATURES], |_| PULL);
    let of_group = |group: Group| {
        let own = samples.iter().copied();
        let own = own.filter(|one| one.evidence.group == group);
        weights(own, &all, |count| DOUBT / (count + DOUBT))
    };
    Calibration {
        about: about.to_owned(),
        weights: Group::ALL
            .into_iter()
            .map(|group| Weights {
                group,
                of: of_group(group),
            })
            .collect(),
        curve: Vec::new(),
    }
}

/// Logistic regression by plain descent, each weight pulled towards `home`; how much is said of the number
/// of samples. What should speak for a field may not speak against it.
fn weights<'s>(
    samples: impl Iterator<Item = &'s Sample>,
    home: &[f32; FEATURES],
    pull: fn(f32) -> f32,
) -> [f32; FEATURES] {
    /// -1, 0 or 1: which sign the weight of a feature may have; 0 for any.
    const SIGNS: [f32; FEATURES] = [
        0.0, 1.0, 1.0, -1.0, 1.0, 1.0, -1.0, -1.0, -1.0, -1.0, 1.0, -1.0, 1.0,
    ];
    let samples: Vec<([f32; FEATURES], f32)> = samples
        .map(|one| (one.evidence.features(), if one.right { 1.0 } else { 0.0 }))
        .collect();
    let mut of = *home;
    let count = samples.iter().fold(0.0_f32, |sum, _| sum + 1.0).max(1.0);
    let pull = pull(count);
    for _ in 0..STEPS {
        let mut slope = [0.0; FEATURES];
        for (features, right) in &samples {
            let sum: f32 = of
                .iter()
                .zip(features)
                .map(|(weight, feature)| weight * feature)
                .sum();
            let off = 1.0 / (1.0 + (-sum).exp()) - right;
            for (total, feature) in slope.iter_mut().zip(features) {
                *total += off * feature;
            }
        }
        for (((weight, slope), sign), home) in of.iter_mut().zip(slope).zip(SIGNS).zip(home) {
            *weight -= RATE * (slope / count * 4.0 + pull * (*weight - home));
            if *weight * sign < 0.0 {
                *weight = 0.0;
            }
        }
    }
    of
}

/// Share of right ones along the sum, never falling: neighbours that fall are joined.
fn curve(sums: &[(f32, bool)]) -> Vec<(f32, f32)> {
    /// Fields behind a point, right ones, sum of sums.
    struct Block {
        count: f32,
        right: f32,
        sums: f32,
    }
    let share = |block: &Block| block.right / block.count;
    let mut blocks: Vec<Block> = Vec::new();
    for part in sums.chunks(BEHIND_POINT) {
        let mut block = Block {
            count: 0.0,
            right: 0.0,
            sums: 0.0,
        };
        for (sum, right) in part {
            block.count += 1.0;
            block.right += if *right { 1.0 } else { 0.0 };
            block.sums += sum;
        }
        while let Some(last) = blocks.pop_if(|last| share(last) >= share(&block)) {
            block = Block {
                count: block.count + last.count,
                right: block.right + last.right,
                sums: block.sums + last.sums,
            };
        }
        blocks.push(block);
    }
    let mut curve: Vec<(f32, f32)> = blocks
        .iter()
        .map(|block| {
            let believed = block.right / (block.count + UNSEEN);
            (block.sums / block.count, believed)
        })
        .collect();
    let mut highest = 0.0_f32;
    for (_, value) in &mut curve {
        highest = highest.max(*value);
        *value = highest;
    }
    curve
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::score::SURE;

    #[test]
    fn sure_ones_are_told_from_doubtful_ones() {
        let evidence = |least: f32| Evidence {
            group: Group::Name,
            least,
            mean: least,
            length: 4.0,
            fit: 0.9,
            checked: 1.0,
            failed: 0.0,
            corrected: 0.0,
            variants: 0.0,
            label_distance: 0.0,
            agrees: 0.0,
            disagrees: 0.0,
            legibility: 0.98,
        };
        let sample = |number: usize, least: f32, right: bool| Sample {
            layout: ["one", "two", "three"][number % 3].to_owned(),
            condition: "scan300".to_owned(),
            evidence: evidence(least),
            may_be_sure: true,
            right,
        };
        let mut samples: Vec<Sample> = (0..600).map(|place| sample(place, 0.99, true)).collect();
        samples.extend((0..600).map(|place| sample(place, 0.4, place / 3 % 3 == 0)));
        let calibration = fit(&samples, "test");
        assert!(calibration.confidence(&evidence(0.99)) > 0.98);
        let doubtful = calibration.confidence(&evidence(0.4));
        assert!((doubtful - 0.333).abs() < 0.05, "{doubtful}");
        // What only one layout gets wrong is not sure on any.
        for one in samples
            .iter_mut()
            .take(600)
            .filter(|one| one.layout == "two")
            .take(20)
        {
            one.right = false;
        }
        let calibration = fit(&samples, "test");
        assert!(calibration.confidence(&evidence(0.99)) < SURE);
    }
}
