//! Asks the shipped dictionary as a clerk types, and tells written addresses apart.
#![expect(clippy::unwrap_used, reason = "a test stops at the first surprise")]

use std::path::Path;
use std::sync::LazyLock;

use counter_addresses::{
    Addresses, CityPlace, CityPlaces, Contents, Koaza, LoadError, OwnPlaces, ParseError,
    PlaceFinder, Report, Wanted,
};
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
    let here = ADDRESSES.municipalities().iter();
    assert_eq!(here.filter(|one| !one.is_abolished()).count(), 1_892);
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

#[test]
fn a_town_with_its_chome_is_found_in_every_way_of_typing() {
    for typed in [
        "石川三丁目",
        "石川3",
        "藤沢市石川３丁目",
        "いしかわ3",
        "ishikawa3",
    ] {
        let found = ADDRESSES.find(typed, Some(FUJISAWA), 1);
        let found = found.first().map(counter_addresses::Found::text);
        assert_eq!(
            found.as_deref(),
            Some("神奈川県藤沢市石川三丁目"),
            "{typed}"
        );
    }
    check_find(
        "藤沢市石川",
        &[
            "神奈川県藤沢市石川",
            "神奈川県藤沢市石川一丁目",
            "神奈川県藤沢市石川二丁目",
        ],
    );
}

#[test]
fn a_chome_is_told_from_a_block() {
    let chome = |text: &str| ADDRESSES.parse(text).unwrap().chome;
    assert_eq!(chome("藤沢市石川三丁目5番1号"), Some(3));
    assert_eq!(chome("藤沢市石川3-5-1"), Some(3));
    assert_eq!(chome("藤沢市石川５１６番地"), None);
    assert_eq!(chome("藤沢市朝日町1番地の1"), None);
}

#[test]
fn a_part_of_a_town_is_found_and_told_apart() {
    for typed in [
        "弘前市一町田富",
        "弘前市大字一町田字富岡",
        "青森県弘前市一町田富岡",
    ] {
        let found = ADDRESSES.find(typed, None, 1);
        let found = found.first().map(counter_addresses::Found::text);
        assert_eq!(found.as_deref(), Some("青森県弘前市一町田富岡"), "{typed}");
    }
    let parsed = |text: &'static str| {
        let parsed = ADDRESSES.parse(text).unwrap();
        let koaza = parsed.koaza.map_or("-", |koaza| &koaza.name);
        format!("{koaza} | {} | {}", parsed.number, parsed.building)
    };
    for text in [
        "青森県弘前市大字一町田字富岡12番地の3　架空荘",
        "弘前市一町田富岡12番地の3 架空荘",
    ] {
        assert_eq!(parsed(text), "富岡 | 12番地の3 | 架空荘", "{text}");
    }
    assert_eq!(parsed("弘前市一町田12番地"), "- | 12番地 | ");
    assert_eq!(parsed("弘前市大字一町田字富岡"), "富岡 |  | ");
    // A word that only begins like one is no part.
    assert_eq!(parsed("弘前市一町田富岡荘"), "- |  | 富岡荘");
    assert!(ADDRESSES.koaza_count() > 70_000);
}

#[test]
fn a_part_with_a_number_in_its_name_is_told_from_a_lot() {
    let contents = Contents {
        municipalities: vec![counter_addresses::Municipality {
            code: 1001,
            prefecture: "仮県".to_owned(),
            name: "仮村".to_owned(),
            prefecture_kana: String::new(),
            kana: String::new(),
            until: None,
        }],
        towns: vec![counter_addresses::Town {
            municipality: 0,
            name: "上町".to_owned(),
            kana: String::new(),
            postal_codes: Vec::new(),
            chome: Vec::new(),
            koaza: ["一番", "一番割"]
                .map(|name| Koaza {
                    name: name.to_owned(),
                    kana: String::new(),
                })
                .to_vec(),
        }],
        edition: String::new(),
    };
    let addresses = Addresses::from_bytes(&contents.to_bytes().unwrap()).unwrap();
    let parts = |text: &str| {
        let parsed = addresses.parse(text).unwrap();
        let koaza = parsed.koaza.map_or("-", |koaza| &koaza.name);
        format!("{koaza} | {}", parsed.number)
    };
    assert_eq!(parts("仮村上町1番地2"), "- | 1番地2");
    assert_eq!(parts("仮村上町一番"), "- | 一番");
    assert_eq!(parts("仮村上町字一番割12"), "一番割 | 12");
    assert_eq!(parts("仮村上町一番12"), "一番 | 12");
}

/// What is offered under a field of the city, with the building behind a bar.
fn offered(typed: &str, wanted: Wanted, own: Option<&OwnPlaces>) -> Vec<String> {
    let finder = PlaceFinder {
        country: &ADDRESSES,
        own,
        city: "藤沢市",
    };
    finder
        .suggest(typed, wanted, 4)
        .into_iter()
        .map(|one| match one.building.as_str() {
            "" => one.text,
            building => format!("{}|{building}", one.text),
        })
        .collect()
}

#[test]
fn the_own_city_is_offered_in_its_own_notation() {
    assert_eq!(offered("251-0026", Wanted::Address, None), ["藤沢市鵠沼東"]);
    assert_eq!(
        offered("kasumigaseki3", Wanted::Address, None)[0],
        "東京都千代田区霞が関三丁目"
    );
}

