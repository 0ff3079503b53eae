//! Messages of the replication conversation; their bytes are pinned by tests
