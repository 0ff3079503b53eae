//! The print page: what is offered, what is sent to which printer, and what staff are told of it.
#![expect(clippy::expect_used, reason = "a test stops at what it did not expect")]

use std::collections::BTreeMap;
use std::sync::Arc;

use counter_api::{PrintAction, PrintsView, StaffAction, Tone};
use counter_domain::ids::CaseId;
use paper_devices::Sides;
use todoked::attached::State;
use todoked::devices::{Effect, Happened};
use todoked::prints::{
    JobSeen, Order, PrintJob, PrinterSeen, QueueSeen, Sheet, SheetKind, SitePrinter, SitePrinters,
    Stage, Wish,
};

use crate::residents::protect;
use crate::rig::Rig;

fn site(names: &[&str]) -> SitePrinters {
    let printer = |name: &&str| SitePrinter {
        id: (*name).to_owned(),
        name: format!("{name}のプリンター"),
        address: format!("ipp://{name}/"),
        trays: BTreeMap::from([("colour".to_owned(), "tray-2".to_owned())]),
    };
    SitePrinters::those(names.iter().map(printer).collect())
}

fn sheet(kind: SheetKind, id: &str, pages: u16) -> Sheet {
    Sheet {
        id: id.to_owned(),
        kind,
        title: format!("様式{id}"),
        detail: String::new(),
        pages,
        pdf: Arc::from(id.as_bytes()),
        wish: Wish {
            paper: "colour".to_owned(),
            sides: Sides::Both,
            copies: 1,
        },
    }
}

/// A case that was just handed in at a counter with these printers.
fn handed_in(names: &[&str]) -> (Rig, CaseId) {
    let mut rig = Rig::new();
    rig.desk = rig.desk.printing_on(site(names));
    rig.filled_reception();
    rig.signed();
    rig.staff(StaffAction::Submit);
    let case = rig.reception().case;
    (rig, case)
}

/// The same, with a sheet of each kind.
fn with_sheets(names: &[&str]) -> (Rig, CaseId) {
    let (mut rig, case) = handed_in(names);
    for sheet in [
        sheet(SheetKind::Guidance, "guidance", 2),
        sheet(SheetKind::Form, "form", 1),
        sheet(SheetKind::Section, "F031", 1),
    ] {
        rig.happened(Happened::SheetMade {
            case,
            sheet: Box::new(sheet),
        });
    }
    rig.happened(Happened::SheetsMade { case, whole: true });
    (rig, case)
}

fn deed(rig: &mut Rig, deed: PrintAction) {
    rig.staff(StaffAction::Prints { deed });
}

fn print(rig: &mut Rig, id: &str, page: u16) {
    let id = id.to_owned();
    deed(rig, PrintAction::Paper { id, page });
}

/// What was sent to printers since the last call.
fn sent(rig: &mut Rig) -> Vec<PrintJob> {
    let effects = std::mem::take(&mut rig.effects);
    let sent = effects.into_iter().filter_map(|effect| {
        if let Effect::PrintPages(Order::Print(job)) = effect {
            Some(*job)
        } else {
            None
        }
    });
    sent.collect()
}

fn stands(rig: &mut Rig, id: u32, stage: Stage) {
    rig.happened(Happened::PagesSeen(QueueSeen {
        jobs: vec![JobSeen {
            id,
            stage,
            as_asked: true,
        }],
        printers: Vec::new(),
    }));
}

#[track_caller]
fn page(rig: &Rig) -> PrintsView {
    rig.desk.staff_view().prints.expect("the page is open")
}

