//! The resident's display.

use std::cell::{Cell, RefCell};
use std::rc::Rc;

use counter_api::{
    CardPin, CheckSection, ContentId, Digits, Language, ResidentAction, ResidentScreen,
    ResidentView,
};
use slint::{ComponentHandle, SharedString};
use zeroize::Zeroizing;

use crate::notice::shown;
use crate::rows::{Rows, list};
use crate::sign::{self, Clock};
use crate::ui::{PinKind, ResidentApi, ResidentPage, ResidentWindow, RowData, SectionData};

const PIN_DIGITS: usize = 4;

/// What the PIN page shows; when it changes, the digits typed so far belong to another try.
#[derive(Debug, Clone, Copy, PartialEq)]
struct PinPage {
    tries_left: Option<u8>,
    which: CardPin,
}

/// Draws views of the resident and tells what the resident did.
pub(crate) struct ResidentController {
    window: slint::Weak<ResidentWindow>,
    sections: Rows<CheckSection, SectionData>,
    /// The check page whose end the window asks for, until it is signed or taken away.
    to_read: Option<ResidentScreen>,
    /// What is shown to be read or signed.
    content: Rc<Cell<ContentId>>,
    digits: Rc<RefCell<Zeroizing<String>>>,
    clear_pad: Rc<dyn Fn()>,
    english: Rc<Cell<Option<bool>>>,
    pin_page: Option<PinPage>,
}

impl ResidentController {
    /// Connects the window; `send` takes what the resident did.
    pub(crate) fn new(
        window: &ResidentWindow,
        clock: Clock,
        send: Rc<dyn Fn(ResidentAction)>,
    ) -> Self {
        let api = window.global::<ResidentApi<'_>>();
        let sections = Rows::default();
        api.set_sections(sections.model());
        let digits = Rc::new(RefCell::new(Zeroizing::new(String::new())));
        connect_pin(window, &digits, &send);
        let tell = Rc::clone(&send);
        api.on_set_english(move |english| {
            let language = if english {
                Language::English
            } else {
                Language::Japanese
            };
            tell(ResidentAction::SetLanguage { language });
        });
        let content = Rc::new(Cell::new(ContentId::default()));
        let (tell, read) = (Rc::clone(&send), Rc::clone(&content));
        api.on_content_right(move || {
            tell(ResidentAction::ContentRight {
                content: read.get(),
            });
        });
        let tell = Rc::clone(&send);
        api.on_content_wrong(move || tell(ResidentAction::ContentWrong));
        let tell = Rc::clone(&send);
        api.on_back_to_content(move || tell(ResidentAction::BackToContent));
        let tell = Rc::clone(&send);
        api.on_leave(move || tell(ResidentAction::Leave));
        let signed = Rc::clone(&content);
        let clear_pad = sign::connect(window, clock, move |pad_width, pad_height, strokes| {
            send(ResidentAction::Sign {
                content: signed.get(),
                pad_width,
                pad_height,
                strokes,
            });
        });
        let (window, english) = (window.as_weak(), Rc::default());
        Self {
            window,
            sections,
            to_read: None,
            content,
            digits,
            clear_pad,
            english,
            pin_page: None,
        }
    }

    /// Draws a view.
    pub(crate) fn show(&mut self, view: &ResidentView) {
        let Some(window) = self.window.upgrade() else {
            return;
        };
        let api = window.global::<ResidentApi<'_>>();
        self.speak(view.language == Language::English);
        api.set_english(view.language == Language::English);
        api.set_city(view.city.as_str().into());
        let (at, of) = view.progress.unwrap_or_default();
        api.set_progress(at.into());
        api.set_progress_of(of.into());
        api.set_notice(shown(view.notice.as_ref()));
        self.show_screen(&api, &view.screen);
    }

    fn show_screen(&mut self, api: &ResidentApi<'_>, screen: &ResidentScreen) {
        let page = page_of(screen);
        if page != ResidentPage::Sign {
            (self.clear_pad)();
        }
        if page != ResidentPage::Pin {
            self.pin_page = None;
            self.forget_digits(api);
        }
        if page != ResidentPage::Check {
            self.sections.show(&[], draw_section);
        }
        self.note_what_to_read(api, screen);
        match screen {
            ResidentScreen::Idle | ResidentScreen::Wait => {}
            ResidentScreen::Pin {
                tries_left,
                reading,
                which,
            } => {
                let page = PinPage {
                    tries_left: *tries_left,
                    which: *which,
                };
                if self.pin_page.replace(page) != Some(page) {
                    self.forget_digits(api);
                }
                api.set_tries_left(tries_left.map_or(-1, i32::from));
                api.set_reading(*reading);
                api.set_pin(match which {
                    CardPin::MyNumber => PinKind::MyNumber,
                    CardPin::Licence => PinKind::Licence,
                    CardPin::LicenceSecond => PinKind::LicenceSecond,
                });
            }
            ResidentScreen::Check {
                content,
                title,
                title_translated,
                sections,
                procedure_count,
            } => {
                self.content.set(*content);
                api.set_title(title.as_str().into());
                api.set_title_translated(title_translated.as_str().into());
                self.sections.show(sections, draw_section);
                api.set_procedure_count(i32::try_from(*procedure_count).unwrap_or(i32::MAX));
            }
            ResidentScreen::Sign {
                content,
                summary,
                summary_translated,
                saving,
            } => {
                self.content.set(*content);
                api.set_title(summary.as_str().into());
                api.set_title_translated(summary_translated.as_str().into());
                api.set_saving(*saving);
            }
            ResidentScreen::Done {
                receipt_number,
                sent_later,
            } => {
                api.set_receipt_number(receipt_number.as_str().into());
                api.set_sent_later(*sent_later);
            }
        }
        if matches!(screen, ResidentScreen::Idle) {
            forget_visit(api);
        }
        api.set_page(page);
    }

