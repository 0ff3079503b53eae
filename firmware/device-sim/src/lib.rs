//! Every device again, scripted, with faults, behind the same interfaces as the real ones.
//!
//! - [`card`]: cards of every kind that plug into the real pcscd through vsmartcard's `vpcd` driver, or
//!   straight into [`card_reader::Card`].
//! - [`pcscd`]: the real pcscd in the foreground, private to one test or one demonstration.
//! - [`page_printer`]: CUPS' own printer program, private to one test or one demonstration.
//! - [`printer`]: a receipt printer on TCP that keeps the bytes and draws what is on the paper.
//!
//! Only invented people live here.

pub mod card;
pub mod page_printer;
pub mod pcscd;
pub mod printer;
