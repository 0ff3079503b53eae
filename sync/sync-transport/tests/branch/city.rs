//! A made-up city: one authority, and counters it enrolled.

use std::sync::Arc;

use rcgen::{CertificateParams, KeyPair, PKCS_ECDSA_P256_SHA256};
use sync_engine::memory::MemoryStore;
use sync_engine::{Dispatch, Limits, Moment, Peer, PeerRole, Presumed, Session};
use sync_protocol::SiteId;
use sync_transport::courier::{
    Carried, Checked, CourierFile, CourierKey, CourierSigner, Envelope, ReadError, Received,
    SenderCheck, export, import,
};
use sync_transport::{Authority, Clock, DeviceIdentity, DeviceRequest};

pub(crate) const HUB: SiteId = SiteId([0xFF; 16]);
pub(crate) const NOON_MS: u64 = 1_795_000_000_000;
pub(crate) const DAY_MS: u64 = 86_400_000;

/// Small, so that a trip has many rounds.
pub(crate) const SMALL: Limits = Limits {
    round_bytes: 20_000,
    batch_bytes: 5_000,
    part_bytes: 5_000,
    blobs_wanted: 8,
};

pub(crate) fn noon() -> Clock {
    Clock::from_unix_ms(|| NOON_MS)
}

pub(crate) fn site(number: u8) -> SiteId {
    SiteId([number; 16])
}

pub(crate) struct City {
    pub(crate) authority: Arc<Authority>,
    pub(crate) key: CourierKey,
    pub(crate) store: MemoryStore,
}

pub(crate) struct Counter {
    pub(crate) identity: DeviceIdentity,
    pub(crate) key: CourierKey,
    pub(crate) store: MemoryStore,
}

impl City {
    pub(crate) fn new() -> Self {
        Self {
            authority: Arc::new(Authority::create(NOON_MS).unwrap()),
            key: CourierKey::create(),
            store: MemoryStore::new(HUB),
        }
    }

    /// An enrolled device's identity, as enrolment gives it.
    pub(crate) fn identity(&self, site: SiteId, branch: &str) -> DeviceIdentity {
        self.identity_of(
            &KeyPair::generate_for(&PKCS_ECDSA_P256_SHA256).unwrap(),
            |request| {
                self.authority
                    .sign_device(request, branch, site, NOON_MS)
                    .unwrap()
            },
        )
    }

    pub(crate) fn identity_of(
        &self,
        key: &KeyPair,
        sign: impl FnOnce(&DeviceRequest) -> String,
    ) -> DeviceIdentity {
        let request = CertificateParams::default().serialize_request(key).unwrap();
        let request = DeviceRequest::from_pem(&request.pem().unwrap()).unwrap();
        let point = self.authority.publishing_point();
        let text = serde_json::json!({
            "key_pem": key.serialize_pem(),
            "certificate_pem": sign(&request),
            "authority_pem": self.authority.certificate_pem(),
            "publishing_point": point.iter().map(|b| format!("{b:02x}")).collect::<String>(),
        });
        DeviceIdentity::from_json(&text.to_string()).unwrap()
    }

    pub(crate) fn counter(&self, number: u8, branch: &str) -> Counter {
        Counter {
            identity: self.identity(site(number), branch),
            key: CourierKey::create(),
            store: MemoryStore::new(site(number)),
        }
    }

    pub(crate) fn file(&self, path: &std::path::Path) -> CourierFile {
        CourierFile::new(path, vec![self.key.clone()])
    }

    pub(crate) fn check(&self, path: &std::path::Path) -> Result<Checked, ReadError> {
        let senders = SenderCheck::of_hub(&self.authority);
        self.file(path).check(&senders, NOON_MS)
    }

    /// Takes a counter's file.
    pub(crate) fn take(&mut self, path: &std::path::Path) -> Received {
        let checked = self.check(path).unwrap();
        let session = Session::new(checked.sender.peer.clone(), SMALL);
        let file = self.file(path);
        import(&mut self.store, &file, &checked, session, &mut |_| {}).unwrap()
    }

    /// Writes the answer to what was just received.
    pub(crate) fn answer(&mut self, received: Received, path: &std::path::Path, to: &Counter) {
        let mut dispatch = Dispatch::new(received.session, &self.store).unwrap();
        dispatch.with_datasets(&self.store, 1 << 20).unwrap();
        let signer = CourierSigner::of_hub(&self.authority, HUB, NOON_MS).unwrap();
        let envelope = Envelope {
            signer: &signer,
            recipients: &[to.key.recipient()],
            to: vec![to.identity.device().unwrap().peer.site],
            reply_to: None,
            id: [2; 16],
        };
        let now = Moment::from_unix_ms(NOON_MS);
        export(
            &mut self.store,
            &mut dispatch,
            &envelope,
            Some(path),
            now,
            &mut |_| {},
        )
        .unwrap();
    }
}

impl Counter {
    pub(crate) fn site(&self) -> SiteId {
        self.identity.device().unwrap().peer.site
    }

    /// What head office said last that it has of ours.
    fn presumed(&self) -> Presumed {
        let vector = self.store.acknowledged_by(HUB).cloned();
        Presumed {
            vector: vector.unwrap_or_default(),
            stream_head: 0,
        }
    }

    pub(crate) fn dispatch(&self) -> Dispatch {
        let hub = Peer {
            site: HUB,
            branch: "00".to_owned(),
            role: PeerRole::Hub,
        };
        let session = Session::new(hub, SMALL).presuming(&self.store, &self.presumed());
        Dispatch::new(session, &self.store).unwrap()
    }

    /// Everything head office lacks, in a file for it and for `others`.
    pub(crate) fn send(
        &mut self,
        path: &std::path::Path,
        city: &City,
        others: &[&Self],
    ) -> Carried {
        self.send_made(path, city, others, NOON_MS)
    }

    pub(crate) fn send_made(
        &mut self,
        path: &std::path::Path,
        city: &City,
        others: &[&Self],
        made: u64,
    ) -> Carried {
        let signer = CourierSigner::of_counter(&self.identity).unwrap();
        let mut recipients = vec![city.key.recipient()];
        recipients.extend(others.iter().map(|other| other.key.recipient()));
        let mut to = vec![HUB];
        to.extend(others.iter().map(|other| other.site()));
        let envelope = Envelope {
            signer: &signer,
            recipients: &recipients,
            to,
            reply_to: Some(self.key.recipient()),
            id: [1; 16],
        };
        let mut dispatch = self.dispatch();
        let now = Moment::from_unix_ms(made);
        export(
            &mut self.store,
            &mut dispatch,
            &envelope,
            Some(path),
            now,
            &mut |_| {},
        )
        .unwrap()
    }

    pub(crate) fn file(&self, path: &std::path::Path) -> CourierFile {
        CourierFile::new(path, vec![self.key.clone()])
    }

    pub(crate) fn check(&self, path: &std::path::Path) -> Result<Checked, ReadError> {
        let senders = SenderCheck::of_counter(&self.identity).unwrap();
        self.file(path).check(&senders, NOON_MS)
    }

    /// Takes a file of head office or of a neighbour.
    pub(crate) fn take(&mut self, path: &std::path::Path) -> Received {
        let checked = self.check(path).unwrap();
        let sender = checked.sender.peer.clone();
        let mut session = Session::new(sender.clone(), SMALL);
        if sender.role == PeerRole::Counter {
            session = session.between_counters();
        }
        let file = self.file(path);
        import(&mut self.store, &file, &checked, session, &mut |_| {}).unwrap()
    }
}
