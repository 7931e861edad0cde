//! The mirror of the key space: listings and revisions in, the current picture out.
//!
//! A listing is read page by page at one revision while the watch from the next revision may
//! already deliver. So a listing goes into a shadow beside the picture on screen: pages fill it,
//! revisions change it, and what a revision wrote or deleted is not undone by an older page that
//! comes later. When the listing is complete the shadow becomes the picture. Only before the first
//! complete listing is the growing shadow itself shown, so that the first rows appear at once.

use std::cell::Cell;
use std::collections::HashSet;
use std::fmt::Write as _;
use std::ops::ControlFlow;

use sha2::{Digest as _, Sha256};

use super::bytes::{Key, Value};
use super::keyspace::Keyspace;
use super::page::KeyPage;
use super::record::{ChangeKind, KeyMeta, Revision};
use super::status::KeyInterval;

/// A fingerprint of the whole mirror, to be compared with what etcd itself says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MirrorDigest {
    /// Number of keys.
    pub keys: u64,
    /// SHA-256 in lower-case hexadecimal over, in key order, `key length, key, mod revision` and,
    /// with values, `value length, value`; numbers as 64-bit big-endian.
    pub sha256: String,
    /// Keys whose value is not loaded; with values they are hashed as if empty, and the digest
    /// says nothing.
    pub values_missing: u64,
}

/// One picture of the key space.
#[derive(Debug)]
struct Picture {
    keyspace: Keyspace,
    applied: i64,
    /// Bytes of all values kept.
    value_bytes: u64,
}

/// A listing under way.
#[derive(Debug)]
struct Shadow {
    picture: Picture,
    listed_at: i64,
    /// Keys deleted by revisions after the listing's own (and perhaps created again since).
    deleted: HashSet<Key>,
}

/// The authoritative mirror of one connection. Whole revisions go in; clones of
/// [`Mirror::keyspace`] are consistent pictures that later changes leave alone.
#[derive(Debug)]
pub struct Mirror {
    separator: u8,
    value_budget: u64,
    picture: Picture,
    shadow: Option<Shadow>,
    /// A listing has been completed.
    complete: bool,
}

impl Picture {
    fn new(separator: u8, applied: i64) -> Self {
        Self { keyspace: Keyspace::new(separator), applied, value_bytes: 0 }
    }

    fn put(&mut self, key: &[u8], meta: KeyMeta, value: Option<Value>, budget: u64) {
        let value = value.filter(|value| meta.lease != 0 || self.has_room(key, value, budget));
        self.value_bytes += length(value.as_ref());
        let before = self.keyspace.put(key, meta, value);
        self.value_bytes -= before.as_ref().map_or(0, |(_, value)| length(value.as_ref()));
    }

    /// Puts all keys of a page at once.
    fn put_page(&mut self, page: &KeyPage, budget: u64) {
        let bytes = Cell::new(self.value_bytes);
        self.keyspace.put_page(
            page,
            &mut |meta, value| {
                let after = bytes.get() + value.len() as u64;
                let kept = meta.lease != 0 || after <= budget;
                if kept {
                    bytes.set(after);
                }
                kept
            },
            &mut |_, _, value| bytes.set(bytes.get() - length(value.as_ref())),
        );
        self.value_bytes = bytes.get();
    }

    /// Whether the value fits into the budget in place of the one that the key has.
    fn has_room(&self, key: &[u8], value: &Value, budget: u64) -> bool {
        let after = self.value_bytes + value.len() as u64;
        after <= budget || after - length(self.keyspace.get(key).and_then(|view| view.value)) <= budget
    }

    fn remove(&mut self, key: &[u8]) {
        if let Some((_, value)) = self.keyspace.remove(key) {
            self.value_bytes -= length(value.as_ref());
        }
    }

    fn apply(&mut self, revision: &Revision, budget: u64) {
        for change in &revision.changes {
            match &change.kind {
                ChangeKind::Put { meta, value } => {
                    self.put(&change.key, *meta, Some(value.clone()), budget);
                }
                ChangeKind::Delete => self.remove(&change.key),
            }
        }
        self.applied = revision.revision;
    }

