//! Names beside their kana: whether the readings of the characters make the kana, and which letter was
//! misread where they all but do.
//!
//! The readings are those of the MJ table. Names are read in more ways than any table knows, so kana that
//! do not fit speak against nothing; kana that fit speak for both. A letter is only changed into one
//! that scans take it for, only where one way is left, and what was read is offered beside it.

use std::collections::HashMap;

use counter_characters::Characters;
use counter_characters::written::is_ideograph;

use crate::field::{Check, FieldName};
use crate::fields::household::Candidate;

/// Letters that scans take for each other, small and half-width ones above all.
const ALIKE: [&str; 24] = [
    "ソリンシツ",
    "クワケタヌ",
    "コユヨロ",
    "アマムヤ",
    "チテナ",
    "ウワフラ",
    "スヌ",
    "セヒモ",
    "ホオネ",
    "イト",
    "ミシ",
    "エコニ",
    "メナノ",
    "カヤ",
    "ルレ",
    "サセ",
    "キモ",
    "ヤャ",
    "ユュ",
    "ヨョ",
    "ツッ",
    "ハパバ",
    "ヘペベ",
    "ラヲ",
];
/// Kana whose least certain letter is likelier than this are left as they are.
const DOUBTED: f32 = 0.9;
/// Kana whose least certain letter is less likely than this may have two wrong ones.
const UNSURE: f32 = 0.7;
/// Longer names are not taken apart.
const LENGTH_MAX: usize = 12;

/// Readings of characters in names.
#[derive(Debug)]
pub(super) struct Readings {
    characters: Characters,
}

/// For each character of a name the readings it has, in katakana.
type Known = HashMap<char, Vec<Vec<char>>>;

impl Readings {
    pub(super) fn new(characters: Characters) -> Self {
        Self { characters }
    }

    /// Compares each person's name with the kana.
    pub(super) fn compare(&self, candidates: &mut [Candidate]) {
        let known = self.known(candidates);
        for place in 0..candidates.len() {
            let Some(one) = candidates.get(place) else {
                continue;
            };
            let name = candidates
                .iter()
                .position(|other| other.field == FieldName::Name && other.member == one.member);
            if let (FieldName::NameKana, Some(name)) = (one.field, name) {
                compare_one(candidates, name, place, &known);
            }
        }
    }

    /// Readings of every character in the names, looked up together.
    fn known(&self, candidates: &[Candidate]) -> Known {
        let mut all: Vec<char> = candidates
            .iter()
            .filter(|one| one.field == FieldName::Name)
            .flat_map(|one| std::iter::once(&one.judged.value).chain(&one.judged.held))
            .flat_map(|name| name.chars())
            .filter(|c| is_ideograph(*c))
            .collect();
        all.sort_unstable();
        all.dedup();
        let glyphs: Vec<_> = all
            .iter()
            .flat_map(|c| self.characters.forms(*c).map(move |glyph| (*c, glyph)))
            .collect();
        let only: Vec<_> = glyphs.iter().map(|(_, glyph)| *glyph).collect();
        let mut known = Known::new();
        for ((c, _), readings) in glyphs.iter().zip(self.characters.readings_of(&only)) {
            known
                .entry(*c)
                .or_default()
                .extend(readings.iter().map(|reading| katakana(reading)));
        }
        known
    }
}

fn katakana(text: &str) -> Vec<char> {
    text.chars()
        .map(|c| match c {
            '\u{3041}'..='\u{3096}' => char::from_u32(u32::from(c) + 0x60).unwrap_or(c),
            other => other,
        })
        .collect()
}

/// Parts of a name and of its kana, if both have as many.
fn parts(name: &str, kana: &str) -> Option<Vec<(Vec<char>, Vec<char>)>> {
    let names: Vec<Vec<char>> = name.split_whitespace().map(katakana).collect();
    let kana: Vec<Vec<char>> = kana.split_whitespace().map(katakana).collect();
    let short = |part: &Vec<char>| part.len() <= LENGTH_MAX;
    (names.len() == kana.len() && names.iter().chain(&kana).all(short))
        .then(|| names.into_iter().zip(kana).collect())
}

