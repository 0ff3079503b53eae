//! Layouts of line printers: one width for every letter, half-width kana, lines drawn with dashes.

use document_reader::field::FieldName as F;

use super::tables::page;
use crate::sheet::{Sheet, Whose};
use crate::style::{KanaForm, Marks};

fn plain_style(sheet: &mut Sheet<'_>) {
    sheet.style.kana = KanaForm::Narrow;
    if matches!(sheet.style.marks, Marks::Boxes) {
        sheet.style.marks = Marks::Words;
    }
    sheet.style.font = if sheet.style.font.contains("Gothic") {
        "BIZ UDGothic"
    } else {
        "BIZ UDMincho"
    };
}

/// Half-width places a text takes, tags not counted.
fn width(html: &str) -> usize {
    let mut inside = false;
    html.replace("&nbsp;", " ")
        .chars()
        .filter(|c| {
            match c {
                '<' => inside = true,
                '>' => {
                    inside = false;
                    return false;
                }
                _ => {}
            }
            !inside
        })
        .map(|c| {
            if c.is_ascii() || c == '\u{a0}' || ('\u{ff61}'..='\u{ff9f}').contains(&c) {
                1
            } else {
                2
            }
        })
        .sum()
}

/// A text filled with blanks to a width.
fn filled(html: &str, places: usize) -> String {
    format!(
        "{html}{}",
        " ".repeat(places.saturating_sub(width(html)).max(1))
    )
}

fn entry(sheet: &Sheet<'_>, field: F, whose: Whose, places: usize) -> String {
    let label = filled(sheet.style.word(field), 14);
    filled(&format!("{label}{}", sheet.value(field, whose)), places)
}

fn home(sheet: &Sheet<'_>) -> String {
    let line = |field: F| {
        let label = filled(sheet.style.word(field), 24);
        format!("{label}{}\n\n", sheet.value(field, Whose::Household))
    };
    [
        F::OldAddress,
        F::NewAddress,
        F::HouseholdHead,
        F::MoveOutDate,
        F::RegisteredDomicile,
        F::RegisterHead,
    ]
    .map(line)
    .concat()
}

pub(super) fn blocks(sheet: &mut Sheet<'_>) -> Vec<String> {
    plain_style(sheet);
    let rule = "-".repeat(78);
    let mut text = format!("{}{rule}\n", home(sheet));
    for member in 0..sheet.members() {
        let whose = Whose::Member(member);
        for row in [
            [F::NameKana, F::ResidentRecordCode],
            [F::Name, F::IndividualNumber],
            [F::BirthDate, F::Sex],
            [F::Relationship, F::HealthInsurance],
        ] {
            text += &(entry(sheet, row[0], whose, 42) + &entry(sheet, row[1], whose, 36) + "\n");
        }
        text += &rule;
        text.push('\n');
    }
    page(sheet, &format!("<pre>{text}</pre>"))
}

pub(super) fn rows(sheet: &mut Sheet<'_>) -> Vec<String> {
    plain_style(sheet);
    let fields = [
        (F::Name, 22),
        (F::NameKana, 24),
        (F::BirthDate, 22),
        (F::Sex, 12),
        (F::Relationship, 18),
        (F::ResidentRecordCode, 26),
        (F::HealthInsurance, 14),
    ];
    let rule = "-".repeat(132);
    let mut heading = String::new();
    for (field, places) in fields {
        heading += &filled(sheet.style.word(field), places);
    }
    let mut text = format!("{}{rule}\n{heading}\n{rule}\n", home(sheet));
    for member in 0..sheet.members() {
        for (field, places) in fields {
            text += &filled(&sheet.value(field, Whose::Member(member)), places);
        }
        text += "\n\n";
    }
    page(sheet, &format!("<pre class=narrow>{text}{rule}</pre>"))
}

/// One line a person under one line of headings, columns hardly apart.
pub(super) fn ledger(sheet: &mut Sheet<'_>) -> Vec<String> {
    plain_style(sheet);
    let fields = [
        (F::NameKana, 20),
        (F::Name, 18),
        (F::Sex, 9),
        (F::BirthDate, 20),
        (F::Relationship, 9),
        (F::IndividualNumber, 25),
        (F::Pension, 10),
    ];
    let line = |of: &dyn Fn(F) -> String| -> String {
        let columns = fields.map(|(field, places)| filled(&of(field), places));
        format!("{}\n", columns.concat())
    };
    let mut text = format!(
        "{}\n{}",
        home(sheet),
        line(&|field| sheet.style.word(field).to_owned())
    );
    for member in 0..sheet.members() {
        text += &line(&|field| sheet.value(field, Whose::Member(member)));
    }
    page(sheet, &format!("<pre>{text}</pre>"))
}
