//! The My Number card's public key application (公的個人認証AP, JPKI).
//!
//! The authentication certificate is free to read and carries no personal data; the signing
//! certificate needs its password and names the person. A private key is used for one thing only:
//! to prove that card and PIN belong together, with the PIN entered by the person for it.

use std::fmt;

use card_reader::{Card, StatusWord};

use crate::certificate::Certificate;
use crate::secret::{Pin, SecretKind, SignPassword};
use crate::tlv::TagStyle;
use crate::{Insist, ReadCardError, TriesLeft, apdu, genuine, presentation};

/// Public key application.
const APPLICATION: &[u8] = &[0xd3, 0x92, 0xf0, 0x00, 0x26, 0x01, 0x00, 0x00, 0x00, 0x01];
const SIGN_CERTIFICATE: u16 = 0x0001;
const TOKEN: u16 = 0x0006;
const AUTH_CERTIFICATE: u16 = 0x000a;
const AUTH_KEY: u16 = 0x0017;

/// What carries the application (first bytes of file 0006).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Token {
    /// A My Number card of plastic.
    Card,
    /// A resident registration card (住民基本台帳カード), no longer valid.
    OldCard,
    /// An Android phone.
    Android,
    /// An iPhone.
    Iphone,
    /// Something newer.
    Unknown,
}

/// The selected public key application of one powered card.
pub struct JpkiApplication<'card> {
    card: &'card mut dyn Card,
}

impl fmt::Debug for JpkiApplication<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JpkiApplication")
    }
}

impl<'card> JpkiApplication<'card> {
    /// Selects the application.
    ///
    /// # Errors
    /// [`ReadCardError::NotThisCard`] when the card does not have it.
    pub fn select(card: &'card mut dyn Card) -> Result<Self, ReadCardError> {
        apdu::enter_application(card, APPLICATION)?;
        Ok(Self { card })
    }

    /// What kind of thing it is.
    ///
    /// # Errors
    /// As the card fails.
    pub fn read_token(&mut self) -> Result<Token, ReadCardError> {
        apdu::select_file(self.card, TOKEN)?;
        let response = self.card.transmit(&[0x00, 0xb0, 0x00, 0x00, 0x20])?;
        apdu::accepted(&response)?;
        let text = response.data.trim_ascii_end();
        Ok(match text {
            b"JPKIAPICCTOKEN2" => Token::Card,
            b"JPKIAPICCTOKEN" => Token::OldCard,
            b"JPKIAPGPSETOKEN" => Token::Android,
            b"JPKIAPIOSTOKEN" => Token::Iphone,
            _ => Token::Unknown,
        })
    }

    /// Tries left of the authentication PIN. Costs nothing.
    ///
    /// # Errors
    /// As the card fails.
    pub fn auth_tries_left(&mut self) -> Result<TriesLeft, ReadCardError> {
        presentation::tries_left(self.card, SecretKind::AuthPin)
    }

    /// Tries left of the signing password. Costs nothing.
    ///
    /// # Errors
    /// As the card fails.
    pub fn sign_tries_left(&mut self) -> Result<TriesLeft, ReadCardError> {
        presentation::tries_left(self.card, SecretKind::SignPassword)
    }

    /// Reads the authentication certificate (利用者証明用電子証明書); `None` when the holder has none.
    ///
    /// # Errors
    /// As the card fails.
    pub fn read_auth_certificate(&mut self) -> Result<Option<Certificate>, ReadCardError> {
        self.read_certificate(AUTH_CERTIFICATE)
    }

    /// Opens and reads the signing certificate (署名用電子証明書), which names the person; `None` when
    /// the holder has none, as children under 15.
    ///
    /// # Errors
    /// As [`crate::TextApplication::read_basic_four`].
    pub fn read_sign_certificate(
        &mut self,
        password: &SignPassword,
        insist: Insist,
    ) -> Result<Option<Certificate>, ReadCardError> {
        presentation::present(
            self.card,
            SecretKind::SignPassword,
            password.letters(),
            insist,
        )?;
        self.read_certificate(SIGN_CERTIFICATE)
    }

    /// Proves that the card holds the key of its authentication certificate: the person enters the
    /// PIN, the chip signs fresh random bytes.
    ///
    /// # Errors
    /// As [`crate::TextApplication::read_basic_four`]; [`ReadCardError::NotProven`] when the
    /// signature does not fit.
    pub fn prove_presence(
        &mut self,
        pin: &Pin,
        insist: Insist,
        challenge: &[u8; 32],
    ) -> Result<Certificate, ReadCardError> {
        let certificate = self
            .read_auth_certificate()?
            .ok_or(ReadCardError::NotThisCard)?;
        presentation::present(self.card, SecretKind::AuthPin, pin.digits(), insist)?;
        apdu::select_file(self.card, AUTH_KEY)?;
        let payload = genuine::digest_info(&genuine::sha256(challenge));
        let signature = apdu::sign(self.card, 0x80, &payload)?;
        if certificate.signed(challenge, &signature)? {
            Ok(certificate)
        } else {
            Err(ReadCardError::NotProven)
        }
    }

    /// A certificate that is not there leaves its file absent, or filled with `FF` or `00`.
    fn read_certificate(&mut self, file: u16) -> Result<Option<Certificate>, ReadCardError> {
        match apdu::select_file(self.card, file) {
            Ok(()) => {}
            Err(ReadCardError::Refused {
                sw: StatusWord::NOT_FOUND,
            }) => return Ok(None),
            Err(error) => return Err(error),
        }
        let der = apdu::read_object(self.card, TagStyle::OneByte)?;
        if der.first() == Some(&0x30) {
            Certificate::parse(&der).map(Some)
        } else {
            Ok(None)
        }
    }
}
