//! What is known of a move before the person stands at the counter: reservations of the national
//! portal (転入予約) and move-out certificate data of the national network (転出証明書情報).
//!
//! Head office imports both from files (`docs/reference/reservations.md`,
//! `docs/reference/move-outs.md`) and publishes each as a dataset to every counter of the city,
//! because a resident may come to any of them. They are only read: what is taken from one into a
//! case becomes a field with its source, and a row `taken.…` that says which one was used, in which
//! version. The Individual Number is in neither.
//!
//! A dataset is a zstd stream of JSON lines: a [`PoolHeader`], then one [`Prepared`] a line. Fields
//! are added, never renamed, so that an older counter reads a newer pool.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::address::Address;
use crate::draft::{Draft, FieldPath, FieldValue};
use crate::protection::{Digest, likeness};
use crate::resident::{
    Resident, ResidentKeys, ResidentKind, ResidentQuery, ResidentState, address_key, name_key,
};

/// Name of the dataset of reservations.
pub const RESERVATIONS: &str = "reservations";
/// Name of the dataset of move-out certificate data.
pub const MOVE_OUTS: &str = "move-outs";
/// Name of the dataset that says which of both are in use, and where.
pub const PREPARED_USES: &str = "prepared-uses";
/// Layout of the datasets; a counter leaves a newer one alone.
pub const POOL_FORMAT: u16 = 1;
/// The most people of one filing.
pub const PEOPLE_MAX: usize = 12;
/// Longest number, in characters.
pub const NUMBER_CHARS_MAX: usize = 40;

/// The first line of a dataset.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PoolHeader {
    /// [`POOL_FORMAT`].
    pub format: u16,
    /// When it was made, ISO 8601.
    pub as_of: String,
    /// Lines that follow.
    pub entries: u64,
}

/// Where something prepared came from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PreparedKind {
    /// A reservation of the national portal (転入予約).
    Reservation,
    /// Move-out certificate data (転出証明書情報).
    MoveOut,
}

impl PreparedKind {
    /// Both, in the order they are looked at.
    pub const ALL: [Self; 2] = [Self::Reservation, Self::MoveOut];

    /// Name of its dataset.
    pub const fn dataset(self) -> &'static str {
        match self {
            Self::Reservation => RESERVATIONS,
            Self::MoveOut => MOVE_OUTS,
        }
    }

    /// Its name in the path of a draft's row.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Reservation => "reservation",
            Self::MoveOut => "move_out",
        }
    }

    /// The kind of a name.
    pub fn of_code(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.code() == code)
    }

    /// Path of the row that says that a case uses the one with this number; its text is the
    /// version of the data.
    pub fn taken_path(self, number: &str) -> String {
        format!("taken.{}.{number}", self.code())
    }
}

/// One reservation, or the certificate data of one move. `Debug` shows the kind only.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Prepared {
    /// Which.
    pub kind: PreparedKind,
    /// Its number: of the reservation, or issuing city and certificate parted by a hyphen. Letters,
    /// digits and hyphens.
    pub number: String,
    /// Counts up with each change at its origin.
    pub revision: u32,
    /// The day of the visit (来庁予定日), or of the planned move out (転出予定年月日); stored form.
    pub day: String,
    /// The day of the move (異動予定日), stored form; empty when not told.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub moving_on: String,
    /// When it was applied for or filed at the old city, stored form.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub filed_on: String,
    /// Only announced: the final data of the old city is still to come (事前通知).
    #[serde(default)]
    pub advance: bool,
    /// A move by card (特例転入): no paper comes.
    #[serde(default)]
    pub special: bool,
    /// The old city, as its name is written.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub issuer: String,
    /// Everybody who moves, the person who files first.
    pub people: Vec<Newcomer>,
    /// The head where they lived.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub head_old: String,
    /// The head where they will live.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub head_new: String,
    /// Where they lived and will live; `None` when it is withheld because somebody is under
    /// protection (支援措置).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub place: Option<PreparedPlace>,
    /// What they wish to do at the same visit, as codes of [`WISHES`].
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub wishes: Vec<String>,
    /// Remarks (備考).
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub note: String,
}

impl fmt::Debug for Prepared {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Prepared({}, …)", self.kind.code())
    }
}

/// Where the people of a [`Prepared`] live, and how they are reached. `Debug` hides it.
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct PreparedPlace {
    /// The address before (転出前住所), with the building.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub old: String,
    /// The address in this city, without the building.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub new: String,
    /// Building and room there.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub building: String,
    /// Telephone.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub phone: String,
    /// Mail address.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub mail: String,
}

impl fmt::Debug for PreparedPlace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PreparedPlace(…)")
    }
}

