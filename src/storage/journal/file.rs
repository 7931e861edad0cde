//! The file itself: its tables, how it is opened, and set aside when it is damaged.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use super::super::database::{self, Identity, Layout};
use super::super::files::{self, FolderLock, file_fault};
use crate::model::fault::Fault;

/// How a journal is laid out and opened. 16 MiB of it are kept in memory; its log is moved into the
/// file after 4,000 pages.
pub(super) const LAYOUT: Layout = Layout {
    version: 1,
    tables: TABLES,
    busy: Duration::from_secs(10),
    settings: "PRAGMA cache_size = -16384;",
    to_write: "
        PRAGMA auto_vacuum = INCREMENTAL;
        PRAGMA wal_autocheckpoint = 4000;
        PRAGMA journal_size_limit = 67108864;
    ",
};

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

/// Moves a damaged journal out of the way, with its log, and returns its new name. `None`: another
/// process has done so meanwhile (`seen` is the file that was found damaged), and there is nothing to
/// be moved.
///
/// # Errors
/// [`crate::model::fault::FaultKind::File`] where it can not be moved.
pub fn set_aside(path: &Path, seen: Option<Identity>) -> Result<Option<PathBuf>, Fault> {
    let lock = FolderLock::take(database::folder_of(path))?;
    database::set_aside(path, seen, &lock)
}
