//! Filings of this counter found again, over the board. Looked up in the counter's own database, so
//! that it works without a line. A filing is opened as any other case, which is noted as a view.

use case_archive::{ArchiveQuery, Filing};
use counter_api::{ArchiveAction, ArchiveQuestion, ArchiveRow, ArchiveView, Choice, Notice};
use counter_domain::date::FuzzyDate;
use counter_domain::event::Event;
use counter_domain::ids::StaffId;

use crate::desk::checks::date_in_words;
use crate::desk::staff_view::{event_in_words, state_in_words};
use crate::desk::{Desk, store_failed};
use crate::records::{Deed, Records};
use crate::texts::{Code, notice, sentence, word};

/// Filings looked at in one go.
const PAGE: usize = 50;
/// More than that is no list any more: another word is wanted.
const SHOWN_MAX: usize = 500;
/// Longer texts are no search.
const ASKED_CHARS_MAX: usize = 100;

/// The search that is open. Lost with the process.
#[derive(Debug)]
pub(super) struct Archive {
    /// Who searched; nobody else sees what was found.
    by: StaffId,
    asked: ArchiveQuestion,
    found: Vec<Filing>,
    next: Option<i64>,
    message: String,
}

impl<R: Records> Desk<R> {
    pub(super) fn archive_action(&mut self, action: ArchiveAction) -> Result<(), Notice> {
        if self.visit.is_some() {
            return Err(notice(Code::NotPossibleNow));
        }
        match action {
            ArchiveAction::Open => {
                self.archive = Some(Archive {
                    by: self.by()?,
                    asked: ArchiveQuestion::default(),
                    found: Vec::new(),
                    next: None,
                    message: word("archive", "ask"),
                });
                Ok(())
            }
            ArchiveAction::Find { question } => self.find_filings(question),
            ArchiveAction::More => self.find_older(),
            ArchiveAction::Close => {
                self.archive = None;
                Ok(())
            }
        }
    }

    fn find_filings(&mut self, asked: ArchiveQuestion) -> Result<(), Notice> {
        let texts = [&asked.words, &asked.from, &asked.to, &asked.kind];
        if texts
            .iter()
            .any(|text| text.chars().count() > ASKED_CHARS_MAX)
        {
            return Err(notice(Code::FieldTooLong));
        }
        let (found, next, message) = match query(&asked, None) {
            Err(name) => (Vec::new(), None, word("archive", name)),
            Ok(query) => {
                let (found, next) = self.look_up(&query)?;
                let message = in_words(&found, next.is_some());
                (found, next, message)
            }
        };
        self.archive = Some(Archive {
            by: self.by()?,
            asked,
            found,
            next,
            message,
        });
        Ok(())
    }

    fn find_older(&mut self) -> Result<(), Notice> {
        let open = self.archive.as_ref();
        let next = open.and_then(|archive| Some((archive.asked.clone(), archive.next?)));
        let (asked, next) = next.ok_or_else(|| notice(Code::NotPossibleNow))?;
        let query = query(&asked, Some(next)).map_err(|_| notice(Code::NotPossibleNow))?;
        let (older, next) = self.look_up(&query)?;
        if let Some(archive) = self.archive.as_mut() {
            archive.found.extend(older);
            archive.next = next.filter(|_| archive.found.len() < SHOWN_MAX);
            archive.message = in_words(&archive.found, archive.next.is_some());
        }
        Ok(())
    }

    /// Every look is noted before anything is shown.
    fn look_up(&mut self, query: &ArchiveQuery) -> Result<(Vec<Filing>, Option<i64>), Notice> {
        let by = self.by()?;
        self.records.audit(&by, Deed::SearchedArchive, None);
        let found = self
            .records
            .find_filings(query)
            .map_err(|error| store_failed(&error))?;
        Ok((found.filings, found.next))
    }

    pub(super) fn archive_view(&self) -> Option<ArchiveView> {
        let staff = self.door.at_screen()?;
        let open = self.archive.as_ref();
        let archive = open.filter(|one| self.visit.is_none() && one.by == staff.id)?;
        let every = Choice {
            value: String::new(),
            label: word("archive", "every_kind"),
        };
        // A request for certificates is no event of the law.
        let kinds = Event::all().map(Event::code).chain(["request"]);
        let kinds = kinds.map(|kind| Choice {
            value: kind.to_owned(),
            label: event_in_words(kind, ""),
        });
        Some(ArchiveView {
            asked: archive.asked.clone(),
            kinds: [every].into_iter().chain(kinds).collect(),
            rows: archive.found.iter().map(row).collect(),
            message: archive.message.clone(),
            more: archive.next.is_some(),
        })
    }
}

/// The query for what was asked; else the word for what is wrong with it.
fn query(asked: &ArchiveQuestion, before: Option<i64>) -> Result<ArchiveQuery, &'static str> {
    let day = |typed: &str| -> Result<Option<String>, &'static str> {
        let typed = typed.trim();
        if typed.is_empty() {
            return Ok(None);
        }
        let date = typed
            .parse::<FuzzyDate>()
            .ok()
            .and_then(|date| date.exact());
        date.map(|date| Some(date.to_string())).ok_or("day_wrong")
    };
    let kind = Some(asked.kind.trim().to_owned()).filter(|kind| !kind.is_empty());
    let words = ArchiveQuery::new(&asked.words, PAGE).map_err(|_too_long| "too_long")?;
    Ok(ArchiveQuery {
        kind,
        from: day(&asked.from)?,
        to: day(&asked.to)?,
        before,
        ..words
    })
}

fn in_words(found: &[Filing], more: bool) -> String {
    let name = match (found.len(), more) {
        (0, _) => "none",
        (_, true) => "found_more",
        (_, false) => "found",
    };
    let count = found.len().to_string();
    sentence("archive", name, &[("count", &count)])
}

/// As on the board: nobody under protection is named where others may look on.
fn row(filing: &Filing) -> ArchiveRow {
    ArchiveRow {
        case: filing.case,
        receipt_number: filing.receipt_number.clone(),
        filed_on: date_in_words(&filing.filed_on),
        event: event_in_words(&filing.kind, ""),
        persons: if filing.protected {
            word("protection", "board")
        } else {
            filing.persons.join("、")
        },
        staff: filing.staff.as_str().to_owned(),
        state: state_in_words(filing.state),
        protected: filing.protected,
    }
}
