//! The state of a prefix at a past revision, put together from what is known of each key.
//!
//! Of a key the newest fact at or below the revision tells what it was, if nothing can have happened
//! between the two. That is certain when every revision between them was watched; when a picture
//! behind the revision still shows the same; when the next put is the very next version; or when the
//! key lives and has not changed since. What is not certain is said to be uncertain, never guessed.

use std::collections::BTreeMap;

use super::segments::{Segment, Watched, segments};
use super::{Certainty, PastKey, PastSource, Picture};
use crate::model::bytes::{Key, Value};
use crate::model::journal::{JournalGap, RecordedKind, Span, gaps};
use crate::model::keyspace::Keyspace;
use crate::model::record::KeyMeta;
use crate::model::status::{KeyInterval, SeenAt};

/// One thing that is known of a key: what it became at a revision.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fact {
    /// The key.
    pub key: Key,
    /// The revision.
    pub revision: i64,
    /// What the key became.
    pub kind: RecordedKind,
    /// The mod revision that it had just before; 0: it did not exist; `None`: not known.
    pub prev: Option<i64>,
}

/// The key space as it is now.
#[derive(Clone, Debug)]
pub struct Live {
    /// The keys that may be read.
    pub keyspace: Keyspace,
    /// The revision that it shows.
    pub applied: i64,
    /// When it was seen.
    pub seen_at: SeenAt,
    /// What may be read.
    pub readable: Vec<KeyInterval>,
}

/// What is known of a key on both sides of the revision.
#[derive(Default)]
struct Around {
    before: Option<Fact>,
    after: Option<Fact>,
}

/// The picture of a prefix at a revision. `facts` may come in any order and hold more than one needs;
/// what counts of each key is the newest at or below the revision and the oldest above it. A revision
/// above the live one is not known yet: the caller sees to it that there is none.
#[must_use]
pub fn picture(
    prefix: &[u8],
    revision: i64,
    facts: impl IntoIterator<Item = Fact>,
    watched: &[Watched],
    live: Option<&Live>,
) -> Picture {
    let mut keys: BTreeMap<Key, Around> = BTreeMap::new();
    for fact in facts {
        if fact.key.starts_with(prefix) {
            take_in(&mut keys, fact, revision);
        }
    }
    let mut watched = watched.to_vec();
    if let Some(live) = live {
        take_in_live(&mut keys, prefix, revision, live);
        // What lives is a picture too: whole, and of one revision.
        watched.push(Watched {
            span: Span {
                after: live.applied,
                to: live.applied,
                from_time: live.seen_at,
                to_time: live.seen_at,
                has_base: true,
            },
            intervals: live.readable.clone(),
        });
    }
    let mut judge = Judge::new(&watched, revision);
    let mut picture = Picture { prefix: prefix.to_vec(), revision, ..Picture::default() };
    for (key, around) in keys {
        match judge.state(&key, &around) {
            State::Absent => {}
            State::Uncertain => picture.uncertain.push(key),
            State::Existed { create_revision } => {
                let meta = KeyMeta { create_revision, ..KeyMeta::default() };
                picture.keys.insert(key, PastKey { meta, value: None, source: PastSource::Journal });
            }
            State::Was => {
                if let Some(past) = around.before.and_then(|fact| past_key(fact, live)) {
                    picture.keys.insert(key, past);
                }
            }
        }
    }
    picture.certainty = certainty(&watched, &KeyInterval::prefix(prefix), revision);
    picture
}

fn take_in(keys: &mut BTreeMap<Key, Around>, fact: Fact, revision: i64) {
    let around = match keys.get_mut(&fact.key) {
        Some(around) => around,
        None => keys.entry(fact.key.clone()).or_default(),
    };
    if fact.revision <= revision {
        if around.before.as_ref().is_none_or(|before| before.revision < fact.revision) {
            around.before = Some(fact);
        }
    } else if around.after.as_ref().is_none_or(|after| after.revision > fact.revision) {
        around.after = Some(fact);
    }
}

