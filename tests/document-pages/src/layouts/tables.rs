//! Layouts with persons in the rows or columns of ruled tables.

use document_reader::field::FieldName as F;

use crate::sheet::{PERSONAL, STANDINGS, Sheet, Whose};

/// Addresses, head and day as a table of labels and values.
pub(super) fn household(sheet: &Sheet<'_>) -> String {
    let (filed, day) = sheet.filed();
    let home = Whose::Household;
    format!(
        "<table class=home><tr>{}</tr><tr>{}</tr><tr>{}</tr><tr>{}<th>{filed}</th><td>{day}</td></tr></table>",
        sheet
            .pair(F::OldAddress, home)
            .replacen("<td>", "<td colspan=3>", 1),
        sheet
            .pair(F::HouseholdHead, home)
            .replacen("<td>", "<td colspan=3>", 1),
        sheet
            .pair(F::NewAddress, home)
            .replacen("<td>", "<td colspan=3>", 1),
        sheet.pair(F::MoveOutDate, home),
    )
}

/// The register of the family once for all.
fn register(sheet: &Sheet<'_>) -> String {
    format!(
        "<table class=home>{}{}</table>",
        sheet.row(F::RegisteredDomicile, Whose::Household),
        sheet.row(F::RegisterHead, Whose::Household)
    )
}

fn header(sheet: &Sheet<'_>, fields: &[F]) -> String {
    let cells: String = fields.iter().map(|field| sheet.th(*field)).collect();
    format!("<tr>{cells}</tr>")
}

fn line(sheet: &Sheet<'_>, fields: &[F], member: usize) -> String {
    let cells: String = fields
        .iter()
        .map(|field| sheet.td(*field, Whose::Member(member)))
        .collect();
    format!("<tr>{cells}</tr>")
}

const ROWS: [F; 7] = [
    F::NameKana,
    F::Name,
    F::BirthDate,
    F::Sex,
    F::Relationship,
    F::IndividualNumber,
    F::ResidentRecordCode,
];

pub(super) fn rows(sheet: &mut Sheet<'_>) -> Vec<String> {
    let lines: String = (0..sheet.members())
        .map(|member| line(sheet, &ROWS, member))
        .collect();
    let standing: String = (0..sheet.members())
        .map(|member| {
            let cells: String = STANDINGS
                .iter()
                .map(|field| sheet.td(*field, Whose::Member(member)))
                .collect();
            format!(
                "<tr>{}{cells}</tr>",
                sheet.td(F::Name, Whose::Member(member))
            )
        })
        .collect();
    let heads: String = STANDINGS.iter().map(|field| sheet.th(*field)).collect();
    let body = format!(
        "{}{}<table class=small>{}{lines}</table><table class=small><tr>{}{heads}</tr>{standing}</table>",
        household(sheet),
        register(sheet),
        header(sheet, &ROWS),
        sheet.th(F::Name),
    );
    page(sheet, &body)
}

/// Head, body, foot and stamps.
pub(super) fn page(sheet: &mut Sheet<'_>, body: &str) -> Vec<String> {
    let (head, foot, stamps) = (sheet.head(), sheet.foot(), sheet.stamps());
    vec![format!("{head}{body}{foot}{stamps}")]
}

pub(super) fn two_row_heading(sheet: &mut Sheet<'_>) -> Vec<String> {
    let upper = [F::NameKana, F::BirthDate, F::Sex, F::IndividualNumber];
    let lower = [F::Name, F::ResidentRecordCode, F::Relationship, F::Pension];
    let mut table = header(sheet, &upper) + &header(sheet, &lower);
    for member in 0..sheet.members() {
        table += &(line(sheet, &upper, member) + &line(sheet, &lower, member));
    }
    let body = format!(
        "{}<table class=small>{table}</table>{}",
        household(sheet),
        register(sheet)
    );
    page(sheet, &body)
}

pub(super) fn columns(sheet: &mut Sheet<'_>) -> Vec<String> {
    let table: String = PERSONAL
        .iter()
        .map(|field| {
            let cells: String = (0..sheet.members())
                .map(|member| sheet.td(*field, Whose::Member(member)))
                .collect();
            format!("<tr>{}{cells}</tr>", sheet.th(*field))
        })
        .collect();
    let body = format!("{}<table class=columns>{table}</table>", household(sheet));
    page(sheet, &body)
}

