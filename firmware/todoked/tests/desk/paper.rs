//! A certificate on paper read into a reception: what it fills, what a person decides, what goes
//! wrong. The scanner and the reader are played.
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a test stops at what it did not expect"
)]

use counter_api::{DeviceAction, FieldView, PaperAction, PaperState, ReadNeed, StaffAction, Step};
use counter_domain::draft::Source;
use counter_domain::reading::ReadField;
use document_reader::field::FieldName;
use page_scanner::ScanError;
use todoked::devices::{Effect, Happened};
use todoked::documents::{
    PaperFacts, PaperField, PaperFrom, PaperPage, PaperProgress, PaperTrouble,
};

use crate::rig::Rig;

fn said(member: Option<u8>, name: FieldName, value: &str, confidence: u8) -> PaperField {
    PaperField {
        member,
        name,
        read: ReadField {
            path: String::new(),
            label: name.label().to_owned(),
            value: value.to_owned(),
            as_read: value.to_owned(),
            others: Vec::new(),
            confidence,
            page: 0,
            place: [100, 200 + u32::from(member.unwrap_or(9)) * 40, 300, 30],
            snippet: "aWNo".to_owned(),
        },
    }
}

/// A household of two; the second name is doubtful.
fn facts() -> PaperFacts {
    use FieldName::{BirthDate, HealthInsurance, Name, NewAddress, OldAddress, Sex};
    PaperFacts {
        pages: vec![PaperPage {
            document: String::new(),
            jpeg: Some(page()),
            width: 1_000,
            height: 1_414,
        }],
        fields: vec![
            said(None, OldAddress, "架空県例示市湊町一丁目２番３号", 99),
            said(None, NewAddress, "六会市架空町一丁目９番６号", 99),
            said(Some(0), Name, "架空　太郎", 99),
            said(Some(0), BirthDate, "1985-07-14", 99),
            said(Some(0), Sex, "男", 99),
            said(Some(0), HealthInsurance, "有", 99),
            said(Some(1), Name, "架空　花子", 70),
            said(Some(1), BirthDate, "1992-11-03", 99),
        ],
    }
}

/// A small gray JPEG.
fn page() -> Vec<u8> {
    use image::ImageEncoder as _;
    let mut bytes = Vec::new();
    image::codecs::jpeg::JpegEncoder::new(&mut bytes)
        .write_image(&[200; 64 * 90], 64, 90, image::ExtendedColorType::L8)
        .unwrap();
    bytes
}

fn deed(rig: &mut Rig, deed: PaperAction) {
    rig.staff(StaffAction::Paper { deed });
}

fn reception() -> Rig {
    let mut rig = Rig::new();
    rig.sign_in();
    rig.staff(StaffAction::StartReception);
    rig
}

fn arrives(rig: &mut Rig, read: Result<PaperFacts, PaperTrouble>) {
    deed(rig, PaperAction::Scan);
    let case = rig.reception().case;
    rig.happened(Happened::PaperRead { case, read });
}

fn read() -> Rig {
    let mut rig = reception();
    arrives(&mut rig, Ok(facts()));
    rig.staff(StaffAction::GoTo {
        step: Step::Household,
    });
    rig
}

#[track_caller]
fn field(rig: &Rig, path: &str) -> FieldView {
    let view = rig.reception();
    let members = view.members.into_iter().flat_map(|member| member.fields);
    let mut fields = view.move_fields.into_iter().chain(members);
    fields.find(|field| field.path == path).expect("the field")
}

#[track_caller]
fn need(rig: &Rig, path: &str) -> ReadNeed {
    field(rig, path).read.expect("what was read").need
}

fn code(rig: &Rig) -> String {
    rig.desk.staff_view().notice.expect("a notice").code
}

fn state(rig: &Rig) -> Option<PaperState> {
    rig.reception().paper.map(|paper| paper.state)
}

#[test]
fn a_paper_fills_what_is_empty_and_marks_what_is_doubtful() {
    let rig = read();
    assert_eq!(code(&rig), "PAPER-READ-TO-LOOK");
    assert!(rig.reception().event.contains("転出証明書"));
    assert_eq!(rig.value("member.1.name"), "架空　太郎");
    assert_eq!(rig.value("member.2.birth_date"), "平成4年11月3日");
    assert_eq!(field(&rig, "member.1.name").source, Some(Source::Ocr));
    assert_eq!(need(&rig, "member.1.name"), ReadNeed::Nothing);
    assert_eq!(need(&rig, "member.2.name"), ReadNeed::Look);
    let paper = rig.reception().paper.expect("the paper");
    assert_eq!((paper.state, paper.to_look_at), (PaperState::Read, 1));
    assert_eq!(paper.also, ["1人目 国保　有"]);
}

