//! Tables of private characters: sheets with and without faults, and both ways through one.

use std::path::Path;
use std::sync::LazyLock;

use proptest::prelude::*;

use super::*;
use crate::Characters;

static TABLES: LazyLock<Characters> = LazyLock::new(|| {
    Characters::open(&Path::new(env!("CARGO_MANIFEST_DIR")).join("data/characters.bin")).unwrap()
});

fn table(sheet: &str) -> GaijiTable {
    read_sheet("cp932", sheet.as_bytes(), &TABLES).unwrap()
}

fn faults(sheet: &str) -> Vec<String> {
    let problems = read_sheet("cp932", sheet.as_bytes(), &TABLES).unwrap_err();
    problems.iter().map(ToString::to_string).collect()
}

#[test]
fn sheet_becomes_a_table_of_codes_and_glyphs() {
    let table = table(
        "# 架空市\n外字コード,備考,文字,向き\n\
         F040,\"点, 二つ\",MJ026190,\nU+E001,,辻\u{E0102},\n\
         F042,,U+845B U+E0102,読むだけ\nU+E003,,MJ+10A3C5,\n\nF044,未同定,,\n",
    );
    let rows: Vec<String> = table
        .rows
        .iter()
        .map(|row| format!("{} {} {:?}", row.code, String::from(row.is), row.way))
        .collect();
    assert_eq!(
        rows,
        [
            "U+E000 MJ026190 Both",
            "U+E001 MJ025760 Both",
            "U+E002 MJ022335 Read",
            "U+E003 MJ+10A3C5 Both",
        ]
    );
    let open: Vec<String> = table.open.iter().map(ToString::to_string).collect();
    assert_eq!(open, ["U+E004"]);
}

#[test]
fn every_fault_is_told_with_line_and_column() {
    assert_eq!(
        faults(
            "code,character,way\nF040,MJ026190,\n889F,MJ026190,\nF040,MJ000001,\n\
             F041,MJ026190,\nF042,あ,\nF043,MJ999999,\nF044,邉\u{E0102},\nF045,高,sideways\nF046,\"高,\n"
        ),
        [
            "line 3 column 1: not a private code",
            "line 4 column 1: the code stands in line 2 too",
            "line 5 column 2: line 2 is written for it already",
            "line 6 column 2: not one character of the MJ table or MJ+",
            "line 7 column 2: not one character of the MJ table or MJ+",
            "line 8 column 2: not one character of the MJ table or MJ+",
            "line 9 column 3: neither both, read nor write",
            "line 10 column 0: a quotation mark is not closed",
        ]
    );
    for (sheet, fault) in [
        (
            "",
            "line 1 column 0: no heading for the code or the character",
        ),
        (
            "code,what\n",
            "line 1 column 0: no heading for the code or the character",
        ),
    ] {
        assert_eq!(faults(sheet), [fault]);
    }
    let broken = read_sheet("cp932", b"code,character\n\xF0\x40\xFF", &TABLES).unwrap_err();
    assert_eq!(broken[0].fault, Fault::Encoding);
}

#[test]
fn sheet_of_a_windows_machine_holds_the_characters_themselves() {
    // 外字コード,文字 / the private character itself at F040, 髙
    let bytes = [
        b"code,character\r\n".as_slice(),
        &[0xF0, 0x40, b',', 0xFB, 0xFC, b'\r', b'\n'],
    ]
    .concat();
    let table = read_sheet("cp932", &bytes, &TABLES).unwrap();
    assert_eq!(table.rows[0].code.to_string(), "U+E000");
    assert_eq!(table.rows[0].text, "髙");
}

#[test]
fn dataset_keeps_its_words() {
    let mut tables = GaijiTables::default();
    tables.put(table("code,character\nF040,MJ026190\nF041,\n"));
    let json = serde_json::to_string(&tables).unwrap();
    assert_eq!(
        json,
        r#"{"format":1,"tables":[{"system":"cp932","rows":[{"code":"U+E000","is":"MJ026190","text":"邉","way":"both"}],"open":["U+E001"]}]}"#
    );
    assert_eq!(serde_json::from_str::<GaijiTables>(&json).unwrap(), tables);
}

#[test]
fn unknown_code_stays_and_is_told() {
    let table = table("code,character\nF040,MJ026190\nF041,\n");
    let read = table.read("渡\u{E000}\u{E001}\u{E002}");
    assert_eq!(read.text, "渡邉\u{E001}\u{E002}");
    let unknown: Vec<String> = read.unknown.iter().map(ToString::to_string).collect();
    assert_eq!(unknown, ["U+E001", "U+E002"]);
    assert_eq!(table.write("渡邉"), "渡\u{E000}");
    let named = written("邊").next().unwrap();
    assert_eq!(cp932_bytes("邊\u{E000}").unwrap(), [0xE7, 0xB2, 0xF0, 0x40]);
    assert!(table.code_for(named).is_none());
    assert!(
        cp932_bytes("邉\u{E0110}").is_err(),
        "a selector is never dropped"
    );
}

/// A sheet that gives every user-defined cell of code page 932 a glyph.
fn full(from: usize) -> GaijiTable {
    let known = TABLES
        .glyphs()
        .iter()
        .filter(|glyph| glyph.text().is_some());
    let rows = known.cycle().skip(from).zip('\u{E000}'..='\u{E757}');
    let lines = rows.map(|(glyph, code)| format!("U+{:04X},{}\n", u32::from(code), glyph.number));
    table(&format!("code,character\n{}", lines.collect::<String>()))
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 12, ..ProptestConfig::default() })]

    #[test]
    fn names_come_back_through_any_table_and_its_bytes(
        from in 0_usize..58_000,
        places in prop::collection::vec(0_usize..1_880, 1..20),
    ) {
        let table = full(from);
        let name: String = places
            .iter()
            .map(|place| table.rows[*place].text.clone())
            .chain(["　太郎".to_owned()])
            .collect();
        let sent = table.write(&name);
        let bytes = cp932_bytes(&sent).unwrap();
        let (back, _, lost) = encoding_rs::SHIFT_JIS.decode(&bytes);
        prop_assert!(!lost);
        prop_assert_eq!(table.read(&back).text, name);
    }
}
