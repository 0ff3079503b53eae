//! Values out of a closed list: sex, relationship, insurance.

use std::str::FromStr;

use counter_domain::relation::Relation;

use crate::field::{Check, FieldName};
use crate::fields::text::plain;
use crate::fields::value::{Judged, Rows, bare, joined};
use crate::variants::LIKE_NONE;

fn word(value: &str, as_read: String, fit: f32) -> Judged {
    Judged {
        value: value.to_owned(),
        as_read,
        fit,
        checks: vec![Check::Vocabulary],
        ..Judged::default()
    }
}

fn no_word(as_read: String) -> Judged {
    Judged {
        value: as_read.clone(),
        as_read,
        failed: vec![Check::Vocabulary],
        ..Judged::default()
    }
}

/// No value where only words of a list can stand and none was read: a person chooses among them with the
/// picture beside.
fn none_of(words: &[&str], as_read: String) -> Judged {
    Judged {
        value: String::new(),
        alternatives: words.iter().map(|word| (*word).to_owned()).collect(),
        ..no_word(as_read)
    }
}

/// The words of a field, those first that share a character with what was read.
fn likely_words(field: FieldName, text: &str) -> Vec<&'static str> {
    let kept = KEPT.iter().filter(|(own, _)| *own == field);
    let shares = |word: &&'static str| word.chars().any(|c| text.contains(c));
    let mut words: Vec<&str> = kept
        .flat_map(|(_, words)| words.iter().copied())
        .filter(|word| {
            !word.ends_with("被保険者") && !word.starts_with(|c: char| c.is_ascii_digit())
        })
        .filter(shares)
        .collect();
    words.extend(["有", "無"]);
    words
}

/// The word behind the one box that is ticked, where several stand (☐男 ☑女).
fn ticked_word(text: &str) -> Option<String> {
    let boxes = |c: char| matches!(c, '☐' | '☑' | '□' | '☒');
    let mut ticked = text.match_indices(['☑', '☒']);
    let (place, _) = ticked.next()?;
    let is_only = ticked.next().is_none() && text.chars().filter(|c| boxes(*c)).count() > 1;
    let behind: String = text
        .get(place..)?
        .chars()
        .skip(1)
        .take_while(|c| !boxes(*c))
        .collect();
    (is_only && text.starts_with(boxes) && !behind.is_empty()).then_some(behind)
}

const SEXES: [&str; 2] = ["男", "女"];

/// 男 or 女. Where both are printed and none is ticked nothing was chosen, and nothing is guessed.
pub(super) fn sex(rows: &Rows<'_>) -> Judged {
    let text = bare(rows);
    let text = ticked_word(&text).unwrap_or(text);
    let as_read = joined(rows);
    let upper = text.to_uppercase();
    let male = text.contains('男') || matches!(upper.as_str(), "M" | "MALE" | "男性M");
    let female = text.contains('女') || matches!(upper.as_str(), "F" | "FEMALE" | "女性F");
    let longer = text.chars().count().saturating_sub(1);
    let fit = match longer {
        0 => 1.0,
        1..=3 => 0.8,
        _ => 0.3,
    };
    match (male, female) {
        (true, false) => word("男", as_read, fit),
        (false, true) => word("女", as_read, fit),
        (true, true) => none_of(&SEXES, as_read),
        (false, false) => match held(rows, |c| c == '男', |c| c == '女') {
            Some(true) => mended("男", as_read, 0.5),
            Some(false) => mended("女", as_read, 0.5),
            None => none_of(&SEXES, as_read),
        },
    }
}

/// A word of the list that was read with one character wrong.
fn mended(value: &str, as_read: String, fit: f32) -> Judged {
    Judged {
        corrected: 1.0,
        alternatives: vec![as_read.clone()],
        ..word(value, as_read, fit)
    }
}

