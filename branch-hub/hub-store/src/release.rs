//! Lifting protection (支援措置の解除) for one case and one person (`domain.md` D.11): asked for
//! with a reason, approved by a second person who decides, over by itself after a quarter of an
//! hour. Nothing lifts it for a list, a file or another case.

use counter_domain::ids::{CaseId, StaffId};
use replica::staff::{self, Role};
use replica::{AuditAction, OpenError, Replica, StoreError};
use rusqlite::{Connection, OptionalExtension, named_params};
use thiserror::Error;

use crate::store::HubStore;

/// How long an approval holds.
pub const RELEASE_MINUTES: u64 = 15;
/// A request nobody approved is forgotten after this time.
const ASKED_HOURS: u64 = 8;
const MINUTE_MS: u64 = 60_000;
const REASON_CHARS_MAX: usize = 500;

/// Why a request was not taken, or not approved.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum ReleaseError {
    /// No such case, or nobody in it is under protection.
    #[error("case is not protected")]
    NotProtected,
    /// A request needs a reason of 1 to 500 characters.
    #[error("release without reason")]
    NoReason,
    /// Not this person's to do.
    #[error("role missing")]
    RoleMissing,
    /// Whoever asked cannot approve.
    #[error("asked for by the same member of staff")]
    SamePerson,
    /// There is no such request any more.
    #[error("no such request")]
    NoRequest,
    /// The database refused.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// A request that waits for a second person.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReleaseRequest {
    /// Which.
    pub id: i64,
    /// Who asked.
    pub asked_by: StaffId,
    /// Why.
    pub reason: String,
    /// When.
    pub asked_unix_ms: u64,
}

const REVIEW: [Role; 2] = [Role::Reviewer, Role::Approver];
const DECIDE: [Role; 1] = [Role::Approver];

/// Makes the table where it is missing.
pub(crate) fn open(replica: &mut Replica) -> Result<(), OpenError> {
    replica.migrate_room(
        "release",
        &[include_str!(
            "../migrations/release/0001-create-release.sql"
        )],
    )
}

impl HubStore {
    /// Asks to see where the people of a case live.
    ///
    /// # Errors
    /// See [`ReleaseError`].
    pub fn ask_release(
        &mut self,
        case: CaseId,
        by: &StaffId,
        reason: &str,
    ) -> Result<(), ReleaseError> {
        let reason = reason.trim();
        if reason.is_empty() || reason.chars().count() > REASON_CHARS_MAX {
            return Err(ReleaseError::NoReason);
        }
        let now = self.replica.unix_ms();
        self.replica.write(|write| {
            let connection = write.connection();
            check_role(connection, by, &REVIEW)?;
            if !replica::is_case_protected(connection, case)? {
                return Err(ReleaseError::NotProtected);
            }
            connection
                .prepare_cached(
                    "INSERT INTO release (case_id, asked_by, reason, asked_unix_ms)
                     VALUES (:case, :by, :reason, :now)",
                )
                .and_then(|mut statement| {
                    statement.execute(named_params! {
                        ":case": case.0, ":by": by.as_str(), ":reason": reason, ":now": now,
                    })
                })
                .map_err(StoreError::from)?;
            write.audit(by, AuditAction::ReleaseAsked, Some(case))?;
            Ok(())
        })
    }

    /// Requests of a case that wait for a second person, oldest first.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub fn release_requests(&self, case: CaseId) -> Result<Vec<ReleaseRequest>, StoreError> {
        let since = self
            .replica
            .unix_ms()
            .saturating_sub(ASKED_HOURS * 60 * MINUTE_MS);
        let mut statement = self.replica.reader().prepare_cached(
            "SELECT id, asked_by, reason, asked_unix_ms FROM release
             WHERE case_id = :case AND approved_by IS NULL AND asked_unix_ms > :since
             ORDER BY asked_unix_ms, id",
        )?;
        let rows =
            statement.query_map(named_params! { ":case": case.0, ":since": since }, |row| {
                Ok(ReleaseRequest {
                    id: row.get(0)?,
                    asked_by: StaffId(row.get(1)?),
                    reason: row.get(2)?,
                    asked_unix_ms: row.get(3)?,
                })
            })?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    /// Approves a request, as a second person.
    ///
    /// # Errors
    /// See [`ReleaseError`].
    pub fn approve_release(
        &mut self,
        case: CaseId,
        by: &StaffId,
        id: i64,
    ) -> Result<(), ReleaseError> {
        let requests = self.release_requests(case)?;
        let request = requests.iter().find(|request| request.id == id);
        let asked_by = &request.ok_or(ReleaseError::NoRequest)?.asked_by;
        if asked_by == by {
            return Err(ReleaseError::SamePerson);
        }
        let now = self.replica.unix_ms();
        self.replica.write(|write| {
            let connection = write.connection();
            check_role(connection, by, &DECIDE)?;
            let approved = connection
                .prepare_cached(
                    "UPDATE release SET approved_by = :by, approved_unix_ms = :now
                     WHERE id = :id AND case_id = :case AND approved_by IS NULL",
                )
                .and_then(|mut statement| {
                    statement.execute(named_params! {
                        ":by": by.as_str(), ":now": now, ":id": id, ":case": case.0,
                    })
                })
                .map_err(StoreError::from)?;
            if approved == 0 {
                return Err(ReleaseError::NoRequest);
            }
            write.audit(by, AuditAction::ReleaseApproved, Some(case))?;
            Ok(())
        })
    }

    /// Until when `by` may see where the people of a case live; `None` when they may not.
    ///
    /// # Errors
    /// When the database cannot be read; whoever asks must then leave the address out.
    pub fn released_until(&self, case: CaseId, by: &StaffId) -> Result<Option<u64>, StoreError> {
        let now = self.replica.unix_ms();
        let mut statement = self.replica.reader().prepare_cached(
            "SELECT max(approved_unix_ms) FROM release
             WHERE case_id = :case AND asked_by = :by AND approved_by IS NOT NULL
                 AND approved_by <> :by AND approved_unix_ms <= :now",
        )?;
        let place = named_params! { ":case": case.0, ":by": by.as_str(), ":now": now };
        let approved: Option<u64> = statement
            .query_row(place, |row| row.get(0))
            .optional()?
            .flatten();
        let until = approved.map(|at| at + RELEASE_MINUTES * MINUTE_MS);
        Ok(until.filter(|until| now < *until))
    }
}

fn check_role(connection: &Connection, by: &StaffId, roles: &[Role]) -> Result<(), ReleaseError> {
    let staff = staff::staff(connection)?.unwrap_or_default();
    let allowed = staff
        .iter()
        .any(|member| member.id == *by && member.has_any(roles));
    if allowed {
        Ok(())
    } else {
        Err(ReleaseError::RoleMissing)
    }
}
