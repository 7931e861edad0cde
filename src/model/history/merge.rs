//! The history of a key, put together from everything that knows a part of it: etcd's versions, its
//! replay, the journal, and the watch of this moment.
//!
//! A key has one change at a revision, so facts are told apart by their revisions. Between two facts
//! that follow each other nothing is missing where that is proven: by their version numbers, or because
//! every revision between them was watched or replayed, or because the key was seen unchanged at a
//! later revision. Everywhere else there is a gap, and it is an entry of its own.

use std::collections::BTreeMap;

use super::{History, HistoryEnd};
use crate::model::bytes::Value;
use crate::model::journal::{KeyRecords, Recorded, RecordedKind, Replay, Source, Span};
use crate::model::record::{KeyMeta, KeyRecord};
use crate::model::status::SeenAt;

/// At most so many entries; of a longer history the newest.
pub const MOST_ENTRIES: usize = 20_000;

/// Who knows of an entry.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Marks {
    /// etcd told it to this console since the connection was opened.
    pub etcd: bool,
    /// The journal has it.
    pub journal: bool,
}

/// What an entry says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum EntryKind {
    /// The key was put.
    Version {
        /// Its revisions, version and lease then.
        meta: KeyMeta,
        /// Its value; `None`: that it was put is known, its value is not.
        value: Option<Value>,
    },
    /// The key was deleted (or its lease ended; etcd does not tell).
    Deleted {
        /// At exactly this revision; else it was found gone then.
        exact: bool,
    },
    /// What happened between the entries beside it is not known.
    Gap(HistoryGap),
}

/// Where changes may be missing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct HistoryGap {
    /// The last revision known before.
    pub after: i64,
    /// The first revision known behind.
    pub to: i64,
    /// Versions that are missing for certain, by their numbers.
    pub missing: i64,
    /// Whether exactly so many are missing, and nothing else.
    pub exact: bool,
    /// From when nobody watched, if the journal knows.
    pub from_time: Option<SeenAt>,
    /// Until when.
    pub to_time: Option<SeenAt>,
    /// etcd may still know it: it is not compacted away, as far as is known.
    pub in_reach: bool,
}

/// One line of the history.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HistoryEntry {
    /// The revision; of a gap the one behind it.
    pub revision: i64,
    /// What it says.
    pub kind: EntryKind,
    /// When it was first seen, if it was seen when it happened.
    pub seen_at: Option<SeenAt>,
    /// Who knows it.
    pub marks: Marks,
}

/// How the history ends at its old end.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum PastEnd {
    /// Nothing is known of the key yet.
    #[default]
    Nothing,
    /// Nothing was before: every revision since the first is known.
    Beginning,
    /// This generation begins here; what was before, if anything, is not known.
    FirstVersion,
    /// What was before is compacted away, and nobody watched.
    Compacted {
        /// Up to this revision.
        at_revision: i64,
    },
    /// Older changes are not known, or not yet read.
    Unknown,
    /// There is more than is kept.
    Cut,
}

/// The merged history of a key.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct KeyHistory {
    /// Newest first.
    pub entries: Vec<HistoryEntry>,
    /// What is before the last of them.
    pub end: PastEnd,
}

/// What the key is at a revision, as it was read or mirrored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Now {
    /// The revision; at it nothing newer had happened to the key.
    pub revision: i64,
    /// What it is; `None`: it does not exist.
    pub record: Option<KeyRecord>,
    /// When this was seen; 0: not known.
    pub seen_at: SeenAt,
}

/// Everything that is known of a key, by who knows it.
#[derive(Clone, Copy, Debug, Default)]
pub struct Known<'a> {
    /// The key.
    pub key: &'a [u8],
    /// Versions read from etcd.
    pub versions: Option<&'a History>,
    /// A replay of this key, or of a folder that it is in.
    pub replay: Option<&'a Replay>,
    /// What the journal has.
    pub recorded: Option<&'a KeyRecords>,
    /// What the watch told since the key was opened.
    pub watched: &'a [Recorded],
    /// The revisions of which the watch told every change: above the first, up to the second.
    pub watched_spans: &'a [(i64, i64)],
    /// What the key is now.
    pub now: Option<&'a Now>,
    /// etcd's compaction, where it is known (0: nothing is compacted).
    pub compacted: Option<i64>,
}

/// What happened at a revision.
struct Fact {
    kind: EntryKind,
    seen_at: Option<SeenAt>,
    marks: Marks,
}

const ETCD: Marks = Marks { etcd: true, journal: false };
const JOURNAL: Marks = Marks { etcd: false, journal: true };

