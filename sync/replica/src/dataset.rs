//! Datasets: published by head office, signed, staged in pieces, installed whole.

use ring::signature::{ECDSA_P256_SHA256_ASN1, UnparsedPublicKey};
use rusqlite::{Connection, OptionalExtension, Row, named_params};
use sync_engine::{DatasetManifest, DatasetPart};

use crate::database::{Replica, set_meta};
use crate::error::StoreError;

/// Largest dataset.
pub const DATASET_BYTES_MAX: u64 = 1 << 30;

const PIECE_BYTES: usize = 256 << 10;
const PART_BYTES_MAX: usize = 4 << 20;

/// An installed dataset.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Dataset {
    /// Counts up with each publication.
    pub version: u64,
    /// The content.
    pub bytes: Vec<u8>,
}

/// What head office signs of a manifest: name, version, length and hash, postcard-encoded.
///
/// # Errors
/// Never for values of this type.
pub fn signed_bytes(manifest: &DatasetManifest) -> Result<Vec<u8>, StoreError> {
    let DatasetManifest {
        name,
        version,
        length,
        hash,
        signature: _,
    } = manifest;
    Ok(postcard::to_stdvec(&(name, version, length, hash))?)
}

/// The content of an installed dataset.
///
/// # Errors
/// When the database cannot be read.
pub fn dataset(connection: &Connection, name: &str) -> Result<Option<Dataset>, StoreError> {
    let Some(manifest) = installed(connection, name)? else {
        return Ok(None);
    };
    let mut bytes = Vec::new();
    for_pieces(connection, name, manifest.version, |piece| {
        bytes.extend_from_slice(piece);
    })?;
    Ok(Some(Dataset {
        version: manifest.version,
        bytes,
    }))
}

/// Whether `signature` (ECDSA P-256 SHA-256, ASN.1) over `bytes` is of the publishing key whose
/// public point is `key`.
pub fn is_signed(key: &[u8], bytes: &[u8], signature: &[u8]) -> bool {
    let key = UnparsedPublicKey::new(&ECDSA_P256_SHA256_ASN1, key);
    key.verify(bytes, signature).is_ok()
}

impl Replica {
    /// Keeps the key that datasets must be signed with: an uncompressed P-256 point, 65 bytes.
    ///
    /// # Errors
    /// When it is no such point or the disk fails.
    pub fn set_publishing_key(&mut self, key: &[u8]) -> Result<(), StoreError> {
        if key.len() != 65 || key.first() != Some(&4) {
            return Err(StoreError::Bounds {
                what: "publishing key",
            });
        }
        if self.publishing_key.as_deref() != Some(key) {
            self.write_local(|write| set_meta(write.connection(), "publishing_key", key))?;
            self.publishing_key = Some(key.to_vec());
        }
        Ok(())
    }

