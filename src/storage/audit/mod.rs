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

use rusqlite::{Connection, OptionalExtension as _, TransactionBehavior};

pub use export::json_line;
pub use read::AuditReader;

use super::database::{self, Identity, Layout, Opened, Trouble};
use super::files;
use crate::model::audit::{AuditOperation, AuditOutcome, AuditWrite, ChainHead, chained_hash};
use crate::model::fault::Fault;
use crate::model::status::now;

const FILE: &str = "audit.db";
/// How the log is laid out and opened.
const LAYOUT: Layout =
    Layout { version: 1, tables: TABLES, busy: Duration::from_secs(5), settings: "", to_write: "" };
const TABLES: &str = "
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
    CREATE INDEX IF NOT EXISTS entries_of_write ON entries (write_id);";

/// The writer's end of the log in a folder.
#[derive(Debug)]
pub struct AuditStore {
    folder: PathBuf,
    open: Option<Opened>,
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
    /// [`FaultKind::File`](crate::model::fault::FaultKind::File), [`FaultKind::DiskFull`](crate::model::fault::FaultKind::DiskFull); nothing was appended then.
    pub fn append(&mut self, writes: &[AuditWrite]) -> Result<ChainHead, Fault> {
        let before = Identity::of(&self.path());
        match self.try_append(writes, None) {
            Err(error) if is_broken(&error) => {
                let note = self.begin_anew(before, &error)?;
                self.try_append(writes, note).map_err(|error| error.fault(&self.path()))
            }
            other => other.map_err(|error| error.fault(&self.path())),
        }
    }

    /// Brings the head, kept apart, up to this entry. One that is further already stays.
    ///
    /// # Errors
    /// [`FaultKind::File`](crate::model::fault::FaultKind::File), [`FaultKind::DiskFull`](crate::model::fault::FaultKind::DiskFull). The log is complete all the same.
    pub fn keep_head(&self, head: &ChainHead) -> Result<(), Fault> {
        head::advance(&self.folder, head)
    }

    fn path(&self) -> PathBuf {
        self.folder.join(FILE)
    }

    fn try_append(&mut self, writes: &[AuditWrite], note: Option<AuditWrite>) -> Result<ChainHead, Trouble> {
        let path = self.path();
        let folder = self.folder.clone();
        let transaction =
            self.connection(&path)?.transaction_with_behavior(TransactionBehavior::Immediate)?;
        let last = rows::last(&transaction)?;
        let (mut last, missing) = go_on_from(last, &folder)?;
        let notes = note.into_iter().chain(missing);
        let all: Vec<AuditWrite> = notes.chain(writes.iter().cloned()).collect();
        for write in &all {
            let number = last.entries + 1;
            let hash = chained_hash(&last.hash, number, write);
            rows::insert(&transaction, number, write, &hash)?;
            last = ChainHead { entries: number, hash };
        }
        transaction.commit()?;
        Ok(last)
    }

    /// The connection to the file that lies there now: it may have been moved away or removed.
    fn connection(&mut self, path: &Path) -> Result<&mut Connection, Trouble> {
        let there = Identity::of(path);
        self.open.take_if(|open| there.is_none() || there != open.identity);
        let open = match self.open.take() {
            Some(open) => open,
            None => open(path)?,
        };
        Ok(&mut self.open.insert(open).connection)
    }

    /// Moves a file that can not be read out of the way, unless another process has just done it;
    /// returns what the new one begins with.
    fn begin_anew(&mut self, broken: Option<Identity>, error: &Trouble) -> Result<Option<AuditWrite>, Fault> {
        self.open = None;
        let path = self.path();
        // Its head is set aside with it, before anybody begins a new one.
        let lock = files::FolderLock::take(&self.folder)?;
        if broken.is_none() {
            return Ok(None);
        }
        let Some(kept) = database::set_aside(&path, broken, &lock)? else { return Ok(None) };
        head::set_aside(&self.folder)?;
        let detail = format!(
            "the log before this one could not be read ({}) and is kept as {}",
            words(error),
            kept.file_name().unwrap_or_default().to_string_lossy()
        );
        Ok(Some(note(detail)))
    }
}

/// Where numbers and hashes go on from, and what is to be said where that is not the last entry.
fn go_on_from(last: ChainHead, folder: &Path) -> Result<(ChainHead, Option<AuditWrite>), Trouble> {
    match head::read(folder)? {
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
            head::advance(folder, &ChainHead::default())?;
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

fn open(path: &Path) -> Result<Opened, Trouble> {
    let opened = LAYOUT.open(path)?;
    // Whether it is a log of ours.
    opened.connection.query_row(rows::SELECT_LAST, [], |_| Ok(())).optional()?;
    Ok(opened)
}

/// Whether the file is no log of ours, or a damaged one.
fn is_broken(trouble: &Trouble) -> bool {
    let Trouble::Sql(error) = trouble else { return false };
    database::is_damaged(error)
        || match error {
            rusqlite::Error::SqliteFailure(_, Some(message)) => is_about_layout(message),
            rusqlite::Error::SqlInputError { msg, .. } => is_about_layout(msg),
            _ => false,
        }
}

fn words(trouble: &Trouble) -> String {
    match trouble {
        Trouble::Sql(error) => error.to_string(),
        Trouble::Fault(fault) => fault.to_string(),
    }
}

fn is_about_layout(message: &str) -> bool {
    ["no such table", "no such column", "has no column"].iter().any(|words| message.contains(words))
}
