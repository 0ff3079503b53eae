//! Addresses of this machine that nobody else uses.
//!
//! A port that is let go for a moment (a cable that is cut, an address a program listens at later)
//! may be given to somebody else meanwhile: every connection of the machine takes one. But those
//! come from 127.0.0.1, so at another address of the loopback network nobody takes any.

use std::net::Ipv4Addr;
use std::sync::atomic::{AtomicU32, Ordering};

/// 127.64.0.0, of which 22 bits are free.
const FIRST: u32 = 0x7F40_0000;

/// An address of 127.64.0.0/10 of this process, another one at each call.
pub(crate) fn own_address() -> Ipv4Addr {
    static GIVEN: AtomicU32 = AtomicU32::new(0);
    let given = GIVEN.fetch_add(1, Ordering::Relaxed);
    Ipv4Addr::from(FIRST | (std::process::id() & 0x3FFF) << 8 | (given & 0xFF))
}
