//! What a counter tells of its own state beside the conversation.

use std::sync::Arc;

use sync_transport::{Report, Telling};

use super::*;

/// A counter that tells `first` at each new line, and what `quiet` holds once while it is quiet.
fn telling(
    hub: &Running,
    identity: DeviceIdentity,
    quiet: &Arc<Mutex<Option<&'static str>>>,
) -> Counter {
    let store = Arc::new(Mutex::new(MemoryStore::new(COUNTER)));
    let config = LinkConfig {
        hub: at(hub.address),
        identity,
        clock: noon(),
        random: Arc::new(|| 0),
        limits: Limits::default(),
        renewal: None,
    };
    let quiet = Arc::clone(quiet);
    let report: Report = Arc::new(move |when| match when {
        Telling::NewLine => Some(b"first".to_vec()),
        Telling::Quiet => quiet
            .lock()
            .unwrap()
            .take()
            .map(|text| text.as_bytes().to_vec()),
    });
    let link = Link::start_reporting(config, Arc::clone(&store), Some(report)).unwrap();
    Counter { store, link }
}

async fn told(hub: &Running, wanted: &[&str]) {
    let mut told = hub.register.told.subscribe();
    let wanted: Vec<Vec<u8>> = wanted.iter().map(|text| text.as_bytes().to_vec()).collect();
    soon(told.wait_for(|told| *told == wanted)).await.unwrap();
}

#[tokio::test]
async fn state_is_told_when_the_line_is_new_and_when_there_is_news() {
    let hub = hub().await;
    let identity = hub.enrolled(COUNTER).await;
    let quiet = Arc::new(Mutex::new(None));
    let counter = telling(&hub, identity, &quiet);
    told(&hub, &["first"]).await;
    *quiet.lock().unwrap() = Some("disk is short");
    counter.link.local_change();
    told(&hub, &["first", "disk is short"]).await;
    counter.store.lock().unwrap().write(&["submitted"]);
    counter.link.local_change();
    hub_holds(&hub, |hub| hub.texts().len() == 1).await;
    assert_eq!(
        hub.register.told.borrow().len(),
        2,
        "nothing new, nothing told"
    );
}

#[tokio::test]
async fn state_of_a_device_that_is_shut_out_is_not_heard() {
    let hub = hub().await;
    let identity = hub.enrolled(COUNTER).await;
    hub.register.revoked.lock().unwrap().insert(COUNTER);
    let counter = telling(&hub, identity, &Arc::default());
    counter
        .until(|status| status.state == LinkState::Refused(LinkRefusal::Revoked))
        .await;
    assert!(hub.register.told.borrow().is_empty());
}

#[tokio::test]
async fn report_without_end_is_refused_and_the_conversation_goes_on() {
    let hub = hub().await;
    let identity = hub.enrolled(COUNTER).await;
    let store = Arc::new(Mutex::new(MemoryStore::new(COUNTER)));
    let config = LinkConfig {
        hub: at(hub.address),
        identity,
        clock: noon(),
        random: Arc::new(|| 0),
        limits: Limits::default(),
        renewal: None,
    };
    let report: Report = Arc::new(|when| match when {
        Telling::NewLine => Some(vec![b'x'; 40 << 10]),
        Telling::Quiet => None,
    });
    let link = Link::start_reporting(config, Arc::clone(&store), Some(report)).unwrap();
    let counter = Counter { store, link };
    counter.connected().await;
    counter.store.lock().unwrap().write(&["submitted"]);
    counter.link.local_change();
    hub_holds(&hub, |hub| hub.texts().len() == 1).await;
    assert!(hub.register.told.borrow().is_empty());
}
