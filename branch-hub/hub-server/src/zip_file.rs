//! Zip files of a few small texts: read with limits, and written (APPNOTE.TXT 6.3.9: 4.3.7 local
//! header, 4.3.12 central directory, 4.3.16 end of the central directory).
//!
//! Whoever edits a form packs its folder with what the desktop offers; nothing is unpacked to a disk
//! here, and a file that claims more than it may hold is refused before it is unpacked.

use thiserror::Error;

const LOCAL: u32 = 0x0403_4B50;
const ENTRY: u32 = 0x0201_4B50;
const END: u32 = 0x0605_4B50;
/// Bytes of each record before its texts.
const LOCAL_BYTES: usize = 30;
const ENTRY_BYTES: usize = 46;
const END_BYTES: usize = 22;
/// What may stand behind the end of the directory: a comment.
const COMMENT_MAX: usize = 0xFFFF;
/// Files of an archive, at most.
const FILES_MAX: usize = 256;
/// Method numbers: as it is, and deflated.
const STORED: u16 = 0;
const DEFLATED: u16 = 8;
/// Flags: encrypted, and names in UTF-8.
const ENCRYPTED: u16 = 1;
const UTF_8: u16 = 1 << 11;
/// 1 January 1980, the first day a zip file can name: the same folder gives the same bytes.
const DAY: u16 = 0x0021;
/// Version 2.0: folders and deflate.
const VERSION: u16 = 20;

/// Why an archive was not read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub(crate) enum ZipRefused {
    /// It is no zip file, or cut off, or its sums are wrong.
    #[error("no zip file, or a damaged one")]
    Damaged,
    /// It is locked with a password, or packed in a way nobody uses for texts.
    #[error("locked with a password, or packed in an unknown way")]
    Locked,
    /// More than may be in it.
    #[error("larger than a form can be")]
    TooLarge,
}

/// The files of an archive, by path with `/`; folders are left out. Together they hold `bytes_max`
/// at most.
///
/// # Errors
/// See [`ZipRefused`].
pub(crate) fn read(zip: &[u8], bytes_max: usize) -> Result<Vec<(String, Vec<u8>)>, ZipRefused> {
    let end = end_of(zip).ok_or(ZipRefused::Damaged)?;
    let count = usize::from(word(zip, end + 10).ok_or(ZipRefused::Damaged)?);
    let mut at = size(zip, end + 16).ok_or(ZipRefused::Damaged)?;
    if count > FILES_MAX {
        return Err(ZipRefused::TooLarge);
    }
    let mut files = Vec::new();
    let mut left = bytes_max;
    for _ in 0..count {
        let entry = Entry::at(zip, at).ok_or(ZipRefused::Damaged)?;
        at = entry.next;
        if entry.name.ends_with('/') {
            continue;
        }
        let content = entry.content(zip, left)?;
        left -= content.len();
        files.push((entry.name, content));
    }
    Ok(files)
}

/// A line of the directory.
struct Entry {
    name: String,
    flags: u16,
    method: u16,
    sum: u32,
    packed: usize,
    unpacked: usize,
    local: usize,
    /// Where the next one begins.
    next: usize,
}

impl Entry {
    fn at(zip: &[u8], at: usize) -> Option<Self> {
        if long(zip, at)? != ENTRY {
            return None;
        }
        let length = |offset: usize| word(zip, at.checked_add(offset)?).map(usize::from);
        let (name, extra, comment) = (length(28)?, length(30)?, length(32)?);
        let texts = at.checked_add(ENTRY_BYTES)?;
        let flags = word(zip, at + 8)?;
        Some(Self {
            name: named(zip.get(texts..texts.checked_add(name)?)?),
            flags,
            method: word(zip, at + 10)?,
            sum: long(zip, at + 16)?,
            packed: size(zip, at + 20)?,
            unpacked: size(zip, at + 24)?,
            local: size(zip, at + 42)?,
            next: texts.checked_add(name + extra + comment)?,
        })
    }

