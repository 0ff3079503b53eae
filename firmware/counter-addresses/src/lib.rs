//! Towns of the whole country: found while typing, and told apart in a written address.
//!
//! [`Addresses::find`] answers each keystroke with towns, whether the person types kanji, kana,
//! Latin letters or a postal code. [`Addresses::parse`] splits a written address into municipality,
//! town, number and building, and keeps every part exactly as it was written: `1-2` and
//! `1番地の2` are never turned into each other, since each city decides between block and lot
//! numbers town by town (住居表示に関する法律).
//!
//! Knows no database and no network. The dictionary is data beside the program (`data/README.md`).
//! It has towns, not blocks: 丁目 are read as part of the number unless Japan Post names them.

mod dictionary;
mod find;
mod fold;
mod parse;

pub use dictionary::{Addresses, Contents, LoadError, Municipality, Town};
pub use find::Found;
pub use fold::{kana_key, written_key};
pub use parse::{ParseError, Parsed};
