//! The calibration of confidence, fitted on documents whose truth is known: logistic weights for
//! each group of fields, then a rising curve from their sum to the share that was right.

use document_reader::fields::confidence::{Calibration, Evidence, FEATURES, Group, Weights};

/// Steps of the descent.
const STEPS: usize = 4000;
/// Speed of the descent.
const RATE: f32 = 0.15;
/// Pull of every weight towards zero, where all groups are weighed together.
const PULL: f32 = 0.002;
/// Samples whose word counts as much as that of all groups together, when one group is weighed.
const DOUBT: f32 = 40.0;
/// So many more wrong ones are reckoned with than were seen behind a point: where none was seen in n, one may
/// believe with 95 % that fewer than 3 in n are wrong (rule of three).
const UNSEEN: f32 = 3.0;
/// Least number of fields behind a point of the curve.
const BEHIND_POINT: usize = 60;

/// Fits a calibration to evidence and whether the field was right.
pub fn fit(samples: &[(Evidence, bool)], about: &str) -> Calibration {
    // A group with few samples leans on what holds for all of them.
    let all = weights(samples.iter(), &[0.0; FEATURES], |_| PULL);
    let weights: Vec<Weights> = Group::ALL
        .into_iter()
        .map(|group| Weights {
            group,
            of: weights(
                samples
                    .iter()
                    .filter(|(evidence, _)| evidence.group == group),
                &all,
                |count| DOUBT / (count + DOUBT),
            ),
        })
        .collect();
    let mut calibration = Calibration {
        about: about.to_owned(),
        weights,
        curve: Vec::new(),
    };
    let mut sums: Vec<(f32, bool)> = samples
        .iter()
        .map(|(evidence, right)| (calibration.sum(evidence), *right))
        .collect();
    sums.sort_by(|one, other| one.0.total_cmp(&other.0));
    calibration.curve = curve(&sums);
    calibration
}

/// Logistic regression by plain descent, each weight pulled towards `home`; how much is said of the number
/// of samples. What should speak for a field may not speak against it.
fn weights<'s>(
    samples: impl Iterator<Item = &'s (Evidence, bool)>,
    home: &[f32; FEATURES],
    pull: fn(f32) -> f32,
) -> [f32; FEATURES] {
    /// -1, 0 or 1: which sign the weight of a feature may have; 0 for any.
    const SIGNS: [f32; FEATURES] = [
        0.0, 1.0, 1.0, 0.0, 1.0, 1.0, -1.0, -1.0, -1.0, -1.0, 1.0, -1.0,
    ];
    let samples: Vec<([f32; FEATURES], f32)> = samples
        .map(|(evidence, right)| (evidence.features(), if *right { 1.0 } else { 0.0 }))
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

    #[test]
    fn sure_ones_are_told_from_doubtful_ones() {
        let sample = |least: f32| Evidence {
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
        };
        let mut samples: Vec<(Evidence, bool)> = (0..600).map(|_| (sample(0.99), true)).collect();
        samples.extend((0..600).map(|number| (sample(0.4), number % 3 == 0)));
        let calibration = fit(&samples, "test");
        assert!(calibration.confidence(&sample(0.99)) > 0.98);
        let doubtful = calibration.confidence(&sample(0.4));
        assert!((doubtful - 0.333).abs() < 0.05, "{doubtful}");
    }
}
