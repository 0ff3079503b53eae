//! From the recogniser's answer to characters: connectionist temporal classification (Graves et al. 2006).
//!
//! The model answers for each eighth of the height along a strip: one probability per class, class 0 for
//! "nothing new". The likeliest path is taken; for each character its other likely readings are kept, because checks
//! (check digits, the address dictionary) can tell which of them is right.

use crate::pixels::real;

/// How many other readings are kept.
const ALTERNATIVES: usize = 4;
/// Least probability of another reading.
const LEAST: f32 = 0.001;

/// A character and the frames it was seen in.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Glyph {
    pub(crate) value: char,
    pub(crate) probability: f32,
    /// Middle of its frames; the first frame's middle is 0.5.
    pub(crate) middle: f32,
    /// Likeliest first.
    pub(crate) alternatives: Vec<(char, f32)>,
}

/// Decodes one strip: `frames` holds one row of `classes.len()` probabilities after the other.
pub(crate) fn glyphs(frames: &[f32], classes: &[Option<char>]) -> Vec<Glyph> {
    let mut out = Vec::new();
    let mut run: Option<Run<'_>> = None;
    for (place, frame) in frames.chunks_exact(classes.len().max(1)).enumerate() {
        let best = likeliest(frame, classes);
        match (&mut run, best) {
            (Some(run), Some((class, probability))) if classes[run.class] == classes[class] => {
                run.last = place;
                if probability > run.probability {
                    (run.probability, run.frame) = (probability, frame);
                }
            }
            (_, Some((class, probability))) => {
                out.extend(run.take().and_then(|run| run.glyph(classes)));
                run = Some(Run {
                    class,
                    probability,
                    frame,
                    first: place,
                    last: place,
                });
            }
            (_, None) => out.extend(run.take().and_then(|run| run.glyph(classes))),
        }
    }
    out.extend(run.and_then(|run| run.glyph(classes)));
    out
}

/// Frames in a row that answer the same character.
struct Run<'a> {
    class: usize,
    probability: f32,
    frame: &'a [f32],
    first: usize,
    last: usize,
}

impl Run<'_> {
    fn glyph(&self, classes: &[Option<char>]) -> Option<Glyph> {
        let value = classes.get(self.class).copied().flatten()?;
        let mut alternatives: Vec<(char, f32)> = self
            .frame
            .iter()
            .zip(classes)
            .enumerate()
            .filter(|(class, (probability, _))| *class != self.class && **probability >= LEAST)
            .filter_map(|(_, (probability, class))| Some(((*class)?, *probability)))
            .collect();
        alternatives.sort_by(|one, other| other.1.total_cmp(&one.1));
        alternatives.truncate(ALTERNATIVES);
        Some(Glyph {
            value,
            probability: self.probability.clamp(0.0, 1.0),
            middle: real(self.first + self.last + 1) / 2.0,
            alternatives,
        })
    }
}

/// The likeliest class that may be answered and its probability; `None` for "nothing new". A class
/// that may not be answered (a simplified look-alike) gives way to the next one.
fn likeliest(frame: &[f32], classes: &[Option<char>]) -> Option<(usize, f32)> {
    let nothing = frame.first().copied().unwrap_or(1.0);
    let mut best: Option<(usize, f32)> = None;
    for (class, (probability, value)) in frame.iter().zip(classes).enumerate().skip(1) {
        if value.is_some() && best.is_none_or(|(_, most)| *probability > most) {
            best = Some((class, *probability));
        }
    }
    best.filter(|(_, probability)| *probability > nothing)
}

#[cfg(test)]
mod tests {
    use super::*;

    const CLASSES: [Option<char>; 5] = [None, Some('架'), Some('空'), None, Some('ー')];

    fn frames(rows: &[[f32; 5]]) -> Vec<f32> {
        rows.concat()
    }

    #[test]
    fn repeats_are_one_character_and_a_pause_makes_two() {
        let frames = frames(&[
            [0.1, 0.8, 0.1, 0.0, 0.0],
            [0.1, 0.9, 0.0, 0.0, 0.0],
            [0.9, 0.1, 0.0, 0.0, 0.0],
            [0.1, 0.7, 0.2, 0.0, 0.0],
            [0.0, 0.0, 0.6, 0.0, 0.4],
        ]);
        let glyphs = glyphs(&frames, &CLASSES);
        let told: Vec<(char, f32, f32)> = glyphs
            .iter()
            .map(|glyph| (glyph.value, glyph.probability, glyph.middle))
            .collect();
        assert_eq!(told, [('架', 0.9, 1.0), ('架', 0.7, 3.5), ('空', 0.6, 4.5)]);
        assert_eq!(glyphs[2].alternatives, [('ー', 0.4)]);
    }

    #[test]
    fn a_class_that_may_not_be_answered_gives_way() {
        let frames = frames(&[[0.1, 0.0, 0.3, 0.6, 0.0]]);
        assert_eq!(glyphs(&frames, &CLASSES)[0].value, '空');
    }

    #[test]
    fn an_answer_of_another_length_is_no_text() {
        assert!(glyphs(&[0.2, 0.8], &CLASSES).is_empty());
        assert!(glyphs(&[], &[]).is_empty());
    }
}
