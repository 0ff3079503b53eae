//! What the guide says of a case, in the form other programs read.

use serde::Serialize;

use crate::case_file::CaseFile;
use crate::catalogue::{Catalogue, Fact, FactType, Level, Words};
use crate::guide::{Ask, AskGroup, FactRef, Guidance, Guide, Listed, ProcedureRef, ToConfirm};
use crate::words;

/// A member: the name of the file, its number where it has none, `null` for the household.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(untagged)]
pub enum Who {
    /// Name as handed in.
    Name(String),
    /// Number in the case.
    Number(u8),
}

/// What `todoke guide list` prints.
#[derive(Debug, Serialize)]
pub struct ListAnswer {
    /// Needed procedures.
    pub listed: Vec<ListedAnswer>,
    /// Questions, the best one first.
    pub ask: Vec<AskAnswer>,
    /// Procedures that wait for a fact.
    pub to_confirm: Vec<ToConfirmAnswer>,
    /// How many procedures, counted for each member, are certainly not needed.
    pub hidden: usize,
    /// Facts that cannot be true together.
    pub contradictions: Vec<ContradictionAnswer>,
}

/// The same with nothing but what other programs are promised.
#[derive(Debug, Serialize)]
pub struct BriefAnswer {
    /// Needed procedures.
    pub listed: Vec<BriefListed>,
    /// Questions, the best one first.
    pub ask: Vec<BriefAsk>,
    /// How many procedures, counted for each member, are certainly not needed.
    pub hidden: usize,
}

/// A needed procedure in brief.
#[derive(Debug, Serialize)]
pub struct BriefListed {
    /// Catalogue id.
    pub procedure: String,
    /// Member it is for.
    pub member: Option<Who>,
    /// Why, in a sentence.
    pub reason: String,
}

/// A question in brief.
#[derive(Debug, Serialize)]
pub struct BriefAsk {
    /// The fact it settles.
    pub fact: String,
    /// Member it is about.
    pub member: Option<Who>,
    /// Procedures that wait for it.
    pub settles: Vec<String>,
}

impl ListAnswer {
    /// The answer without what is only for people who look closely.
    pub fn brief(self) -> BriefAnswer {
        let listed = self.listed.into_iter();
        let ask = self.ask.into_iter();
        BriefAnswer {
            listed: listed
                .map(|one| BriefListed {
                    procedure: one.procedure,
                    member: one.member,
                    reason: one.reason,
                })
                .collect(),
            ask: ask
                .map(|one| BriefAsk {
                    fact: one.fact,
                    member: one.member,
                    settles: one.settles,
                })
                .collect(),
            hidden: self.hidden,
        }
    }
}

/// What `todoke guide change` prints.
#[derive(Debug, Serialize)]
pub struct ChangesAnswer {
    /// Needed now, not before.
    pub added: Vec<BriefListed>,
    /// Needed before, not now.
    pub removed: Vec<BriefListed>,
    /// Numbers of forms that are needed now.
    pub forms_added: Vec<String>,
    /// Numbers of forms nobody needs any more.
    pub forms_removed: Vec<String>,
}

/// A needed procedure.
#[derive(Debug, Serialize)]
pub struct ListedAnswer {
    /// Catalogue id.
    pub procedure: String,
    /// Member it is for.
    pub member: Option<Who>,
    /// Its number in the case.
    pub member_number: Option<u8>,
    /// Name of the procedure.
    pub name: String,
    /// Why, in a sentence.
    pub reason: String,
    /// Until when, in words.
    pub deadline: String,
    /// Last day, where it can be computed.
    pub due: Option<String>,
    /// The reason must not be shown on the resident's display.
    pub sensitive: bool,
}

/// A question about one member or the household.
#[derive(Debug, Serialize)]
pub struct AskAnswer {
    /// The fact it settles.
    pub fact: String,
    /// Member it is about.
    pub member: Option<Who>,
    /// Its number in the case.
    pub member_number: Option<u8>,
    /// Procedures that wait for it.
    pub settles: Vec<String>,
    /// Asked on the staff's screen only.
    pub sensitive: bool,
}

