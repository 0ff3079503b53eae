//! The copy: blocks of the file, then whole transactions.
//!
//! ```text
//! NAME          the copy; nobody opens it before it goes to work
//! NAME-pieces   what came and is not in it yet: records of [length u32][BLAKE3][place][frames]
//! NAME-place    how far it is, JSON
//! ```
//! A piece is on the disk before any page of it is written, and thrown away after the place is: a
//! plug pulled in between leaves a piece that is written again at the next start.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Read as _, Seek as _, SeekFrom, Write as _};
use std::os::unix::fs::{FileExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::wal::{self, FRAME_HEADER_BYTES};
use super::{BLOCK_BYTES, BLOCKS_MAX, FileBlocks, LogFrames, PageError, PagePlace, read_at};

/// Longest piece that is read back.
const PIECE_BYTES_MAX: usize = 64 << 20;
const PIECE_HEADER_BYTES: usize = 4 + 32;

/// A piece as it lies in its file.
#[derive(Serialize, Deserialize)]
struct Piece {
    place: PagePlace,
    page_bytes: u32,
    frames: Vec<u8>,
}

/// The copy of a database's file.
#[derive(Debug)]
pub struct PageCopy {
    file: File,
    pieces: File,
    place_file: PathBuf,
    place: Option<PagePlace>,
    /// What came behind the last commit.
    begun: bool,
}

/// Block `number` of a file of `file_bytes`; `None` behind its end.
pub(super) fn block(file: &File, number: u64, file_bytes: u64) -> io::Result<Option<Vec<u8>>> {
    let offset = number.saturating_mul(BLOCK_BYTES as u64);
    let left = file_bytes.saturating_sub(offset).min(BLOCK_BYTES as u64);
    let bytes = read_at(file, usize::try_from(left).unwrap_or(BLOCK_BYTES), offset)?;
    Ok((!bytes.is_empty()).then_some(bytes))
}

fn beside(path: &Path, ending: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(ending);
    PathBuf::from(name)
}

fn private(path: &Path) -> io::Result<File> {
    OpenOptions::new()
        .read(true)
        .write(true)
        .create(true)
        .truncate(false)
        .mode(0o600)
        .open(path)
}

impl PageCopy {
    /// Opens a copy, or begins one; what came before a plug was pulled is written first.
    ///
    /// # Errors
    /// When the disk fails.
    pub fn open(path: &Path) -> Result<Self, PageError> {
        let place_file = beside(path, "-place");
        let place = match fs::read(&place_file) {
            Ok(text) => Some(
                serde_json::from_slice(&text).map_err(|_| PageError::Damaged { what: "place" })?,
            ),
            Err(error) if error.kind() == io::ErrorKind::NotFound => None,
            Err(error) => return Err(error.into()),
        };
        let mut copy = Self {
            file: private(path)?,
            pieces: private(&beside(path, "-pieces"))?,
            place_file,
            place,
            begun: false,
        };
        if copy.place.is_some() {
            copy.write_pieces()?;
        }
        copy.forget_pieces()?;
        Ok(copy)
    }

    /// How far it is in the log; `None` while blocks of the file are missing.
    pub fn place(&self) -> Option<PagePlace> {
        self.place
    }

    /// BLAKE3 of its own blocks from number `first` on, at most [`BLOCKS_MAX`].
    ///
    /// # Errors
    /// When the disk fails.
    pub fn hashes(&self, first: u64) -> Result<Vec<[u8; 32]>, PageError> {
        let file_bytes = self.file.metadata()?.len();
        let mut hashes = Vec::new();
        for step in 0..BLOCKS_MAX as u64 {
            match block(&self.file, first.saturating_add(step), file_bytes)? {
                Some(content) => hashes.push(*blake3::hash(&content).as_bytes()),
                None => break,
            }
        }
        Ok(hashes)
    }

    /// Writes blocks of the file, looked at from number `first` on; the next number to ask for, or
    /// `None` at the end. It is no copy before the place is set, and then not before the log came.
    ///
    /// # Errors
    /// When the disk fails.
    pub fn put_blocks(&mut self, first: u64, came: &FileBlocks) -> Result<Option<u64>, PageError> {
        for (number, content) in &came.blocks {
            let is_ours = *number >= first && *number < first.saturating_add(BLOCKS_MAX as u64);
            if !is_ours || content.len() > BLOCK_BYTES {
                return Err(PageError::Damaged { what: "block" });
            }
            let offset = number.saturating_mul(BLOCK_BYTES as u64);
            self.file.write_all_at(content, offset)?;
        }
        let next = first.saturating_add(BLOCKS_MAX as u64);
        if next.saturating_mul(BLOCK_BYTES as u64) < came.file_bytes {
            return Ok(Some(next));
        }
        self.file.set_len(came.file_bytes)?;
        self.file.sync_all()?;
        Ok(None)
    }

    /// Begins to follow the log from a place on.
    ///
    /// # Errors
    /// When the disk fails.
    pub fn begin_at(&mut self, place: PagePlace) -> Result<(), PageError> {
        self.forget_pieces()?;
        self.keep_place(place)
    }

    /// Takes frames of the log; whole transactions are in the copy, and on the disk, afterwards.
    ///
    /// # Errors
    /// When they are no frames or the disk fails; nothing is half written then but what comes again.
    pub fn take(&mut self, came: LogFrames) -> Result<(), PageError> {
        if came.frames.is_empty() && Some(came.place) == self.place {
            return Ok(());
        }
        let ends = ends_a_commit(&came.frames, came.page_bytes)?;
        let piece = Piece {
            place: came.place,
            page_bytes: came.page_bytes,
            frames: came.frames,
        };
        let bytes =
            postcard::to_allocvec(&piece).map_err(|_| PageError::Damaged { what: "piece" })?;
        let length =
            u32::try_from(bytes.len()).map_err(|_| PageError::Damaged { what: "piece" })?;
        self.pieces.seek(SeekFrom::End(0))?;
        self.pieces.write_all(&length.to_le_bytes())?;
        self.pieces.write_all(blake3::hash(&bytes).as_bytes())?;
        self.pieces.write_all(&bytes)?;
        self.begun |= !piece.frames.is_empty();
        if self.begun && !ends {
            // In the middle of a transaction: the rest comes with the next one.
            self.place = Some(piece.place);
            return Ok(());
        }
        self.pieces.sync_all()?;
        self.write_pieces()?;
        self.forget_pieces()
    }

    /// Writes every whole piece that lies there, when the last of them ends a transaction.
    fn write_pieces(&mut self) -> Result<(), PageError> {
        let pieces = self.read_pieces()?;
        let last = pieces.iter().rposition(|piece| {
            piece.frames.is_empty()
                || ends_a_commit(&piece.frames, piece.page_bytes).unwrap_or(false)
        });
        let Some(last) = last else { return Ok(()) };
        let mut place = None;
        for piece in pieces.iter().take(last + 1) {
            self.write_frames(piece)?;
            place = Some(piece.place);
        }
        self.file.sync_all()?;
        place.map_or(Ok(()), |place| self.keep_place(place))
    }

    fn write_frames(&self, piece: &Piece) -> Result<(), PageError> {
        let page_bytes = u64::from(piece.page_bytes);
        for frame in frames_of(&piece.frames, piece.page_bytes)? {
            let (number, pages, page) =
                wal::parts(frame).ok_or(PageError::Damaged { what: "frame" })?;
            let offset = u64::from(number - 1).saturating_mul(page_bytes);
            self.file.write_all_at(page, offset)?;
            if let Some(pages) = pages {
                self.file
                    .set_len(u64::from(pages).saturating_mul(page_bytes))?;
            }
        }
        Ok(())
    }

    fn read_pieces(&mut self) -> Result<Vec<Piece>, PageError> {
        let mut pieces = Vec::new();
        self.pieces.seek(SeekFrom::Start(0))?;
        let mut reader = io::BufReader::new(&self.pieces);
        let mut header = [0; PIECE_HEADER_BYTES];
        while reader.read_exact(&mut header).is_ok() {
            let (length, hash) = header.split_at(4);
            let length = length.try_into().map_or(u32::MAX, u32::from_le_bytes);
            let length = usize::try_from(length).unwrap_or(usize::MAX);
            if length > PIECE_BYTES_MAX {
                break;
            }
            let mut bytes = vec![0; length];
            if reader.read_exact(&mut bytes).is_err() || blake3::hash(&bytes).as_bytes() != hash {
                break;
            }
            let Ok(piece) = postcard::from_bytes(&bytes) else {
                break;
            };
            pieces.push(piece);
        }
        Ok(pieces)
    }

    fn forget_pieces(&mut self) -> Result<(), PageError> {
        self.begun = false;
        self.pieces.set_len(0)?;
        Ok(())
    }

    fn keep_place(&mut self, place: PagePlace) -> Result<(), PageError> {
        let text = serde_json::to_vec(&place).map_err(|_| PageError::Damaged { what: "place" })?;
        let unfinished = beside(&self.place_file, ".new");
        let mut file = private(&unfinished)?;
        file.set_len(0)?;
        file.write_all(&text)?;
        file.sync_all()?;
        fs::rename(&unfinished, &self.place_file)?;
        self.place = Some(place);
        Ok(())
    }
}

fn frames_of(frames: &[u8], page_bytes: u32) -> Result<std::slice::ChunksExact<'_, u8>, PageError> {
    let page_bytes = usize::try_from(page_bytes).unwrap_or(0);
    let is_page = (512..=65_536).contains(&page_bytes);
    let frame_bytes = FRAME_HEADER_BYTES + page_bytes;
    if (frames.is_empty() || is_page) && frames.len().is_multiple_of(frame_bytes) {
        Ok(frames.chunks_exact(frame_bytes))
    } else {
        Err(PageError::Damaged { what: "frames" })
    }
}

fn ends_a_commit(frames: &[u8], page_bytes: u32) -> Result<bool, PageError> {
    let last = frames_of(frames, page_bytes)?.last();
    Ok(last
        .and_then(wal::parts)
        .is_some_and(|(_, pages, _)| pages.is_some()))
}
