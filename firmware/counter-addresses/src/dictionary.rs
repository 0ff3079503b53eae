//! The dictionary as one file (`table-file`), made by `todoke-address-dictionary`.

use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use table_file::LoadError;

use crate::fold::{kana_key, written_key};

/// First bytes of the file; the digit is the format's version.
const MAGIC: &table_file::Magic = b"TDKADDR3";

/// Name of the dataset with which head office publishes an edition; its bytes are the file's.
pub const DICTIONARY: &str = "address-dictionary";

/// Where the program's own edition is: what `TODOKE_ADDRESSES` names, else beside the installed
/// program, else in the source tree.
pub fn file() -> PathBuf {
    let installed = Path::new("/usr/share/todoke/towns.bin");
    match std::env::var_os("TODOKE_ADDRESSES") {
        Some(path) => path.into(),
        None if installed.exists() => installed.to_owned(),
        None => Path::new(env!("CARGO_MANIFEST_DIR")).join("data/towns.bin"),
    }
}

/// A city, ward, town or village (市区町村).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Municipality {
    /// Code (全国地方公共団体コード) without its check digit: prefecture 1-47, then three digits.
    pub code: u32,
    /// Prefecture (都道府県).
    pub prefecture: String,
    /// Name with county (郡) or ward where it has one.
    pub name: String,
    /// Reading of the prefecture, in katakana.
    pub prefecture_kana: String,
    /// Reading of the name, in katakana.
    pub kana: String,
    /// The last edition it stood in, when it was abolished: registered domiciles keep old names.
    pub until: Option<String>,
}

impl Municipality {
    /// Whether it is gone.
    pub fn is_abolished(&self) -> bool {
        self.until.is_some()
    }

    /// The name with its prefecture.
    pub fn full_name(&self) -> String {
        format!("{}{}", self.prefecture, self.name)
    }

    /// The code with its check digit: six digits.
    pub fn code_with_check(&self) -> String {
        let weighted: u32 = (0..5u32)
            .map(|place| (self.code / 10u32.pow(4 - place)) % 10 * (6 - place))
            .sum();
        format!("{:05}{}", self.code, (11 - weighted % 11) % 10)
    }

    /// The name without its county.
    pub(crate) fn short_name(&self) -> Option<&str> {
        let (county, rest) = self.name.split_once('郡')?;
        (county.chars().count() >= 2 && rest.chars().count() >= 2).then_some(rest)
    }

    pub(crate) fn short_kana(&self) -> Option<&str> {
        self.short_name()?;
        self.kana.split_once("グン").map(|(_, rest)| rest)
    }
}

/// A town (町域) of a municipality.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Town {
    /// Place of its municipality.
    pub municipality: u32,
    /// Name, without 丁目.
    pub name: String,
    /// Reading, in katakana.
    pub kana: String,
    /// Postal codes, ascending; several where blocks differ.
    pub postal_codes: Vec<u32>,
    /// Its 丁目 as numbers, ascending; none when it has none, or nobody tells.
    pub chome: Vec<u8>,
    /// Its parts, ascending by name; none when it has none, or nobody tells.
    pub koaza: Vec<Koaza>,
}

/// A part of a town (小字), as old addresses and domiciles name it before the lot.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Koaza {
    /// Name, with or without 字, as the list has it.
    pub name: String,
    /// Reading, in katakana; often nobody tells.
    pub kana: String,
}

/// Everything in the file.
#[derive(Debug, Default, Serialize, Deserialize)]
pub struct Contents {
    /// Edition of the source, for people.
    pub edition: String,
    /// Ascending by code.
    pub municipalities: Vec<Municipality>,
    /// Ascending by municipality and name.
    pub towns: Vec<Town>,
}

/// Keys of one place in one way of writing, ascending, each with the place.
pub(crate) type Index = Vec<(String, u32)>;