    /// Other content must be seen to its end anew; whoever comes back from signing has seen it.
    fn note_what_to_read(&mut self, api: &ResidentApi<'_>, screen: &ResidentScreen) {
        match page_of(screen) {
            ResidentPage::Sign => {}
            ResidentPage::Check if self.to_read.as_ref() == Some(screen) => {}
            ResidentPage::Check => {
                self.to_read = Some(screen.clone());
                api.set_content_seen(false);
                api.set_content_revision(api.get_content_revision().wrapping_add(1));
            }
            ResidentPage::None
            | ResidentPage::Idle
            | ResidentPage::Wait
            | ResidentPage::Pin
            | ResidentPage::Done => self.to_read = None,
        }
    }

    fn forget_digits(&self, api: &ResidentApi<'_>) {
        *self.digits.borrow_mut() = Zeroizing::new(String::new());
        api.set_digit_count(0);
    }

    /// The language is one per process, which is why each display has its own.
    fn speak(&self, english: bool) {
        if self.english.replace(Some(english)) != Some(english) {
            // English is compiled in; a build without it shows Japanese, which is right too.
            drop(slint::select_bundled_translation(if english {
                "en"
            } else {
                ""
            }));
        }
    }
}

/// Digits stay in memory that is wiped; the window knows only how many there are.
fn connect_pin(
    window: &ResidentWindow,
    digits: &Rc<RefCell<Zeroizing<String>>>,
    send: &Rc<dyn Fn(ResidentAction)>,
) {
    let api = window.global::<ResidentApi<'_>>();
    let count = |window: &slint::Weak<ResidentWindow>, digits: usize| {
        if let Some(window) = window.upgrade() {
            let digits = i32::try_from(digits).unwrap_or_default();
            window.global::<ResidentApi<'_>>().set_digit_count(digits);
        }
    };
    let (weak, typed) = (window.as_weak(), Rc::clone(digits));
    api.on_digit(move |digit| {
        let mut typed = typed.borrow_mut();
        if let Some(digit) = u32::try_from(digit)
            .ok()
            .and_then(|d| char::from_digit(d, 10))
            && typed.len() < PIN_DIGITS
        {
            typed.push(digit);
            count(&weak, typed.len());
        }
    });
    let (weak, typed) = (window.as_weak(), Rc::clone(digits));
    api.on_erase_digit(move || {
        let mut typed = typed.borrow_mut();
        typed.pop();
        count(&weak, typed.len());
    });
    let (weak, typed, tell) = (window.as_weak(), Rc::clone(digits), Rc::clone(send));
    api.on_send_pin(move || {
        let pin = typed.replace(Zeroizing::new(String::new()));
        count(&weak, 0);
        if pin.len() == PIN_DIGITS {
            tell(ResidentAction::Pin {
                digits: Digits::new(&pin),
            });
        }
    });
    let tell = Rc::clone(send);
    api.on_skip_pin(move || tell(ResidentAction::SkipPin));
}

/// Nothing of the visit before stays on the idle page.
fn forget_visit(api: &ResidentApi<'_>) {
    for clear in [ResidentApi::set_title, ResidentApi::set_title_translated] {
        clear(api, SharedString::new());
    }
    api.set_receipt_number(SharedString::new());
}

fn page_of(screen: &ResidentScreen) -> ResidentPage {
    match screen {
        ResidentScreen::Idle => ResidentPage::Idle,
        ResidentScreen::Wait => ResidentPage::Wait,
        ResidentScreen::Pin { .. } => ResidentPage::Pin,
        ResidentScreen::Check { .. } => ResidentPage::Check,
        ResidentScreen::Sign { .. } => ResidentPage::Sign,
        ResidentScreen::Done { .. } => ResidentPage::Done,
    }
}

fn draw_section(section: &CheckSection) -> SectionData {
    SectionData {
        title: section.title.as_str().into(),
        translated: section.title_translated.as_str().into(),
        rows: list(section.rows.iter().map(|row| RowData {
            label: row.label.as_str().into(),
            translated: row.label_translated.as_str().into(),
            value: row.value.as_str().into(),
            exact: row.exact_glyphs,
            changed: row.changed,
        })),
    }
}
