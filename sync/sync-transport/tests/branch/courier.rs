//! Courier files from end to end.

use std::path::Path;

use proptest::prelude::*;
use sync_engine::memory::MemoryStore;
use sync_engine::{Moment, Store as _};
use sync_transport::courier::{CourierSigner, Envelope, ExportError, WriteError, export};

use crate::city::{City, Counter, HUB, NOON_MS, site};

/// A morning's work: records, a log, a picture that does not fit into one round.
fn work(counter: &mut Counter) -> [u8; 32] {
    counter.store.log(b"signed in");
    counter.store.write(&["draft"]);
    let noise: Vec<u8> = (0..70_000_u32)
        .map(|n| n.to_le_bytes()[0] ^ n.to_le_bytes()[1])
        .collect();
    let picture = counter.store.write_blob(noise);
    counter.store.write(&["submitted"]);
    picture
}

#[test]
fn records_travel_there_and_the_acknowledgement_back() {
    let folder = tempfile::tempdir().unwrap();
    let (there, back) = (
        folder.path().join("there.age"),
        folder.path().join("back.age"),
    );
    let mut city = City::new();
    city.store.publish("staff", vec![5; 30_000]);
    city.store.publish("resident-copy", vec![5; 2_000_000]);
    city.store.write(&["returned"]);
    let mut counter = city.counter(1, "07");
    let picture = work(&mut counter);
    let version = counter.store.vector().unwrap()[&site(1)];
    let carried = counter.send(&there, &city, &[]);
    assert_eq!((carried.changes, carried.log_entries), (3, 1));
    assert_eq!(
        counter.store.acknowledged_by(HUB),
        None,
        "a file in a bag is safe nowhere"
    );
    assert!(counter.store.unconfirmed().contains(&picture));

    let received = city.take(&there);
    assert_eq!((received.effects.changed, received.effects.blobs), (3, 1));
    assert_eq!(city.store.stream(site(1)).len(), 1);
    assert!(city.store.blob(picture).is_some());
    city.answer(received, &back, &counter);

    counter.take(&back);
    assert_eq!(
        counter.store.acknowledged_by(HUB).unwrap()[&site(1)],
        version
    );
    assert!(counter.store.unconfirmed().is_empty(), "pictures too");
    assert!(
        counter
            .store
            .texts()
            .iter()
            .any(|(_, _, text)| text == "returned")
    );
    assert!(counter.store.dataset("staff").is_some());
    assert_eq!(
        counter.store.dataset("resident-copy"),
        None,
        "too long for the bag"
    );
}

#[test]
fn second_file_carries_only_what_is_new() {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name);
    let mut city = City::new();
    let mut counter = city.counter(1, "07");
    work(&mut counter);
    counter.send(&at("first"), &city, &[]);
    let received = city.take(&at("first"));
    city.answer(received, &at("answer"), &counter);
    counter.take(&at("answer"));
    counter.store.write(&["one more"]);
    let carried = counter.send(&at("second"), &city, &[]);
    assert_eq!((carried.changes, carried.parts), (1, 0));
}

#[test]
fn neighbour_takes_the_same_file_and_says_nothing_is_safe() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("both.age");
    let mut city = City::new();
    let mut counter = city.counter(1, "07");
    let mut neighbour = city.counter(2, "07");
    let picture = work(&mut counter);
    counter.send(&path, &city, &[&neighbour]);
    let received = neighbour.take(&path);
    assert_eq!(received.effects.changed, 3);
    assert!(neighbour.store.blob(picture).is_some());
    assert!(
        neighbour.store.stream(site(1)).is_empty(),
        "logs are head office's"
    );
    assert_eq!(counter.store.acknowledged_by(HUB), None);
    city.take(&path);
    assert_eq!(city.store.texts(), neighbour.store.texts());
}

#[test]
fn file_that_the_line_overtook_changes_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name);
    let mut city = City::new();
    let mut counter = city.counter(1, "07");
    work(&mut counter);
    counter.send(&at("late"), &city, &[]);
    counter.store.write(&["by line"]);
    counter.send(&at("newer"), &city, &[]);
    city.take(&at("newer"));
    let before = city.store.texts();
    city.take(&at("late"));
    assert_eq!(city.store.texts(), before);
}

