//! Rows that are not here yet.
//!
//! Nearly everything that arrives is new: there is nothing it could be merged with. Such a row is
//! written as cr-sqlite would write it, key, clock and row, which takes half of what handing it to
//! `crsql_changes` does. Whatever has a row here already is cr-sqlite's to merge, and a site that has
//! no number here yet gets it from cr-sqlite. The extension is pinned to one build, and a test below
//! compares what the two leave behind.

use rusqlite::types::{ToSqlOutput, ValueRef};
use rusqlite::{CachedStatement, Connection, OptionalExtension, ToSql, params};
use sync_protocol::{CellValue, Change, SiteId};

use crate::pack::{self, Key, KeyValue};
use crate::tables::{self, Content};

/// The three statements of one table: its key, the key's clock, its row.
struct Statements<'a> {
    key: CachedStatement<'a>,
    clock: CachedStatement<'a>,
    row: CachedStatement<'a>,
}

/// What [`Statements`] are prepared from.
struct Texts {
    key: &'static str,
    clock: &'static str,
    row: &'static str,
}

const DRAFT: Texts = Texts {
    key: "INSERT INTO draft__crsql_pks (case_id, path, counter) VALUES (?1, ?2, ?3)
          ON CONFLICT DO NOTHING",
    clock: "INSERT INTO draft__crsql_clock
                (key, col_name, col_version, db_version, site_id, seq, ts)
            VALUES (?1, 'doc', ?2, ?3, ?4, ?5, ?6)",
    row: "INSERT INTO draft (case_id, path, counter, doc) VALUES (?1, ?2, ?3, ?4)",
};

const EVENT: Texts = Texts {
    key: "INSERT INTO case_event__crsql_pks (case_id, event_id) VALUES (?1, ?2)
          ON CONFLICT DO NOTHING",
    clock: "INSERT INTO case_event__crsql_clock
                (key, col_name, col_version, db_version, site_id, seq, ts)
            VALUES (?1, 'doc', ?2, ?3, ?4, ?5, ?6)",
    row: "INSERT INTO case_event (case_id, event_id, doc) VALUES (?1, ?2, ?3)",
};

const SNAPSHOT: Texts = Texts {
    key: "INSERT INTO snapshot__crsql_pks (case_id, hash) VALUES (?1, ?2)
          ON CONFLICT DO NOTHING",
    clock: "INSERT INTO snapshot__crsql_clock
                (key, col_name, col_version, db_version, site_id, seq, ts)
            VALUES (?1, 'doc', ?2, ?3, ?4, ?5, ?6)",
    row: "INSERT INTO snapshot (case_id, hash, doc) VALUES (?1, ?2, ?3)",
};

const BLOB_REF: Texts = Texts {
    key: "INSERT INTO blob_ref__crsql_pks (case_id, hash) VALUES (?1, ?2)
          ON CONFLICT DO NOTHING",
    clock: "INSERT INTO blob_ref__crsql_clock
                (key, col_name, col_version, db_version, site_id, seq, ts)
            VALUES (?1, 'doc', ?2, ?3, ?4, ?5, ?6)",
    row: "INSERT INTO blob_ref (case_id, hash, doc) VALUES (?1, ?2, ?3)",
};

/// New rows of one site, in a transaction of their own.
pub(crate) struct NewRows<'a> {
    connection: &'a Connection,
    site: SiteId,
    /// The site's number here.
    number: Option<i64>,
    /// The newest version written.
    through: u64,
    draft: Option<Statements<'a>>,
    event: Option<Statements<'a>>,
    snapshot: Option<Statements<'a>>,
    blob_ref: Option<Statements<'a>>,
    untracked: CachedStatement<'a>,
}

impl<'a> NewRows<'a> {
    pub(crate) fn of(connection: &'a Connection, site: SiteId) -> Result<Self, rusqlite::Error> {
        Ok(Self {
            connection,
            site,
            number: None,
            through: 0,
            draft: None,
            event: None,
            snapshot: None,
            blob_ref: None,
            untracked: connection.prepare_cached("SELECT crsql_internal_sync_bit(1)")?,
        })
    }

    /// Writes the row of a checked change, when there is none here; returns whether there was none.
    pub(crate) fn add(&mut self, change: &Change) -> Result<bool, rusqlite::Error> {
        let Some(table) = tables::table(&change.table) else {
            return Ok(false);
        };
        let (Some(key), CellValue::Blob(doc)) = (pack::unpack(&change.key), &change.value) else {
            return Ok(false);
        };
        if change.causal_length != 1 || change.column != table.column {
            return Ok(false);
        }
        let Some(site) = self.number()? else {
            return Ok(false);
        };
        let connection = self.connection;
        let statements = self.statements(table.content)?;
        bind(&mut statements.key, &key)?;
        if statements.key.raw_execute()? == 0 {
            return Ok(false);
        }
        statements.clock.execute(params![
            connection.last_insert_rowid(),
            change.column_version,
            change.version,
            site,
            change.sequence,
            change.at,
        ])?;
        // cr-sqlite would take it for something that was written here. It looks again after each
        // change it merges itself.
        self.untracked.query_row([], |_| Ok(()))?;
        let row = &mut self.statements(table.content)?.row;
        let last = bind(row, &key)?;
        row.raw_bind_parameter(last + 1, doc)?;
        row.raw_execute()?;
        self.through = self.through.max(change.version);
        Ok(true)
    }

