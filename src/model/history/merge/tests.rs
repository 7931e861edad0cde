use super::*;
use crate::model::bytes::Key;
use crate::model::history::KeyVersion;

const KEY: &[u8] = b"key";

fn value_at(revision: i64) -> Value {
    Value::from(format!("value {revision}").into_bytes())
}

fn put(create: i64, revision: i64, version: i64) -> RecordedKind {
    let meta = KeyMeta { create_revision: create, mod_revision: revision, version, lease: 0 };
    RecordedKind::Put { meta, value: Some(value_at(revision)) }
}

fn recorded(revision: i64, kind: RecordedKind, source: Source) -> Recorded {
    let seen_at = (source == Source::Watch).then_some(revision * 1_000);
    Recorded { key: Key::from(KEY), revision, kind, seen_at, source }
}

fn version(kind: &RecordedKind) -> Option<KeyVersion> {
    match kind {
        RecordedKind::Put { meta, value: Some(value) } => {
            Some(KeyVersion { meta: *meta, value: value.clone() })
        }
        _ => None,
    }
}

/// Everything that ever happened to the key, oldest first, up to a revision.
#[derive(Clone, Debug)]
struct Truth {
    events: Vec<(i64, RecordedKind)>,
    last: i64,
}

impl Truth {
    /// Each step is a distance, and whether it deletes (a key that exists).
    fn of(steps: &[(i64, bool)]) -> Self {
        let (mut at, mut now) = (1, None::<KeyMeta>);
        let mut events = Vec::new();
        for (distance, deletes) in steps {
            at += distance;
            let kind = match (now, deletes) {
                (Some(_), true) => {
                    now = None;
                    RecordedKind::Deleted
                }
                (was, _) => {
                    let kind = match was {
                        Some(meta) => put(meta.create_revision, at, meta.version + 1),
                        None => put(at, at, 1),
                    };
                    if let RecordedKind::Put { meta, .. } = &kind {
                        now = Some(*meta);
                    }
                    kind
                }
            };
            events.push((at, kind));
        }
        Self { events, last: at + 3 }
    }

    fn between(&self, after: i64, to: i64) -> impl DoubleEndedIterator<Item = &(i64, RecordedKind)> {
        self.events.iter().filter(move |(at, _)| *at > after && *at <= to)
    }

    fn newest_at(&self, revision: i64) -> Option<&(i64, RecordedKind)> {
        self.events.iter().rev().find(|(at, _)| *at <= revision)
    }

    fn exists_at(&self, revision: i64) -> Option<&RecordedKind> {
        self.newest_at(revision).map(|(_, kind)| kind).filter(|kind| **kind != RecordedKind::Deleted)
    }

    /// What a journal has that watched these stretches, the picture that each begins with recorded.
    fn journal(&self, stretches: &[(i64, i64, bool)]) -> KeyRecords {
        let mut records: BTreeMap<i64, Recorded> = BTreeMap::new();
        let mut spans = Vec::new();
        for (after, to, has_base) in stretches {
            let known = |records: &BTreeMap<i64, Recorded>| {
                let last = records.range(..=*after).next_back();
                last.is_some_and(|(_, record)| matches!(record.kind, RecordedKind::Put { .. }))
            };
            match self.newest_at(*after).filter(|(_, kind)| *kind != RecordedKind::Deleted) {
                Some((at, kind)) if *has_base => {
                    records.entry(*at).or_insert_with(|| recorded(*at, kind.clone(), Source::Listing));
                }
                None if known(&records) => {
                    let gone = || recorded(*after, RecordedKind::FoundGone, Source::Listing);
                    records.entry(*after).or_insert_with(gone);
                }
                _ => {}
            }
            for (at, kind) in self.between(*after, *to) {
                if let Some((before, was)) = self.newest_at(at - 1)
                    && *was != RecordedKind::Deleted
                {
                    let before_change = || recorded(*before, was.clone(), Source::Before);
                    records.entry(*before).or_insert_with(before_change);
                }
                records.entry(*at).or_insert_with(|| recorded(*at, kind.clone(), Source::Watch));
            }
            let has_base = *has_base;
            let (from_time, to_time) = (after * 1_000, to * 1_000);
            spans.push(Span { after: *after, to: *to, from_time, to_time, has_base });
        }
        KeyRecords { records: records.into_values().rev().collect(), spans, kept_out: false }
    }

