//! Cases that go from branch to branch, and copies that are overwritten.

use anyhow::{Context as _, Result, bail, ensure};
use counter_domain::ids::{BranchCode, CaseId, StaffId};
use counter_store::{CounterStore, EditError};
use hub_store::{CopyState, HubStore, Move, ProtectionKnown, ReviewError};
use replica::StoreError;
use sync_engine::CaseCopies as _;
use sync_protocol::{Message, SiteId};

use crate::action::Place;
use crate::chance::Chance;
use crate::template::{APPROVER, BRANCHES, CLERK, Template};
use crate::truth::{Truth, case_of};
use crate::world::World;

/// Branches a case may go to: those with counters, one without any, head office.
const TARGETS: [&str; 4] = ["07", "02", "11", "00"];

/// Longest a code is valid.
const CODE_MS: u64 = 1 << 40;

/// Head office knows every counter, so that it can tell when all of a branch have overwritten.
pub(crate) fn enrol_all(hub: &mut HubStore, counters: usize) -> Result<()> {
    for (number, branch) in (1_u8..).zip(BRANCHES).take(counters) {
        let name = format!("架空 {number}番窓口");
        let code = hub.issue_enrolment_code(&BranchCode::from(branch), &name, CODE_MS)?;
        let device = counter_domain::ids::DeviceId([number; 16]);
        hub.redeem_enrolment_code(&code, device, [number; 32])?;
    }
    Ok(())
}

impl World {
    /// Somebody moves a case.
    pub(crate) fn move_case(&mut self, place: Place, entropy: u64) -> Result<()> {
        let mut chance = Chance::new(entropy);
        match place {
            Place::Hub => {
                let full = self.hub.full;
                let hub = self.hub.store()?;
                let moved = match at_hub(hub, &mut chance, &mut self.truth) {
                    Err(error) if full && is_disk_full(&error) => None,
                    other => other?,
                };
                if let Some(case) = moved {
                    let named = hub.copies(case)?.into_iter().map(|copy| copy.branch.0);
                    self.truth.name(case, named);
                }
                self.truth.note(self.hub.store()?)
            }
            Place::Counter(counter) => {
                let office = self.counters.get_mut(counter).context("no such counter")?;
                let (full, branch) = (office.full, office.peer.branch.clone());
                let moved = at_counter(office.store()?, &branch, &mut chance);
                match moved {
                    Ok(Some((case, to))) => self.truth.name(case, [to]),
                    Err(EditError::Store(StoreError::DiskFull)) if full => {}
                    Ok(None) | Err(EditError::Store(StoreError::Restored { .. })) => {}
                    Err(error) => bail!(error),
                }
                let office = self.counters.get_mut(counter).context("no such counter")?;
                self.truth.note(office.store()?)
            }
        }
    }

    /// Head office sends all of a case to the branch that has it and to no other.
    pub(crate) fn check_holder(&mut self, messages: &[Message], to: SiteId) -> Result<()> {
        let counter = self.counters.iter().find(|one| one.peer.site == to);
        let branch = counter
            .map(|one| one.peer.branch.clone())
            .unwrap_or_default();
        let hub = self.hub.store()?;
        for message in messages {
            let Message::Changes(batch) = message else {
                continue;
            };
            for change in &batch.changes {
                let case = case_of(&change.key).context("a change of no case")?;
                // Fields may come before the history; then it is the first writer's.
                let held = hub.case(case)?.and_then(|record| record.branch);
                let theirs = held.is_none_or(|held| held.as_str() == branch);
                ensure!(
                    theirs || change.table == "case_event",
                    "a branch was sent content of a case it does not have any more"
                );
            }
        }
        Ok(())
    }
}

fn is_disk_full(error: &anyhow::Error) -> bool {
    matches!(error.downcast_ref(), Some(StoreError::DiskFull))
}

type Moved = Option<(CaseId, String)>;

