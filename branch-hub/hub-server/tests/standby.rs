//! Head office's machine is lost in the middle of the work, with real processes and real sockets: a
//! second machine goes on after one command, and nothing is missing that anybody was told is safe.
#![expect(clippy::unwrap_used, reason = "a test stops at the first surprise")]

use std::collections::BTreeMap;
use std::io::{BufRead as _, BufReader, Write as _};
use std::net::Ipv4Addr;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStderr, Command, Output, Stdio};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use counter_domain::case::CaseState;
use counter_domain::ids::{BranchCode, CaseId, DeviceId, StaffId};
use counter_domain::snapshot::Snapshot;
use counter_store::{CounterStore, NewCase, SignedForm};
use hub_store::HubStore;
use replica::{DatabaseKey, Surroundings};
use sync_engine::Limits;
use sync_protocol::SiteId;
use sync_transport::{
    AskError, Clock, DeviceIdentity, DeviceKey, HubAddress, HubLine, Link, LinkConfig, LinkState,
    Renewal,
};
use tokio::runtime::Runtime;

fn now_ms() -> u64 {
    u64::try_from(jiff::Timestamp::now().as_millisecond()).unwrap()
}

fn around() -> Surroundings {
    Surroundings::new(now_ms, |bytes| getrandom::fill(bytes).unwrap())
}

