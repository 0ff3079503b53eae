//! A reading that survives a lifted card, where it can be proved that the same card came back.
//!
//! A My Number card has a serial number that is free to read (共通カードAP), so it can prove itself
//! before the PIN is sent again. A licence has nothing of its own that is free: it is asked for anew.
//! A residence card needs no proof: its number is the key, and a wrong one costs nothing.
//!
//! The secret may have been counted when the card left, so the counter decides: a count that went
//! down means that it was wrong, and it is not sent again.

use std::fmt;

use card_reader::Card;
use zeroize::Zeroizing;

use crate::secret::Auth;
use crate::{BasicFour, Insist, ReadCardError, TextApplication, TriesLeft, apdu, genuine};

/// Common card application (共通カードAP) of the My Number card.
const COMMON_APPLICATION: &[u8] = &[0xd3, 0x92, 0x10, 0x00, 0x31, 0x00, 0x01, 0x01, 0x01, 0x00];
/// Tag, length, then serial number, municipality and expiry.
const RECORD_BYTES: usize = 30;

/// Digest of what only one card has.
#[derive(Clone, PartialEq, Eq)]
struct CardProof(Zeroizing<Vec<u8>>);

/// One reading of a My Number card that may be taken up again after the card was lifted.
pub struct LastingReading {
    auth: Auth,
    insist: Insist,
    proof: Option<CardProof>,
    counted: Option<TriesLeft>,
}

impl fmt::Debug for LastingReading {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("LastingReading")
    }
}

impl LastingReading {
    /// Nothing is sent yet.
    pub fn new(auth: Auth, insist: Insist) -> Self {
        Self {
            auth,
            insist,
            proof: None,
            counted: None,
        }
    }

    /// Whether a card that comes back can be recognised.
    pub fn can_continue(&self) -> bool {
        self.proof.is_some()
    }

    /// Reads, or goes on with the card that was put back.
    ///
    /// # Errors
    /// [`ReadCardError::NotTheSame`] when another card lies there: nothing was sent to it.
    /// [`ReadCardError::Wrong`] when the lifted card had counted the secret as wrong.
    /// [`ReadCardError::LastTry`] when one try is left on the way back, even for a person who had
    /// insisted: the first time may have been the slip. Otherwise as
    /// [`TextApplication::read_basic_four`].
    pub fn run(&mut self, card: &mut dyn Card) -> Result<BasicFour, ReadCardError> {
        let proof = card_proof(card)?;
        let is_back = match (&self.proof, &proof) {
            (None, _) => false,
            (Some(before), Some(now)) if before == now => true,
            (Some(_), _) => return Err(ReadCardError::NotTheSame),
        };
        self.proof = proof;
        let kind = self.auth.kind();
        let mut application = TextApplication::select(card)?;
        let now = application.tries_left(kind)?;
        let before = self.counted.replace(now);
        if is_back {
            self.insist = Insist::No;
            if let (Some(TriesLeft::Left(before)), TriesLeft::Left(tries_left)) = (before, now)
                && tries_left < before
            {
                return Err(ReadCardError::Wrong { kind, tries_left });
            }
        }
        application.read_basic_four(&self.auth, self.insist)
    }
}

/// `None` when the card has nothing to prove itself with; then it is read once and never continued.
fn card_proof(card: &mut dyn Card) -> Result<Option<CardProof>, ReadCardError> {
    match apdu::enter_application(card, COMMON_APPLICATION) {
        Ok(()) => {}
        Err(ReadCardError::NotThisCard | ReadCardError::Refused { .. }) => return Ok(None),
        Err(error) => return Err(error),
    }
    let record = apdu::select_file(card, 0x0001).and_then(|()| apdu::read_record(card));
    match record {
        Ok(record) if record.len() >= RECORD_BYTES => {
            Ok(Some(CardProof(Zeroizing::new(genuine::sha256(&record)))))
        }
        Ok(_) | Err(ReadCardError::Refused { .. } | ReadCardError::Locked) => Ok(None),
        Err(error) => Err(error),
    }
}
