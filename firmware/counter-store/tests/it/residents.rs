//! The resident copy at a counter: installed from the dataset, searched, and silent about where
//! people under protection live.

use std::io::Write as _;
use std::sync::Mutex;

use counter_domain::protection::{PROTECTION, PROTECTION_FORMAT, ProtectedPerson, ProtectionList};
use counter_domain::resident::{
    CHANGES_FORMAT, COPY_FORMAT, ChangesHeader, CopyHeader, Place, RESIDENT_CHANGES, RESIDENT_COPY,
    Resident, ResidentChange, ResidentKind, ResidentQuery, ResidentState,
};
use counter_store::{
    CounterStore, FoundResidents, InstallError, ResidentCopy, install_resident_copy,
};
use sync_engine::Store;

use crate::setting::{Office, clerk, set, start};

const CITY: &str = "架空市";

fn resident(number: u32, name: &str, kana: &str, household: &str, address: &str) -> Resident {
    Resident {
        person_no: format!("{number:06}"),
        household_no: household.to_owned(),
        state: ResidentState::Resident,
        kind: ResidentKind::Japanese,
        name: name.to_owned(),
        kana: kana.to_owned(),
        alias: String::new(),
        alias_kana: String::new(),
        former_surname: String::new(),
        birth_date: format!("19{:02}-03-02", 10 + number % 80),
        sex: "female".to_owned(),
        relation: if number.is_multiple_of(10) {
            "世帯主"
        } else {
            "子"
        }
        .to_owned(),
        resident_code: String::new(),
        nationality: String::new(),
        qualifications: vec!["nhi".to_owned()],
        place: Some(Place {
            address: address.to_owned(),
            building: "架空ハイツ２０３".to_owned(),
            ..Place::default()
        }),
    }
}

fn people() -> Vec<Resident> {
    vec![
        resident(
            20,
            "髙﨑　花子",
            "タカサキ　ハナコ",
            "H1",
            "架空市架空町一丁目９番６号",
        ),
        resident(
            21,
            "髙﨑　次郎",
            "タカサキ　ジロウ",
            "H1",
            "架空市架空町一丁目９番６号",
        ),
        resident(
            30,
            "渡邉　守",
            "ワタナベ　マモル",
            "H2",
            "架空市秘密町二丁目２番２号",
        ),
        resident(
            31,
            "渡邉　光",
            "ワタナベ　ヒカリ",
            "H2",
            "架空市秘密町二丁目２番２号",
        ),
    ]
}

fn packed(people: &[Resident], persons: u64) -> Vec<u8> {
    let header = CopyHeader {
        format: COPY_FORMAT,
        city: CITY.to_owned(),
        as_of: "2027-03-30".to_owned(),
        persons,
    };
    let mut packer = zstd::stream::write::Encoder::new(Vec::new(), 1).unwrap();
    writeln!(packer, "{}", serde_json::to_string(&header).unwrap()).unwrap();
    for person in people {
        writeln!(packer, "{}", serde_json::to_string(person).unwrap()).unwrap();
    }
    packer.finish().unwrap()
}

/// Changes since a copy.
fn changes(copy: &[u8], changes: &[ResidentChange]) -> Vec<u8> {
    let is_put = |change: &&ResidentChange| matches!(change, ResidentChange::Put(_));
    let put = changes.iter().filter(is_put).count();
    let header = ChangesHeader {
        format: CHANGES_FORMAT,
        copy: blake3::hash(copy).to_hex().to_string(),
        as_of: "2027-04-01".to_owned(),
        put: put as u64,
        removed: (changes.len() - put) as u64,
    };
    let mut packer = zstd::stream::write::Encoder::new(Vec::new(), 1).unwrap();
    writeln!(packer, "{}", serde_json::to_string(&header).unwrap()).unwrap();
    for change in changes {
        writeln!(packer, "{}", serde_json::to_string(change).unwrap()).unwrap();
    }
    packer.finish().unwrap()
}

fn protecting(people: &[Resident]) -> Vec<u8> {
    serde_json::to_vec(&ProtectionList {
        format: PROTECTION_FORMAT,
        as_of: "2027-03-31".to_owned(),
        persons: people
            .iter()
            .map(|person| ProtectedPerson::of(person, "2028-03-30"))
            .collect(),
    })
    .unwrap()
}

