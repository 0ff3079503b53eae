//! Answers nobody has to give: what the city's records, the old city and the card on the reader know
//! fills facts of the guide with its source. Staff may ask again all the same; what a record and a
//! person say differently stands side by side until somebody chooses.

use std::cmp::Reverse;

use counter_api::{Answered, Notice, QuestionView};
use counter_domain::draft::{FieldPath, FieldValue, Source};
use counter_domain::prepared::PreparedKind;
use counter_guide::known::KnownFact;
use counter_guide::{FactValue, Guide};

use crate::desk::Desk;
use crate::desk::interview::Names;
use crate::desk::reservations::beside_path;
use crate::desk::residents::copy_path;
use crate::desk::staff::answer_path;
use crate::desk::visit::Visit;
use crate::records::{Entry, Records};
use crate::texts::{Code, notice, sentence, word};

/// Where answers are kept in a draft.
const ANSWER: &str = "answer.";

/// Records whose answer is kept beside another one.
const OF_RECORDS: [Source; 2] = [Source::ResidentCopy, Source::Certificate];

/// Adds what a record knows of a member to what is about to be stored: as the answer where there is
/// none, beside it where another was given.
pub(super) fn add_known(
    visit: &Visit,
    entries: &mut Vec<Entry>,
    number: u8,
    known: Vec<KnownFact>,
    source: Source,
) {
    for KnownFact { fact, value } in known {
        let member = (!fact.starts_with("hh.")).then_some(number);
        let path = answer_path(&fact, member);
        let planned = entries.iter_mut().find(|entry| entry.path == path);
        if let Some(planned) = planned {
            // Each of a household has dogs of their own.
            if let (FieldValue::Count(sum), FieldValue::Count(more)) = (&mut planned.value, &value)
            {
                *sum += more;
            }
            continue;
        }
        let path = match standing(visit, &path) {
            None => path,
            Some(now) if now == value => continue,
            Some(_) => beside(&path, source),
        };
        if standing(visit, &path).as_ref() != Some(&value) {
            entries.push(Entry {
                path,
                value,
                source,
            });
        }
    }
}

/// The value at a path, where there is one.
fn standing(visit: &Visit, path: &FieldPath) -> Option<FieldValue> {
    let value = visit.draft().field(path)?.shown.value;
    let stands = match &value {
        FieldValue::Text(text) => !text.is_empty(),
        FieldValue::Flag(_) | FieldValue::Count(_) => true,
        FieldValue::Unknown | FieldValue::Cleared => false,
    };
    stands.then_some(value)
}

/// Where a record's answer is kept beside another one.
fn beside(path: &FieldPath, source: Source) -> FieldPath {
    FieldPath(if source == Source::Certificate {
        beside_path(PreparedKind::MoveOut, path.as_str())
    } else {
        copy_path(path.as_str())
    })
}

/// What a record says otherwise than the answer at `path`, with whose record it is.
fn said_otherwise(visit: &Visit, path: &FieldPath) -> Option<(Source, FieldValue)> {
    let now = standing(visit, path)?;
    OF_RECORDS.into_iter().find_map(|source| {
        let said = standing(visit, &beside(path, source))?;
        (said != now).then_some((source, said))
    })
}

/// Whether some record says otherwise than an answer.
pub(super) fn is_contradicted(visit: &Visit) -> bool {
    let mut paths = visit.draft().paths_under(ANSWER);
    paths.any(|path| said_otherwise(visit, path).is_some())
}

impl<R: Records> Desk<R> {
    /// Takes an answer back, so that it is asked. What a record said stays beside it.
    pub(super) fn ask_again(&mut self, fact: &str, member: Option<u8>) -> Result<(), Notice> {
        let path = answer_path(fact, member);
        let visit = self.editable()?;
        let field = visit.draft().field(&path);
        let shown = field.ok_or_else(|| notice(Code::NotPossibleNow))?.shown;
        let mut entries = Vec::new();
        if OF_RECORDS.contains(&shown.source) {
            entries.push(Entry {
                path: beside(&path, shown.source),
                value: shown.value,
                source: shown.source,
            });
        }
        entries.push(Entry {
            path,
            value: FieldValue::Cleared,
            source: Source::Staff,
        });
        self.visit_mut()?.interview.asking = Some(fact.to_owned());
        self.store(&entries)
    }

