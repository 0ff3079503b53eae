//! Words for questions and answers: those of the published catalogue, and the program's own for
//! what only an older catalogue knew.

use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use counter_domain::draft::FieldValue;
use counter_guide::{Catalogue, FactValue, Guide};
use hub_store::HubStore;
use sync_engine::Store as _;

use crate::catalogue::DATASET;

/// The catalogue that comes with the program; `None` when it cannot be read.
fn bundled() -> Option<&'static Guide> {
    static GUIDE: OnceLock<Option<Guide>> = OnceLock::new();
    GUIDE
        .get_or_init(|| Catalogue::bundled().ok().map(Guide::new))
        .as_ref()
}

/// Words for questions and answers.
#[derive(Debug, Clone, Default)]
pub(crate) struct Answers {
    published: Option<Arc<Guide>>,
}

impl Answers {
    fn guide(&self, fact: &str) -> Option<&Guide> {
        let knows = |guide: &&Guide| guide.catalogue().fact(fact).is_some();
        self.published
            .as_deref()
            .filter(knows)
            .or_else(|| bundled().filter(knows))
    }

    /// Short name of a fact; its code when no catalogue knows it.
    pub(crate) fn label(&self, fact: &str) -> String {
        let known = self
            .guide(fact)
            .and_then(|guide| guide.catalogue().fact(fact));
        known.map_or_else(|| fact.to_owned(), |fact| fact.label_ja.clone())
    }

    /// Name of a procedure; its id when no catalogue knows it.
    pub(crate) fn procedure(&self, id: &str) -> String {
        let named = |guide: &Guide| Some(guide.catalogue().procedure(id)?.name.ja.clone());
        let published = self.published.as_deref().and_then(named);
        published
            .or_else(|| bundled().and_then(named))
            .unwrap_or_else(|| id.to_owned())
    }

    /// An answer in words; `None` when no catalogue has any.
    pub(crate) fn words(&self, fact: &str, value: &FieldValue) -> Option<String> {
        let answer = match value {
            FieldValue::Text(text) => FactValue::Choice(text.clone()),
            FieldValue::Flag(flag) => FactValue::Flag(*flag),
            FieldValue::Count(count) => FactValue::Count(*count),
            FieldValue::Unknown | FieldValue::Cleared => FactValue::Unknown,
        };
        let words = self.guide(fact)?.answer_ja(fact, &answer);
        (!words.is_empty()).then_some(words)
    }
}

/// The catalogue read last, by the hash of its dataset; reading one takes some hundredths of a
/// second.
static READ: Mutex<Option<([u8; 32], Arc<Guide>)>> = Mutex::new(None);

impl Answers {
    /// The words of the catalogue published now.
    pub(crate) fn of(store: &HubStore) -> Self {
        let datasets = store.datasets().unwrap_or_default();
        let Some(newest) = datasets.into_iter().find(|one| one.name == DATASET) else {
            return Self::default();
        };
        let mut read = READ.lock().unwrap_or_else(PoisonError::into_inner);
        if read.as_ref().is_none_or(|(hash, _)| *hash != newest.hash) {
            *read = guide_of(store).map(|guide| (newest.hash, Arc::new(guide)));
        }
        Self {
            published: read.as_ref().map(|(_, guide)| Arc::clone(guide)),
        }
    }
}

/// The newest edition, also when its day is still to come: it knows the questions of those before
/// it, or they are in the program's own.
fn guide_of(store: &HubStore) -> Option<Guide> {
    let shelf = crate::catalogue::shelf(store).ok()?;
    let newest = shelf.editions().last()?;
    newest.catalogue().ok().map(Guide::new)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use counter_domain::ids::DeviceId;
    use counter_guide::catalogue::BUNDLED;
    use replica::{DatabaseKey, Surroundings};

    use super::*;

    fn files(change: impl Fn(&str) -> String) -> Vec<u8> {
        let files: BTreeMap<&str, String> = BUNDLED
            .iter()
            .map(|(name, text)| (*name, change(text)))
            .collect();
        serde_json::to_vec(&files).unwrap()
    }

    #[test]
    fn words_are_those_of_the_newest_catalogue_that_can_be_read() {
        let scratch = tempfile::tempdir().unwrap();
        let key = DatabaseKey::from_bytes([9; 32]);
        let around = Surroundings::new(|| 1_795_222_800_000, |bytes| bytes.fill(7));
        let path = scratch.path().join("hub");
        let mut store = HubStore::open(&path, &key, DeviceId([2; 16]), around).unwrap();
        let label = |store: &HubStore| Answers::of(store).label("hh.dogs");
        let own = label(&store);
        assert_ne!(own, "hh.dogs");
        let mut publish = |bytes: &[u8]| store.publish("catalogue", bytes, |_| vec![1]).unwrap();
        publish(&files(|text| text.replace(&own, "市の犬の数")));
        assert_eq!(label(&store), "市の犬の数");
        let mut publish = |bytes: &[u8]| store.publish("catalogue", bytes, |_| vec![1]).unwrap();
        publish(b"[]");
        assert_eq!(label(&store), own, "the program's own");
        assert_eq!(Answers::of(&store).label("hh.unheard_of"), "hh.unheard_of");
        let yes = Answers::of(&store).words("joins_nhi", &FieldValue::Flag(true));
        assert!(yes.is_some_and(|words| !words.is_empty()));
    }
}
