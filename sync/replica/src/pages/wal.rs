//! The write-ahead log as it lies on the disk: header, frames, and the sums that chain them.
//!
//! ```text
//! header 32 bytes   magic | 3007000 | page bytes | checkpoints | salt 1 | salt 2 | sum 1 | sum 2
//! frame  24 bytes   page number | pages after the commit, else 0 | salt 1 | salt 2 | sum 1 | sum 2, then the page
//! ```
//! All big-endian; the sums run over words in the order the magic names (`SQLite`, "WAL File Format").
//! Whatever does not fit is the end of the log, never an error: a writer may be in the middle of it.

use std::collections::BTreeSet;
use std::fs::File;
use std::io;
use std::path::Path;

use super::{PageError, read_at};

const HEADER_BYTES: u64 = 32;
pub(super) const FRAME_HEADER_BYTES: usize = 24;
const MAGIC: u32 = 0x377f_0682;
/// How much is read at once to look for commits.
const STRIDE_FRAMES: u32 = 256;

/// A running sum.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
struct Sum(u32, u32);

/// What looking on found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Look {
    /// Nothing new.
    Same,
    /// More commits.
    Grown,
    /// Another log.
    Anew,
}

/// The committed part of a log, as far as it was looked at.
#[derive(Debug, Default)]
pub(super) struct Tail {
    /// The two salts; 0 when there is no log yet.
    pub(super) log: u64,
    /// Frames up to the last commit.
    pub(super) frames: u32,
    pub(super) page_bytes: u32,
    is_little: bool,
    sum: Sum,
}

/// The header's parts.
struct Header {
    log: u64,
    page_bytes: u32,
    is_little: bool,
    sum: Sum,
}

fn word(bytes: &[u8], at: usize) -> Option<u32> {
    let four = bytes.get(at..at.checked_add(4)?)?;
    Some(u32::from_be_bytes(four.try_into().ok()?))
}

fn salts(bytes: &[u8], at: usize) -> Option<u64> {
    let (one, two) = (word(bytes, at)?, word(bytes, at + 4)?);
    Some(u64::from(one) << 32 | u64::from(two))
}

impl Sum {
    fn over(self, bytes: &[u8], is_little: bool) -> Self {
        let Self(mut one, mut two) = self;
        let (pairs, _) = bytes.as_chunks::<8>();
        for [a, b, c, d, e, f, g, h] in pairs {
            let (x, y) = ([*a, *b, *c, *d], [*e, *f, *g, *h]);
            let (x, y) = if is_little {
                (u32::from_le_bytes(x), u32::from_le_bytes(y))
            } else {
                (u32::from_be_bytes(x), u32::from_be_bytes(y))
            };
            one = one.wrapping_add(x).wrapping_add(two);
            two = two.wrapping_add(y).wrapping_add(one);
        }
        Self(one, two)
    }

    fn stands_at(self, bytes: &[u8], at: usize) -> bool {
        word(bytes, at) == Some(self.0) && word(bytes, at + 4) == Some(self.1)
    }
}

fn header(bytes: &[u8]) -> Option<Header> {
    let magic = word(bytes, 0)?;
    let is_little = magic & 1 == 0;
    let sum = Sum::default().over(bytes.get(..24)?, is_little);
    let fits = magic & !1 == MAGIC && sum.stands_at(bytes, 24);
    fits.then_some(Header {
        log: salts(bytes, 16)?,
        page_bytes: word(bytes, 8)?,
        is_little,
        sum,
    })
}

