//! Checks a whole folder of forms, for whoever changes one: what the clerk at the counter would
//! run into, said before it is published.

use crate::data::FormData;
use crate::definition::{FieldKind, FieldRule, FormMeta, Prefill, SampleKind};
use crate::notices;
use crate::page_check::{self, PageCheck};
use crate::prefill::COPIED;
use crate::render::Forms;
use crate::rules::Rules;
use crate::template::Template;
use crate::template_paths::template_paths;

/// Filing date of a sample that does not bring its own.
const SAMPLE_DATE: &str = "2026-11-21";

/// Something to put right in a form.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// The form's folder.
    pub folder: String,
    /// The samples it shows with; none for a fault of the definition.
    pub samples: Vec<SampleKind>,
    /// What and where, in Japanese.
    pub text: String,
}

impl Finding {
    /// Where it shows: the names of the samples, or `meta.toml`.
    pub fn place(&self) -> String {
        let names: Vec<&str> = self.samples.iter().map(|kind| kind.name()).collect();
        match names.as_slice() {
            [] => "meta.toml".to_owned(),
            names => names.join(", "),
        }
    }
}

impl Forms {
    /// Checks every form: its definition, then every sample laid out as PDF/A, and what the layout
    /// engine warns of, such as a font that is not there. A fault is told once, with the samples it
    /// shows with; one of a file that forms share with the first of them. Takes about a tenth of a
    /// second per form.
    pub fn check_all(&self) -> Vec<Finding> {
        let mut found = self.check_definitions();
        let mut pages = PageCheck::new(self, true);
        for form in &self.templates.forms {
            found.extend(pages.faults(form, &SampleKind::ALL));
        }
        found
    }

    /// Checks one form in the same way.
    pub(crate) fn check_folder(&self, folder: &str) -> Vec<Finding> {
        let mut found = self.check_definitions();
        found.retain(|one| one.folder == folder);
        let forms = self.templates.forms.iter();
        let mut pages = PageCheck::new(self, true);
        for form in forms.filter(|form| form.folder == folder) {
            found.extend(pages.faults(form, &SampleKind::ALL));
        }
        found
    }

    /// Checks one form as far as its pages depend on it, with one sample: whether it can be used. A
    /// text that is lacking where staff are asked stops nobody.
    pub(crate) fn check_pages(&self, folder: &str) -> Vec<Finding> {
        let mut found = self.findings(|form| self.page_faults(form));
        found.retain(|one| one.folder == folder);
        let forms = self.templates.forms.iter();
        let mut pages = PageCheck::new(self, false);
        for form in forms.filter(|form| form.folder == folder) {
            found.extend(pages.faults(form, &[SampleKind::Typical]));
        }
        found
    }

    /// Checks what the forms say about themselves, without laying out a page.
    pub fn check_definitions(&self) -> Vec<Finding> {
        self.findings(|form| {
            let mut faults = self.page_faults(form);
            faults.extend(self.ask_faults(form));
            faults.extend(self.path_faults(form));
            faults
        })
    }

