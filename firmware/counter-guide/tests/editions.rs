//! Editions: which texts hold on which day.

#![expect(clippy::unwrap_used, reason = "a test stops at the first surprise")]

use std::collections::BTreeMap;

use counter_guide::edition::{Shelf, ShelfError, number_of_mark};
use counter_guide::{Catalogue, Edition, Packed};
use jiff::civil::Date;
use proptest::prelude::*;

fn day(text: &str) -> Date {
    text.parse().unwrap()
}

fn edition(number: u64, from: &str) -> Edition {
    Edition {
        number,
        valid_from: Some(day(from)),
        published_on: Some(day("2026-11-21")),
        note: format!("第{number}版"),
        files: [
            ("facts.yaml".to_owned(), "facts: {}\n".to_owned()),
            ("p.yaml".to_owned(), format!("# {number}\n")),
        ]
        .into(),
        packed: Packed::default(),
    }
}

fn shelf(editions: &[(u64, &str)]) -> Shelf {
    let today = day("2026-11-21");
    editions
        .iter()
        .fold(Shelf::default(), |shelf, (number, from)| {
            shelf.with(edition(*number, from), today)
        })
}

/// The number in force on each day.
fn in_force(shelf: &Shelf, days: &[&str]) -> Vec<u64> {
    let number = |on: &&str| shelf.in_force(day(on)).map_or(0, |one| one.number);
    days.iter().map(number).collect()
}

#[test]
fn an_edition_holds_from_its_day_and_not_the_day_before() {
    let shelf = shelf(&[(1, "2026-04-01"), (2, "2026-12-01")]);
    let days = ["2026-03-31", "2026-04-01", "2026-11-30", "2026-12-01"];
    assert_eq!(in_force(&shelf, &days), [0, 1, 1, 2]);
}

#[test]
fn of_two_with_the_same_day_the_later_one_holds() {
    let shelf = shelf(&[(1, "2026-12-01"), (2, "2026-12-01")]);
    assert_eq!(in_force(&shelf, &["2026-12-01"]), [2]);
}

#[test]
fn a_correction_today_leaves_what_is_planned_for_later() {
    let shelf = shelf(&[(1, "2026-04-01"), (2, "2026-12-01"), (3, "2026-11-21")]);
    assert_eq!(in_force(&shelf, &["2026-11-21", "2026-12-01"]), [3, 2]);
    let to_come: Vec<u64> = shelf
        .to_come(day("2026-11-21"))
        .iter()
        .map(|one| one.number)
        .collect();
    assert_eq!(to_come, [2]);
}

#[test]
fn shelf_survives_the_way_as_bytes_and_keeps_shared_texts_once() {
    let shelf = shelf(&[(1, "2026-04-01"), (2, "2026-12-01")]);
    let bytes = shelf.to_bytes().unwrap();
    assert_eq!(Shelf::read(&bytes, 9).unwrap(), shelf);
    let text = String::from_utf8(bytes).unwrap();
    assert_eq!(text.matches("facts: {}").count(), 1);
}

#[test]
fn plain_files_are_one_edition_that_always_held() {
    let shelf = Shelf::read(br#"{"facts.yaml": "facts: {}"}"#, 3).unwrap();
    assert_eq!(in_force(&shelf, &["2020-01-01", "2030-01-01"]), [3, 3]);
    assert_eq!(shelf.next_number(), 4);
}

#[test]
fn what_is_no_shelf_is_refused() {
    let refused = |bytes: &[u8]| Shelf::read(bytes, 1).unwrap_err().to_string();
    assert_eq!(refused(b"[]"), "not a shelf of editions (line 1, column 0)");
    assert!(matches!(
        Shelf::read(br#"{"format": 3}"#, 1),
        Err(ShelfError::Newer(3))
    ));
    assert_eq!(
        refused(br#"{"format": 2, "texts": {}, "editions": [{"number": 7, "valid_from": "", "files": {"a": "b"}}]}"#),
        "edition 7 is not whole"
    );
}

#[test]
fn only_the_newest_past_editions_stay_on_the_shelf() {
    let days: Vec<String> = (1..=20).map(|of| format!("2026-10-{of:02}")).collect();
    let all: Vec<(u64, &str)> = (1..).zip(days.iter().map(String::as_str)).collect();
    let shelf = shelf(&all);
    let kept: Vec<u64> = shelf.editions().iter().map(|one| one.number).collect();
    assert_eq!(kept, (12..=20).collect::<Vec<u64>>());
}

#[test]
fn mark_names_the_texts() {
    let (one, mut other) = (edition(4, "2026-04-01"), edition(5, "2026-12-01"));
    assert_ne!(one.fingerprint(), other.fingerprint());
    other.files = one.files.clone();
    assert_eq!(one.fingerprint(), other.fingerprint());
    assert_eq!(number_of_mark(&one.mark()), Some(4));
    assert_eq!(number_of_mark("3"), Some(3), "as older receptions noted it");
    assert_eq!(one.mark().len(), "4/".len() + 32);
}

#[test]
fn bundled_edition_reads_in_the_order_of_the_program() {
    let edition = Edition::bundled();
    let ids = |catalogue: &Catalogue| -> Vec<String> {
        let procedures = catalogue.procedures().iter();
        procedures.map(|one| one.id.clone()).collect()
    };
    let read = edition.catalogue().unwrap();
    assert_eq!(ids(&read), ids(&Catalogue::bundled().unwrap()));
    assert_eq!(edition.certificates().unwrap().list().len(), 64);
}

proptest! {
    #[test]
    fn exactly_the_latest_day_that_has_come_holds(
        days in proptest::collection::vec(1_i8..=28, 1..7),
        on in 1_i8..=28,
    ) {
        let today = day("2026-12-01");
        let mut shelf = Shelf::default();
        let mut best: BTreeMap<i8, u64> = BTreeMap::new();
        for (number, of) in (1_u64..).zip(&days) {
            shelf = shelf.with(edition(number, &format!("2026-12-{of:02}")), today);
            best.insert(*of, number);
        }
        let expected = best.range(..=on).next_back().map_or(0, |(_, number)| *number);
        prop_assert_eq!(in_force(&shelf, &[&format!("2026-12-{on:02}")]), [expected]);
    }
}
