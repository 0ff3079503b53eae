//! Guidance sheet (手続き案内書): what a household has to do, by deadline and place.
//!
//! Who the entries are for, where and what to bring comes from whoever knows the catalogue; this
//! module only puts them in order. No address stands on the sheet: it leaves the building.

use std::cmp::Ordering;
use std::fmt;
use std::str::FromStr as _;

use counter_domain::date::FuzzyDate;
use serde::Serialize;
use serde_json::json;

use crate::data::FormData;

/// Id of the form.
pub const FORM_ID: &str = "guidance";

/// A text in Japanese and in the resident's language; the second may be empty.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Both {
    /// Japanese.
    pub ja: String,
    /// The resident's language.
    pub other: String,
}

/// How pressing a deadline is that has no day. The order is the order on the sheet.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Urgency {
    /// A last day is known; it stands in the words.
    Dated,
    /// Before something happens.
    Beforehand,
    /// As soon as possible.
    Soon,
    /// Within a time from a day nobody knows yet.
    FromUnknownDay,
    /// No deadline.
    Never,
}

/// One procedure. Debug hides whom it is for.
#[derive(Clone, PartialEq, Eq)]
pub struct GuidanceEntry {
    /// Its name.
    pub name: Both,
    /// Names of the people, or the household.
    pub who: Both,
    /// The section where it is done.
    pub place: Both,
    /// Deadline in words; a dated one begins with its last day in the Japanese calendar.
    pub deadline: Both,
    /// How pressing it is.
    pub urgency: Urgency,
    /// What to bring.
    pub documents: Vec<Both>,
    /// Why it is not sure yet; for procedures to confirm.
    pub reason: String,
    /// Whether a fact is still unknown.
    pub to_confirm: bool,
}

impl fmt::Debug for GuidanceEntry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("GuidanceEntry(…)")
    }
}

/// The head of the sheet. Debug hides it.
#[derive(Clone, Default, PartialEq, Eq, Serialize)]
pub struct GuidanceHead {
    /// Name of the city.
    pub city: String,
    /// Office and counter.
    pub branch: String,
    /// Receipt number.
    pub receipt_number: String,
    /// Filing date, ISO 8601.
    pub filed_on: String,
    /// Language beside Japanese, BCP 47; `ja` for none.
    pub language: String,
    /// Whom to ask.
    pub contact: String,
}

impl fmt::Debug for GuidanceHead {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("GuidanceHead(…)")
    }
}

/// What was filed.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct GuidanceEvent {
    /// In words.
    pub title: Both,
    /// Date of the change, ISO 8601 or as worded.
    pub date: String,
}

/// The last day a deadline's words begin with, ISO 8601.
///
/// `令和8年12月4日まで（14日以内）` gives `2026-12-04`.
pub fn last_day(words: &str) -> Option<String> {
    let (day, _) = words.split_once("日まで")?;
    let day = FuzzyDate::from_str(&format!("{day}日")).ok()?.exact()?;
    Some(day.to_string())
}

/// The same day as an English reader expects it: `4 December 2026`.
pub fn english_day(iso: &str) -> Option<String> {
    let day = FuzzyDate::from_str(iso).ok()?.exact()?;
    Some(day.strftime("%-d %B %Y").to_string())
}

/// The sheet's data: entries by deadline, then place, then as they came. What several people need
/// with the same deadline stands there once.
pub fn guidance(
    head: &GuidanceHead,
    notifier: &str,
    event: &GuidanceEvent,
    entries: Vec<GuidanceEntry>,
) -> FormData {
    let mut entries = together(entries);
    entries.sort_by(by_deadline_and_place);
    let mut groups: Vec<(Both, Vec<serde_json::Value>)> = Vec::new();
    for entry in entries {
        let item = item(&entry);
        match groups.last_mut() {
            Some((deadline, items)) if *deadline == entry.deadline => items.push(item),
            _ => groups.push((entry.deadline, vec![item])),
        }
    }
    let groups: Vec<_> = groups
        .into_iter()
        .map(|(deadline, items)| {
            json!({ "deadline": deadline.ja, "deadline_other": deadline.other, "items": items })
        })
        .collect();
    FormData::new(json!({
        "city": head.city, "branch": head.branch, "receipt_number": head.receipt_number,
        "filed_on": head.filed_on, "language": head.language, "contact": head.contact,
        "notifier": { "name": notifier },
        "event": {
            "title": event.title.ja, "title_other": event.title.other, "date": event.date,
        },
        "groups": groups,
    }))
}

