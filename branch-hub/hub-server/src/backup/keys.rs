//! Who may open a backup: age's X25519 keys, as `age-keygen` writes them.

use std::fs;
use std::io::Write;
use std::path::Path;
use std::str::FromStr;

use age::secrecy::ExposeSecret;
use age::x25519::{Identity, Recipient};
use anyhow::{Context, Result, bail};
use zeroize::Zeroizing;

/// Public keys a backup is encrypted to.
#[derive(Debug)]
pub(crate) struct Recipients(Vec<Recipient>);

impl Recipients {
    /// Reads public keys, `age1…`, and those of a file with one a line; `#` begins a remark.
    ///
    /// # Errors
    /// When one is no key, or there is none.
    pub(crate) fn read(named: &[String], file: &Path) -> Result<Self> {
        let listed = match fs::read_to_string(file) {
            Ok(text) => text,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => String::new(),
            Err(error) => return Err(error).context("the list of recipients cannot be read"),
        };
        let listed = listed.lines().map(str::trim);
        let listed = listed.filter(|line| !line.is_empty() && !line.starts_with('#'));
        let mut keys: Vec<&str> = named.iter().map(String::as_str).chain(listed).collect();
        keys.sort_unstable();
        keys.dedup();
        if keys.is_empty() {
            bail!(
                "nobody could open the backup: name public keys with --recipient or in {}",
                file.display()
            );
        }
        let key = |text: &str| {
            Recipient::from_str(text).map_err(|reason| anyhow::anyhow!("{text}: {reason}"))
        };
        Ok(Self(keys.into_iter().map(key).collect::<Result<_>>()?))
    }

    /// How many.
    pub(crate) fn count(&self) -> usize {
        self.0.len()
    }

    pub(super) fn encryptor(&self) -> Result<age::Encryptor> {
        let all = self.0.iter().map(|one| one as &dyn age::Recipient);
        Ok(age::Encryptor::with_recipients(all)?)
    }
}

/// Secret keys that may open a backup.
pub(crate) struct Identities(Vec<Identity>);

impl Identities {
    /// Reads secret keys from files as `age-keygen` or [`make_key`] write them.
    ///
    /// # Errors
    /// When a file holds none.
    pub(crate) fn read(files: &[impl AsRef<Path>]) -> Result<Self> {
        let mut keys = Vec::new();
        for file in files {
            let file = file.as_ref();
            let text = Zeroizing::new(
                fs::read_to_string(file)
                    .with_context(|| format!("cannot read {}", file.display()))?,
            );
            let before = keys.len();
            let secrets = text.lines().map(str::trim);
            for line in secrets.filter(|line| line.starts_with("AGE-SECRET-KEY-")) {
                keys.extend(Identity::from_str(line));
            }
            if keys.len() == before {
                bail!("{} holds no age secret key", file.display());
            }
        }
        Ok(Self(keys))
    }

    pub(super) fn each(&self) -> impl Iterator<Item = &dyn age::Identity> {
        self.0.iter().map(|one| one as &dyn age::Identity)
    }
}

/// Makes a key pair; the secret goes into a new private file, the public key is returned.
///
/// # Errors
/// When the file is there already or cannot be written.
pub(crate) fn make_key(file: &Path) -> Result<String> {
    let key = Identity::generate();
    let public = key.to_public().to_string();
    let mut out = crate::folder::private_file(file)
        .with_context(|| format!("cannot write {}", file.display()))?;
    writeln!(out, "# public key: {public}")?;
    writeln!(out, "{}", key.to_string().expose_secret())?;
    out.sync_all()?;
    Ok(public)
}
