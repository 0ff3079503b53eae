//! An approved list is carried out, a few filings at a time.

use counter_domain::case::fold;
use counter_domain::hlc::Hlc;
use counter_domain::ids::{BranchCode, CaseId, DeviceId, StaffId};
use replica::{StoreChange, StoreError};
use rusqlite::{Connection, OptionalExtension, named_params};

use super::due::{DueFiling, is_finished, is_over};
use super::{
    DeletionError, DeletionItem, DeletionStage, Retention, UNDONE, approvals, items_of, open_run,
    set_stage,
};
use crate::review::Actor;
use crate::store::HubStore;

/// Pages of the index rewritten in one transaction.
const INDEX_PAGES: i32 = 2_000;
/// What counters' orders and the audit log say; nothing about a person.
const REASON: &str = "保存期間の満了";

/// Signs as head office; `None` when the key refuses.
pub(super) type Sign<'s> = &'s dyn Fn(&[u8]) -> Option<Vec<u8>>;

/// What a call of [`HubStore::go_on_deleting`] came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Deleting {
    /// There is nothing to do now.
    Nothing,
    /// Something was done, and more is left.
    More,
    /// Head office is done, or the last counter is: there is a new certificate.
    Certified(i64),
}

impl HubStore {
    /// Goes on with the list that two people approved, wherever it stood: at most `at_most` filings,
    /// or one step of what follows. Call it until it says [`Deleting::Nothing`].
    ///
    /// # Errors
    /// See [`DeletionError`]; what was done before stays done.
    pub fn go_on_deleting(
        &mut self,
        city: &str,
        sign: Sign<'_>,
        at_most: usize,
    ) -> Result<Deleting, DeletionError> {
        match open_run(self.replica.reader())? {
            Some((run, DeletionStage::Approved)) => self.overwrite_some(run, sign, at_most),
            Some((run, DeletionStage::Overwritten)) => self.leave_no_trace(run, city, sign),
            Some((
                _,
                DeletionStage::Prepared
                | DeletionStage::Certified
                | DeletionStage::Closed
                | DeletionStage::Dropped,
            ))
            | None => self.close_one(city, sign),
        }
    }

    fn overwrite_some(
        &mut self,
        run: i64,
        sign: Sign<'_>,
        at_most: usize,
    ) -> Result<Deleting, DeletionError> {
        let about = self.deletions()?.into_iter().find(|one| one.id == run);
        let about = about.ok_or(DeletionError::NoRun)?;
        // Whoever approved last is who deletes, as far as the log is concerned.
        let by = approvals(self.replica.reader(), run)?
            .last()
            .map_or_else(|| Actor::System.id(), |(by, _)| by.clone());
        let waiting = undone(self.replica.reader(), run, at_most)?;
        if waiting.is_empty() {
            self.replica
                .write(|write| set_stage(write.connection(), run, DeletionStage::Overwritten))?;
            return Ok(Deleting::More);
        }
        for item in waiting {
            let held = self.is_held(&item, &about.retention, &about.as_of)?;
            if let Some(why) = held {
                self.keep(run, item.case, why)?;
                continue;
            }
            self.delete(run, &item, &by, sign)?;
        }
        Ok(Deleting::More)
    }