#[test]
fn what_nobody_could_read_is_an_empty_field_with_its_picture_and_the_words_to_choose() {
    let mut facts = facts();
    facts.fields.push(PaperField {
        read: ReadField {
            as_read: "☐男　☐女".to_owned(),
            others: vec!["男".to_owned(), "女".to_owned()],
            ..said(Some(1), FieldName::Sex, "", 43).read
        },
        ..said(Some(1), FieldName::Sex, "", 43)
    });
    facts
        .fields
        .push(said(Some(1), FieldName::HealthInsurance, "", 43));
    let mut rig = reception();
    arrives(&mut rig, Ok(facts));
    rig.staff(StaffAction::GoTo {
        step: Step::Household,
    });
    let sex = field(&rig, "member.2.sex");
    assert_eq!((sex.value.as_str(), sex.source), ("", None));
    let read = sex.read.expect("what was read");
    assert_eq!(
        (read.need, read.snippet.as_str()),
        (ReadNeed::Offered, "aWNo")
    );
    let others: Vec<String> = read.others.into_iter().map(|other| other.value).collect();
    assert_eq!(others, ["male", "female"]);
    let also = rig.reception().paper.expect("the paper").also;
    assert_eq!(also.len(), 2);
    assert_eq!(also[1], "2人目 国保　読み取れません。紙を見てください。");
    deed(
        &mut rig,
        PaperAction::OpenSheet {
            page: 1,
            path: String::new(),
        },
    );
    let sheet = rig.reception().paper.expect("the paper").sheet;
    let on_sheet = sheet.expect("a page").fields;
    let sex = on_sheet.iter().find(|one| one.path == "member.2.sex");
    assert_eq!(sex.map(|one| one.need), Some(ReadNeed::Offered));
    deed(
        &mut rig,
        PaperAction::Take {
            path: "member.2.sex".to_owned(),
            value: "female".to_owned(),
        },
    );
    assert_eq!(rig.value("member.2.sex"), "female");
    assert_eq!(need(&rig, "member.2.sex"), ReadNeed::Nothing);
}

#[test]
fn a_doubtful_field_is_settled_by_looking_or_by_typing() {
    let mut rig = read();
    deed(
        &mut rig,
        PaperAction::Confirm {
            path: "member.2.name".to_owned(),
        },
    );
    assert_eq!(need(&rig, "member.2.name"), ReadNeed::Nothing);
    let mut rig = read();
    rig.set("member.2.name", "架空　華子");
    assert_eq!(need(&rig, "member.2.name"), ReadNeed::Offered);
    assert_eq!(rig.value("member.2.name"), "架空　華子");
}

#[test]
fn what_was_typed_stays_beside_the_paper_until_somebody_chooses() {
    let typed = || {
        let mut rig = reception();
        rig.set("member.1.name", "架空　太朗");
        rig.set("member.1.birth_date", "1985-07-14");
        arrives(&mut rig, Ok(facts()));
        rig.staff(StaffAction::GoTo {
            step: Step::Household,
        });
        assert_eq!(rig.value("member.1.name"), "架空　太朗");
        assert_eq!(need(&rig, "member.1.name"), ReadNeed::Choose);
        assert_eq!(rig.reception().members.len(), 2);
        rig
    };
    let path = || "member.1.name".to_owned();
    let mut kept = typed();
    deed(&mut kept, PaperAction::Confirm { path: path() });
    assert_eq!(kept.value("member.1.name"), "架空　太朗");
    assert_eq!(need(&kept, "member.1.name"), ReadNeed::Offered);
    let mut taken = typed();
    let value = "架空　太郎".to_owned();
    deed(
        &mut taken,
        PaperAction::Take {
            path: path(),
            value,
        },
    );
    assert_eq!(taken.value("member.1.name"), "架空　太郎");
    assert_eq!(need(&taken, "member.1.name"), ReadNeed::Nothing);
    let foreign = PaperAction::Take {
        path: path(),
        value: "架空　三郎".to_owned(),
    };
    let refused = taken.refused(StaffAction::Paper { deed: foreign });
    assert_eq!(refused.code, "FIELD-UNKNOWN");
}

