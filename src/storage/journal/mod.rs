//! The journal: what the mirror saw of a cluster, on this machine, beyond what etcd keeps.
//!
//! One SQLite file for each cluster id, in WAL mode with full synchronisation: what a commit
//! acknowledged survives the end of the process and of the machine. Several windows and processes
//! write one file at once; each fact is one row (epoch, key, revision) whoever recorded it.
//!
//! An *epoch* is one history of the cluster: a cluster restored from a snapshot begins a new one. A
//! *span* is what one connection watched without a gap; its end moves in the same transaction as the
//! records. Below an epoch's *floor* the oldest records have been dropped; everything from the floor
//! on can still be put together.

mod base;
mod check;
mod file;
mod intervals;
mod keys;
mod pack;
mod prune;
mod read;
mod rows;
mod trouble;
mod write;

use std::path::{Path, PathBuf};

use crate::model::fault::Fault;
use crate::model::keyspace::Keyspace;
use crate::model::status::{KeyInterval, SeenAt};

pub use super::database::Identity;
pub use file::set_aside;
pub use intervals::without;
pub use prune::Limits;
pub use read::{Deleted, Reader, Ticks};
pub use trouble::Trouble;
pub use write::{Changes, Standing, Writer};

/// The folder of the journals, by the folder of the console's data.
#[derive(Clone, Debug)]
pub struct JournalFolder(PathBuf);

impl JournalFolder {
    /// The journals in this folder.
    #[must_use]
    pub fn new(folder: PathBuf) -> Self {
        Self(folder)
    }

    /// The file of a cluster.
    #[must_use]
    pub fn file(&self, cluster_id: u64) -> PathBuf {
        self.0.join(format!("{cluster_id:016x}.sqlite"))
    }

    /// The folder, made for its owner alone.
    ///
    /// # Errors
    /// [`crate::model::fault::FaultKind::File`], [`crate::model::fault::FaultKind::DiskFull`].
    pub fn prepare(&self) -> Result<&Path, Fault> {
        file::prepare_folder(&self.0)?;
        Ok(&self.0)
    }
}

/// A whole picture of what may be recorded, with which a span begins.
#[derive(Clone, Debug)]
pub struct Base {
    /// The key space.
    pub keyspace: Keyspace,
    /// The revision that it shows.
    pub applied: i64,
    /// When it was seen.
    pub seen_at: SeenAt,
    /// The cluster no longer has the history that was watched before.
    pub replaced: bool,
    /// The keys that are recorded.
    pub intervals: Vec<KeyInterval>,
    /// The picture itself is recorded up to so many keys …
    pub most_keys: u64,
    /// … and bytes of keys and values.
    pub most_bytes: u64,
}

#[cfg(test)]
mod tests;
