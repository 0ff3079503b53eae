//! Members of staff, from the dataset `staff`; sign-in that works without a line.

use argon2::Argon2;
use argon2::password_hash::{PasswordHash, PasswordHasher, PasswordVerifier, SaltString};
use counter_domain::ids::{BranchCode, StaffId};
use rusqlite::Connection;
use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::dataset::dataset;
use crate::error::StoreError;

/// One entry of the dataset `staff`, a JSON list of these.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StaffMember {
    /// Id, for example `u0312`.
    pub id: StaffId,
    /// Name as shown.
    pub name: String,
    /// What they may do.
    pub roles: Vec<Role>,
    /// Branches they work at; empty for all.
    pub branches: Vec<BranchCode>,
    /// Argon2id, PHC text, made by [`hash_secret`].
    pub secret_hash: String,
}

/// What somebody may do (`domain.md` D.15).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// Takes in, contractor (受付・委託).
    IntakeContractor,
    /// Takes in, city staff (受付・職員).
    Intake,
    /// Reviews (審査).
    Reviewer,
    /// Decides (決裁).
    Approver,
    /// Runs the system; sees no personal data.
    Administrator,
    /// Reads the logs only (監査).
    Auditor,
    /// Of a newer program.
    #[serde(other)]
    Other,
}

/// Why a sign-in was refused.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum SignInError {
    /// No such member of staff, or another secret. Which of the two is not told.
    #[error("staff id or secret wrong")]
    Wrong,
    /// Works elsewhere.
    #[error("not staff of this branch")]
    OtherBranch,
    /// The dataset has not arrived yet.
    #[error("no staff dataset yet")]
    NoStaffYet,
    /// The database refused.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// A secret that cannot be hashed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("secret not hashable")]
pub struct HashSecretError;

/// Argon2id (RFC 9106; 19 MiB, 2 passes, 1 lane) with a random salt, as PHC text.
///
/// # Errors
/// When the secret is longer than Argon2 takes.
pub fn hash_secret(secret: &str, salt: [u8; 16]) -> Result<String, HashSecretError> {
    let salt = SaltString::encode_b64(&salt).map_err(|_| HashSecretError)?;
    Argon2::default()
        .hash_password(secret.as_bytes(), &salt)
        .map(|hash| hash.to_string())
        .map_err(|_| HashSecretError)
}

impl StaffMember {
    /// Whether `secret` is theirs. Takes some 20 ms on purpose.
    pub fn knows(&self, secret: &str) -> bool {
        PasswordHash::new(&self.secret_hash).is_ok_and(|hash| {
            Argon2::default()
                .verify_password(secret.as_bytes(), &hash)
                .is_ok()
        })
    }

    /// Whether they have any of `roles`.
    pub fn has_any(&self, roles: &[Role]) -> bool {
        self.roles.iter().any(|role| roles.contains(role))
    }
}

impl std::fmt::Debug for StaffMember {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "StaffMember({})", self.id)
    }
}

/// Everybody in the staff dataset; `None` before it arrived or when it is not readable.
///
/// # Errors
/// When the database cannot be read.
pub fn staff(connection: &Connection) -> Result<Option<Vec<StaffMember>>, StoreError> {
    let Some(dataset) = dataset(connection, "staff")? else {
        return Ok(None);
    };
    Ok(serde_json::from_slice(&dataset.bytes).ok())
}

/// Looks somebody up and checks the secret.
///
/// # Errors
/// See [`SignInError`].
pub fn sign_in(
    connection: &Connection,
    id: &str,
    secret: &str,
) -> Result<StaffMember, SignInError> {
    let staff = staff(connection)?.ok_or(SignInError::NoStaffYet)?;
    staff
        .into_iter()
        .find(|member| member.id.as_str() == id)
        .filter(|member| member.knows(secret))
        .ok_or(SignInError::Wrong)
}
