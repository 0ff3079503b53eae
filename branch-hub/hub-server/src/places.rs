//! Block and lot numbers and buildings (番地・方書) of the own city, from the city's file to the
//! dataset `city-places`, which counters offer under their address fields.
//!
//! `docs/reference/addresses.md` describes the file for people. Nothing in it is about a person.

use std::collections::BTreeMap;
use std::io::Write;
use std::path::Path;

use anyhow::{Result, bail};
use clap::Args;
use counter_addresses::{CityPlace, CityPlaces};

use crate::line_file::Presence::{Needed, Optional};
use crate::line_file::{
    Column, EncodingChoice, Fields, Heading, LineFile, PROBLEMS_MAX, Problem, Wrong,
};

/// A column of the file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum PlaceColumn {
    Town,
    Number,
    Building,
    PostalCode,
}

use PlaceColumn as C;

impl Column for PlaceColumn {
    const HEADINGS: &'static [Heading<Self>] = &[
        (C::Town, "town", "町名", Needed),
        (C::Number, "number", "番地号", Needed),
        (C::Building, "building", "方書", Optional),
        (C::PostalCode, "postal_code", "郵便番号", Optional),
    ];
    const DESCRIBED: &'static str = "docs/reference/addresses.md";
}

/// How the file is read.
#[derive(Debug, Args)]
pub(crate) struct PlaceOptions {
    /// Check the file and publish nothing
    #[arg(long)]
    pub(crate) dry_run: bool,
    /// Publish the good lines although there are bad ones
    #[arg(long)]
    accept_errors: bool,
    /// How the file is written
    #[arg(long, value_enum, default_value_t = EncodingChoice::Auto)]
    encoding: EncodingChoice,
}

/// Reads the file of `city`. Words for the operator go to `say`.
///
/// # Errors
/// When it cannot be read, is of another layout, or has bad lines that were not accepted; they are
/// in two files beside it then.
pub(crate) fn read(
    file: &Path,
    options: &PlaceOptions,
    (city, as_of): (&str, &str),
    say: &mut dyn Write,
) -> Result<CityPlaces> {
    let source = LineFile::<PlaceColumn>::open(file, options.encoding)?;
    let mut places: BTreeMap<CityPlace, u64> = BTreeMap::new();
    let mut problems: Vec<Problem> = Vec::new();
    source.lines(say, &mut |line| {
        let read = source.fields(line).and_then(|fields| {
            let place = place(&fields)?;
            match places.get(&place) {
                Some(first) => Err(fields.problem(
                    C::Number,
                    Wrong::Twice {
                        key: "番地と方書",
                        one: "一つ",
                        first: *first,
                    },
                )),
                None => Ok(place),
            }
        });
        match read {
            Ok(place) => {
                places.insert(place, line.number);
            }
            Err(problem) => problems.push(problem),
        }
        if problems.len() >= PROBLEMS_MAX {
            bail!("直す行が{PROBLEMS_MAX}行を超えました。文字コードか列が違うようです。公開していません");
        }
        Ok(())
    })?;
    writeln!(say, "{} 件、直す行 {} 行", places.len(), problems.len())?;
    if !problems.is_empty() {
        source.report(&problems, say)?;
        if !options.accept_errors {
            bail!(
                "直す行があるので公開していません。直すか、読めた行だけを公開するときは --accept-errors を付けてください"
            );
        }
    }
    Ok(CityPlaces {
        city: city.to_owned(),
        as_of: as_of.to_owned(),
        places: places.into_keys().collect(),
    })
}

fn place(fields: &Fields<'_, PlaceColumn>) -> Result<CityPlace, Problem> {
    let postal_code: String = fields
        .text(C::PostalCode)
        .chars()
        .filter(char::is_ascii_digit)
        .collect();
    if !matches!(postal_code.len(), 0 | 7) {
        return Err(fields.problem(C::PostalCode, Wrong::Number("数字7桁")));
    }
    Ok(CityPlace {
        town: fields.needed(C::Town)?.trim().to_owned(),
        number: fields.needed(C::Number)?.trim().to_owned(),
        building: fields.text(C::Building).trim().to_owned(),
        postal_code,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const HEADINGS: &str = "町名,番地号,方書,郵便番号";

    /// What was said, and the places as `town number building`.
    fn check(lines: &[&str], accept_errors: bool) -> (String, Result<Vec<String>>) {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("places.csv");
        std::fs::write(&file, format!("{HEADINGS}\n{}\n", lines.join("\n"))).unwrap();
        let options = PlaceOptions {
            dry_run: false,
            accept_errors,
            encoding: EncodingChoice::Auto,
        };
        let mut said = Vec::new();
        let read = read(&file, &options, ("架空市", "2026-11-21"), &mut said);
        let places = read.map(|read| {
            let places = read.places.into_iter();
            places
                .map(|one| format!("{} {} {}", one.town, one.number, one.building))
                .collect()
        });
        (String::from_utf8(said).unwrap(), places)
    }

    #[test]
    fn good_lines_become_places() {
        let lines = [
            "架空町一丁目,9番6号,架空ハイツ,252-0815",
            "架空町一丁目,9番6号,,",
        ];
        let (_, places) = check(&lines, false);
        assert_eq!(
            places.unwrap(),
            ["架空町一丁目 9番6号 ", "架空町一丁目 9番6号 架空ハイツ"]
        );
    }

    #[test]
    fn bad_lines_are_told_and_left_out_only_when_asked() {
        let lines = [
            "架空町,1番地,,",
            "架空町,1番地,,",
            "架空町,,,",
            "架空町,2番地,,252",
        ];
        let (said, places) = check(&lines, false);
        assert!(places.is_err());
        for expected in [
            "3行目 2列（number）：同じ番地と方書が2行目にもあります。一つを1行にしてください",
            "4行目 2列（number）：空です。値を入れてください",
            "5行目 4列（postal_code）：番号の形が違います。数字7桁にしてください",
        ] {
            assert!(said.contains(expected), "{said}");
        }
        assert_eq!(check(&lines, true).1.unwrap(), ["架空町 1番地 "]);
    }
}
