//! Prints how long a household of eight takes over the whole catalogue (budget 10 ms).
#![expect(
    clippy::print_stdout,
    clippy::disallowed_methods,
    reason = "a measurement"
)]

use std::time::Instant;

use counter_guide::{Catalogue, CatalogueError, FactValue, Facts, Guide, Session};

const ROUNDS: u32 = 200;

fn main() -> Result<(), CatalogueError> {
    let start = Instant::now();
    let guide = Guide::new(Catalogue::bundled()?);
    println!("catalogue loaded in {:?}", start.elapsed());
    let mut facts = Facts::default();
    facts.set("ev.type", None, "move_in");
    for number in 1..=8_u8 {
        facts.set("age", Some(number), i64::from(number) * 9);
        facts.set("moving", Some(number), true);
        facts.set("japanese", Some(number), true);
    }
    let start = Instant::now();
    let rows: usize = (0..ROUNDS)
        .map(|_| guide.evaluate(&facts).to_confirm.len())
        .sum();
    println!(
        "whole catalogue: {:?} each ({rows} rows)",
        start.elapsed() / ROUNDS
    );
    let mut session = Session::new(&guide, &facts);
    let start = Instant::now();
    for round in 0..ROUNDS {
        session.answer(
            "mn_card",
            Some(1),
            FactValue::from(["valid", "none"][usize::from(round % 2 == 0)]),
        );
    }
    let each = start.elapsed() / ROUNDS;
    println!(
        "one answer: {each:?} each, {} rules read again",
        session.rules_reread()
    );
    Ok(())
}
