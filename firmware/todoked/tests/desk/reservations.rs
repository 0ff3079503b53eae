//! Reservations and certificate data at the desk: found by the card, taken with their source, kept
//! beside what differs, taken out again; and cases of one visit.
#![expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test stops at what it did not expect"
)]

use std::io::Write as _;

use counter_api::{
    FieldView, FlowView, PreparedAction, PreparedView, StaffAction, StaffScreen, Step,
};
use counter_domain::draft::Source;
use counter_domain::prepared::{
    Newcomer, POOL_FORMAT, PREPARED_USES, PoolHeader, Prepared, PreparedKind, PreparedPlace,
    PreparedUses, UsedAt,
};
use counter_domain::protection::{
    PROTECTION, PROTECTION_FORMAT, ProtectedPerson, ProtectionList, likeness,
};
use sync_engine::PeerRole;
use todoked::devices::Happened;

use crate::rig::{Rig, carry, taro};

const OLD: &str = "東京都千代田区架空町1-2-3-405";
const NEW: &str = "六会市架空町一丁目９番６号";

fn person(name: &str, kana: &str, born: &str, sex: &str, relation: &str) -> Newcomer {
    Newcomer {
        name: name.to_owned(),
        kana: kana.to_owned(),
        birth_date: born.to_owned(),
        sex: sex.to_owned(),
        relation: relation.to_owned(),
        ..Newcomer::default()
    }
}

fn family() -> Vec<Newcomer> {
    vec![
        person(
            "架空　太郎",
            "カクウ　タロウ",
            "1985-07-14",
            "male",
            "世帯主",
        ),
        person("架空　花子", "カクウ　ハナコ", "1992-11-03", "female", "妻"),
    ]
}

fn reservation() -> Prepared {
    let day = "2026-11-21".to_owned();
    Prepared {
        people: family(),
        moving_on: "2026-11-14".to_owned(),
        head_new: "架空　太郎".to_owned(),
        place: Some(PreparedPlace {
            old: OLD.to_owned(),
            new: NEW.to_owned(),
            building: "架空ハイツ203号".to_owned(),
            phone: "090-0000-0000".to_owned(),
            ..PreparedPlace::default()
        }),
        wishes: vec!["card".to_owned()],
        ..Prepared::empty(PreparedKind::Reservation, "R8-000123".to_owned(), 1, day)
    }
}

fn move_out() -> Prepared {
    let number = "131016-8-004711".to_owned();
    let mut people = family();
    "東京都千代田区架空町１番地".clone_into(&mut people[0].domicile);
    "24727059608".clone_into(&mut people[0].resident_code);
    Prepared {
        people,
        head_old: "架空　太郎".to_owned(),
        special: true,
        place: Some(PreparedPlace {
            old: OLD.to_owned(),
            new: NEW.to_owned(),
            ..PreparedPlace::default()
        }),
        ..Prepared::empty(PreparedKind::MoveOut, number, 1, "2026-11-14".to_owned())
    }
}

fn arrives(rig: &mut Rig, kind: PreparedKind, version: u64, entries: &[Prepared]) {
    let header = PoolHeader {
        format: POOL_FORMAT,
        as_of: "2026-11-21".to_owned(),
        entries: entries.len() as u64,
    };
    let mut packer = zstd::stream::write::Encoder::new(Vec::new(), 1).unwrap();
    writeln!(packer, "{}", serde_json::to_string(&header).unwrap()).unwrap();
    for entry in entries {
        writeln!(packer, "{}", serde_json::to_string(entry).unwrap()).unwrap();
    }
    rig.arrives(kind.dataset(), version, packer.finish().unwrap());
}

/// A counter where both arrived, and staff signed in.
fn counter() -> Rig {
    let mut rig = Rig::new();
    arrives(&mut rig, PreparedKind::Reservation, 3, &[reservation()]);
    arrives(&mut rig, PreparedKind::MoveOut, 7, &[move_out()]);
    rig.sign_in();
    rig
}

fn read_card(rig: &mut Rig) {
    rig.staff(StaffAction::StartReception);
    rig.lay_card(3);
    rig.happened(Happened::CardRead(Ok(taro())));
}

#[track_caller]
fn deed(rig: &mut Rig, deed: PreparedAction) {
    rig.staff(StaffAction::Prepared { deed });
}

fn list(rig: &Rig) -> PreparedView {
    rig.desk.staff_view().prepared.unwrap()
}

fn flow(rig: &Rig) -> FlowView {
    rig.reception().flow.unwrap()
}

#[track_caller]
fn field(rig: &Rig, path: &str) -> FieldView {
    let view = rig.reception();
    let members = view.members.iter().flat_map(|member| &member.fields);
    let mut fields = view.move_fields.iter().chain(members);
    let found = fields.find(|field| field.path == path).cloned();
    found.unwrap_or_else(|| panic!("no field {path}"))
}

