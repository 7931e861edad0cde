//! The audit log on disk: an SQLite database of entries, each with the hash of the one before, and
//! beside it the head (how many there are, and the last one's hash), replaced as a whole.
//!
//! Several processes append at once: each append is one immediate transaction that reads the last
//! entry, hashes on from it and inserts. When it returns, the entries survive a crash of the machine.
//! The head follows behind: see [`crate::model::audit::ChainCheck`] for why it may lag.
//!
//! Nothing is ever removed. A file that can not be read is kept aside, and a new chain begins whose
//! first entry says so. Where entries are missing at the end, numbers go on from where they were: the
//! hole stays visible for good.

mod export;
mod head;
mod read;
mod rows;

#[cfg(test)]
mod tests;

use std::path::{Path, PathBuf};
use std::time::Duration;

use rusqlite::{Connection, ErrorCode, OptionalExtension as _, TransactionBehavior};

pub use export::json_line;
pub use read::AuditReader;

use super::files::{self, file_fault};
use crate::model::audit::{AuditOperation, AuditOutcome, AuditWrite, ChainHead, chained_hash};
use crate::model::fault::{Fault, FaultKind};
use crate::model::status::now;

const FILE: &str = "audit.db";
/// An append waits so long for other processes.
const BUSY: Duration = Duration::from_secs(5);
/// The layout of the database.
const VERSION: i64 = 1;
const LAYOUT: &str = "
    CREATE TABLE IF NOT EXISTS entries (
        number INTEGER PRIMARY KEY,
        at INTEGER NOT NULL,
        profile TEXT NOT NULL,
        cluster_id INTEGER NOT NULL,
        user TEXT,
        operation TEXT NOT NULL,
        key BLOB NOT NULL,
        source BLOB,
        before INTEGER NOT NULL,
        outcome TEXT NOT NULL,
        revision INTEGER NOT NULL,
        detail TEXT NOT NULL,
        plan TEXT,
        write_id TEXT NOT NULL,
        hash TEXT NOT NULL
    ) STRICT;
    CREATE INDEX IF NOT EXISTS entries_of_write ON entries (write_id);
    PRAGMA user_version = 1;";

/// The writer's end of the log in a folder.
#[derive(Debug)]
pub struct AuditStore {
    folder: PathBuf,
    open: Option<Open>,
}

/// An open database, and which file it is.
#[derive(Debug)]
struct Open {
    connection: Connection,
    file: FileMark,
}

impl AuditStore {
    /// The log in this folder. Nothing is created before something is appended.
    #[must_use]
    pub fn new(folder: PathBuf) -> Self {
        Self { folder, open: None }
    }

    /// Appends entries, in one transaction. When this returns, they survive a crash of the machine.
    /// Where the file can not be read, it is kept aside and a new one is begun.
    ///
    /// # Errors
    /// [`FaultKind::File`], [`FaultKind::DiskFull`]; nothing was appended then.
    pub fn append(&mut self, writes: &[AuditWrite]) -> Result<ChainHead, Fault> {
        let before = FileMark::of(&self.path());
        match self.try_append(writes, None) {
            Err(error) if error.is_broken() => {
                let note = self.begin_anew(before.as_ref(), &error)?;
                self.try_append(writes, note).map_err(|error| error.fault(&self.path()))
            }
            other => other.map_err(|error| error.fault(&self.path())),
        }
    }

    /// Brings the head, kept apart, up to this entry. One that is further already stays.
    ///
    /// # Errors
    /// [`FaultKind::File`], [`FaultKind::DiskFull`]. The log is complete all the same.
    pub fn keep_head(&self, head: &ChainHead) -> Result<(), Fault> {
        head::advance(&self.folder, head)
    }

    fn path(&self) -> PathBuf {
        self.folder.join(FILE)
    }