    fn content(&self, zip: &[u8], most: usize) -> Result<Vec<u8>, ZipRefused> {
        if self.flags & ENCRYPTED != 0 {
            return Err(ZipRefused::Locked);
        }
        if self.unpacked > most {
            return Err(ZipRefused::TooLarge);
        }
        let packed = self.packed(zip).ok_or(ZipRefused::Damaged)?;
        let content = match self.method {
            STORED if packed.len() == self.unpacked => packed.to_vec(),
            STORED => return Err(ZipRefused::Damaged),
            DEFLATED => {
                miniz_oxide::inflate::decompress_to_vec_with_limit(packed, self.unpacked.max(1))
                    .map_err(|_| ZipRefused::Damaged)?
            }
            _ => return Err(ZipRefused::Locked),
        };
        if content.len() == self.unpacked && sum(&content) == self.sum {
            Ok(content)
        } else {
            Err(ZipRefused::Damaged)
        }
    }

    fn packed<'z>(&self, zip: &'z [u8]) -> Option<&'z [u8]> {
        if long(zip, self.local)? != LOCAL {
            return None;
        }
        let name = usize::from(word(zip, self.local + 26)?);
        let extra = usize::from(word(zip, self.local + 28)?);
        let start = self.local + LOCAL_BYTES + name + extra;
        zip.get(start..start.checked_add(self.packed)?)
    }
}

/// A name as text; whatever its letters are, only plain ones are looked for.
fn named(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).replace('\\', "/")
}

/// Where the end of the directory stands.
fn end_of(zip: &[u8]) -> Option<usize> {
    let last = zip.len().checked_sub(END_BYTES)?;
    let first = last.saturating_sub(COMMENT_MAX);
    (first..=last).rev().find(|at| long(zip, *at) == Some(END))
}

/// An archive of these texts, each compressed; the same texts give the same bytes. `None` for more
/// than a zip file can hold.
pub(crate) fn written<'t>(files: impl Iterator<Item = (String, &'t str)>) -> Option<Vec<u8>> {
    let (mut out, mut directory, mut count) = (Vec::new(), Vec::new(), 0_u16);
    for (name, text) in files {
        let packed = miniz_oxide::deflate::compress_to_vec(text.as_bytes(), 6);
        let local = u32::try_from(out.len()).ok()?;
        let mut facts = Vec::new();
        for number in [UTF_8, DEFLATED, 0, DAY] {
            facts.extend(number.to_le_bytes());
        }
        let sizes = [packed.len(), text.len()];
        facts.extend(sum(text.as_bytes()).to_le_bytes());
        for size in sizes {
            facts.extend(u32::try_from(size).ok()?.to_le_bytes());
        }
        facts.extend(u16::try_from(name.len()).ok()?.to_le_bytes());
        facts.extend(0_u16.to_le_bytes());
        out.extend(LOCAL.to_le_bytes());
        out.extend(VERSION.to_le_bytes());
        out.extend(&facts);
        out.extend(name.as_bytes());
        out.extend(packed);
        directory.extend(ENTRY.to_le_bytes());
        directory.extend(VERSION.to_le_bytes());
        directory.extend(VERSION.to_le_bytes());
        directory.extend(&facts);
        // Comment, disk, attributes inside and outside.
        directory.extend([0; 10]);
        directory.extend(local.to_le_bytes());
        directory.extend(name.as_bytes());
        count = count.checked_add(1)?;
    }
    let start = u32::try_from(out.len()).ok()?;
    let length = u32::try_from(directory.len()).ok()?;
    out.extend(directory);
    out.extend(END.to_le_bytes());
    out.extend([0; 4]);
    out.extend(count.to_le_bytes());
    out.extend(count.to_le_bytes());
    out.extend(length.to_le_bytes());
    out.extend(start.to_le_bytes());
    out.extend([0; 2]);
    Some(out)
}

