//! Names as they stand, and their kana.
//!
//! A name is kept character by character. Rarer forms that a reader does not tell apart (髙 from 高)
//! are offered beside it.

use counter_characters::written::is_ideograph;
use unicode_normalization::UnicodeNormalization;

use crate::field::Check;
use crate::fields::text::{ATOM_GAP, count};
use crate::fields::value::{Judged, Rows, bare, certainty, joined, pitch, row_text};
use crate::page::Character;

/// Forms that readers take for each other, one group a line.
const VARIANTS: &str = include_str!("../../data/variants.txt");
/// Less likely than this, a character is in doubt.
const DOUBTED: f32 = 0.9;
/// So many readings of one name are offered.
const OFFERED: usize = 4;

/// A name of a person.
pub(super) fn name(rows: &Rows<'_>) -> Judged {
    let kept: Vec<Vec<&Character>> = name_rows(rows);
    let as_read = joined(rows);
    let read = in_common_forms(&trimmed(&joined(&kept)), &kept);
    // 千ヨ is a name too: only where the reader was unsure.
    let value = if certainty(&kept).0 < DOUBTED {
        in_one_script(&read)
    } else {
        read
    };
    let strange = value.chars().filter(|c| !can_be_in_a_name(*c)).count();
    let length = value.chars().filter(|c| !c.is_whitespace()).count();
    let variants = value.chars().filter(|c| group(*c).is_some()).count();
    let is_name = strange == 0 && (2..=60).contains(&length);
    let held = held(&value, &kept, |c| Some(c).filter(|c| is_ideograph(*c)));
    Judged {
        fit: fit(&value, length, strange),
        checks: if is_name {
            vec![Check::Repertoire]
        } else {
            Vec::new()
        },
        failed: if is_name {
            Vec::new()
        } else {
            vec![Check::Repertoire]
        },
        alternatives: offered(&value, &held),
        held,
        variants: count(variants),
        value,
        as_read,
        ..Judged::default()
    }
}

/// Rows of a name without the row of kana above or below it.
fn name_rows<'p>(rows: &Rows<'p>) -> Vec<Vec<&'p Character>> {
    let (kana, others): (Vec<_>, Vec<_>) = rows.iter().cloned().partition(|row| is_kana_row(row));
    if others.iter().all(Vec::is_empty) {
        kana
    } else {
        others
    }
}

/// The kana that stand in the cell of a name, if any do.
pub(super) fn kana_beside<'p>(rows: &Rows<'p>) -> Option<Vec<Vec<&'p Character>>> {
    let (kana, others): (Vec<_>, Vec<_>) = rows.iter().cloned().partition(|row| is_kana_row(row));
    let has_both = !kana.is_empty() && others.iter().flatten().any(|one| is_ideograph(one.value));
    has_both.then_some(kana)
}

fn is_kana_row(row: &[&Character]) -> bool {
    let kana = row.iter().filter(|one| is_kana(one.value)).count();
    kana >= 2 && kana * 5 >= row.len() * 4
}

fn is_kana(c: char) -> bool {
    matches!(c, '\u{3041}'..='\u{3096}' | '\u{30a1}'..='\u{30fa}' | 'ー' | 'ヽ' | 'ヾ' | '\u{ff66}'..='\u{ff9f}')
}

fn can_be_in_a_name(c: char) -> bool {
    is_ideograph(c)
        || is_kana(c)
        || c.is_alphabetic() && !c.is_ascii_digit()
        || matches!(
            c,
            '\u{3000}'
                | ' '
                | '・'
                | '-'
                | '\''
                | '.'
                | '（'
                | '）'
                | '('
                | ')'
                | '－'
                | '＝'
                | ','
        )
        || matches!(c, '\u{FE00}'..='\u{FE0F}' | '\u{E0100}'..='\u{E01EF}')
}

