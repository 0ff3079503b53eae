//! Characters of names: which glyph a person means, and what each system makes of it.
//!
//! A name is kept as it was written ([`written`]). For each character the [`Characters`] tables say
//! which glyph of the Character Information Platform it is ([`Characters::identify`]), whether
//! another system has exactly that glyph ([`Characters::fit`]), and what a system that lacks it
//! could show instead. Nothing here ever replaces a character by itself: a reduction is a list of
//! proposals with their sources, for a person to choose from.
//!
//! Knows no font and no page (`counter-forms` has the gate before printing), no database and no
//! network. The tables are data beside the program (`data/README.md` says whose and how they are
//! made), so that a city can put a newer edition in their place.
//!
//! Sources: MJ character information table (MJ文字情報一覧表) 006.02, MJ reduction map
//! (MJ縮退マップ) 1.2.0, Unicode Technical Standard 37 with the Ideographic Variation Database of
//! 2022-09-13, Ideographic Description Sequences of Unicode 17.

pub mod gaiji;
pub mod glyph;
pub mod identity;
pub mod lookup;
mod parts;
pub mod private_code;
pub mod search;
pub mod tables;
pub mod target;
pub mod written;

pub use gaiji::{GaijiTable, GaijiTables};
pub use glyph::{Glyph, JisCode, MjNumber, Standing};
pub use identity::Identity;
pub use private_code::{MjPlus, PrivateCode};
pub use search::Query;
pub use table_file::LoadError;
pub use tables::Characters;
pub use target::{Fit, Proposal, Target};
pub use written::{Written, written};
