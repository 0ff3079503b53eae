//! Small kana told from large ones by how high they stand.
//!
//! ょ and よ have one shape. A reader goes by size alone and often takes one for the other where nothing
//! larger stands beside it; small kana hang at the foot of the line, large ones in its middle.

use crate::ink::Mask;
use crate::page::Character;
use crate::pixels::{real, whole};

/// Large kana and the small ones of the same shape, as names have them.
const PAIRS: [(char, char); 8] = [
    ('ヤ', 'ャ'),
    ('ユ', 'ュ'),
    ('ヨ', 'ョ'),
    ('ツ', 'ッ'),
    ('や', 'ゃ'),
    ('ゆ', 'ゅ'),
    ('よ', 'ょ'),
    ('つ', 'っ'),
];
/// A small one leaves this much more of the line free above it than below.
const HANGS: f32 = 0.17;
/// And is no higher than this share of the line.
const SMALL: f32 = 0.78;
/// A large one leaves at most this much more.
const STANDS: f32 = 0.08;

/// Settles the sizes in a strip that holds nothing but kana; elsewhere the reader has ideographs to go by.
pub(crate) fn settle(mask: &Mask, read: &mut [Character]) {
    let kana =
        |one: &Character| matches!(one.value, '\u{3041}'..='\u{3096}' | '\u{30a1}'..='\u{30fc}');
    if read.len() < 2 || !read.iter().all(kana) {
        return;
    }
    for character in read.iter_mut().skip(1) {
        let pair = PAIRS
            .iter()
            .find(|(large, small)| *large == character.value || *small == character.value);
        let Some((large, small)) = pair else { continue };
        let Some((above, below)) = free(mask, character) else {
            continue;
        };
        let value = if above - below > HANGS && 1.0 - above - below < SMALL {
            *small
        } else if above - below < STANDS {
            *large
        } else {
            continue;
        };
        if value != character.value {
            let other = (character.value, 0.1);
            character.alternatives.insert(0, other);
            character.value = value;
            character.probability *= 0.95;
        }
    }
}

/// Shares of the line that are free above and below a character.
fn free(mask: &Mask, character: &Character) -> Option<(f32, f32)> {
    let bounds = character.bounds;
    let columns = whole(bounds.x.max(0.0))..whole(bounds.right().max(0.0));
    let mut rows = whole(bounds.y.max(0.0))..whole(bounds.bottom().max(0.0));
    let inked = |y: &usize| columns.clone().filter(|x| mask.at(*x, *y)).count() > 1;
    let first = rows.clone().find(inked)?;
    let last = rows.rfind(inked)?;
    let share = |pixels: f32| (pixels / bounds.height.max(1.0)).clamp(0.0, 1.0);
    Some((
        share(real(first) - bounds.y),
        share(bounds.bottom() - real(last + 1)),
    ))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::page::Rect;
    use crate::plane::Plane;

    /// A line of three characters 40 pixels high, the second with ink in the given rows.
    #[track_caller]
    fn check(value: char, rows: std::ops::Range<usize>, expected: char) {
        let mut plane = Plane::filled(200, 60, 255);
        for y in 10..50 {
            plane.row_mut(y)[10..40].fill(0);
            plane.row_mut(y)[90..120].fill(0);
        }
        for y in rows {
            plane.row_mut(y)[50..80].fill(0);
        }
        let place = |value: char, x: f32| Character {
            value,
            probability: 0.9,
            bounds: Rect {
                x,
                y: 10.0,
                width: 30.0,
                height: 40.0,
            },
            alternatives: Vec::new(),
        };
        let mut read = vec![place('リ', 10.0), place(value, 50.0), place('ウ', 90.0)];
        settle(&Mask::of(&plane, 128), &mut read);
        assert_eq!(read[1].value, expected);
    }

    #[test]
    fn kana_at_the_foot_of_the_line_are_small() {
        check('ヨ', 24..49, 'ョ');
        check('ョ', 24..49, 'ョ');
        check('ヨ', 13..47, 'ヨ');
        check('ュ', 16..45, 'ユ');
    }
}
