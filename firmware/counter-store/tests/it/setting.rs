//! A branch or two, a hub, a clock that only moves when read, and randomness from a seed.
#![expect(clippy::unwrap_used, reason = "a test stops at what it did not expect")]

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use counter_domain::draft::{FieldPath, FieldValue, Source};
use counter_domain::ids::{BranchCode, CaseId, DeviceId, StaffId};
use counter_domain::snapshot::{Snapshot, SnapshotField};
use counter_store::{CounterStore, FieldEntry, NewCase, SignedForm, StartedCase};
use hub_store::HubStore;
use replica::staff::{Role, StaffMember, hash_secret};
use replica::{DatabaseKey, Surroundings};
use ring::rand::SystemRandom;
use ring::signature::{ECDSA_P256_SHA256_ASN1_SIGNING, EcdsaKeyPair, KeyPair};
use sync_engine::{Peer, PeerRole, Store};
use tempfile::TempDir;

pub(crate) const NOON: u64 = 1_806_000_000_000;

#[derive(Clone)]
pub(crate) struct Clock(pub(crate) Arc<AtomicU64>);

impl Clock {
    pub(crate) fn at(unix_ms: u64) -> Self {
        Self(Arc::new(AtomicU64::new(unix_ms)))
    }

    pub(crate) fn forward(&self, ms: u64) {
        self.0.fetch_add(ms, Ordering::SeqCst);
    }

    pub(crate) fn around(&self, seed: u8) -> Surroundings {
        let clock = self.clone();
        // Another start of the same program draws other numbers.
        let mut counter = self.0.load(Ordering::SeqCst) << 20;
        Surroundings::new(
            move || clock.0.fetch_add(1, Ordering::SeqCst),
            move |buffer| {
                counter += 1;
                let mut hasher = blake3::Hasher::new();
                hasher.update(&[seed]).update(&counter.to_be_bytes());
                hasher.finalize_xof().fill(buffer);
            },
        )
    }
}

pub(crate) fn key(byte: u8) -> DatabaseKey {
    DatabaseKey::from_bytes([byte; 32])
}

pub(crate) fn counter(folder: &Path, number: u8, clock: &Clock) -> CounterStore {
    let path = folder.join(format!("counter-{number}.db"));
    CounterStore::open(
        &path,
        &key(number),
        DeviceId([number; 16]),
        clock.around(number),
    )
    .unwrap()
}

pub(crate) fn peer_of(store: &impl Store, branch: &str, role: PeerRole) -> Peer {
    Peer {
        site: store.site(),
        branch: branch.to_owned(),
        role,
    }
}

/// A hub and counters 1 and 2 of branch 07, counter 3 of branch 02.
pub(crate) struct Office {
    pub(crate) folder: TempDir,
    pub(crate) clock: Clock,
    pub(crate) hub: HubStore,
    pub(crate) counters: Vec<(CounterStore, &'static str)>,
    pub(crate) publisher: EcdsaKeyPair,
}

impl Office {
    pub(crate) fn open() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let clock = Clock::at(NOON);
        let hub = HubStore::open(
            &folder.path().join("hub.db"),
            &key(200),
            DeviceId([200; 16]),
            clock.around(200),
        )
        .unwrap();
        let counters = [(1, "07"), (2, "07"), (3, "02")]
            .map(|(number, branch)| (counter(folder.path(), number, &clock), branch));
        let random = SystemRandom::new();
        let algorithm = &ECDSA_P256_SHA256_ASN1_SIGNING;
        let document = EcdsaKeyPair::generate_pkcs8(algorithm, &random).unwrap();
        let publisher = EcdsaKeyPair::from_pkcs8(algorithm, document.as_ref(), &random).unwrap();
        let mut office = Self {
            folder,
            clock,
            hub,
            counters: counters.into_iter().collect(),
            publisher,
        };
        for (counter, _) in &mut office.counters {
            counter
                .set_publishing_key(office.publisher.public_key().as_ref())
                .unwrap();
        }
        office.publish("staff", &serde_json::to_vec(&staff()).unwrap());
        office
    }

    pub(crate) fn publish(&mut self, name: &str, bytes: &[u8]) -> u64 {
        let publisher = &self.publisher;
        let sign = |bytes: &[u8]| {
            publisher
                .sign(&SystemRandom::new(), bytes)
                .unwrap()
                .as_ref()
                .to_vec()
        };
        self.hub.publish(name, bytes, sign).unwrap()
    }

    pub(crate) fn counter(&mut self, index: usize) -> &mut CounterStore {
        &mut self.counters[index].0
    }

    /// Everything both ways between one counter and the hub.
    pub(crate) fn sync(&mut self, index: usize) {
        self.sync_in_pieces(index, 64 << 10);
    }

    pub(crate) fn sync_in_pieces(&mut self, index: usize, bytes_max: usize) {
        let (counter, branch) = &mut self.counters[index];
        let there = peer_of(counter, branch, PeerRole::Counter);
        let here = peer_of(&self.hub, "00", PeerRole::Hub);
        hand_over(counter, &there, &mut self.hub, &here, bytes_max);
        hand_over(&mut self.hub, &here, counter, &there, bytes_max);
    }
}

