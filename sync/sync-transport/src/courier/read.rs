//! Reading a courier file: everything is checked before anything is handed on.

use std::fmt;
use std::fs::File;
use std::io::{self, BufReader, Read, Seek as _};
use std::path::{Path, PathBuf};

use age::stream::StreamReader;
use ring::digest::{Context, SHA256};
use sync_protocol::{DecodeError, HEADER_BYTES, Message, content_bytes, decode};
use thiserror::Error;

use super::keys::CourierKey;
use super::sender::{SenderCheck, is_signed};
use super::{
    CourierHeader, FORMAT, HEADER_BYTES_MAX, MAGIC, OLDEST_MS, SIGNATURE, SIGNATURE_BYTES_MAX,
};
use crate::certificate::{Device, sha256};
use crate::identity::from_hex;

/// Most frames in one file: a million pieces of 256 KiB.
const FRAMES_MAX: usize = 1 << 20;

/// Longest age header: some hundred recipients. Reading one takes the memory it has, and whoever made
/// the medium decides that.
const AGE_HEADER_BYTES_MAX: u64 = 64 << 10;

/// Why a file is not read. Nothing of it was applied, and nothing here changed.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum ReadError {
    /// Not a courier file at all.
    #[error("this is not a courier file")]
    Foreign,
    /// Encrypted to others.
    #[error("the file is for another machine: none of the keys here opens it")]
    NotForUs,
    /// Opened, but addressed to others.
    #[error("the file is addressed to another machine")]
    NotAddressed,
    /// A byte was changed, or one is missing.
    #[error("the file is damaged or cut off: copy it again, or have it made again")]
    Damaged,
    /// A newer form.
    #[error(
        "the file has form {found}, this program reads form {FORMAT}: update this machine first"
    )]
    Newer {
        /// Its form.
        found: u32,
    },
    /// The sender's certificate is not the authority's, or has expired.
    #[error(
        "the file was made by a machine that is not of this city, or whose certificate expired"
    )]
    Sender,
    /// The signature does not hold.
    #[error("the file was changed after it was made: its signature does not hold")]
    Signature,
    /// Made too long ago.
    #[error("the file is {days} days old, too old to be believed: have it made again")]
    TooOld {
        /// Its age.
        days: u64,
    },
    /// Made in the future.
    #[error("the file was made in the future: a clock is wrong, there or here")]
    Future,
    /// The file changed between the check and the reading.
    #[error("the file changed while it was being read")]
    Changed,
    /// A message no version of ours understands.
    #[error("a message in the file is not understood: {0}")]
    Message(DecodeError),
    /// The medium.
    #[error("medium: {0}")]
    Medium(io::Error),
}

/// A courier file and the keys that may open it.
pub struct CourierFile {
    path: PathBuf,
    keys: Vec<CourierKey>,
}

impl fmt::Debug for CourierFile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("CourierFile")
    }
}

/// How much a file holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Contents {
    /// Changes of records.
    pub changes: usize,
    /// Entries of audit logs.
    pub log_entries: usize,
    /// Pieces of datasets.
    pub dataset_parts: usize,
    /// Pieces of signatures, forms and scans.
    pub blob_parts: usize,
    /// Bytes inside.
    pub bytes: u64,
}

/// A file that was read to its end and found sound.
#[derive(Debug)]
pub struct Checked {
    /// What it says of itself.
    pub header: CourierHeader,
    /// Who made it, as the authority says.
    pub sender: Device,
    /// How much it holds.
    pub contents: Contents,
    frames: Vec<[u8; 32]>,
}

impl CourierFile {
    /// A file, not touched yet.
    pub fn new(path: &Path, keys: Vec<CourierKey>) -> Self {
        Self {
            path: path.to_owned(),
            keys,
        }
    }

