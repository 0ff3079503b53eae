//! Japanese identity cards: which application, which file, which secret, which bytes.
//!
//! Knows no PC/SC: everything works on [`card_reader::Card`], so the same code reads a card behind
//! pcscd and a simulated one. Knows the My Number card's text application (券面事項入力補助AP) today
//! and recognises the other kinds.
//!
//! Start at [`session`]: [`session::detect`], [`session::tries`], [`session::read`].
//!
//! **Invariants.** The counter of tries is asked before a secret is sent. A secret is sent once and
//! never again by itself. The individual number is read only by [`session::read_individual_number`].
//! When the card leaves, nothing read from it survives.

#![warn(clippy::indexing_slicing, clippy::as_conversions)]

mod apdu;
mod basic_four;
mod detect;
mod error;
mod individual_number;
mod secret;
pub mod session;
mod text_application;
mod tlv;

pub use basic_four::{BasicFour, Sex};
pub use detect::CardKind;
pub use error::ReadCardError;
pub use individual_number::IndividualNumber;
pub use secret::{Auth, NumberB, Pin, SecretFormatError, SecretKind};
pub use text_application::{Insist, TextApplication, TriesLeft};
