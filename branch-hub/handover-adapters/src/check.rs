//! What is wrong with an adapter, told to whoever edits it: line, column, and what to do.

use std::collections::{BTreeMap, HashSet};
use std::fmt;
use std::ops::Range;

use counter_domain::event::Event;
use toml::Spanned;

use crate::adapter::{AdapterFile, ColumnFile, FormFile, Quotes, Rows};

/// Widest record and column, bytes.
const BYTES_MAX: usize = 32 << 10;
/// Endings of files that the desk gives out.
const ENDINGS: [&str; 4] = ["csv", "tsv", "txt", "dat"];
/// An Individual Number never leaves.
const FORBIDDEN: [&str; 3] = ["my_number", "individual_no", "個人番号"];

/// The documented columns, by what rows are about.
#[derive(Debug, Clone, Default)]
pub struct Columns(BTreeMap<u8, Vec<&'static str>>);

impl Columns {
    /// Adds the columns of one kind of row.
    #[must_use]
    pub fn with(mut self, rows: Rows, columns: &[&'static str]) -> Self {
        self.0.insert(rows as u8, columns.to_vec());
        self
    }

    fn has(&self, rows: Rows, name: &str) -> bool {
        let known = self.0.get(&(rows as u8));
        known.is_some_and(|known| known.contains(&name))
    }
}

/// A mistake in an adapter.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    /// Line, from 1.
    pub line: usize,
    /// Column in characters, from 1.
    pub column: usize,
    /// What is wrong and what to do, in Japanese.
    pub text: String,
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}行目 {}桁：{}", self.line, self.column, self.text)
    }
}

impl Fault {
    pub(crate) fn of_toml(text: &str, error: &toml::de::Error) -> Self {
        let at = error.span().unwrap_or(0..0);
        Self::at(text, &at, format!("読めません（{}）", error.message()))
    }

    fn at(text: &str, span: &Range<usize>, what: String) -> Self {
        let before = text.get(..span.start).unwrap_or_default();
        let line = before.matches('\n').count() + 1;
        let column = before.rsplit('\n').next().unwrap_or_default();
        Self {
            line,
            column: column.chars().count() + 1,
            text: what,
        }
    }
}

/// Every mistake of an adapter.
pub(crate) fn check(text: &str, file: &AdapterFile, columns: &Columns) -> Vec<Fault> {
    let mut checking = Checking {
        text,
        file,
        columns,
        faults: Vec::new(),
    };
    checking.head();
    checking.form();
    for column in &file.column {
        checking.column(column);
    }
    checking.together();
    checking.faults
}

struct Checking<'f> {
    text: &'f str,
    file: &'f AdapterFile,
    columns: &'f Columns,
    faults: Vec<Fault>,
}