    /// Notes how far the site has come, as cr-sqlite does with what it merges.
    pub(crate) fn note_version(&self) -> Result<(), rusqlite::Error> {
        if self.through == 0 {
            return Ok(());
        }
        let mut note = self
            .connection
            .prepare_cached("SELECT crsql_set_db_version(?1, ?2)")?;
        note.query_row(params![self.site.0, self.through], |_| Ok(()))
    }

    fn number(&mut self) -> Result<Option<i64>, rusqlite::Error> {
        if self.number.is_none() {
            let mut statement = self
                .connection
                .prepare_cached("SELECT ordinal FROM crsql_site_id WHERE site_id = ?1")?;
            let number = statement.query_row([self.site.0], |row| row.get(0));
            self.number = number.optional()?;
        }
        Ok(self.number)
    }

    fn statements(&mut self, content: Content) -> Result<&mut Statements<'a>, rusqlite::Error> {
        let (known, texts) = match content {
            Content::DraftField => (&mut self.draft, DRAFT),
            Content::Event => (&mut self.event, EVENT),
            Content::Snapshot => (&mut self.snapshot, SNAPSHOT),
            Content::BlobRef => (&mut self.blob_ref, BLOB_REF),
        };
        match known {
            Some(statements) => Ok(statements),
            none => Ok(none.insert(Statements {
                key: self.connection.prepare_cached(texts.key)?,
                clock: self.connection.prepare_cached(texts.clock)?,
                row: self.connection.prepare_cached(texts.row)?,
            })),
        }
    }
}

impl Drop for NewRows<'_> {
    fn drop(&mut self) {
        let tracked = self
            .connection
            .prepare_cached("SELECT crsql_internal_sync_bit(0)");
        if let Err(error) = tracked.and_then(|mut track| track.query_row([], |_| Ok(()))) {
            // Every transaction that writes records says so again.
            tracing::warn!(%error, "cr-sqlite not told to look again");
        }
    }
}

/// Binds the columns of a key; returns the number of the last.
fn bind(statement: &mut CachedStatement<'_>, key: &Key<'_>) -> Result<usize, rusqlite::Error> {
    for (number, value) in (1..).zip(key.values()) {
        statement.raw_bind_parameter(number, value)?;
    }
    Ok(key.values().len())
}

impl ToSql for KeyValue<'_> {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(ToSqlOutput::Borrowed(match self {
            KeyValue::Text(text) => ValueRef::Text(text.as_bytes()),
            KeyValue::Blob(bytes) => ValueRef::Blob(bytes),
        }))
    }
}

#[cfg(test)]
mod tests {
    use counter_domain::case::CaseStep;
    use counter_domain::draft::{DraftField, FieldPath, FieldValue, Source};
    use counter_domain::ids::{BranchCode, CaseId, StaffId};
    use counter_domain::snapshot::Snapshot;
    use rusqlite::types::Value;
    use sync_engine::{Applied, Peer, PeerRole};
    use sync_protocol::ChangeBatch;

    use super::*;
    use crate::incoming::insert_once;
    use crate::test_replica::open;
    use crate::{BlobKind, Replica, StoreError, change_log};

    const CASE: CaseId = CaseId([9; 16]);

    fn peer(replica: &Replica) -> Peer {
        Peer {
            site: replica.site(),
            branch: "07".to_owned(),
            role: PeerRole::Counter,
        }
    }

    /// One transaction with a field, and with everything else a case has when `signs`.
    fn work(replica: &mut Replica, path: &str, signs: Option<&str>) {
        let by = StaffId::from("u0312");
        let done: Result<(), StoreError> = replica.write(|write| {
            if let Some(number) = signs {
                let started = CaseStep::Started {
                    branch: BranchCode::from("07"),
                    receipt_number: number.to_owned(),
                };
                write.add_event(CASE, &by, started)?;
                write.put_blob(CASE, BlobKind::Form, "application/pdf", number.as_bytes())?;
                write.put_snapshot(CASE, &snapshot(number))?;
            }
            let field = DraftField {
                value: FieldValue::Text(format!("{:?}", write.at())),
                source: Source::Staff,
                confidence: None,
                by: by.clone(),
                at: write.at(),
                settles: None,
            };
            write.set_field(CASE, &FieldPath::from(path), &field)
        });
        done.unwrap();
    }

