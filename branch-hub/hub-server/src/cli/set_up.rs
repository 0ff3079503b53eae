//! `init` and `enrol`: a hub and its counters are set up once.

use std::io::Write;
use std::path::Path;

use anyhow::{Result, bail};
use hub_store::Actor;
use replica::AuditAction;
use sync_transport::EnrolmentCode;
use zeroize::Zeroizing;

use super::branch;
use crate::administration::{Branch, Hub};
use crate::clock::Clock;
use crate::folder::{Folder, PASSPHRASE, Passphrase};
use crate::standby;

pub(super) fn init(path: &Path, city: &str, clock: &Clock, out: &mut impl Write) -> Result<()> {
    let passphrase = Passphrase::of_the_environment();
    let is_sealed = passphrase.is_set();
    let folder = Folder::create(path, city, clock, passphrase)?;
    let mut hub = Hub::of(&folder, clock)?;
    let settings = serde_json::to_vec(&hub.settings()?)?;
    hub.publish("settings", &settings)?;
    hub.store.close()?;
    folder.finish(path)?;
    writeln!(out, "{} is ready", path.display())?;
    if !is_sealed {
        writeln!(
            std::io::stderr(),
            "The database key lies in {} in the clear, readable by its owner only. \
             Keep the folder on an encrypted disk, or make it with {PASSPHRASE} set.",
            path.join("database.key").display()
        )?;
    }
    Ok(())
}

/// A day to walk to the branch with the code.
const CODE_VALID_MS: u64 = 24 * 3_600_000;

pub(super) fn enrol(
    path: &Path,
    code: &str,
    name: &str,
    clock: &Clock,
    out: &mut impl Write,
) -> Result<()> {
    let branch = branch(code).map_err(anyhow::Error::msg)?;
    if code == "00" {
        bail!("00 is head office; a counter belongs to a branch");
    }
    if code == standby::BRANCH {
        bail!("99 is kept for the standby (`standby invite`); a counter belongs to another branch");
    }
    let mut hub = Hub::open(path, clock)?;
    let mut settings = hub.settings()?;
    if !settings.branches.iter().any(|one| one.code == code) {
        let name = name
            .split([' ', '\u{3000}'])
            .next()
            .unwrap_or(code)
            .to_owned();
        settings.branches.push(Branch {
            code: code.to_owned(),
            name,
        });
        hub.publish("settings", &serde_json::to_vec(&settings)?)?;
    }
    let once = Zeroizing::new(
        hub.store
            .issue_enrolment_code(&branch, name, CODE_VALID_MS)?,
    );
    hub.store
        .audit(&Actor::System.id(), AuditAction::EnrolmentIssued, None)?;
    writeln!(
        out,
        "{}",
        EnrolmentCode::new(&once, hub.authority.fingerprint())
    )?;
    Ok(())
}
