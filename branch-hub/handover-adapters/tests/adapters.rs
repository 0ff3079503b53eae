//! Adapters as a city edits them: what they write, and what is said about their mistakes.
#![expect(clippy::expect_used, reason = "a test stops at what it did not expect")]

use std::collections::BTreeMap;

use counter_domain::character_choice::{
    CharacterChoices, ChoiceMade, ChoiceStanding, ChoiceSubject,
};
use counter_domain::ids::StaffId;
use handover_adapters::{Adapter, Columns, Filled, Record, Rows};
use proptest::prelude::*;

const PERSONS: [&str; 5] = ["idempotency_key", "version", "name", "kana", "birth_date"];

fn columns() -> Columns {
    Columns::default().with(Rows::Persons, &PERSONS)
}

fn record(number: u8, name: &str, kana: &str) -> Record {
    let mut cells = BTreeMap::new();
    cells.insert("idempotency_key", "0a-2".to_owned());
    cells.insert("name", name.to_owned());
    cells.insert("kana", kana.to_owned());
    cells.insert("birth_date", "1990-04-01".to_owned());
    Record {
        key: "0a-2".to_owned(),
        receipt_number: "07-2-0001".to_owned(),
        number,
        member: number,
        event: "move_in".to_owned(),
        procedure: String::new(),
        cells,
        fields: BTreeMap::from([("member.1.alias".to_owned(), "通称".to_owned())]),
    }
}

const HEAD: &str = "title = 'x'\nrows = 'persons'\nending = 'csv'\n";
const KEY: &str = "[[column]]\nheading = 'k'\nfrom = ['idempotency_key']\n";
const COMMA: &str = "encoding = 'utf8'\nform = { separated = { separator = ',' } }\n";

fn filled(text: &str, records: &[Record], choices: &CharacterChoices) -> Filled {
    let adapter = Adapter::read(text, &columns()).expect("a usable adapter");
    adapter.fill(records, choices).expect("filled")
}

/// The file in UTF-8, and which columns of which persons did not fit.
fn written(text: &str, records: &[Record]) -> (String, String) {
    let filled = filled(text, records, &CharacterChoices::default());
    let file = match std::str::from_utf8(&filled.bytes) {
        Ok(file) => file.to_owned(),
        Err(_) => encoding_rs::SHIFT_JIS.decode(&filled.bytes).0.into_owned(),
    };
    let list = filled
        .unfit
        .map(|list| String::from_utf8(list).expect("UTF-8"));
    let list = list.unwrap_or_default();
    let unfit = list.lines().skip(1).map(|line| {
        let cells: Vec<&str> = line.splitn(5, ',').skip(2).collect();
        cells.join(" ")
    });
    (file, unfit.collect::<Vec<_>>().join("\n"))
}

#[track_caller]
fn check_faults(text: &str, expected: &[&str]) {
    let faults = Adapter::read(text, &columns()).expect_err("it has mistakes");
    let told: Vec<String> = faults.iter().map(ToString::to_string).collect();
    assert_eq!(told.len(), expected.len(), "{told:#?}");
    for (told, expected) in told.iter().zip(expected) {
        assert!(told.contains(expected), "{told}");
    }
}

#[test]
fn fixed_width_is_filled_by_bytes_and_never_cut() {
    let fixed = format!(
        "{HEAD}encoding = 'cp932'\nline_break = 'lf'\nform = {{ fixed = {{ record_bytes = 34 }} }}\n\
         [[column]]\nfrom = ['idempotency_key']\nat = 1\nbytes = 6\nalign = 'right'\nfill = '0'\n\
         [[column]]\nfrom = ['birth_date']\ndate = 'era_digits'\nat = 7\nbytes = 8\n\
         [[column]]\nfrom = ['name']\nat = 15\nbytes = 10\n\
         [[column]]\nfrom = ['kana']\nletters = 'half_kana'\nat = 25\nbytes = 10\n"
    );
    let people = [
        record(1, "架空太郎", "カクウ　タロウ"),
        record(2, "架空　長い名", "カクウ"),
    ];
    let (file, unfit) = written(&fixed, &people);
    assert_eq!(file, "000a-24020401 架空太郎  ｶｸｳ ﾀﾛｳ   \n");
    assert_eq!(unfit, "2 name 12バイトあり、10バイトの欄に入りません");
}

#[test]
fn separated_file_has_the_city_s_columns_order_and_codes() {
    let text = format!(
        "{HEAD}{COMMA}{KEY}\
         [[column]]\nheading = 'n'\nfrom = ['name', 'member.*.alias']\njoin = '／'\n\
         [[column]]\nheading = 'c'\nfrom = ['kana']\ncodes = {{ 'カクウ' = '7' }}\n\
         [[column]]\nheading = 'v'\nvalue = 'A'\n"
    );
    let people = [
        record(1, "架空,太郎", "カクウ"),
        record(2, "架空　花子", "ハナコ"),
    ];
    let (file, unfit) = written(&text, &people);
    assert_eq!(file, "0a-2,\"架空,太郎／通称\",7,A\r\n");
    assert_eq!(
        unfit,
        "2 c codes の表にない値です。アダプターの表に加えてください"
    );
}

