//! Opening the file: never over something that cannot be read, never without the key.

use std::ffi::OsString;
use std::fs::{self, File};
use std::io::{ErrorKind, Read, Write};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use rusqlite::config::DbConfig;
use rusqlite::{Connection, OpenFlags};
use sync_protocol::SiteId;

use crate::error::OpenError;
use crate::key::DatabaseKey;
use crate::{migrate, pages, rules};

/// Files up to this size have every page's checksum checked at the start, about 0.3 s at most.
const CHECKED_BYTES_MAX: u64 = 64 << 20;
const PAGE_BYTES: u64 = 4096;
/// Statements kept ready; some hundred take turns in a conversation, and preparing one costs more than
/// running it.
const STATEMENTS_KEPT: usize = 256;
/// Pages kept decrypted, KiB: the upper levels of every table of a city with some hundred thousand
/// cases. With SQLite's own 2 MiB they are decrypted again for nearly every row that is added.
const CACHE_KIB: i64 = 32 << 10;
const PLAIN_SQLITE: &[u8] = b"SQLite format 3\0";

/// Opens the database at `path`, or makes one when there is no file at all.
pub(crate) fn open(path: &Path, key: &DatabaseKey, site: SiteId) -> Result<Connection, OpenError> {
    match fs::metadata(path) {
        Ok(_) => {}
        Err(error) if error.kind() == ErrorKind::NotFound => create(path, key, site)?,
        Err(error) => return Err(error.into()),
    }
    let mut connection = open_existing(path, key)?;
    if own_site(&connection)? != site {
        fold_log_in_on_close(&connection, false)?;
        close(connection)?;
        return Err(OpenError::OtherSite);
    }
    migrate::run(&mut connection)?;
    rules::check(&connection)?;
    Ok(connection)
}

/// Closes a connection that has the extension.
pub(crate) fn close(connection: Connection) -> Result<(), rusqlite::Error> {
    connection.flush_prepared_statement_cache();
    crsqlite::finalize(&connection)?;
    connection.close().map_err(|(_, error)| error)
}

/// Makes the file under another name and renames it when it is whole, so that a power cut leaves
/// either no database or a good one.
fn create(path: &Path, key: &DatabaseKey, site: SiteId) -> Result<(), OpenError> {
    let unfinished = beside(path, ".new");
    for ending in ["", "-wal", "-shm", "-journal"] {
        remove(&beside(&unfinished, ending))?;
    }
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_CREATE;
    let connection = open_keyed(&unfinished, key, flags)?;
    settle(&connection)?;
    crsqlite::load(&connection)?;
    name_site(&connection, site)?;
    close(connection)?;

    let mut connection = open_existing_at(&unfinished, key)?;
    migrate::run(&mut connection)?;
    close(connection)?;

    write_key_check(path, key)?;
    File::open(&unfinished)?.sync_all()?;
    fs::rename(&unfinished, path)?;
    sync_folder(path)
}

/// cr-sqlite makes up a site id; ours is the device's. Equal edits of two sites get one owner
/// everywhere (`merge-equal-values`).
fn name_site(connection: &Connection, site: SiteId) -> Result<(), rusqlite::Error> {
    connection.query_row(
        "SELECT crsql_config_set('merge-equal-values', 1)",
        [],
        |_| Ok(()),
    )?;
    connection
        .execute(
            "UPDATE crsql_site_id SET site_id = :site WHERE ordinal = 0",
            [site.0],
        )
        .map(|_| ())
}

fn open_existing(path: &Path, key: &DatabaseKey) -> Result<Connection, OpenError> {
    refuse_foreign_file(path)?;
    let key_known = known_key(path, key)?;
    if key_known == Some(false) {
        return Err(OpenError::WrongKey);
    }
    let connection = match open_existing_at(path, key) {
        Err(OpenError::Damaged) if key_known.is_none() => return Err(OpenError::Unreadable),
        other => other?,
    };
    if key_known.is_none() {
        write_key_check(path, key)?;
    }
    Ok(connection)
}

/// Tells an unencrypted or torn file from one that only needs its key.
fn refuse_foreign_file(path: &Path) -> Result<(), OpenError> {
    let mut start = Vec::new();
    File::open(path)?.take(16).read_to_end(&mut start)?;
    if start == PLAIN_SQLITE {
        return Err(OpenError::NotTodoke);
    }
    if fs::metadata(path)?.len() < PAGE_BYTES {
        return Err(OpenError::Damaged);
    }
    Ok(())
}

fn open_existing_at(path: &Path, key: &DatabaseKey) -> Result<Connection, OpenError> {
    let connection = open_keyed(path, key, OpenFlags::SQLITE_OPEN_READ_WRITE)?;
    fold_log_in_on_close(&connection, false)?;
    connection.query_row("SELECT count(*) FROM sqlite_master", [], |_| Ok(()))?;
    let ours: i32 = connection.pragma_query_value(None, "application_id", |row| row.get(0))?;
    if ours != migrate::APPLICATION_ID && migrate::user_version(&connection)? != 0 {
        return Err(OpenError::NotTodoke);
    }
    migrate::refuse_newer_file(&connection)?;
    check_pages(&connection, path)?;
    settle(&connection)?;
    crsqlite::load(&connection)?;
    connection.set_prepared_statement_cache_capacity(STATEMENTS_KEPT);
    fold_log_in_on_close(&connection, true)?;
    Ok(connection)
}