/// The towns of the country with what is needed to answer a keystroke.
#[derive(Debug)]
pub struct Addresses {
    pub(crate) contents: Contents,
    /// Every spelling of a municipality (with and without prefecture and county).
    pub(crate) municipality_spellings: Index,
    /// The same in kana.
    pub(crate) municipality_readings: Index,
    pub(crate) town_spellings: Index,
    pub(crate) town_readings: Index,
    /// Postal codes, ascending, with towns.
    pub(crate) postal_codes: Vec<(u32, u32)>,
    /// First town of each municipality; one more at the end.
    pub(crate) first_town: Vec<u32>,
    /// Spelling and reading of each 小字, town after town.
    pub(crate) koaza_keys: Vec<[String; 2]>,
    /// First 小字 of each town.
    pub(crate) first_koaza: Vec<u32>,
}

impl Addresses {
    /// Loads the dictionary from a file (1.5 MB; several times that in memory, with its indexes).
    ///
    /// # Errors
    /// When the file cannot be read, or is not a dictionary of this version.
    pub fn open(path: &Path) -> Result<Self, LoadError> {
        Self::checked(table_file::open(path, MAGIC)?)
    }

    /// The same from bytes.
    ///
    /// # Errors
    /// When they are not a dictionary of this version.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, LoadError> {
        Self::checked(table_file::unpack(bytes, MAGIC)?)
    }

    fn checked(contents: Contents) -> Result<Self, LoadError> {
        let count = contents.municipalities.len();
        let known = |town: &Town| usize::try_from(town.municipality).is_ok_and(|m| m < count);
        if !contents.towns.iter().all(known)
            || !contents.towns.is_sorted_by_key(|town| town.municipality)
        {
            return Err(LoadError::Damaged);
        }
        Ok(Self::indexed(contents))
    }

    fn indexed(contents: Contents) -> Self {
        let mut spellings = Index::new();
        let mut readings = Index::new();
        for (place, one) in (0..).zip(&contents.municipalities) {
            let names = [Some(one.name.as_str()), one.short_name()]
                .into_iter()
                .flatten();
            for name in names {
                spellings.push((written_key(name), place));
                spellings.push((written_key(&format!("{}{name}", one.prefecture)), place));
            }
            let kana = [Some(one.kana.as_str()), one.short_kana()]
                .into_iter()
                .flatten();
            for reading in kana {
                readings.push((kana_key(reading), place));
                readings.push((
                    kana_key(&format!("{}{reading}", one.prefecture_kana)),
                    place,
                ));
            }
        }
        let towns = || (0..).zip(&contents.towns);
        let mut postal_codes: Vec<(u32, u32)> = towns()
            .flat_map(|(place, town)| town.postal_codes.iter().map(move |code| (*code, place)))
            .collect();
        postal_codes.sort_unstable();
        Self {
            municipality_spellings: sorted(spellings),
            municipality_readings: sorted(readings),
            town_spellings: sorted(
                towns()
                    .map(|(at, town)| (written_key(&town.name), at))
                    .collect(),
            ),
            town_readings: sorted(
                towns()
                    .map(|(at, town)| (kana_key(&town.kana), at))
                    .collect(),
            ),
            postal_codes,
            first_town: first_towns(&contents),
            koaza_keys: towns().flat_map(|(_, town)| koaza_keys(town)).collect(),
            first_koaza: first_koaza(&contents),
            contents,
        }
    }

    /// Edition of the source.
    pub fn edition(&self) -> &str {
        &self.contents.edition
    }

    /// How many 小字 there are.
    pub fn koaza_count(&self) -> usize {
        self.koaza_keys.len()
    }

    /// How many towns there are.
    pub fn town_count(&self) -> usize {
        self.contents.towns.len()
    }

    /// Every municipality, ascending by code.
    pub fn municipalities(&self) -> &[Municipality] {
        &self.contents.municipalities
    }

    /// The municipality of this name, with or without its prefecture and county.
    pub fn named(&self, name: &str) -> Option<&Municipality> {
        let key = written_key(name);
        let first = self
            .municipality_spellings
            .partition_point(|(known, _)| *known < key);
        let spellings = self.municipality_spellings.get(first..)?.iter();
        spellings
            .take_while(|(known, _)| *known == key)
            .filter_map(|(_, place)| self.municipality(*place))
            .find(|one| !one.is_abolished())
    }

    /// Every town, ascending by municipality and name.
    pub fn towns(&self) -> impl Iterator<Item = &Town> {
        self.contents.towns.iter()
    }

    pub(crate) fn municipality(&self, place: u32) -> Option<&Municipality> {
        self.contents
            .municipalities
            .get(usize::try_from(place).ok()?)
    }

    pub(crate) fn town(&self, place: u32) -> Option<&Town> {
        self.contents.towns.get(usize::try_from(place).ok()?)
    }

    /// The 小字 of a town with their spelling and reading.
    pub(crate) fn koaza_of(&self, town: u32) -> impl Iterator<Item = (&Koaza, &[String; 2])> {
        let at = usize::try_from(town).unwrap_or(usize::MAX);
        let first = self.first_koaza.get(at).copied().unwrap_or(u32::MAX);
        let first = usize::try_from(first).unwrap_or(usize::MAX);
        let keys = self.koaza_keys.get(first..).unwrap_or_default();
        let koaza = self
            .contents
            .towns
            .get(at)
            .map(|town| town.koaza.as_slice());
        koaza.unwrap_or_default().iter().zip(keys)
    }

    /// Towns of a municipality with their places.
    pub(crate) fn towns_of(&self, municipality: u32) -> impl Iterator<Item = (u32, &Town)> {
        let at = usize::try_from(municipality).unwrap_or(usize::MAX);
        let bound = |at: usize| self.first_town.get(at).copied().unwrap_or_default();
        let (first, after) = (bound(at), bound(at.saturating_add(1)));
        (first..after.max(first)).filter_map(|place| Some((place, self.town(place)?)))
    }
}

