//! The counters' end: who may enrol and who may speak, as the database knows.

use std::future::Future;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use anyhow::{Context, Result};
use counter_domain::ids::DeviceId;
use device_health::DeviceReport;
use hub_store::{EnrolError, HubStore};
use replica::StoreError;
use sync_engine::Limits;
use sync_protocol::SiteId;
use sync_transport::courier::CourierRecipient;
use sync_transport::{
    Admission, Authoriser, Authority, Device, EnrolRefusal, Hub, Predecessor, Wake,
};
use tokio::net::TcpListener;

use super::Shared;
use crate::folder::Folder;
use crate::register;
use crate::standby;
use crate::standby::first::First;

/// Prepares the end; the future serves until the socket breaks.
///
/// # Errors
/// When the hub's certificate cannot be made.
pub(super) fn open(
    folder: &Folder,
    shared: &Shared,
    listener: TcpListener,
    first: Arc<First>,
) -> Result<impl Future<Output = Result<()>> + use<>> {
    let clock = shared.clock.clone();
    let clock = sync_transport::Clock::from_unix_ms(move || clock.unix_ms());
    let names = [listener.local_addr()?.ip().to_string()];
    let site = SiteId(folder.device().0);
    let identity = shared
        .authority
        .issue_server(site, &names, shared.clock.unix_ms())?;
    let tls = sync_transport::server_config(&shared.authority, identity, &clock)?;
    let devices = Devices {
        store: Arc::clone(&shared.store),
        authority: Arc::clone(&shared.authority),
        recovery: register::recovery_keys(folder),
        wake: shared.wake.clone(),
        first: Some(first),
    };
    devices.publish(&mut devices.store());
    let hub = Hub {
        store: Arc::clone(&shared.store),
        authoriser: Arc::new(devices),
        authority: Arc::clone(&shared.authority),
        wake: shared.wake.clone(),
        clock,
        limits: Limits::default(),
    };
    Ok(async move {
        sync_transport::serve(listener, tls, hub, std::future::pending())
            .await
            .context("the counters' socket is broken")
    })
}

/// The branch of a device that is enrolled with this very key: the reply to its first request was
/// lost. Granting again gives nothing away, because the request was signed with that key.
fn granted_before(store: &HubStore, site: SiteId, key: [u8; 32]) -> Option<String> {
    let known = store.device(DeviceId(site.0)).ok().flatten()?;
    (known.fingerprint == key && !known.revoked).then_some(known.branch.0)
}

/// What the database says about devices.
struct Devices {
    store: Arc<Mutex<HubStore>>,
    authority: Arc<Authority>,
    /// Public keys of head office beside the hub's own.
    recovery: Vec<String>,
    wake: Wake,
    /// Answers a standby.
    first: Option<Arc<First>>,
}

impl Devices {
    fn store(&self) -> MutexGuard<'_, HubStore> {
        self.store.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Tells every counter who is enrolled. A register that cannot be published now is published
    /// with the next change or start.
    fn publish(&self, store: &mut HubStore) {
        match register::publish(store, &self.authority, &self.recovery) {
            Ok(_) => self.wake.everyone(),
            Err(error) => {
                tracing::error!(event = "register_not_published", %error, "devices were not published");
            }
        }
    }
}

impl Authoriser for Devices {
    fn redeem(&self, code: &str, site: SiteId, key: [u8; 32]) -> Result<String, EnrolRefusal> {
        let mut store = self.store();
        match store.redeem_enrolment_code(code, DeviceId(site.0), key) {
            Ok(device) => {
                self.publish(&mut store);
                Ok(device.branch.0)
            }
            Err(EnrolError::Unknown) => Err(EnrolRefusal::Unknown),
            Err(EnrolError::Expired) => Err(EnrolRefusal::Expired),
            Err(EnrolError::Used) => granted_before(&store, site, key).ok_or(EnrolRefusal::Used),
            Err(EnrolError::DeviceKnown) => {
                granted_before(&store, site, key).ok_or(EnrolRefusal::DeviceKnown)
            }
            Err(error) => {
                tracing::error!(event = "enrol_failed", %error, "a code could not be redeemed");
                Err(EnrolRefusal::Unavailable)
            }
        }
    }

    fn may_replace(&self, code: &str, replaces: SiteId) -> Result<(), EnrolRefusal> {
        match self.store().replaced_by_code(code) {
            Ok(Some(device)) if device.0 == replaces.0 => Ok(()),
            Ok(_) => Err(EnrolRefusal::OtherDevice),
            Err(error) => Err(unavailable(&error)),
        }
    }

    fn predecessor(
        &self,
        site: SiteId,
        log_after: u64,
        links_max: u32,
    ) -> Result<Option<Predecessor>, EnrolRefusal> {
        let found = self
            .store()
            .predecessor(DeviceId(site.0), log_after, links_max)
            .map_err(|error| unavailable(&error))?;
        Ok(found.map(|before| Predecessor {
            site: SiteId(before.device.0),
            held: before.held,
            generation: before.generation,
            log: before.log,
        }))
    }

