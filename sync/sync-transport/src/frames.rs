//! A round as bytes.

use sync_protocol::{Message, encode};

/// Writes a round. A message too long to travel (a single transaction beyond every limit) is left
/// out and reported, so that it does not hold up the others.
pub(crate) fn encode_round(messages: &[Message]) -> Vec<u8> {
    let mut bytes = Vec::new();
    for message in messages {
        match encode(message) {
            Ok(frame) => bytes.extend(frame),
            Err(error) => tracing::error!(%error, "message does not travel"),
        }
    }
    bytes
}
