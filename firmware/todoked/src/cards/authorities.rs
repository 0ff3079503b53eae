//! The authorities a city installed for its cards: above the certificates (JPKI, immigration), and
//! above the signatures of the chip's own files.
//!
//! They are files in the folder `authorities` of the counter's data folder: X.509 certificates in
//! DER (`.cer`, `.crt`, `.der`), and keys of the authorities above My Number cards (`.key`: the
//! identifier of 16 bytes, then `90 03 010001 91 820100 ..`). Nothing ships with the program: whom
//! a city trusts is the city's to say.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, bail};
use identity_cards::{Authority, Certificate, TrustStore};

/// No certificate is larger.
const BYTES_MAX: u64 = 64 * 1024;

/// Whom this counter trusts about cards.
#[derive(Debug, Clone, Default)]
pub struct CardAuthorities {
    /// Above certificates.
    pub certificates: TrustStore,
    /// Above the files of My Number cards.
    pub chips: Vec<Authority>,
}

/// One file of the folder.
enum Installed {
    Certificate(Certificate),
    Chip(Authority),
}

impl CardAuthorities {
    /// Reads the folder; a file that is none of these stops it.
    ///
    /// # Errors
    /// Which file is wrong.
    pub fn read(folder: &Path) -> Result<Self> {
        let mut installed = Vec::new();
        for path in files(folder)? {
            installed.push(file(&path)?);
        }
        Ok(Self::of(installed))
    }

    /// Reads the folder of a counter that must start whatever lies in it: a file that is wrong is
    /// left out and logged. Without a folder nobody is trusted.
    pub fn of_counter(folder: &Path) -> Self {
        if !folder.is_dir() {
            return Self::default();
        }
        let found = files(folder).unwrap_or_else(|error| {
            tracing::error!(%error, "authorities of cards not read");
            Vec::new()
        });
        let mut installed = Vec::new();
        for path in found {
            match file(&path) {
                Ok(one) => installed.push(one),
                Err(error) => tracing::error!(%error, "authority of cards left out"),
            }
        }
        Self::of(installed)
    }

    fn of(installed: Vec<Installed>) -> Self {
        let mut certificates = Vec::new();
        let mut chips = Vec::new();
        for one in installed {
            match one {
                Installed::Certificate(certificate) => certificates.push(certificate),
                Installed::Chip(authority) => chips.push(authority),
            }
        }
        Self {
            certificates: TrustStore::new(certificates),
            chips,
        }
    }
}

/// The files of a folder by name, so that every start reads them alike.
fn files(folder: &Path) -> Result<Vec<PathBuf>> {
    let entries =
        fs::read_dir(folder).with_context(|| format!("cannot read {}", folder.display()))?;
    let mut found = Vec::new();
    for entry in entries {
        let path = entry?.path();
        if path.is_file() {
            found.push(path);
        }
    }
    found.sort();
    Ok(found)
}

fn file(path: &Path) -> Result<Installed> {
    let length = fs::metadata(path)
        .with_context(|| format!("cannot read {}", path.display()))?
        .len();
    if length > BYTES_MAX {
        bail!("{} is too large for a certificate", path.display());
    }
    let bytes = fs::read(path).with_context(|| format!("cannot read {}", path.display()))?;
    if path.extension().is_some_and(|ending| ending == "key") {
        let read = Authority::parse(&bytes);
        let read = read.with_context(|| format!("{} is no authority's key", path.display()))?;
        return Ok(Installed::Chip(read));
    }
    let read = Certificate::parse(&bytes);
    let read = read.with_context(|| format!("{} is no certificate", path.display()))?;
    Ok(Installed::Certificate(read))
}

#[cfg(test)]
mod tests {
    use device_sim::card::{AUTHORITY_ID, authority_certificate, authority_modulus};

    use super::*;

    fn key_file() -> Vec<u8> {
        let head: &[u8] = &[0x90, 0x03, 0x01, 0x00, 0x01, 0x91, 0x82, 0x01, 0x00];
        [&AUTHORITY_ID[..], head, &authority_modulus()].concat()
    }

    #[test]
    fn a_counter_leaves_out_what_is_wrong_and_a_command_says_it() {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("root.cer"), authority_certificate()).unwrap();
        fs::write(folder.path().join("chips.key"), key_file()).unwrap();
        let read = CardAuthorities::read(folder.path()).unwrap();
        assert!(!read.certificates.is_empty());
        assert_eq!(read.chips.len(), 1);
        fs::write(folder.path().join("notes.txt"), "not a certificate").unwrap();
        let error = CardAuthorities::read(folder.path())
            .unwrap_err()
            .to_string();
        assert!(error.ends_with("notes.txt is no certificate"), "{error}");
        let counter = CardAuthorities::of_counter(folder.path());
        assert!(!counter.certificates.is_empty());
        assert_eq!(counter.chips.len(), 1);
    }

    #[test]
    fn without_a_folder_nobody_is_trusted() {
        let folder = tempfile::tempdir().unwrap();
        let none = CardAuthorities::of_counter(&folder.path().join("authorities"));
        assert!(none.certificates.is_empty() && none.chips.is_empty());
    }
}
