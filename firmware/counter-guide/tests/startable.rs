//! Procedures that somebody may come for by themselves (個別の手続き): which there are, how they are
//! found, and that what is asked for each settles it.

#![expect(clippy::unwrap_used, reason = "a test stops at the first surprise")]

use counter_domain::draft::{Draft, DraftField, FieldValue, Source};
use counter_domain::hlc::Hlc;
use counter_domain::ids::DeviceId;
use counter_guide::catalogue::{Catalogue, FactType, Procedure, Scope};
use counter_guide::draft_facts::picked;
use counter_guide::{FactValue, Facts, Guide, Session, facts_from_draft};

fn guide() -> Guide {
    Guide::new(Catalogue::bundled().unwrap())
}

/// Ids of what is found, with the event of somebody who came for nothing else.
fn found(text: &str) -> Vec<String> {
    let guide = guide();
    let catalogue = guide.catalogue();
    let all = guide.startable("request").into_iter();
    let meant = all.filter(|one| {
        let section = catalogue
            .section(&one.section)
            .map(|words| words.ja.as_str());
        one.is_meant(text, section.unwrap_or_default())
    });
    meant.map(|one| one.id.clone()).collect()
}

#[test]
fn a_hundred_procedures_can_be_begun_by_themselves_and_no_move_can() {
    let guide = guide();
    let all = guide.startable("request");
    let ids: Vec<&str> = all.iter().map(|one| one.id.as_str()).collect();
    assert!(ids.len() >= 90, "{}", ids.len());
    for id in ["P032", "P097", "P102", "P054", "P021", "P134", "P069"] {
        assert!(ids.contains(&id), "{id}");
    }
    // A move, a birth and a death are events; somebody does not come for them alone.
    for id in ["P001", "P005", "P009", "P014", "P158", "P159", "P162"] {
        assert!(!ids.contains(&id), "{id}");
    }
}

#[test]
fn procedures_are_found_by_kanji_kana_latin_letters_number_and_section() {
    assert_eq!(found("印鑑登録申請"), ["P032"]);
    assert!(found("いんかん").contains(&"P032".to_owned()));
    assert!(found("inkan").contains(&"P032".to_owned()));
    assert!(found("児童手当").contains(&"P097".to_owned()));
    assert!(found("じどうてあて").contains(&"P097".to_owned()));
    assert_eq!(found("P097"), ["P097"]);
    assert_eq!(found("ｆ０２９"), found("F029"));
    assert!(found("seal").contains(&"P032".to_owned()));
    assert!(found("国保 口座").contains(&"P069".to_owned()));
    assert_eq!(found("ないもの"), [""; 0]);
}

/// A household of every age, of one nationality.
fn family(class: &str, procedure: &Procedure, of: u8) -> Facts {
    let mut facts = Facts::default();
    facts.set("ev.type", None, "request");
    for (number, age) in [(1, 34), (2, 8), (3, 70), (4, 0), (5, 4), (6, 80)] {
        facts.set("age", Some(number), age);
        facts.set("age_fy18", Some(number), age < 18);
        facts.set("compulsory_school", Some(number), age == 8);
        facts.set("japanese", Some(number), class == "japanese");
        facts.set("residence_class", Some(number), class);
    }
    let id = &procedure.id;
    facts.requested.insert(match procedure.scope {
        Scope::Member => format!("{id}/{of}"),
        Scope::Once | Scope::Household => id.clone(),
    });
    facts
}

