//! Layouts with few or no ruled lines.

use document_reader::field::FieldName as F;

use super::tables::page;
use crate::sheet::{Sheet, Whose};

const HOME: [F; 4] = [
    F::OldAddress,
    F::NewAddress,
    F::HouseholdHead,
    F::MoveOutDate,
];

fn item(sheet: &Sheet<'_>, field: F, whose: Whose) -> String {
    named(&sheet.label(field), &sheet.value(field, whose))
}

fn named(name: &str, value: &str) -> String {
    format!("<div class=item><span class=name>{name}</span><span>：{value}</span></div>")
}

/// An element without attributes.
fn element(tag: &str, inner: &str) -> String {
    format!("<{tag}>{inner}</{tag}>")
}

pub(super) fn list(sheet: &mut Sheet<'_>) -> Vec<String> {
    let (filed, day) = sheet.filed();
    let mut body: String = HOME
        .iter()
        .map(|field| item(sheet, *field, Whose::Household))
        .collect();
    body += &named(&filed, &day);
    body += &item(sheet, F::RegisteredDomicile, Whose::Household);
    body += &item(sheet, F::RegisterHead, Whose::Household);
    for member in 0..sheet.members() {
        body += &element("p", &format!("（{}）", member + 1));
        for field in [
            F::Name,
            F::NameKana,
            F::BirthDate,
            F::Sex,
            F::Relationship,
            F::IndividualNumber,
            F::ResidentRecordCode,
            F::HealthInsurance,
            F::Pension,
        ] {
            body += &item(sheet, field, Whose::Member(member));
        }
    }
    page(sheet, &format!("<div class=list>{body}</div>"))
}

pub(super) fn brackets(sheet: &mut Sheet<'_>) -> Vec<String> {
    let entry = |sheet: &Sheet<'_>, field: F, whose: Whose| {
        format!(
            "【{}】{}",
            sheet.style.word(field),
            sheet.value(field, whose)
        )
    };
    let mut body = String::new();
    for field in [
        F::OldAddress,
        F::NewAddress,
        F::HouseholdHead,
        F::MoveOutDate,
        F::RegisteredDomicile,
        F::RegisterHead,
    ] {
        body += &element("p", &entry(sheet, field, Whose::Household));
    }
    for member in 0..sheet.members() {
        let whose = Whose::Member(member);
        body += "<div class=gap></div>";
        for row in [
            [F::Name, F::NameKana].as_slice(),
            &[F::BirthDate, F::Sex, F::Relationship],
            &[F::IndividualNumber, F::ResidentRecordCode],
            &[F::HealthInsurance, F::Pension, F::ChildAllowance],
        ] {
            let entries: Vec<String> = row
                .iter()
                .map(|field| format!("<span class=entry>{}</span>", entry(sheet, *field, whose)))
                .collect();
            body += &element("p", &entries.join("　"));
        }
    }
    page(sheet, &format!("<div class=list>{body}</div>"))
}

pub(super) fn dotted(sheet: &mut Sheet<'_>) -> Vec<String> {
    let line = |sheet: &Sheet<'_>, fields: &[F], whose: Whose| {
        let cells: String = fields
            .iter()
            .map(|field| {
                format!(
                    "<span class=name>{}</span><span class=grow>{}</span>",
                    sheet.label(*field),
                    sheet.value(*field, whose)
                )
            })
            .collect();
        format!("<div class=dots>{cells}</div>")
    };
    let mut body: String = HOME
        .iter()
        .map(|field| line(sheet, &[*field], Whose::Household))
        .collect();
    for member in 0..sheet.members() {
        let whose = Whose::Member(member);
        body += "<div class=gap></div>";
        body += &line(sheet, &[F::NameKana, F::ResidentRecordCode], whose);
        body += &line(sheet, &[F::Name, F::IndividualNumber], whose);
        body += &line(sheet, &[F::BirthDate, F::Sex, F::Relationship], whose);
        body += &line(sheet, &[F::RegisteredDomicile], whose);
        body += &line(
            sheet,
            &[F::RegisterHead, F::HealthInsurance, F::Pension],
            whose,
        );
    }
    page(sheet, &body)
}

pub(super) fn underlined(sheet: &mut Sheet<'_>) -> Vec<String> {
    let line = |sheet: &Sheet<'_>, fields: &[F], whose: Whose| {
        let cells: String = fields
            .iter()
            .map(|field| {
                format!(
                    "<div class=under><small>{}</small><div>{}&nbsp;</div></div>",
                    sheet.label(*field),
                    sheet.value(*field, whose)
                )
            })
            .collect();
        format!("<div class=unders>{cells}</div>")
    };
    let home = Whose::Household;
    let mut body = line(sheet, &[F::OldAddress], home)
        + &line(sheet, &[F::NewAddress], home)
        + &line(sheet, &[F::HouseholdHead, F::MoveOutDate], home);
    for member in 0..sheet.members() {
        let whose = Whose::Member(member);
        body += &element("h3", &format!("異動者{}", member + 1));
        body += &line(sheet, &[F::Name, F::NameKana, F::BirthDate], whose);
        body += &line(
            sheet,
            &[
                F::Sex,
                F::Relationship,
                F::IndividualNumber,
                F::ResidentRecordCode,
            ],
            whose,
        );
        body += &line(sheet, &[F::RegisteredDomicile, F::RegisterHead], whose);
    }
    page(sheet, &body)
}

pub(super) fn open_columns(sheet: &mut Sheet<'_>) -> Vec<String> {
    let mut body: String = HOME
        .iter()
        .map(|field| item(sheet, *field, Whose::Household))
        .collect();
    body += &item(sheet, F::RegisteredDomicile, Whose::Household);
    body += &item(sheet, F::RegisterHead, Whose::Household);
    body += "<table class=open>";
    for field in [
        F::NameKana,
        F::Name,
        F::BirthDate,
        F::Sex,
        F::Relationship,
        F::IndividualNumber,
        F::ResidentRecordCode,
        F::HealthInsurance,
        F::Pension,
    ] {
        let cells: String = (0..sheet.members())
            .map(|member| sheet.td(field, Whose::Member(member)))
            .collect();
        body += &element("tr", &(sheet.th(field) + &cells));
    }
    body += "</table>";
    page(sheet, &format!("<div class=list>{body}</div>"))
}
