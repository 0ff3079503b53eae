//! How counters are seen at head office: what waits either way, fourteen days, what needs somebody.
#![expect(clippy::unwrap_used, reason = "a test stops at the first surprise")]

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use counter_domain::draft::{FieldPath, FieldValue, Source};
use counter_domain::ids::{BranchCode, CaseId, DeviceId, StaffId};
use counter_store::{CounterStore, FieldEntry, NewCase};
use device_health::{DatasetHeld, DeviceReport, DiskSpace, KeptAside, Waiting};
use hub_store::{
    AlertLevel, CounterLine, CounterState, HubStore, SLOT_MS, SLOTS, Standard, alerts,
};
use replica::{DatabaseKey, SCHEMA_VERSION, Surroundings};
use sync_engine::{Limits, Moment, Peer, PeerRole, Session, Store as _};

/// 2026-11-21 10:00 in Japan, the beginning of a quarter of an hour.
const MORNING_MS: u64 = 1_795_222_800_000;
const MINUTE_MS: u64 = 60_000;
const DAY_MS: u64 = 24 * 60 * MINUTE_MS;

struct City {
    _folder: tempfile::TempDir,
    now: Arc<AtomicU64>,
    hub: HubStore,
    /// Counters 1 and 2 of branch 07, counter 3 of branch 08.
    counters: Vec<(CounterStore, &'static str)>,
}

fn around(now: &Arc<AtomicU64>, seed: u8) -> Surroundings {
    let (now, mut count) = (Arc::clone(now), u64::from(seed) << 40);
    Surroundings::new(
        move || now.load(Ordering::Relaxed),
        move |bytes| {
            count += 1;
            let mut hasher = blake3::Hasher::new();
            hasher.update(&count.to_be_bytes());
            hasher.finalize_xof().fill(bytes);
        },
    )
}

fn device(number: u8) -> DeviceId {
    DeviceId([number; 16])
}

impl City {
    fn open() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let now = Arc::new(AtomicU64::new(MORNING_MS));
        let key = DatabaseKey::from_bytes([9; 32]);
        let at = |name: &str| folder.path().join(name);
        let mut hub = HubStore::open(&at("hub"), &key, device(200), around(&now, 200)).unwrap();
        let mut counters = Vec::new();
        for (number, branch) in [(1, "07"), (2, "07"), (3, "08")] {
            let path = at(&format!("counter-{number}"));
            let counter =
                CounterStore::open(&path, &key, device(number), around(&now, number)).unwrap();
            let code = hub
                .issue_enrolment_code(&BranchCode::from(branch), "1番窓口", 1000)
                .unwrap();
            hub.redeem_enrolment_code(&code, device(number), [number; 32])
                .unwrap();
            counters.push((counter, branch));
        }
        Self {
            _folder: folder,
            now,
            hub,
            counters,
        }
    }

    fn pass(&self, ms: u64) {
        self.now.fetch_add(ms, Ordering::Relaxed);
    }

    fn counter(&mut self, number: usize) -> &mut CounterStore {
        &mut self.counters[number - 1].0
    }

    /// A case with one field at a counter.
    fn begin(&mut self, number: usize) -> CaseId {
        let branch = self.counters[number - 1].1;
        let by = StaffId::from("u0312");
        let new = NewCase {
            by: by.clone(),
            branch: BranchCode::from(branch),
            day: "2026-11-21".to_owned(),
        };
        let counter = self.counter(number);
        let number_of = |n| format!("{branch}-{number}-261121-{n:04}");
        let case = counter.start_case(&new, &number_of).unwrap().case;
        let field = FieldEntry {
            path: FieldPath::from("member.1.name"),
            value: FieldValue::Text("架空　太郎".to_owned()),
            source: Source::Staff,
            confidence: None,
        };
        counter.set_fields(case, &by, &[field]).unwrap();
        case
    }

    /// Counter and hub talk until neither has news; the counter's clock is `ahead_ms` off.
    fn talk(&mut self, number: usize, ahead_ms: i64) {
        let now = self.now.load(Ordering::Relaxed);
        let here = Moment::from_unix_ms(now);
        let there = Moment::from_unix_ms(now.saturating_add_signed(ahead_ms));
        let hub_peer = Peer {
            site: self.hub.site(),
            branch: "00".to_owned(),
            role: PeerRole::Hub,
        };
        let (counter, branch) = &mut self.counters[number - 1];
        let counter_peer = Peer {
            site: counter.site(),
            branch: (*branch).to_owned(),
            role: PeerRole::Counter,
        };
        self.hub
            .note_contact(device(number.try_into().unwrap()), Some("0.1.0"))
            .unwrap();
        let mut session = Session::new(hub_peer, Limits::default());
        for _ in 0..50 {
            let round = session.round(counter, there).unwrap();
            if !round.news {
                return;
            }
            let mut answering = Session::new(counter_peer.clone(), Limits::default());
            for message in round.messages {
                answering.receive(&mut self.hub, message, here).unwrap();
            }
            for message in answering.round(&mut self.hub, here).unwrap().messages {
                session.receive(counter, message, there).unwrap();
            }
        }
        unreachable!("the conversation does not end");
    }

