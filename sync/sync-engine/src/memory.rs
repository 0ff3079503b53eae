//! A store in memory, for tests and simulators. It keeps the contract of [`Store`] and nothing
//! else: no disk, no rights, no merge rule beyond keeping every transaction.

use std::collections::{BTreeMap, BTreeSet};
use std::convert::Infallible;

use sync_protocol::{
    BlobPart, CellValue, Change, ChangeBatch, DatasetManifest, DatasetPart, SiteId, StreamEntry,
    VersionVector, WantedBlob,
};

use crate::{Applied, BlobProgress, Peer, Store};

/// A database without a disk.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MemoryStore {
    site: SiteId,
    /// Transactions by site and version.
    records: BTreeMap<SiteId, Vec<Vec<Change>>>,
    streams: BTreeMap<SiteId, Vec<StreamEntry>>,
    datasets: BTreeMap<String, (DatasetManifest, Vec<u8>)>,
    staged: BTreeMap<(String, u64), Vec<u8>>,
    blobs: BTreeMap<[u8; 32], Vec<u8>>,
    partial: BTreeMap<[u8; 32], Vec<u8>>,
    unconfirmed: BTreeSet<[u8; 32]>,
    acknowledged: BTreeMap<SiteId, VersionVector>,
    poison: Option<String>,
    hidden: BTreeSet<SiteId>,
}

impl MemoryStore {
    /// An empty store.
    pub fn new(site: SiteId) -> Self {
        Self {
            site,
            records: BTreeMap::new(),
            streams: BTreeMap::new(),
            datasets: BTreeMap::new(),
            staged: BTreeMap::new(),
            blobs: BTreeMap::new(),
            partial: BTreeMap::new(),
            unconfirmed: BTreeSet::new(),
            acknowledged: BTreeMap::new(),
            poison: None,
            hidden: BTreeSet::new(),
        }
    }

    /// Writes one transaction of this site; returns its version. Each text is one cell; a text
    /// `blob:` and 64 hexadecimal digits names a blob.
    pub fn write(&mut self, texts: &[&str]) -> u64 {
        let log = self.records.entry(self.site).or_default();
        let version = as_u64(log.len()) + 1;
        let change = |(sequence, text): (usize, &&str)| Change {
            table: "note".to_owned(),
            key: version.to_be_bytes().to_vec(),
            column: "doc".to_owned(),
            value: CellValue::Text((*text).to_owned()),
            column_version: 1,
            version,
            causal_length: 1,
            sequence: as_u64(sequence),
            at: "0".to_owned(),
        };
        log.push(texts.iter().enumerate().map(change).collect());
        version
    }

    /// Keeps a blob and writes the record that names it.
    pub fn write_blob(&mut self, bytes: Vec<u8>) -> [u8; 32] {
        let hash = blake3::hash(&bytes);
        self.blobs.insert(*hash.as_bytes(), bytes);
        self.unconfirmed.insert(*hash.as_bytes());
        self.write(&[&format!("blob:{hash}")]);
        *hash.as_bytes()
    }

    /// Appends to this site's own stream.
    pub fn log(&mut self, body: &[u8]) {
        let entries = self.streams.entry(self.site).or_default();
        let previous = entries.last().map_or([0; 32], StreamEntry::link);
        let sequence = as_u64(entries.len()) + 1;
        entries.push(StreamEntry {
            device: self.site,
            sequence,
            previous,
            body: body.to_vec(),
        });
    }

    /// Publishes a dataset; its version counts up.
    pub fn publish(&mut self, name: &str, bytes: Vec<u8>) {
        let version = self
            .datasets
            .get(name)
            .map_or(1, |(manifest, _)| manifest.version + 1);
        let manifest = DatasetManifest {
            name: name.to_owned(),
            version,
            length: as_u64(bytes.len()),
            hash: *blake3::hash(&bytes).as_bytes(),
            signature: Vec::new(),
        };
        self.datasets.insert(name.to_owned(), (manifest, bytes));
    }

