//! Changes and log entries laid out so that what repeats lies together. Since version 4.
//!
//! The messages are the same, only their bytes differ: a frame of version 4 holds a [`Packed`], and
//! whoever reads it gets a [`Message::Changes`] or [`Message::StreamEntries`]. A long list of cases
//! takes about half as much on the line, because
//!
//! - each column of the rows stands by itself, a key without what it shares with the one before;
//! - the clock of a transaction, which its documents repeat in decimal, is cut out of them;
//! - an entry of a log does not name the one before by hash: the reader computes the chain from the
//!   first entry and must come to the hash the writer came to.
//!
//! What does not fit this layout is no error: it goes in the old one.

use serde::{Deserialize, Serialize};

use crate::limits::PAYLOAD_BYTES_MAX;
use crate::{CellValue, Change, ChangeBatch, Message, SiteId, StreamEntry};

/// Shortest body of an entry that is packed, bytes; real ones are three times as long. A packed body
/// unpacks to some hundred bytes more, so shorter ones would let a small frame grow into a large one.
const BODY_BYTES_MIN: usize = 32;

/// Longest name of a table or column, bytes, for the same reason.
const NAME_BYTES_MAX: usize = 32;

/// Shortest clock that is cut out, digits: fewer are found by chance.
const CLOCK_DIGITS_MIN: usize = 12;

/// What a frame of version 4 holds.
#[derive(Serialize, Deserialize)]
pub(crate) enum Packed {
    Log(Log),
    Rows(Box<Rows>),
}

impl Packed {
    /// Packs a message; `None` when it is another one or does not fit the layout.
    pub(crate) fn of(message: &Message) -> Option<Self> {
        if let Message::StreamEntries(entries) = message {
            return Log::of(entries).map(Self::Log);
        }
        if let Message::Changes(batch) = message {
            return Rows::of(batch).map(Box::new).map(Self::Rows);
        }
        None
    }

    /// The message; `None` when no message packs to this.
    pub(crate) fn into_message(self) -> Option<Message> {
        match self {
            Self::Log(log) => log.entries().map(Message::StreamEntries),
            Self::Rows(rows) => rows.batch().map(Message::Changes),
        }
    }
}

