//! Every card, every fault: in process, and with `TODOKE_PCSC=1` through the real pcscd.
//!
//! The virtual card's own counters are the witness: a right secret is presented as often as a
//! reading needs it and no more, and no try is ever lost to a fault.
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a test stops at the first surprise"
)]

#[path = "card/bench.rs"]
mod bench;
#[path = "card/cases.rs"]
mod cases;
#[path = "card/conduct.rs"]
mod conduct;
#[path = "card/day.rs"]
mod day;
#[path = "card/faults.rs"]
mod faults;
#[path = "card/genuineness.rs"]
mod genuineness;
#[path = "card/mangled.rs"]
mod mangled;
#[path = "card/readers.rs"]
mod readers;
#[path = "card/transcripts.rs"]
mod transcripts;
