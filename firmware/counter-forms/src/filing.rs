//! What is signed: from a snapshot to the data of the form its event is filed on.
//!
//! A snapshot names its form. The notification of a change of residence, the move-out and the
//! change of household share their people; a request for certificates has its lines instead, each
//! of which names its own form: one request fills as many forms as it needs.

use std::collections::BTreeMap;

use counter_domain::draft::FieldValue;
use counter_domain::event::Event;
use counter_domain::snapshot::Snapshot;
use serde_json::{Value, json};
use thiserror::Error;

use crate::data::FormData;
use crate::resident_move::{self, City, Fields, FromSnapshotError, ResidentMoveData};

/// One certificate asked for.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct CertificateLine {
    /// Its id in the catalogue, for example `C01`.
    pub certificate: String,
    /// The form it is asked for on, for example `resident-record`.
    pub form: String,
    /// As its form names it, for example `all`.
    pub kind: String,
    /// Copies.
    pub copies: u16,
    /// Yen for one copy.
    pub fee_yen: u32,
    /// What is added to it, by the catalogue's ids.
    pub options: Vec<String>,
    /// What the line says besides: the year of a tax, the time covered, the facts to certify.
    pub detail: String,
}

/// What a snapshot does not say in words of its own.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Said {
    /// Name of the event, for a form without a box for it.
    pub event: String,
    /// The certificates asked for, where the snapshot was signed before it named the form and the
    /// fee of each.
    pub lines: Vec<CertificateLine>,
}

/// A filled form.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Filing {
    /// The form.
    pub form: String,
    /// What stands on it.
    pub data: FormData,
}

