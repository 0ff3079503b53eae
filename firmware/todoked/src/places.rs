//! The address dictionary and the own city's places at the counter.
//!
//! Both are loaded on a thread of their own, so that the screens come up without them; until then,
//! and when a file is missing, nothing is offered and everything can be typed.

use std::path::Path;
use std::sync::{OnceLock, PoisonError, RwLock};

use counter_addresses::{
    Addresses, CITY_PLACES, CityPlaces, OwnPlaces, PlaceFinder, Suggestion, Wanted,
};

/// Most places offered at once: what fits under a field without scrolling.
const OFFERED_MAX: usize = 6;

/// See the module.
#[derive(Debug, Default)]
pub struct Places {
    country: OnceLock<Addresses>,
    own: RwLock<Own>,
}

#[derive(Debug, Default)]
struct Own {
    version: u64,
    places: Option<OwnPlaces>,
}

impl Places {
    /// Loads the dictionary, once.
    pub fn load_country(&self, path: &Path) {
        if self.country.get().is_some() {
            return;
        }
        match Addresses::open(path) {
            Ok(addresses) => {
                self.country.set(addresses).ok();
            }
            Err(error) => tracing::error!(%error, "no places are offered"),
        }
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
        let parsed = self.country.get()?.parse(text).ok()?;
        let sure = parsed.town.is_some() && !parsed.number.is_empty();
        let building = Some(parsed.building).filter(|building| sure && !building.is_empty())?;
        let address = text.trim_end().strip_suffix(building)?.trim_end();
        Some((address.to_owned(), building.to_owned()))
    }

    /// What a half-typed text may mean, for an office of `city`.
    pub fn suggest(&self, text: &str, wanted: Wanted, city: &str) -> Vec<Suggestion> {
        let Some(country) = self.country.get() else {
            return Vec::new();
        };
        let own = self.own.read().unwrap_or_else(PoisonError::into_inner);
        let finder = PlaceFinder {
            country,
            own: own.places.as_ref(),
            city,
        };
        finder.suggest(text, wanted, OFFERED_MAX)
    }
}
