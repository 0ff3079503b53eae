//! The guidance sheet (手続き案内書) of a case: what was signed, in the words of the catalogue.

use std::collections::BTreeMap;
use std::sync::{Arc, LazyLock};

use counter_domain::draft::{FieldPath, FieldValue};
use counter_domain::snapshot::{Snapshot, SnapshotProcedure};
use counter_forms::filing::form_of;
use counter_forms::guidance::{
    self, Both, GuidanceEntry, GuidanceEvent, GuidanceHead, MapPicture, Stop, Urgency, english_day,
    last_day,
};
use counter_forms::procedure_request::REQUEST_FORM;
use counter_forms::{Assets, Forms, RenderError};
use counter_guide::Catalogue;
use counter_guide::catalogue::{DeadlineKind, Procedure, Words};
use serde::Deserialize;

use crate::events::events;

/// The words of the sheet that no catalogue has.
#[derive(Deserialize)]
struct SheetWords {
    household: Words,
    within: Words,
    before: Words,
    soon: Words,
    never: Words,
    event: BTreeMap<String, Words>,
}

static WORDS: LazyLock<Option<SheetWords>> =
    LazyLock::new(|| toml::from_str(include_str!("../texts/guidance.toml")).ok());

/// A word in both languages; empty when the texts are broken, which a test would have found.
fn word(pick: impl Fn(&SheetWords) -> Option<&Words>) -> Both {
    WORDS.as_ref().and_then(pick).map(both).unwrap_or_default()
}

/// The counter as it stands on the sheet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SheetPlace {
    /// Name of the city.
    pub city: String,
    /// Office and counter.
    pub branch: String,
    /// Whom to ask; may be empty.
    pub contact: String,
}

/// Makes the sheet; `None` when nothing is listed. The same snapshot gives the same bytes, so it
/// need not be kept beside the signed form.
///
/// # Errors
/// As [`Forms::render`].
pub fn sheet(
    forms: &Forms,
    catalogue: &Catalogue,
    snapshot: &Snapshot,
    place: &SheetPlace,
) -> Result<Option<Vec<u8>>, RenderError> {
    let entries: Vec<_> = snapshot
        .procedures
        .iter()
        .filter(|listed| !is_filed_here(forms, form_of(snapshot), listed))
        .filter_map(|listed| entry(catalogue, snapshot, listed))
        .collect();
    if entries.is_empty() {
        return Ok(None);
    }
    let head = GuidanceHead {
        city: place.city.clone(),
        branch: place.branch.clone(),
        receipt_number: snapshot.receipt_number.clone(),
        filed_on: snapshot.filed_on.clone(),
        language: snapshot.language.clone(),
        contact: place.contact.clone(),
    };
    let event = GuidanceEvent {
        title: event_title(&text(snapshot, "event.type")),
        date: text(snapshot, "event.date"),
    };
    let has_pictures = entries.iter().any(|entry| entry.place.picture.is_some());
    let assets = Assets::for_receipt(&snapshot.receipt_number);
    let made = |entries: Vec<GuidanceEntry>| {
        let data = guidance::guidance(&head, &notifier(snapshot), &event, entries);
        forms.render(guidance::FORM_ID, &data, &assets, &snapshot.filed_on)
    };
    let plain = entries.iter().cloned().map(without_picture).collect();
    // A picture that cannot be drawn must not cost the household its sheet.
    made(entries)
        .or_else(|error| {
            if has_pictures {
                made(plain)
            } else {
                Err(error)
            }
        })
        .map(|made| Some(made.pdf))
}

fn without_picture(mut entry: GuidanceEntry) -> GuidanceEntry {
    entry.place.picture = None;
    entry
}

fn both(words: &Words) -> Both {
    Both {
        ja: words.ja.clone(),
        other: words.en.clone(),
    }
}

fn event_title(kind: &str) -> Both {
    let own = word(|words| words.event.get(kind));
    match events().name(kind) {
        _ if !own.ja.is_empty() => own,
        Some(name) => Both {
            ja: name.ja.clone(),
            other: name.en.clone(),
        },
        None => word(|words| words.event.get("other")),
    }
}

/// Facts whose procedures never stand on paper that goes home: whoever lives there may read it.
const NEVER_ON_PAPER: [&str; 3] = ["protected", "wants_protection", "hh.welfare"];

/// The notification itself is done; it is not among what is still to do.
fn is_filed_here(forms: &Forms, form: &str, listed: &SnapshotProcedure) -> bool {
    if form == REQUEST_FORM && !listed.to_confirm {
        return true;
    }
    forms
        .meta(form)
        .is_some_and(|meta| meta.procedures.contains(&listed.id))
}

