//! `todoke-bench`: every budget of the house plan beside a limit or a peer of the same run.
//!
//! `make bench` builds it with optimisation and runs it. Figures are of this machine; the last
//! column is what to compare between machines.

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

use anyhow::Result;
use figure::Figure;

fn main() -> Result<()> {
    Figure::print_heading();
    let parts: [fn() -> Result<Vec<Figure>>; 8] = [
        records::measure,
        residents::measure,
        cards::measure,
        rules::measure,
        tables::measure,
        papers::measure,
        printers::measure,
        visit::measure,
    ];
    for part in parts {
        for figure in part()? {
            println!("{figure}");
        }
    }
    Ok(())
}
