//! What the city, the old city and the card know is not asked again; what they say otherwise is shown.

use std::collections::BTreeMap;

use counter_api::{Answered, StaffAction, Step};
use counter_domain::draft::Source;
use counter_domain::protection::{PROTECTION, PROTECTION_FORMAT, ProtectedPerson, ProtectionList};
use counter_domain::resident::{Resident, ResidentState};
use counter_guide::catalogue::BUNDLED;
use todoked::devices::Happened;

use crate::residents::{counter_of, find, resident};
use crate::rig::{Rig, taro};

/// A family the city knows: on the national insurance, with a seal and a dog, the grandmother in
/// care; a son who moved out.
fn family() -> Vec<Resident> {
    let one = |number, name, kana, born, held: &[&str]| {
        let mut one = resident(number, "H00001", name, kana, born);
        one.qualifications = held.iter().map(|text| (*text).to_owned()).collect();
        one
    };
    let mother = [
        "nhi@2015-04-01",
        "pension:第1号",
        "seal",
        "mncard:有効",
        "dog",
        "child_allowance:受給者",
    ];
    let mut child = one(
        "2",
        "見本　葵",
        "ミホン　アオイ",
        "2016-05-05",
        &["nhi", "child_allowance:支給対象", "child_medical"],
    );
    "子".clone_into(&mut child.relation);
    let grandmother = [
        "late_elderly",
        "ltc:要介護2@2025-10-01",
        "disability:身体障害者手帳2級",
    ];
    let mut grandmother = one(
        "3",
        "見本　ウメ",
        "ミホン　ウメ",
        "1940-02-02",
        &grandmother,
    );
    "母".clone_into(&mut grandmother.relation);
    let mut gone = one(
        "4",
        "見本　翔",
        "ミホン　ショウ",
        "1999-05-05",
        &["nhi", "seal"],
    );
    gone.state = ResidentState::MovedOut;
    vec![
        one("1", "見本　恵", "ミホン　メグミ", "1985-01-01", &mother),
        child,
        grandmother,
        gone,
    ]
}

/// The family in a reception for this event.
fn taken_for(event: &str, flow: &str) -> Rig {
    taken(counter_of(Rig::new(), &family()), event, flow)
}

fn taken(mut rig: Rig, event: &str, flow: &str) -> Rig {
    rig.staff(StaffAction::ChoosePurpose {
        event: event.to_owned(),
        flow: flow.to_owned(),
    });
    rig.staff(StaffAction::OpenResidents);
    find(&mut rig, "ミホン メグミ");
    rig.staff(StaffAction::ShowHousehold {
        person: "1".to_owned(),
    });
    rig.staff(StaffAction::TakeHousehold);
    rig
}

#[track_caller]
fn said(rig: &Rig, fact: &str, member: Option<u8>) -> Option<Answered> {
    let all = rig.reception().answered.into_iter();
    all.into_iter()
        .find(|one| one.fact == fact && one.member == member)
}

fn listed(rig: &Rig) -> Vec<String> {
    let all = rig.reception().procedures.into_iter();
    let sure = all.filter(|one| one.state == counter_api::ProcedureState::Listed);
    sure.map(|one| one.id).collect()
}

fn answer(rig: &mut Rig, fact: &str, member: Option<u8>, value: &str) {
    rig.staff(StaffAction::Answer {
        fact: fact.to_owned(),
        member,
        value: value.to_owned(),
    });
}

/// Every question still to come, by its fact, answered with "don't know".
fn questions(rig: &mut Rig) -> Vec<(String, Option<u8>)> {
    let mut asked = Vec::new();
    while let Some(question) = rig.reception().question {
        // A row with an answer only stands beside those that are asked.
        let open = question.members.iter().filter(|row| row.answer.is_none());
        let members = open.map(|row| Some(row.number));
        let members: Vec<_> = if question.members.is_empty() {
            vec![question.member]
        } else {
            members.collect()
        };
        for member in members {
            asked.push((question.fact.clone(), member));
            answer(rig, &question.fact, member, "unknown");
        }
        assert!(asked.len() < 200, "it ends");
    }
    asked
}

#[test]
fn what_the_copy_knows_is_answered_with_its_source_and_never_asked() {
    let mut rig = taken_for("move_out", "card");
    let insurance = said(&rig, "insurance", Some(1)).unwrap();
    assert_eq!(
        (insurance.answer.as_str(), insurance.source),
        ("国民健康保険", Some(Source::ResidentCopy))
    );
    assert_eq!(
        said(&rig, "seal_registered", Some(1)).unwrap().answer,
        "はい"
    );
    assert_eq!(
        said(&rig, "ltc_certified", Some(3)).unwrap().source,
        Some(Source::ResidentCopy)
    );
    assert_eq!(said(&rig, "hh.dogs", None).unwrap().answer, "1頭");
    let there = listed(&rig);
    for procedure in ["P034", "P072", "P091", "P123", "P145"] {
        assert!(
            there.contains(&procedure.to_owned()),
            "{procedure} {there:?}"
        );
    }
    let known = rig.reception().answered;
    let asked = questions(&mut rig);
    for one in known {
        assert!(
            !asked.contains(&(one.fact.clone(), one.member)),
            "{} was known",
            one.fact
        );
    }
}

