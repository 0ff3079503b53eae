//! One certificate on its way to HTML: labels, values with their truth, and what stands around.

use document_reader::field::FieldName;
use fastrand::Rng;

use crate::people::{Household, Person, pick};
use crate::style::{Marks, Style};

/// Fields of a person in the order most certificates have.
pub(crate) const PERSONAL: [FieldName; 14] = [
    FieldName::NameKana,
    FieldName::Name,
    FieldName::BirthDate,
    FieldName::Sex,
    FieldName::Relationship,
    FieldName::IndividualNumber,
    FieldName::ResidentRecordCode,
    FieldName::RegisteredDomicile,
    FieldName::RegisterHead,
    FieldName::HealthInsurance,
    FieldName::LateElderly,
    FieldName::LongTermCare,
    FieldName::Pension,
    FieldName::ChildAllowance,
];

/// Insurance and the like.
pub(crate) const STANDINGS: [FieldName; 5] = [
    FieldName::HealthInsurance,
    FieldName::LateElderly,
    FieldName::LongTermCare,
    FieldName::Pension,
    FieldName::ChildAllowance,
];

/// A certificate being drawn.
pub(crate) struct Sheet<'r> {
    pub(crate) household: Household,
    pub(crate) style: Style,
    pub(crate) random: &'r mut Rng,
    pub(crate) has_stamps: bool,
}

/// Whom a value belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Whose {
    /// The household.
    Household,
    /// A person, from 0.
    Member(usize),
}