/// A field's value, its source, and what stands beside it.
#[track_caller]
fn check(rig: &Rig, path: &str, value: &str, source: Source, beside: &[&str]) {
    let field = field(rig, path);
    assert_eq!(
        (field.value.as_str(), field.source),
        (value, Some(source)),
        "{path}"
    );
    let others: Vec<&str> = field.beside.iter().map(|one| one.value.as_str()).collect();
    assert_eq!(others, beside, "{path}");
}

#[test]
fn card_finds_reservation_and_certificate_data_and_both_fill_the_case() {
    let mut rig = counter();
    read_card(&mut rig);
    let proposal = flow(&rig).proposal.unwrap();
    assert_eq!((proposal.flow.as_str(), proposal.take.len()), ("oss", 2));
    assert!(proposal.why.contains("合っています"), "{}", proposal.why);
    deed(&mut rig, PreparedAction::TakeProposed { anyway: false });
    check(&rig, "member.1.name", "架空　太郎", Source::Chip, &[]);
    check(
        &rig,
        "member.1.kana",
        "カクウ　タロウ",
        Source::Reservation,
        &[],
    );
    check(
        &rig,
        "member.2.name",
        "架空　花子",
        Source::Reservation,
        &[],
    );
    check(&rig, "member.2.relation", "妻", Source::Reservation, &[]);
    check(
        &rig,
        "member.2.nationality",
        "日本",
        Source::Certificate,
        &[],
    );
    check(&rig, "address.new", NEW, Source::Reservation, &[]);
    check(
        &rig,
        "domicile.place",
        "東京都千代田区架空町１番地",
        Source::Certificate,
        &[],
    );
    check(
        &rig,
        "event.date",
        "令和8年11月14日",
        Source::Reservation,
        &[],
    );
    let view = rig.reception();
    assert_eq!(view.event, "転入（予約）");
    let flow = flow(&rig);
    assert!(flow.proposal.is_none());
    let titles: Vec<&str> = flow.taken.iter().map(|one| one.title.as_str()).collect();
    assert_eq!(
        titles,
        [
            "転出証明書情報 131016-8-004711（第7版）を使っています",
            "予約 R8-000123（第3版）を使っています"
        ]
    );
    rig.staff(StaffAction::Undo);
    assert_eq!(rig.reception().members.len(), 1);
    assert!(self::flow(&rig).taken.is_empty() && self::flow(&rig).proposal.is_some());
}

#[test]
fn without_a_reservation_certificate_data_is_proposed_and_without_both_the_paper() {
    let mut rig = Rig::new();
    arrives(&mut rig, PreparedKind::MoveOut, 1, &[move_out()]);
    rig.sign_in();
    read_card(&mut rig);
    assert_eq!(flow(&rig).proposal.unwrap().flow, "card");
    let mut rig = Rig::new();
    let mut other = move_out();
    "2000-01-01".clone_into(&mut other.people[0].birth_date);
    arrives(&mut rig, PreparedKind::MoveOut, 1, &[other]);
    rig.sign_in();
    read_card(&mut rig);
    let proposal = flow(&rig).proposal.unwrap();
    assert_eq!((proposal.flow.as_str(), proposal.take.len()), ("paper", 0));
    deed(&mut rig, PreparedAction::TakeProposed { anyway: false });
    assert_eq!(rig.reception().event, "転入（転出証明書）");
    // What such a certificate has is copied from it; the rest the resident says.
    rig.set("member.1.kana", "カクウ　タロウ");
    rig.set("address.new", NEW);
    check(
        &rig,
        "member.1.kana",
        "カクウ　タロウ",
        Source::PaperCertificate,
        &[],
    );
    check(&rig, "address.new", NEW, Source::Staff, &[]);
    check(&rig, "member.1.name", "架空　太郎", Source::Chip, &[]);
}

