//! Golden households: one small file each, with facts, what must come of them, and why.
//!
//! ```text
//! # A couple moves in; he left his company's insurance (国保法6条).
//! event: type=move_in transfer_mode=paper
//! member 1 夫: age=41 moving is_head japanese joins_nhi
//! member 2 妻: age=39 moving japanese joins_nhi=false insurance=shaho
//! needs P053 m1 | 会社の保険をやめた人は国保に加入する（国保法6条・9条）
//! never P053 m2 | 会社の保険の被扶養者は加入しない
//! asks mn_card m1 m2 | カードの継続利用は90日以内（番号法17条）
//! spares pension | 国内の転入では年金の届出はいらない
//! =>
//! P001 転入届（紙の転出証明書） | 転入、… | …
//! ```
//!
//! Above the arrow a person wrote what law or practice asks for; below it stands everything the
//! guide says, written by the test and read in review.

use std::fmt::Write as _;

use crate::facts::{FactValue, Facts};
use crate::guide::{Guidance, Guide};

/// The golden households of the program with their file names, without what the guide is to say:
/// head office tries a catalogue out on them.
pub const BUNDLED: &[(&str, &str)] = include!(concat!(env!("OUT_DIR"), "/golden.rs"));

/// A golden household.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Golden {
    /// Why it is kept: the lines that begin with `#`.
    pub why: String,
    /// What is known.
    pub facts: Facts,
    /// What the file calls the members (`member 1 夫:`).
    pub names: Vec<(u8, String)>,
    /// What must come of it.
    pub claims: Vec<Claim>,
    /// Everything the guide is to say.
    pub expected: String,
}

/// What a claim says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ClaimKind {
    /// The procedure is listed.
    Needs,
    /// The procedure is neither listed nor to be confirmed.
    Never,
    /// The fact is asked.
    Asks,
    /// The fact is not asked.
    Spares,
}

/// One thing that must come of a household.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Claim {
    /// Line in the file, from 1.
    pub line: u64,
    /// What it says.
    pub kind: ClaimKind,
    /// Procedure or fact.
    pub what: String,
    /// Members it is about; empty for all of them and the household.
    pub members: Vec<u8>,
    /// Law or practice.
    pub why: String,
}

/// A line that cannot be read or does not hold.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{line}: {sentence}")]
pub struct GoldenProblem {
    /// Line in the file, from 1.
    pub line: u64,
    /// A sentence.
    pub sentence: String,
}

impl Golden {
    /// Reads a file.
    ///
    /// # Errors
    /// The first line that cannot be read.
    pub fn read(text: &str) -> Result<Self, GoldenProblem> {
        let (given, expected) = text.split_once("=>\n").unwrap_or((text, ""));
        let mut golden = Self {
            why: String::new(),
            facts: Facts::default(),
            names: Vec::new(),
            claims: Vec::new(),
            expected: expected.to_owned(),
        };
        for (line, said) in (1_u64..).zip(given.lines()) {
            let taken = golden.take(line, said.trim());
            taken.map_err(|sentence| GoldenProblem { line, sentence })?;
        }
        Ok(golden)
    }

    fn take(&mut self, line: u64, said: &str) -> Result<(), String> {
        if said.is_empty() {
            return Ok(());
        }
        if let Some(why) = said.strip_prefix('#') {
            self.why.push_str(why.trim());
            self.why.push('\n');
            return Ok(());
        }
        let kinds = [
            ("needs ", ClaimKind::Needs),
            ("never ", ClaimKind::Never),
            ("asks ", ClaimKind::Asks),
            ("spares ", ClaimKind::Spares),
        ];
        for (word, kind) in kinds {
            if let Some(rest) = said.strip_prefix(word) {
                return self.take_claim(line, kind, rest);
            }
        }
        let (whose, pairs) = said.split_once(':').ok_or("a line is facts or a claim")?;
        self.take_facts(whose, pairs)
    }