/// Each live key is a fact, and so is that a recorded one is gone.
fn take_in_live(keys: &mut BTreeMap<Key, Around>, prefix: &[u8], revision: i64, live: &Live) {
    let _completed = live.keyspace.for_each_prefix(prefix, &mut |key, view| {
        let known = keys.get(key).is_some_and(|around| {
            let same = |fact: &Fact| {
                fact.revision == view.meta.mod_revision && matches!(fact.kind, RecordedKind::Put { .. })
            };
            let recorded = around.before.as_ref().into_iter().chain(&around.after).any(same);
            // What was recorded of it has its value already, or gets it from the live one.
            recorded && around.before.as_ref().is_none_or(|before| !same(before) || has_value(before))
        });
        if !known {
            keys.entry(key.into()).or_default();
            if let Some(around) = keys.get_mut(key) {
                let kind = RecordedKind::Put { meta: view.meta, value: view.value.cloned() };
                let fact = Fact { key: key.into(), revision: view.meta.mod_revision, kind, prev: None };
                take_near(around, fact, revision);
            }
        }
        std::ops::ControlFlow::Continue(())
    });
    let readable = |key: &[u8]| live.readable.iter().any(|interval| interval.contains(key));
    for (key, around) in keys.iter_mut() {
        let was_put = around.before.as_ref().is_some_and(|before| {
            matches!(before.kind, RecordedKind::Put { .. }) && before.revision <= live.applied
        });
        let untouched = around.after.as_ref().is_none_or(|after| after.revision > live.applied);
        if was_put && untouched && readable(key) && live.keyspace.get(key).is_none() {
            let kind = RecordedKind::FoundGone;
            take_near(around, Fact { key: key.clone(), revision: live.applied, kind, prev: None }, revision);
        }
    }
}

/// Takes a fact in that is nearer to the revision than the known one, or the same with its value.
fn take_near(around: &mut Around, fact: Fact, revision: i64) {
    let slot = if fact.revision <= revision { &mut around.before } else { &mut around.after };
    let closer = slot.as_ref().is_none_or(|known| {
        known.revision == fact.revision || ((fact.revision <= revision) == (known.revision < fact.revision))
    });
    if closer {
        let prev = slot.as_ref().filter(|known| known.revision == fact.revision).and_then(|known| known.prev);
        *slot = Some(Fact { prev: fact.prev.or(prev), ..fact });
    }
}

fn has_value(fact: &Fact) -> bool {
    matches!(fact.kind, RecordedKind::Put { value: Some(_), .. })
}

fn past_key(fact: Fact, live: Option<&Live>) -> Option<PastKey> {
    let RecordedKind::Put { meta, value } = fact.kind else { return None };
    let lives = live
        .and_then(|live| live.keyspace.get(&fact.key))
        .filter(|view| view.meta.mod_revision == meta.mod_revision);
    let source = if lives.is_some() { PastSource::Live } else { PastSource::Journal };
    let value: Option<Value> = value.or_else(|| lives.and_then(|view| view.value.cloned()));
    Some(PastKey { meta, value, source })
}

/// What is known of a key at the revision.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    /// What the newest fact at or below the revision says.
    Was,
    /// It did not exist, as far as the picture as a whole is certain.
    Absent,
    /// It may have existed, or not, or differently.
    Uncertain,
    /// It existed, since this revision: the generation known later had begun. What it was is not known.
    Existed {
        /// The revision that created it.
        create_revision: i64,
    },
}

/// What was watched of keys that lie in the same spans.
#[derive(Clone)]
struct Coverage {
    /// The segment that the revision lies in.
    around: Option<Segment>,
    /// Revisions at or above the one asked for, at which the picture was recorded whole.
    bases: Vec<i64>,
    /// The newest such revision below it.
    base_below: Option<i64>,
}

struct Judge<'w> {
    watched: &'w [Watched],
    revision: i64,
    /// By the spans that hold a key.
    known: Vec<(Vec<bool>, Coverage)>,
}

impl<'w> Judge<'w> {
    fn new(watched: &'w [Watched], revision: i64) -> Self {
        Self { watched, revision, known: Vec::new() }
    }

    fn coverage(&mut self, key: &[u8]) -> Coverage {
        let holds: Vec<bool> = self.watched.iter().map(|watched| watched.holds_key(key)).collect();
        if let Some((_, coverage)) = self.known.iter().find(|(known, _)| *known == holds) {
            return coverage.clone();
        }
        let spans = || self.watched.iter().zip(&holds).filter(|(_, holds)| **holds).map(|(it, _)| &it.span);
        let bases = || spans().filter(|span| span.has_base).map(|span| span.after);
        let coverage = Coverage {
            around: segments(spans()).into_iter().find(|segment| segment.covers(self.revision)),
            bases: bases().filter(|base| *base >= self.revision).collect(),
            base_below: bases().filter(|base| *base < self.revision).max(),
        };
        self.known.push((holds, coverage.clone()));
        coverage
    }