/// Protection and public assistance are spoken of quietly; what rests on another sensitive fact
/// is printed only when it is sure, that is, when the resident spoke of it.
fn may_leave_the_building(catalogue: &Catalogue, procedure: &Procedure, to_confirm: bool) -> bool {
    let sensitive = || catalogue.facts().iter().filter(|fact| fact.sensitive);
    let never = NEVER_ON_PAPER
        .iter()
        .any(|fact| asks_for(&procedure.when, fact));
    let unsure = to_confirm && sensitive().any(|fact| asks_for(&procedure.when, &fact.name));
    !never && !unsure
}

/// Whether a rule asks that a fact be so; `not hh.welfare` asks the opposite.
fn asks_for(rule: &str, fact: &str) -> bool {
    let is_name = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == '.';
    let mut before = "";
    rule.split(|c| !is_name(c))
        .filter(|word| !word.is_empty())
        .any(|word| {
            let found = word == fact && before != "not";
            before = word;
            found
        })
}

fn entry(
    catalogue: &Catalogue,
    snapshot: &Snapshot,
    listed: &SnapshotProcedure,
) -> Option<GuidanceEntry> {
    let procedure = catalogue.procedure(&listed.id)?;
    if !may_leave_the_building(catalogue, procedure, listed.to_confirm) {
        return None;
    }
    let language = snapshot.language.as_str();
    let said = |key: String, words: &Words| Both {
        ja: words.ja.clone(),
        other: catalogue.said_in(language, &key, words).to_owned(),
    };
    Some(GuidanceEntry {
        name: said(format!("procedure.{}", listed.id), &procedure.name),
        who: who(snapshot, listed.member),
        place: stop(catalogue, procedure, said),
        deadline: Both {
            ja: listed.deadline.clone(),
            other: english_deadline(procedure, &listed.deadline),
        },
        urgency: urgency(procedure, &listed.deadline),
        documents: procedure
            .documents
            .iter()
            .filter(|id| *id != "none")
            .filter_map(|id| Some(said(format!("document.{id}"), catalogue.document(id)?)))
            .collect(),
        late: late(catalogue, procedure, said),
        reason: if listed.to_confirm {
            listed.reason.clone()
        } else {
            String::new()
        },
        to_confirm: listed.to_confirm,
    })
}

/// Where it is done: one stop of the way through the building.
fn stop(
    catalogue: &Catalogue,
    procedure: &Procedure,
    said: impl Fn(String, &Words) -> Both,
) -> Stop {
    let id = catalogue.counter_id_of(procedure);
    let Some(counter) = catalogue.counter_of(procedure) else {
        let section = catalogue.section(&procedure.section);
        let name = section.map(|words| said(format!("section.{}", procedure.section), words));
        return Stop {
            name: name.unwrap_or_default(),
            ..Stop::default()
        };
    };
    let floor = counter.floor.as_ref();
    Stop {
        name: said(format!("place.{id}"), &counter.place),
        floor: floor
            .map(|words| said(format!("floor.{id}"), words))
            .unwrap_or_default(),
        route: counter.route,
        map_url: counter.map_url.clone(),
        picture: counter.map_picture.as_ref().map(|picture| MapPicture {
            png_base64: Arc::clone(&picture.png_base64),
            width: picture.width,
            height: picture.height,
        }),
    }
}

/// What is not worth a line on the sheet: nothing happens, or it is only for information.
const NOTHING_LATE: [&str; 2] = ["none", "guide_only"];

fn late(
    catalogue: &Catalogue,
    procedure: &Procedure,
    said: impl Fn(String, &Words) -> Both,
) -> Both {
    let advice = catalogue.advice(&procedure.id);
    let id = advice.map_or("none", |advice| advice.late.as_str());
    match catalogue.consequence_of(&procedure.id) {
        Some(words) if !NOTHING_LATE.contains(&id) => said(format!("consequence.{id}"), words),
        Some(_) | None => Both::default(),
    }
}

fn who(snapshot: &Snapshot, member: Option<u8>) -> Both {
    match member {
        Some(number) => Both {
            ja: text(snapshot, &format!("member.{number}.name")),
            other: String::new(),
        },
        None => word(|words| Some(&words.household)),
    }
}

fn urgency(procedure: &Procedure, words: &str) -> Urgency {
    if last_day(words).is_some() {
        return Urgency::Dated;
    }
    match procedure.deadline.kind {
        DeadlineKind::Within => Urgency::FromUnknownDay,
        DeadlineKind::Before => Urgency::Beforehand,
        DeadlineKind::AsSoonAsPossible => Urgency::Soon,
        DeadlineKind::None => Urgency::Never,
    }
}

