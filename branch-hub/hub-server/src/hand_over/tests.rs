//! Rows of invented people, and the bytes they become.

use std::collections::BTreeMap;

use counter_domain::character_choice::{
    CharacterChoices, ChoiceMade, ChoiceStanding, ChoiceSubject,
};
use counter_domain::draft::{FieldPath, FieldValue, Source};
use counter_domain::ids::{BranchCode, CaseId, StaffId};
use counter_domain::snapshot::{Snapshot, SnapshotField, SnapshotProcedure};

use super::row::COLUMNS;
use super::{
    HandOverCase, HandOverFiles, Sheet, certificates, is_procedure_request, procedure_rows,
    procedures, request_rows, rows,
};

/// The files of a case that changes records.
fn write_files(
    rows: &[super::row::Row],
    choices: &CharacterChoices,
) -> Result<HandOverFiles, super::encode::HandOverError> {
    super::write_files(Sheet::Persons, rows, choices)
}

fn case(fields: &[(&str, FieldValue)]) -> HandOverCase {
    let fields: BTreeMap<_, _> = fields
        .iter()
        .map(|(path, value)| {
            (
                FieldPath::from(*path),
                SnapshotField {
                    value: value.clone(),
                    source: Source::Staff,
                },
            )
        })
        .collect();
    HandOverCase {
        case: CaseId::new(1_000, [7; 10]),
        version: 2,
        branch: BranchCode::from("07"),
        accepted_on: "2026-11-21".to_owned(),
        snapshot: Snapshot {
            version: 1,
            case_id: CaseId::new(1_000, [7; 10]),
            receipt_number: "07-2-0001".to_owned(),
            form: "resident-move/1".to_owned(),
            forms: Vec::new(),
            filed_on: "2026-11-20".to_owned(),
            language: String::new(),
            fields,
            procedures: Vec::new(),
        },
    }
}

fn text(value: &str) -> FieldValue {
    FieldValue::Text(value.to_owned())
}

fn utf8(case: &HandOverCase) -> String {
    let files = write_files(&rows(case), &CharacterChoices::default()).unwrap();
    String::from_utf8(files.utf8).unwrap()
}

#[test]
fn who_only_stays_gets_no_row() {
    let file = utf8(&case(&[
        ("event.type", text("move_out")),
        ("member.1.name", text("架空　太郎")),
        ("member.1.moving", FieldValue::Flag(true)),
        ("member.2.name", text("架空　花子")),
        ("member.2.moving", FieldValue::Flag(false)),
    ]));
    assert_eq!(file.lines().count(), 2);
    assert!(file.contains("move_out") && !file.contains("花子"));
}

#[test]
fn each_person_gets_a_row() {
    let file = utf8(&case(&[
        ("member.1.name", text("架空　太郎")),
        ("member.2.name", text("架空　花子")),
        ("member.10.name", text("架空　三郎")),
    ]));
    let members: Vec<_> = file
        .lines()
        .skip(1)
        .map(|line| line.split(',').nth(10).unwrap())
        .collect();
    assert_eq!(members, ["1", "2", "10"]);
}

#[test]
fn key_is_case_and_version() {
    let file = utf8(&case(&[("member.1.name", text("架空　太郎"))]));
    let key = file
        .lines()
        .nth(1)
        .unwrap()
        .split(',')
        .next()
        .unwrap()
        .to_owned();
    assert_eq!(key, format!("{}-2", CaseId::new(1_000, [7; 10])));
}

#[test]
fn header_is_the_documented_list() {
    let file = utf8(&case(&[]));
    assert_eq!(file, format!("\u{feff}{}\r\n", COLUMNS.join(",")));
    let documented = include_str!("../../../../docs/reference/hand-over-file.md");
    for column in COLUMNS {
        assert!(
            documented.contains(&format!("| `{column}` |")),
            "{column} is not documented"
        );
    }
}

#[test]
fn shift_jis_reads_back_the_same() {
    let case = case(&[
        ("member.1.name", text("架空　太郎")),
        ("address.new", text("①丁目２－３")),
    ]);
    let files = write_files(&rows(&case), &CharacterChoices::default()).unwrap();
    let (back, _) = encoding_rs::SHIFT_JIS.decode_without_bom_handling(&files.shift_jis);
    assert_eq!(format!("\u{feff}{back}").as_bytes(), files.utf8);
    assert!(files.unrepresentable.is_none());
}

