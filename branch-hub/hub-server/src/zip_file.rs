//! Zip files of a few small texts: read with limits, and written the same every time.
//!
//! Whoever edits a form packs its folder with what the desktop offers; nothing is unpacked to a disk
//! here, and a file that claims more than it may hold is refused before it is unpacked.

use std::io::{Cursor, Read as _, Write as _};

use thiserror::Error;
use zip::result::{ZipError, ZipResult};
use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, DateTime, ZipArchive, ZipWriter};

/// Files of an archive, at most.
const FILES_MAX: usize = 256;

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

impl From<ZipError> for ZipRefused {
    fn from(error: ZipError) -> Self {
        if matches!(
            error,
            ZipError::UnsupportedArchive(_)
                | ZipError::CompressionMethodNotSupported(_)
                | ZipError::InvalidPassword
        ) {
            Self::Locked
        } else {
            Self::Damaged
        }
    }
}

/// The files of an archive, by path with `/`; folders are left out. Together they hold `bytes_max`
/// at most.
///
/// # Errors
/// See [`ZipRefused`].
pub(crate) fn read(zip: &[u8], bytes_max: usize) -> Result<Vec<(String, Vec<u8>)>, ZipRefused> {
    let mut archive = ZipArchive::new(Cursor::new(zip))?;
    if archive.len() > FILES_MAX {
        return Err(ZipRefused::TooLarge);
    }
    let mut files = Vec::new();
    let mut left = bytes_max;
    for number in 0..archive.len() {
        let mut file = archive.by_index(number)?;
        if file.is_dir() {
            continue;
        }
        let claimed = usize::try_from(file.size()).map_err(|_| ZipRefused::TooLarge)?;
        left = left.checked_sub(claimed).ok_or(ZipRefused::TooLarge)?;
        let name = file.name()?.replace('\\', "/");
        let mut content = Vec::with_capacity(claimed);
        // One byte more than claimed, so that the sum at the end is looked at.
        let most = file.size().saturating_add(1);
        let read = (&mut file).take(most).read_to_end(&mut content);
        if read.ok() != Some(claimed) {
            return Err(ZipRefused::Damaged);
        }
        files.push((name, content));
    }
    Ok(files)
}

/// An archive of these texts, each compressed; the same texts give the same bytes. `None` for more
/// than a zip file can hold.
pub(crate) fn written<'t>(files: impl Iterator<Item = (String, &'t str)>) -> Option<Vec<u8>> {
    packed(files).ok()
}

fn packed<'t>(files: impl Iterator<Item = (String, &'t str)>) -> ZipResult<Vec<u8>> {
    // 1 January 1980, the first day a zip file can name.
    let options = SimpleFileOptions::default()
        .compression_method(CompressionMethod::Deflated)
        .last_modified_time(DateTime::default());
    let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
    for (name, text) in files {
        zip.start_file(name, options)?;
        zip.write_all(text.as_bytes())?;
    }
    Ok(zip.finish()?.into_inner())
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
        // The bit of encryption, in the header of the first file and in its line of the directory.
        let line = zip.windows(4).position(|four| four == b"PK\x01\x02");
        locked[6] |= 1;
        locked[line.unwrap() + 8] |= 1;
        assert_eq!(read(&locked, 1 << 20), Err(ZipRefused::Locked));
    }
}
