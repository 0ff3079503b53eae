//! A hub is lost, and another one goes on for it at another address.

use super::*;

/// The same codes and devices at another machine.
fn know_the_same(one: &Running, other: &Running) {
    let used = one.register.used.lock().unwrap().clone();
    *other.register.used.lock().unwrap() = used;
}

#[tokio::test]
async fn counter_dials_the_second_address_when_the_first_is_silent_and_stays_there() {
    let authority = Arc::new(Authority::create(NOON_MS).unwrap());
    let first = hub_with(Arc::clone(&authority), Limits::default()).await;
    let identity = first.enrolled(COUNTER).await;
    let second = hub_with(authority, Limits::default()).await;
    know_the_same(&first, &second);
    let addresses = format!("https://{},https://{}", first.address, second.address);
    let store = Arc::new(Mutex::new(MemoryStore::new(COUNTER)));
    let config = LinkConfig {
        hub: addresses.parse().unwrap(),
        identity,
        clock: noon(),
        random: Arc::new(|| 0),
        limits: Limits::default(),
        renewal: None,
    };
    let link = Link::start(config, Arc::clone(&store)).unwrap();
    let counter = Counter { store, link };
    counter.connected().await;
    counter.store.lock().unwrap().write(&["submitted"]);
    counter.link.local_change();
    hub_holds(&first, |hub| hub.texts().len() == 1).await;
    assert!(second.store.lock().unwrap().texts().is_empty());

    drop(first);
    hub_holds(&second, |hub| hub.texts().len() == 1).await;
    counter.store.lock().unwrap().write(&["again"]);
    counter.link.local_change();
    hub_holds(&second, |hub| hub.texts().len() == 2).await;
}

#[test]
fn addresses_are_one_or_several_with_commas() {
    for text in [
        "https://a:1",
        "https://a:1,https://b:2",
        "https://a:1, https://[::1]:2/",
    ] {
        assert!(text.parse::<HubAddress>().is_ok(), "{text}");
    }
    for text in [
        "",
        ",",
        "https://a:1,",
        "https://a:1,b:2",
        "https://a:1;https://b:2",
    ] {
        assert!(text.parse::<HubAddress>().is_err(), "{text}");
    }
}
