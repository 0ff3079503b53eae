//! Frames: magic, version, two lengths, zstd of postcard of the message; of its layout
//! ([`crate::version::PACKED`]) in a frame of that version.
//!
//! ```text
//! 0      1        2                6            10
//! 0xD7 | version | length on wire | length raw | zstd frame
//!                  u32 LE           u32 LE
//! ```
//! Both lengths are checked before anything is read or unpacked, and the unpacked length must come
//! out exactly: a small frame cannot grow into a large one.

use thiserror::Error;

use crate::compression::{self, Effort};
use crate::limits::{FRAME_BYTES_MAX, FRAMES_MAX, PAYLOAD_BYTES_MAX, UNPACKED_BYTES_MAX};
use crate::packed::Packed;
use crate::{Message, version};

const MAGIC: u8 = 0xD7;

/// Bytes before a frame's content.
pub const HEADER_BYTES: usize = 10;

/// Why a message cannot travel.
#[derive(Debug, Error, PartialEq, Eq)]
#[non_exhaustive]
pub enum EncodeError {
    /// A single message, nearly always a single transaction, is longer than a frame may be.
    #[error("message of {bytes} bytes is longer than {PAYLOAD_BYTES_MAX}")]
    TooLarge {
        /// Its length.
        bytes: usize,
    },
    /// The serialiser refused it.
    #[error("message does not serialise")]
    Serialise,
    /// The compressor refused it.
    #[error("message does not compress")]
    Compress,
}

/// Why bytes are no message.
#[derive(Debug, Error, PartialEq, Eq)]
#[non_exhaustive]
pub enum DecodeError {
    /// Not the start of a frame.
    #[error("first byte {found:#04x} is not a frame's")]
    Magic {
        /// The byte.
        found: u8,
    },
    /// A version not spoken here.
    #[error(
        "frame version {found} is not between {} and {}",
        version::MIN,
        version::CURRENT
    )]
    Version {
        /// The version.
        found: u8,
    },
    /// The header announces more than is allowed.
    #[error("frame announces {wire} bytes, {raw} unpacked")]
    TooLarge {
        /// As announced, on the wire.
        wire: usize,
        /// As announced, unpacked.
        raw: usize,
    },
    /// The bytes end inside a frame.
    #[error("bytes end inside a frame")]
    Truncated,
    /// Not a zstd frame, or one that unpacks to another length than announced.
    #[error("frame does not unpack to the announced {raw} bytes")]
    Unpack {
        /// As announced.
        raw: usize,
    },
    /// Unpacked bytes are no message.
    #[error("unpacked {raw} bytes are no message")]
    Deserialise {
        /// How many.
        raw: usize,
    },
    /// More frames than one request may have.
    #[error("more than {FRAMES_MAX} frames")]
    TooMany,
    /// Frames that are bounded one by one and not together.
    #[error("frames announce more than {UNPACKED_BYTES_MAX} bytes unpacked")]
    TooMuch,
}

/// Writes one message as a frame.
///
/// # Errors
/// [`EncodeError::TooLarge`] when it is longer than [`PAYLOAD_BYTES_MAX`].
pub fn encode(message: &Message) -> Result<Vec<u8>, EncodeError> {
    let raw = postcard::to_allocvec(message).map_err(|_| EncodeError::Serialise)?;
    framed(message.since(), &raw, Effort::Usual)
}

/// Writes one message as a frame, as short as an end can read it that speaks `version`.
///
/// # Errors
/// As [`encode`].
pub fn encode_for(message: &Message, version: u8) -> Result<Vec<u8>, EncodeError> {
    if version < version::PACKED {
        return encode(message);
    }
    let Some(packed) = Packed::of(message) else {
        return encode(message);
    };
    let raw = postcard::to_allocvec(&packed).map_err(|_| EncodeError::Serialise)?;
    framed(version::PACKED, &raw, Effort::Hard)
}

fn framed(version: u8, raw: &[u8], effort: Effort) -> Result<Vec<u8>, EncodeError> {
    if raw.len() > PAYLOAD_BYTES_MAX {
        return Err(EncodeError::TooLarge { bytes: raw.len() });
    }
    let packed = compression::pack(raw, effort).map_err(|_| EncodeError::Compress)?;
    let too_large = |_| EncodeError::TooLarge { bytes: raw.len() };
    let wire = u32::try_from(packed.len()).map_err(too_large)?;
    let unpacked = u32::try_from(raw.len()).map_err(too_large)?;
    let mut frame = Vec::with_capacity(HEADER_BYTES + packed.len());
    frame.extend([MAGIC, version]);
    frame.extend(wire.to_le_bytes());
    frame.extend(unpacked.to_le_bytes());
    frame.extend(packed);
    Ok(frame)
}