#[test]
fn nothing_is_signed_while_the_paper_says_otherwise() {
    let mut rig = read();
    for (path, value) in [
        ("event.date", "R8.11.14"),
        ("head.new", "架空　太郎"),
        ("notifier.phone", "090-0000-0000"),
        ("member.1.kana", "カクウ　タロウ"),
        ("member.1.relation", "世帯主"),
        ("member.2.kana", "カクウ　ハナコ"),
        ("member.2.sex", "female"),
        ("member.2.relation", "妻"),
    ] {
        rig.set(path, value);
    }
    let why = |rig: &Rig| rig.reception().blocked_by.unwrap_or_default();
    assert!(why(&rig).contains("紙"), "{}", why(&rig));
    deed(
        &mut rig,
        PaperAction::Confirm {
            path: "member.2.name".to_owned(),
        },
    );
    assert!(!why(&rig).contains("紙"), "{}", why(&rig));
}

#[test]
fn a_paper_read_again_adds_nobody_and_loses_nothing_typed() {
    let mut rig = read();
    rig.set("member.2.name", "架空　華子");
    arrives(&mut rig, Ok(facts()));
    let view = rig.reception();
    assert_eq!(view.members.len(), 2, "{:?}", view.members.len());
    assert_eq!(rig.value("member.2.name"), "架空　華子");
}

/// The same household on a second copy, its persons counted on.
fn copied(facts: &PaperFacts) -> Vec<PaperField> {
    let again = facts.fields.iter().cloned().map(|mut field| {
        field.member = field.member.map(|member| member + 2);
        field.read.page = 1;
        field
    });
    again.collect()
}

#[test]
fn one_certificate_laid_in_twice_doubles_nobody_and_loses_nothing() {
    use FieldName::{NewAddress, Relationship, Sex};
    let mut facts = facts();
    let mut again = copied(&facts);
    for field in &mut again {
        if field.name == NewAddress {
            field.read.value = "六会市架空町一丁目９番８号".to_owned();
        }
    }
    again.retain(|field| field.name != Sex);
    again.push(said(Some(3), Relationship, "妻", 99));
    facts.fields.extend(again);
    facts.pages.push(facts.pages[0].clone());
    let mut rig = reception();
    arrives(&mut rig, Ok(facts));
    let told = rig.desk.staff_view().notice.expect("a notice");
    assert_eq!(told.code, "PAPER-TWICE");
    assert!(told.what.contains("2人を1回ずつ"), "{}", told.what);
    rig.staff(StaffAction::GoTo {
        step: Step::Household,
    });
    assert_eq!(rig.reception().members.len(), 2);
    assert_eq!(rig.value("member.1.sex"), "male");
    assert_eq!(rig.value("member.2.relation"), "妻");
    assert_eq!(need(&rig, "member.1.name"), ReadNeed::Nothing);
    // The copies say two addresses: a person chooses.
    assert_eq!(need(&rig, "address.new"), ReadNeed::Look);
    let path = "address.new".to_owned();
    let value = "六会市架空町一丁目９番８号".to_owned();
    deed(&mut rig, PaperAction::Take { path, value });
    assert_eq!(rig.value("address.new"), "六会市架空町一丁目９番８号");
    assert_eq!(need(&rig, "address.new"), ReadNeed::Offered);
}

#[test]
fn two_certificates_of_persons_with_one_name_stay_two() {
    let mut facts = facts();
    let mut other = copied(&facts);
    other.retain(|field| field.member == Some(2));
    for field in &mut other {
        if field.name == FieldName::BirthDate {
            field.read.value = "2019-05-04".to_owned();
        }
    }
    facts.fields.extend(other);
    let mut rig = reception();
    arrives(&mut rig, Ok(facts));
    assert_eq!(code(&rig), "PAPER-READ-TO-LOOK");
    rig.staff(StaffAction::GoTo {
        step: Step::Household,
    });
    assert_eq!(rig.reception().members.len(), 3);
}

