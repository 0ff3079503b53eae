//! Events, and combinations a counter refuses with the reason and the way out.

#![expect(clippy::unwrap_used, reason = "a test stops at the first surprise")]

use std::collections::BTreeSet;

use counter_domain::address::{Address, AddressKind};
use counter_domain::deadline::{ClosedDays, FirstDay, Term, deadline};
use counter_domain::draft::{Draft, DraftField, FieldValue, Source};
use counter_domain::event::{Event, Filing};
use counter_domain::hlc::Hlc;
use counter_domain::ids::DeviceId;
use counter_domain::name::PersonName;
use counter_domain::refusal::{RefusalKind, refusals};
use counter_domain::residence::{ResidenceStatus, ResidenceStatuses, StayClass};
use jiff::ToSpan;
use jiff::civil::{Date, date};
use proptest::prelude::*;

const FILED: Date = date(2026, 11, 21);

fn draft(fields: &[(&str, &str)]) -> Draft {
    let mut draft = Draft::default();
    for (path, text) in fields {
        let value = match *text {
            "yes" => FieldValue::Flag(true),
            "no" => FieldValue::Flag(false),
            text => FieldValue::Text(text.to_owned()),
        };
        let field = DraftField {
            value,
            source: Source::Staff,
            confidence: None,
            by: "u0312".into(),
            at: Hlc(1),
            settles: None,
        };
        draft.insert((*path).into(), DeviceId([1; 16]), field);
    }
    draft
}

fn statuses() -> ResidenceStatuses {
    let status = |name: &str, class, limited, record| ResidenceStatus {
        name: name.to_owned(),
        english: name.to_owned(),
        class,
        limited,
        record,
        from: None,
        to: None,
    };
    ResidenceStatuses::new(vec![
        status("家族滞在", StayClass::MidLong, true, true),
        status("短期滞在", StayClass::MidLong, true, false),
        status("永住者", StayClass::MidLong, false, true),
        status("特別永住者", StayClass::SpecialPermanent, false, true),
        status("仮滞在許可者", StayClass::TemporaryRefuge, true, true),
    ])
}

/// A move-in of two with some fields changed.
fn refused(changes: &[(&str, &str)]) -> Vec<(String, RefusalKind)> {
    let mut fields = vec![
        ("event.type", "move_in"),
        ("event.flow", "ウ"),
        ("event.date", "2026-11-20"),
        ("address.new", "神奈川県藤沢市片瀬3丁目9番6号"),
        ("address.old", "横浜市西区みなとみらい1丁目1番"),
        ("member.1.name", "架空　太郎"),
        ("member.1.birth_date", "1986-05-02"),
        ("member.1.relation", "世帯主"),
        ("member.2.name", "架空　花子"),
        ("member.2.birth_date", "1988-04-01"),
        ("member.2.relation", "妻"),
    ];
    for (path, text) in changes {
        fields.retain(|(known, _)| known != path);
        fields.push((path, text));
    }
    let found = refusals(&draft(&fields), FILED, &statuses()).into_iter();
    found
        .map(|refusal| (refusal.path.0, refusal.kind))
        .collect()
}

#[track_caller]
fn check(changes: &[(&str, &str)], path: &str, kind: RefusalKind) {
    assert_eq!(refused(changes), [(path.to_owned(), kind)]);
    assert!(kind.reason_ja().ends_with('。') && kind.way_out_ja().ends_with('。'));
}

#[test]
fn ordinary_move_in_is_not_refused() {
    assert_eq!(refused(&[]), Vec::new());
}

#[test]
fn every_event_has_a_code_that_reads_back() {
    let codes: BTreeSet<&str> = Event::all().map(Event::code).collect();
    assert_eq!(codes.len(), 26);
    for event in Event::all() {
        assert_eq!(Event::from_code(event.code()), Some(event));
        assert!(!event.law().is_empty() || event == Event::Request);
    }
    assert_eq!(Event::from_code("moving"), None);
    assert_eq!(Event::Death.filing(), Filing::RegisterWithin(7));
}

