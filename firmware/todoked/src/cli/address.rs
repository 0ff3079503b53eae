//! `todoke address`: towns of the whole country, and the parts of a written address.
//!
//! With the data folder of a counter it goes by the dictionary head office published, as the screens
//! there do; otherwise by the one that comes with the program.

use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, bail};
use clap::Subcommand;
use counter_addresses::{Addresses, DICTIONARY, Municipality};
use serde_json::{Value, json};

use crate::cli::{print_json, print_line};
use crate::paper::address_dictionary;
use crate::serve::open_store;
use crate::settings::{DataFolder, Settings};

/// A longer list helps nobody at a counter.
const FOUND_MAX: usize = 20;

#[derive(Debug, Subcommand)]
pub(super) enum AddressCommand {
    /// Finds places for a half-typed text: kanji, kana, Latin letters or a postal code.
    Find {
        /// What was typed.
        text: String,
        /// Code of the own municipality (five digits); its places stand first.
        #[arg(long)]
        near: Option<u32>,
        /// Folder of a counter's data: the dictionary published to it is used. The daemon may run.
        #[arg(long)]
        data: Option<PathBuf>,
        /// One JSON document on the standard output.
        #[arg(long)]
        json: bool,
    },
    /// Tells municipality, town, number and building of a written address apart.
    Parse {
        /// The address.
        text: String,
        /// Folder of a counter's data: the dictionary published to it is used. The daemon may run.
        #[arg(long)]
        data: Option<PathBuf>,
    },
}

/// A dictionary, and which it is.
struct Dictionary {
    addresses: Addresses,
    /// Version of the published edition; `None` for the program's own.
    published: Option<u64>,
}

impl Dictionary {
    /// The one in force at a counter, or the program's own.
    fn open(data: Option<&Path>) -> Result<Self> {
        let published = data.map(published).transpose()?.flatten();
        match published {
            Some((version, bytes)) => Self::of_edition(version, &bytes),
            None => Ok(Self {
                addresses: Addresses::open(&address_dictionary())?,
                published: None,
            }),
        }
    }

    fn of_edition(version: u64, bytes: &[u8]) -> Result<Self> {
        let addresses = Addresses::from_bytes(bytes).with_context(|| {
            format!(
                "version {version} of the published dictionary cannot be read; publish it again at head office (todoke-hub places dictionary)"
            )
        })?;
        Ok(Self {
            addresses,
            published: Some(version),
        })
    }
}

/// What head office published to the counter of a data folder.
fn published(data: &Path) -> Result<Option<(u64, Vec<u8>)>> {
    let folder = DataFolder::new(data);
    let settings = Settings::read(&folder)?;
    if !folder.database().exists() {
        bail!("{} has no database yet", data.display());
    }
    let store = open_store(&folder, &settings)?;
    let dataset = store.dataset(DICTIONARY)?;
    Ok(dataset.map(|one| (one.version, one.bytes)))
}

impl AddressCommand {
    pub(super) fn run(self) -> Result<()> {
        match self {
            Self::Find {
                text,
                near,
                data,
                json,
            } => find(&Dictionary::open(data.as_deref())?, &text, near, json),
            Self::Parse { text, data } => parse(&Dictionary::open(data.as_deref())?, &text),
        }
    }
}

fn find(from: &Dictionary, text: &str, near: Option<u32>, as_json: bool) -> Result<()> {
    let addresses = &from.addresses;
    let found = addresses.find(text, near, FOUND_MAX);
    if as_json {
        let found: Vec<Value> = found
            .iter()
            .map(|one| {
                json!({
                    "text": one.text(),
                    "municipality": municipality(one.municipality),
                    "town": one.town.map(|town| &town.name),
                    "town_kana": one.town.map(|town| &town.kana),
                    "postal_codes": one.town.map(|town| {
                        town.postal_codes.iter().map(|code| format!("{code:07}")).collect::<Vec<_>>()
                    }),
                })
            })
            .collect();
        return print_json(&json!({
            "places": found,
            "dictionary": addresses.edition(),
            "published": from.published,
        }));
    }
    anyhow::ensure!(
        !text.trim().is_empty(),
        "nothing was typed: give the beginning of a place, its reading or a postal code"
    );
    anyhow::ensure!(
        !found.is_empty(),
        "no place begins like this: type less, or the town alone"
    );
    for one in found {
        print_line(&one.text())?;
    }
    Ok(())
}

fn parse(from: &Dictionary, text: &str) -> Result<()> {
    let parsed = from.addresses.parse(text)?;
    print_json(&json!({
        "municipality": municipality(parsed.municipality),
        "town": parsed.town.map(|town| &town.name),
        "number": parsed.number,
        "building": parsed.building,
        "dictionary": from.addresses.edition(),
        "published": from.published,
    }))
}

fn municipality(one: &Municipality) -> Value {
    json!({ "code": one.code_with_check(), "prefecture": one.prefecture, "name": one.name })
}

#[cfg(test)]
mod tests {
    use counter_addresses::{Contents, Town};

    use super::*;

    #[test]
    fn published_edition_is_used_and_named() {
        let contents = Contents {
            edition: "令和9年1月".to_owned(),
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
                name: "新架空町".to_owned(),
                kana: String::new(),
                postal_codes: Vec::new(),
                chome: Vec::new(),
                koaza: Vec::new(),
            }],
        };
        let bytes = contents.to_bytes().unwrap();
        let from = Dictionary::of_edition(3, &bytes).unwrap();
        assert_eq!(
            (from.addresses.edition(), from.published),
            ("令和9年1月", Some(3))
        );
        let found = from.addresses.find("新架空", None, FOUND_MAX);
        assert_eq!(found[0].text(), "架空県架空市新架空町");
        let torn = Dictionary::of_edition(3, &bytes[..bytes.len() / 2]).err();
        let told = torn.map(|error| error.to_string()).unwrap_or_default();
        assert!(
            told.contains("version 3") && told.contains("publish it again"),
            "{told}"
        );
    }
}
