//! Reading the log of changes.
//!
//! What `crsql_changes` would tell of a site's versions is read from the tables it is made of:
//! cr-sqlite writes and prepares a new statement over all of them for every question put to it, which
//! costs a hundred times what looking up one version does, and then one more look for each value. The
//! extension is pinned to one build, and a test below compares the two.

use counter_domain::ids::CaseId;
use rusqlite::types::ValueRef;
use rusqlite::{Connection, Row, named_params};
use sync_protocol::{CellValue, Change, SiteId};

use crate::error::StoreError;

/// How the rows of a table are come by: along a site's versions, or the few rows of one case.
macro_rules! walk {
    (versions, $table:literal) => {
        concat!(
            "FROM ",
            $table,
            "__crsql_clock c JOIN ",
            $table,
            "__crsql_pks p ON p.__crsql_key = c.key"
        )
    };
    (case, $table:literal) => {
        concat!(
            "FROM ",
            $table,
            "__crsql_pks p CROSS JOIN ",
            $table,
            "__crsql_clock c
                 ON c.key = p.__crsql_key"
        )
    };
}

/// Which of them are read.
macro_rules! only {
    (versions) => {
        "c.site_id = (SELECT ordinal FROM crsql_site_id WHERE site_id = :site)
         AND c.db_version > :after AND c.db_version <= :until
         AND (:branch IS NULL
             OR EXISTS (SELECT 1 FROM case_branch b WHERE b.case_id = p.case_id AND b.branch = :branch)
             OR EXISTS (SELECT 1 FROM case_scope o WHERE o.case_id = p.case_id AND o.branch = :branch))"
    };
    (case) => {
        "p.case_id = :case
         AND +c.site_id = (SELECT ordinal FROM crsql_site_id WHERE site_id = :site)
         AND +c.db_version > :after AND +c.db_version <= :until"
    };
}

macro_rules! changes_of {
    ($way:ident, $table:literal, $key:literal, $same:literal) => {
        concat!(
            "SELECT '",
            $table,
            "', crsql_pack_columns(p.case_id, ",
            $key,
            "), c.col_name,
                 CASE c.col_name WHEN 'doc' THEN d.doc END, c.col_version, c.db_version,
                 coalesce((SELECT s.col_version FROM ",
            $table,
            "__crsql_clock s
                           WHERE s.key = c.key AND s.col_name = '-1'), 1), c.seq, c.ts ",
            walk!($way, $table),
            " LEFT JOIN ",
            $table,
            " d ON d.case_id = p.case_id AND ",
            $same,
            " WHERE ",
            only!($way)
        )
    };
}

/// One statement, so that it is one state of the database that is read. A row that was deleted has a
/// clock and no value; a clock that stands for a whole row (`-1`) has none either.
macro_rules! changes {
    ($way:ident) => {
        concat!(
            changes_of!(
                $way,
                "draft",
                "p.path, p.counter",
                "d.path = p.path AND d.counter = p.counter"
            ),
            " UNION ALL ",
            changes_of!($way, "case_event", "p.event_id", "d.event_id = p.event_id"),
            " UNION ALL ",
            changes_of!($way, "snapshot", "p.hash", "d.hash = p.hash"),
            " UNION ALL ",
            changes_of!($way, "blob_ref", "p.hash", "d.hash = p.hash")
        )
    };
}

/// Rows of cases that a branch never had are passed over before their values are looked up: of what a
/// device of another branch wrote that is nearly everything.
const CHANGES: &str = changes!(versions);

const CHANGES_OF_CASE: &str = changes!(case);

/// Changes of the versions behind `after` up to `until`, those of a newer schema among them. With a
/// branch, those of cases it has or had; what it may see of them is not decided here.
pub(crate) fn read(
    connection: &Connection,
    site: SiteId,
    versions: (u64, u64),
    branch: Option<&str>,
) -> Result<Vec<Change>, StoreError> {
    let (after, until) = versions;
    let mut statement = connection.prepare_cached(CHANGES)?;
    let rows = statement.query_map(
        named_params! {
            ":site": site.0, ":after": after, ":until": until, ":branch": branch,
        },
        change_of,
    )?;
    let mut changes = parked(connection, site, versions)?;
    for change in rows {
        changes.push(change?);
    }
    changes.sort_by_key(|change| (change.version, change.sequence));
    Ok(changes)
}

/// The same of a few cases only, by their keys; of a newer schema all there is.
pub(crate) fn read_of(
    connection: &Connection,
    site: SiteId,
    versions: (u64, u64),
    cases: &[CaseId],
) -> Result<Vec<Change>, StoreError> {
    let (after, until) = versions;
    let mut statement = connection.prepare_cached(CHANGES_OF_CASE)?;
    let mut changes = parked(connection, site, versions)?;
    for case in cases {
        let row = named_params! {
            ":site": site.0, ":after": after, ":until": until, ":case": case.0,
        };
        for change in statement.query_map(row, change_of)? {
            changes.push(change?);
        }
    }
    changes.sort_by_key(|change| (change.version, change.sequence));
    Ok(changes)
}

/// Changes of tables and columns of a newer schema.
fn parked(
    connection: &Connection,
    site: SiteId,
    (after, until): (u64, u64),
) -> Result<Vec<Change>, StoreError> {
    let mut statement = connection.prepare_cached(
        "SELECT change FROM parked_change
         WHERE site = :site AND version > :after AND version <= :until",
    )?;
    let range = named_params! { ":site": site.0, ":after": after, ":until": until };
    let mut rows = statement.query(range)?;
    let mut changes = Vec::new();
    while let Some(row) = rows.next()? {
        changes.push(postcard::from_bytes(
            row.get_ref(0)?.as_blob().unwrap_or(b""),
        )?);
    }
    Ok(changes)
}

