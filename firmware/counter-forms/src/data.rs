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

    /// The document, as the template reads it.
    pub fn as_json(&self) -> &Value {
        &self.0
    }

    /// The same with `patch` laid over it: objects are merged, null takes a value away, anything
    /// else takes the place of what was there (RFC 7396).
    #[must_use]
    pub fn patched(mut self, patch: &Value) -> Self {
        merge(&mut self.0, patch);
        self
    }

    /// The text at the top level under `name`; empty when there is none.
    pub fn text(&self, name: &str) -> &str {
        self.0.get(name).and_then(Value::as_str).unwrap_or_default()
    }

    pub(crate) fn to_bytes(&self) -> Result<Vec<u8>, serde_json::Error> {
        serde_json::to_vec(&self.0)
    }

    /// What stands at `pattern`, dotted, `*` for every entry of a list, each with its own path;
    /// `None` where nothing stands. Entries are counted from one, as on paper.
    pub(crate) fn find(&self, pattern: &str) -> Vec<(String, Option<&Value>)> {
        let mut found = vec![(String::new(), Some(&self.0))];
        for step in pattern.split('.') {
            found = found
                .into_iter()
                .flat_map(|(path, value)| children(&path, value, step))
                .collect();
        }
        found
    }

    /// Whether something without parts stands where `pattern` goes on: a text in the place of a
    /// person, a person in the place of a list.
    pub(crate) fn is_blocked(&self, pattern: &str) -> bool {
        let mut here = vec![&self.0];
        for step in pattern.split('.') {
            let mut next = Vec::new();
            for value in here {
                match (step, value) {
                    (_, Value::Null) => {}
                    ("*", Value::Array(list)) => next.extend(list),
                    (name, Value::Object(parts)) if name != "*" => next.extend(parts.get(name)),
                    _ => return true,
                }
            }
            here = next;
        }
        false
    }
}

fn children<'v>(
    path: &str,
    value: Option<&'v Value>,
    step: &str,
) -> Vec<(String, Option<&'v Value>)> {
    let join = |name: &str| {
        if path.is_empty() {
            name.to_owned()
        } else {
            format!("{path}.{name}")
        }
    };
    if step == "*" {
        let list = value.and_then(Value::as_array);
        return (1_usize..)
            .zip(list.map(Vec::as_slice).unwrap_or_default())
            .map(|(n, entry)| (join(&n.to_string()), Some(entry)))
            .collect();
    }
    vec![(join(step), value.and_then(|value| value.get(step)))]
}

fn merge(target: &mut Value, patch: &Value) {
    let Value::Object(changes) = patch else {
        *target = patch.clone();
        return;
    };
    if !target.is_object() {
        *target = Value::Object(serde_json::Map::new());
    }
    let Value::Object(object) = target else {
        return;
    };
    for (name, change) in changes {
        if change.is_null() {
            object.remove(name);
        } else {
            merge(object.entry(name.clone()).or_insert(Value::Null), change);
        }
    }
}

impl fmt::Debug for FormData {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("FormData(…)")
    }
}
