//! A code scanner that types (keyboard wedge), told apart from a person who types.
//!
//! A scanner sends a whole code within milliseconds and ends it with Enter; nobody types eight
//! letters at this pace. What is typed meanwhile reaches whatever has the focus, because the first
//! letter does not say which it is: when the burst turns out to be a code, it is taken out again.
//! Time is passed in.

use std::time::Duration;

/// The longest pause between two letters of a scanner; Bluetooth scanners need up to 30 ms.
const PAUSE_MAX: Duration = Duration::from_millis(40);
/// Fewer letters than this may be a quick hand; no code of ours is shorter.
const LETTERS_MIN: usize = 8;
/// More than the largest QR code holds.
const LETTERS_MAX: usize = 4_400;

/// What a key was.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Heard {
    /// A key like any other.
    Key,
    /// The Enter that ends a code; the key itself means nothing.
    Code(String),
}

/// Listens to every key before whatever has the focus does.
#[derive(Debug, Default)]
pub(crate) struct Wedge {
    burst: String,
    letters: usize,
    last: Option<Duration>,
}

impl Wedge {
    /// A key went down at this time.
    pub(crate) fn hear(&mut self, key: &str, at: Duration) -> Heard {
        let quick = self
            .last
            .is_some_and(|last| at.saturating_sub(last) <= PAUSE_MAX);
        let mut letters = key.chars();
        match (letters.next(), letters.next()) {
            (Some('\n' | '\r'), None) => {
                let burst = std::mem::take(&mut self.burst);
                let count = std::mem::take(&mut self.letters);
                self.last = None;
                if quick && count >= LETTERS_MIN {
                    return Heard::Code(burst);
                }
            }
            (Some(letter), None) if is_letter(letter) => {
                if !quick || self.letters >= LETTERS_MAX {
                    self.burst.clear();
                    self.letters = 0;
                }
                self.burst.push(letter);
                self.letters += 1;
                self.last = Some(at);
            }
            // A scanner presses Shift for capital letters.
            (Some(SHIFT | SHIFT_RIGHT), None) => {}
            _ => {
                self.burst.clear();
                self.letters = 0;
                self.last = None;
            }
        }
        Heard::Key
    }
}

/// Slint's `Key.Shift` and `Key.ShiftR`.
const SHIFT: char = '\u{10}';
const SHIFT_RIGHT: char = '\u{15}';

/// Slint gives keys without a letter control characters and the private use area from U+F700.
fn is_letter(key: char) -> bool {
    !key.is_control() && !('\u{f700}'..='\u{f8ff}').contains(&key)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Types each letter and Enter, this many milliseconds apart; what was heard at the end.
    #[track_caller]
    fn check(text: &str, pause_ms: u64) -> Heard {
        let mut wedge = Wedge::default();
        typed(&mut wedge, text, pause_ms)
    }

    fn typed(wedge: &mut Wedge, text: &str, pause_ms: u64) -> Heard {
        let mut at = Duration::from_hours(1);
        let mut heard = Heard::Key;
        for key in text.chars().chain(['\n']) {
            at += Duration::from_millis(pause_ms);
            heard = wedge.hear(&key.to_string(), at);
        }
        heard
    }

    #[test]
    fn a_burst_ended_by_enter_is_a_code() {
        let code = "07-2-261121-0184-6";
        assert_eq!(check(code, 4), Heard::Code(code.to_owned()));
        assert_eq!(check(code, 40), Heard::Code(code.to_owned()));
    }

    #[test]
    fn a_person_who_types_is_left_alone() {
        assert_eq!(check("07-2-261121-0184-6", 90), Heard::Key);
        assert_eq!(check("07-2-261121-0184-6", 41), Heard::Key);
        assert_eq!(check("1234567", 5), Heard::Key);
    }

    #[test]
    fn what_was_typed_slowly_before_is_no_part_of_the_code() {
        let mut wedge = Wedge::default();
        wedge.hear("あ", Duration::from_secs(1));
        wedge.hear("い", Duration::from_secs(2));
        let heard = typed(&mut wedge, "TDK1-AAAA", 5);
        assert_eq!(heard, Heard::Code("TDK1-AAAA".to_owned()));
    }

    #[test]
    fn shift_belongs_to_a_code_and_other_keys_end_it() {
        let keys = |extra: &str| {
            let mut wedge = Wedge::default();
            let mut at = Duration::ZERO;
            let mut heard = Heard::Key;
            let all = ["A", "B", "C", "D", extra, "E", "F", "G", "H", "\n"];
            for key in all {
                at += Duration::from_millis(5);
                heard = wedge.hear(key, at);
            }
            heard
        };
        assert_eq!(keys("\u{10}"), Heard::Code("ABCDEFGH".to_owned()));
        assert_eq!(keys("\u{8}"), Heard::Key);
        assert_eq!(keys("\u{f700}"), Heard::Key);
    }

    #[test]
    fn enter_alone_and_a_late_enter_mean_themselves() {
        let mut wedge = Wedge::default();
        assert_eq!(wedge.hear("\n", Duration::ZERO), Heard::Key);
        for (at, key) in (0..).zip("ABCDEFGHIJ".chars()) {
            wedge.hear(&key.to_string(), Duration::from_millis(at));
        }
        assert_eq!(wedge.hear("\n", Duration::from_millis(500)), Heard::Key);
    }
}
