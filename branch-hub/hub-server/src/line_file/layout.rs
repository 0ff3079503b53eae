//! Layouts: which part of a line makes which column.
//!
//! A layout is data: separated or fixed-width, which headings, places or bytes make a column, code
//! tables. The one every kind of file has is made of its headings; others are TOML files
//! (`docs/reference/resident-copy.md` describes them). Importers ask for columns and never see the
//! difference.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt;
use std::ops::Range;
use std::sync::Arc;

use counter_characters::GaijiTable;
use serde::Deserialize;

use super::headings::{Column, Presence};
use super::{Problem, Wrong};

/// Headings of the Individual Number: a file that has them is refused as a whole.
const FORBIDDEN: [&str; 4] = ["individual_no", "my_number", "個人番号", "マイナンバー"];

/// A layout as it is written down.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct LayoutFile {
    /// What it is, for people.
    pub(crate) title: String,
    form: FormFile,
    /// Only lines with this value are of the present; others are passed over.
    #[serde(default)]
    only: Option<Only>,
    column: Vec<ColumnFile>,
}

#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
enum FormFile {
    /// Fields with a separator between them.
    Separated {
        separator: char,
        /// The first line names the columns; otherwise `columns` says how many there are.
        #[serde(default)]
        headings: bool,
        #[serde(default)]
        columns: usize,
        /// Columns no field is made of may be there.
        #[serde(default)]
        pass_over_others: bool,
    },
    /// Records of so many bytes, a line break behind each.
    Fixed { record_bytes: usize },
}

#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
struct Only {
    from: PartFile,
    is: String,
}

/// How one field is made.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
struct ColumnFile {
    field: String,
    /// Parts of the line, one behind the other.
    #[serde(default)]
    from: Vec<PartFile>,
    /// What stands between parts that are not empty.
    #[serde(default)]
    join: String,
    /// A part whose text goes before all others when it is not empty, such as an uncertain date.
    #[serde(default)]
    instead: Option<PartFile>,
    /// Texts that mean nothing, such as `00000000`.
    #[serde(default)]
    empty: Vec<String>,
    /// The other system's codes; a code that is not here is told as a mistake.
    #[serde(default)]
    codes: BTreeMap<String, String>,
    /// The value of every line, without any part.
    #[serde(default)]
    value: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(untagged, deny_unknown_fields)]
enum PartFile {
    /// By its heading.
    Heading(String),
    /// By any of its headings.
    Headings(Vec<String>),
    /// By its place among the columns, from 1.
    Column { column: usize },
    /// By its first byte, from 1, and its length.
    Bytes { at: usize, bytes: usize },
}

/// Why a layout cannot be used, or a file is not of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum LayoutError {
    /// The layout file is no TOML of this kind.
    Unreadable(String),
    /// It makes a field nobody asks for.
    UnknownField(String),
    /// It makes no field that is needed.
    NoField(&'static str),
    /// It names a part in a way its form does not have.
    WrongPart(String),
    /// The file carries Individual Numbers.
    IndividualNumber,
    /// A heading nobody knows, in this place from 1.
    UnknownHeading {
        place: usize,
        described: &'static str,
    },
    /// A column twice.
    Twice(String),
    /// A needed column is not there.
    Missing(String),
}

impl fmt::Display for LayoutError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unreadable(why) => write!(f, "レイアウトが読めません：{why}"),
            Self::UnknownField(name) => write!(
                f,
                "レイアウトの field「{name}」を知りません。仕様書の名前にしてください"
            ),
            Self::NoField(name) => {
                write!(
                    f,
                    "レイアウトに field「{name}」がありません。加えてください"
                )
            }
            Self::WrongPart(name) => write!(
                f,
                "レイアウトの field「{name}」の from が、ファイルの形（separated・fixed）に合いません"
            ),
            Self::IndividualNumber => f.write_str(
                "個人番号の列があります。個人番号は取り込めません。列を除いて出力し直してください",
            ),
            Self::UnknownHeading { place, described } => write!(
                f,
                "1行目 {place}列：知らない見出しです。仕様書（{described}）の見出しにしてください"
            ),
            Self::Twice(heading) => write!(
                f,
                "1行目：見出し {heading} が2回あります。1回にしてください"
            ),
            Self::Missing(heading) => {
                write!(
                    f,
                    "1行目：見出し {heading} がありません。列を加えてください"
                )
            }
        }
    }
}

