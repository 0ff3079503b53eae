//! The workbench over a real database: copy, edit, try out, publish with a day, go back.

use std::fs;

use counter_domain::ids::{DeviceId, StaffId};
use counter_guide::Edition;
use hub_store::HubStore;
use jiff::civil::Date;
use replica::{DatabaseKey, Surroundings};

use super::{Draft, NewEdition, PublishRefused, RealCases, Workbench, in_force, shelf, try_out};

struct Scene {
    folder: tempfile::TempDir,
    workbench: Workbench,
    store: HubStore,
}

fn scene() -> Scene {
    let folder = tempfile::tempdir().unwrap();
    let around = Surroundings::new(|| 1_795_222_800_000, |bytes: &mut [u8]| bytes.fill(7));
    let key = DatabaseKey::from_bytes([9; 32]);
    let store = HubStore::open(&folder.path().join("hub"), &key, DeviceId([2; 16]), around);
    let workbench = Workbench::at(folder.path(), Box::new(|_| Ok(vec![1])));
    Scene {
        store: store.unwrap(),
        workbench,
        folder,
    }
}

fn day(text: &str) -> Date {
    text.parse().unwrap()
}

impl Scene {
    /// A copy of the program's catalogue with `new` for `old` in `file`.
    fn copy(&self, name: &str, file: &str, old: &str, new: &str) -> Draft {
        let folder = self.workbench.prepare(name, &Edition::bundled()).unwrap();
        let path = folder.join(file);
        let text = fs::read_to_string(&path).unwrap();
        assert!(text.contains(old), "{old}");
        fs::write(&path, text.replacen(old, new, 1)).unwrap();
        Draft::read(&folder).unwrap()
    }

    fn publish(&mut self, edition: Edition, from: &str) -> Result<u64, PublishRefused> {
        let new = NewEdition {
            files: edition.files,
            valid_from: day(from),
            note: "みほん".to_owned(),
        };
        let by = StaffId::from("u0901");
        self.workbench
            .publish(&mut self.store, &by, new, day("2026-11-21"))
    }

    /// The edition of each day.
    fn in_force(&self, days: [&str; 3]) -> [u64; 3] {
        let shelf = shelf(&self.store).unwrap();
        days.map(|on| in_force(&shelf, day(on)).number)
    }
}

const DOGS: (&str, &str, &str) = ("procedures/eisei.yaml", "hh.dogs >= 1", "hh.dogs >= 2");

#[test]
fn untouched_copy_is_right_and_changes_nothing() {
    let scene = scene();
    let bundled = Edition::bundled();
    let folder = scene.workbench.prepare("as-it-is", &bundled).unwrap();
    assert_eq!(scene.workbench.drafts(), ["as-it-is"]);
    let draft = Draft::read(&folder).unwrap();
    let trial = try_out(&bundled, &draft, &RealCases::default()).unwrap();
    assert_eq!(trial.findings, []);
    assert!(trial.comparison.unwrap().is_empty());
    assert!(draft.golden().len() >= 179);
}

#[test]
fn published_edition_holds_from_its_day_and_going_back_is_one_more() {
    let mut scene = scene();
    let (file, old, new) = DOGS;
    let draft = scene.copy("dogs", file, old, new);
    assert_eq!(scene.publish(draft.edition(), "2026-12-01").unwrap(), 1);
    let days = ["2026-11-21", "2026-11-30", "2026-12-01"];
    assert_eq!(scene.in_force(days), [0, 0, 1]);
    assert_eq!(scene.publish(Edition::bundled(), "2026-12-02").unwrap(), 2);
    assert_eq!(
        scene.in_force(["2026-11-30", "2026-12-01", "2026-12-02"]),
        [0, 1, 2]
    );
    let shelf = shelf(&scene.store).unwrap();
    assert_eq!(shelf.edition(2).unwrap().files, Edition::bundled().files);
}

#[test]
fn what_cannot_hold_is_not_published() {
    let mut scene = scene();
    let refused = scene.publish(Edition::bundled(), "2026-11-20").unwrap_err();
    assert_eq!(
        refused.to_string(),
        "2026-11-20 is over; an edition holds from today or a later day"
    );
    let draft = scene.copy(
        "torn",
        "procedures/eisei.yaml",
        "hh.dogs >= 1",
        "hh.dog >= 1",
    );
    let refused = scene.publish(draft.edition(), "2026-11-21").unwrap_err();
    let told = refused.to_string();
    assert!(
        told.starts_with("procedures/eisei.yaml:11:") && told.ends_with("hh.dog"),
        "{told}"
    );
    assert_eq!(scene.in_force(["2026-11-21"; 3]), [0; 3]);
    assert_eq!(scene.publish(Edition::bundled(), "2026-11-21").unwrap(), 1);
    let refused = scene.publish(Edition::bundled(), "2026-11-22").unwrap_err();
    assert!(matches!(refused, PublishRefused::Same(1)), "{refused}");
}

#[test]
fn torn_copy_is_told_and_compared_with_nothing() {
    let scene = scene();
    let draft = scene.copy(
        "torn",
        "procedures/eisei.yaml",
        "hh.dogs >= 1",
        "hh.dog >= 1",
    );
    let trial = try_out(&Edition::bundled(), &draft, &RealCases::default()).unwrap();
    assert_eq!(trial.findings.len(), 1);
    assert!(trial.comparison.is_none());
}

#[test]
fn names_that_are_no_names_and_taken_ones_make_no_copy() {
    let scene = scene();
    let bundled = Edition::bundled();
    for name in ["", "..", "a/b", ".hidden", "写し"] {
        assert!(scene.workbench.prepare(name, &bundled).is_err(), "{name}");
    }
    scene.workbench.prepare("one", &bundled).unwrap();
    assert!(scene.workbench.prepare("one", &bundled).is_err());
    assert!(
        scene
            .folder
            .path()
            .join("catalogue-drafts/one/golden")
            .is_dir()
    );
}
