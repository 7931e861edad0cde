//! SQLite files of ours: made for their owner alone, shared by several windows and processes, durable
//! when a commit returns, opened by one version of the console at least as new as the one that wrote
//! them, and set aside when they are damaged.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use rusqlite::{Connection, ErrorCode, OpenFlags, TransactionBehavior};

use super::files::{self, FolderLock, file_fault};
use crate::model::fault::{Fault, FaultKind};

/// What else belongs to a database: its log and its shared memory.
const PARTS: [&str; 2] = ["-wal", "-shm"];
/// Statements that a connection keeps compiled.
const STATEMENTS: usize = 64;

/// How a database of one sort is laid out and opened.
pub(super) struct Layout {
    /// The version of the tables, kept as `user_version`; from 1.
    pub version: i64,
    /// Makes the tables in a file that has none.
    pub tables: &'static str,
    /// How long to wait for another process that writes.
    pub busy: Duration,
    /// Settings of each connection.
    pub settings: &'static str,
    /// Settings of a connection that writes, made before the first table is.
    pub to_write: &'static str,
}

/// A database that is open for writing, and which file that is.
#[derive(Debug)]
pub(super) struct Opened {
    pub connection: Connection,
    /// `None`: the system does not tell.
    pub identity: Option<Identity>,
}

impl Layout {
    /// Opens the database for writing; makes it, with its folder, where there is none.
    ///
    /// # Errors
    /// [`Trouble::Sql`] as SQLite tells it; [`Trouble::Fault`] where the file can not be made, lies where
    /// processes can not share memory, or was written by a newer console.
    pub fn open(&self, path: &Path) -> Result<Opened, Trouble> {
        // Nobody moves the file away meanwhile.
        let _lock = FolderLock::take(folder_of(path))?;
        // Made before SQLite sees it, which would make it readable for others; its log and shared memory
        // take over the file's permissions.
        let file = files::owner_only(File::options().write(true).create(true).truncate(false))
            .open(path)
            .map_err(|error| file_fault(path, &error))?;
        files::restrict(&file).map_err(|error| file_fault(path, &error))?;
        drop(file);
        let identity = Identity::of(path);
        let mut connection = self.connect(path)?;
        connection.execute_batch(self.to_write)?;
        self.write_ahead(&connection, path)?;
        connection.pragma_update(None, "synchronous", "FULL")?;
        if self.version_of(&connection, path)?.is_none() {
            let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
            // Another process may have been first.
            if self.version_of(&transaction, path)?.is_none() {
                transaction.execute_batch(self.tables)?;
                transaction.pragma_update(None, "user_version", self.version)?;
                transaction.commit()?;
            }
        }
        Ok(Opened { connection, identity })
    }

    /// Opens the database for reading; `None` where there is none, or where it has no tables yet.
    ///
    /// # Errors
    /// As [`Layout::open`].
    pub fn open_to_read(&self, path: &Path) -> Result<Option<Connection>, Trouble> {
        if !path.exists() {
            return Ok(None);
        }
        let connection = self.connect(path)?;
        connection.pragma_update(None, "query_only", "ON")?;
        Ok(self.version_of(&connection, path)?.map(|()| connection))
    }

    fn connect(&self, path: &Path) -> Result<Connection, Trouble> {
        // No URI names, no creation: the file is there, with its permissions. Readers may have to write
        // the shared memory.
        let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let connection = Connection::open_with_flags(path, flags)?;
        connection.busy_timeout(self.busy)?;
        // What the file says is not run, and what it holds lies nowhere else.
        connection.execute_batch("PRAGMA trusted_schema = OFF; PRAGMA temp_store = MEMORY;")?;
        connection.execute_batch(self.settings)?;
        connection.set_prepared_statement_cache_capacity(STATEMENTS);
        Ok(connection)
    }