fn hub(arguments: &[&str]) -> Output {
    let mut child = Command::new(env!("CARGO_BIN_EXE_todoke-hub"))
        .args(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    // Only `staff add` reads it; another command may have ended already.
    let mut stdin = child.stdin.take().unwrap();
    stdin.write_all(b"himitsu2026\n").ok();
    drop(stdin);
    child.wait_with_output().unwrap()
}

#[track_caller]
fn done(arguments: &[&str]) -> String {
    let output = hub(arguments);
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(output.status.success(), "{arguments:?}: {said}");
    String::from_utf8(output.stdout).unwrap().trim().to_owned()
}

/// A process that does not outlive its test: SIGKILL, as when the plug is pulled.
struct Process(Child);

impl Drop for Process {
    fn drop(&mut self) {
        self.0.kill().ok();
        self.0.wait().ok();
    }
}

/// A running `todoke-hub serve`.
struct Serving {
    child: Process,
    log: BufReader<ChildStderr>,
}

impl Serving {
    fn start(folder: &Path, address: Ipv4Addr) -> Self {
        let end = |port: u16| format!("{address}:{port}");
        let mut child = Command::new(env!("CARGO_BIN_EXE_todoke-hub"))
            .args(["serve", "--data"])
            .arg(folder)
            .args(["--listen", &end(7443), "--desk", &end(7480), "--desk-plain"])
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let log = BufReader::new(child.stderr.take().unwrap());
        let child = Process(child);
        Self { child, log }
    }

    /// Reads its log until an event is told.
    #[track_caller]
    fn until(&mut self, event: &str) {
        let wanted = format!("\"event\":\"{event}\"");
        let mut told = String::new();
        loop {
            let mut line = String::new();
            let read = self.log.read_line(&mut line).unwrap();
            assert!(read > 0, "it ended before {event}: {told}");
            if line.contains(&wanted) {
                return;
            }
            told.push_str(&line);
        }
    }

    /// Reads on, so that it never waits for a reader.
    fn read_on(self) -> Process {
        let Self { child, mut log } = self;
        std::thread::spawn(move || {
            let mut line = String::new();
            while log.read_line(&mut line).is_ok_and(|read| read > 0) {
                line.clear();
            }
        });
        child
    }

    fn ended(mut self) -> (bool, String) {
        let mut told = String::new();
        while self.log.read_line(&mut told).unwrap() > 0 {}
        (self.child.0.wait().unwrap().success(), told)
    }
}

struct Counter {
    store: Arc<Mutex<CounterStore>>,
    link: Link,
    identity: DeviceIdentity,
    number: u8,
    submitted: u32,
}

impl Counter {
    /// One whole visit; returns its case.
    fn submit(&mut self) -> CaseId {
        self.submitted += 1;
        let receipt = format!("07-{}-261121-{:04}", self.number, self.submitted);
        let by = StaffId::from("u0312");
        let new = NewCase {
            by: by.clone(),
            branch: BranchCode::from("07"),
            day: "2026-11-21".to_owned(),
        };
        let mut store = self.store.lock().unwrap();
        let case = store.start_case(&new, &|_| receipt.clone()).unwrap().case;
        let snapshot = Snapshot {
            version: 1,
            case_id: case,
            receipt_number: receipt.clone(),
            form: "resident-move/1".to_owned(),
            forms: Vec::new(),
            filed_on: "2026-11-21".to_owned(),
            language: "ja".to_owned(),
            fields: BTreeMap::new(),
            procedures: Vec::new(),
        };
        let pages = format!("%PDF {receipt}").repeat(2000);
        let signed = SignedForm {
            snapshot: &snapshot,
            strokes: receipt.as_bytes(),
            form_pdf: pages.as_bytes(),
        };
        store.sign(case, &by, &signed).unwrap();
        store.submit(case, &by).unwrap();
        drop(store);
        self.link.local_change();
        case
    }

    fn until_accepted(&self, runtime: &Runtime, case: CaseId) {
        let mut arrivals = self.link.arrivals();
        let waiting = async {
            loop {
                arrivals.mark_unchanged();
                let state = self.store.lock().unwrap().case(case).unwrap();
                if state.unwrap().summary.state == CaseState::Accepted {
                    return;
                }
                arrivals.changed().await.unwrap();
            }
        };
        let bounded = async { tokio::time::timeout(Duration::from_mins(2), waiting).await };
        runtime.block_on(bounded).unwrap();
    }

    /// What only a standby may ask, with a counter's certificate.
    async fn ask_as_standby(&self, city: &City) -> Result<Vec<u8>, AskError> {
        let hub = format!("https://{}:7443", city.first).parse().unwrap();
        let renewal = Renewal {
            keep: Arc::new(|_| true),
        };
        let clock = Clock::from_unix_ms(now_ms);
        let line = HubLine::dial(&hub, &self.identity, &clock, &renewal).await?;
        // `Question::Begin`
        line.ask_as_standby(vec![0]).await
    }

    /// Waits until head office says it has everything.
    fn until_safe(&self, runtime: &Runtime) {
        let mut arrivals = self.link.status();
        let waiting = async {
            loop {
                let safe = self.store.lock().unwrap().sending().unwrap().waiting == 0;
                if safe && arrivals.borrow_and_update().state == LinkState::Connected {
                    return;
                }
                self.link.local_change();
                tokio::time::timeout(Duration::from_millis(200), arrivals.changed())
                    .await
                    .ok();
            }
        };
        let waited =
            runtime.block_on(async { tokio::time::timeout(Duration::from_mins(2), waiting).await });
        waited.unwrap();
    }
}

struct City {
    scratch: tempfile::TempDir,
    runtime: Runtime,
    first: Ipv4Addr,
    second: Ipv4Addr,
}

impl City {
    /// Each test has addresses of its own: the whole of 127/8 is this machine's.
    fn new(test: u8) -> Self {
        let scratch = tempfile::tempdir().unwrap();
        let [low, high, ..] = std::process::id().to_le_bytes();
        Self {
            scratch,
            runtime: Runtime::new().unwrap(),
            first: Ipv4Addr::new(127, 80 + test, high, low),
            second: Ipv4Addr::new(127, 90 + test, high, low),
        }
    }

    fn at(&self, name: &str) -> PathBuf {
        self.scratch.path().join(name)
    }

    fn folder(&self, name: &str) -> String {
        self.at(name).to_str().unwrap().to_owned()
    }

    fn counter(&self, number: u8) -> Counter {
        let data = self.folder("first");
        let name = format!("六会 {number}番窓口");
        let code = done(&["enrol", "--data", &data, "--branch", "07", "--name", &name]);
        let addresses = format!("https://{}:7443,https://{}:7443", self.first, self.second);
        let hub: HubAddress = addresses.parse().unwrap();
        let (key, clock) = (DeviceKey::create().unwrap(), Clock::from_unix_ms(now_ms));
        let site = SiteId([number; 16]);
        let identity: DeviceIdentity = self
            .runtime
            .block_on(sync_transport::enrol(
                &hub,
                &code.parse().unwrap(),
                site,
                &key,
                &clock,
            ))
            .unwrap();
        let database = DatabaseKey::from_bytes([number; 32]);
        let path = self.at(&format!("counter-{number}"));
        let mut store = CounterStore::open(&path, &database, DeviceId(site.0), around()).unwrap();
        store
            .set_publishing_key(&identity.publishing_point().unwrap())
            .unwrap();
        let store = Arc::new(Mutex::new(store));
        let config = LinkConfig {
            hub,
            identity: identity.clone(),
            clock,
            random: Arc::new(|| 0),
            limits: Limits::default(),
            renewal: None,
        };
        let _inside = self.runtime.enter();
        let link = Link::start(config, Arc::clone(&store)).unwrap();
        Counter {
            store,
            link,
            identity,
            number,
            submitted: 0,
        }
    }

    /// The database of a hub, beside whatever process serves it.
    fn store(&self, name: &str) -> HubStore {
        let about: serde_json::Value =
            serde_json::from_slice(&std::fs::read(self.at(name).join("hub.json")).unwrap())
                .unwrap();
        let device: DeviceId = serde_json::from_value(about["device"].clone()).unwrap();
        let key = std::fs::read_to_string(self.at(name).join("database.key")).unwrap();
        let key = DatabaseKey::from_hex(key.trim()).unwrap();
        HubStore::open(&self.at(name).join("hub.sqlite"), &key, device, around()).unwrap()
    }

    /// Waits until the standby says that it had everything at a moment after now.
    fn until_copied(&self) {
        let asked = now_ms();
        let standby = self.folder("second");
        loop {
            assert!(now_ms() < asked + 60_000, "the standby stays behind");
            let told = hub(&["standby", "status", "--data", &standby, "--json"]);
            let told: serde_json::Value = serde_json::from_slice(&told.stdout).unwrap_or_default();
            if told["whole_at_unix_ms"]
                .as_u64()
                .is_some_and(|at| at > asked)
            {
                return;
            }
        }
    }

    fn set_up(&self) -> Serving {
        let data = self.folder("first");
        done(&["init", "--data", &data, "--city", "六会市"]);
        let staff = [
            "--id",
            "u0101",
            "--name",
            "審査　みほん",
            "--role",
            "approver",
        ];
        done(&[&["staff", "add", "--data", &data][..], &staff[..]].concat());
        let mut first = Serving::start(&self.at("first"), self.first);
        first.until("ready");
        first
    }

    fn join(&self) -> Serving {
        let code = done(&["standby", "invite", "--data", &self.folder("first")]);
        let of = format!("https://{}:7443", self.first);
        let second = self.folder("second");
        done(&["standby", "join", &code, "--of", &of, "--data", &second]);
        let mut standby = Serving::start(&self.at("second"), self.second);
        standby.until("copy_whole");
        standby
    }

    fn accept(&self, name: &str, case: CaseId) {
        let by = StaffId::from("u0101");
        let mut store = self.store(name);
        store.open_review(case, &by).unwrap();
        store.accept(case, &by).unwrap();
        store.close().unwrap();
    }

    /// Waits until a hub has so many cases with their documents. What a counter was told of the hub
    /// before is not known to the one that goes on.
    #[track_caller]
    fn until_holds(&self, name: &str, cases: usize) {
        let (asked, cases) = (now_ms(), u64::try_from(cases).unwrap());
        loop {
            let store = self.store(name);
            let held = store.holdings().unwrap();
            store.close().unwrap();
            if (held.cases, held.blobs) == (cases, 2 * cases) {
                return;
            }
            assert!(now_ms() < asked + 60_000, "{held:?} of {cases}");
        }
    }

    /// Every case is there once, with its documents.
    #[track_caller]
    fn has_all(&self, name: &str, cases: &[CaseId]) {
        let beside = self.at("looked-at");
        std::fs::create_dir(&beside).unwrap();
        for file in ["hub.json", "database.key"] {
            std::fs::copy(self.at(name).join(file), beside.join(file)).unwrap();
        }
        let live = !name.ends_with("copy");
        let store = if live {
            self.store(name)
        } else {
            // The copy is the standby's own; nobody opens it.
            std::fs::copy(self.at(name).join("hub.sqlite"), beside.join("hub.sqlite")).unwrap();
            self.store("looked-at")
        };
        let found = store.cases(10_000).unwrap();
        let mut receipts: Vec<_> = found.iter().map(|one| &one.receipt_number).collect();
        receipts.sort();
        receipts.dedup();
        assert_eq!((found.len(), receipts.len()), (cases.len(), cases.len()));
        for case in cases {
            assert!(found.iter().any(|one| one.case == *case));
        }
        assert!(store.blobs_missing().unwrap().is_empty());
        let blobs = u64::try_from(2 * cases.len()).unwrap();
        assert_eq!(store.holdings().unwrap().blobs, blobs);
        assert_eq!(store.faults().unwrap(), Vec::<String>::new());
        store.close().unwrap();
        std::fs::remove_dir_all(beside).unwrap();
    }

    fn state(&self, name: &str, case: CaseId) -> CaseState {
        let store = self.store(name);
        let state = store.case(case).unwrap().unwrap().summary.state;
        store.close().unwrap();
        state
    }
}

#[test]
fn second_machine_goes_on_and_nothing_acknowledged_is_missing() {
    let city = City::new(1);
    let mut first = Some(city.set_up().read_on());
    let mut counters = [city.counter(1), city.counter(2)];
    let accepted = counters[0].submit();
    counters[0].until_safe(&city.runtime);
    let mut standby = city.join();
    city.accept("first", accepted);
    city.until_copied();
    let refused = hub(&["promote", "--data", &city.folder("second")]);
    assert!(!refused.status.success(), "the first hub answers");

    // Submissions without pause; the machine is lost in the middle of them.
    let mut cases = vec![accepted];
    for round in 0..40 {
        if round == 20 {
            counters[0].until_safe(&city.runtime);
        }
        for counter in &mut counters {
            cases.push(counter.submit());
        }
        if round == 25 {
            first = None;
        }
    }
    assert!(first.is_none());
    let said = done(&["promote", "--data", &city.folder("second")]);
    assert!(said.contains("this machine is the hub now"), "{said}");
    standby.until("ready");
    let _second = standby.read_on();
    for counter in &counters {
        counter.until_safe(&city.runtime);
    }
    city.until_holds("second", cases.len());
    city.has_all("second", &cases);
    assert_eq!(city.state("second", accepted), CaseState::Accepted);

    // What is decided here arrives: its number is not one the counters know already.
    city.accept("second", cases[1]);
    counters[0].until_accepted(&city.runtime, cases[1]);

    // The first machine comes back, and hears that it is not the hub any more.
    let mut back = Serving::start(&city.at("first"), city.first);
    back.until("ready");
    let (_, told) = back.ended();
    assert!(told.contains("another machine goes on"), "{told}");
    let (well, told) = Serving::start(&city.at("first"), city.first).ended();
    assert!(
        !well && told.contains("counters talk to that one"),
        "{told}"
    );
    let staff = [
        "--id",
        "u0102",
        "--name",
        "審査　みほん",
        "--role",
        "approver",
    ];
    let old = city.folder("first");
    let refused = hub(&[&["staff", "add", "--data", &old][..], &staff[..]].concat());
    assert!(!refused.status.success(), "nothing is published there");
}

#[test]
fn hub_that_answers_stands_down_and_its_last_decision_is_not_lost() {
    let city = City::new(2);
    let first = city.set_up();
    let mut counter = city.counter(1);
    let case = counter.submit();
    counter.until_safe(&city.runtime);
    let mut standby = city.join();
    city.accept("first", case);
    done(&["promote", "--data", &city.folder("second"), "--take-over"]);
    standby.until("ready");
    let (_, told) = first.ended();
    assert!(told.contains("another machine goes on"), "{told}");
    let _second = standby.read_on();
    assert_eq!(city.state("second", case), CaseState::Accepted);
    let next = counter.submit();
    counter.until_safe(&city.runtime);
    city.until_holds("second", 2);
    city.has_all("second", &[case, next]);
}

#[test]
fn standby_that_was_off_catches_up_and_nobody_else_may_copy() {
    let city = City::new(3);
    let first = city.set_up().read_on();
    let mut counter = city.counter(1);
    let mut cases = vec![counter.submit()];
    counter.until_safe(&city.runtime);
    drop(city.join());
    for _ in 0..10 {
        cases.push(counter.submit());
    }
    counter.until_safe(&city.runtime);
    // Both start anew: the log the standby followed is gone.
    drop(first);
    let mut first = Serving::start(&city.at("first"), city.first);
    first.until("ready");
    let _first = first.read_on();
    let mut standby = Serving::start(&city.at("second"), city.second);
    standby.until("copy_whole");
    let _standby = standby.read_on();
    city.until_copied();
    city.has_all("second/copy", &cases);

    let asked = city.runtime.block_on(counter.ask_as_standby(&city));
    assert!(matches!(asked, Err(AskError::Status(404))), "{asked:?}");
}