/// The file, or nothing when there is none.
fn opened(log: &Path) -> io::Result<Option<File>> {
    match File::open(log) {
        Ok(file) => Ok(Some(file)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}

impl Tail {
    /// The log that is there now, nothing of it read; an empty one when there is none.
    pub(super) fn start(log: &Path) -> Result<Self, PageError> {
        let Some(file) = opened(log)? else {
            return Ok(Self::default());
        };
        let bytes = read_at(&file, 32, 0)?;
        Ok(header(&bytes).map_or_else(Self::default, |header| Self {
            log: header.log,
            frames: 0,
            page_bytes: header.page_bytes,
            is_little: header.is_little,
            sum: header.sum,
        }))
    }

    fn frame_bytes(&self) -> usize {
        FRAME_HEADER_BYTES + usize::try_from(self.page_bytes).unwrap_or(usize::MAX / 2)
    }

    /// Bytes of so many frames.
    pub(super) fn bytes_of(&self, frames: u32) -> usize {
        usize::try_from(frames)
            .unwrap_or(usize::MAX)
            .saturating_mul(self.frame_bytes())
    }

    fn offset(&self, frame: u32) -> u64 {
        HEADER_BYTES + self.bytes_of(frame) as u64
    }

    /// Looks for commits behind what was read.
    pub(super) fn look(&mut self, log: &Path) -> Result<Look, PageError> {
        let Some(file) = opened(log)? else {
            return Ok(Look::Same);
        };
        match header(&read_at(&file, 32, 0)?) {
            Some(header) if header.log == self.log => {}
            Some(_) => return Ok(Look::Anew),
            // Being written just now, or not there yet.
            None => return Ok(Look::Same),
        }
        let before = self.frames;
        let (mut at, mut sum) = (self.frames, self.sum);
        loop {
            let bytes = read_at(&file, self.bytes_of(STRIDE_FRAMES), self.offset(at))?;
            let mut whole = 0;
            for frame in bytes.chunks_exact(self.frame_bytes()) {
                let Some(next) = self.follows(frame, sum) else {
                    break;
                };
                sum = next;
                at += 1;
                whole += 1;
                if word(frame, 4).is_some_and(|pages| pages > 0) {
                    (self.frames, self.sum) = (at, sum);
                }
            }
            if whole < STRIDE_FRAMES {
                break;
            }
        }
        Ok(if self.frames == before {
            Look::Same
        } else {
            Look::Grown
        })
    }

    /// The sum behind a frame, when it belongs here.
    fn follows(&self, frame: &[u8], sum: Sum) -> Option<Sum> {
        if salts(frame, 8) != Some(self.log) {
            return None;
        }
        let (head, page) = frame.split_at_checked(FRAME_HEADER_BYTES)?;
        let sum = sum.over(head.get(..8)?, self.is_little);
        let sum = sum.over(page, self.is_little);
        sum.stands_at(head, 16).then_some(sum)
    }

    /// Committed frames from `first` on, at most about `bytes_max` but at least one, and up to which.
    pub(super) fn read(
        &self,
        log: &Path,
        first: u32,
        bytes_max: usize,
    ) -> Result<(Vec<u8>, u32), PageError> {
        let left = self.frames.saturating_sub(first);
        let fit = u32::try_from(bytes_max / self.frame_bytes()).unwrap_or(u32::MAX);
        let count = left.min(fit.max(1));
        if count == 0 {
            return Ok((Vec::new(), first));
        }
        let file = File::open(log)?;
        let frames = read_at(&file, self.bytes_of(count), self.offset(first))?;
        let belongs = |frame: &[u8]| salts(frame, 8) == Some(self.log);
        let is_whole = frames.len() == self.bytes_of(count)
            && frames.chunks_exact(self.frame_bytes()).all(belongs);
        if is_whole {
            Ok((frames, first + count))
        } else {
            Err(PageError::Lost)
        }
    }
}

/// Numbers of the pages that have a committed frame.
pub(super) fn pages(log: &Path) -> Result<BTreeSet<u32>, PageError> {
    let mut tail = Tail::start(log)?;
    tail.look(log)?;
    let (mut found, mut at) = (BTreeSet::new(), 0);
    while at < tail.frames {
        let (frames, upto) = tail.read(log, at, tail.bytes_of(STRIDE_FRAMES))?;
        let numbers = frames.chunks_exact(tail.frame_bytes()).filter_map(parts);
        found.extend(numbers.map(|(number, _, _)| number));
        at = upto;
    }
    Ok(found)
}

/// What a frame says: the page's number, the pages of the file when it ends a commit, the page.
pub(super) fn parts(frame: &[u8]) -> Option<(u32, Option<u32>, &[u8])> {
    let (head, page) = frame.split_at_checked(FRAME_HEADER_BYTES)?;
    let number = word(head, 0).filter(|number| *number > 0)?;
    let pages = word(head, 4).filter(|pages| *pages > 0);
    Some((number, pages, page))
}
