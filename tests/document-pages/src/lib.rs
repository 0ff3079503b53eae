//! Made-up certificates in many layouts, drawn by a real browser and spoiled like scans, with the
//! truth beside each.
//!
//! `todoke-document-pages draw` makes pages from a seed; `score` has them read and says how much of
//! it is right; `fit` makes the calibration of confidence from such pages. All people are invented;
//! towns are those of the address dictionary. Layouts are inventions too, copies of no city's paper.

pub mod browser;
mod cards;
pub mod causes;
pub mod fit;
pub mod generator;
mod layouts;
mod names;
mod people;
pub mod score;
mod sheet;
mod spoil;
mod style;
pub mod tesseract;
pub mod truth;
