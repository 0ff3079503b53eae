//! What the resident sees. Nothing of other cases, of staff or of sensitive answers is in it.

use std::collections::BTreeSet;

use counter_api::{
    CardPin, CheckRow, CheckSection, ContentId, Language, ProcedureView, ResidentScreen,
    ResidentView, Step,
};
use counter_domain::ids::SnapshotHash;
use counter_domain::snapshot::Snapshot;
use counter_forms::FormBox;

use crate::certificates::{in_words, of_snapshot, total_in_words};
use crate::desk::Desk;
use crate::desk::boxes;
use crate::desk::staff_view::snapshot_text;
use crate::desk::visit::{Pin, Showing, Visit};
use crate::devices::CardLies;
use crate::events::events;
use crate::fields::{FieldDef, Kind, fields, split_member};
use crate::records::Records;
use crate::texts::{Code, fill, sentence, word, word_english};

/// Pages the progress counts.
const PAGES: u8 = 5;

impl<R: Records> Desk<R> {
    pub(super) fn draw_resident(&self) -> ResidentView {
        let screen = self.resident_screen();
        let is_idle = screen == ResidentScreen::Idle;
        ResidentView {
            language: self.language,
            city: self.place.city.clone(),
            progress: self
                .visit
                .as_ref()
                .filter(|_| !is_idle)
                .map(|v| (page(v), PAGES)),
            notice: self
                .resident_notice
                .filter(|_| !is_idle)
                .filter(|code| *code != Code::CardRead)
                .map(|code| self.for_resident(code)),
            screen,
        }
    }

    fn resident_screen(&self) -> ResidentScreen {
        let Some(visit) = self.visit.as_ref() else {
            return ResidentScreen::Idle;
        };
        if visit.elsewhere.is_some() {
            return ResidentScreen::Idle;
        }
        if !visit.is_editable() {
            return self.done(visit);
        }
        match visit.pin {
            Pin::Asked | Pin::SecondAsked => return self.pin_page(visit, false),
            Pin::Reading => return self.pin_page(visit, true),
            Pin::NotAsked | Pin::Read => {}
        }
        match &visit.showing {
            Showing::No | Showing::Objected => ResidentScreen::Wait,
            Showing::Reading(snapshot) => self.check_page(visit, snapshot),
            Showing::Signing(snapshot) => sign_page(visit, Some(snapshot)),
            Showing::Saving => sign_page(visit, None),
        }
    }

    fn done(&self, visit: &Visit) -> ResidentScreen {
        // A case opened again after the resident left belongs to staff alone.
        if self.resident_left || visit.step != Step::Finish {
            return ResidentScreen::Idle;
        }
        ResidentScreen::Done {
            receipt_number: visit.receipt_number(),
            sent_later: !visit.record.at_head_office,
        }
    }

    fn pin_page(&self, visit: &Visit, reading: bool) -> ResidentScreen {
        let (tries_left, which) = match self.card {
            CardLies::MyNumber { pin_tries_left, .. } => (Some(pin_tries_left), CardPin::MyNumber),
            CardLies::Other {
                second_tries_left, ..
            } if visit.pin == Pin::SecondAsked => (Some(second_tries_left), CardPin::LicenceSecond),
            CardLies::Other { pin_tries_left, .. } => (Some(pin_tries_left), CardPin::Licence),
            CardLies::NoReader | CardLies::Nothing | CardLies::Unknown => (None, CardPin::MyNumber),
        };
        ResidentScreen::Pin {
            tries_left,
            reading,
            which,
        }
    }

    fn check_page(&self, visit: &Visit, snapshot: &Snapshot) -> ResidentScreen {
        let translated = |text: String| match self.language {
            Language::Japanese => String::new(),
            Language::English => text,
        };
        // A procedure for several persons counts once; what is still to be asked does not count.
        let certain = snapshot.procedures.iter().filter(|one| !one.to_confirm);
        let count = certain.map(|one| &one.id).collect::<BTreeSet<_>>().len();
        ResidentScreen::Check {
            content: content_id(snapshot),
            title: check_title(visit),
            title_translated: translated(check_title_english(visit)),
            sections: self.sections(visit, snapshot),
            procedure_count: u32::try_from(count).unwrap_or(u32::MAX),
        }
    }
}