    fn set_value(&mut self, key: &Key, mod_revision: i64, value: Value, budget: u64) -> bool {
        let Some(view) = self.keyspace.get(key).filter(|view| view.meta.mod_revision == mod_revision) else {
            return false;
        };
        let meta = view.meta;
        if meta.lease == 0 && !self.has_room(key, &value, budget) {
            return false;
        }
        self.put(key, meta, Some(value), budget);
        true
    }

    fn forget(&mut self, interval: &KeyInterval) {
        let mut keys: Vec<Key> = Vec::new();
        let _completed =
            self.keyspace.for_each_range(&interval.start, interval.end.as_deref(), &mut |key, _| {
                keys.push(key.into());
                ControlFlow::Continue(())
            });
        for key in &keys {
            self.remove(key);
        }
    }
}

impl Mirror {
    /// An empty mirror. `separator` ends a folder's name; values of keys without a lease are kept
    /// only while all values together have at most `value_budget_bytes`.
    #[must_use]
    pub fn new(separator: u8, value_budget_bytes: u64) -> Self {
        Self {
            separator,
            value_budget: value_budget_bytes,
            picture: Picture::new(separator, 0),
            shadow: None,
            complete: false,
        }
    }

    /// Begins a listing of the whole key space (or of all that may be read) as of `revision`, and
    /// drops one that was under way.
    pub fn begin_listing(&mut self, revision: i64) {
        self.abort_listing();
        let picture = Picture::new(self.separator, revision);
        self.shadow = Some(Shadow { picture, listed_at: revision, deleted: HashSet::new() });
    }

    /// Takes in a page of the listing; pages may come in any order. Without a listing nothing
    /// happens.
    pub fn list(&mut self, page: &KeyPage) {
        let Some(shadow) = &mut self.shadow else { return };
        if shadow.picture.applied <= shadow.listed_at {
            shadow.picture.put_page(page, self.value_budget);
            return;
        }
        for it in page.iter() {
            let known = shadow.picture.keyspace.get(it.key);
            let overtaken = shadow.deleted.contains(it.key)
                || known.is_some_and(|view| view.meta.mod_revision > shadow.listed_at);
            if !overtaken {
                shadow.picture.put(it.key, it.meta, it.value.cloned(), self.value_budget);
            }
        }
    }

    /// Ends the listing: what it read is the picture now. Without a listing nothing happens.
    pub fn finish_listing(&mut self) {
        if let Some(shadow) = self.shadow.take() {
            self.picture = shadow.picture;
            self.complete = true;
        }
    }

    /// Gives the listing up; the old picture stays. Of a first listing what was read stays on
    /// screen until a new listing has read as much, but takes no revisions.
    pub fn abort_listing(&mut self) {
        if let Some(shadow) = self.shadow.take()
            && !self.complete
            && shadow.picture.keyspace.len() >= self.picture.keyspace.len()
        {
            self.picture = shadow.picture;
        }
    }

    /// Whether a listing is under way.
    #[must_use]
    pub fn is_listing(&self) -> bool {
        self.shadow.is_some()
    }

    /// Whether a listing has ever been completed, so that [`Mirror::keyspace`] is a whole picture.
    #[must_use]
    pub fn is_complete(&self) -> bool {
        self.complete
    }

    /// Applies all changes of one revision at once. `false`: it was dropped, because it (or a
    /// later one) has been applied already, or because there is no picture to apply it to.
    pub fn apply(&mut self, revision: &Revision) -> bool {
        if let Some(shadow) = &mut self.shadow {
            if revision.revision <= shadow.picture.applied {
                return false;
            }
            for change in &revision.changes {
                if change.deletes() {
                    shadow.deleted.insert(change.key.clone());
                }
            }
            shadow.picture.apply(revision, self.value_budget);
            return true;
        }
        if !self.complete || revision.revision <= self.picture.applied {
            return false;
        }
        self.picture.apply(revision, self.value_budget);
        true
    }

    /// The member proved that nothing else happened up to this revision.
    pub fn progress(&mut self, revision: i64) {
        let picture = self.fed();
        picture.applied = picture.applied.max(revision);
    }

