//! The table that is printed.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::io::{Stdout, Write as _, stdout};

/// Rows are printed as they are measured, because the whole run takes minutes; figures of ours that a
/// peer is put beside are remembered.
#[derive(Debug)]
pub(crate) struct Table {
    out: Stdout,
    ours: BTreeMap<&'static str, f64>,
}

impl Table {
    /// A table with its heading.
    pub(crate) fn begin() -> Self {
        let table = Self {
            out: stdout(),
            ours: BTreeMap::new(),
        };
        table.say("| figure | measured | against | | ratio |\n|---|---|---|---|---|");
        table
    }

    /// Remembers a figure that a peer is put beside later.
    pub(crate) fn keep(&mut self, what: &'static str, figure: f64) {
        self.ours.insert(what, figure);
    }

    /// A peer's figure beside ours of the same run, when ours was measured.
    pub(crate) fn peer(&self, name: &str, measured: f64, unit: &str, what: &str) {
        let ours = self.ours.get(what);
        self.put(name, (measured, unit), ours.map(|ours| ("ours", *ours)));
    }

    /// A figure beside its budget, its limit or another one.
    pub(crate) fn beside(&self, name: &str, measured: (f64, &str), against: (&str, f64)) {
        self.put(name, measured, Some(against));
    }

    /// A figure by itself.
    pub(crate) fn plain(&self, name: &str, measured: f64, unit: &str) {
        self.put(name, (measured, unit), None);
    }

    /// Something that was not measured, and why.
    pub(crate) fn skipped(&self, name: &str, why: &str) {
        self.say(&format!("| {name} | not measured: {why} | | | |"));
    }

    fn put(&self, name: &str, (measured, unit): (f64, &str), against: Option<(&str, f64)>) {
        let mut row = format!("| {name} | {measured:.2} {unit} |");
        match against {
            Some((what, against)) => {
                let ratio = measured / against;
                write!(row, " {against:.2} | {what} | {ratio:.3} |").ok();
            }
            None => row.push_str(" | | |"),
        }
        self.say(&row);
    }

    /// Whoever reads may have gone; the run ends then by itself.
    fn say(&self, row: &str) {
        writeln!(self.out.lock(), "{row}").ok();
    }
}
