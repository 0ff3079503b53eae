//! What is wrong with a field, and what keeps a case from being signed.

use std::fmt;

use counter_api::GlyphPicture;
use counter_domain::age::age_on;
use counter_domain::date::FuzzyDate;
use counter_domain::household::{MoveDraft, ProblemKind};
use counter_domain::identity::two_papers;
use counter_domain::name::Kana;
use counter_domain::relation::Relation;
use counter_domain::snapshot::{Snapshot, SnapshotForm};
use counter_forms::{Answers, FormBox, ticks};
use identity_cards::ResidenceNumber;
use jiff::civil::Date;

use crate::desk::paper;
use crate::desk::picks;
use crate::desk::request;
use crate::desk::reservations::is_contradicted;
use crate::desk::residents::copy_value;
use crate::desk::visit::Visit;
use crate::desk::{Desk, visit::Showing};
use crate::fields::{EXEMPTIONS, FieldDef, Kind, MEMBERS, When, fields, split_member};
use crate::records::Records;
use crate::texts::{sentence, word};

/// Which characters of a name or address can be printed exactly.
pub trait GlyphGate: Send + Sync + fmt::Debug {
    /// The first character that cannot, as code points.
    fn missing(&self, text: &str) -> Option<String>;

    /// The shape of one character, where some font here has exactly it.
    fn outline(&self, _character: &str) -> GlyphPicture {
        GlyphPicture::default()
    }

    /// The forms a content is printed on, in the version that is used for it now; none where no form
    /// can be made.
    fn forms_of(&self, _content: &Snapshot) -> Vec<SnapshotForm> {
        Vec::new()
    }

    /// What the forms of a content ask beyond it and the answers, with what was entered; nothing
    /// where no form can be made.
    fn boxes(&self, _content: &Snapshot, _answers: &Answers) -> Vec<FormBox> {
        Vec::new()
    }
}

/// Lets everything through: where no fonts are installed, forms are refused as a whole.
#[derive(Debug, Clone, Copy, Default)]
pub struct NoGate;

impl GlyphGate for NoGate {
    fn missing(&self, _text: &str) -> Option<String> {
        None
    }
}

/// What is stored for a typed value: a date that is understood in ISO form, a choice by its value,
/// everything else as typed. Names and addresses are never touched.
pub(super) fn tidy(def: &FieldDef, typed: &str) -> String {
    match def.kind {
        Kind::Exact | Kind::Text => typed.to_owned(),
        Kind::Kana | Kind::Phone => typed.trim().to_owned(),
        Kind::ResidenceCard => typed.trim().to_uppercase(),
        Kind::Date => typed
            .parse::<FuzzyDate>()
            .map_or_else(|_| typed.trim().to_owned(), |d| d.to_string()),
        Kind::Choice => {
            let choices = fields().choices(&def.choices);
            let chosen = choices.iter().find(|choice| choice.label == typed.trim());
            chosen.map_or_else(|| typed.trim().to_owned(), |choice| choice.value.clone())
        }
        Kind::Choices => fields().in_order(&def.choices, typed),
    }
}

/// What is wrong with a value; `None` when it is right or empty.
pub(super) fn wrong(
    def: &FieldDef,
    value: &str,
    today: Date,
    gate: &dyn GlyphGate,
) -> Option<String> {
    if value.is_empty() {
        return None;
    }
    match def.kind {
        Kind::Text => None,
        // A card had no code for the character: whoever sees its face must fill it in.
        Kind::Exact if value.contains(identity_cards::GETA) => Some(word("error", "geta")),
        Kind::Exact => gate
            .missing(value)
            .map(|text| sentence("error", "glyph", &[("text", &text)])),
        Kind::Kana => Kana::parse(value).is_err().then(|| word("error", "kana")),
        Kind::Phone => {
            let right = value
                .chars()
                .all(|c| c.is_ascii_digit() || "-+() ".contains(c));
            (!right || value.chars().filter(char::is_ascii_digit).count() < 10)
                .then(|| word("error", "phone"))
        }
        Kind::ResidenceCard => ResidenceNumber::parse(value)
            .is_err()
            .then(|| word("error", "residence_card")),
        Kind::Date => match value.parse::<FuzzyDate>() {
            Err(error) => Some(error.advice_ja()),
            Ok(date) => {
                let future = date.interval().is_some_and(|(first, _)| first > today);
                (def.past && future).then(|| word("error", "date_future"))
            }
        },
        Kind::Choice => {
            let known = [MEMBERS, EXEMPTIONS].contains(&def.choices.as_str())
                || fields()
                    .choices(&def.choices)
                    .iter()
                    .any(|choice| choice.value == value);
            // Composed relations (子の子の子) are longer than any list.
            let composed = def.choices == "relation" && value.parse::<Relation>().is_ok();
            (!known && !composed).then(|| word("error", "choice"))
        }
        Kind::Choices => {
            let choices = fields().choices(&def.choices);
            let known = |tick: &str| choices.iter().any(|choice| choice.value == tick);
            (!ticks(value).all(known)).then(|| word("error", "choice"))
        }
    }
}