fn english_deadline(procedure: &Procedure, words: &str) -> String {
    if let Some(day) = last_day(words).and_then(|iso| english_day(&iso)) {
        return format!("by {day}");
    }
    if let Some(text) = &procedure.deadline.text_en {
        return text.clone();
    }
    word(|words| {
        Some(match procedure.deadline.kind {
            DeadlineKind::Within => &words.within,
            DeadlineKind::Before => &words.before,
            DeadlineKind::AsSoonAsPossible => &words.soon,
            DeadlineKind::None => &words.never,
        })
    })
    .other
}

/// Whoever files; the member chosen when no name of another is written.
fn notifier(snapshot: &Snapshot) -> String {
    let given = text(snapshot, "notifier.name");
    if !given.is_empty() {
        return given;
    }
    let number = text(snapshot, "notifier.member");
    text(snapshot, &format!("member.{number}.name"))
}

fn text(snapshot: &Snapshot, path: &str) -> String {
    match snapshot
        .fields
        .get(&FieldPath::from(path))
        .map(|field| &field.value)
    {
        Some(FieldValue::Text(text)) => text.clone(),
        Some(FieldValue::Count(count)) => count.to_string(),
        Some(FieldValue::Flag(_) | FieldValue::Unknown | FieldValue::Cleared) | None => {
            String::new()
        }
    }
}

#[cfg(test)]
mod tests {
    use counter_domain::draft::Source;
    use counter_domain::snapshot::SnapshotField;
    use counter_forms::FontPaths;

    use super::*;

    fn snapshot() -> Snapshot {
        let fields = [
            ("event.type", "move_in"),
            ("event.date", "2026-11-14"),
            ("member.1.name", "架空　太郎"),
            ("member.2.name", "架空　花子"),
            ("notifier.name", "架空　太郎"),
        ];
        let procedures = [
            ("P002", None, "令和8年11月30日まで（14日以内）"),
            ("P146", None, "期限の定めなし"),
            ("P053", Some(1), "令和8年11月30日まで（14日以内）"),
            ("P053", Some(2), "令和8年11月30日まで（14日以内）"),
            ("P028", Some(2), "異動の届出と同じ日"),
        ];
        Snapshot {
            version: 1,
            case_id: counter_domain::ids::CaseId([7; 16]),
            receipt_number: "07-2-261121-0184-6".to_owned(),
            form: "resident-move/1".to_owned(),
            forms: Vec::new(),
            filed_on: "2026-11-21".to_owned(),
            language: "en".to_owned(),
            fields: fields
                .map(|(path, text)| {
                    let field = SnapshotField {
                        value: FieldValue::Text(text.to_owned()),
                        source: Source::Staff,
                    };
                    (FieldPath::from(path), field)
                })
                .into(),
            procedures: procedures
                .map(|(id, member, deadline)| SnapshotProcedure {
                    id: id.to_owned(),
                    name: String::new(),
                    member,
                    reason: String::new(),
                    deadline: deadline.to_owned(),
                    to_confirm: false,
                })
                .to_vec(),
        }
    }

    #[test]
    fn sheet_says_what_is_left_to_do_in_both_languages() {
        let forms = Forms::new(&FontPaths::default()).expect("the fonts are installed");
        let catalogue = Catalogue::bundled().expect("the catalogue is read");
        let place = SheetPlace {
            city: "六会市".to_owned(),
            branch: "北部市民センター".to_owned(),
            contact: String::new(),
        };
        let made = sheet(&forms, &catalogue, &snapshot(), &place).expect("made");
        let text = text_of(&made.expect("something is left"));
        let at = |part: &str| text.find(part);
        assert!(
            at("国民健康保険資格取得届") < at("ごみの分別"),
            "by deadline"
        );
        assert!(text.contains("架空太郎、架空花子"), "once for both");
        assert!(text.contains("by30November2026"));
        assert!(
            !text.contains("特例転入"),
            "what was filed is not left to do"
        );
        assert!(!text.contains("支援措置"));
    }

    /// A white PNG of four by two pixels, and the same with its pixels spoilt.
    const MAP: &str = "iVBORw0KGgoAAAANSUhEUgAAAAQAAAACCAIAAADwyuo0AAAADklEQVR4nGP4jwQYkDkANvEX6SAXxcIAAAAASUVORK5CYII=";
    const SPOILT: &str = "iVBORw0KGgoAAAANSUhEUgAAAAQAAAACCAIAAADwyuo0AAAADklEQVQAAAAAAAAAAAAAAAAAAI8oA8EAAAAASUVORK5CYII=";

