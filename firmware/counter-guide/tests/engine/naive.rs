//! A second evaluator that shares nothing with the first but the catalogue's text: it reads a
//! rule anew each time and looks facts up by name.

use std::collections::BTreeMap;

use counter_guide::catalogue::BUNDLED;
use counter_guide::{FactValue, Facts};
use serde::Deserialize;

#[derive(Deserialize, Default)]
struct File {
    #[serde(default)]
    facts: BTreeMap<String, Fact>,
    #[serde(default)]
    macros: BTreeMap<String, String>,
    #[serde(default)]
    impossible: Vec<Follows>,
    #[serde(default)]
    procedures: Vec<Procedure>,
}

#[derive(Deserialize)]
struct Fact {
    level: String,
    #[serde(default)]
    derive: Option<String>,
}

#[derive(Deserialize)]
struct Follows {
    #[serde(rename = "if")]
    rule: String,
    #[serde(default)]
    set_false: Vec<String>,
    #[serde(default)]
    set: BTreeMap<String, String>,
}

#[derive(Deserialize)]
struct Procedure {
    id: String,
    scope: String,
    when: String,
}

/// The catalogue as texts.
pub(crate) struct Naive(File);

/// One case being looked at.
struct Case {
    shared: BTreeMap<String, FactValue>,
    members: Vec<BTreeMap<String, FactValue>>,
}

impl Naive {
    pub(crate) fn bundled() -> Self {
        let mut all = File::default();
        for (_, text) in BUNDLED {
            let file: File = serde_saphyr::from_str(text).unwrap_or_default();
            all.facts.extend(file.facts);
            all.macros.extend(file.macros);
            all.impossible.extend(file.impossible);
            all.procedures.extend(file.procedures);
        }
        Self(all)
    }

    /// Every procedure and member with `Some(needed)`, or `None` when it is open.
    pub(crate) fn evaluate(&self, facts: &Facts) -> Vec<(String, Option<u8>, Option<bool>)> {
        let mut case = Case {
            shared: facts.event.clone(),
            members: facts
                .members
                .iter()
                .map(|member| member.facts.clone())
                .collect(),
        };
        case.shared.extend(facts.household.clone());
        if !case.members.is_empty() {
            let size = i64::try_from(case.members.len()).unwrap();
            case.shared
                .entry("hh.size".to_owned())
                .or_insert(FactValue::Count(size));
        }
        self.complete(&mut case);
        let mut rows = Vec::new();
        for procedure in &self.0.procedures {
            let picked = |number: Option<u8>| {
                facts.requested.contains(&procedure.id)
                    || number
                        .is_some_and(|n| facts.requested.contains(&format!("{}/{n}", procedure.id)))
            };
            let mut row = |at: Option<usize>, number: Option<u8>| {
                let value = self.value(&procedure.when, &case, at, picked(number));
                rows.push((procedure.id.clone(), number, value));
            };
            if procedure.scope == "member" {
                for (at, member) in facts.members.iter().enumerate() {
                    row(Some(at), Some(member.number));
                }
            } else {
                row(None, None);
            }
        }
        rows
    }

    fn complete(&self, case: &mut Case) {
        for follows in &self.0.impossible {
            let shared = follows
                .set
                .keys()
                .any(|name| self.0.facts[name].level != "member");
            if shared {
                if self.value(&follows.rule, case, None, false) == Some(true) {
                    for (name, value) in &follows.set {
                        let known = case.shared.get(name);
                        if known.is_none_or(|known| *known == FactValue::Unknown) {
                            case.shared
                                .insert(name.clone(), FactValue::Choice(value.clone()));
                        }
                    }
                }
                continue;
            }
            for at in 0..case.members.len() {
                if self.value(&follows.rule, case, Some(at), false) != Some(true) {
                    continue;
                }
                let falses = follows
                    .set_false
                    .iter()
                    .map(|name| (name, "false".to_owned()));
                let others = follows
                    .set
                    .iter()
                    .map(|(name, value)| (name, value.clone()));
                for (name, value) in falses.chain(others) {
                    let known = case.members[at].get(name);
                    if known.is_none_or(|known| *known == FactValue::Unknown) {
                        case.members[at].insert(name.clone(), FactValue::Choice(value));
                    }
                }
            }
        }
    }

    fn value(&self, rule: &str, case: &Case, member: Option<usize>, picked: bool) -> Option<bool> {
        let rule = spaced(rule);
        let words: Vec<&str> = rule.split(' ').filter(|word| !word.is_empty()).collect();
        let mut reader = Reader {
            naive: self,
            case,
            picked,
            words: &words,
            at: 0,
        };
        let value = reader.either(member);
        assert_eq!(reader.at, words.len(), "{rule}");
        value
    }
}

