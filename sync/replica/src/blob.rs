//! Blobs: content-addressed bytes inside the encrypted file, in pieces, resumable.

use counter_domain::ids::{BlobHash, BranchCode, CaseId};
use rusqlite::{Connection, OptionalExtension, named_params};
use sync_engine::{BlobPart, BlobProgress, Peer, PeerRole, WantedBlob};

use crate::database::Replica;
use crate::error::StoreError;
use crate::records::{BlobKind, BlobRef};
use crate::{purge, scope};

/// Largest blob.
pub const BLOB_BYTES_MAX: u64 = 64 << 20;

const PIECE_BYTES: usize = 256 << 10;

/// Makes room for a blob that a record names.
pub(crate) fn want(
    connection: &Connection,
    hash: [u8; 32],
    what: &BlobRef,
) -> Result<(), StoreError> {
    let mut statement = connection.prepare_cached(
        "INSERT INTO blob (hash, length, urgency, have, held)
         VALUES (:hash, :length, :urgency, 0, 0) ON CONFLICT (hash) DO NOTHING",
    )?;
    statement.execute(named_params! {
        ":hash": hash, ":length": what.length, ":urgency": what.kind.urgency(),
    })?;
    Ok(())
}

/// Stores a whole blob.
pub(crate) fn hold(
    connection: &Connection,
    kind: BlobKind,
    bytes: &[u8],
) -> Result<BlobHash, StoreError> {
    let length = bytes.len() as u64;
    if length == 0 || length > BLOB_BYTES_MAX {
        return Err(StoreError::Bounds {
            what: "blob length",
        });
    }
    let hash = *blake3::hash(bytes).as_bytes();
    if row(connection, hash)?.is_some_and(|row| row.held) {
        return Ok(BlobHash(hash));
    }
    drop_pieces(connection, hash)?;
    let mut start = 0;
    for piece in bytes.chunks(PIECE_BYTES) {
        put_piece(connection, hash, start, piece)?;
        start += piece.len() as u64;
    }
    let mut statement = connection.prepare_cached(
        "INSERT INTO blob (hash, length, urgency, have, held)
         VALUES (:hash, :length, :urgency, :length, 1)
         ON CONFLICT (hash) DO UPDATE SET have = excluded.have, held = 1",
    )?;
    statement
        .execute(named_params! { ":hash": hash, ":length": length, ":urgency": kind.urgency() })?;
    Ok(BlobHash(hash))
}

/// Removes a blob that no case here names: it was kept until head office had it.
///
/// # Errors
/// When the disk fails.
pub fn forget_unnamed_blob(connection: &Connection, hash: BlobHash) -> Result<(), StoreError> {
    let named = "SELECT 1 FROM blob_ref WHERE hash = :hash";
    if connection.prepare_cached(named)?.exists([hash.0])? {
        return Ok(());
    }
    drop_pieces(connection, hash.0)?;
    let mut statement = connection.prepare_cached("DELETE FROM blob WHERE hash = :hash")?;
    statement.execute([hash.0])?;
    Ok(())
}

/// A complete blob; `None` while it is not.
///
/// # Errors
/// When the database cannot be read.
pub fn blob(connection: &Connection, hash: BlobHash) -> Result<Option<Vec<u8>>, StoreError> {
    if !row(connection, hash.0)?.is_some_and(|row| row.held) {
        return Ok(None);
    }
    let mut statement = connection
        .prepare_cached("SELECT bytes FROM blob_piece WHERE hash = :hash ORDER BY start")?;
    let mut rows = statement.query([hash.0])?;
    let mut bytes = Vec::new();
    while let Some(row) = rows.next()? {
        bytes.extend_from_slice(row.get_ref(0)?.as_blob().unwrap_or(b""));
    }
    Ok(Some(bytes))
}

