//! A replica for the tests beside the code: numbered, its chance and its clock the same in every run.

use std::path::Path;

use sync_protocol::SiteId;

use crate::{DatabaseKey, Replica, Surroundings};

/// Opens `<number>.db` in the folder as site `number`, made when it is not there.
pub(crate) fn open(folder: &Path, number: u8) -> Replica {
    let mut drawn = number;
    let random = move |bytes: &mut [u8]| {
        drawn = drawn.wrapping_add(1);
        bytes.fill(drawn);
    };
    let around = Surroundings::new(|| 1_806_000_000_000, random);
    let path = folder.join(format!("{number}.db"));
    let key = DatabaseKey::from_bytes([number; 32]);
    Replica::open(&path, &key, SiteId([number; 16]), around).unwrap()
}
