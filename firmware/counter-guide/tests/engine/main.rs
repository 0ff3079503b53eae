//! The engine against a second evaluator, and what must hold for any case.

#![expect(clippy::unwrap_used, reason = "a test stops at the first surprise")]

mod naive;

use std::sync::LazyLock;

use counter_guide::catalogue::{Fact, FactType, Level};
use counter_guide::{Catalogue, FactValue, Facts, Guidance, Guide, Session};
use naive::Naive;
use proptest::prelude::*;

/// One fact to set: which, of whom, which value.
type Pick = (usize, u8, usize);

fn picks(at_most: usize) -> impl Strategy<Value = Vec<Pick>> {
    prop::collection::vec((0..1000_usize, 1..=4_u8, 0..1000_usize), 0..at_most)
}

static GUIDE: LazyLock<Guide> = LazyLock::new(|| Guide::new(Catalogue::bundled().unwrap()));
static NAIVE: LazyLock<Naive> = LazyLock::new(Naive::bundled);

fn guide() -> &'static Guide {
    &GUIDE
}

fn value(fact: &Fact, pick: usize) -> FactValue {
    // One answer in eight is "don't know".
    if pick % 8 == 7 {
        return FactValue::Unknown;
    }
    match fact.kind {
        FactType::Flag => FactValue::Flag(pick.is_multiple_of(2)),
        FactType::Count if fact.name == "age" => {
            let ages = [
                0, 3, 6, 10, 14, 15, 17, 18, 19, 20, 35, 59, 60, 64, 65, 74, 75, 90,
            ];
            FactValue::Count(ages[pick % ages.len()])
        }
        FactType::Count => FactValue::Count(i64::try_from(pick % 4).unwrap()),
        FactType::Choice => FactValue::Choice(fact.values[pick % fact.values.len()].0.clone()),
    }
}

fn set(facts: &mut Facts, fact: &Fact, member: u8, value: FactValue) {
    match fact.level {
        Level::Event | Level::Household => facts.set(&fact.name, None, value),
        Level::Member => facts.set(&fact.name, Some(member), value),
    }
}

/// A case of up to four members, often with a known event, ages and moves.
fn case(guide: &Guide, picks: &[Pick]) -> Facts {
    let catalogue = guide.catalogue().facts();
    let usual = ["ev.type", "age", "moving", "japanese"];
    let mut facts = Facts::default();
    for number in 1..=picks.len().min(3) {
        facts.member(u8::try_from(number).unwrap());
    }
    for (at, member, pick) in picks {
        let fact = match at % 4 {
            0 => guide.catalogue().fact(usual[at / 4 % usual.len()]).unwrap(),
            _ => &catalogue[at % catalogue.len()],
        };
        set(&mut facts, fact, *member, value(fact, *pick));
        if at % 50 == 0 {
            let procedures = guide.catalogue().procedures();
            facts
                .requested
                .insert(procedures[pick % procedures.len()].id.clone());
        }
    }
    facts
}

fn rows(guide: &Guide, facts: &Facts) -> Vec<(String, Option<u8>, Option<bool>)> {
    let guidance = guide.evaluate(facts);
    let mut rows = Vec::new();
    for procedure in guide.catalogue().procedures() {
        let numbers: Vec<Option<u8>> = match procedure.scope {
            counter_guide::catalogue::Scope::Member => facts
                .members
                .iter()
                .map(|member| Some(member.number))
                .collect(),
            counter_guide::catalogue::Scope::Once | counter_guide::catalogue::Scope::Household => {
                vec![None]
            }
        };
        for number in numbers {
            rows.push((
                procedure.id.clone(),
                number,
                state(&guidance, &procedure.id, number),
            ));
        }
    }
    rows
}

