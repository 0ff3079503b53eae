//! The device page: what is seen of devices, what is remembered, and tries.
#![expect(clippy::expect_used, reason = "a test stops at what it did not expect")]

use counter_api::{DeviceAction, DeviceKind, DeviceRow, DeviceState, StaffAction, Tone};
use todoked::attached::{Looking, Seen, State, Tried};
use todoked::devices::{Effect, Happened};

use crate::rig::Rig;

const MINUTE_MS: u64 = 60_000;

fn deed(rig: &mut Rig, deed: DeviceAction) {
    rig.staff(StaffAction::Devices { deed });
}

fn printer(state: State) -> Happened {
    Happened::DevicesSeen {
        kind: DeviceKind::ReceiptPrinter,
        seen: vec![Seen {
            id: "receipt-printer".to_owned(),
            name: "192.0.2.21:9100".to_owned(),
            identity: paper_devices::Identity {
                model: Some("Kakuu TM-80".to_owned()),
                firmware: Some("1.20".to_owned()),
            },
            state,
        }],
    }
}

fn open() -> Rig {
    let mut rig = Rig::new();
    rig.sign_in();
    deed(&mut rig, DeviceAction::Open);
    rig
}

#[track_caller]
fn row(rig: &Rig, id: &str) -> DeviceRow {
    let page = rig.desk.staff_view().devices.expect("the page is open");
    let found = page.rows.into_iter().find(|row| row.id == id);
    found.expect("the device is on the page")
}

#[test]
fn what_breaks_is_told_with_what_to_do_and_remembered_when_it_is_over() {
    let mut rig = open();
    rig.happened(printer(State::Ready));
    let well = row(&rig, "receipt-printer");
    assert_eq!((well.state.as_str(), well.tone), ("使えます", Tone::Done));
    assert_eq!(
        well.model,
        "Kakuu TM-80　192.0.2.21:9100　ファームウェア 1.20"
    );
    assert_eq!(well.last_success, "10:42 に応答を確認");

    rig.clock.forward(MINUTE_MS);
    rig.happened(printer(State::PaperEnd));
    let broken = row(&rig, "receipt-printer");
    assert_eq!(broken.tone, Tone::Wrong);
    let trouble = broken.trouble.expect("what is wrong");
    assert_eq!(trouble.code, "DEVICE-PAPER-END");
    assert_eq!(trouble.what, "受付票のプリンターの用紙がありません。");
    assert_eq!(broken.last_success, "10:42 までは使えました");
    assert_eq!(broken.last_trouble, "");
    let header = rig.desk.staff_view().header.devices;
    assert_eq!(header.receipt_printer, DeviceState::Missing);

    rig.clock.forward(MINUTE_MS);
    rig.happened(printer(State::PaperEnd));
    rig.happened(printer(State::Ready));
    let again = row(&rig, "receipt-printer");
    assert_eq!(again.trouble, None);
    assert_eq!(
        again.last_trouble,
        "前回の不調 10:43：受付票のプリンターの用紙がありません。"
    );
    let header = rig.desk.staff_view().header.devices;
    assert_eq!(header.receipt_printer, DeviceState::Ready);
}

#[test]
fn a_try_is_asked_once_and_says_what_it_showed() {
    let mut rig = open();
    rig.happened(printer(State::Ready));
    let id = || "receipt-printer".to_owned();
    deed(&mut rig, DeviceAction::Test { id: id() });
    assert!(row(&rig, "receipt-printer").testing);
    let asked = |rig: &Rig| {
        let tests = rig.effects.iter();
        tests
            .filter(|effect| matches!(effect, Effect::TestDevice(_)))
            .count()
    };
    let twice = StaffAction::Devices {
        deed: DeviceAction::Test { id: id() },
    };
    assert_eq!(rig.refused(twice).code, "NOT-POSSIBLE-NOW");
    assert_eq!(asked(&rig), 1);
    rig.happened(Happened::DeviceTested {
        id: id(),
        tried: Ok(Tried {
            word: "receipt",
            detail: String::new(),
        }),
    });
    let tried = row(&rig, "receipt-printer");
    assert!(!tried.testing);
    assert_eq!(
        tried.tested.expect("a word about it").what,
        "試しの受付票を印刷しました。"
    );
    deed(&mut rig, DeviceAction::Test { id: id() });
    rig.happened(Happened::DeviceTested {
        id: id(),
        tried: Err(State::CoverOpen),
    });
    let tried = row(&rig, "receipt-printer");
    let told = tried.tested.expect("why not");
    assert_eq!(told.code, "DEVICE-COVER-OPEN");
    assert!(told.what.starts_with("受付票のプリンター"));
}

#[test]
fn a_reader_that_comes_back_keeps_what_was_wrong() {
    let mut rig = open();
    let readers = |seen: Vec<Seen>| Happened::DevicesSeen {
        kind: DeviceKind::CardReader,
        seen,
    };
    let seen = |id: &str, state| Seen {
        id: id.to_owned(),
        name: String::new(),
        identity: paper_devices::Identity::default(),
        state,
    };
    rig.happened(readers(vec![seen("card-reader", State::Missing)]));
    assert_eq!(row(&rig, "card-reader").test, "");
    let named = seen("card-reader:Kakuu", State::CardThere);
    rig.happened(readers(vec![named]));
    let back = row(&rig, "card-reader:Kakuu");
    assert_eq!(back.test, "カードで試す");
    assert!(
        back.last_trouble
            .contains("カードリーダーが見つかりません。")
    );
    let gone = StaffAction::Devices {
        deed: DeviceAction::Test {
            id: "card-reader".to_owned(),
        },
    };
    assert_eq!(rig.refused(gone).code, "DEVICE-GONE");
}

#[test]
fn the_page_looks_often_while_it_is_open_and_goes_with_whoever_opened_it() {
    let mut rig = open();
    let looking = |rig: &mut Rig| {
        let effects = std::mem::take(&mut rig.effects);
        let mut asked = Vec::new();
        for effect in effects {
            if let Effect::LookAtDevices(looking) = effect {
                asked.push(looking);
            }
        }
        asked
    };
    assert_eq!(looking(&mut rig), [Looking::Often]);
    deed(&mut rig, DeviceAction::Look);
    assert_eq!(looking(&mut rig), [Looking::Now]);
    rig.staff(StaffAction::LockScreen);
    assert_eq!(rig.desk.staff_view().devices, None, "behind the lock");
    rig.sign_in();
    assert!(rig.desk.staff_view().devices.is_some());
    rig.staff(StaffAction::SignOut);
    assert_eq!(looking(&mut rig), [Looking::Seldom]);
    rig.sign_in();
    assert_eq!(rig.desk.staff_view().devices, None);
}

#[test]
fn line_and_display_are_on_the_page_too() {
    let rig = open();
    let display = row(&rig, "resident-display");
    assert_eq!(display.trouble.expect("missing").code, "DISPLAY-MISSING");
    assert_eq!(row(&rig, "line").trouble.expect("unset").code, "LINE-UNSET");
}
