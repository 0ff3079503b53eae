//! The answers of the resident record system (取込結果): a file of lines, read into cases.
//!
//! One line is one person of a case, or the whole case; lines of the same key are one answer. A case
//! is taken when all its lines say so; one line that says no refuses it, with the words of the other
//! system. Values that come back are compared with what was handed over. The same file again changes
//! nothing. `docs/reference/hand-over-file.md` says the same for people.

use std::collections::BTreeMap;
use std::io::Write;
use std::path::Path;

use anyhow::{Context, Result, bail};
use counter_domain::character_choice::CharacterChoices;
use counter_domain::ids::CaseId;
use counter_domain::resident::{address_key, name_key};
use counter_domain::snapshot::Snapshot;
use handover_adapters::{Encoding, said};
use hub_store::{Actor, AnswerTaken, CoreAnswer, HubStore, MismatchKind, NewMismatch};

use super::row::text;
use crate::line_file::{
    self, EncodingChoice, Fields, Heading, LayoutFile, LineFile, PROBLEMS_MAX, Presence, Problem,
    Wrong,
};

/// A column of the answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum AnswerColumn {
    Key,
    ReceiptNumber,
    Version,
    Member,
    Result,
    Reason,
    AnsweredOn,
    Name,
    Kana,
    BirthDate,
    Address,
}

use AnswerColumn as C;
use Presence::{Needed, Optional};

impl line_file::Column for AnswerColumn {
    const HEADINGS: &'static [Heading<Self>] = &[
        (C::Key, "idempotency_key", "キー", Optional),
        (C::ReceiptNumber, "receipt_number", "受付番号", Optional),
        (C::Version, "version", "版", Optional),
        (C::Member, "member_number", "人の番号", Optional),
        (C::Result, "result", "結果", Needed),
        (C::Reason, "reason", "理由", Optional),
        (C::AnsweredOn, "answered_on", "取込日", Optional),
        (C::Name, "name", "氏名", Optional),
        (C::Kana, "kana", "氏名カナ", Optional),
        (C::BirthDate, "birth_date", "生年月日", Optional),
        (C::Address, "new_address", "新しい住所", Optional),
    ];
    const DESCRIBED: &'static str = "docs/reference/hand-over-file.md";
}

/// Values that may come back: column, and where ours is.
const VALUES: [(C, &str); 4] = [
    (C::Name, "member.*.name"),
    (C::Kana, "member.*.kana"),
    (C::BirthDate, "member.*.birth_date"),
    (C::Address, "address.new"),
];

/// What became of a file.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub(crate) struct Outcome {
    /// Cases that say so now.
    pub(crate) noted: u64,
    /// Of those, refused.
    pub(crate) refused: u64,
    /// Answers that were known already.
    pub(crate) known: u64,
    /// What does not fit, and is listed.
    pub(crate) listed: u64,
    /// Lines to correct, told with line and column; then nothing was taken.
    pub(crate) problems: Vec<String>,
}

/// How a file is read.
pub(crate) struct Reading<'r> {
    /// Its layout; `None` is our own headings.
    pub(crate) layout: Option<&'r LayoutFile>,
    pub(crate) encoding: EncodingChoice,
    /// Reads it and takes nothing.
    pub(crate) check: bool,
}

/// The layout a city laid down for the answers, if it did.
///
/// # Errors
/// When it is there and is no layout.
pub(crate) fn layout_in(adapters: &Path) -> Result<Option<LayoutFile>> {
    let file = adapters.join(format!("{}.toml", super::adapters::ANSWERS));
    match std::fs::read_to_string(&file) {
        Ok(text) => Ok(Some(LayoutFile::parse(&text)?)),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error).with_context(|| format!("cannot read {}", file.display())),
    }
}