impl<R: Records> Desk<R> {
    fn sections(&self, visit: &Visit, snapshot: &Snapshot) -> Vec<CheckSection> {
        let mut all = sections(visit, snapshot, self.language);
        // Whoever files stands last.
        let notifier = all.pop();
        let boxes = self.boxes(visit);
        all.extend(boxes_of_picks(visit, &boxes, self.language));
        all.extend(declarations(&boxes, self.language));
        all.extend(notifier);
        all
    }
}

/// What was entered for a procedure's own form is signed with it.
fn boxes_of_picks(visit: &Visit, boxes: &[FormBox], language: Language) -> Option<CheckSection> {
    if !visit.plan().picks {
        return None;
    }
    let told = boxes.iter().filter(|one| !one.is_declaration());
    let told = told.filter(|one| !one.value.is_empty() && !one.rule.quiet);
    let rows = told.map(|one| {
        let (label_translated, said) = boxes::read_by_resident(one, language);
        let value = [boxes::in_words(one), said];
        let value = value.into_iter().filter(|text| !text.is_empty());
        let value = value.collect::<Vec<_>>().join("\n");
        CheckRow {
            label_translated,
            ..plain(&one.rule.label, "", value, language)
        }
    });
    headed("boxes", language, rows.collect())
}

/// Every sentence somebody confirms on the forms that will be printed or signed. One that tells
/// others of an illness is shown by staff.
fn declarations(boxes: &[FormBox], language: Language) -> Option<CheckSection> {
    let declared = boxes.iter().filter(|one| one.is_declaration());
    let (quiet, open): (Vec<_>, Vec<_>) = declared.partition(|one| one.rule.quiet);
    let rows = open.into_iter().map(|one| CheckRow {
        label_translated: boxes::read_by_resident(one, language).0,
        ..plain(
            &one.rule.label,
            "",
            boxes::declaration_read(one, language),
            language,
        )
    });
    let elsewhere = (!quiet.is_empty()).then(|| {
        let both = |name: &str| (word("declared", name), word_english("declared", name));
        let ((label, english), (value, value_english)) = (both("quiet"), both("shown_by_staff"));
        let value = match language {
            Language::Japanese => value,
            Language::English => [value, value_english].join("\n"),
        };
        plain(&label, &english, value, language)
    });
    headed("declarations", language, rows.chain(elsewhere).collect())
}

/// The title of what is signed; where certificates stand on several forms, the first and how many
/// more there are.
fn check_title(visit: &Visit) -> String {
    let title = word("check", &visit.form());
    match visit.further_forms() {
        0 => title,
        more => sentence(
            "check",
            "further",
            &[("title", title.as_str()), ("more", &more.to_string())],
        ),
    }
}

fn check_title_english(visit: &Visit) -> String {
    let title = word_english("check", &visit.form());
    match visit.further_forms() {
        0 => title,
        more => fill(
            &word_english("check", "further"),
            &[("title", title.as_str()), ("more", &more.to_string())],
        ),
    }
}

fn page(visit: &Visit) -> u8 {
    if !visit.is_editable() {
        return PAGES;
    }
    match (&visit.showing, visit.step) {
        (Showing::Reading(_), _) => 3,
        (Showing::Signing(_) | Showing::Saving, _) => 4,
        (_, Step::Documents) => 1,
        (
            _,
            Step::Household | Step::Request | Step::Questions | Step::Procedures | Step::Identity,
        ) => 2,
        (_, Step::Sign) => 3,
        (_, Step::Finish) => PAGES,
    }
}

/// Which content a snapshot is; another language is another one.
pub(super) fn content_id(snapshot: &Snapshot) -> ContentId {
    let SnapshotHash(hash) = Snapshot::hash_of(&snapshot.to_bytes().unwrap_or_default());
    ContentId(u64::from_be_bytes(
        hash.first_chunk().copied().unwrap_or_default(),
    ))
}

