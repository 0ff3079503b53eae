//! Block and lot numbers and buildings (番地・方書) of the own city, from the city's own file.
//!
//! Head office imports the file (`docs/reference/addresses.md`) and publishes it as the dataset
//! [`CITY_PLACES`]; it is a `table-file` of [`CityPlaces`].

use counter_domain::resident::{address_key, name_key};
use serde::{Deserialize, Serialize};
use table_file::LoadError;

/// Name of the dataset.
pub const CITY_PLACES: &str = "city-places";

/// First bytes of the dataset; the digit is the format's version.
const MAGIC: &table_file::Magic = b"TDKPLAC1";

/// Everything in the dataset.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct CityPlaces {
    /// The city, as its addresses begin.
    pub city: String,
    /// The day of the file, ISO 8601.
    pub as_of: String,
    /// Every number, and every building at it.
    pub places: Vec<CityPlace>,
}

/// A number of a town, with or without a building.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct CityPlace {
    /// Town (町名) with its 丁目, as the city writes it.
    pub town: String,
    /// Block, lot or house number (番地・号), as the city writes it.
    pub number: String,
    /// Building (方書), without the room; may be empty.
    pub building: String,
    /// Postal code, seven digits; may be empty.
    pub postal_code: String,
}

impl CityPlaces {
    /// The bytes of the dataset.
    ///
    /// # Errors
    /// When packing fails, which it does only for want of memory.
    pub fn to_bytes(&self) -> std::io::Result<Vec<u8>> {
        table_file::pack(self, MAGIC)
    }

    /// Reads the dataset.
    ///
    /// # Errors
    /// When it is of another format.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, LoadError> {
        table_file::unpack(bytes, MAGIC)
    }
}

/// The places of the own city, found by what is typed.
#[derive(Debug)]
pub struct OwnPlaces {
    city: String,
    places: Vec<CityPlace>,
    /// Address behind the city, ascending, with the place.
    by_address: Vec<(String, u32)>,
    /// Building, ascending, with the place.
    by_building: Vec<(String, u32)>,
}

impl OwnPlaces {
    /// Makes them ready to be searched.
    pub fn new(of: CityPlaces) -> Self {
        let CityPlaces { city, places, .. } = of;
        let rows = || (0_u32..).zip(&places);
        let mut by_address: Vec<(String, u32)> = rows()
            .map(|(at, place)| {
                let address = format!("{}{}", place.town, place.number);
                (address_key(&address, &city), at)
            })
            .collect();
        by_address.sort_unstable();
        let mut by_building: Vec<(String, u32)> = rows()
            .map(|(at, place)| (name_key(&place.building), at))
            .filter(|(key, _)| !key.is_empty())
            .collect();
        by_building.sort_unstable();
        Self {
            city,
            places,
            by_address,
            by_building,
        }
    }

    /// The city, as its addresses begin.
    pub fn city(&self) -> &str {
        &self.city
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.places.len()
    }

    /// Whether the file had none.
    pub fn is_empty(&self) -> bool {
        self.places.is_empty()
    }

    /// Places that a half-typed address or building may mean. Whole numbers come first: `1-2` is
    /// nearer to `1-2` than `1-20`. At most `limit`.
    pub fn find(&self, text: &str, limit: usize) -> Vec<&CityPlace> {
        let address = address_key(text, &self.city);
        let mut found = beginning(&self.by_address, &address);
        found.sort_by_key(|(key, _)| {
            let next = key
                .get(address.len()..)
                .and_then(|rest| rest.chars().next());
            next.is_some_and(|next| next.is_ascii_digit() && ends_in_digit(&address))
        });
        let buildings = beginning(&self.by_building, &name_key(text));
        let mut seen = std::collections::HashSet::new();
        let places = found.into_iter().chain(buildings);
        places
            .filter(|(_, at)| seen.insert(*at))
            .filter_map(|(_, at)| self.places.get(usize::try_from(*at).ok()?))
            .take(limit)
            .collect()
    }
}

fn ends_in_digit(key: &str) -> bool {
    key.ends_with(|last: char| last.is_ascii_digit())
}

/// Most places looked at for one keystroke.
const LOOKED_AT_MAX: usize = 500;

fn beginning<'i>(index: &'i [(String, u32)], key: &str) -> Vec<&'i (String, u32)> {
    if key.is_empty() {
        return Vec::new();
    }
    let first = index.partition_point(|(known, _)| known.as_str() < key);
    let rest = index.get(first..).unwrap_or_default().iter();
    rest.take_while(|(known, _)| known.starts_with(key))
        .take(LOOKED_AT_MAX)
        .collect()
}