/// Writes messages as frames, one behind the other.
///
/// # Errors
/// As [`encode`], for the first message that cannot travel.
pub fn encode_all(messages: &[Message]) -> Result<Vec<u8>, EncodeError> {
    let mut bytes = Vec::new();
    for message in messages {
        bytes.extend(encode(message)?);
    }
    Ok(bytes)
}

/// Reads the first frame; returns its message and the bytes behind it.
///
/// # Errors
/// When the bytes do not start with a whole, bounded and readable frame.
pub fn decode(bytes: &[u8]) -> Result<(Message, &[u8]), DecodeError> {
    let (header, rest) = bytes
        .split_first_chunk::<HEADER_BYTES>()
        .ok_or_else(|| short_header(bytes))?;
    let (wire, raw) = lengths(*header)?;
    let [_, version, ..] = *header;
    let (packed, rest) = rest.split_at_checked(wire).ok_or(DecodeError::Truncated)?;
    let unpacked = compression::unpack(packed, raw).map_err(|_| DecodeError::Unpack { raw })?;
    if unpacked.len() != raw {
        return Err(DecodeError::Unpack { raw });
    }
    let message = message_in(version, &unpacked).ok_or(DecodeError::Deserialise { raw })?;
    Ok((message, rest))
}

/// The message that takes all of `bytes`.
fn message_in(version: u8, bytes: &[u8]) -> Option<Message> {
    if version == version::PACKED {
        return match postcard::take_from_bytes::<Packed>(bytes) {
            Ok((packed, [])) => packed.into_message(),
            Ok(_) | Err(_) => None,
        };
    }
    match postcard::take_from_bytes::<Message>(bytes) {
        Ok((message, [])) => Some(message),
        Ok(_) | Err(_) => None,
    }
}

/// Reads frames until the bytes end.
///
/// # Errors
/// As [`decode`], for the first frame that cannot be read; none of them is returned then.
pub fn decode_all(mut bytes: &[u8]) -> Result<Vec<Message>, DecodeError> {
    let mut messages = Vec::new();
    let mut unpacked = 0;
    while !bytes.is_empty() {
        if messages.len() == FRAMES_MAX {
            return Err(DecodeError::TooMany);
        }
        let announced = announced(bytes)?;
        unpacked += announced;
        if unpacked > UNPACKED_BYTES_MAX {
            return Err(DecodeError::TooMuch);
        }
        let (message, rest) = decode(bytes)?;
        // Rows that were laid out to pack better are longer than what was announced.
        unpacked += message.weight().saturating_sub(announced);
        messages.push(message);
        bytes = rest;
    }
    Ok(messages)
}

/// How long the first frame says it is unpacked.
fn announced(bytes: &[u8]) -> Result<usize, DecodeError> {
    let header = bytes.first_chunk::<HEADER_BYTES>();
    let header = header.ok_or_else(|| short_header(bytes))?;
    lengths(*header).map(|(_, raw)| raw)
}

/// How many bytes of content follow a frame's header: for whoever reads frames from a file and must
/// know how much to read.
///
/// # Errors
/// When it is no header, or one of a frame longer than allowed.
pub fn content_bytes(header: [u8; HEADER_BYTES]) -> Result<usize, DecodeError> {
    lengths(header).map(|(wire, _)| wire)
}

fn lengths(header: [u8; HEADER_BYTES]) -> Result<(usize, usize), DecodeError> {
    let [magic, version, w0, w1, w2, w3, r0, r1, r2, r3] = header;
    check_start(magic, version)?;
    let wire = length([w0, w1, w2, w3]);
    let raw = length([r0, r1, r2, r3]);
    if wire > FRAME_BYTES_MAX || raw > PAYLOAD_BYTES_MAX {
        return Err(DecodeError::TooLarge { wire, raw });
    }
    Ok((wire, raw))
}

fn check_start(magic: u8, version: u8) -> Result<(), DecodeError> {
    if magic != MAGIC {
        return Err(DecodeError::Magic { found: magic });
    }
    if !(version::MIN..=version::CURRENT).contains(&version) {
        return Err(DecodeError::Version { found: version });
    }
    Ok(())
}

/// Says what is wrong with fewer bytes than a header has.
fn short_header(bytes: &[u8]) -> DecodeError {
    match *bytes {
        [magic, version, ..] => check_start(magic, version).err(),
        [magic] => check_start(magic, version::CURRENT).err(),
        [] => None,
    }
    .unwrap_or(DecodeError::Truncated)
}

/// On machines with 16-bit addresses the largest one, which no limit allows.
fn length(bytes: [u8; 4]) -> usize {
    usize::try_from(u32::from_le_bytes(bytes)).unwrap_or(usize::MAX)
}
