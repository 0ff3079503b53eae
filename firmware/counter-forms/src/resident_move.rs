//! Notification of a change of residence (住民異動届): from a signed snapshot to the form's data.
//!
//! Dates travel as text: ISO 8601 is printed in the Japanese calendar by the template, any other
//! wording (a day nobody knows) is printed as it is. Nothing is normalised on the way.

use std::collections::BTreeSet;
use std::fmt;

use counter_domain::date::FuzzyDate;
use counter_domain::draft::{FieldPath, FieldValue};
use counter_domain::event::Event;
use counter_domain::snapshot::Snapshot;
use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::data::FormData;
use crate::prefill::HEAD;

/// Id of the form.
pub const FORM_ID: &str = "resident-move";

/// Printed for a value the person does not know.
pub(crate) const UNKNOWN: &str = "不明";

/// The city as it stands on its forms.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct City {
    /// Its name, for example `六会市`; the form is addressed to its mayor.
    pub name: String,
    /// The office and counter that took the case in, as printed; may be empty.
    pub branch: String,
}

/// The form's data, as its template reads it.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ResidentMoveData {
    /// Name of the city.
    pub city: String,
    /// Office and counter.
    #[serde(default)]
    pub branch: String,
    /// Receipt number (受付番号).
    pub receipt_number: String,
    /// Filing date (届出日).
    pub filed_on: String,
    /// What happened, and when.
    pub event: EventData,
    /// Address and head of household after the change.
    #[serde(default)]
    pub new: PlaceData,
    /// The same before it.
    #[serde(default)]
    pub old: PlaceData,
    /// Registered domicile, for Japanese nationals.
    #[serde(default)]
    pub domicile: DomicileData,
    /// The people it concerns, in the order of the case.
    pub members: Vec<MemberData>,
    /// Who files.
    pub notifier: NotifierData,
    /// How the notifier was identified.
    #[serde(default)]
    pub identity: IdentityData,
    /// Papers shown or attached: `move_out_certificate`, `move_out_data`, `proxy_letter`,
    /// `guardian_proof`.
    #[serde(default)]
    pub papers: Vec<String>,
    /// Work on cards: `continue`, `face`, `later`, `residence_card_back`.
    #[serde(default)]
    pub card_tasks: Vec<String>,
    /// Remarks of the office.
    #[serde(default)]
    pub remarks: Vec<String>,
    /// Minor corrections (補正).
    #[serde(default)]
    pub corrections: Vec<String>,
}

/// The event.
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct EventData {
    /// Kind, by the catalogue's name: `move_in`, `move_within`, …
    pub kind: String,
    /// Date of the change (異動日).
    pub date: String,
    /// Words for a kind without a box of its own.
    #[serde(default)]
    pub other: String,
}

/// An address with its head of household (世帯主).
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct PlaceData {
    /// Address to the number.
    #[serde(default)]
    pub address: String,
    /// Building and room (方書).
    #[serde(default)]
    pub building: String,
    /// Head of household.
    #[serde(default)]
    pub head: String,
}

/// Registered domicile (本籍).
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct DomicileData {
    /// The place.
    #[serde(default)]
    pub place: String,
    /// Head of the family register (筆頭者).
    #[serde(default)]
    pub register_head: String,
}

/// One person.
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct MemberData {
    /// The person's number in the case, `n` of `member.<n>`.
    #[serde(default)]
    pub number: u8,
    /// Name, exactly as registered.
    pub name: String,
    /// Reading (フリガナ).
    #[serde(default)]
    pub kana: String,
    /// Former surname or alias (旧氏・通称), the name in kanji where there is neither.
    #[serde(default)]
    pub former_name: String,
    /// Alias (通称), also where [`Self::former_name`] has it.
    #[serde(default)]
    pub alias: String,
    /// Name in kanji of somebody registered in Latin letters (漢字併記名), likewise.
    #[serde(default)]
    pub kanji_name: String,
    /// Resident record code (住民票コード) before moving in; an item of the notification.
    #[serde(default)]
    pub resident_code: String,
    /// Date of birth.
    #[serde(default)]
    pub birth_date: String,
    /// Sex as printed.
    #[serde(default)]
    pub sex: String,
    /// Relation to the head after the change (続柄).
    #[serde(default)]
    pub relation: String,
    /// The same before it.
    #[serde(default)]
    pub relation_before: String,
    /// What the form asks of foreign residents.
    #[serde(default)]
    pub foreigner: ForeignerData,
    /// Procedures listed for this person; they tick the boxes.
    #[serde(default)]
    pub procedures: Vec<TickedProcedure>,
}

