//! A household of eight over the whole catalogue, the interview, and loading.

use anyhow::Result;
use counter_guide::catalogue::BUNDLED;
use counter_guide::{Catalogue, FactValue, Facts, Guide, Session};

use crate::figure::{Figure, milliseconds, percentile, time};

/// The evaluator that reads every rule anew, from the tests of the engine.
#[expect(clippy::unwrap_used, reason = "it is written for tests")]
#[path = "../../../firmware/counter-guide/tests/engine/naive.rs"]
mod naive;

/// Milliseconds of the naive evaluator over the same facts, the median.
fn naively(facts: &Facts) -> f64 {
    let naive = naive::Naive::bundled();
    let mut rounds: Vec<_> = (0..20).map(|_| time(|| naive.evaluate(facts)).1).collect();
    milliseconds(percentile(&mut rounds, 50))
}

pub(crate) fn measure() -> Result<Vec<Figure>> {
    let mut load: Vec<_> = (0..20).map(|_| time(Catalogue::bundled).1).collect();
    // The same in other texts, which no program has packed.
    let texts: Vec<(&str, String)> = BUNDLED
        .iter()
        .map(|(name, text)| (*name, format!("{text}\n# the city's\n")))
        .collect();
    let texts: Vec<(&str, &str)> = texts
        .iter()
        .map(|(name, text)| (*name, text.as_str()))
        .collect();
    let mut parsed: Vec<_> = (0..20)
        .map(|_| time(|| Catalogue::from_files(&texts)).1)
        .collect();
    let guide = Guide::new(Catalogue::bundled()?);
    let mut facts = Facts::default();
    facts.set("ev.type", None, "move_in");
    for number in 1..=8_u8 {
        facts.set("age", Some(number), i64::from(number) * 9);
        facts.set("moving", Some(number), true);
        facts.set("japanese", Some(number), true);
    }
    let mut whole: Vec<_> = (0..200)
        .map(|_| time(|| guide.evaluate(&facts)).1)
        .collect();
    let naive = naively(&facts);
    let mut session = Session::new(&guide, &facts);
    let mut one: Vec<_> = (0..200)
        .map(|round| {
            let answer = FactValue::from(["valid", "none"][usize::from(round % 2 == 0)]);
            time(|| session.answer("mn_card", Some(1), answer)).1
        })
        .collect();
    let mut next: Vec<_> = (0..200)
        .map(|_| time(|| session.next_question()).1)
        .collect();
    Ok(vec![
        Figure::within(
            "rules: catalogue loaded, p95",
            percentile(&mut load, 95),
            20.0,
        ),
        Figure::beside(
            "rules: catalogue loaded, median",
            milliseconds(percentile(&mut load, 50)),
            "ms",
            "parsed from YAML",
            milliseconds(percentile(&mut parsed, 50)),
        ),
        Figure::within(
            "rules: household of 8, whole catalogue, p95",
            percentile(&mut whole, 95),
            1.0,
        ),
        Figure::beside(
            "rules: household of 8, whole catalogue, median",
            milliseconds(percentile(&mut whole, 50)),
            "ms",
            "naive evaluator",
            naive,
        ),
        Figure::beside(
            "rules: one answer, median",
            milliseconds(percentile(&mut one, 50)),
            "ms",
            "naive evaluator",
            naive,
        ),
        Figure::within("rules: one answer, p95", percentile(&mut one, 95), 0.05),
        Figure::within("rules: next question, p95", percentile(&mut next, 95), 1.0),
    ])
}