    fn findings(&self, faults_of: impl Fn(&Template) -> Vec<String>) -> Vec<Finding> {
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
            let faults = twice.into_iter().chain(faults_of(form));
            faults.map(|text| Finding {
                folder: form.folder.clone(),
                samples: Vec::new(),
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
        page_check::layout_faults(self, form, data, &filed_on)
            .err()
            .map(|fault| fault.text)
    }

    fn page_faults(&self, form: &Template) -> Vec<String> {
        let (meta, rules) = (&form.meta, self.rules(form));
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
        let faults = unknown.chain(date_faults(meta)).chain(prefill);
        faults.chain(alone_faults(&rules)).collect()
    }

    /// Fields that the template names and nobody knows: their boxes would stay empty for ever.
    fn path_faults(&self, form: &Template) -> Vec<String> {
        let Some(source) = self.templates.source(form.main) else {
            return Vec::new();
        };
        let known = self.known_keys(form);
        let paths = template_paths(&source).into_iter();
        let unknown = paths.filter_map(|named| {
            let key = known.unknown(&named.path)?;
            let (line, column) = named.place;
            let place = format!("{}/form.typ line {line} column {column}", form.folder);
            Some(notices::path_unknown(
                &place,
                &key.path,
                key.meant.as_deref(),
            ))
        });
        unknown.collect()
    }

    fn ask_faults(&self, form: &Template) -> Vec<String> {
        let rules = self.rules(form);
        let asks = form.meta.asks.iter();
        asks.filter_map(|path| ask_fault(path, &rules)).collect()
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

/// Why staff cannot be asked for a field: it is none of the form's, label or values lack their
/// words in a language, plain Japanese is not plain, or "none" may be ticked beside others.
fn ask_fault(path: &str, rules: &Rules<'_>) -> Option<String> {
    let mut fields = rules.meta.required.iter().chain(&rules.meta.optional);
    let rule = rules
        .rule(path)
        .filter(|_| fields.any(|field| field == path));
    let Some(rule) = rule.filter(|rule| rule.kind != FieldKind::List && worded(rule, &rule.words))
    else {
        return Some(notices::ask_wrong(path));
    };
    if rule.label_en.trim().is_empty() || !worded(rule, &rule.words_en) {
        return Some(notices::ask_language(path));
    }
    // Plain Japanese that only repeats the label was not written.
    let easy = rule.label_easy.trim();
    if easy.is_empty() || easy == rule.label || !worded(rule, &rule.words_easy) {
        return Some(notices::ask_easy(path));
    }
    let mut plain = rule.words_easy.iter().chain([&rule.label_easy]);
    if let Some(word) = plain.find_map(|text| hard_word(text)) {
        return Some(notices::ask_hard(path, word));
    }
    let none = rule.values.iter().find(|value| *value == NONE);
    let may_stand_beside =
        |value: &&String| rule.kind == FieldKind::Choices && !rule.alone.contains(*value);
    none.filter(may_stand_beside)
        .map(|value| notices::alone_missing(path, value))
}

/// The value of a box that says that nothing of it holds.
const NONE: &str = "none";

fn worded(rule: &FieldRule, words: &[String]) -> bool {
    words.len() == rule.values.len() && words.iter().all(|word| !word.trim().is_empty())
}

/// Fields whose `alone` names what they have not.
fn alone_faults<'m>(rules: &'m Rules<'_>) -> impl Iterator<Item = String> + 'm {
    let fields = rules.meta.required.iter().chain(&rules.meta.optional);
    let wrong = fields.filter(|path| {
        rules.rule(path).is_some_and(|rule| {
            let known = rule.alone.iter().all(|one| rule.values.contains(one));
            !rule.alone.is_empty() && (rule.kind != FieldKind::Choices || !known)
        })
    });
    wrong.map(|path| notices::alone_wrong(path))
}

/// Kanji in a row from which a word is too hard for plain Japanese without its reading.
const HARD_KANJI: usize = 4;

/// The first word of many kanji that neither stands in brackets, beside what it is in plain words,
/// nor has its reading in brackets behind it.
fn hard_word(text: &str) -> Option<&str> {
    let is_kanji = |c: char| matches!(c, '々' | '\u{3400}'..='\u{9FFF}' | '\u{F900}'..='\u{FAFF}');
    let mut depth = 0_usize;
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        match first {
            '（' => depth += 1,
            '）' => depth = depth.saturating_sub(1),
            _ => {}
        }
        let end = rest.find(|c| !is_kanji(c)).unwrap_or(rest.len());
        let (word, behind) = rest.split_at(end.max(first.len_utf8()));
        let is_hard = word.chars().all(is_kanji) && word.chars().count() >= HARD_KANJI;
        if is_hard && depth == 0 && !behind.starts_with('（') {
            return Some(word);
        }
        rest = behind;
    }
    None
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

#[cfg(test)]
mod tests {
    use super::hard_word;

    #[test]
    fn long_words_of_kanji_need_a_reading_in_plain_japanese() {
        assert_eq!(hard_word("被保険者証を かえします"), Some("被保険者証"));
        for plain in [
            "国民健康保険（こくみんけんこうほけん）の お金",
            "びょうきの 人の カード（特定疾病療養受療証）",
            "銀行の 名前",
            "",
        ] {
            assert_eq!(hard_word(plain), None, "{plain}");
        }
    }
}
