//! The country's towns: a new edition of the dictionary is held against the one in force before it
//! goes to the counters as the dataset `address-dictionary`.
//!
//! Published whole and taken in whole: a counter goes on with the old edition until the new one is
//! there and readable, and what was begun with the old one ends with it. Addresses are texts; no
//! case is changed by it.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use anyhow::{Context, Result};
use counter_addresses::{Addresses, CITY_PLACES, CityPlaces, DICTIONARY, Report};
use hub_store::HubStore;

/// Largest file that is taken for a dictionary.
const BYTES_MAX: u64 = 64 << 20;

/// What publishing an edition would come to.
#[derive(Debug)]
pub(crate) struct Comparison {
    /// The file, to be published.
    pub(crate) bytes: Vec<u8>,
    /// What it changes.
    pub(crate) report: Report,
    /// It is already what the counters have.
    pub(crate) is_in_force: bool,
    /// Towns of the city's own file that the new edition does not have, as the file writes them.
    pub(crate) own_unknown: Vec<String>,
}

/// The dictionary the counters have: the published one, the program's own while none is.
///
/// # Errors
/// When it cannot be read.
pub(crate) fn in_force(store: &HubStore) -> Result<(Option<u64>, Vec<u8>)> {
    if let Some(dataset) = store.dataset(DICTIONARY)? {
        return Ok((Some(dataset.version), dataset.bytes));
    }
    let path = counter_addresses::file();
    let bytes = fs::read(&path).with_context(|| format!("cannot read {}", path.display()))?;
    Ok((None, bytes))
}

/// Reads a file and holds it against the edition in force.
///
/// # Errors
/// When either is no dictionary of this program's format.
pub(crate) fn compare(store: &HubStore, file: &Path, city: &str) -> Result<Comparison> {
    let length = fs::metadata(file)
        .with_context(|| format!("cannot read {}", file.display()))?
        .len();
    anyhow::ensure!(length <= BYTES_MAX, "{} is too large", file.display());
    let bytes = fs::read(file).with_context(|| format!("cannot read {}", file.display()))?;
    let new = Addresses::from_bytes(&bytes).with_context(|| {
        format!(
            "{}：住所の辞書として読めません。make addresses で作った towns.bin を指定してください",
            file.display()
        )
    })?;
    let (published, before) = in_force(store)?;
    let old = Addresses::from_bytes(&before).context("いまの住所の辞書が読めません")?;
    Ok(Comparison {
        report: Report::between(&old, &new),
        is_in_force: published.is_some() && before == bytes,
        own_unknown: own_unknown(store, &new, city)?,
        bytes,
    })
}

/// Towns of the city's own file that a dictionary does not have: renamed, or written differently.
fn own_unknown(store: &HubStore, new: &Addresses, city: &str) -> Result<Vec<String>> {
    let Some(dataset) = store.dataset(CITY_PLACES)? else {
        return Ok(Vec::new());
    };
    let own = CityPlaces::from_bytes(&dataset.bytes).context("市内の番地と建物が読めません")?;
    let towns: BTreeSet<String> = own.places.into_iter().map(|place| place.town).collect();
    let is_known = |town: &String| {
        let address = format!("{city}{town}");
        let parsed = new.parse(&address);
        parsed.is_ok_and(|parsed| parsed.town.is_some())
    };
    Ok(towns.into_iter().filter(|town| !is_known(town)).collect())
}

#[cfg(test)]
mod tests {
    use counter_addresses::{CityPlace, Contents, Municipality, Town};
    use counter_domain::ids::DeviceId;
    use replica::{DatabaseKey, Surroundings};

    use super::*;

    fn edition(name: &str, towns: &[(&str, u32)]) -> Vec<u8> {
        let contents = Contents {
            edition: name.to_owned(),
            municipalities: vec![Municipality {
                code: 14999,
                prefecture: "架空県".to_owned(),
                name: "架空市".to_owned(),
                prefecture_kana: String::new(),
                kana: String::new(),
                until: None,
            }],
            towns: towns
                .iter()
                .map(|(town, postal)| Town {
                    municipality: 0,
                    name: (*town).to_owned(),
                    kana: String::new(),
                    postal_codes: vec![*postal],
                    chome: Vec::new(),
                    koaza: Vec::new(),
                })
                .collect(),
        };
        contents.to_bytes().unwrap()
    }

    /// The city's own file with one number in each town.
    fn own(towns: &[&str]) -> Vec<u8> {
        let places = towns.iter().map(|town| CityPlace {
            town: (*town).to_owned(),
            number: "1番".to_owned(),
            ..CityPlace::default()
        });
        let places = CityPlaces {
            city: "架空市".to_owned(),
            as_of: "2026-11-21".to_owned(),
            places: places.collect(),
        };
        places.to_bytes().unwrap()
    }

    #[test]
    fn new_edition_is_held_against_the_published_one_and_the_citys_file() {
        let scratch = tempfile::tempdir().unwrap();
        let key = DatabaseKey::from_bytes([9; 32]);
        let around = Surroundings::new(|| 1_795_222_800_000, |bytes| bytes.fill(7));
        let path = scratch.path().join("hub");
        let mut store = HubStore::open(&path, &key, DeviceId([2; 16]), around).unwrap();
        let old = edition("旧", &[("本町", 1), ("字川", 2), ("原", 3)]);
        store.publish(DICTIONARY, &old, |_| vec![1]).unwrap();
        let places = own(&["本町", "原"]);
        store.publish(CITY_PLACES, &places, |_| vec![1]).unwrap();
        let file = scratch.path().join("towns.bin");
        fs::write(&file, edition("新", &[("本町", 1), ("川", 2)])).unwrap();
        let new = compare(&store, &file, "架空市").unwrap();
        assert!(!new.is_in_force);
        assert_eq!(new.own_unknown, ["原"]);
        let told = new.report.to_string();
        assert!(
            told.contains("町の名称変更　架空県架空市字川 → 架空県架空市川"),
            "{told}"
        );
        assert!(told.contains("町の廃止　架空県架空市原"), "{told}");
        fs::write(&file, &old).unwrap();
        let same = compare(&store, &file, "架空市").unwrap();
        assert!(same.is_in_force && same.report.is_empty());
        fs::write(&file, b"TDKADDR9 of a later program").unwrap();
        let refused = compare(&store, &file, "架空市").unwrap_err().to_string();
        assert!(refused.contains("住所の辞書として読めません"), "{refused}");
        assert_eq!(in_force(&store).unwrap().1, old);
    }
}
