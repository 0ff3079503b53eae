//! Publishing the register of devices: who is of which branch, who is revoked, whom courier files
//! are encrypted to.

use std::fs;

use anyhow::{Context, Result};
use hub_store::HubStore;
use sync_protocol::SiteId;
use sync_transport::courier::CourierKey;
use sync_transport::{Authority, DEVICES, Register, RegisteredDevice};
use zeroize::Zeroizing;

use crate::administration::Signer;
use crate::folder::Folder;

/// The key that opens files for head office; made at the first start.
///
/// # Errors
/// When the disk fails or the key is damaged.
pub(crate) fn courier_key(store: &mut HubStore) -> Result<CourierKey> {
    let text = store.courier_key(|| CourierKey::create().to_text().as_bytes().to_vec())?;
    let text = Zeroizing::new(String::from_utf8(text).context("the courier key is damaged")?);
    text.parse().context("the courier key is damaged")
}

/// Public keys that open backups open courier files too: should the hub be lost, head office can
/// still read what counters send. A list that cannot be read adds none.
pub(crate) fn recovery_keys(folder: &Folder) -> Vec<String> {
    let text = fs::read_to_string(folder.recipients()).unwrap_or_default();
    let lines = text.lines().map(str::trim);
    lines
        .filter(|line| line.starts_with("age1"))
        .map(ToOwned::to_owned)
        .collect()
}

/// Publishes the register as the database has it now. The same content keeps its version.
///
/// # Errors
/// When it cannot be signed or stored.
pub(crate) fn publish(
    store: &mut HubStore,
    authority: &Authority,
    recovery: &[String],
) -> Result<u64> {
    let mut head_office = vec![courier_key(store)?.recipient().to_string()];
    head_office.extend_from_slice(recovery);
    let mut devices = Vec::new();
    for device in store.devices()? {
        devices.push(RegisteredDevice {
            site: SiteId(device.device.0).to_string(),
            branch: device.branch.0,
            name: device.name,
            revoked: device.revoked,
            courier_key: store.courier_key_of(device.device)?,
        });
    }
    let register = Register {
        hub: SiteId(store.device_id().0).to_string(),
        head_office,
        devices,
    };
    let mut signer = Signer::new(authority);
    let bytes = serde_json::to_vec(&register)?;
    let version = store.publish(DEVICES, &bytes, |message| signer.sign(message))?;
    signer.finish()?;
    Ok(version)
}