/// Puts together what is known.
#[must_use]
pub fn merge(known: &Known<'_>) -> KeyHistory {
    let mut facts = Facts::default();
    facts.take_all(known);
    facts.take_absences(known);
    let certain = certain(known, &facts.at);
    let mut entries: Vec<HistoryEntry> = Vec::with_capacity(facts.at.len() + 8);
    let mut older: Option<(i64, EntryKind)> = None;
    for (revision, fact) in facts.at {
        if let Some((before, kind)) = &older {
            entries.extend(gap_between(known, &certain, (*before, kind), (revision, &fact.kind)));
        }
        older = Some((revision, fact.kind.clone()));
        let Fact { kind, seen_at, marks } = fact;
        entries.push(HistoryEntry { revision, kind, seen_at, marks });
    }
    if let (Some(now), Some(newest)) = (known.now, entries.last())
        && now.revision > newest.revision
        && let Some((after, to)) = certain.hole(newest.revision, now.revision + 1)
    {
        entries.push(gap_entry(known, after, to, (0, false)));
    }
    entries.reverse();
    let mut history = KeyHistory { end: end_of(known, &certain, entries.last()), entries };
    history.bound();
    history
}

#[derive(Default)]
struct Facts {
    at: BTreeMap<i64, Fact>,
}

impl Facts {
    fn take_all(&mut self, known: &Known<'_>) {
        for version in known.versions.iter().flat_map(|history| &history.versions) {
            let kind = EntryKind::Version { meta: version.meta, value: Some(version.value.clone()) };
            self.take(version.meta.mod_revision, kind, None, ETCD);
        }
        if let Some(record) = known.now.and_then(|now| now.record.as_ref()) {
            let kind = EntryKind::Version { meta: record.meta, value: record.value.clone() };
            self.take(record.meta.mod_revision, kind, None, ETCD);
        }
        for record in known.watched {
            self.take_recorded(record, ETCD);
        }
        let replayed = known.replay.iter().flat_map(|replay| &replay.records);
        for record in replayed.filter(|record| &*record.key == known.key) {
            self.take_recorded(record, ETCD);
        }
        for record in known.recorded.iter().flat_map(|recorded| &recorded.records) {
            self.take_recorded(record, JOURNAL);
        }
    }

    fn take_recorded(&mut self, record: &Recorded, marks: Marks) {
        let kind = match &record.kind {
            RecordedKind::Put { meta, value } => EntryKind::Version { meta: *meta, value: value.clone() },
            RecordedKind::Deleted => EntryKind::Deleted { exact: true },
            RecordedKind::FoundGone => return,
        };
        self.take(record.revision, kind, record.seen_at, marks);
    }

    /// A key changes once at a revision. Where two disagree on how, the one that was asked first counts:
    /// etcd's own word before what was written down.
    fn take(&mut self, revision: i64, kind: EntryKind, seen_at: Option<SeenAt>, marks: Marks) {
        let Some(fact) = self.at.get_mut(&revision) else {
            self.at.insert(revision, Fact { kind, seen_at, marks });
            return;
        };
        match (&mut fact.kind, kind) {
            (EntryKind::Version { meta, value }, EntryKind::Version { meta: same, value: other })
                if meta.create_revision == same.create_revision && meta.version == same.version =>
            {
                if value.is_none() {
                    *value = other;
                }
            }
            (EntryKind::Deleted { .. }, EntryKind::Deleted { .. }) => {}
            _ => return,
        }
        fact.marks.etcd |= marks.etcd;
        fact.marks.journal |= marks.journal;
        fact.seen_at = match (fact.seen_at, seen_at) {
            (Some(one), Some(other)) => Some(one.min(other)),
            (one, other) => one.or(other),
        };
    }

    /// Where the key was found gone and no deletion says since when, that is a fact of its own.
    fn take_absences(&mut self, known: &Known<'_>) {
        let recorded = known.recorded.iter().flat_map(|recorded| &recorded.records);
        let mut absences: Vec<_> = recorded
            .filter(|record| record.kind == RecordedKind::FoundGone)
            .map(|record| (record.revision, record.seen_at, JOURNAL))
            .collect();
        if let Some(now) = known.now.filter(|now| now.record.is_none()) {
            absences.push((now.revision, Some(now.seen_at).filter(|at| *at > 0), ETCD));
        }
        if let Some(replay) = known.replay.filter(|replay| base_of(replay, known.key).is_none()) {
            absences.push((replay.after, None, ETCD));
        }
        absences.sort_by_key(|(revision, ..)| *revision);
        for (revision, seen_at, marks) in absences {
            let before = self.at.range(..=revision).next_back();
            if before.is_some_and(|(_, fact)| matches!(fact.kind, EntryKind::Version { .. })) {
                self.at.entry(revision).or_insert(Fact {
                    kind: EntryKind::Deleted { exact: false },
                    seen_at,
                    marks,
                });
            }
        }
    }
}

