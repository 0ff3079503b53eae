//! Packing and unpacking with contexts that are kept for the next message.
//!
//! A round is some small messages, and to make and clear a context of zstd costs more than to pack one
//! of them. A few contexts wait in a pool of the process: threads come and go, and each of them holding
//! its own would add up. A context that grew over a large message is given back to the machine.

use std::io;
use std::sync::{Mutex, PoisonError};

use zstd::bulk::{Compressor, Decompressor};

/// Contexts that wait, of each sort: as many as a machine here has processors.
const KEPT_MAX: usize = 4;

/// Memory of a context that is kept, bytes.
const KEPT_BYTES_MAX: usize = 1 << 20;

/// Level 3: ten times smaller at 200 MB/s; higher levels cost more than a 10 Mbit/s line gains.
const USUAL: i32 = 3;

/// For rows and log entries, which are much the same over and over; blobs and datasets are not, and pack
/// no better.
const HARD: i32 = 9;

static USUALLY: Pool<Compressor<'static>> = Pool::new();
static HARDER: Pool<Compressor<'static>> = Pool::new();
static UNPACKING: Pool<Decompressor<'static>> = Pool::new();

/// How hard a message is packed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Effort {
    /// Any message.
    Usual,
    /// One that is laid out to be packed.
    Hard,
}

impl Effort {
    fn level(self) -> i32 {
        match self {
            Self::Usual => USUAL,
            Self::Hard => HARD,
        }
    }

    fn pool(self) -> &'static Pool<Compressor<'static>> {
        match self {
            Self::Usual => &USUALLY,
            Self::Hard => &HARDER,
        }
    }
}

/// Packs into one zstd frame.
pub(crate) fn pack(raw: &[u8], effort: Effort) -> io::Result<Vec<u8>> {
    let mut compressor = match effort.pool().take() {
        Some(kept) => kept,
        None => Compressor::new(effort.level())?,
    };
    let packed = compressor.compress(raw)?;
    if compressor.context_mut().sizeof() <= KEPT_BYTES_MAX {
        effort.pool().keep(compressor);
    }
    Ok(packed)
}

/// Unpacks a zstd frame of at most `bytes_max` bytes.
pub(crate) fn unpack(packed: &[u8], bytes_max: usize) -> io::Result<Vec<u8>> {
    let mut decompressor = match UNPACKING.take() {
        Some(kept) => kept,
        None => Decompressor::new()?,
    };
    // After bytes that are no frame the context is left alone.
    let raw = decompressor.decompress(packed, bytes_max)?;
    UNPACKING.keep(decompressor);
    Ok(raw)
}

/// Contexts nobody uses at the moment.
struct Pool<T>(Mutex<Vec<T>>);

impl<T> Pool<T> {
    const fn new() -> Self {
        Self(Mutex::new(Vec::new()))
    }

    fn take(&self) -> Option<T> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).pop()
    }

    fn keep(&self, one: T) {
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if kept.len() < KEPT_MAX {
            kept.push(one);
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Text like that of messages, from a few bytes to more than a kept context takes.
    fn text() -> impl Strategy<Value = Vec<u8>> {
        (any::<u64>(), 0_usize..60_000, 1_u64..400).prop_map(|(seed, length, words)| {
            let mut bytes = Vec::with_capacity(length + 20);
            let mut state = seed | 1;
            while bytes.len() < length {
                state = state
                    .wrapping_mul(6_364_136_223_846_793_005)
                    .wrapping_add(1);
                bytes.extend_from_slice(format!("{:x}.", (state >> 33) % words).as_bytes());
            }
            bytes
        })
    }

    proptest! {
        #[test]
        fn a_kept_context_packs_as_a_new_one(messages in prop::collection::vec(text(), 1..6)) {
            for message in &messages {
                let new = zstd::bulk::compress(message, USUAL).unwrap();
                prop_assert_eq!(pack(message, Effort::Usual).unwrap(), new);
            }
        }

        #[test]
        fn whatever_was_packed_unpacks(messages in prop::collection::vec(text(), 1..6)) {
            for message in &messages {
                for effort in [Effort::Usual, Effort::Hard] {
                    let packed = pack(message, effort).unwrap();
                    prop_assert_eq!(&unpack(&packed, message.len()).unwrap(), message);
                }
            }
        }
    }

    #[test]
    fn what_is_no_frame_does_not_spoil_the_next_message() {
        let packed = pack(b"member.1.name", Effort::Hard).unwrap();
        let (_, cut) = packed.split_last().unwrap();
        for spoilt in [&b""[..], b"no frame", cut] {
            // Nothing at all unpacks to nothing; the rest is refused.
            assert_eq!(unpack(spoilt, 100).unwrap_or_default(), b"");
            assert_eq!(unpack(&packed, 100).unwrap(), b"member.1.name");
        }
        assert!(unpack(&packed, 5).is_err());
    }
}