/// A procedure that waits for a fact.
#[derive(Debug, Serialize)]
pub struct ToConfirmAnswer {
    /// Catalogue id.
    pub procedure: String,
    /// Member it would be for.
    pub member: Option<Who>,
    /// Its number in the case.
    pub member_number: Option<u8>,
    /// Facts that would settle it.
    pub missing: Vec<MissingAnswer>,
    /// The same in a sentence.
    pub reason: String,
}

/// A fact nobody knows yet.
#[derive(Debug, Serialize)]
pub struct MissingAnswer {
    /// The fact.
    pub fact: String,
    /// Member it is about.
    pub member: Option<Who>,
}

/// A fact that does not go with others.
#[derive(Debug, Serialize)]
pub struct ContradictionAnswer {
    /// The fact.
    pub fact: String,
    /// Member it is about.
    pub member: Option<Who>,
    /// Facts it does not go with.
    pub because: Vec<String>,
}

/// What `todoke guide next` prints.
#[derive(Debug, Serialize)]
pub struct NextAnswer {
    /// The question; `null` when nothing is left to ask.
    pub question: Option<QuestionAnswer>,
    /// How many questions are open, this one included.
    pub open: usize,
    /// Facts still open about the same person, the question's own first.
    pub same_person: Vec<String>,
}

/// A question with everybody it is asked about.
#[derive(Debug, Serialize)]
pub struct QuestionAnswer {
    /// The fact.
    pub fact: String,
    /// Everybody it is asked about; empty for the household.
    pub members: Vec<MemberAnswer>,
    /// The question.
    pub text: TextAnswer,
    /// Answers; empty for a number. Not knowing (`null`) is an answer too.
    pub answers: Vec<ChoiceAnswer>,
    /// Procedures that wait for it.
    pub settles: Vec<String>,
    /// Asked on the staff's screen only.
    pub sensitive: bool,
}

/// A member of the case.
#[derive(Debug, Serialize)]
pub struct MemberAnswer {
    /// Number in the case.
    pub number: u8,
    /// Name, where the file gives one.
    pub name: Option<String>,
}

/// A text in three languages.
#[derive(Debug, Serialize)]
pub struct TextAnswer {
    /// Japanese.
    pub ja: String,
    /// Plain Japanese.
    pub easy_ja: String,
    /// English.
    pub en: String,
}

/// A possible answer.
#[derive(Debug, Serialize)]
pub struct ChoiceAnswer {
    /// As it is written in facts.
    pub value: String,
    /// Japanese.
    pub ja: String,
    /// English.
    pub en: String,
}

/// One fact of the catalogue, for `todoke guide facts`.
#[derive(Debug, Serialize)]
pub struct FactAnswer {
    /// Full name.
    pub fact: String,
    /// `event`, `household` or `member`.
    pub level: &'static str,
    /// `bool`, `int` or `enum`.
    pub kind: &'static str,
    /// Values of an `enum`.
    pub values: Vec<String>,
    /// Short name.
    pub label: String,
    /// The question, where there is one.
    pub question: Option<String>,
    /// Asked on the staff's screen only.
    pub sensitive: bool,
}