impl Replica {
    /// Blobs that records name and that are not complete here, most urgent first.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub fn blobs_wanted(&self, count_max: usize) -> Result<Vec<WantedBlob>, StoreError> {
        let mut statement = self.connection.prepare_cached(
            "SELECT hash, have FROM blob WHERE held = 0 ORDER BY urgency, rowid LIMIT :count",
        )?;
        let count = i64::try_from(count_max).unwrap_or(i64::MAX);
        let rows = statement.query_map([count], |row| {
            Ok(WantedBlob {
                hash: row.get(0)?,
                have: row.get(1)?,
            })
        })?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    /// The same, of those that a counter of the peer's branch may have: its branch has the case, had
    /// it, or had to overwrite it. To ask everybody for everything keeps a branch waiting behind the
    /// blobs of others, who may be off the line.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub fn blobs_wanted_of(
        &self,
        peer: &Peer,
        count_max: usize,
    ) -> Result<Vec<WantedBlob>, StoreError> {
        let mut statement = self.connection.prepare_cached(
            "SELECT hash, have FROM blob b WHERE held = 0 AND EXISTS (
                 SELECT 1 FROM blob_ref r WHERE r.hash = b.hash AND (
                     EXISTS (SELECT 1 FROM case_branch c
                             WHERE c.case_id = r.case_id AND c.branch = :branch)
                     OR EXISTS (SELECT 1 FROM purge_order o
                                WHERE o.case_id = r.case_id AND o.branch = :branch)))
             ORDER BY urgency, rowid LIMIT :count",
        )?;
        let count = i64::try_from(count_max).unwrap_or(i64::MAX);
        let of_branch = named_params! { ":branch": peer.branch, ":count": count };
        let rows = statement.query_map(of_branch, |row| {
            Ok(WantedBlob {
                hash: row.get(0)?,
                have: row.get(1)?,
            })
        })?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    /// The same at a counter of `branch`, of the cases that the branch has: nobody gives it papers of
    /// a case that went on before they came.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub fn blobs_wanted_at(
        &self,
        branch: &BranchCode,
        count_max: usize,
    ) -> Result<Vec<WantedBlob>, StoreError> {
        let mut statement = self.connection.prepare_cached(
            "SELECT hash, have FROM blob b WHERE held = 0 AND EXISTS (
                 SELECT 1 FROM blob_ref r LEFT JOIN case_scope s ON s.case_id = r.case_id
                 WHERE r.hash = b.hash AND coalesce(s.branch, :branch) = :branch)
             ORDER BY urgency, rowid LIMIT :count",
        )?;
        let count = i64::try_from(count_max).unwrap_or(i64::MAX);
        let at_branch = named_params! { ":branch": branch.as_str(), ":count": count };
        let rows = statement.query_map(at_branch, |row| {
            Ok(WantedBlob {
                hash: row.get(0)?,
                have: row.get(1)?,
            })
        })?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    /// Asks anew for those of `hashes` whose bytes here are no longer what their name says, or are
    /// gone: a disk that fails turns bits round. Returns which. What is left of one stays until the
    /// first new piece of it is here.
    ///
    /// # Errors
    /// When the database cannot be read or written.
    pub fn want_anew(&mut self, hashes: &[BlobHash]) -> Result<Vec<BlobHash>, StoreError> {
        self.write_local(|write| {
            let connection = write.connection();
            let mut asked = Vec::new();
            for hash in hashes {
                match row(connection, hash.0)? {
                    None => want_named(connection, hash.0)?,
                    // On its way already, as far as it has come.
                    Some(row) if !row.held => {}
                    Some(_) if hash_pieces(connection, hash.0)? == hash.0 => continue,
                    Some(_) => set_have(connection, hash.0, 0, 0)?,
                }
                asked.push(*hash);
            }
            Ok(asked)
        })
    }

    /// A piece of a blob that `peer` may see; `None` when it is not here.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub fn blob_part(
        &self,
        peer: &Peer,
        hash: [u8; 32],
        offset: u64,
        bytes_max: usize,
    ) -> Result<Option<BlobPart>, StoreError> {
        let Some(row) = row(&self.connection, hash)?.filter(|row| row.held) else {
            return Ok(None);
        };
        if !self.may_see(peer, hash)? || offset >= row.length {
            return Ok(None);
        }
        let mut statement = self.connection.prepare_cached(
            "SELECT start, bytes FROM blob_piece WHERE hash = :hash AND start <= :offset
             ORDER BY start DESC LIMIT 1",
        )?;
        let found = statement
            .query_row(named_params! { ":hash": hash, ":offset": offset }, |row| {
                Ok((row.get::<_, u64>(0)?, row.get::<_, Vec<u8>>(1)?))
            })
            .optional()?;
        Ok(found.map(|(start, piece)| {
            let skip = usize::try_from(offset - start).unwrap_or(usize::MAX);
            let bytes = piece.into_iter().skip(skip).take(bytes_max).collect();
            BlobPart {
                hash,
                offset,
                length: row.length,
                bytes,
            }
        }))
    }

    /// Which of `hashes` are complete here, of those that `peer` may see. Also of cases its branch
    /// gave away, or had to overwrite: what it made itself must be safe before it is removed there.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub fn blobs_held(
        &self,
        peer: &Peer,
        hashes: &[[u8; 32]],
    ) -> Result<Vec<[u8; 32]>, StoreError> {
        let mut held = Vec::new();
        for hash in hashes {
            let here = row(&self.connection, *hash)?.is_some_and(|row| row.held);
            if here && self.named_to(peer, *hash)? {
                held.push(*hash);
            }
        }
        Ok(held)
    }

    /// Which of `hashes` no record here names.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub fn blobs_unnamed(&self, hashes: &[[u8; 32]]) -> Result<Vec<[u8; 32]>, StoreError> {
        let mut unnamed = Vec::new();
        for hash in hashes {
            if self.cases_naming(*hash)?.is_empty() {
                unnamed.push(*hash);
            }
        }
        Ok(unnamed)
    }

    fn may_see(&self, peer: &Peer, hash: [u8; 32]) -> Result<bool, StoreError> {
        // Also what is only kept until head office has it: nothing here names it.
        if peer.role == PeerRole::Hub {
            return Ok(true);
        }
        for case in self.cases_naming(hash)? {
            if scope::visible(&self.connection, peer, case)? {
                return Ok(true);
            }
        }
        Ok(false)
    }

    fn named_to(&self, peer: &Peer, hash: [u8; 32]) -> Result<bool, StoreError> {
        for case in self.cases_naming(hash)? {
            let told = scope::visible(&self.connection, peer, case)?
                || scope::is_admitted(&self.connection, case, &peer.branch)?
                || purge::was_ordered(&self.connection, case, &peer.branch)?;
            if told {
                return Ok(true);
            }
        }
        Ok(false)
    }

    fn cases_naming(&self, hash: [u8; 32]) -> Result<Vec<CaseId>, StoreError> {
        let mut statement = self
            .connection
            .prepare_cached("SELECT case_id FROM blob_ref WHERE hash = :hash")?;
        let cases = statement.query_map([hash], |row| row.get(0).map(CaseId))?;
        Ok(cases.collect::<Result<_, _>>()?)
    }

    /// Stores the next piece of a wanted blob; checks the whole when it is the last.
    ///
    /// # Errors
    /// When the database cannot be written.
    pub fn store_blob(&mut self, part: &BlobPart) -> Result<BlobProgress, StoreError> {
        self.write_local(|write| {
            let connection = write.connection();
            let Some(mut row) = row(connection, part.hash)? else {
                return Ok(BlobProgress::Unwanted);
            };
            if row.held {
                return Ok(BlobProgress::Complete);
            }
            if part.length != row.length {
                if !is_named(connection, part.hash, part.length)? {
                    return Ok(BlobProgress::Corrupt);
                }
                restart(connection, part.hash, part.length)?;
                (row.length, row.have) = (part.length, 0);
            }
            let have = row.have + part.bytes.len() as u64;
            if part.offset != row.have || part.bytes.is_empty() || have > row.length {
                return Ok(BlobProgress::Partial(row.have));
            }
            if part.offset == 0 {
                // What is left of one that was damaged here.
                drop_pieces(connection, part.hash)?;
            }
            put_piece(connection, part.hash, part.offset, &part.bytes)?;
            if have < row.length {
                set_have(connection, part.hash, have, 0)?;
                return Ok(BlobProgress::Partial(have));
            }
            if hash_pieces(connection, part.hash)? == part.hash {
                set_have(connection, part.hash, have, 1)?;
                Ok(BlobProgress::Complete)
            } else {
                drop_pieces(connection, part.hash)?;
                set_have(connection, part.hash, 0, 0)?;
                Ok(BlobProgress::Corrupt)
            }
        })
    }
}