    /// Reads the whole file and checks it: whole, signed, by a device of ours, not too old.
    ///
    /// # Errors
    /// See [`ReadError`].
    pub fn check(&self, senders: &SenderCheck, now_unix_ms: u64) -> Result<Checked, ReadError> {
        let mut content = Content::open(&self.path, &self.keys)?;
        let header = content.header()?;
        check_age(header.made_unix_ms, now_unix_ms)?;
        let leaf = from_hex(&header.sender).ok_or(ReadError::Sender)?;
        let sender = senders
            .device(&leaf, now_unix_ms)
            .ok_or(ReadError::Sender)?;
        let mut contents = Contents::default();
        let mut frames = Vec::new();
        while let Some(frame) = content.frame()? {
            if frames.len() == FRAMES_MAX {
                return Err(ReadError::Damaged);
            }
            contents.count(&message_of(&frame)?);
            frames.push(sha256(&frame));
        }
        contents.bytes = content.bytes;
        let digest = content.digest.clone().finish();
        let signature = content.signature()?;
        if !is_signed(&leaf, digest.as_ref(), &signature) {
            return Err(ReadError::Signature);
        }
        Ok(Checked {
            header,
            sender,
            contents,
            frames,
        })
    }

    /// Reads the messages of a checked file, each compared with what was checked.
    pub(super) fn messages<'c>(
        &self,
        checked: &'c Checked,
    ) -> Result<impl Iterator<Item = Result<Message, ReadError>> + use<'c>, ReadError> {
        let mut content = Content::open(&self.path, &self.keys)?;
        if content.header()? != checked.header {
            return Err(ReadError::Changed);
        }
        let messages = checked.frames.iter().map(move |hash| {
            let frame = content.frame()?.ok_or(ReadError::Changed)?;
            if sha256(&frame) != *hash {
                return Err(ReadError::Changed);
            }
            message_of(&frame)
        });
        Ok(messages)
    }
}

fn check_age(made_unix_ms: u64, now_unix_ms: u64) -> Result<(), ReadError> {
    if made_unix_ms > now_unix_ms.saturating_add(sync_engine::CLOCK_REFUSED_MS) {
        return Err(ReadError::Future);
    }
    let age_ms = now_unix_ms.saturating_sub(made_unix_ms);
    if age_ms > OLDEST_MS {
        let days = age_ms / (24 * 60 * 60 * 1000);
        return Err(ReadError::TooOld { days });
    }
    Ok(())
}

fn message_of(frame: &[u8]) -> Result<Message, ReadError> {
    match decode(frame) {
        Ok((message, [])) => Ok(message),
        Ok(_) => Err(ReadError::Damaged),
        Err(error) => Err(ReadError::Message(error)),
    }
}

impl Contents {
    fn count(&mut self, message: &Message) {
        match message {
            Message::Changes(batch) => self.changes += batch.changes.len(),
            Message::CasePart(part) => self.changes += part.rows.len(),
            Message::StreamEntries(entries) => self.log_entries += entries.len(),
            Message::DatasetPart(_) => self.dataset_parts += 1,
            Message::BlobPart(_) => self.blob_parts += 1,
            Message::Hello(_)
            | Message::Ack(_)
            | Message::StreamHeads(_)
            | Message::DatasetOffers(_)
            | Message::DatasetWants(_)
            | Message::BlobWants(_)
            | Message::BlobRefusals(_)
            | Message::Refused { .. }
            | Message::Done(_)
            | Message::BlobOffers(_)
            | Message::BlobsHeld(_)
            | Message::CaseOffers(_)
            | Message::CaseWants(_)
            | Message::CasesHeld(_)
            | Message::PurgeOrders(_)
            | Message::PurgesDone(_)
            | Message::PurgesClosed(_)
            | Message::HelloSince(_)
            | Message::HelloBack(_)
            | Message::SayWhole
            | Message::Passed(_) => {}
        }
    }
}

/// The content of a file, from its beginning.
struct Content {
    inside: StreamReader<BufReader<File>>,
    digest: Context,
    bytes: u64,
}

/// The file from its beginning, if its age header ends soon enough.
fn bounded(mut file: File) -> Result<File, ReadError> {
    let mut start = Vec::new();
    let mut first = (&mut file).take(AGE_HEADER_BYTES_MAX);
    first.read_to_end(&mut start).map_err(ReadError::Medium)?;
    if !start.windows(5).any(|line| line == b"\n--- ") {
        return Err(ReadError::Foreign);
    }
    file.rewind().map_err(ReadError::Medium)?;
    Ok(file)
}

