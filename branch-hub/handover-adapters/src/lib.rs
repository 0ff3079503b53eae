//! Adapters: what leaves for another system, laid out by a file that a city edits (連携アダプター).
//!
//! An adapter says which rows go (people, certificates, procedures), in which encoding, separated or
//! of fixed width, which columns in which order, and how each is made. It is data: no system is known
//! to this crate. A mistake in one is told with line and column; a value that does not fit its column
//! is never cut, and a character the encoding lacks is never replaced by itself: the row is left out
//! and listed. Knows no database, no clock and no file.
//!
//! ```text
//! Adapter::read(text, &columns) -> Result<Adapter, Vec<Fault>>
//! adapter.fill(&records, &choices) -> Result<Filled { bytes, rows, unfit, replaced }, FillError>
//! ```

mod adapter;
mod check;
mod fill;
mod gate;
mod letters;
mod record;

pub use adapter::{Adapter, Rows};
pub use check::{Columns, Fault};
pub use fill::{FillError, Filled, formula_safe};
pub use gate::{Encoding, Names, Said, said};
pub use record::Record;
