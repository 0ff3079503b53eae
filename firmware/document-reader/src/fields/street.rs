//! Numbers of an address: 番, 丁目 and 号 where a scan made something like them of it, and the long mark in the
//! name of a building.
//!
//! Between the digits of an address only a few characters can stand, so one that looks like 番 (看, 香, 書)
//! is it; a stroke between two katakana is no 一. What was read is offered beside the value.

use crate::fields::plain;
use crate::fields::value::Judged;

/// What filled strokes make of 番.
const LIKE_NUMBER: &str = "看香書春審蕃畨昔者悉番舂畜";
/// What they make of 目 after 丁.
const LIKE_BLOCK: &str = "月日曰自貝且白";
/// What they make of 号 at the end of a number.
const LIKE_HOUSE: &str = "呈亏弓另吾";

/// Puts the words of numbers right.
pub(super) fn mend(judged: &mut Judged) {
    let mended = mended(&judged.value);
    if mended != judged.value {
        judged.change_to(mended);
    }
}

fn mended(address: &str) -> String {
    let mut letters: Vec<char> = address.chars().collect();
    let is_digit = |c: Option<&char>| c.is_some_and(|c| plain(*c).is_ascii_digit());
    let is_katakana = |c: Option<&char>| c.is_some_and(|c| matches!(c, '\u{30a1}'..='\u{30fa}'));
    for place in 1..letters.len() {
        let (before, own, after) = (
            letters.get(place - 1),
            letters[place],
            letters.get(place + 1),
        );
        let ends = after.is_none_or(|c| c.is_whitespace() || matches!(*c, '地' | 'の'));
        let is_after_unit = letters
            .iter()
            .take(place)
            .rev()
            .find(|c| !plain(**c).is_ascii_digit() && !c.is_whitespace())
            .is_some_and(|c| *c == '番');
        let other = if is_digit(before) && is_after_unit && LIKE_HOUSE.contains(own) {
            '号'
        } else if is_digit(before) && LIKE_NUMBER.contains(own) && (ends || is_digit(after)) {
            '番'
        } else if own == '一' && is_katakana(before) && is_katakana(after) {
            'ー'
        } else if before == Some(&'丁') && LIKE_BLOCK.contains(own) && place > 1 {
            let number = letters.get(place - 2);
            let is_number =
                is_digit(number) || number.is_some_and(|c| "一二三四五六七八九十".contains(*c));
            if is_number { '目' } else { own }
        } else {
            own
        };
        letters[place] = other;
    }
    letters.into_iter().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, expected: &str) {
        assert_eq!(mended(text), expected, "{text}");
    }

    #[test]
    fn only_a_few_words_stand_between_numbers() {
        check("見本町38看地", "見本町38番地");
        check("見本町４丁月２７香４号", "見本町４丁目２７番４号");
        check("見本町2323書", "見本町2323番");
        check("見本町4丁目27番4呈　見本荘", "見本町4丁目27番4号　見本荘");
        check("見本町12看地の3", "見本町12番地の3");
        check("見本町16　コ一ポ見本112", "見本町16　コーポ見本112");
    }

    #[test]
    fn names_of_buildings_and_towns_stay() {
        for text in [
            "見本町1番地2　3香ハイツ",
            "香取市春日町1-2",
            "丁月町1番地",
            "一ツ木町一番地",
        ] {
            check(text, text);
        }
    }
}
