//! The tables as one file (`table-file`), made by `todoke-character-tables`.

use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use table_file::LoadError;

use crate::glyph::{Glyph, MjNumber};
use crate::private_code::MjPlus;
use crate::target::Source;

/// First bytes of the file; the digit is the format's version.
const MAGIC: &table_file::Magic = b"TDKCHAR2";

/// Where the tables are: what `TODOKE_CHARACTERS` names, else beside the installed program, else in
/// the source tree.
pub fn file() -> PathBuf {
    let installed = Path::new("/usr/share/todoke/characters.bin");
    match std::env::var_os("TODOKE_CHARACTERS") {
        Some(path) => path.into(),
        None if installed.exists() => installed.to_owned(),
        None => Path::new(env!("CARGO_MANIFEST_DIR")).join("data/characters.bin"),
    }
}

/// Everything in the file, in the order in which it is searched.
#[derive(Debug, Default, Serialize, Deserialize)]
pub struct Contents {
    /// Editions of the sources, for people.
    pub edition: String,
    /// Ascending by number.
    pub glyphs: Vec<Glyph>,
    /// Sequences of the three Japanese collections, ascending by (base, selector).
    pub sequences: Vec<Sequence>,
    /// Proposals of the reduction map, ascending by glyph.
    pub reductions: Vec<Reduction>,
    /// Readings in hiragana, ascending, each with the glyphs (places in `glyphs`) it belongs to.
    pub readings: Vec<(String, Vec<u32>)>,
    /// A part and a character it directly stands in, ascending; see [`crate::parts`].
    pub parts: Vec<(char, char)>,
}

/// A pair of code point and selector that some collection of the Ideographic Variation Database
/// has registered.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Sequence {
    /// The code point.
    pub base: char,
    /// The selector.
    pub selector: char,
    /// In `Moji_Joho`, the collection of the MJ table.
    pub moji_joho: bool,
    /// In `Hanyo-Denshi`, the older collection of the state's systems.
    pub hanyo_denshi: bool,
    /// In `Adobe-Japan1`, the collection of commercial fonts.
    pub adobe_japan1: bool,
}

/// One proposal of the reduction map.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reduction {
    /// Place of the glyph in `glyphs`.
    pub glyph: u32,
    /// What it may be reduced to.
    pub to: char,
    /// Which list says so.
    pub source: Source,
    /// Position in that list: rank or number of steps; 0 where it has none.
    pub rank: u8,
}

/// The characters that the state's systems know, with every index needed to ask about one.
#[derive(Debug)]
pub struct Characters {
    pub(crate) contents: Contents,
    /// Places of glyphs, ascending by (code point, place).
    by_code_point: Vec<(char, u32)>,
    /// Characters beyond the MJ table, ascending.
    added: Vec<MjPlus>,
}

impl Characters {
    /// Loads the tables from a file (1.4 MB; unpacked 6 MB, held in memory).
    ///
    /// # Errors
    /// When the file cannot be read, or is not a table of this version.
    pub fn open(path: &Path) -> Result<Self, LoadError> {
        Self::checked(table_file::open(path, MAGIC)?)
    }

    /// The same from bytes.
    ///
    /// # Errors
    /// When they are not a table of this version.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, LoadError> {
        Self::checked(table_file::unpack(bytes, MAGIC)?)
    }

    fn checked(contents: Contents) -> Result<Self, LoadError> {
        let glyphs = contents.glyphs.len();
        let within = |place: &u32| usize::try_from(*place).is_ok_and(|place| place < glyphs);
        if !contents
            .reductions
            .iter()
            .all(|reduction| within(&reduction.glyph))
            || !contents
                .readings
                .iter()
                .flat_map(|(_reading, places)| places)
                .all(within)
        {
            return Err(LoadError::Damaged);
        }
        Ok(Self::indexed(contents))
    }

    fn indexed(contents: Contents) -> Self {
        let mut by_code_point: Vec<(char, u32)> = (0..)
            .zip(&contents.glyphs)
            .flat_map(|(place, glyph)| {
                let points = [glyph.code_point, glyph.plain].into_iter().flatten();
                points.map(move |point| (point, place))
            })
            .collect();
        by_code_point.sort_unstable();
        by_code_point.dedup();
        Self {
            contents,
            by_code_point,
            added: Vec::new(),
        }
    }

    /// The same with the characters of the standard repertoire that are not in the MJ table
    /// (行政事務標準文字の追加文字): those of `drawn`, what the city's own font draws, that stand in
    /// the private planes. Without that font they stay unknown private codes.
    #[must_use]
    pub fn with_added(mut self, drawn: impl IntoIterator<Item = char>) -> Self {
        self.added = drawn.into_iter().filter_map(MjPlus::of).collect();
        self.added.sort_unstable();
        self.added.dedup();
        self
    }

    pub(crate) fn has_added(&self, added: MjPlus) -> bool {
        self.added.binary_search(&added).is_ok()
    }

    /// Editions of the sources.
    pub fn edition(&self) -> &str {
        &self.contents.edition
    }

    /// How many glyphs there are.
    pub fn len(&self) -> usize {
        self.contents.glyphs.len()
    }

    /// Whether the tables are empty; never so for the shipped ones.
    pub fn is_empty(&self) -> bool {
        self.contents.glyphs.is_empty()
    }

    /// Every glyph, ascending by number.
    pub fn glyphs(&self) -> &[Glyph] {
        &self.contents.glyphs
    }

    /// The glyph with this number.
    pub fn glyph(&self, number: MjNumber) -> Option<&Glyph> {
        let place = self
            .contents
            .glyphs
            .binary_search_by_key(&number, |glyph| glyph.number)
            .ok()?;
        self.contents.glyphs.get(place)
    }

    /// Every form of one code point.
    pub fn forms(&self, code_point: char) -> impl Iterator<Item = &Glyph> {
        self.places(code_point).filter_map(|place| self.at(place))
    }

    pub(crate) fn places(&self, code_point: char) -> impl Iterator<Item = u32> {
        let first = self.by_code_point.partition_point(|(c, _)| *c < code_point);
        self.by_code_point
            .get(first..)
            .unwrap_or_default()
            .iter()
            .take_while(move |(c, _)| *c == code_point)
            .map(|(_, place)| *place)
    }

    pub(crate) fn at(&self, place: u32) -> Option<&Glyph> {
        self.contents.glyphs.get(usize::try_from(place).ok()?)
    }

    pub(crate) fn sequence(&self, base: char, selector: char) -> Option<Sequence> {
        let found = self
            .contents
            .sequences
            .binary_search_by_key(&(base, selector), |sequence| {
                (sequence.base, sequence.selector)
            })
            .ok()?;
        self.contents.sequences.get(found).copied()
    }

    pub(crate) fn reductions(&self, glyph: &Glyph) -> &[Reduction] {
        let all = &self.contents.reductions;
        let number = |reduction: &Reduction| self.at(reduction.glyph).map(|glyph| glyph.number);
        let first = all.partition_point(|reduction| number(reduction) < Some(glyph.number));
        let after = all.partition_point(|reduction| number(reduction) <= Some(glyph.number));
        all.get(first..after).unwrap_or_default()
    }
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
