//! Databases as they stand at opening time, made once a process: a new one costs fifty times what a
//! copy costs.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use anyhow::{Context as _, Result, anyhow};
use counter_domain::ids::{BranchCode, StaffId};
use counter_store::CounterStore;
use hub_store::HubStore;
use replica::staff::{Role, StaffMember, hash_secret};
use ring::rand::SystemRandom;
use ring::signature::{ECDSA_P256_SHA256_ASN1_SIGNING, EcdsaKeyPair, KeyPair as _};
use tempfile::TempDir;

use crate::office::{Office, RightTime};

/// Site of head office.
pub(crate) const HUB: u8 = 200;

/// Branches of the counters, by their place; the first two share one.
pub(crate) const BRANCHES: [&str; 4] = ["07", "07", "02", "07"];

/// The clerk at every counter.
pub(crate) const CLERK: &str = "u0312";
/// Who decides at head office.
pub(crate) const APPROVER: &str = "u0021";

pub(crate) struct Template {
    folder: TempDir,
    publisher: EcdsaKeyPair,
}

impl Template {
    /// The one of this process.
    pub(crate) fn get() -> Result<&'static Self> {
        static MADE: OnceLock<Result<Template, String>> = OnceLock::new();
        MADE.get_or_init(|| make().map_err(|error| format!("{error:#}")))
            .as_ref()
            .map_err(|error| anyhow!("{error}"))
    }

    /// Copies the database of `name` into `folder`; returns its path.
    pub(crate) fn copy(&self, name: &str, folder: &Path) -> Result<PathBuf> {
        let folder = folder.join(name);
        fs::create_dir(&folder)?;
        for file in fs::read_dir(self.folder.path().join(name))? {
            let file = file?;
            fs::copy(file.path(), folder.join(file.file_name()))?;
        }
        Ok(folder.join("store.db"))
    }

    /// The key counters check published data with.
    pub(crate) fn publishing_point(&self) -> &[u8] {
        self.publisher.public_key().as_ref()
    }

    pub(crate) fn sign(&self, bytes: &[u8]) -> Vec<u8> {
        let signed = self.publisher.sign(&SystemRandom::new(), bytes);
        signed.map_or_else(|_| Vec::new(), |signature| signature.as_ref().to_vec())
    }
}

/// In memory where the machine has a folder for that.
pub(crate) fn scratch() -> Result<TempDir> {
    let memory = Path::new("/dev/shm");
    let folder = if memory.is_dir() {
        tempfile::tempdir_in(memory)
    } else {
        tempfile::tempdir()
    };
    folder.context("no folder for the databases")
}

fn make() -> Result<Template> {
    let folder = scratch()?;
    let random = SystemRandom::new();
    let algorithm = &ECDSA_P256_SHA256_ASN1_SIGNING;
    let document =
        EcdsaKeyPair::generate_pkcs8(algorithm, &random).map_err(|error| anyhow!("{error}"))?;
    let publisher = EcdsaKeyPair::from_pkcs8(algorithm, document.as_ref(), &random)
        .map_err(|error| anyhow!("{error}"))?;
    let template = Template { folder, publisher };
    let mut hub: Office<HubStore> = template.office("hub", HUB, "00")?;
    let staff = serde_json::to_vec(&staff()?)?;
    hub.store()?
        .publish("staff", &staff, |bytes| template.sign(bytes))?;
    for (number, branch) in (1..).zip(BRANCHES) {
        let name = format!("counter-{}", number - 1);
        let mut counter: Office<CounterStore> = template.office(&name, number, branch)?;
        let point = template.publisher.public_key();
        counter.store()?.set_publishing_key(point.as_ref())?;
    }
    Ok(template)
}

impl Template {
    fn office<S: crate::office::Room>(
        &self,
        name: &str,
        number: u8,
        branch: &str,
    ) -> Result<Office<S>> {
        let folder = self.folder.path().join(name);
        fs::create_dir(&folder)?;
        let path = folder.join("store.db");
        Ok(Office::open(path, number, branch, RightTime::at_noon())?)
    }
}

fn staff() -> Result<Vec<StaffMember>> {
    let person = |id: &str, name: &str, role: Role| {
        Ok::<_, anyhow::Error>(StaffMember {
            id: StaffId::from(id),
            name: name.to_owned(),
            roles: vec![role],
            branches: vec![BranchCode::from("07"), BranchCode::from("02")],
            secret_hash: hash_secret("not asked here", [7; 16])
                .map_err(|error| anyhow!("{error}"))?,
        })
    };
    Ok(vec![
        person(CLERK, "架空　受子", Role::Intake)?,
        person(APPROVER, "架空　決裁", Role::Approver)?,
    ])
}
