//! What became of a folder between two moments: every key marked, counted on its folders, and all
//! keys of both moments in one tree.

use std::collections::{HashMap, HashSet};
use std::ops::ControlFlow;
use std::sync::Arc;

use crate::model::bytes::{Key, Value};
use crate::model::keyspace::Keyspace;
use crate::model::moment::{Certainty, PastKey, Picture};
use crate::model::record::KeyMeta;

/// What became of a key since the earlier moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Mark {
    /// Nothing: it was not written.
    Same,
    /// It was written again, with the same value.
    Rewritten,
    /// It has another value.
    Changed,
    /// It was written; whether its value is another one is not known.
    Unclear,
    /// It did not exist then.
    Created,
    /// It does not exist any more.
    Deleted,
    /// What it was then is not known for certain.
    Uncertain,
}

/// How many keys of each kind; those that are the same are not counted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Created since.
    pub created: u64,
    /// Another value.
    pub changed: u64,
    /// Written since, whether with another value is not known.
    pub unclear: u64,
    /// Written again with the same value.
    pub rewritten: u64,
    /// Deleted since.
    pub deleted: u64,
    /// Not known for certain.
    pub uncertain: u64,
}

impl Counts {
    fn add(&mut self, mark: Mark) {
        match mark {
            Mark::Same => {}
            Mark::Rewritten => self.rewritten += 1,
            Mark::Changed => self.changed += 1,
            Mark::Unclear => self.unclear += 1,
            Mark::Created => self.created += 1,
            Mark::Deleted => self.deleted += 1,
            Mark::Uncertain => self.uncertain += 1,
        }
    }

    /// All together.
    #[must_use]
    pub fn total(&self) -> u64 {
        self.created + self.changed + self.unclear + self.rewritten + self.deleted + self.uncertain
    }
}

/// The later moment.
#[derive(Clone, Debug)]
pub enum Side {
    /// Now.
    Live(Keyspace),
    /// Another moment that is past.
    Past(Arc<Picture>),
}

impl Side {
    /// Whether both are the same below a prefix, without looking at each key.
    #[must_use]
    pub fn is_same(&self, other: &Self, prefix: &[u8]) -> bool {
        match (self, other) {
            (Self::Past(one), Self::Past(other)) => Arc::ptr_eq(one, other),
            // What has not changed is shared: a folder's memory stands for all that is in it.
            (Self::Live(one), Self::Live(other)) => match (one.folder(prefix), other.folder(prefix)) {
                (Some(one), Some(other)) => Arc::ptr_eq(one, other),
                (None, None) => {
                    one.is_same(other) || one.count_prefix(prefix) + other.count_prefix(prefix) == 0
                }
                _ => false,
            },
            _ => false,
        }
    }

    /// Number of keys below a prefix.
    #[must_use]
    pub fn len(&self, prefix: &[u8]) -> u64 {
        match self {
            Self::Live(keyspace) => keyspace.count_prefix(prefix),
            Self::Past(picture) => picture.keys.len() as u64,
        }
    }

    /// What a key is at this moment.
    #[must_use]
    pub fn get(&self, key: &[u8]) -> Option<(KeyMeta, Option<&Value>)> {
        match self {
            Self::Live(keyspace) => keyspace.get(key).map(|view| (view.meta, view.value)),
            Self::Past(picture) => picture.keys.get(key).map(|past| (past.meta, past.value.as_ref())),
        }
    }

    fn certainty(&self) -> Certainty {
        match self {
            Self::Live(_) => Certainty::Exact,
            Self::Past(picture) => picture.certainty,
        }
    }

    /// Visits every key below a prefix in key order.
    fn visit(&self, prefix: &[u8], visit: &mut Visit<'_>) {
        match self {
            Self::Live(keyspace) => {
                let _all = keyspace.for_each_prefix(prefix, &mut |key, view| {
                    visit(key, view.meta, view.value);
                    ControlFlow::Continue(())
                });
            }
            Self::Past(picture) => {
                for (key, past) in picture.keys.iter().filter(|(key, _)| key.starts_with(prefix)) {
                    visit(key, past.meta, past.value.as_ref());
                }
            }
        }
    }
}

/// Hears of a key: what it is, and its value where that is known.
type Visit<'v> = dyn FnMut(&[u8], KeyMeta, Option<&Value>) + 'v;

/// What became of a folder between two moments.
#[derive(Clone, Debug)]
pub struct Comparison {
    /// The earlier moment.
    pub then: Arc<Picture>,
    /// The later one.
    pub now: Side,
    /// Every key of both moments. Revisions are those of the earlier moment, where the key existed.
    pub all: Keyspace,
    /// The keys that are not the same in both.
    pub differing: Keyspace,
    /// How many keys of each kind there are.
    pub totals: Counts,
    marks: HashMap<Key, Mark>,
    folders: HashMap<Vec<u8>, Counts>,
}

