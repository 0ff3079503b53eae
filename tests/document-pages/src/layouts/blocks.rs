//! Layouts with a block of ruled cells for each person.

use document_reader::field::FieldName as F;

use super::tables::{household, page};
use crate::sheet::{STANDINGS, Sheet, Whose};

fn standings(sheet: &Sheet<'_>, whose: Whose) -> String {
    STANDINGS
        .iter()
        .map(|field| sheet.pair(*field, whose))
        .collect()
}

fn each(sheet: &Sheet<'_>, block: fn(&Sheet<'_>, usize) -> String) -> String {
    (0..sheet.members())
        .map(|member| block(sheet, member))
        .collect()
}

fn block(sheet: &Sheet<'_>, member: usize) -> String {
    let whose = Whose::Member(member);
    let pair = |field: F| sheet.pair(field, whose);
    format!(
        "<table class=block><tr>{}{}</tr><tr>{}{}</tr><tr>{}{}</tr><tr>{}{}</tr></table><table class='block joined tiny'><tr>{}</tr></table>",
        pair(F::NameKana),
        pair(F::ResidentRecordCode),
        pair(F::Name),
        pair(F::IndividualNumber),
        pair(F::BirthDate),
        pair(F::Relationship),
        pair(F::Sex),
        pair(F::RegisterHead),
        standings(sheet, whose),
    )
}

pub(super) fn blocks(sheet: &mut Sheet<'_>) -> Vec<String> {
    let body = household(sheet)
        + "<table class=home>"
        + &sheet.row(F::RegisteredDomicile, Whose::Household)
        + "</table>"
        + &each(sheet, block);
    page(sheet, &body)
}

pub(super) fn numbered(sheet: &mut Sheet<'_>) -> Vec<String> {
    let body = household(sheet)
        + &each(sheet, |sheet, member| {
            let whose = Whose::Member(member);
            let pair = |field: F| sheet.pair(field, whose);
            format!(
                "<table class=block><tr><td rowspan=4 class=no>{}</td>{}{}{}</tr><tr>{}{}{}</tr><tr>{}{}</tr><tr>{}{}{}</tr></table>",
                member + 1,
                pair(F::Name),
                pair(F::Sex),
                pair(F::Relationship),
                pair(F::NameKana),
                pair(F::BirthDate),
                pair(F::Pension),
                pair(F::RegisteredDomicile).replacen("<td>", "<td colspan=3>", 1),
                pair(F::RegisterHead),
                pair(F::IndividualNumber),
                pair(F::ResidentRecordCode),
                pair(F::HealthInsurance),
            )
        });
    page(sheet, &body)
}

/// A cell with its label small above the value.
fn labelled(sheet: &Sheet<'_>, field: F, whose: Whose, width: u8) -> String {
    format!(
        "<td style='width:{width}%'><small>{}</small><br>{}</td>",
        sheet.label(field),
        sheet.value(field, whose)
    )
}

pub(super) fn small_labels(sheet: &mut Sheet<'_>) -> Vec<String> {
    let home = Whose::Household;
    let body = format!(
        "<table class=block><tr>{}{}</tr><tr>{}{}</tr></table>",
        labelled(sheet, F::OldAddress, home, 70),
        labelled(sheet, F::HouseholdHead, home, 30),
        labelled(sheet, F::NewAddress, home, 70),
        labelled(sheet, F::MoveOutDate, home, 30),
    ) + &each(sheet, |sheet, member| {
        let whose = Whose::Member(member);
        let cell = |field: F, width: u8| labelled(sheet, field, whose, width);
        format!(
            "<table class=block><tr>{}{}{}{}</tr><tr>{}{}{}{}</tr></table><table class='block joined'><tr>{}{}</tr></table>",
            cell(F::NameKana, 30),
            cell(F::Name, 30),
            cell(F::BirthDate, 25),
            cell(F::Sex, 15),
            cell(F::IndividualNumber, 30),
            cell(F::ResidentRecordCode, 30),
            cell(F::Relationship, 25),
            cell(F::HealthInsurance, 15),
            cell(F::RegisteredDomicile, 65),
            cell(F::RegisterHead, 35),
        )
    });
    page(sheet, &body)
}

pub(super) fn grid(sheet: &mut Sheet<'_>) -> Vec<String> {
    let blocks = each(sheet, |sheet, member| {
        let whose = Whose::Member(member);
        let row = |field: F| sheet.row(field, whose);
        format!(
            "<div class=half><table class=block>{}{}{}{}{}{}{}{}</table></div>",
            row(F::Name),
            row(F::NameKana),
            row(F::BirthDate),
            row(F::Sex),
            row(F::Relationship),
            row(F::IndividualNumber),
            row(F::HealthInsurance),
            row(F::Pension),
        )
    });
    let register = format!(
        "<table class=home>{}{}</table>",
        sheet.row(F::RegisteredDomicile, Whose::Household),
        sheet.row(F::RegisterHead, Whose::Household)
    );
    let body = format!(
        "{}{register}<div class=halves>{blocks}</div>",
        household(sheet)
    );
    page(sheet, &body)
}