    /// The key must be the one enrolled: a certificate made for an older key of the same device is
    /// refused, and so is any device when the database cannot be asked.
    fn admit(&self, device: &Device) -> Admission {
        let mut store = self.store();
        match store.device(DeviceId(device.peer.site.0)) {
            Ok(Some(known)) if known.revoked => Admission::Revoked,
            Ok(Some(known)) if known.fingerprint == device.key => {
                // A standby asks all the time, also when nothing is written here any more.
                if !standby::is_one(&known) {
                    note_contact(&mut store, known.device, None);
                }
                Admission::Granted
            }
            Ok(Some(_) | None) => Admission::Unknown,
            Err(error) => {
                tracing::error!(event = "admit_failed", %error, "a device could not be looked up");
                Admission::Unknown
            }
        }
    }

    fn courier_key(&self, site: SiteId, key: &CourierRecipient) {
        let mut store = self.store();
        match store.keep_courier_key_of(DeviceId(site.0), &key.to_string()) {
            Ok(()) => self.publish(&mut store),
            Err(error) => {
                tracing::error!(event = "courier_key_not_kept", %error, "a courier key was not kept");
            }
        }
    }

    /// What a device tells is shown to people and nothing else depends on it, so a report that
    /// cannot be read or kept is only logged.
    fn health(&self, device: &Device, report: &[u8]) {
        let site = device.peer.site;
        let report = match DeviceReport::read(report) {
            Ok(report) => report,
            Err(error) => {
                tracing::warn!(event = "report_refused", %site, %error, "a health report was not taken");
                return;
            }
        };
        if let Err(error) = self.store().note_report(DeviceId(site.0), &report) {
            tracing::warn!(event = "report_not_noted", %site, %error, "a health report was not noted");
        }
    }

    fn standby(&self, device: &Device, question: &[u8]) -> Option<Vec<u8>> {
        let known = self.store().device(DeviceId(device.peer.site.0));
        let known = known.ok().flatten()?;
        if !standby::is_one(&known) || device.peer.branch != standby::BRANCH {
            tracing::warn!(event = "no_standby", site = %device.peer.site, "a device asks what only a standby may ask");
            return None;
        }
        self.first.as_ref()?.answer(device, question)
    }

    fn heard(&self, device: &Device, program: &str) {
        let mut store = self.store();
        let program = Some(program).filter(|program| !program.is_empty());
        note_contact(&mut store, DeviceId(device.peer.site.0), program);
    }
}

/// A database that fails is no answer to a question about a code.
fn unavailable(error: &StoreError) -> EnrolRefusal {
    tracing::error!(event = "enrol_failed", %error, "a code could not be looked up");
    EnrolRefusal::Unavailable
}

/// A contact that cannot be noted keeps nobody from talking.
fn note_contact(store: &mut HubStore, device: DeviceId, program: Option<&str>) {
    if let Err(error) = store.note_contact(device, program) {
        tracing::warn!(event = "contact_not_noted", %error, "a contact was not noted");
    }
}

#[cfg(test)]
mod tests {
    use counter_domain::ids::BranchCode;
    use sync_engine::{Peer, PeerRole};

    use super::*;
    use crate::clock::Clock;
    use crate::folder::Passphrase;

    #[test]
    fn revoked_device_is_refused_at_its_next_request() {
        let scratch = tempfile::tempdir().unwrap();
        let clock = Clock::new(|| 1_795_222_800_000);
        let path = scratch.path().join("hub");
        let folder = Folder::create(&path, "六会市", &clock, Passphrase::default()).unwrap();
        let mut store = folder.store(&clock).unwrap();
        let code = store
            .issue_enrolment_code(&BranchCode::from("07"), "六会 1番窓口", 1000)
            .unwrap();
        let site = SiteId([1; 16]);
        let devices = Devices {
            store: Arc::new(Mutex::new(store)),
            authority: Arc::new(folder.authority(&clock).unwrap()),
            recovery: Vec::new(),
            wake: Wake::new(),
            first: None,
        };
        let key = [5; 32];
        assert_eq!(devices.redeem(&code, site, key), Ok("07".to_owned()));
        let device = |key| Device {
            peer: Peer {
                site,
                branch: "07".to_owned(),
                role: PeerRole::Counter,
            },
            key,
        };
        assert_eq!(devices.admit(&device(key)), Admission::Granted);
        assert_eq!(devices.admit(&device([6; 32])), Admission::Unknown);
        // Another process revokes, as the command does.
        let mut beside = folder.store(&clock).unwrap();
        assert!(beside.revoke(DeviceId(site.0)).unwrap());
        assert_eq!(devices.admit(&device(key)), Admission::Revoked);
        assert!(
            devices.redeem(&code, site, key).is_err(),
            "nor enrolled again"
        );
    }
}
