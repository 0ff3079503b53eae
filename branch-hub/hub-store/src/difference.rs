//! What changed between two snapshots.

use std::collections::BTreeSet;

use counter_domain::draft::FieldPath;
use counter_domain::snapshot::{Snapshot, SnapshotField};

/// A field that is not the same in both.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FieldDifference {
    /// Which.
    pub path: FieldPath,
    /// In the earlier one; `None` when it was not there.
    pub before: Option<SnapshotField>,
    /// In the later one; `None` when it is gone.
    pub after: Option<SnapshotField>,
}

/// The fields whose value differs, in path order. Another source alone is no difference.
pub fn difference(before: &Snapshot, after: &Snapshot) -> Vec<FieldDifference> {
    let paths: BTreeSet<&FieldPath> = before.fields.keys().chain(after.fields.keys()).collect();
    paths
        .into_iter()
        .map(|path| FieldDifference {
            path: path.clone(),
            before: before.fields.get(path).cloned(),
            after: after.fields.get(path).cloned(),
        })
        .filter(|field| {
            field.before.as_ref().map(|side| &side.value)
                != field.after.as_ref().map(|side| &side.value)
        })
        .collect()
}
