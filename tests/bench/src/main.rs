//! `todoke-bench`: every budget of the house plan beside a limit or a peer of the same run.
//!
//! `make bench` builds it with optimisation and runs it. Figures are of this machine; the last
//! column is what to compare between machines. Names of parts (`todoke-bench printers cards`) run
//! those alone.

#![expect(clippy::print_stdout, reason = "the table is the program's result")]

mod cards;
mod figure;
mod papers;
mod printers;
mod records;
mod residents;
mod rules;
mod tables;
mod visit;

use anyhow::{Result, ensure};
use figure::Figure;

/// A part, and what measures it.
type Part = (&'static str, fn() -> Result<Vec<Figure>>);

const PARTS: [Part; 8] = [
    ("records", records::measure),
    ("residents", residents::measure),
    ("cards", cards::measure),
    ("rules", rules::measure),
    ("tables", tables::measure),
    ("papers", papers::measure),
    ("printers", printers::measure),
    ("visit", visit::measure),
];

const HELP: &str = "Measures every budget beside its limit or a peer of the same run.

Usage: todoke-bench [PART]...    all parts without one";

fn main() -> Result<()> {
    let wanted: Vec<String> = std::env::args().skip(1).collect();
    if wanted.iter().any(|one| one == "--help" || one == "-h") {
        println!("{HELP}\n\nParts: {}", PARTS.map(|(name, _)| name).join(" "));
        return Ok(());
    }
    for one in &wanted {
        let known = PARTS.iter().any(|(name, _)| name == one);
        ensure!(
            known,
            "no part {one}; parts: {}",
            PARTS.map(|(name, _)| name).join(" ")
        );
    }
    Figure::print_heading();
    let parts = PARTS.iter();
    let parts = parts.filter(|(name, _)| wanted.is_empty() || wanted.iter().any(|one| one == name));
    for (_, part) in parts {
        for figure in part()? {
            println!("{figure}");
        }
    }
    Ok(())
}
