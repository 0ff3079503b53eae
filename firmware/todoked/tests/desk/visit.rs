//! A visit as it should go, and after a pulled plug.
#![expect(
    clippy::expect_used,
    clippy::panic,
    reason = "a test stops at what it did not expect"
)]

use counter_api::{
    CardPin, CardView, Digits, Language, LineState, ProcedureState, ResidentAction, ResidentScreen,
    SignView, StaffAction, StaffScreen, Step,
};
use counter_domain::case::CaseState;
use counter_domain::draft::Source;
use todoked::devices::{Effect, Happened, PrintTrouble};

use crate::rig::{Rig, signature, taro};

#[test]
fn card_fills_the_first_person_and_says_so() {
    let mut rig = Rig::new();
    rig.sign_in();
    rig.staff(StaffAction::StartReception);
    assert_eq!(
        rig.reception().receipt_number.get(..16),
        Some("07-1-261121-0001")
    );
    assert_eq!(rig.reception().event, "転入（カード）");
    rig.lay_card(3);
    rig.staff(StaffAction::AskPin);
    assert_eq!(
        rig.page(),
        ResidentScreen::Pin {
            tries_left: Some(3),
            reading: false,
            which: CardPin::MyNumber,
        }
    );
    rig.resident(ResidentAction::Pin {
        digits: Digits::new("1234"),
    });
    assert!(matches!(rig.effects.as_slice(), [Effect::ReadCard(_)]));
    assert_eq!(
        rig.page(),
        ResidentScreen::Pin {
            tries_left: Some(3),
            reading: true,
            which: CardPin::MyNumber,
        }
    );
    rig.happened(Happened::CardRead(Ok(taro())));
    assert_eq!(rig.page(), ResidentScreen::Wait);
    let view = rig.reception();
    assert_eq!(view.card, CardView::Read);
    let birth = view.members[0]
        .fields
        .iter()
        .find(|f| f.path == "member.1.birth_date")
        .unwrap();
    assert_eq!(birth.value, "昭和60年7月14日");
    assert_eq!(birth.hint, "1985年7月14日・41歳");
    assert_eq!(birth.source, Some(Source::Chip));
    assert_eq!(rig.value("address.old"), taro().address);
}

#[test]
fn questions_lead_to_procedures_with_reasons() {
    let mut rig = Rig::new();
    rig.filled_reception();
    let first = rig.reception().question.expect("a question");
    assert!(!first.settles.is_empty() && !first.text.is_empty());
    let open = rig
        .reception()
        .trail
        .iter()
        .find(|t| t.step == Step::Questions)
        .unwrap()
        .count;
    let value = first
        .choices
        .first()
        .map_or("0".to_owned(), |choice| choice.value.clone());
    let (fact, member) = (first.fact.clone(), first.member);
    rig.staff(StaffAction::Answer {
        fact: fact.clone(),
        member,
        value,
    });
    let view = rig.reception();
    assert_eq!(
        view.answered.first().map(|a| a.fact.as_str()),
        Some(fact.as_str())
    );
    assert!(
        view.question
            .as_ref()
            .is_none_or(|q| (&q.fact, q.member) != (&fact, member))
    );
    assert!(
        view.procedures
            .iter()
            .any(|p| p.id == "P002" && p.deadline.contains("令和8年11月30日まで"))
    );
    rig.staff(StaffAction::AskAgain { fact, member });
    let again = rig
        .reception()
        .trail
        .iter()
        .find(|t| t.step == Step::Questions)
        .unwrap()
        .count;
    assert_eq!(again, open);
    let nonsense = StaffAction::Answer {
        fact: "hh.dogs".to_owned(),
        member: None,
        value: "-1".into(),
    };
    assert_eq!(rig.refused(nonsense).code, "ANSWER-NOT-ALLOWED");
}

#[test]
fn signing_waits_for_everything_the_form_needs() {
    let mut rig = Rig::new();
    rig.sign_in();
    rig.staff(StaffAction::StartReception);
    let refused = rig.refused(StaffAction::ShowToResident);
    assert_eq!(refused.code, "SIGN-NOT-READY");
    rig.staff(StaffAction::GoTo {
        step: Step::Household,
    });
    assert!(
        rig.reception()
            .blocked_by
            .is_some_and(|why| why.starts_with("異動日ほか"))
    );
    let mut rig = Rig::new();
    rig.filled_reception();
    rig.set("event.date", "2026-12-01");
    assert_eq!(
        rig.refused(StaffAction::ShowToResident).code,
        "SIGN-NOT-READY"
    );
}