fn at_counter(
    store: &mut CounterStore,
    branch: &str,
    chance: &mut Chance,
) -> Result<Moved, EditError> {
    let by = StaffId::from(CLERK);
    let board = store.board(50)?;
    let Some(row) = chance.pick(&board) else {
        return Ok(None);
    };
    let to = chance.pick(&TARGETS).copied().unwrap_or("02");
    let done = if row.branch.as_str() == branch {
        store.transfer(row.case, &by, &BranchCode::from(to), "架空")
    } else {
        store.take_back(row.case, &by, "架空")
    };
    match done {
        Ok(_) => Ok(Some((row.case, to.to_owned()))),
        Err(error @ EditError::Store(StoreError::DiskFull | StoreError::Restored { .. })) => {
            Err(error)
        }
        Err(EditError::Store(StoreError::Elsewhere)) => Ok(None),
        Err(error @ EditError::Store(_)) => Err(error),
        Err(_) => Ok(None),
    }
}

fn at_hub(store: &mut HubStore, chance: &mut Chance, truth: &mut Truth) -> Result<Option<CaseId>> {
    let by = StaffId::from(APPROVER);
    let cases = store.cases(50)?;
    let Some(row) = chance.pick(&cases) else {
        return Ok(None);
    };
    let case = row.case;
    let to = BranchCode::from(chance.pick(&TARGETS).copied().unwrap_or("02"));
    let done = match chance.below(10) {
        0..4 => {
            let to = Move {
                to: to.clone(),
                reason: "架空".to_owned(),
                protection: ProtectionKnown::Unsaid,
            };
            store.transfer(case, &by, &to).map(drop)
        }
        4..6 => {
            let why = ("架空", ProtectionKnown::Unsaid);
            store.take_back(case, &by, why).map(drop)
        }
        6 => store.settle_holder(case, &by, &to).map(drop),
        _ => {
            let copies = store.copies(case)?;
            let Some(copy) = chance.pick(&copies) else {
                return Ok(None);
            };
            let sign = |bytes: &[u8]| Template::get().ok().map(|one| one.sign(bytes));
            let ordered = store.revoke_copy(case, &by, (&copy.branch, "架空"), sign);
            if ordered.is_ok() {
                truth.revoke(case, &copy.branch);
            }
            ordered
        }
    };
    match done {
        Err(ReviewError::Store(error)) => bail!(error),
        Ok(()) => {
            truth.name(case, [to.0]);
            Ok(Some(case))
        }
        Err(_) => Ok(Some(case)),
    }
}

/// Nothing of moving is under way any more.
pub(crate) fn have_settled(world: &mut World) -> Result<bool> {
    for counter in &world.counters {
        let (hub, peer) = (world.hub.store()?, &counter.peer);
        let quiet = hub.case_offers(peer)?.is_empty()
            && hub.purge_orders(peer)?.is_empty()
            && hub.purges_closed(peer)?.is_empty();
        if !quiet {
            return Ok(false);
        }
    }
    Ok(true)
}

/// A branch that was ordered to overwrite a case, and did not get it back, has nothing of it.
pub(crate) fn copies_are_gone(world: &mut World, case: CaseId) -> Result<()> {
    let copies = world.hub.store()?.copies(case)?;
    for copy in copies.iter().filter(|copy| !copy.holds) {
        let Some(order) = &copy.order else {
            continue;
        };
        let gone =
            |state: &CopyState| matches!(state, CopyState::Overwritten { .. } | CopyState::ShutOut);
        let all = copy.counters.iter().all(|one| gone(&one.state));
        ensure!(all && order.closed, "an order is not followed everywhere");
        for counter in &mut world.counters {
            if counter.peer.branch == copy.branch.as_str() {
                let here = counter.store()?.case(case)?;
                // Who is told that an old move named it again keeps that step and nothing else.
                let content = here.filter(|here| here.summary.receipt_number.is_some());
                ensure!(
                    content.is_none(),
                    "an overwritten case is still at a counter"
                );
            }
        }
    }
    Ok(())
}