/// Installs what has arrived at the first counter.
fn install(office: &mut Office) -> Result<Option<ResidentCopy>, InstallError> {
    let (store, branch) = office.counters.remove(0);
    let store = Mutex::new(store);
    let installed = install_resident_copy(&store, &mut |_| {});
    office
        .counters
        .insert(0, (store.into_inner().unwrap(), branch));
    installed
}

fn find(store: &CounterStore, text: &str) -> FoundResidents {
    store
        .find_residents(&ResidentQuery::parse(text, CITY).unwrap())
        .unwrap()
}

fn names(found: &FoundResidents) -> Vec<&str> {
    found
        .people
        .iter()
        .map(|one| one.resident.name.as_str())
        .collect()
}

fn office() -> Office {
    let mut office = Office::open();
    office.publish(RESIDENT_COPY, &packed(&people(), 4));
    office.sync(0);
    install(&mut office).unwrap().unwrap();
    office
}

#[test]
fn copy_is_searched_by_everything_a_clerk_knows() {
    let mut office = office();
    let store = office.counter(0);
    for (query, expected) in [
        ("高崎", vec!["髙﨑　次郎", "髙﨑　花子"]),
        ("タカサキ 1930-03-02", vec!["髙﨑　花子"]),
        ("ハナコ", vec!["髙﨑　花子"]),
        ("渡辺 守", vec!["渡邉　守"]),
        ("架空町1-9-6", vec!["髙﨑　次郎", "髙﨑　花子"]),
        ("ハイツ", vec![]),
        ("架空ハイツ 光", vec!["渡邉　光"]),
        ("000031", vec!["渡邉　光"]),
        ("1940年", vec!["渡邉　守"]),
        ("高崎 秘密町", vec![]),
    ] {
        assert_eq!(names(&find(store, query)), expected, "{query}");
    }
    let household = store.household("H1").unwrap();
    assert_eq!(household[0].resident.name, "髙﨑　花子");
    assert_eq!(household.len(), 2);
}

#[test]
fn protection_that_arrives_later_hides_the_whole_household() {
    let mut office = office();
    let protected = people().remove(2);
    assert!(!names(&find(office.counter(0), "秘密町2-2-2")).is_empty());
    office.publish(PROTECTION, &protecting(&[protected]));
    office.sync(0);
    let store = office.counter(0);
    assert!(find(store, "秘密町2-2-2").people.is_empty());
    for query in ["渡辺", "ワタナベ ヒカリ", "000030", "H2 渡辺"] {
        for one in find(store, query).people {
            assert!(one.protected && one.resident.place.is_none(), "{query}");
        }
    }
    for one in store.household("H2").unwrap() {
        assert!(one.protected && one.resident.place.is_none());
    }
    let other = store.resident("000020").unwrap().unwrap();
    assert!(!other.protected && other.resident.place.is_some());
}

#[test]
fn record_without_a_place_counts_as_protected() {
    let mut office = Office::open();
    let mut person = people().remove(0);
    person.place = None;
    office.publish(RESIDENT_COPY, &packed(&[person], 1));
    office.sync(0);
    install(&mut office).unwrap();
    assert!(find(office.counter(0), "高崎").people[0].protected);
}

#[test]
fn old_copy_stays_until_the_new_one_is_whole() {
    let mut office = office();
    let path = office.folder.path().join("counter-1.db.residents");
    let before = std::fs::read(&path).unwrap();
    // One person too few: the copy is cut off.
    office.publish(RESIDENT_COPY, &packed(&people()[..2], 4));
    office.sync(0);
    assert!(install(&mut office).is_err());
    assert_eq!(std::fs::read(&path).unwrap(), before);
    assert_eq!(office.counter(0).resident_copy().unwrap().version, 1);
    assert_eq!(find(office.counter(0), "渡辺").people.len(), 2);

    office.publish(RESIDENT_COPY, &packed(&people()[..2], 2));
    office.sync(0);
    assert_eq!(install(&mut office).unwrap().unwrap().version, 3);
    assert!(find(office.counter(0), "渡辺").people.is_empty());
    assert!(install(&mut office).unwrap().is_none());
    let unfinished = office.folder.path().join("counter-1.db.residents.new");
    assert!(!unfinished.exists());
}

