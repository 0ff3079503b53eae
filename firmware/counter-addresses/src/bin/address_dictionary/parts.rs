//! Lists of 丁目 and 小字: of the package that carries Geolonia's town list (one JSON file a municipality),
//! or of the Digital Agency's address base registry (町字マスター, CSV), which a city may bring.

use std::fs;
use std::path::Path;

use anyhow::{Context, Result};
use counter_addresses::Koaza;
use serde::Deserialize;

/// One part of a town.
#[derive(Debug)]
pub(crate) struct Listed {
    /// Prefecture and municipality.
    pub(crate) municipality: String,
    /// The town without it.
    pub(crate) town: String,
    pub(crate) part: Part,
}

/// A 丁目 or a 小字.
#[derive(Debug)]
pub(crate) enum Part {
    Chome(u8),
    Koaza(Koaza),
}

#[derive(Debug, Deserialize)]
struct JsonTown {
    town: String,
    #[serde(default)]
    koaza: String,
}

impl JsonTown {
    fn part(self) -> Option<(String, Part)> {
        if self.koaza.is_empty() {
            return told_apart(&self.town).map(|(town, number)| (town, Part::Chome(number)));
        }
        let (name, kana) = (self.koaza, String::new());
        Some((self.town, Part::Koaza(Koaza { name, kana })))
    }
}

/// Reads `FOLDER/PREFECTURE/MUNICIPALITY.json`.
pub(crate) fn of_folder(folder: &Path) -> Result<Vec<Listed>> {
    let mut listed = Vec::new();
    for prefecture in fs::read_dir(folder).context("the folder of parts cannot be read")? {
        let prefecture = prefecture?.path();
        if !prefecture.is_dir() {
            continue;
        }
        for file in fs::read_dir(&prefecture)? {
            let file = file?.path();
            let name = |path: &Path| {
                path.file_stem()
                    .map(|stem| stem.to_string_lossy().into_owned())
            };
            let (Some(pref), Some(city)) = (name(&prefecture), name(&file)) else {
                continue;
            };
            let towns: Vec<JsonTown> = serde_json::from_slice(&fs::read(&file)?)
                .with_context(|| format!("{} is none of the list's files", file.display()))?;
            listed.extend(towns.into_iter().filter_map(|one| {
                let (town, part) = one.part()?;
                Some(Listed {
                    municipality: format!("{pref}{city}"),
                    town,
                    part,
                })
            }));
        }
    }
    Ok(listed)
}

/// The columns of 町字マスター that are needed.
#[derive(Debug, Deserialize)]
struct RegistryTown {
    pref: String,
    #[serde(default)]
    county: String,
    city: String,
    #[serde(default)]
    ward: String,
    oaza_cho: String,
    #[serde(default)]
    chome_number: Option<u8>,
    #[serde(default)]
    koaza: String,
    #[serde(default)]
    koaza_kana: String,
    #[serde(default)]
    ablt_date: String,
}

/// Reads the registry's CSV; abolished rows are passed over.
pub(crate) fn of_registry(file: &Path) -> Result<Vec<Listed>> {
    let mut reader = csv::Reader::from_path(file).context("the registry cannot be read")?;
    let mut listed = Vec::new();
    for row in reader.deserialize() {
        let row: RegistryTown = row.context("the registry has other columns")?;
        if !row.ablt_date.is_empty() {
            continue;
        }
        let (name, kana) = (row.koaza, row.koaza_kana);
        let part = match row.chome_number {
            Some(number) => Part::Chome(number),
            None if !name.is_empty() => Part::Koaza(Koaza { name, kana }),
            None => continue,
        };
        let (pref, county, city, ward) = (row.pref, row.county, row.city, row.ward);
        listed.push(Listed {
            municipality: format!("{pref}{county}{city}{ward}"),
            town: row.oaza_cho,
            part,
        });
    }
    Ok(listed)
}

/// A town's name and the number of its 丁目.
fn told_apart(name: &str) -> Option<(String, u8)> {
    let before = name.strip_suffix("丁目")?;
    let town = before.trim_end_matches(|c| "一二三四五六七八九十".contains(c));
    let number = number(before.strip_prefix(town)?)?;
    (!town.is_empty()).then(|| (town.to_owned(), number))
}

/// 1 to 99 in kanji.
fn number(text: &str) -> Option<u8> {
    let digit = |text: &str| match text {
        "" => Some(0),
        one => {
            let place = "一二三四五六七八九"
                .chars()
                .position(|c| one == c.to_string())?;
            u8::try_from(place + 1).ok()
        }
    };
    match text.split_once('十') {
        None => digit(text).filter(|number| *number > 0),
        Some((tens, ones)) => {
            let tens = if tens.is_empty() { 1 } else { digit(tens)? };
            Some(tens * 10 + digit(ones)?)
        }
    }
}
