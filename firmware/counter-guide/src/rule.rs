//! The rule language: text to a tree, once.

use std::collections::BTreeMap;

use crate::catalogue::{Fact, FactType, Level};

/// Index of a fact in the catalogue.
pub(crate) type FactId = usize;

/// A rule.
#[derive(Debug, Clone)]
pub(crate) enum Expr {
    Const(bool),
    Flag(FactId),
    /// A flag that another rule gives when nothing else does.
    Derived(FactId, Box<Expr>),
    /// A choice is one of these values, by index.
    Among(FactId, Vec<u16>),
    Compare(Operand, Comparison, i64),
    Not(Box<Expr>),
    And(Vec<Expr>),
    Or(Vec<Expr>),
    AnyMember(Box<Expr>),
}

/// The left side of a comparison.
#[derive(Debug, Clone)]
pub(crate) enum Operand {
    Fact(FactId),
    CountMembers(Box<Expr>),
}

/// How two numbers compare.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Comparison {
    Equal,
    Different,
    Less,
    AtMost,
    More,
    AtLeast,
}

impl Comparison {
    pub(crate) fn holds(self, left: i64, right: i64) -> bool {
        match self {
            Self::Equal => left == right,
            Self::Different => left != right,
            Self::Less => left < right,
            Self::AtMost => left <= right,
            Self::More => left > right,
            Self::AtLeast => left >= right,
        }
    }
}

impl Expr {
    /// A member's fact read outside `any` and `count`, so that it needs a member under test.
    pub(crate) fn member_fact(&self, facts: &[Fact]) -> Option<FactId> {
        let of_member = |fact: &FactId| {
            facts
                .get(*fact)
                .is_some_and(|fact| fact.level == Level::Member)
        };
        match self {
            Self::Flag(fact) | Self::Among(fact, _) | Self::Compare(Operand::Fact(fact), _, _) => {
                Some(*fact).filter(of_member)
            }
            Self::Derived(fact, inner) => Some(*fact)
                .filter(of_member)
                .or_else(|| inner.member_fact(facts)),
            Self::Not(inner) => inner.member_fact(facts),
            Self::And(parts) | Self::Or(parts) => {
                parts.iter().find_map(|part| part.member_fact(facts))
            }
            Self::Const(_) | Self::AnyMember(_) | Self::Compare(Operand::CountMembers(_), _, _) => {
                None
            }
        }
    }
}

/// What is wrong with a rule, and where in it.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct RuleError {
    /// Characters before the place.
    pub(crate) offset: usize,
    /// A sentence.
    pub(crate) message: String,
}

/// What names may appear in a rule.
pub(crate) struct Names<'a> {
    pub(crate) facts: &'a [Fact],
    pub(crate) ids: &'a BTreeMap<String, FactId>,
    pub(crate) macros: &'a BTreeMap<String, Expr>,
    pub(crate) derived: &'a BTreeMap<FactId, Expr>,
}

