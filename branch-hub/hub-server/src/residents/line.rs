//! One line of the file as a person, or what is wrong with it.

use counter_domain::date::FuzzyDate;
use counter_domain::name::Kana;
use counter_domain::number::ResidentCode;
use counter_domain::relation::Relation;
use counter_domain::resident::{Place, QUALIFICATIONS, Resident, ResidentKind, ResidentState};
use encoding_rs::SHIFT_JIS;
use unicode_normalization::UnicodeNormalization;

use crate::residents::layout::{Column, Layout};
use crate::residents::problem::{LineProtection, Problem, Wrong};

/// Longest field, in characters.
const FIELD_CHARS_MAX: usize = 500;
/// Longest number of a person or household.
const NUMBER_CHARS_MAX: usize = 15;

/// How the file is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Encoding {
    Utf8,
    /// As Windows writes it (code page 932).
    ShiftJis,
}

impl Encoding {
    /// The text of one field; `None` when it has bytes that are no character.
    pub(crate) fn decode(self, bytes: &[u8]) -> Option<String> {
        match self {
            Self::Utf8 => std::str::from_utf8(bytes).ok().map(str::to_owned),
            Self::ShiftJis => SHIFT_JIS
                .decode_without_bom_handling_and_without_replacement(bytes)
                .map(std::borrow::Cow::into_owned),
        }
    }
}

/// A person of the file, with the protection column.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Entry {
    pub(crate) resident: Resident,
    /// Under protection, until this day (stored form, may be empty).
    pub(crate) protected_until: Option<String>,
}

/// Takes lines apart.
#[derive(Debug)]
pub(crate) struct Reader {
    pub(crate) layout: Layout,
    pub(crate) encoding: Encoding,
}

/// A line being read: its fields and where they stand.
struct Line<'a> {
    number: u64,
    layout: &'a Layout,
    fields: Vec<String>,
}

impl Reader {
    /// Reads one line, without its line break.
    pub(crate) fn read(&self, number: u64, bytes: &[u8]) -> Result<Entry, Problem> {
        self.entry(number, bytes).map_err(|problem| Problem {
            protection: self.protection_of(bytes),
            ..problem
        })
    }

    /// What a line that cannot be read says about protection.
    pub(crate) fn protection_of(&self, bytes: &[u8]) -> LineProtection {
        let record = record(bytes).filter(|record| record.len() == self.layout.width);
        let place = self.layout.place(Column::Protection);
        let field = record.as_ref().and_then(|record| record.get(place?));
        match field.map(<[u8]>::trim_ascii) {
            Some(b"" | b"0") => LineProtection::None,
            Some(_) | None => LineProtection::Perhaps,
        }
    }

    fn entry(&self, number: u64, bytes: &[u8]) -> Result<Entry, Problem> {
        let fields = split(bytes, self.encoding).map_err(|(place, what)| Problem {
            line: number,
            column: place.and_then(|place| self.column_at(place)),
            what,
            protection: LineProtection::Perhaps,
        })?;
        if fields.len() != self.layout.width {
            return Err(Problem {
                line: number,
                column: None,
                what: Wrong::Width {
                    has: fields.len(),
                    needs: self.layout.width,
                },
                protection: LineProtection::Perhaps,
            });
        }
        let line = Line {
            number,
            layout: &self.layout,
            fields,
        };
        line.entry()
    }

    fn column_at(&self, place: usize) -> Option<(usize, Column)> {
        let columns = crate::residents::layout::COLUMNS.iter();
        columns
            .map(|(column, ..)| *column)
            .find(|column| self.layout.place(*column) == Some(place))
            .map(|column| (place + 1, column))
    }
}

/// The fields of a line; a problem with the place it stands at.
pub(crate) fn split(
    bytes: &[u8],
    encoding: Encoding,
) -> Result<Vec<String>, (Option<usize>, Wrong)> {
    let even_quotes = bytes.iter().fold(true, |even, byte| even ^ (*byte == b'"'));
    if !even_quotes {
        return Err((None, Wrong::OpenQuote));
    }
    record(bytes)
        .ok_or((None, Wrong::OpenQuote))?
        .iter()
        .enumerate()
        .map(|(place, field)| {
            let text = encoding
                .decode(field)
                .ok_or((Some(place), Wrong::Encoding))?;
            match wrong_characters(&text) {
                None => Ok(text),
                Some(wrong) => Err((Some(place), wrong)),
            }
        })
        .collect()
}

fn record(bytes: &[u8]) -> Option<csv::ByteRecord> {
    let mut record = csv::ByteRecord::new();
    let mut reader = csv::ReaderBuilder::new()
        .has_headers(false)
        .flexible(true)
        .buffer_capacity(bytes.len().max(64))
        .from_reader(bytes);
    reader.read_byte_record(&mut record).ok()?;
    Some(record)
}

fn wrong_characters(text: &str) -> Option<Wrong> {
    let private = |c| matches!(c, '\u{e000}'..='\u{f8ff}' | '\u{f0000}'..='\u{10ffff}');
    if text.chars().any(private) {
        Some(Wrong::PrivateUse)
    } else if text.chars().any(char::is_control) {
        Some(Wrong::Control)
    } else {
        (text.chars().count() > FIELD_CHARS_MAX).then_some(Wrong::TooLong)
    }
}

