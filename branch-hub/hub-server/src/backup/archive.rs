//! The file itself: tar inside age.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::{self, BufReader, BufWriter, Read, Write};
use std::path::{Component, Path, PathBuf};

use anyhow::{Context, Result, bail, ensure};
use serde::{Deserialize, Serialize};

use super::keys::{Identities, Recipients};
use super::{FORMAT, Manifest, private_folder};
use crate::folder::private_file;

const MANIFEST: &str = "manifest.json";
/// The database key's place inside.
const KEY: &str = "database.key";
const MANIFEST_BYTES_MAX: u64 = 4 << 20;

/// Length and hash of each file inside.
pub(super) type Contents = BTreeMap<String, Content>;

/// One file inside.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Content {
    bytes: u64,
    blake3: String,
}

impl Content {
    fn of(mut reader: impl Read) -> Result<Self> {
        let mut hasher = blake3::Hasher::new();
        let bytes = io::copy(&mut reader, &mut hasher)?;
        Ok(Self {
            bytes,
            blake3: hasher.finalize().to_string(),
        })
    }
}

/// Describes the files to be written, and the key.
pub(super) fn describe(inside: &[(String, PathBuf)], key: &str) -> Result<Contents> {
    let mut contents = Contents::new();
    contents.insert(KEY.to_owned(), Content::of(key.as_bytes())?);
    for (name, path) in inside {
        let file = File::open(path).with_context(|| format!("cannot read {}", path.display()))?;
        contents.insert(name.clone(), Content::of(file)?);
    }
    Ok(contents)
}

/// Where a backup is while it is being written.
pub(super) fn unfinished(file: &Path) -> PathBuf {
    let mut name = file.as_os_str().to_owned();
    name.push(".part");
    PathBuf::from(name)
}

/// Writes beside the place, syncs and renames: a backup that is there is whole.
pub(super) fn write(
    file: &Path,
    recipients: &Recipients,
    manifest: &Manifest,
    inside: &[(String, PathBuf)],
    key: &str,
) -> Result<()> {
    let beside = unfinished(file);
    fs::remove_file(&beside).ok();
    let out = BufWriter::new(private_file(&beside)?);
    let mut tar = tar::Builder::new(recipients.encryptor()?.wrap_output(out)?);
    append(&mut tar, MANIFEST, &serde_json::to_vec_pretty(manifest)?)?;
    append(&mut tar, KEY, key.as_bytes())?;
    for (name, path) in inside {
        let mut from = File::open(path)?;
        let mut header = header(from.metadata()?.len());
        tar.append_data(&mut header, name, &mut from)?;
    }
    let out = tar.into_inner()?.finish()?;
    let out = out.into_inner().map_err(io::IntoInnerError::into_error)?;
    out.sync_all()?;
    fs::rename(&beside, file)?;
    let folder = file.parent().filter(|path| !path.as_os_str().is_empty());
    File::open(folder.unwrap_or(Path::new(".")))?.sync_all()?;
    Ok(())
}

fn append<W: Write>(tar: &mut tar::Builder<W>, name: &str, bytes: &[u8]) -> Result<()> {
    let mut header = header(u64::try_from(bytes.len())?);
    tar.append_data(&mut header, name, bytes)?;
    Ok(())
}

fn header(bytes: u64) -> tar::Header {
    let mut header = tar::Header::new_gnu();
    header.set_size(bytes);
    header.set_mode(0o600);
    header
}

/// Unpacks a backup into an empty private folder and checks every file against the manifest.
pub(super) fn read(file: &Path, identities: &Identities, place: &Path) -> Result<Manifest> {
    let from = File::open(file).with_context(|| format!("cannot read {}", file.display()))?;
    let opened = age::Decryptor::new(BufReader::new(from))
        .with_context(|| format!("{} is not an age file", file.display()))?
        .decrypt(identities.each())
        .context("none of the secret keys opens the backup")?;
    let mut tar = tar::Archive::new(opened);
    let mut entries = tar.entries()?;
    let manifest = entries.next().context("the backup is empty")?;
    let manifest = manifest_of(manifest.context("the backup is damaged")?)?;
    let mut found = Contents::new();
    for entry in entries {
        let entry = entry.context("the backup is damaged")?;
        let (name, content) = unpack(entry, &manifest, place)?;
        found.insert(name, content);
    }
    ensure!(
        found == manifest.files,
        "the backup is damaged: its files are not those of its list"
    );
    Ok(manifest)
}

fn manifest_of(entry: tar::Entry<'_, impl Read>) -> Result<Manifest> {
    ensure!(
        entry.path()?.as_os_str() == MANIFEST,
        "this is not a backup of a hub"
    );
    let mut text = Vec::new();
    entry.take(MANIFEST_BYTES_MAX).read_to_end(&mut text)?;
    let manifest: Manifest =
        serde_json::from_slice(&text).context("this is not a backup of a hub")?;
    ensure!(
        manifest.format == FORMAT,
        "the backup has form {}, this program reads form {FORMAT}",
        manifest.format
    );
    Ok(manifest)
}

/// Writes one file where its name says, if the list has it and the name leads nowhere else.
fn unpack(
    mut entry: tar::Entry<'_, impl Read>,
    manifest: &Manifest,
    place: &Path,
) -> Result<(String, Content)> {
    let path = entry.path()?.into_owned();
    let plain = path
        .components()
        .all(|part| matches!(part, Component::Normal(_)));
    let name = path.to_str().context("a name inside is not UTF-8")?;
    let is_file = entry.header().entry_type().is_file();
    if !plain || !is_file || path.components().count() > 2 || !manifest.files.contains_key(name) {
        bail!("the backup holds something that does not belong there; nothing was restored");
    }
    let target = place.join(&path);
    if let Some(folder) = target.parent() {
        private_folder(folder)?;
    }
    let mut out = private_file(&target)?;
    io::copy(&mut entry, &mut out).context("the backup is damaged")?;
    out.sync_all()?;
    let content = Content::of(File::open(&target)?)?;
    Ok((name.to_owned(), content))
}
