//! The authority's and the device's files: readable by their owner only.

use std::fs::{File, OpenOptions};
use std::io::{self, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;

use thiserror::Error;
use zeroize::Zeroizing;

use super::{Authority, AuthorityError, AuthorityPem};

const CERTIFICATE: &str = "authority.pem";
const KEY: &str = "authority-key.pem";
const PUBLISHING_KEY: &str = "publishing-key.pem";

/// Why an authority could not be read from its folder or kept there.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum AuthorityFileError {
    /// A file.
    #[error("authority's file {file}: {source}")]
    File {
        /// Its name.
        file: &'static str,
        /// Why.
        source: io::Error,
    },
    /// Its content.
    #[error(transparent)]
    Content(#[from] AuthorityError),
}

impl Authority {
    /// Reads the authority kept in `folder`, or makes one and keeps it there (mode 0600). The
    /// certificate is written last: a start interrupted before that makes a new one.
    ///
    /// # Errors
    /// When a file cannot be read or written, or is damaged; nothing is overwritten then.
    pub fn load_or_create(folder: &Path, now_unix_ms: u64) -> Result<Self, AuthorityFileError> {
        let certificate = match std::fs::read_to_string(folder.join(CERTIFICATE)) {
            Ok(text) => text,
            Err(e) if e.kind() == io::ErrorKind::NotFound => {
                return Self::create_in(folder, now_unix_ms);
            }
            Err(source) => {
                return Err(AuthorityFileError::File {
                    file: CERTIFICATE,
                    source,
                });
            }
        };
        let read = |file: &'static str| {
            std::fs::read_to_string(folder.join(file))
                .map(Zeroizing::new)
                .map_err(|source| AuthorityFileError::File { file, source })
        };
        let (key, publishing_key) = (read(KEY)?, read(PUBLISHING_KEY)?);
        Ok(Self::from_pem(&AuthorityPem {
            certificate,
            key,
            publishing_key,
        })?)
    }

    fn create_in(folder: &Path, now_unix_ms: u64) -> Result<Self, AuthorityFileError> {
        let authority = Self::create(now_unix_ms)?;
        let pem = authority.to_pem();
        let keep = |file: &'static str, text: &str| {
            write_secret(&folder.join(file), text)
                .map_err(|source| AuthorityFileError::File { file, source })
        };
        keep(KEY, &pem.key)?;
        keep(PUBLISHING_KEY, &pem.publishing_key)?;
        keep(CERTIFICATE, &pem.certificate)?;
        Ok(authority)
    }
}

/// Writes a file that only its owner reads, whole or not at all, and on disk when it returns.
pub(crate) fn write_secret(path: &Path, text: &str) -> io::Result<()> {
    let unfinished = path.with_extension("unfinished");
    let mut options = OpenOptions::new();
    let mut file = options
        .write(true)
        .create(true)
        .truncate(true)
        .mode(0o600)
        .open(&unfinished)?;
    file.write_all(text.as_bytes())?;
    file.sync_all()?;
    std::fs::rename(&unfinished, path)?;
    match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => File::open(folder)?.sync_all(),
        _ => Ok(()),
    }
}
