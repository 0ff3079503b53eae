//! How one city prints: its words, its dates, its marks, its letters.

use std::collections::HashMap;

use document_reader::field::FieldName;
use fastrand::Rng;

use crate::people::{Day, pick};

/// Ways to write a day.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum DateForm {
    /// `令和8年3月2日`.
    Era,
    /// `令和 8年 3月 2日`.
    Padded,
    /// `令和08年03月02日`.
    Zeros,
    /// `R8.3.2`.
    Letter,
    /// `R08.03.02`.
    LetterZeros,
    /// `2026年3月2日`.
    Western,
    /// `2026/03/02`.
    Slashes,
}

/// Ways to say yes and no.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Marks {
    /// 有 and 無.
    Words,
    /// ○ and nothing.
    Circles,
    /// 該当 and 非該当.
    Applies,
    /// あり and なし.
    Kana,
    /// ☑ and ☐.
    Boxes,
    /// 加入 and 未加入.
    Joined,
}

/// Ways to print kana.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum KanaForm {
    /// カクウ　タロウ.
    Wide,
    /// ｶｸｳ ﾀﾛｳ.
    Narrow,
    /// かくう　たろう.
    Hiragana,
}

/// The manner of one city.
#[derive(Debug, Clone)]
pub(crate) struct Style {
    pub(crate) font: &'static str,
    pub(crate) size: f32,
    pub(crate) is_wide: bool,
    pub(crate) date: DateForm,
    pub(crate) marks: Marks,
    pub(crate) kana: KanaForm,
    pub(crate) is_spread: bool,
    pub(crate) has_gap: bool,
    words: HashMap<FieldName, &'static str>,
    pub(crate) filed: &'static str,
}

/// Fonts of Debian, several to a page family.
const FONTS: [&str; 5] = [
    "IPAmjMincho",
    "BIZ UDMincho",
    "BIZ UDPMincho",
    "BIZ UDGothic",
    "BIZ UDPGothic",
];

const WORDS: [(FieldName, &[&str]); 18] = [
    (FieldName::Name, &["氏名", "名前", "異動者氏名", "氏名"]),
    (
        FieldName::NameKana,
        &["フリガナ", "ふりがな", "カナ氏名", "振り仮名"],
    ),
    (
        FieldName::BirthDate,
        &["生年月日", "生年月日", "出生年月日"],
    ),
    (FieldName::Sex, &["性別", "性別", "男女の別"]),
    (
        FieldName::Relationship,
        &["続柄", "世帯主との続柄", "続き柄"],
    ),
    (
        FieldName::HouseholdHead,
        &[
            "世帯主",
            "世帯主氏名",
            "世帯主名",
            "世帯主の氏名",
            "旧世帯主",
        ],
    ),
    (
        FieldName::OldAddress,
        &[
            "旧住所",
            "前住所",
            "今までの住所",
            "転出前住所",
            "異動前の住所",
            "これまでの住所",
        ],
    ),
    (
        FieldName::NewAddress,
        &[
            "新住所",
            "転出先住所",
            "転入先",
            "異動先",
            "これからの住所",
            "転出先（予定）",
            "異動先住所",
        ],
    ),
    (
        FieldName::MoveOutDate,
        &[
            "転出予定年月日",
            "転出（予定）年月日",
            "異動（予定）年月日",
            "異動予定日",
            "転出予定日",
            "異動年月日",
        ],
    ),
    (FieldName::RegisteredDomicile, &["本籍", "本籍地", "本籍"]),
    (
        FieldName::RegisterHead,
        &["筆頭者", "筆頭者氏名", "戸籍の筆頭者"],
    ),
    (
        FieldName::ResidentRecordCode,
        &["住民票コード", "住民票コード", "住民票ＣＤ"],
    ),
    (
        FieldName::IndividualNumber,
        &["個人番号", "マイナンバー", "個人番号（マイナンバー）"],
    ),
    (
        FieldName::HealthInsurance,
        &["国民健康保険", "国保", "国保資格", "国民健康保険資格"],
    ),
    (
        FieldName::LateElderly,
        &["後期高齢者医療", "後期高齢", "後期", "後期高齢者"],
    ),
    (
        FieldName::LongTermCare,
        &["介護保険", "介護", "介護保険資格"],
    ),
    (
        FieldName::Pension,
        &["国民年金", "年金", "年金種別", "国民年金種別"],
    ),
    (FieldName::ChildAllowance, &["児童手当", "児童手当", "児手"]),
];

impl Style {
    /// A random manner.
    pub(crate) fn random(random: &mut Rng) -> Self {
        let words = WORDS
            .iter()
            .map(|(field, words)| (*field, *pick(random, words)))
            .collect();
        Self {
            font: *pick(random, &FONTS),
            size: 10.0 + random.f32() * 1.5,
            is_wide: random.bool(),
            date: *pick(
                random,
                &[
                    DateForm::Era,
                    DateForm::Era,
                    DateForm::Padded,
                    DateForm::Zeros,
                    DateForm::Letter,
                    DateForm::LetterZeros,
                    DateForm::Western,
                    DateForm::Slashes,
                ],
            ),
            marks: *pick(
                random,
                &[
                    Marks::Words,
                    Marks::Words,
                    Marks::Circles,
                    Marks::Applies,
                    Marks::Kana,
                    Marks::Boxes,
                    Marks::Joined,
                ],
            ),
            kana: *pick(
                random,
                &[
                    KanaForm::Wide,
                    KanaForm::Wide,
                    KanaForm::Narrow,
                    KanaForm::Hiragana,
                ],
            ),
            is_spread: random.f32() < 0.4,
            has_gap: random.f32() < 0.9,
            words,
            filed: *pick(random, &["届出日", "届出年月日", "届出の年月日"]),
        }
    }

