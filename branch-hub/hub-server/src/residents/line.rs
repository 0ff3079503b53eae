//! One line of the file as a person, or what is wrong with it.

use counter_domain::resident::{
    PastChange, Place, QUALIFICATIONS, Qualification, Resident, ResidentKind, ResidentState,
};
use hub_store::Registered;

use crate::line_file::{Fields, Problem, Wrong};
use crate::residents::columns::Column;

/// Longest detail of a qualification.
const DETAIL_CHARS_MAX: usize = 30;

/// What a line of a difference does (異動区分).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Change {
    Add,
    Alter,
    Remove,
    /// Is so now, whether or not they were there.
    Put,
}

/// What a line says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Said {
    /// Somebody is new, or is so now.
    Is(Change, Box<Registered>),
    /// Somebody is gone, by number.
    IsGone(String),
}

impl Said {
    /// Whose line it is.
    pub(super) fn person_no(&self) -> &str {
        match self {
            Self::Is(_, person) => &person.resident.person_no,
            Self::IsGone(person_no) => person_no,
        }
    }
}

/// Reads a line of a difference.
pub(super) fn change(fields: &Fields<'_, Column>) -> Result<Said, Problem> {
    let change = fields.code(Column::Change, "1 2 3", |code| match code {
        "1" => Some(Change::Add),
        "2" => Some(Change::Alter),
        "3" => Some(Change::Remove),
        _ => None,
    })?;
    match change {
        Change::Remove => Ok(Said::IsGone(fields.number(Column::PersonNo)?)),
        Change::Add | Change::Alter | Change::Put => {
            Ok(Said::Is(change, Box::new(person(fields)?)))
        }
    }
}

/// Reads a line that was left out of a whole copy and is corrected now.
pub(super) fn corrected(fields: &Fields<'_, Column>) -> Result<Said, Problem> {
    Ok(Said::Is(Change::Put, Box::new(person(fields)?)))
}

/// Reads a line of a whole copy.
pub(super) fn person(fields: &Fields<'_, Column>) -> Result<Registered, Problem> {
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
        qualifications: qualifications(fields)?,
        place: Some(place(fields, state)?),
    };
    let is_protected = fields.flag(Column::Protection)?;
    let until = fields.date(Column::ProtectionUntil)?;
    Ok(Registered {
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
        history: history(fields)?,
    })
}

/// What stands between the entries of a column that holds several.
fn entries<'f>(fields: &'f Fields<'_, Column>, column: Column) -> impl Iterator<Item = &'f str> {
    let entries = fields.text(column).split(';').map(str::trim);
    entries.filter(|entry| !entry.is_empty())
}

/// `nhi;ltc:要介護2@2025-10-01`.
fn qualifications(fields: &Fields<'_, Column>) -> Result<Vec<String>, Problem> {
    entries(fields, Column::Qualifications)
        .map(|entry| qualification(fields, Qualification::read(entry)))
        .collect()
}

fn qualification(fields: &Fields<'_, Column>, one: Qualification<'_>) -> Result<String, Problem> {
    let column = Column::Qualifications;
    if !QUALIFICATIONS.contains(&one.code) {
        return Err(fields.problem(column, Wrong::Qualification));
    }
    if one.detail.chars().count() > DETAIL_CHARS_MAX {
        let what = Wrong::Said("資格の内容は30文字までにしてください");
        return Err(fields.problem(column, what));
    }
    let since = fields.date_of(column, one.since)?;
    let mut written = one.code.to_owned();
    for (sign, part) in [(':', one.detail), ('@', since.as_str())] {
        if !part.is_empty() {
            written.push(sign);
            written.push_str(part);
        }
    }
    Ok(written)
}

/// `2019-04-01|転入|仮市仮町1番1号;2022-06-10|転居`.
fn history(fields: &Fields<'_, Column>) -> Result<Vec<PastChange>, Problem> {
    entries(fields, Column::History)
        .map(|entry| {
            let mut parts = entry.split('|').map(str::trim);
            let (Some(day), Some(what)) = (parts.next(), parts.next()) else {
                let form = Wrong::Said("異動履歴は「日|事由|住所」を「;」で区切ってください");
                return Err(fields.problem(Column::History, form));
            };
            Ok(PastChange {
                day: fields.date_of(Column::History, day)?,
                what: what.to_owned(),
                place: parts.next().unwrap_or_default().to_owned(),
            })
        })
        .collect()
}
