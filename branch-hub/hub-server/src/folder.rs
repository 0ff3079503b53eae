//! The hub's data folder: database, its key, the authority, hand-over files.
//!
//! ```text
//! DIR/hub.json            city and device id
//! DIR/hub.sqlite          encrypted database
//! DIR/residents.sqlite    residents of the last files, encrypted; in no backup
//! DIR/database.key        its key, 64 hex digits, readable by the owner only; or
//! DIR/database.key.age    its key, sealed with the passphrase in TODOKE_PASSPHRASE (age, scrypt)
//! DIR/authority/          the hub's authority and publishing key
//! DIR/handover/           hand-over files
//! DIR/adapters/           how files for other systems are laid out, one file an adapter
//! DIR/catalogue-drafts/   copies of the catalogue that somebody edits
//! DIR/catalogue.lock      held while an edition of the catalogue is published
//! DIR/backups/            backups, unless they are written elsewhere
//! DIR/backup-recipients.txt  public keys that may open backups, one a line
//! ```

use std::fs::{self, File, OpenOptions};
use std::io::{self, Read, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use age::secrecy::SecretString;
use anyhow::{Context, Result, bail};
use counter_domain::ids::{BlobHash, DeviceId};
use hub_store::HubStore;
use replica::{DatabaseKey, Surroundings};
use serde::{Deserialize, Serialize};
use sync_transport::Authority;
use zeroize::Zeroizing;

use crate::clock::Clock;

/// Environment variable with the passphrase of the database key.
pub(crate) const PASSPHRASE: &str = "TODOKE_PASSPHRASE";

/// `hub.json`.
#[derive(Debug, Clone, Serialize, Deserialize)]
struct About {
    city: String,
    device: DeviceId,
}

/// An opened data folder.
#[derive(Clone)]
pub(crate) struct Folder {
    path: PathBuf,
    about: About,
    passphrase: Passphrase,
}

/// What seals the database key; none: it lies in the clear.
#[derive(Clone, Default)]
pub(crate) struct Passphrase(Option<SecretString>);

impl Passphrase {
    /// From the environment variable [`PASSPHRASE`].
    pub(crate) fn of_the_environment() -> Self {
        let text = std::env::var(PASSPHRASE)
            .ok()
            .filter(|text| !text.is_empty());
        Self(text.map(SecretString::from))
    }

    /// Whether there is one.
    pub(crate) fn is_set(&self) -> bool {
        self.0.is_some()
    }
}

impl From<SecretString> for Passphrase {
    fn from(text: SecretString) -> Self {
        Self(Some(text))
    }
}

impl Folder {
    /// Makes a new folder with everything in it but the database, beside `path`; nothing is at
    /// `path` itself until [`Folder::finish`], so that an interrupted start leaves no half hub.
    ///
    /// # Errors
    /// When there is something already or nothing can be written.
    pub(crate) fn create(
        path: &Path,
        city: &str,
        clock: &Clock,
        passphrase: Passphrase,
    ) -> Result<Self> {
        if path.exists() {
            bail!("{} is there already; nothing was changed", path.display());
        }
        let beside = unfinished(path)?;
        if beside.exists() {
            bail!(
                "{} is left from an interrupted init; remove it first",
                beside.display()
            );
        }
        fs::DirBuilder::new()
            .recursive(true)
            .mode(0o700)
            .create(beside.join("authority"))
            .with_context(|| format!("cannot make {}", beside.display()))?;
        let about = About {
            city: city.to_owned(),
            device: DeviceId(random()?),
        };
        seal_key(&beside, &Zeroizing::new(random()?), &passphrase)?;
        put(
            &beside.join("hub.json"),
            &serde_json::to_vec_pretty(&about)?,
        )?;
        let folder = Self {
            path: beside,
            about,
            passphrase,
        };
        folder.authority(clock)?;
        Ok(folder)
    }

    /// Puts a folder made by [`Folder::create`] in its place.
    ///
    /// # Errors
    /// When something came there meanwhile.
    pub(crate) fn finish(self, path: &Path) -> Result<()> {
        fs::rename(&self.path, path)
            .with_context(|| format!("cannot put the folder at {}", path.display()))
    }

    /// Opens a folder made by [`Folder::create`].
    ///
    /// # Errors
    /// When it is not one.
    pub(crate) fn open(path: &Path, passphrase: Passphrase) -> Result<Self> {
        let text = fs::read(path.join("hub.json")).with_context(|| {
            format!(
                "{} is not a hub's data folder; `todoke-hub init` makes one",
                path.display()
            )
        })?;
        let about = serde_json::from_slice(&text).context("hub.json is damaged")?;
        Ok(Self {
            path: path.to_owned(),
            about,
            passphrase,
        })
    }

    /// Name of the city, as given to `init`.
    pub(crate) fn city(&self) -> &str {
        &self.about.city
    }

    /// The hub's own device.
    pub(crate) fn device(&self) -> DeviceId {
        self.about.device
    }

    /// The folder itself.
    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// The residents as head office knows them.
    pub(crate) fn residents(&self) -> PathBuf {
        self.path.join("residents.sqlite")
    }

    /// Where hand-over files go.
    pub(crate) fn hand_over(&self) -> PathBuf {
        self.path.join("handover")
    }

    /// Where the adapters of hand-over files are.
    pub(crate) fn adapters(&self) -> PathBuf {
        crate::hand_over::adapters::folder_of(&self.hand_over())
    }

    /// The hub's authority.
    ///
    /// # Errors
    /// When its files are damaged.
    pub(crate) fn authority(&self, clock: &Clock) -> Result<Authority> {
        let folder = self.path.join("authority");
        Authority::load_or_create(&folder, clock.unix_ms()).context("the authority cannot be read")
    }

    /// Opens the database.
    ///
    /// # Errors
    /// When the key or the file is wrong; nothing is overwritten then.
    pub(crate) fn store(&self, clock: &Clock) -> Result<HubStore> {
        self.store_at(&self.path.join("hub.sqlite"), clock)
    }

    /// Opens a copy of the database.
    ///
    /// # Errors
    /// When the key or the file is wrong; nothing is overwritten then.
    pub(crate) fn store_at(&self, file: &Path, clock: &Clock) -> Result<HubStore> {
        let clock = clock.clone();
        let around = Surroundings::new(move || clock.unix_ms(), fill);
        HubStore::open(file, &self.key()?, self.about.device, around)
            .context("the database cannot be opened")
    }

    /// The database key.
    ///
    /// # Errors
    /// When it is damaged, or sealed with another passphrase.
    pub(crate) fn key(&self) -> Result<DatabaseKey> {
        DatabaseKey::from_hex(&self.key_hex()?).context("the database key is damaged")
    }

    /// The database key as 64 hex digits, for a backup.
    ///
    /// # Errors
    /// As [`Self::key`].
    pub(crate) fn key_hex(&self) -> Result<Zeroizing<String>> {
        open_key(&self.path, &self.passphrase)
    }

    /// Where backups go.
    ///
    /// # Errors
    /// When the folder cannot be made.
    pub(crate) fn backups(&self) -> Result<PathBuf> {
        let folder = self.path.join("backups");
        fs::DirBuilder::new()
            .recursive(true)
            .mode(0o700)
            .create(&folder)
            .context("cannot make the folder of the backups")?;
        Ok(folder)
    }

    /// The list of public keys that may open backups; it may be missing.
    pub(crate) fn recipients(&self) -> PathBuf {
        self.path.join("backup-recipients.txt")
    }

    /// Every file a new hub needs beside the database and its key: name in the folder, and path.
    ///
    /// # Errors
    /// When a folder cannot be read.
    pub(crate) fn parts_to_keep(&self) -> Result<Vec<(String, PathBuf)>> {
        let mut parts = vec![("hub.json".to_owned(), self.path.join("hub.json"))];
        if self.recipients().exists() {
            parts.push(("backup-recipients.txt".to_owned(), self.recipients()));
        }
        for folder in ["authority", "handover", "adapters"] {
            let Ok(entries) = fs::read_dir(self.path.join(folder)) else {
                continue;
            };
            for entry in entries {
                let entry = entry?;
                let name = entry.file_name();
                let name = name.to_str().context("a file's name is not UTF-8")?;
                if entry.file_type()?.is_file() && !name.starts_with('.') {
                    parts.push((format!("{folder}/{name}"), entry.path()));
                }
            }
        }
        Ok(parts)
    }

    /// Seals a key that lies in the clear, when there is a passphrase.
    ///
    /// # Errors
    /// When nothing can be written.
    pub(crate) fn seal_again(&self, passphrase: &Passphrase) -> Result<()> {
        if !passphrase.is_set() {
            return Ok(());
        }
        seal_hex(&self.path, &self.key_hex()?, passphrase)?;
        fs::remove_file(self.path.join("database.key"))
            .context("the key stays in the clear beside the sealed one")
    }
}

/// Where a folder is made before it gets its name.
///
/// # Errors
/// When `path` has no last part.
pub(crate) fn unfinished(path: &Path) -> Result<PathBuf> {
    let mut name = path
        .file_name()
        .context("--data names no folder")?
        .to_owned();
    name.push(".unfinished");
    Ok(path.with_file_name(name))
}

/// Random bytes for the store. Without randomness nothing may go on: ids would collide.
#[expect(
    clippy::expect_used,
    reason = "the kernel's generator does not fail after boot; going on without it would repeat ids"
)]
fn fill(bytes: &mut [u8]) {
    getrandom::fill(bytes).expect("the kernel gives random bytes");
}

