//! Codes that a scanner types into the staff's screen.

use std::cell::RefCell;
use std::rc::Rc;
use std::time::Duration;

use counter_api::{ScannedCode, StaffAction};
use slint::platform::Key;
use slint::{ComponentHandle, Timer};

use crate::keys::press;
use crate::sign::Clock;
use crate::staff_line::StaffLine;
use crate::ui::{CodeApi, StaffWindow};
use crate::wedge::{Heard, Wedge};

/// Listens to the keys of a window.
pub(crate) fn connect(window: &StaffWindow, line: &Rc<StaffLine>, clock: Clock) {
    let wedge = RefCell::<Wedge>::default();
    let (weak, line) = (window.as_weak(), Rc::clone(line));
    window.global::<CodeApi<'_>>().on_heard(move |key| {
        let heard = wedge.borrow_mut().hear(&key, clock());
        match heard {
            Heard::Key => false,
            Heard::Code(code) => {
                take(weak.clone(), Rc::clone(&line), code);
                true
            }
        }
    });
}

/// Takes what the scanner typed out of the field it went into, then tells the daemon; after the key
/// that is being handled, because that one is still on its way.
fn take(window: slint::Weak<StaffWindow>, line: Rc<StaffLine>, code: String) {
    Timer::single_shot(Duration::ZERO, move || {
        if let Some(window) = window.upgrade() {
            for _ in code.chars() {
                press(window.window(), &Key::Backspace.into());
            }
        }
        let code = ScannedCode::new(&code);
        line.deed(StaffAction::ReadCode { code });
    });
}