    /// Keeps aside every batch with a cell of this text.
    pub fn refuse_text(&mut self, text: &str) {
        self.poison = Some(text.to_owned());
    }

    /// Nothing of this site is for anybody else.
    pub fn hide(&mut self, site: SiteId) {
        self.hidden.insert(site);
    }

    /// Every cell's text, by site and version.
    pub fn texts(&self) -> Vec<(SiteId, u64, String)> {
        let mut texts = Vec::new();
        for (site, log) in &self.records {
            for change in log.iter().flatten() {
                if let CellValue::Text(text) = &change.value {
                    texts.push((*site, change.version, text.clone()));
                }
            }
        }
        texts
    }

    /// An installed dataset's content.
    pub fn dataset(&self, name: &str) -> Option<&[u8]> {
        self.datasets.get(name).map(|(_, bytes)| bytes.as_slice())
    }

    /// A complete blob.
    pub fn blob(&self, hash: [u8; 32]) -> Option<&[u8]> {
        self.blobs.get(&hash).map(Vec::as_slice)
    }

    /// Own blobs that head office has not said it has.
    pub fn unconfirmed(&self) -> &BTreeSet<[u8; 32]> {
        &self.unconfirmed
    }

    /// Entries held of a device's stream.
    pub fn stream(&self, device: SiteId) -> &[StreamEntry] {
        self.streams.get(&device).map_or(&[], Vec::as_slice)
    }

    /// What `peer` was last noted to have on disk.
    pub fn acknowledged_by(&self, peer: SiteId) -> Option<&VersionVector> {
        self.acknowledged.get(&peer)
    }

    /// Bytes staged of a dataset that is not installed yet.
    pub fn staged_bytes(&self, name: &str) -> usize {
        self.staged
            .iter()
            .filter(|((n, _), _)| n == name)
            .map(|(_, bytes)| bytes.len())
            .sum()
    }

    fn named_blobs(&self) -> BTreeSet<[u8; 32]> {
        let texts = self.texts();
        let hexes = texts
            .iter()
            .filter_map(|(_, _, text)| text.strip_prefix("blob:"));
        hexes
            .filter_map(|hex| blake3::Hash::from_hex(hex).ok())
            .map(|h| *h.as_bytes())
            .collect()
    }

    fn held(&self, site: SiteId) -> u64 {
        self.records.get(&site).map_or(0, |log| as_u64(log.len()))
    }
}

fn as_u64(count: usize) -> u64 {
    u64::try_from(count).unwrap_or(u64::MAX)
}

fn as_usize(count: u64) -> usize {
    usize::try_from(count).unwrap_or(usize::MAX)
}

fn piece(bytes: &[u8], offset: u64, bytes_max: usize) -> Vec<u8> {
    bytes
        .iter()
        .copied()
        .skip(as_usize(offset))
        .take(bytes_max)
        .collect()
}

/// Adds the piece if it follows what is there; an older or later one changes nothing.
fn extend(there: &mut Vec<u8>, offset: u64, bytes: &[u8]) {
    if offset == as_u64(there.len()) {
        there.extend_from_slice(bytes);
    }
}

/// It knows no cases.
impl crate::CaseCopies for MemoryStore {
    type CopyError = Infallible;
}

impl Store for MemoryStore {
    type Error = Infallible;

    fn site(&self) -> SiteId {
        self.site
    }

    fn schema_version(&self) -> u32 {
        1
    }

    fn vector(&self) -> Result<VersionVector, Infallible> {
        Ok(self
            .records
            .iter()
            .map(|(&site, log)| (site, as_u64(log.len())))
            .collect())
    }

    fn changes(
        &self,
        _peer: &Peer,
        site: SiteId,
        after: u64,
        bytes_max: usize,
    ) -> Result<Option<ChangeBatch>, Infallible> {
        let mut batch = ChangeBatch {
            site,
            after,
            through: after,
            changes: Vec::new(),
        };
        let log = self.records.get(&site).map_or(&[][..], Vec::as_slice);
        let is_seen = !self.hidden.contains(&site);
        for transaction in log.iter().skip(as_usize(after)) {
            let seen = transaction.iter().filter(|_| is_seen);
            batch.changes.extend(seen.cloned());
            batch.through += 1;
            if batch.weight() >= bytes_max {
                break;
            }
        }
        Ok((batch.through > after).then_some(batch))
    }