    /// The newest versions of the generation that there is at a revision.
    fn walk(&self, from: i64, most: usize, compacted: i64) -> History {
        let mut history = History::default();
        for (at, kind) in self.events.iter().rev().filter(|(at, _)| *at <= from) {
            let Some(version) = version(kind) else { break };
            if history.versions.len() >= most {
                return history;
            }
            if history.oldest_revision().unwrap_or(from + 1) - 1 < compacted {
                history.end = HistoryEnd::Compacted { at_revision: compacted };
                return history;
            }
            let first = version.meta.version == 1;
            assert_eq!(version.meta.mod_revision, *at);
            history.versions.push(version);
            if first {
                break;
            }
        }
        history.end = HistoryEnd::FirstVersion;
        history
    }

    fn replay(&self, after: i64) -> Replay {
        let base = self.newest_at(after).filter(|(_, kind)| *kind != RecordedKind::Deleted);
        let all = base.into_iter().chain(self.between(after, self.last));
        let mut records: Vec<_> = all.map(|(at, kind)| recorded(*at, kind.clone(), Source::Replay)).collect();
        records.reverse();
        Replay { records, after, to: self.last }
    }

    fn now(&self) -> Now {
        let record = self.exists_at(self.last).and_then(version).map(|version| KeyRecord {
            key: Key::from(KEY),
            meta: version.meta,
            value: Some(version.value),
        });
        Now { revision: self.last, record, seen_at: 1 }
    }
}

/// The entries without gaps, oldest first, each with whether a gap comes before it.
fn facts(history: &KeyHistory) -> Vec<(&HistoryEntry, bool)> {
    let mut facts = Vec::new();
    let mut gap = false;
    for entry in history.entries.iter().rev() {
        if entry.is_gap() {
            assert!(!gap, "two gaps side by side");
            gap = true;
        } else {
            facts.push((entry, std::mem::take(&mut gap)));
        }
    }
    facts
}

/// What must be true of any merged history.
fn check(truth: &Truth, known: &Known<'_>, history: &KeyHistory) {
    let facts = facts(history);
    for (entry, _) in &facts {
        let true_kind = truth.events.iter().find(|(at, _)| *at == entry.revision).map(|(_, kind)| kind);
        match (&entry.kind, true_kind) {
            (EntryKind::Version { meta, value }, Some(RecordedKind::Put { meta: was, .. })) => {
                assert_eq!(meta, was, "invented");
                assert!(value.as_ref().is_none_or(|value| *value == value_at(entry.revision)));
            }
            (EntryKind::Deleted { exact: true }, Some(RecordedKind::Deleted)) => {}
            (EntryKind::Deleted { exact: false }, _) => {
                assert!(truth.exists_at(entry.revision).is_none(), "it existed at {}", entry.revision);
            }
            other => panic!("invented at {}: {other:?}", entry.revision),
        }
    }
    let revisions: Vec<i64> = facts.iter().map(|(entry, _)| entry.revision).collect();
    assert!(revisions.is_sorted_by(|one, other| one < other), "each once, in order: {revisions:?}");
    let has = |revision: i64| revisions.contains(&revision);
    let versions = known.versions.iter().flat_map(|it| &it.versions).map(|it| it.meta.mod_revision);
    let replayed = known.replay.iter().flat_map(|it| &it.records);
    let recorded = known.recorded.iter().flat_map(|it| &it.records);
    let events = replayed.chain(recorded).chain(known.watched);
    let events = events.filter(|it| it.kind != RecordedKind::FoundGone).map(|it| it.revision);
    for revision in versions.chain(events) {
        assert!(has(revision), "dropped {revision}");
    }
    let covered = |revision: i64| {
        let spans = known.recorded.iter().flat_map(|it| &it.spans).map(|span| (span.after, span.to));
        let replay = known.replay.iter().map(|it| (it.after, it.to));
        let mut all = spans.chain(replay).chain(known.watched_spans.iter().copied());
        all.any(|(after, to)| after < revision && revision <= to)
    };
    for pair in facts.windows(2) {
        let ((older, _), (newer, gap)) = (pair[0], pair[1]);
        let hidden = truth.between(older.revision, newer.revision - 1).count();
        let is_event = newer.kind != EntryKind::Deleted { exact: false };
        assert!(gap || hidden == 0, "{hidden} hidden before r{}, no gap", newer.revision);
        let all_covered = (older.revision + 1..newer.revision).all(covered);
        assert!(
            !gap || !all_covered || !is_event,
            "a gap before r{}, and everything was watched",
            newer.revision
        );
    }
    let newest = revisions.last().copied().unwrap_or(0);
    let top_gap = history.entries.first().is_some_and(HistoryEntry::is_gap);
    assert!(known.now.is_none() || newest == 0 || top_gap || truth.between(newest, truth.last).count() == 0);
    if history.end == PastEnd::Beginning {
        assert_eq!(truth.events.first().map(|(at, _)| *at), revisions.first().copied());
    }
}