#[test]
fn character_outside_shift_jis_is_listed_never_replaced() {
    // U+20BB7 is the "tsuchiyoshi" form; U+E0100 a variation selector.
    let case = case(&[
        ("member.1.name", text("\u{20BB7}野　太郎")),
        ("member.2.name", text("葛\u{E0100}城　花子")),
        ("member.3.name", text("架空　三郎")),
    ]);
    let files = write_files(&rows(&case), &CharacterChoices::default()).unwrap();
    let (back, _) = encoding_rs::SHIFT_JIS.decode_without_bom_handling(&files.shift_jis);
    assert_eq!(back.lines().count(), 2, "only the third person fits");
    assert!(back.contains("架空　三郎") && !back.contains('?') && !back.contains("&#"));
    let listed = String::from_utf8(files.unrepresentable.unwrap()).unwrap();
    assert!(listed.contains(",1,name,U+20BB7\r\n") && listed.contains(",2,name,U+E0100\r\n"));
    let utf8 = String::from_utf8(files.utf8).unwrap();
    assert!(utf8.contains('\u{20BB7}') && utf8.contains('\u{E0100}'));
}

#[test]
fn yen_sign_does_not_become_a_backslash() {
    let case = case(&[("member.1.name", text("\u{a5}"))]);
    let files = write_files(&rows(&case), &CharacterChoices::default()).unwrap();
    let listed = String::from_utf8(files.unrepresentable.unwrap()).unwrap();
    assert!(listed.contains("U+00A5"));
}

#[test]
fn formula_is_disarmed() {
    for start in ["=", "+", "-", "@", "'", "＝"] {
        let value = format!("{start}cmd");
        let file = utf8(&case(&[("member.1.name", text(&value))]));
        assert!(
            file.contains(&format!(",'{value},")),
            "{start} at the start of a cell"
        );
    }
}

#[test]
fn quotes_and_line_breaks_survive() {
    let value = "架空\"太郎\",\r\n二行目";
    let file = utf8(&case(&[("member.1.name", text(value))]));
    let mut reader = csv::Reader::from_reader(file.trim_start_matches('\u{feff}').as_bytes());
    let record = reader.records().next().unwrap().unwrap();
    assert_eq!(&record[11], value);
}

#[test]
fn protected_person_is_left_out() {
    let all = case(&[
        ("member.1.name", text("架空　太郎")),
        ("member.2.name", text("架空　花子")),
        ("member.2.protected", FieldValue::Flag(true)),
    ]);
    assert!(rows(&all).is_empty());
}

/// What the `Shift_JIS` file and the two lists say of 𠮷田, after the city said this of 吉 for 𠮷.
fn handed_over(standing: Option<ChoiceStanding>) -> (String, bool, Option<String>) {
    let subject = ChoiceSubject::in_system("cp932", "𠮷");
    let mut choices = CharacterChoices::default();
    choices.take_in(&[ChoiceMade {
        subject: subject.clone(),
        chosen: "吉".to_owned(),
        by: StaffId::from("u0312"),
        at_unix_ms: 1,
        cases: 1,
    }]);
    if let Some(standing) = standing {
        choices.settle(&subject, "吉", standing, (&StaffId::from("u0101"), 2));
    }
    let filed = case(&[("member.1.name", text("𠮷田　架空"))]);
    let files = write_files(&rows(&filed), &choices).unwrap();
    assert!(
        String::from_utf8(files.utf8)
            .unwrap()
            .contains("𠮷田　架空"),
        "never changed there"
    );
    let (shift_jis, _, _) = encoding_rs::SHIFT_JIS.decode(&files.shift_jis);
    let name = shift_jis
        .lines()
        .nth(1)
        .and_then(|line| line.split(',').nth(11));
    let list = files.replaced.map(|bytes| {
        let list = String::from_utf8(bytes).unwrap();
        list.lines().nth(1).unwrap().to_owned()
    });
    (
        name.unwrap_or_default().to_owned(),
        files.unrepresentable.is_some(),
        list,
    )
}

#[test]
fn character_the_city_confirmed_goes_into_the_file_that_lacks_the_filed_one() {
    for not_confirmed in [None, Some(ChoiceStanding::Withdrawn)] {
        assert_eq!(handed_over(not_confirmed), (String::new(), true, None));
    }
    let (name, missing, list) = handed_over(Some(ChoiceStanding::Confirmed));
    assert_eq!((name.as_str(), missing), ("吉田　架空", false));
    let list = list.unwrap();
    assert!(list.ends_with(",1,name,U+20BB7>U+5409"), "{list}");
}