#[test]
fn places_that_are_gone_are_offered_for_domiciles_only() {
    let naka = "静岡県浜松市中区";
    assert!(
        offered(naka, Wanted::Address, None)
            .iter()
            .all(|one| !one.starts_with(naka))
    );
    assert!(
        offered("浜松市中区", Wanted::Domicile, None)
            .iter()
            .any(|one| one.starts_with(naka))
    );
    let parsed = ADDRESSES.parse("静岡県浜松市中区元城町103").unwrap();
    assert!(parsed.municipality.is_abolished());
    assert_eq!(parsed.number, "103");
}

#[test]
fn numbers_and_buildings_of_the_own_city_are_offered() {
    let place = |town: &str, number: &str, building: &str| CityPlace {
        town: town.to_owned(),
        number: number.to_owned(),
        building: building.to_owned(),
        postal_code: "2520815".to_owned(),
    };
    let file = CityPlaces {
        city: "藤沢市".to_owned(),
        as_of: "2026-11-20".to_owned(),
        places: vec![
            place("石川三丁目", "5番1号", ""),
            place("石川三丁目", "5番1号", "架空ハイツ"),
            place("石川三丁目", "5番10号", ""),
            place("朝日町", "1番地の1", "仮名ビル"),
        ],
    };
    let read = CityPlaces::from_bytes(&file.to_bytes().unwrap()).unwrap();
    assert_eq!(read, file);
    let own = OwnPlaces::new(read);
    assert_eq!(
        offered("石川3-5-1", Wanted::Address, Some(&own)),
        [
            "藤沢市石川三丁目5番1号",
            "藤沢市石川三丁目5番1号|架空ハイツ",
            "藤沢市石川三丁目5番10号"
        ]
    );
    assert_eq!(
        offered("架空ハ", Wanted::Address, Some(&own)),
        ["藤沢市石川三丁目5番1号|架空ハイツ"]
    );
    assert_eq!(
        offered("朝日町1番地の1", Wanted::Domicile, Some(&own)),
        ["藤沢市朝日町1番地の1"]
    );
}

/// Code and name of a municipality, and its towns with their postal codes.
type Municipality<'a> = (u32, &'a str, &'a [(&'a str, u32)]);

/// A small dictionary: municipalities with their towns, each town with its postal code.
fn edition(name: &str, places: &[Municipality<'_>]) -> Addresses {
    let mut contents = Contents {
        edition: name.to_owned(),
        ..Contents::default()
    };
    for (at, (code, name, towns)) in (0..).zip(places) {
        contents
            .municipalities
            .push(counter_addresses::Municipality {
                code: *code,
                prefecture: "仮県".to_owned(),
                name: (*name).to_owned(),
                prefecture_kana: String::new(),
                kana: String::new(),
                until: None,
            });
        contents
            .towns
            .extend(towns.iter().map(|(town, postal)| counter_addresses::Town {
                municipality: at,
                name: (*town).to_owned(),
                kana: String::new(),
                postal_codes: vec![*postal],
                chome: Vec::new(),
                koaza: Vec::new(),
            }));
    }
    Addresses::from_bytes(&contents.to_bytes().unwrap()).unwrap()
}

#[test]
fn a_new_edition_says_what_was_merged_renamed_and_abolished() {
    let old = edition(
        "旧",
        &[
            (1001, "北村", &[("上", 1), ("下", 2)]),
            (1002, "南市", &[("本町", 3), ("字川", 4), ("原", 5)]),
            (1003, "西町", &[("浜", 6)]),
        ],
    );
    let new = edition(
        "新",
        &[
            (
                1002,
                "南市",
                &[("本町", 3), ("川", 4), ("上", 1), ("下", 2)],
            ),
            (1003, "西市", &[("浜", 6)]),
            (1004, "東市", &[("丘", 7)]),
        ],
    );
    let report = Report::between(&old, &new);
    assert_eq!(
        report.abolished,
        [("仮県北村".to_owned(), Some("仮県南市".to_owned()))]
    );
    assert_eq!(
        report.renamed,
        [("仮県西町".to_owned(), "仮県西市".to_owned())]
    );
    assert_eq!(report.created, ["仮県東市"]);
    assert_eq!(
        report.towns_renamed,
        [("仮県南市字川".to_owned(), "仮県南市川".to_owned())]
    );
    assert_eq!(report.towns_gone, ["仮県南市原"]);
    assert!(
        report
            .to_string()
            .contains("廃止（合併）　仮県北村 → 仮県南市")
    );
    assert!(Report::between(&old, &old).is_empty());
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
        place in 0usize..1_890, number in "[0-9]{1,3}番地[0-9]{1,2}", building in "[架空荘]{0,4}",
    ) {
        let one = &ADDRESSES.municipalities()[place];
        let text = format!("{}{}{number}　{building}", one.prefecture, one.name);
        let parsed = ADDRESSES.parse(&text).unwrap();
        prop_assert_eq!(parsed.municipality.code, one.code);
        prop_assert_eq!(parsed.number, number);
        prop_assert_eq!(parsed.building, building);
    }
}
