//! Bounds of everything that travels.

/// Longest payload of one frame before compression, bytes. A single transaction must fit, because
/// it is never split; documents of a case are kilobytes.
pub const PAYLOAD_BYTES_MAX: usize = 8 << 20;

/// Longest payload of one frame as it travels, bytes: incompressible data grows a little.
pub const FRAME_BYTES_MAX: usize = PAYLOAD_BYTES_MAX + (64 << 10);

/// Longest content of one transaction that a writer may commit, bytes: half a frame, so that it
/// always travels, whatever the encoding adds.
pub const TRANSACTION_BYTES_MAX: usize = PAYLOAD_BYTES_MAX / 2;

/// Longest row of frames in one request or reply, bytes.
pub const BODY_BYTES_MAX: usize = 12 << 20;

/// Longest row of frames in one request or reply once unpacked, bytes: what a round may say and one
/// transaction beyond it, twice. Zeros pack ten thousand times smaller, so the bound on what travels
/// is none on what it takes to read.
pub const UNPACKED_BYTES_MAX: usize = 24 << 20;

/// Most frames in one request or reply.
pub const FRAMES_MAX: usize = 4096;

/// Most blobs asked about in one round.
pub const BLOB_OFFERS_MAX: usize = 1024;

/// Longest reason of a refusal, characters.
pub const DETAIL_CHARS_MAX: usize = 200;

/// Most cases or orders named in one round.
pub const CASES_MAX: usize = 256;