    fn snapshot(number: &str) -> Snapshot {
        Snapshot {
            version: 1,
            case_id: CASE,
            receipt_number: number.to_owned(),
            form: "resident-move/1".to_owned(),
            forms: Vec::new(),
            filed_on: "2027-03-31".to_owned(),
            language: "ja".to_owned(),
            fields: std::collections::BTreeMap::new(),
            procedures: Vec::new(),
        }
    }

    fn batch(replica: &Replica, after: u64) -> ChangeBatch {
        let all = Peer {
            role: PeerRole::Hub,
            ..peer(replica)
        };
        let batch = replica.changes(&all, replica.site(), after, usize::MAX);
        batch.unwrap().unwrap()
    }

    fn take(replica: &mut Replica, from: &Replica, batch: &ChangeBatch) {
        let applied = replica.apply(&peer(from), batch, |_, _| Ok(())).unwrap();
        assert!(matches!(applied, Applied::Done { .. }), "{applied:?}");
    }

    /// Hands every change to the extension.
    fn merge(replica: &mut Replica, batch: &ChangeBatch) {
        let done: Result<(), StoreError> = replica.write_local(|write| {
            for change in &batch.changes {
                insert_once(write.connection(), batch.site, change)?;
            }
            Ok(())
        });
        done.unwrap();
    }

    /// Everything cr-sqlite keeps, and the rows themselves.
    fn held(replica: &Replica) -> Vec<(String, Vec<Vec<Value>>)> {
        let mut names = vec![
            "crsql_db_versions".to_owned(),
            "crsql_site_id WHERE ordinal > 0".to_owned(),
        ];
        for table in &tables::TABLES {
            for ending in ["", "__crsql_pks", "__crsql_clock"] {
                names.push(format!("{}{ending}", table.name));
            }
        }
        let rows_of = |name: &String| {
            let question = format!("SELECT * FROM {name} ORDER BY 1, 2");
            let mut statement = replica.reader().prepare(&question).unwrap();
            let columns = statement.column_count();
            let rows = statement.query_map([], |row| (0..columns).map(|at| row.get(at)).collect());
            rows.unwrap().map(Result::unwrap).collect()
        };
        names
            .iter()
            .map(|name| (name.clone(), rows_of(name)))
            .collect()
    }

    #[test]
    fn what_arrives_is_kept_as_the_extension_would_keep_it() {
        let folder = tempfile::tempdir().unwrap();
        let mut counter = open(folder.path(), 1);
        let (mut hub, mut beside) = (open(folder.path(), 200), open(folder.path(), 201));
        for (path, signs) in [
            ("phone", Some("07-270331-0001")),
            ("member.1.name", None),
            ("phone", None),
            ("member.2.name", Some("07-270331-0002")),
        ] {
            work(&mut counter, path, signs);
            let after = counter.own_version().unwrap() - 1;
            let new = batch(&counter, after);
            take(&mut hub, &counter, &new);
            merge(&mut beside, &new);
            assert_eq!(held(&hub), held(&beside));
        }
        let sites = held(&hub);
        assert!(sites.iter().all(|(_, rows)| !rows.is_empty()));
    }

    #[test]
    fn what_is_written_here_after_a_batch_counts_as_written_here() {
        let folder = tempfile::tempdir().unwrap();
        let (mut counter, mut hub) = (open(folder.path(), 1), open(folder.path(), 200));
        work(&mut counter, "phone", Some("07-270331-0001"));
        work(&mut counter, "member.1.name", None);
        let new = batch(&counter, 0);
        take(&mut hub, &counter, &new);
        assert_eq!(hub.own_version().unwrap(), 0);
        // Straight into the table, so that nothing but the batch has told cr-sqlite to look.
        hub.reader()
            .execute(
                "INSERT INTO draft (case_id, path, counter, doc)
                 VALUES (?1, 'phone', ?2, x'7b7d')",
                params![CASE.0, hub.site().0],
            )
            .unwrap();
        assert_eq!(hub.own_version().unwrap(), 1);
        let own = change_log::read(hub.reader(), hub.site(), (0, 1), None).unwrap();
        assert_eq!(own.len(), 1);
    }

    #[test]
    fn a_batch_that_is_refused_leaves_nothing_and_the_next_counts() {
        let folder = tempfile::tempdir().unwrap();
        let (mut counter, mut hub) = (open(folder.path(), 1), open(folder.path(), 200));
        work(&mut counter, "phone", Some("07-270331-0001"));
        work(&mut counter, "member.1.name", None);
        take(&mut hub, &counter, &batch(&counter, 0));
        let before = held(&hub);

        work(&mut counter, "member.2.name", None);
        let new = batch(&counter, 2);
        let of_another = Peer {
            branch: "02".to_owned(),
            ..peer(&counter)
        };
        let applied = hub.apply(&of_another, &new, |_, _| Ok(())).unwrap();
        assert!(matches!(applied, Applied::Quarantined { .. }));
        assert_eq!(held(&hub), before);

        take(&mut hub, &counter, &new);
        work(&mut hub, "note", None);
        assert_eq!(hub.own_version().unwrap(), 1);
    }
}
