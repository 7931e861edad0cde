//! What is known of the past of an open key, by who knows it, and the history that follows from it.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::merge::{EntryKind, KeyHistory, Known, Now, merge};
use super::{History, HistoryEnd, ReplayCost};
use crate::model::bytes::Key;
use crate::model::fault::{Fault, FaultKind};
use crate::model::journal::{KeyRecords, Recorded, RecordedKind, Replay, Source};
use crate::model::loadable::Loadable;
use crate::model::message::RequestId;
use crate::model::record::{ChangeKind, KeyChange};
use crate::model::status::SeenAt;

/// Changes that the watch told are kept while the key is open: so many, and so many bytes of them.
const MOST_WATCHED: usize = 1_000;
const MOST_WATCHED_BYTES: usize = 64 << 20;
/// So many bytes of etcd's versions are read into memory.
const MOST_VERSION_BYTES: usize = 256 << 20;
/// Revisions of which it is known what else they changed.
const MOST_TOGETHER: usize = 256;
/// Stretches in which every change was told.
const MOST_SPANS: usize = 64;

/// The replay of etcd's own history, as far as it has come.
#[derive(Clone, Debug, Default, PartialEq)]
pub enum DeepHistory {
    /// Not asked for.
    #[default]
    NotAsked,
    /// What it would cost is being asked, or was told: `None` revisions while it is asked.
    Offered(Option<ReplayCost>),
    /// Under way: revisions done, of how many.
    Running {
        /// The request, to be cancelled.
        request: RequestId,
        /// Revisions done.
        done: u64,
        /// Revisions to do, where known.
        total: Option<u64>,
    },
    /// It has brought what there is.
    Done,
    /// It failed.
    Failed(Fault),
}

/// The past of an open key.
#[derive(Clone, Debug, Default)]
pub struct Past {
    /// What the journal has.
    pub recorded: Loadable<Arc<KeyRecords>>,
    /// Request that asks the journal.
    pub recorded_request: RequestId,
    /// What a replay brought.
    pub replay: Option<Arc<Replay>>,
    /// How the replay stands.
    pub deep: DeepHistory,
    /// Request that asks what a replay would cost.
    pub cost_request: RequestId,
    /// etcd's compaction, where it is known.
    pub compacted: Option<i64>,
    /// Keys that changed at the same revision.
    pub together: BTreeMap<i64, Loadable<Arc<Vec<Key>>>>,
    /// Changes that the watch told since the key was opened, oldest first.
    watched: Vec<Recorded>,
    watched_bytes: usize,
    /// The revisions of which it told every change.
    spans: Vec<(i64, i64)>,
    /// Somebody looks at it: it is put together when something becomes known.
    pub wanted: bool,
    /// Where the walk under way was to begin (`None`: at the newest).
    pub asked_below: Option<i64>,
    /// The lowest revision that was read at by walking.
    walked_to: Option<i64>,
    /// The history as it follows from all this; grows its number when it changes.
    pub merged: Arc<KeyHistory>,
    /// Counts the changes of `merged`.
    pub generation: u64,
}

impl Past {
    /// The picture of the mirror is whole at this revision, and what comes after it is told.
    pub fn begin_watching(&mut self, revision: i64) {
        if self.spans.len() >= MOST_SPANS {
            self.spans.remove(0);
        }
        self.spans.push((revision, revision));
    }

    /// Every change up to here was told.
    pub fn watched_until(&mut self, revision: i64) {
        if let Some(last) = self.spans.last_mut() {
            last.1 = last.1.max(revision);
        }
    }

    /// The cluster has another history now: what was known of the old one is no longer true.
    pub fn forget(&mut self) {
        let generation = self.generation + 1;
        *self = Self { generation, ..Self::default() };
    }