pub(super) fn small_paper(sheet: &mut Sheet<'_>) -> Vec<String> {
    let body = household(sheet)
        + &each(sheet, |sheet, member| {
            let whose = Whose::Member(member);
            let pair = |field: F| sheet.pair(field, whose);
            format!(
                "<table class='block tiny'><tr>{}{}</tr><tr>{}{}</tr><tr>{}{}</tr><tr>{}</tr></table>",
                pair(F::Name),
                pair(F::Relationship),
                pair(F::NameKana),
                pair(F::Sex),
                pair(F::BirthDate),
                pair(F::HealthInsurance),
                pair(F::RegisteredDomicile).replacen("<td>", "<td colspan=3>", 1),
            )
        });
    page(sheet, &body)
}

pub(super) fn digit_boxes(sheet: &mut Sheet<'_>) -> Vec<String> {
    let body = household(sheet)
        + &each(sheet, |sheet, member| {
            let whose = Whose::Member(member);
            let pair = |field: F| sheet.pair(field, whose);
            let boxed = |field: F| {
                let number = sheet.household.members.get(member).map(|person| {
                    if field == F::IndividualNumber {
                        person.individual_number.clone()
                    } else {
                        person.resident_code.clone()
                    }
                });
                let number = number.unwrap_or_default();
                let boxes: String = number
                    .chars()
                    .map(|digit| format!("<td class=digit>{digit}</td>"))
                    .collect();
                format!(
                    "<table class='block joined boxes' data-f=\"{}\" data-m={member} data-v={number}><tr>{}{boxes}</tr></table>",
                    field.label(),
                    sheet.th(field)
                )
            };
            format!(
                "<table class=block><tr>{}{}</tr><tr>{}{}</tr><tr>{}{}</tr></table>{}{}",
                pair(F::NameKana),
                pair(F::Sex),
                pair(F::Name),
                pair(F::Relationship),
                pair(F::BirthDate),
                pair(F::Pension),
                boxed(F::IndividualNumber),
                boxed(F::ResidentRecordCode),
            )
        });
    page(sheet, &body)
}

pub(super) fn sheets(sheet: &mut Sheet<'_>) -> Vec<String> {
    let all: Vec<usize> = (0..sheet.members()).collect();
    let mut pages = Vec::new();
    for members in all.chunks(2) {
        let blocks: String = members.iter().map(|member| block(sheet, *member)).collect();
        let front = if members.first() == Some(&0) {
            household(sheet)
        } else {
            format!(
                "<table class=home>{}</table>",
                sheet.row(F::HouseholdHead, Whose::Household)
            )
        };
        pages.extend(page(sheet, &(front + &blocks)));
    }
    pages
}

pub(super) fn ticks(sheet: &mut Sheet<'_>) -> Vec<String> {
    let body = household(sheet)
        + "<table class=home>"
        + &sheet.row(F::RegisteredDomicile, Whose::Household)
        + &sheet.row(F::RegisterHead, Whose::Household)
        + "</table>"
        + &each(sheet, |sheet, member| {
            let whose = Whose::Member(member);
            let pair = |field: F| sheet.pair(field, whose);
            let Some(person) = sheet.household.members.get(member) else {
                return String::new();
            };
            let box_of = |field: F, held: bool| {
                let (sign, truth) = if held { ("☑", "有") } else { ("☐", "無") };
                format!(
                    "<span class=tick><span data-f=\"{}\" data-m={member} data-v={truth}>{sign}</span>{}</span>　",
                    field.label(),
                    sheet.style.word(field)
                )
            };
            let boxes = box_of(F::HealthInsurance, person.health_insurance)
                + &box_of(F::LateElderly, person.late_elderly())
                + &box_of(F::LongTermCare, person.long_term_care())
                + &box_of(F::ChildAllowance, person.child_allowance != "無");
            format!(
                "<table class=block><tr>{}{}</tr><tr>{}{}</tr><tr>{}{}</tr><tr><th>資格</th><td colspan=3>{boxes}</td></tr></table>",
                pair(F::Name),
                pair(F::BirthDate),
                pair(F::NameKana),
                pair(F::Sex),
                pair(F::IndividualNumber),
                pair(F::Relationship),
            )
        });
    page(sheet, &body)
}

pub(super) fn strips(sheet: &mut Sheet<'_>) -> Vec<String> {
    let strip = |sheet: &Sheet<'_>, fields: &[F], whose: Whose| {
        let heads: String = fields.iter().map(|field| sheet.th(*field)).collect();
        let cells: String = fields.iter().map(|field| sheet.td(*field, whose)).collect();
        format!("<table class='block joined'><tr>{heads}</tr><tr>{cells}</tr></table>")
    };
    let home = Whose::Household;
    let mut body = strip(sheet, &[F::OldAddress, F::HouseholdHead], home)
        + &strip(sheet, &[F::NewAddress, F::MoveOutDate], home);
    for member in 0..sheet.members() {
        let whose = Whose::Member(member);
        body += "<div class=gap></div>";
        body += &strip(sheet, &[F::NameKana, F::Name, F::BirthDate, F::Sex], whose);
        body += &strip(
            sheet,
            &[F::ResidentRecordCode, F::IndividualNumber, F::Relationship],
            whose,
        );
        body += &strip(
            sheet,
            &[
                F::HealthInsurance,
                F::LateElderly,
                F::LongTermCare,
                F::Pension,
                F::ChildAllowance,
            ],
            whose,
        );
    }
    page(sheet, &body)
}
