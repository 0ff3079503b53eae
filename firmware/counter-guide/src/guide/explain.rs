//! Why a procedure is needed, waits or is not needed, for people who try out a catalogue.

use serde::Serialize;

use super::{Guide, Row};
use crate::facts::Facts;
use crate::meaning::Where;
use crate::table::{Cell, Table};
use crate::truth::Truth;
use crate::words;

/// What becomes of a procedure for one member or the household.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum RowState {
    /// Listed.
    Needed,
    /// A fact is unknown.
    ToConfirm,
    /// Certainly not needed.
    NotNeeded,
}

impl Guide {
    /// The facts that decide a procedure, in words: those that make its rule true or false, or
    /// those that are missing. Empty when there is no such procedure or member.
    pub fn explained_ja(&self, facts: &Facts, procedure: &str, member: Option<u8>) -> String {
        let given = Table::new(&self.catalogue, facts).0;
        let mut table = given;
        self.complete(&mut table);
        let mut all = self.catalogue.procedures().iter();
        let at = all.position(|one| one.id == procedure);
        let place = member.map(|number| table.numbers.iter().position(|one| *one == number));
        let (Some(procedure), Some(place)) = (at, place.map_or(Some(None), |at| at.map(Some)))
        else {
            return String::new();
        };
        let row = Row {
            procedure,
            member: place,
        };
        let scene = self.row_scene(&table, facts, row);
        let start = self.start(procedure);
        let mut deciding: Vec<Where> = Vec::new();
        match scene.truth(start) {
            Truth::Unknown => scene.missing(start, &mut deciding),
            settled @ (Truth::True | Truth::False) => {
                scene.because(start, settled, &mut deciding);
            }
        }
        let mut said = Vec::new();
        for place in deciding {
            let Some(fact) = self.catalogue.facts().get(place.0) else {
                continue;
            };
            let cell = if Some(place.0) == self.requested {
                Cell::Flag(scene.requested.picked)
            } else {
                table.cell(place.0, place.1)
            };
            let words = words::said_ja(fact, cell);
            if !said.contains(&words) {
                said.push(words);
            }
        }
        words::joined_ja(&said)
    }
}