    /// Why a filing stays although it is on the list: somebody touched it since.
    fn is_held(
        &self,
        item: &DeletionItem,
        retention: &Retention,
        as_of: &str,
    ) -> Result<Option<&'static str>, DeletionError> {
        let events = replica::case_events(self.replica.reader(), item.case)?;
        let Some(newest) = events.last() else {
            return Ok(Some("届出がもうありません。"));
        };
        let state = fold(&events).state;
        let filing = DueFiling {
            case: item.case,
            receipt_number: item.receipt_number.clone(),
            branch: item.branch.clone(),
            kind: item.kind.clone(),
            filed_on: item.filed_on.clone(),
            state,
        };
        let over = is_over(&filing, Hlc(newest.at.0), retention, as_of);
        Ok(
            (!over || !is_finished(state))
                .then_some("一覧を作ったあとに、届出に動きがありました。"),
        )
    }

    fn keep(&mut self, run: i64, case: CaseId, why: &str) -> Result<(), DeletionError> {
        self.replica.write(|write| {
            write
                .connection()
                .prepare_cached(
                    "UPDATE deletion_item SET kept_because = :why, kept_by = :by
                     WHERE run = :run AND case_id = :case",
                )?
                .execute(named_params! {
                    ":why": why, ":by": Actor::SYSTEM_ID, ":run": run, ":case": case.0,
                })?;
            Ok(())
        })
    }

    fn delete(
        &mut self,
        run: i64,
        item: &DeletionItem,
        by: &StaffId,
        sign: Sign<'_>,
    ) -> Result<(), DeletionError> {
        let now = self.replica.unix_ms();
        let case = item.case;
        let mut refused = false;
        let signed = |bytes: &[u8]| {
            let signature = sign(bytes);
            refused |= signature.is_none();
            signature
        };
        let done = self
            .replica
            .delete_case(case, (by, REASON), signed, |connection| {
                forget(connection, case)?;
                connection
                    .prepare_cached(
                        "UPDATE deletion_item SET deleted_unix_ms = :now
                         WHERE run = :run AND case_id = :case",
                    )?
                    .execute(named_params! { ":now": now, ":run": run, ":case": case.0 })?;
                Ok(())
            });
        if refused {
            return Err(DeletionError::NotSigned);
        }
        done?;
        self.listener.tell(&StoreChange::Overwritten { case });
        Ok(())
    }

    /// Rewrites the index and the log until nothing of the deleted is in them; then the certificate.
    fn leave_no_trace(
        &mut self,
        run: i64,
        city: &str,
        sign: Sign<'_>,
    ) -> Result<Deleting, DeletionError> {
        let more = self
            .replica
            .write(|write| case_archive::tidy(write.connection(), INDEX_PAGES))?;
        if more {
            return Ok(Deleting::More);
        }
        self.replica.empty_log()?;
        if self.replica.log_holds_overwritten()? {
            // Somebody is reading; the certificate has to wait.
            return Ok(Deleting::Nothing);
        }
        let rows = left(self.replica.reader(), run)?;
        if rows > 0 {
            return Err(DeletionError::Left { rows });
        }
        self.certify(run, city, sign, DeletionStage::Certified)?;
        Ok(Deleting::Certified(run))
    }

    /// The second certificate, once every counter overwrote its copies.
    fn close_one(&mut self, city: &str, sign: Sign<'_>) -> Result<Deleting, DeletionError> {
        let runs = self.deletions()?;
        let certified = |run: &&super::DeletionRun| run.stage == DeletionStage::Certified;
        for run in runs.iter().filter(certified) {
            self.close_without_counters(run.id)?;
            if copies_waiting(self.replica.reader(), run.id)? == 0 {
                self.certify(run.id, city, sign, DeletionStage::Closed)?;
                return Ok(Deleting::Certified(run.id));
            }
        }
        Ok(Deleting::Nothing)
    }

    /// Closes the orders to branches that have no counter any more: nobody is left to follow them.
    fn close_without_counters(&mut self, run: i64) -> Result<(), DeletionError> {
        let branches = waiting_branches(self.replica.reader(), run)?;
        let devices = self.devices()?;
        for branch in branches {
            let counters: Vec<DeviceId> = devices
                .iter()
                .filter(|device| device.branch == branch && !device.revoked)
                .map(|device| device.device)
                .collect();
            self.replica
                .write(|write| write.close_purges(&branch, &counters).map(drop))?;
        }
        Ok(())
    }
}

fn undone(
    connection: &Connection,
    run: i64,
    at_most: usize,
) -> Result<Vec<DeletionItem>, StoreError> {
    items_of(connection, UNDONE, run, at_most.max(1))
}

/// Head office's lists of a case that is deleted. What was chosen for a character stays: it says
/// nothing about a person.
fn forget(connection: &Connection, case: CaseId) -> Result<(), StoreError> {
    replica::forget_protection(connection, case)?;
    replica::forget_prepared_uses(connection, case)?;
    case_archive::forget(connection, case)?;
    crate::hand_over::forget(connection, case)?;
    for list in [
        "DELETE FROM desk_row WHERE case_id = :case",
        "DELETE FROM release WHERE case_id = :case",
    ] {
        connection.execute(list, [case.0])?;
    }
    Ok(())
}

/// Rows of deleted filings that are still here; anything but 0 is a fault of this program.
fn left(connection: &Connection, run: i64) -> Result<u64, StoreError> {
    const TABLES: [&str; 8] = [
        "draft",
        "case_event",
        "snapshot",
        "blob_ref",
        "filing",
        "desk_row",
        "core_answer",
        "core_mismatch",
    ];
    let mut rows = 0;
    for table in TABLES {
        let count = format!(
            "SELECT count(*) FROM {table} t JOIN deletion_item i ON i.case_id = t.case_id
             WHERE i.run = :run AND i.deleted_unix_ms IS NOT NULL"
        );
        rows += connection.query_row(&count, [run], |row| row.get::<_, u64>(0))?;
    }
    Ok(rows)
}

pub(super) fn copies_waiting(connection: &Connection, run: i64) -> Result<u64, StoreError> {
    let mut statement = connection.prepare_cached(
        "SELECT count(*) FROM deletion_item i JOIN purge_order o ON o.case_id = i.case_id
         WHERE i.run = :run AND i.deleted_unix_ms IS NOT NULL AND o.state = 0",
    )?;
    let count = statement.query_row([run], |row| row.get(0)).optional()?;
    Ok(count.unwrap_or(0))
}

fn waiting_branches(connection: &Connection, run: i64) -> Result<Vec<BranchCode>, StoreError> {
    let mut statement = connection.prepare_cached(
        "SELECT DISTINCT o.branch FROM deletion_item i JOIN purge_order o ON o.case_id = i.case_id
         WHERE i.run = :run AND i.deleted_unix_ms IS NOT NULL AND o.state = 0",
    )?;
    let branches = statement.query_map([run], |row| row.get(0).map(BranchCode))?;
    Ok(branches.collect::<Result<_, _>>()?)
}
