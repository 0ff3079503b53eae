//! A backup of head office is taken, time goes on, the machine is lost, the backup lives on.
#![expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test stops at the first surprise"
)]

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use counter_domain::case::{CaseState, Remark, RemarkCategory};
use counter_domain::ids::{BranchCode, CaseId, DeviceId, StaffId};
use counter_domain::snapshot::Snapshot;
use counter_store::{CounterStore, NewCase, SignedForm};
use hub_store::{Actor, CounterLine, HubStore, ReviewError};
use replica::staff::{Role, StaffMember, hash_secret};
use replica::{DatabaseKey, StoreError, Surroundings};
use sync_engine::{Limits, Moment, Peer, PeerRole, Session, Store};

const MORNING_MS: u64 = 1_795_222_800_000;

#[derive(Clone)]
struct Clock(Arc<AtomicU64>);

impl Clock {
    fn around(&self, seed: u8) -> Surroundings {
        let clock = Arc::clone(&self.0);
        let mut count = u64::from(seed) << 40;
        Surroundings::new(
            move || clock.fetch_add(1, Ordering::Relaxed),
            move |bytes| {
                count += 1;
                let mut hasher = blake3::Hasher::new();
                hasher
                    .update(&count.to_be_bytes())
                    .finalize_xof()
                    .fill(bytes);
            },
        )
    }

    fn now(&self) -> Moment {
        Moment::from_unix_ms(self.0.load(Ordering::Relaxed))
    }
}

fn key() -> DatabaseKey {
    DatabaseKey::from_bytes([9; 32])
}

fn hub(path: &Path, clock: &Clock, seed: u8) -> HubStore {
    HubStore::open(path, &key(), DeviceId([2; 16]), clock.around(seed)).unwrap()
}

fn reviewer() -> StaffId {
    StaffId::from("u0101")
}

struct City {
    folder: tempfile::TempDir,
    clock: Clock,
    counter: CounterStore,
    hub: HubStore,
}

impl City {
    fn open() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let clock = Clock(Arc::new(AtomicU64::new(MORNING_MS)));
        let at = |name: &str| folder.path().join(name);
        let counter =
            CounterStore::open(&at("counter"), &key(), DeviceId([1; 16]), clock.around(3)).unwrap();
        let mut hub = hub(&at("hub"), &clock, 91);
        let staff = [StaffMember {
            id: reviewer(),
            name: "審査　みほん".to_owned(),
            roles: vec![Role::Approver],
            branches: Vec::new(),
            secret_hash: hash_secret("himitsu2026", [7; 16]).unwrap(),
        }];
        hub.publish("staff", &serde_json::to_vec(&staff).unwrap(), |_| vec![1])
            .unwrap();
        let code = hub
            .issue_enrolment_code(&BranchCode::from("07"), "六会 1番窓口", 1_000_000)
            .unwrap();
        hub.redeem_enrolment_code(&code, DeviceId([1; 16]), [5; 32])
            .unwrap();
        Self {
            folder,
            clock,
            counter,
            hub,
        }
    }

    fn submit(&mut self) -> CaseId {
        let by = StaffId::from("u0312");
        let new = NewCase {
            by: by.clone(),
            branch: BranchCode::from("07"),
            day: "2026-11-21".to_owned(),
        };
        let number = |n| format!("07-1-261121-{n:04}");
        let case = self.counter.start_case(&new, &number).unwrap().case;
        let snapshot = Snapshot {
            version: 1,
            case_id: case,
            receipt_number: number(1),
            form: "resident-move/1".to_owned(),
            forms: Vec::new(),
            filed_on: "2026-11-21".to_owned(),
            language: "ja".to_owned(),
            fields: std::collections::BTreeMap::new(),
            procedures: Vec::new(),
        };
        let strokes = format!("strokes of {case}");
        let signed = SignedForm {
            snapshot: &snapshot,
            strokes: strokes.as_bytes(),
            form_pdf: &vec![0x25; 400_000],
        };
        self.counter.sign(case, &by, &signed).unwrap();
        self.counter.submit(case, &by).unwrap();
        case
    }

    /// Both talk until neither has news.
    fn talk(&mut self) {
        let peer = |site, branch: &str, role| Peer {
            site,
            branch: branch.to_owned(),
            role,
        };
        let hub = peer(self.hub.site(), "00", PeerRole::Hub);
        let counter = peer(self.counter.site(), "07", PeerRole::Counter);
        let mut session = Session::new(hub, Limits::default());
        for _ in 0..50 {
            let now = self.clock.now();
            let round = session.round(&mut self.counter, now).unwrap();
            if !round.news {
                return;
            }
            let mut answering = Session::new(counter.clone(), Limits::default());
            for message in round.messages {
                answering.receive(&mut self.hub, message, now).unwrap();
            }
            for message in answering.round(&mut self.hub, now).unwrap().messages {
                session.receive(&mut self.counter, message, now).unwrap();
            }
        }
        panic!("the conversation does not end");
    }

    fn state_at_the_counter(&self, case: CaseId) -> CaseState {
        self.counter.case(case).unwrap().unwrap().summary.state
    }
}

