//! A move as a typed reading of a draft, with what still stands in the way of signing.

use std::collections::BTreeSet;
use std::fmt;

use jiff::ToSpan;
use jiff::civil::Date;

use crate::address::Address;
use crate::date::{DateError, FuzzyDate};
use crate::draft::{Draft, FieldPath, FieldValue};
use crate::event::Event;
use crate::name::{Kana, PersonName};
use crate::relation::Relation;

/// Days after the event within which a move must be reported (住基法22条).
pub const REPORT_WITHIN_DAYS: i64 = 14;

/// Sex as registers write it (性別).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Sex {
    /// 男.
    Male,
    /// 女.
    Female,
    /// Left open on the document.
    NotStated,
}

impl Sex {
    /// Reads what documents, cards and screens use.
    pub fn parse(text: &str) -> Option<Self> {
        match text.trim() {
            "男" | "男性" | "1" | "male" | "M" => Some(Self::Male),
            "女" | "女性" | "2" | "female" | "F" => Some(Self::Female),
            "9" | "3" | "不明" | "記載なし" | "not_stated" => Some(Self::NotStated),
            _ => None,
        }
    }

    /// As printed.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Male => "男",
            Self::Female => "女",
            Self::NotStated => "",
        }
    }
}

/// A person of the household as far as entered.
#[derive(Clone, PartialEq, Eq)]
pub struct MemberDraft {
    /// Number in the case, from 1.
    pub number: u8,
    /// Name.
    pub name: Option<PersonName>,
    /// Its reading.
    pub kana: Option<Kana>,
    /// Birth date.
    pub birth: Option<FuzzyDate>,
    /// Sex.
    pub sex: Option<Sex>,
    /// Relation to the head after the event.
    pub relation: Option<Relation>,
    /// Relation to the head before it.
    pub relation_before: Option<Relation>,
    /// Nationality as entered; `None` when it was not asked.
    pub nationality: Option<String>,
    /// Whether this person's own record changes; everybody unless said otherwise.
    pub moving: bool,
}

impl fmt::Debug for MemberDraft {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MemberDraft")
            .field("number", &self.number)
            .finish_non_exhaustive()
    }
}

impl MemberDraft {
    /// Whether the person is Japanese; `None` when the nationality was not entered.
    pub fn japanese(&self) -> Option<bool> {
        let nationality = self.nationality.as_deref()?;
        Some(matches!(
            nationality.trim(),
            "日本" | "日本国" | "JPN" | "JP" | "japanese"
        ))
    }
}

/// A move as far as entered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MoveDraft {
    /// Event, for example `move_in`.
    pub event: Option<String>,
    /// How the move-out was filed: `oss`, `card`, `paper`, `none`.
    pub flow: Option<String>,
    /// Day of the event (異動日).
    pub event_date: Option<FuzzyDate>,
    /// New address with building.
    pub new_address: Option<Address>,
    /// Old address.
    pub old_address: Option<Address>,
    /// New head's name.
    pub new_head: Option<PersonName>,
    /// Old head's name.
    pub old_head: Option<PersonName>,
    /// Persons by number.
    pub members: Vec<MemberDraft>,
    /// What a person must look at, in form order.
    pub problems: Vec<Problem>,
}

/// Something a person must look at before signing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// The field.
    pub path: FieldPath,
    /// What is the matter.
    pub kind: ProblemKind,
}

/// What is the matter with a field.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ProblemKind {
    /// Required and empty.
    Missing,
    /// Not a date.
    Date(DateError),
    /// The event lies in the future.
    FutureDate,
    /// The event was more than 14 days ago: ask why (期間経過). Does not stop signing.
    Late {
        /// Days since the event.
        days: i64,
    },
    /// Not katakana.
    Kana,
    /// Not a known sex.
    Sex,
    /// Not a known relation.
    Relation,
    /// The household has no head.
    NoHead,
    /// The household has more than one head.
    SeveralHeads,
    /// Two counters entered different values and nobody chose.
    Disputed,
}

