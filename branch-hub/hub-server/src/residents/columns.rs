//! The columns of somebody in a file of the resident record system, by the names that layouts and
//! messages use. `docs/reference/resident-copy.md` says the same for people.

use crate::line_file::Presence::{Needed, Optional};
use crate::line_file::{self, Heading};

/// A column.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
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
    History,
    Qualifications,
    Protection,
    ProtectionUntil,
    Change,
}

use Column as C;

impl line_file::Column for Column {
    const HEADINGS: &'static [Heading<Self>] = &[
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
        (C::History, "history", "異動履歴", Optional),
        (C::Qualifications, "qualifications", "資格", Optional),
        // Without it nobody would be protected, and nobody would notice.
        (C::Protection, "protection", "支援措置", Needed),
        (
            C::ProtectionUntil,
            "protection_until",
            "支援措置終了日",
            Optional,
        ),
        (C::Change, "change", "異動区分", Optional),
    ];
    const DESCRIBED: &'static str = "docs/reference/resident-copy.md";
}
