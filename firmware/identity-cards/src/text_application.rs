//! The My Number card's text application (券面事項入力補助AP).

use card_reader::Card;
use counter_domain::number::MyNumber;

use crate::detect::TEXT_APPLICATION;
use crate::genuine::{self, Authority, Genuineness};
use crate::secret::{Auth, NumberA, Pin, SecretKind};
use crate::tlv::{self, TagStyle};
use crate::{BasicFour, Insist, ReadCardError, TriesLeft, apdu, presentation};

/// File of the individual number.
const INDIVIDUAL_NUMBER_FILE: u16 = 0x0001;
/// File of the basic four items.
const BASIC_FOUR_FILE: u16 = 0x0002;
/// File of the digests and the issuer's signature over them.
const INTEGRITY_FILE: u16 = 0x0003;
/// File of the issuer's card-verifiable certificate.
const CERTIFICATE_FILE: u16 = 0x0004;
/// File of the chip's own public key, signed by the issuer.
const CHIP_KEY_FILE: u16 = 0x0007;

/// The selected text application of one powered card.
pub struct TextApplication<'card> {
    card: &'card mut dyn Card,
}

impl std::fmt::Debug for TextApplication<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("TextApplication")
    }
}

impl<'card> TextApplication<'card> {
    /// Selects the application.
    ///
    /// # Errors
    /// [`ReadCardError::NotThisCard`] when the card does not have it.
    pub fn select(card: &'card mut dyn Card) -> Result<Self, ReadCardError> {
        apdu::enter_application(card, TEXT_APPLICATION)?;
        Ok(Self { card })
    }

    /// Asks how many tries are left. Costs nothing.
    ///
    /// # Errors
    /// When reader or card fail.
    pub fn tries_left(&mut self, kind: SecretKind) -> Result<TriesLeft, ReadCardError> {
        presentation::tries_left(self.card, kind)
    }

    /// Opens the application with a secret and reads the basic four items.
    ///
    /// The counter is asked first; the secret is sent at most once.
    ///
    /// # Errors
    /// [`ReadCardError::LastTry`] and [`ReadCardError::Blocked`] before anything is sent,
    /// [`ReadCardError::Wrong`] and [`ReadCardError::Blocked`] after it.
    pub fn read_basic_four(
        &mut self,
        auth: &Auth,
        insist: Insist,
    ) -> Result<BasicFour, ReadCardError> {
        self.present(auth, insist)?;
        self.read_opened_basic_four()
    }

    /// Opens the application with the PIN and reads the basic four items and the individual number,
    /// with one presentation of the PIN. Only for a procedure whose law asks for the number.
    ///
    /// # Errors
    /// As [`TextApplication::read_basic_four`]; [`ReadCardError::Malformed`] also when the check
    /// digit of the number does not fit.
    pub fn read_with_individual_number(
        &mut self,
        pin: &Pin,
        insist: Insist,
    ) -> Result<(BasicFour, MyNumber), ReadCardError> {
        self.present(&Auth::Pin(pin.clone()), insist)?;
        let four = self.read_opened_basic_four()?;
        apdu::select_file(self.card, INDIVIDUAL_NUMBER_FILE)?;
        let file = apdu::read_object(self.card, TagStyle::TwoBytes)?;
        Ok((four, individual_number(&file)?))
    }

    /// Has the chip confirm the individual number that a person wrote or typed (照合番号A). The
    /// number is not read from the chip; a wrong one costs a try.
    ///
    /// # Errors
    /// [`ReadCardError::Wrong`] when the chip holds another number.
    pub fn confirm_individual_number(
        &mut self,
        number: &NumberA,
        insist: Insist,
    ) -> Result<(), ReadCardError> {
        presentation::present(self.card, SecretKind::NumberA, number.digits(), insist)
    }

    /// Opens the application, reads the basic four items and checks that chip and content are
    /// genuine as far as can be done without a network.
    ///
    /// `challenge` must be fresh random bytes: a copy of the files cannot sign them.
    ///
    /// # Errors
    /// As [`TextApplication::read_basic_four`]. What the check finds is no error.
    pub fn read_genuine_basic_four(
        &mut self,
        auth: &Auth,
        insist: Insist,
        challenge: &[u8; 32],
        authorities: &[Authority],
    ) -> Result<(BasicFour, Genuineness), ReadCardError> {
        self.present(auth, insist)?;
        apdu::select_file(self.card, BASIC_FOUR_FILE)?;
        let file = apdu::read_object(self.card, TagStyle::TwoBytes)?;
        let four = BasicFour::parse(&file)?;
        let genuineness = self.check(&file, challenge, authorities)?;
        Ok((four, genuineness))
    }

    fn check(
        &mut self,
        basic_four: &[u8],
        challenge: &[u8; 32],
        authorities: &[Authority],
    ) -> Result<Genuineness, ReadCardError> {
        let mut read = |file| -> Result<_, ReadCardError> {
            apdu::select_file(self.card, file)?;
            apdu::read_object(self.card, TagStyle::TwoBytes)
        };
        let certificate = read(CERTIFICATE_FILE)?;
        let integrity = read(INTEGRITY_FILE)?;
        let chip_key = read(CHIP_KEY_FILE)?;
        let payload = genuine::digest_info(&genuine::sha256(challenge));
        let signed = apdu::sign(self.card, 0x00, &payload)?;
        genuine::TextEvidence {
            certificate: &certificate,
            integrity: &integrity,
            basic_four,
            chip_key: &chip_key,
            challenge,
            signed: &signed,
        }
        .check(authorities)
    }

    fn read_opened_basic_four(&mut self) -> Result<BasicFour, ReadCardError> {
        apdu::select_file(self.card, BASIC_FOUR_FILE)?;
        let file = apdu::read_object(self.card, TagStyle::TwoBytes)?;
        BasicFour::parse(&file)
    }

    fn present(&mut self, auth: &Auth, insist: Insist) -> Result<(), ReadCardError> {
        presentation::present(self.card, auth.kind(), auth.digits(), insist)
    }
}

/// File 0001: `FF10 0C` and twelve ASCII digits.
fn individual_number(file: &[u8]) -> Result<MyNumber, ReadCardError> {
    let digits = tlv::only(TagStyle::TwoBytes, 0xff10, file)?;
    let text = std::str::from_utf8(digits).map_err(|_| ReadCardError::Malformed)?;
    if digits.len() != 12 || !digits.iter().all(u8::is_ascii_digit) {
        return Err(ReadCardError::Malformed);
    }
    MyNumber::parse(text).map_err(|_| ReadCardError::Malformed)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_whose_check_digit_is_wrong_is_refused() {
        let good = [&[0xff, 0x10, 0x0c][..], b"123456789018", &[0xff, 0xff]].concat();
        assert_eq!(individual_number(&good).unwrap().reveal(), "123456789018");
        let bad = [&[0xff, 0x10, 0x0c][..], b"123456789019"].concat();
        assert_eq!(individual_number(&bad), Err(ReadCardError::Malformed));
        let wide = [&[0xff, 0x10, 0x0c][..], "１２３４".as_bytes()].concat();
        assert_eq!(individual_number(&wide), Err(ReadCardError::Malformed));
    }
}