/// Steps and chains of steps that certificates print.
const RELATIONS: [&str; 48] = [
    "世帯主",
    "本人",
    "妻",
    "夫",
    "子",
    "父",
    "母",
    "兄",
    "弟",
    "姉",
    "妹",
    "長男",
    "長女",
    "二男",
    "二女",
    "三男",
    "三女",
    "養子",
    "養女",
    "子の子",
    "子の妻",
    "子の夫",
    "妻の子",
    "夫の子",
    "妻の母",
    "妻の父",
    "夫の母",
    "夫の父",
    "父の母",
    "父の父",
    "母の母",
    "母の父",
    "兄の子",
    "弟の子",
    "姉の子",
    "妹の子",
    "兄の妻",
    "弟の妻",
    "縁故者",
    "同居人",
    "使用人",
    "妻（未届）",
    "夫（未届）",
    "妻（未届）の子",
    "夫（未届）の子",
    "子の子の子",
    "妻の弟",
    "妻の妹",
];

/// A relationship of the list; one misread character is seen through where only one word remains.
pub(super) fn relation(rows: &Rows<'_>) -> Judged {
    let as_read = joined(rows);
    let text: String = bare(rows)
        .chars()
        .map(|c| match c {
            '(' => '（',
            ')' => '）',
            'ノ' => 'の',
            '予' | '了' => '子',
            other => other,
        })
        .filter(|c| !"・.,:|".contains(*c))
        .collect();
    if RELATIONS.contains(&text.as_str()) || Relation::from_str(&text).is_ok() {
        let mut found = word(&text, as_read, 1.0);
        if found
            .as_read
            .chars()
            .filter(|c| !c.is_whitespace())
            .ne(text.chars())
        {
            found.corrected = 1.0;
        }
        return found;
    }
    nearest(&RELATIONS, &text, rows).map_or_else(
        || no_word(as_read.clone()),
        |value| mended(value, as_read.clone(), 0.6),
    )
}

/// The one word that differs from the text in one place; short words only where the reader itself
/// held that character possible.
fn nearest<'w>(list: &[&'w str], text: &str, rows: &Rows<'_>) -> Option<&'w str> {
    let length = text.chars().count();
    let characters: Vec<_> = rows.iter().flatten().collect();
    let mut fitting = list.iter().filter(|word| {
        let differing: Vec<usize> = word
            .chars()
            .zip(text.chars())
            .enumerate()
            .filter(|(_, (one, other))| one != other)
            .map(|(place, _)| place)
            .collect();
        let [place] = differing.as_slice() else {
            return false;
        };
        let wanted = word.chars().nth(*place);
        let held = characters.get(*place).is_some_and(|one| {
            one.alternatives
                .iter()
                .any(|(other, _)| Some(plain(*other)) == wanted)
        });
        word.chars().count() == length && (length >= 3 || held)
    });
    let only = fitting.next()?;
    fitting.next().is_none().then_some(*only)
}

/// Signs for yes and no with every word for them, and words that stand as they are.
const YES: [&str; 27] = [
    "有",
    "あり",
    "有り",
    "○",
    "〇",
    "◯",
    "該当",
    "加入",
    "加入者",
    "資格有",
    "資格あり",
    "有資格",
    "被保険者",
    "受給",
    "受給中",
    "☑",
    "✓",
    "✔",
    "レ",
    "0",
    "O",
    "o",
    "加入中",
    "◎",
    "1",
    "受給有",
    "有(1号)",
];
const NO: [&str; 22] = [
    "無",
    "なし",
    "無し",
    "×",
    "✕",
    "非該当",
    "未加入",
    "資格無",
    "資格なし",
    "無資格",
    "受給なし",
    "-",
    "－",
    "―",
    "ー",
    "☐",
    "□",
    "該当なし",
    "一",
    "非受給",
    "口",
    "受給無",
];
const KEPT: [(FieldName, &[&str]); 3] = [
    (
        FieldName::ChildAllowance,
        &[
            "受給者",
            "対象児童",
            "支給対象児童",
            "児童",
            "特例給付",
            "受給対象",
        ],
    ),
    (
        FieldName::LongTermCare,
        &[
            "要介護1",
            "要介護2",
            "要介護3",
            "要介護4",
            "要介護5",
            "要支援1",
            "要支援2",
            "第1号被保険者",
            "第2号被保険者",
            "第1号",
            "第2号",
            "1号",
            "2号",
        ],
    ),
    (
        FieldName::Pension,
        &[
            "第1号",
            "第2号",
            "第3号",
            "任意",
            "受給者",
            "第1号被保険者",
            "第2号被保険者",
            "第3号被保険者",
            "1号",
            "2号",
            "3号",
            "任意加入",
            "強制",
            "付加",
        ],
    ),
];