impl Comparison {
    /// Compares. Costs the number of keys of both moments.
    #[must_use]
    pub fn new(then: &Arc<Picture>, now: &Side, separator: u8) -> Self {
        let mut comparison = Self {
            all: Keyspace::new(separator),
            differing: Keyspace::new(separator),
            totals: Counts::default(),
            marks: HashMap::new(),
            folders: HashMap::new(),
            then: then.clone(),
            now: now.clone(),
        };
        let mut doubtful: HashSet<&Key> = then.uncertain.iter().collect();
        if let Side::Past(picture) = now {
            doubtful.extend(&picture.uncertain);
        }
        let judge = Judge { revision: then.revision, then: then.certainty, now: now.certainty() };
        let prefix = then.prefix.as_slice();
        let mut before = then.keys.iter().filter(|(key, _)| key.starts_with(prefix)).peekable();
        now.visit(prefix, &mut |key, meta, value| {
            while let Some((gone, past)) = before.next_if(|(other, _)| &***other < key) {
                let mark = judge.mark(Some(past), None);
                comparison.add(gone, past.meta, if doubtful.contains(gone) { Mark::Uncertain } else { mark });
            }
            let past = before.next_if(|(other, _)| &***other == key);
            let shared = past.map_or_else(|| Key::from(key), |(shared, _)| shared.clone());
            let past = past.map(|(_, past)| past);
            let mark = judge.mark(past, Some((meta, value)));
            let mark = if doubtful.contains(&shared) { Mark::Uncertain } else { mark };
            comparison.add(&shared, past.map_or(meta, |past| past.meta), mark);
        });
        for (gone, past) in before {
            let mark = judge.mark(Some(past), None);
            comparison.add(gone, past.meta, if doubtful.contains(gone) { Mark::Uncertain } else { mark });
        }
        for key in doubtful {
            if key.starts_with(prefix) && comparison.all.get(key).is_none() {
                comparison.add(key, KeyMeta::default(), Mark::Uncertain);
            }
        }
        comparison
    }

    fn add(&mut self, key: &Key, meta: KeyMeta, mark: Mark) {
        self.all.put(key, meta, None);
        if mark == Mark::Same {
            return;
        }
        self.differing.put(key, meta, None);
        self.totals.add(mark);
        for folder in self.all.ancestors(key) {
            match self.folders.get_mut(folder) {
                Some(counts) => counts.add(mark),
                None => {
                    let mut counts = Counts::default();
                    counts.add(mark);
                    self.folders.insert(folder.to_vec(), counts);
                }
            }
        }
        self.marks.insert(key.clone(), mark);
    }

    /// What became of a key; `None`: it is in neither moment.
    #[must_use]
    pub fn mark(&self, key: &[u8]) -> Option<Mark> {
        match self.marks.get(key) {
            Some(mark) => Some(*mark),
            None => self.all.get(key).map(|_| Mark::Same),
        }
    }

    /// What became of the keys of a folder.
    #[must_use]
    pub fn folder(&self, path: &[u8]) -> Counts {
        if path.is_empty() {
            return self.totals;
        }
        self.folders.get(path).copied().unwrap_or_default()
    }

    /// The folders in which something differs.
    pub fn differing_folders(&self) -> impl Iterator<Item = &[u8]> {
        self.folders.keys().map(Vec::as_slice)
    }
}

/// What is known of both moments as a whole.
struct Judge {
    revision: i64,
    then: Certainty,
    now: Certainty,
}

impl Judge {
    fn mark(&self, then: Option<&PastKey>, now: Option<(KeyMeta, Option<&Value>)>) -> Mark {
        match (then, now) {
            // When it was written is not known: that neither moment knows does not make them the same.
            (Some(then), Some((meta, _))) if then.meta.mod_revision == 0 || meta.mod_revision == 0 => {
                Mark::Unclear
            }
            (Some(then), Some((meta, _))) if then.meta.mod_revision == meta.mod_revision => Mark::Same,
            (Some(then), Some((_, value))) => match (&then.value, value) {
                (Some(then), Some(now)) if then == now => Mark::Rewritten,
                (Some(_), Some(_)) => Mark::Changed,
                _ => Mark::Unclear,
            },
            (Some(_), None) if is_partial(self.now) => Mark::Uncertain,
            (Some(_), None) => Mark::Deleted,
            // It is older than the moment that does not have it: it did exist, as nobody knows what.
            (None, Some((meta, _))) if meta.create_revision <= self.revision => Mark::Uncertain,
            // It may have existed earlier, and been deleted, without being known.
            (None, Some(_)) if is_partial(self.then) => Mark::Uncertain,
            (None, Some(_)) => Mark::Created,
            (None, None) => Mark::Uncertain,
        }
    }
}

/// Whether keys of the moment may be missing that nothing is known of.
fn is_partial(certainty: Certainty) -> bool {
    matches!(certainty, Certainty::BeforeRecords | Certainty::Withheld)
}
