//! How long the catalogue takes to load, as the program's own, as a city's that was published, and
//! parsed from YAML throughout: `cargo run --release -p counter-guide --example catalogue-load`.

use std::error::Error;
use std::time::{Duration, Instant};

use counter_guide::catalogue::BUNDLED;
use counter_guide::{Catalogue, Edition, Shelf};

/// Rounds; a machine is never quiet the first time.
const ROUNDS: usize = 40;

fn main() -> Result<(), Box<dyn Error>> {
    // A comment at the end: the same catalogue, in other texts.
    let edited: Vec<(&str, String)> = BUNDLED
        .iter()
        .map(|(name, text)| (*name, format!("{text}\n# the city's\n")))
        .collect();
    let texts: Vec<(&str, &str)> = edited
        .iter()
        .map(|(name, text)| (*name, text.as_str()))
        .collect();
    let mut edition = Edition {
        number: 1,
        ..Edition::bundled()
    };
    for (name, text) in &edited {
        edition.files.insert((*name).to_owned(), text.clone());
    }
    let shelf = Shelf::default().with(edition, "2026-11-21".parse()?);
    let published = Shelf::read(&shelf.to_bytes()?, 1)?;
    let published = published
        .edition(1)
        .ok_or("the edition was just published")?;
    measure("the program's own", || Catalogue::bundled().is_ok())?;
    measure("a city's, published", || published.catalogue().is_ok())?;
    measure("a city's, from YAML", || {
        Catalogue::from_files(&texts).is_ok()
    })
}

#[expect(clippy::disallowed_methods, reason = "measuring needs a clock")]
#[expect(clippy::print_stdout, reason = "the figures are the result")]
fn measure(what: &str, load: impl Fn() -> bool) -> Result<(), Box<dyn Error>> {
    let mut taken: Vec<Duration> = Vec::with_capacity(ROUNDS);
    for _ in 0..ROUNDS {
        let start = Instant::now();
        if !load() {
            return Err("the catalogue is not right".into());
        }
        taken.push(start.elapsed());
    }
    taken.sort_unstable();
    let ms = |at: usize| taken.get(at).map_or(0.0, |one| one.as_secs_f64() * 1000.0);
    println!(
        "{what:<22} median {:6.2} ms, p95 {:6.2} ms",
        ms(ROUNDS / 2),
        ms(ROUNDS * 95 / 100)
    );
    Ok(())
}