impl Line<'_> {
    fn problem(&self, column: Column, what: Wrong) -> Problem {
        Problem {
            line: self.number,
            column: self.layout.place(column).map(|place| (place + 1, column)),
            what,
            protection: LineProtection::Perhaps,
        }
    }

    fn text(&self, column: Column) -> &str {
        let place = self.layout.place(column);
        place
            .and_then(|place| self.fields.get(place))
            .map_or("", String::as_str)
    }

    fn owned(&self, column: Column) -> String {
        self.text(column).to_owned()
    }

    fn needed(&self, column: Column) -> Result<String, Problem> {
        let text = self.text(column);
        if text.trim().is_empty() {
            Err(self.problem(column, Wrong::Needed))
        } else {
            Ok(text.to_owned())
        }
    }

    fn entry(&self) -> Result<Entry, Problem> {
        let state = self.code(Column::State, "1 2 3 4 5", ResidentState::of_code)?;
        let kind = self.code(Column::Kind, "1 2", |code| match code {
            "1" => Some(ResidentKind::Japanese),
            "2" => Some(ResidentKind::Foreign),
            _ => None,
        })?;
        let birth_date = self.needed(Column::BirthDate)?;
        let resident = Resident {
            person_no: self.number(Column::PersonNo)?,
            household_no: self.number(Column::HouseholdNo)?,
            state,
            kind,
            name: self.needed(Column::Name)?,
            kana: self.kana(Column::Kana, kind)?,
            alias: self.owned(Column::Alias),
            alias_kana: self.kana(Column::AliasKana, kind)?,
            former_surname: self.owned(Column::FormerSurname),
            birth_date: self.date_of(Column::BirthDate, &birth_date)?,
            sex: self.sex()?,
            relation: self.relation()?,
            resident_code: self.resident_code()?,
            nationality: self.owned(Column::Nationality),
            qualifications: self.qualifications()?,
            place: Some(self.place(state)?),
        };
        let protected = self.code(Column::Protection, "0 1", |code| match code {
            "" | "0" => Some(false),
            "1" => Some(true),
            _ => None,
        })?;
        let until = self.date(Column::ProtectionUntil)?;
        Ok(Entry {
            resident,
            protected_until: protected.then_some(until),
        })
    }

    fn place(&self, state: ResidentState) -> Result<Place, Problem> {
        let address = self.owned(Column::Address);
        let lives_here = matches!(state, ResidentState::Resident | ResidentState::MovingOut);
        if lives_here && address.trim().is_empty() {
            return Err(self.problem(Column::Address, Wrong::Residents));
        }
        Ok(Place {
            address,
            building: self.owned(Column::Building),
            since: self.date(Column::AddressSince)?,
            previous: self.owned(Column::PreviousAddress),
            domicile: self.owned(Column::Domicile),
            register_head: self.owned(Column::RegisterHead),
            out_to: self.owned(Column::OutTo),
            out_date: self.date(Column::OutDate)?,
            history: Vec::new(),
        })
    }

    fn code<T>(
        &self,
        column: Column,
        codes: &'static str,
        read: impl FnOnce(&str) -> Option<T>,
    ) -> Result<T, Problem> {
        let text: String = self.text(column).trim().nfkc().collect();
        read(&text).ok_or_else(|| self.problem(column, Wrong::Code(codes)))
    }

    fn number(&self, column: Column) -> Result<String, Problem> {
        let text = self.needed(column)?;
        let fits = text.chars().count() <= NUMBER_CHARS_MAX
            && text
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
        if fits {
            Ok(text)
        } else {
            Err(self.problem(column, Wrong::Number("半角の英数字15字まで")))
        }
    }

    /// Half-width kana, as many systems write it, becomes full-width: a reading has no glyphs.
    fn kana(&self, column: Column, kind: ResidentKind) -> Result<String, Problem> {
        let text: String = self.text(column).nfkc().collect();
        let text = text.trim().replace([' ', '\u{3000}'], "\u{3000}");
        if text.is_empty() || kind == ResidentKind::Foreign || Kana::parse(&text).is_ok() {
            Ok(text)
        } else {
            Err(self.problem(column, Wrong::Kana))
        }
    }

    fn sex(&self) -> Result<String, Problem> {
        self.code(Column::Sex, "1 2 0 空", |code| match code {
            "" | "0" | "9" => Some(String::new()),
            "1" | "男" => Some("male".to_owned()),
            "2" | "女" => Some("female".to_owned()),
            _ => None,
        })
    }

    fn relation(&self) -> Result<String, Problem> {
        let text = self.text(Column::Relation).trim();
        if text.is_empty() {
            return Ok(String::new());
        }
        text.parse::<Relation>()
            .map(|relation| relation.to_string())
            .map_err(|_| self.problem(Column::Relation, Wrong::Relation))
    }

    fn resident_code(&self) -> Result<String, Problem> {
        let text = self.text(Column::ResidentCode).trim();
        if text.is_empty() {
            return Ok(String::new());
        }
        ResidentCode::parse(text)
            .map(|code| code.reveal().to_owned())
            .map_err(|_| self.problem(Column::ResidentCode, Wrong::Number("数字11桁")))
    }

    fn qualifications(&self) -> Result<Vec<String>, Problem> {
        self.text(Column::Qualifications)
            .split(';')
            .map(str::trim)
            .filter(|code| !code.is_empty())
            .map(|code| {
                let known = QUALIFICATIONS.contains(&code);
                known
                    .then(|| code.to_owned())
                    .ok_or_else(|| self.problem(Column::Qualifications, Wrong::Qualification))
            })
            .collect()
    }

    fn date(&self, column: Column) -> Result<String, Problem> {
        let text = self.owned(column);
        if text.trim().is_empty() {
            return Ok(String::new());
        }
        self.date_of(column, &text)
    }

    fn date_of(&self, column: Column, text: &str) -> Result<String, Problem> {
        text.parse::<FuzzyDate>()
            .map(|date| date.to_string())
            .map_err(|error| self.problem(column, Wrong::Date(error.advice_ja())))
    }
}