    fn try_append(&mut self, writes: &[AuditWrite], note: Option<AuditWrite>) -> Result<ChainHead, Trouble> {
        let path = self.path();
        let folder = self.folder.clone();
        let transaction = self
            .connection(&path)?
            .transaction_with_behavior(TransactionBehavior::Immediate)
            .map_err(Trouble::Database)?;
        let last = rows::last(&transaction).map_err(Trouble::Database)?;
        let (mut last, missing) = go_on_from(last, &folder)?;
        let notes = note.into_iter().chain(missing);
        let all: Vec<AuditWrite> = notes.chain(writes.iter().cloned()).collect();
        for write in &all {
            let number = last.entries + 1;
            let hash = chained_hash(&last.hash, number, write);
            rows::insert(&transaction, number, write, &hash).map_err(Trouble::Database)?;
            last = ChainHead { entries: number, hash };
        }
        transaction.commit().map_err(Trouble::Database)?;
        Ok(last)
    }

    /// The connection to the file that lies there now: it may have been moved away or removed.
    fn connection(&mut self, path: &Path) -> Result<&mut Connection, Trouble> {
        let there = FileMark::of(path);
        if self.open.as_ref().is_some_and(|open| there.as_ref() != Some(&open.file)) {
            self.open = None;
        }
        if self.open.is_none() {
            self.open = Some(open(&self.folder, path)?);
        }
        match &mut self.open {
            Some(open) => Ok(&mut open.connection),
            None => Err(Trouble::Fault(Fault::new(FaultKind::File, path.display().to_string()))),
        }
    }

    /// Moves a file that can not be read out of the way, unless another process has just done it;
    /// returns what the new one begins with.
    fn begin_anew(
        &mut self,
        broken: Option<&FileMark>,
        error: &Trouble,
    ) -> Result<Option<AuditWrite>, Fault> {
        self.open = None;
        let path = self.path();
        let _lock = files::FolderLock::take(&self.folder)?;
        if FileMark::of(&path).as_ref() != broken {
            return Ok(None);
        }
        let kept = files::set_aside(&path)?;
        for (suffix, name) in [("-wal", "audit.db-wal"), ("-shm", "audit.db-shm")] {
            let beside = self.folder.join(name);
            if beside.exists() {
                let mut aside = kept.clone().into_os_string();
                aside.push(suffix);
                std::fs::rename(&beside, &aside).map_err(|error| file_fault(&beside, &error))?;
            }
        }
        head::set_aside(&self.folder)?;
        let detail = format!(
            "the log before this one could not be read ({}) and is kept as {}",
            error.words(),
            kept.file_name().unwrap_or_default().to_string_lossy()
        );
        Ok(Some(note(detail)))
    }
}

/// Where numbers and hashes go on from, and what is to be said where that is not the last entry.
fn go_on_from(last: ChainHead, folder: &Path) -> Result<(ChainHead, Option<AuditWrite>), Trouble> {
    match head::read(folder).map_err(Trouble::Fault)? {
        Some(head) if head.entries > last.entries => {
            let detail = format!("entries {} to {} are missing", last.entries + 1, head.entries);
            Ok((head, Some(note(detail))))
        }
        None if last.entries > 0 => {
            let detail = format!("the head was missing; the log had {} entries", last.entries);
            Ok((last, Some(note(detail))))
        }
        // A head from the start: one that is missing later was taken away.
        None => {
            head::advance(folder, &ChainHead::default()).map_err(Trouble::Fault)?;
            Ok((last, None))
        }
        Some(_) => Ok((last, None)),
    }
}

/// An entry in which the log tells about itself.
fn note(detail: String) -> AuditWrite {
    AuditWrite {
        at: now(),
        profile: String::new(),
        cluster_id: 0,
        user: None,
        operation: AuditOperation::Note,
        key: [].as_slice().into(),
        source: None,
        before: 0,
        outcome: AuditOutcome::Noted(detail),
        plan: None,
        write_id: String::new(),
    }
}

