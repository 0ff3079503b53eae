//! The key of the database: random, made at `init`, never in the database's own folder in the
//! clear where a passphrase seals it.
//!
//! Without TPM and passphrase it lies in `database.key`, readable by its owner only; with
//! `TODOKE_PASSPHRASE` in `database.key.age`, sealed with age's scrypt (design.md section 4).

use std::fs;
use std::path::PathBuf;

use age::secrecy::SecretString;
use anyhow::{Context as _, Result, bail};
use replica::DatabaseKey;
use zeroize::Zeroizing;

use crate::settings::{DataFolder, write_private};

/// Names the passphrase that seals the database key.
pub const PASSPHRASE: &str = "TODOKE_PASSPHRASE";

fn plain(folder: &DataFolder) -> PathBuf {
    folder.path().join("database.key")
}

fn sealed(folder: &DataFolder) -> PathBuf {
    folder.path().join("database.key.age")
}

/// Makes a new key and keeps it, sealed when there is a passphrase.
///
/// # Errors
/// When there is a key already, or it cannot be written.
pub fn create(folder: &DataFolder, passphrase: Option<SecretString>) -> Result<()> {
    if plain(folder).exists() || sealed(folder).exists() {
        bail!(
            "{} has a database key already; nothing was changed",
            folder.path().display()
        );
    }
    let mut bytes = Zeroizing::new([0_u8; 32]);
    getrandom::fill(bytes.as_mut_slice()).context("no random bytes from the operating system")?;
    let mut text = Zeroizing::new(String::with_capacity(64));
    for nibble in bytes.iter().flat_map(|byte| [byte >> 4, byte & 0x0f]) {
        text.push(char::from_digit(u32::from(nibble), 16).unwrap_or('0'));
    }
    match passphrase {
        None => write_private(&plain(folder), text.as_bytes()),
        Some(passphrase) => {
            let recipient = age::scrypt::Recipient::new(passphrase);
            let bytes = age::encrypt(&recipient, text.as_bytes())?;
            write_private(&sealed(folder), &bytes)
        }
    }
}

/// Reads the key.
///
/// # Errors
/// When there is none, or the passphrase is missing or wrong. Nothing is overwritten.
pub fn read(folder: &DataFolder, passphrase: Option<SecretString>) -> Result<DatabaseKey> {
    let text = if sealed(folder).exists() {
        let passphrase =
            passphrase.with_context(|| format!("the database key is sealed; set {PASSPHRASE}"))?;
        let identity = age::scrypt::Identity::new(passphrase);
        let bytes = age::decrypt(&identity, &fs::read(sealed(folder))?)
            .context("the passphrase does not open the database key; nothing was changed")?;
        Zeroizing::new(String::from_utf8(bytes).context("the database key is damaged")?)
    } else {
        Zeroizing::new(fs::read_to_string(plain(folder)).with_context(|| {
            format!(
                "no database key in {}; nothing was changed",
                folder.path().display()
            )
        })?)
    };
    DatabaseKey::from_hex(text.trim()).context("the database key is damaged; nothing was changed")
}

/// The passphrase of the environment.
pub fn passphrase() -> Option<SecretString> {
    std::env::var(PASSPHRASE)
        .ok()
        .filter(|text| !text.is_empty())
        .map(SecretString::from)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sealed_key_opens_with_its_passphrase_only() {
        let dir = tempfile::tempdir().unwrap();
        let folder = DataFolder::new(dir.path());
        create(&folder, Some("ひみつの言葉".to_owned().into())).unwrap();
        assert!(!plain(&folder).exists());
        assert!(create(&folder, None).is_err());
        assert!(read(&folder, None).is_err());
        assert!(read(&folder, Some("ちがう言葉".to_owned().into())).is_err());
        assert!(read(&folder, Some("ひみつの言葉".to_owned().into())).is_ok());
    }

    #[test]
    fn damaged_key_is_refused() {
        let dir = tempfile::tempdir().unwrap();
        let folder = DataFolder::new(dir.path());
        create(&folder, None).unwrap();
        assert!(read(&folder, None).is_ok());
        fs::write(plain(&folder), "00ff").unwrap();
        assert!(read(&folder, None).is_err());
    }
}