    fn state(&self, number: u8) -> CounterState {
        let fleet = self.hub.fleet().unwrap();
        fleet
            .into_iter()
            .find(|one| one.device.device == device(number))
            .unwrap()
    }

    /// Looks each minute for `minutes`.
    fn look(&mut self, minutes: u64) {
        for _ in 0..minutes {
            self.hub.take_samples().unwrap();
            self.pass(MINUTE_MS);
        }
    }

    fn alerts(&self) -> Vec<(&'static str, AlertLevel, String)> {
        let published = self.hub.published().unwrap();
        let standard = Standard {
            published: &published,
            schema: SCHEMA_VERSION,
            now_unix_ms: self.now.load(Ordering::Relaxed),
        };
        let found = alerts(&self.hub.fleet().unwrap(), standard);
        found
            .into_iter()
            .map(|one| (one.kind.name(), one.level, one.detail))
            .collect()
    }
}

#[test]
fn what_waits_at_head_office_is_counted_within_the_branch() {
    let mut city = City::open();
    for number in [1, 2, 3] {
        city.talk(number, 0);
    }
    city.look(1);
    assert_eq!(city.state(2).to_go.transactions, 0);
    city.begin(1);
    city.begin(3);
    city.talk(1, 0);
    city.talk(3, 0);
    city.pass(SLOT_MS);
    city.look(1);
    let to_go = city.state(2).to_go;
    assert!(to_go.transactions >= 1 && to_go.bytes > 100, "{to_go:?}");
    assert!(!to_go.at_least);
    assert_eq!(
        city.state(1).to_go.transactions,
        0,
        "its own is not sent back"
    );
    assert_eq!(
        city.state(3).to_go.transactions,
        0,
        "another branch's is not for it"
    );
    city.talk(2, 0);
    city.look(1);
    assert_eq!(city.state(2).to_go.transactions, 0, "at the very next look");
}

#[test]
fn clock_is_compared_at_each_hello() {
    let mut city = City::open();
    city.talk(1, -61_000);
    city.talk(2, 2_000);
    assert_eq!(city.state(1).clock_ahead_ms, Some(-61_000));
    assert_eq!(city.state(2).clock_ahead_ms, Some(2_000));
    assert_eq!(city.state(3).clock_ahead_ms, None);
    assert_eq!(
        city.alerts(),
        [("clock", AlertLevel::Look, "-61".to_owned())]
    );
}

#[test]
fn a_quarter_of_an_hour_keeps_how_often_the_line_was_up() {
    let mut city = City::open();
    city.talk(1, 0);
    city.look(5);
    let samples = city.hub.samples(device(1)).unwrap();
    let [sample] = samples.as_slice() else {
        unreachable!("one row: {samples:?}");
    };
    // Heard at the beginning, silent from the second minute on.
    assert_eq!((sample.looked, sample.heard), (5, 1));
    city.look(15);
    assert_eq!(city.hub.samples(device(1)).unwrap().len(), 2);
    assert!(
        city.hub.samples(device(3)).unwrap().is_empty(),
        "never heard"
    );
}

#[test]
fn what_is_older_than_fourteen_days_is_forgotten() {
    let mut city = City::open();
    city.talk(1, 0);
    city.look(1);
    city.pass(SLOTS * SLOT_MS - MINUTE_MS);
    city.look(1);
    let samples = city.hub.samples(device(1)).unwrap();
    assert_eq!(
        samples.len(),
        1,
        "the first one is out of the ring: {samples:?}"
    );
    assert_eq!(samples[0].heard, 0);
}

