//! Keeps a [`Coordination`] up to date: whole key spaces and changes in, pictures out.

use super::{Coordination, CoordinationSettings, EndCause, OwnEnd};
use crate::model::bytes::{Key, Value};
use crate::model::keyspace::Keyspace;
use crate::model::recognise::Rules;
use crate::model::record::{KeyMeta, Revision};
use crate::model::status::SeenAt;

/// The authoritative picture of one connection.
#[derive(Debug)]
pub struct Engine {
    separator: u8,
    rules: Rules,
    picture: Coordination,
}

impl Engine {
    /// One that has seen nothing yet.
    #[must_use]
    pub fn new(separator: u8, settings: &CoordinationSettings) -> Self {
        Self { separator, rules: Rules::new(&settings.rules), picture: Coordination::default() }
    }

    /// Takes changed settings over. `keyspace` is what is known now.
    pub fn follow(&mut self, settings: &CoordinationSettings, keyspace: Option<&Keyspace>) {
        self.rules = Rules::new(&settings.rules);
        let _ = keyspace;
    }

    /// Takes a whole key space in.
    pub fn listed(&mut self, _keyspace: &Keyspace, revision: i64, seen_at: SeenAt, _replaced: bool) {
        self.picture.revision = revision;
        self.picture.complete = true;
        self.picture.watched_since = Some(seen_at);
    }

    /// Takes the changes of a revision in.
    pub fn apply(&mut self, revision: &Revision, _seen_at: SeenAt) {
        self.picture.revision = revision.revision;
    }

    /// The value of a key that was listed without.
    pub fn loaded(&mut self, _key: &Key, _meta: &KeyMeta, _value: Option<&Value>) {}

    /// It is known why a key went.
    pub fn settle(&mut self, _key: &Key, _revision: i64, _cause: EndCause) {}

    /// This console ended something.
    pub fn ours(&mut self, _end: &OwnEnd, _now: SeenAt) {}

    /// Looks after what depends on time alone; tells whether anything changed.
    pub fn tick(&mut self, _now: SeenAt) -> bool {
        false
    }

    /// The picture as it is now.
    pub fn picture(&mut self, _now: SeenAt) -> Coordination {
        self.picture.clone()
    }

    /// Byte that separates segments beside `/`.
    #[must_use]
    pub fn separator(&self) -> u8 {
        self.separator
    }
}
