//! Counters of one branch over real sockets. Nothing sleeps: tests wait for states.

use std::collections::BTreeSet;
use std::future::Future;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use rcgen::{CertificateParams, ExtendedKeyUsagePurpose, Issuer, KeyPair, SanType};
use sync_engine::memory::MemoryStore;
use sync_engine::{Limits, Store as _};
use sync_protocol::SiteId;
use sync_transport::{
    DeviceIdentity, DeviceList, Discovery, Neighbours, NeighboursConfig, NeighboursStatus,
};

use crate::city::{City, noon, site};

/// Devices that are shut out.
#[derive(Default)]
struct Shut(Mutex<BTreeSet<SiteId>>);

impl DeviceList for Shut {
    fn is_revoked(&self, site: SiteId) -> bool {
        self.0.lock().unwrap().contains(&site)
    }
}

struct Counter {
    store: Arc<Mutex<MemoryStore>>,
    neighbours: Neighbours,
    shut: Arc<Shut>,
}

async fn counter(number: u8, identity: DeviceIdentity, calls: &[SocketAddr]) -> Counter {
    counter_with(
        MemoryStore::new(site(number)),
        identity,
        calls,
        Discovery::Off,
    )
    .await
}

async fn counter_with(
    store: MemoryStore,
    identity: DeviceIdentity,
    calls: &[SocketAddr],
    discovery: Discovery,
) -> Counter {
    let store = Arc::new(Mutex::new(store));
    let shut = Arc::new(Shut::default());
    let config = NeighboursConfig {
        identity,
        listen: Some("127.0.0.1:0".parse().unwrap()),
        addresses: calls
            .iter()
            .map(|address| format!("https://{address}").parse().unwrap())
            .collect(),
        discovery,
        list: Arc::clone(&shut) as Arc<dyn DeviceList>,
        clock: noon(),
        random: Arc::new(|| 0),
        limits: Limits::default(),
    };
    let neighbours = Neighbours::start(config, Arc::clone(&store)).await.unwrap();
    Counter {
        store,
        neighbours,
        shut,
    }
}

impl Counter {
    fn address(&self) -> SocketAddr {
        self.neighbours.address().unwrap()
    }

    fn write(&self, text: &str) {
        self.store.lock().unwrap().write(&[text]);
        self.neighbours.local_change();
    }

    async fn until(&self, wanted: impl FnMut(&NeighboursStatus) -> bool) -> NeighboursStatus {
        soon(self.neighbours.status().wait_for(wanted))
            .await
            .unwrap()
            .clone()
    }

    fn texts(&self) -> Vec<String> {
        let texts = self.store.lock().unwrap().texts();
        texts.into_iter().map(|(_, _, text)| text).collect()
    }

    /// Waits until a text is here; looks again whenever the runtime comes round.
    async fn holds(&self, text: &str) {
        soon(async {
            while !self.texts().iter().any(|here| here == text) {
                tokio::task::yield_now().await;
            }
        })
        .await;
    }
}

/// Well before anybody asks again by itself (25 s), so that what arrives was pushed; and so long that
/// a busy machine does not matter.
const PUSHED: Duration = Duration::from_secs(15);

/// A test that waits in vain ends.
async fn soon<T>(work: impl Future<Output = T>) -> T {
    tokio::time::timeout(Duration::from_mins(1), work)
        .await
        .unwrap()
}

#[tokio::test]
async fn what_one_writes_is_pushed_to_the_other() {
    let city = City::new();
    let first = counter(1, city.identity(site(1), "07"), &[]).await;
    let second = counter(2, city.identity(site(2), "07"), &[first.address()]).await;
    first.until(|status| status.has(site(2))).await;
    second.until(|status| status.has(site(1))).await;
    for (text, from, to) in [
        ("begun at the first", &first, &second),
        ("resumed at the second", &second, &first),
    ] {
        from.write(text);
        tokio::time::timeout(PUSHED, to.holds(text)).await.unwrap();
    }
}

