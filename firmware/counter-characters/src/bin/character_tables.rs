//! `todoke-character-tables DATABASE OUT`: builds the tables from the `mojidata` database.
//!
//! Run by whoever ships a new edition (`make characters`), never on an appliance.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use anyhow::{Context, Result, bail};
use counter_characters::tables::{Contents, Reduction, Sequence};
use counter_characters::target::Source;
use counter_characters::written::is_ideograph;
use counter_characters::{Glyph, JisCode, MjNumber, Standing, search};
use rusqlite::{Connection, OpenFlags, Row};

const EDITION: &str = "MJ character information table 006.02, MJ reduction map 1.2.0, IVD 2022-09-13, \
    descriptions of Unicode 17";

const GLYPHS: &str = r#"
SELECT "MJ文字図形名", "対応するUCS", "実装したUCS", "実装したMoji_JohoコレクションIVS",
       "戸籍統一文字番号", "住基ネット統一文字コード", "X0213", "総画数", "漢字施策"
FROM mji ORDER BY "MJ文字図形名""#;
/// Places of JIS X 0213 with the character each of them is: the table of glyphs gives every form that
/// the standard unifies with it the same place, 𠮷 that of 吉.
const PLACES: &str = r#"SELECT UCS, value FROM "unihan_kJIS0213"
UNION ALL SELECT UCS, '1,' || substr(value, 1, 2) || ',' || substr(value, 3) FROM "unihan_kJis0""#;
const RADICALS: &str = r#"SELECT DISTINCT "MJ文字図形名", "部首", CAST("内画数" AS INTEGER) AS besides FROM mji_rsindex ORDER BY 1, 2, 3"#;
const REDUCTIONS: &str = r#"SELECT "MJ文字図形名", "縮退UCS", "表", COALESCE("順位", "ホップ数", 0) FROM mjsm ORDER BY 1"#;
const READINGS: &str = r#"SELECT "読み", "MJ文字図形名" FROM mji_reading ORDER BY 1, 2"#;
const SEQUENCES: &str = "SELECT IVS, collection FROM ivs";
const DESCRIPTIONS: &str = "SELECT UCS, IDS FROM ids";

fn main() -> Result<()> {
    let mut arguments = std::env::args_os().skip(1).map(PathBuf::from);
    let (Some(database), Some(out), None) = (arguments.next(), arguments.next(), arguments.next())
    else {
        bail!("usage: todoke-character-tables DATABASE OUT");
    };
    #[expect(
        clippy::disallowed_methods,
        reason = "a plain database of somebody else's, without a key"
    )]
    let db = Connection::open_with_flags(&database, OpenFlags::SQLITE_OPEN_READ_ONLY)
        .context("the database cannot be opened")?;
    let contents = read(&db)?;
    std::fs::write(&out, contents.to_bytes()?).context("the tables cannot be written")
}

fn read(db: &Connection) -> Result<Contents> {
    let own = own_places(db)?;
    let mut glyphs = all(db, GLYPHS, |row| glyph(row, &own))?;
    let places: BTreeMap<MjNumber, u32> =
        glyphs.iter().map(|glyph| glyph.number).zip(0..).collect();
    for (number, radical, besides) in all(db, RADICALS, radical)? {
        if let Some(glyph) = places
            .get(&number)
            .and_then(|place| glyphs.get_mut(*place as usize))
        {
            glyph.radicals.push((radical, besides));
        }
    }
    let mut reductions: Vec<Reduction> = all(db, REDUCTIONS, |row| reduction(row, &places))?;
    reductions.sort_by_key(|reduction| (reduction.glyph, reduction.source, reduction.rank));
    Ok(Contents {
        edition: EDITION.to_owned(),
        sequences: sequences(db)?,
        readings: readings(db, &places)?,
        parts: parts(db, &glyphs)?,
        glyphs,
        reductions,
    })
}

