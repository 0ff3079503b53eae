//! The sheets of a case: the signed form, the guidance sheet, and the forms of other sections.

use std::fmt;
use std::sync::Arc;

use counter_domain::draft::{FieldPath, FieldValue};
use counter_domain::ids::CaseId;
use counter_domain::snapshot::Snapshot;
use counter_forms::filing::form_of;
use counter_forms::procedure_request::REQUEST_FORM;
use counter_forms::resident_move::City;
use counter_forms::{Answers, Assets, FormMeta, Forms};
use counter_guide::Catalogue;
use document_reader::Document;
use paper_devices::Sides;
use toml::Value;

use super::Wish;
use crate::fields::member_path;
use crate::guidance::{self, SheetPlace};
use crate::texts::word;

/// What kind of sheet it is; each comes out of the printer chosen for it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum SheetKind {
    /// What goes home: where to go next, and with what.
    Guidance,
    /// What was signed.
    Form,
    /// A form of another section.
    Section,
}

impl SheetKind {
    /// All of them, in the order of a page.
    pub const ALL: [Self; 3] = [Self::Guidance, Self::Form, Self::Section];

    /// Stable name, for notes and texts.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Guidance => "guidance",
            Self::Form => "form",
            Self::Section => "section",
        }
    }
}

/// A sheet that can be printed. `Debug` hides its pages.
#[derive(Clone)]
pub struct Sheet {
    /// What it is told by, within its case.
    pub id: String,
    /// What kind it is.
    pub kind: SheetKind,
    /// Its title.
    pub title: String,
    /// Whose it is and which section's; may be empty.
    pub detail: String,
    /// Its pages; 0 where they could not be counted.
    pub pages: u16,
    /// PDF.
    pub pdf: Arc<[u8]>,
    /// How it wants to be printed.
    pub wish: Wish,
}

impl fmt::Debug for Sheet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Sheet({}, {} pages)", self.id, self.pages)
    }
}

/// The sheets to make.
#[derive(Clone)]
pub struct SheetsJob {
    /// The case.
    pub case: CaseId,
    /// What was signed.
    pub snapshot: Snapshot,
    /// What was answered in the interview.
    pub answers: Answers,
    /// The signed form as it is kept; `None` where it is not offered.
    pub form: Option<Vec<u8>>,
    /// The other sections' forms are offered.
    pub with_sections: bool,
    /// The catalogue the reception was started with; `None` when there is none at all.
    pub catalogue: Option<Catalogue>,
    /// City.
    pub city: String,
    /// Branch and counter.
    pub place: String,
}

impl fmt::Debug for SheetsJob {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SheetsJob(…)")
    }
}

/// Makes the sheets one after the other and hands each on as soon as it is there. `false` when one
/// of them could not be made; the others are.
pub fn make(forms: &Forms, job: &SheetsJob, each: &mut dyn FnMut(Sheet)) -> bool {
    let mut whole = guidance_sheet(forms, job, each);
    if let Some(pdf) = &job.form {
        each(signed_form(forms, job, pdf));
    }
    if job.with_sections {
        whole &= section_forms(forms, job, each);
    }
    whole
}

fn guidance_sheet(forms: &Forms, job: &SheetsJob, each: &mut dyn FnMut(Sheet)) -> bool {
    let Some(catalogue) = &job.catalogue else {
        tracing::error!("no catalogue for the guidance sheet");
        return false;
    };
    let place = SheetPlace {
        city: job.city.clone(),
        branch: job.place.clone(),
        contact: String::new(),
    };
    match guidance::sheet(forms, catalogue, &job.snapshot, &place) {
        Ok(None) => true,
        Ok(Some(pdf)) => {
            each(Sheet {
                id: SheetKind::Guidance.name().to_owned(),
                kind: SheetKind::Guidance,
                title: word("prints", "guidance"),
                detail: String::new(),
                pages: pages(&pdf),
                pdf: pdf.into(),
                wish: wish_of(forms, counter_forms::guidance::FORM_ID),
            });
            true
        }
        Err(error) => {
            tracing::error!(%error, "guidance sheet not made");
            false
        }
    }
}

