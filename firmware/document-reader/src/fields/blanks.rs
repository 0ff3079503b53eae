//! Blanks that a wide font or a spread value makes where there are none: in the numbers of an
//! address, and within the parts of a reading.
//!
//! What was taken out is offered beside the value, never lost.

use crate::field::FieldName;
use crate::fields::household::Candidate;
use crate::fields::plain;
use crate::fields::value::Judged;

/// Between the parts of a value.
const BLANK: &str = "\u{3000}";
/// What follows a number in an address, longest first.
const UNITS: [&str; 4] = ["丁目", "番地", "番", "号"];
/// A whole number of so many digits after a blank may be a room.
const ROOM_DIGITS: usize = 3;

/// The address without blanks in its numbers; as it was, it is offered beside it.
pub(super) fn join_numbers(judged: &mut Judged) {
    let joined = numbers_joined(&judged.value);
    if joined != judged.value {
        let before = std::mem::replace(&mut judged.value, joined);
        if judged.alternatives.is_empty() {
            judged.alternatives.push(before);
        }
    }
}

/// `済井出　1　8　0番地　ヴィラ桜1　04号` is `済井出180番地　ヴィラ桜104号`.
fn numbers_joined(address: &str) -> String {
    let mut whole = String::new();
    for piece in address.split_whitespace() {
        if !whole.is_empty() && !goes_on(&whole, piece) {
            whole.push_str(BLANK);
        }
        whole.push_str(piece);
    }
    whole
}

/// Whether the blank between two pieces of an address is none.
fn goes_on(before: &str, after: &str) -> bool {
    let before: String = before.chars().map(plain).collect();
    let after: String = after.chars().map(plain).collect();
    let is_number_next = after.starts_with(|c: char| c.is_ascii_digit());
    let is_after_number = before.ends_with(|c: char| c.is_ascii_digit());
    let is_after_unit = UNITS.iter().any(|unit| before.ends_with(unit));
    if is_after_number && is_number_next {
        return !is_room(&before, &after);
    }
    if is_after_number && is_unit(&after) {
        return true;
    }
    if is_after_number || is_after_unit {
        return is_number_next || is_joint_of_numbers(&after);
    }
    let is_first_number = !before.contains(|c: char| c.is_ascii_digit() || c == '番');
    is_number_next && (is_first_number || ends_with_joint(&before))
}

/// A unit at the front, and not the name of a building that begins like one (番町ハイツ).
fn is_unit(text: &str) -> bool {
    let named = ["番町", "番館", "番街"];
    UNITS.iter().any(|unit| text.starts_with(unit))
        && !named.iter().any(|name| text.starts_with(name))
}

/// の or a dash with a number after it, or alone.
fn is_joint_of_numbers(text: &str) -> bool {
    let mut characters = text.chars();
    characters.next().is_some_and(is_joint) && characters.next().is_none_or(|c| c.is_ascii_digit())
}

/// の or a dash that follows a number; the ー of タワー follows none.
fn ends_with_joint(text: &str) -> bool {
    let Some(number) = text.strip_suffix(is_joint) else {
        return false;
    };
    number.ends_with(|c: char| c.is_ascii_digit())
        || UNITS.iter().any(|unit| number.ends_with(unit))
}

fn is_joint(c: char) -> bool {
    c == 'の' || is_dash(c)
}

fn is_dash(c: char) -> bool {
    matches!(c, '-' | '‐' | '−' | '–' | '—' | '―' | 'ー' | '─')
}

/// Whether a whole number may be that of a room, so that joining it would make another number:
/// after the name of a building, or after a number that two dashes have made complete (1-2-3).
fn is_room(before: &str, after: &str) -> bool {
    let digits = after.chars().take_while(char::is_ascii_digit).count();
    let numbers = before.trim_start_matches(|c: char| !c.is_ascii_digit());
    let has_building = numbers
        .chars()
        .any(|c| !c.is_ascii_digit() && !is_joint(c) && !"丁目番地号".contains(c));
    let is_complete = numbers.chars().filter(|c| is_dash(*c)).count() >= 2;
    digits >= ROOM_DIGITS && (has_building || is_complete)
}

/// No reading has more parts than its name. A name printed in one piece still has two.
pub(super) fn join_readings(candidates: &mut [Candidate]) {
    let names: Vec<(i32, usize)> = candidates
        .iter()
        .filter(|one| one.field == FieldName::Name)
        .map(|one| (one.member, one.judged.value.split_whitespace().count()))
        .collect();
    for one in candidates
        .iter_mut()
        .filter(|one| one.field == FieldName::NameKana)
    {
        let Some((_, parts)) = names.iter().find(|(member, _)| *member == one.member) else {
            continue;
        };
        let joined = parts_joined(&one.judged.value, (*parts).max(2));
        if joined != one.judged.value {
            let before = std::mem::replace(&mut one.judged.value, joined);
            one.judged.alternatives.push(before);
        }
    }
}

/// Joins neighbouring parts until there are `most`: those with a part of one letter first, then the
/// shortest.
fn parts_joined(reading: &str, most: usize) -> String {
    let mut parts: Vec<String> = reading.split_whitespace().map(str::to_owned).collect();
    while parts.len() > most {
        let cost = |pair: &[String]| {
            let lengths = pair.iter().map(|part| part.chars().count());
            (lengths.clone().min() != Some(1), lengths.sum::<usize>())
        };
        let Some(at) = (1..parts.len()).min_by_key(|next| parts.get(next - 1..=*next).map(cost))
        else {
            break;
        };
        let part = parts.remove(at);
        if let Some(before) = parts.get_mut(at - 1) {
            before.push_str(&part);
        }
    }
    parts.join(BLANK)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check_address(text: &str, expected: &str) {
        assert_eq!(numbers_joined(text), expected, "{text}");
    }

    #[test]
    fn numbers_of_an_address_have_no_blanks() {
        check_address(
            "沖縄県名護市済井出　1　8　0番地　ヴィラ桜1　04号",
            "沖縄県名護市済井出180番地　ヴィラ桜104号",
        );
        check_address("朝日町　１　番地　の　２", "朝日町１番地の２");
        check_address("朝日町1　-　2　-　3", "朝日町1-2-3");
        check_address("御幸町1 丁目 16 番 1 号", "御幸町1丁目16番1号");
        check_address("朝日町１番地　５", "朝日町１番地５");
    }

    #[test]
    fn the_blank_before_a_building_or_its_room_stays() {
        for text in [
            "朝日町1番地の1　桜ハイツ",
            "朝日町1-2-3　番町ハイツ101",
            "朝日町1-2-3　101",
            "朝日町1-2　グランドタワー　101号",
            "朝日町1-2　ハイツ2　101号",
            "朝日町1-2　ノースビル",
        ] {
            check_address(text, text);
        }
    }

    #[test]
    fn one_letter_pieces_of_a_reading_are_joined_first() {
        assert_eq!(
            parts_joined("イ　ワサキ　ナリヤス", 2),
            "イワサキ　ナリヤス"
        );
        assert_eq!(
            parts_joined("イワ　サキ　ナリヤ　ス", 2),
            "イワサキ　ナリヤス"
        );
        assert_eq!(parts_joined("イ　ヒデオ", 2), "イ　ヒデオ");
        assert_eq!(
            parts_joined("トドケ　マリア　アンナ", 3),
            "トドケ　マリア　アンナ"
        );
    }
}
