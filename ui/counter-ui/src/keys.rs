//! The soft keyboard: its keys arrive as key events at whatever has the focus.

use slint::platform::{Key, WindowEvent};
use slint::{ComponentHandle, SharedString};

use crate::ui::{KeyApi, StaffWindow};

/// Kana in the order the ゛゜小 key walks through them.
const VOICES: [&str; 26] = [
    "カガ",
    "キギ",
    "クグ",
    "ケゲ",
    "コゴ",
    "サザ",
    "シジ",
    "スズ",
    "セゼ",
    "ソゾ",
    "タダ",
    "チヂ",
    "ツッヅ",
    "テデ",
    "トド",
    "ハバパ",
    "ヒビピ",
    "フブプ",
    "ヘベペ",
    "ホボポ",
    "アァ",
    "イィ",
    "ウゥヴ",
    "エェ",
    "オォ",
    "ヤャ",
];
const SMALL: [&str; 3] = ["ユュ", "ヨョ", "ワヮ"];

/// Connects the soft keyboard.
pub(crate) fn connect(window: &StaffWindow) {
    let api = window.global::<KeyApi<'_>>();
    let weak = window.as_weak();
    let last = std::rc::Rc::new(std::cell::RefCell::new(String::new()));
    let typed = std::rc::Rc::clone(&last);
    api.on_key(move |key| {
        if let Some(window) = weak.upgrade() {
            key.as_str().clone_into(&mut typed.borrow_mut());
            press(window.window(), &key);
        }
    });
    let weak = window.as_weak();
    api.on_backspace(move || {
        if let Some(window) = weak.upgrade() {
            press(window.window(), &Key::Backspace.into());
        }
    });
    let weak = window.as_weak();
    api.on_enter(move || {
        if let Some(window) = weak.upgrade() {
            press(window.window(), &Key::Return.into());
        }
    });
    let weak = window.as_weak();
    api.on_voice(move || {
        let Some(window) = weak.upgrade() else { return };
        let next = voiced(&last.borrow());
        if let Some(next) = next {
            press(window.window(), &Key::Backspace.into());
            press(window.window(), &next.as_str().into());
            *last.borrow_mut() = next;
        }
    });
}

/// Dispatches one key, down and up.
pub(crate) fn press(window: &slint::Window, text: &SharedString) {
    window.dispatch_event(WindowEvent::KeyPressed { text: text.clone() });
    window.dispatch_event(WindowEvent::KeyReleased { text: text.clone() });
}

fn voiced(kana: &str) -> Option<String> {
    let kana = kana.chars().next()?;
    let round = VOICES
        .iter()
        .chain(&SMALL)
        .find(|round| round.contains(kana))?;
    let at = round.chars().position(|other| other == kana)?;
    round.chars().cycle().nth(at + 1).map(String::from)
}

#[cfg(test)]
mod tests {
    use super::voiced;

    #[test]
    fn voice_key_walks_through_all_forms() {
        assert_eq!(voiced("ハ").as_deref(), Some("バ"));
        assert_eq!(voiced("バ").as_deref(), Some("パ"));
        assert_eq!(voiced("パ").as_deref(), Some("ハ"));
        assert_eq!(voiced("ヨ").as_deref(), Some("ョ"));
        assert_eq!(voiced("ン"), None);
    }
}