/// As it is kept: these bytes were signed.
fn signed_form(forms: &Forms, job: &SheetsJob, pdf: &[u8]) -> Sheet {
    let form = form_of(&job.snapshot);
    let title = forms.meta(form).map(|meta| meta.title.clone());
    Sheet {
        id: SheetKind::Form.name().to_owned(),
        kind: SheetKind::Form,
        title: title.unwrap_or_else(|| word("prints", "signed")),
        detail: word("prints", "signed"),
        pages: pages(pdf),
        pdf: pdf.into(),
        wish: wish_of(forms, form),
    }
}

fn section_forms(forms: &Forms, job: &SheetsJob, each: &mut dyn FnMut(Sheet)) -> bool {
    // Of a procedure alone the sections' forms are what was signed.
    if form_of(&job.snapshot) == REQUEST_FORM {
        return true;
    }
    let city = City {
        name: job.city.clone(),
        branch: job.place.clone(),
    };
    let found = match forms.follow_ups(&job.snapshot, &city, &job.answers) {
        Ok(found) => found,
        Err(error) => {
            tracing::error!(%error, "no forms of other sections");
            return false;
        }
    };
    let assets = Assets::for_receipt(&job.snapshot.receipt_number);
    let mut whole = true;
    for one in found {
        let filed_on = &job.snapshot.filed_on;
        match forms.render_prefilled(&one.form, &one.data, &assets, filed_on) {
            Ok(made) => {
                let whose = one.member.map(|number| name_of(&job.snapshot, number));
                let meta = forms.meta(&one.form);
                let section = meta.map(|meta| meta.section.clone());
                let detail = [section, whose].into_iter().flatten();
                let detail: Vec<String> = detail.filter(|part| !part.is_empty()).collect();
                each(Sheet {
                    id: match one.member {
                        Some(member) => format!("{}-{member}", one.number),
                        None => one.number.clone(),
                    },
                    kind: SheetKind::Section,
                    title: meta.map(|meta| meta.title.clone()).unwrap_or_default(),
                    detail: detail.join("　"),
                    pages: u16::try_from(made.pages).unwrap_or(u16::MAX),
                    pdf: made.pdf.into(),
                    wish: meta.map(wish).unwrap_or_default(),
                });
            }
            Err(error) => {
                tracing::error!(form = one.number, %error, "form not made");
                whole = false;
            }
        }
    }
    whole
}

fn name_of(snapshot: &Snapshot, number: u8) -> String {
    let field = snapshot.fields.get(&FieldPath(member_path(number, "name")));
    match field.map(|field| &field.value) {
        Some(FieldValue::Text(name)) => name.clone(),
        Some(
            FieldValue::Flag(_) | FieldValue::Count(_) | FieldValue::Unknown | FieldValue::Cleared,
        )
        | None => String::new(),
    }
}

fn wish_of(forms: &Forms, form: &str) -> Wish {
    forms.meta(form).map(wish).unwrap_or_default()
}

/// `print.paper`, `print.sides` (`one` or `both`) and `print.copies` of the form's `meta.toml`. A form
/// that names no paper wants that of its own size.
fn wish(meta: &FormMeta) -> Wish {
    let text = |key: &str| meta.print.get(key).and_then(Value::as_str);
    let copies = meta.print.get("copies").and_then(Value::as_integer);
    Wish {
        paper: text("paper").unwrap_or(&meta.paper).to_owned(),
        sides: match text("sides") {
            Some("one") => Sides::One,
            Some("both") => Sides::Both,
            Some(_) | None => Sides::AsSet,
        },
        copies: copies
            .and_then(|copies| u8::try_from(copies).ok())
            .unwrap_or(1),
    }
}

fn pages(pdf: &[u8]) -> u16 {
    let counted = Document::open(pdf.to_vec()).map(|document| document.pages());
    counted.map_or(0, |pages| u16::try_from(pages).unwrap_or(u16::MAX))
}
