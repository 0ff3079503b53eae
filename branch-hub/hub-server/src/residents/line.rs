//! One line of the file as a person, or what is wrong with it.

use counter_domain::resident::{Place, Resident, ResidentKind, ResidentState};

use crate::line_file::{Fields, Line, LineFile, Problem, Wrong, record};
use crate::residents::layout::Column;

/// A person of the file, with the protection column.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Entry {
    pub(crate) resident: Resident,
    /// Under protection, until this day (stored form, may be empty).
    pub(crate) protected_until: Option<String>,
}

/// A line that must be corrected.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Unread {
    pub(crate) problem: Problem,
    /// Whether the line can be left out without forgetting somebody's protection.
    pub(crate) protection: LineProtection,
}

/// What a bad line says about protection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum LineProtection {
    /// Plainly none.
    None,
    /// It asks for it, or cannot be read: the line must be corrected.
    Perhaps,
}

/// Reads one line.
pub(crate) fn read(source: &LineFile<Column>, line: Line<'_>) -> Result<Entry, Unread> {
    source
        .fields(line)
        .and_then(|fields| entry(&fields))
        .map_err(|problem| Unread {
            problem,
            protection: protection_of(source, line),
        })
}

/// What a line that cannot be read says about protection.
fn protection_of(source: &LineFile<Column>, line: Line<'_>) -> LineProtection {
    let record = record(line.bytes)
        .filter(|record| !line.cut && record.len() == source.layout.width());
    let place = source.layout.place(Column::Protection);
    let field = record.as_ref().and_then(|record| record.get(place?));
    match field.map(<[u8]>::trim_ascii) {
        Some(b"" | b"0") => LineProtection::None,
        Some(_) | None => LineProtection::Perhaps,
    }
}

fn entry(fields: &Fields<'_, Column>) -> Result<Entry, Problem> {
    let state = fields.code(Column::State, "1 2 3 4 5", ResidentState::of_code)?;
    let kind = fields.code(Column::Kind, "1 2", |code| match code {
        "1" => Some(ResidentKind::Japanese),
        "2" => Some(ResidentKind::Foreign),
        _ => None,
    })?;
    let is_foreign = kind == ResidentKind::Foreign;
    let resident = Resident {
        person_no: fields.number(Column::PersonNo)?,
        household_no: fields.number(Column::HouseholdNo)?,
        state,
        kind,
        name: fields.needed(Column::Name)?,
        kana: fields.kana(Column::Kana, is_foreign)?,
        alias: fields.owned(Column::Alias),
        alias_kana: fields.kana(Column::AliasKana, is_foreign)?,
        former_surname: fields.owned(Column::FormerSurname),
        birth_date: fields.needed_date(Column::BirthDate)?,
        sex: fields.sex(Column::Sex)?,
        relation: fields.relation(Column::Relation)?,
        resident_code: fields.resident_code(Column::ResidentCode)?,
        nationality: fields.owned(Column::Nationality),
        qualifications: fields.qualifications(Column::Qualifications)?,
        place: Some(place(fields, state)?),
    };
    let is_protected = fields.flag(Column::Protection)?;
    let until = fields.date(Column::ProtectionUntil)?;
    Ok(Entry {
        resident,
        protected_until: is_protected.then_some(until),
    })
}

fn place(fields: &Fields<'_, Column>, state: ResidentState) -> Result<Place, Problem> {
    let address = fields.owned(Column::Address);
    let lives_here = matches!(state, ResidentState::Resident | ResidentState::MovingOut);
    if lives_here && address.trim().is_empty() {
        let what = "住民の住所が空です。住所を入れるか、住民状態を直してください";
        return Err(fields.problem(Column::Address, Wrong::Said(what)));
    }
    Ok(Place {
        address,
        building: fields.owned(Column::Building),
        since: fields.date(Column::AddressSince)?,
        previous: fields.owned(Column::PreviousAddress),
        domicile: fields.owned(Column::Domicile),
        register_head: fields.owned(Column::RegisterHead),
        out_to: fields.owned(Column::OutTo),
        out_date: fields.date(Column::OutDate)?,
    })
}
