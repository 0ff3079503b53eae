//! Japanese identity cards: which application, which file, which secret, which bytes.
//!
//! Knows no PC/SC: everything works on [`card_reader::Card`], so the same code reads a card behind
//! pcscd and a simulated one. Knows the My Number card ([`TextApplication`], [`VisualApplication`],
//! [`JpkiApplication`], [`MyNumberLicence`]), the driver's licence ([`DrivingLicence`]), the
//! residence card of both generations ([`ResidenceCard`]) and passports that open with their printed
//! zone ([`Passport`]), which [`PassportZone`] reads from paper too.
//!
//! Start at [`session`]: [`session::detect`], [`session::all_tries`], [`session::read`].
//!
//! **Invariants.** The counter of tries is asked before a secret is sent. A secret is sent once and
//! never again by itself. The individual number is read only by [`session::read_individual_number`].
//! A private key works only with a PIN entered for it. When the card leaves, nothing read from it
//! survives.

#![warn(clippy::indexing_slicing, clippy::as_conversions)]

mod apdu;
mod basic_four;
mod card_text;
mod certificate;
mod cipher;
mod detect;
mod era_date;
mod error;
mod face;
mod genuine;
mod jpki;
mod licence;
mod mrz;
mod mutual;
mod mynumber_licence;
mod passport;
mod picture;
mod presentation;
mod reading;
mod residence;
mod same_card;
mod secret;
pub mod session;
mod text_application;
mod tlv;
mod visual_application;

pub use basic_four::{BasicFour, Sex};
pub use card_text::{CardText, GETA, Mark, Missing};
pub use certificate::{Certificate, CertifiedPerson, Standing, TrustStore};
pub use detect::CardKind;
pub use error::ReadCardError;
pub use face::{CertificateSeen, FaceReading};
pub use genuine::{Authority, Genuineness, RsaKey};
pub use jpki::{JpkiApplication, Token};
pub use licence::{DrivingLicence, Gaiji, LicencePins, LicenceReading, LicenceTries};
pub use mrz::{MrzError, MrzPart, PassportZone};
pub use mynumber_licence::{MyNumberLicence, MyNumberLicenceReading};
pub use passport::{Passport, PassportKey, PassportKeyError};
pub use picture::{Picture, PictureFormat};
pub(crate) use presentation::Reference;
pub use presentation::{Insist, TriesLeft};
pub use reading::{DocumentReading, Warning};
pub use residence::{
    Generation, Judging, ResidenceCard, ResidenceKind, ResidenceNumber, ResidenceNumberError,
    ResidenceReading, SessionRandom,
};
pub use same_card::LastingReading;
pub use secret::{Auth, NumberA, NumberB, Pin, SecretFormatError, SecretKind, SignPassword};
pub use text_application::TextApplication;
pub use visual_application::{CardFace, FaceAuth, VisualApplication};