#[test]
fn contradicting_sources_keep_both_values_until_a_person_chose() {
    let mut rig = Rig::new();
    let mut contradicting = move_out();
    "female".clone_into(&mut contradicting.people[0].sex);
    "架空　太朗".clone_into(&mut contradicting.people[0].name);
    arrives(&mut rig, PreparedKind::MoveOut, 1, &[contradicting]);
    rig.sign_in();
    read_card(&mut rig);
    // The name is another word; birth date and address alone are not enough with another sex.
    assert_eq!(flow(&rig).proposal.unwrap().take.len(), 0);
    deed(
        &mut rig,
        PreparedAction::Take {
            kind: PreparedKind::MoveOut,
            number: "131016-8-004711".to_owned(),
            anyway: false,
        },
    );
    // Staff took it for another person of the family; a person says that it is not.
    assert_eq!(rig.value("member.2.name"), "架空　太朗");

    let mut rig = Rig::new();
    let mut contradicting = reservation();
    "female".clone_into(&mut contradicting.people[0].sex);
    arrives(&mut rig, PreparedKind::Reservation, 1, &[contradicting]);
    arrives(&mut rig, PreparedKind::MoveOut, 1, &[move_out()]);
    rig.sign_in();
    read_card(&mut rig);
    assert!(flow(&rig).proposal.unwrap().why.contains("性別が違います"));
    deed(&mut rig, PreparedAction::TakeProposed { anyway: false });
    check(&rig, "member.1.sex", "male", Source::Chip, &["女"]);
    rig.staff(StaffAction::GoTo {
        step: Step::Household,
    });
    let blocked = rig.reception().blocked_by.unwrap();
    assert_eq!(
        blocked,
        "性別は、予約・転出証明書情報と違います。どちらかを選んでください。"
    );
    deed(
        &mut rig,
        PreparedAction::ChooseBeside {
            path: "member.1.sex".to_owned(),
            kind: Some(PreparedKind::Reservation),
        },
    );
    check(&rig, "member.1.sex", "female", Source::Reservation, &[]);
    // The reservation was somebody else's after all: what the chip says comes back.
    deed(
        &mut rig,
        PreparedAction::Release {
            kind: PreparedKind::Reservation,
            number: "R8-000123".to_owned(),
        },
    );
    check(&rig, "member.1.sex", "male", Source::Chip, &[]);
    rig.staff(StaffAction::Undo);
    rig.staff(StaffAction::Undo);
    deed(
        &mut rig,
        PreparedAction::ChooseBeside {
            path: "member.1.sex".to_owned(),
            kind: None,
        },
    );
    check(&rig, "member.1.sex", "male", Source::Chip, &[]);
    assert_eq!(rig.reception().blocked_by, None);
}

#[test]
fn chip_read_afterwards_keeps_what_the_reservation_says_beside() {
    let mut rig = counter();
    deed(&mut rig, PreparedAction::Open);
    let view = list(&rig);
    assert_eq!(view.day_words, "令和8年11月21日（きょう）");
    assert_eq!(view.rows.len(), 1);
    assert_eq!(view.rows[0].wishes, "マイナンバーカードの継続利用");
    deed(
        &mut rig,
        PreparedAction::Take {
            kind: PreparedKind::Reservation,
            number: "R8-000123".to_owned(),
            anyway: false,
        },
    );
    assert!(rig.desk.staff_view().prepared.is_none());
    rig.lay_card(3);
    let mut facts = taro();
    "架空　太朗".clone_into(&mut facts.name);
    rig.happened(Happened::CardRead(Ok(facts)));
    check(
        &rig,
        "member.1.name",
        "架空　太朗",
        Source::Chip,
        &["架空　太郎"],
    );
    check(&rig, "member.1.sex", "male", Source::Chip, &[]);
}

#[test]
fn list_is_turned_by_days_and_searched() {
    let mut rig = counter();
    deed(&mut rig, PreparedAction::Open);
    deed(&mut rig, PreparedAction::DayAfter);
    let view = list(&rig);
    assert_eq!(view.day_words, "令和8年11月22日（1日後）");
    assert!(view.rows.is_empty() && view.message.contains("この日の"));
    for (text, count) in [("カクウ", 2), ("000123", 1), ("1992-11-03", 2), ("山田", 0)] {
        let text = text.to_owned();
        deed(&mut rig, PreparedAction::Find { text });
        assert_eq!(list(&rig).rows.len(), count);
    }
    deed(&mut rig, PreparedAction::Close);
    assert!(matches!(
        rig.desk.staff_view().screen,
        StaffScreen::Board { .. }
    ));
}

#[test]
fn two_counters_do_not_take_the_same_one_without_knowing() {
    let (mut one, mut other) = (counter(), Rig::numbered(2));
    arrives(&mut other, PreparedKind::Reservation, 3, &[reservation()]);
    other.sign_in();
    read_card(&mut one);
    deed(&mut one, PreparedAction::TakeProposed { anyway: false });
    let number = one.reception().receipt_number;
    carry(&one, PeerRole::Counter, &mut other, PeerRole::Hub);
    read_card(&mut other);
    let row = flow(&other).proposal.unwrap().take.remove(0);
    assert_eq!(row.used_by, std::slice::from_ref(&number));
    let refused = other.refused(StaffAction::Prepared {
        deed: PreparedAction::TakeProposed { anyway: false },
    });
    assert_eq!(refused.code, "PREPARED-USED");
    assert!(refused.what.contains(&number));
    // A person may know better; then both cases say so.
    deed(&mut other, PreparedAction::TakeProposed { anyway: true });
    assert!(flow(&other).taken[0].caution.contains(&number));
}

