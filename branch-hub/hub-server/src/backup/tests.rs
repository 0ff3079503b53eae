//! A hub is backed up, lost, and made again from the file alone.

use age::secrecy::SecretString;
use counter_domain::ids::{BranchCode, StaffId};
use replica::staff::{Role, StaffMember};
use sync_engine::Store as _;

use super::*;

struct Scene {
    scratch: tempfile::TempDir,
    clock: Clock,
    /// Public keys of two people.
    recipients: Recipients,
}

impl Scene {
    /// A hub with staff, an enrolled device, a hand-over file and an audit log.
    fn set() -> Self {
        let scratch = tempfile::tempdir().unwrap();
        let clock = Clock::new(|| 1_795_222_800_000);
        let path = scratch.path().join("hub");
        let folder = Folder::create(&path, "六会市", &clock, Passphrase::default()).unwrap();
        let mut hub = Hub::of(&folder, &clock).unwrap();
        hub.publish("settings", br#"{"city":"x"}"#).unwrap();
        hub.add_staff(StaffMember {
            id: StaffId::from("u0101"),
            name: "審査　みほん".to_owned(),
            roles: vec![Role::Reviewer],
            branches: Vec::new(),
            secret_hash: "-".to_owned(),
        })
        .unwrap();
        let code = hub
            .store
            .issue_enrolment_code(&BranchCode::from("07"), "六会 1番窓口", 1000)
            .unwrap();
        hub.store
            .redeem_enrolment_code(&code, DeviceId([1; 16]), [5; 32])
            .unwrap();
        hub.store.close().unwrap();
        folder.finish(&path).unwrap();
        fs::create_dir(path.join("handover")).unwrap();
        fs::write(path.join("handover/handover-1.csv"), "a,b").unwrap();
        fs::write(path.join("handover/.handover-2.csv.part"), "torn").unwrap();
        let keys = ["one", "two"].map(|name| make_key(&scratch.path().join(name)).unwrap());
        let recipients = Recipients::read(&keys, Path::new("none")).unwrap();
        Self {
            scratch,
            clock,
            recipients,
        }
    }

    fn at(&self, name: &str) -> PathBuf {
        self.scratch.path().join(name)
    }

    fn folder(&self) -> Folder {
        Folder::open(&self.at("hub"), Passphrase::default()).unwrap()
    }

    fn make(&self) -> Sound {
        let folder = self.folder();
        make(
            &folder,
            &self.recipients,
            &folder.backups().unwrap(),
            &self.clock,
        )
        .unwrap()
    }

    fn identity(&self, name: &str) -> Identities {
        Identities::read(&[self.at(name)]).unwrap()
    }

    fn verify(&self, file: &Path, key: &str) -> Result<Sound> {
        verify(file, &self.identity(key), &self.at("scratch"), &self.clock)
    }

    fn restore(&self, file: &Path, to: &str) -> Result<Sound> {
        let none = Passphrase::default();
        restore(
            file,
            &self.identity("one"),
            &self.at(to),
            &none,
            &self.clock,
        )
    }
}

#[test]
fn restored_hub_is_the_hub_that_was_backed_up() {
    let scene = Scene::set();
    let made = scene.make();
    assert_eq!(
        made.file.file_name().unwrap().to_str(),
        Some("todoke-hub-20261121-100000.age")
    );
    assert_eq!(
        made_at("todoke-hub-20261121-100000.age").as_deref(),
        Some("2026-11-21 10:00")
    );
    let restored = scene.restore(&made.file, "new").unwrap();
    assert_eq!(restored.authority, made.authority);

    let (old, new) = (
        scene.folder(),
        Folder::open(&scene.at("new"), Passphrase::default()).unwrap(),
    );
    assert_eq!((new.city(), new.device()), (old.city(), old.device()));
    assert_eq!(*new.key_hex().unwrap(), *old.key_hex().unwrap());
    assert_eq!(
        fs::read(scene.at("new/handover/handover-1.csv")).unwrap(),
        b"a,b"
    );
    assert!(!scene.at("new/handover/.handover-2.csv.part").exists());
    let (old, new) = (
        old.store(&scene.clock).unwrap(),
        new.store(&scene.clock).unwrap(),
    );
    assert_eq!(new.staff().unwrap(), old.staff().unwrap());
    assert_eq!(new.devices().unwrap(), old.devices().unwrap());
    let (before, after) = (made.manifest.holdings, new.holdings().unwrap());
    assert_eq!(
        after.audit_entries,
        before.audit_entries + 1,
        "the restore is noted"
    );
    assert!(after.datasets["staff"] > before.datasets["staff"]);
    assert!(
        new.audit_verify()
            .unwrap()
            .iter()
            .all(|chain| chain.broken_at.is_none())
    );
    let genuine = new
        .datasets()
        .unwrap()
        .into_iter()
        .all(|one| !one.signature.is_empty());
    assert!(genuine, "signed anew");
}

#[test]
fn each_of_the_recipients_opens_it_and_nobody_else() {
    let scene = Scene::set();
    let file = scene.make().file;
    for key in ["one", "two"] {
        assert_eq!(
            scene.verify(&file, key).unwrap().manifest.holdings.devices,
            1
        );
    }
    make_key(&scene.at("stranger")).unwrap();
    let told = scene.verify(&file, "stranger").unwrap_err().to_string();
    assert_eq!(told, "none of the secret keys opens the backup");
    let bytes = fs::read(&file).unwrap();
    let key = scene.folder().key_hex().unwrap();
    let holds = |text: &[u8]| bytes.windows(text.len()).any(|window| window == text);
    assert!(!holds(key.as_bytes()) && !holds("六会市".as_bytes()));
    assert!(
        fs::read_dir(scene.at("scratch"))
            .unwrap()
            .all(|entry| { entry.unwrap().file_name() == ".todoke-hub.lock" }),
        "nothing of the parts stays"
    );
}

#[test]
fn damage_anywhere_is_told_and_nothing_is_restored() {
    let scene = Scene::set();
    let file = scene.make().file;
    let whole = fs::read(&file).unwrap();
    let spoilt = scene.at("spoilt");
    for at in [300, whole.len() / 2, whole.len() - 20] {
        let mut bytes = whole.clone();
        bytes[at] ^= 1;
        fs::write(&spoilt, bytes).unwrap();
        assert!(scene.verify(&spoilt, "one").is_err(), "byte {at}");
        assert!(scene.restore(&spoilt, "new").is_err(), "byte {at}");
        fs::write(&spoilt, &whole[..at]).unwrap();
        assert!(scene.verify(&spoilt, "one").is_err(), "cut at {at}");
    }
    assert!(!scene.at("new").exists() && !scene.at("new.unfinished").exists());
}

#[test]
fn living_folder_is_never_overwritten() {
    let scene = Scene::set();
    let file = scene.make().file;
    let before = fs::read(scene.at("hub/hub.sqlite")).unwrap();
    assert!(scene.restore(&file, "hub").is_err());
    assert_eq!(fs::read(scene.at("hub/hub.sqlite")).unwrap(), before);
    fs::create_dir(scene.at("empty")).unwrap();
    scene.restore(&file, "empty").unwrap();
    assert!(scene.restore(&file, "empty").is_err(), "not a second time");
}

#[test]
fn passphrase_at_the_restore_seals_the_key() {
    let scene = Scene::set();
    let file = scene.make().file;
    let given = |text: &str| Passphrase::from(SecretString::from(text.to_owned()));
    let path = scene.at("sealed");
    let one = scene.identity("one");
    restore(&file, &one, &path, &given("himitsu"), &scene.clock).unwrap();
    assert!(!path.join("database.key").exists());
    let opens = |passphrase| {
        Folder::open(&path, passphrase)
            .unwrap()
            .store(&scene.clock)
            .is_ok()
    };
    assert!(opens(given("himitsu")) && !opens(Passphrase::default()));
}

#[test]
fn archive_that_leads_out_of_its_folder_is_refused() {
    let scene = Scene::set();
    let folder = scene.folder();
    let mut manifest = scene.make().manifest;
    let parts: [(&str, &str); 3] = [
        ("authority/../../x", "outside"),
        ("not-listed", "extra"),
        ("a/b/c", "deep"),
    ];
    for (name, text) in parts {
        let target = scene.at("forged");
        let inside = scene.at("part");
        fs::write(&inside, text).unwrap();
        let listed = [(name.to_owned(), inside.clone())];
        if name != "not-listed" {
            manifest.files = archive::describe(&listed, "00").unwrap();
        }
        let key = folder.key_hex().unwrap();
        let wrote = archive::write(&target, &scene.recipients, &manifest, &listed, &key);
        assert!(
            wrote.is_err() || scene.restore(&target, "new").is_err(),
            "{name}"
        );
        assert!(!scene.at("x").exists() && !scene.at("new").exists());
    }
}

#[test]
fn only_the_newest_are_kept() {
    let scene = Scene::set();
    let place = scene.at("many");
    fs::create_dir(&place).unwrap();
    for name in [
        "todoke-hub-20261119-100000.age",
        "todoke-hub-20261121-100000.age",
        "todoke-hub-20261120-100000.age",
        "mine.age",
    ] {
        fs::write(place.join(name), "").unwrap();
    }
    assert_eq!(prune(&place, 2).unwrap(), 1);
    assert_eq!(
        newest(&place).as_deref(),
        Some("todoke-hub-20261121-100000.age")
    );
    assert!(
        place.join("mine.age").exists() && !place.join("todoke-hub-20261119-100000.age").exists()
    );
}

#[test]
fn backup_without_a_recipient_is_not_made() {
    let none: [String; 0] = [];
    assert!(Recipients::read(&none, Path::new("nowhere")).is_err());
    assert!(Recipients::read(&["age1nonsense".to_owned()], Path::new("nowhere")).is_err());
}