fn fit(value: &str, length: usize, strange: usize) -> f32 {
    let is_kana_only = value.chars().filter(|c| !c.is_whitespace()).all(is_kana);
    let like_an_address = value
        .chars()
        .filter(|c| "県市区町村番地年月日".contains(*c))
        .count();
    match (length, strange) {
        (0..=1, _) => 0.1,
        (2..=30, 0) if is_kana_only => 0.5,
        (2..=14, 0) if like_an_address < 2 => 0.9,
        (15..=60, 0) if like_an_address == 0 => 0.6,
        (2..=20, 1) => 0.5,
        _ => 0.15,
    }
}

/// How much commoner the first form of a group is, at least.
const COMMONER: f32 = 10.0;
/// Groups whose further forms are rare in names; of the others (斎 and 斉) each is common.
const RARE: &str = "惠瀨黑德國眞條靜淸郞兒宫凜凑榮實穗";
/// Further forms that the reader gives for the common one however it is printed, with up to 0.99: it need
/// only have held the common one possible.
const READ_FOR_COMMON: &str = "增";

/// The name with the common form of a character where the reader wavered between it and a rare one.
fn in_common_forms(value: &str, rows: &Rows<'_>) -> String {
    let all: Vec<&Character> = rows.iter().flatten().copied().collect();
    let letters = value.chars().filter(|c| !c.is_whitespace()).count();
    if letters != all.len() {
        return value.to_owned();
    }
    let mut all = all.into_iter();
    value
        .chars()
        .map(|c| {
            if c.is_whitespace() {
                return c;
            }
            let (Some(one), Some(common)) =
                (all.next(), group(c).and_then(|all| all.chars().next()))
            else {
                return c;
            };
            let known = one.alternatives.iter().find(|(other, _)| *other == common);
            let is_near = known.is_some_and(|(_, p)| p * COMMONER > one.probability);
            if RARE.contains(c) && is_near || READ_FOR_COMMON.contains(c) && known.is_some() {
                common
            } else {
                c
            }
        })
        .collect()
}

/// A part of a name that is katakana but for characters that look like some: 八ナ is ハナ.
fn in_one_script(name: &str) -> String {
    let is_katakana = |c: char| matches!(c, '\u{30a1}'..='\u{30fa}');
    let parts: Vec<String> = name
        .split('\u{3000}')
        .map(|part| {
            let kana: String = part.chars().map(katakana).collect();
            if part.chars().any(is_katakana) && kana.chars().all(|c| is_katakana(c) || c == 'ー') {
                kana
            } else {
                part.to_owned()
            }
        })
        .collect();
    parts.join("\u{3000}")
}

/// Without marks at the ends that are no part of a name.
fn trimmed(text: &str) -> String {
    let mark =
        |c: char| c.is_whitespace() || ":：|｜.,・、。-_'\"()（）「」『』[]【】*＊".contains(c);
    let text = text.trim_matches(mark);
    let text = text
        .strip_suffix('様')
        .or_else(|| text.strip_suffix('殿'))
        .unwrap_or(text);
    text.trim_matches(mark).to_owned()
}

/// The forms that `c` is taken for, with itself.
fn group(c: char) -> Option<&'static str> {
    VARIANTS
        .lines()
        .filter(|line| !line.starts_with('#'))
        .find(|line| line.contains(c) && line.chars().count() > 1)
}

/// Whether two characters are the same, or forms of one that readers take for each other.
pub(super) fn are_forms(one: char, other: char) -> bool {
    one == other || group(one).is_some_and(|group| group.contains(other))
}

/// The name with other forms of one character, and with what else the reader held possible.
fn offered(value: &str, held: &[String]) -> Vec<String> {
    let mut offered: Vec<String> = Vec::new();
    for (place, c) in value.chars().enumerate() {
        let others = group(c).unwrap_or_default().chars();
        offered.extend(
            others
                .filter(|other| *other != c)
                .map(|other| with(value, place, other)),
        );
    }
    offered.extend(held.iter().cloned());
    offered.dedup();
    offered.truncate(OFFERED);
    offered
}

fn with(value: &str, place: usize, other: char) -> String {
    value
        .chars()
        .enumerate()
        .map(|(at, c)| if at == place { other } else { c })
        .collect()
}

