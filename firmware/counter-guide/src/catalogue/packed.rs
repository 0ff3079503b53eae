//! Files of a catalogue that were parsed before, so that loading them takes a tenth of the time.
//!
//! The build script packs the program's own files, and whoever publishes a catalogue those that
//! differ. What is packed is found by the BLAKE3 of the text it was made of: a file that somebody
//! changed by one letter is not found and is parsed. The YAML is what holds, always.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde::Serialize;
use serde::de::DeserializeOwned;

use super::entries::{Shape, packed_name};
use super::file;
use crate::certificates;

/// The program's own files: what a text is found by, and what stands in it (postcard).
const OWN: &[([u8; 32], &[u8])] = include!(concat!(env!("OUT_DIR"), "/packed.rs"));

/// Names the shapes that files are packed in: the BLAKE3 of their source, in hexadecimal. Another
/// program has others, and parses.
pub(crate) const SHAPES: &str = include!(concat!(env!("OUT_DIR"), "/shapes.rs"));

/// Largest packed file that is looked at.
const BYTES_MAX: usize = 4 << 20;

/// Files that were parsed where the catalogue was published, by what their texts are found by. All
/// are equal: it is another form of the texts beside it.
#[derive(Debug, Clone, Default)]
pub struct Packed(Arc<BTreeMap<[u8; 32], Vec<u8>>>);

impl PartialEq for Packed {
    fn eq(&self, _other: &Self) -> bool {
        true
    }
}

impl Eq for Packed {}

impl Packed {
    /// Takes packed files with what they are found by; what is too large is left out, for it can
    /// be parsed.
    pub(crate) fn of(files: impl Iterator<Item = ([u8; 32], Vec<u8>)>) -> Self {
        let named = files.filter(|(_, bytes)| bytes.len() <= BYTES_MAX);
        Self(Arc::new(named.collect()))
    }

    /// What stands in a text, if it is the program's own or among these.
    pub(crate) fn file<F: Shape + DeserializeOwned>(&self, text: &str) -> Option<F> {
        let name = packed_name::<F>(text);
        let own = OWN.iter().find(|(one, _)| *one == name);
        let bytes = own
            .map(|(_, bytes)| *bytes)
            .or_else(|| self.0.get(&name).map(Vec::as_slice))?;
        postcard::from_bytes(bytes).ok()
    }
}

/// Packs a file that is not the program's own; `None` also when it cannot be read.
pub(crate) fn pack(name: &str, text: &str) -> Option<([u8; 32], Vec<u8>)> {
    if name == certificates::BUNDLED.0 {
        packed(text, certificates::file::parse)
    } else {
        packed(text, file::parse)
    }
}

fn packed<F: Shape + Serialize, E>(
    text: &str,
    parse: fn(&str) -> Result<F, E>,
) -> Option<([u8; 32], Vec<u8>)> {
    let name = packed_name::<F>(text);
    if OWN.iter().any(|(one, _)| *one == name) {
        return None;
    }
    Some((name, postcard::to_stdvec(&parse(text).ok()?).ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalogue::file::FileYaml;
    use crate::catalogue::{BUNDLED, Catalogue};
    use crate::edition::{Edition, Shelf};

    /// The bytes of what stands in a text of the program's own, packed and parsed.
    fn both<F: Shape + Serialize + DeserializeOwned, E>(
        text: &str,
        parse: fn(&str) -> Result<F, E>,
    ) -> [Option<Vec<u8>>; 2] {
        let unpacked = Packed::default().file::<F>(text);
        [unpacked, parse(text).ok()].map(|file| postcard::to_stdvec(&file?).ok())
    }

    #[test]
    fn every_file_of_the_program_is_packed_as_it_is_parsed() {
        for (name, text) in BUNDLED {
            let [packed, parsed] = both(text, file::parse);
            assert!(parsed.is_some() && packed == parsed, "{name}");
        }
        let [packed, parsed] = both(certificates::BUNDLED.1, certificates::file::parse);
        assert!(parsed.is_some() && packed == parsed);
    }

    /// A text of the program, changed in one letter.
    fn changed() -> (&'static str, String) {
        let (name, text) = BUNDLED[0];
        let changed = text.replacen("転入", "転人", 1);
        assert_ne!(changed, text);
        (name, changed)
    }

    #[test]
    fn file_changed_by_one_letter_is_parsed_and_not_taken_from_before() {
        let (name, changed) = changed();
        assert!(Packed::default().file::<FileYaml>(&changed).is_none());
        let mut files = BUNDLED.to_vec();
        files[0] = (name, &changed);
        let catalogue = Catalogue::from_files(&files).unwrap();
        let before = Catalogue::bundled().unwrap();
        assert_ne!(catalogue.facts(), before.facts());
    }

    #[test]
    fn what_was_packed_of_another_text_is_never_taken() {
        let (name, changed) = changed();
        let kept = Packed::of(pack(name, &changed).into_iter());
        assert!(kept.file::<FileYaml>(&changed).is_some());
        let again = format!("{changed}\n");
        assert!(kept.file::<FileYaml>(&again).is_none());
        let of_another_kind = kept.file::<certificates::file::FileYaml>(&changed);
        assert!(of_another_kind.is_none());
        // Torn bytes are as good as none.
        let torn = (packed_name::<FileYaml>(&again), vec![7; 9]);
        let torn = Packed::of([torn].into_iter());
        assert!(torn.file::<FileYaml>(&again).is_none());
        let (name, text) = BUNDLED[0];
        assert!(pack(name, text).is_none(), "the program has it");
        assert!(pack(name, "facts: [").is_none());
    }

    /// Reads the bytes of a shelf; whether its one edition has the text packed, and its facts.
    fn shelf_read(bytes: &[u8], text: &str) -> (bool, Vec<crate::catalogue::Fact>) {
        let shelf = Shelf::read(bytes, 1).unwrap();
        let edition = shelf.edition(1).unwrap();
        let packed = edition.packed.file::<FileYaml>(text).is_some();
        (packed, edition.catalogue().unwrap().facts().to_vec())
    }

    #[test]
    fn published_texts_are_packed_for_programs_of_the_same_make_only() {
        let (name, changed) = changed();
        let mut edition = Edition {
            number: 1,
            ..Edition::bundled()
        };
        edition.files.insert(name.to_owned(), changed.clone());
        let facts = edition.catalogue().unwrap().facts().to_vec();
        let shelf = Shelf::default().with(edition, jiff::civil::date(2026, 11, 21));
        let bytes = shelf.to_bytes().unwrap();
        assert_eq!(shelf_read(&bytes, &changed), (true, facts.clone()));
        let other = String::from_utf8(bytes).unwrap().replace(SHAPES, "other");
        assert_eq!(shelf_read(other.as_bytes(), &changed), (false, facts));
    }
}
