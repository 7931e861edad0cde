//! What a prefix was at a revision that is past.

mod past;
mod segments;

use std::collections::BTreeMap;

use super::bytes::{Key, Value};
use super::journal::{JournalGap, Span};
use super::record::KeyMeta;
use super::status::SeenAt;
pub use past::{Fact, Live, picture};
pub use segments::{Segment, Watched, segments, spans_of};

/// Where what is known of a past key comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum PastSource {
    /// etcd still has that revision.
    Etcd,
    /// The journal recorded it.
    Journal,
    /// It has not changed since.
    Live,
}

/// A key as it was.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PastKey {
    /// Its revisions, version and lease then. A mod revision of 0: it existed since its create revision,
    /// and when it was written last is not known.
    pub meta: KeyMeta,
    /// Its value then; `None`: it existed, its value is not known.
    pub value: Option<Value>,
    /// Where this is known from.
    pub source: PastSource,
}

/// How sure a picture is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Certainty {
    /// It is what the cluster had, whole.
    #[default]
    Exact,
    /// The revision lies where nobody watched: keys that changed there may be missing or other.
    InGap(JournalGap),
    /// The revision lies before everything recorded.
    BeforeRecords,
    /// Part of the prefix is kept out of the journal or may not be read: keys there are missing.
    Withheld,
}

/// What a prefix was at a revision.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Picture {
    /// The prefix; empty: everything.
    pub prefix: Vec<u8>,
    /// The revision.
    pub revision: i64,
    /// The keys that existed, each for certain. Those whose state is not certain are in `uncertain`.
    pub keys: BTreeMap<Key, PastKey>,
    /// Keys that may have existed, or not, or differently: they changed where nobody watched.
    pub uncertain: Vec<Key>,
    /// How sure it is as a whole.
    pub certainty: Certainty,
}

/// One revision that changed something below a prefix.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Tick {
    /// The revision.
    pub revision: i64,
    /// When it was seen; `None`: it was not watched, etcd's history tells of it.
    pub seen_at: Option<SeenAt>,
    /// Keys created by it.
    pub created: u32,
    /// Keys written again by it.
    pub changed: u32,
    /// Keys deleted by it.
    pub deleted: u32,
}

/// Every change below a prefix that is in reach.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Timeline {
    /// The prefix.
    pub prefix: Vec<u8>,
    /// Oldest first.
    pub ticks: Vec<Tick>,
    /// What was watched, oldest first.
    pub spans: Vec<Span>,
    /// etcd itself still has the revisions from this one on; 0: it has all. `None`: it did not tell.
    pub etcd_from: Option<i64>,
    /// Ticks were left out: there are too many. The oldest are missing.
    pub cut: bool,
}