    fn apply(&mut self, _peer: &Peer, batch: &ChangeBatch) -> Result<Applied, Infallible> {
        let have = self.held(batch.site);
        if batch.after > have {
            return Ok(Applied::Gap { have });
        }
        if batch.through <= have {
            return Ok(Applied::Known);
        }
        let is_poison = |change: &Change| match (&change.value, &self.poison) {
            (CellValue::Text(text), Some(poison)) => text == poison,
            _ => false,
        };
        if batch.changes.iter().any(is_poison) {
            return Ok(Applied::Quarantined {
                reason: "poison".to_owned(),
            });
        }
        let log = self.records.entry(batch.site).or_default();
        let mut changed = 0;
        for version in have + 1..=batch.through {
            let of_version = batch
                .changes
                .iter()
                .filter(|change| change.version == version);
            let transaction: Vec<Change> = of_version.cloned().collect();
            changed += transaction.len();
            log.push(transaction);
        }
        Ok(Applied::Done { changed })
    }

    fn acknowledged(&mut self, peer: &Peer, vector: &VersionVector) -> Result<(), Infallible> {
        let noted = self.acknowledged.entry(peer.site).or_default();
        for (site, through) in vector {
            let highest = noted.entry(*site).or_default();
            *highest = (*highest).max(*through);
        }
        Ok(())
    }

    fn noted_of(&self, peer: &Peer) -> Result<VersionVector, Infallible> {
        let noted = self.acknowledged.get(&peer.site);
        Ok(noted.cloned().unwrap_or_default())
    }

    fn stream_heads(&self) -> Result<VersionVector, Infallible> {
        Ok(self
            .streams
            .iter()
            .map(|(&device, e)| (device, as_u64(e.len())))
            .collect())
    }

    fn stream_entries(
        &self,
        device: SiteId,
        after: u64,
        bytes_max: usize,
    ) -> Result<Vec<StreamEntry>, Infallible> {
        let mut bytes = 0;
        let entries = self.stream(device).iter().skip(as_usize(after));
        let fits = |entry: &&StreamEntry| {
            let first = bytes == 0;
            bytes += entry.body.len() + 64;
            first || bytes <= bytes_max
        };
        Ok(entries.take_while(fits).cloned().collect())
    }

    fn stream_fits(&self, peer: &Peer, entries: &[StreamEntry]) -> Result<bool, Infallible> {
        let Some(held) = self.streams.get(&peer.site) else {
            return Ok(true);
        };
        let fits = |entry: &StreamEntry| {
            let before = held.iter().find(|held| held.sequence + 1 == entry.sequence);
            before.is_none_or(|before| before.link() == entry.previous)
        };
        let same = |entry: &StreamEntry| {
            let there = held.iter().find(|held| held.sequence == entry.sequence);
            there.is_none_or(|there| there.link() == entry.link())
        };
        Ok(entries.iter().all(|entry| fits(entry) && same(entry)))
    }

    fn append_stream(&mut self, peer: &Peer, entries: &[StreamEntry]) -> Result<u64, Infallible> {
        let held = self.streams.entry(peer.site).or_default();
        for entry in entries {
            let previous = held.last().map_or([0; 32], StreamEntry::link);
            let next = as_u64(held.len()) + 1;
            if entry.sequence == next && entry.previous == previous && entry.device == peer.site {
                held.push(entry.clone());
            }
        }
        Ok(as_u64(held.len()))
    }

    fn datasets(&self) -> Result<Vec<DatasetManifest>, Infallible> {
        Ok(self
            .datasets
            .values()
            .map(|(manifest, _)| manifest.clone())
            .collect())
    }

