//! From lines to filings: the lines of one number belong together.

use std::collections::BTreeMap;

use counter_domain::prepared::{Newcomer, PEOPLE_MAX, Prepared};

use super::Around;
use crate::line_file::{Column, Fields, Line, LineFile, Problem, Wrong};

/// A kind of file whose lines become filings.
pub(crate) trait Form: Column {
    /// The column of the number lines are gathered by.
    const NUMBER: Self;
    /// The column of the person's number in the filing.
    const MEMBER: Self;
    /// The column of how many people the filing has.
    const PEOPLE: Self;

    /// The number of the filing, and its revision.
    fn key(fields: &Fields<'_, Self>) -> Result<(String, u32), Problem>;

    /// Whether the filing is valid, and what it replaces.
    fn standing(fields: &Fields<'_, Self>) -> Result<(Standing, String), Problem>;

    /// What the line says of the whole filing, without people.
    fn filing(fields: &Fields<'_, Self>) -> Result<Prepared, Problem>;

    /// What a filing that is withdrawn leaves behind.
    fn withdrawn(fields: &Fields<'_, Self>, today: jiff::civil::Date) -> Result<Prepared, Problem>;

    /// The person of the line.
    fn person(fields: &Fields<'_, Self>) -> Result<Newcomer, Problem>;

    /// What an operator should look at although the line is taken.
    fn caution(fields: &Fields<'_, Self>, around: &Around<'_>) -> Option<Problem>;
}

/// Whether a filing can be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Standing {
    Valid,
    Withdrawn,
}

/// A filing that was read whole.
#[derive(Debug)]
pub(crate) struct Filing {
    pub(crate) prepared: Prepared,
    pub(crate) standing: Standing,
    /// The number it takes the place of; empty when none.
    pub(crate) replaces: String,
}

/// One good line.
#[derive(Debug)]
struct Member {
    line: u64,
    /// The person's number, from 1; 0 in a withdrawal.
    number: u8,
    people: u8,
    filing: Filing,
    person: Option<Newcomer>,
    caution: Option<Problem>,
}

/// The lines of one number and revision.
#[derive(Debug, Default)]
struct Together {
    members: Vec<Member>,
    bad: Vec<Problem>,
}

/// Lines read so far.
#[derive(Debug, Default)]
pub(crate) struct Gathered {
    /// In the order of the file's first line of each.
    order: Vec<(String, u32)>,
    together: BTreeMap<(String, u32), Together>,
    /// Lines whose number is not known.
    alone: Vec<Problem>,
    count: usize,
}

impl Gathered {
    /// Problems found so far.
    pub(crate) fn problems(&self) -> usize {
        self.count
    }

    /// Takes one line.
    pub(crate) fn take<C: Form>(
        &mut self,
        source: &LineFile<C>,
        line: Line<'_>,
        around: &Around<'_>,
    ) {
        let read = source
            .fields(line)
            .and_then(|fields| C::key(&fields).map(|key| (key, fields)));
        let (key, fields) = match read {
            Ok(read) => read,
            Err(problem) => {
                self.count += 1;
                self.alone.push(problem);
                return;
            }
        };
        let together = self.together.entry(key.clone()).or_insert_with(|| {
            self.order.push(key);
            Together::default()
        });
        match together.member(&fields, around) {
            Ok(member) => together.members.push(member),
            Err(problem) => {
                self.count += 1;
                together.bad.push(problem);
            }
        }
    }

    /// Filings in the order of the file, lines to correct, and lines to look at.
    pub(crate) fn finish(self) -> (Vec<Filing>, Vec<Problem>, Vec<Problem>) {
        let Self {
            order,
            mut together,
            alone: mut problems,
            ..
        } = self;
        let mut filings = Vec::new();
        let mut cautions = Vec::new();
        for key in order {
            let Some(lines) = together.remove(&key) else {
                continue;
            };
            match lines.filing(&mut cautions) {
                Ok(filing) => filings.push(filing),
                Err(found) => problems.extend(found),
            }
        }
        problems.sort_by_key(|problem| problem.line);
        (filings, problems, cautions)
    }
}

impl Together {
    fn member<C: Form>(
        &self,
        fields: &Fields<'_, C>,
        around: &Around<'_>,
    ) -> Result<Member, Problem> {
        let (standing, replaces) = C::standing(fields)?;
        if standing == Standing::Withdrawn {
            let prepared = C::withdrawn(fields, around.today)?;
            return Ok(Member {
                line: fields.line,
                number: 0,
                people: 0,
                filing: Filing {
                    prepared,
                    standing,
                    replaces,
                },
                person: None,
                caution: None,
            });
        }
        let number = count(fields, C::MEMBER)?;
        if let Some(same) = self.members.iter().find(|one| one.number == number) {
            let twice = Wrong::Twice {
                key: "番号と連番",
                one: "一人",
                first: same.line,
            };
            return Err(fields.problem(C::MEMBER, twice));
        }
        let prepared = C::filing(fields)?;
        if let Some(first) = self.members.first()
            && (first.filing.prepared != prepared || first.filing.replaces != replaces)
        {
            return Err(fields.problem(C::NUMBER, Wrong::Differs { line: first.line }));
        }
        Ok(Member {
            line: fields.line,
            number,
            people: count(fields, C::PEOPLE)?,
            person: Some(C::person(fields)?),
            filing: Filing {
                prepared,
                standing,
                replaces,
            },
            caution: C::caution(fields, around),
        })
    }

    /// The filing, when every line of it is good and nobody is missing.
    fn filing(self, cautions: &mut Vec<Problem>) -> Result<Filing, Vec<Problem>> {
        let Self { mut members, bad } = self;
        members.sort_by_key(|member| member.number);
        let said = |member: &Member, what| Problem {
            line: member.line,
            column: None,
            what,
        };
        if let Some(worst) = bad.first() {
            let with = Wrong::With { line: worst.line };
            let also = members.iter().map(|member| said(member, with.clone()));
            return Err(bad.iter().cloned().chain(also).collect());
        }
        let people = members.len();
        let is_whole = members.iter().enumerate().all(|(place, member)| {
            member.person.is_none()
                || (usize::from(member.number) == place + 1 && usize::from(member.people) == people)
        });
        if !is_whole {
            let incomplete = Wrong::Said(
                "人数と行の数が合いません。同じ番号の全員の行を、連番を1から続けて入れてください",
            );
            return Err(members
                .iter()
                .map(|member| said(member, incomplete.clone()))
                .collect());
        }
        let mut filing = None;
        let mut newcomers = Vec::new();
        for member in members {
            newcomers.extend(member.person);
            cautions.extend(member.caution);
            filing.get_or_insert(member.filing);
        }
        let mut filing = filing.ok_or_else(Vec::new)?;
        filing.prepared.people = newcomers;
        Ok(filing)
    }
}

/// A number of people, 1 to 12.
fn count<C: Form>(fields: &Fields<'_, C>, column: C) -> Result<u8, Problem> {
    fields.code(column, "1 から 12", |text| {
        let number = text.parse::<u8>().ok()?;
        (1..=PEOPLE_MAX)
            .contains(&usize::from(number))
            .then_some(number)
    })
}

/// How many times a filing was changed at its origin; empty is the first.
pub(super) fn revision<C: Form>(fields: &Fields<'_, C>, column: C) -> Result<u32, Problem> {
    fields.code(column, "1 から続く更新連番", |text| {
        if text.is_empty() {
            return Some(1);
        }
        text.parse::<u32>().ok().filter(|number| *number > 0)
    })
}

/// A day that is known to the day.
pub(super) fn exact_day<C: Form>(fields: &Fields<'_, C>, column: C) -> Result<String, Problem> {
    let day = fields.needed_date(column)?;
    if day.parse::<jiff::civil::Date>().is_ok() {
        Ok(day)
    } else {
        Err(fields.problem(column, Wrong::Said("日まで決まった日付にしてください")))
    }
}