#[tokio::test]
async fn two_that_call_each_other_keep_one_line() {
    let city = City::new();
    // An address no other test has, so that nobody else is given the port between the two.
    let free = std::net::TcpListener::bind("127.7.7.1:0").unwrap();
    let place = free.local_addr().unwrap();
    let second = counter(2, city.identity(site(2), "07"), &[place]).await;
    drop(free);
    let store = Arc::new(Mutex::new(MemoryStore::new(site(1))));
    let shut = Arc::new(Shut::default());
    let config = NeighboursConfig {
        identity: city.identity(site(1), "07"),
        listen: Some(place),
        addresses: vec![format!("https://{}", second.address()).parse().unwrap()],
        discovery: Discovery::Off,
        list: Arc::clone(&shut) as Arc<dyn DeviceList>,
        clock: noon(),
        random: Arc::new(|| 0),
        limits: Limits::default(),
    };
    let neighbours = Neighbours::start(config, Arc::clone(&store)).await.unwrap();
    let first = Counter {
        store,
        neighbours,
        shut,
    };
    first
        .until(|s| s.called.contains(&site(2)) && s.calling.is_empty())
        .await;
    second
        .until(|s| s.calling.contains(&site(1)) && s.called.is_empty())
        .await;
    first.write("over the one line");
    second.holds("over the one line").await;
    second.write("and back");
    first.holds("and back").await;
}

#[tokio::test]
async fn counter_of_another_branch_or_city_is_not_served() {
    let city = City::new();
    let first = counter(1, city.identity(site(1), "07"), &[]).await;
    first.write("of branch 07");
    let other_branch = counter(3, city.identity(site(3), "08"), &[first.address()]).await;
    let other_city = City::new();
    let stranger = counter(4, other_city.identity(site(4), "07"), &[first.address()]).await;
    let second = counter(2, city.identity(site(2), "07"), &[first.address()]).await;
    // The one that may is connected last, and everything it is told is there.
    second.holds("of branch 07").await;
    first.until(|status| status.has(site(2))).await;
    assert_eq!(first.neighbours.status().borrow().count(), 1);
    assert!(other_branch.texts().is_empty() && stranger.texts().is_empty());
}

#[tokio::test]
async fn neighbour_vouches_for_nobody_but_itself() {
    let city = City::new();
    let first = counter(1, city.identity(site(1), "07"), &[]).await;
    let second = counter(2, city.identity(site(2), "07"), &[first.address()]).await;
    first.write("of the first");
    second.holds("of the first").await;
    let third = counter(3, city.identity(site(3), "07"), &[second.address()]).await;
    third.until(|status| status.has(site(2))).await;
    second.write("of the second");
    third.holds("of the second").await;
    assert_eq!(
        third.texts(),
        ["of the second"],
        "the first one's come from the first one"
    );
}

#[tokio::test]
async fn revoked_neighbour_is_refused_on_its_open_line() {
    let city = City::new();
    let first = counter(1, city.identity(site(1), "07"), &[]).await;
    let second = counter(2, city.identity(site(2), "07"), &[first.address()]).await;
    first.until(|status| status.has(site(2))).await;
    first.shut.0.lock().unwrap().insert(site(2));
    second.write("late");
    first.until(|status| !status.has(site(2))).await;
    second.until(|status| !status.has(site(1))).await;
    assert!(first.texts().is_empty());
    // And the other way round: nobody calls a counter it holds for lost.
    second.shut.0.lock().unwrap().insert(site(1));
    first.shut.0.lock().unwrap().clear();
    first.write("to nobody");
    assert!(second.texts().iter().all(|text| text != "to nobody"));
}