struct BlobRow {
    length: u64,
    have: u64,
    held: bool,
}

fn row(connection: &Connection, hash: [u8; 32]) -> Result<Option<BlobRow>, StoreError> {
    let mut statement =
        connection.prepare_cached("SELECT length, have, held FROM blob WHERE hash = :hash")?;
    let row = statement.query_row([hash], |row| {
        Ok(BlobRow {
            length: row.get(0)?,
            have: row.get(1)?,
            held: row.get(2)?,
        })
    });
    Ok(row.optional()?)
}

/// Makes room for a blob as the records that name it say.
fn want_named(connection: &Connection, hash: [u8; 32]) -> Result<(), StoreError> {
    let mut statement = connection.prepare_cached("SELECT doc FROM blob_ref WHERE hash = :hash")?;
    let docs: Vec<Vec<u8>> = statement
        .query_map([hash], |row| row.get(0))?
        .collect::<Result<_, _>>()?;
    for doc in docs {
        if let Ok(what) = serde_json::from_slice::<BlobRef>(&doc) {
            want(connection, hash, &what)?;
        }
    }
    Ok(())
}

/// Whether a record names the blob with this length. The first record that did may have been wrong,
/// and must not keep the blob out for ever.
fn is_named(connection: &Connection, hash: [u8; 32], length: u64) -> Result<bool, StoreError> {
    let mut statement = connection.prepare_cached("SELECT doc FROM blob_ref WHERE hash = :hash")?;
    let mut rows = statement.query([hash])?;
    while let Some(row) = rows.next()? {
        let what = serde_json::from_slice::<BlobRef>(row.get_ref(0)?.as_blob().unwrap_or(b""));
        if what.is_ok_and(|what| what.length == length) {
            return Ok(true);
        }
    }
    Ok(false)
}