fn all<T>(db: &Connection, sql: &str, read: impl Fn(&Row<'_>) -> Result<T>) -> Result<Vec<T>> {
    let mut statement = db.prepare(sql)?;
    let mut rows = statement.query([])?;
    let mut out = Vec::new();
    while let Some(row) = rows.next()? {
        out.push(read(row)?);
    }
    Ok(out)
}

fn glyph(row: &Row<'_>, own: &BTreeSet<(JisCode, char)>) -> Result<Glyph> {
    let text = |column: usize| -> Result<Option<String>> {
        Ok(row
            .get::<_, Option<String>>(column)?
            .filter(|text| !text.is_empty()))
    };
    let plain = text(2)?.and_then(only_char);
    let jis = text(6)?.map(|text| jis(&text)).transpose()?;
    let is_own = |place: &JisCode| plain.is_some_and(|plain| own.contains(&(*place, plain)));
    Ok(Glyph {
        number: number(&row.get::<_, String>(0)?)?,
        code_point: text(1)?.and_then(only_char),
        plain,
        selector: text(3)?.and_then(|text| text.chars().nth(1)),
        family_register: text(4)?.map(|text| text.parse()).transpose()?,
        resident_network: text(5)?
            .and_then(|text| {
                text.strip_prefix("J+")
                    .map(|code| u16::from_str_radix(code, 16))
            })
            .transpose()?,
        jis: jis.filter(is_own),
        strokes: row.get::<_, Option<u8>>(7)?.unwrap_or_default(),
        radicals: Vec::new(),
        standing: match text(8)?.as_deref() {
            None => Standing::Other,
            Some("常用漢字") => Standing::Common,
            Some("人名用漢字") => Standing::ForNames,
            Some(other) => bail!("unknown standing {other}"),
        },
    })
}

fn number(text: &str) -> Result<MjNumber> {
    text.parse()
        .with_context(|| format!("{text} is not an MJ number"))
}

fn only_char(text: String) -> Option<char> {
    let mut chars = text.chars();
    chars.next().filter(|_| chars.next().is_none())
}

/// The places of JIS X 0213 with their characters.
fn own_places(db: &Connection) -> Result<BTreeSet<(JisCode, char)>> {
    let mut own = BTreeSet::new();
    for (text, places) in all(db, PLACES, |row| {
        Ok((row.get::<_, String>(0)?, row.get::<_, String>(1)?))
    })? {
        let c = only_char(text).context("a place of several characters")?;
        for place in places.split(' ') {
            own.insert((jis(place)?, c));
        }
    }
    // The marks that stand like an ideograph, which Unihan does not have.
    let marks = [('〃', 23), ('仝', 24), ('々', 25), ('〆', 26), ('〇', 27)];
    let row = |(c, cell)| {
        (
            JisCode {
                plane: 1,
                row: 1,
                cell,
            },
            c,
        )
    };
    own.extend(marks.map(row));
    own.insert((
        JisCode {
            plane: 1,
            row: 2,
            cell: 22,
        },
        '〻',
    ));
    Ok(own)
}

fn jis(text: &str) -> Result<JisCode> {
    let parts: Vec<u8> = text
        .split(['-', ','])
        .map(str::parse)
        .collect::<Result<_, _>>()?;
    let [plane, row, cell] = parts[..] else {
        bail!("{text} is not a JIS place")
    };
    Ok(JisCode { plane, row, cell })
}

fn radical(row: &Row<'_>) -> Result<(MjNumber, u8, u8)> {
    Ok((number(&row.get::<_, String>(0)?)?, row.get(1)?, row.get(2)?))
}

fn reduction(row: &Row<'_>, places: &BTreeMap<MjNumber, u32>) -> Result<Reduction> {
    let to: String = row.get(1)?;
    Ok(Reduction {
        glyph: *places
            .get(&number(&row.get::<_, String>(0)?)?)
            .context("no such glyph")?,
        to: only_char(to).context("a reduction to several characters")?,
        source: source(&row.get::<_, String>(2)?)?,
        rank: row.get(3)?,
    })
}

fn source(table: &str) -> Result<Source> {
    Ok(match table {
        "JIS包摂規準UCS統合規則" => Source::Unification,
        "戸籍統一文字情報_親字正字" => Source::FamilyRegister,
        "民二5202号通知別表_正字俗字等対照表" => Source::StandardForms,
        "法務省告示582号別表第四_一" => Source::ImmigrationFirst,
        "法務省告示582号別表第四_二" => Source::ImmigrationSecond,
        "辞書類等による関連字" => Source::Dictionaries,
        "読み字形による類推" => Source::Resemblance,
        other if other.starts_with("民一2842号通達別表") => Source::CommonForms,
        other => bail!("unknown list {other}"),
    })
}

fn readings(db: &Connection, places: &BTreeMap<MjNumber, u32>) -> Result<Vec<(String, Vec<u32>)>> {
    let mut readings: BTreeMap<String, Vec<u32>> = BTreeMap::new();
    let rows = all(db, READINGS, |row| {
        Ok((row.get::<_, String>(0)?, number(&row.get::<_, String>(1)?)?))
    })?;
    for (reading, number) in rows {
        readings
            .entry(search::hiragana(&reading))
            .or_default()
            .extend(places.get(&number));
    }
    for glyphs in readings.values_mut() {
        glyphs.sort_unstable();
        glyphs.dedup();
    }
    Ok(readings.into_iter().collect())
}

/// Pairs of a part and what it directly stands in, for every character of the table and, in turn,
/// for its parts.
fn parts(db: &Connection, glyphs: &[Glyph]) -> Result<Vec<(char, char)>> {
    let mut made_of: BTreeMap<char, BTreeSet<char>> = BTreeMap::new();
    for (whole, description) in all(db, DESCRIPTIONS, |row| {
        Ok((row.get::<_, String>(0)?, row.get::<_, String>(1)?))
    })? {
        let whole = only_char(whole).context("a description of several characters")?;
        let named = description.chars().filter(|part| is_part(*part));
        let named = named.filter(|part| *part != whole);
        made_of.entry(whole).or_default().extend(named);
    }
    let points = glyphs
        .iter()
        .flat_map(|glyph| [glyph.code_point, glyph.plain]);
    let mut left: Vec<char> = points.flatten().collect();
    let mut seen = BTreeSet::new();
    let mut pairs = BTreeSet::new();
    while let Some(whole) = left.pop() {
        let parts = made_of.get(&whole).filter(|_| seen.insert(whole));
        for part in parts.into_iter().flatten() {
            pairs.insert((*part, whole));
            left.push(*part);
        }
    }
    Ok(pairs.into_iter().collect())
}

/// A character of a description that names a part: not how parts are put together, and not the
/// number of a part that has no code point.
fn is_part(c: char) -> bool {
    is_ideograph(c) || matches!(c, '\u{2E80}'..='\u{2FDF}' | '\u{31C0}'..='\u{31E5}')
}

fn sequences(db: &Connection) -> Result<Vec<Sequence>> {
    let mut sequences: BTreeMap<(char, char), Sequence> = BTreeMap::new();
    for (text, collection) in all(db, SEQUENCES, |row| {
        Ok((row.get::<_, String>(0)?, row.get::<_, String>(1)?))
    })? {
        let mut chars = text.chars();
        let (Some(base), Some(selector)) = (chars.next(), chars.next()) else {
            bail!("a sequence of one character");
        };
        let of_japan = ["Moji_Joho", "Hanyo-Denshi", "Adobe-Japan1"];
        if !of_japan.contains(&collection.as_str()) {
            continue;
        }
        let sequence = sequences.entry((base, selector)).or_insert(Sequence {
            base,
            selector,
            moji_joho: false,
            hanyo_denshi: false,
            adobe_japan1: false,
        });
        sequence.moji_joho |= collection == "Moji_Joho";
        sequence.hanyo_denshi |= collection == "Hanyo-Denshi";
        sequence.adobe_japan1 |= collection == "Adobe-Japan1";
    }
    Ok(sequences.into_values().collect())
}
