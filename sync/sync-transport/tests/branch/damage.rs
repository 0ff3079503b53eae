//! Every file that must not be believed, and what is said of it. A refused file changes nothing.

use std::io::{Read as _, Write as _};
use std::path::{Path, PathBuf};

use sync_engine::Session;
use sync_transport::courier::{
    CourierKey, CourierRecipient, ImportError, OLDEST_MS, ReadError, SenderCheck, import,
};

use crate::city::{City, Counter, DAY_MS, NOON_MS, SMALL};

struct Scene {
    folder: tempfile::TempDir,
    city: City,
    counter: Counter,
}

impl Scene {
    fn new() -> Self {
        let city = City::new();
        let mut counter = city.counter(1, "07");
        counter.store.write(&["submitted"]);
        counter.store.write_blob(vec![7; 12_000]);
        Self {
            folder: tempfile::tempdir().unwrap(),
            city,
            counter,
        }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn file(&mut self) -> PathBuf {
        let path = self.path("courier.age");
        self.counter.send(&path, &self.city, &[]);
        path
    }

    /// Checks what head office says of a file.
    #[track_caller]
    fn refused(&self, path: &Path) -> String {
        self.city.check(path).unwrap_err().to_string()
    }

    /// The content of a file, opened with head office's key and closed again after a change: what
    /// somebody could do who knows head office's public key and has seen a file from inside.
    fn rewritten(&self, path: &Path, change: impl FnOnce(&mut Vec<u8>)) -> PathBuf {
        let text = self.city.key.to_text();
        let key: age::x25519::Identity = text.parse().unwrap();
        let mut inside = Vec::new();
        age::Decryptor::new(std::fs::File::open(path).unwrap())
            .unwrap()
            .decrypt(std::iter::once(&key as &dyn age::Identity))
            .unwrap()
            .read_to_end(&mut inside)
            .unwrap();
        change(&mut inside);
        let changed = self.path("changed.age");
        std::fs::write(&changed, sealed(&self.city.key.recipient(), &inside)).unwrap();
        changed
    }
}

fn sealed(to: &CourierRecipient, inside: &[u8]) -> Vec<u8> {
    let recipient: age::x25519::Recipient = to.to_string().parse().unwrap();
    let all = std::iter::once(&recipient as &dyn age::Recipient);
    let mut bytes = Vec::new();
    let mut out = age::Encryptor::with_recipients(all)
        .unwrap()
        .wrap_output(&mut bytes)
        .unwrap();
    out.write_all(inside).unwrap();
    out.finish().unwrap();
    bytes
}

#[test]
fn file_cut_off_anywhere_is_refused() {
    let mut scene = Scene::new();
    let whole = std::fs::read(scene.file()).unwrap();
    let path = scene.path("cut.age");
    for length in (0..whole.len())
        .step_by(whole.len() / 60)
        .chain([whole.len() - 1])
    {
        std::fs::write(&path, &whole[..length]).unwrap();
        let refusal = scene.city.check(&path).unwrap_err();
        assert!(
            matches!(refusal, ReadError::Damaged | ReadError::Foreign),
            "{length}: {refusal:?}"
        );
    }
}

#[test]
fn file_with_a_changed_byte_is_refused() {
    let mut scene = Scene::new();
    let whole = std::fs::read(scene.file()).unwrap();
    let path = scene.path("flipped.age");
    for place in (0..whole.len()).step_by(whole.len() / 80) {
        let mut bytes = whole.clone();
        bytes[place] ^= 0x20;
        std::fs::write(&path, &bytes).unwrap();
        let refusal = scene.city.check(&path).unwrap_err();
        assert!(
            matches!(
                refusal,
                ReadError::Damaged | ReadError::Foreign | ReadError::NotForUs
            ),
            "{place}: {refusal:?}"
        );
    }
}

#[test]
fn bytes_behind_the_end_are_refused() {
    let mut scene = Scene::new();
    let path = scene.file();
    let longer = scene.rewritten(&path, |inside| inside.push(0));
    says(
        &scene.refused(&longer),
        "the file is damaged or cut off: copy it again, or have it made again",
    );
}

#[test]
fn other_files_are_refused_by_name() {
    let scene = Scene::new();
    let path = scene.path("other");
    for bytes in [
        &b""[..],
        b"\xEF\xBB\xBFname,address\r\n",
        b"PK\x03\x04",
        &sealed(
            &scene.city.key.recipient(),
            b"a letter of somebody else's making",
        ),
    ] {
        std::fs::write(&path, bytes).unwrap();
        says(&scene.refused(&path), "this is not a courier file");
    }
    assert!(matches!(
        scene.city.check(&scene.path("none")),
        Err(ReadError::Medium(_))
    ));
}

#[test]
fn endless_header_is_not_read_to_its_end() {
    let scene = Scene::new();
    let path = scene.path("endless.age");
    let mut bytes = b"age-encryption.org/v1\n".to_vec();
    for _ in 0..40_000 {
        bytes.extend(b"-> X25519 9GcaN6zLcJ0yU9mFpkHXSdOSYBYz6ddBxXmZFAdBVjU\nAAAA\n");
    }
    // A whole header would follow: only its length is wrong with it.
    bytes.extend(b"--- AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\n");
    std::fs::write(&path, &bytes).unwrap();
    says(&scene.refused(&path), "this is not a courier file");
}

#[test]
fn file_for_somebody_else_is_refused() {
    let mut scene = Scene::new();
    let path = scene.file();
    scene.city.key = CourierKey::create();
    says(
        &scene.refused(&path),
        "the file is for another machine: none of the keys here opens it",
    );
}

#[test]
fn file_that_opens_but_names_others_is_refused() {
    let mut scene = Scene::new();
    let path = scene.file();
    let mut other = scene.city.counter(2, "07");
    other.key = scene.city.key.clone();
    let checked = other.check(&path).unwrap();
    let session = Session::new(checked.sender.peer.clone(), SMALL).between_counters();
    let file = other.file(&path);
    let refused = import(&mut other.store, &file, &checked, session, &mut |_| {});
    assert!(matches!(
        refused,
        Err(ImportError::File(ReadError::NotAddressed))
    ));
    assert_eq!(other.store.texts(), []);
}

#[test]
fn device_of_another_city_is_refused() {
    let mut scene = Scene::new();
    let path = scene.file();
    let other = City::new();
    let check = scene
        .city
        .file(&path)
        .check(&SenderCheck::of_hub(&other.authority), NOON_MS);
    says(
        &check.unwrap_err().to_string(),
        "the file was made by a machine that is not of this city, or whose certificate expired",
    );
}

#[test]
fn content_changed_after_signing_is_refused() {
    let mut scene = Scene::new();
    let path = scene.file();
    // The time it was made: neither age nor a frame's own check notices that.
    let changed = scene.rewritten(&path, |inside| {
        let digits = NOON_MS.to_string();
        let place = inside
            .windows(digits.len())
            .position(|w| w == digits.as_bytes())
            .unwrap();
        inside[place + digits.len() - 1] ^= 1;
    });
    says(
        &scene.refused(&changed),
        "the file was changed after it was made: its signature does not hold",
    );
}

#[test]
fn file_of_a_newer_form_asks_for_an_update() {
    let mut scene = Scene::new();
    let path = scene.file();
    let changed = scene.rewritten(&path, |inside| {
        let form = b"\"format\":1";
        let place = inside.windows(form.len()).position(|w| w == form).unwrap();
        inside[place + form.len() - 1] = b'2';
    });
    says(
        &scene.refused(&changed),
        "the file has form 2, this program reads form 1: update this machine first",
    );
}

#[test]
fn very_old_files_and_files_of_the_future_are_refused() {
    let mut scene = Scene::new();
    let (old, young) = (scene.path("old"), scene.path("young"));
    let made = NOON_MS - OLDEST_MS - DAY_MS;
    scene.counter.send_made(&old, &scene.city, &[], made);
    says(
        &scene.refused(&old),
        "the file is 61 days old, too old to be believed: have it made again",
    );
    scene
        .counter
        .send_made(&young, &scene.city, &[], NOON_MS + DAY_MS);
    says(
        &scene.refused(&young),
        "the file was made in the future: a clock is wrong, there or here",
    );
}

#[test]
fn file_exchanged_after_the_check_is_not_applied() {
    let mut scene = Scene::new();
    let path = scene.file();
    let checked = scene.city.check(&path).unwrap();
    std::fs::remove_file(&path).unwrap();
    scene.counter.store.write(&["something else"]);
    scene.counter.send(&path, &scene.city, &[]);
    let session = Session::new(checked.sender.peer.clone(), SMALL);
    let file = scene.city.file(&path);
    let refused = import(&mut scene.city.store, &file, &checked, session, &mut |_| {});
    assert!(matches!(
        refused,
        Err(ImportError::File(ReadError::Changed))
    ));
    assert_eq!(scene.city.store.texts(), []);
}

#[track_caller]
fn says(said: &str, expected: &str) {
    assert_eq!(said, expected);
}
