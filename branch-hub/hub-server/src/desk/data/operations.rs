//! What the people see who look after the machines. No personal data.

use std::path::Path;

use counter_domain::ids::DeviceId;
use device_health::DiskSpace;
use hub_store::{DeviceSample, HubStore};

use super::names::{Names, names};
use super::{DataFailed, DeskData, failed};
use crate::city_health::CityHealth;

/// How the hub and its counters stand, with names.
pub(crate) struct Operations {
    /// The figures.
    pub city: CityHealth,
    /// Names of branches.
    pub names: Names,
}

/// Fourteen days of a counter.
pub(crate) struct LineHistory {
    /// Which.
    pub device: DeviceId,
    /// Its branch and place.
    pub place: String,
    /// Quarter-hours, oldest first.
    pub samples: Vec<DeviceSample>,
}

impl DeskData {
    /// How everything stands, for the operations pages; `folder` lies on the disk whose room is
    /// told.
    pub(crate) async fn operations(&self, folder: &Path) -> Result<Operations, DataFailed> {
        let folder = folder.parent().unwrap_or(folder).to_owned();
        let clock = self.clock.clone();
        self.run(move |store| {
            let disk = DiskSpace::of(&folder).ok();
            let city = CityHealth::of(store, &clock, disk).map_err(|error| failed(&error))?;
            Ok(Operations {
                city: city.with_standby(&folder),
                names: names(store),
            })
        })
        .await?
    }

    /// Fourteen days of every counter that is not shut out.
    pub(crate) async fn line_history(&self) -> Result<Vec<LineHistory>, DataFailed> {
        self.run(|store| line_history(store).map_err(|error| failed(&error)))
            .await?
    }

    /// Fourteen days of one counter.
    pub(crate) async fn samples(&self, device: DeviceId) -> Result<Vec<DeviceSample>, DataFailed> {
        self.run(move |store| store.samples(device).map_err(|error| failed(&error)))
            .await?
    }
}

fn line_history(store: &HubStore) -> Result<Vec<LineHistory>, replica::StoreError> {
    let names = names(store);
    let mut found = Vec::new();
    for device in store.devices()? {
        let samples = store.samples(device.device)?;
        if !device.revoked && !samples.is_empty() {
            found.push(LineHistory {
                device: device.device,
                place: format!("{}　{}", names.branch(&device.branch), device.name),
                samples,
            });
        }
    }
    Ok(found)
}