#[test]
fn resident_reads_in_two_languages_and_signs_what_was_read() {
    let mut rig = Rig::new();
    rig.filled_reception();
    rig.staff(StaffAction::ShowToResident);
    rig.resident(ResidentAction::SetLanguage {
        language: Language::English,
    });
    let ResidentScreen::Check {
        sections,
        title_translated,
        procedure_count,
        ..
    } = rig.page()
    else {
        panic!("{:?}", rig.page())
    };
    let listed = rig.reception().procedures;
    let certain = listed
        .iter()
        .filter(|one| one.state == ProcedureState::Listed);
    assert_eq!(
        procedure_count as usize,
        certain.count(),
        "as staff see them"
    );
    assert_eq!(title_translated, "Notification of change of residence");
    let person = sections
        .iter()
        .find(|s| s.title == "2人目")
        .expect("second person");
    assert_eq!(person.title_translated, "Person 2");
    let relation = person
        .rows
        .iter()
        .find(|row| row.label == "続柄")
        .expect("relation");
    assert_eq!(
        (relation.value.as_str(), relation.changed),
        ("妻 / Wife", true)
    );
    rig.content_right();
    let empty = ResidentAction::Sign {
        content: rig.content(),
        pad_width: 1,
        pad_height: 1,
        strokes: Vec::new(),
    };
    assert_eq!(rig.desk.resident(empty).unwrap_err().code, "SIGN-EMPTY");
    rig.signs();
    assert!(matches!(
        rig.page(),
        ResidentScreen::Sign { saving: true, .. }
    ));
    rig.make_form();
    assert!(matches!(rig.reception().sign, SignView::Signed { .. }));
    let case = rig.reception().case;
    let store = rig.store.lock().unwrap();
    let hash = store
        .case(case)
        .unwrap()
        .unwrap()
        .summary
        .signed
        .expect("signed");
    let snapshot = store.snapshot(case, hash).unwrap().expect("frozen");
    assert_eq!(snapshot.language, "en");
    assert_eq!(snapshot.filed_on, "2026-11-21");
}

#[test]
fn change_after_signing_makes_the_signature_void() {
    let mut rig = Rig::new();
    rig.filled_reception();
    rig.signed();
    rig.set("head.new", "架空　花子");
    assert_eq!(rig.reception().sign, SignView::Void);
    assert_eq!(rig.refused(StaffAction::Submit).code, "SUBMIT-NOT-SIGNED");
    rig.set("head.new", "架空　太郎");
    assert!(matches!(rig.reception().sign, SignView::Signed { .. }));
}

#[test]
fn change_while_reading_takes_the_page_away() {
    let mut rig = Rig::new();
    rig.filled_reception();
    rig.staff(StaffAction::ShowToResident);
    let content = rig.content();
    rig.set("address.new", "六会市架空町二丁目１番１号");
    assert_eq!(rig.page(), ResidentScreen::Wait);
    let right = ResidentAction::ContentRight { content };
    assert_eq!(
        rig.desk.resident(right).unwrap_err().code,
        "NOT-POSSIBLE-NOW"
    );
}

#[test]
fn other_content_is_not_confirmed_or_signed_by_a_finger_that_was_on_its_way() {
    let mut rig = Rig::new();
    rig.filled_reception();
    rig.staff(StaffAction::ShowToResident);
    let before = rig.content();
    rig.set("address.new", "六会市架空町二丁目１番１号");
    rig.staff(StaffAction::ShowToResident);
    let late = ResidentAction::ContentRight { content: before };
    assert_eq!(
        rig.desk.resident(late).unwrap_err().code,
        "NOT-POSSIBLE-NOW"
    );
    assert!(matches!(rig.page(), ResidentScreen::Check { .. }));

    let japanese = rig.content();
    let language = Language::English;
    rig.resident(ResidentAction::SetLanguage { language });
    assert_ne!(rig.content(), japanese, "read in another language");
    rig.content_right();
    let late = signature(japanese);
    assert_eq!(
        rig.desk.resident(late).unwrap_err().code,
        "NOT-POSSIBLE-NOW"
    );
    rig.signs();
}

#[test]
fn objection_reaches_staff() {
    let mut rig = Rig::new();
    rig.filled_reception();
    rig.staff(StaffAction::ShowToResident);
    rig.resident(ResidentAction::ContentWrong);
    assert_eq!(rig.reception().sign, SignView::Objected);
    assert_eq!(
        rig.desk.staff_view().notice.expect("told").code,
        "SIGN-OBJECTED"
    );
}

