//! Files that somebody brings (a page, its strokes, its content), each beside what was signed.
//!
//! A file is known by its hash, so that an altered one belongs to no filing by itself: another file of
//! the same filing, or its receipt number, says where it should belong.

use std::fmt;

use counter_domain::case::{CaseEvent, CaseStep};
use counter_domain::ids::{BlobHash, CaseId, SnapshotHash};
use counter_domain::snapshot::Snapshot;
use replica::StoreError;
use rusqlite::Connection;
use serde::Serialize;

use crate::check::{Flaw, check};
use crate::find::{ArchiveQuery, find};

/// What a file is meant to be.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Part {
    /// The page (PDF/A).
    Page,
    /// The strokes of the signature.
    Signature,
    /// The content, canonical JSON.
    Content,
}

/// A file somebody brought.
#[derive(Clone, Copy)]
pub struct Brought<'b> {
    /// What it is meant to be.
    pub part: Part,
    /// Its bytes.
    pub bytes: &'b [u8],
}

impl fmt::Debug for Brought<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Brought({}, {} bytes)", self.part, self.bytes.len())
    }
}

/// How a file stands to a filing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Standing {
    /// Signed last.
    AsSigned,
    /// Signed, and something else was signed after it.
    SignedBefore,
    /// Never signed in this filing.
    NotSigned,
}

/// A file beside its filing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProvedFile {
    /// What it is meant to be.
    pub part: Part,
    /// How it stands to the filing.
    pub standing: Standing,
    /// The content it was signed with; `None` when it was not signed.
    pub content: Option<SnapshotHash>,
    /// Where it differs from what was signed last, as far as that is here. Names fields, never values.
    pub differs: Option<String>,
}

/// Files beside the filing they belong to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Proof {
    /// The filing.
    pub case: CaseId,
    /// The files, in the order they were brought.
    pub files: Vec<ProvedFile>,
    /// What is wrong with what is kept here.
    pub flaws: Vec<Flaw>,
}

impl Proof {
    /// Whether every file was signed and all that is kept here belongs together.
    pub fn holds(&self) -> bool {
        let signed = |file: &ProvedFile| file.standing != Standing::NotSigned;
        self.flaws.is_empty() && self.files.iter().all(signed)
    }
}

impl fmt::Display for Part {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Page => "page",
            Self::Signature => "signature",
            Self::Content => "content",
        })
    }
}

impl fmt::Display for ProvedFile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.standing {
            Standing::AsSigned => f.write_str("as signed"),
            Standing::SignedBefore => f.write_str("signed, but not the last: signed anew later"),
            Standing::NotSigned => {
                write!(
                    f,
                    "altered, or of another filing: nobody signed this {}",
                    self.part
                )?;
                match &self.differs {
                    Some(differs) => write!(f, " ({differs})"),
                    None => Ok(()),
                }
            }
        }
    }
}

/// One signing: hashes of content, strokes and page.
#[derive(Clone, Copy)]
struct Signing {
    content: SnapshotHash,
    strokes: BlobHash,
    page: BlobHash,
}

impl Signing {
    fn of(event: &CaseEvent) -> Option<Self> {
        let CaseStep::Signed {
            snapshot,
            strokes,
            form,
        } = &event.what
        else {
            return None;
        };
        Some(Self {
            content: *snapshot,
            strokes: *strokes,
            page: *form,
        })
    }

    fn hash(&self, part: Part) -> [u8; 32] {
        match part {
            Part::Page => self.page.0,
            Part::Signature => self.strokes.0,
            Part::Content => self.content.0,
        }
    }
}

