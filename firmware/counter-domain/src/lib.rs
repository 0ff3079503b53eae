//! People, households, dates, names, addresses, numbers, cases and their states.
//!
//! Pure: no I/O, no async, no clock, no randomness. Whoever needs a time or an id passes it in.
//! What a counter *does* with these types lives in `todoked`; how they travel lives in `sync/`.

pub mod case;
pub mod draft;
pub mod hlc;
pub mod ids;
pub mod snapshot;
