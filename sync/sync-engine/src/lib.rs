//! The replication conversation as a state machine: no sockets, no clock, no randomness.
//!
//! A [`Store`] is a database that takes part; `counter-store` and `hub-store` are two, and
//! [`memory::MemoryStore`] is one for tests and simulators. A [`Session`] is one end of one
//! conversation: [`Session::receive`] takes what the other end said, [`Session::round`] says what
//! is to be said next. Both ends run the same code.
//!
//! **A round stands by itself.** Each opens with a hello that tells what is on disk, so either end
//! may forget the session after any round, messages may be lost, doubled or reordered, and the
//! next round puts it right: what the hello does not tell as held is sent again, and the store
//! recognises what it has. A hello may build on one that the other end noted on its disk
//! (`short_hello`); where it did not, it asks for the whole one.
//!
//! Order inside a round: orders to overwrite a case, the protection dataset, then records, whole
//! cases that were handed to the branch, streams, datasets, blobs; all within the byte budget of
//! [`Limits`].

mod answer;
mod copies;
mod dispatch;
mod incoming;
pub mod memory;
mod outgoing;
mod session;
mod short_hello;
mod store;

pub use answer::{Answer, answer, answer_neighbour};
pub use copies::CaseCopies;
pub use dispatch::{Dispatch, Presumed};
pub use session::{
    CLOCK_REFUSED_MS, CLOCK_WARNED_MS, Effects, Ending, Limits, Moment, Round, SCHEMAS_APART_MAX,
    Session,
};
pub use store::{Applied, BlobProgress, Peer, PeerRole, Store};
pub use sync_protocol::{
    BlobPart, CasePart, CaseTurn, CaseWant, DatasetManifest, DatasetPart, PurgeClosed, PurgeDone,
    PurgeOrder, PurgeStage, StreamEntry, WantedBlob,
};