impl std::error::Error for LayoutError {}

/// How a line is taken apart.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Form {
    /// By a separator, into so many columns.
    Separated { separator: u8, width: usize },
    /// By bytes; parts stand in this order.
    Fixed {
        record_bytes: usize,
        slots: Vec<Range<usize>>,
    },
}

/// A place in a line, from 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Place {
    /// Of separated files.
    Column(usize),
    /// Of fixed-width files.
    Byte(usize),
    /// The layout itself gives the value.
    Layout,
}

/// A layout bound to one file.
#[derive(Debug, Clone)]
pub(crate) struct Layout<C> {
    pub(crate) form: Form,
    recipes: Vec<(C, Recipe)>,
    only: Option<(usize, String)>,
    /// The private characters of the system that writes the file.
    pub(crate) gaiji: Option<Arc<GaijiTable>>,
}

#[derive(Debug, Clone, Default)]
struct Recipe {
    parts: Vec<usize>,
    join: String,
    instead: Option<usize>,
    empty: Vec<String>,
    codes: BTreeMap<String, String>,
    value: String,
}

impl LayoutFile {
    /// Reads a layout file.
    pub(crate) fn parse(text: &str) -> Result<Self, LayoutError> {
        toml::from_str(text)
            .map_err(|error: toml::de::Error| LayoutError::Unreadable(error.to_string()))
    }

    /// Whether the first line of a file names its columns.
    pub(crate) fn has_headings(&self) -> bool {
        matches!(self.form, FormFile::Separated { headings: true, .. })
    }

    /// Whether its columns are counted in bytes.
    pub(crate) fn is_fixed(&self) -> bool {
        matches!(self.form, FormFile::Fixed { .. })
    }

    /// The headings a file of this layout may have.
    #[cfg(test)]
    pub(crate) fn headings(&self) -> Vec<String> {
        let columns = self.column.iter();
        let parts = columns.flat_map(|column| column.from.iter().chain(&column.instead));
        let only = self.only.iter().map(|only| &only.from);
        parts.chain(only).map(PartFile::name).collect()
    }

    /// What stands between columns; a comma for fixed-width files, which have none.
    pub(crate) fn separator(&self) -> u8 {
        match self.form {
            FormFile::Separated { separator, .. } => u8::try_from(separator).unwrap_or(b','),
            FormFile::Fixed { .. } => b',',
        }
    }

    /// The layout that is only headings, by either name.
    pub(crate) fn of_headings<C: Column>() -> Self {
        let columns = C::HEADINGS.iter();
        Self {
            title: String::new(),
            form: FormFile::Separated {
                separator: ',',
                headings: true,
                columns: 0,
                pass_over_others: false,
            },
            only: None,
            column: columns
                .map(|(_, english, japanese, _)| ColumnFile {
                    field: (*english).to_owned(),
                    from: vec![PartFile::Headings(vec![
                        (*english).to_owned(),
                        (*japanese).to_owned(),
                    ])],
                    ..ColumnFile::default()
                })
                .collect(),
        }
    }

    /// Binds it to the columns of an importer and to the headings of a file, if it has any.
    pub(crate) fn bind<C: Column>(
        &self,
        headings: Option<&[String]>,
    ) -> Result<Layout<C>, LayoutError> {
        let mut binding = Binding::new(self, headings)?;
        let mut recipes = Vec::new();
        for column in &self.column {
            let known = C::HEADINGS
                .iter()
                .find(|(_, english, ..)| *english == column.field);
            let (of, ..) = known.ok_or_else(|| LayoutError::UnknownField(column.field.clone()))?;
            recipes.extend(binding.recipe(column)?.map(|recipe| (*of, recipe)));
        }
        binding.refuse_others(C::DESCRIBED)?;
        for (column, name, _, presence) in C::HEADINGS {
            let is_there = recipes.iter().any(|(there, _)| there == column);
            if *presence == Presence::Needed && !is_there {
                return Err(self.lacks(name));
            }
        }
        let only = match &self.only {
            None => None,
            Some(only) => {
                let part = binding.part(&only.from, "only")?;
                let part = part.ok_or_else(|| LayoutError::Missing(only.from.name()))?;
                Some((part, only.is.clone()))
            }
        };
        Ok(Layout {
            form: binding.form,
            recipes,
            only,
            gaiji: None,
        })
    }