    /// What the field is called.
    pub(crate) fn word(&self, field: FieldName) -> &'static str {
        self.words.get(&field).copied().unwrap_or_default()
    }

    /// A day as it is printed.
    pub(crate) fn day(&self, day: Day) -> String {
        let (era, letter, year) = era(day);
        let (month, date) = (day.month, day.day);
        let first = if year == 1 {
            "元".to_owned()
        } else {
            year.to_string()
        };
        let text = match self.date {
            DateForm::Era => format!("{era}{first}年{month}月{date}日"),
            DateForm::Padded => format!("{era}{first:>2}年{month:>2}月{date:>2}日")
                .replace(' ', if self.is_wide { "\u{3000}" } else { "\u{a0}" }),
            DateForm::Zeros => format!("{era}{year:02}年{month:02}月{date:02}日"),
            DateForm::Letter => format!("{letter}{year}.{month}.{date}"),
            DateForm::LetterZeros => format!("{letter}{year:02}.{month:02}.{date:02}"),
            DateForm::Western => format!("{}年{month}月{date}日", day.year),
            DateForm::Slashes => format!("{}/{month:02}/{date:02}", day.year),
        };
        self.digits(&text)
    }

    /// Digits and letters in the width of the city.
    pub(crate) fn digits(&self, text: &str) -> String {
        if !self.is_wide {
            return text.to_owned();
        }
        text.chars().map(wide).collect()
    }

    /// Kana as they are printed.
    pub(crate) fn kana(&self, kana: &str) -> String {
        match self.kana {
            KanaForm::Wide => kana.to_owned(),
            KanaForm::Narrow => kana
                .chars()
                .map(narrow_kana)
                .collect::<String>()
                .replace('\u{3000}', "\u{a0}"),
            KanaForm::Hiragana => kana.chars().map(hiragana).collect(),
        }
    }
}

fn wide(c: char) -> char {
    match c {
        '!'..='~' => char::from_u32(u32::from(c) + 0xfee0).unwrap_or(c),
        other => other,
    }
}

fn hiragana(c: char) -> char {
    match c {
        'ァ'..='ン' => char::from_u32(u32::from(c) - 0x60).unwrap_or(c),
        other => other,
    }
}

/// Half-width kana in the order of JIS X 0201, from the full-width ones.
fn narrow_kana(c: char) -> String {
    const WIDE: &str = "ヲァィゥェォャュョッーアイウエオカキクケコサシスセソタチツテトナニヌネノハヒフヘホマミムメモヤユヨラリルレロワン";
    const VOICED: &str =
        "ガカギキグクゲケゴコザサジシズスゼセゾソダタヂチヅツデテドトバハビヒブフベヘボホヴウ";
    const ROUND: &str = "パハピヒプフペヘポホ";
    let plain = |c: char| {
        WIDE.chars()
            .position(|one| one == c)
            .and_then(|place| u32::try_from(place).ok())
            .and_then(|place| char::from_u32(0xff66 + place))
    };
    let marked = |pairs: &str, mark: char| {
        let characters: Vec<char> = pairs.chars().collect();
        characters
            .chunks(2)
            .find(|pair| pair.first() == Some(&c))
            .and_then(|pair| plain(*pair.last()?))
            .map(|base| format!("{base}{mark}"))
    };
    plain(c)
        .map(String::from)
        .or_else(|| marked(VOICED, '\u{ff9e}'))
        .or_else(|| marked(ROUND, '\u{ff9f}'))
        .unwrap_or_else(|| c.to_string())
}

/// Half-width kana with their marks as full-width ones; everything else stays.
pub(crate) fn wide_kana(text: &str) -> String {
    let mut out = String::new();
    let mut rest = text.chars().peekable();
    while let Some(c) = rest.next() {
        if !('\u{ff66}'..='\u{ff9f}').contains(&c) {
            out.push(c);
            continue;
        }
        let mark = rest
            .peek()
            .filter(|next| matches!(next, '\u{ff9e}' | '\u{ff9f}'));
        let marked = mark.and_then(|mark| wide_of(&format!("{c}{mark}")));
        if marked.is_some() {
            rest.next();
        }
        out.push(marked.or_else(|| wide_of(&c.to_string())).unwrap_or(c));
    }
    out
}

fn wide_of(narrow: &str) -> Option<char> {
    ('ァ'..='ー').find(|wide| narrow_kana(*wide) == narrow)
}

/// Era, its letter and the year in it.
fn era(day: Day) -> (&'static str, char, u16) {
    let at = (day.year, day.month, day.day);
    if at >= (2019, 5, 1) {
        ("令和", 'R', day.year - 2018)
    } else if at >= (1989, 1, 8) {
        ("平成", 'H', day.year - 1988)
    } else if at >= (1926, 12, 25) {
        ("昭和", 'S', day.year - 1925)
    } else {
        ("大正", 'T', day.year.saturating_sub(1911))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn half_width_kana_keep_their_voicing() {
        let kana: String = "ヤマダ　ジロウ".chars().map(narrow_kana).collect();
        assert_eq!(kana, "ﾔﾏﾀﾞ　ｼﾞﾛｳ");
        assert_eq!(wide_kana(&kana), "ヤマダ　ジロウ");
        assert_eq!(wide_kana("ﾊﾟｰｸ架空"), "パーク架空");
    }

    #[test]
    fn eras_change_within_a_year() {
        let on = |year, month, day| era(Day { year, month, day });
        assert_eq!(on(2019, 4, 28), ("平成", 'H', 31));
        assert_eq!(on(2019, 5, 1), ("令和", 'R', 1));
        assert_eq!(on(1989, 1, 7), ("昭和", 'S', 64));
    }
}
