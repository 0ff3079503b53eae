//! Guidance sheet (手続き案内書): what a household has to do, by deadline and place.
//!
//! Four parts: the way through the building, each place once; what to bring, each paper once; every
//! procedure by its deadline; and the maps the city gives. Numbers tie them together. Who the
//! entries are for, where and what to bring comes from whoever knows the catalogue; this module only
//! puts them in order. No address stands on the sheet: it leaves the building.

use std::cmp::Ordering;
use std::fmt;
use std::str::FromStr as _;
use std::sync::Arc;

use counter_domain::date::FuzzyDate;
use serde::Serialize;
use serde_json::json;

use crate::data::FormData;
use crate::signature::qr_svg;

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

/// Where a procedure is done: one stop of the way.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Stop {
    /// Its name.
    pub name: Both,
    /// Floor and window, where the city says; may be empty.
    pub floor: Both,
    /// Its turn on the way through the building, lowest first; `None` for places outside.
    pub route: Option<u16>,
    /// A map or page the city keeps, for a QR code.
    pub map_url: Option<String>,
    /// A map to be printed.
    pub picture: Option<MapPicture>,
}

/// A map as a picture.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MapPicture {
    /// The PNG in base64.
    pub png_base64: Arc<str>,
    /// Pixels across.
    pub width: u32,
    /// Pixels down.
    pub height: u32,
}

impl MapPicture {
    /// The picture as a drawing, which a form's data can carry.
    fn svg(&self) -> String {
        let Self {
            png_base64,
            width,
            height,
        } = self;
        format!(
            "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {width} {height}\" width=\"{width}\" \
             height=\"{height}\"><image width=\"{width}\" height=\"{height}\" \
             href=\"data:image/png;base64,{png_base64}\"/></svg>"
        )
    }
}

/// One procedure. Debug hides whom it is for.
#[derive(Clone, PartialEq, Eq)]
pub struct GuidanceEntry {
    /// Its name.
    pub name: Both,
    /// Names of the people, or the household.
    pub who: Both,
    /// Where it is done.
    pub place: Stop,
    /// Deadline in words; a dated one begins with its last day in the Japanese calendar.
    pub deadline: Both,
    /// How pressing it is.
    pub urgency: Urgency,
    /// What to bring.
    pub documents: Vec<Both>,
    /// What happens when it is late; empty where nothing does.
    pub late: Both,
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

/// The sheet's data: entries by deadline, then in the order of the way, then as they came. What
/// several people need with the same deadline stands there once.
pub fn guidance(
    head: &GuidanceHead,
    notifier: &str,
    event: &GuidanceEvent,
    entries: Vec<GuidanceEntry>,
) -> FormData {
    let mut entries = together(entries);
    entries.sort_by(by_deadline_and_way);
    let stops = stops(&entries);
    let (walk, maps, bring) = (walk(&stops), maps(&stops), bring(&entries));
    let mut groups: Vec<(Both, Vec<serde_json::Value>)> = Vec::new();
    for (number, entry) in (1_usize..).zip(entries) {
        let item = item(number, &entry);
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
        "walk": walk, "bring": bring, "groups": groups, "maps": maps,
    }))
}

fn item(number: usize, entry: &GuidanceEntry) -> serde_json::Value {
    json!({
        "number": number.to_string(),
        "name": entry.name.ja, "name_other": entry.name.other,
        "who": entry.who.ja, "who_other": entry.who.other,
        "place": entry.place.name.ja, "place_other": entry.place.name.other,
        "late": entry.late.ja, "late_other": entry.late.other,
        "reason": entry.reason, "to_confirm": entry.to_confirm,
    })
}

/// Every place once, inside the building first, with the numbers of what is done there.
fn stops(entries: &[GuidanceEntry]) -> Vec<(&Stop, Vec<usize>)> {
    let mut stops: Vec<(&Stop, Vec<usize>)> = Vec::new();
    for (number, entry) in (1_usize..).zip(entries) {
        match stops.iter_mut().find(|(stop, _)| *stop == &entry.place) {
            Some((_, numbers)) => numbers.push(number),
            None => stops.push((&entry.place, vec![number])),
        }
    }
    stops.retain(|(stop, _)| !stop.name.ja.is_empty());
    stops.sort_by_key(|(stop, _)| (stop.route.is_none(), stop.route));
    stops
}

fn walk(stops: &[(&Stop, Vec<usize>)]) -> Vec<serde_json::Value> {
    stops
        .iter()
        .map(|(stop, numbers)| {
            json!({
                "place": stop.name.ja, "place_other": stop.name.other,
                "floor": stop.floor.ja, "floor_other": stop.floor.other,
                "inside": stop.route.is_some(), "numbers": in_short(numbers),
                "map_qr": stop.map_url.as_deref().and_then(qr_svg).unwrap_or_default(),
            })
        })
        .collect()
}

/// Every picture once, with the places it shows.
fn maps(stops: &[(&Stop, Vec<usize>)]) -> Vec<serde_json::Value> {
    let mut maps: Vec<(&MapPicture, Vec<&Stop>)> = Vec::new();
    for (stop, _) in stops {
        let Some(picture) = &stop.picture else {
            continue;
        };
        match maps.iter_mut().find(|(known, _)| *known == picture) {
            Some((_, places)) => places.push(stop),
            None => maps.push((picture, vec![stop])),
        }
    }
    let maps = maps.into_iter().map(|(picture, places)| {
        let said = |name: fn(&Stop) -> &str| {
            let names: Vec<&str> = places.iter().map(|stop| name(stop)).collect();
            names.join("／")
        };
        json!({
            "places": said(|stop| &stop.name.ja), "places_other": said(|stop| &stop.name.other),
            "picture": picture.svg(),
        })
    });
    maps.collect()
}