impl ProblemKind {
    /// Whether signing must wait.
    pub fn blocks(&self) -> bool {
        !matches!(self, Self::Late { .. })
    }
}

impl MoveDraft {
    /// Reads a draft on the day it would be filed.
    pub fn from_draft(draft: &Draft, filed_on: Date) -> Self {
        let mut reader = Reader {
            draft,
            problems: Vec::new(),
        };
        let event = reader.required("event.type");
        let flow = reader.text("event.flow");
        let event_date = reader.required_date("event.date");
        if let Some(date) = event_date {
            reader.check_event_date(date, filed_on);
        }
        let new_address = reader.required("address.new").map(|text| {
            let building = reader.text("address.new.building");
            let mut address = Address::parse(&text);
            address.building = building.or(address.building);
            address
        });
        let old_address = reader
            .required("address.old")
            .map(|text| Address::parse(&text));
        let new_head = reader.text("head.new").map(PersonName::new);
        let old_head = reader.text("head.old").map(PersonName::new);
        let members: Vec<_> = member_numbers(draft)
            .into_iter()
            .map(|number| reader.member(number, filed_on))
            .collect();
        reader.check_heads(event.as_deref(), &members);
        reader.check_disputes();
        let problems = reader.problems;
        Self {
            event,
            flow,
            event_date,
            new_address,
            old_address,
            new_head,
            old_head,
            members,
            problems,
        }
    }

    /// The members by the household they live in after the event: those it moves apart from those
    /// who stay, everybody together otherwise.
    pub fn households_after(&self) -> Vec<Vec<&MemberDraft>> {
        households_after(self.event.as_deref(), &self.members)
    }

    /// The members by the household they lived in before the event. Households are entered one after
    /// the other, as registers print them: each head begins one.
    pub fn households_before(&self) -> Vec<Vec<&MemberDraft>> {
        let mut households: Vec<Vec<&MemberDraft>> = Vec::new();
        let mut has_head = false;
        for member in &self.members {
            let is_head = member
                .relation_before
                .as_ref()
                .is_some_and(Relation::is_head);
            match households.last_mut().filter(|_| !(is_head && has_head)) {
                Some(last) => last.push(member),
                None => households.push(vec![member]),
            }
            has_head |= is_head;
        }
        households
    }

    /// Whether nothing stands in the way of signing.
    pub fn can_be_signed(&self) -> bool {
        !self.problems.iter().any(|problem| problem.kind.blocks())
    }
}

fn households_after<'m>(
    event: Option<&str>,
    members: &'m [MemberDraft],
) -> Vec<Vec<&'m MemberDraft>> {
    let event = event.and_then(Event::from_code);
    if event.is_some_and(Event::parts_a_household) {
        let (moving, staying) = members.iter().partition(|member| member.moving);
        vec![moving, staying]
    } else {
        vec![members.iter().collect()]
    }
}

/// Numbers of the members that have at least one field that is not emptied.
pub fn member_numbers(draft: &Draft) -> BTreeSet<u8> {
    draft
        .fields()
        .filter(|(_, field)| field.shown.value != FieldValue::Cleared)
        .filter_map(|(path, _)| {
            path.as_str()
                .strip_prefix("member.")?
                .split('.')
                .next()?
                .parse()
                .ok()
        })
        .collect()
}

struct Reader<'a> {
    draft: &'a Draft,
    problems: Vec<Problem>,
}

