//! A powered card, and the parts of ISO 7816-4 that every card shares.

use std::fmt;

use zeroize::Zeroizing;

use crate::CardError;

/// Largest answer gathered from pieces; the biggest file of any identity card is under 6 KiB.
const ANSWER_BYTES_MAX: usize = 64 * 1024;

/// The two status bytes that end an answer (ISO 7816-4 section 5.6).
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct StatusWord(pub u16);

impl StatusWord {
    /// Done.
    pub const OK: Self = Self(0x9000);
    /// Data follow, but the end of the file was reached before Le bytes.
    pub const END_OF_FILE: Self = Self(0x6282);
    /// The offset lies past the end of the file.
    pub const WRONG_OFFSET: Self = Self(0x6b00);
    /// Length not accepted.
    pub const WRONG_LENGTH: Self = Self(0x6700);
    /// No such file or application.
    pub const NOT_FOUND: Self = Self(0x6a82);
    /// The file is not unlocked.
    pub const NOT_UNLOCKED: Self = Self(0x6982);
    /// The chip met an internal problem; seen as the very first answer after power-up.
    pub const INTERNAL: Self = Self(0x6f00);

    /// First status byte.
    pub fn sw1(self) -> u8 {
        self.0.to_be_bytes()[0]
    }

    /// Second status byte.
    pub fn sw2(self) -> u8 {
        self.0.to_be_bytes()[1]
    }

    /// Whether the command was done.
    pub fn is_ok(self) -> bool {
        self == Self::OK
    }
}

impl fmt::Display for StatusWord {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:04X}", self.0)
    }
}

impl fmt::Debug for StatusWord {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "StatusWord({self})")
    }
}

/// A whole answer. The data are wiped when it is dropped.
#[derive(Clone, PartialEq, Eq)]
pub struct Response {
    /// Data without the status bytes.
    pub data: Zeroizing<Vec<u8>>,
    /// Status of the last piece.
    pub sw: StatusWord,
}

impl Response {
    /// Splits an answer as it comes off the wire.
    ///
    /// # Errors
    /// [`CardError::ShortAnswer`] when there are not even two bytes: a transport failure, usually a
    /// card that is leaving.
    pub fn parse(answer: &[u8]) -> Result<Self, CardError> {
        let (data, status) = answer
            .split_last_chunk::<2>()
            .ok_or(CardError::ShortAnswer {
                length: answer.len(),
            })?;
        Ok(Self {
            data: Zeroizing::new(data.to_vec()),
            sw: StatusWord(u16::from_be_bytes(*status)),
        })
    }
}

impl fmt::Debug for Response {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Response({} bytes, {})", self.data.len(), self.sw)
    }
}

/// A card that is powered and held by us alone.
///
/// Dropping it takes the power away: on a My Number card a presented PIN survives disconnection and
/// warm reset, only loss of power forgets it.
pub trait Card {
    /// Answer to reset (ATR); a hint, never an identity.
    fn atr(&self) -> &[u8];

    /// Sends one command and takes one answer, status bytes included. Blocks for as long as the
    /// chip works.
    ///
    /// # Errors
    /// As the reader reports.
    fn exchange(&mut self, command: &[u8]) -> Result<Zeroizing<Vec<u8>>, CardError>;

    /// Sends a command and gathers the whole answer: `61xx` is fetched with GET RESPONSE, `6Cxx` is
    /// sent once more with the length the card wants. `6282` and any other status are returned with
    /// their data.
    ///
    /// Only commands that end in a Le byte are ever repeated, so a VERIFY is sent exactly once.
    ///
    /// # Errors
    /// As [`Card::exchange`], and [`CardError::ShortAnswer`], [`CardError::EndlessAnswer`].
    fn transmit(&mut self, command: &[u8]) -> Result<Response, CardError> {
        let mut response = Response::parse(&self.exchange(command)?)?;
        if response.sw.sw1() == 0x6c
            && let Some(corrected) = with_expected_length(command, response.sw.sw2())
        {
            response = Response::parse(&self.exchange(&corrected)?)?;
        }
        while response.sw.sw1() == 0x61 {
            let class = command.first().copied().unwrap_or(0);
            let more = self.exchange(&[class, 0xc0, 0, 0, response.sw.sw2()])?;
            let more = Response::parse(&more)?;
            response.data.extend_from_slice(&more.data);
            response.sw = more.sw;
            if more.data.is_empty() && more.sw.sw1() == 0x61
                || response.data.len() > ANSWER_BYTES_MAX
            {
                return Err(CardError::EndlessAnswer);
            }
        }
        Ok(response)
    }
}