/// Spelling and reading of the 小字 of a town, without the mark 字 that some lists leave out.
fn koaza_keys(town: &Town) -> impl Iterator<Item = [String; 2]> + '_ {
    let koaza = town.koaza.iter();
    koaza.map(|one| [koaza_key(&one.name), kana_key(&one.kana)])
}

/// Key of the name of a 小字.
pub(crate) fn koaza_key(name: &str) -> String {
    let key = written_key(name);
    match key.strip_prefix('字').filter(|rest| !rest.is_empty()) {
        Some(rest) => rest.to_owned(),
        None => key,
    }
}

fn first_koaza(contents: &Contents) -> Vec<u32> {
    let mut before = 0_u32;
    let towns = contents.towns.iter();
    towns
        .map(|town| {
            let first = before;
            let count = u32::try_from(town.koaza.len()).unwrap_or(u32::MAX);
            before = before.saturating_add(count);
            first
        })
        .collect()
}

fn sorted(mut index: Index) -> Index {
    index.sort_unstable();
    index.dedup();
    index
}

fn first_towns(contents: &Contents) -> Vec<u32> {
    let mut first = Vec::with_capacity(contents.municipalities.len() + 1);
    let mut place = 0u32;
    let mut towns = contents.towns.iter().peekable();
    for (municipality, _) in (0u32..).zip(&contents.municipalities) {
        first.push(place);
        while towns
            .next_if(|town| town.municipality == municipality)
            .is_some()
        {
            place += 1;
        }
    }
    first.push(place);
    first
}

impl Contents {
    /// The bytes of the file.
    ///
    /// # Errors
    /// When packing fails, which it does only for want of memory.
    pub fn to_bytes(&self) -> std::io::Result<Vec<u8>> {
        table_file::pack(self, MAGIC)
    }
}
