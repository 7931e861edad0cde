//! What happened, as etcd itself told it, and the state that it led to at each revision.

use std::collections::{BTreeMap, HashMap};

use etcdscope::model::bytes::{Key, Value};
use etcdscope::model::record::{ChangeKind, KeyChange, KeyMeta};

/// Keys with what etcd keeps of them, at one revision.
pub type Snapshot = BTreeMap<Key, (KeyMeta, Value)>;

/// One change of one key.
#[derive(Clone, PartialEq, Eq)]
pub struct Fact {
    pub revision: i64,
    pub key: Key,
    /// What the key was then; `None`: deleted.
    pub left: Option<(KeyMeta, Value)>,
}

impl Fact {
    pub fn told(revision: i64, change: &KeyChange) -> Self {
        let left = match &change.kind {
            ChangeKind::Put { meta, value } => Some((*meta, value.clone())),
            ChangeKind::Delete => None,
        };
        Self { revision, key: change.key.clone(), left }
    }
}

impl std::fmt::Debug for Fact {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "@{} {}", self.revision, shown(&self.key))?;
        match &self.left {
            Some((meta, value)) => write!(f, " = {} {meta:?}", shown(value)),
            None => write!(f, " deleted"),
        }
    }
}

/// Bytes for people: escaped, and long ones cut.
pub fn shown(bytes: &[u8]) -> String {
    let head = &bytes[..bytes.len().min(60)];
    let more = if bytes.len() > head.len() { format!("… ({} bytes)", bytes.len()) } else { String::new() };
    format!("\"{}\"{more}", head.escape_ascii())
}

/// Everything that happened behind a known state.
pub struct Truth {
    pub from: i64,
    pub base: Snapshot,
    pub facts: Vec<Fact>,
    by_key: HashMap<Key, Vec<usize>>,
}

impl Truth {
    pub fn new(from: i64, base: Snapshot, facts: Vec<Fact>) -> Self {
        let mut by_key: HashMap<Key, Vec<usize>> = HashMap::new();
        for (index, fact) in facts.iter().enumerate() {
            by_key.entry(fact.key.clone()).or_default().push(index);
        }
        Self { from, base, facts, by_key }
    }

    /// What happened to a key, in order.
    pub fn of_key(&self, key: &[u8]) -> impl DoubleEndedIterator<Item = &Fact> {
        self.by_key.get(key).into_iter().flatten().map(|index| &self.facts[*index])
    }

    /// What a key was before this revision.
    pub fn before(&self, key: &[u8], revision: i64) -> Option<&(KeyMeta, Value)> {
        match self.of_key(key).rev().find(|fact| fact.revision < revision) {
            Some(fact) => fact.left.as_ref(),
            None => self.base.get(key),
        }
    }

    /// The last revision that is known.
    pub fn last(&self) -> i64 {
        self.facts.last().map_or(self.from, |fact| fact.revision)
    }
}

/// The state as it went on from revision to revision.
pub struct Replay<'a> {
    truth: &'a Truth,
    next: usize,
    pub now: Snapshot,
}

impl<'a> Replay<'a> {
    pub fn new(truth: &'a Truth) -> Self {
        Self { truth, next: 0, now: truth.base.clone() }
    }

    /// The next change up to this revision, before it is made.
    pub fn peek(&self, revision: i64) -> Option<&'a Fact> {
        self.truth.facts.get(self.next).filter(|fact| fact.revision <= revision)
    }

    /// Makes the next change.
    pub fn step(&mut self) {
        let Some(fact) = self.truth.facts.get(self.next) else { return };
        match &fact.left {
            Some(left) => {
                self.now.insert(fact.key.clone(), left.clone());
            }
            None => {
                self.now.remove(&fact.key);
            }
        }
        self.next += 1;
    }

    /// Makes all changes up to this revision and tells how many there were.
    pub fn go_to(&mut self, revision: i64) -> usize {
        let begun = self.next;
        while self.peek(revision).is_some() {
            self.step();
        }
        self.next - begun
    }
}
