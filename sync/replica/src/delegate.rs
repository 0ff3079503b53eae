//! The part of `sync_engine::Store` that every room answers with its replica alone.

/// Writes the methods of `sync_engine::Store` that need nothing but `self.replica`: to be named
/// once inside the `impl`, beside the methods that keep lists or tell listeners.
#[macro_export]
macro_rules! answered_by_replica {
    () => {
        type Error = $crate::StoreError;

        fn site(&self) -> ::sync_protocol::SiteId {
            self.replica.site()
        }

        fn schema_version(&self) -> u32 {
            $crate::SCHEMA_VERSION
        }

        fn vector(&self) -> Result<::sync_protocol::VersionVector, $crate::StoreError> {
            self.replica.vector()
        }

        fn pass(
            &mut self,
            peer: &::sync_engine::Peer,
            passed: &[::sync_protocol::Passed],
        ) -> Result<Vec<::sync_engine::Applied>, $crate::StoreError> {
            self.replica.pass(peer, passed)
        }

        fn noted_of(
            &self,
            peer: &::sync_engine::Peer,
        ) -> Result<::sync_protocol::VersionVector, $crate::StoreError> {
            self.replica.noted_of(peer.site)
        }

        fn heard_clock(&mut self, hlc: u64) {
            self.replica.heard_clock(hlc);
        }

        fn stream_heads(&self) -> Result<::sync_protocol::VersionVector, $crate::StoreError> {
            self.replica.stream_heads()
        }

        fn stream_entries(
            &self,
            device: ::sync_protocol::SiteId,
            after: u64,
            bytes_max: usize,
        ) -> Result<Vec<::sync_engine::StreamEntry>, $crate::StoreError> {
            self.replica.stream_entries(device, after, bytes_max)
        }

        fn stream_fits(
            &self,
            peer: &::sync_engine::Peer,
            entries: &[::sync_engine::StreamEntry],
        ) -> Result<bool, $crate::StoreError> {
            self.replica.stream_fits(peer, entries)
        }

        fn append_stream(
            &mut self,
            peer: &::sync_engine::Peer,
            entries: &[::sync_engine::StreamEntry],
        ) -> Result<u64, $crate::StoreError> {
            self.replica.append_stream(peer, entries)
        }

        fn datasets(&self) -> Result<Vec<::sync_engine::DatasetManifest>, $crate::StoreError> {
            self.replica.datasets()
        }

        fn dataset_part(
            &self,
            name: &str,
            version: u64,
            offset: u64,
            bytes_max: usize,
        ) -> Result<Option<::sync_engine::DatasetPart>, $crate::StoreError> {
            self.replica.dataset_part(name, version, offset, bytes_max)
        }

        fn dataset_wanted(
            &mut self,
            offer: &::sync_engine::DatasetManifest,
        ) -> Result<Option<u64>, $crate::StoreError> {
            self.replica.dataset_wanted(offer)
        }

        fn blobs_wanted(
            &self,
            count_max: usize,
        ) -> Result<Vec<::sync_engine::WantedBlob>, $crate::StoreError> {
            self.replica.blobs_wanted(count_max)
        }

        fn blob_part(
            &self,
            peer: &::sync_engine::Peer,
            hash: [u8; 32],
            offset: u64,
            bytes_max: usize,
        ) -> Result<Option<::sync_engine::BlobPart>, $crate::StoreError> {
            self.replica.blob_part(peer, hash, offset, bytes_max)
        }
    };
}
