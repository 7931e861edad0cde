//! The comparison of everything that the mirror published with the truth.

use std::ops::ControlFlow;

use etcdscope::etcd::ValuePolicy;
use etcdscope::model::keyspace::Keyspace;
use etcdscope::model::message::MirrorUpdate;
use etcdscope::model::record::{KeyRecord, Revision};
use etcdscope::model::status::MirrorState;

use super::truth::{Fact, Replay, Snapshot, Truth, shown};

/// Pictures are compared whole while this many keys altogether have been looked at; behind that only
/// what changed in them, and every tenth whole.
const WHOLE_PICTURES: u64 = 150_000;

/// What was compared.
#[derive(Clone, Copy, Debug, Default)]
pub struct Compared {
    pub events: u64,
    pub pictures: u64,
    pub relists: u64,
}

impl Compared {
    pub fn add(&mut self, more: Self) {
        self.events += more.events;
        self.pictures += more.pictures;
        self.relists += more.relists;
    }
}

/// Judges what a mirror published.
pub struct Judge<'a> {
    /// Revisions below which history was (or may have been) compacted away.
    compacted: &'a [i64],
    /// Every value must be there.
    all_values: bool,
    replay: Replay<'a>,
    /// Revision of the last complete picture.
    applied: Option<i64>,
    /// The first listing is a new one, of another history.
    another_history: bool,
    looked_at: u64,
    compared: Compared,
}

impl<'a> Judge<'a> {
    pub fn new(truth: &'a Truth, compacted: &'a [i64], values: ValuePolicy, budget: u64) -> Self {
        let all_values = values == ValuePolicy::Always && budget == u64::MAX;
        let replay = Replay::new(truth);
        Self {
            compacted,
            all_values,
            replay,
            applied: None,
            another_history: false,
            looked_at: 0,
            compared: Compared::default(),
        }
    }

    /// The updates begin with the new listing after a restoration.
    pub fn of_another_history(self) -> Self {
        Self { another_history: true, ..self }
    }

    /// Compares all updates; an error tells the first difference.
    pub fn judge(mut self, updates: &[MirrorUpdate]) -> (Compared, Option<String>) {
        for (number, update) in updates.iter().enumerate() {
            let last = number + 1 == updates.len();
            if let Err(wrong) = self.update(update, last) {
                let told: usize = update.changes.iter().map(|revision| revision.changes.len()).sum();
                let wrong = format!(
                    "update {number} of {} ({:?}, applied {:?} → {}, {told} changes, relisted {}): {wrong}",
                    updates.len(),
                    update.state,
                    self.applied,
                    update.applied,
                    update.relisted,
                );
                return (self.compared, Some(wrong));
            }
        }
        if self.compared.relists > self.compacted.len() as u64 {
            let wrong =
                format!("{} new listings for {} compactions", self.compared.relists, self.compacted.len());
            return (self.compared, Some(wrong));
        }
        (self.compared, None)
    }

    fn update(&mut self, update: &MirrorUpdate, last: bool) -> Result<(), String> {
        let complete = matches!(update.state, MirrorState::CatchingUp | MirrorState::Live);
        let Some(applied) = self.applied else {
            if complete || self.another_history {
                return self.new_listing(update);
            }
            return self.growing(update);
        };
        if update.applied < applied {
            return Err("the mirror went backwards".to_owned());
        }
        if update.relisted {
            self.compared.relists += 1;
            if !self.compacted.iter().any(|revision| *revision > applied) {
                return Err(format!("listed again without need; compactions at {:?}", self.compacted));
            }
            return self.new_listing(update);
        }
        let changed = self.events(&update.changes, update.applied)?;
        self.applied = Some(update.applied);
        let whole = last || self.looked_at < WHOLE_PICTURES || self.compared.pictures.is_multiple_of(10);
        if whole {
            return self.picture(&update.keyspace, true);
        }
        self.compared.pictures += 1;
        if update.keyspace.len() != self.replay.now.len() as u64 {
            return Err(format!("{} keys, etcd has {}", update.keyspace.len(), self.replay.now.len()));
        }
        changed.iter().try_for_each(|key| self.key(&update.keyspace, key))
    }

    /// The first rows of the first listing: perhaps not all, but all of one revision.
    fn growing(&mut self, update: &MirrorUpdate) -> Result<(), String> {
        if !update.changes.is_empty() {
            return Err("changes are told before there is a picture".to_owned());
        }
        if update.keyspace.is_empty() {
            return Ok(());
        }
        // A listing that was begun anew is at a later revision.
        self.replay.go_to(update.applied);
        self.picture(&update.keyspace, false)
    }

    /// A new picture: what happened before it is a gap, behind it everything is told.
    fn new_listing(&mut self, update: &MirrorUpdate) -> Result<(), String> {
        let first = update.changes.first().map_or(update.applied + 1, |revision| revision.revision);
        self.replay.go_to((first - 1).min(update.applied));
        self.events(&update.changes, update.applied)?;
        self.applied = Some(update.applied);
        self.picture(&update.keyspace, true)
    }

