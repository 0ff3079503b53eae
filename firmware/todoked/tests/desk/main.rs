//! The desk on a real database: a whole visit, and what goes wrong in one.
//!
//! Each test drives the desk as the screens do and looks at what people would see. Devices are
//! played by the test; the database is a real one in a scratch folder, and a killed daemon is a
//! desk that is dropped and opened again.

mod archive;
mod boxes;
mod cards;
mod catalogue;
mod certificates;
mod characters;
mod codes;
mod devices;
mod door;
mod event_forms;
mod events;
mod faults;
mod identity;
mod known;
mod paper;
mod places;
mod prints;
mod procedures;
mod reservations;
mod residents;
mod rig;
mod two_offices;
mod visit;
