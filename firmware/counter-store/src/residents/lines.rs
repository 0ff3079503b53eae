//! A dataset of packed JSON lines, read part by part, so that neither it nor the store is held.

use std::io::{self, BufRead, BufReader, Read};
use std::sync::Mutex;

use serde::de::DeserializeOwned;
use sync_engine::{DatasetManifest, Store};

use crate::residents::install::{InstallError, locked};
use crate::store::CounterStore;

/// Bytes read of the dataset while the store is held.
const PART_BYTES: usize = 256 << 10;
/// Longest line of the dataset.
const LINE_BYTES_MAX: u64 = 64 << 10;

/// Lines of bounded length of a dataset.
pub(super) struct Lines<'a> {
    from: BufReader<zstd::stream::read::Decoder<'static, BufReader<Parts<'a>>>>,
    line: Vec<u8>,
}

impl<'a> Lines<'a> {
    /// The lines of an installed dataset.
    pub(super) fn of(
        store: &'a Mutex<CounterStore>,
        manifest: &'a DatasetManifest,
    ) -> Result<Self, InstallError> {
        let parts = Parts {
            store,
            manifest,
            offset: 0,
            held: io::Cursor::new(Vec::new()),
        };
        let unpacked = zstd::stream::read::Decoder::new(parts).map_err(InstallError::Read)?;
        Ok(Self {
            from: BufReader::with_capacity(PART_BYTES, unpacked),
            line: Vec::new(),
        })
    }

    /// The next line; `None` at the end.
    pub(super) fn next<T: DeserializeOwned>(&mut self) -> Result<Option<T>, InstallError> {
        self.line.clear();
        let read = self
            .from
            .by_ref()
            .take(LINE_BYTES_MAX)
            .read_until(b'\n', &mut self.line)
            .map_err(|error| {
                if error.kind() == io::ErrorKind::NotFound {
                    InstallError::Superseded
                } else {
                    InstallError::Read(error)
                }
            })?;
        if read == 0 {
            return Ok(None);
        }
        if self.line.last() != Some(&b'\n') {
            return Err(InstallError::Layout("a line is cut off or too long"));
        }
        serde_json::from_slice(&self.line)
            .map(Some)
            .map_err(|_| InstallError::Layout("a line is none of ours"))
    }

    /// The first line.
    pub(super) fn header<T: DeserializeOwned>(&mut self) -> Result<T, InstallError> {
        self.next()?.ok_or(InstallError::Layout("empty"))
    }
}

/// The dataset's bytes, fetched part by part.
struct Parts<'a> {
    store: &'a Mutex<CounterStore>,
    manifest: &'a DatasetManifest,
    offset: u64,
    held: io::Cursor<Vec<u8>>,
}

impl Read for Parts<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.held.read(buffer)?;
        if read > 0 || buffer.is_empty() || self.offset >= self.manifest.length {
            return Ok(read);
        }
        let DatasetManifest { name, version, .. } = self.manifest;
        let part = locked(self.store)
            .dataset_part(name, *version, self.offset, PART_BYTES)
            .map_err(io::Error::other)?;
        let part = part.ok_or_else(|| io::Error::from(io::ErrorKind::NotFound))?;
        self.offset += part.bytes.len() as u64;
        self.held = io::Cursor::new(part.bytes);
        self.held.read(buffer)
    }
}
