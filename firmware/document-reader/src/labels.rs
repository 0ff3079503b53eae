//! Words by which certificates call their fields, as data that a city can add to.
//!
//! A label is compared without blanks, brackets and marks, and with as many misread characters as
//! its length bears. Where it stands on the page is not asked here.

use serde::Deserialize;

use crate::field::{DocumentKind, FieldName};
use crate::fields::count;
use crate::page::Character;

/// The words that ship with the program.
const STANDARD: &str = include_str!("../data/labels.toml");

/// What a label means for what stands beside it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Meaning {
    /// Its value is this field.
    Field(FieldName),
    /// Its value is not wanted.
    Unwanted,
    /// What stands beside it is as it was before the move.
    Before,
    /// What stands beside it is as it will be after the move.
    After,
    /// What stands beside it belongs to somebody else.
    SomebodyElse,
}

/// Why a file of words cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum LabelsError {
    /// Not the form described at the head of the standard file.
    #[error("the file of labels is not understood")]
    Form(#[from] toml::de::Error),
    /// A field that is not known.
    #[error("the file of labels names the unknown field {0}")]
    Field(String),
    /// A document that is not known.
    #[error("the file of labels names the unknown document {0}")]
    Document(String),
}

/// All words.
#[derive(Debug, Clone, Default)]
pub struct Labels {
    words: Vec<Word>,
}

#[derive(Debug, Clone)]
struct Word {
    folded: Vec<char>,
    meaning: Meaning,
    may_be_value: bool,
    documents: Vec<DocumentKind>,
}

/// A label that was recognised.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Matched {
    /// What it means.
    pub meaning: Meaning,
    /// 0 for the very word; up to a quarter of its length in misread characters.
    pub distance: f32,
    /// The same word also stands as a value (世帯主).
    pub may_be_value: bool,
    /// Characters of the word.
    pub length: usize,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    label: Vec<FileLabel>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct FileLabel {
    field: String,
    words: Vec<String>,
    #[serde(default)]
    also_value: Vec<String>,
    #[serde(default)]
    documents: Vec<String>,
}

impl Labels {
    /// The words that ship with the program.
    ///
    /// # Errors
    /// Never with the file that ships; a test holds that.
    pub fn standard() -> Result<Self, LabelsError> {
        Self::default().with(STANDARD)
    }

    /// These words and those of another file.
    ///
    /// # Errors
    /// When the file is not of the form described at the head of `data/labels.toml`.
    pub fn with(mut self, text: &str) -> Result<Self, LabelsError> {
        let file: File = toml::from_str(text)?;
        for label in file.label {
            let meaning = meaning(&label.field)?;
            let documents = documents(&label.documents)?;
            for word in &label.words {
                self.words.push(Word {
                    folded: word.chars().filter_map(fold).collect(),
                    meaning,
                    may_be_value: label.also_value.contains(word),
                    documents: documents.clone(),
                });
            }
        }
        Ok(self)
    }

    /// The label that these characters are as a whole, the likeliest of all.
    pub fn matched(&self, kind: DocumentKind, characters: &[&Character]) -> Option<Matched> {
        let read = compared(characters)?;
        self.words_for(kind)
            .filter(|word| word.folded.len().abs_diff(read.len()) <= word.folded.len() / 4)
            .filter_map(|word| word.laid(&read, tolerated(word.folded.len())))
            .min_by(|one, other| one.distance.total_cmp(&other.distance))
    }

    /// The label that badly read characters can only be: up to half of a word may be misread, but no
    /// label of another meaning may be nearly as near. Only for places where a label must stand.
    pub fn near(&self, kind: DocumentKind, characters: &[&Character]) -> Option<Matched> {
        nearest(&self.all_near(kind, characters))
    }

    /// All labels that badly read characters can be, the nearest first.
    pub fn all_near(&self, kind: DocumentKind, characters: &[&Character]) -> Vec<Matched> {
        let Some(read) = compared(characters) else {
            return Vec::new();
        };
        let mut near: Vec<Matched> = self
            .words_for(kind)
            .filter(|word| word.folded.len() > 1)
            .filter(|word| word.folded.len().abs_diff(read.len()) <= (word.folded.len() / 4).max(1))
            .filter_map(|word| word.laid(&read, count(word.folded.len()) * MISREAD_MAX))
            .collect();
        near.sort_by(|one, other| one.distance.total_cmp(&other.distance));
        near
    }

    fn words_for(&self, kind: DocumentKind) -> impl Iterator<Item = &Word> {
        self.words
            .iter()
            .filter(move |word| word.documents.contains(&kind))
    }
}

/// The nearest of these labels, the nearest first, where none of another meaning is nearly as near.
pub(crate) fn nearest(near: &[Matched]) -> Option<Matched> {
    let best = near.first()?;
    near.iter()
        .filter(|other| other.meaning != best.meaning)
        .all(|rival| rival.distance >= best.distance + LEAD)
        .then_some(*best)
}

