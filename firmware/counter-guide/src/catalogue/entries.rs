//! YAML values with their places, and a YAML map whose order matters.
//!
//! Both are also read from and written to a form without names of fields (postcard), which keeps
//! the places.

use std::collections::BTreeMap;
use std::fmt;
use std::marker::PhantomData;

use serde::de::{Deserializer, MapAccess, Visitor};
use serde::{Deserialize, Serialize, Serializer};
use serde_saphyr::Spanned;

/// A value and where it stands in its file; line and column from 1.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct At<T> {
    pub(crate) value: T,
    pub(crate) line: u64,
    pub(crate) column: u64,
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for At<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        if deserializer.is_human_readable() {
            let read = Spanned::deserialize(deserializer)?;
            return Ok(Self {
                value: read.value,
                line: read.referenced.line(),
                column: read.referenced.column(),
            });
        }
        let (value, line, column) = Deserialize::deserialize(deserializer)?;
        Ok(Self {
            value,
            line,
            column,
        })
    }
}

impl<T: Serialize> Serialize for At<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        (&self.value, self.line, self.column).serialize(serializer)
    }
}

/// A whole file, in one of the shapes that files are packed in.
pub(crate) trait Shape {
    /// Its name.
    const NAME: &'static str;
}

/// What a text packed in this shape is found by.
pub(crate) fn packed_name<F: Shape>(text: &str) -> [u8; 32] {
    let mut hasher = blake3::Hasher::new();
    hasher.update(F::NAME.as_bytes()).update(&[0]);
    *hasher.update(text.as_bytes()).finalize().as_bytes()
}

/// Key and value pairs in the order of the file.
#[derive(Debug)]
pub(crate) struct Entries<T>(pub(crate) Vec<(At<String>, T)>);

impl<T> Entries<T> {
    /// The values by their keys, where neither order nor place matters any more.
    pub(crate) fn by_id(self) -> BTreeMap<String, T> {
        let entries = self.0.into_iter();
        entries.map(|(id, value)| (id.value, value)).collect()
    }

    /// The values in order without the places of their keys.
    pub(crate) fn in_order(self) -> Vec<(String, T)> {
        let entries = self.0.into_iter();
        entries.map(|(id, value)| (id.value, value)).collect()
    }
}

impl<T> Default for Entries<T> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

impl<T: Serialize> Serialize for Entries<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.0.iter().map(|(key, value)| (key, value)))
    }
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Entries<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(InOrder(PhantomData))
    }
}

struct InOrder<T>(PhantomData<T>);

impl<'de, T: Deserialize<'de>> Visitor<'de> for InOrder<T> {
    type Value = Entries<T>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a map")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Entries<T>, A::Error> {
        let mut entries = Vec::new();
        while let Some(entry) = map.next_entry()? {
            entries.push(entry);
        }
        Ok(Entries(entries))
    }
}