    fn take_claim(&mut self, line: u64, kind: ClaimKind, rest: &str) -> Result<(), String> {
        let (left, why) = rest.split_once('|').ok_or("a claim says why after |")?;
        let mut words = left.split_whitespace();
        let what = words.next().ok_or("a claim names a procedure or a fact")?;
        let members: Option<Vec<u8>> = words
            .map(|word| word.strip_prefix('m')?.parse().ok())
            .collect();
        self.claims.push(Claim {
            line,
            kind,
            what: what.to_owned(),
            members: members.ok_or("members are written m1 m2")?,
            why: why.trim().to_owned(),
        });
        Ok(())
    }

    fn take_facts(&mut self, whose: &str, pairs: &str) -> Result<(), String> {
        let day = || {
            pairs
                .trim()
                .parse()
                .map_err(|_| "this is not a day".to_owned())
        };
        let mut words = whose.split_whitespace();
        let (prefix, member) = match (words.next(), words.next()) {
            (Some("today"), None) => {
                self.facts.today = Some(day()?);
                return Ok(());
            }
            (Some("event"), Some("date")) => {
                self.facts.event_date = Some(day()?);
                return Ok(());
            }
            (Some("requested"), None) => {
                let picked = pairs.split_whitespace().map(str::to_owned);
                self.facts.requested.extend(picked);
                return Ok(());
            }
            (Some("event"), None) => ("ev.", None),
            (Some("household"), None) => ("hh.", None),
            (Some("member"), Some(number)) => {
                let number = number
                    .parse()
                    .map_err(|_| "member 1, member 2, …".to_owned())?;
                self.facts.member(number);
                let name: Vec<&str> = words.collect();
                if !name.is_empty() {
                    self.names.push((number, name.join(" ")));
                }
                ("", Some(number))
            }
            _ => return Err(format!("nothing is called {whose}")),
        };
        for pair in pairs.split_whitespace() {
            let (name, value) = pair.split_once('=').unwrap_or((pair, "true"));
            let value = match value.parse::<i64>() {
                _ if value == "?" => FactValue::Unknown,
                Ok(number) => number.into(),
                Err(_) => value.into(),
            };
            self.facts.set(&format!("{prefix}{name}"), member, value);
        }
        Ok(())
    }

    /// What the file calls a member; `m2` when it gives no name.
    pub fn called(&self, number: u8) -> String {
        let found = self.names.iter().find(|(of, _)| *of == number);
        found.map_or_else(|| format!("m{number}"), |(_, name)| name.clone())
    }

    /// Claims that do not hold, as people who try a catalogue out read them.
    pub fn broken_ja(&self, guide: &Guide) -> Vec<String> {
        let guidance = guide.evaluate(&self.facts);
        let failed = self.claims.iter().filter(|claim| !claim.holds(&guidance));
        failed.map(|claim| claim.failure_ja(guide)).collect()
    }

    /// Claims that do not hold, and facts the catalogue does not know.
    pub fn problems(&self, guide: &Guide) -> Vec<GoldenProblem> {
        let unknown = guide.check_all(&self.facts).into_iter();
        let mut problems: Vec<_> = unknown
            .map(|error| GoldenProblem {
                line: 1,
                sentence: error.to_string(),
            })
            .collect();
        let guidance = guide.evaluate(&self.facts);
        let failed = self.claims.iter().filter(|claim| !claim.holds(&guidance));
        problems.extend(failed.map(|claim| GoldenProblem {
            line: claim.line,
            sentence: claim.failure(),
        }));
        problems
    }
}

