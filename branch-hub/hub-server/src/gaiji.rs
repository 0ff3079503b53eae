//! The tables of private characters (外字対応表) of the systems that the city exchanges names with.
//!
//! What importers read names through and files are written through; published to the counters, so
//! that staff see which characters a system has. A sheet with a fault changes nothing.

use anyhow::{Context, Result, bail};
use counter_characters::gaiji::{Fault, GAIJI_FORMAT, GAIJI_TABLES, Problem, read_sheet};
use counter_characters::{Characters, GaijiTable, GaijiTables, MjPlus};
use hub_store::HubStore;

/// Longest key of a system.
const SYSTEM_CHARS_MAX: usize = 40;
/// Private characters a city's font may add: both private planes.
const PLANES: [std::ops::RangeInclusive<char>; 2] =
    ['\u{F0000}'..='\u{FFFFD}', '\u{100000}'..='\u{10FFFD}'];

/// The tables as published.
///
/// # Errors
/// When the dataset cannot be read, or a newer program wrote it.
pub(crate) fn published(store: &HubStore) -> Result<GaijiTables> {
    let Some(dataset) = store.dataset(GAIJI_TABLES)? else {
        return Ok(GaijiTables::default());
    };
    let tables: GaijiTables = serde_json::from_slice(&dataset.bytes)
        .context("the published private characters are damaged")?;
    anyhow::ensure!(
        tables.format == GAIJI_FORMAT,
        "a newer program published the private characters"
    );
    Ok(tables)
}

/// What became of a sheet.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Taken {
    /// The tables with this one in its place.
    Table(GaijiTables),
    /// What to correct, a sentence a line.
    Faults(Vec<String>),
}

/// Puts a sheet into the tables.
///
/// # Errors
/// When the key is none, or the character tables cannot be opened.
pub(crate) fn take(mut tables: GaijiTables, system: &str, sheet: &[u8]) -> Result<Taken> {
    let plain = |one: u8| one.is_ascii_lowercase() || one.is_ascii_digit() || b"_-".contains(&one);
    if system.is_empty() || system.len() > SYSTEM_CHARS_MAX || !system.bytes().all(plain) {
        bail!("a system's key is up to {SYSTEM_CHARS_MAX} lower-case letters, digits, _ and -");
    }
    // Which added characters the city's font draws is for the gates; any may stand in a table.
    let characters = Characters::open(&counter_characters::tables::file())?
        .with_added(PLANES.into_iter().flatten());
    Ok(match read_sheet(system, sheet, &characters) {
        Ok(table) => {
            tables.put(table);
            Taken::Table(tables)
        }
        Err(problems) => Taken::Faults(problems.iter().map(in_words).collect()),
    })
}

/// A fault of a sheet, for whoever corrects it.
fn in_words(problem: &Problem) -> String {
    let place = match problem.column {
        0 => format!("{}行目", problem.line),
        column => format!("{}行目 {column}列", problem.line),
    };
    let what = match problem.fault {
        Fault::Encoding => {
            "UTF-8でもシフトJISでもありません。どちらかで保存し直してください".to_owned()
        }
        Fault::NoHeadings => "見出しに「外字コード」と「文字」の列がありません".to_owned(),
        Fault::TooMany => "外字の数を超えています。別の表ではないか確かめてください".to_owned(),
        Fault::OpenQuote => "引用符（\"）が閉じていません".to_owned(),
        Fault::NotACode => {
            "外字のコードではありません。F040〜F9FC か U+E000 のように書いてください".to_owned()
        }
        Fault::CodeTwice { first } => {
            format!("同じコードが{first}行目にもあります。1行にしてください")
        }
        Fault::NotACharacter => {
            "文字が一つに決まりません。MJ番号（MJ026190）か MJ+10A3C5 の形で書いてください"
                .to_owned()
        }
        Fault::WithoutText => "Unicodeで表せない字形です。別のMJ番号を選んでください".to_owned(),
        Fault::MeantTwice { first } => {
            format!("同じ文字が{first}行目にもあります。どちらかの向きを「読むだけ」にしてください")
        }
        Fault::NotAWay => "向きは「両方」「読むだけ」「書くだけ」のどれかです".to_owned(),
    };
    format!("{place}：{what}")
}

/// The rows of a table as cells, for the city to check; codes nobody identified have no character.
pub(crate) fn rows(table: &GaijiTable) -> Vec<[String; 6]> {
    use counter_characters::gaiji::Way;
    let bytes = |code: counter_characters::PrivateCode| {
        code.cp932()
            .map(|[lead, trail]| format!("{lead:02X}{trail:02X}"))
            .unwrap_or_default()
    };
    let known = table.rows.iter().map(|row| {
        let way = match row.way {
            Way::Both => "both",
            Way::Read => "read",
            Way::Write => "write",
        };
        // An added character is no character without its tag.
        let shown = if row.text.chars().any(|c| MjPlus::of(c).is_some()) {
            String::new()
        } else {
            row.text.clone()
        };
        [
            table.system.clone(),
            row.code.to_string(),
            bytes(row.code),
            String::from(row.is),
            shown,
            way.to_owned(),
        ]
    });
    let open = table.open.iter().map(|code| {
        let none = String::new;
        [
            table.system.clone(),
            code.to_string(),
            bytes(*code),
            none(),
            none(),
            none(),
        ]
    });
    known.chain(open).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(sheet: &str, expected: &[&str]) {
        let Taken::Faults(faults) =
            take(GaijiTables::default(), "cp932", sheet.as_bytes()).unwrap()
        else {
            panic!("the sheet has faults");
        };
        assert_eq!(faults, expected);
    }

    #[test]
    fn faults_of_a_sheet_are_told_in_words() {
        check(
            "外字コード,文字\nF040,MJ026190\n889F,MJ000001\nF040,MJ000002\n",
            &[
                "3行目 1列：外字のコードではありません。F040〜F9FC か U+E000 のように書いてください",
                "4行目 1列：同じコードが2行目にもあります。1行にしてください",
            ],
        );
        check(
            "文字\n",
            &["1行目：見出しに「外字コード」と「文字」の列がありません"],
        );
    }

    #[test]
    fn newer_sheet_of_a_system_replaces_the_older_one() {
        let mut tables = GaijiTables::default();
        for sheet in [
            "外字コード,文字\nF040,MJ026190\nF041,\n",
            "外字コード,文字\nF042,MJ+10A3C5\n",
        ] {
            let Taken::Table(now) = take(tables, "cp932", sheet.as_bytes()).unwrap() else {
                panic!("a good sheet");
            };
            tables = now;
        }
        let table = tables.of("cp932").unwrap();
        assert_eq!(
            rows(table),
            [["cp932", "U+E002", "F042", "MJ+10A3C5", "", "both"].map(str::to_owned)]
        );
        for wrong in ["", "Cp932", "a b"] {
            assert!(take(GaijiTables::default(), wrong, b"").is_err(), "{wrong}");
        }
    }
}