#[test]
fn days_that_the_law_does_not_allow() {
    check(
        &[("event.date", "2026-11-25")],
        "event.date",
        RefusalKind::NotYetMoved,
    );
    check(
        &[("event.type", "move_out"), ("event.date", "2026-11-01")],
        "event.date",
        RefusalKind::LeftLongAgo,
    );
    assert_eq!(
        refused(&[("event.type", "move_out"), ("event.date", "2026-12-20")]),
        Vec::new()
    );
    assert_eq!(refused(&[("event.date", "令和8年11月日不詳")]), Vec::new());
}

#[test]
fn card_path_closes_after_fourteen_and_thirty_days() {
    let card = ("event.flow", "イ");
    assert_eq!(refused(&[card, ("event.date", "2026-11-07")]), Vec::new());
    check(
        &[card, ("event.date", "2026-11-06")],
        "event.flow",
        RefusalKind::CardPathClosed,
    );
    let planned = |day| ("event.planned_date", day);
    assert_eq!(refused(&[card, planned("2026-10-22")]), Vec::new());
    check(
        &[card, planned("2026-10-21")],
        "event.flow",
        RefusalKind::CardPathClosed,
    );
    assert_eq!(
        refused(&[("event.flow", "ウ"), ("event.date", "2026-11-06")]),
        Vec::new()
    );
}

#[test]
fn addresses_decide_which_event_it_is() {
    let here = "藤沢市朝日町1番地の1";
    check(
        &[("address.old", here)],
        "address.old",
        RefusalKind::MoveWithinInstead,
    );
    check(
        &[("event.type", "move_within")],
        "address.old",
        RefusalKind::NotWithinOneCity,
    );
    check(
        &[
            ("event.type", "move_within"),
            ("address.old", "神奈川県藤沢市片瀬３丁目９番６号"),
        ],
        "address.new",
        RefusalKind::SameAddress,
    );
    check(
        &[("address.new", "不明")],
        "address.new",
        RefusalKind::NewAddressNotAPlace,
    );
    for unknown in ["不明", "住所不定", "未届", "無し"] {
        assert_eq!(
            refused(&[("address.old", unknown)]),
            Vec::new(),
            "{unknown}"
        );
    }
}

#[test]
fn people_who_cannot_be_together_in_a_household() {
    check(
        &[("member.1.moving", "no"), ("member.2.moving", "no")],
        "member.1.moving",
        RefusalKind::NobodyMoves,
    );
    check(
        &[("member.3.name", "架空　春子"), ("member.3.relation", "妻")],
        "member.3.relation",
        RefusalKind::TwoSpouses,
    );
    check(
        &[
            ("member.2.relation", "子"),
            ("member.2.birth_date", "1980-01-01"),
        ],
        "member.2.relation",
        RefusalKind::ChildOlderThanHead,
    );
    // With an unknown day in the same year nobody can say who is older.
    assert_eq!(
        refused(&[
            ("member.2.relation", "子"),
            ("member.2.birth_date", "1986-00-00")
        ]),
        Vec::new()
    );
    check(
        &[("event.type", "death"), ("answer.m1.deceased", "yes")],
        "member.1.relation",
        RefusalKind::DeadHead,
    );
    check(
        &[
            ("notifier.member", "2"),
            ("member.2.birth_date", "2012-01-01"),
            ("member.2.relation", "子"),
        ],
        "notifier.member",
        RefusalKind::NotifierUnderFifteen,
    );
    check(
        &[("member.2.birth_date", "2026-11-21")],
        "member.2.birth_date",
        RefusalKind::BornAfterEvent,
    );
    check(
        &[
            ("member.2.nationality", "架空国"),
            ("member.2.residence_class", "none"),
        ],
        "member.2.residence_class",
        RefusalKind::NoResidenceClass,
    );
}

#[test]
fn head_who_goes_leaves_somebody_of_fifteen() {
    let out = [
        ("event.type", "move_out"),
        ("event.date", "2026-11-30"),
        ("member.2.moving", "no"),
        ("member.2.relation", "子"),
    ];
    let with = |birth| [&out[..], &[("member.2.birth_date", birth)]].concat();
    check(
        &with("2012-01-01"),
        "member.2.moving",
        RefusalKind::OnlyChildrenStay,
    );
    assert_eq!(refused(&with("2011-11-01")), Vec::new());
}

