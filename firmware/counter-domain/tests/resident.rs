//! Searching people of the resident copy, and recognising those under protection.
#![expect(clippy::expect_used, reason = "a test stops at the first surprise")]

use counter_domain::draft::{Draft, DraftField, FieldValue, Source};
use counter_domain::hlc::Hlc;
use counter_domain::ids::{DeviceId, StaffId};
use counter_domain::protection::{
    ProtectedPerson, digests_of, household_digest, is_flagged, likeness, tells_where,
};
use counter_domain::resident::{
    Place, Resident, ResidentKeys, ResidentKind, ResidentQuery, ResidentState, Term, address_key,
    name_key,
};
use proptest::prelude::*;

const CITY: &str = "架空市";

fn resident(name: &str, kana: &str) -> Resident {
    Resident {
        person_no: "000123".to_owned(),
        household_no: "H00077".to_owned(),
        state: ResidentState::Resident,
        kind: ResidentKind::Japanese,
        name: name.to_owned(),
        kana: kana.to_owned(),
        alias: String::new(),
        alias_kana: String::new(),
        former_surname: String::new(),
        birth_date: "1970-03-02".to_owned(),
        sex: "female".to_owned(),
        relation: "世帯主".to_owned(),
        resident_code: "24727059608".to_owned(),
        nationality: String::new(),
        qualifications: Vec::new(),
        place: Some(Place {
            address: "架空市架空町一丁目９番６号".to_owned(),
            building: "架空ハイツ２０３".to_owned(),
            ..Place::default()
        }),
    }
}

#[track_caller]
fn finds(query: &str, person: &Resident) -> bool {
    let keys = ResidentKeys::of(person, CITY);
    let numbers = [
        person.person_no.as_str(),
        &person.household_no,
        &person.resident_code,
    ];
    let query = ResidentQuery::parse(query, CITY).expect("a query");
    query.terms().iter().all(|term| term.fits(&keys, numbers))
}

#[test]
fn person_is_found_by_everything_a_clerk_types() {
    let person = resident("髙﨑\u{e0100}　花子", "タカサキ　ハナコ");
    for query in [
        "高崎",
        "髙﨑　花子",
        "高崎花子",
        "花子 S45.3.2",
        "たかさき",
        "タカサキ ハナコ",
        "ﾀｶｻｷ",
        "ハナコ 昭和45年",
        "19700302",
        "1970-03-02 架空町1-9-6",
        "神奈川県架空市架空町1丁目",
        "架空町１−９",
        "架空ハイツ",
        "24727059608",
        "h00077",
    ] {
        assert!(finds(query, &person), "{query}");
    }
    for query in [
        "高橋",
        "花子 S45.3.3",
        "タカハシ",
        "架空町2",
        "24727059609",
        "昭和46年",
    ] {
        assert!(!finds(query, &person), "{query}");
    }
}

#[test]
fn variant_forms_search_alike_and_the_name_stays_as_it_is() {
    for (one, other) in [
        ("渡邉", "渡辺"),
        ("齋藤", "斉藤"),
        ("濵田", "浜田"),
        ("𠮷野", "吉野"),
    ] {
        assert_eq!(name_key(one), name_key(other), "{one} {other}");
    }
    let person = resident("渡邉　花子", "ワタナベ　ハナコ");
    assert!(finds("渡辺", &person));
    assert_eq!(person.name, "渡邉　花子");
}

#[test]
fn former_surname_is_found_with_the_given_name() {
    let mut person = resident("架空　花子", "カクウ　ハナコ");
    person.former_surname = "仮名".to_owned();
    assert!(finds("仮名花子", &person));
}

#[test]
fn one_place_has_one_address_key() {
    let key = address_key("架空町1-9-6", CITY);
    for text in [
        "架空町一丁目９番６号",
        "神奈川県架空市架空町１丁目9番6号",
        "架空市 架空町 1－9－6",
        "大字架空町一丁目9番地の6",
        "架空町1ー9ー6",
    ] {
        assert_eq!(address_key(text, CITY), key, "{text}");
    }
    assert_eq!(
        address_key("架空町二十三番地", CITY),
        address_key("架空町23", CITY)
    );
    assert_eq!(
        address_key("霞が丘３丁目", CITY),
        address_key("霞ヶ丘三丁目", CITY)
    );
    assert_ne!(
        address_key("架空町11", CITY),
        address_key("架空町1-1", CITY)
    );
}

