//! The resident copy at the desk, and what is left out for people under protection.
#![expect(clippy::unwrap_used, reason = "a test stops at what it did not expect")]

use std::io::Write as _;

use counter_api::{CopyChoice, Password, ResidentsView, StaffAction, StaffScreen, Step};
use counter_domain::draft::Source;
use counter_domain::protection::{PROTECTION, PROTECTION_FORMAT, ProtectedPerson, ProtectionList};
use counter_domain::resident::{
    COPY_FORMAT, CopyHeader, PastChange, Place, RESIDENT_COPY, Resident, ResidentKind,
    ResidentState,
};
use counter_store::install_resident_copy;
use todoked::devices::Happened;

use crate::rig::{COLLEAGUE, Rig, SECRET, taro};

const SECRET_PLACE: &str = "秘密町二丁目２番２号";

pub(crate) fn resident(
    number: &str,
    household: &str,
    name: &str,
    kana: &str,
    born: &str,
) -> Resident {
    Resident {
        person_no: number.to_owned(),
        household_no: household.to_owned(),
        state: ResidentState::Resident,
        kind: ResidentKind::Japanese,
        name: name.to_owned(),
        kana: kana.to_owned(),
        alias: String::new(),
        alias_kana: String::new(),
        former_surname: String::new(),
        birth_date: born.to_owned(),
        sex: "female".to_owned(),
        relation: "世帯主".to_owned(),
        resident_code: String::new(),
        nationality: String::new(),
        qualifications: vec!["nhi".to_owned()],
        place: Some(Place {
            address: "六会市架空町三丁目３番３号".to_owned(),
            domicile: "六会市本籍町1番地".to_owned(),
            register_head: "見本　一".to_owned(),
            since: "2019-04-01".to_owned(),
            previous: "仮市仮町1番1号".to_owned(),
            ..Place::default()
        }),
    }
}

fn people() -> Vec<Resident> {
    let mut child = resident(
        "000011",
        "H00001",
        "見本　葵",
        "ミホン　アオイ",
        "2015-05-05",
    );
    "子".clone_into(&mut child.relation);
    child.qualifications = vec!["child_allowance:支給対象@2019-05-01".to_owned()];
    let mut gone = resident(
        "000012",
        "H00001",
        "見本　翔",
        "ミホン　ショウ",
        "1999-05-05",
    );
    gone.state = ResidentState::MovedOut;
    let place = gone.place.as_mut().unwrap();
    place.history = vec![PastChange {
        day: "2019-04-01".to_owned(),
        what: "転入".to_owned(),
        place: "仮市仮町1番1号".to_owned(),
    }];
    "2025-03-31".clone_into(&mut place.out_date);
    "仮県仮市".clone_into(&mut place.out_to);
    let mut hidden = resident(
        "000020",
        "H00002",
        "仮名　守",
        "カメイ　マモル",
        "1990-05-05",
    );
    hidden.place.as_mut().unwrap().address = format!("六会市{SECRET_PLACE}");
    vec![
        resident(
            "000010",
            "H00001",
            "見本　恵",
            "ミホン　メグミ",
            "1980-01-01",
        ),
        child,
        hidden,
        resident(
            "000030",
            "H00003",
            "架空　太郎",
            "カクウ　タロウ",
            "1985-07-14",
        ),
        gone,
    ]
}

/// A counter with the copy installed, and a reception open.
fn counter() -> Rig {
    counter_of(Rig::new(), &people())
}

/// A counter with a copy of these people, a reception and the search open.
pub(crate) fn counter_of(mut rig: Rig, people: &[Resident]) -> Rig {
    let header = CopyHeader {
        format: COPY_FORMAT,
        city: "六会市".to_owned(),
        as_of: "2026-11-20".to_owned(),
        persons: people.len() as u64,
    };
    let mut packer = zstd::stream::write::Encoder::new(Vec::new(), 1).unwrap();
    writeln!(packer, "{}", serde_json::to_string(&header).unwrap()).unwrap();
    for person in people {
        writeln!(packer, "{}", serde_json::to_string(person).unwrap()).unwrap();
    }
    rig.arrives(RESIDENT_COPY, 1, packer.finish().unwrap());
    install_resident_copy(&rig.store, &mut |_| {})
        .unwrap()
        .unwrap();
    rig.sign_in();
    rig.staff(StaffAction::StartReception);
    rig.staff(StaffAction::OpenResidents);
    rig
}

pub(crate) fn protect(rig: &mut Rig, person: usize) {
    let list = ProtectionList {
        format: PROTECTION_FORMAT,
        as_of: "2026-11-21".to_owned(),
        persons: vec![ProtectedPerson::of(&people()[person], "2027-03-31")],
    };
    rig.arrives(PROTECTION, 1, serde_json::to_vec(&list).unwrap());
}

pub(crate) fn find(rig: &mut Rig, text: &str) -> ResidentsView {
    rig.staff(StaffAction::FindResidents {
        text: text.to_owned(),
    });
    rig.reception().residents.unwrap()
}