#[test]
fn installed_copy_is_there_after_a_restart_and_unreadable_without_the_key() {
    let mut office = office();
    let (store, branch) = office.counters.remove(0);
    store.close().unwrap();
    let store = crate::setting::counter(office.folder.path(), 1, &office.clock);
    assert_eq!(names(&find(&store, "渡辺 光")), ["渡邉　光"]);
    office.counters.insert(0, (store, branch));
    let bytes = std::fs::read(office.folder.path().join("counter-1.db.residents")).unwrap();
    let contains = |text: &str| {
        bytes
            .windows(text.len())
            .any(|part| part == text.as_bytes())
    };
    assert!(!contains("秘密町") && !contains("SQLite format 3") && !contains("ワタナベ"));
}

#[test]
fn damaged_index_is_made_anew() {
    let mut office = office();
    let (store, branch) = office.counters.remove(0);
    store.close().unwrap();
    let path = office.folder.path().join("counter-1.db.residents");
    std::fs::write(&path, b"not an index").unwrap();
    let store = crate::setting::counter(office.folder.path(), 1, &office.clock);
    assert!(store.resident_copy().is_none());
    office.counters.insert(0, (store, branch));
    assert!(install(&mut office).unwrap().is_some());
    assert_eq!(find(office.counter(0), "渡辺").people.len(), 2);
}

#[test]
fn case_of_a_protected_person_is_known_at_both_ends() {
    let mut office = Office::open();
    let case = start(office.counter(0), "07").case;
    set(office.counter(0), case, "member.1.name", "渡辺　守");
    set(office.counter(0), case, "member.1.birth_date", "1940-03-02");
    let other = start(office.counter(0), "07").case;
    set(office.counter(0), other, "member.1.name", "架空　太郎");
    office.sync(0);
    let rows = |office: &mut Office| -> Vec<(bool, Vec<String>)> {
        let board = office.counter(0).board(9).unwrap();
        board
            .into_iter()
            .map(|row| (row.protected, row.persons))
            .collect()
    };
    assert!(rows(&mut office).iter().all(|(protected, _)| !protected));
    office.publish(PROTECTION, &protecting(&people()[2..3]));
    office.sync(0);
    let marked: Vec<_> = rows(&mut office)
        .into_iter()
        .filter(|(protected, _)| *protected)
        .collect();
    assert_eq!(marked, [(true, Vec::new())]);
    assert!(office.counter(0).case(case).unwrap().unwrap().protected);
    assert!(office.hub.case(case).unwrap().unwrap().protected);
    assert!(!office.hub.case(other).unwrap().unwrap().protected);
    let queue = office.hub.cases(9).unwrap();
    assert_eq!(queue.iter().filter(|row| row.protected).count(), 1);
    // Nobody's protection ends by an unreadable list.
    office.publish(PROTECTION, b"[]");
    office.sync(0);
    assert!(office.counter(0).case(case).unwrap().unwrap().protected);
}

#[test]
fn flag_set_by_hand_holds_without_any_list() {
    let mut office = Office::open();
    let case = start(office.counter(0), "07").case;
    let flag = counter_store::FieldEntry {
        path: "member.1.protected".into(),
        value: counter_domain::draft::FieldValue::Flag(true),
        source: counter_domain::draft::Source::Staff,
        confidence: None,
    };
    office
        .counter(0)
        .set_fields(case, &clerk(), &[flag])
        .unwrap();
    office.sync(0);
    assert!(office.hub.case(case).unwrap().unwrap().protected);
}

#[test]
fn protection_is_among_the_datasets_and_names_nobody() {
    let mut office = office();
    office.publish(PROTECTION, &protecting(&people()));
    office.sync(0);
    let list = office.counter(0).dataset(PROTECTION).unwrap().unwrap();
    let text = String::from_utf8(list.bytes).unwrap();
    for personal in ["渡", "秘密", "000030", "H2"] {
        assert!(!text.contains(personal));
    }
    let offered = office.counter(0).datasets().unwrap();
    assert!(offered.iter().any(|one| one.name == PROTECTION));
}

