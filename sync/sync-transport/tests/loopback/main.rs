//! Both ends over real sockets on the loopback with real TLS. Nothing sleeps: tests wait for
//! states, and a test that waits in vain is cut after a minute.
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a test stops at the first surprise"
)]

mod health;
mod lossy_line;
mod raw;
mod renewal;
mod second_address;

use std::collections::{BTreeMap, BTreeSet};
use std::future::Future;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use sync_engine::memory::MemoryStore;
use sync_engine::{Limits, Store as _};
use sync_protocol::SiteId;
use sync_transport::{
    Admission, Authoriser, Authority, Clock, Device, DeviceIdentity, DeviceKey, EnrolError,
    EnrolRefusal, EnrolmentCode, Hub, HubAddress, Link, LinkConfig, LinkRefusal, LinkState,
    LinkStatus, Wake, enrol, serve, server_config,
};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{oneshot, watch};
use tokio::task::JoinHandle;

const HUB: SiteId = SiteId([0xFF; 16]);
const COUNTER: SiteId = SiteId([0x11; 16]);
const NOON_MS: u64 = 1_795_000_000_000;
const DAY_MS: u64 = 86_400_000;
const CODE: &str = "K7QX2M4P90AB";

/// Codes and devices of a hub, in memory.
#[derive(Default)]
struct Register {
    used: Mutex<BTreeMap<String, (SiteId, [u8; 32])>>,
    revoked: Mutex<BTreeSet<SiteId>>,
    told: watch::Sender<Vec<Vec<u8>>>,
    /// How often somebody asked to speak.
    asked: watch::Sender<usize>,
}

impl Authoriser for Register {
    fn redeem(&self, code: &str, site: SiteId, key: [u8; 32]) -> Result<String, EnrolRefusal> {
        if !code.starts_with(CODE) {
            return Err(EnrolRefusal::Unknown);
        }
        let mut used = self.used.lock().unwrap();
        let user = used.entry(code.to_owned()).or_insert((site, key));
        if *user == (site, key) {
            Ok("01".to_owned())
        } else {
            Err(EnrolRefusal::Used)
        }
    }

    fn health(&self, _device: &Device, report: &[u8]) {
        self.told.send_modify(|told| told.push(report.to_vec()));
    }

    fn admit(&self, device: &Device) -> Admission {
        self.asked.send_modify(|asked| *asked += 1);
        if self.revoked.lock().unwrap().contains(&device.peer.site) {
            return Admission::Revoked;
        }
        let used = self.used.lock().unwrap();
        let known = used
            .values()
            .any(|user| *user == (device.peer.site, device.key));
        if known {
            Admission::Granted
        } else {
            Admission::Unknown
        }
    }
}

struct Running {
    authority: Arc<Authority>,
    store: Arc<Mutex<MemoryStore>>,
    register: Arc<Register>,
    wake: Wake,
    address: SocketAddr,
    server: JoinHandle<std::io::Result<()>>,
}

impl Drop for Running {
    fn drop(&mut self) {
        self.server.abort();
    }
}

fn noon() -> Clock {
    Clock::from_unix_ms(|| NOON_MS)
}

async fn hub() -> Running {
    hub_with(
        Arc::new(Authority::create(NOON_MS).unwrap()),
        Limits::default(),
    )
    .await
}

async fn hub_with(authority: Arc<Authority>, limits: Limits) -> Running {
    let store = Arc::new(Mutex::new(MemoryStore::new(HUB)));
    let register = Arc::new(Register::default());
    let wake = Wake::new();
    let identity = authority
        .issue_server(HUB, &["127.0.0.1".to_owned()], NOON_MS)
        .unwrap();
    let tls = server_config(&authority, identity, &noon()).unwrap();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let hub = Hub {
        store: Arc::clone(&store),
        authoriser: Arc::clone(&register) as Arc<dyn Authoriser>,
        authority: Arc::clone(&authority),
        wake: wake.clone(),
        clock: noon(),
        limits,
    };
    let server = tokio::spawn(serve(listener, tls, hub, std::future::pending()));
    Running {
        authority,
        store,
        register,
        wake,
        address,
        server,
    }
}

impl Running {
    fn code(&self) -> EnrolmentCode {
        EnrolmentCode::new(CODE, self.authority.fingerprint())
    }

    async fn enrolled(&self, site: SiteId) -> DeviceIdentity {
        self.enrolled_with(&self.code(), site).await
    }

    /// A further device has a code of its own.
    async fn also_enrolled(&self, site: SiteId) -> DeviceIdentity {
        let code = format!("{CODE}-{site}");
        let code = EnrolmentCode::new(&code, self.authority.fingerprint());
        self.enrolled_with(&code, site).await
    }

