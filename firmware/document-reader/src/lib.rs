//! Pictures of certificates and cards to fields with confidence.
//!
//! A file is opened with care ([`Document`]), each of its pages is made straight and read ([`Reader`]), and what stands
//! on it comes out as a [`page::Page`]: lines of characters with probabilities and other readings, and
//! the cells of ruled tables. What certificates look like is known elsewhere, to whatever makes
//! [`field::Field`]s of pages.
//!
//! Works without a network, writes no file and logs nothing that it reads. The models lie beside the
//! program ([`models::folder`]).

mod crops;
mod decode;
mod detect;
mod doubled;
mod faint;
pub mod field;
pub mod fields;
mod ink;
mod kana_sizes;
pub mod labels;
mod lines;
pub mod models;
pub mod page;
pub mod picture;
mod pixels;
pub mod plane;
mod reader;
mod recognise;
mod rules;
mod signs;
mod straighten;
mod variants;

pub use models::LoadModelsError;
pub use picture::{Document, OpenPictureError, Picture};
pub use reader::{ReadPageError, Reader};
