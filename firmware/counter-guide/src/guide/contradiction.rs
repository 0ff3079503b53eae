//! Facts that cannot be true together.

use super::{FactRef, Guide, whose};
use crate::facts::Facts;
use crate::program::Op;
use crate::table::{Cell, Table};
use crate::truth::Truth;

/// A fact that was given although another value follows from the others.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Contradiction {
    /// The fact.
    pub fact: FactRef,
    /// Facts it does not go with.
    pub because: Vec<FactRef>,
}

impl Guide {
    /// Facts given that cannot be true together with others, for example a seal registration of
    /// a child of ten. The given value is used all the same: a person looks at it.
    pub fn contradictions(&self, facts: &Facts) -> Vec<Contradiction> {
        let given = Table::new(&self.catalogue, facts).0;
        let mut completed = given.clone();
        self.complete(&mut completed);
        let mut found = Vec::new();
        for (impossible, start) in self.catalogue.impossible().iter().zip(&self.following) {
            // A rule that always holds gives what is usual, not what must be.
            if matches!(self.program.node(*start).op, Op::Const(_)) {
                continue;
            }
            for member in whose(impossible, given.members()) {
                let scene = self.scene(&completed, member);
                if scene.truth(*start) != Truth::True {
                    continue;
                }
                for (fact, value) in &impossible.set {
                    let said = given.cell(*fact, member);
                    if matches!(said, Cell::Missing | Cell::Asked) || said == *value {
                        continue;
                    }
                    let mut because = Vec::new();
                    scene.because(*start, Truth::True, &mut because);
                    let others = because.into_iter().filter(|place| place.0 != *fact);
                    found.push(Contradiction {
                        fact: self.fact_ref(&given, (*fact, member)),
                        because: others.map(|place| self.fact_ref(&given, place)).collect(),
                    });
                }
            }
        }
        found
    }
}
