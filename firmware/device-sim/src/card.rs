//! A virtual My Number card.

mod in_process;
mod person;
mod virtual_card;
mod vpcd;

pub use in_process::InProcessCard;
pub use person::{CardPerson, LoadPersonError};
pub use virtual_card::{Answer, Fault, VirtualCard};
pub use vpcd::{InsertError, InsertedCard, LinkEvent, insert};
