//! Pictures of papers, kept with a case.

use counter_domain::ids::{BlobHash, CaseId, StaffId};
use replica::{AuditAction, BlobKind};

use crate::cases::{FieldEntry, put_fields};
use crate::store::CounterStore;
use crate::{EditError, undo};

/// Bytes to keep.
#[derive(Clone, Copy)]
pub struct Scan<'a> {
    /// Media type, for example `image/jpeg`.
    pub media_type: &'a str,
    /// The bytes.
    pub bytes: &'a [u8],
}

impl std::fmt::Debug for Scan<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Scan({}, {} bytes)", self.media_type, self.bytes.len())
    }
}

impl Scan<'_> {
    /// The name it will have.
    pub fn hash(&self) -> BlobHash {
        BlobHash(*blake3::hash(self.bytes).as_bytes())
    }
}

impl CounterStore {
    /// Keeps what was read from papers: their pictures and the fields, all or none. The fields are
    /// one step of undo; the pictures stay.
    ///
    /// # Errors
    /// When the case is not here or frozen, a picture too large, or the disk fails.
    pub fn keep_scans(
        &mut self,
        case: CaseId,
        by: &StaffId,
        scans: &[Scan<'_>],
        entries: &[FieldEntry],
    ) -> Result<(), EditError> {
        let device = self.device();
        self.write(|write| {
            put_fields(write, (case, device), by, entries, undo::remember)?;
            for scan in scans {
                write.put_blob(case, BlobKind::Scan, scan.media_type, scan.bytes)?;
            }
            write.audit(by, AuditAction::PaperRead, Some(case))?;
            Ok(())
        })
    }
}
