//! The data of one form: a JSON document that only its template understands.

use std::fmt;

use serde_json::Value;

/// What is written into a form. Debug hides it: it is personal data.
#[derive(Clone, PartialEq, Eq)]
pub struct FormData(Value);

impl FormData {
    /// Takes data as the template reads it.
    pub fn new(value: Value) -> Self {
        Self(value)
    }

    /// Reads a JSON document.
    ///
    /// # Errors
    /// When it is not JSON.
    pub fn from_json(text: &[u8]) -> Result<Self, serde_json::Error> {
        serde_json::from_slice(text).map(Self)
    }

    pub(crate) fn to_bytes(&self) -> Result<Vec<u8>, serde_json::Error> {
        serde_json::to_vec(&self.0)
    }

    /// The texts at `pattern`, dotted, `*` for every entry of a list, each with its own path.
    /// People are counted from one, as on paper.
    pub(crate) fn texts(&self, pattern: &str) -> Vec<(String, &str)> {
        let mut found = vec![(String::new(), &self.0)];
        for step in pattern.split('.') {
            found = found
                .into_iter()
                .flat_map(|(path, value)| children(&path, value, step))
                .collect();
        }
        found
            .into_iter()
            .filter_map(|(path, value)| Some((path, value.as_str()?)))
            .collect()
    }

    /// Whether something is at the dotted `path`: not null, not empty.
    pub(crate) fn has(&self, path: &str) -> bool {
        let found = path
            .split('.')
            .try_fold(&self.0, |value, step| value.get(step));
        match found {
            None | Some(Value::Null) => false,
            Some(Value::String(text)) => !text.is_empty(),
            Some(Value::Array(list)) => !list.is_empty(),
            Some(Value::Object(map)) => !map.is_empty(),
            Some(Value::Bool(_) | Value::Number(_)) => true,
        }
    }
}

fn children<'v>(path: &str, value: &'v Value, step: &str) -> Vec<(String, &'v Value)> {
    let join = |name: &str| {
        if path.is_empty() {
            name.to_owned()
        } else {
            format!("{path}.{name}")
        }
    };
    if step == "*" {
        let list = value.as_array().map(Vec::as_slice).unwrap_or_default();
        return (1_usize..)
            .zip(list)
            .map(|(n, entry)| (join(&n.to_string()), entry))
            .collect();
    }
    value
        .get(step)
        .map(|entry| (join(step), entry))
        .into_iter()
        .collect()
}

impl fmt::Debug for FormData {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("FormData(…)")
    }
}