    /// Adds the value of a key that was listed without, if the key is still at this mod revision
    /// and the value is within the budget (or the key leased). Tells whether it was taken.
    pub fn set_value(&mut self, key: &Key, mod_revision: i64, value: Value) -> bool {
        let budget = self.value_budget;
        self.fed().set_value(key, mod_revision, value, budget)
    }

    /// The picture that listings and revisions go into.
    fn fed(&mut self) -> &mut Picture {
        self.shadow.as_mut().map_or(&mut self.picture, |shadow| &mut shadow.picture)
    }

    /// The picture that is shown: the last complete one, or the one that grows before the first
    /// (once it has grown beyond what a listing given up has left).
    fn shown(&self) -> &Picture {
        self.growing().unwrap_or(&self.picture)
    }

    fn growing(&self) -> Option<&Picture> {
        let shadow = self.shadow.as_ref().filter(|_| !self.complete)?;
        (shadow.picture.keyspace.len() >= self.picture.keyspace.len()).then_some(&shadow.picture)
    }

    /// The last revision applied to [`Mirror::keyspace`].
    #[must_use]
    pub fn applied(&self) -> i64 {
        self.shown().applied
    }

    /// The revision to watch from: behind the last one applied, or behind the listing under way.
    #[must_use]
    pub fn next_revision(&self) -> i64 {
        self.shadow.as_ref().map_or(self.picture.applied, |shadow| shadow.picture.applied) + 1
    }

    /// The picture to show; cloning it is cheap.
    #[must_use]
    pub fn keyspace(&self) -> &Keyspace {
        &self.shown().keyspace
    }

    /// Keys read by the listing under way.
    #[must_use]
    pub fn listed(&self) -> Option<u64> {
        self.shadow.as_ref().map(|shadow| shadow.picture.keyspace.len())
    }

    /// Bytes of all values kept.
    #[must_use]
    pub fn value_bytes(&self) -> u64 {
        self.shown().value_bytes
    }

    /// Forgets the keys of an interval that may no longer be read.
    pub fn forget_range(&mut self, interval: &KeyInterval) {
        self.picture.forget(interval);
        if let Some(shadow) = &mut self.shadow {
            shadow.picture.forget(interval);
        }
    }

    /// Leased keys whose value is not loaded, with their mod revision, in key order: locks and
    /// elections are told apart by their values, so these are worth reading.
    #[must_use]
    pub fn leased_without_value(&self) -> Vec<(Key, i64)> {
        let mut keys = Vec::new();
        let _completed = self.shown().keyspace.for_each(&mut |key, view| {
            if view.meta.lease != 0 && view.value.is_none() {
                keys.push((key.into(), view.meta.mod_revision));
            }
            ControlFlow::Continue(())
        });
        keys
    }

    /// The fingerprint of the picture.
    #[must_use]
    pub fn digest(&self, with_values: bool) -> MirrorDigest {
        digest_of(self.keyspace(), with_values)
    }
}

/// The fingerprint of a key space.
#[must_use]
pub fn digest_of(keyspace: &Keyspace, with_values: bool) -> MirrorDigest {
    let mut hash = Sha256::new();
    let (mut keys, mut values_missing) = (0, 0);
    let _completed = keyspace.for_each(&mut |key, view| {
        keys += 1;
        hash.update((key.len() as u64).to_be_bytes());
        hash.update(key);
        hash.update(view.meta.mod_revision.to_be_bytes());
        values_missing += u64::from(view.value.is_none());
        if with_values {
            let value = view.value.map_or([].as_slice(), |value| value);
            hash.update((value.len() as u64).to_be_bytes());
            hash.update(value);
        }
        ControlFlow::Continue(())
    });
    let mut sha256 = String::with_capacity(64);
    for byte in hash.finalize() {
        // Writing to a string can not fail.
        let _written = write!(sha256, "{byte:02x}");
    }
    MirrorDigest { keys, sha256, values_missing }
}

fn length(value: Option<&Value>) -> u64 {
    value.map_or(0, |value| value.len() as u64)
}

#[cfg(test)]
mod tests;