/// Sends everything `to` lacks, then the acknowledgement back.
pub(crate) fn hand_over<F: Store, T: Store>(
    from: &mut F,
    from_peer: &Peer,
    to: &mut T,
    to_peer: &Peer,
    bytes_max: usize,
) {
    for site in from.vector().unwrap().into_keys() {
        let mut after = to.vector().unwrap().get(&site).copied().unwrap_or(0);
        while let Some(batch) = from.changes(to_peer, site, after, bytes_max).unwrap() {
            to.apply(from_peer, &batch).unwrap();
            after = batch.through;
        }
    }
    for (device, head) in from.stream_heads().unwrap() {
        if device == from_peer.site && from_peer.role == PeerRole::Counter {
            let have = to
                .stream_heads()
                .unwrap()
                .get(&device)
                .copied()
                .unwrap_or(0);
            assert!(have <= head);
            let entries = from.stream_entries(device, have, usize::MAX).unwrap();
            to.append_stream(from_peer, &entries).unwrap();
        }
    }
    for want in to.blobs_wanted(100).unwrap() {
        let mut have = want.have;
        while let Some(part) = from.blob_part(to_peer, want.hash, have, bytes_max).unwrap() {
            have += part.bytes.len() as u64;
            to.store_blob(from_peer, &part).unwrap();
        }
    }
    if from_peer.role == PeerRole::Hub {
        for offer in from.datasets().unwrap() {
            let mut next = to.dataset_wanted(&offer).unwrap();
            while let Some(offset) = next {
                let part = from
                    .dataset_part(&offer.name, offer.version, offset, bytes_max)
                    .unwrap()
                    .unwrap();
                next = to.stage_dataset(&offer, &part).unwrap();
            }
        }
    }
    let held = to.vector().unwrap();
    from.acknowledged(to_peer, &held).unwrap();
    let asked = from.blobs_unconfirmed(100).unwrap();
    let held = to.blobs_held(from_peer, &asked).unwrap();
    from.blobs_confirmed(to_peer, &held).unwrap();
}

pub(crate) fn clerk() -> StaffId {
    StaffId::from("u0312")
}

pub(crate) fn approver() -> StaffId {
    StaffId::from("u0021")
}

fn staff() -> Vec<StaffMember> {
    let person = |id: &str, name: &str, roles: &[Role], branches: &[&str]| StaffMember {
        id: StaffId::from(id),
        name: name.to_owned(),
        roles: roles.to_vec(),
        branches: branches
            .iter()
            .map(|code| BranchCode::from(*code))
            .collect(),
        secret_hash: hash_secret(&format!("secret of {id}"), [7; 16]).unwrap(),
    };
    vec![
        // Takes in and may decide, so that only the rule of four eyes stops this one.
        person(
            "u0312",
            "架空　受子",
            &[Role::Intake, Role::Approver],
            &["07"],
        ),
        person("u0021", "架空　決裁", &[Role::Approver], &[]),
    ]
}

pub(crate) fn start(counter: &mut CounterStore, branch: &str) -> StartedCase {
    let new = NewCase {
        by: clerk(),
        branch: BranchCode::from(branch),
        day: "2027-03-31".to_owned(),
    };
    let device = counter.device().as_bytes()[0];
    let number = move |sequence| format!("{device:02}-270331-{sequence:04}");
    counter.start_case(&new, &number).unwrap()
}

pub(crate) fn entry(path: &str, text: &str) -> FieldEntry {
    FieldEntry {
        path: FieldPath::from(path),
        value: FieldValue::Text(text.to_owned()),
        source: Source::Staff,
        confidence: None,
    }
}

pub(crate) fn set(counter: &mut CounterStore, case: CaseId, path: &str, text: &str) {
    counter
        .set_fields(case, &clerk(), &[entry(path, text)])
        .unwrap();
}

pub(crate) fn sign(counter: &mut CounterStore, case: CaseId) {
    let record = counter.case(case).unwrap().unwrap();
    let snapshot = Snapshot {
        version: 1,
        case_id: case,
        receipt_number: record.summary.receipt_number.clone().unwrap(),
        form: "resident-move/1".to_owned(),
        forms: Vec::new(),
        filed_on: "2027-03-31".to_owned(),
        language: "en".to_owned(),
        fields: record
            .draft
            .fields()
            .map(|(path, field)| {
                let (value, source) = (field.shown.value, field.shown.source);
                (path.clone(), SnapshotField { value, source })
            })
            .collect(),
        procedures: Vec::new(),
    };
    let form = SignedForm {
        snapshot: &snapshot,
        strokes: b"[[1,2]]",
        form_pdf: &PDF,
    };
    counter.sign(case, &clerk(), &form).unwrap();
}

/// Longer than one piece, so that resuming is exercised.
pub(crate) static PDF: [u8; 600_000] = [0x25; 600_000];
