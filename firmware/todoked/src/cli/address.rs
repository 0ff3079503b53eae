//! `todoke address`: towns of the whole country, and the parts of a written address.

use anyhow::Result;
use clap::Subcommand;
use counter_addresses::{Addresses, Municipality};
use serde_json::{Value, json};

use crate::cli::{print_json, print_line};
use crate::paper::address_dictionary;

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
        /// One JSON document on the standard output.
        #[arg(long)]
        json: bool,
    },
    /// Tells municipality, town, number and building of a written address apart.
    Parse {
        /// The address.
        text: String,
    },
}

impl AddressCommand {
    pub(super) fn run(self) -> Result<()> {
        let addresses = Addresses::open(&address_dictionary())?;
        match self {
            Self::Find { text, near, json } => find(&addresses, &text, near, json),
            Self::Parse { text } => parse(&addresses, &text),
        }
    }
}

fn find(addresses: &Addresses, text: &str, near: Option<u32>, as_json: bool) -> Result<()> {
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
        return print_json(&json!({ "places": found, "dictionary": addresses.edition() }));
    }
    anyhow::ensure!(
        !found.is_empty(),
        "no place begins like this: type less, or the town alone"
    );
    for one in found {
        print_line(&one.text())?;
    }
    Ok(())
}

fn parse(addresses: &Addresses, text: &str) -> Result<()> {
    let parsed = addresses.parse(text)?;
    print_json(&json!({
        "municipality": municipality(parsed.municipality),
        "town": parsed.town.map(|town| &town.name),
        "number": parsed.number,
        "building": parsed.building,
    }))
}

fn municipality(one: &Municipality) -> Value {
    json!({ "code": one.code_with_check(), "prefecture": one.prefecture, "name": one.name })
}
