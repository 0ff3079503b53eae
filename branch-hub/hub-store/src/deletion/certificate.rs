//! What proves a deletion (廃棄証明): which filings, by whose approval, when, and that nothing is left.
//!
//! Names nobody: receipt numbers, kinds, offices and days. Head office's key signs the bytes.

use counter_domain::ids::StaffId;
use replica::{AuditAction, StoreError};
use rusqlite::{OptionalExtension, named_params};
use serde_json::{Value, json};

use super::carrying_out::{Sign, copies_waiting};
use super::{DeletionError, DeletionRun, DeletionStage, items, set_stage};
use crate::review::Actor;
use crate::store::HubStore;

/// What the signed bytes begin with, as no other signed bytes do.
pub const CERTIFICATE_WORD: &[u8] = b"todoke deletion certificate 1\n";

/// A certificate.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Certificate {
    /// JSON, exactly as signed.
    pub text: Vec<u8>,
    /// ECDSA P-256 SHA-256 (ASN.1) over [`CERTIFICATE_WORD`] and the text, by the publishing key.
    pub signature: Vec<u8>,
    /// Every counter's copy is overwritten too.
    pub closing: bool,
}

impl HubStore {
    /// The newest certificate of a list; `None` before head office is done.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub fn deletion_certificate(&self, run: i64) -> Result<Option<Certificate>, StoreError> {
        let mut statement = self.replica.reader().prepare_cached(
            "SELECT text, signature, closing FROM deletion_certificate
             WHERE run = :run ORDER BY closing DESC LIMIT 1",
        )?;
        let found = statement.query_row([run], |row| {
            Ok(Certificate {
                text: row.get(0)?,
                signature: row.get(1)?,
                closing: row.get(2)?,
            })
        });
        Ok(found.optional()?)
    }

    /// Signs what was done and notes that it was, in one transaction.
    pub(super) fn certify(
        &mut self,
        run: i64,
        city: &str,
        sign: Sign<'_>,
        stage: DeletionStage,
    ) -> Result<(), DeletionError> {
        let about = self.deletions()?.into_iter().find(|one| one.id == run);
        let about = about.ok_or(DeletionError::NoRun)?;
        let now = self.replica.unix_ms();
        let text = self.certificate_text(&about, city, now)?;
        let signature =
            sign(&[CERTIFICATE_WORD, &text].concat()).ok_or(DeletionError::NotSigned)?;
        self.replica.write(|write| {
            let connection = write.connection();
            connection
                .prepare_cached(
                    "INSERT INTO deletion_certificate (run, closing, text, signature)
                     VALUES (:run, :closing, :text, :signature)",
                )?
                .execute(named_params! {
                    ":run": run, ":closing": stage == DeletionStage::Closed, ":text": text,
                    ":signature": signature,
                })?;
            set_stage(connection, run, stage)?;
            write.audit(&Actor::System.id(), AuditAction::DeletionCertified, None)?;
            Ok(())
        })
    }

    fn certificate_text(
        &self,
        run: &DeletionRun,
        city: &str,
        now_unix_ms: u64,
    ) -> Result<Vec<u8>, DeletionError> {
        let connection = self.replica.reader();
        let mut deleted = Vec::new();
        let mut kept = Vec::new();
        for item in items(connection, run.id, usize::MAX)? {
            let filing = json!({
                "receipt_number": item.receipt_number, "kind": item.kind,
                "branch": item.branch.as_str(), "filed_on": item.filed_on, "case": item.case,
            });
            match (item.deleted_unix_ms, item.kept) {
                (Some(at), _) => deleted.push(with(filing, "deleted_unix_ms", json!(at))),
                (None, Some((because, by))) => {
                    let filing = with(filing, "because", json!(because));
                    kept.push(with(filing, "by", json!(by.as_str())));
                }
                (None, None) => {}
            }
        }
        let approved: Vec<Value> = run.approvals.iter().map(signed_by).collect();
        let certificate = json!({
            "certificate": "deletion of filings", "format": 1, "city": city, "run": run.id,
            "as_of": run.as_of, "retention_years": run.retention,
            "prepared": signed_by(&(run.prepared_by.clone(), run.prepared_unix_ms)),
            "approved": approved, "list_blake3": hex(&run.list_hash),
            "deleted": deleted, "kept": kept,
            "head_office": {
                "finished_unix_ms": now_unix_ms, "rows_left": 0,
                "method": "every row, index entry and blob overwritten in the encrypted database; log emptied",
            },
            "counters": { "copies_waiting": copies_waiting(connection, run.id)? },
            "not_covered": "backups made before, until they are deleted themselves; files taken out of the system",
        });
        Ok(serde_json::to_vec_pretty(&certificate).map_err(StoreError::from)?)
    }
}

fn signed_by((staff, unix_ms): &(StaffId, u64)) -> Value {
    json!({ "staff": staff.as_str(), "unix_ms": unix_ms })
}

fn with(mut object: Value, name: &str, value: Value) -> Value {
    if let Some(fields) = object.as_object_mut() {
        fields.insert(name.to_owned(), value);
    }
    object
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