    fn state(&mut self, key: &[u8], around: &Around) -> State {
        let coverage = self.coverage(key);
        if let Some(Fact { revision, kind: RecordedKind::Put { meta, .. }, .. }) = &around.before
            && self.still_was(*revision, meta, around.after.as_ref(), &coverage)
        {
            return State::Was;
        }
        // A key lives from its creation to its next deletion without a break.
        if let Some(Fact { kind: RecordedKind::Put { meta, .. }, .. }) = &around.after
            && meta.create_revision <= self.revision
        {
            return State::Existed { create_revision: meta.create_revision };
        }
        match &around.before {
            Some(Fact { kind: RecordedKind::Put { .. }, .. }) => State::Uncertain,
            _ => Self::absent(around, &coverage),
        }
    }

    /// Whether nothing happened between a put and the revision.
    fn still_was(&self, put: i64, meta: &KeyMeta, after: Option<&Fact>, coverage: &Coverage) -> bool {
        if put == self.revision {
            return true;
        }
        if let Some(after) = after {
            if after.prev == Some(put) {
                return true;
            }
            if let RecordedKind::Put { meta: next, .. } = &after.kind
                && next.create_revision == meta.create_revision
                && next.version == meta.version + 1
            {
                return true;
            }
        }
        // Every change between the two was watched.
        if coverage.around.as_ref().is_some_and(|segment| put >= segment.after) {
            return true;
        }
        // A whole picture later than the revision, before anything else is known of the key: it shows
        // this put still (that it was gone by then would be a fact).
        let next = after.map_or(i64::MAX, |after| after.revision);
        if coverage.bases.iter().any(|base| *base < next) {
            return true;
        }
        // A whole picture between the two, and everything since was watched.
        let watched_since = |base: i64| coverage.around.as_ref().is_some_and(|segment| base >= segment.after);
        coverage.base_below.is_some_and(|base| base >= put && watched_since(base))
    }

    /// Of a key of which no put counts: whether it may have existed all the same. What is known of it
    /// later says nothing of a generation before.
    fn absent(around: &Around, coverage: &Coverage) -> State {
        let Some(after) = &around.after else { return State::Absent };
        let Some(segment) = &coverage.around else { return State::Uncertain };
        let gone_since = around.before.as_ref().is_some_and(|before| before.revision >= segment.after);
        let in_segment = |base: i64| segment.covers(base) && base < after.revision;
        let based = coverage.base_below.is_some_and(in_segment)
            || coverage.bases.iter().any(|base| in_segment(*base));
        // The next that happened to it was that it was created, and that was watched.
        let created = matches!(&after.kind, RecordedKind::Put { meta, .. }
            if meta.create_revision == after.revision && after.revision <= segment.to);
        if gone_since || based || created { State::Absent } else { State::Uncertain }
    }
}

/// How sure a picture of these keys is at this revision.
fn certainty(watched: &[Watched], wanted: &KeyInterval, revision: i64) -> Certainty {
    let whole: Vec<Span> = watched.iter().filter(|it| it.holds(wanted)).map(|it| it.span).collect();
    let joined = segments(&whole);
    match joined.iter().find(|segment| segment.covers(revision)) {
        Some(segment) if segment.based => return Certainty::Exact,
        Some(segment) => {
            // Keys that were there all the time and went where nobody watched are not known.
            let span = |at: i64| time_of(&whole, at);
            let next =
                joined.iter().find(|other| other.after > segment.to).map_or(segment.to, |other| other.after);
            return Certainty::InGap(JournalGap {
                after: segment.to,
                to: next,
                from_time: span(segment.to),
                to_time: span(next),
            });
        }
        None => {}
    }
    let part: Vec<Span> = watched.iter().filter(|it| it.touches(wanted)).map(|it| it.span).collect();
    if segments(&part).iter().any(|segment| segment.based && segment.covers(revision)) {
        return Certainty::Withheld;
    }
    let spans = if whole.is_empty() { &part } else { &whole };
    let gap = gaps(spans).into_iter().find(|gap| gap.after < revision && revision < gap.to);
    gap.map_or(Certainty::BeforeRecords, Certainty::InGap)
}

fn time_of(spans: &[Span], revision: i64) -> SeenAt {
    let ends = spans.iter().flat_map(|span| [(span.after, span.from_time), (span.to, span.to_time)]);
    ends.filter(|(at, _)| *at == revision).map(|(_, time)| time).max().unwrap_or(0)
}

#[cfg(test)]
mod tests;
