//! A whole trip: out of a store into a file, and out of a file into a store.

use std::fmt;
use std::path::Path;

use sync_engine::{Dispatch, Effects, Ending, Moment, Session, Store};
use sync_protocol::{Message, SiteId};
use thiserror::Error;

use super::keys::CourierRecipient;
use super::read::{Checked, CourierFile, ReadError};
use super::sender::CourierSigner;
use super::write::{WriteError, Writing};
use super::{CourierHeader, FORMAT};
use crate::identity::to_hex;

/// Who sends to whom.
#[derive(Debug)]
pub struct Envelope<'a> {
    /// Signs.
    pub signer: &'a CourierSigner,
    /// May open it.
    pub recipients: &'a [CourierRecipient],
    /// Sites it is meant for.
    pub to: Vec<SiteId>,
    /// Whom the answer can be encrypted to.
    pub reply_to: Option<CourierRecipient>,
    /// Random.
    pub id: [u8; 16],
}

/// What was written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Carried {
    /// Changes of records.
    pub changes: usize,
    /// Entries of the audit log.
    pub log_entries: usize,
    /// Datasets, signatures, forms and scans: pieces.
    pub parts: usize,
    /// Bytes inside, before encryption.
    pub bytes: u64,
}

/// Why nothing was written.
#[derive(Debug, Error)]
pub enum ExportError<E: std::error::Error + 'static> {
    /// The file.
    #[error(transparent)]
    File(#[from] WriteError),
    /// The database.
    #[error("database cannot be read")]
    Store(#[source] E),
}

/// Writes everything `dispatch` says into a new file at `path`; without a path nothing is kept and
/// only counted. `tell` hears how much is written so far.
///
/// # Errors
/// See [`ExportError`]; no file is left then.
pub fn export<S: Store>(
    store: &mut S,
    dispatch: &mut Dispatch,
    envelope: &Envelope<'_>,
    path: Option<&Path>,
    now: Moment,
    tell: &mut dyn FnMut(&Carried),
) -> Result<Carried, ExportError<S::Error>> {
    let header = CourierHeader {
        format: FORMAT,
        program: env!("CARGO_PKG_VERSION").to_owned(),
        id: to_hex(&envelope.id),
        sender: to_hex(envelope.signer.certificate()),
        to: envelope.to.iter().map(ToString::to_string).collect(),
        made_unix_ms: now.unix_ms,
        reply_to: envelope.reply_to.as_ref().map(ToString::to_string),
    };
    let mut writing = Writing::begin(path, envelope.recipients, &header)?;
    let mut carried = Carried::default();
    while let Some(messages) = dispatch.next_part(store, now).map_err(ExportError::Store)? {
        for message in &messages {
            carried.count(message);
            writing.message(message)?;
        }
        carried.bytes = writing.bytes();
        tell(&carried);
    }
    carried.bytes = writing.finish(envelope.signer)?;
    Ok(carried)
}

impl Carried {
    fn count(&mut self, message: &Message) {
        match message {
            Message::Changes(batch) => self.changes += batch.changes.len(),
            Message::CasePart(part) => self.changes += part.rows.len(),
            Message::StreamEntries(entries) => self.log_entries += entries.len(),
            Message::DatasetPart(_) | Message::BlobPart(_) => self.parts += 1,
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

/// What a file brought.
pub struct Received {
    /// The conversation, to be answered with a [`Dispatch`].
    pub session: Session,
    /// What is on disk now that was not before.
    pub effects: Effects,
}

impl fmt::Debug for Received {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Received({:?})", self.effects)
    }
}

/// Why a file was not taken, or not to its end.
#[derive(Debug, Error)]
pub enum ImportError<E: std::error::Error + 'static> {
    /// The file.
    #[error(transparent)]
    File(#[from] ReadError),
    /// The conversation: versions, a foreign site.
    #[error("the file is not accepted: {0:?}")]
    Refused(Ending),
    /// The database. What was applied before stays; the file can be read again.
    #[error("database cannot be written")]
    Store(#[source] E),
}

/// Applies a checked file with `session`, which names its sender. Each message is on disk when the
/// next one is read; a reading that breaks off can be begun again.
///
/// # Errors
/// See [`ImportError`].
pub fn import<S: Store>(
    store: &mut S,
    file: &CourierFile,
    checked: &Checked,
    session: Session,
    tell: &mut dyn FnMut(u64),
) -> Result<Received, ImportError<S::Error>> {
    if !checked.header.is_for(store.site()) {
        return Err(ReadError::NotAddressed.into());
    }
    let made = Moment::from_unix_ms(checked.header.made_unix_ms);
    let mut session = session.by_courier(made);
    let mut bytes = 0;
    for message in file.messages(checked)? {
        let message = message?;
        bytes += u64::try_from(message.weight()).unwrap_or(u64::MAX);
        session
            .receive(store, message, made)
            .map_err(ImportError::Store)?;
        if let Some(ending) = session.ending() {
            return Err(ImportError::Refused(ending.clone()));
        }
        tell(bytes);
    }
    let effects = session.take_effects();
    Ok(Received { session, effects })
}
