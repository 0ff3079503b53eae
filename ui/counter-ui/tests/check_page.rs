//! Nobody says that something is right whose end was not in sight.
#![expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test stops at what it did not expect"
)]

use std::cell::Cell;
use std::collections::BTreeSet;
use std::panic::catch_unwind;
use std::rc::Rc;
use std::sync::LazyLock;
use std::sync::mpsc::{Sender, channel};
use std::thread;
use std::time::Duration;

use counter_api::ToScreen;
use counter_ui::app::{App, Window};
use counter_ui::gallery::{IS_RIGHT, SEE_MORE, examples, looks, stage};
use counter_ui::link::LinkEvent;
use counter_ui::scripted::{read_on, see, use_headless};
use counter_ui::ui::{ResidentApi, ResidentWindow};
use i_slint_backend_testing::{ElementHandle, mock_elapsed_time};
use slint::platform::{PointerEventButton, WindowEvent};
use slint::{ComponentHandle, LogicalPosition, PhysicalSize};

const SIZE: (u32, u32) = (1280, 800);
const LONG: [&str; 5] = [
    "resident-07-check",
    "resident-08-check-en",
    "resident-13-check-long",
    "resident-15-check-declarations-en",
    "resident-16-check-household-en",
];
const SHORT: &str = "resident-17-check-short";

type Turn = Box<dyn FnOnce() + Send>;

/// Windows live on one thread of a process: the tests take turns on it.
#[track_caller]
fn on_screen(test: fn()) {
    static SCREEN: LazyLock<Sender<Turn>> = LazyLock::new(|| {
        let (turns, taken) = channel::<Turn>();
        thread::spawn(move || {
            use_headless().unwrap();
            for turn in taken {
                turn();
            }
        });
        turns
    });
    let (done, is_done) = channel();
    let turn = move || done.send(catch_unwind(test)).unwrap();
    SCREEN.send(Box::new(turn)).unwrap();
    if let Err(failure) = is_done.recv().unwrap() {
        // What the other thread printed is not shown with this test.
        let said = failure.downcast_ref::<String>().map(String::as_str);
        let said = said.or(failure.downcast_ref::<&str>().copied());
        panic!("{}", said.unwrap_or("no text"));
    }
}

fn example(name: &str) -> ToScreen {
    let mut all = examples().unwrap().into_iter();
    let found = all.find(|(other, _)| other == name);
    found.map(|(_, view)| view).unwrap()
}

/// A display with an example on it, as it stands after a blink.
fn staged(view: &ToScreen, size: (u32, u32), scale: f32) -> App {
    let app = stage(view, size, scale).unwrap();
    pass(40);
    app
}

/// The usual display.
fn display(name: &str) -> App {
    staged(&example(name), SIZE, 1.0)
}

fn window(app: &App) -> &ResidentWindow {
    match app.window() {
        Window::Resident(window) => window,
        Window::Staff(_) => panic!("the resident's display expected"),
    }
}

fn show(app: &mut App, view: &ToScreen) {
    app.receive(LinkEvent::Message(view.clone()));
    pass(20);
    pass(40);
}

fn pass(milliseconds: u64) {
    mock_elapsed_time(Duration::from_millis(milliseconds));
}

fn labels(app: &App) -> BTreeSet<String> {
    see(app.window()).into_iter().map(|one| one.label).collect()
}

/// What the main button says.
fn offered(app: &App) -> &'static str {
    let labels = labels(app);
    match (labels.contains(SEE_MORE), labels.contains(IS_RIGHT)) {
        (true, false) => SEE_MORE,
        (false, true) => IS_RIGHT,
        both_or_none => panic!("the page offers {both_or_none:?}: {labels:?}"),
    }
}

fn element(app: &App, id: &str) -> ElementHandle {
    let mut found = ElementHandle::find_by_element_id(window(app), id);
    found.next().unwrap_or_else(|| panic!("no {id}"))
}