fn state(guidance: &Guidance, id: &str, member: Option<u8>) -> Option<bool> {
    let listed = guidance
        .listed
        .iter()
        .any(|row| row.procedure == id && row.member == member);
    let open = guidance
        .to_confirm
        .iter()
        .any(|row| row.procedure == id && row.member == member);
    assert!(!(listed && open));
    (!open).then_some(listed)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn engine_agrees_with_the_naive_evaluator(picks in picks(90)) {
        let guide = guide();
        let facts = case(guide, &picks);
        guide.check(&facts).unwrap();
        prop_assert_eq!(rows(guide, &facts), NAIVE.evaluate(&facts));
    }

    #[test]
    fn an_answer_never_turns_a_settled_rule_around(before in picks(60), more in picks(25)) {
        let guide = guide();
        let mut facts = case(guide, &before);
        for (at, _, pick) in more {
            let settled = rows(guide, &facts);
            let guidance = guide.evaluate(&facts);
            if guidance.ask.is_empty() {
                break;
            }
            let ask = &guidance.ask[at % guidance.ask.len()];
            let fact = guide.catalogue().fact(&ask.fact).unwrap();
            facts.set(&ask.fact, ask.member, value(fact, pick));
            for (old, new) in settled.iter().zip(rows(guide, &facts)) {
                prop_assert!(old.2.is_none() || old.2 == new.2, "{} {:?} by {}", old.0, old.1, ask.fact);
            }
        }
    }

    #[test]
    fn order_of_answers_does_not_matter(picks in picks(40), seed in any::<u64>()) {
        let guide = guide();
        let facts = case(guide, &picks);
        let mut answers = Vec::new();
        for (name, value) in facts.event.iter().chain(&facts.household) {
            answers.push((name.clone(), None, value.clone()));
        }
        for member in &facts.members {
            for (name, value) in &member.facts {
                answers.push((name.clone(), Some(member.number), value.clone()));
            }
        }
        let mut empty = Facts { requested: facts.requested.clone(), ..Facts::default() };
        for member in &facts.members {
            empty.member(member.number);
        }
        let mut session = Session::new(guide, &empty);
        let mut state = seed;
        while !answers.is_empty() {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            let at = usize::try_from(state >> 33).unwrap() % answers.len();
            let (fact, member, value) = answers.swap_remove(at);
            session.answer(&fact, member, value);
        }
        prop_assert_eq!(session.guidance(), guide.evaluate(&facts));
    }

    #[test]
    fn a_listed_procedure_says_why_and_an_open_one_what_it_waits_for(picks in picks(60)) {
        let guide = guide();
        let guidance = guide.evaluate(&case(guide, &picks));
        for listed in &guidance.listed {
            prop_assert!(!listed.reason_ja.is_empty(), "{}", listed.procedure);
        }
        for open in &guidance.to_confirm {
            prop_assert!(!open.missing.is_empty(), "{}", open.procedure);
        }
        let members: usize = guidance.procedures().iter().map(|group| group.reasons.len()).sum();
        prop_assert_eq!(members, guidance.listed.len());
        let asked: usize = guidance.questions.iter().map(|group| group.members.len().max(1)).sum();
        prop_assert_eq!(asked, guidance.ask.len());
    }
}

#[test]
fn changed_answer_says_what_comes_and_what_goes() {
    let guide = guide();
    let mut facts = Facts::default();
    facts.set("ev.type", None, "move_in");
    facts.set("hh.welfare", None, false);
    for number in 1..=2_u8 {
        facts.set("age", Some(number), 40);
        facts.set("moving", Some(number), true);
        facts.set("joins_nhi", Some(number), false);
    }
    let mut session = Session::new(guide, &facts);
    let joined = session.change("joins_nhi", Some(2), true.into());
    assert_eq!(
        serde_json::to_string(&joined).unwrap(),
        r#"{"added":[{"procedure":"P053","member":2},{"procedure":"P069","member":null}],"removed":[],"forms_added":["F044","F058"],"forms_removed":[]}"#
    );
    let left = session.change("joins_nhi", Some(2), false.into());
    assert_eq!(
        (left.removed, left.forms_removed),
        (joined.added, joined.forms_added)
    );
}

#[test]
fn what_follows_from_age_is_not_asked() {
    let guide = guide();
    let asked = |age: i64, event: &str| {
        let mut facts = Facts::default();
        facts.set("ev.type", None, event);
        facts.set("age", Some(1), age);
        facts.set("moving", Some(1), true);
        facts.set("mother_new", Some(1), event == "birth");
        let guidance = guide.evaluate(&facts);
        let names: Vec<String> = guidance.questions.into_iter().map(|one| one.fact).collect();
        names
    };
    assert!(!asked(19, "birth").contains(&"pension".to_owned()));
    assert!(asked(20, "birth").contains(&"pension".to_owned()));
    for (age, never) in [
        (80, "joins_nhi"),
        (80, "pregnant"),
        (5, "wants_seal"),
        (5, "pension"),
        (30, "latter_disability"),
        (30, "ltc_certified"),
        (30, "afterschool"),
        (30, "child_allowance_payee"),
    ] {
        assert!(
            !asked(age, "move_in").contains(&never.to_owned()),
            "{age} {never}"
        );
    }
}

#[test]
fn a_newborn_said_to_be_old_is_not_insured_whatever_is_answered_later() {
    let guide = guide();
    let mut facts = Facts::default();
    facts.set("ev.type", None, "move_within");
    facts.set("newborn", Some(1), true);
    facts.set("age", Some(1), 90);
    let insured = |facts: &Facts| state(&guide.evaluate(facts), "P072", Some(1));
    assert_eq!(insured(&facts), Some(false));
    facts.set("hh.welfare", None, false);
    assert_eq!(insured(&facts), Some(false));
}
