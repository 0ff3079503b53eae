//! Whether page, data, signature and history of a filing belong together.
//!
//! The history names the signed content by its hash, the strokes and the page by theirs; this reads
//! each of them back and computes the hash again. What head office is still waiting for is no flaw of
//! the filing but is said, because it cannot be proved yet.

use counter_domain::case::{CaseEvent, CaseStep, fold};
use counter_domain::ids::{BlobHash, CaseId, SnapshotHash};
use counter_domain::snapshot::Snapshot;
use replica::StoreError;
use rusqlite::{Connection, OptionalExtension, named_params};
use thiserror::Error;

/// What is wrong with a filing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum Flaw {
    /// The signed content is not here.
    #[error("signed content {0} is missing")]
    ContentMissing(SnapshotHash),
    /// The content here is not what was signed.
    #[error("signed content {0} was altered")]
    ContentAltered(SnapshotHash),
    /// The content names another case.
    #[error("signed content {0} belongs to another case")]
    ContentForeign(SnapshotHash),
    /// The page is not here yet, or no more.
    #[error("page {0} is missing")]
    PageMissing(BlobHash),
    /// The page here is not what was signed.
    #[error("page {0} was altered")]
    PageAltered(BlobHash),
    /// The strokes are not here yet, or no more.
    #[error("signature {0} is missing")]
    SignatureMissing(BlobHash),
    /// The strokes here are not what was written.
    #[error("signature {0} was altered")]
    SignatureAltered(BlobHash),
    /// Something was handed in that nobody signed.
    #[error("content {0} was handed in without a signature")]
    Unsigned(SnapshotHash),
}

impl Flaw {
    /// The page or signature that another replica may still have whole.
    pub fn blob(&self) -> Option<BlobHash> {
        match self {
            Self::PageMissing(hash)
            | Self::PageAltered(hash)
            | Self::SignatureMissing(hash)
            | Self::SignatureAltered(hash) => Some(*hash),
            Self::ContentMissing(_)
            | Self::ContentAltered(_)
            | Self::ContentForeign(_)
            | Self::Unsigned(_) => None,
        }
    }
}

/// Everything wrong with a filing; empty when all of it belongs together.
///
/// # Errors
/// When the database cannot be read.
pub fn check(connection: &Connection, case: CaseId) -> Result<Vec<Flaw>, StoreError> {
    let events = replica::case_events(connection, case)?;
    let summary = fold(&events);
    let mut flaws = Vec::new();
    for hash in &summary.submitted {
        let Some((strokes, form)) = signed(&events, *hash) else {
            flaws.push(Flaw::Unsigned(*hash));
            continue;
        };
        flaws.extend(content(connection, case, *hash)?);
        flaws.extend(match blob(connection, strokes)? {
            Stored::Whole => None,
            Stored::Missing => Some(Flaw::SignatureMissing(strokes)),
            Stored::Altered => Some(Flaw::SignatureAltered(strokes)),
        });
        flaws.extend(match blob(connection, form)? {
            Stored::Whole => None,
            Stored::Missing => Some(Flaw::PageMissing(form)),
            Stored::Altered => Some(Flaw::PageAltered(form)),
        });
    }
    Ok(flaws)
}

/// Strokes and page signed with a content.
fn signed(events: &[CaseEvent], content: SnapshotHash) -> Option<(BlobHash, BlobHash)> {
    events.iter().rev().find_map(|event| {
        let CaseStep::Signed {
            snapshot,
            strokes,
            form,
        } = &event.what
        else {
            return None;
        };
        (*snapshot == content).then_some((*strokes, *form))
    })
}

fn content(
    connection: &Connection,
    case: CaseId,
    hash: SnapshotHash,
) -> Result<Option<Flaw>, StoreError> {
    let mut statement = connection
        .prepare_cached("SELECT doc FROM snapshot WHERE case_id = :case AND hash = :hash")?;
    let key = named_params! { ":case": case.0, ":hash": hash.0 };
    let doc: Option<Vec<u8>> = statement.query_row(key, |row| row.get(0)).optional()?;
    let Some(doc) = doc else {
        return Ok(Some(Flaw::ContentMissing(hash)));
    };
    if Snapshot::hash_of(&doc) != hash {
        return Ok(Some(Flaw::ContentAltered(hash)));
    }
    let foreign = Snapshot::from_bytes(&doc).is_ok_and(|content| content.case_id != case);
    Ok(foreign.then_some(Flaw::ContentForeign(hash)))
}

enum Stored {
    Whole,
    Missing,
    Altered,
}

fn blob(connection: &Connection, hash: BlobHash) -> Result<Stored, StoreError> {
    Ok(match replica::blob(connection, hash)? {
        None => Stored::Missing,
        Some(bytes) if *blake3::hash(&bytes).as_bytes() == hash.0 => Stored::Whole,
        Some(_) => Stored::Altered,
    })
}
