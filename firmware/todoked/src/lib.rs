//! The counter's daemon: what a counter does, as one desk between its people and its devices.
//!
//! - [`desk`] is the state machine of a visit; it never waits and is tested without devices.
//! - [`counter`] runs it on a thread of its own; [`screens`] serves the two displays.
//! - [`cards`], [`documents`], [`paper`] and [`line`] are the devices and the line to head office.
//! - [`serve`] wires them; [`cli`] is the command line that others rely on (design.md section 7).

pub mod attached;
pub mod cards;
pub mod certificates;
pub mod characters;
pub mod cli;
pub mod clock;
pub mod counter;
pub mod desk;
pub mod devices;
pub mod documents;
pub mod events;
pub mod fields;
pub mod guidance;
pub mod health;
pub mod keys;
pub mod line;
pub mod logs;
pub mod paper;
pub mod places;
pub mod prints;
pub mod receipt_number;
pub mod records;
pub mod recovery;
pub mod resident_copy;
pub mod screens;
pub mod serve;
pub mod settings;
pub mod store_records;
pub mod texts;