    /// The changes are exactly what happened up to `applied`: in order, each once, whole revisions.
    fn events(
        &mut self,
        changes: &[Revision],
        applied: i64,
    ) -> Result<Vec<etcdscope::model::bytes::Key>, String> {
        let mut keys = Vec::new();
        for revision in changes {
            if revision.changes.is_empty() {
                return Err(format!("revision {} is told without changes", revision.revision));
            }
            for change in &revision.changes {
                let told = Fact::told(revision.revision, change);
                let Some(fact) = self.replay.peek(applied) else {
                    return Err(format!("told {told:?}, but etcd has nothing more up to {applied}"));
                };
                if *fact != told {
                    return Err(format!("told {told:?}, but etcd says {fact:?}"));
                }
                self.previous(fact, change.prev.as_ref())?;
                self.replay.step();
                self.compared.events += 1;
                keys.push(fact.key.clone());
            }
            if let Some(more) = self.replay.peek(revision.revision) {
                return Err(format!("revision {} is torn: {more:?} is missing in it", revision.revision));
            }
        }
        match self.replay.peek(applied) {
            Some(missing) => Err(format!("{missing:?} is missing")),
            None => Ok(keys),
        }
    }

    /// What the key is said to have been before.
    fn previous(&self, fact: &Fact, told: Option<&KeyRecord>) -> Result<(), String> {
        let before = self.replay.now.get(&fact.key);
        match (before, told) {
            (None, None) => Ok(()),
            (Some((meta, value)), Some(told))
                if *meta == told.meta && Some(value) == told.value.as_ref() && told.key == fact.key =>
            {
                Ok(())
            }
            (Some(_), None) if self.compacted.iter().any(|revision| *revision >= fact.revision) => Ok(()),
            _ => Err(format!(
                "before {fact:?} the key is said to have been {told:?}, but etcd says {before:?}"
            )),
        }
    }

    /// The picture is etcd's state at this revision, `whole` or a part of it.
    fn picture(&mut self, keyspace: &Keyspace, whole: bool) -> Result<(), String> {
        self.compared.pictures += 1;
        self.looked_at += keyspace.len();
        same_keys(keyspace, &self.replay.now, whole, self.all_values && whole)
    }

    fn key(&self, keyspace: &Keyspace, key: &[u8]) -> Result<(), String> {
        let view = keyspace.get(key);
        match (view, self.replay.now.get(key)) {
            (None, None) => Ok(()),
            (Some(view), Some((meta, value)))
                if view.meta == *meta && view.value.map_or(!self.all_values, |shown| shown == value) =>
            {
                Ok(())
            }
            (view, is) => Err(format!("{} is shown as {view:?}, but etcd says {is:?}", shown(key))),
        }
    }

    /// The truth itself, compared with what etcd had at some revisions.
    pub fn confirm(truth: &Truth, mut ranges: Vec<(i64, Snapshot)>) -> Option<String> {
        ranges.sort_by_key(|(revision, _)| *revision);
        let mut replay = Replay::new(truth);
        for (revision, snapshot) in &ranges {
            if *revision < truth.from || *revision > truth.last() {
                continue;
            }
            replay.go_to(*revision);
            if replay.now != *snapshot {
                let keys = replay.now.keys().chain(snapshot.keys());
                let key = keys.into_iter().find(|key| replay.now.get(*key) != snapshot.get(*key));
                let key = key.map(|key| (shown(key), replay.now.get(key), snapshot.get(key)));
                return Some(format!("at {revision} the witness differs from a Range: {key:?}"));
            }
        }
        None
    }
}

/// Compares two walks in key order.
fn same_keys(keyspace: &Keyspace, snapshot: &Snapshot, whole: bool, values: bool) -> Result<(), String> {
    let mut expected = snapshot.iter().peekable();
    let mut wrong = None;
    let _walked = keyspace.for_each(&mut |key, view| {
        // Of a growing picture the missing keys may come later.
        while !whole && expected.peek().is_some_and(|(next, _)| ***next < *key) {
            expected.next();
        }
        match expected.next() {
            Some((next, (meta, value))) if **next == *key => {
                let same = view.meta == *meta && view.value.map_or(!values, |shown| shown == value);
                if !same {
                    let value = view.value.map(|value| shown(value));
                    let is = snapshot.get(key).map(|(meta, value)| (meta, shown(value)));
                    wrong = Some(format!(
                        "{} is shown as {:?} {value:?}, but etcd says {is:?}",
                        shown(key),
                        view.meta
                    ));
                }
            }
            Some((next, _)) if **next < *key => wrong = Some(format!("the key {} is missing", shown(next))),
            _ => wrong = Some(format!("{} is shown, but etcd has no such key: {:?}", shown(key), view.meta)),
        }
        if wrong.is_some() { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    });
    if whole
        && wrong.is_none()
        && let Some((next, _)) = expected.next()
    {
        wrong = Some(format!("the key {} is missing", shown(next)));
    }
    wrong.map_or(Ok(()), Err)
}