/// A finger that is off the button again at once.
fn touch(app: &App) {
    let main = element(app, "CheckPage::main");
    main.mock_single_click(PointerEventButton::Left);
}

/// A finger that moves the page by so much.
fn scroll(app: &App, delta_y: f32) {
    let event = WindowEvent::PointerScrolled {
        position: LogicalPosition::new(600.0, 450.0),
        delta_x: 0.0,
        delta_y,
    };
    app.window().slint().dispatch_event(event);
    pass(300);
}

/// Touches the button: the page goes on, and a line of the page before is left on it.
fn turn_page(app: &App, scale: f32, name: &str) {
    let rows = ElementHandle::find_by_element_type_name(window(app), "CheckRowLine");
    let row = rows.last().unwrap();
    let before = row.absolute_position().y;
    touch(app);
    pass(500);
    let moved = before - row.absolute_position().y;
    let line = 28.0 * 1.4 * scale.min(1.3);
    let page = element(app, "CheckPage::pane").size().height;
    assert!(
        moved > 0.0 && moved <= page - line,
        "{name}, type times {scale}: {moved} px of {page} px"
    );
}

/// The line below the last section is in sight to its lower edge.
fn last_is_in_sight(app: &App) -> bool {
    let all = ElementHandle::find_by_element_type_name(window(app), "Text");
    let texts = all.filter(|text| {
        let label = text.accessible_label().unwrap_or_default();
        label.starts_with("このあとの手続き") || label.starts_with("Procedures that follow")
    });
    let lower_edge = |one: &ElementHandle| one.absolute_position().y + one.size().height;
    let pane = lower_edge(&element(app, "CheckPage::pane"));
    texts
        .last()
        .is_some_and(|last| lower_edge(&last) <= pane + 1.0)
}

/// How often the page was said to be right.
fn count_right(app: &App) -> Rc<Cell<u32>> {
    let count = Rc::new(Cell::new(0));
    let counted = Rc::clone(&count);
    let api = window(app).global::<ResidentApi<'_>>();
    api.on_content_right(move || counted.set(counted.get() + 1));
    count
}

#[test]
fn nothing_is_right_before_its_end_was_seen() {
    on_screen(|| {
        for name in LONG {
            for (size, scale) in looks() {
                let app = staged(&example(name), size, scale);
                let said = count_right(&app);
                while offered(&app) == SEE_MORE {
                    assert!(!last_is_in_sight(&app), "{name}: the end is in sight");
                    pass(10_000);
                    assert_eq!(offered(&app), SEE_MORE, "{name}: time is no reading");
                    turn_page(&app, scale, name);
                }
                assert!(last_is_in_sight(&app), "{name}: the end was not seen");
                assert_eq!(said.get(), 0, "{name}: said to be right while reading");
                touch(&app);
                assert_eq!(said.get(), 1, "{name}: cannot be said to be right");
            }
        }
    });
}

#[test]
fn what_fits_is_right_at_once() {
    on_screen(|| {
        for (size, scale) in looks() {
            let app = staged(&example(SHORT), size, scale);
            let said = count_right(&app);
            assert_eq!(offered(&app), IS_RIGHT, "{size:?}, type times {scale}");
            touch(&app);
            assert_eq!(said.get(), 1);
        }
    });
}

#[test]
fn a_page_that_just_fits_has_no_more() {
    on_screen(|| {
        let view = example("resident-07-check");
        let mut seen = BTreeSet::new();
        for height in 900..1200 {
            let app = staged(&view, (SIZE.0, height), 1.0);
            let expected = if last_is_in_sight(&app) {
                IS_RIGHT
            } else {
                SEE_MORE
            };
            assert_eq!(offered(&app), expected, "{height} px high");
            seen.insert(expected);
        }
        assert_eq!(seen.len(), 2, "no height at which it just fits");
    });
}

