//! Codes that were scanned: receipt numbers open their case, a notice of the city or an application
//! of its portal begins a reception. Whatever else was scanned is refused in words.

use counter_api::{Language, Notice, ScannedCode};
use counter_codes::{Code as ScannedAs, CodeContent, CodeKey, CodeKeys, CodeUse, ReadCodeError};
use counter_domain::draft::Source;

use crate::desk::Desk;
use crate::desk::checks::tidy;
use crate::desk::purpose::{is_fresh, marks};
use crate::events::events;
use crate::fields::{MEMBERS_MAX, fields, split_member};
use crate::records::{Entry, Records};
use crate::texts::{Code, notice, notice_with};

impl<R: Records> Desk<R> {
    /// Takes a scanned code.
    pub(super) fn read_code(&mut self, code: &ScannedCode) -> Result<(), Notice> {
        let read = counter_codes::read(code.expose(), &self.code_keys, self.today());
        match read.map_err(|error| notice(refusal(error)))? {
            ScannedAs::Receipt(number) => self.open_by_number(&number.to_string()),
            ScannedAs::Signed(content) => self.begin_with(&content),
        }
    }

    /// The keys whose codes are taken, as head office publishes them.
    pub(super) fn load_code_keys(&mut self, settings: &serde_json::Value) {
        let Some(published) = settings.get("code_keys") else {
            self.code_keys = CodeKeys::default();
            return;
        };
        let Ok(published) = serde_json::from_value::<Vec<CodeKey>>(published.clone()) else {
            tracing::error!("published keys of codes not readable");
            return;
        };
        let (keys, refused) = CodeKeys::new(published);
        if refused > 0 {
            tracing::error!(refused, "published keys of codes that are none");
        }
        self.code_keys = keys;
    }

    /// The case on the board with this number, over whatever is open.
    fn open_by_number(&mut self, number: &str) -> Result<(), Notice> {
        self.load_board();
        let found = self.board.numbers().find(|(_, other)| *other == number);
        let Some((case, _)) = found else {
            let values = [("number", number)];
            return Err(notice_with(
                Code::CodeCaseElsewhere,
                Language::Japanese,
                &values,
            ));
        };
        self.close_devices();
        if self
            .visit
            .as_ref()
            .is_some_and(|visit| visit.case() == case)
        {
            return Ok(());
        }
        if self.visit.is_some() {
            self.leave_case()?;
        }
        self.notice = None;
        self.open_case(case)
    }

    /// Begins a reception, or goes on with one in which nothing was entered yet; an application may
    /// also be added to one that is under way.
    fn begin_with(&mut self, content: &CodeContent) -> Result<(), Notice> {
        let plan = events().plan(&content.event, &content.flow);
        let plan = plan.filter(|plan| plan.flow == content.flow);
        if !content.event.is_empty() && plan.is_none() {
            return Err(notice(Code::CodeEventUnknown));
        }
        if !content.fields.iter().all(|(path, _)| may_be_filled(path)) {
            return Err(notice(Code::CodeDamaged));
        }
        self.close_devices();
        let is_free = self.editable().is_ok_and(is_fresh);
        let goes_on = content.kind == CodeUse::Application && self.editable().is_ok();
        if !is_free && !goes_on {
            if self.visit.is_some() {
                self.leave_case()?;
            }
            self.start_reception()?;
        }
        if plan.is_some() && self.editable().is_ok_and(is_fresh) {
            self.choose_purpose(&content.event, &content.flow)?;
        }
        let kept = self.fill_from_code(content)?;
        let told = match (content.kind, kept.is_empty()) {
            (CodeUse::Notice, _) => Code::CodeNoticeRead,
            (CodeUse::Application, true) => Code::CodeApplicationRead,
            (CodeUse::Application, false) => Code::CodeApplicationDiffers,
        };
        let count = content.fields.len().to_string();
        let values = [
            ("number", content.number.as_str()),
            ("count", count.as_str()),
            ("kept", kept.as_str()),
        ];
        self.notice = Some(notice_with(told, Language::Japanese, &values));
        Ok(())
    }

    /// Stores what was filled in. A field that says something else already stays as it is; the
    /// labels of those are returned.
    fn fill_from_code(&mut self, content: &CodeContent) -> Result<String, Notice> {
        let visit = self.editable()?;
        let (mut entries, mut kept) = (Vec::new(), Vec::new());
        let mut members = visit.members();
        for (path, value) in &content.fields {
            let def = fields()
                .find(path)
                .ok_or_else(|| notice(Code::CodeDamaged))?;
            if let Some((number, _)) = split_member(path)
                && !members.contains(&number)
            {
                members.push(number);
                entries.extend(marks(visit.plan(), number, true));
            }
            let value = tidy(def, value);
            let there = visit.text(path);
            if there.is_empty() {
                entries.push(Entry::text(path.as_str(), value, Source::Resident));
            } else if there != value {
                kept.push(format!("{}「{there}」", def.label.ja));
            }
        }
        if !entries.is_empty() {
            self.store(&entries)?;
        }
        Ok(kept.join("、"))
    }
}

/// A field of the counter, of a person who can be there.
fn may_be_filled(path: &str) -> bool {
    let number = split_member(path).map(|(number, _)| number);
    fields().find(path).is_some() && number.is_none_or(|one| (1..=MEMBERS_MAX).contains(&one))
}

/// What staff are told.
#[expect(
    clippy::wildcard_enum_match_arm,
    reason = "a reason of tomorrow is told as damage"
)]
pub(crate) fn refusal(error: ReadCodeError) -> Code {
    tracing::info!(%error, "code not taken");
    match error {
        ReadCodeError::Foreign => Code::CodeForeign,
        ReadCodeError::Separator => Code::CodeSeparator,
        ReadCodeError::WrongReceiptNumber => Code::CodeReceiptWrong,
        ReadCodeError::Newer => Code::CodeNewer,
        ReadCodeError::UnknownKey => Code::CodeUnknownKey,
        ReadCodeError::Forged => Code::CodeForged,
        ReadCodeError::NotAllowed => Code::CodeNotAllowed,
        ReadCodeError::Expired => Code::CodeExpired,
        ReadCodeError::NotYet => Code::CodeNotYet,
        _ => Code::CodeDamaged,
    }
}
