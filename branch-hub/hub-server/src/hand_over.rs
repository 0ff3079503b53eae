//! The hand-over file for the resident record system: one row per person of an accepted case.
//!
//! Written twice, in UTF-8 (with a byte order mark) and in `Shift_JIS` as Windows writes it (CP932).
//! A character that `Shift_JIS` cannot express is replaced there by the one that the city confirmed
//! for it, and listed; without one its row is left out of that file and listed in a third one with
//! its code points. The columns are documented in
//! `docs/reference/hand-over-file.md`. Knows no database and no clock.

mod encode;
mod row;

pub(crate) use encode::{HandOverFiles, write_files};
pub(crate) use row::{HandOverCase, is_protected, rows};

#[cfg(test)]
mod tests;
