//! Versions of one key.

use super::bytes::Value;
use super::record::KeyMeta;

/// One version of a key, as read at its own revision.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeyVersion {
    /// Its revisions, version and lease then.
    pub meta: KeyMeta,
    /// Its value then.
    pub value: Value,
}

/// Why the walk back stopped.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum HistoryEnd {
    /// There are older versions to be asked for.
    #[default]
    More,
    /// Version 1 of this generation is here.
    FirstVersion,
    /// Older versions have been compacted away.
    Compacted {
        /// The revision that could not be read any more.
        at_revision: i64,
    },
}

/// The versions read so far, newest first, without holes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct History {
    /// Newest first.
    pub versions: Vec<KeyVersion>,
    /// Why it ends where it ends.
    pub end: HistoryEnd,
}

impl History {
    /// The mod revision to walk on from: the next older version lies below it.
    #[must_use]
    pub fn oldest_revision(&self) -> Option<i64> {
        self.versions.last().map(|version| version.meta.mod_revision)
    }

    /// Adds an older page behind what is here.
    pub fn append(&mut self, older: History) {
        let floor = self.oldest_revision().unwrap_or(i64::MAX);
        self.versions.extend(older.versions.into_iter().filter(|version| version.meta.mod_revision < floor));
        self.end = older.end;
    }

    /// Puts a newer version in front, as a watch reports it.
    pub fn prepend(&mut self, newer: KeyVersion) {
        let ceiling = self.versions.first().map_or(0, |version| version.meta.mod_revision);
        if newer.meta.mod_revision > ceiling {
            self.versions.insert(0, newer);
        }
    }
}