fn source(rig: &Rig, path: &str) -> Option<Source> {
    let view = rig.reception();
    let members = view.members.iter().flat_map(|member| &member.fields);
    let mut fields = view.move_fields.iter().chain(members);
    fields.find(|field| field.path == path).unwrap().source
}

fn copy_value(rig: &Rig, path: &str) -> Option<String> {
    let view = rig.reception();
    let members = view.members.iter().flat_map(|member| &member.fields);
    let mut fields = view.move_fields.iter().chain(members);
    fields
        .find(|field| field.path == path)
        .unwrap()
        .copy_value
        .clone()
}

#[test]
fn whole_household_is_taken_with_its_source_and_undone_in_one_step() {
    let mut rig = counter();
    let found = find(&mut rig, "みほん めぐみ");
    assert_eq!(found.people.len(), 1);
    assert_eq!(found.people[0].address, "六会市架空町三丁目３番３号");
    assert!(found.people[0].qualifications.contains("国民健康保険"));
    rig.staff(StaffAction::ShowHousehold {
        person: "000010".to_owned(),
    });
    rig.staff(StaffAction::TakeHousehold);
    assert_eq!(rig.value("member.1.name"), "見本　恵");
    assert_eq!(rig.value("member.2.name"), "見本　葵");
    assert_eq!(rig.value("address.old"), "六会市架空町三丁目３番３号");
    assert_eq!(rig.value("head.old"), "見本　恵");
    assert_eq!(source(&rig, "member.2.kana"), Some(Source::ResidentCopy));
    assert!(rig.reception().residents.is_none());
    rig.staff(StaffAction::Undo);
    assert_eq!(rig.value("member.1.name"), "");
    assert_eq!(rig.reception().members.len(), 1);
}

#[test]
fn open_household_shows_its_history_and_what_each_is_registered_for() {
    let mut rig = counter();
    find(&mut rig, "みほん めぐみ");
    rig.staff(StaffAction::ShowHousehold {
        person: "000010".to_owned(),
    });
    let view = rig.reception().residents.unwrap();
    assert_eq!(view.people.len(), 2);
    let child = &view.people[1];
    assert_eq!(child.known, ["児童手当　支給対象　令和元年5月1日 から"]);
    assert_eq!(
        child.history,
        [
            "平成31年4月1日 からここに住んでいます",
            "前の住所　仮市仮町1番1号"
        ]
    );
    let gone = &view.left[0];
    assert_eq!(
        (gone.name.as_str(), gone.state.is_empty()),
        ("見本　翔", false)
    );
    assert_eq!(
        gone.history,
        [
            "令和7年3月31日　転出　仮県仮市",
            "平成31年4月1日　転入　仮市仮町1番1号"
        ]
    );
}

#[test]
fn history_of_a_protected_household_stays_at_head_office() {
    let mut rig = counter();
    protect(&mut rig, 0);
    find(&mut rig, "みほん めぐみ");
    rig.staff(StaffAction::ShowHousehold {
        person: "000010".to_owned(),
    });
    let view = rig.reception().residents.unwrap();
    let text = serde_json::to_string(&view).unwrap();
    assert!(!text.contains("仮市仮町"), "{text}");
    assert!(
        view.people
            .iter()
            .all(|one| one.protected && one.history.is_empty())
    );
}

#[test]
fn values_the_copy_says_differently_wait_for_a_person() {
    let mut rig = counter();
    rig.staff(StaffAction::ChoosePurpose {
        event: "move_within".to_owned(),
        flow: String::new(),
    });
    rig.set("member.1.name", "架空　太郎");
    rig.set("member.1.birth_date", "1985-07-14");
    rig.set("member.1.sex", "male");
    find(&mut rig, "カクウ");
    rig.staff(StaffAction::TakeResident {
        person: "000030".to_owned(),
    });
    assert_eq!(rig.value("member.1.sex"), "male");
    assert_eq!(copy_value(&rig, "member.1.sex").as_deref(), Some("女"));
    rig.staff(StaffAction::GoTo {
        step: Step::Household,
    });
    rig.set("event.date", "R8.11.14");
    rig.set("address.new", "六会市架空町一丁目９番６号");
    rig.set("head.new", "架空　太郎");
    rig.set("member.1.relation", "世帯主");
    let blocked = rig.reception().blocked_by.unwrap();
    assert!(blocked.contains("住民記録の副本と違います"), "{blocked}");
    rig.staff(StaffAction::ChooseCopy {
        path: "member.1.sex".to_owned(),
        choice: CopyChoice::Copy,
    });
    assert_eq!(rig.value("member.1.sex"), "female");
    assert_eq!(copy_value(&rig, "member.1.sex"), None);
    assert_eq!(rig.reception().blocked_by, None);
}

