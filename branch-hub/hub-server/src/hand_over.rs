//! The hand-over files: one row per person of an accepted case for the resident record system, and
//! one row per certificate or procedure of an accepted request for whoever handles it.
//!
//! Each is written twice, in UTF-8 (with a byte order mark) and in `Shift_JIS` as Windows writes it (CP932).
//! A character that `Shift_JIS` cannot express is replaced there by the one that the city confirmed
//! for it, and listed; without one its row is left out of that file and listed in a third one with
//! its code points. The columns are documented in
//! `docs/reference/hand-over-file.md`. Knows no database and no clock.

pub(crate) mod adapters;
pub(crate) mod answers;
mod certificates;
mod encode;
mod procedures;
mod row;

pub(crate) use certificates::{is_request, request_rows};
pub(crate) use encode::{HandOverFiles, Sheet, write_files};
pub(crate) use procedures::{is_procedure_request, procedure_rows};
pub(crate) use row::{HandOverCase, is_protected, rows};

#[cfg(test)]
mod tests;