#[test]
fn taking_a_reading_back_leaves_what_people_entered_and_can_be_undone() {
    let mut rig = read();
    rig.set("notifier.phone", "090-0000-0000");
    deed(&mut rig, PaperAction::Discard);
    assert_eq!(code(&rig), "PAPER-DISCARDED");
    assert_eq!(rig.value("member.1.name"), "");
    assert_eq!(rig.reception().members.len(), 1);
    assert_eq!(rig.value("notifier.phone"), "090-0000-0000");
    rig.staff(StaffAction::Undo);
    assert_eq!(rig.desk.staff_view().notice, None);
    assert_eq!(rig.value("member.2.name"), "架空　花子");
    assert_eq!(state(&rig), Some(PaperState::Read));
}

#[test]
fn a_reading_taken_back_from_a_reception_with_nothing_else_can_be_undone() {
    let mut rig = reception();
    arrives(&mut rig, Ok(facts()));
    deed(&mut rig, PaperAction::Discard);
    assert!(rig.reception().can_undo);
    rig.staff(StaffAction::Undo);
    assert_eq!(state(&rig), Some(PaperState::Read));
}

#[test]
fn whatever_goes_wrong_is_said_and_changes_nothing() {
    for (trouble, expected) in [
        (PaperTrouble::Scan(ScanError::Empty), "PAPER-EMPTY"),
        (PaperTrouble::Scan(ScanError::Jammed), "PAPER-JAMMED"),
        (PaperTrouble::Scan(ScanError::CoverOpen), "PAPER-COVER-OPEN"),
        (PaperTrouble::Scan(ScanError::NoScanner), "PAPER-NO-SCANNER"),
        (
            PaperTrouble::Scan(ScanError::Broken),
            "PAPER-SCANNER-BROKEN",
        ),
        (PaperTrouble::Scan(ScanError::Busy), "PAPER-SCANNER-BUSY"),
        (PaperTrouble::Unreadable, "PAPER-UNREADABLE"),
        (PaperTrouble::NothingFound, "PAPER-NOTHING-FOUND"),
        (PaperTrouble::NoModels, "PAPER-NO-MODELS"),
        (PaperTrouble::TrayEmpty, "PAPER-TRAY-EMPTY"),
        (PaperTrouble::Stopped, "PAPER-STOPPED"),
    ] {
        let mut rig = reception();
        rig.set("member.1.name", "架空　次郎");
        arrives(&mut rig, Err(trouble));
        assert_eq!(code(&rig), expected);
        assert_eq!(rig.value("member.1.name"), "架空　次郎");
        assert_eq!(rig.reception().members.len(), 1);
        // And it can be tried again at once.
        deed(&mut rig, PaperAction::Scan);
    }
}

#[test]
fn progress_is_shown_and_a_person_stops_it() {
    let mut rig = read();
    deed(&mut rig, PaperAction::Scan);
    let case = rig.reception().case;
    let progress = PaperProgress::Scanning {
        sheet: 2,
        percent: 40,
    };
    rig.happened(Happened::PaperGoesOn { case, progress });
    let scanning = PaperState::Scanning {
        sheet: 2,
        percent: 40,
    };
    assert_eq!(state(&rig), Some(scanning));
    let twice = StaffAction::Paper {
        deed: PaperAction::Scan,
    };
    assert_eq!(rig.refused(twice).code, "NOT-POSSIBLE-NOW");
    rig.effects.clear();
    deed(&mut rig, PaperAction::Stop);
    let is_stop = |effect: &Effect| matches!(effect, Effect::StopPaper);
    assert!(rig.effects.iter().any(is_stop));
    let read = Err(PaperTrouble::Stopped);
    rig.happened(Happened::PaperRead { case, read });
    assert_eq!(code(&rig), "PAPER-STOPPED");
    assert_eq!(state(&rig), Some(PaperState::Read), "the earlier reading");
}

#[test]
fn a_paper_for_a_case_that_was_left_goes_nowhere() {
    let mut rig = reception();
    deed(&mut rig, PaperAction::Scan);
    let left = rig.reception().case;
    rig.effects.clear();
    rig.staff(StaffAction::LeaveCase);
    assert!(
        rig.effects
            .iter()
            .any(|effect| matches!(effect, Effect::StopPaper))
    );
    rig.staff(StaffAction::StartReception);
    rig.happened(Happened::PaperRead {
        case: left,
        read: Ok(facts()),
    });
    assert_eq!(rig.value("member.1.name"), "");
}