    /// The text of the sheet of [`snapshot`] where the city gives these maps, and its size.
    fn with_maps(maps: &str, picture: &str) -> (String, usize) {
        let mut files = counter_guide::catalogue::BUNDLED.to_vec();
        files.extend([("maps.yaml", maps), ("hall.png", picture)]);
        let catalogue = Catalogue::from_files(&files).expect("the catalogue is read");
        let forms = Forms::new(&FontPaths::default()).expect("the fonts are installed");
        let place = SheetPlace {
            city: "六会市".to_owned(),
            branch: "北部市民センター".to_owned(),
            contact: String::new(),
        };
        let made = sheet(&forms, &catalogue, &snapshot(), &place).expect("made");
        let pdf = made.expect("something is left");
        (text_of(&pdf), pdf.len())
    }

    fn text_of(pdf: &[u8]) -> String {
        without_blanks(&raw_text(pdf))
    }

    fn without_blanks(text: &str) -> String {
        text.chars().filter(|c| !c.is_whitespace()).collect()
    }

    /// What a reader of PDF takes out; a form feed ends each page.
    fn raw_text(pdf: &[u8]) -> String {
        let folder = tempfile::tempdir().expect("a scratch folder");
        let file = folder.path().join("sheet.pdf");
        std::fs::write(&file, pdf).expect("written");
        let out = std::process::Command::new("pdftotext")
            .arg("-raw")
            .arg(&file)
            .arg("-")
            .output()
            .expect("pdftotext (poppler-utils) is installed");
        String::from_utf8(out.stdout).expect("UTF-8")
    }

    #[test]
    fn maps_are_printed_where_the_city_gives_them() {
        let (plain, without) = with_maps("maps: {}", MAP);
        assert!(!plain.contains("地図"));
        let (text, with) = with_maps("maps: { hoken: { picture: hall.png } }", MAP);
        assert!(text.contains("地図Map保険年金課"), "{text}");
        assert!(with > without);
        let address = "maps: { kankyo: { url: 'https://www.mutsuai.example/map/kankyo' } }";
        let (text, with_code) = with_maps(address, MAP);
        assert_eq!(text, plain, "a code is no text");
        assert!(with_code > without);
    }

    #[test]
    fn a_picture_that_cannot_be_drawn_costs_nobody_the_sheet() {
        let (text, _) = with_maps("maps: { hoken: { picture: hall.png } }", SPOILT);
        assert!(text.contains("国民健康保険資格取得届"));
    }

    /// A household of the guide's golden ones, or one made of `ages`, as it would be signed.
    fn household(facts: &counter_guide::Facts, language: &str, names: &[&str]) -> Snapshot {
        let guide = counter_guide::Guide::new(Catalogue::bundled().expect("the catalogue is read"));
        let guidance = guide.evaluate(facts);
        let of = |id: &str, member, deadline: &counter_guide::deadline::Deadline, to_confirm| {
            let name = guide.catalogue().procedure(id).expect("a procedure");
            SnapshotProcedure {
                id: id.to_owned(),
                name: name.name.ja.clone(),
                member,
                reason: String::new(),
                deadline: deadline.words.ja.clone(),
                to_confirm,
            }
        };
        let listed = guidance.listed.iter();
        let open = guidance.to_confirm.iter();
        let mut made = snapshot();
        made.language = language.to_owned();
        made.procedures = listed
            .map(|one| of(&one.procedure, one.member, &one.deadline, false))
            .chain(open.map(|one| of(&one.procedure, one.member, &one.deadline, true)))
            .collect();
        for (number, name) in (1..).zip(names) {
            let field = SnapshotField {
                value: FieldValue::Text((*name).to_owned()),
                source: Source::Staff,
            };
            let path = format!("member.{number}.name");
            made.fields.insert(FieldPath::from(path.as_str()), field);
        }
        made
    }