#[test]
fn what_goes_home_is_printed_when_the_case_is_handed_in() {
    let (mut rig, case) = handed_in(&["own"]);
    let made = rig.effects.iter().find_map(|effect| {
        if let Effect::MakeSheets(job) = effect {
            Some(job)
        } else {
            None
        }
    });
    let job = made.expect("sheets are made");
    assert_eq!(
        job.form.as_deref(),
        Some(&b"%PDF-1.7"[..]),
        "as it was signed"
    );
    assert!(job.with_sections);
    rig.happened(Happened::SheetMade {
        case,
        sheet: Box::new(sheet(SheetKind::Guidance, "guidance", 2)),
    });
    rig.happened(Happened::SheetMade {
        case,
        sheet: Box::new(sheet(SheetKind::Form, "form", 1)),
    });
    let jobs = sent(&mut rig);
    assert_eq!(jobs.len(), 1, "the form waits for somebody to ask");
    let job = jobs.first().expect("a job");
    assert_eq!(job.label, rig.reception().receipt_number);
    assert_eq!(job.how.tray.as_deref(), Some("tray-2"));
    assert_eq!(job.how.sides, Sides::Both);
    stands(&mut rig, job.id, Stage::Done);
    let finish = rig.reception().finish.expect("handed in");
    assert_eq!(finish.papers, "1 件を印刷しました。");
}

#[test]
fn without_a_printer_nothing_is_made_and_the_page_says_why() {
    let (mut rig, _) = handed_in(&[]);
    let made = |effect: &Effect| matches!(effect, Effect::MakeSheets(_));
    assert!(!rig.effects.iter().any(made));
    assert_eq!(rig.reception().finish.expect("handed in").papers, "");
    let open = StaffAction::Prints {
        deed: PrintAction::Open,
    };
    assert_eq!(rig.refused(open).code, "PRINT-UNSET");
}

#[test]
fn paper_end_is_told_and_the_notice_goes_when_the_job_goes_on() {
    let (mut rig, _) = with_sheets(&["own"]);
    let job = sent(&mut rig).pop().expect("a job");
    stands(&mut rig, job.id, Stage::Stuck(State::PaperEnd));
    let told = rig.desk.staff_view().notice.expect("a notice");
    assert_eq!(told.code, "PRINT-STUCK");
    assert_eq!(
        told.what,
        "「様式guidance」がまだ印刷されていません。ページプリンターの用紙がありません。"
    );
    let finish = rig.reception().finish.expect("handed in");
    assert!(finish.papers_stuck);
    assert_eq!(
        finish.papers,
        "「様式guidance」がまだ印刷されていません：止まっています（用紙切れ）"
    );
    stands(&mut rig, job.id, Stage::Printing);
    assert_eq!(rig.desk.staff_view().notice, None);
    assert!(!rig.reception().finish.expect("handed in").papers_stuck);
}

#[test]
fn the_rest_is_printed_in_one_go_and_single_pages_again() {
    let (mut rig, _) = with_sheets(&["own"]);
    let first = sent(&mut rig).pop().expect("a job");
    stands(&mut rig, first.id, Stage::Done);
    deed(&mut rig, PrintAction::Open);
    assert!(page(&rig).some_left);
    deed(&mut rig, PrintAction::All);
    assert!(!page(&rig).some_left, "the rest is on its way");
    let pdfs: Vec<_> = sent(&mut rig).iter().map(|job| job.pdf.to_vec()).collect();
    assert_eq!(
        pdfs,
        [b"form".to_vec(), b"F031".to_vec()],
        "but no guidance"
    );
    let again = StaffAction::Prints {
        deed: PrintAction::All,
    };
    assert_eq!(rig.refused(again).code, "NOT-POSSIBLE-NOW");

    print(&mut rig, "guidance", 2);
    let job = sent(&mut rig).pop().expect("a job");
    assert_eq!(job.how.page, 2);
    let newest = page(&rig).jobs.remove(0);
    assert_eq!(newest.title, "様式guidance（2ページ目）");
    let id = "guidance".to_owned();
    let third = StaffAction::Prints {
        deed: PrintAction::Paper { id, page: 3 },
    };
    assert_eq!(rig.refused(third).code, "NOT-POSSIBLE-NOW");
}

