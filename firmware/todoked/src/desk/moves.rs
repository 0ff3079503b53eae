//! Cases that came from another branch, went to one, or are overwritten on order of head office, as
//! staff are told of them.

use std::collections::BTreeMap;

use counter_api::{Language, Notice};
use counter_domain::case::{CaseMove, CaseSummary, HEAD_OFFICE};
use counter_domain::ids::{BranchCode, CaseId};
use counter_store::CaseRow;
use serde_json::Value;

use crate::desk::Desk;
use crate::desk::visit::Visit;
use crate::records::{Records, RecordsError};
use crate::texts::{Code, notice_with, sentence, word};

/// Names of the city's branches, as head office publishes them.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct BranchNames(BTreeMap<String, String>);

impl BranchNames {
    /// Of the `settings` dataset; without names there, codes are shown.
    pub(super) fn of(settings: &Value) -> Self {
        let branches = settings.get("branches").and_then(Value::as_array);
        let named = branches.into_iter().flatten().filter_map(|branch| {
            let text = |key| branch.get(key).and_then(Value::as_str);
            Some((text("code")?.to_owned(), text("name")?.to_owned()))
        });
        Self(named.collect())
    }

    /// What staff call it.
    pub(super) fn name(&self, branch: &BranchCode) -> String {
        match self.0.get(branch.as_str()) {
            Some(name) => name.clone(),
            None if branch.as_str() == HEAD_OFFICE => word("moved", "head_office"),
            None => sentence("moved", "branch", &[("code", branch.as_str())]),
        }
    }
}

/// The branch that has the case, when it is another one than `own`.
pub(super) fn elsewhere(summary: &CaseSummary, own: &BranchCode) -> Option<BranchCode> {
    summary.branch.clone().filter(|branch| branch != own)
}

/// Who has a case on the board, in words; empty when it never went anywhere.
pub(super) fn on_the_board(row: &CaseRow, own: &BranchCode, names: &BranchNames) -> String {
    let about = |name: &str, branch: &BranchCode| {
        sentence("moved", name, &[("branch", &names.name(branch))])
    };
    if row.contested {
        return word("moved", "contested");
    }
    if is_elsewhere(row, own) {
        return about("elsewhere", &row.branch);
    }
    from_elsewhere(row.moved.as_ref(), own)
        .map(|from| about("here", from))
        .unwrap_or_default()
}

/// Whether another branch has it.
pub(super) fn is_elsewhere(row: &CaseRow, own: &BranchCode) -> bool {
    !row.branch.as_str().is_empty() && row.branch != *own
}

/// The branch it came from, when its newest move brought it here.
pub(super) fn from_elsewhere<'m>(
    moved: Option<&'m CaseMove>,
    own: &BranchCode,
) -> Option<&'m BranchCode> {
    let moved = moved.filter(|moved| moved.to == *own)?;
    moved.from.as_ref().filter(|from| *from != own)
}

impl<R: Records> Desk<R> {
    /// What staff must know of where the open case came from or went.
    pub(super) fn moved_view(&self, visit: &Visit) -> Option<Notice> {
        let summary = &visit.record.summary;
        if !summary.contested.is_empty() {
            return Some(notice_with(Code::CaseContested, Language::Japanese, &[]));
        }
        let last = summary.last_move();
        let (code, branch) = match &visit.elsewhere {
            Some(branch) => (Code::CaseElsewhere, branch),
            None => (
                Code::CaseHandedHere,
                from_elsewhere(last, &self.place.branch)?,
            ),
        };
        let reason = last.map(|last| last.reason.as_str()).unwrap_or_default();
        let why = match reason {
            "" => String::new(),
            reason => sentence("moved", "why", &[("reason", reason)]),
        };
        let name = self.branch_names.name(branch);
        let values = [("branch", name.as_str()), ("why", why.as_str())];
        Some(notice_with(code, Language::Japanese, &values))
    }

    /// Tells staff about a case that came from another branch since the last look.
    pub(super) fn tell_arrivals(&mut self) {
        let here = self.board.came_here();
        let fresh = here.difference(&self.known_arrivals).next().copied();
        self.known_arrivals = here;
        let Some((number, from)) = fresh.and_then(|case| self.board.arrival(case)) else {
            return;
        };
        let from = self.branch_names.name(&from);
        let values = [("branch", from.as_str()), ("number", number.as_str())];
        self.notice = Some(notice_with(Code::CaseArrived, Language::Japanese, &values));
    }

    /// Reads the open case again after something arrived: another branch may have it now, or it is
    /// overwritten here.
    pub(super) fn reload_or_put_away(&mut self, case: CaseId) {
        if matches!(self.records.case(case), Err(RecordsError::NoCase)) {
            let number = self.visit.as_ref().map(Visit::receipt_number);
            if let Err(notice) = self.leave_case() {
                self.notice = Some(notice);
                self.visit = None;
                return;
            }
            let number = number.unwrap_or_default();
            let values = [("number", number.as_str())];
            let told = notice_with(Code::CaseOverwritten, Language::Japanese, &values);
            self.notice = Some(told);
            return;
        }
        let was_here = self
            .visit
            .as_ref()
            .is_some_and(|visit| visit.elsewhere.is_none());
        self.reload_visit();
        let now = self
            .visit
            .as_ref()
            .and_then(|visit| visit.elsewhere.clone());
        if let Some(branch) = now.filter(|_| was_here) {
            let name = self.branch_names.name(&branch);
            let values = [("branch", name.as_str())];
            self.notice = Some(notice_with(Code::CaseLeft, Language::Japanese, &values));
        }
    }
}