/// Without a snapshot the signature is being stored.
fn sign_page(visit: &Visit, signed: Option<&Snapshot>) -> ResidentScreen {
    let (kind, flow) = visit.event();
    let event = crate::desk::staff_view::event_in_words(kind, flow);
    let english = events()
        .name_of(kind, flow)
        .map(|name| name.en.to_lowercase());
    let english = english.unwrap_or_else(|| word("event_english", "other"));
    let summary = if visit.plan().is_request() {
        "summary_request"
    } else {
        "summary"
    };
    ResidentScreen::Sign {
        content: signed.map(content_id).unwrap_or_default(),
        summary: sentence("check", summary, &[("event", &event)]),
        summary_translated: fill(&word_english("check", summary), &[("event", &english)]),
        saving: signed.is_none(),
    }
}

/// The content of a snapshot, grouped: the event, the certificates, the addresses, every person it
/// concerns, who stays, who files.
fn sections(visit: &Visit, snapshot: &Snapshot, language: Language) -> Vec<CheckSection> {
    let mut sections: Vec<CheckSection> = Vec::new();
    let of_move = |section: &str| -> Vec<CheckRow> {
        let defs = visit.plan().of_the_move();
        let defs = defs.filter(|def| def.section == section);
        defs.filter_map(|def| row(visit, snapshot, def, None, language))
            .collect()
    };
    sections.extend(section("event", None, language, of_move("event")));
    sections.extend(certificates(visit, snapshot, language));
    sections.extend(procedures(visit, language));
    for name in ["request", "address"] {
        sections.extend(section(name, None, language, of_move(name)));
    }
    let marked = visit.plan().mark.is_some();
    let (concerned, staying): (Vec<u8>, Vec<u8>) = numbers(snapshot)
        .into_iter()
        .partition(|number| !marked || visit.is_marked(*number));
    for number in concerned {
        let rows = visit.plan().of_a_member();
        let rows = rows
            .filter_map(|def| row(visit, snapshot, def, Some(number), language))
            .collect();
        sections.extend(section("member", Some(number), language, rows));
    }
    sections.extend(who_stays(snapshot, &staying, language));
    let mut notifier = of_move("notifier");
    notifier.extend(identity_row(snapshot, language));
    sections.extend(section("notifier", None, language, notifier));
    sections
}

/// Numbers of the persons a snapshot speaks of.
fn numbers(snapshot: &Snapshot) -> BTreeSet<u8> {
    let paths = snapshot.fields.keys();
    paths
        .filter_map(|path| split_member(path.as_str()).map(|(number, _)| number))
        .collect()
}

/// A heading of the check page that belongs to no field.
fn headed(name: &str, language: Language, rows: Vec<CheckRow>) -> Option<CheckSection> {
    (!rows.is_empty()).then(|| CheckSection {
        title: word("check", name),
        title_translated: match language {
            Language::Japanese => String::new(),
            Language::English => word_english("check", name),
        },
        rows,
    })
}

/// A plain row in Japanese, with its label in English.
fn plain(label: &str, english: &str, value: String, language: Language) -> CheckRow {
    CheckRow {
        label: label.to_owned(),
        label_translated: match language {
            Language::Japanese => String::new(),
            Language::English => english.to_owned(),
        },
        value,
        exact_glyphs: false,
        changed: false,
    }
}

fn certificates(visit: &Visit, snapshot: &Snapshot, language: Language) -> Option<CheckSection> {
    let known = &visit.certificates;
    let lines = of_snapshot(snapshot);
    let total = total_in_words(&lines);
    let named = lines.iter().filter_map(|line| {
        let certificate = known.certificate(&line.certificate)?;
        let (name, english) = (&certificate.name.ja, &certificate.name.en);
        Some(plain(name, english, in_words(line, known), language))
    });
    let mut rows: Vec<CheckRow> = named.collect();
    if !rows.is_empty() {
        let (label, english) = (word("check", "fee"), word_english("check", "fee"));
        rows.push(plain(&label, &english, total, language));
    }
    headed("certificates", language, rows)
}

