//! Puts one display together: window, controllers, and the line to the daemon.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::io;
use std::path::Path;
use std::rc::Rc;

use counter_api::{Display, ResidentAction, StaffAction, StaffScreen, ToDaemon, ToScreen};
use counter_domain::ids::CaseId;
use slint::{ComponentHandle, PlatformError};
use thiserror::Error;

use crate::link::{Link, LinkEvent};
use crate::notice::shown;
use crate::resident::ResidentController;
use crate::sign::Clock;
use crate::staff::StaffController;
use crate::ui::{ConnectionApi, HeaderData, ResidentApi, ResidentWindow, StaffApi, StaffWindow};

/// Requests without an answer that are remembered, to send them again.
const UNANSWERED_MAX: usize = 256;

/// A display that could not be set up.
#[derive(Debug, Error)]
pub enum StartError {
    /// No window can be shown.
    #[error("no window: {0}")]
    Window(#[from] PlatformError),
    /// The line's threads did not start.
    #[error("no thread for the line to the daemon")]
    Link(#[from] io::Error),
}

/// The window of a display.
pub enum Window {
    /// The staff's touchscreen.
    Staff(StaffWindow),
    /// The resident's display.
    Resident(ResidentWindow),
}

impl std::fmt::Debug for Window {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Staff(_) => "Staff",
            Self::Resident(_) => "Resident",
        })
    }
}

impl Window {
    /// Makes the window of a display.
    ///
    /// # Errors
    /// When there is no backend to show it.
    pub fn new(display: Display) -> Result<Self, PlatformError> {
        let window = match display {
            Display::Staff => Self::Staff(StaffWindow::new()?),
            Display::Resident => Self::Resident(ResidentWindow::new()?),
        };
        // The invented people of the previews never reach a real display.
        match &window {
            Self::Staff(window) => window
                .global::<StaffApi<'_>>()
                .set_header(HeaderData::default()),
            Self::Resident(window) => {
                window
                    .global::<ResidentApi<'_>>()
                    .set_city(slint::SharedString::new());
            }
        }
        // The bundle starts in the system's language; Japanese is the source language.
        drop(slint::select_bundled_translation(""));
        Ok(window)
    }

    /// The window as Slint knows it.
    pub fn slint(&self) -> &slint::Window {
        match self {
            Self::Staff(window) => window.window(),
            Self::Resident(window) => window.window(),
        }
    }

    /// Shows it.
    ///
    /// # Errors
    /// When the backend refuses.
    pub fn show(&self) -> Result<(), PlatformError> {
        match self {
            Self::Staff(window) => window.show(),
            Self::Resident(window) => window.show(),
        }
    }

    /// Another handle of the same window.
    #[cfg(feature = "scripted")]
    pub(crate) fn handle(&self) -> Self {
        match self {
            Self::Staff(window) => Self::Staff(window.clone_strong()),
            Self::Resident(window) => Self::Resident(window.clone_strong()),
        }
    }

    fn set_lost(&self, lost: bool) {
        match self {
            Self::Staff(window) => window.global::<ConnectionApi<'_>>().set_lost(lost),
            Self::Resident(window) => window.global::<ConnectionApi<'_>>().set_lost(lost),
        }
    }
}

enum Controller {
    Staff(StaffController),
    Resident(ResidentController),
}

/// Requests that were not answered yet.
#[derive(Default)]
struct Outbox {
    link: Option<Link>,
    lost: bool,
    next: u64,
    /// The case on the screen.
    case: Option<CaseId>,
    /// With the case each belongs to: the messages themselves do not name it.
    unanswered: BTreeMap<u64, (Option<CaseId>, ToDaemon)>,
}

impl Outbox {
    fn send(&mut self, message: impl FnOnce(u64) -> ToDaemon) {
        self.next += 1;
        let message = message(self.next);
        if self.unanswered.len() >= UNANSWERED_MAX {
            self.unanswered.pop_first();
        }
        // Typing and answers may be repeated; a deed is done by a person who sees its effect.
        if may_repeat(&message) {
            self.unanswered
                .insert(self.next, (self.case, message.clone()));
        }
        if let Some(link) = self.link.as_ref().filter(|_| !self.lost) {
            link.send(&message);
        }
    }

    fn answered(&mut self, id: u64) {
        self.unanswered.remove(&id);
    }

    /// Only what was typed into the case that is on the screen now.
    fn send_again(&mut self) {
        let now = self.case;
        self.unanswered.retain(|_, (case, _)| *case == now);
        if let Some(link) = &self.link {
            for (_, message) in self.unanswered.values() {
                link.send(message);
            }
        }
    }
}

fn case_of(screen: &StaffScreen) -> Option<CaseId> {
    match screen {
        StaffScreen::Reception(reception) => Some(reception.case),
        StaffScreen::SignIn | StaffScreen::Board { .. } => None,
    }
}

