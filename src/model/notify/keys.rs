//! Changed keys that are to be told.

use crate::model::bytes::Key;
use crate::model::coordination::rules::NotifySettings;
use crate::model::record::Revision;

/// At most so many changed keys wait to be told.
const MOST_KEYS: usize = 1_000;

/// Changes of keys that are to be told, until they are.
#[derive(Debug, Default)]
pub struct NotableKeys {
    /// The keys, and whether they were deleted, in the order of their changes.
    changes: Vec<(Key, bool)>,
    /// Changes beyond those.
    uncounted: usize,
}

impl NotableKeys {
    /// Notes the changes of keys with these prefixes.
    pub fn note(&mut self, settings: &NotifySettings, changes: &[Revision]) {
        if settings.keys.is_empty() {
            return;
        }
        for change in changes.iter().flat_map(|revision| &revision.changes) {
            if !settings.keys.iter().any(|prefix| change.key.starts_with(prefix.as_bytes())) {
                continue;
            }
            if self.changes.len() < MOST_KEYS {
                self.changes.push((change.key.clone(), change.deletes()));
            } else {
                self.uncounted += 1;
            }
        }
    }

    /// Takes them out, with the number of those that are not among them.
    pub fn take(&mut self) -> (Vec<(Key, bool)>, usize) {
        (std::mem::take(&mut self.changes), std::mem::take(&mut self.uncounted))
    }
}