/// The procedures somebody came for, each with whom it is for and until when it must be done.
fn procedures(visit: &Visit, language: Language) -> Option<CheckSection> {
    let told = |one: &&ProcedureView| {
        let is_quiet = visit.interview.quiet.contains(&one.id);
        visit.plan().picks && !is_quiet
    };
    let listed = visit.interview.procedures.iter().filter(told);
    let rows = listed.map(|one| {
        let parts = [one.member.as_str(), one.deadline.as_str()];
        let parts = parts.into_iter().filter(|part| !part.is_empty());
        let value = parts.collect::<Vec<_>>().join("・");
        plain(&one.name, &one.name_english, value, language)
    });
    headed("procedures", language, rows.collect())
}

/// Those of the household who stay, by name.
fn who_stays(snapshot: &Snapshot, staying: &[u8], language: Language) -> Option<CheckSection> {
    let def = fields().find("member.1.name")?;
    let rows = staying.iter().filter_map(|number| {
        let name = snapshot_text(snapshot, &def.path_for(Some(*number))).to_owned();
        let row = plain(&def.label.ja, &def.label.en, name, language);
        (!row.value.is_empty()).then_some(CheckRow {
            exact_glyphs: true,
            ..row
        })
    });
    headed("staying", language, rows.collect())
}

fn section(
    name: &str,
    number: Option<u8>,
    language: Language,
    rows: Vec<CheckRow>,
) -> Option<CheckSection> {
    let heading = fields().section(name)?;
    let number = number.map(|number| number.to_string()).unwrap_or_default();
    let filled = |text: &str| fill(text, &[("number", &number)]);
    (!rows.is_empty()).then(|| CheckSection {
        title: filled(&heading.ja),
        title_translated: match language {
            Language::Japanese => String::new(),
            Language::English => filled(&heading.en),
        },
        rows,
    })
}

fn row(
    visit: &Visit,
    snapshot: &Snapshot,
    def: &FieldDef,
    member: Option<u8>,
    language: Language,
) -> Option<CheckRow> {
    let path = def.path_for(member);
    let value = snapshot_text(snapshot, &path);
    // Before the first signature everything the filing changes is marked, afterwards what differs
    // from what was signed.
    let changed = match &visit.signed {
        // Who asks for a procedure or a certificate changes no record.
        None => def.changes && !visit.plan().is_request(),
        Some(signed) => snapshot_text(signed, &path) != value,
    };
    (!value.is_empty()).then(|| CheckRow {
        label: def.label.ja.clone(),
        label_translated: match language {
            Language::Japanese => String::new(),
            Language::English => def.label.en.clone(),
        },
        value: translated_value(visit, def, value, language),
        exact_glyphs: def.kind == Kind::Exact,
        changed,
    })
}

/// A chosen value is shown in both languages; everything else exactly as it is filed.
fn translated_value(visit: &Visit, def: &FieldDef, value: &str, language: Language) -> String {
    let japanese = visit.in_words(def, value);
    let english = if def.kind == Kind::Choices {
        fields().all_chosen(&def.choices, value).1
    } else {
        fields().chosen(&def.choices, value).1
    };
    match (def.kind, language) {
        (Kind::Choice | Kind::Choices, Language::English) if !english.is_empty() => {
            format!("{japanese} / {english}")
        }
        _ => japanese,
    }
}

fn identity_row(snapshot: &Snapshot, language: Language) -> Option<CheckRow> {
    let kind = snapshot_text(snapshot, "identity.kind");
    let (japanese, english) = fields().chosen("identity", kind);
    (!kind.is_empty()).then(|| CheckRow {
        label: word("identity", "kind"),
        label_translated: match language {
            Language::Japanese => String::new(),
            Language::English => word_english("identity", "kind"),
        },
        value: match language {
            Language::Japanese => japanese,
            Language::English => format!("{japanese} / {english}"),
        },
        exact_glyphs: false,
        changed: false,
    })
}