/// Somebody who moves in. `Debug` hides everything.
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Newcomer {
    /// Name (氏名), glyph by glyph.
    pub name: String,
    /// Its reading in katakana.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub kana: String,
    /// Former surname (旧氏).
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub former_surname: String,
    /// Alias (通称).
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub alias: String,
    /// Its reading.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub alias_kana: String,
    /// Birth date as [`crate::date::FuzzyDate`] stores it.
    pub birth_date: String,
    /// `male`, `female` or empty.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub sex: String,
    /// Relation to the head (続柄), in words: the new one in a reservation, the one before in
    /// certificate data.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub relation: String,
    /// Resident record code (住民票コード), eleven digits or empty.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub resident_code: String,
    /// Nationality or region (国籍・地域), of foreigners.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub nationality: String,
    /// Registered domicile (本籍); withheld with the addresses.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub domicile: String,
    /// First person of the family register (筆頭者); withheld with the addresses.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub register_head: String,
    /// By which part of 住基法30条の45 a foreigner is recorded, in words.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub stay_class: String,
    /// Status of residence (在留資格).
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub stay_status: String,
    /// Period of stay (在留期間).
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub stay_period: String,
    /// Its last day (在留期間の満了の日), stored form.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub stay_until: String,
    /// Number of the residence card (在留カード等の番号).
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub stay_card: String,
    /// Whether there is a My Number card: `valid`, `stopped`, `none` or empty.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub card: String,
    /// What they were registered for at the old city, codes as in the resident copy.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub qualifications: Vec<String>,
    /// Care level (要介護度), in words.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub care_level: String,
    /// Kind of national pension (国民年金の種別), in words.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub pension_kind: String,
}

impl fmt::Debug for Newcomer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Newcomer(…)")
    }
}

/// Codes of what a reservation may wish for at the same visit.
pub const WISHES: [&str; 10] = [
    "card",            // マイナンバーカードの継続利用
    "signature",       // 署名用電子証明書の発行
    "record",          // 住民票の写し
    "seal",            // 印鑑登録
    "nhi",             // 国民健康保険
    "pension",         // 国民年金
    "child_allowance", // 児童手当
    "child_medical",   // 子ども医療
    "school",          // 転校
    "interpreter",     // 通訳
];

impl Prepared {
    /// One with nothing but its number: what a withdrawal leaves behind.
    pub fn empty(kind: PreparedKind, number: String, revision: u32, day: String) -> Self {
        Self {
            kind,
            number,
            revision,
            day,
            moving_on: String::new(),
            filed_on: String::new(),
            advance: false,
            special: false,
            issuer: String::new(),
            people: Vec::new(),
            head_old: String::new(),
            head_new: String::new(),
            place: None,
            wishes: Vec::new(),
            note: String::new(),
        }
    }

    /// Leaves out where the people live and lived, and how they are reached. A remark may say it
    /// too.
    pub fn withhold(&mut self) {
        self.place = None;
        self.note.clear();
        for person in &mut self.people {
            person.domicile.clear();
            person.register_head.clear();
        }
    }

    /// Whether a counter can use it.
    pub fn is_valid(&self) -> bool {
        !self.people.is_empty()
    }

    /// What the people are recognised by on the protection list.
    pub fn digests(&self) -> Vec<Digest> {
        let of = |person: &Newcomer| {
            let given = person.name.split_once('\u{3000}').map_or("", |(_, g)| g);
            let former = [person.former_surname.as_str(), given].concat();
            let names = [
                person.name.as_str(),
                &person.kana,
                &person.alias,
                &person.alias_kana,
                if person.former_surname.is_empty() {
                    ""
                } else {
                    &former
                },
            ];
            likeness(&names, &person.birth_date, &person.resident_code)
        };
        self.people.iter().flat_map(of).collect()
    }

    /// Whether every word of what staff typed fits: the number or a part of it, or somebody's name,
    /// reading, birth date or record code.
    pub fn fits(&self, typed: &str) -> bool {
        let keys: Vec<(ResidentKeys, &str)> = self
            .people
            .iter()
            .map(|person| {
                (
                    ResidentKeys::of(&person.as_resident(), ""),
                    person.resident_code.as_str(),
                )
            })
            .collect();
        let number = crate::name::search_key(&self.number);
        typed.split_whitespace().all(|word| {
            let key = crate::name::search_key(word);
            let is_part = key.chars().count() >= 3 && number.contains(&key);
            is_part
                || ResidentQuery::parse(word, "").is_ok_and(|query| {
                    keys.iter().any(|(keys, code)| {
                        let mut terms = query.terms().iter();
                        terms.all(|term| term.fits(keys, [code, "", ""]))
                    })
                })
        })
    }