    /// A person chose between an answer and what a record says.
    pub(super) fn choose_answer(
        &mut self,
        fact: &str,
        member: Option<u8>,
        take: bool,
    ) -> Result<(), Notice> {
        let path = answer_path(fact, member);
        let visit = self.editable()?;
        let said = said_otherwise(visit, &path);
        let (source, value) = said.ok_or_else(|| notice(Code::NotPossibleNow))?;
        let mut entries = vec![Entry {
            path: beside(&path, source),
            value: FieldValue::Cleared,
            source: Source::Staff,
        }];
        if take {
            entries.push(Entry {
                path,
                value,
                source,
            });
        }
        self.store(&entries)
    }

    /// The question to ask now, with what records say of it although somebody wants to hear it.
    pub(super) fn question(&self, visit: &Visit) -> Option<QuestionView> {
        let mut question = visit.interview.question.clone()?;
        let guide = self.interviewer.guide(visit.draft())?;
        let names = Names::of_case(visit.draft());
        let asked = question.members.iter().map(|row| Some(row.number));
        let asked: Vec<Option<u8>> = if question.members.is_empty() {
            vec![question.member]
        } else {
            asked.collect()
        };
        let said = asked.into_iter().flat_map(|member| {
            let path = answer_path(&question.fact, member);
            let name = names.of(member);
            OF_RECORDS.into_iter().filter_map(move |source| {
                Some((
                    name.clone(),
                    source,
                    standing(visit, &beside(&path, source))?,
                ))
            })
        });
        question.records = said
            .filter_map(|(name, source, value)| {
                let answer = guide.answer_ja(&question.fact, &of_guide(&value)?);
                let record = if source == Source::Certificate {
                    word("answers", "certificate")
                } else {
                    word("answers", "copy")
                };
                let values = [
                    ("name", name.as_str()),
                    ("record", &record),
                    ("answer", &answer),
                ];
                let sentence_of = if name.is_empty() {
                    "record"
                } else {
                    "record_of"
                };
                Some(sentence("answers", sentence_of, &values))
            })
            .collect();
        Some(question)
    }

    /// The answers, those with something beside them first, then the newest.
    pub(super) fn answered(&self, visit: &Visit) -> Vec<Answered> {
        let Some(guide) = self.interviewer.guide(visit.draft()) else {
            return Vec::new();
        };
        let names = Names::of_case(visit.draft());
        let fields = visit.draft().fields_under(ANSWER);
        let mut given: Vec<_> = fields
            .filter_map(|(path, field)| {
                let shown = field.shown;
                let view = answered(visit, guide, &names, path, &shown.value, shown.source)?;
                Some((view.beside.is_empty(), Reverse(shown.at), view))
            })
            .collect();
        given.sort_by_key(|(settled, at, _)| (*settled, *at));
        given.into_iter().map(|(_, _, view)| view).collect()
    }
}

fn answered(
    visit: &Visit,
    guide: &Guide,
    names: &Names<'_>,
    path: &FieldPath,
    value: &FieldValue,
    source: Source,
) -> Option<Answered> {
    let (member, fact) = split(path.as_str().strip_prefix(ANSWER)?);
    let known = guide.catalogue().fact(fact)?;
    let question = known.question.as_ref();
    let text = question.map_or(&known.label_ja, |question| &question.ja);
    let in_words = |value: &FieldValue| Some(guide.answer_ja(fact, &of_guide(value)?));
    let otherwise = said_otherwise(visit, path);
    Some(Answered {
        fact: fact.to_owned(),
        member,
        member_name: names.of(member),
        text: text.clone(),
        answer: in_words(value)?,
        source: Some(source),
        can_ask: question.is_some(),
        beside: otherwise
            .as_ref()
            .and_then(|(_, said)| in_words(said))
            .unwrap_or_default(),
        beside_from: otherwise.map(|(source, _)| source),
    })
}

/// The member and the fact of a path below [`ANSWER`].
pub(super) fn split(path: &str) -> (Option<u8>, &str) {
    let of_member = path.strip_prefix('m').and_then(|rest| rest.split_once('.'));
    let of_member = of_member.and_then(|(number, fact)| Some((number.parse().ok()?, fact)));
    of_member.map_or((None, path), |(number, fact)| (Some(number), fact))
}

/// A stored answer as the guide takes it; `None` for one taken back.
fn of_guide(value: &FieldValue) -> Option<FactValue> {
    match value {
        FieldValue::Text(text) => Some(FactValue::Choice(text.clone())),
        FieldValue::Flag(flag) => Some(FactValue::Flag(*flag)),
        FieldValue::Count(count) => Some(FactValue::Count(*count)),
        FieldValue::Unknown => Some(FactValue::Unknown),
        FieldValue::Cleared => None,
    }
}
