//! Whole households: what they lead to and what is asked first, as text in `tests/golden`.
//!
//! A file gives facts, then what is expected. `TODOKE_WRITE_GOLDEN=1` writes the expectation
//! anew; read the difference before keeping it.

use std::fmt::Write as _;
use std::path::Path;

use counter_guide::{Catalogue, FactValue, Facts, Guidance, Guide};

/// Evaluates the household of one file and compares.
fn check(name: &str) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/golden")
        .join(name);
    let text = std::fs::read_to_string(&path).unwrap();
    let (given, expected) = text.split_once("=>\n").unwrap();
    let guide = Guide::new(Catalogue::bundled().unwrap());
    let facts = facts(given);
    guide.check(&facts).unwrap();
    let found = rendered(&guide, &guide.evaluate(&facts));
    if std::env::var_os("TODOKE_WRITE_GOLDEN").is_some() {
        std::fs::write(&path, format!("{given}=>\n{found}")).unwrap();
        return;
    }
    assert_eq!(found, expected, "{name}");
}

/// Reads lines like `event: type=move_in`, `member 1: age=34 moving`, `today: 2026-11-21`.
fn facts(given: &str) -> Facts {
    let mut facts = Facts::default();
    for line in given
        .lines()
        .filter(|line| !line.is_empty() && !line.starts_with('#'))
    {
        let (whose, pairs) = line.split_once(':').unwrap();
        match whose {
            "today" => facts.today = Some(pairs.trim().parse().unwrap()),
            "event date" => facts.event_date = Some(pairs.trim().parse().unwrap()),
            "requested" => facts
                .requested
                .extend(pairs.split_whitespace().map(str::to_owned)),
            _ => pairs
                .split_whitespace()
                .for_each(|pair| take(&mut facts, whose, pair)),
        }
    }
    facts
}

fn take(facts: &mut Facts, whose: &str, pair: &str) {
    let (name, value) = pair.split_once('=').unwrap_or((pair, "true"));
    let value = match value.parse::<i64>() {
        _ if value == "?" => FactValue::Unknown,
        Ok(number) => number.into(),
        Err(_) => value.into(),
    };
    match whose.strip_prefix("member ") {
        Some(number) => facts.set(name, Some(number.parse().unwrap()), value),
        None if whose == "event" => facts.set(&format!("ev.{name}"), None, value),
        None => facts.set(&format!("hh.{name}"), None, value),
    }
}

fn rendered(guide: &Guide, guidance: &Guidance) -> String {
    let mut out = String::new();
    let name = |id: &str| guide.catalogue().procedure(id).unwrap().name.ja.clone();
    let whose = |member: Option<u8>| member.map(|n| format!(" m{n}")).unwrap_or_default();
    for row in &guidance.listed {
        let (id, until) = (&row.procedure, &row.deadline.words.ja);
        let member = whose(row.member);
        writeln!(
            out,
            "{id}{member} {}\n    {} | {until}",
            name(id),
            row.reason_ja
        )
        .unwrap();
    }
    out.push_str("to confirm\n");
    for row in &guidance.to_confirm {
        let missing: Vec<_> = row
            .missing
            .iter()
            .map(|m| format!("{}{}", m.fact, whose(m.member)))
            .collect();
        let (id, member) = (&row.procedure, whose(row.member));
        writeln!(out, "{id}{member} {}: {}", name(id), missing.join(", ")).unwrap();
    }
    out.push_str("ask\n");
    for ask in &guidance.ask {
        let (quiet, member) = (
            if ask.sensitive { " (quiet)" } else { "" },
            whose(ask.member),
        );
        writeln!(
            out,
            "{}{member}{quiet}: {}",
            ask.fact,
            ask.settles.join(" ")
        )
        .unwrap();
    }
    out
}

#[test]
fn single_move_in_by_card() {
    check("single-move-in-by-card.txt");
}

#[test]
fn single_move_in_by_card_with_every_question_answered() {
    check("single-move-in-answered.txt");
}

#[test]
fn couple_with_one_child() {
    check("couple-with-child.txt");
}

#[test]
fn foreigner_with_spouse() {
    check("foreigner-with-spouse.txt");
}

#[test]
fn person_of_eighty() {
    check("person-of-eighty.txt");
}

#[test]
fn move_in_with_a_dog() {
    check("move-in-with-dog.txt");
}

#[test]
fn death_in_a_family_of_three() {
    check("death-in-family.txt");
}