    /// The person somebody is, and how sure that is.
    pub fn find(&self, known: &FourItems<'_>) -> Option<Match> {
        let old = self.place.as_ref().map_or("", |place| place.old.as_str());
        self.people
            .iter()
            .enumerate()
            .filter_map(|(person, newcomer)| newcomer.compare(old, known, person))
            .min_by_key(|found| found.differs.len())
    }
}

/// The four basic items (基本4情報) of somebody, as far as they are known.
#[derive(Clone, Copy, Default)]
pub struct FourItems<'a> {
    /// Name.
    pub name: &'a str,
    /// Address, the old one.
    pub address: &'a str,
    /// Birth date, stored form.
    pub birth_date: &'a str,
    /// `male`, `female` or empty.
    pub sex: &'a str,
}

impl fmt::Debug for FourItems<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("FourItems(…)")
    }
}

/// One of the four basic items.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Item {
    /// The name, glyph by glyph.
    Name,
    /// The address, however it is written.
    Address,
    /// The sex.
    Sex,
}

/// Somebody was found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Match {
    /// Place in [`Prepared::people`].
    pub person: usize,
    /// What is said differently.
    pub differs: Vec<Item>,
}

impl Newcomer {
    /// The birth date must be the same, and beside it the name in whatever variant forms, or both
    /// other items: a name may be written with another glyph on a card.
    fn compare(&self, old: &str, known: &FourItems<'_>, person: usize) -> Option<Match> {
        if known.birth_date.is_empty() || self.birth_date != known.birth_date {
            return None;
        }
        let key = name_key(known.name);
        let like = |name: &str| !key.is_empty() && name_key(name) == key;
        let same_name = like(&self.name) || like(&self.alias);
        let told = |one: &str, other: &str| !one.is_empty() && !other.is_empty();
        let same_sex = told(&self.sex, known.sex) && self.sex == known.sex;
        let same_place = told(old, known.address) && same_address(old, known.address);
        let is_somebody = same_name || (same_sex && same_place);
        if !is_somebody {
            return None;
        }
        let differs = [
            (Item::Name, known.name != self.name),
            (Item::Address, told(old, known.address) && !same_place),
            (Item::Sex, told(&self.sex, known.sex) && !same_sex),
        ];
        Some(Match {
            person,
            differs: differs
                .into_iter()
                .filter_map(|(item, differs)| differs.then_some(item))
                .collect(),
        })
    }

    /// The person as the search knows people.
    fn as_resident(&self) -> Resident {
        Resident {
            person_no: String::new(),
            household_no: String::new(),
            state: ResidentState::MovedOut,
            kind: if self.nationality.is_empty() {
                ResidentKind::Japanese
            } else {
                ResidentKind::Foreign
            },
            name: self.name.clone(),
            kana: self.kana.clone(),
            alias: self.alias.clone(),
            alias_kana: self.alias_kana.clone(),
            former_surname: self.former_surname.clone(),
            birth_date: self.birth_date.clone(),
            sex: self.sex.clone(),
            relation: String::new(),
            resident_code: self.resident_code.clone(),
            nationality: self.nationality.clone(),
            qualifications: Vec::new(),
            place: None,
        }
    }
}

/// Whether two addresses are one, however they are written.
pub fn same_address(one: &str, other: &str) -> bool {
    let key = |text: &str| {
        let address = Address::parse(text);
        address_key(text, address.city.as_deref().unwrap_or_default())
    };
    key(one) == key(other)
}

/// That a case uses something prepared.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct PreparedUse {
    /// Which kind.
    pub kind: PreparedKind,
    /// Its number.
    pub number: String,
    /// The version of the data that was used.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub version: String,
}

/// What a draft uses, in path order.
pub fn uses_of(draft: &Draft) -> Vec<PreparedUse> {
    let taken = |path: &FieldPath, value: &FieldValue| {
        let (kind, number) = path.as_str().strip_prefix("taken.")?.split_once('.')?;
        Some(PreparedUse {
            kind: PreparedKind::of_code(kind)?,
            number: number.to_owned(),
            version: value.as_text()?.to_owned(),
        })
    };
    draft
        .fields_under("taken.")
        .filter_map(|(path, field)| taken(path, &field.shown.value))
        .collect()
}

/// The dataset [`PREPARED_USES`], as JSON: what is in use anywhere in the city.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct PreparedUses {
    /// [`POOL_FORMAT`].
    pub format: u16,
    /// Every use, sorted.
    pub uses: Vec<UsedAt>,
}

/// A use, and where.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct UsedAt {
    /// Which kind.
    pub kind: PreparedKind,
    /// Its number.
    pub number: String,
    /// Receipt number (受付番号) of the case that uses it.
    pub receipt_number: String,
}