    fn lacks(&self, name: &'static str) -> LayoutError {
        if self.column.iter().any(|column| column.field == name) {
            LayoutError::Missing(name.to_owned())
        } else {
            LayoutError::NoField(name)
        }
    }
}

impl PartFile {
    fn name(&self) -> String {
        match self {
            Self::Heading(name) => name.clone(),
            Self::Headings(names) => names.first().cloned().unwrap_or_default(),
            Self::Column { column } => column.to_string(),
            Self::Bytes { at, .. } => at.to_string(),
        }
    }
}

/// A layout on its way to a file.
struct Binding<'f> {
    headings: Vec<&'f str>,
    used: Vec<bool>,
    refuses_others: bool,
    form: Form,
}

impl<'f> Binding<'f> {
    fn new(file: &LayoutFile, headings: Option<&'f [String]>) -> Result<Self, LayoutError> {
        let headings: Vec<&str> = headings
            .unwrap_or_default()
            .iter()
            .map(|h| h.trim())
            .collect();
        if headings.iter().any(|heading| FORBIDDEN.contains(heading)) {
            return Err(LayoutError::IndividualNumber);
        }
        let (form, refuses_others) = match &file.form {
            FormFile::Separated {
                columns,
                headings: named,
                pass_over_others,
                ..
            } => {
                let width = if *named { headings.len() } else { *columns };
                let separator = file.separator();
                (
                    Form::Separated { separator, width },
                    *named && !pass_over_others,
                )
            }
            FormFile::Fixed { record_bytes } => (
                Form::Fixed {
                    record_bytes: *record_bytes,
                    slots: Vec::new(),
                },
                false,
            ),
        };
        Ok(Self {
            used: vec![false; headings.len()],
            headings,
            refuses_others,
            form,
        })
    }

    /// How a field is made; `None` when no part of it is in the file.
    fn recipe(&mut self, column: &ColumnFile) -> Result<Option<Recipe>, LayoutError> {
        let mut parts = Vec::new();
        for part in &column.from {
            parts.extend(self.part(part, &column.field)?);
        }
        let instead = match &column.instead {
            None => None,
            Some(part) => self.part(part, &column.field)?,
        };
        if parts.is_empty() && instead.is_none() && column.value.is_empty() {
            return Ok(None);
        }
        Ok(Some(Recipe {
            parts,
            join: column.join.clone(),
            instead,
            empty: column.empty.clone(),
            codes: column.codes.clone(),
            value: column.value.clone(),
        }))
    }

    fn part(&mut self, part: &PartFile, field: &str) -> Result<Option<usize>, LayoutError> {
        let wrong = || LayoutError::WrongPart(field.to_owned());
        match (part, &mut self.form) {
            (PartFile::Heading(name), Form::Separated { .. }) => {
                self.heading(std::slice::from_ref(name))
            }
            (PartFile::Headings(names), Form::Separated { .. }) => self.heading(names),
            (PartFile::Column { column }, Form::Separated { width, .. }) => {
                let place = column.checked_sub(1).filter(|place| place < width);
                place.map(Some).ok_or_else(wrong)
            }
            (
                PartFile::Bytes { at, bytes },
                Form::Fixed {
                    record_bytes,
                    slots,
                },
            ) => {
                let start = at.checked_sub(1).ok_or_else(wrong)?;
                let end = start.checked_add(*bytes).ok_or_else(wrong)?;
                if end > *record_bytes || start == end {
                    return Err(wrong());
                }
                slots.push(start..end);
                Ok(Some(slots.len() - 1))
            }
            (_, Form::Separated { .. } | Form::Fixed { .. }) => Err(wrong()),
        }
    }

    fn heading(&mut self, names: &[String]) -> Result<Option<usize>, LayoutError> {
        let known = |heading: &&str| names.iter().any(|name| name == heading);
        let mut found = self.headings.iter().enumerate().filter(|(_, h)| known(h));
        let first = found.next().map(|(place, _)| place);
        if found.next().is_some() {
            return Err(LayoutError::Twice(
                names.first().cloned().unwrap_or_default(),
            ));
        }
        if let Some(used) = first.and_then(|place| self.used.get_mut(place)) {
            *used = true;
        }
        Ok(first)
    }