fn item(entry: &GuidanceEntry) -> serde_json::Value {
    let documents =
        |pick: fn(&Both) -> &String| -> Vec<&String> { entry.documents.iter().map(pick).collect() };
    json!({
        "name": entry.name.ja, "name_other": entry.name.other,
        "who": entry.who.ja, "who_other": entry.who.other,
        "place": entry.place.ja, "place_other": entry.place.other,
        "documents": documents(|both| &both.ja), "documents_other": documents(|both| &both.other),
        "reason": entry.reason, "to_confirm": entry.to_confirm,
    })
}

fn together(entries: Vec<GuidanceEntry>) -> Vec<GuidanceEntry> {
    let mut all: Vec<GuidanceEntry> = Vec::new();
    for entry in entries {
        let same = all.iter_mut().find(|other| {
            other.name == entry.name
                && other.deadline == entry.deadline
                && other.to_confirm == entry.to_confirm
        });
        match same {
            Some(first) if first.who != entry.who => {
                first.who.ja = format!("{}、{}", first.who.ja, entry.who.ja);
            }
            Some(_) => {}
            None => all.push(entry),
        }
    }
    all
}

fn by_deadline_and_place(a: &GuidanceEntry, b: &GuidanceEntry) -> Ordering {
    let day = |entry: &GuidanceEntry| last_day(&entry.deadline.ja);
    a.urgency
        .cmp(&b.urgency)
        .then_with(|| day(a).cmp(&day(b)))
        .then_with(|| a.deadline.ja.cmp(&b.deadline.ja))
        .then_with(|| a.place.ja.cmp(&b.place.ja))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(name: &str, who: &str, deadline: &str, urgency: Urgency) -> GuidanceEntry {
        let both = |ja: &str| Both {
            ja: ja.to_owned(),
            other: String::new(),
        };
        GuidanceEntry {
            name: both(name),
            who: both(who),
            place: both("市民課"),
            deadline: both(deadline),
            urgency,
            documents: Vec::new(),
            reason: String::new(),
            to_confirm: false,
        }
    }

    /// Deadline: name (who) of each item, in the order of the sheet.
    fn order(entries: Vec<GuidanceEntry>) -> Vec<String> {
        let data = guidance(
            &GuidanceHead::default(),
            "架空　太郎",
            &GuidanceEvent::default(),
            entries,
        );
        let text = |value: &serde_json::Value| value.as_str().unwrap_or_default().to_owned();
        let groups = data.as_json()["groups"].as_array().expect("groups").clone();
        groups
            .iter()
            .flat_map(|group| {
                let deadline = text(&group["deadline"]);
                let items = group["items"].as_array().expect("items").clone();
                items.into_iter().map(move |item| {
                    format!(
                        "{deadline}: {} ({})",
                        text(&item["name"]),
                        text(&item["who"])
                    )
                })
            })
            .collect()
    }

    #[test]
    fn earliest_deadline_stands_first_and_no_deadline_last() {
        let sheet = order(vec![
            entry("犬", "世帯", "期限の定めなし", Urgency::Never),
            entry("学校", "子", "お早めに", Urgency::Soon),
            entry(
                "カード",
                "父",
                "令和9年2月19日まで（90日以内）",
                Urgency::Dated,
            ),
            entry(
                "国保",
                "父",
                "令和8年11月28日まで（14日以内）",
                Urgency::Dated,
            ),
            entry(
                "国保",
                "母",
                "令和8年11月28日まで（14日以内）",
                Urgency::Dated,
            ),
        ]);
        assert_eq!(
            sheet,
            [
                "令和8年11月28日まで（14日以内）: 国保 (父、母)",
                "令和9年2月19日まで（90日以内）: カード (父)",
                "お早めに: 学校 (子)",
                "期限の定めなし: 犬 (世帯)",
            ]
        );
    }

    #[test]
    fn last_day_is_read_from_the_words() {
        let day = last_day("令和元年5月1日まで（14日以内・期限を過ぎています）");
        assert_eq!(day.as_deref(), Some("2019-05-01"));
        assert_eq!(last_day("お早めに"), None);
        assert_eq!(
            english_day("2026-12-04").as_deref(),
            Some("4 December 2026")
        );
    }
}