    fn dataset_part(
        &self,
        name: &str,
        version: u64,
        offset: u64,
        bytes_max: usize,
    ) -> Result<Option<DatasetPart>, Infallible> {
        let found = self
            .datasets
            .get(name)
            .filter(|(manifest, _)| manifest.version == version);
        Ok(found.map(|(_, content)| DatasetPart {
            name: name.to_owned(),
            version,
            offset,
            bytes: piece(content, offset, bytes_max),
        }))
    }

    fn dataset_wanted(&mut self, offer: &DatasetManifest) -> Result<Option<u64>, Infallible> {
        let here = self
            .datasets
            .get(&offer.name)
            .map_or(0, |(manifest, _)| manifest.version);
        if here >= offer.version {
            return Ok(None);
        }
        let staged = self.staged.get(&(offer.name.clone(), offer.version));
        Ok(Some(staged.map_or(0, |bytes| as_u64(bytes.len()))))
    }

    fn stage_dataset(
        &mut self,
        offer: &DatasetManifest,
        part: &DatasetPart,
    ) -> Result<Option<u64>, Infallible> {
        let key = (offer.name.clone(), offer.version);
        let staged = self.staged.entry(key.clone()).or_default();
        extend(staged, part.offset, &part.bytes);
        if as_u64(staged.len()) < offer.length {
            return Ok(Some(as_u64(staged.len())));
        }
        let content = self.staged.remove(&key).unwrap_or_default();
        if *blake3::hash(&content).as_bytes() != offer.hash {
            return Ok(Some(0));
        }
        self.datasets
            .insert(offer.name.clone(), (offer.clone(), content));
        Ok(None)
    }

    fn blobs_wanted(&self, count_max: usize) -> Result<Vec<WantedBlob>, Infallible> {
        let missing = self
            .named_blobs()
            .into_iter()
            .filter(|h| !self.blobs.contains_key(h));
        let have = |hash: [u8; 32]| {
            self.partial
                .get(&hash)
                .map_or(0, |bytes| as_u64(bytes.len()))
        };
        Ok(missing
            .take(count_max)
            .map(|hash| WantedBlob {
                hash,
                have: have(hash),
            })
            .collect())
    }

    fn blob_part(
        &self,
        _peer: &Peer,
        hash: [u8; 32],
        offset: u64,
        bytes_max: usize,
    ) -> Result<Option<BlobPart>, Infallible> {
        Ok(self.blobs.get(&hash).map(|content| BlobPart {
            hash,
            offset,
            length: as_u64(content.len()),
            bytes: piece(content, offset, bytes_max),
        }))
    }

    fn store_blob(&mut self, _peer: &Peer, part: &BlobPart) -> Result<BlobProgress, Infallible> {
        if self.blobs.contains_key(&part.hash) || !self.named_blobs().contains(&part.hash) {
            return Ok(BlobProgress::Unwanted);
        }
        let there = self.partial.entry(part.hash).or_default();
        extend(there, part.offset, &part.bytes);
        let have = as_u64(there.len());
        if have < part.length {
            return Ok(BlobProgress::Partial(have));
        }
        let content = self.partial.remove(&part.hash).unwrap_or_default();
        if *blake3::hash(&content).as_bytes() != part.hash {
            return Ok(BlobProgress::Corrupt);
        }
        self.blobs.insert(part.hash, content);
        Ok(BlobProgress::Complete)
    }

    fn blobs_unconfirmed(&self, count_max: usize) -> Result<Vec<[u8; 32]>, Infallible> {
        Ok(self.unconfirmed.iter().copied().take(count_max).collect())
    }

    fn blobs_held(&self, _peer: &Peer, hashes: &[[u8; 32]]) -> Result<Vec<[u8; 32]>, Infallible> {
        let held = |hash: &&[u8; 32]| self.blobs.contains_key(*hash);
        Ok(hashes.iter().filter(held).copied().collect())
    }

    fn blobs_confirmed(&mut self, _peer: &Peer, hashes: &[[u8; 32]]) -> Result<(), Infallible> {
        self.unconfirmed.retain(|hash| !hashes.contains(hash));
        Ok(())
    }
}