/// A date as people read it: `令和8年11月3日`; other text as it is.
pub(crate) fn date_in_words(value: &str) -> String {
    value
        .parse::<FuzzyDate>()
        .map_or_else(|_| value.to_owned(), |date| date.wareki())
}

/// The other calendar, and the age where it is a birth date.
pub(super) fn date_hint(path: &str, value: &str, today: Date) -> String {
    let Ok(date) = value.parse::<FuzzyDate>() else {
        return String::new();
    };
    let western = date.western();
    if !path.ends_with(".birth_date") {
        return western;
    }
    match date.exact().map(|born| age_on(born, today)) {
        Some(age) => sentence(
            "age",
            "hint",
            &[("date", &western), ("age", &age.to_string())],
        ),
        None => western,
    }
}

/// The value as people see it.
pub(super) fn shown(def: &FieldDef, value: &str) -> String {
    match def.kind {
        Kind::Date => date_in_words(value),
        Kind::Choice => fields().chosen(&def.choices, value).0,
        Kind::Choices => fields().all_chosen(&def.choices, value).0,
        Kind::Text | Kind::Exact | Kind::Kana | Kind::Phone | Kind::ResidenceCard => {
            value.to_owned()
        }
    }
}

/// What is wrong between the persons of a household, or two documents, at this field.
pub(super) fn head_problem(visit: &Visit, path: &str, today: Date) -> Option<String> {
    if path == SECOND_PAPER {
        let (first, second) = (visit.text(FIRST_PAPER), visit.text(SECOND_PAPER));
        let both = !first.is_empty() && !second.is_empty();
        let wrong = two_papers(first, second).err().filter(|_| both);
        return wrong.map(|error| error.advice_ja().to_owned());
    }
    let problems = MoveDraft::from_draft(visit.draft(), today).problems;
    let here = problems
        .iter()
        .filter(|problem| problem.path.as_str() == path);
    here.map(|problem| &problem.kind)
        .find_map(|kind| match kind {
            ProblemKind::SeveralHeads => Some(word("error", "several_heads")),
            ProblemKind::NoHead => Some(word("error", "no_head")),
            ProblemKind::Missing
            | ProblemKind::Date(_)
            | ProblemKind::FutureDate
            | ProblemKind::Late { .. }
            | ProblemKind::Kana
            | ProblemKind::Sex
            | ProblemKind::Relation
            | ProblemKind::Disputed => None,
        })
}

pub(super) fn still_missing(visit: &Visit, all: &[Asked<'_>]) -> Option<String> {
    let missing: Vec<&str> = all
        .iter()
        .filter(|asked| asked.required && visit.text(&asked.path).is_empty())
        .map(|asked| asked.def.label.ja.as_str())
        .collect();
    let (label, rest) = missing.split_first()?;
    let count = rest.len().to_string();
    let name = if rest.is_empty() {
        "fields"
    } else {
        "fields_more"
    };
    let values = [("label", *label), ("count", count.as_str())];
    Some(sentence("blocked", name, &values))
}

/// An event that may concern a part of the household concerns somebody.
fn nobody_marked(visit: &Visit) -> Option<String> {
    let mark = visit.plan().mark.as_ref()?;
    let nobody = visit.marked().is_empty();
    nobody.then(|| sentence("blocked", "nobody", &[("mark", &mark.moves)]))
}

fn refused(visit: &Visit) -> Option<String> {
    let refusal = visit.refusals.first()?;
    let reason = refusal.kind.reason_ja();
    Some(sentence("blocked", "refused", &[("reason", reason)]))
}

/// A field of a case, as it is asked there.
pub(super) struct Asked<'p> {
    pub(super) def: &'p FieldDef,
    pub(super) path: String,
    pub(super) required: bool,
}

/// The documents without a photograph that were seen.
pub(super) const FIRST_PAPER: &str = "identity.paper.1";
pub(super) const SECOND_PAPER: &str = "identity.paper.2";

/// Fields of somebody who only stays: who it is, and how old.
const OF_THE_STAYING: [&str; 4] = ["name", "birth_date", "relation_before", "relation"];