/// The value with one character as the reader also held possible, likeliest first; `letter` says what
/// such a character would be in the value.
fn held(value: &str, rows: &Rows<'_>, letter: fn(char) -> Option<char>) -> Vec<String> {
    let letters: Vec<(usize, char)> = value
        .chars()
        .enumerate()
        .filter(|(_, c)| !c.is_whitespace())
        .collect();
    let all: Vec<&Character> = rows.iter().flatten().copied().collect();
    if letters.len() != all.len() {
        return Vec::new();
    }
    let mut held: Vec<(String, f32)> = Vec::new();
    for ((place, own), one) in letters.iter().zip(all) {
        for (other, weight) in &one.alternatives {
            if let Some(other) = letter(*other).filter(|other| other != own) {
                held.push((with(value, *place, other), *weight));
            }
        }
    }
    held.sort_by(|one, other| other.1.total_cmp(&one.1));
    held.into_iter().map(|(text, _)| text).collect()
}

/// Kana of a name: katakana in full width, an ideographic space between the parts.
pub(super) fn kana(rows: &Rows<'_>) -> Judged {
    let rows: Vec<Vec<&Character>> = rows
        .iter()
        .map(|row| {
            row.iter()
                .copied()
                .filter(|one| !"()（）:：｜|[]「」".contains(one.value))
                .collect()
        })
        .filter(|row: &Vec<&Character>| !row.is_empty())
        .collect();
    let as_read = joined(&rows);
    let wide: Vec<String> = rows.iter().map(|row| wide_row(row)).collect();
    let text = wide.join("\u{3000}");
    let is_katakana = |c: &char| matches!(c, '\u{30a1}'..='\u{30fa}');
    let written_in_katakana = text.chars().filter(is_katakana).count() >= 2;
    let mut changed = 0_usize;
    let value: String = trimmed(&text)
        .chars()
        .map(|c| {
            // Among katakana ヒ with a long foot is taken for と.
            let kana = match c {
                'と' if written_in_katakana => 'ヒ',
                other => katakana(other),
            };
            changed +=
                usize::from(kana != c && (kana == 'ヒ' || !('\u{3041}'..='\u{3096}').contains(&c)));
            kana
        })
        .collect();
    let letters = value.chars().filter(|c| !c.is_whitespace()).count();
    let right = value
        .chars()
        .filter(|c| matches!(c, '\u{30a1}'..='\u{30f4}' | 'ー' | 'ヽ' | 'ヾ'))
        .count();
    let is_kana = letters >= 2 && right == letters;
    let natural = bare(&rows).chars().filter(|c| is_kana_plain(*c)).count();
    Judged {
        fit: if is_kana && natural * 5 >= letters * 4 {
            0.95
        } else if natural * 2 > letters {
            0.5
        } else {
            0.05
        },
        checks: if is_kana {
            vec![Check::Repertoire]
        } else {
            Vec::new()
        },
        failed: if is_kana {
            Vec::new()
        } else {
            vec![Check::Repertoire]
        },
        corrected: count(changed),
        alternatives: without_long_mark(&value),
        held: held(&value, &rows, kana_letter),
        value,
        as_read,
        ..Judged::default()
    }
}

/// What a character is among kana, if it is one.
fn kana_letter(c: char) -> Option<char> {
    let kana = katakana(crate::fields::plain(c));
    is_kana(kana).then_some(kana)
}

fn is_kana_plain(c: char) -> bool {
    matches!(c, '\u{3041}'..='\u{3096}' | '\u{30a1}'..='\u{30fa}' | 'ー' | 'ヽ' | 'ヾ' | '゙' | '゚' | 'ﾞ' | 'ﾟ')
}

/// A row in full width with an ideographic space where a gap is: voicing marks of half-width kana
/// join the letter before them, and the gap is measured in their own narrow width.
fn wide_row(row: &[&Character]) -> String {
    let narrow = row
        .iter()
        .filter(|one| matches!(one.value, '\u{ff66}'..='\u{ff9f}'))
        .count()
        * 2
        > row.len();
    if !narrow {
        return row_text(row).nfkc().collect();
    }
    let pitch = pitch(row);
    let mut text = String::new();
    let mut last: Option<&Character> = None;
    for one in row {
        let is_apart = last.is_some_and(|last: &Character| {
            let white = one.bounds.x - last.bounds.right();
            let step = one.bounds.centre().0 - last.bounds.centre().0;
            white > 0.7 * ATOM_GAP * one.bounds.height
                && pitch.is_none_or(|pitch| step > 1.42 * pitch)
        });
        if is_apart {
            text.push('\u{3000}');
        }
        text.push(match one.value {
            '゛' | '"' | '゙' => 'ﾞ',
            '゜' | '°' | '゚' => 'ﾟ',
            other => other,
        });
        last = Some(one);
    }
    text.nfkc().collect::<String>().replace(' ', "\u{3000}")
}

