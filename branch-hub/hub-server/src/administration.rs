//! Database and authority of a data folder, as the commands use them.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use hub_store::{Actor, HubStore};
use replica::AuditAction;
use replica::staff::StaffMember;
use serde::{Deserialize, Serialize};
use sync_transport::{Authority, AuthorityError};

use crate::clock::Clock;
use crate::folder::{Folder, Passphrase};
use crate::standby;

/// An opened data folder with its database and authority.
pub(crate) struct Hub {
    pub(crate) store: HubStore,
    pub(crate) authority: Authority,
    pub(crate) city: String,
    /// The folder.
    path: PathBuf,
}

/// Signs datasets where an error cannot be returned at once.
pub(crate) struct Signer<'a> {
    authority: &'a Authority,
    refused: Option<AuthorityError>,
}

impl<'a> Signer<'a> {
    /// Signs with the publishing key of `authority`.
    pub(crate) fn new(authority: &'a Authority) -> Self {
        Self {
            authority,
            refused: None,
        }
    }

    /// The signature; none when the key refuses, which [`Self::finish`] tells.
    pub(crate) fn sign(&mut self, message: &[u8]) -> Vec<u8> {
        match self.authority.sign_published(message) {
            Ok(signature) => signature,
            Err(error) => {
                self.refused = Some(error);
                Vec::new()
            }
        }
    }

    /// Whether every signature was made.
    ///
    /// # Errors
    /// When one was not.
    pub(crate) fn finish(self) -> Result<()> {
        self.refused.map_or(Ok(()), |error| {
            Err(error).context("the dataset cannot be signed")
        })
    }
}

/// The `settings` dataset; what this program does not know is kept.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Settings {
    pub(crate) city: String,
    #[serde(default)]
    pub(crate) branches: Vec<Branch>,
    #[serde(flatten)]
    more: serde_json::Map<String, serde_json::Value>,
}

/// A branch of the settings.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Branch {
    pub(crate) code: String,
    pub(crate) name: String,
}

impl Hub {
    /// Opens what lies at `path`.
    ///
    /// # Errors
    /// When it is no data folder, or its key or database is wrong.
    pub(crate) fn open(path: &Path, clock: &Clock) -> Result<Self> {
        Self::of(
            &Folder::open(path, Passphrase::of_the_environment())?,
            clock,
        )
    }

    /// Opens the database and the authority of a folder.
    ///
    /// # Errors
    /// When either cannot be read.
    pub(crate) fn of(folder: &Folder, clock: &Clock) -> Result<Self> {
        Ok(Self {
            store: folder.store(clock)?,
            authority: folder.authority(clock)?,
            city: folder.city().to_owned(),
            path: folder.path().to_owned(),
        })
    }

    /// Publishes a dataset, signed; returns its version.
    ///
    /// # Errors
    /// When it cannot be signed or stored.
    pub(crate) fn publish(&mut self, name: &str, bytes: &[u8]) -> Result<u64> {
        standby::refuse_superseded(&self.path)?;
        let mut signer = Signer::new(&self.authority);
        let version = self
            .store
            .publish(name, bytes, |message| signer.sign(message))?;
        signer.finish()?;
        self.store
            .audit(&Actor::System.id(), AuditAction::Published, None)?;
        Ok(version)
    }

    /// The settings as published.
    ///
    /// # Errors
    /// When they are damaged.
    pub(crate) fn settings(&self) -> Result<Settings> {
        match self.store.dataset("settings")? {
            Some(dataset) => serde_json::from_slice(&dataset.bytes).context("settings are damaged"),
            None => Ok(Settings {
                city: self.city.clone(),
                branches: Vec::new(),
                more: serde_json::Map::new(),
            }),
        }
    }

    /// Adds a member of staff, or replaces the one with this id.
    ///
    /// # Errors
    /// When the id is none, or the list cannot be published.
    pub(crate) fn add_staff(&mut self, member: StaffMember) -> Result<()> {
        let plain = |one: u8| one.is_ascii_alphanumeric() || matches!(one, b'-' | b'_' | b'.');
        let id = member.id.as_str();
        if id.is_empty() || id.len() > 32 || id == Actor::SYSTEM_ID || !id.bytes().all(plain) {
            bail!(
                "an id is up to 32 letters, digits, dots and hyphens, and not `{}`",
                Actor::SYSTEM_ID
            );
        }
        let mut staff = self.store.staff()?;
        staff.retain(|one| one.id != member.id);
        staff.push(member);
        staff.sort_by(|one, other| one.id.cmp(&other.id));
        self.publish("staff", &serde_json::to_vec(&staff)?)?;
        Ok(())
    }

    /// Takes somebody's roles and password away (退職・異動). The name stays: cases and the log go
    /// on showing who did what. Returns whether there was something to take.
    ///
    /// # Errors
    /// When nobody has this id, or the list cannot be published.
    pub(crate) fn remove_staff(&mut self, id: &str) -> Result<bool> {
        let mut staff = self.store.staff()?;
        let Some(member) = staff.iter_mut().find(|one| one.id.as_str() == id) else {
            bail!("nobody on the list has this id; `todoke-hub staff list` shows everybody");
        };
        if member.roles.is_empty() {
            return Ok(false);
        }
        member.roles.clear();
        member.secret_hash.clear();
        self.publish("staff", &serde_json::to_vec(&staff)?)?;
        Ok(true)
    }
}