/// Plays the interview to its end, each answer chosen by `choose` among so many; whether the
/// procedure is listed then. Fails when it stays open although nothing is left to ask.
fn played(
    guide: &Guide,
    procedure: &Procedure,
    facts: &Facts,
    mut choose: impl FnMut(usize) -> usize,
) -> Result<bool, String> {
    let mut session = Session::new(guide, facts);
    for _ in 0..40 {
        let Some(group) = session.next_question() else {
            break;
        };
        let fact = guide.catalogue().fact(&group.fact).unwrap();
        let members: Vec<Option<u8>> = match group.members.as_slice() {
            [] => vec![None],
            members => members.iter().copied().map(Some).collect(),
        };
        for member in members {
            let value = match fact.kind {
                FactType::Flag => FactValue::Flag(choose(2) == 0),
                FactType::Count => FactValue::Count(i64::from(choose(2) == 0)),
                FactType::Choice => {
                    FactValue::Choice(fact.values[choose(fact.values.len())].0.clone())
                }
            };
            session.answer(&group.fact, member, value);
        }
    }
    let guidance = session.guidance();
    if let Some(open) = guidance.to_confirm.first() {
        return Err(format!(
            "nothing asks what settles {}: {:?}",
            procedure.id, open.missing
        ));
    }
    let mut listed = guidance.listed.iter().map(|one| &one.procedure);
    match listed.find(|id| **id != procedure.id) {
        Some(other) => Err(format!("{} brings {other}", procedure.id)),
        None => Ok(!guidance.listed.is_empty()),
    }
}

#[test]
fn what_is_asked_for_a_procedure_settles_it_and_somebody_gets_it() {
    const CLASSES: [&str; 3] = ["japanese", "mid_long", "special_permanent"];
    let guide = guide();
    let mut wrong = Vec::new();
    // Whether somebody is under protection is never asked for an extension or a change of it: the
    // record says so, or they say what they came for.
    let all = guide.startable("request").into_iter();
    for procedure in all.filter(|one| !["P029", "P030"].contains(&one.id.as_str())) {
        let mut gets = false;
        let mut state = 7_u64;
        for round in 0..72_u8 {
            // Everybody is tried once; then only until somebody gets it.
            if round >= 18 && gets {
                break;
            }
            let class = CLASSES[usize::from(round % 3)];
            let facts = family(class, procedure, 1 + round / 3 % 6);
            // A fixed sequence, so that the same answers are given every time.
            let choose = |among: usize| {
                state = state
                    .wrapping_mul(6_364_136_223_846_793_005)
                    .wrapping_add(1);
                usize::try_from(state >> 33).unwrap() % among
            };
            match played(&guide, procedure, &facts, choose) {
                Ok(listed) => gets |= listed,
                Err(problem) => wrong.push(problem),
            }
        }
        if !gets {
            wrong.push(format!(
                "nobody gets {} {}",
                procedure.id, procedure.name.ja
            ));
        }
    }
    wrong.dedup();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn picked_procedures_of_a_draft_are_requested_for_those_they_are_for() {
    let guide = guide();
    let draft = draft_with(&[
        ("event.type", FieldValue::Text("request".to_owned())),
        ("member.1.moving", FieldValue::Flag(true)),
        (
            "member.1.birth_date",
            FieldValue::Text("1985-07-14".to_owned()),
        ),
        ("member.2.moving", FieldValue::Flag(true)),
        (
            "member.2.birth_date",
            FieldValue::Text("2019-05-02".to_owned()),
        ),
        ("procedure.P032", FieldValue::Text("1".to_owned())),
        ("procedure.P122", FieldValue::Text("all".to_owned())),
        ("procedure.P026", FieldValue::Cleared),
    ]);
    assert_eq!(
        picked(&draft),
        [
            ("P032".to_owned(), vec![Some(1)]),
            ("P122".to_owned(), vec![None])
        ]
    );
    let facts = facts_from_draft(&draft, jiff::civil::date(2026, 11, 21));
    let listed = guide.evaluate(&facts).listed;
    let listed: Vec<_> = listed
        .iter()
        .map(|one| (one.procedure.as_str(), one.member))
        .collect();
    assert_eq!(listed, [("P032", Some(1)), ("P122", None)]);
}

fn draft_with(fields: &[(&str, FieldValue)]) -> Draft {
    let mut draft = Draft::default();
    for (path, value) in fields {
        let field = DraftField {
            value: value.clone(),
            source: Source::Staff,
            confidence: None,
            by: "u0312".into(),
            at: Hlc(1),
            settles: None,
        };
        draft.insert((*path).into(), DeviceId([1; 16]), field);
    }
    draft
}