#[test]
fn a_job_is_taken_back_and_printed_again() {
    let (mut rig, _) = with_sheets(&["own"]);
    let job = sent(&mut rig).pop().expect("a job");
    deed(&mut rig, PrintAction::Open);
    rig.effects.clear();
    deed(&mut rig, PrintAction::Cancel { id: job.id });
    let asked =
        |effect: &Effect| matches!(effect, Effect::PrintPages(Order::Cancel(id)) if *id == job.id);
    assert!(rig.effects.iter().any(asked));
    stands(&mut rig, job.id, Stage::Cancelled);
    let row = page(&rig).jobs.remove(0);
    assert_eq!(
        (row.state.as_str(), row.tone),
        ("取り消しました", Tone::Info)
    );
    assert!(row.can_repeat && !row.can_cancel);
    deed(&mut rig, PrintAction::Again { id: job.id });
    let again = sent(&mut rig).pop().expect("a job");
    assert!(again.id != job.id && again.pdf == job.pdf);
    let cancelled = PrintAction::Cancel { id: job.id };
    let over = StaffAction::Prints { deed: cancelled };
    assert_eq!(rig.refused(over).code, "NOT-POSSIBLE-NOW");
}

#[test]
fn the_printer_of_a_kind_is_remembered_by_this_counter() {
    let (mut rig, case) = with_sheets(&["own", "office"]);
    deed(&mut rig, PrintAction::Open);
    let kinds = page(&rig).kinds;
    let titles: Vec<_> = kinds.iter().map(|kind| kind.title.as_str()).collect();
    assert_eq!(titles, ["手続きのご案内", "署名した届書", "各課の様式"]);
    let choose = |printer: &str| PrintAction::Choose {
        kind: "section".to_owned(),
        printer: printer.to_owned(),
    };
    deed(&mut rig, choose("office"));
    let unknown = StaffAction::Prints {
        deed: choose("cellar"),
    };
    assert_eq!(rig.refused(unknown).code, "NOT-POSSIBLE-NOW");
    sent(&mut rig);
    deed(&mut rig, PrintAction::All);
    let to =
        |jobs: &[PrintJob]| -> Vec<String> { jobs.iter().map(|job| job.printer.clone()).collect() };
    assert_eq!(to(&sent(&mut rig)), ["own", "office"]);

    let mut rig = rig.killed_and_started();
    rig.desk = rig.desk.printing_on(site(&["own", "office"]));
    rig.sign_in();
    rig.staff(StaffAction::OpenCase { case });
    deed(&mut rig, PrintAction::Open);
    let section = page(&rig).kinds.pop().expect("a kind");
    assert_eq!(section.printer, "office");
    // A printer that the site does not have any more is no choice.
    rig.desk = rig.desk.printing_on(site(&["own", "hall"]));
    let section = page(&rig).kinds.pop().expect("a kind");
    assert_eq!(section.printer, "own");
}

/// Who of the invented residents the filed case is about.
const FILED: usize = 3;

#[test]
fn under_protection_only_the_guidance_sheet_is_offered() {
    let (mut rig, case) = handed_in(&["own"]);
    protect(&mut rig, FILED);
    rig.staff(StaffAction::LeaveCase);
    rig.effects.clear();
    rig.staff(StaffAction::OpenCase { case });
    deed(&mut rig, PrintAction::Open);
    let made = rig.effects.iter().find_map(|effect| {
        if let Effect::MakeSheets(job) = effect {
            Some(job)
        } else {
            None
        }
    });
    let job = made.expect("sheets are made");
    assert!(job.form.is_none() && !job.with_sections);
    assert!(page(&rig).note.starts_with("支援措置の方がいるため"));
}

