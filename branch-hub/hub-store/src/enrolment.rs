//! Enrolment codes and enrolled devices.

use counter_domain::ids::{BranchCode, DeviceId};
use replica::StoreError;
use rusqlite::{Connection, OptionalExtension, Row, named_params};
use thiserror::Error;

use crate::store::HubStore;
use crate::succession;

/// A device that may talk to the hub.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EnrolledDevice {
    /// Its id, also its site.
    pub device: DeviceId,
    /// Its branch.
    pub branch: BranchCode,
    /// Its place, for example a counter's number.
    pub name: String,
    /// SHA-256 of its certificate.
    pub fingerprint: [u8; 32],
    /// When it was enrolled.
    pub enrolled_unix_ms: u64,
    /// Lost or retired: refused.
    pub revoked: bool,
}

/// Why a code was refused.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum EnrolError {
    /// No such code.
    #[error("enrolment code unknown")]
    Unknown,
    /// Too late.
    #[error("enrolment code expired")]
    Expired,
    /// A code works once.
    #[error("enrolment code used")]
    Used,
    /// The device is enrolled already.
    #[error("device enrolled already")]
    DeviceKnown,
    /// The database refused.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Letters and digits that cannot be taken for one another (Crockford's base 32).
const ALPHABET: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";

impl HubStore {
    /// Makes a one-time code of 80 random bits, `XXXX-XXXX-XXXX-XXXX`. It is shown once; only its
    /// hash is kept.
    ///
    /// # Errors
    /// When the disk fails.
    pub fn issue_enrolment_code(
        &mut self,
        branch: &BranchCode,
        name: &str,
        valid_ms: u64,
    ) -> Result<String, StoreError> {
        let now = self.replica.unix_ms();
        self.write(|write| {
            let random: [u8; 16] = write.random();
            let letters: Vec<char> = random
                .iter()
                .filter_map(|byte| ALPHABET.get(usize::from(byte & 31)))
                .map(|letter| char::from(*letter))
                .collect();
            let groups: Vec<String> = letters
                .chunks(4)
                .map(|group| group.iter().collect())
                .collect();
            let code = groups.join("-");
            let mut statement = write.connection().prepare_cached(
                "INSERT INTO enrolment_code (code_hash, branch, name, expires_unix_ms, used_by)
                 VALUES (:hash, :branch, :name, :expires, NULL)",
            )?;
            statement.execute(named_params! {
                ":hash": hash_of(&code), ":branch": branch.as_str(), ":name": name,
                ":expires": now.saturating_add(valid_ms).min(1 << 62),
            })?;
            Ok(code)
        })
    }

    /// Uses a code up and enrols the device, both or neither.
    ///
    /// # Errors
    /// See [`EnrolError`].
    pub fn redeem_enrolment_code(
        &mut self,
        code: &str,
        device: DeviceId,
        fingerprint: [u8; 32],
    ) -> Result<EnrolledDevice, EnrolError> {
        let now = self.replica.unix_ms();
        self.write(|write| {
            let connection = write.connection();
            let hash = hash_of(code);
            let (branch, name) = valid_code(connection, hash, now)?;
            if find(connection, device)?.is_some() {
                return Err(EnrolError::DeviceKnown);
            }
            mark_used(connection, hash, device)?;
            let enrolled = EnrolledDevice {
                device,
                branch: BranchCode(branch),
                name,
                fingerprint,
                enrolled_unix_ms: now,
                revoked: false,
            };
            insert(connection, &enrolled)?;
            succession::succeed(connection, hash, device)?;
            Ok(enrolled)
        })
    }

    /// Whether a code would be taken now, without using it up.
    ///
    /// # Errors
    /// See [`EnrolError`].
    pub fn check_enrolment_code(&self, code: &str) -> Result<BranchCode, EnrolError> {
        let now = self.replica.unix_ms();
        valid_code(self.replica.reader(), hash_of(code), now).map(|(branch, _)| BranchCode(branch))
    }

