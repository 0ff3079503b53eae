//! Seeded simulator: the real stores of counters and head office over the real conversation, on a
//! line that loses, doubles, delays, reorders and spoils, with power cuts in the middle of a
//! transaction, full disks and clocks that jump. A disk is replaced by an older copy, and the
//! counter goes on from it under a new site. In rough histories also: slow lines, disks that had not
//! written what they said they had, appliances that are lost and replaced or cloned, a standby that
//! becomes head office in the middle.
//!
//! A seed and a number of steps make a [`Plan`]; a plan is a list of [`Action`]s, each with its own
//! entropy, so a failing list can be shortened by leaving actions out. Nothing here sleeps, looks at
//! a clock or at the machine's randomness: the same plan does the same thing everywhere.
//!
//! What is checked, along the way or once everything has come together:
//! - every store holds exactly what it acknowledged, after every power cut and at the end;
//! - head office holds all of it, and every counter the same cases, fields, histories, states and
//!   lists as head office, of its own branch;
//! - no message carries or names a row or blob of another branch, or another counter's audit log;
//!   where cases move, only of branches that had the case, and whole only to the one that has it;
//! - a copy that was ordered overwritten is gone at every counter of the branch, and the orders are
//!   forgotten in the end;
//! - what a counter had written before its disk was replaced by an older copy, and what it wrote on
//!   that copy, is at head office once;
//! - what a counter had written that is lost with its disk or cloned is at head office, as far as
//!   head office or another counter had been told;
//! - no receipt number is given out twice; what was signed is unchanged; audit chains are whole.
//!
//! The stores' own logic is `counter-store`, `hub-store` and `replica`; the server's part of a round
//! is `sync_engine::answer`, the same that answers over HTTPS. TLS and HTTP are not here: their
//! tests are in `sync-transport`.

mod action;
mod chance;
mod check;
mod disk;
mod faults;
mod history;
mod line;
mod moves;
mod office;
mod recovery;
mod template;
mod truth;
mod work;
mod world;

pub use action::{Action, Cases, Faults, Place};
pub use history::{Failure, Plan};
