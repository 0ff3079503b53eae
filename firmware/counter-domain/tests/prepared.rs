//! Reservations and certificate data: who is recognised, and what a search finds.

use counter_domain::prepared::{
    FourItems, Item, Newcomer, Prepared, PreparedKind, PreparedPlace, PreparedUse, uses_of,
};

fn prepared() -> Prepared {
    let taro = Newcomer {
        name: "髙橋　架空".to_owned(),
        kana: "タカハシ　カクウ".to_owned(),
        birth_date: "1985-07-14".to_owned(),
        sex: "male".to_owned(),
        resident_code: "24727059608".to_owned(),
        ..Newcomer::default()
    };
    let hanako = Newcomer {
        name: "架空　花子".to_owned(),
        kana: "カクウ　ハナコ".to_owned(),
        birth_date: "1992-11-03".to_owned(),
        sex: "female".to_owned(),
        ..Newcomer::default()
    };
    let (number, day) = ("R8-000123".to_owned(), "2026-11-21".to_owned());
    Prepared {
        people: vec![taro, hanako],
        place: Some(PreparedPlace {
            old: "東京都千代田区架空町一丁目２番３号".to_owned(),
            ..PreparedPlace::default()
        }),
        ..Prepared::empty(PreparedKind::Reservation, number, 1, day)
    }
}

const OLD: &str = "東京都千代田区架空町1-2-3";

/// Name, address, birth date, sex → the person's place and what differs.
#[track_caller]
fn check(items: [&str; 4], expected: Option<(usize, &[Item])>) {
    let [name, address, birth_date, sex] = items;
    let known = FourItems {
        name,
        address,
        birth_date,
        sex,
    };
    let found = prepared().find(&known);
    let found = found.as_ref().map(|f| (f.person, f.differs.as_slice()));
    assert_eq!(found, expected);
}

#[test]
fn somebody_is_recognised_by_birth_date_and_name_or_by_everything_else() {
    check(["髙橋　架空", OLD, "1985-07-14", "male"], Some((0, &[])));
    check(
        ["高橋　架空", OLD, "1985-07-14", "male"],
        Some((0, &[Item::Name])),
    );
    check(
        ["髙橋　架空", "", "1985-07-14", "female"],
        Some((0, &[Item::Sex])),
    );
    check(
        ["髙橋　架空", "東京都千代田区別町1", "1985-07-14", "male"],
        Some((0, &[Item::Address])),
    );
    // A card without a code for the first character.
    check(
        ["〓橋　架空", OLD, "1985-07-14", "male"],
        Some((0, &[Item::Name])),
    );
    check(["架空　花子", "", "1992-11-03", ""], Some((1, &[])));
}

#[test]
fn somebody_else_is_not_taken_for_them() {
    check(["髙橋　架空", OLD, "1985-07-15", "male"], None);
    check(["別人　架空", "", "1985-07-14", "male"], None);
    check(["別人　架空", OLD, "1985-07-14", "female"], None);
    check(["髙橋　架空", OLD, "", "male"], None);
}

#[test]
fn words_find_by_number_name_reading_and_birth_date() {
    let prepared = prepared();
    for found in [
        "000123",
        "r8-000123",
        "高橋",
        "たかはし",
        "ハナコ S60.7.14",
        "1992-11-03",
        "24727059608",
    ] {
        assert!(prepared.fits(found), "{found}");
    }
    for other in ["000124", "山田", "ハナコ S61.7.14", "23"] {
        assert!(!prepared.fits(other), "{other}");
    }
}

#[test]
fn lines_of_a_newer_program_are_read_and_nothing_is_printed() {
    let mut line = serde_json::to_value(prepared()).unwrap();
    line["of_later"] = serde_json::json!(1);
    let read: Prepared = serde_json::from_value(line).unwrap();
    assert_eq!(read, prepared());
    assert_eq!(
        format!("{read:?} {:?} {:?}", read.people, read.place),
        "Prepared(reservation, …) [Newcomer(…), Newcomer(…)] Some(PreparedPlace(…))"
    );
}

#[test]
fn use_is_a_row_of_the_draft() {
    use counter_domain::draft::{Draft, DraftField, FieldPath, FieldValue, Source};
    use counter_domain::hlc::Hlc;
    use counter_domain::ids::{DeviceId, StaffId};
    let mut draft = Draft::default();
    let mut put = |path: String, value: FieldValue, at: u64| {
        let field = DraftField {
            value,
            source: Source::Staff,
            confidence: None,
            by: StaffId::from("u0312"),
            at: Hlc(at),
            settles: None,
        };
        draft.insert(FieldPath(path), DeviceId([1; 16]), field);
    };
    let text = |text: &str| FieldValue::Text(text.to_owned());
    put(PreparedKind::Reservation.taken_path("R8-1"), text("3"), 1);
    put(PreparedKind::MoveOut.taken_path("131016-7"), text("2"), 2);
    put(
        PreparedKind::MoveOut.taken_path("131016-7"),
        FieldValue::Cleared,
        3,
    );
    assert_eq!(
        uses_of(&draft),
        [PreparedUse {
            kind: PreparedKind::Reservation,
            number: "R8-1".to_owned(),
            version: "3".to_owned()
        }]
    );
}