#[test]
fn character_the_encoding_lacks_leaves_its_row_out_until_the_city_confirmed_another() {
    let text = format!(
        "{HEAD}encoding = 'jis_x_0208'\nform = {{ separated = {{ separator = \"\\t\" }} }}\n{KEY}[[column]]\nheading = 'n'\nfrom = ['name']\n"
    );
    let people = [record(1, "髙橋　架空", ""), record(2, "架空　花子", "")];
    let (file, unfit) = written(&text, &people);
    assert_eq!(file, "0a-2\t架空　花子\r\n");
    assert!(
        unfit.starts_with("1 n ") && unfit.ends_with("U+9AD9"),
        "{unfit}"
    );
    let subject = ChoiceSubject::in_system("jis_x_0208", "髙");
    let mut choices = CharacterChoices::default();
    choices.take_in(&[ChoiceMade {
        subject: subject.clone(),
        chosen: "高".to_owned(),
        by: StaffId::from("u0312"),
        at_unix_ms: 1,
        cases: 1,
    }]);
    let by = StaffId::from("u0101");
    choices.settle(&subject, "高", ChoiceStanding::Confirmed, (&by, 2));
    let filled = filled(&text, &people, &choices);
    assert_eq!((filled.rows, filled.unfit), (2, None));
    let list = String::from_utf8(filled.replaced.expect("a list")).expect("UTF-8");
    assert!(list.contains(",1,n,U+9AD9>U+9AD8\r\n"), "{list}");
}

#[test]
fn only_the_events_an_adapter_names_are_written() {
    let text = format!("events = ['move_out']\n{HEAD}{COMMA}{KEY}");
    let mut out = record(2, "架空　花子", "");
    out.event = "move_out".to_owned();
    let (file, _) = written(&text, &[record(1, "架空　太郎", ""), out]);
    assert_eq!(file.lines().count(), 1);
}

#[test]
fn formula_is_disarmed_for_spreadsheets_only() {
    let text = |more: &str| {
        format!(
            "{HEAD}encoding = 'utf8'\nform = {{ separated = {{ separator = ','{more} }} }}\n{KEY}[[column]]\nheading = 'n'\nfrom = ['name']\n"
        )
    };
    let people = [record(1, "=cmd", "")];
    assert_eq!(written(&text(""), &people).0, "0a-2,=cmd\r\n");
    let for_people = text(", for_spreadsheets = true");
    assert_eq!(written(&for_people, &people).0, "0a-2,'=cmd\r\n");
}

#[test]
fn every_mistake_is_told_with_line_and_column() {
    check_faults("title = 'x'\nrows = 'people'\n", &["2行目 8桁：読めません"]);
    check_faults(
        &format!("{HEAD}{COMMA}[[column]]\nheading = 'n'\nfrom = ['nmae']\n"),
        &[
            "8行目 9桁：項目「nmae」を知りません",
            "1行目 9桁：どの行か分かる列がありません",
        ],
    );
    check_faults(
        &format!(
            "{HEAD}encoding = 'cp932'\nform = {{ fixed = {{ record_bytes = 10 }} }}\n\
            [[column]]\nfrom = ['idempotency_key']\nat = 1\nbytes = 6\n\
            [[column]]\nfrom = ['name']\nat = 6\nbytes = 6\nempty = '𠮷'\n\
            [[column]]\nfrom = ['kana']\n"
        ),
        &[
            "書けない文字があります：U+20BB7",
            "6バイト目から6バイトは、1件 10 バイトに入りません",
            "at（何バイト目から）と bytes",
            "1バイト目からの列と重なっています",
        ],
    );
    check_faults(
        &format!("{HEAD}{COMMA}{KEY}[[column]]\nheading = 'k'\nfrom = ['member.1.my_number']\n"),
        &["個人番号は渡せません", "見出し「k」が2つあります"],
    );
    check_faults(
        &format!("events = ['moving']\n{HEAD}{COMMA}{KEY}").replace("'csv'", "'exe'"),
        &[
            "ending は csv・tsv・txt・dat",
            "1行目 11桁：異動の種類「moving」を知りません",
        ],
    );
}

proptest! {
    #[test]
    fn every_fixed_record_has_its_width_and_reads_back(
        people in proptest::collection::vec("[架空太郎花子ｱA髙𠮷\u{E0102}\\n]{0,9}", 0..8),
    ) {
        let text = format!(
            "{HEAD}encoding = 'cp932'\nform = {{ fixed = {{ record_bytes = 30 }} }}\n\
             [[column]]\nfrom = ['idempotency_key']\nat = 1\nbytes = 5\n\
             [[column]]\nfrom = ['name']\nat = 6\nbytes = 12\n"
        );
        let records: Vec<Record> = (1_u8..).zip(&people).map(|(number, name)| record(number, name, "")).collect();
        let filled = filled(&text, &records, &CharacterChoices::default());
        let lines: Vec<&[u8]> = filled.bytes.chunks(32).collect();
        prop_assert_eq!(lines.len(), filled.rows);
        for line in lines {
            prop_assert!(line.ends_with(b"\r\n") && line.len() == 32);
            let name = encoding_rs::SHIFT_JIS.decode(line.get(5..17).unwrap_or_default()).0;
            let name = name.trim_end_matches(' ');
            prop_assert!(people.iter().any(|one| one.trim_end_matches(' ') == name || one.trim().is_empty()));
        }
    }

    #[test]
    fn any_text_is_an_adapter_or_is_told_why_not(text in "\\PC{0,200}") {
        let told = Adapter::read(&text, &columns());
        prop_assert!(told.is_err_and(|faults| !faults.is_empty()));
    }
}