#[test]
fn chip_read_after_the_copy_keeps_the_copys_value_beside_it() {
    let mut rig = counter();
    find(&mut rig, "ミホン メグミ");
    rig.staff(StaffAction::TakeResident {
        person: "000010".to_owned(),
    });
    rig.lay_card(3);
    rig.happened(Happened::CardRead(Ok(taro())));
    assert_eq!(rig.value("member.1.name"), "架空　太郎");
    assert_eq!(source(&rig, "member.1.name"), Some(Source::Chip));
    assert_eq!(
        copy_value(&rig, "member.1.name").as_deref(),
        Some("見本　恵")
    );
    rig.staff(StaffAction::ChooseCopy {
        path: "member.1.name".to_owned(),
        choice: CopyChoice::Entered,
    });
    assert_eq!(rig.value("member.1.name"), "架空　太郎");
    assert_eq!(copy_value(&rig, "member.1.name"), None);
}

#[test]
fn nothing_about_where_a_protected_person_lives_is_sent_to_any_screen() {
    let mut rig = counter();
    assert!(!find(&mut rig, "秘密町2-2-2").people.is_empty());
    protect(&mut rig, 2);
    assert!(find(&mut rig, "秘密町2-2-2").people.is_empty());
    let found = find(&mut rig, "カメイ マモル");
    assert!(found.people[0].protected && found.people[0].address.is_empty());
    rig.staff(StaffAction::ShowHousehold {
        person: "000020".to_owned(),
    });
    let household = rig.reception();
    rig.staff(StaffAction::TakeHousehold);
    let taken = rig.reception();
    assert!(taken.protection.is_some());
    let everything = format!(
        "{}{}{}{}",
        serde_json::to_string(&found).unwrap(),
        serde_json::to_string(&household).unwrap(),
        serde_json::to_string(&taken).unwrap(),
        serde_json::to_string(&rig.desk.resident_view()).unwrap(),
    );
    assert!(!everything.contains("秘密町"));
}

/// Every output of the counter about a case that has been handed in, with the address typed into
/// it: none of them may hold it.
#[test]
fn no_output_of_a_handed_in_protected_case_has_its_address() {
    let mut rig = counter();
    rig.staff(StaffAction::CloseResidents);
    rig.staff(StaffAction::LeaveCase);
    rig.filled_reception();
    rig.set("address.new", &format!("六会市{SECRET_PLACE}"));
    rig.signed();
    // Taken in before anybody knew.
    rig.staff(StaffAction::Submit);
    protect(&mut rig, 3);
    let case = rig.reception().case;
    let view = serde_json::to_string(&rig.desk.staff_view()).unwrap();
    rig.staff(StaffAction::LeaveCase);
    let board = rig.desk.staff_view();
    let StaffScreen::Board { handed_in, .. } = &board.screen else {
        unreachable!("the board");
    };
    assert!(handed_in[0].protected);
    assert_eq!(handed_in[0].persons, "支援措置対象");
    let board = serde_json::to_string(&board).unwrap();
    rig.staff(StaffAction::OpenCase { case });
    let opened = serde_json::to_string(&rig.desk.staff_view()).unwrap();
    let effects = format!("{:?}", rig.effects);
    let resident = serde_json::to_string(&rig.desk.resident_view()).unwrap();
    for (output, text) in [
        ("the screen that handed it in", view),
        ("the board", board),
        ("the case opened again", opened),
        ("work for devices: receipts and forms", effects),
        ("the resident's display after handing in", resident),
    ] {
        assert!(!text.contains("秘密町"), "{output}");
    }
}

#[test]
fn only_who_takes_the_case_in_sees_the_addresses() {
    let mut rig = counter();
    rig.staff(StaffAction::CloseResidents);
    rig.set("member.1.name", "架空　太郎");
    rig.set("member.1.birth_date", "1985-07-14");
    rig.set("address.new", &format!("六会市{SECRET_PLACE}"));
    protect(&mut rig, 3);
    assert!(rig.value("address.new").contains("秘密町"));
    assert!(rig.reception().protection.is_some());
    let case = rig.reception().case;
    rig.staff(StaffAction::SignOut);
    rig.staff(StaffAction::SignIn {
        staff: COLLEAGUE.to_owned(),
        secret: Password::new(SECRET),
    });
    rig.staff(StaffAction::OpenCase { case });
    let seen = serde_json::to_string(&rig.desk.staff_view()).unwrap();
    assert!(!seen.contains("秘密町"));
    assert_eq!(rig.value("address.new"), "支援措置のため表示しません");
    // The resident is never told the word.
    let resident = serde_json::to_string(&rig.desk.resident_view()).unwrap();
    assert!(!resident.contains("支援措置"));
}

#[test]
fn without_a_copy_the_search_says_so() {
    let mut rig = Rig::new();
    rig.sign_in();
    rig.staff(StaffAction::StartReception);
    rig.staff(StaffAction::OpenResidents);
    let found = find(&mut rig, "ヤマダ");
    assert!(found.people.is_empty());
    assert!(found.message.contains("まだ届いていません"));
}
