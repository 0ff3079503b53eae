//! The address dictionary and the own city's places at the counter.
//!
//! Both are loaded on a thread of their own, so that the screens come up without them; until then,
//! and when a file is missing, nothing is offered and everything can be typed. A newer edition takes
//! the old one's place in one step; what was begun with the old one goes on with it to its end.

use std::path::Path;
use std::sync::{Arc, PoisonError, RwLock};

use counter_addresses::{
    Addresses, CITY_PLACES, CityPlaces, DICTIONARY, OwnPlaces, PlaceFinder, Suggestion, Wanted,
};

/// Most places offered at once: what fits under a field without scrolling.
const OFFERED_MAX: usize = 6;

/// See the module.
#[derive(Debug, Default)]
pub struct Places {
    country: RwLock<Country>,
    own: RwLock<Own>,
}

/// The dictionary in force.
#[derive(Debug, Default)]
struct Country {
    /// Of the published edition; 0 for the program's own.
    version: u64,
    addresses: Option<Arc<Addresses>>,
}

#[derive(Debug, Default)]
struct Own {
    version: u64,
    places: Option<OwnPlaces>,
}

impl Places {
    /// Loads the program's own dictionary, unless there is one already.
    pub fn load_country(&self, path: &Path) {
        if self.country().is_some() {
            return;
        }
        match Addresses::open(path) {
            Ok(addresses) => self.put_country(0, addresses),
            Err(error) => tracing::error!(%error, "no places are offered"),
        }
    }

    /// Takes in the edition that head office published, when `version` is another than the one in
    /// force; an unreadable one changes nothing.
    pub fn take_country(
        &self,
        version: Option<u64>,
        dataset: impl FnOnce(&str) -> Option<(u64, Vec<u8>)>,
    ) {
        let in_force = self.country.read().unwrap_or_else(PoisonError::into_inner);
        let is_new = version.is_some_and(|version| version != in_force.version);
        drop(in_force);
        let Some((version, bytes)) = is_new.then(|| dataset(DICTIONARY)).flatten() else {
            return;
        };
        match Addresses::from_bytes(&bytes) {
            Ok(addresses) => {
                let towns = addresses.town_count();
                self.put_country(version, addresses);
                tracing::info!(version, towns, "published address dictionary loaded");
            }
            Err(error) => tracing::error!(%error, version, "published address dictionary not used"),
        }
    }

    fn put_country(&self, version: u64, addresses: Addresses) {
        *self.country.write().unwrap_or_else(PoisonError::into_inner) = Country {
            version,
            addresses: Some(Arc::new(addresses)),
        };
    }

    /// The dictionary in force; `None` before one is loaded.
    pub fn country(&self) -> Option<Arc<Addresses>> {
        let country = self.country.read().unwrap_or_else(PoisonError::into_inner);
        country.addresses.clone()
    }

    /// Takes in a newer dataset of the own city's places; an unreadable one changes nothing.
    pub fn take_own(&self, dataset: impl FnOnce(&str) -> Option<(u64, Vec<u8>)>) {
        let Some((version, bytes)) = dataset(CITY_PLACES) else {
            return;
        };
        if self
            .own
            .read()
            .unwrap_or_else(PoisonError::into_inner)
            .version
            == version
        {
            return;
        }
        let places = match CityPlaces::from_bytes(&bytes) {
            Ok(places) => OwnPlaces::new(places),
            Err(error) => {
                tracing::error!(%error, version, "places of the city not readable");
                return;
            }
        };
        tracing::info!(version, places = places.len(), "places of the city loaded");
        *self.own.write().unwrap_or_else(PoisonError::into_inner) = Own {
            version,
            places: Some(places),
        };
    }

    /// An address that was written in one piece, and its building and room, each as written. `None`
    /// where the dictionary does not know the town, or nothing stands behind the number.
    pub fn parted(&self, text: &str) -> Option<(String, String)> {
        let country = self.country()?;
        let parsed = country.parse(text).ok()?;
        let sure = parsed.town.is_some() && !parsed.number.is_empty();
        let building = Some(parsed.building).filter(|building| sure && !building.is_empty())?;
        let address = text.trim_end().strip_suffix(building)?.trim_end();
        Some((address.to_owned(), building.to_owned()))
    }

    /// What a half-typed text may mean, for an office of `city`.
    pub fn suggest(&self, text: &str, wanted: Wanted, city: &str) -> Vec<Suggestion> {
        let Some(country) = self.country() else {
            return Vec::new();
        };
        let own = self.own.read().unwrap_or_else(PoisonError::into_inner);
        let finder = PlaceFinder {
            country: &country,
            own: own.places.as_ref(),
            city,
        };
        finder.suggest(text, wanted, OFFERED_MAX)
    }
}

#[cfg(test)]
mod tests {
    use counter_addresses::{Contents, Municipality, Town};

    use super::*;

    /// A dictionary of one city with one town.
    fn edition(town: &str) -> Vec<u8> {
        let contents = Contents {
            edition: town.to_owned(),
            municipalities: vec![Municipality {
                code: 14999,
                prefecture: "架空県".to_owned(),
                name: "架空市".to_owned(),
                prefecture_kana: String::new(),
                kana: String::new(),
                until: None,
            }],
            towns: vec![Town {
                municipality: 0,
                name: town.to_owned(),
                kana: String::new(),
                postal_codes: Vec::new(),
                chome: Vec::new(),
                koaza: Vec::new(),
            }],
        };
        contents.to_bytes().unwrap()
    }

    fn offered(places: &Places, text: &str) -> Vec<String> {
        let offered = places.suggest(text, Wanted::Address, "架空市").into_iter();
        offered.map(|one| one.text).collect()
    }

    #[test]
    fn published_edition_takes_the_place_of_the_old_one_at_once() {
        let places = Places::default();
        places.take_country(None, |_| panic!("nothing is published"));
        places.take_country(Some(1), |_| Some((1, edition("旧町"))));
        assert_eq!(offered(&places, "架空市旧"), ["架空市旧町"]);
        let begun = places.country().unwrap();
        places.take_country(Some(2), |_| Some((2, edition("新町"))));
        assert_eq!(offered(&places, "架空市新"), ["架空市新町"]);
        assert!(offered(&places, "架空市旧").is_empty());
        assert_eq!(begun.edition(), "旧町", "what began with it ends with it");
        // The program's own file does not push a published edition out.
        places.load_country(Path::new("/nowhere"));
        places.take_country(Some(2), |_| panic!("this version is here"));
        assert_eq!(offered(&places, "架空市新"), ["架空市新町"]);
    }

    #[test]
    fn edition_that_cannot_be_read_changes_nothing() {
        let places = Places::default();
        places.take_country(Some(1), |_| Some((1, edition("旧町"))));
        let mut torn = edition("新町");
        torn.truncate(torn.len() / 2);
        places.take_country(Some(2), |_| Some((2, torn)));
        assert_eq!(offered(&places, "架空市旧"), ["架空市旧町"]);
    }
}