    /// Every device ever enrolled.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub fn devices(&self) -> Result<Vec<EnrolledDevice>, StoreError> {
        let mut statement = self.replica.reader().prepare_cached(
            "SELECT device, branch, name, fingerprint, enrolled_unix_ms, revoked FROM device
             ORDER BY branch, name",
        )?;
        let rows = statement.query_map([], device_of)?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    /// A device.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub fn device(&self, device: DeviceId) -> Result<Option<EnrolledDevice>, StoreError> {
        find(self.replica.reader(), device)
    }

    /// Notes a renewed certificate.
    ///
    /// # Errors
    /// When the disk fails.
    pub fn replace_fingerprint(
        &mut self,
        device: DeviceId,
        fingerprint: [u8; 32],
    ) -> Result<(), StoreError> {
        self.write(|write| {
            let mut statement = write.connection().prepare_cached(
                "UPDATE device SET fingerprint = :fingerprint WHERE device = :device",
            )?;
            statement
                .execute(named_params! { ":fingerprint": fingerprint, ":device": device.0 })?;
            Ok(())
        })
    }

    /// Shuts a device out for ever; `false` when there is no such device. Orders to overwrite a case
    /// wait for it no more.
    ///
    /// # Errors
    /// When the disk fails.
    pub fn revoke(&mut self, device: DeviceId) -> Result<bool, StoreError> {
        let revoked = self.write(|write| {
            let mut statement = write
                .connection()
                .prepare_cached("UPDATE device SET revoked = 1 WHERE device = :device")?;
            Ok::<_, StoreError>(statement.execute([device.0])? > 0)
        })?;
        if let Some(known) = self.device(device)? {
            self.close_purges(&known.branch)?;
        }
        Ok(revoked)
    }
}

/// A code as typed: case, spaces and hyphens do not matter.
pub(crate) fn hash_of(code: &str) -> [u8; 32] {
    let plain: String = code
        .chars()
        .filter(char::is_ascii_alphanumeric)
        .collect::<String>()
        .to_uppercase();
    blake3::derive_key("todoke 2026-11 enrolment code", plain.as_bytes())
}

fn valid_code(
    connection: &Connection,
    hash: [u8; 32],
    now_unix_ms: u64,
) -> Result<(String, String), EnrolError> {
    type Row4 = (String, String, u64, Option<[u8; 16]>);
    let mut statement = connection
        .prepare_cached(
            "SELECT branch, name, expires_unix_ms, used_by FROM enrolment_code
             WHERE code_hash = :hash",
        )
        .map_err(StoreError::from)?;
    let found: Option<Row4> = statement
        .query_row([hash], |row| {
            Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?))
        })
        .optional()
        .map_err(StoreError::from)?;
    let (branch, name, expires, used_by) = found.ok_or(EnrolError::Unknown)?;
    if used_by.is_some() {
        return Err(EnrolError::Used);
    }
    if now_unix_ms >= expires {
        return Err(EnrolError::Expired);
    }
    Ok((branch, name))
}

fn mark_used(connection: &Connection, hash: [u8; 32], device: DeviceId) -> Result<(), StoreError> {
    let mut statement = connection
        .prepare_cached("UPDATE enrolment_code SET used_by = :device WHERE code_hash = :hash")?;
    statement.execute(named_params! { ":device": device.0, ":hash": hash })?;
    Ok(())
}

fn insert(connection: &Connection, enrolled: &EnrolledDevice) -> Result<(), StoreError> {
    let mut statement = connection.prepare_cached(
        "INSERT INTO device (device, branch, name, fingerprint, enrolled_unix_ms, revoked)
         VALUES (:device, :branch, :name, :fingerprint, :enrolled, 0)",
    )?;
    statement.execute(named_params! {
        ":device": enrolled.device.0, ":branch": enrolled.branch.as_str(),
        ":name": enrolled.name, ":fingerprint": enrolled.fingerprint,
        ":enrolled": enrolled.enrolled_unix_ms,
    })?;
    Ok(())
}

fn find(connection: &Connection, device: DeviceId) -> Result<Option<EnrolledDevice>, StoreError> {
    let mut statement = connection.prepare_cached(
        "SELECT device, branch, name, fingerprint, enrolled_unix_ms, revoked FROM device
         WHERE device = :device",
    )?;
    Ok(statement.query_row([device.0], device_of).optional()?)
}

fn device_of(row: &Row<'_>) -> Result<EnrolledDevice, rusqlite::Error> {
    Ok(EnrolledDevice {
        device: DeviceId(row.get(0)?),
        branch: BranchCode(row.get(1)?),
        name: row.get(2)?,
        fingerprint: row.get(3)?,
        enrolled_unix_ms: row.get(4)?,
        revoked: row.get(5)?,
    })
}