/// What the key was when a replay began; `None`: it did not exist.
fn base_of<'r>(replay: &'r Replay, key: &[u8]) -> Option<&'r Recorded> {
    // Newest first: all at or below the beginning are at the end.
    let base = replay.records.iter().rev().take_while(|record| record.revision <= replay.after);
    base.into_iter().find(|record| &*record.key == key)
}

/// Revisions at which every change of the key is known: above `after`, up to `to`, joined and in order.
struct Certain(Vec<(i64, i64)>);

impl Certain {
    fn of(mut stretches: Vec<(i64, i64)>) -> Self {
        stretches.retain(|(after, to)| after < to);
        stretches.sort_unstable();
        let mut joined: Vec<(i64, i64)> = Vec::new();
        for (after, to) in stretches {
            match joined.last_mut() {
                Some(last) if after <= last.1 => last.1 = last.1.max(to),
                _ => joined.push((after, to)),
            }
        }
        Self(joined)
    }

    /// The part between two revisions (both excluded) in which changes may be missing, with the last
    /// revision known before it and the first behind it.
    fn hole(&self, older: i64, newer: i64) -> Option<(i64, i64)> {
        let (mut after, mut to) = (older, newer);
        let from = self.0.partition_point(|(_, to)| *to <= older);
        if let Some((begins, ends)) = self.0.get(from)
            && *begins <= older
        {
            after = (*ends).max(older);
        }
        let until = self.0.partition_point(|(after, _)| *after < newer - 1);
        if let Some((begins, ends)) = until.checked_sub(1).and_then(|at| self.0.get(at))
            && *ends >= newer - 1
        {
            to = (*begins + 1).min(newer);
        }
        (after + 1 < to).then_some((after, to))
    }
}

fn certain(known: &Known<'_>, facts: &BTreeMap<i64, Fact>) -> Certain {
    let mut stretches = known.watched_spans.to_vec();
    // The key as it was at a revision: what it is by the newest fact until then, it was since that.
    let unchanged_until = |revision: i64| {
        let (put, fact) = facts.range(..=revision).next_back()?;
        matches!(fact.kind, EntryKind::Version { .. }).then_some((*put, revision))
    };
    if let Some(replay) = known.replay {
        stretches.push((replay.after, replay.to));
        stretches.extend(base_of(replay, known.key).and_then(|_| unchanged_until(replay.after)));
        if replay.after <= 1 {
            stretches.push((0, replay.after));
        }
    }
    if let Some(recorded) = known.recorded.filter(|recorded| !recorded.kept_out) {
        stretches.extend(recorded.spans.iter().map(|span| (span.after, span.to)));
        let based = recorded.spans.iter().filter(|span| span.has_base);
        // Only the journal's own records count: what it did not know it could not find gone.
        let own = |revision: i64| recorded.records.iter().find(|record| record.revision <= revision);
        stretches.extend(based.filter_map(|span| {
            let (put, until) = unchanged_until(span.after)?;
            own(span.after).is_some_and(|record| record.revision == put).then_some((put, until))
        }));
        // What a watch told as the state before a change was so until that change.
        let follows = recorded.records.windows(2).filter(|pair| pair[1].source == Source::Before);
        stretches.extend(follows.map(|pair| (pair[1].revision, pair[0].revision - 1)));
    }
    if let Some(now) = known.now
        && let Some(record) = &now.record
    {
        stretches.push((record.meta.mod_revision, now.revision));
    }
    Certain::of(stretches)
}

fn gap_between(
    known: &Known<'_>,
    certain: &Certain,
    (older, was): (i64, &EntryKind),
    (newer, became): (i64, &EntryKind),
) -> Option<HistoryEntry> {
    let missing = match (was, became) {
        (EntryKind::Version { meta: was, .. }, EntryKind::Version { meta: became, .. }) => {
            if was.create_revision == became.create_revision {
                if became.version == was.version + 1 {
                    return None;
                }
                (became.version - was.version - 1, true)
            } else {
                // At least the deletion between the two, and what came before the newer one.
                (became.version - 1, false)
            }
        }
        (_, EntryKind::Version { meta, .. }) if meta.version > 1 => (meta.version - 1, false),
        // Gone already: between two deletions the key was created.
        (EntryKind::Deleted { .. }, EntryKind::Deleted { .. }) => (1, false),
        _ => {
            let (after, to) = certain.hole(older, newer)?;
            return Some(gap_entry(known, after, to, (0, false)));
        }
    };
    // That something is missing is proven, so where nobody says that he watched it all.
    let (after, to) = certain.hole(older, newer).unwrap_or((older, newer));
    Some(gap_entry(known, after, to, missing))
}

