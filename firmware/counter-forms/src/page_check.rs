//! What the samples of forms run into when they are laid out, each fault told once.

use std::collections::BTreeSet;

use crate::check::{Finding, dated};
use crate::data::FormData;
use crate::definition::SampleKind;
use crate::error::{RenderError, TemplateFault};
use crate::notices;
use crate::render::{Assets, Forms};
use crate::template::Template;

/// Receipt number of a sample that does not bring its own.
const SAMPLE_NUMBER: &str = "07-2-261121-0184-6";

/// A fault of a page, in Japanese.
pub(crate) struct PageFault {
    pub(crate) text: String,
    /// What makes two faults the same: the text without the place that led to it.
    same: String,
    /// The template's file, where the fault is in one.
    file: Option<String>,
}

impl PageFault {
    fn of_data(text: String) -> Self {
        Self {
            same: text.clone(),
            text,
            file: None,
        }
    }

    fn of_template(fault: &TemplateFault) -> Self {
        let place = fault.to_string();
        let same = match fault.missing_font() {
            Some(family) => notices::font_unknown(&place, family),
            None => notices::template_fault(&place, fault.message()),
        };
        let text = fault
            .origin()
            .map_or_else(|| same.clone(), |from| notices::reached_from(&same, from));
        Self {
            text,
            same,
            file: fault.file().map(str::to_owned),
        }
    }

    /// Whether it lies in a file that belongs to no form alone.
    fn is_shared(&self, form: &Template) -> bool {
        let own = format!("{}/", form.folder);
        self.file
            .as_ref()
            .is_some_and(|file| !file.starts_with(&own))
    }
}

/// The samples of several forms, one after another.
pub(crate) struct PageCheck<'f> {
    forms: &'f Forms,
    /// Whether what the layout engine only warns of is told too.
    warnings: bool,
    /// Faults told of files that forms share.
    told: BTreeSet<String>,
}

impl<'f> PageCheck<'f> {
    pub(crate) fn new(forms: &'f Forms, warnings: bool) -> Self {
        Self {
            forms,
            warnings,
            told: BTreeSet::new(),
        }
    }

    /// The faults of a form with these samples, but for those of a shared file that were told with
    /// a form before.
    pub(crate) fn faults(&mut self, form: &Template, samples: &[SampleKind]) -> Vec<Finding> {
        let mut found: Vec<(PageFault, Vec<SampleKind>)> = Vec::new();
        for kind in samples {
            for fault in self.sample_faults(form, *kind) {
                if self.told.contains(&fault.same) {
                    continue;
                }
                match found.iter_mut().find(|(known, _)| known.same == fault.same) {
                    Some((_, kinds)) => kinds.push(*kind),
                    None => found.push((fault, vec![*kind])),
                }
            }
        }
        let shared = found.iter().filter(|(fault, _)| fault.is_shared(form));
        self.told
            .extend(shared.map(|(fault, _)| fault.same.clone()));
        found
            .into_iter()
            .map(|(fault, samples)| Finding {
                folder: form.folder.clone(),
                samples,
                text: fault.text,
            })
            .collect()
    }

    fn sample_faults(&self, form: &Template, kind: SampleKind) -> Vec<PageFault> {
        if form.sample(kind).is_none() {
            return vec![PageFault::of_data(notices::sample_missing(kind.name()))];
        }
        let Some(data) = self.forms.templates.sample(form, kind) else {
            return vec![PageFault::of_data(notices::sample_broken(kind.name()))];
        };
        match layout_faults(self.forms, form, &data, &dated(&data)) {
            Ok(warnings) if self.warnings => warnings,
            Ok(_) => Vec::new(),
            Err(fault) => vec![fault],
        }
    }
}

/// Lays a form out as PDF/A without keeping it: what the engine warns of.
///
/// # Errors
/// What stands in its way.
pub(crate) fn layout_faults(
    forms: &Forms,
    form: &Template,
    data: &FormData,
    filed_on: &str,
) -> Result<Vec<PageFault>, PageFault> {
    let number = match data.text("receipt_number") {
        "" => SAMPLE_NUMBER,
        number => number,
    };
    let assets = Assets::for_receipt(number);
    match forms.render_watched(form, data, &assets, filed_on) {
        Ok((_, warnings)) => Ok(warnings.iter().map(PageFault::of_template).collect()),
        Err(RenderError::Template { fault, .. } | RenderError::Export { fault, .. }) => {
            Err(PageFault::of_template(&fault))
        }
        Err(error) => Err(PageFault::of_data(error.staff_text())),
    }
}
