//! Reading a card: our share beside the chip's own time.

use std::cell::Cell;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use anyhow::{Context, Result};
use card_reader::{Card, CardError};
use device_sim::card::{CardPerson, InProcessCard, VirtualCard};
use identity_cards::{Auth, Insist, Pin, session};
use zeroize::Zeroizing;

use crate::figure::{Figure, milliseconds, percentile, time};

/// What a My Number card takes for one exchange of this size on a contactless reader.
const CHIP_EXCHANGE_MS: f64 = 15.0;

/// Counts exchanges and the time spent in the virtual chip.
struct Watched<'a> {
    card: InProcessCard,
    exchanges: &'a Cell<u32>,
    chip: &'a Cell<Duration>,
}

impl Card for Watched<'_> {
    fn atr(&self) -> &[u8] {
        self.card.atr()
    }

    fn exchange(&mut self, command: &[u8]) -> Result<Zeroizing<Vec<u8>>, CardError> {
        let (answer, took) = time(|| self.card.exchange(command));
        self.exchanges.set(self.exchanges.get() + 1);
        self.chip.set(self.chip.get() + took);
        answer
    }
}

pub(crate) fn measure() -> Result<Vec<Figure>> {
    let chip = Arc::new(Mutex::new(VirtualCard::my_number(CardPerson::taro())));
    let (exchanges, inside) = (Cell::new(0), Cell::new(Duration::ZERO));
    let mut ours = Vec::new();
    for _ in 0..200 {
        exchanges.set(0);
        inside.set(Duration::ZERO);
        let card = InProcessCard::connect(&chip);
        let mut card = Watched {
            card,
            exchanges: &exchanges,
            chip: &inside,
        };
        let auth = Auth::Pin(Pin::parse("1234").context("the PIN")?);
        let (read, took) = time(|| session::read(&mut card, &auth, Insist::No));
        read?;
        ours.push(took.saturating_sub(inside.get()));
    }
    let share = percentile(&mut ours, 95);
    let chip_ms = f64::from(exchanges.get()) * CHIP_EXCHANGE_MS;
    Ok(vec![
        Figure::within("card: our share of a reading, p95", share, 100.0),
        Figure::beside(
            "card: our share beside the chip's own time",
            milliseconds(share),
            "ms",
            "chip (15 ms an exchange)",
            chip_ms,
        ),
    ])
}
