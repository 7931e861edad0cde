//! The rows of the tree as they were last built, and what is needed to know of each row: built
//! again only when the keys, the open folders or the deleted keys have changed.

use std::collections::BTreeSet;

use crate::model::activity::{ActivityKind, GHOST_MS};
use crate::model::coordination::ClaimKind;
use crate::model::keyspace::Keyspace;
use crate::model::record::KeyMeta;
use crate::model::rows::{Row, Rows};
use crate::model::session::Session;
use crate::model::status::SeenAt;

/// At most so many deleted keys are kept in the tree after a burst of deletions.
const MAX_GHOSTS: usize = 200;
/// At most so many while the operator asked to see them.
const MAX_SHOWN_DELETED: usize = 5_000;
/// While so many are shown they are gathered again at most so often, in milliseconds.
const GATHER_EVERY_MS: SeenAt = 400;

/// What a key stands for in a lock or an election.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ClaimMark {
    /// Lock or election.
    pub kind: ClaimKind,
    /// Place in the line of those who wait, from 1; 0: it holds or leads.
    pub place: usize,
}

impl ClaimMark {
    /// What a key stands for, looked up where it is shown. `created`: the revision that created it, where
    /// known.
    #[must_use]
    pub fn of(session: &Session, key: &[u8], created: Option<i64>) -> Option<Self> {
        let coordination = &session.coordination;
        let (queue, at) = match created {
            Some(created) => coordination.claim_at(key, created),
            None => coordination.claim_of(key),
        }?;
        Some(Self { kind: queue.kind, place: (at + 1).saturating_sub(queue.holding()) })
    }
}

/// The rows of one connection's tree.
#[derive(Clone, Debug, Default)]
pub struct TreeRows {
    rows: Rows,
    built_for: Option<Keyspace>,
    expanded: BTreeSet<Vec<u8>>,
    /// Keys that are gone and still shown.
    ghosts: Keyspace,
    /// When they were gathered, and from which answers.
    gathered: (SeenAt, u64),
    show_deleted: bool,
    /// When the first ghost leaves.
    ghosts_until: Option<SeenAt>,
    /// How often the rows were built, for the test that they are not built in every frame.
    builds: u64,
}

impl TreeRows {
    /// Brings the rows up to what the session is now.
    pub fn refresh(&mut self, session: &Session, now: SeenAt) {
        let same_keys = self.built_for.as_ref().is_some_and(|built| built.is_same(&session.keyspace));
        let ghosts_stand = self.show_deleted == session.show_deleted
            && self.ghosts_until.is_none_or(|until| now < until)
            && (!session.show_deleted || self.gathered.1 == session.deletions.version());
        if same_keys && ghosts_stand && self.expanded == session.expanded {
            return;
        }
        if !same_keys || !ghosts_stand {
            self.refresh_ghosts(session, now);
        }
        self.expanded.clone_from(&session.expanded);
        self.show_deleted = session.show_deleted;
        self.built_for = Some(session.keyspace.clone());
        self.rows = Rows::build(&session.keyspace, b"", &self.expanded, &self.ghosts);
        self.builds += 1;
    }

    fn refresh_ghosts(&mut self, session: &Session, now: SeenAt) {
        let version = session.deletions.version();
        if session.show_deleted && self.show_deleted && self.gathered.1 == version {
            // A busy key space: those that exist again are not shown twice meanwhile.
            let many = self.ghosts.len() > 500;
            let age = now - self.gathered.0;
            if many && (0..GATHER_EVERY_MS).contains(&age) {
                self.ghosts_until = Some(self.gathered.0 + GATHER_EVERY_MS);
                return;
            }
        }
        self.gathered = (now, version);
        self.ghosts = Keyspace::new(session.keyspace.separator());
        self.ghosts_until = None;
        if session.show_deleted {
            let seen = session.activity.deleted().chain(session.deletions.iter());
            let gone = seen.filter(|deleted| session.keyspace.get(&deleted.last.key).is_none());
            for deleted in gone.take(MAX_SHOWN_DELETED) {
                self.ghosts.put(&deleted.last.key, KeyMeta::default(), None);
            }
            return;
        }
        let recent = session.activity.lines().rev().take_while(|line| now - line.seen_at < GHOST_MS);
        for line in recent.filter(|line| line.kind == ActivityKind::Deleted) {
            if session.activity.deleted_key(&line.key).is_none() {
                continue;
            }
            self.ghosts.put(&line.key, KeyMeta::default(), None);
            let until = line.seen_at + GHOST_MS;
            self.ghosts_until = Some(self.ghosts_until.map_or(until, |first| first.min(until)));
            if self.ghosts.len() >= MAX_GHOSTS as u64 {
                break;
            }
        }
    }