    async fn enrolled_with(&self, code: &EnrolmentCode, site: SiteId) -> DeviceIdentity {
        let key = DeviceKey::create().unwrap();
        enrol(&at(self.address), code, site, &key, &noon())
            .await
            .unwrap()
    }
}

fn at(address: SocketAddr) -> HubAddress {
    format!("https://{address}").parse().unwrap()
}

struct Counter {
    store: Arc<Mutex<MemoryStore>>,
    link: Link,
}

fn counter(address: SocketAddr, identity: DeviceIdentity, clock: Clock, limits: Limits) -> Counter {
    counter_of(MemoryStore::new(COUNTER), address, identity, clock, limits)
}

fn counter_of(
    store: MemoryStore,
    address: SocketAddr,
    identity: DeviceIdentity,
    clock: Clock,
    limits: Limits,
) -> Counter {
    let store = Arc::new(Mutex::new(store));
    let config = LinkConfig {
        hub: at(address),
        identity,
        clock,
        random: Arc::new(|| 0),
        limits,
        renewal: None,
    };
    let link = Link::start(config, Arc::clone(&store)).unwrap();
    Counter { store, link }
}

impl Counter {
    async fn until(&self, wanted: impl FnMut(&LinkStatus) -> bool) -> LinkStatus {
        *soon(self.link.status().wait_for(wanted)).await.unwrap()
    }

    async fn connected(&self) -> LinkStatus {
        self.until(|status| status.state == LinkState::Connected)
            .await
    }
}

/// Well before anybody asks again by itself (25 s), so that what arrives was pushed; and so long that
/// a busy machine does not matter. That a push takes less than a second is measured by `make bench`.
const PUSHED: Duration = Duration::from_secs(15);

/// A test that waits in vain ends.
async fn soon<T>(work: impl Future<Output = T>) -> T {
    tokio::time::timeout(Duration::from_mins(1), work)
        .await
        .expect("waited in vain")
}

/// Waits for what the hub holds, at each arrival there.
async fn hub_holds(hub: &Running, wanted: impl Fn(&MemoryStore) -> bool) {
    let mut arrivals = hub.wake.watch_all();
    soon(async {
        while !wanted(&hub.store.lock().unwrap()) {
            arrivals.changed().await.unwrap();
        }
    })
    .await;
}

async fn counter_holds(counter: &Counter, wanted: impl Fn(&MemoryStore) -> bool) {
    let mut arrivals = counter.link.arrivals();
    soon(async {
        while !wanted(&counter.store.lock().unwrap()) {
            arrivals.changed().await.unwrap();
        }
    })
    .await;
}

#[tokio::test]
async fn enrolled_counter_exchanges_everything() {
    let hub = hub().await;
    hub.store.lock().unwrap().publish("staff", vec![5; 700_000]);
    let identity = hub.enrolled(COUNTER).await;
    assert_eq!(identity.device().unwrap().peer.branch, "01");
    assert_eq!(
        identity.publishing_point().unwrap(),
        hub.authority.publishing_point()
    );
    let counter = counter(hub.address, identity, noon(), Limits::default());
    let picture = {
        let mut store = counter.store.lock().unwrap();
        store.write(&["submitted"]);
        store.log(b"signed in");
        store.write_blob(vec![9; 500_000])
    };
    counter.link.local_change();
    hub_holds(&hub, |hub| {
        hub.blob(picture).is_some() && hub.stream(COUNTER).len() == 1
    })
    .await;
    counter_holds(&counter, |store| store.dataset("staff").is_some()).await;
    assert_eq!(hub.store.lock().unwrap().texts().len(), 2);
    let status = counter
        .until(|status| status.acknowledged_unix_ms.is_some())
        .await;
    assert_eq!(status.acknowledged_unix_ms, Some(NOON_MS));
}

#[tokio::test]
async fn news_of_the_hub_is_pushed() {
    let hub = hub().await;
    let counter = counter(
        hub.address,
        hub.enrolled(COUNTER).await,
        noon(),
        Limits::default(),
    );
    counter.connected().await;
    for remark in ["first", "second", "third"] {
        hub.store.lock().unwrap().write(&[remark]);
        let woken = counter_holds(&counter, |store| {
            store.texts().iter().any(|(_, _, text)| text == remark)
        });
        hub.wake.branch("01");
        tokio::time::timeout(PUSHED, woken)
            .await
            .expect("pushed, not asked for");
    }
}