/// Numbers in rising order, runs of three and more in short: `1・4〜7`.
fn in_short(numbers: &[usize]) -> String {
    let mut runs: Vec<(usize, usize)> = Vec::new();
    for number in numbers {
        match runs.last_mut() {
            Some((_, last)) if *last == *number => {}
            Some((_, last)) if *last + 1 == *number => *last = *number,
            _ => runs.push((*number, *number)),
        }
    }
    let runs = runs.into_iter().map(|(first, last)| match last - first {
        0 => first.to_string(),
        1 => format!("{first}・{last}"),
        _ => format!("{first}〜{last}"),
    });
    runs.collect::<Vec<_>>().join("・")
}

/// Every paper once, with the numbers of what it is for; those only an unsure procedure asks for
/// stand last.
fn bring(entries: &[GuidanceEntry]) -> Vec<serde_json::Value> {
    let mut papers: Vec<(&Both, Vec<usize>, bool)> = Vec::new();
    for (number, entry) in (1_usize..).zip(entries) {
        for paper in &entry.documents {
            match papers.iter_mut().find(|(known, _, _)| *known == paper) {
                Some((_, numbers, unsure)) => {
                    numbers.push(number);
                    *unsure &= entry.to_confirm;
                }
                None => papers.push((paper, vec![number], entry.to_confirm)),
            }
        }
    }
    papers.sort_by_key(|(_, _, unsure)| *unsure);
    papers
        .into_iter()
        .map(|(paper, numbers, unsure)| {
            json!({
                "name": paper.ja, "name_other": paper.other,
                "numbers": in_short(&numbers), "to_confirm": unsure,
            })
        })
        .collect()
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

fn by_deadline_and_way(a: &GuidanceEntry, b: &GuidanceEntry) -> Ordering {
    let day = |entry: &GuidanceEntry| last_day(&entry.deadline.ja);
    a.urgency
        .cmp(&b.urgency)
        .then_with(|| day(a).cmp(&day(b)))
        .then_with(|| a.deadline.ja.cmp(&b.deadline.ja))
        .then_with(|| a.place.route.is_none().cmp(&b.place.route.is_none()))
        .then_with(|| a.place.route.cmp(&b.place.route))
        .then_with(|| a.place.name.ja.cmp(&b.place.name.ja))
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
            place: Stop {
                name: both("市民課"),
                route: Some(10),
                ..Stop::default()
            },
            deadline: both(deadline),
            urgency,
            documents: Vec::new(),
            late: Both::default(),
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
    fn every_place_is_walked_to_once_and_every_paper_brought_once() {
        let both = |ja: &str| Both {
            ja: ja.to_owned(),
            other: String::new(),
        };
        let at = |name: &str, deadline: &str, place: &str, route: Option<u16>, papers: &[&str]| {
            let mut entry = entry(name, "父", deadline, Urgency::Soon);
            entry.place = Stop {
                name: both(place),
                route,
                ..Stop::default()
            };
            entry.documents = papers.iter().map(|paper| both(paper)).collect();
            entry
        };
        let mut unsure = at("年金", "お早めに", "保険年金課", Some(20), &["年金手帳"]);
        unsure.to_confirm = true;
        let data = guidance(
            &GuidanceHead::default(),
            "架空　太郎",
            &GuidanceEvent::default(),
            vec![
                at("水道", "お早めに", "水道", None, &[]),
                at("手当", "お早めに", "子育て", Some(30), &["番号", "通帳"]),
                unsure,
                at("国保", "お早めに", "保険年金課", Some(20), &["番号"]),
            ],
        );
        let told = |list: &str, key: &str| -> Vec<String> {
            let list = data.as_json()[list].as_array().expect("a list").clone();
            list.iter()
                .map(|one| {
                    let text = |key: &str| one[key].as_str().unwrap_or_default().to_owned();
                    format!("{} {}", text(key), text("numbers"))
                })
                .collect()
        };
        assert_eq!(
            told("walk", "place"),
            ["保険年金課 1・2", "子育て 3", "水道 4"]
        );
        assert_eq!(told("bring", "name"), ["番号 2・3", "通帳 3", "年金手帳 1"]);
    }

    #[test]
    fn a_map_of_several_places_is_printed_once_and_no_map_nothing() {
        let picture = MapPicture {
            png_base64: "AAAA".into(),
            width: 4,
            height: 2,
        };
        let at = |place: &str, route: u16, picture: Option<&MapPicture>| {
            let mut entry = entry(place, "父", "お早めに", Urgency::Soon);
            entry.place.name.ja = place.to_owned();
            entry.place.route = Some(route);
            entry.place.picture = picture.cloned();
            entry
        };
        let maps = |entries: Vec<GuidanceEntry>| {
            let (head, event) = (GuidanceHead::default(), GuidanceEvent::default());
            let data = guidance(&head, "架空　太郎", &event, entries);
            data.as_json()["maps"].as_array().expect("a list").clone()
        };
        let found = maps(vec![
            at("保育課", 50, None),
            at("保険年金課", 20, Some(&picture)),
            at("市民課", 10, Some(&picture)),
        ]);
        let places: Vec<_> = found.iter().map(|map| &map["places"]).collect();
        assert_eq!(places, ["市民課／保険年金課"]);
        let drawn = found[0]["picture"].as_str().unwrap_or_default();
        assert!(drawn.contains("viewBox=\"0 0 4 2\"") && drawn.contains("base64,AAAA"));
        assert!(maps(vec![at("保育課", 50, None)]).is_empty());
    }

    #[test]
    fn many_numbers_are_said_in_short() {
        assert_eq!(in_short(&[1, 2, 3, 5, 6, 9, 9]), "1〜3・5・6・9");
        assert_eq!(in_short(&[]), "");
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
