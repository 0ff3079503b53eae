//! A person of the resident copy (住民記録の副本), and how one is searched for.
//!
//! The copy is made from a file of the resident record system (`docs/reference/resident-copy.md`).
//! It is only read: what is taken from it into a case becomes a field with the source "resident
//! copy". The Individual Number is not part of it.
//!
//! The dataset `resident-copy` is a zstd stream of JSON lines: a [`CopyHeader`], then one
//! [`Resident`] a line. Fields are added, never renamed, so that an older counter reads a newer copy.

use std::fmt;

use serde::{Deserialize, Serialize};

mod changes;
mod keys;
mod query;
mod variants;
mod words;

pub use changes::{CHANGES_FORMAT, ChangesHeader, RESIDENT_CHANGES, ResidentChange};
pub use keys::{ResidentKeys, address_key, birth_key, name_key};
pub use query::{QUERY_CHARS_MAX, QueryError, ResidentQuery, Term};
pub use words::{Lookup, Nearness, Word, WordKind, overlaps};

/// Name of the dataset.
pub const RESIDENT_COPY: &str = "resident-copy";

/// Layout of the dataset; a counter leaves a newer one alone.
pub const COPY_FORMAT: u16 = 1;

/// The first line of the dataset.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CopyHeader {
    /// [`COPY_FORMAT`].
    pub format: u16,
    /// The city, as addresses begin with it.
    pub city: String,
    /// The day the resident record system wrote the file, ISO 8601; told by the operator.
    pub as_of: String,
    /// Lines that follow.
    pub persons: u64,
}

/// One person. `Debug` hides everything.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Resident {
    /// The resident record system's own number of the person (宛名番号).
    pub person_no: String,
    /// Its number of the household (世帯番号).
    pub household_no: String,
    /// Whether they live here.
    pub state: ResidentState,
    /// By which part of the law they are recorded.
    pub kind: ResidentKind,
    /// Name (氏名), glyph by glyph; surname and given name parted by an ideographic space.
    pub name: String,
    /// Its reading in katakana.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub kana: String,
    /// Alias (通称).
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub alias: String,
    /// Its reading.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub alias_kana: String,
    /// Former surname (旧氏).
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub former_surname: String,
    /// Birth date as [`crate::date::FuzzyDate`] stores it.
    pub birth_date: String,
    /// `male`, `female` or empty.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub sex: String,
    /// Relation to the head (続柄), in words.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub relation: String,
    /// Resident record code (住民票コード), eleven digits or empty.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub resident_code: String,
    /// Nationality or region (国籍・地域), of foreigners.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub nationality: String,
    /// What the person is registered for (資格), each as [`Qualification`] reads it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub qualifications: Vec<String>,
    /// Where they live and lived; `None` when it is withheld, because somebody of the household is
    /// under protection.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub place: Option<Place>,
}

impl fmt::Debug for Resident {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Resident(…)")
    }
}

/// Everything that tells where a person is. `Debug` hides it.
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Place {
    /// Address (住所) without the building.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub address: String,
    /// Building and room (方書).
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub building: String,
    /// The day they came to live there (住所を定めた年月日), stored form.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub since: String,
    /// The address before (前住所).
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub previous: String,
    /// Registered domicile (本籍).
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub domicile: String,
    /// First person of the family register (筆頭者).
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub register_head: String,
    /// Where they moved to (転出先).
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub out_to: String,
    /// When (転出年月日), stored form.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub out_date: String,
    /// What the record says of earlier changes (異動履歴), oldest first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub history: Vec<PastChange>,
}

/// A change of the past. `Debug` hides it.
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct PastChange {
    /// The day (異動日), stored form.
    pub day: String,
    /// What it was (異動事由), in words: 転入, 転居, 世帯主変更 …
    pub what: String,
    /// The address from then on, or where they came from or went.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub place: String,
}

impl fmt::Debug for PastChange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PastChange(…)")
    }
}

impl fmt::Debug for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Place(…)")
    }
}

/// Whether somebody lives here (住民状態). In the order lists show them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ResidentState {
    /// Lives here (住民).
    Resident,
    /// Said they will move out (転出予定).
    MovingOut,
    /// Moved out (転出).
    MovedOut,
    /// Died (死亡).
    Dead,
    /// Removed by the city (職権消除).
    Removed,
}

impl ResidentState {
    /// All, in order.
    pub const ALL: [Self; 5] = [
        Self::Resident,
        Self::MovingOut,
        Self::MovedOut,
        Self::Dead,
        Self::Removed,
    ];

    /// The code in the file.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Resident => "1",
            Self::MovingOut => "2",
            Self::MovedOut => "3",
            Self::Dead => "4",
            Self::Removed => "5",
        }
    }

    /// The state of a code.
    pub fn of_code(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.code() == code)
    }
}

/// By which part of the law somebody is recorded (住民種別).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ResidentKind {
    /// Japanese (住民基本台帳法7条).
    Japanese,
    /// Foreign (同法30条の45).
    Foreign,
}

/// Codes of qualifications (資格) a city may send along: what a clerk needs to know which
/// procedures follow (`domain.md` D.1). Amounts, arrears and grades are not among them.
pub const QUALIFICATIONS: [&str; 21] = [
    "nhi",                     // 国民健康保険
    "late_elderly",            // 後期高齢者医療
    "ltc",                     // 介護保険
    "pension",                 // 国民年金
    "child_allowance",         // 児童手当
    "child_medical",           // 子ども医療証
    "single_parent",           // ひとり親
    "disability",              // 障害者手帳
    "welfare",                 // 生活保護
    "seal",                    // 印鑑登録
    "mncard",                  // 個人番号カード
    "dog",                     // 飼い犬
    "rearing_allowance",       // 児童扶養手当
    "special_child_allowance", // 特別児童扶養手当
    "severe_medical",          // 重度障がい者等医療証
    "self_support_medical",    // 自立支援医療
    "disability_service",      // 障害福祉サービス
    "moped",                   // 原動機付自転車など
    "light_vehicle",           // 軽自動車
    "direct_debit",            // 市税などの口座振替
    "intractable",             // 指定難病・小児慢性
];

/// Something a person is registered for, `code[:detail][@since]`: `ltc:要介護2@2025-10-01`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Qualification<'a> {
    /// One of [`QUALIFICATIONS`].
    pub code: &'a str,
    /// What the city tells beside it, in words; may be empty.
    pub detail: &'a str,
    /// Since when, stored form of a date; may be empty.
    pub since: &'a str,
}

impl<'a> Qualification<'a> {
    /// Takes one apart.
    pub fn read(text: &'a str) -> Self {
        let (before, since) = text.split_once('@').unwrap_or((text, ""));
        let (code, detail) = before.split_once(':').unwrap_or((before, ""));
        Self {
            code,
            detail,
            since,
        }
    }
}

impl Resident {
    /// What they are registered for.
    pub fn qualifications(&self) -> impl Iterator<Item = Qualification<'_>> {
        self.qualifications
            .iter()
            .map(|text| Qualification::read(text))
    }

    /// Whether this is the head of the household.
    pub fn is_head(&self) -> bool {
        self.relation == "世帯主"
    }
}