#[test]
fn each_certificate_of_a_request_gets_a_row_with_form_fee_and_purpose() {
    let request = case(&[
        ("event.type", text("request")),
        ("member.1.name", text("架空　太郎")),
        ("member.1.birth_date", text("1980-01-01")),
        ("address.new", text("六会市架空町一丁目９番６号")),
        ("request.asker", text("self")),
        ("request.purpose", text("旅券の申請")),
        ("certificate.C01.copies", FieldValue::Count(2)),
        ("certificate.C01.options", text("honseki")),
        ("certificate.C01.form", text("resident-record/all")),
        ("certificate.C01.fee", FieldValue::Count(300)),
        ("certificate.C44.copies", FieldValue::Count(1)),
        ("certificate.C44.form", text("tax-certificate/income")),
        ("certificate.C44.fee", FieldValue::Count(300)),
        ("certificate.C44.detail", text("令和8年度")),
    ]);
    let rows = request_rows(&request);
    let choices = CharacterChoices::default();
    let files = super::write_files(Sheet::Certificates, &rows, &choices).unwrap();
    let file = String::from_utf8(files.utf8).unwrap();
    let mut reader = csv::Reader::from_reader(file.trim_start_matches('\u{feff}').as_bytes());
    let told: Vec<String> = reader
        .records()
        .map(|record| {
            let record = record.unwrap();
            let said = [7, 8, 10, 11, 12, 13, 14, 15, 20].map(|at| record[at].to_owned());
            said.join("|")
        })
        .collect();
    assert_eq!(
        told,
        [
            "1|C01|resident-record/all|2|300|honseki||架空　太郎|旅券の申請",
            "2|C44|tax-certificate/income|1|300||令和8年度|架空　太郎|旅券の申請",
        ]
    );
    assert!(file.contains("住民票の写し"), "by its name too");
}

#[test]
fn columns_of_certificates_are_documented() {
    let documented = include_str!("../../../../docs/reference/hand-over-file.md");
    for column in certificates::COLUMNS {
        assert!(
            documented.contains(&format!("| `{column}` |")),
            "{column} is not documented"
        );
    }
}

#[test]
fn a_request_about_a_protected_person_is_left_out() {
    let request = case(&[
        ("event.type", text("request")),
        ("member.1.name", text("架空　太郎")),
        ("member.1.protected", FieldValue::Flag(true)),
        ("certificate.C01.copies", FieldValue::Count(1)),
        ("certificate.C01.form", text("resident-record/all")),
    ]);
    assert!(request_rows(&request).is_empty());
}

#[test]
fn each_procedure_of_a_request_gets_a_row_with_whom_it_is_for() {
    let mut request = case(&[
        ("event.type", text("request")),
        ("member.1.name", text("架空　太郎")),
        ("member.2.name", text("架空　葵")),
        ("member.2.birth_date", text("2016-08-03")),
        ("address.new", text("六会市架空町一丁目９番６号")),
        ("notifier.name", text("架空　太郎")),
    ]);
    request.snapshot.form = "procedure-request/1".to_owned();
    let listed = |id: &str, member, to_confirm| SnapshotProcedure {
        id: id.to_owned(),
        name: "手続き".to_owned(),
        member,
        reason: String::new(),
        deadline: String::new(),
        to_confirm,
    };
    request.snapshot.procedures = vec![listed("P102", Some(2), false), listed("P069", None, true)];
    assert!(is_procedure_request(&request));
    let rows = procedure_rows(&request);
    let told: Vec<String> = rows
        .iter()
        .map(|row| {
            [7, 8, 10, 11, 12, 14]
                .map(|at| row.cells[at].as_str())
                .join("|")
        })
        .collect();
    assert_eq!(
        told,
        ["1|P102|0|2|架空　葵|2016-08-03", "2|P069|1|1|架空　太郎|"]
    );
    let documented = include_str!("../../../../docs/reference/hand-over-file.md");
    for column in procedures::COLUMNS {
        assert!(documented.contains(&format!("| `{column}` |")), "{column}");
    }
    assert!(
        rows.iter()
            .all(|row| row.cells.len() == procedures::COLUMNS.len())
    );
}
