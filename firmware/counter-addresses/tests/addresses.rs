//! Asks the shipped dictionary as a clerk types, and tells written addresses apart.
#![expect(clippy::unwrap_used, reason = "a test stops at the first surprise")]

use std::path::Path;
use std::sync::LazyLock;

use counter_addresses::{Addresses, LoadError, ParseError};
use proptest::prelude::*;

static ADDRESSES: LazyLock<Addresses> = LazyLock::new(|| {
    Addresses::open(&Path::new(env!("CARGO_MANIFEST_DIR")).join("data/towns.bin")).unwrap()
});

const FUJISAWA: u32 = 14205;

/// The first places found for each text, as the list shows them.
#[track_caller]
fn check_find(text: &str, expected: &[&str]) {
    let found: Vec<String> = ADDRESSES
        .find(text, Some(FUJISAWA), expected.len().max(1))
        .iter()
        .map(counter_addresses::Found::text)
        .collect();
    assert_eq!(found, expected, "{text}");
}

/// `municipality code | town | number | building`.
fn parts(text: &str) -> String {
    match ADDRESSES.parse(text) {
        Ok(parsed) => format!(
            "{} | {} | {} | {}",
            parsed.municipality.code_with_check(),
            parsed.town.map_or("", |town| &town.name),
            parsed.number,
            parsed.building,
        ),
        Err(error) => error.to_string(),
    }
}

#[track_caller]
fn check_parse(text: &str, expected: &str) {
    assert_eq!(parts(text), expected, "{text}");
}

#[test]
fn dictionary_has_the_whole_country() {
    assert_eq!(ADDRESSES.municipalities().len(), 1_892);
    assert!(ADDRESSES.town_count() > 110_000);
    let prefectures: std::collections::BTreeSet<_> = ADDRESSES
        .municipalities()
        .iter()
        .map(|one| one.code / 1000)
        .collect();
    assert_eq!(prefectures.len(), 47);
}

#[test]
fn check_digits_are_those_of_the_published_codes() {
    for (code, published) in [
        (14205, "142051"),
        (22203, "222038"),
        (1228, "012289"),
        (13101, "131016"),
    ] {
        let one = ADDRESSES
            .municipalities()
            .iter()
            .find(|one| one.code == code)
            .unwrap();
        assert_eq!(one.code_with_check(), published);
    }
}

#[test]
fn a_town_is_found_in_every_way_of_typing() {
    for typed in [
        "鵠沼東",
        "くげぬまひがし",
        "クゲヌマヒガシ",
        "kugenumahigashi",
        "藤沢市鵠沼東",
        "神奈川県藤沢市鵠沼東",
        "ふじさわしくげぬまひがし",
        "251-0026",
    ] {
        check_find(typed, &["神奈川県藤沢市鵠沼東"]);
    }
}

#[test]
fn a_half_typed_syllable_already_finds() {
    check_find("fujisawash", &["神奈川県藤沢市"]);
}

#[test]
fn the_own_city_stands_first() {
    check_find("本町", &["神奈川県藤沢市本町"]);
}

#[test]
fn variant_spellings_of_a_town_are_one() {
    for typed in ["霞ヶ関", "霞ケ関", "霞が関"] {
        let found = ADDRESSES.find(&format!("千代田区{typed}"), None, 1);
        let found = found.first().map(counter_addresses::Found::text);
        assert_eq!(found.as_deref(), Some("東京都千代田区霞が関"), "{typed}");
    }
}

#[test]
fn nothing_is_found_for_nonsense() {
    check_find("zzzz", &[]);
    check_find("", &[]);
    check_find("　", &[]);
    check_find("9999999", &[]);
}

#[test]
fn an_address_is_told_apart() {
    check_parse(
        "神奈川県藤沢市片瀬3丁目9番6号 架空荘203",
        "142051 | 片瀬 | 3丁目9番6号 | 架空荘203",
    );
    check_parse("藤沢市朝日町1番地の1", "142051 | 朝日町 | 1番地の1 | ");
    check_parse(
        "北海道札幌市中央区北1条西2丁目",
        "011011 | 北一条西 | 2丁目 | ",
    );
    check_parse(
        "札幌市中央区北一条西二丁目",
        "011011 | 北一条西 | 二丁目 | ",
    );
    check_parse("千代田区霞ヶ関1-2-3", "131016 | 霞が関 | 1-2-3 | ");
}

#[test]
fn full_width_and_spaces_stay_as_they_were_written() {
    check_parse(
        "神奈川県　藤沢市　鵠沼東　１－２　架空ハイツ　１０１",
        "142051 | 鵠沼東 | １－２ | 架空ハイツ　１０１",
    );
}

#[test]
fn a_county_may_be_left_out() {
    check_parse("神奈川県寒川町宮山165", "143219 | 宮山 | 165 | ");
    check_parse("神奈川県高座郡寒川町宮山165", "143219 | 宮山 | 165 | ");
}

#[test]
fn two_cities_of_one_name_need_the_prefecture() {
    assert_eq!(
        ADDRESSES.parse("府中市9999"),
        Err(ParseError::Ambiguous {
            prefectures: vec!["広島県".to_owned(), "東京都".to_owned()]
        })
    );
    check_parse(
        "東京都府中市宮西町2丁目24番地",
        "132063 | 宮西町 | 2丁目24番地 | ",
    );
    // The town settles it.
    check_parse(
        "府中市宮西町2丁目24番地",
        "132063 | 宮西町 | 2丁目24番地 | ",
    );
}

#[test]
fn an_abolished_city_is_said_to_be_unknown() {
    check_parse(
        "神奈川県架空市本町1",
        "the address begins with no municipality of the dictionary",
    );
}

#[test]
fn a_damaged_file_is_refused() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("data/towns.bin");
    let bytes = std::fs::read(path).unwrap();
    let cut = &bytes[..bytes.len() / 2];
    assert!(matches!(
        Addresses::from_bytes(cut),
        Err(LoadError::Damaged)
    ));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn any_text_is_answered(text in "\\PC{0,20}") {
        let _found = ADDRESSES.find(&text, None, 5);
        let _parsed = ADDRESSES.parse(&text);
    }

    #[test]
    fn parts_are_slices_of_what_was_written(
        place in 0usize..1_892, number in "[0-9]{1,3}番地[0-9]{1,2}", building in "[架空荘]{0,4}",
    ) {
        let one = &ADDRESSES.municipalities()[place];
        let text = format!("{}{}{number}　{building}", one.prefecture, one.name);
        let parsed = ADDRESSES.parse(&text).unwrap();
        prop_assert_eq!(parsed.municipality.code, one.code);
        prop_assert_eq!(parsed.number, number);
        prop_assert_eq!(parsed.building, building);
    }
}