#[tokio::test]
async fn submission_is_at_the_hub_at_once() {
    let hub = hub().await;
    let counter = counter(
        hub.address,
        hub.enrolled(COUNTER).await,
        noon(),
        Limits::default(),
    );
    counter.connected().await;
    let version = counter.store.lock().unwrap().write(&["submitted"]);
    let arrived = hub_holds(&hub, |hub| {
        hub.vector().unwrap().get(&COUNTER) == Some(&version)
    });
    counter.link.local_change();
    tokio::time::timeout(PUSHED, arrived)
        .await
        .expect("sent at once");
}

#[tokio::test]
async fn hub_of_another_authority_is_not_ours() {
    let ours = hub().await;
    let identity = ours.enrolled(COUNTER).await;
    let other = hub().await;
    let counter = counter(other.address, identity, noon(), Limits::default());
    counter
        .until(|s| s.state == LinkState::Refused(LinkRefusal::CertificateNotOurs))
        .await;
    assert_eq!(other.store.lock().unwrap().texts(), []);
}

#[tokio::test]
async fn false_hub_never_learns_the_code() {
    let (ours, other) = (hub().await, hub().await);
    let key = DeviceKey::create().unwrap();
    let refused = enrol(&at(other.address), &ours.code(), COUNTER, &key, &noon()).await;
    assert!(matches!(refused, Err(EnrolError::FalseHub)), "{refused:?}");
    assert!(other.register.used.lock().unwrap().is_empty());
}

#[tokio::test]
async fn device_the_hub_never_enrolled_is_refused() {
    let first = hub().await;
    let identity = first.enrolled(COUNTER).await;
    let without_it = hub_with(Arc::clone(&first.authority), Limits::default()).await;
    let counter = counter(without_it.address, identity, noon(), Limits::default());
    counter
        .until(|s| s.state == LinkState::Refused(LinkRefusal::CertificateNotOurs))
        .await;
}

#[tokio::test]
async fn code_serves_one_device_and_may_be_repeated_by_it() {
    let hub = hub().await;
    let (mine, other) = (DeviceKey::create().unwrap(), DeviceKey::create().unwrap());
    let address = at(hub.address);
    enrol(&address, &hub.code(), COUNTER, &mine, &noon())
        .await
        .unwrap();
    enrol(&address, &hub.code(), COUNTER, &mine, &noon())
        .await
        .unwrap();
    let again = enrol(&address, &hub.code(), COUNTER, &other, &noon()).await;
    assert!(
        matches!(again, Err(EnrolError::Refused(EnrolRefusal::Used))),
        "{again:?}"
    );
    let wrong = EnrolmentCode::new("WRONG", hub.authority.fingerprint());
    let refused = enrol(&address, &wrong, COUNTER, &mine, &noon()).await;
    assert!(
        matches!(refused, Err(EnrolError::Refused(EnrolRefusal::Unknown))),
        "{refused:?}"
    );
}

#[tokio::test]
async fn revoked_device_is_refused_on_its_open_line() {
    let hub = hub().await;
    let counter = counter(
        hub.address,
        hub.enrolled(COUNTER).await,
        noon(),
        Limits::default(),
    );
    counter.connected().await;
    hub.register.revoked.lock().unwrap().insert(COUNTER);
    counter.store.lock().unwrap().write(&["late"]);
    counter.link.local_change();
    counter
        .until(|s| s.state == LinkState::Refused(LinkRefusal::Revoked))
        .await;
    assert_eq!(hub.store.lock().unwrap().texts(), []);
}

#[tokio::test]
async fn clock_wrong_by_days_is_told_clearly() {
    let hub = hub().await;
    let identity = hub.enrolled(COUNTER).await;
    let of = |unix_ms: u64| {
        counter(
            hub.address,
            identity.clone(),
            Clock::from_unix_ms(move || unix_ms),
            Limits::default(),
        )
    };
    let refused = |ahead_ms| LinkState::Refused(LinkRefusal::ClockWrong { ahead_ms });
    let day = i64::try_from(DAY_MS).unwrap();
    of(NOON_MS + DAY_MS + 1)
        .until(|s| s.state == refused(Some(day + 1)))
        .await;
    of(NOON_MS - DAY_MS - 1)
        .until(|s| s.state == refused(Some(-day - 1)))
        .await;
    of(NOON_MS - 30 * DAY_MS)
        .until(|s| s.state == refused(None))
        .await;
    of(NOON_MS + 4000 * DAY_MS)
        .until(|s| s.state == refused(None))
        .await;
    let doubtful = of(NOON_MS + 90_000).connected().await;
    assert_eq!(doubtful.clock_ahead_ms, Some(90_000));
    assert!(doubtful.clock_doubtful());
}

