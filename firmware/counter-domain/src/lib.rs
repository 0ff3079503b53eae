//! People, households, dates, names, addresses, numbers, cases and their states.
//!
//! Pure: no I/O, no async, no clock, no randomness. Whoever needs a time or an id passes it in.
//! What a counter *does* with these types lives in `todoked`; how they travel lives in `sync/`.

pub mod address;
pub mod age;
pub mod case;
pub mod character_choice;
pub mod date;
pub mod deadline;
pub mod draft;
pub mod era;
pub mod event;
pub mod hlc;
pub mod household;
pub mod identity;
pub mod ids;
pub mod lateness;
pub mod name;
pub mod number;
pub mod prepared;
pub mod protection;
pub mod reading;
pub mod receipt;
pub mod redacted;
pub mod refusal;
pub mod relation;
pub mod residence;
pub mod resident;
pub mod romaji;
pub mod snapshot;
pub mod width;