/// Bytes that are written as one string.
#[derive(Default, Serialize, Deserialize)]
struct Bytes(#[serde(with = "crate::bytes")] Vec<u8>);

/// Entries of one device's log, each the next of the one before.
#[derive(Serialize, Deserialize)]
pub(crate) struct Log {
    device: SiteId,
    /// Number of the first entry.
    first: u64,
    /// What the first entry calls previous.
    previous: [u8; 32],
    /// What would follow the last entry calls this previous.
    end: [u8; 32],
    bodies: Vec<Bytes>,
}

impl Log {
    /// A single entry gains nothing.
    fn of(entries: &[StreamEntry]) -> Option<Self> {
        let [first, _, ..] = entries else {
            return None;
        };
        let mut log = Self {
            device: first.device,
            first: first.sequence,
            previous: first.previous,
            end: first.previous,
            bodies: Vec::with_capacity(entries.len()),
        };
        for entry in entries {
            let place = u64::try_from(log.bodies.len()).ok()?;
            let follows = entry.device == log.device
                && Some(entry.sequence) == log.first.checked_add(place)
                && entry.previous == log.end
                && entry.body.len() >= BODY_BYTES_MIN;
            if !follows {
                return None;
            }
            log.end = entry.link();
            log.bodies.push(Bytes(entry.body.clone()));
        }
        Some(log)
    }

    fn entries(self) -> Option<Vec<StreamEntry>> {
        let mut entries = Vec::new();
        let (mut sequence, mut previous) = (self.first, self.previous);
        for Bytes(body) in self.bodies {
            if body.len() < BODY_BYTES_MIN {
                return None;
            }
            let entry = StreamEntry {
                device: self.device,
                sequence,
                previous,
                body,
            };
            sequence = sequence.checked_add(1)?;
            previous = entry.link();
            entries.push(entry);
        }
        (entries.len() > 1 && previous == self.end).then_some(entries)
    }
}

/// The rows of a batch, column by column.
#[derive(Serialize, Deserialize)]
pub(crate) struct Rows {
    site: SiteId,
    after: u64,
    through: u64,
    /// Tables and columns, each once.
    names: Vec<String>,
    /// Which of the names.
    tables: Bytes,
    columns: Bytes,
    /// How many bytes the key shares with the one before.
    shared: Bytes,
    /// How many follow, and these.
    key_lengths: Vec<u32>,
    keys: Bytes,
    /// How much greater than the one before.
    versions: Vec<i64>,
    clocks: Vec<i64>,
    column_versions: Vec<u64>,
    causal_lengths: Vec<u64>,
    sequences: Vec<u64>,
    /// Which kind of value.
    kinds: Bytes,
    integers: Vec<i64>,
    /// Of texts and blobs alone: the length without the clock that was cut out; one more than how many
    /// bytes stand behind that clock, or 0 without one; and the bytes.
    lengths: Vec<u32>,
    cuts: Vec<u32>,
    contents: Bytes,
}

const NULL: u8 = 0;
const INTEGER: u8 = 1;
const TEXT: u8 = 2;
const BLOB: u8 = 3;

impl Rows {
    fn of(batch: &ChangeBatch) -> Option<Self> {
        if batch.changes.is_empty() || batch.weight() > PAYLOAD_BYTES_MAX {
            return None;
        }
        let mut rows = Self::none_of(batch);
        let mut before = Before::default();
        for change in &batch.changes {
            rows.push(change, &before)?;
            before = Before::of(change)?;
        }
        Some(rows)
    }

    fn none_of(batch: &ChangeBatch) -> Self {
        Self {
            site: batch.site,
            after: batch.after,
            through: batch.through,
            names: Vec::new(),
            tables: Bytes::default(),
            columns: Bytes::default(),
            shared: Bytes::default(),
            key_lengths: Vec::new(),
            keys: Bytes::default(),
            versions: Vec::new(),
            clocks: Vec::new(),
            column_versions: Vec::new(),
            causal_lengths: Vec::new(),
            sequences: Vec::new(),
            kinds: Bytes::default(),
            integers: Vec::new(),
            lengths: Vec::new(),
            cuts: Vec::new(),
            contents: Bytes::default(),
        }
    }

    fn push(&mut self, change: &Change, before: &Before<'_>) -> Option<()> {
        let (table, column) = (self.name(&change.table)?, self.name(&change.column)?);
        self.tables.0.push(table);
        self.columns.0.push(column);
        let pairs = change.key.iter().zip(before.key);
        let shared = pairs.take_while(|(one, other)| one == other).count();
        let shared = u8::try_from(shared).unwrap_or(u8::MAX);
        let rest = change.key.get(usize::from(shared)..)?;
        self.shared.0.push(shared);
        self.key_lengths.push(u32::try_from(rest.len()).ok()?);
        self.keys.0.extend_from_slice(rest);
        let clock = clock(&change.at)?;
        self.versions
            .push(difference(change.version, before.version)?);
        self.clocks.push(difference(clock, before.clock)?);
        self.column_versions.push(change.column_version);
        self.causal_lengths.push(change.causal_length);
        self.sequences.push(change.sequence);
        self.push_value(&change.value, &change.at)
    }

    fn name(&mut self, name: &str) -> Option<u8> {
        let known = self.names.iter().position(|known| known == name);
        let place = known.unwrap_or(self.names.len());
        if place == self.names.len() {
            self.names
                .push((name.len() <= NAME_BYTES_MAX).then(|| name.to_owned())?);
        }
        u8::try_from(place).ok()
    }

    fn push_value(&mut self, value: &CellValue, at: &str) -> Option<()> {
        let (kind, content) = match value {
            CellValue::Null => {
                self.kinds.0.push(NULL);
                return Some(());
            }
            CellValue::Integer(number) => {
                self.kinds.0.push(INTEGER);
                self.integers.push(*number);
                return Some(());
            }
            CellValue::Text(text) => (TEXT, text.as_bytes()),
            CellValue::Blob(bytes) => (BLOB, bytes.as_slice()),
        };
        self.kinds.0.push(kind);
        let place = place_of(at.as_bytes(), content);
        let (start, behind) = match place.and_then(|place| content.split_at_checked(place)) {
            Some((start, rest)) => (start, rest.get(at.len()..)?),
            None => (content, &[][..]),
        };
        let cut = u32::try_from(behind.len()).ok()?.checked_add(1)?;
        self.cuts.push(place.map_or(0, |_| cut));
        let length = start.len().checked_add(behind.len())?;
        self.lengths.push(u32::try_from(length).ok()?);
        self.contents.0.extend_from_slice(start);
        self.contents.0.extend_from_slice(behind);
        Some(())
    }

    /// Whether every list has a place for each of so many rows.
    fn is_even(&self, count: usize) -> bool {
        let lengths = [
            self.columns.0.len(),
            self.shared.0.len(),
            self.key_lengths.len(),
            self.versions.len(),
            self.clocks.len(),
            self.column_versions.len(),
            self.causal_lengths.len(),
            self.sequences.len(),
            self.kinds.0.len(),
        ];
        let is_short = |name: &String| name.len() <= NAME_BYTES_MAX;
        lengths.iter().all(|length| *length == count) && self.names.iter().all(is_short)
    }

    fn batch(self) -> Option<ChangeBatch> {
        let count = self.tables.0.len();
        if count == 0 || !self.is_even(count) {
            return None;
        }
        let mut reader = Reader::of(&self);
        let mut batch = ChangeBatch {
            site: self.site,
            after: self.after,
            through: self.through,
            changes: Vec::new(),
        };
        let mut weight = batch.weight();
        for place in 0..count {
            let change = reader.change(place, batch.changes.last())?;
            weight = weight.checked_add(change.weight())?;
            if weight > PAYLOAD_BYTES_MAX {
                return None;
            }
            batch.changes.push(change);
        }
        reader.is_at_end().then_some(batch)
    }
}

/// What a row is compared with: the one before.
#[derive(Default)]
struct Before<'a> {
    key: &'a [u8],
    version: u64,
    clock: u64,
}