#[tokio::test]
async fn restored_backup_of_a_counter_is_refused() {
    let hub = hub().await;
    let identity = hub.enrolled(COUNTER).await;
    let first = counter(hub.address, identity.clone(), noon(), Limits::default());
    first.store.lock().unwrap().write(&["case"]);
    first.link.local_change();
    hub_holds(&hub, |hub| hub.texts().len() == 1).await;
    drop(first);
    let restored = counter(hub.address, identity, noon(), Limits::default());
    restored
        .until(|s| s.state == LinkState::Refused(LinkRefusal::RolledBack))
        .await;
}

/// A cable: passes bytes to `target` until it is cut, and again when it is joined.
struct Cable {
    address: SocketAddr,
    joined: watch::Sender<bool>,
    task: JoinHandle<()>,
}

impl Drop for Cable {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// `cut_after` bytes towards the counter the cable cuts itself and says so.
async fn cable(target: SocketAddr, cut_after: u64, cut: oneshot::Sender<()>) -> Cable {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let joined = watch::Sender::new(true);
    let state = joined.clone();
    let task = tokio::spawn(async move {
        let mut cut = Some((cut_after, cut));
        loop {
            let (near, _) = listener.accept().await.unwrap();
            if !*state.borrow() {
                continue;
            }
            let far = TcpStream::connect(target).await.unwrap();
            if let Some((bytes, told)) = cut.take() {
                pass_some(near, far, bytes).await;
                state.send_replace(false);
                told.send(()).unwrap();
            } else {
                tokio::spawn(pass_all(near, far));
            }
        }
    });
    Cable {
        address,
        joined,
        task,
    }
}

async fn pass_all(mut near: TcpStream, mut far: TcpStream) {
    drop(tokio::io::copy_bidirectional(&mut near, &mut far).await);
}

async fn pass_some(near: TcpStream, far: TcpStream, bytes: u64) {
    let (mut from_near, mut to_near) = near.into_split();
    let (from_far, mut to_far) = far.into_split();
    let mut few = from_far.take(bytes);
    tokio::select! {
        _ = tokio::io::copy(&mut from_near, &mut to_far) => {}
        _ = tokio::io::copy(&mut few, &mut to_near) => {}
    }
}

#[tokio::test]
async fn line_cut_in_the_middle_resumes_where_it_was() {
    let small = Limits {
        round_bytes: 200_000,
        batch_bytes: 50_000,
        part_bytes: 50_000,
        blobs_wanted: 4,
    };
    let hub = hub_with(Arc::new(Authority::create(NOON_MS).unwrap()), small).await;
    let noise: Vec<u8> = (0..400_000_u32).flat_map(blake).take(1_600_000).collect();
    hub.store
        .lock()
        .unwrap()
        .publish("resident-copy", noise.clone());
    let identity = hub.enrolled(COUNTER).await;
    let (told, cut) = oneshot::channel();
    let cable = cable(hub.address, 700_000, told).await;
    let counter = counter(cable.address, identity, noon(), small);
    soon(cut).await.unwrap();
    counter
        .until(|s| matches!(s.state, LinkState::Down { .. }))
        .await;
    let staged = counter.store.lock().unwrap().staged_bytes("resident-copy");
    assert!((200_000..700_000).contains(&staged), "staged {staged}");
    counter
        .store
        .lock()
        .unwrap()
        .write(&["written while the line was cut"]);
    counter.link.local_change();
    cable.joined.send_replace(true);
    hub_holds(&hub, |hub| hub.texts().len() == 1).await;
    counter_holds(&counter, |store| store.dataset("resident-copy").is_some()).await;
    assert_eq!(
        counter.store.lock().unwrap().dataset("resident-copy"),
        Some(&noise[..])
    );
}

/// Bytes that do not compress.
fn blake(n: u32) -> [u8; 4] {
    let mut x = n.wrapping_mul(0x9E37_79B9) ^ 0x85EB_CA6B;
    for _ in 0..4 {
        x ^= x << 13;
        x ^= x >> 17;
        x ^= x << 5;
    }
    x.to_le_bytes()
}

#[tokio::test]
async fn other_tls_versions_and_plain_text_are_not_answered() {
    let hub = hub().await;
    let mut socket = TcpStream::connect(hub.address).await.unwrap();
    socket
        .write_all(b"GET / HTTP/1.1\r\nHost: hub\r\n\r\n")
        .await
        .unwrap();
    let mut answer = Vec::new();
    soon(socket.read_to_end(&mut answer))
        .await
        .unwrap_or_default();
    assert!(!answer.starts_with(b"HTTP"));
}