#[test]
fn staff_may_ask_again_and_the_copys_word_stands_beside_the_new_answer() {
    let mut rig = taken_for("move_out", "card");
    rig.staff(StaffAction::AskAgain {
        fact: "insurance".to_owned(),
        member: Some(1),
    });
    let question = rig.reception().question.unwrap();
    assert_eq!(question.fact, "insurance");
    assert_eq!(question.records, ["見本　恵　住民記録では：国民健康保険"]);
    assert!(!listed(&rig).is_empty());
    answer(&mut rig, "insurance", Some(1), "shaho");
    let now = said(&rig, "insurance", Some(1)).unwrap();
    assert_eq!(
        (now.answer.as_str(), now.beside.as_str(), now.beside_from),
        ("会社の保険", "国民健康保険", Some(Source::ResidentCopy))
    );
    assert_eq!(
        rig.reception()
            .answered
            .first()
            .map(|one| one.fact.as_str()),
        Some("insurance"),
        "what is contradicted stands first"
    );
    rig.staff(StaffAction::ChooseAnswer {
        fact: "insurance".to_owned(),
        member: Some(1),
        take: true,
    });
    let back = said(&rig, "insurance", Some(1)).unwrap();
    assert_eq!(
        (back.answer.as_str(), back.beside.as_str()),
        ("国民健康保険", "")
    );
    assert_eq!(back.source, Some(Source::ResidentCopy));
}

#[test]
fn an_answer_given_before_stays_until_somebody_chooses() {
    let mut rig = counter_of(Rig::new(), &family());
    rig.staff(StaffAction::ChoosePurpose {
        event: "move_within".to_owned(),
        flow: String::new(),
    });
    rig.set("member.1.name", "見本　恵");
    rig.set("member.1.birth_date", "1985-01-01");
    answer(&mut rig, "insurance", Some(1), "shaho");
    let mut rig = taken(rig, "move_within", "");
    let before = said(&rig, "insurance", Some(1)).unwrap();
    assert_eq!(
        (before.answer.as_str(), before.beside.as_str()),
        ("会社の保険", "国民健康保険")
    );
    let step = |rig: &Rig| {
        let trail = rig.reception().trail.into_iter();
        trail
            .into_iter()
            .find(|one| one.step == Step::Questions)
            .unwrap()
            .state
    };
    assert_eq!(step(&rig), counter_api::StepState::Attention);
    rig.staff(StaffAction::ChooseAnswer {
        fact: "insurance".to_owned(),
        member: Some(1),
        take: false,
    });
    let after = said(&rig, "insurance", Some(1)).unwrap();
    assert_eq!(
        (after.answer.as_str(), after.beside.as_str()),
        ("会社の保険", "")
    );
    assert_ne!(step(&rig), counter_api::StepState::Attention);
}

#[test]
fn taking_a_household_is_undone_with_its_answers() {
    let mut rig = taken_for("move_within", "");
    assert!(said(&rig, "insurance", Some(1)).is_some());
    rig.staff(StaffAction::Undo);
    assert!(rig.reception().answered.is_empty());
}

#[test]
fn somebody_who_moved_out_is_registered_for_nothing_any_more() {
    let mut rig = counter_of(Rig::new(), &family());
    find(&mut rig, "ミホン ショウ");
    rig.staff(StaffAction::TakeResident {
        person: "4".to_owned(),
    });
    assert_eq!(rig.value("member.1.name"), "見本　翔");
    assert_eq!(said(&rig, "insurance", Some(1)), None);
}

#[test]
fn a_protected_familys_answers_say_nothing_of_where_they_live() {
    let mut rig = counter_of(Rig::new(), &family());
    let list = ProtectionList {
        format: PROTECTION_FORMAT,
        as_of: "2026-11-21".to_owned(),
        persons: vec![ProtectedPerson::of(&family()[0], "2027-03-31")],
    };
    rig.arrives(PROTECTION, 1, serde_json::to_vec(&list).unwrap());
    let rig = taken(rig, "move_out", "card");
    assert!(rig.reception().protection.is_some());
    assert_eq!(
        said(&rig, "insurance", Some(1)).unwrap().answer,
        "国民健康保険"
    );
    assert!(
        listed(&rig).contains(&"P030".to_owned()),
        "to be told that it ends here"
    );
    let screens = serde_json::to_string(&rig.desk.staff_view()).unwrap()
        + &serde_json::to_string(&rig.desk.resident_view()).unwrap();
    assert!(!screens.contains("三丁目３番３号"));
}

#[test]
fn whoevers_card_lies_here_is_not_asked_for_card_and_pin() {
    let mut rig = Rig::new();
    rig.sign_in();
    rig.staff(StaffAction::StartReception);
    rig.lay_card(3);
    rig.staff(StaffAction::AskPin);
    rig.resident(counter_api::ResidentAction::Pin {
        digits: counter_api::Digits::new("1234"),
    });
    rig.happened(Happened::CardRead(Ok(taro())));
    let card = said(&rig, "mn_card", Some(1)).unwrap();
    assert_eq!(
        (card.answer.as_str(), card.source),
        ("有効", Some(Source::Chip))
    );
    assert_eq!(said(&rig, "pin_known", Some(1)).unwrap().answer, "はい");
    let asked = questions(&mut rig);
    assert!(
        asked
            .iter()
            .all(|(fact, _)| fact != "mn_card" && fact != "pin_known")
    );
}

#[test]
fn city_changes_what_a_record_answers_without_another_program() {
    let says = |rig: &Rig| said(rig, "pension", Some(1)).map(|one| one.answer);
    assert!(says(&taken_for("move_out", "card")).is_some());
    let texts = BUNDLED.iter();
    let texts = texts.map(|(file, text)| (*file, text.replace("[1号]", "[自営業]")));
    let texts: BTreeMap<&str, String> = texts.collect();
    let mut rig = Rig::new();
    rig.arrives("catalogue", 1, serde_json::to_vec(&texts).unwrap());
    let rig = taken(counter_of(rig, &family()), "move_out", "card");
    assert_eq!(says(&rig), None, "the file of this city has other words");
}
