//! What was found on a document: fields with value, confidence, place and checks.
//!
//! The Japanese names are those other programs get in JSON; they stand in one table here and nowhere else.
//! `Debug` tells no value.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::page::Rect;

/// Which document a page is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum DocumentKind {
    /// Move-out certificate (転出証明書), with its continuation sheets.
    MoveOutCertificate,
    /// Residence card (在留カード) or special permanent resident certificate (特別永住者証明書), front.
    ResidenceCard,
    /// Driver's licence (運転免許証), front.
    Licence,
    /// My Number card (個人番号カード), front.
    MyNumberCard,
    /// Passport (旅券): the machine-readable zone.
    Passport,
}

impl DocumentKind {
    /// Every kind with its name on the command line.
    pub const NAMES: [(Self, &'static str); 5] = [
        (Self::MoveOutCertificate, "move-out-certificate"),
        (Self::ResidenceCard, "residence-card"),
        (Self::Licence, "licence"),
        (Self::MyNumberCard, "my-number-card"),
        (Self::Passport, "passport"),
    ];

    /// The kind of that name.
    pub fn named(name: &str) -> Option<Self> {
        Self::NAMES
            .iter()
            .find(|(_, own)| *own == name)
            .map(|(kind, _)| *kind)
    }
}

/// What a field tells.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum FieldName {
    /// Name.
    Name,
    /// Name in kana.
    NameKana,
    /// Birth date.
    BirthDate,
    /// Sex.
    Sex,
    /// Relationship to the head of household.
    Relationship,
    /// Head of household.
    HouseholdHead,
    /// Address before the move.
    OldAddress,
    /// Address after the move.
    NewAddress,
    /// Intended day of moving out.
    MoveOutDate,
    /// Registered domicile.
    RegisteredDomicile,
    /// First person of the family register.
    RegisterHead,
    /// Resident record code, 11 digits.
    ResidentRecordCode,
    /// Individual number, 12 digits.
    IndividualNumber,
    /// National health insurance.
    HealthInsurance,
    /// Medical care of the very old.
    LateElderly,
    /// Long-term care insurance.
    LongTermCare,
    /// Pension.
    Pension,
    /// Child allowance.
    ChildAllowance,
    /// Address on a card.
    Address,
    /// Number of a licence or residence card.
    CardNumber,
    /// Nationality or region.
    Nationality,
    /// Status of residence.
    ResidenceStatus,
    /// Period of stay.
    PeriodOfStay,
    /// Day the period of stay ends.
    StayUntil,
    /// Last day of validity.
    ValidUntil,
    /// Day of issue.
    IssueDate,
}

impl FieldName {
    /// Every name with what it is called in JSON and on screens.
    pub const NAMES: [(Self, &'static str); 26] = [
        (Self::Name, "氏名"),
        (Self::NameKana, "氏名カナ"),
        (Self::BirthDate, "生年月日"),
        (Self::Sex, "性別"),
        (Self::Relationship, "続柄"),
        (Self::HouseholdHead, "世帯主"),
        (Self::OldAddress, "旧住所"),
        (Self::NewAddress, "新住所"),
        (Self::MoveOutDate, "転出予定日"),
        (Self::RegisteredDomicile, "本籍"),
        (Self::RegisterHead, "筆頭者"),
        (Self::ResidentRecordCode, "住民票コード"),
        (Self::IndividualNumber, "個人番号"),
        (Self::HealthInsurance, "国保"),
        (Self::LateElderly, "後期高齢"),
        (Self::LongTermCare, "介護"),
        (Self::Pension, "年金"),
        (Self::ChildAllowance, "児童手当"),
        (Self::Address, "住所"),
        (Self::CardNumber, "番号"),
        (Self::Nationality, "国籍・地域"),
        (Self::ResidenceStatus, "在留資格"),
        (Self::PeriodOfStay, "在留期間"),
        (Self::StayUntil, "在留期間満了日"),
        (Self::ValidUntil, "有効期限"),
        (Self::IssueDate, "交付日"),
    ];

    /// What it is called in JSON and on screens.
    pub fn label(self) -> &'static str {
        Self::NAMES
            .iter()
            .find(|(name, _)| *name == self)
            .map_or("", |(_, label)| label)
    }
}

/// A check that a value passed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Check {
    /// The check digit fits.
    CheckDigit,
    /// A day that exists, within its era and before today where it must be.
    Date,
    /// The place is in the address dictionary.
    AddressDictionary,
    /// The municipality exists, or existed.
    Municipality,
    /// Every character can stand in a name.
    Repertoire,
    /// Kana and kanji can be the same name.
    KanaAgainstKanji,
    /// One of the words that can stand in this place.
    Vocabulary,
    /// What several members say agrees: one head, one address, the number of members.
    Household,
    /// Said twice on the paper and the same both times.
    SaidTwice,
}

/// One field of a document.
#[derive(Clone, PartialEq, Serialize, Deserialize)]
pub struct Field {
    /// From 0 in the order of the paper; -1 for what belongs to the household as a whole.
    pub member: i32,
    /// What it tells.
    pub name: FieldName,
    /// The value: dates ISO 8601, numbers without blanks, words as on the paper.
    pub value: String,
    /// What stood on the paper as read, before any correction; the same as `value` where nothing was corrected.
    pub as_read: String,
    /// 0 to 1: of fields said to be 0.99, 99 in 100 are right.
    pub confidence: f32,
    /// Where it stands, in pixels of the straightened page.
    pub bounds: Rect,
    /// On which page, from 0.
    pub page: usize,
    /// What spoke for it.
    pub checks: Vec<Check>,
    /// What spoke against it.
    #[serde(default)]
    pub failed: Vec<Check>,
    /// Other values it may be, likeliest first.
    pub alternatives: Vec<String>,
}

impl fmt::Debug for Field {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Field")
            .field("member", &self.member)
            .field("name", &self.name)
            .field("confidence", &self.confidence)
            .field("page", &self.page)
            .field("bounds", &self.bounds)
            .field("checks", &self.checks)
            .field("failed", &self.failed)
            .finish_non_exhaustive()
    }
}