#[test]
fn eight_digits_are_a_number_or_a_birth_date() {
    let query = ResidentQuery::parse("19700302", CITY).unwrap();
    assert!(matches!(
        query.terms(),
        [Term::Number { birth: Some(_), .. }]
    ));
    assert!(ResidentQuery::parse("　 ", CITY).is_err());
    assert!(ResidentQuery::parse(&"あ".repeat(101), CITY).is_err());
}

#[test]
fn unknown_parts_of_a_birth_date_still_fit() {
    let mut person = resident("架空　太郎", "カクウ　タロウ");
    person.birth_date = "1921-00-00@T".to_owned();
    assert!(finds("大正10年5月1日", &person));
    assert!(!finds("大正11年5月1日", &person));
}

fn draft_of(fields: &[(&str, FieldValue)]) -> Draft {
    let mut draft = Draft::default();
    for (path, value) in fields {
        let field = DraftField {
            value: value.clone(),
            source: Source::Staff,
            confidence: None,
            by: StaffId::from("u0312"),
            at: Hlc(1),
            settles: None,
        };
        draft.insert((*path).into(), DeviceId([7; 16]), field);
    }
    draft
}

#[test]
fn protected_person_is_recognised_however_the_name_is_written() {
    let entry = ProtectedPerson::of(&resident("髙﨑　花子", "タカサキ　ハナコ"), "2027-03-31");
    let text = |text: &str| FieldValue::Text(text.to_owned());
    for fields in [
        vec![
            ("member.2.name", text("高崎花子")),
            ("member.2.birth_date", text("1970-03-02")),
        ],
        vec![
            ("member.1.kana", text("タカサキ　ハナコ")),
            ("member.1.birth_date", text("昭和45年3月2日")),
        ],
        vec![("member.3.resident_code", text("24727059608"))],
    ] {
        let digests = digests_of(&draft_of(&fields));
        assert!(digests.iter().any(|digest| entry.digests.contains(digest)));
    }
    let other = [
        ("member.1.name", text("高崎花子")),
        ("member.1.birth_date", text("1970-03-03")),
    ];
    assert!(
        !digests_of(&draft_of(&other))
            .iter()
            .any(|digest| entry.digests.contains(digest))
    );
}

#[test]
fn who_moved_out_under_protection_does_not_hide_the_household_left() {
    let mut person = resident("架空　花子", "カクウ　ハナコ");
    let household = household_digest(&person.household_no);
    assert!(
        ProtectedPerson::of(&person, "")
            .digests
            .contains(&household)
    );
    person.state = ResidentState::MovedOut;
    assert!(
        !ProtectedPerson::of(&person, "")
            .digests
            .contains(&household)
    );
}

#[test]
fn protection_list_names_nobody() {
    let entry = ProtectedPerson::of(&resident("架空　花子", "カクウ　ハナコ"), "2027-03-31");
    let text = serde_json::to_string(&entry).unwrap();
    for personal in ["架空", "ハナコ", "1970", "000123", "H00077", "24727059608"] {
        assert!(!text.contains(personal));
    }
    assert_eq!(
        serde_json::from_str::<ProtectedPerson>(&text).unwrap(),
        entry
    );
}

#[test]
fn flag_of_any_member_marks_the_case() {
    assert!(is_flagged(&draft_of(&[(
        "member.12.protected",
        FieldValue::Flag(true)
    )])));
    assert!(!is_flagged(&draft_of(&[(
        "member.2.protected",
        FieldValue::Flag(false)
    )])));
}

#[test]
fn fields_that_tell_where_people_are_form_a_closed_list() {
    for path in [
        "address.new",
        "address.old",
        "address.new.building",
        "domicile.place",
        "notifier.phone",
        "copy.address.old",
        "copy.domicile.place",
    ] {
        assert!(tells_where(&path.into()), "{path}");
    }
    for path in [
        "member.1.name",
        "event.date",
        "member.2.birth_date",
        "copy.member.1.name",
        "head.new",
    ] {
        assert!(!tells_where(&path.into()), "{path}");
    }
}

proptest! {
    #[test]
    fn key_of_a_key_is_the_key(text in "[ぁ-ゖァ-ヺ一-龠髙﨑ＡＺａｚ０９A-Za-z0-9　ー]{0,60}") {
        let key = name_key(&text);
        prop_assert_eq!(name_key(&key), key);
    }

    #[test]
    fn any_text_is_taken(text in "\\PC{0,120}") {
        prop_assert!(likeness(&[&text], "1970-03-02", "").len() <= 1);
        let fitting = text.chars().count() <= 100;
        let query = ResidentQuery::parse(&text, CITY);
        prop_assert!(fitting || query.is_err());
        prop_assert!(!address_key(&text, CITY).ends_with('-'));
    }
}