/// An entry that says that so many writes were not recorded.
#[must_use]
pub fn not_recorded(count: u64, why: &Fault) -> AuditWrite {
    note(format!("{count} entries could not be written before this one: {why}"))
}

fn open(folder: &Path, path: &Path) -> Result<Open, Trouble> {
    // One process after the other: SQLite does not wait for who is laying the file out.
    let _lock = files::FolderLock::take(folder).map_err(Trouble::Fault)?;
    // Made here, because SQLite would make it readable for others; its other files take this one's
    // permissions.
    let mut options = std::fs::File::options();
    options.write(true).create(true).truncate(false);
    let file = files::owner_only(&mut options).open(path);
    let file = file.map_err(|error| Trouble::Fault(file_fault(path, &error)))?;
    files::restrict(&file).map_err(|error| Trouble::Fault(file_fault(path, &error)))?;
    drop(file);
    let mark = FileMark::of(path);
    let connection = Connection::open(path).map_err(Trouble::Database)?;
    connection.busy_timeout(BUSY).map_err(Trouble::Database)?;
    let pragmas = "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA trusted_schema = OFF;";
    connection.execute_batch(pragmas).map_err(Trouble::Database)?;
    match version_of(&connection).map_err(Trouble::Database)? {
        0 => connection.execute_batch(LAYOUT).map_err(Trouble::Database)?,
        VERSION => {}
        newer => {
            let detail = format!("{}: written by a newer version ({newer})", path.display());
            return Err(Trouble::Fault(Fault::new(FaultKind::File, detail)));
        }
    }
    let there = connection.query_row(rows::SELECT_LAST, [], |_| Ok(())).optional();
    there.map_err(Trouble::Database)?;
    Ok(Open { connection, file: mark.unwrap_or_default() })
}

/// The layout that a database has; 0: none yet.
fn version_of(connection: &Connection) -> rusqlite::Result<i64> {
    connection.query_row("SELECT user_version FROM pragma_user_version", [], |row| row.get(0))
}

/// Which file lies at a path: one that was replaced is another.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct FileMark(u64, u64);

impl FileMark {
    #[cfg(unix)]
    fn of(path: &Path) -> Option<Self> {
        use std::os::unix::fs::MetadataExt;
        std::fs::metadata(path).ok().map(|metadata| Self(metadata.dev(), metadata.ino()))
    }

    /// A file that is open can not be taken away on this system.
    #[cfg(not(unix))]
    fn of(path: &Path) -> Option<Self> {
        path.exists().then(Self::default)
    }
}

/// Why it did not work.
#[derive(Debug)]
enum Trouble {
    Database(rusqlite::Error),
    Fault(Fault),
}

impl Trouble {
    /// Whether the file is no log of ours, or a damaged one.
    fn is_broken(&self) -> bool {
        match self {
            Self::Database(rusqlite::Error::SqliteFailure(error, message)) => {
                matches!(error.code, ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase)
                    || message.as_deref().is_some_and(is_about_layout)
            }
            Self::Database(rusqlite::Error::SqlInputError { msg, .. }) => is_about_layout(msg),
            _ => false,
        }
    }

    fn words(&self) -> String {
        match self {
            Self::Database(error) => error.to_string(),
            Self::Fault(fault) => fault.to_string(),
        }
    }

    fn fault(self, path: &Path) -> Fault {
        match self {
            Self::Database(error) => database_fault(path, &error),
            Self::Fault(fault) => fault,
        }
    }
}

fn is_about_layout(message: &str) -> bool {
    ["no such table", "no such column", "has no column"].iter().any(|words| message.contains(words))
}

/// The fault of a failed question to the database, naming the file.
fn database_fault(path: &Path, error: &rusqlite::Error) -> Fault {
    let kind = match error.sqlite_error_code() {
        Some(ErrorCode::DiskFull) => FaultKind::DiskFull,
        _ => FaultKind::File,
    };
    Fault::new(kind, format!("{}: {error}", path.display()))
}