    /// The watch tells a change. `false`: it does not simply follow what is known, and the history has
    /// to be put together anew.
    pub fn note(&mut self, change: &KeyChange, revision: i64, seen_at: SeenAt) -> bool {
        if self.watched.last().is_some_and(|last| last.revision >= revision) {
            return true;
        }
        let kind = match &change.kind {
            ChangeKind::Put { meta, value } => RecordedKind::Put { meta: *meta, value: Some(value.clone()) },
            ChangeKind::Delete => RecordedKind::Deleted,
        };
        let key = change.key.clone();
        let recorded = Recorded { key, revision, kind, seen_at: Some(seen_at), source: Source::Watch };
        self.watched_bytes += size_of_value(&recorded);
        self.watched_until(revision);
        let follows = !self.merged.entries.is_empty() && Arc::make_mut(&mut self.merged).extend(&recorded);
        self.watched.push(recorded);
        while self.watched.len() > MOST_WATCHED || self.watched_bytes > MOST_WATCHED_BYTES {
            let oldest = self.watched.remove(0);
            self.watched_bytes -= size_of_value(&oldest);
            // What is forgotten was not told.
            for span in &mut self.spans {
                span.0 = span.0.max(oldest.revision.min(span.1));
            }
        }
        self.generation += u64::from(follows);
        follows
    }

    /// Puts together anew what is known of the key.
    pub fn merge(&mut self, key: &[u8], versions: Option<&History>, now: Option<&Now>) {
        let known = Known {
            key,
            versions,
            replay: self.replay.as_deref(),
            recorded: self.recorded.value().map(Arc::as_ref),
            watched: &self.watched,
            watched_spans: &self.spans,
            now,
            compacted: self.compacted,
        };
        let merged = merge(&known);
        if merged != *self.merged {
            self.merged = Arc::new(merged);
            self.generation += 1;
        }
    }

    /// Notes how far a walk came that was to begin below this revision (`None`: at the newest).
    pub fn walked(&mut self, below: Option<i64>, page: &History) {
        let reached = page.oldest_revision().or(below.map(|below| below - 1));
        if let HistoryEnd::Compacted { at_revision } = page.end {
            self.compacted = Some(self.compacted.map_or(at_revision + 1, |known| known.max(at_revision + 1)));
        }
        self.walked_to = match (self.walked_to, reached) {
            (Some(known), Some(reached)) => Some(known.min(reached)),
            (known, reached) => known.or(reached).or(Some(i64::MAX)),
        };
    }

    /// Whether no more versions are read, because those that are here take too much memory.
    #[must_use]
    pub fn is_full(&self, versions: Option<&History>) -> bool {
        let versions = versions.iter().flat_map(|history| &history.versions);
        versions.map(|version| version.value.len()).sum::<usize>() > MOST_VERSION_BYTES
    }

    /// Where the next walk would begin (below which revision; `Some(None)`: at the newest), if one
    /// would tell more.
    #[must_use]
    pub fn next_walk(&self, versions: Option<&History>) -> Option<Option<i64>> {
        let Some(versions) = versions else { return Some(None) };
        if self.is_full(Some(versions)) {
            return None;
        }
        let walked_to = self.walked_to.unwrap_or(i64::MAX);
        match versions.end {
            HistoryEnd::More => return Some(versions.oldest_revision()),
            HistoryEnd::Compacted { .. } => return None,
            HistoryEnd::FirstVersion => {}
        }
        // Of another generation the end is known, or one of its versions: the walk goes on there.
        let entries = &self.merged.entries;
        let follows_gap = |at: usize| entries.get(at + 1).is_none_or(|older| older.is_gap());
        let begin = entries.iter().enumerate().find_map(|(at, entry)| {
            match &entry.kind {
                EntryKind::Deleted { exact: true } if follows_gap(at) => Some(entry.revision),
                EntryKind::Version { value: None, .. } => Some(entry.revision + 1),
                EntryKind::Version { meta, .. } if meta.version > 1 && follows_gap(at) => {
                    Some(entry.revision)
                }
                _ => None,
            }
            .filter(|below| *below <= walked_to)
        });
        begin.filter(|below| self.compacted.is_none_or(|compacted| *below > compacted)).map(Some)
    }

    /// Takes in what a replay of this key, or of a folder with it, brought.
    pub fn replayed(&mut self, request: RequestId, replay: Result<Arc<Replay>, Fault>) {
        let ours = matches!(self.deep, DeepHistory::Running { request: running, .. } if running == request);
        match replay {
            Ok(replay) => {
                self.deep = DeepHistory::Done;
                self.compacted = Some(if replay.after <= 1 { 0 } else { replay.after });
                self.replay = Some(replay);
            }
            Err(fault) if ours && fault.kind == FaultKind::Cancelled => self.deep = DeepHistory::NotAsked,
            Err(fault) if ours => self.deep = DeepHistory::Failed(fault),
            Err(_) => {}
        }
    }