impl Claim {
    fn holds(&self, guidance: &Guidance) -> bool {
        let listed = |member: Option<u8>| {
            let rows = guidance.listed.iter();
            rows.filter(|row| row.procedure == self.what)
                .any(|row| member.is_none() || row.member == member)
        };
        let open = |member: Option<u8>| {
            let rows = guidance.to_confirm.iter();
            rows.filter(|row| row.procedure == self.what)
                .any(|row| member.is_none() || row.member == member)
        };
        let asked = |member: Option<u8>| {
            let rows = guidance.ask.iter();
            rows.filter(|row| row.fact == self.what)
                .any(|row| member.is_none() || row.member == member)
        };
        let whom = self.members.iter().copied().map(Some);
        let mut whom = whom.chain(self.members.is_empty().then_some(None));
        match self.kind {
            ClaimKind::Needs => whom.all(listed),
            ClaimKind::Never => !whom.any(|member| listed(member) || open(member)),
            ClaimKind::Asks => whom.all(asked),
            ClaimKind::Spares => !whom.any(asked),
        }
    }

    fn failure_ja(&self, guide: &Guide) -> String {
        let catalogue = guide.catalogue();
        let procedure = catalogue.procedure(&self.what);
        let fact = catalogue.fact(&self.what);
        let name = procedure.map(|one| one.name.ja.as_str());
        let name = name.or_else(|| fact.map(|one| one.label_ja.as_str()));
        let said = match self.kind {
            ClaimKind::Needs => "が案内されません",
            ClaimKind::Never => "が案内されてしまいます",
            ClaimKind::Asks => "を尋ねません",
            ClaimKind::Spares => "を尋ねてしまいます",
        };
        let (what, name) = (&self.what, name.unwrap_or_default());
        format!("{what} {name}{said}：{}", self.why)
    }

    fn failure(&self) -> String {
        let what = &self.what;
        let said = match self.kind {
            ClaimKind::Needs => format!("{what} should be listed"),
            ClaimKind::Never => format!("{what} should be neither listed nor to be confirmed"),
            ClaimKind::Asks => format!("{what} should be asked"),
            ClaimKind::Spares => format!("{what} should not be asked"),
        };
        format!("{said}: {}", self.why)
    }
}

/// Everything the guide says, one line a procedure.
pub fn rendered(guide: &Guide, guidance: &Guidance) -> String {
    let mut out = String::new();
    let name = |id: &str| {
        guide
            .catalogue()
            .procedure(id)
            .map_or("", |one| one.name.ja.as_str())
    };
    let whose = |members: &[u8]| {
        members
            .iter()
            .fold(String::new(), |all, one| all + &format!(" m{one}"))
    };
    for group in guidance.procedures() {
        let mut reasons: Vec<&str> = Vec::new();
        for (_, reason) in &group.reasons {
            if !reasons.contains(&reason.as_str()) {
                reasons.push(reason);
            }
        }
        let (id, reasons) = (&group.procedure, reasons.join(" / "));
        let until = &group.deadline.words.ja;
        line(
            &mut out,
            &format!(
                "{id}{} {} | {reasons} | {until}",
                whose(&group.members),
                name(id)
            ),
        );
    }
    line(&mut out, "to confirm");
    let mut open: Vec<(&str, Vec<u8>, Vec<&str>)> = Vec::new();
    for row in &guidance.to_confirm {
        if open.last().is_none_or(|(id, _, _)| *id != row.procedure) {
            open.push((&row.procedure, Vec::new(), Vec::new()));
        }
        if let Some((_, members, facts)) = open.last_mut() {
            members.extend(row.member);
            for missing in &row.missing {
                if !facts.contains(&missing.fact.as_str()) {
                    facts.push(&missing.fact);
                }
            }
        }
    }
    for (id, members, facts) in open {
        line(
            &mut out,
            &format!("{id}{} {}: {}", whose(&members), name(id), facts.join(", ")),
        );
    }
    line(&mut out, "ask");
    for group in &guidance.questions {
        let quiet = if group.sensitive { " (quiet)" } else { "" };
        let settles = group.settles.join(" ");
        line(
            &mut out,
            &format!("{}{}{quiet}: {settles}", group.fact, whose(&group.members)),
        );
    }
    out
}

fn line(out: &mut String, text: &str) {
    // Writing to a string never fails.
    writeln!(out, "{text}").unwrap_or_default();
}
