//! Procedures somebody may come for by themselves, and how staff find them.
//!
//! A rule that reads `ev.requested` says for whom its procedure can be picked from the menu. What
//! is offered is what such a rule does not exclude for the event, whoever the person is.

use counter_domain::romaji::katakana;

use super::Guide;
use crate::catalogue::{Procedure, Scope};
use crate::facts::Facts;
use crate::table::Table;
use crate::truth::Truth;

impl Guide {
    /// The procedures that can be picked where this is the event (`request` where nothing happened
    /// but that somebody came for them), in catalogue order.
    pub fn startable(&self, event: &str) -> Vec<&Procedure> {
        let mut facts = Facts::default();
        facts.set("ev.type", None, event);
        facts.member(1);
        let mut table = Table::new(&self.catalogue, &facts).0;
        self.complete_what_must_be(&mut table);
        let procedures = self.catalogue.procedures().iter().enumerate();
        let startable = procedures.filter(|(at, procedure)| {
            let start = self.start(*at);
            let readings = self.program.readings(start);
            let reads = readings.iter().any(|one| Some(one.fact) == self.requested);
            let member = (procedure.scope == Scope::Member).then_some(0);
            let mut scene = self.scene(&table, member);
            scene.requested.picked = true;
            reads && scene.truth(start) != Truth::False
        });
        startable.map(|(_, procedure)| procedure).collect()
    }
}

impl Procedure {
    /// Whether it is what somebody looks for: every word of `text` stands in its names, its
    /// readings, its number, the number of its form or the name of its section. Kana are found as
    /// katakana, hiragana or Latin letters.
    pub fn is_meant(&self, text: &str, section: &str) -> bool {
        let form = self.form_no.as_deref().unwrap_or_default();
        let named = [
            &self.name.ja,
            &self.name.en,
            &self.find,
            &self.id,
            form,
            section,
        ];
        let named = named.map(folded).join("\n");
        let mut words = text.split_whitespace();
        words.all(|word| {
            let word = folded(word);
            let spoken = katakana(&word).filter(|kana| !kana.is_empty());
            named.contains(&word) || spoken.is_some_and(|kana| named.contains(&kana))
        })
    }
}

/// Small Latin letters and katakana; signs that people leave out are left out.
fn folded(text: &str) -> String {
    let folded = text.chars().filter(|c| !"・（）()　 ".contains(*c));
    folded
        .map(|c| match c {
            'ぁ'..='ゖ' => char::from_u32(u32::from(c) + 0x60).unwrap_or(c),
            '\u{ff01}'..='\u{ff5e}' => {
                let half = char::from_u32(u32::from(c) - 0xfee0).unwrap_or(c);
                half.to_ascii_lowercase()
            }
            _ => c.to_ascii_lowercase(),
        })
        .collect()
}