/// Puts a space around every sign; no value in the catalogue has a space.
fn spaced(rule: &str) -> String {
    let mut out = rule.to_owned();
    for sign in ["(", ")", "[", "]", ",", "=="] {
        out = out.replace(sign, &format!(" {sign} "));
    }
    out
}

struct Reader<'a> {
    naive: &'a Naive,
    case: &'a Case,
    picked: bool,
    words: &'a [&'a str],
    at: usize,
}

impl<'a> Reader<'a> {
    fn word(&mut self) -> &'a str {
        self.at += 1;
        self.words[self.at - 1]
    }

    fn next_is(&self, word: &str) -> bool {
        self.words.get(self.at) == Some(&word)
    }

    fn either(&mut self, member: Option<usize>) -> Option<bool> {
        let mut value = self.both(member);
        while self.next_is("or") {
            self.at += 1;
            let other = self.both(member);
            value = match (value, other) {
                (Some(true), _) | (_, Some(true)) => Some(true),
                (Some(false), Some(false)) => Some(false),
                _ => None,
            };
        }
        value
    }

    fn both(&mut self, member: Option<usize>) -> Option<bool> {
        let mut value = self.one(member);
        while self.next_is("and") {
            self.at += 1;
            let other = self.one(member);
            value = match (value, other) {
                (Some(false), _) | (_, Some(false)) => Some(false),
                (Some(true), Some(true)) => Some(true),
                _ => None,
            };
        }
        value
    }

    fn one(&mut self, member: Option<usize>) -> Option<bool> {
        match self.word() {
            "not" => self.one(member).map(|value| !value),
            "(" => {
                let value = self.either(member);
                assert_eq!(self.word(), ")");
                value
            }
            "true" => Some(true),
            "false" => Some(false),
            "any" => {
                let start = self.at;
                let values: Vec<_> = (0..self.case.members.len())
                    .map(|at| self.again(start, at))
                    .collect();
                self.skip(start);
                if values.contains(&Some(true)) {
                    Some(true)
                } else if values.contains(&None) {
                    None
                } else {
                    Some(false)
                }
            }
            name => self.named(name, member),
        }
    }

    fn again(&mut self, start: usize, member: usize) -> Option<bool> {
        self.at = start + 1;
        self.either(Some(member))
    }

    /// Goes on behind the parenthesis that opens at `start`.
    fn skip(&mut self, start: usize) {
        let mut depth = 0;
        self.at = start;
        loop {
            match self.word() {
                "(" => depth += 1,
                ")" => depth -= 1,
                _ => {}
            }
            if depth == 0 {
                return;
            }
        }
    }

    fn named(&mut self, name: &str, member: Option<usize>) -> Option<bool> {
        if let Some(text) = self.naive.0.macros.get(name) {
            return self.naive.value(text, self.case, member, self.picked);
        }
        let fact = &self.naive.0.facts[name];
        let known = if fact.level == "member" {
            member.and_then(|at| self.case.members[at].get(name))
        } else {
            self.case.shared.get(name)
        };
        let known = known
            .filter(|value| **value != FactValue::Unknown)
            .map(text_of);
        match self.words.get(self.at).copied() {
            Some("in") => {
                let end = self.words[self.at..]
                    .iter()
                    .position(|word| *word == "]")
                    .unwrap()
                    + self.at;
                let values = &self.words[self.at + 2..end];
                self.at = end + 1;
                known.map(|known| values.contains(&format!("'{known}'").as_str()))
            }
            Some(sign @ ("==" | "!=" | "<" | "<=" | ">" | ">=")) => {
                self.at += 1;
                let right = self.word();
                compared(&known?, sign, right)
            }
            _ => match known {
                Some(value) => Some(value == "true"),
                None if name == "ev.requested" && !self.case.shared.contains_key(name) => {
                    Some(self.picked)
                }
                None => {
                    let rule = fact.derive.as_ref()?;
                    self.naive.value(rule, self.case, member, self.picked)
                }
            },
        }
    }
}

fn compared(left: &str, sign: &str, right: &str) -> Option<bool> {
    if let Some(text) = right.strip_prefix('\'') {
        let same = left == text.trim_end_matches('\'');
        return Some(if sign == "==" { same } else { !same });
    }
    let (left, right): (i64, i64) = (left.parse().ok()?, right.parse().ok()?);
    Some(match sign {
        "==" => left == right,
        "!=" => left != right,
        "<" => left < right,
        "<=" => left <= right,
        ">" => left > right,
        _ => left >= right,
    })
}

fn text_of(value: &FactValue) -> String {
    match value {
        FactValue::Flag(flag) => flag.to_string(),
        FactValue::Count(count) => count.to_string(),
        FactValue::Choice(text) => text.clone(),
        FactValue::Unknown => String::new(),
    }
}