mod properties {
    use proptest::prelude::*;

    use super::*;

    fn truth() -> impl Strategy<Value = Truth> {
        proptest::collection::vec((1_i64..6, proptest::bool::weighted(0.3)), 1..40)
            .prop_map(|steps| Truth::of(&steps))
    }

    /// Stretches in order, apart from each other or touching.
    fn stretches() -> impl Strategy<Value = Vec<(i64, i64, bool)>> {
        proptest::collection::vec((0_i64..30, 0_i64..30, any::<bool>()), 0..5).prop_map(|parts| {
            let mut at = 1;
            parts
                .into_iter()
                .map(|(apart, length, has_base)| {
                    let after = at + apart;
                    at = after + length;
                    (after, at, has_base)
                })
                .collect()
        })
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(3_000) })]

        /// Whoever knows whichever part: nothing is invented, nothing dropped, nothing told twice; where
        /// something is hidden there is a gap, and where everything was watched there is none.
        #[test]
        fn what_is_merged_is_what_is_known(
            truth in truth(),
            stretches in stretches(),
            walked in proptest::option::of((0.0_f64..1.0, 1_usize..12)),
            replayed in proptest::option::of(0.0_f64..1.0),
            compacted in proptest::option::of(0.0_f64..1.0),
            sees_now in any::<bool>(),
            watched in proptest::option::of(0.0_f64..1.0),
        ) {
            let share = |share: f64| (truth.last as f64 * share) as i64;
            let stretches: Vec<_> = stretches
                .into_iter()
                .map(|(after, to, base)| (after, to.min(truth.last), base))
                .filter(|(after, to, _)| after <= to)
                .collect();
            let journal = truth.journal(&stretches);
            let compacted = compacted.map_or(0, share);
            let walk = walked.map(|(from, most)| truth.walk(share(from).max(compacted), most, compacted));
            let replay = replayed.map(|after| truth.replay(share(after).max(1)));
            let live_from = watched.map_or(truth.last, share);
            let watched: Vec<_> = truth
                .between(live_from, truth.last)
                .map(|(at, kind)| recorded(*at, kind.clone(), Source::Watch))
                .collect();
            let now = sees_now.then(|| truth.now());
            let known = Known {
                key: KEY,
                versions: walk.as_ref(),
                replay: replay.as_ref(),
                recorded: Some(&journal),
                watched: &watched,
                watched_spans: &[(live_from, truth.last)],
                now: now.as_ref(),
                compacted: None,
            };
            let history = merge(&known);
            check(&truth, &known, &history);
            // What comes in while it is looked at leads to the same as what is put together anew.
            let mut grown: Option<KeyHistory> = None;
            for at in 0..=watched.len() {
                let part = Known { watched: &watched[..at], now: None, ..known };
                let whole = merge(&part);
                if let Some(grown) = &mut grown
                    && grown.extend(&watched[at - 1])
                {
                    prop_assert_eq!(&grown.entries, &whole.entries);
                }
                grown = Some(whole);
            }
        }
    }
}