    /// Takes in what else changed at a revision.
    pub fn changed_together(&mut self, revision: i64, keys: Result<Vec<Key>, Fault>) {
        if let Some(known) = self.together.get_mut(&revision) {
            known.answer(keys.map(Arc::new));
        }
    }

    /// Notes that it was asked what else changed at a revision.
    pub fn ask_together(&mut self, revision: i64) {
        while self.together.len() >= MOST_TOGETHER {
            self.together.pop_first();
        }
        self.together.entry(revision).or_default().ask();
    }
}

fn size_of_value(recorded: &Recorded) -> usize {
    match &recorded.kind {
        RecordedKind::Put { value: Some(value), .. } => value.len(),
        _ => 0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::history::{History, KeyVersion};
    use crate::model::record::KeyMeta;

    const KEY: &[u8] = b"key";

    fn version(create_revision: i64, mod_revision: i64, version: i64) -> KeyVersion {
        let meta = KeyMeta { create_revision, mod_revision, version, lease: 0 };
        KeyVersion { meta, value: Arc::from([]) }
    }

    fn deleted(revision: i64) -> Recorded {
        let kind = RecordedKind::Deleted;
        Recorded { key: Key::from(KEY), revision, kind, seen_at: None, source: Source::Watch }
    }

    #[test]
    fn the_walk_goes_on_below_a_deletion_that_the_journal_knows() {
        let mut past = Past::default();
        assert_eq!(past.next_walk(None), Some(None), "it begins with the newest");
        let mut walked = History { versions: vec![version(50, 60, 2)], end: HistoryEnd::More };
        past.walked(None, &walked);
        assert_eq!(past.next_walk(Some(&walked)), Some(Some(60)));
        let older = History { versions: vec![version(50, 50, 1)], end: HistoryEnd::FirstVersion };
        past.walked(Some(60), &older);
        walked.append(older);
        past.merge(KEY, Some(&walked), None);
        assert_eq!(past.next_walk(Some(&walked)), None, "etcd does not tell when it was deleted before");
        let recorded = KeyRecords { records: vec![deleted(40)], ..KeyRecords::default() };
        past.recorded.answer(Ok(Arc::new(recorded)));
        past.merge(KEY, Some(&walked), None);
        assert_eq!(past.next_walk(Some(&walked)), Some(Some(40)));
        let before = History { versions: vec![version(30, 30, 1)], end: HistoryEnd::FirstVersion };
        past.walked(Some(40), &before);
        walked.append(before);
        past.merge(KEY, Some(&walked), None);
        assert_eq!(past.next_walk(Some(&walked)), None);
        assert_eq!(past.merged.entries.iter().filter(|entry| !entry.is_gap()).count(), 4);
    }

    #[test]
    fn nothing_is_asked_for_that_was_compacted_away_or_does_not_fit() {
        let mut past = Past::default();
        let compacted = HistoryEnd::Compacted { at_revision: 44 };
        let walked = History { versions: vec![version(30, 50, 9)], end: compacted };
        past.walked(None, &walked);
        past.recorded
            .answer(Ok(Arc::new(KeyRecords { records: vec![deleted(20)], ..KeyRecords::default() })));
        past.merge(KEY, Some(&walked), None);
        assert_eq!((past.next_walk(Some(&walked)), past.compacted), (None, Some(45)));
        let large = KeyVersion { value: vec![0; MOST_VERSION_BYTES + 1].into(), ..version(30, 50, 9) };
        let walked = History { versions: vec![large], end: HistoryEnd::More };
        assert!(Past::default().is_full(Some(&walked)));
        assert_eq!(Past::default().next_walk(Some(&walked)), None);
    }

    #[test]
    fn an_empty_answer_below_a_hint_is_not_asked_for_again() {
        let mut past = Past::default();
        let nothing = History { versions: Vec::new(), end: HistoryEnd::FirstVersion };
        past.walked(None, &nothing);
        past.recorded
            .answer(Ok(Arc::new(KeyRecords { records: vec![deleted(40)], ..KeyRecords::default() })));
        past.merge(KEY, Some(&nothing), None);
        assert_eq!(past.next_walk(Some(&nothing)), Some(Some(40)));
        past.walked(Some(40), &nothing);
        assert_eq!(past.next_walk(Some(&nothing)), None, "it would never end");
    }
}
