//! Slint screens for staff and resident.
//!
//! A screen draws the newest view the daemon sent and sends what the person did. It knows no
//! database and no device, and it may crash and come back where it was. One controller per
//! `slint/api` global: [`staff`], [`reception`], [`resident`], [`sign`], [`keys`].

pub mod added_font;
pub mod app;
mod archive;
mod characters;
mod choice_rows;
mod codes;
mod devices;
#[cfg(feature = "scripted")]
pub mod gallery;
mod glyph_picture;
mod keys;
pub mod link;
mod notice;
mod outbox;
mod paper;
mod places;
mod prepared;
mod prints;
mod reception;
mod resident;
mod residents;
mod rows;
#[cfg(feature = "scripted")]
pub mod scripted;
pub mod sign;
mod staff;
mod staff_line;
pub mod ui;
mod wedge;