/// Whether closing writes the log of a pulled plug into the file. Not into one that is refused: it
/// stays as it is, for whoever repairs it.
fn fold_log_in_on_close(connection: &Connection, fold: bool) -> Result<(), rusqlite::Error> {
    connection
        .set_db_config(DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, !fold)
        .map(drop)
}

/// Opens a file and tells `SQLCipher` its key; nothing has been read yet.
pub(crate) fn open_keyed(
    path: &Path,
    key: &DatabaseKey,
    flags: OpenFlags,
) -> Result<Connection, rusqlite::Error> {
    wait_until_ready()?;
    let connection = Connection::open_with_flags(path, flags)?;
    // Else every statement with a bound LIMIT is prepared anew for each value. Nothing is gained by
    // that here: no statistics are kept, and no index is searched by LIKE.
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true)?;
    // SQLCipher writes its own lines to stderr; our error says it once.
    connection.pragma_update(None, "cipher_log_level", "NONE")?;
    connection.pragma_update(None, "key", key.literal().as_str())?;
    Ok(connection)
}

/// `SQLite` calls itself ready before `SQLCipher` has chosen its cipher: a second thread that opens
/// a file in that moment has its key refused. The first connection of a process is opened alone.
fn wait_until_ready() -> Result<(), rusqlite::Error> {
    static READY: Mutex<bool> = Mutex::new(false);
    let mut ready = READY.lock().unwrap_or_else(PoisonError::into_inner);
    if !*ready {
        Connection::open_in_memory()?;
        *ready = true;
    }
    Ok(())
}

fn check_pages(connection: &Connection, path: &Path) -> Result<(), OpenError> {
    if fs::metadata(path)?.len() > CHECKED_BYTES_MAX {
        return Ok(());
    }
    let mut statement = connection.prepare("PRAGMA cipher_integrity_check")?;
    let said = statement.query_map([], |row| row.get::<_, String>(0))?;
    let said = said.collect::<Result<Vec<_>, _>>()?;
    if said.is_empty() {
        return Ok(());
    }
    // The check looks at the file alone. While somebody reads an older state, a checkpoint leaves out
    // pages that were written again since, and a process killed then leaves holes there: what counts
    // is in the log.
    let in_log = pages::in_log(path).map_err(|_| OpenError::Damaged)?;
    let is_in_log = |line: &String| damaged_page(line).is_some_and(|page| in_log.contains(&page));
    if said.iter().all(is_in_log) {
        Ok(())
    } else {
        Err(OpenError::Damaged)
    }
}

/// The page a line of the check is about, when it is about one.
fn damaged_page(line: &str) -> Option<u32> {
    line.strip_prefix("HMAC verification failed for page ")?
        .trim()
        .parse()
        .ok()
}

/// Durable, nothing left in the clear, nothing left behind deleted rows.
fn settle(connection: &Connection) -> Result<(), rusqlite::Error> {
    connection.pragma_update_and_check(None, "journal_mode", "WAL", |_| Ok(()))?;
    connection.pragma_update(None, "synchronous", "FULL")?;
    connection.pragma_update(None, "cache_size", -CACHE_KIB)?;
    connection.pragma_update(None, "temp_store", "MEMORY")?;
    connection.pragma_update_and_check(None, "secure_delete", "ON", |_| Ok(()))?;
    connection.pragma_update(None, "foreign_keys", "OFF")?;
    connection.pragma_update(None, "cell_size_check", "ON")?;
    connection.busy_timeout(std::time::Duration::from_secs(5))
}

fn own_site(connection: &Connection) -> Result<SiteId, OpenError> {
    let site: Vec<u8> = connection.query_row("SELECT crsql_site_id()", [], |row| row.get(0))?;
    site.try_into().map(SiteId).map_err(|_| OpenError::Damaged)
}

fn known_key(path: &Path, key: &DatabaseKey) -> Result<Option<bool>, OpenError> {
    match fs::read(key_check_path(path)) {
        Ok(value) if value.len() == 32 => Ok(Some(value == key.check_value())),
        Ok(_) => Ok(None),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error.into()),
    }
}

fn write_key_check(path: &Path, key: &DatabaseKey) -> Result<(), OpenError> {
    let mut file = File::create(key_check_path(path))?;
    file.write_all(&key.check_value())?;
    file.sync_all()?;
    Ok(())
}

fn key_check_path(path: &Path) -> PathBuf {
    beside(path, ".key-check")
}

fn beside(path: &Path, ending: &str) -> PathBuf {
    let mut name = OsString::from(path);
    name.push(ending);
    PathBuf::from(name)
}

fn remove(path: &Path) -> Result<(), OpenError> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != ErrorKind::NotFound => Err(error.into()),
        _ => Ok(()),
    }
}

fn sync_folder(path: &Path) -> Result<(), OpenError> {
    let folder = path
        .parent()
        .filter(|folder| !folder.as_os_str().is_empty());
    File::open(folder.unwrap_or(Path::new(".")))?.sync_all()?;
    Ok(())
}
