//! A virtual card without pcscd, for tests that need none.

use std::sync::{Arc, Mutex, PoisonError};

use card_reader::{Card, CardError};
use zeroize::Zeroizing;

use super::vpcd::take_time;
use super::{Answer, VirtualCard};

/// A powered virtual card; loses its power when dropped, as a real one held by us does.
#[derive(Debug)]
pub struct InProcessCard {
    card: Arc<Mutex<VirtualCard>>,
    atr: &'static [u8],
    pulled: bool,
}

impl InProcessCard {
    /// Powers the card.
    pub fn connect(card: &Arc<Mutex<VirtualCard>>) -> Self {
        let mut powered = card.lock().unwrap_or_else(PoisonError::into_inner);
        powered.power_on();
        Self {
            card: Arc::clone(card),
            atr: powered.atr(),
            pulled: false,
        }
    }
}

impl Card for InProcessCard {
    fn atr(&self) -> &[u8] {
        self.atr
    }

    fn exchange(&mut self, command: &[u8]) -> Result<Zeroizing<Vec<u8>>, CardError> {
        if self.pulled {
            return Err(CardError::Removed);
        }
        let (answer, pause) = {
            let mut card = self.card.lock().unwrap_or_else(PoisonError::into_inner);
            (card.answer(command), card.pause())
        };
        take_time(pause);
        match answer {
            Answer::Bytes(bytes) => Ok(Zeroizing::new(bytes)),
            Answer::Pulled => {
                self.pulled = true;
                Err(CardError::Removed)
            }
        }
    }
}

impl Drop for InProcessCard {
    fn drop(&mut self) {
        self.card
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .power_off();
    }
}