/// Why a snapshot does not fill its form.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum FilingError {
    /// It lacks something.
    #[error(transparent)]
    Snapshot(#[from] FromSnapshotError),
    /// The data is no document.
    #[error("data of a form: {0}")]
    Encode(#[from] serde_json::Error),
}

/// The form a snapshot is signed on: `move-out` of `move-out/1`.
pub fn form_of(snapshot: &Snapshot) -> &str {
    snapshot
        .form
        .split_once('/')
        .map_or(snapshot.form.as_str(), |(form, _)| form)
}

/// How [`crate::Forms`] is asked for a form of a snapshot: by name and version, `move-out/2`, where
/// the snapshot names the version it was signed on; else by name alone, for the one in force then.
pub fn named_version(snapshot: &Snapshot, form: &str) -> String {
    let named = snapshot.forms.iter().find(|one| one.name == form);
    named.map_or_else(
        || form.to_owned(),
        |one| format!("{}/{}", one.name, one.version),
    )
}

/// Forms and versions of a filing (様式番号と版), `F001/1`: those the signed content names, empty in
/// what was signed before contents named them; and those its page names itself, empty where a
/// template does not.
pub fn forms_named(snapshot: &Snapshot, page: &[u8]) -> (Vec<String>, Vec<String>) {
    let signed = snapshot.forms.iter();
    let signed = signed.map(|form| format!("{}/{}", form.number, form.version));
    let on_page = crate::named::forms_named_on(page).into_iter();
    let on_page = on_page.map(|(number, version)| format!("{number}/{version}"));
    (signed.collect(), on_page.collect())
}

/// The forms a snapshot is printed on, by name, in the order of [`filings`]; `lines` as there.
pub fn forms_of(snapshot: &Snapshot, lines: &[CertificateLine]) -> Vec<String> {
    let own = lines_of(snapshot);
    let lines = if own.is_empty() { lines } else { &own };
    let mut forms: Vec<String> = Vec::new();
    for line in lines {
        if !forms.contains(&line.form) {
            forms.push(line.form.clone());
        }
    }
    if forms.is_empty() {
        forms.push(form_of(snapshot).to_owned());
    }
    forms
}

/// What stands before the certificates of a request: `certificate.C01.copies`.
const CERTIFICATE: &str = "certificate.";

/// The certificates a snapshot asks for, by id, with the form and the fee it was signed with.
/// Empty for everything else, and for a request that does not name them.
pub fn lines_of(snapshot: &Snapshot) -> Vec<CertificateLine> {
    let mut lines: BTreeMap<&str, CertificateLine> = BTreeMap::new();
    for (path, field) in &snapshot.fields {
        let of_one = path.as_str().strip_prefix(CERTIFICATE);
        let Some((id, what)) = of_one.and_then(|rest| rest.split_once('.')) else {
            continue;
        };
        let line = lines.entry(id).or_default();
        match (what, &field.value) {
            ("copies", FieldValue::Count(count)) => {
                line.copies = u16::try_from(*count).unwrap_or_default();
            }
            ("fee", FieldValue::Count(yen)) => {
                line.fee_yen = u32::try_from(*yen).unwrap_or_default();
            }
            ("options", FieldValue::Text(text)) => {
                let chosen = text.split(',').filter(|one| !one.is_empty());
                line.options = chosen.map(str::to_owned).collect();
            }
            ("detail", FieldValue::Text(text)) => line.detail.clone_from(text),
            ("form", FieldValue::Text(text)) => {
                if let Some((form, kind)) = text.split_once('/') {
                    form.clone_into(&mut line.form);
                    kind.clone_into(&mut line.kind);
                }
            }
            _ => {}
        }
    }
    let named = lines
        .into_iter()
        .filter(|(_, line)| line.copies > 0 && !line.form.is_empty());
    named
        .map(|(id, line)| CertificateLine {
            certificate: id.to_owned(),
            ..line
        })
        .collect()
}

/// The filled forms of a snapshot: one, or those of a request for certificates of several forms,
/// in the order of their first certificate.
///
/// # Errors
/// When the snapshot lacks what a form cannot do without.
pub fn filings(snapshot: &Snapshot, city: &City, said: &Said) -> Result<Vec<Filing>, FilingError> {
    let mut lines = lines_of(snapshot);
    if lines.is_empty() {
        lines.clone_from(&said.lines);
    }
    if lines.is_empty() {
        let data = change(snapshot, city, said)?;
        let form = form_of(snapshot).to_owned();
        return Ok(vec![Filing { form, data }]);
    }
    let mut forms: Vec<(String, Vec<CertificateLine>)> = Vec::new();
    for line in lines {
        match forms.iter_mut().find(|(form, _)| *form == line.form) {
            Some((_, of_form)) => of_form.push(line),
            None => forms.push((line.form.clone(), vec![line])),
        }
    }
    let filled = forms.into_iter().map(|(form, lines)| {
        let data = request(snapshot, city, &form, &lines)?;
        Ok(Filing { form, data })
    });
    filled.collect()
}

/// A notification: the people it concerns, where they live before and after.
fn change(snapshot: &Snapshot, city: &City, said: &Said) -> Result<FormData, FilingError> {
    let mut case = resident_move::from_snapshot(snapshot, city)?;
    if !has_a_box(&case) && case.event.other.is_empty() {
        case.event.other.clone_from(&said.event);
    }
    let fields = Fields(snapshot);
    let own = match form_of(snapshot) {
        "move-out" => json!({ "detail": move_out(&fields, &case) }),
        "household-change" => json!({ "detail": household(&fields, &case) }),
        "relation-change" => at_home(&case, &relation_change(&fields)),
        "move-out-cancel" => at_home(&case, &move_out_cancel(&fields)),
        "record-correction" => {
            let items = json!({ "items": corrected_items(&fields, &case) });
            let patch = FormData::new(at_home(&case, &correction(&fields))).patched(&items);
            patch.as_json().clone()
        }
        _ => json!({ "detail": {} }),
    };
    let notifier = json!({ "notifier": { "address": notifier_address(&fields, &case) } });
    let base = FormData::new(serde_json::to_value(&case)?);
    Ok(base.patched(&own).patched(&notifier))
}

/// What a form about people who stay where they are says of it, with details of its own.
fn at_home(case: &ResidentMoveData, detail: &Value) -> Value {
    let address = joined(&[&case.new.address, &case.new.building]);
    json!({ "detail": detail, "subject": { "address": address } })
}

/// The relation of a foreign resident to the head (続柄変更届).
fn relation_change(fields: &Fields<'_>) -> Value {
    let head = match fields.text("head.nationality").as_str() {
        "" => "",
        "日本" => "japanese",
        _ => "foreign",
    };
    json!({
        "head_class": head, "reason": fields.text("event.relation_reason"),
        "papers": fields.words("proof.relation"), "issued_by": fields.text("proof.issued_by"),
        "translator": fields.text("proof.translator"),
    })
}

/// A move-out that does not take place (転出取消届).
fn move_out_cancel(fields: &Fields<'_>) -> Value {
    let consents = [("cancelled.here", "here"), ("cancelled.again", "again")];
    json!({
        "destination": fields.text("address.planned"),
        "moved_filed_on": fields.text("cancelled.filed_on"), "reason": fields.text("event.reason"),
        "flow": fields.text("cancelled.flow"), "certificate": fields.text("cancelled.certificate"),
        "consents": confirmed(fields, &consents),
    })
}

/// What was confirmed, of paths and the form's own words for them.
fn confirmed<'w>(fields: &Fields<'_>, paths: &[(&str, &'w str)]) -> Vec<&'w str> {
    let given = paths.iter().filter(|(path, _)| fields.text(path) == "yes");
    given.map(|(_, confirmed)| *confirmed).collect()
}

/// What is asked to be entered or corrected (職権記載・修正の申出).
fn correction(fields: &Fields<'_>) -> Value {
    json!({
        "kind": fields.text("event.correction"), "happened_on": fields.text("event.date"),
        "papers": fields.words("proof.correction"), "paper_names": fields.text("proof.names"),
        "reason": fields.text("event.reason"),
    })
}

/// One entry for each person whose record is to be corrected.
fn corrected_items(fields: &Fields<'_>, case: &ResidentMoveData) -> Value {
    let items = case.members.iter().map(|member| {
        let own = |name: &str| fields.text(&format!("member.{}.{name}", member.number));
        json!({
            "name": member.name, "item": own("wrong_item"), "now": own("wrong_now"),
            "right": own("wrong_right"),
        })
    });
    items.collect()
}

/// Whether the notification has a box for the event.
fn has_a_box(case: &ResidentMoveData) -> bool {
    Event::from_code(&case.event.kind)
        .is_some_and(|event| event.needs_new_address() || event.changes_households())
}

fn move_out(fields: &Fields<'_>, case: &ResidentMoveData) -> Value {
    let abroad = case.event.kind == Event::MoveOutAbroad.code();
    let mailed = fields.text("event.certificate") == "mail";
    let (kind, certificate) = match fields.text("event.flow").as_str() {
        _ if abroad => ("abroad", "none"),
        "card" | "oss" => ("card", "none"),
        _ if mailed => ("domestic", "mail"),
        _ => ("domestic", "counter"),
    };
    let mail_to = fields.text("address.mail");
    let whole = if fields.somebody_stays() {
        "part"
    } else {
        "all"
    };
    json!({
        "kind": kind, "certificate": certificate, "whole": whole,
        "returned": fields.words("event.returned"),
        "mail_to": (certificate == "mail").then_some(mail_to),
    })
}

fn household(fields: &Fields<'_>, case: &ResidentMoveData) -> Value {
    let kind = match Event::from_code(&case.event.kind) {
        Some(Event::HouseholdSplit) => "split",
        Some(Event::HouseholdMerge) => "merge",
        Some(Event::HouseholdChange) => "change",
        _ => "head",
    };
    let livelihood = [
        ("livelihood.separate", "separate"),
        ("livelihood.same", "same"),
    ];
    let livelihood = confirmed(fields, &livelihood);
    json!({ "kind": kind, "livelihood": livelihood, "reason": fields.text("event.reason") })
}

/// Where the notifier lives: as written, else where the members lived when they file.
fn notifier_address(fields: &Fields<'_>, case: &ResidentMoveData) -> String {
    let written = fields.text("notifier.address");
    if !written.is_empty() {
        return written;
    }
    let leaves = Event::from_code(&case.event.kind).is_some_and(Event::goes_out);
    let place = if leaves { &case.old } else { &case.new };
    joined(&[&place.address, &place.building])
}

fn joined(parts: &[&str]) -> String {
    let parts: Vec<&str> = parts
        .iter()
        .copied()
        .filter(|part| !part.is_empty())
        .collect();
    parts.join("　")
}

/// A request for certificates: who asks, about whom, which.
fn request(
    snapshot: &Snapshot,
    city: &City,
    form: &str,
    lines: &[CertificateLine],
) -> Result<FormData, FilingError> {
    let fields = Fields(snapshot);
    let numbers = fields.member_numbers();
    let first = numbers.first().ok_or(FromSnapshotError::NoMember)?;
    let own = |name: &str| fields.text(&format!("member.{first}.{name}"));
    let name = fields.required(&format!("member.{first}.name"))?;
    let address = fields.text("address.new");
    let asker = fields.text("request.asker");
    let named = |path: &str, same: &str| {
        let written = fields.text(path);
        if written.is_empty() && asker == "self" {
            same.to_owned()
        } else {
            written
        }
    };
    let names: Vec<String> = numbers
        .iter()
        .map(|number| fields.text(&format!("member.{number}.name")))
        .collect();
    Ok(FormData::new(json!({
        "city": city.name, "branch": city.branch,
        "receipt_number": snapshot.receipt_number, "filed_on": snapshot.filed_on,
        "notifier": {
            "name": named("notifier.name", &name), "address": named("notifier.address", &address),
            "role": role(form, &asker), "phone": fields.text("notifier.phone"),
        },
        "identity": { "kind": fields.text("identity.kind"), "methods": fields.words("identity.method") },
        "subject": {
            "name": name, "kana": own("kana"), "birth_date": own("birth_date"), "address": address,
        },
        "domicile": {
            "place": fields.text("domicile.place"),
            "register_head": fields.text("domicile.register_head"),
        },
        "lines": drawn_lines(lines),
        "detail": detail(&fields, lines, &names),
        "properties": listed("place", &fields.text("request.property")),
        "vehicles": listed("plate", &fields.text("request.plate")),
    })))
}

fn drawn_lines(lines: &[CertificateLine]) -> Value {
    let drawn = lines.iter().map(|line| {
        json!({
            "kind": line.kind, "copies": line.copies, "fee": line.fee_yen, "year": line.detail,
        })
    });
    drawn.collect()
}

/// What the lines say, each thing once.
fn details(lines: &[CertificateLine]) -> String {
    let mut said: Vec<&str> = Vec::new();
    for line in lines {
        if !said.contains(&line.detail.as_str()) {
            said.push(&line.detail);
        }
    }
    joined(&said)
}

fn detail(fields: &Fields<'_>, lines: &[CertificateLine], names: &[String]) -> Value {
    let chosen = |option: &str| {
        let mut all = lines.iter().flat_map(|line| &line.options);
        all.any(|one| one == option)
    };
    let include: Vec<&str> = [
        ("honseki", "domicile"),
        ("zokugara", "relation"),
        ("kyuuji", "former"),
        ("history", "history"),
        ("jumincode", "code"),
        ("mynumber", "number"),
    ]
    .into_iter()
    .filter_map(|(option, item)| chosen(option).then_some(item))
    .collect();
    let foreigner: &[&str] = if chosen("foreign") {
        &["nationality", "status", "card"]
    } else {
        &[]
    };
    json!({
        "members": if names.len() > 1 { names.join("、") } else { String::new() },
        "include": include, "foreigner": foreigner,
        "purpose": fields.text("request.purpose"), "submit_to": fields.text("request.submit_to"),
        "reason": fields.text("request.reason"), "property": fields.text("request.property"),
        "place": fields.text("request.property"), "plate": fields.text("request.plate"),
        "matter": fields.text("request.matter"), "period": details(lines),
    })
}

/// A list of one entry that says one thing; an empty one when it says nothing.
fn listed(name: &str, text: &str) -> Value {
    match text {
        "" => json!([]),
        text => json!([{ name: text }]),
    }
}

/// Who asks, as each form names them; empty where the form has no box for them.
fn role(form: &str, asker: &str) -> &'static str {
    const ROLES: [(&str, &str, &str); 31] = [
        ("resident-record", "household", "household"),
        ("resident-record", "heir", "third"),
        ("resident-record", "third_party", "third"),
        ("resident-record", "official", "duty"),
        ("resident-record", "professional", "duty"),
        ("family-register", "spouse_or_lineal", "self"),
        ("family-register", "third_party", "third"),
        ("family-register", "official", "duty"),
        ("family-register", "professional", "duty"),
        ("seal-certificate", "household", "household"),
        ("tax-certificate", "household", "household"),
        ("tax-certificate", "heir", "heir"),
        ("tax-certificate", "tenant", "tenant"),
        ("tax-certificate", "company", "corporate"),
        ("family-notification", "spouse_or_lineal", "lineal"),
        ("family-notification", "third_party", "interested"),
        ("family-notification", "official", "duty"),
        ("family-notification", "professional", "duty"),
        ("seal-certificate", "official", "duty"),
        ("administrative-certificate", "official", "interested"),
        ("administrative-certificate", "professional", "interested"),
        ("property-certificate", "heir", "heir"),
        ("property-certificate", "tenant", "tenant"),
        ("property-certificate", "official", "court"),
        ("vehicle-certificate", "household", "household"),
        ("administrative-certificate", "household", "household"),
        ("administrative-certificate", "third_party", "interested"),
        ("administrative-certificate", "company", "corporate"),
        ("disaster-certificate", "household", "household"),
        ("insurance-certificate", "household", "household"),
        ("insurance-certificate", "heir", "heir"),
    ];
    match asker {
        "self" => "self",
        "proxy" => "proxy",
        _ => ROLES
            .iter()
            .find(|(on, who, _)| (*on, *who) == (form, asker))
            .map_or("", |(_, _, role)| role),
    }
}