#[test]
fn marriage_and_adoption_have_ages() {
    let marriage = [
        ("event.type", "marriage"),
        ("answer.m1.marries", "yes"),
        ("answer.m2.marries", "yes"),
    ];
    let with = |birth| [&marriage[..], &[("member.2.birth_date", birth)]].concat();
    check(
        &with("2008-11-21"),
        "member.2.birth_date",
        RefusalKind::TooYoungToMarry,
    );
    assert_eq!(refused(&with("2008-11-20")), Vec::new());
    check(
        &[
            ("event.type", "adoption"),
            ("answer.m1.adopts", "yes"),
            ("answer.m2.adopted", "yes"),
            ("member.2.birth_date", "1985-01-01"),
        ],
        "member.2.birth_date",
        RefusalKind::AdoptedOlder,
    );
    check(
        &[
            ("event.type", "adoption"),
            ("answer.m2.adopts", "yes"),
            ("member.2.birth_date", "2006-11-21"),
        ],
        "member.2.birth_date",
        RefusalKind::AdopterTooYoung,
    );
    check(
        &[
            &marriage[..],
            &[
                ("member.3.name", "架空　春子"),
                ("member.3.relation", "同居人"),
                ("answer.m3.marries", "yes"),
            ],
        ]
        .concat(),
        "member.3.moving",
        RefusalKind::TooManyMarry,
    );
}

#[test]
fn newborn_may_be_without_a_name_and_nobody_else() {
    let newborn = [
        ("event.type", "birth"),
        ("member.2.name", "架空　未定"),
        ("member.2.birth_date", "2026-11-20"),
        ("member.2.relation", "子"),
    ];
    check(
        &[
            &newborn[..],
            &[
                ("answer.m2.newborn", "yes"),
                ("member.2.birth_date", "2026-11-19"),
            ],
        ]
        .concat(),
        "member.2.birth_date",
        RefusalKind::BirthDayDiffers,
    );
    assert_eq!(
        refused(&[&newborn[..], &[("answer.m2.newborn", "yes")]].concat()),
        Vec::new()
    );
    check(&newborn, "member.2.name", RefusalKind::NamelessNotNewborn);
}

#[test]
fn who_crosses_the_border_files_another_event() {
    let abroad = "国外（アメリカ合衆国）";
    check(
        &[("address.old", abroad)],
        "address.old",
        RefusalKind::FromAbroadInstead,
    );
    let back = ("event.type", "move_in_abroad");
    assert_eq!(refused(&[back, ("address.old", abroad)]), Vec::new());
    assert_eq!(refused(&[back, ("address.old", "タイ")]), Vec::new());
    check(&[back], "address.old", RefusalKind::NotFromAbroad);
    let here = ("address.old", "神奈川県藤沢市片瀬3丁目9番6号");
    let out = ("event.type", "move_out");
    check(
        &[out, here, ("address.new", "国外")],
        "address.new",
        RefusalKind::ToAbroadInstead,
    );
    let away = ("event.type", "move_out_abroad");
    assert_eq!(refused(&[away, here, ("address.new", "タイ")]), Vec::new());
    check(
        &[away, here, ("address.new", "東京都千代田区霞が関1丁目")],
        "address.new",
        RefusalKind::NotToAbroad,
    );
}

#[test]
fn what_has_not_happened_is_not_called_a_move() {
    for event in ["death", "hh_split"] {
        check(
            &[("event.type", event), ("event.date", "2026-11-25")],
            "event.date",
            RefusalKind::NotYetHappened,
        );
    }
}

#[test]
fn sex_and_age_fit_the_relation() {
    check(
        &[("member.2.sex", "男")],
        "member.2.sex",
        RefusalKind::SexAgainstRelation,
    );
    check(
        &[("member.2.relation", "子の夫"), ("member.2.sex", "女")],
        "member.2.sex",
        RefusalKind::SexAgainstRelation,
    );
    // Partners who are not registered are recorded as the city does.
    assert_eq!(
        refused(&[("member.2.relation", "妻（未届）"), ("member.2.sex", "男")]),
        Vec::new()
    );
    for (relation, born) in [
        ("母", "1988-04-01"),
        ("兄", "1986-05-03"),
        ("妹", "1986-05-01"),
    ] {
        check(
            &[
                ("member.2.relation", relation),
                ("member.2.birth_date", born),
            ],
            "member.2.relation",
            RefusalKind::AgeAgainstRelation,
        );
    }
    // Twins, and somebody of whom the month is not known.
    for (relation, born) in [("弟", "1986-05-02"), ("兄", "昭和61年月日不詳")] {
        let fields = [
            ("member.2.relation", relation),
            ("member.2.birth_date", born),
        ];
        assert_eq!(refused(&fields), Vec::new(), "{relation} {born}");
    }
    check(
        &[
            ("member.1.birth_date", "2012-01-01"),
            ("member.2.relation", "縁故者"),
        ],
        "member.1.relation",
        RefusalKind::HeadUnderFifteen,
    );
}