impl Reader<'_> {
    fn problem(&mut self, path: &str, kind: ProblemKind) {
        self.problems.push(Problem {
            path: path.into(),
            kind,
        });
    }

    fn text(&self, path: &str) -> Option<String> {
        self.draft
            .text(path)
            .filter(|text| !text.trim().is_empty())
            .map(str::to_owned)
    }

    fn required(&mut self, path: &str) -> Option<String> {
        let text = self.text(path);
        if text.is_none() {
            self.problem(path, ProblemKind::Missing);
        }
        text
    }

    /// Takes a field through `parse`; an empty field is left to `required`.
    fn parsed<T>(
        &mut self,
        path: &str,
        parse: impl Fn(&str) -> Result<T, ProblemKind>,
    ) -> Option<T> {
        let text = self.text(path)?;
        parse(&text).map_err(|kind| self.problem(path, kind)).ok()
    }

    fn required_date(&mut self, path: &str) -> Option<FuzzyDate> {
        self.required(path)?;
        self.parsed(path, |text| text.parse().map_err(ProblemKind::Date))
    }

    fn check_event_date(&mut self, date: FuzzyDate, filed_on: Date) {
        let Some((first, last)) = date.interval() else {
            return;
        };
        if first > filed_on {
            self.problem("event.date", ProblemKind::FutureDate);
        }
        let days = i64::from((filed_on - last).get_days());
        let due = last.checked_add(REPORT_WITHIN_DAYS.days());
        if due.is_ok_and(|due| filed_on > due) {
            self.problem("event.date", ProblemKind::Late { days });
        }
    }

    fn member(&mut self, number: u8, filed_on: Date) -> MemberDraft {
        let path = |field: &str| format!("member.{number}.{field}");
        let name = self.required(&path("name")).map(PersonName::new);
        let kana = self.parsed(&path("kana"), |text| {
            Kana::parse(text).map_err(|_| ProblemKind::Kana)
        });
        let birth = self.required_date(&path("birth_date"));
        if birth
            .and_then(|date| date.interval())
            .is_some_and(|(first, _)| first > filed_on)
        {
            self.problem(&path("birth_date"), ProblemKind::FutureDate);
        }
        self.required(&path("sex"));
        let sex = self.parsed(&path("sex"), |text| {
            Sex::parse(text).ok_or(ProblemKind::Sex)
        });
        self.required(&path("relation"));
        let relation = |text: &str| text.parse::<Relation>().map_err(|_| ProblemKind::Relation);
        MemberDraft {
            number,
            name,
            kana,
            birth,
            sex,
            relation: self.parsed(&path("relation"), relation),
            relation_before: self.parsed(&path("relation_before"), relation),
            nationality: self.text(&path("nationality")),
            moving: self.moves(&path("moving")),
        }
    }

    fn moves(&self, path: &str) -> bool {
        let field = self.draft.field(&path.into());
        field.is_none_or(|field| field.shown.value != FieldValue::Flag(false))
    }

    fn check_heads(&mut self, event: Option<&str>, members: &[MemberDraft]) {
        if members.is_empty() {
            self.problem("member.1.name", ProblemKind::Missing);
        }
        for household in households_after(event, members) {
            self.check_head_of(&household);
        }
    }

    /// Those who stay behind have a head of their own, so only a household of movers needs one here.
    fn check_head_of(&mut self, members: &[&MemberDraft]) {
        let related = members
            .iter()
            .filter_map(|member| Some((member, member.relation.as_ref()?)));
        let heads: Vec<u8> = related
            .filter(|(_, relation)| relation.is_head())
            .map(|(member, _)| member.number)
            .collect();
        let all_known = members.iter().all(|member| member.relation.is_some());
        let moves = members.iter().any(|member| member.moving);
        match heads.as_slice() {
            [] if moves && all_known && self.text("head.new").is_none() => {
                self.problem("head.new", ProblemKind::NoHead);
            }
            [] | [_] => {}
            [_, others @ ..] => {
                for number in others {
                    let path = format!("member.{number}.relation");
                    self.problem(&path, ProblemKind::SeveralHeads);
                }
            }
        }
    }

    fn check_disputes(&mut self) {
        let disputed: Vec<FieldPath> = self
            .draft
            .fields()
            .filter(|(_, field)| !field.others.is_empty())
            .map(|(path, _)| path.clone())
            .collect();
        let kind = ProblemKind::Disputed;
        self.problems
            .extend(disputed.into_iter().map(|path| Problem {
                path,
                kind: kind.clone(),
            }));
    }
}