/// The two rows of one person.
fn matrix_rows(sheet: &Sheet<'_>, member: usize) -> String {
    let whose = Whose::Member(member);
    format!(
        "<tr><td rowspan=2 class=no>{}</td><td>{}<br><b>{}</b></td>{}{}{}</tr><tr>{}{}</tr>",
        member + 1,
        sheet.value(F::NameKana, whose),
        sheet.value(F::Name, whose),
        sheet.td(F::BirthDate, whose),
        sheet.td(F::Sex, whose),
        sheet.td(F::Relationship, whose),
        sheet.td(F::IndividualNumber, whose),
        sheet
            .td(F::ResidentRecordCode, whose)
            .replacen("<td>", "<td colspan=3>", 1),
    )
}

pub(super) fn matrix(sheet: &mut Sheet<'_>) -> Vec<String> {
    let table: String = (0..sheet.members())
        .map(|member| matrix_rows(sheet, member))
        .collect();
    let heading = format!(
        "<tr><th rowspan=2 class=no>No</th><th>{}<br>{}</th>{}{}{}</tr><tr>{}{}</tr>",
        sheet.label(F::NameKana),
        sheet.label(F::Name),
        sheet.th(F::BirthDate),
        sheet.th(F::Sex),
        sheet.th(F::Relationship),
        sheet.th(F::IndividualNumber),
        sheet
            .th(F::ResidentRecordCode)
            .replacen("<th>", "<th colspan=3>", 1),
    );
    let standing: String = STANDINGS
        .iter()
        .map(|field| {
            let cells: String = (0..sheet.members())
                .map(|member| sheet.td(*field, Whose::Member(member)))
                .collect();
            format!("<tr>{}{cells}</tr>", sheet.th(*field))
        })
        .collect();
    let names: String = (0..sheet.members())
        .map(|member| sheet.td(F::Name, Whose::Member(member)))
        .collect();
    let body = format!(
        "{}{}<table class=small>{heading}{table}</table><table class=small><tr>{}{names}</tr>{standing}</table>",
        household(sheet),
        register(sheet),
        sheet.th(F::Name),
    );
    page(sheet, &body)
}

pub(super) fn wide(sheet: &mut Sheet<'_>) -> Vec<String> {
    let fields = [
        F::Name,
        F::NameKana,
        F::Sex,
        F::BirthDate,
        F::Relationship,
        F::ResidentRecordCode,
        F::IndividualNumber,
        F::HealthInsurance,
        F::LateElderly,
        F::LongTermCare,
        F::Pension,
        F::ChildAllowance,
    ];
    let lines: String = (0..sheet.members())
        .map(|member| line(sheet, &fields, member))
        .collect();
    let home = Whose::Household;
    let (filed, day) = sheet.filed();
    let body = format!(
        "<table class=home><tr>{}{}</tr><tr>{}{}</tr><tr>{}<th>{filed}</th><td>{day}</td></tr><tr>{}{}</tr></table><table class=tiny>{}{lines}</table>",
        sheet.pair(F::OldAddress, home),
        sheet.pair(F::HouseholdHead, home),
        sheet.pair(F::NewAddress, home),
        "<th>異動事由</th><td>転出</td>",
        sheet.pair(F::MoveOutDate, home),
        sheet.pair(F::RegisteredDomicile, home),
        sheet.pair(F::RegisterHead, home),
        header(sheet, &fields),
    );
    page(sheet, &body)
}

pub(super) fn stacked_headings(sheet: &mut Sheet<'_>) -> Vec<String> {
    let pairs = [
        (F::NameKana, F::Name),
        (F::BirthDate, F::Sex),
        (F::Relationship, F::RegisterHead),
        (F::ResidentRecordCode, F::IndividualNumber),
        (F::HealthInsurance, F::Pension),
        (F::LateElderly, F::ChildAllowance),
    ];
    let heading: String = pairs
        .iter()
        .map(|(one, two)| format!("<th>{}<br>{}</th>", sheet.label(*one), sheet.label(*two)))
        .collect();
    // A blank mark would move the one below it up.
    if sheet.style.marks == crate::style::Marks::Circles {
        sheet.style.marks = crate::style::Marks::Words;
    }
    let lines: String = (0..sheet.members())
        .map(|member| {
            let whose = Whose::Member(member);
            let cells: String = pairs
                .iter()
                .map(|(one, two)| {
                    format!(
                        "<td>{}<br>{}</td>",
                        sheet.value(*one, whose),
                        sheet.value(*two, whose)
                    )
                })
                .collect();
            format!("<tr>{cells}</tr>")
        })
        .collect();
    let body = format!(
        "{}<table class=home>{}</table><table class=small><tr>{heading}</tr>{lines}</table>",
        household(sheet),
        sheet.row(F::RegisteredDomicile, Whose::Household)
    );
    page(sheet, &body)
}