    /// The text of the sheet without blanks, and its pages. `TODOKE_SHEETS=DIR` keeps the PDF.
    fn printed(snapshot: &Snapshot, name: &str) -> (String, usize) {
        let forms = Forms::new(&FontPaths::default()).expect("the fonts are installed");
        let catalogue = Catalogue::bundled().expect("the catalogue is read");
        let place = SheetPlace {
            city: "六会市".to_owned(),
            branch: "北部市民センター".to_owned(),
            contact: "北部市民センター　電話 0000-00-0000".to_owned(),
        };
        let made = sheet(&forms, &catalogue, snapshot, &place).expect("made");
        let pdf = made.expect("something is left");
        if let Some(kept) = std::env::var_os("TODOKE_SHEETS") {
            let kept = std::path::Path::new(&kept).join(format!("{name}.pdf"));
            std::fs::write(kept, &pdf).expect("kept");
        }
        let text = raw_text(&pdf);
        let pages = text.matches('\u{c}').count();
        (without_blanks(&text), pages)
    }

    fn golden(file: &str) -> counter_guide::Facts {
        let all = counter_guide::golden::BUNDLED;
        let (_, text) = all
            .iter()
            .find(|(name, _)| *name == file)
            .expect("a household");
        let golden = counter_guide::golden::Golden::read(text);
        golden.expect("it is read").facts
    }

    #[test]
    fn single_person_walks_to_each_place_once() {
        let facts = golden("single-move-in-answered.txt");
        let (text, pages) = printed(&household(&facts, "ja", &["架空　太郎"]), "single");
        assert!(pages <= 2, "{pages}");
        assert!(text.contains("まわる順") && text.contains("お持ちいただくもの"));
    }

    #[test]
    fn six_with_a_foreign_spouse_read_it_in_two_languages() {
        let facts = golden("six-with-foreign-spouse-and-care.txt");
        let names = [
            "架空　太郎",
            "KAKUU MARIA",
            "架空　一子",
            "架空　二郎",
            "架空　三郎",
            "架空　梅",
        ];
        let (text, pages) = printed(&household(&facts, "en", &names), "six");
        assert!(pages <= 5, "{pages}");
        for said in ["Yourway", "Whattobring", "KAKUUMARIA", "Long-termcare"] {
            assert!(text.contains(said), "{said}");
        }
        assert_eq!(
            text.matches("個人番号が分かるもの").count(),
            1,
            "packed once"
        );
    }

    #[test]
    fn twelve_people_have_a_sheet_of_several_pages() {
        let mut facts = counter_guide::Facts::default();
        facts.set("ev.type", None, "move_in");
        facts.set("ev.transfer_mode", None, "paper");
        facts.set("hh.welfare", None, false);
        facts.set("hh.dogs", None, 2);
        let ages = [48, 45, 19, 17, 16, 14, 12, 10, 7, 4, 1, 81];
        for (number, age) in (1_u8..).zip(ages) {
            let who = Some(number);
            facts.set("age", who, age);
            facts.set("moving", who, true);
            facts.set("japanese", who, true);
            facts.set("joins_nhi", who, age < 75);
            facts.set("insurance", who, if age < 75 { "nhi" } else { "latter" });
            facts.set("is_head", who, number == 1);
            facts.set("child_allowance_payee", who, number == 1);
            facts.set("mn_card", who, if age > 15 { "valid" } else { "none" });
        }
        facts.set("ltc_certified", Some(12), true);
        let names: Vec<String> = (1..=12).map(|number| format!("架空　{number}郎")).collect();
        let names: Vec<&str> = names.iter().map(String::as_str).collect();
        let (text, pages) = printed(&household(&facts, "ja", &names), "twelve");
        assert!((2..=6).contains(&pages), "{pages}");
        assert!(text.contains("架空12郎"), "the last of them too");
    }

    #[test]
    fn paper_for_home_says_nothing_of_protection_or_assistance() {
        let catalogue = Catalogue::bundled().expect("the catalogue is read");
        let may = |id: &str, to_confirm| {
            let procedure = catalogue.procedure(id).expect("a procedure");
            may_leave_the_building(&catalogue, procedure, to_confirm)
        };
        assert!(!may("P028", false) && !may("P028", true), "protection");
        assert!(!may("P133", false), "public assistance");
        assert!(
            may("P053", true),
            "insurance asks that there be no assistance"
        );
        assert!(
            !may("P157", true) && may("P157", false),
            "survivors of the bomb"
        );
    }

    #[test]
    fn every_word_of_the_sheet_has_both_halves() {
        let words = WORDS.as_ref().expect("texts/guidance.toml is read");
        let single = [
            &words.household,
            &words.within,
            &words.before,
            &words.soon,
            &words.never,
        ];
        for text in single.into_iter().chain(words.event.values()) {
            assert!(!text.ja.is_empty() && !text.en.is_empty());
        }
        assert_eq!(event_title("move_in").other, "Move-in");
        assert_eq!(event_title("birth").ja, "出生");
        assert_eq!(event_title("dance").ja, "異動届");
    }
}