    /// Installed datasets.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub fn datasets(&self) -> Result<Vec<DatasetManifest>, StoreError> {
        let mut statement = self.connection.prepare_cached(
            "SELECT name, version, length, hash, signature FROM dataset ORDER BY name",
        )?;
        let rows = statement.query_map([], manifest_of)?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    /// Bytes of an installed dataset from `offset`.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub fn dataset_part(
        &self,
        name: &str,
        version: u64,
        offset: u64,
        bytes_max: usize,
    ) -> Result<Option<DatasetPart>, StoreError> {
        let here = installed(&self.connection, name)?;
        if here.is_none_or(|manifest| manifest.version != version || offset > manifest.length) {
            return Ok(None);
        }
        let mut statement = self.connection.prepare_cached(
            "SELECT start, bytes FROM dataset_piece
             WHERE name = :name AND version = :version AND start <= :offset
             ORDER BY start DESC LIMIT 1",
        )?;
        let place = named_params! { ":name": name, ":version": version, ":offset": offset };
        let piece = statement
            .query_row(place, |row| {
                Ok((row.get::<_, u64>(0)?, row.get::<_, Vec<u8>>(1)?))
            })
            .optional()?;
        let bytes = piece.map_or_else(Vec::new, |(start, piece)| {
            let skip = usize::try_from(offset - start).unwrap_or(usize::MAX);
            piece.into_iter().skip(skip).take(bytes_max).collect()
        });
        Ok(Some(DatasetPart {
            name: name.to_owned(),
            version,
            offset,
            bytes,
        }))
    }

    /// How much of an offer is staged; `None` when it is not wanted.
    ///
    /// # Errors
    /// When the database cannot be read or written.
    pub fn dataset_wanted(&mut self, offer: &DatasetManifest) -> Result<Option<u64>, StoreError> {
        let here = installed(&self.connection, &offer.name)?;
        if here.is_some_and(|manifest| manifest.version >= offer.version)
            || !self.is_genuine(offer)?
        {
            return Ok(None);
        }
        self.write_local(|write| stage(write.connection(), offer))
            .map(Some)
    }

    /// Stages a piece; with the last one the dataset is installed and `None` returned.
    ///
    /// # Errors
    /// When the database cannot be written.
    pub fn stage_dataset(
        &mut self,
        offer: &DatasetManifest,
        part: &DatasetPart,
    ) -> Result<Option<u64>, StoreError> {
        let Some(have) = self.dataset_wanted(offer)? else {
            return Ok(None);
        };
        let length = part.bytes.len() as u64;
        let fits = part.name == offer.name
            && part.version == offer.version
            && part.offset == have
            && part.bytes.len() <= PART_BYTES_MAX
            && have + length <= offer.length
            && (length > 0 || offer.length == have);
        if !fits {
            return Ok(Some(have));
        }
        self.write_local(|write| {
            let connection = write.connection();
            if length > 0 {
                put_piece(connection, offer, part.offset, &part.bytes)?;
            }
            if have + length < offer.length {
                return Ok(Some(have + length));
            }
            let mut hasher = blake3::Hasher::new();
            for_pieces(connection, &offer.name, offer.version, |piece| {
                hasher.update(piece);
            })?;
            if *hasher.finalize().as_bytes() == offer.hash {
                install(connection, offer)?;
                Ok(None)
            } else {
                tracing::warn!(
                    dataset = offer.name,
                    version = offer.version,
                    "hash differs"
                );
                drop_pieces(connection, &offer.name, offer.version)?;
                Ok(Some(0))
            }
        })
    }

    /// Publishes a dataset: the same content keeps its version, other content gets the next one.
    ///
    /// # Errors
    /// When the name or length is out of bounds or the disk fails.
    pub fn publish(
        &mut self,
        name: &str,
        bytes: &[u8],
        sign: impl FnOnce(&[u8]) -> Vec<u8>,
    ) -> Result<u64, StoreError> {
        let hash = *blake3::hash(bytes).as_bytes();
        let here = installed(&self.connection, name)?;
        if let Some(same) = here.as_ref().filter(|manifest| manifest.hash == hash) {
            return Ok(same.version);
        }
        let version = here.map_or(1, |manifest| manifest.version + 1);
        let length = bytes.len() as u64;
        let mut manifest = DatasetManifest {
            name: name.to_owned(),
            version,
            length,
            hash,
            signature: Vec::new(),
        };
        if !is_bounded(&manifest) {
            return Err(StoreError::Bounds { what: "dataset" });
        }
        manifest.signature = sign(&signed_bytes(&manifest)?);
        self.write_local(|write| put(write.connection(), &manifest, bytes))?;
        Ok(version)
    }

    fn is_genuine(&self, offer: &DatasetManifest) -> Result<bool, StoreError> {
        let Some(key) = &self.publishing_key else {
            return Ok(false);
        };
        let key = UnparsedPublicKey::new(&ECDSA_P256_SHA256_ASN1, key);
        Ok(is_bounded(offer) && key.verify(&signed_bytes(offer)?, &offer.signature).is_ok())
    }
}

fn is_bounded(manifest: &DatasetManifest) -> bool {
    let name = &manifest.name;
    (1..=40).contains(&name.len())
        && name
            .bytes()
            .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
        && manifest.length <= DATASET_BYTES_MAX
        && i64::try_from(manifest.version).is_ok()
}

fn manifest_of(row: &Row<'_>) -> Result<DatasetManifest, rusqlite::Error> {
    Ok(DatasetManifest {
        name: row.get(0)?,
        version: row.get(1)?,
        length: row.get(2)?,
        hash: row.get(3)?,
        signature: row.get(4)?,
    })
}

fn installed(connection: &Connection, name: &str) -> Result<Option<DatasetManifest>, StoreError> {
    let mut statement = connection.prepare_cached(
        "SELECT name, version, length, hash, signature FROM dataset WHERE name = :name",
    )?;
    Ok(statement.query_row([name], manifest_of).optional()?)
}

