//! Remarks in words.

use counter_domain::case::{CaseStep, Remark};
use counter_domain::draft::FieldPath;

use super::super::data::CaseFile;
use super::super::labels;
use super::Content;
use super::fields::labelled;

/// A remark in words.
#[derive(Clone)]
pub(crate) struct RemarkLine {
    pub label: String,
    pub category: &'static str,
    pub text: String,
}

fn remark_line(remark: &Remark, label: String) -> RemarkLine {
    RemarkLine {
        label,
        category: labels::category(remark.category),
        text: remark.text.clone(),
    }
}

/// A remark in a list that mixes persons.
pub(super) fn named_remark(remark: &Remark, content: Content<'_>) -> RemarkLine {
    remark_line(remark, labelled(&remark.path, content))
}

/// The remarks on one field, which names itself.
pub(super) fn remarks_on(remarks: &[Remark], path: &FieldPath) -> Vec<RemarkLine> {
    remarks
        .iter()
        .filter(|remark| remark.path == *path)
        .map(|remark| remark_line(remark, String::new()))
        .collect()
}

/// Remarks of the newest return, also after the case came back.
pub(super) fn last_remarks(file: &CaseFile) -> Vec<Remark> {
    file.events
        .iter()
        .filter_map(|event| {
            let CaseStep::Returned { remarks } = &event.what else {
                return None;
            };
            Some((event.at, remarks))
        })
        .max_by_key(|(at, _)| *at)
        .map(|(_, remarks)| remarks.clone())
        .unwrap_or_default()
}
