//! The few sentences the guide makes itself; every other text is catalogue data.

use counter_domain::date::FuzzyDate;
use jiff::civil::Date;

use crate::catalogue::{DeadlineRule, DeadlineUnit, Fact, FactType, Words};
use crate::table::Cell;

/// What a fact says as a reason; `None` when it is not worth saying.
pub(crate) fn reason_ja(fact: &Fact, cell: Cell) -> Option<String> {
    if !fact.in_reason {
        return None;
    }
    match cell {
        Cell::Flag(true) => Some(fact.label_ja.clone()),
        Cell::Flag(false) => fact.label_not_ja.clone(),
        Cell::Count(count) => Some(format!("{} {count}{}", fact.label_ja, fact.unit_ja)),
        Cell::Choice(value) => {
            let words = fact
                .values
                .get(usize::from(value))
                .map(|(_, words)| &words.ja)?;
            let said_alone = fact.name == "ev.type";
            Some(if said_alone {
                words.clone()
            } else {
                format!("{}：{words}", fact.label_ja)
            })
        }
        Cell::Missing | Cell::Asked => None,
    }
}

/// A fact with its value, whatever it is.
pub(crate) fn said_ja(fact: &Fact, cell: Cell) -> String {
    match reason_ja(fact, cell) {
        Some(reason) if !matches!(cell, Cell::Missing | Cell::Asked) => reason,
        Some(_) | None => {
            let answer = match cell {
                Cell::Missing | Cell::Asked => "不明".to_owned(),
                Cell::Flag(_) | Cell::Count(_) | Cell::Choice(_) => answer_ja(fact, cell),
            };
            format!("{}：{answer}", fact.label_ja)
        }
    }
}

/// Joins reasons.
pub(crate) fn joined_ja(reasons: &[String]) -> String {
    reasons.join("、")
}

fn both(ja: String, en: String) -> Words {
    Words { ja, easy: None, en }
}

fn term(rule: &DeadlineRule) -> Words {
    let amount = rule.amount;
    let (ja, en) = match rule.unit {
        Some(DeadlineUnit::Day) | None => ("日", "days"),
        Some(DeadlineUnit::Month) => ("か月", "months"),
        Some(DeadlineUnit::Year) => ("年", "years"),
    };
    both(format!("{amount}{ja}以内"), format!("within {amount} {en}"))
}

fn with_remark(words: Words, rule: &DeadlineRule) -> Words {
    let remark = |text: &Option<String>, open: &str, close: &str| {
        text.as_ref()
            .map(|text| format!("{open}{text}{close}"))
            .unwrap_or_default()
    };
    let ja = remark(&rule.text_ja, "。", "");
    let en = remark(&rule.text_en, " (", ")");
    both(words.ja + &ja, words.en + &en)
}

/// A deadline with its last day.
pub(crate) fn due(rule: &DeadlineRule, day: Date, overdue: Overdue) -> Words {
    let term = term(rule);
    let (late_ja, late_en) = match overdue {
        Overdue::Yes => ("・期限を過ぎています", ", overdue"),
        Overdue::No => ("", ""),
    };
    let ja = format!(
        "{}まで（{}{late_ja}）",
        FuzzyDate::known(day).wareki(),
        term.ja
    );
    with_remark(both(ja, format!("by {day} ({}{late_en})", term.en)), rule)
}

/// Whether the last day has passed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Overdue {
    Yes,
    No,
}

/// A deadline whose first day is not known.
pub(crate) fn from_day(rule: &DeadlineRule, usual_ja: &str, usual_en: &str) -> Words {
    let term = term(rule);
    let from_ja = rule.from_ja.as_deref().unwrap_or(usual_ja);
    let from_en = rule.from_en.as_deref().unwrap_or(usual_en);
    let words = both(
        format!("{from_ja}から{}", term.ja),
        format!("{} of {from_en}", term.en),
    );
    with_remark(words, rule)
}

/// A deadline that is only words.
pub(crate) fn plain(rule: &DeadlineRule, usual_ja: &str, usual_en: &str) -> Words {
    let text =
        |text: &Option<String>, usual: &str| text.clone().unwrap_or_else(|| usual.to_owned());
    both(text(&rule.text_ja, usual_ja), text(&rule.text_en, usual_en))
}

/// What a value is called when an answer is shown.
pub(crate) fn answer_ja(fact: &Fact, cell: Cell) -> String {
    match (fact.kind, cell) {
        (_, Cell::Missing | Cell::Asked) => "わからない".to_owned(),
        (_, Cell::Flag(true)) => "はい".to_owned(),
        (_, Cell::Flag(false)) => "いいえ".to_owned(),
        (_, Cell::Count(count)) => format!("{count}{}", fact.unit_ja),
        (FactType::Choice | FactType::Flag | FactType::Count, Cell::Choice(value)) => {
            let words = fact.values.get(usize::from(value));
            words.map(|(_, words)| words.ja.clone()).unwrap_or_default()
        }
    }
}

/// Yes and no.
pub(crate) fn yes_and_no() -> [Words; 2] {
    let both = |ja: &str, en: &str| both(ja.to_owned(), en.to_owned());
    [both("はい", "yes"), both("いいえ", "no")]
}

/// A member without a name.
pub(crate) fn member_ja(number: u8) -> String {
    format!("{number}人目")
}

/// Why a procedure is needed, in a sentence.
pub(crate) fn because_ja(procedure: &str, who: Option<&str>, reason: &str) -> String {
    let who = who.map(|who| format!("{who}は ")).unwrap_or_default();
    format!("{procedure}：{who}{reason}")
}

/// A fact of a member or of the household.
pub(crate) fn fact_of_ja(who: Option<&str>, label: &str) -> String {
    who.map_or_else(|| label.to_owned(), |who| format!("{who}の{label}"))
}

/// What would settle a procedure, in a sentence.
pub(crate) fn settled_by_ja(procedure: &str, facts: &[String]) -> String {
    format!("{procedure}：{}が分かれば決まります", facts.join("・"))
}

/// Things in an English sentence.
pub(crate) fn and_en(things: &[String]) -> String {
    match things {
        [] => "the others".to_owned(),
        [only] => only.clone(),
        [most @ .., last] => format!("{} and {last}", most.join(", ")),
    }
}
