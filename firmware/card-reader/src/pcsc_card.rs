//! Cards behind pcscd.

use std::ffi::{CStr, CString};
use std::fmt;
use std::time::Duration;

use pcsc::{Context, Disposition, Protocols, ReaderState, Scope, ShareMode, State};
use zeroize::{Zeroize, Zeroizing};

use crate::{Card, CardError};

/// A little more than pcscd's polling period of 400 ms.
const NOTICE_MAX: Duration = Duration::from_millis(500);

/// A connection to pcscd.
///
/// Dead for good once pcscd stops ([`CardError::NoService`]): make a new one then. Cheap to make;
/// the socket it talks to is `/run/pcscd/pcscd.comm`, or the one named by `PCSCLITE_CSOCK_NAME`.
#[derive(Clone)]
pub struct PcscService {
    context: Context,
}

impl fmt::Debug for PcscService {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PcscService")
    }
}

impl PcscService {
    /// Connects to pcscd.
    ///
    /// # Errors
    /// [`CardError::NoService`] when it is not running.
    pub fn establish() -> Result<Self, CardError> {
        Ok(Self {
            context: Context::establish(Scope::System)?,
        })
    }

    pub(crate) fn context(&self) -> &Context {
        &self.context
    }

    /// Names of the readers plugged in, in pcscd's order; empty when there is none.
    ///
    /// # Errors
    /// [`CardError::NoService`] when pcscd stopped.
    pub fn readers(&self) -> Result<Vec<String>, CardError> {
        let names = self.reader_names()?;
        Ok(names
            .into_iter()
            .filter_map(|name| name.into_string().ok())
            .collect())
    }

    pub(crate) fn reader_names(&self) -> Result<Vec<CString>, CardError> {
        let listed = self.context.list_readers_owned().map_err(CardError::from);
        if listed == Err(CardError::NoReader) {
            return Ok(Vec::new());
        }
        listed
    }

    /// Powers the card on the named reader and holds it alone.
    ///
    /// # Errors
    /// [`CardError::NoCard`], [`CardError::NoReader`], [`CardError::Shared`] when another program
    /// has it, [`CardError::Unresponsive`] when the chip is silent.
    pub fn connect(&self, reader: &str) -> Result<PcscCard, CardError> {
        let name = CString::new(reader).map_err(|_| CardError::NoReader)?;
        self.connect_named(&name)
    }

    /// Powers the first card found on any reader.
    ///
    /// # Errors
    /// As [`PcscService::connect`]; [`CardError::NoCard`] when all readers are empty.
    pub fn connect_any(&self) -> Result<PcscCard, CardError> {
        let names = self.reader_names()?;
        let mut last = if names.is_empty() {
            CardError::NoReader
        } else {
            CardError::NoCard
        };
        for name in names {
            match self.connect_named(&name) {
                Err(CardError::NoCard | CardError::NoReader) => {}
                Err(CardError::NoService) => return Err(CardError::NoService),
                Err(other) => last = other,
                Ok(card) => return Ok(card),
            }
        }
        Err(last)
    }

    fn connect_named(&self, reader: &CStr) -> Result<PcscCard, CardError> {
        let turn = crate::describe::turn();
        let card = self
            .context
            .connect(reader, ShareMode::Exclusive, Protocols::ANY)?;
        drop(turn);
        let status = card.status2_owned().map_err(CardError::from);
        let mut card = PcscCard {
            atr: Vec::new(),
            card: Some(card),
            context: self.context.clone(),
            reader: reader.to_owned(),
            lost: false,
        };
        status?.atr().clone_into(&mut card.atr);
        Ok(card)
    }
}

/// A powered card behind pcscd, held exclusively; loses its power when dropped.
pub struct PcscCard {
    atr: Vec<u8>,
    card: Option<pcsc::Card>,
    context: Context,
    reader: CString,
    lost: bool,
}

impl fmt::Debug for PcscCard {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PcscCard")
    }
}

impl Card for PcscCard {
    fn atr(&self) -> &[u8] {
        &self.atr
    }

    fn exchange(&mut self, command: &[u8]) -> Result<Zeroizing<Vec<u8>>, CardError> {
        let card = self.card.as_ref().ok_or(CardError::Removed)?;
        let mut buffer = Zeroizing::new(vec![0_u8; answer_room(command)]);
        let answer = card
            .transmit(command, buffer.as_mut_slice())
            .map_err(CardError::from);
        // vpcd and some USB drivers tell of a card that is leaving by an empty answer.
        self.lost |= match &answer {
            Ok(bytes) => bytes.len() < 2,
            Err(error) => error.is_card_loss(),
        };
        let answer = answer?;
        Ok(Zeroizing::new(answer.to_vec()))
    }
}

/// Room for the answer: an extended command (ISO 7816-4: a zero where a short one has its length)
/// may be answered with a whole file at once.
fn answer_room(command: &[u8]) -> usize {
    match command {
        [_, _, _, _, 0x00, _, _, ..] => pcsc::MAX_BUFFER_SIZE_EXTENDED,
        _ => pcsc::MAX_BUFFER_SIZE,
    }
}

impl PcscCard {
    /// Takes the power away and lets go of the card.
    ///
    /// # Errors
    /// [`CardError::Removed`] when the card had left before; then it has no power either.
    pub fn power_down(mut self) -> Result<(), CardError> {
        self.take_power()
    }

    /// Waits until pcscd itself has noticed that the card left, at most [`NOTICE_MAX`] per look.
    ///
    /// Powering down a card that left makes pcscd 1.9 call the reader empty at once while its polling
    /// thread still believes in the card; one put down before the next poll is then never seen.
    fn await_empty(&self) {
        let mut states = [ReaderState::new(self.reader.clone(), State::UNAWARE)];
        for _ in 0..3 {
            let looked = self.context.get_status_change(NOTICE_MAX, &mut states);
            let [state] = &mut states;
            if looked.is_err() || !state.event_state().contains(State::PRESENT) {
                return;
            }
            state.sync_current_state();
        }
    }

    fn take_power(&mut self) -> Result<(), CardError> {
        let Some(card) = self.card.take() else {
            return Ok(());
        };
        if self.lost {
            self.await_empty();
        }
        match card.disconnect(Disposition::UnpowerCard) {
            Ok(()) => Ok(()),
            // The handle comes back and is dropped here, which tries once more with a reset.
            Err((_card, error)) => Err(error.into()),
        }
    }
}

impl Drop for PcscCard {
    fn drop(&mut self) {
        if let Err(error) = self.take_power() {
            tracing::debug!(%error, "card left before it was powered down");
        }
        self.atr.zeroize();
    }
}
