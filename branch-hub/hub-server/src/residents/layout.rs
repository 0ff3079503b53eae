//! The columns of the resident copy's file, by either name, in any order.
//!
//! `docs/reference/resident-copy.md` says the same for people.

/// A column.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(usize)]
pub(crate) enum Column {
    PersonNo,
    HouseholdNo,
    State,
    Kind,
    Name,
    Kana,
    Alias,
    AliasKana,
    FormerSurname,
    BirthDate,
    Sex,
    Relation,
    ResidentCode,
    Nationality,
    Address,
    Building,
    AddressSince,
    PreviousAddress,
    Domicile,
    RegisterHead,
    OutTo,
    OutDate,
    Qualifications,
    Protection,
    ProtectionUntil,
}

/// Whether a file may lack a column.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Presence {
    Needed,
    Optional,
}

use Column as C;
use Presence::{Needed, Optional};

/// Every column with its English and Japanese heading.
pub(crate) const COLUMNS: [(Column, &str, &str, Presence); 25] = [
    (C::PersonNo, "person_no", "宛名番号", Needed),
    (C::HouseholdNo, "household_no", "世帯番号", Needed),
    (C::State, "state", "住民状態", Needed),
    (C::Kind, "kind", "住民種別", Needed),
    (C::Name, "name", "氏名", Needed),
    (C::Kana, "kana", "氏名カナ", Optional),
    (C::Alias, "alias", "通称", Optional),
    (C::AliasKana, "alias_kana", "通称カナ", Optional),
    (C::FormerSurname, "former_surname", "旧氏", Optional),
    (C::BirthDate, "birth_date", "生年月日", Needed),
    (C::Sex, "sex", "性別", Optional),
    (C::Relation, "relation", "続柄", Optional),
    (C::ResidentCode, "resident_code", "住民票コード", Optional),
    (C::Nationality, "nationality", "国籍・地域", Optional),
    (C::Address, "address", "住所", Needed),
    (C::Building, "building", "方書", Optional),
    (
        C::AddressSince,
        "address_since",
        "住所を定めた年月日",
        Optional,
    ),
    (C::PreviousAddress, "previous_address", "前住所", Optional),
    (C::Domicile, "domicile", "本籍", Optional),
    (C::RegisterHead, "register_head", "筆頭者", Optional),
    (C::OutTo, "out_to", "転出先", Optional),
    (C::OutDate, "out_date", "転出年月日", Optional),
    (C::Qualifications, "qualifications", "資格", Optional),
    // Without it nobody would be protected, and nobody would notice.
    (C::Protection, "protection", "支援措置", Needed),
    (
        C::ProtectionUntil,
        "protection_until",
        "支援措置終了日",
        Optional,
    ),
];

/// Headings of the Individual Number: a file that has them is refused as a whole.
const FORBIDDEN: [&str; 4] = ["individual_no", "my_number", "個人番号", "マイナンバー"];

/// Where each column stands in a file.
#[derive(Debug, Clone)]
pub(crate) struct Layout {
    places: Vec<Option<usize>>,
    /// How many columns a line has.
    pub(crate) width: usize,
}

/// What is wrong with a heading line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum HeadingProblem {
    /// The file carries Individual Numbers.
    IndividualNumber,
    /// A heading nobody knows, in this place from 1.
    Unknown(usize),
    /// A column twice.
    Twice(&'static str),
    /// A needed column is not there.
    Missing(&'static str),
}

impl Layout {
    /// Reads a heading line.
    pub(crate) fn of(headings: &[String]) -> Result<Self, HeadingProblem> {
        let mut places = vec![None; COLUMNS.len()];
        for (place, heading) in headings.iter().enumerate() {
            let heading = heading.trim();
            if FORBIDDEN.contains(&heading) {
                return Err(HeadingProblem::IndividualNumber);
            }
            let (column, english, _, _) = COLUMNS
                .iter()
                .find(|(_, english, japanese, _)| *english == heading || *japanese == heading)
                .ok_or(HeadingProblem::Unknown(place + 1))?;
            let slot = places.get_mut(column.order());
            if let Some(slot) = slot
                && slot.replace(place).is_some()
            {
                return Err(HeadingProblem::Twice(english));
            }
        }
        for (column, english, _, presence) in &COLUMNS {
            let is_there = places.get(column.order()).is_some_and(Option::is_some);
            if *presence == Needed && !is_there {
                return Err(HeadingProblem::Missing(english));
            }
        }
        Ok(Self {
            places,
            width: headings.len(),
        })
    }

    /// The place of a column in a line, from 0.
    pub(crate) fn place(&self, column: Column) -> Option<usize> {
        self.places.get(column.order()).copied().flatten()
    }
}

impl Column {
    fn order(self) -> usize {
        COLUMNS
            .iter()
            .position(|(column, ..)| *column == self)
            .unwrap_or(usize::MAX)
    }

    /// Its English heading, for messages.
    pub(crate) fn heading(self) -> &'static str {
        COLUMNS
            .iter()
            .find(|(column, ..)| *column == self)
            .map_or("", |(_, english, ..)| english)
    }
}