/// The fields about nobody in particular that are asked now.
pub(super) fn asked_of_the_move(visit: &Visit) -> Vec<Asked<'static>> {
    let defs = visit.plan().of_the_move();
    let elsewhere = |def: &FieldDef| {
        let plan = visit.plan();
        plan.is_in_request(def) || plan.is_at_identity(def)
    };
    defs.filter(|def| !elsewhere(def) && is_asked(visit, def, None))
        .map(|def| Asked {
            def,
            path: def.path_for(None),
            required: def.required,
        })
        .collect()
}

/// The fields that are asked where identity is checked.
pub(super) fn asked_at_identity(visit: &Visit) -> Vec<Asked<'static>> {
    let defs = visit.plan().of_the_move();
    defs.filter(|def| visit.plan().is_at_identity(def))
        .map(|def| (def, is_needed(visit, def, None)))
        .filter(|(def, needed)| *needed || !visit.text(&def.path).is_empty())
        .map(|(def, needed)| Asked {
            def,
            path: def.path_for(None),
            required: needed && def.required,
        })
        .collect()
}

/// The fields the certificates asked for need, with the certificates.
pub(super) fn asked_in_request(visit: &Visit) -> Vec<Asked<'static>> {
    let defs = visit.plan().of_the_move();
    let defs = defs.filter(|def| visit.plan().is_in_request(def));
    let asked = defs.filter_map(|def| {
        let (wanted, required) = request::wants(visit, &def.path);
        let path = def.path_for(None);
        let shown = wanted || !visit.text(&path).is_empty();
        shown.then_some(Asked {
            def,
            path,
            required: wanted && required,
        })
    });
    asked.collect()
}

/// The fields of a person that are asked now.
pub(super) fn asked_of_a_member(visit: &Visit, number: u8) -> Vec<Asked<'static>> {
    let plan = visit.plan();
    let stays = plan.mark.is_some() && !visit.is_marked(number);
    let of_the_staying = |path: &str| {
        let name = split_member(path).map(|(_, name)| name);
        name.is_some_and(|name| OF_THE_STAYING.contains(&name))
    };
    let asked = plan.of_a_member().filter_map(|def| {
        let path = def.path_for(Some(number));
        let shown = !stays || of_the_staying(&path);
        let required = def.required && (!stays || path.rsplit('.').next() == Some("name"));
        (shown && is_asked(visit, def, Some(number))).then_some(Asked {
            def,
            path,
            required,
        })
    });
    asked.collect()
}

/// Whether a field is asked: what it waits for is there, or it was filled already.
fn is_asked(visit: &Visit, def: &FieldDef, member: Option<u8>) -> bool {
    is_needed(visit, def, member) || !visit.text(&def.path_for(member)).is_empty()
}

/// Whether what a field waits for is there.
fn is_needed(visit: &Visit, def: &FieldDef, member: Option<u8>) -> bool {
    match def.when {
        When::Always => true,
        When::NotForeign => member.is_none_or(|number| !visit.is_foreigner(number)),
        When::TwoPapers => visit.text("identity.kind") == "two_points",
        When::ByMail => visit.text("event.certificate") == "mail",
        When::Foreign => member.is_some_and(|number| visit.is_foreigner(number)),
        When::ForeignerConcerned => visit.concerns_a_foreigner(),
        When::Late => visit.late.is_some(),
        When::HeadLeaves => visit.head_leaves(),
        When::ForAnother => {
            let role = visit.text("notifier.role");
            let asker = visit.text("request.asker");
            matches!(role, "guardian" | "proxy" | "messenger")
                || (!asker.is_empty() && asker != "self")
        }
    }
}

/// Every field that is asked in a case.
pub(super) fn all_fields(visit: &Visit) -> Vec<Asked<'static>> {
    let members = visit.members().into_iter();
    let of_members = members.flat_map(|number| asked_of_a_member(visit, number));
    asked_of_the_move(visit)
        .into_iter()
        .chain(of_members)
        .collect()
}

impl<R: Records> Desk<R> {
    /// What is still missing or wrong in the household step, in words.
    pub(super) fn household_problem(&self, visit: &Visit) -> Option<String> {
        if !visit.unsaved.is_empty() {
            return Some(word("blocked", "unsaved"));
        }
        let all = all_fields(visit);
        still_missing(visit, &all)
            .or_else(|| nobody_marked(visit))
            .or_else(|| refused(visit))
            .or_else(|| {
                all.iter()
                    .find_map(|asked| self.field_problem(visit, asked))
            })
    }

    /// What is still missing or wrong among the certificates asked for, in words.
    pub(super) fn request_problem(&self, visit: &Visit) -> Option<String> {
        let asked = || asked_in_request(visit);
        let problem = request::problem(visit).or_else(|| picks::problem(visit));
        problem.or_else(|| {
            let plan = visit.plan();
            let mut fields = asked().into_iter().filter(|_| plan.asks_for_certificates());
            fields.find_map(|asked| self.field_problem(visit, &asked))
        })
    }