/// Takes the answers of a file: all its lines can be read, or none is taken.
///
/// # Errors
/// When the file cannot be read or is of another layout, or the database fails.
pub(crate) fn take(
    store: &mut HubStore,
    by: &Actor,
    file: &Path,
    reading: &Reading<'_>,
    say: &mut dyn Write,
) -> Result<Outcome> {
    let own = LayoutFile::of_headings::<C>();
    let layout = reading.layout.unwrap_or(&own);
    let source = LineFile::<C>::open_as(file, reading.encoding, layout)?;
    let mark = blake3::hash(&std::fs::read(file)?).to_hex().to_string();
    let mut lines = Vec::new();
    let mut problems = Vec::new();
    source.lines(say, &mut |line| {
        match source.fields(line).and_then(|fields| answer(&fields)) {
            Ok(read) => lines.push(read),
            Err(problem) => problems.push(problem),
        }
        if problems.len() >= PROBLEMS_MAX {
            bail!("直す行が{PROBLEMS_MAX}行を超えました。文字コードか列が違うようです");
        }
        Ok(())
    })?;
    if !problems.is_empty() {
        let problems = problems.iter().map(ToString::to_string);
        return Ok(Outcome {
            problems: problems.collect(),
            ..Outcome::default()
        });
    }
    if lines.is_empty() {
        bail!("回答の行が1行もありません");
    }
    if reading.check {
        return Ok(Outcome::default());
    }
    let choices = crate::characters::published(store)?;
    Taking {
        store,
        by,
        file: mark,
        choices,
        outcome: Outcome::default(),
    }
    .all(lines)
}

/// One line.
struct Answer {
    line: u64,
    /// `0193…-2`, or receipt number and version.
    key: Key,
    member: Option<u8>,
    refused: Option<String>,
    answered_on: String,
    values: Vec<(C, String)>,
}

#[derive(Clone, PartialEq, Eq, PartialOrd, Ord)]
enum Key {
    Case(CaseId, usize),
    Receipt(String, usize),
}

impl Key {
    fn as_written(&self) -> String {
        match self {
            Self::Case(case, version) => format!("{case}-{version}"),
            Self::Receipt(number, version) => format!("{number} {version}"),
        }
    }

    const fn version(&self) -> usize {
        match self {
            Self::Case(_, version) | Self::Receipt(_, version) => *version,
        }
    }
}

fn answer(fields: &Fields<'_, C>) -> Result<Answer, Problem> {
    let taken = fields.code(
        C::Result,
        "taken refused（取込済 不可）",
        |code| match code {
            "taken" | "取込済" | "済" => Some(true),
            "refused" | "不可" | "エラー" => Some(false),
            _ => None,
        },
    )?;
    let reason = fields.text(C::Reason).trim();
    let refused = (!taken).then(|| match reason {
        "" => "理由の記載なし".to_owned(),
        reason => reason.to_owned(),
    });
    let values = VALUES
        .iter()
        .map(|(column, _)| (*column, fields.owned(*column)));
    Ok(Answer {
        line: fields.line,
        key: key(fields)?,
        member: member(fields)?,
        refused,
        answered_on: fields.date(C::AnsweredOn)?,
        values: values.filter(|(_, text)| !text.trim().is_empty()).collect(),
    })
}

fn member(fields: &Fields<'_, C>) -> Result<Option<u8>, Problem> {
    match fields.text(C::Member).trim() {
        "" => Ok(None),
        text => text
            .parse()
            .map(Some)
            .map_err(|_| fields.problem(C::Member, Wrong::Number("数字"))),
    }
}

fn key(fields: &Fields<'_, C>) -> Result<Key, Problem> {
    let wrong = |column| {
        fields.problem(
            column,
            Wrong::Said("渡したファイルの値のままにしてください"),
        )
    };
    let whole = fields.text(C::Key).trim();
    if !whole.is_empty() {
        let parts = whole
            .rsplit_once('-')
            .and_then(|(case, version)| Some(Key::Case(case.parse().ok()?, version.parse().ok()?)));
        return parts.ok_or_else(|| wrong(C::Key));
    }
    let number = fields.text(C::ReceiptNumber).trim();
    if number.is_empty() {
        return Err(fields.problem(C::Key, Wrong::Said("キーか、受付番号と版を入れてください")));
    }
    let version = fields.text(C::Version).trim().parse();
    let version = version.map_err(|_| wrong(C::Version))?;
    Ok(Key::Receipt(number.to_owned(), version))
}

struct Taking<'s> {
    store: &'s mut HubStore,
    by: &'s Actor,
    file: String,
    choices: CharacterChoices,
    outcome: Outcome,
}