#[test]
fn copy_holds_everything_and_is_sound() {
    let mut city = City::open();
    city.submit();
    city.talk();
    assert_eq!(city.counter.sending().unwrap().waiting, 0);
    let copy = city.folder.path().join("copy");
    city.hub.copy_to(&copy, &key()).unwrap();
    city.submit();
    city.talk();
    assert_eq!(city.hub.holdings().unwrap().cases, 2);

    let copied = hub(&copy, &city.clock, 92);
    let holdings = copied.holdings().unwrap();
    assert_eq!(
        (holdings.cases, holdings.blobs, holdings.devices),
        (1, 2, 1)
    );
    assert!(holdings.blob_bytes > 400_000 && holdings.audit_entries == 3);
    assert_eq!(copied.faults().unwrap(), Vec::<String>::new());
    let chains = copied.audit_verify().unwrap();
    assert!(chains.len() == 1 && chains.iter().all(|chain| chain.broken_at.is_none()));
}

#[test]
fn copy_is_not_made_over_a_file_nor_readable_without_the_key() {
    let mut city = City::open();
    city.submit();
    city.talk();
    let copy = city.folder.path().join("copy");
    city.hub.copy_to(&copy, &key()).unwrap();
    assert!(matches!(
        city.hub.copy_to(&copy, &key()),
        Err(StoreError::Bounds { .. })
    ));
    let bytes = std::fs::read(&copy).unwrap();
    let holds = |text: &[u8]| bytes.windows(text.len()).any(|window| window == text);
    assert!(!holds(b"SQLite format 3") && !holds(b"07-1-261121") && !holds("みほん".as_bytes()));
}

/// What head office decides after a restore reaches counters that know decisions it has lost.
#[test]
fn restored_head_office_is_heard_again() {
    let mut city = City::open();
    let case = city.submit();
    city.talk();
    let copy = city.folder.path().join("copy");
    city.hub.copy_to(&copy, &key()).unwrap();
    city.hub.open_review(case, &reviewer()).unwrap();
    let remark = Remark {
        path: "address.new".into(),
        category: RemarkCategory::Missing,
        text: "建物名".to_owned(),
    };
    city.hub.give_back(case, &reviewer(), vec![remark]).unwrap();
    city.talk();
    assert_eq!(city.state_at_the_counter(case), CaseState::Returned);
    let later = city.submit();
    city.talk();

    let restored = hub(&copy, &city.clock, 93);
    restored.live_on(|_| vec![1]).unwrap();
    city.hub = hub(&copy, &city.clock, 95);
    city.talk();
    assert!(
        city.hub.case(later).unwrap().is_some(),
        "what the counter handed in after the backup comes again"
    );
    assert_eq!(city.hub.holdings().unwrap().blobs, 3, "with its blobs");
    city.hub.open_review(later, &reviewer()).unwrap();
    city.hub.accept(later, &reviewer()).unwrap();
    city.talk();
    assert_eq!(city.state_at_the_counter(later), CaseState::Accepted);
    let staff = city.hub.holdings().unwrap().datasets["staff"];
    assert!(staff > 1000, "a new version no counter can have");
}

#[test]
fn only_the_system_hands_over_without_a_role() {
    let mut city = City::open();
    let case = city.submit();
    city.talk();
    city.hub.open_review(case, &reviewer()).unwrap();
    city.hub.accept(case, &reviewer()).unwrap();
    for nobody in [Actor::SYSTEM_ID, "u0312"] {
        let by = Actor::Staff(StaffId::from(nobody));
        assert!(matches!(
            city.hub.handed_over(&[case], &by, "handover-1.csv"),
            Err(ReviewError::RoleMissing)
        ));
    }
    city.hub
        .handed_over(&[case], &Actor::System, "handover-1.csv")
        .unwrap();
    let record = city.hub.case(case).unwrap().unwrap();
    assert_eq!(record.events.last().unwrap().by.as_str(), Actor::SYSTEM_ID);
}

#[test]
fn fleet_tells_who_was_heard_and_what_is_to_come() {
    let mut city = City::open();
    let line = |city: &City| city.hub.fleet().unwrap()[0].line;
    assert_eq!(line(&city), CounterLine::Never);
    city.submit();
    city.talk();
    city.hub
        .note_contact(DeviceId([1; 16]), Some("0.1.0"))
        .unwrap();
    let counter = city.hub.fleet().unwrap().remove(0);
    assert_eq!(counter.line, CounterLine::Connected);
    assert_eq!(counter.to_come, 0);
    let contact = counter.contact.unwrap();
    assert_eq!(contact.program.as_deref(), Some("0.1.0"));
    assert!(contact.protocol >= 2 && contact.schema >= 1 && contact.head > 0);

    city.clock.0.fetch_add(50_000, Ordering::Relaxed);
    assert_eq!(line(&city), CounterLine::Silent);
    let again = hub(&city.folder.path().join("hub"), &city.clock, 94);
    assert_eq!(
        again.fleet().unwrap()[0]
            .contact
            .as_ref()
            .map(|one| one.protocol),
        Some(contact.protocol),
        "another process sees it too"
    );
    assert!(city.hub.revoke(DeviceId([1; 16])).unwrap());
    assert_eq!(line(&city), CounterLine::Revoked);
}
