//! What the details say of a value or a folder and what costs work to find out: kept until the
//! value or the folder changes.

use std::ops::ControlFlow;

use crate::model::bytes::Key;
use crate::model::format::{ValueFormat, detect};
use crate::model::keyspace::Keyspace;
use crate::model::session::Session;
use crate::model::status::SeenAt;
use crate::model::validate::validate;

/// Larger values are not checked: it would be felt.
const MAX_CHECKED_BYTES: usize = 64 * 1024;
/// Leased keys of larger folders are not counted.
const MAX_COUNTED_KEYS: u64 = 20_000;
/// A living folder is counted again at most so often, in milliseconds.
const COUNT_EVERY_MS: i64 = 1_000;

/// What is known of a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ValueFacts {
    /// Its syntax.
    pub format: ValueFormat,
    /// Whether it is valid in its syntax; `None`: not checked.
    pub valid: Option<bool>,
}

/// What was found out last.
#[derive(Clone, Debug, Default)]
pub struct Facts {
    value: Option<(Key, i64, ValueFacts)>,
    folder: Option<FolderFacts>,
}

#[derive(Clone, Debug)]
struct FolderFacts {
    path: Key,
    keyspace: Keyspace,
    counted_at: SeenAt,
    leased: u64,
}

impl Facts {
    /// Facts of this value of a key.
    pub fn of_value(&mut self, key: &Key, mod_revision: i64, value: &[u8]) -> ValueFacts {
        if let Some((known, revision, facts)) = &self.value
            && known == key
            && *revision == mod_revision
        {
            return *facts;
        }
        let format = detect(key, value);
        let checked = format.can_format() && value.len() <= MAX_CHECKED_BYTES;
        let text = std::str::from_utf8(value).ok().filter(|_| checked);
        let facts = ValueFacts { format, valid: text.map(|text| validate(format, text).is_ok()) };
        self.value = Some((key.clone(), mod_revision, facts));
        facts
    }

    /// How many keys of a folder are attached to a lease; `None`: too many keys to count.
    pub fn leased_in(&mut self, session: &Session, path: &Key, now: SeenAt) -> Option<u64> {
        let keys = session.keyspace.folder(path)?.keys();
        if keys > MAX_COUNTED_KEYS {
            return None;
        }
        if let Some(facts) = &self.folder
            && facts.path == *path
            && (facts.keyspace.is_same(&session.keyspace)
                || (facts.counted_at..facts.counted_at + COUNT_EVERY_MS).contains(&now))
        {
            return Some(facts.leased);
        }
        let mut leased = 0;
        let _completed = session.keyspace.for_each_prefix(path, &mut |_, view| {
            leased += u64::from(view.meta.lease != 0);
            ControlFlow::Continue(())
        });
        let keyspace = session.keyspace.clone();
        self.folder = Some(FolderFacts { path: path.clone(), keyspace, counted_at: now, leased });
        Some(leased)
    }
}

#[cfg(test)]
mod tests {
    use super::Facts;
    use crate::model::bytes::Key;
    use crate::model::format::ValueFormat;
    use crate::model::message::SessionId;
    use crate::model::profile::Profile;
    use crate::model::record::KeyMeta;
    use crate::model::session::Session;

    #[test]
    fn a_new_revision_is_looked_at_again() {
        let mut facts = Facts::default();
        let key = Key::from(&b"a.json"[..]);
        let first = facts.of_value(&key, 1, b"{}");
        assert_eq!((first.format, first.valid), (ValueFormat::Json, Some(true)));
        assert_eq!(facts.of_value(&key, 2, b"{").valid, Some(false));
    }

    #[test]
    fn leased_keys_of_a_folder_are_counted() {
        let mut session = Session::new(SessionId(1), Profile::default());
        for (key, lease) in [("a/b", 7), ("a/c", 0), ("b", 7)] {
            let meta = KeyMeta { lease, ..KeyMeta::default() };
            session.keyspace.put(key.as_bytes(), meta, None);
        }
        let mut facts = Facts::default();
        assert_eq!(facts.leased_in(&session, &Key::from(&b"a/"[..]), 0), Some(1));
        assert_eq!(facts.leased_in(&session, &Key::from(&b""[..]), 0), Some(2));
    }
}