/// What the case leads to.
pub fn list(guide: &Guide, case: &CaseFile) -> ListAnswer {
    let guidance = guide.evaluate(&case.facts);
    let speaker = Speaker { guide, case };
    let contradictions = guide.contradictions(&case.facts);
    ListAnswer {
        listed: guidance
            .listed
            .iter()
            .map(|one| speaker.listed(one))
            .collect(),
        to_confirm: guidance
            .to_confirm
            .iter()
            .map(|one| speaker.to_confirm(one))
            .collect(),
        ask: guidance
            .ask
            .iter()
            .cloned()
            .chain(to_look_up(guide.catalogue(), &guidance))
            .map(|ask| AskAnswer {
                fact: ask.fact,
                member: speaker.who(ask.member),
                member_number: ask.member,
                settles: ask.settles,
                sensitive: ask.sensitive,
            })
            .collect(),
        hidden: guidance.hidden,
        contradictions: contradictions
            .into_iter()
            .map(|one| ContradictionAnswer {
                member: speaker.who(one.fact.member),
                fact: one.fact.fact,
                because: one.because.into_iter().map(|fact| fact.fact).collect(),
            })
            .collect(),
    }
}

/// Facts that nobody is asked because documents tell them (nationality, age), and that are missing
/// all the same: whoever hands the case in may know them.
fn to_look_up(catalogue: &Catalogue, guidance: &Guidance) -> Vec<Ask> {
    let mut found: Vec<Ask> = Vec::new();
    for waiting in &guidance.to_confirm {
        for missing in &waiting.missing {
            let fact = catalogue.fact(&missing.fact);
            let Some(fact) = fact.filter(|fact| fact.question.is_none()) else {
                continue;
            };
            let same = |ask: &&mut Ask| ask.fact == missing.fact && ask.member == missing.member;
            match found.iter_mut().find(same) {
                Some(ask) if ask.settles.contains(&waiting.procedure) => {}
                Some(ask) => ask.settles.push(waiting.procedure.clone()),
                None => found.push(Ask {
                    fact: missing.fact.clone(),
                    member: missing.member,
                    settles: vec![waiting.procedure.clone()],
                    sensitive: fact.sensitive,
                }),
            }
        }
    }
    found
}

/// The next question of the case.
pub fn next(guide: &Guide, case: &CaseFile) -> NextAnswer {
    let guidance = guide.evaluate(&case.facts);
    let first = guidance.questions.first();
    let persons = guidance.questions_by_person().into_iter();
    let whom = first.map(|group| group.members.first().copied());
    let same = persons.filter(|person| Some(person.member) == whom);
    let same = same.flat_map(|person| person.questions);
    NextAnswer {
        question: first.and_then(|group| question(guide.catalogue(), case, group)),
        open: guidance.questions.len(),
        same_person: same.map(|ask| ask.fact).collect(),
    }
}

/// What another answer to a question of the case changes. The reason of what goes is why it was
/// needed.
pub fn changes(guide: &Guide, before: &CaseFile, after: &CaseFile) -> ChangesAnswer {
    let changes = guide.changes(&before.facts, &after.facts);
    let told = |case: &CaseFile, rows: &[ProcedureRef]| {
        let guidance = guide.evaluate(&case.facts);
        let speaker = Speaker { guide, case };
        let is_meant = |listed: &&Listed| {
            let mut rows = rows.iter();
            rows.any(|row| row.procedure == listed.procedure && row.member == listed.member)
        };
        let listed = guidance.listed.iter().filter(is_meant);
        listed
            .map(|one| {
                let told = speaker.listed(one);
                BriefListed {
                    procedure: told.procedure,
                    member: told.member,
                    reason: told.reason,
                }
            })
            .collect()
    };
    ChangesAnswer {
        added: told(after, &changes.added),
        removed: told(before, &changes.removed),
        forms_added: changes.forms_added,
        forms_removed: changes.forms_removed,
    }
}

/// Every fact of the catalogue.
pub fn facts(catalogue: &Catalogue) -> Vec<FactAnswer> {
    let described = |fact: &Fact| FactAnswer {
        fact: fact.name.clone(),
        level: match fact.level {
            Level::Event => "event",
            Level::Household => "household",
            Level::Member => "member",
        },
        kind: match fact.kind {
            FactType::Flag => "bool",
            FactType::Count => "int",
            FactType::Choice => "enum",
        },
        values: fact.values.iter().map(|(name, _)| name.clone()).collect(),
        label: fact.label_ja.clone(),
        question: fact.question.as_ref().map(|question| question.ja.clone()),
        sensitive: fact.sensitive,
    };
    catalogue.facts().iter().map(described).collect()
}