    fn refuse_others(&self, described: &'static str) -> Result<(), LayoutError> {
        let unknown = self.used.iter().position(|used| !used);
        match unknown.filter(|_| self.refuses_others) {
            Some(place) => Err(LayoutError::UnknownHeading {
                place: place + 1,
                described,
            }),
            None => Ok(()),
        }
    }
}

impl<C: Column> Layout<C> {
    /// The texts of all columns in the parts of a line, in the order of [`Self::column`].
    ///
    /// # Errors
    /// When a code is in no table.
    pub(super) fn made(&self, line: u64, parts: &[String]) -> Result<Vec<String>, Problem> {
        let recipes = self.recipes.iter();
        recipes
            .map(|(column, recipe)| {
                recipe.text(parts).map_err(|codes| Problem {
                    line,
                    column: self.place(*column).map(|at| (at, column.heading())),
                    what: Wrong::OtherCode(codes),
                })
            })
            .collect()
    }

    /// Which of the texts is a column's; `None` when the file has none.
    pub(super) fn column(&self, column: C) -> Option<usize> {
        self.recipes.iter().position(|(here, _)| *here == column)
    }

    /// The text of one column in parts that may be wrong elsewhere.
    pub(super) fn one(&self, column: C, parts: &[String]) -> Option<String> {
        let (_, recipe) = self.recipes.get(self.column(column)?)?;
        recipe.text(parts).ok()
    }

    /// Where a column stands; `None` when the file has none.
    pub(crate) fn place(&self, column: C) -> Option<Place> {
        let (_, recipe) = self.recipes.get(self.column(column)?)?;
        let part = recipe.parts.first().or(recipe.instead.as_ref());
        Some(part.map_or(Place::Layout, |part| self.place_of(*part)))
    }

    fn place_of(&self, part: usize) -> Place {
        match &self.form {
            Form::Separated { .. } => Place::Column(part + 1),
            Form::Fixed { slots, .. } => {
                Place::Byte(slots.get(part).map_or(1, |slot| slot.start + 1))
            }
        }
    }

    /// The place of a part and the column made of it.
    pub(super) fn at(&self, part: usize) -> Option<(Place, &'static str)> {
        let (column, _) = self
            .recipes
            .iter()
            .find(|(_, recipe)| recipe.parts.contains(&part) || recipe.instead == Some(part))?;
        Some((self.place_of(part), column.heading()))
    }

    /// Whether lines of the past stand in the file too.
    pub(super) fn has_past(&self) -> bool {
        self.only.is_some()
    }

    /// Whether a line is of the present.
    pub(super) fn takes(&self, parts: &[String]) -> bool {
        self.only
            .as_ref()
            .is_none_or(|(part, is)| parts.get(*part).is_some_and(|text| text.trim() == is))
    }
}

impl Recipe {
    /// The text, in our codes; the other system's codes when it has none of them.
    fn text(&self, parts: &[String]) -> Result<String, String> {
        let text = self.made(parts);
        if self.codes.is_empty() || text.is_empty() {
            return Ok(text.into_owned());
        }
        match self.codes.get(text.trim()) {
            Some(ours) => Ok(ours.clone()),
            None => Err(self.codes.keys().cloned().collect::<Vec<_>>().join(" ")),
        }
    }

    fn made<'l>(&'l self, parts: &'l [String]) -> Cow<'l, str> {
        let text = |part: usize| parts.get(part).map_or("", String::as_str);
        let means_nothing = |text: &str| {
            let text = text.trim();
            text.is_empty() || self.empty.iter().any(|empty| empty == text)
        };
        if let Some(instead) = self.instead.map(text).filter(|text| !means_nothing(text)) {
            return Cow::Borrowed(instead);
        }
        if !self.value.is_empty() {
            return Cow::Borrowed(&self.value);
        }
        if let [only] = self.parts.as_slice() {
            let text = text(*only);
            return Cow::Borrowed(if means_nothing(text) { "" } else { text });
        }
        let parts: Vec<&str> = self
            .parts
            .iter()
            .map(|part| text(*part))
            .filter(|text| !means_nothing(text))
            .collect();
        Cow::Owned(parts.join(&self.join))
    }
}