#[test]
fn trial_counts_the_same_and_leaves_no_file() {
    let folder = tempfile::tempdir().unwrap();
    let city = City::new();
    let mut counter = city.counter(1, "07");
    work(&mut counter);
    let signer = CourierSigner::of_counter(&counter.identity).unwrap();
    let envelope = Envelope {
        signer: &signer,
        recipients: &[city.key.recipient()],
        to: vec![HUB],
        reply_to: Some(counter.key.recipient()),
        id: [1; 16],
    };
    let mut dispatch = counter.dispatch();
    let now = Moment::from_unix_ms(NOON_MS);
    let trial = export(
        &mut counter.store,
        &mut dispatch,
        &envelope,
        None,
        now,
        &mut |_| {},
    )
    .unwrap();
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);
    let written = counter.send(&folder.path().join("real"), &city, &[]);
    assert_eq!(trial, written);
}

#[test]
fn nothing_is_left_of_a_file_that_was_not_written() {
    let folder = tempfile::tempdir().unwrap();
    let city = City::new();
    let mut counter = city.counter(1, "07");
    let taken = folder.path().join("taken");
    std::fs::write(&taken, "somebody's").unwrap();
    let refused = send_to(&mut counter, &city, &taken);
    assert!(matches!(
        refused,
        Err(ExportError::File(WriteError::Exists))
    ));
    assert_eq!(std::fs::read(&taken).unwrap(), b"somebody's");
    let gone = folder.path().join("pulled").join("file");
    let refused = send_to(&mut counter, &city, &gone);
    assert!(matches!(
        refused,
        Err(ExportError::File(WriteError::Medium(_)))
    ));
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1);
}

#[test]
fn nothing_is_written_through_a_link_that_waits_on_the_medium() {
    let folder = tempfile::tempdir().unwrap();
    let city = City::new();
    let mut counter = city.counter(1, "07");
    let elsewhere = folder.path().join("elsewhere");
    std::fs::write(&elsewhere, "of the system").unwrap();
    let path = folder.path().join("courier.age");
    std::os::unix::fs::symlink(&elsewhere, folder.path().join("courier.age.part")).unwrap();
    send_to(&mut counter, &city, &path).unwrap();
    assert_eq!(std::fs::read(&elsewhere).unwrap(), b"of the system");
    assert!(city.check(&path).is_ok());
}

type Refused = ExportError<std::convert::Infallible>;

fn send_to(counter: &mut Counter, city: &City, path: &Path) -> Result<(), Refused> {
    let signer = CourierSigner::of_counter(&counter.identity).unwrap();
    let envelope = Envelope {
        signer: &signer,
        recipients: &[city.key.recipient()],
        to: vec![HUB],
        reply_to: None,
        id: [1; 16],
    };
    let mut dispatch = counter.dispatch();
    let now = Moment::from_unix_ms(NOON_MS);
    export(
        &mut counter.store,
        &mut dispatch,
        &envelope,
        Some(path),
        now,
        &mut |_| {},
    )
    .map(|_| ())
}

/// Reads the files of these numbers, one after another, into an empty head office.
fn read_in(city: &mut City, folder: &Path, order: &[usize]) -> MemoryStore {
    city.store = MemoryStore::new(HUB);
    for number in order {
        city.take(&folder.join(number.to_string()));
    }
    city.store.clone()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(16))]

    /// Files are read twice, thrice, and late: it comes to what reading each once comes to.
    #[test]
    fn importing_twice_is_importing_once(
        work in proptest::collection::vec(1_usize..4, 1..4),
        again in proptest::collection::vec(0_usize..4, 0..6),
    ) {
        let folder = tempfile::tempdir().unwrap();
        let mut city = City::new();
        let mut counter = city.counter(1, "07");
        let count = work.len();
        for (number, records) in work.into_iter().enumerate() {
            for record in 0..records {
                counter.store.log(b"worked");
                counter.store.write(&[&format!("{number} {record}")]);
            }
            counter.store.write_blob(vec![u8::try_from(number).unwrap(); 9_000]);
            counter.send(&folder.path().join(number.to_string()), &city, &[]);
        }
        let once: Vec<usize> = (0..count).collect();
        let mut more: Vec<usize> = Vec::new();
        for number in &once {
            more.push(*number);
            more.extend(again.iter().filter(|n| *n <= number));
        }
        let (one, other) = (
            read_in(&mut city, folder.path(), &once),
            read_in(&mut city, folder.path(), &more),
        );
        prop_assert_eq!(one.texts(), other.texts());
        prop_assert_eq!(one.stream(site(1)), other.stream(site(1)));
        prop_assert_eq!(one.vector().unwrap(), other.vector().unwrap());
        prop_assert_eq!(one.blobs_wanted(99).unwrap(), other.blobs_wanted(99).unwrap());
    }
}
