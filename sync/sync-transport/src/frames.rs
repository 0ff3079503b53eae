//! A round as bytes.

use sync_protocol::{Message, encode_for};

/// Writes a round for an end that speaks `version`. A message too long to travel (a single
/// transaction beyond every limit) is left out and reported, so that it does not hold up the others.
pub(crate) fn encode_round(messages: &[Message], version: u8) -> Vec<u8> {
    let mut bytes = Vec::new();
    for message in messages {
        match encode_for(message, version) {
            Ok(frame) => bytes.extend(frame),
            Err(error) => tracing::error!(%error, "message does not travel"),
        }
    }
    bytes
}
