//! Which branch a counter's site works for, so that nobody of another branch has to look through all
//! it ever wrote: a counter writes only to cases its branch has or had (`incoming`), so another branch
//! sees something of it only in cases that were moved.

use counter_domain::ids::CaseId;
use rusqlite::{Connection, OptionalExtension, named_params};
use sync_engine::{Peer, PeerRole};
use sync_protocol::SiteId;

use crate::error::StoreError;
use crate::scope;

/// Versions of a site worth as much work as one case looked up by its key.
const VERSIONS_A_CASE: u64 = 8;
/// Cases looked up at once, whatever the number of versions: they are read together.
const CASES_MAX: usize = 64;

/// Where a peer finds what it may see of a site.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Reach {
    /// Anywhere in the range.
    Anywhere,
    /// In these cases only.
    Cases(Vec<CaseId>),
}

/// Where `peer` finds what it may see in so many `versions` of `site`, the cheaper way.
pub(crate) fn reach(
    connection: &Connection,
    peer: &Peer,
    site: SiteId,
    versions: u64,
) -> Result<Reach, StoreError> {
    if peer.role == PeerRole::Hub || versions <= VERSIONS_A_CASE {
        return Ok(Reach::Anywhere);
    }
    let other =
        branch(connection, site)?.is_some_and(|branch| !branch.is_empty() && branch != peer.branch);
    if !other {
        return Ok(Reach::Anywhere);
    }
    let cases = scope::moved_cases(connection, &peer.branch)?;
    let count = u64::try_from(cases.len()).unwrap_or(u64::MAX);
    let is_cheaper = count.saturating_mul(VERSIONS_A_CASE) < versions;
    Ok(if is_cheaper && cases.len() <= CASES_MAX {
        Reach::Cases(cases)
    } else {
        Reach::Anywhere
    })
}

fn branch(connection: &Connection, site: SiteId) -> Result<Option<String>, StoreError> {
    let mut statement =
        connection.prepare_cached("SELECT branch FROM site_branch WHERE site = :site")?;
    Ok(statement.query_row([site.0], |row| row.get(0)).optional()?)
}