#[test]
fn handing_in_offline_says_it_will_be_sent() {
    let mut rig = Rig::new();
    rig.filled_reception();
    rig.happened(Happened::Line {
        line: LineState::Down,
        trouble: None,
    });
    rig.signed();
    rig.staff(StaffAction::Submit);
    let view = rig.reception();
    assert_eq!(view.step, Step::Finish);
    let finish = view.finish.expect("finished");
    assert_eq!(finish.sending, "回線が戻りしだい、自動で本庁へ送ります。");
    let expected = ResidentScreen::Done {
        receipt_number: view.receipt_number.clone(),
        sent_later: true,
    };
    assert_eq!(rig.page(), expected);
    assert!(
        rig.effects
            .iter()
            .any(|effect| matches!(effect, Effect::WakeLink))
    );
    let set = StaffAction::SetField {
        path: "head.new".to_owned(),
        value: "x".to_owned(),
    };
    assert_eq!(rig.refused(set).code, "CASE-FROZEN");
    rig.resident(ResidentAction::Leave);
    assert_eq!(rig.page(), ResidentScreen::Idle);
}

#[test]
fn printer_trouble_never_blocks_and_can_be_repeated() {
    let mut rig = Rig::new();
    rig.filled_reception();
    rig.signed();
    rig.staff(StaffAction::Submit);
    let case = rig.reception().case;
    rig.happened(Happened::ReceiptPrinted {
        case,
        printed: Err(PrintTrouble::Unreachable),
    });
    let finish = rig.reception().finish.unwrap();
    assert_eq!(
        finish.receipt_problem.map(|n| n.code).as_deref(),
        Some("RECEIPT-NO-PRINTER")
    );
    assert_eq!(finish.state, "提出済み");
    rig.staff(StaffAction::PrintReceipt);
    rig.happened(Happened::ReceiptPrinted {
        case,
        printed: Ok(()),
    });
    assert!(rig.reception().finish.unwrap().receipt_printed);
}

#[test]
fn pulled_plug_comes_back_to_the_same_step_of_the_same_case() {
    let mut rig = Rig::new();
    rig.filled_reception();
    rig.staff(StaffAction::GoTo {
        step: Step::Procedures,
    });
    let before = rig.reception();
    let mut rig = rig.killed_and_started();
    assert!(matches!(
        rig.desk.staff_view().screen,
        StaffScreen::SignIn(_)
    ));
    assert_eq!(rig.page(), ResidentScreen::Idle);
    rig.sign_in();
    let after = rig.reception();
    assert_eq!((after.case, after.step), (before.case, Step::Procedures));
    assert_eq!(after.members, before.members);
    assert_eq!(after.move_fields, before.move_fields);
}

#[test]
fn plug_pulled_between_strokes_and_form_keeps_the_signature() {
    let mut rig = Rig::new();
    rig.filled_reception();
    rig.staff(StaffAction::ShowToResident);
    rig.content_right();
    rig.signs();
    let mut rig = rig.killed_and_started();
    rig.sign_in();
    rig.make_form();
    let sign = rig.reception().sign;
    let told = rig.desk.staff_view().notice;
    assert!(matches!(sign, SignView::Signed { .. }), "{sign:?} {told:?}");
}

#[test]
fn plug_pulled_after_handing_in_keeps_everything() {
    let mut rig = Rig::new();
    rig.filled_reception();
    rig.signed();
    rig.staff(StaffAction::Submit);
    let case = rig.reception().case;
    rig.happened(Happened::ReceiptPrinted {
        case,
        printed: Ok(()),
    });
    let mut rig = rig.killed_and_started();
    rig.sign_in();
    let view = rig.reception();
    assert_eq!((view.case, view.step), (case, Step::Finish));
    assert!(view.finish.unwrap().receipt_printed);
    let record = rig.store.lock().unwrap().case(case).unwrap().unwrap();
    assert_eq!(record.summary.state, CaseState::Submitted);
    assert_eq!(rig.desk.staff_view().header.waiting_to_send, 1);
}

#[test]
fn undo_takes_the_last_change_back() {
    let mut rig = Rig::new();
    rig.filled_reception();
    rig.set("head.new", "架空　花子");
    assert!(rig.reception().can_undo);
    rig.staff(StaffAction::Undo);
    assert_eq!(rig.value("head.new"), "架空　太郎");
}

fn typed(path: &str, value: &str) -> StaffAction {
    StaffAction::TypeField {
        path: path.to_owned(),
        value: value.to_owned(),
    }
}

#[test]
fn pauses_while_typing_are_on_disk_and_one_step_of_undo() {
    let mut rig = Rig::new();
    rig.filled_reception();
    rig.staff(typed("member.2.kana", "カク"));
    rig.staff(typed("member.2.kana", "カクウ　ハ"));
    let mut rig = rig.killed_and_started();
    rig.sign_in();
    assert_eq!(rig.value("member.2.kana"), "カクウ　ハ");
    rig.staff(typed("notifier.phone", "090"));
    rig.staff(typed("notifier.phone", "090-0000"));
    rig.set("notifier.phone", "090-0000-0000");
    rig.staff(StaffAction::Undo);
    assert_eq!(rig.value("notifier.phone"), "");
    assert_eq!(rig.value("member.2.kana"), "カクウ　ハ");
}