fn change_of(row: &Row<'_>) -> Result<Change, rusqlite::Error> {
    Ok(Change {
        table: row.get(0)?,
        key: row.get(1)?,
        column: row.get(2)?,
        value: match row.get_ref(3)? {
            ValueRef::Null => CellValue::Null,
            ValueRef::Integer(number) => CellValue::Integer(number),
            ValueRef::Blob(bytes) => CellValue::Blob(bytes.to_vec()),
            // No replicated column is REAL, and STRICT tables hold what their columns say.
            ValueRef::Text(_) | ValueRef::Real(_) => CellValue::Text(row.get(3)?),
        },
        column_version: row.get(4)?,
        version: row.get(5)?,
        causal_length: row.get(6)?,
        sequence: row.get(7)?,
        at: row.get(8)?,
    })
}

#[cfg(test)]
mod tests {
    use counter_domain::case::CaseStep;
    use counter_domain::draft::{DraftField, FieldPath, FieldValue, Source};
    use counter_domain::ids::{BranchCode, StaffId};
    use sync_engine::{Peer, PeerRole};

    use super::*;
    use crate::test_replica::open;
    use crate::{BlobKind, Replica};

    /// What the extension itself tells.
    fn told(replica: &Replica, site: SiteId, after: u64, until: u64) -> Vec<Change> {
        let mut statement = replica
            .reader()
            .prepare(
                "SELECT \"table\", pk, cid, val, col_version, db_version, cl, seq, ts
                 FROM crsql_changes
                 WHERE site_id = :site AND db_version > :after AND db_version <= :until",
            )
            .unwrap();
        let range = named_params! { ":site": site.0, ":after": after, ":until": until };
        let rows = statement.query_map(range, change_of).unwrap();
        let mut changes: Vec<Change> = rows.map(Result::unwrap).collect();
        changes.sort_by_key(|change| (change.version, change.sequence));
        changes
    }

    /// Every range of a site's versions reads as the extension tells it. Returns how many changes
    /// there are in all.
    #[track_caller]
    fn check(replica: &Replica, site: SiteId, versions: u64) -> usize {
        for after in 0..=versions {
            for until in after..=versions {
                let read = read(replica.reader(), site, (after, until), None).unwrap();
                assert_eq!(read, told(replica, site, after, until));
            }
        }
        told(replica, site, 0, versions).len()
    }

    /// A case with a step, a document, and a field written `times` times over.
    fn work(replica: &mut Replica, times: u32) {
        let by = StaffId::from("u0312");
        let case = replica.write(|write| {
            let case = write.new_case();
            let started = CaseStep::Started {
                branch: BranchCode::from("07"),
                receipt_number: "07-270331-0001".to_owned(),
            };
            write.add_event(case, &by, started)?;
            write.put_blob(case, BlobKind::Scan, "image/png", b"picture")?;
            Ok::<_, StoreError>(case)
        });
        let case = case.unwrap();
        for time in 0..times {
            let done = replica.write(|write| {
                let field = DraftField {
                    value: FieldValue::Text(format!("03-0000-000{time}")),
                    source: Source::Staff,
                    confidence: None,
                    by: by.clone(),
                    at: write.at(),
                    settles: None,
                };
                write.set_field(case, &FieldPath::from("phone"), &field)?;
                write.set_field(case, &FieldPath(format!("note.{time}")), &field)
            });
            done.unwrap();
        }
    }

    #[test]
    fn the_log_reads_as_the_extension_tells_it() {
        let folder = tempfile::tempdir().unwrap();
        let (mut counter, mut hub) = (open(folder.path(), 1), open(folder.path(), 200));
        work(&mut counter, 4);
        work(&mut hub, 2);
        let peer = Peer {
            site: counter.site(),
            branch: "07".to_owned(),
            role: PeerRole::Counter,
        };
        let own = counter.own_version().unwrap();
        let all = Peer {
            role: PeerRole::Hub,
            ..peer.clone()
        };
        let batch = counter.changes(&all, counter.site(), 0, usize::MAX);
        let batch = batch.unwrap().unwrap();
        hub.apply(&peer, &batch, |_, _| Ok(())).unwrap();

        assert_eq!(check(&counter, counter.site(), own), 7);
        assert_eq!(check(&hub, counter.site(), own), 7);
        assert_eq!(check(&hub, hub.site(), 3), 5);
        let of = |branch| read(hub.reader(), counter.site(), (0, own), Some(branch)).unwrap();
        assert_eq!(of("07").len(), 7);
        assert_eq!(of("02"), [], "never had by that branch");
        assert_eq!(check(&hub, SiteId([9; 16]), 3), 0);
    }

    #[test]
    fn a_deleted_row_and_one_that_came_back_read_as_the_extension_tells_them() {
        let folder = tempfile::tempdir().unwrap();
        let mut counter = open(folder.path(), 1);
        work(&mut counter, 3);
        // No program does this: what is told of it is compared all the same.
        counter
            .reader()
            .execute_batch(
                "DELETE FROM draft WHERE path = 'note.1';
                 DELETE FROM draft WHERE path = 'note.2';
                 INSERT INTO draft (case_id, path, counter, doc)
                     SELECT case_id, 'note.2', counter, doc FROM draft WHERE path = 'phone'",
            )
            .unwrap();
        assert!(check(&counter, counter.site(), 8) > 0);
    }
}