/// The cyclic sum of a file (CRC-32, reflected polynomial).
fn sum(bytes: &[u8]) -> u32 {
    let sum = bytes.iter().fold(u32::MAX, |sum, byte| {
        (0..8).fold(sum ^ u32::from(*byte), |sum, _| match sum & 1 {
            0 => sum >> 1,
            _ => (sum >> 1) ^ 0xEDB8_8320,
        })
    });
    !sum
}

fn word(bytes: &[u8], at: usize) -> Option<u16> {
    let two = bytes.get(at..at.checked_add(2)?)?;
    Some(u16::from_le_bytes(two.try_into().ok()?))
}

fn long(bytes: &[u8], at: usize) -> Option<u32> {
    let four = bytes.get(at..at.checked_add(4)?)?;
    Some(u32::from_le_bytes(four.try_into().ok()?))
}

fn size(bytes: &[u8], at: usize) -> Option<usize> {
    usize::try_from(long(bytes, at)?).ok()
}

#[cfg(test)]
mod tests {
    use std::process::Command;

    use super::*;

    fn small() -> Vec<u8> {
        let files = [
            ("F044/meta.toml", "number = \"F044\"\n"),
            ("F044/form.typ", "届届届届"),
        ];
        let files = files.map(|(name, text)| (name.to_owned(), text));
        written(files.into_iter()).unwrap()
    }

    #[test]
    fn what_was_written_is_read_again_and_another_program_reads_it_too() {
        let zip = small();
        assert_eq!(zip, small());
        let read = read(&zip, 1 << 20).unwrap();
        assert_eq!(
            read[1],
            ("F044/form.typ".to_owned(), "届届届届".as_bytes().to_vec())
        );
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("form.zip");
        std::fs::write(&file, &zip).unwrap();
        let script = "import sys,zipfile; z=zipfile.ZipFile(sys.argv[1]); \
                      assert z.testzip() is None; print(z.namelist(), z.read('F044/form.typ').decode())";
        let out = Command::new("python3")
            .args(["-c", script])
            .arg(&file)
            .output()
            .unwrap();
        let out = String::from_utf8(out.stdout).unwrap();
        assert_eq!(out.trim(), "['F044/meta.toml', 'F044/form.typ'] 届届届届");
    }

    #[test]
    fn what_another_program_packed_is_read() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("form.zip");
        let script = "import sys,zipfile; z=zipfile.ZipFile(sys.argv[1],'w'); \
                      z.writestr('F/', ''); z.writestr('F/a.typ', 'x'*5000, zipfile.ZIP_DEFLATED); \
                      z.writestr('F/b.toml', 'b = 1', zipfile.ZIP_STORED); z.comment=b'made by hand'; z.close()";
        let done = Command::new("python3")
            .args(["-c", script])
            .arg(&file)
            .status()
            .unwrap();
        assert!(done.success());
        let zip = std::fs::read(&file).unwrap();
        let files = read(&zip, 1 << 20).unwrap();
        let lengths: Vec<_> = files
            .iter()
            .map(|(name, text)| (name.as_str(), text.len()))
            .collect();
        assert_eq!(lengths, [("F/a.typ", 5000), ("F/b.toml", 5)]);
        assert_eq!(read(&zip, 4_999), Err(ZipRefused::TooLarge));
    }

    #[test]
    fn spoiled_archives_are_refused_and_never_believed() {
        let zip = small();
        for length in 0..zip.len() {
            assert!(read(&zip[..length], 1 << 20).is_err(), "{length}");
        }
        for at in 0..zip.len() {
            let mut spoiled = zip.clone();
            spoiled[at] ^= 0x55;
            // Whatever is read is whole: names may differ, texts and their sums agree.
            if let Ok(files) = read(&spoiled, 1 << 20) {
                assert!(files.iter().all(|(_, text)| text.len() < 64), "{at}");
            }
        }
        let mut locked = zip.clone();
        let at = end_of(&zip).and_then(|end| size(&zip, end + 16)).unwrap();
        locked[at + 8] |= 1;
        assert_eq!(read(&locked, 1 << 20), Err(ZipRefused::Locked));
    }
}