#[test]
fn one_person_is_written_once_and_twins_twice() {
    let third = [
        ("member.3.name", "架空　花子"),
        ("member.3.birth_date", "1988-04-01"),
        ("member.3.relation", "同居人"),
    ];
    check(&third, "member.3.name", RefusalKind::SamePersonTwice);
    for other in [
        ("member.3.name", "架空　華子"),
        ("member.3.birth_date", "1988-04-02"),
    ] {
        assert_eq!(refused(&[&third[..], &[other]].concat()), Vec::new());
    }
    // Two heads of one name, one before and one after, are father and son.
    assert_eq!(
        refused(&[
            ("member.2.name", "架空　太郎"),
            ("member.2.relation", "子"),
            ("member.2.birth_date", "2010-01-01")
        ]),
        Vec::new()
    );
}

#[test]
fn two_households_file_apart_unless_they_come_together() {
    let two = [
        ("event.date", "2026-11-30"),
        ("member.1.relation_before", "世帯主"),
        ("member.2.relation_before", "世帯主"),
        ("member.2.relation", "同居人"),
    ];
    check(
        &[&two[..], &[("event.type", "move_out")]].concat(),
        "member.2.relation_before",
        RefusalKind::TwoHouseholdsBefore,
    );
    let merge = [("event.type", "hh_merge"), ("event.date", "2026-11-20")];
    assert_eq!(refused(&[&two[..], &merge].concat()), Vec::new());
}

#[test]
fn one_filing_makes_one_new_household() {
    let apart = [
        ("event.type", "hh_split"),
        ("address.old", "神奈川県藤沢市片瀬3丁目9番6号"),
        ("member.2.relation", "世帯主"),
    ];
    check(&apart, "member.2.relation", RefusalKind::SeveralHeadsAfter);
    // Whoever stays has a head of their own.
    let stays = [&apart[..], &[("member.1.moving", "no")]].concat();
    assert_eq!(refused(&stays), Vec::new());
}

#[test]
fn stay_that_gives_no_record_or_is_over() {
    let foreign = [
        ("event.type", "move_in_abroad"),
        ("address.old", "国外"),
        ("member.2.nationality", "外国"),
        ("member.2.residence_class", "mid_long"),
    ];
    let with = |field, value| [&foreign[..], &[(field, value)]].concat();
    check(
        &with("member.2.residence_status", "短期滞在"),
        "member.2.residence_status",
        RefusalKind::StatusWithoutRecord,
    );
    assert_eq!(
        refused(&with("member.2.residence_status", "家族滞在")),
        Vec::new()
    );
    check(
        &with("member.2.residence_expires", "2026-09-20"),
        "member.2.residence_expires",
        RefusalKind::StayOver,
    );
    // While a decision is awaited the stay goes on for two months.
    assert_eq!(
        refused(&with("member.2.residence_expires", "2026-09-21")),
        Vec::new()
    );
    // Whoever leaves may leave late.
    let leaves = [
        ("event.type", "move_out"),
        ("address.old", "神奈川県藤沢市片瀬3丁目9番6号"),
        ("address.new", "横浜市西区みなとみらい1丁目1番"),
    ];
    let gone = [
        &with("member.2.residence_expires", "2026-09-20")[..],
        &leaves,
    ]
    .concat();
    assert_eq!(refused(&gone), Vec::new());
}

