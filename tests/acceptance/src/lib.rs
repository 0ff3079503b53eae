//! The scenario driver behind `todoke visit play`.
//!
//! Plays a script with real programs: the hub, the counter, both screens, pcscd with a virtual card,
//! a receipt printer on TCP and a headless Chromium. Knows nothing of their insides: it touches what
//! a person touches and reads what a person reads.

mod cable;
mod figures;
mod interrupt;
mod loopback;
mod narration;
mod outcome;
mod player;
mod process;
mod programs;
mod proof;
mod reviewer;
mod screen;
mod script;
mod small_disk;
mod stage;
mod windows;

pub use cable::Cable;
pub use figures::Figures;
pub use interrupt::{Interrupted, listen};
pub use player::{Narrator, play};
pub use programs::Programs;
pub use script::Script;
pub use small_disk::small_disk_is_possible;
pub use stage::Stage;
pub use windows::Event;
