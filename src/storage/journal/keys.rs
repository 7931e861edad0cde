//! Keys have short numbers in the file; those of the keys that change are remembered.

use std::collections::HashMap;

use rusqlite::{Connection, OptionalExtension as _};

use super::trouble::Trouble;
use crate::model::bytes::Key;

/// Numbers of so many keys are remembered.
const MOST: usize = 1 << 18;

/// A key as it is remembered.
#[derive(Clone, Copy, Debug)]
pub(super) struct Known {
    pub id: i64,
    /// The newest revision recorded of it by this process; 0: none.
    pub last: i64,
}

/// The numbers of keys.
#[derive(Default)]
pub(super) struct Keys {
    known: HashMap<Key, Known>,
    /// Keys dropped from the file, ever, when the numbers were learnt.
    dropped: i64,
}

impl Keys {
    /// Forgets everything: it was learnt in a transaction that failed.
    pub(super) fn forget(&mut self) {
        self.known.clear();
    }

    /// At the begin of a transaction: when keys were dropped by whoever, their numbers say nothing.
    pub(super) fn refresh(&mut self, connection: &Connection) -> Result<(), Trouble> {
        let mut statement = connection.prepare_cached("SELECT count FROM dropped_keys")?;
        let dropped = statement.query_row([], |row| row.get(0))?;
        if dropped != self.dropped {
            self.known.clear();
            self.dropped = dropped;
        }
        Ok(())
    }

    /// The number of a key, given to it if it has none.
    pub(super) fn number(&mut self, connection: &Connection, key: &Key) -> Result<Known, Trouble> {
        if let Some(known) = self.known.get(key) {
            return Ok(*known);
        }
        let find = "SELECT id FROM key WHERE key = ?1";
        let mut statement = connection.prepare_cached(find)?;
        let found: Option<i64> = statement.query_row([&key[..]], |row| row.get(0)).optional()?;
        let id = match found {
            Some(id) => id,
            None => {
                connection.prepare_cached("INSERT INTO key (key) VALUES (?1)")?.execute([&key[..]])?;
                connection.last_insert_rowid()
            }
        };
        let known = Known { id, last: 0 };
        self.remember(key, known);
        Ok(known)
    }

    /// Remembers a key.
    pub(super) fn remember(&mut self, key: &Key, known: Known) {
        if self.known.len() >= MOST {
            self.known.clear();
        }
        self.known.insert(key.clone(), known);
    }

    /// The newest revision recorded of a key.
    pub(super) fn saw(&mut self, key: &Key, revision: i64) {
        if let Some(known) = self.known.get_mut(key) {
            known.last = known.last.max(revision);
        }
    }
}