impl Taking<'_> {
    fn all(mut self, lines: Vec<Answer>) -> Result<Outcome> {
        let mut by_key: BTreeMap<Key, Vec<Answer>> = BTreeMap::new();
        for line in lines {
            by_key.entry(line.key.clone()).or_default().push(line);
        }
        for (key, lines) in by_key {
            self.one(&key, &lines)?;
        }
        Ok(self.outcome)
    }

    fn one(&mut self, key: &Key, lines: &[Answer]) -> Result<()> {
        let case = match key {
            Key::Case(case, _) => Some(*case),
            Key::Receipt(number, _) => self.store.case_of_receipt(number)?,
        };
        let record = match case {
            Some(case) => self.store.case(case)?,
            None => None,
        };
        let Some(record) = record else {
            return self.unknown(key, lines);
        };
        let first = lines.first().context("an answer without a line")?;
        let mut reasons: Vec<&str> = lines
            .iter()
            .filter_map(|one| one.refused.as_deref())
            .collect();
        reasons.sort_unstable();
        reasons.dedup();
        let answer = CoreAnswer {
            case: record.case,
            version: key.version(),
            refused: (!reasons.is_empty()).then(|| reasons.join("；")),
            answered_on: first.answered_on.clone(),
            file: self.file.clone(),
            line: first.line,
        };
        match self.store.take_answer(&answer, self.by)? {
            AnswerTaken::Noted => {
                self.outcome.noted += 1;
                self.outcome.refused += u64::from(answer.refused.is_some());
            }
            AnswerTaken::Known => self.outcome.known += 1,
            AnswerTaken::Listed => self.outcome.listed += 1,
        }
        let handed = record
            .summary
            .submitted
            .get(key.version().saturating_sub(1));
        let handed = handed.and_then(|hash| {
            let mut all = record.snapshots.iter();
            all.find(|(one, _)| one == hash)
        });
        if let Some((_, snapshot)) = handed {
            for line in lines {
                self.compare(record.case, line, snapshot)?;
            }
        }
        Ok(())
    }

    fn unknown(&mut self, key: &Key, lines: &[Answer]) -> Result<()> {
        for line in lines {
            self.list(&NewMismatch {
                case: None,
                version: key.version(),
                kind: MismatchKind::UnknownKey,
                item: key.as_written(),
                ours: String::new(),
                theirs: line.refused.clone().unwrap_or_else(|| "taken".to_owned()),
                file: self.file.clone(),
                line: line.line,
            })?;
        }
        Ok(())
    }

    fn compare(&mut self, case: CaseId, line: &Answer, snapshot: &Snapshot) -> Result<()> {
        for (column, theirs) in &line.values {
            let Some((_, path)) = VALUES.iter().find(|(one, _)| one == column) else {
                continue;
            };
            let path = match (path.contains('*'), line.member) {
                (true, None) => continue,
                (_, member) => path.replace('*', &member.unwrap_or_default().to_string()),
            };
            let ours = text(snapshot, &path);
            if self.is_same(*column, &ours, theirs) {
                continue;
            }
            self.list(&NewMismatch {
                case: Some(case),
                version: line.key.version(),
                kind: MismatchKind::Value,
                item: path,
                ours,
                theirs: theirs.clone(),
                file: self.file.clone(),
                line: line.line,
            })?;
        }
        Ok(())
    }

    /// Whether a value came back as it was handed over, or in what the city confirmed for the
    /// characters that `Shift_JIS` lacks.
    fn is_same(&self, column: C, ours: &str, theirs: &str) -> bool {
        let compared = |text: &str| match column {
            C::Address => address_key(text, ""),
            C::BirthDate => text.chars().filter(char::is_ascii_digit).collect(),
            C::Kana => name_key(text),
            C::Key
            | C::ReceiptNumber
            | C::Version
            | C::Member
            | C::Result
            | C::Reason
            | C::AnsweredOn
            | C::Name => text.replace([' ', '\u{3000}'], ""),
        };
        let written = said(ours, Encoding::Cp932, &self.choices).text;
        let theirs = compared(theirs);
        compared(ours) == theirs || compared(&written) == theirs
    }

    fn list(&mut self, new: &NewMismatch) -> Result<()> {
        self.store.list_mismatch(new, self.by)?;
        self.outcome.listed += 1;
        Ok(())
    }
}