impl Word {
    /// The word laid over what was read, if that costs no more than `limit`.
    fn laid(&self, read: &[(char, &Character)], limit: f32) -> Option<Matched> {
        let distance = distance(&self.folded, read);
        (distance <= limit).then_some(Matched {
            meaning: self.meaning,
            distance,
            may_be_value: self.may_be_value,
            length: self.folded.len(),
        })
    }
}

/// Share of a badly read word that may be wrong.
const MISREAD_MAX: f32 = 0.5;
/// By how much a badly read word must be nearer than any of another meaning.
const LEAD: f32 = 0.5;

/// The characters as they are compared; nothing where there are none, or too many for a label.
fn compared<'p>(characters: &[&'p Character]) -> Option<Vec<(char, &'p Character)>> {
    let read: Vec<(char, &Character)> = without_intended(characters)
        .into_iter()
        .filter_map(|one| Some((fold(one.value)?, one)))
        .collect();
    (1..=LONGEST).contains(&read.len()).then_some(read)
}

/// No label is longer.
const LONGEST: usize = 32;

fn meaning(field: &str) -> Result<Meaning, LabelsError> {
    Ok(match field {
        "-" => Meaning::Unwanted,
        "old" => Meaning::Before,
        "new" => Meaning::After,
        "other" => Meaning::SomebodyElse,
        name => FieldName::NAMES
            .iter()
            .find(|(_, label)| *label == name)
            .map(|(field, _)| Meaning::Field(*field))
            .ok_or_else(|| LabelsError::Field(name.to_owned()))?,
    })
}

fn documents(names: &[String]) -> Result<Vec<DocumentKind>, LabelsError> {
    if names.is_empty() {
        return Ok(DocumentKind::NAMES.iter().map(|(kind, _)| *kind).collect());
    }
    names
        .iter()
        .map(|name| DocumentKind::named(name).ok_or_else(|| LabelsError::Document(name.clone())))
        .collect()
}

/// How far a word of this length may be misread. Two characters leave no room for chance.
fn tolerated(length: usize) -> f32 {
    match length {
        0..=1 => 0.05,
        2 => 0.45,
        3 => 0.6,
        4..=5 => 1.0,
        6..=8 => 1.6,
        _ => 2.6,
    }
}

/// A number before a label has at most this many characters.
const NUMBERING: usize = 4;

/// Without a number before it, and without 予定 in brackets, which any word may have.
fn without_intended<'p>(characters: &[&'p Character]) -> Vec<&'p Character> {
    let is = |one: &Character, wanted: &str| wanted.contains(one.value);
    let place = characters.windows(4).position(|four| match four {
        [open, one, two, close] => {
            is(open, "（(〔") && is(one, "予子") && is(two, "定") && is(close, "）)〕")
        }
        _ => false,
    });
    let numbering = |one: &&Character| {
        let c = crate::fields::plain(one.value);
        c.is_ascii_digit() || matches!(c, '(' | ')' | '.' | '、' | '①'..='⑳')
    };
    let front = characters.iter().take_while(|one| numbering(one)).count();
    let front = if front > NUMBERING { 0 } else { front };
    characters
        .iter()
        .enumerate()
        .skip(front)
        .filter(|(at, _)| place.is_none_or(|place| *at < place || *at > place + 3))
        .map(|(_, one)| *one)
        .collect()
}

/// A character as it is compared; nothing for what is not compared at all.
fn fold(c: char) -> Option<char> {
    let c = crate::fields::plain(c);
    match c {
        c if c.is_whitespace() => None,
        '(' | ')' | '[' | ']' | '【' | '】' | '〔' | '〕' | '「' | '」' | '<' | '>' | '〈'
        | '〉' | '《' | '》' | '『' | '』' | '・' | '･' | ':' | ';' | '.' | ',' | '。' | '、'
        | '*' | '※' | '■' | '□' | '◆' | '◇' | '●' | '▼' | '▲' | '-' | 'ー' | '─' | '－' | '_'
        | '/' | '|' | '｜' | '\'' | '"' | '＊' | 'の' | 'と' => None,
        '别' => Some('別'),
        '十' => Some('ナ'),
        '力' => Some('カ'),
        '夕' => Some('タ'),
        '氐' | '民' => Some('氏'),
        '栖' | '炳' | '抦' => Some('柄'),
        '统' | '統' => Some('続'),
        '藉' => Some('籍'),
        '转' => Some('転'),
        '动' => Some('動'),
        '户' => Some('戸'),
        '带' => Some('帯'),
        '号' | '號' => Some('号'),
        '\u{3041}'..='\u{3096}' => char::from_u32(u32::from(c) + 0x60).map(small_kana),
        c if c.is_ascii() => Some(c.to_ascii_uppercase()),
        other => Some(small_kana(other)),
    }
}

