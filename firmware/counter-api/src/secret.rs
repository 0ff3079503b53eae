//! What a person types and nobody may read again: PINs, the number on a card, passwords.

use std::fmt;

use serde::{Deserialize, Serialize};
use zeroize::Zeroize;

/// ASCII digits typed by a person. Debug and Display hide them; dropped memory is zeroed.
#[derive(Clone, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Digits(String);

impl Digits {
    /// Takes typed text; only digits are kept, those of a Japanese keyboard as ASCII.
    pub fn new(text: &str) -> Self {
        Self(text.chars().filter_map(ascii_digit).collect())
    }

    /// The digits, for the one place that sends them to a card or a hash.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

/// `7` and `７`, both as `7`.
fn ascii_digit(typed: char) -> Option<char> {
    let fullwidth = u32::from(typed).checked_sub(u32::from('０'));
    let digit = typed.to_digit(10).or(fullwidth)?;
    char::from_digit(digit, 10)
}

impl Drop for Digits {
    fn drop(&mut self) {
        self.0.zeroize();
    }
}

impl fmt::Debug for Digits {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Digits(hidden)")
    }
}

/// Number printed on a residence card, as typed: letters and digits. Debug hides it; dropped memory is
/// zeroed.
#[derive(Clone, Serialize, Deserialize)]
#[serde(transparent)]
pub struct CardNumber(String);

impl CardNumber {
    /// Takes typed text; only Latin letters and digits are kept, capital and half-width.
    pub fn new(text: &str) -> Self {
        Self(text.chars().filter_map(ascii_letter).collect())
    }

    /// The number, for the one place that opens the card with it.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

/// `z`, `Ｚ` and `ｚ` as `Z`; digits as they are.
fn ascii_letter(typed: char) -> Option<char> {
    let half = match u32::from(typed) {
        code @ 0xff01..=0xff5e => char::from_u32(code - 0xfee0)?,
        _ => typed,
    };
    half.is_ascii_alphanumeric()
        .then(|| half.to_ascii_uppercase())
}

impl Drop for CardNumber {
    fn drop(&mut self) {
        self.0.zeroize();
    }
}

impl fmt::Debug for CardNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("CardNumber(hidden)")
    }
}

/// The longest password taken, in characters; what is beyond is not kept.
const PASSWORD_CHARS_MAX: usize = 256;

/// A password: any printable characters. Debug hides it; dropped memory is zeroed.
#[derive(Clone, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Password(String);

impl Password {
    /// Takes typed text; only control characters are left out.
    pub fn new(text: &str) -> Self {
        let printable = text.chars().filter(|typed| !typed.is_control());
        Self(printable.take(PASSWORD_CHARS_MAX).collect())
    }

    /// The password, for the one place that hashes it.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl Drop for Password {
    fn drop(&mut self) {
        self.0.zeroize();
    }
}

impl fmt::Debug for Password {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Password(hidden)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn digits_of_both_widths_are_kept_and_nothing_else() {
        assert_eq!(Digits::new("１2-3４a").expose(), "1234");
    }

    #[test]
    fn a_password_keeps_every_printable_character() {
        let typed = "Hi \"#mitsu! ひみつ_9~";
        assert_eq!(Password::new(typed).expose(), typed);
        assert_eq!(Password::new("a\tb\nc").expose(), "abc");
    }

    #[test]
    fn neither_shows_itself() {
        let shown = format!("{:?} {:?}", Digits::new("1293"), Password::new("himitsu"));
        assert_eq!(shown, "Digits(hidden) Password(hidden)");
    }
}
