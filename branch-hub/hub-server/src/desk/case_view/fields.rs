//! The fields of a submission, by person.

use std::collections::BTreeMap;

use counter_domain::case::Remark;
use counter_domain::draft::{FieldPath, FieldValue};
use counter_domain::reading::Reading;
use counter_domain::snapshot::{Snapshot, SnapshotField};

use super::super::labels;
use super::super::pages::Chip;
use super::Content;
use super::changes::Changes;
use super::remarks::{RemarkLine, remarks_on};

/// Fields of one person, or of the move.
pub(crate) struct Group {
    pub icon: &'static str,
    pub title: String,
    pub rows: Vec<FieldLine>,
}

/// One field.
pub(crate) struct FieldLine {
    pub path: String,
    pub label: String,
    pub value: String,
    pub exact: bool,
    pub source: Option<Chip>,
    /// The strip of paper it was read from: PNG in base64.
    pub strip: Option<String>,
    pub remarks: Vec<RemarkLine>,
}

/// The text of a field; empty when there is none.
pub(super) fn raw(snapshot: &Snapshot, path: &str) -> String {
    let field = snapshot.fields.get(&FieldPath::from(path));
    field
        .and_then(|field| field.value.as_text())
        .unwrap_or_default()
        .to_owned()
}

/// A value in words; a member is named.
pub(super) fn value(path: &FieldPath, field: &SnapshotField, content: Content<'_>) -> String {
    let number = match (&field.value, path.as_str()) {
        (FieldValue::Count(number), "notifier.member") => u8::try_from(*number).ok(),
        (FieldValue::Text(number), "notifier.member") => number.parse().ok(),
        _ => None,
    };
    number.map_or_else(
        || labels::value(path.as_str(), &field.value, content.answers),
        |number| name_of(content.snapshot, number),
    )
}

/// Label with the person before it, for lists that mix persons.
pub(super) fn labelled(path: &FieldPath, content: Content<'_>) -> String {
    let label = labels::field(path.as_str(), content.answers);
    match member_of(path).or_else(|| labels::answering_member(path.as_str())) {
        Some(member) => format!("{} {label}", name_of(content.snapshot, member)),
        None => label,
    }
}

fn member_of(path: &FieldPath) -> Option<u8> {
    path.as_str()
        .strip_prefix("member.")?
        .split('.')
        .next()?
        .parse()
        .ok()
}

/// Name of a person, or the number.
pub(super) fn name_of(snapshot: &Snapshot, member: u8) -> String {
    let name = raw(snapshot, &format!("member.{member}.name"));
    if name.is_empty() {
        format!("{member} 人目")
    } else {
        name
    }
}

/// Fields by person; first the move, then the persons, then identity and answers. Fields already
/// shown as changed are left out.
pub(super) fn groups(
    content: Content<'_>,
    changes: Option<&Changes>,
    remarks: &[Remark],
) -> Vec<Group> {
    let mut found: BTreeMap<(u8, u8), Group> = BTreeMap::new();
    for (path, field) in &content.snapshot.fields {
        if changes.is_some_and(|all| all.rows.iter().any(|row| row.path == path.as_str())) {
            continue;
        }
        let (order, icon, title) = place(path, content.snapshot);
        let group = found.entry(order).or_insert_with(|| Group {
            icon,
            title,
            rows: Vec::new(),
        });
        group.rows.push(line(path, field, content, remarks));
    }
    let mut groups: Vec<Group> = found.into_values().collect();
    for group in &mut groups {
        group.rows.sort_by_key(|row| rank(&row.path));
    }
    groups
}

/// Puts the strips of paper under the fields that were read from them.
pub(super) fn with_strips(mut groups: Vec<Group>, reading: Option<&Reading>) -> Vec<Group> {
    // The bytes stand in the page as they are: nothing but base64 may.
    let is_plain = |text: &str| {
        let mut bytes = text.bytes();
        bytes.all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/' | b'='))
    };
    for row in groups.iter_mut().flat_map(|group| &mut group.rows) {
        let read = reading.and_then(|reading| reading.field(&row.path));
        let strip = read.map(|read| &read.snippet);
        row.strip = strip
            .filter(|strip| !strip.is_empty() && is_plain(strip))
            .cloned();
    }
    groups
}

fn place(path: &FieldPath, snapshot: &Snapshot) -> ((u8, u8), &'static str, String) {
    let root = path.as_str().split('.').next().unwrap_or_default();
    match (root, member_of(path)) {
        ("member", Some(member)) => ((1, member), "person", name_of(snapshot, member)),
        ("answer", _) => ((3, 0), "record_voice_over", "聞き取り".to_owned()),
        ("identity", _) => ((2, 0), "description", "本人確認".to_owned()),
        _ => ((0, 0), "location_city", "異動の内容".to_owned()),
    }
}

/// Order inside a group: as on the form.
fn rank(path: &str) -> usize {
    const ORDER: [&str; 24] = [
        "event.type",
        "event.flow",
        "event.date",
        "address.new",
        "address.new.building",
        "head.new",
        "address.old",
        "address.old.building",
        "head.old",
        "domicile.place",
        "domicile.register_head",
        "notifier.member",
        "notifier.role",
        "notifier.phone",
        "name",
        "kana",
        "birth_date",
        "sex",
        "relation",
        "relation_before",
        "nationality",
        "resident_code",
        "identity.kind",
        "identity.method",
    ];
    let leaf = path
        .strip_prefix("member.")
        .and_then(|rest| rest.split_once('.'))
        .map_or(path, |(_, leaf)| leaf);
    ORDER
        .iter()
        .position(|known| *known == leaf)
        .unwrap_or(ORDER.len())
}

fn line(
    path: &FieldPath,
    field: &SnapshotField,
    content: Content<'_>,
    remarks: &[Remark],
) -> FieldLine {
    // A person's own group does not name the person again; answers stand in one group for all.
    let label = match member_of(path) {
        Some(_) => labels::field(path.as_str(), content.answers),
        None => labelled(path, content),
    };
    FieldLine {
        path: path.to_string(),
        label,
        value: value(path, field, content),
        exact: labels::is_exact(path.as_str()),
        source: Some(labels::source(field.source)),
        strip: None,
        remarks: remarks_on(remarks, path),
    }
}
