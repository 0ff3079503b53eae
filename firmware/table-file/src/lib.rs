//! Tables of reference data (addresses, characters) as one file beside the program: eight bytes that
//! say which table in which format, then zstd over postcard.
//!
//! Knows no table. A new edition of the data is a new file, not a new program; a new format has
//! other first bytes, so that an old program refuses it instead of misreading it.

use std::io::Read;
use std::path::Path;

use serde::Serialize;
use serde::de::DeserializeOwned;

/// Largest table after unpacking; the largest there is has 12 MB.
const BYTES_MAX: u64 = 64 << 20;

/// Strength of zstd: a table is packed once a year and unpacked at each start.
const PACKING: i32 = 19;

/// First bytes of a file; the last one is the format's version.
pub type Magic = [u8; 8];

/// Why a table cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum LoadError {
    /// The file cannot be read.
    #[error("the table cannot be read")]
    Unreadable(#[source] std::io::Error),
    /// Not this table in this version, or damaged.
    #[error("the file is not this table in this version, or is damaged")]
    Damaged,
}

/// Reads a table from a file.
///
/// # Errors
/// When the file cannot be read, or is not this table in this version.
pub fn open<T: DeserializeOwned>(path: &Path, magic: &Magic) -> Result<T, LoadError> {
    unpack(&std::fs::read(path).map_err(LoadError::Unreadable)?, magic)
}

/// The same from bytes.
///
/// # Errors
/// When they are not this table in this version.
pub fn unpack<T: DeserializeOwned>(bytes: &[u8], magic: &Magic) -> Result<T, LoadError> {
    let packed = bytes
        .strip_prefix(magic.as_slice())
        .ok_or(LoadError::Damaged)?;
    let mut plain = Vec::new();
    zstd::Decoder::new(packed)
        .and_then(|unpacked| unpacked.take(BYTES_MAX).read_to_end(&mut plain))
        .map_err(|_cause| LoadError::Damaged)?;
    postcard::from_bytes(&plain).map_err(|_cause| LoadError::Damaged)
}

/// The bytes of a file with this table.
///
/// # Errors
/// When packing fails, which it does only for want of memory.
pub fn pack<T: Serialize>(table: &T, magic: &Magic) -> std::io::Result<Vec<u8>> {
    let plain = postcard::to_stdvec(table).map_err(std::io::Error::other)?;
    let mut bytes = magic.to_vec();
    zstd::stream::copy_encode(plain.as_slice(), &mut bytes, PACKING)?;
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    const MAGIC: &Magic = b"TDKTEST1";

    #[test]
    fn table_is_read_as_it_was_written() {
        let table = vec![("町".to_owned(), 3_u32)];
        let bytes = pack(&table, MAGIC).unwrap();
        assert_eq!(unpack::<Vec<(String, u32)>>(&bytes, MAGIC).unwrap(), table);
    }

    #[test]
    fn another_table_and_a_cut_one_are_refused() {
        let bytes = pack(&vec![1_u32, 2, 3], MAGIC).unwrap();
        let cut = bytes.get(..bytes.len() - 3).unwrap();
        for (bytes, magic) in [(cut, MAGIC), (bytes.as_slice(), b"TDKTEST2")] {
            let read = unpack::<Vec<u32>>(bytes, magic);
            assert!(matches!(read, Err(LoadError::Damaged)));
        }
    }
}