#[test]
fn use_at_another_branch_is_known_from_head_office() {
    let mut rig = counter();
    let uses = PreparedUses {
        format: POOL_FORMAT,
        uses: vec![UsedAt {
            kind: PreparedKind::Reservation,
            number: "R8-000123".to_owned(),
            receipt_number: "03-1-261121-0007-3".to_owned(),
        }],
    };
    rig.arrives(PREPARED_USES, 1, serde_json::to_vec(&uses).unwrap());
    deed(&mut rig, PreparedAction::Open);
    assert_eq!(list(&rig).rows[0].used_by, ["03-1-261121-0007-3"]);
}

#[test]
fn taking_it_out_again_loses_nothing_that_people_entered() {
    let mut rig = counter();
    read_card(&mut rig);
    deed(&mut rig, PreparedAction::TakeProposed { anyway: false });
    rig.set("notifier.phone", "080-1111-2222");
    rig.set("member.2.kana", "カクウ　ハナ");
    let release = |number: &str, kind| PreparedAction::Release {
        kind,
        number: number.to_owned(),
    };
    deed(&mut rig, release("R8-000123", PreparedKind::Reservation));
    assert_eq!(rig.reception().event, "転入（カード）");
    check(&rig, "member.1.name", "架空　太郎", Source::Chip, &[]);
    check(&rig, "notifier.phone", "080-1111-2222", Source::Staff, &[]);
    assert_eq!(rig.value("head.new"), "");
    check(
        &rig,
        "domicile.place",
        "東京都千代田区架空町１番地",
        Source::Certificate,
        &[],
    );
    assert_eq!(flow(&rig).taken.len(), 1);
    rig.staff(StaffAction::Undo);
    assert_eq!(rig.value("head.new"), "架空　太郎");
    assert_eq!(rig.value("member.2.name"), "架空　花子");
}

#[test]
fn withdrawn_and_changed_ones_are_told_where_they_are_used() {
    let mut rig = counter();
    read_card(&mut rig);
    deed(&mut rig, PreparedAction::TakeProposed { anyway: false });
    let changed = Prepared {
        revision: 2,
        ..reservation()
    };
    arrives(&mut rig, PreparedKind::Reservation, 4, &[changed]);
    arrives(&mut rig, PreparedKind::MoveOut, 8, &[]);
    let cautions: Vec<String> = flow(&rig)
        .taken
        .into_iter()
        .map(|one| one.caution)
        .collect();
    assert!(cautions[0].starts_with("取り下げられたか"), "{cautions:?}");
    assert!(cautions[1].starts_with("使ったあとで"), "{cautions:?}");
}

#[test]
fn nothing_about_where_a_protected_person_lives_is_sent_to_any_screen() {
    let mut rig = counter();
    let list = ProtectionList {
        format: PROTECTION_FORMAT,
        as_of: "2026-11-21".to_owned(),
        persons: vec![ProtectedPerson {
            digests: likeness(&["架空　花子"], "1992-11-03", ""),
            until: String::new(),
        }],
    };
    rig.arrives(PROTECTION, 1, serde_json::to_vec(&list).unwrap());
    deed(&mut rig, PreparedAction::Open);
    let shown = serde_json::to_string(&rig.desk.staff_view()).unwrap();
    deed(
        &mut rig,
        PreparedAction::Take {
            kind: PreparedKind::Reservation,
            number: "R8-000123".to_owned(),
            anyway: false,
        },
    );
    let taken = serde_json::to_string(&rig.desk.staff_view()).unwrap();
    assert!(rig.reception().protection.is_some());
    for text in [shown, taken] {
        for place in ["架空ハイツ", "090-0000", "１番地"] {
            assert!(!text.contains(place), "{place}");
        }
    }
}

#[test]
fn cases_of_one_visit_name_each_other() {
    let mut rig = counter();
    rig.staff(StaffAction::StartReception);
    let first = rig.reception();
    rig.staff(StaffAction::LeaveCase);
    read_card(&mut rig);
    let second = rig.reception();
    let link = |number: &str| PreparedAction::Link {
        receipt_number: number.to_owned(),
    };
    let refused = rig.refused(StaffAction::Prepared {
        deed: link("07-1-261121-9999"),
    });
    assert_eq!(refused.code, "LINK-NOT-FOUND");
    deed(&mut rig, link("0001"));
    let links = rig.reception().links;
    assert_eq!(
        (links.len(), &links[0].receipt_number),
        (1, &first.receipt_number)
    );
    rig.staff(StaffAction::LeaveCase);
    rig.staff(StaffAction::OpenCase { case: first.case });
    let links = rig.reception().links;
    assert_eq!(links[0].receipt_number, second.receipt_number);
    assert!(links[0].about.contains("架空　太郎"), "{}", links[0].about);
    deed(&mut rig, PreparedAction::Unlink { case: second.case });
    assert!(rig.reception().links.is_empty());
}
