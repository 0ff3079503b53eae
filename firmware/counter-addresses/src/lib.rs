//! Towns of the whole country: found while typing, and told apart in a written address.
//!
//! [`Addresses::find`] answers each keystroke with towns, whether the person types kanji, kana,
//! Latin letters or a postal code. [`Addresses::parse`] splits a written address into municipality,
//! town, number and building, and keeps every part exactly as it was written: `1-2` and
//! `1番地の2` are never turned into each other, since each city decides between block and lot
//! numbers town by town (住居表示に関する法律).
//!
//! Knows no database and no network. The dictionary is data beside the program (`data/README.md`).
//! It has towns with their 丁目 and 小字, not blocks; blocks and buildings of the own city come from
//! the city's file ([`CityPlaces`]). Head office may publish a newer edition ([`DICTIONARY`]). Municipalities that are gone stay in it, marked, because registered
//! domiciles (本籍) keep their names; [`Report`] says what a new edition changes.

mod dictionary;
mod find;
mod fold;
mod own;
mod parse;
mod report;
mod suggest;

pub use dictionary::{Addresses, Contents, DICTIONARY, Koaza, Municipality, Town, file};
pub use find::Found;
pub use fold::{kana_key, written_key};
pub use own::{CITY_PLACES, CityPlace, CityPlaces, OwnPlaces};
pub use parse::{ParseError, Parsed};
pub use report::Report;
pub use suggest::{PlaceFinder, Suggestion, Wanted};
pub use table_file::LoadError;