fn random<const N: usize>() -> Result<[u8; N]> {
    let mut bytes = [0; N];
    getrandom::fill(&mut bytes).map_err(|error| anyhow::anyhow!("no randomness: {error}"))?;
    Ok(bytes)
}

/// Creates a new file that only its owner reads.
///
/// # Errors
/// When it is there already or cannot be written.
pub(crate) fn private_file(path: &Path) -> io::Result<File> {
    OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(path)
}

fn put(path: &Path, bytes: &[u8]) -> Result<()> {
    let mut file =
        private_file(path).with_context(|| format!("cannot write {}", path.display()))?;
    file.write_all(bytes)?;
    file.sync_all()?;
    Ok(())
}

fn seal_key(folder: &Path, key: &Zeroizing<[u8; 32]>, passphrase: &Passphrase) -> Result<()> {
    let hex = Zeroizing::new(BlobHash(**key).to_string());
    seal_hex(folder, &hex, passphrase)
}

fn seal_hex(folder: &Path, hex: &Zeroizing<String>, passphrase: &Passphrase) -> Result<()> {
    let Some(passphrase) = passphrase.0.clone() else {
        return put(&folder.join("database.key"), hex.as_bytes());
    };
    let recipient = age::scrypt::Recipient::new(passphrase);
    let sealed = age::encrypt(&recipient, hex.as_bytes()).context("the key cannot be sealed")?;
    put(&folder.join("database.key.age"), &sealed)
}

