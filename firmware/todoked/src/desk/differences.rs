//! What a change of the case did to what it leads to: procedures, forms, papers to show.
//!
//! What is needed is noted before and after; what stands in one note alone came or went. Names may
//! change meanwhile (a person is renamed) without that being news, so things are told apart by key.

use counter_api::{DifferenceKind, DifferenceView};

use crate::certificates::{asker, of_draft};
use crate::desk::request::signed_lines;
use crate::desk::visit::Visit;
use crate::texts::{sentence, word};

/// What a case needs at one moment.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Needs(Vec<Need>);

#[derive(Debug, Clone, PartialEq, Eq)]
struct Need {
    what: DifferenceKind,
    key: String,
    name: String,
}

impl Needs {
    /// What the case as it stands needs for sure.
    pub(super) fn of(visit: &Visit) -> Self {
        let mut all = procedures(visit);
        if visit.plan().asks_for_certificates() {
            all.extend(request_forms(visit));
            all.extend(request_papers(visit));
        } else {
            all.extend(follow_up_forms(visit));
        }
        Self(all)
    }

    /// What came since `before`, then what went. A form comes with its procedure and is news only
    /// where there is none, with certificates; that nobody needs it any more is always news.
    pub(super) fn since(&self, before: &Self, listed: FormNews) -> Vec<DifferenceView> {
        let only_in = |these: &Self, those: &Self, added: bool| {
            let alone = these.0.iter().filter(|one| !those.has(one));
            let told = alone.filter(|one| {
                !added || one.what != DifferenceKind::Form || listed == FormNews::BothWays
            });
            let view = told.map(|one| DifferenceView {
                name: one.name.clone(),
                added,
                what: one.what,
            });
            view.collect::<Vec<_>>()
        };
        let mut all = only_in(self, before, true);
        all.extend(only_in(before, self, false));
        all
    }

    fn has(&self, one: &Need) -> bool {
        let mut all = self.0.iter();
        all.any(|other| (other.what, &other.key) == (one.what, &one.key))
    }
}

/// Which news of forms is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum FormNews {
    /// What came and what went.
    BothWays,
    /// Only what went.
    NoLongerNeeded,
}

/// The procedures that are sure, each with its person where there are several.
fn procedures(visit: &Visit) -> Vec<Need> {
    let several = visit.members().len() > 1;
    let listed = visit.interview.for_snapshot.iter();
    let sure = listed.filter(|one| !one.to_confirm);
    let need = sure.map(|one| {
        let number = one.member.map(|number| number.to_string());
        Need {
            what: DifferenceKind::Procedure,
            key: [one.id.as_str(), "/", number.as_deref().unwrap_or_default()].concat(),
            name: match one.member {
                Some(number) if several => {
                    [one.name.as_str(), "（", &visit.name_of(number), "）"].concat()
                }
                Some(_) | None => one.name.clone(),
            },
        }
    });
    need.collect()
}

/// The forms of the procedures that are sure, each once, whoever needs it.
fn follow_up_forms(visit: &Visit) -> Vec<Need> {
    let forms = visit.interview.forms.iter();
    let need = forms.map(|form| Need {
        what: DifferenceKind::Form,
        key: form.number.clone(),
        name: sentence(
            "difference",
            "form",
            &[("number", &form.number), ("name", &form.name)],
        ),
    });
    need.collect()
}

/// The forms the certificates are asked for on, each once.
fn request_forms(visit: &Visit) -> Vec<Need> {
    let mut all: Vec<Need> = Vec::new();
    for line in signed_lines(visit) {
        if !all.iter().any(|one| one.key == line.form) {
            all.push(Need {
                what: DifferenceKind::Form,
                name: sentence(
                    "difference",
                    "request_form",
                    &[("name", &word("check", &line.form))],
                ),
                key: line.form,
            });
        }
    }
    all
}

/// The papers whoever asks for certificates must show.
fn request_papers(visit: &Visit) -> Vec<Need> {
    let Some(asker) = asker(visit.text("request.asker")) else {
        return Vec::new();
    };
    let lines = of_draft(visit.draft());
    let asked = lines.iter().map(|line| line.certificate.as_str());
    let papers = visit.certificates.papers_to_show(asked, asker).into_iter();
    let need = papers.map(|(id, words)| Need {
        what: DifferenceKind::Paper,
        key: id.to_owned(),
        name: sentence("difference", "paper", &[("name", &words.ja)]),
    });
    need.collect()
}