    /// Has changes written ahead. While another process makes the database so, or reads it before it is,
    /// SQLite says at once that it is busy, whatever it would wait.
    fn write_ahead(&self, connection: &Connection, path: &Path) -> Result<(), Trouble> {
        let begun = Instant::now();
        loop {
            let mode = connection.query_row("PRAGMA journal_mode = WAL", [], |row| row.get::<_, String>(0));
            match mode {
                Ok(mode) if mode == "wal" => return Ok(()),
                Ok(mode) => {
                    let path = path.display();
                    let detail = format!("{path}: this file system allows no shared memory (mode {mode})");
                    return Err(Fault::new(FaultKind::File, detail).into());
                }
                Err(error) if is_busy(&error) && begun.elapsed() < self.busy => {
                    std::thread::sleep(Duration::from_millis(10));
                }
                Err(error) => return Err(error.into()),
            }
        }
    }

    /// Whether it has its tables.
    fn version_of(&self, connection: &Connection, path: &Path) -> Result<Option<()>, Trouble> {
        let found: i64 = connection.pragma_query_value(None, "user_version", |row| row.get(0))?;
        if found == 0 || found == self.version {
            return Ok((found != 0).then_some(()));
        }
        let detail = format!(
            "{}: it was written by a newer version of the console (format {found}, this one knows {})",
            path.display(),
            self.version
        );
        Err(Fault::new(FaultKind::File, detail).into())
    }
}

/// Which file a name stood for when it was opened: one that was replaced is another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Identity(u64, u64);

impl Identity {
    /// The file that lies there now; `None` where there is none, or the system does not tell.
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

/// Moves a database out of the way, with its log, and returns its new name. `None`: another process has
/// done so meanwhile (`seen` is the file that was found damaged; whichever lies there, if it is `None`),
/// and there is nothing to be moved.
///
/// # Errors
/// [`FaultKind::File`] where it can not be moved.
pub(super) fn set_aside(
    path: &Path,
    seen: Option<Identity>,
    _folder: &FolderLock,
) -> Result<Option<PathBuf>, Fault> {
    let now = Identity::of(path);
    if now.is_none() || (seen.is_some() && seen != now) {
        return Ok(None);
    }
    let aside = files::set_aside(path)?;
    for part in PARTS {
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

/// Bytes on disk, with the log.
pub(super) fn bytes_on_disk(path: &Path) -> u64 {
    let length = |path: &Path| fs::metadata(path).map_or(0, |metadata| metadata.len());
    length(path) + length(&beside(path, "-wal"))
}

/// The folder of a file.
pub(super) fn folder_of(path: &Path) -> &Path {
    path.parent().unwrap_or(Path::new("."))
}

fn beside(path: &Path, part: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(part);
    PathBuf::from(name)
}

/// Why a database could not be opened, read or written.
#[derive(Debug)]
pub(super) enum Trouble {
    /// What SQLite told.
    Sql(rusqlite::Error),
    /// Anything else.
    Fault(Fault),
}

impl Trouble {
    /// What is told of it, naming the file.
    pub fn fault(self, path: &Path) -> Fault {
        match self {
            Self::Sql(error) => fault(path, &error),
            Self::Fault(fault) => fault,
        }
    }
}

impl From<rusqlite::Error> for Trouble {
    fn from(error: rusqlite::Error) -> Self {
        Self::Sql(error)
    }
}

impl From<Fault> for Trouble {
    fn from(fault: Fault) -> Self {
        Self::Fault(fault)
    }
}

/// The fault of a failed question to the database in this file.
pub(super) fn fault(path: &Path, error: &rusqlite::Error) -> Fault {
    Fault::new(fault_kind(error), format!("{}: {error}", path.display()))
}

/// The sort of fault that SQLite's error is.
pub(super) fn fault_kind(error: &rusqlite::Error) -> FaultKind {
    match error.sqlite_error_code() {
        Some(ErrorCode::DiskFull) => FaultKind::DiskFull,
        _ => FaultKind::File,
    }
}

/// Whether another process held the file for too long.
pub(super) fn is_busy(error: &rusqlite::Error) -> bool {
    matches!(error.sqlite_error_code(), Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked))
}

/// Whether the file is damaged, or no database.
pub(super) fn is_damaged(error: &rusqlite::Error) -> bool {
    matches!(error.sqlite_error_code(), Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase))
}

#[cfg(test)]
mod tests {
    use super::*;