/// A medium that cannot be read is not a file that is damaged.
fn trouble(error: io::Error) -> ReadError {
    use io::ErrorKind as Kind;
    let damaged = matches!(
        error.kind(),
        Kind::UnexpectedEof | Kind::InvalidData | Kind::InvalidInput
    );
    if damaged || error.raw_os_error().is_none() {
        ReadError::Damaged
    } else {
        ReadError::Medium(error)
    }
}

impl Content {
    #[expect(
        clippy::wildcard_enum_match_arm,
        reason = "whatever else is wrong with the age header, it is damaged"
    )]
    fn open(path: &Path, keys: &[CourierKey]) -> Result<Self, ReadError> {
        use age::DecryptError as Error;
        let file = File::open(path).map_err(ReadError::Medium)?;
        let file = bounded(file)?;
        let opened =
            age::Decryptor::new_buffered(BufReader::new(file)).map_err(|error| match error {
                Error::Io(error) if error.raw_os_error().is_some() => ReadError::Medium(error),
                _ => ReadError::Foreign,
            })?;
        let inside = opened.decrypt(keys.iter().map(CourierKey::as_age));
        let inside = inside.map_err(|error| match error {
            Error::NoMatchingKeys => ReadError::NotForUs,
            Error::Io(error) => trouble(error),
            _ => ReadError::Damaged,
        })?;
        Ok(Self {
            inside,
            digest: Context::new(&SHA256),
            bytes: 0,
        })
    }

    /// Exactly `length` bytes, which count for the signature.
    fn take(&mut self, length: usize) -> Result<Vec<u8>, ReadError> {
        let bytes = self.take_unsigned(length)?;
        self.digest.update(&bytes);
        self.bytes += u64::try_from(length).unwrap_or(u64::MAX);
        Ok(bytes)
    }

    fn take_unsigned(&mut self, length: usize) -> Result<Vec<u8>, ReadError> {
        let mut bytes = vec![0; length];
        self.inside.read_exact(&mut bytes).map_err(trouble)?;
        Ok(bytes)
    }

    fn header(&mut self) -> Result<CourierHeader, ReadError> {
        if self.take(MAGIC.len())? != MAGIC {
            return Err(ReadError::Foreign);
        }
        let length: [u8; 4] = self.take(4)?.try_into().map_err(|_| ReadError::Damaged)?;
        let length = usize::try_from(u32::from_le_bytes(length)).unwrap_or(usize::MAX);
        if length > HEADER_BYTES_MAX {
            return Err(ReadError::Damaged);
        }
        let text = self.take(length)?;
        // The form first: a newer header may have other fields.
        let form: Form = serde_json::from_slice(&text).map_err(|_| ReadError::Damaged)?;
        if form.format != FORMAT {
            return Err(ReadError::Newer { found: form.format });
        }
        serde_json::from_slice(&text).map_err(|_| ReadError::Damaged)
    }

    /// The next frame; `None` where the signature begins.
    fn frame(&mut self) -> Result<Option<Vec<u8>>, ReadError> {
        let first = self.take_unsigned(1)?;
        if first == [SIGNATURE] {
            return Ok(None);
        }
        self.digest.update(&first);
        let mut frame = first;
        frame.extend(self.take(HEADER_BYTES - 1)?);
        let start = frame
            .as_slice()
            .try_into()
            .map_err(|_| ReadError::Damaged)?;
        let content = content_bytes(start).map_err(ReadError::Message)?;
        frame.extend(self.take(content)?);
        Ok(Some(frame))
    }

    /// The signature, behind which there is nothing.
    fn signature(&mut self) -> Result<Vec<u8>, ReadError> {
        let length = self.take_unsigned(2)?;
        let length: [u8; 2] = length.try_into().map_err(|_| ReadError::Damaged)?;
        let length = usize::from(u16::from_le_bytes(length));
        if length > SIGNATURE_BYTES_MAX {
            return Err(ReadError::Damaged);
        }
        let signature = self.take_unsigned(length)?;
        let mut more = [0];
        match self.inside.read(&mut more).map_err(trouble)? {
            0 => Ok(signature),
            _ => Err(ReadError::Damaged),
        }
    }
}

/// The one field every form has.
#[derive(serde::Deserialize)]
struct Form {
    format: u32,
}