#[test]
fn a_finger_that_scrolls_to_the_end_reads_too() {
    on_screen(|| {
        let app = display("resident-16-check-household-en");
        scroll(&app, -600.0);
        pass(10_000);
        assert_eq!(offered(&app), SEE_MORE, "the end is far");
        scroll(&app, -100_000.0);
        pass(500);
        assert_eq!(offered(&app), IS_RIGHT);
        scroll(&app, 100_000.0);
        pass(500);
        assert_eq!(offered(&app), IS_RIGHT, "what was seen stays seen");
    });
}

#[test]
fn a_hasty_second_touch_does_not_sign() {
    on_screen(|| {
        let app = display("resident-07-check");
        let said = count_right(&app);
        for _ in 0..20 {
            touch(&app);
            pass(200);
        }
        assert_eq!((said.get(), offered(&app)), (0, SEE_MORE));
        pass(500);
        assert_eq!(offered(&app), IS_RIGHT);
    });
}

#[test]
fn something_wrong_can_be_said_at_any_time() {
    on_screen(|| {
        let app = display("resident-16-check-household-en");
        let count = Rc::new(Cell::new(0));
        let counted = Rc::clone(&count);
        let api = window(&app).global::<ResidentApi<'_>>();
        api.on_content_wrong(move || counted.set(counted.get() + 1));
        let press = || {
            let wrong = ElementHandle::find_by_accessible_label(window(&app), "ちがうところがある");
            for button in wrong {
                button.invoke_accessible_default_action();
            }
        };
        press();
        read_on(app.window(), SEE_MORE, IS_RIGHT).unwrap();
        press();
        assert_eq!(count.get(), 2);
    });
}

#[test]
fn other_content_is_read_anew_from_its_top() {
    on_screen(|| {
        let (japanese, english) = (
            example("resident-07-check"),
            example("resident-08-check-en"),
        );
        let mut app = display("resident-07-check");
        let said = count_right(&app);
        assert!(read_on(app.window(), SEE_MORE, IS_RIGHT).unwrap() > 0);
        // The same again, as after a line that was lost for a moment.
        show(&mut app, &japanese);
        assert_eq!(offered(&app), IS_RIGHT, "nothing has changed");

        show(&mut app, &english);
        assert_eq!(offered(&app), SEE_MORE, "English was not read");
        assert!(labels(&app).contains("届出の内容"), "not from its top");
        assert!(read_on(app.window(), SEE_MORE, IS_RIGHT).unwrap() > 0);

        let corrected = serde_json::to_string(&english)
            .unwrap()
            .replace("架空ハイツ 203号", "架空ハイツ 204号");
        let corrected = serde_json::from_str(&corrected).unwrap();
        show(&mut app, &corrected);
        assert_eq!(offered(&app), SEE_MORE, "the correction was not read");
        touch(&app);
        assert_eq!(said.get(), 0);
    });
}

#[test]
fn back_from_signing_it_need_not_be_read_again() {
    on_screen(|| {
        let (check, sign) = (example("resident-07-check"), example("resident-09-sign"));
        let mut app = display("resident-07-check");
        read_on(app.window(), SEE_MORE, IS_RIGHT).unwrap();
        show(&mut app, &sign);
        show(&mut app, &check);
        assert_eq!(offered(&app), IS_RIGHT);
        // Taken away by staff and shown again.
        show(&mut app, &example("resident-03-wait"));
        show(&mut app, &check);
        assert_eq!(offered(&app), SEE_MORE);
    });
}

#[test]
fn what_was_seen_stays_seen_on_a_smaller_window() {
    on_screen(|| {
        let app = display(SHORT);
        pass(500);
        app.window().slint().set_size(PhysicalSize::new(720, 460));
        pass(500);
        assert_eq!(offered(&app), IS_RIGHT);
    });
}

#[test]
fn long_household_is_read_in_a_few_touches() {
    on_screen(|| {
        let app = display("resident-16-check-household-en");
        let touches = read_on(app.window(), SEE_MORE, IS_RIGHT).unwrap();
        assert!((4..=12).contains(&touches), "{touches} touches");
    });
}