/// Items of a foreign resident (外国人住民).
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ForeignerData {
    /// Nationality or region (国籍・地域).
    #[serde(default)]
    pub nationality: String,
    /// Status of residence (在留資格).
    #[serde(default)]
    pub status: String,
    /// Period of stay (在留期間).
    #[serde(default)]
    pub period: String,
    /// Date it ends.
    #[serde(default)]
    pub expires: String,
    /// Number of the residence card.
    #[serde(default)]
    pub card_number: String,
}

/// A procedure that ticks a box.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TickedProcedure {
    /// Catalogue id.
    pub id: String,
    /// A fact is still unknown.
    #[serde(default)]
    pub to_confirm: bool,
}

/// Who files (届出人).
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct NotifierData {
    /// Name.
    pub name: String,
    /// Which of the members, where a member files.
    #[serde(skip)]
    pub(crate) member: Option<u8>,
    /// `self`, `head`, `member`, `guardian`, `proxy` or `messenger`.
    #[serde(default)]
    pub role: String,
    /// Nobody told the role: it is to whom the notification is about, and says nothing of anybody
    /// else.
    #[serde(skip)]
    pub(crate) role_derived: bool,
    /// Daytime telephone number.
    #[serde(default)]
    pub phone: String,
}

/// Identity check (本人確認).
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct IdentityData {
    /// `mncard`, `licence`, `passport`, `residence_card`, `other`, `two_points` or `oral`.
    #[serde(default)]
    pub kind: String,
    /// The two documents without a photograph that were shown, in words.
    #[serde(default)]
    pub documents: String,
    /// `chip`, `pin`, `seen`, `pending`.
    #[serde(default)]
    pub methods: Vec<String>,
}

macro_rules! hide_debug {
    ($($name:ident),+) => {$(
        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(concat!(stringify!($name), "(…)"))
            }
        }
    )+};
}
hide_debug!(
    ResidentMoveData,
    EventData,
    PlaceData,
    DomicileData,
    MemberData,
    ForeignerData,
    NotifierData,
    IdentityData
);

/// Why a snapshot is not a notification of a change of residence.
#[derive(Debug, Error, PartialEq, Eq)]
#[non_exhaustive]
pub enum FromSnapshotError {
    /// A field the form cannot do without.
    #[error("snapshot has no {0}")]
    Missing(FieldPath),
    /// Nobody is in the case.
    #[error("snapshot has no member")]
    NoMember,
}

impl ResidentMoveData {
    /// The data for the template.
    ///
    /// # Errors
    /// Never for values made by this crate; the encoder's error otherwise.
    pub fn to_form_data(&self) -> Result<FormData, serde_json::Error> {
        serde_json::to_value(self).map(FormData::new)
    }

    /// The field of the case a path of this form's data comes from, for example
    /// `members.2.name` → `member.2.name`: where a screen has to go when the form is refused.
    pub fn case_field(&self, path: &str) -> Option<FieldPath> {
        let field = match path {
            "new.address" | "new.building" | "old.address" | "old.building" => {
                let (side, rest) = path.split_once('.')?;
                let rest = if rest == "building" { ".building" } else { "" };
                format!("address.{side}{rest}")
            }
            "new.head" => "head.new".to_owned(),
            "old.head" => "head.old".to_owned(),
            "event.kind" => "event.type".to_owned(),
            "identity.documents" => "identity.paper.1".to_owned(),
            _ => match path.strip_prefix("members.") {
                Some(rest) => {
                    let (row, field) = rest.split_once('.')?;
                    let member = self
                        .members
                        .get(row.parse::<usize>().ok()?.checked_sub(1)?)?;
                    format!("member.{}.{field}", member.number)
                }
                None => path.to_owned(),
            },
        };
        Some(FieldPath(field))
    }
}

/// Takes what the form needs from a snapshot.
///
/// # Errors
/// When event, date (but of a request), a member's name or the notifier's name is missing.
pub fn from_snapshot(
    snapshot: &Snapshot,
    city: &City,
) -> Result<ResidentMoveData, FromSnapshotError> {
    let fields = Fields(snapshot);
    let members = members(&fields)?;
    let flow = fields.text("event.flow");
    let role = notifier_role(&fields);
    Ok(ResidentMoveData {
        city: city.name.clone(),
        branch: city.branch.clone(),
        receipt_number: snapshot.receipt_number.clone(),
        filed_on: snapshot.filed_on.clone(),
        event: event(&fields)?,
        new: fields.place("new"),
        old: fields.place("old"),
        domicile: DomicileData {
            place: fields.text("domicile.place"),
            register_head: fields.text("domicile.register_head"),
        },
        notifier: NotifierData {
            name: notifier_name(&fields)?,
            member: notifier_member(&fields),
            role_derived: fields.text("notifier.role") != role,
            role: role.clone(),
            phone: fields.text("notifier.phone"),
        },
        identity: IdentityData {
            kind: fields.text("identity.kind"),
            documents: documents(&fields),
            methods: words(&fields.text("identity.method")),
        },
        papers: papers(&fields, &flow, &role),
        card_tasks: card_tasks(snapshot),
        remarks: remarks(&fields),
        corrections: Vec::new(),
        members,
    })
}

