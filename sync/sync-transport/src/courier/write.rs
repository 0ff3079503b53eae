//! Writing a courier file: beside its place, synced, then renamed. A file that is there is whole.

use std::fs::{self, File, OpenOptions};
use std::io::{self, BufWriter, Write};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};

use ring::digest::{Context, SHA256};
use sync_protocol::{EncodeError, Message, encode};
use thiserror::Error;

use super::keys::CourierRecipient;
use super::sender::CourierSigner;
use super::{CourierHeader, MAGIC, SIGNATURE};

/// Why a file was not written. Nothing of it is left then.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum WriteError {
    /// Something of that name is there.
    #[error("a file of this name is there already")]
    Exists,
    /// Nobody could open it.
    #[error("nobody could open the file: no key to encrypt to")]
    NoRecipient,
    /// Encryption.
    #[error("file cannot be encrypted to these keys")]
    Encrypt,
    /// A message that is longer than a frame.
    #[error(transparent)]
    Message(#[from] EncodeError),
    /// The signature.
    #[error("device key does not sign")]
    Sign,
    /// The medium: full, pulled, or read-only.
    #[error("medium: {0}")]
    Medium(#[from] io::Error),
}

/// A file being written; removed when dropped before [`Writing::finish`].
pub(super) struct Writing {
    place: Option<Place>,
    out: age::stream::StreamWriter<Sink>,
    digest: Context,
    bytes: u64,
}

/// Where it goes: a file, or nowhere for a trial.
enum Sink {
    File(BufWriter<File>),
    Nowhere(io::Sink),
}

impl Write for Sink {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match self {
            Self::File(file) => file.write(bytes),
            Self::Nowhere(sink) => sink.write(bytes),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        match self {
            Self::File(file) => file.flush(),
            Self::Nowhere(sink) => sink.flush(),
        }
    }
}

/// The file's name, and the one it has while it is written.
struct Place {
    unfinished: PathBuf,
    path: PathBuf,
}

impl Drop for Place {
    fn drop(&mut self) {
        // There is nothing to remove after the rename.
        fs::remove_file(&self.unfinished).ok();
    }
}

impl Place {
    fn open(path: &Path) -> Result<(Self, File), WriteError> {
        if path.exists() {
            return Err(WriteError::Exists);
        }
        let mut name = path.as_os_str().to_owned();
        name.push(".part");
        let place = Self {
            unfinished: PathBuf::from(name),
            path: path.to_owned(),
        };
        // What an interrupted export left is thrown away; what somebody put there to be written
        // through (a link to elsewhere) is never opened.
        fs::remove_file(&place.unfinished).ok();
        let mut options = OpenOptions::new();
        options.write(true).create_new(true).mode(0o600);
        let file = options.open(&place.unfinished)?;
        Ok((place, file))
    }

    fn settle(&self) -> io::Result<()> {
        fs::rename(&self.unfinished, &self.path)?;
        let folder = self
            .path
            .parent()
            .filter(|path| !path.as_os_str().is_empty());
        File::open(folder.unwrap_or(Path::new(".")))?.sync_all()
    }
}

impl Writing {
    /// Begins a file at `path`; without one, everything is done but nothing kept.
    pub(super) fn begin(
        path: Option<&Path>,
        recipients: &[CourierRecipient],
        header: &CourierHeader,
    ) -> Result<Self, WriteError> {
        if recipients.is_empty() {
            return Err(WriteError::NoRecipient);
        }
        let all = recipients.iter().map(CourierRecipient::as_age);
        let encryptor = age::Encryptor::with_recipients(all).map_err(|_| WriteError::Encrypt)?;
        let (place, sink) = match path {
            Some(path) => {
                let (place, file) = Place::open(path)?;
                (Some(place), Sink::File(BufWriter::new(file)))
            }
            None => (None, Sink::Nowhere(io::sink())),
        };
        let mut writing = Self {
            place,
            out: encryptor.wrap_output(sink)?,
            digest: Context::new(&SHA256),
            bytes: 0,
        };
        let header = serde_json::to_vec(header).map_err(io::Error::other)?;
        let length = u32::try_from(header.len()).map_err(io::Error::other)?;
        writing.put(MAGIC)?;
        writing.put(&length.to_le_bytes())?;
        writing.put(&header)?;
        Ok(writing)
    }

    fn put(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.digest.update(bytes);
        self.bytes += u64::try_from(bytes.len()).unwrap_or(u64::MAX);
        self.out.write_all(bytes)
    }

    pub(super) fn message(&mut self, message: &Message) -> Result<(), WriteError> {
        let frame = encode(message)?;
        Ok(self.put(&frame)?)
    }

    /// Content so far, bytes.
    pub(super) fn bytes(&self) -> u64 {
        self.bytes
    }

    /// Signs, and puts the file in its place once it is on the medium.
    pub(super) fn finish(mut self, signer: &CourierSigner) -> Result<u64, WriteError> {
        let digest = self.digest.clone().finish();
        let signature = signer.sign(digest.as_ref()).map_err(|_| WriteError::Sign)?;
        let length = u16::try_from(signature.len()).map_err(|_| WriteError::Sign)?;
        self.out.write_all(&[SIGNATURE])?;
        self.out.write_all(&length.to_le_bytes())?;
        self.out.write_all(&signature)?;
        if let Sink::File(file) = self.out.finish()? {
            let file = file.into_inner().map_err(io::IntoInnerError::into_error)?;
            file.sync_all()?;
        }
        if let Some(place) = &self.place {
            place.settle()?;
        }
        Ok(self.bytes)
    }
}