/// Begins or resumes staging; another version or content starts from nothing.
fn stage(connection: &Connection, offer: &DatasetManifest) -> Result<u64, StoreError> {
    let staged: Option<(u64, [u8; 32])> = connection
        .prepare_cached("SELECT version, hash FROM dataset_staging WHERE name = :name")?
        .query_row([&offer.name], |row| Ok((row.get(0)?, row.get(1)?)))
        .optional()?;
    if staged == Some((offer.version, offer.hash)) {
        return staged_length(connection, offer);
    }
    if let Some((version, _)) = staged {
        drop_pieces(connection, &offer.name, version)?;
    }
    drop_pieces(connection, &offer.name, offer.version)?;
    let mut statement = connection.prepare_cached(
        "INSERT INTO dataset_staging (name, version, hash) VALUES (:name, :version, :hash)
         ON CONFLICT (name) DO UPDATE SET version = excluded.version, hash = excluded.hash",
    )?;
    statement.execute(named_params! {
        ":name": offer.name, ":version": offer.version, ":hash": offer.hash,
    })?;
    Ok(0)
}

fn staged_length(connection: &Connection, offer: &DatasetManifest) -> Result<u64, StoreError> {
    let mut statement = connection.prepare_cached(
        "SELECT coalesce(max(start + length(bytes)), 0) FROM dataset_piece
         WHERE name = :name AND version = :version",
    )?;
    let place = named_params! { ":name": offer.name, ":version": offer.version };
    Ok(statement.query_row(place, |row| row.get(0))?)
}

fn put_piece(
    connection: &Connection,
    manifest: &DatasetManifest,
    start: u64,
    bytes: &[u8],
) -> Result<(), StoreError> {
    let mut statement = connection.prepare_cached(
        "INSERT INTO dataset_piece (name, version, start, bytes)
         VALUES (:name, :version, :start, :bytes)",
    )?;
    statement.execute(named_params! {
        ":name": manifest.name, ":version": manifest.version, ":start": start, ":bytes": bytes,
    })?;
    Ok(())
}

fn drop_pieces(connection: &Connection, name: &str, version: u64) -> Result<(), StoreError> {
    let mut statement = connection
        .prepare_cached("DELETE FROM dataset_piece WHERE name = :name AND version = :version")?;
    statement.execute(named_params! { ":name": name, ":version": version })?;
    Ok(())
}

/// Writes a whole dataset and makes it the one in force.
pub(crate) fn put(
    connection: &Connection,
    manifest: &DatasetManifest,
    bytes: &[u8],
) -> Result<(), StoreError> {
    drop_pieces(connection, &manifest.name, manifest.version)?;
    let mut start = 0;
    for piece in bytes.chunks(PIECE_BYTES) {
        put_piece(connection, manifest, start, piece)?;
        start += piece.len() as u64;
    }
    install(connection, manifest)
}

/// Makes the staged version the one in force and forgets every other.
fn install(connection: &Connection, manifest: &DatasetManifest) -> Result<(), StoreError> {
    let mut statement = connection.prepare_cached(
        "INSERT INTO dataset (name, version, length, hash, signature)
         VALUES (:name, :version, :length, :hash, :signature)
         ON CONFLICT (name) DO UPDATE SET version = excluded.version, length = excluded.length,
             hash = excluded.hash, signature = excluded.signature",
    )?;
    statement.execute(named_params! {
        ":name": manifest.name, ":version": manifest.version, ":length": manifest.length,
        ":hash": manifest.hash, ":signature": manifest.signature,
    })?;
    let mut statement = connection
        .prepare_cached("DELETE FROM dataset_piece WHERE name = :name AND version <> :version")?;
    statement.execute(named_params! { ":name": manifest.name, ":version": manifest.version })?;
    let mut statement =
        connection.prepare_cached("DELETE FROM dataset_staging WHERE name = :name")?;
    statement.execute([&manifest.name])?;
    Ok(())
}

fn for_pieces(
    connection: &Connection,
    name: &str,
    version: u64,
    mut each: impl FnMut(&[u8]),
) -> Result<(), StoreError> {
    let mut statement = connection.prepare_cached(
        "SELECT bytes FROM dataset_piece WHERE name = :name AND version = :version
         ORDER BY start",
    )?;
    let mut rows = statement.query(named_params! { ":name": name, ":version": version })?;
    while let Some(row) = rows.next()? {
        each(row.get_ref(0)?.as_blob().unwrap_or(b""));
    }
    Ok(())
}
