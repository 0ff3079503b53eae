//! The head office: replication end and review desk on the web.
//!
//! One program, `todoke-hub`. `serve` opens two ends over one store: the counters' end (TLS with
//! certificates on both sides, `sync-transport`) and the desk (`desk`, pages for browsers). The
//! other commands administer the same database file from a process of their own: SQLite's
//! write-ahead log lets several processes in, so there is no second door into the running server.
//! Handlers hold no SQL; everything goes through `hub-store`.

mod administration;
mod archive_export;
mod backup;
mod catalogue;
mod characters;
mod city_health;
mod cli;
mod clock;
mod dataset;
mod deletion;
mod desk;
mod dictionary;
mod draft_folders;
mod export;
mod figures;
mod folder;
mod form_drafts;
mod gaiji;
mod hand_over;
mod line_file;
mod places;
mod register;
mod reservations;
mod residents;
mod serve;
mod standby;
mod zip_file;

pub use cli::{Exit, run};