fn compare_one(candidates: &mut [Candidate], name: usize, kana: usize, known: &Known) {
    settle_name(candidates, name, kana, known);
    settle_blank(candidates, name, kana, known);
    let (Some(of_name), Some(of_kana)) = (candidates.get(name), candidates.get(kana)) else {
        return;
    };
    let Some(parts) = parts(&of_name.judged.value, &of_kana.judged.value) else {
        return;
    };
    let (all, is_certain) = (parts.len(), of_kana.certainty.0 > DOUBTED);
    let most = if of_kana.certainty.0 < UNSURE { 2 } else { 1 };
    let held = held_letters(of_kana);
    let mut corrected = 0;
    let mut fitting = 0;
    let mut value: Vec<String> = Vec::new();
    for (place, (name, kana)) in parts.iter().enumerate() {
        if fits(name, kana, known, None) {
            fitting += 1;
            value.push(kana.iter().collect());
            continue;
        }
        let held = held.get(place).map(Vec::as_slice).unwrap_or_default();
        if let Some(other) = only_other(name, kana, known, held, most) {
            fitting += 1;
            corrected += 1;
            value.push(other.iter().collect());
        } else {
            value.push(kana.iter().collect());
        }
    }
    if let Some(own) = candidates.get_mut(kana) {
        let value = value.join("\u{3000}");
        if corrected > 0 && is_certain {
            // Read without doubt: it may well be an uncommon reading.
            own.judged.alternatives.insert(0, value);
        } else if corrected > 0 {
            own.judged.change_to(value);
        }
    }
    if fitting == all && (corrected == 0 || !is_certain) {
        for place in [name, kana] {
            if let Some(one) = candidates.get_mut(place) {
                one.judged.checks.push(Check::KanaAgainstKanji);
            }
        }
    }
}

/// Takes the name that the reader held possible and that the kana are, where what it took for likeliest
/// is read in another way.
fn settle_name(candidates: &mut [Candidate], name: usize, kana: usize, known: &Known) {
    let (Some(of_name), Some(of_kana)) = (candidates.get(name), candidates.get(kana)) else {
        return;
    };
    let is_read_so = |name: &str| {
        parts(name, &of_kana.judged.value).is_some_and(|parts| {
            parts
                .iter()
                .all(|(name, kana)| fits(name, kana, known, None))
        })
    };
    if of_name.certainty.0 > DOUBTED || is_read_so(&of_name.judged.value) {
        return;
    }
    let other = of_name
        .judged
        .held
        .iter()
        .find(|held| is_read_so(held))
        .cloned();
    if let (Some(other), Some(own)) = (other, candidates.get_mut(name)) {
        own.judged.change_to(other);
    }
}

/// Moves the blank of kana to where both parts are those of the name. In half-width kana the blank that was
/// seen may have been the mark of the letter before it.
fn settle_blank(candidates: &mut [Candidate], name: usize, kana: usize, known: &Known) {
    let (Some(of_name), Some(of_kana)) = (candidates.get(name), candidates.get(kana)) else {
        return;
    };
    let names: Vec<Vec<char>> = of_name
        .judged
        .value
        .split_whitespace()
        .map(katakana)
        .collect();
    let read: Vec<Vec<char>> = of_kana
        .judged
        .value
        .split_whitespace()
        .map(katakana)
        .collect();
    let [family, given] = names.as_slice() else {
        return;
    };
    let letters = read.concat();
    let blank = read.first().map_or(0, Vec::len);
    let both = |letters: &[char], at: usize| {
        let (front, back) = letters.split_at(at.min(letters.len()));
        fits(family, front, known, None) && fits(given, back, known, None)
    };
    if letters.len() > 2 * LENGTH_MAX || read.len() == 2 && both(&letters, blank) {
        return;
    }
    // What stood before the first letter, such as a colon, is none.
    let without_first = letters.get(1..).unwrap_or_default().to_vec();
    // Only a blank that was seen can have been a mark.
    let marked = (read.len() == 2).then(|| {
        let mut marked = letters.clone();
        if let Some(letter) = blank.checked_sub(1).and_then(|last| marked.get_mut(last)) {
            *letter = voiced(*letter).unwrap_or(*letter);
        }
        marked
    });
    let found = marked
        .into_iter()
        .chain([letters, without_first])
        .find_map(|letters| {
            let mut places = (1..letters.len()).filter(|at| both(&letters, *at));
            let at = places.next()?;
            let (front, back) = letters.split_at(at);
            let text = |part: &[char]| part.iter().collect::<String>();
            places
                .next()
                .is_none()
                .then(|| format!("{}\u{3000}{}", text(front), text(back)))
        });
    if let (Some(value), Some(own)) = (found, candidates.get_mut(kana)) {
        own.judged.change_to(value);
    }
}