/// What happened, and when. Somebody who only asks for a procedure tells no day.
fn event(fields: &Fields<'_>) -> Result<EventData, FromSnapshotError> {
    let kind = fields.required("event.type")?;
    let date = if kind == Event::Request.code() {
        fields.text("event.date")
    } else {
        fields.required("event.date")?
    };
    Ok(EventData {
        kind,
        date,
        other: fields.text("event.other"),
    })
}

/// A snapshot's fields as texts for paper.
pub(crate) struct Fields<'s>(pub(crate) &'s Snapshot);

impl Fields<'_> {
    fn value(&self, path: &str) -> Option<&FieldValue> {
        self.0
            .fields
            .get(&FieldPath::from(path))
            .map(|field| &field.value)
    }

    /// The text at `path`; empty when there is none.
    pub(crate) fn text(&self, path: &str) -> String {
        match self.value(path) {
            Some(FieldValue::Text(text)) => text.clone(),
            Some(FieldValue::Count(count)) => count.to_string(),
            Some(FieldValue::Unknown) => UNKNOWN.to_owned(),
            Some(FieldValue::Flag(_) | FieldValue::Cleared) | None => String::new(),
        }
    }

    pub(crate) fn required(&self, path: &str) -> Result<String, FromSnapshotError> {
        Some(self.text(path))
            .filter(|text| !text.is_empty())
            .ok_or_else(|| FromSnapshotError::Missing(path.into()))
    }

    fn flag(&self, path: &str) -> Option<bool> {
        match self.value(path) {
            Some(FieldValue::Flag(flag)) => Some(*flag),
            Some(
                FieldValue::Text(_)
                | FieldValue::Count(_)
                | FieldValue::Unknown
                | FieldValue::Cleared,
            )
            | None => None,
        }
    }

    /// The words at `path`, parted by commas.
    pub(crate) fn words(&self, path: &str) -> Vec<String> {
        words(&self.text(path))
    }

    /// Whether a part of the household stays.
    pub(crate) fn somebody_stays(&self) -> bool {
        self.0.fields.iter().any(|(path, field)| {
            let path = path.as_str();
            path.starts_with("member.")
                && path.ends_with(".moving")
                && field.value == FieldValue::Flag(false)
        })
    }

    fn place(&self, side: &str) -> PlaceData {
        PlaceData {
            address: self.text(&format!("address.{side}")),
            building: self.text(&format!("address.{side}.building")),
            head: self.text(&format!("head.{side}")),
        }
    }

    /// Numbers `n` of `member.<n>.…`, in order, without those who stay as they are.
    pub(crate) fn member_numbers(&self) -> BTreeSet<u8> {
        self.0
            .fields
            .keys()
            .filter_map(|path| path.as_str().strip_prefix("member.")?.split('.').next())
            .filter_map(|number| number.parse().ok())
            .filter(|number| self.flag(&format!("member.{number}.moving")) != Some(false))
            .collect()
    }
}

fn members(fields: &Fields<'_>) -> Result<Vec<MemberData>, FromSnapshotError> {
    let numbers = fields.member_numbers();
    if numbers.is_empty() {
        return Err(FromSnapshotError::NoMember);
    }
    numbers
        .into_iter()
        .map(|number| member(fields, number))
        .collect()
}

fn member(fields: &Fields<'_>, number: u8) -> Result<MemberData, FromSnapshotError> {
    let at = |name: &str| format!("member.{number}.{name}");
    let text = |name: &str| fields.text(&at(name));
    Ok(MemberData {
        number,
        name: fields.required(&at("name"))?,
        kana: text("kana"),
        former_name: [text("former_name"), text("alias"), text("kanji_name")]
            .into_iter()
            .find(|name| !name.is_empty())
            .unwrap_or_default(),
        alias: text("alias"),
        kanji_name: text("kanji_name"),
        resident_code: text("resident_code"),
        birth_date: text("birth_date"),
        sex: printed_sex(&text("sex")),
        relation: text("relation"),
        relation_before: text("relation_before"),
        foreigner: ForeignerData {
            nationality: Some(text("country"))
                .filter(|country| !country.is_empty())
                .unwrap_or_else(|| printed_nationality(&text("nationality"))),
            status: text("residence_status"),
            period: text("residence_period"),
            expires: text("residence_expires"),
            card_number: text("residence_card_number"),
        },
        procedures: fields
            .0
            .procedures
            .iter()
            .filter(|procedure| procedure.member == Some(number))
            .map(|procedure| TickedProcedure {
                id: procedure.id.clone(),
                to_confirm: procedure.to_confirm,
            })
            .collect(),
    })
}