/// Reads a rule.
pub(crate) fn parse(text: &str, names: &Names<'_>) -> Result<Expr, RuleError> {
    let tokens = tokens(text)?;
    let end = text.chars().count();
    let mut parser = Parser {
        tokens: &tokens,
        at: 0,
        end,
        names,
        depth: 0,
    };
    let rule = parser.either()?;
    match parser.peek() {
        None => Ok(rule),
        Some(_) => Err(parser.error("the rule should end here")),
    }
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Token {
    Name(String),
    Text(String),
    Number(i64),
    Sign(&'static str),
}

fn tokens(text: &str) -> Result<Vec<(usize, Token)>, RuleError> {
    const SIGNS: [&str; 11] = ["==", "!=", "<=", ">=", "<", ">", "(", ")", "[", "]", ","];
    let chars: Vec<char> = text.chars().collect();
    let run = |from: usize, belongs: fn(char) -> bool| -> String {
        chars
            .iter()
            .skip(from)
            .take_while(|c| belongs(**c))
            .collect()
    };
    let mut tokens = Vec::new();
    let mut at = 0;
    while let Some(c) = chars.get(at).copied() {
        let wrong = |message: &str| RuleError {
            offset: at,
            message: message.to_owned(),
        };
        let (token, length) = if c.is_whitespace() {
            at += 1;
            continue;
        } else if c.is_ascii_digit() {
            let digits = run(at, |c| c.is_ascii_digit());
            let number = digits
                .parse()
                .map_err(|_| wrong("the number is too large"))?;
            (Token::Number(number), digits.len())
        } else if c.is_ascii_alphabetic() {
            let name = run(at, |c| c.is_ascii_alphanumeric() || matches!(c, '_' | '.'));
            let length = name.len();
            (Token::Name(name), length)
        } else if c == '\'' {
            let text = run(at + 1, |c| c != '\'');
            let length = text.chars().count() + 2;
            if chars.get(at + length - 1) != Some(&'\'') {
                return Err(wrong("the quotation mark is not closed"));
            }
            (Token::Text(text), length)
        } else {
            let rest: String = chars.iter().skip(at).take(2).collect();
            let sign = SIGNS.into_iter().find(|sign| rest.starts_with(sign));
            let sign = sign.ok_or_else(|| wrong("this sign means nothing in a rule"))?;
            (Token::Sign(sign), sign.len())
        };
        tokens.push((at, token));
        at += length;
    }
    Ok(tokens)
}

/// Deeper nesting than this is a mistake, and would only cost stack.
const MAX_DEPTH: usize = 32;

struct Parser<'a> {
    tokens: &'a [(usize, Token)],
    at: usize,
    end: usize,
    names: &'a Names<'a>,
    depth: usize,
}

impl Parser<'_> {
    fn peek(&self) -> Option<&Token> {
        self.tokens.get(self.at).map(|(_, token)| token)
    }

    fn error(&self, message: &str) -> RuleError {
        let offset = self
            .tokens
            .get(self.at)
            .map_or(self.end, |(offset, _)| *offset);
        RuleError {
            offset,
            message: message.to_owned(),
        }
    }

    fn take(&mut self, wanted: &Token) -> bool {
        let found = self.peek() == Some(wanted);
        if found {
            self.at += 1;
        }
        found
    }

    fn take_sign(&mut self, sign: &'static str) -> bool {
        self.take(&Token::Sign(sign))
    }

    fn take_word(&mut self, word: &str) -> bool {
        self.take(&Token::Name(word.to_owned()))
    }

    fn expect(&mut self, sign: &'static str) -> Result<(), RuleError> {
        if self.take_sign(sign) {
            Ok(())
        } else {
            Err(self.error(&format!("expected {sign}")))
        }
    }

    fn either(&mut self) -> Result<Expr, RuleError> {
        self.depth += 1;
        if self.depth > MAX_DEPTH {
            return Err(self.error("the rule is nested too deeply"));
        }
        let mut parts = vec![self.both()?];
        while self.take_word("or") {
            parts.push(self.both()?);
        }
        self.depth -= 1;
        Ok(single_or(parts, Expr::Or))
    }

    fn both(&mut self) -> Result<Expr, RuleError> {
        let mut parts = vec![self.negation()?];
        while self.take_word("and") {
            parts.push(self.negation()?);
        }
        Ok(single_or(parts, Expr::And))
    }

    fn negation(&mut self) -> Result<Expr, RuleError> {
        let mut negated = false;
        while self.take_word("not") {
            negated = !negated;
        }
        let rule = self.operand()?;
        Ok(if negated {
            Expr::Not(Box::new(rule))
        } else {
            rule
        })
    }

    fn operand(&mut self) -> Result<Expr, RuleError> {
        if self.take_sign("(") {
            let rule = self.either()?;
            self.expect(")")?;
            return Ok(rule);
        }
        let Some(Token::Name(name)) = self.peek().cloned() else {
            return Err(self.error("expected a fact, a short name or a parenthesis"));
        };
        match name.as_str() {
            "true" | "false" => {
                self.at += 1;
                Ok(Expr::Const(name == "true"))
            }
            "any" => Ok(Expr::AnyMember(Box::new(self.over_members()?))),
            "count" => {
                let inner = self.over_members()?;
                let comparison = self.comparison();
                let comparison =
                    comparison.ok_or_else(|| self.error("count() must be compared"))?;
                let number = self.number()?;
                Ok(Expr::Compare(
                    Operand::CountMembers(Box::new(inner)),
                    comparison,
                    number,
                ))
            }
            _ => self.named(&name),
        }
    }

    fn over_members(&mut self) -> Result<Expr, RuleError> {
        self.at += 1;
        self.expect("(")?;
        let inner = self.either()?;
        self.expect(")")?;
        Ok(inner)
    }

    fn named(&mut self, name: &str) -> Result<Expr, RuleError> {
        if let Some(rule) = self.names.macros.get(name) {
            self.at += 1;
            return Ok(rule.clone());
        }
        let found = self
            .names
            .ids
            .get(name)
            .and_then(|id| Some((*id, self.names.facts.get(*id)?)));
        let Some((id, fact)) = found else {
            let short = name.chars().all(|c| c.is_ascii_uppercase());
            let kind = if short { "short name (macro)" } else { "fact" };
            return Err(self.error(&format!("there is no {kind} called {name}")));
        };
        self.at += 1;
        match fact.kind {
            FactType::Flag => self.flag(id),
            FactType::Count => {
                let comparison = self.comparison();
                let comparison =
                    comparison.ok_or_else(|| self.error("a number must be compared"))?;
                Ok(Expr::Compare(Operand::Fact(id), comparison, self.number()?))
            }
            FactType::Choice => self.choice(id, fact),
        }
    }

    fn flag(&mut self, id: FactId) -> Result<Expr, RuleError> {
        let flag = match self.names.derived.get(&id) {
            Some(rule) => Expr::Derived(id, Box::new(rule.clone())),
            None => Expr::Flag(id),
        };
        let Some(comparison) = self.comparison() else {
            return Ok(flag);
        };
        let wanted = if self.take_word("true") {
            true
        } else if self.take_word("false") {
            false
        } else {
            return Err(self.error("a yes/no fact is compared with true or false"));
        };
        match comparison {
            Comparison::Equal if wanted => Ok(flag),
            Comparison::Different if !wanted => Ok(flag),
            Comparison::Equal | Comparison::Different => Ok(Expr::Not(Box::new(flag))),
            Comparison::Less | Comparison::AtMost | Comparison::More | Comparison::AtLeast => {
                Err(self.error("a yes/no fact has no order"))
            }
        }
    }

    fn choice(&mut self, id: FactId, fact: &Fact) -> Result<Expr, RuleError> {
        if self.take_word("in") {
            self.expect("[")?;
            let mut values = vec![self.value(fact)?];
            while self.take_sign(",") {
                values.push(self.value(fact)?);
            }
            self.expect("]")?;
            return Ok(Expr::Among(id, values));
        }
        match self.comparison() {
            Some(Comparison::Equal) => Ok(Expr::Among(id, vec![self.value(fact)?])),
            Some(Comparison::Different) => Ok(Expr::Not(Box::new(Expr::Among(
                id,
                vec![self.value(fact)?],
            )))),
            Some(_) | None => Err(self.error("a choice is compared with ==, != or in [..]")),
        }
    }

    fn value(&mut self, fact: &Fact) -> Result<u16, RuleError> {
        let Some(Token::Text(text)) = self.peek() else {
            return Err(self.error("expected a value in quotation marks"));
        };
        let index = fact.value_index(text);
        let index = index.ok_or_else(|| self.error(&format!("{} is never {text}", fact.name)))?;
        self.at += 1;
        Ok(index)
    }

    fn number(&mut self) -> Result<i64, RuleError> {
        let Some(Token::Number(number)) = self.peek() else {
            return Err(self.error("expected a number"));
        };
        let number = *number;
        self.at += 1;
        Ok(number)
    }

    fn comparison(&mut self) -> Option<Comparison> {
        let Some(Token::Sign(sign)) = self.peek() else {
            return None;
        };
        let comparison = match *sign {
            "==" => Comparison::Equal,
            "!=" => Comparison::Different,
            "<" => Comparison::Less,
            "<=" => Comparison::AtMost,
            ">" => Comparison::More,
            ">=" => Comparison::AtLeast,
            _ => return None,
        };
        self.at += 1;
        Some(comparison)
    }
}

fn single_or(mut parts: Vec<Expr>, many: fn(Vec<Expr>) -> Expr) -> Expr {
    match parts.pop() {
        Some(only) if parts.is_empty() => only,
        Some(last) => {
            parts.push(last);
            many(parts)
        }
        None => many(parts),
    }
}