pub(super) fn sheets(sheet: &mut Sheet<'_>) -> Vec<String> {
    let fields = [
        F::NameKana,
        F::Name,
        F::Relationship,
        F::Sex,
        F::BirthDate,
        F::IndividualNumber,
    ];
    let all: Vec<usize> = (0..sheet.members()).collect();
    let count = all.chunks(2).len();
    let mut pages = Vec::new();
    for (number, members) in all.chunks(2).enumerate() {
        let lines: String = members
            .iter()
            .map(|member| line(sheet, &fields, *member))
            .collect();
        let table = format!(
            "<table class=small>{}{lines}</table>",
            header(sheet, &fields)
        );
        let of = format!("<div class=right>{}／{count}枚</div>", number + 1);
        let body = if number == 0 {
            format!("{of}{}{}{table}", household(sheet), register(sheet))
        } else {
            format!("{of}<p>（続紙）</p>{table}")
        };
        pages.extend(page(sheet, &body));
    }
    pages
}

pub(super) fn grouped(sheet: &mut Sheet<'_>) -> Vec<String> {
    let home = Whose::Household;
    let value = |field: F| sheet.value(field, home);
    let table = format!(
        "<table class=home><tr><th rowspan=2>住所</th><th>転出前</th><td>{}</td></tr><tr><th>転出後</th><td>{}</td></tr>\
         <tr><th colspan=2>{}</th><td>{}</td></tr><tr><th rowspan=2>戸籍</th><th>{}</th><td>{}</td></tr><tr><th>{}</th><td>{}</td></tr>\
         <tr><th colspan=2>{}</th><td>{}</td></tr></table>",
        value(F::OldAddress),
        value(F::NewAddress),
        sheet.label(F::HouseholdHead),
        value(F::HouseholdHead),
        sheet.label(F::RegisteredDomicile),
        value(F::RegisteredDomicile),
        sheet.label(F::RegisterHead),
        value(F::RegisterHead),
        sheet.label(F::MoveOutDate),
        value(F::MoveOutDate),
    );
    let fields = [F::Name, F::NameKana, F::BirthDate, F::Sex, F::Relationship];
    let more = [
        F::ResidentRecordCode,
        F::IndividualNumber,
        F::HealthInsurance,
        F::Pension,
        F::ChildAllowance,
    ];
    let lines = |fields: &[F]| -> String {
        (0..sheet.members())
            .map(|member| line(sheet, fields, member))
            .collect()
    };
    let named: Vec<F> = [F::Name].into_iter().chain(more).collect();
    let body = format!(
        "{table}<table class=small>{}{}</table><table class=small>{}{}</table>",
        header(sheet, &fields),
        lines(&fields),
        header(sheet, &named),
        lines(&named),
    );
    page(sheet, &body)
}

/// Each label in a cell above its value, all in one table.
pub(super) fn headed_cells(sheet: &mut Sheet<'_>) -> Vec<String> {
    let rows = |sheet: &Sheet<'_>, fields: &[(F, u8)], whose: Whose| {
        let cells = |of: &dyn Fn(F) -> String, tag: &str| -> String {
            fields
                .iter()
                .map(|(field, span)| format!("<{tag} colspan={span}>{}</{tag}>", of(*field)))
                .collect()
        };
        let heads = cells(&|field| sheet.label(field), "th");
        let values = cells(&|field| sheet.value(field, whose), "td");
        format!("<tr>{heads}</tr><tr>{values}</tr>")
    };
    let home = Whose::Household;
    let mut table = rows(sheet, &[(F::NewAddress, 4), (F::MoveOutDate, 2)], home)
        + &rows(sheet, &[(F::HouseholdHead, 2), (F::OldAddress, 4)], home)
        + &rows(
            sheet,
            &[(F::RegisteredDomicile, 4), (F::RegisterHead, 2)],
            home,
        );
    for member in 0..sheet.members() {
        let whose = Whose::Member(member);
        table += &rows(
            sheet,
            &[(F::Name, 2), (F::NameKana, 2), (F::Relationship, 2)],
            whose,
        );
        table += &rows(
            sheet,
            &[(F::BirthDate, 2), (F::IndividualNumber, 3), (F::Sex, 1)],
            whose,
        );
        table += &rows(
            sheet,
            &[
                (F::ResidentRecordCode, 2),
                (F::Pension, 2),
                (F::HealthInsurance, 1),
                (F::ChildAllowance, 1),
            ],
            whose,
        );
    }
    page(sheet, &format!("<table class=small>{table}</table>"))
}
