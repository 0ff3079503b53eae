//! What cr-sqlite asks of a replicated table, checked at every start.
//!
//! Some of it `crsql_as_crr` refuses itself; the rest (a UNIQUE index added later, CHECK, foreign
//! keys, triggers) is accepted and makes merges fail months later.

use std::collections::BTreeSet;

use rusqlite::Connection;

use crate::error::OpenError;
use crate::tables::TABLES;

/// Walks `sqlite_master`.
pub(crate) fn check(connection: &Connection) -> Result<(), OpenError> {
    let replicated = replicated_tables(connection)?;
    let known: BTreeSet<String> = TABLES.iter().map(|table| table.name.to_owned()).collect();
    if replicated != known {
        return Err(OpenError::Schema(
            "replicated tables are not the known ones".to_owned(),
        ));
    }
    for (rule, question) in RULES {
        let mut statement = connection.prepare(question)?;
        for table in &replicated {
            let count: i64 = statement.query_row([table], |row| row.get(0))?;
            if count > 0 {
                return Err(OpenError::Schema(format!("{table}: {rule}")));
            }
        }
    }
    Ok(())
}

fn replicated_tables(connection: &Connection) -> Result<BTreeSet<String>, rusqlite::Error> {
    let mut statement = connection.prepare(
        "SELECT substr(name, 1, length(name) - length('__crsql_clock'))
         FROM sqlite_master WHERE type = 'table' AND name LIKE '%\\_\\_crsql\\_clock' ESCAPE '\\'",
    )?;
    let names = statement.query_map([], |row| row.get(0))?;
    names.collect()
}

/// Each question counts what must not be there.
const RULES: [(&str, &str); 6] = [
    (
        "not STRICT",
        "SELECT count(*) FROM pragma_table_list WHERE name = :table AND strict = 0",
    ),
    (
        "key column may be NULL",
        "SELECT count(*) FROM pragma_table_info(:table) WHERE pk > 0 AND \"notnull\" = 0",
    ),
    (
        "NOT NULL column without DEFAULT",
        "SELECT count(*) FROM pragma_table_info(:table)
         WHERE pk = 0 AND \"notnull\" = 1 AND dflt_value IS NULL",
    ),
    (
        "UNIQUE index beside the key",
        "SELECT count(*) FROM pragma_index_list(:table) WHERE \"unique\" = 1 AND origin <> 'pk'",
    ),
    (
        "foreign key",
        "SELECT count(*) FROM pragma_foreign_key_list(:table)",
    ),
    (
        "CHECK constraint or trigger of ours",
        "SELECT count(*) FROM sqlite_master WHERE tbl_name = :table AND (
             (type = 'table' AND upper(sql) LIKE '%CHECK%(%')
             OR (type = 'trigger' AND name NOT LIKE '%\\_\\_crsql\\_%' ESCAPE '\\'))",
    ),
];

#[cfg(test)]
mod tests {
    use sync_protocol::SiteId;

    use crate::{DatabaseKey, OpenError, Replica, Surroundings};

    /// Breaks a rule behind cr-sqlite's back and opens the file again.
    #[track_caller]
    fn check(breach: &str, rule: &str) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("replica.db");
        let key = DatabaseKey::from_bytes([1; 32]);
        let open = || {
            let around = Surroundings::new(|| 1_806_000_000_000, |bytes| bytes.fill(7));
            Replica::open(&path, &key, SiteId([1; 16]), around)
        };
        let replica = open().unwrap();
        replica.reader().execute_batch(breach).unwrap();
        replica.close().unwrap();
        let refused = open().unwrap_err();
        assert!(matches!(refused, OpenError::Schema(found) if found == rule));
    }

    #[test]
    fn breaches_of_replication_rules_are_found_at_the_start() {
        check(
            "CREATE UNIQUE INDEX one_path ON draft (path)",
            "draft: UNIQUE index beside the key",
        );
        check(
            "CREATE TRIGGER note AFTER INSERT ON draft BEGIN SELECT 1; END",
            "draft: CHECK constraint or trigger of ours",
        );
        check(
            "CREATE TABLE more (id BLOB NOT NULL PRIMARY KEY, doc BLOB) STRICT;
             SELECT crsql_as_crr('more')",
            "replicated tables are not the known ones",
        );
    }
}
