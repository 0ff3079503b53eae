//! Remarks in words.

use counter_domain::case::{CaseStep, Remark};
use counter_domain::draft::FieldPath;
use counter_domain::snapshot::Snapshot;

use super::super::data::CaseFile;
use super::super::labels;
use super::fields::labelled;

/// A remark in words.
#[derive(Clone)]
pub(crate) struct RemarkLine {
    pub label: String,
    pub category: &'static str,
    pub text: String,
}

fn remark_line(remark: &Remark) -> RemarkLine {
    RemarkLine {
        label: labels::field(remark.path.as_str()),
        category: labels::category(remark.category),
        text: remark.text.clone(),
    }
}

/// A remark in a list that mixes persons.
pub(super) fn named_remark(remark: &Remark, snapshot: Option<&Snapshot>) -> RemarkLine {
    let line = remark_line(remark);
    match snapshot {
        Some(snapshot) => RemarkLine {
            label: labelled(&remark.path, snapshot),
            ..line
        },
        None => line,
    }
}

/// The remarks on one field.
pub(super) fn remarks_on(remarks: &[Remark], path: &FieldPath) -> Vec<RemarkLine> {
    remarks
        .iter()
        .filter(|remark| remark.path == *path)
        .map(remark_line)
        .collect()
}

/// Remarks of the newest return, also after the case came back.
pub(super) fn last_remarks(file: &CaseFile) -> Vec<Remark> {
    file.events
        .iter()
        .filter_map(|event| match &event.what {
            CaseStep::Returned { remarks } => Some((event.at, remarks)),
            _ => None,
        })
        .max_by_key(|(at, _)| *at)
        .map(|(_, remarks)| remarks.clone())
        .unwrap_or_default()
}