/// Notes whose a counter's site is, when its changes come from their beginning (`have` is 0), and
/// that it is no branch's any more when it was another's.
pub(crate) fn note(connection: &Connection, peer: &Peer, have: u64) -> Result<(), StoreError> {
    if peer.role == PeerRole::Hub {
        return Ok(());
    }
    let mut statement = connection.prepare_cached(
        "INSERT INTO site_branch (site, branch) SELECT :site, :branch
         WHERE :from_start OR EXISTS (SELECT 1 FROM site_branch WHERE site = :site)
         ON CONFLICT (site) DO UPDATE SET branch = '' WHERE branch <> excluded.branch",
    )?;
    statement.execute(named_params! {
        ":site": peer.site.0, ":branch": peer.branch, ":from_start": have == 0,
    })?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use counter_domain::case::{CaseStep, Handing};
    use counter_domain::draft::{DraftField, FieldPath, FieldValue, Source};
    use counter_domain::ids::{BranchCode, StaffId};
    use sync_protocol::ChangeBatch;

    use super::*;
    use crate::Replica;
    use crate::test_replica::open;

    fn counter(site: u8, branch: &str) -> Peer {
        Peer {
            site: SiteId([site; 16]),
            branch: branch.to_owned(),
            role: PeerRole::Counter,
        }
    }

    fn steps(replica: &mut Replica, case: CaseId, steps: &[CaseStep]) {
        let by = StaffId::from("u0312");
        for step in steps {
            replica
                .write(|write| write.add_event(case, &by, step.clone()).map(drop))
                .unwrap();
        }
    }

    /// A case of branch 07 with ten transactions.
    fn case(replica: &mut Replica) -> CaseId {
        let case = replica
            .write(|write| Ok::<_, StoreError>(write.new_case()))
            .unwrap();
        let started = CaseStep::Started {
            branch: BranchCode::from("07"),
            receipt_number: "07-270331-0001".to_owned(),
        };
        steps(replica, case, &[started]);
        for number in 1..10 {
            let done = replica.write(|write| {
                let field = DraftField {
                    value: FieldValue::Text(format!("03-0000-000{number}")),
                    source: Source::Staff,
                    confidence: None,
                    by: StaffId::from("u0312"),
                    at: write.at(),
                    settles: None,
                };
                write.set_field(case, &FieldPath::from("phone"), &field)?;
                write.set_field(case, &FieldPath(format!("note.{number}")), &field)
            });
            done.unwrap();
        }
        case
    }

    fn bring(from: &Replica, to: &mut Replica, peer: &Peer) {
        let hub = Peer {
            role: PeerRole::Hub,
            ..peer.clone()
        };
        let after = to.vector().unwrap().get(&peer.site).copied().unwrap_or(0);
        let batch = from.changes(&hub, peer.site, after, usize::MAX).unwrap();
        to.apply(peer, &batch.unwrap(), |_, _| Ok(())).unwrap();
    }

    /// What a peer is told of a site, in batches of about so many bytes.
    fn told(hub: &Replica, peer: &Peer, site: SiteId, bytes_max: usize) -> Vec<ChangeBatch> {
        let mut batches = Vec::new();
        let mut after = 0;
        while let Some(batch) = hub.changes(peer, site, after, bytes_max).unwrap() {
            after = batch.through;
            batches.push(batch);
        }
        batches
    }

    fn changes(batches: &[ChangeBatch]) -> Vec<&sync_protocol::Change> {
        batches.iter().flat_map(|batch| &batch.changes).collect()
    }

    #[test]
    fn another_branch_is_told_of_moved_cases_what_a_walk_through_everything_finds() {
        let folder = tempfile::tempdir().unwrap();
        let (mut one, mut hub) = (open(folder.path(), 1), open(folder.path(), 200));
        let (of_07, of_08) = (counter(1, "07"), counter(2, "08"));
        let moved = case(&mut one);
        case(&mut one);
        let site = one.site();
        bring(&one, &mut hub, &of_07);
        let versions = one.own_version().unwrap();
        let reached = |hub: &Replica, peer| reach(hub.reader(), peer, site, versions).unwrap();
        assert_eq!(reached(&hub, &of_08), Reach::Cases(Vec::new()));
        assert_eq!(reached(&hub, &of_07), Reach::Anywhere);
        let nothing = told(&hub, &of_08, site, 1);
        assert_eq!(changes(&nothing).len(), 0);
        assert_eq!(nothing.last().unwrap().through, versions);

        let handing = Handing {
            from: BranchCode::from("07"),
            to: BranchCode::from("08"),
            reason: "最寄りの支所".to_owned(),
            after: None,
        };
        steps(&mut one, moved, &[CaseStep::Transferred(handing)]);
        bring(&one, &mut hub, &of_07);
        assert_eq!(reached(&hub, &of_08), Reach::Cases(vec![moved]));
        for bytes_max in [1, 2_000, usize::MAX] {
            let quick = told(&hub, &of_08, site, bytes_max);
            hub.reader().execute("SAVEPOINT walk", []).unwrap();
            hub.reader().execute("DELETE FROM site_branch", []).unwrap();
            assert_eq!(reached(&hub, &of_08), Reach::Anywhere);
            let walked = told(&hub, &of_08, site, bytes_max);
            let back = "ROLLBACK TO walk; RELEASE walk";
            hub.reader().execute_batch(back).unwrap();
            assert_eq!(changes(&quick), changes(&walked));
            assert!(changes(&quick).len() > 10, "the whole case");
            assert_eq!(quick.last().unwrap().through, versions + 1);
        }
    }

    #[test]
    fn a_site_that_changed_its_branch_or_began_unseen_is_looked_through() {
        let folder = tempfile::tempdir().unwrap();
        let hub = open(folder.path(), 200);
        let site = SiteId([1; 16]);
        let reached = || reach(hub.reader(), &counter(2, "08"), site, 100).unwrap();
        note(hub.reader(), &counter(1, "07"), 5).unwrap();
        assert_eq!(reached(), Reach::Anywhere, "its beginning was not noted");
        note(hub.reader(), &counter(1, "07"), 0).unwrap();
        note(hub.reader(), &counter(1, "07"), 9).unwrap();
        assert_eq!(reached(), Reach::Cases(Vec::new()));
        note(hub.reader(), &counter(1, "09"), 9).unwrap();
        note(hub.reader(), &counter(1, "07"), 9).unwrap();
        assert_eq!(reached(), Reach::Anywhere);
    }
}
