//! What the hub keeps for courier files: its own key, the counters' keys, and what counters have.

use counter_domain::ids::DeviceId;
use replica::StoreError;
use sync_protocol::{SiteId, VersionVector};

use crate::store::HubStore;

const OWN_KEY: &str = "courier-key";

fn key_of(device: DeviceId) -> String {
    format!("courier-key-of:{device}")
}

impl HubStore {
    /// The secret text of the key that opens files for head office; made with `make` the first
    /// time. It lies in the encrypted database, so backups hold it too.
    ///
    /// # Errors
    /// When the disk fails.
    pub fn courier_key(&mut self, make: impl FnOnce() -> Vec<u8>) -> Result<Vec<u8>, StoreError> {
        if let Some(key) = self.replica.local_value(OWN_KEY)? {
            return Ok(key);
        }
        let key = make();
        self.replica.keep_local_value(OWN_KEY, &key)?;
        Ok(key)
    }

    /// Whom files for a device are encrypted to, as it told; `None` before it has.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub fn courier_key_of(&self, device: DeviceId) -> Result<Option<String>, StoreError> {
        let key = self.replica.local_value(&key_of(device))?;
        Ok(key.and_then(|key| String::from_utf8(key).ok()))
    }

    /// Keeps whom files for a device are encrypted to.
    ///
    /// # Errors
    /// When the disk fails.
    pub fn keep_courier_key_of(&mut self, device: DeviceId, key: &str) -> Result<(), StoreError> {
        if self.courier_key_of(device)?.as_deref() == Some(key) {
            return Ok(());
        }
        self.replica
            .keep_local_value(&key_of(device), key.as_bytes())
    }

    /// What a counter is known to have on its disk of each site.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub fn known_to_have(&self, device: DeviceId) -> Result<VersionVector, StoreError> {
        let mut vector = self.replica.vector()?;
        for (site, through) in &mut vector {
            *through = self.replica.acked_by(SiteId(device.0), *site)?;
        }
        Ok(vector)
    }
}
