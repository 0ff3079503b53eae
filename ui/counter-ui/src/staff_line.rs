//! The staff display's way to the daemon: what was typed goes out before any deed, by itself after
//! a pause, and the screen always says what is not saved yet.

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::rc::Rc;
use std::time::Duration;

use counter_api::{StaffAction, ToDaemon};
use slint::{ComponentHandle, Timer, TimerMode};

use crate::outbox::{Outbox, Unsaved};
use crate::rows::list;
use crate::ui::{ConnectionApi, ReceptionApi, StaffApi, StaffWindow, UnsavedData};

/// A pause in typing after which a field is stored.
const PAUSE: Duration = Duration::from_millis(600);

/// Member (0 for none) and label of each field, as the newest view has them.
pub(crate) type Labels = BTreeMap<String, (u8, String)>;

/// See the module. Shared by everything on the staff's screen that can be pressed.
pub(crate) struct StaffLine {
    window: slint::Weak<StaffWindow>,
    outbox: Rc<RefCell<Outbox>>,
    labels: RefCell<Labels>,
    /// The field whose pauses were sent; the daemon hears when it is left.
    typing: RefCell<Option<String>>,
    pause: Timer,
    revision: Cell<i32>,
}

impl StaffLine {
    pub(crate) fn new(window: &StaffWindow, outbox: &Rc<RefCell<Outbox>>) -> Rc<Self> {
        let line = Rc::new(Self {
            window: window.as_weak(),
            outbox: Rc::clone(outbox),
            labels: RefCell::default(),
            typing: RefCell::default(),
            pause: Timer::default(),
            revision: Cell::new(0),
        });
        let weak = Rc::downgrade(&line);
        window
            .global::<ReceptionApi<'_>>()
            .on_not_saved(move |path, _| {
                weak.upgrade()
                    .is_some_and(|line| line.outbox.borrow().is_unsaved(&path))
            });
        line
    }

    /// A deed goes out after what was typed.
    pub(crate) fn deed(&self, action: StaffAction) {
        self.flush();
        self.send(action);
    }

    pub(crate) fn send(&self, action: StaffAction) {
        self.outbox
            .borrow_mut()
            .send(|id| ToDaemon::Staff { id, action });
        self.tell();
    }

    /// A letter was typed; after a pause it is stored.
    pub(crate) fn type_into(self: &Rc<Self>, path: &str, text: &str) {
        self.outbox.borrow_mut().type_into(path, text);
        let weak = Rc::downgrade(self);
        self.pause.start(TimerMode::SingleShot, PAUSE, move || {
            if let Some(line) = weak.upgrade() {
                line.store_so_far();
            }
        });
        self.tell();
    }

    fn store_so_far(&self) {
        let typed = self.outbox.borrow_mut().take_typed();
        for (path, value) in typed {
            self.typing.replace(Some(path.clone()));
            self.send(StaffAction::TypeField { path, value });
        }
    }

    /// A field was left, or a choice made. `shown` is what the daemon has there.
    pub(crate) fn commit(&self, path: &str, text: &str, shown: &str) {
        let was_typed = self.outbox.borrow_mut().forget_typed(path).is_some();
        let was_typing = self.typing.borrow().as_deref() == Some(path);
        if was_typing {
            self.typing.take();
        }
        self.flush();
        if was_typed || was_typing || shown != text {
            self.send(StaffAction::SetField {
                path: path.to_owned(),
                value: text.to_owned(),
            });
        }
    }

    /// The value of a field that the daemon was sent and has not answered.
    pub(crate) fn on_its_way(&self, path: &str) -> Option<String> {
        self.outbox.borrow().on_its_way(path)
    }

    /// Sends everything typed, for good.
    pub(crate) fn flush(&self) {
        self.pause.stop();
        self.typing.take();
        let typed = self.outbox.borrow_mut().take_typed();
        for (path, value) in typed {
            self.send(StaffAction::SetField { path, value });
        }
    }

    /// The fields as the newest view has them.
    pub(crate) fn shows<'v>(
        &self,
        values: impl Iterator<Item = (&'v str, &'v str)>,
        labels: Labels,
    ) {
        let mut outbox = self.outbox.borrow_mut();
        for (path, value) in values {
            outbox.shows(path, value);
        }
        drop(outbox);
        self.labels.replace(labels);
    }

    /// Says on the screen what is not saved, and whether the daemon is still at the last deed.
    pub(crate) fn tell(&self) {
        let Some(window) = self.window.upgrade() else {
            return;
        };
        let unsaved = self.outbox.borrow().unsaved();
        let labels = self.labels.borrow();
        let rows = unsaved.iter().map(|what| match what {
            Unsaved::Field(path) => {
                let (member, label) = labels.get(path).cloned().unwrap_or_default();
                UnsavedData {
                    member: i32::from(member),
                    label: label.into(),
                }
            }
            Unsaved::Answer(_) => UnsavedData::default(),
        });
        let busy = !self.outbox.borrow().is_answered();
        window.global::<StaffApi<'_>>().set_busy(busy);
        window
            .global::<ConnectionApi<'_>>()
            .set_unsaved(list(rows.collect::<Vec<_>>()));
        self.revision.set(self.revision.get().wrapping_add(1));
        window
            .global::<ReceptionApi<'_>>()
            .set_revision(self.revision.get());
    }
}
