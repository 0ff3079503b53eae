//! Puts one display together: window, controllers, and the line to the daemon.

use std::cell::RefCell;
use std::io;
use std::path::Path;
use std::rc::Rc;

use counter_api::{Display, Notice, ResidentAction, ToDaemon, ToScreen};
use slint::{ComponentHandle, PlatformError};
use thiserror::Error;

use crate::link::{Link, LinkEvent};
use crate::notice::shown;
use crate::outbox::Outbox;
use crate::resident::ResidentController;
use crate::sign::Clock;
use crate::staff::StaffController;
use crate::staff_line::StaffLine;
use crate::ui::{
    ConnectionApi, HeaderData, ResidentApi, ResidentWindow, StaffApi, StaffWindow, Theme,
};

/// The largest type, as a multiple of the usual.
pub const TEXT_SCALE_MAX: f32 = 2.0;
/// The resident's usual type is large already (28 px): twice what staff read.
const RESIDENT_TEXT_SCALE_MAX: f32 = 1.3;

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

    /// Makes the type larger than usual, at most as far as the display's pages hold it.
    pub fn set_text_scale(&self, scale: f32) {
        match self {
            Self::Staff(window) => {
                let scale = scale.clamp(1.0, TEXT_SCALE_MAX);
                window.global::<Theme<'_>>().set_text_scale(scale);
            }
            Self::Resident(window) => {
                let scale = scale.clamp(1.0, RESIDENT_TEXT_SCALE_MAX);
                window.global::<Theme<'_>>().set_text_scale(scale);
            }
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
    Staff(Box<StaffController>),
    Resident(Box<ResidentController>),
}

/// One display at work; lives on the thread that draws.
pub struct App {
    window: Window,
    controller: Controller,
    outbox: Rc<RefCell<Outbox>>,
}

impl std::fmt::Debug for App {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("App")
            .field("window", &self.window)
            .finish_non_exhaustive()
    }
}

impl App {
    /// Puts controllers behind a window. `clock` times the points of a signature, and the keys of a
    /// scanner that types.
    pub fn new(window: Window, clock: Clock) -> Self {
        let outbox = Rc::<RefCell<Outbox>>::default();
        let controller = match &window {
            Window::Staff(window) => {
                let line = StaffLine::new(window, &outbox);
                crate::codes::connect(window, &line, clock);
                Controller::Staff(Box::new(StaffController::new(window, line)))
            }
            Window::Resident(window) => {
                let out = Rc::clone(&outbox);
                let send: Rc<dyn Fn(ResidentAction)> = Rc::new(move |action| {
                    out.borrow_mut()
                        .send(|id| ToDaemon::Resident { id, action });
                });
                Controller::Resident(Box::new(ResidentController::new(window, clock, send)))
            }
        };
        Self {
            window,
            controller,
            outbox,
        }
    }

    /// The window.
    pub fn window(&self) -> &Window {
        &self.window
    }

    /// Whether everything a person did here has been answered by the daemon.
    #[cfg(feature = "scripted")]
    pub(crate) fn is_answered(&self) -> bool {
        self.outbox.borrow().is_answered()
    }

    /// Draws what the daemon said.
    pub fn receive(&mut self, event: LinkEvent) {
        match event {
            LinkEvent::Connected => self.outbox.borrow_mut().line_back(),
            LinkEvent::Lost => {
                // From here on everything typed is remembered as sent.
                if let Controller::Staff(controller) = &self.controller {
                    controller.flush();
                }
                self.outbox.borrow_mut().line_lost();
                self.window.set_lost(true);
            }
            LinkEvent::Message(message) => self.message(message),
        }
    }

    /// Whatever the daemon takes this display for, a view is never drawn on the wrong one.
    fn message(&mut self, message: ToScreen) {
        match (message, &mut self.controller) {
            (ToScreen::StaffView(view), Controller::Staff(controller)) => {
                let dropped = self.outbox.borrow_mut().shown(&view.screen);
                controller.show(&view);
                controller.tell_dropped(dropped);
                self.window.set_lost(false);
            }
            (ToScreen::ResidentView(view), Controller::Resident(controller)) => {
                self.outbox.borrow_mut().shown_to_resident();
                controller.show(&view);
                self.window.set_lost(false);
            }
            (ToScreen::StaffView(_), Controller::Resident(_))
            | (ToScreen::ResidentView(_), Controller::Staff(_)) => {}
            (ToScreen::Done { id }, _) => {
                self.outbox.borrow_mut().done(id);
                self.answered(None);
            }
            (ToScreen::Refused { id, notice }, _) => {
                self.outbox.borrow_mut().refused(id);
                self.answered(Some(notice));
            }
        }
    }

    fn answered(&mut self, refused: Option<Notice>) {
        match (&mut self.controller, &self.window) {
            (Controller::Staff(controller), _) => controller.answered(refused),
            (Controller::Resident(_), Window::Resident(window)) => {
                if refused.is_some() {
                    window
                        .global::<ResidentApi<'_>>()
                        .set_notice(shown(refused.as_ref()));
                }
            }
            (Controller::Resident(_), Window::Staff(_)) => {}
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
    outbox.borrow_mut().open(link);
    Ok(())
}

/// Ends the display of this thread.
pub fn stop() {
    drop(APP.with_borrow_mut(Option::take));
}
