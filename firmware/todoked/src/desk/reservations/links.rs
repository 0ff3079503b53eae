//! Cases of one visit: a family whose members file apart.

use counter_api::{LinkedCase, Notice};
use counter_domain::ids::CaseId;

use crate::desk::staff_view::{event_in_words, state_in_words};
use crate::desk::visit::Visit;
use crate::desk::{Desk, store_failed};
use crate::records::Records;
use crate::texts::{Code, notice, word};

impl<R: Records> Desk<R> {
    /// Notes in both cases that they belong together.
    pub(super) fn link(&mut self, typed: &str) -> Result<(), Notice> {
        let by = self.by()?;
        let case = self.visit()?.case();
        let typed = digits(typed);
        // The whole number, or the one of the day that people read to each other.
        let fits = |number: &str| {
            let of_the_day = number.split('-').nth(3);
            !typed.is_empty() && (number.replace('-', "") == typed || of_the_day == Some(&typed))
        };
        let others: Vec<CaseId> = self
            .board
            .numbers()
            .filter(|(other, number)| *other != case && fits(number))
            .map(|(other, _)| other)
            .collect();
        let [other] = others.as_slice() else {
            return Err(notice(Code::LinkNotFound));
        };
        self.records
            .link_cases(case, *other, &by)
            .map_err(|error| store_failed(&error))?;
        self.after_linking();
        Ok(())
    }

    /// Notes in both that they do not.
    pub(super) fn unlink(&mut self, other: CaseId) -> Result<(), Notice> {
        let by = self.by()?;
        let case = self.visit()?.case();
        self.records
            .unlink_cases(case, other, &by)
            .map_err(|error| store_failed(&error))?;
        self.after_linking();
        Ok(())
    }

    fn after_linking(&mut self) {
        self.reload_visit();
        self.load_board();
    }

    /// The cases of the same visit, as far as they are here.
    pub(in crate::desk) fn linked(&self, visit: &Visit) -> Vec<LinkedCase> {
        let links = visit.record.summary.links.iter();
        links
            .map(|(case, receipt_number)| LinkedCase {
                case: *case,
                receipt_number: receipt_number.clone(),
                about: self.about(*case),
            })
            .collect()
    }

    fn about(&self, case: CaseId) -> String {
        let Ok(record) = self.records.case(case) else {
            return String::new();
        };
        let text = |path: &str| record.draft.text(path).unwrap_or_default().to_owned();
        let who = if record.protected {
            word("protection", "board")
        } else {
            text("member.1.name")
        };
        let parts = [
            event_in_words(&text("event.type"), &text("event.flow")),
            who,
            state_in_words(record.summary.state),
        ];
        let parts = parts.into_iter().filter(|part| !part.is_empty());
        parts.collect::<Vec<_>>().join("・")
    }
}

/// The digits of a number as typed, full-width or grouped.
fn digits(typed: &str) -> String {
    counter_domain::name::search_key(typed)
        .chars()
        .filter(char::is_ascii_digit)
        .collect()
}