/// For each part of the kana and each letter of it, what else the reader held possible.
fn held_letters(kana: &Candidate) -> Vec<Vec<Vec<char>>> {
    let split = |text: &str| -> Vec<Vec<char>> { text.split_whitespace().map(katakana).collect() };
    let own = split(&kana.judged.value);
    let mut letters: Vec<Vec<Vec<char>>> = own
        .iter()
        .map(|part| vec![Vec::new(); part.len()])
        .collect();
    for held in &kana.judged.held {
        let other = split(held);
        for ((part, of_other), of_own) in letters.iter_mut().zip(&other).zip(&own) {
            for ((letter, other), own) in part.iter_mut().zip(of_other).zip(of_own) {
                if other != own {
                    letter.push(*other);
                }
            }
        }
    }
    letters
}

/// The one reading that differs from the kana in one letter, or where none does in at most `most`: letters
/// that look alike, that have or lack a voicing mark, or that the reader held possible.
fn only_other(
    name: &[char],
    kana: &[char],
    known: &Known,
    held: &[Vec<char>],
    most: usize,
) -> Option<Vec<char>> {
    let options: Vec<Vec<char>> = kana
        .iter()
        .enumerate()
        .map(|(place, own)| {
            let held = held.get(place).map(Vec::as_slice).unwrap_or_default();
            // An unwritten ノ would explain away any letter.
            let is_new_no = |other: &char| *other == 'ノ' && !name.contains(&'ノ');
            let mut options: Vec<char> = alike(*own).chain(held.iter().copied()).collect();
            options.retain(|other| other != own && !is_new_no(other));
            options.sort_unstable();
            options.dedup();
            options
        })
        .collect();
    let mut ways: Vec<Vec<char>> = vec![kana.to_vec()];
    for _ in 0..most {
        ways = ways
            .iter()
            .flat_map(|way| changed_once(way, kana, &options))
            .collect();
        ways.sort_unstable();
        ways.dedup();
        let mut fitting = ways.iter().filter(|way| fits(name, way, known, None));
        if let Some(only) = fitting.next() {
            return fitting.next().is_none().then(|| only.clone());
        }
    }
    None
}

/// The ways in which one more letter is another, from left to right.
fn changed_once(way: &[char], kana: &[char], options: &[Vec<char>]) -> Vec<Vec<char>> {
    let last = way.iter().zip(kana).rposition(|(one, other)| one != other);
    let mut ways = Vec::new();
    for (place, others) in options
        .iter()
        .enumerate()
        .skip(last.map_or(0, |last| last + 1))
    {
        for other in others {
            let mut next = way.to_vec();
            if let Some(letter) = next.get_mut(place) {
                *letter = *other;
            }
            ways.push(next);
        }
    }
    ways
}

/// Letters that scans take for this one.
fn alike(own: char) -> impl Iterator<Item = char> {
    // A voiced letter is taken for another voiced one.
    let bare = bare(own);
    let others = ALIKE
        .iter()
        .filter(move |group| group.contains(bare))
        .flat_map(|group| group.chars())
        .filter_map(move |c| if bare == own { Some(c) } else { voiced(c) });
    others.chain(voiced(own)).chain([bare])
}