#[test]
fn changes_travel_without_the_copy_and_are_followed() {
    let mut office = office();
    let copy = packed(&people(), 4);
    let mut moved = people().remove(0);
    moved.place.as_mut().unwrap().address = "架空市新町５番".to_owned();
    let fresh = resident(40, "架空　桃", "カクウ　モモ", "H1", "架空市新町５番");
    let put = |person: &Resident| ResidentChange::Put(Box::new(person.clone()));
    let first = [
        put(&moved),
        put(&fresh),
        ResidentChange::Remove("000031".to_owned()),
    ];
    office.publish(RESIDENT_CHANGES, &changes(&copy, &first));
    office.sync(0);
    let installed = install(&mut office).unwrap().unwrap();
    assert_eq!(
        (installed.version, installed.changes, installed.persons),
        (1, 1, 4)
    );
    assert_eq!(installed.as_of, "2027-04-01");
    let store = office.counter(0);
    assert_eq!(names(&find(store, "新町5")), ["架空　桃", "髙﨑　花子"]);
    assert!(find(store, "光").people.is_empty());
    // The next changes hold everything since the copy; what is not in them is as in the copy.
    office.publish(RESIDENT_CHANGES, &changes(&copy, &first[1..2]));
    office.sync(0);
    install(&mut office).unwrap().unwrap();
    assert_eq!(names(&find(office.counter(0), "新町5")), ["架空　桃"]);
    assert!(install(&mut office).unwrap().is_none());
}

#[test]
fn changes_of_a_copy_that_is_not_here_wait_for_it() {
    let mut office = office();
    let next = packed(&people()[..2], 2);
    let gone = [ResidentChange::Remove("000021".to_owned())];
    office.publish(RESIDENT_CHANGES, &changes(&next, &gone));
    office.sync(0);
    assert!(install(&mut office).unwrap().is_none(), "the index stays");
    assert_eq!(find(office.counter(0), "高崎").people.len(), 2);
    office.publish(RESIDENT_COPY, &next);
    office.sync(0);
    let installed = install(&mut office).unwrap().unwrap();
    assert_eq!((installed.version, installed.changes), (2, 1));
    assert_eq!(names(&find(office.counter(0), "高崎")), ["髙﨑　花子"]);
}

#[test]
fn damaged_changes_leave_the_installed_copy() {
    let mut office = office();
    let copy = packed(&people(), 4);
    let mut cut = changes(&copy, &[ResidentChange::Remove("000031".to_owned())]);
    cut.truncate(cut.len() - 9);
    office.publish(RESIDENT_CHANGES, &cut);
    office.sync(0);
    let installed = install(&mut office);
    assert!(!matches!(installed, Ok(Some(_))));
    assert_eq!(find(office.counter(0), "渡辺").people.len(), 2);
}

#[test]
fn nearest_names_stand_first_and_who_left_stands_last() {
    let mut office = Office::open();
    let person = |number, name, kana, state| {
        let mut person = resident(number, name, kana, "H9", "架空市架空町1");
        person.state = state;
        person
    };
    let here = ResidentState::Resident;
    let people = [
        person(1, "架空　葵", "カクウ　アオイ", here),
        person(2, "葵　健", "アオイ　ケン", here),
        person(3, "葵　一", "アオイ　ハジメ", ResidentState::MovedOut),
        person(4, "青井　恵", "アオイ　メグミ", here),
    ];
    office.publish(RESIDENT_COPY, &packed(&people, 4));
    office.sync(0);
    install(&mut office).unwrap();
    let store = office.counter(0);
    let expected = ["葵　健", "青井　恵", "架空　葵", "葵　一"];
    assert_eq!(names(&find(store, "アオイ")), expected);
    assert_eq!(names(&find(store, "aoi")), expected);
    assert_eq!(names(&find(store, "葵健")), ["葵　健"]);
    assert_eq!(names(&find(store, "アオイケン")), ["葵　健"]);
    let left = store.left_household("H9").unwrap();
    assert_eq!(left.len(), 1);
    assert_eq!(store.household("H9").unwrap().len(), 3);
}