fn known<'a>(journal: &'a KeyRecords) -> Known<'a> {
    Known { key: KEY, recorded: Some(journal), ..Known::default() }
}

#[test]
fn what_nobody_watched_is_a_gap_with_its_times() {
    let truth = Truth::of(&[(1, false), (8, false), (10, false), (10, false), (10, false)]);
    let journal = truth.journal(&[(5, 12, true), (32, 50, false)]);
    let history = merge(&known(&journal));
    let gaps: Vec<_> = history.entries.iter().filter(|entry| entry.is_gap()).collect();
    let [HistoryEntry { kind: EntryKind::Gap(gap), .. }] = gaps[..] else { panic!("{history:?}") };
    assert_eq!((gap.missing, gap.exact), (1, true), "the version at r20");
    assert_eq!((gap.from_time, gap.to_time), (Some(12_000), Some(32_000)));
    assert_eq!((gap.after, gap.to), (12, 30), "r30 was told as what it was before");
    assert!(gap.in_reach);
    let compacted = Known { compacted: Some(40), ..known(&journal) };
    let EntryKind::Gap(gap) = merge(&compacted).entries[2].kind.clone() else { panic!("no gap") };
    assert!(!gap.in_reach);
}

#[test]
fn both_who_know_a_version_mark_it_and_the_journal_says_when_it_was_seen() {
    let truth = Truth::of(&[(1, false), (1, false)]);
    let (journal, walk) = (truth.journal(&[(1, 5, true)]), truth.walk(5, 20, 0));
    let history = merge(&Known { versions: Some(&walk), ..known(&journal) });
    let all: Vec<_> =
        history.entries.iter().map(|entry| (entry.revision, entry.seen_at, entry.marks)).collect();
    let both = Marks { etcd: true, journal: true };
    assert_eq!(all, [(3, Some(3_000), both), (2, Some(2_000), both)]);
    assert_eq!(history.end, PastEnd::Beginning);
}

#[test]
fn a_deletion_nobody_saw_is_told_as_found_gone_behind_a_gap() {
    let truth = Truth::of(&[(1, false), (5, true)]);
    let journal = truth.journal(&[(1, 4, true), (20, 30, true)]);
    let history = merge(&known(&journal));
    let kinds: Vec<_> = history.entries.iter().map(|entry| (entry.revision, entry.is_gap())).collect();
    assert_eq!(kinds, [(20, false), (20, true), (2, false)]);
    assert_eq!(history.entries[0].kind, EntryKind::Deleted { exact: false });
    // A replay says when, and the rest is known then.
    let replay = truth.replay(1);
    let history = merge(&Known { replay: Some(&replay), ..known(&journal) });
    let kinds: Vec<_> = history.entries.iter().map(|entry| (entry.revision, &entry.kind)).collect();
    assert_eq!(kinds[0], (7, &EntryKind::Deleted { exact: true }));
    assert_eq!(kinds.len(), 2);
}

#[test]
fn a_key_that_is_kept_out_proves_nothing_by_what_was_watched() {
    let truth = Truth::of(&[(1, false), (1, true), (1, false), (1, true)]);
    let mut journal = truth.journal(&[(1, 9, true)]);
    journal.records.retain(|record| record.revision == 2 || record.revision == 5);
    journal.kept_out = true;
    let history = merge(&known(&journal));
    assert!(history.entries.iter().any(HistoryEntry::is_gap));
}

#[test]
fn a_very_long_history_keeps_its_newest_entries() {
    let truth = Truth::of(&vec![(1, false); MOST_ENTRIES + 5]);
    let replay = truth.replay(1);
    let history = merge(&Known { key: KEY, replay: Some(&replay), ..Known::default() });
    assert_eq!((history.entries.len(), history.end), (MOST_ENTRIES, PastEnd::Cut));
    assert_eq!(history.entries[0].revision, truth.last - 3);
}
