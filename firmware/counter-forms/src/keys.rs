//! Keys of a form's data that the form knows nothing of: a slip that would leave its box empty in
//! silence.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::data::FormData;
use crate::definition::SampleKind;
use crate::error::RenderError;
use crate::notices;
use crate::render::Forms;
use crate::template::Template;

/// How alike two keys are, of 1, from which one is taken for a slip for the other.
const ALIKE: f64 = 0.5;

/// A key in a form's data that the form does not know.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UnknownKey {
    /// Path to it, entries counted from one.
    pub path: String,
    /// The path that was probably meant.
    pub meant: Option<String>,
}

impl UnknownKey {
    /// What whoever wrote the data reads, in Japanese.
    pub fn operator_text(&self) -> String {
        notices::key_unknown(&self.path, self.meant.as_deref())
    }
}

impl Forms {
    /// Keys of `data` that stand neither in the definition of the form in force on `filed_on`, nor in
    /// the fields all forms share, nor in a sample of the form. Nothing below such a key is told.
    ///
    /// # Errors
    /// When there is no such form.
    pub fn unknown_keys(
        &self,
        form_id: &str,
        data: &FormData,
        filed_on: &str,
    ) -> Result<Vec<UnknownKey>, RenderError> {
        let known = self.known_keys(self.form_on(form_id, filed_on)?);
        let mut found = Vec::new();
        known.walk(&known.keys, data.as_json(), "", &mut found);
        Ok(found)
    }

    pub(crate) fn known_keys<'f>(&self, form: &'f Template) -> KnownKeys<'f> {
        let own = form.meta.required.iter().chain(&form.meta.optional);
        KnownKeys {
            own: own.map(String::as_str).collect(),
            keys: self.keys_of(form),
        }
    }

    fn keys_of(&self, form: &Template) -> Keys {
        let mut known = Keys::default();
        let meta = &form.meta;
        let paths = meta.required.iter().chain(&meta.optional);
        let paths = paths.chain(meta.fields.keys());
        for path in paths.chain(self.templates.fields.keys()) {
            known.add_path(path);
        }
        for kind in SampleKind::ALL {
            if let Some(sample) = self.templates.sample(form, kind) {
                known.add_value(sample.as_json());
            }
        }
        known
    }
}

/// The key of every entry of a list.
const ENTRY: &str = "*";

/// Keys and what stands below them.
#[derive(Default)]
struct Keys(BTreeMap<String, Keys>);

impl Keys {
    fn below(&mut self, key: &str) -> &mut Self {
        self.0.entry(key.to_owned()).or_default()
    }

    fn add_path(&mut self, path: &str) {
        path.split('.').fold(self, |keys, step| keys.below(step));
    }

    fn add_value(&mut self, value: &Value) {
        match value {
            Value::Object(parts) => {
                for (key, part) in parts {
                    self.below(key).add_value(part);
                }
            }
            Value::Array(entries) => {
                for entry in entries {
                    self.below(ENTRY).add_value(entry);
                }
            }
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
        }
    }
}

/// The keys of a form's data.
pub(crate) struct KnownKeys<'f> {
    keys: Keys,
    /// Paths of the form's own definition, the required ones first.
    own: Vec<&'f str>,
}

impl KnownKeys<'_> {
    /// What was probably meant by a dotted path that the form does not know; `None` when it knows it.
    pub(crate) fn unknown(&self, path: &str) -> Option<UnknownKey> {
        let (mut known, mut before) = (&self.keys, String::new());
        for step in path.split('.') {
            let is_number = step.bytes().all(|byte| byte.is_ascii_digit());
            let key = if is_number { ENTRY } else { step };
            let Some(below) = known.0.get(key) else {
                return Some(UnknownKey {
                    path: path.to_owned(),
                    meant: self.meant(known, &before, step),
                });
            };
            if below.0.is_empty() {
                return None;
            }
            known = below;
            before = join(&before, step);
        }
        None
    }

    /// Where nothing is known below a key, what stands there is the template's own affair; what
    /// stands in the place of a list is of the wrong type, which [`Forms::check`] says.
    fn walk(&self, known: &Keys, value: &Value, path: &str, found: &mut Vec<UnknownKey>) {
        let entries = known.0.get(ENTRY);
        match value {
            Value::Object(parts) if !known.0.is_empty() && entries.is_none() => {
                for (key, part) in parts {
                    let here = join(path, key);
                    match known.0.get(key) {
                        Some(below) => self.walk(below, part, &here, found),
                        None => found.push(UnknownKey {
                            meant: self.meant(known, path, key),
                            path: here,
                        }),
                    }
                }
            }
            Value::Array(list) => {
                let Some(below) = entries else {
                    return;
                };
                for (number, entry) in (1_usize..).zip(list) {
                    self.walk(below, entry, &join(path, &number.to_string()), found);
                }
            }
            Value::Object(_)
            | Value::Null
            | Value::Bool(_)
            | Value::Number(_)
            | Value::String(_) => {}
        }
    }

    /// The key beside it that is most alike, else the form's first field of that name elsewhere.
    fn meant(&self, beside: &Keys, path: &str, key: &str) -> Option<String> {
        let alike = |other: &&String| strsim::normalized_damerau_levenshtein(key, other);
        let nearest = beside.0.keys().max_by(|a, b| alike(a).total_cmp(&alike(b)));
        if let Some(nearest) = nearest.filter(|other| alike(other) >= ALIKE) {
            return Some(join(path, nearest));
        }
        let named = |own: &&&str| own.rsplit('.').next() == Some(key);
        self.own.iter().find(named).map(|own| (*own).to_owned())
    }
}

fn join(path: &str, key: &str) -> String {
    if path.is_empty() {
        key.to_owned()
    } else {
        format!("{path}.{key}")
    }
}
