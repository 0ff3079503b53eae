//! Certificates that are renewed by themselves, also when they have expired meanwhile.

use std::sync::{Arc, Mutex};

use rcgen::{CertificateParams, ExtendedKeyUsagePurpose, Issuer, KeyPair, SanType};
use sync_engine::Limits;
use sync_engine::memory::MemoryStore;
use sync_transport::{
    DeviceIdentity, DeviceRequest, Link, LinkConfig, LinkRefusal, LinkState, Renewal,
};

use crate::{COUNTER, Counter, DAY_MS, NOON_MS, Running, at, hub, noon};

/// The counter's identity with another certificate for the same key.
fn with_certificate(
    identity: &DeviceIdentity,
    make: impl FnOnce(&KeyPair) -> String,
) -> DeviceIdentity {
    let mut parts: serde_json::Value = serde_json::from_str(&identity.to_json().unwrap()).unwrap();
    let key = KeyPair::from_pem(parts["key_pem"].as_str().unwrap()).unwrap();
    parts["certificate_pem"] = make(&key).into();
    DeviceIdentity::from_json(&parts.to_string()).unwrap()
}

fn signed_at(hub: &Running, identity: &DeviceIdentity, unix_ms: u64) -> DeviceIdentity {
    with_certificate(identity, |key| {
        let request = CertificateParams::default().serialize_request(key).unwrap();
        let request = DeviceRequest::from_pem(&request.pem().unwrap()).unwrap();
        hub.authority
            .sign_device(&request, "01", COUNTER, unix_ms)
            .unwrap()
    })
}

/// As earlier versions made them: for dialling only.
fn earlier(hub: &Running, identity: &DeviceIdentity) -> DeviceIdentity {
    let pem = hub.authority.to_pem();
    let issuer = KeyPair::from_pem(&pem.key).unwrap();
    let issuer = Issuer::from_ca_cert_pem(&pem.certificate, issuer).unwrap();
    with_certificate(identity, |key| {
        let mut params = CertificateParams::default();
        let uri = format!("todoke://01/{COUNTER}");
        params.subject_alt_names = vec![SanType::URI(uri.as_str().try_into().unwrap())];
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ClientAuth];
        params.signed_by(key, &issuer).unwrap().pem()
    })
}

type Kept = Arc<Mutex<Vec<String>>>;

fn renewing(hub: &Running, identity: DeviceIdentity) -> (Counter, Kept) {
    let kept = Kept::default();
    let keep = {
        let kept = Arc::clone(&kept);
        move |identity: &DeviceIdentity| {
            kept.lock()
                .unwrap()
                .push(identity.to_json().unwrap().to_string());
            true
        }
    };
    let store = Arc::new(Mutex::new(MemoryStore::new(COUNTER)));
    let config = LinkConfig {
        hub: at(hub.address),
        identity,
        clock: noon(),
        random: Arc::new(|| 0),
        limits: Limits::default(),
        renewal: Some(Renewal {
            keep: Arc::new(keep),
        }),
    };
    let link = Link::start(config, Arc::clone(&store)).unwrap();
    (Counter { store, link }, kept)
}

/// The renewed identity has the old key, and works.
async fn check(hub: &Running, identity: DeviceIdentity) {
    let key = identity.device().unwrap().key;
    let (counter, kept) = renewing(hub, identity);
    counter.connected().await;
    let kept = kept.lock().unwrap().clone();
    assert_eq!(kept.len(), 1, "renewed once");
    let renewed = DeviceIdentity::from_json(&kept[0]).unwrap();
    assert_eq!(renewed.device().unwrap().key, key);
    let (again, kept) = renewing(hub, renewed);
    again.connected().await;
    assert!(kept.lock().unwrap().is_empty(), "not due again");
}

#[tokio::test]
async fn certificate_of_an_earlier_version_is_renewed_at_the_first_contact() {
    let hub = hub().await;
    let identity = hub.enrolled(COUNTER).await;
    check(&hub, earlier(&hub, &identity)).await;
}

#[tokio::test]
async fn certificate_is_renewed_long_before_it_ends() {
    let hub = hub().await;
    let identity = hub.enrolled(COUNTER).await;
    check(&hub, signed_at(&hub, &identity, NOON_MS - 700 * DAY_MS)).await;
}

#[tokio::test]
async fn certificate_that_expired_in_a_long_outage_is_renewed() {
    let hub = hub().await;
    let identity = hub.enrolled(COUNTER).await;
    check(&hub, signed_at(&hub, &identity, NOON_MS - 2000 * DAY_MS)).await;
}

#[tokio::test]
async fn expired_certificate_is_good_for_nothing_else() {
    let hub = hub().await;
    let identity = hub.enrolled(COUNTER).await;
    let expired = signed_at(&hub, &identity, NOON_MS - 2000 * DAY_MS);
    let counter = crate::counter(hub.address, expired, noon(), Limits::default());
    counter.store.lock().unwrap().write(&["late"]);
    counter.link.local_change();
    counter
        .until(|s| s.state == LinkState::Refused(LinkRefusal::CertificateNotOurs))
        .await;
    assert_eq!(hub.store.lock().unwrap().texts(), []);
}

#[tokio::test]
async fn revoked_device_renews_nothing() {
    let hub = hub().await;
    let identity = hub.enrolled(COUNTER).await;
    hub.register.revoked.lock().unwrap().insert(COUNTER);
    let (counter, kept) = renewing(&hub, signed_at(&hub, &identity, NOON_MS - 2000 * DAY_MS));
    counter
        .until(|s| matches!(s.state, LinkState::Refused(_)))
        .await;
    assert!(kept.lock().unwrap().is_empty());
}
