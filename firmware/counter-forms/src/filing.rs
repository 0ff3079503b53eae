//! What is signed: from a snapshot to the data of the form its event is filed on.
//!
//! A snapshot names its form. The notification of a change of residence, the move-out and the
//! change of household share their people; a request for certificates has its lines instead.

use counter_domain::event::Event;
use counter_domain::snapshot::Snapshot;
use serde_json::{Value, json};
use thiserror::Error;

use crate::data::FormData;
use crate::resident_move::{self, City, Fields, FromSnapshotError, ResidentMoveData};

/// One certificate asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CertificateLine {
    /// As its form names it, for example `all`.
    pub kind: String,
    /// Copies.
    pub copies: u16,
    /// Yen for one copy.
    pub fee_yen: u32,
    /// What is added to it, by the catalogue's ids.
    pub options: Vec<String>,
}

/// What a snapshot does not say in words of its own.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Said {
    /// Name of the event, for a form without a box for it.
    pub event: String,
    /// The certificates asked for.
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

/// The data of the form a snapshot is signed on.
///
/// # Errors
/// When the snapshot lacks what the form cannot do without.
pub fn filing(snapshot: &Snapshot, city: &City, said: &Said) -> Result<Filing, FilingError> {
    let form = form_of(snapshot);
    let data = if said.lines.is_empty() {
        change(snapshot, city, said)?
    } else {
        request(snapshot, city, said)?
    };
    Ok(Filing {
        form: form.to_owned(),
        data,
    })
}

/// A notification: the people it concerns, where they live before and after.
fn change(snapshot: &Snapshot, city: &City, said: &Said) -> Result<FormData, FilingError> {
    let mut case = resident_move::from_snapshot(snapshot, city)?;
    if !has_a_box(&case) && case.event.other.is_empty() {
        case.event.other.clone_from(&said.event);
    }
    let fields = Fields(snapshot);
    let detail = match form_of(snapshot) {
        "move-out" => move_out(&fields, &case),
        "household-change" => household(&fields, &case),
        _ => json!({}),
    };
    let notifier = json!({ "address": notifier_address(&fields, &case) });
    let base = FormData::new(serde_json::to_value(&case)?);
    Ok(base.patched(&json!({ "detail": detail, "notifier": notifier })))
}

/// Whether the notification has a box for the event.
fn has_a_box(case: &ResidentMoveData) -> bool {
    Event::from_code(&case.event.kind)
        .is_some_and(|event| event.needs_new_address() || event.changes_households())
}

fn move_out(fields: &Fields<'_>, case: &ResidentMoveData) -> Value {
    let abroad = case.event.kind == Event::MoveOutAbroad.code();
    let (kind, certificate) = match fields.text("event.flow").as_str() {
        _ if abroad => ("abroad", "none"),
        "card" | "oss" => ("card", "none"),
        _ => ("domestic", "counter"),
    };
    let whole = if fields.somebody_stays() {
        "part"
    } else {
        "all"
    };
    json!({ "kind": kind, "certificate": certificate, "whole": whole })
}

fn household(fields: &Fields<'_>, case: &ResidentMoveData) -> Value {
    let (kind, livelihood) = match Event::from_code(&case.event.kind) {
        Some(Event::HouseholdSplit) => ("split", json!(["separate"])),
        Some(Event::HouseholdMerge) => ("merge", json!(["same"])),
        Some(Event::HouseholdChange) => ("change", json!([])),
        _ => ("head", json!([])),
    };
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
fn request(snapshot: &Snapshot, city: &City, said: &Said) -> Result<FormData, FilingError> {
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
            "role": role(form_of(snapshot), &asker), "phone": fields.text("notifier.phone"),
        },
        "identity": { "kind": fields.text("identity.kind"), "methods": fields.words("identity.method") },
        "subject": {
            "name": name, "kana": own("kana"), "birth_date": own("birth_date"), "address": address,
        },
        "domicile": {
            "place": fields.text("domicile.place"),
            "register_head": fields.text("domicile.register_head"),
        },
        "lines": lines(&fields, said),
        "detail": detail(&fields, said, &names),
    })))
}

fn lines(fields: &Fields<'_>, said: &Said) -> Value {
    let year = fields.text("request.year");
    said.lines
        .iter()
        .map(|line| {
            json!({ "kind": line.kind, "copies": line.copies, "fee": line.fee_yen, "year": year })
        })
        .collect()
}

fn detail(fields: &Fields<'_>, said: &Said, names: &[String]) -> Value {
    let chosen = |option: &str| {
        let mut all = said.lines.iter().flat_map(|line| &line.options);
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
    let first = said.lines.first();
    json!({
        "members": if names.len() > 1 { names.join("、") } else { String::new() },
        "include": include, "foreigner": foreigner,
        "purpose": fields.text("request.purpose"), "submit_to": fields.text("request.submit_to"),
        "reason": fields.text("request.reason"),
        "copies": first.map(|line| line.copies), "fee": first.map(|line| line.fee_yen),
    })
}

/// Who asks, as each form names them; empty where the form has no box for them.
fn role(form: &str, asker: &str) -> &'static str {
    const ROLES: [(&str, &str, &str); 28] = [
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