impl<'a> Before<'a> {
    fn of(change: &'a Change) -> Option<Self> {
        Some(Self {
            key: &change.key,
            version: change.version,
            clock: clock(&change.at)?,
        })
    }
}

/// A clock in the one way of writing it.
fn clock(at: &str) -> Option<u64> {
    let clock: u64 = at.parse().ok()?;
    (clock.to_string() == at).then_some(clock)
}

fn difference(this: u64, before: u64) -> Option<i64> {
    let this = i64::try_from(this).ok()?;
    this.checked_sub(i64::try_from(before).ok()?)
}

/// The last place where a clock stands in a document.
fn place_of(at: &[u8], content: &[u8]) -> Option<usize> {
    if at.len() < CLOCK_DIGITS_MIN {
        return None;
    }
    content.windows(at.len()).rposition(|window| window == at)
}

/// Takes the rows one after the other.
struct Reader<'a> {
    rows: &'a Rows,
    keys: &'a [u8],
    contents: &'a [u8],
    integers: std::slice::Iter<'a, i64>,
    lengths: std::slice::Iter<'a, u32>,
    cuts: std::slice::Iter<'a, u32>,
    clock: i64,
}

impl<'a> Reader<'a> {
    fn of(rows: &'a Rows) -> Self {
        Self {
            rows,
            keys: &rows.keys.0,
            contents: &rows.contents.0,
            integers: rows.integers.iter(),
            lengths: rows.lengths.iter(),
            cuts: rows.cuts.iter(),
            clock: 0,
        }
    }

    fn change(&mut self, place: usize, before: Option<&Change>) -> Option<Change> {
        let rows = self.rows;
        let name = |names: &Bytes| {
            let place = usize::from(*names.0.get(place)?);
            rows.names.get(place).cloned()
        };
        let key_before = before.map_or(&[][..], |before| &before.key);
        let shared = usize::from(*rows.shared.0.get(place)?);
        let rest = taken(&mut self.keys, *rows.key_lengths.get(place)?)?;
        let mut key = key_before.get(..shared)?.to_vec();
        key.extend_from_slice(rest);
        let version = i64::try_from(before.map_or(0, |before| before.version)).ok()?;
        let version = version.checked_add(*rows.versions.get(place)?)?;
        self.clock = self.clock.checked_add(*rows.clocks.get(place)?)?;
        let at = u64::try_from(self.clock).ok()?.to_string();
        Some(Change {
            table: name(&rows.tables)?,
            key,
            column: name(&rows.columns)?,
            value: self.value(*rows.kinds.0.get(place)?, &at)?,
            column_version: *rows.column_versions.get(place)?,
            version: u64::try_from(version).ok()?,
            causal_length: *rows.causal_lengths.get(place)?,
            sequence: *rows.sequences.get(place)?,
            at,
        })
    }

    fn value(&mut self, kind: u8, at: &str) -> Option<CellValue> {
        match kind {
            NULL => Some(CellValue::Null),
            INTEGER => self.integers.next().copied().map(CellValue::Integer),
            TEXT => String::from_utf8(self.content(at)?)
                .ok()
                .map(CellValue::Text),
            BLOB => self.content(at).map(CellValue::Blob),
            _ => None,
        }
    }

    fn content(&mut self, at: &str) -> Option<Vec<u8>> {
        let bytes = taken(&mut self.contents, *self.lengths.next()?)?;
        let Some(behind) = self.cuts.next()?.checked_sub(1) else {
            return Some(bytes.to_vec());
        };
        let place = bytes.len().checked_sub(usize::try_from(behind).ok()?)?;
        let (start, behind) = bytes.split_at_checked(place)?;
        Some([start, at.as_bytes(), behind].concat())
    }

    fn is_at_end(&self) -> bool {
        self.keys.is_empty()
            && self.contents.is_empty()
            && self.integers.len() == 0
            && self.lengths.len() == 0
            && self.cuts.len() == 0
    }
}

fn taken<'a>(from: &mut &'a [u8], length: u32) -> Option<&'a [u8]> {
    let (taken, rest) = from.split_at_checked(usize::try_from(length).ok()?)?;
    *from = rest;
    Some(taken)
}
