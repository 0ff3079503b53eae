//! Checks a whole folder of forms, for whoever changes one: what the clerk at the counter would
//! run into, said before it is published.

use crate::definition::{FieldKind, FieldRule, FormMeta, Prefill, SampleKind};
use crate::notices;
use crate::prefill::COPIED;
use crate::render::{Assets, Forms};
use crate::rules::Rules;
use crate::template::Template;
use crate::{FormData, RenderError};

/// Receipt number and filing date of a sample that does not bring its own.
const SAMPLE_NUMBER: &str = "07-2-261121-0184-6";
const SAMPLE_DATE: &str = "2026-11-21";

/// Something to put right in a form.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// The form's folder.
    pub folder: String,
    /// The sample or case it shows with, if any.
    pub sample: Option<String>,
    /// What and where, in Japanese.
    pub text: String,
}

impl Forms {
    /// Checks every form: its definition, then every sample laid out as PDF/A. Takes about a
    /// tenth of a second per form.
    pub fn check_all(&self) -> Vec<Finding> {
        let mut found = self.check_definitions();
        for form in &self.templates.forms {
            found.extend(self.sample_faults(form, &SampleKind::ALL));
        }
        found
    }

    /// Checks one form in the same way, with these samples.
    pub(crate) fn check_folder(&self, folder: &str, samples: &[SampleKind]) -> Vec<Finding> {
        let mut found = self.check_definitions();
        found.retain(|one| one.folder == folder);
        let forms = self.templates.forms.iter();
        for form in forms.filter(|form| form.folder == folder) {
            found.extend(self.sample_faults(form, samples));
        }
        found
    }

    /// Checks what the forms say about themselves, without laying out a page.
    pub fn check_definitions(&self) -> Vec<Finding> {
        let forms = &self.templates.forms;
        let faults = forms.iter().enumerate().flat_map(|(index, form)| {
            let same = |other: &Template| {
                other.meta.number == form.meta.number && other.meta.version == form.meta.version
            };
            let twice = forms
                .iter()
                .skip(index + 1)
                .any(same)
                .then(|| notices::twice(&form.meta.number, form.meta.version));
            let faults = twice.into_iter().chain(self.definition_faults(form));
            faults.map(|text| Finding {
                folder: form.folder.clone(),
                sample: None,
                text,
            })
        });
        faults.collect()
    }

    /// Lays out a real case, without keeping the page; what stands in its way, in Japanese.
    pub fn case_fault(&self, form_id: &str, data: &FormData) -> Option<String> {
        let filed_on = dated(data);
        let form = match self.form_on(form_id, &filed_on) {
            Ok(form) => form,
            Err(error) => return Some(error.staff_text()),
        };
        self.layout_fault(form, data, &filed_on)
    }

    fn definition_faults(&self, form: &Template) -> Vec<String> {
        let meta = &form.meta;
        let rules = Rules {
            meta,
            shared: &self.templates.fields,
        };
        let unknown = meta
            .required
            .iter()
            .chain(&meta.optional)
            .filter(|path| rules.rule(path).is_none())
            .map(|path| notices::field_unknown(path));
        let prefill = meta.prefill.iter();
        let prefill = prefill
            .filter(|rule| !is_sound(rule, &rules))
            .map(|rule| notices::prefill_wrong(&rule.field));
        let asks = meta.asks.iter();
        let asks = asks.filter_map(|path| ask_fault(path, &rules));
        let faults = unknown.chain(date_faults(meta)).chain(prefill);
        faults.chain(asks).collect()
    }

    fn sample_faults(&self, form: &Template, samples: &[SampleKind]) -> Vec<Finding> {
        let fault = |kind: &SampleKind| {
            let text = self.sample_fault(form, *kind)?;
            Some(Finding {
                folder: form.folder.clone(),
                sample: Some(kind.name().to_owned()),
                text,
            })
        };
        samples.iter().filter_map(fault).collect()
    }

    fn sample_fault(&self, form: &Template, kind: SampleKind) -> Option<String> {
        if form.sample(kind).is_none() {
            return Some(notices::sample_missing(kind.name()));
        }
        let Some(data) = self.templates.sample(form, kind) else {
            return Some(notices::sample_broken(kind.name()));
        };
        self.layout_fault(form, &data, &dated(&data))
    }

    fn layout_fault(&self, form: &Template, data: &FormData, filed_on: &str) -> Option<String> {
        let number = match data.text("receipt_number") {
            "" => SAMPLE_NUMBER,
            number => number,
        };
        match self.render_form(form, data, &Assets::for_receipt(number), filed_on) {
            Ok(_) => None,
            Err(RenderError::Template { fault, .. } | RenderError::Export { fault, .. }) => {
                Some(notices::template_fault(&fault.to_string(), fault.message()))
            }
            Err(error) => Some(error.staff_text()),
        }
    }
}

/// Whether what fills a field in names a field of the form, one of its values, either a fact with
/// values or none, and no procedure of another form.
fn is_sound(rule: &Prefill, rules: &Rules<'_>) -> bool {
    let mut fields = rules.meta.required.iter().chain(&rules.meta.optional);
    let Some(field) = rules.rule(&rule.field) else {
        return false;
    };
    let content = match (&rule.value, &rule.from) {
        (Some(value), None) => field.values.is_empty() || field.values.contains(value),
        (None, Some(from)) => COPIED.contains(&from.as_str()),
        (Some(_), Some(_)) | (None, None) => false,
    };
    let procedure = rule.procedure.as_ref();
    let own = procedure.is_none_or(|id| rules.meta.procedures.contains(id));
    let fact = rule.fact.is_some() != rule.is.is_empty();
    content && fact && own && fields.any(|path| *path == rule.field)
}

/// Why staff cannot be asked for a field: it is none of the form's, or label or values lack their
/// words in a language.
fn ask_fault(path: &str, rules: &Rules<'_>) -> Option<String> {
    let mut fields = rules.meta.required.iter().chain(&rules.meta.optional);
    let rule = rules
        .rule(path)
        .filter(|_| fields.any(|field| field == path));
    let worded = |words: &[String], rule: &FieldRule| {
        words.len() == rule.values.len() && words.iter().all(|word| !word.trim().is_empty())
    };
    match rule {
        Some(rule) if rule.kind == FieldKind::List || !worded(&rule.words, rule) => {
            Some(notices::ask_wrong(path))
        }
        Some(rule) if rule.label_en.trim().is_empty() || !worded(&rule.words_en, rule) => {
            Some(notices::ask_language(path))
        }
        Some(_) => None,
        None => Some(notices::ask_wrong(path)),
    }
}

pub(crate) fn dated(data: &FormData) -> String {
    match data.text("filed_on") {
        "" => SAMPLE_DATE.to_owned(),
        date => date.to_owned(),
    }
}

fn date_faults(meta: &FormMeta) -> Vec<String> {
    let mut faults = Vec::new();
    let is_day = |text: &str| crate::render::filing_date(text).is_some();
    if !is_day(&meta.valid_from) {
        faults.push(notices::date_wrong("valid_from"));
    }
    if let Some(last) = &meta.valid_to {
        if !is_day(last) {
            faults.push(notices::date_wrong("valid_to"));
        } else if *last < meta.valid_from {
            faults.push(notices::DATES_SWAPPED.to_owned());
        }
    }
    faults
}