/// Begins a blob again with another length.
fn restart(connection: &Connection, hash: [u8; 32], length: u64) -> Result<(), StoreError> {
    drop_pieces(connection, hash)?;
    let mut statement = connection
        .prepare_cached("UPDATE blob SET length = :length, have = 0 WHERE hash = :hash")?;
    statement.execute(named_params! { ":hash": hash, ":length": length })?;
    Ok(())
}

fn set_have(
    connection: &Connection,
    hash: [u8; 32],
    have: u64,
    held: i64,
) -> Result<(), StoreError> {
    let mut statement = connection
        .prepare_cached("UPDATE blob SET have = :have, held = :held WHERE hash = :hash")?;
    statement.execute(named_params! { ":hash": hash, ":have": have, ":held": held })?;
    Ok(())
}

fn put_piece(
    connection: &Connection,
    hash: [u8; 32],
    start: u64,
    bytes: &[u8],
) -> Result<(), StoreError> {
    let mut statement = connection.prepare_cached(
        "INSERT INTO blob_piece (hash, start, bytes) VALUES (:hash, :start, :bytes)",
    )?;
    statement.execute(named_params! { ":hash": hash, ":start": start, ":bytes": bytes })?;
    Ok(())
}

fn drop_pieces(connection: &Connection, hash: [u8; 32]) -> Result<(), StoreError> {
    let mut statement = connection.prepare_cached("DELETE FROM blob_piece WHERE hash = :hash")?;
    statement.execute([hash])?;
    Ok(())
}

fn hash_pieces(connection: &Connection, hash: [u8; 32]) -> Result<[u8; 32], StoreError> {
    let mut statement = connection
        .prepare_cached("SELECT bytes FROM blob_piece WHERE hash = :hash ORDER BY start")?;
    let mut rows = statement.query([hash])?;
    let mut hasher = blake3::Hasher::new();
    while let Some(row) = rows.next()? {
        hasher.update(row.get_ref(0)?.as_blob().unwrap_or(b""));
    }
    Ok(*hasher.finalize().as_bytes())
}