#[test]
fn status_period_and_class_agree() {
    let with = |fields: &[(&'static str, &'static str)]| {
        let foreign = [
            ("event.type", "move_in_abroad"),
            ("address.old", "国外"),
            ("member.2.nationality", "外国"),
        ];
        [&foreign[..], fields].concat()
    };
    let (class, status) = ("member.2.residence_class", "member.2.residence_status");
    let (period, expires) = ("member.2.residence_period", "member.2.residence_expires");
    for (fields, path, kind) in [
        (
            with(&[(class, "mid_long"), (status, "永住者"), (period, "5年")]),
            period,
            RefusalKind::StayWithoutEnd,
        ),
        (
            with(&[
                (class, "mid_long"),
                (status, "永住者"),
                (expires, "2033-01-01"),
            ]),
            expires,
            RefusalKind::StayWithoutEnd,
        ),
        (
            with(&[
                (class, "mid_long"),
                (status, "家族滞在"),
                (period, "無期限"),
            ]),
            period,
            RefusalKind::StayHasAnEnd,
        ),
        (
            with(&[(class, "mid_long"), (status, "家族滞在"), (period, "３月")]),
            period,
            RefusalKind::StayTooShort,
        ),
        (
            with(&[(class, "mid_long"), (status, "特別永住者")]),
            class,
            RefusalKind::ClassAgainstStatus,
        ),
    ] {
        check(&fields, path, kind);
    }
    for right in [
        with(&[(class, "mid_long"), (status, "永住者"), (period, "無期限")]),
        with(&[
            (class, "special_permanent"),
            (status, "特別永住者"),
            (period, "***"),
        ]),
        // Three months are too short for a status, not for a permit.
        with(&[
            (class, "temporary_refuge"),
            (status, "仮滞在許可者"),
            (period, "3月"),
        ]),
        // What the catalogue does not know is a person's to judge.
        with(&[
            (class, "mid_long"),
            (status, "これから出来る資格"),
            (period, "無期限"),
        ]),
    ] {
        assert_eq!(refused(&right), Vec::new());
    }
}

#[test]
fn names_of_every_length_and_shape_are_kept() {
    let long = "KAKUU ".repeat(17);
    assert!(long.len() > 100);
    assert_eq!(PersonName::new(long.clone()).as_str(), long);
    assert!(PersonName::new("MOHAMMAD").has_one_part());
    assert!(!PersonName::new("架空　太郎").has_one_part());
    assert!(PersonName::new("架空　未定").is_undecided());
    assert!(!PersonName::new("未定　太郎").is_undecided());
}

#[test]
fn address_that_is_no_place_says_what_it_is() {
    for (text, kind) in [
        ("藤沢市朝日町1番地の1", AddressKind::Place),
        ("不明", AddressKind::Unknown),
        ("住所不定", AddressKind::Nowhere),
        ("国外", AddressKind::Abroad),
    ] {
        assert_eq!(Address::parse(text).kind(), kind, "{text}");
    }
}

fn any_day() -> impl Strategy<Value = Date> {
    (0_i64..3000).prop_map(|days| date(2024, 1, 1).checked_add(days.days()).unwrap())
}

proptest! {
    #[test]
    fn deadline_is_an_open_day_and_never_before_the_term(from in any_day(), days in 1..60_u16) {
        let closed: ClosedDays = [date(2026, 11, 23), date(2027, 1, 1)].into_iter().collect();
        let plain = from.checked_add(i64::from(days).days()).unwrap();
        let last = deadline(from, Term::Days(days), FirstDay::NotCounted, &closed).unwrap();
        prop_assert!(last >= plain && !closed.contains(last));
        let mut day = plain;
        while day < last {
            prop_assert!(closed.contains(day));
            day = day.tomorrow().unwrap();
        }
        let counted = deadline(from, Term::Days(days), FirstDay::Counted, &closed).unwrap();
        prop_assert!(counted <= last);
    }

    #[test]
    fn any_text_in_a_draft_is_read_without_a_panic(
        event in "[a-z_]{0,12}|move_in|move_out|death",
        day in "\\PC{0,12}",
        name in "\\PC{0,120}",
        address in "\\PC{0,40}",
        relation in "\\PC{0,10}",
    ) {
        let fields = [
            ("event.type", event.as_str()),
            ("event.date", day.as_str()),
            ("member.1.name", name.as_str()),
            ("member.1.birth_date", day.as_str()),
            ("member.1.relation", relation.as_str()),
            ("address.new", address.as_str()),
            ("address.old", address.as_str()),
            ("notifier.member", relation.as_str()),
        ];
        for refusal in refusals(&draft(&fields), FILED, &statuses()) {
            prop_assert!(!refusal.kind.reason_ja().is_empty());
        }
    }
}
