//! The board: returned cases on top, then what is being entered, then what was handed in.

use std::collections::BTreeSet;

use counter_api::{BoardRow, StaffScreen};
use counter_domain::case::CaseState;
use counter_domain::ids::{BranchCode, CaseId};
use counter_store::CaseRow;

use crate::clock::hour_and_minute;
use crate::desk::moves::{BranchNames, from_elsewhere, is_elsewhere, on_the_board};
use crate::desk::staff_view::{event_in_words, state_in_words};
use crate::records::Records;
use crate::texts::word;

/// The most rows read and shown per part.
const ROWS_MAX: usize = 50;

/// Cases of this counter's branch, as last read.
#[derive(Debug)]
pub(super) struct Board {
    rows: Vec<CaseRow>,
    own: BranchCode,
    names: BranchNames,
}

#[derive(PartialEq, Eq)]
enum Part {
    Returned,
    Open,
    HandedIn,
}

fn part(state: CaseState) -> Part {
    match state {
        CaseState::Returned => Part::Returned,
        CaseState::Draft | CaseState::Signed => Part::Open,
        CaseState::Submitted
        | CaseState::UnderReview
        | CaseState::Resubmitted
        | CaseState::Accepted
        | CaseState::HandedOver
        | CaseState::Completed
        | CaseState::CoreRejected
        | CaseState::Withdrawn
        | CaseState::Refused
        | CaseState::CancelRequested
        | CaseState::Cancelled
        | CaseState::OnHold => Part::HandedIn,
    }
}

impl Default for Board {
    fn default() -> Self {
        Self {
            rows: Vec::new(),
            own: BranchCode(String::new()),
            names: BranchNames::default(),
        }
    }
}

impl Board {
    pub(super) fn load(records: &impl Records, own: &BranchCode, names: &BranchNames) -> Self {
        Self {
            rows: records.board(ROWS_MAX * 4),
            own: own.clone(),
            names: names.clone(),
        }
    }

    /// Where a row stands: what another branch has is work done here.
    fn part(&self, row: &CaseRow) -> Part {
        if is_elsewhere(row, &self.own) {
            Part::HandedIn
        } else {
            part(row.state)
        }
    }

    /// Cases that came from another branch and are here now.
    pub(super) fn came_here(&self) -> BTreeSet<CaseId> {
        let came = |row: &&CaseRow| {
            !is_elsewhere(row, &self.own) && from_elsewhere(row.moved.as_ref(), &self.own).is_some()
        };
        self.rows.iter().filter(came).map(|row| row.case).collect()
    }

    /// Receipt number of a case that came from another branch, and from which.
    pub(super) fn arrival(&self, case: CaseId) -> Option<(String, BranchCode)> {
        let row = self.rows.iter().find(|row| row.case == case)?;
        let from = from_elsewhere(row.moved.as_ref(), &self.own)?;
        Some((row.receipt_number.clone(), from.clone()))
    }

    pub(super) fn returned_cases(&self) -> BTreeSet<CaseId> {
        let returned = self
            .rows
            .iter()
            .filter(|row| self.part(row) == Part::Returned);
        returned.map(|row| row.case).collect()
    }

    pub(super) fn receipt_number(&self, case: CaseId) -> String {
        let row = self.rows.iter().find(|row| row.case == case);
        row.map(|row| row.receipt_number.clone())
            .unwrap_or_default()
    }

    /// Every case with its receipt number.
    pub(super) fn numbers(&self) -> impl Iterator<Item = (CaseId, &str)> {
        self.rows
            .iter()
            .map(|row| (row.case, row.receipt_number.as_str()))
    }

    pub(super) fn draw(&self) -> StaffScreen {
        let rows = |wanted: Part| {
            self.rows
                .iter()
                .filter(|row| self.part(row) == wanted)
                .take(ROWS_MAX)
                .map(|row| draw_row(row, on_the_board(row, &self.own, &self.names)))
                .collect()
        };
        StaffScreen::Board {
            returned: rows(Part::Returned),
            open: rows(Part::Open),
            handed_in: rows(Part::HandedIn),
        }
    }
}

fn draw_row(row: &CaseRow, moved: String) -> BoardRow {
    BoardRow {
        case: row.case,
        receipt_number: row.receipt_number.clone(),
        event: event_in_words(
            row.event_type.as_deref().unwrap_or_default(),
            row.event_flow.as_deref().unwrap_or_default(),
        ),
        persons: if row.protected {
            word("protection", "board")
        } else {
            row.persons.join("、")
        },
        protected: row.protected,
        state: state_in_words(row.state),
        since: hour_and_minute(row.since_unix_ms),
        at_head_office: row.at_head_office,
        to_check: row.to_check,
        moved,
    }
}
