//! Breaks a list of buttons into rows, so that the height of a long list is known before it is drawn.

use slint::{Model as _, ModelRc};

use crate::rows::list;
use crate::ui::{ChoiceData, ChoiceRow};

/// Rows of buttons no wider than `width`. A button is its label in type of `size`, plus `beside`,
/// and at least `least`; `gap` stands between two.
#[expect(
    clippy::needless_pass_by_value,
    reason = "the signature is the callback's of the Slint side"
)]
pub(crate) fn rows(
    choices: ModelRc<ChoiceData>,
    width: f32,
    size: f32,
    beside: f32,
    least: f32,
    gap: f32,
) -> ModelRc<ChoiceRow> {
    let choices: Vec<ChoiceData> = choices.iter().collect();
    let widths: Vec<f32> = choices
        .iter()
        .map(|choice| (em(&choice.label) * size + beside).max(least))
        .collect();
    let mut choices = choices.into_iter();
    let rows = lengths(&widths, width, gap);
    list(rows.into_iter().map(|length| ChoiceRow {
        choices: list(choices.by_ref().take(length).collect::<Vec<_>>()),
    }))
}

/// How many go into each row; one that is wider than a row gets a row of its own.
fn lengths(widths: &[f32], width: f32, gap: f32) -> Vec<usize> {
    let mut rows = Vec::new();
    let (mut length, mut used) = (0, 0.0);
    for button in widths {
        if length > 0 && used + gap + button > width {
            rows.push(length);
            (length, used) = (0, 0.0);
        }
        used += if length > 0 { gap + button } else { *button };
        length += 1;
    }
    if length > 0 {
        rows.push(length);
    }
    rows
}

/// Width of a label in units of its type: kana and kanji are square, Latin letters narrower.
fn em(label: &str) -> f32 {
    label
        .chars()
        .map(|character| if character.is_ascii() { 0.7 } else { 1.0 })
        .sum()
}

#[cfg(test)]
mod tests {
    use super::{em, lengths};

    #[test]
    fn buttons_fill_a_row_and_go_on_in_the_next() {
        assert_eq!(lengths(&[100.0, 100.0, 100.0], 208.0, 8.0), [2, 1]);
        assert_eq!(lengths(&[100.0, 100.0, 100.0], 207.0, 8.0), [1, 1, 1]);
    }

    #[test]
    fn a_button_wider_than_the_row_stands_alone() {
        assert_eq!(lengths(&[50.0, 300.0, 50.0], 208.0, 8.0), [1, 1, 1]);
        assert_eq!(lengths(&[], 208.0, 8.0), [0_usize; 0]);
    }

    #[test]
    fn kanji_are_wider_than_latin_letters() {
        assert!(em("夫（未届）") > em("abcde"));
    }
}
