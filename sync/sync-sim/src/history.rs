//! Running a history, and shortening one that fails.

use std::fmt;

use anyhow::{Context as _, Result};

use crate::action::{Action, Cases, Faults, history};
use crate::chance::Chance;
use crate::world::{World, lines};

/// Runs a shortened history costs at most so many times.
const TRIES_MAX: usize = 300;

/// What a seed stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Plan {
    /// Where all chance comes from.
    pub seed: u64,
    /// How many things happen.
    pub steps: usize,
    /// Whether cases go from branch to branch.
    pub cases: Cases,
    /// What may go wrong.
    pub faults: Faults,
}

/// A history after which something did not hold.
#[derive(Debug)]
pub struct Failure {
    /// Its plan.
    pub plan: Plan,
    /// What did not hold.
    pub what: String,
    /// The fewest actions found that still fail.
    pub history: Vec<Action>,
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}: {}", self.plan, self.what)?;
        writeln!(f, "{} actions are enough:", self.history.len())?;
        for action in &self.history {
            writeln!(f, "    {action:?},")?;
        }
        Ok(())
    }
}

impl fmt::Display for Plan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SEED={} STEPS={}", self.seed, self.steps)?;
        if self.cases == Cases::Move {
            f.write_str(" MOVING=1")?;
        }
        if self.faults == Faults::Rough {
            f.write_str(" ROUGH=1")?;
        }
        Ok(())
    }
}

impl Plan {
    /// One rough history in sixteen has a standby: its versions go on so far behind that looking
    /// through them takes longer than all the rest.
    pub(crate) fn is_with_standby(self) -> bool {
        self.seed.is_multiple_of(16)
    }

    fn counters(self) -> usize {
        2 + Chance::new(self.seed).index(3)
    }

    /// Its actions.
    pub fn actions(self) -> Vec<Action> {
        let counters = self.counters();
        let lines = lines(counters).len();
        history(self, counters, lines)
    }

    /// Lets everything happen and checks what must hold.
    ///
    /// # Errors
    /// What did not hold, with a shortened history.
    pub fn run(self) -> Result<(), Box<Failure>> {
        let history = self.actions();
        match self.play(&history) {
            Ok(()) => Ok(()),
            Err(error) => Err(Box::new(self.shortened(history, &error))),
        }
    }

    /// Plays a history of this plan's counters.
    ///
    /// # Errors
    /// What did not hold, and at which action.
    pub fn play(self, history: &[Action]) -> Result<()> {
        let mut world = World::new(self.counters(), self.cases, self.seed)?;
        for (number, action) in history.iter().enumerate() {
            world
                .take(action)
                .with_context(|| format!("action {number}, {action:?}"))?;
        }
        world.end()
    }

    /// Leaves out ever smaller runs of actions as long as it still fails.
    fn shortened(self, mut history: Vec<Action>, error: &anyhow::Error) -> Failure {
        let what = format!("{error:#}");
        let cause = error.root_cause().to_string();
        let mut tries = 0;
        let mut run = history.len() / 2;
        while run > 0 && tries < TRIES_MAX {
            let mut start = 0;
            while start < history.len() && tries < TRIES_MAX {
                let end = history.len().min(start + run);
                let mut shorter = history.clone();
                shorter.drain(start..end);
                tries += 1;
                match self.play(&shorter) {
                    Err(other) if other.root_cause().to_string() == cause => history = shorter,
                    Err(_) | Ok(()) => start = end,
                }
            }
            run /= 2;
        }
        Failure {
            plan: self,
            what,
            history,
        }
    }
}