/// Characters that a ticked box becomes.
const LIKE_TICKED: &str = "日曰目回";

/// Older forms that a reader sees in filled characters; the words here have none.
fn common_form(c: char) -> char {
    match c {
        '對' => '対',
        '兒' => '児',
        '當' => '当',
        '號' => '号',
        '險' => '険',
        other => other,
    }
}

/// Whether somebody is insured or paid: 有, 無, or the kind that is printed.
pub(super) fn standing(field: FieldName, rows: &Rows<'_>) -> Judged {
    let as_read = joined(rows);
    let text: String = bare(rows)
        .chars()
        .map(common_form)
        .filter(|c| !"・.,:|()（）".contains(*c))
        .collect();
    if text.is_empty() {
        return none_of(&likely_words(field, ""), as_read);
    }
    let text = ticked_word(&text).unwrap_or(text);
    if let Some(kept) = kept_word(field, &text) {
        return word(&kept, as_read, 1.0);
    }
    let weak = |text: &str| text.is_ascii() || matches!(text, "口" | "一" | "ー" | "レ");
    if YES.contains(&text.as_str()) {
        return word("有", as_read, if weak(&text) { 0.6 } else { 0.95 });
    }
    if NO.contains(&text.as_str()) {
        return word("無", as_read, if weak(&text) { 0.6 } else { 0.95 });
    }
    let near_kept = KEPT
        .iter()
        .filter(|(own, _)| *own == field)
        .find_map(|(_, words)| nearest(words, &text, rows));
    if let Some(value) = near_kept {
        let value = kept_word(field, value).unwrap_or_else(|| value.to_owned());
        return mended(&value, as_read, 0.6);
    }
    let said = match held(rows, is_yes, is_no) {
        None => yes_or_no(&text),
        said => said,
    };
    match said {
        Some(true) => mended("有", as_read, 0.5),
        Some(false) => mended("無", as_read, 0.5),
        None => none_of(&likely_words(field, &text), as_read),
    }
}

/// A longer word for yes or no with one character misread, where it is near no word for the other.
fn yes_or_no(text: &str) -> Option<bool> {
    let length = text.chars().count();
    let near = |list: &[&str]| {
        list.iter().any(|word| {
            let same = word.chars().zip(text.chars()).filter(|(a, b)| a == b);
            word.chars().count() == length && same.count() + 1 == length
        })
    };
    let mut letters = text.chars();
    if let (Some(only), None) = (letters.next(), letters.next()) {
        return match only {
            only if LIKE_NONE.contains(only) => Some(false),
            only if LIKE_TICKED.contains(only) => Some(true),
            _ => None,
        };
    }
    // 有無 is a choice nobody made.
    if length < 2 || text.contains('有') && text.contains('無') {
        return None;
    }
    match (near(&YES), near(&NO)) {
        (true, false) => Some(true),
        (false, true) => Some(false),
        (true, true) | (false, false) => None,
    }
}

fn is_yes(c: char) -> bool {
    matches!(c, '有' | '○')
}

fn is_no(c: char) -> bool {
    c == '無' || LIKE_NONE.contains(c)
}

/// Which of two signs the one character is that stands there, where the reader held it to be one of them
/// and not the other as well.
fn held(rows: &Rows<'_>, yes: fn(char) -> bool, no: fn(char) -> bool) -> Option<bool> {
    let mut all = rows.iter().flatten();
    let (one, None) = (all.next()?, all.next()) else {
        return None;
    };
    let held = |is: fn(char) -> bool| {
        let mut others = one.alternatives.iter();
        others.any(|(other, _)| is(plain(*other)))
    };
    match (held(yes), held(no)) {
        (true, false) => Some(true),
        (false, true) => Some(false),
        (true, true) | (false, false) => None,
    }
}