#[test]
fn line_that_is_up_and_brings_nothing_is_told() {
    let mut city = City::open();
    city.talk(1, 0);
    city.begin(1);
    for _ in 0..20 {
        // Heard every minute, and never the record itself.
        let heard = city.counter(1).vector().unwrap();
        let hello = sync_protocol::Hello {
            version_min: 1,
            version_current: 2,
            schema_version: SCHEMA_VERSION,
            site: sync_protocol::SiteId([1; 16]),
            vector: heard,
            subscriptions: Vec::new(),
            unix_ms: city.now.load(Ordering::Relaxed),
            hlc: 0,
        };
        let peer = Peer {
            site: hello.site,
            branch: "07".to_owned(),
            role: PeerRole::Counter,
        };
        city.hub.heard_hello(&peer, &hello).unwrap();
        city.look(1);
    }
    assert!(city.state(1).to_come > 0);
    let found = city.alerts();
    assert_eq!(found.len(), 1, "{found:?}");
    assert_eq!((found[0].0, found[0].1), ("not_shrinking", AlertLevel::Act));
    city.talk(1, 0);
    city.look(30);
    assert_eq!(city.alerts(), []);
}

fn report() -> DeviceReport {
    DeviceReport {
        to_send: Waiting {
            blobs: 2,
            blob_bytes: 50_000,
            ..Waiting::default()
        },
        disk: Some(DiskSpace {
            free_bytes: 40 << 30,
            total_bytes: 60 << 30,
        }),
        datasets: vec![DatasetHeld {
            name: "devices".to_owned(),
            version: 1,
            since_unix_ms: None,
        }],
        certificate_until_unix_ms: Some(MORNING_MS + 90 * DAY_MS),
        ..DeviceReport::default()
    }
}

#[test]
fn what_a_counter_told_is_kept_and_judged() {
    let mut city = City::open();
    city.hub.publish("devices", b"one", |_| vec![1]).unwrap();
    city.talk(1, 0);
    city.hub.note_report(device(1), &report()).unwrap();
    city.look(1);
    let told = city.state(1).report.unwrap();
    assert_eq!((told.received_unix_ms, told.report), (MORNING_MS, report()));
    assert_eq!(city.alerts(), []);

    let mut worse = report();
    worse.disk = Some(DiskSpace {
        free_bytes: 100 << 20,
        total_bytes: 60 << 30,
    });
    worse.kept_aside = vec![KeptAside {
        reason: "clock too far ahead".to_owned(),
        since_unix_ms: MORNING_MS,
        records: 3,
    }];
    worse.certificate_until_unix_ms = Some(MORNING_MS + 3 * DAY_MS);
    city.hub.note_report(device(1), &worse).unwrap();
    assert_eq!(
        city.alerts(),
        [
            (
                "kept_aside_there",
                AlertLevel::Act,
                "clock too far ahead".to_owned()
            ),
            ("disk", AlertLevel::Act, "100".to_owned()),
            ("certificate_ends", AlertLevel::Look, "2".to_owned()),
        ]
    );
}

#[test]
fn old_list_of_who_is_shut_out_is_told_after_a_day() {
    let mut city = City::open();
    city.hub.publish("devices", b"one", |_| vec![1]).unwrap();
    city.hub.publish("staff", b"one", |_| vec![1]).unwrap();
    city.talk(1, 0);
    let mut held = report();
    held.datasets.push(DatasetHeld {
        name: "staff".to_owned(),
        version: 1,
        since_unix_ms: None,
    });
    city.hub.note_report(device(1), &held).unwrap();
    city.look(1);
    city.hub.publish("devices", b"two", |_| vec![1]).unwrap();
    city.hub.publish("staff", b"two", |_| vec![1]).unwrap();
    city.look(1);
    assert_eq!(city.alerts(), [], "it may take a while");
    city.pass(DAY_MS + MINUTE_MS);
    assert_eq!(
        city.alerts(),
        [
            ("revocations_old", AlertLevel::Act, "devices".to_owned()),
            ("dataset_old", AlertLevel::Look, "staff".to_owned()),
        ]
    );
}

#[test]
fn counter_that_is_off_over_a_weekend_is_no_alert_and_after_a_week_is_one() {
    let mut city = City::open();
    city.talk(1, 0);
    city.pass(3 * DAY_MS);
    assert_eq!(city.state(1).line, CounterLine::Silent);
    assert_eq!(city.alerts(), []);
    city.pass(2 * DAY_MS);
    assert_eq!(
        city.alerts(),
        [("silent", AlertLevel::Look, "5".to_owned())]
    );
    city.pass(3 * DAY_MS);
    assert_eq!(city.alerts(), [("silent", AlertLevel::Act, "8".to_owned())]);
    city.hub.revoke(device(1)).unwrap();
    assert_eq!(city.alerts(), [], "nobody looks after what is shut out");
}