/// A certificate as earlier versions made them: for dialling only.
fn earlier_identity(city: &City, number: u8) -> DeviceIdentity {
    let key = KeyPair::generate().unwrap();
    let pem = city.authority.to_pem();
    let issuer_key = KeyPair::from_pem(&pem.key).unwrap();
    let issuer = Issuer::from_ca_cert_pem(&pem.certificate, issuer_key).unwrap();
    city.identity_of(&key, |_| {
        let mut params = CertificateParams::default();
        let uri = format!("todoke://07/{}", site(number));
        params.subject_alt_names = vec![SanType::URI(uri.as_str().try_into().unwrap())];
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ClientAuth];
        params.signed_by(&key, &issuer).unwrap().pem()
    })
}

#[tokio::test]
async fn counter_with_an_earlier_certificate_dials_and_is_not_dialled() {
    let city = City::new();
    let newer = counter(1, city.identity(site(1), "07"), &[]).await;
    let earlier = counter(2, earlier_identity(&city, 2), &[newer.address()]).await;
    assert_eq!(earlier.neighbours.address(), None);
    newer
        .until(|status| status.calling.contains(&site(2)))
        .await;
    newer.write("to the earlier one");
    earlier.holds("to the earlier one").await;
    earlier.write("and back");
    newer.holds("and back").await;
}

#[tokio::test]
async fn older_copy_of_a_counter_is_noticed_by_itself() {
    let city = City::new();
    let first = counter(1, city.identity(site(1), "07"), &[]).await;
    let identity = city.identity(site(2), "07");
    let second = counter(2, identity.clone(), &[first.address()]).await;
    second.write("before the copy was made");
    // More than the copy writes: as many look like the same ones to a neighbour.
    second.write("before the copy came back");
    first.holds("before the copy came back").await;
    drop(second);
    first.until(|status| !status.has(site(2))).await;
    let copy = counter(2, identity, &[first.address()]).await;
    first.write("not for a copy");
    copy.write("under a used number");
    let again = counter(3, city.identity(site(3), "07"), &[first.address()]).await;
    again.holds("not for a copy").await;
    assert_eq!(first.texts().len(), 3, "nothing of the copy");
    assert!(!copy.neighbours.status().borrow().has(site(1)));
}

#[tokio::test]
async fn nothing_is_sent_twice_over_a_line_that_comes_back() {
    let city = City::new();
    let identity = city.identity(site(2), "07");
    let first = counter(1, city.identity(site(1), "07"), &[]).await;
    let second = counter(2, identity.clone(), &[first.address()]).await;
    let blob = second.store.lock().unwrap().write_blob(vec![3; 300_000]);
    second.neighbours.local_change();
    soon(async {
        while first.store.lock().unwrap().blob(blob).is_none() {
            tokio::task::yield_now().await;
        }
    })
    .await;
    let Counter {
        store, neighbours, ..
    } = second;
    drop(neighbours);
    first.until(|status| !status.has(site(2))).await;
    let kept = store.lock().unwrap().clone();
    let back = counter_with(kept, identity, &[first.address()], Discovery::Off).await;
    first.until(|status| status.has(site(2))).await;
    back.write("new");
    first.holds("new").await;
    let held = first.store.lock().unwrap().vector().unwrap();
    assert_eq!(held[&site(2)], 2);
}

/// Needs multicast on the loopback interface, which not every machine has: `TODOKE_MULTICAST=1`.
#[tokio::test]
async fn counters_of_a_branch_find_each_other() {
    if std::env::var_os("TODOKE_MULTICAST").is_none() {
        return;
    }
    let city = City::new();
    let found = |number| {
        let identity = city.identity(site(number), "07");
        counter_with(
            MemoryStore::new(site(number)),
            identity,
            &[],
            Discovery::Loopback,
        )
    };
    let (first, second) = (found(1).await, found(2).await);
    first.until(|status| status.has(site(2))).await;
    second.until(|status| status.has(site(1))).await;
    first.write("found by multicast");
    second.holds("found by multicast").await;
}
