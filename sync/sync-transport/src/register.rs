//! The register of devices: what head office publishes about them, so that counters know each other
//! without a line.
//!
//! It is a dataset like any other (signed by the hub, handed on between counters), JSON:
//! whom courier files are encrypted to, which devices a branch has, and which are revoked. It holds
//! nothing about persons.

use std::str::FromStr as _;

use serde::{Deserialize, Serialize};
use sync_protocol::SiteId;

use crate::courier::CourierRecipient;

/// The register's name as a dataset.
pub const DEVICES: &str = "devices";

/// Devices of a city, as head office knows them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Register {
    /// Site of the hub, 32 hex digits.
    pub hub: String,
    /// Whom files for head office are encrypted to, `age1…`: the hub's own key and those that open
    /// its backups.
    pub head_office: Vec<String>,
    /// Every counter ever enrolled.
    pub devices: Vec<RegisteredDevice>,
}

/// A counter of the register.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RegisteredDevice {
    /// Its site, 32 hex digits.
    pub site: String,
    /// Its branch, two digits.
    pub branch: String,
    /// Its place, for example `六会市民センター 2番窓口`.
    pub name: String,
    /// Lost or retired: refused by everybody.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub revoked: bool,
    /// Whom files for it are encrypted to, `age1…`; unknown before it has told.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub courier_key: Option<String>,
}

impl Register {
    /// Reads the dataset; `None` when it is damaged.
    pub fn read(bytes: &[u8]) -> Option<Self> {
        serde_json::from_slice(bytes).ok()
    }

    /// Site of the hub.
    pub fn hub_site(&self) -> Option<SiteId> {
        self.hub.parse().ok()
    }

    /// A device.
    pub fn device(&self, site: SiteId) -> Option<&RegisteredDevice> {
        let site = site.to_string();
        self.devices.iter().find(|device| device.site == site)
    }

    /// Whether a device is shut out. One that is not known here yet is not: it may be newer than
    /// the register.
    pub fn is_revoked(&self, site: SiteId) -> bool {
        self.device(site).is_some_and(|device| device.revoked)
    }

    /// Keys of head office, without those that are none.
    pub fn head_office_keys(&self) -> Vec<CourierRecipient> {
        let keys = self.head_office.iter();
        keys.filter_map(|key| CourierRecipient::from_str(key).ok())
            .collect()
    }

    /// The other counters of a branch that files can be encrypted to.
    pub fn neighbours(&self, branch: &str, own: SiteId) -> Vec<(SiteId, CourierRecipient)> {
        let of_branch = |device: &&RegisteredDevice| device.branch == branch && !device.revoked;
        let reached = |device: &RegisteredDevice| {
            let site: SiteId = device.site.parse().ok()?;
            let key = device.courier_key.as_deref()?.parse().ok()?;
            Some((site, key))
        };
        let devices = self.devices.iter().filter(of_branch).filter_map(reached);
        devices.filter(|(site, _)| *site != own).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::courier::CourierKey;

    fn device(site: u8, branch: &str) -> RegisteredDevice {
        RegisteredDevice {
            site: SiteId([site; 16]).to_string(),
            branch: branch.to_owned(),
            name: format!("{branch} {site}番窓口"),
            revoked: false,
            courier_key: Some(CourierKey::create().recipient().to_string()),
        }
    }

    #[test]
    fn neighbours_are_of_the_branch_and_not_revoked() {
        let mut lost = device(3, "07");
        lost.revoked = true;
        let mut silent = device(4, "07");
        silent.courier_key = None;
        let devices = vec![
            device(1, "07"),
            device(2, "07"),
            lost,
            silent,
            device(5, "08"),
        ];
        let register = Register {
            hub: SiteId([9; 16]).to_string(),
            head_office: vec!["no key".to_owned()],
            devices,
        };
        let register = Register::read(&serde_json::to_vec(&register).unwrap()).unwrap();
        let near: Vec<_> = register.neighbours("07", SiteId([1; 16]));
        let near: Vec<SiteId> = near.into_iter().map(|(site, _)| site).collect();
        assert_eq!(near, [SiteId([2; 16])]);
        assert!(register.is_revoked(SiteId([3; 16])));
        assert!(
            !register.is_revoked(SiteId([77; 16])),
            "newer than the register"
        );
        assert_eq!(register.head_office_keys(), []);
    }
}
