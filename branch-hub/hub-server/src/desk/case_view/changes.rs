//! What is new since the submission before.

use std::collections::BTreeMap;

use counter_domain::case::Remark;
use counter_domain::draft::FieldPath;
use counter_domain::snapshot::{Snapshot, SnapshotField};

use super::super::labels;
use super::super::pages::Chip;
use super::Content;
use super::fields::{labelled, value};
use super::remarks::{RemarkLine, named_remark, remarks_on};

/// What is new since the snapshot before.
pub(crate) struct Changes {
    pub rows: Vec<ChangeLine>,
    pub open_remarks: Vec<RemarkLine>,
    pub procedures: Vec<String>,
    pub unchanged: usize,
}

/// One changed field.
pub(crate) struct ChangeLine {
    pub path: String,
    pub label: String,
    pub old: String,
    pub new: String,
    pub exact: bool,
    pub source: Option<Chip>,
    pub remarks: Vec<RemarkLine>,
}

/// The difference between two submissions, with the remarks of the return between them.
pub(super) fn changes(before: Content<'_>, now: Content<'_>, remarks: &[Remark]) -> Changes {
    let differences = hub_store::difference(before.snapshot, now.snapshot);
    let changed: Vec<&FieldPath> = differences.iter().map(|one| &one.path).collect();
    let rows = differences
        .iter()
        .map(|one| ChangeLine {
            path: one.path.to_string(),
            label: labelled(&one.path, now),
            old: shown(&one.path, one.before.as_ref(), before),
            new: shown(&one.path, one.after.as_ref(), now),
            exact: labels::is_exact(one.path.as_str()),
            source: one.after.as_ref().map(|field| labels::source(field.source)),
            remarks: remarks_on(remarks, &one.path),
        })
        .collect();
    let open_remarks = remarks
        .iter()
        .filter(|remark| !changed.contains(&&remark.path))
        .map(|remark| named_remark(remark, now))
        .collect();
    let unchanged = now
        .snapshot
        .fields
        .keys()
        .filter(|path| !changed.contains(path))
        .count();
    Changes {
        rows,
        open_remarks,
        procedures: procedure_changes(before.snapshot, now.snapshot),
        unchanged,
    }
}

fn procedure_changes(before: &Snapshot, now: &Snapshot) -> Vec<String> {
    let keys = |snapshot: &Snapshot| -> BTreeMap<(String, Option<u8>), String> {
        snapshot
            .procedures
            .iter()
            .map(|one| ((one.id.clone(), one.member), one.name.clone()))
            .collect()
    };
    let (old, new) = (keys(before), keys(now));
    let added = new.iter().filter(|(key, _)| !old.contains_key(*key));
    let gone = old.iter().filter(|(key, _)| !new.contains_key(*key));
    let added = added.map(|(_, name)| format!("手続きが増えました：{name}"));
    added
        .chain(gone.map(|(_, name)| format!("手続きがなくなりました：{name}")))
        .collect()
}

fn shown(path: &FieldPath, field: Option<&SnapshotField>, content: Content<'_>) -> String {
    field.map_or_else(
        || "（なし）".to_owned(),
        |field| value(path, field, content),
    )
}
