//! The replication conversation as a state machine: no sockets, no clock, no randomness.
//!
//! A [`Store`] is a database that takes part; `counter-store` and `hub-store` are two.

mod store;

pub use store::{
    Applied, BlobPart, BlobProgress, DatasetManifest, DatasetPart, Peer, PeerRole, Store,
    StreamEntry, WantedBlob,
};