/// Katakana for hiragana and for the ideographs and signs that look like one.
fn katakana(c: char) -> char {
    match c {
        '\u{3041}'..='\u{3096}' => char::from_u32(u32::from(c) + 0x60).unwrap_or(c),
        ' ' => '\u{3000}',
        '二' => 'ニ',
        '力' | 'ヵ' => 'カ',
        '口' | '□' | '☐' => 'ロ',
        '夕' => 'タ',
        '工' => 'エ',
        '卜' => 'ト',
        '八' => 'ハ',
        '千' => 'チ',
        '三' => 'ミ',
        '一' | '丁' | '－' | '―' | '-' | '─' => 'ー',
        '才' => 'オ',
        '又' => 'ヌ',
        '丿' => 'ノ',
        '乇' | '毛' => 'モ',
        '厶' => 'ム',
        '七' => 'セ',
        '廾' | '卄' => 'サ',
        '了' => 'ア',
        'ヶ' => 'ケ',
        'メ' | '〆' => 'メ',
        other => other,
    }
}

/// The gap between the parts of a name is easily read as ー.
fn without_long_mark(value: &str) -> Vec<String> {
    if value.contains('\u{3000}') {
        return Vec::new();
    }
    value
        .match_indices('ー')
        .take(1)
        .map(|(place, mark)| {
            let (before, after) = value.split_at(place);
            format!("{before}\u{3000}{}", after.trim_start_matches(mark))
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::field::FieldName;
    use crate::fields::tests::value_of;

    #[track_caller]
    fn check(field: FieldName, text: &str, expected: &str) {
        assert_eq!(value_of(field, text).value, expected, "{text}");
    }

    #[test]
    fn kana_of_every_width_and_kind() {
        check(FieldName::NameKana, "ｶｸｳ　ﾀﾛｳ", "カクウ　タロウ");
        check(FieldName::NameKana, "ﾔﾏﾀﾞ　ｼﾞﾛｳ", "ヤマダ　ジロウ");
        check(FieldName::NameKana, "かくう　はなこ", "カクウ　ハナコ");
        check(FieldName::NameKana, "(力クウ　夕ロウ)", "カクウ　タロウ");
        check(FieldName::NameKana, "カクウ　とロシ", "カクウ　ヒロシ");
        check(FieldName::NameKana, "かくう　とも", "カクウ　トモ");
    }

    #[test]
    fn a_long_mark_may_be_the_gap() {
        let found = value_of(FieldName::NameKana, "カクウータロウ");
        assert_eq!(found.alternatives, ["カクウ　タロウ"]);
    }

    #[test]
    fn names_stay_as_they_are_and_rarer_forms_are_offered() {
        let found = value_of(FieldName::Name, "高橋　太郎");
        assert_eq!(found.value, "高橋　太郎");
        assert!(found.alternatives.contains(&"髙橋　太郎".to_owned()));
        check(FieldName::Name, "架空　花子　様", "架空　花子");
        check(FieldName::Name, "TODOKE MARIA ANNA", "TODOKE　MARIA　ANNA");
        check(FieldName::Name, "架空　八ナ", "架空　八ナ");
        assert_eq!(in_one_script("架空　八ナ"), "架空　ハナ");
        assert_eq!(in_one_script("八千代　みどり"), "八千代　みどり");
    }

    #[test]
    fn what_is_no_name_is_said() {
        let found = value_of(FieldName::Name, "令和8年10月7日");
        assert_eq!(found.failed, [Check::Repertoire]);
        assert!(found.fit < 0.4);
    }
}
