//! Courier files: the conversation on removable media, when there is no line.
//!
//! ```text
//! age (X25519 recipients)
//! └ "todoke courier\n\0"      16 bytes
//!   length of the header      u32 LE
//!   header                    JSON: who made it, for whom, when
//!   frames                    the messages of a round, as on the line (`sync_protocol::encode`)
//!   'S', length, signature    u8, u16 LE, ECDSA P-256 with SHA-256 by the sender's device key
//! ```
//! age keeps the content from everybody else and notices each damaged or missing byte; the signature
//! says who wrote it, with the certificate that the hub's authority gave the device. **Nothing of a
//! file is applied before all of it was read and the signature holds**; each frame is compared once
//! more with what was checked when it is applied, because removable media can change meanwhile.
//!
//! What a file brings passes the same checks as what a line brings: the same [`Session`] takes it.
//! A file that is read twice, or late, changes nothing more. What was exported is not safe anywhere
//! until the other end's hello comes back, in its own file or on the line.
//!
//! [`Session`]: sync_engine::Session

mod keys;
mod read;
mod sender;
mod trip;
mod write;

use serde::{Deserialize, Serialize};
use sync_protocol::SiteId;

pub use keys::{CourierKey, CourierKeyError, CourierRecipient};
pub use read::{Checked, Contents, CourierFile, ReadError};
pub use sender::{CourierSigner, SenderCheck, SignError};
pub use trip::{Carried, Envelope, ExportError, ImportError, Received, export, import};
pub use write::WriteError;

const MAGIC: &[u8; 16] = b"todoke courier\n\0";

/// What the signature is over, before the hash of the content: it fits nothing else.
const SIGNED: &[u8] = b"todoke courier file, content by SHA-256\0";

/// First byte of the signature; no frame begins with it.
const SIGNATURE: u8 = b'S';

const HEADER_BYTES_MAX: usize = 64 << 10;
const SIGNATURE_BYTES_MAX: usize = 256;

/// The form written, and the newest one read.
const FORMAT: u32 = 1;

/// A file older than this is not read: what it says of the sender's keys and of what it holds is
/// too old. The sender makes a new one; it loses nothing by that.
pub const OLDEST_MS: u64 = 60 * 24 * 60 * 60 * 1000;

/// What a courier file says of itself, under its signature.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CourierHeader {
    /// Form of the file.
    pub format: u32,
    /// Version of the program that made it.
    pub program: String,
    /// Random, to tell files apart in a log; 32 hex digits.
    pub id: String,
    /// The sender's certificate, DER, hexadecimal.
    pub sender: String,
    /// Sites it is meant for, 32 hex digits each.
    pub to: Vec<String>,
    /// When it was made, milliseconds since 1970.
    pub made_unix_ms: u64,
    /// Whom the answer can be encrypted to, `age1…`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reply_to: Option<String>,
}

impl CourierHeader {
    /// Whether it is meant for `site`.
    pub fn is_for(&self, site: SiteId) -> bool {
        let site = site.to_string();
        self.to.contains(&site)
    }
}