/// Whether the kana can be read off the characters one after the other. `before` is the character
/// that 々 repeats.
fn fits(name: &[char], kana: &[char], known: &Known, before: Option<char>) -> bool {
    let Some((first, rest)) = name.split_first() else {
        return kana.is_empty();
    };
    let read_as = if *first == '々' {
        before
    } else {
        Some(*first)
    };
    let of = |c: char| known.get(&c).map(Vec::as_slice).unwrap_or_default();
    let whole = read_as.map(of).unwrap_or_default();
    // 井上 is イノウエ: ノ between two characters is not written.
    if before.is_some()
        && let Some(('ノ', after)) = kana.split_first().map(|(c, after)| (*c, after))
        && !after.is_empty()
        && whole.iter().any(|reading| begins(after, reading, false))
        && fits(name, after, known, None)
    {
        return true;
    }
    if !is_ideograph(*first) && *first != '々' {
        let Some((letter, after)) = kana.split_first() else {
            return false;
        };
        let same = letter == first
            || matches!(first, 'ヶ' | 'ケ') && matches!(letter, 'ガ' | 'ケ' | 'カ')
            || voiced(*first) == Some(*letter) && before.is_some();
        return same && fits(rest, after, known, Some(*first));
    }
    whole.iter().any(|reading| {
        // 渡 is ワタル and in a name often ワタ.
        let shorter = usize::from(reading.len() > 2);
        (0..=shorter).any(|cut| {
            let reading = reading.get(..reading.len() - cut).unwrap_or_default();
            begins(kana, reading, before.is_some())
                && kana
                    .get(reading.len()..)
                    .is_some_and(|after| fits(rest, after, known, Some(*first)))
        })
    })
}

/// Whether the kana begin with a reading; its first letter may be voiced within a name, its last one doubled.
fn begins(kana: &[char], reading: &[char], may_be_voiced: bool) -> bool {
    !reading.is_empty()
        && kana.len() >= reading.len()
        && kana
            .iter()
            .zip(reading)
            .enumerate()
            .all(|(place, (letter, wanted))| {
                letter == wanted
                    || place == 0
                        && may_be_voiced
                        && voiced(*wanted).is_some_and(|voiced| voiced == *letter)
                    || place + 1 == reading.len()
                        && *letter == 'ッ'
                        && matches!(wanted, 'ク' | 'キ' | 'ツ' | 'チ')
                    || matches!(
                        (letter, wanted),
                        ('ズ', 'ヅ') | ('ジ', 'ヂ') | ('オ', 'ウ') | ('ウ', 'オ')
                    )
            })
}

/// A letter without its mark.
fn bare(c: char) -> char {
    let mut first = None;
    unicode_normalization::char::decompose_canonical(c, |part| {
        first.get_or_insert(part);
    });
    first.unwrap_or(c)
}

fn voiced(c: char) -> Option<char> {
    unicode_normalization::char::compose(c, '\u{3099}')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn known() -> Known {
        let readings = [
            ('山', vec!["サン", "ヤマ"]),
            ('田', vec!["デン", "タ"]),
            ('井', vec!["セイ", "イ"]),
            ('上', vec!["ジョウ", "ウエ"]),
            ('宗', vec!["シュウ", "ソウ"]),
            ('一', vec!["イチ", "ヒト"]),
            ('郎', vec!["ロウ"]),
            ('佐', vec!["サ"]),
            ('木', vec!["モク", "キ"]),
            ('渡', vec!["ト", "ワタル"]),
            ('辺', vec!["ヘン", "ベ"]),
        ];
        readings
            .into_iter()
            .map(|(c, all)| (c, all.into_iter().map(katakana).collect()))
            .collect()
    }

    #[track_caller]
    fn check(name: &str, kana: &str, expected: &str) {
        let (name, read) = (katakana(name), katakana(kana));
        let found = if fits(&name, &read, &known(), None) {
            kana.to_owned()
        } else {
            only_other(&name, &read, &known(), &[], 1)
                .map_or_else(|| "-".to_owned(), |other| other.into_iter().collect())
        };
        assert_eq!(found, expected, "{kana}");
    }

    #[test]
    fn readings_make_names() {
        check("山田", "ヤマダ", "ヤマダ");
        check("井上", "イノウエ", "イノウエ");
        check("佐々木", "ササキ", "ササキ");
        check("渡辺", "ワタベ", "ワタベ");
        check("さくら", "サクラ", "サクラ");
    }

    #[test]
    fn a_misread_letter_is_seen_where_one_way_is_left() {
        check("宗一郎", "リウイチロウ", "ソウイチロウ");
        check("山田", "ヤフダ", "-");
        check("山田", "カワグチ", "-");
        check("渡辺", "ワタナベ", "-");
    }
}
