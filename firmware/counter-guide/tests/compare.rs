//! What an edited catalogue changes, told before it is published.

#![expect(clippy::unwrap_used, reason = "a test stops at the first surprise")]

use counter_guide::compare::{Comparison, compare, told_ja};
use counter_guide::{Edition, Facts, Guide, golden};

fn guide(edition: &Edition) -> Guide {
    Guide::new(edition.catalogue().unwrap())
}

/// The bundled catalogue beside one with `new` for `old` in `file`.
fn changed(file: &str, old: &str, new: &str, cases: &[Facts], left_out: usize) -> Comparison {
    let before = Edition::bundled();
    let mut after = before.clone();
    let text = after.files.get_mut(file).unwrap();
    assert!(text.contains(old), "{old}");
    *text = text.replacen(old, new, 1);
    compare(
        &guide(&before),
        &guide(&after),
        golden::BUNDLED,
        cases,
        left_out,
    )
}

fn mover(age: i64) -> Facts {
    let mut facts = Facts::default();
    facts.set("ev.type", None, "move_in");
    facts.set("hh.dogs", None, 1);
    facts.set("age", Some(1), age);
    facts.set("moving", Some(1), true);
    facts
}

#[test]
fn same_texts_change_nothing() {
    let same = Edition::bundled();
    let none = compare(
        &guide(&same),
        &guide(&same),
        golden::BUNDLED,
        &[mover(30)],
        2,
    );
    assert!(none.is_empty());
    assert_eq!((none.cases.cases, none.cases.left_out), (1, 2));
    assert!(none.households_seen >= 179, "{}", none.households_seen);
}

#[test]
fn households_gain_and_lose_with_a_reason_and_cases_are_counted() {
    // The city asks only from the second dog on.
    let told = changed(
        "procedures/eisei.yaml",
        "hh.dogs >= 1",
        "hh.dogs >= 2",
        &[mover(30), mover(80)],
        1,
    );
    assert_eq!(told.procedures.len(), 1);
    assert_eq!(told.procedures[0].what, ["when"]);
    let six = told
        .households
        .iter()
        .find(|one| one.household == "six-with-foreign-spouse-and-care.txt")
        .unwrap();
    let rows: Vec<String> = six
        .rows
        .iter()
        .map(counter_guide::compare::RowChange::told_ja)
        .collect();
    let id = &told.procedures[0].procedure;
    assert!(
        rows.len() == 1
            && rows[0].starts_with(&format!("－ 案内しない {id} "))
            && rows[0].ends_with("犬 1頭"),
        "{rows:?}"
    );
    assert!(six.broken.iter().any(|claim| claim.contains(id)), "{six:?}");
    assert_eq!(
        (told.cases.cases, told.cases.changed, told.cases.left_out),
        (2, 2, 1)
    );
    assert_eq!(told.cases.procedures.len(), 1);
    assert_eq!(
        (
            told.cases.procedures[0].before,
            told.cases.procedures[0].after
        ),
        (2, 0)
    );
    let text = told_ja(&told);
    assert!(text.contains(
        "■ 実際の届出 2件のうち、2件で変わります（支援措置の対象の方がいる1件は見ていません）"
    ));
}

#[test]
fn new_wording_is_told_although_no_household_changes() {
    let told = changed(
        "procedures/hoken.yaml",
        "name_ja: '国民健康保険 資格取得届'",
        "name_ja: '国保の加入届'",
        &[],
        0,
    );
    assert_eq!(told.households, []);
    assert_eq!(
        (
            told.procedures[0].name.as_str(),
            told.procedures[0].what.as_slice()
        ),
        ("国保の加入届", ["name"].as_slice())
    );
}