#[test]
fn the_same_field_another_time_is_another_step_when_something_else_came_between() {
    let mut rig = Rig::new();
    rig.filled_reception();
    rig.set("head.new", "架空　花子");
    rig.set("notifier.phone", "090-0000-0000");
    rig.staff(typed("head.new", "架空　次郎"));
    rig.set("head.new", "架空　三郎");
    rig.staff(StaffAction::Undo);
    assert_eq!(rig.value("head.new"), "架空　花子");
    assert_eq!(rig.value("notifier.phone"), "090-0000-0000");
}

fn question(rig: &Rig) -> counter_api::QuestionView {
    rig.reception().question.expect("a question")
}

/// Answers household questions until one is asked about several persons.
fn question_about_both(rig: &mut Rig) -> counter_api::QuestionView {
    for _ in 0..60 {
        let asked = question(rig);
        if asked.members.len() > 1 {
            return asked;
        }
        rig.staff(StaffAction::Answer {
            fact: asked.fact,
            member: asked.member,
            value: "unknown".to_owned(),
        });
    }
    panic!("nothing was asked about both")
}

#[test]
fn question_about_both_is_one_question_until_both_have_answered() {
    let mut rig = Rig::new();
    rig.filled_reception();
    let asked = question_about_both(&mut rig);
    let names: Vec<&str> = asked.members.iter().map(|one| one.name.as_str()).collect();
    assert_eq!(names, ["架空　太郎", "架空　花子"]);
    let left = open_questions(&rig);
    let answer = |number| StaffAction::Answer {
        fact: asked.fact.clone(),
        member: Some(number),
        value: "unknown".to_owned(),
    };
    rig.staff(answer(2));
    let still = question(&rig);
    assert_eq!(still.fact, asked.fact);
    assert_eq!(
        still.members.first().map(|one| one.answer.clone()),
        Some(None)
    );
    let second = still.members.last().and_then(|one| one.answer.clone());
    assert_eq!(second.as_deref(), Some("unknown"));
    rig.staff(answer(1));
    assert_ne!(question(&rig).fact, asked.fact);
    assert!(open_questions(&rig) < left);
    let said = rig.reception().answered;
    let said: Vec<&str> = said
        .iter()
        .take(2)
        .map(|one| one.member_name.as_str())
        .collect();
    assert_eq!(said, ["架空　太郎", "架空　花子"]);
}

#[test]
fn everybody_is_answered_for_in_one_step() {
    let mut rig = Rig::new();
    rig.filled_reception();
    let asked = question_about_both(&mut rig);
    let all = |members: Vec<u8>| StaffAction::AnswerMembers {
        fact: asked.fact.clone(),
        members,
        value: "unknown".to_owned(),
    };
    assert_eq!(rig.refused(all(vec![1, 7])).code, "ANSWER-NOT-ALLOWED");
    assert_eq!(rig.refused(all(Vec::new())).code, "ANSWER-NOT-ALLOWED");
    let before = rig.reception().answered.len();
    rig.staff(all(vec![1, 2]));
    assert_ne!(question(&rig).fact, asked.fact);
    rig.staff(StaffAction::Undo);
    assert_eq!(rig.reception().answered.len(), before);
}

#[test]
fn procedure_of_both_stands_there_once_with_both_names() {
    let mut rig = Rig::new();
    rig.filled_reception();
    let procedures = rig.reception().procedures;
    let mut seen = std::collections::BTreeSet::new();
    for one in &procedures {
        let state = format!("{:?}", one.state);
        assert!(seen.insert((one.id.clone(), state)), "{} twice", one.id);
    }
    let both = procedures
        .iter()
        .filter(|one| one.member == "架空　太郎、架空　花子");
    assert!(both.count() > 0);
}

fn open_questions(rig: &Rig) -> u32 {
    let trail = rig.reception().trail;
    let step = trail.iter().find(|item| item.step == Step::Questions);
    step.and_then(|item| item.count).unwrap_or_default()
}

#[test]
fn removed_person_is_gone_from_the_form() {
    let mut rig = Rig::new();
    rig.filled_reception();
    rig.staff(StaffAction::RemoveMember { number: 2 });
    assert_eq!(rig.reception().members.len(), 1);
    assert_eq!(
        rig.refused(StaffAction::RemoveMember { number: 1 }).code,
        "MEMBER-FIRST-STAYS"
    );
    rig.signed();
    let case = rig.reception().case;
    let store = rig.store.lock().unwrap();
    let hash = store.case(case).unwrap().unwrap().summary.signed.unwrap();
    let snapshot = store.snapshot(case, hash).unwrap().unwrap();
    assert!(
        !snapshot
            .fields
            .keys()
            .any(|path| path.as_str().starts_with("member.2."))
    );
}