/// Small kana as large ones, and voiced ones that a scan makes alike.
fn small_kana(c: char) -> char {
    match c {
        'ッ' => 'ツ',
        'ャ' => 'ヤ',
        'ュ' => 'ユ',
        'ョ' => 'ヨ',
        other => other,
    }
}

/// Cheapest way to read `word` out of `read`: a character that the reader held possible costs less
/// than one it did not.
fn distance(word: &[char], read: &[(char, &Character)]) -> f32 {
    let mut before: Vec<f32> = (0..=read.len()).map(count).collect();
    for (row, wanted) in word.iter().enumerate() {
        let mut now = vec![count(row + 1)];
        for (column, (c, character)) in read.iter().enumerate() {
            let same = if c == wanted {
                0.0
            } else if character
                .alternatives
                .iter()
                .any(|(other, _)| fold(*other) == Some(*wanted))
            {
                0.4
            } else {
                1.0
            };
            let at = |line: &[f32], place: usize| line.get(place).copied().unwrap_or(f32::MAX);
            let cost = (at(&before, column) + same)
                .min(at(&before, column + 1) + 1.0)
                .min(at(&now, column) + 1.0);
            now.push(cost);
        }
        before = now;
    }
    before.last().copied().unwrap_or(f32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::page::Rect;

    fn characters(text: &str) -> Vec<Character> {
        text.chars()
            .map(|value| Character {
                value,
                probability: 0.9,
                bounds: Rect::default(),
                alternatives: Vec::new(),
            })
            .collect()
    }

    #[track_caller]
    fn check(text: &str, expected: Option<Meaning>) {
        let own = characters(text);
        let own: Vec<&Character> = own.iter().collect();
        let found = Labels::standard()
            .unwrap()
            .matched(DocumentKind::MoveOutCertificate, &own)
            .map(|one| one.meaning);
        assert_eq!(found, expected, "{text}");
    }

    #[test]
    fn cities_call_one_thing_by_many_names() {
        for (text, field) in [
            ("氏名", FieldName::Name),
            ("ふりがな", FieldName::NameKana),
            ("【転出（予定）年月日】", FieldName::MoveOutDate),
            ("異動予定日", FieldName::MoveOutDate),
            ("世帯主の氏名：", FieldName::HouseholdHead),
            ("今までの住所", FieldName::OldAddress),
            ("転出先の住所（予定）", FieldName::NewAddress),
            ("住民票コ一ド", FieldName::ResidentRecordCode),
            ("マイナンバ-", FieldName::IndividualNumber),
        ] {
            check(text, Some(Meaning::Field(field)));
        }
    }

    #[test]
    fn misread_labels_are_still_labels() {
        check("性别", Some(Meaning::Field(FieldName::Sex)));
        check("生年日日", Some(Meaning::Field(FieldName::BirthDate)));
        check(
            "国民健康保検",
            Some(Meaning::Field(FieldName::HealthInsurance)),
        );
        check(
            "転出予定午月日",
            Some(Meaning::Field(FieldName::MoveOutDate)),
        );
    }

    #[test]
    fn half_of_a_label_may_be_misread_where_it_is_like_no_other() {
        let near = |text: &str| {
            let own = characters(text);
            let own: Vec<&Character> = own.iter().collect();
            Labels::standard()
                .unwrap()
                .near(DocumentKind::MoveOutCertificate, &own)
                .map(|one| one.meaning)
        };
        assert_eq!(
            near("後期萬離"),
            Some(Meaning::Field(FieldName::LateElderly))
        );
        assert_eq!(near("介議"), Some(Meaning::Field(FieldName::LongTermCare)));
        // 旧住所 or 新住所.
        assert_eq!(near("訥住所"), None);
        assert_eq!(near("架空太郎"), None);
    }

    #[test]
    fn words_that_are_no_label_stay_words() {
        for text in [
            "架空太郎",
            "男",
            "令和8年10月7日",
            "上記のとおり転出する旨の届出があったことを証明する",
            "本町",
            "",
        ] {
            check(text, None);
        }
    }

    #[test]
    fn a_city_adds_its_own_words() {
        let labels = Labels::standard()
            .unwrap()
            .with("[[label]]\nfield = \"新住所\"\nwords = [\"おひっこし先\"]")
            .unwrap();
        let own = characters("おひっこし先");
        let own: Vec<&Character> = own.iter().collect();
        let found = labels.matched(DocumentKind::MoveOutCertificate, &own);
        assert_eq!(
            found.map(|one| one.meaning),
            Some(Meaning::Field(FieldName::NewAddress))
        );
    }

    #[test]
    fn a_file_of_another_form_is_refused() {
        assert!(matches!(
            Labels::default().with("[[label]]\nfield = \"靴の大きさ\"\nwords = []"),
            Err(LabelsError::Field(_))
        ));
        assert!(matches!(
            Labels::default().with("words"),
            Err(LabelsError::Form(_))
        ));
    }
}