fn question(catalogue: &Catalogue, case: &CaseFile, group: &AskGroup) -> Option<QuestionAnswer> {
    let fact = catalogue.fact(&group.fact)?;
    let text = fact.question.as_ref()?;
    let choice = |value: &str, words: &Words| ChoiceAnswer {
        value: value.to_owned(),
        ja: words.ja.clone(),
        en: words.en.clone(),
    };
    let answers = match fact.kind {
        FactType::Count => Vec::new(),
        FactType::Flag => {
            let [yes, no] = words::yes_and_no();
            vec![choice("true", &yes), choice("false", &no)]
        }
        FactType::Choice => fact
            .values
            .iter()
            .map(|(name, words)| choice(name, words))
            .collect(),
    };
    let member = |number: &u8| MemberAnswer {
        number: *number,
        name: case.name(*number).map(str::to_owned),
    };
    Some(QuestionAnswer {
        fact: group.fact.clone(),
        members: group.members.iter().map(member).collect(),
        text: TextAnswer {
            ja: text.ja.clone(),
            easy_ja: text.easy_ja.clone(),
            en: text.en.clone(),
        },
        answers,
        settles: group.settles.clone(),
        sensitive: group.sensitive,
    })
}

struct Speaker<'a> {
    guide: &'a Guide,
    case: &'a CaseFile,
}

impl Speaker<'_> {
    fn who(&self, member: Option<u8>) -> Option<Who> {
        let number = member?;
        let name = self.case.name(number);
        Some(name.map_or(Who::Number(number), |name| Who::Name(name.to_owned())))
    }

    fn called(&self, member: Option<u8>) -> Option<String> {
        let number = member?;
        let name = self.case.name(number).map(str::to_owned);
        Some(name.unwrap_or_else(|| words::member_ja(number)))
    }

    fn procedure_ja(&self, id: &str) -> String {
        let procedure = self.guide.catalogue().procedure(id);
        procedure.map_or_else(String::new, |one| one.name.ja.clone())
    }

    fn listed(&self, listed: &Listed) -> ListedAnswer {
        let name = self.procedure_ja(&listed.procedure);
        let who = self.called(listed.member);
        ListedAnswer {
            procedure: listed.procedure.clone(),
            member: self.who(listed.member),
            member_number: listed.member,
            reason: words::because_ja(&name, who.as_deref(), &listed.reason_ja),
            name,
            deadline: listed.deadline.words.ja.clone(),
            due: listed.deadline.due.map(|day| day.to_string()),
            sensitive: listed.sensitive,
        }
    }

    fn to_confirm(&self, waiting: &ToConfirm) -> ToConfirmAnswer {
        let missing = waiting.missing.iter().map(|fact| MissingAnswer {
            fact: fact.fact.clone(),
            member: self.who(fact.member),
        });
        ToConfirmAnswer {
            procedure: waiting.procedure.clone(),
            member: self.who(waiting.member),
            member_number: waiting.member,
            missing: missing.collect(),
            reason: self.settled_by(&waiting.procedure, &waiting.missing),
        }
    }

    /// Which facts would settle a procedure, in a sentence.
    fn settled_by(&self, procedure: &str, missing: &[FactRef]) -> String {
        let mut named: Vec<String> = Vec::new();
        for fact in missing {
            let label = self
                .guide
                .catalogue()
                .fact(&fact.fact)
                .map(|fact| fact.label_ja.as_str());
            let called = words::fact_of_ja(
                self.called(fact.member).as_deref(),
                label.unwrap_or_default(),
            );
            if !named.contains(&called) {
                named.push(called);
            }
        }
        words::settled_by_ja(&self.procedure_ja(procedure), &named)
    }
}