/// A word that stays, in its short form: 第１号被保険者 is 第1号.
fn kept_word(field: FieldName, text: &str) -> Option<String> {
    let (_, words) = KEPT.iter().find(|(own, _)| *own == field)?;
    let straight: String = text
        .chars()
        .map(|c| match c {
            'l' | 'I' | '|' | 'Ⅰ' => '1',
            'Ⅱ' => '2',
            'Ⅲ' => '3',
            '弟' => '第',
            other => other,
        })
        .collect();
    words.contains(&straight.as_str()).then(|| {
        let short = straight.trim_end_matches("被保険者");
        if short.ends_with('号') && !short.starts_with('第') {
            format!("第{short}")
        } else {
            short.to_owned()
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fields::tests::{value_held, value_of};

    #[track_caller]
    fn check(field: FieldName, text: &str, expected: &str) {
        assert_eq!(value_of(field, text).value, expected, "{text}");
    }

    #[test]
    fn sex_is_never_guessed() {
        check(FieldName::Sex, "男", "男");
        check(FieldName::Sex, "付男", "男");
        check(FieldName::Sex, "男・女", "");
        check(FieldName::Sex, "☐男　☑女", "女");
        check(FieldName::Sex, "☐男　☐女", "");
        assert_eq!(
            value_of(FieldName::Sex, "男・女").failed,
            [Check::Vocabulary]
        );
    }

    #[test]
    fn relations_of_the_list() {
        check(FieldName::Relationship, "妻の子", "妻の子");
        check(FieldName::Relationship, "妻(未届)", "妻（未届）");
        check(FieldName::Relationship, "世帯生", "世帯主");
        check(FieldName::Relationship, "予", "子");
        check(FieldName::Relationship, "架空", "架空");
    }

    #[test]
    fn signs_and_words_for_insurance() {
        check(FieldName::HealthInsurance, "○", "有");
        check(FieldName::HealthInsurance, "該当なし", "無");
        check(FieldName::HealthInsurance, "☑", "有");
        check(FieldName::HealthInsurance, "☐", "無");
        check(FieldName::HealthInsurance, "☐有　☑無", "無");
        check(FieldName::Pension, "第１号被保険者", "第1号");
        check(FieldName::Pension, "３号", "第3号");
        check(FieldName::ChildAllowance, "対象児重", "対象児童");
        check(FieldName::LongTermCare, "要介護２", "要介護2");
        check(FieldName::HealthInsurance, "亥当", "有");
        check(FieldName::HealthInsurance, "非亥当", "無");
        check(FieldName::HealthInsurance, "熊", "無");
        check(FieldName::HealthInsurance, "兼", "無");
        check(FieldName::ChildAllowance, "對象兒童", "対象児童");
        check(FieldName::HealthInsurance, "資格？", "");
        check(FieldName::HealthInsurance, "有・無", "");
    }

    #[test]
    fn the_sex_that_the_reader_held_possible() {
        let found = value_held(FieldName::Sex, "勇", ('勇', '男'));
        assert_eq!((found.value.as_str(), found.corrected), ("男", 1.0));
        check(FieldName::Sex, "勇", "");
    }

    #[test]
    fn words_to_choose_from_where_none_was_read() {
        let sex = value_of(FieldName::Sex, "☐男　☐女");
        assert_eq!(
            (sex.as_read.as_str(), sex.alternatives),
            ("☐男　☐女", vec!["男".to_owned(), "女".to_owned()])
        );
        let standing = value_of(FieldName::HealthInsurance, "田");
        assert_eq!(
            (standing.value.as_str(), standing.alternatives),
            ("", vec!["有".to_owned(), "無".to_owned()])
        );
        let pension = value_of(FieldName::Pension, "第？？");
        assert_eq!(
            pension.alternatives,
            ["第1号", "第2号", "第3号", "有", "無"]
        );
    }
}