#[test]
fn pages_made_before_somebody_was_protected_are_printed_no_more() {
    let (mut rig, _) = with_sheets(&["own"]);
    print(&mut rig, "form", 0);
    let form = sent(&mut rig).pop().expect("a job");
    stands(&mut rig, form.id, Stage::Done);
    protect(&mut rig, FILED);
    deed(&mut rig, PrintAction::Open);
    for asked in ["form", "F031"] {
        let id = asked.to_owned();
        let deed = PrintAction::Paper { id, page: 0 };
        let told = rig.refused(StaffAction::Prints { deed });
        assert_eq!(told.code, "PRINT-PROTECTED", "{asked}");
    }
    let deed = PrintAction::Again { id: form.id };
    let told = rig.refused(StaffAction::Prints { deed });
    assert_eq!(told.code, "PRINT-PROTECTED");
    assert!(sent(&mut rig).is_empty());
    print(&mut rig, "guidance", 0);
    let job = sent(&mut rig).pop().expect("a job");
    assert_eq!(job.pdf.to_vec(), b"guidance");
}

#[test]
fn separator_sheets_are_of_no_reception() {
    let (mut rig, _) = handed_in(&["own"]);
    deed(&mut rig, PrintAction::Separators);
    let asked = |effect: &Effect| matches!(effect, Effect::MakeSeparators { .. });
    assert!(rig.effects.iter().any(asked));
    rig.happened(Happened::SeparatorsMade(Some(b"%PDF".to_vec())));
    let job = sent(&mut rig).pop().expect("a job");
    assert_eq!((job.label.as_str(), job.how.sides), ("todoke", Sides::One));
    stands(&mut rig, job.id, Stage::Done);
    let finish = rig.reception().finish.expect("handed in");
    assert_eq!(
        finish.papers, "様式を用意しています。",
        "not a sheet of this case"
    );
    rig.happened(Happened::SeparatorsMade(None));
    let told = rig.desk.staff_view().notice.expect("a notice");
    assert_eq!(told.code, "PRINT-NOT-MADE");
}

#[test]
fn printers_of_the_site_are_shown_with_their_state_and_their_queue() {
    let (mut rig, _) = with_sheets(&["own", "office"]);
    deed(&mut rig, PrintAction::Open);
    rig.happened(Happened::PagesSeen(QueueSeen {
        jobs: Vec::new(),
        printers: vec![PrinterSeen {
            id: "office".to_owned(),
            state: State::Jam,
            queued: 3,
        }],
    }));
    let office = page(&rig).printers.pop().expect("a printer");
    assert_eq!(office.name, "officeのプリンター");
    assert_eq!(office.state, "紙詰まり");
    assert_eq!(office.waiting, "プリンターで待っている印刷 3 件");
    assert!(!office.advice.is_empty());
}

#[test]
fn pages_go_with_the_reception_and_jobs_with_the_sign_out() {
    let (mut rig, _) = with_sheets(&["own"]);
    let job = sent(&mut rig).pop().expect("a job");
    stands(&mut rig, job.id, Stage::Done);
    rig.staff(StaffAction::LeaveCase);
    deed(&mut rig, PrintAction::Open);
    assert_eq!(page(&rig).papers, []);
    assert_eq!(page(&rig).jobs.len(), 1, "it can still be printed again");
    rig.staff(StaffAction::SignOut);
    rig.sign_in();
    assert_eq!(rig.desk.staff_view().prints, None);
    deed(&mut rig, PrintAction::Open);
    assert_eq!(page(&rig).jobs, []);
}

#[test]
fn an_unsure_job_is_left_to_a_person_and_a_failed_sheet_is_said() {
    let (mut rig, case) = with_sheets(&["own"]);
    let job = sent(&mut rig).pop().expect("a job");
    stands(&mut rig, job.id, Stage::Unsure);
    let told = rig.desk.staff_view().notice.expect("a notice");
    assert_eq!(told.code, "PRINT-UNSURE");
    rig.happened(Happened::SheetsMade { case, whole: false });
    let told = rig.desk.staff_view().notice.expect("a notice");
    assert_eq!(told.code, "PRINT-NOT-MADE");
}