/// Proves files that belong to one filing: the one of this receipt number, or the first that one of
/// them was signed in. `None` when there is none such here.
///
/// # Errors
/// When the database cannot be read.
pub fn prove(
    connection: &Connection,
    brought: &[Brought<'_>],
    receipt: Option<&str>,
) -> Result<Option<Proof>, StoreError> {
    let known = match receipt {
        Some(number) => filing_numbered(connection, number)?,
        None => filing_of_any(connection, brought)?,
    };
    let Some(case) = known else {
        return Ok(None);
    };
    let events = replica::case_events(connection, case)?;
    let signings: Vec<Signing> = events.iter().filter_map(Signing::of).collect();
    let files = brought
        .iter()
        .map(|file| proved(connection, case, (file, &signings)))
        .collect::<Result<_, _>>()?;
    let flaws = check(connection, case)?;
    Ok(Some(Proof { case, files, flaws }))
}

fn filing_numbered(connection: &Connection, number: &str) -> Result<Option<CaseId>, StoreError> {
    let Ok(query) = ArchiveQuery::new(number, FOUND_MAX) else {
        return Ok(None);
    };
    let mut found = find(connection, &query)?.filings.into_iter();
    let one = found.find(|filing| filing.receipt_number == number.trim());
    Ok(one.map(|filing| filing.case))
}

fn filing_of_any(
    connection: &Connection,
    brought: &[Brought<'_>],
) -> Result<Option<CaseId>, StoreError> {
    for file in brought {
        if let Some(case) = filing_of(connection, file.part, hash(file))? {
            return Ok(Some(case));
        }
    }
    Ok(None)
}

/// The case in whose history a file of this hash was signed.
fn filing_of(
    connection: &Connection,
    part: Part,
    hash: [u8; 32],
) -> Result<Option<CaseId>, StoreError> {
    let table = match part {
        Part::Page | Part::Signature => "SELECT case_id FROM blob_ref WHERE hash = :hash",
        Part::Content => "SELECT case_id FROM snapshot WHERE hash = :hash",
    };
    let mut statement = connection.prepare_cached(table)?;
    let cases: Vec<CaseId> = statement
        .query_map([hash], |row| row.get(0).map(CaseId))?
        .collect::<Result<_, _>>()?;
    for case in cases {
        let events = replica::case_events(connection, case)?;
        let mut signings = events.iter().filter_map(Signing::of);
        if signings.any(|signing| signing.hash(part) == hash) {
            return Ok(Some(case));
        }
    }
    Ok(None)
}

fn hash(file: &Brought<'_>) -> [u8; 32] {
    *blake3::hash(file.bytes).as_bytes()
}

fn proved(
    connection: &Connection,
    case: CaseId,
    (file, signings): (&Brought<'_>, &[Signing]),
) -> Result<ProvedFile, StoreError> {
    let hash = hash(file);
    let last = signings.last();
    let signed = signings.iter().rev();
    let signed = signed.clone().find(|one| one.hash(file.part) == hash);
    let standing = match (signed, last) {
        (Some(one), Some(last)) if one.hash(file.part) == last.hash(file.part) => {
            Standing::AsSigned
        }
        (Some(_), _) => Standing::SignedBefore,
        (None, _) => Standing::NotSigned,
    };
    let differs = match (standing, last) {
        (Standing::NotSigned, Some(last)) => differs(connection, case, (file, last))?,
        _ => None,
    };
    Ok(ProvedFile {
        part: file.part,
        standing,
        content: signed.map(|one| one.content),
        differs,
    })
}

/// Filings looked through for one with exactly a receipt number.
const FOUND_MAX: usize = 50;
/// Fields named of an altered content.
const FIELDS_MAX: usize = 8;

fn differs(
    connection: &Connection,
    case: CaseId,
    (file, last): (&Brought<'_>, &Signing),
) -> Result<Option<String>, StoreError> {
    let kept = match file.part {
        Part::Page => replica::blob(connection, last.page)?,
        Part::Signature => replica::blob(connection, last.strokes)?,
        Part::Content => {
            let signed = replica::snapshot(connection, case, last.content)?;
            let fields = signed
                .as_ref()
                .zip(Snapshot::from_bytes(file.bytes).ok())
                .and_then(|(signed, brought)| fields(signed, &brought));
            if fields.is_some() {
                return Ok(fields);
            }
            signed.and_then(|signed| signed.to_bytes().ok())
        }
    };
    Ok(kept.map(|kept| bytes(&kept, file.bytes)))
}

/// The fields that are not as signed; `None` when every one is.
fn fields(signed: &Snapshot, brought: &Snapshot) -> Option<String> {
    let paths = signed.fields.keys().chain(brought.fields.keys());
    let mut paths: Vec<&str> = paths
        .filter(|path| signed.fields.get(*path) != brought.fields.get(*path))
        .map(counter_domain::draft::FieldPath::as_str)
        .collect();
    paths.sort_unstable();
    paths.dedup();
    let count = paths.len();
    paths.truncate(FIELDS_MAX);
    let what = if count == 1 {
        "field differs"
    } else {
        "fields differ"
    };
    (count > 0).then(|| format!("{count} {what}: {}", paths.join(", ")))
}

fn bytes(signed: &[u8], brought: &[u8]) -> String {
    let differing = signed.iter().zip(brought).filter(|(a, b)| a != b).count();
    let first = signed.iter().zip(brought).position(|(a, b)| a != b);
    let first = first.unwrap_or_else(|| signed.len().min(brought.len())) + 1;
    if signed.len() == brought.len() {
        let all = signed.len();
        return format!("{differing} of {all} bytes differ, the first is byte {first}");
    }
    let (was, is) = (signed.len(), brought.len());
    format!("{is} bytes instead of {was}, other ones from byte {first} on")
}