impl Checking<'_> {
    fn tell(&mut self, span: &Range<usize>, what: impl Into<String>) {
        self.faults.push(Fault::at(self.text, span, what.into()));
    }

    fn head(&mut self) {
        let file = self.file;
        if file.title.get_ref().trim().is_empty() {
            self.tell(&file.title.span(), "title が空です。名前を書いてください");
        }
        if !ENDINGS.contains(&file.ending.get_ref().as_str()) {
            let endings = ENDINGS.join("・");
            self.tell(
                &file.ending.span(),
                format!("ending は {endings} のどれかにしてください"),
            );
        }
        for event in &file.events {
            let name = event.get_ref();
            if name != "request" && Event::from_code(name).is_none() {
                self.tell(
                    &event.span(),
                    format!("異動の種類「{name}」を知りません。例：move_in"),
                );
            }
        }
        if let Some(first) = file
            .procedures
            .first()
            .filter(|_| file.rows != Rows::Procedures)
        {
            self.tell(
                &first.span(),
                "procedures は rows = \"procedures\" のときだけ書けます",
            );
        }
    }

    fn form(&mut self) {
        let span = self.file.form.span();
        match self.file.form.get_ref() {
            FormFile::Separated { separator, .. } => {
                let usable = separator.is_ascii() && !['"', '\n', '\r'].contains(separator);
                if !usable {
                    self.tell(&span, "separator は半角の1文字（, やタブ）にしてください");
                }
            }
            FormFile::Fixed { record_bytes } => {
                if *record_bytes == 0 || *record_bytes > BYTES_MAX {
                    self.tell(
                        &span,
                        format!("record_bytes は 1〜{BYTES_MAX} にしてください"),
                    );
                }
            }
        }
    }

    fn column(&mut self, spanned: &Spanned<ColumnFile>) {
        let (column, span) = (spanned.get_ref(), spanned.span());
        for part in &column.from {
            self.part(part);
        }
        if column.from.is_empty() == column.value.is_empty() {
            self.tell(
                &span,
                "from（項目）か value（決まった文字）の、どちらか一方を書いてください",
            );
        }
        if column.date.is_some() && (column.from.len() != 1 || !column.codes.is_empty()) {
            self.tell(&span, "date は、from が1つで codes のない列にだけ書けます");
        }
        let encoding = self.file.encoding;
        let texts = column.codes.values().chain([
            &column.heading,
            &column.join,
            &column.value,
            &column.empty,
        ]);
        let lost: Vec<String> = texts
            .flat_map(|text| text.chars())
            .filter(|c| !encoding.fits(*c) || c.is_control())
            .map(|c| format!("U+{:04X}", u32::from(c)))
            .collect();
        if !lost.is_empty() {
            let lost = lost.join(" ");
            self.tell(
                &span,
                format!("この encoding で書けない文字があります：{lost}"),
            );
        }
        match self.file.form.get_ref() {
            FormFile::Separated { headings, .. } => {
                if *headings && column.heading.is_empty() {
                    self.tell(&span, "heading（見出し）を書いてください");
                }
                if column.at.is_some() {
                    self.tell(&span, "at は固定長（fixed）のときだけ書けます");
                }
            }
            FormFile::Fixed { record_bytes } => self.slot(column, &span, *record_bytes),
        }
    }

    fn part(&mut self, part: &Spanned<String>) {
        let name = part.get_ref().as_str();
        if FORBIDDEN.iter().any(|forbidden| name.contains(forbidden)) {
            self.tell(&part.span(), "個人番号は渡せません。この列を除いてください");
            return;
        }
        let is_path = name.contains('.')
            && name
                .bytes()
                .all(|b| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'_' | b'*' | b'-'));
        if !is_path && !self.columns.has(self.file.rows, name) {
            self.tell(
                &part.span(),
                format!("項目「{name}」を知りません。仕様書（docs/reference/hand-over-file.md）の名前にしてください"),
            );
        }
    }

    fn slot(&mut self, column: &ColumnFile, span: &Range<usize>, record_bytes: usize) {
        let (Some(at), Some(bytes)) = (column.at, column.bytes) else {
            self.tell(
                span,
                "固定長の列には at（何バイト目から）と bytes（何バイト）を書いてください",
            );
            return;
        };
        if at == 0 || bytes == 0 || at.saturating_add(bytes) > record_bytes + 1 {
            self.tell(
                span,
                format!("{at}バイト目から{bytes}バイトは、1件 {record_bytes} バイトに入りません"),
            );
        }
        if !column.fill.is_ascii() || column.fill.is_control() {
            self.tell(span, "fill は半角の1文字にしてください");
        }
    }

    fn together(&mut self) {
        let file = self.file;
        let mut seen = HashSet::new();
        let mut taken: Vec<(usize, usize)> = Vec::new();
        for spanned in &file.column {
            let (column, span) = (spanned.get_ref(), spanned.span());
            if !column.heading.is_empty() && !seen.insert(column.heading.as_str()) {
                self.tell(&span, format!("見出し「{}」が2つあります", column.heading));
            }
            let (Some(at), Some(bytes)) = (column.at, column.bytes) else {
                continue;
            };
            let end = at.saturating_add(bytes);
            if let Some((other, _)) = taken
                .iter()
                .find(|(start, stop)| at < *stop && *start < end)
            {
                self.tell(&span, format!("{other}バイト目からの列と重なっています"));
            }
            taken.push((at, end));
        }
        if !self.names_its_rows() {
            self.tell(
                &file.title.span(),
                "どの行か分かる列がありません。idempotency_key か、version と case_id（または receipt_number）の列を加えてください",
            );
        }
    }

    /// Without a key the other system cannot tell a row it has already from a new one.
    fn names_its_rows(&self) -> bool {
        let has = |name: &str| {
            let mut parts = self.file.column.iter().flat_map(|one| &one.get_ref().from);
            parts.any(|part| part.get_ref() == name)
        };
        has("idempotency_key") || (has("version") && (has("case_id") || has("receipt_number")))
    }
}

/// Whether a cell can stand in a separated file without quotation marks.
pub(crate) fn is_plain(cell: &str, separator: char) -> bool {
    !cell.contains(['"', '\r', '\n', separator])
}

/// Whether a cell is quoted.
pub(crate) fn is_quoted(cell: &str, separator: char, quotes: Quotes) -> bool {
    match quotes {
        Quotes::Always => true,
        Quotes::Never => false,
        Quotes::WhereNeeded => !is_plain(cell, separator),
    }
}