    fn field_problem(&self, visit: &Visit, asked: &Asked<'_>) -> Option<String> {
        let (def, path) = (asked.def, asked.path.as_str());
        let label = [("label", def.label.ja.as_str())];
        let undecided = visit
            .draft()
            .field(&path.into())
            .is_some_and(|field| !field.others.is_empty());
        if undecided {
            return Some(sentence("blocked", "others", &label));
        }
        if is_contradicted(visit, path) {
            return Some(sentence("blocked", "beside", &label));
        }
        if copy_value(visit, path).is_some() {
            return Some(sentence("blocked", "copy", &label));
        }
        if let Some(problem) = paper::problem(visit, path) {
            return Some(sentence("blocked", problem, &label));
        }
        let today = self.today();
        wrong(def, visit.text(path), today, self.glyphs.as_ref())
            .or_else(|| head_problem(visit, path, today))
            .map(|_| sentence("blocked", "wrong", &label))
    }

    /// Why the form cannot be shown for signing yet.
    pub(super) fn not_ready_to_sign(&self) -> Option<String> {
        let visit = self.visit.as_ref()?;
        let problem = self.household_problem(visit);
        problem
            .or_else(|| self.request_problem(visit))
            .or_else(|| self.box_problem(visit))
            .or_else(|| self.identity_problem(visit))
    }

    /// Whether somebody was identified, and well enough for what is asked for.
    fn identity_problem(&self, visit: &Visit) -> Option<String> {
        if visit.text("identity.kind").is_empty() {
            return Some(word("blocked", "identity"));
        }
        let asked = asked_at_identity(visit);
        let wrong = || asked.iter().find_map(|one| self.field_problem(visit, one));
        request::identity_problem(visit)
            .or_else(|| still_missing(visit, &asked))
            .or_else(wrong)
    }

    /// Why the main button of the step shown does nothing; `None` when it works.
    pub(super) fn blocked_by(&self, visit: &Visit) -> Option<String> {
        use counter_api::Step;
        match visit.step {
            Step::Documents | Step::Questions | Step::Finish => None,
            Step::Procedures => self.box_problem(visit),
            Step::Household => self.household_problem(visit),
            Step::Request => self.request_problem(visit),
            Step::Identity => self.identity_problem(visit),
            Step::Sign => {
                if !visit.is_editable() {
                    return Some(word("blocked", "frozen"));
                }
                match visit.showing {
                    Showing::Reading(_) | Showing::Signing(_) | Showing::Saving => {
                        Some(word("blocked", "not_signed"))
                    }
                    Showing::No | Showing::Objected => self.not_ready_to_sign(),
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug)]
    struct NoFish;

    impl GlyphGate for NoFish {
        fn missing(&self, text: &str) -> Option<String> {
            text.contains('魚').then(|| "U+9B5A".to_owned())
        }
    }

    #[track_caller]
    fn check(path: &str, typed: &str) -> (String, Option<String>) {
        let def = fields().find(path).unwrap();
        let stored = tidy(def, typed);
        let error = wrong(def, &stored, jiff::civil::date(2026, 11, 21), &NoFish);
        (stored, error)
    }

    #[test]
    fn dates_are_understood_in_both_calendars() {
        assert_eq!(check("member.1.birth_date", "S60.7.14").0, "1985-07-14");
        assert_eq!(
            check("event.date", "令和8年11月14日"),
            ("2026-11-14".to_owned(), None)
        );
        assert_eq!(
            check("event.date", "2026-12-01").1,
            Some(word("error", "date_future"))
        );
        assert!(check("event.date", "きのう").1.is_some());
    }

    #[test]
    fn names_are_kept_as_typed_and_stopped_at_the_gate() {
        assert_eq!(
            check("member.1.name", "架空　太郎 "),
            ("架空　太郎 ".to_owned(), None)
        );
        assert!(
            check("member.1.name", "架空　魚")
                .1
                .is_some_and(|e| e.contains("U+9B5A"))
        );
    }

    #[test]
    fn choices_are_taken_by_label_and_relations_may_be_composed() {
        assert_eq!(check("notifier.role", "世帯主"), ("head".to_owned(), None));
        assert_eq!(check("member.1.relation", "子の子の子").1, None);
        assert_eq!(
            check("member.1.relation", "孫").1,
            Some(word("error", "choice"))
        );
        assert_eq!(
            check("member.1.kana", "かくう").1,
            Some(word("error", "kana"))
        );
        assert_eq!(check("notifier.phone", "090-0000-0000").1, None);
    }
}