/// The block is for foreign residents: a Japanese national leaves it empty.
fn printed_nationality(value: &str) -> String {
    match value {
        "日本" | "JPN" => "",
        "外国" => "日本以外",
        other => other,
    }
    .to_owned()
}

/// Sex as printed; the chip's code (JIS X 0303) and English words are taken too.
fn printed_sex(value: &str) -> String {
    match value {
        "1" | "male" | "m" => "男",
        "2" | "female" | "f" => "女",
        other => other,
    }
    .to_owned()
}

/// Whoever files; a member of the household may file without moving.
fn notifier_name(fields: &Fields<'_>) -> Result<String, FromSnapshotError> {
    let given = fields.text("notifier.name");
    if !given.is_empty() {
        return Ok(given);
    }
    let number = fields.text("notifier.member");
    Some(fields.text(&format!("member.{number}.name")))
        .filter(|name| !name.is_empty())
        .ok_or_else(|| FromSnapshotError::Missing("notifier.member".into()))
}

/// The member who files; nobody where another's name is written.
fn notifier_member(fields: &Fields<'_>) -> Option<u8> {
    let is_member = fields.text("notifier.name").is_empty();
    is_member.then(|| fields.text("notifier.member").parse().ok())?
}

/// As whom somebody files; of a member of the household it follows from who that is.
fn notifier_role(fields: &Fields<'_>) -> String {
    let told = fields.text("notifier.role");
    let number = fields.text("notifier.member");
    if !told.is_empty() || fields.text(&format!("member.{number}.name")).is_empty() {
        return told;
    }
    let of_member = |name: &str| format!("member.{number}.{name}");
    if fields.flag(&of_member("moving")) != Some(false) {
        return "self".to_owned();
    }
    let relations = ["relation", "relation_before"].map(|name| fields.text(&of_member(name)));
    let is_head = relations.iter().any(|relation| relation == HEAD);
    if is_head { "head" } else { "member" }.to_owned()
}

/// The documents of an identity check by two of them.
fn documents(fields: &Fields<'_>) -> String {
    let shown = ["identity.paper.1", "identity.paper.2"].map(|path| fields.text(path));
    let shown: Vec<String> = shown.into_iter().filter(|name| !name.is_empty()).collect();
    shown.join("、")
}

/// What the office must know beside the boxes.
fn remarks(fields: &Fields<'_>) -> Vec<String> {
    let said = |label: &str, path: &str| {
        let text = fields.text(path);
        let text = text.parse::<FuzzyDate>().map_or(text, |date| date.wareki());
        (!text.is_empty()).then(|| [label, "：", &text].concat())
    };
    let mut remarks = words(&fields.text("office.remarks"));
    remarks.extend(
        [
            ("期間経過の理由", "event.late_reason"),
            ("理由", "event.reason"),
            ("入国・帰国日", "event.landed_on"),
            ("国内の最終登録地", "address.last"),
            ("残る世帯の世帯主", "head.staying"),
            ("新本籍", "domicile.new.place"),
            ("新筆頭者", "domicile.new.register_head"),
        ]
        .into_iter()
        .filter_map(|(label, path)| said(label, path)),
    );
    remarks
}

/// The flow says how the move-out was filed (`oss`, `card` or `paper`), the role who came.
fn papers(fields: &Fields<'_>, flow: &str, role: &str) -> Vec<String> {
    let mut papers = Vec::new();
    match flow {
        "oss" | "card" => papers.push("move_out_data".to_owned()),
        "paper" => papers.push("move_out_certificate".to_owned()),
        _ => {}
    }
    let authority = fields.text("proof.authority");
    let has_letter = authority == "委任状" || fields.flag("notifier.proxy_letter") == Some(true);
    if role == "proxy" && has_letter {
        papers.push("proxy_letter".to_owned());
    }
    if role == "guardian" {
        papers.push("guardian_proof".to_owned());
    }
    papers
}

/// Continued use of the card (P036) is done on the national terminal, which needs the line: the
/// form asks for it and for the new address on the card's face.
fn card_tasks(snapshot: &Snapshot) -> Vec<String> {
    let listed = |id: &str| {
        snapshot
            .procedures
            .iter()
            .any(|p| p.id == id && !p.to_confirm)
    };
    let mut tasks = Vec::new();
    if listed("P036") {
        tasks.extend(["continue".to_owned(), "face".to_owned()]);
    } else if listed("P037") {
        tasks.push("face".to_owned());
    }
    tasks
}

fn words(text: &str) -> Vec<String> {
    text.split([',', '\n'])
        .map(str::trim)
        .filter(|w| !w.is_empty())
        .map(str::to_owned)
        .collect()
}