    /// The rows.
    #[must_use]
    pub fn rows(&self) -> &Rows {
        &self.rows
    }

    /// One row.
    #[must_use]
    pub fn row(&self, at: usize) -> Option<Row> {
        self.rows.slice(at, 1).pop()
    }

    /// Number of deleted keys shown in a folder and below, while they are asked for.
    #[must_use]
    pub fn gone_in(&self, folder: &[u8]) -> u64 {
        match self.ghosts.folder(folder) {
            Some(folder) if self.show_deleted => folder.keys(),
            _ => 0,
        }
    }

    /// When the first deleted key leaves the tree by itself.
    #[must_use]
    pub fn ghosts_until(&self) -> Option<SeenAt> {
        self.ghosts_until
    }
}

#[cfg(test)]
mod tests {
    use super::TreeRows;
    use crate::model::activity::GHOST_MS;
    use crate::model::bytes::{Key, Value};
    use crate::model::message::SessionId;
    use crate::model::profile::Profile;
    use crate::model::record::{ChangeKind, KeyChange, KeyMeta, KeyRecord};
    use crate::model::session::Session;

    fn session(keys: &[&str]) -> Session {
        let mut session = Session::new(SessionId(1), Profile::default());
        for key in keys {
            session.keyspace.put(key.as_bytes(), KeyMeta::default(), None);
        }
        session
    }

    fn delete(session: &mut Session, key: &str, seen_at: i64) {
        let key: Key = key.as_bytes().into();
        session.keyspace.remove(&key);
        let prev =
            KeyRecord { key: key.clone(), meta: KeyMeta::default(), value: Some(Value::from(&b"v"[..])) };
        let change = KeyChange { key, kind: ChangeKind::Delete, prev: Some(prev) };
        session.activity.note(&change, 9, seen_at, &[]);
    }

    #[test]
    fn nothing_is_built_while_nothing_changes() {
        let mut session = session(&["a/b", "c"]);
        let mut rows = TreeRows::default();
        rows.refresh(&session, 1_000);
        rows.refresh(&session, 2_000);
        assert_eq!((rows.builds, rows.rows().len()), (1, 2));
        session.expanded.insert(b"a/".to_vec());
        rows.refresh(&session, 3_000);
        assert_eq!((rows.builds, rows.rows().len()), (2, 3));
    }

    #[test]
    fn a_deleted_key_stays_for_a_moment() {
        let mut session = session(&["a", "b"]);
        let mut rows = TreeRows::default();
        rows.refresh(&session, 1_000);
        delete(&mut session, "b", 1_000);
        rows.refresh(&session, 1_001);
        assert_eq!(rows.rows().len(), 2);
        rows.refresh(&session, 1_000 + GHOST_MS);
        assert_eq!(rows.rows().len(), 1);
    }

    #[test]
    fn deleted_keys_stay_as_long_as_they_are_asked_for() {
        let mut session = session(&["a", "b"]);
        session.show_deleted = true;
        delete(&mut session, "b", 1_000);
        let mut rows = TreeRows::default();
        rows.refresh(&session, 100 * GHOST_MS);
        assert_eq!(rows.rows().len(), 2);
        session.show_deleted = false;
        rows.refresh(&session, 100 * GHOST_MS);
        assert_eq!(rows.rows().len(), 1);
    }
}