fn open_key(folder: &Path, passphrase: &Passphrase) -> Result<Zeroizing<String>> {
    let mut hex = Zeroizing::new(String::new());
    let sealed = folder.join("database.key.age");
    if sealed.exists() {
        let bytes = fs::read(&sealed).context("the sealed database key cannot be read")?;
        let passphrase = passphrase
            .0
            .clone()
            .with_context(|| format!("the database key is sealed: set {PASSPHRASE}"))?;
        let open = Zeroizing::new(
            age::decrypt(&age::scrypt::Identity::new(passphrase), &bytes)
                .map_err(|_| anyhow::anyhow!("{PASSPHRASE} does not open the database key"))?,
        );
        hex.push_str(std::str::from_utf8(&open).context("the sealed database key is damaged")?);
    } else {
        File::open(folder.join("database.key"))
            .and_then(|mut file| file.read_to_string(&mut hex))
            .context("the database key cannot be read")?;
    }
    Ok(Zeroizing::new(hex.trim().to_owned()))
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    fn made() -> (tempfile::TempDir, PathBuf, Clock) {
        made_with(Passphrase::default())
    }

    fn made_with(passphrase: Passphrase) -> (tempfile::TempDir, PathBuf, Clock) {
        let scratch = tempfile::tempdir().unwrap();
        let path = scratch.path().join("hub");
        let clock = Clock::new(|| 1_795_222_800_000);
        Folder::create(&path, "六会市", &clock, passphrase)
            .unwrap()
            .finish(&path)
            .unwrap();
        (scratch, path, clock)
    }

    #[test]
    fn folder_reads_back_and_its_secrets_are_private() {
        let (_scratch, path, clock) = made();
        let folder = Folder::open(&path, Passphrase::default()).unwrap();
        assert_eq!(folder.city(), "六会市");
        folder.store(&clock).unwrap();
        let secrets = [
            "",
            "database.key",
            "authority/authority-key.pem",
            "authority/publishing-key.pem",
        ];
        for secret in secrets {
            let mode = fs::metadata(path.join(secret))
                .unwrap()
                .permissions()
                .mode();
            assert_eq!(mode & 0o077, 0, "{secret} is for its owner only");
        }
    }

    #[test]
    fn existing_folder_is_never_touched() {
        let (_scratch, path, clock) = made();
        let key = fs::read(path.join("database.key")).unwrap();
        assert!(Folder::create(&path, "別の市", &clock, Passphrase::default()).is_err());
        assert_eq!(fs::read(path.join("database.key")).unwrap(), key);
        assert_eq!(
            Folder::open(&path, Passphrase::default()).unwrap().city(),
            "六会市"
        );
    }

    #[test]
    fn interrupted_init_leaves_no_hub() {
        let scratch = tempfile::tempdir().unwrap();
        let path = scratch.path().join("hub");
        let clock = Clock::new(|| 1_795_222_800_000);
        drop(Folder::create(&path, "六会市", &clock, Passphrase::default()).unwrap());
        assert!(Folder::open(&path, Passphrase::default()).is_err());
        assert!(
            Folder::create(&path, "六会市", &clock, Passphrase::default()).is_err(),
            "the rest is for a person to remove"
        );
    }

    #[test]
    fn wrong_key_opens_nothing_and_changes_nothing() {
        let (_scratch, path, clock) = made();
        let folder = Folder::open(&path, Passphrase::default()).unwrap();
        folder.store(&clock).unwrap().close().unwrap();
        let before = fs::read(path.join("hub.sqlite")).unwrap();
        fs::write(path.join("database.key"), "0".repeat(64)).unwrap();
        assert!(folder.store(&clock).is_err());
        assert_eq!(fs::read(path.join("hub.sqlite")).unwrap(), before);
    }

    #[test]
    fn sealed_key_needs_its_passphrase() {
        let given = |text: &str| Passphrase(Some(SecretString::from(text.to_owned())));
        let (_scratch, path, clock) = made_with(given("himitsu"));
        assert!(!path.join("database.key").exists());
        let sealed = fs::read(path.join("database.key.age")).unwrap();
        assert!(sealed.starts_with(b"age-encryption.org/v1"));
        let opens = |passphrase| {
            Folder::open(&path, passphrase)
                .unwrap()
                .store(&clock)
                .is_ok()
        };
        assert!(opens(given("himitsu")));
        assert!(!opens(given("chigau")) && !opens(Passphrase::default()));
    }
}