#[test]
fn a_page_is_looked_at_with_everything_read_on_it() {
    let mut rig = read();
    let open = PaperAction::OpenSheet {
        page: 0,
        path: "member.2.name".to_owned(),
    };
    deed(&mut rig, open);
    let sheet = rig.reception().paper.and_then(|paper| paper.sheet);
    let sheet = sheet.expect("the page");
    assert_eq!((sheet.page, sheet.of), (1, 1));
    assert!(!sheet.picture.is_empty());
    assert_eq!(sheet.opened_for, "member.2.name");
    let name = sheet
        .fields
        .iter()
        .find(|field| field.path == "member.2.name");
    let name = name.expect("its box");
    assert_eq!(
        (name.label.as_str(), name.need),
        ("2人目 氏名", ReadNeed::Look)
    );
    assert_eq!(name.place, [1_000, 1_697, 3_000, 212]);
    let insurance = sheet.fields.iter().find(|field| field.path.is_empty());
    assert_eq!(insurance.expect("no field of the case").read, "有");
    let beyond = StaffAction::Paper {
        deed: PaperAction::OpenSheet {
            page: 2,
            path: String::new(),
        },
    };
    assert_eq!(rig.refused(beyond).code, "NOT-POSSIBLE-NOW");
    deed(&mut rig, PaperAction::CloseSheet);
    assert_eq!(rig.reception().paper.and_then(|paper| paper.sheet), None);
}

#[test]
fn a_page_whose_number_could_not_be_covered_is_not_kept() {
    let mut rig = reception();
    let mut unmasked = facts();
    unmasked.pages[0].jpeg = None;
    arrives(&mut rig, Ok(unmasked));
    assert_eq!(code(&rig), "PAPER-NOT-MASKED");
    let open = PaperAction::OpenSheet {
        page: 1,
        path: String::new(),
    };
    deed(&mut rig, open);
    let sheet = rig.reception().paper.and_then(|paper| paper.sheet);
    assert_eq!(sheet.expect("the page").picture, "");
}

#[test]
fn a_pulled_plug_loses_nothing_that_was_read() {
    let rig = read();
    let case = rig.reception().case;
    let mut rig = rig.killed_and_started();
    rig.sign_in();
    rig.staff(StaffAction::OpenCase { case });
    rig.staff(StaffAction::GoTo {
        step: Step::Household,
    });
    assert_eq!(need(&rig, "member.2.name"), ReadNeed::Look);
    assert_eq!(state(&rig), Some(PaperState::Read));
}

#[test]
fn what_the_scanner_did_is_on_the_device_page() {
    let mut rig = reception();
    let seen = || Happened::DevicesSeen {
        kind: counter_api::DeviceKind::Scanner,
        seen: vec![todoked::attached::Seen {
            id: "scanner".to_owned(),
            name: "pnm:0".to_owned(),
            identity: paper_devices::Identity::default(),
            state: todoked::attached::State::Ready,
        }],
    };
    rig.happened(seen());
    arrives(&mut rig, Err(PaperTrouble::Scan(ScanError::Jammed)));
    rig.happened(seen());
    rig.staff(StaffAction::Devices {
        deed: DeviceAction::Open,
    });
    let row = |rig: &Rig| {
        let page = rig.desk.staff_view().devices.expect("the page");
        let row = page.rows.into_iter().find(|row| row.id == "scanner");
        row.expect("the scanner")
    };
    assert_eq!(
        row(&rig).last_trouble,
        "前回の不調 10:42：スキャナーで紙が詰まっています。"
    );
    assert_eq!(row(&rig).test, "試し読み取り");
    rig.staff(StaffAction::Devices {
        deed: DeviceAction::Close,
    });
    arrives(&mut rig, Ok(facts()));
    assert!(rig.reception().paper.is_some());
    rig.staff(StaffAction::Devices {
        deed: DeviceAction::Open,
    });
    assert_eq!(row(&rig).last_success, "10:42 に使えたことを確認");
}

#[test]
fn pages_of_the_folder_are_asked_for_from_the_folder() {
    let mut rig = reception();
    rig.effects.clear();
    deed(&mut rig, PaperAction::Fetch);
    let from_the_tray = |effect: &Effect| {
        matches!(
            effect,
            Effect::ReadPaper {
                from: PaperFrom::Tray,
                ..
            }
        )
    };
    assert!(rig.effects.iter().any(from_the_tray));
}