impl Sheet<'_> {
    /// How many persons move.
    pub(crate) fn members(&self) -> usize {
        self.household.members.len()
    }

    /// The label of a field, its letters spread where the city does so.
    pub(crate) fn label(&self, field: FieldName) -> String {
        self.spread(self.style.word(field))
    }

    /// A word with its letters apart, when it is short and the city does so.
    pub(crate) fn spread(&self, word: &str) -> String {
        let letters: Vec<char> = word.chars().collect();
        match (self.style.is_spread, letters.len()) {
            (true, 2) => letters
                .iter()
                .map(char::to_string)
                .collect::<Vec<_>>()
                .join("\u{3000}\u{3000}"),
            (true, 3) => letters
                .iter()
                .map(char::to_string)
                .collect::<Vec<_>>()
                .join("\u{3000}"),
            _ => word.to_owned(),
        }
    }

    /// `<th>label</th>`.
    pub(crate) fn th(&self, field: FieldName) -> String {
        format!("<th>{}</th>", self.label(field))
    }

    /// `<td>value</td>`.
    pub(crate) fn td(&self, field: FieldName, whose: Whose) -> String {
        format!("<td>{}</td>", self.value(field, whose))
    }

    /// Label and value as two cells.
    pub(crate) fn pair(&self, field: FieldName, whose: Whose) -> String {
        self.th(field) + &self.td(field, whose)
    }

    /// Label and value as a row of a table.
    pub(crate) fn row(&self, field: FieldName, whose: Whose) -> String {
        format!("<tr>{}</tr>", self.pair(field, whose))
    }

    /// The printed value with its truth as attributes; nothing printed, nothing to be found.
    pub(crate) fn value(&self, field: FieldName, whose: Whose) -> String {
        let (printed, truth) = self.printed(field, whose);
        if printed.trim().is_empty() {
            return String::new();
        }
        let member = match whose {
            Whose::Member(member) => i64::try_from(member).unwrap_or(-1),
            Whose::Household if self.members() == 1 && is_of_persons(field) => 0,
            Whose::Household => -1,
        };
        format!(
            "<span data-f=\"{}\" data-m=\"{member}\" data-v=\"{truth}\">{printed}</span>",
            field.label()
        )
    }

    /// What is printed, and what is to be read.
    fn printed(&self, field: FieldName, whose: Whose) -> (String, String) {
        let household = &self.household;
        let style = &self.style;
        let text = |text: &str| (style.digits(text), text.to_owned());
        match field {
            FieldName::HouseholdHead => self.printed_name(&household.head),
            FieldName::RegisterHead => self.printed_name(&household.register_head),
            FieldName::OldAddress => text(&household.old_address),
            FieldName::NewAddress => text(&household.new_address),
            FieldName::RegisteredDomicile => text(&household.domicile),
            FieldName::MoveOutDate => (style.day(household.moves), household.moves.iso()),
            FieldName::Name
            | FieldName::NameKana
            | FieldName::BirthDate
            | FieldName::Sex
            | FieldName::Relationship
            | FieldName::ResidentRecordCode
            | FieldName::IndividualNumber
            | FieldName::HealthInsurance
            | FieldName::LateElderly
            | FieldName::LongTermCare
            | FieldName::Pension
            | FieldName::ChildAllowance
            | FieldName::Address
            | FieldName::CardNumber
            | FieldName::Nationality
            | FieldName::ResidenceStatus
            | FieldName::PeriodOfStay
            | FieldName::StayUntil
            | FieldName::ValidUntil
            | FieldName::IssueDate => match whose {
                Whose::Member(member) => household
                    .members
                    .get(member)
                    .map(|person| self.printed_of(field, person))
                    .unwrap_or_default(),
                Whose::Household => (String::new(), String::new()),
            },
        }
    }

    fn printed_name(&self, name: &str) -> (String, String) {
        let printed = if self.style.has_gap {
            name.to_owned()
        } else {
            name.replace('\u{3000}', "")
        };
        (printed, name.to_owned())
    }

    fn printed_of(&self, field: FieldName, person: &Person) -> (String, String) {
        let style = &self.style;
        match field {
            FieldName::Name => self.printed_name(&person.name()),
            FieldName::NameKana => (style.kana(&person.kana()), person.kana()),
            FieldName::BirthDate => (style.day(person.birth), person.birth.iso()),
            FieldName::Sex => {
                let sex = if person.is_male { "男" } else { "女" };
                (sex.to_owned(), sex.to_owned())
            }
            FieldName::Relationship => (person.relation.to_owned(), person.relation.to_owned()),
            FieldName::IndividualNumber => (
                style.digits(&person.individual_number),
                person.individual_number.clone(),
            ),
            FieldName::ResidentRecordCode => (
                style.digits(&person.resident_code),
                person.resident_code.clone(),
            ),
            FieldName::HealthInsurance => self.mark(person.health_insurance),
            FieldName::LateElderly => self.mark(person.late_elderly()),
            FieldName::LongTermCare => self.mark(person.long_term_care()),
            FieldName::Pension => match person.pension {
                "無" => self.mark(false),
                kind => (style.digits(kind), kind.to_owned()),
            },
            FieldName::ChildAllowance => match person.child_allowance {
                "無" => self.mark(false),
                kind => (kind.to_owned(), kind.to_owned()),
            },
            FieldName::HouseholdHead
            | FieldName::OldAddress
            | FieldName::NewAddress
            | FieldName::MoveOutDate
            | FieldName::RegisteredDomicile
            | FieldName::RegisterHead
            | FieldName::Address
            | FieldName::CardNumber
            | FieldName::Nationality
            | FieldName::ResidenceStatus
            | FieldName::PeriodOfStay
            | FieldName::StayUntil
            | FieldName::ValidUntil
            | FieldName::IssueDate => (String::new(), String::new()),
        }
    }

    fn mark(&self, held: bool) -> (String, String) {
        let printed = match (self.style.marks, held) {
            (Marks::Words, true) => "有",
            (Marks::Words, false) => "無",
            (Marks::Circles, true) => "○",
            (Marks::Circles, false) => "",
            (Marks::Applies, true) => "該当",
            (Marks::Applies, false) => "非該当",
            (Marks::Kana, true) => "あり",
            (Marks::Kana, false) => "なし",
            (Marks::Boxes, true) => "☑",
            (Marks::Boxes, false) => "☐",
            (Marks::Joined, true) => "加入",
            (Marks::Joined, false) => "未加入",
        };
        (
            printed.to_owned(),
            if held { "有" } else { "無" }.to_owned(),
        )
    }

    /// Title and number at the top.
    pub(crate) fn head(&mut self) -> String {
        let title = *pick(
            self.random,
            &[
                "転　出　証　明　書",
                "転出証明書",
                "転出証明書（転入届用）",
                "転 出 証 明 書",
            ],
        );
        let number = self.style.digits(&format!("第{}号", self.household.number));
        let city = &self.household.city;
        match self.random.u8(0..3) {
            0 => format!("<div class=right>{number}</div><h1>{title}</h1>"),
            1 => format!(
                "<div class=left>{city}</div><h1>{title}</h1><div class=right>証明書番号　{number}</div>"
            ),
            _ => format!("<h1>{title}</h1>"),
        }
    }

    /// Official sentence, day, mayor and seal.
    pub(crate) fn foot(&mut self) -> String {
        let sentence = *pick(
            self.random,
            &[
                "上記のとおり転出の届出があったことを証明する。",
                "この証明書は、住民基本台帳法施行令第２３条の規定により交付するものです。新しい住所に住み始めた日から１４日以内に、この証明書を添えて転入の届出をしてください。",
                "住民基本台帳法第２４条の規定による届出に基づき、上記の事項を証明します。",
                "（注）新住所地の市区町村に、引越しの日から１４日以内に届け出てください。届出人の本人確認書類が必要です。",
            ],
        );
        let day = self.style.day(self.household.filed);
        let mayor = format!("{}長　見本　市郎", self.household.city);
        let seal = seal(&self.household.city);
        format!(
            "<div class=foot><p>{sentence}</p><p>　{day}</p><p class=mayor>{mayor}<span class='seal noise'>{seal}</span></p></div>"
        )
    }

    /// `届出日 令和…` that no field is to be made of.
    pub(crate) fn filed(&self) -> (String, String) {
        (
            self.style.filed.to_owned(),
            self.style.day(self.household.filed),
        )
    }

    /// Stamps of a counter, over the text.
    pub(crate) fn stamps(&mut self) -> String {
        if !self.has_stamps {
            return String::new();
        }
        let stamps = self.stamp() + &self.stamp();
        stamps + "<div class='copy noise'></div>"
    }

    fn stamp(&mut self) -> String {
        let colour = *pick(self.random, &["#d42020", "#2038b8", "#c03028"]);
        let (left, top, turn) = (
            self.random.u8(10..80),
            self.random.u8(12..60),
            self.random.i8(-20..20),
        );
        format!(
            "<div class='stamp noise' style='left:{left}%;top:{top}%;transform:rotate({turn}deg);color:{colour}'>受付<br>8.10.{}<br>見本市</div>",
            self.random.u8(1..29)
        )
    }
}

/// Fields of a person that some cities print once for the household.
fn is_of_persons(field: FieldName) -> bool {
    matches!(
        field,
        FieldName::RegisteredDomicile | FieldName::RegisterHead
    )
}

fn seal(city: &str) -> String {
    let city: String = city
        .chars()
        .rev()
        .take(3)
        .collect::<Vec<_>>()
        .into_iter()
        .rev()
        .collect();
    format!("{city}<br>長之印")
}