/// The same short command with another Le; `None` when the command has no Le to replace.
fn with_expected_length(command: &[u8], expected: u8) -> Option<Vec<u8>> {
    let has_le = match command {
        [_, _, _, _, _] => true,
        [_, _, _, _, lc, data @ ..] => data.len() == usize::from(*lc) + 1,
        _ => false,
    };
    let (_, rest) = command.split_last()?;
    has_le.then(|| rest.iter().copied().chain([expected]).collect())
}

#[cfg(test)]
mod tests {
    use std::collections::VecDeque;

    use super::*;

    /// Plays answers in order and remembers the commands.
    struct Played {
        answers: VecDeque<Vec<u8>>,
        sent: Vec<Vec<u8>>,
    }

    impl Card for Played {
        fn atr(&self) -> &[u8] {
            &[]
        }

        fn exchange(&mut self, command: &[u8]) -> Result<Zeroizing<Vec<u8>>, CardError> {
            self.sent.push(command.to_vec());
            self.answers
                .pop_front()
                .map(Zeroizing::new)
                .ok_or(CardError::Removed)
        }
    }

    /// Data and status, or why there are none.
    type Outcome = Result<(Vec<u8>, u16), CardError>;

    #[track_caller]
    fn check(command: &[u8], answers: &[&[u8]]) -> (Outcome, Vec<Vec<u8>>) {
        let mut card = Played {
            answers: answers.iter().map(|a| a.to_vec()).collect(),
            sent: Vec::new(),
        };
        let result = card.transmit(command).map(|r| (r.data.to_vec(), r.sw.0));
        (result, card.sent)
    }

    #[test]
    fn answer_in_pieces_is_gathered() {
        let (result, sent) = check(
            &[0, 0xb0, 0, 0, 0],
            &[&[1, 2, 0x61, 2], &[3, 4, 0x61, 1], &[5, 0x90, 0]],
        );
        assert_eq!(result, Ok((vec![1, 2, 3, 4, 5], 0x9000)));
        assert_eq!(
            sent,
            [
                vec![0, 0xb0, 0, 0, 0],
                vec![0, 0xc0, 0, 0, 2],
                vec![0, 0xc0, 0, 0, 1]
            ]
        );
    }

    #[test]
    fn wrong_length_is_corrected_once() {
        let (result, sent) = check(&[0, 0xb0, 0, 0, 0], &[&[0x6c, 3], &[1, 2, 3, 0x90, 0]]);
        assert_eq!(result, Ok((vec![1, 2, 3], 0x9000)));
        assert_eq!(sent.last(), Some(&vec![0, 0xb0, 0, 0, 3]));
        let (result, sent) = check(&[0, 0xb0, 0, 0, 0], &[&[0x6c, 3], &[0x6c, 3]]);
        assert_eq!(result, Ok((vec![], 0x6c03)));
        assert_eq!(sent.len(), 2);
    }

    #[test]
    fn a_presented_pin_is_never_sent_twice() {
        let verify = [0, 0x20, 0, 0x80, 4, 0x31, 0x32, 0x33, 0x34];
        let (result, sent) = check(&verify, &[&[0x6c, 4], &[0x90, 0]]);
        assert_eq!(result, Ok((vec![], 0x6c04)));
        assert_eq!(sent.len(), 1);
    }

    #[test]
    fn early_end_of_file_keeps_its_data() {
        let (result, _) = check(&[0, 0xb0, 0, 0, 0], &[&[7, 0x62, 0x82]]);
        assert_eq!(result, Ok((vec![7], 0x6282)));
    }

    #[test]
    fn answers_without_status_are_refused() {
        let (result, _) = check(&[0, 0xb0, 0, 0, 0], &[&[]]);
        assert_eq!(result, Err(CardError::ShortAnswer { length: 0 }));
        let (result, _) = check(&[0, 0xb0, 0, 0, 0], &[&[0x90]]);
        assert_eq!(result, Err(CardError::ShortAnswer { length: 1 }));
    }

    #[test]
    fn a_card_that_never_finishes_is_left() {
        let (result, _) = check(&[0, 0xb0, 0, 0, 0], &[&[0x61, 0], &[0x61, 0]]);
        assert_eq!(result, Err(CardError::EndlessAnswer));
    }

    #[test]
    fn debug_output_hides_the_data() {
        let response = Response::parse(&[0x31, 0x32, 0x90, 0]).unwrap();
        assert_eq!(format!("{response:?}"), "Response(2 bytes, 9000)");
    }
}