    const LAYOUT: Layout = Layout {
        version: 3,
        tables: "CREATE TABLE numbers (number INTEGER PRIMARY KEY);",
        busy: Duration::from_secs(20),
        settings: "",
        to_write: "",
    };

    #[test]
    fn many_that_lay_one_file_out_at_once_all_get_it() {
        // Several times: whether two of them meet is up to the system.
        for _ in 0..20 {
            lay_out_at_once();
        }
    }

    fn lay_out_at_once() {
        let home = tempfile::tempdir().expect("a folder");
        let path = home.path().join("deep").join("a.db");
        let begin = std::sync::Arc::new(std::sync::Barrier::new(8));
        let threads = (0..8).map(|number| {
            let (path, begin) = (path.clone(), begin.clone());
            let open = move || {
                begin.wait();
                // Readers, which keep SQLite from changing the mode, come in between.
                LAYOUT.open_to_read(&path).expect("nothing yet, or the tables");
                let opened = LAYOUT.open(&path).expect("it is opened");
                opened.connection.execute("INSERT INTO numbers VALUES (?1)", [number]).expect("a row");
                opened.identity
            };
            std::thread::Builder::new().name(format!("opens {number}")).spawn(open).expect("a thread")
        });
        let threads: Vec<_> = threads.collect();
        let found: Vec<_> = threads.into_iter().map(|thread| thread.join().expect("no panic")).collect();
        assert!(found.iter().all(|identity| *identity == Identity::of(&path)), "{found:?}");
        let connection = LAYOUT.open_to_read(&path).expect("readable").expect("its tables");
        let count: i64 =
            connection.query_row("SELECT count(*) FROM numbers", [], |row| row.get(0)).expect("a count");
        assert_eq!(count, 8);
        assert!(connection.execute("INSERT INTO numbers VALUES (99)", []).is_err(), "it only reads");
        #[cfg(unix)]
        for part in ["", "-wal", "-shm"] {
            use std::os::unix::fs::PermissionsExt;
            let mode = fs::metadata(beside(&path, part)).expect("it is there").permissions().mode();
            assert_eq!(mode & 0o777, 0o600, "{part:?}");
        }
    }

    #[test]
    fn a_newer_file_is_left_alone() {
        let home = tempfile::tempdir().expect("a folder");
        let path = home.path().join("a.db");
        let newer = Layout { version: 4, ..LAYOUT };
        newer.open(&path).expect("it is made");
        for trouble in [LAYOUT.open(&path).err(), LAYOUT.open_to_read(&path).err()] {
            let fault = trouble.expect("it is refused").fault(&path);
            assert!(fault.detail.contains("format 4, this one knows 3"), "{fault}");
        }
        newer.open_to_read(&path).expect("readable").expect("its tables are there");
    }

    #[test]
    fn only_the_file_that_was_seen_is_set_aside_with_its_log() {
        let home = tempfile::tempdir().expect("a folder");
        let path = home.path().join("a.db");
        let first = LAYOUT.open(&path).expect("it is made");
        let lock = FolderLock::take(home.path()).expect("the lock");
        let aside = set_aside(&path, first.identity, &lock).expect("it is moved").expect("a name");
        assert!(beside(&aside, "-wal").exists() && !path.exists() && !beside(&path, "-wal").exists());
        drop(lock);
        let second = LAYOUT.open(&path).expect("a new one");
        let lock = FolderLock::take(home.path()).expect("the lock");
        assert_eq!(set_aside(&path, first.identity, &lock), Ok(None), "another file lies there now");
        assert_eq!(Identity::of(&path), second.identity);
    }
}