fn gap_entry(known: &Known<'_>, after: i64, to: i64, (missing, exact): (i64, bool)) -> HistoryEntry {
    let spans = || known.recorded.iter().flat_map(|recorded| &recorded.spans);
    let since = |span: &&Span| span.after >= after;
    let gap = HistoryGap {
        after,
        to,
        missing,
        exact,
        from_time: spans()
            .filter(|span| span.to <= after)
            .max_by_key(|span| span.to)
            .map(|span| span.to_time),
        to_time: spans().filter(since).min_by_key(|span| span.after).map(|span| span.from_time),
        in_reach: known.compacted.is_none_or(|compacted| to > compacted + 1),
    };
    HistoryEntry { revision: to, kind: EntryKind::Gap(gap), seen_at: None, marks: Marks::default() }
}

fn end_of(known: &Known<'_>, certain: &Certain, oldest: Option<&HistoryEntry>) -> PastEnd {
    let Some(oldest) = oldest else { return PastEnd::Nothing };
    if certain.hole(1, oldest.revision).is_none() {
        return PastEnd::Beginning;
    }
    let walk = known.versions.filter(|history| history.oldest_revision() == Some(oldest.revision));
    let compacted_by_walk = match walk.map(|history| history.end) {
        Some(HistoryEnd::Compacted { at_revision }) => Some(at_revision),
        _ => None,
    };
    match (&oldest.kind, known.compacted.filter(|at| *at > 0).or(compacted_by_walk)) {
        (EntryKind::Version { meta, .. }, _) if meta.version == 1 => PastEnd::FirstVersion,
        (_, Some(at_revision)) if at_revision + 1 >= oldest.revision => PastEnd::Compacted { at_revision },
        _ => PastEnd::Unknown,
    }
}

impl KeyHistory {
    fn bound(&mut self) {
        if self.entries.len() > MOST_ENTRIES {
            self.entries.truncate(MOST_ENTRIES);
            self.end = PastEnd::Cut;
        }
    }

    /// Puts a change in front that the watch tells at this moment. `false`: it does not simply follow
    /// what is here, and everything has to be put together anew.
    #[must_use]
    pub fn extend(&mut self, change: &Recorded) -> bool {
        let Some(newest) = self.entries.first() else { return false };
        if change.revision <= newest.revision {
            return false;
        }
        let kind = match (&newest.kind, &change.kind) {
            (EntryKind::Version { meta: was, .. }, RecordedKind::Put { meta, value })
                if meta.version == was.version + 1 && meta.create_revision == was.create_revision =>
            {
                EntryKind::Version { meta: *meta, value: value.clone() }
            }
            _ => return false,
        };
        let entry = HistoryEntry { revision: change.revision, kind, seen_at: change.seen_at, marks: ETCD };
        self.entries.insert(0, entry);
        self.bound();
        true
    }

    /// The entry of this revision, gaps aside.
    #[must_use]
    pub fn entry(&self, revision: i64) -> Option<&HistoryEntry> {
        self.entries.iter().find(|entry| entry.revision == revision && !entry.is_gap())
    }

    /// The version that was there before this revision, if it is known for certain.
    #[must_use]
    pub fn before(&self, revision: i64) -> Option<&HistoryEntry> {
        let at = self.entries.iter().position(|entry| entry.revision == revision && !entry.is_gap())?;
        self.entries.get(at + 1).filter(|entry| !entry.is_gap())
    }
}

impl HistoryEntry {
    /// Whether it is a gap.
    #[must_use]
    pub fn is_gap(&self) -> bool {
        matches!(self.kind, EntryKind::Gap(_))
    }

    /// Its value, where it is a version whose value is known.
    #[must_use]
    pub fn value(&self) -> Option<&Value> {
        match &self.kind {
            EntryKind::Version { value, .. } => value.as_ref(),
            _ => None,
        }
    }

    /// What etcd kept beside the value, where it is a version.
    #[must_use]
    pub fn meta(&self) -> Option<&KeyMeta> {
        match &self.kind {
            EntryKind::Version { meta, .. } => Some(meta),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests;