fn may_repeat(message: &ToDaemon) -> bool {
    matches!(
        message,
        ToDaemon::Staff {
            action: StaffAction::SetField { .. } | StaffAction::Answer { .. },
            ..
        }
    )
}

/// One display at work; lives on the thread that draws.
pub struct App {
    window: Window,
    controller: Controller,
    outbox: Rc<RefCell<Outbox>>,
    again: bool,
}

impl std::fmt::Debug for App {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("App")
            .field("window", &self.window)
            .finish_non_exhaustive()
    }
}

impl App {
    /// Puts controllers behind a window. `clock` times the points of a signature.
    pub fn new(window: Window, clock: Clock) -> Self {
        let outbox = Rc::<RefCell<Outbox>>::default();
        let out = Rc::clone(&outbox);
        let controller = match &window {
            Window::Staff(window) => {
                let send: Rc<dyn Fn(StaffAction)> = Rc::new(move |action| {
                    out.borrow_mut().send(|id| ToDaemon::Staff { id, action });
                });
                Controller::Staff(StaffController::new(window, &send))
            }
            Window::Resident(window) => {
                let send: Rc<dyn Fn(ResidentAction)> = Rc::new(move |action| {
                    out.borrow_mut()
                        .send(|id| ToDaemon::Resident { id, action });
                });
                Controller::Resident(ResidentController::new(window, clock, send))
            }
        };
        Self {
            window,
            controller,
            outbox,
            again: false,
        }
    }

    /// The window.
    pub fn window(&self) -> &Window {
        &self.window
    }

    /// Draws what the daemon said.
    pub fn receive(&mut self, event: LinkEvent) {
        match event {
            LinkEvent::Connected => self.again = true,
            LinkEvent::Lost => {
                self.outbox.borrow_mut().lost = true;
                self.window.set_lost(true);
            }
            LinkEvent::Message(message) => self.message(message),
        }
    }

    fn message(&mut self, message: ToScreen) {
        match (message, &mut self.controller) {
            (ToScreen::StaffView(view), Controller::Staff(controller)) => {
                controller.show(&view);
                self.outbox.borrow_mut().case = case_of(&view.screen);
            }
            (ToScreen::ResidentView(view), Controller::Resident(controller)) => {
                controller.show(&view);
            }
            // Whatever the daemon takes this display for, it is never drawn on the wrong one.
            (ToScreen::StaffView(_), Controller::Resident(_))
            | (ToScreen::ResidentView(_), Controller::Staff(_)) => return,
            (ToScreen::Done { id }, _) => {
                self.outbox.borrow_mut().answered(id);
                return;
            }
            (ToScreen::Refused { id, notice }, _) => {
                self.outbox.borrow_mut().answered(id);
                self.show_notice(&notice);
                return;
            }
        }
        self.outbox.borrow_mut().lost = false;
        self.window.set_lost(false);
        if std::mem::take(&mut self.again) {
            self.outbox.borrow_mut().send_again();
            if let Controller::Staff(controller) = &self.controller {
                controller.send_again();
            }
        }
    }

    fn show_notice(&self, notice: &counter_api::Notice) {
        match &self.window {
            Window::Staff(window) => {
                window
                    .global::<StaffApi<'_>>()
                    .set_notice(shown(Some(notice)));
            }
            Window::Resident(window) => {
                window
                    .global::<ResidentApi<'_>>()
                    .set_notice(shown(Some(notice)));
            }
        }
    }
}

thread_local! {
    static APP: RefCell<Option<App>> = const { RefCell::new(None) };
}

/// Runs `deed` on the app of this thread, if it is still there.
pub fn with_app<R>(deed: impl FnOnce(&mut App) -> R) -> Option<R> {
    APP.with_borrow_mut(|app| app.as_mut().map(deed))
}

/// Makes the display at work on this thread and starts looking for the daemon at `socket`.
/// `drawn` is called on this thread after each thing drawn.
///
/// # Errors
/// When no window can be made or no thread started.
pub fn start(display: Display, socket: &Path, clock: Clock, drawn: fn()) -> Result<(), StartError> {
    let app = App::new(Window::new(display)?, clock);
    let outbox = Rc::clone(&app.outbox);
    APP.with_borrow_mut(|slot| *slot = Some(app));
    let link = Link::open(socket.to_owned(), display, move |event| {
        // Refused only after the event loop ended, and then nobody looks.
        drop(slint::invoke_from_event_loop(move || {
            with_app(|app| app.receive(event));
            drawn();
        }));
    })?;
    outbox.borrow_mut().link = Some(link);
    Ok(())
}

/// Ends the display of this thread.
pub fn stop() {
    drop(APP.with_borrow_mut(Option::take));
}
