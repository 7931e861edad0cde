//! The file itself: made for its owner alone, opened, its tables, and set aside when it is damaged.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::time::Duration;

use rusqlite::{Connection, OpenFlags};

use super::super::files::{self, FolderLock, file_fault};
use super::trouble::Trouble;
use crate::model::fault::{Fault, FaultKind};

/// The version of the tables.
const SCHEMA: i64 = 1;
/// How long to wait for another process that writes.
const BUSY: Duration = Duration::from_secs(10);
/// Pages of the log after which it is moved into the file.
const CHECKPOINT_PAGES: i64 = 4_000;
/// Kept in memory, in KiB.
const CACHE_KIB: i64 = 16 << 10;

const TABLES: &str = "
CREATE TABLE epoch (
    id INTEGER PRIMARY KEY,
    begun_at INTEGER NOT NULL,
    floor INTEGER NOT NULL DEFAULT 0
);
CREATE TABLE key (
    id INTEGER PRIMARY KEY,
    key BLOB NOT NULL UNIQUE
);
CREATE TABLE dropped_keys (count INTEGER NOT NULL);
INSERT INTO dropped_keys VALUES (0);
CREATE TABLE record (
    id INTEGER PRIMARY KEY,
    epoch INTEGER NOT NULL,
    key INTEGER NOT NULL,
    revision INTEGER NOT NULL,
    kind INTEGER NOT NULL,
    create_revision INTEGER NOT NULL,
    version INTEGER NOT NULL,
    lease INTEGER NOT NULL,
    prev INTEGER,
    seen_at INTEGER,
    source INTEGER NOT NULL,
    length INTEGER,
    value BLOB
);
CREATE UNIQUE INDEX record_of_key ON record (epoch, key, revision);
CREATE INDEX record_at ON record (epoch, revision);
CREATE TABLE span (
    id INTEGER PRIMARY KEY,
    epoch INTEGER NOT NULL,
    after INTEGER NOT NULL,
    upto INTEGER NOT NULL,
    from_time INTEGER NOT NULL,
    to_time INTEGER NOT NULL,
    has_base INTEGER NOT NULL,
    intervals BLOB NOT NULL
);
CREATE INDEX span_of_epoch ON span (epoch, after);
";

/// Makes the folder, for its owner alone, whoever made it before.
pub(super) fn prepare_folder(folder: &Path) -> Result<(), Fault> {
    files::make_folder(folder)?;
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        let permissions = fs::metadata(folder).map_err(|error| file_fault(folder, &error))?.permissions();
        if permissions.mode() & 0o077 != 0 {
            fs::set_permissions(folder, fs::Permissions::from_mode(0o700))
                .map_err(|error| file_fault(folder, &error))?;
        }
    }
    Ok(())
}

/// Which file a name stood for when it was opened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Identity(u64, u64);

impl Identity {
    pub(super) fn of(path: &Path) -> Option<Self> {
        let metadata = fs::metadata(path).ok()?;
        #[cfg(unix)]
        {
            use std::os::unix::fs::MetadataExt;
            Some(Self(metadata.dev(), metadata.ino()))
        }
        #[cfg(not(unix))]
        {
            let created = metadata.created().ok()?.duration_since(std::time::UNIX_EPOCH).ok()?;
            Some(Self(created.as_secs(), u64::from(created.subsec_nanos())))
        }
    }
}

/// Opens a journal for writing; makes it where there is none.
pub(super) fn open_to_write(path: &Path) -> Result<Connection, Trouble> {
    prepare_folder(path.parent().unwrap_or(Path::new(".")))?;
    // Before SQLite sees it: its log and shared memory take over the file's permissions.
    let file = files::owner_only(File::options().write(true).create(true).truncate(false))
        .open(path)
        .map_err(|error| file_fault(path, &error))?;
    files::restrict(&file).map_err(|error| file_fault(path, &error))?;
    drop(file);
    let mut connection = connect(path)?;
    // Takes effect on a file that has no tables yet.
    connection.pragma_update(None, "auto_vacuum", "INCREMENTAL")?;
    let mode: String = connection.query_row("PRAGMA journal_mode = WAL", [], |row| row.get(0))?;
    if mode != "wal" {
        let detail = format!("{}: this file system allows no shared memory (mode {mode})", path.display());
        return Err(Fault::new(FaultKind::File, detail).into());
    }
    connection.pragma_update(None, "synchronous", "FULL")?;
    connection.pragma_update(None, "wal_autocheckpoint", CHECKPOINT_PAGES)?;
    connection.pragma_update(None, "journal_size_limit", 64_i64 << 20)?;
    let transaction = connection.transaction_with_behavior(rusqlite::TransactionBehavior::Immediate)?;
    let version: i64 = transaction.query_row("PRAGMA user_version", [], |row| row.get(0))?;
    match version {
        0 => {
            transaction.execute_batch(TABLES)?;
            transaction.pragma_update(None, "user_version", SCHEMA)?;
            transaction.commit()?;
        }
        SCHEMA => drop(transaction),
        newer => return Err(of_newer(path, newer)),
    }
    Ok(connection)
}

/// Opens a journal for reading; `None` where there is none.
pub(super) fn open_to_read(path: &Path) -> Result<Option<Connection>, Trouble> {
    if !path.exists() {
        return Ok(None);
    }
    let connection = connect(path)?;
    connection.pragma_update(None, "query_only", "ON")?;
    let version: i64 = connection.query_row("PRAGMA user_version", [], |row| row.get(0))?;
    match version {
        0 => Ok(None),
        SCHEMA => Ok(Some(connection)),
        newer => Err(of_newer(path, newer)),
    }
}

fn of_newer(path: &Path, version: i64) -> Trouble {
    let detail = format!(
        "{}: it was written by a newer version of the console (format {version}, this one knows {SCHEMA})",
        path.display()
    );
    Fault::new(FaultKind::File, detail).into()
}

fn connect(path: &Path) -> Result<Connection, Trouble> {
    // No URI names, no creation: the file is there, with its permissions.
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(path, flags)?;
    connection.busy_timeout(BUSY)?;
    connection.pragma_update(None, "cache_size", -CACHE_KIB)?;
    connection.pragma_update(None, "temp_store", "MEMORY")?;
    connection.set_prepared_statement_cache_capacity(64);
    Ok(connection)
}

/// Moves a damaged journal out of the way, with its log, and returns its new name. `None`: another
/// process has done so meanwhile (`seen` is the file that was found damaged), and there is nothing to
/// be moved.
///
/// # Errors
/// [`FaultKind::File`] where it can not be moved.
pub fn set_aside(path: &Path, seen: Option<Identity>) -> Result<Option<PathBuf>, Fault> {
    let _lock = FolderLock::take(path.parent().unwrap_or(Path::new(".")))?;
    let now = Identity::of(path);
    if now.is_none() || (seen.is_some() && seen != now) {
        return Ok(None);
    }
    let aside = files::set_aside(path)?;
    for part in ["-wal", "-shm"] {
        let (from, to) = (beside(path, part), beside(&aside, part));
        match fs::rename(&from, &to) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
                return Err(file_fault(&from, &error));
            }
            Ok(()) | Err(_) => {}
        }
    }
    Ok(Some(aside))
}

/// The log or the shared memory of a database.
pub(super) fn beside(path: &Path, part: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(part);
    PathBuf::from(name)
}

/// Bytes on disk, with the log.
pub(super) fn bytes_on_disk(path: &Path) -> u64 {
    let length = |path: &Path| fs::metadata(path).map_or(0, |metadata| metadata.len());
    length(path) + length(&beside(path, "-wal"))
}
